/*
 * The result of a run as JUnit XML (diff/junit.h): a table is a test case. Input: a finished
 * result. Output: one document.
 *
 * A different table is a failure. An inconclusive one is an error, never "skipped": both show
 * skipped tests beside the passed ones and call the whole a success, and what was not compared is
 * no success. With --only-new, what is as it was in the baseline is skipped. Only a table that is
 * equal has a test case with nothing in it.
 */
#include "../diff/junit.h"
#include "report.h"
#include "verify.h"

#include <stdio.h>

struct page {
    const struct verify_result *result;
    const struct verify_options *options;
    struct junit junit;
};

/* ---- Tables
 * ------------------------------------------------------------------------------------------ */

/* "2 changed, 1 missing, 0 extra"; else the first reason. */
static void add_message(const struct result_table *table, struct buffer *out)
{
    if (table->drilled && table->verdict == VERDICT_DIFFERENT &&
        (table->counts[0] || table->counts[1] || table->counts[2])) {
        for (int kind = FINDING_CHANGED; kind <= FINDING_EXTRA; kind++)
            buffer_printf(out, "%s%llu %s", kind ? ", " : "",
                          (unsigned long long)table->counts[kind], finding_kind_name[kind]);
        if (table->cause_count)
            buffer_printf(out, "; %s", table->causes[0].text);
    } else if (table->reasons.count) {
        buffer_add_text(out, table->reasons.items[0]);
    } else {
        buffer_add_text(out, verdict_name[table->verdict]);
    }
}

/* With --only-new: what is as it was is not tested again, and has not passed either. */
static bool is_old(const struct page *page, const struct result_table *table)
{
    return page->result->baseline.only_new && table->verdict != VERDICT_EQUAL &&
           !report_has_news(&table->since);
}

static void add_table(struct page *page, const struct result_table *table)
{
    struct buffer message = BUFFER_INIT(BUFFER_NO_LIMIT), text = BUFFER_INIT(BUFFER_NO_LIMIT);
    junit_begin_case(&page->junit, "tables", table->name[0], table->seconds);
    if (is_old(page, table))
        buffer_printf(&message, "as in the baseline, %s: ", verdict_name[table->verdict]);
    add_message(table, &message);
    if (page->result->baseline.given) {
        buffer_add_text(&message, "; since the baseline ");
        report_since(&table->since, &message);
    }
    report_text_table(page->result, page->options, table, &text);
    if (is_old(page, table))
        junit_skip(&page->junit, (const char *)message.data);
    else if (table->verdict == VERDICT_DIFFERENT)
        junit_fail(&page->junit, "different", (const char *)message.data, (const char *)text.data);
    else if (table->verdict == VERDICT_INCONCLUSIVE)
        junit_error(&page->junit, (const char *)message.data, (const char *)text.data);
    else if (table->notes.count)
        junit_output(&page->junit, (const char *)text.data);
    junit_end_case(&page->junit);
    buffer_free(&message);
    buffer_free(&text);
}

/* Definitions are reported apart from the rows; what breaks nothing fails no test. */
static void add_schema(struct page *page, const struct result_table *table)
{
    if (!table->schema_count || is_old(page, table))
        return;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    const struct result_schema *breaks = NULL;
    for (size_t i = 0; i < table->schema_count; i++) {
        const struct result_schema *schema = &table->schema[i];
        breaks = !breaks && schema->breaks ? schema : breaks;
        buffer_printf(&text, "%s: %s\n", schema->kind, schema->text);
        if (schema->fix)
            buffer_printf(&text, "  %s\n", schema->fix);
    }
    junit_begin_case(&page->junit, "schema", table->name[0], 0);
    if (breaks)
        junit_fail(&page->junit, breaks->kind, breaks->text, (const char *)text.data);
    else
        junit_output(&page->junit, (const char *)text.data);
    junit_end_case(&page->junit);
    buffer_free(&text);
}

/* Is it said among the news that the run has beside its tables' rows? */
static bool is_news(const struct result_since *since, const char *label)
{
    for (size_t i = 0; i < since->news_count; i++)
        if (strstr(since->news[i], label))
            return true;
    return false;
}

static void add_one_sided(struct page *page)
{
    static const char *const messages[] = {"in the source only", "in the target only"};
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < page->result->only[side].count; i++) {
            junit_begin_case(&page->junit, "tables", page->result->only[side].items[i], 0);
            if (page->result->baseline.only_new &&
                !is_news(&page->result->since, page->result->only[side].items[i]))
                junit_skip(&page->junit, "as in the baseline, on one side only");
            else
                junit_fail(&page->junit, "one-sided", messages[side], "");
            junit_end_case(&page->junit);
        }
}

/* ---- The run
 * ------------------------------------------------------------------------------------------ */

/* What makes the whole less than equal although every table is. */
static void add_run(struct page *page)
{
    const struct verify_result *result = page->result;
    bool only_new = result->baseline.only_new;
    bool inconclusive = only_new ? result->since.inconclusive : result->inconclusive;
    if (!result->interrupted && !inconclusive && page->junit.tests)
        return;
    struct buffer notes = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < result->notes.count; i++)
        buffer_printf(&notes, "%s\n", result->notes.items[i]);
    junit_begin_case(&page->junit, "run", "the whole run", result->seconds);
    junit_error(&page->junit,
                result->interrupted ? "interrupted before the end"
                : inconclusive      ? "something may be there that nobody could look at"
                                    : "nothing was compared",
                (const char *)notes.data);
    junit_end_case(&page->junit);
    buffer_free(&notes);
}

void report_junit(const struct verify_result *result, const struct verify_options *options,
                  struct buffer *out)
{
    struct page page = {.result = result, .options = options, .junit = JUNIT_INIT("tally-verify")};
    for (size_t i = 0; i < result->table_count; i++) {
        add_table(&page, &result->tables[i]);
        add_schema(&page, &result->tables[i]);
    }
    add_one_sided(&page);
    add_run(&page);
    junit_property(&page.junit, "source", result->side[0].shown_uri);
    junit_property(&page.junit, "target", result->side[1].shown_uri);
    junit_property(&page.junit, "verdict", verdict_name[result->verdict]);
    for (size_t i = 0; i < result->notes.count; i++)
        junit_property(&page.junit, "note", result->notes.items[i]);
    junit_finish(&page.junit, result->started, result->seconds, out);
}
