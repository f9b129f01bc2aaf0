/*
 * The command line of tally-replay: its options as one table, and the help and the man page that
 * come from it.
 */
#ifndef TALLY_REPLAY_COMMAND_H
#define TALLY_REPLAY_COMMAND_H

#include "../diff/base/option.h"
#include "../diff/base/text_list.h"

#define COMMAND_MOST_LOGS 10000

struct command {
    bool inventory, list;
    const char *advise;     /* path of a configuration */
    const char *log_format; /* text */
    const char *nginx_conf; /* path */
    const char *format_name;
    const char *session, *tenant;
    bool keep_secrets, verbose;
    int temp_limit; /* GB */
    const char *format;
    bool help, version;
    size_t log_count;
    const char **logs; /* owned list of borrowed texts */
};

/* Fills the command from argv; texts are borrowed from it. ERR_USAGE on wrong usage. */
bool command_parse(int argc, char **argv, struct command *command, struct err *err) MUST_CHECK;
void command_free(struct command *command);

void command_help(struct buffer *out); /* at most 80 columns wide */
void command_man(struct buffer *out);  /* a whole man(7) page */

#endif
