/*
 * A PostgreSQL session from connect() to disconnect(). Input: a URI that libpq understands. Output:
 * a session that is pinned: read only, and what it reads is the same whatever its role, its
 * database or its server have set. Knows nothing of schemas and scans, but what of them it frees.
 */
#include "engine_pg_session.h"
#include "own_sessions.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#define OLDEST_VERSION 120000 /* pg_attribute.attgenerated */
#define CONNECT_SECONDS "15"  /* for each address, where the user says nothing */

int engine_pg_version(const struct connection *connection)
{
    return connection->version;
}

/* ---- What is pinned -------------------------------------------------------------------------- */

/* What the session must be like, whatever role, database or server say. since: the version that
 * brought it; superuser: others may not set it. */
static const struct pin {
    const char *name, *value;
    int since;
    bool superuser;
} pins[] = {
    {"client_encoding", "UTF8", 0, false},
    {"client_min_messages", "error", 0, false},
    {"TimeZone", "UTC", 0, false},
    {"DateStyle", "ISO, MDY", 0, false},
    {"IntervalStyle", "postgres", 0, false},
    {"bytea_output", "hex", 0, false},
    {"extra_float_digits", "3", 0, false},
    {"xmloption", "content", 0, false},
    {"xmlbinary", "base64", 0, false},
    {"lc_monetary", "C", 0, false},
    {"lc_numeric", "C", 0, false},
    {"lc_time", "C", 0, false},
    {"lc_messages", "C", 0, true},
    {"quote_all_identifiers", "off", 0, false},
    /* How the user's expressions are read. */
    {"standard_conforming_strings", "on", 0, false},
    {"transform_null_equals", "off", 0, false},
    {"array_nulls", "on", 0, false},
    /* Read only, and every row. */
    {"default_transaction_read_only", "on", 0, false},
    {"default_transaction_isolation", "read committed", 0, false},
    {"default_transaction_deferrable", "off", 0, false},
    {"row_security", "off", 0, false},
    {"gin_fuzzy_search_limit", "0", 0, false},
    {"zero_damaged_pages", "off", 0, true},
    {"ignore_checksum_failure", "off", 0, true},
    /* As long as it takes; statement_timeout is off already. */
    {"lock_timeout", "0", 0, false},
    {"idle_in_transaction_session_timeout", "0", 0, false},
    {"idle_session_timeout", "0", 140000, false},
    {"transaction_timeout", "0", 170000, false},
    /* One process per connection, which reads in the order of the blocks. */
    {"max_parallel_workers_per_gather", "0", 0, false},
    {"synchronize_seqscans", "off", 0, false},
    {"jit", "off", 0, false},
};

/*
 * A search path that names pg_catalog behind another schema lets that one's operators and functions
 * take the place of the built-in ones: in our questions to the catalogs, and in the user's
 * conditions and expressions, which have to mean the same on both sides whatever a role or database
 * sets. So pg_catalog goes first; the order of the others stays. Where it is first already, as it
 * is unless it is named, nothing is touched: the user's text may call current_schema().
 */
static const char pin_search_path_sql[] =
    "SELECT pg_catalog.set_config('search_path', pg_catalog.concat('pg_catalog, ',"
    " pg_catalog.current_setting('search_path')), false)"
    " WHERE (pg_catalog.current_schemas(true))[1]"
    " OPERATOR(pg_catalog.<>) 'pg_catalog'::pg_catalog.name";

/* A role's statement_timeout may be so short that it hits even this, now and then. */
static void end_timeout(struct connection *connection)
{
    bool timed_out = true;
    for (int i = 0; timed_out && i < 20; i++) {
        PGresult *result = PQexec(connection->pg, "SET statement_timeout = 0");
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        timed_out = state && strcmp(state, "57014") == 0;
        PQclear(result);
    }
}

static bool pin_session(struct connection *connection, struct err *err)
{
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT);
    const char *super = PQparameterStatus(connection->pg, "is_superuser");
    bool superuser = super && strcmp(super, "on") == 0;
    PGresult *result;

    end_timeout(connection);
    if (!engine_pg_query(connection, pin_search_path_sql, 0, NULL, &result, ERR_UNREACHABLE,
                         connection->place, err))
        return false;
    PQclear(result);
    buffer_add_text(&sql, "SELECT");
    for (size_t i = 0; i < sizeof pins / sizeof *pins; i++)
        if (connection->version >= pins[i].since && (superuser || !pins[i].superuser))
            buffer_printf(&sql, "%s pg_catalog.set_config('%s', '%s', false)", i ? "," : "",
                          pins[i].name, pins[i].value);
    bool ok = engine_pg_query(connection, (char *)sql.data, 0, NULL, &result, ERR_UNREACHABLE,
                              connection->place, err);
    buffer_free(&sql);
    if (!ok)
        return false;
    PQclear(result);
    if (!engine_pg_query(connection,
                         "SELECT pg_catalog.current_setting('zero_damaged_pages') = 'on'"
                         " OR pg_catalog.current_setting('ignore_checksum_failure') = 'on',"
                         " pg_catalog.current_setting('server_encoding') = 'SQL_ASCII',"
                         " pg_catalog.pg_backend_pid()",
                         0, NULL, &result, ERR_UNREACHABLE, connection->place, err))
        return false;
    connection->skips_damaged = engine_pg_result_true(result, 0, 0);
    connection->sql_ascii = engine_pg_result_true(result, 0, 1);
    connection->id = mem_copy_string(engine_pg_result_text(result, 0, 2));
    own_sessions_add(ENGINE_PG_SERVER, connection->id);
    PQclear(result);
    return true;
}

/* ---- Connecting ------------------------------------------------------------------------------ */

static void ignore_notice(void *argument, const PGresult *result)
{
    (void)argument;
    (void)result;
}

/* Parameters before dbname are defaults: what the URI says wins over them. */
static PGconn *open_connection(const char *uri, bool has_timeout)
{
    const char *keywords[8] = {"fallback_application_name", "keepalives_idle",
                               "keepalives_interval", "keepalives_count"};
    const char *values[8] = {"tally-verify", "60", "15", "6"}; /* a dead peer is noticed in 150 s */
    size_t count = 4;
    if (!has_timeout) {
        keywords[count] = "connect_timeout";
        values[count++] = CONNECT_SECONDS;
    }
    keywords[count] = "dbname";
    values[count] = uri;
    return PQconnectdbParams(keywords, values, 1);
}

static bool set_up(struct connection *connection, struct server_info *info, struct err *err)
{
    PGconn *pg = connection->pg;
    if (PQstatus(pg) != CONNECTION_OK)
        return engine_pg_uri_refused(pg, err);
    PQsetNoticeReceiver(pg, ignore_notice, NULL);
    const char *version = PQparameterStatus(pg, "server_version");
    version = version ? version : "of an unknown version";
    connection->version = PQserverVersion(pg);
    connection->socket = PQsocket(pg);
    connection->canceller = engine_pg_cancel_new(pg);
    snprintf(connection->place, sizeof connection->place, "PostgreSQL at %s, port %s, database %s",
             PQhost(pg), PQport(pg), PQdb(pg));
    if (connection->version < OLDEST_VERSION)
        return err_set(err, ERR_UNREACHABLE,
                       "%s: version %.40s is too old, Tally reads 12 and later", connection->place,
                       version);
    if (!pin_session(connection, err) || !engine_pg_query_prepare(connection, err))
        return false;
    if (!info)
        return true;
    snprintf(info->version, sizeof info->version, "PostgreSQL %.*s", (int)strcspn(version, " "),
             version);
    engine_pg_uri_show(pg, info->shown_uri, sizeof info->shown_uri);
    return true;
}

bool engine_pg_connect(const char *uri, struct connection **connection, struct server_info *info,
                       struct err *err)
{
    bool has_timeout;
    *connection = NULL;
    if (!engine_pg_uri_check(uri, &has_timeout, err))
        return false;
    struct connection *new = mem_zero(1, sizeof *new);
    new->socket = -1;
    new->pg = open_connection(uri, has_timeout);
    if (!set_up(new, info, err)) {
        /* A session that was refused while being set up is of no use to anyone. */
        if (err->code == ERR_LOST)
            err->code = ERR_UNREACHABLE;
        engine_pg_disconnect(new);
        return false;
    }
    *connection = new;
    return true;
}

/* PQfinish() closes without reading what is under way; the server would notice only at its next
 * row, which may be long in coming. */
void engine_pg_disconnect(struct connection *connection)
{
    if (!connection)
        return;
    if (connection->scanning && PQstatus(connection->pg) == CONNECTION_OK)
        engine_pg_cancel_send(connection->canceller);
    if (connection->id)
        own_sessions_remove(ENGINE_PG_SERVER, connection->id);
    free(connection->id);
    PQfreemem(connection->message);
    PQfinish(connection->pg);
    if (connection->canceller)
        engine_pg_cancel_release(connection->canceller);
    pgcopy_free(&connection->copy);
    pgtypes_free(&connection->types);
    free(connection->columns);
    free(connection);
}
