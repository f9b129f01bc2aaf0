/* Fields that name hosts, and fields about answers that no side has given. */
#include "../../replay/outgoing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct jar_home plain = {"http://127.0.0.1:8080", NULL, "www.example.org"};
static const struct jar_home secret = {"https://user:pass@10.0.0.7:8443/new/", "a.new.example",
                                       NULL};

static const struct changed {
    const struct jar_home *home;
    const char *name, *value, *expected;
} cases[] = {
    {&plain, "Referer", "https://www.example.org/rates?day=1", "http://127.0.0.1:8080/rates?day=1"},
    {&plain, "referer", "http://WWW.Example.org:80", "http://127.0.0.1:8080"},
    {&plain, "Referer", "https://www.example.org.evil.example/a",
     "https://www.example.org.evil.example/a"},
    {&plain, "Referer", "https://www.example.org@evil.example/a",
     "https://www.example.org@evil.example/a"},
    {&plain, "Referer", "https://search.example/?q=www.example.org",
     "https://search.example/?q=www.example.org"},
    {&plain, "Referer", "android-app://x", "android-app://x"},
    {&plain, "Referer", "", ""},
    {&plain, "Origin", "https://www.example.org", "http://127.0.0.1:8080"},
    {&plain, "Origin", "null", "null"},
    {&secret, "Referer", "http://www.example.org/a/b#c", "https://a.new.example/new/a/b#c"},
    {&secret, "Origin", "http://www.example.org", "https://a.new.example"},
    {&plain, "X-Referer", "https://www.example.org/", "https://www.example.org/"},
};

static void hosts_are_mapped_where_they_are_production_and_nowhere_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct exchange *exchange = exchange_new();
        struct outgoing *out = &exchange->out[SOURCE];
        fields_add(&out->headers, &exchange->arena, cases[i].name, cases[i].value,
                   strlen(cases[i].value));
        assert_int_equal(outgoing_edit(out, &exchange->arena, "www.example.org", cases[i].home), 0);
        assert_string_equal(out->headers.items[0].value, cases[i].expected);
        out->headers.items[0].value = arena_copy(&exchange->arena, cases[i].value);
        (void)outgoing_edit(out, &exchange->arena, NULL, cases[i].home);
        assert_string_equal(out->headers.items[0].value, cases[i].value);
        exchange_free(exchange);
    }
}

static void fields_about_productions_answers_are_left_out(void **state)
{
    (void)state;
    static const char *const names[] = {"Accept",   "if-none-match",  "If-Modified-Since",
                                        "Range",    "If-Range",       "Referer",
                                        "If-Match", "Accept-Language"};
    struct exchange *exchange = exchange_new();
    struct outgoing *out = &exchange->out[TARGET];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        fields_add(&out->headers, &exchange->arena, names[i], "x", 1);
    assert_int_equal(outgoing_edit(out, &exchange->arena, "www.example.org", &plain), 5);
    assert_int_equal(out->headers.count, 3);
    assert_string_equal(out->headers.items[0].name, "Accept");
    assert_string_equal(out->headers.items[1].name, "Referer");
    assert_string_equal(out->headers.items[2].name, "Accept-Language");
    exchange_free(exchange);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_are_mapped_where_they_are_production_and_nowhere_else),
        cmocka_unit_test(fields_about_productions_answers_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
