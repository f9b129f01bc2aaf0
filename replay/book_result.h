/*
 * What a report needs beside the outcome, as records of a ledger, and a ledger as a result. For
 * book.c, and book_result() of book.h.
 *
 *     start       when the first run began, the origins
 *     result      how it ended, seconds, notes, rules, counts; not there: it was killed
 *     database    0, 1, …: struct replay_database
 */
#ifndef TALLY_REPLAY_BOOK_RESULT_H
#define TALLY_REPLAY_BOOK_RESULT_H

#include "../diff/base/buffer.h"
#include "../diff/ledger.h"
#include "replay.h"

void book_result_put_start(struct buffer *out, const struct replay_options *options, time_t begun);
/* over: it cannot go on. */
bool book_result_put(struct ledger *ledger, const struct replay_result *result, bool over,
                     struct err *err) MUST_CHECK;
/* Removes what book_result_put() has put. */
bool book_result_drop(struct ledger *ledger, struct err *err) MUST_CHECK;
/* Of the record "result"; false: it is damaged. */
bool book_result_is_over(const struct buffer *bytes, bool *over) MUST_CHECK;

#endif
