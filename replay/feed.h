/*
 * From the logs to what is to be sent: requests in order of arrival, each with its session and
 * tenant, in memory of its own; or the reason why one is left out. Input: options. Output: one
 * exchange after another, with `number` and `logged` filled and nothing else. Knows nothing of
 * sending; the same logs and options give the same numbers every time.
 */
#ifndef TALLY_REPLAY_FEED_H
#define TALLY_REPLAY_FEED_H

#include "exchange.h"
#include "replay.h"

struct feed;

/* Opens and sorts the logs (log_stream.h), compiles keys. retire: called with the number of each
 * session that no further request belongs to. ERR_USAGE as log_stream_open(). */
bool feed_open(const struct replay_options *options, void (*retire)(void *data, uint64_t session),
               void *data, struct feed **feed, struct err *err) MUST_CHECK;
void feed_close(struct feed *feed); /* NULL is fine */

/* *exchange: owned by the caller; NULL at the end. *reason NULL: it is to be sent; else why it is
 * left out (an interface: "body-missing", …) and *text a sentence for people, both static. What
 * the options forbid is left out here: "read-only", "denied", "began-before". */
bool feed_next(struct feed *feed, struct exchange **exchange, const char **reason,
               const char **text, struct err *err) MUST_CHECK;

/* What was read so far; at the end, of all. */
struct feed_counts {
    uint64_t lines, bytes, records, requests, sessions, tenants;
    uint64_t total_records; /* known from the start: for progress */
    bool incomplete;        /* a part of the logs could not be read: never equal */
    const char *problem;    /* of which file, and why; NULL */
};
struct feed_counts feed_counts(const struct feed *feed);

/* The host that the log names as its own ($host, $http_host, $server_name) most often so far, or
 * NULL. Hosts that it names are refused as origins (sites.h). */
const char *feed_host(const struct feed *feed);
/* Does any record of the log name this host as its own? Looks at the whole log, before sending. */
bool feed_names_host(struct feed *feed, const char *host);

#endif
