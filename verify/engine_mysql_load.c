/*
 * How the server fares beside us: what else runs on it, and how far a replica is behind. Input: a
 * connection without begin(). Output: two numbers, for those who slow down by them (pace.h).
 */
#include "engine_mysql_session.h"
#include "own_sessions.h"

#include <stdlib.h>
#include <string.h>

/*
 * Threads_running less those of ours, and those that wait for a lock on a table's definition: an
 * ALTER TABLE that waits for us, and whoever waits behind it. (Without PROCESS, only our own user's
 * are seen.) Both numbers hold the thread that asks.
 */
bool engine_mysql_load(struct connection *connection, unsigned *running, struct err *err)
{
    struct engine_mysql_first row;
    unsigned long all = 0, others = 0;

    bool fine = engine_mysql_query_first(connection, "SHOW GLOBAL STATUS LIKE 'Threads_running'", 2,
                                         &row, err);
    if (fine && row.any && row.cells[1])
        all = strtoul(row.cells[1], NULL, 10);
    engine_mysql_query_free(&row);
    if (!fine)
        return false;
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add_text(&sql, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE "
                          "COMMAND NOT IN ('Sleep', 'Daemon') AND (ID IN (");
    own_sessions_list(connection->identity, &sql);
    buffer_add_text(&sql, ") OR STATE LIKE 'Waiting for table%')");
    fine = engine_mysql_query_first(connection, (const char *)sql.data, 1, &row, err);
    if (fine && row.any && row.cells[0])
        others = strtoul(row.cells[0], NULL, 10);
    engine_mysql_query_free(&row);
    buffer_free(&sql);
    *running = all > others ? (unsigned)(all - others) : 0;
    return fine;
}

static bool is_lag_column(const char *name)
{
    return strcmp(name, "Seconds_Behind_Master") == 0 || strcmp(name, "Seconds_Behind_Source") == 0;
}

static void read_lag(MYSQL_RES *result, enum replica_state *state, double *seconds)
{
    MYSQL_FIELD *fields = mysql_fetch_fields(result);
    unsigned count = mysql_num_fields(result), column = 0;
    MYSQL_ROW cells;

    while (column < count && !is_lag_column(fields[column].name))
        column++;
    while ((cells = mysql_fetch_row(result))) {
        if (column == count || !cells[column]) {
            *state = REPLICA_STOPPED;
            continue;
        }
        double behind = strtod(cells[column], NULL);
        if (*state == REPLICA_NONE)
            *state = REPLICA_FOLLOWS;
        if (behind > *seconds)
            *seconds = behind;
    }
}

bool engine_mysql_lag(struct connection *connection, enum replica_state *state, double *seconds,
                      struct err *err)
{
    static const char what[] = "whether the server is a replica";
    const char *sql = engine_mysql_replica_question(&connection->session);
    MYSQL *mysql = connection->mysql;

    engine_mysql_client_enter();
    *state = REPLICA_NONE;
    *seconds = 0;
    if (mysql_real_query(mysql, sql, (unsigned long)strlen(sql))) {
        engine_mysql_query_failed(connection, what, err);
        if (err->code == ERR_TABLE && engine_mysql_query_is_denial(connection->code))
            err_set(err, ERR_USAGE,
                    "%s: this user may not see whether the server is a replica: GRANT %s ON *.* TO "
                    "it",
                    connection->place,
                    connection->session.is_mariadb && connection->session.version >= 100509
                        ? "REPLICA MONITOR"
                        : "REPLICATION CLIENT");
        return false;
    }
    MYSQL_RES *result = mysql_store_result(mysql);
    if (!result)
        return engine_mysql_query_failed(connection, what, err);
    read_lag(result, state, seconds);
    mysql_free_result(result);
    return true;
}
