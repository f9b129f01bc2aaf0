/*
 * See result_code.h. One walk over each struct serves both directions, so that what is written and
 * what is read cannot drift apart.
 */
#include "result_code.h"

#include "mask.h"
#include "../diff/base/bytes.h"

#include <math.h>
#include <stdlib.h>

struct walk {
    struct buffer *out; /* NULL: reading */
    struct bytes in;
    struct arena *arena; /* reading */
    bool values;         /* writing: what was read from rows may be written */
};

/* ---- Simple fields
 * ------------------------------------------------------------------------------------------ */

static void walk_u64(struct walk *walk, uint64_t *n)
{
    if (walk->out)
        buffer_add_u64(walk->out, *n);
    else
        *n = bytes_u64(&walk->in);
}

static void walk_i64(struct walk *walk, int64_t *n)
{
    uint64_t bits = (uint64_t)*n;
    walk_u64(walk, &bits);
    *n = (int64_t)bits;
}

/* A number that is at most `most`. */
static void walk_size(struct walk *walk, size_t *n, size_t most)
{
    if (walk->out)
        bytes_put_size(walk->out, *n);
    else
        *n = bytes_u32(&walk->in);
    if (*n > most)
        walk->in.failed = true;
}

static void walk_bool(struct walk *walk, bool *flag)
{
    if (walk->out)
        buffer_add_byte(walk->out, *flag);
    else
        *flag = bytes_bool(&walk->in);
}

/* Times and shares: never infinite, and not a number is no number. */
static void walk_double(struct walk *walk, double *n)
{
    if (walk->out) {
        bytes_put_double(walk->out, isfinite(*n) ? *n : 0);
        return;
    }
    *n = bytes_double(&walk->in);
    if (!isfinite(*n)) {
        *n = 0;
        walk->in.failed = true;
    }
}

static void walk_text(struct walk *walk, const char **text)
{
    if (walk->out)
        bytes_put_text(walk->out, *text);
    else
        *text = bytes_text(&walk->in, walk->arena);
}

/* A text that is there. */
static void walk_name(struct walk *walk, const char **text)
{
    if (walk->out)
        bytes_put_text(walk->out, *text ? *text : "");
    else
        *text = bytes_name(&walk->in, walk->arena);
}

/* A text of its own memory, which is the result's. */
static void walk_own(struct walk *walk, char **text)
{
    if (walk->out) {
        bytes_put_text(walk->out, *text);
        return;
    }
    const char *read = bytes_text(&walk->in, walk->arena);
    *text = read ? mem_copy_string(read) : NULL;
}

static void walk_list(struct walk *walk, struct text_list *list)
{
    size_t count = list->count;
    if (walk->out)
        bytes_put_size(walk->out, count);
    else
        count = bytes_count(&walk->in, sizeof(uint32_t));
    for (size_t i = 0; i < count && !walk->in.failed; i++) {
        const char *text = walk->out ? list->items[i] : NULL;
        walk_name(walk, &text);
        if (!walk->out)
            text_list_add(list, text);
    }
}

/* How many there are of what takes at least `least` bytes each. */
static void walk_count(struct walk *walk, size_t *count, size_t least)
{
    if (walk->out)
        bytes_put_size(walk->out, *count);
    else
        *count = bytes_count(&walk->in, least);
}

/* ---- What was read from rows
 * ------------------------------------------------------------------------------------------ */

static const char left_out[] = "left out";

static void walk_value(struct walk *walk, const char **text)
{
    char hidden[MASK_SIZE];
    if (!walk->out || walk->values) {
        walk_text(walk, text);
        return;
    }
    mask_text(left_out, *text, hidden);
    bytes_put_text(walk->out, hidden);
}

static void walk_shown(struct walk *walk, struct shown_value *value)
{
    const char *text = value->text;
    walk_value(walk, &text);
    if (!walk->out)
        value->text = text ? mem_copy_string(text) : NULL;
}

/* The key of an example is absent in a table without a key, and that is no secret. */
static void walk_example(struct walk *walk, const char **text)
{
    if (walk->out && !*text)
        walk_text(walk, text);
    else
        walk_value(walk, text);
}

static void walk_finding(struct walk *walk, const struct result_table *table,
                         struct finding *finding)
{
    size_t kind = finding->kind;
    walk_size(walk, &kind, FINDING_EXTRA);
    finding->kind = walk->in.failed ? FINDING_CHANGED : (enum finding_kind)kind;
    size_t value_count = finding->value_count, column_count = finding->column_count;
    walk_count(walk, &value_count, sizeof(uint32_t));
    if (value_count > table->column_count)
        walk->in.failed = true;
    if (!walk->out)
        finding->values = mem_zero(value_count + 1, sizeof *finding->values);
    finding->value_count = value_count;
    for (size_t i = 0; i < value_count && !walk->in.failed; i++)
        walk_shown(walk, &finding->values[i]);
    for (int side = 0; side < 2; side++)
        walk_u64(walk, &finding->times[side]);
    walk_bool(walk, &finding->persists);
    walk_count(walk, &column_count, 3 * sizeof(uint32_t));
    if (!walk->out)
        finding->columns = mem_zero(column_count + 1, sizeof *finding->columns);
    finding->column_count = column_count;
    for (size_t i = 0; i < column_count && !walk->in.failed; i++) {
        struct finding_column *column = &finding->columns[i];
        walk_size(walk, &column->column, table->column_count ? table->column_count - 1 : 0);
        for (int side = 0; side < 2; side++)
            walk_shown(walk, &column->value[side]);
    }
}

static void walk_since(struct walk *walk, struct result_since *since)
{
    size_t count = since->news_count;
    walk_bool(walk, &since->exact);
    walk_u64(walk, &since->fresh);
    walk_u64(walk, &since->persisting);
    walk_u64(walk, &since->gone);
    walk_bool(walk, &since->different);
    walk_bool(walk, &since->inconclusive);
    walk_count(walk, &count, sizeof(uint32_t));
    if (!walk->out)
        since->news = arena_alloc(walk->arena, (count + 1) * sizeof *since->news);
    since->news_count = count;
    for (size_t i = 0; i < count && !walk->in.failed; i++)
        walk_name(walk, &since->news[i]);
}

/* A cause's sentence may quote values: without them the plain one stands for it. */
static void walk_cause(struct walk *walk, struct result_cause *cause)
{
    walk_name(walk, &cause->name);
    walk_text(walk, &cause->column);
    walk_u64(walk, &cause->count);
    walk_double(walk, &cause->confidence);
    walk_name(walk, &cause->plain);
    const char *text = walk->values ? cause->text : cause->plain;
    walk_name(walk, walk->out ? &text : &cause->text);
    walk_example(walk, &cause->key);
    for (int side = 0; side < 2; side++)
        walk_value(walk, &cause->value[side]);
}

/* ---- A table
 * ------------------------------------------------------------------------------------------ */

static void walk_column(struct walk *walk, struct result_column *column)
{
    for (int side = 0; side < 2; side++) {
        walk_text(walk, &column->name[side]);
        walk_text(walk, &column->type[side]);
        walk_text(walk, &column->expression[side]);
    }
    walk_name(walk, &column->kind);
    walk_text(walk, &column->why);
    walk_text(walk, &column->leniency);
    walk_bool(walk, &column->compared);
    walk_bool(walk, &column->ignored);
    walk_bool(walk, &column->key);
    walk_bool(walk, &column->masked);
}

static void walk_schema(struct walk *walk, struct result_schema *schema)
{
    walk_name(walk, &schema->kind);
    walk_text(walk, &schema->column);
    for (int side = 0; side < 2; side++)
        walk_text(walk, &schema->value[side]);
    walk_name(walk, &schema->text);
    walk_text(walk, &schema->fix);
    walk_bool(walk, &schema->breaks);
}

static void walk_verdict(struct walk *walk, enum verdict *verdict)
{
    size_t n = *verdict;
    walk_size(walk, &n, VERDICT_DIFFERENT);
    *verdict = walk->in.failed ? VERDICT_INCONCLUSIVE : (enum verdict)n;
}

static void walk_facts(struct walk *walk, struct result_table *table)
{
    for (int side = 0; side < 2; side++) {
        walk_name(walk, &table->name[side]);
        walk_text(walk, &table->where[side]);
        walk_u64(walk, &table->rows[side]);
        walk_bool(walk, &table->counted[side]);
    }
    walk_verdict(walk, &table->verdict);
    for (int kind = 0; kind < 3; kind++)
        walk_u64(walk, &table->counts[kind]);
    bool *const flags[] = {&table->drilled, &table->schema_differs, &table->rows_differ,
                           &table->inconclusive};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        walk_bool(walk, flags[i]);
    walk_text(walk, &table->key_why);
    walk_double(walk, &table->seconds);
    walk_list(walk, &table->reasons);
    walk_list(walk, &table->notes);
}

static void walk_suspects(struct walk *walk, struct result_table *table)
{
    size_t count = table->suspect_count;
    walk_count(walk, &count, 2 + 2 * sizeof(uint64_t));
    if (!walk->out)
        table->suspects = arena_alloc(walk->arena, (count + 1) * sizeof *table->suspects);
    table->suspect_count = count;
    for (size_t i = 0; i < count; i++) {
        struct suspect_range *range = &table->suspects[i];
        walk_bool(walk, &range->has_low);
        walk_bool(walk, &range->has_high);
        walk_i64(walk, &range->low);
        walk_i64(walk, &range->high);
    }
}

static void walk_lists(struct walk *walk, struct result_table *table)
{
    size_t causes = table->cause_count, schema = table->schema_count;
    walk_count(walk, &causes, 7 * sizeof(uint32_t) + 2 * sizeof(uint64_t));
    if (!walk->out)
        table->causes = arena_alloc(walk->arena, (causes + 1) * sizeof *table->causes);
    table->cause_count = causes;
    for (size_t i = 0; i < causes && !walk->in.failed; i++)
        walk_cause(walk, &table->causes[i]);
    walk_count(walk, &schema, 6 * sizeof(uint32_t) + 1);
    if (!walk->out)
        table->schema = arena_alloc(walk->arena, (schema + 1) * sizeof *table->schema);
    table->schema_count = schema;
    for (size_t i = 0; i < schema && !walk->in.failed; i++)
        walk_schema(walk, &table->schema[i]);
}

static void walk_table(struct walk *walk, struct result_table *table)
{
    walk_facts(walk, table);
    size_t columns = table->column_count, findings = table->finding_count;
    walk_count(walk, &columns, 9 * sizeof(uint32_t) + 4);
    if (!walk->out)
        table->columns = arena_alloc(walk->arena, (columns + 1) * sizeof *table->columns);
    table->column_count = columns;
    for (size_t i = 0; i < columns && !walk->in.failed; i++)
        walk_column(walk, &table->columns[i]);
    walk_size(walk, &table->key_count, columns);
    walk_suspects(walk, table);
    walk_count(walk, &findings, 3 * sizeof(uint32_t) + 2 * sizeof(uint64_t) + 1);
    if (!walk->out) {
        table->findings = mem_zero(findings + 1, sizeof *table->findings);
        table->finding_count = 0;
    }
    for (size_t i = 0; i < findings && !walk->in.failed; i++) {
        if (!walk->out)
            table->finding_count = i + 1; /* what is read is freed, also after damage */
        walk_finding(walk, table, &table->findings[i]);
    }
    walk_lists(walk, table);
    walk_since(walk, &table->since);
}

void result_code_put_table(const struct result_table *table, bool values, struct buffer *out)
{
    struct walk walk = {.out = out, .values = values};
    struct result_table copy = *table; /* shallow: what it points to is only read */
    walk_table(&walk, &copy);
}

bool result_code_get_table(const struct buffer *bytes, struct arena *arena,
                           struct result_table *table)
{
    struct walk walk = {.in = bytes_of(bytes), .arena = arena};
    walk_table(&walk, table);
    return bytes_at_end(&walk.in);
}

/* ---- The head
 * ------------------------------------------------------------------------------------------ */

static void walk_side(struct walk *walk, struct result_side *side)
{
    walk_own(walk, &side->shown_uri);
    walk_own(walk, &side->server);
    walk_text(walk, &side->snapshot);
    walk_own(walk, &side->snapshot_note);
}

static void walk_repair(struct walk *walk, struct result_repair *repair)
{
    walk_text(walk, &repair->path);
    walk_bool(walk, &repair->of_source);
    walk_u64(walk, &repair->statements);
    walk_u64(walk, &repair->left_out);
    walk_size(walk, &repair->tables_left_out, UINT32_MAX);
}

static void walk_head(struct walk *walk, struct verify_result *result,
                      struct verify_options *options)
{
    int64_t started = result->started, baseline = result->baseline.started;
    size_t tables = result->table_count;
    walk_verdict(walk, &result->verdict);
    walk_bool(walk, &result->interrupted);
    walk_bool(walk, &result->resumed);
    walk_bool(walk, &result->inconclusive);
    walk_bool(walk, &result->schema_compared);
    for (int side = 0; side < 2; side++) {
        walk_side(walk, &result->side[side]);
        walk_u64(walk, &result->wire_bytes[side]);
        walk_u64(walk, &result->rows_read[side]);
        walk_u64(walk, &result->rows_kept[side]);
        walk_list(walk, &result->only[side]);
    }
    walk_i64(walk, &started);
    result->started = (time_t)started;
    walk_double(walk, &result->seconds);
    walk_list(walk, &result->notes);
    walk_bool(walk, &result->baseline.given);
    walk_bool(walk, &result->baseline.only_new);
    walk_text(walk, &result->baseline.path);
    walk_i64(walk, &baseline);
    result->baseline.started = (time_t)baseline;
    walk_since(walk, &result->since);
    walk_repair(walk, &result->repair);
    walk_text(walk, &options->mapping_path);
    walk_list(walk, &options->tables);
    walk_list(walk, &options->excludes);
    walk_bool(walk, &options->no_values);
    walk_size(walk, &tables, UINT32_MAX);
    result->table_count = tables;
}

void result_code_put_head(const struct verify_result *result, const struct verify_options *options,
                          struct buffer *out)
{
    struct walk walk = {.out = out, .values = true};
    struct verify_result copy = *result;
    struct verify_options given = *options;
    bytes_put_size(out, RESULT_VERSION);
    walk_head(&walk, &copy, &given);
}

bool result_code_get_head(const struct buffer *bytes, struct verify_result *result,
                          struct verify_options *options)
{
    struct walk walk = {.in = bytes_of(bytes), .arena = &result->arena};
    if (bytes_u32(&walk.in) != RESULT_VERSION)
        return false;
    walk_head(&walk, result, options);
    size_t count = result->table_count;
    result->table_count = 0;
    if (!bytes_at_end(&walk.in) || count > RESULT_MOST_TABLES)
        return false;
    result->tables = mem_zero(count + 1, sizeof *result->tables);
    result->table_count = count;
    return true;
}
