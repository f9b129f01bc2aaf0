/*
 * The differ: small scripts, paths that people can use, and scripts that are complete: applied to
 * the source they give the target, for random trees and random edits.
 */
#include "../../diff/base/memory.h"
#include "../../diff/compare.h"
#include "../../diff/text_diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* --- scripts --- */

static void add_differences(struct buffer *out, const struct comparison *found)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct difference *at = &found->differences[i];
        buffer_printf(out, "%s%s %s", i ? "; " : "", diff_kind_name[at->kind], at->path);
        if (at->kind == DIFF_CHANGED)
            buffer_printf(out, " [%.*s][%.*s]", (int)at->text[SOURCE].length, at->text[SOURCE].at,
                          (int)at->text[TARGET].length, at->text[TARGET].at);
    }
}

/* A complete script leads from the source to the target. */
static void check_applies(const struct comparison *found)
{
    struct tree result;
    struct buffer one = BUFFER_INIT(BUFFER_NO_LIMIT), other = BUFFER_INIT(BUFFER_NO_LIMIT);
    tree_diff_apply(&found->trees[SOURCE], &found->trees[TARGET], &found->diff, &result);
    tree_add_canonical(&one, &result, 0);
    tree_add_canonical(&other, &found->trees[TARGET], 0);
    bool same = tree_same(tree_at(&result, 0), tree_at(&found->trees[TARGET], 0));
    if (!same || one.length != other.length || memcmp(one.data, other.data, one.length) != 0)
        fail_msg("the script leads to\n%s\nand not to\n%s", (char *)one.data, (char *)other.data);
    buffer_free(&one);
    buffer_free(&other);
    tree_free(&result);
}

static void compare_texts(const char *source, const char *target, enum content_type type,
                          struct comparison *found)
{
    struct err err;
    const struct answer answers[SIDES] = {{source, strlen(source), NULL},
                                          {target, strlen(target), NULL}};
    if (!compare_answers(answers, type, NULL, found, &err))
        fail_msg("%s", err.text);
    if (!found->equal)
        check_applies(found);
}

struct script {
    const char *source, *target, *differences;
};

static void check_scripts(const struct script *rows, size_t count, enum content_type type)
{
    for (size_t i = 0; i < count; i++) {
        struct buffer out = BUFFER_INIT(1 << 20);
        struct comparison found;
        compare_texts(rows[i].source, rows[i].target, type, &found);
        add_differences(&out, &found);
        if (strcmp((char *)out.data, rows[i].differences) != 0)
            fail_msg("%s\n%s\n  gave: %s\n  not:  %s", rows[i].source, rows[i].target,
                     (char *)out.data, rows[i].differences);
        buffer_free(&out);
        comparison_free(&found);
    }
}

static void pages_differ_by_small_scripts_with_paths(void **state)
{
    (void)state;
    static const struct script rows[] = {
        {"<p>a b c</p>", "<p>a x c</p>", "changed p [b][x]"},
        {"<p>10.50 EUR</p>", "<p>10.5 EUR</p>", "changed p [10.50][10.5]"},
        {"<div><p>a</p><p>b</p></div>", "<div><p>a</p><p>c</p></div>", "changed div > p[2] [b][c]"},
        {"<div><p>a</p></div>", "<div><p>a</p><p>b</p></div>", "inserted div > p[2]"},
        {"<div><p>a</p><p>b</p></div>", "<div><p>b</p></div>", "deleted div > p[1]"},
        {"<a href=x>a</a>", "<a href=y>a</a>", "changed a @href [x][y]"},
        {"<a href=x>a</a>", "<a>a</a>", "deleted a @href"},
        {"<a>a</a>", "<a id=q>a</a>", "inserted a#q @id"},
        {"<div id=a><p>x</p></div>", "<div id=a><p>y</p></div>", "changed div#a > p [x][y]"},
        {"<table id=rates><tr><td>a<td class=price>1<tr><td>b<td class=price>2</table>",
         "<table id=rates><tr><td>a<td class=price>1<tr><td>b<td class=price>3</table>",
         "changed table#rates > tr[2] > td.price [2][3]"},
        {"<ul><li>a<li>b<li>c</ul>", "<ul><li>c<li>a<li>b</ul>", "reordered ul"},
        {"<ul><li>a<li>b</ul>", "<ul><li>b<li>a</ul>", "reordered ul"},
        {"<ul><li>a<li>b<li>c<li>d</ul>", "<ul><li>d<li>a<li>x<li>b<li>c</ul>",
         "moved ul > li[1]; inserted ul > li[3]"},
        {"<ul><li><a href=1>a</a> x<li><a href=2>b</a> y</ul>",
         "<ul><li><a href=2>b</a> z<li><a href=1>a</a> x</ul>",
         "reordered ul; changed ul > li[1] [y][z]"},
        {"<div><p>a long text that moves away</p></div><ul></ul>",
         "<div></div><ul><p>a long text that moves away</p></ul>", "moved ul > p"},
        {"<p>a</p>", "<p>a</p><!-- x -->", "inserted comment()"},
        {"<p><b>a</b></p>", "<p><i>a</i></p>", "inserted p > i; deleted p > b"},
        {"<script>a b</script>", "<script>a c</script>", "changed script [b][c]"},
    };
    check_scripts(rows, COUNT(rows), CONTENT_HTML);
}

static void json_differs_by_small_scripts_with_paths(void **state)
{
    (void)state;
    static const struct script rows[] = {
        {"{\"items\":[{\"price\":1},{\"price\":2}]}", "{\"items\":[{\"price\":1},{\"price\":3}]}",
         "changed $.items[1].price [2][3]"},
        {"{\"a\":1}", "{\"a\":\"1\"}", "changed $.a [1][\"1\"]"},
        {"{\"a\":null}", "{}", "deleted $.a"},
        {"{}", "{\"a b\":1}", "inserted $[\"a b\"]"},
        {"{\"a\":[]}", "{\"a\":{}}", "changed $.a [][]"},
        {"[1,2,3]", "[0,1,2,3]", "inserted $[0]"},
        {"[1,2,3]", "[3,1,2]", "reordered $"},
        {"1", "2", "changed $ [1][2]"},
        {"[{\"id\":1,\"v\":1},{\"id\":2,\"v\":2},{\"id\":3,\"v\":3}]",
         "[{\"id\":2,\"v\":2},{\"id\":3,\"v\":9}]", "deleted $[0]; changed $[1].v [3][9]"},
        {"[{\"id\":1,\"v\":1},{\"id\":2,\"v\":2}]", "[{\"id\":2,\"v\":3},{\"id\":1,\"v\":1}]",
         "reordered $; changed $[0].v [2][3]"},
    };
    check_scripts(rows, COUNT(rows), CONTENT_JSON);
}

static void xml_differs_by_small_scripts_with_paths(void **state)
{
    (void)state;
    static const struct script rows[] = {
        {"<feed><entry><title>a</title></entry><entry><title>b</title></entry></feed>",
         "<feed><entry><title>a</title></entry><entry><title>c</title></entry></feed>",
         "changed /feed/entry[2]/title [b][c]"},
        {"<feed lang='en'/>", "<feed lang='de'/>", "changed /feed/@lang [en][de]"},
        {"<a id='x'><b/></a>", "<a id='x'><c/></a>", "inserted /a/c; deleted /a/b"},
    };
    check_scripts(rows, COUNT(rows), CONTENT_XML);
}

/* --- tables --- */

enum { ROWS = 500 };

/* A table of the rows that `order` names; row -1 is a new one; `stamp` is in every row. */
static char *table_of(const int *order, size_t count, const char *stamp)
{
    struct buffer out = BUFFER_INIT(1 << 22);
    buffer_add_text(&out, "<html><body><table id=rates>");
    for (size_t i = 0; i < count; i++)
        buffer_printf(&out,
                      "\n <tr class=%s><td>%d</td><td>name %d</td><td class=price>%d.50</td>"
                      "<td>yes</td><td>%s</td></tr>",
                      i % 2 ? "odd" : "even", order[i], order[i] * 7 % 50, order[i] * 31 % 1000,
                      stamp);
    buffer_add_text(&out, "</table></body></html>");
    return (char *)out.data;
}

static void a_row_on_top_of_500_is_one_insertion(void **state)
{
    (void)state;
    int order[ROWS + 1];
    for (int i = 0; i <= ROWS; i++)
        order[i] = i - 1;
    char *source = table_of(order + 1, ROWS, "x"), *target = table_of(order, ROWS + 1, "x");
    /* The stripes change, too: all rows but the new one have another class. */
    struct comparison found;
    compare_texts(source, target, CONTENT_HTML, &found);
    assert_int_equal(found.kinds[DIFF_INSERTED], 1);
    assert_int_equal(found.kinds[DIFF_DELETED], 0);
    assert_int_equal(found.kinds[DIFF_CHANGED], ROWS);
    assert_string_equal(found.differences[0].path, "table#rates > tr[1]");
    comparison_free(&found);
    free(source);
    free(target);

    struct buffer plain = BUFFER_INIT(1 << 22), more = BUFFER_INIT(1 << 22);
    for (int i = 0; i < ROWS; i++)
        buffer_printf(&plain, "<tr><td>%d<td>same</td></tr>", i % 100);
    buffer_printf(&more, "<table><tr><td>new<td>same</td></tr>%s</table>", (char *)plain.data);
    char *table = mem_format("<table>%s</table>", (char *)plain.data);
    compare_texts(table, (char *)more.data, CONTENT_HTML, &found);
    assert_int_equal(found.total, 1);
    assert_int_equal(found.kinds[DIFF_INSERTED], 1);
    comparison_free(&found);
    free(table);
    buffer_free(&plain);
    buffer_free(&more);
}

static uint32_t chance; /* a small generator of its own: the same on every machine */
static uint32_t chance_of(uint32_t below)
{
    chance = chance * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)(chance >> 8) * below >> 24);
}

static void permuted_rows_are_order_only(void **state)
{
    (void)state;
    int order[ROWS], shuffled[ROWS];
    chance = 1;
    for (int i = 0; i < ROWS; i++)
        order[i] = shuffled[i] = i;
    for (uint32_t i = ROWS - 1; i; i--) {
        uint32_t j = chance_of(i + 1);
        int swap = shuffled[i];
        shuffled[i] = shuffled[j];
        shuffled[j] = swap;
    }
    struct buffer texts[SIDES] = {BUFFER_INIT(1 << 20), BUFFER_INIT(1 << 20)};
    for (int i = 0; i < ROWS; i++) {
        buffer_printf(&texts[SOURCE], "<li>row %d</li>", order[i]);
        buffer_printf(&texts[TARGET], "<li>row %d</li>", shuffled[i]);
    }
    struct comparison found;
    compare_texts((char *)texts[SOURCE].data, (char *)texts[TARGET].data, CONTENT_HTML, &found);
    assert_int_equal(found.total, 1);
    assert_int_equal(found.kinds[DIFF_REORDERED], 1);
    comparison_free(&found);
    buffer_free(&texts[SOURCE]);
    buffer_free(&texts[TARGET]);
}

static void rows_stay_matched_when_every_one_of_them_changes(void **state)
{
    (void)state;
    int order[ROWS];
    for (int i = 0; i < ROWS; i++)
        order[i] = i;
    char *source = table_of(order, ROWS, "12:00"), *target = table_of(order + 2, ROWS - 2, "12:01");
    struct comparison found;
    compare_texts(source, target, CONTENT_HTML, &found);
    assert_int_equal(found.kinds[DIFF_DELETED], 2);
    assert_int_equal(found.kinds[DIFF_CHANGED], ROWS - 2);
    assert_int_equal(found.total, ROWS);
    comparison_free(&found);
    free(source);
    free(target);
}

/* --- marks --- */

static bool mark_all(void *context, enum content_type type, struct tree *const trees[SIDES],
                     size_t *masked, struct err *err)
{
    (void)type;
    (void)err;
    const enum tree_mark *mark = context;
    for (int side = SOURCE; side < SIDES; side++)
        for (uint32_t i = 0; i < trees[side]->count; i++)
            if (trees[side]->nodes[i].name && strcmp(trees[side]->nodes[i].name, "i") == 0) {
                tree_mark(trees[side], i, *mark);
                ++*masked;
            }
    return true;
}

struct marked {
    const char *source, *target;
    enum tree_mark mark; /* of all <i> */
    size_t total;
};

static void marks_leave_out_what_they_say_and_nothing_else(void **state)
{
    (void)state;
    static const struct marked rows[] = {
        {"<p>a<i>b</i></p>", "<p>a<i>c</i></p>", TREE_IGNORED, 0},
        {"<p>a<i>b</i></p>", "<p>a</p>", TREE_IGNORED, 0},
        {"<p>a<i>b</i></p>", "<p>x<i>c</i></p>", TREE_IGNORED, 1},
        {"<p>a<i>b</i></p>", "<p>a<i x=1>c<b>d</b></i></p>", TREE_MASKED, 0},
        {"<p>a<i>b</i></p>", "<p>a</p>", TREE_MASKED, 1},
        {"<p>a<i>b</i></p>", "<p>x<i>c</i></p>", TREE_MASKED, 1},
        {"<i><b>1</b><b>2</b></i>", "<i><b>2</b><b>1</b></i>", TREE_UNORDERED, 0},
        {"<i><b>1</b><b>2</b></i>", "<i><b>2</b><b>2</b></i>", TREE_UNORDERED, 1},
        {"<i><b>1</b><b>2</b><b>3</b></i>", "<i><b>3</b><b>1</b></i>", TREE_UNORDERED, 1},
        {"<i><b>1</b></i><b>1</b>", "<i><b>1</b></i><b>2</b>", TREE_UNORDERED, 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum tree_mark mark = rows[i].mark;
        struct compare_rules rules = {mark_all, &mark};
        struct comparison found;
        struct err err;
        const struct answer answers[SIDES] = {{rows[i].source, strlen(rows[i].source), NULL},
                                              {rows[i].target, strlen(rows[i].target), NULL}};
        assert_true(compare_answers(answers, CONTENT_HTML, &rules, &found, &err));
        if (found.total != rows[i].total || found.equal != !rows[i].total)
            fail_msg("%s and %s: %zu differences", rows[i].source, rows[i].target, found.total);
        if (!found.equal)
            check_applies(&found);
        comparison_free(&found);
    }
}

static void an_array_with_a_key_rule_has_no_order(void **state)
{
    (void)state;
    static const char *const texts[SIDES] = {"[{\"nr\":1,\"v\":\"a\"},{\"nr\":2,\"v\":\"b\"}]",
                                             "[{\"nr\":2,\"v\":\"c\"},{\"nr\":1,\"v\":\"a\"}]"};
    struct comparison found;
    compare_texts(texts[SOURCE], texts[TARGET], CONTENT_JSON, &found);
    struct tree_diff diff;
    for (int side = SOURCE; side < SIDES; side++) {
        tree_set_key(&found.trees[side], 1, "nr");
        tree_hash(&found.trees[side]);
    }
    tree_diff(&found.trees[SOURCE], &found.trees[TARGET], &diff);
    assert_int_equal(diff.count, 1);
    assert_int_equal(diff.items[0].kind, DIFF_CHANGED);
    tree_diff_free(&diff);
    comparison_free(&found);
}

/* --- random trees --- */

static void add_random_text(struct buffer *out)
{
    static const char *const words[] = {"a", "b", "same", "10.50", "2024-01-31", "lorem ipsum"};
    for (uint32_t n = 1 + chance_of(3); n--;)
        buffer_printf(out, "%s ", words[chance_of(COUNT(words))]);
}

static void add_random_markup(struct buffer *out, int depth)
{
    static const char *const names[] = {"div", "p", "b", "ul", "li", "table", "tr", "td", "i"};
    const char *name = names[chance_of(COUNT(names))];
    buffer_printf(out, "<%s", name);
    if (!chance_of(3))
        buffer_printf(out, " id=\"%u\"", chance_of(20));
    if (!chance_of(4))
        buffer_printf(out, " class=\"%u\"", chance_of(4));
    buffer_add_text(out, ">");
    for (uint32_t n = chance_of(depth > 4 ? 2 : 6); n--;) {
        if (depth < 6 && chance_of(2))
            add_random_markup(out, depth + 1);
        else
            add_random_text(out);
    }
    buffer_printf(out, "</%s>", name);
}

/* Cuts, copies and changes pieces: tags are no borders to it. */
static void edit_randomly(struct buffer *text)
{
    for (uint32_t n = 1 + chance_of(4); n-- && text->length > 8;) {
        struct buffer next = BUFFER_INIT(BUFFER_NO_LIMIT);
        uint32_t length = (uint32_t)text->length;
        uint32_t start = chance_of(length), size = chance_of(40), to = chance_of(length);
        if (size > length - start)
            size = length - start;
        switch (chance_of(3)) {
        case 0: /* leave out */
            buffer_add(&next, text->data, start);
            buffer_add(&next, text->data + start + size, length - start - size);
            break;
        case 1: /* copy to another place */
            buffer_add(&next, text->data, to);
            buffer_add(&next, text->data + start, size);
            buffer_add(&next, text->data + to, length - to);
            break;
        default:
            buffer_add(&next, text->data, start);
            add_random_markup(&next, 5);
            buffer_add(&next, text->data + start, length - start);
        }
        buffer_free(text);
        *text = next;
    }
}

static void a_script_applied_to_the_source_gives_the_target(void **state)
{
    (void)state;
    enum { TREES = 3000 };
    for (uint32_t seed = 0; seed < TREES; seed++) {
        struct buffer source = BUFFER_INIT(BUFFER_NO_LIMIT), target = BUFFER_INIT(BUFFER_NO_LIMIT);
        chance = seed;
        for (uint32_t n = 1 + chance_of(4); n--;)
            add_random_markup(&source, 0);
        if (seed % 10) {
            buffer_add(&target, source.data, source.length);
            edit_randomly(&target);
        } else {
            add_random_markup(&target, 0); /* nothing in common */
        }
        struct comparison found;
        compare_texts((char *)source.data, (char *)target.data,
                      seed % 7 ? CONTENT_HTML : CONTENT_TEXT, &found);
        assert_int_equal(found.equal, !found.total);
        comparison_free(&found);
        buffer_free(&source);
        buffer_free(&target);
    }
}

static void add_random_json(struct buffer *out, int depth)
{
    switch (chance_of(depth > 4 ? 3 : 6)) {
    case 0:
        buffer_printf(out, "%u", chance_of(5));
        break;
    case 1:
        buffer_printf(out, "\"%u\"", chance_of(5));
        break;
    case 2:
        buffer_add_text(out, chance_of(2) ? "null" : "true");
        break;
    case 3:
        buffer_add_text(out, "[");
        for (uint32_t n = chance_of(6), i = 0; i < n; i++) {
            buffer_add_text(out, i ? "," : "");
            add_random_json(out, depth + 1);
        }
        buffer_add_text(out, "]");
        break;
    default:
        buffer_add_text(out, "{");
        for (uint32_t n = chance_of(5), i = 0; i < n; i++) {
            buffer_printf(out, "%s\"%s\":", i ? "," : "",
                          (const char *[]){"id", "a", "b", "c", "d"}[chance_of(5)]);
            add_random_json(out, depth + 1);
        }
        buffer_add_text(out, "}");
    }
}

static void a_script_applied_to_json_gives_the_target(void **state)
{
    (void)state;
    enum { TREES = 3000 };
    for (uint32_t seed = 0; seed < TREES; seed++) {
        struct buffer texts[SIDES] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
        for (int side = SOURCE; side < SIDES; side++) {
            buffer_add_text(&texts[side], "[");
            for (uint32_t i = 0; i < 8; i++) {
                /* Mostly the same elements, in another order. */
                chance = chance_of(4) ? seed * 100 + (side ? (i * 5 + seed) % 8 : i)
                                      : seed * 1000 + i + (uint32_t)side;
                buffer_add_text(&texts[side], i ? "," : "");
                add_random_json(&texts[side], 0);
            }
            buffer_add_text(&texts[side], "]");
        }
        struct comparison found;
        compare_texts((char *)texts[SOURCE].data, (char *)texts[TARGET].data, CONTENT_JSON, &found);
        assert_int_equal(found.equal, !found.total);
        assert_string_equal(found.fallback, "");
        comparison_free(&found);
        buffer_free(&texts[SOURCE]);
        buffer_free(&texts[TARGET]);
    }
}

/* --- sequences --- */

static bool same_bytes(void *context, size_t source, size_t target)
{
    const char *const *texts = context;
    return texts[SOURCE][source] == texts[TARGET][target];
}

static void sequences_differ_by_the_fewest_edits(void **state)
{
    (void)state;
    static const struct {
        const char *source, *target;
        size_t edits; /* elements in changes */
    } rows[] = {
        {"", "", 0},        {"a", "a", 0},          {"", "abc", 3},
        {"abc", "", 3},     {"abc", "abd", 2},      {"abcabba", "cbabac", 5},
        {"abc", "xabc", 1}, {"abcdef", "abdef", 1}, {"abab", "baba", 2},
        {"aaaa", "aaa", 1}, {"abcd", "efgh", 8},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *texts[SIDES] = {rows[i].source, rows[i].target};
        struct text_changes changes = {0};
        struct buffer built = BUFFER_INIT(100);
        size_t edits = 0, at = 0;
        text_diff_sequence(&changes, strlen(texts[SOURCE]), strlen(texts[TARGET]), 100, same_bytes,
                           texts);
        for (size_t c = 0; c < changes.count; c++) {
            const struct text_change *change = &changes.items[c];
            edits += change->source_end - change->source + change->target_end - change->target;
            buffer_add(&built, texts[SOURCE] + at, change->source - at);
            buffer_add(&built, texts[TARGET] + change->target, change->target_end - change->target);
            at = change->source_end;
        }
        buffer_add_text(&built, texts[SOURCE] + at);
        assert_string_equal((char *)built.data, texts[TARGET]);
        assert_int_equal(edits, rows[i].edits);
        assert_false(changes.bounded);
        text_changes_free(&changes);
        buffer_free(&built);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_differ_by_small_scripts_with_paths),
        cmocka_unit_test(json_differs_by_small_scripts_with_paths),
        cmocka_unit_test(xml_differs_by_small_scripts_with_paths),
        cmocka_unit_test(a_row_on_top_of_500_is_one_insertion),
        cmocka_unit_test(permuted_rows_are_order_only),
        cmocka_unit_test(rows_stay_matched_when_every_one_of_them_changes),
        cmocka_unit_test(marks_leave_out_what_they_say_and_nothing_else),
        cmocka_unit_test(an_array_with_a_key_rule_has_no_order),
        cmocka_unit_test(a_script_applied_to_the_source_gives_the_target),
        cmocka_unit_test(a_script_applied_to_json_gives_the_target),
        cmocka_unit_test(sequences_differ_by_the_fewest_edits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
