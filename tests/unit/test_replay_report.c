/* A replay's reports of hand-made results: what people and programs are told, that the interface
 * keeps to its schema, and that no value can break a report. */
#include "../../diff/base/display.h"
#include "../../replay/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define EVIL "<script>\x1b[31m\xe2\x80\xae\"'&\\\n]]>\xff"

static uint64_t price_lines[] = {88, 93, 97};
static struct replay_group groups[] = {
    {.kind = "body",
     .route = "GET /rates/{id}",
     .route_count = 1,
     .count = 11,
     .differences = 14,
     .consequences = 3,
     .tainted = 2,
     .path = "table#rates > tr > td.price",
     .change = "changed",
     .value_class = "money",
     .cause = "same number",
     .example = {.number = 84,
                 .line = 88,
                 .file = "access.log",
                 .method = "GET",
                 .target = "/rates/4711?token=***",
                 .path = "table#rates > tr[3] > td.price",
                 .value = {"10.50", "10.5"}},
     .request_count = COUNT(price_lines),
     .lines = price_lines},
    {.kind = "body",
     .route = "GET /guests and 12 more",
     .route_count = 13,
     .count = 2,
     .differences = 2,
     .path = "nav > a",
     .change = "deleted",
     .value_class = "text",
     .cause = "",
     .example = {.number = 90,
                 .line = 93,
                 .file = "access.log",
                 .method = "GET",
                 .target = "/guests",
                 .path = "nav > a[4]",
                 .value = {"Log out", NULL}},
     .follows = "POST /bookings, 302 on the source and 500 on the target",
     .follows_line = 31,
     .request_count = 1,
     .lines = price_lines},
    {.kind = "slower",
     .route = "GET /search",
     .route_count = 1,
     .count = 40,
     .differences = 40,
     .path = "time",
     .change = "changed",
     .value_class = "",
     .cause = "2.8 times as long, surely more than 2.6 times",
     .example =
         {.file = "", .method = "", .target = "", .path = "time", .value = {"0.011 s", "0.031 s"}}},
};
static struct replay_left_out left_out[] = {
    {.reason = "body-missing",
     .text = "the log does not hold its body",
     .count = 3,
     .line_count = 3,
     .lines = {12, 13, 40}},
    {.reason = "nginx-answered",
     .text = "nginx answered itself",
     .harmless = true,
     .count = 2,
     .line_count = 2,
     .lines = {1, 2}},
    {.reason = "body-missing",
     .text = "another sentence",
     .count = 1,
     .line_count = 1,
     .lines = {50}},
};
static struct replay_doubt doubts[] = {{.reason = "both-failed",
                                        .route = "GET /admin",
                                        .text = "both sides answered 500, the log has 200",
                                        .count = 2,
                                        .line_count = 2,
                                        .lines = {70, 71}}};
static struct replay_uncorrelated uncorrelated[] = {{"POST /upload", "field _token", 4, 61}};
static struct replay_latency latency[] = {
    {.route = "GET /",
     .count = 40,
     .p50 = {0.011, 0.009},
     .p95 = {0.02, 0.019},
     .p99 = {0.03, 0.029},
     .ratio = 0.82,
     .ratio_low = 0.79,
     .ratio_high = 0.86},
    {.route = "GET /search",
     .count = 40,
     .p50 = {0.011, 0.031},
     .p95 = {0.02, 0.06},
     .p99 = {0.03, 0.09},
     .logged_p50 = 0.012,
     .logged_p95 = 0.02,
     .logged_p99 = 0.03,
     .ratio = 2.8,
     .ratio_low = 2.6,
     .ratio_high = 3.1,
     .slower = true},
    {.route = "GET /rare", .count = 2, .p50 = {1.5, 0.0004}, .ratio = 0.0003},
};
static struct replay_step steps[] = {{.number = 84,
                                      .line = 88,
                                      .arrival = 1700000000123456,
                                      .method = "GET",
                                      .target = "/rates/4711",
                                      .fate = FATE_DIFFERENT,
                                      .why = "body: td.price: same number",
                                      .status = {200, 200},
                                      .logged_status = 200},
                                     {.number = 85,
                                      .line = 89,
                                      .method = "POST",
                                      .target = "/rates",
                                      .fate = FATE_LEFT_OUT,
                                      .why = "body-missing"}};
static struct replay_session sessions[] = {{.name = "0123456789ab",
                                            .tenant = "seeblick",
                                            .requests = 2,
                                            .fates = {[FATE_DIFFERENT] = 1, [FATE_LEFT_OUT] = 1},
                                            .first_different = 84,
                                            .tainted = 85,
                                            .step_count = 2,
                                            .steps = steps},
                                           {.name = "00000000abcd", .tenant = "", .requests = 1}};
static const char *table_texts[] = {"2 rows changed: time zone.", "Another."};
static struct replay_table tables[] = {{.name = {"bookings", "public.bookings"},
                                        .verdict = REPLAY_DIFFERENT,
                                        .rows = {10, 10},
                                        .changed = 2,
                                        .text_count = 2,
                                        .texts = table_texts}};
static struct replay_database databases[] = {
    {.tenant = "seeblick",
     .uri = {"mysql://a", "postgresql://b"},
     .verdict = REPLAY_DIFFERENT,
     .table_count = 1,
     .equal_tables = 4,
     .tables = tables,
     .ids = 12,
     .ledger_path = "/var/tally/v.ledger",
     .json = "{\n  \"tally\": 1,\n  \"verdict\": \"different\"\n}\n"},
    {.tenant = NULL,
     .uri = {"mysql://c", "postgresql://d"},
     .verdict = REPLAY_INCONCLUSIVE,
     .problem = "the target cannot be reached"},
};
static struct replay_rule rules[] = {{"banner", 3, 12, {12, 11}}, {"old banner", 9, 0, {0, 0}}};
static const char *notes[] = {"2 rules never applied"};

static struct replay_result whole(void)
{
    return (struct replay_result){
        .verdict = REPLAY_DIFFERENT,
        .shown_url = {"http://127.0.0.1:8080", "http://127.0.0.1:9090"},
        .ledger_path = "/var/tally/replay.ledger",
        .started = 1700000000,
        .seconds = 12.5,
        .log_lines = 512,
        .log_bytes = 90000,
        .requests = 500,
        .sessions = 41,
        .tenants = 3,
        .left_out_count = COUNT(left_out),
        .left_out = left_out,
        .replayed = 494,
        .fates = {[FATE_EQUAL] = 470,
                  [FATE_DIFFERENT] = 16,
                  [FATE_CONSEQUENCE] = 6,
                  [FATE_BOTH_FAILED] = 2,
                  [FATE_LEFT_OUT] = 6},
        .writes = 130,
        .unlike_log = {1, 2},
        .tainted = 7,
        .group_count = COUNT(groups),
        .groups = groups,
        .doubt_count = COUNT(doubts),
        .doubts = doubts,
        .session_count = COUNT(sessions),
        .session_list = sessions,
        .latency_count = COUNT(latency),
        .latency = latency,
        .replacements = 321,
        .uncorrelated_count = COUNT(uncorrelated),
        .uncorrelated = uncorrelated,
        .rule_count = COUNT(rules),
        .rules = rules,
        .masked = 5,
        .note_count = COUNT(notes),
        .notes = notes,
        .database_count = COUNT(databases),
        .databases = databases,
    };
}

static struct replay_result clean(void)
{
    return (struct replay_result){.shown_url = {"http://a", "http://b"},
                                  .log_lines = 1,
                                  .requests = 1,
                                  .sessions = 1,
                                  .replayed = 1,
                                  .fates = {[FATE_EQUAL] = 1}};
}

static struct replay_result alone(void)
{
    static struct replay_group group = {.kind = "status",
                                        .route = "POST /bookings",
                                        .route_count = 1,
                                        .count = 1,
                                        .differences = 1,
                                        .path = "status",
                                        .change = "changed",
                                        .value_class = "",
                                        .cause = "the log has 302",
                                        .example = {.number = 3,
                                                    .line = 3,
                                                    .file = "a",
                                                    .method = "POST",
                                                    .target = "/bookings",
                                                    .path = "status",
                                                    .value = {"500", NULL}},
                                        .request_count = 1,
                                        .lines = price_lines};
    struct replay_result result = clean();
    result.one_side = true;
    result.shown_url[TARGET] = NULL;
    result.verdict = REPLAY_DIFFERENT;
    result.fates[FATE_DIFFERENT] = 1;
    result.group_count = 1;
    result.groups = &group;
    result.latency_count = 1;
    result.latency = latency;
    return result;
}

/* Every text of the result is hostile. */
static struct replay_result hostile(void)
{
    static struct replay_group group;
    static struct replay_left_out reason;
    static struct replay_doubt doubt;
    static struct replay_step step;
    static struct replay_session session;
    static struct replay_database database;
    static struct replay_table table;
    static struct replay_latency slow;
    static struct replay_uncorrelated token;
    static struct replay_rule rule;
    static const char *evil[] = {EVIL};
    group = groups[0];
    group.route = group.path = group.change = group.value_class = group.cause = EVIL;
    group.example.file = group.example.method = group.example.target = group.example.path = EVIL;
    group.example.value[SOURCE] = group.example.value[TARGET] = EVIL;
    group.follows = EVIL;
    reason = left_out[0];
    reason.reason = reason.text = EVIL;
    doubt = doubts[0];
    doubt.route = doubt.text = EVIL;
    step = steps[0];
    step.method = step.target = step.why = EVIL;
    session = sessions[0];
    session.tenant = EVIL;
    session.steps = &step;
    session.step_count = 1;
    table = tables[0];
    table.name[SOURCE] = table.name[TARGET] = EVIL;
    table.texts = evil;
    table.text_count = 1;
    database = databases[0];
    database.tenant = database.uri[SOURCE] = database.uri[TARGET] = EVIL;
    database.ledger_path = database.problem = EVIL;
    database.tables = &table;
    slow = latency[1];
    slow.route = EVIL;
    token = (struct replay_uncorrelated){EVIL, EVIL, 1, 1};
    rule = (struct replay_rule){.name = EVIL, .line = 1};
    struct replay_result result = whole();
    result.groups = &group;
    result.left_out = &reason;
    result.doubts = &doubt;
    result.session_list = &session;
    result.databases = &database;
    result.latency = &slow;
    result.uncorrelated = &token;
    result.rules = &rule;
    result.notes = evil;
    result.group_count = result.left_out_count = result.doubt_count = result.session_count = 1;
    result.database_count = result.latency_count = result.uncorrelated_count = 1;
    result.rule_count = result.note_count = 1;
    result.ended = result.ledger_path = EVIL;
    result.shown_url[SOURCE] = result.shown_url[TARGET] = EVIL;
    return result;
}

static struct replay_result empty(void)
{
    return (struct replay_result){.verdict = REPLAY_INCONCLUSIVE, .interrupted = true};
}

static struct replay_result (*const results[])(void) = {whole, clean, alone, hostile, empty};

/* ---- text ---- */

static char *text_of(struct replay_result result, bool quiet)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    report_replay_text(&result, quiet, false, &out);
    char *text = mem_copy_bytes(out.data, out.length);
    buffer_free(&out);
    return text;
}

static void assert_says(const char *text, const char *const *pieces, size_t count)
{
    const char *at = text;
    for (size_t i = 0; i < count; i++) {
        const char *found = strstr(at, pieces[i]);
        if (!found)
            fail_msg("\"%s\" is not said, or not in its place, in:\n%s", pieces[i], text);
        at = found + strlen(pieces[i]);
    }
}

static void the_text_says_the_verdict_first_and_all_there_is_in_order(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "different     the two sides differ: 16 requests (and 6 after them) in 3 groups\n\n",
        "source      http://127.0.0.1:8080\n",
        "target      http://127.0.0.1:9090\n",
        "log         512 lines (90.0 kB), 500 requests, 41 sessions, 3 tenants\n",
        "note        2 rules never applied\n",
        "replayed    494 requests, 130 of them writes, in 12.5 s\n",
        "            equal               470\n",
        "            consequence           6  different after their session's first difference\n",
        "tainted     7 requests follow what was left out",
        "own values  321 values of the log, such as tokens and ids, were sent as each side's own\n",
        "rules       2 rules; places that were not compared: 5; never applied: \"old banner\"",
        "(line 9)\n",
        "left out    6 requests\n",
        "body-missing          3  the log does not hold its body; lines 12, 13, 40\n",
        "nginx-answered        2  nginx answered itself; lines 1, 2; the app never saw them",
        "requests  found in",
        "     11  body     GET /rates/{id}\n",
        "                  table#rates > tr > td.price (money): same number\n",
        "                  request 84, line 88: GET /rates/4711?token=***\n",
        "                    source  10.50\n",
        "                    target  10.5\n",
        "in lines 88, 93, 97, …; 3 of them after their session's first difference; 2 of",
        "      2  body     GET /guests and 12 more\n",
        "                  nav > a: deleted\n",
        "                    target  (nothing)\n",
        "                  perhaps follows from line 31: POST /bookings, 302 on the source and 500 "
        "on",
        "     40  slower   GET /search\n",
        "2.8 times as long, surely more than 2.6 times",
        "sent, and neither equal nor different\n",
        "      2  GET /admin: both sides answered 500, the log has 200; lines 70, 71\n",
        "      4  POST /upload: field _token; first in line 61\n",
        "     40  GET /search",
        "2.80 (2.60 to 3.10) slower\n",
        "the databases after the replay\n",
        "seeblick: 4 of 5 tables equal; 12 generated ids paired\n",
        "bookings: 2 changed, 0 missing, 0 extra; 2 rows changed: time zone. Another.\n",
        "the target cannot be reached\n",
        "tally-diff /var/tally/replay.ledger request 84\n",
        "exit code   1: the two sides differ\n"};
    char *text = text_of(whole(), false);
    assert_says(text, pieces, COUNT(pieces));
    free(text);
}

static void quiet_says_nothing_of_a_clean_replay_and_what_matters_of_others(void **state)
{
    (void)state;
    char *text = text_of(clean(), true);
    assert_string_equal(text, "");
    free(text);
    static const char *const pieces[] = {"different     the two sides differ",
                                         "     11  body  GET /rates/{id}  table#rates",
                                         "left out    6 requests\n", "both sides answered 500"};
    text = text_of(whole(), true);
    assert_says(text, pieces, COUNT(pieces));
    assert_null(strstr(text, "10.50"));
    free(text);
}

static void of_one_side_nothing_is_said_of_a_target(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "different     it does not answer as the log says: 1 request", "POST /bookings",
        "status: the log has 302", "source  500", "exit code   1: it does not answer"};
    char *text = text_of(alone(), false);
    assert_says(text, pieces, COUNT(pieces));
    assert_null(strstr(text, "target"));
    assert_null(strstr(text, "two sides"));
    free(text);
}

static void a_long_kind_stands_apart_from_its_route(void **state)
{
    (void)state;
    const struct replay_result result = alone();
    struct replay_group group = result.groups[0];
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    group.kind = "transport";
    report_replay_text_group(&result, &group, &out);
    assert_non_null(strstr((const char *)out.data, "  transport POST /bookings\n"));
    buffer_free(&out);
}

static void no_line_is_wider_than_a_hundred_columns_and_none_commands_a_terminal(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(results); i++) {
        char *text = text_of(results[i](), false), *rest = NULL;
        for (const char *at = text; *at; at++)
            if (((unsigned char)*at < 0x20 && *at != '\n') || *at == 0x7f)
                fail_msg("a control character in:\n%s", text);
        assert_null(strstr(text, "\xe2\x80\xae"));
        for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
            if (display_width(line) > 100)
                fail_msg("%zu columns: %s", display_width(line), line);
        free(text);
    }
}

static void of_several_logs_each_line_says_its_file(void **state)
{
    (void)state;
    struct replay_group rotated[2] = {groups[0], groups[1]};
    struct replay_result result = whole();
    rotated[1].example.file = "/var/log/nginx/access.log.1";
    result.groups = rotated;
    result.group_count = 2;
    static const char *const pieces[] = {"request 84, line 88 of access.log: GET",
                                         "request 90, line 93 of access.log.1: GET"};
    char *text = text_of(result, false);
    assert_says(text, pieces, COUNT(pieces));
    free(text);
}

static void colour_is_for_verdicts_alone(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct replay_result result = whole();
    report_replay_compose("text", &result, false, true, &out);
    assert_memory_equal(out.data, "\033[31mdifferent\033[0m", 18);
    buffer_clear(&out);
    report_replay_compose("text", &result, false, false, &out);
    assert_null(strchr((const char *)out.data, '\033'));
    buffer_free(&out);
}

/* ---- programs ---- */

static void write_file(const char *folder, const char *name, size_t n, const struct buffer *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%zu.%s", folder, n, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text->data, 1, text->length, file), text->length);
    assert_int_equal(fclose(file), 0);
}

/* Tests run in the project's folder. */
static int run(const char *format, const char *folder)
{
    char command[400];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(command, sizeof command, format, folder);
#pragma GCC diagnostic pop
    return system(command);
}

static void every_report_for_programs_keeps_to_its_form(void **state)
{
    (void)state;
    char folder[] = "/tmp/tally-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < COUNT(results); i++) {
        struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct replay_result result = results[i]();
        report_replay_json(&result, &out);
        write_file(folder, "json", i, &out);
        buffer_clear(&out);
        report_replay_junit(&result, &out);
        write_file(folder, "xml", i, &out);
        buffer_free(&out);
    }
    int schema = run("tests/e2e/schema replay/tally-replay.schema.json %s >&2", folder);
    int xml = run("python3 -c 'import sys, xml.dom.minidom\n"
                  "for path in sys.argv[1:]: xml.dom.minidom.parse(path)' %s/*.xml",
                  folder);
    run("rm -r %s", folder);
    assert_int_equal(schema, 0);
    assert_int_equal(xml, 0);
}

static void the_json_is_that_of_the_interface(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "\"tally\": 1,",
        "\"verdict\": \"different\",",
        "\"log\": {",
        "\"lines\": 512,",
        "\"requests\": 500,",
        "\"skipped\": {\"body-missing\": 4, \"nginx-answered\": 2}",
        "\"replayed\": 494,",
        "\"equal\": 470,",
        "\"consequences\": 6,",
        "\"both_failed\": 2,",
        "{\"kind\": \"body\", \"route\": \"GET /rates/{id}\", \"routes\": 1, \"count\": 11,",
        "\"path\": \"table#rates > tr > td.price\", \"change\": \"changed\", \"class\": \"money\", "
        "\"cause\": \"same number\", \"example\": {\"line\": 88,",
        "\"source\": \"10.50\", \"target\": \"10.5\"}, \"requests\": [88, 93, 97]}",
        "\"example\": {\"line\": null,",
        "{\"route\": \"GET /\", \"count\": 40, \"source_p50\": 0.011, \"target_p50\": 0.009, "
        "\"ratio\": 0.82,",
        "\"ratio_low\": null",
        "\"seconds\": 12.5,",
        "\"seeblick\": {\"replay\": {\"verdict\": \"different\", \"problem\": null,",
        "}, \"tally\": 1,\n  \"verdict\": \"different\"\n}",
        "\"\": {\"replay\": {\"verdict\": \"inconclusive\""};
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct replay_result result = whole();
    report_replay_json(&result, &out);
    assert_says((const char *)out.data, pieces, COUNT(pieces));
    buffer_free(&out);
}

static void junit_fails_for_differences_and_errs_for_what_was_not_compared(void **state)
{
    (void)state;
    static const struct {
        struct replay_result (*result)(void);
        const char *counts;
    } cases[] = {
        {whole, "tests=\"10\" failures=\"5\" errors=\"4\" skipped=\"0\""},
        {clean, "tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\""},
        {alone, "tests=\"2\" failures=\"2\" errors=\"0\" skipped=\"0\""},
        {empty, "tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct replay_result result = cases[i].result();
        report_replay_junit(&result, &out);
        if (!strstr((const char *)out.data, cases[i].counts))
            fail_msg("no %s in:\n%s", cases[i].counts, (const char *)out.data);
        buffer_free(&out);
    }
}

/* ---- files ---- */

static void a_report_goes_to_its_file_whole_or_not_at_all(void **state)
{
    (void)state;
    char folder[] = "/tmp/tally-test-XXXXXX", path[100], wish[120], bad[] = "pdf=x";
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/out.txt", folder);
    snprintf(wish, sizeof wish, "json=%s/out.json", folder);
    struct text_list reports = {0};
    struct report_replay_files *files;
    struct replay_result result = clean();
    struct err err;
    text_list_add(&reports, wish);
    struct report_replay_wish wanted = {
        .format = "text", .output_path = path, .reports = &reports, .quiet = true};
    assert_true(report_replay_open(&wanted, &files, &err));
    report_replay_drop(files);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(access(strchr(wish, '/'), F_OK), -1);
    assert_true(report_replay_open(&wanted, &files, &err));
    assert_true(report_replay_write(files, &result, &err));
    assert_int_equal(run("grep -q 'both sides answer alike' %s/out.txt", folder), 0);
    assert_int_equal(run("grep -q '\"verdict\": \"equal\"' %s/out.json", folder), 0);
    assert_int_equal(run("test \"$(ls -A %s | wc -l)\" = 2", folder), 0);
    text_list_add(&reports, bad);
    assert_false(report_replay_open(&wanted, &files, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.text, REPORT_REPLAY_FORMATS));
    text_list_free(&reports);
    run("rm -r %s", folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_says_the_verdict_first_and_all_there_is_in_order),
        cmocka_unit_test(quiet_says_nothing_of_a_clean_replay_and_what_matters_of_others),
        cmocka_unit_test(of_one_side_nothing_is_said_of_a_target),
        cmocka_unit_test(a_long_kind_stands_apart_from_its_route),
        cmocka_unit_test(no_line_is_wider_than_a_hundred_columns_and_none_commands_a_terminal),
        cmocka_unit_test(of_several_logs_each_line_says_its_file),
        cmocka_unit_test(colour_is_for_verdicts_alone),
        cmocka_unit_test(every_report_for_programs_keeps_to_its_form),
        cmocka_unit_test(the_json_is_that_of_the_interface),
        cmocka_unit_test(junit_fails_for_differences_and_errs_for_what_was_not_compared),
        cmocka_unit_test(a_report_goes_to_its_file_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
