/*
 * What a replay has found, ready to be reported: every reporter gets this and nothing else. Input:
 * outcome.c makes it of what it counted, final.c adds the databases. All text is in the result's
 * arena, valid UTF-8 or made so, and masked where it is secret. Knows nothing of reports.
 */
#ifndef TALLY_REPLAY_RESULT_H
#define TALLY_REPLAY_RESULT_H

#include "../diff/base/memory.h"
#include "../diff/base/side.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define RESULT_REQUESTS 100  /* lines that a group lists */
#define RESULT_SESSIONS 1000 /* sessions that are shown: those with findings first */
#define RESULT_STEPS 200     /* of one session */
#define RESULT_UNCORRELATED 1000
#define RESULT_PAIRS 200 /* of one route, for the plot */

enum replay_verdict { REPLAY_EQUAL, REPLAY_INCONCLUSIVE, REPLAY_DIFFERENT };
extern const char *const replay_verdict_name[]; /* "equal", "inconclusive", "different" */

/* What became of one exchange. */
enum replay_fate {
    FATE_EQUAL,
    FATE_DIFFERENT,
    FATE_CONSEQUENCE,  /* different, after the session's first difference */
    FATE_BOTH_FAILED,  /* neither side could; where the log could, that is said */
    FATE_INCONCLUSIVE, /* sent, and not compared */
    FATE_LEFT_OUT,     /* not sent */
    FATES
};
extern const char *const replay_fate_name[FATES];

struct replay_group {
    const char *kind;  /* check.h: "status", … "slower" */
    const char *route; /* "GET /rates/{id}"; of several: "GET /rates/{id} and 12 more" */
    size_t route_count;
    uint64_t count;       /* requests */
    uint64_t differences; /* places in them */
    /* Of the requests: how many come after their session's first difference; before how many
     * something of their session was left out, or could not be compared. */
    uint64_t consequences, tainted;
    const char *path; /* shape of the place */
    const char *change, *value_class;
    const char *cause; /* a phrase: "same number", "time zone: 2 h later"; "" */
    struct {           /* the smallest; of "slower": number 0, texts "" */
        uint64_t number, line;
        const char *file, *method, *target, *path;
        const char *value[SIDES]; /* NULL: nothing there */
    } example;
    /* A write of another session, which each session that began to differ with this came after in
     * its tenant, so that this may follow from it: "POST /bookings, 302 on the source and 500 on
     * the target"; NULL: there is none. Nothing is counted by it. */
    const char *follows;
    uint64_t follows_line;
    size_t request_count; /* of `lines`; the first ones in the log's order */
    uint64_t *lines;
};

struct replay_step {
    uint64_t number, line;
    int64_t arrival; /* microseconds since 1970; 0: not known */
    const char *method, *target;
    enum replay_fate fate;
    const char *why; /* of the first difference, or why it was left out or is inconclusive; "" */
    int status[SIDES], logged_status; /* 0: none */
};

struct replay_session {
    const char *name, *tenant; /* tenant "": none */
    uint64_t requests, fates[FATES];
    uint64_t tainted; /* number of the first request that could not be compared, or before which
                         something was left out; 0: none */
    uint64_t first_different; /* number of its first real difference; 0: none */
    size_t step_count;
    struct replay_step *steps; /* the first RESULT_STEPS, as far as memory reaches; by number */
};

struct replay_latency {
    const char *route;
    uint64_t count;                            /* of pairs */
    double p50[SIDES], p95[SIDES], p99[SIDES]; /* seconds */
    double logged_p50, logged_p95, logged_p99; /* 0: not logged */
    double ratio, ratio_low, ratio_high;       /* target by source, of pairs; 95 % confidence */
    bool slower;                               /* by more than --slower, and surely so */
    size_t pair_count;                         /* a fair sample for the plot */
    double (*pairs)[SIDES];
};

struct replay_left_out {
    const char *reason, *text; /* "body-missing", and a sentence */
    bool harmless; /* none of them reached the app: they do not count against the verdict */
    uint64_t count;
    size_t line_count; /* the first ten */
    uint64_t lines[10];
};

/* Requests of a route that were sent, and of which no difference and no equality can be said. */
struct replay_doubt {
    /* "both-failed": neither side could. "unlike-log": both sides answer alike, but not as the log
     * says. "no-status": of one side alone, and the log has no status. "interrupted": a write that
     * may have been sent, and was not again. "ids-anew": they are equal but for ids that each
     * side gave itself and nothing proves to belong together. "not-compared": all else. */
    const char *reason;
    const char *route, *text; /* "both sides answered 422, the log has 302" */
    uint64_t count;
    size_t line_count; /* the first ten */
    uint64_t lines[10];
};

struct replay_uncorrelated {
    const char *route, *where; /* "field _token" */
    uint64_t count, line;      /* line: of the first */
};

struct replay_rule {
    const char *name;
    int line;
    uint64_t answers, applied[SIDES];
};

/* What tally-verify said of one tenant's databases, or of the only ones. */
struct replay_table {
    const char *name[SIDES];
    enum replay_verdict verdict;
    uint64_t rows[SIDES], changed, missing, extra;
    bool before; /* it differed before the replay already, in the same way: not to be blamed */
    size_t text_count;
    const char **texts; /* causes, reasons, definitions: sentences */
};

struct replay_database {
    const char *tenant;     /* "": none */
    const char *uri[SIDES]; /* without passwords */
    enum replay_verdict
        verdict;         /* of what the replay changed, where it was looked at before, too */
    const char *problem; /* it could not be compared; NULL */
    size_t equal_tables; /* that many others are equal */
    size_t table_count;
    struct replay_table *tables; /* those that are not equal: table_count */
    uint64_t ids;                /* generated ids that were paired */
    const char *ledger_path;     /* tally-verify's, or NULL */
    const char *json;            /* tally-verify's report, a JSON object; NULL: none */
};

struct replay_result {
    struct arena arena;
    enum replay_verdict verdict;
    bool interrupted;
    const char *ended; /* why the run ended before the log did; NULL */
    bool one_side;     /* there is no target: only the status beside the log's */
    bool resumed, dry_run;
    const char *shown_url[SIDES], *ledger_path;
    time_t started;
    double seconds;
    /* The log. */
    uint64_t log_lines, log_bytes, requests, sessions, tenants;
    size_t left_out_count;
    struct replay_left_out *left_out;
    /* The answers. */
    uint64_t replayed; /* exchanges that were sent to every side */
    uint64_t fates[FATES];
    uint64_t writes;            /* of replayed: with a method that is not safe */
    uint64_t unlike_log[SIDES]; /* statuses of another class than the logged */
    uint64_t both_unlike_log;   /* of both sides, alike: another page than the log's was compared */
    uint64_t tainted;   /* of replayed: something of their session was left out, or could not be
                           compared, before them */
    uint64_t uncertain; /* writes that an interrupted run may have sent, and that were not again */
    size_t group_count;
    /* Those first that most requests have that are no consequence; then routes that became slower;
     * then what was seen in consequences alone. */
    struct replay_group *groups;
    uint64_t groups_left_out; /* differences that no group could take */
    size_t doubt_count;
    struct replay_doubt *doubts; /* most requests first */
    size_t session_count;
    struct replay_session *session_list;
    size_t latency_count;
    struct replay_latency *latency; /* most busy first */
    double behind;                  /* seconds behind --speed's schedule, at most; 0 */
    uint64_t replacements;          /* values that were each side's own */
    size_t uncorrelated_count;
    struct replay_uncorrelated *uncorrelated;
    size_t rule_count;
    struct replay_rule *rules;
    uint64_t masked;
    size_t note_count;
    const char **notes; /* sentences about the whole run */
    size_t database_count;
    struct replay_database *databases;
};

void replay_result_free(struct replay_result *result);

/* Sets the verdict to the worse of the two: equal < inconclusive < different. */
void replay_result_raise(struct replay_result *result, enum replay_verdict verdict);

/* Of the finished program: 0 equal, 1 different, 2 inconclusive, 130 interrupted. */
int replay_exit_code(const struct replay_result *result);

/* "both sides answer alike": what the verdict means, for people. */
const char *replay_result_meaning(const struct replay_result *result);

#endif
