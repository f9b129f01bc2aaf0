/*
 * Two commands of tally-diff: what a finished run of tally-verify found, from its ledger, down to
 * one row as both servers have it now; and why two values are or are not equal. Input: argv.
 * Output: text on standard output, an exit code.
 */
#ifndef TALLY_VERIFY_LEDGER_COMMAND_H
#define TALLY_VERIFY_LEDGER_COMMAND_H

#include "../diff/base/buffer.h"
#include "../diff/base/error.h"

/* argv[0] is ignored: LEDGER [TABLE [KEY...]] with options. ERR_USAGE on wrong usage. */
bool ledger_command(int argc, char **argv, struct buffer *out, int *exit_code,
                    struct err *err) MUST_CHECK;
/* argv[0] is "explain": options, V1 and V2. */
bool explain_command(int argc, char **argv, struct buffer *out, int *exit_code,
                     struct err *err) MUST_CHECK;

void ledger_command_help(struct buffer *out); /* the options and what they do; 80 columns */
void ledger_command_man(struct buffer *out);  /* sections of a man page */
void explain_command_help(struct buffer *out);
void explain_command_man(struct buffer *out);

#endif
