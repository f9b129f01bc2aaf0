/* See jar_date.h. */
#include "jar_date.h"

#include <time.h>

struct date {
    bool has_time, has_day, has_month, has_year;
    int hour, minute, second, day, month, year;
};

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool is_delimiter(unsigned char c)
{
    return c == 0x09 || (c >= 0x20 && c <= 0x2f) || (c >= 0x3b && c <= 0x40) ||
           (c >= 0x5b && c <= 0x60) || (c >= 0x7b && c <= 0x7e);
}

/* From *at, `least` to `most` digits, and no further digit behind them. */
static bool read_number(struct slice token, size_t *at, size_t least, size_t most, int *number)
{
    size_t start = *at;
    *number = 0;
    while (*at < token.length && is_digit(token.at[*at]) && *at - start < most)
        *number = 10 * *number + (token.at[(*at)++] - '0');
    return *at - start >= least && (*at == token.length || !is_digit(token.at[*at]));
}

static bool read_time(struct slice token, struct date *date)
{
    size_t at = 0;
    if (!read_number(token, &at, 1, 2, &date->hour) || at == token.length || token.at[at++] != ':')
        return false;
    if (!read_number(token, &at, 1, 2, &date->minute) || at == token.length ||
        token.at[at++] != ':')
        return false;
    return read_number(token, &at, 1, 2, &date->second);
}

static bool read_month(struct slice token, int *month)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int i = 0; token.length >= 3 && i < 12; i++)
        if (strncasecmp((const char *)token.at, names + 3 * i, 3) == 0) {
            *month = i;
            return true;
        }
    return false;
}

/* A token is the first of these that it can be and that was not there yet. */
static void read_token(struct slice token, struct date *date)
{
    size_t at = 0;
    int number;
    if (!date->has_time && read_time(token, date)) {
        date->has_time = true;
    } else if (!date->has_day && read_number(token, &at, 1, 2, &number)) {
        date->has_day = true;
        date->day = number;
    } else if (!date->has_month && read_month(token, &date->month)) {
        date->has_month = true;
    } else if (at = 0, !date->has_year && read_number(token, &at, 2, 4, &number)) {
        date->has_year = true;
        date->year = number < 70 ? number + 2000 : number < 100 ? number + 1900 : number;
    }
}

bool jar_date(struct slice text, int64_t *seconds)
{
    struct date date = {0};
    for (size_t i = 0; i < text.length;) {
        while (i < text.length && is_delimiter(text.at[i]))
            i++;
        size_t start = i;
        while (i < text.length && !is_delimiter(text.at[i]))
            i++;
        if (i > start)
            read_token((struct slice){text.at + start, i - start}, &date);
    }
    if (!date.has_time || !date.has_day || !date.has_month || !date.has_year || date.day < 1 ||
        date.day > 31 || date.year < 1601 || date.hour > 23 || date.minute > 59 || date.second > 59)
        return false;
    struct tm parts = {.tm_year = date.year - 1900,
                       .tm_mon = date.month,
                       .tm_mday = date.day,
                       .tm_hour = date.hour,
                       .tm_min = date.minute,
                       .tm_sec = date.second};
    time_t when = timegm(&parts);
    if (parts.tm_mday != date.day) /* 31 February */
        return false;
    *seconds = (int64_t)when;
    return true;
}
