/*
 * Canonical values: equal numbers have equal bytes whoever wrote them, unequal ones never do, what
 * was written reads back, and the print says what a person expects.
 */
#include "../../diff/base/memory.h"
#include "../../diff/value.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct buffer decimal(const char *text)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    assert_true(value_add_decimal(&out, text, strlen(text)));
    assert_false(buffer_overflowed(&out));
    return out;
}

static struct value only_value(const struct buffer *encoded)
{
    const unsigned char *place = encoded->data, *end = encoded->data + encoded->length;
    struct value value;
    assert_true(value_read(&place, end, &value));
    assert_ptr_equal(place, end);
    assert_int_equal(value.encoding_length, encoded->length);
    return value;
}

static bool same(const struct buffer *one, const struct buffer *other)
{
    return one->length == other->length && memcmp(one->data, other->data, one->length) == 0;
}

static void check_print(const struct buffer *encoded, size_t most, const char *expected)
{
    struct value value = only_value(encoded);
    struct buffer text = BUFFER_INIT(1 << 20);
    value_print(&text, &value, most);
    assert_string_equal((const char *)text.data, expected);
    buffer_free(&text);
}

/* ---- numbers ---- */

static void spellings_of_one_number_are_equal_and_of_two_numbers_are_not(void **state)
{
    (void)state;
    /* Each row is one number in several spellings. */
    static const char *const rows[][6] = {
        {"0", "-0", "0.000", "0e5", "+.0", "0e99999999999999999999"},
        {"1", "1.0", "+1", "10e-1", "0.1e1", "0001."},
        {"-1", "-1.00", "-0.01e2"},
        {"1.1", "1.10", "11e-1", "0.0011E+3", "1.1000000000000000000000"},
        {"100", "1e2", "1E+2", "100.0", "0.1e0000000000000000000003"},
        {"9007199254740992", "9007199254740992.0"},
        {"9007199254740993", "9007199254740993.0"},
        {"9223372036854775807", "9223372036854775807.0", "+9223372036854775.807e3"},
        {"-9223372036854775808", "-9223372036854775808.00", "-92233720368547758080e-1"},
        {"9223372036854775808", "9223372036854775808.0"},
        {"-9223372036854775809"},
        {"18446744073709551615", "18446744073709551615.0", "1844674407370955161.5e1"},
        {"18446744073709551616"},
        {"999999999999999999", "999999999999999999.0"},
        {"1000000000000000000", "1e18"},
        {"10000000000000000000", "1e19", "10000000000000000000.000"},
        {"0.123456789012345678", "0.1234567890123456780", "123456789012345678e-18"},
        {"0.1234567890123456789", "1234567890123456789e-19"},
        {"1e400", "10e399", "0.00001e405"},
        {"1e401"},
        {"1e-16383", "0.1e-16382"},
        {"1e1000000000", "0.1e1000000001", "10e999999999"},
        {"12345678901234567890123456789012345678901234567890123456789012345"},
        {"12345678901234567890123456789012345678901234567890123456789012346",
         "12345678901234567890123456789012345678901234567890123456789.012346e6"},
        {"NaN", "nan", "NAN"},
        {"Infinity", "inf", "+Infinity", "+INF", "infinity"},
        {"-Infinity", "-inf", "-INFINITY"},
    };
    struct buffer first[COUNT(rows)];
    for (size_t i = 0; i < COUNT(rows); i++) {
        first[i] = decimal(rows[i][0]);
        for (size_t j = 1; j < COUNT(rows[i]) && rows[i][j]; j++) {
            struct buffer other = decimal(rows[i][j]);
            if (!same(&first[i], &other))
                fail_msg("%s and %s differ", rows[i][0], rows[i][j]);
            buffer_free(&other);
        }
        for (size_t j = 0; j < i; j++)
            if (same(&first[i], &first[j]))
                fail_msg("%s and %s are the same", rows[i][0], rows[j][0]);
    }
    for (size_t i = 0; i < COUNT(rows); i++)
        buffer_free(&first[i]);
}

static void text_that_is_no_number_is_refused_and_nothing_written(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        " 1",
        "1 ",
        "-",
        "+",
        ".",
        "-.",
        "e5",
        "1e",
        "1e+",
        "1.2.3",
        "0x10",
        "1e5.0",
        "--1",
        "1e5x",
        "+-1",
        "na",
        "in",
        "1,5",
        "-nan",
        "infinit",
        "1_000",
        "1e1000000001",
        "10e1000000000",
        "1e-1000000001",
        "1e99999999999999999999",
        "\xd9\xa1",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer out = BUFFER_INIT(100);
        buffer_add_text(&out, "before");
        if (value_add_decimal(&out, rows[i], strlen(rows[i])))
            fail_msg("'%s' was taken for a number", rows[i]);
        assert_string_equal((const char *)out.data, "before");
        buffer_free(&out);
    }
}

static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);

static unsigned random_below(unsigned limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % limit;
}

/* The value of base-10000 groups as plain text, by the definition. */
static void spell_groups(struct buffer *text, bool negative, int weight, size_t count,
                         const unsigned char *digits)
{
    buffer_clear(text);
    buffer_add_text(text, negative ? "-" : "");
    if (weight < 0)
        buffer_add_text(text, "0");
    for (int place = weight < 0 ? -1 : weight; place >= 0 || weight - place < (int)count; place--) {
        int i = weight - place; /* which group stands at 10000^place */
        unsigned group =
            i >= 0 && i < (int)count ? (unsigned)digits[2 * i] << 8 | digits[2 * i + 1] : 0;
        if (place == -1)
            buffer_add_text(text, ".");
        buffer_printf(text, "%04u", group);
    }
}

static void compare_both_ways(bool negative, int weight, size_t count, const unsigned char *digits)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT), groups = BUFFER_INIT(BUFFER_NO_LIMIT);
    spell_groups(&text, negative, weight, count, digits);
    struct buffer spelled = decimal((const char *)text.data);
    value_add_base10000(&groups, negative, weight, count, digits);
    if (!same(&spelled, &groups))
        fail_msg("groups and text differ: %.200s (weight %d, %zu groups)", (char *)text.data,
                 weight, count);
    (void)only_value(&groups);
    buffer_free(&text);
    buffer_free(&groups);
    buffer_free(&spelled);
}

static void base_10000_and_text_give_the_same_bytes(void **state)
{
    (void)state;
    static const unsigned interesting[] = {0, 0, 1, 9, 10, 100, 999, 1000, 1010, 9000, 9999, 922};
    unsigned char digits[2 * 24];
    for (int round = 0; round < 40000; round++) {
        size_t count = random_below(round % 4 ? 7 : 24);
        for (size_t i = 0; i < count; i++) {
            unsigned group = random_below(3) ? random_below(10000)
                                             : interesting[random_below(COUNT(interesting))];
            digits[2 * i] = (unsigned char)(group >> 8);
            digits[2 * i + 1] = (unsigned char)group;
        }
        compare_both_ways(random_below(2), (int)random_below(14) - 6, count, digits);
    }
}

static void base_10000_meets_the_limits_of_int64_exactly(void **state)
{
    (void)state;
    /* 9223372036854775807, …808, …809 and 18446744073709551615 */
    static const unsigned char rows[][10] = {
        {0x03, 0x9a, 0x0d, 0x2c, 0x01, 0x70, 0x21, 0x5b, 0x16, 0xaf},
        {0x03, 0x9a, 0x0d, 0x2c, 0x01, 0x70, 0x21, 0x5b, 0x16, 0xb0},
        {0x03, 0x9a, 0x0d, 0x2c, 0x01, 0x70, 0x21, 0x5b, 0x16, 0xb1},
        {0x07, 0x34, 0x1a, 0x58, 0x02, 0xe1, 0x1b, 0xc3, 0x06, 0x4f},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        compare_both_ways(false, 4, 5, rows[i]);
        compare_both_ways(true, 4, 5, rows[i]);
    }
}

static void the_longest_numbers_of_both_engines_keep_every_digit(void **state)
{
    (void)state;
    enum {
        WHOLE = 32768,
        FRACTION = 4096
    }; /* groups: 131072 digits before the point, 16383 behind */
    unsigned char *digits = mem_zero(WHOLE + FRACTION, 2);
    for (size_t i = 0; i < WHOLE + FRACTION; i++) {
        digits[2 * i] = 0x27;
        digits[2 * i + 1] = 0x0f;
    }
    compare_both_ways(true, WHOLE - 1, WHOLE + FRACTION, digits);
    struct buffer one = BUFFER_INIT(BUFFER_NO_LIMIT), other = BUFFER_INIT(BUFFER_NO_LIMIT);
    value_add_base10000(&one, true, WHOLE - 1, WHOLE + FRACTION, digits);
    digits[2 * (WHOLE + FRACTION) - 1] = 0x0e;
    value_add_base10000(&other, true, WHOLE - 1, WHOLE + FRACTION, digits);
    assert_false(same(&one, &other));
    buffer_free(&one);
    buffer_free(&other);
    /* 1e-16383: group 4096 behind the point holds 10, of 10000^-4096. */
    struct buffer tiny = BUFFER_INIT(100), spelled = decimal("1e-16383");
    value_add_base10000(&tiny, false, -4096, 1, (const unsigned char *)"\0\012");
    assert_true(same(&tiny, &spelled));
    buffer_free(&tiny);
    buffer_free(&spelled);
    free(digits);
}

static void zero_has_neither_weight_nor_sign(void **state)
{
    (void)state;
    struct buffer zero = decimal("0");
    static const int weights[] = {-300, -1, 0, 7, 32767};
    for (size_t i = 0; i < COUNT(weights); i++)
        for (size_t count = 0; count < 3; count++) {
            struct buffer out = BUFFER_INIT(100);
            value_add_base10000(&out, i % 2, weights[i], count, (const unsigned char *)"\0\0\0\0");
            assert_true(same(&zero, &out));
            buffer_free(&out);
        }
    buffer_free(&zero);
}

static void broken_base_10000_digits_equal_no_number(void **state)
{
    (void)state;
    struct buffer one = BUFFER_INIT(100), other = BUFFER_INIT(100);
    value_add_base10000(&one, false, 0, 1, (const unsigned char *)"\x27\x10"); /* 10000 */
    value_add_base10000(&other, false, 1, 1, (const unsigned char *)"\0\1");   /* 1 * 10000 */
    assert_int_equal(only_value(&one).tag, VALUE_RAW);
    assert_int_equal(only_value(&other).tag, VALUE_INT);
    buffer_free(&one);
    buffer_free(&other);
}

static void numbers_become_their_nearest_double(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double number;
    } rows[] = {
        {"0", 0.0},
        {"-1.5", -1.5},
        {"0.1", 0.1},
        {"1e400", HUGE_VAL},
        {"-1e400", -HUGE_VAL},
        {"1e-400", 0.0},
        {"18446744073709551615", 18446744073709551616.0},
        {"9007199254740993", 9007199254740992.0},
        {"9007199254740993.00000000000000000001", 9007199254740994.0},
        {"1e1000000000", HUGE_VAL},
        {"Infinity", HUGE_VAL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer out = decimal(rows[i].text);
        struct value value = only_value(&out);
        assert_true(value_to_double(&value) == rows[i].number);
        buffer_free(&out);
    }
    struct buffer nan_value = decimal("NaN");
    struct value value = only_value(&nan_value);
    assert_true(isnan(value_to_double(&value)));
    buffer_free(&nan_value);
}

static void a_digit_far_behind_a_halfway_point_decides_the_double(void **state)
{
    (void)state;
    struct buffer text = BUFFER_INIT(1 << 20);
    buffer_add_text(&text, "9007199254740993.");
    for (int i = 0; i < 5000; i++)
        buffer_add_byte(&text, '0');
    buffer_add_byte(&text, '1');
    struct buffer out = decimal((const char *)text.data);
    struct value value = only_value(&out);
    assert_true(value_to_double(&value) == 9007199254740994.0);
    buffer_free(&out);
    buffer_free(&text);
}

static void doubles_have_one_zero_and_one_nan(void **state)
{
    (void)state;
    static const struct {
        double one, other;
        bool equal;
    } rows[] = {
        {0.0, -0.0, true}, {1.0, -1.0, false}, {0.1, 0.1 + 1e-18, true}, {0.1, 0.1f, false}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer one = BUFFER_INIT(100), other = BUFFER_INIT(100);
        value_add_double(&one, rows[i].one);
        value_add_double(&other, rows[i].other);
        assert_int_equal(same(&one, &other), rows[i].equal);
        buffer_free(&one);
        buffer_free(&other);
    }
    struct buffer one = BUFFER_INIT(100), other = BUFFER_INIT(100);
    value_add_double(&one, (double)NAN);
    value_add_double(&other, -(double)NAN);
    assert_true(same(&one, &other));
    buffer_free(&one);
    buffer_free(&other);
}

/* ---- encodings ---- */

static void fields_cannot_flow_into_each_other(void **state)
{
    (void)state;
    struct buffer one = BUFFER_INIT(100), other = BUFFER_INIT(100);
    value_add_blob(&one, VALUE_TEXT, "a|b", 3);
    value_add_blob(&one, VALUE_TEXT, "c", 1);
    value_add_blob(&other, VALUE_TEXT, "a", 1);
    value_add_blob(&other, VALUE_TEXT, "b|c", 3);
    assert_false(same(&one, &other));
    buffer_free(&one);
    buffer_free(&other);
}

static void damaged_bytes_are_not_a_value(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
    } rows[] = {
        {"", 0},
        {"\x7f", 1},
        {"\x01", 1},                                    /* bool without its byte */
        {"\x01\x02", 2},                                /* neither true nor false */
        {"\x02\0\0\0\0\0\0\0", 8},                      /* one byte short */
        {"\x0b\x05\0\0\0abcd", 9},                      /* text shorter than it says */
        {"\x0b\x05\0", 3},                              /* its length cut */
        {"\x0b\xff\xff\xff\xff", 5},                    /* 4 GB of text */
        {"\x0e\x05\0\0\0\x09\0\0\0\x80", 10},           /* nine bits in one byte */
        {"\x12\x06\0\0\0\x05\x20\x01\x02\x03\x04", 11}, /* address family 5 */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const unsigned char *bytes = (const unsigned char *)rows[i].bytes, *place = bytes;
        struct value value;
        if (value_read(&place, bytes + rows[i].length, &value))
            fail_msg("row %zu was read", i);
        assert_ptr_equal(place, bytes);
    }
}

static void a_writer_that_has_no_room_says_so_and_writes_nothing(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT(4);
    value_add_fixed(&out, VALUE_INT, 1);
    value_add_blob(&out, VALUE_TEXT, "abc", 3);
    (void)!value_add_decimal(&out, "1.5", 3);
    assert_true(buffer_overflowed(&out));
    assert_int_equal(out.length, 0);
    buffer_free(&out);
}

/* ---- dates ---- */

static void civil_days_agree_with_the_calendar(void **state)
{
    (void)state;
    static const struct {
        int64_t year;
        unsigned month, day;
        int64_t days;
    } rows[] = {
        {1970, 1, 1, 0},           {1969, 12, 31, -1},      {2000, 2, 29, 11016},
        {2000, 3, 1, 11017},       {1, 1, 1, -719162},      {0, 2, 29, -719469},
        {-4713, 11, 24, -2440588}, {9999, 12, 31, 2932896}, {5874897, 12, 31, 2145042905},
        {1900, 3, 1, -25508},      {1582, 10, 15, -141427},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t year;
        unsigned month, day;
        assert_int_equal(civil_to_days(rows[i].year, rows[i].month, rows[i].day), rows[i].days);
        civil_from_days(rows[i].days, &year, &month, &day);
        assert_int_equal(year, rows[i].year);
        assert_int_equal(month, rows[i].month);
        assert_int_equal(day, rows[i].day);
    }
}

static void every_day_of_eight_centuries_follows_the_one_before(void **state)
{
    (void)state;
    int64_t days = civil_to_days(-401, 1, 1);
    for (int64_t year = -401; year < 401; year++)
        for (unsigned month = 1; month <= 12; month++)
            for (unsigned day = 1; civil_is_date(year, month, day); day++, days++) {
                int64_t back_year;
                unsigned back_month, back_day;
                assert_true(civil_to_days(year, month, day) == days);
                civil_from_days(days, &back_year, &back_month, &back_day);
                assert_true(back_year == year && back_month == month && back_day == day);
            }
}

static void impossible_dates_are_none(void **state)
{
    (void)state;
    static const struct {
        int64_t year;
        unsigned month, day;
        bool is_date;
    } rows[] = {{2024, 2, 29, true},  {2023, 2, 29, false}, {1900, 2, 29, false},
                {2000, 2, 29, true},  {2024, 0, 1, false},  {2024, 13, 1, false},
                {2024, 4, 31, false}, {2024, 1, 0, false},  {-4, 2, 29, true},
                {0, 2, 29, true},     {0, 0, 0, false}};
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(civil_is_date(rows[i].year, rows[i].month, rows[i].day), rows[i].is_date);
}

/* ---- printing ---- */

static void numbers_print_plainly(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"1.10", "1.1"},
        {"-0", "0"},
        {"-0.005", "-0.005"},
        {"1e20", "100000000000000000000"},
        {"18446744073709551615", "18446744073709551615"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"1234567890123456789012.5", "1234567890123456789012.5"},
        {"11e400", "1.1e+401"},
        {"1e-400", "1e-400"},
        {"nan", "NaN"},
        {"-inf", "-Infinity"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer out = decimal(rows[i][0]);
        check_print(&out, 1000, rows[i][1]);
        buffer_free(&out);
    }
}

static void doubles_print_with_the_digits_that_tell_them_apart(void **state)
{
    (void)state;
    static const struct {
        double number;
        const char *text;
    } rows[] = {{0.1, "0.1"},           {-0.0, "0"},       {0.1f, "0.10000000149011612"},
                {16777216, "16777216"}, {1e300, "1e+300"}, {HUGE_VAL, "Infinity"},
                {(double)NAN, "NaN"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer out = BUFFER_INIT(100);
        value_add_double(&out, rows[i].number);
        check_print(&out, 1000, rows[i].text);
        buffer_free(&out);
    }
}

static void times_print_as_iso_8601(void **state)
{
    (void)state;
    static const struct {
        enum value_tag tag;
        int64_t n;
        const char *text;
    } rows[] = {
        {VALUE_DATE, 0, "1970-01-01"},
        {VALUE_DATE, -719162 - 366, "0000-01-01"},
        {VALUE_DATE, -735233, "-0043-01-01"},
        {VALUE_DATE, 2145042905, "5874897-12-31"},
        {VALUE_TIME, -3020399000000, "-838:59:59"},
        {VALUE_TIME, 1, "00:00:00.000001"},
        {VALUE_DATETIME, 1706695200500000, "2024-01-31 10:00:00.5"},
        {VALUE_INSTANT, -1, "1969-12-31 23:59:59.999999Z"},
        {VALUE_INSTANT, 1706695200000000, "2024-01-31 10:00:00Z"},
        {VALUE_DATE, INT64_MAX, "25252734927768524-07-27"},
        {VALUE_DATE, INT64_MIN, "-25252734927764585-06-07"},
        {VALUE_TIME, INT64_MIN, "-2562047788:00:54.775808"},
        {VALUE_BOOL, 0, NULL},
    };
    for (size_t i = 0; rows[i].text; i++) {
        struct buffer out = BUFFER_INIT(100);
        value_add_fixed(&out, rows[i].tag, rows[i].n);
        check_print(&out, 1000, rows[i].text);
        buffer_free(&out);
    }
}

static void texts_print_on_one_line_and_are_cut_between_characters(void **state)
{
    (void)state;
    static const struct {
        enum value_tag tag;
        const char *bytes;
        size_t length, most;
        const char *text;
    } rows[] = {
        {VALUE_TEXT, "", 0, 10, ""},
        {VALUE_TEXT, "a\\b", 3, 10, "a\\b"},
        {VALUE_TEXT, "a\nb\x7f\xff", 5, 100, "a\\x0ab\\x7f\\xff"},
        {VALUE_TEXT, "a\0b", 3, 100, "a\\x00b"},
        {VALUE_TEXT,
         "\xc2\x9b"
         "31m",
         5, 100, "\\xc2\\x9b31m"},
        {VALUE_TEXT, "\xe2\x80\xae", 3, 100, "\\xe2\\x80\\xae"},
        {VALUE_TEXT, "\xed\xa0\x80", 3, 100, "\\xed\\xa0\\x80"},
        {VALUE_TEXT, "héllo", 6, 6, "héllo"},
        {VALUE_TEXT, "héllo", 6, 5, "héll… (5 characters)"},
        {VALUE_TEXT, "héllo", 6, 2, "h… (5 characters)"},
        {VALUE_TEXT, "😀😀", 8, 7, "😀… (2 characters)"},
        {VALUE_TEXT, "abc", 3, 0, "… (3 characters)"},
        {VALUE_BYTES, "", 0, 10, "0x"},
        {VALUE_BYTES, "\0\xff", 2, 10, "0x00ff"},
        {VALUE_BYTES, "\1\2\3\4", 4, 7, "0x0102… (4 bytes)"},
        {VALUE_SPECIAL, "0000-00-00", 10, 100, "0000-00-00"},
        {VALUE_JSON, "{\"a\":1}", 7, 100, "{\"a\":1}"},
        {VALUE_BITS, "\x0a\0\0\0\xa5\x40", 6, 100, "1010010101"},
        {VALUE_BITS, "\0\0\0\0", 4, 100, ""},
        {VALUE_INET, "\x04\x08\x0a\0\0\1", 6, 100, "10.0.0.1/8"},
        {VALUE_INET, "\x04\x20\x0a\0\0\1", 6, 100, "10.0.0.1"},
        {VALUE_INET, "\x06\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 18, 100, "::1"},
        {VALUE_GEOMETRY, "\xe6\x10\0\0\x01\x02", 6, 100, "SRID=4326;0x0102"},
        {VALUE_ARRAY, "\0\0\0\0", 4, 100, "{}"},
        {VALUE_ARRAY, "\1\0\0\0\3\0\0\0\2", 9, 100, "{?"}, /* damaged: an element is cut */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer out = BUFFER_INIT(100);
        value_add_blob(&out, rows[i].tag, rows[i].bytes, rows[i].length);
        check_print(&out, rows[i].most, rows[i].text);
        buffer_free(&out);
    }
}

static void a_null_element_and_the_text_null_print_differently(void **state)
{
    (void)state;
    struct buffer payload = BUFFER_INIT(1000), out = BUFFER_INIT(1000);
    buffer_add_u32(&payload, 1);
    buffer_add_u32(&payload, 6);
    value_add_blob(&payload, VALUE_TEXT, "a", 1);
    value_add_blob(&payload, VALUE_TEXT, "b c", 3);
    value_add_null(&payload);
    value_add_blob(&payload, VALUE_TEXT, "null", 4);
    value_add_blob(&payload, VALUE_TEXT, "", 0);
    value_add_blob(&payload, VALUE_TEXT, "q\"\\", 3);
    value_add_blob(&out, VALUE_ARRAY, payload.data, payload.length);
    check_print(&out, 1000, "{a,\"b c\",NULL,\"null\",\"\",\"q\\\"\\\\\"}");
    buffer_free(&payload);
    buffer_free(&out);
}

static void nested_dimensions_and_sets_and_intervals_print(void **state)
{
    (void)state;
    struct buffer payload = BUFFER_INIT(1000), out = BUFFER_INIT(1000);
    buffer_add_u32(&payload, 2);
    buffer_add_u32(&payload, 2);
    buffer_add_u32(&payload, 2);
    for (int i = 1; i <= 4; i++)
        value_add_fixed(&payload, VALUE_INT, i);
    value_add_blob(&out, VALUE_ARRAY, payload.data, payload.length);
    check_print(&out, 1000, "{{1,2},{3,4}}");
    buffer_clear(&payload);
    buffer_clear(&out);
    value_add_blob(&payload, VALUE_TEXT, "x", 1);
    value_add_blob(&payload, VALUE_TEXT, "z", 1);
    value_add_blob(&out, VALUE_SET, payload.data, payload.length);
    check_print(&out, 1000, "x,z");
    buffer_clear(&out);
    value_add_interval(&out, 14, -1, 3600000000);
    check_print(&out, 1000, "14 mon -1 days 01:00:00");
    buffer_clear(&out);
    value_add_uuid(&out, (const unsigned char *)"\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67"
                                                "\x89\xab\xcd\xef");
    check_print(&out, 1000, "01234567-89ab-cdef-0123-456789abcdef");
    buffer_free(&payload);
    buffer_free(&out);
}

/* ---- order ---- */

static void numbers_are_ordered_by_what_they_mean(void **state)
{
    (void)state;
    static const char *const ascending[] = {
        "-Infinity",
        "-1e400",
        "-18446744073709551616",
        "-9223372036854775808",
        "-10",
        "-1.5",
        "-1",
        "-0.1",
        "-1e-400",
        "0",
        "1e-400",
        "0.09",
        "0.1",
        "1",
        "1.01",
        "9",
        "10",
        "10.5",
        "11",
        "100",
        "9223372036854775807",
        "9223372036854775807.5",
        "9223372036854775808",
        "18446744073709551615",
        "1e400",
        "1.00000000000000000001e400",
        "Infinity",
        "NaN",
    };
    for (size_t i = 0; i < COUNT(ascending); i++)
        for (size_t j = 0; j < COUNT(ascending); j++) {
            struct buffer one = decimal(ascending[i]), other = decimal(ascending[j]);
            struct value first = only_value(&one), second = only_value(&other);
            int order = value_compare(&first, &second), expected = (i > j) - (i < j);
            if ((order > 0) - (order < 0) != expected)
                fail_msg("%s and %s: %d", ascending[i], ascending[j], order);
            buffer_free(&one);
            buffer_free(&other);
        }
}

static void a_value_is_printed_from_where_it_matters(void **state)
{
    (void)state;
    struct buffer encoded = BUFFER_INIT(BUFFER_NO_LIMIT), text = BUFFER_INIT(BUFFER_NO_LIMIT);
    value_add_blob(&encoded, VALUE_TEXT, "éééabc", 9);
    struct value value;
    const unsigned char *at = encoded.data;
    assert_true(value_read(&at, encoded.data + encoded.length, &value));
    value_print_from(&text, &value, 2, 100);
    assert_string_equal((char *)text.data, "(2 characters) …éabc");
    buffer_clear(&text);
    value_print_from(&text, &value, 3, 2);
    assert_string_equal((char *)text.data, "(3 characters) …ab… (6 characters)");
    buffer_clear(&encoded);
    buffer_clear(&text);
    value_add_blob(&encoded, VALUE_BYTES, "abcd", 4);
    at = encoded.data;
    assert_true(value_read(&at, encoded.data + encoded.length, &value));
    value_print_from(&text, &value, 3, 100);
    assert_string_equal((char *)text.data, "(3 bytes) …0x64");
    buffer_free(&encoded);
    buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_printed_from_where_it_matters),
        cmocka_unit_test(spellings_of_one_number_are_equal_and_of_two_numbers_are_not),
        cmocka_unit_test(text_that_is_no_number_is_refused_and_nothing_written),
        cmocka_unit_test(base_10000_and_text_give_the_same_bytes),
        cmocka_unit_test(base_10000_meets_the_limits_of_int64_exactly),
        cmocka_unit_test(the_longest_numbers_of_both_engines_keep_every_digit),
        cmocka_unit_test(zero_has_neither_weight_nor_sign),
        cmocka_unit_test(broken_base_10000_digits_equal_no_number),
        cmocka_unit_test(numbers_become_their_nearest_double),
        cmocka_unit_test(a_digit_far_behind_a_halfway_point_decides_the_double),
        cmocka_unit_test(doubles_have_one_zero_and_one_nan),
        cmocka_unit_test(fields_cannot_flow_into_each_other),
        cmocka_unit_test(damaged_bytes_are_not_a_value),
        cmocka_unit_test(a_writer_that_has_no_room_says_so_and_writes_nothing),
        cmocka_unit_test(civil_days_agree_with_the_calendar),
        cmocka_unit_test(every_day_of_eight_centuries_follows_the_one_before),
        cmocka_unit_test(impossible_dates_are_none),
        cmocka_unit_test(numbers_print_plainly),
        cmocka_unit_test(doubles_print_with_the_digits_that_tell_them_apart),
        cmocka_unit_test(times_print_as_iso_8601),
        cmocka_unit_test(texts_print_on_one_line_and_are_cut_between_characters),
        cmocka_unit_test(a_null_element_and_the_text_null_print_differently),
        cmocka_unit_test(nested_dimensions_and_sets_and_intervals_print),
        cmocka_unit_test(numbers_are_ordered_by_what_they_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
