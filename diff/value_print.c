/*
 * Canonical values for people: printing and ordering. Input: values, also damaged ones. Output: one
 * line of valid UTF-8. Never changes what is compared.
 */
#include "value.h"

#include "base/utf8.h"
#include "value_decimal.h"

#include <arpa/inet.h>
#include <endian.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum {
    PLAIN_ZEROS = 40, /* numbers with more zeros than this beside their digits get an exponent */
    NESTING = 8,      /* arrays inside arrays; no server sends more than a few */
};

#define SECOND INT64_C(1000000) /* in microseconds */
#define DAY (86400 * SECOND)

/* Where the print goes. Once something did not fit, the rest is only counted. */
struct print {
    struct buffer *out;
    size_t skip;  /* units that are not to be written, of those that put() gets */
    size_t left;  /* bytes that may still be written */
    size_t total; /* units seen: characters, or bytes of a value that is bytes */
    bool cut;
    bool in_bytes;
    bool quoted; /* inside the quotes of an array's element */
};

static uint32_t get_u32(const unsigned char *place)
{
    uint32_t n;
    memcpy(&n, place, sizeof n);
    return le32toh(n);
}

static int64_t get_i64(const unsigned char *place)
{
    uint64_t n;
    memcpy(&n, place, sizeof n);
    return (int64_t)le64toh(n);
}

/* One indivisible piece. */
static void put(struct print *print, const void *bytes, size_t size, size_t units)
{
    print->total += units;
    if (print->skip && print->skip >= units) {
        print->skip -= units;
        return;
    }
    if (print->cut || size > print->left) {
        print->cut = true;
        return;
    }
    buffer_add(print->out, bytes, size);
    print->left -= size;
}

/* ASCII, which may be cut anywhere. */
static void put_ascii(struct print *print, const void *bytes, size_t size)
{
    size_t fits = print->cut ? 0 : size < print->left ? size : print->left;
    buffer_add(print->out, bytes, fits);
    print->left -= fits;
    print->cut |= fits < size;
    print->total += size;
}

static void put_string(struct print *print, const char *text)
{
    put_ascii(print, text, strlen(text));
}

static void __attribute__((format(printf, 2, 3)))
put_format(struct print *print, const char *format, ...)
{
    char text[400]; /* "%.17g" and six int64 fit */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    put_string(print, text);
}

static void put_zeros(struct print *print, int64_t count)
{
    while (count-- > 0)
        put_string(print, "0");
}

static void put_hex(struct print *print, const unsigned char *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    put_string(print, "0x");
    print->total -= 2;
    for (size_t i = 0; i < length; i++) {
        char pair[2] = {digits[bytes[i] >> 4], digits[bytes[i] & 15]};
        put(print, pair, sizeof pair, print->in_bytes ? 1 : 2);
    }
}

/* Would this character, at its size in UTF-8, break the line or reorder it on a terminal? */
static bool is_control(const unsigned char *at, size_t size)
{
    if (size == 1)
        return *at < 0x20 || *at == 0x7f;
    if (size == 2)
        return at[0] == 0xc2 && at[1] < 0xa0; /* U+0080..U+009F */
    if (size != 3 || at[0] != 0xe2)
        return false;
    return (at[1] == 0x80 && at[2] >= 0xa8 && at[2] <= 0xae) || /* U+2028..U+202E */
           (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9);   /* U+2066..U+2069 */
}

static void put_text(struct print *print, const unsigned char *at, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    for (const unsigned char *end = at + length; at < end;) {
        size_t size = utf8_size(at, end);
        if (size && !is_control(at, size)) {
            char escaped[2] = {'\\', (char)*at};
            if (print->quoted && (*at == '"' || *at == '\\'))
                put(print, escaped, sizeof escaped, 1);
            else
                put(print, at, size, 1);
            at += size;
            continue;
        }
        char hex[4 * 4];
        size_t bytes = size ? size : 1;
        for (size_t i = 0; i < bytes; i++) {
            hex[4 * i] = '\\';
            hex[4 * i + 1] = 'x';
            hex[4 * i + 2] = digits[at[i] >> 4];
            hex[4 * i + 3] = digits[at[i] & 15];
        }
        put(print, hex, 4 * bytes, 1);
        at += bytes;
    }
}

static void print_number(struct print *print, const struct value *value)
{
    static const char *const names[] = {"-Infinity", "", "Infinity", "NaN"};
    struct decimal n;
    decimal_read(value, &n);
    if (n.class != DECIMAL_FINITE || !n.count) {
        put_string(print, n.class == DECIMAL_FINITE ? "0" : names[n.class]);
        return;
    }
    int64_t point = (int64_t)n.count + n.power; /* its place, counted from the first digit */
    if (n.negative)
        put_string(print, "-");
    if (n.power >= 0 && n.power <= PLAIN_ZEROS) {
        put_ascii(print, n.digits, n.count);
        put_zeros(print, n.power);
    } else if (n.power < 0 && point > 0) {
        put_ascii(print, n.digits, (size_t)point);
        put_string(print, ".");
        put_ascii(print, n.digits + point, n.count - (size_t)point);
    } else if (n.power < 0 && point > -PLAIN_ZEROS) {
        put_string(print, "0.");
        put_zeros(print, -point);
        put_ascii(print, n.digits, n.count);
    } else {
        put_ascii(print, n.digits, 1);
        if (n.count > 1)
            put_string(print, ".");
        put_ascii(print, n.digits + 1, n.count - 1);
        put_format(print, "e%+" PRId64, point - 1);
    }
}

/* The shortest of the decimal texts that mean this double and no other. */
static void print_double(struct print *print, const struct value *value)
{
    double number = value_to_double(value);
    if (isnan(number) || isinf(number)) {
        put_string(print, isnan(number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity");
        return;
    }
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    put_string(print, text);
}

static void put_date(struct print *print, int64_t days)
{
    int64_t year;
    unsigned month, day;
    civil_from_days(days, &year, &month, &day);
    put_format(print, "%s%04" PRIu64 "-%02u-%02u", year < 0 ? "-" : "",
               year < 0 ? 0 - (uint64_t)year : (uint64_t)year, month, day);
}

/* hh:mm:ss and as much fraction as there is. */
static void put_clock(struct print *print, uint64_t microseconds)
{
    uint64_t seconds = microseconds / SECOND;
    unsigned fraction = (unsigned)(microseconds % SECOND);
    put_format(print, "%02" PRIu64 ":%02u:%02u", seconds / 3600, (unsigned)(seconds / 60 % 60),
               (unsigned)(seconds % 60));
    int digits = 6;
    for (; fraction && fraction % 10 == 0; digits--)
        fraction /= 10;
    if (fraction)
        put_format(print, ".%0*u", digits, fraction);
}

static void put_duration(struct print *print, int64_t microseconds)
{
    if (microseconds < 0)
        put_string(print, "-");
    put_clock(print, microseconds < 0 ? 0 - (uint64_t)microseconds : (uint64_t)microseconds);
}

static void put_moment(struct print *print, int64_t microseconds)
{
    int64_t days = microseconds / DAY - (microseconds % DAY < 0);
    int64_t rest = microseconds % DAY;
    put_date(print, days);
    put_string(print, " ");
    put_clock(print, (uint64_t)(rest < 0 ? rest + DAY : rest));
}

static void put_interval(struct print *print, const unsigned char *payload)
{
    int64_t months = get_i64(payload), days = get_i64(payload + 8), rest = get_i64(payload + 16);
    if (months)
        put_format(print, "%" PRId64 " mon%s", months, days || rest ? " " : "");
    if (days)
        put_format(print, "%" PRId64 " day%s%s", days, days == 1 ? "" : "s", rest ? " " : "");
    if (rest || !(months || days))
        put_duration(print, rest);
}

static void put_uuid(struct print *print, const unsigned char *b)
{
    put_format(print, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
               b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
               b[14], b[15]);
}

static void put_bits(struct print *print, const unsigned char *payload)
{
    uint32_t count = get_u32(payload);
    for (uint32_t i = 0; i < count; i++)
        put_string(print, payload[4 + i / 8] >> (7 - i % 8) & 1 ? "1" : "0");
}

static void put_inet(struct print *print, const struct value *value)
{
    char text[INET6_ADDRSTRLEN];
    bool four = value->payload[0] == 4;
    if (!inet_ntop(four ? AF_INET : AF_INET6, value->payload + 2, text, sizeof text))
        return;
    put_string(print, text);
    if (value->payload[1] != (four ? 32 : 128))
        put_format(print, "/%u", value->payload[1]);
}

static void put_set(struct print *print, const struct value *value)
{
    const unsigned char *at = value->payload, *end = at + value->payload_length;
    struct value member;
    for (bool first = true; value_read(&at, end, &member); first = false) {
        if (!first)
            put_string(print, ",");
        put_text(print, member.payload, member.payload_length);
    }
}

/* PostgreSQL's rule for what is quoted in the text of an array. */
static bool needs_quotes(const struct value *value)
{
    switch (value->tag) {
    case VALUE_DATETIME:
    case VALUE_INSTANT:
    case VALUE_INTERVAL:
        return true;
    case VALUE_TEXT:
    case VALUE_JSON:
    case VALUE_SPECIAL:
    case VALUE_RAW:
    case VALUE_SET:
        break;
    default:
        return false;
    }
    const unsigned char *bytes = value->payload;
    size_t length = value->payload_length;
    if (length == 0 || (length == 4 && strncasecmp((const char *)bytes, "null", 4) == 0))
        return true;
    for (size_t i = 0; i < length; i++)
        if (bytes[i] <= ' ' || strchr("\"\\{},", bytes[i]))
            return true;
    return value->tag == VALUE_SET;
}

static void print_value(struct print *print, const struct value *value, int depth);

/* One dimension of an array and those inside it; false: the payload is damaged. */
static bool put_dimension(struct print *print, const unsigned char *sizes, uint32_t count,
                          const unsigned char **at, const unsigned char *end, int depth)
{
    uint32_t size = get_u32(sizes);
    put_string(print, "{");
    for (uint32_t i = 0; i < size; i++) {
        struct value element;
        if (i)
            put_string(print, ",");
        if (count > 1) {
            if (!put_dimension(print, sizes + 4, count - 1, at, end, depth + 1))
                return false;
            continue;
        }
        if (!value_read(at, end, &element))
            return false;
        bool quotes = !print->quoted && needs_quotes(&element);
        if (quotes)
            put_string(print, "\"");
        print->quoted |= quotes;
        print_value(print, &element, depth + 1);
        if (quotes) {
            print->quoted = false;
            put_string(print, "\"");
        }
    }
    put_string(print, "}");
    return true;
}

static void put_array(struct print *print, const struct value *value, int depth)
{
    uint32_t dimensions = get_u32(value->payload);
    const unsigned char *end = value->payload + value->payload_length;
    const unsigned char *sizes = value->payload + 4;
    if (!dimensions) {
        put_string(print, "{}");
        return;
    }
    if (depth > NESTING || dimensions > 64 || (size_t)(end - sizes) / 4 < dimensions) {
        put_string(print, "{?}");
        return;
    }
    const unsigned char *at = sizes + 4 * (size_t)dimensions;
    for (uint32_t i = 1; i < dimensions; i++) /* {{},{},…} without end would need no elements */
        if (get_u32(sizes + 4 * (size_t)i) == 0) {
            put_string(print, "{}");
            return;
        }
    if (!put_dimension(print, sizes, dimensions, &at, end, depth))
        put_string(print, "?");
}

static void print_value(struct print *print, const struct value *value, int depth)
{
    const unsigned char *payload = value->payload;
    switch (value->tag) {
    case VALUE_NULL:
        put_string(print, "NULL");
        break;
    case VALUE_BOOL:
        put_string(print, payload[0] ? "true" : "false");
        break;
    case VALUE_INT:
    case VALUE_DECIMAL:
        print_number(print, value);
        break;
    case VALUE_DOUBLE:
        print_double(print, value);
        break;
    case VALUE_DATE:
        put_date(print, get_i64(payload));
        break;
    case VALUE_TIME:
        put_duration(print, get_i64(payload));
        break;
    case VALUE_DATETIME:
        put_moment(print, get_i64(payload));
        break;
    case VALUE_INSTANT:
        put_moment(print, get_i64(payload));
        put_string(print, "Z");
        break;
    case VALUE_UUID:
        put_uuid(print, payload);
        break;
    case VALUE_INTERVAL:
        put_interval(print, payload);
        break;
    case VALUE_TEXT:
    case VALUE_JSON:
    case VALUE_SPECIAL:
    case VALUE_RAW:
        put_text(print, payload, value->payload_length);
        break;
    case VALUE_BYTES:
        put_hex(print, payload, value->payload_length);
        break;
    case VALUE_BITS:
        put_bits(print, payload);
        break;
    case VALUE_SET:
        put_set(print, value);
        break;
    case VALUE_ARRAY:
        put_array(print, value, depth);
        break;
    case VALUE_GEOMETRY:
        put_format(print, "SRID=%" PRIu32 ";", get_u32(payload));
        put_hex(print, payload + 4, value->payload_length - 4);
        break;
    case VALUE_INET:
        put_inet(print, value);
        break;
    case VALUE_TAGS:
        break;
    }
}

void value_print(struct buffer *out, const struct value *value, size_t most)
{
    value_print_from(out, value, 0, most);
}

void value_print_from(struct buffer *out, const struct value *value, size_t skip, size_t most)
{
    struct print print = {
        .out = out, .skip = skip, .left = most, .in_bytes = value->tag == VALUE_BYTES};
    if (skip)
        buffer_printf(out, "(%zu %s) …", skip, print.in_bytes ? "bytes" : "characters");
    print_value(&print, value, 0);
    if (print.cut)
        buffer_printf(out, "… (%zu %s)", print.total, print.in_bytes ? "bytes" : "characters");
}

void value_print_float(struct buffer *out, float number)
{
    char text[32];
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)number);
        if (strtof(text, NULL) == number)
            break;
    }
    buffer_add_text(out, text);
}

static int compare_integers(int64_t one, int64_t other)
{
    return (one > other) - (one < other);
}

static int compare_bytes(const unsigned char *one, size_t one_length, const unsigned char *other,
                         size_t other_length)
{
    size_t common = one_length < other_length ? one_length : other_length;
    int order = common ? memcmp(one, other, common) : 0;
    return order ? order : (one_length > other_length) - (one_length < other_length);
}

/* NaN last. */
static int compare_doubles(double one, double other)
{
    if (isnan(one) || isnan(other))
        return !!isnan(one) - !!isnan(other);
    return (one > other) - (one < other);
}

static int compare_intervals(const unsigned char *one, const unsigned char *other)
{
    /* As PostgreSQL orders them: a month is 30 days, a day 24 hours. */
    __int128 length[2];
    const unsigned char *payload[2] = {one, other};
    for (int i = 0; i < 2; i++)
        length[i] = ((__int128)get_i64(payload[i]) * 30 + get_i64(payload[i] + 8)) * DAY +
                    get_i64(payload[i] + 16);
    if (length[0] != length[1])
        return length[0] < length[1] ? -1 : 1;
    return compare_bytes(one, 24, other, 24);
}

static bool is_number(const struct value *value)
{
    return value->tag == VALUE_INT || value->tag == VALUE_DECIMAL;
}

int value_compare(const struct value *one, const struct value *other)
{
    if (is_number(one) && is_number(other)) {
        struct decimal first, second;
        decimal_read(one, &first);
        decimal_read(other, &second);
        return decimal_compare(&first, &second);
    }
    if (one->tag != other->tag)
        return one->tag < other->tag ? -1 : 1;
    switch (one->tag) {
    case VALUE_DOUBLE:
        return compare_doubles(value_to_double(one), value_to_double(other));
    case VALUE_DATE:
    case VALUE_TIME:
    case VALUE_DATETIME:
    case VALUE_INSTANT:
        return compare_integers(get_i64(one->payload), get_i64(other->payload));
    case VALUE_INTERVAL:
        return compare_intervals(one->payload, other->payload);
    default:
        return compare_bytes(one->payload, one->payload_length, other->payload,
                             other->payload_length);
    }
}
