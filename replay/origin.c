/* See origin.h. */
#include "origin.h"

#include "host.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ADDRESSES_MOST 64
#define PROBE_MILLISECONDS 1000

/* ---- reading ---- */

static MUST_CHECK bool read_port(const char *text, size_t length, int *port, struct err *err)
{
    long n = 0;
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)text[i]) || length > 5)
            return err_set(err, ERR_USAGE, "its port is no number");
        n = n * 10 + (text[i] - '0');
    }
    if (length && (n < 1 || n > 65535))
        return err_set(err, ERR_USAGE, "its port is not between 1 and 65535");
    if (length)
        *port = (int)n;
    return true;
}

static bool is_address(const char *host)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/* A name of DNS, or an address. */
static bool is_host(const char *host)
{
    size_t length = strlen(host);
    if (is_address(host))
        return true;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)host[i]) && !strchr("-._", host[i]))
            return false;
    /* "1.2.3" and "0x1" would be addresses to some and names to others. */
    const char *last = strrchr(host, '.');
    return length && length < 254 && !strstr(host, "..") && host[0] != '.' &&
           host[length - 1] != '.' && /* "0x7f.." without its dot would be another host again */
           !isdigit((unsigned char)(last ? last[1] : host[0]));
}

/* "host", "host:8080", "[::1]:8080" */
static MUST_CHECK bool read_host(struct arena *arena, const char *text, size_t length,
                                 struct origin *origin, struct err *err)
{
    const char *close = length && *text == '[' ? memchr(text, ']', length) : NULL;
    const char *colon =
        memchr(close ? close : text, ':', length - (close ? (size_t)(close - text) : 0));
    size_t end = colon ? (size_t)(colon - text) : length;
    if ((close && close + 1 != text + end) || (!close && memchr(text, '[', length)))
        return err_set(err, ERR_USAGE, "its host is no name and no address");
    if (colon && !read_port(colon + 1, length - end - 1, &origin->port, err))
        return false;
    struct buffer normal = BUFFER_INIT(1024);
    host_normal(&normal, text, end);
    origin->host = arena_copy(arena, (const char *)normal.data);
    buffer_free(&normal);
    for (size_t i = 0; i < end; i++)
        if ((unsigned char)text[i] >= 0x80)
            return err_set(err, ERR_USAGE, "its host is to be written in ASCII (xn--...)");
    if (!is_host(origin->host) || (close && !strchr(text, ':')))
        return err_set(err, ERR_USAGE, "its host is no name and no address");
    return true;
}

bool origin_read(struct arena *arena, const char *url, struct origin *origin, struct err *err)
{
    memset(origin, 0, sizeof *origin);
    origin->secure = strncasecmp(url, "https://", 8) == 0;
    if (!origin->secure && strncasecmp(url, "http://", 7) != 0)
        return err_set(err, ERR_USAGE, "it is neither http:// nor https://");
    for (const char *at = url; *at; at++)
        if ((unsigned char)*at <= ' ' || *at == '\\' || *at == 0x7f)
            return err_set(err, ERR_USAGE, "it holds a blank, a control character or a backslash");
    if (strpbrk(url, "?#"))
        return err_set(err, ERR_USAGE, "it has a query or a fragment");
    const char *start = url + (origin->secure ? 8 : 7);
    size_t length = strcspn(start, "/");
    const char *at = memchr(start, '@', length);
    size_t user = at ? (size_t)(at - start) + 1 : 0;
    if (at && memchr(at + 1, '@', length - user))
        return err_set(err, ERR_USAGE, "it has two @ (in a password write %%40)");
    origin->port = origin->secure ? 443 : 80;
    if (!read_host(arena, start + user, length - user, origin, err))
        return false;
    size_t prefix = strlen(start + length);
    while (prefix && start[length + prefix - 1] == '/')
        prefix--;
    origin->prefix = arena_copy_bytes(arena, start + length, prefix);
    /* A browser does not write the usual port, neither in Host nor in Origin. */
    char port[12] = "";
    bool six = strchr(origin->host, ':') != NULL;
    if (origin->port != (origin->secure ? 443 : 80))
        snprintf(port, sizeof port, ":%d", origin->port);
    origin->url =
        arena_format(arena, "%s://%.*s%s%s%s%s%s", origin->secure ? "https" : "http", (int)user,
                     start, six ? "[" : "", origin->host, six ? "]" : "", port, origin->prefix);
    return true;
}

/* ---- where it is ---- */

struct address {
    struct sockaddr_storage socket;
    socklen_t length;
};

struct addresses {
    size_t count;
    struct address items[ADDRESSES_MOST];
};

static bool add_literal(struct addresses *addresses, const char *text, int port)
{
    struct address *address = &addresses->items[addresses->count];
    struct sockaddr_in *four = (void *)&address->socket;
    struct sockaddr_in6 *six = (void *)&address->socket;
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)port);
        address->length = sizeof *four;
    } else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)port);
        address->length = sizeof *six;
    } else {
        return false;
    }
    addresses->count++;
    return true;
}

/* IPv4 first: what listens on "localhost" often has no other. */
static MUST_CHECK bool look_up(struct addresses *addresses, const char *host, int port,
                               struct err *err)
{
    char service[12];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    snprintf(service, sizeof service, "%d", port);
    int code = getaddrinfo(host, service, &hints, &list);
    if (code != 0)
        return err_set(err, ERR_UNREACHABLE, "%s cannot be resolved: %s.", host,
                       code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code));
    static const int families[] = {AF_INET, AF_INET6};
    for (size_t i = 0; i < 2; i++)
        for (const struct addrinfo *one = list; one; one = one->ai_next)
            if (one->ai_family == families[i] && addresses->count < ADDRESSES_MOST) {
                struct address *address = &addresses->items[addresses->count++];
                memcpy(&address->socket, one->ai_addr, one->ai_addrlen);
                address->length = one->ai_addrlen;
            }
    freeaddrinfo(list);
    if (!addresses->count)
        return err_set(err, ERR_UNREACHABLE, "%s has no address.", host);
    return true;
}

/* The parts of "HOST:PORT:ADDRESS"; false: it is none. The address without brackets. */
static bool split_resolve(const char *text, size_t *host, int *port, char address[64])
{
    const char *close = *text == '[' ? strchr(text, ']') : NULL;
    const char *colon = strchr(close ? close : text, ':');
    const char *second = colon ? strchr(colon + 1, ':') : NULL;
    struct addresses parsed = {0};
    struct err err;
    if (!second || second == colon + 1 ||
        !read_port(colon + 1, (size_t)(second - colon - 1), port, &err))
        return false;
    size_t length = strlen(second + 1), brackets = 0;
    if (second[1] == '[' && second[length] == ']')
        brackets = 1;
    length -= 2 * brackets;
    if (!length || length >= 64)
        return false;
    memcpy(address, second + 1 + brackets, length);
    address[length] = '\0';
    *host = (size_t)(colon - text);
    return add_literal(&parsed, address, *port);
}

bool origin_check_resolve(const struct text_list *resolve, struct err *err)
{
    for (size_t i = 0; i < resolve->count; i++) {
        size_t host;
        int port = 0;
        char address[64];
        if (!split_resolve(resolve->items[i], &host, &port, address))
            return err_set(err, ERR_USAGE,
                           "--resolve '%.200s' is not HOST:PORT:ADDRESS, with an IPv4 or IPv6 "
                           "address.",
                           resolve->items[i]);
    }
    return true;
}

static MUST_CHECK bool find_addresses(const struct origin_rules *rules, const struct origin *origin,
                                      struct addresses *addresses, struct err *err)
{
    addresses->count = 0;
    for (size_t i = 0; rules->resolve && i < rules->resolve->count; i++) {
        size_t length;
        int port = 0;
        char address[64];
        struct buffer host = BUFFER_INIT(1024);
        if (!split_resolve(rules->resolve->items[i], &length, &port, address))
            continue; /* origin_check_resolve() has looked */
        host_normal(&host, rules->resolve->items[i], length);
        bool same = port == origin->port && strcmp((char *)host.data, origin->host) == 0;
        buffer_free(&host);
        if (same)
            return add_literal(addresses, address, port);
    }
    return add_literal(addresses, origin->host, origin->port) ||
           look_up(addresses, origin->host, origin->port, err);
}

static void address_text(const struct address *address, char text[INET6_ADDRSTRLEN])
{
    const struct sockaddr_in *four = (const void *)&address->socket;
    const struct sockaddr_in6 *six = (const void *)&address->socket;
    bool is_four = address->socket.ss_family == AF_INET;
    inet_ntop(address->socket.ss_family,
              is_four ? (const void *)&four->sin_addr : (const void *)&six->sin6_addr, text,
              INET6_ADDRSTRLEN);
}

/* Does anything listen there? Sends nothing. */
static bool listens(const struct address *address)
{
    int file = socket(address->socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (file < 0)
        return false;
    bool there = connect(file, (const void *)&address->socket, address->length) == 0;
    if (!there && errno == EINPROGRESS) {
        struct pollfd wait = {.fd = file, .events = POLLOUT};
        int problem = 0;
        socklen_t size = sizeof problem;
        there = poll(&wait, 1, PROBE_MILLISECONDS) == 1 &&
                getsockopt(file, SOL_SOCKET, SO_ERROR, &problem, &size) == 0 && !problem;
    }
    close(file);
    return there;
}

static const struct address *choose(const struct addresses *addresses, bool probe)
{
    for (size_t i = 0; probe && addresses->count > 1 && i < addresses->count; i++)
        if (listens(&addresses->items[i]))
            return &addresses->items[i];
    return &addresses->items[0];
}

/* ---- is it allowed? ---- */

static bool is_allowed(const struct text_list *allow_hosts, const char *host)
{
    bool allowed = false;
    for (size_t i = 0; allow_hosts && !allowed && i < allow_hosts->count; i++) {
        struct buffer text = BUFFER_INIT(1024);
        host_normal(&text, allow_hosts->items[i], strlen(allow_hosts->items[i]));
        allowed = strcmp((const char *)text.data, host) == 0;
        buffer_free(&text);
    }
    return allowed;
}

bool origin_settle(const struct origin_rules *rules, struct arena *arena, struct origin *origin,
                   struct err *err)
{
    struct addresses addresses;
    char text[INET6_ADDRSTRLEN];
    bool allowed = is_allowed(rules->allow_hosts, origin->host);
    if (!allowed && rules->feed && feed_names_host(rules->feed, origin->host))
        return err_set(err, ERR_USAGE,
                       "%s is a host that the log names as its own, so it may be production: give "
                       "--allow-host %s only if it is not.",
                       origin->host, origin->host);
    if (!find_addresses(rules, origin, &addresses, err))
        return false;
    for (size_t i = 0; !allowed && i < addresses.count; i++) {
        if (host_is_private((const void *)&addresses.items[i].socket))
            continue;
        address_text(&addresses.items[i], text);
        bool literal = strcmp(text, origin->host) == 0;
        return err_set(err, ERR_USAGE,
                       "%s%s%s%s is a public address, so it may be production: give --allow-host "
                       "%s only if it is not.",
                       origin->host, literal ? "" : " (", literal ? "" : text, literal ? "" : ")",
                       origin->host);
    }
    address_text(choose(&addresses, rules->probe), text);
    bool six = strchr(origin->host, ':') != NULL;
    origin->address = arena_copy(arena, text);
    origin->pin = arena_format(arena, "%s%s%s:%d:%s", six ? "[" : "", origin->host, six ? "]" : "",
                               origin->port, text);
    return true;
}
