/* Regular expressions: bounds first, for a pattern meets pages that nobody chose. */
#include "../../diff/regex.h"

#include "../../diff/base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct regex *compiled(const char *pattern)
{
    struct regex *regex;
    struct err err = {0};
    size_t offset;
    if (!regex_compile(pattern, &regex, &offset, &err))
        fail_msg("%s: %s", pattern, err.text);
    return regex;
}

static const struct {
    const char *pattern, *unit;
    size_t times;
} slow[] = {
    {"(a+)+$b", "a", 100000},
    {"(a|aa)+$", "a", 2000000},
    {"(a+)*$", "a", 100},
    {"a[^b]*b", "a", 2000000},
    {"(?:a?){50}a{50}c", "a", 100000},
    {"(.*)(.*)(.*)(.*)x", "ab", 100000},
    {"(?<=(a{1,200}))x", "a", 1000000},
};

static void a_pattern_that_takes_too_long_is_an_error_within_seconds(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(slow); i++) {
        struct regex *regex = NULL;
        struct err err = {0};
        size_t offset, count, unit = strlen(slow[i].unit);
        if (!regex_compile(slow[i].pattern, &regex, &offset, &err))
            continue; /* PCRE2 refuses it, as it may */
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT), out = BUFFER_INIT(BUFFER_NO_LIMIT);
        for (size_t k = 0; k < slow[i].times; k++)
            buffer_add(&text, slow[i].unit, unit);
        buffer_add_text(&text, "!");
        struct regex_budget budget = {0};
        clock_t start = clock();
        bool good = regex_replace(regex, (const char *)text.data, text.length, "#", 1, &out, &count,
                                  &budget, &err);
        double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        if (good)
            assert_int_equal(count, 0);
        else
            assert_int_equal(err.code, ERR_TABLE);
        if (seconds > 30) /* some five, and with the sanitizers a few times that */
            fail_msg("%s took %.1f s", slow[i].pattern, seconds);
        buffer_free(&text);
        buffer_free(&out);
        regex_free(regex);
    }
}

static const struct {
    const char *pattern, *text, *replaced;
    size_t count;
} replacements[] = {
    {"[0-9a-f]{4}", "a 12ab b", "a # b", 1},
    {"[0-9]+", "1 22 x 333", "# # x #", 3},
    {"x*", "axxb", "a#b", 1}, /* an empty match is none */
    {"", "abc", "abc", 0},
    {"^a", "aaa", "#aa", 1},
    {"a$", "aaa", "aa#", 1},
    {".", "\xC3\xA9x", "##", 2},
    {".+",
     "a\xFF\xFE"
     "b",
     "#\xFF\xFE#", 2}, /* what is not UTF-8 is matched by nothing */
    {"b$", "b\xFF", "b\xFF", 0},
    {"^b",
     "\xFF"
     "b",
     "\xFF"
     "b",
     0},
    {"nonce=\\K\\w+", "nonce=abc", "nonce=#", 1},
    {"(?<=id=)\\d+", "id=12 13", "id=# 13", 1},
    {"\\bA\\b", "A AA A", "# AA #", 2},
    {"(?=a\\K)", "aaa", "aaa", 0},
};

static void every_match_is_replaced_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(replacements); i++) {
        struct regex *regex = NULL;
        struct err err = {0};
        size_t offset, count;
        if (!regex_compile(replacements[i].pattern, &regex, &offset, &err)) {
            assert_int_equal(replacements[i].count, 0);
            continue;
        }
        struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct regex_budget budget = {0};
        assert_true(regex_replace(regex, replacements[i].text, strlen(replacements[i].text), "#", 1,
                                  &out, &count, &budget, &err));
        assert_string_equal((const char *)out.data, replacements[i].replaced);
        assert_int_equal(count, replacements[i].count);
        buffer_free(&out);
        regex_free(regex);
    }
}

static void a_long_text_is_searched_in_windows_with_the_same_result(void **state)
{
    (void)state;
    /* Matches at every place relative to a window's edge, and one that spans several. */
    struct regex *regex = compiled("é[0-9]{3,}é");
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT), wanted = BUFFER_INIT(BUFFER_NO_LIMIT),
                  out = BUFFER_INIT(BUFFER_NO_LIMIT);
    size_t expected = 0, count;
    for (size_t i = 0; text.length < 300000; i++) {
        for (size_t k = 0; k < i % 1100; k++) {
            buffer_add_text(&text, "é");
            buffer_add_text(&wanted, "é");
        }
        buffer_add_text(&text, " é12345é ");
        buffer_add_text(&wanted, " # ");
        expected++;
    }
    buffer_add_text(&text, "é");
    for (size_t i = 0; i < 5000; i++)
        buffer_add_text(&text, "7");
    buffer_add_text(&text, "é");
    buffer_add_text(&wanted, "#");
    expected++;
    struct regex_budget budget = {0};
    struct err err = {0};
    assert_true(regex_replace(regex, (const char *)text.data, text.length, "#", 1, &out, &count,
                              &budget, &err));
    assert_int_equal(count, expected);
    assert_int_equal(out.length, wanted.length);
    assert_memory_equal(out.data, wanted.data, wanted.length);
    buffer_free(&text);
    buffer_free(&wanted);
    buffer_free(&out);
    regex_free(regex);
}

static void a_wrong_pattern_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        size_t offset;
    } wrong[] = {{"(", 1}, {"a[", 2}, {"a{2,1}", 5}, {"\\C", 2}, {"\xFF", 0}};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct regex *regex;
        struct err err = {0};
        size_t offset = 99;
        assert_false(regex_compile(wrong[i].pattern, &regex, &offset, &err));
        assert_null(regex);
        assert_int_equal(err.code, ERR_USAGE);
        if (offset != wrong[i].offset)
            fail_msg("%s: %zu: %s", wrong[i].pattern, offset, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_that_takes_too_long_is_an_error_within_seconds),
        cmocka_unit_test(every_match_is_replaced_and_nothing_else),
        cmocka_unit_test(a_long_text_is_searched_in_windows_with_the_same_result),
        cmocka_unit_test(a_wrong_pattern_is_refused_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
