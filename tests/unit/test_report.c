/* The reports of hand-made results: what people and programs are told, and that no name can break
 * it. */
#include "../../diff/base/buffer.h"
#include "../../diff/base/display.h"
#include "../../verify/command.h"
#include "../../verify/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define TEXT(words)                                                                                \
    {                                                                                              \
        .text = (char *)(uintptr_t)(words)                                                         \
    }
#define LIST(...)                                                                                  \
    {                                                                                              \
        .count = COUNT(((char *[]){__VA_ARGS__})), .items = (char *[])                             \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static char audit[] = "audit", lost[] = "the connection was lost";

static struct result_column order_columns[] = {
    {.name = {"id", "id"}, .kind = "number", .compared = true, .key = true},
    {.name = {"total", "total"}, .kind = "number", .compared = true},
    {.name = {"spot", "spot"}, .kind = "none", .why = "point beside text"},
    {.name = {"memo", NULL}, .kind = "none", .why = "map.yaml:4", .ignored = true}};
static struct shown_value key_42[] = {TEXT("42")}, key_43[] = {TEXT("43")};
static struct finding_column total_42[] = {{1, {TEXT("1.10"), TEXT("1.20")}}};
static struct finding order_findings[] = {
    {.kind = FINDING_CHANGED,
     .value_count = 1,
     .values = key_42,
     .column_count = 1,
     .columns = total_42},
    {.kind = FINDING_MISSING, .value_count = 1, .values = key_43}};

/* The example of the JSON interface. */
static struct result_table orders(void)
{
    return (struct result_table){.name = {"orders", "public.orders"},
                                 .verdict = VERDICT_DIFFERENT,
                                 .rows = {3000000, 2999999},
                                 .counted = {true, true},
                                 .counts = {2, 1, 0},
                                 .drilled = true,
                                 .column_count = 2,
                                 .columns = order_columns,
                                 .key_count = 1,
                                 .key_why = "primary key of both",
                                 .finding_count = 2,
                                 .findings = order_findings,
                                 .seconds = 2.5};
}

static struct verify_result result_of(struct result_table *tables, size_t count,
                                      enum verdict verdict)
{
    static char source[] = "mysql://app@db/shop", target[] = "postgresql://app@db/shop";
    static char maria[] = "MariaDB 10.11.19", postgres[] = "PostgreSQL 15.18";
    return (struct verify_result){
        .verdict = verdict,
        .side = {{source, maria, "shared", NULL}, {target, postgres, "shared", NULL}},
        .started = 1795291200,
        .seconds = 6.1,
        .table_count = count,
        .tables = tables};
}

static struct result_schema order_schema[] = {
    {.kind = "sequence-behind",
     .column = "id",
     .value = {"next 44, highest 43", "next 1, highest 43"},
     .text = "the next insert into public.orders will fail (target)",
     .fix = "SELECT setval('public.orders_id_seq', 43)",
     .breaks = true},
    {.kind = "index-missing",
     .value = {"total", NULL},
     .text = "no index of the target serves queries as total of the source does"},
    {.kind = "column-missing", .column = "memo", .text = "only the source has the column memo"}};

static char *json_of(const struct verify_result *result, bool explain)
{
    struct verify_options options = {.format = "json", .explain = explain};
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    report_json(result, &options, &out);
    return (char *)out.data;
}

static char *text_of(const struct verify_result *result, struct verify_options options, bool colour)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (options.explain)
        report_explain(result, &options, colour, &out);
    else
        report_text(result, &options, colour, &out);
    return (char *)out.data;
}

static void assert_says(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("\"%s\" is not in:\n%s", words, text);
}

static void assert_not_says(const char *text, const char *words)
{
    if (strstr(text, words))
        fail_msg("\"%s\" is in:\n%s", words, text);
}

/* Every line is at most `width` columns, printable, and has no blanks at its end. */
static void assert_fits(const char *text, size_t width)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        char *line = strndup(text, length);
        if (display_width(line) > width || (length && line[length - 1] == ' '))
            fail_msg("%zu columns: \"%s\"", display_width(line), line);
        for (size_t i = 0; i < length; i++)
            assert_true((unsigned char)line[i] >= 0x20 && line[i] != 0x7f);
        free(line);
        text += length;
        assert_int_equal(*text, '\n');
        text++;
    }
}

static void the_json_of_the_example_is_exactly_this(void **state)
{
    (void)state;
    struct result_table table = orders();
    struct result_cause causes[] = {{.name = "unexplained", .count = 1, .text = "Lost."},
                                    {.name = "rounded",
                                     .column = "total",
                                     .count = 2,
                                     .confidence = 0.9,
                                     .text = "Rounded.",
                                     .key = "42",
                                     .value = {"1.10", "1.20"}}};
    table.causes = causes;
    table.cause_count = 2;
    struct verify_result result = result_of(&table, 1, VERDICT_DIFFERENT);
    result.only[0] = (struct text_list)LIST(audit);
    result.schema_compared = true;
    table.schema = order_schema;
    table.schema_count = 1;
    char *json = json_of(&result, false);
    struct buffer packed = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (const char *at = json; *at; at++) { /* without the indentation, which is for people */
        if (*at == '\n')
            at += strspn(at + 1, " ");
        else
            buffer_add_byte(&packed, (unsigned char)*at);
    }
    assert_string_equal(
        (char *)packed.data,
        "{\"tally\": 1,\"verdict\": \"different\",\"interrupted\": false,"
        "\"source\": {\"uri\": \"mysql://app@db/shop\",\"server\": \"MariaDB 10.11.19\","
        "\"snapshot\": \"shared\",\"snapshot_note\": null},"
        "\"target\": {\"uri\": \"postgresql://app@db/shop\",\"server\": \"PostgreSQL 15.18\","
        "\"snapshot\": \"shared\",\"snapshot_note\": null},"
        "\"started\": \"2026-11-21T20:00:00Z\",\"seconds\": 6.1,\"ledger\": null,"
        "\"rows_read\": {\"source\": 0,\"target\": 0},"
        "\"rows_kept\": {\"source\": 0,\"target\": 0},\"notes\": [],"
        "\"causes\": [{\"name\": \"rounded\",\"table\": \"orders\",\"column\": \"total\","
        "\"count\": 2,\"confidence\": 0.9,\"text\": \"Rounded.\","
        "\"example\": {\"key\": \"42\",\"source\": \"1.10\",\"target\": \"1.20\"}},"
        "{\"name\": \"unexplained\",\"table\": \"orders\",\"column\": null,"
        "\"count\": 1,\"confidence\": 0.0,\"text\": \"Lost.\","
        "\"example\": {\"key\": null,\"source\": null,\"target\": null}}],"
        "\"tables\": [{\"source\": \"orders\",\"target\": \"public.orders\",\"verdict\": "
        "\"different\","
        "\"rows\": {\"source\": 3000000,\"target\": 2999999},"
        "\"counts\": {\"changed\": 2,\"missing\": 1,\"extra\": 0},\"reasons\": [],\"notes\": [],"
        "\"seconds\": 2.5,\"key\": [\"id\"],\"key_why\": \"primary key of both\","
        "\"columns\": [{\"source\": \"id\",\"target\": \"id\",\"kind\": \"number\",\"compared\": "
        "true},"
        "{\"source\": \"total\",\"target\": \"total\",\"kind\": \"number\",\"compared\": true}],"
        "\"findings\": [{\"kind\": \"changed\",\"key\": {\"id\": \"42\"},"
        "\"columns\": [{\"source\": \"total\",\"target\": \"total\",\"source_value\": \"1.10\","
        "\"target_value\": \"1.20\"}]},{\"kind\": \"missing\",\"key\": {\"id\": \"43\"}}]}],"
        "\"schema\": [{\"kind\": \"sequence-behind\",\"table\": \"orders\",\"column\": \"id\","
        "\"source\": \"next 44, highest 43\",\"target\": \"next 1, highest 43\","
        "\"text\": \"the next insert into public.orders will fail (target)\","
        "\"fix\": \"SELECT setval('public.orders_id_seq', 43)\",\"breaks\": true}],"
        "\"only_source\": [\"audit\"],\"only_target\": []}");
    assert_int_equal(json[strlen(json) - 1], '\n');
    buffer_free(&packed);
    free(json);
}

static void definitions_that_were_not_compared_are_null_and_no_empty_list(void **state)
{
    (void)state;
    struct result_table table = orders();
    struct verify_result result = result_of(&table, 1, VERDICT_DIFFERENT);
    char *json = json_of(&result, false);
    assert_non_null(strstr(json, "\"schema\": null"));
    free(json);
    result.schema_compared = true;
    json = json_of(&result, false);
    assert_non_null(strstr(json, "\"schema\": []"));
    free(json);
}

static void definitions_have_a_section_with_what_breaks_first(void **state)
{
    (void)state;
    struct result_table table = orders();
    table.schema = order_schema;
    table.schema_count = COUNT(order_schema);
    struct verify_result result = result_of(&table, 1, VERDICT_DIFFERENT);
    char *text = text_of(&result, (struct verify_options){0}, false);
    const char *breaks = strstr(text, "! sequence-behind: the next insert into public.orders");
    const char *said = strstr(text, "- index-missing: no index of the target");
    assert_non_null(breaks);
    assert_non_null(said);
    assert_true(breaks < said);
    assert_non_null(strstr(text, "      SELECT setval('public.orders_id_seq', 43)\n"));
    assert_null(strstr(text, "column-missing")); /* a reason of the table says it */
    assert_non_null(strstr(text, "2 findings in the definitions"));
    assert_fits(text, 80);
    free(text);
}

static void definitions_that_many_columns_share_are_said_once(void **state)
{
    (void)state;
    enum { TABLES = 50 };
    struct result_table tables[TABLES];
    struct result_schema wide = {.kind = "precision",
                                 .column = "n",
                                 .value = {"int(10) unsigned", "integer"},
                                 .text = "n of the target is integer, which cannot hold it"};
    struct result_schema found[TABLES];
    for (size_t i = 0; i < TABLES; i++) {
        tables[i] = orders();
        found[i] = wide;
        tables[i].schema = &found[i];
        tables[i].schema_count = 1;
    }
    found[44] = order_schema[0];
    found[45] = order_schema[1];
    found[46].value[1] = "bigint"; /* of three, each is said */
    found[47].value[1] = "bigint";
    found[48].value[1] = "bigint";
    struct verify_result result = result_of(tables, TABLES, VERDICT_DIFFERENT);
    char *text = text_of(&result, (struct verify_options){0}, false);
    assert_says(text, "! sequence-behind: the next insert");
    assert_says(text, "- index-missing: ");
    assert_says(text, "44 more");
    assert_says(text, "50 findings in the definitions");
    assert_not_says(text, "more (--verbose shows them)");
    const char *rest = text;
    for (size_t i = 0; i < 4; i++) {
        rest = strstr(rest, "precision: ");
        assert_non_null(rest);
        rest++;
    }
    assert_null(strstr(rest, "precision: "));
    assert_fits(text, 80);
    free(text);
    text = text_of(&result, (struct verify_options){.verbose = true}, false);
    assert_not_says(text, "the same of");
    free(text);
}

static void columns_that_wait_for_a_kind_come_with_the_rules_that_give_it(void **state)
{
    (void)state;
    static const char all[] = "varbinary(255) beside text: only the mapping's kind can say how to "
                              "compare them (kind: bool, number, text, bytes, instant)";
    static const char times[] = "binary(14) beside timestamp with time zone: only the mapping's "
                                "kind can say how to compare them (kind: date, instant)";
    struct result_column columns[] = {
        {{"id", "id"}, .type = {"int", "integer"}, .kind = "number", .compared = true, .key = true},
        {{"a", "a"}, {"varbinary(255)", "text"}, .kind = "none", .why = all},
        {{"b", "b"}, {"varbinary(32)", "text"}, .kind = "none", .why = all},
        {{"c", "c"}, {"blob", "character varying(9)"}, .kind = "none", .why = all},
        {{"d", "d"}, {"binary(14)", "timestamp with time zone"}, .kind = "none", .why = times},
        {{"e", "e"}, {"a\"b", "text"}, .kind = "none", .why = all},
        {{"f", "f"}, {"macaddr", "hstore"}, .kind = "none", .why = all},
        {{"g", "g"}, {"point", "text"}, .kind = "none", .why = "a type that cannot be compared"},
        {{"h", "h"}, {"blob", "text"}, .kind = "none", .why = all, .ignored = true}};
    struct result_table table = orders();
    table.columns = columns;
    table.column_count = COUNT(columns);
    static char reason[] = "column \"a\" was not compared: varbinary(255) beside text: only the "
                           "mapping's kind can say how to compare them (kind: text)";
    table.reasons = (struct text_list)LIST(reason, reason, reason, reason, lost);
    struct verify_result result = result_of(&table, 1, VERDICT_DIFFERENT);
    char *text = text_of(&result, (struct verify_options){0}, false);
    assert_says(text, "rules:\n  # 2: orders.a, …\n"
                      "  - {types: {source: \"varbinary(*)\", target: \"text\"}, kind: text}\n");
    assert_says(text, "{source: \"binary(*)\", target: \"timestamptz\"}, kind: instant}\n");
    assert_says(text, "{source: \"blob\", target: \"varchar(*)\"}, kind: text}\n");
    assert_says(text, "  # - {types: {source: \"macaddr\", target: \"hstore\"}, kind: ?}\n");
    assert_says(text, "For the mapping: 6 columns of 1 table");
    assert_says(text, "and 2 more columns that only the mapping can say how to compare");
    assert_says(text, "- the connection was lost");
    assert_not_says(text, "point\"");
    assert_fits(text, 80);
    free(text);
}

static void no_table_on_both_sides_may_be_another_schema(void **state)
{
    (void)state;
    struct verify_result result = result_of(NULL, 0, VERDICT_DIFFERENT);
    result.only[0] = (struct text_list)LIST(audit);
    char *text = text_of(&result, (struct verify_options){0}, false);
    assert_says(text, "csearch_path%3DNAME");
    free(text);
    result.only[1] = (struct text_list)LIST(audit);
    text = text_of(&result, (struct verify_options){0}, false);
    assert_not_says(text, "search path");
    free(text);
}

static void json_never_says_zero_for_what_is_not_known(void **state)
{
    (void)state;
    struct result_table table = orders();
    table.drilled = false;
    table.counted[0] = false;
    struct verify_result result = result_of(&table, 1, VERDICT_DIFFERENT);
    char *json = json_of(&result, false);
    assert_says(json, "\"source\": null,\n        \"target\": 2999999");
    assert_says(json, "\"changed\": null,\n        \"missing\": null,\n        \"extra\": null");
    free(json);
}

static void a_plan_has_no_verdict(void **state)
{
    (void)state;
    struct result_table table = orders();
    table.verdict = VERDICT_EQUAL;
    struct verify_result result = result_of(&table, 1, VERDICT_EQUAL);
    char *json = json_of(&result, true);
    assert_says(json, "\"verdict\": null");
    assert_says(json, "\"explain\": true");
    assert_not_says(json, "equal");
    free(json);
    char *text = text_of(&result, (struct verify_options){.explain = true}, false);
    assert_not_says(text, "equal");
    free(text);
}

static void json_survives_names_and_values_that_are_not_utf8(void **state)
{
    (void)state;
    struct result_column columns[] = {{.name = {"a\xff", "a"}, .kind = "text", .compared = true},
                                      {.name = {"a\xfe", "b"}, .kind = "text", .compared = true}};
    struct shown_value row[] = {TEXT("\xc3"), TEXT(NULL)};
    struct finding finding = {
        .kind = FINDING_MISSING, .value_count = 2, .values = row, .times = {2, 0}};
    struct result_table table = {.name = {"t", "t"},
                                 .verdict = VERDICT_DIFFERENT,
                                 .drilled = true,
                                 .column_count = 2,
                                 .columns = columns,
                                 .finding_count = 1,
                                 .findings = &finding};
    struct verify_result result = result_of(&table, 1, VERDICT_DIFFERENT);
    char *json = json_of(&result, false);
    /* Both names become the same text: neither value is lost. */
    assert_says(json, "\"row\": {\n            \"a\xef\xbf\xbd\": \"\xef\xbf\xbd\",\n"
                      "            \"a\xef\xbf\xbd (2)\": null\n          }");
    assert_says(json,
                "\"times\": {\n            \"source\": 2,\n            \"target\": 0\n          }");
    free(json);
}

static void no_name_breaks_the_eighty_columns_or_commands_the_terminal(void **state)
{
    (void)state;
    static const char *const names[] = {
        "orders",
        "log_of_everything_that_ever_happened_in_the_house_and_around_it_",
        "宿泊予約の記録宿泊予約の記録宿泊予約の記録宿泊予約の記録宿泊予約の記録",
        "e\xcc\x81\xcc\x81\xcc\x81te\xcc\x81", /* combining accents */
        "\xcc\x81",
        "🏨🛏️👨‍👩‍👧",
        "red\x1b[31m\nrow\ttab\x7f",
        "not utf-8 \xff\xc3",
        "\xe2\x80\xaeright to left",
        "many  blanks    and a_word_that_is_longer_than_the_line_by_much_by_much_by_m",
        "",
        " ",
    };
    for (size_t n = 0; n < COUNT(names) * COUNT(names); n++) {
        const char *one = names[n / COUNT(names)], *other = names[n % COUNT(names)];
        struct result_column columns[] = {
            {.name = {one, other}, .type = {one, other}, .kind = "text", .compared = true},
            {.name = {other, one}, .kind = "none", .why = one}};
        struct shown_value values[] = {TEXT(one)};
        struct finding_column changed[] = {{0, {TEXT(one), TEXT(other)}}};
        struct finding findings[] = {{.kind = FINDING_CHANGED,
                                      .value_count = 1,
                                      .values = values,
                                      .column_count = 1,
                                      .columns = changed}};
        struct result_table tables[2];
        for (int i = 0; i < 2; i++)
            tables[i] = (struct result_table){.name = {one, other},
                                              .verdict = VERDICT_DIFFERENT,
                                              .drilled = true,
                                              .counted = {true, true},
                                              .rows = {18446744073709551615u, i ? 0 : 12},
                                              .counts = {18446744073709551615u, 99999999999u, 1},
                                              .column_count = 2,
                                              .columns = columns,
                                              .key_count = i ? 0 : 1,
                                              .key_why = other,
                                              .finding_count = 1,
                                              .findings = findings};
        struct verify_result result = result_of(tables, 2, VERDICT_DIFFERENT);
        result.only[1] = (struct text_list)LIST((char *)(uintptr_t)one);
        result.notes = (struct text_list)LIST((char *)(uintptr_t)other);
        char *text = text_of(&result, (struct verify_options){.mapping_path = one}, false);
        assert_fits(text, 80);
        free(text);
        text = text_of(&result, (struct verify_options){.explain = true}, false);
        assert_fits(text, 100);
        free(text);
        free(json_of(&result, false));
    }
}

static void null_and_what_looks_like_it_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *value, *shown;
    } cases[] = {{NULL, "source  NULL\n"},         {"", "source  \"\"\n"},
                 {" ", "source  \" \"\n"},         {"NULL", "source  \"NULL\"\n"},
                 {"null", "source  \"null\"\n"},   {"a ", "source  \"a \"\n"},
                 {"\"a\"", "source  \"\"a\"\"\n"}, {"a\xc2\xa0z", "source  a\\u{a0}z\n"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct finding_column changed[] = {{1, {TEXT(cases[i].value), TEXT("x")}}};
        struct finding finding = order_findings[0];
        struct result_table table = orders();
        finding.columns = changed;
        table.findings = &finding;
        table.finding_count = 1;
        struct verify_result result = result_of(&table, 1, VERDICT_DIFFERENT);
        char *text = text_of(&result, (struct verify_options){0}, false);
        assert_says(text, cases[i].shown);
        free(text);
    }
}

static void long_values_show_where_they_differ(void **state)
{
    (void)state;
    char one[301], other[301];
    memset(one, 'm', 300);
    one[300] = '\0';
    memcpy(other, one, 301);
    memcpy(one + 200, "here", 4);
    memcpy(other + 200, "there", 5);
    struct finding_column changed[] = {{1, {TEXT(one), TEXT(other)}}};
    struct finding finding = order_findings[0];
    struct result_table table = orders();
    finding.columns = changed;
    table.finding_count = 1;
    table.findings = &finding;
    struct verify_result result = result_of(&table, 1, VERDICT_DIFFERENT);
    char *text = text_of(&result, (struct verify_options){0}, false);
    assert_says(text, "mhere");
    assert_says(text, "mthere");
    free(text);
}

static void what_was_not_compared_is_always_listed(void **state)
{
    (void)state;
    struct result_table table = orders();
    table.verdict = VERDICT_EQUAL;
    table.finding_count = 0;
    table.column_count = COUNT(order_columns);
    struct verify_result result = result_of(&table, 1, VERDICT_EQUAL);
    char *text = text_of(&result, (struct verify_options){0}, false);
    assert_says(text, "orders: spot — not verified: point beside text");
    assert_says(text, "orders: memo — ignored: map.yaml:4");
    assert_says(text, "2 columns not compared");
    assert_says(text, "the same in all that was compared");
    free(text);
}

static void many_equal_tables_are_one_line_unless_verbose(void **state)
{
    (void)state;
    struct result_table tables[60];
    for (size_t i = 0; i < COUNT(tables); i++)
        tables[i] = (struct result_table){
            .name = {"twin", "twin"}, .rows = {1000, 1000}, .counted = {true, true}};
    struct verify_result result = result_of(tables, COUNT(tables), VERDICT_EQUAL);
    char *text = text_of(&result, (struct verify_options){0}, false);
    assert_says(text, "60 tables are equal, 60,000 rows");
    assert_not_says(text, "twin ");
    free(text);
    text = text_of(&result, (struct verify_options){.verbose = true}, false);
    assert_not_says(text, "tables are equal");
    assert_says(text, "twin ");
    free(text);
}

static void the_same_reason_of_many_tables_is_said_once(void **state)
{
    (void)state;
    struct result_table tables[3];
    char *reasons[] = {lost};
    static const char *const names[] = {"one", "two", "three"};
    for (size_t i = 0; i < COUNT(tables); i++)
        tables[i] = (struct result_table){.name = {names[i], names[i]},
                                          .verdict = VERDICT_INCONCLUSIVE,
                                          .reasons = {1, 1, reasons}};
    struct verify_result result = result_of(tables, COUNT(tables), VERDICT_INCONCLUSIVE);
    char *text = text_of(&result, (struct verify_options){0}, false);
    assert_says(text, "3 tables  inconclusive\n  - the connection was lost\n  one, two, three\n");
    assert_null(strstr(strstr(text, lost) + 1, lost));
    free(text);
}

static void the_last_sentence_says_the_verdict_and_the_exit_code(void **state)
{
    (void)state;
    static const struct {
        bool tables, interrupted;
        enum verdict verdict;
        const char *first, *second;
    } cases[] = {
        {true, false, VERDICT_EQUAL, "\nequal         1 table equal\n",
         "Exit code 0: both sides hold the same"},
        {true, false, VERDICT_DIFFERENT, "\ndifferent     1 different\n", "Exit code 1: the two"},
        {true, false, VERDICT_INCONCLUSIVE, "\ninconclusive  1 could not be compared in full\n",
         "Exit code 2:"},
        {true, true, VERDICT_INCONCLUSIVE, "\ninterrupted   1 not compared to the end\n",
         "Exit code 130:"},
        {false, false, VERDICT_INCONCLUSIVE,
         "\ninconclusive  nothing to compare: no table is on both sides\n", "Exit code 2:"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct result_table table = orders();
        table.verdict = cases[i].verdict;
        struct verify_result result = result_of(&table, cases[i].tables ? 1 : 0, cases[i].verdict);
        result.interrupted = cases[i].interrupted;
        char *text = text_of(&result, (struct verify_options){0}, false);
        assert_says(text, cases[i].first);
        assert_says(text, cases[i].second);
        free(text);
    }
}

static void only_the_verdict_words_are_coloured(void **state)
{
    (void)state;
    struct result_table table = orders();
    struct verify_result result = result_of(&table, 1, VERDICT_DIFFERENT);
    char *text = text_of(&result, (struct verify_options){0}, true);
    size_t coloured = 0;
    for (const char *at = text; (at = strchr(at, '\033')); at++, coloured++) {
        assert_int_equal(strncmp(at, "\033[31mdifferent\033[0m", 18), 0);
        at += 15;
    }
    assert_int_equal(coloured, 3);
    free(text);
}

static void quiet_keeps_to_what_is_essential(void **state)
{
    (void)state;
    struct result_table tables[2] = {orders(), orders()};
    tables[1].verdict = VERDICT_EQUAL;
    tables[1].name[0] = tables[1].name[1] = "calm";
    struct verify_result result = result_of(tables, 2, VERDICT_DIFFERENT);
    char *text = text_of(&result, (struct verify_options){.quiet = true}, false);
    assert_says(text, "different     orders — source: 3,000,000 rows;");
    assert_not_says(text, "calm");
    assert_not_says(text, "1.10");
    free(text);
}

static void help_fits_eighty_columns_and_names_every_exit_code(void **state)
{
    (void)state;
    struct buffer help = BUFFER_INIT(BUFFER_NO_LIMIT), man = BUFFER_INIT(BUFFER_NO_LIMIT);
    command_help(&help);
    command_man(&man);
    assert_fits((const char *)help.data, 80);
    static const char *const words[] = {"--mapping", "--findings", "mysql://", "postgresql://",
                                        "\n  0 ",    "\n  1 ",     "\n  2 ",   "\n  64 ",
                                        "\n  69 ",   "\n  70 ",    "\n  130 "};
    for (size_t i = 0; i < COUNT(words); i++)
        assert_says((const char *)help.data, words[i]);
    static const char *const sections[] = {"NAME",        "SYNOPSIS", "DESCRIPTION",
                                           "OPTIONS",     "URIS",     "EXIT STATUS",
                                           "ENVIRONMENT", "FILES",    "EXAMPLES"};
    for (size_t i = 0; i < COUNT(sections); i++) {
        char heading[40];
        snprintf(heading, sizeof heading, "\n.SH %s\n", sections[i]);
        assert_says((const char *)man.data, heading);
    }
    buffer_free(&help);
    buffer_free(&man);
}

static void passwords_are_hidden_wherever_a_uri_may_hold_them(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"mysql://app:geheim@db/h", "mysql://app:xxxxxx@db/h"},
        {"mysql://app@db:3306/h", "mysql://app@db:3306/h"},
        {"mysql://app:a/b@c?d@db/h", "mysql://app:xxxxxxx@db/h"},
        {"mysql://:geheim@db", "mysql://:xxxxxx@db"},
        {"postgresql://db/h?password=pw&sslmode=require",
         "postgresql://db/h?password=xx&sslmode=require"},
        {"postgresql://db/h?sslPassword=pw", "postgresql://db/h?sslPassword=xx"},
        {"postgresql://db/h?pass%77ord=pw", "postgresql://db/h?pass%77ord=xx"},
        {"--output=x", "--output=x"},
        {"host=db password=pw", "host=db password=xx"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[100];
        snprintf(text, sizeof text, "%s", cases[i][0]);
        command_hide_passwords(text);
        assert_string_equal(text, cases[i][1]);
    }
    /* Two secrets and a second '@': too much may go, never too little. */
    char text[] = "postgresql://b:one@h/d?password=two&x=a@b";
    command_hide_passwords(text);
    assert_null(strstr(text, "one"));
    assert_null(strstr(text, "two"));
}

static void wrong_usage_is_one_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *arguments[5];
        const char *words;
    } cases[] = {
        {{"tally-verify"}, "SOURCE and TARGET are missing."},
        {{"tally-verify", "mysql://a/b"},
         "TARGET is missing: give two databases, SOURCE and TARGET."},
        {{"tally-verify", "a://b", "a://b", "a://b"}, "oo many"},
        {{"tally-verify", "--jobs", "0", "a://b", "a://b"}, "--jobs"},
        {{"tally-verify", "-q", "-v", "a://b", "a://b"}, "contradict"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct command command;
        struct err err = {0};
        int argc = 0;
        while (argc < 5 && cases[i].arguments[argc])
            argc++;
        assert_false(command_parse(argc, (char **)(uintptr_t)cases[i].arguments, &command, &err));
        assert_int_equal(err.code, ERR_USAGE);
        assert_says(err.text, cases[i].words);
        command_free(&command);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_json_of_the_example_is_exactly_this),
        cmocka_unit_test(definitions_that_were_not_compared_are_null_and_no_empty_list),
        cmocka_unit_test(definitions_have_a_section_with_what_breaks_first),
        cmocka_unit_test(definitions_that_many_columns_share_are_said_once),
        cmocka_unit_test(columns_that_wait_for_a_kind_come_with_the_rules_that_give_it),
        cmocka_unit_test(no_table_on_both_sides_may_be_another_schema),
        cmocka_unit_test(json_never_says_zero_for_what_is_not_known),
        cmocka_unit_test(a_plan_has_no_verdict),
        cmocka_unit_test(json_survives_names_and_values_that_are_not_utf8),
        cmocka_unit_test(no_name_breaks_the_eighty_columns_or_commands_the_terminal),
        cmocka_unit_test(null_and_what_looks_like_it_are_told_apart),
        cmocka_unit_test(long_values_show_where_they_differ),
        cmocka_unit_test(what_was_not_compared_is_always_listed),
        cmocka_unit_test(many_equal_tables_are_one_line_unless_verbose),
        cmocka_unit_test(the_same_reason_of_many_tables_is_said_once),
        cmocka_unit_test(the_last_sentence_says_the_verdict_and_the_exit_code),
        cmocka_unit_test(only_the_verdict_words_are_coloured),
        cmocka_unit_test(quiet_keeps_to_what_is_essential),
        cmocka_unit_test(help_fits_eighty_columns_and_names_every_exit_code),
        cmocka_unit_test(passwords_are_hidden_wherever_a_uri_may_hold_them),
        cmocka_unit_test(wrong_usage_is_one_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
