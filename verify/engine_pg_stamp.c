/*
 * Has a table changed since an earlier snapshot, so that splits which were read on it do not fit
 * splits of this one? Input: a table; the stamp of then. Output: a stamp; whether no row can have
 * moved.
 *
 * A row that is updated moves to another page, so splits by ctid of two snapshots may miss it.
 * None can have moved where the table's files are the same (no VACUUM FULL, CLUSTER, TRUNCATE) and
 * either no transaction at all was given an id in between, or no row that is visible now was
 * written by a transaction that was not over at the stamp's time. The latter is a scan of the table
 * on the server, whose result is one truth. (The counters of written rows would be cheaper, but say
 * nothing on a standby, are set to zero by a crash, and come late.) Deleted rows leave no trace and
 * move nowhere. The system and its timeline are a part of the stamp: a standby that was promoted
 * may lack transactions, and use their ids for others.
 */
#include "engine_pg_session.h"

#include <stdlib.h>

#define MOST_IDS_BETWEEN ((uint64_t)1 << 31) /* so far age() can tell old from new */

static const char stamp_sql[] =
    "WITH RECURSIVE t(oid) AS (SELECT c.oid FROM pg_catalog.pg_class c"
    "  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    "  WHERE n.nspname = $1 AND c.relname = $2"
    "  UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN t ON i.inhparent = t.oid)"
    " SELECT pg_catalog.pg_current_snapshot()::text,"
    " (SELECT pg_catalog.format('%s:%s,', system_identifier, timeline_id)"
    "  FROM pg_catalog.pg_control_system(), pg_catalog.pg_control_checkpoint())"
    " || pg_catalog.string_agg(pg_catalog.format('%s:%s', t.oid,"
    "  pg_catalog.pg_relation_filenode(t.oid)), ',' ORDER BY t.oid) FROM t";

/* Two parts: which transactions are visible, and the files. */
static bool read_stamp(struct connection *connection, const struct table *table,
                       struct buffer *visible, struct buffer *files, struct err *err)
{
    const char *values[2] = {table->schema, table->name};
    struct pg_result *result;
    if (!engine_pg_query(connection, stamp_sql, 2, values, &result, ERR_TABLE, table->label, err))
        return false;
    buffer_add_text(visible, engine_pg_result_text(result, 0, 0));
    buffer_add_text(files, engine_pg_result_text(result, 0, 1));
    engine_pg_result_free(result);
    return true;
}

bool engine_pg_stamp(struct connection *connection, const struct table *table, struct buffer *stamp,
                     struct err *err)
{
    struct buffer files = BUFFER_INIT(1 << 20);
    bool ok = read_stamp(connection, table, stamp, &files, err);
    buffer_add_byte(stamp, ' ');
    buffer_add(stamp, files.data, files.length);
    buffer_free(&files);
    return ok;
}

/* Is there a row of a transaction `oldest` or later? */
static bool has_newer_row(struct connection *connection, const struct table *table, uint32_t oldest,
                          bool *newer, struct err *err)
{
    *newer = false;
    for (size_t i = 0; i < table->part_count && !*newer; i++) {
        struct buffer sql = BUFFER_INIT(1 << 16);
        buffer_printf(&sql,
                      "SELECT EXISTS (SELECT FROM %s WHERE pg_catalog.age(xmin) "
                      "OPERATOR(pg_catalog.<=) pg_catalog.age('%lu'::pg_catalog.xid))",
                      table->parts[i].from, (unsigned long)oldest);
        struct pg_result *result;
        bool ok = engine_pg_query(connection, (const char *)sql.data, 0, NULL, &result, ERR_TABLE,
                                  table->label, err);
        buffer_free(&sql);
        if (!ok)
            return false;
        *newer = engine_pg_result_true(result, 0, 0);
        engine_pg_result_free(result);
    }
    return !connection->in_snapshot ||
           engine_pg_query_run(connection, "ROLLBACK TO SAVEPOINT tally", err);
}

bool engine_pg_unchanged(struct connection *connection, const struct table *table,
                         const char *stamp, bool *unchanged, struct err *err)
{
    const char *then = strchr(stamp, ' ');
    *unchanged = false;
    if (!then)
        return true;
    struct buffer visible = BUFFER_INIT(1 << 20), files = BUFFER_INIT(1 << 20);
    bool ok = read_stamp(connection, table, &visible, &files, err);
    if (ok && files.length && strcmp((const char *)files.data, then + 1) == 0) {
        /* "xmin:xmax:…": all ids below xmin were over, none from xmax on was given. */
        uint64_t oldest = strtoull(stamp, NULL, 10);
        const char *xmax = strchr((const char *)visible.data, ':');
        uint64_t next = xmax ? strtoull(xmax + 1, NULL, 10) : UINT64_MAX;
        bool newer = true;
        if (visible.length == (size_t)(then - stamp) &&
            memcmp(visible.data, stamp, visible.length) == 0)
            newer = false;
        else if (next >= oldest && next - oldest < MOST_IDS_BETWEEN)
            ok = has_newer_row(connection, table, (uint32_t)oldest, &newer, err);
        *unchanged = ok && !newer;
    }
    buffer_free(&visible);
    buffer_free(&files);
    return ok;
}
