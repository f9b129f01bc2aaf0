/*
 * Reading rows. Input: a scan: columns, conditions, a piece of a table. Output: cells, row by row,
 * and ROW_END only when the server itself has said how many there were. Knows nothing of what the
 * rows are for; the binary format is engine_pgcopy.c's.
 *
 * Rows come by COPY (SELECT …) TO STDOUT (FORMAT binary), of blocks of one leaf table at a time.
 * COPY tells no types: each SELECT is first prepared and described, which also makes sure that the
 * user's text in it is part of one statement, and takes the lock that keeps the columns as
 * described.
 */
#include "engine_pg_session.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define DRAIN_MOST (16u << 20) /* bytes of an abandoned scan that are read to save its session */
/* A client that waits for every 8 kB that the server sends wakes up, and is woken up, for each: in
 * a scan that has brought so many bytes it rather sleeps for a moment, while the socket fills. */
#define FLOWING_BYTES (256u << 10)
#define NAP_NANOSECONDS 250000

/* ---- The statement --------------------------------------------------------------------------- */

static void add_range(struct buffer *sql, const char *column, const struct key_range *range)
{
    buffer_add_byte(sql, '(');
    if (range->has_low)
        buffer_printf(sql, "%s " ENGINE_PG_AT_LEAST " '%" PRId64 "'::pg_catalog.int8", column,
                      range->low);
    if (range->has_low && range->has_high)
        buffer_add_text(sql, " AND ");
    if (range->has_high)
        buffer_printf(sql, "%s " ENGINE_PG_BELOW " '%" PRId64 "'::pg_catalog.int8", column,
                      range->high);
    if (!range->has_low && !range->has_high)
        buffer_printf(sql, "%s IS NOT NULL", column);
    buffer_add_byte(sql, ')');
}

static void add_conditions(struct buffer *sql, const struct scan *scan)
{
    const char *word = " WHERE ";
    const struct split *split = scan->split;
    if (scan->where) {
        buffer_printf(sql, "%s(\n%s\n)", word, scan->where);
        word = " AND ";
    }
    if (split && split->page_low) {
        buffer_printf(sql, "%sctid " ENGINE_PG_AT_LEAST " '(%" PRIu64 ",0)'::pg_catalog.tid", word,
                      split->page_low);
        word = " AND ";
    }
    if (split && split->page_high) {
        buffer_printf(sql, "%sctid " ENGINE_PG_BELOW " '(%" PRIu64 ",0)'::pg_catalog.tid", word,
                      split->page_high);
        word = " AND ";
    }
    if (split && (split->range.has_low || split->range.has_high) && scan->range_column) {
        buffer_add_text(sql, word);
        add_range(sql, scan->range_column, &split->range);
        word = " AND ";
    }
    for (size_t i = 0; i < scan->range_count; i++) {
        buffer_printf(sql, "%s", i ? " OR " : word);
        buffer_add_text(sql, i ? "" : "(");
        add_range(sql, scan->range_column, &scan->ranges[i]);
    }
    buffer_add_text(sql, scan->range_count ? ")" : "");
}

static void add_from(struct buffer *sql, const struct scan *scan)
{
    if (scan->split)
        buffer_add_text(sql, scan->table->parts[scan->split->part].from);
    else
        engine_pg_catalog_add_table(sql, scan->table);
}

static void add_select(struct buffer *sql, const struct scan *scan)
{
    buffer_add_text(sql, "SELECT");
    for (size_t i = 0; i < scan->column_count; i++)
        buffer_printf(sql, "%s (\n%s\n)", i ? "," : "", scan->selects[i]);
    buffer_add_text(sql, " FROM ");
    add_from(sql, scan);
    add_conditions(sql, scan);
}

/* The name to look up the file of what the scan reads. */
static char *scanned_relation(const struct scan *scan)
{
    struct buffer name = BUFFER_INIT(BUFFER_NO_LIMIT);
    add_from(&name, scan);
    const char *text = (char *)name.data;
    char *copy = mem_copy_string(strncmp(text, "ONLY ", 5) == 0 ? text + 5 : text);
    buffer_free(&name);
    return copy;
}

/* Chooses the decoders by what the server says it will send, and only if that is what was planned.
 */
static bool choose_decoders(struct connection *connection, const struct scan *scan,
                            const PGresult *described, bool *wrapped, struct err *err)
{
    size_t count = scan->column_count;
    if ((size_t)PQnfields(described) != count)
        return err_set(err, ERR_TABLE, "%s: an expression is not one value", scan->table->label);
    uint32_t *oids = mem_zero(count + 1, sizeof *oids);
    for (size_t i = 0; i < count; i++)
        oids[i] = PQftype(described, (int)i);
    bool ok = engine_pg_catalog_load_types(connection, oids, count, err);
    free(oids);
    *wrapped = false;
    for (size_t i = 0; ok && i < count; i++) {
        uint32_t oid = PQftype(described, (int)i);
        const struct pgtype *type = pgtypes_find(&connection->types, oid);
        if (!type || type->base->oid != scan->types[i]->oid ||
            type->base->class != scan->types[i]->class)
            ok = err_set(err, ERR_TABLE, "%s: the type of %s is not %s any more; run again",
                         scan->table->label, scan->selects[i], scan->types[i]->name);
        else if (type->base->reading == PGTYPE_NEVER)
            ok = err_set(err, ERR_TABLE, "%s: values of type %s (%s) cannot be read",
                         scan->table->label, scan->types[i]->name, scan->selects[i]);
        else
            connection->columns[i] = &type->base->wire;
        if (ok && type->base->reading != PGTYPE_BINARY)
            *wrapped = true;
    }
    return ok;
}

/* COPY of the SELECT that was described; columns that are not read in their own form are converted
 * outside it, so that what was described stays as it is. */
static void add_copy(struct connection *connection, struct buffer *sql, const char *select,
                     const PGresult *described, bool wrapped)
{
    int count = PQnfields(described);
    buffer_add_text(sql, "COPY (");
    if (wrapped) {
        buffer_add_text(sql, "SELECT ");
        for (int i = 0; i < count; i++) {
            char name[16];
            snprintf(name, sizeof name, "q.c%d", i);
            buffer_add_text(sql, i ? ", " : "");
            pgtype_add_select(pgtypes_find(&connection->types, PQftype(described, i)), name, sql);
        }
        buffer_printf(sql, " FROM (%s) AS q(", select);
        for (int i = 0; i < count; i++)
            buffer_printf(sql, "%sc%d", i ? ", " : "", i);
        buffer_add_text(sql, ")");
    } else {
        buffer_add_text(sql, select);
    }
    buffer_add_text(sql, ") TO STDOUT (FORMAT binary)");
}

/* ---- From its start to its end --------------------------------------------------------------- */

static bool start_copy(struct connection *connection, const char *sql, const struct scan *scan,
                       struct err *err)
{
    PGresult *result = PQexec(connection->pg, sql);
    bool started = PQresultStatus(result) == PGRES_COPY_OUT;
    connection->scanning = started;
    if (!started)
        engine_pg_query_failed(connection, result, ERR_TABLE, scan->table->label, err);
    else if (!PQbinaryTuples(result) || (size_t)PQnfields(result) != scan->column_count)
        started = err_set(err, ERR_TABLE, "%s: the server answers COPY with another form of data",
                          scan->table->label);
    PQclear(result);
    return started;
}

bool engine_pg_scan_start(struct connection *connection, const struct scan *scan, struct err *err)
{
    struct buffer select = BUFFER_INIT(BUFFER_NO_LIMIT), copy = BUFFER_INIT(BUFFER_NO_LIMIT);
    PGresult *described;
    bool wrapped;

    engine_pg_scan_end(connection);
    connection->columns =
        mem_resize(connection->columns, scan->column_count + 1, sizeof *connection->columns);
    add_select(&select, scan);
    char *relation = connection->in_snapshot ? scanned_relation(scan) : NULL;
    bool ok = engine_pg_query_describe(connection, (char *)select.data, relation, ERR_TABLE,
                                       scan->table->label, &described, err);
    free(relation);
    if (ok) {
        ok = choose_decoders(connection, scan, described, &wrapped, err);
        if (ok) {
            add_copy(connection, &copy, (char *)select.data, described, wrapped);
            ok = start_copy(connection, (char *)copy.data, scan, err);
        }
        PQclear(described);
    }
    pgcopy_free(&connection->copy);
    connection->copy =
        (struct pgcopy){.column_count = scan->column_count, .columns = connection->columns};
    connection->scan = scan;
    if (!ok)
        engine_pg_scan_end(connection);
    buffer_free(&copy);
    buffer_free(&select);
    return ok;
}

static enum row_status malformed(struct connection *connection, struct err *err)
{
    const struct pgcopy *copy = &connection->copy;
    const struct scan *scan = connection->scan;
    if (copy->problem_column < copy->column_count)
        err_set(err, ERR_TABLE, "%s: the server sent %s for %s (%s), in row %" PRIu64,
                scan->table->label, copy->problem, scan->selects[copy->problem_column],
                scan->types[copy->problem_column]->name, copy->rows + 1);
    else
        err_set(err, ERR_TABLE, "%s: the server sent %s, in row %" PRIu64, scan->table->label,
                copy->problem, copy->rows + 1);
    return ROW_FAILED;
}

/* The stream of data ended, well or badly: what the server says of it decides. */
static enum row_status finish_copy(struct connection *connection, struct err *err)
{
    const char *label = connection->scan->table->label;
    PGresult *result = PQgetResult(connection->pg), *more;
    uint64_t rows = result ? strtoull(PQcmdTuples(result), NULL, 10) : 0;
    bool ok = result && PQresultStatus(result) == PGRES_COMMAND_OK;

    while ((more = PQgetResult(connection->pg)) && PQresultStatus(more) != PGRES_COPY_OUT)
        PQclear(more);
    PQclear(more);
    connection->scanning = false;
    if (!ok)
        engine_pg_query_failed(connection, result, ERR_TABLE, label, err);
    else if (!connection->copy.ended || rows != connection->copy.rows)
        ok = err_set(err, ERR_TABLE,
                     "%s: the server says that it sent %" PRIu64 " rows, and %" PRIu64 " arrived%s",
                     label, rows, connection->copy.rows,
                     connection->copy.ended ? "" : " without an end");
    PQclear(result);
    return ok ? ROW_END : ROW_FAILED;
}

/* The next message of the scan; < 0: none, as PQgetCopyData() has it. */
static int next_message(struct connection *connection)
{
    PGconn *pg = connection->pg;
    bool flows = connection->flowed >= FLOWING_BYTES;
    int length = PQgetCopyData(pg, &connection->message, flows);
    if (length == 0 && PQconsumeInput(pg)) {
        length = PQgetCopyData(pg, &connection->message, true);
        if (length == 0)
            nanosleep(&(struct timespec){.tv_nsec = NAP_NANOSECONDS}, NULL);
    }
    if (length == 0) /* what went wrong is found again, and said */
        length = PQgetCopyData(pg, &connection->message, false);
    if (!flows && length > 0)
        connection->flowed += (size_t)length;
    return length;
}

enum row_status engine_pg_scan_next(struct connection *connection, struct cell *cells,
                                    uint64_t *wire_bytes, struct err *err)
{
    if (!connection->scanning) {
        err_set(err, ERR_LOST, "%s: no scan is under way", connection->place);
        return ROW_FAILED;
    }
    for (;;) {
        PQfreemem(connection->message);
        connection->message = NULL;
        int length = next_message(connection);
        if (length < 0)
            return finish_copy(connection, err);
        *wire_bytes += (uint64_t)length + 5; /* the message's type and length */
        enum pgcopy_status status = pgcopy_message(
            &connection->copy, (unsigned char *)connection->message, (size_t)length, cells);
        if (status == PGCOPY_ROW)
            return ROW_READ;
        if (status == PGCOPY_MALFORMED)
            return malformed(connection, err);
    }
}

/* Stops the server, and reads the little that is on its way, so that session and snapshot can be
 * used again; when that is not little, the session is given up. */
static void abandon_copy(struct connection *connection)
{
    size_t drained = 0;
    int length = 0;
    char *message = NULL;
    if (PQstatus(connection->pg) == CONNECTION_OK && engine_pg_cancel_send(connection->canceller)) {
        while (drained < DRAIN_MOST && (length = PQgetCopyData(connection->pg, &message, 0)) > 0) {
            PQfreemem(message);
            drained += (size_t)length;
        }
    } else {
        drained = DRAIN_MOST;
    }
    connection->scanning = false;
    if (drained >= DRAIN_MOST) {
        shutdown(connection->socket, SHUT_RDWR); /* the next scan says ERR_LOST */
        return;
    }
    PGresult *result;
    while ((result = PQgetResult(connection->pg)) && PQresultStatus(result) != PGRES_COPY_OUT)
        PQclear(result);
    PQclear(result);
    engine_pg_query_recover(connection);
}

void engine_pg_scan_end(struct connection *connection)
{
    if (connection->scanning)
        abandon_copy(connection);
    PQfreemem(connection->message);
    connection->message = NULL;
    connection->scan = NULL;
}
