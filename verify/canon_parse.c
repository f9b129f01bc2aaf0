/*
 * Readers of scalar values kept as text (canon_parse.h). Input: bytes, not terminated. Output:
 * plain values. Must not know: encodings, columns, locales (digits are ASCII whatever the locale
 * says).
 */
#include "canon_parse.h"

#include "../diff/base/percent.h"
#include "../diff/value.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A place in the text; every take_ function moves it only when it succeeds. */
struct reader {
    const char *place, *end;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take(struct reader *reader, char c)
{
    if (reader->place == reader->end || *reader->place != c)
        return false;
    reader->place++;
    return true;
}

/* Between `least` and `most` digits, at most 18. */
static bool take_digits(struct reader *reader, size_t least, size_t most, int64_t *number)
{
    size_t count = 0;
    int64_t n = 0;
    while (count < most && reader->place + count < reader->end && is_digit(reader->place[count]))
        n = n * 10 + (reader->place[count++] - '0');
    if (count < least)
        return false;
    reader->place += count;
    *number = n;
    return true;
}

/* ".5": microseconds; false when there are digits beyond them, which must not be lost, or none */
static bool take_fraction(struct reader *reader, int64_t *microseconds)
{
    const char *p = reader->place;
    int64_t unit = SECOND / 10;
    *microseconds = 0;
    if (p == reader->end || *p != '.')
        return true;
    if (++p == reader->end || !is_digit(*p))
        return false;
    for (; p < reader->end && is_digit(*p); p++, unit /= 10) {
        if (!unit && *p != '0')
            return false;
        *microseconds += (*p - '0') * unit;
    }
    reader->place = p;
    return true;
}

bool parse_bool(const char *text, size_t length, bool *truth)
{
    static const struct {
        const char *word;
        bool truth;
    } words[] = {{"1", true},  {"t", true},  {"true", true},   {"y", true},  {"yes", true},
                 {"0", false}, {"f", false}, {"false", false}, {"n", false}, {"no", false}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strlen(words[i].word) == length && strncasecmp(words[i].word, text, length) == 0) {
            *truth = words[i].truth;
            return true;
        }
    }
    return false;
}

/* As PostgreSQL reads them: braces, and a hyphen after any group of four digits; and RFC 9562's
 * urn:uuid: */
bool parse_uuid(const char *text, size_t length, unsigned char uuid[16])
{
    if (length > 9 && strncasecmp(text, "urn:uuid:", 9) == 0) {
        text += 9;
        length -= 9;
    } else if (length > 2 && text[0] == '{' && text[length - 1] == '}') {
        text++;
        length -= 2;
    }
    const char *end = text + length;
    for (int i = 0; i < 16; i++) {
        if (i && i % 2 == 0 && text < end && *text == '-')
            text++;
        int high = end - text >= 2 ? hex_digit(text[0]) : -1;
        int low = high >= 0 ? hex_digit(text[1]) : -1;
        if (low < 0)
            return false;
        uuid[i] = (unsigned char)(high << 4 | low);
        text += 2;
    }
    return text == end;
}

/* ---- Dates and times ---------------------------------------------------------------------------
 */

struct fields {
    int64_t year, month, day, hour, minute, second, fraction;
    int64_t offset; /* seconds east */
    bool has_offset;
};

/* Z, ±HH, ±HHMM, ±HH:MM, ±HH:MM:SS */
static bool take_offset(struct reader *reader, struct fields *fields)
{
    int64_t hour, minute = 0, second = 0;
    bool west = false;
    if (reader->place == reader->end)
        return true;
    fields->has_offset = true;
    if (take(reader, 'Z') || take(reader, 'z'))
        return true;
    if (!take(reader, '+')) {
        west = take(reader, '-');
        if (!west)
            return false;
    }
    if (!take_digits(reader, 2, 2, &hour))
        return false;
    if (take(reader, ':')) {
        if (!take_digits(reader, 2, 2, &minute))
            return false;
        if (take(reader, ':') && !take_digits(reader, 2, 2, &second))
            return false;
    } else if (reader->place < reader->end && !take_digits(reader, 2, 2, &minute)) {
        return false;
    }
    if (hour > 15 || minute > 59 || second > 59) /* PostgreSQL's own limit is ±15:59:59 */
        return false;
    fields->offset = (hour * 3600 + minute * 60 + second) * (west ? -1 : 1);
    return true;
}

static bool take_clock(struct reader *reader, struct fields *fields)
{
    if (!take_digits(reader, 2, 2, &fields->hour) || !take(reader, ':') ||
        !take_digits(reader, 2, 2, &fields->minute))
        return false;
    if (!take(reader, ':'))
        return true;
    return take_digits(reader, 2, 2, &fields->second) && take_fraction(reader, &fields->fraction);
}

static bool all_digits(const struct reader *reader)
{
    const char *p = reader->place;
    while (p < reader->end && is_digit(*p))
        p++;
    return p == reader->end;
}

static bool take_fields(struct reader *reader, struct fields *fields)
{
    size_t length = (size_t)(reader->end - reader->place);
    if ((length == 8 || length == 14) && all_digits(reader)) {
        if (!take_digits(reader, 4, 4, &fields->year) ||
            !take_digits(reader, 2, 2, &fields->month) || !take_digits(reader, 2, 2, &fields->day))
            return false;
        return length == 8 || (take_digits(reader, 2, 2, &fields->hour) &&
                               take_digits(reader, 2, 2, &fields->minute) &&
                               take_digits(reader, 2, 2, &fields->second));
    }
    if (!take_digits(reader, 4, 6, &fields->year) || !take(reader, '-') ||
        !take_digits(reader, 2, 2, &fields->month) || !take(reader, '-') ||
        !take_digits(reader, 2, 2, &fields->day))
        return false;
    if (reader->place == reader->end)
        return true;
    if (!take(reader, ' ') && !take(reader, 'T') && !take(reader, 't'))
        return false;
    return take_clock(reader, fields) && take_offset(reader, fields);
}

/* What MySQL keeps though no calendar has it, in one spelling. */
static void spell_impossible(const struct fields *fields, struct civil *civil)
{
    int64_t clock =
        ((fields->hour * 60 + fields->minute) * 60 + fields->second) * SECOND + fields->fraction;
    int length = snprintf(civil->text, sizeof civil->text, "%04d-%02d-%02d", (int)fields->year,
                          (int)fields->month, (int)fields->day);
    civil->state = CIVIL_IMPOSSIBLE;
    civil->all_zero = !fields->year && !fields->month && !fields->day && !clock;
    if (!clock)
        return;
    length += snprintf(civil->text + length, sizeof civil->text - (size_t)length, " %02d:%02d:%02d",
                       (int)fields->hour, (int)fields->minute, (int)fields->second);
    if (!fields->fraction)
        return;
    length += snprintf(civil->text + length, sizeof civil->text - (size_t)length, ".%06d",
                       (int)fields->fraction);
    while (civil->text[length - 1] == '0')
        civil->text[--length] = '\0';
}

bool parse_civil(const char *text, size_t length, struct civil *civil)
{
    struct reader reader = {text, text + length};
    struct fields f = {0};
    if (!take_fields(&reader, &f) || reader.place != reader.end)
        return false;
    if (f.month > 12 || f.day > 31 || f.hour > 23 || f.minute > 59 || f.second > 59)
        return false;
    *civil = (struct civil){.has_offset = f.has_offset};
    if (!civil_is_date(f.year, (unsigned)f.month, (unsigned)f.day)) {
        if (f.has_offset)
            return false;
        spell_impossible(&f, civil);
        return true;
    }
    int64_t seconds = civil_to_days(f.year, (unsigned)f.month, (unsigned)f.day) * 86400 +
                      f.hour * 3600 + f.minute * 60 + f.second - f.offset;
    return !__builtin_mul_overflow(seconds, SECOND, &civil->microseconds) &&
           !__builtin_add_overflow(civil->microseconds, f.fraction, &civil->microseconds);
}

/* H…:MM:SS[.f], no sign */
static bool take_duration(struct reader *reader, int64_t *microseconds)
{
    int64_t hour, minute, second, fraction;
    if (!take_digits(reader, 1, 7, &hour) || !take(reader, ':') ||
        !take_digits(reader, 2, 2, &minute) || !take(reader, ':') ||
        !take_digits(reader, 2, 2, &second) || !take_fraction(reader, &fraction) || minute > 59 ||
        second > 59)
        return false;
    *microseconds = (hour * 3600 + minute * 60 + second) * SECOND + fraction;
    return true;
}

bool parse_time(const char *text, size_t length, int64_t *microseconds)
{
    struct reader reader = {text, text + length};
    bool negative = take(&reader, '-');
    if (!take_duration(&reader, microseconds) || reader.place != reader.end)
        return false;
    if (negative)
        *microseconds = -*microseconds;
    return true;
}

/* ---- Intervals ---------------------------------------------------------------------------------
 */

enum unit_field { UNIT_MONTHS, UNIT_DAYS, UNIT_MICROSECONDS };

struct unit {
    const char *name;
    enum unit_field field;
    int64_t size;
};

static bool interval_add(struct interval *interval, const struct unit *unit, int64_t whole,
                         int64_t fraction, bool negative)
{
    int64_t *field = unit->field == UNIT_MONTHS ? &interval->months
                     : unit->field == UNIT_DAYS ? &interval->days
                                                : &interval->microseconds;
    int64_t amount;
    /* A fraction is exact only of a second; other units would have to be spread over smaller ones.
     */
    if ((fraction && unit->size != SECOND) || __builtin_mul_overflow(whole, unit->size, &amount) ||
        __builtin_add_overflow(amount, fraction, &amount))
        return false;
    return !__builtin_add_overflow(*field, negative ? -amount : amount, field);
}

static bool take_sign(struct reader *reader)
{
    bool negative = take(reader, '-');
    if (!negative)
        (void)take(reader, '+');
    return negative;
}

static bool parse_interval_iso(struct reader *reader, struct interval *interval)
{
    static const struct unit units[] = {{"Y", UNIT_MONTHS, 12},
                                        {"M", UNIT_MONTHS, 1},
                                        {"W", UNIT_DAYS, 7},
                                        {"D", UNIT_DAYS, 1},
                                        {"H", UNIT_MICROSECONDS, 3600 * SECOND},
                                        {"M", UNIT_MICROSECONDS, 60 * SECOND},
                                        {"S", UNIT_MICROSECONDS, SECOND}};
    const size_t clock = 4;
    size_t i = 0, parts = 0;
    bool timed = false;
    while (reader->place < reader->end) {
        int64_t whole, fraction;
        if (!timed && take(reader, 'T')) {
            timed = true;
            i = clock;
        }
        bool negative = take_sign(reader);
        if (!take_digits(reader, 1, 18, &whole) || !take_fraction(reader, &fraction))
            return false;
        size_t end = timed ? sizeof units / sizeof *units : clock;
        while (i < end && !take(reader, *units[i].name))
            i++;
        if (i == end || !interval_add(interval, &units[i], whole, fraction, negative))
            return false;
        i++;
        parts++;
    }
    return parts > 0;
}

static bool take_unit(struct reader *reader, const struct unit **unit)
{
    static const struct unit units[] = {{"years", UNIT_MONTHS, 12},
                                        {"year", UNIT_MONTHS, 12},
                                        {"months", UNIT_MONTHS, 1},
                                        {"month", UNIT_MONTHS, 1},
                                        {"mons", UNIT_MONTHS, 1},
                                        {"mon", UNIT_MONTHS, 1},
                                        {"weeks", UNIT_DAYS, 7},
                                        {"week", UNIT_DAYS, 7},
                                        {"days", UNIT_DAYS, 1},
                                        {"day", UNIT_DAYS, 1},
                                        {"hours", UNIT_MICROSECONDS, 3600 * SECOND},
                                        {"hour", UNIT_MICROSECONDS, 3600 * SECOND},
                                        {"minutes", UNIT_MICROSECONDS, 60 * SECOND},
                                        {"minute", UNIT_MICROSECONDS, 60 * SECOND},
                                        {"mins", UNIT_MICROSECONDS, 60 * SECOND},
                                        {"min", UNIT_MICROSECONDS, 60 * SECOND},
                                        {"seconds", UNIT_MICROSECONDS, SECOND},
                                        {"second", UNIT_MICROSECONDS, SECOND},
                                        {"secs", UNIT_MICROSECONDS, SECOND},
                                        {"sec", UNIT_MICROSECONDS, SECOND}};
    const char *end = reader->place;
    while (end < reader->end && *end != ' ')
        end++;
    size_t length = (size_t)(end - reader->place);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strlen(units[i].name) == length && strncmp(units[i].name, reader->place, length) == 0) {
            *unit = &units[i];
            reader->place = end;
            return true;
        }
    }
    return false;
}

/* One of "2 mons", "-04:05:06.7" */
static bool take_interval_part(struct reader *reader, struct interval *interval)
{
    static const struct unit clock = {"", UNIT_MICROSECONDS, 1};
    const struct unit *unit;
    bool negative = take_sign(reader);
    int64_t whole, fraction, duration;
    struct reader ahead = *reader;
    if (take_duration(&ahead, &duration)) {
        *reader = ahead;
        return interval_add(interval, &clock, duration, 0, negative);
    }
    return take_digits(reader, 1, 18, &whole) && take_fraction(reader, &fraction) &&
           take(reader, ' ') && take_unit(reader, &unit) &&
           interval_add(interval, unit, whole, fraction, negative);
}

bool parse_interval(const char *text, size_t length, struct interval *interval)
{
    struct reader reader = {text, text + length};
    *interval = (struct interval){0};
    if (take(&reader, 'P'))
        return parse_interval_iso(&reader, interval);
    do {
        if (!take_interval_part(&reader, interval))
            return false;
    } while (take(&reader, ' '));
    return reader.place == reader.end;
}

/* ---- Addresses ---------------------------------------------------------------------------------
 */

bool parse_inet(const char *text, size_t length, struct address *address)
{
    char host[INET6_ADDRSTRLEN];
    const char *slash = memchr(text, '/', length);
    size_t host_length = slash ? (size_t)(slash - text) : length;
    if (!host_length || host_length >= sizeof host || memchr(text, '\0', length))
        return false;
    memcpy(host, text, host_length);
    host[host_length] = '\0';
    *address = (struct address){0};
    if (inet_pton(AF_INET, host, address->bytes) == 1)
        address->length = 4;
    else if (inet_pton(AF_INET6, host, address->bytes) == 1)
        address->length = 16;
    else
        return false;
    address->prefix = (unsigned char)(address->length * 8);
    if (!slash)
        return true;
    struct reader reader = {slash + 1, text + length};
    int64_t prefix;
    if (!take_digits(&reader, 1, 3, &prefix) || reader.place != reader.end ||
        prefix > address->prefix)
        return false;
    address->prefix = (unsigned char)prefix;
    return true;
}
