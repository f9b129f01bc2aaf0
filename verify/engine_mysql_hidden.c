/*
 * What the catalogs keep from a user for want of a privilege. Input: names of tables and databases.
 * Output: whether they are there, whether they are seen whole. Asks the server for what nobody may
 * have, and knows it by the refusal; reads no row.
 */
#include "engine_mysql_session.h"

#include <stdlib.h>
#include <string.h>

bool engine_mysql_probe(struct connection *connection, const char *schema_name,
                        const char *table_name, enum existence *existence, struct err *err)
{
    struct buffer sql = BUFFER_INIT(1 << 12);

    buffer_add_text(&sql, "SELECT 1 FROM ");
    engine_mysql_quote_table(&sql, schema_name ? schema_name : connection->session.database,
                             table_name);
    buffer_add_text(&sql, " LIMIT 0");
    *existence = EXISTS_READABLE;
    bool fine = engine_mysql_query_run(connection, (const char *)sql.data, err);
    buffer_free(&sql);
    if (fine || connection->lost)
        return fine;
    bool missing =
        connection->code == ER_NO_SUCH_TABLE_HERE || connection->code == ER_NO_SUCH_DATABASE;
    *existence = missing ? EXISTS_NOT : EXISTS_UNREADABLE;
    return true;
}

/* Databases about which the server was asked. */
struct engine_mysql_seen {
    struct engine_mysql_seen *next;
    char *name;
    bool all;
};

void engine_mysql_hidden_forget(struct connection *connection)
{
    while (connection->seen) {
        struct engine_mysql_seen *next = connection->seen->next;
        free(connection->seen->name);
        free(connection->seen);
        connection->seen = next;
    }
}

/*
 * Whoever has SELECT on the database or the server, be it through a role, is told that a table does
 * not exist; others are told that they have no right on it. That says more than the catalogs, which
 * do not add up what roles bring. The name is one that nobody has.
 */
bool engine_mysql_sees_all(struct connection *connection, const char *database, bool *all,
                           struct err *err)
{
    static const char nobody[] = "tally no table 7c1f0e9a4b52d386";
    struct buffer sql = BUFFER_INIT(1 << 12);

    for (struct engine_mysql_seen *seen = connection->seen; seen; seen = seen->next)
        if (strcmp(seen->name, database) == 0) {
            *all = seen->all;
            return true;
        }
    buffer_add_text(&sql, "SELECT 1 FROM ");
    engine_mysql_quote_table(&sql, database, nobody);
    buffer_add_text(&sql, " LIMIT 0");
    *all = engine_mysql_query_run(connection, (const char *)sql.data, err) ||
           connection->code == ER_NO_SUCH_TABLE_HERE || connection->code == ER_UNKNOWN_TABLE;
    buffer_free(&sql);
    if (connection->lost)
        return err_prefix(err, "which tables of %s this user may read", database);
    struct engine_mysql_seen *seen = mem_zero(1, sizeof *seen);
    *seen = (struct engine_mysql_seen){connection->seen, mem_copy_string(database), *all};
    connection->seen = seen;
    return true;
}

/* Of a database that is seen whole nothing is hidden; elsewhere "*" is refused when it would leave
 * out a column. */
bool engine_mysql_hides_columns(struct connection *connection, const struct table *table,
                                bool *hidden, struct err *err)
{
    struct buffer sql = BUFFER_INIT(1 << 12);
    bool all;

    *hidden = false;
    if (!engine_mysql_sees_all(connection, table->schema, &all, err))
        return false;
    if (all)
        return true;
    buffer_printf(&sql, "SELECT * FROM %s", table->parts[0].from);
    MYSQL_STMT *statement = engine_mysql_query_prepare(connection, &sql, table->label, err);
    buffer_free(&sql);
    if (statement) {
        mysql_stmt_close(statement);
        return true;
    }
    *hidden = !connection->lost &&
              (connection->code == ER_DENIED_TABLE || connection->code == ER_DENIED_COLUMN);
    return *hidden;
}
