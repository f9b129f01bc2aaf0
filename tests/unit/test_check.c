/*
 * Pairs of answers, and what is found of them. What would hurt most comes first: pairs that differ
 * and look as if they did not, because a value is each side's own somewhere else.
 */
#include "../../replay/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct said {
    int status; /* 0: 200; -1: it failed */
    const char *body;
    const char *headers; /* lines; without a Content-Type, HTML, or JSON by the first byte */
};

/* The booking 12 of the source is 13 in the target; the token of 40 digits was sent by a form. */
#define SOURCE_TOKEN "8f3a11c09be24d5f8f3a11c09be24d5f8f3a11c0"
#define TARGET_TOKEN "77ce90ab3c1d42e877ce90ab3c1d42e877ce90ab"
#define SOURCE_UUID "550e8400-e29b-41d4-a716-446655440000"
#define TARGET_UUID "0f9c2b1e-77aa-4c3d-9b1f-2e5d6a7b8c90"

static struct replacement known[] = {
    {.where = "path 2", .logged = "8812", .value = {"12", "13"}, .is_id = true, .kind = "booking"},
    {.where = "answer", .logged = "7", .value = {"501", "601"}, .is_id = true, .kind = "guest"},
    {.where = "field _token",
     .logged = "x",
     .value = {SOURCE_TOKEN, TARGET_TOKEN},
     .secret = true,
     .kind = ""},
    {.where = "answer",
     .logged = "u",
     .value = {SOURCE_UUID, TARGET_UUID},
     .is_id = true,
     .kind = "file"},
};

struct pair {
    const char *name;
    struct said answer[SIDES];
    const char *found;  /* lines "kind path: cause"; "": equal */
    const char *target; /* "GET /bookings/12"; NULL: that */
    int logged;         /* status; 0: not logged */
    const char *rules;
    bool secure; /* the source is https://127.0.0.1, without a port */
};

static void fill_side(struct exchange *exchange, enum side side, const struct said *answer)
{
    struct incoming *in = &exchange->in[side];
    bool typed = false;
    in->status = answer->status ? answer->status : 200;
    if (answer->status < 0) {
        in->failure = FAILURE_TIMEOUT;
        in->status = 0;
        snprintf(in->why, sizeof in->why, "no answer within 30 s");
    }
    for (const char *at = answer->headers ? answer->headers : ""; *at;) {
        size_t end = strcspn(at, "\n"), name = strcspn(at, ":");
        char *text = arena_copy_bytes(&exchange->arena, at, name);
        fields_add(&in->headers, &exchange->arena, text, at + name + 2, end - name - 2);
        typed = typed || strcmp(text, "Content-Type") == 0;
        at += end + (at[end] != '\0');
    }
    const char *body = answer->body ? answer->body : "";
    const char *type = *body == '{' || *body == '[' ? "application/json" : "text/html";
    if (!typed && answer->body)
        fields_add(&in->headers, &exchange->arena, "Content-Type", type, strlen(type));
    buffer_add_text(&in->body, body);
}

static struct exchange *make(const struct pair *pair)
{
    struct exchange *exchange = exchange_new();
    const char *request = pair->target ? pair->target : "GET /bookings/12";
    size_t method = strcspn(request, " ");
    exchange->logged.method = arena_copy_bytes(&exchange->arena, request, method);
    exchange->logged.target = slice_of(request + method + 1);
    exchange->logged.status = pair->logged;
    for (int side = 0; side < SIDES; side++) {
        const char *id = strstr(request, "/bookings/12");
        bool other = side == TARGET && id;
        size_t length = other ? (size_t)(id - request) - method - 1 : strlen(request) - method - 1;
        buffer_add(&exchange->out[side].target, request + method + 1, length);
        if (other)
            buffer_printf(&exchange->out[side].target, "/bookings/13%s", id + 12);
        fill_side(exchange, (enum side)side, &pair->answer[side]);
    }
    exchange->replacements = known;
    exchange->replacement_count = COUNT(known);
    return exchange;
}

static void check(const struct pair *pair, struct findings *findings, struct exchange **exchange)
{
    struct err err = {0};
    struct rules *rules = NULL;
    if (pair->rules && !rules_parse("rules", pair->rules, strlen(pair->rules), &rules, &err))
        fail_msg("%s: %s", pair->name, err.text);
    const struct check_settings settings = {
        .rules = rules,
        .host = {pair->secure ? "127.0.0.1" : "127.0.0.1:8080", "127.0.0.1:9090"},
        .scheme = {pair->secure ? "https" : "http", "http"},
        .logged_host = "www.prod.example",
        .ignored_headers = (const char *const[]){"X-Node", NULL},
    };
    *exchange = make(pair);
    if (!check_exchange(&settings, *exchange, findings, &err))
        fail_msg("%s: %s", pair->name, err.text);
    rules_free(rules);
}

static void run(const struct pair *pairs, size_t count)
{
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        struct findings findings;
        struct exchange *exchange;
        struct buffer out = BUFFER_INIT(1 << 20);
        check(&pairs[i], &findings, &exchange);
        for (size_t k = 0; k < findings.count; k++) {
            const struct found *found = &findings.items[k];
            buffer_printf(&out, "%s%s %s", k ? "\n" : "", found_kind_name[found->kind],
                          found->path);
            if (strcmp(found->change, "changed") != 0)
                buffer_printf(&out, ", %s", found->change);
            if (found->cause)
                buffer_printf(&out, ": %s", found->cause);
        }
        if (strcmp((const char *)out.data, pairs[i].found) != 0 ||
            (findings.equal != !*pairs[i].found && !findings.both_failed)) {
            print_message("%s:\n  %s\ninstead of\n  %s\n", pairs[i].name, (const char *)out.data,
                          pairs[i].found);
            wrong++;
        }
        buffer_free(&out);
        findings_free(&findings);
        exchange_free(exchange);
    }
    assert_int_equal(wrong, 0);
}

#define PAGE(source, target)                                                                       \
    {                                                                                              \
        {.body = source},                                                                          \
        {                                                                                          \
            .body = target                                                                         \
        }                                                                                          \
    }

static void what_is_no_id_stays_different(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {.name = "a price", PAGE("<td class=price>12</td>", "<td class=price>13</td>"), "body td"},
        {.name = "a price with a currency",
         PAGE("<a href=/bookings/12>12 €</a>", "<a href=/bookings/13>13 €</a>"),
         "body a"},
        {.name = "a price before which the currency stands",
         PAGE("<a href=/bookings/12>€ 12</a>", "<a href=/bookings/13>€ 13</a>"),
         "body a"},
        {.name = "nights in the text of a link",
         PAGE("<a href=/bookings/12>12 nights</a>", "<a href=/bookings/13>13 nights</a>"),
         "body a"},
        {.name = "a long price in the text of a link",
         PAGE("<a href=/guests/501>501 EUR</a>", "<a href=/guests/601>601 EUR</a>"),
         "body a"},
        {.name = "a text beside a link",
         PAGE("<p>12 <a href=/bookings/12>x</a>", "<p>13 <a href=/bookings/13>x</a>"),
         "body p"},
        {.name = "another thing of that number",
         PAGE("<a href=/rooms/12>r</a>", "<a href=/rooms/13>r</a>"),
         "body a @href"},
        {.name = "the text of a link to another thing",
         PAGE("<a href=/rooms>12</a>", "<a href=/rooms>13</a>"),
         "body a"},
        {.name = "a page's number",
         PAGE("<a href=/bookings?page=12>r</a>", "<a href=/bookings?page=13>r</a>"),
         "body a @href"},
        {.name = "a count in a link",
         PAGE("<a href=/x?bookings=12>r</a>", "<a href=/x?bookings=13>r</a>"),
         "body a @href"},
        {.name = "a day in a path",
         PAGE("<a href=/booking/2024/01/12>r</a>", "<a href=/booking/2024/01/13>r</a>"),
         "body a @href"},
        {.name = "a day in an id",
         PAGE("<p id=booking-2024-01-12>r", "<p id=booking-2024-01-13>r"),
         "body p#booking-2024-01-13 @id"},
        {.name = "the other way round",
         PAGE("<a href=/bookings/13>r</a>", "<a href=/bookings/12>r</a>"),
         "body a @href"},
        {.name = "an id that has no partner",
         PAGE("<a href=/bookings/12>r</a>", "<a href=/bookings/14>r</a>"),
         "body a @href"},
        {.name = "an id within a longer number",
         PAGE("<a href=/bookings/123>r</a>", "<a href=/bookings/133>r</a>"),
         "body a @href"},
        {.name = "a field that is no id",
         PAGE("<form action=/bookings/12><input name=nights value=12></form>",
              "<form action=/bookings/13><input name=nights value=13></form>"),
         "body form > input @value"},
        {.name = "an id of something else in a field",
         PAGE("<input name=room_id value=12>", "<input name=room_id value=13>"),
         "body input @value"},
        {.name = "a number in an object",
         PAGE("{\"nights\": 12}", "{\"nights\": 13}"),
         "body $.nights"},
        {.name = "a count in an object",
         PAGE("{\"bookings\": 12}", "{\"bookings\": 13}"),
         "body $.bookings"},
        {.name = "an id of something else in an object",
         PAGE("{\"room\": {\"id\": 12}}", "{\"room\": {\"id\": 13}}"),
         "body $.room.id"},
        {.name = "a number and a string",
         PAGE("{\"booking_id\": 12}", "{\"booking_id\": \"13\"}"),
         "body $.booking_id"},
        {.name = "a heading of another page",
         PAGE("<h1>Rooms: 12</h1>", "<h1>Rooms: 13</h1>"),
         "body h1",
         "GET /rooms"},
        {.name = "a token that the target lost",
         PAGE("<input type=hidden name=_token value=" SOURCE_TOKEN ">",
              "<input type=hidden name=_token value=''>"),
         "body input @value"},
        {.name = "a token that the target has not",
         PAGE("<meta name=csrf-token content=" SOURCE_TOKEN ">", "<meta name=csrf-token>"),
         "body meta @content, deleted"},
        {.name = "an error in the token's place",
         PAGE("<input type=hidden name=_token value=" SOURCE_TOKEN ">",
              "<input type=hidden name=_token value=undefined>"),
         "body input @value"},
        {.name = "a state that is called like a token",
         PAGE("<input type=hidden name=state value=confirmed>",
              "<input type=hidden name=state value=cancelled>"),
         "body input @value"},
        {.name = "another random value",
         PAGE("<p>" SOURCE_UUID "</p>", "<p>5f0e8400-e29b-41d4-a716-446655440001</p>"),
         "body p"},
        {.name = "each side's own token, and a word beside it",
         PAGE("<p>a " SOURCE_UUID " one</p>", "<p>a " TARGET_UUID " two</p>"),
         "body p"},
        {.name = "production's host on one side, a stranger's on the other",
         PAGE("<a href=http://www.prod.example/x>", "<a href=http://www.prod.example.evil/x>"),
         "body a @href"},
        {.name = "the source's host in the target",
         PAGE("<a href=http://127.0.0.1:8080/x>", "<a href=http://127.0.0.1:7070/x>"),
         "body a @href"},
        {.name = "white space in a text that matters",
         PAGE("<pre>a b</pre>", "<pre>a  b</pre>"),
         "body pre: white space"},
        {.name = "null and the text of that name",
         PAGE("{\"a\": null}", "{\"a\": \"null\"}"),
         "body $.a: a string in the target"},
        {.name = "a body on one side alone", {{.body = "<p>a"}, {.body = ""}}, "body p, deleted"},
    };
    run(pairs, COUNT(pairs));
}

static void what_is_each_sides_own_is_equal(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {.name = "a link", PAGE("<a href=/bookings/12>r</a>", "<a href=/bookings/13>r</a>"), ""},
        {.name = "a link with an action behind",
         PAGE("<a href=/bookings/12/edit?x=1#y>r</a>", "<a href=/bookings/13/edit?x=1#y>r</a>"),
         ""},
        {.name = "a link with a title behind",
         PAGE("<a href=/bookings/12-anna>r</a>", "<a href=/bookings/13-anna>r</a>"),
         ""},
        {.name = "a query",
         PAGE("<a href='show.php?booking_id=12&a=b'>r</a>",
              "<a href='show.php?booking_id=13&a=b'>r</a>"),
         ""},
        {.name = "a fragment", PAGE("<a href=#booking-12>r</a>", "<a href=#booking-13>r</a>"), ""},
        {.name = "a link in a link",
         PAGE("<a href='/login?next=%2Fbookings%2F12'>r</a>",
              "<a href='/login?next=%2Fbookings%2F13'>r</a>"),
         ""},
        {.name = "two kinds in one link",
         PAGE("<a href=/guests/501/bookings/12>r</a>", "<a href=/guests/601/bookings/13>r</a>"),
         ""},
        {.name = "own hosts",
         PAGE("<a href=http://127.0.0.1:8080/x>r</a>", "<a href=http://127.0.0.1:9090/x>r</a>"),
         ""},
        {.name = "production's host and an own one",
         PAGE("<a href=https://www.prod.example/x>r</a>", "<a href=http://127.0.0.1:9090/x>r</a>"),
         ""},
        {.name = "hosts in a script",
         PAGE("<script>a='http:\\/\\/127.0.0.1:8080\\/'</script>",
              "<script>a='http:\\/\\/127.0.0.1:9090\\/'</script>"),
         ""},
        {.name = "the text of a link",
         PAGE("<a href=/bookings/12>12</a>", "<a href=/bookings/13>13</a>"),
         ""},
        {.name = "the text of a link with its word",
         PAGE("<a href=/bookings/12>Buchung Nr. 12: Anna</a>",
              "<a href=/bookings/13>Buchung Nr. 13: Anna</a>"),
         ""},
        {.name = "title and heading of the page",
         PAGE("<title>Buchung 12 – Haus</title><h2>Buchung 12</h2>",
              "<title>Buchung 13 – Haus</title><h2>Buchung 13</h2>"),
         ""},
        {.name = "a long id with words behind",
         PAGE("<a href=/guests/501>Guest 501 Anna</a>", "<a href=/guests/601>Guest 601 Anna</a>"),
         ""},
        {.name = "a hidden field",
         PAGE("<form action=/bookings/12><input type=hidden name=id value=12></form>",
              "<form action=/bookings/13><input type=hidden name=id value=13></form>"),
         "",
         "GET /x"},
        {.name = "a choice",
         PAGE("<select name=booking_id><option value=12>a</select>",
              "<select name=booking_id><option value=13>a</select>"),
         "",
         "GET /x"},
        {.name = "ids of elements", PAGE("<p id=booking_12>a", "<p id=booking_13>a"), ""},
        {.name = "ids of rows of the page's things",
         PAGE("<table><tr id=row-12><td>a</table>", "<table><tr id=row-13><td>a</table>"),
         ""},
        {.name = "an id in a data attribute",
         PAGE("<p data-booking-id=12>a", "<p data-booking-id=13>a"),
         ""},
        {.name = "a column of ids",
         PAGE("<td class='c booking-id'>12</td>", "<td class='c booking-id'>13</td>"),
         ""},
        {.name = "a member", PAGE("{\"booking_id\": 12}", "{\"booking_id\": 13}"), "", "GET /x"},
        {.name = "a member of the page's thing",
         PAGE("{\"id\": 12, \"guest\": {\"id\": \"501\"}}",
              "{\"id\": 13, \"guest\": {\"id\": \"601\"}}"),
         ""},
        {.name = "members of a list",
         PAGE("{\"bookings\": [{\"id\": 12, \"a\": 1}]}",
              "{\"bookings\": [{\"id\": 13, \"a\": 1}]}"),
         "",
         "GET /api/x"},
        {.name = "a list of ids",
         PAGE("{\"booking_ids\": [12]}", "{\"booking_ids\": [13]}"),
         "",
         "GET /x"},
        {.name = "a link in an object",
         PAGE("{\"self\": \"/api/bookings/12\"}", "{\"self\": \"/api/bookings/13\"}"),
         ""},
        {.name = "tokens in a form",
         PAGE("<input type=hidden name=_token value=aaaa1111bbbb2222cccc>",
              "<input type=hidden name=_token value=dddd3333eeee4444ffff>"),
         ""},
        {.name = "a token that stands in a script, too",
         PAGE("<script>t='aaaa1111bbbb2222cccc'</script><meta name=csrf-token "
              "content=aaaa1111bbbb2222cccc>",
              "<script>t='dddd3333eeee4444ffff'</script><meta name=csrf-token "
              "content=dddd3333eeee4444ffff>"),
         ""},
        {.name = "a token whose marks a script writes in another way",
         PAGE("<script>t='aaaa1111bbbb2222cccc+\\\\'</script><form><input type=hidden "
              "name=wpEditToken value='aaaa1111bbbb2222cccc+\\'></form>",
              "<script>t='dddd3333eeee4444ffff+\\\\'</script><form><input type=hidden "
              "name=wpEditToken value='dddd3333eeee4444ffff+\\'></form>"),
         ""},
        {.name = "the id of the request that a header names, in a page",
         {{.headers = "X-Request-Id: 18dde5b367a5379624f93a47",
           .body = "<p>Report 18dde5b367a5379624f93a47"},
          {.headers = "X-Request-Id: 010b4352cab889e95adbbf52",
           .body = "<p>Report 010b4352cab889e95adbbf52"}},
         ""},
        {.name = "an id that no header names, or that is as short as a count",
         {{.headers = "X-Request-Id: 7", .body = "<p>18dde5b367a5379624f93a47<b>7</b>"},
          {.headers = "X-Request-Id: 8", .body = "<p>010b4352cab889e95adbbf52<b>8</b>"}},
         "body p\n"
         "body p > b"},
        {.name = "what is no token, though the name says so of another word",
         PAGE("<p data-tokenizer=standard_analyzer>", "<p data-tokenizer=another_analyzer>"),
         "body p @data-tokenizer"},
        {.name = "a token in an object",
         PAGE("{\"csrfToken\": \"" SOURCE_TOKEN "\"}", "{\"csrfToken\": \"" TARGET_TOKEN "\"}"),
         ""},
        {.name = "a token that was sent",
         PAGE("<script>x('" SOURCE_TOKEN "')</script>", "<script>x('" TARGET_TOKEN "')</script>"),
         ""},
        {.name = "random ids",
         PAGE("<p>" SOURCE_UUID "</p><img src=/f/" SOURCE_UUID ".png>",
              "<p>" TARGET_UUID "</p><img src=/f/" TARGET_UUID ".png>"),
         ""},
        {.name = "a session's id in a link",
         {{.body = "<a href='/x?PHPSESSID=0a1b2c3d4e5f6a7b8c9d'>a</a>",
           .headers = "Set-Cookie: PHPSESSID=0a1b2c3d4e5f6a7b8c9d"},
          {.body = "<a href='/x?PHPSESSID=9f8e7d6c5b4a39281706'>a</a>",
           .headers = "Set-Cookie: PHPSESSID=9f8e7d6c5b4a39281706"}},
         ""},
        {.name = "XML",
         {{.body = "<r><booking_id>12</booking_id><loc>http://127.0.0.1:8080/bookings/12</loc></r>",
           .headers = "Content-Type: text/xml"},
          {.body = "<r><booking_id>13</booking_id><loc>http://127.0.0.1:9090/bookings/13</loc></r>",
           .headers = "Content-Type: text/xml"}},
         ""},
    };
    run(pairs, COUNT(pairs));
}

#define HEADERS(source, target)                                                                    \
    {                                                                                              \
        {.headers = source},                                                                       \
        {                                                                                          \
            .headers = target                                                                      \
        }                                                                                          \
    }
#define REDIRECT(source, target)                                                                   \
    {                                                                                              \
        {.status = 302, .headers = "Location: " source},                                           \
        {                                                                                          \
            .status = 302, .headers = "Location: " target                                          \
        }                                                                                          \
    }

static void headers_that_matter_are_compared(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {.name = "another type",
         HEADERS("Content-Type: text/html", "Content-Type: text/plain"),
         "header Content-Type"},
        {.name = "the same type",
         HEADERS("Content-Type: text/html; charset=utf-8",
                 "content-type: Text/HTML;charset=\"UTF-8\""),
         ""},
        {.name = "another charset",
         HEADERS("Content-Type: text/html; charset=utf-8",
                 "Content-Type: text/html; charset=latin1"),
         "header Content-Type"},
        {.name = "a file's name",
         HEADERS("Content-Disposition: attachment; filename=\"a;b.pdf\"",
                 "Content-Disposition: attachment; filename=\"a; b.pdf\""),
         "header Content-Disposition"},
        {.name = "a file that is called by the page's id",
         HEADERS("Content-Disposition: attachment; filename=\"booking-12.pdf\"",
                 "Content-Disposition: attachment; filename=booking-13.pdf"),
         "header Content-Disposition"},
        {.name = "the same, quoted alike",
         HEADERS("Content-Disposition: attachment; filename=\"booking-12.pdf\"",
                 "Content-Disposition: attachment; filename=\"booking-13.pdf\""),
         ""},
        {.name = "shown or saved",
         HEADERS("Content-Disposition: inline", "Content-Disposition: attachment"),
         "header Content-Disposition"},
        {.name = "caching",
         HEADERS("Cache-Control: no-store, no-cache", "Cache-Control: no-cache"),
         "header Cache-Control"},
        {.name = "caching, spelled otherwise",
         HEADERS("Cache-Control: no-store, max-age=0\nCache-Control: private",
                 "Cache-Control: Private,Max-Age=0,  no-store"),
         ""},
        {.name = "one that the target lacks", HEADERS("X-Total: 1", ""), "header X-Total, deleted"},
        {.name = "one that the source lacks",
         HEADERS("", "Content-Language: de"),
         "header Content-Language, inserted"},
        {.name = "an app's own",
         HEADERS("X-Total-Count: 12", "X-Total-Count: 13"),
         "header X-Total-Count"},
        {.name = "a zone is no time that an answer took",
         HEADERS("X-Timezone: UTC\nX-Timer: S1,VE3", "X-Timezone: Europe/Berlin\nX-Timer: S2,VE4"),
         "header X-Timezone"},
        {.name = "what depends on the moment",
         HEADERS("Date: Mon, 01 Jan 2024 00:00:00 GMT\nETag: \"a\"\nServer: x\nX-Request-Id: "
                 "1\nX-Cache-Hits: 3",
                 "Date: Mon, 01 Jan 2024 00:00:01 GMT\nETag: \"b\"\nServer: y\nX-Request-ID: "
                 "2\nContent-Length: 5"),
         ""},
        {.name = "what the settings leave out", HEADERS("X-Node: 1", "X-node: 2"), ""},
        {.name = "a link",
         HEADERS("Link: </bookings/12>; rel=self, <http://127.0.0.1:8080/x>; rel=next",
                 "Link: </bookings/13>; rel=self, <http://127.0.0.1:9090/x>; rel=next"),
         ""},
        {.name = "a link to another thing",
         HEADERS("Link: </rooms/12>; rel=self", "Link: </rooms/13>; rel=self"),
         "header Link"},
        {.name = "a refresh",
         HEADERS("Refresh: 5; url=/bookings/12", "Refresh: 5; url=/bookings/13"),
         ""},
        {.name = "a slower refresh",
         HEADERS("Refresh: 5; url=/bookings/12", "Refresh: 6; url=/bookings/13"),
         "header Refresh"},
        {.name = "a nonce",
         HEADERS("Content-Security-Policy: script-src 'nonce-aaaa1111bbbb2222'",
                 "Content-Security-Policy: script-src 'nonce-cccc3333dddd4444'"),
         ""},
        {.name = "a policy",
         HEADERS("Content-Security-Policy: script-src 'self'",
                 "Content-Security-Policy: script-src *"),
         "header Content-Security-Policy"},
        {.name = "an origin",
         HEADERS("Access-Control-Allow-Origin: http://127.0.0.1:8080",
                 "Access-Control-Allow-Origin: http://127.0.0.1:9090"),
         ""},
        {.name = "any origin",
         HEADERS("Access-Control-Allow-Origin: http://127.0.0.1:8080",
                 "Access-Control-Allow-Origin: *"),
         "header Access-Control-Allow-Origin"},
        {.name = "who is asked to log in",
         HEADERS("WWW-Authenticate: Basic realm=\"a\"", "WWW-Authenticate: Basic realm=\"b\""),
         "header WWW-Authenticate"},
        {.name = "a rule",
         HEADERS("X-Total: 1", "X-Total: 2"),
         "",
         .rules = "rules: [{header: X-Total, ignore: true}]"},
        {.name = "a mask must be there on both",
         HEADERS("X-Total: 1", ""),
         "header X-Total, deleted",
         .rules = "rules: [{header: X-Total, mask: true}]"},
        {.name = "a redirect", REDIRECT("/bookings/12", "/bookings/13"), ""},
        {.name = "a redirect to one's own host",
         REDIRECT("http://127.0.0.1:8080/bookings/12?a=b",
                  "https://www.prod.example/bookings/13?a=b"),
         ""},
        {.name = "a redirect without a host",
         REDIRECT("http://127.0.0.1:8080/bookings/12", "13"),
         ""},
        {.name = "a redirect to another thing",
         REDIRECT("/rooms/12", "/rooms/13"),
         "location Location"},
        {.name = "a redirect elsewhere", REDIRECT("/bookings/12", "/login"), "location Location"},
        {.name = "a redirect to a stranger",
         REDIRECT("http://127.0.0.1:8080/", "http://evil.example/"),
         "location Location"},
        {.name = "a redirect to the other side",
         REDIRECT("http://127.0.0.1:8080/", "http://127.0.0.1:8080/"),
         "location Location"},
        {.name = "production's scheme",
         REDIRECT("https://www.prod.example/", "http://www.prod.example/"),
         "location Location"},
        {.name = "one's own host by another scheme",
         REDIRECT("http://127.0.0.1:8080/x", "https://127.0.0.1:9090/x"),
         "location Location"},
        {.name = "one's own host by another scheme, on both",
         REDIRECT("https://127.0.0.1:8080/x", "https://127.0.0.1:9090/x"),
         ""},
        {.name = "one's own host by another scheme and its port, on both",
         REDIRECT("https://127.0.0.1/x", "https://127.0.0.1:443/x"),
         ""},
        {.name = "by another scheme, and on one side by the port of the first",
         REDIRECT("https://127.0.0.1/x", "https://127.0.0.1:9090/x"),
         "location Location"},
        {.name = "the other side's, which has the usual port of https",
         REDIRECT("https://127.0.0.1/x", "https://127.0.0.1/x"),
         "location Location",
         .secure = true},
        {.name = "by the same scheme without the port",
         REDIRECT("http://127.0.0.1:8080/x", "http://127.0.0.1/x"),
         "location Location"},
        {.name = "the page itself by another scheme",
         REDIRECT("/x", "https://127.0.0.1:9090/x"),
         "location Location"},
        {.name = "a link by another scheme",
         PAGE("<a href='https://127.0.0.1:8080/x'>x</a>",
              "<a href='http://127.0.0.1:9090/x'>x</a>"),
         "body a @href"},
        {.name = "another query", REDIRECT("/x?ok=1", "/x?ok=0"), "location Location"},
        {.name = "no redirect",
         {{.status = 302, .headers = "Location: /x"}, {.status = 302}},
         "location Location, deleted"},
    };
    run(pairs, COUNT(pairs));
}

#define COOKIE(source, target) HEADERS("Set-Cookie: " source, "Set-Cookie: " target)
#define DATED(source, target)                                                                      \
    HEADERS("Date: Mon, 01 Jan 2024 00:00:00 GMT\nSet-Cookie: " source,                            \
            "Date: Mon, 01 Jan 2024 00:01:00 GMT\nSet-Cookie: " target)

static void cookies_are_compared_by_name_and_attributes(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {.name = "another value",
         COOKIE("sid=a1; Path=/; HttpOnly", "sid=b2; httponly; path=/"),
         ""},
        {.name = "another path", COOKIE("sid=a; Path=/", "sid=b; Path=/login"), "cookie sid; Path"},
        {.name = "the default path", COOKIE("sid=a", "sid=b; Path=/bookings"), ""},
        {.name = "flags",
         COOKIE("sid=a; Secure; HttpOnly; SameSite=Lax", "sid=b; SameSite=None"),
         "cookie sid; Secure\ncookie sid; HttpOnly\ncookie sid; SameSite"},
        {.name = "own domains",
         COOKIE("sid=a; Domain=127.0.0.1", "sid=b; Domain=www.prod.example"),
         ""},
        {.name = "a wider domain",
         COOKIE("sid=a; Domain=www.prod.example", "sid=b; Domain=.prod.example"),
         "cookie sid; Domain"},
        {.name = "one more", COOKIE("sid=a", "sid=b\nSet-Cookie: x=1"), "cookie x, inserted"},
        {.name = "one less, that a rule leaves out",
         COOKIE("sid=a\nSet-Cookie: x=1", "sid=b"),
         "",
         .rules = "rules: [{cookie: x, ignore: true}]"},
        {.name = "a rule for another cookie, or for its name in other letters",
         COOKIE("sid=a\nSet-Cookie: xy=1", "sid=b"),
         "cookie xy, deleted",
         .rules = "rules: [{cookie: x, ignore: true}, {cookie: XY, ignore: true}]"},
        {.name = "one less", COOKIE("sid=a\nSet-Cookie: x=1", "sid=b"), "cookie x, deleted"},
        {.name = "in another order",
         COOKIE("sid=a\nSet-Cookie: x=1", "x=1\nSet-Cookie: sid=b"),
         ""},
        {.name = "the last of a name and path counts",
         COOKIE("sid=a; Path=/; Secure\nSet-Cookie: sid=c; Path=/", "sid=b; Path=/"),
         ""},
        {.name = "one of another path is another cookie",
         COOKIE("sid=a; Path=/x\nSet-Cookie: sid=c; Path=/", "sid=b; Path=/"),
         "cookie sid, deleted"},
        {.name = "and so is one of another domain",
         COOKIE("sid=b", "sid=a\nSet-Cookie: sid=b; Domain=shop.example"),
         "cookie sid, inserted"},
        {.name = "two paths in another order",
         COOKIE("sid=; Path=/x; Max-Age=0\nSet-Cookie: sid=c; Path=/",
                "sid=b; Path=/\nSet-Cookie: sid=; Max-Age=0; Path=/x"),
         ""},
        {.name = "deleted for the other of two paths",
         COOKIE("sid=; Path=/x; Max-Age=0\nSet-Cookie: sid=c; Path=/",
                "sid=b; Path=/x\nSet-Cookie: sid=; Max-Age=0; Path=/"),
         "cookie sid\ncookie sid"},
        {.name = "both of two paths elsewhere",
         COOKIE("sid=a; Path=/x\nSet-Cookie: sid=c; Path=/y",
                "sid=a; Path=/v\nSet-Cookie: sid=c; Path=/w"),
         "cookie sid; Path\ncookie sid; Path"},
        {.name = "deleted", COOKIE("sid=; Max-Age=0; Path=/", "sid=b; Path=/"), "cookie sid"},
        {.name = "deleted both, each in its way",
         DATED("sid=deleted; Expires=Thu, 01-Jan-1970 00:00:01 GMT; Path=/",
               "sid=; Max-Age=0; Path=/"),
         ""},
        {.name = "about as long",
         DATED("a=1; Max-Age=3600", "a=2; Expires=Mon, 01 Jan 2024 01:01:30 GMT"),
         ""},
        {.name = "much longer",
         DATED("a=1; Max-Age=3600", "a=2; Max-Age=7200"),
         "cookie a; lifetime"},
        {.name = "for the session", DATED("a=1", "a=2; Max-Age=7200"), "cookie a; lifetime"},
        {.name = "ends without a clock",
         COOKIE("a=1; Expires=Mon, 01 Jan 2024 00:00:00 GMT",
                "a=1; Expires=Mon, 01 Jan 2025 00:00:00 GMT"),
         "cookie a; lifetime"},
        {.name = "a rule",
         COOKIE("sid=a; Path=/", "sid=b; Path=/login"),
         "",
         .rules = "rules: [{header: Set-Cookie, ignore: true}]"},
    };
    run(pairs, COUNT(pairs));
}

static void phases_follow_each_other(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {.name = "equal", PAGE("<p>a", "<p>a"), ""},
        {.name = "status",
         {{.status = 200, .body = "<p>a"}, {.status = 404, .body = "<p>b"}},
         "status status"},
        {.name = "status beside the log's",
         {{.status = 302}, {.status = 500}},
         "status status: the source answers as logged, 302",
         .logged = 302},
        {.name = "a status of one class",
         {{.status = 200, .body = "<p>a"}, {.status = 201, .body = "<p>b"}},
         "status status\nbody p"},
        {.name = "both failed",
         {{.status = 500, .body = "<p>a"}, {.status = 500, .body = "<p>b"}},
         ""},
        {.name = "both failed in their ways", {{.status = 500}, {.status = 503}}, "status status"},
        {.name = "no answer",
         {{.status = 200}, {.status = -1}},
         "transport answer, deleted: the target did not answer"},
        {.name = "no answers",
         {{.status = -1}, {.status = -1}},
         "transport answer: neither side answered"},
        {.name = "HEAD",
         {{.headers = "Content-Type: text/html"}, {.headers = "Content-Type: text/html"}},
         "",
         "HEAD /"},
        {.name = "204", {{.status = 204}, {.status = 204}}, ""},
        {.name = "a shifted time",
         PAGE("<p>21.11.2026 12:30 Uhr</p>", "<p>21.11.2026 14:30 Uhr</p>"),
         "body p: time zone: 2 h later"},
        {.name = "a truth",
         PAGE("<p>true</p>", "<p>1</p>"),
         "body p: true and false spelled otherwise"},
        {.name = "a number", PAGE("<p>10.50</p>", "<p>10.5</p>"), "body p: same number"},
        {.name = "a fraction",
         PAGE("<p>3.75</p>", "<p>3</p>"),
         "body p: the target has no fraction"},
        {.name = "a division",
         PAGE("<p>7.36</p>", "<p>7.00</p>"),
         "body p: whole in the target, as integers are divided"},
        {.name = "another number", PAGE("<p>7.36</p>", "<p>8.00</p>"), "body p"},
        {.name = "the opposite",
         PAGE("<p>nein</p>", "<p>ja</p>"),
         "body p: true in the target, false in the source"},
        {.name = "one moment",
         PAGE("<p>20260507012539</p>", "<p>2026-05-07 01:25:39+00</p>"),
         "body p: the same time, spelled otherwise"},
        {.name = "one moment among other words",
         PAGE("{\"continue\": \"20260507012539|178\"}",
              "{\"continue\": \"2026-05-07 01:25:39+00|178\"}"),
         "body $.continue: the same time, spelled otherwise"},
        {.name = "another moment",
         PAGE("<p>20260507012539</p>", "<p>2026-05-07 01:25:38+00</p>"),
         "body p"},
        {.name = "blanks", PAGE("<pre>a  b</pre>", "<pre>a    b</pre>"), "body pre: white space"},
        {.name = "two digits", PAGE("<p>0</p>", "<p>1</p>"), "body p"},
        {.name = "rounded", PAGE("<p>3.756</p>", "<p>3.76</p>"), "body p: rounded in the target"},
        {.name = "order",
         PAGE("<ul><li>a<li>b<li>c</ul>", "<ul><li>b<li>c<li>a</ul>"),
         "body ul, reordered: the same in another order"},
        {.name = "a string for a number",
         PAGE("{\"a\": 1}", "{\"a\": \"1\"}"),
         "body $.a: a string in the target"},
        {.name = "escaped twice",
         PAGE("<p>a &amp; b</p>", "<p>a &amp;amp; b</p>"),
         "body p: escaped twice in the target"},
        {.name = "a rule",
         PAGE("<p>10.50</p>", "<p>10.5</p>"),
         "",
         .rules = "rules: [{css: p, normalise: number}]"},
        {.name = "a rule that leaves the answer out",
         PAGE("<p>a</p>", "<p>b</p>"),
         "",
         .rules = "rules: [{route: 'GET /bookings/{id}', ignore: true}]"},
    };
    run(pairs, COUNT(pairs));
}

static void the_log_is_a_third_witness(void **state)
{
    (void)state;
    static const struct {
        int logged, status[SIDES];
        bool unlike[SIDES], both_failed, equal;
    } rows[] = {
        {200, {200, 200}, {false, false}, false, true},
        {200, {404, 404}, {true, true}, false, true},
        {302, {302, 500}, {false, true}, false, false},
        {0, {200, 500}, {false, false}, false, false},
        {499, {200, 200}, {false, false}, false, true},
        {500, {500, 500}, {false, false}, true, false},
        {200, {500, 502}, {true, true}, true, false},
        {200, {-1, -1}, {false, false}, true, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct pair pair = {.name = "log", .logged = rows[i].logged};
        struct findings findings;
        struct exchange *exchange;
        pair.answer[SOURCE].status = rows[i].status[SOURCE];
        pair.answer[TARGET].status = rows[i].status[TARGET];
        check(&pair, &findings, &exchange);
        assert_int_equal(findings.unlike_log[SOURCE], rows[i].unlike[SOURCE]);
        assert_int_equal(findings.unlike_log[TARGET], rows[i].unlike[TARGET]);
        assert_int_equal(findings.both_failed, rows[i].both_failed);
        assert_int_equal(findings.equal, rows[i].equal);
        findings_free(&findings);
        exchange_free(exchange);
    }
}

static void no_secret_is_shown(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {.name = "a password",
         PAGE("<input type=password name=a value=hunter2secret>",
              "<input type=password name=a value=x>"),
         ""},
        {.name = "a member", PAGE("{\"api_key\": \"hunter2secret\"}", "{\"api_key\": \"x\"}"), ""},
        {.name = "a field's token",
         PAGE("<input type=hidden name=_token value=hunter2secret>",
              "<input type=hidden name=_token value=1>"),
         ""},
        {.name = "a script's token",
         PAGE("<script>x = {csrf: 'hunter2secret'}</script>", "<script>x = {csrf: 'y'}</script>"),
         ""},
        {.name = "a text with a known token", PAGE("<p>a " SOURCE_TOKEN "</p>", "<p>b</p>"), ""},
        {.name = "a link",
         PAGE("<a href='/x?token=hunter2secret&a=1'>", "<a href='/x?token=2&a=2'>"),
         ""},
        {.name = "a redirect", REDIRECT("/x?token=hunter2secret&a=1", "/y"), ""},
        {.name = "a cookie", COOKIE("sid=hunter2secret", "x=hunter2secret; Path=/"), ""},
        {.name = "a header", HEADERS("X-Auth-Token: hunter2secret", ""), ""},
        {.name = "a part of a header",
         HEADERS("X-Debug: a=1; token=hunter2secret", "X-Debug: token=hunter2secret"),
         ""},
    };
    for (size_t i = 0; i < COUNT(pairs); i++) {
        struct findings findings;
        struct exchange *exchange;
        check(&pairs[i], &findings, &exchange);
        assert_true(findings.count > 0);
        for (size_t k = 0; k < findings.count; k++)
            for (int side = 0; side < SIDES; side++) {
                const char *value = findings.items[k].value[side];
                if (value && (strstr(value, "hunter2secret") || strstr(value, SOURCE_TOKEN)))
                    fail_msg("%s: %s", pairs[i].name, value);
            }
        findings_free(&findings);
        exchange_free(exchange);
    }
}

/* Rows that are told apart by ids, of which the target's are the source's next ones. */
static void add_rows(struct buffer *out, enum side side, const char *odd)
{
    buffer_add_text(out, "<table><tbody>");
    for (int i = 5; i > 0; i--) {
        int id = 20 + i + (side == TARGET);
        buffer_printf(out,
                      "<tr id=row-%d data-id=%d><td><a href=/bookings/%d>%d</a><td>guest %d<td>%s",
                      id, id, id, id, i * 7 % 3, i == 3 ? odd : "1,00");
    }
    buffer_add_text(out, "</table>");
}

static void rows_are_paired_by_what_their_ids_stand_for(void **state)
{
    static struct replacement pairs[5];
    static const char *const ids[] = {"21", "22", "23", "24", "25", "26"};
    static const struct {
        const char *odd;
        size_t found;
    } rows[] = {{"1,00", 0}, {"2,00", 1}};
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++)
        pairs[i] = (struct replacement){.where = "answer",
                                        .logged = ids[i],
                                        .value = {ids[i], ids[i + 1]},
                                        .is_id = true,
                                        .kind = "booking"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange *exchange = make(&(struct pair){.name = "rows", .target = "GET /bookings"});
        struct findings findings;
        struct err err;
        exchange->replacements = pairs;
        exchange->replacement_count = COUNT(pairs);
        for (int side = 0; side < SIDES; side++) {
            fields_add(&exchange->in[side].headers, &exchange->arena, "Content-Type", "text/html",
                       9);
            add_rows(&exchange->in[side].body, (enum side)side,
                     side == TARGET ? rows[i].odd : "1,00");
        }
        const struct check_settings settings = {0};
        assert_true(check_exchange(&settings, exchange, &findings, &err));
        assert_int_equal(findings.total, rows[i].found);
        if (findings.count)
            assert_non_null(strstr(findings.items[0].path, "td[3]"));
        findings_free(&findings);
        exchange_free(exchange);
    }
}

static void more_than_the_most_is_counted(void **state)
{
    struct buffer body[SIDES] = {BUFFER_INIT(1 << 20), BUFFER_INIT(1 << 20)};
    (void)state;
    for (int side = 0; side < SIDES; side++)
        for (int i = 0; i < 3 * CHECK_MOST; i++)
            buffer_printf(&body[side], "<p id=p%d>%s</p>", i, side == SOURCE ? "one" : "two");
    struct pair pair = {.name = "many"};
    struct findings findings;
    struct exchange *exchange;
    pair.answer[SOURCE].body = (const char *)body[SOURCE].data;
    pair.answer[TARGET].body = (const char *)body[TARGET].data;
    check(&pair, &findings, &exchange);
    assert_int_equal(findings.count, CHECK_MOST);
    assert_int_equal(findings.total, 3 * CHECK_MOST);
    assert_false(findings.equal);
    findings_free(&findings);
    exchange_free(exchange);
    buffer_free(&body[SOURCE]);
    buffer_free(&body[TARGET]);
}

/* Two answers that ended with their connections, the same on both sides. */
static const struct {
    const char *type, *body;
    bool shown;
    int status;
} ends[] = {
    {"text/html", "<html><p>a</p></html>", true, 200},
    {"text/html", "<HTML>a</Html >\r\n<!-- 0.3 s --> \n<!---->\n", true, 200},
    {"text/html", "<p>a</p></html", false, 200},
    {"text/html", "<html><p>a</p><!-- </html> -->", false, 200},
    {"text/html", "<html><p>a</p></html><!-- 0.3", false, 200},
    {"text/html", "<html><p>a</p></html>b", false, 200},
    {"text/html", "</xhtml>", false, 200},
    {"text/html", "<table><tr><td>1</table>", false, 200},
    {"text/html", "", false, 200},
    {"text/html", "-->", false, 200},
    {"text/html", "<!-->", false, 200},
    {"application/json", "{\"a\": [1, \"]}\"]} \n", true, 200},
    {"application/json", "[]", true, 200},
    {"application/json", "{\"a\": \"\\\"}", false, 200},
    {"application/json", "{\"a\": [1]", false, 200},
    {"application/json", "{}{", false, 200},
    {"application/json", "12", false, 200},
    {"application/json", "]", false, 200},
    {"application/json", "[\"\\", false, 200},
    {"application/xml", "<?xml version=\"1.0\"?><!-- x --><rates day=\"1\"><r/></rates>\n", true,
     200},
    {"application/xml", "<rates><r/></Rates>", false, 200},
    {"application/xml", "<rates><rates></rates>", false, 200},
    {"application/xml", "<rates><rates/><rates a='1'\n/><rate></rate><rates></rates></rates>", true,
     200},
    {"application/xml", "<rates/>", false, 200},
    {"application/xml", "<?xml version=\"1.0\"?>", false, 200},
    {"application/xml", "<", false, 200},
    {"text/plain", "</html>", false, 200},
    {"image/png", "\x89PNG", false, 200},
    {"text/html", "moved", true, 302},
};

static void what_only_the_connection_ended_must_show_its_end_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ends); i++)
        for (int open = 0; open < 4; open++) {
            struct arena arena = ARENA_INIT;
            const char *type = arena_format(&arena, "Content-Type: %s", ends[i].type);
            const struct said said = {ends[i].status, ends[i].body, type};
            const struct pair pair = {.name = "end", .answer = {said, said}};
            struct exchange *exchange = make(&pair);
            struct findings findings;
            struct err err;
            exchange->in[SOURCE].open = open & 1;
            exchange->in[TARGET].open = open & 2;
            assert_true(check_exchange(&(struct check_settings){0}, exchange, &findings, &err));
            if (findings.may_be_cut != (open == 3 && !ends[i].shown))
                fail_msg("%s: %s", ends[i].type, ends[i].body);
            assert_true(findings.equal);
            findings_free(&findings);
            exchange_free(exchange);
            arena_free(&arena);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_only_the_connection_ended_must_show_its_end_itself),
        cmocka_unit_test(what_is_no_id_stays_different),
        cmocka_unit_test(what_is_each_sides_own_is_equal),
        cmocka_unit_test(headers_that_matter_are_compared),
        cmocka_unit_test(cookies_are_compared_by_name_and_attributes),
        cmocka_unit_test(phases_follow_each_other),
        cmocka_unit_test(the_log_is_a_third_witness),
        cmocka_unit_test(no_secret_is_shown),
        cmocka_unit_test(rows_are_paired_by_what_their_ids_stand_for),
        cmocka_unit_test(more_than_the_most_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
