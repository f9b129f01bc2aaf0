/*
 * Rules over one time: fractions of a second that are lost, and dates that are none. Shifts need
 * many differences together: cause_shift.c.
 */
#include "cause_rule.h"

#include <stdlib.h>

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)

static const int64_t power_of_ten[] = {1, 10, 100, 1000, 10000, 100000, 1000000};

/* ---- fraction-lost */

enum { LOST_CUT, LOST_ROUNDED, LOST_TIME_OF_DAY };
enum { LOST_DIGITS }; /* measure: digits of a second that are left */

static int digits_of(int64_t time)
{
    int digits = 6;
    int64_t rest = time % SECOND;
    if (!rest)
        return 0;
    for (; rest % 10 == 0; rest /= 10)
        digits--;
    return digits;
}

/* Sums with the ends of int64 would overflow; no server has such times. */
static bool is_ordinary(int64_t time)
{
    return time < INT64_MAX / 2 && time > INT64_MIN / 2;
}

static int64_t floor_to(int64_t time, int64_t unit)
{
    int64_t rest = time % unit;
    return time - rest - (rest < 0 ? unit : 0);
}

static bool fraction_lost(const struct cause_pair *pair, struct cause_match *match)
{
    int64_t from = cause_int(pair->from), to = cause_int(pair->to);
    bool duration = pair->to->tag == VALUE_TIME;
    if (pair->from->tag != pair->to->tag || !is_ordinary(from) || !is_ordinary(to))
        return false;
    /* The time of day: from 10:23:45 to 00:00:00 of that day. A whole hour may be a shift. */
    if (!duration && to % DAY == 0 && from % (DAY / 96) != 0 && floor_to(from, DAY) == to) {
        match->marks = 1u << LOST_TIME_OF_DAY;
        return true;
    }
    int left = digits_of(to);
    if (left >= digits_of(from))
        return false;
    int64_t unit = power_of_ten[6 - left], rounded = floor_to(from + unit / 2, unit);
    bool negative = duration && from < 0;
    int64_t cut = negative ? -floor_to(-from, unit) : floor_to(from, unit);
    if (negative)
        rounded = -floor_to(-from + unit / 2, unit);
    match->marks = (cut == to ? 1u << LOST_CUT : 0) | (rounded == to ? 1u << LOST_ROUNDED : 0);
    match->measure[LOST_DIGITS] = left;
    return match->marks != 0;
}

static double say_fraction_lost(const struct cause_group *group, struct buffer *out)
{
    static const char *const units[] = {
        "whole seconds", "tenths of a second",           "hundredths of a second",
        "milliseconds",  "a ten-thousandth of a second", "a hundred-thousandth of a second"};
    if (group->marked[LOST_TIME_OF_DAY] * 2 > group->count) {
        buffer_printf(out, "%s lost the time of day in the %s", cause_have(group->count),
                      side_name[group->damaged]);
        return cause_by_count(group->count);
    }
    int64_t digits = group->highest[LOST_DIGITS];
    const char *how = group->marked[LOST_CUT] == group->count       ? "cut"
                      : group->marked[LOST_ROUNDED] == group->count ? "rounded"
                                                                    : "cut or rounded";
    buffer_printf(out, "%s %s to %s in the %s", cause_are(group->count), how,
                  units[digits < 0 || digits > 5 ? 0 : digits], side_name[group->damaged]);
    return group->seen->digits > digits ? 0.9 : 1.0;
}

/* ---- zero-date: a date that is none, such as 0000-00-00, became NULL or what stands for it */

enum { ZERO_NULL, ZERO_DAY };

static bool is_zero_date(const struct value *value)
{
    const unsigned char *text = value->payload;
    size_t length = value->payload_length;
    if (value->tag != VALUE_SPECIAL || length < 10 || text[4] != '-' || text[7] != '-')
        return false;
    for (size_t i = 0; i < 10; i++)
        if (i != 4 && i != 7 && (text[i] < '0' || text[i] > '9'))
            return false;
    return memcmp(text + 5, "00", 2) == 0 || memcmp(text + 8, "00", 2) == 0;
}

static bool zero_date(const struct cause_pair *pair, struct cause_match *match)
{
    /* Days that programs write for "none": 0001-01-01, 1900-01-01, 1970-01-01. */
    static const int64_t stand_ins[] = {-719162, -25567, 0};
    if (!is_zero_date(pair->from))
        return false;
    if (pair->to->tag == VALUE_NULL) {
        match->marks = 1u << ZERO_NULL;
        return true;
    }
    int64_t day = cause_int(pair->to);
    if (pair->to->tag != VALUE_DATE) {
        if (day % DAY)
            return false;
        day /= DAY;
    }
    for (size_t i = 0; i < sizeof stand_ins / sizeof *stand_ins; i++)
        if (day == stand_ins[i]) {
            match->marks = 1u << ZERO_DAY;
            return true;
        }
    return false;
}

static double say_zero_date(const struct cause_group *group, struct buffer *out)
{
    enum side other = group->damaged == SOURCE ? TARGET : SOURCE;
    const char *what = group->marked[ZERO_NULL] == group->count ? "NULL"
                       : group->marked[ZERO_NULL] == 0          ? "a day that stands for none"
                                                       : "NULL or a day that stands for none";
    buffer_printf(out, "%s %s in the %s where the %s has a zero date (0000-00-00)",
                  group->count == 1 ? "holds" : "hold", what, side_name[group->damaged],
                  side_name[other]);
    return 1.0;
}

#define TIMES (CAUSE_TAG(VALUE_TIME) | CAUSE_TAG(VALUE_DATETIME) | CAUSE_TAG(VALUE_INSTANT))

const struct cause_rule cause_time_rules[] = {
    {.name = "fraction-lost",
     .sure = true,
     .from = TIMES,
     .to = TIMES,
     .fits = fraction_lost,
     .say = say_fraction_lost},
    {.name = "zero-date",
     .sure = true,
     .from = CAUSE_TAG(VALUE_SPECIAL),
     .to = CAUSE_TAG(VALUE_NULL) | CAUSE_TAG(VALUE_DATE) | CAUSE_TAG(VALUE_DATETIME) |
           CAUSE_TAG(VALUE_INSTANT),
     .fits = zero_date,
     .say = say_zero_date},
    {.name = NULL},
};
