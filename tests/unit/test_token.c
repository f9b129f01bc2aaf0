/*
 * Little sessions: what the log says, what each side answered, and what each side must be sent.
 * Everything that is not named in a step is sent as logged, byte for byte.
 */
#include "../../replay/token_parts.h"
#include "../../replay/token_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define STEPS 6
#define NOW INT64_C(1795329060) /* 2026-11-22 06:31:00: when the first request came */

struct answer {
    const char *body; /* begins with '{' or '[': JSON, else HTML; NULL: none */
    const char *location, *cookie;
    int status; /* 0: 302 with a location, else 200; -1: it failed */
};

struct step {
    const char *target;                  /* "GET /a"; NULL: the session is over */
    const char *body, *referer, *header; /* header: "Name: value" */
    struct answer answer[SIDES];
    const char *sent_target[SIDES], *sent_body[SIDES]; /* NULL: as logged */
    const char *sent_header[SIDES];                    /* must be among the headers */
    size_t uncorrelated;
    char lane;            /* 0 or 1 */
    const char *location; /* logged */
    const char *type;     /* Content-Type, logged */
    const char *tenant;
};

struct session {
    const char *name;
    const char *rules;
    struct step steps[STEPS];
};

#define FORM(action, value)                                                                        \
    "<form method=post action='" action "'><input type=hidden name=_token value='" value "'></"    \
    "form>"

static const struct session field_cases[] = {
    {"a hidden field",
     NULL,
     {{.target = "GET /login",
       .answer = {{FORM("/login", "s-one-111")}, {FORM("/login", "t-one-222")}}},
      {.target = "POST /login",
       .body = "user=a%20b+c&_token=logged-1&z=%7e",
       .sent_body = {"user=a%20b+c&_token=s-one-111&z=%7e",
                     "user=a%20b+c&_token=t-one-222&z=%7e"}}}},
    {"values are written as a form wants them",
     NULL,
     {{.target = "GET /login", .answer = {{FORM("/login", "a+b/c= &amp;")}, {FORM("/login", "ü")}}},
      {.target = "POST /login",
       .body = "_token=logged-1",
       .sent_body = {"_token=a%2Bb%2Fc%3D+%26", "_token=%C3%BC"}}}},
    {"a one-time token: the latest of that form",
     NULL,
     {{.target = "GET /pay", .answer = {{FORM("", "source-1")}, {FORM("", "target-1")}}},
      {.target = "POST /pay",
       .body = "_token=logged-1",
       .answer = {{FORM("", "source-2")}, {FORM("", "target-2")}},
       .sent_body = {"_token=source-1", "_token=target-1"}},
      {.target = "POST /pay",
       .body = "_token=logged-2",
       .sent_body = {"_token=source-2", "_token=target-2"}}}},
    {"two forms with one field name: by where they lead",
     NULL,
     {{.target = "GET /",
       .answer = {{FORM("/search", "source-s") FORM("/login", "source-l")},
                  {FORM("/login", "target-l") FORM("search", "target-s")}}},
      {.target = "POST /login",
       .body = "_token=logged-1",
       .sent_body = {"_token=source-l", "_token=target-l"}},
      {.target = "POST /search",
       .body = "_token=logged-2",
       .sent_body = {"_token=source-s", "_token=target-s"}}}},
    {"two forms that lead to one place: by their other hidden fields",
     NULL,
     {{.target = "GET /list",
       .answer =
           {{"<form action=/cancel><input type=hidden name=row value=7><input type=hidden "
             "name=_token value=source-7></form><form action=/cancel><input type=hidden name=row "
             "value=8><input type=hidden name=_token value=source-8></form>"},
            {"<form action=/cancel><input type=hidden name=row value=7><input type=hidden "
             "name=_token value=target-7></form><form action=/cancel><input type=hidden name=row "
             "value=8><input type=hidden name=_token value=target-8></form>"}}},
      {.target = "POST /cancel",
       .body = "row=7&_token=logged-1",
       .sent_body = {"row=7&_token=source-7", "row=7&_token=target-7"}},
      {.target = "POST /cancel",
       .body = "row=8&_token=logged-1",
       .sent_body = {"row=8&_token=source-8", "row=8&_token=target-8"}}}},
    {"the page that the referer names",
     NULL,
     {{.target = "GET /a?x=1", .answer = {{FORM("/do", "source-a")}, {FORM("/do", "target-a")}}},
      {.target = "GET /b", .answer = {{FORM("/do", "source-b")}, {FORM("/do", "target-b")}}},
      {.target = "POST /do",
       .body = "_token=logged-1",
       .referer = "https://www.example.org/a?x=1",
       .sent_body = {"_token=source-a", "_token=target-a"}},
      {.target = "POST /do",
       .body = "_token=logged-1",
       .sent_body = {"_token=source-b", "_token=target-b"}}}},
    {"a meta token, in the header that was logged",
     NULL,
     {{.target = "GET /",
       .answer = {{"<meta name=csrf-token content=source-meta>"},
                  {"<meta name='csrf-token' content='target-meta'>"}}},
      {.target = "POST /api/x",
       .body = "{\"a\": 1 }",
       .header = "X-CSRF-Token: logged-1",
       .sent_header = {"X-CSRF-Token: source-meta", "X-CSRF-Token: target-meta"}}}},
    {"a meta token, though the log has no header; csrf-param is none",
     NULL,
     {{.target = "GET /",
       .answer = {{"<meta name=csrf-param content=authenticity_token><meta name=csrf-token "
                   "content=source-meta>"},
                  {"<meta name=csrf-param content=authenticity_token><meta name=csrf-token "
                   "content=target-meta>"}}},
      {.target = "DELETE /api/x",
       .sent_header = {"X-CSRF-Token: source-meta", "X-CSRF-Token: target-meta"}},
      {.target = "POST /x",
       .body = "authenticity_token=logged-1",
       .sent_body = {"authenticity_token=source-meta", "authenticity_token=target-meta"}}}},
    {"a cookie that is sent back in a header",
     NULL,
     {{.target = "GET /",
       .answer = {{.body = "<p>", .cookie = "XSRF-TOKEN=source%3D1; Path=/"},
                  {.body = "<p>", .cookie = "XSRF-TOKEN=target%3D1; Path=/; Secure"}}},
      {.target = "PUT /api/x",
       .body = "{\"a\":1}",
       .sent_header = {"X-XSRF-TOKEN: source=1", "X-XSRF-TOKEN: target=1"}}}},
    {"a JSON token, in a header, a field and as a bearer",
     NULL,
     {{.target = "GET /session",
       .answer = {{"{\"csrfToken\": \"source-json\", \"access_token\": \"source-bearer\"}"},
                  {"{\"access_token\":\"target-bearer\",\"csrfToken\":\"target-json\"}"}}},
      {.target = "POST /api/a",
       .body = "{ \"csrf_token\" : \"logged-1\", \"n\" : 1e2 }",
       .sent_body = {"{ \"csrf_token\" : \"source-json\", \"n\" : 1e2 }",
                     "{ \"csrf_token\" : \"target-json\", \"n\" : 1e2 }"},
       .sent_header = {"Authorization: Bearer source-bearer",
                       "Authorization: Bearer target-bearer"}},
      {.target = "POST /api/b",
       .body = "{}",
       .sent_header = {"X-CSRF-Token: source-json", NULL},
       .header = "X-CSRF-Token: logged-2"}}},
    {"a multipart form",
     NULL,
     {{.target = "GET /up", .answer = {{FORM("/up", "source-1")}, {FORM("/up", "target-22")}}},
      {.target = "POST /up",
       .type = "multipart/form-data; boundary=Bound",
       .body = "--Bound\r\nContent-Disposition: form-data; name=\"_token\"\r\n\r\nlogged\r\n--Bound"
               "\r\nContent-Disposition: form-data; name=\"f\"; filename=\"_token\"\r\n\r\nlogged"
               "\r\n--Bound--\r\n",
       .sent_body =
           {"--Bound\r\nContent-Disposition: form-data; name=\"_token\"\r\n\r\nsource-1\r\n--Bound"
            "\r\nContent-Disposition: form-data; name=\"f\"; filename=\"_token\"\r\n\r\nlogged"
            "\r\n--Bound--\r\n",
            "--Bound\r\nContent-Disposition: form-data; name=\"_token\"\r\n\r\ntarget-22\r\n--Bound"
            "\r\nContent-Disposition: form-data; name=\"f\"; filename=\"_token\"\r\n\r\nlogged"
            "\r\n--Bound--\r\n"}}}},
    {"a token without a source is listed, once; a name, a price and a date are none",
     NULL,
     {{.target = "POST /x?t=3f2b8c1d9e4a5b6c7d8e9f0a1b2c3d4e",
       .body = "_token=abcdef123&name=Anna&price=10.50&day=2024-01-31&_token=abcdef123",
       .uncorrelated = 2}}},
    {"a side that failed is sent what was logged",
     NULL,
     {{.target = "GET /login", .answer = {{FORM("/login", "source-1")}, {.status = -1}}},
      {.target = "POST /login",
       .body = "_token=logged-1",
       .sent_body = {"_token=source-1", "_token=logged-1"}}}},
    {"lanes do not share tokens",
     NULL,
     {{.target = "GET /login",
       .answer = {{FORM("/login", "source-1")}, {FORM("/login", "target-1")}}},
      {.target = "POST /login", .body = "_token=logged-1", .lane = 1, .uncorrelated = 1}}},
    {"broken HTML",
     NULL,
     {{.target = "GET /login",
       .answer =
           {{"<table><form action=/login><tr><td><input type=hidden name=_token value=source-1"
             "><b><i></b></table><p <<"},
            {"</form></div><form action=/login><input name=_token type=HIDDEN value=target-1"}}},
      {.target = "POST /login",
       .body = "_token=logged-1",
       .sent_body = {"_token=source-1", "_token=logged-1"}}}},
    {"a name that ends with token holds one, whatever marks its value ends with",
     NULL,
     {{.target = "GET /in?next=Home",
       .answer = {{"<form action=/in><input type=hidden name=wpLoginToken "
                   "value='c1c9959f9dc8ceb5+\\'><input type=hidden name=wpEditToken "
                   "value='+\\'></form>"},
                  {"<form action=/in><input type=hidden name=wpLoginToken "
                   "value='77c9959f9dc8ceb6+\\'><input type=hidden name=wpEditToken "
                   "value='+\\'></form>"}}},
      {.target = "POST /in?next=Home",
       .body = "wpLoginToken=16a116f51f527be2%2B%5C&wpEditToken=%2B%5C&tokenizer=standard_1",
       .sent_body =
           {"wpLoginToken=c1c9959f9dc8ceb5%2B%5C&wpEditToken=%2B%5C&tokenizer=standard_1",
            "wpLoginToken=77c9959f9dc8ceb6%2B%5C&wpEditToken=%2B%5C&tokenizer=standard_1"}}}},
    {"a token of another name and one that a script made are not made up",
     NULL,
     {{.target = "GET /pay",
       .answer = {{FORM("/pay", "source-1") "<form action=/pay><input name=tokenizer type=hidden "
                                            "value=one_11111></form>"},
                  {FORM("/pay", "target-1") "<form action=/pay><input name=tokenizer type=hidden "
                                            "value=two_22222></form>"}}},
      {.target = "POST /pay",
       .body = "cardToken=tok-visa&tokenizer=standard_1",
       .uncorrelated = 1}}},
    {"hidden moments of the form's page, in each spelling",
     NULL,
     {{.target = "GET /edit",
       .answer = {{"<form action=/edit><input type=hidden name=start value=20261122063530>"
                   "<input type=hidden name=changed value=1795329063><input type=hidden "
                   "name=seen value='2026-11-22 06:35:30'></form>"},
                  {"<form action=/edit><input type=hidden name=start value=20261122063531>"
                   "<input type=hidden name=changed value=1795329064><input type=hidden "
                   "name=seen value='2026-11-22 06:35:31'></form>"}}},
      {.target = "POST /edit",
       .body = "start=20261122060000&changed=1795320000&seen=2026-11-21+10%3A00%3A00",
       .sent_body = {"start=20261122063530&changed=1795329063&seen=2026-11-22+06%3A35%3A30",
                     "start=20261122063531&changed=1795329064&seen=2026-11-22+06%3A35%3A31"}}}},
    {"a moment that somebody chose: it lies ahead, or no form that leads here gave one like it",
     NULL,
     {{.target = "GET /book",
       .answer = {{"<form action=/book><input type=hidden name=from value=20261122120000><input "
                   "type=hidden name=to value='2026-11-22 06:35:30'></form><form action=/x><input "
                   "type=hidden name=at value=20261122120000></form>"},
                  {"<form action=/book><input type=hidden name=from value=20261122120000><input "
                   "type=hidden name=to value='2026-11-22 06:35:30'></form><form action=/x><input "
                   "type=hidden name=at value=20261122120000></form>"}}},
      {.target = "POST /book",
       .body = "from=20270102120000&to=20261122063000&at=20261122063000&n=20261322060000"}}},
    {"an id that could be a time of another year is none: two tabs are open",
     NULL,
     {{.target = "GET /17/edit",
       .answer = {{"<form action=/save><input type=hidden name=booking_id value=1000000017>"
                   "<input type=hidden name=customer value=1000000027></form>"},
                  {"<form action=/save><input type=hidden name=booking_id value=1000000017>"
                   "<input type=hidden name=customer value=1000000027></form>"}}},
      {.target = "GET /18/edit",
       .answer = {{"<form action=/save><input type=hidden name=booking_id value=1795329063>"
                   "<input type=hidden name=customer value=1000000028></form>"},
                  {"<form action=/save><input type=hidden name=booking_id value=1795329063>"
                   "<input type=hidden name=customer value=1000000028></form>"}}},
      {.target = "POST /save", .body = "booking_id=1000000017&customer=1000000027"},
      {.target = "POST /save", .body = "booking_id=1795320000&customer=1000000028"}}},
    {"a hidden field that is no token is left to the log",
     NULL,
     {{.target = "GET /f",
       .answer = {{"<form action=/f><input type=hidden name=nights value=1></form>"},
                  {"<form action=/f><input type=hidden name=nights value=2></form>"}}},
      {.target = "POST /f", .body = "nights=3&state=Texas"}}},
    {"rules add and forbid",
     "tokens:\n- {field: nights, action: replace}\n- {field: _token, action: keep}\n"
     "- {cookie: fk, action: replace}\n",
     {{.target = "GET /f",
       .answer = {{.body = "<form action=/f><input type=hidden name=nights value=1><input "
                           "type=hidden name=_token value=source-1></form>",
                   .cookie = "fk=one"},
                  {.body = "<form action=/f><input type=hidden name=nights value=2><input "
                           "type=hidden name=_token value=target-1></form>",
                   .cookie = "fk=two"}}},
      {.target = "POST /f",
       .body = "nights=3&_token=logged-1",
       .sent_body = {"nights=1&_token=logged-1", "nights=2&_token=logged-1"},
       .sent_header = {"X-fk: one", "X-fk: two"}}}},
};

#define MADE(s, t) .answer = {{.location = s}, {.location = t}}

static const struct session id_cases[] = {
    {"an id that a redirect made: path, query, form, JSON, another lane; never a price",
     NULL,
     {{.target = "POST /bookings",
       .body = "room=5",
       MADE("/bookings/9001", "http://t:8/bookings/9044")},
      {.target = "GET /bookings/8812",
       .answer = {{"<a href=/bookings/9001/edit>"}, {"<a href=/bookings/9044/edit>"}},
       .sent_target = {"/bookings/9001", "/bookings/9044"}},
      {.target = "POST /pay?booking_id=8812&price=8812",
       .body = "booking%5Bid%5D=8812&bookingId=8812&amount=8812&nights=8812&room_id=8812&a=%41+b",
       .sent_target = {"/pay?booking_id=9001&price=8812", "/pay?booking_id=9044&price=8812"},
       .sent_body =
           {"booking%5Bid%5D=9001&bookingId=9001&amount=8812&nights=8812&room_id=8812&a=%41+b",
            "booking%5Bid%5D=9044&bookingId=9044&amount=8812&nights=8812&room_id=8812&a=%41+b"}},
      {.target = "PUT /api/v1/bookings/8812.json",
       .lane = 1,
       .body =
           "{\"id\": 8812, \"price\": 8812, \"room\": {\"id\": 8812}, \"booking_id\": \"8812\"}",
       .sent_target = {"/api/v1/bookings/9001.json", "/api/v1/bookings/9044.json"},
       .sent_body =
           {"{\"id\": 9001, \"price\": 8812, \"room\": {\"id\": 8812}, \"booking_id\": \"9001\"}",
            "{\"id\": 9044, \"price\": 8812, \"room\": {\"id\": 8812}, \"booking_id\": \"9044\"}"}},
      {.target = "GET /rooms/8812"},
      {.target = "GET /bookings/8812?x=%2f#", .lane = 1, .tenant = "other"}}},
    {"a logged Location links exactly",
     NULL,
     {{.target = "POST /bookings",
       .body = "a=1",
       .location = "https://www/bookings/8812",
       MADE("/bookings/9001", "/bookings/9044")},
      {.target = "GET /bookings/17"},
      {.target = "GET /bookings/8812/edit",
       .sent_target = {"/bookings/9001/edit", "/bookings/9044/edit"}}}},
    {"an id in the query of a script",
     NULL,
     {{.target = "POST /new.php", .body = "a=1", MADE("show.php?id=9001", "show.php?id=9044")},
      {.target = "GET /show.php?id=8812",
       .answer = {{"<a href='edit.php?id=9001'>"}, {"<a href='edit.php?id=9044'>"}},
       .sent_target = {"/show.php?id=9001", "/show.php?id=9044"}},
      {.target = "GET /edit.php?id=8812",
       .sent_target = {"/edit.php?id=9001", "/edit.php?id=9044"}},
      {.target = "GET /room.php?id=8812"}}},
    {"an id of a created thing in JSON",
     NULL,
     {{.target = "POST /api/bookings",
       .body = "{\"room_id\":5}",
       .answer = {{"{\"id\": 9001, \"room_id\": 5}"}, {"{\"room_id\": 5, \"id\": 9044}"}}},
      {.target = "GET /api/rooms/5"},
      {.target = "GET /api/bookings/8812",
       .sent_target = {"/api/bookings/9001", "/api/bookings/9044"}}}},
    {"an id that a Location and JSON name is given to one logged id alone",
     NULL,
     {{.target = "POST /api/bookings",
       .body = "{}",
       .answer = {{.status = 201, .location = "/api/bookings/9001", .body = "{\"id\": 9001}"},
                  {.status = 201, .location = "/api/bookings/9044", .body = "{\"id\": 9044}"}}},
      {.target = "GET /api/bookings/8812",
       .sent_target = {"/api/bookings/9001", "/api/bookings/9044"}},
      {.target = "GET /api/bookings/17"},
      {.target = "GET /api/bookings/18"}}},
    {"an id that both pages show is not the one that was just made",
     NULL,
     {{.target = "POST /api/bookings",
       .body = "{}",
       .answer = {{"{\"id\": 9001}"}, {"{\"id\": 9044}"}}},
      {.target = "GET /list", .answer = {{"<a href=/bookings/17>"}, {"<a href=/bookings/17>"}}},
      {.target = "GET /bookings/17"},
      {.target = "GET /bookings/8812", .sent_target = {"/bookings/9001", "/bookings/9044"}}}},
    {"a hash in the name of a file is no token",
     NULL,
     {{.target = "GET /app-3f2b8c1d9e4a5b6c7d8e.js?v=3f2b8c1d9e4a5b6c7d8e9f0a1b2c3d4e"},
      {.target = "GET /reset/3f2b8c1d9e4a5b6c7d8e9f0a1b2c3d4e", .uncorrelated = 1}}},
    {"an id in the only new link",
     NULL,
     {{.target = "POST /book",
       .body = "a=1",
       .answer = {{"<a href=/bookings/17>a</a><a href=/bookings/9001>b</a>"},
                  {"<a href=/bookings/17>a</a><a href=/bookings/9044>b</a>"}}},
      {.target = "GET /bookings/17"},
      {.target = "GET /bookings/8812", .sent_target = {"/bookings/9001", "/bookings/9044"}}}},
    {"several new links prove nothing",
     NULL,
     {{.target = "GET /list",
       .answer = {{"<a href=/bookings/9001>a</a><a href=/bookings/9002>b</a>"},
                  {"<a href=/bookings/9044>a</a><a href=/bookings/9045>b</a>"}}},
      {.target = "GET /bookings/8812"}}},
    {"a redirect to the thing that was edited makes no id",
     NULL,
     {{.target = "POST /bookings/17", .body = "a=1", MADE("/bookings/17", "/bookings/18")},
      {.target = "GET /bookings/17"}}},
    {"a redirect elsewhere is not followed to another thing",
     NULL,
     {{.target = "POST /bookings", .body = "a=1", MADE("/bookings/9001", "/bookings/9044")},
      {.target = "GET /rooms/8812"},
      {.target = "GET /bookings/new"},
      {.target = "GET /bookings/8812", .sent_target = {"/bookings/9001", "/bookings/9044"}}}},
    {"an id that one side alone made",
     NULL,
     {{.target = "POST /bookings",
       .body = "a=1",
       .answer = {{.location = "/bookings/9001"}, {.status = 500}}},
      {.target = "GET /bookings/8812", .sent_target = {"/bookings/9001", NULL}}}},
    {"a UUID, and a slug",
     NULL,
     {{.target = "POST /orders",
       .body = "a=1",
       MADE("/orders/11111111-2222-4333-8444-555555555555",
            "/orders/aaaaaaaa-2222-4333-8444-555555555555")},
      {.target = "GET /orders/99999999-2222-4333-8444-555555555555",
       .sent_target = {"/orders/11111111-2222-4333-8444-555555555555",
                       "/orders/aaaaaaaa-2222-4333-8444-555555555555"}},
      {.target = "POST /posts",
       .body = "a=1",
       MADE("/posts/9001-my-title", "/posts/9044-my-title")},
      {.target = "GET /posts/8812-my-title",
       .sent_target = {"/posts/9001-my-title", "/posts/9044-my-title"}}}},
    {"a hidden id that differs",
     NULL,
     {{.target = "GET /edit",
       .answer = {{"<form action=/save><input type=hidden name=booking_id value=9001></form>"},
                  {"<form action=/save><input type=hidden name=booking_id value=9044></form>"}}},
      {.target = "POST /save",
       .body = "booking_id=8812&total=8812",
       .sent_body = {"booking_id=9001&total=8812", "booking_id=9044&total=8812"}},
      {.target = "GET /bookings/8812", .sent_target = {"/bookings/9001", "/bookings/9044"}}}},
    {"rules add and forbid places",
     "tokens:\n- {path: 'GET /b/{code}', action: replace}\n- {path: '/bookings/{id}', action: "
     "keep}\n",
     {{.target = "POST /bookings", .body = "a=1", MADE("/bookings/9001", "/bookings/9044")},
      {.target = "GET /bookings/8812"},
      {.target = "POST /b", .body = "a=1", MADE("/b/QWE", "/b/RTZ")},
      {.target = "GET /b/ASD", .sent_target = {"/b/QWE", "/b/RTZ"}},
      {.target = "GET /bookings/8812/x", .sent_target = {"/bookings/9001/x", "/bookings/9044/x"}}}},
};

static void add_header(struct fields *fields, struct arena *arena, const char *text)
{
    const char *colon = strstr(text, ": ");
    fields_add(fields, arena, arena_copy_bytes(arena, text, (size_t)(colon - text)), colon + 2,
               strlen(colon + 2));
}

static void take_step(struct exchange *exchange, const struct step *step, uint64_t number)
{
    struct logged *logged = &exchange->logged;
    const char *blank = strchr(step->target, ' ');
    exchange->number = number;
    logged->arrival = (NOW + (int64_t)number) * 1000000;
    logged->duration = 1000;
    logged->method =
        arena_copy_bytes(&exchange->arena, step->target, (size_t)(blank - step->target));
    logged->target = slice_of(blank + 1);
    logged->tenant = step->tenant;
    logged->location = step->location;
    logged->content_type = step->type;
    if (step->body)
        logged->body = slice_of(step->body);
    if (step->referer)
        fields_add(&logged->headers, &exchange->arena, "Referer", step->referer,
                   strlen(step->referer));
    if (step->header)
        add_header(&logged->headers, &exchange->arena, step->header);
}

static void take_answers(struct exchange *exchange, const struct step *step)
{
    for (int side = 0; side < SIDES; side++) {
        const struct answer *answer = &step->answer[side];
        struct incoming *in = &exchange->in[side];
        in->failure = answer->status < 0 ? FAILURE_TIMEOUT : FAILURE_NONE;
        in->status = answer->status > 0 ? answer->status : answer->location ? 302 : 200;
        if (answer->location)
            fields_add(&in->headers, &exchange->arena, "Location", answer->location,
                       strlen(answer->location));
        if (answer->cookie)
            fields_add(&in->headers, &exchange->arena, "Set-Cookie", answer->cookie,
                       strlen(answer->cookie));
        if (!answer->body)
            continue;
        const char *type = strchr("{[", *answer->body) ? "application/json" : "text/html";
        fields_add(&in->headers, &exchange->arena, "content-type", type, strlen(type));
        buffer_add_text(&in->body, answer->body);
    }
}

static void check_sent(const struct exchange *exchange, const struct step *step)
{
    for (int side = 0; side < SIDES; side++) {
        const struct outgoing *out = &exchange->out[side];
        const char *target = step->sent_target[side], *body = step->sent_body[side];
        assert_string_equal((const char *)out->target.data,
                            target ? target : strchr(step->target, ' ') + 1);
        assert_int_equal(out->has_body, step->body != NULL);
        assert_string_equal((const char *)out->body.data, body         ? body
                                                          : step->body ? step->body
                                                                       : "");
        const char *header = step->sent_header[side];
        if (!header)
            continue;
        const char *colon = strstr(header, ": ");
        char *name = mem_copy_bytes(header, (size_t)(colon - header));
        const char *value = fields_find(&out->headers, name);
        free(name);
        assert_non_null(value);
        assert_string_equal(value, colon + 2);
    }
    assert_int_equal(exchange->uncorrelated_count, step->uncorrelated);
    for (size_t i = 0; i < exchange->replacement_count; i++) {
        const struct replacement *one = &exchange->replacements[i];
        assert_true(strcmp(one->logged, one->value[SOURCE]) != 0 ||
                    strcmp(one->logged, one->value[TARGET]) != 0);
        int64_t moment;
        assert_true(token_read_moment(one->logged, &moment) || one->secret != one->is_id);
        /* Which answers gave it, and as what, is known. */
        assert_true(one->from > 0 && one->from < exchange->number);
        assert_int_not_equal(one->given, GIVEN_UNKNOWN);
    }
}

static void learn(struct token_memory *lane, const struct token_rules *rules,
                  struct exchange *exchange)
{
    token_merge(lane, exchange, token_read(rules, exchange));
}

/* Pieces of what lanes know in common, as a ledger would keep them. */
struct pieces {
    size_t count;
    struct buffer items[64];
};

static void save_pieces(struct token_shared *shared, struct pieces *pieces)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool whole;
    if (!token_shared_save(shared, &out, &whole)) {
        assert_int_equal(out.length, 0);
        return;
    }
    while (whole && pieces->count)
        buffer_free(&pieces->items[--pieces->count]);
    assert_true(pieces->count < COUNT(pieces->items));
    pieces->items[pieces->count++] = out;
}

static struct token_shared *load_pieces(const struct token_rules *rules,
                                        const struct pieces *pieces)
{
    struct token_shared *shared = token_shared_new(rules);
    struct err err = {0};
    for (size_t i = 0; i < pieces->count; i++)
        assert_true(
            token_shared_load(pieces->items[i].data, pieces->items[i].length, shared, &err));
    return shared;
}

static void free_pieces(struct pieces *pieces)
{
    while (pieces->count)
        buffer_free(&pieces->items[--pieces->count]);
}

/* The run was killed, and is resumed. */
static void restart(struct token_shared **shared, struct token_memory *lanes[2],
                    const struct token_rules *rules, struct pieces *pieces)
{
    struct buffer saved[2] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
    struct err err = {0};
    save_pieces(*shared, pieces);
    for (size_t i = 0; i < 2; i++) {
        token_memory_save(lanes[i], &saved[i]);
        assert_true(saved[i].length < 140000);
        token_memory_free(lanes[i]);
    }
    token_shared_free(*shared);
    *shared = load_pieces(rules, pieces);
    for (size_t i = 0; i < 2; i++) {
        struct buffer again = BUFFER_INIT(BUFFER_NO_LIMIT);
        lanes[i] = token_memory_new(*shared);
        assert_true(token_memory_load(saved[i].data, saved[i].length, lanes[i], &err));
        token_memory_save(lanes[i], &again);
        assert_int_equal(again.length, saved[i].length);
        assert_memory_equal(again.data, saved[i].data, again.length);
        buffer_free(&again);
        for (size_t length = 0; length < saved[i].length; length++) {
            struct token_memory *lane = token_memory_new(*shared);
            assert_false(token_memory_load(saved[i].data, length, lane, &err));
            token_memory_free(lane);
        }
        buffer_free(&saved[i]);
    }
}

static void run_session(const struct session *session, bool restarts)
{
    struct token_rules *rules = NULL;
    struct pieces pieces = {0};
    struct err err = {0};
    if (session->rules)
        assert_true(
            token_rules_parse("r.yml", session->rules, strlen(session->rules), &rules, &err));
    struct token_shared *shared = token_shared_new(rules);
    struct token_memory *lanes[] = {token_memory_new(shared), token_memory_new(shared)};
    for (size_t i = 0; i < STEPS && session->steps[i].target; i++) {
        const struct step *step = &session->steps[i];
        struct exchange *exchange = exchange_new();
        print_message("  %s: %s\n", session->name, step->target);
        take_step(exchange, step, i + 1);
        token_apply(lanes[(int)step->lane], exchange);
        check_sent(exchange, step);
        take_answers(exchange, step);
        learn(lanes[(int)step->lane], rules, exchange);
        exchange_free(exchange);
        if (restarts)
            restart(&shared, lanes, rules, &pieces);
    }
    token_memory_free(lanes[0]);
    token_memory_free(lanes[1]);
    token_shared_free(shared);
    token_rules_free(rules);
    free_pieces(&pieces);
}

static void each_side_is_sent_its_own_tokens(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(field_cases); i++)
        run_session(&field_cases[i], false);
}

static void each_side_is_sent_its_own_ids_and_nothing_else_is_touched(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(id_cases); i++)
        run_session(&id_cases[i], false);
}

static void a_run_that_is_resumed_before_every_request_sends_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(field_cases); i++)
        run_session(&field_cases[i], true);
    for (size_t i = 0; i < COUNT(id_cases); i++)
        run_session(&id_cases[i], true);
}

static void add_id(void *context, const char *tenant, const char *kind, const char *logged,
                   const char *source, const char *target)
{
    buffer_printf(context, "%s %s %s %s %s\n", tenant, kind, logged, source, target);
}

/* A redirect to a new thing: an id, and uses of it. */
static void make_id(struct token_shared *shared, unsigned n)
{
    struct token_memory *lane = token_memory_new(shared);
    struct exchange *exchange = exchange_new();
    struct step step = {.target = "POST /made", .body = "a=1"};
    char *location[SIDES] = {mem_format("/made/%u", n + 1000000),
                             mem_format("/made/%u", n + 2000000)};
    char *logged = mem_format("/made/%u", n);
    for (int side = 0; side < SIDES; side++)
        step.answer[side].location = location[side];
    step.location = logged;
    take_step(exchange, &step, n);
    token_apply(lane, exchange);
    take_answers(exchange, &step);
    learn(lane, NULL, exchange);
    exchange_free(exchange);
    exchange = exchange_new();
    char *target = mem_format("GET /made/%u", n);
    step = (struct step){.target = target};
    take_step(exchange, &step, n + 1);
    token_apply(lane, exchange);
    exchange_free(exchange);
    token_memory_free(lane);
    free(target);
    free(logged);
    free(location[SOURCE]);
    free(location[TARGET]);
}

static void common_ids_are_saved_in_pieces_that_do_not_grow_for_ever(void **state)
{
    struct token_shared *shared = token_shared_new(NULL);
    struct pieces pieces = {0};
    struct err err = {0};
    unsigned n = 1;
    size_t dropped = 0;
    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        struct buffer expected = BUFFER_INIT(BUFFER_NO_LIMIT), got = BUFFER_INIT(BUFFER_NO_LIMIT);
        size_t before = pieces.count;
        for (unsigned i = 0; i < 200; i++) {
            make_id(shared, n);
            n += 2;
        }
        save_pieces(shared, &pieces);
        dropped += pieces.count < before;
        struct token_shared *copy = load_pieces(NULL, &pieces);
        token_each_id(shared, add_id, &expected);
        token_each_id(copy, add_id, &got);
        assert_int_equal(got.length, expected.length);
        assert_memory_equal(got.data, expected.data, got.length);
        bool whole;
        assert_false(token_shared_save(copy, &got, &whole)); /* nothing is new */
        if (round % 7 == 6) {                                /* and it goes on from there */
            token_shared_free(shared);
            shared = copy;
        } else {
            token_shared_free(copy);
        }
        buffer_free(&expected);
        buffer_free(&got);
    }
    print_message("  %zu pieces, %zu times whole\n", pieces.count, dropped);
    struct token_shared *copy = token_shared_new(NULL);
    for (size_t length = 0; length < pieces.items[0].length; length += 37)
        assert_false(token_shared_load(pieces.items[0].data, length, copy, &err));
    token_shared_free(copy);
    token_shared_free(shared);
    free_pieces(&pieces);
}

/* More than are remembered: old ones go, in the pieces, too. */
static void pieces_that_say_again_what_is_gone_are_replaced_by_one(void **state)
{
    struct token_shared *shared = token_shared_new(NULL);
    struct pieces pieces = {0};
    struct buffer expected = BUFFER_INIT(BUFFER_NO_LIMIT), got = BUFFER_INIT(BUFFER_NO_LIMIT);
    size_t least = SIZE_MAX;
    (void)state;
    for (unsigned round = 0; round < 8; round++) {
        size_t before = pieces.count;
        for (unsigned i = 0; i < TOKEN_IDS_MOST / 2; i++) {
            char logged[20], source[20];
            snprintf(logged, sizeof logged, "%u", round * TOKEN_IDS_MOST + i);
            snprintf(source, sizeof source, "1%u", round * TOKEN_IDS_MOST + i);
            token_id_add(shared, NULL, "booking", logged, (const char *const[]){source, logged},
                         (struct token_origin){i, GIVEN_LINK});
            token_seen_add(shared, DOMAIN_LOG, NULL, "booking", logged, i);
        }
        save_pieces(shared, &pieces);
        if (pieces.count <= before && pieces.count < least)
            least = pieces.count;
    }
    assert_int_equal(least, 1);
    struct token_shared *copy = load_pieces(NULL, &pieces);
    token_each_id(shared, add_id, &expected);
    token_each_id(copy, add_id, &got);
    assert_int_equal(got.length, expected.length);
    assert_memory_equal(got.data, expected.data, got.length);
    assert_int_equal(copy->id_next, shared->id_next);
    assert_int_equal(copy->seen_count, shared->seen_count);
    assert_memory_equal(copy->seen, shared->seen, TOKEN_SEEN_SLOTS * sizeof *copy->seen);
    const struct token_id *id = token_id_find(copy, NULL, "booking", "1835009");
    assert_non_null(id);
    assert_string_equal(id->value[SOURCE], "11835009");
    assert_int_equal(id->origin.number, 1);
    token_shared_free(copy);
    token_shared_free(shared);
    free_pieces(&pieces);
    buffer_free(&expected);
    buffer_free(&got);
}

/* Bodies that are no form, or not what they claim to be, in a lane that knows a token and an id. */
static void what_cannot_be_read_is_sent_as_it_stands(void **state)
{
    static const struct {
        const char *type, *body;
    } bodies[] = {
        {"application/json", "{\"_token\": \"logged\", \"id\": 8812,}"},
        {"application/json", "{\"_token\": \"logged\" \"id\": 8812}"},
        {"application/json", "[[[[{\"_token\": \"lo\\ud800gged\"}]]]"},
        {"application/json", "{\"_token\": \"logged\"} x"},
        {"application/octet-stream", "_token=logged"},
        {"image/png", "_token=logged&booking_id=8812"},
        {"application/x-www-form-urlencoded", "_token&_token=&=x&&%=%&;_token;booking_id"},
        {"application/x-www-form-urlencoded", "_token=log%00ged&booking_id=8812%00"},
        {"multipart/form-data; boundary=B",
         "--B\r\nContent-Disposition: form-data; name=_token\r\n"},
        {"multipart/form-data", "--"},
        {"multipart/form-data; boundary=\"\"", "--\r\n\r\n"},
        {NULL, "<x _token=\"logged\"/>"},
        {NULL, "\xff\xfe=\x01"},
    };
    (void)state;
    static const struct step first = {
        .target = "GET /f", .answer = {{FORM("/f", "source-1")}, {FORM("/f", "target-1")}}};
    for (size_t i = 0; i < COUNT(bodies); i++) {
        const struct step step = {
            .target = "POST /f", .body = bodies[i].body, .type = bodies[i].type};
        struct token_shared *shared = token_shared_new(NULL);
        struct token_memory *lane = token_memory_new(shared);
        struct exchange *before = exchange_new(), *exchange = exchange_new();
        print_message("  %s\n", bodies[i].body);
        take_step(before, &first, 1);
        token_apply(lane, before);
        take_answers(before, &first);
        learn(lane, NULL, before);
        take_step(exchange, &step, 2);
        token_apply(lane, exchange);
        for (int side = 0; side < SIDES; side++)
            assert_string_equal((const char *)exchange->out[side].body.data, bodies[i].body);
        exchange_free(before);
        exchange_free(exchange);
        token_memory_free(lane);
        token_shared_free(shared);
    }
}

static void count_id(void *context, const char *tenant, const char *kind, const char *logged,
                     const char *source, const char *target)
{
    (void)tenant, (void)kind, (void)logged, (void)source, (void)target;
    ++*(size_t *)context;
}

/* Pages of a thousand forms and links, values of a megabyte, thousands of exchanges: what a lane
 * remembers stays small, and the latest token is still known. */
static void a_hostile_lane_stays_small(void **state)
{
    struct token_shared *shared = token_shared_new(NULL);
    struct token_memory *lane = token_memory_new(shared);
    struct buffer page = BUFFER_INIT(BUFFER_NO_LIMIT);
    size_t count = 0;
    (void)state;
    for (unsigned i = 0; i < 300; i++)
        buffer_printf(&page, "<a href='/things/%u'></a>" FORM("/f%u", "value-%u"), i + 9000, i, i);
    buffer_add_text(&page, "<form action=/big><input type=hidden name=__VIEWSTATE value='");
    for (unsigned i = 0; i < 1 << 17; i++)
        buffer_add_text(&page, "abcdefgh");
    buffer_add_text(&page, "'></form>");
    for (unsigned i = 0; i < 12; i++) {
        struct exchange *exchange = exchange_new();
        char *target = mem_format("GET /page%u", i);
        struct step step = {.target = target, .answer = {{(char *)page.data}, {(char *)page.data}}};
        take_step(exchange, &step, i + 1);
        token_apply(lane, exchange);
        take_answers(exchange, &step);
        learn(lane, NULL, exchange);
        exchange_free(exchange);
        free(target);
    }
    for (unsigned i = 0; i < 2000; i++) {
        struct exchange *exchange = exchange_new();
        struct step step = {.target = "POST /made", .body = "a=1"};
        char *location[SIDES] = {mem_format("/made/%u", i + 1000000),
                                 mem_format("/made/%u", i + 2000000)};
        step.answer[SOURCE].location = location[SOURCE];
        step.answer[TARGET].location = location[TARGET];
        step.location = location[TARGET];
        take_step(exchange, &step, i + 100);
        token_apply(lane, exchange);
        take_answers(exchange, &step);
        learn(lane, NULL, exchange);
        exchange_free(exchange);
        free(location[SOURCE]);
        free(location[TARGET]);
    }
    assert_true(token_memory_bytes(lane) <= 1 << 16);
    token_each_id(shared, count_id, &count);
    assert_int_equal(count, 2000);
    buffer_free(&page);
    token_memory_free(lane);
    token_shared_free(shared);
}

static void rules_that_say_nothing_are_refused(void **state)
{
    static const struct {
        const char *text, *sentence; /* NULL: they are good */
    } cases[] = {
        {"", NULL},
        {"rules: []\n", NULL},
        {"tokens:\n- {field: a, action: keep}\nrules: []\n", NULL},
        {"tokens:\n- {field: a}\n", "an action"},
        {"tokens:\n- {action: keep}\n", "one of field"},
        {"tokens:\n- {field: a, header: b, action: keep}\n", "one of field"},
        {"tokens:\n- {field: a, action: drop}\n", "replace or keep"},
        {"tokens:\n- {path: /a, action: keep}\n", "{name}"},
        {"tokens:\n- {feild: a, action: keep}\n", "field"},
        {"tokens: x\n", "a list of rules"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct token_rules *rules = NULL;
        struct err err = {0};
        bool good = token_rules_parse("r.yml", cases[i].text, strlen(cases[i].text), &rules, &err);
        print_message("  %s\n", err.text);
        assert_int_equal(good, cases[i].sentence == NULL);
        if (!good)
            assert_non_null(strstr(err.text, cases[i].sentence));
        token_rules_free(rules);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_side_is_sent_its_own_tokens),
        cmocka_unit_test(each_side_is_sent_its_own_ids_and_nothing_else_is_touched),
        cmocka_unit_test(a_run_that_is_resumed_before_every_request_sends_the_same),
        cmocka_unit_test(common_ids_are_saved_in_pieces_that_do_not_grow_for_ever),
        cmocka_unit_test(pieces_that_say_again_what_is_gone_are_replaced_by_one),
        cmocka_unit_test(what_cannot_be_read_is_sent_as_it_stands),
        cmocka_unit_test(a_hostile_lane_stays_small),
        cmocka_unit_test(rules_that_say_nothing_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
