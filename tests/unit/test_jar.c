/* A cookie is sent exactly where a browser at production would send it. */
#include "../../replay/jar.h"
#include "../../replay/jar_date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct jar_home home = {
    .url = "http://10.0.0.7:8080", .host = NULL, .production = "www.prod.example"};

static void assert_sent(struct jar *jar, const char *target, const char *expected)
{
    struct buffer line = BUFFER_INIT(BUFFER_NO_LIMIT);
    jar_write(jar, slice_of(target), &line);
    assert_string_equal((const char *)line.data, expected);
    buffer_free(&line);
}

/* One Set-Cookie in the answer to `at`, then what is sent to `to`. */
struct rule_case {
    const char *at, *set, *to, *sent;
    enum jar_result result;
};

static const struct rule_case rules[] = {
    {"/", "a=1", "/x?y", "a=1", JAR_KEPT},
    {"/", "a=1; Secure; HttpOnly; SameSite=Lax", "/", "a=1", JAR_KEPT},
    {"/", "a=1; Domain=www.prod.example", "/", "a=1", JAR_KEPT},
    {"/", "a=1; Domain=.WWW.Prod.example", "/", "a=1", JAR_KEPT},
    {"/", "a=1; domain=prod.example", "/", "a=1", JAR_KEPT},
    {"/", "a=1; Domain=10.0.0.7", "/", "a=1", JAR_KEPT},
    {"/", "a=1; Domain=", "/", "a=1", JAR_KEPT},
    {"/", "a=1; Domain=0.0.7", "/", "", JAR_DOMAIN},
    {"/", "a=1; Domain=other.example", "/", "", JAR_DOMAIN},
    {"/", "a=1; Domain=xwww.prod.example", "/", "", JAR_DOMAIN},
    {"/", "a=1; Domain=rod.example", "/", "", JAR_DOMAIN},
    {"/", "a=1; Domain=deep.www.prod.example", "/", "", JAR_DOMAIN},
    {"/", "a=1; Domain=example", "/", "", JAR_DOMAIN},
    {"/", "a=1; Path=/admin", "/admin", "a=1", JAR_KEPT},
    {"/", "a=1; Path=/admin", "/admin/x", "a=1", JAR_KEPT},
    {"/", "a=1; Path=/admin", "/admin?x", "a=1", JAR_KEPT},
    {"/", "a=1; Path=/admin", "/administrator", "", JAR_KEPT},
    {"/", "a=1; Path=/admin", "/", "", JAR_KEPT},
    {"/", "a=1; Path=/admin", "/Admin", "", JAR_KEPT},
    {"/", "a=1; Path=/admin/", "/admin", "", JAR_KEPT},
    {"/admin/login?next=/x/y", "a=1", "/admin/z", "a=1", JAR_KEPT},
    {"/admin/login", "a=1", "/z", "", JAR_KEPT},
    {"/admin/login", "a=1; Path=", "/z", "", JAR_KEPT},
    {"/admin/login", "a=1; Path=relative", "/admin", "a=1", JAR_KEPT},
    {"/login", "a=1", "/z", "a=1", JAR_KEPT},
    {"/", "a=1; Path=/x; Path=/", "/z", "a=1", JAR_KEPT},
    {"*", "a=1", "/", "a=1", JAR_KEPT},
    {"/", "a=1; Max-Age=0", "/", "", JAR_KEPT},
    {"/", "a=1; Max-Age=-5", "/", "", JAR_KEPT},
    {"/", "a=1; Max-Age=60", "/", "a=1", JAR_KEPT},
    {"/", "a=1; Max-Age=99999999999999999999999", "/", "a=1", JAR_KEPT},
    {"/", "a=1; Max-Age=0x", "/", "a=1", JAR_KEPT},
    {"/", "a=1; Expires=Thu, 01-Jan-1970 00:00:01 GMT", "/", "", JAR_KEPT},
    {"/", "a=1; Expires=Thu, 01-Jan-2099 00:00:01 GMT", "/", "a=1", JAR_KEPT},
    {"/", "a=1; Expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=60", "/", "a=1", JAR_KEPT},
    {"/", "a=1; Expires=0", "/", "a=1", JAR_KEPT},
    {"/", "nameless", "/", "nameless", JAR_KEPT},
    {"/", "=nameless", "/", "nameless", JAR_KEPT},
    {"/", "empty=", "/", "empty=", JAR_KEPT},
    {"/", "=", "/", "", JAR_EMPTY},
    {"/", "", "/", "", JAR_EMPTY},
    {"/", " ; Path=/", "/", "", JAR_EMPTY},
    {"/", " a = 1 2 ", "/", "a=1 2", JAR_KEPT},
    {"/", "a=\"q;z\"", "/", "a=\"q", JAR_KEPT},
    {"/", "a=x=y==", "/", "a=x=y==", JAR_KEPT},
    {"/", "a=\xc3\xa9", "/", "a=\xc3\xa9", JAR_KEPT},
    {"/", "a=1\x01", "/", "", JAR_CONTROL},
    {"/", "a=1; Path=/\x7f", "/", "", JAR_CONTROL},
    {"/", "__Secure-a=1; Secure", "/", "__Secure-a=1", JAR_KEPT},
    {"/", "__Secure-a=1", "/", "", JAR_PREFIX},
    {"/", "__Host-a=1; Secure; Path=/", "/", "__Host-a=1", JAR_KEPT},
    {"/", "__Host-a=1; Secure; Path=/x", "/x", "", JAR_PREFIX},
    {"/", "__Host-a=1; Secure; Path=/; Domain=prod.example", "/", "", JAR_PREFIX},
    {"/", "=__Host-a=1", "/", "", JAR_PREFIX},
};

static void a_cookie_goes_where_a_browser_at_production_would_send_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rules); i++) {
        struct jar *jar = jar_new(&home);
        enum jar_result result = jar_take(jar, slice_of(rules[i].at), slice_of(rules[i].set));
        struct buffer line = BUFFER_INIT(BUFFER_NO_LIMIT);
        jar_write(jar, slice_of(rules[i].to), &line);
        if (result != rules[i].result || strcmp((const char *)line.data, rules[i].sent) != 0)
            fail_msg("%s at %s: '%s' is sent to %s, result %d", rules[i].set, rules[i].at,
                     (const char *)line.data, rules[i].to, (int)result);
        assert_int_equal(jar_counted(jar, result), 1);
        buffer_free(&line);
        jar_free(jar);
    }
}

static void without_productions_name_any_domain_is_taken_for_it(void **state)
{
    (void)state;
    const struct jar_home unknown = {.url = "http://localhost:1/"};
    struct jar *jar = jar_new(&unknown);
    assert_int_equal(jar_take(jar, slice_of("/"), slice_of("a=1; Domain=www.any")), JAR_KEPT);
    assert_sent(jar, "/", "a=1");
    jar_free(jar);
}

static void a_prefix_of_the_origin_counts_for_paths_with_and_without_it(void **state)
{
    (void)state;
    const struct jar_home under = {.url = "http://h/app/", .production = "p.example"};
    struct jar *jar = jar_new(&under);
    (void)jar_take(jar, slice_of("/login"), slice_of("a=1; Path=/app"));
    (void)jar_take(jar, slice_of("/login"), slice_of("b=2; Path=/app/admin"));
    (void)jar_take(jar, slice_of("/login"), slice_of("c=3; Path=/admin"));
    (void)jar_take(jar, slice_of("/login"), slice_of("d=4; Path=/ap"));
    assert_sent(jar, "/", "a=1");
    assert_sent(jar, "/admin/x", "b=2; c=3; a=1");
    jar_free(jar);
}

static void longer_paths_go_first_then_older_cookies_and_a_new_value_keeps_the_place(void **state)
{
    (void)state;
    struct jar *jar = jar_new(&home);
    (void)jar_take(jar, slice_of("/"), slice_of("a=1"));
    (void)jar_take(jar, slice_of("/"), slice_of("b=2"));
    (void)jar_take(jar, slice_of("/"), slice_of("c=3; Path=/x"));
    (void)jar_take(jar, slice_of("/"), slice_of("a=9"));
    assert_sent(jar, "/x", "c=3; a=9; b=2");
    /* Names are told apart by case; host-only and Domain cookies are two, as are two paths. */
    (void)jar_take(jar, slice_of("/"), slice_of("A=4"));
    (void)jar_take(jar, slice_of("/"), slice_of("a=5; Domain=www.prod.example"));
    (void)jar_take(jar, slice_of("/"), slice_of("a=6; Domain=10.0.0.7"));
    assert_sent(jar, "/", "a=9; b=2; A=4; a=6");
    (void)jar_take(jar, slice_of("/"), slice_of("a=; Max-Age=0"));
    assert_sent(jar, "/", "b=2; A=4; a=6");
    jar_free(jar);
}

static void a_logged_cookie_goes_first_and_the_origins_own_takes_its_place(void **state)
{
    (void)state;
    struct jar *jar = jar_new(&home);
    jar_seed(jar, slice_of("PHPSESSID=old; opcode=7;  odd ; q=\"a b\"; =; x=y=z"));
    assert_sent(jar, "/deep/er", "PHPSESSID=old; opcode=7; odd; q=\"a b\"; x=y=z");
    assert_string_equal(jar_find(jar, "/", "opcode"), "7");
    (void)jar_take(jar, slice_of("/"), slice_of("PHPSESSID=new; Path=/; Domain=prod.example"));
    assert_sent(jar, "/", "PHPSESSID=new; opcode=7; odd; q=\"a b\"; x=y=z");
    (void)jar_take(jar, slice_of("/"), slice_of("opcode=; Path=/admin; Max-Age=0"));
    assert_null(jar_find(jar, "/", "opcode"));
    jar_seed(jar, (struct slice){0});
    jar_free(jar);
}

static void a_cookie_seeded_again_has_its_new_value_but_the_origins_own_stays(void **state)
{
    (void)state;
    struct jar *jar = jar_new(&home);
    jar_seed(jar, slice_of("lang=de; seen=1; two=a; two=b"));
    (void)jar_take(jar, slice_of("/"), slice_of("lang=fr"));
    jar_seed(jar, slice_of("lang=de; seen=2; two=c; new=1"));
    assert_sent(jar, "/", "lang=fr; seen=2; two=c; new=1");
    jar_free(jar);
}

static void what_browsers_drop_is_dropped_and_counted_and_the_rest_has_no_limit_of_50(void **state)
{
    (void)state;
    struct jar *jar = jar_new(&home);
    char text[5000];
    memset(text, 'v', sizeof text);
    memcpy(text, "a=", 2);
    struct slice field = {(const unsigned char *)text, 4097};
    assert_int_equal(jar_take(jar, slice_of("/"), field), JAR_KEPT); /* 1 + 4095 */
    field.length = 4098;
    assert_int_equal(jar_take(jar, slice_of("/"), field), JAR_TOO_LONG);
    assert_int_equal(strlen(jar_find(jar, "/", "a")), 4095);
    for (int i = 1; i < JAR_MOST; i++) {
        snprintf(text, sizeof text, "n%d=%d", i, i);
        assert_int_equal(jar_take(jar, slice_of("/"), slice_of(text)), JAR_KEPT);
    }
    assert_non_null(jar_find(jar, "/", "a"));
    assert_string_equal(jar_find(jar, "/any", "n179"), "179");
    assert_int_equal(jar_take(jar, slice_of("/"), slice_of("last=1")), JAR_EVICTED);
    assert_null(jar_find(jar, "/", "a"));
    assert_non_null(jar_find(jar, "/", "last"));
    assert_int_equal(jar_counted(jar, JAR_TOO_LONG), 1);
    assert_int_equal(jar_counted(jar, JAR_EVICTED), 1);
    jar_free(jar);
    jar_free(NULL);
}

struct date_case {
    const char *text;
    int64_t seconds; /* -1: no date */
};

static const struct date_case dates[] = {
    {"Wed, 21 Oct 2015 07:28:00 GMT", 1445412480},
    {"Wednesday, 21-Oct-15 07:28:00 GMT", 1445412480},
    {"Wed Oct 21 07:28:00 2015", 1445412480},
    {"07:28:00 2015 october 21", 1445412480},
    {"21 Oct 2015 7:28:0 +0500", 1445412480}, /* zones are not read: all is GMT */
    {"Thu, 01-Jan-70 00:00:01 GMT", 1},
    {"Fri, 31 Dec 1999 23:59:59 GMT", 946684799},
    {"Thu, 29 Feb 2024 00:00:00 GMT", 1709164800},
    {"Wed, 29 Feb 2023 00:00:00 GMT", -1},
    {"Wed, 32 Oct 2015 07:28:00 GMT", -1},
    {"Wed, 21 Oct 2015 24:00:00 GMT", -1},
    {"Wed, 21 Oct 1600 07:28:00 GMT", -1},
    {"Wed, 21 Oct 2015", -1},
    {"21 2015 07:28:00", -1},
    {"0", -1},
    {"", -1},
};

static void dates_are_read_as_browsers_read_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(dates); i++) {
        int64_t seconds = -1;
        bool good = jar_date(slice_of(dates[i].text), &seconds);
        if (good != (dates[i].seconds != -1) || (good && seconds != dates[i].seconds))
            fail_msg("'%s' is %lld", dates[i].text, (long long)seconds);
    }
}

static void a_jar_that_was_saved_sends_the_same_and_damage_is_refused(void **state)
{
    (void)state;
    static const char *const said[] = {
        "a=1; Path=/", "b=2; Path=/deep/er", "c=3; Domain=www.prod.example; Secure",
        "=nameless",   "d=4; Max-Age=1000",  "e=5; Max-Age=0"};
    struct jar *jar = jar_new(&home), *copy = jar_new(&home);
    struct buffer saved = BUFFER_INIT(1 << 20), again = BUFFER_INIT(1 << 20);
    struct buffer sent[2] = {BUFFER_INIT(1 << 20), BUFFER_INIT(1 << 20)};
    struct err err = {0};
    jar_seed(jar, slice_of("seeded=0; other=1"));
    for (size_t i = 0; i < COUNT(said); i++)
        (void)jar_take(jar, slice_of("/deep/er/page"), slice_of(said[i]));
    jar_save(jar, &saved);
    assert_true(jar_load(copy, saved.data, saved.length, &err));
    jar_save(copy, &again);
    assert_int_equal(saved.length, again.length);
    assert_memory_equal(saved.data, again.data, saved.length);
    /* The seeded cookie still gives way to the origin's own; age still counts. */
    (void)jar_take(jar, slice_of("/"), slice_of("seeded=own"));
    (void)jar_take(copy, slice_of("/"), slice_of("seeded=own"));
    jar_write(jar, slice_of("/deep/er/x"), &sent[0]);
    jar_write(copy, slice_of("/deep/er/x"), &sent[1]);
    assert_string_equal((char *)sent[0].data, (char *)sent[1].data);
    assert_non_null(strstr((char *)sent[1].data, "seeded=own"));
    assert_int_equal(jar_counted(copy, JAR_KEPT), jar_counted(jar, JAR_KEPT));
    for (size_t length = 0; length < saved.length; length++) {
        struct jar *cut = jar_new(&home);
        assert_false(jar_load(cut, saved.data, length, &err));
        assert_int_equal(err.code, ERR_USAGE);
        buffer_clear(&sent[0]);
        jar_write(cut, slice_of("/"), &sent[0]);
        assert_int_equal(sent[0].length, 0);
        jar_free(cut);
    }
    buffer_free(&saved);
    buffer_free(&again);
    buffer_free(&sent[0]);
    buffer_free(&sent[1]);
    jar_free(jar);
    jar_free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cookie_goes_where_a_browser_at_production_would_send_it),
        cmocka_unit_test(without_productions_name_any_domain_is_taken_for_it),
        cmocka_unit_test(a_prefix_of_the_origin_counts_for_paths_with_and_without_it),
        cmocka_unit_test(longer_paths_go_first_then_older_cookies_and_a_new_value_keeps_the_place),
        cmocka_unit_test(a_logged_cookie_goes_first_and_the_origins_own_takes_its_place),
        cmocka_unit_test(a_cookie_seeded_again_has_its_new_value_but_the_origins_own_stays),
        cmocka_unit_test(what_browsers_drop_is_dropped_and_counted_and_the_rest_has_no_limit_of_50),
        cmocka_unit_test(a_jar_that_was_saved_sends_the_same_and_damage_is_refused),
        cmocka_unit_test(dates_are_read_as_browsers_read_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
