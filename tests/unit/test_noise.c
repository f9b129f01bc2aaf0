/*
 * What is learnt of pairs of answers of one and the same application: the rules that are written
 * make these pairs equal, and hide nothing else. Cases first, then pages by chance.
 */
#include "../../replay/noise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void answer(struct exchange *exchange, enum side side, const char *type, const char *body,
                   const char *header)
{
    struct incoming *in = &exchange->in[side];
    in->status = 200;
    fields_add(&in->headers, &exchange->arena, "Content-Type", type, strlen(type));
    if (header) {
        size_t name = strcspn(header, ":");
        fields_add(&in->headers, &exchange->arena, arena_copy_bytes(&exchange->arena, header, name),
                   header + name + 2, strlen(header) - name - 2);
    }
    buffer_add_text(&in->body, body);
    buffer_add_text(&exchange->out[side].target, "/rates/7");
}

static struct exchange *make(uint64_t number)
{
    struct exchange *exchange = exchange_new();
    exchange->number = number;
    exchange->logged.method = "GET";
    exchange->logged.target = slice_of("/rates/7");
    exchange->logged.route = "GET /rates/{id}";
    return exchange;
}

static bool check(const struct exchange *exchange, struct rules *rules, struct findings *findings)
{
    struct err err = {0};
    const struct check_settings settings = {.learn = true, .rules = rules};
    if (!check_exchange(&settings, exchange, findings, &err))
        fail_msg("%s", err.text);
    return findings->equal;
}

static void learn(struct noise *noise, const struct exchange *exchange)
{
    struct findings findings;
    (void)check(exchange, NULL, &findings);
    noise_add(noise, exchange, &findings);
    findings_free(&findings);
}

static struct rules *write_and_read(struct noise *noise, struct buffer *text)
{
    struct rules *rules = NULL;
    struct err err;
    noise_write(noise, text);
    if (!rules_parse("learnt", (const char *)text->data, text->length, &rules, &err))
        fail_msg("%s\n%s", err.text, (const char *)text->data);
    return rules;
}

static bool is_equal(const struct exchange *exchange, struct rules *rules)
{
    struct findings findings;
    bool equal = check(exchange, rules, &findings);
    findings_free(&findings);
    return equal;
}

/* Two answers that differ by themselves, and two that differ in earnest. */
struct lesson {
    const char *name, *type;
    const char *noise[SIDES], *real[SIDES];
    const char *header[SIDES];
    const char *holds; /* in the file */
    bool not_learnt;
};

static void run(const struct lesson *lessons, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct lesson *lesson = &lessons[i];
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct noise *noise = noise_new();
        struct exchange *pair = make(1), *real = make(2);
        for (int side = 0; side < SIDES; side++) {
            answer(pair, (enum side)side, lesson->type, lesson->noise[side], lesson->header[side]);
            answer(real, (enum side)side, lesson->type,
                   lesson->real[side] ? lesson->real[side] : "", NULL);
        }
        learn(noise, pair);
        struct rules *rules = write_and_read(noise, &text);
        if (is_equal(pair, rules) == lesson->not_learnt)
            fail_msg("%s: what was learnt is %s\n%s", lesson->name,
                     lesson->not_learnt ? "equal" : "different", (const char *)text.data);
        if (lesson->real[SOURCE] && is_equal(real, rules))
            fail_msg("%s: what differs is equal\n%s", lesson->name, (const char *)text.data);
        if (lesson->holds && !strstr((const char *)text.data, lesson->holds))
            fail_msg("%s: %s is not in\n%s", lesson->name, lesson->holds, (const char *)text.data);
        rules_free(rules);
        noise_free(noise);
        exchange_free(pair);
        exchange_free(real);
        buffer_free(&text);
    }
}

#define HTML "text/html"
#define JSON "application/json"

static void a_rule_is_as_narrow_as_what_was_seen(void **state)
{
    (void)state;
    static const struct lesson lessons[] = {
        {"a number in a sentence",
         HTML,
         {"<html><body><p>12</p><p>built in 0.012 s", "<html><body><p>12</p><p>built in 0.013 s"},
         {"<html><body><p>12</p><p>12 items, built in 0.012 s",
          "<html><body><p>12</p><p>13 items, built in 0.013 s"},
         {NULL, NULL},
         "(?<=^built in )[0-9]+\\.[0-9]{3}(?= s",
         false},
        {"the same number elsewhere",
         HTML,
         {"<html><body><p>12</p><p>built in 0.012 s", "<html><body><p>12</p><p>built in 0.013 s"},
         {"<html><body><p>built in 0.012 s</p><p>built in 0.012 s",
          "<html><body><p>built in 0.013 s</p><p>built in 0.012 s"},
         {NULL, NULL},
         NULL,
         false},
        {"another shape in that place",
         HTML,
         {"<html><body><p id=t>12:05:01", "<html><body><p id=t>12:05:02"},
         {"<html><body><p id=t>12:05:01", "<html><body><p id=t>error"},
         {NULL, NULL},
         "^[0-9]{2}:[0-9]{2}:[0-9]{2}$",
         false},
        {"what is masked must be there",
         HTML,
         {"<html><body><p id=t>12:05:01", "<html><body><p id=t>12:05:02"},
         {"<html><body><p id=t>12:05:01", "<html><body><p id=t>"},
         {NULL, NULL},
         NULL,
         false},
        {"an attribute",
         HTML,
         {"<html><body><img class=a src=/x?v=81a2 alt=y>",
          "<html><body><img class=a src=/x?v=93b4 alt=y>"},
         {"<html><body><img class=a src=/x?v=81a2 alt=y>",
          "<html><body><img class=a src=/z?v=93b4 alt=y>"},
         {NULL, NULL},
         "attribute: 'src'",
         false},
        {"another attribute of it",
         HTML,
         {"<html><body><img class=a src=/x?v=81a2 alt=y>",
          "<html><body><img class=a src=/x?v=93b4 alt=y>"},
         {"<html><body><img class=a src=/x alt=y>", "<html><body><img class=a src=/x alt=z>"},
         {NULL, NULL},
         NULL,
         false},
        {"words of any shape in an element",
         HTML,
         {"<html><body><q class=day>to be, or not</q><p>a",
          "<html><body><q class=day>all the world's a stage, and more</q><p>a"},
         {"<html><body><q class=day>to be</q><p>a", "<html><body><q class=day>to be</q><p>b"},
         {NULL, NULL},
         "html > body > q",
         false},
        {"an element that only one has",
         HTML,
         {"<html><body><div class=hint>new</div><p>a", "<html><body><p>a"},
         {"<html><body><div class=box>new</div><p>a", "<html><body><p>a"},
         {NULL, NULL},
         "ignore: true",
         false},
        {"an element that only one has, and nothing tells it",
         HTML,
         {"<html><body><p>b</p><p>a", "<html><body><p>a"},
         {NULL, NULL},
         {NULL, NULL},
         "# Not learnt",
         true},
        {"an order",
         HTML,
         {"<html><body><ul id=tags><li>a<li>b<li>c</ul>",
          "<html><body><ul id=tags><li>c<li>a<li>b</ul>"},
         {"<html><body><ul id=tags><li>a<li>b<li>c</ul>",
          "<html><body><ul id=tags><li>c<li>a<li>d</ul>"},
         {NULL, NULL},
         "ignore: order",
         false},
        {"another list's order",
         HTML,
         {"<html><body><ul id=tags><li>a<li>b<li>c</ul>",
          "<html><body><ul id=tags><li>c<li>a<li>b</ul>"},
         {"<html><body><ul id=more><li>a<li>b<li>c</ul>",
          "<html><body><ul id=more><li>c<li>a<li>b</ul>"},
         {NULL, NULL},
         NULL,
         false},
        {"the cells of a column",
         HTML,
         {"<html><body><table id=t><tr><td>1<td>a 10<tr><td>2<td>a 20<tr><td>3<td>a 30</table>",
          "<html><body><table id=t><tr><td>1<td>a 11<tr><td>2<td>a 21<tr><td>3<td>a 31</table>"},
         {"<html><body><table id=t><tr><td>1<td>a 10<tr><td>2<td>a 20<tr><td>3<td>a 30</table>",
          "<html><body><table id=t><tr><td>4<td>a 10<tr><td>2<td>a 20<tr><td>3<td>a 30</table>"},
         {NULL, NULL},
         "table#t > tr > td:nth-child(2)",
         false},
        {"a script",
         HTML,
         {"<html><body><script>var now = 1732245800; var price = 5;</script>",
          "<html><body><script>var now = 1732245912; var price = 5;</script>"},
         {"<html><body><script>var now = 1732245800; var price = 5;</script>",
          "<html><body><script>var now = 1732245912; var price = 6;</script>"},
         {NULL, NULL},
         "(?<=^var now = )[0-9]{10}(?=; var price = 5;$)",
         false},
        {"numbers in a comment, each told by what stands around it, and put to the right",
         HTML,
         {"<html><body><p>a</p><div id=x>b<p>c</p><!-- used: 0.012 s, total: 1999 ms, 100.0%    "
          "5.2 "
          "of it --></div>",
          "<html><body><p>a</p><div id=x>b<p>c</p><!-- used: 0.013 s, total: 1457 ms, 100.0%   "
          "12.7 "
          "of it --></div>"},
         {"<html><body><p>a</p><div id=x>b<p>c</p><!-- used: 0.012 s, total: 1999 ms, 100.0%    "
          "5.2 "
          "of it --></div>",
          "<html><body><p>a</p><div id=x>b<p>c</p><!-- used: 0.012 s, total: 1999 ms, 101.0%    "
          "5.2 "
          "of it --></div>"},
         {NULL, NULL},
         "(?<= s, total: )[0-9]+(?= ms, 100",
         false},
        {"a comment behind the page",
         HTML,
         {"<html><body><p>a</p></body></html><!-- served by node 12 -->",
          "<html><body><p>a</p></body></html><!-- served by node 17 -->"},
         {"<html><body><p>12</p></body></html><!-- served by node 12 -->",
          "<html><body><p>17</p></body></html><!-- served by node 17 -->"},
         {NULL, NULL},
         "type: html",
         false},
        {"a member",
         JSON,
         {"{\"a\": 1, \"took\": 12}", "{\"a\": 1, \"took\": 15}"},
         {"{\"a\": 12, \"took\": 12}", "{\"a\": 15, \"took\": 15}"},
         {NULL, NULL},
         "json: '$.took'",
         false},
        {"a member that is null at times",
         JSON,
         {"{\"a\": 1, \"b\": null}", "{\"a\": 1, \"b\": 3}"},
         {"{\"a\": 1, \"b\": null}", "{\"a\": 2, \"b\": 3}"},
         {NULL, NULL},
         "ignore: true",
         false},
        {"a member that only one has",
         JSON,
         {"{\"a\": 1, \"it's\": 2, \"d\": {\"x\": 1}}", "{\"a\": 1, \"it's\": 2}"},
         {"{\"a\": 1}", "{\"a\": 1, \"e\": 3}"},
         {NULL, NULL},
         "json: '$.d'",
         false},
        {"members of a list",
         JSON,
         {"{\"l\": [{\"i\": 1, \"t\": \"12:01\"}, {\"i\": 2, \"t\": \"12:01\"}, {\"i\": 3, \"t\": "
          "\"12:01\"}]}",
          "{\"l\": [{\"i\": 1, \"t\": \"12:02\"}, {\"i\": 2, \"t\": \"12:02\"}, {\"i\": 3, \"t\": "
          "\"12:02\"}]}"},
         {"{\"l\": [{\"i\": 1, \"t\": \"12:01\"}]}", "{\"l\": [{\"i\": 2, \"t\": \"12:02\"}]}"},
         {NULL, NULL},
         "$.l[*].t",
         false},
        {"XML",
         "text/xml",
         {"<r><a x='1'>b</a><t>12:01:05</t></r>", "<r><a x='1'>b</a><t>12:01:06</t></r>"},
         {"<r><a x='1'>b</a><t>12:01:05</t></r>", "<r><a x='1'>c</a><t>12:01:06</t></r>"},
         {NULL, NULL},
         "xpath: '/r/t'",
         false},
        {"a line of a text",
         "text/plain",
         {"rooms 12\nuptime: 1203 s\n", "rooms 12\nuptime: 1307 s\n"},
         {"rooms 12\nuptime: 1203 s\n", "rooms 13\nuptime: 1307 s\n"},
         {NULL, NULL},
         "type: text",
         false},
        {"a line that nothing stands before",
         "text/plain",
         {"12\n", "13\n"},
         {NULL, NULL},
         {NULL, NULL},
         "# Not learnt",
         true},
        {"bytes",
         "image/png",
         {"\x89PNG 1", "\x89PNG 2"},
         {NULL, NULL},
         {NULL, NULL},
         "compared as bytes",
         true},
        {"a header",
         HTML,
         {"<p>a", "<p>a"},
         {NULL, NULL},
         {"X-Node: web-12", "X-Node: web-17"},
         "header: 'X-Node'",
         false},
        {"a header that only one has",
         HTML,
         {"<p>a", "<p>a"},
         {NULL, NULL},
         {"X-Node: web-12", NULL},
         "header: 'X-Node'",
         false},
        {"a cookie that only one sets",
         HTML,
         {"<p>a", "<p>a"},
         {NULL, NULL},
         {"Set-Cookie: visit=1", NULL},
         "# Not learnt",
         true},
        {"quotes and letters of all kinds",
         HTML,
         {"<html><body><p>it's Zürich's “12” o'clock: 5</p>",
          "<html><body><p>it's Zürich's “13” o'clock: 5</p>"},
         {"<html><body><p>it's Zürich's “12” o'clock: 5</p>",
          "<html><body><p>it's Zürich's “13” o'clock: 6</p>"},
         {NULL, NULL},
         "Zürich''s )",
         false},
    };
    run(lessons, COUNT(lessons));
}

/* Answers come in the order in which sessions end. */
static void the_same_is_written_whichever_answer_is_learnt_from_first(void **state)
{
    static const char *const pages[][SIDES] = {
        {"<p>Rates<div><b>seen 11 times</b><i>new</i><b>left 5 rooms</b></div>",
         "<p>Rates<div><b>seen 11 times</b><i>new</i><b>left 6 rooms</b></div>"},
        {"<p>Rates<div><b>seen 12 times</b><i>new</i><b>left 5 rooms</b></div>",
         "<p>Rates<div><b>seen 137 times</b><i>new</i><b>left 5 rooms</b></div>"},
        {"<p>Rates<div><b>seen 14 times</b><i>new</i><b>left 7 rooms</b></div>",
         "<p>Rates<div><b>seen 1500 times</b><i>new</i><b>left 18 rooms</b></div>"}};
    struct buffer text[] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
    (void)state;
    for (size_t turned = 0; turned < 2; turned++) {
        struct noise *noise = noise_new();
        for (size_t i = 0; i < COUNT(pages); i++) {
            size_t page = turned ? COUNT(pages) - 1 - i : i;
            struct exchange *pair = make(page + 1);
            for (int side = 0; side < SIDES; side++)
                answer(pair, (enum side)side, "text/html", pages[page][side], NULL);
            learn(noise, pair);
            exchange_free(pair);
        }
        noise_write(noise, &text[turned]);
        noise_free(noise);
    }
    assert_non_null(strstr((const char *)text[0].data, "rules:"));
    assert_string_equal((const char *)text[0].data, (const char *)text[1].data);
    buffer_free(&text[0]);
    buffer_free(&text[1]);
}

static void no_secret_is_written(void **state)
{
    (void)state;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct noise *noise = noise_new();
    struct exchange *pair = make(1);
    static const char *const bodies[SIDES] = {
        "<html><body><input type=password name=pw value='open sesame 1'><p>x",
        "<html><body><input type=password name=pw value='open sesame 22'><p>x"};
    for (int side = 0; side < SIDES; side++)
        answer(pair, (enum side)side, HTML, bodies[side],
               side == SOURCE ? "X-Auth-Token: hunter2one" : "X-Auth-Token: hunter2two");
    learn(noise, pair);
    struct rules *rules = write_and_read(noise, &text);
    assert_null(strstr((const char *)text.data, "sesame"));
    assert_null(strstr((const char *)text.data, "hunter2"));
    assert_true(is_equal(pair, rules));
    rules_free(rules);
    noise_free(noise);
    exchange_free(pair);
    buffer_free(&text);
}

static void routes_with_one_rule_share_it_and_places_are_bounded(void **state)
{
    (void)state;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct noise *noise = noise_new();
    for (uint64_t i = 0; i < NOISE_PLACES + 100; i++) {
        struct exchange *pair = make(i + 1);
        pair->logged.route = arena_format(&pair->arena, "GET /page%llu", (unsigned long long)i);
        answer(pair, SOURCE, HTML, "<html><body><p>took 12 ms</p>", NULL);
        answer(pair, TARGET, HTML, "<html><body><p>took 15 ms</p>", NULL);
        learn(noise, pair);
        exchange_free(pair);
    }
    struct rules *rules = write_and_read(noise, &text);
    assert_int_equal(rules_count(rules), 1);
    assert_non_null(strstr((const char *)text.data, "100 differences are not in this file"));
    rules_free(rules);
    noise_free(noise);
    buffer_free(&text);
}

/* Of the pages of a wiki; their names follow. */
static const char *wiki;

/* A page of a wiki: a comment that holds two times and a count, and a table of a price. */
static struct exchange *make_page(unsigned page, const char *const took[SIDES],
                                  const char *const price[SIDES])
{
    struct exchange *pair = make(page + 1);
    pair->logged.route = arena_format(&pair->arena, "%sPage_%c", wiki, (int)('A' + page));
    pair->logged.target = slice_of(strchr(pair->logged.route, '/'));
    for (int side = 0; side < SIDES; side++)
        answer(pair, (enum side)side, HTML,
               arena_format(&pair->arena,
                            "<html><body><div id=text>%s €<p>see below</p><!-- \nCPU time: %s.%u%u "
                            "seconds\nReal time: 0.7%u%d seconds\nVisited: %u -->\n</div>",
                            price[side], took[side], page, page, page, side, 3 * page),
               NULL);
    return pair;
}

static bool is_page_equal(struct rules *rules, unsigned page, const char *const price[SIDES])
{
    static const char *const took[SIDES] = {"0.5", "0.6"};
    struct exchange *pair = make_page(page, took, price);
    bool equal = is_equal(pair, rules);
    exchange_free(pair);
    return equal;
}

static void learn_pages(void)
{
    static const char *const price[SIDES] = {"0.712", "0.712"}, *const other[SIDES] = {"0.712",
                                                                                       "0.713"};
    static const char *const took[2][SIDES] = {{"0.1", "0.2"}, {"0.3", "0.3"}};
    for (unsigned pages = 3; pages <= 5; pages++) {
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct noise *noise = noise_new();
        for (unsigned page = 0; page < pages; page++) {
            struct exchange *pair = make_page(page, took[page % 2], price);
            learn(noise, pair);
            exchange_free(pair);
        }
        struct rules *rules = write_and_read(noise, &text);
        if (is_page_equal(rules, 9, price) != (pages > 3))
            fail_msg("%u pages: another page is %s\n%s", pages, pages > 3 ? "different" : "equal",
                     (const char *)text.data);
        assert_true(is_page_equal(rules, 0, price));
        assert_false(is_page_equal(rules, 0, other));
        assert_false(is_page_equal(rules, 9, other));
        rules_free(rules);
        noise_free(noise);
        buffer_free(&text);
    }
}

static void what_four_pages_of_a_folder_show_holds_for_all_of_it(void **state)
{
    (void)state;
    static const char *const wikis[] = {"GET /wiki/",
                                        "GET /index.php?title=", "GET /w/index.php?title="};
    for (size_t i = 0; i < COUNT(wikis); i++) {
        wiki = wikis[i];
        learn_pages();
    }
}

/* ---- by chance ---- */

static uint64_t seed;

static unsigned chance(unsigned below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % below;
}

/* A page of the application: what `model` says is the same in each answer, but where it is noise.
 */
struct model {
    unsigned rows, columns, noisy_column, price[8], shape;
    bool footer, banner, list, script;
};

static void add_noise(struct buffer *out, unsigned shape)
{
    switch (shape % 6) {
    case 0:
        buffer_printf(out, "%u", chance(100000));
        break;
    case 1:
        buffer_printf(out, "%02u:%02u:%02u", chance(24), chance(60), chance(60));
        break;
    case 2:
        for (int i = 0; i < 16; i++)
            buffer_printf(out, "%x", chance(16));
        break;
    case 3:
        buffer_printf(out, "0.%03u s", chance(1000));
        break;
    case 4:
        for (unsigned i = 0, words = 1 + chance(4); i < words; i++)
            buffer_printf(out, "%c%c%c ", 'a' + chance(26), 'a' + chance(26), 'a' + chance(26));
        break;
    default:
        buffer_printf(out, "2026-%02u-%02uT%02u:00:00Z", 1 + chance(12), 1 + chance(28),
                      chance(24));
        break;
    }
}

static void build(struct buffer *out, const struct model *model, int odd)
{
    buffer_add_text(out, "<!DOCTYPE html><html><head><title>Rates</title></head><body>");
    if (model->banner && chance(2))
        buffer_add_text(out, "<div class=banner>sale</div>");
    buffer_add_text(out, "<h1>Rates</h1><table id=rates><tbody>");
    for (unsigned row = 0; row < model->rows; row++) {
        buffer_printf(out, "<tr><td>room %u</td><td class=price>%u.50</td>", row,
                      model->price[row % 8] + (odd == (int)row));
        for (unsigned column = 0; column < model->columns; column++) {
            buffer_add_text(out, "<td>");
            if (column == model->noisy_column)
                add_noise(out, model->shape);
            else
                buffer_printf(out, "%u", row * column);
            buffer_add_text(out, "</td>");
        }
        buffer_add_text(out, "</tr>");
    }
    buffer_add_text(out, "</tbody></table>");
    if (model->list) {
        static const char *const items[] = {"<li>one</li>", "<li>two</li>", "<li>three</li>"};
        unsigned first = chance(3);
        buffer_add_text(out, "<ul class=tags>");
        for (unsigned i = 0; i < 3; i++)
            buffer_add_text(out, items[(first + i) % 3]);
        buffer_add_text(out, "</ul>");
    }
    if (model->script) {
        buffer_add_text(out, "<script>var page = {built: '");
        add_noise(out, model->shape / 6);
        buffer_add_text(out, "', rooms: 7};</script>");
    }
    if (model->footer) {
        buffer_add_text(out, "<footer><p>Built in <b data-at='");
        add_noise(out, model->shape / 7);
        buffer_add_text(out, "'>");
        add_noise(out, model->shape / 5);
        buffer_add_text(out, "</b></p></footer>");
    }
    buffer_add_text(out, "</body></html>");
}

static struct exchange *make_pair(uint64_t number, const struct model *model, int odd)
{
    struct exchange *exchange = make(number);
    for (int side = 0; side < SIDES; side++) {
        struct buffer body = BUFFER_INIT(BUFFER_NO_LIMIT);
        build(&body, model, side == TARGET ? odd : -1);
        answer(exchange, (enum side)side, HTML, (const char *)body.data, NULL);
        buffer_free(&body);
    }
    return exchange;
}

static void what_was_learnt_makes_it_equal_and_nothing_else(void **state)
{
    enum { WORLDS = 150, PAIRS = 12 };
    (void)state;
    for (uint64_t world = 1; world <= WORLDS; world++) {
        seed = world;
        struct model model = {.rows = 1 + chance(12),
                              .columns = 1 + chance(4),
                              .shape = chance(1000),
                              .footer = chance(2),
                              .banner = chance(2),
                              .list = chance(2),
                              .script = chance(2)};
        model.noisy_column = chance(model.columns + 1);
        for (size_t i = 0; i < COUNT(model.price); i++)
            model.price[i] = chance(500);
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct noise *noise = noise_new();
        struct exchange *pairs[PAIRS];
        for (uint64_t i = 0; i < PAIRS; i++) {
            pairs[i] = make_pair(i + 1, &model, -1);
            learn(noise, pairs[i]);
        }
        struct rules *rules = write_and_read(noise, &text);
        for (size_t i = 0; i < PAIRS; i++) {
            if (!is_equal(pairs[i], rules))
                fail_msg("world %d, pair %zu is different\n%s\n%s\n%s", (int)world, i,
                         (const char *)text.data, (const char *)pairs[i]->in[SOURCE].body.data,
                         (const char *)pairs[i]->in[TARGET].body.data);
            exchange_free(pairs[i]);
        }
        struct exchange *odd = make_pair(99, &model, (int)chance(model.rows));
        if (is_equal(odd, rules))
            fail_msg("world %d: another price is equal\n%s", (int)world, (const char *)text.data);
        exchange_free(odd);
        rules_free(rules);
        noise_free(noise);
        buffer_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_is_as_narrow_as_what_was_seen),
        cmocka_unit_test(the_same_is_written_whichever_answer_is_learnt_from_first),
        cmocka_unit_test(no_secret_is_written),
        cmocka_unit_test(routes_with_one_rule_share_it_and_places_are_bounded),
        cmocka_unit_test(what_four_pages_of_a_folder_show_holds_for_all_of_it),
        cmocka_unit_test(what_was_learnt_makes_it_equal_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
