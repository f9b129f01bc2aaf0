/*
 * Canonical values: their writers, and how they are read back. Input: numbers, times, bytes.
 * Output: encodings (value.h). The writers run for every cell of a table, so each reserves once and
 * writes in place. Knows nothing of databases. Printing and ordering: value_print.c.
 */
#include "value.h"

#include "value_decimal.h"

#include <endian.h>
#include <math.h>
#include <strings.h>

enum {
    HEAD = 5,                 /* tag and u32 length */
    SMALL_DIGITS = 18,        /* significands up to 10^18 are an int64 in VALUE_DECIMAL */
    SMALL_PAYLOAD = 12,       /* and take that many bytes: int64, int32 */
    POWER_LIMIT = 1000000000, /* of ten, either way */
    GROUP_LIMIT = 10000,      /* base of PostgreSQL's numeric */
};

static const uint64_t power_of_ten[] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
};

static inline void put_u32(unsigned char *place, uint32_t n)
{
    n = htole32(n);
    memcpy(place, &n, sizeof n);
}

static inline void put_u64(unsigned char *place, uint64_t n)
{
    n = htole64(n);
    memcpy(place, &n, sizeof n);
}

static inline uint32_t get_u32(const unsigned char *place)
{
    uint32_t n;
    memcpy(&n, place, sizeof n);
    return le32toh(n);
}

static inline void wrote(struct buffer *out, size_t length)
{
    out->length += length;
    out->data[out->length] = '\0';
}

void value_add_null(struct buffer *out)
{
    buffer_add_byte(out, VALUE_NULL);
}

void value_add_bool(struct buffer *out, bool truth)
{
    unsigned char bytes[2] = {VALUE_BOOL, truth};
    buffer_add(out, bytes, sizeof bytes);
}

void value_add_fixed(struct buffer *out, enum value_tag tag, int64_t n)
{
    unsigned char *place = buffer_reserve(out, 1 + 8);
    if (!place)
        return;
    place[0] = (unsigned char)tag;
    put_u64(place + 1, (uint64_t)n);
    wrote(out, 1 + 8);
}

void value_add_double(struct buffer *out, double number)
{
    uint64_t bits;
    if (number == 0)
        number = 0; /* -0 too */
    memcpy(&bits, &number, sizeof bits);
    if (isnan(number))
        bits = UINT64_C(0x7ff8000000000000);
    value_add_fixed(out, VALUE_DOUBLE, (int64_t)bits);
}

void value_add_uuid(struct buffer *out, const unsigned char uuid[16])
{
    unsigned char *place = buffer_reserve(out, 1 + 16);
    if (!place)
        return;
    place[0] = VALUE_UUID;
    memcpy(place + 1, uuid, 16);
    wrote(out, 1 + 16);
}

void value_add_interval(struct buffer *out, int64_t months, int64_t days, int64_t microseconds)
{
    unsigned char *place = buffer_reserve(out, 1 + 24);
    if (!place)
        return;
    place[0] = VALUE_INTERVAL;
    put_u64(place + 1, (uint64_t)months);
    put_u64(place + 9, (uint64_t)days);
    put_u64(place + 17, (uint64_t)microseconds);
    wrote(out, 1 + 24);
}

void value_add_blob(struct buffer *out, enum value_tag tag, const void *bytes, size_t length)
{
    if (length >
        UINT32_MAX) { /* no server sends one; its length would be cut, so it is not written */
        out->overflowed = true;
        return;
    }
    unsigned char *place = buffer_reserve(out, HEAD + length);
    if (!place)
        return;
    place[0] = (unsigned char)tag;
    put_u32(place + 1, (uint32_t)length);
    if (length)
        memcpy(place + HEAD, bytes, length);
    wrote(out, HEAD + length);
}

/* Writes the number significand × 10^power; the significand is not 0, has at most 18 digits and no
 * trailing zero. */
static void add_small(struct buffer *out, bool negative, uint64_t significand, int64_t power)
{
    uint64_t whole;
    if (power >= 0 && power <= SMALL_DIGITS &&
        !__builtin_mul_overflow(significand, power_of_ten[power], &whole) && whole <= INT64_MAX) {
        value_add_fixed(out, VALUE_INT, negative ? -(int64_t)whole : (int64_t)whole);
        return;
    }
    unsigned char *place = buffer_reserve(out, HEAD + SMALL_PAYLOAD);
    if (!place)
        return;
    int64_t written = negative ? -(int64_t)significand : (int64_t)significand;
    place[0] = VALUE_DECIMAL;
    put_u32(place + 1, SMALL_PAYLOAD);
    put_u64(place + HEAD, (uint64_t)written);
    put_u32(place + HEAD + 8, (uint32_t)(int32_t)power);
    wrote(out, HEAD + SMALL_PAYLOAD);
}

/* Is this text of 19 digits an int64? */
static bool fits_int(bool negative, const unsigned char *digits, int64_t *n)
{
    uint64_t whole = 0; /* 10^19 - 1 fits */
    for (size_t i = 0; i < SMALL_DIGITS + 1; i++)
        whole = whole * 10 + (digits[i] - '0');
    if (whole > (uint64_t)INT64_MAX + negative)
        return false;
    *n = (int64_t)(negative ? 0 - whole : whole);
    return true;
}

/*
 * Ends a number whose digits (no leading, no trailing zero) the caller has written at
 * place + HEAD + negative, with room for a power behind them: place is where the value starts.
 * Short ones are written anew in their short form, so that a number has one form whoever wrote it.
 */
static void end_digits(struct buffer *out, unsigned char *place, bool negative, size_t count,
                       int64_t power)
{
    unsigned char *digits = place + HEAD + negative;
    int64_t n;
    if (count <= SMALL_DIGITS) {
        uint64_t significand = 0;
        for (size_t i = 0; i < count; i++)
            significand = significand * 10 + (digits[i] - '0');
        add_small(out, negative, significand, power);
        return;
    }
    if (count == SMALL_DIGITS + 1 && power == 0 && fits_int(negative, digits, &n)) {
        value_add_fixed(out, VALUE_INT, n);
        return;
    }
    place[0] = VALUE_DECIMAL;
    if (negative)
        place[HEAD] = '-';
    unsigned char *at = digits + count;
    *at++ = 'e';
    at += decimal_write_power(at, power);
    put_u32(place + 1, (uint32_t)(at - place - HEAD));
    wrote(out, (size_t)(at - place));
}

/* Most numbers: an optional sign, at most 18 digits, a point perhaps. False: not one of these. */
static bool add_plain(struct buffer *out, const char *text, size_t length)
{
    const char *at = text, *end = text + length;
    bool negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    uint64_t significand = 0; /* 20 digits may wrap; they are refused below */
    unsigned digits = 0, fraction = 0;
    bool point = false;
    for (; at < end; at++) {
        unsigned digit = (unsigned char)*at - (unsigned)'0';
        if (digit < 10) {
            significand = significand * 10 + digit;
            digits++;
            fraction += point;
        } else if (*at == '.' && !point) {
            point = true;
        } else {
            return false;
        }
    }
    if (!digits || digits > SMALL_DIGITS)
        return false;
    for (; fraction && significand % 10 == 0; fraction--)
        significand /= 10;
    if (fraction)
        add_small(out, negative, significand, -(int64_t)fraction);
    else
        value_add_fixed(out, VALUE_INT, negative ? -(int64_t)significand : (int64_t)significand);
    return true;
}

static bool add_named(struct buffer *out, const char *text, size_t length)
{
    static const struct {
        const char *name, *written;
    } names[] = {
        {"nan", "NaN"},        {"infinity", "Infinity"}, {"+infinity", "Infinity"},
        {"inf", "Infinity"},   {"+inf", "Infinity"},     {"-infinity", "-Infinity"},
        {"-inf", "-Infinity"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i].name) == length && strncasecmp(names[i].name, text, length) == 0) {
            value_add_blob(out, VALUE_DECIMAL, names[i].written, strlen(names[i].written));
            return true;
        }
    return false;
}

/* Where the parts of a number's text are. */
struct spelling {
    bool negative;
    const char *first, *last; /* significant digits; first NULL: the number is 0 */
    const char *point;        /* or where it would be */
    int64_t exponent;         /* beyond ±4 × 10^18: that */
};

static bool read_exponent(const char *at, const char *end, int64_t *exponent)
{
    if (at == end)
        return true;
    if (*at++ != 'e' && at[-1] != 'E')
        return false;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end)
        return false;
    int64_t n = 0;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9')
            return false;
        if (n < INT64_C(400000000000000000))
            n = n * 10 + (*at - '0');
        else
            n = INT64_C(4000000000000000000); /* no text is long enough to bring it back */
    }
    *exponent = negative ? -n : n;
    return true;
}

static bool read_spelling(const char *text, size_t length, struct spelling *spelling)
{
    const char *at = text, *end = text + length;
    bool any = false;
    *spelling = (struct spelling){.negative = at < end && *at == '-'};
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    for (; at < end; at++) {
        if (*at >= '0' && *at <= '9') {
            any = true;
            if (*at == '0')
                continue;
            if (!spelling->first)
                spelling->first = at;
            spelling->last = at;
        } else if (*at == '.' && !spelling->point) {
            spelling->point = at;
        } else {
            break;
        }
    }
    if (!spelling->point)
        spelling->point = at;
    return any && read_exponent(at, end, &spelling->exponent);
}

bool value_add_decimal(struct buffer *out, const char *text, size_t length)
{
    struct spelling s;
    if (length && length <= SMALL_DIGITS + 2 && add_plain(out, text, length))
        return true;
    if (!read_spelling(text, length, &s))
        return add_named(out, text, length);
    if (!s.first) {
        value_add_fixed(out, VALUE_INT, 0);
        return true;
    }
    int64_t power = s.exponent + (s.last < s.point ? s.point - s.last - 1 : s.point - s.last);
    if (power > POWER_LIMIT || power < -POWER_LIMIT)
        return false;
    size_t span = (size_t)(s.last - s.first) + 1;
    bool split = s.first < s.point && s.point < s.last;
    size_t before = split ? (size_t)(s.point - s.first) : span;
    size_t after = split ? (size_t)(s.last - s.point) : 0;
    if (span > UINT32_MAX - 32) {
        out->overflowed = true;
        return true;
    }
    unsigned char *place = buffer_reserve(out, HEAD + 1 + span + 1 + DECIMAL_POWER_SIZE);
    if (!place)
        return true; /* the buffer says so */
    unsigned char *digits = place + HEAD + s.negative;
    memcpy(digits, s.first, before);
    if (after)
        memcpy(digits + before, s.point + 1, after);
    end_digits(out, place, s.negative, before + after, power);
    return true;
}

static inline unsigned group_at(const unsigned char *digits, size_t i)
{
    return (unsigned)digits[2 * i] << 8 | digits[2 * i + 1];
}

/* What a server must not send: kept so that it equals only itself. */
static void add_broken_groups(struct buffer *out, bool negative, int weight, size_t count,
                              const unsigned char *digits)
{
    unsigned char *place = buffer_reserve(out, HEAD + 5 + 2 * count);
    if (!place)
        return;
    place[0] = VALUE_RAW;
    put_u32(place + 1, (uint32_t)(5 + 2 * count));
    place[HEAD] = negative ? '-' : '+';
    put_u32(place + HEAD + 1, (uint32_t)weight);
    if (count)
        memcpy(place + HEAD + 5, digits, 2 * count);
    wrote(out, HEAD + 5 + 2 * count);
}

/* Five groups and more, the first and the last not 0. */
static void add_groups(struct buffer *out, bool negative, size_t count, const unsigned char *digits,
                       int64_t power)
{
    unsigned char *place = buffer_reserve(out, HEAD + 1 + 4 * count + 1 + DECIMAL_POWER_SIZE);
    if (!place)
        return;
    unsigned char *start = place + HEAD + negative, *at = start;
    for (size_t i = 0; i < count; i++) {
        unsigned group = group_at(digits, i);
        at[0] = (unsigned char)('0' + group / 1000);
        at[1] = (unsigned char)('0' + group / 100 % 10);
        at[2] = (unsigned char)('0' + group / 10 % 10);
        at[3] = (unsigned char)('0' + group % 10);
        at += 4;
        if (i == 0) { /* leading zeros */
            size_t zeros = group >= 1000 ? 0 : group >= 100 ? 1 : group >= 10 ? 2 : 3;
            memmove(start, start + zeros, 4 - zeros);
            at -= zeros;
        }
    }
    for (; at[-1] == '0'; at--)
        power++;
    end_digits(out, place, negative, (size_t)(at - start), power);
}

void value_add_base10000(struct buffer *out, bool negative, int weight, size_t count,
                         const unsigned char *digits)
{
    size_t first = 0, last = count; /* of the groups that are not 0: [first, last) */
    while (first < last && group_at(digits, first) == 0)
        first++;
    while (last > first && group_at(digits, last - 1) == 0)
        last--;
    if (first == last) {
        value_add_fixed(out, VALUE_INT, 0);
        return;
    }
    int64_t power = 4 * ((int64_t)weight - (int64_t)(last - 1));
    bool broken = power > POWER_LIMIT || power < -POWER_LIMIT || count > UINT32_MAX / 8;
    uint64_t significand = 0; /* wraps when there are more than four groups, and is not used then */
    for (size_t i = first; i < last; i++) {
        unsigned group = group_at(digits, i);
        broken |= group >= GROUP_LIMIT;
        significand = significand * GROUP_LIMIT + group;
    }
    if (broken) {
        add_broken_groups(out, negative, weight, count, digits);
        return;
    }
    if (last - first > 4) {
        add_groups(out, negative, last - first, digits + 2 * first, power);
        return;
    }
    for (; significand % 10 == 0; power++)
        significand /= 10;
    add_small(out, negative, significand, power);
}

/* Payload size of the tags that have a fixed one, -1 of the others (u32 length). */
static const signed char payload_size[VALUE_TAGS] = {
    [VALUE_NULL] = 0,    [VALUE_BOOL] = 1,      [VALUE_INT] = 8,       [VALUE_DECIMAL] = -1,
    [VALUE_DOUBLE] = 8,  [VALUE_DATE] = 8,      [VALUE_TIME] = 8,      [VALUE_DATETIME] = 8,
    [VALUE_INSTANT] = 8, [VALUE_UUID] = 16,     [VALUE_INTERVAL] = 24, [VALUE_TEXT] = -1,
    [VALUE_BYTES] = -1,  [VALUE_JSON] = -1,     [VALUE_BITS] = -1,     [VALUE_SET] = -1,
    [VALUE_ARRAY] = -1,  [VALUE_GEOMETRY] = -1, [VALUE_INET] = -1,     [VALUE_SPECIAL] = -1,
    [VALUE_RAW] = -1,
};

/* What can be said of a payload without walking through it. */
static bool payload_is_sound(const struct value *value)
{
    const unsigned char *payload = value->payload;
    size_t length = value->payload_length;
    switch (value->tag) {
    case VALUE_BOOL:
        return payload[0] <= 1;
    case VALUE_BITS:
        return length >= 4 && ((uint64_t)get_u32(payload) + 7) / 8 == length - 4;
    case VALUE_ARRAY:
    case VALUE_GEOMETRY:
        return length >= 4;
    case VALUE_INET:
        return (length == 2 + 4 && payload[0] == 4) || (length == 2 + 16 && payload[0] == 6);
    default:
        return true;
    }
}

/* The value at `at`, which has `room` bytes; its length, 0 when it is none. */
static inline size_t read_value(const unsigned char *at, size_t room, struct value *value)
{
    if (!room || *at >= VALUE_TAGS)
        return 0;
    int fixed = payload_size[*at];
    size_t head = fixed >= 0 ? 1 : HEAD;
    if (room < head)
        return 0;
    size_t length = fixed >= 0 ? (size_t)fixed : get_u32(at + 1);
    if (room - head < length)
        return 0;
    *value = (struct value){.tag = (enum value_tag) * at,
                            .encoding = at,
                            .encoding_length = head + length,
                            .payload = at + head,
                            .payload_length = length};
    return head + length;
}

bool value_read(const unsigned char **place, const unsigned char *end, struct value *value)
{
    struct value read;
    size_t length = *place < end ? read_value(*place, (size_t)(end - *place), &read) : 0;
    if (!length || !payload_is_sound(&read))
        return false;
    *place += length;
    *value = read;
    return true;
}

bool value_read_row(const unsigned char *bytes, size_t length, struct value *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t size = read_value(bytes, length, &values[i]);
        if (!size)
            return false;
        bytes += size;
        length -= size;
    }
    return true;
}

/* Days of 400 Gregorian years, and from 0000-03-01 to 1970-01-01. */
enum { ERA_DAYS = 146097, EPOCH_DAYS = 719468 };

/* After Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March, so
 * that the leap day is their last. */
int64_t civil_to_days(int64_t year, unsigned month, unsigned day)
{
    if (month <= 2)
        year--;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + day_of_era - EPOCH_DAYS;
}

void civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    int64_t era = days / ERA_DAYS + EPOCH_DAYS / ERA_DAYS; /* no sum overflows, whatever the day */
    int64_t day_of_era = days % ERA_DAYS + EPOCH_DAYS % ERA_DAYS;
    if (day_of_era < 0) {
        day_of_era += ERA_DAYS;
        era--;
    }
    if (day_of_era >= ERA_DAYS) {
        day_of_era -= ERA_DAYS;
        era++;
    }
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / (ERA_DAYS - 1)) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t from_march = (5 * day_of_year + 2) / 153;
    *day = (unsigned)(day_of_year - (153 * from_march + 2) / 5 + 1);
    *month = (unsigned)(from_march < 10 ? from_march + 3 : from_march - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

bool civil_is_date(int64_t year, unsigned month, unsigned day)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1)
        return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day <= days[month - 1] + (month == 2 && leap ? 1u : 0u);
}
