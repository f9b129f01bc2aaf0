/* Routes: what a pattern must not fit, what it fits, and which pattern a path has. */
#include "../../diff/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
    const char *pattern, *method, *path;
    bool fits;
} fits[] = {
    {"/rates/{id}", "GET", "/rates/", false},
    {"/rates/{id}", "GET", "/rates/1/edit", false},
    {"/rates/{id}", "GET", "/rates", false},
    {"/rates/{id}", "GET", "/xrates/1", false},
    {"/rates", "GET", "/rates/", false},
    {"GET /rates", "POST", "/rates", false},
    {"GET /rates", NULL, "/rates", false},
    {"/rates", "GET", NULL, false},
    {"GET /rates", "GETT", "/rates", false},
    {"/a*c", NULL, "/ab/c", false},
    {"/{a}{b}", NULL, "/x", false},
    {"/{a}-{b}", NULL, "/x-", false},
    {"/**/x", NULL, "/x", false},
    {"/i?do=mail", NULL, "/i", false},
    {"/i?do=mail", NULL, "/i?", false},
    {"/i?do=mail", NULL, "/i?do", false},
    {"/i?do=mail", NULL, "/i?do=mails", false},
    {"/i?do=mail", NULL, "/i?do=Mail", false},
    {"/i?do=mail", NULL, "/i?redo=mail", false},
    {"/i?do=mail", NULL, "/i?x=do=mail", false},
    {"/i?do=mail", NULL, "/i?do[]=mail", false},
    {"/i?do=mail", NULL, "/i?x#&do=mail", false},
    {"/i?do=mail", NULL, "/i/?do=mail", false},
    {"/i?do=mail&to={who}", NULL, "/i?do=mail&to=", false},
    {"/i?do=mail&to={who}", NULL, "/i?to=x", false},
    {"/i?do=", NULL, "/i?do=x", false},
    {"POST /i?do=mail", "GET", "/i?do=mail", false},
    {"/i?do=mail", NULL, "/i?do=mail", true},
    {"/i?do=mail", NULL, "/i?x=1&do=mail&y", true},
    {"/i?do=mail", NULL, "/i?do=view&do=mail", true},
    {"/i?do=mail", NULL, "/i?%64o=m%61il#x", true},
    {"/i?to={who}&do=mail", NULL, "/i?do=mail&to=a%2Fb/c", true},
    {"/i?do=m*l", NULL, "/i?do=ma/il", true},
    {"/i?do=**", NULL, "/i?do=", true},
    {"/i?do", NULL, "/i?do=", true},
    {"/i?do=", NULL, "/i?do", true},
    {"/i?do=a*b", NULL, "/i?do=a+b", true},
    {"/i?user[id]=7", NULL, "/i?user%5Bid%5D=7", true},
    {"GET,POST /i?do=mail", "POST", "/i?do=mail", true},
    {"**?do=mail", NULL, "/a/b?do=mail", true},
    {"/rates/{id}", "GET", "/rates/8812", true},
    {"/rates/{id}", "GET", "/rates/8812?page=2", true},
    {"GET,HEAD /rates/{id}", "HEAD", "/rates/x", true},
    {"/rates/{id}.json", NULL, "/rates/8812.json", true},
    {"/{a}-{b}", NULL, "/x-y-z", true},
    {"/{a}{b}", NULL, "/xy", true},
    {"/a*c", NULL, "/ac", true},
    {"/a*c", NULL, "/abbc", true},
    {"/*", NULL, "/", true},
    {"/assets/**", NULL, "/assets/a/b.js", true},
    {"/assets/**", NULL, "/assets/", true},
    {"**", NULL, "/anything/at/all", true},
    {"POST **", "POST", "/x", true},
    {"/**/x", NULL, "/a/b/x", true},
    {"/a**b**c", NULL, "/a//b//b/c", true},
    {"/*/*", NULL, "/a/b", true},
    {"/*a*a*a*", NULL, "/aaa", true},
};

static void a_pattern_fits_what_it_says_and_nothing_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(fits); i++)
        if (route_fits(fits[i].pattern, fits[i].method, fits[i].path) != fits[i].fits)
            fail_msg("%s beside %s %s: not %d", fits[i].pattern, fits[i].method, fits[i].path,
                     fits[i].fits);
}

static const struct {
    const char *path, *pattern;
} patterns[] = {
    {"/", "/"},
    {"", ""},
    {"/a;jsessionid=hush-hush", "/a;jsessionid={value}"},
    {"/rates/8812;v=1;;x;y=/b;=z", "/rates/{id};v={value};;x;y=/b;={value}"},
    {";", ";"},
    {"/rates", "/rates"},
    {"/rates/8812", "/rates/{id}"},
    {"/rates/8812/", "/rates/{id}/"},
    {"/rates/8812/edit?x=1#y", "/rates/{id}/edit"},
    {"/rates/8812.json", "/rates/{id}.json"},
    {"/b/550e8400-e29b-41d4-a716-446655440000", "/b/{uuid}"},
    {"/calendar/2024-01-31", "/calendar/{date}"},
    {"/posts/8812-a-title", "/posts/{id}"},
    {"/c/da39a3ee5e6b4b0d3255bfef95601890afd80709", "/c/{token}"},
    {"/reset/3f9a81c2/edit", "/reset/{token}/edit"},
    {"/invite/Kx7Pq2.html;v=1", "/invite/{token}.html;v={value}"},
    {"/reset/done", "/reset/done"},
    {"/d/3f9a81c27be04d5566aa", "/d/{token}"},
    {"/share/8812", "/share/{id}"},
    {"/api/v1/users", "/api/v1/users"},
    {"/page2", "/page2"},
    {"/24-7", "/24-7"},
    {"/styles.css", "/styles.css"},
    {"//8//x", "//{id}//x"},
    {"/a.b.c/9.9", "/a.b.c/9.9"},
};

static void a_path_has_the_pattern_of_its_kind_and_fits_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(patterns); i++) {
        struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
        route_pattern(&out, patterns[i].path, strlen(patterns[i].path), NULL, 0);
        assert_string_equal((const char *)out.data, patterns[i].pattern);
        assert_true(route_fits((const char *)out.data, NULL, patterns[i].path));
        buffer_free(&out);
    }
}

static const struct {
    const char *target, *pattern;
} chosen[] = {
    /* by "do" and "id" */
    {"/i", "/i"},
    {"/i?x=1", "/i"},
    {"/i?x=1&do=mail#do=view", "/i?do=mail"},
    {"/i?id=7&do=mail", "/i?do=mail&id={id}"},
    {"/i?id=7", "/i?id={id}"},
    {"/i?do=rates/8812/edit", "/i?do=rates/{id}/edit"},
    {"/i?do=rates%2F8812%2Fedit", "/i?do=rates/{id}/edit"},
    {"/i?do=App\\Mail::send", "/i?do=App\\Mail::send"},
    {"/i?do=550e8400-e29b-41d4-a716-446655440000", "/i?do={uuid}"},
    {"/i?do=3f9a81c27be04d5566aa", "/i?do={token}"},
    {"/i?do=two+words", "/i?do={value}"},
    {"/i?do={id}", "/i?do={value}"},
    {"/i?do=%26x%3D1", "/i?do={value}"},
    {"/i?do=%00", "/i?do={value}"},
    {"/i?do=caf%C3%A9", "/i?do={value}"},
    {"/i?do", "/i?do="},
    {"/i?do=&do=mail", "/i?do="},
    {"/i?d%6f=a&&do=b", "/i?do=a"},
    {"/rates/8812?do=mail&do", "/rates/{id}?do=mail"},
};

static void fields_of_the_query_choose_a_page_where_that_is_said(void **state)
{
    (void)state;
    static const char *const names[] = {"do", "id"};
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT), out = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < COUNT(chosen); i++) {
        struct err err = {0};
        size_t offset;
        buffer_clear(&out);
        route_pattern(&out, chosen[i].target, strlen(chosen[i].target), names, COUNT(names));
        assert_string_equal((const char *)out.data, chosen[i].pattern);
        assert_true(route_check((const char *)out.data, &offset, &err));
        assert_true(route_fits((const char *)out.data, NULL, chosen[i].target));
    }
    buffer_clear(&text);
    buffer_clear(&out);
    buffer_add_text(&text, "/i?do=");
    for (int i = 0; i < 30; i++)
        buffer_add_text(&text, "word");
    route_pattern(&out, (const char *)text.data, text.length, names, COUNT(names));
    assert_string_equal((const char *)out.data, "/i?do={value}");
    buffer_free(&text);
    buffer_free(&out);
}

static void a_name_that_no_query_has_is_refused(void **state)
{
    (void)state;
    static const char *const good[] = {"do", "user[id]", "x.y", "\xc3\xa9"};
    static const char *const bad[] = {"", "a=b", "a&b", "a b", "%64o", "a#", "a?", "a\n", "a+b"};
    struct err err = {0};
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(route_name_check(good[i], &err));
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(route_name_check(bad[i], &err));
        assert_int_equal(err.code, ERR_USAGE);
    }
}

static const struct {
    const char *pattern, *sentence;
    size_t offset;
} wrong[] = {
    {"rates", "begins with /", 0},
    {"get /rates", "in capitals", 0},
    {"GET rates", "begins with /", 4},
    {"/rates?", "a field behind", 6},
    {"/rates?&a=1", "has a name", 7},
    {"/rates?=1", "has a name", 7},
    {"/rates?a=1&b={x&c=}", "before the next &", 13},
    {"/rates?a={", "before the next &", 9},
    {"/rates?a=%2F", "decoded", 9},
    {"/rates?%61=1", "decoded", 7},
    {"/rates?a=b+c", "decoded", 10}, /* would hold for no "b+c" of a log, where + is a blank */
    {"/rates?a=b c", "before a blank", 10},
    {"/rates#x", "before \"#\"", 6},
    {"/rates?a#x", "before \"#\"", 8},
    {"/rates/{id", "no }", 7},
    {"/{a/b}", "no }", 1},
    {"/a b", "in capitals", 0},
    {"GET /a b", "before a blank", 6},
    {"", "begins with /", 0},
};

static void a_wrong_pattern_is_refused_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct err err = {0};
        size_t offset = 99;
        assert_false(route_check(wrong[i].pattern, &offset, &err));
        if (!strstr(err.text, wrong[i].sentence) || offset != wrong[i].offset)
            fail_msg("%s: %zu: %s", wrong[i].pattern, offset, err.text);
    }
    for (size_t i = 0; i < COUNT(fits); i++) {
        struct err err = {0};
        size_t offset;
        if (!route_check(fits[i].pattern, &offset, &err))
            fail_msg("%s: %zu: %s", fits[i].pattern, offset, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_fits_what_it_says_and_nothing_more),
        cmocka_unit_test(a_path_has_the_pattern_of_its_kind_and_fits_it),
        cmocka_unit_test(fields_of_the_query_choose_a_page_where_that_is_said),
        cmocka_unit_test(a_name_that_no_query_has_is_refused),
        cmocka_unit_test(a_wrong_pattern_is_refused_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
