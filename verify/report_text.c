/*
 * The result of a run as text for people, 80 columns wide. Input: a finished result. Output: text
 * in a buffer. Knows nothing of databases: every word of a table, a value or a reason comes from
 * the result, and goes through display.h, so that no name can break the layout or command the
 * terminal.
 */
#include "../diff/base/display.h"
#include "../diff/base/progress.h"
#include "report.h"
#include "report_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WIDTH 80
#define MANY_TABLES 40  /* with more, equal tables are summed up in a line */
#define MANY_COLUMNS 20 /* of a finding; with more, the rest is counted */
#define NAME_COLUMNS 22 /* of a column's name beside its values */

/* What each function needs to know of the page it writes on. */
struct page {
    const struct verify_result *result;
    const struct verify_options *options;
    bool colour;
    struct buffer *out;
};

/* Colour is for the verdict words alone. `columns`: padded to that many. */
static void add_verdict(const struct page *page, enum verdict verdict, const char *word,
                        size_t columns)
{
    static const char *const colours[] = {"\033[32m", "\033[33m", "\033[31m"};
    if (page->colour)
        buffer_add_text(page->out, colours[verdict]);
    buffer_add_text(page->out, word);
    if (page->colour)
        buffer_add_text(page->out, "\033[0m");
    size_t used = display_width(word);
    display_add_blanks(page->out, used < columns ? columns - used : 0);
}

/* A label and a text that is wrapped beside it. */
static void add_labelled(struct buffer *out, size_t indent, const char *label, const char *text)
{
    display_add_blanks(out, indent);
    buffer_add_text(out, label);
    size_t at = indent + display_width(label);
    display_add_wrapped(out, text, at, at, WIDTH);
}

/* --- the head
 * ----------------------------------------------------------------------------------------- */

static void add_side(const struct page *page, const char *label, const struct result_side *side)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    const char *uri = side->shown_uri ? side->shown_uri : "?";
    if (side->server && 8 + display_width(uri) + 3 + display_width(side->server) <= WIDTH) {
        buffer_printf(&text, "%s (%s)", uri, side->server);
        add_labelled(page->out, 0, label, (const char *)text.data);
    } else {
        add_labelled(page->out, 0, label, uri);
        if (side->server)
            add_labelled(page->out, 0, "        ", side->server);
    }
    buffer_clear(&text);
    bool shared = !side->snapshot || strcmp(side->snapshot, "shared") == 0;
    if (!shared)
        buffer_printf(&text, "%s: writes during the run may look like differences",
                      strcmp(side->snapshot, "none") == 0
                          ? "no consistent snapshot"
                          : "no snapshot shared by all connections");
    if (side->snapshot_note && *side->snapshot_note)
        buffer_printf(&text, "%s%s", shared ? "" : " — ", side->snapshot_note);
    if (text.length)
        add_labelled(page->out, 0, "        ", (const char *)text.data);
    buffer_free(&text);
}

static void add_patterns(const struct page *page, const char *label,
                         const struct text_list *patterns)
{
    if (!patterns->count)
        return;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < patterns->count; i++)
        buffer_printf(&text, "%s%s", i ? ", " : "", patterns->items[i]);
    add_labelled(page->out, 0, label, (const char *)text.data);
    buffer_free(&text);
}

/* What the run is compared with, and how much is new. */
static void add_baseline(const struct page *page)
{
    const struct result_baseline *baseline = &page->result->baseline;
    if (!baseline->given)
        return;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    char started[64] = "?";
    struct tm utc;
    if (baseline->path) {
        if (gmtime_r(&baseline->started, &utc))
            strftime(started, sizeof started, "%Y-%m-%d %H:%M UTC", &utc);
        buffer_printf(&text, "%s (run of %s): ", baseline->path, started);
    }
    report_since(&page->result->since, &text);
    add_labelled(page->out, 0, "since   ", (const char *)text.data);
    for (size_t i = 0; i < page->result->since.news_count; i++)
        add_labelled(page->out, 0, "new     ", page->result->since.news[i]);
    buffer_free(&text);
}

static void add_head(const struct page *page)
{
    add_side(page, "source  ", &page->result->side[0]);
    add_side(page, "target  ", &page->result->side[1]);
    if (page->options->mapping_path)
        add_labelled(page->out, 0, "mapping ", page->options->mapping_path);
    add_patterns(page, "only    ", &page->options->tables);
    add_patterns(page, "without ", &page->options->excludes);
    add_baseline(page);
    for (size_t i = 0; i < page->result->notes.count; i++)
        add_labelled(page->out, 0, "note    ", page->result->notes.items[i]);
    buffer_add_byte(page->out, '\n');
}

/* --- the table of tables
 * ------------------------------------------------------------------------------ */

enum { CELL_ROWS, CELL_CHANGED, CELL_MISSING, CELL_EXTRA, NUMBER_CELLS };
static const char *const number_head[NUMBER_CELLS] = {"rows", "changed", "missing", "extra"};

/* Exact below the limit, else in thousands, millions, …: the exact number stands further down, and
 * four cells must fit beside a name. */
static const char *number_text(uint64_t n, uint64_t limit, char text[32])
{
    static const char *const units[] = {"", " k", " M", " G", " T", " P"}; /* 2^64: 18,446 P */
    size_t unit = 0;
    if (n >= limit)
        for (; n >= 10000000; n /= 1000)
            unit++;
    human_count(n, text);
    size_t length = strlen(text);
    snprintf(text + length, 32 - length, "%s", units[unit]);
    return text;
}

/* Equal tables keep their cells empty: what differs should catch the eye. */
static const char *number_cell(const struct result_table *table, int cell, char text[32])
{
    if (cell == CELL_ROWS) {
        if (table->counted[0])
            return number_text(table->rows[0], 100000000000, text);
        return "?";
    }
    if (table->verdict == VERDICT_EQUAL)
        return "";
    if (!report_counts_known(table))
        return "?";
    return number_text(table->counts[cell - CELL_CHANGED], 1000000000, text);
}

static bool is_listed(const struct page *page, const struct result_table *table)
{
    return table->verdict != VERDICT_EQUAL || page->options->verbose ||
           page->result->table_count <= MANY_TABLES;
}

static void add_table_line(const struct page *page, const struct result_table *table,
                           size_t name_width, const size_t *widths)
{
    struct buffer name = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct buffer numbers = BUFFER_INIT(BUFFER_NO_LIMIT);
    report_add_table_name(&name, table);
    display_add_left(page->out, (const char *)name.data, name_width);
    buffer_add_text(page->out, "  ");
    for (int cell = 0; cell < NUMBER_CELLS; cell++) {
        char text[32];
        buffer_add_text(&numbers, "  ");
        display_add_right(&numbers, number_cell(table, cell, text), widths[cell]);
    }
    while (numbers.length && numbers.data[numbers.length - 1] == ' ')
        numbers.length--;
    add_verdict(page, table->verdict, verdict_name[table->verdict], numbers.length ? 12 : 0);
    buffer_add(page->out, numbers.data, numbers.length);
    buffer_add_byte(page->out, '\n');
    buffer_free(&name);
    buffer_free(&numbers);
}

/* How wide each column must be; returns the width that is left for, and used by, the names. */
static size_t measure_tables(const struct page *page, size_t *widths)
{
    size_t longest = strlen("table");
    for (int cell = 0; cell < NUMBER_CELLS; cell++)
        widths[cell] = strlen(number_head[cell]);
    for (size_t i = 0; i < page->result->table_count; i++) {
        const struct result_table *table = &page->result->tables[i];
        if (!is_listed(page, table))
            continue;
        struct buffer name = BUFFER_INIT(BUFFER_NO_LIMIT);
        report_add_table_name(&name, table);
        size_t width = display_width((const char *)name.data);
        longest = width > longest ? width : longest;
        buffer_free(&name);
        for (int cell = 0; cell < NUMBER_CELLS; cell++) {
            char text[32];
            width = strlen(number_cell(table, cell, text));
            widths[cell] = width > widths[cell] ? width : widths[cell];
        }
    }
    size_t taken = 2 + 12;
    for (int cell = 0; cell < NUMBER_CELLS; cell++)
        taken += 2 + widths[cell];
    size_t room = taken + 8 < WIDTH ? WIDTH - taken : 8;
    return longest < room ? longest : room;
}

static void add_tables(const struct page *page, const struct report_tally *tally)
{
    size_t widths[NUMBER_CELLS];
    size_t name_width = measure_tables(page, widths);
    size_t listed = 0;
    for (size_t i = 0; i < page->result->table_count; i++)
        listed += is_listed(page, &page->result->tables[i]);
    if (listed) {
        display_add_left(page->out, "table", name_width);
        buffer_add_text(page->out, "  verdict     ");
        for (int cell = 0; cell < NUMBER_CELLS; cell++) {
            buffer_add_text(page->out, "  ");
            display_add_right(page->out, number_head[cell], widths[cell]);
        }
        buffer_add_byte(page->out, '\n');
    }
    for (size_t i = 0; i < page->result->table_count; i++)
        if (is_listed(page, &page->result->tables[i]))
            add_table_line(page, &page->result->tables[i], name_width, widths);
    if (listed < page->result->table_count) {
        char count[32], rows[32];
        size_t equal = tally->tables[VERDICT_EQUAL];
        buffer_printf(page->out, "%s%s tables are ", listed ? "and " : "",
                      human_count(equal, count));
        add_verdict(page, VERDICT_EQUAL, "equal", 0);
        buffer_printf(page->out, ", %s rows (--verbose lists them)\n",
                      human_count(tally->equal_rows, rows));
    }
}

/* --- one table's differences
 * -------------------------------------------------------------------------- */

/* A value as it is told apart from its surroundings: NULL is bare, text that could be mistaken for
 * it, for nothing or for padding stands in quotes. */
static void add_value_text(struct buffer *out, const char *text)
{
    if (!text) {
        buffer_add_text(out, "NULL");
        return;
    }
    size_t length = strlen(text);
    bool quote = !length || text[0] == ' ' || text[length - 1] == ' ' || text[0] == '"' ||
                 strcasecmp(text, "null") == 0;
    buffer_printf(out, quote ? "\"%s\"" : "%s", text);
}

static void add_value(struct buffer *out, const struct shown_value *value)
{
    add_value_text(out, value->text);
}

/* Both texts without as much of their common beginning as must go for the first difference to be
 * seen. */
static void add_pair(struct buffer *out, const char *text, const char *other, size_t width)
{
    size_t same = 0, columns = 0;
    struct display_piece piece, beside;
    while (display_next(text + same, &piece) && display_next(other + same, &beside) &&
           strcmp(piece.text, beside.text) == 0) {
        same += piece.size;
        columns += piece.columns;
    }
    bool both_fit = display_width(text) <= width && display_width(other) <= width;
    if (both_fit || columns < width * 2 / 3) {
        display_add_cut(out, text, width);
        return;
    }
    size_t skipped = 0;
    while (columns > width / 3 && display_next(text + skipped, &piece)) {
        skipped += piece.size;
        columns -= piece.columns;
    }
    buffer_add_text(out, "…");
    display_add_cut(out, text + skipped, width - 1);
}

static void add_changed_column(const struct page *page, const char *name, size_t name_width,
                               const struct finding_column *column)
{
    struct buffer values[2];
    size_t at = 6 + name_width + 2 + 8;
    for (int side = 0; side < 2; side++) {
        buffer_init(&values[side], BUFFER_NO_LIMIT);
        add_value(&values[side], &column->value[side]);
    }
    for (int side = 0; side < 2; side++) {
        display_add_blanks(page->out, 6);
        display_add_left(page->out, side == 0 ? name : "", name_width);
        buffer_add_text(page->out, side == 0 ? "  source  " : "  target  ");
        add_pair(page->out, (const char *)values[side].data, (const char *)values[!side].data,
                 WIDTH - at);
        buffer_add_byte(page->out, '\n');
    }
    buffer_free(&values[0]);
    buffer_free(&values[1]);
}

static size_t shown_columns(const struct page *page, size_t count)
{
    return page->options->verbose || count <= MANY_COLUMNS ? count : MANY_COLUMNS;
}

static void add_columns_left(const struct page *page, size_t count, size_t shown, const char *what)
{
    if (shown < count)
        buffer_printf(page->out, "      … and %zu more %s (--verbose shows them)\n", count - shown,
                      what);
}

/* The result's column of the i-th line of a finding: a column that differs, or one of a row without
 * a key, whose values stand in the order of the compared columns. */
static const struct result_column *finding_column(const struct result_table *table,
                                                  const struct finding *finding, bool whole_row,
                                                  size_t i)
{
    static const struct result_column unknown = {0};
    size_t column = whole_row ? i : finding->columns[i].column;
    return column < table->column_count ? &table->columns[column] : &unknown;
}

static void add_finding_columns(const struct page *page, const struct result_table *table,
                                const struct finding *finding, bool whole_row)
{
    size_t count = whole_row ? finding->value_count : finding->column_count;
    size_t shown = shown_columns(page, count);
    size_t name_width = 0;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < shown; i++) {
        buffer_clear(&text);
        report_add_column_name(&text, finding_column(table, finding, whole_row, i));
        size_t width = display_width((const char *)text.data);
        name_width = width > name_width ? width : name_width;
    }
    name_width = name_width < NAME_COLUMNS ? name_width : NAME_COLUMNS;
    for (size_t i = 0; i < shown; i++) {
        buffer_clear(&text);
        report_add_column_name(&text, finding_column(table, finding, whole_row, i));
        if (!whole_row) {
            add_changed_column(page, (const char *)text.data, name_width, &finding->columns[i]);
            continue;
        }
        display_add_blanks(page->out, 6);
        display_add_left(page->out, (const char *)text.data, name_width);
        display_add_blanks(page->out, 2);
        buffer_clear(&text);
        add_value(&text, &finding->values[i]);
        display_add_cut(page->out, (const char *)text.data, WIDTH - 6 - name_width - 2);
        buffer_add_byte(page->out, '\n');
    }
    add_columns_left(page, count, shown, "columns");
    buffer_free(&text);
}

/* "  changed  tenant = 7, id = 42", then its columns. */
static void add_finding(const struct page *page, const struct result_table *table,
                        const struct finding *finding)
{
    char label[16];
    snprintf(label, sizeof label, "%-9s", finding_kind_name[finding->kind]);
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (table->key_count) {
        for (size_t i = 0; i < finding->value_count && i < table->column_count; i++) {
            buffer_printf(&text, "%s%s = ", i ? ", " : "",
                          report_column_name(&table->columns[i], 0));
            add_value(&text, &finding->values[i]);
        }
    } else {
        char times[2][48];
        buffer_printf(&text, "%s in the source, %s in the target",
                      report_times(finding->times[0], times[0]),
                      report_times(finding->times[1], times[1]));
    }
    const struct result_baseline *baseline = &page->result->baseline;
    if (baseline->given && !baseline->only_new && table->since.exact && !finding->persists)
        buffer_add_text(&text, " (new)");
    add_labelled(page->out, 2, label, (const char *)text.data);
    buffer_free(&text);
    if (!table->key_count || finding->kind == FINDING_CHANGED)
        add_finding_columns(page, table, finding, !table->key_count);
}

/* How many of a kind were not kept. */
static void add_findings_left(const struct page *page, const struct result_table *table,
                              enum finding_kind kind, uint64_t shown)
{
    char count[32];
    uint64_t all = table->counts[kind];
    if (!report_counts_known(table) || all <= shown)
        return;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_printf(&text, "and %s%s %s", human_count(all - shown, count), shown ? " more" : "",
                  finding_kind_name[kind]);
    uint64_t most = 0; /* of all kinds; no sum of counts that could overflow */
    for (int i = FINDING_CHANGED; i <= FINDING_EXTRA && most <= REPORT_FINDINGS_MOST; i++)
        most +=
            table->counts[i] > REPORT_FINDINGS_MOST ? REPORT_FINDINGS_MOST + 1 : table->counts[i];
    if (most <= REPORT_FINDINGS_MOST)
        buffer_printf(&text, " (--findings %llu shows all)", (unsigned long long)most);
    else
        buffer_printf(&text, " (--findings N shows N, at most %s)",
                      human_count(REPORT_FINDINGS_MOST, count));
    add_labelled(page->out, 2, "… ", (const char *)text.data);
    buffer_free(&text);
}

/* With --only-new the findings are new ones, of all kinds together. */
static void add_new_left(const struct page *page, const struct result_table *table, uint64_t shown)
{
    char count[32];
    if (table->since.fresh <= shown)
        return;
    char *text = mem_format("and %s%s new (--findings N shows N)",
                            human_count(table->since.fresh - shown, count), shown ? " more" : "");
    add_labelled(page->out, 2, "… ", text);
    free(text);
}

static void add_findings(const struct page *page, const struct result_table *table)
{
    bool only_new = page->result->baseline.only_new;
    uint64_t all_shown = 0;
    for (int kind = FINDING_CHANGED; kind <= FINDING_EXTRA; kind++) {
        uint64_t shown = 0;
        for (size_t i = 0; i < table->finding_count; i++)
            if ((int)table->findings[i].kind == kind) {
                add_finding(page, table, &table->findings[i]);
                shown += report_finding_rows(table, &table->findings[i]);
            }
        if (!only_new)
            add_findings_left(page, table, (enum finding_kind)kind, shown);
        all_shown += shown;
    }
    if (only_new)
        add_new_left(page, table, all_shown);
}

/* "  time-zone  orders.created: 3 rows are …", and an example of the values below it. */
static void add_cause(const struct page *page, const struct result_cause *cause)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_printf(&text, "%s: ", cause->name);
    add_labelled(page->out, 2, (const char *)text.data, cause->text);
    buffer_clear(&text);
    if (cause->column && (cause->value[0] || cause->value[1])) {
        if (cause->key)
            buffer_printf(&text, "%s: ", cause->key);
        add_value_text(&text, cause->value[0]);
        buffer_add_text(&text, " → ");
        add_value_text(&text, cause->value[1]);
        display_add_blanks(page->out, 6);
        display_add_cut(page->out, (const char *)text.data, WIDTH - 6);
        buffer_add_byte(page->out, '\n');
    }
    buffer_free(&text);
}

static void add_row_counts(struct buffer *out, const struct result_table *table)
{
    char count[32];
    if (!table->counted[0] && !table->counted[1]) {
        buffer_add_text(out, "not compared to its end");
        return;
    }
    for (int side = 0; side < 2; side++) {
        if (side)
            buffer_add_text(out, "; ");
        const char *name = side == 0 ? "source" : "target";
        if (table->counted[side])
            buffer_printf(out, "%s: %s rows", name, human_count(table->rows[side], count));
        else
            buffer_printf(out, "%s: not read to its end", name);
    }
}

static void add_finding_counts(struct buffer *out, const struct result_table *table)
{
    char count[32];
    for (int kind = FINDING_CHANGED; kind <= FINDING_EXTRA; kind++)
        buffer_printf(out, "%s%s %s", kind ? ", " : "", human_count(table->counts[kind], count),
                      finding_kind_name[kind]);
}

static void add_conditions(const struct page *page, const struct result_table *table)
{
    static const char *const labels[] = {"source rows where ", "target rows where "};
    for (int side = 0; side < 2; side++)
        if (table->where[side])
            add_labelled(page->out, 2, labels[side], table->where[side]);
}

/* Of columns that wait for the mapping two are enough: all are counted by their types below. */
static void add_reasons(const struct page *page, const struct result_table *table)
{
    enum { KIND_REASONS = 2 };
    size_t waiting = 0;
    char count[32];
    for (size_t i = 0; i < table->reasons.count; i++)
        if (!report_is_kind_reason(table->reasons.items[i]) || waiting++ < KIND_REASONS ||
            page->options->verbose)
            add_labelled(page->out, 2, "- ", table->reasons.items[i]);
    if (waiting <= KIND_REASONS || page->options->verbose)
        return;
    waiting -= KIND_REASONS;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_printf(&text, "and %s more column%s that only the mapping can say how to compare",
                  human_count(waiting, count), waiting == 1 ? "" : "s");
    add_labelled(page->out, 2, "- ", (const char *)text.data);
    buffer_free(&text);
}

static void add_detail(const struct page *page, const struct result_table *table)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    report_add_table_name(&text, table);
    buffer_add_byte(page->out, '\n');
    if (display_width((const char *)text.data) <= WIDTH - 14)
        display_add_cut(page->out, (const char *)text.data, WIDTH);
    else /* cut above, whole here */
        display_add_wrapped(page->out, (const char *)text.data, 0, 0, WIDTH);
    buffer_add_text(page->out, "  ");
    add_verdict(page, table->verdict, verdict_name[table->verdict], 0);
    buffer_add_byte(page->out, '\n');
    if (table->verdict != VERDICT_EQUAL) {
        buffer_clear(&text);
        add_row_counts(&text, table);
        add_labelled(page->out, 2, "", (const char *)text.data);
        buffer_clear(&text);
        if (table->drilled)
            add_finding_counts(&text, table);
        if (text.length)
            add_labelled(page->out, 2, "", (const char *)text.data);
    }
    if (page->result->baseline.given) {
        buffer_clear(&text);
        report_since(&table->since, &text);
        add_labelled(page->out, 2, "since the baseline: ", (const char *)text.data);
        for (size_t i = 0; i < table->since.news_count; i++)
            add_labelled(page->out, 2, "new: ", table->since.news[i]);
    }
    add_conditions(page, table);
    if (table->key_why && (!table->key_count || page->options->verbose))
        add_labelled(page->out, 2, "key: ", table->key_why);
    add_reasons(page, table);
    for (size_t i = 0; i < table->notes.count; i++)
        add_labelled(page->out, 2, "note: ", table->notes.items[i]);
    for (size_t i = 0; i < table->cause_count; i++)
        add_cause(page, &table->causes[i]);
    add_findings(page, table);
    buffer_free(&text);
}

/* A lost server or an interrupt leaves many tables with the same reason: it is said once for them
 * all. True when the table was dealt with, here or with an earlier one. */
static bool add_as_group(const struct page *page, size_t first)
{
    const struct result_table *tables = page->result->tables;
    for (size_t i = 0; i < first; i++)
        if (report_same_reason(&tables[i], &tables[first]))
            return true;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    size_t members = 0;
    for (size_t i = first; i < page->result->table_count; i++)
        if (report_same_reason(&tables[i], &tables[first])) {
            buffer_add_text(&text, members++ ? ", " : "");
            report_add_table_name(&text, &tables[i]);
        }
    if (members > 1) {
        char count[32];
        buffer_printf(page->out, "\n%s tables  ", human_count(members, count));
        add_verdict(page, VERDICT_INCONCLUSIVE, verdict_name[VERDICT_INCONCLUSIVE], 0);
        buffer_add_byte(page->out, '\n');
        add_labelled(page->out, 2, "- ", tables[first].reasons.items[0]);
        add_labelled(page->out, 2, "", (const char *)text.data);
    }
    buffer_free(&text);
    return members > 1;
}

/* --- what was not compared
 * ---------------------------------------------------------------------------- */

static void add_left_out(const struct page *page)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    size_t place = page->out->length;
    buffer_add_text(page->out, "\nColumns that were not compared\n");
    bool any = false;
    for (size_t t = 0; t < page->result->table_count; t++)
        for (size_t c = 0; c < page->result->tables[t].column_count; c++) {
            buffer_clear(&text);
            report_add_table_name(&text, &page->result->tables[t]);
            buffer_add_text(&text, ": ");
            if (!report_add_columns_left_out(&text, &page->result->tables[t], c))
                continue;
            add_labelled(page->out, 2, "", (const char *)text.data);
            any = true;
        }
    if (!any) {
        page->out->length = place;
        page->out->data[place] = '\0';
    }
    buffer_free(&text);
}

static void add_one_sided(const struct page *page)
{
    static const char *const heads[] = {"\nTables in the source only\n",
                                        "\nTables in the target only\n"};
    for (int side = 0; side < 2; side++) {
        const struct text_list *only = &page->result->only[side];
        if (only->count)
            buffer_add_text(page->out, heads[side]);
        for (size_t i = 0; i < only->count; i++)
            add_labelled(page->out, 2, "", only->items[i]);
    }
}

/* --- the verdict
 * -------------------------------------------------------------------------------------- */

static void add_conclusion(const struct page *page, const struct report_tally *tally)
{
    const struct verify_result *result = page->result;
    enum verdict verdict = result->verdict;
    const char *word = result->interrupted ? "interrupted" : verdict_name[verdict];
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    report_add_counts(result, tally, &text);
    if (result->interrupted && verdict == VERDICT_EQUAL)
        verdict = VERDICT_INCONCLUSIVE; /* its colour */
    add_verdict(page, verdict, word, 14);
    display_add_wrapped(page->out, (const char *)text.data, 14, 14, WIDTH);
    buffer_clear(&text);
    char rows[32], bytes[32], time[32];
    snprintf(time, sizeof time, "%.1f s", result->seconds);
    if (result->seconds >= 60)
        human_time(result->seconds, time);
    if (result->table_count && !page->options->quiet) {
        double read = (double)result->wire_bytes[0] + (double)result->wire_bytes[1];
        buffer_printf(&text, "%s rows compared, %s read in %s", human_count(tally->rows, rows),
                      human_bytes(read, bytes), time);
        add_labelled(page->out, 0, "              ", (const char *)text.data);
        buffer_clear(&text);
    }
    if (result->interrupted && result->ledger_path) {
        buffer_printf(&text, "Go on with: --resume --ledger %s", result->ledger_path);
        add_labelled(page->out, 0, "              ", (const char *)text.data);
        buffer_clear(&text);
    }
    if (result->repair.path) {
        report_add_repair(&result->repair, &text);
        add_labelled(page->out, 0, "              ", (const char *)text.data);
        buffer_clear(&text);
    }
    buffer_printf(&text, "Exit code %d: %s.", verify_exit_code(result),
                  report_meaning(result, tally));
    add_labelled(page->out, 0, "              ", (const char *)text.data);
    buffer_free(&text);
}

/* Nothing that --quiet would say: the table is equal, or with --only-new as it was. */
static bool result_is_old(const struct verify_result *result, const struct result_table *table)
{
    return table->verdict == VERDICT_EQUAL ||
           (result->baseline.only_new && !report_has_news(&table->since));
}

/* With --quiet: a line per table that is not equal, its reasons, and the verdict. */
static void add_essentials(const struct page *page, const struct report_tally *tally)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < page->result->table_count; i++) {
        const struct result_table *table = &page->result->tables[i];
        if (result_is_old(page->result, table))
            continue;
        buffer_clear(&text);
        report_add_table_name(&text, table);
        buffer_add_text(&text, " — ");
        add_row_counts(&text, table);
        if (table->drilled) {
            buffer_add_text(&text, "; ");
            add_finding_counts(&text, table);
        }
        if (page->result->baseline.given) {
            buffer_add_text(&text, "; since the baseline ");
            report_since(&table->since, &text);
        }
        add_verdict(page, table->verdict, verdict_name[table->verdict], 14);
        display_add_wrapped(page->out, (const char *)text.data, 14, 14, WIDTH);
        if (page->result->baseline.only_new) {
            for (size_t n = 0; n < table->since.news_count; n++)
                add_labelled(page->out, 14, "- ", table->since.news[n]);
            continue;
        }
        for (size_t r = 0; r < table->reasons.count; r++)
            add_labelled(page->out, 14, "- ", table->reasons.items[r]);
    }
    buffer_free(&text);
    for (size_t i = 0; i < page->result->since.news_count; i++)
        add_labelled(page->out, 0, "new           ", page->result->since.news[i]);
    for (int side = 0; side < 2 && !page->result->baseline.only_new; side++)
        for (size_t i = 0; i < page->result->only[side].count; i++)
            add_labelled(page->out, 0, side == 0 ? "source only   " : "target only   ",
                         page->result->only[side].items[i]);
    add_conclusion(page, tally);
}

void report_text_table(const struct verify_result *result, const struct verify_options *options,
                       const struct result_table *table, struct buffer *out)
{
    struct page page = {result, options, false, out};
    size_t start = out->length;
    add_detail(&page, table);
    if (out->length > start &&
        out->data[start] == '\n') { /* what sets it off from the table before */
        memmove(out->data + start, out->data + start + 1, out->length - start);
        out->length--;
    }
}

void report_text(const struct verify_result *result, const struct verify_options *options,
                 bool colour, struct buffer *out)
{
    struct page page = {result, options, colour, out};
    struct report_tally tally = report_count(result);
    if (options->quiet) {
        add_essentials(&page, &tally);
        return;
    }
    add_head(&page);
    add_tables(&page, &tally);
    for (size_t i = 0; i < result->table_count; i++)
        if (report_needs_detail(result, &result->tables[i]) &&
            (result->baseline.only_new || !add_as_group(&page, i)))
            add_detail(&page, &result->tables[i]);
    report_schema(result, options, WIDTH, out);
    add_one_sided(&page);
    add_left_out(&page);
    report_rules(result, out);
    if (out->length < 2 ||
        out->data[out->length - 2] != '\n') /* an empty line stands there already */
        buffer_add_byte(out, '\n');
    add_conclusion(&page, &tally);
}
