/*
 * Canonical JSON: texts that mean the same have one spelling, texts that do not never share it, and
 * what is not JSON is refused, also when it is large or deep.
 */
#include "../../diff/base/memory.h"
#include "../../diff/json_canon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define TEXT(literal) literal, sizeof(literal) - 1

static void check(const char *text, size_t length, const char *expected)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT), again = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add_text(&out, "before ");
    bool valid = json_canon(&out, text, length);
    if (valid != (expected != NULL))
        fail_msg("%.*s was %s", (int)length, text, valid ? "taken" : "refused");
    assert_memory_equal(out.data, "before ", 7);
    assert_string_equal((const char *)out.data + 7, expected ? expected : "");
    if (valid) {
        assert_true(json_canon(&again, (const char *)out.data + 7, out.length - 7));
        assert_string_equal((const char *)again.data, expected);
    }
    buffer_free(&out);
    buffer_free(&again);
}

struct json_case {
    const char *text;
    size_t length;
    const char *canonical; /* NULL: not JSON */
};

static void check_all(const struct json_case *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(rows[i].text, rows[i].length, rows[i].canonical);
}

static void numbers_are_exact_and_have_one_spelling(void **state)
{
    (void)state;
    static const struct json_case rows[] = {
        {TEXT("9007199254740993"), "9007199254740993"}, /* 2^53 + 1 */
        {TEXT("9007199254740992"), "9007199254740992"},
        {TEXT("9007199254740993.0"), "9007199254740993"},
        {TEXT("100"), "100"},
        {TEXT("1e2"), "100"},
        {TEXT("1E+2"), "100"},
        {TEXT("100.0"), "100"},
        {TEXT("0.1e3"), "100"},
        {TEXT("1000000e-4"), "100"},
        {TEXT("1e00000000000000000000000002"), "100"},
        {TEXT("-0"), "0"},
        {TEXT("0.0"), "0"},
        {TEXT("-0.0e-999999999999999999999"), "0"},
        {TEXT("0e999999999999"), "0"},
        {TEXT("1.50"), "1.5"},
        {TEXT("-12.5e-1"), "-1.25"},
        {TEXT("123.456e1"), "1234.56"},
        {TEXT("123.456e3"), "123456"},
        {TEXT("123.456e-2"), "1.23456"},
        {TEXT("123.456e-3"), "0.123456"},
        {TEXT("0.00123e5"), "123"},
        {TEXT("1e20"), "100000000000000000000"},
        {TEXT("1e21"), "1e21"},
        {TEXT("1000000000000000000000"), "1e21"},
        {TEXT("1e-21"), "0.000000000000000000001"},
        {TEXT("1e-22"), "1e-22"},
        {TEXT("0.0000000000000000000001"), "1e-22"},
        {TEXT("1e400"), "1e400"},
        {TEXT("1.5e400"), "15e399"},
        {TEXT("123456789012345678901234567890.10"), "123456789012345678901234567890.1"},
        {TEXT("1e999999999999"), "1e999999999999"},
        {TEXT("10e999999999998"), "1e999999999999"},
        {TEXT("1e999999999998"), "1e999999999998"},
        {TEXT("1e-999999999999"), "1e-999999999999"},
        {TEXT("1e999999999999999999"), "1e999999999999999999"},
        {TEXT("0.01e1000000000000000001"), "1e999999999999999999"},
        {TEXT("10e999999999999999999"), "1e1000000000000000000"},
        {TEXT("1e1000000000000000000"), "1e1000000000000000000"},
        {TEXT("1e99999999999999999999999999"), "1e99999999999999999999999999"},
        {TEXT("10e99999999999999999999999999"), "1e100000000000000000000000000"},
        {TEXT("0.1e100000000000000000000000000"), "1e99999999999999999999999999"},
        {TEXT("10e-100000000000000000000000000"), "1e-99999999999999999999999999"},
        {TEXT("0.1e-99999999999999999999999999"), "1e-100000000000000000000000000"},
        {TEXT("12.50e-99999999999999999999999999"), "125e-100000000000000000000000000"},
        {TEXT("01"), NULL},
        {TEXT("-01"), NULL},
        {TEXT("+1"), NULL},
        {TEXT(".5"), NULL},
        {TEXT("5."), NULL},
        {TEXT("1.e2"), NULL},
        {TEXT("1e"), NULL},
        {TEXT("1e+"), NULL},
        {TEXT("-"), NULL},
        {TEXT("--1"), NULL},
        {TEXT("0x10"), NULL},
        {TEXT("NaN"), NULL},
        {TEXT("Infinity"), NULL},
        {TEXT("-Infinity"), NULL},
    };
    check_all(rows, COUNT(rows));
}

static void words_numbers_and_strings_stay_apart(void **state)
{
    (void)state;
    static const struct json_case rows[] = {
        {TEXT("true"), "true"},    {TEXT("1"), "1"},
        {TEXT("\"1\""), "\"1\""},  {TEXT("\"true\""), "\"true\""},
        {TEXT("null"), "null"},    {TEXT("\"null\""), "\"null\""},
        {TEXT("false"), "false"},  {TEXT("0"), "0"},
        {TEXT("\"\""), "\"\""},    {TEXT("{}"), "{}"},
        {TEXT("[]"), "[]"},        {TEXT("[{}]"), "[{}]"},
        {TEXT("True"), NULL},      {TEXT("nul"), NULL},
        {TEXT("truefalse"), NULL}, {TEXT("nullx"), NULL},
        {TEXT("undefined"), NULL}, {TEXT(""), NULL},
        {TEXT("   "), NULL},
    };
    check_all(rows, COUNT(rows));
}

static void strings_are_decoded_and_written_with_the_fewest_escapes(void **state)
{
    (void)state;
    static const struct json_case rows[] = {
        {TEXT("\"\\u00e9\""), "\"é\""},
        {TEXT("\"\\u00E9\""), "\"é\""},
        {TEXT("\"é\""), "\"é\""},
        {TEXT("\"e\xcc\x81\""), "\"e\xcc\x81\""}, /* not normalised */
        {TEXT("\"\\ud83d\\ude00\""), "\"😀\""},
        {TEXT("\"\\uD83D\\uDE00\""), "\"😀\""},
        {TEXT("\"\\ud83d\""), "\"\\uD83D\""},
        {TEXT("\"\\ude00\\ud83d\""), "\"\\uDE00\\uD83D\""},
        {TEXT("\"\\ud83d\\ud83d\\ude00\""), "\"\\uD83D😀\""},
        {TEXT("\"\\ud83d\\u0041\""), "\"\\uD83DA\""},
        {TEXT("\"\\ud83d\\n\""), "\"\\uD83D\\u000a\""},
        {TEXT("\"\\\\ud83d\""), "\"\\\\ud83d\""},
        {TEXT("\"\\/\\\"\\\\\""), "\"/\\\"\\\\\""},
        {TEXT("\"\\u002f\\u0022\\u005c\""), "\"/\\\"\\\\\""},
        {TEXT("\"\\b\\f\\n\\r\\t\""), "\"\\u0008\\u000c\\u000a\\u000d\\u0009\""},
        {TEXT("\"\\u0000\\u001F\\u007f\""), "\"\\u0000\\u001f\x7f\""},
        {TEXT("\"\\uffff\""), "\"\xef\xbf\xbf\""},
        {TEXT("\"abcdefgh\\u0069jklmnopqrstuvwxyz\""), "\"abcdefghijklmnopqrstuvwxyz\""},
        {TEXT("\"\n\""), NULL},
        {TEXT("\"abcdefgh\x1f\""), NULL},
        {TEXT("\"a\0b\""), NULL},
        {TEXT("\"\\x41\""), NULL},
        {TEXT("\"\\u12\""), NULL},
        {TEXT("\"\\u12G4\""), NULL},
        {TEXT("\"\\u"), NULL},
        {TEXT("\"\\"), NULL},
        {TEXT("\"\\\""), NULL},
        {TEXT("\"\\\0\""), NULL},
        {TEXT("\"open"), NULL},
        {TEXT("\""), NULL},
        {TEXT("'a'"), NULL},
        {TEXT("\"\xff\""), NULL},
        {TEXT("\"\xc3\""), NULL},
        {TEXT("\"\xc0\xaf\""), NULL},         /* long form of '/' */
        {TEXT("\"\xed\xa0\x80\""), NULL},     /* a surrogate's bytes */
        {TEXT("\"\xf4\x90\x80\x80\""), NULL}, /* U+110000 */
        {TEXT("{\"\xff\":1}"), NULL},
        {TEXT("\xef\xbb\xbf"
              "1"),
         NULL}, /* byte order mark */
    };
    check_all(rows, COUNT(rows));
}

static void members_are_ordered_by_their_decoded_keys(void **state)
{
    (void)state;
    static const struct json_case rows[] = {
        {TEXT("{\"b\":1,\"a\":2}"), "{\"a\":2,\"b\":1}"},
        {TEXT("{\"ab\":1,\"a\":2,\"\":3}"), "{\"\":3,\"a\":2,\"ab\":1}"},
        {TEXT("{\"B\":1,\"a\":2,\"10\":3,\"9\":4}"), "{\"10\":3,\"9\":4,\"B\":1,\"a\":2}"},
        /* '"' is 0x22, '!' 0x21, '#' 0x23, U+001F below all, backslash between '[' and ']' */
        {TEXT("{\"#\":1,\"\\\"\":2,\"!\":3,\"\\u001f\":4}"),
         "{\"\\u001f\":4,\"!\":3,\"\\\"\":2,\"#\":1}"},
        {TEXT("{\"]\":1,\"\\\\\":2,\"[\":3}"), "{\"[\":3,\"\\\\\":2,\"]\":1}"},
        {TEXT("{\"\\ud800\":1,\"z\":2,\"\xee\x80\x80\":3,\"é\":4}"),
         "{\"z\":2,\"é\":4,\"\\uD800\":1,\"\xee\x80\x80\":3}"},
        {TEXT("{\"z\":{\"y\":1,\"x\":[{\"w\":1,\"v\":{}}]},\"a\":{\"c\":1,\"b\":2}}"),
         "{\"a\":{\"b\":2,\"c\":1},\"z\":{\"x\":[{\"v\":{},\"w\":1}],\"y\":1}}"},
        {TEXT("[{\"a\":{\"d\":1,\"c\":2},\"b\":3},{\"f\":1,\"e\":2},5]"),
         "[{\"a\":{\"c\":2,\"d\":1},\"b\":3},{\"e\":2,\"f\":1},5]"},
        {TEXT("[2,1]"), "[2,1]"},
    };
    check_all(rows, COUNT(rows));
}

static void of_duplicate_keys_the_last_counts(void **state)
{
    (void)state;
    static const struct json_case rows[] = {
        {TEXT("{\"a\":1,\"a\":2}"), "{\"a\":2}"},
        {TEXT("{\"a\":1,\"b\":3,\"a\":2}"), "{\"a\":2,\"b\":3}"},
        {TEXT("{\"a\":1,\"\\u0061\":2}"), "{\"a\":2}"},
        {TEXT("{\"\\u0061\":2,\"a\":1}"), "{\"a\":1}"},
        {TEXT("{\"\\n\":2,\"\\u000A\":1,\"\\u000a\":3}"), "{\"\\u000a\":3}"},
        {TEXT("{\"a\":{\"y\":1,\"x\":2},\"a\":{\"q\":1,\"p\":2},\"a\":{\"d\":1,\"c\":1}}"),
         "{\"a\":{\"c\":1,\"d\":1}}"},
        {TEXT("{\"a\":null,\"A\":1}"), "{\"A\":1,\"a\":null}"},
    };
    check_all(rows, COUNT(rows));
}

static void white_space_is_dropped_and_nothing_beyond_rfc_8259_taken(void **state)
{
    (void)state;
    static const struct json_case rows[] = {
        {TEXT(" \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n"), "{\"a\":[1,2],\"b\":{}}"},
        {TEXT(" [ ] "), "[]"},
        {TEXT("[1,]"), NULL},
        {TEXT("[,1]"), NULL},
        {TEXT("[1 2]"), NULL},
        {TEXT("[1"), NULL},
        {TEXT("[1}"), NULL},
        {TEXT("{\"a\":1,}"), NULL},
        {TEXT("{,}"), NULL},
        {TEXT("{a:1}"), NULL},
        {TEXT("{\"a\"}"), NULL},
        {TEXT("{\"a\" 1}"), NULL},
        {TEXT("{\"a\":}"), NULL},
        {TEXT("{\"a\":1 \"b\":2}"), NULL},
        {TEXT("{1:1}"), NULL},
        {TEXT("{"), NULL},
        {TEXT("}"), NULL},
        {TEXT("1 2"), NULL},
        {TEXT("1,"), NULL},
        {TEXT("/* */ 1"), NULL},
        {TEXT("1 // one"), NULL},
        {TEXT("\v1"), NULL},
        {TEXT("\xc2\xa0"
              "1"),
         NULL},
        {TEXT("1\0"), NULL},
        {TEXT("{\"b\":1,\"a\":{\"d\":1,\"c\":2}"), NULL}, /* refused after objects were sorted */
    };
    check_all(rows, COUNT(rows));
}

static void nesting_is_taken_up_to_the_limit_and_refused_beyond(void **state)
{
    (void)state;
    for (size_t depth = JSON_CANON_DEPTH - 1; depth <= JSON_CANON_DEPTH + 1; depth++)
        for (int objects = 0; objects < 2; objects++) {
            struct buffer text = BUFFER_INIT(1 << 20), out = BUFFER_INIT(1 << 20);
            for (size_t i = 0; i < depth - 1; i++)
                buffer_add_text(&text, objects ? "{\"\":" : "[");
            buffer_add_text(&text, objects ? "{}" : "[]");
            for (size_t i = 0; i < depth - 1; i++)
                buffer_add_text(&text, objects ? "}" : "]");
            bool valid = json_canon(&out, (const char *)text.data, text.length);
            assert_int_equal(valid, depth <= JSON_CANON_DEPTH);
            if (valid)
                assert_string_equal((const char *)out.data, (const char *)text.data);
            buffer_free(&text);
            buffer_free(&out);
        }
}

static void repeat(struct buffer *text, size_t times, const char *part)
{
    while (times--)
        buffer_add_text(text, part);
}

/* Objects of many members, of large ones, in each other: `size` characters of filling each. */
static void add_nest(struct buffer *text, size_t levels, size_t members, size_t size, bool sorted)
{
    if (!levels) {
        buffer_add_text(text, "0");
        return;
    }
    buffer_add_text(text, "{");
    for (size_t i = 0; i < members; i++) {
        buffer_printf(text, "%s\"%04zu\":", i ? "," : "", sorted ? i : members - 1 - i);
        if (i == members / 2) { /* an odd number, so that it is the middle in both orders */
            add_nest(text, levels - 1, members, size, sorted);
        } else {
            buffer_add_text(text, "\"");
            repeat(text, size, "x");
            buffer_add_text(text, "\"");
        }
    }
    buffer_add_text(text, "}");
}

static void large_and_deep_objects_are_put_in_order_like_small_ones(void **state)
{
    (void)state;
    static const struct {
        size_t levels, members, size;
    } rows[] = {
        {1, 15, 10},  {1, 17, 10}, {1, 101, 1},  {1, 3, 5000},  {2, 3, 2040},
        {3, 3, 2000}, {40, 3, 1},  {300, 3, 10}, {30, 35, 100}, {999, 3, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT), expected = BUFFER_INIT(BUFFER_NO_LIMIT);
        add_nest(&text, rows[i].levels, rows[i].members, rows[i].size, false);
        add_nest(&expected, rows[i].levels, rows[i].members, rows[i].size, true);
        check((const char *)text.data, text.length, (const char *)expected.data);
        buffer_free(&text);
        buffer_free(&expected);
    }
}

/* CPU seconds that json_canon takes for this text. */
static double seconds_for(const struct buffer *text, bool expected)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    clock_t start = clock();
    assert_int_equal(json_canon(&out, (const char *)text->data, text->length), expected);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    buffer_free(&out);
    return seconds;
}

static void hostile_shapes_take_no_more_than_their_size_asks(void **state)
{
    (void)state;
    enum { MILLION = 1000000 };
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    const double patience = 10; /* seconds; a quadratic algorithm needs minutes */

    buffer_add_text(&text, "{");
    for (unsigned i = 0; i < MILLION / 4; i++)
        buffer_printf(&text, "%s\"%u\":0", i ? "," : "", i * 2654435761u);
    buffer_add_text(&text, "}");
    assert_true(seconds_for(&text, true) < patience);

    buffer_clear(&text); /* a large text inside 999 objects, each of which has to be sorted */
    repeat(&text, JSON_CANON_DEPTH - 1, "{\"b\":0,\"a\":");
    buffer_add_text(&text, "\"");
    repeat(&text, MILLION, "0123456789");
    buffer_add_text(&text, "\"");
    repeat(&text, JSON_CANON_DEPTH - 1, "}");
    assert_true(seconds_for(&text, true) < patience);

    buffer_clear(&text); /* the same key again and again */
    buffer_add_text(&text, "{\"\":0");
    repeat(&text, MILLION / 4, ",\"\":0");
    buffer_add_text(&text, "}");
    assert_true(seconds_for(&text, true) < patience);

    buffer_clear(&text);
    buffer_add_text(&text, "1e");
    repeat(&text, MILLION, "9999999999");
    assert_true(seconds_for(&text, true) < patience);

    buffer_clear(&text);
    repeat(&text, MILLION, "[");
    assert_true(seconds_for(&text, false) < patience);
    buffer_free(&text);
}

static void a_full_buffer_says_so(void **state)
{
    (void)state;
    static const char text[] = "{\"b\":[1,2,3],\"a\":\"text\"}";
    for (size_t most = 0; most < sizeof text - 1; most++) {
        struct buffer out = BUFFER_INIT(most);
        (void)json_canon(&out, text, sizeof text - 1);
        assert_true(buffer_overflowed(&out));
        buffer_free(&out);
    }
    struct buffer out = BUFFER_INIT(sizeof text - 1);
    assert_true(json_canon(&out, text, sizeof text - 1));
    assert_false(buffer_overflowed(&out));
    assert_string_equal((const char *)out.data, "{\"a\":\"text\",\"b\":[1,2,3]}");
    buffer_free(&out);
}

/* Also when the text is longer than what it becomes, or becomes longer in the middle. */
static void a_buffer_that_has_just_enough_room_is_enough(void **state)
{
    (void)state;
    static const struct json_case rows[] = {
        {TEXT(" [ \"\\/\" ,\t1.000 ] "), "[\"/\",1]"},
        {TEXT("[\"\\n\",1e20,   \"\\n\"]"), "[\"\\u000a\",100000000000000000000,\"\\u000a\"]"},
        {TEXT("{ \"b\" : 1e-20 , \"a\" : 1e99 }"), "{\"a\":1e99,\"b\":0.00000000000000000001}"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t more = 0; more < 200; more++) {
            size_t length = strlen(rows[i].canonical);
            struct buffer out = BUFFER_INIT(length + more), full = BUFFER_INIT(length - 1);
            assert_true(json_canon(&out, rows[i].text, rows[i].length));
            assert_false(buffer_overflowed(&out));
            assert_string_equal((const char *)out.data, rows[i].canonical);
            (void)json_canon(&full, rows[i].text, rows[i].length);
            assert_true(buffer_overflowed(&full));
            buffer_free(&out);
            buffer_free(&full);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_exact_and_have_one_spelling),
        cmocka_unit_test(words_numbers_and_strings_stay_apart),
        cmocka_unit_test(strings_are_decoded_and_written_with_the_fewest_escapes),
        cmocka_unit_test(members_are_ordered_by_their_decoded_keys),
        cmocka_unit_test(of_duplicate_keys_the_last_counts),
        cmocka_unit_test(white_space_is_dropped_and_nothing_beyond_rfc_8259_taken),
        cmocka_unit_test(nesting_is_taken_up_to_the_limit_and_refused_beyond),
        cmocka_unit_test(large_and_deep_objects_are_put_in_order_like_small_ones),
        cmocka_unit_test(hostile_shapes_take_no_more_than_their_size_asks),
        cmocka_unit_test(a_full_buffer_says_so),
        cmocka_unit_test(a_buffer_that_has_just_enough_room_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
