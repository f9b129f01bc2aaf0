/*
 * A MySQL session from connect() to disconnect(). Input: a mysql:// URI. Output: a session that is
 * pinned: read only, and what it reads is the same whatever its user, its database or its server
 * have set. Knows nothing of schemas, and of scans only that one may have to end.
 */
#include "engine_mysql_session.h"
#include "own_sessions.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const struct engine_mysql_session *engine_mysql_session_of(const struct connection *connection)
{
    return &connection->session;
}

/* ---- The pinned session ---------------------------------------------------------------------- */

enum pin_for { PIN_BOTH, PIN_MARIADB, PIN_MYSQL };

/* What else than success will do: that an older server does not know it, or that it takes a
 * privilege. */
enum pin_need { PIN_NEEDED, PIN_IF_KNOWN, PIN_IF_ALLOWED };

struct pin {
    enum pin_for server;
    enum pin_need need;
    const char *sql;
};

/*
 * Nothing that a server, a database, a user's init_connect or an option file sets may change a
 * value or the number of rows. READ COMMITTED would make START TRANSACTION ignore its snapshot;
 * sql_select_limit would cut every table; max_error_count 0 would hide the warnings that
 * engine_mysql_scan.c looks for at a scan's end (since MySQL 8 raising it takes a privilege;
 * without it their number is still known).
 */
static const struct pin pins[] = {
    {PIN_BOTH, PIN_NEEDED, "SET autocommit = 1"},
    {PIN_BOTH, PIN_NEEDED, "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci"},
    {PIN_BOTH, PIN_NEEDED, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"},
    {PIN_BOTH, PIN_NEEDED,
     "SET SESSION time_zone = '+00:00', sql_mode = 'ALLOW_INVALID_DATES', "
     "sql_select_limit = 18446744073709551615, sql_notes = 0, "
     "sql_big_selects = 1, sql_auto_is_null = 0, div_precision_increment = 4, "
     "default_week_format = 0, lc_time_names = 'en_US', group_concat_max_len = 1073741824, "
     "net_read_timeout = 86400, net_write_timeout = 86400, wait_timeout = 604800"},
    {PIN_BOTH, PIN_IF_ALLOWED, "SET SESSION max_error_count = 65535"},
    {PIN_MARIADB, PIN_IF_KNOWN, "SET SESSION max_statement_time = 0"},
    {PIN_MARIADB, PIN_IF_KNOWN,
     "SET SESSION idle_transaction_timeout = 0, idle_readonly_transaction_timeout = 0"},
    {PIN_MARIADB, PIN_IF_KNOWN, "SET SESSION system_versioning_asof = DEFAULT"},
    {PIN_MARIADB, PIN_IF_KNOWN, "SET SESSION old_mode = 'UTF8_IS_UTF8MB3'"},
    {PIN_MARIADB, PIN_IF_KNOWN, "SET SESSION query_cache_type = 0"},
    {PIN_MYSQL, PIN_IF_KNOWN, "SET SESSION max_execution_time = 0"},
    {PIN_MYSQL, PIN_IF_KNOWN, "SET SESSION range_optimizer_max_mem_size = 0"},
    {PIN_MYSQL, PIN_IF_KNOWN, "SET SESSION query_cache_type = 0"},
};

/* Will it do that this pin was answered with this error? */
static bool pin_is_excused(const struct pin *pin, unsigned code)
{
    switch (pin->need) {
    case PIN_IF_KNOWN:
        return code == ER_UNKNOWN_VARIABLE || code == ER_CACHE_IS_OFF;
    case PIN_IF_ALLOWED:
        return code == ER_NEEDS_PRIVILEGE;
    default:
        return false;
    }
}

static bool pin_session(struct connection *connection, struct err *err)
{
    enum pin_for server = connection->session.is_mariadb ? PIN_MARIADB : PIN_MYSQL;

    for (size_t i = 0; i < sizeof pins / sizeof *pins; i++) {
        if (pins[i].server != PIN_BOTH && pins[i].server != server)
            continue;
        if (engine_mysql_query_run(connection, pins[i].sql, err))
            continue;
        if (pin_is_excused(&pins[i], connection->code))
            continue;
        err->code = ERR_UNREACHABLE;
        return err_prefix(err, "the session at %s cannot be set up", connection->place);
    }
    return true;
}

static void read_version(struct connection *connection, const char *text, struct server_info *info)
{
    struct engine_mysql_session *session = &connection->session;
    unsigned part[3] = {0, 0, 0};
    size_t i = 0;

    session->is_mariadb = strstr(text, "MariaDB") || strstr(text, "mariadb");
    if (strncmp(text, "5.5.5-", 6) ==
        0) /* what MariaDB says to very old replicas, and some clients pass on */
        text += 6;
    for (const char *c = text; i < 3; c++) {
        if (*c >= '0' && *c <= '9')
            part[i] = part[i] * 10 + (unsigned)(*c - '0');
        else if (*c == '.')
            i++;
        else
            break;
    }
    session->version = part[0] * 10000 + part[1] * 100 + part[2];
    if (info)
        snprintf(info->version, sizeof info->version, "%s %u.%u.%u",
                 session->is_mariadb ? "MariaDB" : "MySQL", part[0], part[1], part[2]);
}

static bool read_session(struct connection *connection, struct server_info *info, struct err *err)
{
    struct engine_mysql_first row;
    bool fine = engine_mysql_query_first(connection,
                                         "SELECT VERSION(), DATABASE(), @@lower_case_table_names, "
                                         "CONNECTION_ID(), " ENGINE_MYSQL_IDENTITY_SQL,
                                         5, &row, err);

    if (fine) {
        read_version(connection, row.cells[0], info);
        connection->session.database = mem_copy_string(row.cells[1] ? row.cells[1] : "");
        connection->session.fold_names = strcmp(row.cells[2], "0") != 0;
        connection->id = mem_copy_string(row.cells[3]);
        connection->identity = mem_copy_string(row.cells[4] ? row.cells[4] : "");
        own_sessions_add(connection->identity, connection->id);
        if (connection->session.version < (connection->session.is_mariadb ? 100000U : 50600U))
            fine =
                err_set(err, ERR_UNREACHABLE,
                        "the server at %s is version %s: too old, it has no read-only transactions",
                        connection->place, row.cells[0]);
    }
    engine_mysql_query_free(&row);
    return fine;
}

/* A peer that vanished without a word is noticed after two minutes, not hours. */
static void keep_socket(struct connection *connection)
{
    int idle = 60, interval = 15, count = 4, on = 1;
#if CLIENT_IS_MARIADB
    int number = (int)mysql_get_socket(connection->mysql);
#else
    int number = (int)connection->mysql->net.fd;
#endif

    connection->socket = number < 0 ? -1 : fcntl(number, F_DUPFD_CLOEXEC, 3);
    setsockopt(connection->socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(connection->socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(connection->socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(connection->socket, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

bool engine_mysql_connect(const char *uri, struct connection **connection, struct server_info *info,
                          struct err *err)
{
    struct engine_mysql_target target;

    *connection = NULL;
    if (info)
        *info = (struct server_info){0};
    bool fine = engine_mysql_uri_read(uri, &target, err);
    if (fine) {
        struct connection *made = mem_zero(1, sizeof *made);
        made->uri = mem_copy_string(uri);
        made->socket = -1;
        if (info)
            snprintf(info->shown_uri, sizeof info->shown_uri, "%s", target.uri.shown);
        fine = engine_mysql_client_open(&target, &made->mysql, &made->place, err);
        if (fine) {
            made->attempt = target.attempt;
            keep_socket(made);
            fine = read_session(made, info, err) && pin_session(made, err);
            if (!fine && err->code < ERR_USAGE)
                err->code = ERR_UNREACHABLE;
        }
        if (fine)
            *connection = made;
        else
            engine_mysql_disconnect(made);
    }
    uri_free(&target.uri);
    return fine;
}

void engine_mysql_session_shut(struct connection *connection)
{
    connection->lost = true;
    if (connection->socket >= 0)
        shutdown(connection->socket, SHUT_RDWR);
}

void engine_mysql_disconnect(struct connection *connection)
{
    if (!connection)
        return;
    engine_mysql_scan_end(connection);
    if (connection->id)
        own_sessions_remove(connection->identity, connection->id);
    if (connection->mysql)
        mysql_close(connection->mysql);
    if (connection->socket >= 0)
        close(connection->socket);
    if (connection->uri)
        explicit_bzero(connection->uri, strlen(connection->uri));
    free(connection->uri);
    free(connection->place);
    free(connection->identity);
    free(connection->id);
    free(connection->session.database);
    engine_mysql_hidden_forget(connection);
    free(connection);
}
