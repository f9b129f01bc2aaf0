/*
 * One statement on a session: run, its rows handed over as text, or prepared; and what its failure
 * means. Input: SQL. Output: rows, or an error with the code that engine.h promises. Knows nothing
 * of what is asked.
 */
#include "engine_mysql_session.h"

#include <stdlib.h>
#include <string.h>

/* ---- What a failure means -------------------------------------------------------------------- */

static const unsigned lost_codes[] = {
    1053, /* server shutdown */
    1077, 1078, 1079, 1152, 1153, 1154, 1155, 1156, 1157, 1158, 1159, 1160, 1161, /* network */
    1184, 1927,                                                 /* connection killed (MariaDB) */
    2002, 2003, 2006, 2012, 2013, 2014, 2020, 2026, 2027, 2055, /* client */
    3169,                                                       /* session was killed (MySQL) */
    4031, /* disconnected for inactivity (MySQL) */
};

bool engine_mysql_query_is_lost(unsigned code)
{
    for (size_t i = 0; i < sizeof lost_codes / sizeof *lost_codes; i++)
        if (lost_codes[i] == code)
            return true;
    return code == 0;
}

/* Cancelled, timed out, deadlocked, could not get a lock: it may work when asked again. */
static bool may_work_again(unsigned code)
{
    static const unsigned codes[] = {1205, 1213, 1317, 1969, 3024};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i] == code)
            return true;
    return false;
}

bool engine_mysql_query_is_denial(unsigned code)
{
    static const unsigned codes[] = {ER_DENIED_DATABASE, ER_DENIED,         ER_DENIED_TABLE,
                                     ER_DENIED_COLUMN,   ER_DENIED_ROUTINE, ER_NO_SUCH_TABLE_HERE,
                                     ER_NEEDS_PRIVILEGE, ER_INTERRUPTED,    ER_BROKEN_VIEW};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i] == code)
            return true;
    return false;
}

const char *engine_mysql_query_line(const char *text, char line[400])
{
    size_t i = 0;

    for (; text[i] && i < 399; i++)
        line[i] = (unsigned char)text[i] < ' ' ? ' ' : text[i];
    line[i] = '\0';
    return line;
}

/* Sets the error of a statement. `what` is a table's label, or what was asked. */
static bool fail(struct connection *connection, unsigned code, const char *text, const char *what,
                 struct err *err)
{
    char line[400];

    connection->code = code;
    if (engine_mysql_query_is_lost(code)) {
        connection->lost = true;
        return err_set(err, ERR_LOST, "%s: the connection to %s was lost: %s", what,
                       connection->place,
                       *text ? engine_mysql_query_line(text, line) : "it was closed");
    }
    return err_set(err, may_work_again(code) ? ERR_RETRY : ERR_TABLE,
                   "%s: the server says: %s (error %u)", what, engine_mysql_query_line(text, line),
                   code);
}

bool engine_mysql_query_failed(struct connection *connection, const char *what, struct err *err)
{
    return fail(connection, mysql_errno(connection->mysql), mysql_error(connection->mysql), what,
                err);
}

bool engine_mysql_query_statement_failed(struct connection *connection, MYSQL_STMT *statement,
                                         const char *what, struct err *err)
{
    unsigned code = mysql_stmt_errno(statement);

    /* MariaDB's library leaves what happened in mid-result with the connection. */
    if (!code)
        return engine_mysql_query_failed(connection, what, err);
    return fail(connection, code, mysql_stmt_error(statement), what, err);
}

/* ---- Run, in the text protocol --------------------------------------------------------------- */

bool engine_mysql_rows(struct connection *connection, const char *sql, engine_mysql_row *row,
                       void *context, struct err *err)
{
    static const char what[] = "a question to the catalogs";
    MYSQL *mysql = connection->mysql;
    bool fine = true;

    engine_mysql_client_enter();
    if (mysql_real_query(mysql, sql, (unsigned long)strlen(sql)))
        return engine_mysql_query_failed(connection, what, err);
    MYSQL_RES *result = mysql_use_result(mysql);
    if (!result)
        return !mysql_errno(mysql) || engine_mysql_query_failed(connection, what, err);
    MYSQL_ROW cells;
    while (fine && (cells = mysql_fetch_row(result)))
        fine = row(context, (const char *const *)cells, err);
    if (fine && mysql_errno(mysql))
        fine = engine_mysql_query_failed(connection, what, err);
    mysql_free_result(result); /* reads the rest, when row() said stop */
    return fine;
}

bool engine_mysql_query_run(struct connection *connection, const char *sql, struct err *err)
{
    return engine_mysql_rows(connection, sql, NULL, NULL, err);
}

static bool keep_row(void *context, const char *const *cells, struct err *err)
{
    struct engine_mysql_first *row = context;

    (void)err;
    for (size_t i = 0; !row->any && i < row->count; i++)
        row->cells[i] = cells[i] ? mem_copy_string(cells[i]) : NULL;
    row->any = true;
    return true;
}

void engine_mysql_query_free(struct engine_mysql_first *row)
{
    for (size_t i = 0; i < row->count; i++)
        free(row->cells[i]);
    *row = (struct engine_mysql_first){0};
}

bool engine_mysql_query_first(struct connection *connection, const char *sql, size_t count,
                              struct engine_mysql_first *row, struct err *err)
{
    *row = (struct engine_mysql_first){.count = count};
    return engine_mysql_rows(connection, sql, keep_row, row, err);
}

/* ---- Prepared -------------------------------------------------------------------------------- */

MYSQL_STMT *engine_mysql_query_prepare(struct connection *connection, const struct buffer *sql,
                                       const char *what, struct err *err)
{
    if (connection->lost) {
        (void)err_set(err, ERR_LOST, "%s: the connection to %s was lost before", what,
                      connection->place);
        return NULL;
    }
    engine_mysql_client_enter();
    MYSQL_STMT *statement = mysql_stmt_init(connection->mysql);
    if (!statement) {
        (void)engine_mysql_query_failed(connection, what, err);
        return NULL;
    }
    if (mysql_stmt_prepare(statement, (const char *)sql->data, (unsigned long)sql->length)) {
        (void)engine_mysql_query_statement_failed(connection, statement, what, err);
        mysql_stmt_close(statement);
        return NULL;
    }
    return statement;
}
