/*
 * What a PostgreSQL URI asks for, and what users are told of it. Input: a URI; a connection that
 * libpq opened or was refused. Output: whether the URI is sound, the URI that reports show, the
 * sentence of a refusal; none holds a secret. Knows nothing of sessions and statements.
 */
#include "engine_pg_session.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Before libpq sees it -------------------------------------------------------------------- */

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

bool engine_pg_uri_check(const char *uri, bool *has_timeout, struct err *err)
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

/* ---- What was connected to ------------------------------------------------------------------- */

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

void engine_pg_uri_show(PGconn *pg, char *shown, size_t size)
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

/* ---- What was refused ------------------------------------------------------------------------ */

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
        engine_pg_query_one_line(reason);
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

bool engine_pg_uri_refused(PGconn *pg, struct err *err)
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
