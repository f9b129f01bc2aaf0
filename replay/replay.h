/*
 * A replay as a function: logs, two origins and options in, a result out. Input: options as the
 * command line gives them. Output: struct replay_result (result.h), of which every report is made.
 *
 *     feed     log -> exchanges in order of arrival, or the reason why one is left out
 *     run      lanes in lockstep: token -> http -> learn -> check (worker threads)
 *     outcome  groups, sessions, latency, verdict
 *     book     the ledger, so that what was interrupted can go on
 *     final    the databases' states, by tally-verify
 */
#ifndef TALLY_REPLAY_REPLAY_H
#define TALLY_REPLAY_REPLAY_H

#include "../diff/base/error.h"
#include "../diff/base/side.h"
#include "../diff/base/text_list.h"
#include "result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which requests may be under way at the same time, beside the rule that those of one session
 * never are. Scope: a tenant's requests, or all. Within it requests that write come one at a time,
 * in the log's order, and a request that only reads sees what the writes before it in the log left
 * behind, on both sides: it waits for them, and the next write waits for it. */
enum replay_order {
    REPLAY_ORDER_DEFAULT, /* tenant, where one is given, else log */
    REPLAY_ORDER_SESSION, /* no scope: sessions are free of each other */
    REPLAY_ORDER_TENANT,
    REPLAY_ORDER_LOG
};

/* Texts are borrowed until replay_run() returns; lists too. */
struct replay_options {
    /* The log. */
    const char *const *logs;
    size_t log_count;
    const char *log_format, *nginx_conf, *format_name; /* as in command.h */
    int temp_limit;                                    /* GB */
    const char *session, *tenant;                      /* expressions, or NULL */
    struct text_list route_query; /* names of a query's fields that choose a page (route.h) */
    /* Where to. */
    const char *url[SIDES];  /* url[TARGET] NULL: one side alone, no comparison but the status */
    const char *host[SIDES]; /* Host header, or NULL */
    struct text_list headers[SIDES]; /* "Name: value" */
    struct text_list resolve;        /* "HOST:PORT:ADDRESS", for either side */
    const char *tenants_path;        /* YAML: tenant -> url or host per side (sites.h); or NULL */
    const char *logged_host;         /* production's host name, or NULL: what the log names */
    const char *ca;
    bool insecure, http2;
    struct text_list allow_hosts;
    /* What is sent. */
    bool read_only, dry_run, seed_cookies;
    struct text_list deny;   /* route patterns (route.h) */
    const char *login_path;  /* recipe for sessions that began before the log (recipe.h); NULL:
                                they are left out */
    bool began_before_as_is; /* send them all the same, with what cookies they get */
    /* How. */
    enum replay_order order;
    const char *speed;               /* "10x"; NULL: as fast as order allows */
    double timeout, connect_timeout; /* seconds */
    int connections;                 /* to each origin, at most */
    int patience;                    /* seconds that a side may be down before the run ends */
    int warm_up;                     /* safe requests that are sent before, and not counted */
    int jobs;                        /* threads that compare */
    int body_limit;                  /* MB of one answer */
    /* What is compared. */
    const char *rules_path;
    const char *calibrate_url, *calibrate_path; /* second copy of the source; rules file to write */
    double slower; /* 2: a route that takes twice as long is a finding; 0: none is */
    /* The databases. */
    const char *verify[SIDES]; /* URIs; "{tenant}" in them stands for the tenant; NULL: none */
    bool verify_before;
    const char *mapping_path;
    /* The ledger. */
    const char *ledger_path; /* NULL: a new one in the state folder; with resume: the newest */
    bool resume, keep_secrets;
    struct text_list secrets; /* names that say so of values, too (diff/secret.h) */
    int answers_limit;        /* MB of answers that the ledger keeps */
    /* Reports. */
    const char *format, *output_path;
    struct text_list reports; /* further ones: "FORMAT=FILE" */
    bool quiet, verbose;
};

/*
 * Runs it. False: nothing could be replayed (usage, unreachable, internal, interrupted while the
 * logs were read). True also when it was interrupted later or ended early because a side is down:
 * result->interrupted, or ->ended says why.
 */
bool replay_run(const struct replay_options *options, struct replay_result *result,
                struct err *err) MUST_CHECK;

/* Makes replay_run() of this process stop within a second, resumable. Async-signal-safe. */
void replay_interrupt(void);

#endif
