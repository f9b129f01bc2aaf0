/*
 * Reading ahead: each request of the log becomes a job with a lane and a place in the order. See
 * run.h.
 */
#include "run.h"

#include "../diff/base/hash.h"

#include <stdlib.h>

#define AT_ONCE 64 /* requests between looks at the connections */
#define TENANT_SLOTS 1024

/* Kept for the whole run: a log has as many as there are customers. */
struct tenant_gate {
    struct tenant_gate *next;
    struct order_gate gate;
    char name[];
};

static struct order_gate *tenant_gate(struct run *run, const char *tenant)
{
    size_t length = strlen(tenant);
    if (!run->tenants)
        run->tenants = mem_zero(TENANT_SLOTS, sizeof(struct tenant_gate *));
    struct tenant_gate **slot = &run->tenants[hash_64(tenant, length) % TENANT_SLOTS];
    for (struct tenant_gate *gate = *slot; gate; gate = gate->next)
        if (strcmp(gate->name, tenant) == 0)
            return &gate->gate;
    struct tenant_gate *gate = mem_zero(1, sizeof *gate + length + 1);
    memcpy(gate->name, tenant, length);
    gate->next = *slot;
    *slot = gate;
    return &gate->gate;
}

/* What has no tenant is a tenant of its own. */
static struct order_gate *scope_of(struct run *run, const struct logged *logged)
{
    if (run->policy == REPLAY_ORDER_TENANT)
        return tenant_gate(run, logged->tenant ? logged->tenant : "");
    return run->policy == REPLAY_ORDER_LOG ? &run->log_gate : NULL;
}

/* ---- lanes that are gone ---- */

static void note_gone(struct run *run, uint64_t session)
{
    if (run->gone_count == run->gone_room) {
        run->gone_room = run->gone_room ? 2 * run->gone_room : 64;
        run->gone = mem_resize(run->gone, run->gone_room, sizeof *run->gone);
    }
    run->gone[run->gone_count++] = session;
}

void run_retire(void *data, uint64_t session)
{
    struct run *run = data;
    const struct lane *lane = run->lanes ? lane_find(run->lanes, session) : NULL;
    bool saved = lane && lane->saved;
    if (lane && lane_retire(run->lanes, session) && saved)
        note_gone(run, session);
}

static void leave_lane(struct run *run, struct lane *lane)
{
    uint64_t session = lane->session;
    bool saved = lane->saved;
    if (lane_leave(run->lanes, lane) && saved)
        note_gone(run, session);
}

/* ---- jobs ---- */

static void add_warm_up(struct run *run, const struct job *job)
{
    struct job *warm_up = mem_zero(1, sizeof *warm_up);
    warm_up->exchange = exchange_new();
    warm_up->exchange->logged = job->exchange->logged; /* borrowed: it lives until they are over */
    warm_up->warm_up = true;
    buffer_init(&warm_up->pair, BUFFER_NO_LIMIT);
    warm_up->after = run->warm_ups;
    run->warm_ups = warm_up;
    run->warm_up_count++;
}

/* No condition is sent (outgoing.h), and nobody has the page already: the answer will be the whole
 * one. */
static void expect_whole_answer(struct run *run, struct logged *logged)
{
    run->statusless += !logged->status;
    if (logged->status != 304 && logged->status != 206)
        return;
    logged->status = 200;
    run->unconditional++;
}

static struct job *make_job(struct run *run, struct exchange *exchange)
{
    expect_whole_answer(run, &exchange->logged);
    struct job *job = mem_zero(1, sizeof *job);
    job->exchange = exchange;
    job->lane = lane_enter(run->lanes, exchange->logged.session);
    job->writes = !request_method_is_safe(slice_of(exchange->logged.method));
    job->logged_bytes = exchange->logged.body.length + exchange->logged.target.length;
    buffer_init(&job->pair, BUFFER_NO_LIMIT);
    job->after = run->jobs;
    if (job->after)
        job->after->before = job;
    run->jobs = job;
    run->alive++;
    run->ahead_bytes += job->logged_bytes;
    return job;
}

/* An interrupted run is through with it. Its session is known to have begun, if it was sent. */
static void pass_over(struct run *run, struct exchange *exchange, bool sent)
{
    uint64_t session = exchange->logged.session;
    if (session && sent) {
        struct lane *lane = lane_enter(run->lanes, session);
        lane->went_before = true;
        lane->saved = true;
        leave_lane(run, lane);
    }
    exchange_free(exchange);
    run->over++;
}

static void place_job(struct run *run, struct job *job)
{
    const struct logged *logged = &job->exchange->logged;
    bool goes = !job->reason && !job->uncertain;
    struct lane *lane = job->lane;
    if (goes && run->recipe && logged->began_before && !lane->planned)
        job->logs_in = job->writes = true; /* to whom it is related as one that writes */
    lane->planned |= goes;
    if (goes && !job->writes && !run->options->dry_run &&
        run->warm_up_count < (size_t)run->options->warm_up)
        add_warm_up(run, job);
    order_add(
        &run->order, &job->item, job->exchange->number,
        (struct order_place[ORDER_GATES]){{logged->session ? &lane->gate : NULL, true},
                                          {goes ? scope_of(run, logged) : NULL, job->writes}});
}

static MUST_CHECK bool read_one(struct run *run, struct err *err)
{
    struct exchange *exchange;
    const char *reason, *text;
    if (!feed_next(run->feed, &exchange, &reason, &text, err))
        return false;
    if (!exchange) {
        run->feed_ended = true;
        return true;
    }
    run->read++;
    enum book_state state =
        run->result->resumed ? book_state(run->book, exchange->number) : BOOK_NEW;
    if (state == BOOK_FINISHED) {
        pass_over(run, exchange, !reason);
        return true;
    }
    struct job *job = make_job(run, exchange);
    job->reason = reason;
    job->text = text;
    job->uncertain = state == BOOK_UNCERTAIN && !reason;
    place_job(run, job);
    return true;
}

static bool has_room(const struct run *run)
{
    return !run->feed_ended && !run->stopping && run->alive < RUN_AHEAD &&
           run->ahead_bytes < RUN_AHEAD_BYTES;
}

bool run_read_ahead(struct run *run, bool *more, struct err *err)
{
    for (int i = 0; i < AT_ONCE && has_room(run); i++)
        if (!read_one(run, err))
            return false;
    *more = has_room(run);
    return true;
}

/* ---- the end of a job ---- */

/* `logged` is another exchange's. */
static void free_copy(struct exchange *copy)
{
    if (!copy)
        return;
    copy->logged = (struct logged){0};
    copy->in[SOURCE] = (struct incoming){0};
    buffer_init(&copy->in[SOURCE].body, BUFFER_NO_LIMIT);
    exchange_free(copy);
}

void run_free_step(struct job *job)
{
    exchange_free(job->now[0]);
    free_copy(job->now[1]);
    job->now[0] = job->now[1] = NULL;
}

static void job_free(struct job *job)
{
    if (job->step)
        run_free_step(job);
    if (job->warm_up)
        job->exchange->logged = (struct logged){0};
    free_copy(job->copy);
    exchange_free(job->exchange);
    for (size_t i = 0; i < 2; i++)
        token_reading_free(job->readings[i]);
    known_free(job->known);
    findings_free(&job->findings);
    findings_free(&job->copy_findings);
    buffer_free(&job->pair);
    free(job);
}

void run_job_over(struct run *run, struct job *job)
{
    if (job->warm_up) {
        job_free(job);
        return;
    }
    if (job->before)
        job->before->after = job->after;
    else
        run->jobs = job->after;
    if (job->after)
        job->after->before = job->before;
    run->alive--;
    run->over++;
    run->ahead_bytes -= job->logged_bytes;
    run->held_bytes -= job->held;
    leave_lane(run, job->lane);
    job_free(job);
}

void run_read_free(struct run *run)
{
    for (struct job *job = run->warm_ups, *next; job; job = next) {
        next = job->after;
        job_free(job);
    }
    while (run->jobs)
        run_job_over(run, run->jobs);
    for (size_t i = 0; run->tenants && i < TENANT_SLOTS; i++)
        while (run->tenants[i]) {
            struct tenant_gate *gate = run->tenants[i];
            run->tenants[i] = gate->next;
            free(gate);
        }
    free(run->tenants);
    free(run->gone);
}
