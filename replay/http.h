/*
 * Sending, by libcurl's multi interface: many requests at once on one thread, connections kept
 * alive, HTTP/1.1 and HTTP/2. Input: outgoing requests and the jar of their lane. Output: incoming
 * answers. Callbacks only collect; http_run() hands finished ones back. With jar.c the only file
 * that includes curl. Never follows a redirect, never sends anywhere but to the side's own origin.
 */
#ifndef TALLY_REPLAY_HTTP_H
#define TALLY_REPLAY_HTTP_H

#include "exchange.h"
#include "jar.h"

struct http_origin {
    const char *url;  /* "https://new.example.org:8443"; a path is a prefix of every target */
    const char *host; /* the Host header, or NULL: the URL's */
    const char *const *resolve; /* NULL-terminated "HOST:PORT:ADDRESS", or NULL */
    const char *const *headers; /* NULL-terminated "Name: value", added or replaced, or NULL */
    const char *ca;             /* PEM file, or NULL: the system's */
    bool insecure;              /* the certificate is not checked */
};

struct http_settings {
    double timeout; /* seconds for a whole answer */
    double connect_timeout;
    size_t body_limit;  /* bytes of an answer that are kept; more is FAILURE_TOO_LARGE */
    size_t connections; /* at most, to each origin */
    bool http2;
};

struct http;

bool http_new(const struct http_settings *settings, struct http **http, struct err *err) MUST_CHECK;
void http_free(struct http *http);

/* Starts one request. `tag` comes back with the answer; out, in and jar are borrowed until then. */
bool http_start(struct http *http, const struct http_origin *origin, const char *method,
                const struct outgoing *out, struct jar *jar, struct incoming *in, void *tag,
                struct err *err) MUST_CHECK;

/* Works for at most `seconds`, or until something has finished: calls done() for each. */
bool http_run(struct http *http, double seconds, void (*done)(void *context, void *tag),
              void *context, struct err *err) MUST_CHECK;

/* Wakes http_run() from another thread. */
void http_wake(struct http *http);

#endif
