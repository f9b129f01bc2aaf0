/*
 * What goes out and what comes back, byte by byte, against a server in this process that answers by
 * a script: each path has its answer, /echo answers with the request as it came.
 */
#include "../../replay/http.h"

#include "../../diff/base/clock.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* --- the server --- */

enum then { KEEP, SLOW, CLOSE, STALL, FLOOD, SECOND_TIME_CUT, LEAVE, PUSH };

struct script {
    const char *path;
    const char *answer; /* as on the wire; NULL: /echo */
    size_t length;      /* 0: a C string */
    enum then then;
};

#define GZIPPED                                                                                    \
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x90\x00"             \
    "\x80\x88\xf9\xe5\x11\x00\x00\x00"
#define OK "HTTP/1.1 200 OK\r\n"

static const struct script scripts[] = {
    {"/echo", NULL, 0, KEEP},
    {"/keep", OK "Content-Length: 2\r\n\r\nok", 0, KEEP},
    {"/chunked",
     OK "Transfer-Encoding: chunked\r\n\r\n3\r\na\0b\r\n2;x=y\r\ncd\r\n0\r\nT: 1\r\n\r\n",
     sizeof(OK "Transfer-Encoding: chunked\r\n\r\n3\r\na\0b\r\n2;x=y\r\ncd\r\n0\r\nT: 1\r\n\r\n") -
         1,
     KEEP},
    {"/gzip", OK "Content-Encoding: gzip\r\nContent-Length: 28\r\n\r\n" GZIPPED,
     sizeof(OK "Content-Encoding: gzip\r\nContent-Length: 28\r\n\r\n" GZIPPED) - 1, KEEP},
    /* Cut, with a Content-Length that fits; followed by others; and coded as nobody asked for. */
    {"/cutgzip", OK "Content-Encoding: gzip\r\nContent-Length: 20\r\n\r\n" GZIPPED,
     sizeof(OK "Content-Encoding: gzip\r\nContent-Length: 20\r\n\r\n" GZIPPED) - 9, KEEP},
    {"/moregzip", OK "Content-Encoding: gzip\r\nContent-Length: 31\r\n\r\n" GZIPPED "php",
     sizeof(OK "Content-Encoding: gzip\r\nContent-Length: 31\r\n\r\n" GZIPPED "php") - 1, KEEP},
    {"/opengzip", OK "Content-Encoding: gzip\r\n\r\n" GZIPPED,
     sizeof(OK "Content-Encoding: gzip\r\n\r\n" GZIPPED) - 1, CLOSE},
    {"/nogzip", OK "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0,
     KEEP},
    {"/emptygzip", OK "Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", 0, KEEP},
    {"/headgzip", OK "Content-Encoding: gzip\r\nContent-Length: 28\r\n\r\n", 0, KEEP},
    {"/br",
     OK "Content-Encoding: br\r\nContent-Length: 7\r\n\r\n\x0b\x01\x80"
        "abc\x03",
     0, KEEP},
    {"/te", OK "Transfer-Encoding: gzip, chunked\r\n\r\n1c\r\n" GZIPPED "\r\n0\r\n\r\n",
     sizeof(OK "Transfer-Encoding: gzip, chunked\r\n\r\n1c\r\n" GZIPPED "\r\n0\r\n\r\n") - 1, KEEP},
    {"/trailer",
     OK "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n\x1f\x8b\x08\r\n0\r\n"
        "HTTP/2: 200\r\n\r\n",
     0, KEEP},
    /* Whole for libcurl, and yet without an end, or with two. */
    {"/head1", OK, 0, CLOSE},
    {"/head2", OK "Content-Type: te", 0, CLOSE},
    {"/early1", "HTTP/1.1 103 Early Hints\r\n\r\n", 0, CLOSE},
    {"/switch", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nhello", 0, CLOSE},
    {"/longer", OK "Content-Length: 5\r\nContent-Length: 10\r\n\r\nhelloworld", 0, CLOSE},
    {"/shorter", OK "Content-Length: 10, 5\r\n\r\nhelloworld", 0, CLOSE},
    {"/hex", OK "Content-Length: 0x5\r\n\r\nhello", 0, CLOSE},
    {"/huge", OK "Content-Length: 99999999999999999999\r\n\r\nhello", 0, CLOSE},
    {"/same", OK "Content-Length: 5, 5\r\ncontent-length:5\r\n\r\nhello", 0, KEEP},
    {"/part", "HTTP/1.1 206 Partial\r\nContent-Length: 5\r\n\r\nhello", 0, KEEP},
    {"/lastchunk", OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", 0, CLOSE},
    {"/halftrailer", OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: 1\r\n", 0, CLOSE},
    {"/both",
     OK "Content-Length: 3, x\r\nTransfer-Encoding: identity,  Chunked "
        "\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
     0, KEEP},
    {"/badgzip", OK "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain", 0, KEEP},
    {"/old", "HTTP/1.0 200 OK\r\n\r\nto the end", 0, CLOSE},
    {"/early",
     "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" OK "X-A: 1\r\nx-a: 2\r\nX-A:\r\n"
     "X-Blank:  b \t\r\nContent-Length: 0\r\n\r\n",
     0, KEEP},
    {"/redirect",
     "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/echo\r\nContent-Length: 0\r\n\r\n", 0,
     KEEP},
    {"/204", "HTTP/1.1 204 No Content\r\n\r\n", 0, KEEP},
    {"/304", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n", 0, KEEP},
    {"/head", OK "Content-Length: 1000\r\n\r\n", 0, KEEP},
    {"/500", "HTTP/1.1 500 Oops\r\nContent-Length: 1\r\n\r\n!", 0, KEEP},
    {"/slow", OK "Content-Length: 2\r\n\r\n", 0, SLOW},
    {"/cut", "", 0, CLOSE},
    {"/half", OK "Content-Length: 100\r\n\r\nhalf", 0, CLOSE},
    {"/halfchunk", OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhalf", 0, CLOSE},
    {"/garbage", "\x15\x03\x01 this is not HTTP\r\n\r\n", 0, CLOSE},
    {"/stall", "", 0, STALL},
    {"/stallhalf", OK "Content-Length: 100\r\n\r\nhalf", 0, STALL},
    {"/flood", OK "\r\n", 0, FLOOD},
    {"/leave", OK "Content-Length: 5\r\n\r\nfirst", 0, LEAVE},
    {"/push", OK "Content-Length: 2\r\n\r\nok", 0, PUSH},
    {"/second", OK "Content-Length: 2\r\n\r\nok", 0, SECOND_TIME_CUT},
};

static int listener;
static int port;
static atomic_int received, accepted;
static atomic_int left = -1; /* the connection of the last LEAVE: PUSH sends another answer there */

static void send_all(int connection, const void *bytes, size_t length)
{
    for (size_t sent = 0; sent < length;) {
        ssize_t n = send(connection, (const char *)bytes + sent, length - sent, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        sent += (size_t)n;
    }
}

/* One request into the buffer, header and body; what follows it stays unread by contract. */
static bool receive(int connection, struct buffer *request)
{
    buffer_clear(request);
    size_t wanted = 0;
    for (;;) {
        char *end = strstr((char *)request->data, "\r\n\r\n");
        if (end && !wanted) {
            char *length = strcasestr((char *)request->data, "\r\nContent-Length:");
            wanted = (size_t)(end + 4 - (char *)request->data) +
                     (length && length < end ? strtoul(length + 17, NULL, 10) : 0);
        }
        if (wanted && request->length >= wanted)
            return true;
        char bytes[65536];
        ssize_t n = recv(connection, bytes, sizeof bytes, 0);
        if (n <= 0)
            return false;
        buffer_add(request, bytes, (size_t)n);
    }
}

static const struct script *find_script(const char *request)
{
    const char *path = strchr(request, ' ') + 1;
    for (size_t i = 1; i < COUNT(scripts); i++) {
        size_t length = strlen(scripts[i].path);
        if (strncmp(path, scripts[i].path, length) == 0 && strchr(" ?", path[length]))
            return &scripts[i];
    }
    return &scripts[0];
}

static void many_cookies(struct buffer *answer)
{
    buffer_add_text(answer, OK "Content-Length: 0\r\n");
    for (int i = 0; i < 70; i++)
        buffer_printf(answer, "Set-Cookie: c%d=%d; Path=/\r\n", i, i);
    buffer_add_text(answer, "\r\n");
}

static void echo(int connection, const struct buffer *request)
{
    struct sockaddr_in own;
    socklen_t size = sizeof own;
    struct buffer answer = BUFFER_INIT(BUFFER_NO_LIMIT);
    getsockname(connection, (struct sockaddr *)&own, &size);
    if (strstr((char *)request->data, " /cookies"))
        many_cookies(&answer);
    else
        buffer_printf(&answer, OK "X-Address: %s\r\nContent-Length: %zu\r\n\r\n",
                      inet_ntoa(own.sin_addr), request->length);
    if (!strstr((char *)request->data, " /cookies"))
        buffer_add(&answer, request->data, request->length);
    send_all(connection, answer.data, answer.length);
    buffer_free(&answer);
}

static void *converse(void *argument)
{
    int connection = (int)(intptr_t)argument;
    struct buffer request = BUFFER_INIT(BUFFER_NO_LIMIT);
    static const char flood[65536];
    enum then then = KEEP;
    for (int count = 1; then == KEEP && receive(connection, &request); count++) {
        const struct script *script = find_script((char *)request.data);
        received++;
        then = script->then;
        if (then == SECOND_TIME_CUT)
            then = count == 1 ? KEEP : CLOSE;
        if (then == CLOSE && script->then == SECOND_TIME_CUT)
            break;
        if (then == SLOW)
            usleep(100000);
        if (then == LEAVE)
            left = connection;
        if (then == PUSH)
            send_all(left, OK "Content-Length: 6\r\n\r\nforged", strlen(OK) + 27);
        if (script->answer)
            send_all(connection, script->answer,
                     script->length ? script->length : strlen(script->answer));
        else
            echo(connection, &request);
        for (int i = 0; then == FLOOD && i < 1000; i++)
            send_all(connection, flood, sizeof flood);
        if (then == SLOW) {
            usleep(100000);
            send_all(connection, "ok", 2);
            then = KEEP;
        }
        if (then == LEAVE || then == PUSH)
            then = KEEP;
        if (then == STALL) /* until the other side gives up */
            (void)!recv(connection, (char[1]){0}, 1, 0);
    }
    buffer_free(&request);
    close(connection);
    return NULL;
}

static void *serve(void *unused)
{
    (void)unused;
    for (int connection; (connection = accept(listener, NULL, NULL)) >= 0;) {
        pthread_t thread;
        accepted++;
        pthread_create(&thread, NULL, converse, (void *)(intptr_t)connection);
        pthread_detach(thread);
    }
    return NULL;
}

/* A socket with a port of its own: until it listens, whoever connects to it is refused. */
static int open_port(int *number)
{
    int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    socklen_t size = sizeof any;
    assert_int_equal(bind(made, (struct sockaddr *)&any, size), 0);
    getsockname(made, (struct sockaddr *)&any, &size);
    *number = ntohs(any.sin_port);
    return made;
}

/* --- asking it --- */

struct asked {
    struct outgoing out;
    struct incoming in;
    struct arena arena;
    bool done;
};

static const struct http_settings settings = {
    .timeout = 60, .connect_timeout = 60, .body_limit = 1 << 20, .connections = 8};

static void take_done(void *context, void *tag)
{
    (*(size_t *)context)++;
    ((struct asked *)tag)->done = true;
}

static void finish_all(struct http *http)
{
    struct err err;
    size_t count = 0;
    while (http_under_way(http))
        assert_true(http_run(http, 10, take_done, &count, &err));
}

static struct http *new_http(const struct http_settings *with)
{
    struct http *http;
    struct err err;
    assert_true(http_new(with, &http, &err));
    return http;
}

static struct http_site *new_site(struct http *http, const struct http_origin *origin)
{
    struct http_site *site;
    struct err err;
    if (!http_site_new(http, origin, &site, &err))
        fail_msg("%s", err.text);
    return site;
}

static struct http_site *site_here(struct http *http, const char *prefix)
{
    char url[100];
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, prefix);
    return new_site(http, &(struct http_origin){.url = url});
}

static void asked_init(struct asked *asked, const char *target)
{
    *asked = (struct asked){0};
    buffer_init(&asked->out.target, BUFFER_NO_LIMIT);
    buffer_init(&asked->out.body, BUFFER_NO_LIMIT);
    buffer_init(&asked->in.body, BUFFER_NO_LIMIT);
    buffer_add_text(&asked->out.target, target);
}

static void asked_free(struct asked *asked)
{
    buffer_free(&asked->out.target);
    buffer_free(&asked->out.body);
    buffer_free(&asked->in.body);
    fields_free(&asked->out.headers);
    fields_free(&asked->in.headers);
    arena_free(&asked->arena);
}

static void add_field(struct asked *asked, const char *name, const char *value)
{
    fields_add(&asked->out.headers, &asked->arena, name, value, strlen(value));
}

static void ask(struct http *http, struct http_site *site, const char *method, struct jar *jar,
                struct asked *asked)
{
    struct err err;
    if (!http_start(http, site, method, &asked->out, jar, &asked->in, &asked->arena, asked, &err))
        fail_msg("%s", err.text);
    finish_all(http);
    assert_true(asked->done);
}

/* What was sent arrives when the server's thread comes to it. */
static void await_received(int count)
{
    for (double end = clock_now() + 60; received < count && clock_now() < end;)
        usleep(10000);
}

static bool answer_holds(const struct asked *asked, const char *text)
{
    return memmem(asked->in.body.data, asked->in.body.length, text, strlen(text)) != NULL;
}

/* --- tests --- */

static const char *const targets[] = {
    "/",
    "//x/../y",
    "/a/./b/..",
    "/..",
    "/%2F%2f%zz?%",
    "/\xc3\xa9\xff?q=\xe2\x82\xac",
    "/a?b=c#fragment",
    "/?",
    "/a;b=c?d&e=[{|}]\"'<>\\^`",
};

static void the_target_goes_out_byte_by_byte_as_given(void **state)
{
    (void)state;
    struct http *http = new_http(&settings);
    struct http_site *plain = site_here(http, ""), *under = site_here(http, "/app/");
    for (size_t i = 0; i < COUNT(targets); i++)
        for (int prefix = 0; prefix < 2; prefix++) {
            struct asked asked;
            char line[200];
            asked_init(&asked, targets[i]);
            ask(http, prefix ? under : plain, "GET", NULL, &asked);
            snprintf(line, sizeof line, "GET %s%s HTTP/1.1\r\n", prefix ? "/app" : "", targets[i]);
            assert_int_equal(asked.in.failure, FAILURE_NONE);
            assert_memory_equal(asked.in.body.data, line, strlen(line));
            asked_free(&asked);
        }
    http_free(http);
}

static const char *const bad_targets[] = {
    "", "x", "http://127.0.0.1/", "/a b", "/a\r\nX: y", "/a\n", "/\x7f", "*x", "@evil", ":80/"};

static void what_is_no_path_or_no_header_is_not_sent(void **state)
{
    (void)state;
    struct http *http = new_http(&settings);
    struct http_site *site = site_here(http, "");
    struct err err;
    int before = received;
    for (size_t i = 0; i < COUNT(bad_targets); i++) {
        struct asked asked;
        asked_init(&asked, bad_targets[i]);
        assert_false(
            http_start(http, site, "GET", &asked.out, NULL, &asked.in, &asked.arena, NULL, &err));
        assert_int_equal(err.code, ERR_TABLE);
        asked_free(&asked);
    }
    static const char *const fields[][2] = {
        {"X", "a\r\nY: b"}, {"X Y", "a"}, {"", "a"}, {"X:", ""}};
    for (size_t i = 0; i < COUNT(fields); i++) {
        struct asked asked;
        asked_init(&asked, "/");
        add_field(&asked, fields[i][0], fields[i][1]);
        assert_false(
            http_start(http, site, "GET", &asked.out, NULL, &asked.in, &asked.arena, NULL, &err));
        asked_free(&asked);
    }
    struct asked nul;
    asked_init(&nul, "/a");
    buffer_add(&nul.out.target, "\0b", 2);
    assert_false(http_start(http, site, "GET", &nul.out, NULL, &nul.in, &nul.arena, NULL, &err));
    buffer_clear(&nul.out.target);
    buffer_add_text(&nul.out.target, "/");
    assert_false(
        http_start(http, site, "CONNECT", &nul.out, NULL, &nul.in, &nul.arena, NULL, &err));
    assert_false(http_start(http, site, "GET /x", &nul.out, NULL, &nul.in, &nul.arena, NULL, &err));
    asked_free(&nul);
    assert_int_equal(http_under_way(http), 0);
    assert_int_equal(received, before);
    http_free(http);
}

struct method_case {
    const char *method, *body;
    size_t length;
    const char *length_field; /* NULL: none is sent */
};

static const struct method_case methods[] = {
    {"GET", NULL, 0, NULL},
    {"POST", "a=1&b=\0\xff\r\n\r\n", 13, "Content-Length: 13\r\n"},
    {"PUT", "\0\0\0", 3, "Content-Length: 3\r\n"},
    {"PATCH", "{\"a\":1}", 7, "Content-Length: 7\r\n"},
    {"DELETE", "x\0y", 3, "Content-Length: 3\r\n"},
    {"DELETE", NULL, 0, NULL},
    {"GET", "body", 4, "Content-Length: 4\r\n"},
    {"POST", NULL, 0, "Content-Length: 0\r\n"},
    {"PUT", "", 0, "Content-Length: 0\r\n"},
    {"OPTIONS", NULL, 0, NULL},
    {"PROPFIND", "<a/>", 4, "Content-Length: 4\r\n"},
    {"GET", NULL, 0, NULL}, /* after all those, on the same handle */
};

static void methods_and_bodies_go_out_as_given(void **state)
{
    (void)state;
    struct http *http = new_http(&settings);
    struct http_site *site = site_here(http, "");
    for (size_t i = 0; i < COUNT(methods); i++) {
        struct asked asked;
        char line[100];
        asked_init(&asked, "/echo");
        asked.out.has_body = methods[i].body != NULL;
        buffer_add(&asked.out.body, methods[i].body ? methods[i].body : "", methods[i].length);
        ask(http, site, methods[i].method, NULL, &asked);
        snprintf(line, sizeof line, "%s /echo HTTP/1.1\r\n", methods[i].method);
        assert_memory_equal(asked.in.body.data, line, strlen(line));
        assert_memory_equal(asked.in.body.data + asked.in.body.length - methods[i].length,
                            methods[i].body ? methods[i].body : "", methods[i].length);
        assert_int_equal(answer_holds(&asked, "\r\nContent-Length:"),
                         methods[i].length_field != NULL);
        assert_true(!methods[i].length_field || answer_holds(&asked, methods[i].length_field));
        assert_false(answer_holds(&asked, "Content-Type:"));
        assert_false(answer_holds(&asked, "Expect:"));
        asked_free(&asked);
    }
    http_free(http);
}

static void a_large_body_arrives_whole_without_expect(void **state)
{
    (void)state;
    struct http_settings large = settings;
    large.body_limit = 10 << 20;
    struct http *http = new_http(&large);
    struct asked asked;
    asked_init(&asked, "/echo");
    asked.out.has_body = true;
    for (uint32_t i = 0; i < 1 << 20; i++)
        buffer_add_u32(&asked.out.body, i * 2654435761U);
    ask(http, site_here(http, ""), "POST", NULL, &asked);
    assert_int_equal(asked.in.failure, FAILURE_NONE);
    assert_true(asked.in.body.length > asked.out.body.length);
    assert_memory_equal(asked.in.body.data + asked.in.body.length - asked.out.body.length,
                        asked.out.body.data, asked.out.body.length);
    assert_false(answer_holds(&asked, "Expect:"));
    asked_free(&asked);
    http_free(http);
}

static void headers_are_sent_as_logged_but_for_those_of_a_hop(void **state)
{
    (void)state;
    char url[100];
    snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
    const char *const own[] = {"X-Side: target", "Authorization: Basic xyz", "Cookie: gate=1",
                               NULL};
    struct http *http = new_http(&settings);
    struct http_site *site =
        new_site(http, &(struct http_origin){.url = url, .host = "hotel7.example", .headers = own});
    struct jar_home home = {.url = url};
    struct jar *jar = jar_new(&home);
    jar_seed(jar, slice_of("id=7; x"));
    struct asked asked;
    asked_init(&asked, "/echo");
    static const char *const fields[][2] = {
        {"User-Agent", "Mozilla/5.0 (caf\xc3\xa9)"},
        {"Referer", "https://www.prod/"},
        {"X-Empty", ""},
        {"Host", "www.prod"},
        {"Connection", "close"},
        {"Content-Length", "99"},
        {"Transfer-Encoding", "chunked"},
        {"Expect", "100-continue"},
        {"Cookie", "id=logged"},
        {"authorization", "Basic logged"},
        {"X-Two", "1"},
        {"X-Two", "2"},
        {"Accept-Encoding", "gzip, br, zstd;q=1, deflate;q=0.5, sdch, *;q=0.1"}};
    for (size_t i = 0; i < COUNT(fields); i++)
        add_field(&asked, fields[i][0], fields[i][1]);
    ask(http, site, "GET", jar, &asked);
    static const char *const there[] = {"\r\nUser-Agent: Mozilla/5.0 (caf\xc3\xa9)\r\n",
                                        "\r\nReferer: https://www.prod/\r\n",
                                        "\r\nX-Empty:\r\n",
                                        "\r\nHost: hotel7.example\r\n",
                                        "\r\nX-Side: target\r\n",
                                        "\r\nCookie: gate=1; id=7; x\r\n",
                                        "\r\nAuthorization: Basic xyz\r\n",
                                        "\r\nX-Two: 1\r\n",
                                        "\r\nX-Two: 2\r\n",
                                        "\r\nAccept-Encoding: gzip, deflate;q=0.5\r\n"};
    for (size_t i = 0; i < COUNT(there); i++)
        if (!answer_holds(&asked, there[i]))
            fail_msg("%s is not in\n%s", there[i], (char *)asked.in.body.data);
    static const char *const absent[] = {
        "prod\r\n", "Connection", "Content-Length", "Transfer", "Expect", "logged", "sdch"};
    for (size_t i = 0; i < COUNT(absent); i++)
        if (answer_holds(&asked, absent[i]))
            fail_msg("%s is in\n%s", absent[i], (char *)asked.in.body.data);
    asked_free(&asked);
    jar_free(jar);
    http_free(http);
}

struct answer_case {
    const char *method, *target;
    int status;
    const char *body;
    size_t length;
    enum failure failure;
};

static const struct answer_case answers[] = {
    {"GET", "/keep", 200, "ok", 2, FAILURE_NONE},
    {"GET", "/chunked", 200, "a\0bcd", 5, FAILURE_NONE},
    {"GET", "/gzip", 200, "hello hello hello", 17, FAILURE_NONE},
    {"GET", "/old", 200, "to the end", 10, FAILURE_NONE},
    {"GET", "/early", 200, "", 0, FAILURE_NONE},
    {"GET", "/redirect", 302, "", 0, FAILURE_NONE},
    {"GET", "/204", 204, "", 0, FAILURE_NONE},
    {"GET", "/304", 304, "", 0, FAILURE_NONE},
    {"HEAD", "/head", 200, "", 0, FAILURE_NONE},
    {"GET", "/500", 500, "!", 1, FAILURE_NONE},
    {"POST", "/500", 500, "!", 1, FAILURE_NONE},
    {"GET", "/cut", 0, "", 0, FAILURE_BROKEN},
    {"POST", "/cut", 0, "", 0, FAILURE_BROKEN},
    {"GET", "/half", 200, "half", 4, FAILURE_BROKEN},
    {"GET", "/halfchunk", 200, "half", 4, FAILURE_BROKEN},
    {"GET", "/garbage", 0, "", 0, FAILURE_BROKEN},
    {"GET", "/badgzip", 200, "", 0, FAILURE_UNREADABLE},
    {"GET", "/cutgzip", 200, "hello hello hello", 17, FAILURE_UNREADABLE},
    {"GET", "/moregzip", 200, "hello hello hello", 17, FAILURE_UNREADABLE},
    {"GET", "/nogzip", 200, "", 0, FAILURE_UNREADABLE},
    {"GET", "/emptygzip", 200, "", 0, FAILURE_NONE},
    {"HEAD", "/headgzip", 200, "", 0, FAILURE_NONE},
    {"GET", "/br", 200, "", 0, FAILURE_UNREADABLE},
    {"GET", "/te", 200, "", 0, FAILURE_UNREADABLE},
    {"GET", "/trailer", 200, "", 0, FAILURE_UNREADABLE},
    {"GET", "/head1", 200, "", 0, FAILURE_BROKEN},
    {"GET", "/head2", 200, "", 0, FAILURE_BROKEN},
    {"GET", "/early1", 103, "", 0, FAILURE_BROKEN},
    {"GET", "/switch", 101, "hello", 5, FAILURE_BROKEN},
    {"GET", "/longer", 200, "helloworld", 10, FAILURE_UNREADABLE},
    {"GET", "/shorter", 200, NULL, 10, FAILURE_UNREADABLE},
    {"GET", "/hex", 200, "", 0, FAILURE_UNREADABLE},
    {"GET", "/huge", 200, "hello", 5, FAILURE_UNREADABLE},
    {"GET", "/same", 200, "hello", 5, FAILURE_NONE},
    {"GET", "/both", 200, "hello", 5, FAILURE_NONE},
    {"GET", "/part", 206, "hello", 5, FAILURE_UNREADABLE},
    {"GET", "/lastchunk", 200, "hello", 5, FAILURE_BROKEN},
    {"GET", "/halftrailer", 200, "hello", 5, FAILURE_BROKEN},
    {"GET", "/stall", 0, "", 0, FAILURE_TIMEOUT},
    {"GET", "/stallhalf", 200, "half", 4, FAILURE_TIMEOUT},
    {"GET", "/flood", 200, NULL, 100000, FAILURE_TOO_LARGE},
    {"GET", "/keep", 200, "ok", 2, FAILURE_NONE},
};

static void each_answer_is_whole_or_says_how_it_failed_and_none_is_asked_twice(void **state)
{
    (void)state;
    struct http_settings patient = settings, short_time;
    patient.body_limit = 100000;
    short_time = patient;
    short_time.timeout = 5; /* for those who are not answered at all: others may take longer */
    struct http *https[] = {new_http(&patient), new_http(&short_time)};
    struct http_site *sites[] = {site_here(https[0], ""), site_here(https[1], "")};
    for (size_t i = 0; i < COUNT(answers); i++) {
        const struct answer_case *wanted = &answers[i];
        struct asked asked;
        int before = received;
        asked_init(&asked, wanted->target);
        bool silent = wanted->failure == FAILURE_TIMEOUT;
        ask(https[silent], sites[silent], wanted->method, NULL, &asked);
        enum failure failure = wanted->failure;
        /* Newer versions of libcurl refuse a length beside chunks, too, and hand out nothing of
         * what cannot be read. */
        if (strcmp(wanted->target, "/both") == 0 && asked.in.failure == FAILURE_UNREADABLE)
            failure = FAILURE_UNREADABLE;
        bool none = failure == FAILURE_UNREADABLE && !asked.in.body.length;
        if (asked.in.failure != failure || asked.in.status != wanted->status ||
            (asked.in.body.length != wanted->length && !none))
            fail_msg("%s: failure %d (%s), status %d, %zu bytes", wanted->target,
                     (int)asked.in.failure, asked.in.why, asked.in.status, asked.in.body.length);
        if (wanted->body && !none)
            assert_memory_equal(asked.in.body.data, wanted->body, wanted->length);
        assert_int_equal(asked.in.why[0] != '\0', failure != FAILURE_NONE);
        await_received(before + 1);
        assert_int_equal(received - before, 1);
        assert_true(asked.in.total >= asked.in.first_byte && asked.in.total < 40);
        asked_free(&asked);
        if (wanted->failure == FAILURE_UNREADABLE) {
            /* It may be taken for whole by libcurl and the connection be kept, which the server
             * closes, sooner or later: the next case must not find it so. */
            http_free(https[0]);
            https[0] = new_http(&patient);
            sites[0] = site_here(https[0], "");
        }
    }
    http_free(https[0]);
    http_free(https[1]);
}

static void an_answer_without_length_is_known_to_be_open(void **state)
{
    (void)state;
    static const struct {
        const char *method, *target;
        bool open;
    } rows[] = {{"GET", "/old", true},       {"GET", "/keep", false}, {"GET", "/chunked", false},
                {"GET", "/gzip", false},     {"GET", "/204", false},  {"GET", "/304", false},
                {"GET", "/opengzip", false}, {"HEAD", "/old", false}};
    struct http *http = new_http(&settings);
    struct http_site *site = site_here(http, "");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct asked asked;
        asked_init(&asked, rows[i].target);
        asked.in.open = !rows[i].open;
        ask(http, site, rows[i].method, NULL, &asked);
        assert_int_equal(asked.in.failure, FAILURE_NONE);
        if (asked.in.open != rows[i].open)
            fail_msg("%s %s", rows[i].method, rows[i].target);
        asked_free(&asked);
    }
    http_free(http);
}

static void a_part_is_taken_where_one_was_asked_for(void **state)
{
    (void)state;
    struct http *http = new_http(&settings);
    struct asked asked;
    asked_init(&asked, "/part");
    add_field(&asked, "range", "bytes=0-4");
    ask(http, site_here(http, ""), "GET", NULL, &asked);
    assert_int_equal(asked.in.failure, FAILURE_NONE);
    asked_free(&asked);
    http_free(http);
}

static void time_runs_from_the_first_byte_sent_to_the_last_received(void **state)
{
    (void)state;
    struct http *http = new_http(&settings);
    struct http_site *site = site_here(http, "");
    for (int i = 0; i < 2; i++) {
        struct asked asked;
        asked_init(&asked, "/slow");
        double before = clock_now();
        ask(http, site, "POST", NULL, &asked);
        assert_int_equal(asked.in.failure, FAILURE_NONE);
        assert_true(asked.in.started >= before);
        assert_true(asked.in.first_byte >= 0.1 && asked.in.first_byte < asked.in.total);
        assert_true(asked.in.total >= 0.2 && asked.in.started + asked.in.total <= clock_now());
        asked_free(&asked);
    }
    http_free(http);
}

static void fields_keep_their_order_and_repeated_names(void **state)
{
    (void)state;
    struct http *http = new_http(&settings);
    struct asked asked;
    asked_init(&asked, "/early");
    ask(http, site_here(http, ""), "GET", NULL, &asked);
    static const char *const wanted[][2] = {
        {"X-A", "1"}, {"x-a", "2"}, {"X-A", ""}, {"X-Blank", "b"}, {"Content-Length", "0"}};
    assert_int_equal(asked.in.headers.count, COUNT(wanted));
    for (size_t i = 0; i < COUNT(wanted); i++) {
        assert_string_equal(asked.in.headers.items[i].name, wanted[i][0]);
        assert_string_equal(asked.in.headers.items[i].value, wanted[i][1]);
    }
    asked_free(&asked);
    http_free(http);
}

static void a_request_on_a_kept_connection_that_ends_is_not_sent_again(void **state)
{
    (void)state;
    struct http *http = new_http(&settings);
    struct http_site *site = site_here(http, "");
    int before = received, connections = accepted;
    for (int i = 0; i < 2; i++) {
        struct asked asked;
        asked_init(&asked, "/second");
        asked.out.has_body = true;
        buffer_add_text(&asked.out.body, "book=1");
        ask(http, site, "POST", NULL, &asked);
        assert_int_equal(asked.in.failure, i ? FAILURE_BROKEN : FAILURE_NONE);
        asked_free(&asked);
    }
    assert_int_equal(received - before, 2);
    assert_in_range(accepted - connections, 1, 2); /* a new one may be opened, not written to */
    http_free(http);
}

static void what_comes_before_a_request_is_no_answer_to_it(void **state)
{
    (void)state;
    struct http *http = new_http(&settings), *other = new_http(&settings);
    struct http_site *site = site_here(http, ""), *elsewhere = site_here(other, "");
    static const char *const paths[] = {"/leave", "/push", "/keep", "/echo"};
    static const char *const bodies[] = {"first", "ok", "ok", "GET /echo HTTP/1.1"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct asked asked;
        asked_init(&asked, paths[i]);
        ask(i == 1 ? other : http, i == 1 ? elsewhere : site, "GET", NULL, &asked);
        assert_int_equal(asked.in.failure, FAILURE_NONE);
        if (strncmp((char *)asked.in.body.data, bodies[i], strlen(bodies[i])) != 0)
            fail_msg("%s was answered with %s", paths[i], (char *)asked.in.body.data);
        asked_free(&asked);
    }
    http_free(http);
    http_free(other);
}

static void nothing_listening_means_that_nothing_was_sent(void **state)
{
    (void)state;
    int number, silent = open_port(&number);
    char url[100];
    snprintf(url, sizeof url, "http://127.0.0.1:%d", number);
    struct http *http = new_http(&settings);
    struct asked asked;
    asked_init(&asked, "/");
    ask(http, new_site(http, &(struct http_origin){.url = url}), "POST", NULL, &asked);
    assert_int_equal(asked.in.failure, FAILURE_CONNECT);
    assert_true(asked.in.why[0] != '\0');
    asked_free(&asked);
    http_free(http);
    close(silent);
}

static void plain_http_behind_an_https_url_means_that_nothing_was_sent(void **state)
{
    (void)state;
    char url[100];
    snprintf(url, sizeof url, "https://127.0.0.1:%d", port);
    struct http_settings second = settings;
    second.http2 = true;
    second.timeout = 1;
    struct http *http = new_http(&second);
    struct asked asked;
    asked_init(&asked, "/stall");
    ask(http, new_site(http, &(struct http_origin){.url = url}), "POST", NULL, &asked);
    assert_int_equal(asked.in.failure, FAILURE_CONNECT);
    asked_free(&asked);
    http_free(http);
}

static void two_sides_of_one_url_and_two_addresses_never_share_a_connection(void **state)
{
    (void)state;
    char url[100], to_source[100], to_target[100];
    snprintf(url, sizeof url, "http://www.nowhere.invalid:%d", port);
    snprintf(to_source, sizeof to_source, "www.nowhere.invalid:%d:127.0.0.1", port);
    snprintf(to_target, sizeof to_target, "WWW.nowhere.invalid:%d:127.0.0.2", port);
    const char *const maps[][3] = {{"other.invalid:80:10.1.1.1", to_source, NULL},
                                   {to_target, NULL}};
    static const char *const addresses[] = {"127.0.0.1", "127.0.0.2"};
    struct http *http = new_http(&settings);
    struct http_site *sites[2];
    for (int side = 0; side < 2; side++)
        sites[side] = new_site(http, &(struct http_origin){.url = url, .resolve = maps[side]});
    for (int i = 0; i < 6; i++) {
        struct asked asked;
        asked_init(&asked, "/echo");
        ask(http, sites[i % 2], "GET", NULL, &asked);
        assert_int_equal(asked.in.failure, FAILURE_NONE);
        assert_string_equal(fields_find(&asked.in.headers, "X-Address"), addresses[i % 2]);
        assert_true(answer_holds(&asked, "Host: www.nowhere.invalid:"));
        asked_free(&asked);
    }
    http_free(http);
}

static void proxies_of_the_environment_are_not_asked(void **state)
{
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    struct http *http = new_http(&settings);
    struct asked asked;
    asked_init(&asked, "/keep");
    ask(http, site_here(http, ""), "GET", NULL, &asked);
    assert_int_equal(asked.in.failure, FAILURE_NONE);
    asked_free(&asked);
    http_free(http);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

static void all_of_70_cookies_of_an_answer_are_kept_and_sent_back(void **state)
{
    (void)state;
    char url[100];
    snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
    struct jar_home home = {.url = url};
    struct jar *jar = jar_new(&home), *other = jar_new(&home);
    struct http *http = new_http(&settings);
    struct http_site *site = site_here(http, "");
    struct asked asked[3];
    static const char *const paths[] = {"/cookies", "/echo", "/echo"};
    for (int i = 0; i < 3; i++) {
        asked_init(&asked[i], paths[i]);
        ask(http, site, "GET", i == 2 ? other : jar, &asked[i]);
    }
    assert_int_equal(asked[0].in.headers.count, 71);
    assert_int_equal(jar_counted(jar, JAR_KEPT), 70);
    assert_true(answer_holds(&asked[1], "\r\nCookie: c0=0; c1=1; "));
    assert_true(answer_holds(&asked[1], "; c69=69\r\n"));
    assert_false(answer_holds(&asked[2], "Cookie"));
    for (int i = 0; i < 3; i++)
        asked_free(&asked[i]);
    jar_free(jar);
    jar_free(other);
    http_free(http);
}

static void many_at_once_share_few_connections_and_each_gets_its_own_answer(void **state)
{
    (void)state;
    enum { MANY = 300 };
    struct http *http = new_http(&settings);
    struct http_site *site = site_here(http, "");
    struct asked *asked = calloc(MANY, sizeof *asked);
    struct err err;
    int connections = accepted;
    for (int i = 0; i < MANY; i++) {
        char target[100];
        snprintf(target, sizeof target, "/echo?%d.", i);
        asked_init(&asked[i], target);
        assert_true(http_start(http, site, "GET", &asked[i].out, NULL, &asked[i].in,
                               &asked[i].arena, &asked[i], &err));
    }
    assert_int_equal(http_under_way(http), MANY);
    finish_all(http);
    for (int i = 0; i < MANY; i++) {
        assert_true(asked[i].done);
        assert_int_equal(asked[i].in.failure, FAILURE_NONE);
        assert_true(answer_holds(&asked[i], (char *)asked[i].out.target.data));
        asked_free(&asked[i]);
    }
    assert_in_range(accepted - connections, 1, settings.connections);
    free(asked);
    http_free(http);
}

static void waiting_for_a_connection_until_the_time_is_over_sends_nothing(void **state)
{
    (void)state;
    struct http_settings one = settings;
    one.connections = 1;
    one.timeout = 2;
    struct http *http = new_http(&one);
    struct http_site *site = site_here(http, "");
    struct asked asked[2];
    struct err err;
    size_t count = 0;
    int before = received;
    for (int i = 0; i < 2; i++) {
        asked_init(&asked[i], "/stall");
        assert_true(http_start(http, site, "POST", &asked[i].out, NULL, &asked[i].in,
                               &asked[i].arena, &asked[i], &err));
    }
    while (received == before && http_under_way(http))
        assert_true(http_run(http, 0.01, take_done, &count, &err));
    /* Each one's time runs from when libcurl took it up. Were the first one's over a moment before
     * the second one's, that would still find the connection free: they shall be over together. */
    for (double end = clock_now() + one.timeout + 0.1; clock_now() < end;)
        usleep(10000);
    finish_all(http);
    /* Either may have been the first. */
    bool swapped = asked[0].in.failure == FAILURE_CONNECT;
    assert_int_equal(asked[swapped].in.failure, FAILURE_TIMEOUT);
    assert_int_equal(asked[!swapped].in.failure, FAILURE_CONNECT);
    assert_int_equal(received - before, 1);
    asked_free(&asked[0]);
    asked_free(&asked[1]);
    http_free(http);
}

static void *wake_soon(void *http)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    http_wake(http);
    return NULL;
}

static void another_thread_wakes_the_loop_and_what_is_under_way_can_be_dropped(void **state)
{
    (void)state;
    struct http *http = new_http(&settings);
    struct asked asked;
    struct err err;
    size_t count = 0;
    pthread_t thread;
    asked_init(&asked, "/stall");
    assert_true(http_start(http, site_here(http, ""), "GET", &asked.out, NULL, &asked.in,
                           &asked.arena, &asked, &err));
    double before = clock_now();
    pthread_create(&thread, NULL, wake_soon, http);
    assert_true(http_run(http, 40, take_done, &count, &err));
    pthread_join(thread, NULL);
    assert_true(clock_now() - before < 30);
    before = clock_now();
    assert_true(http_run(http, 0.05, take_done, &count, &err));
    assert_true(clock_now() - before >= 0.05 && clock_now() - before < 30);
    assert_int_equal(count, 0);
    http_free(http);
    http_free(NULL);
    asked_free(&asked);
}

static void a_side_that_cannot_be_is_refused_and_no_password_is_told(void **state)
{
    (void)state;
    const struct http_origin bad[] = {
        {.url = "ftp://h/"},
        {.url = "file:///etc/passwd"},
        {.url = "h"},
        {.url = ""},
        {.url = "http://h:99999/"},
        {.url = "http://me:hush@h/?q"},
        {.url = "http://h/#f"},
        {.url = "http://"},
        {.url = "http://h/", .host = "a\r\nX: y"},
        {.url = "http://h/", .headers = (const char *const[]){"hush", NULL}},
        {.url = "http://h/", .headers = (const char *const[]){"X: hush\nY: b", NULL}},
        {.url = "http://h/", .resolve = (const char *const[]){"h:80", NULL}},
        {.url = "http://h/", .resolve = (const char *const[]){"h:80:name", NULL}},
        {.url = "http://h/", .resolve = (const char *const[]){"h:80:1.2.3", NULL}},
    };
    struct http *http = new_http(&settings);
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct http_site *site;
        struct err err = {0};
        if (http_site_new(http, &bad[i], &site, &err))
            fail_msg("case %zu: %s is taken", i, bad[i].url);
        assert_int_equal(err.code, ERR_USAGE);
        assert_null(strstr(err.text, "hush"));
    }
    http_free(http);
}

static int start_server(void **state)
{
    (void)state;
    pthread_t thread;
    listener = open_port(&port);
    assert_int_equal(listen(listener, 100), 0);
    return pthread_create(&thread, NULL, serve, NULL) || pthread_detach(thread);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_target_goes_out_byte_by_byte_as_given),
        cmocka_unit_test(what_is_no_path_or_no_header_is_not_sent),
        cmocka_unit_test(methods_and_bodies_go_out_as_given),
        cmocka_unit_test(a_large_body_arrives_whole_without_expect),
        cmocka_unit_test(headers_are_sent_as_logged_but_for_those_of_a_hop),
        cmocka_unit_test(each_answer_is_whole_or_says_how_it_failed_and_none_is_asked_twice),
        cmocka_unit_test(an_answer_without_length_is_known_to_be_open),
        cmocka_unit_test(a_part_is_taken_where_one_was_asked_for),
        cmocka_unit_test(time_runs_from_the_first_byte_sent_to_the_last_received),
        cmocka_unit_test(fields_keep_their_order_and_repeated_names),
        cmocka_unit_test(a_request_on_a_kept_connection_that_ends_is_not_sent_again),
        cmocka_unit_test(what_comes_before_a_request_is_no_answer_to_it),
        cmocka_unit_test(nothing_listening_means_that_nothing_was_sent),
        cmocka_unit_test(plain_http_behind_an_https_url_means_that_nothing_was_sent),
        cmocka_unit_test(two_sides_of_one_url_and_two_addresses_never_share_a_connection),
        cmocka_unit_test(proxies_of_the_environment_are_not_asked),
        cmocka_unit_test(all_of_70_cookies_of_an_answer_are_kept_and_sent_back),
        cmocka_unit_test(many_at_once_share_few_connections_and_each_gets_its_own_answer),
        cmocka_unit_test(waiting_for_a_connection_until_the_time_is_over_sends_nothing),
        cmocka_unit_test(another_thread_wakes_the_loop_and_what_is_under_way_can_be_dropped),
        cmocka_unit_test(a_side_that_cannot_be_is_refused_and_no_password_is_told),
    };
    return cmocka_run_group_tests(tests, start_server, NULL);
}
