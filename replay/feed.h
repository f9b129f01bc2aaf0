/*
 * From the logs to what is to be sent: requests in order of arrival, each with its session and
 * tenant, in memory of its own; or the reason why one is left out. Input: options. Output: one
 * exchange after another, with `number` and `logged` filled and nothing else. Knows nothing of
 * sending; the same logs and options give the same numbers every time.
 *
 * Opening goes through all requests once, so that sessions are known to have ended with their last
 * request, and hosts and tenants before the first is sent. Memory: 32 MB for sorting (64 MB for
 * logs that must be merged from disk), what session.h takes, a bit a request.
 */
#ifndef TALLY_REPLAY_FEED_H
#define TALLY_REPLAY_FEED_H

#include "exchange.h"
#include "replay.h"

struct feed;

#define FEED_TENANTS 100000 /* that are told apart in feed_tenants(); all are in `logged` */
#define FEED_HOSTS 100000

/* Opens and sorts the logs (log_stream.h), compiles keys. watch: looks on until then, or NULL;
 * borrowed. retire: called with the number of each
 * session that no further request belongs to, by the feed_next() after the one that gave its last.
 * ERR_USAGE as log_stream_open(), and for a route of --deny that is none. */
bool feed_open(const struct replay_options *options, struct log_watch *watch,
               void (*retire)(void *data, uint64_t session), void *data, struct feed **feed,
               struct err *err) MUST_CHECK;
void feed_close(struct feed *feed); /* NULL is fine */

/*
 * *exchange: owned by the caller; NULL at the end. *reason NULL: it is to be sent; else why it is
 * left out (an interface: request_reason_row()) and *text a sentence for people, both static. What
 * the options forbid is left out here: "read-only", "denied", "began-before".
 *
 * Every record of the logs has a number, also one that cannot be read: its method is "", its target
 * empty. Of what is left out only line, file, arrival, session, tenant, status, method, target,
 * route are filled.
 */
bool feed_next(struct feed *feed, struct exchange **exchange, const char **reason,
               const char **text, struct err *err) MUST_CHECK;

struct log_watch *feed_watch(const struct feed *feed);

/* Of all logs, but for `records`, which were given so far. */
struct feed_counts {
    uint64_t lines, bytes, requests, sessions, tenants;
    uint64_t likely; /* of the sessions: put together without proof (session_guess.h) */
    uint64_t records, total_records; /* for progress */
    bool incomplete;                 /* a part of the logs could not be read: never equal */
    const char *problem; /* a file that was not read to its end, and why, as a phrase; NULL */
};
struct feed_counts feed_counts(const struct feed *feed);

/* The tenants of all requests, in order of arrival, the first FEED_TENANTS; without --tenant none.
 * Borrowed. */
const char *const *feed_tenants(const struct feed *feed, size_t *count);

/* As host_normal() writes it: --logged-host, else the host that the log names as its own ($host,
 * $http_host, else $server_name) most often, or NULL. Hosts that it names are refused as origins
 * (sites.h). */
const char *feed_host(const struct feed *feed);
/* The one host at which the log says that this tenant (NULL: feed_host()) was reached; NULL: it
 * says none, or several. */
const char *feed_tenant_host(struct feed *feed, const char *tenant);
/* Does any record of the log name this host as its own ($server_addr, too), or --logged-host?
 * Spelling does not count (host.h); a server_name "*.example.org" names all below it. True as well
 * when the log names more than FEED_HOSTS, and nobody can tell. */
bool feed_names_host(struct feed *feed, const char *host);

#endif
