/* What is to be sent: every field of a logged request, every reason to leave one out, the end of a
 * session, the log's own hosts; and that a second reading gives the same numbers. */
#include "../../diff/base/hash.h"
#include "../../replay/feed.h"
#include "../../replay/host.h"
#include "../../replay/log_stream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
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

static char *temporary(const char *text)
{
    char *path = strdup("/tmp/tally-test-XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
    close(file);
    return path;
}

/* Sessions in the order in which they were retired. */
struct retired {
    uint64_t sessions[64];
    size_t count;
};

static void retire(void *data, uint64_t session)
{
    struct retired *retired = data;
    assert_true(retired->count < COUNT(retired->sessions));
    retired->sessions[retired->count++] = session;
}

/* A log of its own and a feed from it. */
struct fixture {
    char *path;
    const char *paths[1];
    struct replay_options options;
    struct retired retired;
    struct feed *feed;
};

static void start_feed(struct fixture *fixture, const char *format, const char *log)
{
    struct err err = {0};
    fixture->path = temporary(log);
    fixture->paths[0] = fixture->path;
    fixture->options.logs = fixture->paths;
    fixture->options.log_count = 1;
    fixture->options.log_format = format;
    fixture->options.temp_limit = 1;
    if (!feed_open(&fixture->options, NULL, retire, &fixture->retired, &fixture->feed, &err))
        fail_msg("%s", err.text);
}

static void stop_feed(struct fixture *fixture)
{
    feed_close(fixture->feed);
    unlink(fixture->path);
    free(fixture->path);
    text_list_free(&fixture->options.deny);
    text_list_free(&fixture->options.route_query);
}

/* NULL at the end. */
static struct exchange *next(struct fixture *fixture, const char **reason)
{
    struct exchange *exchange;
    const char *text;
    struct err err = {0};
    if (!feed_next(fixture->feed, &exchange, reason, &text, &err))
        fail_msg("%s", err.text);
    assert_true(!*reason == !text);
    assert_true(exchange || !*reason);
    return exchange;
}

/* ---- fields ---- */

#define ALL                                                                                        \
    "$msec $request_time $status $body_bytes_sent \"$http_host\" \"$http_cookie\" "                \
    "\"$cookie_opcode\" "                                                                          \
    "\"$sent_http_location\" \"$http_content_type\" \"$content_length\" \"$http_referer\" "        \
    "\"$http_x_csrf_token\" \"$http_accept_encoding\" \"$http_connection\" \"$http_te\" "          \
    "$remote_addr \"$request\" \"$request_body\""

static void every_field_of_a_request_is_copied(void **state)
{
    (void)state;
    struct fixture fixture = {.options = {.session = "$cookie_s", .tenant = "$cookie_opcode"}};
    start_feed(&fixture, ALL,
               "1795289677.624 0.500 302 5432 \"www.example.org\" \"s=A; opcode=12\" \"12\" "
               "\"/rates/8812\" \"application/x-www-form-urlencoded\" \"7\" \"http://x/\\x22\" "
               "\"t0k\" \"gzip, br\" \"keep-alive\" \"-\" 10.0.0.9 \"POST /rates/17?x=1 HTTP/1.1\" "
               "\"a=\\x22b\\x5C\\x00&\"\n");
    const char *reason;
    fixture.options.began_before_as_is = true;
    struct exchange *exchange = next(&fixture, &reason);
    assert_non_null(exchange);
    assert_null(reason);
    const struct logged *logged = &exchange->logged;
    assert_int_equal(exchange->number, 1);
    assert_int_equal(logged->line, 1);
    assert_string_equal(logged->file, fixture.path);
    assert_int_equal(logged->arrival, 1795289677124000);
    assert_int_equal(logged->duration, 500000);
    assert_int_equal(logged->session, 1);
    assert_true(logged->session_name != 0);
    assert_string_equal(logged->tenant, "12");
    assert_int_equal(logged->status, 302);
    assert_int_equal(logged->body_sent, 5432);
    assert_string_equal(logged->method, "POST");
    assert_true(slice_is(logged->target, "/rates/17?x=1"));
    assert_int_equal(logged->body.length, 7);
    assert_memory_equal(logged->body.at, "a=\"b\\\0&", 7);
    assert_string_equal(logged->route, "POST /rates/{id}");
    assert_string_equal(logged->content_type, "application/x-www-form-urlencoded");
    assert_string_equal(logged->location, "/rates/8812");
    assert_string_equal(logged->cookies, "s=A; opcode=12");
    assert_true(logged->began_before);
    assert_false(logged->tainted);
    assert_int_equal(logged->headers.count, 3);
    assert_string_equal(logged->headers.items[0].name, "Referer");
    assert_string_equal(logged->headers.items[0].value, "http://x/\"");
    assert_string_equal(logged->headers.items[1].name, "X-CSRF-Token");
    assert_string_equal(logged->headers.items[1].value, "t0k");
    assert_string_equal(logged->headers.items[2].name, "Accept-Encoding");
    exchange_free(exchange);
    assert_null(next(&fixture, &reason));
    stop_feed(&fixture);
}

static void what_the_log_lacks_is_missing_and_not_empty(void **state)
{
    (void)state;
    struct fixture fixture = {.options = {.tenant = "$cookie_opcode"}};
    start_feed(&fixture, "$status \"$cookie_S\" \"$cookie_opcode\" \"$request\" \"$request_body\"",
               "200 \"-\" \"-\" \"GET / HTTP/1.1\" \"-\"\n"
               "200 \"A b\" \"9\" \"PUT /x HTTP/1.1\" \"\"\n");
    const char *reason;
    struct exchange *exchange = next(&fixture, &reason);
    assert_non_null(exchange);
    assert_null(exchange->logged.tenant);
    assert_null(exchange->logged.cookies);
    assert_null(exchange->logged.content_type);
    assert_null(exchange->logged.location);
    assert_null(exchange->logged.body.at);
    assert_int_equal(exchange->logged.arrival, 0);
    assert_int_equal(exchange->logged.duration, -1);
    exchange_free(exchange);
    exchange = next(&fixture, &reason);
    assert_non_null(exchange);
    assert_string_equal(exchange->logged.cookies, "S=A b; opcode=9");
    assert_string_equal(exchange->logged.tenant, "9");
    assert_non_null(exchange->logged.body.at);
    assert_int_equal(exchange->logged.body.length, 0);
    exchange_free(exchange);
    stop_feed(&fixture);
}

/* ---- reasons ---- */

struct reason_case {
    const char *name, *request, *reason; /* "": it is sent */
    bool read_only;
    const char *deny;
};

static const struct reason_case reason_cases[] = {
    {"a page", "200 GET / HTTP/1.1", "", false, NULL},
    {"no line of this format", "GET / HTTP/1.1", "unreadable", false, NULL},
    {"no body", "200 POST / HTTP/1.1", "body-missing", false, NULL},
    {"a tunnel", "200 CONNECT x:443 HTTP/1.1", "connect", false, NULL},
    {"bad target", "200 GET x HTTP/1.1", "bad-target", false, NULL},
    {"another host", "200 GET http://other/ HTTP/1.1", "absolute-form", false, NULL},
    {"an answer of nginx", "414 GET / HTTP/1.1", "nginx-answered", false, NULL},
    {"no HTTP", "400 \\x16\\x03\\x01", "not-http", false, NULL},
    {"a safe method, read only", "200 HEAD / HTTP/1.1", "", true, NULL},
    {"a method that changes something, read only", "200 DELETE /x HTTP/1.1", "read-only", true,
     NULL},
    {"an unknown method, read only", "200 FROB /x HTTP/1.1", "read-only", true, NULL},
    {"another route than the denied", "200 GET /mails HTTP/1.1", "", false, "/mail"},
    {"a denied route", "200 GET /mail?x=1 HTTP/1.1", "denied", false, "/mail"},
    {"a denied method", "200 DELETE /a/b HTTP/1.1", "denied", false, "DELETE **"},
    {"all below", "200 GET /mail/send/7 HTTP/1.1", "denied", false, "/mail/**"},
    {"of another method", "200 GET /mail/send HTTP/1.1", "", false, "POST /mail/**"},
    {"a denied route in escapes", "200 GET /%6Dail/%73end HTTP/1.1", "denied", false, "/mail/*"},
    {"with slashes and dots", "200 GET //x/../mail/./send HTTP/1.1", "denied", false, "/mail/*"},
    {"with parameters", "200 GET /mail;v=1/send;jsessionid=7?x HTTP/1.1", "denied", false,
     "/mail/send"},
    {"above the root", "200 GET /../../mail/send HTTP/1.1", "denied", false, "/mail/send"},
    {"an escaped slash", "200 GET /mail%2Fsend HTTP/1.1", "denied", false, "/mail/send"},
    {"as it stands", "200 GET /a/../mail HTTP/1.1", "denied", false, "/a/../mail"},
    {"a denied field", "200 GET /i?x=1&do=mail HTTP/1.1", "denied", false, "/i?do=mail"},
    {"of another value", "200 GET /i?do=view HTTP/1.1", "", false, "/i?do=mail"},
    {"of another path", "200 GET /j?do=mail HTTP/1.1", "", false, "/i?do=mail"},
    {"a denied field in escapes", "200 GET /%69?d%6F=m%61il HTTP/1.1", "denied", false,
     "/i?do=mail"},
    {"behind a blank", "200 GET /i?x=1&+%20do=mail HTTP/1.1", "denied", false, "/i?do=mail"},
    {"up to a NUL", "200 GET /i?do%00x=mail HTTP/1.1", "denied", false, "/i?do=mail"},
    {"behind a semicolon", "200 GET /i?x=1;do=mail HTTP/1.1", "denied", false, "/i?do=mail"},
    {"with dots that PHP changes", "200 GET /i?mail.to+x=a HTTP/1.1", "denied", false,
     "/i?mail_to_x=*"},
    {"of a fragment", "200 GET /i#?do=mail HTTP/1.1", "", false, "/i?do=mail"},
    {"a name that ends likewise", "200 GET /i?x+do=mail HTTP/1.1", "", false, "/i?do=mail"},
    {"behind an escaped mark", "200 GET /%69/%23?do=mail HTTP/1.1", "denied", false,
     "/i/**?do=mail"},
};

static void whatever_is_left_out_says_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(reason_cases); i++) {
        const struct reason_case *one = &reason_cases[i];
        struct fixture fixture = {.options = {.read_only = one->read_only}};
        if (one->deny)
            text_list_add(&fixture.options.deny, one->deny);
        char log[300];
        snprintf(log, sizeof log, "%s\n200 GET /last HTTP/1.1\n", one->request);
        start_feed(&fixture, "$status $request", log);
        const char *reason;
        struct exchange *exchange = next(&fixture, &reason);
        if (!exchange || strcmp(reason ? reason : "", one->reason) != 0)
            fail_msg("%s: %s", one->name, reason ? reason : "(sent)");
        assert_int_equal(exchange->number, 1);
        assert_int_equal(exchange->logged.line, 1);
        assert_non_null(exchange->logged.method);
        assert_non_null(exchange->logged.route);
        exchange_free(exchange);
        exchange = next(&fixture, &reason);
        assert_non_null(exchange);
        assert_int_equal(exchange->number, 2);
        exchange_free(exchange);
        stop_feed(&fixture);
    }
}

#define LINE "\\x0D\\x0A"
#define PART(name) "--b" LINE "Content-Disposition: form-data; name=\\x22" name "\\x22" LINE LINE
#define NEXT LINE
#define END LINE "--b--" LINE

static void a_form_is_denied_by_its_fields(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        bool denied;
    } cases[] = {{"x=1&do=mail", true},
                 {"do=mail", true},
                 {"do=m%61il&y", true},
                 {"x=#&do=mail", true},
                 {"do=view", false},
                 {"redo=mail", false},
                 {"{\\x22a\\x22:\\x22&do=mail&\\x22}", false},
                 {" [\\x22&do=mail&\\x22]\\x0A", false},
                 {"<a>&do=mail&</a>", false},
                 {"[]=1&do=mail", true},
                 {"{a}=1&do=mail", true},
                 {"-x=1&do=mail", true},
                 {"--x=1&do=mail", true},
                 {PART("do") "mail" END, true},
                 {PART("x") "1" NEXT PART("do") "mail" END, true},
                 {PART("x") "1&do=mail" END, false},
                 {PART("do") "mail+1" END, false},
                 {PART("do\\x22; filename=\\x22mail") "mail" END, false},
                 {"-", false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture fixture = {0};
        text_list_add(&fixture.options.deny, "POST /i?do=mail");
        char log[500];
        snprintf(log, sizeof log, "200 \"POST /i HTTP/1.1\" \"%s\"\n", cases[i].body);
        start_feed(&fixture, "$status \"$request\" \"$request_body\"", log);
        const char *reason;
        struct exchange *exchange = next(&fixture, &reason);
        assert_non_null(exchange);
        if ((reason && strcmp(reason, "denied") == 0) != cases[i].denied)
            fail_msg("%s: %s", cases[i].body, reason ? reason : "(sent)");
        exchange_free(exchange);
        stop_feed(&fixture);
    }
}

static void fields_choose_the_route_where_that_is_said(void **state)
{
    (void)state;
    static const char *const routes[] = {"GET /i?do=mail", "GET /i?do=view&id={id}",
                                         "GET /i?do=view&id={id}", "GET /i?do=mail", "GET /i"};
    struct fixture fixture = {0};
    text_list_add(&fixture.options.route_query, "do");
    text_list_add(&fixture.options.route_query, "id");
    start_feed(&fixture, "$status $request",
               "200 GET /i?do=mail&x=1 HTTP/1.1\n"
               "200 GET /i?do=view&id=7 HTTP/1.1\n"
               "200 GET /i?id=8&do=view HTTP/1.1\n"
               "200 GET /i?do=mail&x=2 HTTP/1.1\n"
               "200 GET /i?x=1 HTTP/1.1\n");
    for (size_t i = 0; i < COUNT(routes); i++) {
        const char *reason;
        struct exchange *exchange = next(&fixture, &reason);
        assert_string_equal(exchange->logged.route, routes[i]);
        exchange_free(exchange);
    }
    stop_feed(&fixture);
}

static void a_route_of_deny_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const patterns[] = {"mail", "post /mail", "/mail?", ""};
    for (size_t i = 0; i < COUNT(patterns); i++) {
        struct replay_options options = {.temp_limit = 1};
        const char *paths[] = {"/nonexistent"};
        struct feed *feed;
        struct err err = {0};
        options.logs = paths;
        options.log_count = 1;
        text_list_add(&options.deny, patterns[i]);
        assert_false(feed_open(&options, NULL, NULL, NULL, &feed, &err));
        assert_int_equal(err.code, ERR_USAGE);
        assert_non_null(strstr(err.text, "--deny"));
        text_list_free(&options.deny);
    }
}

/* ---- sessions ---- */

#define VISITOR "$msec $remote_addr \"$cookie_s\" \"$request\" \"$request_body\""

static void what_is_left_out_taints_what_follows_in_its_session(void **state)
{
    (void)state;
    static const struct {
        const char *reason;
        bool tainted;
    } wanted[] = {
        {NULL, false}, {"denied", false}, {NULL, false}, {NULL, true}, {"body-missing", true}};
    struct fixture fixture = {.options = {.session = "s", .began_before_as_is = true}};
    text_list_add(&fixture.options.deny, "/pay");
    start_feed(&fixture, VISITOR,
               "1.000 1.1.1.1 \"A\" \"GET / HTTP/1.1\" \"-\"\n"
               "2.000 1.1.1.1 \"A\" \"POST /pay HTTP/1.1\" \"x=1\"\n"
               "3.000 2.2.2.2 \"B\" \"GET / HTTP/1.1\" \"-\"\n"
               "4.000 1.1.1.1 \"A\" \"GET /paid HTTP/1.1\" \"-\"\n"
               "5.000 1.1.1.1 \"A\" \"POST /x HTTP/1.1\" \"-\"\n");
    for (size_t i = 0; i < COUNT(wanted); i++) {
        const char *reason;
        struct exchange *exchange = next(&fixture, &reason);
        assert_non_null(exchange);
        assert_true(!reason == !wanted[i].reason);
        if (reason)
            assert_string_equal(reason, wanted[i].reason);
        if (exchange->logged.tainted != wanted[i].tainted)
            fail_msg("request %zu", i + 1);
        exchange_free(exchange);
    }
    stop_feed(&fixture);
}

#define LOGIN "users: {by: $cookie_s, '*': {}}\nsteps: [GET /login]"

struct before_case {
    const char *name, *format, *log;
    const char *login;
    bool as_is, seed;
    const char *sent; /* a letter per request: s sent, b and began before; - left out */
};

static const struct before_case before_cases[] = {
    {"left out", VISITOR, "", NULL, false, false, "s-s-"},
    {"as it is", VISITOR, "", NULL, true, false, "sbsb"},
    {"after a login", VISITOR, "", LOGIN, false, false, "sbsb"},
    {"with its cookies", VISITOR, "", NULL, false, true, "sbsb"},
    {"nobody can tell", "$msec \"$cookie_s\" \"$request\" \"$request_body\"", "x", NULL, false,
     false, "ssss"},
    {"nobody can tell, and logins are played", "$msec \"$cookie_s\" \"$request\" \"$request_body\"",
     "x", LOGIN, false, false, "sbsb"},
};

static void sessions_that_began_before_the_log_are_left_out_or_handled(void **state)
{
    (void)state;
    static const char first[] = "1.000 1.1.1.1 \"-\" \"GET / HTTP/1.1\" \"-\"\n"
                                "2.000 2.2.2.2 \"B\" \"GET / HTTP/1.1\" \"-\"\n"
                                "3.000 1.1.1.1 \"A\" \"GET / HTTP/1.1\" \"-\"\n"
                                "4.000 2.2.2.2 \"B\" \"GET /2 HTTP/1.1\" \"-\"\n";
    static const char second[] = "100.000 \"-\" \"GET / HTTP/1.1\" \"-\"\n"
                                 "200.000 \"B\" \"GET / HTTP/1.1\" \"-\"\n"
                                 "300.000 \"-\" \"GET / HTTP/1.1\" \"-\"\n"
                                 "400.000 \"B\" \"GET /2 HTTP/1.1\" \"-\"\n";
    for (size_t i = 0; i < COUNT(before_cases); i++) {
        const struct before_case *one = &before_cases[i];
        char *login = one->login ? temporary(one->login) : NULL;
        struct fixture fixture = {.options = {.session = "s",
                                              .login_path = login,
                                              .began_before_as_is = one->as_is,
                                              .seed_cookies = one->seed}};
        start_feed(&fixture, one->format, one->log[0] ? second : first);
        for (const char *sent = one->sent; *sent; sent++) {
            const char *reason;
            struct exchange *exchange = next(&fixture, &reason);
            assert_non_null(exchange);
            char got = reason ? '-' : exchange->logged.began_before ? 'b' : 's';
            if (got != *sent || (reason && strcmp(reason, "began-before") != 0))
                fail_msg("%s: request %d is %c", one->name, (int)exchange->number, got);
            if (got == 'b' && login)
                assert_string_equal(exchange->logged.user, "B");
            else
                assert_true(login || !exchange->logged.user);
            exchange_free(exchange);
        }
        stop_feed(&fixture);
        if (login)
            unlink(login);
        free(login);
    }
}

static void a_session_is_retired_after_its_last_request(void **state)
{
    (void)state;
    struct fixture fixture = {.options = {.session = "s", .began_before_as_is = true}};
    /* The third is of no session: each that has neither key nor visitor is alone. */
    start_feed(&fixture, "$msec \"$cookie_s\" \"$request\"",
               "1.000 \"A\" \"GET / HTTP/1.1\"\n2.000 \"B\" \"GET / HTTP/1.1\"\n"
               "3.000 \"-\" \"GET / HTTP/1.1\"\n4.000 \"A\" \"GET / HTTP/1.1\"\n"
               "5.000 \"B\" \"CONNECT x:1 HTTP/1.1\"\n");
    static const size_t retired[] = {0, 0, 0, 1, 2};
    static const uint64_t sessions[] = {3, 1, 2};
    const char *reason;
    for (size_t i = 0; i < COUNT(retired); i++) {
        struct exchange *exchange = next(&fixture, &reason);
        assert_non_null(exchange);
        assert_int_equal(fixture.retired.count, retired[i]);
        exchange_free(exchange);
    }
    assert_null(next(&fixture, &reason));
    assert_int_equal(fixture.retired.count, COUNT(sessions));
    assert_memory_equal(fixture.retired.sessions, sessions, sizeof sessions);
    struct feed_counts counts = feed_counts(fixture.feed);
    assert_int_equal(counts.sessions, 3);
    assert_int_equal(counts.requests, 5);
    assert_int_equal(counts.records, 5);
    assert_false(counts.incomplete);
    stop_feed(&fixture);
}

static void sessions_that_were_put_together_by_time_are_counted(void **state)
{
    (void)state;
    struct fixture fixture = {.options = {.session = "s"}};
    start_feed(&fixture, "$status $msec \"$cookie_s\" \"$request\" \"$request_body\"",
               "302 1.000 \"A\" \"POST /login HTTP/1.1\" \"password=x\"\n"
               "200 1.500 \"B\" \"GET /home HTTP/1.1\" \"-\"\n"
               "200 9.000 \"B\" \"GET / HTTP/1.1\" \"-\"\n");
    static const size_t retired[] = {0, 0, 0};
    const char *reason;
    for (size_t i = 0; i < COUNT(retired); i++) {
        struct exchange *exchange = next(&fixture, &reason);
        assert_non_null(exchange);
        assert_int_equal(exchange->logged.session, 1);
        assert_int_equal(fixture.retired.count, retired[i]);
        exchange_free(exchange);
    }
    assert_null(next(&fixture, &reason));
    assert_int_equal(fixture.retired.count, 1);
    assert_int_equal(feed_counts(fixture.feed).sessions, 1);
    assert_int_equal(feed_counts(fixture.feed).likely, 1);
    stop_feed(&fixture);
}

/* ---- the whole log ---- */

struct log_case {
    const char *path, *format;
};

#define BASE "$status $time_iso8601 $cookie_PHPSESSID $cookie_opcode \"$request\" \"$request_body\""

static const struct log_case log_cases[] = {
    {"fixtures/logs/base7.log", BASE},
    {"fixtures/logs/t.log", "$status $msec $request_time $pid \"$request\""},
    {"fixtures/logs/buf.log", "$status $msec $request_time $pid \"$request\""},
    {"fixtures/logs/gz.log.gz", "$status $msec $request_time $pid \"$request\""},
};

/* What a reading of the log gave, as a hash of all that was told. */
static uint64_t read_whole(const struct log_case *one, uint64_t *records)
{
    struct replay_options options = {.logs = &one->path,
                                     .log_count = 1,
                                     .log_format = one->format,
                                     .temp_limit = 1,
                                     .began_before_as_is = true};
    struct feed *feed;
    struct err err = {0};
    if (!feed_open(&options, NULL, NULL, NULL, &feed, &err))
        fail_msg("%s: %s", one->path, err.text);
    struct buffer told = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (;;) {
        struct exchange *exchange;
        const char *reason, *text;
        if (!feed_next(feed, &exchange, &reason, &text, &err))
            fail_msg("%s: %s", one->path, err.text);
        if (!exchange)
            break;
        const struct logged *logged = &exchange->logged;
        buffer_printf(&told, "%d %d %d %d %s %s %s %d\n", (int)exchange->number, (int)logged->line,
                      (int)logged->session, logged->status, logged->method, logged->route,
                      reason ? reason : "", (int)logged->tainted);
        buffer_add(&told, logged->target.at, logged->target.length);
        buffer_add(&told, logged->body.at, logged->body.length);
        exchange_free(exchange);
    }
    struct feed_counts counts = feed_counts(feed);
    assert_int_equal(counts.records, counts.total_records);
    *records = counts.records;
    uint64_t hash = hash_64(told.data, told.length);
    buffer_free(&told);
    feed_close(feed);
    return hash;
}

static void each_reading_gives_the_same_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(log_cases); i++) {
        uint64_t one, other, records = 0;
        one = read_whole(&log_cases[i], &records);
        assert_true(records > 0);
        other = read_whole(&log_cases[i], &records);
        assert_true(one == other);
    }
}

/* Lines enough to be sorted on disk, as the memory is small, and of all orders. */
static void a_log_that_was_sorted_on_disk_can_be_read_again(void **state)
{
    (void)state;
    struct buffer log = BUFFER_INIT(BUFFER_NO_LIMIT);
    unsigned number = 7;
    for (int i = 0; i < 5000; i++) {
        number = number * 1103515245U + 12345U;
        buffer_printf(&log, "%u.%03u \"GET /%d HTTP/1.1\"\n", 1000 + number / 65536 % 1000,
                      number % 1000, i);
    }
    char *path = temporary((const char *)log.data);
    const char *paths[] = {path};
    static struct log_format format;
    static struct log_stream stream;
    struct err err = {0};
    assert_true(log_format_option("$msec \"$request\"", &format, &err));
    struct log_stream_options options = {
        .paths = paths, .path_count = 1, .format = &format, .memory = 16384, .disk_limit = 1 << 30};
    assert_true(log_stream_open(&options, &stream, &err));
    assert_true(stream.disk_bytes > 0);
    uint64_t hashes[3];
    for (size_t round = 0; round < 3; round++) {
        struct buffer told = BUFFER_INIT(BUFFER_NO_LIMIT);
        size_t count = 0;
        for (;; count++) {
            struct request request;
            bool unsure, more;
            assert_true(log_stream_next(&stream, &request, &unsure, &more, &err));
            if (!more || (round == 1 && count == 700)) /* a rewind in the middle, too */
                break;
            buffer_printf(&told, "%d %d\n", (int)request.line, (int)unsure);
        }
        assert_int_equal(count, round == 1 ? 700 : 5000);
        hashes[round] = hash_64(told.data, told.length);
        assert_true(log_stream_rewind(&stream, &err));
        buffer_free(&told);
    }
    assert_true(hashes[0] == hashes[2]);
    log_stream_close(&stream);
    log_format_free(&format);
    buffer_free(&log);
    unlink(path);
    free(path);
}

/* Ends the work at its nth look; notes what was told. */
struct looker {
    size_t looks, last; /* last: the look that ends it; 0: none does */
    bool reading, sorting_out, ahead, beyond;
};

static bool look(struct log_watch *watch, struct err *err)
{
    struct looker *looker = watch->data;
    const char *stage = watch->stage ? watch->stage : "";
    looker->reading |= strcmp(stage, "reading the logs") == 0;
    looker->sorting_out |= strcmp(stage, "looking for logins") == 0;
    looker->ahead |= strcmp(stage, "looking ahead") == 0;
    looker->beyond |= watch->all && watch->done > watch->all;
    if (++looker->looks != looker->last)
        return true;
    return err_set(err, ERR_INTERRUPTED, "ended at look %zu", looker->looks);
}

static void who_looks_on_may_end_the_opening_at_any_look(void **state)
{
    (void)state;
    struct buffer log = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (int i = 0; i < 3 * LOG_WATCH_RECORDS; i++)
        buffer_printf(&log, "%d.000 s%d \"GET /%d HTTP/1.1\"\n", 1000 + i, i % 50, i);
    char *path = temporary((const char *)log.data);
    const char *paths[] = {path};
    const struct replay_options options = {.logs = paths,
                                           .log_count = 1,
                                           .log_format = "$msec $cookie_sid \"$request\"",
                                           .session = "sid",
                                           .temp_limit = 1};
    bool opened = false;
    size_t last = 0;
    while (!opened) {
        struct looker looker = {.last = ++last};
        struct log_watch watch = {.look = look, .data = &looker};
        struct feed *feed;
        struct err err = {0};
        opened = feed_open(&options, &watch, NULL, NULL, &feed, &err);
        assert_int_equal(err.code, opened ? ERR_NONE : ERR_INTERRUPTED);
        assert_int_equal(looker.looks, opened ? last - 1 : last);
        assert_false(looker.beyond);
        assert_true(!opened || (looker.reading && looker.sorting_out && looker.ahead));
        feed_close(feed);
    }
    assert_true(last > 6);
    buffer_free(&log);
    unlink(path);
    free(path);
}

static void a_cut_log_is_said_to_be_incomplete(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    start_feed(&fixture, "$msec \"$request\"", "1.000 \"GET / HTTP/1.1\"\n2.000 \"GET / HT");
    assert_true(feed_counts(fixture.feed).incomplete);
    stop_feed(&fixture);
}

static void a_log_of_another_format_is_refused(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    char *path = temporary("hello\nworld\n");
    const char *paths[] = {path};
    fixture.options.logs = paths;
    fixture.options.log_count = 1;
    fixture.options.temp_limit = 1;
    struct err err = {0};
    assert_false(feed_open(&fixture.options, NULL, NULL, NULL, &fixture.feed, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.text, "no line was written with the log format"));
    assert_null(fixture.feed);
    unlink(path);
    free(path);
}

/* ---- hosts and tenants ---- */

static void hosts_and_tenants_are_known_from_the_start(void **state)
{
    (void)state;
    struct fixture fixture = {.options = {.tenant = "$arg_t"}};
    start_feed(&fixture, "$http_host \"$server_name\" $server_addr \"$request\"",
               "WWW.Example.org:8080 \"*.example.net\" 10.0.0.7 \"GET /?t=b HTTP/1.1\"\n"
               "evil.example \"_\" 10.0.0.7 \"GET /?t=a HTTP/1.1\"\n"
               "www.example.org. \".example.com\" 10.0.0.7 \"GET /?t=b HTTP/1.1\"\n"
               "[::ffff:10.1.2.3]:80 \"_\" 10.0.0.7 \"GET / HTTP/1.1\"\n");
    static const struct {
        const char *host;
        bool named;
    } cases[] = {
        {"www.example.org", true}, {"WWW.EXAMPLE.ORG", true},  {"www.example.org:9", true},
        {"example.org", false},    {"new.example.org", false}, {"a.example.net", true},
        {"example.net", false},    {"badexample.net", false},  {"a.example.com", true},
        {"example.com", true},     {"10.0.0.7", true},         {"::ffff:10.0.0.7", true},
        {"0x0a.7", true},          {"10.0.0.8", false},        {"10.1.2.3", true},
        {"evil.example", true},    {"localhost", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        if (feed_names_host(fixture.feed, cases[i].host) != cases[i].named)
            fail_msg("%s", cases[i].host);
    assert_string_equal(feed_host(fixture.feed), "www.example.org");
    size_t count;
    const char *const *tenants = feed_tenants(fixture.feed, &count);
    assert_int_equal(count, 2);
    assert_string_equal(tenants[0], "b");
    assert_string_equal(tenants[1], "a");
    assert_int_equal(feed_counts(fixture.feed).tenants, 2);
    stop_feed(&fixture);
}

static void the_host_that_is_given_is_the_logs_own(void **state)
{
    (void)state;
    struct fixture fixture = {.options = {.logged_host = "Shop.example:443"}};
    start_feed(&fixture, "$request", "GET / HTTP/1.1\n");
    assert_string_equal(feed_host(fixture.feed), "shop.example");
    assert_true(feed_names_host(fixture.feed, "shop.example"));
    assert_false(feed_names_host(fixture.feed, "other.example"));
    stop_feed(&fixture);
}

static void hosts_have_one_spelling(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"WWW.Example.org.:8080", "www.example.org"},
        {"[::FFFF:10.0.0.1]:80", "10.0.0.1"},
        {"::ffff:7f00:1", "127.0.0.1"},
        {"[2001:DB8:0:0::1]", "2001:db8::1"},
        {"0x7f.1", "127.0.0.1"},
        {"2130706433", "127.0.0.1"},
        {"0177.0.0.1", "127.0.0.1"},
        {"127.1", "127.0.0.1"},
        {"127.0.0.1:80", "127.0.0.1"},
        {"", ""},
        {"a b", "a b"},
        {"10.0.0.1.example", "10.0.0.1.example"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer text = BUFFER_INIT(1000);
        host_normal(&text, cases[i][0], strlen(cases[i][0]));
        assert_string_equal((char *)text.data, cases[i][1]);
        buffer_free(&text);
    }
}

static void addresses_are_private_or_public(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool is_private;
    } cases[] = {
        {"127.0.0.1", true},
        {"127.255.255.255", true},
        {"128.0.0.1", false},
        {"10.0.0.0", true},
        {"11.0.0.0", false},
        {"172.15.255.255", false},
        {"172.16.0.0", true},
        {"172.31.255.255", true},
        {"172.32.0.0", false},
        {"192.168.0.1", true},
        {"192.169.0.1", false},
        {"169.254.1.1", true},
        {"100.63.255.255", false},
        {"100.64.0.0", true},
        {"100.127.255.255", true},
        {"100.128.0.0", false},
        {"0.0.0.0", false},
        {"224.0.0.1", false},
        {"255.255.255.255", false},
        {"8.8.8.8", false},
        {"::1", true},
        {"::", false},
        {"::2", false},
        {"fc00::1", true},
        {"fdff::1", true},
        {"fe00::1", false},
        {"fe80::1", true},
        {"febf::1", true},
        {"fec0::1", false},
        {"2001:db8::1", false},
        {"::ffff:10.0.0.1", true},
        {"::ffff:8.8.8.8", false},
        {"::10.0.0.1", false},
        {"64:ff9b::10.0.0.1", false},
        {"ff02::1", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sockaddr_in6 six = {.sin6_family = AF_INET6};
        struct sockaddr_in four = {.sin_family = AF_INET};
        bool is_six = strchr(cases[i].address, ':') != NULL;
        assert_int_equal(inet_pton(is_six ? AF_INET6 : AF_INET, cases[i].address,
                                   is_six ? (void *)&six.sin6_addr : (void *)&four.sin_addr),
                         1);
        const void *address = is_six ? (const void *)&six : (const void *)&four;
        if (host_is_private(address) != cases[i].is_private)
            fail_msg("%s", cases[i].address);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_a_request_is_copied),
        cmocka_unit_test(what_the_log_lacks_is_missing_and_not_empty),
        cmocka_unit_test(whatever_is_left_out_says_why),
        cmocka_unit_test(a_route_of_deny_that_is_none_is_refused),
        cmocka_unit_test(a_form_is_denied_by_its_fields),
        cmocka_unit_test(fields_choose_the_route_where_that_is_said),
        cmocka_unit_test(what_is_left_out_taints_what_follows_in_its_session),
        cmocka_unit_test(sessions_that_began_before_the_log_are_left_out_or_handled),
        cmocka_unit_test(a_session_is_retired_after_its_last_request),
        cmocka_unit_test(sessions_that_were_put_together_by_time_are_counted),
        cmocka_unit_test(each_reading_gives_the_same_numbers),
        cmocka_unit_test(a_log_that_was_sorted_on_disk_can_be_read_again),
        cmocka_unit_test(who_looks_on_may_end_the_opening_at_any_look),
        cmocka_unit_test(a_cut_log_is_said_to_be_incomplete),
        cmocka_unit_test(a_log_of_another_format_is_refused),
        cmocka_unit_test(hosts_and_tenants_are_known_from_the_start),
        cmocka_unit_test(the_host_that_is_given_is_the_logs_own),
        cmocka_unit_test(hosts_have_one_spelling),
        cmocka_unit_test(addresses_are_private_or_public),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
