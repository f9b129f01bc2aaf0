/* Dates as pages write them (date_text.h): one reader per spelling, in a table; the longest wins.
 */
#include "date_text.h"

#include "value.h"

#include <strings.h>

/* A place in the text. */
struct cursor {
    const char *at, *end;
};

static bool take(struct cursor *cursor, char byte)
{
    if (cursor->at == cursor->end || *cursor->at != byte)
        return false;
    cursor->at++;
    return true;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_word(char byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (unsigned char)byte >= 0x80 || byte == '_';
}

/* Between `least` and `most` digits, and no further digit behind them. */
static bool take_number(struct cursor *cursor, size_t least, size_t most, unsigned *number)
{
    size_t count = 0;
    unsigned value = 0;
    const char *at = cursor->at;
    while (at < cursor->end && is_digit(*at) && count <= most) {
        value = value * 10 + (unsigned)(*at++ - '0');
        count++;
    }
    if (count < least || count > most)
        return false;
    cursor->at = at;
    *number = value;
    return true;
}

/* Exactly `count` digits, whatever follows: of 20240131. */
static bool take_digits(struct cursor *cursor, size_t count, unsigned *number)
{
    *number = 0;
    if ((size_t)(cursor->end - cursor->at) < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!is_digit(cursor->at[i]))
            return false;
        *number = *number * 10 + (unsigned)(cursor->at[i] - '0');
    }
    cursor->at += count;
    return true;
}

static void skip_blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t'))
        cursor->at++;
}

/* One of the words, in any case, that no letter follows; the longest. Its index, or -1. */
static int take_word(struct cursor *cursor, const char *const *words, size_t count)
{
    int found = -1;
    size_t longest = 0, left = (size_t)(cursor->end - cursor->at);
    for (size_t i = 0; left && i < count; i++) {
        if ((*cursor->at | 0x20) != words[i][0]) /* an ASCII letter, in all of them */
            continue;
        size_t length = strlen(words[i]);
        if (length > longest && length <= left && strncasecmp(cursor->at, words[i], length) == 0 &&
            (length == left || !is_word(cursor->at[length]))) {
            found = (int)i;
            longest = length;
        }
    }
    cursor->at += longest;
    return found;
}

/* ---- names of months and days ---- */

#define LANGUAGES 5 /* short English, English, German, French, Spanish */

static const char *const months[12 * LANGUAGES] = {
    "jan",       "january",   "januar",     "janvier",  "enero",    "feb",       "february",
    "februar",   "février",   "febrero",    "mar",      "march",    "märz",      "mars",
    "marzo",     "apr",       "april",      "april",    "avril",    "abril",     "may",
    "may",       "mai",       "mai",        "mayo",     "jun",      "june",      "juni",
    "juin",      "junio",     "jul",        "july",     "juli",     "juillet",   "julio",
    "aug",       "august",    "august",     "août",     "agosto",   "sep",       "september",
    "september", "septembre", "septiembre", "oct",      "october",  "oktober",   "octobre",
    "octubre",   "nov",       "november",   "november", "novembre", "noviembre", "dec",
    "december",  "dezember",  "décembre",   "diciembre"};

static const char *const weekdays[] = {
    "mon",    "tue",      "wed",       "thu",        "fri",      "sat",      "sun",
    "monday", "tuesday",  "wednesday", "thursday",   "friday",   "saturday", "sunday",
    "montag", "dienstag", "mittwoch",  "donnerstag", "freitag",  "samstag",  "sonntag",
    "lundi",  "mardi",    "mercredi",  "jeudi",      "vendredi", "samedi",   "dimanche",
    "lunes",  "martes",   "miércoles", "jueves",     "viernes",  "sábado",   "domingo"};

/* Bounds, in bytes; what is longer is no date, never a part of one. */
#define FRACTION_MOST 18
#define DATE_MOST 128

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool take_month(struct cursor *cursor, unsigned *month)
{
    int found = take_word(cursor, months, COUNT(months));
    if (found < 0)
        return false;
    *month = (unsigned)found / LANGUAGES + 1;
    take(cursor, '.');
    return true;
}

static void skip_weekday(struct cursor *cursor)
{
    struct cursor before = *cursor;
    if (take_word(cursor, weekdays, COUNT(weekdays)) < 0)
        return;
    take(cursor, '.');
    take(cursor, ',');
    const char *end = cursor->at;
    skip_blanks(cursor);
    if (cursor->at == end)
        *cursor = before;
}

/* ---- spellings of a day ---- */

static bool read_iso(struct cursor *cursor, enum date_order order, struct date_text *date)
{
    unsigned year;
    (void)order;
    if (!take_number(cursor, 4, 4, &year))
        return false;
    date->year = year;
    char mark = cursor->at < cursor->end ? *cursor->at : '\0';
    return (mark == '-' || mark == '/') && take(cursor, mark) &&
           take_number(cursor, 2, 2, &date->month) && take(cursor, mark) &&
           take_number(cursor, 2, 2, &date->day);
}

/* Only with a time: 20240131 alone is a number. */
static bool read_compact(struct cursor *cursor, enum date_order order, struct date_text *date)
{
    unsigned year;
    (void)order;
    if (!take_digits(cursor, 4, &year) || !take_digits(cursor, 2, &date->month) ||
        !take_digits(cursor, 2, &date->day) || !take(cursor, 'T') ||
        !take_digits(cursor, 2, &date->hour) || !take_digits(cursor, 2, &date->minute) ||
        !take_digits(cursor, 2, &date->second) || date->hour > 23 || date->minute > 59 ||
        date->second > 60)
        return false;
    date->year = year;
    date->has_time = date->has_seconds = true;
    return true;
}

/* 31.1.2024 and 31/01/2024, 01/31/2024, 31-01-2024 */
static bool read_short(struct cursor *cursor, enum date_order order, struct date_text *date)
{
    unsigned first, second, year;
    if (!take_number(cursor, 1, 2, &first) || cursor->at == cursor->end)
        return false;
    char mark = *cursor->at;
    if ((mark != '.' && mark != '/' && mark != '-') || !take(cursor, mark) ||
        !take_number(cursor, 1, 2, &second) || !take(cursor, mark) ||
        !take_number(cursor, 4, 4, &year))
        return false;
    /* Nobody writes the month first before a point. */
    bool day_first = mark == '.' || order != DATE_ORDER_MONTH_FIRST;
    date->ambiguous = mark != '.' && order == DATE_ORDER_UNKNOWN && first <= 12 && second <= 12 &&
                      first != second;
    if (mark != '.' && first <= 12 && second > 12)
        day_first = false;
    if (mark != '.' && first > 12)
        day_first = true;
    date->year = year;
    date->day = day_first ? first : second;
    date->month = day_first ? second : first;
    return true;
}

/* 31 January 2024, 31. Januar 2024, 31-Jan-2024, 31st of January 2024 */
static bool read_day_month(struct cursor *cursor, enum date_order order, struct date_text *date)
{
    static const char *const ordinals[] = {"st", "nd", "rd", "th", "er"};
    static const char *const of[] = {"of", "de"};
    unsigned year;
    (void)order;
    skip_weekday(cursor);
    if (!take_number(cursor, 1, 2, &date->day))
        return false;
    if (take_word(cursor, ordinals, COUNT(ordinals)) < 0)
        take(cursor, '.');
    if (!take(cursor, '-'))
        skip_blanks(cursor);
    if (take_word(cursor, of, COUNT(of)) >= 0)
        skip_blanks(cursor);
    if (!take_month(cursor, &date->month))
        return false;
    if (!take(cursor, '-')) {
        take(cursor, ',');
        skip_blanks(cursor);
    }
    if (take_word(cursor, of, COUNT(of)) >= 0)
        skip_blanks(cursor);
    if (!take_number(cursor, 4, 4, &year))
        return false;
    date->year = year;
    return true;
}

/* January 31, 2024 */
static bool read_month_day(struct cursor *cursor, enum date_order order, struct date_text *date)
{
    static const char *const ordinals[] = {"st", "nd", "rd", "th"};
    unsigned year;
    (void)order;
    skip_weekday(cursor);
    if (!take_month(cursor, &date->month))
        return false;
    skip_blanks(cursor);
    if (!take_number(cursor, 1, 2, &date->day))
        return false;
    (void)take_word(cursor, ordinals, COUNT(ordinals));
    take(cursor, ',');
    skip_blanks(cursor);
    if (!take_number(cursor, 4, 4, &year))
        return false;
    date->year = year;
    return true;
}

/* ---- times ---- */

static bool take_half(struct cursor *cursor, struct date_text *date)
{
    static const char *const halves[] = {"am", "pm", "a.m.", "p.m."};
    struct cursor before = *cursor;
    skip_blanks(cursor);
    int half = take_word(cursor, halves, COUNT(halves));
    if (half < 0 || date->hour < 1 || date->hour > 12) {
        *cursor = before;
        return half < 0;
    }
    date->hour = date->hour % 12 + (half % 2 ? 12 : 0);
    return true;
}

static bool take_time(struct cursor *cursor, struct date_text *date)
{
    if (!take_number(cursor, 1, 2, &date->hour) || !take(cursor, ':') ||
        !take_number(cursor, 2, 2, &date->minute) || date->hour > 23 || date->minute > 59)
        return false;
    struct cursor before = *cursor;
    if (take(cursor, ':')) {
        if (!take_number(cursor, 2, 2, &date->second) || date->second > 60) /* a leap second */
            return false;
        date->has_seconds = true;
        before = *cursor;
        if ((take(cursor, '.') || take(cursor, ',')) && cursor->at < cursor->end &&
            is_digit(*cursor->at)) {
            date->fraction = cursor->at;
            while (cursor->at < cursor->end && is_digit(*cursor->at))
                cursor->at++;
            date->fraction_length = (size_t)(cursor->at - date->fraction);
            if (date->fraction_length > FRACTION_MOST)
                return false;
        } else {
            *cursor = before;
        }
    }
    date->has_time = true;
    return take_half(cursor, date);
}

/* Z, UTC, GMT, +01:00, +0100, +01 */
static void take_zone(struct cursor *cursor, struct date_text *date)
{
    static const char *const names[] = {"z", "utc", "gmt"};
    struct cursor before = *cursor;
    skip_blanks(cursor);
    if (take_word(cursor, names, COUNT(names)) >= 0) {
        date->has_zone = true;
        return;
    }
    bool west = take(cursor, '-');
    unsigned hours, minutes = 0;
    /* "10:00 - 12" is a span, not a zone. */
    if ((west || take(cursor, '+')) && cursor->at - before.at <= 2 &&
        take_digits(cursor, 2, &hours) && hours <= 15) {
        struct cursor whole = *cursor;
        bool colon = take(cursor, ':');
        if (!take_number(cursor, 2, 2, &minutes) || minutes > 59) {
            minutes = 0;
            *cursor = whole;
        } else if (!colon) {
            colon = true;
        }
        if (cursor->at == cursor->end || !is_word(*cursor->at)) {
            date->has_zone = true;
            date->offset = (int)(hours * 60 + minutes) * (west ? -1 : 1);
            return;
        }
    }
    *cursor = before;
}

/* What may stand between a day and its time. */
static bool take_between(struct cursor *cursor)
{
    static const char *const words[] = {"at", "um", "à", "a las"};
    if (take(cursor, 'T') || take(cursor, 't'))
        return true;
    const char *start = cursor->at;
    take(cursor, ',');
    skip_blanks(cursor);
    if (cursor->at > start && take_word(cursor, words, COUNT(words)) >= 0)
        skip_blanks(cursor);
    return cursor->at > start;
}

static bool ends_well(const struct cursor *cursor)
{
    return cursor->at == cursor->end || !is_word(*cursor->at);
}

static size_t read_spelling(bool (*read)(struct cursor *, enum date_order, struct date_text *),
                            const char *text, size_t length, enum date_order order,
                            struct date_text *date)
{
    struct cursor cursor = {text, text + length};
    *date = (struct date_text){0};
    if (!read(&cursor, order, date) || !civil_is_date(date->year, date->month, date->day))
        return 0;
    struct cursor day = cursor;
    struct date_text without = *date;
    if (date->has_time || (take_between(&cursor) && take_time(&cursor, date))) {
        struct cursor time = cursor;
        struct date_text naive = *date;
        take_zone(&cursor, date);
        if (ends_well(&cursor))
            return (size_t)(cursor.at - text);
        if (ends_well(&time)) {
            *date = naive;
            return (size_t)(time.at - text);
        }
    }
    *date = without;
    return !date->has_time && ends_well(&day) ? (size_t)(day.at - text) : 0;
}

size_t date_text_read(const char *text, size_t length, enum date_order order,
                      struct date_text *date)
{
    static bool (*const spellings[])(struct cursor *, enum date_order, struct date_text *) = {
        read_iso, read_compact, read_short, read_day_month, read_month_day};
    size_t longest = 0;
    struct date_text found;
    if (length > DATE_MOST)
        length = DATE_MOST;
    for (size_t i = 0; i < COUNT(spellings); i++) {
        size_t size = read_spelling(spellings[i], text, length, order, &found);
        if (size > longest) {
            longest = size;
            *date = found;
        }
    }
    return longest < DATE_MOST ? longest : 0;
}

size_t date_text_read_time(const char *text, size_t length, struct date_text *date)
{
    struct cursor cursor = {text, text + (length < DATE_MOST ? length : DATE_MOST)};
    *date = (struct date_text){0};
    return take_time(&cursor, date) && ends_well(&cursor) ? (size_t)(cursor.at - text) : 0;
}

void date_text_print(const struct date_text *date, struct buffer *out)
{
    int64_t minutes = civil_to_days(date->year, date->month, date->day) * 1440 + date->hour * 60 +
                      date->minute - date->offset;
    int64_t days = minutes / 1440 - (minutes % 1440 < 0), year;
    unsigned month, day, of_day = (unsigned)(minutes - days * 1440);
    civil_from_days(days, &year, &month, &day);
    buffer_printf(out, "%04lld-%02u-%02u", (long long)year, month, day);
    if (!date->has_time)
        return;
    buffer_printf(out, " %02u:%02u", of_day / 60, of_day % 60);
    if (date->has_seconds)
        buffer_printf(out, ":%02u", date->second);
    size_t digits = date->fraction_length;
    while (digits && date->fraction[digits - 1] == '0')
        digits--;
    if (digits) {
        buffer_add_byte(out, '.');
        buffer_add(out, date->fraction, digits);
    }
    if (date->has_zone)
        buffer_add_byte(out, 'Z');
}
