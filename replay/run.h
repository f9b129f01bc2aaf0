/*
 * What the files of a running replay share. For run*.c only.
 *
 *     run.c           replay_run(): opens everything, lets it run, makes the result
 *     run_read.c      the sending thread: reads ahead, gives each request its lane and order
 *     run_send.c      the same thread: starts what may start, takes answers
 *     run_retry.c     the same: sides that are down: waiting, trying again, giving up
 *     run_work.c      worker threads: read what answers teach, compare them
 *     run_collect.c   the collector thread: outcome and book
 *
 * A job is one request on its way through them; it belongs to the thread that has it:
 *
 *     sender     feed_next(), lane and order; a write: to the collector, which puts its intent on
 *                disk; token_apply(), http_start() on each party, until all have answered
 *     worker     token_read()
 *     sender     token_merge(); the lane goes on
 *     worker     check_exchange()
 *     collector  outcome_add(), book_finish()
 *     sender     frees it, and its lane when it was the last
 *
 * What is left out goes the same way without being sent, so that everything of a lane reaches the
 * outcome in the lane's order.
 */
#ifndef TALLY_REPLAY_RUN_H
#define TALLY_REPLAY_RUN_H

#include "../diff/base/output.h"
#include "../diff/base/progress.h"
#include "book.h"
#include "check.h"
#include "feed.h"
#include "final.h"
#include "lane.h"
#include "mailbox.h"
#include "noise.h"
#include "outcome.h"
#include "pace.h"
#include "recipe.h"
#include "sites.h"
#include "token_rules.h"

#include <stdatomic.h>

#define RUN_AHEAD 4096                      /* requests that are read and not compared, at most */
#define RUN_AHEAD_BYTES ((size_t)64 << 20)  /* of their logged bodies */
#define RUN_ANSWER_BYTES ((size_t)96 << 20) /* of answers that are not compared yet */
#define RUN_WORKERS 64
#define RUN_PIECE ((size_t)1 << 20) /* bytes of lanes that are handed over at once, about */

/* Kinds of messages, by who takes them. */
enum run_message {
    TO_WORKER_READ,
    TO_WORKER_CHECK, /* or to pass on, what was left out */
    TO_WORKER_STOP,
    TO_SENDER_INTENDED,
    TO_SENDER_READ,
    TO_SENDER_OVER,
    TO_COLLECTOR_INTEND,
    TO_COLLECTOR_CHECKED,
    TO_COLLECTOR_LANES, /* a piece: struct letter */
    TO_COLLECTOR_STOP,
};

struct job;

/* One request to one party. */
struct call {
    struct job *job;
    struct call *next; /* of those that wait to try again */
    struct exchange *exchange;
    enum side side; /* of the exchange */
    enum lane_party party;
    const struct site *site;
    struct jar *jar;
    bool under_way;
    double down, again; /* clock_now(): since when it finds nobody (0: it does), and when to try */
    unsigned tries;
};

struct job {
    struct order_item item; /* first */
    struct message message;
    struct job *before, *after; /* of all that are not over */
    struct exchange *exchange;
    struct exchange *copy;   /* --calibrate: in[TARGET] is the copy's, `logged` is borrowed; NULL */
    struct exchange *now[2]; /* which of them are asked now: these, or a step of a login; the
                                second NULL without --calibrate */
    struct lane *lane;
    const char *reason, *text; /* why it is left out; NULL */
    bool uncertain;            /* an interrupted run may have sent it */
    bool writes, intended;     /* it may have been sent, says the book */
    bool waits_for_intent;     /* the book was asked to say so, and it was not sent */
    bool logs_in;              /* a login is to be played before it */
    bool warm_up;
    size_t logged_bytes, held; /* of its request; of its answers */
    size_t step;               /* of the login that is played, from 1; 0: its own request */
    struct call calls[PARTIES];
    unsigned call_count, open_calls, refused;
    struct token_reading *readings[2]; /* of the exchange, of the copy */
    struct known *known;               /* of its session, when its answers were read; NULL */
    bool checked, copy_checked;        /* findings are there; of the copy's */
    struct findings findings, copy_findings;
    char why[200];      /* not checked: why */
    struct buffer pair; /* of what is not equal, for the book */
};

/* A piece of what lanes remember, for the book: session, length, bytes, again and again. */
struct letter {
    struct message message;
    struct buffer lanes;
    struct buffer shared; /* of token_shared_save() */
    bool has_shared, whole;
    uint64_t *unsent; /* numbers that were intended and never sent */
    size_t unsent_count;
    bool last; /* then all of it may be saved */
};

struct worker {
    struct run *run;
    pthread_t thread;
    bool running;
    struct mailbox box;
};

/* How often in a row a party gave no sensible answer. */
struct health {
    unsigned bad;
    double since;
};

struct run {
    const struct replay_options *options;
    struct replay_result *result;
    struct arena arena;
    /* Opened by run.c. */
    struct progress *progress;
    struct log_watch watch;           /* until the first request */
    struct rules *rules, *copy_rules; /* the same, counted apart */
    struct token_rules *token_rules;
    struct feed *feed;
    struct book *book;
    struct http *http;
    struct sites *sites;
    struct recipe *recipe;
    struct noise *noise;   /* NULL: without --calibrate */
    struct output learned; /* its file */
    struct final *final;
    struct outcome *outcome;
    struct token_shared *shared, *copy_shared;
    struct lane_table *lanes;
    char *logged_host; /* in one spelling; NULL */
    bool one_side, calibrates;
    /* The sender's. */
    struct order order;
    struct order_gate log_gate;
    struct tenant_gate **tenants; /* chains: run_read.c */
    enum replay_order policy;
    struct pace pace;
    bool feed_ended, stopping;
    double stop_at;     /* clock_now() until which answers are waited for once it is stopping */
    size_t alive, busy; /* jobs that are not over; that were started and have not answered */
    size_t ahead_bytes, held_bytes;
    size_t intending, reading; /* jobs at the collector, and at workers, to come back */
    struct job *jobs;          /* all that are alive */
    struct job *warm_ups;      /* to be sent before, linked by `after` */
    size_t warm_up_count;
    struct call *waiting; /* for a side that is down, the first to try again first */
    bool gives_up;        /* --patience is over */
    bool proved;          /* every party has answered once: until then one request at a time */
    size_t troubled;      /* calls that found nobody, and have not since found somebody */
    struct health health[PARTIES];
    const char *ended;         /* why the run ends early */
    uint64_t read, over, sent; /* requests */
    uint64_t unconditional;    /* that the log answered with a part, or with "not modified" */
    uint64_t statusless;       /* requests whose status the log does not say */
    uint64_t *gone; /* sessions whose lanes were saved and are gone, not yet told the book */
    size_t gone_count, gone_room;
    struct mailbox inbox;
    /* Threads. */
    struct worker workers[RUN_WORKERS];
    size_t worker_count;
    pthread_t collector;
    bool collecting;
    struct mailbox collected;
    atomic_size_t letter_bytes; /* that the collector has not taken yet */
    atomic_bool save_wanted;
    atomic_bool failed; /* then `err` says why; the first one counts */
    pthread_mutex_t failure_lock;
    struct err err;
    /* For progress. */
    atomic_ullong counts[FATES];
    atomic_ullong pairs_dropped;
};

static inline struct job *job_of(struct message *message)
{
    return (struct job *)(void *)((char *)message - offsetof(struct job, message));
}

/* ---- run.c ---- */

/* The run cannot go on; any thread. */
void run_fail(struct run *run, const struct err *err);
bool run_is_interrupted(void);

/* ---- run_read.c ---- */

/* Takes as many requests as may be ahead, some at a time; *more: there is room for others, now. */
bool run_read_ahead(struct run *run, bool *more, struct err *err) MUST_CHECK;
/* feed_open()'s: the session has no further request. */
void run_retire(void *data, uint64_t session);
void run_job_over(struct run *run, struct job *job);
void run_free_step(struct job *job);
void run_read_free(struct run *run);

/* ---- run_send.c ---- */

/* All requests, until the log ends or the run does. */
bool run_send(struct run *run, struct err *err) MUST_CHECK;
/* Sends what lanes remember to the collector. end: with it what was to be sent and never was; then
 * nothing is sent any more. */
void run_post_lanes(struct run *run, bool end);
/* Starts the call; a request that is none is answered at once with a failure. */
void run_start_call(struct run *run, struct call *call);
/* The call's answer is there. */
void run_answered(struct run *run, struct call *call);
void run_end(struct run *run, const char *why);

/* ---- run_retry.c ---- */

/* The party was not reached; nothing was sent. */
void run_wait_for_party(struct run *run, struct call *call);
/* Tries again what is due. Returns when to come again, clock_now(), or `latest`. */
double run_try_again(struct run *run, double latest);
/* Counts a request's answers for the circuit breaker. */
void run_judge_health(struct run *run, const struct job *job);

/* ---- run_work.c ---- */

bool run_start_workers(struct run *run, struct err *err) MUST_CHECK;
void run_stop_workers(struct run *run); /* after what they have was done */
void run_to_worker(struct run *run, struct job *job, enum run_message kind);

/* ---- run_collect.c ---- */

bool run_start_collector(struct run *run, struct err *err) MUST_CHECK;
void run_stop_collector(struct run *run); /* after what it has was done */

#endif
