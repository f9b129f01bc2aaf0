/* See work.h. */
#include "work.h"

#include "../diff/base/memory.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define OPEN_MEMORY (20u << 20) /* bytes that open items may plan to use */
#define RECONNECT_TRIES 3
#define SPLITS_PER_WORKER 8 /* so that workers which end early find more to do */

struct worker {
    struct work *work;
    enum side side;
    pthread_t thread;
    bool started;
    pthread_mutex_t
        connection_lock;           /* work_stop() cancels while the worker reads; who frees locks */
    struct connection *connection; /* NULL: lost */
    bool broken;                   /* must be replaced before it is used again */
};

/* What a worker brings back. */
struct outcome {
    struct outcome *next;
    struct item *item;
    enum side side;
    struct digest *digest;
    uint64_t *raw_counts;
    bool failed;
    struct err err;
};

struct work {
    struct work_side sides[SIDES];
    pthread_mutex_t lock; /* of everything below, and of all items */
    pthread_cond_t wake_workers, wake_main;
    struct item *items;
    size_t item_count, first_waiting, first_undone;
    size_t memory_planned;
    struct outcome *outcomes, **last_outcome;
    atomic_bool stop;
    bool quit;
    size_t reconnects[SIDES];
    size_t worker_count;
    struct worker *workers;
};

double work_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- Handing out
 * ------------------------------------------------------------------------------------ */

static size_t item_memory(const struct work *work, const struct item *item)
{
    if (item->drill)
        return 2 * DRILL_MEMORY;
    size_t digests = SIDES + work->worker_count;
    return digests * plan_bucket_count(item->table) * sizeof(struct bucket);
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
        item->opened_at = work_clock();
        for (int side = 0; side < SIDES; side++) {
            struct item_side *of = &item->side[side];
            of->raw_counts = mem_zero(item->table->column_count, sizeof(uint64_t));
            if (item->drill)
                of->collector = collector_new(DRILL_MEMORY);
            else
                of->digest = digest_new(plan_bucket_count(item->table));
        }
    }
}

/* The next thing to do for a side: *split is NULL when the item must be split first. */
static struct item *take(struct work *work, enum side side, const struct split **split)
{
    for (size_t i = work->first_undone; i < work->first_waiting; i++) {
        struct item *item = &work->items[i];
        struct item_side *of = &item->side[side];
        if (item->done || item->failed)
            continue;
        if (of->state == SIDE_UNSPLIT) {
            of->state = SIDE_SPLITTING;
            of->running++;
            *split = NULL;
            return item;
        }
        if (of->state == SIDE_READY && of->next < of->split_count) {
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
    for (int try = 0; try < RECONNECT_TRIES; try++) {
        if (atomic_load(&work->stop))
            return err_set(err, ERR_INTERRUPTED, "interrupted");
        if (try)
            nanosleep(&(struct timespec){.tv_nsec = 250000000L * try}, NULL);
        struct connection *connection = NULL;
        enum snapshot_state state;
        if (!side->engine->connect(side->uri, &connection, NULL, err))
            continue;
        struct buffer note = BUFFER_INIT(1 << 12);
        bool begun = side->engine->begin(&connection, 1, &state, &note, err);
        buffer_free(&note);
        if (!begun) {
            side->engine->disconnect(connection);
            continue;
        }
        replace_connection(worker, connection);
        worker->broken = false;
        pthread_mutex_lock(&work->lock);
        work->reconnects[worker->side]++;
        pthread_mutex_unlock(&work->lock);
        return true;
    }
    return false;
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
                               .stop = &item->stop,
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

/* A pass over key ranges reads few rows of each part; another one is cut like the table. */
static bool make_splits(struct worker *worker, const struct item *item, struct split **splits,
                        size_t *count, struct err *err)
{
    const struct work_side *side = &worker->work->sides[worker->side];
    const struct table *table = item->table->table[worker->side];
    if (item->pass && item->pass->range_count) {
        *count = table->part_count;
        *splits = mem_zero(*count, sizeof **splits);
        for (size_t i = 0; i < *count; i++)
            (*splits)[i].part = i;
        return true;
    }
    size_t wanted = side->connection_count > 1 ? SPLITS_PER_WORKER * side->connection_count : 1;
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
    struct split *splits = NULL;
    size_t count = 0;
    bool ok = !worker->broken || reconnect(worker, &outcome->err);
    if (ok && !split)
        ok = make_splits(worker, item, &splits, &count, &outcome->err);
    else if (ok)
        ok = read_split(worker, item, split, outcome);
    outcome->failed = !ok;
    if (!ok && (outcome->err.code == ERR_LOST || outcome->err.code == ERR_INTERRUPTED))
        worker->broken = true;

    pthread_mutex_lock(&work->lock);
    struct item_side *of = &item->side[worker->side];
    if (!split) {
        of->splits = splits;
        of->split_count = count;
        of->state = SIDE_READY;
        pthread_cond_broadcast(&work->wake_workers);
    } else {
        of->finished++;
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
        struct item *item = atomic_load(&work->stop) ? NULL : take(work, worker->side, &split);
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

static void fail_item(struct item *item, enum side side, const struct err *err)
{
    atomic_store(&item->stop, true);
    if (item->failed)
        return; /* the first reason counts; the others follow from it */
    item->failed = true;
    item->failed_side = side;
    item->err = *err;
}

static void collect(struct outcome *outcome)
{
    struct item *item = outcome->item;
    struct item_side *of = &item->side[outcome->side];
    of->running--;
    if (outcome->failed)
        fail_item(item, outcome->side, &outcome->err);
    else if (outcome->digest)
        digest_merge(of->digest, outcome->digest);
    for (size_t i = 0; i < item->table->column_count; i++)
        of->raw_counts[i] += outcome->raw_counts[i];
    if (of->state == SIDE_READY && !of->running && of->finished == of->split_count)
        of->state = SIDE_READ;
    free(outcome->raw_counts);
    free(outcome->digest);
    free(outcome);
}

static bool item_is_over(const struct item *item)
{
    if (!item->open || item->done)
        return false;
    const struct item_side *source = &item->side[SOURCE], *target = &item->side[TARGET];
    if (item->failed)
        return !source->running && !target->running;
    return source->state == SIDE_READ && target->state == SIDE_READ;
}

static void item_release(struct item *item)
{
    for (int side = 0; side < SIDES; side++) {
        struct item_side *of = &item->side[side];
        free(of->splits);
        free(of->digest);
        collector_free(of->collector);
        free(of->raw_counts);
        of->splits = NULL;
        of->digest = NULL;
        of->collector = NULL;
        of->raw_counts = NULL;
    }
}

/* Finishes every item that is over; returns how many are still to do. The lock is held, and given
 * back while finish() works. */
static size_t finish_items(struct work *work, void (*finish)(void *, struct item *), void *context)
{
    static const struct err interrupted = {ERR_INTERRUPTED, "interrupted"};
    bool stop = atomic_load(&work->stop);
    for (size_t i = work->first_undone; i < work->item_count; i++) {
        struct item *item = &work->items[i];
        if (stop && !item->done) {
            bool was_open = item->open;
            item->open = true;
            fail_item(item, SOURCE, &interrupted);
            if (!was_open)
                work->memory_planned += item_memory(work, item);
        }
        if (!item->open)
            break;
        if (!item_is_over(item))
            continue;
        item->done = true;
        item->seconds = work_clock() - item->opened_at;
        work->memory_planned -= item_memory(work, item);
        pthread_mutex_unlock(&work->lock);
        finish(context, item);
        item_release(item);
        pthread_mutex_lock(&work->lock);
    }
    while (work->first_undone < work->item_count && work->items[work->first_undone].done)
        work->first_undone++;
    return work->item_count - work->first_undone;
}

void work_run(struct work *work, struct item *items, size_t count,
              void (*finish)(void *context, struct item *item),
              void (*tick)(void *context, struct item *items, size_t count), void *context)
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
            collect(outcome);
        }
        if (!finish_items(work, finish, context))
            break;
        open_items(work);
        pthread_cond_broadcast(&work->wake_workers);
        if (work_clock() >= next_tick) {
            tick(context, items, count);
            next_tick = work_clock() + 0.1;
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

bool work_new(const struct work_side sides[SIDES], struct work **place, struct err *err)
{
    struct work *work = mem_zero(1, sizeof *work);
    *place = work;
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
        atomic_store(&work->items[i].stop, true);
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
    pthread_cond_destroy(&work->wake_main);
    pthread_cond_destroy(&work->wake_workers);
    pthread_mutex_destroy(&work->lock);
    free(work->workers);
    free(work);
}
