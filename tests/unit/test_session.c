/* Which requests belong together, what taints a session, and that order and memory hold: logs made
 * up line by line, read through the same stream as the program's. */
#include "../../replay/log_stream.h"
#include "../../replay/reading.h"
#include "../../replay/session.h"

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

/* What the table told about sessions when it let them go. */
struct seen {
    struct session sessions[64];
    size_t count;
};

static void keep(void *data, const struct session *session)
{
    struct seen *seen = data;
    assert_true(seen->count < COUNT(seen->sessions));
    seen->sessions[seen->count++] = *session;
}

/* A letter per request in order of arrival: the same letter, the same session; '-': none. */
static void place(const char *text, const char *log, const char *key_text, size_t most,
                  char *letters, struct seen *seen)
{
    static struct log_format format;
    static struct log_stream stream;
    struct err err = {0};
    struct session_key *key = NULL;
    char *path = temporary(log);
    const char *paths[] = {path};
    struct log_stream_options options = {
        .paths = paths, .path_count = 1, .format = &format, .disk_limit = 1 << 20};
    memset(seen, 0, sizeof *seen);
    if (!log_format_option(text, &format, &err) ||
        (key_text && !session_key_compile("--session", key_text, &format, &key, &err)) ||
        !log_stream_open(&options, &stream, &err))
        fail_msg("%s", err.text);
    struct session_table *table = session_table_new(key, most, keep, seen);
    for (;;) {
        struct request request;
        bool unsure, more;
        assert_true(log_stream_next(&stream, &request, &unsure, &more, &err));
        if (!more)
            break;
        const struct session *session = session_place(table, &stream.parser, &request);
        *letters++ = session ? (char)('a' + session->number - 1) : '-';
    }
    *letters = '\0';
    session_table_finish(table);
    session_table_free(table);
    session_key_free(key);
    log_stream_close(&stream);
    log_format_free(&format);
    unlink(path);
    free(path);
}

struct place_case {
    const char *name, *format, *key, *log, *letters;
};

#define COOKIE "$msec \"$cookie_s\" \"$request\""
#define VISITOR "$msec $remote_addr \"$http_user_agent\" \"$cookie_s\" \"$request\""
#define ANSWER "$msec $remote_addr \"$cookie_s\" \"$upstream_cookie_s\" \"$request\""
#define CONNECTION "$msec $connection \"$cookie_s\" \"$request\""
#define GET "\"GET / HTTP/1.1\"\n"
#define POST "\"POST / HTTP/1.1\"\n"

static const struct place_case place_cases[] = {
    {"two users, interleaved", COOKIE, "$cookie_s",
     "1.000 \"A\" " GET "2.000 \"B\" " GET "3.000 \"A\" " GET "4.000 \"B\" " GET, "abab"},
    {"without a key and a visitor each request is alone", COOKIE, "s",
     "1.000 \"-\" " GET "2.000 \"-\" " GET "3.000 \"\" " GET, "abc"},
    {"no key at all: address and browser", VISITOR, NULL,
     "1.000 1.1.1.1 \"x\" \"A\" " GET "2.000 1.1.1.1 \"y\" \"A\" " GET
     "3.000 1.1.1.1 \"x\" \"B\" " GET "4.000 2.2.2.2 \"x\" \"A\" " GET,
     "abac"},
    {"a first hit directly before the id", VISITOR, "s",
     "1.000 1.1.1.1 \"x\" \"-\" " GET "2.000 1.1.1.1 \"x\" \"A\" " GET
     "3.000 1.1.1.1 \"x\" \"A\" " GET,
     "aaa"},
    {"the second visitor of an address has a first hit of its own", VISITOR, "s",
     "1.000 1.1.1.1 \"x\" \"-\" " GET "2.000 1.1.1.1 \"x\" \"A\" " GET
     "3.000 1.1.1.1 \"x\" \"-\" " GET "4.000 1.1.1.1 \"x\" \"B\" " GET
     "5.000 1.1.1.1 \"x\" \"A\" " GET,
     "aabba"},
    {"two first hits: nothing proves whose the id is", VISITOR, "s",
     "1.000 1.1.1.1 \"x\" \"-\" " GET "2.000 1.1.1.1 \"x\" \"-\" " GET
     "3.000 1.1.1.1 \"x\" \"A\" " GET,
     "aab"},
    {"another browser is another visitor", VISITOR, "s",
     "1.000 1.1.1.1 \"x\" \"-\" " GET "2.000 1.1.1.1 \"y\" \"A\" " GET, "ab"},
    {"a first hit an hour before is none", VISITOR, "s",
     "1.000 1.1.1.1 \"x\" \"-\" " GET "3601.000 1.1.1.1 \"x\" \"A\" " GET, "ab"},
    {"the answer set the id", ANSWER, "s",
     "1.000 1.1.1.1 \"-\" \"A\" " GET "2.000 1.1.1.1 \"-\" \"B\" " GET
     "3.000 1.1.1.1 \"B\" \"-\" " GET "4.000 1.1.1.1 \"A\" \"-\" " GET,
     "abba"},
    {"a login changes the id", ANSWER, "s",
     "1.000 1.1.1.1 \"A\" \"-\" " GET "2.000 1.1.1.1 \"A\" \"B\" " POST
     "3.000 2.2.2.2 \"B\" \"-\" " GET "4.000 1.1.1.1 \"A\" \"-\" " GET,
     "aaaa"},
    {"a removed cookie is no id", ANSWER, "s",
     "1.000 1.1.1.1 \"A\" \"deleted\" " GET "2.000 1.1.1.1 \"deleted\" \"-\" " GET, "ab"},
    {"where answers are logged nothing is guessed", ANSWER, "s",
     "1.000 1.1.1.1 \"-\" \"-\" " GET "2.000 1.1.1.1 \"A\" \"-\" " GET, "ab"},
    {"Set-Cookie of several cookies", "$msec \"$cookie_s\" \"$sent_http_set_cookie\" \"$request\"",
     "s",
     "1.000 \"-\" \"x=1; expires=Thu, 01 Jan 1970, s=A; Path=/\" " GET "2.000 \"A\" \"-\" " GET,
     "aa"},
    {"a new id on the connection of a login", CONNECTION, "s",
     "1.000 7 \"A\" " POST "2.000 7 \"B\" " GET "3.000 8 \"C\" " GET, "aab"},
    {"a new id on a connection that others share", CONNECTION, "s",
     "1.000 7 \"A\" " GET "2.000 7 \"B\" " GET, "ab"},
    {"the first cookie of a list that was sent", "$msec \"$http_cookie\" \"$request\"", "u,s",
     "1.000 \"s=A; u=1\" " GET "2.000 \"u=1\" " GET "3.000 \"s=A\" " GET "4.000 \"U=1\" " GET,
     "aaba"},
    {"the same value of two cookies is not the same", "$msec \"$http_cookie\" \"$request\"", "u,s",
     "1.000 \"u=1\" " GET "2.000 \"s=1\" " GET, "ab"},
    {"an expression", "$msec $remote_addr \"$request\"", "$remote_addr/$arg_u",
     "1.000 1.1.1.1 \"GET /?u=1 HTTP/1.1\"\n2.000 1.1.1.1 \"GET /?x=1&u=2 HTTP/1.1\"\n"
     "3.000 1.1.1.1 \"GET /y?u=1 HTTP/1.1\"\n4.000 1.1.1.1 \"GET /?uu=1 HTTP/1.1\"\n",
     "abac"},
    {"a key that cannot be known belongs to nobody", "$msec $cookie_s $cookie_t \"$request\"", "s",
     "1.000 a b \"GET / HTTP/1.1\"\n2.000 a b c \"GET / HTTP/1.1\"\n", "a-"},
};

static void requests_find_their_session_only_where_it_is_proved(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(place_cases); i++) {
        const struct place_case *c = &place_cases[i];
        char letters[64];
        struct seen seen;
        print_message("  %s\n", c->name);
        place(c->format, c->log, c->key, SESSION_MOST, letters, &seen);
        assert_string_equal(letters, c->letters);
    }
}

static void what_is_left_out_taints_its_session_from_there_on(void **state)
{
    char letters[64];
    struct seen seen;
    (void)state;
    place("$msec $status \"$cookie_s\" \"$request\"",
          "1.000 200 \"A\" \"GET / HTTP/1.1\"\n2.000 200 \"A\" \"POST /x HTTP/1.1\"\n"
          "3.000 200 \"A\" \"GET / HTTP/1.1\"\n4.000 200 \"B\" \"GET / HTTP/1.1\"\n"
          "5.000 494 \"B\" \"GET / HTTP/1.1\"\n6.000 400 \"-\" \"\\x16\\x03\"\n",
          "s", SESSION_MOST, letters, &seen);
    /* 494 is nginx's own: the app did not run, and nobody lacks it. */
    assert_string_equal(letters, "aaab--");
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.sessions[0].taint, REQUEST_BODY_MISSING);
    assert_int_equal(seen.sessions[0].taint_line, 2);
    assert_int_equal(seen.sessions[0].requests, 3);
    assert_int_equal(seen.sessions[0].left_out, 1);
    assert_int_equal(seen.sessions[1].taint, REQUEST_GOOD);
}

static void a_session_that_began_before_the_log_is_told(void **state)
{
    char letters[64];
    struct seen seen;
    (void)state;
    place(VISITOR,
          "1.000 1.1.1.1 \"x\" \"-\" " GET "2.000 1.1.1.1 \"x\" \"A\" " GET
          "3.000 2.2.2.2 \"x\" \"B\" " GET,
          "s", SESSION_MOST, letters, &seen);
    assert_string_equal(letters, "aab");
    assert_true(seen.sessions[0].joined && !seen.sessions[0].began_before);
    assert_true(seen.sessions[1].began_before && !seen.sessions[1].joined);
}

static void beyond_the_limit_the_longest_idle_sessions_are_forgotten_and_counted(void **state)
{
    char letters[64];
    struct seen seen;
    (void)state;
    place(COOKIE,
          "1.000 \"A\" " GET "2.000 \"B\" " GET "3.000 \"C\" " GET "4.000 \"D\" " GET
          "5.000 \"A\" " GET "6.000 \"E\" " GET "7.000 \"A\" " GET "8.000 \"B\" " GET,
          "s", 4, letters, &seen);
    /* B and C go when E would be the fifth; B is another session when it comes again. */
    assert_string_equal(letters, "abcdaeaf");
    uint64_t requests = 0;
    for (size_t i = 0; i < seen.count; i++)
        requests += seen.sessions[i].requests;
    assert_int_equal(seen.count, 6);
    assert_int_equal(requests, 8);
}

static void a_key_that_the_log_cannot_give_is_refused(void **state)
{
    static const struct {
        const char *key, *said;
    } cases[] = {{"$cookie_another", "nor $http_cookie"},
                 {"$remote_adr", "did you mean $remote_addr?"},
                 {"$", "a variable's name"},
                 {"", "empty"},
                 {"s,,b", "name is missing"},
                 {"s,", "name is missing"}};
    static struct log_format format;
    struct session_key *key;
    (void)state;
    struct err err = {0};
    assert_true(log_format_option("$remote_addr \"$cookie_s\" \"$request\"", &format, &err));
    for (size_t i = 0; i < COUNT(cases); i++) {
        print_message("  %s\n", cases[i].key);
        bool done = session_key_compile("--session", cases[i].key, &format, &key, &err);
        assert_false(done);
        assert_int_equal(err.code, ERR_USAGE);
        if (!strstr(err.text, cases[i].said))
            fail_msg("said: %s", err.text);
    }
    log_format_free(&format);
}

/* --- order and memory */

static void requests_come_by_arrival_whatever_the_order_of_lines_and_files(void **state)
{
    static struct log_format format;
    static struct log_stream stream;
    /* buffer= wrote blocks of two workers; both files hold the same requests. */
    static const char *const path_lists[][2] = {{"fixtures/logs/buf.log", NULL},
                                                {"fixtures/logs/t.log", NULL},
                                                {"fixtures/logs/gz.log.gz", NULL},
                                                {"fixtures/logs/t.log", "fixtures/logs/buf.log"}};
    struct err err = {0};
    (void)state;
    assert_true(log_format_option("$status $msec $request_time $pid \"$request\"", &format, &err));
    for (size_t i = 0; i < COUNT(path_lists); i++) {
        struct log_stream_options options = {.paths = path_lists[i],
                                             .path_count = path_lists[i][1] ? 2 : 1,
                                             .format = &format,
                                             .disk_limit = 1 << 20};
        int64_t before = INT64_MIN;
        size_t count = 0;
        assert_true(log_stream_open(&options, &stream, &err));
        for (;; count++) {
            struct request request;
            bool unsure, more;
            assert_true(log_stream_next(&stream, &request, &unsure, &more, &err));
            if (!more)
                break;
            assert_true(request.arrival >= before);
            /* The request of a second, written after others that came later. */
            if (count == 0)
                assert_memory_equal(request.target.at, "/slow1", 6);
            assert_int_equal(unsure, path_lists[i][1] != NULL);
            before = request.arrival;
        }
        assert_int_equal(count, path_lists[i][1] ? 66 : 33);
        assert_true(stream.moved > 0);
        log_stream_close(&stream);
    }
    log_format_free(&format);
}

/* A log of 4000 lines out of order, sorted in 2 kB: hundreds of runs on disk. */
static void a_log_larger_than_memory_is_sorted_on_disk(void **state)
{
    static struct log_format format;
    static struct log_stream stream;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct err err = {0};
    const unsigned lines = 40000;
    (void)state;
    for (unsigned i = 0; i < lines; i++)
        buffer_printf(&text, "%u.000 \"GET /%u HTTP/1.1\"\n", 100000 + i * 7919 % lines, i);
    char *path = temporary((const char *)text.data);
    const char *paths[] = {path};
    assert_true(log_format_option("$msec \"$request\"", &format, &err));
    struct log_stream_options options = {
        .paths = paths, .path_count = 1, .format = &format, .memory = 2000, .disk_limit = 16 << 20};
    if (!log_stream_open(&options, &stream, &err))
        fail_msg("%s", err.text);
    assert_true(stream.disk_bytes > lines * 50);
    for (unsigned i = 0;; i++) {
        struct request request;
        bool unsure, more;
        assert_true(log_stream_next(&stream, &request, &unsure, &more, &err));
        if (!more) {
            assert_int_equal(i, lines);
            break;
        }
        assert_int_equal(request.arrival, (int64_t)(100000 + i) * 1000000);
        assert_int_equal(request.reason, REQUEST_GOOD);
    }
    log_stream_close(&stream);
    /* The cap on disk holds. */
    options.disk_limit = 100000;
    assert_false(log_stream_open(&options, &stream, &err));
    assert_non_null(strstr(err.text, "--temp-limit"));
    log_format_free(&format);
    buffer_free(&text);
    unlink(path);
    free(path);
}

static void a_log_that_is_given_twice_is_refused(void **state)
{
    static struct log_format format;
    static struct log_stream stream;
    const char *paths[] = {"fixtures/logs/t.log", "fixtures/../fixtures/logs/t.log"};
    struct err err = {0};
    (void)state;
    assert_true(log_format_option("$status $msec $request_time $pid \"$request\"", &format, &err));
    struct log_stream_options options = {
        .paths = paths, .path_count = 2, .format = &format, .disk_limit = 1 << 20};
    assert_false(log_stream_open(&options, &stream, &err));
    assert_non_null(strstr(err.text, "given twice"));
    log_format_free(&format);
}

/* Only status, time, cookies, request and body: nothing can be proved. */
#define POOR "$status $msec \"$cookie_s\" \"$cookie_t\" \"$request\" \"$request_body\""
#define LOGIN(time, id, tenant)                                                                    \
    "302 " time " \"" id "\" \"" tenant "\" \"POST /login HTTP/1.1\" \"user=x&password=y\"\n"
#define PAGE(time, id, tenant, path)                                                               \
    "200 " time " \"" id "\" \"" tenant "\" \"GET " path " HTTP/1.1\" \"-\"\n"

static const struct place_case guess_cases[] = {
    {"a login changes the id", POOR, "s",
     PAGE("1.000", "A", "t", "/") LOGIN("2.000", "A", "t") PAGE("3.000", "B", "t", "/home")
         PAGE("4.000", "B", "t", "/x"),
     "aaaa"},
    {"the login of another tenant", POOR, "s",
     LOGIN("2.000", "A", "t") PAGE("3.000", "B", "u", "/home"), "ab"},
    {"a login that chooses the tenant", POOR, "s",
     LOGIN("2.000", "A", "-") PAGE("3.000", "B", "u", "/home"), "aa"},
    {"an id that goes on was not changed", POOR, "s",
     LOGIN("2.000", "A", "t") PAGE("3.000", "B", "t", "/home") PAGE("4.000", "A", "t", "/home"),
     "aba"},
    {"a picture is not where a login leads", POOR, "s",
     LOGIN("2.000", "A", "t") PAGE("3.000", "B", "t", "/a.png"), "ab"},
    {"too late", POOR, "s", LOGIN("2.000", "A", "t") PAGE("13.000", "B", "t", "/home"), "ab"},
    {"two logins, the older first", POOR, "s",
     LOGIN("1.000", "A", "t") LOGIN("2.000", "B", "t") PAGE("3.000", "C", "t", "/home")
         PAGE("4.000", "D", "t", "/home"),
     "abab"},
    {"a login takes one new id", POOR, "s",
     LOGIN("1.000", "A", "t") PAGE("2.000", "B", "t", "/home") PAGE("3.000", "C", "t", "/home"),
     "aab"},
    {"a login without an id", POOR, "s", LOGIN("1.000", "-", "t") PAGE("2.000", "B", "t", "/home"),
     "aa"},
    {"a first hit", POOR, "s", PAGE("1.000", "-", "t", "/") PAGE("1.500", "A", "t", "/a.css"),
     "aa"},
    {"a first hit long before", POOR, "s",
     PAGE("1.000", "-", "t", "/") PAGE("30.000", "A", "t", "/a.css"), "ab"},
    {"the page of the login's form", POOR, "s",
     PAGE("1.000", "-", "t", "/login") LOGIN("900.000", "A", "t") PAGE("901.000", "B", "t", "/"),
     "aaa"},
    {"another page than that of the form", POOR, "s",
     PAGE("1.000", "-", "t", "/") LOGIN("90.000", "A", "t"), "ab"},
    {"pages that ids begin with without a login go on with first hits", POOR, "s",
     PAGE("1.000", "X", "t", "/rooms") PAGE("20.000", "Y", "t", "/rooms") LOGIN("40.000", "A", "t")
         PAGE("41.000", "-", "t", "/") PAGE("42.000", "B", "t", "/rooms")
             PAGE("43.000", "C", "t", "/home"),
     "abcddc"},
    {"where the log tells who asked nothing is guessed",
     "$status $msec $remote_addr \"$cookie_s\" \"$request\" \"$request_body\"", "s",
     "302 1.000 1.1.1.1 \"A\" \"POST /login HTTP/1.1\" \"pass=y\"\n"
     "200 2.000 1.1.1.1 \"B\" \"GET /home HTTP/1.1\" \"-\"\n",
     "ab"},
};

static void nothing(void *data, const struct session *session)
{
    (void)data;
    (void)session;
}

static void where_nothing_can_be_proved_the_likely_session_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(guess_cases); i++) {
        const struct place_case *one = &guess_cases[i];
        struct reading *reading = calloc(1, sizeof *reading);
        struct err err = {0};
        char *path = temporary(one->log);
        const char *paths[] = {path};
        const struct reading_options options = {.logs = paths,
                                                .log_count = 1,
                                                .log_format = one->format,
                                                .session = one->key,
                                                .temp_limit = 1,
                                                .retire = nothing};
        if (!reading || !reading_open(&options, reading, &err))
            fail_msg("%s: %s", one->name, err.text);
        for (int round = 0; round < 2; round++) { /* each reading guesses the same */
            char letters[64];
            size_t count = 0;
            for (;;) {
                struct reading_item item;
                bool more;
                assert_true(reading_next(reading, &item, &more, &err));
                if (!more)
                    break;
                letters[count++] = item.session ? (char)('a' + item.session->number - 1) : '-';
            }
            letters[count] = '\0';
            if (strcmp(letters, one->letters) != 0)
                fail_msg("%s: %s", one->name, letters);
            assert_true(reading_rewind(reading, &err));
        }
        reading_close(reading);
        free(reading);
        unlink(path);
        free(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_find_their_session_only_where_it_is_proved),
        cmocka_unit_test(what_is_left_out_taints_its_session_from_there_on),
        cmocka_unit_test(a_session_that_began_before_the_log_is_told),
        cmocka_unit_test(beyond_the_limit_the_longest_idle_sessions_are_forgotten_and_counted),
        cmocka_unit_test(a_key_that_the_log_cannot_give_is_refused),
        cmocka_unit_test(requests_come_by_arrival_whatever_the_order_of_lines_and_files),
        cmocka_unit_test(a_log_larger_than_memory_is_sorted_on_disk),
        cmocka_unit_test(a_log_that_is_given_twice_is_refused),
        cmocka_unit_test(where_nothing_can_be_proved_the_likely_session_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
