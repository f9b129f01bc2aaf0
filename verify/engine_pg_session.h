/*
 * A session as the files of the PostgreSQL engine see it that work on it, and what they do for each
 * other; nobody else includes this. libpq's own structs stay closed: a file that calls libpq
 * includes it itself, and has to be named in tests/lint.
 */
#ifndef TALLY_VERIFY_ENGINE_PG_SESSION_H
#define TALLY_VERIFY_ENGINE_PG_SESSION_H

#include "engine_pg.h"
#include "engine_pgcopy.h"
#include "engine_pgtype.h"

struct pg_conn;   /* libpq's PGconn */
struct pg_result; /* libpq's PGresult; freed by engine_pg_result_free() */

struct connection {
    struct pg_conn *pg;
    struct engine_pg_canceller *canceller;
    int socket;
    char *id;           /* pg_backend_pid() */
    int version;        /* 150018 */
    char place[300];    /* "PostgreSQL at localhost, port 5432, database hotel", for messages */
    bool in_snapshot;   /* begin() opened the transaction */
    bool sql_ascii;     /* the database does not know the encoding of its text */
    bool skips_damaged; /* the server hides damaged pages, and we may not forbid it */
    struct pgtypes types;

    /* The scan under way: engine_pg_scan.c's alone. */
    bool scanning;
    const struct scan *scan;
    struct pgcopy copy;
    const struct pgcopy_type **columns; /* copy.columns */
    char *message;                      /* PQgetCopyData's, that the cells borrow from */
    size_t flowed;                      /* bytes that the scan has brought, until it flows */
};

/* Process ids of one server seldom are those of another; to take one session for ours does no harm.
 * For own_sessions.h. */
#define ENGINE_PG_SERVER "postgresql"

/* In what is generated for tables: a database may have operators of these names for its own domains
 * and types, which an unqualified name would choose wherever their schema is in the search path. */
#define ENGINE_PG_AT_LEAST "OPERATOR(pg_catalog.>=)"
#define ENGINE_PG_BELOW "OPERATOR(pg_catalog.<)"

/* ---- engine_pg_uri.c */

/* Is it a URI that libpq can take? has_timeout: the user says how long connecting may take. */
bool engine_pg_uri_check(const char *uri, bool *has_timeout, struct err *err) MUST_CHECK;
/* The URI of an open connection, for server_info.shown_uri. */
void engine_pg_uri_show(struct pg_conn *pg, char *shown, size_t size);
/* Says why there is no connection; returns false. */
bool engine_pg_uri_refused(struct pg_conn *pg, struct err *err);

/* ---- engine_pg_cancel.c */

struct engine_pg_canceller *engine_pg_cancel_new(struct pg_conn *pg);
/* It lives on until the requests that are under way have ended. */
void engine_pg_cancel_release(struct engine_pg_canceller *canceller);
/* Asks the server to end what the session runs; true: the server has the request. */
bool engine_pg_cancel_send(struct engine_pg_canceller *canceller);

/* ---- engine_pg_query.c */

/* A server's text as part of a sentence: one line, no trailing blanks or full stop. */
void engine_pg_query_one_line(char *text);

/* Turns a failed result (NULL: none) into the error and goes back to the savepoint; returns false.
 * what: what was being done or read. Codes other than ERR_TABLE stand for server errors that are
 * not a lost line. */
bool engine_pg_query_failed(struct connection *connection, struct pg_result *result,
                            enum err_code code, const char *what, struct err *err);
/* After an error the transaction is only good for going back to the savepoint. */
void engine_pg_query_recover(struct connection *connection);

/* Runs one statement; its result must be rows (or, without any, a success). */
bool engine_pg_query(struct connection *connection, const char *sql, int count,
                     const char *const *values, struct pg_result **result, enum err_code code,
                     const char *what, struct err *err) MUST_CHECK;
/* Runs commands, of which only success matters. */
bool engine_pg_query_run(struct connection *connection, const char *sql,
                         struct err *err) MUST_CHECK;
bool engine_pg_query_in_transaction(const struct connection *connection);

/* To be called once, before engine_pg_query_describe(). */
bool engine_pg_query_prepare(struct connection *connection, struct err *err) MUST_CHECK;
/* Prepares one statement and describes its columns, in one round trip. relation: NULL, or the table
 * whose file has to be the snapshot's; the statement then holds its lock. usage: the code of what
 * the user wrote wrongly. what: for messages. */
bool engine_pg_query_describe(struct connection *connection, const char *sql, const char *relation,
                              enum err_code usage, const char *what, struct pg_result **described,
                              struct err *err) MUST_CHECK;

/* ---- engine_pg_result.c: rows and columns count from 0; texts live as long as the result */

int engine_pg_result_rows(const struct pg_result *result);
bool engine_pg_result_null(const struct pg_result *result, int row, int column);
const char *engine_pg_result_text(const struct pg_result *result, int row, int column);
bool engine_pg_result_true(const struct pg_result *result, int row, int column);
uint32_t engine_pg_result_oid(const struct pg_result *result, int row, int column);
uint64_t engine_pg_result_count(const struct pg_result *result, int row, int column);
int64_t engine_pg_result_int(const struct pg_result *result, int row, int column);
double engine_pg_result_double(const struct pg_result *result, int row, int column);
/* What was described. */
int engine_pg_result_columns(const struct pg_result *result);
uint32_t engine_pg_result_type(const struct pg_result *result, int column);
int engine_pg_result_modifier(const struct pg_result *result, int column);
void engine_pg_result_free(struct pg_result *result); /* NULL is fine */

/* ---- engine_pg_catalog.c */

/* Makes sure that connection->types knows these types, and what they are made of. Sorts oids. */
bool engine_pg_catalog_load_types(struct connection *connection, uint32_t *oids, size_t count,
                                  struct err *err) MUST_CHECK;
/* The whole table for FROM: the root of a partitioned one. */
void engine_pg_catalog_add_table(struct buffer *out, const struct table *table);
/* A partition that was attached or detached since the schema was read would be missed, or read
 * though it is no part any more. ERR_TABLE: the leaves are not the table's parts any more. */
bool engine_pg_catalog_check_leaves(struct connection *connection, const struct table *table,
                                    struct err *err) MUST_CHECK;

#endif
