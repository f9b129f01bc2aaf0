/*
 * The HTML report of made-up results: what it says, and what it never says. Run with "write DIR",
 * it writes the pages that tests/e2e/html opens in a browser.
 */
#include "../../diff/base/buffer.h"
#include "../../diff/base/memory.h"
#include "../../verify/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* --- results
 * ------------------------------------------------------------------------------------------ */

/* A whole result in one arena; texts are borrowed. */
static char *own(struct verify_result *result, const char *text)
{
    return arena_copy(&result->arena, text);
}

static void add_text(struct verify_result *result, struct text_list *list, const char *text)
{
    char **items = arena_alloc(&result->arena, (list->count + 1) * sizeof *items);
    for (size_t i = 0; i < list->count; i++)
        items[i] = list->items[i];
    items[list->count++] = own(result, text);
    list->items = items;
}

static struct verify_result *new_result(enum verdict verdict, size_t table_count)
{
    struct verify_result *result = mem_zero(1, sizeof *result);
    result->verdict = verdict;
    result->started = 1795291200;
    result->seconds = 83.4;
    result->side[0] = (struct result_side){own(result, "mysql://app@db1.example/shop"),
                                           own(result, "MariaDB 10.11.19"), "shared", NULL};
    result->side[1] = (struct result_side){own(result, "postgresql://app@db2.example/shop"),
                                           own(result, "PostgreSQL 15.18"), "separate",
                                           own(result, "a connection was lost and replaced")};
    for (int side = 0; side < 2; side++) {
        result->wire_bytes[side] = 912345678;
        result->rows_read[side] = 14204331;
    }
    result->table_count = table_count;
    result->tables = arena_alloc(&result->arena, table_count * sizeof *result->tables);
    return result;
}

static void free_result(struct verify_result *result)
{
    arena_free(&result->arena);
    free(result);
}

struct column {
    const char *name, *kind, *types[2];
};

static void set_columns(struct verify_result *result, struct result_table *table,
                        const struct column *columns, size_t count, size_t key_count)
{
    table->column_count = count;
    table->key_count = key_count;
    table->key_why = key_count ? "primary key of both" : "no common key: compared as a multiset";
    table->columns = arena_alloc(&result->arena, count * sizeof *table->columns);
    for (size_t i = 0; i < count; i++)
        table->columns[i] =
            (struct result_column){.name = {columns[i].name, columns[i].name},
                                   .type = {columns[i].types[0], columns[i].types[1]},
                                   .kind = columns[i].kind,
                                   .compared = strcmp(columns[i].kind, "none") != 0,
                                   .leniency = "",
                                   .key = i < key_count};
}

/* The next finding of a table with room for them; `key`: one value, or the row's. */
static struct finding *add_finding(struct verify_result *result, struct result_table *table,
                                   enum finding_kind kind, const char *const *values, size_t count)
{
    struct finding *finding = &table->findings[table->finding_count++];
    *finding = (struct finding){.kind = kind, .value_count = count, .times = {1, 0}};
    finding->values = arena_alloc(&result->arena, count * sizeof *finding->values);
    for (size_t i = 0; i < count; i++)
        finding->values[i].text = values[i] ? own(result, values[i]) : NULL;
    return finding;
}

static void add_change(struct verify_result *result, struct finding *finding, size_t column,
                       const char *source, const char *target)
{
    struct finding_column *columns =
        arena_alloc(&result->arena, (finding->column_count + 1) * sizeof *columns);
    for (size_t i = 0; i < finding->column_count; i++)
        columns[i] = finding->columns[i];
    columns[finding->column_count++] = (struct finding_column){
        column, {{source ? own(result, source) : NULL}, {target ? own(result, target) : NULL}}};
    finding->columns = columns;
}

static const struct column order_columns[] = {
    {"id", "number", {"int(11)", "integer"}},
    {"created", "instant", {"datetime", "timestamp with time zone"}},
    {"customer", "text", {"varchar(80)", "text"}},
    {"total", "number", {"decimal(10,2)", "numeric(10,2)"}},
    {"paid", "bool", {"tinyint(1)", "boolean"}},
    {"spot", "none", {"point", "text"}},
};

static void fill_orders(struct verify_result *result, struct result_table *table)
{
    static const char *const pairs[][2] = {
        {"2025-11-25 04:14:59Z", "2025-11-25 03:14:59Z"},
        {"José Núñez", "JosÃ© NÃºÃ±ez"},
        {"19.90", "19.9000001"},
        {"true", "false"},
    };
    *table = (struct result_table){.name = {"orders", "public.orders"},
                                   .verdict = VERDICT_DIFFERENT,
                                   .rows = {3000000, 2999998},
                                   .counted = {true, true},
                                   .counts = {1204331, 3, 1},
                                   .drilled = true,
                                   .inconclusive = true,
                                   .seconds = 41.2};
    set_columns(result, table, order_columns, COUNT(order_columns), 1);
    table->columns[5].why = "point beside text";
    add_text(result, &table->reasons, "column \"spot\" was not verified: point beside text");
    add_text(result, &table->notes, "column \"created\" is read in the zone Europe/Berlin");
    table->findings = arena_alloc(&result->arena, 16 * sizeof *table->findings);
    for (size_t i = 0; i < 6; i++) {
        char key[16];
        snprintf(key, sizeof key, "%zu", 41 + i * 977);
        struct finding *finding =
            add_finding(result, table, FINDING_CHANGED, (const char *[]){key}, 1);
        for (size_t c = 0; c <= i % 4; c++)
            add_change(result, finding, 1 + c, pairs[c][0], pairs[c][1]);
    }
    struct finding *blanks =
        add_finding(result, table, FINDING_CHANGED, (const char *[]){"7001"}, 1);
    add_change(result, blanks, 2, "Ada  Lovelace", "Ada Lovelace ");
    add_change(result, blanks, 3, NULL, "0.00");
    add_finding(result, table, FINDING_MISSING, (const char *[]){"8812"}, 1);
    add_finding(result, table, FINDING_MISSING, (const char *[]){"8813"}, 1);
    add_finding(result, table, FINDING_EXTRA, (const char *[]){"9001"}, 1);
    static struct result_cause causes[] = {
        {"time-zone",
         "created",
         1204331,
         1.0,
         "1,204,331 rows are 1 h (winter) or 2 h (summer) late: written as UTC, read as "
         "Europe/Berlin.",
         "1,204,331 rows are 1 h (winter) or 2 h (summer) late: written as UTC, read as "
         "Europe/Berlin.",
         "42",
         {"2025-11-25 04:14:59Z", "2025-11-25 03:14:59Z"}},
        {"mojibake",
         "customer",
         512,
         0.98,
         "512 rows hold UTF-8 that was read as latin1 and encoded again.",
         "512 rows hold UTF-8 that was read as latin1 and encoded again.",
         "1018",
         {"José Núñez", "JosÃ© NÃºÃ±ez"}},
        {"missing-range",
         NULL,
         2,
         0.9,
         "Rows 8812 to 8813 are missing in one block.",
         "2 rows are missing in one block.",
         "8812",
         {NULL, NULL}},
    };
    table->causes = causes;
    table->cause_count = COUNT(causes);
    static struct result_schema schema[] = {
        {"sequence-behind",
         "id",
         {"3000001", "2999990"},
         "The next value of the sequence is 2,999,990, but rows up to 3,000,000 are there: the "
         "next "
         "insert will fail.",
         "SELECT setval('public.orders_id_seq', 3000000);",
         true},
        {"column-nullable",
         "customer",
         {"NOT NULL", "NULL"},
         "The target accepts NULL where the source does not.",
         NULL,
         false},
    };
    table->schema = schema;
    table->schema_count = COUNT(schema);
}

static void fill_visits(struct verify_result *result, struct result_table *table)
{
    static const struct column columns[] = {{"quand", "datetime", {"datetime", "timestamp"}},
                                            {"quoi", "text", {"text", "text"}}};
    *table = (struct result_table){.name = {"visites", "public.visits"},
                                   .verdict = VERDICT_DIFFERENT,
                                   .rows = {120, 119},
                                   .counted = {true, true},
                                   .counts = {0, 2, 1},
                                   .drilled = true,
                                   .seconds = 0.2};
    set_columns(result, table, columns, COUNT(columns), 0);
    table->columns[1].name[1] = "what";
    table->findings = arena_alloc(&result->arena, 2 * sizeof *table->findings);
    add_finding(result, table, FINDING_MISSING, (const char *[]){"2024-01-01 00:00:00", "arrivée"},
                2)
        ->times[0] = 2;
    struct finding *extra =
        add_finding(result, table, FINDING_EXTRA, (const char *[]){"2024-01-01 00:00:00", NULL}, 2);
    extra->times[0] = 0;
    extra->times[1] = 1;
}

/* Something of everything. */
static struct verify_result *everything(void)
{
    struct verify_result *result = new_result(VERDICT_DIFFERENT, 9);
    fill_orders(result, &result->tables[0]);
    fill_visits(result, &result->tables[1]);
    static const char *const names[] = {"customers", "rooms", "rates", "invoices", "audit_log"};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct result_table *table = &result->tables[2 + i];
        *table = (struct result_table){
            .name = {names[i], arena_format(&result->arena, "public.%s", names[i])},
            .verdict = i < 3 ? VERDICT_EQUAL : VERDICT_INCONCLUSIVE,
            .rows = {1000 * i + 12, 1000 * i + 12},
            .counted = {i < 3, i < 3},
            .drilled = i < 3,
            .seconds = 0.1 * (double)i};
        if (i >= 3)
            add_text(result, &table->reasons, "the connection to the target was lost");
    }
    result->tables[3].where[0] = "deleted_at IS NULL";
    struct result_table *secret = &result->tables[7];
    *secret = (struct result_table){.name = {"payments", "public.payments"},
                                    .verdict = VERDICT_INCONCLUSIVE,
                                    .rows = {900, 0},
                                    .counted = {true, false},
                                    .inconclusive = true};
    add_text(result, &secret->reasons, "the role may not read the target's column \"iban\"");
    add_text(result, &secret->notes, "the source's table has no snapshot (MyISAM)");
    result->tables[8] = (struct result_table){.name = {"events", "public.events"},
                                              .verdict = VERDICT_DIFFERENT,
                                              .rows = {5000000, 5000001},
                                              .counted = {true, true},
                                              .rows_differ = true};
    static struct suspect_range range = {true, true, 1000, 1999};
    result->tables[8].suspects = &range;
    result->tables[8].suspect_count = 1;
    add_text(result, &result->only[0], "legacy_notes");
    add_text(result, &result->only[1], "public.schema_migrations");
    add_text(result, &result->notes, "the source was asked again 2 times after a lost connection");
    return result;
}

static struct verify_result *all_equal(void)
{
    struct verify_result *result = new_result(VERDICT_EQUAL, 3);
    static const char *const names[] = {"orders", "customers", "rooms"};
    for (size_t i = 0; i < 3; i++) {
        result->tables[i] = (struct result_table){.name = {names[i], names[i]},
                                                  .rows = {100, 100},
                                                  .counted = {true, true},
                                                  .drilled = true};
        set_columns(result, &result->tables[i], order_columns, 5, 1);
    }
    return result;
}

/* Whatever a database may hold against a page: each alone would run, spoof or break it. */
static const char *const hostile[] = {
    "<script>window.harmed=1</script>",
    "</script><script>window.harmed=1</script>",
    "\"><img src=x onerror=\"window.harmed=1\">",
    "'onload='window.harmed=1",
    "\" onmouseover=\"window.harmed=1\" x=\"",
    "<!--",
    "--><script>window.harmed=1</script>",
    "<svg onload=window.harmed=1>",
    "<style>*{display:none}</style>",
    "</table></main></body></html>",
    "<iframe src=javascript:window.top.harmed=1></iframe>",
    "<base href=https://example.invalid/>",
    "<meta http-equiv=refresh content=0;url=https://example.invalid/>",
    "<link rel=stylesheet href=https://example.invalid/x.css>",
    "javascript:window.harmed=1",
    "&lt;script&gt;window.harmed=1&lt;/script&gt;",
    "\xe2\x80\xae"
    "txet desrever",
    "\xe2\x81\xa6 isolate \xe2\x80\x8b zero \xef\xbb\xbf width",
    "\xff\xfe not UTF-8 \xc3",
    "\xf0\x9f\x92\xa9 wide",
    "\x01\x02\x1b[31m\x7f",
    "]]><![CDATA[",
    "{{constructor.constructor('window.harmed=1')()}}",
    "`${window.harmed=1}`",
    "\\u{202E}",
};

static struct verify_result *hostile_result(void)
{
    size_t count = COUNT(hostile);
    struct verify_result *result = new_result(VERDICT_DIFFERENT, count + 1);
    size_t megabyte = 1 << 20;
    char *large[2];
    for (int side = 0; side < 2; side++) {
        large[side] = arena_alloc(&result->arena, megabyte + 1);
        for (size_t i = 0; i < megabyte; i++)
            large[side][i] = (char)('a' + i % 23);
        memcpy(large[side] + megabyte / 2, side ? "</script>" : "<script >", 9);
    }
    for (size_t t = 0; t < count; t++) {
        struct column *columns = arena_alloc(&result->arena, 2 * sizeof *columns);
        columns[0] = (struct column){"id", "text", {hostile[t], hostile[t]}};
        columns[1] = (struct column){hostile[t], "text", {"text", "text"}};
        struct result_table *table = &result->tables[t];
        *table = (struct result_table){.name = {hostile[t], hostile[(t + 1) % count]},
                                       .verdict = VERDICT_DIFFERENT,
                                       .rows = {3, 3},
                                       .counted = {true, true},
                                       .counts = {1, 1, 0},
                                       .drilled = true};
        set_columns(result, table, columns, 2, 1);
        add_text(result, &table->reasons, hostile[t]);
        add_text(result, &table->notes, hostile[t]);
        table->where[0] = hostile[t];
        table->findings = arena_alloc(&result->arena, 2 * sizeof *table->findings);
        struct finding *finding =
            add_finding(result, table, FINDING_CHANGED, (const char *[]){hostile[t]}, 1);
        add_change(result, finding, 1, hostile[t], hostile[(t + 1) % count]);
        add_finding(result, table, FINDING_MISSING, (const char *[]){hostile[t]}, 1);
        struct result_cause *cause = arena_alloc(&result->arena, sizeof *cause);
        *cause = (struct result_cause){
            hostile[t], hostile[t], 10 + t,     0.5,
            hostile[t], hostile[t], hostile[t], {hostile[t], hostile[(t + 2) % count]}};
        table->causes = cause;
        table->cause_count = 1;
        struct result_schema *schema = arena_alloc(&result->arena, sizeof *schema);
        *schema = (struct result_schema){hostile[t], hostile[t], {hostile[t], NULL},
                                         hostile[t], hostile[t], true};
        table->schema = schema;
        table->schema_count = 1;
    }
    struct result_table *table = &result->tables[count];
    *table = result->tables[0];
    table->name[0] = table->name[1] = "large";
    table->findings = arena_alloc(&result->arena, sizeof *table->findings);
    table->finding_count = 0;
    add_change(result, add_finding(result, table, FINDING_CHANGED, (const char *[]){"1"}, 1), 1,
               large[0], large[1]);
    for (size_t i = 0; i < count; i++) {
        add_text(result, &result->only[i % 2], hostile[i]);
        add_text(result, &result->notes, hostile[i]);
    }
    result->side[0].shown_uri = own(result, hostile[0]);
    result->side[1].server = own(result, hostile[2]);
    return result;
}

/* findings in ten tables, of which every seventh is missing. */
static struct verify_result *many(size_t findings)
{
    struct verify_result *result = new_result(VERDICT_DIFFERENT, 10);
    for (size_t t = 0; t < 10; t++) {
        struct result_table *table = &result->tables[t];
        fill_orders(result, table);
        table->name[0] = table->name[1] = arena_format(&result->arena, "orders_%zu", t);
        table->findings = arena_alloc(&result->arena, findings / 10 * sizeof *table->findings);
        table->finding_count = 0;
        memset(table->counts, 0, sizeof table->counts);
        for (size_t i = 0; i < findings / 10; i++) {
            char key[24], total[2][24];
            snprintf(key, sizeof key, "%zu", 100000 * (t + 1) + i);
            snprintf(total[0], sizeof total[0], "%zu.10", i);
            snprintf(total[1], sizeof total[1], "%zu.20", i);
            enum finding_kind kind = i % 7 ? FINDING_CHANGED : FINDING_MISSING;
            struct finding *finding = add_finding(result, table, kind, (const char *[]){key}, 1);
            table->counts[kind]++;
            if (kind == FINDING_MISSING)
                continue;
            add_change(result, finding, 3, total[0], total[1]);
            add_change(result, finding, 1, "2025-11-25 04:14:59Z", "2025-11-25 03:14:59Z");
        }
    }
    return result;
}

/* --- tests
 * --------------------------------------------------------------------------------------------- */

static char *html_of(struct verify_result *result, struct verify_options options)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    options.format = "html";
    report_html(result, &options, &out);
    assert_true(strlen((char *)out.data) == out.length);
    free_result(result);
    return (char *)out.data;
}

static void assert_says(const char *html, const char *words)
{
    if (!strstr(html, words))
        fail_msg("\"%s\" is not in the page", words);
}

static void assert_not_says(const char *html, const char *words)
{
    if (strstr(html, words))
        fail_msg("\"%s\" is in the page: %.200s", words, strstr(html, words));
}

static void the_page_opens_with_the_verdict_and_what_was_not_compared(void **state)
{
    (void)state;
    char *html = html_of(everything(), (struct verify_options){0});
    static const char *const in_order[] = {
        "<h1>The two sides differ in 3 of 9 tables: 1,204,331 rows changed, 5 missing, 2 extra, "
        "rows "
        "of 1 table not counted.</h1>",
        "1 in the source only, 1 in the target only",
        "Exit code 1.",
        "<time datetime=\"2026-11-21T20:00:00Z\">",
        "MariaDB 10.11.19",
        "10.9 MB/s",
        ">What was not compared</h2>",
        "the connection to the target was lost",
        "only rows of the source where <code>deleted_at IS NULL</code>",
        ">Causes</h2>",
        "written as UTC, read as Europe/Berlin",
        "512 rows hold UTF-8",
        ">Unlike in the definitions</h2>",
        "SELECT setval(&#39;public.orders_id_seq&#39;, 3000000);",
        ">Tables</h2>",
        "aria-label=\"59.8 % equal, 1,204,331 changed, 3 missing, 1 extra\"",
        ">Table by table</h2>",
        "0<mark>4</mark>:14:59Z",
        "Not listed here: 1,204,324 more changed, 1 more missing",
    };
    const char *at = html;
    for (size_t i = 0; i < COUNT(in_order); i++) {
        const char *place = strstr(at, in_order[i]);
        if (!place)
            fail_msg("\"%s\" is not in the page, or too early", in_order[i]);
        at = place;
    }
    free(html);
}

static void every_verdict_has_its_sentence(void **state)
{
    (void)state;
    static const struct {
        enum verdict verdict;
        bool interrupted, no_tables, left_out, unread;
        const char *says, *never;
    } cases[] = {
        {VERDICT_EQUAL, false, false, false, false, "<h1>Both sides hold the same rows.</h1>",
         "The two sides differ"},
        {VERDICT_EQUAL, false, false, true, false,
         "<h1>Both sides hold the same in all that was compared.</h1>", "Nothing was left out"},
        {VERDICT_INCONCLUSIVE, false, false, false, true,
         "<h1>Nothing differs in what was compared, but not everything was.</h1>",
         "Nothing was left out"},
        {VERDICT_INCONCLUSIVE, false, true, false, false, "<h1>Nothing was compared.</h1>",
         "Nothing was left out"},
        {VERDICT_EQUAL, true, false, false, false, "<h1>Interrupted before the end;",
         "Nothing was left out"},
        {VERDICT_DIFFERENT, true, false, false, false, "; the run was interrupted.</h1>",
         "Nothing was left out"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct verify_result *result = all_equal();
        result->verdict = cases[i].verdict;
        result->interrupted = cases[i].interrupted;
        if (cases[i].no_tables)
            result->table_count = 0;
        if (cases[i].left_out)
            result->tables[0].columns[2].compared = false;
        if (cases[i].unread) {
            result->tables[1].verdict = VERDICT_INCONCLUSIVE;
            add_text(result, &result->tables[1].reasons, "nobody may read it");
        }
        char *html = html_of(result, (struct verify_options){0});
        assert_says(html, cases[i].says);
        assert_not_says(html, cases[i].never);
        if (cases[i].verdict == VERDICT_EQUAL && cases[i].interrupted)
            assert_not_says(html, "class=\"verdict verdict-equal\"");
        free(html);
    }
    char *html = html_of(all_equal(), (struct verify_options){0});
    assert_says(html, "Nothing was left out: every row and every column");
    free(html);
}

static void without_values_no_value_and_no_key_is_there(void **state)
{
    (void)state;
    char *html = html_of(everything(), (struct verify_options){.no_values = true});
    static const char *const values[] = {"8812",   "9001", "Núñez",   "Lovelace", "19.90",
                                         "04:14:", "1999", "arrivée", "7001",     "1018"};
    for (size_t i = 0; i < COUNT(values); i++)
        assert_not_says(html, values[i]);
    assert_not_says(html, "id=\"row-"); /* a hash of a key can be guessed */
    assert_says(html, "written as UTC, read as Europe/Berlin");
    assert_says(html, "total: in 3</li>");
    free(html);
}

static void links_lead_somewhere_and_ids_are_unique(void **state)
{
    (void)state;
    struct verify_result *(*const results[])(void) = {everything, all_equal, hostile_result};
    for (size_t r = 0; r < COUNT(results); r++) {
        char *html = html_of(results[r](), (struct verify_options){0});
        for (const char *at = html; (at = strstr(at, "href=\"")); at++) {
            char id[200], wanted[220];
            if (sscanf(at, "href=\"#%180[^\"]\"", id) != 1)
                fail_msg("a link that is not into the page: %.60s", at);
            snprintf(wanted, sizeof wanted, " id=\"%s\"", id);
            assert_says(html, wanted);
        }
        for (const char *at = html; (at = strstr(at, " id=\"")); at++) {
            char id[220];
            size_t length = (size_t)(strchr(at + 5, '"') - at) + 1;
            assert_true(length < sizeof id);
            memcpy(id, at, length);
            id[length] = '\0';
            if (strstr(at + 1, id))
                fail_msg("twice: %s", id);
        }
        free(html);
    }
}

static void hostile_texts_stay_texts(void **state)
{
    (void)state;
    char *html = html_of(hostile_result(), (struct verify_options){0});
    const char *body = strstr(html, "<body>");
    static const char *const never[] = {"<script", "</script",     "<img",  "<iframe", "<style",
                                        "<base",   "<meta",        "<link", "<!--",    "onerror=\"",
                                        "style=",  "\xe2\x80\xae", "\x1b",  "\x01",    "\xff"};
    for (size_t i = 0; i < COUNT(never); i++)
        assert_not_says(body, never[i]);
    assert_says(body, "\\u{202E}</span>txet desrever");
    assert_says(body, "characters alike");
    assert_true(strlen(html) < 2000000);
    free(html);
}

static void a_plan_has_no_verdict(void **state)
{
    (void)state;
    char *html = html_of(everything(), (struct verify_options){.explain = true});
    assert_says(html, "no row was read");
    assert_says(html, "timestamp with time zone");
    assert_not_says(strstr(html, "<body>"), "verdict-");
    free(html);
}

/* --- pages for the browser
 * ----------------------------------------------------------------------------- */

static struct verify_result *ten_thousand(void)
{
    return many(10000);
}

static int write_pages(const char *folder)
{
    static const struct {
        const char *name;
        struct verify_result *(*make)(void);
        struct verify_options options;
    } pages[] = {
        {"everything", everything, {.no_values = false}},
        {"equal", all_equal, {.no_values = false}},
        {"hostile", hostile_result, {.no_values = false}},
        {"many", ten_thousand, {.no_values = false}},
        {"no-values", everything, {.no_values = true}},
        {"plan", everything, {.explain = true}},
    };
    for (size_t i = 0; i < COUNT(pages); i++) {
        char *html = html_of(pages[i].make(), pages[i].options);
        char *path = mem_format("%s/%s.html", folder, pages[i].name);
        FILE *file = fopen(path, "w");
        bool written = file && fputs(html, file) >= 0;
        if (!file || fclose(file) != 0 || !written) {
            perror(path);
            return 1;
        }
        free(path);
        free(html);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "write") == 0)
        return write_pages(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_texts_stay_texts),
        cmocka_unit_test(without_values_no_value_and_no_key_is_there),
        cmocka_unit_test(the_page_opens_with_the_verdict_and_what_was_not_compared),
        cmocka_unit_test(every_verdict_has_its_sentence),
        cmocka_unit_test(links_lead_somewhere_and_ids_are_unique),
        cmocka_unit_test(a_plan_has_no_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
