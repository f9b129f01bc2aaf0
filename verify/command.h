/*
 * The command line of tally-verify: its options as one table, and the help and the man page that
 * come from it. Knows nothing of databases.
 */
#ifndef TALLY_VERIFY_COMMAND_H
#define TALLY_VERIFY_COMMAND_H

#include "../diff/base/option.h"
#include "verify.h"

struct command {
    struct verify_options verify;
    bool help, version;
};

/* Fills the command from argv: options, SOURCE and TARGET. ERR_USAGE on wrong usage; with --help or
 * --version the operands may be absent. Texts are borrowed from argv. */
bool command_parse(int argc, char **argv, struct command *command, struct err *err) MUST_CHECK;
void command_free(struct command *command);

void command_help(struct buffer *out); /* at most 80 columns wide */
void command_man(struct buffer *out);  /* a whole man(7) page */

/*
 * Overwrites every password of the URIs in a text with 'x', in place: between the user and the last
 * '@', and parameters whose name says that they hold a secret. Generous: what might be a password
 * goes too.
 */
void command_hide_passwords(char *text);

/* The arguments to work with; those that `ps` shows lose their passwords. Dropping overwrites them.
 */
char **command_take_arguments(int argc, char **argv);
void command_drop_arguments(int argc, char **arguments);

#endif
