/*
 * One table's section of the HTML report: its counts and reasons, how its columns were compared,
 * and the rows that differ, side by side. Input: a table of a finished result. Output: HTML.
 */
#include "../diff/base/memory.h"
#include "../diff/base/progress.h"
#include "report.h"
#include "report_html.h"

#include <stdlib.h>
#include <string.h>

static void add_list(struct html *html, const struct text_list *list, const char *label)
{
    for (size_t i = 0; i < list->count; i++) {
        buffer_printf(html->out, "<li>%s", label);
        page_text(html->out, list->items[i]);
        buffer_add_text(html->out, "</li>\n");
    }
}

/* --- what is to be said of the table
 * ------------------------------------------------------------------ */

static void add_rows(struct html *html, const struct result_table *table)
{
    if (!table->counted[0] && !table->counted[1]) {
        buffer_add_text(html->out, "Not compared to its end.");
        return;
    }
    for (int side = 0; side < SIDES; side++) {
        buffer_add_text(html->out, side == SOURCE ? "Source: " : "; target: ");
        if (table->counted[side]) {
            page_count(html->out, table->rows[side]);
            buffer_add_text(html->out, table->rows[side] == 1 ? " row" : " rows");
        } else {
            buffer_add_text(html->out, "not read to its end");
        }
    }
    buffer_add_byte(html->out, '.');
}

void html_add_kinds(struct buffer *out, const struct result_table *table)
{
    for (int kind = FINDING_CHANGED; kind <= FINDING_EXTRA; kind++) {
        buffer_add_text(out, kind ? ", " : "");
        page_count(out, table->counts[kind]);
        buffer_printf(out, " %s", finding_kind_name[kind]);
    }
}

static void add_suspects(struct html *html, const struct result_table *table)
{
    if (!table->suspect_count || html->options->no_values)
        return;
    buffer_add_text(html->out, "<details><summary>Ranges of the key in which the sides "
                               "differ</summary><ul class=\"notes\">\n");
    for (size_t i = 0; i < table->suspect_count; i++) {
        const struct suspect_range *range = &table->suspects[i];
        buffer_add_text(html->out, "<li>");
        if (range->has_low)
            buffer_printf(html->out, "from %lld ", (long long)range->low);
        if (range->has_high)
            buffer_printf(html->out, "up to %lld", (long long)range->high);
        buffer_add_text(html->out, range->has_low || range->has_high ? "</li>\n" : "all</li>\n");
    }
    buffer_add_text(html->out, "</ul></details>\n");
}

static void add_summary(struct html *html, const struct result_table *table)
{
    static const char *const where[] = {"Only source rows where ", "Only target rows where "};
    if (!html->options->explain) {
        buffer_add_text(html->out, "<p>");
        if (html->result->baseline.given && table->since.exact) {
            buffer_add_text(html->out, "Since the baseline: ");
            report_since(&table->since, html->out);
            buffer_add_text(html->out, ". ");
        }
        add_rows(html, table);
        if (table->drilled && table->verdict == VERDICT_DIFFERENT) {
            buffer_add_byte(html->out, ' ');
            html_add_kinds(html->out, table);
            buffer_add_byte(html->out, '.');
        }
        buffer_add_text(html->out, "</p>\n");
    }
    size_t place = html->out->length;
    buffer_add_text(html->out, "<ul class=\"notes\">\n");
    size_t begin = html->out->length;
    for (size_t i = 0; i < table->since.news_count; i++) {
        buffer_add_text(html->out, "<li><strong>New:</strong> ");
        page_text(html->out, table->since.news[i]);
        buffer_add_text(html->out, "</li>\n");
    }
    add_list(html, &table->reasons, "");
    for (int side = 0; side < SIDES; side++)
        if (table->where[side]) {
            buffer_printf(html->out, "<li>%s<code>", where[side]);
            page_text(html->out, table->where[side]);
            buffer_add_text(html->out, "</code></li>\n");
        }
    if (table->key_why && (!table->key_count || html->options->explain)) {
        buffer_add_text(html->out, "<li>Key: ");
        page_text(html->out, table->key_why);
        buffer_add_text(html->out, "</li>\n");
    }
    add_list(html, &table->notes, "Note: ");
    if (html->out->length == begin) {
        html->out->length = place;
        buffer_terminate(html->out);
    } else {
        buffer_add_text(html->out, "</ul>\n");
    }
    add_suspects(html, table);
}

/* --- how its columns were compared
 * -------------------------------------------------------------------- */

static void add_definition(struct html *html, const struct result_column *column, int side)
{
    static const char *const labels[] = {"Source", "Target"};
    buffer_printf(html->out, "<td data-label=\"%s\">", labels[side]);
    if (column->name[side])
        page_text(html->out, column->name[side]);
    if (column->expression[side]) {
        buffer_add_text(html->out, " = <code>");
        page_text(html->out, column->expression[side]);
        buffer_add_text(html->out, "</code>");
    }
    if (column->type[side]) {
        buffer_add_text(html->out, " <span class=\"muted\">");
        page_text(html->out, column->type[side]);
        buffer_add_text(html->out, "</span>");
    }
    if (!column->name[side] && !column->expression[side])
        buffer_add_text(html->out, "<span class=\"muted\">none</span>");
    buffer_add_text(html->out, "</td>");
}

static void add_column(struct html *html, const struct result_column *column)
{
    const char *how = column->ignored     ? "ignored"
                      : !column->compared ? "not verified"
                      : column->kind      ? column->kind
                                          : "";
    buffer_add_text(html->out, "<tr><th scope=\"row\">");
    page_text(html->out, report_column_name(column, SOURCE));
    buffer_add_text(html->out, column->key ? " <span class=\"muted\">key</span></th>" : "</th>");
    for (int side = 0; side < SIDES; side++)
        add_definition(html, column, side);
    buffer_add_text(html->out, "<td data-label=\"Compared as\">");
    page_text(html->out, how);
    buffer_add_text(html->out, "</td><td data-label=\"Why\" class=\"wide\">");
    if (column->why && strcmp(column->why, how) != 0)
        page_text(html->out, column->why);
    if (column->leniency && *column->leniency) {
        buffer_add_text(html->out, " <strong>Leniency:</strong> ");
        page_text(html->out, column->leniency);
    }
    buffer_add_text(html->out, "</td></tr>\n");
}

static void add_columns(struct html *html, const struct result_table *table)
{
    if (!table->column_count)
        return;
    buffer_printf(html->out, "<details%s><summary>", html->options->explain ? " open" : "");
    page_count(html->out, table->column_count);
    buffer_printf(html->out, " column%s, and how %s compared</summary>\n",
                  table->column_count == 1 ? "" : "s",
                  table->column_count == 1 ? "it is" : "they are");
    buffer_add_text(html->out, "<div class=\"scroll\"><table class=\"stack small\"><thead><tr>"
                               "<th scope=\"col\">Column</th><th scope=\"col\">Source</th>"
                               "<th scope=\"col\">Target</th><th scope=\"col\">Compared as</th>"
                               "<th scope=\"col\">Why</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < table->column_count; i++)
        add_column(html, &table->columns[i]);
    buffer_add_text(html->out, "</tbody></table></div></details>\n");
}

/* --- pairs of values
 * ---------------------------------------------------------------------------------- */

void html_begin_pairs(struct html *html, const char *what)
{
    buffer_printf(
        html->out,
        "<table class=\"pair\"><thead><tr><th scope=\"col\">%s</th>"
        "<th scope=\"col\">Source</th><th scope=\"col\">Target</th></tr></thead><tbody>\n",
        what);
}

void html_end_pairs(struct html *html)
{
    buffer_add_text(html->out, "</tbody></table>\n");
}

static struct page_bytes bytes_of(const char *text)
{
    return (struct page_bytes){text, text ? strlen(text) : 0};
}

void html_add_pair(struct html *html, const char *source, const char *target)
{
    static const char *const labels[] = {"Source", "Target"};
    struct page_bytes values[SIDES] = {bytes_of(source), bytes_of(target)};
    struct buffer cells[SIDES] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
    bool marked = page_pair(values, (struct buffer *[]){&cells[SOURCE], &cells[TARGET]});
    for (int side = 0; side < SIDES; side++) {
        buffer_printf(html->out, "<td data-label=\"%s\"><span class=\"value\" dir=\"auto\">",
                      labels[side]);
        buffer_add(html->out, cells[side].data, cells[side].length);
        buffer_add_text(html->out, "</span>");
        /* Findings keep the beginning of a value. */
        if (!marked && source)
            buffer_add_text(html->out, " <span class=\"gap\">alike as far as is shown</span>");
        buffer_add_text(html->out, "</td>");
        buffer_free(&cells[side]);
    }
}

static void add_single(struct html *html, const char *text)
{
    buffer_add_text(html->out, "<span class=\"value\" dir=\"auto\">");
    page_value(html->out, bytes_of(text));
    buffer_add_text(html->out, "</span>");
}

/* --- the rows that differ
 * ------------------------------------------------------------------------------ */

/* Of a changed row its i-th column that differs, of a row without a key its i-th value. */
static const struct result_column *column_of(const struct result_table *table,
                                             const struct finding *finding, size_t i)
{
    static const struct result_column unknown = {0};
    size_t column = table->key_count ? finding->columns[i].column : i;
    return column < table->column_count ? &table->columns[column] : &unknown;
}

static void add_line(struct html *html, const struct result_table *table,
                     const struct finding *finding, size_t i)
{
    struct buffer name = BUFFER_INIT(BUFFER_NO_LIMIT);
    report_add_column_name(&name, column_of(table, finding, i));
    buffer_add_text(html->out, "<tr><th scope=\"row\">");
    page_text(html->out, (const char *)name.data);
    buffer_add_text(html->out, "</th>");
    if (table->key_count) {
        html_add_pair(html, finding->columns[i].value[SOURCE].text,
                      finding->columns[i].value[TARGET].text);
    } else {
        buffer_add_text(html->out, "<td data-label=\"Value\">");
        add_single(html, finding->values[i].text);
        buffer_add_text(html->out, "</td>");
    }
    buffer_add_text(html->out, "</tr>\n");
    buffer_free(&name);
}

static void add_lines(struct html *html, const struct result_table *table,
                      const struct finding *finding, size_t from, size_t to)
{
    if (table->key_count)
        html_begin_pairs(html, "Column");
    else
        buffer_add_text(html->out,
                        "<table class=\"pair one\"><thead><tr><th scope=\"col\">Column</th>"
                        "<th scope=\"col\">Value</th></tr></thead><tbody>\n");
    for (size_t i = from; i < to; i++)
        add_line(html, table, finding, i);
    html_end_pairs(html);
}

static void add_key(struct html *html, const struct result_table *table,
                    const struct finding *finding)
{
    buffer_add_text(html->out, "<span>");
    if (table->key_count) {
        for (size_t i = 0; i < finding->value_count && i < table->column_count; i++) {
            buffer_add_text(html->out, i ? ", " : "");
            page_text(html->out, report_column_name(&table->columns[i], SOURCE));
            buffer_add_text(html->out, " = ");
            add_single(html, finding->values[i].text);
        }
    } else {
        char times[SIDES][48];
        buffer_printf(html->out, "%s in the source, %s in the target",
                      report_times(finding->times[SOURCE], times[SOURCE]),
                      report_times(finding->times[TARGET], times[TARGET]));
    }
    buffer_add_text(html->out, "</span>");
}

/* The same row of the same table has the same id in every report. */
static void make_id(struct html *html, const struct result_table *table,
                    const struct finding *finding, char id[PAGE_ID_SIZE])
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    report_add_table_name(&text, table);
    for (size_t i = 0; i < finding->value_count; i++) {
        const char *value = finding->values[i].text;
        size_t length = value ? strlen(value) + 1 : 0; /* NULL is not '' */
        buffer_add_u64(&text, length);
        buffer_add(&text, value ? value : "", length);
    }
    page_id(&html->ids, "row", text.data, text.length, false, id);
    buffer_free(&text);
}

static void add_finding(struct html *html, const struct result_table *table,
                        const struct finding *finding)
{
    const char *kind = finding_kind_name[finding->kind];
    bool fresh = html->result->baseline.given && table->since.exact && !finding->persists;
    size_t count = !table->key_count                  ? finding->value_count
                   : finding->kind == FINDING_CHANGED ? finding->column_count
                                                      : 0;
    size_t shown = count <= HTML_COLUMNS + 2 ? count : HTML_COLUMNS;
    char id[PAGE_ID_SIZE];
    make_id(html, table, finding, id);
    buffer_printf(html->out,
                  "<article class=\"item finding%s\" id=\"%s\" data-kind=\"%s%s\" "
                  "data-what=\"listed rows\">\n<h4><span class=\"badge %s\">%s</span> ",
                  count ? "" : " slim", id, kind, fresh ? " new" : "", kind, kind);
    if (fresh)
        buffer_add_text(html->out, "<span class=\"badge\">new</span> ");
    add_key(html, table, finding);
    buffer_printf(html->out,
                  "<a class=\"anchor\" href=\"#%s\" aria-label=\"Link to this row\">#</a>"
                  "</h4>\n",
                  id);
    if (count)
        add_lines(html, table, finding, 0, shown);
    if (shown < count) {
        buffer_printf(html->out, "<details><summary>%zu more columns</summary>\n", count - shown);
        add_lines(html, table, finding, shown, count);
        buffer_add_text(html->out, "</details>\n");
    }
    buffer_add_text(html->out, "</article>\n");
}

/* "and 298 more changed": what the result does not hold. */
static void add_left(struct html *html, const struct result_table *table)
{
    uint64_t shown[3] = {0}, most = 0;
    bool any = false;
    if (!report_counts_known(table))
        return;
    if (!html->options->no_values)
        for (size_t i = 0; i < table->finding_count; i++)
            shown[table->findings[i].kind] += report_finding_rows(table, &table->findings[i]);
    for (int kind = FINDING_CHANGED; kind <= FINDING_EXTRA; kind++) {
        uint64_t count = table->counts[kind];
        if (most <= REPORT_FINDINGS_MOST) /* no sum of counts that could overflow */
            most += count > REPORT_FINDINGS_MOST ? REPORT_FINDINGS_MOST + 1 : count;
        if (count <= shown[kind])
            continue;
        buffer_add_text(html->out, any ? ", " : "<p class=\"muted\">Not listed here: ");
        page_count(html->out, count - shown[kind]);
        buffer_printf(html->out, "%s %s", shown[kind] ? " more" : "", finding_kind_name[kind]);
        any = true;
    }
    if (!any)
        return;
    if (html->result->baseline.only_new)
        buffer_add_text(html->out, " (--only-new lists new ones alone)");
    else if (html->options->no_values)
        buffer_add_text(html->out, " (--no-values leaves keys and values out)");
    else if (most <= REPORT_FINDINGS_MOST)
        buffer_printf(html->out, " (--findings %llu lists all)", (unsigned long long)most);
    else
        buffer_add_text(html->out, " (--findings N lists N, at most 100,000)");
    buffer_add_text(html->out, ".</p>\n");
}

/* Without values, what is left of the examples is which columns differ. */
static void add_differing_columns(struct html *html, const struct result_table *table)
{
    uint64_t changed = 0, *counts = mem_zero(table->column_count + 1, sizeof *counts);
    for (size_t i = 0; i < table->finding_count; i++) {
        const struct finding *finding = &table->findings[i];
        changed += finding->kind == FINDING_CHANGED;
        for (size_t c = 0; c < finding->column_count; c++)
            if (finding->columns[c].column < table->column_count)
                counts[finding->columns[c].column]++;
    }
    if (changed)
        buffer_printf(html->out,
                      "<p>Columns that differ in the first %llu changed rows:</p>\n"
                      "<ul class=\"notes\">\n",
                      (unsigned long long)changed);
    for (size_t c = 0; changed && c < table->column_count; c++) {
        if (!counts[c])
            continue;
        buffer_add_text(html->out, "<li>");
        page_text(html->out, report_column_name(&table->columns[c], SOURCE));
        buffer_printf(html->out, ": in %llu</li>\n", (unsigned long long)counts[c]);
    }
    if (changed)
        buffer_add_text(html->out, "</ul>\n");
    free(counts);
}

bool html_has_section(const struct html *html, const struct result_table *table)
{
    if (html->options->explain)
        return true;
    /* Many tables that nobody read, all for one reason, are named with it, once. */
    bool says = table->verdict != VERDICT_EQUAL || report_needs_detail(html->result, table);
    return says && !report_same_reason(table, table);
}

void html_add_section(struct html *html, size_t index)
{
    const struct result_table *table = &html->result->tables[index];
    const char *id = html->table_ids[index];
    bool examples = table->finding_count && !html->options->no_values;
    struct buffer name = BUFFER_INIT(BUFFER_NO_LIMIT);
    report_add_table_name(&name, table);
    buffer_printf(html->out, "<section class=\"group\" id=\"%s\" aria-labelledby=\"%s.name\" ", id,
                  id);
    if (!html->options->explain)
        buffer_printf(html->out, "data-verdict=\"%s\" ", verdict_name[table->verdict]);
    buffer_printf(html->out, "%sdata-name=\"", examples ? "" : "data-kind=\"\" ");
    page_attribute(html->out, (const char *)name.data);
    buffer_printf(html->out, "\">\n<h3 id=\"%s.name\">", id);
    html_add_table_name(html, table);
    if (!html->options->explain)
        html_add_verdict(html, table->verdict);
    buffer_printf(html->out,
                  "<a class=\"anchor\" href=\"#%s\" aria-label=\"Link to this table\">#</a></h3>\n",
                  id);
    /* A section without examples is found by what it says itself. */
    buffer_printf(html->out, "<div%s>\n", examples ? "" : " class=\"item\"");
    add_summary(html, table);
    add_columns(html, table);
    if (html->options->no_values)
        add_differing_columns(html, table);
    buffer_add_text(html->out, "</div>\n");
    if (examples) {
        buffer_add_text(html->out, "<div class=\"list\" data-page=\"50\">\n");
        for (size_t i = 0; i < table->finding_count; i++)
            add_finding(html, table, &table->findings[i]);
        buffer_add_text(html->out, "</div>\n");
    }
    add_left(html, table);
    buffer_add_text(html->out, "</section>\n");
    buffer_free(&name);
}
