/*
 * Sides that are down. A request that found nobody was not sent, and may be tried again; until it
 * finds somebody, nothing new is started, and after --patience the run ends and can be resumed. See
 * run.h.
 */
#include "run.h"

#include "../diff/base/clock.h"

#define FIRST_WAIT 0.1 /* seconds; then twice as long each time */
#define LONGEST_WAIT 2.0
#define SICK_AFTER 20 /* answers in a row, and not before --patience either */

static const char *const party_name[PARTIES] = {"the source", "the target", "the source's copy"};

static void queue(struct run *run, struct call *call)
{
    struct call **at = &run->waiting;
    while (*at && (*at)->again <= call->again)
        at = &(*at)->next;
    call->next = *at;
    *at = call;
}

void run_wait_for_party(struct run *run, struct call *call)
{
    double now = clock_now();
    const char *why = call->exchange->in[call->side].why;
    if (call->down <= 0) {
        if (!run->troubled++)
            progress_log(run->progress, "%s cannot be reached (%s): waiting, up to %d s",
                         party_name[call->party], why, run->options->patience);
        call->down = now;
        call->tries = 0;
    }
    double wait = FIRST_WAIT * (double)(1U << (call->tries < 10 ? call->tries : 10));
    call->tries++;
    call->again = now + (wait < LONGEST_WAIT ? wait : LONGEST_WAIT);
    queue(run, call);
    if (call->exchange->in[call->side].refused)
        run_end(run, arena_format(&run->arena, "%s cannot be trusted: %s.", party_name[call->party],
                                  why));
    else if (call->tries > 1 && now - call->down >= run->options->patience)
        run->gives_up = true;
}

/* Both sides may be down for as long, as far as that is known of what is only asked again now and
 * then: the source is named before the target, whichever failed first. */
static void give_up(struct run *run)
{
    double longest = run->waiting->down;
    const struct call *named = NULL;
    for (const struct call *call = run->waiting; call; call = call->next)
        longest = call->down < longest ? call->down : longest;
    for (const struct call *call = run->waiting; call; call = call->next)
        if (call->down - longest < LONGEST_WAIT && (!named || call->party < named->party))
            named = call;
    for (const struct job *job = run->jobs; job; job = job->after)
        for (const struct call *call = job->calls; call < job->calls + job->call_count; call++)
            if (call->under_way && call->down > 0 && call->down - longest < LONGEST_WAIT &&
                call->party < named->party)
                return; /* it is being asked again */
    run_end(run, arena_format(&run->arena, "%s could not be reached for %d s: %s.",
                              party_name[named->party], run->options->patience,
                              named->exchange->in[named->side].why));
}

double run_try_again(struct run *run, double latest)
{
    double now = clock_now();
    if (run->gives_up && !run->stopping)
        give_up(run);
    bool again = !run->stopping && !run->gives_up;
    while (again && run->waiting && run->waiting->again <= now) {
        struct call *call = run->waiting;
        run->waiting = call->next;
        run_start_call(run, call);
    }
    bool earlier = again && run->waiting && run->waiting->again < latest;
    return earlier ? run->waiting->again : latest;
}

/* A gateway that stands before an application that is down; unless that is how it was logged. */
static bool is_bad(const struct call *call)
{
    const struct incoming *in = &call->exchange->in[call->side];
    int status = in->status;
    return in->failure == FAILURE_TIMEOUT || in->failure == FAILURE_BROKEN ||
           (status >= 502 && status <= 504 && call->exchange->logged.status != status);
}

static void judge_party(struct run *run, const struct call *call)
{
    struct health *health = &run->health[call->party];
    double now = clock_now();
    if (!is_bad(call)) {
        health->bad = 0;
        return;
    }
    if (!health->bad++)
        health->since = now;
    if (health->bad >= SICK_AFTER && now - health->since >= run->options->patience)
        run_end(run, arena_format(&run->arena,
                                  "%s gave no sensible answer for %.0f s: %u requests in a row "
                                  "timed out, broke off or were answered with 502 to 504.",
                                  party_name[call->party], now - health->since, health->bad));
}

void run_judge_health(struct run *run, const struct job *job)
{
    for (int party = 0; party < PARTIES; party++)
        for (unsigned i = 0; i < job->call_count; i++)
            if (job->calls[i].party == (enum lane_party)party)
                judge_party(run, &job->calls[i]);
}
