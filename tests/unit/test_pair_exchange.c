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
    pair_of_exchange(exchange, NULL, one_side, with, NULL, bytes);
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
    {"/reset/hush8hush1", NULL, "text/html", "<p>Your code is hush8hush1."},
    {"/a;jsessionid=hush-hush", NULL, "text/html", "<p>hush-hush"},
    {"/a", NULL, "text/html", "<a href=\"/invite/hush8hush1?x=1&amp;y\">x</a> hush8hush1"},
    {"/a", NULL, "application/json", "{\"url\": \"http:\\/\\/h\\/reset\\/hush8hush1\"}"},
    {"/a", NULL, "text/html", "Follow https://h/verify/hush8hush1."},
    {"/a", NULL, "text/html", "<a href='rooms;jsessionid=hush8hush1/12'>x</a> hush8hush1"},
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

static void what_the_session_showed_is_not_kept_either(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct known *known = known_new();
    struct exchange *login =
        make_exchange("/login", "user=anna&password=hush-hush&author=Shakespeare");
    struct exchange *later = make_exchange("/a", NULL);
    struct pair pair;
    for (int side = 0; side < SIDES; side++) {
        char cookie[] = "PHPSESSID=8f3a81c27be04d55?; Path=/";
        cookie[26] = (char)('a' + side);
        fields_add(&login->in[side].headers, &login->arena, "Set-Cookie", cookie, strlen(cookie));
        answer(later, (enum side)side, 200, "text/html",
               side ? "<p>Shakespeare hush-hush 8f3a81c27be04d55b 8f3a81c27be04d55a"
                    : "<p>Shakespeare hush-hush 8f3a81c27be04d55a");
    }
    secrets_learn(login, known);
    pair_of_exchange(later, NULL, false, key, known, &bytes);
    assert_null(memmem(bytes.data, bytes.length, "hush", 4));
    assert_null(memmem(bytes.data, bytes.length, "8f3a81c27be04d55", 16));
    struct err err = {0};
    assert_true(pair_decode(bytes.data, bytes.length, &pair, &err));
    assert_non_null(
        memmem(pair.answers[SOURCE].body, pair.answers[SOURCE].length, "Shakespeare", 11));
    /* What the comparison finds unlike stays unlike: each side's cookie has a mark of its own. */
    enum { MARK = 11, BEFORE = sizeof "<p>Shakespeare " - 1 };
    const char *source = (const char *)pair.answers[SOURCE].body + BEFORE;
    const char *target = (const char *)pair.answers[TARGET].body + BEFORE;
    assert_int_equal(pair.answers[TARGET].length, BEFORE + 3 * MARK + 2);
    assert_memory_equal(source, target, MARK);
    assert_memory_not_equal(source + MARK + 1, target + MARK + 1, MARK);
    assert_memory_equal(source + MARK + 1, target + 2 * (MARK + 1), MARK);
    pair_free(&pair);
    exchange_free(login);
    exchange_free(later);
    known_free(known);
    buffer_free(&bytes);
}

/* Equal secrets of a side have equal marks, others other ones; what differs is seen to differ. */
static void marks_tell_secrets_apart(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct exchange *exchange = make_exchange("/reset/3f9a81c2", NULL);
    struct pair pair;
    answer(exchange, SOURCE, 302, "text/html",
           "<a href='/reset/3f9a81c2'><a href='/reset/77ce01ab'>");
    answer(exchange, TARGET, 302, "text/html",
           "<a href='/reset/3f9a81c2'><a href='/reset/5b41f07a'>");
    fields_add(&exchange->in[SOURCE].headers, &exchange->arena, "Location", "/reset/77ce01ab", 15);
    fields_add(&exchange->in[TARGET].headers, &exchange->arena, "Location", "/reset/5b41f07a", 15);
    coded(exchange, false, key, &bytes, &pair);
    const char *source = pair_find(&pair.answers[SOURCE], "Location");
    const char *target = pair_find(&pair.answers[TARGET], "Location");
    assert_memory_equal(source, "/reset/***", 10);
    assert_string_not_equal(source, target);
    assert_string_not_equal(source, pair.target);
    assert_non_null(memmem(pair.answers[SOURCE].body, pair.answers[SOURCE].length, source, 18));
    assert_non_null(memmem(pair.answers[TARGET].body, pair.answers[TARGET].length, target, 18));
    assert_non_null(
        memmem(pair.answers[TARGET].body, pair.answers[TARGET].length, pair.target, 18));
    pair_free(&pair);
    exchange_free(exchange);
    buffer_free(&bytes);
}

static void of_answers_with_too_many_secrets_no_body_is_kept(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT), body = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct exchange *exchange = make_exchange("/a", NULL);
    struct pair pair;
    for (int i = 0; i < 2 * PAIR_SECRETS_MOST; i++)
        buffer_printf(&body, "<a href='/invite/hush%04d'>x</a>", i);
    for (int side = 0; side < SIDES; side++)
        answer(exchange, (enum side)side, 200, "text/html", (const char *)body.data);
    coded(exchange, false, key, &bytes, &pair);
    assert_null(memmem(bytes.data, bytes.length, "hush", 4));
    assert_true(pair.answers[SOURCE].cut && pair.answers[TARGET].cut);
    assert_int_equal(pair.answers[SOURCE].whole, body.length);
    pair_free(&pair);
    exchange_free(exchange);
    buffer_free(&bytes);
    buffer_free(&body);
}

static void words_that_are_no_secrets_stay(void **state)
{
    (void)state;
    static const char *const pages[] = {
        "<p>author: Shakespeare</p><a href='/?author=Shakespeare&amp;code=de'>",
        "<label>Password: <b>Shakespeare</b></label>",
        "<a href='/reset/done'>done</a> <img "
        "src='data:image/png;base64,iVBORw0KGgoAAAANSUhEUg/x9'>",
        "<script src='/app.3f9a81c27be04d5566aa.js' "
        "integrity='sha384-oqVuAfXRKap7fdgcCY5uykM6/+R'>",
        "<a href='/b/550e8400-e29b-41d4-a716-446655440000'>2024/01/31 and/or</a>",
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
        cmocka_unit_test(what_the_session_showed_is_not_kept_either),
        cmocka_unit_test(marks_tell_secrets_apart),
        cmocka_unit_test(of_answers_with_too_many_secrets_no_body_is_kept),
        cmocka_unit_test(words_that_are_no_secrets_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
