/*
 * The command line of tally-replay: its options as one table, and the help and the man page that
 * come from it.
 */
#ifndef TALLY_REPLAY_COMMAND_H
#define TALLY_REPLAY_COMMAND_H

#include "../diff/base/option.h"
#include "replay.h"

#define COMMAND_MOST_LOGS 10000
#define COMMAND_WIDTH 80 /* columns of help */

struct command {
    /* The task: one of these, or a replay. */
    bool inventory, list;
    const char *advise; /* path of a configuration */
    bool help, version;
    /* Of a replay, and of the others those that read logs and report. */
    struct replay_options replay;
    /* Options as they stand on the command line, before they are put into `replay`. */
    const char *order, *began_before, *slower;
    int timeout, connect_timeout;
    const char **logs; /* owned list of borrowed texts */
};

extern const struct option_row command_rows[];

/* Fills the command from argv; texts are borrowed from it. ERR_USAGE on wrong usage, and on options
 * that do not go together. */
bool command_parse(int argc, char **argv, struct command *command, struct err *err) MUST_CHECK;
void command_free(struct command *command);

/* Copies the arguments, and blanks passwords of URIs and values of headers in the originals, which
 * others can read in the list of processes. NULL-terminated. */
char **command_take_arguments(int argc, char **argv);
void command_drop_arguments(int argc, char **arguments);

void command_help(struct buffer *out); /* at most 80 columns wide */
void command_man(struct buffer *out);  /* a whole man(7) page */

#endif
