/*
 * The result of a run as JSON for programs: the interface that the README and
 * tally-verify.schema.json describe. Input: a finished result. Output: one pretty-printed document
 * and a newline. This file alone includes jansson.
 *
 * What is not known is null, never 0: rows of a table that was not compared to its end, counts of
 * one whose differences were not all found, and with --explain every verdict.
 */
#include "../diff/base/buffer.h"
#include "../diff/base/memory.h"
#include "../diff/base/utf8.h"
#include "verify.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const sides[] = {"source", "target"};

/* jansson refuses text that is not UTF-8; a bad byte becomes U+FFFD, so that nothing else is lost.
 */
static void repair(struct buffer *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    const unsigned char *end = at + strlen(text);
    while (at < end) {
        size_t size = utf8_size(at, end);
        if (size)
            buffer_add(out, at, size);
        else
            buffer_add_text(out, "\xef\xbf\xbd");
        at += size ? size : 1;
    }
}

/* jansson returns NULL when there is no memory and, for numbers, never else as they are used here.
 */
static json_t *made(json_t *value)
{
    if (!value)
        mem_alloc(SIZE_MAX); /* says so and ends the program */
    return value;
}

static json_t *text_json(const char *text)
{
    if (!text)
        return made(json_null());
    struct buffer valid = BUFFER_INIT(BUFFER_NO_LIMIT);
    repair(&valid, text);
    json_t *value = made(json_stringn((const char *)valid.data, valid.length));
    buffer_free(&valid);
    return value;
}

static json_t *number_json(uint64_t n)
{
    return made(json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n));
}

static json_t *number_or_null(uint64_t n, bool known)
{
    return known ? number_json(n) : made(json_null());
}

/* Milliseconds are as much as a clock that people read needs. */
static json_t *seconds_json(double seconds)
{
    return made(json_real(isfinite(seconds) ? round(seconds * 1000) / 1000 : 0));
}

/* Takes over the value. */
static void put(json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) != 0)
        made(NULL);
}

static void append(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        made(NULL);
}

/* A member named by a column: names from a database may be invalid or, expressions included, meet
 * twice. */
static void put_named(json_t *object, const char *name, json_t *value)
{
    struct buffer valid = BUFFER_INIT(BUFFER_NO_LIMIT);
    repair(&valid, name);
    size_t length = valid.length;
    for (int again = 2; json_object_get(object, (const char *)valid.data); again++) {
        valid.length = length;
        buffer_printf(&valid, " (%d)", again);
    }
    put(object, (const char *)valid.data, value);
    buffer_free(&valid);
}

static json_t *list_json(const struct text_list *list)
{
    json_t *array = made(json_array());
    for (size_t i = 0; i < list->count; i++)
        append(array, text_json(list->items[i]));
    return array;
}

/* The source's name; the target's where the source has an expression only. */
static const char *column_name(const struct result_table *table, size_t column)
{
    if (column >= table->column_count)
        return "?";
    const char *const *name = table->columns[column].name;
    return name[0] ? name[0] : name[1] ? name[1] : "?";
}

static json_t *side_json(const struct result_side *side)
{
    json_t *object = made(json_object());
    put(object, "uri", text_json(side->shown_uri));
    put(object, "server", text_json(side->server));
    put(object, "snapshot", text_json(side->snapshot));
    put(object, "snapshot_note", text_json(side->snapshot_note));
    return object;
}

static json_t *column_json(const struct result_column *column, bool explain)
{
    static const char *const types[] = {"source_type", "target_type"};
    static const char *const expressions[] = {"source_expression", "target_expression"};
    json_t *object = made(json_object());
    for (int side = 0; side < 2; side++)
        put(object, sides[side], text_json(column->name[side]));
    put(object, "kind", text_json(column->compared && column->kind ? column->kind : "none"));
    put(object, "compared", made(json_boolean(column->compared)));
    if (!column->compared)
        put(object, "ignored", made(json_boolean(column->ignored)));
    if (!column->compared || explain)
        put(object, "why", text_json(column->why ? column->why : ""));
    if (column->masked)
        put(object, "masked", made(json_true()));
    if (column->leniency && *column->leniency)
        put(object, "leniency", text_json(column->leniency));
    for (int side = 0; side < 2; side++) {
        if (column->type[side])
            put(object, types[side], text_json(column->type[side]));
        if (column->expression[side])
            put(object, expressions[side], text_json(column->expression[side]));
    }
    return object;
}

/* Tables with a key: the key's columns come first. Others: the whole row in the order of the
 * compared columns, which come first too. */
static json_t *values_json(const struct result_table *table, const struct finding *finding)
{
    json_t *object = made(json_object());
    for (size_t i = 0; i < finding->value_count; i++)
        put_named(object, column_name(table, i), text_json(finding->values[i].text));
    return object;
}

static json_t *changes_json(const struct result_table *table, const struct finding *finding)
{
    json_t *array = made(json_array());
    for (size_t i = 0; i < finding->column_count; i++) {
        const struct finding_column *change = &finding->columns[i];
        const struct result_column *column =
            change->column < table->column_count ? &table->columns[change->column] : NULL;
        json_t *object = made(json_object());
        for (int side = 0; side < 2; side++)
            put(object, sides[side], text_json(column ? column->name[side] : NULL));
        put(object, "source_value", text_json(change->value[0].text));
        put(object, "target_value", text_json(change->value[1].text));
        append(array, object);
    }
    return array;
}

/* Of the run, or of a table. */
static void put_since(json_t *object, const struct result_since *since)
{
    json_t *news = made(json_array());
    put(object, "new", number_json(since->fresh));
    put(object, "persisting", number_json(since->persisting));
    put(object, "gone", number_json(since->gone));
    put(object, "exact", made(json_boolean(since->exact)));
    put(object, "newly_different", made(json_boolean(since->different)));
    put(object, "newly_inconclusive", made(json_boolean(since->inconclusive)));
    for (size_t i = 0; i < since->news_count; i++)
        append(news, text_json(since->news[i]));
    put(object, "news", news);
}

static json_t *finding_json(const struct result_table *table, const struct finding *finding,
                            bool compared)
{
    json_t *object = made(json_object());
    put(object, "kind", text_json(finding_kind_name[finding->kind]));
    if (compared && table->since.exact)
        put(object, "new", made(json_boolean(!finding->persists)));
    put(object, table->key_count ? "key" : "row", values_json(table, finding));
    if (!table->key_count) {
        json_t *times = made(json_object());
        for (int side = 0; side < 2; side++)
            put(times, sides[side], number_json(finding->times[side]));
        put(object, "times", times);
    } else if (finding->kind == FINDING_CHANGED) {
        put(object, "columns", changes_json(table, finding));
    }
    return object;
}

static json_t *key_json(const struct result_table *table)
{
    json_t *array = made(json_array());
    for (size_t i = 0; i < table->key_count; i++)
        append(array, text_json(column_name(table, i)));
    return array;
}

static json_t *where_json(const struct result_table *table)
{
    json_t *object = made(json_object());
    for (int side = 0; side < 2; side++)
        put(object, sides[side], text_json(table->where[side]));
    return object;
}

static json_t *bound_json(bool there, int64_t bound)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)bound);
    return text_json(there ? text : NULL);
}

static json_t *suspects_json(const struct result_table *table)
{
    json_t *array = made(json_array());
    for (size_t i = 0; i < table->suspect_count; i++) {
        const struct suspect_range *range = &table->suspects[i];
        json_t *object = made(json_object());
        put(object, "low", bound_json(range->has_low, range->low));
        put(object, "high", bound_json(range->has_high, range->high));
        append(array, object);
    }
    return array;
}

static json_t *numbers_json(const struct result_table *table, bool explain)
{
    bool known = !explain && (table->drilled || table->verdict == VERDICT_EQUAL);
    json_t *counts = made(json_object());
    for (int kind = FINDING_CHANGED; kind <= FINDING_EXTRA; kind++)
        put(counts, finding_kind_name[kind], number_or_null(table->counts[kind], known));
    return counts;
}

static json_t *table_json(const struct result_table *table, bool explain, bool compared)
{
    json_t *object = made(json_object());
    json_t *rows = made(json_object());
    json_t *columns = made(json_array());
    json_t *findings = made(json_array());
    for (int side = 0; side < 2; side++) {
        put(object, sides[side], text_json(table->name[side]));
        put(rows, sides[side], number_or_null(table->rows[side], table->counted[side] && !explain));
    }
    put(object, "verdict", explain ? made(json_null()) : text_json(verdict_name[table->verdict]));
    put(object, "rows", rows);
    put(object, "counts", numbers_json(table, explain));
    put(object, "reasons", list_json(&table->reasons));
    put(object, "notes", list_json(&table->notes));
    put(object, "seconds", seconds_json(table->seconds));
    put(object, "key", key_json(table));
    put(object, "key_why", text_json(table->key_why));
    if (table->where[0] || table->where[1])
        put(object, "where", where_json(table));
    if (table->suspect_count)
        put(object, "suspects", suspects_json(table));
    for (size_t i = 0; i < table->column_count; i++)
        append(columns, column_json(&table->columns[i], explain));
    put(object, "columns", columns);
    for (size_t i = 0; i < table->finding_count; i++)
        append(findings, finding_json(table, &table->findings[i], compared));
    put(object, "findings", findings);
    if (compared) {
        json_t *since = made(json_object());
        put_since(since, &table->since);
        put(object, "baseline", since);
    }
    return object;
}

/* What is unlike in the definitions of all tables, one flat list. */
static json_t *schema_json(const struct verify_result *result)
{
    json_t *array = made(json_array());
    for (size_t t = 0; t < result->table_count; t++)
        for (size_t i = 0; i < result->tables[t].schema_count; i++) {
            const struct result_table *table = &result->tables[t];
            const struct result_schema *finding = &table->schema[i];
            json_t *object = made(json_object());
            put(object, "kind", text_json(finding->kind));
            put(object, "table", text_json(table->name[0] ? table->name[0] : table->name[1]));
            put(object, "column", text_json(finding->column));
            for (int side = 0; side < 2; side++)
                put(object, sides[side], text_json(finding->value[side]));
            put(object, "text", text_json(finding->text));
            put(object, "fix", text_json(finding->fix));
            put(object, "breaks", made(json_boolean(finding->breaks)));
            append(array, object);
        }
    return array;
}

/* Where a cause stands: in which table, and which of its causes. */
struct cause_place {
    const struct result_table *table;
    const struct result_cause *cause;
};

/* The most rows first; else in the order of the tables and of their causes. */
static int compare_places(const void *one, const void *other)
{
    const struct cause_place *a = one, *b = other;
    if (a->cause->count != b->cause->count)
        return a->cause->count < b->cause->count ? 1 : -1;
    if (a->table != b->table)
        return a->table < b->table ? -1 : 1;
    return (a->cause > b->cause) - (a->cause < b->cause);
}

static json_t *cause_json(const struct result_table *table, const struct result_cause *cause)
{
    json_t *object = made(json_object()), *example = made(json_object());
    put(object, "name", text_json(cause->name));
    put(object, "table", text_json(table->name[0] ? table->name[0] : table->name[1]));
    put(object, "column", text_json(cause->column));
    put(object, "count", number_json(cause->count));
    put(object, "confidence", made(json_real(cause->confidence)));
    put(object, "text", text_json(cause->text));
    put(example, "key", text_json(cause->key));
    for (int side = 0; side < 2; side++)
        put(example, sides[side], text_json(cause->value[side]));
    put(object, "example", example);
    return object;
}

/* The causes of all tables. */
static json_t *causes_json(const struct verify_result *result)
{
    json_t *array = made(json_array());
    size_t count = 0;
    for (size_t i = 0; i < result->table_count; i++)
        count += result->tables[i].cause_count;
    struct cause_place *places = mem_zero(count + 1, sizeof *places);
    count = 0;
    for (size_t i = 0; i < result->table_count; i++)
        for (size_t c = 0; c < result->tables[i].cause_count; c++)
            places[count++] =
                (struct cause_place){&result->tables[i], &result->tables[i].causes[c]};
    qsort(places, count, sizeof *places, compare_places);
    for (size_t i = 0; i < count; i++)
        append(array, cause_json(places[i].table, places[i].cause));
    free(places);
    return array;
}

static json_t *both_json(const uint64_t counts[2])
{
    json_t *object = made(json_object());
    for (int side = 0; side < 2; side++)
        put(object, sides[side], number_or_null(counts[side], true));
    return object;
}

static json_t *time_json(time_t started)
{
    struct tm parts;
    char text[64];
    if (!gmtime_r(&started, &parts) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts))
        return made(json_null());
    return text_json(text);
}

static json_t *baseline_json(const struct verify_result *result)
{
    json_t *object = made(json_object());
    put(object, "ledger", text_json(result->baseline.path));
    put(object, "started",
        result->baseline.path ? time_json(result->baseline.started) : made(json_null()));
    put(object, "only_new", made(json_boolean(result->baseline.only_new)));
    put_since(object, &result->since);
    return object;
}

static int collect(const char *text, size_t length, void *out)
{
    buffer_add(out, text, length);
    return 0;
}

/* The file of statements that was asked for; null: none was written. */
static json_t *repair_json(const struct result_repair *repair)
{
    if (!repair->path)
        return made(json_null());
    json_t *object = made(json_object());
    put(object, "file", text_json(repair->path));
    put(object, "side", text_json(sides[!repair->of_source]));
    put(object, "statements", number_json(repair->statements));
    put(object, "left_out", number_json(repair->left_out));
    put(object, "tables_left_out", number_json(repair->tables_left_out));
    return object;
}

void report_json(const struct verify_result *result, const struct verify_options *options,
                 struct buffer *out)
{
    bool explain = options->explain;
    json_t *document = made(json_object());
    put(document, "tally", made(json_integer(1)));
    put(document, "verdict",
        explain ? made(json_null()) : text_json(verdict_name[result->verdict]));
    put(document, "interrupted", made(json_boolean(result->interrupted)));
    if (explain)
        put(document, "explain", made(json_true()));
    for (int side = 0; side < 2; side++)
        put(document, sides[side], side_json(&result->side[side]));
    put(document, "started", time_json(result->started));
    put(document, "seconds", seconds_json(result->seconds));
    if (!explain)
        put(document, "ledger",
            result->ledger_path ? text_json(result->ledger_path) : made(json_null()));
    if (options->repair_path || result->repair.path)
        put(document, "repair", repair_json(&result->repair));
    if (!explain) {
        put(document, "rows_read", both_json(result->rows_read));
        put(document, "rows_kept", both_json(result->rows_kept));
    }
    if (result->baseline.given)
        put(document, "baseline", baseline_json(result));
    put(document, "notes", list_json(&result->notes));
    if (!explain)
        put(document, "causes", causes_json(result));
    json_t *tables = made(json_array());
    for (size_t i = 0; i < result->table_count; i++)
        append(tables, table_json(&result->tables[i], explain, result->baseline.given));
    put(document, "tables", tables);
    put(document, "schema", result->schema_compared ? schema_json(result) : made(json_null()));
    put(document, "only_source", list_json(&result->only[0]));
    put(document, "only_target", list_json(&result->only[1]));
    /* Ten digits: milliseconds of runs up to months, and 6.1 stays "6.1". */
    if (json_dump_callback(document, collect, out, JSON_INDENT(2) | JSON_REAL_PRECISION(10)) != 0)
        made(NULL);
    buffer_add_byte(out, '\n');
    json_decref(document);
}
