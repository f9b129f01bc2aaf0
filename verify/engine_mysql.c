/*
 * MySQL and MariaDB behind engine.h, and the only file that includes mysql.h: it compiles against
 * MariaDB's client library and against Oracle's. Input: a mysql:// URI, scans. Output: cells from
 * the binary protocol, which carries floats, times and bytes exactly. What the catalogs say is read
 * in engine_mysql_catalog.c.
 */
#include "engine_mysql.h"
#include "engine_sql.h"
#include "../diff/base/nearest.h"
#include "../diff/value.h"
#include "own_sessions.h"
#include "uri.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <mysql.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#if defined(MARIADB_BASE_VERSION) || defined(LIBMARIADB)
#define CLIENT_IS_MARIADB 1
#else
#define CLIENT_IS_MARIADB 0
#endif

#if CLIENT_IS_MARIADB || MYSQL_VERSION_ID < 80001
#define client_bool my_bool
#else
#define client_bool bool
#endif

/* Codes of servers and clients, from MySQL's "Error Message Reference" and MariaDB's "Error Codes".
 * Not from mysqld_error.h and errmsg.h, because no client library has all of them. */
enum {
    ER_DENIED_DATABASE = 1044,
    ER_DENIED = 1045,
    ER_NO_SUCH_DATABASE = 1049,
    ER_DENIED_TABLE = 1142,
    ER_DENIED_COLUMN = 1143,
    ER_NO_SUCH_TABLE_HERE = 1146,
    ER_SYNTAX = 1064,
    ER_UNKNOWN_TABLE = 1109, /* in information_schema */
    ER_UNKNOWN_VARIABLE = 1193,
    ER_CONVERTED_INVALID = 1300,
    ER_OVER_PACKET = 1301,
    ER_NEEDS_PRIVILEGE = 1227,
    ER_INTERRUPTED = 1317,
    ER_BROKEN_VIEW = 1356,
    ER_DENIED_ROUTINE = 1370,
    ER_CACHE_IS_OFF = 1651,
    ER_DENIED_SOCKET = 1698,
    CLIENT_SOCKET = 2002,
    CLIENT_TCP = 2003,
    CLIENT_UNKNOWN_HOST = 2005,
    CLIENT_TLS = 2026
};

#define HUGE_PACKET (1UL << 30) /* the protocol's own limit */
#define DEFAULT_CONNECT_TIMEOUT 10U
#define ABANDON_SECONDS 1 /* for what a killed query has sent already */
#define CANCEL_MILLISECONDS 400
#define FAR_KEEP (1U << 20) /* bytes for long values that a connection keeps from row to row */
#define SENT_AT_ONCE 16384  /* the server's net_buffer_length, where nobody has changed it */
#define NAP_NANOSECONDS 150000
#define SPLIT_ROWS 20000U /* smaller tables are read in one piece */
#define SPLIT_BYTES (8U << 20)

struct reader;

/* How one attempt treats TLS. */
struct attempt {
    bool tls, verify;
};

struct connection {
    MYSQL *mysql;
    char *uri;      /* for the second connection that cancels this one */
    char *place;    /* "db.example.org:3306", for messages */
    char *identity; /* which server answered: an id to kill is worth nothing on another one */
    char *id;       /* CONNECTION_ID() */
    struct attempt attempt; /* what worked, for the same */
    int socket; /* a duplicate, so that cancel() never shuts a number that was given away */
    bool lost;
    unsigned code; /* of the last error */
    struct engine_mysql_session session;
    struct seen_database *seen; /* what engine_mysql_sees_all() has found out */
    struct reader *reader;      /* NULL: no scan */
};

const struct engine_mysql_session *engine_mysql_session_of(const struct connection *connection)
{
    return &connection->session;
}

/* ---- The library's own life ------------------------------------------------------------------ */

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static pthread_key_t library_thread;

static void leave_thread(void *unused)
{
    (void)unused;
    mysql_thread_end();
}

static void start_library(void)
{
    mysql_library_init(0, NULL, NULL);
    pthread_key_create(&library_thread, leave_thread);
}

/* Every entry from outside begins here: Oracle's library keeps state per thread. */
static void enter(void)
{
    static _Thread_local bool entered;

    if (entered)
        return;
    pthread_once(&library_once, start_library);
    mysql_thread_init();
    pthread_setspecific(library_thread, &library_once);
    entered = true;
}

/* ---- Quoting --------------------------------------------------------------------------------- */

static void quote(struct buffer *out, const char *text, char mark)
{
    buffer_add_byte(out, (unsigned char)mark);
    for (; *text; text++) {
        if (*text == mark || (mark == '\'' && *text == '\\'))
            buffer_add_byte(out, (unsigned char)*text);
        buffer_add_byte(out, (unsigned char)*text);
    }
    buffer_add_byte(out, (unsigned char)mark);
}

void engine_mysql_quote_name(struct buffer *out, const char *name)
{
    quote(out, name, '`');
}

/* The pinned sql_mode lets a backslash escape; the connection is UTF-8, so bytes cannot be
 * mistaken. */
void engine_mysql_quote_text(struct buffer *out, const char *text)
{
    quote(out, text, '\'');
}

void engine_mysql_quote_table(struct buffer *out, const char *database, const char *name)
{
    engine_mysql_quote_name(out, database);
    buffer_add_text(out, ".");
    engine_mysql_quote_name(out, name);
}

/* ---- Errors ---------------------------------------------------------------------------------- */

/* The connection is gone, or cannot be used any more. */
static const unsigned lost_codes[] = {
    1053, /* server shutdown */
    1077, 1078, 1079, 1152, 1153, 1154, 1155, 1156, 1157, 1158, 1159, 1160, 1161, /* network */
    1184, 1927,                                                 /* connection killed (MariaDB) */
    2002, 2003, 2006, 2012, 2013, 2014, 2020, 2026, 2027, 2055, /* client */
    3169,                                                       /* session was killed (MySQL) */
    4031, /* disconnected for inactivity (MySQL) */
};

static bool is_lost(unsigned code)
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

/* The server's words without line breaks. */
static const char *one_line(const char *text, char line[400])
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
    if (is_lost(code)) {
        connection->lost = true;
        return err_set(err, ERR_LOST, "%s: the connection to %s was lost: %s", what,
                       connection->place, *text ? one_line(text, line) : "it was closed");
    }
    return err_set(err, may_work_again(code) ? ERR_RETRY : ERR_TABLE,
                   "%s: the server says: %s (error %u)", what, one_line(text, line), code);
}

static bool fail_query(struct connection *connection, const char *what, struct err *err)
{
    return fail(connection, mysql_errno(connection->mysql), mysql_error(connection->mysql), what,
                err);
}

static bool fail_statement(struct connection *connection, MYSQL_STMT *statement, const char *what,
                           struct err *err)
{
    unsigned code = mysql_stmt_errno(statement);

    /* MariaDB's library leaves what happened in mid-result with the connection. */
    if (!code)
        return fail_query(connection, what, err);
    return fail(connection, code, mysql_stmt_error(statement), what, err);
}

/* ---- Small queries, in the text protocol ----------------------------------------------------- */

bool engine_mysql_rows(struct connection *connection, const char *sql, engine_mysql_row *row,
                       void *context, struct err *err)
{
    static const char what[] = "a question to the catalogs";
    MYSQL *mysql = connection->mysql;
    bool fine = true;

    enter();
    if (mysql_real_query(mysql, sql, (unsigned long)strlen(sql)))
        return fail_query(connection, what, err);
    MYSQL_RES *result = mysql_use_result(mysql);
    if (!result)
        return !mysql_errno(mysql) || fail_query(connection, what, err);
    MYSQL_ROW cells;
    while (fine && (cells = mysql_fetch_row(result)))
        fine = row(context, (const char *const *)cells, err);
    if (fine && mysql_errno(mysql))
        fine = fail_query(connection, what, err);
    mysql_free_result(result); /* reads the rest, when row() said stop */
    return fine;
}

static bool run(struct connection *connection, const char *sql, struct err *err)
{
    return engine_mysql_rows(connection, sql, NULL, NULL, err);
}

/* The first row of a query: copies of up to eight cells, in a buffer that lives as long as the row.
 */
struct row {
    bool any;
    size_t count;
    char *cells[8]; /* NULL is NULL */
};

static bool keep_row(void *context, const char *const *cells, struct err *err)
{
    struct row *row = context;

    (void)err;
    for (size_t i = 0; !row->any && i < row->count; i++)
        row->cells[i] = cells[i] ? mem_copy_string(cells[i]) : NULL;
    row->any = true;
    return true;
}

static void row_free(struct row *row)
{
    for (size_t i = 0; i < row->count; i++)
        free(row->cells[i]);
    *row = (struct row){0};
}

static bool first_row(struct connection *connection, const char *sql, size_t count, struct row *row,
                      struct err *err)
{
    *row = (struct row){.count = count};
    return engine_mysql_rows(connection, sql, keep_row, row, err);
}

/* ---- What a URI asks for --------------------------------------------------------------------- */

enum tls_mode { TLS_UNSAID, TLS_DISABLED, TLS_PREFERRED, TLS_REQUIRED, TLS_CA, TLS_IDENTITY };
static const char *const tls_names[] = {"",          "DISABLED",        "PREFERRED", "REQUIRED",
                                        "VERIFY_CA", "VERIFY_IDENTITY", NULL};

struct target {
    struct uri uri;
    const char *socket, *ca, *cert, *key, *public_key;
    const char *tls_text, *timeout_text;
    enum tls_mode tls;
    unsigned timeout; /* seconds */
    bool known;       /* attempt is the one that worked before */
    struct attempt attempt;
};

struct parameter_row {
    const char *name;
    size_t field;
};

static const struct parameter_row parameter_rows[] = {
    {"socket", offsetof(struct target, socket)},
    {"ssl-mode", offsetof(struct target, tls_text)},
    {"ssl-ca", offsetof(struct target, ca)},
    {"ssl-cert", offsetof(struct target, cert)},
    {"ssl-key", offsetof(struct target, key)},
    {"connect_timeout", offsetof(struct target, timeout_text)},
    {"server-public-key", offsetof(struct target, public_key)},
};
#define PARAMETER_COUNT (sizeof parameter_rows / sizeof *parameter_rows)

static bool unknown_parameter(const char *name, struct err *err)
{
    const char *known[PARAMETER_COUNT];

    for (size_t i = 0; i < PARAMETER_COUNT; i++)
        known[i] = parameter_rows[i].name;
    const char *nearest = nearest_word(name, known, PARAMETER_COUNT);
    if (nearest)
        return err_set(err, ERR_USAGE,
                       "the database URI has an unknown parameter \"%s\": did you mean \"%s\"?",
                       name, nearest);
    return err_set(err, ERR_USAGE,
                   "the database URI has an unknown parameter \"%s\": known are socket, ssl-mode, "
                   "ssl-ca, ssl-cert, ssl-key, server-public-key and connect_timeout",
                   name);
}

static bool read_parameter(struct target *target, const struct uri_parameter *parameter,
                           struct err *err)
{
    for (size_t i = 0; i < PARAMETER_COUNT; i++)
        if (strcmp(parameter_rows[i].name, parameter->name) == 0) {
            memcpy((char *)target + parameter_rows[i].field, &parameter->value,
                   sizeof parameter->value);
            return true;
        }
    return unknown_parameter(parameter->name, err);
}

static bool read_file_name(const char *name, const char *path, struct err *err)
{
    if (path && access(path, R_OK) != 0)
        return err_set(err, ERR_USAGE, "%s of the database URI: cannot read \"%s\": %s", name, path,
                       strerror(errno));
    return true;
}

static bool target_read(const char *text, struct target *target, struct err *err)
{
    *target = (struct target){.timeout = DEFAULT_CONNECT_TIMEOUT};
    if (!uri_parse(text, &target->uri, err))
        return false;
    for (size_t i = 0; i < target->uri.parameter_count; i++)
        if (!read_parameter(target, &target->uri.parameters[i], err))
            return false;
    if (!target->uri.database)
        return err_set(err, ERR_USAGE, "the URI must name a database: mysql://user@host/database");
    if (target->tls_text) {
        for (size_t i = 1; tls_names[i]; i++)
            if (strcasecmp(tls_names[i], target->tls_text) == 0)
                target->tls = (enum tls_mode)i;
        if (target->tls == TLS_UNSAID)
            return err_set(err, ERR_USAGE,
                           "ssl-mode of the database URI must be DISABLED, PREFERRED, REQUIRED, "
                           "VERIFY_CA or VERIFY_IDENTITY, not \"%s\"",
                           target->tls_text);
    }
    if (target->timeout_text) {
        char *end;
        unsigned long seconds = strtoul(target->timeout_text, &end, 10);
        if (*end || seconds < 1 || seconds > 3600)
            return err_set(
                err, ERR_USAGE,
                "connect_timeout of the database URI must be 1 to 3600 seconds, not \"%s\"",
                target->timeout_text);
        target->timeout = (unsigned)seconds;
    }
    return read_file_name("ssl-ca", target->ca, err) &&
           read_file_name("ssl-cert", target->cert, err) &&
           read_file_name("ssl-key", target->key, err) &&
           read_file_name("server-public-key", target->public_key, err);
}

/* ---- Connecting ------------------------------------------------------------------------------ */

/*
 * A client that has read the [client] sections of the usual option files. The library reads them
 * inside mysql_real_connect(), where they would win over what the URI says; so a first call that
 * cannot succeed makes it read them, and CLIENT_REMEMBER_OPTIONS keeps them.
 */
static MYSQL *client_new(void)
{
    MYSQL *mysql = mysql_init(NULL);

    if (!mysql)
        return NULL;
    mysql_options(mysql, MYSQL_READ_DEFAULT_GROUP, "client");
    if (mysql_real_connect(mysql, "localhost", NULL, NULL, NULL, 1, "/dev/null/none",
                           CLIENT_REMEMBER_OPTIONS)) {
        mysql_close(mysql); /* somebody serves MySQL on port 1, and the option files ask for TCP */
        return NULL;
    }
    return mysql;
}

/* TLS as far as Oracle's library knows modes, MariaDB's only steps (see tls_attempts). */
static void set_tls(MYSQL *mysql, const struct target *target, const struct attempt *attempt)
{
#if CLIENT_IS_MARIADB
    client_bool tls = attempt->tls, verify = attempt->verify;

    if (!attempt->tls) {
        /* Any of these would switch it on. */
        mysql_options(mysql, MYSQL_OPT_SSL_CA, NULL);
        mysql_options(mysql, MYSQL_OPT_SSL_CAPATH, NULL);
        mysql_options(mysql, MYSQL_OPT_SSL_CERT, NULL);
        mysql_options(mysql, MYSQL_OPT_SSL_KEY, NULL);
        mysql_options(mysql, MYSQL_OPT_SSL_CIPHER, NULL);
    }
    mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
    mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &tls);
#else
    static const enum mysql_ssl_mode modes[] = {
        [TLS_UNSAID] = SSL_MODE_PREFERRED,    [TLS_DISABLED] = SSL_MODE_DISABLED,
        [TLS_PREFERRED] = SSL_MODE_PREFERRED, [TLS_REQUIRED] = SSL_MODE_REQUIRED,
        [TLS_CA] = SSL_MODE_VERIFY_CA,        [TLS_IDENTITY] = SSL_MODE_VERIFY_IDENTITY};
    unsigned mode = modes[target->tls];

    if (target->tls != TLS_UNSAID) /* else what the option files say */
        mysql_options(mysql, MYSQL_OPT_SSL_MODE, &mode);
#endif
    if (!attempt->tls)
        return;
    if (target->ca)
        mysql_options(mysql, MYSQL_OPT_SSL_CA, target->ca);
    if (target->cert)
        mysql_options(mysql, MYSQL_OPT_SSL_CERT, target->cert);
    if (target->key)
        mysql_options(mysql, MYSQL_OPT_SSL_KEY, target->key);
}

static void set_options(MYSQL *mysql, const struct target *target)
{
    unsigned off = 0;
    unsigned long packet = HUGE_PACKET;
    client_bool no = 0, yes = 1;

    set_tls(mysql, target, &target->attempt);
    mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &target->timeout);
    mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &off);
    mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
    mysql_options(mysql, MYSQL_REPORT_DATA_TRUNCATION, &yes);
#if CLIENT_IS_MARIADB
    /* A silent new connection would have neither our settings nor our snapshot. */
    mysql_options(mysql, MYSQL_OPT_RECONNECT, &no);
    if (target->public_key)
        mysql_options(mysql, MYSQL_SERVER_PUBLIC_KEY, target->public_key);
#else
    (void)no;
    if (target->public_key)
        mysql_options(mysql, MYSQL_SERVER_PUBLIC_KEY, target->public_key);
    else
        mysql_options(mysql, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, &yes);
#endif
}

/* The host that applies: the URI's, the option files', the environment's; NULL: the local socket.
 */
static const char *host_of(MYSQL *mysql, const struct target *target)
{
    if (target->uri.host || target->socket)
        return target->uri.host;
    return mysql->options.host ? mysql->options.host : getenv("MYSQL_HOST");
}

static bool is_local(const char *host)
{
    return !host || !*host || strcmp(host, "localhost") == 0;
}

/* Does this connection go through a local socket, where nobody listens in? */
static bool uses_socket(MYSQL *mysql, const struct target *target)
{
    const char *host = host_of(mysql, target);

    return target->socket ||
           (is_local(host) && !target->uri.port && mysql->options.protocol != MYSQL_PROTOCOL_TCP);
}

static bool client_connect(MYSQL *mysql, struct target *target, struct attempt attempt)
{
    const char *host = host_of(mysql, target);
    bool local = uses_socket(mysql, target);
    /* Who names a port means TCP, although "localhost" means the socket to the library. */
    unsigned protocol = local ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;

    target->attempt = attempt;
    set_options(mysql, target);
    mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
    return mysql_real_connect(mysql,
                              local  ? "localhost"
                              : host ? host
                                     : "localhost",
                              target->uri.user, target->uri.password, target->uri.database,
                              target->uri.port, target->socket, CLIENT_REMEMBER_OPTIONS) != NULL;
}

#if CLIENT_IS_MARIADB
/*
 * The attempts that a mode asks of MariaDB's library, which falls back to plain text when a server
 * has no TLS, and then even sends passwords plainly (caching_sha2_password takes "TLS was asked
 * for" for "TLS is on"). Only an attempt that verifies never falls back. So that comes first; when
 * the certificate is not trusted, which shows that there is TLS, and trust was not asked for, the
 * second attempt leaves out the verification.
 */
static bool connect_in_steps(MYSQL *mysql, struct target *target, enum tls_mode mode)
{
    if (target->known)
        return client_connect(mysql, target, target->attempt);
    if (mode == TLS_DISABLED || (mode == TLS_PREFERRED && uses_socket(mysql, target)))
        return client_connect(mysql, target, (struct attempt){.tls = false});
    if (client_connect(mysql, target, (struct attempt){.tls = true, .verify = true}))
        return true;
    if (mysql_errno(mysql) != CLIENT_TLS || mode == TLS_CA || mode == TLS_IDENTITY)
        return false;
    if (!strstr(mysql_error(mysql), "server does not support"))
        return client_connect(mysql, target, (struct attempt){.tls = true});
    if (mode == TLS_REQUIRED)
        return false;
    return client_connect(mysql, target, (struct attempt){.tls = false});
}

/* Where the URI says nothing, the option files may. */
static enum tls_mode mode_of(MYSQL *mysql, const struct target *target)
{
    client_bool enforce = 0, verify = 0;

    if (target->tls != TLS_UNSAID)
        return target->tls;
    mysql_get_option(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
    mysql_get_option(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce);
    return verify ? TLS_IDENTITY : enforce ? TLS_REQUIRED : TLS_PREFERRED;
}
#else
static bool connect_in_steps(MYSQL *mysql, struct target *target, enum tls_mode mode)
{
    return client_connect(mysql, target, (struct attempt){.tls = mode != TLS_DISABLED});
}

static enum tls_mode mode_of(MYSQL *mysql, const struct target *target)
{
    (void)mysql;
    return target->tls;
}
#endif

static char *make_place(MYSQL *mysql, const struct target *target)
{
    const char *host = host_of(mysql, target);

    if (uses_socket(mysql, target)) {
        const char *path = target->socket ? target->socket : mysql->options.unix_socket;
        return path ? mem_format("the socket %s", path) : mem_copy_string("the local socket");
    }
    const char *env = getenv("MYSQL_TCP_PORT");
    unsigned port = target->uri.port ? target->uri.port : mysql->options.port;
    if (!port && env)
        port = (unsigned)strtoul(env, NULL, 10);
    return mem_format(host && strchr(host, ':') ? "[%s]:%u" : "%s:%u", host ? host : "localhost",
                      port ? port : 3306U);
}

struct refusal_row {
    unsigned code;
    const char *words;
};

static const struct refusal_row refusal_rows[] = {
    {ER_DENIED_DATABASE, "the user may not use that database"},
    {ER_DENIED, "wrong user or password"},
    {ER_DENIED_SOCKET, "wrong user or password"},
    {ER_NO_SUCH_DATABASE, "there is no such database"},
    {CLIENT_SOCKET, "nothing answers there"},
    {CLIENT_TCP, "nothing answers there"},
    {CLIENT_UNKNOWN_HOST, "the host is unknown"},
    {CLIENT_TLS, "no TLS connection could be made"},
};

static bool refused(MYSQL *mysql, const struct target *target, const char *place, struct err *err)
{
    const char *user = target->uri.user ? target->uri.user : mysql->options.user;
    const char *words = "it refused";
    char line[400];

    for (size_t i = 0; i < sizeof refusal_rows / sizeof *refusal_rows; i++)
        if (refusal_rows[i].code == mysql_errno(mysql))
            words = refusal_rows[i].words;
    return err_set(err, ERR_UNREACHABLE, "cannot open database \"%s\" at %s%s%s%s: %s (%s)",
                   target->uri.database, place, user ? " as user \"" : "", user ? user : "",
                   user ? "\"" : "", words, one_line(mysql_error(mysql), line));
}

/* Opens a client as the target says. *place is set when it could be found out. */
static bool client_open(struct target *target, MYSQL **mysql, char **place, struct err *err)
{
    *mysql = client_new();
    *place = NULL;
    if (!*mysql)
        return err_set(err, ERR_INTERNAL, "the MySQL client library cannot be started");
    *place = make_place(*mysql, target);
    enum tls_mode mode = mode_of(*mysql, target);
    if (!connect_in_steps(*mysql, target, mode))
        return refused(*mysql, target, *place, err);
    if (mode >= TLS_REQUIRED && !mysql_get_ssl_cipher(*mysql))
        return err_set(err, ERR_UNREACHABLE,
                       "the connection to %s is not encrypted, though ssl-mode=%s asks for it",
                       *place, tls_names[mode]);
    return true;
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
 * finish_scan() looks for (since MySQL 8 raising it takes a privilege; without it finish_scan()
 * still learns their number).
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
        if (run(connection, pins[i].sql, err))
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
    struct row row;
    bool fine =
        first_row(connection,
                  "SELECT VERSION(), DATABASE(), @@lower_case_table_names, CONNECTION_ID(), "
                  "CONCAT_WS('|', @@hostname, @@port, @@server_id, @@datadir)",
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
    row_free(&row);
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

static void disconnect(struct connection *connection);

static bool connect_uri(const char *uri, struct connection **connection, struct server_info *info,
                        struct err *err)
{
    struct target target;

    enter();
    *connection = NULL;
    if (info)
        *info = (struct server_info){0};
    bool fine = target_read(uri, &target, err);
    if (fine) {
        struct connection *made = mem_zero(1, sizeof *made);
        made->uri = mem_copy_string(uri);
        made->socket = -1;
        if (info)
            snprintf(info->shown_uri, sizeof info->shown_uri, "%s", target.uri.shown);
        fine = client_open(&target, &made->mysql, &made->place, err);
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
            disconnect(made);
    }
    uri_free(&target.uri);
    return fine;
}

/* ---- Reading cells --------------------------------------------------------------------------- */

struct slot;

/* Turns what the library put into the slot into a cell. False: the rest of a long value failed to
 * come. */
typedef bool decode_slot(struct reader *reader, struct slot *slot, struct cell *cell);

/*
 * One column's cell as it came. Fixed sizes go into `value`. MariaDB's library tells where a cell
 * stands in the packet, and what is long stays there. Oracle's library copies: into a small space
 * near at hand; what does not fit there is fetched again, whole, into a block of its own.
 */
struct slot {
    decode_slot *decode;
    const struct wire_row *wire;
    const unsigned char *place; /* in the packet, of a long cell */
    union {
        int64_t integer;
        float single;
        double number;
        MYSQL_TIME time;
        char text[sizeof(MYSQL_TIME)]; /* when decoded: a special date, an address */
    } value;
    unsigned char *near, *far;
    unsigned long near_size, far_size;
    unsigned long length;
    client_bool is_null, error;
    bool is_unsigned, is_long; /* is_long: variable length */
    uint32_t bits;
    enum cell_form form;
    unsigned column;
    char words[32]; /* a special date's text */
};

struct reader {
    struct connection *connection;
    MYSQL_STMT *statement;
    char *label;
    bool running; /* the server may still be sending */
    size_t slot_count;
    struct slot *slots;
    MYSQL_BIND *binds;
    unsigned char *near;  /* of all slots */
    size_t far_bytes;     /* in all slots' far blocks */
    uint64_t fixed_bytes; /* a row's, but for its long cells */
    uint64_t long_bytes;  /* of the row at hand */
    uint64_t unrested;    /* bytes of rows since the last look at the socket */
};

/* The whole bytes of a long cell, or NULL. */
static const unsigned char *long_bytes(struct reader *reader, struct slot *slot)
{
    reader->long_bytes += slot->length;
    if (slot->place)
        return slot->place;
    if (slot->length <= slot->near_size)
        return slot->near;
    if (slot->length > slot->far_size) {
        free(slot->far);
        reader->far_bytes += slot->length - slot->far_size;
        slot->far_size = slot->length;
        slot->far = mem_alloc(slot->far_size);
    }
    MYSQL_BIND bind;
    unsigned long length = 0;
    client_bool is_null = 0, error = 0;
    memset(&bind, 0, sizeof bind);
    bind.buffer_type = MYSQL_TYPE_BLOB;
    bind.buffer = slot->far;
    bind.buffer_length = slot->far_size;
    bind.length = &length;
    bind.is_null = &is_null;
    bind.error = &error;
    if (mysql_stmt_fetch_column(reader->statement, &bind, slot->column, 0) || error || is_null)
        return NULL;
    return slot->far;
}

static bool decode_integer(struct reader *reader, struct slot *slot, struct cell *cell)
{
    (void)reader;
    cell->i = slot->value.integer;
    cell->form = slot->is_unsigned && cell->i < 0 ? CELL_UINT : CELL_INT;
    return true;
}

static bool decode_single(struct reader *reader, struct slot *slot, struct cell *cell)
{
    (void)reader;
    cell->form = CELL_FLOAT;
    cell->d = (double)slot->value.single;
    return true;
}

static bool decode_double(struct reader *reader, struct slot *slot, struct cell *cell)
{
    (void)reader;
    cell->form = CELL_DOUBLE;
    cell->d = slot->value.number;
    return true;
}

static bool decode_null(struct reader *reader, struct slot *slot, struct cell *cell)
{
    (void)reader;
    (void)slot;
    cell->form = CELL_NULL;
    return true;
}

/* Text, bytes, decimals: as they are. */
static bool decode_plain(struct reader *reader, struct slot *slot, struct cell *cell)
{
    cell->form = slot->form;
    cell->bytes = long_bytes(reader, slot);
    cell->length = slot->length;
    return cell->bytes != NULL;
}

static int64_t day_microseconds(const MYSQL_TIME *time)
{
    int64_t seconds = (int64_t)time->hour * 3600 + (int64_t)time->minute * 60 + time->second;

    return seconds * 1000000 + (int64_t)time->second_part;
}

/* A date that the calendar lacks, as MySQL writes it; a fraction without its final zeros. */
static bool special_date(struct slot *slot, struct cell *cell)
{
    const MYSQL_TIME *time = &slot->value.time;
    struct buffer text = BUFFER_INIT(sizeof slot->words - 1);

    buffer_printf(&text, "%04u-%02u-%02u", time->year, time->month, time->day);
    if (slot->form != CELL_DATE)
        buffer_printf(&text, " %02u:%02u:%02u", time->hour, time->minute, time->second);
    if (slot->form != CELL_DATE && time->second_part) {
        buffer_printf(&text, ".%06lu", time->second_part);
        while (text.data[text.length - 1] == '0')
            text.length--;
    }
    memcpy(slot->words, text.data, text.length);
    cell->form = CELL_SPECIAL;
    cell->bytes = (const unsigned char *)slot->words;
    cell->length = text.length;
    buffer_free(&text);
    return true;
}

static bool decode_date(struct reader *reader, struct slot *slot, struct cell *cell)
{
    const MYSQL_TIME *time = &slot->value.time;

    (void)reader;
    if (!civil_is_date(time->year, time->month, time->day))
        return special_date(slot, cell);
    cell->form = slot->form;
    cell->i = civil_to_days(time->year, time->month, time->day);
    if (slot->form != CELL_DATE)
        cell->i = cell->i * 86400000000 + day_microseconds(time);
    return true;
}

static bool decode_time(struct reader *reader, struct slot *slot, struct cell *cell)
{
    const MYSQL_TIME *time = &slot->value.time;
    int64_t length = (int64_t)time->day * 86400000000 + day_microseconds(time);

    (void)reader;
    cell->form = CELL_TIME;
    cell->i = time->neg ? -length : length;
    return true;
}

/* A BIT(n) comes as a big-endian number in whole bytes; its first bit belongs into the highest bit.
 */
static bool decode_bits(struct reader *reader, struct slot *slot, struct cell *cell)
{
    uint64_t number = 0;
    const unsigned char *bytes = long_bytes(reader, slot);
    size_t length = slot->length;

    if (!bytes || length > 8 || slot->bits > length * 8)
        return false;
    for (size_t i = 0; i < length; i++)
        number = number << 8 | bytes[i];
    number <<= length * 8 - slot->bits;
    for (size_t i = length; i-- > 0; number >>= 8)
        slot->words[i] = (char)(number & 0xFF);
    cell->form = CELL_BITS;
    cell->u = slot->bits;
    cell->bytes = (const unsigned char *)slot->words;
    cell->length = length;
    return true;
}

/* The SRID in four bytes, little-endian, and then WKB. */
static bool decode_geometry(struct reader *reader, struct slot *slot, struct cell *cell)
{
    const unsigned char *bytes = long_bytes(reader, slot);

    if (!bytes || slot->length < 9) /* SRID, byte order, type */
        return false;
    cell->form = CELL_GEOMETRY;
    cell->u = (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 |
              (uint64_t)bytes[3] << 24;
    cell->bytes = bytes + 4;
    cell->length = slot->length - 4;
    return true;
}

static int hex_value(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode_uuid(struct reader *reader, struct slot *slot, struct cell *cell)
{
    const unsigned char *text = long_bytes(reader, slot);
    size_t digits = 0;

    if (!text)
        return false;
    for (size_t i = 0; i < slot->length; i++) {
        int digit = hex_value(text[i]);
        if (text[i] == '-')
            continue;
        if (digit < 0 || digits == 32)
            return false;
        if (digits % 2 == 0)
            slot->words[digits / 2] = (char)(digit << 4);
        else
            slot->words[digits / 2] = (char)(slot->words[digits / 2] | digit);
        digits++;
    }
    cell->form = CELL_UUID;
    cell->bytes = (const unsigned char *)slot->words;
    cell->length = 16;
    return digits == 32;
}

static bool decode_inet(struct reader *reader, struct slot *slot, struct cell *cell)
{
    const unsigned char *bytes = long_bytes(reader, slot);
    char text[64];

    if (!bytes || slot->length >= sizeof text)
        return false;
    memcpy(text, bytes, slot->length);
    text[slot->length] = '\0';
    bool six = strchr(text, ':') != NULL;
    cell->form = CELL_INET;
    cell->bytes = (const unsigned char *)slot->words;
    cell->length = six ? 16 : 4;
    cell->u = cell->length * 8;
    return inet_pton(six ? AF_INET6 : AF_INET, text, slot->words) == 1;
}

/* ---- Cells in the packet ---------------------------------------------------------------------
 *
 * The binary protocol's values, as MySQL's "Binary Protocol Resultset Row" describes them. Each
 * function fills the slot from the cell that begins at `place` and returns where it ends; NULL: it
 * is not one of its type.
 */

typedef const unsigned char *take_cell(struct slot *slot, const unsigned char *place);

static uint64_t read_little(const unsigned char *place, size_t bytes)
{
    uint64_t number = 0;
    if (bytes == 4 || bytes == 8) {
        memcpy(&number, place, bytes); /* most of them */
        return le64toh(number);
    }
    for (size_t i = bytes; i-- > 0;)
        number = number << 8 | place[i];
    return number;
}

static take_cell take_integer, take_single, take_double, take_date, take_time, take_long, take_null;

/* ---- Which way a column comes over the wire -------------------------------------------------- */

#define CLASS(class) (1U << (class))
#define CLASS_WORDS                                                                                \
    (CLASS(TYPE_TEXT) | CLASS(TYPE_ENUM) | CLASS(TYPE_SET) | CLASS(TYPE_JSON) | CLASS(TYPE_OTHER))
#define CLASS_STRINGS (CLASS_WORDS | CLASS(TYPE_BYTES) | CLASS(TYPE_UUID) | CLASS(TYPE_INET))

struct wire_row {
    enum enum_field_types wire, bind;
    unsigned classes;      /* the classes of struct type that may come so */
    enum type_class class; /* what describe() calls it */
    const char *base;
    enum cell_form form;
    uint32_t bytes; /* on the wire; 0: a long cell */
    take_cell *take;
    decode_slot *decode;
};

#define WIRE_STRING(wire, base)                                                                    \
    {                                                                                              \
        wire, MYSQL_TYPE_BLOB, CLASS_STRINGS, TYPE_TEXT, base, CELL_TEXT, 0, take_long,            \
            decode_plain                                                                           \
    }
#define WIRE_INTEGER(wire, base, bytes)                                                            \
    {                                                                                              \
        wire, MYSQL_TYPE_LONGLONG, CLASS(TYPE_INT), TYPE_INT, base, CELL_INT, bytes, take_integer, \
            decode_integer                                                                         \
    }
#define WIRE_DECIMAL(wire)                                                                         \
    {                                                                                              \
        wire, MYSQL_TYPE_BLOB, CLASS(TYPE_DECIMAL), TYPE_DECIMAL, "decimal", CELL_DECIMAL, 0,      \
            take_long, decode_plain                                                                \
    }
#define WIRE_DATE(wire, class, base, form, bytes)                                                  \
    {                                                                                              \
        wire, wire, CLASS(class), class, base, form, bytes, take_date, decode_date                 \
    }

static const struct wire_row wire_rows[] = {
    WIRE_INTEGER(MYSQL_TYPE_TINY, "tinyint", 1),
    WIRE_INTEGER(MYSQL_TYPE_SHORT, "smallint", 2),
    WIRE_INTEGER(MYSQL_TYPE_INT24, "mediumint", 4),
    WIRE_INTEGER(MYSQL_TYPE_LONG, "int", 4),
    WIRE_INTEGER(MYSQL_TYPE_LONGLONG, "bigint", 8),
    WIRE_INTEGER(MYSQL_TYPE_YEAR, "year", 2),
    {MYSQL_TYPE_FLOAT, MYSQL_TYPE_FLOAT, CLASS(TYPE_FLOAT), TYPE_FLOAT, "float", CELL_FLOAT, 4,
     take_single, decode_single},
    {MYSQL_TYPE_DOUBLE, MYSQL_TYPE_DOUBLE, CLASS(TYPE_DOUBLE), TYPE_DOUBLE, "double", CELL_DOUBLE,
     8, take_double, decode_double},
    WIRE_DECIMAL(MYSQL_TYPE_DECIMAL),
    WIRE_DECIMAL(MYSQL_TYPE_NEWDECIMAL),
    WIRE_DATE(MYSQL_TYPE_DATE, TYPE_DATE, "date", CELL_DATE, 5),
    WIRE_DATE(MYSQL_TYPE_DATETIME, TYPE_DATETIME, "datetime", CELL_DATETIME, 8),
    WIRE_DATE(MYSQL_TYPE_TIMESTAMP, TYPE_INSTANT, "timestamp", CELL_INSTANT, 8),
    {MYSQL_TYPE_TIME, MYSQL_TYPE_TIME, CLASS(TYPE_TIME), TYPE_TIME, "time", CELL_TIME, 9, take_time,
     decode_time},
    {MYSQL_TYPE_BIT, MYSQL_TYPE_BLOB, CLASS(TYPE_BITS), TYPE_BITS, "bit", CELL_BITS, 0, take_long,
     decode_bits},
    {MYSQL_TYPE_GEOMETRY, MYSQL_TYPE_BLOB, CLASS(TYPE_GEOMETRY), TYPE_GEOMETRY, "geometry",
     CELL_GEOMETRY, 0, take_long, decode_geometry},
    {MYSQL_TYPE_JSON, MYSQL_TYPE_BLOB, CLASS_WORDS, TYPE_JSON, "json", CELL_TEXT, 0, take_long,
     decode_plain},
    {MYSQL_TYPE_NULL, MYSQL_TYPE_NULL, ~0U, TYPE_TEXT, "null", CELL_NULL, 1, take_null,
     decode_null},
    WIRE_STRING(MYSQL_TYPE_VARCHAR, "varchar"),
    WIRE_STRING(MYSQL_TYPE_VAR_STRING, "varchar"),
    WIRE_STRING(MYSQL_TYPE_STRING, "char"),
    WIRE_STRING(MYSQL_TYPE_ENUM, "enum"),
    WIRE_STRING(MYSQL_TYPE_SET, "set"),
    WIRE_STRING(MYSQL_TYPE_TINY_BLOB, "text"),
    WIRE_STRING(MYSQL_TYPE_BLOB, "text"),
    WIRE_STRING(MYSQL_TYPE_MEDIUM_BLOB, "text"),
    WIRE_STRING(MYSQL_TYPE_LONG_BLOB, "text"),
};

static const struct wire_row *find_wire(enum enum_field_types wire)
{
    for (size_t i = 0; i < sizeof wire_rows / sizeof *wire_rows; i++)
        if (wire_rows[i].wire == wire)
            return &wire_rows[i];
    return NULL;
}

static const unsigned char *take_integer(struct slot *slot, const unsigned char *place)
{
    size_t bytes = slot->wire->bytes;
    uint64_t number = read_little(place, bytes);
    uint64_t sign = UINT64_C(1) << (8 * bytes - 1);
    slot->value.integer = (int64_t)(slot->is_unsigned ? number : (number ^ sign) - sign);
    return place + bytes;
}

static const unsigned char *take_single(struct slot *slot, const unsigned char *place)
{
    uint32_t bits = (uint32_t)read_little(place, sizeof bits);
    memcpy(&slot->value.single, &bits, sizeof bits);
    return place + sizeof bits;
}

static const unsigned char *take_double(struct slot *slot, const unsigned char *place)
{
    uint64_t bits = read_little(place, sizeof bits);
    memcpy(&slot->value.number, &bits, sizeof bits);
    return place + sizeof bits;
}

/* A length byte, then as much as is not zero: u16 year, month, day; hour, minute, second; u32
 * microseconds. */
static const unsigned char *take_date(struct slot *slot, const unsigned char *place)
{
    MYSQL_TIME *time = &slot->value.time;
    size_t length = *place++;

    memset(time, 0, sizeof *time);
    if (length != 0 && length != 4 && length != 7 && length != 11)
        return NULL;
    if (length >= 4) {
        time->year = (unsigned)read_little(place, 2);
        time->month = place[2];
        time->day = place[3];
    }
    if (length >= 7) {
        time->hour = place[4];
        time->minute = place[5];
        time->second = place[6];
    }
    if (length == 11)
        time->second_part = read_little(place + 7, 4);
    return place + length;
}

/* A length byte, then as much as is not zero: is it negative, u32 days, hour, minute, second; u32
 * microseconds. */
static const unsigned char *take_time(struct slot *slot, const unsigned char *place)
{
    MYSQL_TIME *time = &slot->value.time;
    size_t length = *place++;

    memset(time, 0, sizeof *time);
    if (length != 0 && length != 8 && length != 12)
        return NULL;
    if (length >= 8) {
        time->neg = place[0] != 0;
        time->day = (unsigned)read_little(place + 1, 4);
        time->hour = place[5];
        time->minute = place[6];
        time->second = place[7];
    }
    if (length == 12)
        time->second_part = read_little(place + 8, 4);
    return place + length;
}

/* A length, in 1 byte or behind a byte that says in how many, then the bytes. */
static const unsigned char *take_long(struct slot *slot, const unsigned char *place)
{
    size_t bytes = *place < 251    ? 0
                   : *place == 252 ? 2
                   : *place == 253 ? 3
                   : *place == 254 ? 8
                                   : SIZE_MAX;

    if (bytes == SIZE_MAX)
        return NULL;
    slot->length = bytes ? read_little(place + 1, bytes) : *place;
    slot->place = place + 1 + bytes;
    return slot->place + slot->length;
}

static const unsigned char *take_null(struct slot *slot, const unsigned char *place)
{
    (void)slot;
    (void)place;
    return NULL; /* is always marked as NULL, and has no bytes */
}

/* ---- Statements ------------------------------------------------------------------------------ */

static MYSQL_STMT *prepare(struct connection *connection, const struct buffer *sql,
                           const char *what, struct err *err)
{
    if (connection->lost) {
        (void)err_set(err, ERR_LOST, "%s: the connection to %s was lost before", what,
                      connection->place);
        return NULL;
    }
    MYSQL_STMT *statement = mysql_stmt_init(connection->mysql);
    if (!statement) {
        (void)fail_query(connection, what, err);
        return NULL;
    }
    if (mysql_stmt_prepare(statement, (const char *)sql->data, (unsigned long)sql->length)) {
        (void)fail_statement(connection, statement, what, err);
        mysql_stmt_close(statement);
        return NULL;
    }
    return statement;
}

static void add_bound(struct buffer *sql, const char *column, const char *operator, int64_t bound)
{
    buffer_printf(sql, "%s %s %lld", column, operator,(long long) bound);
}

static void add_range(struct buffer *sql, const char *column, const struct key_range *range)
{
    if (range->has_low)
        add_bound(sql, column, ">=", range->low);
    if (range->has_low && range->has_high)
        buffer_add_text(sql, " AND ");
    if (range->has_high)
        add_bound(sql, column, "<", range->high);
    if (!range->has_low && !range->has_high)
        buffer_add_text(sql, "TRUE");
}

/* The user's condition ends with a line break, so that a comment in it cannot swallow the bracket.
 */
static void add_where(struct buffer *sql, const struct scan *scan)
{
    const char *glue = " WHERE ";
    const struct split *split = scan->split;
    const struct table *table = scan->table;

    if (scan->where) {
        buffer_printf(sql, "%s(%s\n)", glue, scan->where);
        glue = " AND ";
    }
    if (split && (split->range.has_low || split->range.has_high)) {
        struct buffer name = BUFFER_INIT(1 << 12);
        engine_mysql_quote_name(&name, table->columns[table->keys[0].columns[0]].name);
        buffer_add_text(sql, glue);
        add_range(sql, (const char *)name.data, &split->range);
        buffer_free(&name);
        glue = " AND ";
    }
    for (size_t i = 0; i < scan->range_count; i++) {
        buffer_add_text(sql, i ? " OR (" : glue);
        buffer_add_text(sql, i ? "" : "((");
        add_range(sql, scan->range_column, &scan->ranges[i]);
        buffer_add_text(sql, ")");
    }
    if (scan->range_count)
        buffer_add_text(sql, ")");
}

static void add_scan(struct buffer *sql, const struct scan *scan)
{
    buffer_add_text(sql, "SELECT ");
    for (size_t i = 0; i < scan->column_count; i++)
        buffer_printf(sql, "%s%s\n", i ? ", " : "", scan->selects[i]);
    if (!scan->column_count)
        buffer_add_text(sql, "1");
    buffer_printf(sql, " FROM %s", scan->table->parts[0].from);
    add_where(sql, scan);
}

/* ---- Scans ----------------------------------------------------------------------------------- */

static void reader_free(struct reader *reader)
{
    if (!reader)
        return;
    for (size_t i = 0; i < reader->slot_count; i++)
        free(reader->slots[i].far);
    free(reader->slots);
    free(reader->binds);
    free(reader->near);
    free(reader->label);
    free(reader);
}

/* Prepares one slot for its column, or says why the column cannot be read so. */
static bool slot_choose(struct slot *slot, const MYSQL_FIELD *field, const struct type *type,
                        const char *label, struct err *err)
{
    const struct wire_row *wire = find_wire(field->type);

    if (!wire || !(wire->classes & CLASS(type->class)))
        return err_set(
            err, ERR_TABLE,
            "%s: column \"%s\" does not come as the %s that it was: was the table altered?", label,
            field->name, type->name ? type->name : "type");
    slot->wire = wire;
    slot->decode = wire->decode;
    slot->form = wire->form;
    slot->is_long = wire->bytes == 0;
    slot->is_unsigned = (field->flags & UNSIGNED_FLAG) != 0;
    slot->bits = (uint32_t)field->length; /* of a BIT */
    if (wire->form == CELL_TEXT) {
        if (type->class == TYPE_BYTES)
            slot->form = CELL_BYTES;
        else if (type->class == TYPE_UUID)
            slot->decode = decode_uuid;
        else if (type->class == TYPE_INET)
            slot->decode = decode_inet;
    }
    return true;
}

/* ---- How the library hands over a row -------------------------------------------------------- */

static bool not_whole(const struct reader *reader, size_t column, struct err *err)
{
    return err_set(err, ERR_TABLE, "%s: the value of column %zu did not arrive whole",
                   reader->label, column + 1);
}

#if CLIENT_IS_MARIADB
/* Nothing is bound: then the library only notes where each cell of the packet begins, as its header
 * shows (bind[].u.row_ptr, what mysql_stmt_fetch_column() reads from), and copies none. */
static bool slots_bind(struct reader *reader, const MYSQL_FIELD *fields, struct err *err)
{
    (void)reader;
    (void)fields;
    (void)err;
    return true;
}

/* Each cell must begin where the one before it ended: the library and this file have then read the
 * same row. */
static bool slots_fill(struct reader *reader, struct err *err)
{
    const MYSQL_BIND *cells = reader->statement->bind;
    const unsigned char *end = NULL;

    for (size_t i = 0; i < reader->slot_count; i++) {
        struct slot *slot = &reader->slots[i];
        const unsigned char *place = cells[i].u.row_ptr;
        slot->is_null = !place;
        if (!place)
            continue;
        if (end && end != place)
            return not_whole(reader, i, err);
        end = slot->wire->take(slot, place);
        if (!end)
            return not_whole(reader, i, err);
    }
    return true;
}
#else
static void slot_bind(struct slot *slot, MYSQL_BIND *bind)
{
    memset(bind, 0, sizeof *bind);
    bind->buffer_type = slot->wire->bind;
    bind->buffer = slot->is_long ? (void *)slot->near : (void *)&slot->value;
    bind->buffer_length = slot->is_long ? slot->near_size : sizeof slot->value;
    bind->length = &slot->length;
    bind->is_null = &slot->is_null;
    bind->error = &slot->error;
    bind->is_unsigned = slot->is_unsigned;
}

/* How much of a long cell is read at once. Most values are short; a table of a thousand columns
 * should not cost megabytes. */
static unsigned long near_size(const MYSQL_FIELD *field, size_t column_count)
{
    unsigned long most = column_count > 200 ? 256 : 2048;
    unsigned long size = field->length < 16 ? 16 : field->length;

    return size > most ? most : size;
}

static bool slots_bind(struct reader *reader, const MYSQL_FIELD *fields, struct err *err)
{
    size_t near = 0;

    reader->binds = mem_zero(reader->slot_count + 1, sizeof *reader->binds);
    for (size_t i = 0; i < reader->slot_count; i++) {
        struct slot *slot = &reader->slots[i];
        slot->near_size = slot->is_long ? near_size(&fields[i], reader->slot_count) : 0;
        near += slot->near_size;
    }
    reader->near = mem_alloc(near + 1);
    near = 0;
    for (size_t i = 0; i < reader->slot_count; i++) {
        struct slot *slot = &reader->slots[i];
        slot->near = reader->near + near;
        near += slot->near_size;
        slot_bind(slot, &reader->binds[i]);
    }
    return !reader->slot_count || !mysql_stmt_bind_result(reader->statement, reader->binds) ||
           fail_statement(reader->connection, reader->statement, reader->label, err);
}

/* The library says which cells did not fit. Long ones are fetched again; a number must not happen.
 */
static bool slots_fill(struct reader *reader, struct err *err)
{
    for (size_t i = 0; i < reader->slot_count; i++) {
        struct slot *slot = &reader->slots[i];
        if (!slot->is_long && !slot->is_null && slot->error)
            return not_whole(reader, i, err);
        slot->error = 0;
    }
    return true;
}
#endif

static bool reader_bind(struct reader *reader, const struct scan *scan, struct err *err)
{
    MYSQL_RES *columns = mysql_stmt_result_metadata(reader->statement);
    size_t count = columns ? mysql_num_fields(columns) : 0;
    bool fine = true;

    if (count != (scan->column_count ? scan->column_count : 1) ||
        mysql_stmt_param_count(reader->statement)) {
        if (columns)
            mysql_free_result(columns);
        return err_set(err, ERR_TABLE, "%s: an expression is not one value per row", reader->label);
    }
    reader->slot_count = scan->column_count;
    reader->slots = mem_zero(count, sizeof *reader->slots);
    MYSQL_FIELD *fields = mysql_fetch_fields(columns);
    for (size_t i = 0; fine && i < reader->slot_count; i++) {
        struct slot *slot = &reader->slots[i];
        slot->column = (unsigned)i;
        fine = slot_choose(slot, &fields[i], scan->types[i], reader->label, err);
        if (fine)
            reader->fixed_bytes += slot->wire->bytes;
    }
    fine = fine && slots_bind(reader, fields, err);
    reader->fixed_bytes += 4 + 2 + (count + 9) / 8; /* packet header, tag, NULL bits */
    mysql_free_result(columns);
    return fine;
}

static void scan_end(struct connection *connection);

static bool scan_start(struct connection *connection, const struct scan *scan, struct err *err)
{
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT);

    enter();
    scan_end(connection);
    add_scan(&sql, scan);
    MYSQL_STMT *statement = prepare(connection, &sql, scan->table->label, err);
    buffer_free(&sql);
    if (!statement)
        return false;
    struct reader *reader = mem_zero(1, sizeof *reader);
    connection->reader = reader;
    reader->connection = connection;
    reader->statement = statement;
    reader->label = mem_copy_string(scan->table->label);
    bool fine = reader_bind(reader, scan, err);
    if (fine && mysql_stmt_execute(statement))
        fine = fail_statement(connection, statement, reader->label, err);
    reader->running = fine;
    if (!fine)
        scan_end(connection);
    return fine;
}

struct warning_row {
    unsigned code;
    const char *words;
};

/* Warnings that mean: a value is not what the table holds. */
static const struct warning_row warning_rows[] = {
    {1260, "a GROUP_CONCAT was cut"},
    {ER_CONVERTED_INVALID, "text could not be converted to UTF-8"},
    {ER_OVER_PACKET, "a value is larger than the server's max_allowed_packet and came as NULL"},
    {1366, "a value could not be converted"},
    {3854, "text could not be converted to UTF-8"},
};

struct warnings {
    const char *words; /* of the first bad one */
    uint64_t count;
    char text[200];
};

static bool look_at_warning(void *context, const char *const *cells, struct err *err)
{
    struct warnings *warnings = context;
    unsigned code = (unsigned)strtoul(cells[1], NULL, 10);
    char line[400];

    (void)err;
    warnings->count++;
    for (size_t i = 0; !warnings->words && i < sizeof warning_rows / sizeof *warning_rows; i++)
        if (warning_rows[i].code == code) {
            warnings->words = warning_rows[i].words;
            snprintf(warnings->text, sizeof warnings->text, "%.199s", one_line(cells[2], line));
        }
    return true;
}

/*
 * The server has sent everything; did it send everything right? (MariaDB's library does not keep
 * the number of warnings that ends an unbuffered result, so the server is asked.) Beyond
 * max_error_count the server only counts, and nobody can know what it did not keep.
 */
static bool finish_scan(struct connection *connection, struct err *err)
{
    struct warnings warnings = {0};
    struct row row;
    char *label = connection->reader->label;

    connection->reader->running = false;
    if (!first_row(connection, "SHOW COUNT(*) WARNINGS", 1, &row, err)) {
        row_free(&row);
        return err_prefix(err, "%s", label);
    }
    uint64_t count = row.any && row.cells[0] ? strtoull(row.cells[0], NULL, 10) : 0;
    row_free(&row);
    if (!count)
        return true;
    if (!engine_mysql_rows(connection, "SHOW WARNINGS", look_at_warning, &warnings, err))
        return err_prefix(err, "%s", label);
    if (warnings.words)
        return err_set(err, ERR_TABLE, "%s: %s (%s)", label, warnings.words, warnings.text);
    if (warnings.count < count)
        return err_set(
            err, ERR_TABLE,
            "%s: reading it raised %llu warnings, more than the server keeps: an expression "
            "or a condition compares unlike types",
            label, (unsigned long long)count);
    return true;
}

/* Long values are given back before the next row comes: memory is that of the largest row. */
static void drop_far(struct reader *reader)
{
    for (size_t i = 0; i < reader->slot_count; i++) {
        free(reader->slots[i].far);
        reader->slots[i].far = NULL;
        reader->slots[i].far_size = 0;
    }
    reader->far_bytes = 0;
}

static enum row_status scan_failed(struct connection *connection, struct err *err)
{
    struct reader *reader = connection->reader;

    (void)fail_statement(connection, reader->statement, reader->label, err);
    reader->running = false; /* an error packet ends a result too */
    return ROW_FAILED;
}

/* A client that waits for every 16 kB that the server sends wakes up, and is woken up, for each:
 * when less than that is there, it rather sleeps for a moment, while the socket fills. */
static void rest(struct reader *reader)
{
    int waiting = 0;

    reader->unrested += reader->long_bytes;
    if (reader->unrested < SENT_AT_ONCE)
        return;
    reader->unrested = 0;
    if (ioctl(reader->connection->socket, FIONREAD, &waiting) == 0 && waiting < SENT_AT_ONCE)
        nanosleep(&(struct timespec){.tv_nsec = NAP_NANOSECONDS}, NULL);
}

static enum row_status scan_next(struct connection *connection, struct cell *cells,
                                 uint64_t *wire_bytes, struct err *err)
{
    struct reader *reader = connection->reader;

    enter();
    if (!reader || !reader->running) {
        (void)err_set(err, ERR_LOST, "no scan is running on the connection to %s",
                      connection->place);
        return ROW_FAILED;
    }
    if (reader->far_bytes > FAR_KEEP)
        drop_far(reader);
    int status = mysql_stmt_fetch(reader->statement);
    if (status == MYSQL_NO_DATA)
        return finish_scan(connection, err) ? ROW_END : ROW_FAILED;
    if (status && status != MYSQL_DATA_TRUNCATED)
        return scan_failed(connection, err);
    if (!slots_fill(reader, err))
        return ROW_FAILED;
    reader->long_bytes = reader->fixed_bytes;
    for (size_t i = 0; i < reader->slot_count; i++) {
        struct slot *slot = &reader->slots[i];
        if (slot->is_null) {
            cells[i].form = CELL_NULL;
        } else if (!slot->decode(reader, slot, &cells[i])) {
            (void)err_set(err, ERR_TABLE, "%s: the value of column %zu could not be read",
                          reader->label, i + 1);
            return ROW_FAILED;
        }
    }
    *wire_bytes += reader->long_bytes;
    rest(reader);
    return ROW_READ;
}

/* Ends the connection at once: closing a statement in mid-result would read all that is still to
 * come. */
static void shut(struct connection *connection)
{
    connection->lost = true;
    if (connection->socket >= 0)
        shutdown(connection->socket, SHUT_RDWR);
}

static void kill_running(const struct connection *connection);

/* A scan that nobody wants any more: the server is told, and what is on its way is read, so that
 * the connection keeps its snapshot. What does not end soon costs the connection. */
static void abandon(struct connection *connection, MYSQL_STMT *statement)
{
    struct timespec start, now;

    if (connection->lost) {
        shut(connection);
        return;
    }
    kill_running(connection);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (;;) {
        int status = mysql_stmt_fetch(statement);
        if (status == 1 && is_lost(mysql_stmt_errno(statement)))
            shut(connection);
        if (status != 0 && status != MYSQL_DATA_TRUNCATED)
            return;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec - start.tv_sec > ABANDON_SECONDS) {
            shut(connection);
            return;
        }
    }
}

static void scan_end(struct connection *connection)
{
    struct reader *reader = connection->reader;

    if (!reader)
        return;
    enter();
    if (reader->running)
        abandon(connection, reader->statement);
    mysql_stmt_close(reader->statement);
    reader_free(reader);
    connection->reader = NULL;
}

static void forget_databases(struct connection *connection);

static void disconnect(struct connection *connection)
{
    if (!connection)
        return;
    scan_end(connection);
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
    forget_databases(connection);
    free(connection);
}

/* ---- Cancelling ------------------------------------------------------------------------------ */

/* What the thread that kills needs; it may outlive the call, and the connection. */
struct killing {
    char *uri, *id, *identity;
    struct attempt attempt;
    atomic_int owners;
    pthread_mutex_t lock;
    pthread_cond_t over;
    bool done;
};

static void killing_release(struct killing *killing)
{
    if (atomic_fetch_sub(&killing->owners, 1) > 1)
        return;
    explicit_bzero(killing->uri, strlen(killing->uri));
    free(killing->uri);
    free(killing->id);
    free(killing->identity);
    pthread_mutex_destroy(&killing->lock);
    pthread_cond_destroy(&killing->over);
    free(killing);
}

/* Behind a balancer, another server may answer, where the id is somebody else's. */
static void kill_query(const struct killing *killing)
{
    struct connection second = {.socket = -1};
    struct target target;
    struct err err;
    struct row row = {0};

    if (target_read(killing->uri, &target, &err)) {
        target.timeout = 1;
        target.known = true;
        target.attempt = killing->attempt;
        if (client_open(&target, &second.mysql, &second.place, &err) &&
            first_row(&second, "SELECT CONCAT_WS('|', @@hostname, @@port, @@server_id, @@datadir)",
                      1, &row, &err) &&
            row.any && row.cells[0] && strcmp(row.cells[0], killing->identity) == 0) {
            char *sql = mem_format("KILL QUERY %s", killing->id);
            if (!run(&second, sql, &err))
                second.lost = true; /* the query may be over: nothing to do */
            free(sql);
        }
    }
    row_free(&row);
    if (second.mysql)
        mysql_close(second.mysql);
    free(second.place);
    uri_free(&target.uri);
}

static void *kill_in_thread(void *argument)
{
    struct killing *killing = argument;

    enter();
    kill_query(killing);
    pthread_mutex_lock(&killing->lock);
    killing->done = true;
    pthread_cond_signal(&killing->over);
    pthread_mutex_unlock(&killing->lock);
    killing_release(killing);
    return NULL;
}

static void wait_for_kill(struct killing *killing)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += CANCEL_MILLISECONDS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&killing->lock);
    while (!killing->done && pthread_cond_timedwait(&killing->over, &killing->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&killing->lock);
}

/* KILL QUERY through another connection; touches only what never changes after connect(). */
static void kill_running(const struct connection *connection)
{
    struct killing *killing = mem_zero(1, sizeof *killing);
    pthread_t thread;

    killing->attempt = connection->attempt;
    killing->uri = mem_copy_string(connection->uri);
    killing->id = mem_copy_string(connection->id);
    killing->identity = mem_copy_string(connection->identity);
    pthread_mutex_init(&killing->lock, NULL);
    pthread_cond_init(&killing->over, NULL);
    atomic_init(&killing->owners, 2);
    if (pthread_create(&thread, NULL, kill_in_thread, killing) == 0) {
        pthread_detach(thread);
        wait_for_kill(killing);
    } else {
        killing_release(killing);
    }
    killing_release(killing);
}

/* Called from another thread than the scan's. */
static void cancel(struct connection *connection)
{
    kill_running(connection);
    if (connection->socket >= 0)
        shutdown(connection->socket, SHUT_RDWR);
}

/* ---- Questions while planning ---------------------------------------------------------------- */

static void add_select(struct buffer *sql, const char *what, const struct table *table)
{
    buffer_printf(sql, "SELECT %s FROM %s", what, table->parts[0].from);
}

/* MariaDB says "uuid" or "inet6" in an attribute beside the wire type. */
static const char *attribute_type(const MYSQL_FIELD *field, char name[32])
{
    name[0] = '\0';
#ifdef MARIADB_FIELD_ATTR_LAST
    MARIADB_CONST_STRING attribute = {NULL, 0};
    if (!mariadb_field_attr(&attribute, field, MARIADB_FIELD_ATTR_DATA_TYPE_NAME) &&
        attribute.str && attribute.length < 32) {
        memcpy(name, attribute.str, attribute.length);
        name[attribute.length] = '\0';
    }
#else
    (void)field;
#endif
    return name;
}

static void name_string_type(const MYSQL_FIELD *field, struct type *type)
{
    char attribute[32] = "";
    bool blob = field->type != MYSQL_TYPE_STRING && field->type != MYSQL_TYPE_VAR_STRING &&
                field->type != MYSQL_TYPE_VARCHAR;

    attribute_type(field, attribute);
    if (strcmp(attribute, "uuid") == 0) {
        type->class = TYPE_UUID;
        type->base = "uuid";
    } else if (strcmp(attribute, "inet4") == 0 || strcmp(attribute, "inet6") == 0) {
        type->class = TYPE_INET;
        type->base = attribute[4] == '4' ? "inet4" : "inet6";
    } else if (field->flags & ENUM_FLAG) {
        type->class = TYPE_ENUM;
        type->base = "enum";
    } else if (field->flags & SET_FLAG) {
        type->class = TYPE_SET;
        type->base = "set";
    } else if (field->charsetnr == 63) { /* "binary" */
        type->class = TYPE_BYTES;
        type->fixed = field->type == MYSQL_TYPE_STRING;
        type->base = blob ? "blob" : type->fixed ? "binary" : "varbinary";
        type->length = (uint32_t)field->length;
    } else {
        type->fixed = field->type == MYSQL_TYPE_STRING;
        type->length = (uint32_t)(field->length / 4); /* of utf8mb4 */
    }
    type->name = type->base;
}

/* The type of a result's column. What the wire does not say (an enum's labels) stays unsaid. */
static bool type_of_field(const MYSQL_FIELD *field, struct arena *arena, struct type *type)
{
    const struct wire_row *wire = find_wire(field->type);
    unsigned decimals = field->decimals > 6 ? 6 : field->decimals; /* 31: not fixed */

    if (!wire)
        return false;
    *type = (struct type){
        .class = wire->class, .precision = -1, .base = wire->base, .name = wire->base};
    if (type->class >= TYPE_INT && type->class <= TYPE_DOUBLE)
        type->is_unsigned = (field->flags & UNSIGNED_FLAG) != 0;
    switch (type->class) {
    case TYPE_TEXT:
        name_string_type(field, type);
        break;
    case TYPE_INT:
        type->length = field->type == MYSQL_TYPE_INT24 ? 3 : wire->bytes;
        /* A comparison is an integer of one digit, as tinyint(1) is: both may stand for a truth. */
        type->tiny_bool = field->length == 1;
        type->name = arena_format(arena, type->tiny_bool ? "%s(1)%s" : "%s%s", wire->base,
                                  type->is_unsigned ? " unsigned" : "");
        break;
    case TYPE_DECIMAL:
        type->scale = (int)field->decimals;
        type->precision = (int)field->length - (type->scale > 0) - !type->is_unsigned;
        type->name = arena_format(arena, "decimal(%d,%d)", type->precision, type->scale);
        break;
    case TYPE_TIME:
    case TYPE_DATETIME:
    case TYPE_INSTANT:
        type->precision = (int)decimals;
        type->name = arena_format(arena, decimals ? "%s(%u)" : "%s", wire->base, decimals);
        break;
    case TYPE_BITS:
        type->length = (uint32_t)field->length;
        type->fixed = true;
        type->name = arena_format(arena, "bit(%u)", type->length);
        break;
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        type->length = wire->bytes;
        break;
    default:
        break;
    }
    return true;
}

/* Prepares a statement only to see whether it is one. */
static bool check_statement(struct connection *connection, const struct buffer *sql,
                            const char *what, MYSQL_STMT **statement, struct err *err)
{
    *statement = prepare(connection, sql, what, err);
    if (!*statement)
        return false;
    if (mysql_stmt_param_count(*statement) == 0)
        return true;
    mysql_stmt_close(*statement);
    return err_set(err, ERR_USAGE, "%s: an expression may not hold a '?' outside of quotes", what);
}

/* Behind a quote: the place after its end, or where the text ends. A doubled quote is two quotes.
 */
static const char *skip_quoted(const char *place, char mark)
{
    for (; *place && *place != mark; place++)
        if (*place == '\\' && mark != '`' && place[1])
            place++;
    return *place ? place + 1 : place;
}

/*
 * Does the text stay inside the brackets that are put around it? "a) OR (b" would not: what is
 * joined to it with AND would then bind to a part of it only.
 */
static bool is_closed(const char *place)
{
    size_t depth = 0;

    while (*place) {
        char c = *place++;
        if (c == '\'' || c == '"' || c == '`')
            place = skip_quoted(place, c);
        else if (c == '#' || (c == '-' && *place == '-' && (!place[1] || place[1] <= ' ')))
            place += strcspn(place, "\n");
        else if (c == '/' && *place == '*')
            return false; /* it may hide anything, or be executable */
        else if (c == '(')
            depth++;
        else if (c == ')' && depth-- == 0)
            return false;
    }
    return depth == 0;
}

/* What is not the expression's fault. */
static bool is_denial(unsigned code)
{
    static const unsigned codes[] = {ER_DENIED_DATABASE, ER_DENIED,         ER_DENIED_TABLE,
                                     ER_DENIED_COLUMN,   ER_DENIED_ROUTINE, ER_NO_SUCH_TABLE_HERE,
                                     ER_NEEDS_PRIVILEGE, ER_INTERRUPTED,    ER_BROKEN_VIEW};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i] == code)
            return true;
    return false;
}

static bool describe_field(const struct table *table, const char *expression, MYSQL_STMT *statement,
                           struct arena *arena, struct type *type, struct err *err)
{
    MYSQL_RES *columns = mysql_stmt_result_metadata(statement);
    bool fine = columns && mysql_num_fields(columns) == 2;

    if (!fine)
        (void)err_set(err, ERR_USAGE, "%s: \"%s\" is not one value", table->label, expression);
    else if (!type_of_field(mysql_fetch_fields(columns), arena, type))
        fine = err_set(err, ERR_TABLE, "%s: \"%s\" has a type that cannot be read", table->label,
                       expression);
    if (columns)
        mysql_free_result(columns);
    return fine;
}

/*
 * The expression stands in WHERE too, where the server refuses aggregates and window functions:
 * they would make fewer rows of the table. The line breaks end a comment before it swallows a
 * bracket.
 */
static bool describe(struct connection *connection, struct schema *schema,
                     const struct table *table, const char *expression, const char *where,
                     struct type *type, struct err *err)
{
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT);
    MYSQL_STMT *statement;

    enter();
    if ((expression && !is_closed(expression)) || (where && !is_closed(where)))
        return err_set(err, ERR_USAGE,
                       "%s: the brackets or quotes of an expression do not match, or it holds a /* "
                       "comment: %s",
                       table->label, expression ? expression : where);
    const char *value = expression ? expression : "1";
    buffer_printf(&sql, "SELECT (%s\n), 1 FROM %s WHERE ((%s\n) IS NULL OR TRUE)", value,
                  table->parts[0].from, value);
    if (where)
        buffer_printf(&sql, " AND (%s\n)", where);
    bool fine = check_statement(connection, &sql, table->label, &statement, err);
    buffer_free(&sql);
    if (!fine) {
        if (err->code == ERR_TABLE && !is_denial(connection->code))
            err->code = ERR_USAGE;
        return false;
    }
    if (expression)
        fine = describe_field(table, expression, statement, &schema->arena, type, err);
    mysql_stmt_close(statement);
    return fine;
}

static bool probe(struct connection *connection, const char *schema_name, const char *table_name,
                  enum existence *existence, struct err *err)
{
    struct buffer sql = BUFFER_INIT(1 << 12);

    enter();
    buffer_add_text(&sql, "SELECT 1 FROM ");
    engine_mysql_quote_table(&sql, schema_name ? schema_name : connection->session.database,
                             table_name);
    buffer_add_text(&sql, " LIMIT 0");
    *existence = EXISTS_READABLE;
    bool fine = run(connection, (const char *)sql.data, err);
    buffer_free(&sql);
    if (fine || connection->lost)
        return fine;
    bool missing =
        connection->code == ER_NO_SUCH_TABLE_HERE || connection->code == ER_NO_SUCH_DATABASE;
    *existence = missing ? EXISTS_NOT : EXISTS_UNREADABLE;
    return true;
}

/* Databases about which the server was asked. */
struct seen_database {
    struct seen_database *next;
    char *name;
    bool all;
};

static void forget_databases(struct connection *connection)
{
    while (connection->seen) {
        struct seen_database *next = connection->seen->next;
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

    enter();
    for (struct seen_database *seen = connection->seen; seen; seen = seen->next)
        if (strcmp(seen->name, database) == 0) {
            *all = seen->all;
            return true;
        }
    buffer_add_text(&sql, "SELECT 1 FROM ");
    engine_mysql_quote_table(&sql, database, nobody);
    buffer_add_text(&sql, " LIMIT 0");
    *all = run(connection, (const char *)sql.data, err) ||
           connection->code == ER_NO_SUCH_TABLE_HERE || connection->code == ER_UNKNOWN_TABLE;
    buffer_free(&sql);
    if (connection->lost)
        return err_prefix(err, "which tables of %s this user may read", database);
    struct seen_database *seen = mem_zero(1, sizeof *seen);
    *seen = (struct seen_database){connection->seen, mem_copy_string(database), *all};
    connection->seen = seen;
    return true;
}

/* Of a database that is seen whole nothing is hidden; elsewhere "*" is refused when it would leave
 * out a column. */
static bool hides_columns(struct connection *connection, const struct table *table, bool *hidden,
                          struct err *err)
{
    struct buffer sql = BUFFER_INIT(1 << 12);
    bool all;

    enter();
    *hidden = false;
    if (!engine_mysql_sees_all(connection, table->schema, &all, err))
        return false;
    if (all)
        return true;
    add_select(&sql, "*", table);
    MYSQL_STMT *statement = prepare(connection, &sql, table->label, err);
    buffer_free(&sql);
    if (statement) {
        mysql_stmt_close(statement);
        return true;
    }
    *hidden = !connection->lost &&
              (connection->code == ER_DENIED_TABLE || connection->code == ER_DENIED_COLUMN);
    return *hidden;
}

/* ---- Key bounds and splits ------------------------------------------------------------------- */

static int64_t clamp_int64(const char *text)
{
    if (*text == '-')
        return strtoll(text, NULL, 10);
    uint64_t n = strtoull(text, NULL, 10);
    return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

static bool leads_key(const struct table *table, size_t column)
{
    for (size_t i = 0; i < table->key_count; i++) {
        const struct key *key = &table->keys[i];
        if (key->column_count && key->columns[0] == column && !key->has_prefix)
            return true;
    }
    return false;
}

static bool key_bounds(struct connection *connection, const struct table *table, size_t column,
                       bool *any, int64_t *low, int64_t *high, struct err *err)
{
    struct buffer sql = BUFFER_INIT(1 << 13);
    struct buffer name = BUFFER_INIT(1 << 12);
    struct row row;

    enter();
    *any = false;
    if (table->columns[column].type.class != TYPE_INT || !leads_key(table, column))
        return true;
    engine_mysql_quote_name(&name, table->columns[column].name);
    buffer_printf(&sql, "SELECT MIN(%s), MAX(%s) FROM %s", (const char *)name.data,
                  (const char *)name.data, table->parts[0].from);
    bool fine = first_row(connection, (const char *)sql.data, 2, &row, err);
    buffer_free(&name);
    buffer_free(&sql);
    if (fine && row.any && row.cells[0] && row.cells[1]) {
        *any = true;
        *low = clamp_int64(row.cells[0]);
        *high = clamp_int64(row.cells[1]);
    }
    row_free(&row);
    return fine || err_prefix(err, "%s", table->label);
}

/* Is the table worth cutting, and stored in the order of a key whose first column is an integer? */
static bool can_split(const struct table *table)
{
    if (table->kind != RELATION_TABLE || table->note || !table->key_count ||
        !table->keys[0].primary)
        return false;
    const struct key *key = &table->keys[0];
    return !key->has_prefix && key->column_count &&
           table->columns[key->columns[0]].type.class == TYPE_INT &&
           (table->row_estimate >= SPLIT_ROWS || table->byte_estimate >= SPLIT_BYTES);
}

static bool key_gap(struct connection *connection, const struct table *table, size_t column,
                    int64_t middle, struct cut_gap *gap, struct err *err)
{
    struct buffer sql = BUFFER_INIT(1 << 13);
    struct buffer name = BUFFER_INIT(1 << 12);
    struct row row;

    enter();
    *gap = (struct cut_gap){0};
    engine_mysql_quote_name(&name, table->columns[column].name);
    const char *quoted = (const char *)name.data, *from = table->parts[0].from;
    buffer_printf(&sql,
                  "SELECT (SELECT MAX(%s) FROM %s WHERE %s < %" PRId64
                  "), (SELECT MIN(%s) FROM %s WHERE %s >= %" PRId64 ")",
                  quoted, from, quoted, middle, quoted, from, quoted, middle);
    bool fine = first_row(connection, (const char *)sql.data, 2, &row, err);
    buffer_free(&name);
    buffer_free(&sql);
    if (fine && row.any && row.cells[0]) {
        gap->has_below = true;
        gap->below = clamp_int64(row.cells[0]);
    }
    if (fine && row.any && row.cells[1]) {
        gap->has_above = true;
        gap->above = clamp_int64(row.cells[1]);
    }
    row_free(&row);
    return fine || err_prefix(err, "%s", table->label);
}

struct gap_question {
    struct connection *connection;
    const struct table *table;
    size_t column;
};

static bool ask_gap(void *context, int64_t middle, struct cut_gap *gap, struct err *err)
{
    const struct gap_question *question = context;

    return key_gap(question->connection, question->table, question->column, middle, gap, err);
}

/* Ranges of the primary key, the first and the last without an end: whatever key a row has, one
 * range holds it. */
static bool make_splits(struct connection *connection, const struct table *table, size_t wanted,
                        struct split **splits, size_t *count, struct err *err)
{
    int64_t low, high;
    bool any = false;

    enter();
    *splits = mem_zero(wanted ? wanted : 1, sizeof **splits);
    *count = 1; /* the whole table */
    if (wanted < 2 || !can_split(table))
        return true;
    struct gap_question question = {connection, table, table->keys[0].columns[0]};
    int64_t *bounds = mem_zero(wanted, sizeof *bounds);
    size_t bound_count = 0;
    bool fine = key_bounds(connection, table, question.column, &any, &low, &high, err) &&
                (!any || cut_key(low, high, wanted, ask_gap, &question, bounds, &bound_count, err));
    for (size_t i = 0; fine && i < bound_count; i++) {
        struct key_range *below = &(*splits)[i].range, *above = &(*splits)[i + 1].range;
        below->has_high = above->has_low = true;
        below->high = above->low = bounds[i];
    }
    *count += bound_count;
    free(bounds);
    return fine;
}

/* ---- Snapshots ------------------------------------------------------------------------------- */

#define SNAPSHOT_TRIES 5

static bool same_text(const char *one, const char *other)
{
    return one && other && strcmp(one, other) == 0;
}

static bool same_place(const struct engine_mysql_place *one, const struct engine_mysql_place *other)
{
    return same_text(one->file, other->file) && same_text(one->position, other->position) &&
           same_text(one->gtids, other->gtids);
}

static bool keep_snapshot_place(void *context, const char *const *cells, struct err *err)
{
    struct engine_mysql_place *place = context;

    (void)err;
    if (strcasecmp(cells[0], "Binlog_snapshot_file") == 0 && !place->file && *cells[1])
        place->file = mem_copy_string(cells[1]);
    else if (strcasecmp(cells[0], "Binlog_snapshot_position") == 0 && !place->position)
        place->position = mem_copy_string(cells[1]);
    return true;
}

/* MariaDB: where the binary log stood when this transaction took its snapshot. */
static bool snapshot_place(struct connection *connection, struct engine_mysql_place *place,
                           struct err *err)
{
    *place = (struct engine_mysql_place){.gtids = mem_copy_string("")};
    return engine_mysql_rows(connection, "SHOW STATUS LIKE 'binlog_snapshot_%'",
                             keep_snapshot_place, place, err);
}

static bool start_all(struct connection *const *connections, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (!run(connections[i], "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", err))
            return false;
    return true;
}

/* One try on MariaDB. *proof: the server can tell; *same: and says that all saw one moment. */
static bool try_mariadb(struct connection *const *connections, size_t count, bool *proof,
                        bool *same, struct err *err)
{
    struct engine_mysql_place first, other;

    *proof = *same = false;
    if (!start_all(connections, count, err))
        return false;
    bool fine = snapshot_place(connections[0], &first, err);
    *proof = *same = fine && first.file && first.position;
    for (size_t i = 1; fine && *same && i < count; i++) {
        fine = snapshot_place(connections[i], &other, err);
        *same = fine && same_place(&first, &other);
        engine_mysql_place_free(&other);
    }
    engine_mysql_place_free(&first);
    return fine;
}

/*
 * One try on MySQL: the log must not have moved from before the first snapshot until after the
 * last. A transaction stands in the log before it becomes visible, and among the executed ones
 * shortly after; so the last look comes a little later, and must find no transaction that was on
 * its way.
 */
static bool try_mysql(struct connection *const *connections, size_t count, bool *proof, bool *same,
                      struct err *err)
{
    struct engine_mysql_place before, after = {0};
    const struct timespec moment = {.tv_nsec = 20000000};

    *proof = *same = false;
    if (!engine_mysql_log_place(connections[0], &before, err)) {
        /* Without the privilege there is no proof, but there are snapshots. */
        return !connections[0]->lost && start_all(connections, count, err);
    }
    bool fine = start_all(connections, count, err);
    nanosleep(&moment, NULL);
    if (fine)
        fine = engine_mysql_log_place(connections[0], &after, err);
    *proof = fine && before.file;
    *same = *proof && same_place(&before, &after);
    engine_mysql_place_free(&before);
    engine_mysql_place_free(&after);
    return fine;
}

/*
 * Never FLUSH TABLES WITH READ LOCK, which would surely make one moment of all snapshots, and would
 * make the application wait for the longest of its queries. The log is a proof only where every
 * write reaches it.
 */
static bool begin(struct connection *const *connections, size_t count, enum snapshot_state *state,
                  struct buffer *note, struct err *err)
{
    bool proof = false, same = false;
    const char *why = NULL;

    enter();
    *state = SNAPSHOT_SHARED;
    if (count <= 1)
        return start_all(connections, count, err);
    if (!engine_mysql_log_is_whole(connections[0], false, &why, err))
        return false;
    for (int i = 0; i < SNAPSHOT_TRIES && !why && !same && (proof || i == 0); i++) {
        bool fine = connections[0]->session.is_mariadb
                        ? try_mariadb(connections, count, &proof, &same, err)
                        : try_mysql(connections, count, &proof, &same, err);
        if (!fine)
            return false;
    }
    if (same)
        return true;
    *state = SNAPSHOT_SEPARATE;
    if (why && !start_all(connections, count, err))
        return false;
    if (proof)
        buffer_printf(note, "the server was written to while %zu snapshots were opened, %d times",
                      count, SNAPSHOT_TRIES);
    else
        buffer_printf(note, "nothing shows that %zu snapshots are of one moment: %s", count,
                      why ? why : "the server does not tell where its binary log stood");
    return true;
}

/* ---- How the server fares -------------------------------------------------------------------- */

/*
 * Threads_running less those of ours, and those that wait for a lock on a table's definition: an
 * ALTER TABLE that waits for us, and whoever waits behind it. (Without PROCESS, only our own user's
 * are seen.) Both numbers hold the thread that asks.
 */
static bool load(struct connection *connection, unsigned *running, struct err *err)
{
    struct row row;
    unsigned long all = 0, others = 0;

    enter();
    bool fine = first_row(connection, "SHOW GLOBAL STATUS LIKE 'Threads_running'", 2, &row, err);
    if (fine && row.any && row.cells[1])
        all = strtoul(row.cells[1], NULL, 10);
    row_free(&row);
    if (!fine)
        return false;
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add_text(&sql, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE "
                          "COMMAND NOT IN ('Sleep', 'Daemon') AND (ID IN (");
    own_sessions_list(connection->identity, &sql);
    buffer_add_text(&sql, ") OR STATE LIKE 'Waiting for table%')");
    fine = first_row(connection, (const char *)sql.data, 1, &row, err);
    if (fine && row.any && row.cells[0])
        others = strtoul(row.cells[0], NULL, 10);
    row_free(&row);
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

static bool lag(struct connection *connection, enum replica_state *state, double *seconds,
                struct err *err)
{
    static const char what[] = "whether the server is a replica";
    const char *sql = engine_mysql_replica_question(&connection->session);
    MYSQL *mysql = connection->mysql;

    enter();
    *state = REPLICA_NONE;
    *seconds = 0;
    if (mysql_real_query(mysql, sql, (unsigned long)strlen(sql))) {
        fail_query(connection, what, err);
        if (err->code == ERR_TABLE && is_denial(connection->code))
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
        return fail_query(connection, what, err);
    read_lag(result, state, seconds);
    mysql_free_result(result);
    return true;
}

static const char *const schemes[] = {"mysql", "mariadb", NULL};

/* Splits are ranges of the primary key, which a row leaves only when its key itself is changed; so
 * it takes a proof that nothing was. A table that is not split has no partly read splits. */
static bool stamp(struct connection *connection, const struct table *table, struct buffer *text,
                  struct err *err)
{
    enter();
    return !can_split(table) || engine_mysql_stamp(connection, table, text, err);
}

static bool unchanged(struct connection *connection, const struct table *table, const char *text,
                      bool *same, struct err *err)
{
    enter();
    return engine_mysql_unchanged(connection, table, text, same, err);
}

const struct engine engine_mysql = {
    .name = "mysql",
    .schemes = schemes,
    .connect = connect_uri,
    .disconnect = disconnect,
    .read_schema = engine_mysql_read_schema,
    .probe = probe,
    .hides_columns = hides_columns,
    .describe = describe,
    .definitions = engine_mysql_definitions,
    .collisions = engine_mysql_collisions,
    .mend = engine_mysql_mend,
    .begin = begin,
    .key_bounds = key_bounds,
    .key_gap = key_gap,
    .splits = make_splits,
    .stamp = stamp,
    .unchanged = unchanged,
    .scan_start = scan_start,
    .scan_next = scan_next,
    .scan_end = scan_end,
    .cancel = cancel,
    .load = load,
    .lag = lag,
    .quote_name = engine_mysql_quote_name,
    .quote_text = engine_mysql_quote_text,
    .parse_type = engine_mysql_parse_type,
    .sql = &engine_mysql_sql,
};
