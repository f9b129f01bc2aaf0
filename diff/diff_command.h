/*
 * The command tally-diff FILE FILE: how two files differ. Input: argv. Output: a report, in a
 * buffer or the file of --output, and an exit code: 0 equal, 1 different; trouble is an error.
 */
#ifndef TALLY_DIFF_COMMAND_H
#define TALLY_DIFF_COMMAND_H

#include "base/buffer.h"
#include "base/error.h"

/* argv[0] is ignored. Notes for people (a rule that never matched) go to standard error. */
bool diff_command(int argc, char **argv, struct buffer *out, int *exit_code,
                  struct err *err) MUST_CHECK;

void diff_command_help(struct buffer *out); /* the options and what they do; 80 columns */
void diff_command_man(struct buffer *out);  /* sections of a man page */

#endif
