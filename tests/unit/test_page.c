/* HTML that no value can break out of: escaping, tokens, pairs with their differences marked, ids,
 * bars. */
#include "../../diff/base/buffer.h"
#include "../../diff/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define TOKEN(text) "<span class=\"tok\">" text "</span>"
#define NAMED(name, text) "<span class=\"tok\" title=\"" name "\">" text "</span>"

static struct page_bytes of(const char *text)
{
    return (struct page_bytes){text, text ? strlen(text) : 0};
}

static void text_and_attributes_keep_what_html_would_obey(void **state)
{
    (void)state;
    static const struct {
        const char *text, *element, *attribute;
    } cases[] = {
        {"orders", "orders", "orders"},
        {"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;",
         "&lt;script&gt;alert(1)&lt;/script&gt;"},
        {"\"onload='x'", "&quot;onload=&#39;x&#39;", "&quot;onload=&#39;x&#39;"},
        {"a&amp;b", "a&amp;amp;b", "a&amp;amp;b"},
        {"<!-- -->", "&lt;!-- --&gt;", "&lt;!-- --&gt;"},
        {"a\xe2\x80\xae"
         "b",
         "a" NAMED("right-to-left override", "\\u{202E}") "b", "a\\u{202E}b"},
        {"a\nb\x01", "a" NAMED("line feed", "\\n") "b" TOKEN("\\u{1}"), "a\\nb\\u{1}"},
        {"\xff", NAMED("not valid UTF-8", "\\xff"), "\\xff"},
        {"\xc0\xbc", NAMED("not valid UTF-8", "\\xc0") NAMED("not valid UTF-8", "\\xbc"),
         "\\xc0\\xbc"},                                          /* '<' in a long form */
        {"\xc2\x9b", TOKEN("\\u{9B}"), "\\u{9B}"},               /* a C1 control */
        {"\xf3\xa0\x81\x81", TOKEN("\\u{E0041}"), "\\u{E0041}"}, /* a tag character */
        {"\xef\xb8\x80", TOKEN("\\u{FE00}"), "\\u{FE00}"},       /* a variation selector */
        {"prix € 日本 عربي", "prix € 日本 عربي", "prix € 日本 عربي"},
        {"a  b", "a  b", "a  b"},                /* names: a blank is a blank */
        {"\\u{202E}", "\\u{202E}", "\\u{202E}"}, /* only looks like a token */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer element = BUFFER_INIT(BUFFER_NO_LIMIT),
                      attribute = BUFFER_INIT(BUFFER_NO_LIMIT);
        page_text(&element, cases[i].text);
        page_attribute(&attribute, cases[i].text);
        assert_string_equal((char *)element.data, cases[i].element);
        assert_string_equal((char *)attribute.data, cases[i].attribute);
        buffer_free(&element);
        buffer_free(&attribute);
    }
}

static void a_value_hides_nothing(void **state)
{
    (void)state;
#define BLANK "<i class=\"sp\"> </i>"
    static const struct {
        const char *bytes;
        size_t length;
        const char *html;
    } cases[] = {
        {NULL, 0, "<span class=\"null\">NULL</span>"},
        {"", 0, "<span class=\"null\">empty</span>"},
        {"NULL", 4, "NULL"},
        {"a b", 3, "a b"},
        {" a", 2, BLANK "a"},
        {"a ", 2, "a" BLANK},
        {"a  b", 4, "a" BLANK BLANK "b"},
        {"a\tb", 3, "a" NAMED("tab", "\\t") "b"},
        {"a\0b", 3, "a" NAMED("NUL", "\\0") "b"},
        {"a\xc2\xa0", 3, "a" NAMED("no-break space", "\\u{A0}")},
        {"\xcc\x81", 2, TOKEN("\\u{301}")}, /* an accent on nothing */
        {"e\xcc\x81", 3, "e\xcc\x81"},      /* on a letter */
        {"a\xe2\x80\x8d", 4, "a" NAMED("zero-width joiner", "\\u{200D}")},
        {"👩\xe2\x80\x8d💻", 11, "👩\xe2\x80\x8d💻"}, /* spelled with a joiner */
        {"</td><script>", 13, "&lt;/td&gt;&lt;script&gt;"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
        page_value(&out, (struct page_bytes){cases[i].bytes, cases[i].length});
        assert_string_equal((char *)out.data, cases[i].html);
        buffer_free(&out);
    }
}

static void an_accent_upon_accent_is_no_tower(void **state)
{
    (void)state;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT), out = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add_text(&text, "a");
    for (int i = 0; i < 50; i++)
        buffer_add_text(&text, "\xcc\x81");
    page_value(&out, (struct page_bytes){text.data, text.length});
    size_t drawn = 0;
    for (const char *at = (char *)out.data; (at = strstr(at, "\xcc\x81")); at++)
        drawn++;
    assert_int_equal(drawn, 4);
    buffer_free(&text);
    buffer_free(&out);
}

/* The pair as one text: "[" and "]" for the marks, "|" for the empty one, gaps as they are. */
static char *marks_of(struct page_bytes source, struct page_bytes target, bool *differ)
{
    struct buffer cells[SIDES] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    *differ = page_pair((struct page_bytes[]){source, target},
                        (struct buffer *[]){&cells[SOURCE], &cells[TARGET]});
    for (int side = 0; side < SIDES; side++) {
        buffer_add_text(&text, side ? " / " : "");
        for (const char *at = (char *)cells[side].data; *at; at++) {
            static const char none[] = "<mark class=\"none\"></mark>";
            if (strncmp(at, none, strlen(none)) == 0) {
                buffer_add_text(&text, "|");
                at += strlen(none) - 1;
            } else if (strncmp(at, "<mark>", 6) == 0) {
                buffer_add_text(&text, "[");
                at += 5;
            } else if (strncmp(at, "</mark>", 7) == 0) {
                buffer_add_text(&text, "]");
                at += 6;
            } else if (*at == '<') {
                at = strchr(at, '>');
            } else {
                buffer_add_byte(&text, (unsigned char)*at);
            }
        }
        buffer_free(&cells[side]);
    }
    return (char *)text.data;
}

static void a_pair_marks_the_characters_that_differ(void **state)
{
    (void)state;
    static const struct {
        const char *source, *target, *marks;
    } cases[] = {
        {"1.10", "1.20", "1.[1]0 / 1.[2]0"},
        {"Ada", "Ada ", "Ada| / Ada[ ]"},
        {"Ada", "Ada", "Ada / Ada"},
        {"2025-11-25 04:14:59", "2025-11-25 03:14:59",
         "2025-11-25 0[4]:14:59 / 2025-11-25 0[3]:14:59"},
        {"é", "Ã©", "[é] / [Ã©]"},
        {"caf\xc3\xa9", "cafe\xcc\x81", "caf[é] / caf[e\\u{301}]"},
        {"abc", "", "abc / empty"},
        {NULL, "", "NULL / empty"},
        {NULL, NULL, "NULL / NULL"},
        {"a\nb", "a\r\nb", "a|\\nb / a[\\r]\\nb"},
        {"one two three", "one 2 three", "one [two] three / one [2] three"},
        {"ABC", "abc", "[ABC] / [abc]"},
        {"a b",
         "a\xc2\xa0"
         "b",
         "a[ ]b / a[\\u{A0}]b"},
        {"\xff", "\xfe", "[\\xff] / [\\xfe]"},
        {"<b>", "<i>", "&lt;[b]&gt; / &lt;[i]&gt;"},
        {"axbxcxdxexf", "aybycydyeyf", "a[x]b[x]c[x]d[x]e[x]f / a[y]b[y]c[y]d[y]e[y]f"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool differ;
        char *marks = marks_of(of(cases[i].source), of(cases[i].target), &differ);
        assert_string_equal(marks, cases[i].marks);
        bool same = !cases[i].source == !cases[i].target &&
                    (!cases[i].source || strcmp(cases[i].source, cases[i].target) == 0);
        assert_int_equal(differ, !same);
        free(marks);
    }
}

/* A value of `length` bytes in which no stretch repeats soon. */
static char *long_value(size_t length, unsigned seed)
{
    char *text = malloc(length + 1);
    assert_non_null(text);
    for (size_t i = 0; i < length; i++) {
        seed = seed * 1103515245u + 12345u;
        text[i] = (char)('a' + (seed >> 16) % 26);
    }
    text[length] = '\0';
    return text;
}

/* Of this process: what others do is not measured. */
static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void a_megabyte_is_its_differences_and_their_surroundings(void **state)
{
    (void)state;
    size_t length = 1 << 20;
    char *source = long_value(length, 1), *target = long_value(length, 1);
    target[100000] = 'X';
    target[900000] = 'Y';
    bool differ;
    double start = seconds_now();
    char *marks = marks_of(of(source), of(target), &differ);
    print_message("a pair of 1 MB with two differences: %.0f ms\n", 1e3 * (seconds_now() - start));
    assert_true(differ);
    assert_true(strlen(marks) < 1500);
    assert_non_null(strstr(marks, "[X]"));
    assert_non_null(strstr(marks, "[Y]"));
    assert_non_null(strstr(marks, "… 99,940 characters alike …"));
    assert_non_null(strstr(marks, "… 799,879 characters alike …"));
    assert_non_null(strstr(marks, "… 148,515 characters alike …"));
    free(marks);
    free(target);

    /* Nothing in common: all of it is marked, and most of it left out. */
    target = long_value(length, 2);
    start = seconds_now();
    marks = marks_of(of(source), of(target), &differ);
    double took = seconds_now() - start;
    print_message("a pair of 1 MB with nothing in common: %.0f ms\n", 1e3 * took);
    assert_true(took < 5);
    assert_true(strlen(marks) < 3000);
    assert_non_null(strstr(marks, "more that differ …"));
    free(marks);

    /* A difference in every thousandth character: more than are looked for one by one. */
    memcpy(target, source, length);
    for (size_t i = 500; i < length; i += 1000)
        target[i] = '-';
    marks = marks_of(of(source), of(target), &differ);
    assert_true(differ);
    assert_true(strlen(marks) < 10000);
    free(marks);
    free(source);
    free(target);
}

static void a_long_value_alone_is_its_beginning_and_end(void **state)
{
    (void)state;
    char *value = long_value(1 << 20, 3);
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    page_value(&out, of(value));
    assert_true(out.length < 3000);
    assert_memory_equal(out.data, value, 1000);
    assert_memory_equal(out.data + out.length - 100, value + (1 << 20) - 100, 100);
    assert_non_null(strstr((char *)out.data, "… 1,046,176 more characters …"));
    buffer_free(&out);
    free(value);
}

/* Every character of both values stands in the output or in a gap's count, and the marks tell the
 * truth: without them both sides read the same. */
static void what_is_not_marked_is_alike(void **state)
{
    (void)state;
    unsigned seed = 7;
    for (int round = 0; round < 3000; round++) {
        char source[41], target[41];
        for (int i = 0; i < 40; i++) {
            seed = seed * 1103515245u + 12345u;
            source[i] = (char)('a' + (seed >> 16) % 3);
            target[i] = (seed >> 24) % 4 ? source[i] : (char)('a' + (seed >> 20) % 3);
        }
        source[(seed >> 10) % 41] = '\0';
        source[40] = '\0';
        target[(seed >> 18) % 41] = '\0';
        target[40] = '\0';
        bool differ;
        char *marks = marks_of(of(source), of(target), &differ);
        if (*source && *target) {
            char alike[SIDES][64] = {"", ""}, whole[SIDES][64] = {"", ""};
            int side = 0;
            bool marked = false;
            for (const char *at = marks; *at; at++) {
                size_t last = strlen(alike[side]), end = strlen(whole[side]);
                if (*at == '/') {
                    side = 1;
                } else if (*at == '[' || *at == ']') {
                    marked = *at == '[';
                } else if (*at != ' ' && *at != '|') {
                    whole[side][end] = *at;
                    if (!marked)
                        alike[side][last] = *at;
                }
            }
            assert_string_equal(alike[SOURCE], alike[TARGET]);
            assert_string_equal(whole[SOURCE], source);
            assert_string_equal(whole[TARGET], target);
        }
        free(marks);
    }
}

static void ids_are_stable_and_never_the_same_twice(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool readable;
        const char *id;
    } cases[] = {
        {"orders", true, "table-orders"},
        {"public.Order Lines", true, "table-public-order-lines"},
        {"public order.lines", true, "table-public-order-lines.2"},
        {"public.order-lines", true, "table-public-order-lines.3"},
        {"x\" onload=\"", true, "table-x-onload-"},
        {"日本", true, NULL}, /* nothing to read: a hash */
        {"日本語", true, NULL},
        {"42", false, NULL},
    };
    struct page_ids ids = {0};
    char seen[COUNT(cases) + 1000][PAGE_ID_SIZE];
    for (size_t i = 0; i < COUNT(seen); i++) {
        if (i < COUNT(cases))
            page_id(&ids, "table", cases[i].text, strlen(cases[i].text), cases[i].readable,
                    seen[i]);
        else
            page_id(&ids, "row", &(size_t){i / 2}, sizeof i, false, seen[i]);
        if (i < COUNT(cases) && cases[i].id)
            assert_string_equal(seen[i], cases[i].id);
        for (const char *at = seen[i]; *at; at++)
            assert_non_null(strchr("abcdefghijklmnopqrstuvwxyz0123456789_-.", *at));
        for (size_t before = 0; before < i; before++)
            assert_string_not_equal(seen[before], seen[i]);
    }
    page_ids_free(&ids);
    char again[PAGE_ID_SIZE];
    page_id(&ids, "table", "日本", strlen("日本"), true, again);
    assert_string_equal(again, seen[5]);
    page_ids_free(&ids);
}

static void a_bar_shows_the_smallest_share(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct page_share shares[] = {
        {"equal", 13999999}, {"changed", 1}, {"missing", 0}, {"extra", 0}};
    page_bar(&out, shares, COUNT(shares), "\"<99.9 %");
    assert_non_null(strstr((char *)out.data, "aria-label=\"&quot;&lt;99.9 %\""));
    assert_non_null(strstr((char *)out.data, "class=\"equal\" x=\"0.0\" width=\"990.0\""));
    assert_non_null(strstr((char *)out.data, "class=\"changed\" x=\"990.0\" width=\"10.0\""));
    assert_null(strstr((char *)out.data, "missing"));
    buffer_free(&out);
}

static void the_page_admits_only_its_own_style_and_script(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    page_begin(&out, "</title><script>alert(1)</script>");
    page_end(&out);
    const char *text = (char *)out.data;
    assert_non_null(strstr(text, "default-src 'none'; style-src 'sha256-"));
    assert_null(strstr(text, "unsafe"));
    assert_null(strstr(text, "alert(1)</script>"));
    assert_null(strstr(text, "http://"));
    assert_null(strstr(text, "https://"));
    assert_null(strstr(text, "url("));
    assert_null(strstr(text, "@import"));
    /* One script and one style, each ended once. */
    const char *script = strstr(text, "<script>");
    assert_non_null(script);
    assert_null(strstr(script + 1, "<script"));
    assert_null(strstr(strstr(script, "</script>") + 1, "</script>"));
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_attributes_keep_what_html_would_obey),
        cmocka_unit_test(a_value_hides_nothing),
        cmocka_unit_test(an_accent_upon_accent_is_no_tower),
        cmocka_unit_test(a_pair_marks_the_characters_that_differ),
        cmocka_unit_test(what_is_not_marked_is_alike),
        cmocka_unit_test(a_megabyte_is_its_differences_and_their_surroundings),
        cmocka_unit_test(a_long_value_alone_is_its_beginning_and_end),
        cmocka_unit_test(ids_are_stable_and_never_the_same_twice),
        cmocka_unit_test(a_bar_shows_the_smallest_share),
        cmocka_unit_test(the_page_admits_only_its_own_style_and_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
