/* What a replay keeps of two answers: all that is to be looked at, and nothing that is secret. */
#include "../../replay/pair_exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const unsigned char key[PAIR_KEY_SIZE] = "0123456789abcde";

static struct slice bytes_of_text(const char *text)
{
    return (struct slice){(const unsigned char *)text, strlen(text)};
}

static void answer(struct exchange *exchange, enum side side, int status, const char *type,
                   const char *body)
{
    struct incoming *in = &exchange->in[side];
    in->status = status;
    in->first_byte = 0.01;
    in->total = 0.02;
    fields_add(&in->headers, &exchange->arena, "Content-Type", type, strlen(type));
    buffer_add_text(&in->body, body);
}

static struct exchange *make_exchange(const char *target, const char *body)
{
    struct exchange *exchange = exchange_new();
    exchange->number = 7;
    exchange->logged.line = 9;
    exchange->logged.file = "access.log";
    exchange->logged.session = 3;
    exchange->logged.session_name = 0xabcdef;
    exchange->logged.method = body ? "POST" : "GET";
    exchange->logged.target = bytes_of_text(target);
    exchange->logged.status = 200;
    for (int side = 0; side < SIDES; side++) {
        buffer_add_text(&exchange->out[side].target, target);
        if (body)
            buffer_add_text(&exchange->out[side].body, body);
        exchange->out[side].has_body = body != NULL;
    }
    return exchange;
}

static void coded(const struct exchange *exchange, bool one_side, const unsigned char *with,
                  struct buffer *bytes, struct pair *pair)
{
    struct err err = {0};
    buffer_clear(bytes);
    pair_of_exchange(exchange, NULL, one_side, with, bytes);
    if (!pair_decode(bytes->data, bytes->length, pair, &err))
        fail_msg("%s", err.text);
}

static void what_was_asked_and_answered_is_kept(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct exchange *exchange = make_exchange("/b/8812", NULL);
    struct replacement one = {"path 2", "8812", {"9001", "9044"}, .is_id = true, .kind = "b"};
    struct pair pair;
    exchange->replacement_count = 1;
    exchange->replacements = &one;
    buffer_clear(&exchange->out[TARGET].target);
    buffer_add_text(&exchange->out[TARGET].target, "/b/9044");
    answer(exchange, SOURCE, 200, "text/html", "<p>9001");
    answer(exchange, TARGET, 500, "text/html", "<p>9044");
    coded(exchange, false, key, &bytes, &pair);
    assert_int_equal(pair.number, 7);
    assert_string_equal(pair.session, "000000abcdef");
    assert_null(pair.answers[SOURCE].target);
    assert_string_equal(pair.answers[TARGET].target, "/b/9044");
    assert_int_equal(pair.own_count, 1);
    assert_string_equal(pair.own[0].value[TARGET], "9044");
    assert_memory_equal(pair.answers[TARGET].body, "<p>9044", 7);
    pair_free(&pair);
    coded(exchange, true, key, &bytes, &pair);
    assert_true(pair.answers[SOURCE].asked);
    assert_false(pair.answers[TARGET].asked);
    pair_free(&pair);
    exchange_free(exchange);
    buffer_free(&bytes);
}

/* Each has "hush-hush" in it somewhere. */
static const struct secret_case {
    const char *target, *sent, *type, *body;
} cases[] = {
    {"/a?token=hush-hush", NULL, "text/html", "<p>hush-hush"},
    {"/a", "user=anna&password=hush-hush", "text/html", "<input type=text value='hush-hush'>"},
    {"/a", "{\"user\": \"anna\", \"password\": \"hush-hush\"}", "application/json",
     "{\"you_said\": \"hush-hush\"}"},
    {"/a", NULL, "application/json", "{\"access_token\": \"hush-hush\", \"for\": \"anna\"}"},
    {"/a", NULL, "application/json", "{\"auth\": {\"password\": {\"plain\": \"hush-hush\"}}}"},
    {"/a", NULL, "text/html", "<INPUT type=hidden name=\"_token\"\nvalue = 'hush-hush'/>"},
    {"/a", NULL, "text/html", "<meta name=csrf-token content=hush-hush>"},
    {"/a", NULL, "text/html", "<input value=\"hush-hush\" type=\"password\" title='>'>"},
    {"/a", NULL, "text/html", "<a href='/reset?token=hush-hush&amp;x=1'>x</a> hush-hush"},
    {"/a", NULL, "text/html", "<script>var a = 1, authToken = \"hush-hush\";</script>"},
    {"/a", NULL, "text/html", "<div data-secret='hush-hush'>"},
    {"/a", NULL, "text/plain", "user=anna\npassword=hush-hush\n"},
    {"/a", NULL, "text/html", "<input title='a>b' type=\"password\" value=\"hush-hush\">"},
};

static void no_secret_is_kept_unless_asked(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct exchange *exchange = make_exchange(cases[i].target, cases[i].sent);
        struct pair pair;
        for (int side = 0; side < SIDES; side++) {
            answer(exchange, (enum side)side, 200, cases[i].type, cases[i].body);
            fields_add(&exchange->in[side].headers, &exchange->arena, "Location",
                       "/n?token=hush-hush", 18);
            fields_add(&exchange->in[side].headers, &exchange->arena, "X-Api-Token", "hush-hush",
                       9);
            fields_add(&exchange->in[side].headers, &exchange->arena, "X-Debug",
                       "a=1; token=hush-hush", 20);
        }
        coded(exchange, false, key, &bytes, &pair);
        if (memmem(bytes.data, bytes.length, "hush", 4))
            fail_msg("case %zu: %s", i, cases[i].body);
        pair_free(&pair);
        coded(exchange, false, NULL, &bytes, &pair);
        assert_non_null(memmem(bytes.data, bytes.length, "hush", 4));
        pair_free(&pair);
        exchange_free(exchange);
    }
    buffer_free(&bytes);
}

static void words_that_are_no_secrets_stay(void **state)
{
    (void)state;
    static const char *const pages[] = {
        "<p>author: Shakespeare</p><a href='/?author=Shakespeare&amp;code=de'>",
        "<label>Password: <b>Shakespeare</b></label>",
        "<p title='Your password: the name of Shakespeare'>Pass: 12</p>",
    };
    for (size_t i = 0; i < COUNT(pages); i++) {
        struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct exchange *exchange = make_exchange("/a", NULL);
        struct pair pair;
        for (int side = 0; side < SIDES; side++)
            answer(exchange, (enum side)side, 200, "text/html", pages[i]);
        coded(exchange, false, key, &bytes, &pair);
        assert_int_equal(pair.answers[SOURCE].length, strlen(pages[i]));
        assert_memory_equal(pair.answers[SOURCE].body, pages[i], strlen(pages[i]));
        pair_free(&pair);
        exchange_free(exchange);
        buffer_free(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_asked_and_answered_is_kept),
        cmocka_unit_test(no_secret_is_kept_unless_asked),
        cmocka_unit_test(words_that_are_no_secrets_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
