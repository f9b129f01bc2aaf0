/*
 * What the files of the PostgreSQL engine share; nobody else includes this. engine_postgres.c owns
 * libpq; engine_pg_definition.c asks through engine_pg_rows(), engine_pg_mend.c asks nobody.
 */
#ifndef TALLY_VERIFY_ENGINE_PG_H
#define TALLY_VERIFY_ENGINE_PG_H

#include "engine.h"

/* One row as text; cells are borrowed, NULL is NULL. Returns false, with err set, to stop. */
typedef bool engine_pg_row(void *context, const char *const *cells, struct err *err);

/* Runs one statement with `count` parameters and hands over its rows. what: what is being read. */
bool engine_pg_rows(struct connection *connection, const char *sql, size_t count,
                    const char *const *values, const char *what, engine_pg_row *row, void *context,
                    struct err *err) MUST_CHECK;

int engine_pg_version(const struct connection *connection);      /* 150018 */
void engine_pg_quote_name(struct buffer *out, const char *name); /* "na""me" */
void engine_pg_quote_text(struct buffer *out, const char *text); /* 'it''s' */
void engine_pg_quote_table(struct buffer *out, const char *schema, const char *name);
/* {"a","b"} */
void engine_pg_add_names(struct buffer *list, const char *const *names, size_t count);

bool engine_pg_definitions(struct connection *connection, struct schema *schema,
                           struct err *err) MUST_CHECK;
bool engine_pg_collisions(struct connection *connection, const struct table *table, size_t count,
                          const struct index_part *parts, uint64_t *groups,
                          struct err *err) MUST_CHECK;
bool engine_pg_mend(const struct mend *mend, struct buffer *out);

#endif
