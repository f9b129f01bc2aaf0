/*
 * Where a table can be cut. Input: a table as the catalog gave it. Output: pieces of whole blocks
 * that cover it, for scans; bounds of a key that an index leads, and the gap round a place in it,
 * for drilling. Reads no row but through an index.
 */
#include "engine_pg_session.h"

#include <inttypes.h>
#include <stdlib.h>

#define TID_SCAN_VERSION 140000 /* before it, a condition on ctid reads the whole table */
#define SPLIT_PAGES_LEAST 256   /* smaller pieces cost more to start than to read */

static bool leads_index(struct connection *connection, const struct table *table,
                        const struct column *column, bool *leads, struct err *err)
{
    const char *values[3] = {table->schema, table->name, column->name};
    struct pg_result *result;
    if (!engine_pg_query(
            connection,
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c"
            " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
            " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid"
            " JOIN pg_catalog.pg_index i ON i.indrelid = c.oid"
            " JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid"
            " JOIN pg_catalog.pg_am am ON am.oid = ic.relam"
            " WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3 AND a.attnum > 0"
            "  AND i.indkey[0] = a.attnum AND i.indisvalid AND i.indpred IS NULL"
            "  AND am.amname = 'btree')",
            3, values, &result, ERR_TABLE, table->label, err))
        return false;
    *leads = engine_pg_result_true(result, 0, 0);
    engine_pg_result_free(result);
    return true;
}

bool engine_pg_key_bounds(struct connection *connection, const struct table *table, size_t column,
                          bool *any, int64_t *low, int64_t *high, struct err *err)
{
    const struct column *asked = &table->columns[column];
    *any = false;
    /* An oid cannot be compared with the bigints that a scan's ranges are made of. */
    if (asked->type.class != TYPE_INT || asked->type.is_unsigned || asked->unreadable ||
        table->unreadable)
        return true;
    bool leads;
    if (!leads_index(connection, table, asked, &leads, err))
        return false;
    if (!leads)
        return true;
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT), name = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct pg_result *result;
    engine_pg_quote_name(&name, asked->name);
    buffer_printf(&sql, "SELECT pg_catalog.min(%s), pg_catalog.max(%s) FROM ", (char *)name.data,
                  (char *)name.data);
    engine_pg_catalog_add_table(&sql, table);
    bool ok = engine_pg_query(connection, (char *)sql.data, 0, NULL, &result, ERR_TABLE,
                              table->label, err);
    buffer_free(&name);
    buffer_free(&sql);
    if (!ok)
        return false;
    *any = !engine_pg_result_null(result, 0, 0);
    *low = engine_pg_result_int(result, 0, 0);
    *high = engine_pg_result_int(result, 0, 1);
    engine_pg_result_free(result);
    return true;
}

bool engine_pg_key_gap(struct connection *connection, const struct table *table, size_t column,
                       int64_t middle, struct cut_gap *gap, struct err *err)
{
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT), name = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct pg_result *result;
    engine_pg_quote_name(&name, table->columns[column].name);
    const char *quoted = (const char *)name.data;
    buffer_printf(&sql, "SELECT (SELECT pg_catalog.max(%s) FROM ", quoted);
    engine_pg_catalog_add_table(&sql, table);
    buffer_printf(&sql,
                  " WHERE %s " ENGINE_PG_BELOW " '%" PRId64
                  "'::pg_catalog.int8), (SELECT pg_catalog.min(%s) FROM ",
                  quoted, middle, quoted);
    engine_pg_catalog_add_table(&sql, table);
    buffer_printf(&sql, " WHERE %s " ENGINE_PG_AT_LEAST " '%" PRId64 "'::pg_catalog.int8)", quoted,
                  middle);
    bool ok = engine_pg_query(connection, (char *)sql.data, 0, NULL, &result, ERR_TABLE,
                              table->label, err);
    buffer_free(&name);
    buffer_free(&sql);
    if (!ok)
        return false;
    gap->has_below = !engine_pg_result_null(result, 0, 0);
    gap->has_above = !engine_pg_result_null(result, 0, 1);
    gap->below = engine_pg_result_int(result, 0, 0);
    gap->above = engine_pg_result_int(result, 0, 1);
    engine_pg_result_free(result);
    return true;
}

/* How many pieces a part of this many pages is cut into, of `wanted` for all `total` pages. */
static size_t piece_count(const struct connection *connection, uint64_t pages, uint64_t total,
                          size_t wanted)
{
    if (connection->version < TID_SCAN_VERSION || pages < 2 * SPLIT_PAGES_LEAST)
        return 1;
    double share = (double)pages / (double)total * (double)wanted;
    uint64_t most = pages / SPLIT_PAGES_LEAST;
    size_t count = share < 1 ? 1 : (size_t)(share + 0.5);
    return count < most ? count : (size_t)most;
}

bool engine_pg_splits(struct connection *connection, const struct table *table, size_t wanted,
                      struct split **splits, size_t *count, struct err *err)
{
    uint64_t total = 0;
    *splits = NULL;
    *count = 0;
    if (!engine_pg_catalog_check_leaves(connection, table, err))
        return false;
    for (size_t i = 0; i < table->part_count; i++)
        total += table->parts[i].pages;
    for (size_t i = 0; i < table->part_count; i++)
        *count += piece_count(connection, table->parts[i].pages, total, wanted);
    struct split *next = *splits = mem_zero(*count, sizeof **splits);
    for (size_t i = 0; i < table->part_count; i++) {
        uint64_t pages = table->parts[i].pages;
        size_t pieces = piece_count(connection, pages, total, wanted);
        /* The last one is open: the table may have grown. */
        for (size_t piece = 0; piece < pieces; piece++)
            *next++ =
                (struct split){.part = i,
                               .page_low = pages * piece / pieces,
                               .page_high = piece + 1 < pieces ? pages * (piece + 1) / pieces : 0};
    }
    return true;
}
