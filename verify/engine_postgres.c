/*
 * PostgreSQL behind engine.h. Input: a URI that libpq understands, and what plan.c wants to read.
 * Output: schema, splits, rows. Alone knows libpq; the binary formats are in engine_pgcopy.c, the
 * types in engine_pgtype.c. Must not know what the rows are for.
 *
 * Rows come by COPY (SELECT …) TO STDOUT (FORMAT binary), of blocks of one leaf table at a time.
 * COPY tells no types: each SELECT is first prepared and described, which also makes sure that the
 * user's text in it is part of one statement, and takes the lock that keeps the columns as
 * described.
 *
 * Inside begin()'s transaction, whatever fails is undone to a savepoint, so that the snapshot
 * stays.
 */
#include "engine.h"
#include "engine_pg.h"
#include "engine_pgcopy.h"
#include "engine_pgtype.h"
#include "engine_sql.h"
#include "own_sessions.h"

#include <errno.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define OLDEST_VERSION 120000   /* pg_attribute.attgenerated */
#define TID_SCAN_VERSION 140000 /* before it, a condition on ctid reads the whole table */
#define CONNECT_SECONDS "15"    /* for each address, where the user says nothing */
#define CANCEL_MILLISECONDS 400 /* engine.h: within half a second */
#define SPLIT_PAGES_LEAST 256   /* smaller pieces cost more to start than to read */
#define DRAIN_MOST (16u << 20)  /* bytes of an abandoned scan that are read to save its session */
/* Process ids of one server seldom are those of another; to take one session for ours does no harm.
 */
#define OWN_SERVER "postgresql"
/* In what is generated for tables: a database may have operators of these names for its own domains
 * and types, which an unqualified name would choose wherever their schema is in the search path. */
#define PG_AT_LEAST "OPERATOR(pg_catalog.>=)"
#define PG_BELOW "OPERATOR(pg_catalog.<)"
/* A client that waits for every 8 kB that the server sends wakes up, and is woken up, for each: in
 * a scan that has brought so many bytes it rather sleeps for a moment, while the socket fills. */
#define FLOWING_BYTES (256u << 10)
#define NAP_NANOSECONDS 250000
#define GUESSED_ROW_BYTES 100 /* of tables that were never analysed */

struct canceller;

struct connection {
    PGconn *pg;
    struct canceller *canceller;
    int socket;
    char *id;           /* pg_backend_pid() */
    int version;        /* 150018 */
    char place[300];    /* "PostgreSQL at localhost, port 5432, database hotel", for messages */
    bool in_snapshot;   /* begin() opened the transaction */
    bool sql_ascii;     /* the database does not know the encoding of its text */
    bool skips_damaged; /* the server hides damaged pages, and we may not forbid it */
    struct pgtypes types;

    /* The scan under way. */
    bool scanning;
    const struct scan *scan;
    struct pgcopy copy;
    const struct pgcopy_type **columns; /* copy.columns */
    char *message;                      /* PQgetCopyData's, that the cells borrow from */
    size_t flowed;                      /* bytes that the scan has brought, until it flows */
};

/* ---- Errors ---------------------------------------------------------------------------------- */

/* A server's text as part of a sentence: one line, no trailing blanks or full stop. */
static void one_line(char *text)
{
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    size_t length = strlen(text);
    while (length && (text[length - 1] == ' ' || text[length - 1] == '.'))
        text[--length] = '\0';
}

/* Of a session that the server ended, or a line that broke: SQLSTATE classes 08 and 57P. */
static bool is_lost(const PGconn *pg, const char *state)
{
    return PQstatus(pg) == CONNECTION_BAD || (state && strncmp(state, "08", 2) == 0) ||
           (state && strncmp(state, "57P", 3) == 0);
}

/* Syntax, unknown names and wrong types: what the user wrote. Not a missing privilege. */
static bool is_usage(const char *state)
{
    return state && strcmp(state, "42501") != 0 &&
           (strncmp(state, "42", 2) == 0 || strncmp(state, "22", 2) == 0 ||
            strncmp(state, "0A", 2) == 0);
}

/* After an error the transaction is only good for going back to the savepoint. */
static void recover(struct connection *connection)
{
    if (connection->in_snapshot && PQtransactionStatus(connection->pg) == PQTRANS_INERROR)
        PQclear(PQexec(connection->pg, "ROLLBACK TO SAVEPOINT tally"));
}

/* Cancelled, timed out, deadlocked, could not get a lock: it may work when asked again. */
static bool may_work_again(const char *state)
{
    static const char *const states[] = {"57014", "40001", "40P01", "55P03"};
    for (size_t i = 0; state && i < sizeof states / sizeof *states; i++)
        if (strcmp(state, states[i]) == 0)
            return true;
    return false;
}

/* Turns a failed result (NULL: none) into the error and goes back to the savepoint. what: what was
 * being done or read. Codes other than ERR_TABLE stand for server errors that are not a lost line.
 */
static bool fail(struct connection *connection, PGresult *result, enum err_code code,
                 const char *what, struct err *err)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *primary = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    char *text = mem_copy_string(primary ? primary : PQerrorMessage(connection->pg));
    one_line(text);
    if (is_lost(connection->pg, state))
        err_set(err, ERR_LOST, "%s: the connection to %s was lost: %s", what, connection->place,
                text);
    else if (state && strcmp(state, "42501") == 0 && strstr(text, "row-level security"))
        err_set(err, code,
                "%s: row-level security may hide rows from this role; connect as the owner or as a "
                "role with BYPASSRLS",
                what);
    else
        err_set(err, code == ERR_TABLE && may_work_again(state) ? ERR_RETRY : code, "%s: %s%s%s%s",
                what, text, state ? " (SQLSTATE " : "", state ? state : "", state ? ")" : "");
    free(text);
    recover(connection);
    return false;
}

/* Runs one statement; its result must be rows (or, without any, a success). */
static bool query(struct connection *connection, const char *sql, int count,
                  const char *const *values, PGresult **result, enum err_code code,
                  const char *what, struct err *err)
{
    *result = PQexecParams(connection->pg, sql, count, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(*result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        return true;
    fail(connection, *result, code, what, err);
    PQclear(*result);
    *result = NULL;
    return false;
}

bool engine_pg_rows(struct connection *connection, const char *sql, size_t count,
                    const char *const *values, const char *what, engine_pg_row *row, void *context,
                    struct err *err)
{
    PGresult *result;
    if (!query(connection, sql, (int)count, values, &result, ERR_TABLE, what, err))
        return false;
    int width = PQnfields(result);
    const char **cells = mem_zero((size_t)width + 1, sizeof *cells);
    bool ok = true;
    for (int i = 0; ok && i < PQntuples(result); i++) {
        for (int c = 0; c < width; c++)
            cells[c] = PQgetisnull(result, i, c) ? NULL : PQgetvalue(result, i, c);
        ok = row(context, cells, err);
    }
    free(cells);
    PQclear(result);
    return ok;
}

int engine_pg_version(const struct connection *connection)
{
    return connection->version;
}

/* ---- Fields of catalog results --------------------------------------------------------------- */

static const char *text_at(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column);
}

static bool true_at(const PGresult *result, int row, int column)
{
    return *PQgetvalue(result, row, column) == 't';
}

static uint32_t oid_at(const PGresult *result, int row, int column)
{
    return (uint32_t)strtoul(PQgetvalue(result, row, column), NULL, 10);
}

static uint64_t count_at(const PGresult *result, int row, int column)
{
    return strtoull(PQgetvalue(result, row, column), NULL, 10);
}

static int int_at(const PGresult *result, int row, int column)
{
    return (int)strtol(PQgetvalue(result, row, column), NULL, 10);
}

/* ---- Cancelling ------------------------------------------------------------------------------ */

/* PQcancel() opens a connection of its own, which may hang as long as the network likes. So it runs
 * on a thread of its own, and is not waited for longer than we promise. */
struct canceller {
    PGcancel *handle;
    pthread_mutex_t lock;
    pthread_cond_t done;
    int users;         /* the connection, and the threads that are at it */
    unsigned finished; /* threads that have ended */
    bool sent;         /* the last one was successful */
};

static struct canceller *canceller_new(PGconn *pg)
{
    struct canceller *canceller = mem_zero(1, sizeof *canceller);
    pthread_condattr_t attributes;
    canceller->handle = PQgetCancel(pg);
    canceller->users = 1;
    pthread_mutex_init(&canceller->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&canceller->done, &attributes);
    pthread_condattr_destroy(&attributes);
    return canceller;
}

static void canceller_release(struct canceller *canceller)
{
    pthread_mutex_lock(&canceller->lock);
    bool last = --canceller->users == 0;
    pthread_mutex_unlock(&canceller->lock);
    if (!last)
        return;
    PQfreeCancel(canceller->handle);
    pthread_cond_destroy(&canceller->done);
    pthread_mutex_destroy(&canceller->lock);
    free(canceller);
}

static void *canceller_run(void *argument)
{
    struct canceller *canceller = argument;
    char message[256];
    bool sent = PQcancel(canceller->handle, message, sizeof message) == 1;
    pthread_mutex_lock(&canceller->lock);
    canceller->sent = sent;
    canceller->finished++;
    pthread_cond_broadcast(&canceller->done);
    pthread_mutex_unlock(&canceller->lock);
    canceller_release(canceller);
    return NULL;
}

/* The new thread must not be the one that gets the program's signals. */
static bool start_detached(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    bool started = pthread_create(&thread, NULL, run, argument) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started)
        pthread_detach(thread);
    return started;
}

/* Asks the server to end what the session runs; true: the server has the request. */
static bool send_cancel(struct canceller *canceller)
{
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_nsec += CANCEL_MILLISECONDS * 1000000L;
    deadline.tv_sec += deadline.tv_nsec / 1000000000;
    deadline.tv_nsec %= 1000000000;
    pthread_mutex_lock(&canceller->lock);
    unsigned before = canceller->finished;
    canceller->sent = false;
    canceller->users++;
    pthread_mutex_unlock(&canceller->lock);
    if (!start_detached(canceller_run, canceller)) {
        canceller_release(canceller);
        return false;
    }
    pthread_mutex_lock(&canceller->lock);
    while (canceller->finished == before &&
           pthread_cond_timedwait(&canceller->done, &canceller->lock, &deadline) != ETIMEDOUT)
        ;
    bool sent = canceller->sent;
    pthread_mutex_unlock(&canceller->lock);
    return sent;
}

/* Our own side stops waiting in any case: a network that has gone silent holds back the server's
 * answer to the request too. */
static void postgres_cancel(struct connection *connection)
{
    (void)send_cancel(connection->canceller);
    shutdown(connection->socket, SHUT_RDWR);
}

/* ---- The URI --------------------------------------------------------------------------------- */

static const char *option_value(const PQconninfoOption *options, const char *keyword)
{
    for (; options && options->keyword; options++)
        if (strcmp(options->keyword, keyword) == 0)
            return options->val && *options->val ? options->val : NULL;
    return NULL;
}

/* An @ or / that stands raw in a password makes libpq take a part of the password for the host or
 * the database, which messages would then name. So only one @ may stand before the parameters, and
 * before the path. */
static bool check_raw_characters(const char *uri, struct err *err)
{
    const char *start = strstr(uri, "://");
    if (!start || (strncmp(uri, "postgresql:", 11) != 0 && strncmp(uri, "postgres:", 9) != 0))
        return err_set(err, ERR_USAGE, "a PostgreSQL URI begins with postgresql:// or postgres://");
    start += 3;
    const char *path = start + strcspn(start, "/");
    const char *at = strchr(start, '@');
    const char *rest = at && at < path ? at + 1 : start;
    const char *end = rest + strcspn(rest, "?");
    if (memchr(rest, '@', (size_t)(end - rest)))
        return err_set(
            err, ERR_USAGE,
            "malformed PostgreSQL URI: in user names, passwords and names of databases, @ "
            "is written %%40, / is written %%2F and : is written %%3A");
    return true;
}

static bool check_ports(const char *ports, struct err *err)
{
    for (const char *port = ports; port && *port;) {
        char *end;
        unsigned long number = strtoul(port, &end, 10);
        bool given = *port != ',';
        if (given && (*port < '0' || *port > '9' || number < 1 || number > 65535))
            return err_set(err, ERR_USAGE,
                           "malformed PostgreSQL URI: the port is not a number from 1 to 65535");
        port = given ? end : port;
        if (*port != ',' && *port != '\0')
            return err_set(err, ERR_USAGE,
                           "malformed PostgreSQL URI: the port is not a number from 1 to 65535");
        port += *port == ',';
    }
    return true;
}

/* libpq's own message quotes the URI, or a part of it that may be a password: its start tells what
 * is wrong, and that is enough. */
static bool malformed_uri(const char *message, struct err *err)
{
    static const struct {
        const char *start, *meaning;
    } reasons[] = {
        {"invalid URI query parameter", "it has a parameter that libpq does not know"},
        {"missing key/value separator", "a parameter has no \"=\""},
        {"extra key/value separator", "a parameter has more than one \"=\""},
        {"invalid percent-encoded", "a % is not followed by two hexadecimal digits"},
        {"forbidden value %00", "it holds %00"},
        {"end of string reached when looking for matching \"]\"", "a [ of an address has no ]"},
        {"IPv6 host address may not be empty", "the address in [] is empty"},
        {"unexpected character", "something stands behind the ] of an address"},
        {"unexpected spaces", "it holds a space; write %20"},
    };
    for (size_t i = 0; message && i < sizeof reasons / sizeof *reasons; i++)
        if (strncmp(message, reasons[i].start, strlen(reasons[i].start)) == 0)
            return err_set(err, ERR_USAGE, "malformed PostgreSQL URI: %s", reasons[i].meaning);
    return err_set(err, ERR_USAGE, "malformed PostgreSQL URI");
}

static bool check_uri(const char *uri, bool *has_timeout, struct err *err)
{
    char *message = NULL;
    *has_timeout = false;
    if (!check_raw_characters(uri, err))
        return false;
    PQconninfoOption *options = PQconninfoParse(uri, &message);
    bool ok =
        options ? check_ports(option_value(options, "port"), err) : malformed_uri(message, err);
    *has_timeout = option_value(options, "connect_timeout") || option_value(options, "service") ||
                   getenv("PGCONNECT_TIMEOUT") || getenv("PGSERVICE");
    PQconninfoFree(options);
    PQfreemem(message);
    return ok;
}

static void add_encoded(struct buffer *out, const char *text, const char *also_plain)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
                     strchr("-._~", c) || strchr(also_plain, c);
        if (plain)
            buffer_add_byte(out, c);
        else
            buffer_printf(out, "%%%02X", c);
    }
}

/* The parameters that say what was connected to, and hold no secrets. */
static void add_parameters(struct buffer *out, const PQconninfoOption *options, bool by_socket,
                           PGconn *pg)
{
    static const char *const shown[] = {"sslmode", "sslrootcert", "sslcert",
                                        "target_session_attrs"};
    char separator = '?';
    if (by_socket) {
        buffer_add_text(out, "?host=");
        add_encoded(out, PQhost(pg), "/");
        buffer_printf(out, "&port=%s", PQport(pg));
        separator = '&';
    }
    for (; options && options->keyword; options++) {
        bool known = false;
        for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
            known = known || strcmp(options->keyword, shown[i]) == 0;
        if (!known || !options->val || !*options->val ||
            (options->compiled && strcmp(options->val, options->compiled) == 0))
            continue;
        buffer_printf(out, "%c%s=", separator, options->keyword);
        add_encoded(out, options->val, "/");
        separator = '&';
    }
}

static void show_uri(PGconn *pg, char *shown, size_t size)
{
    struct buffer out = BUFFER_INIT(size - 1);
    PQconninfoOption *options = PQconninfo(pg);
    const char *host = PQhost(pg);
    bool by_socket = host && (*host == '/' || *host == '@');

    buffer_add_text(&out, "postgresql://");
    add_encoded(&out, PQuser(pg) ? PQuser(pg) : "", "");
    buffer_add_text(&out, "@");
    if (host && !by_socket) {
        bool ipv6 = strchr(host, ':') != NULL;
        buffer_add_text(&out, ipv6 ? "[" : "");
        add_encoded(&out, host, ":");
        buffer_printf(&out, "%s:%s", ipv6 ? "]" : "", PQport(pg));
    }
    buffer_add_text(&out, "/");
    add_encoded(&out, PQdb(pg) ? PQdb(pg) : "", "");
    add_parameters(&out, options, by_socket, pg);
    snprintf(shown, size, "%s", (const char *)out.data);
    PQconninfoFree(options);
    buffer_free(&out);
}

/* ---- Connecting ------------------------------------------------------------------------------ */

/* What libpq says of each address it tried, each reason once, without what we say ourselves. */
static void add_reasons(struct buffer *out, const char *message)
{
    while (*message) {
        size_t length = strcspn(message, "\n");
        char *line = mem_copy_bytes(message, length);
        message += length + (message[length] == '\n');
        char *reason = strstr(line, "failed: ");
        reason = reason ? reason + strlen("failed: ") : line;
        if (strncmp(reason, "FATAL:", 6) == 0)
            reason += 6;
        reason += strspn(reason, " \t");
        one_line(reason);
        if (*reason && !strstr((char *)out->data, reason) && *line != '\t')
            buffer_printf(out, "%s%s", out->length ? "; " : "", reason);
        free(line);
    }
}

/* Wrong options are found by libpq only when it connects. */
static bool is_bad_option(const char *message)
{
    static const char *const starts[] = {"invalid ", "definition of service", "service file",
                                         "could not match", "syntax error in service file"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strncmp(message, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

static bool refuse(PGconn *pg, struct err *err)
{
    struct buffer reasons = BUFFER_INIT(600);
    PQconninfoOption *options = PQconninfo(pg);
    const char *host = option_value(options, "host");
    const char *port = option_value(options, "port");
    const char *user = option_value(options, "user");
    const char *database = option_value(options, "dbname");
    const char *password = PQpass(pg);

    host = host ? host : option_value(options, "hostaddr");
    add_reasons(&reasons, PQerrorMessage(pg));
    if (password && *password && strstr((char *)reasons.data, password)) {
        buffer_clear(&reasons);
        buffer_add_text(&reasons, "the server or libpq refuses the connection");
    }
    enum err_code code =
        is_bad_option(PQerrorMessage(pg)) && !PQparameterStatus(pg, "server_version")
            ? ERR_USAGE
            : ERR_UNREACHABLE;
    err_set(err, code, "cannot connect to PostgreSQL at %s, port %s, database %s, as user %s: %s",
            host ? host : "the local socket", port ? port : "5432",
            database ? database : (user ? user : "?"), user ? user : "?",
            reasons.length ? (char *)reasons.data : "no reason was given");
    PQconninfoFree(options);
    buffer_free(&reasons);
    return false;
}

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
    if (!query(connection, pin_search_path_sql, 0, NULL, &result, ERR_UNREACHABLE,
               connection->place, err))
        return false;
    PQclear(result);
    buffer_add_text(&sql, "SELECT");
    for (size_t i = 0; i < sizeof pins / sizeof *pins; i++)
        if (connection->version >= pins[i].since && (superuser || !pins[i].superuser))
            buffer_printf(&sql, "%s pg_catalog.set_config('%s', '%s', false)", i ? "," : "",
                          pins[i].name, pins[i].value);
    bool ok = query(connection, (char *)sql.data, 0, NULL, &result, ERR_UNREACHABLE,
                    connection->place, err);
    buffer_free(&sql);
    if (!ok)
        return false;
    PQclear(result);
    if (!query(connection,
               "SELECT pg_catalog.current_setting('zero_damaged_pages') = 'on'"
               " OR pg_catalog.current_setting('ignore_checksum_failure') = 'on',"
               " pg_catalog.current_setting('server_encoding') = 'SQL_ASCII',"
               " pg_catalog.pg_backend_pid()",
               0, NULL, &result, ERR_UNREACHABLE, connection->place, err))
        return false;
    connection->skips_damaged = true_at(result, 0, 0);
    connection->sql_ascii = true_at(result, 0, 1);
    connection->id = mem_copy_string(text_at(result, 0, 2));
    own_sessions_add(OWN_SERVER, connection->id);
    PQclear(result);
    return true;
}

/*
 * What a transaction sees of a table that was truncated or rewritten after its snapshot is nothing
 * ("MVCC Caveats" in the manual): rows would be missing that are not. The catalog as of the
 * snapshot names the file that the rows were in then, pg_relation_filenode() the one of now. The
 * statement that was prepared before holds the lock that keeps it so.
 */
static const char rewritten_sql[] =
    "SELECT pg_catalog.count(*) > 0 FROM ("
    " SELECT $1::pg_catalog.regclass::pg_catalog.oid AS oid UNION"
    " SELECT relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree($1::pg_catalog.regclass)) r"
    " LEFT JOIN pg_catalog.pg_class c ON c.oid = r.oid"
    " WHERE c.oid IS NULL OR (c.relkind IN ('r', 'm') AND c.relfilenode <> 0"
    "  AND pg_catalog.pg_relation_filenode(c.oid) IS DISTINCT FROM c.relfilenode)";

/* It runs before every scan, so it is planned once. */
static bool prepare_questions(struct connection *connection, struct err *err)
{
    PGresult *result = PQprepare(connection->pg, "tally_rewritten", rewritten_sql, 1, NULL);
    bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!ok)
        fail(connection, result, ERR_UNREACHABLE, connection->place, err);
    PQclear(result);
    return ok;
}

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

static void postgres_disconnect(struct connection *connection);

static bool set_up(struct connection *connection, struct server_info *info, struct err *err)
{
    PGconn *pg = connection->pg;
    if (PQstatus(pg) != CONNECTION_OK)
        return refuse(pg, err);
    PQsetNoticeReceiver(pg, ignore_notice, NULL);
    const char *version = PQparameterStatus(pg, "server_version");
    version = version ? version : "of an unknown version";
    connection->version = PQserverVersion(pg);
    connection->socket = PQsocket(pg);
    connection->canceller = canceller_new(pg);
    snprintf(connection->place, sizeof connection->place, "PostgreSQL at %s, port %s, database %s",
             PQhost(pg), PQport(pg), PQdb(pg));
    if (connection->version < OLDEST_VERSION)
        return err_set(err, ERR_UNREACHABLE,
                       "%s: version %.40s is too old, Tally reads 12 and later", connection->place,
                       version);
    if (!pin_session(connection, err) || !prepare_questions(connection, err))
        return false;
    if (!info)
        return true;
    snprintf(info->version, sizeof info->version, "PostgreSQL %.*s", (int)strcspn(version, " "),
             version);
    show_uri(pg, info->shown_uri, sizeof info->shown_uri);
    return true;
}

static bool postgres_connect(const char *uri, struct connection **connection,
                             struct server_info *info, struct err *err)
{
    bool has_timeout;
    *connection = NULL;
    if (!check_uri(uri, &has_timeout, err))
        return false;
    struct connection *new = mem_zero(1, sizeof *new);
    new->socket = -1;
    new->pg = open_connection(uri, has_timeout);
    if (!set_up(new, info, err)) {
        /* A session that was refused while being set up is of no use to anyone. */
        if (err->code == ERR_LOST)
            err->code = ERR_UNREACHABLE;
        postgres_disconnect(new);
        return false;
    }
    *connection = new;
    return true;
}

/* PQfinish() closes without reading what is under way; the server would notice only at its next
 * row, which may be long in coming. */
static void postgres_disconnect(struct connection *connection)
{
    if (!connection)
        return;
    if (connection->scanning && PQstatus(connection->pg) == CONNECTION_OK)
        send_cancel(connection->canceller);
    if (connection->id)
        own_sessions_remove(OWN_SERVER, connection->id);
    free(connection->id);
    PQfreemem(connection->message);
    PQfinish(connection->pg);
    if (connection->canceller)
        canceller_release(connection->canceller);
    pgcopy_free(&connection->copy);
    pgtypes_free(&connection->types);
    free(connection->columns);
    free(connection);
}

/* ---- Names and types ------------------------------------------------------------------------- */

void engine_pg_quote_name(struct buffer *out, const char *name)
{
    buffer_add_byte(out, '"');
    for (; *name; name++) {
        if (*name == '"')
            buffer_add_byte(out, '"');
        buffer_add_byte(out, (unsigned char)*name);
    }
    buffer_add_byte(out, '"');
}

void engine_pg_quote_table(struct buffer *out, const char *schema, const char *name)
{
    engine_pg_quote_name(out, schema);
    buffer_add_byte(out, '.');
    engine_pg_quote_name(out, name);
}

/* Types by OID, with the bases of domains and the elements of arrays. An array is what array_in
 * reads: int2vector and point have elements too. */
static const char types_sql[] =
    "WITH RECURSIVE wanted(oid) AS ("
    " SELECT pg_catalog.unnest($1::pg_catalog.oid[])"
    " UNION"
    " SELECT part.oid FROM wanted JOIN pg_catalog.pg_type t ON t.oid = wanted.oid,"
    "  LATERAL (VALUES (t.typbasetype), (t.typelem)) AS part(oid) WHERE part.oid <> 0)"
    "SELECT t.oid, t.typtype, t.typname, n.nspname, e.extname, t.typbasetype, t.typtypmod,"
    " CASE WHEN t.typinput = 'pg_catalog.array_in'::pg_catalog.regproc THEN t.typelem ELSE 0 END"
    " FROM wanted JOIN pg_catalog.pg_type t ON t.oid = wanted.oid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace"
    " LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass"
    "  AND d.objid = t.oid AND d.deptype = 'e'"
    "  AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass"
    " LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid";

/* Adds OIDs to an array literal: "{16,23". */
static void add_oid(struct buffer *list, uint32_t oid)
{
    buffer_printf(list, "%c%" PRIu32, list->length ? ',' : '{', oid);
}

static void close_list(struct buffer *list)
{
    buffer_add_text(list, list->length ? "}" : "{}");
}

/* Makes sure that these types are known. oids: ascending. */
static bool load_types(struct connection *connection, const uint32_t *oids, size_t count,
                       struct err *err)
{
    struct buffer list = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < count; i++)
        if (!pgtypes_find(&connection->types, oids[i]) && (i == 0 || oids[i] != oids[i - 1]))
            add_oid(&list, oids[i]);
    if (!list.length) {
        buffer_free(&list);
        return true;
    }
    close_list(&list);
    PGresult *result;
    const char *values[1] = {(char *)list.data};
    bool ok = query(connection, types_sql, 1, values, &result, ERR_TABLE, "reading the types", err);
    buffer_free(&list);
    if (!ok)
        return false;
    for (int i = 0; i < PQntuples(result); i++) {
        struct pgtype row = {.oid = oid_at(result, i, 0),
                             .kind = *text_at(result, i, 1),
                             .name = text_at(result, i, 2),
                             .schema = text_at(result, i, 3),
                             .extension = PQgetisnull(result, i, 4) ? NULL : text_at(result, i, 4),
                             .base_oid = oid_at(result, i, 5),
                             .base_modifier = int_at(result, i, 6),
                             .element_oid = oid_at(result, i, 7)};
        pgtypes_add(&connection->types, &row);
    }
    PQclear(result);
    pgtypes_resolve(&connection->types);
    return true;
}

/* ---- The schema ------------------------------------------------------------------------------ */

/* The schemas of the search path that exist, in its order. current_schemas() would leave out those
 * that we may not use, and with them the chance to say so. */
static const char search_path_sql[] =
    "SELECT n.nspname"
    " FROM pg_catalog.regexp_matches(pg_catalog.current_setting('search_path'),"
    "  '\"(?:[^\"]|\"\")*\"|[^\", ]+', 'g') WITH ORDINALITY AS m(word, place)"
    " JOIN pg_catalog.pg_namespace n ON n.nspname = CASE"
    "  WHEN word[1] IN ('\"$user\"', '$user') THEN current_user"
    "  WHEN word[1] LIKE '\"%' THEN pg_catalog.replace("
    "   pg_catalog.substr(word[1], 2, pg_catalog.length(word[1]) - 2), '\"\"', '\"')"
    "  ELSE pg_catalog.lower(word[1]) END"
    " WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
    " ORDER BY place";

/* Relations of schemas $1, but for leaves of partitioned tables, temporary ones and what belongs to
 * extensions. Only heaps have blocks that a ctid names. */
static const char relations_sql[] =
    "SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltuples::pg_catalog.float8,"
    " CASE WHEN c.relkind IN ('r', 'm') AND am.amname = 'heap' THEN "
    "pg_catalog.pg_relation_size(c.oid)"
    "  / pg_catalog.current_setting('block_size')::pg_catalog.int8 ELSE 0 END,"
    " CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_table_size(c.oid) ELSE 0 END,"
    " pg_catalog.has_schema_privilege(n.oid, 'USAGE'),"
    " pg_catalog.has_any_column_privilege(c.oid, 'SELECT'),"
    " c.relkind = 'r' AND c.relhassubclass"
    "  AND EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid)"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam"
    " WHERE n.nspname = ANY ($1::pg_catalog.name[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')"
    "  AND NOT c.relispartition AND c.relpersistence <> 't'"
    "  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d"
    "   WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid"
    "   AND d.deptype = 'e')"
    " ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

/* The leaves of the partitioned tables $1. Reading a leaf by itself takes a privilege on itself. */
static const char leaves_sql[] =
    "WITH RECURSIVE tree(root, oid) AS ("
    " SELECT r.oid, r.oid FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS r(oid)"
    " UNION ALL"
    " SELECT tree.root, i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = "
    "tree.oid)"
    "SELECT tree.root, n.nspname, c.relname, c.relkind, c.reltuples::pg_catalog.float8,"
    " CASE WHEN c.relkind = 'r' AND am.amname = 'heap' THEN pg_catalog.pg_relation_size(c.oid)"
    "  / pg_catalog.current_setting('block_size')::pg_catalog.int8 ELSE 0 END,"
    " CASE WHEN c.relkind = 'r' THEN pg_catalog.pg_table_size(c.oid) ELSE 0 END,"
    " pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
    "  AND pg_catalog.has_table_privilege(c.oid, 'SELECT')"
    " FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam"
    " WHERE c.relkind <> 'p'"
    " ORDER BY tree.root, n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

/* What inherits from tables $1, in whatever schema. A temporary child is its own session's. */
static const char children_sql[] =
    "WITH RECURSIVE tree(root, oid) AS ("
    " SELECT r.oid, r.oid FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS r(oid)"
    " UNION"
    " SELECT tree.root, i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = "
    "tree.oid)"
    "SELECT tree.root, c.oid, n.nspname, c.relname"
    " FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE tree.oid <> tree.root AND c.relpersistence <> 't'"
    " ORDER BY tree.root, n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

/* Columns of relations $1. Since version 18 a NOT NULL constraint may be one that old rows break.
 */
static const char columns_sql[] =
    "SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod,"
    " pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated <> '',"
    " pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')"
    " FROM pg_catalog.pg_attribute a"
    " WHERE a.attrelid = ANY ($1::pg_catalog.oid[]) AND a.attnum > 0 AND NOT a.attisdropped"
    " ORDER BY a.attrelid, a.attnum";
static const char columns_18_sql[] =
    "SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod,"
    " pg_catalog.format_type(a.atttypid, a.atttypmod),"
    " a.attnotnull AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint n"
    "  WHERE n.conrelid = a.attrelid AND n.contype = 'n' AND n.conkey[1] = a.attnum"
    "  AND NOT n.convalidated),"
    " a.attgenerated <> '', pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')"
    " FROM pg_catalog.pg_attribute a"
    " WHERE a.attrelid = ANY ($1::pg_catalog.oid[]) AND a.attnum > 0 AND NOT a.attisdropped"
    " ORDER BY a.attrelid, a.attnum";

/* Unique indexes of relations $1: the first indnkeyatts entries of indkey are the key, 0 stands for
 * an expression. A deferrable one holds for all committed rows, and others we do not see. */
static const char keys_sql[] =
    "SELECT i.indrelid, c.relname, i.indisprimary,"
    " i.indpred IS NOT NULL OR i.indexprs IS NOT NULL, i.indnkeyatts, i.indkey"
    " FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid"
    " WHERE i.indrelid = ANY ($1::pg_catalog.oid[]) AND i.indisunique AND i.indisvalid"
    " ORDER BY i.indrelid, i.indisprimary DESC, c.relname COLLATE \"C\"";

/* What read_schema() knows of a table beside its struct. */
struct relation {
    uint32_t oid;
    struct table *table;
    char kind; /* relkind */
    bool usable, readable, has_children;
    int *numbers; /* attnum of each column, ascending */
};

struct reading {
    struct connection *connection;
    struct schema *schema;
    size_t count;
    struct relation *relations; /* by OID */
};

static int compare_relations(const void *one, const void *other)
{
    uint32_t a = ((const struct relation *)one)->oid, b = ((const struct relation *)other)->oid;
    return a < b ? -1 : a > b;
}

static struct relation *find_relation(const struct reading *reading, uint32_t oid)
{
    struct relation wanted = {.oid = oid};
    return bsearch(&wanted, reading->relations, reading->count, sizeof wanted, compare_relations);
}

/* Number of rows of a result from `first` on that have the same OID in column 0. */
static int group_length(const PGresult *result, int first)
{
    int last = first;
    const char *oid = text_at(result, first, 0);
    while (last < PQntuples(result) && strcmp(text_at(result, last, 0), oid) == 0)
        last++;
    return last - first;
}

/* reltuples is -1 before the first ANALYZE. */
static uint64_t estimate_rows(double tuples, uint64_t bytes)
{
    return tuples >= 0 ? (uint64_t)tuples : bytes / GUESSED_ROW_BYTES;
}

static double double_at(const PGresult *result, int row, int column)
{
    return strtod(PQgetvalue(result, row, column), NULL);
}

/* An array literal of names. */
void engine_pg_add_names(struct buffer *list, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_add_text(list, i ? ",\"" : "{\"");
        for (const char *c = names[i]; *c; c++) {
            if (*c == '"' || *c == '\\')
                buffer_add_byte(list, '\\');
            buffer_add_byte(list, (unsigned char)*c);
        }
        buffer_add_byte(list, '"');
    }
    close_list(list);
}

/* Sets the default schema, and in *names the array literal of the schemas to be read. */
static bool choose_schemas(struct reading *reading, const char *const *schemas, size_t count,
                           struct buffer *names, struct err *err)
{
    PGresult *result;
    if (!query(reading->connection, search_path_sql, 0, NULL, &result, ERR_UNREACHABLE,
               "reading the search path", err))
        return false;
    size_t found = (size_t)PQntuples(result);
    const char **path = mem_zero(found + 1, sizeof *path);
    for (size_t i = 0; i < found; i++)
        path[i] = text_at(result, (int)i, 0);
    reading->schema->default_schema =
        arena_copy(&reading->schema->arena, found ? path[0] : "public");
    engine_pg_add_names(names, count ? schemas : path, count ? count : found);
    free(path);
    PQclear(result);
    return true;
}

static enum relation_kind relation_kind(char kind)
{
    switch (kind) {
    case 'v':
    case 'm':
        return RELATION_VIEW;
    case 'S':
        return RELATION_SEQUENCE;
    case 'f':
        return RELATION_FOREIGN;
    default:
        return RELATION_TABLE;
    }
}

static void add_phrase(struct buffer *out, const char *phrase)
{
    buffer_printf(out, "%s%s", out->length ? "; " : "", phrase);
}

static void set_note(const struct connection *connection, const struct relation *relation,
                     struct arena *arena)
{
    struct buffer note = BUFFER_INIT(1000);
    if (connection->sql_ascii)
        add_phrase(&note,
                   "the database's encoding is SQL_ASCII: its text is read as UTF-8, and text "
                   "that is not makes the table unreadable");
    if (connection->skips_damaged)
        add_phrase(&note, "the server is set to skip damaged pages (zero_damaged_pages or "
                          "ignore_checksum_failure): their rows would be missing");
    relation->table->note = note.length ? arena_copy(arena, (char *)note.data) : NULL;
    buffer_free(&note);
}

/* From row `row` of the relations. */
static void fill_table(struct reading *reading, const PGresult *result, int row,
                       struct relation *relation)
{
    struct arena *arena = &reading->schema->arena;
    struct table *table = &reading->schema->tables[row];
    *relation = (struct relation){.oid = oid_at(result, row, 0),
                                  .table = table,
                                  .kind = *text_at(result, row, 3),
                                  .usable = true_at(result, row, 7),
                                  .readable = true_at(result, row, 8),
                                  .has_children = true_at(result, row, 9)};
    table->schema = arena_copy(arena, text_at(result, row, 1));
    table->name = arena_copy(arena, text_at(result, row, 2));
    table->label = arena_format(arena, "%s.%s", table->schema, table->name);
    table->kind = relation_kind(relation->kind);
    table->byte_estimate = count_at(result, row, 6);
    table->row_estimate = estimate_rows(double_at(result, row, 4), table->byte_estimate);
    if (!relation->usable)
        table->unreadable = arena_format(arena, "no USAGE privilege on schema %s", table->schema);
    else if (!relation->readable)
        table->unreadable = arena_format(arena, "no SELECT privilege on %s", table->label);
    set_note(reading->connection, relation, arena);
    /* The one part; a partitioned table's leaves replace it if they can be read by themselves.
     * ONLY: children by inheritance are tables of their own. */
    struct buffer from = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add_text(&from, relation->kind == 'r' ? "ONLY " : "");
    engine_pg_quote_table(&from, table->schema, table->name);
    table->part_count = 1;
    table->parts = arena_alloc(arena, sizeof *table->parts);
    *table->parts = (struct table_part){.from = arena_copy(arena, (char *)from.data),
                                        .pages = count_at(result, row, 5)};
    buffer_free(&from);
}

static bool read_relations(struct reading *reading, const struct buffer *schemas, struct err *err)
{
    PGresult *result;
    const char *values[1] = {(char *)schemas->data};
    if (!query(reading->connection, relations_sql, 1, values, &result, ERR_UNREACHABLE,
               "reading the catalog of tables", err))
        return false;
    int count = PQntuples(result);
    struct schema *schema = reading->schema;
    reading->count = schema->table_count = (size_t)count;
    reading->relations = mem_zero((size_t)count + 1, sizeof *reading->relations);
    schema->tables = arena_alloc(&schema->arena, ((size_t)count + 1) * sizeof *schema->tables);
    for (int i = 0; i < count; i++)
        fill_table(reading, result, i, &reading->relations[i]);
    PQclear(result);
    qsort(reading->relations, reading->count, sizeof *reading->relations, compare_relations);
    return true;
}

/* The children of one table stand in rows [first, first + count) of the result. */
static void fill_children(struct reading *reading, const PGresult *result, int first, int count,
                          struct table *table)
{
    struct arena *arena = &reading->schema->arena;
    struct table_child *children = arena_alloc(arena, (size_t)count * sizeof *children);
    for (int i = 0; i < count; i++) {
        int row = first + i;
        const struct relation *child = find_relation(reading, oid_at(result, row, 1));
        children[i] = (struct table_child){
            .label = arena_format(arena, "%s.%s", text_at(result, row, 2), text_at(result, row, 3)),
            .table = child ? child->table : NULL};
    }
    table->child_count = (size_t)count;
    table->children = children;
}

static bool read_children(struct reading *reading, struct err *err)
{
    struct buffer parents = BUFFER_INIT(BUFFER_NO_LIMIT);
    PGresult *result;
    for (size_t i = 0; i < reading->count; i++)
        if (reading->relations[i].has_children)
            add_oid(&parents, reading->relations[i].oid);
    if (!parents.length) {
        buffer_free(&parents);
        return true;
    }
    close_list(&parents);
    const char *values[1] = {(char *)parents.data};
    bool ok = query(reading->connection, children_sql, 1, values, &result, ERR_UNREACHABLE,
                    "reading the catalog of inheritance", err);
    buffer_free(&parents);
    if (!ok)
        return false;
    for (int row = 0; row < PQntuples(result);) {
        int count = group_length(result, row);
        struct relation *relation = find_relation(reading, oid_at(result, row, 0));
        if (relation)
            fill_children(reading, result, row, count, relation->table);
        row += count;
    }
    PQclear(result);
    return true;
}

/* Array literal of the OIDs of all relations, or of those of one kind. */
static void add_relations(const struct reading *reading, char kind, struct buffer *list)
{
    for (size_t i = 0; i < reading->count; i++)
        if (!kind || reading->relations[i].kind == kind)
            add_oid(list, reading->relations[i].oid);
    close_list(list);
}

/* The name of a row of the leaves, for FROM. A foreign table has no ONLY: it may be a parent
 * elsewhere. */
static void add_leaf(struct buffer *out, const PGresult *result, int row)
{
    buffer_add_text(out, *text_at(result, row, 3) == 'f' ? "" : "ONLY ");
    engine_pg_quote_table(out, text_at(result, row, 1), text_at(result, row, 2));
}

/* The leaves of one table stand in rows [first, first + count) of the result. */
static void fill_parts(struct reading *reading, const PGresult *result, int first, int count,
                       struct table *table)
{
    struct arena *arena = &reading->schema->arena;
    struct table_part *parts = arena_alloc(arena, (size_t)count * sizeof *parts);
    struct buffer from = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool readable = true;

    table->row_estimate = table->byte_estimate = 0;
    for (int i = 0; i < count; i++) {
        int row = first + i;
        buffer_clear(&from);
        add_leaf(&from, result, row);
        parts[i] = (struct table_part){.from = arena_copy(arena, (char *)from.data),
                                       .pages = count_at(result, row, 5)};
        uint64_t bytes = count_at(result, row, 6);
        table->byte_estimate += bytes;
        table->row_estimate += estimate_rows(double_at(result, row, 4), bytes);
        readable = readable && true_at(result, row, 7);
    }
    buffer_free(&from);
    if (!readable)
        return; /* but the root may be: there, privileges on the leaves do not count */
    table->part_count = (size_t)count;
    table->parts = parts;
}

static bool read_leaves(struct reading *reading, struct err *err)
{
    struct buffer list = BUFFER_INIT(BUFFER_NO_LIMIT);
    PGresult *result;
    add_relations(reading, 'p', &list);
    const char *values[1] = {(char *)list.data};
    bool ok = query(reading->connection, leaves_sql, 1, values, &result, ERR_UNREACHABLE,
                    "reading the catalog of partitions", err);
    buffer_free(&list);
    if (!ok)
        return false;
    for (int row = 0; row < PQntuples(result);) {
        int count = group_length(result, row);
        struct relation *relation = find_relation(reading, oid_at(result, row, 0));
        if (relation)
            fill_parts(reading, result, row, count, relation->table);
        row += count;
    }
    PQclear(result);
    return true;
}

static void fill_column(struct reading *reading, const PGresult *result, int row,
                        const struct relation *relation, struct column *column)
{
    struct arena *arena = &reading->schema->arena;
    const struct pgtype *type = pgtypes_find(&reading->connection->types, oid_at(result, row, 3));
    *column = (struct column){.name = arena_copy(arena, text_at(result, row, 2)),
                              .nullable = !true_at(result, row, 6),
                              .generated = true_at(result, row, 7)};
    const char *name = text_at(result, row, 5);
    if (type) {
        pgtype_fill(type, int_at(result, row, 4), name, arena, &column->type);
    } else { /* dropped between two of our questions */
        column->type = (struct type){.name = arena_copy(arena, name), .base = "unknown"};
    }
    if (column->type.class == TYPE_UNKNOWN)
        column->unreadable = arena_format(arena, "values of type %s cannot be read", name);
    else if (!true_at(result, row, 8) && relation->usable)
        column->unreadable = arena_format(arena, "no SELECT privilege on column %s of %s",
                                          column->name, relation->table->label);
}

static int compare_oids(const void *one, const void *other)
{
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return a < b ? -1 : a > b;
}

/* Loads the types whose OIDs are in column `column` of the result. */
static bool load_column_types(struct connection *connection, const PGresult *result, int column,
                              struct err *err)
{
    size_t count = (size_t)PQntuples(result);
    uint32_t *oids = mem_zero(count + 1, sizeof *oids);
    for (size_t i = 0; i < count; i++)
        oids[i] = oid_at(result, (int)i, column);
    qsort(oids, count, sizeof *oids, compare_oids);
    bool ok = load_types(connection, oids, count, err);
    free(oids);
    return ok;
}

static bool read_columns(struct reading *reading, const char *relations, struct err *err)
{
    struct connection *connection = reading->connection;
    const char *values[1] = {relations};
    PGresult *result;
    if (!query(connection, connection->version >= 180000 ? columns_18_sql : columns_sql, 1, values,
               &result, ERR_UNREACHABLE, "reading the catalog of columns", err))
        return false;
    if (!load_column_types(connection, result, 3, err)) {
        PQclear(result);
        return false;
    }
    for (int row = 0; row < PQntuples(result);) {
        size_t count = (size_t)group_length(result, row);
        struct relation *relation = find_relation(reading, oid_at(result, row, 0));
        if (relation) {
            struct table *table = relation->table;
            table->column_count = count;
            table->columns = arena_alloc(&reading->schema->arena, count * sizeof *table->columns);
            relation->numbers = mem_zero(count, sizeof *relation->numbers);
            for (size_t i = 0; i < count; i++) {
                relation->numbers[i] = int_at(result, row + (int)i, 1);
                fill_column(reading, result, row + (int)i, relation, &table->columns[i]);
            }
        }
        row += (int)count;
    }
    PQclear(result);
    return true;
}

/* Index of the column with this attnum; column_count: none. */
static size_t column_of(const struct relation *relation, long number)
{
    size_t i = 0;
    while (i < relation->table->column_count && relation->numbers[i] != number)
        i++;
    return i;
}

static void fill_key(struct reading *reading, const PGresult *result, int row,
                     const struct relation *relation, struct key *key)
{
    struct arena *arena = &reading->schema->arena;
    size_t count = count_at(result, row, 4);
    size_t *columns = arena_alloc(arena, (count + 1) * sizeof *columns);
    *key = (struct key){.name = arena_copy(arena, text_at(result, row, 1)),
                        .primary = true_at(result, row, 2),
                        .has_prefix = true_at(result, row, 3),
                        .columns = columns};
    char *place = PQgetvalue(result, row, 5); /* "3 1 0" */
    for (size_t i = 0; i < count; i++) {
        size_t column = column_of(relation, strtol(place, &place, 10));
        if (column == relation->table->column_count) {
            key->has_prefix = true;
            continue;
        }
        columns[key->column_count++] = column;
        key->nullable = key->nullable || relation->table->columns[column].nullable;
    }
}

static bool read_keys(struct reading *reading, const char *relations, struct err *err)
{
    const char *values[1] = {relations};
    PGresult *result;
    if (!query(reading->connection, keys_sql, 1, values, &result, ERR_UNREACHABLE,
               "reading the catalog of keys", err))
        return false;
    for (int row = 0; row < PQntuples(result);) {
        size_t count = (size_t)group_length(result, row);
        struct relation *relation = find_relation(reading, oid_at(result, row, 0));
        if (relation) {
            struct table *table = relation->table;
            table->key_count = count;
            table->keys = arena_alloc(&reading->schema->arena, count * sizeof *table->keys);
            for (size_t i = 0; i < count; i++)
                fill_key(reading, result, row + (int)i, relation, &table->keys[i]);
        }
        row += (int)count;
    }
    PQclear(result);
    return true;
}

static bool postgres_read_schema(struct connection *connection, const char *const *schemas,
                                 size_t schema_count, struct schema *schema, struct err *err)
{
    struct reading reading = {.connection = connection, .schema = schema};
    struct buffer names = BUFFER_INIT(BUFFER_NO_LIMIT), relations = BUFFER_INIT(BUFFER_NO_LIMIT);

    *schema = (struct schema){.table_count = 0};
    bool ok = choose_schemas(&reading, schemas, schema_count, &names, err) &&
              read_relations(&reading, &names, err);
    if (ok) {
        add_relations(&reading, 0, &relations);
        ok = read_leaves(&reading, err) && read_children(&reading, err) &&
             read_columns(&reading, (char *)relations.data, err) &&
             read_keys(&reading, (char *)relations.data, err);
    }
    for (size_t i = 0; i < reading.count; i++)
        free(reading.relations[i].numbers);
    free(reading.relations);
    buffer_free(&relations);
    buffer_free(&names);
    if (!ok)
        err_prefix(err, "%s", connection->place);
    return ok;
}

/* ---- Questions while planning ---------------------------------------------------------------- */

static bool postgres_probe(struct connection *connection, const char *schema_name,
                           const char *table_name, enum existence *existence, struct err *err)
{
    const char *values[2] = {schema_name, table_name};
    PGresult *result;
    if (!query(
            connection,
            "SELECT pg_catalog.bool_or(pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
            " AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT'))"
            " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relname = $2"
            "  AND CASE WHEN $1::pg_catalog.text IS NULL"
            "   THEN n.nspname = ANY (pg_catalog.current_schemas(false)) ELSE n.nspname = $1 END",
            2, values, &result, ERR_TABLE, table_name, err))
        return false;
    *existence = PQgetisnull(result, 0, 0) ? EXISTS_NOT
                 : true_at(result, 0, 0)   ? EXISTS_READABLE
                                           : EXISTS_UNREADABLE;
    PQclear(result);
    return true;
}

/* pg_attribute shows all columns to everyone. */
static bool postgres_hides_columns(struct connection *connection, const struct table *table,
                                   bool *hidden, struct err *err)
{
    (void)connection;
    (void)table;
    (void)err;
    *hidden = false;
    return true;
}

/* Reads the results of a pipeline up to its synchronisation point. The first error goes to *error,
 * the last successful result with columns to *described, both for the caller to clear. */
static void read_pipeline(PGconn *pg, PGresult **described, PGresult **rows, PGresult **error)
{
    bool ended = false;
    *described = *rows = *error = NULL;
    while (!ended) {
        PGresult *result = PQgetResult(pg);
        ExecStatusType status = result ? PQresultStatus(result) : PGRES_COMMAND_OK;
        PGresult **kept = NULL;
        if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE)
            kept = error;
        else if (status == PGRES_TUPLES_OK)
            kept = rows;
        else if (result && status == PGRES_COMMAND_OK)
            kept = described; /* the description is the last of the successes without rows */
        ended = status == PGRES_PIPELINE_SYNC || PQstatus(pg) == CONNECTION_BAD;
        if (kept && !(kept == error && *error)) {
            PQclear(*kept);
            *kept = result;
        } else {
            PQclear(result);
        }
    }
}

/* Prepares one statement and describes its columns, in one round trip. relation: NULL, or the table
 * whose file has to be the snapshot's. what: for messages. */
static bool describe_statement(struct connection *connection, const char *sql, const char *relation,
                               enum err_code usage, const char *what, PGresult **described,
                               struct err *err)
{
    PGconn *pg = connection->pg;
    PGresult *rows, *error;
    const char *values[1] = {relation};

    *described = NULL;
    if (!PQenterPipelineMode(pg))
        return fail(connection, NULL, ERR_TABLE, what, err);
    /* Locks of the tables that were read before go away with the savepoint's work: thousands of
     * them would fill the server's lock table. */
    bool sent =
        (!connection->in_snapshot ||
         PQsendQueryParams(pg, "ROLLBACK TO SAVEPOINT tally", 0, NULL, NULL, NULL, NULL, 0)) &&
        PQsendPrepare(pg, "", sql, 0, NULL) && PQsendDescribePrepared(pg, "") &&
        (!relation || PQsendQueryPrepared(pg, "tally_rewritten", 1, values, NULL, NULL, 0)) &&
        PQpipelineSync(pg);
    if (!sent) {
        PQexitPipelineMode(pg);
        return fail(connection, NULL, ERR_TABLE, what, err);
    }
    read_pipeline(pg, described, &rows, &error);
    PQexitPipelineMode(pg);
    bool ok = !error && *described && (rows || !relation);
    if (!ok)
        fail(connection, error,
             error && is_usage(PQresultErrorField(error, PG_DIAG_SQLSTATE)) ? usage : ERR_TABLE,
             what, err);
    else if (rows && true_at(rows, 0, 0))
        ok = err_set(err, ERR_TABLE,
                     "%s: the table was truncated, rewritten or created after this run's snapshot; "
                     "run again",
                     what);
    else if (PQnparams(*described))
        ok = err_set(err, usage, "%s: an expression must not have parameters ($1)", what);
    if (!ok) {
        PQclear(*described);
        *described = NULL;
    }
    PQclear(error);
    PQclear(rows);
    return ok;
}

/* Are the parts the leaves of a partitioned table, and not the table itself? */
static bool is_read_by_leaves(const struct table *table)
{
    if (table->part_count > 1)
        return true;
    struct buffer name = BUFFER_INIT(BUFFER_NO_LIMIT);
    const char *from = table->parts[0].from;
    engine_pg_quote_table(&name, table->schema, table->name);
    bool itself = strcmp(strncmp(from, "ONLY ", 5) == 0 ? from + 5 : from, (char *)name.data) == 0;
    buffer_free(&name);
    return !itself;
}

/* The whole table in FROM: the root of a partitioned one. */
static void add_whole_table(struct buffer *out, const struct table *table)
{
    if (is_read_by_leaves(table))
        engine_pg_quote_table(out, table->schema, table->name);
    else
        buffer_add_text(out, table->parts[0].from);
}

/*
 * User text goes between parentheses on lines of its own, so that a comment in it ends. Text that
 * closes our parenthesis and opens another ("a) OR (b") would still pass: where it stands in WHERE
 * it could undo the other conditions. In `CASE WHEN … THEN` and `THEN … END` it does not pass; and
 * there, in WHERE, aggregates and set-returning functions do not either, which would change the
 * number of rows.
 */
static bool check_enclosed(struct connection *connection, const struct table *table,
                           const char *expression, const char *where, const char *what,
                           struct err *err)
{
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT);
    PGresult *described;
    buffer_add_text(&sql, "SELECT 1 FROM ");
    add_whole_table(&sql, table);
    buffer_printf(&sql, " WHERE (CASE WHEN\n%s\nTHEN true END)", where ? where : "true");
    if (expression)
        buffer_printf(&sql, " AND (CASE WHEN true THEN\n%s\nEND) IS NULL", expression);
    bool ok =
        describe_statement(connection, (char *)sql.data, NULL, ERR_USAGE, what, &described, err);
    PQclear(described);
    buffer_free(&sql);
    return ok;
}

static bool fill_described(struct connection *connection, struct schema *schema,
                           const PGresult *described, struct type *type, struct err *err)
{
    uint32_t oid = PQftype(described, 0);
    int modifier = PQfmod(described, 0);
    char oid_text[16], modifier_text[16];
    snprintf(oid_text, sizeof oid_text, "%" PRIu32, oid);
    snprintf(modifier_text, sizeof modifier_text, "%d", modifier);
    const char *values[2] = {oid_text, modifier_text};
    PGresult *result;
    if (!load_types(connection, &oid, 1, err) ||
        !query(connection, "SELECT pg_catalog.format_type($1::pg_catalog.oid, $2::pg_catalog.int4)",
               2, values, &result, ERR_TABLE, "reading the types", err))
        return false;
    const struct pgtype *pgtype = pgtypes_find(&connection->types, oid);
    if (pgtype)
        pgtype_fill(pgtype, modifier, text_at(result, 0, 0), &schema->arena, type);
    else
        *type = (struct type){.name = arena_copy(&schema->arena, text_at(result, 0, 0)),
                              .base = "unknown"};
    PQclear(result);
    return true;
}

static bool postgres_describe(struct connection *connection, struct schema *schema,
                              const struct table *table, const char *expression, const char *where,
                              struct type *type, struct err *err)
{
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT);
    PGresult *described;
    const char *what = table->label;

    buffer_printf(&sql, "SELECT (\n%s\n) FROM ", expression ? expression : "1");
    add_whole_table(&sql, table);
    if (where)
        buffer_printf(&sql, " WHERE (\n%s\n)", where);
    bool ok =
        describe_statement(connection, (char *)sql.data, NULL, ERR_USAGE, what, &described, err);
    buffer_free(&sql);
    if (!ok)
        return false;
    if (PQnfields(described) != 1)
        ok = err_set(err, ERR_USAGE, "%s: the expression is not one value", what);
    ok = ok && check_enclosed(connection, table, expression, where, what, err) &&
         (!expression || fill_described(connection, schema, described, type, err));
    PQclear(described);
    return ok;
}

/* ---- Snapshot -------------------------------------------------------------------------------- */

/* The savepoint is what recover() goes back to. */
static bool run(struct connection *connection, const char *sql, struct err *err)
{
    PGresult *result = PQexec(connection->pg, sql);
    ExecStatusType status = PQresultStatus(result);
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!ok)
        fail(connection, result, ERR_UNREACHABLE, connection->place, err);
    PQclear(result);
    return ok;
}

#define BEGIN_SQL "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY, NOT DEFERRABLE; "

static bool end_transaction(struct connection *connection, struct err *err)
{
    connection->in_snapshot = false;
    return PQtransactionStatus(connection->pg) == PQTRANS_IDLE || run(connection, "ROLLBACK", err);
}

/* A transaction's snapshot is taken by its first query. */
static bool begin_own(struct connection *connection, struct err *err)
{
    if (!end_transaction(connection, err) ||
        !run(connection, BEGIN_SQL "SELECT 1; SAVEPOINT tally", err))
        return false;
    connection->in_snapshot = true;
    return true;
}

/* As begin_own(), with a name for the snapshot, under which others can take it over. False with
 * ERR_TABLE: the server does not share it. A snapshot cannot be exported behind a savepoint. */
static bool begin_exported(struct connection *connection, char id[64], struct err *err)
{
    PGresult *result;
    if (!end_transaction(connection, err) || !run(connection, BEGIN_SQL, err) ||
        !query(connection, "SELECT pg_catalog.pg_export_snapshot()", 0, NULL, &result, ERR_TABLE,
               "the snapshot cannot be exported", err))
        return false;
    snprintf(id, 64, "%s", text_at(result, 0, 0));
    PQclear(result);
    if (strspn(id, "0123456789ABCDEFabcdef-") != strlen(id))
        return err_set(err, ERR_TABLE, "the snapshot has an unknown form of name");
    if (!run(connection, "SAVEPOINT tally", err))
        return false;
    connection->in_snapshot = true;
    return true;
}

static bool import_snapshot(struct connection *connection, const char *id, struct err *err)
{
    char sql[256];
    snprintf(sql, sizeof sql, BEGIN_SQL "SET TRANSACTION SNAPSHOT '%s'; SAVEPOINT tally", id);
    if (!end_transaction(connection, err) || !run(connection, sql, err))
        return false;
    connection->in_snapshot = true;
    return true;
}

static bool postgres_begin(struct connection *const *connections, size_t count,
                           enum snapshot_state *state, struct buffer *note, struct err *err)
{
    char id[64];
    struct err why = {.code = ERR_NONE};

    *state = SNAPSHOT_SHARED;
    if (count <= 1)
        return count == 0 || begin_own(connections[0], err);
    bool shared = begin_exported(connections[0], id, &why);
    for (size_t i = 1; shared && i < count; i++)
        shared = import_snapshot(connections[i], id, &why);
    if (shared)
        return true;
    if (why.code == ERR_LOST) {
        *err = why;
        return false;
    }
    *state = SNAPSHOT_SEPARATE;
    if (note)
        buffer_printf(note, "the sessions cannot share one snapshot (%s)", why.text);
    for (size_t i = 0; i < count; i++)
        if (!begin_own(connections[i], err))
            return false;
    return true;
}

/* ---- Has a table changed? -------------------------------------------------------------------
 *
 * A row that is updated moves to another page, so splits by ctid of two snapshots may miss it.
 * None can have moved where the table's files are the same (no VACUUM FULL, CLUSTER, TRUNCATE) and
 * either no transaction at all was given an id in between, or no row that is visible now was
 * written by a transaction that was not over at the stamp's time. The latter is a scan of the table
 * on the server, whose result is one truth. (The counters of written rows would be cheaper, but say
 * nothing on a standby, are set to zero by a crash, and come late.) Deleted rows leave no trace and
 * move nowhere. The system and its timeline are a part of the stamp: a standby that was promoted
 * may lack transactions, and use their ids for others.
 */
#define MOST_IDS_BETWEEN ((uint64_t)1 << 31) /* so far age() can tell old from new */

static const char stamp_sql[] =
    "WITH RECURSIVE t(oid) AS (SELECT c.oid FROM pg_catalog.pg_class c"
    "  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    "  WHERE n.nspname = $1 AND c.relname = $2"
    "  UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN t ON i.inhparent = t.oid)"
    " SELECT pg_catalog.pg_current_snapshot()::text,"
    " (SELECT pg_catalog.format('%s:%s,', system_identifier, timeline_id)"
    "  FROM pg_catalog.pg_control_system(), pg_catalog.pg_control_checkpoint())"
    " || pg_catalog.string_agg(pg_catalog.format('%s:%s', t.oid,"
    "  pg_catalog.pg_relation_filenode(t.oid)), ',' ORDER BY t.oid) FROM t";

/* Two parts: which transactions are visible, and the files. */
static bool read_stamp(struct connection *connection, const struct table *table,
                       struct buffer *visible, struct buffer *files, struct err *err)
{
    const char *values[2] = {table->schema, table->name};
    PGresult *result;
    if (!query(connection, stamp_sql, 2, values, &result, ERR_TABLE, table->label, err))
        return false;
    buffer_add_text(visible, text_at(result, 0, 0));
    buffer_add_text(files, text_at(result, 0, 1));
    PQclear(result);
    return true;
}

static bool postgres_stamp(struct connection *connection, const struct table *table,
                           struct buffer *stamp, struct err *err)
{
    struct buffer files = BUFFER_INIT(1 << 20);
    bool ok = read_stamp(connection, table, stamp, &files, err);
    buffer_add_byte(stamp, ' ');
    buffer_add(stamp, files.data, files.length);
    buffer_free(&files);
    return ok;
}

/* Is there a row of a transaction `oldest` or later? */
static bool has_newer_row(struct connection *connection, const struct table *table, uint32_t oldest,
                          bool *newer, struct err *err)
{
    *newer = false;
    for (size_t i = 0; i < table->part_count && !*newer; i++) {
        struct buffer sql = BUFFER_INIT(1 << 16);
        buffer_printf(&sql,
                      "SELECT EXISTS (SELECT FROM %s WHERE pg_catalog.age(xmin) "
                      "OPERATOR(pg_catalog.<=) pg_catalog.age('%lu'::pg_catalog.xid))",
                      table->parts[i].from, (unsigned long)oldest);
        PGresult *result;
        bool ok = query(connection, (const char *)sql.data, 0, NULL, &result, ERR_TABLE,
                        table->label, err);
        buffer_free(&sql);
        if (!ok)
            return false;
        *newer = true_at(result, 0, 0);
        PQclear(result);
    }
    return !connection->in_snapshot || run(connection, "ROLLBACK TO SAVEPOINT tally", err);
}

static bool postgres_unchanged(struct connection *connection, const struct table *table,
                               const char *stamp, bool *unchanged, struct err *err)
{
    const char *then = strchr(stamp, ' ');
    *unchanged = false;
    if (!then)
        return true;
    struct buffer visible = BUFFER_INIT(1 << 20), files = BUFFER_INIT(1 << 20);
    bool ok = read_stamp(connection, table, &visible, &files, err);
    if (ok && files.length && strcmp((const char *)files.data, then + 1) == 0) {
        /* "xmin:xmax:…": all ids below xmin were over, none from xmax on was given. */
        uint64_t oldest = strtoull(stamp, NULL, 10);
        const char *xmax = strchr((const char *)visible.data, ':');
        uint64_t next = xmax ? strtoull(xmax + 1, NULL, 10) : UINT64_MAX;
        bool newer = true;
        if (visible.length == (size_t)(then - stamp) &&
            memcmp(visible.data, stamp, visible.length) == 0)
            newer = false;
        else if (next >= oldest && next - oldest < MOST_IDS_BETWEEN)
            ok = has_newer_row(connection, table, (uint32_t)oldest, &newer, err);
        *unchanged = ok && !newer;
    }
    buffer_free(&visible);
    buffer_free(&files);
    return ok;
}

/* ---- Bounds and splits ----------------------------------------------------------------------- */

static bool leads_index(struct connection *connection, const struct table *table,
                        const struct column *column, bool *leads, struct err *err)
{
    const char *values[3] = {table->schema, table->name, column->name};
    PGresult *result;
    if (!query(connection,
               "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c"
               " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
               " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid"
               " JOIN pg_catalog.pg_index i ON i.indrelid = c.oid"
               " JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid"
               " JOIN pg_catalog.pg_am am ON am.oid = ic.relam"
               " WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3 AND a.attnum > 0"
               "  AND i.indkey[0] = a.attnum AND i.indisvalid AND i.indpred IS NULL"
               "  AND am.amname = 'btree')",
               3, values, &result, ERR_TABLE, table->label, err))
        return false;
    *leads = true_at(result, 0, 0);
    PQclear(result);
    return true;
}

static bool postgres_key_bounds(struct connection *connection, const struct table *table,
                                size_t column, bool *any, int64_t *low, int64_t *high,
                                struct err *err)
{
    const struct column *asked = &table->columns[column];
    *any = false;
    /* An oid cannot be compared with the bigints that a scan's ranges are made of. */
    if (asked->type.class != TYPE_INT || asked->type.is_unsigned || asked->unreadable ||
        table->unreadable)
        return true;
    bool leads;
    if (!leads_index(connection, table, asked, &leads, err))
        return false;
    if (!leads)
        return true;
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT), name = BUFFER_INIT(BUFFER_NO_LIMIT);
    PGresult *result;
    engine_pg_quote_name(&name, asked->name);
    buffer_printf(&sql, "SELECT pg_catalog.min(%s), pg_catalog.max(%s) FROM ", (char *)name.data,
                  (char *)name.data);
    add_whole_table(&sql, table);
    bool ok = query(connection, (char *)sql.data, 0, NULL, &result, ERR_TABLE, table->label, err);
    buffer_free(&name);
    buffer_free(&sql);
    if (!ok)
        return false;
    *any = !PQgetisnull(result, 0, 0);
    *low = *any ? strtoll(text_at(result, 0, 0), NULL, 10) : 0;
    *high = *any ? strtoll(text_at(result, 0, 1), NULL, 10) : 0;
    PQclear(result);
    return true;
}

static bool postgres_key_gap(struct connection *connection, const struct table *table,
                             size_t column, int64_t middle, struct cut_gap *gap, struct err *err)
{
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT), name = BUFFER_INIT(BUFFER_NO_LIMIT);
    PGresult *result;
    engine_pg_quote_name(&name, table->columns[column].name);
    const char *quoted = (const char *)name.data;
    buffer_printf(&sql, "SELECT (SELECT pg_catalog.max(%s) FROM ", quoted);
    add_whole_table(&sql, table);
    buffer_printf(&sql,
                  " WHERE %s " PG_BELOW " '%" PRId64
                  "'::pg_catalog.int8), (SELECT pg_catalog.min(%s) FROM ",
                  quoted, middle, quoted);
    add_whole_table(&sql, table);
    buffer_printf(&sql, " WHERE %s " PG_AT_LEAST " '%" PRId64 "'::pg_catalog.int8)", quoted,
                  middle);
    bool ok = query(connection, (char *)sql.data, 0, NULL, &result, ERR_TABLE, table->label, err);
    buffer_free(&name);
    buffer_free(&sql);
    if (!ok)
        return false;
    gap->has_below = !PQgetisnull(result, 0, 0);
    gap->has_above = !PQgetisnull(result, 0, 1);
    gap->below = gap->has_below ? strtoll(text_at(result, 0, 0), NULL, 10) : 0;
    gap->above = gap->has_above ? strtoll(text_at(result, 0, 1), NULL, 10) : 0;
    PQclear(result);
    return true;
}

/* A partition that was attached or detached since the schema was read would be missed, or read
 * though it is no part any more. The catalog as of our snapshot says what the parts are. */
static bool check_leaves(struct connection *connection, const struct table *table, struct err *err)
{
    struct buffer name = BUFFER_INIT(BUFFER_NO_LIMIT);
    PGresult *result;
    engine_pg_quote_table(&name, table->schema, table->name);
    const char *names[1] = {(char *)name.data};
    bool ok =
        query(connection, "SELECT ARRAY[$1::pg_catalog.regclass::pg_catalog.oid]::pg_catalog.text",
              1, names, &result, ERR_TABLE, table->label, err);
    if (ok) {
        PGresult *root = result;
        const char *values[1] = {text_at(root, 0, 0)};
        ok = query(connection, leaves_sql, 1, values, &result, ERR_TABLE, table->label, err);
        PQclear(root);
    }
    bool same = ok && (size_t)PQntuples(result) == table->part_count;
    for (size_t i = 0; same && i < table->part_count; i++) {
        buffer_clear(&name);
        add_leaf(&name, result, (int)i);
        same = strcmp((char *)name.data, table->parts[i].from) == 0;
    }
    PQclear(result);
    buffer_free(&name);
    if (ok && !same)
        ok = err_set(err, ERR_TABLE,
                     "%s: its partitions changed between the reading of the schema and the "
                     "snapshot; run again",
                     table->label);
    return ok;
}

/* How many pieces a part of this many pages is cut into, of `wanted` for all `total` pages. */
static size_t piece_count(const struct connection *connection, uint64_t pages, uint64_t total,
                          size_t wanted)
{
    if (connection->version < TID_SCAN_VERSION || pages < 2 * SPLIT_PAGES_LEAST)
        return 1;
    double share = (double)pages / (double)total * (double)wanted;
    uint64_t most = pages / SPLIT_PAGES_LEAST;
    size_t count = share < 1 ? 1 : (size_t)(share + 0.5);
    return count < most ? count : (size_t)most;
}

static bool postgres_splits(struct connection *connection, const struct table *table, size_t wanted,
                            struct split **splits, size_t *count, struct err *err)
{
    uint64_t total = 0;
    *splits = NULL;
    *count = 0;
    if (is_read_by_leaves(table) && !check_leaves(connection, table, err))
        return false;
    for (size_t i = 0; i < table->part_count; i++)
        total += table->parts[i].pages;
    for (size_t i = 0; i < table->part_count; i++)
        *count += piece_count(connection, table->parts[i].pages, total, wanted);
    struct split *next = *splits = mem_zero(*count, sizeof **splits);
    for (size_t i = 0; i < table->part_count; i++) {
        uint64_t pages = table->parts[i].pages;
        size_t pieces = piece_count(connection, pages, total, wanted);
        /* The last one is open: the table may have grown. */
        for (size_t piece = 0; piece < pieces; piece++)
            *next++ =
                (struct split){.part = i,
                               .page_low = pages * piece / pieces,
                               .page_high = piece + 1 < pieces ? pages * (piece + 1) / pieces : 0};
    }
    return true;
}

/* ---- Scans ----------------------------------------------------------------------------------- */

static void add_range(struct buffer *sql, const char *column, const struct key_range *range)
{
    buffer_add_byte(sql, '(');
    if (range->has_low)
        buffer_printf(sql, "%s " PG_AT_LEAST " '%" PRId64 "'::pg_catalog.int8", column, range->low);
    if (range->has_low && range->has_high)
        buffer_add_text(sql, " AND ");
    if (range->has_high)
        buffer_printf(sql, "%s " PG_BELOW " '%" PRId64 "'::pg_catalog.int8", column, range->high);
    if (!range->has_low && !range->has_high)
        buffer_printf(sql, "%s IS NOT NULL", column);
    buffer_add_byte(sql, ')');
}

static void add_conditions(struct buffer *sql, const struct scan *scan)
{
    const char *word = " WHERE ";
    const struct split *split = scan->split;
    if (scan->where) {
        buffer_printf(sql, "%s(\n%s\n)", word, scan->where);
        word = " AND ";
    }
    if (split && split->page_low) {
        buffer_printf(sql, "%sctid " PG_AT_LEAST " '(%" PRIu64 ",0)'::pg_catalog.tid", word,
                      split->page_low);
        word = " AND ";
    }
    if (split && split->page_high) {
        buffer_printf(sql, "%sctid " PG_BELOW " '(%" PRIu64 ",0)'::pg_catalog.tid", word,
                      split->page_high);
        word = " AND ";
    }
    if (split && (split->range.has_low || split->range.has_high) && scan->range_column) {
        buffer_add_text(sql, word);
        add_range(sql, scan->range_column, &split->range);
        word = " AND ";
    }
    for (size_t i = 0; i < scan->range_count; i++) {
        buffer_printf(sql, "%s", i ? " OR " : word);
        buffer_add_text(sql, i ? "" : "(");
        add_range(sql, scan->range_column, &scan->ranges[i]);
    }
    buffer_add_text(sql, scan->range_count ? ")" : "");
}

static void add_select(struct buffer *sql, const struct scan *scan)
{
    buffer_add_text(sql, "SELECT");
    for (size_t i = 0; i < scan->column_count; i++)
        buffer_printf(sql, "%s (\n%s\n)", i ? "," : "", scan->selects[i]);
    buffer_add_text(sql, " FROM ");
    if (scan->split)
        buffer_add_text(sql, scan->table->parts[scan->split->part].from);
    else
        add_whole_table(sql, scan->table);
    add_conditions(sql, scan);
}

/* The name to look up the file of what the scan reads. */
static char *scanned_relation(const struct scan *scan)
{
    struct buffer name = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (scan->split)
        buffer_add_text(&name, scan->table->parts[scan->split->part].from);
    else
        add_whole_table(&name, scan->table);
    const char *text = (char *)name.data;
    char *copy = mem_copy_string(strncmp(text, "ONLY ", 5) == 0 ? text + 5 : text);
    buffer_free(&name);
    return copy;
}

/* Chooses the decoders by what the server says it will send, and only if that is what was planned.
 */
static bool choose_decoders(struct connection *connection, const struct scan *scan,
                            const PGresult *described, bool *wrapped, struct err *err)
{
    size_t count = scan->column_count;
    if ((size_t)PQnfields(described) != count)
        return err_set(err, ERR_TABLE, "%s: an expression is not one value", scan->table->label);
    uint32_t *oids = mem_zero(count + 1, sizeof *oids);
    for (size_t i = 0; i < count; i++)
        oids[i] = PQftype(described, (int)i);
    qsort(oids, count, sizeof *oids, compare_oids);
    bool ok = load_types(connection, oids, count, err);
    free(oids);
    *wrapped = false;
    for (size_t i = 0; ok && i < count; i++) {
        uint32_t oid = PQftype(described, (int)i);
        const struct pgtype *type = pgtypes_find(&connection->types, oid);
        if (!type || type->base->oid != scan->types[i]->oid ||
            type->base->class != scan->types[i]->class)
            ok = err_set(err, ERR_TABLE, "%s: the type of %s is not %s any more; run again",
                         scan->table->label, scan->selects[i], scan->types[i]->name);
        else if (type->base->reading == PGTYPE_NEVER)
            ok = err_set(err, ERR_TABLE, "%s: values of type %s (%s) cannot be read",
                         scan->table->label, scan->types[i]->name, scan->selects[i]);
        else
            connection->columns[i] = &type->base->wire;
        if (ok && type->base->reading != PGTYPE_BINARY)
            *wrapped = true;
    }
    return ok;
}

/* COPY of the SELECT that was described; columns that are not read in their own form are converted
 * outside it, so that what was described stays as it is. */
static void add_copy(struct connection *connection, struct buffer *sql, const char *select,
                     const PGresult *described, bool wrapped)
{
    int count = PQnfields(described);
    buffer_add_text(sql, "COPY (");
    if (wrapped) {
        buffer_add_text(sql, "SELECT ");
        for (int i = 0; i < count; i++) {
            char name[16];
            snprintf(name, sizeof name, "q.c%d", i);
            buffer_add_text(sql, i ? ", " : "");
            pgtype_add_select(pgtypes_find(&connection->types, PQftype(described, i)), name, sql);
        }
        buffer_printf(sql, " FROM (%s) AS q(", select);
        for (int i = 0; i < count; i++)
            buffer_printf(sql, "%sc%d", i ? ", " : "", i);
        buffer_add_text(sql, ")");
    } else {
        buffer_add_text(sql, select);
    }
    buffer_add_text(sql, ") TO STDOUT (FORMAT binary)");
}

static bool start_copy(struct connection *connection, const char *sql, const struct scan *scan,
                       struct err *err)
{
    PGresult *result = PQexec(connection->pg, sql);
    bool started = PQresultStatus(result) == PGRES_COPY_OUT;
    connection->scanning = started;
    if (!started)
        fail(connection, result, ERR_TABLE, scan->table->label, err);
    else if (!PQbinaryTuples(result) || (size_t)PQnfields(result) != scan->column_count)
        started = err_set(err, ERR_TABLE, "%s: the server answers COPY with another form of data",
                          scan->table->label);
    PQclear(result);
    return started;
}

static void postgres_scan_end(struct connection *connection);

static bool postgres_scan_start(struct connection *connection, const struct scan *scan,
                                struct err *err)
{
    struct buffer select = BUFFER_INIT(BUFFER_NO_LIMIT), copy = BUFFER_INIT(BUFFER_NO_LIMIT);
    PGresult *described;
    bool wrapped;

    postgres_scan_end(connection);
    connection->columns =
        mem_resize(connection->columns, scan->column_count + 1, sizeof *connection->columns);
    add_select(&select, scan);
    char *relation = connection->in_snapshot ? scanned_relation(scan) : NULL;
    bool ok = describe_statement(connection, (char *)select.data, relation, ERR_TABLE,
                                 scan->table->label, &described, err);
    free(relation);
    if (ok) {
        ok = choose_decoders(connection, scan, described, &wrapped, err);
        if (ok) {
            add_copy(connection, &copy, (char *)select.data, described, wrapped);
            ok = start_copy(connection, (char *)copy.data, scan, err);
        }
        PQclear(described);
    }
    pgcopy_free(&connection->copy);
    connection->copy =
        (struct pgcopy){.column_count = scan->column_count, .columns = connection->columns};
    connection->scan = scan;
    if (!ok)
        postgres_scan_end(connection);
    buffer_free(&copy);
    buffer_free(&select);
    return ok;
}

static enum row_status malformed(struct connection *connection, struct err *err)
{
    const struct pgcopy *copy = &connection->copy;
    const struct scan *scan = connection->scan;
    if (copy->problem_column < copy->column_count)
        err_set(err, ERR_TABLE, "%s: the server sent %s for %s (%s), in row %" PRIu64,
                scan->table->label, copy->problem, scan->selects[copy->problem_column],
                scan->types[copy->problem_column]->name, copy->rows + 1);
    else
        err_set(err, ERR_TABLE, "%s: the server sent %s, in row %" PRIu64, scan->table->label,
                copy->problem, copy->rows + 1);
    return ROW_FAILED;
}

/* The stream of data ended, well or badly: what the server says of it decides. */
static enum row_status finish_copy(struct connection *connection, struct err *err)
{
    const char *label = connection->scan->table->label;
    PGresult *result = PQgetResult(connection->pg), *more;
    uint64_t rows = result ? strtoull(PQcmdTuples(result), NULL, 10) : 0;
    bool ok = result && PQresultStatus(result) == PGRES_COMMAND_OK;

    while ((more = PQgetResult(connection->pg)) && PQresultStatus(more) != PGRES_COPY_OUT)
        PQclear(more);
    PQclear(more);
    connection->scanning = false;
    if (!ok)
        fail(connection, result, ERR_TABLE, label, err);
    else if (!connection->copy.ended || rows != connection->copy.rows)
        ok = err_set(err, ERR_TABLE,
                     "%s: the server says that it sent %" PRIu64 " rows, and %" PRIu64 " arrived%s",
                     label, rows, connection->copy.rows,
                     connection->copy.ended ? "" : " without an end");
    PQclear(result);
    return ok ? ROW_END : ROW_FAILED;
}

/* The next message of the scan; < 0: none, as PQgetCopyData() has it. */
static int next_message(struct connection *connection)
{
    PGconn *pg = connection->pg;
    bool flows = connection->flowed >= FLOWING_BYTES;
    int length = PQgetCopyData(pg, &connection->message, flows);
    if (length == 0 && PQconsumeInput(pg)) {
        length = PQgetCopyData(pg, &connection->message, true);
        if (length == 0)
            nanosleep(&(struct timespec){.tv_nsec = NAP_NANOSECONDS}, NULL);
    }
    if (length == 0) /* what went wrong is found again, and said */
        length = PQgetCopyData(pg, &connection->message, false);
    if (!flows && length > 0)
        connection->flowed += (size_t)length;
    return length;
}

static enum row_status postgres_scan_next(struct connection *connection, struct cell *cells,
                                          uint64_t *wire_bytes, struct err *err)
{
    if (!connection->scanning) {
        err_set(err, ERR_LOST, "%s: no scan is under way", connection->place);
        return ROW_FAILED;
    }
    for (;;) {
        PQfreemem(connection->message);
        connection->message = NULL;
        int length = next_message(connection);
        if (length < 0)
            return finish_copy(connection, err);
        *wire_bytes += (uint64_t)length + 5; /* the message's type and length */
        enum pgcopy_status status = pgcopy_message(
            &connection->copy, (unsigned char *)connection->message, (size_t)length, cells);
        if (status == PGCOPY_ROW)
            return ROW_READ;
        if (status == PGCOPY_MALFORMED)
            return malformed(connection, err);
    }
}

/* Stops the server, and reads the little that is on its way, so that session and snapshot can be
 * used again; when that is not little, the session is given up. */
static void abandon_copy(struct connection *connection)
{
    size_t drained = 0;
    int length = 0;
    char *message = NULL;
    if (PQstatus(connection->pg) == CONNECTION_OK && send_cancel(connection->canceller)) {
        while (drained < DRAIN_MOST && (length = PQgetCopyData(connection->pg, &message, 0)) > 0) {
            PQfreemem(message);
            drained += (size_t)length;
        }
    } else {
        drained = DRAIN_MOST;
    }
    connection->scanning = false;
    if (drained >= DRAIN_MOST) {
        shutdown(connection->socket, SHUT_RDWR); /* the next scan says ERR_LOST */
        return;
    }
    PGresult *result;
    while ((result = PQgetResult(connection->pg)) && PQresultStatus(result) != PGRES_COPY_OUT)
        PQclear(result);
    PQclear(result);
    recover(connection);
}

static void postgres_scan_end(struct connection *connection)
{
    if (connection->scanning)
        abandon_copy(connection);
    PQfreemem(connection->message);
    connection->message = NULL;
    connection->scan = NULL;
}

/* ---- How the server fares -------------------------------------------------------------------- */

static bool postgres_load(struct connection *connection, unsigned *running, struct err *err)
{
    PGresult *result;
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add_text(&sql, "SELECT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'),"
                          " pg_catalog.count(*) FROM pg_catalog.pg_stat_activity"
                          " WHERE backend_type = 'client backend'"
                          " AND state IN ('active', 'fastpath function call')"
                          " AND wait_event_type IS DISTINCT FROM 'Lock' AND pid NOT IN (");
    own_sessions_list(OWN_SERVER, &sql);
    buffer_add_text(&sql, ")");
    bool ok = query(connection, (char *)sql.data, 0, NULL, &result, ERR_TABLE,
                    "the sessions that run", err);
    buffer_free(&sql);
    if (!ok)
        return false;
    bool permitted = true_at(result, 0, 0);
    *running = (unsigned)count_at(result, 0, 1);
    PQclear(result);
    return permitted || err_set(err, ERR_USAGE,
                                "%s: this role may not see whether other sessions run; a superuser "
                                "can GRANT pg_read_all_stats TO it",
                                connection->place);
}

/*
 * An idle primary's last transaction may be old: while the receiver runs and all that came is
 * replayed, a standby is behind nobody. Of a receiver, everybody may see that it is there.
 */
static bool postgres_lag(struct connection *connection, enum replica_state *state, double *seconds,
                         struct err *err)
{
    PGresult *result;
    if (!query(connection,
               "SELECT pg_catalog.pg_is_in_recovery(), CASE"
               " WHEN pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn()"
               "  AND EXISTS (SELECT FROM pg_catalog.pg_stat_wal_receiver) THEN 0"
               " ELSE EXTRACT(epoch FROM pg_catalog.clock_timestamp()"
               "  - pg_catalog.pg_last_xact_replay_timestamp()) END",
               0, NULL, &result, ERR_TABLE, "how far the standby has come", err))
        return false;
    bool known = !PQgetisnull(result, 0, 1);
    *state = !true_at(result, 0, 0) ? REPLICA_NONE : known ? REPLICA_FOLLOWS : REPLICA_STOPPED;
    *seconds = known ? strtod(text_at(result, 0, 1), NULL) : 0;
    *seconds = *seconds > 0 ? *seconds : 0; /* clocks differ */
    PQclear(result);
    return true;
}

static const char *const schemes[] = {"postgresql", "postgres", NULL};

const struct engine engine_postgres = {
    .name = "postgresql",
    .schemes = schemes,
    .connect = postgres_connect,
    .disconnect = postgres_disconnect,
    .read_schema = postgres_read_schema,
    .probe = postgres_probe,
    .hides_columns = postgres_hides_columns,
    .describe = postgres_describe,
    .definitions = engine_pg_definitions,
    .collisions = engine_pg_collisions,
    .mend = engine_pg_mend,
    .begin = postgres_begin,
    .key_bounds = postgres_key_bounds,
    .key_gap = postgres_key_gap,
    .splits = postgres_splits,
    .stamp = postgres_stamp,
    .unchanged = postgres_unchanged,
    .scan_start = postgres_scan_start,
    .scan_next = postgres_scan_next,
    .scan_end = postgres_scan_end,
    .cancel = postgres_cancel,
    .load = postgres_load,
    .lag = postgres_lag,
    .quote_name = engine_pg_quote_name,
    .quote_text = engine_pg_quote_text,
    .parse_type = pgtype_parse,
    .sql = &engine_pg_sql,
};
