/*
 * The result of a run as one HTML page for people: the verdict in a sentence, what was not
 * compared, causes, what is unlike in the definitions, the tables, the rows side by side. Input: a
 * finished result. Output: one file that loads nothing and runs no script but its own (page.h). It
 * is whole without the script, which filters, sorts and shortens it.
 *
 * With --no-values it holds no value and no key of the databases, nor a sentence that may name one.
 */
#include "report.h"
#include "report_html.h"

#include "../diff/base/memory.h"
#include "../diff/base/progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void html_add_table_name(struct html *html, const struct result_table *table)
{
    struct buffer name = BUFFER_INIT(BUFFER_NO_LIMIT);
    report_add_table_name(&name, table);
    page_text(html->out, (const char *)name.data);
    buffer_free(&name);
}

void html_add_verdict(struct html *html, enum verdict verdict)
{
    buffer_printf(html->out, " <span class=\"badge verdict-%s\">%s</span>", verdict_name[verdict],
                  verdict_name[verdict]);
}

void html_add_table_link(struct html *html, size_t index)
{
    const struct result_table *table = &html->result->tables[index];
    bool section = html_has_section(html, table);
    if (section)
        buffer_printf(html->out, "<a href=\"#%s\">", html->table_ids[index]);
    html_add_table_name(html, table);
    if (section)
        buffer_add_text(html->out, "</a>");
}

/* --- the verdict
 * -------------------------------------------------------------------------------------- */

/* ": 301 rows changed, 12 missing" of all tables whose counts are known, and how many are not; or,
 * when no row differs, the tables of one side. */
static void add_difference_counts(struct buffer *out, const struct verify_result *result)
{
    static const char *const words[] = {"changed", "missing", "extra"};
    uint64_t counts[3] = {0};
    size_t unknown = 0;
    bool any = false;
    for (size_t i = 0; i < result->table_count; i++) {
        const struct result_table *table = &result->tables[i];
        if (table->verdict != VERDICT_DIFFERENT)
            continue;
        unknown += !table->drilled && table->rows_differ;
        for (int kind = 0; kind < 3; kind++) {
            uint64_t sum = counts[kind] + (table->drilled ? table->counts[kind] : 0);
            counts[kind] = sum < counts[kind] ? UINT64_MAX : sum;
        }
    }
    for (int kind = 0; kind < 3; kind++)
        if (counts[kind]) {
            buffer_add_text(out, any ? ", " : ": ");
            page_count(out, counts[kind]);
            buffer_printf(out, "%s %s",
                          any                 ? ""
                          : counts[kind] == 1 ? " row"
                                              : " rows",
                          words[kind]);
            any = true;
        }
    if (unknown)
        buffer_printf(out, "%srows of %zu table%s not counted", any ? ", " : ": ", unknown,
                      unknown == 1 ? "" : "s");
    if (any || unknown)
        return;
    for (int side = 0; side < SIDES; side++)
        if (result->only[side].count) {
            buffer_printf(out, "%s%zu table%s in the %s only", any ? ", " : ": ",
                          result->only[side].count, result->only[side].count == 1 ? "" : "s",
                          side_name[side]);
            any = true;
        }
}

/* A sentence of which the first letter is small. */
static void add_capital(struct buffer *out, const char *sentence)
{
    buffer_printf(out, "%c%s", *sentence - 'a' + 'A', sentence + 1);
}

/* The first words of the page, and its title. */
static void add_sentence(const struct html *html, struct buffer *out)
{
    const struct verify_result *result = html->result;
    if (html->options->explain) {
        buffer_add_text(out, "How the two sides would be compared; no row was read.");
    } else if (result->verdict == VERDICT_DIFFERENT) {
        bool only_new = result->baseline.only_new && !result->interrupted;
        if (only_new)
            add_capital(out, report_meaning(result, &html->tally));
        buffer_add_text(out, only_new ? "; the two sides differ" : "The two sides differ");
        if (html->tally.tables[VERDICT_DIFFERENT])
            buffer_printf(out, " in %zu of %zu table%s", html->tally.tables[VERDICT_DIFFERENT],
                          result->table_count, result->table_count == 1 ? "" : "s");
        add_difference_counts(out, result);
        buffer_add_text(out, result->interrupted ? "; the run was interrupted." : ".");
    } else {
        add_capital(out, report_meaning(result, &html->tally));
        buffer_add_byte(out, '.');
    }
}

static void add_time(struct html *html)
{
    struct tm parts;
    char text[32], took[32];
    if (!gmtime_r(&html->result->started, &parts) ||
        !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts))
        return;
    buffer_printf(html->out, "<time datetime=\"%s\">%.10s %.8s UTC</time>", text, text, text + 11);
    if (html->result->seconds < 60)
        snprintf(took, sizeof took, "%.1f s", html->result->seconds);
    else
        human_time(html->result->seconds, took);
    buffer_printf(html->out, ", took %s", took);
}

static void add_verdict(struct html *html)
{
    const struct verify_result *result = html->result;
    bool explain = html->options->explain;
    enum verdict tone = result->interrupted && result->verdict == VERDICT_EQUAL
                            ? VERDICT_INCONCLUSIVE
                            : result->verdict;
    buffer_printf(html->out,
                  "<header>\n<div class=\"verdict%s%s\">\n<p class=\"eyebrow\">%s</p>\n<h1>",
                  explain ? "" : " verdict-", explain ? "" : verdict_name[tone],
                  explain               ? "plan"
                  : result->interrupted ? "interrupted"
                                        : verdict_name[result->verdict]);
    add_sentence(html, html->out);
    buffer_add_text(html->out, "</h1>\n<p>");
    if (!explain) {
        struct buffer counts = BUFFER_INIT(BUFFER_NO_LIMIT);
        report_add_counts(result, &html->tally, &counts);
        page_text(html->out, (const char *)counts.data);
        buffer_free(&counts);
        buffer_printf(html->out, ". Exit code %d. ", verify_exit_code(result));
    }
    buffer_add_text(html->out, "Run of ");
    add_time(html);
    buffer_add_text(html->out, ".</p>\n</div>\n");
}

/* --- the two sides
 * ------------------------------------------------------------------------------------ */

typedef void add_fact(struct html *html, int side);

static void add_uri(struct html *html, int side)
{
    const char *uri = html->result->side[side].shown_uri;
    buffer_add_text(html->out, "<code>");
    page_text(html->out, uri ? uri : "?");
    buffer_add_text(html->out, "</code>");
}

static void add_server(struct html *html, int side)
{
    const char *server = html->result->side[side].server;
    page_text(html->out, server ? server : "?");
}

static void add_snapshot(struct html *html, int side)
{
    const struct result_side *it = &html->result->side[side];
    const char *kind = it->snapshot ? it->snapshot : "";
    buffer_add_text(html->out,
                    strcmp(kind, "shared") == 0 ? "One moment, of all connections"
                    : strcmp(kind, "none") == 0
                        ? "None: writes during the run may look like differences"
                    : strcmp(kind, "separate") == 0
                        ? "One per connection: writes during the run may look like differences"
                        : "Not known");
    if (it->snapshot_note && *it->snapshot_note) {
        buffer_add_text(html->out, " <span class=\"muted\">");
        page_text(html->out, it->snapshot_note);
        buffer_add_text(html->out, "</span>");
    }
}

static void add_rows_read(struct html *html, int side)
{
    page_count(html->out, html->result->rows_read[side]);
    if (html->result->rows_kept[side]) {
        buffer_add_text(html->out, " <span class=\"muted\">and ");
        page_count(html->out, html->result->rows_kept[side]);
        buffer_add_text(html->out, " by earlier runs</span>");
    }
}

/* Over the whole run, pauses and second reads included. */
static void add_speed(struct html *html, int side)
{
    char bytes[32], speed[32], rows[32];
    double seconds = html->result->seconds, read = (double)html->result->wire_bytes[side];
    buffer_printf(html->out, "%s", human_bytes(read, bytes));
    if (seconds > 0)
        buffer_printf(
            html->out, ", %s/s, %s rows/s", human_bytes(read / seconds, speed),
            human_count((uint64_t)((double)html->result->rows_read[side] / seconds), rows));
}

static const struct {
    const char *label;
    add_fact *add;
    bool of_plans; /* known before a row is read */
} facts[] = {
    {"Database", add_uri, true},       {"Server", add_server, true},
    {"Snapshot", add_snapshot, false}, {"Rows read", add_rows_read, false},
    {"Read in all", add_speed, false},
};

static void add_sides(struct html *html)
{
    buffer_add_text(html->out,
                    "<table class=\"sides stack\"><caption class=\"quiet\">The two sides</caption>"
                    "<thead><tr><td></td><th scope=\"col\">Source</th>"
                    "<th scope=\"col\">Target</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        if (html->options->explain && !facts[i].of_plans)
            continue;
        buffer_printf(html->out, "<tr><th scope=\"row\">%s</th>", facts[i].label);
        for (int side = 0; side < SIDES; side++) {
            buffer_printf(html->out, "<td class=\"wide\" data-label=\"%s\">",
                          side == SOURCE ? "Source" : "Target");
            facts[i].add(html, side);
            buffer_add_text(html->out, "</td>");
        }
        buffer_add_text(html->out, "</tr>\n");
    }
    buffer_add_text(html->out, "</tbody></table>\n");
}

/* --- what was not compared
 * ---------------------------------------------------------------------------- */

/* An entry: what, and why. */
static void begin_entry(struct html *html)
{
    buffer_add_text(html->out, "<li>");
}

static void end_entry(struct html *html)
{
    buffer_add_text(html->out, "</li>\n");
}

static void add_patterns(struct html *html, const char *label, const struct text_list *patterns)
{
    if (!patterns->count)
        return;
    begin_entry(html);
    buffer_printf(html->out, "%s ", label);
    for (size_t i = 0; i < patterns->count; i++) {
        buffer_add_text(html->out, i ? ", <code>" : "<code>");
        page_text(html->out, patterns->items[i]);
        buffer_add_text(html->out, "</code>");
    }
    end_entry(html);
}

/* A lost server leaves many tables with one reason: it is said once. */
static void add_unread(struct html *html, size_t first)
{
    const struct result_table *tables = html->result->tables;
    for (size_t i = 0; i < first; i++)
        if (report_same_reason(&tables[i], &tables[first]))
            return;
    begin_entry(html);
    size_t members = 0;
    for (size_t i = first; i < html->result->table_count; i++)
        if (i == first || report_same_reason(&tables[i], &tables[first])) {
            buffer_add_text(html->out, members++ ? ", " : "<strong>");
            html_add_table_link(html, i);
        }
    buffer_add_text(html->out, "</strong>");
    const struct text_list *reasons = &tables[first].reasons;
    for (size_t i = 0; i < reasons->count; i++) {
        buffer_add_text(html->out, i ? " " : ": ");
        page_text(html->out, reasons->items[i]);
    }
    if (!reasons->count)
        buffer_add_text(html->out, ": not everything of it was compared");
    end_entry(html);
}

static void add_left_out_columns(struct html *html, size_t index)
{
    const struct result_table *table = &html->result->tables[index];
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t c = 0; c < table->column_count; c++) {
        buffer_clear(&text);
        if (!report_add_columns_left_out(&text, table, c))
            continue;
        begin_entry(html);
        buffer_add_text(html->out, "<strong>");
        html_add_table_link(html, index);
        buffer_add_text(html->out, "</strong>, ");
        page_text(html->out, (const char *)text.data);
        end_entry(html);
    }
    buffer_free(&text);
}

static void add_conditions(struct html *html, size_t index)
{
    const struct result_table *table = &html->result->tables[index];
    for (int side = 0; side < SIDES; side++) {
        if (!table->where[side])
            continue;
        begin_entry(html);
        buffer_add_text(html->out, "<strong>");
        html_add_table_link(html, index);
        buffer_printf(html->out, "</strong>: only rows of the %s where <code>", side_name[side]);
        page_text(html->out, table->where[side]);
        buffer_add_text(html->out, "</code>");
        end_entry(html);
    }
}

static void add_interrupted(struct html *html)
{
    if (!html->result->interrupted)
        return;
    begin_entry(html);
    buffer_add_text(html->out, "The run was interrupted before its end.");
    if (html->result->ledger_path) {
        buffer_add_text(html->out, " Go on with <code>--resume --ledger ");
        page_text(html->out, html->result->ledger_path);
        buffer_add_text(html->out, "</code>.");
    }
    end_entry(html);
}

static void add_one_sided(struct html *html)
{
    for (int side = 0; side < SIDES; side++) {
        const struct text_list *only = &html->result->only[side];
        if (!only->count)
            continue;
        begin_entry(html);
        buffer_printf(html->out, "In the %s only: ", side_name[side]);
        for (size_t i = 0; i < only->count; i++) {
            buffer_add_text(html->out, i ? ", <strong>" : "<strong>");
            page_text(html->out, only->items[i]);
            buffer_add_text(html->out, "</strong>");
        }
        end_entry(html);
    }
}

static void add_not_compared(struct html *html)
{
    const struct verify_result *result = html->result;
    buffer_add_text(html->out, "<section aria-labelledby=\"not-compared\">\n"
                               "<h2 id=\"not-compared\">What was not compared</h2>\n");
    size_t place = html->out->length;
    buffer_add_text(html->out, "<ul class=\"plain list\" data-page=\"50\">\n");
    size_t begin = html->out->length;
    add_interrupted(html);
    if (result->inconclusive) {
        begin_entry(html);
        buffer_add_text(html->out,
                        "There may be something that could not be looked at; a note says what.");
        end_entry(html);
    }
    for (size_t i = 0; i < result->table_count; i++)
        if (result->tables[i].verdict == VERDICT_INCONCLUSIVE || result->tables[i].inconclusive)
            add_unread(html, i);
    add_one_sided(html);
    for (size_t i = 0; i < result->table_count; i++) {
        add_left_out_columns(html, i);
        add_conditions(html, i);
    }
    add_patterns(html, "Only tables that match", &html->options->tables);
    add_patterns(html, "Tables left out that match", &html->options->excludes);
    if (html->out->length == begin) {
        html->out->length = place;
        buffer_add_text(html->out,
                        !result->table_count
                            ? "<p>Everything: no table is on both sides.</p>\n"
                            : "<p>Nothing was left out: every row and every column of the tables "
                              "below was compared.</p>\n");
    } else {
        buffer_add_text(html->out, "</ul>\n");
    }
    if (result->notes.count) {
        buffer_add_text(html->out, "<h3>Notes on the run</h3>\n<ul class=\"notes\">\n");
        for (size_t i = 0; i < result->notes.count; i++) {
            begin_entry(html);
            page_text(html->out, result->notes.items[i]);
            end_entry(html);
        }
        buffer_add_text(html->out, "</ul>\n");
    }
    buffer_add_text(html->out, "</section>\n");
}

/* --- since the baseline
 * ------------------------------------------------------------------------------- */

static void add_baseline(struct html *html)
{
    const struct result_baseline *baseline = &html->result->baseline;
    const struct result_since *since = &html->result->since;
    struct tm utc;
    char started[64] = "?";
    if (!baseline->given || html->options->explain)
        return;
    if (gmtime_r(&baseline->started, &utc))
        strftime(started, sizeof started, "%Y-%m-%d %H:%M UTC", &utc);
    buffer_add_text(html->out, "<section aria-labelledby=\"since\">\n"
                               "<h2 id=\"since\">Since the baseline</h2>\n<p>");
    if (baseline->path) {
        buffer_printf(html->out, "Since the run of %s (<code>", started);
        page_text(html->out, baseline->path);
        buffer_add_text(html->out, "</code>)");
    } else {
        buffer_add_text(html->out, "No earlier run was found, so everything is new");
    }
    buffer_add_text(html->out, ": of the rows that differ, ");
    report_since(since, html->out);
    buffer_add_text(html->out, ".</p>\n");
    if (since->news_count)
        buffer_add_text(html->out, "<ul class=\"notes\">\n");
    for (size_t i = 0; i < since->news_count; i++) {
        begin_entry(html);
        page_text(html->out, since->news[i]);
        end_entry(html);
    }
    buffer_add_text(html->out, since->news_count ? "</ul>\n</section>\n" : "</section>\n");
}

/* --- the table of tables
 * ------------------------------------------------------------------------------ */

/* "97.8 % equal", never 100 when it is not all. */
static void add_percent(struct buffer *out, uint64_t equal, uint64_t all)
{
    double percent = all ? floor(1000.0 * (double)equal / (double)all) / 10 : 100;
    if (equal < all && percent >= 100)
        percent = 99.9;
    buffer_printf(out, percent < 100 ? "%.1f %% equal" : "%.0f %% equal", percent);
}

static void add_bar(struct html *html, const struct result_table *table)
{
    const uint64_t *counts = table->counts;
    struct buffer label = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (report_counts_known(table) && table->counted[SOURCE]) {
        uint64_t gone = counts[FINDING_CHANGED] + counts[FINDING_MISSING];
        uint64_t equal = table->rows[SOURCE] > gone ? table->rows[SOURCE] - gone : 0;
        struct page_share shares[] = {{"equal", equal},
                                      {"changed", counts[FINDING_CHANGED]},
                                      {"missing", counts[FINDING_MISSING]},
                                      {"extra", counts[FINDING_EXTRA]}};
        add_percent(&label, equal, equal + gone + counts[FINDING_EXTRA]);
        if (gone + counts[FINDING_EXTRA]) {
            buffer_add_text(&label, ", ");
            html_add_kinds(&label, table);
        }
        if (!(equal + gone + counts[FINDING_EXTRA])) /* no rows: equal */
            shares[0].count = 1;
        page_bar(html->out, shares, 4, (const char *)label.data);
    } else {
        page_bar(html->out, &(struct page_share){"unknown", 1}, 1, "how many rows is not known");
    }
    buffer_free(&label);
}

static void add_number(struct html *html, const char *label, uint64_t n, bool known)
{
    if (known)
        buffer_printf(html->out, "<td class=\"number%s\" data-label=\"%s\" data-value=\"%llu\">",
                      n ? "" : " zero", label, (unsigned long long)n);
    else
        buffer_printf(html->out, "<td class=\"number muted\" data-label=\"%s\" data-value=\"\">",
                      label);
    if (known)
        page_count(html->out, n);
    else
        buffer_add_text(html->out, "?");
    buffer_add_text(html->out, "</td>");
}

static void add_table_row(struct html *html, size_t index)
{
    static const char *const labels[] = {"Changed", "Missing", "Extra"};
    const struct result_table *table = &html->result->tables[index];
    bool known = report_counts_known(table);
    buffer_printf(html->out,
                  "<tr class=\"item\" data-what=\"tables\" data-verdict=\"%s\" data-kind=\"",
                  verdict_name[table->verdict]);
    for (int kind = 0; kind < 3; kind++)
        if (known && table->counts[kind])
            buffer_printf(html->out, "%s ", finding_kind_name[kind]);
    buffer_add_text(html->out, "\"><th scope=\"row\">");
    html_add_table_link(html, index);
    buffer_printf(html->out, "</th><td data-value=\"%d\">", (int)table->verdict);
    html_add_verdict(html, table->verdict);
    buffer_add_text(html->out, "</td><td class=\"share\">");
    add_bar(html, table);
    buffer_add_text(html->out, "</td>");
    for (int kind = 0; kind < 3; kind++)
        add_number(html, labels[kind], table->counts[kind], known);
    add_number(html, "Source rows", table->rows[SOURCE], table->counted[SOURCE]);
    add_number(html, "Target rows", table->rows[TARGET], table->counted[TARGET]);
    buffer_printf(
        html->out,
        "<td class=\"number\" data-label=\"Seconds\" data-value=\"%.3f\">%.1f</td></tr>\n",
        isfinite(table->seconds) ? table->seconds : 0,
        isfinite(table->seconds) ? table->seconds : 0);
}

static void add_one_sided_row(struct html *html, const char *name, int side)
{
    buffer_printf(html->out, "<tr class=\"item\" data-what=\"tables\" data-verdict=\"different\" "
                             "data-kind=\"\"><th scope=\"row\">");
    page_text(html->out, name);
    buffer_printf(
        html->out,
        "</th><td data-value=\"%d\"><span class=\"badge verdict-different\">%s only</span>"
        "</td><td class=\"share\"></td>",
        VERDICT_DIFFERENT, side_name[side]);
    for (int i = 0; i < 6; i++)
        buffer_add_text(html->out, "<td data-value=\"\"></td>");
    buffer_add_text(html->out, "</tr>\n");
}

static void add_legend(struct html *html)
{
    static const struct {
        const char *name, *text;
    } entries[] = {{"equal", "equal"},
                   {"changed", "changed: same key, other values"},
                   {"missing", "missing: in the source only"},
                   {"extra", "extra: in the target only"},
                   {"unknown", "not known"}};
    buffer_add_text(html->out, "<ul class=\"legend\">\n");
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        buffer_printf(html->out,
                      "<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"%s\" "
                      "width=\"10\" height=\"10\"/></svg>%s</li>\n",
                      entries[i].name, entries[i].text);
    buffer_add_text(html->out, "</ul>\n");
}

static void add_tables(struct html *html)
{
    const struct verify_result *result = html->result;
    buffer_add_text(html->out,
                    "<section aria-labelledby=\"tables\">\n<h2 id=\"tables\">Tables</h2>\n");
    add_legend(html);
    buffer_add_text(
        html->out,
        "<div class=\"scroll\">\n<table class=\"overview sortable stack\">"
        "<caption class=\"quiet\">All tables</caption><thead><tr>"
        "<th scope=\"col\" data-sort=\"text\">Table</th>"
        "<th scope=\"col\" data-sort=\"number\">Verdict</th>"
        "<th scope=\"col\">Rows by verdict</th>"
        "<th scope=\"col\" class=\"number\" data-sort=\"number\">Changed</th>"
        "<th scope=\"col\" class=\"number\" data-sort=\"number\">Missing</th>"
        "<th scope=\"col\" class=\"number\" data-sort=\"number\">Extra</th>"
        "<th scope=\"col\" class=\"number\" data-sort=\"number\">Source rows</th>"
        "<th scope=\"col\" class=\"number\" data-sort=\"number\">Target rows</th>"
        "<th scope=\"col\" class=\"number\" data-sort=\"number\">Seconds</th></tr></thead>\n"
        "<tbody class=\"list\" data-page=\"100\">\n");
    for (int verdict = VERDICT_DIFFERENT; verdict >= VERDICT_EQUAL; verdict--) {
        for (size_t i = 0; i < result->table_count; i++)
            if ((int)result->tables[i].verdict == verdict)
                add_table_row(html, i);
        for (int side = 0; verdict == VERDICT_DIFFERENT && side < SIDES; side++)
            for (size_t i = 0; i < result->only[side].count; i++)
                add_one_sided_row(html, result->only[side].items[i], side);
    }
    buffer_add_text(html->out, "</tbody></table>\n</div>\n</section>\n");
}

/* --- the page
 * ----------------------------------------------------------------------------------------- */

/* Hidden until the script says that there is one. */
static void add_filter(struct html *html)
{
    static const char options[] =
        "<label class=\"grow\">Find <input type=\"search\" autocomplete=\"off\" "
        "spellcheck=\"false\" "
        "placeholder=\"table, key, value, cause\"></label>\n"
        "<label>Verdict <select data-facet=\"verdict\"><option value=\"\">any</option>"
        "<option>different</option><option>inconclusive</option><option>equal</option></select>"
        "</label>\n"
        "<label>Kind <select data-facet=\"kind\"><option value=\"\">any</option>"
        "<option>changed</option><option>missing</option><option>extra</option>";
    static const char rest[] = "</select></label>\n"
                               "<button type=\"reset\" hidden>Clear</button>\n"
                               "<output aria-live=\"polite\"></output>\n";
    buffer_add_text(html->out, "<form class=\"filter\" role=\"search\" aria-label=\"Filter\" "
                               "data-filter hidden>\n");
    buffer_add_text(html->out, options);
    if (html->result->baseline.given)
        buffer_add_text(html->out, "<option>new</option>");
    buffer_add_text(html->out, rest);
    buffer_add_text(html->out, "</form>\n");
}

static void add_contents(struct html *html, bool sections)
{
    bool schema = false;
    for (size_t i = 0; i < html->result->table_count; i++)
        schema |= html->result->tables[i].schema_count > 0;
    buffer_add_text(html->out, "<nav class=\"toc\" aria-label=\"Contents\">\n"
                               "<a href=\"#not-compared\">Not compared</a>\n");
    if (html_count_causes(html->result))
        buffer_add_text(html->out, "<a href=\"#causes\">Causes</a>\n");
    if (schema)
        buffer_add_text(html->out, "<a href=\"#definitions\">Definitions</a>\n");
    if (!html->options->explain && html->result->table_count)
        buffer_add_text(html->out, "<a href=\"#tables\">Tables</a>\n");
    if (sections)
        buffer_add_text(html->out, html->options->explain
                                       ? "<a href=\"#details\">Columns</a>\n"
                                       : "<a href=\"#details\">Differences</a>\n");
    buffer_add_text(html->out, "</nav>\n</header>\n");
}

static void add_sections(struct html *html)
{
    buffer_printf(html->out, "<section aria-labelledby=\"details\">\n<h2 id=\"details\">%s</h2>\n",
                  html->options->explain ? "Tables and columns" : "Table by table");
    for (int verdict = VERDICT_DIFFERENT; verdict >= VERDICT_EQUAL; verdict--)
        for (size_t i = 0; i < html->result->table_count; i++)
            if ((int)html->result->tables[i].verdict == verdict &&
                html_has_section(html, &html->result->tables[i]))
                html_add_section(html, i);
    buffer_add_text(html->out, "</section>\n");
}

static void add_footer(struct html *html)
{
    buffer_add_text(html->out, "<footer>\n<p>Made by tally-verify " TALLY_VERSION ".");
    if (html->options->mapping_path) {
        buffer_add_text(html->out, " Mapping: <code>");
        page_text(html->out, html->options->mapping_path);
        buffer_add_text(html->out, "</code>.");
    }
    if (html->result->ledger_path) {
        buffer_add_text(html->out, " Ledger: <code>");
        page_text(html->out, html->result->ledger_path);
        buffer_add_text(html->out, "</code>.");
    }
    if (html->options->no_values)
        buffer_add_text(html->out, " Keys and values were left out (--no-values).");
    buffer_add_text(html->out, "</p>\n</footer>\n");
}

void report_html(const struct verify_result *result, const struct verify_options *options,
                 struct buffer *out)
{
    struct html html = {
        .result = result, .options = options, .tally = report_count(result), .out = out};
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool sections = false;
    html.table_ids = mem_zero(result->table_count + 1, sizeof *html.table_ids);
    for (size_t i = 0; i < result->table_count; i++) {
        buffer_clear(&text);
        report_add_table_name(&text, &result->tables[i]);
        page_id(&html.ids, "table", text.data, text.length, true, html.table_ids[i]);
        sections |= html_has_section(&html, &result->tables[i]);
    }
    buffer_clear(&text);
    buffer_add_text(&text, "Tally: ");
    add_sentence(&html, &text);
    page_begin(out, (const char *)text.data);
    add_verdict(&html);
    add_sides(&html);
    add_contents(&html, sections);
    buffer_add_text(out, "<main id=\"main\" tabindex=\"-1\">\n");
    add_not_compared(&html);
    add_baseline(&html);
    add_filter(&html);
    html_add_causes(&html);
    html_add_schema(&html);
    if (!options->explain &&
        (result->table_count || result->only[0].count || result->only[1].count))
        add_tables(&html);
    if (sections)
        add_sections(&html);
    buffer_add_text(out, "</main>\n");
    add_footer(&html);
    page_end(out);
    free(html.table_ids);
    page_ids_free(&html.ids);
    buffer_free(&text);
}
