/*
 * replay_run(): opens everything that a replay needs, lets it run, and completes the result. See
 * replay.h and run.h.
 */
#include "run.h"

#include "../diff/base/clock.h"
#include "host.h"
#include "outgoing.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static volatile sig_atomic_t interrupted;

void replay_interrupt(void)
{
    interrupted = 1;
    final_interrupt();
}

bool run_is_interrupted(void)
{
    return interrupted != 0;
}

void run_fail(struct run *run, const struct err *err)
{
    pthread_mutex_lock(&run->failure_lock);
    if (!atomic_load(&run->failed))
        run->err = *err;
    atomic_store(&run->failed, true);
    pthread_mutex_unlock(&run->failure_lock);
    if (run->http)
        http_wake(run->http);
}

/* ---- opening ---- */

/* A connection is a file, and thousands may be asked for. */
static void allow_files(int connections)
{
    struct rlimit limit;
    rlim_t wanted = 3 * (rlim_t)connections + 200;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static MUST_CHECK bool read_files(struct run *run, struct err *err)
{
    const struct replay_options *options = run->options;
    return pace_init(&run->pace, options->speed, err) &&
           (!options->rules_path ||
            (rules_read(options->rules_path, &run->rules, err) &&
             token_rules_read(options->rules_path, &run->token_rules, err))) &&
           (!options->rules_path || !run->calibrates ||
            rules_read(options->rules_path, &run->copy_rules, err)) &&
           (!options->login_path || recipe_read(options->login_path, &run->recipe, err));
}

/* Nothing is sent yet, and no ledger made: an end then is an end without a trace. */
static MUST_CHECK bool look_on(struct log_watch *watch, struct err *err)
{
    struct run *run = watch->data;
    if (run_is_interrupted())
        return err_set(err, ERR_INTERRUPTED, "interrupted before the first request: %s.",
                       run->options->resume ? "the ledger is as it was" : "nothing was sent");
    log_watch_show(watch, run->progress);
    return true;
}

static MUST_CHECK bool open_logs(struct run *run, struct err *err)
{
    run->watch = (struct log_watch){.look = look_on, .data = run};
    if (!feed_open(run->options, &run->watch, run_retire, run, &run->feed, err))
        return false;
    const char *host = feed_host(run->feed);
    if (!host)
        return true;
    struct buffer normal = BUFFER_INIT(BUFFER_NO_LIMIT);
    host_normal(&normal, host, strlen(host));
    run->logged_host = arena_copy(&run->arena, (const char *)normal.data);
    buffer_free(&normal);
    return true;
}

static MUST_CHECK bool open_sites(struct run *run, struct err *err)
{
    const struct replay_options *options = run->options;
    struct http_settings settings = {
        .timeout = options->timeout,
        .connect_timeout = options->connect_timeout,
        .body_limit = (size_t)options->body_limit << 20,
        .connections = (size_t)options->connections,
        .http2 = options->http2,
    };
    allow_files(options->connections);
    return (options->dry_run || http_new(&settings, &run->http, err)) &&
           sites_open(options, run->feed, run->http, &run->sites, err) &&
           (options->dry_run || sites_greet(run->sites, &run->watch, err));
}

static MUST_CHECK bool open_final(struct run *run, struct err *err)
{
    const struct replay_options *options = run->options;
    if (!options->verify[SOURCE] || options->dry_run)
        return true;
    static const char *const none[] = {""};
    size_t count = 0;
    const char *const *tenants = feed_tenants(run->feed, &count);
    return final_new(options, count ? tenants : none, count ? count : 1, &run->final, err);
}

static MUST_CHECK bool take_shared(void *context, const unsigned char *bytes, size_t length,
                                   struct err *err)
{
    struct run *run = context;
    return token_shared_load(bytes, length, run->shared, err);
}

/* What an interrupted run left. */
static MUST_CHECK bool go_on(struct run *run, struct err *err)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool found = false,
         done = book_outcome(run->book, &bytes, &found, err) &&
                (!found || outcome_load(bytes.data, bytes.length, &run->outcome, err)) &&
                book_each_shared(run->book, take_shared, run, err);
    buffer_free(&bytes);
    return done;
}

static MUST_CHECK bool open_book(struct run *run, struct err *err)
{
    const struct replay_options *options = run->options;
    run->shared = token_shared_new(run->token_rules);
    run->copy_shared = run->calibrates ? token_shared_new(run->token_rules) : NULL;
    if (!options->dry_run && !book_open(options, &run->book, err))
        return false;
    if (run->book && options->resume && !go_on(run, err))
        return false;
    run->result->resumed = run->book && options->resume;
    if (run->book && !options->resume)
        run->result->started = book_begun(run->book); /* a report of the ledger says the same */
    if (!run->outcome)
        run->outcome = outcome_new(
            &(struct outcome_settings){.slower = options->slower, .one_side = run->one_side});
    outcome_set_key(run->outcome, run->book ? book_key(run->book) : NULL);
    run->lanes = lane_table_new(run->shared, run->copy_shared);
    if (run->book) {
        run->result->ledger_path = arena_copy(&run->result->arena, book_path(run->book));
        progress_log(run->progress, "ledger: %s", book_path(run->book));
    }
    return true;
}

static MUST_CHECK bool open_noise(struct run *run, struct err *err)
{
    if (!run->calibrates)
        return true;
    if (!output_open(run->options->calibrate_path, &run->learned, err))
        return false;
    run->noise = noise_new();
    return true;
}

static void choose_order(struct run *run)
{
    const struct replay_options *options = run->options;
    run->policy = options->order;
    if (run->policy == REPLAY_ORDER_DEFAULT)
        run->policy = options->tenant ? REPLAY_ORDER_TENANT : REPLAY_ORDER_LOG;
}

static MUST_CHECK bool open_all(struct run *run, struct err *err)
{
    choose_order(run);
    return read_files(run, err) && open_logs(run, err) && open_sites(run, err) &&
           open_final(run, err) && open_noise(run, err) && open_book(run, err);
}

/* ---- running ---- */

static MUST_CHECK bool look_before(struct run *run, struct err *err)
{
    if (!run->final || !run->options->verify_before || run->result->resumed)
        return true;
    progress_log(run->progress, "comparing the databases before the replay");
    return final_before(run->final, run->result->ledger_path, err);
}

/* Threads end in the order in which work flows; what they have is done first. */
static MUST_CHECK bool let_run(struct run *run, struct err *err)
{
    progress_begin(run->progress);
    bool done = run_start_collector(run, err) && run_start_workers(run, err) && run_send(run, err);
    if (!done)
        run_fail(run, err);
    run_stop_workers(run);
    if (run->collecting && run->book)
        run_post_lanes(run, true);
    run_stop_collector(run);
    if (!atomic_load(&run->failed))
        return true;
    *err = run->err;
    return false;
}

/* ---- the result ---- */

static void add_note(struct text_list *notes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void add_note(struct text_list *notes, const char *format, ...)
{
    struct buffer text = BUFFER_INIT(1 << 16);
    char line[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    buffer_add_text(&text, line);
    text_list_add(notes, (const char *)text.data);
    buffer_free(&text);
}

static void note_cookies(struct run *run, struct text_list *notes)
{
    char count[32];
    for (int result = JAR_KEPT + 1; result < JAR_RESULTS; result++) {
        uint64_t times = lane_counted(run->lanes, (enum jar_result)result);
        if (times)
            add_note(notes, "Cookies that answers set and no browser would keep: %s, %s.",
                     human_count(times, count), jar_result_text[result]);
    }
}

static void make_notes(struct run *run, struct text_list *notes)
{
    char count[32];
    const struct replay_options *options = run->options;
    struct feed_counts counts = feed_counts(run->feed);
    if (counts.problem)
        add_note(notes, "A log was not read to its end: %s.", counts.problem);
    else if (counts.incomplete)
        add_note(notes, "A part of the logs could not be read.");
    if (run->result->uncertain)
        add_note(notes,
                 "Writes that may have reached one side only, when a run was killed: %s. What "
                 "differs after them may come from that.",
                 human_count(run->result->uncertain, count));
    if (run->unconditional)
        add_note(
            notes,
            "Requests that the log answered with 304 or 206, and that were asked for the whole "
            "page: %s.",
            human_count(run->unconditional, count));
    if (run->statusless && !run->one_side)
        add_note(notes,
                 "Requests of which the log does not say the status: %s. That both sides answer "
                 "otherwise than production did, as after a login that fails on both, is not seen.",
                 human_count(run->statusless, count));
    if (options->dry_run && !feed_host(run->feed))
        add_note(notes,
                 "The log names no host of its own, so that none could be refused: --logged-host "
                 "says where production is.");
    if (counts.likely)
        add_note(notes,
                 "Sessions that hold the likely continuation of an id that ended with a login, or "
                 "of a first hit, by time alone, for the log does not say who asked: %s.",
                 human_count(counts.likely, count));
    if (options->speed && run->pace.behind >= 1)
        add_note(notes, "Requests were started up to %s behind the schedule of --speed.",
                 human_time(run->pace.behind, count));
    uint64_t dropped = atomic_load(&run->pairs_dropped);
    if (dropped)
        add_note(notes, "Requests whose answers are not in the ledger, for --answers-limit: %s.",
                 human_count(dropped, count));
    if (run->calibrates && run->result->resumed)
        add_note(notes, "%s holds what was learnt since the run was resumed.",
                 options->calibrate_path);
    note_cookies(run, notes);
}

static void put_notes(struct run *run)
{
    struct replay_result *result = run->result;
    struct text_list notes = {0};
    make_notes(run, &notes);
    const char **all =
        arena_alloc(&result->arena, (result->note_count + notes.count + 1) * sizeof *all);
    for (size_t i = 0; i < result->note_count; i++)
        all[i] = result->notes[i];
    for (size_t i = 0; i < notes.count; i++)
        all[result->note_count + i] = arena_copy(&result->arena, notes.items[i]);
    result->notes = all;
    result->note_count += notes.count;
    text_list_free(&notes);
}

static void put_rules(struct run *run)
{
    struct replay_result *result = run->result;
    result->rule_count = rules_count(run->rules);
    result->rules = arena_alloc(&result->arena, (result->rule_count + 1) * sizeof *result->rules);
    for (size_t i = 0; i < result->rule_count; i++) {
        struct rule_count count = rules_count_of(run->rules, i);
        result->rules[i] = (struct replay_rule){
            .name = arena_copy(&result->arena, count.name),
            .line = count.line,
            .answers = count.answers,
            .applied = {count.applied[SOURCE], count.applied[TARGET]},
        };
    }
}

/* Without user and password. */
static const char *shown_url(struct arena *arena, const char *url)
{
    if (!url)
        return NULL;
    struct buffer text = BUFFER_INIT(1 << 16);
    outgoing_add_origin(&text, &(struct jar_home){.url = url});
    const char *rest = strstr(url, "://");
    rest = rest ? strchr(rest + 3, '/') : NULL;
    if (rest)
        buffer_add_text(&text, rest);
    char *copy = arena_copy(arena, (const char *)text.data);
    buffer_free(&text);
    return copy;
}

static void fill_result(struct run *run)
{
    struct replay_result *result = run->result;
    struct feed_counts counts = feed_counts(run->feed);
    outcome_result(run->outcome, result);
    result->dry_run = run->options->dry_run;
    for (int side = 0; side < SIDES; side++)
        result->shown_url[side] = shown_url(&result->arena, run->options->url[side]);
    result->log_lines = counts.lines;
    result->log_bytes = counts.bytes;
    result->requests = counts.requests;
    result->sessions = counts.sessions;
    result->tenants = counts.tenants;
    result->behind = run->pace.behind;
    result->ended = run->ended ? arena_copy(&result->arena, run->ended) : NULL;
    put_rules(run);
    if (counts.incomplete || run->ended || result->interrupted || result->dry_run)
        replay_result_raise(result, REPLAY_INCONCLUSIVE);
}

static MUST_CHECK bool write_noise(struct run *run, struct err *err)
{
    if (!run->noise)
        return true;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    noise_write(run->noise, &text);
    bool done = output_write(&run->learned, &text, err);
    buffer_free(&text);
    noise_free(run->noise);
    run->noise = NULL;
    return done;
}

static MUST_CHECK bool complete(struct run *run, double begun, struct err *err)
{
    struct replay_result *result = run->result;
    bool whole = !run->ended && !result->interrupted;
    if (run->ended && !run->proved && !result->resumed)
        return err_set(err, ERR_UNREACHABLE, "%s --resume tries again.", run->ended);
    fill_result(run);
    if (!write_noise(run, err))
        return false;
    if (run->final && whole) {
        progress_log(run->progress, "comparing the databases");
        if (!final_after(run->final, result->ledger_path, run->shared, result, err))
            return false;
    }
    put_notes(run);
    result->seconds = clock_now() - begun;
    return !run->book || book_end(run->book, result, err);
}

static void close_all(struct run *run)
{
    http_free(run->http); /* before what its transfers write to */
    run->http = NULL;
    for (struct message *message; (message = mailbox_take(&run->inbox, 0));)
        ; /* their jobs are among the others */
    if (run->lanes)
        run_read_free(run);
    order_free(&run->order);
    lane_table_free(run->lanes);
    token_shared_free(run->shared);
    token_shared_free(run->copy_shared);
    outcome_free(run->outcome);
    book_close(run->book);
    final_free(run->final);
    if (run->noise)
        output_drop(&run->learned);
    noise_free(run->noise);
    sites_free(run->sites);
    feed_close(run->feed);
    recipe_free(run->recipe);
    rules_free(run->rules);
    rules_free(run->copy_rules);
    token_rules_free(run->token_rules);
    progress_free(run->progress);
    mailbox_free(&run->inbox);
    mailbox_free(&run->collected);
    pthread_mutex_destroy(&run->failure_lock);
    arena_free(&run->arena);
    free(run);
}

bool replay_run(const struct replay_options *options, struct replay_result *result, struct err *err)
{
    double begun = clock_now();
    *result = (struct replay_result){.started = time(NULL)};
    compare_setup();
    struct run *run = mem_zero(1, sizeof *run);
    run->options = options;
    run->result = result;
    run->one_side = !options->url[TARGET];
    run->calibrates = options->calibrate_url != NULL;
    run->progress = progress_new(options->quiet);
    order_init(&run->order);
    mailbox_init(&run->inbox);
    mailbox_init(&run->collected);
    pthread_mutex_init(&run->failure_lock, NULL);
    bool done = open_all(run, err) && look_before(run, err) && let_run(run, err) &&
                complete(run, begun, err);
    close_all(run);
    return done;
}
