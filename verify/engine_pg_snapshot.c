/*
 * The moment that a side's sessions read. Input: its connections. Output: a transaction on each,
 * all of one snapshot where the server shares it. Knows nothing of tables.
 */
#include "engine_pg_session.h"

#include <stdio.h>

#define BEGIN_SQL "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY, NOT DEFERRABLE; "

static bool end_transaction(struct connection *connection, struct err *err)
{
    connection->in_snapshot = false;
    return !engine_pg_query_in_transaction(connection) ||
           engine_pg_query_run(connection, "ROLLBACK", err);
}

/* A transaction's snapshot is taken by its first query. */
static bool begin_own(struct connection *connection, struct err *err)
{
    if (!end_transaction(connection, err) ||
        !engine_pg_query_run(connection, BEGIN_SQL "SELECT 1; SAVEPOINT tally", err))
        return false;
    connection->in_snapshot = true;
    return true;
}

/* As begin_own(), with a name for the snapshot, under which others can take it over. False with
 * ERR_TABLE: the server does not share it. A snapshot cannot be exported behind a savepoint. */
static bool begin_exported(struct connection *connection, char id[64], struct err *err)
{
    struct pg_result *result;
    if (!end_transaction(connection, err) || !engine_pg_query_run(connection, BEGIN_SQL, err) ||
        !engine_pg_query(connection, "SELECT pg_catalog.pg_export_snapshot()", 0, NULL, &result,
                         ERR_TABLE, "the snapshot cannot be exported", err))
        return false;
    snprintf(id, 64, "%s", engine_pg_result_text(result, 0, 0));
    engine_pg_result_free(result);
    if (strspn(id, "0123456789ABCDEFabcdef-") != strlen(id))
        return err_set(err, ERR_TABLE, "the snapshot has an unknown form of name");
    if (!engine_pg_query_run(connection, "SAVEPOINT tally", err))
        return false;
    connection->in_snapshot = true;
    return true;
}

static bool import_snapshot(struct connection *connection, const char *id, struct err *err)
{
    char sql[256];
    snprintf(sql, sizeof sql, BEGIN_SQL "SET TRANSACTION SNAPSHOT '%s'; SAVEPOINT tally", id);
    if (!end_transaction(connection, err) || !engine_pg_query_run(connection, sql, err))
        return false;
    connection->in_snapshot = true;
    return true;
}

bool engine_pg_begin(struct connection *const *connections, size_t count,
                     enum snapshot_state *state, struct buffer *note, struct err *err)
{
    char id[64];
    struct err why = {.code = ERR_NONE};

    *state = SNAPSHOT_SHARED;
    if (count <= 1)
        return count == 0 || begin_own(connections[0], err);
    bool shared = begin_exported(connections[0], id, &why);
    for (size_t i = 1; shared && i < count; i++)
        shared = import_snapshot(connections[i], id, &why);
    if (shared)
        return true;
    if (why.code == ERR_LOST) {
        *err = why;
        return false;
    }
    *state = SNAPSHOT_SEPARATE;
    if (note)
        buffer_printf(note, "the sessions cannot share one snapshot (%s)", why.text);
    for (size_t i = 0; i < count; i++)
        if (!begin_own(connections[i], err))
            return false;
    return true;
}
