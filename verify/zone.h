/*
 * Time zones of the tz database, for columns that hold local time beside columns that hold instants.
 * zone.c alone includes GLib, whose GTimeZone is thread safe and reads the system's tz files.
 */
#ifndef TALLY_VERIFY_ZONE_H
#define TALLY_VERIFY_ZONE_H

#include "../diff/base/error.h"

#include <stdint.h>

struct zone;

/* "Europe/Paris", "UTC", "+02:00". ERR_USAGE when the tz database has no such zone. Shared and kept
 * until the process ends: not freed. */
bool zone_find(const char *name, const struct zone **zone, struct err *err) MUST_CHECK;

/*
 * The instant (microseconds since 1970Z) that a civil time means there. A time that the clock showed twice
 * means the later reading (standard time), one that it skipped is read with the offset before the jump:
 * what PostgreSQL's AT TIME ZONE does. *other: the other reading of an ambiguous time, else the same.
 */
int64_t zone_to_instant(const struct zone *zone, int64_t civil, int64_t *other);

#endif
