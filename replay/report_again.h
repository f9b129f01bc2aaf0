/*
 * The command tally-replay report LEDGER: what a replay found, again, in any format. Input: argv
 * and a ledger. Output: reports; nothing is sent and no log is read.
 */
#ifndef TALLY_REPLAY_REPORT_AGAIN_H
#define TALLY_REPLAY_REPORT_AGAIN_H

#include "../diff/base/buffer.h"
#include "../diff/base/error.h"

/* argv[0] is "report". *exit_code: the run's. */
bool report_again(int argc, char **argv, int *exit_code, struct err *err) MUST_CHECK;

void report_again_man(struct buffer *out); /* a section of a man page */

#endif
