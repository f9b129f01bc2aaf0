/*
 * Time zones of the tz database, for columns that hold local time beside columns that hold
 * instants. Input: the system's compiled tz files (TZif, RFC 8536). Output: instants. Knows nothing
 * of columns.
 *
 * zone.c reads the files itself: GLib 2.74 misreads zones whose rule for the future has a winter
 * "daylight saving" (Europe/Dublin is an hour off from 2038 on), and libc has one zone per process.
 */
#ifndef TALLY_ZONE_H
#define TALLY_ZONE_H

#include "base/error.h"
#include "base/text_list.h"

#include <stdint.h>

struct zone;

/* "Europe/Paris", "UTC", "+02:00" (east of Greenwich). ERR_USAGE when the tz database has no such
 * zone. A name is the tz database's even where PostgreSQL has an abbreviation of that name: CET has
 * summers. Shared and kept until the process ends: not freed. Thread safe. */
bool zone_find(const char *name, const struct zone **zone, struct err *err) MUST_CHECK;

/*
 * The instant (microseconds since 1970Z) that a civil time means there. A time that the clock
 * showed twice means the later reading (standard time), one that it skipped is read with the offset
 * before the jump: what PostgreSQL's AT TIME ZONE does. *other: the other reading of an ambiguous
 * time, else the same. civil must be at least two days away from the ends of int64. Allocates
 * nothing.
 */
int64_t zone_to_instant(const struct zone *zone, int64_t civil, int64_t *other);

/* The instant when clocks there showed the same civil time as at this one; the same when there is
 * none. The same bounds as above. */
int64_t zone_other_instant(const struct zone *zone, int64_t instant);

/* What the clocks there show at an instant. The same bounds as above. */
int64_t zone_to_civil(const struct zone *zone, int64_t instant);

/* Did its clocks never change? Then no civil time is ambiguous. */
bool zone_is_fixed(const struct zone *zone);

/* Adds the names of the tz database's zones: those that its zone1970.tab lists, one for all places
 * whose clocks have agreed since 1970. Adds none where there is no tz database. */
void zone_list(struct text_list *names);

const char *zone_name(const struct zone *zone); /* as it was asked for */

#endif
