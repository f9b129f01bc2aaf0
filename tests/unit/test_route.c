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
        route_pattern(&out, patterns[i].path, strlen(patterns[i].path));
        assert_string_equal((const char *)out.data, patterns[i].pattern);
        assert_true(route_fits((const char *)out.data, NULL, patterns[i].path));
        buffer_free(&out);
    }
}

static const struct {
    const char *pattern, *sentence;
    size_t offset;
} wrong[] = {
    {"rates", "begins with /", 0},     {"get /rates", "in capitals", 0},
    {"GET rates", "begins with /", 4}, {"/rates?page=1", "no query", 6},
    {"/rates/{id", "no }", 7},         {"/{a/b}", "no }", 1},
    {"/a b", "in capitals", 0},        {"GET /a b", "before a blank", 6},
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
        cmocka_unit_test(a_wrong_pattern_is_refused_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
