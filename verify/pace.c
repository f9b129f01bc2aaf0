/*
 * See pace.h. The rate is a schedule: every payment moves the time at which its side is due, and
 * who has paid sleeps until then. So workers of a side share the rate without speaking to each
 * other.
 */
#include "pace.h"

#include "../diff/base/clock.h"
#include "../diff/base/memory.h"
#include "../diff/base/thread.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLICE 0.04 /* seconds between looks at the stop flag */
#define CREDIT                                                                                     \
    0.1             /* seconds of unused rate that are not lost, so that oversleeping is made good \
                     */
#define TRICKLE 1.0 /* seconds between payments of a worker whose side lags */
#define LAG_PATIENCE 300.0    /* seconds without relief */
#define ASK_EVERY 1.0         /* seconds between a watcher's questions */
#define LOOKS 5               /* at a load, before it is believed to be above the limit, and */
#define LOOK_AGAIN 0.02       /* seconds between them */
#define LONGEST_BACKOFF 16.0  /* seconds between attempts to connect again */
#define UNKNOWN_MOST 60.0     /* seconds without an answer, after which a hold ends */
#define FREE_MILLISECONDS 500 /* that an answer under way may still take at the end */

/* ---- The rate -------------------------------------------------------------------------------- */

static const struct unit {
    const char *name;
    double factor;
    bool rows;
} units[] = {
    {"rows/s", 1, true},
    {"krows/s", 1e3, true},
    {"k rows/s", 1e3, true},
    {"Mrows/s", 1e6, true},
    {"M rows/s", 1e6, true},
    {"B/s", 1, false},
    {"kB/s", 1e3, false},
    {"KB/s", 1e3, false},
    {"MB/s", 1e6, false},
    {"GB/s", 1e9, false},
    {"KiB/s", 1024, false},
    {"MiB/s", 1024.0 * 1024, false},
    {"GiB/s", 1073741824.0, false},
};

/* Digits with at most one point between or behind them; *end: what stands behind. By hand, because
 * strtod() obeys the locale and knows "inf" and "0x". */
static double read_number(const char *text, const char **end)
{
    double number = 0, place = 1;
    for (; *text >= '0' && *text <= '9'; text++)
        number = number * 10 + (*text - '0');
    if (*text == '.')
        for (text++; *text >= '0' && *text <= '9'; text++)
            number += (*text - '0') * (place /= 10);
    *end = text;
    return number;
}

bool pace_parse_rate(const char *text, struct pace_rate *rate, struct err *err)
{
    const char *unit;
    double number = read_number(text, &unit);
    *rate = (struct pace_rate){0};
    if (unit != text && *unit == ' ')
        unit++;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (unit == text || strcmp(unit, units[i].name) != 0)
            continue;
        number *= units[i].factor;
        if (number < 1 || number > 1e15)
            return err_set(err, ERR_USAGE,
                           "--max-rate must be at least 1 and at most 10^15 a second.");
        *(units[i].rows ? &rate->rows : &rate->bytes) = number;
        return true;
    }
    return err_set(err, ERR_USAGE,
                   "--max-rate must be a number with its unit: 50000rows/s, 50k rows/s, 20MB/s or "
                   "20MiB/s.");
}

/* ---- Gates ----------------------------------------------------------------------------------- */

void pace_gate_release(struct pace_gate *gate, double time)
{
    if (gate->held)
        gate->seconds += time - gate->since;
    gate->held = false;
}

static void hold(struct pace_gate *gate, double value, double time)
{
    gate->held = true;
    gate->good = 0;
    gate->lowest = value;
    gate->since = gate->lowest_at = time;
    gate->holds++;
}

void pace_gate_answer(struct pace_gate *gate, double value, double time)
{
    if (gate->limit < 0)
        return;
    if (value <= gate->limit) {
        gate->ignored = false;
        if (gate->held && ++gate->good >= ANSWERS_TO_RESUME)
            pace_gate_release(gate, time);
        return;
    }
    gate->good = 0;
    if (gate->ignored)
        return;
    if (!gate->held) {
        hold(gate, value, time);
    } else if (value < gate->lowest) {
        gate->lowest = value;
        gate->lowest_at = time;
    } else if (gate->patience > 0 && time - gate->lowest_at >= gate->patience) {
        pace_gate_release(gate, time);
        gate->ignored = true;
        gate->given_up++;
    }
}

/* ---- Watchers -------------------------------------------------------------------------------- */

enum watched { LOAD, LAG, WATCHED };

/* Of one side. What the thread may outlive the run with is all in here. */
struct watch {
    const struct engine *engine;
    char *uri; /* the caller's may be gone, when an answer is late */
    pthread_t thread;
    bool started;
    atomic_bool held[WATCHED]; /* the gates', for the workers */
    pthread_mutex_t lock;      /* of what follows */
    pthread_cond_t wake;
    bool quit, over, abandoned;
    bool asking;                   /* something is under way on the connection */
    struct connection *connection; /* NULL: lost. Changed by the thread alone, under the lock */
    struct pace_gate gate[WATCHED];
    double value[WATCHED]; /* the last answers; infinite: cannot be known */
    double answered;       /* when */
    double unknown;        /* seconds of questions that got no answer */
    struct err unknown_why;
};

struct pace_side {
    pthread_mutex_t lock; /* of due */
    double due;           /* what was paid for until now may have been read by then */
    struct watch *watch;  /* NULL: not watched */
};

struct pace {
    struct pace_rate rate;
    struct pace_side side[SIDES];
};

static void watch_free(struct watch *watch)
{
    if (watch->connection)
        watch->engine->disconnect(watch->connection);
    pthread_mutex_destroy(&watch->lock);
    pthread_cond_destroy(&watch->wake);
    explicit_bzero(watch->uri, strlen(watch->uri));
    free(watch->uri);
    free(watch);
}

static void sleep_slice(double seconds)
{
    nanosleep(&(struct timespec){.tv_nsec = (long)(fmin(seconds, SLICE) * 1e9)}, NULL);
}

/*
 * The least of several looks, where one would begin a pause. MySQL tells in two answers, of two
 * moments, how many threads run and which of them are ours; so a session of ours that ends a query
 * between the two counts as somebody's, and so does one that is being opened or closed. What a
 * pause is for lasts longer than that.
 */
static bool ask_load(const struct watch *watch, double *value, struct err *err)
{
    const struct pace_gate *gate = &watch->gate[LOAD];
    for (int look = 0; look < LOOKS; look++) {
        unsigned running;
        if (look)
            sleep_slice(LOOK_AGAIN);
        if (!watch->engine->load(watch->connection, &running, err))
            return false;
        *value = look ? fmin(*value, running) : running;
        if (gate->held || *value <= gate->limit)
            break;
    }
    return true;
}

/* Asks what is watched. The thread alone uses the connection. */
static bool ask(const struct watch *watch, double value[WATCHED], struct err *err)
{
    if (watch->gate[LOAD].limit >= 0 && !ask_load(watch, &value[LOAD], err))
        return false;
    if (watch->gate[LAG].limit >= 0) {
        enum replica_state state;
        double seconds = 0;
        if (!watch->engine->lag(watch->connection, &state, &seconds, err))
            return false;
        /* One that was made a primary in mid-run is behind nobody. */
        value[LAG] = state == REPLICA_STOPPED ? INFINITY : state == REPLICA_FOLLOWS ? seconds : 0;
    }
    return true;
}

/* The lock is held. */
static void take_answer(struct watch *watch, const double value[WATCHED])
{
    double time = clock_now();
    watch->answered = time;
    for (int i = 0; i < WATCHED; i++) {
        watch->value[i] = value[i];
        pace_gate_answer(&watch->gate[i], value[i], time);
        atomic_store(&watch->held[i], watch->gate[i].held);
    }
}

/* Without answers all stays as it is for a while. Then the workers go on: if the server is gone,
 * they are the ones to find it out. The lock is held. */
static void take_silence(struct watch *watch, double seconds, const struct err *err)
{
    double time = clock_now();
    watch->unknown += seconds;
    watch->unknown_why = *err;
    if (time - watch->answered < UNKNOWN_MOST)
        return;
    for (int i = 0; i < WATCHED; i++) {
        pace_gate_release(&watch->gate[i], time);
        atomic_store(&watch->held[i], false);
    }
}

/* The lock is held. */
static void watch_sleep(struct watch *watch, double seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    long nanoseconds = until.tv_nsec + (long)((seconds - floor(seconds)) * 1e9);
    until.tv_sec += (time_t)seconds + nanoseconds / 1000000000;
    until.tv_nsec = nanoseconds % 1000000000;
    while (!watch->quit && pthread_cond_timedwait(&watch->wake, &watch->lock, &until) != ETIMEDOUT)
        ;
}

/* A lost connection is replaced. Called and left with the lock held, which is given back meanwhile.
 */
static bool ask_once(struct watch *watch, double value[WATCHED], struct err *err)
{
    struct connection *lost = NULL, *made = NULL;
    bool ok = true;
    if (!watch->connection) {
        pthread_mutex_unlock(&watch->lock);
        ok = watch->engine->connect(watch->uri, &made, NULL, err);
        pthread_mutex_lock(&watch->lock);
        watch->connection = made;
        if (!ok || watch->quit)
            return false;
    }
    watch->asking = true;
    pthread_mutex_unlock(&watch->lock);
    ok = ask(watch, value, err);
    pthread_mutex_lock(&watch->lock);
    watch->asking = false;
    if (!ok && err->code == ERR_LOST) {
        lost = watch->connection;
        watch->connection = NULL;
        pthread_mutex_unlock(&watch->lock);
        watch->engine->disconnect(lost);
        pthread_mutex_lock(&watch->lock);
    }
    return ok;
}

static void *watch_main(void *argument)
{
    struct watch *watch = argument;
    double backoff = ASK_EVERY;
    pthread_mutex_lock(&watch->lock);
    watch_sleep(watch, ASK_EVERY); /* pace_new() has asked already */
    while (!watch->quit) {
        double value[WATCHED] = {0}, start = clock_now();
        struct err err = {.code = ERR_NONE};
        bool ok = ask_once(watch, value, &err);
        if (watch->quit)
            break;
        if (ok)
            take_answer(watch, value);
        backoff = ok || watch->connection ? ASK_EVERY : fmin(backoff * 2, LONGEST_BACKOFF);
        watch_sleep(watch, backoff);
        if (!ok)
            take_silence(watch, clock_now() - start, &err);
    }
    bool abandoned = watch->abandoned;
    watch->over = true;
    pthread_cond_broadcast(&watch->wake);
    pthread_mutex_unlock(&watch->lock);
    if (abandoned)
        watch_free(watch);
    return NULL;
}

/* A thread whose server does not answer is not waited for: it frees what it has when it wakes. */
static void watch_end(struct watch *watch)
{
    if (!watch->started) {
        watch_free(watch);
        return;
    }
    struct timespec until;
    pthread_mutex_lock(&watch->lock);
    watch->quit = true;
    pthread_cond_broadcast(&watch->wake);
    if (watch->asking)
        watch->engine->cancel(watch->connection);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += FREE_MILLISECONDS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    while (!watch->over && pthread_cond_timedwait(&watch->wake, &watch->lock, &until) != ETIMEDOUT)
        ;
    bool over = watch->over;
    watch->abandoned = !over;
    pthread_t thread = watch->thread;
    pthread_mutex_unlock(&watch->lock);
    if (!over) {
        thread_leave(thread);
        return;
    }
    pthread_join(thread, NULL);
    watch_free(watch);
}

/* ---- Beginning ------------------------------------------------------------------------------- */

static struct watch *watch_new(const struct engine *engine, const char *uri)
{
    struct watch *watch = mem_zero(1, sizeof *watch);
    pthread_condattr_t attributes;
    watch->engine = engine;
    watch->uri = mem_copy_string(uri);
    pthread_mutex_init(&watch->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&watch->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    for (int i = 0; i < WATCHED; i++)
        watch->gate[i].limit = -1;
    return watch;
}

/* Opens the connection, sets the limits and asks for the first time. */
static bool watch_begin(struct watch *watch, const struct verify_options *options, struct err *err)
{
    double value[WATCHED] = {0};
    enum replica_state state = REPLICA_NONE;
    if (!watch->engine->connect(watch->uri, &watch->connection, NULL, err))
        return false;
    if (options->max_lag > 0) {
        if (!watch->engine->lag)
            return err_set(err, ERR_USAGE, "--max-lag does not work with %s", watch->engine->name);
        if (!watch->engine->lag(watch->connection, &state, &value[LAG], err))
            return err_prefix(err, "--max-lag");
        if (state != REPLICA_NONE)
            watch->gate[LAG] =
                (struct pace_gate){.limit = options->max_lag, .patience = LAG_PATIENCE};
    }
    if (options->max_load > 0) {
        if (!watch->engine->load)
            return err_set(err, ERR_USAGE, "--max-load does not work with %s", watch->engine->name);
        watch->gate[LOAD].limit = options->max_load;
        if (!ask(watch, value, err))
            return err_prefix(err, "--max-load");
    }
    if (state == REPLICA_STOPPED)
        value[LAG] = INFINITY;
    take_answer(watch, value);
    return true;
}

static bool is_watched(const struct watch *watch)
{
    return watch->gate[LOAD].limit >= 0 || watch->gate[LAG].limit >= 0;
}

static bool open_watches(struct pace *pace, const struct verify_options *options,
                         const struct engine *const engines[SIDES], struct err *err)
{
    bool replica = false;
    for (int side = 0; side < SIDES; side++) {
        if (!engines[side])
            continue;
        struct watch *watch = watch_new(engines[side], options->uri[side]);
        pace->side[side].watch = watch;
        if (!watch_begin(watch, options, err)) {
            /* What cannot be asked at the very beginning never can. */
            if (err->code < ERR_USAGE)
                err->code = err->code == ERR_TABLE ? ERR_USAGE : ERR_UNREACHABLE;
            return err_prefix(err, "%s", side_name[side]);
        }
        replica = replica || watch->gate[LAG].limit >= 0;
        if (!is_watched(watch)) {
            watch_end(watch);
            pace->side[side].watch = NULL;
        }
    }
    if (options->max_lag > 0 && !replica)
        return err_set(err, ERR_USAGE, "--max-lag: neither the source nor the target is a replica");
    for (int side = 0; side < SIDES; side++) {
        struct watch *watch = pace->side[side].watch;
        if (!watch)
            continue;
        int failed = pthread_create(&watch->thread, NULL, watch_main, watch);
        if (failed)
            return err_set(err, ERR_INTERNAL, "cannot start a thread: %s", strerror(failed));
        watch->started = true;
    }
    return true;
}

bool pace_new(const struct verify_options *options, const struct engine *const engines[SIDES],
              struct pace **place, struct err *err)
{
    struct pace_rate rate = {0};
    *place = NULL;
    if (options->max_rate && !pace_parse_rate(options->max_rate, &rate, err))
        return false;
    if (!options->max_rate && options->max_load <= 0 && options->max_lag <= 0)
        return true;
    struct pace *pace = mem_zero(1, sizeof *pace);
    pace->rate = rate;
    for (int side = 0; side < SIDES; side++)
        pthread_mutex_init(&pace->side[side].lock, NULL);
    if ((options->max_load > 0 || options->max_lag > 0) &&
        !open_watches(pace, options, engines, err)) {
        pace_free(pace);
        return false;
    }
    *place = pace;
    return true;
}

void pace_free(struct pace *pace)
{
    if (!pace)
        return;
    for (int side = 0; side < SIDES; side++) {
        if (pace->side[side].watch)
            watch_end(pace->side[side].watch);
        pthread_mutex_destroy(&pace->side[side].lock);
    }
    free(pace);
}

/* ---- Paying ---------------------------------------------------------------------------------- */

static void wait_for_rate(struct pace *pace, struct pace_side *side, uint64_t rows, uint64_t bytes,
                          const atomic_bool *stop)
{
    double cost = pace->rate.rows > 0    ? (double)rows / pace->rate.rows
                  : pace->rate.bytes > 0 ? (double)bytes / pace->rate.bytes
                                         : 0;
    if (cost <= 0)
        return;
    double time = clock_now();
    pthread_mutex_lock(&side->lock);
    side->due = fmax(side->due, time - CREDIT) + cost;
    double due = side->due;
    pthread_mutex_unlock(&side->lock);
    for (; time < due && !atomic_load(stop); time = clock_now())
        sleep_slice(due - time);
}

static void wait_while_held(struct watch *watch, const atomic_bool *stop)
{
    double start = clock_now();
    while (!atomic_load(stop)) {
        bool load = atomic_load(&watch->held[LOAD]), lag = atomic_load(&watch->held[LAG]);
        if (!load && (!lag || clock_now() - start >= TRICKLE))
            return;
        sleep_slice(SLICE);
    }
}

void pace_pay(struct pace *pace, enum side side, uint64_t rows, uint64_t bytes,
              const atomic_bool *stop)
{
    if (!pace)
        return;
    wait_for_rate(pace, &pace->side[side], rows, bytes, stop);
    if (pace->side[side].watch)
        wait_while_held(pace->side[side].watch, stop);
}

/* ---- Telling --------------------------------------------------------------------------------- */

bool pace_held(struct pace *pace, enum side side, struct buffer *why)
{
    struct watch *watch = pace ? pace->side[side].watch : NULL;
    if (!watch || (!atomic_load(&watch->held[LOAD]) && !atomic_load(&watch->held[LAG])))
        return false;
    pthread_mutex_lock(&watch->lock);
    const struct pace_gate *load = &watch->gate[LOAD], *lag = &watch->gate[LAG];
    bool held = load->held || lag->held;
    if (load->held)
        buffer_printf(why, "%.0f thread%s running, limit %.0f", watch->value[LOAD],
                      watch->value[LOAD] == 1 ? "" : "s", load->limit);
    if (lag->held && isinf(watch->value[LAG]))
        buffer_printf(why, "%sreplica lag unknown (is replication running?), limit %.0f s",
                      load->held ? "; " : "", lag->limit);
    else if (lag->held)
        buffer_printf(why, "%sreplica %.0f s behind, limit %.0f s", load->held ? "; " : "",
                      watch->value[LAG], lag->limit);
    pthread_mutex_unlock(&watch->lock);
    return held;
}

static void add_note(struct text_list *notes, char *text)
{
    text_list_add(notes, text);
    free(text);
}

/* The lock is held. */
static void note_gate(const struct pace_gate *gate, const char *side, const char *above,
                      const char *unit, struct text_list *notes)
{
    double seconds = gate->seconds + (gate->held ? clock_now() - gate->since : 0);
    if (gate->holds)
        add_note(notes, mem_format("%s: paused for %.0f s in all: %s above %.0f%s", side, seconds,
                                   above, gate->limit, unit));
    if (gate->given_up)
        add_note(notes,
                 mem_format("%s: %.0f minutes of pausing did not lower the %s, so it was read on "
                            "above the limit",
                            side, gate->patience / 60, above));
}

void pace_note(struct pace *pace, struct text_list *notes)
{
    for (int side = 0; pace && side < SIDES; side++) {
        struct watch *watch = pace->side[side].watch;
        if (!watch)
            continue;
        pthread_mutex_lock(&watch->lock);
        note_gate(&watch->gate[LOAD], side_name[side], "server load", "", notes);
        note_gate(&watch->gate[LAG], side_name[side], "replica lag", " s", notes);
        if (watch->unknown > 0)
            add_note(notes, mem_format("%s: for %.0f s its load or lag could not be asked: %s",
                                       side_name[side], watch->unknown, watch->unknown_why.text));
        pthread_mutex_unlock(&watch->lock);
    }
}
