/*
 * Database URIs. Input: what stands on the command line. Output: its parts, and the engine that its
 * scheme names. Knows nothing of what the parts mean to a server.
 */
#include "uri.h"
#include "../diff/base/nearest.h"
#include "../diff/base/percent.h"
#include "engine.h"

#include <stdlib.h>
#include <string.h>

static const struct engine *const engines[] = {&engine_postgres, &engine_mysql};
#define ENGINE_COUNT (sizeof engines / sizeof *engines)

bool uri_decode(char *text)
{
    char *out = text;

    for (const char *in = text; *in; in++) {
        if (*in != '%') {
            *out++ = *in;
            continue;
        }
        int byte = percent_byte(in, strnlen(in, 3));
        if (byte <= 0)
            return false;
        *out++ = (char)byte;
        in += 2;
    }
    *out = '\0';
    return true;
}

/* Is it a plain word, which can be repeated in a message without harm? */
static bool is_word(const char *text, size_t length)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._";

    return length > 0 && length < 40 && strspn(text, letters) >= length;
}

static bool unknown_scheme(const char *scheme, struct err *err)
{
    const char *all[16]; /* a few engines of two schemes each */
    size_t count = 0;

    for (size_t i = 0; i < ENGINE_COUNT; i++)
        for (const char *const *s = engines[i]->schemes; *s && count < sizeof all / sizeof *all;
             s++)
            all[count++] = *s;
    const char *nearest = nearest_word(scheme, all, count);
    if (nearest)
        return err_set(err, ERR_USAGE, "unknown database scheme \"%s\": did you mean \"%s\"?",
                       scheme, nearest);
    return err_set(err, ERR_USAGE,
                   "unknown database scheme \"%s\": use postgresql:// or mysql:// (mariadb:// too)",
                   scheme);
}

const struct engine *engine_for_uri(const char *uri, struct err *err)
{
    const char *end = strstr(uri, "://");
    size_t length = end ? (size_t)(end - uri) : 0;
    char scheme[40];

    if (!end || !is_word(uri, length)) {
        (void)err_set(err, ERR_USAGE,
                      "a database is named by a URI: postgresql://user@host/database or "
                      "mysql://user@host/database");
        return NULL;
    }
    memcpy(scheme, uri, length);
    scheme[length] = '\0';
    for (size_t i = 0; i < ENGINE_COUNT; i++)
        for (const char *const *s = engines[i]->schemes; *s; s++)
            if (strcmp(*s, scheme) == 0)
                return engines[i];
    (void)unknown_scheme(scheme, err);
    return NULL;
}

/* ---- Parts ----------------------------------------------------------------------------------- */

/* Decodes [from, to) into the arena; an empty part is NULL. `what` is for the message. */
static bool take(struct uri *uri, const char *from, const char *to, const char *what,
                 const char **part, struct err *err)
{
    char *text = arena_copy_bytes(&uri->arena, from, (size_t)(to - from));

    if (!uri_decode(text))
        return err_set(err, ERR_USAGE,
                       "the %s in the database URI has a broken %%-escape (a plain %% is %%25)",
                       what);
    /* Decoding makes text shorter: leave no piece of a password behind its end. */
    explicit_bzero(text + strlen(text), (size_t)(to - from) - strlen(text));
    *part = *text ? text : NULL;
    return true;
}

static bool take_port(struct uri *uri, const char *from, const char *to, struct err *err)
{
    unsigned port = 0;

    for (const char *c = from; c < to; c++) {
        if (*c < '0' || *c > '9' || port > 6553)
            return err_set(
                err, ERR_USAGE,
                "the port in the database URI is not a number from 1 to 65535; if that is "
                "part of a password, write its '/' as %%2F, '?' as %%3F and '@' as %%40");
        port = port * 10 + (unsigned)(*c - '0');
    }
    if (from < to && (port == 0 || port > 65535))
        return err_set(err, ERR_USAGE, "the port in the database URI is not between 1 and 65535");
    uri->port = port;
    return true;
}

/* host, host:port, [IPv6], [IPv6]:port */
static bool take_place(struct uri *uri, const char *from, const char *to, struct err *err)
{
    const char *host = from, *end, *port;

    if (from < to && *from == '[') {
        host = from + 1;
        end = memchr(from, ']', (size_t)(to - from));
        if (!end || (end + 1 < to && end[1] != ':'))
            return err_set(err, ERR_USAGE, "the [IPv6 address] in the database URI has no end");
        port = end + 1;
    } else {
        end = memchr(from, ':', (size_t)(to - from));
        port = end = end ? end : to;
    }
    if (!take(uri, host, end, "host", &uri->host, err))
        return false;
    return port == to || take_port(uri, port + 1, to, err);
}

static bool take_parameters(struct uri *uri, const char *from, struct err *err)
{
    size_t most = 1;

    for (const char *c = from; *c; c++)
        most += *c == '&';
    uri->parameters = arena_alloc(&uri->arena, most * sizeof *uri->parameters);
    while (*from) {
        struct uri_parameter *parameter = &uri->parameters[uri->parameter_count];
        const char *end = strchrnul(from, '&');
        const char *equals = memchr(from, '=', (size_t)(end - from));
        if (!equals || !is_word(from, (size_t)(equals - from)))
            return err_set(
                err, ERR_USAGE,
                "what follows the '?' in the database URI must be name=value&name=value");
        parameter->name = arena_copy_bytes(&uri->arena, from, (size_t)(equals - from));
        if (!take(uri, equals + 1, end, "value of a parameter", &parameter->value, err))
            return false;
        if (!parameter->value)
            return err_set(err, ERR_USAGE, "the parameter \"%s\" of the database URI has no value",
                           parameter->name);
        uri->parameter_count++;
        from = *end ? end + 1 : end;
    }
    return true;
}

/* user, user:password; both end before `to`, where the '@' is. */
static bool take_user(struct uri *uri, const char *from, const char *to, struct err *err)
{
    const char *colon = memchr(from, ':', (size_t)(to - from));

    if (!take(uri, from, colon ? colon : to, "user", &uri->user, err))
        return false;
    return !colon || take(uri, colon + 1, to, "password", &uri->password, err);
}

static const char *make_shown(struct uri *uri, const char *text, const char *from, const char *at)
{
    const char *colon = at ? memchr(from, ':', (size_t)(at - from)) : NULL;

    if (!colon)
        return arena_copy(&uri->arena, text);
    return arena_format(&uri->arena, "%.*s%s", (int)(colon - text), text, at);
}

bool uri_parse(const char *text, struct uri *uri, struct err *err)
{
    *uri = (struct uri){.arena = ARENA_INIT};
    const char *from = strstr(text, "://");
    if (!from)
        return err_set(err, ERR_USAGE, "a database URI has the form scheme://user@host/database");
    from += 3;
    const char *end = from + strcspn(from, "/?");
    const char *at = memrchr(from, '@', (size_t)(end - from));
    if (strchr(end, '@'))
        return err_set(err, ERR_USAGE,
                       "the database URI has an '@' behind its host: in a user, a password or a "
                       "name, write '@' as %%40, '/' as %%2F and '?' as %%3F");
    if (at && !take_user(uri, from, at, err))
        return false;
    if (!take_place(uri, at ? at + 1 : from, end, err))
        return false;
    uri->shown = make_shown(uri, text, from, at);
    const char *query = strchrnul(end, '?');
    if (*end == '/') {
        if (memchr(end + 1, '/', (size_t)(query - end - 1)))
            return err_set(err, ERR_USAGE,
                           "a database URI names one database: a '/' in its name is written %%2F");
        if (!take(uri, end + 1, query, "database name", &uri->database, err))
            return false;
    }
    return !*query || take_parameters(uri, query + 1, err);
}

void uri_free(struct uri *uri)
{
    if (uri->password)
        explicit_bzero((char *)uri->password, strlen(uri->password));
    arena_free(&uri->arena);
    *uri = (struct uri){.arena = ARENA_INIT};
}
