/*
 * Rules: first that none makes unequal things equal beyond what it says, then that each does what
 * it says, then what is said of a file that is wrong.
 */
#include "../../diff/rule.h"

#include "../../diff/html.h"
#include "../../diff/json_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool read_tree(struct tree *tree, struct tree_names *names, enum content_type type,
                      const char *text)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    char reason[MARKUP_REASON_SIZE + JSON_REASON_SIZE] = "";
    size_t duplicates;
    bool good = true;
    if (type == CONTENT_TEXT) {
        tree_of_lines(tree, names, text, strlen(text));
        return true;
    }
    buffer_add_text(&bytes, text);
    good = type == CONTENT_HTML  ? html_tree(tree, names, &bytes, reason)
           : type == CONTENT_XML ? xml_tree(tree, names, &bytes, reason)
                                 : json_tree(tree, names, &bytes, &duplicates, reason);
    buffer_free(&bytes);
    if (!good)
        print_error("%s: %s\n", text, reason);
    return good;
}

static struct rules *rules_of(const char *yaml)
{
    struct rules *rules;
    struct err err = {0};
    char *text = mem_format("rules: [%s]\n", yaml);
    if (!rules_parse("r.yml", text, strlen(text), &rules, &err))
        fail_msg("%s", err.text);
    free(text);
    return rules;
}

static const struct rule_context known = {
    .method = "GET",
    .path = "/rates/8812?tab=2",
    .content_type = {"text/html; charset=utf-8", "text/html"}};

/* Are the two texts equal under the rules? */
static bool equal_under(struct rules *rules, const struct rule_context *context,
                        enum content_type type, const char *source, const char *target,
                        size_t *masked)
{
    struct tree_names names = {0};
    struct tree trees[SIDES];
    struct err err = {0};
    assert_true(read_tree(&trees[SOURCE], &names, type, source));
    assert_true(read_tree(&trees[TARGET], &names, type, target));
    *masked = 0;
    if (!rules_apply(rules, context, type, (struct tree *const[]){&trees[SOURCE], &trees[TARGET]},
                     masked, &err))
        fail_msg("%s", err.text);
    for (int side = 0; side < SIDES; side++)
        tree_hash(&trees[side]);
    bool same = tree_same(tree_at(&trees[SOURCE], 0), tree_at(&trees[TARGET], 0));
    for (int side = 0; side < SIDES; side++)
        tree_free(&trees[side]);
    tree_names_free(&names);
    return same;
}

#define HTML CONTENT_HTML
#define XML CONTENT_XML
#define JSON CONTENT_JSON
#define LINES CONTENT_TEXT

struct rule_case {
    const char *rules;
    enum content_type type;
    const char *source, *target;
    size_t masked;
};

/* Each pair is unequal, and stays so. */
static const struct rule_case unequal[] = {
    /* beside the scope */
    {"{css: i, mask: true}", HTML, "<p>1<i>2</i></p>", "<p>9<i>8</i></p>", 1},
    {"{css: i, ignore: true}", HTML, "<p>1<i>2</i></p>", "<p>9</p>", 1},
    {"{css: i, mask: true}", HTML, "<i>2</i><b>3</b>", "<i>8</i><b>4</b>", 1},
    /* what an ignored element leaves is one text, not any */
    {"{css: i, ignore: true}", HTML, "<p>1<i>2</i>3</p>", "<p>1 3</p>", 1},
    {"{css: i, ignore: true}", HTML, "<p>1 <i>2</i> 3</p>", "<p>13</p>", 1},
    {"{css: i, ignore: true}", HTML, "<pre>1 <i>2</i> 3</pre>", "<pre>1 3</pre>", 1},
    {"{css: i, ignore: true}", HTML, "<b>1 </b><i>2</i>3", "<b>1</b>3", 1},
    {"{css: i, ignore: true}", HTML, "1<b></b><i>2</i>3", "13", 1},
    {"{css: i, ignore: true}", HTML, "<p>1 <i>2</i><b>3</b></p>", "<p>1<b>3</b></p>", 1},
    {"{css: i, ignore: true}", HTML, "<p>1<i>2</i></p>", "<p>1</p>2", 1},
    {"{xpath: //i, ignore: true}", XML, "<p>1 <i>2</i> 3</p>", "<p>1 3</p>", 1},
    {"{json: $.a, mask: true}", JSON, "{\"a\":1,\"b\":{\"a\":1}}", "{\"a\":2,\"b\":{\"a\":2}}", 1},
    {"{json: $.a, ignore: true}", JSON, "{\"b\":1}", "{\"b\":2}", 0},
    {"{xpath: //a, mask: true}", XML, "<r><A>1</A></r>", "<r><A>2</A></r>", 0},
    {"{css: a, attribute: href, mask: true}", HTML, "<a href=x id=1>t</a>", "<a href=y id=2>t</a>",
     1},
    {"{css: a, attribute: href, mask: true}", HTML, "<a href=x>t</a>", "<a href=y>u</a>", 1},
    {"{route: /other, css: i, mask: true}", HTML, "<i>1</i>", "<i>2</i>", 0},
    {"{route: 'POST /rates/{id}', css: i, mask: true}", HTML, "<i>1</i>", "<i>2</i>", 0},
    {"{route: '/rates/{id}?tab=3', css: i, mask: true}", HTML, "<i>1</i>", "<i>2</i>", 0},
    {"{type: json, css: i, mask: true}", HTML, "<i>1</i>", "<i>2</i>", 0},
    {"{type: text/plain, css: i, mask: true}", HTML, "<i>1</i>", "<i>2</i>", 0},
    {"{header: i, mask: true}", HTML, "<i>1</i>", "<i>2</i>", 0},
    {"{header: x, ignore: true}", HTML, "<i>1</i>", "<i>2</i>", 0},
    {"{css: i, ignore: true, side: source}", HTML, "<b>1</b>", "<b>1</b><i>2</i>", 0},
    {"{css: b, round: 1, side: source}", HTML, "<b>1.04</b>", "<b>1.01</b>", 0},

    /* a masked thing must be there on both sides */
    {"{css: i, mask: true}", HTML, "<p><i>2</i></p>", "<p></p>", 1},
    {"{css: i, mask: true}", HTML, "<p><i>2</i></p>", "<p><i></i></p>", 1},
    {"{css: i, mask: true}", HTML, "<p><i>2</i></p>", "<p><i> </i></p>", 1},
    {"{css: i, mask: true}", HTML, "<p><i>2</i></p>", "<p><i><!-- 2 --></i></p>", 1},
    {"{css: i, mask: true}", HTML, "<p><i>2</i><i>3</i></p>", "<p><i>2</i></p>", 2},
    {"{css: '.t', mask: true}", HTML, "<i class=t>2</i>", "<b class=t>2</b>", 1},
    {"{css: input, attribute: value, mask: true}", HTML, "<input value=x>", "<input>", 1},
    {"{css: input, attribute: value, mask: true}", HTML, "<input value=x>", "<input value=''>", 1},
    {"{json: $.a, mask: true}", JSON, "{\"a\":1}", "{}", 1},
    {"{json: $.a, mask: true}", JSON, "{\"a\":\"x\"}", "{\"a\":\"\"}", 1},
    {"{json: $.a, mask: true}", JSON, "{\"a\":\"x\"}", "{\"a\":null}", 1},
    {"{json: $.a, mask: true}", JSON, "{\"a\":[1]}", "{\"a\":[]}", 1},
    {"{json: $.a, mask: true}", JSON, "{\"a\":1}", "{\"a\":\"1\"}", 1},
    {"{json: '$.a[*]', mask: true}", JSON, "{\"a\":[1,2]}", "{\"a\":[1]}", 2},
    {"{css: i, mask: '[0-9]+'}", HTML, "<i>12</i>", "<i>ab</i>", 1},
    {"{css: i, mask: '[0-9]+'}", HTML, "<i>12</i>", "<i></i>", 1},
    {"{css: i, mask: '[0-9]+'}", HTML, "<i>12 x</i>", "<i>13 y</i>", 1},
    {"{css: i, mask: '[0-9]+'}", HTML, "<i>12 13</i>", "<i>12</i>", 2},
    {"{css: i, mask: '[0-9]+'}", HTML, "<i>12</i>", "<i>***</i>", 1},
    {"{css: i, mask: '[0-9]+'}, {css: i, mask: '[a-z]+'}", HTML, "<i>12</i>", "<i>ab</i>", 2},
    {"{css: i, mask: '[0-9]+'}", HTML, "<i a=1>2</i>", "<i a=2>2</i>", 1},
    {"{mask: '[0-9]{4}'}", HTML, "<i id=a>x</i>", "<i id=b>x</i>", 0},
    {"{mask: x}", LINES, "a x\n", "a \xFF\xF8\xF8\n", 1},

    /* an order that does not matter is no licence for content */
    {"{json: $.a, ignore: order}", JSON, "{\"a\":[1,2]}", "{\"a\":[1,3]}", 0},
    {"{json: $.a, ignore: order}", JSON, "{\"a\":[1,2,2]}", "{\"a\":[1,1,2]}", 0},
    {"{json: $.a, ignore: order}", JSON, "{\"a\":[[1,2]]}", "{\"a\":[[2,1]]}", 0},
    {"{json: $.a, ignore: order}", JSON, "{\"a\":[1,2],\"b\":[1,2]}", "{\"a\":[2,1],\"b\":[2,1]}",
     0},
    {"{css: ul, ignore: order}", HTML, "<ul><li>1 2<li>3</ul>", "<ul><li>1 3<li>2</ul>", 0},
    {"{type: text, ignore: order}", LINES, "a\nb\n", "b\nc\n", 0},
    {"{css: i, sort: ','}", HTML, "<i>a,b,b</i>", "<i>a,a,b</i>", 0},
    {"{css: i, sort: words}", HTML, "<i>ab c</i>", "<i>a bc</i>", 0},

    /* normal forms */
    {"{css: i, normalise: number}", HTML, "<i>10.50</i>", "<i>10.51</i>", 0},
    {"{css: i, normalise: number}", HTML, "<i>1.10.0</i>", "<i>1.1.0</i>", 0},
    {"{css: i, normalise: number}", HTML, "<i>-1</i>", "<i>1</i>", 0},
    {"{css: i, normalise: number}", HTML, "<i>9007199254740993</i>", "<i>9007199254740992</i>", 0},
    {"{json: $, normalise: number}", JSON, "[\"1\"]", "[1]", 0},
    {"{css: i, normalise: date}", HTML, "<i>01/02/2024</i>", "<i>02/01/2024</i>", 0},
    {"{css: i, normalise: date}", HTML, "<i>2024-01-31 10:00Z</i>", "<i>2024-01-31 10:00</i>", 0},
    {"{css: i, normalise: date}", HTML, "<i>2024-01-31</i>", "<i>2024-01-31 00:00</i>", 0},
    {"{css: pre, normalise: white space}", HTML, "<pre>a b</pre>", "<pre>ab</pre>", 0},
    {"{css: pre, normalise: trailing blanks}", HTML, "<pre> a</pre>", "<pre>a</pre>", 0},
    {"{css: i, round: 2}", HTML, "<i>1.004</i>", "<i>1.006</i>", 0},
    {"{json: $.a, round: 2}", JSON, "{\"a\":1.004}", "{\"a\":1.006}", 0},

    /* equal values: within their group, of their kind */
    {"{json: $.a, equal: [[0, false], [1, true]]}", JSON, "{\"a\":0}", "{\"a\":true}", 0},
    {"{json: $.a, equal: [[0, false]]}", JSON, "{\"a\":\"0\"}", "{\"a\":false}", 0},
    {"{json: $.a, equal: [[0, false]]}", JSON, "{\"a\":0}", "{\"a\":\"false\"}", 0},
    {"{json: $.a, equal: [['0', f]]}", JSON, "{\"a\":0}", "{\"a\":\"f\"}", 0},
    {"{json: $.a, equal: [['0', f]]}", JSON, "{\"a\":\"00\"}", "{\"a\":\"f\"}", 0},
    {"{json: $.a, equal: [[x, null]]}", JSON, "{\"a\":\"x\"}", "{\"a\":\"\"}", 0},
    {"{json: $.a, equal: [[x, null]]}", JSON, "{\"a\":\"x\"}", "{}", 0},
    {"{json: '$.a[*]', equal: [[x, null]]}", JSON, "{\"a\":[\"x\",1]}", "{\"a\":[1]}", 0},
    {"{json: $.a, equal: [['null', x]]}", JSON, "{\"a\":null}", "{\"a\":\"x\"}", 0},
    {"{css: td, equal: [['0000-00-00', null]]}", HTML, "<table><tr><td>0000-00-01</table>",
     "<table><tr><td></table>", 0},
    {"{css: td, equal: [['0000-00-00', null]]}", HTML, "<table><tr><td>0000-00-00 x</table>",
     "<table><tr><td></table>", 0},
    {"{css: td, equal: [['0000-00-00', null]]}", HTML, "<table><tr><td>0000-00-00</table>",
     "<table><tr></table>", 0},
    {"{css: i, equal: [[0, f]]}", HTML, "<i>0</i>", "<i>f f</i>", 0},
    {"{type: text, equal: [[a, b]]}", LINES, "a\nx\n", "b\ny\n", 0},
    {"{type: text, equal: [[a, null]]}", LINES, "a\n", "", 0},

    /* keys */
    {"{json: $.a, key: id}", JSON, "{\"a\":[{\"id\":1}]}", "{\"a\":[{\"id\":2}]}", 0},
};

static void no_rule_makes_unequal_things_equal_beyond_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(unequal); i++) {
        const struct rule_case *of = &unequal[i];
        struct rules *rules = rules_of(of->rules), *none = rules_of("");
        bool sided = strstr(of->rules, "side:");
        size_t masked, other = of->masked;
        if (equal_under(none, &known, of->type, of->source, of->target, &masked))
            fail_msg("%s and %s are equal without a rule", of->source, of->target);
        if (equal_under(rules, &known, of->type, of->source, of->target, &masked) ||
            (!sided && equal_under(rules, &known, of->type, of->target, of->source, &other)))
            fail_msg("%s: %s and %s are called equal", of->rules, of->source, of->target);
        if (masked != of->masked || other != masked)
            fail_msg("%s: %s: %zu and %zu masked", of->rules, of->source, masked, other);
        rules_free(rules);
        rules_free(none);
    }
}

/* Each pair is unequal, and equal under the rule. */
static const struct rule_case equal[] = {
    {"{css: i, mask: true}", HTML, "<p>1<i>2</i></p>", "<p>1<i><b>8</b> 9</i></p>", 1},
    {"{css: 'input[name=_token]', mask: true}", HTML, "<input name=_token value=x>",
     "<input name=_token value=y>", 1},
    {"{css: input, attribute: VALUE, mask: true}", HTML, "<input value=x>", "<input value=y>", 1},
    {"{css: i, ignore: true}", HTML, "<p>1<i>2</i></p>", "<p>1</p>", 1},
    {"{css: i, ignore: true}", HTML, "<p>1 <i>2</i> 3</p>", "<p>1 3</p>", 1},
    {"{css: i, ignore: true}", HTML, "<p>1 <i>2</i>3</p>", "<p>1<i>4</i> 3</p>", 1},
    {"{css: i, ignore: true}", HTML, "<p>1<i>2</i>3</p>", "<p>13</p>", 1},
    {"{css: i, ignore: true}", HTML, "<p><i>2</i> 1 <i>3</i> <i>4</i></p>", "<p>1</p>", 3},
    {"{css: i, ignore: true}", HTML, "<p><b>1</b> <i>2</i> <b>3</b></p>",
     "<p><b>1</b> <b>3</b></p>", 1},
    {"{css: i, ignore: true}", HTML, "<pre>1 <i>2</i> 3</pre>", "<pre>1  3</pre>", 1},
    {"{css: i, ignore: true}", HTML, "<div>1 <i>2</i><hr>3</div>", "<div>1<hr>3</div>", 1},
    {"{css: i, ignore: true}, {css: p, mask: '[0-9]+'}", HTML, "<p>1 <i>2</i> 3</p>", "<p>4 5</p>",
     3},
    {"{xpath: //i, ignore: true}", XML, "<p>1 <i>2</i> 3</p>", "<p>1  3</p>", 1},
    {"{css: i, attribute: id, ignore: true}", HTML, "<i id=1>2</i>", "<i>2</i>", 1},
    {"{css: i, ignore: true, side: target}", HTML, "<b>1</b>", "<b>1</b><i>2</i>", 1},
    {"{route: '/rates/{id}', ignore: true}", HTML, "<b>1</b>", "<i>2</i>", 1},
    {"{route: '/rates/{id}?tab=2', ignore: true}", HTML, "<b>1</b>", "<i>2</i>", 1},
    {"{route: [POST /x, 'GET /rates/*'], type: html, css: i, mask: true}", HTML, "<i>1</i>",
     "<i>2</i>", 1},
    {"{type: 'text/*', css: i, mask: true}", HTML, "<i>1</i>", "<i>2</i>", 1},
    {"{css: i, mask: '[0-9]+'}", HTML, "<i>12 x <b>5</b></i>", "<i>9 x <b>77</b></i>", 2},
    {"{mask: '[0-9a-f]{8}'}", HTML, "<a href='/main.3f2a9c1d.js'>v 12345678</a>",
     "<a href='/main.77ce01ab.js'>v 87654321</a>", 2},
    {"{attribute: nonce, mask: true}", HTML, "<script nonce=a>1</script>",
     "<script nonce=b>1</script>", 1},
    {"{css: script, mask: '(?<=nonce=)\\w+'}", HTML, "<script>nonce=a;</script>",
     "<script>nonce=b;</script>", 1},
    {"{mask: '[0-9]+'}", LINES, "a 1\nb\n", "a 2\nb\n", 1},
    {"{json: $..at, mask: true}", JSON, "[{\"at\":1},{\"at\":2}]", "[{\"at\":3},{\"at\":4}]", 2},
    {"{json: $.a, ignore: true}", JSON, "{\"a\":1,\"b\":2}", "{\"b\":2}", 1},
    {"{json: $.a, ignore: order}", JSON, "{\"a\":[1,2,[3]]}", "{\"a\":[[3],2,1]}", 0},
    {"{css: ul, ignore: order}", HTML, "<ul><li>1<li>2</ul>", "<ul><li>2<li>1</ul>", 0},
    {"{type: text, ignore: order}", LINES, "a\nb\n", "b\na\n", 0},
    {"{xpath: //t/@k, sort: ' '}", XML, "<t k='a b'/>", "<t k='b a'/>", 0},
    {"{xpath: //p, normalise: number}", XML, "<p>10.50</p>", "<p>10.5</p>", 0},
    {"{css: i, normalise: [white space, date]}", HTML,
     "<i>31 Jan\xC2\xA0"
     "2024</i>",
     "<i>2024-01-31</i>", 0},
    {"{json: $.a, normalise: trailing blanks}", JSON, "{\"a\":\"x  \"}", "{\"a\":\"x\"}", 0},
    {"{css: i, round: 1, side: target}", HTML, "<i>1.5</i>", "<i>1.54</i>", 0},
    {"{json: $.a, round: 2}", JSON, "{\"a\":1.2349}", "{\"a\":1.23}", 0},
    {"{json: $.a, equal: [[0, false], [1, true]]}", JSON, "{\"a\":1}", "{\"a\":true}", 0},
    {"{json: $.a, equal: [[0, false], [1, true]]}", JSON, "{\"a\":1.0}", "{\"a\":true}", 0},
    {"{json: $.a, equal: [['0', f]]}", JSON, "{\"a\":\"0\"}", "{\"a\":\"f\"}", 0},
    {"{json: $.a, equal: [['0000-00-00', null]]}", JSON, "{\"a\":\"0000-00-00\"}", "{\"a\":null}",
     0},
    {"{css: td, equal: [['0000-00-00', null]]}", HTML, "<table><tr><td>0000-00-00</table>",
     "<table><tr><td></table>", 0},
    {"{css: i, attribute: d, equal: [['0000-00-00', null]]}", HTML, "<i d=0000-00-00>1</i>",
     "<i>1</i>", 0},
    {"{css: i, equal: [[0, f], [1, t]]}", HTML, "<i> 1 </i><i>0</i>", "<i> t </i><i>f</i>", 0},
    {"{type: text, equal: [[a, b]]}", LINES, "a\nx\n", "b\nx\n", 0},
};

static void a_rule_makes_equal_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(equal); i++) {
        const struct rule_case *of = &equal[i];
        struct rules *rules = rules_of(of->rules), *none = rules_of("");
        size_t masked;
        if (equal_under(none, &known, of->type, of->source, of->target, &masked))
            fail_msg("%s and %s are equal without a rule", of->source, of->target);
        if (!equal_under(rules, &known, of->type, of->source, of->target, &masked))
            fail_msg("%s: %s and %s are called unequal", of->rules, of->source, of->target);
        if (masked != of->masked)
            fail_msg("%s: %s: %zu masked", of->rules, of->source, masked);
        struct rule_count count = rules_count_of(rules, 0);
        assert_int_equal(count.answers, 1);
        assert_true(count.applied[SOURCE] + count.applied[TARGET] > 0);
        rules_free(rules);
        rules_free(none);
    }
}

static void a_rule_that_finds_nothing_counts_nothing(void **state)
{
    (void)state;
    struct rules *rules = rules_of("{css: i, mask: true}, {name: no such, css: b, mask: true}, "
                                   "{route: /x, css: i, mask: true}");
    size_t masked;
    for (int i = 0; i < 3; i++)
        assert_true(equal_under(rules, &known, HTML, "<i>1</i>", "<i>2</i>", &masked));
    struct rule_count count = rules_count_of(rules, 0);
    assert_string_equal(count.name, "rule 1");
    assert_int_equal(count.answers, 3);
    assert_int_equal(count.applied[SOURCE], 3);
    assert_int_equal(count.applied[TARGET], 3);
    count = rules_count_of(rules, 1);
    assert_string_equal(count.name, "no such");
    assert_int_equal(count.line, 1);
    assert_int_equal(count.answers, 3);
    assert_int_equal(count.applied[SOURCE] + count.applied[TARGET], 0);
    assert_int_equal(rules_count_of(rules, 2).answers, 0);
    assert_int_equal(rules_count(rules), 3);
    assert_int_equal(rules_count(NULL), 0);
    rules_free(rules);
}

static void a_rule_that_asks_for_what_is_not_known_does_not_hold(void **state)
{
    (void)state;
    static const struct rule_context unknown = {0};
    static const char *const asking[] = {
        "{route: '**', css: i, mask: true}", "{route: GET /rates/8812, css: i, mask: true}",
        "{type: text/html, css: i, mask: true}", "{type: '*/*', css: i, mask: true}"};
    size_t masked;
    for (size_t i = 0; i < COUNT(asking); i++) {
        struct rules *rules = rules_of(asking[i]);
        assert_false(equal_under(rules, &unknown, HTML, "<i>1</i>", "<i>2</i>", &masked));
        rules_free(rules);
    }
}

static void a_pattern_that_takes_too_long_makes_the_comparison_fail(void **state)
{
    (void)state;
    struct rules *rules = rules_of("{name: slow, mask: '(a|aa)+$'}");
    struct tree_names names = {0};
    struct tree tree;
    struct err err = {0};
    size_t masked = 0;
    char text[10001];
    memset(text, 'a', sizeof text);
    text[sizeof text - 2] = 'b';
    text[sizeof text - 1] = '\0';
    assert_true(read_tree(&tree, &names, LINES, text));
    assert_false(
        rules_apply(rules, &known, LINES, (struct tree *const[]){&tree, &tree}, &masked, &err));
    assert_int_equal(err.code, ERR_TABLE);
    assert_non_null(strstr(err.text, "line 1 (slow)"));
    tree_free(&tree);
    tree_names_free(&names);
    rules_free(rules);
}

static const struct {
    const char *rules;
    const char *source, *target;
    bool equal;
} headers[] = {
    {"{header: etag, ignore: true}", "a", "b", true},
    {"{header: etag, ignore: true}", "a", NULL, true},
    {"{header: etag, mask: true}", "a", "b", true},
    {"{header: etag, mask: true}", "a", NULL, false},
    {"{header: etag, mask: true}", "a", "", false},
    {"{header: etag, mask: '[0-9]+'}", "W/1", "W/2", true},
    {"{header: etag, mask: '[0-9]+'}", "W/1", "X/2", false},
    {"{header: other, ignore: true}", "a", "b", false},
    {"{mask: '.*'}", "a", "b", false}, /* a rule for bodies does not look at headers */
    {"{header: ETAG, normalise: date}", "Wed, 31 Jan 2024 10:00:00 GMT", "2024-01-31T10:00:00Z",
     true},
    {"{header: etag, equal: [[a, null]]}", "a", NULL, true},
    {"{header: etag, equal: [[a, null]]}", "b", NULL, false},
    {"{header: etag, ignore: true, side: source}", "a", NULL, true},
    {"{header: etag, ignore: true, side: source}", "a", "a", false},
    {"{header: etag, sort: ', '}", "a, b", "b, a", true},
    {"{route: /x, header: etag, ignore: true}", "a", "b", false},
};

static void a_header_is_compared_as_its_rules_leave_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++) {
        struct rules *rules = rules_of(headers[i].rules);
        struct buffer out[SIDES] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
        const char *const value[SIDES] = {headers[i].source, headers[i].target};
        struct err err = {0};
        bool there[SIDES];
        assert_true(rules_apply_header(rules, &known, "ETag", value, out, there, &err));
        bool same = there[SOURCE] == there[TARGET] &&
                    (!there[SOURCE] ||
                     (out[SOURCE].length == out[TARGET].length &&
                      memcmp(out[SOURCE].data, out[TARGET].data, out[SOURCE].length) == 0));
        if (same != headers[i].equal)
            fail_msg("%s: %s and %s: %d", headers[i].rules, headers[i].source, headers[i].target,
                     same);
        for (int side = 0; side < SIDES; side++)
            buffer_free(&out[side]);
        rules_free(rules);
    }
}

static void a_mask_is_shown_as_stars(void **state)
{
    (void)state;
    struct rules *rules = rules_of("{header: x, mask: '[0-9]+'}");
    struct buffer out[SIDES] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
    struct buffer shown = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct err err = {0};
    bool there[SIDES];
    assert_true(rules_apply_header(rules, &known, "x", (const char *const[]){"a 12 b 3", "4"}, out,
                                   there, &err));
    rules_show(&shown, (const char *)out[SOURCE].data, out[SOURCE].length);
    assert_string_equal((const char *)shown.data, "a *** b ***");
    buffer_clear(&shown);
    rules_show(&shown, (const char *)out[TARGET].data, out[TARGET].length - 2);
    assert_string_equal((const char *)shown.data, "***"); /* one that somebody cut */
    for (int side = 0; side < SIDES; side++)
        buffer_free(&out[side]);
    buffer_free(&shown);
    rules_free(rules);
}

/* ---- wrong files ---- */

static const struct {
    const char *yaml, *sentence; /* behind "r.yml:" */
} wrong[] = {
    {"rules: {css: a}", "1:8: \"rules\" needs a list of rules, not a mapping"},
    {"rule: []", "1:1: unknown key \"rule\"; did you mean \"rules\"?"},
    {"- css: a", "1:1: a rules file needs the key rules, not a list"},
    {"rules:\n- [a]", "2:3: a rule needs a mapping of conditions and an action, not a list"},
    {"rules:\n- css: a\n  ignor: true", "3:3: unknown key \"ignor\"; did you mean \"ignore\"?"},
    {"rules:\n- css: a\n  normalize: date",
     "3:3: unknown key \"normalize\"; did you mean \"normalise\"?"},
    {"rules:\n- {cookie: a, mask: true}",
     "2:3: a cookie's value is not compared: all that a rule can do with one is \"ignore: true\""},
    {"rules:\n- {cookie: a, header: b, ignore: true}", "2:3: a rule has a header or a cookie"},
    {"rules:\n- css: a\n  css: b", "3:3: the key \"css\" is repeated; it stands on line 2 already"},
    {"rules:\n- css: a", "2:3: a rule has one action (ignore, mask, normalise, round, sort, key or "
                         "equal), this one has 0"},
    {"rules: [{css: a, mask: true, ignore: true}]",
     "1:9: a rule has one action (ignore, mask, normalise, round, sort, key or equal), this one "
     "has 2"},
    {"rules: [{css: a, json: $, mask: true}]", "1:18: a rule has one of css, json and xpath"},
    {"rules: [{css: 'a >', mask: true}]",
     "1:15: \"css\", character 4: ends where a tag, #id, .class or [attribute] should follow"},
    {"rules: [{json: '$.é[x]', mask: true}]", "1:16: \"json\", character 5: \"x\" where a number "
                                              "from 0, * or a name in quotes should stand"},
    {"rules: [{css: '', mask: true}]", "1:15: this text is empty"},
    {"rules: [{xpath: a, mask: true}]", "1:17: \"xpath\", character 1: \"a\" where / or // should "
                                        "stand"},
    {"rules: [{xpath: //a/@b, attribute: c, mask: true}]",
     "1:9: the xpath ends with an attribute, and there is another one"},
    {"rules: [{css: a, mask: '('}]",
     "1:24: \"mask\", character 2: not a regular expression: missing "
     "closing parenthesis"},
    {"rules: [{css: a, mask: false}]", "1:24: \"mask\" needs true or a regular expression, not "
                                       "\"false\""},
    {"rules: [{css: a, mask: ''}]", "1:24: this text is empty"},
    {"rules: [{css: a, ignore: false}]", "1:26: \"ignore\" needs true or order, not \"false\""},
    {"rules: [{css: a, ignore: 'true'}]", "1:26: \"ignore\" needs true or order, not \"true\""},
    {"rules: [{css: a, round: 2.5}]",
     "1:25: \"round\" needs a whole number from 0 to 30, not \"2.5\""},
    {"rules: [{css: a, round: -1}]",
     "1:25: \"round\" needs a whole number from 0 to 30, not \"-1\""},
    {"rules: [{css: a, round: 31}]",
     "1:25: \"round\" needs a whole number from 0 to 30, not \"31\""},
    {"rules: [{css: a, normalise: dat}]",
     "1:29: unknown normal form \"dat\"; did you mean \"date\"?"},
    {"rules: [{css: a, normalise: []}]",
     "1:29: \"normalise\" needs a normal form, or a list of them"},
    {"rules: [{css: a, side: left, ignore: true}]",
     "1:24: \"side\" needs source, target or both, not \"left\""},
    {"rules: [{css: a, side: source, mask: true}]",
     "1:9: a mask on one side alone equals nothing; leave out \"side\""},
    {"rules: [{css: a, side: source, equal: [[a, b]]}]",
     "1:9: values are equal on both sides or on none"},
    {"rules: [{mask: true}]", "1:9: \"mask: true\" needs css, json, xpath, attribute or header: "
                              "else it would mask everything"},
    {"rules: [{route: /a, mask: true}]", "1:9: \"mask: true\" needs css, json, xpath, attribute or "
                                         "header: else it would mask everything"},
    {"rules: [{ignore: true}]",
     "1:9: \"ignore: true\" needs a condition: else it would ignore everything"},
    {"rules: [{route: /a, side: source, ignore: true}]",
     "1:9: a whole answer is ignored on both sides or on none"},
    {"rules: [{ignore: order}]", "1:9: \"ignore: order\" needs css, json or xpath for the list, or "
                                 "\"type: text\" for lines"},
    {"rules: [{header: a, css: b, mask: true}]", "1:9: a header has no css, json or xpath"},
    {"rules: [{header: a, attribute: b, mask: true}]", "1:9: a header has no attribute"},
    {"rules: [{json: $, attribute: b, mask: true}]", "1:9: what json finds has no attributes"},
    {"rules: [{css: a, key: b}]", "1:9: \"key\" needs json, a path to the list"},
    {"rules: [{css: a, equal: []}]", "1:25: \"equal\" needs a list of lists: [[0, f], [1, t]]"},
    {"rules: [{css: a, equal: [[a]]}]",
     "1:26: \"equal\" needs lists of two values or more: [[0, f], [1, t]]"},
    {"rules: [{css: a, equal: [a, b]}]", "1:25: \"equal\" needs a list of lists: [[0, f], [1, t]]"},
    {"rules: [{css: a, equal: [[a, b], [c, a]]}]",
     "1:38: this value stands in \"equal\" already; values of two groups would be equal to each "
     "other"},
    {"rules: [{css: a, equal: [[a, [b]]]}]",
     "1:30: a value of \"equal\" is a text; null stands for nothing"},
    {"rules: [{route: rates, mask: a}]",
     "1:17: \"route\", character 1: the path of a route begins with / or **"},
    {"rules: [{route: [/a, /b#c], mask: a}]",
     "1:22: \"route\", character 3: a route ends before \"#\""},
    {"rules: [{route: [], mask: a}]", "1:17: \"route\" needs a route, or a list of routes"},
    {"rules: [{type: htm, mask: a}]", "1:16: unknown type \"htm\"; did you mean \"html\"?"},
    {"rules:\n\t- a", "2:1: a tab cannot indent YAML; use spaces"},
    {"rules: [{css: *a}]", "1:15: no anchor has the name of this alias; a pattern that begins with "
                           "* needs quotes"},
    {"rules: []\n---\n", "2:1: a second YAML document begins here; a rules file holds one"},
    {"rules: \xFF", "1:8: the byte 0xFF is not UTF-8 text"},
};

static void a_wrong_file_is_refused_with_its_place_and_one_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct rules *rules;
        struct err err = {0};
        char sentence[1000];
        snprintf(sentence, sizeof sentence, "r.yml:%s", wrong[i].sentence);
        if (rules_parse("r.yml", wrong[i].yaml, strlen(wrong[i].yaml), &rules, &err))
            fail_msg("%s is taken", wrong[i].yaml);
        assert_null(rules);
        assert_int_equal(err.code, ERR_USAGE);
        assert_string_equal(err.text, sentence);
    }
}

static void a_file_without_rules_has_none(void **state)
{
    (void)state;
    static const char *const empty[] = {"",         "# nothing\n", "{}",
                                        "rules:\n", "rules: []\n", "rules: ~"};
    for (size_t i = 0; i < COUNT(empty); i++) {
        struct rules *rules;
        struct err err = {0};
        assert_true(rules_parse("r.yml", empty[i], strlen(empty[i]), &rules, &err));
        assert_int_equal(rules_count(rules), 0);
        rules_free(rules);
    }
    struct rules *rules;
    struct err err = {0};
    assert_false(rules_read("/no/such/file", &rules, &err));
    assert_string_equal(
        err.text, "/no/such/file: the rules file cannot be opened: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_rule_makes_unequal_things_equal_beyond_what_it_says),
        cmocka_unit_test(a_wrong_file_is_refused_with_its_place_and_one_sentence),
        cmocka_unit_test(a_rule_makes_equal_what_it_says),
        cmocka_unit_test(a_rule_that_finds_nothing_counts_nothing),
        cmocka_unit_test(a_rule_that_asks_for_what_is_not_known_does_not_hold),
        cmocka_unit_test(a_pattern_that_takes_too_long_makes_the_comparison_fail),
        cmocka_unit_test(a_header_is_compared_as_its_rules_leave_it),
        cmocka_unit_test(a_mask_is_shown_as_stars),
        cmocka_unit_test(a_file_without_rules_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
