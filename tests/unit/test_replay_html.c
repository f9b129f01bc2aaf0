/*
 * A replay's HTML report of made-up results: what it says, and what it never says. Run with "write
 * DIR", it writes the pages that tests/e2e/html opens in a browser.
 */
#include "../../replay/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- results ---- */

static struct replay_result *new_result(enum replay_verdict verdict)
{
    struct replay_result *result = mem_zero(1, sizeof *result);
    result->verdict = verdict;
    result->started = 1795291200;
    result->seconds = 12.5;
    result->shown_url[SOURCE] = "http://127.0.0.1:8080";
    result->shown_url[TARGET] = "http://127.0.0.1:9090";
    result->ledger_path = "/var/lib/tally/replay-20261122T030000Z-4711.ledger";
    result->log_lines = 512;
    result->log_bytes = 98765;
    result->requests = 500;
    result->sessions = 41;
    result->replayed = 495;
    result->writes = 120;
    result->fates[FATE_EQUAL] = 495;
    result->replacements = 230;
    return result;
}

static void free_result(struct replay_result *result)
{
    replay_result_free(result);
    free(result);
}

static void set_steps(struct replay_result *result, struct replay_session *session, size_t count,
                      unsigned every)
{
    static const char *const targets[] = {"/login", "/rates/8812?from=2026-11-02", "/bookings/17",
                                          "/api/rooms"};
    session->requests = count;
    session->step_count = count < RESULT_STEPS ? count : RESULT_STEPS;
    session->steps = arena_alloc(&result->arena, session->step_count * sizeof *session->steps);
    for (size_t i = 0; i < session->step_count; i++) {
        enum replay_fate fate = every && i % every == every - 1 ? (i / every) % FATES : FATE_EQUAL;
        session->fates[fate]++;
        session->steps[i] =
            (struct replay_step){.number = i + 1,
                                 .line = 3 * i + 1,
                                 .arrival = 1793600412000000 + (int64_t)i * 1500000,
                                 .method = i % 4 ? "GET" : "POST",
                                 .target = targets[i % 4],
                                 .fate = fate,
                                 .why = fate == FATE_EQUAL ? "" : "body: table#rates > tr > td",
                                 .status = {200, fate == FATE_DIFFERENT ? 500 : 200},
                                 .logged_status = 200};
    }
    session->fates[FATE_EQUAL] += count - session->step_count;
}

static void set_sessions(struct replay_result *result, size_t count, size_t steps, unsigned every)
{
    result->session_count = count;
    result->session_list = arena_alloc(&result->arena, count * sizeof *result->session_list);
    for (size_t i = 0; i < count; i++) {
        struct replay_session *session = &result->session_list[i];
        session->name = arena_format(&result->arena, "%012zx", i * 7919 + 11);
        session->tenant = i % 3 ? "seeblick" : "";
        set_steps(result, session, steps ? steps : 3 + i * 5 % 37, i % 4 == 3 ? 0 : every);
    }
}

static void set_latency(struct replay_result *result, size_t count)
{
    static const char *const routes[] = {"GET /rates/{id}", "POST /bookings", "GET /", "GET /login",
                                         "GET /api/rooms"};
    result->latency_count = count;
    result->latency = arena_alloc(&result->arena, count * sizeof *result->latency);
    for (size_t i = 0; i < count; i++) {
        struct replay_latency *route = &result->latency[i];
        double base = 0.004 * (double)(1 + i * i % 17), factor = i == 1 ? 2.6 : 0.9;
        *route = (struct replay_latency){
            .route = i < COUNT(routes) ? routes[i] : arena_format(&result->arena, "GET /r/%zu", i),
            .count = 1200 / (i + 1),
            .p50 = {base, base * factor},
            .p95 = {base * 2, base * factor * 2.5},
            .p99 = {base * 5, base * factor * 6},
            .logged_p50 = base * 1.3,
            .logged_p95 = base * 3,
            .logged_p99 = base * 8,
            .ratio = factor,
            .ratio_low = factor * 0.9,
            .ratio_high = factor * 1.1,
            .slower = i == 1,
            .pair_count = 120};
        route->pairs = arena_alloc(&result->arena, route->pair_count * sizeof *route->pairs);
        for (size_t k = 0; k < route->pair_count; k++) {
            double spread = pow(1.7, sin((double)(k * 37 + i)) * 2);
            route->pairs[k][SOURCE] = base * spread;
            route->pairs[k][TARGET] = base * factor * spread * pow(1.4, cos((double)(k * 91)));
        }
    }
}

static const struct replay_group sample_groups[] = {
    {.kind = "body",
     .route = "GET /rates/{id}",
     .route_count = 1,
     .count = 11,
     .differences = 33,
     .consequences = 2,
     .path = "table#rates > tr > td.price",
     .change = "same number",
     .value_class = "money",
     .cause = "the same number, spelt in another way",
     .example = {88,
                 412,
                 "access.log",
                 "GET",
                 "/rates/8812",
                 "table#rates > tr[3] > td.price",
                 {"10.50", "10.5"}},
     .request_count = 3,
     .lines = (uint64_t[]){412, 430, 467}},
    {.kind = "status",
     .route = "POST /bookings",
     .route_count = 1,
     .count = 3,
     .differences = 3,
     .tainted = 1,
     .path = "status",
     .change = "changed",
     .value_class = "",
     .cause = "",
     .example = {17, 93, "access.log.1.gz", "POST", "/bookings", "status", {"302", "500"}},
     .request_count = 3,
     .lines = (uint64_t[]){93, 94, 120}},
    {.kind = "header",
     .route = "GET /login and 3 more",
     .route_count = 4,
     .count = 4,
     .differences = 4,
     .consequences = 4,
     .path = "Cache-Control",
     .change = "deleted",
     .value_class = "",
     .cause = "",
     .example = {2, 5, "access.log", "GET", "/login", "Cache-Control", {"no-store", NULL}},
     .request_count = 1,
     .lines = (uint64_t[]){5}},
    {.kind = "slower",
     .route = "POST /bookings",
     .route_count = 1,
     .count = 600,
     .differences = 1,
     .path = "p50",
     .change = "changed",
     .value_class = "",
     .cause = "2.6 times as long",
     .example =
         {.method = "", .target = "", .file = "", .path = "p50", .value = {"0.008 s", "0.021 s"}}},
};

static struct replay_result *make_everything(void)
{
    struct replay_result *result = new_result(REPLAY_DIFFERENT);
    static struct replay_left_out left_out[] = {
        {"body-missing", "the log does not hold its body.", false, 3, 3, {3, 18, 21}},
        {"nginx-answered",
         "nginx answered it, not the application.",
         true,
         25,
         10,
         {4, 5, 6, 7, 8, 9, 10, 11, 12, 13}}};
    static struct replay_doubt doubts[] = {
        {"both-failed", "GET /broken", "both sides answered 500, the log has 200", 2, 2, {55, 56}}};
    static struct replay_uncorrelated uncorrelated[] = {{"POST /pay", "field nonce", 4, 77}};
    static struct replay_rule rules[] = {{"the clock", 3, 480, {960, 960}},
                                         {"rule 2", 9, 0, {0, 0}}};
    static const char *notes[] = {"cookies for another host were not kept: 3."};
    static const char *texts[] = {"3 of 4 changed cells of rates.price: rounding", "id: serial"};
    static struct replay_table tables[] = {
        {{"bookings", "public.bookings"}, REPLAY_DIFFERENT, {120, 118}, 4, 2, 0, false, 2, texts},
        {{"audit", "audit"}, REPLAY_INCONCLUSIVE, {7, 7}, 1, 0, 3, true, 0, NULL}};
    static struct replay_database databases[] = {
        {.tenant = "seeblick",
         .uri = {"mysql://app@127.0.0.1/seeblick", "postgresql://app@127.0.0.1/seeblick"},
         .verdict = REPLAY_DIFFERENT,
         .table_count = 2,
         .equal_tables = 11,
         .tables = tables,
         .ids = 17,
         .ledger_path = "/var/lib/tally/verify-1.ledger"},
        {.tenant = "altstadt",
         .uri = {"mysql://app@127.0.0.1/altstadt", "postgresql://app@127.0.0.1/altstadt"},
         .verdict = REPLAY_EQUAL,
         .equal_tables = 13},
        {.tenant = "",
         .uri = {"mysql://a", NULL},
         .verdict = REPLAY_INCONCLUSIVE,
         .problem = "the target cannot be reached."}};
    result->tenants = 3;
    memcpy(result->fates, (uint64_t[]){456, 21, 6, 2, 4, 28}, sizeof result->fates);
    result->tainted = 4;
    result->uncertain = 1;
    result->both_unlike_log = 5;
    result->behind = 3.25;
    result->left_out = left_out;
    result->left_out_count = COUNT(left_out);
    result->doubts = doubts;
    result->doubt_count = COUNT(doubts);
    result->groups = (struct replay_group *)(uintptr_t)sample_groups;
    result->group_count = COUNT(sample_groups);
    result->uncorrelated = uncorrelated;
    result->uncorrelated_count = COUNT(uncorrelated);
    result->rules = rules;
    result->rule_count = COUNT(rules);
    result->masked = 960;
    result->notes = notes;
    result->note_count = COUNT(notes);
    result->databases = databases;
    result->database_count = COUNT(databases);
    set_sessions(result, 41, 0, 5);
    set_latency(result, 5);
    return result;
}

static struct replay_result *make_equal(void)
{
    struct replay_result *result = new_result(REPLAY_EQUAL);
    set_sessions(result, 6, 0, 0);
    set_latency(result, 3);
    result->latency[1].slower = false;
    return result;
}

static struct replay_result *make_one_side(void)
{
    struct replay_result *result = new_result(REPLAY_INCONCLUSIVE);
    result->one_side = true;
    result->interrupted = true;
    result->ended = "the source did not answer for 60 s.";
    result->shown_url[TARGET] = NULL;
    set_sessions(result, 3, 120, 0);
    set_latency(result, 2);
    return result;
}

static struct replay_result *make_many(void)
{
    struct replay_result *result = new_result(REPLAY_DIFFERENT);
    result->sessions = 5000;
    set_sessions(result, RESULT_SESSIONS, 250, 2);
    set_latency(result, 200);
    return result;
}

static const char *const hostile[] = {
    "<script>window.harmed=1</script>",
    "\"onmouseover=\"window.harmed=1",
    "'onload='window.harmed=1",
    "</title></style></script><img src=x onerror=window.harmed=1>",
    "a\xe2\x80\xae"
    "b\x1b[31m\x01\xff",
    "-->]]><!--",
    "&lt;&amp;&#x27;",
};

/* Every text of the result is hostile. */
static struct replay_result *make_hostile(void)
{
    struct replay_result *result = make_everything();
    struct arena *arena = &result->arena;
    size_t next = 0;
#define TEXT hostile[next++ % COUNT(hostile)]
    for (int side = 0; side < SIDES; side++)
        result->shown_url[side] = TEXT;
    result->ledger_path = TEXT;
    result->ended = TEXT;
    result->interrupted = true;
    result->groups = arena_alloc(arena, 7 * sizeof *result->groups);
    result->group_count = 7;
    for (size_t i = 0; i < 7; i++)
        result->groups[i] =
            (struct replay_group){.kind = TEXT,
                                  .route = TEXT,
                                  .count = 3,
                                  .path = TEXT,
                                  .change = TEXT,
                                  .value_class = TEXT,
                                  .cause = TEXT,
                                  .example = {1, 2, TEXT, TEXT, TEXT, TEXT, {TEXT, TEXT}}};
    result->left_out = arena_alloc(arena, 7 * sizeof *result->left_out);
    result->doubts = arena_alloc(arena, 7 * sizeof *result->doubts);
    result->uncorrelated = arena_alloc(arena, 7 * sizeof *result->uncorrelated);
    result->rules = arena_alloc(arena, 7 * sizeof *result->rules);
    result->left_out_count = result->doubt_count = result->uncorrelated_count = result->rule_count =
        7;
    for (size_t i = 0; i < 7; i++) {
        result->left_out[i] = (struct replay_left_out){.reason = TEXT, .text = TEXT, .count = 1};
        result->doubts[i] = (struct replay_doubt){.reason = TEXT, .route = TEXT, .text = TEXT};
        result->uncorrelated[i] = (struct replay_uncorrelated){.route = TEXT, .where = TEXT};
        result->rules[i] = (struct replay_rule){.name = TEXT};
    }
    for (size_t i = 0; i < result->session_count; i++) {
        struct replay_session *session = &result->session_list[i];
        session->name = TEXT;
        session->tenant = TEXT;
        for (size_t k = 0; k < session->step_count; k++) {
            session->steps[k].method = TEXT;
            session->steps[k].target = TEXT;
            session->steps[k].why = TEXT;
        }
    }
    for (size_t i = 0; i < result->latency_count; i++)
        result->latency[i].route = TEXT;
    result->notes = (const char **)(uintptr_t)hostile;
    result->note_count = COUNT(hostile);
    result->databases = arena_alloc(arena, 7 * sizeof *result->databases);
    result->database_count = 7;
    for (size_t i = 0; i < 7; i++) {
        struct replay_table *table = arena_alloc(arena, sizeof *table);
        *table = (struct replay_table){.name = {TEXT, TEXT},
                                       .text_count = COUNT(hostile),
                                       .texts = (const char **)(uintptr_t)hostile};
        result->databases[i] = (struct replay_database){.tenant = TEXT,
                                                        .uri = {TEXT, TEXT},
                                                        .problem = TEXT,
                                                        .table_count = 1,
                                                        .tables = table,
                                                        .ledger_path = TEXT};
    }
#undef TEXT
    return result;
}

static const struct page_case {
    const char *name;
    struct replay_result *(*make)(void);
} pages[] = {
    {"replay-everything", make_everything}, {"replay-equal", make_equal},
    {"replay-one-side", make_one_side},     {"replay-many", make_many},
    {"replay-hostile", make_hostile},
};

static char *page_of(struct replay_result *(*make)(void), size_t *length)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct replay_result *result = make();
    report_replay_html(result, &out);
    free_result(result);
    *length = out.length;
    char *text = mem_copy_bytes(out.data, out.length);
    buffer_free(&out);
    return text;
}

/* ---- tests ---- */

static void assert_says(const char *page, const char *words)
{
    if (!strstr(page, words))
        fail_msg("not said: %s", words);
}

static void everything_that_was_found_is_said(void **state)
{
    static const char *const words[] = {
        "The two sides differ in 27 of 495 requests: 4 groups of differences.",
        "495 requests replayed: 456 equal, 21 different, 6 consequences, 2 both failed, 4 "
        "inconclusive, 28 left out.",
        "512 lines",
        "500 requests of 41 sessions and 3 tenants",
        "of which 120 write something; 230 values were each side&#39;s own",
        "<strong>3 requests left out</strong> (body-missing): the log does not hold its body.",
        "(lines 3, 18, 21)",
        "It never reached the application",
        "both sides answered 500, the log has 200",
        "4 requests were replayed after something of the session was left out",
        "1 write may have been sent by an interrupted run",
        "<strong>11 requests</strong>, 33 places",
        "2 after their session's first difference",
        "1 after something that was left out",
        "Seen only after a session's first difference",
        "The same number, spelt in another way.",
        "10.5<mark>0</mark>",
        "request 88</code>",
        "<span class=\"muted\">none</span>",
        "In lines 412, 430, 467, ….",
        "field nonce",
        "never matched",
        "960 places were passed over",
        "up to 3.25 s behind the schedule",
        "5 requests were answered alike by both sides, and not as production did",
        "Cookies for another host were not kept: 3.",
        "3 of 4 changed cells of rates.price: rounding",
        "before the replay, too",
        "17 generated ids paired",
        "Not compared: the target cannot be reached.",
        "2.60 <span",
    };
    size_t length;
    char *page = page_of(make_everything, &length);
    (void)state;
    for (size_t i = 0; i < COUNT(words); i++)
        assert_says(page, words[i]);
    free(page);
}

static void one_side_alone_has_no_target(void **state)
{
    size_t length;
    char *page = page_of(make_one_side, &length), *body = strstr(page, "<body>");
    (void)state;
    assert_null(strstr(body, "<br>"));
    assert_null(strstr(body, "class=\"plot\""));
    assert_says(body, "--resume --ledger");
    assert_says(body, "The source did not answer for 60 s.");
    free(page);
}

static void a_thousand_sessions_make_a_page_that_can_be_opened(void **state)
{
    size_t length;
    char *page = page_of(make_many, &length);
    (void)state;
    print_message("  %zu kB\n", length / 1000);
    assert_true(length < 12000000);
    assert_says(page, "The first 200 are drawn.");
    assert_says(page, "4,000 sessions more");
    free(page);
}

static void no_value_breaks_out(void **state)
{
    size_t length;
    char *page = page_of(make_hostile, &length), *body = strstr(page, "<body>");
    (void)state;
    for (size_t i = 0; i < COUNT(hostile); i++)
        assert_null(strstr(body, hostile[i]));
    for (const char *at = body; *at; at++)
        assert_true((unsigned char)*at >= ' ' || *at == '\n');
    free(page);
}

static int write_pages(const char *folder)
{
    for (size_t i = 0; i < COUNT(pages); i++) {
        size_t length;
        char *text = page_of(pages[i].make, &length), path[1000];
        snprintf(path, sizeof path, "%s/%s.html", folder, pages[i].name);
        FILE *file = fopen(path, "w");
        if (!file || fwrite(text, 1, length, file) != length || fclose(file) != 0) {
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
        cmocka_unit_test(everything_that_was_found_is_said),
        cmocka_unit_test(one_side_alone_has_no_target),
        cmocka_unit_test(a_thousand_sessions_make_a_page_that_can_be_opened),
        cmocka_unit_test(no_value_breaks_out),
    };
    if (argc == 3 && strcmp(argv[1], "write") == 0)
        return write_pages(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
