/*
 * The outline of a page: what may be left out is, what may not stays, and every place of it is
 * known in the page.
 */
#include "../../diff/base/memory.h"
#include "../../diff/html.h"
#include "../../diff/html_outline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
    const char *page, *outline;
} rows[] = {
    {"", ""},
    {"plain words", "plain words"},
    {"<p>a</p>", "<p>a</p>"},
    {"<tr id=\"r1\" class='a b' data-n=7 hidden>\n<td>12.50 or more</td>\n</tr>\n",
     "<tr >\n<td>1</td>\n</tr>\n"},
    {"<A\nHREF=\"?a=1&amp;b=2\" ><br /><img src=\"a\" /></A>", "<A\n><br /><img /></A>"},
    {"<a href=/x/>words", "<a >w"},
    {"<a b=\"1\"c=\"2\" d = 3 e= 'f'>", "<a >"},
    {"<a @click=\"b c\" :class='d > e' (f)='g' *h=\"i\" #j [k.l]='m'>",
     "<a @click=\"b c\" :class='d > e' (f)='g' *h=\"i\" #j [k.l]='m'>"},
    {"<a @click=\"b c\" :class='d' (f)='g' *h=\"i\" #j [k.l]='m'/>", "<a />"},
    {"<b title=\"it's\">x</b><b title='\"'>x</b>", "<b >x</b><b >x</b>"},
    {"<p>caf\xc3\xa9 and more</p>", "<p>c</p>"},
    {"<p>\xc3\xa9tudes &amp; more", "<p>\xc3\xa9"},
    {"<p>&nbsp;and more", "<p>&nbsp;and more"},
    {"<p> \n\t </p>", "<p> \n\t </p>"},
    {"<p>\x01\x02 bell and more</p>", "<p>\x01\x02 b</p>"},
    /* Tags that not all readers take alike. */
    {"<a title=\"x > y\">words</a>", "<a title=\"x > y\">w</a>"},
    {"<a title=\"x < y\">words</a>", "<a title=\"x < y\">w</a>"},
    {"<a title=\"<b id='c'>\" id=d>", "<a title=\"<b id='c'>\" id=d>"},
    {"<a @b=\"c > d\"><b id=e>", "<a @b=\"c > d\"><b id=e>"},
    {"<a @b=\"c d='e'\"><b id=e>", "<a @b=\"c d='e'\"><b id=e>"},
    {"<a @b=\"c\"d=\"e f>\"><b id=g>", "<a @b=\"c\"d=\"e f>\"><b id=g>"},
    {"<a\x01"
     "b=\"><p a=c>\"><b id=g>",
     "<a\x01"
     "b=\"><p a=c>\"><b id=g>"},
    {"<a b==c><b id=g>words", "<a ><b >w"},
    {"<a =b><b id=g>words", "<a =b><b >w"},
    {"<a b=\"1", "<a b=\"1"},
    {"<a b=\"1\"", "<a b=\"1\""},
    {"<a b", "<a b"},
    {"<a ", "<a "},
    {"<", "<"},
    {"< a=\"b\">words", "< a=\"b\">words"},
    {"<_a b=\"c\">words", "<_a b=\"c\">words"},
    /* What is left out must not bring two ends together that mean something. */
    {"<!-- <b>much -- more --></b>", "<!-- <b>much -- more --></b>"},
    {"<!-- <b-- id=\"a\"> -->", "<!-- <b-- > -->"},
    {"<!-- <b a--> <b a=c--> <b a='-'> -->", "<!-- <b a--> <b a=c--> <b > -->"},
    {"<script>if (a <b && c) d = \"</p>\"</script>", "<script>i<b && c) d = \"</p>\"</script>"},
    {"<!DOCTYPE html PUBLIC \"a b\">\n<p>words", "<!DOCTYPE html PUBLIC \"a b\">\n<p>w"},
    {"<!DOCTYPE html PUBLIC \"a > b\">\n<p id=\"a\">",
     "<!DOCTYPE html PUBLIC \"a > b\">\n<p id=\"a\">"},
};

static void what_tells_how_a_page_nests_is_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct html_outline outline;
        html_outline_init(&outline, rows[i].page, strlen(rows[i].page));
        assert_string_equal(outline.text.data, rows[i].outline);
        html_outline_free(&outline);
    }
}

static void every_place_of_an_outline_is_known_in_the_page(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *page = rows[i].page;
        struct html_outline outline;
        html_outline_init(&outline, page, strlen(page));
        const char *text = (const char *)outline.text.data;
        assert_int_equal(html_outline_place(&outline, outline.text.length), strlen(page));
        for (size_t at = outline.text.length; at-- > 0;) /* backwards, and then forwards */
            assert_int_equal(page[html_outline_place(&outline, at)], text[at]);
        for (size_t at = 0; at <= outline.text.length; at++)
            assert_int_equal(page[html_outline_place(&outline, at)], text[at]);
        html_outline_free(&outline);
    }
}

static void the_most_attributes_of_a_tag_are_counted_where_they_are_left_out(void **state)
{
    (void)state;
    static const struct {
        const char *page;
        size_t most;
        bool plain;
    } cases[] = {
        {"<p>", 0, true},
        {"<br/><p a=1 b c='3'><p d>", 3, true},
        {"<p a=1 b = 2><p \"c\">", 2, false},
        {"<:a b=1>", 0, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct html_outline outline;
        html_outline_init(&outline, cases[i].page, strlen(cases[i].page));
        assert_int_equal(outline.most_attributes, cases[i].most);
        assert_int_equal(outline.plain, cases[i].plain);
        html_outline_free(&outline);
    }
}

static void a_page_is_one_tree_by_its_outline_and_whole(void **state)
{
    (void)state;
    static bool (*const readers[])(struct tree *, struct tree_names *, struct buffer *,
                                   char *) = {html_tree, html_tree_unabridged};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer spelt[2] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
        for (size_t by = 0; by < COUNT(readers); by++) {
            struct tree_names names = {0};
            struct tree tree;
            struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
            char reason[MARKUP_REASON_SIZE];
            buffer_add_text(&text, rows[i].page);
            assert_true(readers[by](&tree, &names, &text, reason));
            tree_hash(&tree);
            tree_add_canonical(&spelt[by], &tree, 0);
            tree_free(&tree);
            tree_names_free(&names);
        }
        assert_string_equal(spelt[0].data, spelt[1].data);
        buffer_free(&spelt[0]);
        buffer_free(&spelt[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_tells_how_a_page_nests_is_kept),
        cmocka_unit_test(every_place_of_an_outline_is_known_in_the_page),
        cmocka_unit_test(the_most_attributes_of_a_tag_are_counted_where_they_are_left_out),
        cmocka_unit_test(a_page_is_one_tree_by_its_outline_and_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
