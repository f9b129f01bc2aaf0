/* Selectors: what is refused and where, and what is found in a page, a feed and a JSON text. */
#include "../../diff/selector.h"

#include "../../diff/html.h"
#include "../../diff/json_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
    enum selector_language language;
    const char *text;
    size_t offset;
    const char *sentence;
} wrong[] = {
    {SELECTOR_CSS, "", 0, "ends where a tag"},
    {SELECTOR_CSS, "a,", 2, "ends where a tag"},
    {SELECTOR_CSS, "a > ", 4, "ends where a tag"},
    {SELECTOR_CSS, "> a", 0, "\">\" where a tag"},
    {SELECTOR_CSS, "a..b", 2, "the name of a class"},
    {SELECTOR_CSS, "a#", 2, "ends where an id"},
    {SELECTOR_CSS, "a[", 2, "the name of an attribute"},
    {SELECTOR_CSS, "a[b", 3, "ends where ]"},
    {SELECTOR_CSS, "a[b=", 4, "a value"},
    {SELECTOR_CSS, "a[b='c", 4, "not closed"},
    {SELECTOR_CSS, "a[b=c d]", 6, "\"d\" where ]"},
    {SELECTOR_CSS, "a[b|=c]", 3, "\"|\" where ]"},
    {SELECTOR_CSS, "a[b=c i]", 6, "\"i\" where ]"},
    {SELECTOR_CSS, "a:hover", 2, "the only ones that are known"},
    {SELECTOR_CSS, "a:not(b)", 2, "the only ones"},
    {SELECTOR_CSS, "a:nth-child(2n+1)", 13, "\"n\" where )"},
    {SELECTOR_CSS, "a:nth-child(0)", 12, "a number from 1"},
    {SELECTOR_CSS, "a::before", 2, "the only ones"},
    {SELECTOR_CSS, "a{b}", 1, "\"{\" where"},
    {SELECTOR_CSS, "a\x01", 1, "should stand here"},
    {SELECTOR_JSON, "", 0, "$, the document"},
    {SELECTOR_JSON, "a.b", 0, "$, the document"},
    {SELECTOR_JSON, "$a", 1, ". or ["},
    {SELECTOR_JSON, "$.", 2, "a name or *"},
    {SELECTOR_JSON, "$..", 3, "a name or *"},
    {SELECTOR_JSON, "$[", 2, "a number"},
    {SELECTOR_JSON, "$[-1]", 2, "a number from 0"},
    {SELECTOR_JSON, "$[1:2]", 3, "\":\" where ]"},
    {SELECTOR_JSON, "$[?(@.a)]", 2, "a number"},
    {SELECTOR_JSON, "$['a", 2, "not closed"},
    {SELECTOR_JSON, "$[123456789]", 2, "a number"},
    {SELECTOR_JSON, "$.a b", 3, ". or ["},
    {SELECTOR_XPATH, "", 0, "/ or //"},
    {SELECTOR_XPATH, "a/b", 0, "/ or //"},
    {SELECTOR_XPATH, "/", 1, "the name of an element"},
    {SELECTOR_XPATH, "//", 2, "the name of an element"},
    {SELECTOR_XPATH, "//a/text()", 4, "functions"},
    {SELECTOR_XPATH, "//a[last()]", 4, "a number from 1"},
    {SELECTOR_XPATH, "//a[0]", 4, "a number from 1"},
    {SELECTOR_XPATH, "//a[@x][2]", 8, "first condition"},
    {SELECTOR_XPATH, "//a[@x=1]", 7, "in quotes"},
    {SELECTOR_XPATH, "//a[@x!='1']", 6, "\"!\" where ]"},
    {SELECTOR_XPATH, "//a/..", 4, "the name of an element"},
    {SELECTOR_XPATH, "//parent::a", 2, "axes"},
    {SELECTOR_XPATH, "//@x", 3, "//*/@name"},
    {SELECTOR_XPATH, "/@x", 3, "an element before"},
    {SELECTOR_XPATH, "//a/@x | //b", 12, "same attribute"},
    {SELECTOR_XPATH, "//a | //b/@x", 12, "same attribute"},
    {SELECTOR_XPATH, "//a/@x/b", 6, "or the end"},
};

static void what_a_language_has_not_is_refused_at_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct selector *selector;
        struct err err = {0};
        size_t offset = 999;
        if (selector_parse(wrong[i].language, wrong[i].text, &selector, &offset, &err))
            fail_msg("%s is taken", wrong[i].text);
        assert_null(selector);
        assert_int_equal(err.code, ERR_USAGE);
        if (offset != wrong[i].offset || !strstr(err.text, wrong[i].sentence))
            fail_msg("%s: at %zu: %s", wrong[i].text, offset, err.text);
    }
}

static const char page[] =
    "<html><body id=top><div class='a b'><p>1</p><p class=b>2<i>3</i></p>"
    "<span title='x y'>4</span></div><ul><li>5<li class=B>6<li>7</ul>"
    "<a href='/x/1'>8</a><a href='/y/12'>9</a><input name=_token value=t></body></html>";
static const char feed[] =
    "<feed xmlns:d='u'><entry n='1'><title>1</title><d:x>2</d:x></entry><other/>"
    "<entry n='2'><title>3</title><title>4</title></entry><Entry>5</Entry></feed>";
static const char json[] =
    "{\"a\":1,\"b\":{\"a\":2,\"c\":[3,{\"a\":4},[5]]},\"d e\":6,\"f\":[7,8],\"g\":{\"f\":null}}";

enum { PAGE, FEED, JSON, DOCUMENTS };

static const struct {
    int document;
    enum selector_language language;
    const char *text, *found; /* the texts of the nodes found, each behind a '|' */
} finds[] = {
    {PAGE, SELECTOR_CSS, "p", "|1|2 3"},
    {PAGE, SELECTOR_CSS, "P", "|1|2 3"},
    {PAGE, SELECTOR_CSS, "p.b", "|2 3"},
    {PAGE, SELECTOR_CSS, ".b", "|1 2 3 4|2 3"},
    {PAGE, SELECTOR_CSS, ".b.a", "|1 2 3 4"},
    {PAGE, SELECTOR_CSS, ".b .b", "|2 3"},
    {PAGE, SELECTOR_CSS, "#top > p", ""},
    {PAGE, SELECTOR_CSS, "#top p", "|1|2 3"},
    {PAGE, SELECTOR_CSS, "#Top p", ""},
    {PAGE, SELECTOR_CSS, "div > * > i", "|3"},
    {PAGE, SELECTOR_CSS, "p + p", "|2 3"},
    {PAGE, SELECTOR_CSS, "p + span", "|4"},
    {PAGE, SELECTOR_CSS, "p ~ span", "|4"},
    {PAGE, SELECTOR_CSS, "p+span i", ""},
    {PAGE, SELECTOR_CSS, "div + ul > li", "|5|6|7"},
    {PAGE, SELECTOR_CSS, "li:first-child", "|5"},
    {PAGE, SELECTOR_CSS, "li:last-child", "|7"},
    {PAGE, SELECTOR_CSS, "li:nth-child(2)", "|6"},
    {PAGE, SELECTOR_CSS, "li:nth-child(odd)", "|5|7"},
    {PAGE, SELECTOR_CSS, "li:nth-child( even )", "|6"},
    {PAGE, SELECTOR_CSS, "li:nth-child(4)", ""},
    {PAGE, SELECTOR_CSS, "[title~=y]", "|4"},
    {PAGE, SELECTOR_CSS, "[title=y]", ""},
    {PAGE, SELECTOR_CSS, "[title='x y']", "|4"},
    {PAGE, SELECTOR_CSS, "a[href^=\"/x\"]", "|8"},
    {PAGE, SELECTOR_CSS, "a[href$='2']", "|9"},
    {PAGE, SELECTOR_CSS, "a[href*='/']", "|8|9"},
    {PAGE, SELECTOR_CSS, "a[href*='']", ""},
    {PAGE, SELECTOR_CSS, "a[href]:last-child", ""},
    {PAGE, SELECTOR_CSS, "[HREF='/x/1'] , i,i", "|3|8"},
    {PAGE, SELECTOR_CSS, "input[name=_token]", "|"},
    {PAGE, SELECTOR_XPATH, "/html/body/ul/li[2]", "|6"},
    {PAGE, SELECTOR_XPATH, "//ul/li[@class='B']", "|6"},
    {PAGE, SELECTOR_JSON, "$", ""},
    {FEED, SELECTOR_XPATH, "/feed/entry/title", "|1|3|4"},
    {FEED, SELECTOR_XPATH, "//entry[2]/title", "|3|4"},
    {FEED, SELECTOR_XPATH, "//entry/title[2]", "|4"},
    {FEED, SELECTOR_XPATH, "//title[1]", "|1|3"},
    {FEED, SELECTOR_XPATH, "//*[@n='1']/*", "|1|2"},
    {FEED, SELECTOR_XPATH, "//d:x", "|2"},
    {FEED, SELECTOR_XPATH, "//Entry", "|5"},
    {FEED, SELECTOR_XPATH, "/entry", ""},
    {FEED, SELECTOR_XPATH, "//entry[@n]/title[1] | //d:x", "|1|2|3"},
    {FEED, SELECTOR_XPATH, "/*/*[2]", "|"},
    {JSON, SELECTOR_JSON, "$", "|a: 1 b: a: 2 c: 3 a: 4 5 d e: 6 f: 7 8 g: f: null"},
    {JSON, SELECTOR_JSON, "$.a", "|1"},
    {JSON, SELECTOR_JSON, "$..a", "|1|2|4"},
    {JSON, SELECTOR_JSON, "$.b.c[1].a", "|4"},
    {JSON, SELECTOR_JSON, "$.b.c[*]", "|3|a: 4|5"},
    {JSON, SELECTOR_JSON, "$.b..[0]", "|3|5"},
    {JSON, SELECTOR_JSON, "$['d e']", "|6"},
    {JSON, SELECTOR_JSON, "$[\"d e\"]", "|6"},
    {JSON, SELECTOR_JSON, "$.f.*", "|7|8"},
    {JSON, SELECTOR_JSON, "$..f", "|7 8|null"},
    {JSON, SELECTOR_JSON, "$.f[2]", ""},
    {JSON, SELECTOR_JSON, "$.A", ""},
    {JSON, SELECTOR_JSON, "$[0]", ""},
    {JSON, SELECTOR_CSS, "a", ""},
};

static void add_found(struct buffer *out, const struct selector *selector, const struct tree *tree)
{
    uint32_t *nodes;
    size_t count = selector_find(selector, tree, &nodes);
    for (size_t i = 0; i < count; i++) {
        buffer_add_byte(out, '|');
        tree_add_text(out, tree, nodes[i], 1000);
    }
    free(nodes);
}

static void read_tree(struct tree *tree, struct tree_names *names, const char *text, size_t which)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    char reason[MARKUP_REASON_SIZE + JSON_REASON_SIZE];
    size_t duplicates;
    buffer_add_text(&bytes, text);
    assert_true(which == PAGE   ? html_tree(tree, names, &bytes, reason)
                : which == FEED ? xml_tree(tree, names, &bytes, reason)
                                : json_tree(tree, names, &bytes, &duplicates, reason));
    buffer_free(&bytes);
}

static void a_selector_finds_its_nodes_in_document_order_and_no_others(void **state)
{
    (void)state;
    static const char *const texts[DOCUMENTS] = {page, feed, json};
    struct tree_names names = {0};
    struct tree trees[DOCUMENTS];
    for (size_t i = 0; i < DOCUMENTS; i++)
        read_tree(&trees[i], &names, texts[i], i);
    for (size_t i = 0; i < COUNT(finds); i++) {
        struct selector *selector;
        struct err err = {0};
        size_t offset;
        if (!selector_parse(finds[i].language, finds[i].text, &selector, &offset, &err))
            fail_msg("%s: at %zu: %s", finds[i].text, offset, err.text);
        struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
        add_found(&out, selector, &trees[finds[i].document]);
        if (strcmp((const char *)out.data, finds[i].found) != 0)
            fail_msg("%s: %s, not %s", finds[i].text, (const char *)out.data, finds[i].found);
        buffer_free(&out);
        selector_free(selector);
    }
    for (size_t i = 0; i < DOCUMENTS; i++)
        tree_free(&trees[i]);
    tree_names_free(&names);
}

static void a_selector_costs_little_in_a_deep_and_repetitive_page(void **state)
{
    (void)state;
    struct tree_names names = {0};
    struct tree tree;
    struct selector *selector;
    struct err err = {0};
    size_t offset;
    tree_init(&tree, &names);
    for (size_t i = 0; i < 100000; i++)
        tree_open(&tree, TREE_ELEMENT, tree_intern(&names, "a", 1));
    tree_finish(&tree);
    assert_true(selector_parse(SELECTOR_CSS, "a a a a a a a a a a a a a a a a a a a a b", &selector,
                               &offset, &err));
    uint32_t *nodes;
    assert_int_equal(selector_find(selector, &tree, &nodes), 0);
    free(nodes);
    selector_free(selector);
    tree_free(&tree);
    tree_names_free(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_language_has_not_is_refused_at_its_place),
        cmocka_unit_test(a_selector_finds_its_nodes_in_document_order_and_no_others),
        cmocka_unit_test(a_selector_costs_little_in_a_deep_and_repetitive_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
