/*
 * The result of a run as JUnit XML, as Jenkins and GitLab read it: a table is a test case. Input: a
 * finished result. Output: one document.
 *
 * A different table is a failure. An inconclusive one is an error, never "skipped": both show
 * skipped tests beside the passed ones and call the whole a success, and what was not compared is
 * no success. With --only-new, what is as it was in the baseline is skipped. Only a table that is
 * equal has a test case with nothing in it. Control characters, which
 * XML 1.0 cannot hold, and marks that would turn or hide text are written as \xHH or \u{HEX}.
 */
#include "../diff/base/display.h"
#include "report.h"
#include "verify.h"

#include <stdio.h>

struct page {
    const struct verify_result *result;
    const struct verify_options *options;
    struct buffer cases;
    size_t tests, failures, errors, skipped;
};

static void add_escaped(struct buffer *out, const char *text, bool attribute)
{
    struct display_piece piece;
    for (; *text; text += piece.size) {
        if (*text == '\n' && !attribute) {
            buffer_add_byte(out, '\n');
            piece.size = 1;
            continue;
        }
        if (!display_next(text, &piece))
            break;
        for (const char *at = piece.text; *at; at++)
            if (*at == '&')
                buffer_add_text(out, "&amp;");
            else if (*at == '<')
                buffer_add_text(out, "&lt;");
            else if (*at == '>')
                buffer_add_text(out, "&gt;");
            else if (*at == '"')
                buffer_add_text(out, attribute ? "&quot;" : "\"");
            else
                buffer_add_byte(out, (unsigned char)*at);
    }
}

static void add_attribute(struct buffer *out, const char *name, const char *value)
{
    buffer_printf(out, " %s=\"", name);
    add_escaped(out, value ? value : "", true);
    buffer_add_byte(out, '"');
}

static void add_element(struct buffer *out, const char *name, const char *type, const char *message,
                        const char *text)
{
    buffer_printf(out, "      <%s", name);
    if (type)
        add_attribute(out, "type", type);
    if (message)
        add_attribute(out, "message", message);
    buffer_add_byte(out, '>');
    add_escaped(out, text, false);
    buffer_printf(out, "</%s>\n", name);
}

/* class: "tables", "schema", "run": how test reports group cases. */
static void begin_case(struct page *page, const char *class, const char *name, double seconds)
{
    page->tests++;
    buffer_add_text(&page->cases, "    <testcase");
    buffer_printf(&page->cases, " classname=\"tally-verify.%s\"", class);
    add_attribute(&page->cases, "name", name);
    buffer_printf(&page->cases, " time=\"%.3f\">\n", seconds);
}

static void end_case(struct page *page)
{
    buffer_add_text(&page->cases, "    </testcase>\n");
}

static void fail_case(struct page *page, const char *type, const char *message, const char *text)
{
    page->failures++;
    add_element(&page->cases, "failure", type, message, text);
}

static void err_case(struct page *page, const char *message, const char *text)
{
    page->errors++;
    add_element(&page->cases, "error", "inconclusive", message, text);
}

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

static void skip_case(struct page *page, const char *message)
{
    page->skipped++;
    buffer_add_text(&page->cases, "      <skipped");
    add_attribute(&page->cases, "message", message);
    buffer_add_text(&page->cases, "/>\n");
}

static void add_table(struct page *page, const struct result_table *table)
{
    struct buffer message = BUFFER_INIT(BUFFER_NO_LIMIT), text = BUFFER_INIT(BUFFER_NO_LIMIT);
    begin_case(page, "tables", table->name[0], table->seconds);
    if (is_old(page, table))
        buffer_printf(&message, "as in the baseline, %s: ", verdict_name[table->verdict]);
    add_message(table, &message);
    if (page->result->baseline.given) {
        buffer_add_text(&message, "; since the baseline ");
        report_since(&table->since, &message);
    }
    report_text_table(page->result, page->options, table, &text);
    if (is_old(page, table))
        skip_case(page, (const char *)message.data);
    else if (table->verdict == VERDICT_DIFFERENT)
        fail_case(page, "different", (const char *)message.data, (const char *)text.data);
    else if (table->verdict == VERDICT_INCONCLUSIVE)
        err_case(page, (const char *)message.data, (const char *)text.data);
    else if (table->notes.count)
        add_element(&page->cases, "system-out", NULL, NULL, (const char *)text.data);
    end_case(page);
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
    begin_case(page, "schema", table->name[0], 0);
    if (breaks)
        fail_case(page, breaks->kind, breaks->text, (const char *)text.data);
    else
        add_element(&page->cases, "system-out", NULL, NULL, (const char *)text.data);
    end_case(page);
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
            begin_case(page, "tables", page->result->only[side].items[i], 0);
            if (page->result->baseline.only_new &&
                !is_news(&page->result->since, page->result->only[side].items[i]))
                skip_case(page, "as in the baseline, on one side only");
            else
                fail_case(page, "one-sided", messages[side], "");
            end_case(page);
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
    if (!result->interrupted && !inconclusive && page->tests)
        return;
    struct buffer notes = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < result->notes.count; i++)
        buffer_printf(&notes, "%s\n", result->notes.items[i]);
    begin_case(page, "run", "the whole run", result->seconds);
    err_case(page,
             result->interrupted ? "interrupted before the end"
             : inconclusive      ? "something may be there that nobody could look at"
                                 : "nothing was compared",
             (const char *)notes.data);
    end_case(page);
    buffer_free(&notes);
}

static void add_property(struct buffer *out, const char *name, const char *value)
{
    buffer_add_text(out, "      <property");
    add_attribute(out, "name", name);
    add_attribute(out, "value", value);
    buffer_add_text(out, "/>\n");
}

static void add_counts(const struct page *page, struct buffer *out)
{
    buffer_printf(out,
                  " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"",
                  page->tests, page->failures, page->errors, page->skipped, page->result->seconds);
}

void report_junit(const struct verify_result *result, const struct verify_options *options,
                  struct buffer *out)
{
    struct page page = {
        .result = result, .options = options, .cases = BUFFER_INIT(BUFFER_NO_LIMIT)};
    char started[64] = "";
    struct tm parts;
    for (size_t i = 0; i < result->table_count; i++) {
        add_table(&page, &result->tables[i]);
        add_schema(&page, &result->tables[i]);
    }
    add_one_sided(&page);
    add_run(&page);
    if (gmtime_r(&result->started, &parts))
        strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%S", &parts);
    buffer_add_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                         "<testsuites name=\"tally-verify\"");
    add_counts(&page, out);
    buffer_add_text(out, ">\n  <testsuite name=\"tally-verify\"");
    add_counts(&page, out);
    add_attribute(out, "timestamp", started);
    buffer_add_text(out, ">\n    <properties>\n");
    add_property(out, "source", result->side[0].shown_uri);
    add_property(out, "target", result->side[1].shown_uri);
    add_property(out, "verdict", verdict_name[result->verdict]);
    for (size_t i = 0; i < result->notes.count; i++)
        add_property(out, "note", result->notes.items[i]);
    buffer_add_text(out, "    </properties>\n");
    buffer_add(out, page.cases.data, page.cases.length);
    buffer_add_text(out, "  </testsuite>\n</testsuites>\n");
    buffer_free(&page.cases);
}
