/*
 * A stored pair of answers, compared again: the differences are those that the replay found, and
 * what it took as each side's own is counted apart. What would hurt most comes first: a difference
 * that is shown as known.
 */
#include "../../diff/compare.h"
#include "../../diff/pair.h"
#include "../../replay/check.h"
#include "../../replay/pair_exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const unsigned char key[PAIR_KEY_SIZE] = "0123456789abcde";

#define ONE "8f3a11c09be24d5f8f3a11c09be24d5f8f3a11c0"
#define TWO "77ce90ab3c1d42e877ce90ab3c1d42e877ce90ab"
#define FORM(token) "<form><input type=hidden name=_token value=" token "></form>"

/* Booking 12 of the source is 13 in the target, guest 501 is 601. */
static struct replacement ids[] = {
    {.where = "path 2", .logged = "8812", .value = {"12", "13"}, .is_id = true, .kind = "booking"},
    {.where = "answer", .logged = "7", .value = {"501", "601"}, .is_id = true, .kind = "guest"}};

static const struct again_case {
    const char *body[SIDES];
    const char *found; /* the paths of differences, each with a blank behind it */
    const char *known; /* "2 tokens, 1 id" */
} cases[] = {
    /* What is an id in one place is none in another. */
    {{"<a href=/bookings/12>x</a><td>12 EUR", "<a href=/bookings/13>x</a><td>13 EUR"},
     "td ",
     "1 id"},
    {{"<a href=/rooms/12>x</a>", "<a href=/rooms/13>x</a>"}, "a @href ", ""},
    {{FORM(ONE) "<p>a</p>", FORM(TWO) "<p>b</p>"}, "p ", "1 token"},
    {{FORM(ONE) "<p>a</p>", FORM("") "<p>b</p>"}, "form > input @value p ", ""},
    {{FORM(ONE) "<script>var t = \"" ONE "\";</script><p>a</p>",
      FORM(TWO) "<script>var t = \"" TWO "\";</script><p>b</p>"},
     "p ",
     "2 tokens"},
    {{"<a href=http://127.0.0.1:8080/a>x</a><p>a</p>",
      "<a href=http://127.0.0.1:9090/a>x</a><p>b</p>"},
     "p ",
     "1 host"},
    /* Rows that are told apart by their ids: the differ pairs them by these. */
    {{"<table><tr id=guest-501><td>Anna<td>1<tr id=guest-601><td>Otto<td>2</table>",
      "<table><tr id=guest-601><td>Anna<td>1<tr id=guest-602><td>Otto<td>3</table>"},
     "tr#guest-602 @id tr#guest-602 > td[2] ",
     "1 id"},
    {{"{\"id\": 12, \"_token\": \"" ONE "\", \"price\": 12}",
      "{\"id\": 13, \"_token\": \"" TWO "\", \"price\": 13}"},
     "$.price ",
     "1 token, 1 id"},
    {{"<h1>Booking 12</h1><p>a</p>", "<h1>Booking 13</h1><p>b</p>"}, "p ", "1 id"},
};

static struct slice bytes_of_text(const char *text)
{
    return (struct slice){(const unsigned char *)text, strlen(text)};
}

static struct exchange *make(const struct again_case *one)
{
    struct exchange *exchange = exchange_new();
    exchange->number = 7;
    exchange->logged.method = "GET";
    exchange->logged.target = bytes_of_text("/bookings/8812");
    exchange->replacements = ids;
    exchange->replacement_count = COUNT(ids);
    for (int side = 0; side < SIDES; side++) {
        struct incoming *in = &exchange->in[side];
        const char *type = *one->body[side] == '{' ? "application/json" : "text/html";
        buffer_printf(&exchange->out[side].target, "/bookings/%s", ids[0].value[side]);
        in->status = 200;
        fields_add(&in->headers, &exchange->arena, "Content-Type", type, strlen(type));
        buffer_add_text(&in->body, one->body[side]);
    }
    return exchange;
}

static void add_header(struct exchange *exchange, enum side side, const char *name,
                       const char *value)
{
    fields_add(&exchange->in[side].headers, &exchange->arena, name, value, strlen(value));
}

/* The pair as the ledger keeps it. */
static void keep(struct exchange *exchange, const unsigned char *with, struct buffer *bytes,
                 struct findings *findings, struct pair *pair)
{
    const struct check_settings settings = {.host = {"127.0.0.1:8080", "127.0.0.1:9090"},
                                            .scheme = {"http", "http"}};
    struct err err = {0};
    if (!check_exchange(&settings, exchange, findings, &err))
        fail_msg("%s", err.text);
    buffer_clear(bytes);
    pair_of_exchange(exchange, findings, false, with, NULL, bytes);
    if (!pair_decode(bytes->data, bytes->length, pair, &err))
        fail_msg("%s", err.text);
    assert_true(pair->judged);
}

static void compare(const struct pair *pair, enum content_type type, struct pair_use *use,
                    struct comparison *found)
{
    struct answer answers[SIDES];
    struct err err = {0};
    for (int side = 0; side < SIDES; side++)
        answers[side] = (struct answer){pair->answers[side].body, pair->answers[side].length,
                                        pair_find(&pair->answers[side], "Content-Type")};
    *use = (struct pair_use){.judgement = &pair->judgement};
    const struct compare_rules rules = pair_known_for_compare(use);
    assert_true(compare_answers(answers, type, &rules, found, &err));
}

/* Without the elements around: what is left of each path is told from its end. */
static void add_short(struct buffer *out, const char *path)
{
    const char *at = strstr(path, "body > ");
    buffer_printf(out, "%s ", at ? at + 7 : path);
}

static void what_is_found_again_is_what_the_replay_found(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT), text = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < 2 * COUNT(cases); i++) {
        const struct again_case *one = &cases[i / 2];
        struct exchange *exchange = make(one);
        struct findings findings;
        struct pair pair;
        struct pair_use use;
        struct comparison found;
        keep(exchange, i % 2 ? key : NULL, &bytes, &findings, &pair);
        compare(&pair, CONTENT_AUTO, &use, &found);
        assert_false(use.unfit);
        buffer_clear(&text);
        for (size_t k = 0; k < found.count; k++)
            add_short(&text, found.differences[k].path);
        if (strcmp((const char *)text.data, one->found) != 0)
            fail_msg("%s\n%s\nfound again: %s", one->body[SOURCE], one->body[TARGET],
                     (const char *)text.data);
        buffer_clear(&text);
        for (size_t k = 0; k < findings.count; k++)
            add_short(&text, findings.items[k].path);
        assert_string_equal(text.data, one->found);
        assert_int_equal(pair.judgement.differences, found.total);
        buffer_clear(&text);
        pair_known_counts(&use, &text);
        if (strcmp((const char *)text.data, one->known) != 0)
            fail_msg("%s\nknown: %s", one->body[SOURCE], (const char *)text.data);
        pair_use_free(&use);
        comparison_free(&found);
        pair_free(&pair);
        findings_free(&findings);
        exchange->replacement_count = 0;
        exchange_free(exchange);
    }
    buffer_free(&bytes);
    buffer_free(&text);
}

static void places_of_other_trees_are_not_taken_as_equal(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct exchange *exchange = make(&cases[0]);
    struct findings findings;
    struct pair pair;
    struct pair_use use;
    struct comparison found;
    keep(exchange, key, &bytes, &findings, &pair);
    compare(&pair, CONTENT_TEXT, &use, &found);
    assert_true(use.unfit);
    assert_false(found.equal);
    assert_int_equal(use.place_count, 0);
    pair_use_free(&use);
    comparison_free(&found);
    /* A node more, and all numbers would be another's. */
    pair.judgement.nodes[TARGET]++;
    compare(&pair, CONTENT_AUTO, &use, &found);
    assert_true(use.unfit);
    assert_int_equal(found.total, 2);
    pair_use_free(&use);
    comparison_free(&found);
    pair.judgement.nodes[TARGET]--;
    /* Numbers of no node, as a damaged ledger may hold them. */
    pair.judgement.known[0].node[SOURCE] = UINT32_MAX;
    compare(&pair, CONTENT_AUTO, &use, &found);
    assert_int_equal(found.total, 2);
    pair_use_free(&use);
    comparison_free(&found);
    pair_free(&pair);
    findings_free(&findings);
    exchange_free(exchange);
    buffer_free(&bytes);
}

static void headers_that_differ_are_told_from_those_that_may(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct exchange *exchange = make(&cases[0]);
    struct findings findings;
    struct pair pair;
    for (int side = 0; side < SIDES; side++) {
        add_header(exchange, (enum side)side, "Date", side ? "a" : "b");
        add_header(exchange, (enum side)side, "X-Version", side ? "1" : "2");
        add_header(exchange, (enum side)side, "Set-Cookie", side ? "sid=" ONE : "sid=" TWO);
        add_header(exchange, (enum side)side, "Set-Cookie", side ? "lang=de; Secure" : "lang=de");
    }
    keep(exchange, key, &bytes, &findings, &pair);
    assert_true(pair.judgement.alike);
    assert_int_equal(pair.judgement.header_count, 2);
    assert_true(pair_header_differs(&pair.judgement, "x-version", "1"));
    assert_true(pair_header_differs(&pair.judgement, "Set-Cookie", "lang=de"));
    assert_false(pair_header_differs(&pair.judgement, "Set-Cookie", "la=de"));
    assert_false(pair_header_differs(&pair.judgement, "Set-Cookie", "sid=x"));
    assert_false(pair_header_differs(&pair.judgement, "Date", "a"));
    pair_free(&pair);
    findings_free(&findings);
    exchange_free(exchange);
    /* Of a failure beside a page nothing is known. */
    exchange = make(&cases[0]);
    exchange->in[TARGET].status = 500;
    keep(exchange, key, &bytes, &findings, &pair);
    assert_false(pair.judgement.alike);
    assert_int_equal(pair.judgement.known_count, 0);
    pair_free(&pair);
    findings_free(&findings);
    exchange_free(exchange);
    buffer_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_found_again_is_what_the_replay_found),
        cmocka_unit_test(places_of_other_trees_are_not_taken_as_equal),
        cmocka_unit_test(headers_that_differ_are_told_from_those_that_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
