/*
 * `--inventory`: what a log holds, before anything is sent: requests, sessions, tenants, routes,
 * what cannot be replayed and what that spoils, and how fast a replay can be. Input: requests with
 * their sessions. Output: counts, then text or JSON made of them alone.
 */
#ifndef TALLY_REPLAY_INVENTORY_H
#define TALLY_REPLAY_INVENTORY_H

#include "counter.h"
#include "log_stream.h"
#include "route_cache.h"
#include "session.h"

#define INVENTORY_TAINTED 1000 /* tainted sessions that are listed; all are counted */
#define INVENTORY_ROUTES 5000
#define INVENTORY_TENANTS 100000
#define INVENTORY_METHODS 100

struct inventory {
    /* Requests. */
    uint64_t requests; /* lines that say what was asked, or that something was */
    uint64_t replayable, unsure, homeless; /* homeless: left out, of no known session */
    uint64_t reasons[REQUEST_REASONS];
    bool any_time;
    int64_t first, last; /* arrivals */
    struct counter methods, routes, tenants;
    bool by_tenant;
    /* Sessions. */
    const char *session_key;                /* as text; NULL: address and browser */
    bool guessed, sees_answers, by_visitor; /* by_visitor: the log has an address or a browser */
    uint64_t sessions, anonymous, began_before, joined, rotated, likely, tainted, forgotten;
    uint64_t tainted_requests; /* that are replayed after something was left out, and before */
    size_t tainted_count;
    struct session *tainted_list; /* INVENTORY_TAINTED */
    /* Speed, microseconds. */
    bool any_duration;
    int64_t busy;
    struct session longest;         /* the most busy session */
    struct route_cache route_cache; /* note: of `routes`, the entry */
};

/* names: fields of queries that choose a page (route_cache.h); borrowed. */
void inventory_init(struct inventory *inventory, const struct text_list *names);
void inventory_free(struct inventory *inventory);

/* tenant: at NULL when there is none; session: NULL when it is not known. */
void inventory_add(struct inventory *inventory, const struct request *request,
                   const struct session *session, struct slice tenant, bool unsure);

/* For session_table_new(); data is the inventory. */
void inventory_retire(void *data, const struct session *session);

/* What the log says of the longest chain of requests that must follow each other. */
struct inventory_path {
    bool known;         /* $request_time is logged */
    int64_t micros;     /* of the chain */
    const char *tenant; /* whose writes are the chain; NULL: it is a session */
    double parallelism; /* requests at a time, on average, at the best */
    double speed;       /* times as fast as the log; 0: its span is not known */
};
struct inventory_path inventory_path(const struct inventory *inventory);

/* Part of the log could not be read: what it held is not known. */
bool inventory_is_incomplete(const struct inventory *inventory, const struct log_stream *stream);

void inventory_text(struct inventory *inventory, const struct log_stream *stream, bool verbose,
                    struct buffer *out);
void inventory_json(struct inventory *inventory, const struct log_stream *stream,
                    struct buffer *out);

#endif
