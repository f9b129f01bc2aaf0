/*
 * The command tally-diff LEDGER request N: both answers to one request of a replay, in full, and
 * how they differ. Input: argv. Output: a report, in a buffer or the file of --output, and an exit
 * code: 0 equal, 1 different, 2 it cannot be said, or the answers are not kept.
 */
#ifndef TALLY_PAIR_COMMAND_H
#define TALLY_PAIR_COMMAND_H

#include "base/buffer.h"
#include "base/error.h"

/* argv[0] is ignored. */
bool pair_command(int argc, char **argv, struct buffer *out, int *exit_code,
                  struct err *err) MUST_CHECK;

void pair_command_help(struct buffer *out); /* 80 columns */
void pair_command_man(struct buffer *out);  /* a section of a man page */

#endif
