/*
 * The type contract, case by case: a source cell and a target cell, each of its type, under the
 * options of a mapping, and whether they are equal. Every case runs in both directions. Two cells
 * that the contract calls different must never share an encoding: those cases come first in each
 * group.
 */
#include "../../verify/canon.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- Shorthand ---------------------------------------------------------------------------------
 */

#define TYPE(c, spelling, ...)                                                                     \
    {                                                                                              \
        .class = TYPE_##c, .precision = -1, .name = spelling, .base = spelling, ##__VA_ARGS__      \
    }

static const struct type boolean = TYPE(BOOL, "boolean");
static const struct type tinyint1 = TYPE(INT, "tinyint(1)", .tiny_bool = true, .length = 1);
static const struct type bigint = TYPE(INT, "bigint", .length = 8);
static const struct type bigint_unsigned =
    TYPE(INT, "bigint unsigned", .is_unsigned = true, .length = 8);
static const struct type decimal = TYPE(DECIMAL, "decimal");
static const struct type real = TYPE(FLOAT, "real");
static const struct type double_ = TYPE(DOUBLE, "double");
static const struct type varchar = TYPE(TEXT, "varchar");
static const struct type enum_ = TYPE(ENUM, "enum");
static const struct type set = TYPE(SET, "set");
static const struct type varbinary = TYPE(BYTES, "varbinary");
static const struct type binary14 = TYPE(BYTES, "binary(14)", .length = 14, .fixed = true);
static const struct type binary16 = TYPE(BYTES, "binary(16)", .length = 16, .fixed = true);
static const struct type date = TYPE(DATE, "date");
static const struct type time_ = TYPE(TIME, "time");
static const struct type datetime = TYPE(DATETIME, "datetime");
static const struct type instant = TYPE(INSTANT, "timestamptz");
static const struct type json = TYPE(JSON, "json");
static const struct type uuid = TYPE(UUID, "uuid");
static const struct type bit1 = TYPE(BITS, "bit(1)", .length = 1);
static const struct type bit10 = TYPE(BITS, "bit(10)", .length = 10);
static const struct type bit64 = TYPE(BITS, "bit(64)", .length = 64);
static const struct type interval = TYPE(INTERVAL, "interval");
static const struct type inet = TYPE(INET, "inet");
static const struct type geometry = TYPE(GEOMETRY, "geometry");
static const struct type macaddr = TYPE(OTHER, "macaddr");
static const struct type tsvector = TYPE(OTHER, "tsvector");
static const struct type text_array = TYPE(ARRAY, "text[]", .element = TYPE_TEXT);
static const struct type int_array = TYPE(ARRAY, "int[]", .element = TYPE_INT);
static const struct type numeric_array = TYPE(ARRAY, "numeric[]", .element = TYPE_DECIMAL);
static const struct type json_array = TYPE(ARRAY, "jsonb[]", .element = TYPE_JSON);
static const struct type geometry_array = TYPE(ARRAY, "geometry[]", .element = TYPE_GEOMETRY);
static const struct type unknown = TYPE(UNKNOWN, "hierarchy");

#define ROW(...)                                                                                   \
    {                                                                                              \
        .precision = -1, __VA_ARGS__                                                               \
    }
#define PRECISION(digits, ...)                                                                     \
    {                                                                                              \
        .precision = digits, ##__VA_ARGS__                                                         \
    }
#define PLAIN ROW(.kind = NULL)
#define KIND(name, ...) ROW(.kind = name, ##__VA_ARGS__)
#define ABS(amount) ROW(.tolerance = TOLERANCE_ABS, .tolerance_amount = amount)
#define DIGITS(amount) ROW(.tolerance = TOLERANCE_DIGITS, .tolerance_amount = amount)
#define SECONDS(amount) ROW(.tolerance = TOLERANCE_SECONDS, .tolerance_amount = amount)
#define ULP(amount) ROW(.tolerance = TOLERANCE_ULP, .tolerance_amount = amount)

#define STRING(f, s)                                                                               \
    {                                                                                              \
        .form = f, .bytes = (const unsigned char *)(s), .length = sizeof(s) - 1                    \
    }
#define NUL                                                                                        \
    {                                                                                              \
        .form = CELL_NULL                                                                          \
    }
#define TRUE_                                                                                      \
    {                                                                                              \
        .form = CELL_BOOL, .i = 1                                                                  \
    }
#define FALSE_                                                                                     \
    {                                                                                              \
        .form = CELL_BOOL, .i = 0                                                                  \
    }
#define INT(n)                                                                                     \
    {                                                                                              \
        .form = CELL_INT, .i = (n)                                                                 \
    }
#define UINT(n)                                                                                    \
    {                                                                                              \
        .form = CELL_UINT, .u = (n)                                                                \
    }
#define DEC(s) STRING(CELL_DECIMAL, s)
#define NUMERIC(neg, w, groups)                                                                    \
    {                                                                                              \
        .form = CELL_NUMERIC, .negative = neg, .weight = w,                                        \
        .bytes = (const unsigned char *)(groups), .length = sizeof(groups) - 1                     \
    }
#define FLT(n)                                                                                     \
    {                                                                                              \
        .form = CELL_FLOAT, .d = (double)(n##f)                                                    \
    }
#define DBL(n)                                                                                     \
    {                                                                                              \
        .form = CELL_DOUBLE, .d = (n)                                                              \
    }
#define TXT(s) STRING(CELL_TEXT, s)
#define BIN(s) STRING(CELL_BYTES, s)
#define DAYS(n)                                                                                    \
    {                                                                                              \
        .form = CELL_DATE, .i = (n)                                                                \
    }
#define TIME(n)                                                                                    \
    {                                                                                              \
        .form = CELL_TIME, .i = (n)                                                                \
    }
#define CIVIL(n)                                                                                   \
    {                                                                                              \
        .form = CELL_DATETIME, .i = (n)                                                            \
    }
#define AT(n)                                                                                      \
    {                                                                                              \
        .form = CELL_INSTANT, .i = (n)                                                             \
    }
#define SPECIAL(s) STRING(CELL_SPECIAL, s)
#define UUID(s)                                                                                    \
    {                                                                                              \
        .form = CELL_UUID, .bytes = (const unsigned char *)(s), .length = 16                       \
    }
#define BITS(n, s)                                                                                 \
    {                                                                                              \
        .form = CELL_BITS, .bytes = (const unsigned char *)(s), .length = sizeof(s) - 1, .u = (n)  \
    }
#define SPAN(m, d, us)                                                                             \
    {                                                                                              \
        .form = CELL_INTERVAL, .months = (m), .days = (d), .i = (us)                               \
    }
#define INET(p, s)                                                                                 \
    {                                                                                              \
        .form = CELL_INET, .bytes = (const unsigned char *)(s), .length = sizeof(s) - 1, .u = (p)  \
    }
#define WKB(srid, s)                                                                               \
    {                                                                                              \
        .form = CELL_GEOMETRY, .bytes = (const unsigned char *)(s), .length = sizeof(s) - 1,       \
        .u = (srid)                                                                                \
    }
#define ARRAY(...)                                                                                 \
    {                                                                                              \
        .form = CELL_ARRAY, .array = &(const struct cell_array)                                    \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define SIZES(...)                                                                                 \
    .dimension_count = sizeof((uint32_t[]){__VA_ARGS__}) / 4, .sizes = (const uint32_t[])          \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define CELLS(...)                                                                                 \
    .cell_count = sizeof((struct cell[]){__VA_ARGS__}) / sizeof(struct cell),                      \
    .cells = (const struct cell[])                                                                 \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define S (INT64_C(1000000))
#define H (3600 * S)
#define UUID_BYTES "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef"
#define UUID_SWAPPED "\xcd\xef\x89\xab\x01\x23\x45\x67\x01\x23\x45\x67\x89\xab\xcd\xef"

/* 2024-10-27, the night Europe/Berlin's clocks went back from 03:00 to 02:00 at 01:00Z. */
#define BERLIN_DAY (INT64_C(1729987200) * S)
#define D2024 (INT64_C(1704103200) * S) /* 2024-01-01 10:00:00 */

struct row {
    const char *says;
    const struct type *source, *target;
    struct column_options options;
    struct cell source_cell, target_cell;
    bool equal;
};

static const struct row null_rows[] = {
    {"NULL is not ''", &varchar, &varchar, PLAIN, NUL, TXT(""), false},
    {"NULL is not the word", &varchar, &varchar, PLAIN, NUL, TXT("NULL"), false},
    {"NULL is not <null>", &varchar, &varchar, PLAIN, NUL, TXT("<null>"), false},
    {"'' is not a space", &varchar, &varchar, PLAIN, TXT(""), TXT(" "), false},
    {"NULL is not 0", &bigint, &bigint, PLAIN, NUL, INT(0), false},
    {"NULL is not false", &tinyint1, &boolean, PLAIN, NUL, FALSE_, false},
    {"NULL is not the empty set", &set, &text_array, PLAIN, NUL, TXT(""), false},
    {"NULL is NULL", &tinyint1, &boolean, PLAIN, NUL, NUL, true},
    {"NULL is NULL under a tolerance", &double_, &double_, ABS("1"), NUL, NUL, true},
    {"NULL is not 0 under a tolerance", &double_, &double_, ABS("1"), NUL, DBL(0.0), false},
};

static const struct row bool_rows[] = {
    {"2 is not true", &tinyint1, &boolean, PLAIN, INT(2), TRUE_, false},
    {"-1 is not true", &tinyint1, &boolean, PLAIN, INT(-1), TRUE_, false},
    {"0 is not true", &tinyint1, &boolean, PLAIN, INT(0), TRUE_, false},
    {"2 is not 1", &tinyint1, &tinyint1, PLAIN, INT(2), INT(1), false},
    {"1 is true", &tinyint1, &boolean, PLAIN, INT(1), TRUE_, true},
    {"0 is false", &tinyint1, &boolean, PLAIN, INT(0), FALSE_, true},
    {"bit 1 is true", &bit1, &boolean, PLAIN, BITS(1, "\x80"), TRUE_, true},
    {"bit 0 is false", &bit1, &boolean, PLAIN, BITS(1, "\0"), FALSE_, true},
    {"bit 0 is not true", &bit1, &boolean, PLAIN, BITS(1, "\0"), TRUE_, false},
    {"'t' is true when told", &varchar, &boolean, KIND("bool"), TXT("T"), TRUE_, true},
    {"'no' is false when told", &varchar, &boolean, KIND("bool"), TXT("no"), FALSE_, true},
    {"'2' is nothing", &varchar, &boolean, KIND("bool"), TXT("2"), TRUE_, false},
    {"'' is not false", &varchar, &boolean, KIND("bool"), TXT(""), FALSE_, false},
    {"1.00 is true when told", &decimal, &boolean, KIND("bool"), DEC("1.00"), TRUE_, true},
    {"1.01 is not", &decimal, &boolean, KIND("bool"), DEC("1.01"), TRUE_, false},
};

static const struct row number_rows[] = {
    {"2^64-1 is not -1", &bigint_unsigned, &bigint, PLAIN, UINT(UINT64_MAX), INT(-1), false},
    {"a last digit of 30", &decimal, &decimal, PLAIN, DEC("123456789012345678901234567890"),
     DEC("123456789012345678901234567891"), false},
    {"2^53+1 is not 2^53", &bigint, &decimal, PLAIN, INT(9007199254740993), DEC("9007199254740992"),
     false},
    {"NaN is not 0", &decimal, &decimal, PLAIN, SPECIAL("NaN"), DEC("0"), false},
    {"infinities differ", &decimal, &decimal, PLAIN, SPECIAL("Infinity"), SPECIAL("-Infinity"),
     false},
    {"NaN is NaN", &decimal, &decimal, PLAIN, SPECIAL("NaN"), SPECIAL("NaN"), true},
    {"2^64-1 is its numeric", &bigint_unsigned, &decimal, PLAIN, UINT(UINT64_MAX),
     NUMERIC(false, 4, "\x07\x34\x1a\x58\x02\xe1\x03\xbb\x06\x4f"), true},
    {"2^64-1 is its decimal", &bigint_unsigned, &decimal, PLAIN, UINT(UINT64_MAX),
     DEC("18446744073709551615"), true},
    {"10^19 is its decimal", &bigint_unsigned, &decimal, PLAIN,
     UINT(UINT64_C(10000000000000000000)), DEC("10000000000000000000.00"), true},
    {"1.1 is 1.10", &decimal, &decimal, PLAIN, DEC("1.10"), NUMERIC(false, 0, "\0\1\x03\xe8"),
     true},
    {"-0 is 0", &decimal, &bigint, PLAIN, DEC("-0.00"), INT(0), true},
    {"42 is 42.0", &bigint, &decimal, PLAIN, INT(42), DEC("42.0"), true},
    {"bits are a number", &bit10, &bigint, PLAIN, BITS(10, "\x80\x40"), INT(513), true},
    {"64 bits are a number", &bit64, &decimal, PLAIN, BITS(64, "\xff\xff\xff\xff\xff\xff\xff\xff"),
     DEC("18446744073709551615"), true},
    {"bits beyond a number", &bit10, &bigint, PLAIN, BITS(10, "\x80\x40"), INT(514), false},
    {"digits in text", &varchar, &decimal, KIND("number"), TXT("001.50"), DEC("1.5"), true},
    {"nothing is trimmed", &varchar, &decimal, KIND("number"), TXT(" 1.5"), DEC("1.5"), false},
    {"digits in bytes", &varbinary, &bigint, KIND("number"), BIN("42"), INT(42), true},
    {"no number in text", &varchar, &varchar, KIND("number"), TXT("x"), TXT("x"), true},
    {"no numbers in text", &varchar, &varchar, KIND("number"), TXT("x"), TXT("X"), false},
    {"beyond an exact tolerance", &decimal, &decimal, ABS("0.005"), DEC("1.1"),
     DEC("1.10500000000000000000000000000001"), false},
    {"beyond it among 30 digits", &decimal, &decimal, ABS("0.5"),
     DEC("123456789012345678901234567890"), DEC("123456789012345678901234567891"), false},
    {"far beyond it", &decimal, &decimal, ABS("0.5"), DEC("1e600000"), DEC("1"), false},
    {"NaN is within nothing", &decimal, &decimal, ABS("0.5"), SPECIAL("NaN"), DEC("1"), false},
    {"at the tolerance", &decimal, &decimal, ABS("0.005"), DEC("1.1"), DEC("1.105"), true},
    {"within it, over zero", &decimal, &bigint, ABS("1"), DEC("-0.5"), DEC("0.5"), true},
    {"beyond it, over zero", &decimal, &bigint, ABS("1"), DEC("-0.5"), DEC("0.6"), false},
    {"within it, of negatives", &decimal, &decimal, ABS("0.1"), DEC("-99.95"), DEC("-100"), true},
    {"rounded to 3 digits", &decimal, &decimal, DIGITS("3"), DEC("9.996"), DEC("10.04"), true},
    {"rounded apart", &decimal, &decimal, DIGITS("3"), DEC("9.994"), DEC("10.04"), false},
    {"signs stay", &decimal, &decimal, DIGITS("1"), DEC("-1"), DEC("1"), false},
};

static const struct row float_rows[] = {
    {"1.2345678 is not 1.2345671", &real, &real, PLAIN, FLT(1.2345678), FLT(1.2345671), false},
    {"a real's infinity is no double",
     &real,
     &double_,
     PLAIN,
     {.form = CELL_FLOAT, .d = INFINITY},
     DBL(1e300),
     false},
    {"a real's zero is no tiny double", &real, &double_, PLAIN, FLT(0.0), DBL(1e-300), false},
    {"a numeric beyond doubles is no infinity", &double_, &decimal, PLAIN, DBL(INFINITY),
     DEC("1e400"), false},
    {"a numeric below doubles is no zero", &double_, &decimal, PLAIN, DBL(0.0), DEC("1e-400"),
     false},
    {"doubles keep their last bit", &double_, &double_, PLAIN, DBL(0.1), DBL(0.10000000000000002),
     false},
    {"a double is not its neighbour's decimal", &double_, &decimal, PLAIN, DBL(0.1),
     DEC("0.10000000000000002"), false},
    {"16777216 is 16777216", &real, &real, PLAIN, FLT(16777216.0), FLT(16777216.0), true},
    {"a double beside a real", &real, &double_, PLAIN, FLT(0.1), DBL(0.1), true},
    {"-0 is 0", &double_, &double_, PLAIN, DBL(-0.0), DBL(0.0), true},
    {"NaN is NaN", &real, &double_, PLAIN, {.form = CELL_FLOAT, .d = NAN}, DBL(-NAN), true},
    {"NaN beside a number", &double_, &decimal, PLAIN, DBL(NAN), SPECIAL("NaN"), true},
    {"the nearest double", &double_, &decimal, PLAIN, DBL(0.1), DEC("0.1"), true},
    {"the nearest double of an int", &double_, &bigint, PLAIN, DBL(9007199254740992.0),
     INT(9007199254740993), true},
    {"the nearest float", &real, &decimal, PLAIN, FLT(0.1), NUMERIC(false, -1, "\x03\xe8"), true},
    /* 1 + 2^-24 + 2^-60: rounded to a double first, it would lie half-way and go to the even 1. */
    {"a decimal is rounded to a float once", &real, &decimal, PLAIN, FLT(1.00000011920928955078125),
     DEC("1.000000059604644775390625867361737988"), true},
    {"digits in text", &varchar, &double_, KIND("float"), TXT("2.5e-3"), DBL(0.0025), true},
    {"beyond the tolerance", &double_, &double_, ABS("0.05"), DBL(1.1), DBL(1.04999), false},
    {"great neighbours", &double_, &double_, ABS("0.05"), DBL(1e20), DBL(1e20 + 16384), false},
    {"no infinity within", &double_, &double_, ABS("1e300"), DBL(INFINITY), DBL(1e308), false},
    {"at the tolerance", &double_, &double_, ABS("0.05"), DBL(1.1), DBL(1.05), true},
    {"one step", &double_, &double_, ULP("1"), DBL(0.1), DBL(0.10000000000000002), true},
    {"one step over zero", &double_, &double_, ULP("2"), DBL(-4.9e-324), DBL(4.9e-324), true},
    {"too many steps", &double_, &double_, ULP("1"), DBL(1.0), DBL(1.0000000000000004), false},
    {"a step to infinity", &double_, &double_, ULP("1"), DBL(INFINITY), DBL(1.7976931348623157e308),
     false},
    {"one step of a float", &real, &real, ULP("1"), FLT(1.0), FLT(1.0000001), true},
    {"two steps of a float", &real, &real, ULP("1"), FLT(1.0), FLT(1.0000002), false},
    {"six digits", &double_, &double_, DIGITS("6"), DBL(1.2345678), DBL(1.2345681), true},
    {"seven digits", &double_, &double_, DIGITS("7"), DBL(1.2345678), DBL(1.2345671), false},
};

static const struct row text_rows[] = {
    {"a blank at the end counts", &varchar, &varchar, PLAIN, TXT("a"), TXT("a "), false},
    {"case counts", &varchar, &varchar, PLAIN, TXT("Abc"), TXT("abc"), false},
    {"an accent counts", &varchar, &varchar, PLAIN, TXT("é"), TXT("e"), false},
    {"normal forms are two texts", &varchar, &varchar, PLAIN, TXT("\u00e9"), TXT("e\u0301"), false},
    {"mojibake is not the text", &varchar, &varchar, PLAIN, TXT("Ã©"), TXT("é"), false},
    {"two emoji", &varchar, &varchar, PLAIN, TXT("😀"), TXT("🚀"), false},
    {"an emoji is no question mark", &varchar, &varchar, PLAIN, TXT("😀"), TXT("?"), false},
    {"a zero byte counts", &varchar, &varchar, PLAIN, TXT("a\0b"), TXT("a"), false},
    {"an enum's ''", &enum_, &varchar, PLAIN, TXT(""), NUL, false},
    {"the same text", &varchar, &varchar, PLAIN, TXT("€ 5"), TXT("€ 5"), true},
    {"an enum by its label", &enum_, &varchar, PLAIN, TXT("gelb"), TXT("gelb"), true},
    {"UTF-8 in bytes", &varbinary, &varchar, KIND("text"), BIN("é"), TXT("é"), true},
    {"latin1 in bytes is no text", &varbinary, &varchar, KIND("text"), BIN("\xe9"), TXT("\xe9"),
     false},
    {"padding of a binary column", &varbinary, &varchar, KIND("text"), BIN("a\0"), TXT("a"), false},
    {"padding taken off", &varbinary, &varchar, KIND("text", .strip_zero_padding = 1), BIN("a\0"),
     TXT("a"), true},
    {"an int as text", &bigint, &varchar, KIND("text"), INT(-42), TXT("-42"), true},
    {"an int is not 042", &bigint, &varchar, KIND("text"), INT(42), TXT("042"), false},
    {"the server's own text", &macaddr, &macaddr, PLAIN, TXT("08:00:2b:01:02:03"),
     TXT("08:00:2b:01:02:03"), true},
    {"beside text", &macaddr, &varchar, PLAIN, TXT("08:00:2b:01:02:03"), TXT("08:00:2B:01:02:03"),
     false},
};

static const struct row bytes_rows[] = {
    {"trailing zeros count", &varbinary, &varbinary, PLAIN, BIN("a\0"), BIN("a"), false},
    {"trailing zeros stripped", &varbinary, &varbinary, ROW(.strip_zero_padding = 1), BIN("a\0\0"),
     BIN("a"), true},
    {"inner zeros stay", &varbinary, &varbinary, ROW(.strip_zero_padding = 1), BIN("\0a"), BIN("a"),
     false},
    {"same bytes", &varbinary, &varbinary, PLAIN, BIN("\xff\0\x80"), BIN("\xff\0\x80"), true},
    {"text as bytes", &varchar, &varbinary, KIND("bytes"), TXT("é"), BIN("\xc3\xa9"), true},
};

static const struct row date_rows[] = {
    {"zero dates are not NULL", &date, &date, PLAIN, SPECIAL("0000-00-00"), NUL, false},
    {"nor the epoch", &date, &date, PLAIN, SPECIAL("0000-00-00"), DAYS(0), false},
    {"impossible dates differ", &date, &date, PLAIN, SPECIAL("2024-02-31"), SPECIAL("2024-02-30"),
     false},
    {"infinities differ", &date, &date, PLAIN, SPECIAL("infinity"), SPECIAL("-infinity"), false},
    {"zero dates are NULL when told", &date, &date, ROW(.zero_date_null = 1), SPECIAL("0000-00-00"),
     NUL, true},
    {"a zero month is not", &date, &date, ROW(.zero_date_null = 1), SPECIAL("2024-00-10"), NUL,
     false},
    {"zero date-times are NULL when told", &datetime, &datetime, ROW(.zero_date_null = 1),
     SPECIAL("0000-00-00 00:00:00.000000"), NUL, true},
    {"a zero date with a time is not", &datetime, &datetime, ROW(.zero_date_null = 1),
     SPECIAL("0000-00-00 00:00:01"), NUL, false},
    {"an impossible date is itself", &date, &date, PLAIN, SPECIAL("2024-02-31"),
     SPECIAL("2024-02-31"), true},
    {"the same day", &date, &date, PLAIN, DAYS(19723), DAYS(19723), true},
    {"another day", &date, &date, PLAIN, DAYS(19723), DAYS(19724), false},
    {"a year of six digits", &date, &date, PLAIN, DAYS(2145031948), DAYS(2145031948), true},
    {"digits as a date", &varchar, &date, KIND("date"), TXT("20240101"), DAYS(19723), true},
    {"a number as a date", &bigint, &date, KIND("date"), INT(20240101), DAYS(19723), true},
    {"a time of day is no date", &datetime, &date, KIND("date"), CIVIL(D2024), DAYS(19723), false},
    {"midnight is a date", &datetime, &date, KIND("date"), CIVIL(D2024 - 10 * H), DAYS(19723),
     true},
    {"ISO text is a date", &varchar, &date, KIND("date"), TXT("2024-01-01"), DAYS(19723), true},
    {"no date in text", &varchar, &date, KIND("date"), TXT("01/02/2024"), DAYS(19723), false},
    {"an impossible date in text", &varchar, &date, KIND("date"), TXT("2024-02-31"),
     SPECIAL("2024-02-31"), true},
    {"year 10000 in text", &varchar, &date, KIND("date"), TXT("10000-01-01"), DAYS(2932897), true},
};

static const struct row time_rows[] = {
    {"a sign counts", &time_, &time_, PLAIN, TIME(-H), TIME(H), false},
    {"a microsecond counts", &time_, &time_, PLAIN, TIME(H), TIME(H + 1), false},
    {"838 hours in an interval", &time_, &interval, PLAIN, TIME(838 * H + 59 * 60 * S + 59 * S),
     SPAN(0, 34, 22 * H + 59 * 60 * S + 59 * S), true},
    {"a month is no duration", &time_, &interval, PLAIN, TIME(720 * H), SPAN(1, 0, 0), false},
    {"more days than time holds", &time_, &interval, PLAIN, TIME(0), SPAN(0, INT32_MAX, 0), false},
    {"text", &varchar, &time_, KIND("time"), TXT("-838:59:59.000001"),
     TIME(-(838 * H + 59 * 60 * S + 59 * S + 1)), true},
    {"cut to seconds", &time_, &time_, PRECISION(0), TIME(9999 * S / 10000), TIME(0), true},
    {"rounded to seconds", &time_, &time_, PRECISION(0), TIME(9996 * S / 10000), TIME(S), true},
    {"negatives cut towards zero", &time_, &time_, PRECISION(0), TIME(-9 * S / 10), TIME(0), true},
    {"two seconds apart", &time_, &time_, PRECISION(0), TIME(0), TIME(2 * S), false},
    {"two seconds are forgiven", &time_, &time_, SECONDS("2"), TIME(0), TIME(2 * S), true},
    {"and not a microsecond more", &time_, &time_, SECONDS("2"), TIME(-1), TIME(2 * S), false},
};

static const struct row datetime_rows[] = {
    {"a fraction lost", &datetime, &datetime, PLAIN, CIVIL(D2024 + 999600), CIVIL(D2024), false},
    {"a fraction rounded", &datetime, &datetime, PLAIN, CIVIL(D2024 + 999600), CIVIL(D2024 + S),
     false},
    {"an hour apart, MySQL timestamp", &instant, &datetime, PLAIN, AT(D2024), CIVIL(D2024 + H),
     false},
    {"05:30Z is not 06:30Z", &instant, &instant, PLAIN, AT(D2024), AT(D2024 + H), false},
    {"the same civil time", &datetime, &datetime, PLAIN, CIVIL(D2024), CIVIL(D2024), true},
    {"MySQL timestamp beside timestamp", &instant, &datetime, PLAIN, AT(D2024), CIVIL(D2024), true},
    {"naive is UTC", &datetime, &instant, PLAIN, CIVIL(D2024), AT(D2024), true},
    {"before 1970", &datetime, &instant, PLAIN, CIVIL(-1), AT(-1), true},
    {"zero date beside an instant", &datetime, &instant, PLAIN, SPECIAL("0000-00-00 00:00:00"),
     AT(0), false},
    {"infinity", &datetime, &instant, PLAIN, SPECIAL("infinity"), SPECIAL("infinity"), true},
    {"cut at 3 digits", &datetime, &datetime, PRECISION(3), CIVIL(D2024 + 999600),
     CIVIL(D2024 + 999000), true},
    {"cut to seconds", &datetime, &instant, PRECISION(0), CIVIL(D2024 + 999600), AT(D2024), true},
    {"rounded to seconds", &datetime, &datetime, PRECISION(0), CIVIL(D2024 + 999600),
     CIVIL(D2024 + S), true},
    {"no minute is forgiven", &datetime, &datetime, PRECISION(0), CIVIL(D2024 + 999600),
     CIVIL(D2024 + 2 * S), false},
    {"before 1970 too", &datetime, &datetime, PRECISION(0), CIVIL(-400000), CIVIL(-1 * S), true},
    {"so many seconds apart", &datetime, &instant, SECONDS("0.5"), CIVIL(D2024 + 500000), AT(D2024),
     true},
    {"a microsecond beyond", &datetime, &datetime, SECONDS("0.5"), CIVIL(D2024),
     CIVIL(D2024 + 500001), false},
    {"within no tolerance", &datetime, &datetime, SECONDS("31622400"), CIVIL(INT64_MAX),
     CIVIL(INT64_MIN), false},
    {"ends of the range", &datetime, &datetime, PRECISION(0), CIVIL(INT64_MAX), CIVIL(INT64_MIN),
     false},
    {"specials are not rounded", &datetime, &datetime, PRECISION(0),
     SPECIAL("2024-02-31 10:00:00.4"), SPECIAL("2024-02-31 10:00:00"), false},
    {"a date is midnight when told", &date, &datetime, KIND("datetime"), DAYS(19723),
     CIVIL(D2024 - 10 * H), true},
    {"so is an impossible one", &date, &datetime, KIND("datetime"), SPECIAL("2024-02-31"),
     SPECIAL("2024-02-31 00:00:00"), true},
    {"a date beyond timestamps", &date, &datetime, KIND("datetime"), DAYS(2145031948), CIVIL(0),
     false},
    {"14 digits", &binary14, &datetime, KIND("datetime"), BIN("20240101100000"), CIVIL(D2024),
     true},
    {"14 digits, a number", &bigint, &datetime, KIND("datetime"), INT(20240101100000), CIVIL(D2024),
     true},
    {"14 zeros", &binary14, &datetime, KIND("datetime"), BIN("00000000000000"),
     SPECIAL("0000-00-00 00:00:00"), true},
    {"14 zeros are NULL when told", &binary14, &instant, KIND("instant", .zero_date_null = 1),
     BIN("00000000000000"), NUL, true},
    {"ISO text", &varchar, &datetime, KIND("datetime"), TXT("2024-01-01T10:00:00.5"),
     CIVIL(D2024 + S / 2), true},
    {"ISO text with an offset", &varchar, &instant, KIND("instant"), TXT("2024-01-01 12:00:00+02"),
     AT(D2024), true},
    {"ISO text with Z", &varchar, &instant, KIND("instant"), TXT("2024-01-01T10:00:00.000000000Z"),
     AT(D2024), true},
    {"ISO text without one", &varchar, &instant, KIND("instant"), TXT("2024-01-01 10:00:00"),
     AT(D2024), true},
    {"nanoseconds are not dropped", &varchar, &instant, KIND("instant"),
     TXT("2024-01-01T10:00:00.000000001Z"), AT(D2024), false},
    {"infinity in text", &varchar, &instant, KIND("instant"), TXT("infinity"), SPECIAL("infinity"),
     true},
    {"no date in text", &varchar, &instant, KIND("instant"), TXT("now"), AT(D2024), false},
    {"hour 25", &varchar, &datetime, KIND("datetime"), TXT("2024-01-01 25:00:00"),
     CIVIL(D2024 + 15 * H), false},
};

#define IN(place) ROW(.zone_any = place)
#define TOLD(place) KIND("instant", .zone_any = place)
static const struct row zone_rows[] = {
    {"winter in Berlin", &datetime, &instant, IN("Europe/Berlin"), CIVIL(D2024), AT(D2024 - H),
     true},
    {"winter in Berlin is not UTC", &datetime, &instant, IN("Europe/Berlin"), CIVIL(D2024),
     AT(D2024), false},
    {"summer in Berlin", &datetime, &instant, IN("Europe/Berlin"), CIVIL(BERLIN_DAY - 24 * H),
     AT(BERLIN_DAY - 26 * H), true},
    {"the hour shown twice, later", &datetime, &instant, IN("Europe/Berlin"),
     CIVIL(BERLIN_DAY + 5 * H / 2), AT(BERLIN_DAY + 3 * H / 2), true},
    {"the hour shown twice, earlier", &datetime, &instant, IN("Europe/Berlin"),
     CIVIL(BERLIN_DAY + 5 * H / 2), AT(BERLIN_DAY + H / 2), true},
    {"an hour before both", &datetime, &instant, IN("Europe/Berlin"), CIVIL(BERLIN_DAY + 5 * H / 2),
     AT(BERLIN_DAY - H / 2), false},
    {"the hour after", &datetime, &instant, IN("Europe/Berlin"), CIVIL(BERLIN_DAY + 7 * H / 2),
     AT(BERLIN_DAY + 3 * H / 2), false},
    {"twice, and cut to seconds", &datetime, &instant, PRECISION(0, .zone_any = "Europe/Berlin"),
     CIVIL(BERLIN_DAY + 5 * H / 2 + 7), AT(BERLIN_DAY + H / 2), true},
    {"14 digits in Paris", &binary14, &instant, TOLD("Europe/Paris"), BIN("20240101100000"),
     AT(D2024 - H), true},
    {"14 digits, shown twice", &binary14, &instant, TOLD("Europe/Paris"), BIN("20241027023000"),
     AT(BERLIN_DAY + H / 2), true},
    {"a text that says which", &varchar, &instant, TOLD("Europe/Paris"),
     TXT("2024-10-27 02:30:00+01"), AT(BERLIN_DAY + H / 2), false},
    {"a text with its offset", &varchar, &instant, TOLD("Europe/Paris"),
     TXT("2024-01-01 10:00:00Z"), AT(D2024), true},
    {"a fixed offset", &datetime, &instant, IN("-03:30"), CIVIL(D2024), AT(D2024 + 7 * H / 2),
     true},
    {"the end of time", &datetime, &instant, IN("Europe/Berlin"), CIVIL(INT64_MAX),
     AT(INT64_MAX - H), false},
};

static const struct row json_rows[] = {
    {"true is not 1", &json, &json, PLAIN, TXT("true"), TXT("1"), false},
    {"1 is not \"1\"", &json, &json, PLAIN, TXT("1"), TXT("\"1\""), false},
    {"JSON null is not NULL", &json, &json, PLAIN, TXT("null"), NUL, false},
    {"JSON null is not \"null\"", &json, &json, PLAIN, TXT("null"), TXT("\"null\""), false},
    {"2^53+1 is not 2^53", &json, &json, PLAIN, TXT("9007199254740993"), TXT("9007199254740992"),
     false},
    {"text that is not JSON", &json, &varchar, PLAIN, TXT("{}"), TXT("{"), false},
    {"order of members", &json, &json, PLAIN, TXT("{\"a\":1,\"b\":2}"),
     TXT("{ \"b\": 2, \"a\": 1 }"), true},
    {"1e2 is 100", &json, &varchar, PLAIN, TXT("[1e2,1.0]"), TXT("[100, 1]"), true},
    {"the last duplicate", &json, &varchar, PLAIN, TXT("{\"a\":2}"), TXT("{\"a\":1,\"a\":2}"),
     true},
    {"escapes", &json, &varchar, PLAIN, TXT("\"\\u00e9\""), TXT("\"é\""), true},
    {"the same text that is not JSON", &varchar, &varchar, KIND("json"), TXT("{x"), TXT("{x"),
     true},
    {"bytes", &varbinary, &json, KIND("json"), BIN("{}"), TXT("{ }"), true},
};

static const struct row uuid_rows[] = {
    {"another uuid", &uuid, &uuid, PLAIN, UUID(UUID_BYTES), UUID(UUID_SWAPPED), false},
    {"upper case", &uuid, &varchar, PLAIN, UUID(UUID_BYTES),
     TXT("01234567-89AB-CDEF-0123-456789ABCDEF"), true},
    {"braces", &uuid, &varchar, PLAIN, UUID(UUID_BYTES),
     TXT("{01234567-89ab-cdef-0123-456789abcdef}"), true},
    {"no hyphens", &uuid, &varchar, PLAIN, UUID(UUID_BYTES),
     TXT("0123456789abcdef0123456789abcdef"), true},
    {"urn", &uuid, &varchar, PLAIN, UUID(UUID_BYTES),
     TXT("urn:uuid:01234567-89ab-cdef-0123-456789abcdef"), true},
    {"a digit less", &uuid, &varchar, PLAIN, UUID(UUID_BYTES),
     TXT("01234567-89ab-cdef-0123-456789abcde"), false},
    {"a digit more", &uuid, &varchar, PLAIN, UUID(UUID_BYTES),
     TXT("01234567-89ab-cdef-0123-456789abcdef0"), false},
    {"16 bytes", &uuid, &binary16, PLAIN, UUID(UUID_BYTES), BIN(UUID_BYTES), true},
    {"16 swapped bytes", &uuid, &binary16, ROW(.swapped = 1), UUID(UUID_BYTES), BIN(UUID_SWAPPED),
     true},
    {"16 bytes that are not swapped", &uuid, &binary16, ROW(.swapped = 1), UUID(UUID_BYTES),
     BIN(UUID_BYTES), false},
    {"a uuid's text when told", &uuid, &varchar, KIND("text"), UUID(UUID_BYTES),
     TXT("01234567-89ab-cdef-0123-456789abcdef"), true},
};

static const struct row bits_rows[] = {
    {"a zero more", &bit10, &bit10, PLAIN, BITS(3, "\x40"), BITS(4, "\x40"), false},
    {"other bits", &bit10, &bit10, PLAIN, BITS(10, "\x80\x40"), BITS(10, "\x80\x80"), false},
    {"same bits", &bit10, &bit10, PLAIN, BITS(10, "\x80\x40"), BITS(10, "\x80\x40"), true},
    {"padding is not looked at", &bit10, &bit10, PLAIN, BITS(10, "\x80\x7f"), BITS(10, "\x80\x40"),
     true},
    {"bits in text", &bit10, &varchar, KIND("bits"), BITS(10, "\x80\x40"), TXT("1000000001"), true},
};

#define WORDS(...)                                                                                 \
    ARRAY(SIZES(sizeof((struct cell[]){__VA_ARGS__}) / sizeof(struct cell)), CELLS(__VA_ARGS__))
#define EMPTY ARRAY(.dimension_count = 0)
static const struct row set_rows[] = {
    {"'' is not a member ''", &set, &text_array, PLAIN, TXT(""), WORDS(TXT("")), false},
    {"a comma in a member", &set, &text_array, PLAIN, TXT("a,b"), WORDS(TXT("a,b")), false},
    {"a NULL member", &set, &text_array, PLAIN, TXT(""), WORDS(NUL), false},
    {"a member less", &set, &set, PLAIN, TXT("a,b"), TXT("a"), false},
    {"a set is no text in braces", &set, &varchar, PLAIN, TXT("a"), TXT("{a}"), false},
    {"order", &set, &set, PLAIN, TXT("z,x"), TXT("x,z"), true},
    {"an array", &set, &text_array, PLAIN, TXT("x,z"), WORDS(TXT("z"), TXT("x")), true},
    {"the empty array", &set, &text_array, PLAIN, TXT(""), EMPTY, true},
    {"comma text", &set, &varchar, PLAIN, TXT("x,z"), TXT("z,x"), true},
    {"a JSON array when told", &set, &varchar, KIND("set"), TXT("x,z"), TXT("[\"z\", \"x\"]"),
     true},
    {"PostgreSQL's text when told", &set, &varchar, KIND("set"), TXT("x,z"), TXT("{z,x}"), true},
    {"another separator", &set, &varchar, KIND("set", .separator = "; "), TXT("x,z"), TXT("z; x"),
     true},
};

static const struct row array_rows[] = {
    {"NULL is not \"NULL\"", &text_array, &text_array, PLAIN, WORDS(NUL), WORDS(TXT("NULL")),
     false},
    {"order counts", &int_array, &int_array, PLAIN, WORDS(INT(1), INT(2)), WORDS(INT(2), INT(1)),
     false},
    {"empty is not NULL", &int_array, &int_array, PLAIN, EMPTY, NUL, false},
    {"empty is not {''}", &text_array, &text_array, PLAIN, EMPTY, WORDS(TXT("")), false},
    {"dimensions count", &int_array, &int_array, PLAIN, ARRAY(SIZES(1, 2), CELLS(INT(1), INT(2))),
     WORDS(INT(1), INT(2)), false},
    {"elements do not run together", &text_array, &text_array, PLAIN, WORDS(TXT("ab"), TXT("c")),
     WORDS(TXT("a"), TXT("bc")), false},
    {"int beside numeric elements", &int_array, &numeric_array, PLAIN, WORDS(INT(1), NUL),
     WORDS(DEC("1.0"), NUL), true},
    {"packed text", &varchar, &text_array, KIND("array", .separator = "|"), TXT("a||b"),
     WORDS(TXT("a"), TXT(""), TXT("b")), true},
    {"packed numbers", &varchar, &int_array, KIND("array", .separator = ","), TXT("1,2"),
     WORDS(INT(1), INT(2)), true},
    {"packed ''", &varchar, &text_array, KIND("array", .separator = "|"), TXT(""), EMPTY, true},
    {"PostgreSQL's text", &varchar, &text_array, KIND("array"),
     TXT("{a,\"b \\\"c\",NULL,\"NULL\"}"), WORDS(TXT("a"), TXT("b \"c"), NUL, TXT("NULL")), true},
    {"nested text", &varchar, &int_array, KIND("array"), TXT("[0:1][1:1]={{1},{2}}"),
     ARRAY(SIZES(2, 1), CELLS(INT(1), INT(2))), true},
    {"{}", &varchar, &int_array, KIND("array"), TXT("{}"), EMPTY, true},
    {"no rectangle", &varchar, &int_array, KIND("array"), TXT("{{1},{2,3}}"), EMPTY, false},
    {"JSON", &json, &text_array, KIND("array"), TXT("[\"a\\n\", null, \"\"]"),
     WORDS(TXT("a\n"), NUL, TXT("")), true},
    {"nested JSON", &json, &int_array, KIND("array"), TXT("[[1,2],[3,4]]"),
     ARRAY(SIZES(2, 2), CELLS(INT(1), INT(2), INT(3), INT(4))), true},
    {"a JSON number is no text", &json, &text_array, KIND("array"), TXT("[1]"), WORDS(TXT("1")),
     false},
    {"a JSON true is not 1", &json, &int_array, KIND("array"), TXT("[true]"), WORDS(INT(1)), false},
    {"a boolean as a number when told", &boolean, &decimal, KIND("number"), TRUE_, DEC("1.0"),
     true},
    {"a JSON object is no text", &json, &text_array, KIND("array"), TXT("[{}]"), WORDS(TXT("{}")),
     false},
    {"a JSON string is no object", &json, &json_array, KIND("array"), TXT("[\"{}\"]"),
     WORDS(TXT("{}")), false},
    {"JSON elements", &json, &json_array, KIND("array"), TXT("[{\"a\":[1]},[2]]"),
     WORDS(TXT("{\"a\": [1]}"), TXT("[2]")), true},
};

static const struct row interval_rows[] = {
    {"a day is not 24 hours", &interval, &interval, PLAIN, SPAN(0, 1, 0), SPAN(0, 0, 24 * H),
     false},
    {"a month is not 30 days", &interval, &interval, PLAIN, SPAN(1, 0, 0), SPAN(0, 30, 0), false},
    {"the same", &interval, &interval, PLAIN, SPAN(14, -3, 5), SPAN(14, -3, 5), true},
    {"PostgreSQL's text", &interval, &varchar, KIND("interval"), SPAN(14, -3, -(4 * H + 500000)),
     TXT("1 year 2 mons -3 days -04:00:00.5"), true},
    {"ISO 8601", &interval, &varchar, KIND("interval"), SPAN(14, -3, 4 * H + 500000),
     TXT("P1Y2M-3DT4H0.5S"), true},
    {"half a day", &interval, &varchar, KIND("interval"), SPAN(0, 0, 12 * H), TXT("P0.5D"), false},
};

static const struct row inet_rows[] = {
    {"another prefix", &inet, &inet, PLAIN, INET(8, "\x0a\0\0\0"), INET(32, "\x0a\0\0\0"), false},
    {"mapped is not plain", &inet, &varchar, PLAIN, INET(32, "\x0a\0\0\1"), TXT("::ffff:10.0.0.1"),
     false},
    {"/32 is none", &inet, &varchar, PLAIN, INET(32, "\x0a\0\0\1"), TXT("10.0.0.1"), true},
    {"a network", &inet, &varchar, PLAIN, INET(8, "\x0a\0\0\0"), TXT("10.0.0.0/8"), true},
    {"IPv6 spellings", &inet, &varchar, PLAIN, INET(128, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1"),
     TXT("FE80:0::0001"), true},
    {"no address", &inet, &varchar, PLAIN, INET(32, "\x0a\0\0\1"), TXT("10.1"), false},
};

#define LE_POINT "\1\1\0\0\0\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\x40"
#define BE_POINT "\0\0\0\0\1\x3f\xf0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0"
static const struct row geometry_rows[] = {
    {"another SRID", &geometry, &geometry, PLAIN, WKB(4326, LE_POINT), WKB(0, LE_POINT), false},
    {"byte order", &geometry, &geometry, PLAIN, WKB(4326, LE_POINT), WKB(4326, BE_POINT), true},
    {"mixed byte orders in a collection", &geometry, &geometry, PLAIN,
     WKB(0, "\1\7\0\0\0\1\0\0\0" BE_POINT), WKB(0, "\0\0\0\0\7\0\0\0\1" LE_POINT), true},
    {"EWKB's SRID", &geometry, &geometry, PLAIN,
     WKB(0, "\1\1\0\0\x20\xe6\x10\0\0\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\x40"), WKB(4326, LE_POINT),
     true},
    {"EWKB's Z is ISO's", &geometry, &geometry, PLAIN,
     WKB(0, "\1\1\0\0\x80\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0\0"),
     WKB(0, "\1\xe9\3\0\0\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0\0"), true},
    {"broken beside broken", &geometry, &geometry, PLAIN, WKB(1, "\1\1\0"), WKB(2, "\1\1\0"),
     false},
    {"something behind it", &geometry, &geometry, PLAIN, WKB(0, LE_POINT "\0"), WKB(0, LE_POINT),
     false},
};

/* ---- Running them ------------------------------------------------------------------------------
 */

static struct column_options exchanged(struct column_options options)
{
    const char *zone = options.zone[SOURCE];
    options.zone[SOURCE] = options.zone[TARGET];
    options.zone[TARGET] = zone;
    return options;
}

static struct value encoded(const struct canon *canon, enum side side, const struct cell *cell,
                            struct buffer *out)
{
    struct value value;
    canon_cell(canon, side, cell, out);
    const unsigned char *place = out->data;
    assert_true(value_read(&place, out->data + out->length, &value));
    assert_ptr_equal(place, out->data + out->length);
    return value;
}

static bool are_equal(const struct canon *canon, const struct cell cells[SIDES])
{
    struct buffer source = BUFFER_INIT(BUFFER_NO_LIMIT), target = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct value s = encoded(canon, SOURCE, &cells[SOURCE], &source);
    struct value t = encoded(canon, TARGET, &cells[TARGET], &target);
    bool alike =
        source.length == target.length && memcmp(source.data, target.data, source.length) == 0;
    bool equal = canon_equal(canon, &s, &t);
    if (!canon_is_lenient(canon))
        assert_int_equal(alike, equal);
    assert_true(equal || !alike);
    buffer_free(&source);
    buffer_free(&target);
    return equal;
}

static void check_rows(const struct row *rows, size_t count)
{
    size_t wrong = 0;
    for (size_t i = 0; i < 2 * count; i++) {
        const struct row *row = &rows[i / 2];
        bool back = i % 2;
        const struct type *source = back ? row->target : row->source;
        const struct type *target = back ? row->source : row->target;
        struct column_options options = back ? exchanged(row->options) : row->options;
        struct cell cells[SIDES] = {back ? row->target_cell : row->source_cell,
                                    back ? row->source_cell : row->target_cell};
        struct buffer why = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct canon canon;
        struct err err;
        bool chosen = canon_choose(source, target, &options, &canon, &why, &err);
        const char *problem = !chosen                                  ? err.text
                              : canon.kind == KIND_NONE                ? (char *)why.data
                              : are_equal(&canon, cells) != row->equal ? "the wrong verdict"
                                                                       : NULL;
        if (problem) {
            print_error("%s%s: %s\n", row->says, back ? " (back)" : "", problem);
            wrong++;
        }
        buffer_free(&why);
    }
    assert_int_equal(wrong, 0);
}

#define ROWS_TEST(name, rows)                                                                      \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        check_rows(rows, sizeof(rows) / sizeof *(rows));                                           \
    }
ROWS_TEST(null_equals_null_and_nothing_else, null_rows)
ROWS_TEST(booleans_have_the_same_truth, bool_rows)
ROWS_TEST(numbers_are_equal_when_their_mathematical_value_is, number_rows)
ROWS_TEST(floats_are_equal_at_the_narrower_width, float_rows)
ROWS_TEST(texts_are_equal_character_by_character, text_rows)
ROWS_TEST(bytes_are_equal_byte_by_byte, bytes_rows)
ROWS_TEST(dates_are_days_and_impossible_dates_are_themselves, date_rows)
ROWS_TEST(times_are_signed_durations, time_rows)
ROWS_TEST(datetimes_and_instants_are_equal_to_the_microsecond, datetime_rows)
ROWS_TEST(local_times_are_read_in_their_zone, zone_rows)
ROWS_TEST(json_is_equal_by_value, json_rows)
ROWS_TEST(uuids_are_equal_in_any_spelling, uuid_rows)
ROWS_TEST(bit_strings_have_the_same_bits, bits_rows)
ROWS_TEST(sets_have_the_same_members, set_rows)
ROWS_TEST(arrays_are_equal_element_by_element, array_rows)
ROWS_TEST(intervals_keep_months_days_and_microseconds_apart, interval_rows)
ROWS_TEST(addresses_are_equal_with_their_prefix, inet_rows)
ROWS_TEST(geometries_are_equal_in_any_byte_order, geometry_rows)

static void numbers_do_not_depend_on_the_locale(void **state)
{
    (void)state;
    const char *locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"};
    for (size_t i = 0; i < 3; i++) {
        if (!setlocale(LC_ALL, locales[i]))
            continue;
        check_rows(float_rows, sizeof float_rows / sizeof *float_rows);
        check_rows(number_rows, sizeof number_rows / sizeof *number_rows);
    }
    setlocale(LC_ALL, "C");
}

static void a_float_and_its_decimal_text_meet_at_every_width(void **state)
{
    (void)state;
    struct column_options options = PLAIN;
    struct canon wide, narrow;
    struct err err;
    struct buffer why = BUFFER_INIT(BUFFER_NO_LIMIT);
    assert_true(canon_choose(&double_, &decimal, &options, &wide, &why, &err));
    assert_true(canon_choose(&real, &decimal, &options, &narrow, &why, &err));
    uint64_t seed = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        double d;
        float f;
        uint32_t low = (uint32_t)seed;
        char text[64];
        memcpy(&d, &seed, sizeof d);
        memcpy(&f, &low, sizeof f);
        if (!isfinite(d) || !isfinite(f) || f == 0 || d == 0)
            continue;
        int length = snprintf(text, sizeof text, "%.17g", d);
        struct cell wide_cells[] = {
            DBL(d),
            {.form = CELL_DECIMAL, .bytes = (unsigned char *)text, .length = (size_t)length}};
        assert_true(are_equal(&wide, wide_cells));
        length = snprintf(text, sizeof text, "%.9g", (double)f);
        struct cell narrow_cells[] = {
            {.form = CELL_FLOAT, .d = (double)f},
            {.form = CELL_DECIMAL, .bytes = (unsigned char *)text, .length = (size_t)length}};
        assert_true(are_equal(&narrow, narrow_cells));
    }
    buffer_free(&why);
}

static void sets_and_arrays_of_any_size_are_read(void **state)
{
    (void)state;
    struct column_options options = PLAIN;
    struct canon canon;
    struct err err;
    struct buffer why = BUFFER_INIT(BUFFER_NO_LIMIT), up = BUFFER_INIT(BUFFER_NO_LIMIT),
                  down = BUFFER_INIT(BUFFER_NO_LIMIT);
    assert_true(canon_choose(&varchar, &set, &options, &canon, &why, &err));
    for (int i = 0; i < 300; i++) {
        buffer_printf(&up, "%sm%d", i ? "," : "", i);
        buffer_printf(&down, "%sm%d", i ? "," : "", 299 - i);
    }
    struct cell cells[] = {{.form = CELL_TEXT, .bytes = up.data, .length = up.length},
                           {.form = CELL_TEXT, .bytes = down.data, .length = down.length}};
    assert_true(are_equal(&canon, cells));
    cells[TARGET].length--;
    assert_false(are_equal(&canon, cells));
    buffer_free(&why);
    buffer_free(&up);
    buffer_free(&down);
}

static void a_full_buffer_is_never_written_beyond(void **state)
{
    (void)state;
    static const struct row *const groups[] = {array_rows,    set_rows,  json_rows,
                                               geometry_rows, bits_rows, number_rows};
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        for (size_t most = 0; most < 40; most++) {
            struct buffer out = BUFFER_INIT(most), why = BUFFER_INIT(BUFFER_NO_LIMIT);
            struct canon canon;
            struct err err;
            const struct row *row = &groups[g][most % 5];
            assert_true(canon_choose(row->source, row->target, &row->options, &canon, &why, &err));
            canon_cell(&canon, SOURCE, &row->source_cell, &out);
            assert_true(out.length <= most);
            buffer_free(&out);
            buffer_free(&why);
        }
    }
}

/* ---- Choosing ----------------------------------------------------------------------------------
 */

struct choice_row {
    const struct type *source, *target;
    struct column_options options;
    enum kind kind;
    const char *why; /* a part of it; of the error when kind is KINDS */
};

static const struct choice_row choice_rows[] = {
    {&varchar, &decimal, PLAIN, KIND_NONE, "varchar beside decimal: only the mapping's kind"},
    {&varchar, &decimal, PLAIN, KIND_NONE, "(kind: bool, number, float, date, datetime, instant)"},
    {&varbinary, &varchar, PLAIN, KIND_NONE, "only the mapping's kind"},
    {&date, &datetime, PLAIN, KIND_NONE, "only the mapping's kind"},
    {&date, &geometry, PLAIN, KIND_NONE, "nothing in common"},
    {&unknown, &unknown, PLAIN, KIND_NONE, "cannot be compared"},
    {&macaddr, &tsvector, PLAIN, KIND_NONE, "only the mapping's kind"},
    {&uuid, &varbinary, PLAIN, KIND_NONE, "only the mapping's kind"},
    {&int_array, &text_array, PLAIN, KIND_NONE, "only the mapping's kind"},
    {&varchar, &varchar, KIND("none"), KIND_NONE, "as the mapping says"},
    {&varchar, &varchar, KIND("boolean"), KINDS, "did you mean \"bool\"?"},
    {&varchar, &varchar, KIND("colour"), KINDS, "kinds are bool, "},
    {&bigint, &geometry, KIND("geometry"), KINDS,
     "bigint beside geometry cannot be compared as kind geometry"},
    {&double_, &decimal, KIND("number"), KINDS, "cannot be compared as kind number"},
    {&varchar, &geometry_array, KIND("array"), KINDS, "cannot be compared as kind array"},
    {&varchar, &varchar, ABS("1"), KINDS, "tolerance is for numbers"},
    {&decimal, &decimal, ULP("1"), KINDS, "tolerance is for numbers"},
    {&decimal, &decimal, SECONDS("1"), KINDS, "seconds for times"},
    {&datetime, &datetime, ABS("1"), KINDS, "seconds for times"},
    {&datetime, &datetime, SECONDS("31622401"), KINDS, "not a number from 0 to 31622400"},
    {&decimal, &decimal, ABS("-1"), KINDS, "not a number of 0 or more"},
    {&decimal, &decimal, ABS("x"), KINDS, "not a number of 0 or more"},
    {&double_, &double_, DIGITS("18"), KINDS, "from 1 to 17"},
    {&double_, &double_, ULP("1.5"), KINDS, "not a whole number"},
    {&varchar, &varchar, PRECISION(0), KINDS, "precision is for times"},
    {&datetime, &datetime, PRECISION(7), KINDS, "not between 0 and 6"},
    {&varchar, &varchar, ROW(.swapped = 1), KINDS, "swapped is for"},
    {&varchar, &varchar, ROW(.zero_date_null = 1), KINDS, "zero_date is for"},
    {&varchar, &varchar, ROW(.strip_zero_padding = 1), KINDS, "strip_zero_padding is for"},
    {&varchar, &varchar, ROW(.separator = ","), KINDS, "separator is for"},
    {&varchar, &varchar, KIND("array", .separator = ""), KINDS, "must not be empty"},
    {&instant, &instant, IN("Europe/Berlin"), KINDS, "a zone is for"},
    {&datetime, &datetime, IN("Europe/Berlin"), KINDS, "a zone is for"},
    {&datetime, &instant, IN("Europe/Berlln"), KINDS, "no time zone \"Europe/Berlln\""},
    {&datetime, &instant, ROW(.zone = {NULL, "Europe/Berlin"}), KINDS, "a zone is for"},
    {&datetime, &datetime, ROW(.zone = {"Europe/Berlin", NULL}), KIND_INSTANT,
     "source read in Europe/Berlin (a time that its clocks showed twice as either), target read as "
     "UTC"},
    {&tinyint1, &boolean, PLAIN, KIND_BOOL, "tinyint(1) beside boolean"},
    {&datetime, &instant, PLAIN, KIND_INSTANT, "source read as UTC"},
    {&real, &double_, PLAIN, KIND_FLOAT, "at 4 bytes"},
    {&binary14, &instant, TOLD("+02:00"), KIND_INSTANT, "source read in +02:00"},
    {&varchar, &int_array, KIND("array", .separator = ";"), KIND_ARRAY,
     "elements compared as number, packed text split at \";\""},
};

static void every_pair_has_a_kind_or_a_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof choice_rows / sizeof *choice_rows; i++) {
        const struct choice_row *row = &choice_rows[i];
        struct buffer why = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct canon canon;
        struct err err = {0};
        bool chosen = canon_choose(row->source, row->target, &row->options, &canon, &why, &err);
        const char *said = chosen ? (char *)why.data : err.text;
        if (chosen != (row->kind != KINDS) || (chosen && canon.kind != row->kind) ||
            !strstr(said, row->why))
            fail_msg("%s beside %s: %s (kind %s)", row->source->name, row->target->name, said,
                     chosen ? kind_name(canon.kind) : "-");
        if (!chosen)
            assert_int_equal(err.code, ERR_USAGE);
        buffer_free(&why);
    }
}

static void options_of_a_general_rule_can_be_dropped(void **state)
{
    (void)state;
    struct column_options options =
        PRECISION(0, .kind = "geometry", .zone_any = "UTC", .swapped = 1, .separator = ",",
                  .tolerance = TOLERANCE_ABS, .tolerance_amount = "1", .zero_date_null = 1,
                  .strip_zero_padding = 1);
    unsigned misfits = canon_misfits(&datetime, &datetime, &options);
    assert_int_equal(misfits, CANON_KIND | CANON_ZONE | CANON_SWAPPED | CANON_SEPARATOR |
                                  CANON_TOLERANCE | CANON_STRIP);
    canon_drop_options(&options, misfits);
    assert_int_equal(canon_misfits(&datetime, &datetime, &options), 0);
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct canon canon;
    struct err err;
    assert_true(canon_choose(&datetime, &datetime, &options, &canon, &text, &err));
    buffer_clear(&text);
    canon_describe_leniency(&canon, &text);
    assert_string_equal((char *)text.data, "precision 0, zero dates are NULL");
    buffer_free(&text);
}

static void kinds_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        enum kind kind = KINDS;
        assert_true(kind_from_name(kind_name((enum kind)i), &kind));
        assert_int_equal(kind, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_equals_null_and_nothing_else),
        cmocka_unit_test(booleans_have_the_same_truth),
        cmocka_unit_test(numbers_are_equal_when_their_mathematical_value_is),
        cmocka_unit_test(floats_are_equal_at_the_narrower_width),
        cmocka_unit_test(texts_are_equal_character_by_character),
        cmocka_unit_test(bytes_are_equal_byte_by_byte),
        cmocka_unit_test(dates_are_days_and_impossible_dates_are_themselves),
        cmocka_unit_test(times_are_signed_durations),
        cmocka_unit_test(datetimes_and_instants_are_equal_to_the_microsecond),
        cmocka_unit_test(local_times_are_read_in_their_zone),
        cmocka_unit_test(json_is_equal_by_value),
        cmocka_unit_test(uuids_are_equal_in_any_spelling),
        cmocka_unit_test(bit_strings_have_the_same_bits),
        cmocka_unit_test(sets_have_the_same_members),
        cmocka_unit_test(arrays_are_equal_element_by_element),
        cmocka_unit_test(intervals_keep_months_days_and_microseconds_apart),
        cmocka_unit_test(addresses_are_equal_with_their_prefix),
        cmocka_unit_test(geometries_are_equal_in_any_byte_order),
        cmocka_unit_test(numbers_do_not_depend_on_the_locale),
        cmocka_unit_test(a_float_and_its_decimal_text_meet_at_every_width),
        cmocka_unit_test(sets_and_arrays_of_any_size_are_read),
        cmocka_unit_test(a_full_buffer_is_never_written_beyond),
        cmocka_unit_test(every_pair_has_a_kind_or_a_reason),
        cmocka_unit_test(options_of_a_general_rule_can_be_dropped),
        cmocka_unit_test(kinds_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
