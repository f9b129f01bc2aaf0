/* The login recipe: which requests it makes of a user, spelled as each place wants it, and that a
 * wrong file gets one sentence with its place and no password. */
#include "../../replay/recipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char whole[] =
    "users:\n"
    "  by: $cookie_user\n"
    "  anna: {login: 'anna b&c', password: 's=1%\"\\'}\n"
    "  \"*\": {login: guest, password: guest}\n"
    "steps:\n"
    "  - GET /login\n"
    "  - {request: 'POST /login?u={login}', form: {login: '{login}', 'pass[word]': '{password}', "
    "_token: '', x: }}\n"
    "  - request: PUT /api/8812\n"
    "    json: '{\"user\": \"{login}\", \"p\": \"{password}\"}'\n"
    "    header: {X-User: 'u {login}', Accept: application/json}\n"
    "  - {request: POST /raw, body: '<u>{login}</u>', header: {content-type: text/xml}}\n"
    "succeeds: [302, 204]\n";

static struct recipe *parse(const char *text)
{
    struct recipe *recipe;
    struct err err = {0};
    if (!recipe_parse("r.yaml", text, strlen(text), &recipe, &err))
        fail_msg("%s", err.text);
    return recipe;
}

struct step_case {
    const char *user;
    size_t step;
    const char *method, *target, *body, *type, *route; /* body NULL: none */
};

static const struct step_case step_cases[] = {
    {"anna", 0, "GET", "/login", NULL, NULL, "GET /login"},
    {"anna", 1, "POST", "/login?u=anna%20b%26c",
     "login=anna+b%26c&pass%5Bword%5D=s%3D1%25%22%5C&_token=&x=",
     "application/x-www-form-urlencoded", "POST /login"},
    {"anna", 2, "PUT", "/api/8812", "{\"user\": \"anna b&c\", \"p\": \"s=1%\\\"\\\\\"}",
     "application/json", "PUT /api/{id}"},
    {"anna", 3, "POST", "/raw", "<u>anna b&c</u>", "text/xml", "POST /raw"},
    {"somebody", 1, "POST", "/login?u=guest", "login=guest&pass%5Bword%5D=guest&_token=&x=",
     "application/x-www-form-urlencoded", "POST /login"},
    {NULL, 3, "POST", "/raw", "<u>guest</u>", "text/xml", "POST /raw"},
};

static void each_step_is_a_request_of_that_user(void **state)
{
    (void)state;
    struct recipe *recipe = parse(whole);
    assert_string_equal(recipe_by(recipe), "$cookie_user");
    for (size_t i = 0; i < COUNT(step_cases); i++) {
        const struct step_case *one = &step_cases[i];
        assert_int_equal(recipe_steps(recipe, one->user), 4);
        struct exchange *exchange = exchange_new();
        exchange->logged.session = 7;
        exchange->logged.tenant = "t";
        recipe_step(recipe, one->user, one->step, exchange);
        const struct logged *logged = &exchange->logged;
        assert_int_equal(logged->session, 7);
        assert_string_equal(logged->tenant, "t");
        assert_string_equal(logged->method, one->method);
        assert_true(slice_is(logged->target, one->target));
        assert_string_equal(logged->route, one->route);
        if (!logged->body.at != !one->body)
            fail_msg("case %zu", i);
        if (one->body && !slice_is(logged->body, one->body))
            fail_msg("case %zu: %s", i, (const char *)logged->body.at);
        if (one->type)
            assert_string_equal(logged->content_type, one->type);
        else
            assert_null(logged->content_type);
        assert_int_equal(logged->headers.count, one->step == 2 ? 2 : 0);
        if (one->step == 2)
            assert_string_equal(fields_find(&logged->headers, "x-user"), "u anna b&c");
        exchange_free(exchange);
    }
    recipe_free(recipe);
}

static void the_last_step_succeeds_by_its_status(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
        bool succeeds;
    } cases[] = {
        {"succeeds: 302\nsteps: [GET /]", 302, true},
        {"succeeds: 302\nsteps: [GET /]", 200, false},
        {"succeeds: [200, 302]\nsteps: [GET /]", 200, true},
        {"succeeds: [200, 302]\nsteps: [GET /]", 303, false},
        {"succeeds: 422\nsteps: [GET /]", 422, true},
        {"steps: [GET /]", 200, true},
        {"steps: [GET /]", 303, true},
        {"steps: [GET /]", 401, false},
        {"steps: [GET /]", 500, false},
        {"steps: [GET /]", 0, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct recipe *recipe = parse(cases[i].text);
        if (recipe_succeeds(recipe, cases[i].status) != cases[i].succeeds)
            fail_msg("%s: %d", cases[i].text, cases[i].status);
        recipe_free(recipe);
    }
}

static void a_user_without_a_name_in_the_file_has_no_steps(void **state)
{
    (void)state;
    struct recipe *recipe = parse("users: {by: $cookie_u, anna: {p: x}}\nsteps: ['GET /{p}']");
    assert_int_equal(recipe_steps(recipe, "anna"), 1);
    assert_int_equal(recipe_steps(recipe, "Anna"), 0);
    assert_int_equal(recipe_steps(recipe, NULL), 0);
    recipe_free(recipe);
    recipe = parse("steps: [GET /]");
    assert_null(recipe_by(recipe));
    assert_int_equal(recipe_steps(recipe, NULL), 1);
    assert_int_equal(recipe_steps(recipe, "anyone"), 1);
    recipe_free(recipe);
}

static void a_wrong_file_gets_one_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {"", "r.yaml: a login recipe needs \"steps\""},
        {"steps: []", "needs \"steps\""},
        {"- GET /", "a login recipe needs the keys steps, users and succeeds"},
        {"stps: [GET /]", "r.yaml:1:1: unknown key \"stps\"; did you mean \"steps\"?"},
        {"steps: GET /", "\"steps\" needs a list of requests"},
        {"steps: [GET]", "r.yaml:1:9: a request is a method and a path"},
        {"steps: [GET http://x/]", "a request is a method and a path"},
        {"steps: ['GET /a b']", "a request is a method and a path"},
        {"steps: ['GET /a#b']", "a request is a method and a path"},
        {"steps: [\"GET /\\r\\nX: y\"]", "a request is a method and a path"},
        {"steps: ['/login']", "a request is a method and a path"},
        {"steps: [{form: {a: b}}]", "a step needs \"request\""},
        {"steps: [{request: GET /, frm: {}}]", "unknown key \"frm\""},
        {"steps: [{request: GET /, form: {a: [b]}}]", "\"a\" needs a text"},
        {"steps: [{request: GET /, form: {a: b, a: c}}]", "repeated"},
        {"steps: [{request: GET /, form: {a: b}, json: '{}'}]", "one of"},
        {"steps: [{request: GET /, header: {'a b': c}}]", "is no header"},
        {"steps: [{request: GET /, header: {a: \"b\\r\\nc\"}}]", "is no header"},
        {"users: {'*': {a: \"hunter2\\r\\nX\"}}\nsteps: [{request: GET /, header: {a: '{a}'}}]",
         "would hold a line break"},
        {"steps: ['GET /{login}']", "{login} is used, but there are no users"},
        {"users: {'*': {login: hunter2}}\nsteps: ['GET /{logn}']", "the user \"*\" has no logn"},
        {"users: {by: $x, a: {p: hunter2}, b: {}}\nsteps: [{request: POST /, form: {p: '{p}'}}]",
         "the user \"b\" has no p"},
        {"users: {a: {p: hunter2}}\nsteps: [GET /]", "without \"by\" every session is the user"},
        {"users: {by: $x}\nsteps: [GET /]", "\"by\" chooses among users"},
        {"users: {by: [x]}\nsteps: [GET /]", "needs a mapping"},
        {"users: {by: {x: y}}\nsteps: [GET /]", "\"by\" needs an expression"},
        {"users: {a: hunter2}\nsteps: [GET /]", "a user needs a mapping"},
        {"succeeds: 20\nsteps: [GET /]", "\"succeeds\" needs a status"},
        {"succeeds: 999\nsteps: [GET /]", "\"succeeds\" needs a status"},
        {"succeeds: []\nsteps: [GET /]", "no status"},
        {"succeeds: [2xx]\nsteps: [GET /]", "\"succeeds\" needs a status"},
        {"succeeds: {a: b}\nsteps: [GET /]", "\"succeeds\" needs a status"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct recipe *recipe;
        struct err err = {0};
        bool read = recipe_parse("r.yaml", cases[i].text, strlen(cases[i].text), &recipe, &err);
        if (read || !strstr(err.text, cases[i].sentence) || strncmp(err.text, "r.yaml:", 7) != 0)
            fail_msg("%s: %s", cases[i].text, err.text);
        assert_int_equal(err.code, ERR_USAGE);
        assert_null(recipe);
        assert_null(strstr(err.text, "hunter2"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_is_a_request_of_that_user),
        cmocka_unit_test(the_last_step_succeeds_by_its_status),
        cmocka_unit_test(a_user_without_a_name_in_the_file_has_no_steps),
        cmocka_unit_test(a_wrong_file_gets_one_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
