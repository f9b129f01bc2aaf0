/*
 * The log's $body_bytes_sent as a witness: did an answer bring what production's brought? Input: an
 * exchange. Output: whether a side's answer is so much less that it cannot be the page that was
 * logged: both sides without a body, or with no more than "no database", are alike and say nothing.
 * Pure.
 *
 *     the log has 8123 bytes, the answer none                 it is not that page
 *     the log has 8123 bytes, the answer 300                  it is not that page
 *     the log has 8123 bytes, the answer 900 or 60000         it may be: the log's were perhaps
 *                                                             compressed, the data may be others
 *     the log has 29 bytes, the answer none                   it may be: compressed, nothing is 20
 *                                                             bytes, and chunks have a frame
 */
#ifndef TALLY_REPLAY_WITNESS_H
#define TALLY_REPLAY_WITNESS_H

#include "exchange.h"

#define WITNESS_TIMES 10   /* so many times less is too little */
#define WITNESS_LEAST 1024 /* bytes in the log; of fewer a short answer is no wonder */
#define WITNESS_NOTHING 64 /* bytes in the log that may be those of an empty body */

bool witness_contradicts(const struct exchange *exchange, enum side side);

#endif
