/*
 * The plan as text for people: which tables and columns pair, under which kind and leniency, and
 * why. Input: a result that no rows were read for. Output: text in a buffer, at most 96 columns
 * wide.
 */
#include "../diff/base/display.h"
#include "canon.h"
#include "report_parts.h"

#define WIDTH 96
#define KIND_COLUMNS 12 /* "not verified" */

static void add_wrapped(struct buffer *out, size_t indent, const char *label, const char *text)
{
    display_add_blanks(out, indent);
    buffer_add_text(out, label);
    size_t at = indent + display_width(label);
    display_add_wrapped(out, text, at, at, WIDTH);
}

/* "prix  decimal(10,2)", "= concat(a, b)", or "-" where the side has no such column. */
static void add_cell(struct buffer *out, const struct result_column *column, int side)
{
    if (!column->name[side] && !column->expression[side]) {
        buffer_add_byte(out, '-');
        return;
    }
    buffer_add_text(out, column->name[side] ? column->name[side] : "");
    if (column->expression[side])
        buffer_printf(out, "%s= %s", column->name[side] ? " " : "", column->expression[side]);
    if (column->type[side])
        buffer_printf(out, "  %s", column->type[side]);
}

/* Colour as the report's: yellow for what makes a table inconclusive. */
static void add_kind(struct buffer *out, const struct result_column *column, bool colour)
{
    bool one_sided = (!column->name[0] && !column->expression[0]) ||
                     (!column->name[1] && !column->expression[1]);
    const char *word = column->ignored    ? "ignored"
                       : column->compared ? column->kind
                       : one_sided        ? "unpaired"
                                          : "not verified";
    bool paint = colour && !column->compared && !column->ignored;
    if (paint)
        buffer_add_text(out, "\033[33m");
    display_add_left(out, word ? word : "?", KIND_COLUMNS);
    if (paint)
        buffer_add_text(out, "\033[0m");
}

static void add_column(struct buffer *out, const struct result_column *column, size_t width,
                       bool colour)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    display_add_blanks(out, 2);
    add_kind(out, column, colour);
    display_add_blanks(out, 2);
    add_cell(&text, column, 0);
    size_t at = 2 + KIND_COLUMNS + 2;
    if (display_width((const char *)text.data) <= width) {
        display_add_left(out, (const char *)text.data, width);
        display_add_blanks(out, 2);
    } else { /* nothing of a plan is cut: the target follows on a line of its own */
        display_add_wrapped(out, (const char *)text.data, at, at + 2, WIDTH);
        display_add_blanks(out, at + width + 2);
    }
    at += width + 2;
    buffer_clear(&text);
    add_cell(&text, column, 1);
    display_add_wrapped(out, (const char *)text.data, at, at + 2, WIDTH);
    buffer_clear(&text);
    buffer_add_text(&text, column->key ? "key" : "");
    if (column->why && *column->why && (!column->kind || strcmp(column->why, column->kind) != 0))
        buffer_printf(&text, "%s%s", text.length ? "; " : "", column->why);
    if (column->leniency && *column->leniency)
        buffer_printf(&text, "%sleniency: %s", text.length ? "; " : "", column->leniency);
    if (text.length)
        add_wrapped(out, 2 + KIND_COLUMNS + 4, "", (const char *)text.data);
    buffer_free(&text);
}

/* The width of the source's column: as the widest cell needs, within limits that leave the target
 * its room. */
static size_t source_width(const struct result_table *table)
{
    size_t widest = 20;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < table->column_count; i++) {
        buffer_clear(&text);
        add_cell(&text, &table->columns[i], 0);
        size_t width = display_width((const char *)text.data);
        widest = width > widest ? width : widest;
    }
    buffer_free(&text);
    return widest < 38 ? widest : 38;
}

static void add_key(struct buffer *out, const struct result_table *table)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < table->key_count && i < table->column_count; i++) {
        const struct result_column *column = &table->columns[i];
        buffer_printf(&text, "%s%s", i ? ", " : "",
                      column->name[0] ? column->name[0] : column->name[1]);
    }
    buffer_printf(&text, "%s%s", table->key_count ? " — " : "none — ",
                  table->key_why ? table->key_why : "");
    add_wrapped(out, 2, "key: ", (const char *)text.data);
    buffer_free(&text);
}

static void add_table(struct buffer *out, const struct result_table *table, bool colour)
{
    static const char *const where[] = {"only source rows where ", "only target rows where "};
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_printf(&text, "%s → %s", table->name[0] ? table->name[0] : "?",
                  table->name[1] ? table->name[1] : "?");
    buffer_add_byte(out, '\n');
    add_wrapped(out, 0, "", (const char *)text.data);
    buffer_free(&text);
    if (table->column_count)
        add_key(out, table);
    for (int side = 0; side < 2; side++)
        if (table->where[side])
            add_wrapped(out, 2, where[side], table->where[side]);
    for (size_t i = 0; i < table->reasons.count; i++)
        add_wrapped(out, 2, "- ", table->reasons.items[i]);
    for (size_t i = 0; i < table->notes.count; i++)
        add_wrapped(out, 2, "note: ", table->notes.items[i]);
    size_t width = source_width(table);
    for (size_t i = 0; i < table->column_count; i++)
        add_column(out, &table->columns[i], width, colour);
}

void report_explain(const struct verify_result *result, const struct verify_options *options,
                    bool colour, struct buffer *out)
{
    static const char *const labels[] = {"source  ", "target  "};
    static const char *const only[] = {"\nTables in the source only\n",
                                       "\nTables in the target only\n"};
    for (int side = 0; side < 2; side++) {
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
        buffer_add_text(&text, result->side[side].shown_uri ? result->side[side].shown_uri : "?");
        if (result->side[side].server)
            buffer_printf(&text, " (%s)", result->side[side].server);
        add_wrapped(out, 0, labels[side], (const char *)text.data);
        buffer_free(&text);
    }
    if (options->mapping_path)
        add_wrapped(out, 0, "mapping ", options->mapping_path);
    for (size_t i = 0; i < result->notes.count; i++)
        add_wrapped(out, 0, "note    ", result->notes.items[i]);
    buffer_printf(
        out, "\nHow they will be compared, by version %d of the type contract. No row was read.\n",
        CONTRACT_VERSION);
    if (!result->table_count)
        buffer_add_text(out, "\nNothing to compare: no table is on both sides.\n");
    for (size_t i = 0; i < result->table_count; i++)
        add_table(out, &result->tables[i], colour);
    report_schema(result, options, WIDTH, out);
    report_rules(result, out);
    for (int side = 0; side < 2; side++) {
        if (result->only[side].count)
            buffer_add_text(out, only[side]);
        for (size_t i = 0; i < result->only[side].count; i++)
            add_wrapped(out, 2, "", result->only[side].items[i]);
    }
}
