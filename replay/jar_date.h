/*
 * The dates of cookies, as browsers read them: RFC 6265bis, 5.1.1. Input: the value of Expires, in
 * any of the spellings that servers use. Output: seconds since 1970. Pure.
 *
 *     Wed, 21 Oct 2015 07:28:00 GMT   Wednesday, 21-Oct-15 07:28:00 GMT   Wed Oct 21 07:28:00 2015
 */
#ifndef TALLY_REPLAY_JAR_DATE_H
#define TALLY_REPLAY_JAR_DATE_H

#include <stdint.h>

#include "slice.h"

/* False: it is not a date, and so was not said. */
bool jar_date(struct slice text, int64_t *seconds);

#endif
