/* A stored pair of answers: what goes in comes back, no secret is in it, damage is refused. */
#include "../../diff/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct pair_field source_fields[] = {
    {"Content-Type", "text/html; charset=utf-8"},
    {"Set-Cookie", "PHPSESSID=s0urce-sess10n; path=/; HttpOnly"},
    {"Set-Cookie", "lang=de"},
    {"Location", "/next?sid=s0urce-sess10n&x=1"},
    {"Authorization", "Bearer hush-hush"},
};
static struct pair_field target_fields[] = {
    {"Content-Type", "text/html; charset=utf-8"},
    {"Set-Cookie", "PHPSESSID=t4rget-sess10n; path=/; HttpOnly"},
    {"Set-Cookie", "lang=en"},
};

static struct pair_own own[] = {{"path 2", {"9001", "9044"}}};

static void make_pair(struct pair *pair, const char *source, const char *target)
{
    const char *const body[SIDES] = {source, target};
    *pair = (struct pair){.number = 88,
                          .line = 412,
                          .arrival = 1700000000123456,
                          .file = "access.log",
                          .method = "POST",
                          .target = "/bookings/8812?x=1",
                          .route = "POST /bookings/{id}",
                          .tenant = "seeblick",
                          .session = "0123456789ab",
                          .logged_status = 302,
                          .own_count = 1,
                          .own = own};
    pair->answers[SOURCE] = (struct pair_answer){.asked = true,
                                                 .target = "/bookings/9001?x=1",
                                                 .status = 302,
                                                 .field_count = COUNT(source_fields),
                                                 .fields = source_fields,
                                                 .first_byte = 0.25,
                                                 .total = 0.5};
    pair->answers[TARGET] = (struct pair_answer){.asked = true,
                                                 .status = 500,
                                                 .field_count = COUNT(target_fields),
                                                 .fields = target_fields,
                                                 .failure = "the connection ended"};
    for (int side = 0; side < SIDES; side++) {
        pair->answers[side].body = (const unsigned char *)body[side];
        pair->answers[side].length = strlen(body[side]);
    }
}

static void coded(const struct pair *pair, const struct pair_secrets *secrets, struct buffer *bytes,
                  struct pair *back)
{
    struct err err = {0};
    buffer_clear(bytes);
    pair_encode(pair, secrets, bytes);
    if (!pair_decode(bytes->data, bytes->length, back, &err))
        fail_msg("%s", err.text);
}

static void assert_body(const struct pair_answer *answer, const char *body)
{
    assert_int_equal(answer->length, strlen(body));
    assert_memory_equal(answer->body, body, strlen(body));
}

static void what_goes_in_comes_back(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct pair pair, back;
    make_pair(&pair, "<p>one</p>", "<p>two</p>");
    coded(&pair, NULL, &bytes, &back);
    assert_int_equal(back.number, 88);
    assert_int_equal(back.line, 412);
    assert_int_equal(back.arrival, pair.arrival);
    assert_string_equal(back.file, "access.log");
    assert_string_equal(back.method, "POST");
    assert_string_equal(back.target, "/bookings/8812?x=1");
    assert_string_equal(back.route, "POST /bookings/{id}");
    assert_string_equal(back.tenant, "seeblick");
    assert_string_equal(back.session, "0123456789ab");
    assert_int_equal(back.logged_status, 302);
    assert_false(back.hidden);
    assert_int_equal(back.own_count, 1);
    assert_string_equal(back.own[0].value[TARGET], "9044");
    assert_int_equal(back.answers[SOURCE].field_count, COUNT(source_fields));
    assert_string_equal(back.answers[SOURCE].fields[4].value, "Bearer hush-hush");
    assert_string_equal(pair_find(&back.answers[TARGET], "set-cookie"), target_fields[1].value);
    assert_null(pair_find(&back.answers[TARGET], "Location"));
    assert_string_equal(back.answers[SOURCE].target, "/bookings/9001?x=1");
    assert_null(back.answers[TARGET].target);
    assert_int_equal(back.answers[TARGET].status, 500);
    assert_string_equal(back.answers[TARGET].failure, "the connection ended");
    assert_null(back.answers[SOURCE].failure);
    assert_true(back.answers[SOURCE].total > 0.49 && back.answers[SOURCE].total < 0.51);
    assert_body(&back.answers[SOURCE], "<p>one</p>");
    assert_body(&back.answers[TARGET], "<p>two</p>");
    assert_false(back.answers[TARGET].cut);
    pair_free(&back);
    buffer_free(&bytes);
}

/* ---- secrets ---- */

static const struct pair_secret tokens[] = {
    {{"tok/en+s0urce==", "tok/en+t4rget=="}},
    {{"<only>&'the\"source'", NULL}},
    {{"abc", "abd"}}, /* too short to be looked for */
    {{"4711", NULL}},
};

static const struct pair_secrets secrets = {COUNT(tokens), tokens, "0123456789abcde"};

/* As pages, URLs and JSON spell it. @: the mark. */
static const struct spelling {
    const char *body, *hidden;
} spellings[] = {
    {"<input value=\"tok/en+s0urce==\">", "<input value=\"@\">"},
    {"a=tok%2Fen%2Bs0urce%3D%3D&b", "a=@&b"},
    {"a=tok%2fen%2bs0urce%3d%3d&b", "a=@&b"},
    {"{\"t\":\"tok\\/en+s0urce==\"}", "{\"t\":\"@\"}"},
    {"'tok\\u002Fen\\u002Bs0urce\\u003D\\u003D'", "'@'"},
    {"'tok\\u002fen\\u002bs0urce\\u003d\\u003d'", "'@'"},
    {"<i>tok&#x2F;en&#43;s0urce&#x3D;&#x3D;</i>", "<i>@</i>"},
    {"xtok/en+s0urce==tok/en+s0urce==x", "x@@x"},
    {"tok/en+s0urce=", "@"}, /* the end of an answer that broke off */
    {"tok/e", "tok/e"},
    {"abc 14711 47110 4711x de", "abc 14711 47110 4711x de"}, /* short ones are words */
};

/* Appends the text with the mark in place of each @. */
static void put_marks(struct buffer *expected, const char *text, const char *mark)
{
    for (; *text; text++)
        if (*text == '@')
            buffer_add_text(expected, mark);
        else
            buffer_add_byte(expected, (unsigned char)*text);
}

static void a_secret_is_hidden_however_it_is_spelt(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct pair pair, back;
    char mark[32] = "";
    struct buffer expected = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < COUNT(spellings); i++) {
        make_pair(&pair, spellings[i].body, "");
        coded(&pair, &secrets, &bytes, &back);
        assert_true(back.hidden);
        if (!*mark) { /* the first case shows it */
            const char *at = memchr(back.answers[SOURCE].body, '*', back.answers[SOURCE].length);
            assert_non_null(at);
            memcpy(mark, at, 11);
        }
        buffer_clear(&expected);
        put_marks(&expected, spellings[i].hidden, mark);
        assert_body(&back.answers[SOURCE], (const char *)expected.data);
        pair_free(&back);
    }
    buffer_free(&expected);
    buffer_free(&bytes);
}

static void the_sides_values_of_one_secret_have_one_mark(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct pair pair, back;
    make_pair(&pair, "tok/en+s0urce== s0urce-sess10n", "tok/en+t4rget== t4rget-sess10n");
    coded(&pair, &secrets, &bytes, &back);
    const struct pair_answer *answers = back.answers;
    assert_int_equal(answers[SOURCE].length, answers[TARGET].length);
    assert_memory_equal(answers[SOURCE].body, answers[TARGET].body, answers[SOURCE].length);
    /* Two secrets have two marks. */
    assert_memory_not_equal(answers[SOURCE].body, answers[SOURCE].body + 12, 11);
    assert_string_equal(answers[SOURCE].fields[1].value, answers[TARGET].fields[1].value);
    pair_free(&back);
    buffer_free(&bytes);
}

static bool holds(const struct buffer *bytes, const char *text)
{
    return memmem(bytes->data, bytes->length, text, strlen(text)) != NULL;
}

static void no_secret_is_in_the_bytes(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct pair pair, back;
    make_pair(&pair, "s0urce-sess10n &lt;only&gt;&amp;&#039;the&quot;source&#039;",
              "<a href='/?PHPSESSID=t4rget-sess10n'>");
    coded(&pair, &secrets, &bytes, &back);
    assert_false(holds(&bytes, "s0urce"));
    assert_false(holds(&bytes, "t4rget"));
    assert_false(holds(&bytes, "hush"));
    assert_false(holds(&bytes, "only"));
    assert_false(holds(&bytes, "lang=de"));
    assert_true(holds(&bytes, "; path=/; HttpOnly"));
    assert_true(holds(&bytes, "/next?sid=***"));
    pair_free(&back);
    buffer_free(&bytes);
}

/* Or a page that says "Anna" and one that says "anna" would be found equal by their marks. */
static void words_in_cookies_do_not_stand_for_each_other(void **state)
{
    (void)state;
    static struct pair_field cookies[SIDES][1] = {{{"Set-Cookie", "user=Katharina; path=/"}},
                                                  {{"Set-Cookie", "user=KATHARINA; path=/"}}};
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct pair pair, back;
    make_pair(&pair, "Hello Katharina", "Hello KATHARINA");
    for (int side = 0; side < SIDES; side++) {
        pair.answers[side].fields = cookies[side];
        pair.answers[side].field_count = 1;
    }
    coded(&pair, &secrets, &bytes, &back);
    assert_body(&back.answers[SOURCE], "Hello Katharina");
    assert_body(&back.answers[TARGET], "Hello KATHARINA");
    assert_string_not_equal(back.answers[SOURCE].fields[0].value,
                            back.answers[TARGET].fields[0].value);
    pair_free(&back);
    buffer_free(&bytes);
}

static void another_key_gives_other_marks(void **state)
{
    (void)state;
    struct buffer one = BUFFER_INIT(BUFFER_NO_LIMIT), other = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct pair_secrets second = secrets;
    struct pair pair;
    struct err err = {0};
    assert_true(pair_key(second.key, &err));
    make_pair(&pair, "tok/en+s0urce==", "");
    pair_encode(&pair, &secrets, &one);
    pair_encode(&pair, &second, &other);
    assert_int_equal(one.length, other.length);
    assert_memory_not_equal(one.data, other.data, one.length);
    buffer_free(&one);
    buffer_free(&other);
}

/* ---- bounds and damage ---- */

static void a_large_body_is_cut_and_its_last_secret_too(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT), body = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct pair pair, back;
    while (body.length < PAIR_BODY_MOST - 8)
        buffer_add_byte(&body, 'x');
    buffer_add_text(&body, "tok/en+s0urce==");
    make_pair(&pair, (const char *)body.data, "y");
    coded(&pair, &secrets, &bytes, &back);
    assert_true(back.answers[SOURCE].cut);
    assert_int_equal(back.answers[SOURCE].whole, body.length);
    assert_true(back.answers[SOURCE].length <= PAIR_BODY_MOST);
    assert_false(holds(&bytes, "tok/en"));
    assert_true(bytes.length < PAIR_BODY_MOST + 4096);
    pair_free(&back);
    coded(&pair, NULL, &bytes, &back);
    assert_int_equal(back.answers[SOURCE].length, PAIR_BODY_MOST);
    assert_true(back.answers[SOURCE].cut);
    pair_free(&back);
    buffer_free(&body);
    buffer_free(&bytes);
}

static void many_and_long_fields_are_bounded(void **state)
{
    (void)state;
    static struct pair_field fields[10000];
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct pair pair, back;
    char *value = malloc(100000);
    assert_non_null(value);
    memset(value, 'v', 99999);
    value[99999] = '\0';
    for (size_t i = 0; i < COUNT(fields); i++)
        fields[i] = (struct pair_field){"Set-Cookie", value};
    make_pair(&pair, "", "");
    pair.answers[SOURCE].fields = fields;
    pair.answers[SOURCE].field_count = COUNT(fields);
    coded(&pair, NULL, &bytes, &back);
    assert_int_equal(back.answers[SOURCE].field_count, PAIR_FIELDS_MOST);
    assert_int_equal(strlen(back.answers[SOURCE].fields[0].value), PAIR_VALUE_MOST);
    pair_free(&back);
    free(value);
    buffer_free(&bytes);
}

static void damage_is_refused(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct pair pair, back;
    struct err err = {0};
    make_pair(&pair, "<p>one</p>", "<p>two</p>");
    pair_encode(&pair, &secrets, &bytes);
    for (size_t length = 0; length < bytes.length; length++) {
        /* In memory of its own size, so that a byte read too far is seen. */
        unsigned char *cut = malloc(length + 1);
        assert_non_null(cut);
        memcpy(cut, bytes.data, length);
        assert_false(pair_decode(cut, length, &back, &err));
        assert_int_equal(err.code, ERR_USAGE);
        free(cut);
    }
    buffer_add_byte(&bytes, 0);
    assert_false(pair_decode(bytes.data, bytes.length, &back, &err));
    bytes.data[0] = 99;
    assert_false(pair_decode(bytes.data, bytes.length - 1, &back, &err));
    buffer_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_back),
        cmocka_unit_test(a_secret_is_hidden_however_it_is_spelt),
        cmocka_unit_test(the_sides_values_of_one_secret_have_one_mark),
        cmocka_unit_test(no_secret_is_in_the_bytes),
        cmocka_unit_test(words_in_cookies_do_not_stand_for_each_other),
        cmocka_unit_test(another_key_gives_other_marks),
        cmocka_unit_test(a_large_body_is_cut_and_its_last_secret_too),
        cmocka_unit_test(many_and_long_fields_are_bounded),
        cmocka_unit_test(damage_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
