/* tally-diff LEDGER request N: one pair of a replay's ledger, in every format. */
#include "../../diff/compare.h"
#include "../../diff/ledger.h"
#include "../../diff/pair.h"
#include "../../diff/pair_command.h"

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

static char folder[] = "/tmp/tally-test-XXXXXX", path[64], output[64], rules[64];

static struct pair_field source_fields[] = {{"Content-Type", "text/html"}, {"X-Version", "1"}};
static struct pair_field target_fields[] = {
    {"content-type", "text/html"}, {"X-Version", "2"}, {"X-New", "\033[31mred"}};
static struct pair_own own[] = {{"path 2", {"9001", "9044"}}};

static const char source_page[] =
    "<h1>Booking 9001</h1><p class=price>10.50</p><script>alert(1)</script>";
static const char target_page[] =
    "<h1>Booking 9044</h1><p class=price>10.5</p><script>alert(2)</script>";

static struct pair whole(uint64_t number)
{
    struct pair pair = {.number = number,
                        .line = 412,
                        .arrival = 1700000000123456,
                        .file = "access.log",
                        .method = "GET",
                        .target = "/bookings/8812?<x>",
                        .session = "0123456789ab",
                        .tenant = "seeblick",
                        .logged_status = 200,
                        .own_count = 1,
                        .own = own};
    pair.answers[SOURCE] = (struct pair_answer){.asked = true,
                                                .status = 200,
                                                .target = "/bookings/9001?<x>",
                                                .field_count = COUNT(source_fields),
                                                .fields = source_fields,
                                                .total = 0.02,
                                                .first_byte = 0.005,
                                                .body = (const unsigned char *)source_page,
                                                .length = sizeof source_page - 1};
    pair.answers[TARGET] = (struct pair_answer){.asked = true,
                                                .status = 200,
                                                .field_count = COUNT(target_fields),
                                                .fields = target_fields,
                                                .total = 0.03,
                                                .body = (const unsigned char *)target_page,
                                                .length = sizeof target_page - 1};
    return pair;
}

static void put(struct ledger *ledger, const struct pair *pair)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct err err = {0};
    pair_encode(pair, NULL, &bytes);
    assert_true(
        ledger_put(ledger, PAIR_KIND, (int64_t)pair->number, 0, bytes.data, bytes.length, &err));
    buffer_free(&bytes);
}

/* As the replay judged: the heading is each side's own, a header and two places differ. */
static void judge(struct pair *pair, struct pair_known *known)
{
    static const char *headers[] = {"X-New"};
    const struct answer answers[SIDES] = {
        {pair->answers[SOURCE].body, pair->answers[SOURCE].length, "text/html"},
        {pair->answers[TARGET].body, pair->answers[TARGET].length, "text/html"}};
    struct comparison found;
    struct err err = {0};
    assert_true(compare_answers(answers, CONTENT_AUTO, NULL, &found, &err));
    assert_int_equal(found.count, 3);
    pair->judged = true;
    pair->judgement = (struct pair_judgement){.alike = true,
                                              .header_count = 1,
                                              .headers = headers,
                                              .differences = 2,
                                              .type = CONTENT_HTML,
                                              .known_count = 1,
                                              .known = known};
    for (int side = 0; side < SIDES; side++) {
        pair->judgement.nodes[side] = found.trees[side].count;
        known->node[side] = found.differences[0].node[side];
    }
    known->kind = PAIR_KNOWN_ID;
    known->attribute = NULL;
    comparison_free(&found);
}

/* Bytes of version 1: without what the replay found. */
static void put_old(struct ledger *ledger, const struct pair *pair)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct err err = {0};
    pair_encode(pair, NULL, &bytes);
    bytes.data[0] = 1;
    assert_true(ledger_put(ledger, PAIR_KIND, (int64_t)pair->number, 0, bytes.data,
                           bytes.length - 1, &err));
    buffer_free(&bytes);
}

static int make_ledger(void **state)
{
    struct ledger *ledger = NULL;
    struct err err = {0};
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/ledger", folder);
    snprintf(output, sizeof output, "%s/report", folder);
    snprintf(rules, sizeof rules, "%s/rules.yml", folder);
    FILE *file = fopen(rules, "w");
    assert_non_null(file);
    fputs("rules:\n- {route: \"GET /bookings/{id}\", css: h1, ignore: true}\n"
          "- {css: p.price, normalise: number}\n- {css: script, ignore: true}\n",
          file);
    fclose(file);
    assert_true(ledger_create(path, "replay", &ledger, &err));
    struct pair pair = whole(7);
    put(ledger, &pair);
    pair = whole(8);
    pair.answers[TARGET].body = pair.answers[SOURCE].body;
    pair.answers[TARGET].length = pair.answers[SOURCE].length;
    put(ledger, &pair);
    pair.number = 9;
    pair.answers[TARGET].status = 500;
    put(ledger, &pair);
    pair = whole(10);
    pair.answers[TARGET].failure = "no answer within 30 s";
    pair.answers[TARGET].status = 0;
    put(ledger, &pair);
    pair = whole(11);
    pair.answers[TARGET] = (struct pair_answer){0};
    put(ledger, &pair);
    pair = whole(12);
    pair.answers[SOURCE].whole = pair.answers[TARGET].whole = 9000000;
    pair.answers[TARGET].body = pair.answers[SOURCE].body;
    pair.answers[TARGET].length = pair.answers[SOURCE].length;
    put(ledger, &pair);
    struct pair_known known;
    pair = whole(14);
    judge(&pair, &known);
    put(ledger, &pair);
    pair = whole(15);
    put_old(ledger, &pair);
    pair = whole(16);
    pair.answers[TARGET].status = 404;
    pair.judged = true;
    put(ledger, &pair);
    assert_true(ledger_save(ledger, &err));
    ledger_close(ledger);
    return 0;
}

static int remove_ledger(void **state)
{
    (void)state;
    unlink(path);
    unlink(output);
    unlink(rules);
    return rmdir(folder);
}

/* Each has a request and what the report must hold. */
static const struct show_case {
    const char *number, *format;
    bool rules;
    int exit_code;
    const char *holds[6];
} cases[] = {
    {"7",
     "text",
     false,
     1,
     {"Request 7: GET /bookings/8812?<x>\naccess.log:412, 2023-11-14 22:13:20.123456 UTC, session "
      "0123456789ab, tenant seeblick, answered 200 in the log\n",
      "the source was asked for /bookings/9001?<x>", "- X-Version: 1\n+ X-Version: 2\n",
      "  Content-Type: text/html\n", "X-New: \\x1b[31mred", "the sides' own values of one id"}},
    {"7", "text", true, 0, {"The bodies are equal: html, equal; "}},
    {"7",
     "json",
     false,
     1,
     {"\"number\": 7", "\"not_compared\": null", "\"path\": ", "\"note\": \"the sides' own",
      "\"first_byte\": 0.005000", "{\"where\": \"path 2\", \"source\": \"9001\""}},
    {"7",
     "html",
     false,
     1,
     {"<!DOCTYPE html>", "&lt;x&gt;", "alert(<mark>1</mark>)", "90<mark>44</mark>"}},
    {"8", "text", false, 0, {"The bodies are equal: html, equal"}},
    {"9", "text", false, 1, {"The bodies are equal", "500"}},
    {"10", "text", false, 2, {"no answer within 30 s", "the target gave no whole answer."}},
    {"10", "json", false, 2, {"\"not_compared\": \"the target gave", "\"body\": null"}},
    {"10", "html", false, 2, {"no answer within 30 s"}},
    {"11", "text", false, 2, {"one side alone was asked.", "  X-Version: 1\n"}},
    {"11", "json", false, 2, {"\"target\": null,"}},
    {"12", "text", false, 2, {"Only the beginnings", "9,000,000 bytes, of which "}},
    {"14",
     "text",
     false,
     1,
     {"~ X-Version: 1 = 2\n+ X-New: ", "\nhtml, 2 differences: 2 changed\n",
      "\nKnown to differ, and no difference to the replay: 1 id\n  ",
      "h1  id: Booking 9001 = Booking 9044\n"}},
    {"14", "text", true, 1, {"The replay found 2 differences in the bodies.\n"}},
    {"14",
     "json",
     false,
     1,
     {"\"replay\": {\"compared\": \"all\", \"differences\": 2, \"headers\": [\"X-New\"], "
      "\"known\": [\n    {\"kind\": \"id\", \"path\": "}},
    {"14", "html", false, 1, {"<h2 id=\"known\">Known to differ</h2>", "no difference to the"}},
    {"15", "text", false, 1, {"html, 3 differences", "the sides' own values of one id"}},
    {"15", "json", false, 1, {"\"replay\": null"}},
    {"16", "text", false, 1, {"- X-Version: 1\n", "The replay compared nothing but the status."}},
    {"13", "text", false, 2, {"No answers to request 13 are kept: they were equal"}},
    {"13", "json", false, 2, {"\"kept\": false"}},
};

static bool ask(const char *const *words, size_t count, struct buffer *out, int *exit_code,
                struct err *err)
{
    char *argv[12] = {mem_copy_string("tally-diff")};
    for (size_t i = 0; i < count; i++)
        argv[i + 1] = mem_copy_string(words[i]);
    bool good = pair_command((int)count + 1, argv, out, exit_code, err);
    for (size_t i = 0; i <= count; i++)
        free(argv[i]);
    return good;
}

static void a_pair_is_shown_in_full(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *words[] = {path,      "request", cases[i].number, "--format", cases[i].format,
                               "--rules", rules};
        struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct err err = {0};
        int exit_code = -1;
        print_message("  request %s as %s\n", cases[i].number, cases[i].format);
        if (!ask(words, cases[i].rules ? 7 : 5, &out, &exit_code, &err))
            fail_msg("%s", err.text);
        assert_int_equal(exit_code, cases[i].exit_code);
        for (size_t k = 0; k < COUNT(cases[i].holds) && cases[i].holds[k]; k++)
            if (!strstr((const char *)out.data, cases[i].holds[k]))
                fail_msg("not said: %s\n%s", cases[i].holds[k], (const char *)out.data);
        if (strcmp(cases[i].format, "html") == 0)
            assert_null(strstr((const char *)out.data, "<script>alert"));
        buffer_free(&out);
    }
}

static void all_kept_requests_are_listed(void **state)
{
    (void)state;
    const char *words[] = {path, "request"};
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct err err = {0};
    int exit_code = -1;
    assert_true(ask(words, 2, &out, &exit_code, &err));
    assert_int_equal(exit_code, 0);
    assert_non_null(strstr((const char *)out.data,
                           "       9  200 500  GET /bookings/8812?<x>  (access.log:412)\n"));
    buffer_free(&out);
}

static void a_body_is_written_as_it_is_kept(void **state)
{
    (void)state;
    const char *words[] = {path, "request", "7", "--body", "target", "-o", output};
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct err err = {0};
    int exit_code = -1;
    char text[200] = "";
    assert_true(ask(words, 5, &out, &exit_code, &err));
    assert_string_equal((const char *)out.data, target_page);
    buffer_clear(&out);
    assert_true(ask(words, 7, &out, &exit_code, &err));
    assert_int_equal(out.length, 0);
    FILE *file = fopen(output, "r");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof text, file), sizeof target_page - 1);
    fclose(file);
    buffer_free(&out);
}

static void wrong_usage_is_refused_and_the_ledger_is_not_written(void **state)
{
    static const struct {
        const char *words[6], *said;
    } wrong[] = {
        {{path}, "give LEDGER request N; tally-replay report LEDGER"},
        {{path, "orders"}, "give LEDGER request N"},
        {{path, "request", "0"}, "a request has a number"},
        {{path, "request", "7x"}, "a request has a number"},
        {{path, "request", "-7"}, "option"},
        {{path, "request", "99999999999999999999"}, "a request has a number"},
        {{path, "request", "7", "-o", path}, "is read: the report must go elsewhere"},
        {{path, "request", "7", "--rules", "/nonexistent"}, "/nonexistent"},
        {{path, "request", "13", "--format", "html"}, "no answers to request 13 are kept"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct err err = {0};
        int exit_code = -1;
        size_t count = 0;
        while (count < 6 && wrong[i].words[count])
            count++;
        assert_false(ask(wrong[i].words, count, &out, &exit_code, &err));
        assert_int_equal(err.code, ERR_USAGE);
        if (!strstr(err.text, wrong[i].said))
            fail_msg("\"%s\" does not say \"%s\"", err.text, wrong[i].said);
        assert_int_equal(out.length, 0);
        buffer_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pair_is_shown_in_full),
        cmocka_unit_test(all_kept_requests_are_listed),
        cmocka_unit_test(a_body_is_written_as_it_is_kept),
        cmocka_unit_test(wrong_usage_is_refused_and_the_ledger_is_not_written),
    };
    return cmocka_run_group_tests(tests, make_ledger, remove_ledger);
}
