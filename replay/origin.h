/*
 * The place that a URL names: read strictly, checked to be allowed, and pinned to one address, so
 * that what DNS says later changes nothing. Input: a URL, options, the log's own hosts. Output:
 * what http.h and jar.h are told. Asks DNS; connects to nothing but to see which of several
 * addresses listens, and sends nothing.
 *
 * Refused (ERR_USAGE, with the option that allows it) unless --allow-host names it: a host that the
 * log names as its own; a host that is, resolves or is --resolve'd to an address that is not
 * private (host.h). Where a host has several addresses, all must be private.
 */
#ifndef TALLY_REPLAY_ORIGIN_H
#define TALLY_REPLAY_ORIGIN_H

#include "../diff/base/error.h"
#include "../diff/base/memory.h"
#include "../diff/base/text_list.h"
#include "feed.h"

/* Texts are in the arena given. */
struct origin {
    const char *url;    /* as http_origin wants it: the host in one spelling */
    const char *host;   /* host_normal(), without brackets */
    const char *prefix; /* "" or "/app" */
    int port;
    bool secure;
    const char *address; /* once it is settled */
    const char *pin;     /* the same as "HOST:PORT:ADDRESS" */
};

/* ERR_USAGE with a phrase: "it is neither http:// nor https://". Stricter than RFC 3986, so that no
 * two readers can see two hosts in it: no query, no backslash, no '%' or letter beyond ASCII in the
 * host. A password is taken, and in no message. */
bool origin_read(struct arena *arena, const char *url, struct origin *origin,
                 struct err *err) MUST_CHECK;

struct origin_rules {
    const struct text_list *allow_hosts, *resolve; /* of struct replay_options */
    struct feed *feed;                             /* NULL: there is no log */
    bool probe;                                    /* of several addresses, try which listens */
};

/* Is every --resolve HOST:PORT:ADDRESS? */
bool origin_check_resolve(const struct text_list *resolve, struct err *err) MUST_CHECK;

/* Checks the origin and fills its address and pin. ERR_USAGE: refused; ERR_UNREACHABLE: the name
 * cannot be resolved. Sentences begin with the host. */
bool origin_settle(const struct origin_rules *rules, struct arena *arena, struct origin *origin,
                   struct err *err) MUST_CHECK;

#endif
