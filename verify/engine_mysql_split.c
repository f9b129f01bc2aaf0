/*
 * Where a table can be cut. Input: a table as the catalogs gave it. Output: ranges of its primary
 * key that cover it, for scans; bounds of a key that an index leads, and the gap round a place in
 * it, for drilling. Reads no row but through an index.
 */
#include "engine_mysql.h"

#include <inttypes.h>
#include <stdlib.h>

#define SPLIT_ROWS 20000U /* smaller tables are read in one piece */
#define SPLIT_BYTES (8U << 20)

static int64_t clamp_int64(const char *text)
{
    if (*text == '-')
        return strtoll(text, NULL, 10);
    uint64_t n = strtoull(text, NULL, 10);
    return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

static bool leads_key(const struct table *table, size_t column)
{
    for (size_t i = 0; i < table->key_count; i++) {
        const struct key *key = &table->keys[i];
        if (key->column_count && key->columns[0] == column && !key->has_prefix)
            return true;
    }
    return false;
}

bool engine_mysql_key_bounds(struct connection *connection, const struct table *table,
                             size_t column, bool *any, int64_t *low, int64_t *high, struct err *err)
{
    struct buffer sql = BUFFER_INIT(1 << 13);
    struct buffer name = BUFFER_INIT(1 << 12);
    struct engine_mysql_first row;

    *any = false;
    if (table->columns[column].type.class != TYPE_INT || !leads_key(table, column))
        return true;
    engine_mysql_quote_name(&name, table->columns[column].name);
    buffer_printf(&sql, "SELECT MIN(%s), MAX(%s) FROM %s", (const char *)name.data,
                  (const char *)name.data, table->parts[0].from);
    bool fine = engine_mysql_query_first(connection, (const char *)sql.data, 2, &row, err);
    buffer_free(&name);
    buffer_free(&sql);
    if (fine && row.any && row.cells[0] && row.cells[1]) {
        *any = true;
        *low = clamp_int64(row.cells[0]);
        *high = clamp_int64(row.cells[1]);
    }
    engine_mysql_query_free(&row);
    return fine || err_prefix(err, "%s", table->label);
}

bool engine_mysql_split_can(const struct table *table)
{
    if (table->kind != RELATION_TABLE || table->note || !table->key_count ||
        !table->keys[0].primary)
        return false;
    const struct key *key = &table->keys[0];
    return !key->has_prefix && key->column_count &&
           table->columns[key->columns[0]].type.class == TYPE_INT &&
           (table->row_estimate >= SPLIT_ROWS || table->byte_estimate >= SPLIT_BYTES);
}

bool engine_mysql_key_gap(struct connection *connection, const struct table *table, size_t column,
                          int64_t middle, struct cut_gap *gap, struct err *err)
{
    struct buffer sql = BUFFER_INIT(1 << 13);
    struct buffer name = BUFFER_INIT(1 << 12);
    struct engine_mysql_first row;

    *gap = (struct cut_gap){0};
    engine_mysql_quote_name(&name, table->columns[column].name);
    const char *quoted = (const char *)name.data, *from = table->parts[0].from;
    buffer_printf(&sql,
                  "SELECT (SELECT MAX(%s) FROM %s WHERE %s < %" PRId64
                  "), (SELECT MIN(%s) FROM %s WHERE %s >= %" PRId64 ")",
                  quoted, from, quoted, middle, quoted, from, quoted, middle);
    bool fine = engine_mysql_query_first(connection, (const char *)sql.data, 2, &row, err);
    buffer_free(&name);
    buffer_free(&sql);
    if (fine && row.any && row.cells[0]) {
        gap->has_below = true;
        gap->below = clamp_int64(row.cells[0]);
    }
    if (fine && row.any && row.cells[1]) {
        gap->has_above = true;
        gap->above = clamp_int64(row.cells[1]);
    }
    engine_mysql_query_free(&row);
    return fine || err_prefix(err, "%s", table->label);
}

struct gap_question {
    struct connection *connection;
    const struct table *table;
    size_t column;
};

static bool ask_gap(void *context, int64_t middle, struct cut_gap *gap, struct err *err)
{
    const struct gap_question *question = context;

    return engine_mysql_key_gap(question->connection, question->table, question->column, middle,
                                gap, err);
}

/* Ranges of the primary key, the first and the last without an end: whatever key a row has, one
 * range holds it. */
bool engine_mysql_splits(struct connection *connection, const struct table *table, size_t wanted,
                         struct split **splits, size_t *count, struct err *err)
{
    int64_t low, high;
    bool any = false;

    *splits = mem_zero(wanted ? wanted : 1, sizeof **splits);
    *count = 1; /* the whole table */
    if (wanted < 2 || !engine_mysql_split_can(table))
        return true;
    struct gap_question question = {connection, table, table->keys[0].columns[0]};
    int64_t *bounds = mem_zero(wanted, sizeof *bounds);
    size_t bound_count = 0;
    bool fine =
        engine_mysql_key_bounds(connection, table, question.column, &any, &low, &high, err) &&
        (!any || cut_key(low, high, wanted, ask_gap, &question, bounds, &bound_count, err));
    for (size_t i = 0; fine && i < bound_count; i++) {
        struct key_range *below = &(*splits)[i].range, *above = &(*splits)[i + 1].range;
        below->has_high = above->has_low = true;
        below->high = above->low = bounds[i];
    }
    *count += bound_count;
    free(bounds);
    return fine;
}
