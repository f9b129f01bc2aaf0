/*
 * The client library from its start to an open connection: its threads, its options, TLS. Compiles
 * against MariaDB's library and against Oracle's. Input: what a URI asks for, and the [client]
 * sections of the usual option files. Output: an open client, or the sentence of a refusal. Knows
 * nothing of sessions and statements.
 */
#include "engine_mysql_session.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define HUGE_PACKET (1UL << 30) /* the protocol's own limit */

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

void engine_mysql_client_enter(void)
{
    static _Thread_local bool entered;

    if (entered)
        return;
    pthread_once(&library_once, start_library);
    mysql_thread_init();
    pthread_setspecific(library_thread, &library_once);
    entered = true;
}

/* ---- Its options ----------------------------------------------------------------------------- */

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

/* TLS as far as Oracle's library knows modes, MariaDB's only steps (see connect_in_steps()). */
static void set_tls(MYSQL *mysql, const struct engine_mysql_target *target,
                    const struct engine_mysql_attempt *attempt)
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

static void set_options(MYSQL *mysql, const struct engine_mysql_target *target)
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
static const char *host_of(MYSQL *mysql, const struct engine_mysql_target *target)
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
static bool uses_socket(MYSQL *mysql, const struct engine_mysql_target *target)
{
    const char *host = host_of(mysql, target);

    return target->socket ||
           (is_local(host) && !target->uri.port && mysql->options.protocol != MYSQL_PROTOCOL_TCP);
}

/* ---- Connecting ------------------------------------------------------------------------------ */

static bool client_connect(MYSQL *mysql, struct engine_mysql_target *target,
                           struct engine_mysql_attempt attempt)
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
static bool connect_in_steps(MYSQL *mysql, struct engine_mysql_target *target,
                             enum engine_mysql_tls mode)
{
    if (target->known)
        return client_connect(mysql, target, target->attempt);
    if (mode == TLS_DISABLED || (mode == TLS_PREFERRED && uses_socket(mysql, target)))
        return client_connect(mysql, target, (struct engine_mysql_attempt){.tls = false});
    if (client_connect(mysql, target, (struct engine_mysql_attempt){.tls = true, .verify = true}))
        return true;
    if (mysql_errno(mysql) != CLIENT_TLS || mode == TLS_CA || mode == TLS_IDENTITY)
        return false;
    if (!strstr(mysql_error(mysql), "server does not support"))
        return client_connect(mysql, target, (struct engine_mysql_attempt){.tls = true});
    if (mode == TLS_REQUIRED)
        return false;
    return client_connect(mysql, target, (struct engine_mysql_attempt){.tls = false});
}

/* Where the URI says nothing, the option files may. */
static enum engine_mysql_tls mode_of(MYSQL *mysql, const struct engine_mysql_target *target)
{
    client_bool enforce = 0, verify = 0;

    if (target->tls != TLS_UNSAID)
        return target->tls;
    mysql_get_option(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
    mysql_get_option(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce);
    return verify ? TLS_IDENTITY : enforce ? TLS_REQUIRED : TLS_PREFERRED;
}
#else
static bool connect_in_steps(MYSQL *mysql, struct engine_mysql_target *target,
                             enum engine_mysql_tls mode)
{
    return client_connect(mysql, target,
                          (struct engine_mysql_attempt){.tls = mode != TLS_DISABLED});
}

static enum engine_mysql_tls mode_of(MYSQL *mysql, const struct engine_mysql_target *target)
{
    (void)mysql;
    return target->tls;
}
#endif

static char *make_place(MYSQL *mysql, const struct engine_mysql_target *target)
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

static bool refused(MYSQL *mysql, const struct engine_mysql_target *target, const char *place,
                    struct err *err)
{
    const char *user = target->uri.user ? target->uri.user : mysql->options.user;
    const char *words = "it refused";
    char line[400];

    for (size_t i = 0; i < sizeof refusal_rows / sizeof *refusal_rows; i++)
        if (refusal_rows[i].code == mysql_errno(mysql))
            words = refusal_rows[i].words;
    return err_set(err, ERR_UNREACHABLE, "cannot open database \"%s\" at %s%s%s%s: %s (%s)",
                   target->uri.database, place, user ? " as user \"" : "", user ? user : "",
                   user ? "\"" : "", words, engine_mysql_query_line(mysql_error(mysql), line));
}

bool engine_mysql_client_open(struct engine_mysql_target *target, MYSQL **mysql, char **place,
                              struct err *err)
{
    engine_mysql_client_enter();
    *mysql = client_new();
    *place = NULL;
    if (!*mysql)
        return err_set(err, ERR_INTERNAL, "the MySQL client library cannot be started");
    *place = make_place(*mysql, target);
    enum engine_mysql_tls mode = mode_of(*mysql, target);
    if (!connect_in_steps(*mysql, target, mode))
        return refused(*mysql, target, *place, err);
    if (mode >= TLS_REQUIRED && !mysql_get_ssl_cipher(*mysql))
        return err_set(err, ERR_UNREACHABLE,
                       "the connection to %s is not encrypted, though ssl-mode=%s asks for it",
                       *place, engine_mysql_uri_tls[mode]);
    return true;
}
