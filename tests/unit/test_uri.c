/* Database URIs: what is taken apart rightly, what is refused, and that no message repeats a
 * password. */
#include "../../verify/engine.h"
#include "../../verify/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_text(const char *actual, const char *expected)
{
    if (expected) {
        assert_non_null(actual);
        assert_string_equal(actual, expected);
    } else {
        assert_null(actual);
    }
}

struct good_case {
    const char *uri, *user, *password, *host, *database;
    unsigned port;
    const char *shown; /* NULL: the URI itself */
};

static const struct good_case good_cases[] = {
    {"mysql://u:p@h:3307/d", "u", "p", "h", "d", 3307, "mysql://u@h:3307/d"},
    {"mysql://u@h/d", "u", NULL, "h", "d", 0, NULL},
    {"mysql://h/d", NULL, NULL, "h", "d", 0, NULL},
    {"mysql:///d", NULL, NULL, NULL, "d", 0, NULL},
    {"mysql://u:@h/d", "u", NULL, "h", "d", 0, "mysql://u@h/d"},
    {"mysql://:p@h/d", NULL, "p", "h", "d", 0, "mysql://@h/d"},
    {"mysql://u:p@[::1]:3307/d", "u", "p", "::1", "d", 3307, "mysql://u@[::1]:3307/d"},
    {"mysql://u@[fe80::1%25eth0]/d", "u", NULL, "fe80::1%eth0", "d", 0, NULL},
    {"mysql://u%40x:p%2F%3F%40%25@h/d%2Fe", "u@x", "p/?@%", "h", "d/e", 0, "mysql://u%40x@h/d%2Fe"},
    {"mysql://u:a@b@h/d", "u", "a@b", "h", "d", 0, "mysql://u@h/d"},
    {"mysql://u:a:b@h/d", "u", "a:b", "h", "d", 0, "mysql://u@h/d"},
    {"mysql://u:p+q#r@h/d", "u", "p+q#r", "h", "d", 0, "mysql://u@h/d"},
    {"mysql://h", NULL, NULL, "h", NULL, 0, NULL},
    {"mysql://", NULL, NULL, NULL, NULL, 0, NULL},
    {"mysql://u:p@h?socket=%2Frun%2Fs", "u", "p", "h", NULL, 0, "mysql://u@h?socket=%2Frun%2Fs"},
};

static void a_uri_is_taken_apart_and_shown_without_its_password(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good_cases / sizeof *good_cases; i++) {
        const struct good_case *c = &good_cases[i];
        struct uri uri;
        struct err err;
        print_message("  %s\n", c->uri);
        assert_true(uri_parse(c->uri, &uri, &err));
        assert_text(uri.user, c->user);
        assert_text(uri.password, c->password);
        assert_text(uri.host, c->host);
        assert_text(uri.database, c->database);
        assert_int_equal(uri.port, c->port);
        assert_text(uri.shown, c->shown ? c->shown : c->uri);
        uri_free(&uri);
    }
}

static void parameters_keep_their_order_and_are_decoded(void **state)
{
    struct uri uri;
    struct err err;

    (void)state;
    assert_true(uri_parse("mysql://h/d?socket=/tmp/a%20b&ssl-mode=REQUIRED&", &uri, &err));
    assert_int_equal(uri.parameter_count, 2);
    assert_text(uri.parameters[0].name, "socket");
    assert_text(uri.parameters[0].value, "/tmp/a b");
    assert_text(uri.parameters[1].name, "ssl-mode");
    assert_text(uri.parameters[1].value, "REQUIRED");
    uri_free(&uri);
}

/* Each holds the password "hush", or a piece of one. */
static const char *const bad_cases[] = {
    "mysql:/hush",
    "mysql://u:hu/sh@h/d",
    "mysql://u:1/hush@h/d",
    "mysql://u:hu?sh=1@h/d",
    "mysql://u:1?hush=1@h/d",
    "mysql://u:hush%zz@h/d",
    "mysql://u:hush%4@h/d",
    "mysql://u:hush%00@h/d",
    "mysql://u:hush@h:0/d",
    "mysql://u:hush@h:65536/d",
    "mysql://u:hush@h:33o6/d",
    "mysql://u:hush@[::1/d",
    "mysql://u:hush@[::1]x/d",
    "mysql://u:hush@h/d/e",
    "mysql://u:hush@h/d?",
    "mysql://u:hush@h/d?socket",
    "mysql://u:hush@h/d?socket=",
    "mysql://u:hush@h/d?=x",
};

static void what_is_malformed_is_refused_and_never_repeated(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_cases / sizeof *bad_cases; i++) {
        struct uri uri;
        struct err err = {0};
        print_message("  %s\n", bad_cases[i]);
        if (strcmp(bad_cases[i] + strlen(bad_cases[i]) - 1, "?") == 0) {
            assert_true(uri_parse(bad_cases[i], &uri, &err)); /* an empty list is one */
        } else {
            assert_false(uri_parse(bad_cases[i], &uri, &err));
            assert_int_equal(err.code, ERR_USAGE);
            assert_null(strstr(err.text, "hu"));
        }
        uri_free(&uri);
    }
}

struct scheme_case {
    const char *uri, *engine; /* NULL: refused */
    const char *says;
};

static const struct scheme_case scheme_cases[] = {
    {"mysql://h/d", "mysql", NULL},
    {"mariadb://h/d", "mysql", NULL},
    {"postgresql://h/d", "postgresql", NULL},
    {"postgres://h/d", "postgresql", NULL},
    {"msyql://u:hush@h/d", NULL, "did you mean \"mysql\"?"},
    {"postgre://u:hush@h/d", NULL, "did you mean \"postgres\"?"},
    {"oracle://u:hush@h/d", NULL, "unknown database scheme \"oracle\""},
    {"u:hush@h/d", NULL, "postgresql://user@host/database"},
    {"hush hush://h", NULL, "postgresql://user@host/database"},
    {"", NULL, "postgresql://user@host/database"},
    {"://", NULL, "postgresql://user@host/database"},
};

static void the_scheme_chooses_the_engine(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scheme_cases / sizeof *scheme_cases; i++) {
        const struct scheme_case *c = &scheme_cases[i];
        struct err err = {0};
        print_message("  %s\n", c->uri);
        const struct engine *engine = engine_for_uri(c->uri, &err);
        assert_text(engine ? engine->name : NULL, c->engine);
        if (!c->engine) {
            assert_int_equal(err.code, ERR_USAGE);
            assert_non_null(strstr(err.text, c->says));
            assert_null(strstr(err.text, "hush"));
        }
    }
}

static void decoding_refuses_broken_escapes_and_zero_bytes(void **state)
{
    static const char *const bad[] = {"%", "%4", "%4g", "%g4", "a%00b", "%%41"};
    char fine[] = "%e2%82%AC%25 %2b+";

    (void)state;
    assert_true(uri_decode(fine));
    assert_string_equal(fine, "€% ++");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[16];
        strncpy(text, bad[i], sizeof text - 1);
        text[sizeof text - 1] = '\0';
        assert_false(uri_decode(text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_malformed_is_refused_and_never_repeated),
        cmocka_unit_test(a_uri_is_taken_apart_and_shown_without_its_password),
        cmocka_unit_test(parameters_keep_their_order_and_are_decoded),
        cmocka_unit_test(the_scheme_chooses_the_engine),
        cmocka_unit_test(decoding_refuses_broken_escapes_and_zero_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
