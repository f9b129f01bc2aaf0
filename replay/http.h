/*
 * Sending, by libcurl's multi interface: many requests at once on one thread, connections kept
 * alive, HTTP/1.1 and HTTP/2. Input: outgoing requests and the jar of their lane. Output: incoming
 * answers, decoded. Callbacks only collect; http_run() hands finished ones back. The only file that
 * includes curl.
 *
 *     http_new(&settings, &http, &err)
 *     http_site_new(http, &origin, &site, &err)          once per origin, at the start
 *     http_start(http, site, "GET", &out, jar, &in, &arena, tag, &err)
 *     http_run(http, 0.1, done, context, &err)           calls done(context, tag)
 *
 * What it promises:
 *
 *     Nothing goes anywhere but to the site's own origin: redirects are answers like others, no
 *     proxy, .netrc, Alt-Svc or HSTS is looked at, only http and https are spoken, and before each
 *     request the connection's port (and its address, where --resolve names it) is checked.
 *     The target goes out byte by byte as given, behind the origin's prefix.
 *     A request is sent once. libcurl would repeat one by itself when a kept connection ends
 *     without an answer; that is stopped where a byte of it was sent: FAILURE_BROKEN. (So an HTTP/2
 *     stream that a server refused is a failure, too; connections carry one stream at a time.)
 *     Bytes that a side sends behind an answer, on a connection that is kept, are not taken for the
 *     next one, once they have come and the connection is not in use: it is given up.
 *     Fields that frame a message or belong to one hop (Content-Length, Connection, …) are left
 *     out of what is sent, and Cookie where a jar is given. Accept-Encoding goes out with gzip and
 *     deflate, as far as the log names them, without one "identity"; the body that comes back is
 *     decoded (coding.h), and the limit is that of the decoded one. Content-Length and
 *     Content-Encoding in in->headers are still those of the wire.
 *     An answer without a failure is whole. One that ended well for HTTP, but not for its coding,
 *     that cannot be decoded, or whose end nobody knows (framing.h): FAILURE_UNREADABLE; it was
 *     received to its end.
 */
#ifndef TALLY_REPLAY_HTTP_H
#define TALLY_REPLAY_HTTP_H

#include "../diff/base/error.h"
#include "exchange.h"
#include "jar.h"

struct http_origin {
    const char *url;  /* "https://new.example.org:8443"; a path is a prefix of every target */
    const char *host; /* the Host header, or NULL: the URL's. TLS speaks to the URL's host */
    const char *const *resolve; /* NULL-terminated "HOST:PORT:ADDRESS", or NULL. Address: IPv4, or
                                   IPv6 in brackets or not. One for another host is not used */
    const char *const *headers; /* NULL-terminated "Name: value", added or replaced, or NULL */
    const char *ca;             /* PEM file, or NULL: the system's */
    bool insecure;              /* the certificate is not checked */
};

struct http_settings {
    double timeout;         /* seconds for a whole answer, waiting for a free connection included */
    double connect_timeout; /* seconds */
    size_t body_limit;      /* bytes of an answer that are kept; more is FAILURE_TOO_LARGE */
    size_t connections;     /* at most, to each origin; what is more waits */
    bool http2;             /* offered on https; plain http is HTTP/1.1 */
};

struct http;
struct http_site;

bool http_new(const struct http_settings *settings, struct http **http, struct err *err) MUST_CHECK;
/* With its sites and what is still under way: their tags do not come back. NULL is fine. */
void http_free(struct http *http);

/* An origin, checked (ERR_USAGE says what is wrong) and copied. Lives as long as http. */
bool http_site_new(struct http *http, const struct http_origin *origin, struct http_site **site,
                   struct err *err) MUST_CHECK;

/* Starts one request. `tag` comes back with the answer; out, in, jar (or NULL) and arena, where the
 * answer's fields go, are borrowed until then. `in` is overwritten. False with ERR_TABLE: this
 * request cannot be sent as HTTP (a target that is no path, a line break in a header, a body of
 * HEAD): nothing was sent, and the tag will not come. */
bool http_start(struct http *http, struct http_site *site, const char *method,
                const struct outgoing *out, struct jar *jar, struct incoming *in,
                struct arena *arena, void *tag, struct err *err) MUST_CHECK;

/* Connects to the site, asks for nothing, and closes: what TLS proves is known before a request. Of
 * `in` only failure, refused and why are set. */
bool http_greet(struct http *http, struct http_site *site, struct incoming *in, struct arena *arena,
                void *tag, struct err *err) MUST_CHECK;

/* Works for at most `seconds`, or until something has finished: calls done() for each, which may
 * start others. Returns early when woken. What done() does delays every other answer, and what is
 * measured of it: hand long work to another thread. */
bool http_run(struct http *http, double seconds, void (*done)(void *context, void *tag),
              void *context, struct err *err) MUST_CHECK;

/* Wakes http_run() from another thread; the next one when none runs. */
void http_wake(struct http *http);

/* How many were started and have not come back. */
size_t http_under_way(const struct http *http);

#endif
