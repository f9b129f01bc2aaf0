/* From log lines to requests: exact bytes, times, and what cannot be replayed and why; on lines
 * that a real nginx wrote (fixtures/logs), and on lines made up for one rule each. */
#include "../../replay/request.h"

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

static struct log_format format;
static struct log_match match;
static struct request_parser parser;

static void use(const char *text)
{
    struct err err = {0};
    if (!log_format_option(text, &format, &err) || !request_parser_init(&parser, &format, &err))
        fail_msg("%s", err.text);
}

static void done(void)
{
    request_parser_free(&parser);
    log_format_free(&format);
}

static struct request parse_line(const char *line)
{
    struct log_record record = {
        .bytes = (const unsigned char *)line, .length = strlen(line), .line = 1};
    struct request request;
    record.state = log_format_match(&format, record.bytes, record.length, &match) ? LOG_MATCHED
                                                                                  : LOG_UNMATCHED;
    request_parse(&parser, &record, &match, 0, &request);
    return request;
}

static void assert_slice(struct slice slice, const char *text)
{
    if (!text) {
        assert_null(slice.at);
        return;
    }
    if (!slice_is(slice, text))
        fail_msg("\"%.*s\" instead of \"%s\"", (int)slice.length, (const char *)slice.at, text);
}

/* --- what nginx wrote */

struct logged {
    const char *method, *target; /* NULL: left out before */
    long body;                   /* length; -1: none */
    const char *reason;
};

/* The requests that were sent to write base7.log, js.log and none.log, in order. */
static const struct logged logged[] = {
    {"GET", "/", -1, ""},
    {"GET", "/1?a=b", -1, ""},
    {"GET", "/2", -1, ""},
    {"GET", "/3", -1, ""},
    {"POST", "/4", 0, ""},
    {"POST", "/5", -1, "body-missing"}, /* its body was "-" */
    {"POST", "/6", 17, ""},
    {"POST", "/7", 7000, ""},
    {"POST", "/8", 9000, ""},
    {"POST", "/9", 10300, ""},
    {"POST", "/10", -1, "body-missing"}, /* spilled */
    {"POST", "/11", 100, ""},
    {"POST", "/12", 9000, ""},
    {"POST", "/unbuf13", 100, ""},
    {"POST", "/unbuf14", -1, "body-missing"},
    {"POST", "/static15", -1, "body-missing"},
    {"POST", "/fileonly16", -1, "body-missing"},
    {"GET", "/17", -1, ""},
    {"GET", "/18", -1, ""},
    {"GET", "/19", -1, ""},
    {"GET", "/20", -1, ""},
    {"GET", "/21 foo bar", -1, "nginx-answered"},
    {"GET", "/22/caf\xc3\xa9?q=\"x\"", -1, ""},
    {"GET", "http://evil.example/23", -1, "absolute-form"},
    {"GET", "/24", -1, "http-0.9"},
    {NULL, NULL, -1, "not-http"},
    {NULL, NULL, -1, "not-http"},
    {"GET", "*", -1, "nginx-answered"}, /* 414: the target is checked by its beginning */
    {"OPTIONS", "*", -1, "options-star"},
    {"GET", "/28?x=1#frag", -1, ""},
    {"GET", "//29/../a/./b%2Fc", -1, ""},
    {"HEAD", "/30", -1, ""},
    {"GET", "/31", 3, ""},
    {"get", "/32", -1, "nginx-answered"},
    {"REPORT", "/33", -1, "body-missing"},
    {"POST", "/34", -1, "nginx-answered"},
    {"POST", "/35", 3, "body-truncated"},
};

static void check_logged(const struct request *request, size_t i, enum log_escape escape)
{
    const struct logged *expected = &logged[i];
    const char *reason = expected->reason;
    long body = expected->body;
    print_message("  %zu %s\n", i, expected->target ? expected->target : "-");
    /* Only escape=default tells an empty body from none, and "-" from neither. */
    if (escape != LOG_ESCAPE_DEFAULT && body == 0)
        reason = "body-missing", body = -1;
    else if (escape != LOG_ESCAPE_DEFAULT && i == 5)
        reason = "", body = 1;
    assert_string_equal(request_reason_row(request->reason)->name, reason);
    assert_slice(request->method, expected->method);
    if (expected->target && expected->target[0] == '*' && expected->method[0] == 'G')
        assert_memory_equal(request->target.at, "/aaaaaaaa", 9);
    else
        assert_slice(request->target, expected->target);
    if (body < 0)
        assert_null(request->body.at);
    else
        assert_int_equal(request->body.length, body);
    if (body == 17)
        assert_memory_equal(request->body.at, "a=\"b\\x41\"\n&c=\xc3\xa9\0\x7f", 17);
}

static void read_logged(const char *path, const char *text)
{
    struct log_reader *reader;
    struct log_record record;
    struct err err = {0};
    bool more = true;
    size_t i = 0;
    use(text);
    print_message("  %s\n", path);
    if (!log_read_open(path, &format, LOG_MOST_BYTES, NULL, &reader, &err))
        fail_msg("%s", err.text);
    for (;; i++) {
        struct request request;
        assert_true(log_read_next(reader, &record, &match, &more, &err));
        if (!more)
            break;
        request_parse(&parser, &record, &match, 0, &request);
        assert_true(i < COUNT(logged));
        check_logged(&request, i, format.escape);
    }
    assert_int_equal(i, COUNT(logged));
    assert_null(log_read_problem(reader));
    log_read_close(reader);
    done();
}

static void what_nginx_wrote_is_restored_in_each_escape_mode(void **state)
{
    (void)state;
    read_logged("fixtures/logs/base7.log", "requestlog");
    read_logged("fixtures/logs/js.log",
                "escape=json '{\"s\":\"$status\",\"c\":\"$cookie_PHPSESSID\",\"r\":\"$request\","
                "\"b\":\"$request_body\",\"ms\":\"$msec\",\"rt\":\"$request_time\"}'");
    read_logged("fixtures/logs/none.log",
                "escape=none '$status $cookie_PHPSESSID \"$request\" \"$request_body\"'");
}

/* --- times */

struct time_case {
    const char *format, *line;
    enum request_clock clock;
    int64_t arrival, duration; /* arrival -1: no time */
};

static const struct time_case time_cases[] = {
    {"$msec $request_time \"$request\"", "1795289678.425 1.002 \"GET / HTTP/1.1\"", REQUEST_ARRIVAL,
     1795289677423000, 1002000},
    {"$msec \"$request\"", "1795289678.425 \"GET / HTTP/1.1\"", REQUEST_END, 1795289678425000, -1},
    {"$time_iso8601 \"$request\"", "2026-11-21T19:33:17+00:00 \"GET / HTTP/1.1\"", REQUEST_SECONDS,
     1795289597000000, -1},
    {"$time_iso8601 \"$request\"", "2026-11-21T21:03:17+01:30 \"GET / HTTP/1.1\"", REQUEST_SECONDS,
     1795289597000000, -1},
    {"[$time_local] \"$request\"", "[21/Nov/2026:14:33:17 -0500] \"GET / HTTP/1.1\"",
     REQUEST_SECONDS, 1795289597000000, -1},
    {"[$time_local] \"$request\"", "[29/Feb/2024:00:00:00 +0000] \"GET / HTTP/1.1\"",
     REQUEST_SECONDS, 1709164800000000, -1},
    /* A fraction of a request's time does not change the order of whole seconds. */
    {"$time_iso8601 $request_time \"$request\"",
     "2026-11-21T19:33:17+00:00 2.900 \"GET / HTTP/1.1\"", REQUEST_SECONDS, 1795289595000000,
     2900000},
    {"<$request>", "<GET / HTTP/1.1>", REQUEST_UNTIMED, 0, -1},
    {"$time_iso8601 \"$request\"", "2026-13-21T19:33:17+00:00 \"GET / HTTP/1.1\"", REQUEST_SECONDS,
     -1, -1},
    {"[$time_local] \"$request\"", "[21/Foo/2026:14:33:17 -0500] \"GET / HTTP/1.1\"",
     REQUEST_SECONDS, -1, -1},
    {"$msec \"$request\"", "17952a \"GET / HTTP/1.1\"", REQUEST_END, -1, -1},
};

static void a_request_arrived_when_its_answer_ended_less_its_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(time_cases); i++) {
        const struct time_case *c = &time_cases[i];
        print_message("  %s\n", c->line);
        use(c->format);
        struct request request = parse_line(c->line);
        assert_int_equal(parser.clock, c->clock);
        if (c->arrival < 0) {
            assert_int_not_equal(request.reason, REQUEST_GOOD);
        } else {
            assert_int_equal(request.reason, REQUEST_GOOD);
            assert_int_equal(request.arrival, c->arrival);
            assert_int_equal(request.duration, c->duration);
        }
        done();
    }
}

/* --- what cannot be replayed */

struct reason_case {
    const char *format, *line, *reason;
    bool reached_app;
};

#define FULL "$status \"$upstream_status\" \"$content_length\" \"$request\" \"$request_body\""

static const struct reason_case reason_cases[] = {
    {FULL, "200 \"200\" \"-\" \"GET / HTTP/1.1\" \"-\"", "", true},
    {FULL, "200 \"200\" \"3\" \"POST / HTTP/1.1\" \"a=b\"", "", true},
    {FULL, "200 \"200\" \"4\" \"POST / HTTP/1.1\" \"a=b\"", "body-truncated", true},
    {FULL, "200 \"200\" \"4\" \"POST / HTTP/1.1\" \"\\x00\\x00\\x00\\x00\"", "", true},
    {FULL, "200 \"200\" \"0\" \"POST / HTTP/1.1\" \"-\"", "", true},
    {FULL, "200 \"200\" \"1\" \"POST / HTTP/1.1\" \"-\"", "body-missing", true},
    {FULL, "200 \"200\" \"-\" \"POST / HTTP/1.1\" \"-\"", "body-missing", true},
    {FULL, "200 \"200\" \"9\" \"DELETE / HTTP/1.1\" \"-\"", "body-missing", true},
    {FULL, "200 \"200\" \"-\" \"DELETE / HTTP/1.1\" \"-\"", "", true},
    /* The app answered 400: it ran. Without its word a whole body says the same. */
    {FULL, "400 \"400\" \"3\" \"POST / HTTP/1.1\" \"a=b\"", "", true},
    {FULL, "400 \"-\" \"-\" \"GET / HTTP/1.1\" \"-\"", "nginx-answered", false},
    {"$status \"$content_length\" \"$request\" \"$request_body\"",
     "400 \"3\" \"POST / HTTP/1.1\" \"a=b\"", "", true},
    {"$status \"$request\"", "400 \"GET / HTTP/1.1\"", "nginx-answered", true},
    {"$status \"$request\"", "499 \"GET / HTTP/1.1\"", "", true},
    {"$status \"$request\"", "494 \"GET / HTTP/1.1\"", "nginx-answered", false},
    {"$status \"$request\"", "502 \"GET / HTTP/1.1\"", "", true},
    {"$status \"$request\"", "200 \"POST / HTTP/1.1\"", "body-missing", true},
    {"$status \"$request\"", "101 \"GET /ws HTTP/1.1\"", "upgrade", true},
    {"$status \"$request\"", "200 \"CONNECT a:443 HTTP/1.1\"", "connect", true},
    {"$status \"$request\"", "405 \"CONNECT a:443 HTTP/1.1\"", "connect", false},
    {"$status \"$request\"", "200 \"GET /a b HTTP/1.1\"", "bad-target", true},
    {"$status \"$request\"", "200 \"GET /a\\x01 HTTP/1.1\"", "bad-target", true},
    {"$status \"$request\"", "200 \"GET //x/../y HTTP/1.1\"", "", true},
    {"$status \"$request\"", "200 \"GET / HTTP/2.0\"", "", true},
    {"$status \"$request\"", "200 \"-\"", "not-http", false},
    {"$status \"$request\"", "200 \"GET /\\x5 HTTP/1.1\"", "bad-escape", true},
    {"$status \"$request\"", "2000 \"GET / HTTP/1.1\"", "unreadable", true},
    {"$status $request", "200 GET /a b HTTP/1.1", "bad-target", true},
    {"$status $request $request_body", "200 GET / HTTP/1.1 a", "ambiguous", true},
    {"$status $request_method \"$request_uri\" $server_protocol", "200 GET \"/x\" HTTP/2.0", "",
     true},
};

static void what_cannot_be_replayed_has_its_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(reason_cases); i++) {
        const struct reason_case *c = &reason_cases[i];
        print_message("  %s <- %s\n", c->format, c->line);
        use(c->format);
        struct request request = parse_line(c->line);
        assert_string_equal(request_reason_row(request.reason)->name, c->reason);
        assert_int_equal(request.reached_app, c->reached_app);
        done();
    }
}

static void a_log_that_does_not_say_what_was_asked_is_refused(void **state)
{
    struct err err = {0};
    (void)state;
    assert_true(log_format_option("$status $uri", &format, &err));
    assert_false(request_parser_init(&parser, &format, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.text, "$request"));
    log_format_free(&format);
}

static void a_cookie_is_found_as_nginx_finds_it(void **state)
{
    static const struct {
        const char *header, *name, *value;
    } cases[] = {
        {"a=1; b=2", "b", "2"},     {"a=1;b=2", "B", "2"},
        {"b=2; b=3", "b", "2"},     {"ab=1; b=2", "b", "2"},
        {"a=1", "b", NULL},         {"b=", "b", ""},
        {"b=x=y; c=1", "b", "x=y"}, {"", "b", NULL},
        {"b", "b", NULL},           {"a=\"x y\"; b=2", "a", "\"x y\""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        print_message("  %s\n", cases[i].header);
        assert_slice(request_find_cookie(slice_of(cases[i].header), slice_of(cases[i].name)),
                     cases[i].value);
    }
}

/* --- reading */

static char *temporary(const void *bytes, size_t length)
{
    char *path = strdup("/tmp/tally-test-XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0 && write(file, bytes, length) == (ssize_t)length);
    close(file);
    return path;
}

struct read_case {
    const char *format, *text;
    const char *states; /* a letter per record: Matched, Unmatched, Long, Cut, Split */
};

static const struct read_case read_cases[] = {
    {"$status \"$request\"", "200 \"a\"\n201 \"b\"\n", "MM"},
    {"$status \"$request\"", "200 \"a\"\n201 \"b\"", "MM"}, /* a quote proves the end */
    {"$status \"$request\"", "200 \"a\"\n201 \"b", "MC"},
    {"\"$request\" $status", "\"a\" 200\n\"b\" 20", "MC"}, /* 20 may have been 200 */
    {"$status \"$request\"", "200 \"a\"\r\n201 \"b\"\r\n", "MM"},
    {"$status \"$request\"", "200 \"a\"\n\n201 \"b\"\n", "MUM"},
    {"$status \"$request\"", "", ""},
    {"$status \"$request\"", "\n", "U"},
    {"$status \"$request\"", "200 \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\n201 \"b\"\n", "LM"},
    {"$status \"$request\"", "200 \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "L"},
    {"escape=none '$status \"$request\"'", "200 \"a\nb\"\n201 \"c\"\n", "MM"},
    {"escape=none '$status \"$request\"'", "200 \"a\n\n\nb\"\n201 \"c\"\n", "MM"},
    {"escape=none '$status \"$request\"'", "200 \"a\"\nb\n201 \"c\"\n", "SM"},
    {"escape=none '$status \"$request\"'", "200 \"a\nb\n", "S"},
    {"escape=none '$status \"$request\"'", "200 \"a\r\nb\"\r\n", "M"},
    {"escape=none '$status \"$request\"'", "200 \"a\nbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"\n201 \"c\"\n",
     "LUM"},
    /* Where anything may begin a record, nothing is joined. */
    {"escape=none '$cookie_a \"$request\"'", "x \"a\nb\"\ny \"c\"\n", "UUM"},
};

static void records_are_lines_unless_a_body_split_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(read_cases); i++) {
        const struct read_case *c = &read_cases[i];
        char *path = temporary(c->text, strlen(c->text));
        struct log_reader *reader;
        struct err err = {0};
        char states[16] = "";
        size_t count = 0;
        print_message("  %s\n", c->text);
        use(c->format);
        assert_true(log_read_open(path, &format, 32, NULL, &reader, &err));
        for (;;) {
            struct log_record record;
            bool more;
            assert_true(log_read_next(reader, &record, &match, &more, &err));
            if (!more)
                break;
            assert_true(count < sizeof states - 1);
            states[count++] = "MULCS"[record.state];
        }
        assert_string_equal(states, c->states);
        log_read_close(reader);
        done();
        unlink(path);
        free(path);
    }
}

static void a_log_of_many_gzip_members_reads_as_its_plain_text(void **state)
{
    struct log_reader *reader;
    struct err err = {0};
    size_t count = 0;
    (void)state;
    use("$status $msec $request_time $pid \"$request\"");
    assert_true(
        log_read_open("fixtures/logs/gz.log.gz", &format, LOG_MOST_BYTES, NULL, &reader, &err));
    for (;; count++) {
        struct log_record record;
        bool more;
        assert_true(log_read_next(reader, &record, &match, &more, &err));
        if (!more)
            break;
        assert_int_equal(record.state, LOG_MATCHED);
    }
    assert_int_equal(count, 33);
    assert_null(log_read_problem(reader));
    log_read_close(reader);
    done();
}

static void a_cut_or_damaged_gzip_log_says_so(void **state)
{
    unsigned char bytes[1000];
    struct err err = {0};
    (void)state;
    FILE *file = fopen("fixtures/logs/gz.log.gz", "rb");
    assert_non_null(file);
    size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    use("$status $msec $request_time $pid \"$request\"");
    for (int i = 0; i < 3; i++) {
        static const char *const said[] = {"the gzip data is cut", "the gzip data is damaged",
                                           "other bytes follow the gzip data"};
        unsigned char other[1100];
        memcpy(other, bytes, length);
        memcpy(other + length, "more", 4);
        if (i == 1)
            memset(other + length / 2, 0xff, 40);
        char *path = temporary(other, i == 0 ? length / 2 : i == 1 ? length : length + 4);
        struct log_reader *reader;
        bool more = true;
        assert_true(log_read_open(path, &format, LOG_MOST_BYTES, NULL, &reader, &err));
        while (more) {
            struct log_record record;
            assert_true(log_read_next(reader, &record, &match, &more, &err));
        }
        assert_non_null(log_read_problem(reader));
        assert_string_equal(log_read_problem(reader), said[i]);
        log_read_close(reader);
        unlink(path);
        free(path);
    }
    done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nginx_wrote_is_restored_in_each_escape_mode),
        cmocka_unit_test(what_cannot_be_replayed_has_its_reason),
        cmocka_unit_test(a_request_arrived_when_its_answer_ended_less_its_time),
        cmocka_unit_test(a_log_that_does_not_say_what_was_asked_is_refused),
        cmocka_unit_test(a_cookie_is_found_as_nginx_finds_it),
        cmocka_unit_test(records_are_lines_unless_a_body_split_them),
        cmocka_unit_test(a_log_of_many_gzip_members_reads_as_its_plain_text),
        cmocka_unit_test(a_cut_or_damaged_gzip_log_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
