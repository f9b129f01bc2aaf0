/*
 * What the files of the MySQL and MariaDB engine share that ask questions and write SQL; nobody
 * else includes this. What a connection is, and what a failed statement means, is in
 * engine_mysql_session.h, for the files that know the client library.
 */
#ifndef TALLY_VERIFY_ENGINE_MYSQL_H
#define TALLY_VERIFY_ENGINE_MYSQL_H

#include "engine.h"

/* ---- engine_mysql_session.c */

/* What the others need to know of a connection. */
struct engine_mysql_session {
    char *database;  /* the default one, as the server spells it */
    bool fold_names; /* lower_case_table_names: the names of databases and tables ignore case */
    bool is_mariadb;
    unsigned version; /* 101119, 80036 */
};

const struct engine_mysql_session *engine_mysql_session_of(const struct connection *connection);

/* ---- engine_mysql_query.c */

/* One row as text; cells are borrowed, NULL is NULL. Returns false, with err set, to stop. */
typedef bool engine_mysql_row(void *context, const char *const *cells, struct err *err);

/* Runs a query and hands over its rows, if it has any. */
bool engine_mysql_rows(struct connection *connection, const char *sql, engine_mysql_row *row,
                       void *context, struct err *err) MUST_CHECK;

/* Runs a statement of which only success matters. */
bool engine_mysql_query_run(struct connection *connection, const char *sql,
                            struct err *err) MUST_CHECK;

/* The first row of a query: copies of up to eight cells. engine_mysql_query_free() is due after
 * errors, too. */
struct engine_mysql_first {
    bool any;
    size_t count;
    char *cells[8]; /* NULL is NULL */
};
bool engine_mysql_query_first(struct connection *connection, const char *sql, size_t count,
                              struct engine_mysql_first *row, struct err *err) MUST_CHECK;
void engine_mysql_query_free(struct engine_mysql_first *row);

/* ---- engine_mysql_quote.c */

void engine_mysql_quote_name(struct buffer *out, const char *name); /* `na``me` */
void engine_mysql_quote_text(struct buffer *out, const char *text); /* 'it''s' */
void engine_mysql_quote_table(struct buffer *out, const char *database, const char *name);

/* ---- engine_mysql_hidden.c */

/* May this user read every table of the database, so that the catalogs hide nothing of it? */
bool engine_mysql_sees_all(struct connection *connection, const char *database, bool *all,
                           struct err *err) MUST_CHECK;

/* ---- engine_mysql_split.c */

/* Is the table worth cutting, and stored in the order of a key whose first column is an integer? */
bool engine_mysql_split_can(const struct table *table);

/* ---- engine_mysql_log.c */

/* Where a server's log of changes stood: two equal places mean that nothing was logged between. */
struct engine_mysql_place {
    char *file, *position, *gtids; /* NULL: not known */
    bool filtered;                 /* writes to some databases are not logged */
};

void engine_mysql_place_free(struct engine_mysql_place *place);
/* The place of now. ERR_TABLE: it takes a privilege, or there is no log. */
bool engine_mysql_log_place(struct connection *connection, struct engine_mysql_place *place,
                            struct err *err) MUST_CHECK;

/* Does every write reach the log (but those of a session that has switched it off for itself, which
 * nobody can see)? *why: NULL, or why that cannot be told or is not so. for_long: it must hold for
 * more than this moment. */
bool engine_mysql_log_is_whole(struct connection *connection, bool for_long, const char **why,
                               struct err *err) MUST_CHECK;

const char *engine_mysql_replica_question(const struct engine_mysql_session *session);

/* ---- The functions of engine.h, each where it says */

/* engine_mysql_session.c */
bool engine_mysql_connect(const char *uri, struct connection **connection, struct server_info *info,
                          struct err *err) MUST_CHECK;
void engine_mysql_disconnect(struct connection *connection);

/* engine_mysql_cancel.c */
void engine_mysql_cancel(struct connection *connection);

/* engine_mysql_catalog.c */
bool engine_mysql_read_schema(struct connection *connection, const char *const *schemas,
                              size_t schema_count, struct schema *schema,
                              struct err *err) MUST_CHECK;
bool engine_mysql_parse_type(const char *text, struct arena *arena, struct type *type,
                             struct err *err) MUST_CHECK;

/* engine_mysql_hidden.c */
bool engine_mysql_probe(struct connection *connection, const char *schema_name,
                        const char *table_name, enum existence *existence,
                        struct err *err) MUST_CHECK;
bool engine_mysql_hides_columns(struct connection *connection, const struct table *table,
                                bool *hidden, struct err *err) MUST_CHECK;

/* engine_mysql_describe.c */
bool engine_mysql_describe(struct connection *connection, struct schema *schema,
                           const struct table *table, const char *expression, const char *where,
                           struct type *type, struct err *err) MUST_CHECK;

/* engine_mysql_definition.c */
bool engine_mysql_definitions(struct connection *connection, struct schema *schema,
                              struct err *err) MUST_CHECK;

/* engine_mysql_mend.c */
bool engine_mysql_collisions(struct connection *connection, const struct table *table, size_t count,
                             const struct index_part *parts, uint64_t *groups,
                             struct err *err) MUST_CHECK;
bool engine_mysql_mend(const struct mend *mend, struct buffer *out);

/* engine_mysql_snapshot.c */
bool engine_mysql_begin(struct connection *const *connections, size_t count,
                        enum snapshot_state *state, struct buffer *note,
                        struct err *err) MUST_CHECK;

/* engine_mysql_split.c */
bool engine_mysql_key_bounds(struct connection *connection, const struct table *table,
                             size_t column, bool *any, int64_t *low, int64_t *high,
                             struct err *err) MUST_CHECK;
bool engine_mysql_key_gap(struct connection *connection, const struct table *table, size_t column,
                          int64_t middle, struct cut_gap *gap, struct err *err) MUST_CHECK;
bool engine_mysql_splits(struct connection *connection, const struct table *table, size_t wanted,
                         struct split **splits, size_t *count, struct err *err) MUST_CHECK;

/* engine_mysql_log.c */
bool engine_mysql_stamp(struct connection *connection, const struct table *table,
                        struct buffer *text, struct err *err) MUST_CHECK;
bool engine_mysql_unchanged(struct connection *connection, const struct table *table,
                            const char *text, bool *same, struct err *err) MUST_CHECK;

/* engine_mysql_scan.c */
bool engine_mysql_scan_start(struct connection *connection, const struct scan *scan,
                             struct err *err) MUST_CHECK;
enum row_status engine_mysql_scan_next(struct connection *connection, struct cell *cells,
                                       uint64_t *wire_bytes, struct err *err) MUST_CHECK;
void engine_mysql_scan_end(struct connection *connection);

/* engine_mysql_load.c */
bool engine_mysql_load(struct connection *connection, unsigned *running,
                       struct err *err) MUST_CHECK;
bool engine_mysql_lag(struct connection *connection, enum replica_state *state, double *seconds,
                      struct err *err) MUST_CHECK;

#endif
