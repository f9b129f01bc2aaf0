/* See verify.h: the run as a sequence of stages, each a function below. */
#include "verify.h"

#include "../diff/base/clock.h"
#include "baseline.h"
#include "book.h"
#include "digest_file.h"
#include "ids_plan.h"
#include "drill_causes.h"
#include "judge.h"
#include "layout.h"
#include "mask.h"
#include "pace.h"
#include "schema_compare.h"
#include "side_schema.h"
#include "repair.h"
#include "work.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const verdict_name[] = {"equal", "inconclusive", "different"};
const char *const finding_kind_name[] = {"changed", "missing", "extra"};

/* Bytes of temporary files that one pass of the drill may take, both sides together. */
#define DISK_LIMIT ((uint64_t)4 << 30)

static const char *const snapshot_name[] = {"shared", "separate", "none"};

/* ---- Interruption: the signal handler sets a flag, a thread of the run acts on it
 * ---------------------- */

static atomic_bool interrupted;

void verify_interrupt(void)
{
    atomic_store(&interrupted, true);
}

struct run {
    const struct verify_options *options;
    struct verify_result *result;
    struct mapping mapping;
    struct ids ids;
    const struct engine *engine[SIDES];
    struct connection *first[SIDES]; /* plans; becomes the first worker's */
    struct schema schema[SIDES];
    struct plan plan;
    struct drill **drills;        /* per plan table; NULL: equal, or never compared */
    struct drill_causes **causes; /* the same, one for each drill */
    struct progress *progress;
    struct work *work;
    bool had_workers; /* then the main thread reports, and the guard must not end the process */
    struct baseline *baseline;       /* NULL: none is compared with */
    struct differences *differences; /* NULL: neither ledger nor baseline want them */
    struct book *book;               /* NULL: no ledger is kept */
    struct repair *repair;           /* NULL: no statements are wanted */
    struct item *items;              /* of the digests, made before the workers are */
    size_t item_count;
    struct pace *pace;
    bool held[SIDES]; /* as last said */
    const char *stage;
    uint64_t rows_done; /* by finished items, both sides */
    uint64_t rows_estimate;
    size_t tables_done, tables_different;

    pthread_t guard;
    pthread_mutex_t guard_lock; /* of work, first, repair and over, for the guard */
    atomic_bool over;
};

/*
 * The guard of a run: at an interruption it cancels what runs on the servers. Before there are
 * workers the main thread may hang in a connection attempt, with nothing begun anywhere: then the
 * guard ends the process after a moment.
 */
static void *guard_main(void *argument)
{
    struct run *run = argument;
    double since = 0;
    bool cancelled = false;
    while (!atomic_load(&run->over)) {
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        if (!atomic_load(&interrupted))
            continue;
        pthread_mutex_lock(&run->guard_lock);
        if (since == 0)
            since = clock_now();
        if (!cancelled && run->work)
            work_stop(run->work);
        for (int side = 0; side < SIDES && !cancelled; side++)
            if (!run->work && run->first[side])
                run->engine[side]->cancel(run->first[side]);
        cancelled = true;
        bool hangs = !run->options->keep_process && !run->had_workers && clock_now() - since > 0.8;
        if (hangs) {
            if (run->repair)
                repair_abandon(run->repair);
            _exit(ERR_INTERRUPTED);
        }
        pthread_mutex_unlock(&run->guard_lock);
    }
    return NULL;
}

static bool not_interrupted(struct err *err)
{
    return !atomic_load(&interrupted) || err_set(err, ERR_INTERRUPTED, "interrupted");
}

/* ---- Opening
 * -------------------------------------------------------------------------------------------- */

static bool connect_side(struct run *run, enum side side, struct err *err)
{
    const char *uri = run->options->uri[side];
    struct server_info info = {0};
    run->engine[side] = engine_for_uri(uri, err);
    struct connection *connection = NULL;
    if (!run->engine[side] || !run->engine[side]->connect(uri, &connection, &info, err))
        return err_prefix(err, "%s", side_name[side]);
    pthread_mutex_lock(&run->guard_lock);
    run->first[side] = connection;
    pthread_mutex_unlock(&run->guard_lock);
    run->result->side[side].shown_uri = mem_copy_string(info.shown_uri);
    run->result->side[side].server = mem_copy_string(info.version);
    return not_interrupted(err);
}

static bool make_plan(struct run *run, struct err *err)
{
    struct plan_side sides[SIDES];
    for (int side = 0; side < SIDES; side++) {
        if (!connect_side(run, (enum side)side, err))
            return false;
    }
    for (int side = 0; side < SIDES; side++) {
        if (!side_schema_read(run->engine[side], run->first[side], (enum side)side, &run->mapping,
                              &run->schema[side], err))
            return false;
        sides[side] = (struct plan_side){run->engine[side], run->first[side], &run->schema[side]};
    }
    return plan_make(run->options, &run->mapping, sides, &run->plan, run->result, err) &&
           (run->options->no_schema || run->options->plan_path ||
            schema_compare_all(sides, &run->plan, !run->options->explain, run->result, err)) &&
           ids_plan(&run->ids, sides, &run->plan, run->result, err);
}

/* The other connections and everybody's snapshot. A server that allows fewer connections than
 * --jobs gets fewer, and the result says so. */
static bool open_side(struct run *run, enum side side, struct work_side *opened, struct err *err)
{
    const struct engine *engine = run->engine[side];
    size_t jobs = run->options->jobs > 0 ? (size_t)run->options->jobs : 1;
    *opened = (struct work_side){.engine = engine,
                                 .uri = run->options->uri[side],
                                 .connection_count = 1,
                                 .connections = mem_zero(jobs, sizeof(struct connection *))};
    opened->connections[0] = run->first[side];
    while (opened->connection_count < jobs) {
        struct connection *connection = NULL;
        struct err refused;
        if (!engine->connect(opened->uri, &connection, NULL, &refused)) {
            char *note = mem_format("%s: only %zu of %zu connections could be opened: %s",
                                    side_name[side], opened->connection_count, jobs, refused.text);
            text_list_add(&run->result->notes, note);
            free(note);
            break;
        }
        opened->connections[opened->connection_count++] = connection;
    }
    enum snapshot_state state;
    struct buffer note = BUFFER_INIT(1 << 12);
    bool ok = engine->begin(opened->connections, opened->connection_count, &state, &note, err) ||
              err_prefix(err, "%s", side_name[side]);
    if (ok) {
        opened->shared = state == SNAPSHOT_SHARED;
        run->result->side[side].snapshot = snapshot_name[state];
        if (note.length)
            run->result->side[side].snapshot_note = mem_copy_string((const char *)note.data);
    }
    buffer_free(&note);
    return ok;
}

static int compare_estimates(const void *one, const void *other)
{
    const struct item *a = one, *b = other;
    if (a->table->estimate != b->table->estimate)
        return a->table->estimate < b->table->estimate ? 1 : -1;
    return a->table < b->table ? -1 : 1;
}

/* One item per table that can be compared, the big ones first, with what an earlier run has read of
 * it. */
static bool make_items(struct run *run, const struct work_side opened[SIDES], struct err *err)
{
    run->items = mem_zero(run->plan.table_count + 1, sizeof *run->items);
    for (size_t i = 0; i < run->plan.table_count; i++)
        if (run->plan.tables[i].comparable)
            run->items[run->item_count++].table = &run->plan.tables[i];
    qsort(run->items, run->item_count, sizeof *run->items, compare_estimates);
    if (!run->book || !book_is_resumed(run->book))
        return true;
    struct plan_side sides[SIDES];
    bool shared[SIDES];
    for (int side = 0; side < SIDES; side++) {
        sides[side] =
            (struct plan_side){run->engine[side], opened[side].connections[0], &run->schema[side]};
        shared[side] = opened[side].shared;
    }
    struct text_list reread = {0};
    bool ok = true;
    for (size_t i = 0; i < run->item_count && ok; i++)
        ok = book_load(run->book, &run->plan, sides, shared, &run->items[i], &reread, err);
    for (size_t i = 0; i < reread.count; i++) {
        char *note =
            mem_format("%s was read in part before and may have changed since: it was read "
                       "again from its beginning",
                       reread.items[i]);
        text_list_add(&run->result->notes, note);
        free(note);
    }
    text_list_free(&reread);
    book_tell(run->book, run->result);
    return ok;
}

static bool open_workers(struct run *run, struct err *err)
{
    struct work_side opened[SIDES] = {{0}, {0}};
    bool ok = true;
    for (int side = 0; side < SIDES && ok; side++)
        ok = open_side(run, (enum side)side, &opened[side], err) && not_interrupted(err);
    ok = ok && make_items(run, opened, err);
    if (!ok) {
        for (int side = 0; side < SIDES; side++) {
            for (size_t i = 1; i < opened[side].connection_count; i++)
                run->engine[side]->disconnect(opened[side].connections[i]);
            free(opened[side].connections);
        }
        return false;
    }
    struct work *work;
    ok = work_new(opened, run->pace, &work, err);
    pthread_mutex_lock(&run->guard_lock);
    run->had_workers = true;
    run->work = work; /* owns all connections now */
    run->first[SOURCE] = run->first[TARGET] = NULL;
    pthread_mutex_unlock(&run->guard_lock);
    return ok;
}

/* ---- Comparing
 * ---------------------------------------------------------------------------------------------- */

/* Says when a pause begins and when it ends; while it lasts, it is the stage. */
static void show_pauses(struct run *run, struct progress_state *state, struct buffer *text)
{
    for (int side = 0; side < SIDES; side++) {
        struct buffer why = BUFFER_INIT(1 << 10);
        bool held = pace_held(run->pace, (enum side)side, &why);
        if (held) {
            buffer_printf(text, "%s%s paused: %s", text->length ? "; " : "", side_name[side],
                          (const char *)why.data);
            state->stage = (const char *)text->data;
            state->current = NULL;
        }
        if (held && !run->held[side])
            progress_log(run->progress, "%s paused: %s", side_name[side], (const char *)why.data);
        else if (!held && run->held[side])
            progress_log(run->progress, "%s is read again", side_name[side]);
        run->held[side] = held;
        buffer_free(&why);
    }
}

static void show_progress(void *context, struct item *items, size_t count)
{
    struct run *run = context;
    struct progress_state state = {.stage = run->stage,
                                   .rows = run->rows_done,
                                   .rows_estimate = run->rows_estimate,
                                   .tables_done = run->tables_done,
                                   .tables = run->plan.table_count,
                                   .tables_different = run->tables_different};
    for (int side = 0; side < SIDES; side++)
        state.bytes += run->result->wire_bytes[side];
    for (size_t i = 0; i < count; i++) {
        if (!items[i].open || items[i].done)
            continue;
        uint64_t rows = 0;
        for (int side = 0; side < SIDES; side++) {
            rows += atomic_load(&items[i].side[side].counters.rows);
            state.bytes += atomic_load(&items[i].side[side].counters.bytes);
        }
        state.rows += rows;
        if (!state.current) {
            state.current = items[i].table->result->name[SOURCE];
            state.current_rows = rows;
            state.current_estimate = items[i].table->table[SOURCE]->row_estimate +
                                     items[i].table->table[TARGET]->row_estimate;
        }
    }
    struct buffer paused = BUFFER_INIT(1 << 12);
    show_pauses(run, &state, &paused);
    progress_show(run->progress, &state);
    if (run->book)
        book_save(run->book, false, run->result);
    buffer_free(&paused);
}

/* A pause that was said, and ended as the last rows were read, has an end to be said, too. */
static void end_pauses(struct run *run)
{
    struct progress_state state = {0};
    struct buffer paused = BUFFER_INIT(1 << 12);
    show_pauses(run, &state, &paused);
    buffer_free(&paused);
}

static void fail_table(const struct item *item)
{
    struct result_table *result = item->table->result;
    bool stopped = atomic_load(&interrupted) || item->err.code == ERR_INTERRUPTED;
    char *text = stopped ? mem_copy_string("interrupted before it was compared")
                         : mem_format("%s: %s", side_name[item->failed_side], item->err.text);
    text_list_add(&result->reasons, text);
    free(text);
    result->inconclusive = true;
}

static void add_bytes(struct run *run, const struct item *item)
{
    for (int side = 0; side < SIDES; side++) {
        run->result->wire_bytes[side] += atomic_load(&item->side[side].counters.bytes);
        run->rows_done += atomic_load(&item->side[side].counters.rows);
    }
}

static void finish_digests(void *context, struct item *item)
{
    struct run *run = context;
    struct result_table *result = item->table->result;
    if (run->book)
        book_write(run->book, &run->plan, item, run->result);
    add_bytes(run, item);
    for (int side = 0; side < SIDES; side++)
        run->result->rows_read[side] += atomic_load(&item->side[side].counters.rows);
    result->seconds = item->seconds;
    run->tables_done++;
    /* Of one that failed neither: whether its other side had come to its end by then is chance. */
    for (int side = 0; side < SIDES && !item->failed; side++)
        if (item->side[side].state == SIDE_READ && item->side[side].digest) {
            result->counted[side] = true;
            result->rows[side] = item->side[side].digest->rows;
        }
    if (item->failed) {
        fail_table(item);
        progress_log(run->progress, "%s: could not be compared: %s", result->name[SOURCE],
                     result->reasons.items[result->reasons.count - 1]);
        return;
    }
    judge_note_raw(item);
    struct drill *drill = drill_new(item->table, item->side[SOURCE].digest,
                                    item->side[TARGET].digest, DISK_LIMIT, run->options->findings);
    drill->stop = &interrupted;
    if (!drill->suspect_count) {
        drill_free(drill);
        result->drilled = true;
        return;
    }
    if (run->repair)
        repair_watch(run->repair, drill);
    run->drills[item->table - run->plan.tables] = drill;
    run->causes[item->table - run->plan.tables] = drill_causes_new(drill);
    run->tables_different++;
    progress_log(run->progress, "%s: not equal, looking for the rows", result->name[SOURCE]);
}

static void finish_pass(void *context, struct item *item)
{
    struct run *run = context;
    struct drill *drill = item->drill;
    add_bytes(run, item);
    item->table->result->seconds += item->seconds;
    if (drill->failed)
        return;
    if (!item->failed) {
        struct collector *const sides[SIDES] = {item->side[SOURCE].collector,
                                                item->side[TARGET].collector};
        if (drill_join(drill, sides, &item->err))
            return;
    }
    drill->failed = true; /* later passes may be running: the drill is freed at the end */
    fail_table(item);
}

/* A try that failed and will be repeated is said once it is known how the table came out. */
static void note_retry(void *context, const struct item *item, enum side side)
{
    struct run *run = context;
    const struct item_side *of = &item->side[side];
    char *text = mem_format("%s: read again on a new %s after: %s", side_name[side],
                            of->err.code == ERR_LOST ? "connection" : "query", of->err.text);
    text_list_add(&item->table->result->notes, text);
    progress_log(run->progress, "%s: %s", item->table->result->name[SOURCE], text);
    free(text);
    if (run->book && !item->drill)
        book_forget(run->book, &run->plan, item, side, run->result);
}

static void mark_split(void *context, const struct item *item, enum side side)
{
    struct run *run = context;
    if (run->book)
        book_mark(run->book, &run->plan, item, side);
}

static void compare_digests(struct run *run)
{
    static const struct work_calls calls = {.split_done = mark_split,
                                            .finish = finish_digests,
                                            .retry = note_retry,
                                            .tick = show_progress};
    for (size_t i = 0; i < run->item_count; i++)
        for (int side = 0; side < SIDES; side++)
            run->rows_estimate += run->items[i].table->table[side]->row_estimate;
    run->stage = "comparing";
    work_run(run->work, run->items, run->item_count, &calls, run);
    if (run->book)
        book_save(run->book, true, run->result);
}

/* Of which differences the ledger and the baseline want to know. */
static void watch_differences(struct run *run)
{
    if (run->book || run->baseline)
        run->differences = differences_new(run->result->table_count, DIFFERENCES_MOST);
    for (size_t i = 0; i < run->plan.table_count && run->differences; i++) {
        const struct plan_table *table = &run->plan.tables[i];
        if (!run->drills[i])
            continue;
        size_t place = (size_t)(table->result - run->result->tables);
        drill_watch(run->drills[i], differences_watcher(run->differences, place, table));
        if (run->baseline)
            run->drills[i]->known = baseline_known(run->baseline, table);
    }
}

/* Which tables' differences are known, all of them: none is a list as well. */
static void settle_differences(struct run *run)
{
    for (size_t i = 0; run->differences && i < run->result->table_count; i++)
        if (run->result->tables[i].drilled)
            differences_settle(run->differences, i);
}

static void find_differences(struct run *run)
{
    size_t count = 0;
    for (size_t i = 0; i < run->plan.table_count; i++)
        count += run->drills[i] ? run->drills[i]->pass_count : 0;
    struct item *items = mem_zero(count + 1, sizeof *items);
    size_t next = 0;
    watch_differences(run);
    run->rows_done = run->rows_estimate = 0;
    for (size_t i = 0; i < run->plan.table_count; i++)
        for (size_t p = 0; run->drills[i] && p < run->drills[i]->pass_count; p++) {
            items[next].table = &run->plan.tables[i];
            items[next].drill = run->drills[i];
            items[next++].pass = &run->drills[i]->passes[p];
        }
    run->stage = "finding the differences";
    static const struct work_calls calls = {
        .finish = finish_pass, .retry = note_retry, .tick = show_progress};
    work_run(run->work, items, count, &calls, run);
    free(items);
    for (size_t i = 0; i < run->plan.table_count; i++) {
        struct drill *drill = run->drills[i];
        if (!drill)
            continue;
        struct result_table *result = run->plan.tables[i].result;
        drill_finish(drill, result);
        if (!drill->failed)
            drill_causes_finish(run->causes[i], result, &run->result->arena);
        if (drill->failed) {
            /* The digests were unequal, so rows differ, though not all could be named; under a
             * leniency that is not certain. */
            result->drilled = false;
            result->rows_differ = !drill->table->lenient;
        } else if (drill->lenient_rows) {
            char number[32];
            char *text = mem_format("%s %s equal only under the leniencies of the columns",
                                    human_count(drill->lenient_rows, number),
                                    drill->lenient_rows == 1 ? "row is" : "rows are");
            text_list_add(&result->notes, text);
            free(text);
        }
        bool found = result->counts[0] || result->counts[1] || result->counts[2];
        bool consistent = drill_is_consistent(drill) && (found || drill->lenient_rows);
        if (run->repair)
            repair_settle(run->repair, drill->table, !drill->failed && consistent);
        if (!drill->failed && !consistent) {
            text_list_add(&result->reasons,
                          "the rows that differed were not the same when they were read again: the "
                          "table changed meanwhile");
            result->inconclusive = true;
        }
        drill_free(drill);
        drill_causes_free(run->causes[i]);
        run->drills[i] = NULL;
        run->causes[i] = NULL;
    }
    settle_differences(run);
}

/* ---- The end
 * ------------------------------------------------------------------------------------------- */

static void note_reconnects(struct run *run)
{
    for (int side = 0; side < SIDES; side++) {
        size_t count = work_reconnects(run->work, (enum side)side);
        if (!count)
            continue;
        char *text = mem_format("%s: %zu lost connection%s replaced; what was read after that was "
                                "read on a new snapshot",
                                side_name[side], count, count == 1 ? " was" : "s were");
        text_list_add(&run->result->notes, text);
        free(text);
        run->result->side[side].snapshot = snapshot_name[SNAPSHOT_SEPARATE];
    }
}

/* An interruption before anything was compared still lists what was planned. */
static void mark_interrupted(struct run *run)
{
    run->result->interrupted = true;
    for (size_t i = 0; i < run->plan.table_count; i++) {
        struct result_table *table = run->plan.tables[i].result;
        if (table->drilled || table->inconclusive)
            continue;
        text_list_add(&table->reasons, "interrupted before it was compared");
        table->inconclusive = true;
    }
}

static bool open_book(struct run *run, struct err *err)
{
    if (!book_open(run->options, run->result, &run->book, err))
        return false;
    if (!run->book)
        return true;
    run->result->ledger_path = mem_copy_string(book_path(run->book));
    run->result->resumed = book_is_resumed(run->book);
    struct plan_side sides[SIDES];
    for (int side = 0; side < SIDES; side++)
        sides[side] = (struct plan_side){run->engine[side], run->first[side], &run->schema[side]};
    if (!book_plan(run->book, run->options, &run->ids, sides, &run->plan, run->result, err))
        return false;
    if (run->result->ledger_path)
        progress_log(run->progress, "ledger: %s", run->result->ledger_path);
    return true;
}

static bool write_plan(struct run *run, struct err *err)
{
    struct plan_side sides[SIDES];
    for (int side = 0; side < SIDES; side++)
        sides[side] = (struct plan_side){run->engine[side], run->first[side], &run->schema[side]};
    return not_interrupted(err) &&
           digest_write_plan(run->options->plan_path, sides, &run->plan, run->result, err);
}

static bool open_repair(struct run *run, struct err *err)
{
    struct plan_side sides[SIDES];
    for (int side = 0; side < SIDES; side++)
        sides[side] = (struct plan_side){run->engine[side], run->first[side], &run->schema[side]};
    struct repair *repair = NULL;
    bool ok = repair_open(run->options, &run->plan, sides, run->result, &repair, err);
    pthread_mutex_lock(&run->guard_lock);
    run->repair = repair;
    pthread_mutex_unlock(&run->guard_lock);
    return ok;
}

static bool run_stages(struct run *run, struct err *err)
{
    if (!make_plan(run, err))
        return false;
    run->drills = mem_zero(run->plan.table_count + 1, sizeof *run->drills);
    run->causes = mem_zero(run->plan.table_count + 1, sizeof *run->causes);
    if (run->options->explain)
        return true;
    if (run->options->plan_path)
        return write_plan(run, err);
    if (!open_repair(run, err))
        return false;
    if (!pace_new(run->options, run->engine, &run->pace, err))
        return false;
    if (run->options->baseline_path &&
        !baseline_open(run->options->baseline_path, run->options->only_new, run->result,
                       &run->baseline, err))
        return false;
    if (!open_book(run, err))
        return false;
    if (!open_workers(run, err))
        return false;
    compare_digests(run);
    find_differences(run);
    end_pauses(run);
    note_reconnects(run);
    pace_note(run->pace, &run->result->notes);
    for (size_t i = 0; i < run->result->table_count; i++)
        mask_table(&run->result->tables[i], &run->result->arena);
    judge_result(run->result);
    if (run->baseline)
        baseline_judge(run->baseline, run->differences, run->result);
    if (run->repair && not_interrupted(err))
        repair_finish(run->repair, &interrupted, run->result);
    return true;
}

static void close_run(struct run *run)
{
    pthread_mutex_lock(&run->guard_lock);
    struct work *work = run->work;
    struct connection *first[SIDES] = {run->first[SOURCE], run->first[TARGET]};
    run->work = NULL;
    run->first[SOURCE] = run->first[TARGET] = NULL;
    atomic_store(&run->over, true);
    pthread_mutex_unlock(&run->guard_lock);
    pthread_join(run->guard, NULL);
    work_free(work);
    pace_free(run->pace);
    for (int side = 0; side < SIDES; side++)
        if (first[side])
            run->engine[side]->disconnect(first[side]);
    for (size_t i = 0; run->drills && i < run->plan.table_count; i++) {
        drill_free(run->drills[i]);
        drill_causes_free(run->causes[i]);
    }
    free(run->drills);
    repair_free(run->repair);
    free(run->causes);
    for (size_t i = 0; i < run->item_count; i++)
        for (int side = 0; side < SIDES; side++)
            layout_release_reading(&run->items[i].side[side]);
    free(run->items);
    plan_free(&run->plan);
    for (int side = 0; side < SIDES; side++)
        schema_free(&run->schema[side]);
    mapping_free(&run->mapping);
    ids_free(&run->ids);
    progress_free(run->progress);
    pthread_mutex_destroy(&run->guard_lock);
}

/* What is not of the databases. A statement that mends a row names it by its id, and a plan file
 * has no place for pairs. */
static bool read_files(struct run *run, struct err *err)
{
    const struct verify_options *options = run->options;
    if (!ids_collect(options, &run->ids, err))
        return false;
    if (run->ids.count && options->repair_path)
        return err_set(
            err, ERR_USAGE,
            "--repair-sql: with pairs of ids (--ids) the two sides' rows go by different "
            "keys, and a statement would meet the wrong one.");
    if (run->ids.count && options->plan_path)
        return err_set(err, ERR_USAGE, "a plan file cannot hold pairs of ids.");
    return !options->mapping_path || mapping_read(options->mapping_path, &run->mapping, err);
}

bool verify_run(const struct verify_options *options, struct verify_result *result, struct err *err)
{
    struct run run = {.options = options, .result = result};
    double start = clock_now();
    *result = (struct verify_result){.started = time(NULL), .verdict = VERDICT_INCONCLUSIVE};
    if (!read_files(&run, err)) {
        mapping_free(&run.mapping);
        ids_free(&run.ids);
        return false;
    }
    pthread_mutex_init(&run.guard_lock, NULL);
    if (pthread_create(&run.guard, NULL, guard_main, &run) != 0) {
        mapping_free(&run.mapping);
        ids_free(&run.ids);
        return err_set(err, ERR_INTERNAL, "cannot start a thread");
    }
    run.progress = progress_new(options->quiet || options->explain);
    bool ok = run_stages(&run, err);
    if (atomic_load(&interrupted)) {
        mark_interrupted(&run);
        judge_result(run.result);
        ok = true;
    }
    close_run(&run);
    /* While planning, a query that fails means that the server does not let us do our work. */
    if (!ok && (err->code == ERR_TABLE || err->code == ERR_LOST))
        err->code = ERR_UNREACHABLE;
    result->seconds = clock_now() - start;
    book_close(run.book, options, ok && !result->interrupted, run.differences, result);
    differences_free(run.differences);
    baseline_free(run.baseline);
    return ok;
}

int verify_exit_code(const struct verify_result *result)
{
    static const int codes[] = {
        [VERDICT_EQUAL] = 0, [VERDICT_DIFFERENT] = 1, [VERDICT_INCONCLUSIVE] = 2};
    if (result->interrupted)
        return ERR_INTERRUPTED;
    if (result->baseline.only_new)
        return result->since.different      ? codes[VERDICT_DIFFERENT]
               : result->since.inconclusive ? codes[VERDICT_INCONCLUSIVE]
                                            : codes[VERDICT_EQUAL];
    return codes[result->verdict];
}

void verify_report_json(const struct verify_result *result, const struct verify_options *options,
                        struct buffer *out)
{
    report_json(result, options, out);
}

/* ---- Freeing a result
 * ----------------------------------------------------------------------------------------- */

static void table_free(struct result_table *table)
{
    text_list_free(&table->reasons);
    text_list_free(&table->notes);
    for (size_t i = 0; i < table->finding_count; i++) {
        struct finding *finding = &table->findings[i];
        for (size_t v = 0; v < finding->value_count; v++)
            free(finding->values[v].text);
        free(finding->values);
        for (size_t c = 0; c < finding->column_count; c++)
            for (int side = 0; side < SIDES; side++)
                free(finding->columns[c].value[side].text);
        free(finding->columns);
    }
    free(table->findings);
}

void verify_result_free(struct verify_result *result)
{
    for (size_t i = 0; i < result->table_count; i++)
        table_free(&result->tables[i]);
    free(result->tables);
    for (int side = 0; side < SIDES; side++) {
        free(result->side[side].shown_uri);
        free(result->side[side].server);
        free(result->side[side].snapshot_note);
        text_list_free(&result->only[side]);
    }
    text_list_free(&result->notes);
    free(result->ledger_path);
    arena_free(&result->arena);
    *result = (struct verify_result){0};
}
