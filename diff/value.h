/*
 * One canonical value: the bytes that two equal cells share, whatever clothes they wore (the type
 * contract; see the README). Input: nothing of databases. Output: an encoding that is typed and
 * length-prefixed, so that no two different values, and no two different rows (a concatenation of
 * values), share their bytes. Equality of values is equality of encodings.
 *
 *     encoding := tag (1 byte) payload
 *
 * tag              payload (integers little-endian)
 * VALUE_NULL       -
 * VALUE_BOOL       1 byte, 0 or 1
 * VALUE_INT        int64: an integer that fits
 * VALUE_DECIMAL    u32 length, then the exact number in normal form, see value_add_decimal()
 * VALUE_DOUBLE     8 bytes IEEE 754; -0 is 0, every NaN is one NaN
 * VALUE_DATE       int64 days since 1970-01-01, proleptic Gregorian
 * VALUE_TIME       int64 microseconds, signed duration
 * VALUE_DATETIME   int64 microseconds since 1970-01-01 00:00:00 civil time (no zone)
 * VALUE_INSTANT    int64 microseconds since 1970-01-01T00:00:00Z
 * VALUE_UUID       16 bytes
 * VALUE_INTERVAL   int64 months, int64 days, int64 microseconds
 * the rest         u32 length, then bytes:
 * VALUE_TEXT       UTF-8
 * VALUE_BYTES      bytes
 * VALUE_JSON       canonical JSON text (json_canon.h)
 * VALUE_BITS       u32 number of bits, then the bits, first bit in the highest bit, zero padded
 * VALUE_SET        the members as encoded VALUE_TEXT, in ascending byte order, each once
 * VALUE_ARRAY      u32 dimensions; per dimension u32 size; then the elements, each an encoded value
 * VALUE_GEOMETRY   u32 SRID, then little-endian WKB
 * VALUE_INET       1 byte family (4 or 6), 1 byte prefix length, 4 or 16 bytes address
 * VALUE_SPECIAL    text of a value outside the kind's range that equals only itself: "infinity",
 *                  "0000-00-00"
 * VALUE_RAW        text that could not be read as its column's kind (not JSON, not a uuid, …):
 *                  equals only the same text
 */
#ifndef TALLY_VALUE_H
#define TALLY_VALUE_H

#include "base/buffer.h"
#include "base/error.h"

enum value_tag {
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_DECIMAL,
    VALUE_DOUBLE,
    VALUE_DATE,
    VALUE_TIME,
    VALUE_DATETIME,
    VALUE_INSTANT,
    VALUE_UUID,
    VALUE_INTERVAL,
    VALUE_TEXT,
    VALUE_BYTES,
    VALUE_JSON,
    VALUE_BITS,
    VALUE_SET,
    VALUE_ARRAY,
    VALUE_GEOMETRY,
    VALUE_INET,
    VALUE_SPECIAL,
    VALUE_RAW,
    VALUE_TAGS
};

/* A borrowed view of one encoded value. */
struct value {
    enum value_tag tag;
    const unsigned char *encoding; /* tag byte and all */
    size_t encoding_length;
    const unsigned char *payload; /* after the tag and, where there is one, the length */
    size_t payload_length;
};

/* Reads the value at *place (inside [*place, end)), moves *place behind it. False: the bytes are
 * not a value (a bug or a damaged file). */
bool value_read(const unsigned char **place, const unsigned char *end,
                struct value *value) MUST_CHECK;

/* The first `count` values of a row that this process encoded: payloads are not looked at. False:
 * the bytes are no such row. */
bool value_read_row(const unsigned char *bytes, size_t length, struct value *values,
                    size_t count) MUST_CHECK;

/* Writers. Each appends one whole value. */
void value_add_null(struct buffer *out);
void value_add_bool(struct buffer *out, bool truth);
void value_add_fixed(struct buffer *out, enum value_tag tag, int64_t n); /* INT … INSTANT: int64 */
void value_add_double(struct buffer *out, double number);
void value_add_uuid(struct buffer *out, const unsigned char uuid[16]);
void value_add_interval(struct buffer *out, int64_t months, int64_t days, int64_t microseconds);
void value_add_blob(struct buffer *out, enum value_tag tag, const void *bytes, size_t length);

/*
 * An exact number from its text: optional sign, digits with an optional point, optional exponent
 * ("1.10", "-0", "1e2", "+.5"), or NaN, [+-]Infinity, [+-]inf in any case. Writes VALUE_INT when
 * the number is an integer that fits int64, else VALUE_DECIMAL in normal form. That is the
 * significand (the digits without leading or trailing zeros) and the power of ten of its last
 * digit, written
 *     as int64, int32 (12 bytes)    when the significand has at most 18 digits
 *     as text (21 bytes and more)   when it has more: "-" when negative, its digits, "e", the power
 *     as "NaN", "Infinity", "-Infinity":
 *
 *     1.10 -> 11, -1      1e400 -> 1, 400      18446744073709551615 -> "18446744073709551615e0"
 *
 * No digit is lost; time and space are linear in the length of the text, whatever the exponent.
 * A power beyond ±10^9 in normal form and text that is not a number: returns false, writes nothing.
 */
bool value_add_decimal(struct buffer *out, const char *text, size_t length) MUST_CHECK;

/*
 * The same from base-10000 digits, as PostgreSQL's numeric sends them: the value is
 * sum(digits[i] * 10000^(weight - i)), digits big-endian u16 (borrowed, unaligned). What is not
 * such a number (a digit above 9999, a power beyond ±10^9) becomes a VALUE_RAW.
 */
void value_add_base10000(struct buffer *out, bool negative, int weight, size_t count,
                         const unsigned char *digits);

/* A VALUE_INT, VALUE_DECIMAL or VALUE_DOUBLE as the nearest double; NaN for other tags. */
double value_to_double(const struct value *value);

/* Civil days since 1970-01-01 of a proleptic Gregorian date, and back. Any int64 year that
 * PostgreSQL or MySQL can hold. month 1..12, day 1..31 (not checked against the month). */
int64_t civil_to_days(int64_t year, unsigned month, unsigned day);
void civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);
bool civil_is_date(int64_t year, unsigned month, unsigned day); /* a day of the calendar? */

/*
 * Prints a value for people, as one line of valid UTF-8: numbers plainly, dates as ISO 8601
 * ("2024-01-31 10:00:00.5", instants with "Z", years before 1 as "-0043", 1 BC being "0000"), bytes
 * as 0x and hex, text as it is but control characters, line separators, bidirectional controls and
 * invalid UTF-8 as \xHH (a backslash stays itself), arrays as {a,"b c",NULL}. NULL prints as "NULL"
 * (callers that can show null check the tag first). At most `most` bytes are printed of it (never
 * half a character); when it is longer, "… (N characters)" or "… (N bytes)" follows, N being the
 * whole value's.
 */
void value_print(struct buffer *out, const struct value *value, size_t most);
/* The same of a VALUE_TEXT, VALUE_JSON or VALUE_BYTES without its first `skip` characters, or
 * bytes, for which "(N characters) …" stands. */
void value_print_from(struct buffer *out, const struct value *value, size_t skip, size_t most);

/* A 4-byte float with the digits that tell it from its neighbours, not with those of a double. */
void value_print_float(struct buffer *out, float number);

/* Total order for display: by tag (VALUE_INT and VALUE_DECIMAL being one), then numbers, times and
 * text by what they mean. <0, 0, >0; 0 only when the values are equal. */
int value_compare(const struct value *one, const struct value *other);

#endif
