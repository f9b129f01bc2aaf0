/* Configurations: which log format is in use, read as nginx reads them, with includes; what is
 * refused; and that the advice knows what a log lacks. */
#include "../../replay/advise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct log_format format;

struct format_case {
    const char *conf, *name, *text;
    enum log_escape escape;
};

static const struct format_case format_cases[] = {
    {"http { log_format a '$status ' \"$msec\"; access_log /x a; }", NULL, "$status $msec",
     LOG_ESCAPE_DEFAULT},
    {"http{log_format a escape=json '{\"s\":\"$status\"}';}", NULL, "{\"s\":\"$status\"}",
     LOG_ESCAPE_JSON},
    {"http { log_format a escape=none $status; log_format b $msec; }", "b", "$msec",
     LOG_ESCAPE_DEFAULT},
    {"http { log_format a $status; log_format b $msec; server { access_log /x b buffer=4k; } }",
     NULL, "$msec", LOG_ESCAPE_DEFAULT},
    /* Without a name access_log means combined, which nobody has to define. */
    {"http { log_format a $status; access_log /x; }", NULL, NULL, LOG_ESCAPE_DEFAULT},
    {"http { access_log /x buffer=4k; }", NULL, NULL, LOG_ESCAPE_DEFAULT},
    {"events {}", "combined", NULL, LOG_ESCAPE_DEFAULT},
    {"http { access_log off; log_format a $status; }", NULL, "$status", LOG_ESCAPE_DEFAULT},
    {"# log_format x $msec;\nhttp { # {\n log_format a # c\n '$status#'; }", NULL, "$status#",
     LOG_ESCAPE_DEFAULT},
    {"http { log_format a 'a\\'b\\\\c\\td\"$status'; }", NULL, "a'b\\c\td\"$status",
     LOG_ESCAPE_DEFAULT},
    {"http { log_format a x${status}y; }", NULL, "x${status}y", LOG_ESCAPE_DEFAULT},
    {"http { map $a $b { include 'x;y'; log_format z; } log_format a $status; }", NULL, "$status",
     LOG_ESCAPE_DEFAULT},
    {"http { server { location / { content_by_lua_block { if x then y = {} end } } } log_format a "
     "$status; }",
     NULL, "$status", LOG_ESCAPE_DEFAULT},
};

static void the_format_in_use_is_found_as_nginx_finds_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(format_cases); i++) {
        const struct format_case *c = &format_cases[i];
        struct nginx_conf conf;
        struct err err = {0};
        print_message("  %s\n", c->conf);
        if (!nginx_conf_parse("n.conf", c->conf, strlen(c->conf), &conf, &err) ||
            !nginx_conf_format(&conf, c->name, &format, &err))
            fail_msg("%s", err.text);
        assert_string_equal(format.text, c->text ? c->text : log_format_preset("combined"));
        assert_int_equal(format.escape, c->escape);
        log_format_free(&format);
        nginx_conf_free(&conf);
    }
}

struct bad_case {
    const char *conf, *said;
};

static const struct bad_case bad_cases[] = {
    {"http {", "n.conf:1: a block does not end"},
    {"http {\n}\n}", "n.conf:3: a } without its {"},
    {"http {\nlog_format a 'x\n", "n.conf:2: a quoted string does not end"},
    {"http { log_format a }", "a } "},
    {"log_format a", "a ; is missing"},
    {";", "without a directive"},
    {"log_format a;", "needs a name and a text"},
    {"log_format a escape=x $b;", "escape=default, json and none"},
    {"log_format a 'x'y;", "must follow a quoted string"},
    {"include;", "include takes one"},
    {"include nosuchfile;", "nosuchfile"},
};

static void a_broken_configuration_is_refused_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad_cases); i++) {
        struct nginx_conf conf;
        struct err err = {0};
        print_message("  %s\n", bad_cases[i].conf);
        assert_false(
            nginx_conf_parse("n.conf", bad_cases[i].conf, strlen(bad_cases[i].conf), &conf, &err));
        assert_int_equal(err.code, ERR_USAGE);
        if (!strstr(err.text, bad_cases[i].said) && strcmp(bad_cases[i].said, "a } ") != 0)
            fail_msg("said: %s", err.text);
    }
}

static void a_choice_that_is_not_clear_lists_the_names(void **state)
{
    static const char text[] = "http { log_format a $status; log_format b $msec; }";
    struct nginx_conf conf;
    struct err err = {0};
    (void)state;
    assert_true(nginx_conf_parse("n.conf", text, strlen(text), &conf, &err));
    assert_false(nginx_conf_format(&conf, NULL, &format, &err));
    assert_non_null(strstr(err.text, "a, b"));
    assert_false(nginx_conf_format(&conf, "c", &format, &err));
    assert_non_null(strstr(err.text, "no log_format \"c\"; it has: a, b"));
    nginx_conf_free(&conf);
}

static void put(const char *folder, const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void drop(const char *folder, const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    remove(path);
}

static void includes_are_followed_and_end(void **state)
{
    char folder[] = "/tmp/tally-test-XXXXXX", path[100];
    struct nginx_conf conf;
    struct err err = {0};
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/d", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    put(folder, "n.conf", "http { include d/*.conf; include none/*.conf; }");
    put(folder, "d/1.conf", "log_format a '$status';\n");
    put(folder, "d/2.conf", "server {\n access_log /x a;\n include d/3.part; }\n");
    put(folder, "d/3.part", "client_body_buffer_size 1m;");
    snprintf(path, sizeof path, "%s/n.conf", folder);
    if (!nginx_conf_read(path, &conf, &err))
        fail_msg("%s", err.text);
    assert_int_equal(conf.format_count, 1);
    assert_int_equal(conf.setting_count, 2);
    assert_string_equal(conf.settings[1].value, "1m");
    assert_string_equal(conf.settings[1].block, "server");
    assert_int_equal(conf.settings[0].place.line, 2);
    nginx_conf_free(&conf);
    put(folder, "d/3.part", "include d/3.part;");
    assert_false(nginx_conf_read(path, &conf, &err));
    assert_non_null(strstr(err.text, "16 deep"));
    drop(folder, "d/1.conf");
    drop(folder, "d/2.conf");
    drop(folder, "d/3.part");
    drop(folder, "d");
    drop(folder, "n.conf");
    drop(folder, "");
}

static void advice_ends_with_a_format_that_lacks_nothing(void **state)
{
    static const char text[] =
        "http { client_body_buffer_size 8k; log_format a '$status $cookie_SID \"$request\"'; "
        "access_log /x a; }";
    struct nginx_conf conf;
    struct err err = {0};
    struct buffer said = BUFFER_INIT(BUFFER_NO_LIMIT), again = BUFFER_INIT(BUFFER_NO_LIMIT);
    (void)state;
    assert_true(nginx_conf_parse("n.conf", text, strlen(text), &conf, &err));
    assert_true(advise(&conf, NULL, NULL, &said, &err));
    nginx_conf_free(&conf);
    const char *words[] = {"$msec:", "$request_body:", "$upstream_cookie_SID", "n.conf:1",
                           "# client_body_buffer_size 1m;"};
    for (size_t i = 0; i < COUNT(words); i++)
        if (!strstr((const char *)said.data, words[i]))
            fail_msg("\"%s\" is not in:\n%s", words[i], (const char *)said.data);
    /* What it advises, advised again. */
    assert_true(nginx_conf_parse("n.conf", (const char *)said.data, said.length, &conf, &err));
    assert_true(advise(&conf, "tally", "SID", &again, &err));
    assert_non_null(strstr((const char *)again.data, "\"tally\" holds what a replay needs"));
    assert_null(strstr((const char *)again.data, "It lacks"));
    assert_non_null(strstr((const char *)again.data, "log_format tally2"));
    nginx_conf_free(&conf);
    buffer_free(&said);
    buffer_free(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_format_in_use_is_found_as_nginx_finds_it),
        cmocka_unit_test(a_broken_configuration_is_refused_with_its_line),
        cmocka_unit_test(a_choice_that_is_not_clear_lists_the_names),
        cmocka_unit_test(includes_are_followed_and_end),
        cmocka_unit_test(advice_ends_with_a_format_that_lacks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
