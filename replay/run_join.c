/*
 * Sessions that continue under another id, in logs that cannot tell: without addresses, browsers
 * and what answers set, a login that changes the id ends one session and begins another, and a
 * first hit belongs to nobody. The replay's own answers tell more: where both sides gave a lane a
 * new session id, and the log's id never comes again, an id of the same tenant that comes for the
 * first time soon after is taken for its continuation
 *
 *     when the answer was to a write, and led on to the page that this one asks for (a login);
 *     when it was to a read, and this one writes (a form on the first page);
 *
 * unless several lanes may be meant. Other first hits are left: what comes after them gets an id of
 * its own from the sides anyway. See run.h.
 */
#include "run.h"

#include <stdlib.h>

#define CANDIDATES 256
#define SOON 5           /* seconds of the log: browsers follow a redirect at once, */
#define FILLED 600       /* and people take longer for a form */
#define SOON_NUMBERS 100 /* requests, where the log has no times */

struct candidate {
    struct candidate *next;
    struct lane *lane; /* held: lane_enter() */
    char *tenant;      /* NULL: none */
    char *next_page;   /* where the source's answer to a write led; NULL: it was to a read */
    uint64_t number;
    int64_t arrival;
};

/* The name of a cookie that only the side can have given, and just did; NULL: none. */
static char *own_cookie(const struct incoming *in, size_t *from)
{
    for (; *from < in->headers.count; ++*from) {
        const struct field *field = &in->headers.items[*from];
        if (strcasecmp(field->name, "Set-Cookie") != 0)
            continue;
        struct jar_said said = jar_read(slice_of(field->value));
        if (!said.name.length || !said.value.length)
            continue;
        char *name = mem_copy_bytes(said.name.at, said.name.length);
        char *value = mem_copy_bytes(said.value.at, said.value.length);
        bool own = token_is_own_cookie(name, value);
        free(value);
        if (own) {
            ++*from;
            return name;
        }
        free(name);
    }
    return NULL;
}

static bool gives(const struct incoming *in, const char *wanted)
{
    bool found = false;
    size_t from = 0;
    for (char *name; !found && (name = own_cookie(in, &from)); free(name))
        found = strcmp(name, wanted) == 0;
    return found;
}

/* Did every side give a new session id? */
static bool gave_id(const struct run *run, const struct exchange *exchange)
{
    bool found = false;
    size_t from = 0;
    for (char *name; !found && (name = own_cookie(&exchange->in[SOURCE], &from)); free(name))
        found = run->one_side || gives(&exchange->in[TARGET], name);
    return found;
}

/* The path that an answer leads to; NULL: none. */
static const char *next_page(const struct incoming *in)
{
    const char *location =
        in->status >= 300 && in->status < 400 ? fields_find(&in->headers, "Location") : NULL;
    const char *host = location ? strstr(location, "://") : NULL;
    const char *path = host ? strchr(host + 3, '/') : location;
    return path && *path == '/' ? path : NULL;
}

static void drop(struct run *run, struct candidate **at)
{
    struct candidate *candidate = *at;
    *at = candidate->next;
    run->candidate_count--;
    run_leave_lane(run, candidate->lane);
    free(candidate->tenant);
    free(candidate->next_page);
    free(candidate);
}

static void drop_last(struct run *run)
{
    struct candidate **at = &run->candidates;
    while ((*at)->next)
        at = &(*at)->next;
    drop(run, at);
}

void run_note_candidate(struct run *run, struct job *job)
{
    const struct logged *logged = &job->exchange->logged;
    if (!run->joins)
        return;
    /* What it did before was not its last. */
    for (struct candidate **at = &run->candidates; *at;)
        if ((*at)->lane == job->lane)
            drop(run, at);
        else
            at = &(*at)->next;
    const char *page = job->writes ? next_page(&job->exchange->in[SOURCE]) : NULL;
    if ((job->writes && !page) || !gave_id(run, job->exchange))
        return;
    struct candidate *candidate = mem_zero(1, sizeof *candidate);
    *candidate = (struct candidate){
        .next = run->candidates,
        .lane = job->lane,
        .tenant = logged->tenant ? mem_copy_string(logged->tenant) : NULL,
        .next_page = page ? mem_copy_string(page) : NULL,
        .number = job->exchange->number,
        .arrival = logged->arrival,
    };
    job->lane->unfinished++;
    run->candidates = candidate;
    if (run->candidate_count++ == CANDIDATES)
        drop_last(run);
}

static bool is_soon(const struct candidate *candidate, const struct exchange *exchange)
{
    int64_t arrival = exchange->logged.arrival;
    if (candidate->number >= exchange->number)
        return false;
    if (!candidate->arrival || !arrival)
        return exchange->number - candidate->number <= SOON_NUMBERS;
    return arrival - candidate->arrival <=
           (candidate->next_page ? SOON : FILLED) * INT64_C(1000000);
}

static bool may_continue(const struct candidate *candidate, const struct job *job)
{
    const struct exchange *exchange = job->exchange;
    const char *tenant = exchange->logged.tenant;
    bool same_tenant = candidate->tenant && tenant ? strcmp(candidate->tenant, tenant) == 0
                                                   : !candidate->tenant && !tenant;
    return same_tenant && candidate->lane->retired && !candidate->lane->unmerged &&
           !candidate->lane->cut && is_soon(candidate, exchange) &&
           (candidate->next_page ? slice_is(exchange->logged.target, candidate->next_page)
                                 : job->writes);
}

bool run_join(struct run *run, struct job *job)
{
    struct lane *lane = job->lane;
    struct candidate **found = NULL;
    if (!run->joins || lane->ready || !lane->session || lane->went_before || lane->saved)
        return false;
    for (struct candidate **at = &run->candidates; *at; at = &(*at)->next)
        if (may_continue(*at, job)) {
            if (found)
                return false;
            found = at;
        }
    if (!found)
        return false;
    lane_inherit(lane, (*found)->lane);
    drop(run, found);
    run->joined++;
    return true;
}

void run_drop_candidates(struct run *run)
{
    while (run->candidates)
        drop(run, &run->candidates);
}
