/*
 * What the files of the MySQL and MariaDB engine share; nobody else includes this. engine_mysql.c
 * owns the client library, connections and scans; engine_mysql_catalog.c knows the catalogs and
 * their types, engine_mysql_log.c what the binary log proves; both ask through engine_mysql_rows().
 */
#ifndef TALLY_VERIFY_ENGINE_MYSQL_H
#define TALLY_VERIFY_ENGINE_MYSQL_H

#include "engine.h"

/* What the catalogs need to know of a connection. */
struct engine_mysql_session {
    char *database;  /* the default one, as the server spells it */
    bool fold_names; /* lower_case_table_names: the names of databases and tables ignore case */
    bool is_mariadb;
    unsigned version; /* 101119, 80036 */
};

const struct engine_mysql_session *engine_mysql_session_of(const struct connection *connection);

/* One row as text; cells are borrowed, NULL is NULL. Returns false, with err set, to stop. */
typedef bool engine_mysql_row(void *context, const char *const *cells, struct err *err);

/* Runs a query and hands over its rows, if it has any. */
bool engine_mysql_rows(struct connection *connection, const char *sql, engine_mysql_row *row,
                       void *context, struct err *err) MUST_CHECK;

void engine_mysql_quote_name(struct buffer *out, const char *name); /* `na``me` */
void engine_mysql_quote_text(struct buffer *out, const char *text); /* 'it''s' */
void engine_mysql_quote_table(struct buffer *out, const char *database, const char *name);

/* May this user read every table of the database, so that the catalogs hide nothing of it? */
bool engine_mysql_sees_all(struct connection *connection, const char *database, bool *all,
                           struct err *err) MUST_CHECK;

bool engine_mysql_read_schema(struct connection *connection, const char *const *schemas,
                              size_t schema_count, struct schema *schema,
                              struct err *err) MUST_CHECK;

/* engine_mysql_definition.c and engine_mysql_mend.c: see engine.h. */
bool engine_mysql_definitions(struct connection *connection, struct schema *schema,
                              struct err *err) MUST_CHECK;
bool engine_mysql_collisions(struct connection *connection, const struct table *table, size_t count,
                             const struct index_part *parts, uint64_t *groups,
                             struct err *err) MUST_CHECK;
bool engine_mysql_mend(const struct mend *mend, struct buffer *out);

bool engine_mysql_parse_type(const char *text, struct arena *arena, struct type *type,
                             struct err *err) MUST_CHECK;

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

/* stamp() and unchanged() of engine.h. */
bool engine_mysql_stamp(struct connection *connection, const struct table *table,
                        struct buffer *text, struct err *err) MUST_CHECK;
bool engine_mysql_unchanged(struct connection *connection, const struct table *table,
                            const char *text, bool *same, struct err *err) MUST_CHECK;

#endif
