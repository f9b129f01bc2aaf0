/*
 * Dates and times as pages write them. Input: text. Output: what day and time stands at its start.
 * Pure; knows nothing of trees or rules.
 *
 *     2024-01-31  2024/01/31  2024-01-31T10:00:00.5+01:00  2024-01-31 10:00 UTC  20240131T100000Z
 *     31.1.2024 10:00  31/01/2024  01/31/2024 10:00 AM  31 January 2024  31. Januar 2024
 *     Jan 31, 2024, 10:00 PM  Wed, 31 Jan 2024 10:00:00 GMT  31 janvier 2024  31 enero 2024
 */
#ifndef TALLY_DATE_TEXT_H
#define TALLY_DATE_TEXT_H

#include "base/buffer.h"

/* Which comes first in 01/02/2024. Where one number is above 12, it is the day. */
enum date_order { DATE_ORDER_UNKNOWN, DATE_ORDER_DAY_FIRST, DATE_ORDER_MONTH_FIRST };

struct date_text {
    int64_t year;
    unsigned month, day;
    bool ambiguous; /* 01/02/2024 with the order unknown: read with the day first */
    bool has_time, has_seconds, has_zone;
    unsigned hour, minute, second;
    int offset;           /* minutes east of UTC, when has_zone */
    const char *fraction; /* digits of the second behind the point, borrowed */
    size_t fraction_length;
};

/* Reads the longest date at the start of the text and returns its bytes; 0: there is none. A date
 * is a day of the calendar, and no letter or digit follows it. */
size_t date_text_read(const char *text, size_t length, enum date_order order,
                      struct date_text *date);

/* A time of day, 10:00 or 10:00:00.123, with AM or PM or without; the same return. */
size_t date_text_read_time(const char *text, size_t length, struct date_text *date);

/* Appends the one spelling of a date: "2024-01-31", "2024-01-31 10:00", "2024-01-31 09:00:00.5Z"
 * (in UTC when it has a zone). What was not said is not made up: 10:00 is not 10:00:00. */
void date_text_print(const struct date_text *date, struct buffer *out);

#endif
