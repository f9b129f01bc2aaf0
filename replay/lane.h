/*
 * Sessions as lanes: what each of them is to its two sides (cookies, tokens), and its place in the
 * order of sending. Input: requests by session. Output: a lane for each, as long as requests of it
 * come. Knows nothing of sending. One thread.
 *
 * A request of no session has a lane of its own. A lane goes when its session is over (retired) and
 * its last request has left it.
 *
 * Memory of a lane: about 400 bytes, its jars (jar.h), and what token.h and known.h bound.
 */
#ifndef TALLY_REPLAY_LANE_H
#define TALLY_REPLAY_LANE_H

#include "jar.h"
#include "known.h"
#include "order.h"
#include "token.h"

/* Who is asked: both sides, and for --calibrate a second copy of the source. */
enum lane_party { PARTY_SOURCE = SOURCE, PARTY_TARGET = TARGET, PARTY_COPY, PARTIES };

/* Of the same lane several, where its requests go to several tenants' sites. */
struct lane_jar {
    struct lane_jar *next;
    enum lane_party party;
    const struct jar_home *home;
    char *tenant; /* for which it was made: with it the home is found again; NULL: none */
    struct jar *jar;
};

struct lane {
    struct lane *next, **link; /* in its chain; what points to it */
    uint64_t session;          /* 0: of one request */
    struct order_gate gate;
    struct token_memory *memory, *copy_memory; /* copy_memory NULL: without --calibrate */
    struct lane_jar *jars;
    struct known *known; /* any thread may use it */
    uint64_t merged;     /* number of the last exchange that it has learned from */
    size_t unfinished;   /* requests that are queued or under way */
    unsigned number;     /* for choosing a worker */
    bool retired;
    bool dirty;       /* changed since lane_saved() */
    bool saved;       /* it was saved at least once */
    bool planned;     /* the first request that is sent is known */
    bool ready;       /* its first request was let through: loaded, or logged in by a recipe */
    bool went_before; /* an interrupted run sent some of it */
    /* From now on its requests are left out, and why; NULL. */
    const char *cut, *cut_text;
};

struct lane_table;

/* copy: the second copy's ids (--calibrate), or NULL; both borrowed. */
struct lane_table *lane_table_new(struct token_shared *shared, struct token_shared *copy);
void lane_table_free(struct lane_table *table); /* NULL is fine */
size_t lane_count(const struct lane_table *table);

/* The lane of this session, made when there is none, with one more unfinished request. */
struct lane *lane_enter(struct lane_table *table, uint64_t session);
/* The lane of this session when there is one. */
struct lane *lane_find(struct lane_table *table, uint64_t session);
/* A request has left it; true: the lane is gone. */
bool lane_leave(struct lane_table *table, struct lane *lane);
/* No further request of this session will come; true: the lane is gone, or there was none. */
bool lane_retire(struct lane_table *table, uint64_t session);

/* The jar for this tenant's site; tenants with the same site share it. home is borrowed as long as
 * the lane lives. */
struct jar *lane_jar(struct lane *lane, enum lane_party party, const char *tenant,
                     const struct jar_home *home);

/*
 * Appends the cookies that the log says the browser sent and that no answer has set: as a page's
 * script or an earlier visit left them. Those that only a side itself can have given (session ids,
 * tokens) are put in with `all` alone (--seed-cookies). session: the expression of --session, whose
 * cookies are such, or NULL. out: for jar_seed() of each party.
 */
void lane_seeds(const char *cookies, const char *session, bool all, struct buffer *out);

/*
 * All that a lane is to its sides, as bytes (cookies: keep them secret), and back into an empty
 * lane. find() gives the home of a tenant's site, NULL: there is none any more, and its cookies are
 * dropped. ERR_USAGE: damaged; the lane may then hold a part.
 */
void lane_save(const struct lane *lane, struct buffer *out);
bool lane_load(struct lane *lane, const void *bytes, size_t length,
               const struct jar_home *(*find)(void *context, enum lane_party party,
                                              const char *tenant),
               void *context, struct err *err) MUST_CHECK;

/* Calls take() for each lane of a session that is dirty; take() may unset that. */
void lane_each_dirty(struct lane_table *table, void (*take)(void *context, struct lane *lane),
                     void *context);

/* How many Set-Cookie fields of lanes that are gone, and of the others, ended so. */
uint64_t lane_counted(const struct lane_table *table, enum jar_result result);

#endif
