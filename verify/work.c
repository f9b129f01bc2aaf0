/* See work.h. */
#include "work.h"

#include "../diff/base/clock.h"
#include "../diff/base/memory.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define OPEN_MEMORY (20u << 20) /* bytes that open items may plan to use */
#define SIDE_TRIES 5            /* of one reading of one side, before its table is given up */
#define FIRST_PAUSE 0.25        /* seconds before the second try; doubled before each further one */
#define SPLITS_PER_WORKER 8     /* so that workers which end early find more to do */
#define ROWS_PER_SPLIT 100000   /* so that little is lost when a run is killed, or a connection */
#define MOST_SPLITS 1024
#define SPARE_COLLECTORS 4

struct worker {
    struct work *work;
    enum side side;
    pthread_t thread;
    bool started;
    pthread_mutex_t
        connection_lock;           /* work_stop() cancels while the worker reads; who frees locks */
    struct connection *connection; /* NULL: lost */
    bool broken;                   /* must be replaced before it is used again */
    size_t generation;             /* of its snapshot: see work.h */
};

/* What a worker brings back. */
struct outcome {
    struct outcome *next;
    struct item *item;
    enum side side;
    const struct split *split; /* NULL: the side was split */
    struct digest *digest;
    uint64_t *raw_counts;
    bool failed;
    struct err err;
};

struct work {
    struct work_side sides[SIDES];
    struct pace *pace;
    pthread_mutex_t lock; /* of everything below, and of all items */
    pthread_cond_t wake_workers, wake_main;
    struct item *items;
    size_t item_count, first_waiting, first_undone;
    size_t memory_planned;
    struct outcome *outcomes, **last_outcome;
    size_t spare_count;
    struct collector *spare[SPARE_COLLECTORS];
    atomic_bool stop;
    bool quit;
    bool dead[SIDES]; /* the server was asked in vain SIDE_TRIES times: it is not asked again */
    struct err dead_err[SIDES];
    size_t reconnects[SIDES];
    size_t generations; /* used so far */
    size_t worker_count;
    struct worker *workers;
};

/* ---- Handing out
 * ------------------------------------------------------------------------------------ */

static size_t item_memory(const struct work *work, const struct item *item)
{
    if (item->drill)
        return 2 * DRILL_MEMORY;
    size_t digests = SIDES + work->worker_count;
    return digests * plan_bucket_count(item->table) * sizeof(struct bucket);
}

/* Collectors are used again: passes of the drill follow each other quickly, and fresh memory costs
 * as much as what is done with it. */
static struct collector *take_collector(struct work *work)
{
    if (!work->spare_count)
        return collector_new(DRILL_MEMORY);
    return work->spare[--work->spare_count];
}

static void give_collector(struct work *work, struct collector *collector)
{
    if (!collector || work->spare_count == SPARE_COLLECTORS) {
        collector_free(collector);
        return;
    }
    collector_clear(collector);
    work->spare[work->spare_count++] = collector;
}

/* An empty sum or bag, unless an earlier run has left one. */
static void prepare_side(struct work *work, struct item *item, enum side side)
{
    struct item_side *of = &item->side[side];
    if (!of->raw_counts)
        of->raw_counts = mem_zero(item->table->column_count, sizeof(uint64_t));
    if (item->drill)
        of->collector = take_collector(work);
    else if (!of->digest)
        of->digest = digest_new(plan_bucket_count(item->table));
}

static void release_side(struct work *work, struct item_side *of)
{
    free(of->splits);
    free(of->split_done);
    free(of->digest);
    give_collector(work, of->collector);
    free(of->raw_counts);
    of->splits = NULL;
    of->split_done = NULL;
    of->digest = NULL;
    of->collector = NULL;
    of->raw_counts = NULL;
    of->split_count = of->next = 0;
}

static void open_items(struct work *work)
{
    while (work->first_waiting < work->item_count) {
        struct item *item = &work->items[work->first_waiting];
        size_t memory = item_memory(work, item);
        if (work->memory_planned && work->memory_planned + memory > OPEN_MEMORY)
            return;
        work->memory_planned += memory;
        work->first_waiting++;
        item->open = true;
        item->opened_at = clock_now();
        for (int side = 0; side < SIDES; side++)
            prepare_side(work, item, (enum side)side);
    }
}

/* The next thing to do for a worker: *split is NULL when the item must be split first. */
static struct item *take(struct worker *worker, const struct split **split)
{
    struct work *work = worker->work;
    double now = clock_now();
    for (size_t i = work->first_undone; i < work->first_waiting; i++) {
        struct item *item = &work->items[i];
        struct item_side *of = &item->side[worker->side];
        if (item->done || item->failed || of->failed || of->not_before > now)
            continue;
        if (of->state == SIDE_UNSPLIT) {
            of->state = SIDE_SPLITTING;
            of->generation = worker->generation;
            of->running++;
            *split = NULL;
            return item;
        }
        if (of->state != SIDE_READY || of->generation != worker->generation || worker->broken)
            continue;
        while (of->next < of->split_count && of->split_done[of->next])
            of->next++;
        if (of->next < of->split_count) {
            of->running++;
            *split = &of->splits[of->next++];
            return item;
        }
    }
    return NULL;
}

/* ---- A worker
 * --------------------------------------------------------------------------------------- */

static void replace_connection(struct worker *worker, struct connection *connection)
{
    const struct engine *engine = worker->work->sides[worker->side].engine;
    pthread_mutex_lock(&worker->connection_lock);
    if (worker->connection)
        engine->disconnect(worker->connection);
    worker->connection = connection;
    pthread_mutex_unlock(&worker->connection_lock);
}

/* A new connection with a new snapshot in place of a lost one. */
static bool reconnect(struct worker *worker, struct err *err)
{
    struct work *work = worker->work;
    const struct work_side *side = &work->sides[worker->side];
    replace_connection(worker, NULL);
    if (atomic_load(&work->stop))
        return err_set(err, ERR_INTERRUPTED, "interrupted");
    struct connection *connection = NULL;
    enum snapshot_state state;
    struct buffer note = BUFFER_INIT(1 << 12);
    bool ok = side->engine->connect(side->uri, &connection, NULL, err);
    if (ok && !side->engine->begin(&connection, 1, &state, &note, err)) {
        side->engine->disconnect(connection);
        ok = false;
    }
    buffer_free(&note);
    if (!ok) {
        err->code = ERR_LOST; /* it was there a moment ago: worth another try */
        return false;
    }
    replace_connection(worker, connection);
    worker->broken = false;
    pthread_mutex_lock(&work->lock);
    work->reconnects[worker->side]++;
    pthread_mutex_unlock(&work->lock);
    return true;
}

static bool add_to_digest(void *context, const struct scan_row *row, struct err *err)
{
    (void)err;
    digest_add_row(context, row->bucket, row->hash, row->length);
    return true;
}

struct drill_reader {
    const struct drill *drill;
    const struct drill_pass *pass;
    struct collector *collector;
};

static bool add_to_collector(void *context, const struct scan_row *row, struct err *err)
{
    const struct drill_reader *reader = context;
    return !drill_wants(reader->drill, reader->pass, row->bucket) ||
           collector_add(reader->collector, row, err);
}

static bool read_split(struct worker *worker, struct item *item, const struct split *split,
                       struct outcome *outcome)
{
    struct scan_piece piece = {.engine = worker->work->sides[worker->side].engine,
                               .connection = worker->connection,
                               .table = item->table,
                               .side = worker->side,
                               .split = split,
                               .counters = &item->side[worker->side].counters,
                               .stop = &item->side[worker->side].stop,
                               .pace = worker->work->pace,
                               .raw_counts = outcome->raw_counts};
    if (!item->drill) {
        outcome->digest = digest_new(plan_bucket_count(item->table));
        return scan_read(&piece, add_to_digest, outcome->digest, &outcome->err);
    }
    piece.ranges = item->pass->ranges;
    piece.range_count = item->pass->range_count;
    struct drill_reader reader = {item->drill, item->pass, item->side[worker->side].collector};
    return scan_read(&piece, add_to_collector, &reader, &outcome->err);
}

/* A pass over key ranges reads few rows of each part; another reading is cut so that all workers of
 * one snapshot have something to do, and little is lost with one. */
static bool make_splits(struct worker *worker, const struct item *item, struct split **splits,
                        size_t *count, struct err *err)
{
    const struct work_side *side = &worker->work->sides[worker->side];
    const struct table *table = item->table->table[worker->side];
    const struct item_side *of = &item->side[worker->side];
    if (of->given) {
        /* The engine's own splits are not wanted, but its look at the table as of the snapshot: are
         * its partitions still those that were given? */
        bool ok = side->engine->splits(worker->connection, table, 1, splits, count, err);
        free(*splits);
        *splits = NULL;
        if (!ok)
            return false;
        *count = of->given_count;
        *splits = mem_zero(*count + 1, sizeof **splits);
        memcpy(*splits, of->given, *count * sizeof **splits);
        return true;
    }
    if (item->pass && item->pass->range_count) {
        *count = table->part_count;
        *splits = mem_zero(*count, sizeof **splits);
        for (size_t i = 0; i < *count; i++)
            (*splits)[i].part = i;
        return true;
    }
    size_t wanted = 1;
    if (!item->drill)
        wanted += table->row_estimate / ROWS_PER_SPLIT;
    if (worker->generation == 0 && side->connection_count > 1 &&
        wanted < SPLITS_PER_WORKER * side->connection_count)
        wanted = SPLITS_PER_WORKER * side->connection_count;
    if (wanted > MOST_SPLITS)
        wanted = MOST_SPLITS;
    return side->engine->splits(worker->connection, table, wanted, splits, count, err);
}

static void bring(struct work *work, struct outcome *outcome)
{
    outcome->next = NULL;
    *work->last_outcome = outcome;
    work->last_outcome = &outcome->next;
    pthread_cond_signal(&work->wake_main);
}

static void work_on(struct worker *worker, struct item *item, const struct split *split)
{
    struct work *work = worker->work;
    struct outcome *outcome = mem_zero(1, sizeof *outcome);
    outcome->item = item;
    outcome->side = worker->side;
    outcome->raw_counts = mem_zero(item->table->column_count, sizeof(uint64_t));
    outcome->split = split;
    struct split *splits = NULL;
    size_t count = 0;
    bool ok = !worker->broken || reconnect(worker, &outcome->err);
    if (ok && !split)
        ok = make_splits(worker, item, &splits, &count, &outcome->err);
    else if (ok)
        ok = read_split(worker, item, split, outcome);
    outcome->failed = !ok;

    pthread_mutex_lock(&work->lock);
    if (!ok && outcome->err.code == ERR_LOST) {
        worker->broken = true;
        worker->generation = ++work->generations;
    }
    struct item_side *of = &item->side[worker->side];
    if (!split && ok) {
        of->splits = splits;
        of->split_count = count;
        of->split_done = mem_zero(count + 1, 1);
        of->state = SIDE_READY;
        of->generation = worker->generation;
        pthread_cond_broadcast(&work->wake_workers);
    }
    bring(work, outcome);
    pthread_mutex_unlock(&work->lock);
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct work *work = worker->work;
    pthread_mutex_lock(&work->lock);
    while (!work->quit) {
        const struct split *split;
        struct item *item = atomic_load(&work->stop) ? NULL : take(worker, &split);
        if (!item) {
            pthread_cond_wait(&work->wake_workers, &work->lock);
            continue;
        }
        pthread_mutex_unlock(&work->lock);
        work_on(worker, item, split);
        pthread_mutex_lock(&work->lock);
    }
    pthread_mutex_unlock(&work->lock);
    return NULL;
}

/* ---- Collecting
 * ------------------------------------------------------------------------------------- */

static void stop_side(struct item_side *of)
{
    of->failed = true;
    atomic_store(&of->stop, true);
}

static void fail_item(struct item *item, enum side side, const struct err *err)
{
    for (int s = 0; s < SIDES; s++)
        stop_side(&item->side[s]);
    if (item->failed)
        return; /* the first reason counts; the others follow from it */
    item->failed = true;
    item->failed_side = side;
    item->err = *err;
}

static void collect(struct outcome *outcome, const struct work_calls *calls, void *context)
{
    struct item *item = outcome->item;
    struct item_side *of = &item->side[outcome->side];
    of->running--;
    if (outcome->failed) {
        if (!of->failed) {
            of->err = outcome->err;
            stop_side(of);
        }
    } else if (outcome->split && !of->failed) {
        if (outcome->digest)
            digest_merge(of->digest, outcome->digest);
        for (size_t i = 0; i < item->table->column_count; i++)
            of->raw_counts[i] += outcome->raw_counts[i];
        of->split_done[outcome->split - of->splits] = 1;
        if (calls->split_done)
            calls->split_done(context, item, outcome->side);
    }
    free(outcome->raw_counts);
    free(outcome->digest);
    free(outcome);
}

/* Are all splits of a side read? */
static void settle_side(struct item_side *of)
{
    if (of->state != SIDE_READY || of->running || of->failed)
        return;
    for (size_t i = 0; i < of->split_count; i++)
        if (!of->split_done[i])
            return;
    of->state = SIDE_READ;
}

static bool may_try_again(const struct work *work, const struct item_side *of, enum side side)
{
    return (of->err.code == ERR_LOST || of->err.code == ERR_RETRY) && of->tries + 1 < SIDE_TRIES &&
           !work->dead[side] && !atomic_load(&work->stop);
}

/* Has a side that is ready lost all workers of its generation? Then nobody can read the rest of it.
 */
static bool is_orphaned(const struct work *work, const struct item_side *of, enum side side)
{
    if (of->state != SIDE_READY || of->running || of->failed)
        return false;
    for (size_t i = 0; i < work->worker_count; i++)
        if (work->workers[i].side == side && work->workers[i].generation == of->generation)
            return false;
    return true;
}

static bool is_lost(const struct work *work, const struct item_side *of, enum side side)
{
    return of->failed && !of->running && !may_try_again(work, of, side);
}

/*
 * What a side's reading failed of ends the item. Where both sides are refused, which of them the
 * server answered first is chance: so the other side is waited for until its server has begun to
 * answer, and of two that never did it is the source's. A lost connection has had its time.
 */
static bool must_wait(const struct work *work, const struct item *item, enum side side)
{
    const struct item_side *of = &item->side[side], *other = &item->side[!side];
    return of->err.code != ERR_LOST && !atomic_load(&work->stop) && other->state != SIDE_READ &&
           !atomic_load(&other->counters.begun) && !is_lost(work, other, (enum side) !side);
}

static enum side first_to_name(const struct work *work, const struct item *item, enum side side)
{
    const struct item_side *of = &item->side[side], *other = &item->side[!side];
    if (!is_lost(work, other, (enum side) !side) || atomic_load(&other->counters.begun))
        return side;
    return atomic_load(&of->counters.begun) ? (enum side) !side : SOURCE;
}

/* A side whose try has failed, once its running scans have ended: again from the beginning, or not.
 */
static void retry_side(struct work *work, struct item *item, enum side side,
                       const struct work_calls *calls, void *context)
{
    struct item_side *of = &item->side[side];
    if (is_orphaned(work, of, side)) {
        of->failed = true;
        err_set(&of->err, ERR_LOST, "the connection that held its snapshot was lost");
    }
    if (!of->failed || of->running || item->failed)
        return;
    if (!may_try_again(work, of, side)) {
        if (of->err.code == ERR_LOST && !work->dead[side] && !atomic_load(&work->stop)) {
            work->dead[side] = true;
            work->dead_err[side] = of->err;
        }
        if (must_wait(work, item, side))
            return;
        side = first_to_name(work, item, side);
        of = &item->side[side];
        fail_item(item, side,
                  work->dead[side] && of->err.code == ERR_LOST ? &work->dead_err[side] : &of->err);
        return;
    }
    atomic_store(&of->counters.begun, false);
    double pause = FIRST_PAUSE;
    for (int i = 0; i < of->tries; i++)
        pause *= 2;
    of->tries++;
    of->not_before = clock_now() + pause;
    calls->retry(context, item, side);
    release_side(work, of);
    prepare_side(work, item, side);
    of->state = SIDE_UNSPLIT;
    of->failed = false;
    atomic_store(&of->stop, false);
}

/* Passes of one drill are over in their order: what is told of their rows follows it. */
static bool item_is_over(const struct work *work, const struct item *item)
{
    if (!item->open || item->done)
        return false;
    if (item->drill && item > work->items && item[-1].drill == item->drill && !item[-1].done)
        return false;
    const struct item_side *source = &item->side[SOURCE], *target = &item->side[TARGET];
    if (item->failed)
        return !source->running && !target->running;
    return source->state == SIDE_READ && target->state == SIDE_READ;
}

/* Finishes every item that is over; returns how many are still to do. The lock is held, and given
 * back while finish() works. */
static size_t finish_items(struct work *work, const struct work_calls *calls, void *context)
{
    static const struct err interrupted = {ERR_INTERRUPTED, "interrupted"};
    bool stop = atomic_load(&work->stop);
    for (size_t i = work->first_undone; i < work->item_count; i++) {
        struct item *item = &work->items[i];
        if (stop && !item->done) {
            if (!item->open)
                work->memory_planned += item_memory(work, item);
            item->open = true;
            fail_item(item, SOURCE, &interrupted);
        }
        if (!item->open)
            break;
        for (int side = 0; side < SIDES && !item->done; side++) {
            settle_side(&item->side[side]);
            retry_side(work, item, (enum side)side, calls, context);
        }
        if (!item_is_over(work, item))
            continue;
        item->done = true;
        item->seconds = clock_now() - item->opened_at;
        work->memory_planned -= item_memory(work, item);
        pthread_mutex_unlock(&work->lock);
        calls->finish(context, item);
        for (int side = 0; side < SIDES; side++)
            release_side(work, &item->side[side]);
        pthread_mutex_lock(&work->lock);
    }
    while (work->first_undone < work->item_count && work->items[work->first_undone].done)
        work->first_undone++;
    return work->item_count - work->first_undone;
}

void work_run(struct work *work, struct item *items, size_t count, const struct work_calls *calls,
              void *context)
{
    pthread_mutex_lock(&work->lock);
    work->items = items;
    work->item_count = count;
    work->first_waiting = work->first_undone = 0;
    work->memory_planned = 0;
    double next_tick = 0;
    for (;;) {
        while (work->outcomes) {
            struct outcome *outcome = work->outcomes;
            work->outcomes = outcome->next;
            if (!work->outcomes)
                work->last_outcome = &work->outcomes;
            collect(outcome, calls, context);
        }
        if (!finish_items(work, calls, context))
            break;
        open_items(work);
        pthread_cond_broadcast(&work->wake_workers);
        if (clock_now() >= next_tick) {
            /* Items and digests change on this thread alone, so the workers may go on meanwhile. */
            pthread_mutex_unlock(&work->lock);
            calls->tick(context, items, count);
            pthread_mutex_lock(&work->lock);
            next_tick = clock_now() + 0.1;
        }
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 100000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        if (!work->outcomes)
            pthread_cond_timedwait(&work->wake_main, &work->lock, &until);
    }
    work->items = NULL;
    work->item_count = work->first_waiting = work->first_undone = 0;
    pthread_mutex_unlock(&work->lock);
}

/* ---- Life
 * ------------------------------------------------------------------------------------------- */

bool work_new(const struct work_side sides[SIDES], struct pace *pace, struct work **place,
              struct err *err)
{
    struct work *work = mem_zero(1, sizeof *work);
    *place = work;
    work->pace = pace;
    pthread_mutex_init(&work->lock, NULL);
    pthread_cond_init(&work->wake_workers, NULL);
    pthread_cond_init(&work->wake_main, NULL);
    work->last_outcome = &work->outcomes;
    for (int side = 0; side < SIDES; side++) {
        work->sides[side] = sides[side];
        work->worker_count += sides[side].connection_count;
    }
    work->workers = mem_zero(work->worker_count, sizeof *work->workers);
    size_t next = 0;
    for (int side = 0; side < SIDES; side++)
        for (size_t i = 0; i < sides[side].connection_count; i++) {
            struct worker *worker = &work->workers[next++];
            worker->work = work;
            worker->side = (enum side)side;
            pthread_mutex_init(&worker->connection_lock, NULL);
            worker->connection = sides[side].connections[i];
            worker->generation = sides[side].shared ? 0 : ++work->generations;
        }
    for (size_t i = 0; i < work->worker_count; i++) {
        int failed = pthread_create(&work->workers[i].thread, NULL, worker_main, &work->workers[i]);
        if (failed)
            return err_set(err, ERR_INTERNAL, "cannot start a thread: %s (use a smaller --jobs)",
                           strerror(failed));
        work->workers[i].started = true;
    }
    return true;
}

void work_stop(struct work *work)
{
    atomic_store(&work->stop, true);
    pthread_mutex_lock(&work->lock);
    for (size_t i = 0; i < work->item_count; i++)
        for (int side = 0; side < SIDES; side++)
            atomic_store(&work->items[i].side[side].stop, true);
    pthread_cond_broadcast(&work->wake_workers);
    pthread_cond_signal(&work->wake_main);
    pthread_mutex_unlock(&work->lock);
    for (size_t i = 0; i < work->worker_count; i++) {
        struct worker *worker = &work->workers[i];
        pthread_mutex_lock(&worker->connection_lock);
        if (worker->connection)
            work->sides[worker->side].engine->cancel(worker->connection);
        pthread_mutex_unlock(&worker->connection_lock);
    }
}

size_t work_reconnects(const struct work *work, enum side side)
{
    return work->reconnects[side];
}

void work_free(struct work *work)
{
    if (!work)
        return;
    pthread_mutex_lock(&work->lock);
    work->quit = true;
    pthread_cond_broadcast(&work->wake_workers);
    pthread_mutex_unlock(&work->lock);
    for (size_t i = 0; i < work->worker_count; i++) {
        struct worker *worker = &work->workers[i];
        if (worker->started)
            pthread_join(worker->thread, NULL);
        replace_connection(worker, NULL);
        pthread_mutex_destroy(&worker->connection_lock);
    }
    for (int side = 0; side < SIDES; side++)
        free(work->sides[side].connections);
    while (work->spare_count)
        collector_free(work->spare[--work->spare_count]);
    pthread_cond_destroy(&work->wake_main);
    pthread_cond_destroy(&work->wake_workers);
    pthread_mutex_destroy(&work->lock);
    free(work->workers);
    free(work);
}
