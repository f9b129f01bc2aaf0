/*
 * One statement on a session: run, or prepared and described; and what its failure means. Input:
 * SQL with parameters. Output: a result, or an error with the code that engine.h promises. Knows
 * nothing of what is asked.
 *
 * Inside begin()'s transaction, whatever fails is undone to a savepoint, so that the snapshot
 * stays.
 */
#include "engine_pg_session.h"

#include <libpq-fe.h>
#include <stdlib.h>

/* ---- What a failure means -------------------------------------------------------------------- */

void engine_pg_query_one_line(char *text)
{
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    size_t length = strlen(text);
    while (length && (text[length - 1] == ' ' || text[length - 1] == '.'))
        text[--length] = '\0';
}

/* Of a session that the server ended, or a line that broke: SQLSTATE classes 08 and 57P. */
static bool is_lost(const PGconn *pg, const char *state)
{
    return PQstatus(pg) == CONNECTION_BAD || (state && strncmp(state, "08", 2) == 0) ||
           (state && strncmp(state, "57P", 3) == 0);
}

/* Syntax, unknown names and wrong types: what the user wrote. Not a missing privilege. */
static bool is_usage(const char *state)
{
    return state && strcmp(state, "42501") != 0 &&
           (strncmp(state, "42", 2) == 0 || strncmp(state, "22", 2) == 0 ||
            strncmp(state, "0A", 2) == 0);
}

void engine_pg_query_recover(struct connection *connection)
{
    if (connection->in_snapshot && PQtransactionStatus(connection->pg) == PQTRANS_INERROR)
        PQclear(PQexec(connection->pg, "ROLLBACK TO SAVEPOINT tally"));
}

/* Cancelled, timed out, deadlocked, could not get a lock: it may work when asked again. */
static bool may_work_again(const char *state)
{
    static const char *const states[] = {"57014", "40001", "40P01", "55P03"};
    for (size_t i = 0; state && i < sizeof states / sizeof *states; i++)
        if (strcmp(state, states[i]) == 0)
            return true;
    return false;
}

bool engine_pg_query_failed(struct connection *connection, PGresult *result, enum err_code code,
                            const char *what, struct err *err)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *primary = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    char *text = mem_copy_string(primary ? primary : PQerrorMessage(connection->pg));
    engine_pg_query_one_line(text);
    if (is_lost(connection->pg, state))
        err_set(err, ERR_LOST, "%s: the connection to %s was lost: %s", what, connection->place,
                text);
    else if (state && strcmp(state, "42501") == 0 && strstr(text, "row-level security"))
        err_set(err, code,
                "%s: row-level security may hide rows from this role; connect as the owner or as a "
                "role with BYPASSRLS",
                what);
    else
        err_set(err, code == ERR_TABLE && may_work_again(state) ? ERR_RETRY : code, "%s: %s%s%s%s",
                what, text, state ? " (SQLSTATE " : "", state ? state : "", state ? ")" : "");
    free(text);
    engine_pg_query_recover(connection);
    return false;
}

/* ---- Run ------------------------------------------------------------------------------------- */

bool engine_pg_query(struct connection *connection, const char *sql, int count,
                     const char *const *values, PGresult **result, enum err_code code,
                     const char *what, struct err *err)
{
    *result = PQexecParams(connection->pg, sql, count, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(*result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        return true;
    engine_pg_query_failed(connection, *result, code, what, err);
    PQclear(*result);
    *result = NULL;
    return false;
}

bool engine_pg_query_run(struct connection *connection, const char *sql, struct err *err)
{
    PGresult *result = PQexec(connection->pg, sql);
    ExecStatusType status = PQresultStatus(result);
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!ok)
        engine_pg_query_failed(connection, result, ERR_UNREACHABLE, connection->place, err);
    PQclear(result);
    return ok;
}

bool engine_pg_query_in_transaction(const struct connection *connection)
{
    return PQtransactionStatus(connection->pg) != PQTRANS_IDLE;
}

bool engine_pg_rows(struct connection *connection, const char *sql, size_t count,
                    const char *const *values, const char *what, engine_pg_row *row, void *context,
                    struct err *err)
{
    PGresult *result;
    if (!engine_pg_query(connection, sql, (int)count, values, &result, ERR_TABLE, what, err))
        return false;
    int width = PQnfields(result);
    const char **cells = mem_zero((size_t)width + 1, sizeof *cells);
    bool ok = true;
    for (int i = 0; ok && i < PQntuples(result); i++) {
        for (int c = 0; c < width; c++)
            cells[c] = PQgetisnull(result, i, c) ? NULL : PQgetvalue(result, i, c);
        ok = row(context, cells, err);
    }
    free(cells);
    PQclear(result);
    return ok;
}

/* ---- Described, not run ---------------------------------------------------------------------- */

/*
 * What a transaction sees of a table that was truncated or rewritten after its snapshot is nothing
 * ("MVCC Caveats" in the manual): rows would be missing that are not. The catalog as of the
 * snapshot names the file that the rows were in then, pg_relation_filenode() the one of now. The
 * statement that was prepared before holds the lock that keeps it so.
 */
static const char rewritten_sql[] =
    "SELECT pg_catalog.count(*) > 0 FROM ("
    " SELECT $1::pg_catalog.regclass::pg_catalog.oid AS oid UNION"
    " SELECT relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree($1::pg_catalog.regclass)) r"
    " LEFT JOIN pg_catalog.pg_class c ON c.oid = r.oid"
    " WHERE c.oid IS NULL OR (c.relkind IN ('r', 'm') AND c.relfilenode <> 0"
    "  AND pg_catalog.pg_relation_filenode(c.oid) IS DISTINCT FROM c.relfilenode)";

/* It runs before every scan, so it is planned once. */
bool engine_pg_query_prepare(struct connection *connection, struct err *err)
{
    PGresult *result = PQprepare(connection->pg, "tally_rewritten", rewritten_sql, 1, NULL);
    bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!ok)
        engine_pg_query_failed(connection, result, ERR_UNREACHABLE, connection->place, err);
    PQclear(result);
    return ok;
}

/* Reads the results of a pipeline up to its synchronisation point. The first error goes to *error,
 * the last successful result with columns to *described, both for the caller to clear. */
static void read_pipeline(PGconn *pg, PGresult **described, PGresult **rows, PGresult **error)
{
    bool ended = false;
    *described = *rows = *error = NULL;
    while (!ended) {
        PGresult *result = PQgetResult(pg);
        ExecStatusType status = result ? PQresultStatus(result) : PGRES_COMMAND_OK;
        PGresult **kept = NULL;
        if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE)
            kept = error;
        else if (status == PGRES_TUPLES_OK)
            kept = rows;
        else if (result && status == PGRES_COMMAND_OK)
            kept = described; /* the description is the last of the successes without rows */
        ended = status == PGRES_PIPELINE_SYNC || PQstatus(pg) == CONNECTION_BAD;
        if (kept && !(kept == error && *error)) {
            PQclear(*kept);
            *kept = result;
        } else {
            PQclear(result);
        }
    }
}

bool engine_pg_query_describe(struct connection *connection, const char *sql, const char *relation,
                              enum err_code usage, const char *what, PGresult **described,
                              struct err *err)
{
    PGconn *pg = connection->pg;
    PGresult *rows, *error;
    const char *values[1] = {relation};

    *described = NULL;
    if (!PQenterPipelineMode(pg))
        return engine_pg_query_failed(connection, NULL, ERR_TABLE, what, err);
    /* Locks of the tables that were read before go away with the savepoint's work: thousands of
     * them would fill the server's lock table. */
    bool sent =
        (!connection->in_snapshot ||
         PQsendQueryParams(pg, "ROLLBACK TO SAVEPOINT tally", 0, NULL, NULL, NULL, NULL, 0)) &&
        PQsendPrepare(pg, "", sql, 0, NULL) && PQsendDescribePrepared(pg, "") &&
        (!relation || PQsendQueryPrepared(pg, "tally_rewritten", 1, values, NULL, NULL, 0)) &&
        PQpipelineSync(pg);
    if (!sent) {
        PQexitPipelineMode(pg);
        return engine_pg_query_failed(connection, NULL, ERR_TABLE, what, err);
    }
    read_pipeline(pg, described, &rows, &error);
    PQexitPipelineMode(pg);
    bool ok = !error && *described && (rows || !relation);
    if (!ok)
        engine_pg_query_failed(
            connection, error,
            error && is_usage(PQresultErrorField(error, PG_DIAG_SQLSTATE)) ? usage : ERR_TABLE,
            what, err);
    else if (rows && engine_pg_result_true(rows, 0, 0))
        ok = err_set(err, ERR_TABLE,
                     "%s: the table was truncated, rewritten or created after this run's snapshot; "
                     "run again",
                     what);
    else if (PQnparams(*described))
        ok = err_set(err, usage, "%s: an expression must not have parameters ($1)", what);
    if (!ok) {
        PQclear(*described);
        *described = NULL;
    }
    PQclear(error);
    PQclear(rows);
    return ok;
}
