/*
 * What the files of the PostgreSQL engine share that ask questions and write SQL; nobody else
 * includes this. What a session is, and what a failed statement means, is in engine_pg_session.h;
 * libpq is known to the few files that tests/lint names.
 */
#ifndef TALLY_VERIFY_ENGINE_PG_H
#define TALLY_VERIFY_ENGINE_PG_H

#include "engine.h"

/* ---- engine_pg_query.c */

/* One row as text; cells are borrowed, NULL is NULL. Returns false, with err set, to stop. */
typedef bool engine_pg_row(void *context, const char *const *cells, struct err *err);

/* Runs one statement with `count` parameters and hands over its rows. what: what is being read. */
bool engine_pg_rows(struct connection *connection, const char *sql, size_t count,
                    const char *const *values, const char *what, engine_pg_row *row, void *context,
                    struct err *err) MUST_CHECK;

/* ---- engine_pg_session.c */

int engine_pg_version(const struct connection *connection); /* 150018 */

/* ---- engine_pg_quote.c */

void engine_pg_quote_name(struct buffer *out, const char *name); /* "na""me" */
void engine_pg_quote_text(struct buffer *out, const char *text); /* 'it''s' */
void engine_pg_quote_table(struct buffer *out, const char *schema, const char *name);
/* {"a","b"} */
void engine_pg_add_names(struct buffer *list, const char *const *names, size_t count);

/* ---- The functions of engine.h, each where it says */

/* engine_pg_session.c */
bool engine_pg_connect(const char *uri, struct connection **connection, struct server_info *info,
                       struct err *err) MUST_CHECK;
void engine_pg_disconnect(struct connection *connection);

/* engine_pg_cancel.c */
void engine_pg_cancel(struct connection *connection);

/* engine_pg_catalog.c */
bool engine_pg_read_schema(struct connection *connection, const char *const *schemas,
                           size_t schema_count, struct schema *schema, struct err *err) MUST_CHECK;
bool engine_pg_probe(struct connection *connection, const char *schema_name, const char *table_name,
                     enum existence *existence, struct err *err) MUST_CHECK;
bool engine_pg_hides_columns(struct connection *connection, const struct table *table, bool *hidden,
                             struct err *err) MUST_CHECK;

/* engine_pg_describe.c */
bool engine_pg_describe(struct connection *connection, struct schema *schema,
                        const struct table *table, const char *expression, const char *where,
                        struct type *type, struct err *err) MUST_CHECK;

/* engine_pg_definition.c */
bool engine_pg_definitions(struct connection *connection, struct schema *schema,
                           struct err *err) MUST_CHECK;

/* engine_pg_mend.c */
bool engine_pg_collisions(struct connection *connection, const struct table *table, size_t count,
                          const struct index_part *parts, uint64_t *groups,
                          struct err *err) MUST_CHECK;
bool engine_pg_mend(const struct mend *mend, struct buffer *out);

/* engine_pg_snapshot.c */
bool engine_pg_begin(struct connection *const *connections, size_t count,
                     enum snapshot_state *state, struct buffer *note, struct err *err) MUST_CHECK;

/* engine_pg_stamp.c */
bool engine_pg_stamp(struct connection *connection, const struct table *table, struct buffer *stamp,
                     struct err *err) MUST_CHECK;
bool engine_pg_unchanged(struct connection *connection, const struct table *table,
                         const char *stamp, bool *unchanged, struct err *err) MUST_CHECK;

/* engine_pg_split.c */
bool engine_pg_key_bounds(struct connection *connection, const struct table *table, size_t column,
                          bool *any, int64_t *low, int64_t *high, struct err *err) MUST_CHECK;
bool engine_pg_key_gap(struct connection *connection, const struct table *table, size_t column,
                       int64_t middle, struct cut_gap *gap, struct err *err) MUST_CHECK;
bool engine_pg_splits(struct connection *connection, const struct table *table, size_t wanted,
                      struct split **splits, size_t *count, struct err *err) MUST_CHECK;

/* engine_pg_scan.c */
bool engine_pg_scan_start(struct connection *connection, const struct scan *scan,
                          struct err *err) MUST_CHECK;
enum row_status engine_pg_scan_next(struct connection *connection, struct cell *cells,
                                    uint64_t *wire_bytes, struct err *err) MUST_CHECK;
void engine_pg_scan_end(struct connection *connection);

/* engine_pg_load.c */
bool engine_pg_load(struct connection *connection, unsigned *running, struct err *err) MUST_CHECK;
bool engine_pg_lag(struct connection *connection, enum replica_state *state, double *seconds,
                   struct err *err) MUST_CHECK;

#endif
