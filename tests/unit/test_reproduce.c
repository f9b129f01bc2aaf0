/*
 * The way to a request as a script: which words it holds, and which never. Run with "write DIR", it
 * writes the scripts that tests/e2e/reproduce runs.
 */
#include "../../replay/reproduce.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define STEPS 6

struct asked {
    const char *method, *target, *body, *type, *header; /* header: "Name: value" */
    const char *location;                               /* logged */
    size_t body_length;                                 /* 0: of a text */
    struct reproduce_value values[3];
};

struct course {
    const char *name;
    bool keep_secrets;
    struct asked requests[STEPS];
    const char *holds[8], *lacks[4];
};

static const struct course sessions[] = {
    {"login and booking",
     true,
     {{.method = "GET", .target = "/login"},
      {.method = "POST",
       .target = "/login",
       .body = "user=anna&password=hush%20it%27s&_token=logged-token",
       .values = {{"field _token", true, {"masked #1", "masked #2"}, 1, GIVEN_FIELD, "_token"}}},
      {.method = "POST",
       .target = "/bookings?from=form",
       .body = "guest=J%C3%BCrgen+%26+Co&_token=logged-2",
       .header = "X-Note: it's \"$HOME\" `id`",
       .values =
           {{"field _token", true, {"masked #1", "masked #2"}, 2, GIVEN_META, "X-CSRF-Token"}}},
      {.method = "GET",
       .target = "/bookings/8812?show=$(id)'",
       .values = {{"path 2", false, {"9001", "9044"}, 3, GIVEN_REDIRECT, ""}}}},
     {"field 1 '_token' '/login'", "\"$(url \"$value_1\")\"",
      "SECRET_1=${SECRET_1-'hush it'\\''s'}", "meta 2 ", "segment 3 2 '[0-9]+'",
      "'?show=$(id)'\\'''", "-H 'X-Note: it'\\''s \"$HOME\" `id`'"},
     {"hush%20it", "logged-2", "8812'"}},
    {"secrets to fill in",
     false,
     {{.method = "POST", .target = "/login?token=hush", .body = "user=anna&password=hush"},
      {.method = "GET", .target = "/", .header = "Authorization: Basic aHVzaA=="}},
     {": \"${SECRET_1:?fill in the query token of line 1}\"",
      ": \"${SECRET_2:?fill in the field password of line 1}\"",
      ": \"${SECRET_3:?fill in the Authorization of line 2}\"", "-H 'Authorization: '\"$SECRET_3\"",
      "/login?token=***"},
     {"hush", "aHVzaA"}},
    {"secrets of paths and links to fill in",
     false,
     {{.method = "GET", .target = "/reset/hush81;jsessionid=hush/x?next=%2Finvite%2Fhush83&a=1"},
      {.method = "GET",
       .target = "/reset/hush82/12",
       .header = "Referer: https://p/invite/hush83",
       .values = {{"path 2", true, {"masked", "masked"}, 1, GIVEN_LINK, ""}}},
      {.method = "GET", .target = "/a", .header = "X-Seen: /reset/hush81"}},
     {": \"${SECRET_1:?fill in the path 2 of line 1}\"",
      ": \"${SECRET_2:?fill in the parameter jsessionid of line 1}\"",
      "'GET' '/reset/'\"$SECRET_1\"';jsessionid='\"$SECRET_2\"'/x?next='\"$SECRET_3\"'&a=1'",
      "-H \"Referer: $url\"\"$SECRET_4\"", "'/reset/'\"$(url \"$value_1\")\"'/12'",
      "-H 'X-Seen: '\"$SECRET_5\""},
     {"hush"}},
    {"secrets of paths from the log",
     true,
     {{.method = "GET", .target = "/reset/hush81;jsessionid=hush/x"}},
     {"SECRET_1=${SECRET_1-'hush81'}", "'/reset/'\"$SECRET_1\"';jsessionid='\"$SECRET_2\"'/x'"},
     {"/reset/hush81"}},
    {"an interface of JSON",
     true,
     {{.method = "POST", .target = "/api/login", .body = "{\"user\": \"anna\", \"pin\": 4711}"},
      {.method = "POST",
       .target = "/api/rooms",
       .body = "{\"name\": \"it's\", \"token\": \"logged\"}",
       .values = {{"$.token", true, {"masked", "masked"}, 1, GIVEN_MEMBER, "token"},
                  {"header Authorization", true, {"masked", "masked"}, 1, GIVEN_MEMBER, "token"}}},
      {.method = "PUT",
       .target = "/api/rooms/17",
       .body = "{\"room_id\": 17, \"beds\": 2}",
       .values =
           {{"path 3", false, {"5", "6"}, 2, GIVEN_CREATED, ""},
            {"$.room_id", false, {"5", "6"}, 2, GIVEN_CREATED, ""},
            {"header X-XSRF-TOKEN", true, {"masked", "masked"}, 1, GIVEN_COOKIE, "X-XSRF-TOKEN"}}}},
     {"member 1 'token'", "\"$(json \"$value_1\")\"", "-H 'Authorization: Bearer '\"$value_2\"",
      "created 2", "'{\"room_id\": '\"$value_3\"', \"beds\": 2}'", "cookie 1 'xsrf.token'",
      "'Content-Type: application/json'"},
     {"\"logged\"", "rooms/17'"}},
    {"bytes of every kind",
     true,
     {{.method = "POST",
       .target = "/echo/\xc3\xa9\x01\x32",
       .body = "\0a%\\'\xff\n\x01",
       .type = "application/octet-stream",
       .body_length = 8},
      {.method = "POST", .target = "/echo", .body = "x'\x01\x31\\\xc3\xa9\n", .type = "text/plain"},
      {.method = "GET",
       .target = "/list/3",
       .values = {{"path 2", false, {"11", "12"}, 0, GIVEN_UNKNOWN, ""}}}},
     {"'\\000a%%\\134\\047\\377\\012\\001'", "--data-binary \"@$work/$side.sent.1\"",
      "$'x\\'\\x01'$'1\\\\\\xc3\\xa9\\x0a'", "SOURCE_VALUE_1=${SOURCE_VALUE_1-'11'}",
      "own \"${SOURCE_VALUE_1-}\" \"${TARGET_VALUE_1-}\""},
     {NULL}},
};

static struct exchange *make_exchange(const struct asked *request, uint64_t number)
{
    struct exchange *exchange = exchange_new();
    struct logged *logged = &exchange->logged;
    const char *colon = request->header ? strstr(request->header, ": ") : NULL;
    exchange->number = number;
    logged->line = number;
    logged->file = "access\n.log";
    logged->method = request->method;
    logged->target =
        (struct slice){(const unsigned char *)request->target, strlen(request->target)};
    if (request->body)
        logged->body =
            (struct slice){(const unsigned char *)request->body,
                           request->body_length ? request->body_length : strlen(request->body)};
    logged->content_type = request->type;
    logged->location = request->location;
    if (colon) {
        char *name = mem_copy_bytes(request->header, (size_t)(colon - request->header));
        fields_add(&logged->headers, &exchange->arena, name, colon + 2, strlen(colon + 2));
        free(name);
    }
    return exchange;
}

static char *script_of(const struct course *session)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct exchange *exchanges[STEPS];
    struct reproduce_step steps[STEPS];
    struct reproduce_plan plan = {.ledger = "run.ledger",
                                  .url = {"http://127.0.0.1:1/app/", "http://127.0.0.1:2"},
                                  .keep_secrets = session->keep_secrets,
                                  .steps = steps,
                                  .session = exchanges,
                                  .left_out = 3,
                                  .writes_left_out = 1,
                                  .write_lines = {77}};
    while (plan.step_count < STEPS && session->requests[plan.step_count].method) {
        const struct asked *request = &session->requests[plan.step_count];
        struct reproduce_step *step = &steps[plan.step_count];
        exchanges[plan.step_count] = make_exchange(request, plan.step_count + 1);
        *step =
            (struct reproduce_step){.exchange = exchanges[plan.step_count++],
                                    .values = (struct reproduce_value *)(uintptr_t)request->values};
        while (step->value_count < COUNT(request->values) &&
               request->values[step->value_count].where)
            step->value_count++;
    }
    plan.session_count = plan.step_count;
    reproduce_script(&plan, &out);
    for (size_t i = 0; i < plan.step_count; i++)
        exchange_free(exchanges[i]);
    char *text = mem_copy_bytes(out.data, out.length);
    buffer_free(&out);
    return text;
}

static void a_script_says_what_is_sent(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sessions); i++) {
        char *script = script_of(&sessions[i]);
        print_message("  %s\n", sessions[i].name);
        for (size_t k = 0; k < COUNT(sessions[i].holds) && sessions[i].holds[k]; k++)
            if (!strstr(script, sessions[i].holds[k]))
                fail_msg("not said: %s\n%s", sessions[i].holds[k], script);
        for (size_t k = 0; k < COUNT(sessions[i].lacks) && sessions[i].lacks[k]; k++)
            if (strstr(script, sessions[i].lacks[k]))
                fail_msg("said: %s\n%s", sessions[i].lacks[k], script);
        assert_non_null(strstr(script, "3 earlier requests of the session gave nothing"));
        assert_non_null(strstr(script, "what changes something: line 77.\n"));
        assert_non_null(strstr(script, "SOURCE_URL=${SOURCE_URL-'http://127.0.0.1:1/app'}"));
        free(script);
    }
}

/* What bash gives curl, each argument in brackets. */
static void run_script(const char *script, struct buffer *out)
{
    char path[] = "/tmp/tally-test-XXXXXX", command[200];
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, script, strlen(script)), strlen(script));
    close(file);
    snprintf(command, sizeof command,
             "bash -c 'work=$(mktemp -d); export WORK=$work; "
             "curl() { printf \"[%%s]\" \"$@\"; }; . %s; rm -r \"$work\"' 2>&1",
             path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    for (int c; (c = fgetc(pipe)) != EOF;)
        buffer_add_byte(out, (unsigned char)c);
    assert_int_equal(pclose(pipe), 0);
    unlink(path);
}

/* Whatever a log holds is text to the shell: every byte but NUL, in every place. */
static void no_text_of_the_log_is_read_by_the_shell(void **state)
{
    static const char *const texts[] = {
        "a'b\"c`id`$(id)${HOME}!!\\n;|&<>*?[x]{1,2}~#%s%%",
        "a\nid\n'\x01\x02"
        "2\x7f\t\r\\'\\",
        "\xc3\xa9\xff\xfe",
        "-n",
        "@/etc/passwd",
        "'\n) ; id #\n\"\n} ; id\nEND",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct buffer target = BUFFER_INIT(1000), header = BUFFER_INIT(1000),
                      wanted = BUFFER_INIT(1000), out = BUFFER_INIT(BUFFER_NO_LIMIT);
        buffer_printf(&target, "/%s", texts[i]);
        buffer_printf(&header, "X-Text: %s", texts[i]);
        const struct course course = {
            .name = texts[i],
            .keep_secrets = true,
            .requests = {
                {.method = texts[i],
                 .target = (const char *)target.data,
                 .body = texts[i],
                 .type = texts[i],
                 .header = (const char *)header.data,
                 .values = {{texts[i], false, {texts[i], texts[i]}, 0, GIVEN_UNKNOWN, texts[i]},
                            {"header X-Other",
                             false,
                             {texts[i], texts[i]},
                             0,
                             GIVEN_UNKNOWN,
                             texts[i]}}}}};
        char *script = script_of(&course);
        run_script(script, &out);
        const char *const forms[] = {"[-X][%s]",         "[http://127.0.0.1:1/app/%s]",
                                     "[X-Text: %s]",     "[Content-Type: %s]",
                                     "[--data-raw][%s]", "[X-Other: %s]"};
        for (size_t k = 0; k < COUNT(forms); k++) {
            const char *place = strstr(forms[k], "%s");
            buffer_clear(&wanted);
            buffer_add(&wanted, forms[k], (size_t)(place - forms[k]));
            buffer_add_text(&wanted, texts[i]);
            buffer_add_text(&wanted, place + 2);
            if (!memmem(out.data, out.length, wanted.data, wanted.length))
                fail_msg("%s is not in\n%s\n%s", (const char *)wanted.data, (const char *)out.data,
                         script);
        }
        assert_null(strstr((const char *)out.data, "uid="));
        free(script);
        buffer_free(&target);
        buffer_free(&header);
        buffer_free(&wanted);
        buffer_free(&out);
    }
}

static int write_scripts(const char *folder)
{
    for (size_t i = 0; i < COUNT(sessions); i++) {
        char *text = script_of(&sessions[i]), path[1000];
        snprintf(path, sizeof path, "%s/%zu.sh", folder, i + 1);
        FILE *file = fopen(path, "w");
        if (!file || fputs(text, file) < 0 || fclose(file) != 0) {
            perror(path);
            return 1;
        }
        free(text);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_script_says_what_is_sent),
        cmocka_unit_test(no_text_of_the_log_is_read_by_the_shell),
    };
    if (argc == 3 && strcmp(argv[1], "write") == 0)
        return write_scripts(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
