/*
 * The log as a witness beside its status: did an answer bring what production's brought? Input: an
 * exchange. Output: whether a side's answer cannot be the one that was logged. Pure.
 *
 * $body_bytes_sent: both sides without a body, or with no more than "no database", are alike and
 * say nothing.
 *
 *     the log has 8123 bytes, the answer none                 it is not that page
 *     the log has 8123 bytes, the answer 300                  it is not that page
 *     the log has 8123 bytes, the answer 900 or 60000         it may be: the log's were perhaps
 *                                                             compressed, the data may be others
 *     the log has 29 bytes, the answer none                   it may be: compressed, nothing is 20
 *                                                             bytes, and chunks have a frame
 *
 * $sent_http_location: both sides that redirect a booking to the login are alike, too. Compared are
 * the routes of the paths; a copy may live behind a prefix.
 *
 *     the log has /bookings/17, the answer /login             it is not that redirect
 *     the log has /bookings/17, the answer /app/bookings/23   it may be
 */
#ifndef TALLY_REPLAY_WITNESS_H
#define TALLY_REPLAY_WITNESS_H

#include "exchange.h"

#define WITNESS_TIMES 10   /* so many times less is too little */
#define WITNESS_LEAST 1024 /* bytes in the log; of fewer a short answer is no wonder */
#define WITNESS_NOTHING 64 /* bytes in the log that may be those of an empty body */

/* So much less that it cannot be the page that was logged. */
bool witness_misses_body(const struct exchange *exchange, enum side side);
/* Redirects, as the logged answer did, but to another route. */
bool witness_leads_elsewhere(const struct exchange *exchange, enum side side);

#endif
