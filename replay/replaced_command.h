/*
 * The command tally-replay replacements LEDGER: what each side was sent in place of logged values,
 * one line of JSON each. Input: argv and a ledger. Output: standard output; nothing is sent and no
 * log is read.
 */
#ifndef TALLY_REPLAY_REPLACED_COMMAND_H
#define TALLY_REPLAY_REPLACED_COMMAND_H

#include "../diff/base/buffer.h"
#include "../diff/base/error.h"

/* argv[0] is "replacements". */
bool replaced_command(int argc, char **argv, int *exit_code, struct err *err) MUST_CHECK;

void replaced_command_man(struct buffer *out); /* a section of a man page */

#endif
