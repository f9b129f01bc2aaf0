/*
 * The sending thread: starts what may start, takes the answers, remembers what they teach. See
 * run.h.
 */
#include "run.h"

#include "../diff/base/bytes.h"
#include "../diff/base/clock.h"
#include "outgoing.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TURN 0.1       /* seconds between looks at everything */
#define STOP_AFTER 0.7 /* seconds that answers under way have left after an interruption */
#define LETTERS_MOST ((size_t)8 << 20) /* bytes that the collector has not taken */

void run_end(struct run *run, const char *why)
{
    if (run->stopping)
        return;
    run->ended = why;
    run->stopping = true;
    run->stop_at = clock_now() + run->options->timeout;
}

/* ---- what a lane needs before its first request ---- */

static const char cut_name[] = "session-cut";
static const char cut_text[] = "an interrupted run had begun its session, and what the session "
                               "was then is not known";

static const struct jar_home *find_home(void *context, enum lane_party party, const char *tenant)
{
    struct run *run = context;
    const struct site *site = party == PARTY_COPY
                                  ? sites_copy(run->sites, tenant)
                                  : sites_find(run->sites, tenant, (enum side)party);
    return site ? &site->home : NULL;
}

static void cut_lane(struct lane *lane)
{
    lane->cut = cut_name;
    lane->cut_text = cut_text;
}

/* What an interrupted run knew of the session. */
static MUST_CHECK bool load_lane(struct run *run, struct lane *lane, struct err *err)
{
    if (lane->ready || !run->result->resumed || !lane->session)
        return true;
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool found = false, done = book_lane(run->book, lane->session, &bytes, &found, err);
    struct err damage = {0};
    if (done && found && !lane_load(lane, bytes.data, bytes.length, find_home, run, &damage))
        cut_lane(lane);
    if (done && !found && lane->went_before)
        cut_lane(lane);
    lane->saved |= found;
    buffer_free(&bytes);
    return done;
}

/* ---- sending ---- */

void run_start_call(struct run *run, struct call *call)
{
    struct exchange *exchange = call->exchange;
    struct incoming *in = &exchange->in[call->side];
    struct err err = {0};
    call->under_way = true;
    if (http_start(run->http, call->site->http, exchange->logged.method, &exchange->out[call->side],
                   call->jar, in, &exchange->arena, call, &err))
        return;
    call->under_way = false;
    if (err.code != ERR_TABLE)
        run_fail(run, &err);
    in->failure = FAILURE_BROKEN;
    snprintf(in->why, sizeof in->why, "%.199s", err.text);
    call->job->refused++;
    run_answered(run, call);
}

/* seeds: lane_seeds() of the request. */
static void add_call(struct run *run, struct job *job, enum lane_party party, struct slice seeds)
{
    struct exchange *main = job->warm_up ? job->exchange : job->now[0];
    struct exchange *exchange = party == PARTY_COPY ? job->now[1] : main;
    const char *tenant = exchange->logged.tenant;
    const struct site *site = party == PARTY_COPY
                                  ? sites_copy(run->sites, tenant)
                                  : sites_find(run->sites, tenant, (enum side)party);
    enum side side = party == PARTY_SOURCE ? SOURCE : TARGET;
    struct call *call = &job->calls[job->call_count++];
    *call =
        (struct call){.job = job, .exchange = exchange, .side = side, .party = party, .site = site};
    if (job->warm_up)
        return;
    call->jar = lane_jar(job->lane, party, tenant, &site->home);
    jar_seed(call->jar, seeds);
    const char *production = site->home.production ? site->home.production : run->logged_host;
    (void)outgoing_edit(&exchange->out[side], &exchange->arena, production, &site->home);
}

/* Half of the requests ask the source first, in no pattern that a page and its parts may have. */
static enum side asked_first(uint64_t number)
{
    return number * UINT64_C(0x9e3779b97f4a7c15) >> 63 ? TARGET : SOURCE;
}

/* Once the last is started, the job may be somebody else's. */
static void start_calls(struct run *run, struct job *job)
{
    unsigned count = job->open_calls = job->call_count;
    for (unsigned i = 0; i < count; i++)
        run_start_call(run, &job->calls[i]);
}

static void send_job(struct run *run, struct job *job)
{
    struct exchange *exchange = job->now[0], *copy = job->now[1];
    const struct replay_options *options = run->options;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    lane_seeds(exchange->logged.cookies, options->session, options->seed_cookies, &text);
    const struct slice seeds = {text.data, text.length};
    job->call_count = job->refused = 0;
    token_apply(job->lane->memory, exchange);
    exchange->first = run->one_side ? SOURCE : asked_first(exchange->number);
    add_call(run, job, (enum lane_party)exchange->first, seeds);
    if (run->one_side) {
        exchange->in[TARGET].failure = FAILURE_CONNECT;
        snprintf(exchange->in[TARGET].why, sizeof exchange->in[TARGET].why, "there is no target");
    } else {
        add_call(run, job, (enum lane_party) !exchange->first, seeds);
    }
    if (copy) {
        token_apply(job->lane->copy_memory, copy);
        copy->first = SOURCE;
        add_call(run, job, PARTY_COPY, seeds);
    }
    buffer_free(&text);
    start_calls(run, job);
}

/* Everything of a lane reaches the outcome by the lane's own worker. */
static void pass_on(struct run *run, struct job *job)
{
    order_finish(&run->order, &job->item);
    run_to_worker(run, job, TO_WORKER_CHECK);
}

static void leave_out(struct run *run, struct job *job, const char *reason, const char *text)
{
    job->reason = reason;
    job->text = text;
    pass_on(run, job);
}

static void make_copy(struct run *run, struct exchange *exchange, struct exchange **copy)
{
    if (!run->calibrates)
        return;
    *copy = exchange_new();
    (*copy)->number = exchange->number;
    (*copy)->logged = exchange->logged;
    (*copy)->login = exchange->login;
}

/* Its own request, after what had to come before. */
static void send_own(struct run *run, struct job *job)
{
    job->step = 0;
    job->now[0] = job->exchange;
    if (!job->copy)
        make_copy(run, job->exchange, &job->copy);
    job->now[1] = job->copy;
    send_job(run, job);
}

/* Some applications hold a session against the browser that began it. */
static void add_browser(struct logged *step, struct arena *arena, const struct fields *headers)
{
    static const char *const names[] = {"User-Agent", "Accept-Language"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = fields_find(headers, names[i]);
        if (value && !fields_find(&step->headers, names[i]))
            fields_add(&step->headers, arena, names[i], value, strlen(value));
    }
}

static void send_step(struct run *run, struct job *job)
{
    const struct logged *logged = &job->exchange->logged;
    struct exchange *step = exchange_new();
    step->number = job->exchange->number;
    step->login = true;
    step->logged.session = logged->session;
    step->logged.session_name = logged->session_name;
    step->logged.tenant = logged->tenant;
    step->logged.cookies = logged->cookies; /* such as the one that chooses the tenant */
    recipe_step(run->recipe, logged->user, job->step - 1, step);
    add_browser(&step->logged, &step->arena, &logged->headers);
    job->now[0] = step;
    job->now[1] = NULL;
    make_copy(run, step, &job->now[1]);
    send_job(run, job);
}

/* All that had to be known before sending is. */
static void send_first(struct run *run, struct job *job)
{
    run->sent++;
    job->waits_for_intent = false;
    if (!job->logs_in) {
        send_own(run, job);
        return;
    }
    job->step = 1;
    send_step(run, job);
}

/* Nothing new is sent: the answers might come too late. */
static bool is_ending(const struct run *run)
{
    return run->stopping || run_is_interrupted();
}

static bool has_sites(struct run *run, const char *tenant)
{
    return sites_find(run->sites, tenant, SOURCE) &&
           (run->one_side || sites_find(run->sites, tenant, TARGET)) &&
           (!run->calibrates || sites_copy(run->sites, tenant));
}

static MUST_CHECK bool begin(struct run *run, struct job *job, struct err *err)
{
    struct lane *lane = job->lane;
    const struct logged *logged = &job->exchange->logged;
    if (job->reason) {
        pass_on(run, job);
        return true;
    }
    if (!load_lane(run, lane, err))
        return false;
    lane->ready = true;
    /* What it did to the session is not known, unless that was saved after it. */
    if (job->uncertain && lane->session && lane->merged < job->exchange->number)
        cut_lane(lane);
    if (job->uncertain)
        pass_on(run, job);
    else if (lane->cut)
        leave_out(run, job, lane->cut, lane->cut_text);
    else if (!has_sites(run, logged->tenant))
        leave_out(run, job, "tenant-unknown",
                  "the file of tenants does not say where its tenant "
                  "is");
    else if (job->logs_in && !recipe_steps(run->recipe, logged->user))
        leave_out(run, job, "login-unknown",
                  "its session began before the log, and the recipe "
                  "does not know its user");
    else if (run->options->dry_run)
        leave_out(run, job, "dry-run", "it would be sent: --dry-run sends nothing");
    else {
        run->busy++;
        if (job->writes) {
            run->intending++;
            job->waits_for_intent = true;
            job->message.kind = TO_COLLECTOR_INTEND;
            mailbox_put(&run->collected, &job->message, true);
        } else {
            send_first(run, job);
        }
    }
    return true;
}

/* ---- answers ---- */

static size_t answer_bytes(const struct exchange *exchange)
{
    return exchange ? exchange->in[SOURCE].body.capacity + exchange->in[TARGET].body.capacity : 0;
}

/* All parties have answered. */
static void all_answered(struct run *run, struct job *job)
{
    run->busy--;
    if (job->warm_up) {
        run_job_over(run, job);
        return;
    }
    if (job->refused == job->call_count && !job->step) {
        leave_out(run, job, "unsendable", "it cannot be sent as HTTP as it stands");
        return;
    }
    run->proved = true;
    size_t bytes = answer_bytes(job->now[0]) + answer_bytes(job->now[1]);
    job->held += bytes;
    run->held_bytes += bytes;
    run->reading++;
    run_to_worker(run, job, TO_WORKER_READ);
}

void run_answered(struct run *run, struct call *call)
{
    struct job *job = call->job;
    if (call->down > 0) {
        call->down = 0;
        if (--run->troubled == 0)
            progress_log(run->progress, "both sides answer again");
    }
    if (--job->open_calls)
        return;
    if (!job->warm_up)
        run_judge_health(run, job);
    all_answered(run, job);
}

static void take_answer(void *context, void *tag)
{
    struct run *run = context;
    struct call *call = tag;
    call->under_way = false;
    if (call->exchange->in[call->side].failure == FAILURE_CONNECT && !call->job->warm_up)
        run_wait_for_party(run, call);
    else
        run_answered(run, call);
}

/* A login worked when every party says so. */
static bool step_succeeded(const struct run *run, const struct job *job)
{
    for (unsigned i = 0; i < job->call_count; i++) {
        const struct incoming *in = &job->calls[i].exchange->in[job->calls[i].side];
        if (in->failure || !recipe_succeeds(run->recipe, in->status))
            return false;
    }
    return true;
}

static void step_done(struct run *run, struct job *job)
{
    bool last = job->step == recipe_steps(run->recipe, job->exchange->logged.user);
    bool good = !last || step_succeeded(run, job);
    run_free_step(job);
    if (!good) {
        job->lane->cut = "login-failed";
        job->lane->cut_text = "the login that the recipe plays before it failed";
        leave_out(run, job, job->lane->cut, job->lane->cut_text);
        return;
    }
    run->busy++;
    if (last) {
        send_own(run, job);
        return;
    }
    job->step++;
    send_step(run, job);
}

/* What a worker has read of the answers is remembered, and the lane may go on. */
static void take_reading(struct run *run, struct job *job)
{
    struct lane *lane = job->lane;
    run->reading--;
    token_merge(lane->memory, job->now[0], job->readings[0]);
    if (job->now[1])
        token_merge(lane->copy_memory, job->now[1], job->readings[1]);
    job->readings[0] = job->readings[1] = NULL;
    lane->dirty = true;
    if (job->step) {
        step_done(run, job);
        return;
    }
    lane->merged = job->exchange->number;
    pass_on(run, job);
}

static void take_message(struct run *run, struct message *message)
{
    struct job *job = job_of(message);
    switch ((enum run_message)message->kind) {
    case TO_SENDER_INTENDED:
        run->intending--;
        job->intended = true;
        if (!is_ending(run)) /* else nobody may be left to take its answers */
            send_first(run, job);
        break;
    case TO_SENDER_READ:
        take_reading(run, job);
        break;
    default: /* TO_SENDER_OVER */
        run_job_over(run, job);
        break;
    }
}

static void take_mail(struct run *run)
{
    for (struct message *message; (message = mailbox_take(&run->inbox, 0));)
        take_message(run, message);
}

/* ---- what lanes remember, for the book ---- */

static void post_letter(struct run *run, struct letter *letter)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    /* The collector takes them without waiting for anybody. */
    while (atomic_load(&run->letter_bytes) > LETTERS_MOST && !atomic_load(&run->failed))
        nanosleep(&moment, NULL);
    atomic_fetch_add(&run->letter_bytes, letter->lanes.length + letter->shared.length);
    letter->message.kind = TO_COLLECTOR_LANES;
    mailbox_put(&run->collected, &letter->message, false);
}

static struct letter *new_letter(void)
{
    struct letter *letter = mem_zero(1, sizeof *letter);
    buffer_init(&letter->lanes, BUFFER_NO_LIMIT);
    buffer_init(&letter->shared, BUFFER_NO_LIMIT);
    return letter;
}

struct posting {
    struct run *run;
    struct letter *letter;
};

static void post_lane(void *context, struct lane *lane)
{
    struct posting *posting = context;
    struct buffer *out = &posting->letter->lanes;
    buffer_add_u64(out, lane->session);
    size_t at = bytes_open_piece(out);
    lane_save(lane, out);
    bytes_close_piece(out, at);
    lane->dirty = false;
    lane->saved = true;
    if (out->length < RUN_PIECE)
        return;
    post_letter(posting->run, posting->letter);
    posting->letter = new_letter();
}

/* Of its own request nothing went out to anybody. */
static bool is_unsent(const struct job *job)
{
    if (job->waits_for_intent)
        return true;
    for (unsigned i = 0; i < job->call_count && !job->step; i++)
        if (job->calls[i].under_way || job->calls[i].down <= 0)
            return false;
    return job->open_calls > 0;
}

static void add_unsent(const struct run *run, struct letter *letter)
{
    letter->unsent = mem_zero(run->alive + 1, sizeof *letter->unsent);
    for (const struct job *job = run->jobs; job; job = job->after)
        if ((job->intended || job->waits_for_intent) && is_unsent(job))
            letter->unsent[letter->unsent_count++] = job->exchange->number;
}

void run_post_lanes(struct run *run, bool end)
{
    struct posting posting = {run, new_letter()};
    lane_each_dirty(run->lanes, post_lane, &posting);
    for (size_t i = 0; i < run->gone_count; i++) {
        buffer_add_u64(&posting.letter->lanes, run->gone[i]);
        bytes_put_size(&posting.letter->lanes, 0);
    }
    run->gone_count = 0;
    struct letter *letter = posting.letter;
    letter->has_shared = token_shared_save(run->shared, &letter->shared, &letter->whole);
    letter->last = true;
    if (end)
        add_unsent(run, letter);
    post_letter(run, letter);
}

/* ---- the loop ---- */

static bool may_start(const struct run *run)
{
    size_t most = run->proved ? (size_t)run->options->connections : 1;
    return !is_ending(run) && !run->troubled && run->busy < most &&
           run->held_bytes < RUN_ANSWER_BYTES;
}

/* *next: clock_now() at which to look again, where that is sooner. */
static MUST_CHECK bool start_ready(struct run *run, double *next, struct err *err)
{
    while (may_start(run)) {
        struct job *job = (struct job *)(void *)order_peek(&run->order);
        if (!job)
            break;
        double now = clock_now();
        int64_t arrival = job->exchange->logged.arrival;
        bool goes = !job->reason && !job->uncertain && !run->options->dry_run;
        double due = goes ? pace_due(&run->pace, arrival, now) : now;
        if (due > now) {
            *next = due < *next ? due : *next;
            break;
        }
        if (goes)
            pace_started(&run->pace, arrival, now);
        (void)order_next(&run->order);
        if (!begin(run, job, err))
            return false;
    }
    return true;
}

static void add_count(struct buffer *out, uint64_t count, const char *what)
{
    char text[32];
    if (count)
        buffer_printf(out, "%s%s %s", out->length ? ", " : "", human_count(count, text), what);
}

static void show_progress(struct run *run)
{
    struct buffer tail = BUFFER_INIT(1 << 10);
    add_count(&tail,
              atomic_load(&run->counts[FATE_DIFFERENT]) +
                  atomic_load(&run->counts[FATE_CONSEQUENCE]),
              "different");
    add_count(&tail, atomic_load(&run->counts[FATE_BOTH_FAILED]), "failed on both sides");
    add_count(&tail, atomic_load(&run->counts[FATE_INCONCLUSIVE]), "inconclusive");
    struct progress_state state = {.stage = run->troubled ? "waiting for a side" : "replaying",
                                   .unit = "requests",
                                   .tail = (const char *)tail.data,
                                   .rows = run->over,
                                   .rows_estimate = feed_counts(run->feed).total_records};
    progress_show(run->progress, &state);
    buffer_free(&tail);
}

static MUST_CHECK bool wait_for_news(struct run *run, double until, struct err *err)
{
    double wait = until - clock_now();
    if (run->http)
        return http_run(run->http, wait > 0 ? wait : 0, take_answer, run, err);
    struct message *message = mailbox_take(&run->inbox, wait); /* a dry run */
    if (message)
        take_message(run, message);
    return true;
}

/* Is nothing more to be waited for? */
static bool is_over(struct run *run)
{
    if (atomic_load(&run->failed))
        return true;
    if (!run->stopping)
        return run->feed_ended && !run->alive;
    bool quiet = (!run->http || !http_under_way(run->http)) && !run->intending && !run->reading;
    return quiet || clock_now() >= run->stop_at;
}

static void look_for_interruption(struct run *run)
{
    if (!run_is_interrupted())
        return;
    if (!run->result->interrupted || run->stop_at > clock_now() + STOP_AFTER)
        run->stop_at = clock_now() + STOP_AFTER;
    run->result->interrupted = true;
    run->stopping = true;
}

static void send_warm_up(struct run *run, struct job *job)
{
    struct exchange *exchange = job->exchange;
    struct slice target = exchange->logged.target;
    bool known = has_sites(run, exchange->logged.tenant);
    for (int side = 0; side < (run->one_side ? 1 : SIDES) && known; side++) {
        buffer_add(&exchange->out[side].target, target.at, target.length);
        add_call(run, job, (enum lane_party)side, (struct slice){0});
    }
    if (!known) {
        run_job_over(run, job);
        return;
    }
    run->busy++;
    start_calls(run, job);
}

/* Safe requests of the log's beginning, without cookies, whose answers nobody looks at. */
static MUST_CHECK bool warm_up(struct run *run, struct err *err)
{
    for (bool more = true; more && run->warm_up_count < (size_t)run->options->warm_up;)
        if (!run_read_ahead(run, &more, err))
            return false;
    while ((run->warm_ups || run->busy) && !run->stopping && !atomic_load(&run->failed)) {
        while (run->warm_ups && run->busy < (size_t)run->options->connections) {
            struct job *job = run->warm_ups;
            run->warm_ups = job->after;
            send_warm_up(run, job);
        }
        if (!http_run(run->http, TURN, take_answer, run, err))
            return false;
        look_for_interruption(run);
    }
    return true;
}

static MUST_CHECK bool turn(struct run *run, struct err *err)
{
    bool more = false;
    double next = clock_now() + TURN;
    look_for_interruption(run);
    take_mail(run);
    if (!run_read_ahead(run, &more, err) || !start_ready(run, &next, err))
        return false;
    next = run_try_again(run, next);
    if (atomic_exchange(&run->save_wanted, false))
        run_post_lanes(run, false);
    show_progress(run);
    return is_over(run) || wait_for_news(run, more && may_start(run) ? 0 : next, err);
}

bool run_send(struct run *run, struct err *err)
{
    if (!warm_up(run, err))
        return false;
    while (!is_over(run))
        if (!turn(run, err))
            return false;
    return true;
}
