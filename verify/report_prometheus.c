/*
 * The result of a run for Prometheus, in its text format (version 0.0.4), as node_exporter's
 * textfile collector reads it. Input: a finished result. Output: gauges with HELP and TYPE.
 *
 * What is not known has no sample, never a 0: rows of a table that was not compared to its end,
 * counts of one whose differences were not all found. Every sample carries the two databases, so
 * that the files of several runs may stand in one folder. No value of a row is in it.
 */
#include "../diff/base/buffer.h"
#include "../diff/base/utf8.h"
#include "verify.h"

#include <inttypes.h>

static const char *const sides[] = {"source", "target"};

struct page {
    const struct verify_result *result;
    struct buffer labels; /* of the run, on every sample */
    struct buffer *out;
};

/* "A label_value can be any sequence of UTF-8 characters, but the backslash, double-quote, and line
 * feed characters have to be escaped": Prometheus, Exposition formats. */
static void add_label(struct buffer *out, const char *name, const char *value)
{
    const unsigned char *at = (const unsigned char *)(value ? value : "");
    const unsigned char *end = at + strlen((const char *)at);
    buffer_printf(out, "%s%s=\"", out->length ? "," : "", name);
    while (at < end) {
        size_t size = utf8_size(at, end);
        if (*at == '\n')
            buffer_add_text(out, "\\n");
        else if (*at == '\\' || *at == '"')
            buffer_printf(out, "\\%c", *at);
        else if (size)
            buffer_add(out, at, size);
        else
            buffer_add_text(out, "\xef\xbf\xbd");
        at += size ? size : 1;
    }
    buffer_add_byte(out, '"');
}

/* The beginning of a sample: "tally_verify_table_rows{source="…",target="…",". */
static void begin(const struct page *page, const char *name, struct buffer *labels)
{
    buffer_printf(page->out, "tally_verify_%s", name);
    buffer_clear(labels);
    buffer_add(labels, page->labels.data, page->labels.length);
}

static void add_head(const struct page *page, const char *name, const char *help)
{
    buffer_printf(page->out, "# HELP tally_verify_%s %s\n# TYPE tally_verify_%s gauge\n", name,
                  help, name);
}

static void add_whole(const struct page *page, struct buffer *labels, uint64_t n)
{
    buffer_printf(page->out, "{%s} %" PRIu64 "\n", (const char *)labels->data, n);
}

/* ---- The run
 * ------------------------------------------------------------------------------------------ */

static void add_number(const struct page *page, const char *name, const char *help, uint64_t n)
{
    struct buffer labels = BUFFER_INIT(BUFFER_NO_LIMIT);
    add_head(page, name, help);
    begin(page, name, &labels);
    add_whole(page, &labels, n);
    buffer_free(&labels);
}

/* As the exit codes are. */
static uint64_t verdict_number(enum verdict verdict)
{
    static const uint64_t numbers[] = {
        [VERDICT_EQUAL] = 0, [VERDICT_DIFFERENT] = 1, [VERDICT_INCONCLUSIVE] = 2};
    return numbers[verdict];
}

static void add_run(const struct page *page)
{
    const struct verify_result *result = page->result;
    struct buffer labels = BUFFER_INIT(BUFFER_NO_LIMIT);
    add_number(page, "verdict", "Verdict of the last run: 0 equal, 1 different, 2 inconclusive.",
               verdict_number(result->verdict));
    add_number(page, "interrupted", "1 when the last run was interrupted before its end.",
               result->interrupted);
    if (result->baseline.given) {
        add_number(page, "newly_different", "1 when something differs that the baseline had not.",
                   result->since.different);
        add_number(page, "newly_inconclusive",
                   "1 when something is inconclusive that the baseline had not.",
                   result->since.inconclusive);
    }
    add_number(page, "last_run_timestamp_seconds", "When the last run began, in Unix time.",
               (uint64_t)result->started);
    add_head(page, "duration_seconds", "How long the last run took.");
    begin(page, "duration_seconds", &labels);
    buffer_printf(page->out, "{%s} %.3f\n", (const char *)labels.data, result->seconds);
    add_head(page, "tables", "Tables by verdict.");
    for (int verdict = VERDICT_EQUAL; verdict <= VERDICT_DIFFERENT; verdict++) {
        uint64_t count = 0;
        for (size_t i = 0; i < result->table_count; i++)
            count += (int)result->tables[i].verdict == verdict;
        begin(page, "tables", &labels);
        add_label(&labels, "verdict", verdict_name[verdict]);
        add_whole(page, &labels, count);
    }
    add_head(page, "tables_of_one_side", "Tables that only one side has.");
    for (int side = 0; side < 2; side++) {
        begin(page, "tables_of_one_side", &labels);
        add_label(&labels, "side", sides[side]);
        add_whole(page, &labels, result->only[side].count);
    }
    buffer_free(&labels);
}

/* ---- Tables
 * ------------------------------------------------------------------------------------------ */

/* A table's own samples of one metric. */
static void add_verdicts(const struct page *page, const char *name,
                         const struct result_table *table, struct buffer *labels)
{
    begin(page, name, labels);
    add_label(labels, "table", table->name[0]);
    add_whole(page, labels, verdict_number(table->verdict));
}

static void add_rows(const struct page *page, const char *name, const struct result_table *table,
                     struct buffer *labels)
{
    for (int side = 0; side < 2; side++) {
        if (!table->counted[side])
            continue;
        begin(page, name, labels);
        add_label(labels, "table", table->name[0]);
        add_label(labels, "side", sides[side]);
        add_whole(page, labels, table->rows[side]);
    }
}

static void add_differences(const struct page *page, const char *name,
                            const struct result_table *table, struct buffer *labels)
{
    for (int kind = FINDING_CHANGED; kind <= FINDING_EXTRA; kind++) {
        if (!table->drilled && table->verdict != VERDICT_EQUAL)
            continue;
        begin(page, name, labels);
        add_label(labels, "table", table->name[0]);
        add_label(labels, "kind", finding_kind_name[kind]);
        add_whole(page, labels, table->counts[kind]);
    }
}

static bool same_cause(const struct result_cause *one, const struct result_cause *other)
{
    return strcmp(one->name, other->name) == 0 &&
           strcmp(one->column ? one->column : "", other->column ? other->column : "") == 0;
}

/* Causes of one name and column are one sample: a label set may stand once only. */
static void add_causes(const struct page *page, const char *name, const struct result_table *table,
                       struct buffer *labels)
{
    for (size_t i = 0; i < table->cause_count; i++) {
        const struct result_cause *cause = &table->causes[i];
        uint64_t count = 0;
        bool said = false;
        for (size_t k = 0; k < table->cause_count; k++)
            if (same_cause(&table->causes[k], cause)) {
                count += table->causes[k].count;
                said |= k < i;
            }
        if (said)
            continue;
        begin(page, name, labels);
        add_label(labels, "table", table->name[0]);
        add_label(labels, "column", cause->column);
        add_label(labels, "cause", cause->name);
        add_whole(page, labels, count);
    }
}

static void add_schema(const struct page *page, const char *name, const struct result_table *table,
                       struct buffer *labels)
{
    begin(page, name, labels);
    add_label(labels, "table", table->name[0]);
    add_whole(page, labels, table->schema_count);
}

static void add_since(const struct page *page, const char *name, const struct result_table *table,
                      struct buffer *labels)
{
    const struct {
        const char *age;
        uint64_t count;
    } ages[] = {{"new", table->since.fresh},
                {"persisting", table->since.persisting},
                {"gone", table->since.gone}};
    for (size_t i = 0; i < 3 && page->result->baseline.given && table->drilled; i++) {
        begin(page, name, labels);
        add_label(labels, "table", table->name[0]);
        add_label(labels, "age", ages[i].age);
        add_whole(page, labels, ages[i].count);
    }
}

static const struct metric {
    const char *name, *help;
    void (*add)(const struct page *page, const char *name, const struct result_table *table,
                struct buffer *labels);
} metrics[] = {
    {"table_verdict", "Verdict of a table: 0 equal, 1 different, 2 inconclusive.", add_verdicts},
    {"table_rows", "Rows of a table; absent when it was not compared to its end.", add_rows},
    {"table_differences", "Rows that differ; absent when not all of them were found.",
     add_differences},
    {"table_differences_since_baseline",
     "Rows that differ, by age: new, persisting or gone since the baseline.", add_since},
    {"table_cause_rows", "Rows that differ by one cause, in one column.", add_causes},
    {"table_schema_findings", "What is unlike in the definitions of a table.", add_schema},
};

void report_prometheus(const struct verify_result *result, const struct verify_options *options,
                       struct buffer *out)
{
    (void)options;
    struct page page = {result, BUFFER_INIT(BUFFER_NO_LIMIT), out};
    struct buffer labels = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (int side = 0; side < 2; side++)
        add_label(&page.labels, sides[side], result->side[side].shown_uri);
    add_run(&page);
    for (size_t m = 0; m < sizeof metrics / sizeof *metrics; m++) {
        if (result->table_count)
            add_head(&page, metrics[m].name, metrics[m].help);
        for (size_t i = 0; i < result->table_count; i++)
            metrics[m].add(&page, metrics[m].name, &result->tables[i], &labels);
    }
    buffer_free(&labels);
    buffer_free(&page.labels);
}
