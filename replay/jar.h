/*
 * A cookie jar of one session and one side. Input: Set-Cookie of that side's answers, and for
 * --seed-cookies what the log says was sent. Output: the Cookie header that a browser at production
 * would send, for the mapped host. The rules are RFC 6265bis, section 5 (parsing, default path,
 * path match, dates, prefixes __Host- and __Secure-, nameless cookies, no control characters, at
 * most 4096 bytes of name and value), with these readings of "at production":
 *
 *     Domain    is accepted when production's host, the side's own or its Host header would accept
 *               it; when production's is not known, any is: the app may well still name it. All
 *               cookies of a jar go to the one origin, so there is no other host to keep apart.
 *     Secure    cookies are kept and sent on plain http, too: production was https, or the app
 *               would not have said Secure.
 *     Path      is matched against the target as logged, and against it behind the origin's prefix.
 *
 * It is a store of its own, not libcurl's: that one keeps 50 cookies of an answer, none without a
 * name and no Secure one on plain http, and says nothing of it. Here every refusal is counted.
 * A jar takes about 100 bytes, and for each cookie as many and its text; beyond JAR_MOST cookies
 * the oldest goes. Not thread safe; of different jars any thread may use any.
 *
 * What it does not know: public suffixes (Domain=co.uk is believed), SameSite.
 */
#ifndef TALLY_REPLAY_JAR_H
#define TALLY_REPLAY_JAR_H

#include "../diff/base/buffer.h"
#include "../diff/base/error.h"
#include "slice.h"

/* Where a side's cookies live. One for all the jars of an origin, borrowed until they are freed. */
struct jar_home {
    const char *url;        /* the side's origin: "https://new.example.org:8443/prefix" */
    const char *host;       /* the Host header it is sent, or NULL: the URL's */
    const char *production; /* the host that the log's cookies were for, or NULL */
};

#define JAR_MOST 180 /* cookies; what Chromium keeps of one site */

enum jar_result {
    JAR_KEPT,     /* kept, replaced or, being over, deleted */
    JAR_EMPTY,    /* neither name nor value */
    JAR_CONTROL,  /* a control character */
    JAR_TOO_LONG, /* over 4096 bytes of name and value: browsers drop it */
    JAR_DOMAIN,   /* for a host that is not ours */
    JAR_PREFIX,   /* __Host- or __Secure- without what these promise */
    JAR_EVICTED,  /* kept; an older one went, there were JAR_MOST */
    JAR_RESULTS
};
extern const char *const jar_result_text[JAR_RESULTS]; /* for people: "for another host", … */

/* A Set-Cookie field taken apart as browsers do; slices into it. */
struct jar_said {
    struct slice name, value, domain, path, same_site; /* at NULL or empty: not said */
    bool has_domain, secure, http_only, partitioned;
    bool has_age, has_expires;
    int64_t age, expires; /* seconds; seconds since 1970 */
};
struct jar_said jar_read(struct slice set_cookie);

struct jar;

struct jar *jar_new(const struct jar_home *home);
void jar_free(struct jar *jar); /* NULL is fine */

/* A Cookie header as logged: each of its cookies, as if the origin had set it for "/". The first
 * cookie of that name that the origin sets itself, for any path, takes its place; one that it has
 * set is left alone, and one that was seeded before gets the new value. */
void jar_seed(struct jar *jar, struct slice cookies);

/* The value of one Set-Cookie field of the answer to this target (wire bytes, without prefix). */
enum jar_result jar_take(struct jar *jar, struct slice target, struct slice set_cookie);

/* Appends what the Cookie header of a request for this target says; nothing when there is none. */
void jar_write(struct jar *jar, struct slice target, struct buffer *out);

/* The value of a cookie that would be sent to this path; NULL: none. Borrowed until the next call.
 */
const char *jar_find(struct jar *jar, const char *path, const char *name);

/* How many Set-Cookie fields ended so. */
size_t jar_counted(const struct jar *jar, enum jar_result result);

/* All it holds, as bytes (cookies: keep them secret), and back into an empty jar. ERR_USAGE:
 * damaged; the jar is empty then. */
void jar_save(const struct jar *jar, struct buffer *out);
bool jar_load(struct jar *jar, const void *bytes, size_t length, struct err *err) MUST_CHECK;

#endif
