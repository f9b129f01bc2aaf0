/* digest_read() of digest_run.h: one side of a plan, read by the workers of work.h. */
#include "digest_run.h"

#include "../diff/base/clock.h"
#include "pace.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define MOST_PARTS 1000000

static atomic_bool interrupted;

void digest_interrupt(void)
{
    atomic_store(&interrupted, true);
}

/* One table of the plan on its way into the file. */
struct table_reading {
    struct digest_table table;
    struct item_side pieces;  /* all of the plan; those that were read are marked */
    struct split *given;      /* those to read now */
    size_t *places;           /* of each of them among all */
    size_t given_count;       /* 0: none belongs to this part, or the table cannot be read */
    bool shared;              /* other parts read other pieces of it, at other times */
    struct text_list reasons; /* why it was not read */
};

struct reading {
    const struct digest_options *options;
    struct digest_file plan, head;
    struct arena arena;
    struct table_reading *tables;
    enum side side;
    const struct engine *engine;
    struct connection *first; /* until the workers have it */
    struct schema schema;
    struct digest_writer writer;
    struct work *work;
    struct pace *pace;
    struct progress *progress;
    struct item *items;
    size_t item_count, tables_done;
    uint64_t rows_estimate, rows_done, bytes_done;
    double began; /* clock_now() */
    struct text_list said;
    struct err write_err; /* the file could not be written */

    pthread_t guard;
    pthread_mutex_t guard_lock; /* of first and work, for the guard */
    atomic_bool over;
};

/* ---- Interruption
 * ---------------------------------------------------------------------------------------- */

/* As in verify.c: cancels what runs on the server; ends a process that hangs in a connection
 * attempt. */
static void *guard_main(void *argument)
{
    struct reading *run = argument;
    double since = 0;
    bool stopped = false;
    while (!atomic_load(&run->over)) {
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        if (!atomic_load(&interrupted))
            continue;
        pthread_mutex_lock(&run->guard_lock);
        bool workers = run->work != NULL;
        if (workers && !stopped)
            work_stop(run->work);
        else if (since <= 0 && run->first)
            run->engine->cancel(run->first);
        stopped = workers;
        pthread_mutex_unlock(&run->guard_lock);
        if (since <= 0)
            since = clock_now();
        if (!workers && clock_now() - since > 0.8) {
            if (run->writer.temporary) /* nothing but its own head was saved: there is no log */
                unlink(run->writer.temporary);
            _exit(ERR_INTERRUPTED);
        }
    }
    return NULL;
}

static bool not_interrupted(struct err *err)
{
    return !atomic_load(&interrupted) || err_set(err, ERR_INTERRUPTED, "interrupted");
}

/* ---- Which side
 * ------------------------------------------------------------------------------------------ */

bool digest_parse_part(const char *text, struct digest_part *part, struct err *err)
{
    unsigned long n[2] = {0, 0};
    const char *at = text;
    bool ok = true;
    for (int i = 0; i < 2 && ok; i++) {
        char *end;
        ok = *at >= '0' && *at <= '9';
        n[i] = ok ? strtoul(at, &end, 10) : 0;
        ok = ok && n[i] >= 1 && n[i] <= MOST_PARTS && *end == (i ? '\0' : '/');
        at = ok ? end + 1 : at;
    }
    if (!ok || n[0] > n[1])
        return err_set(err, ERR_USAGE,
                       "--part takes I/N, part I of N, with 1 <= I <= N <= %d: for example 2/8.",
                       MOST_PARTS);
    *part = (struct digest_part){(uint32_t)n[0], (uint32_t)n[1]};
    return true;
}

static bool choose_side(struct reading *run, struct err *err)
{
    const char *named = run->options->side;
    bool fits[SIDES];
    for (int side = 0; side < SIDES; side++) {
        fits[side] = strcmp(run->plan.engine[side], run->engine->name) == 0;
        if (named && strcmp(named, side_name[side]) == 0)
            run->side = (enum side)side;
    }
    if (named && !fits[run->side])
        return err_set(err, ERR_USAGE,
                       "--side %s: the plan's %s is a %s database, and the URI's is "
                       "not.",
                       named, named, run->plan.engine[run->side]);
    if (named)
        return true;
    if (fits[SOURCE] == fits[TARGET])
        return err_set(err, ERR_USAGE,
                       fits[SOURCE] ? "both sides of the plan are %s databases: say with --side "
                                      "source or --side target which one this is."
                                    : "the plan has no %s database.",
                       run->engine->name);
    run->side = fits[SOURCE] ? SOURCE : TARGET;
    return true;
}

static bool connect_first(struct reading *run, struct err *err)
{
    struct server_info info = {0};
    struct connection *connection = NULL;
    if (!run->engine->connect(run->options->uri, &connection, &info, err))
        return err_prefix(err, "%s", side_name[run->side]);
    pthread_mutex_lock(&run->guard_lock);
    run->first = connection;
    pthread_mutex_unlock(&run->guard_lock);
    run->head.read_uri = arena_copy(&run->arena, info.shown_uri);
    run->head.read_server = arena_copy(&run->arena, info.version);
    if (strcmp(info.shown_uri, run->plan.uri[run->side]) != 0) {
        char *text = mem_format("read through %s; the plan was made through %s", info.shown_uri,
                                run->plan.uri[run->side]);
        text_list_add(&run->said, text);
        free(text);
    }
    return not_interrupted(err);
}

/* ---- The live schema in place of the plan's names
 * ------------------------------------------------------------------ */

static bool read_schema(struct reading *run, struct err *err)
{
    const char **names = mem_zero(run->plan.table_count + 1, sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < run->plan.table_count; i++) {
        if (!run->tables[i].table.plan.comparable)
            continue;
        const char *name = run->tables[i].table.plan.table[run->side]->schema;
        size_t at = 0;
        while (at < count && strcmp(names[at], name) != 0)
            at++;
        names[at] = name;
        count += at == count;
    }
    bool ok = !count || run->engine->read_schema(run->first, names, count, &run->schema, err) ||
              err_prefix(err, "%s", side_name[run->side]);
    free(names);
    return ok;
}

static bool has_changed(const struct reading *run, const struct table_reading *reading,
                        const char *what, const char *name, struct err *err)
{
    return err_set(err, ERR_USAGE,
                   "table %s has changed since the plan was made (%s%s%s%s): make a new plan",
                   reading->table.result.name[run->side], what, name ? " \"" : "", name ? name : "",
                   name ? "\"" : "");
}

static void give_up(struct table_reading *reading, const char *format, const char *text)
{
    char *reason = mem_format("%s%s", format, text);
    text_list_add(&reading->reasons, reason);
    free(reason);
}

/* A query about one table that was refused makes that table unreadable, not the run. */
static bool table_error(struct table_reading *reading, const struct err *err)
{
    if (err->code != ERR_TABLE && err->code != ERR_RETRY)
        return false;
    give_up(reading, "", err->text);
    return true;
}

static const struct table *find_live(const struct reading *run, const struct table *planned)
{
    for (size_t i = 0; i < run->schema.table_count; i++)
        if (strcmp(run->schema.tables[i].name, planned->name) == 0 &&
            strcmp(run->schema.tables[i].schema, planned->schema) == 0)
            return &run->schema.tables[i];
    return NULL;
}

static const struct column *find_column(const struct table *live, const char *name)
{
    for (size_t i = 0; i < live->column_count; i++)
        if (strcmp(live->columns[i].name, name) == 0)
            return &live->columns[i];
    return NULL;
}

/* The live table has the columns of the plan, whether they are compared or not, and no others.
 * Columns that seem to be gone may only be hidden. */
static bool match_names(struct reading *run, struct table_reading *reading,
                        const struct table *live, struct err *err)
{
    const struct result_table *result = &reading->table.result;
    const char *gone = NULL;
    for (size_t i = 0; i < result->column_count && !gone; i++)
        if (result->columns[i].name[run->side] && !result->columns[i].expression[run->side] &&
            !find_column(live, result->columns[i].name[run->side]))
            gone = result->columns[i].name[run->side];
    if (gone) {
        bool hidden = false;
        if (!run->engine->hides_columns(run->first, live, &hidden, err))
            return table_error(reading, err);
        if (!hidden)
            return has_changed(run, reading, "it has no column", gone, err);
        give_up(reading, "columns of it are hidden from us (no SELECT privilege): ", gone);
        return true;
    }
    for (size_t i = 0; i < live->column_count; i++) {
        bool known = false;
        for (size_t c = 0; c < result->column_count && !known; c++)
            known = result->columns[c].name[run->side] &&
                    strcmp(result->columns[c].name[run->side], live->columns[i].name) == 0;
        if (!known)
            return has_changed(run, reading, "it has a new column", live->columns[i].name, err);
    }
    return true;
}

static bool reads_column(const struct reading *run, const struct column *column, const char *select)
{
    if (column->select)
        return strcmp(column->select, select) == 0;
    struct buffer name = BUFFER_INIT(1 << 16);
    run->engine->quote_name(&name, column->name);
    bool same = strcmp((const char *)name.data, select) == 0;
    buffer_free(&name);
    return same;
}

/* The type of what the plan reads, as the server has it now. */
static bool live_type(struct reading *run, struct table_reading *reading, const struct table *live,
                      const struct plan_column *column, const struct type **found, struct err *err)
{
    const struct result_column *named = &reading->table.result.columns[column->result];
    const char *expression = named->expression[run->side], *name = named->name[run->side];
    const char *select = column->select[run->side];
    if (expression) {
        struct type *type = arena_alloc(&run->arena, sizeof *type);
        char *whole = mem_format("(%s)", expression);
        bool same = strcmp(whole, select) == 0;
        free(whole);
        if (!same)
            return has_changed(run, reading, "another expression reads its column", name, err);
        *found = type;
        return run->engine->describe(run->first, &run->schema, live, expression, NULL, type, err);
    }
    const struct column *of = name ? find_column(live, name) : NULL;
    if (!of)
        return has_changed(run, reading, "it has no column", name, err);
    if (of->unreadable)
        return err_set(err, ERR_TABLE, "column \"%s\": %s", name, of->unreadable);
    if (!reads_column(run, of, select))
        return has_changed(run, reading, "another expression reads its column", name, err);
    *found = &of->type;
    return true;
}

static bool match_columns(struct reading *run, struct table_reading *reading,
                          const struct table *live, struct err *err)
{
    struct plan_table *plan = &reading->table.plan;
    for (size_t i = 0; i < plan->column_count; i++) {
        struct plan_column *column = &plan->columns[i];
        const struct type *type = NULL;
        if (!live_type(run, reading, live, column, &type, err))
            return table_error(reading, err);
        if (!type->name || strcmp(type->name, column->type[run->side]->name) != 0 ||
            type->class != column->canon.class[run->side])
            return has_changed(run, reading, "another type has its column",
                               reading->table.result.columns[column->result].name[run->side], err);
        column->type[run->side] = type;
    }
    const char *where = plan->where[run->side];
    struct type ignored;
    if (where && !run->engine->describe(run->first, &run->schema, live, NULL, where, &ignored, err))
        return table_error(reading, err);
    return true;
}

static bool match_missing(struct reading *run, struct table_reading *reading, struct err *err)
{
    const struct table *planned = reading->table.plan.table[run->side];
    enum existence existence;
    if (!run->engine->probe(run->first, planned->schema, planned->name, &existence, err))
        return table_error(reading, err);
    if (existence != EXISTS_UNREADABLE)
        return has_changed(run, reading, "it is not there any more", NULL, err);
    give_up(reading, "the server does not let us read it (no SELECT privilege)", "");
    return true;
}

static bool match_table(struct reading *run, size_t i, struct err *err)
{
    struct table_reading *reading = &run->tables[i];
    const struct table *planned = reading->table.plan.table[run->side];
    const struct table *live = find_live(run, planned);
    if (!live)
        return match_missing(run, reading, err);
    if (live->unreadable) {
        give_up(reading, live->unreadable, "");
        return true;
    }
    bool same = live->part_count == planned->part_count;
    for (size_t p = 0; p < live->part_count && same; p++)
        same = strcmp(live->parts[p].from, planned->parts[p].from) == 0;
    if (!same)
        return has_changed(run, reading, "its partitions", NULL, err);
    if (!digest_file_same_key(&run->plan, i, run->side, live, &same, err))
        return false;
    if (!same)
        return has_changed(run, reading, "its primary key", NULL, err);
    reading->table.plan.table[run->side] = live;
    return match_names(run, reading, live, err) &&
           (reading->reasons.count || match_columns(run, reading, live, err));
}

/* ---- Which pieces
 * ------------------------------------------------------------------------------------------------
 */

static bool load_tables(struct reading *run, struct err *err)
{
    run->tables = mem_zero(run->plan.table_count + 1, sizeof *run->tables);
    for (size_t i = 0; i < run->plan.table_count; i++) {
        struct table_reading *reading = &run->tables[i];
        if (!digest_file_table(&run->plan, i, &run->arena, &reading->table, err))
            return false;
        if (reading->table.plan.comparable &&
            !digest_file_splits(&run->plan, i, run->side, &reading->table.plan, &reading->pieces,
                                err))
            return false;
        free(reading->pieces.digest); /* an empty one; the sum takes its place */
        reading->pieces.digest = NULL;
    }
    return true;
}

static void choose_pieces(struct reading *run, size_t i)
{
    struct table_reading *reading = &run->tables[i];
    const struct item_side *pieces = &reading->pieces;
    struct digest_part part = run->options->part;
    reading->given = mem_zero(pieces->split_count + 1, sizeof *reading->given);
    reading->places = mem_zero(pieces->split_count + 1, sizeof *reading->places);
    for (size_t s = 0; s < pieces->split_count; s++) {
        size_t number = pieces->split_count == 1 ? i : s; /* small tables are dealt out too */
        if (number % part.of != part.part - 1)
            continue;
        reading->places[reading->given_count] = s;
        reading->given[reading->given_count++] = pieces->splits[s];
    }
    reading->shared = reading->given_count < pieces->split_count;
}

static bool is_unchanged(struct reading *run, size_t i, struct connection *connection, bool *same,
                         struct err *err)
{
    struct buffer stamp = BUFFER_INIT(BUFFER_NO_LIMIT);
    const struct table *live = run->tables[i].table.plan.table[run->side];
    *same = false;
    bool ok = digest_file_stamp(&run->plan, i, run->side, &stamp, err);
    if (ok && stamp.length && run->engine->unchanged)
        ok = run->engine->unchanged(connection, live, (const char *)stamp.data, same, err);
    if (!ok && (err->code == ERR_TABLE || err->code == ERR_RETRY)) {
        *same = false;
        ok = true;
    }
    buffer_free(&stamp);
    return ok;
}

static const char moved[] = "it was written to since the plan was made, or nothing shows that it "
                            "was not, and rows may have moved between its parts: make a new "
                            "plan, or digest it whole";

/* Whatever of this part can be read becomes an item, the big ones first. */
static bool make_items(struct reading *run, struct connection *connection, struct err *err)
{
    run->items = mem_zero(run->plan.table_count + 1, sizeof *run->items);
    for (size_t i = 0; i < run->plan.table_count; i++) {
        struct table_reading *reading = &run->tables[i];
        if (!reading->table.plan.comparable)
            continue;
        choose_pieces(run, i);
        bool same = true;
        if (reading->given_count && reading->shared && !reading->reasons.count &&
            !is_unchanged(run, i, connection, &same, err))
            return false;
        if (!same)
            give_up(reading, moved, "");
        if (!reading->given_count || reading->reasons.count)
            continue;
        struct item *item = &run->items[run->item_count++];
        item->table = &reading->table.plan;
        item->side[run->side].given = reading->given;
        item->side[run->side].given_count = reading->given_count;
        item->side[run->side == SOURCE ? TARGET : SOURCE].state = SIDE_READ;
        run->rows_estimate += item->table->table[run->side]->row_estimate * reading->given_count /
                              reading->pieces.split_count;
    }
    return true;
}

static int compare_estimates(const void *one, const void *other)
{
    const struct item *a = one, *b = other;
    if (a->table->estimate != b->table->estimate)
        return a->table->estimate < b->table->estimate ? 1 : -1;
    return a->table < b->table ? -1 : 1;
}

/* ---- The workers
 * ---------------------------------------------------------------------------------------------- */

static void note_fewer(struct reading *run, size_t opened, size_t wanted, const struct err *err)
{
    char *text = mem_format("%s: only %zu of %zu connections could be opened: %s",
                            side_name[run->side], opened, wanted, err->text);
    text_list_add(&run->said, text);
    free(text);
}

/* Connections that do not share one snapshot are given up but for one: pieces of one table may only
 * be added up when they come from one. */
static bool open_side(struct reading *run, struct work_side *opened, struct err *err)
{
    static const char *const names[] = {"shared", "separate", "none"};
    size_t jobs = run->options->verify.jobs > 0 ? (size_t)run->options->verify.jobs : 1;
    *opened = (struct work_side){.engine = run->engine,
                                 .uri = run->options->uri,
                                 .shared = true,
                                 .connection_count = 1,
                                 .connections = mem_zero(jobs, sizeof(struct connection *))};
    opened->connections[0] = run->first;
    while (opened->connection_count < jobs) {
        struct connection *connection = NULL;
        struct err refused;
        if (!run->engine->connect(opened->uri, &connection, NULL, &refused)) {
            note_fewer(run, opened->connection_count, jobs, &refused);
            break;
        }
        opened->connections[opened->connection_count++] = connection;
    }
    enum snapshot_state state;
    struct buffer note = BUFFER_INIT(1 << 12);
    bool ok =
        run->engine->begin(opened->connections, opened->connection_count, &state, &note, err) ||
        err_prefix(err, "%s", side_name[run->side]);
    if (ok && state != SNAPSHOT_SHARED && opened->connection_count > 1) {
        while (opened->connection_count > 1)
            run->engine->disconnect(opened->connections[--opened->connection_count]);
        buffer_printf(&note, "%sone connection read all", note.length ? "; so " : "");
        state = state == SNAPSHOT_NONE ? SNAPSHOT_NONE : SNAPSHOT_SHARED;
    }
    if (ok) {
        run->head.snapshot = names[state];
        run->head.snapshot_note = arena_copy(&run->arena, (const char *)note.data);
    }
    buffer_free(&note);
    return ok;
}

static bool open_workers(struct reading *run, struct err *err)
{
    struct work_side sides[SIDES] = {{0}, {0}};
    struct work_side *opened = &sides[run->side];
    bool ok = open_side(run, opened, err) && not_interrupted(err) &&
              make_items(run, opened->connections[0], err);
    if (!ok) {
        for (size_t i = 1; i < opened->connection_count; i++)
            run->engine->disconnect(opened->connections[i]);
        free(opened->connections);
        return false;
    }
    qsort(run->items, run->item_count, sizeof *run->items, compare_estimates);
    struct work *work;
    ok = work_new(sides, run->pace, &work, err);
    pthread_mutex_lock(&run->guard_lock);
    run->work = work; /* owns the connections now */
    run->first = NULL;
    pthread_mutex_unlock(&run->guard_lock);
    return ok;
}

static size_t place_of(const struct reading *run, const struct item *item)
{
    size_t i = 0;
    while (&run->tables[i].table.plan != item->table)
        i++;
    return i;
}

/* A new connection has a new snapshot; pieces that other parts read must be of a table that has not
 * changed up to that either. */
static void check_generation(struct reading *run, size_t i, const struct item *item)
{
    struct table_reading *reading = &run->tables[i];
    if (!reading->shared || item->side[run->side].generation == 0)
        return;
    struct err err = {0};
    struct connection *connection = NULL;
    enum snapshot_state state;
    struct buffer note = BUFFER_INIT(1 << 12);
    bool same = false;
    bool ok = run->engine->connect(run->options->uri, &connection, NULL, &err) &&
              run->engine->begin(&connection, 1, &state, &note, &err) &&
              is_unchanged(run, i, connection, &same, &err);
    run->engine->disconnect(connection);
    buffer_free(&note);
    if (!ok)
        give_up(reading, "", err.text);
    else if (!same)
        give_up(reading, moved, "");
}

static void finish_table(void *context, struct item *item)
{
    struct reading *run = context;
    size_t i = place_of(run, item);
    struct table_reading *reading = &run->tables[i];
    struct item_side *of = &item->side[run->side], *pieces = &reading->pieces;
    run->tables_done++;
    run->rows_done += atomic_load(&of->counters.rows);
    run->bytes_done += atomic_load(&of->counters.bytes);
    if (item->failed)
        give_up(reading, item->err.text, "");
    else
        check_generation(run, i, item);
    if (reading->reasons.count)
        return;
    for (size_t s = 0; s < reading->given_count; s++)
        pieces->split_done[reading->places[s]] = 1;
    for (size_t c = 0; c < item->table->column_count; c++)
        pieces->raw_counts[c] = of->raw_counts[c];
    pieces->digest = of->digest;
    of->digest = NULL;
    /* Written at once, so that memory does not grow with the number of tables. */
    struct err err;
    if (!run->write_err.code && !digest_write_reading(&run->writer, i, item->table, pieces, &err))
        run->write_err = err;
    layout_release_reading(pieces);
}

static void note_retry(void *context, const struct item *item, enum side side)
{
    struct reading *run = context;
    const struct item_side *of = &item->side[side];
    char *text = mem_format("%s was read again on a new %s after: %s",
                            run->tables[place_of(run, item)].table.result.name[side],
                            of->err.code == ERR_LOST ? "connection" : "query", of->err.text);
    text_list_add(&run->said, text);
    progress_log(run->progress, "%s", text);
    free(text);
}

static void show_progress(void *context, struct item *items, size_t count)
{
    struct reading *run = context;
    struct progress_state state = {.stage = "reading",
                                   .rows = run->rows_done,
                                   .rows_estimate = run->rows_estimate,
                                   .bytes = run->bytes_done,
                                   .tables_done = run->tables_done,
                                   .tables = count};
    for (size_t i = 0; i < count; i++) {
        if (!items[i].open || items[i].done)
            continue;
        const struct item_side *of = &items[i].side[run->side];
        uint64_t rows = atomic_load(&of->counters.rows);
        state.rows += rows;
        state.bytes += atomic_load(&of->counters.bytes);
        if (!state.current) {
            state.current = items[i].table->result->name[run->side];
            state.current_rows = rows;
            state.current_estimate = items[i].table->table[run->side]->row_estimate;
        }
    }
    progress_show(run->progress, &state);
}

/* ---- The file
 * ---------------------------------------------------------------------------------------------- */

/* What was not read is in the file too: it says so. */
static bool write_rest(struct reading *run, struct err *err)
{
    if (run->write_err.code) {
        *err = run->write_err;
        return false;
    }
    for (size_t i = 0; i < run->plan.table_count; i++) {
        struct table_reading *reading = &run->tables[i];
        if (!reading->table.plan.comparable)
            continue;
        bool written = !reading->pieces.splits;
        if (!written)
            reading->pieces.digest = digest_new(plan_bucket_count(&reading->table.plan));
        if (!written &&
            !digest_write_reading(&run->writer, i, &reading->table.plan, &reading->pieces, err))
            return false;
        layout_release_reading(&reading->pieces);
        if (!digest_write_failed(&run->writer, i, &reading->reasons, err))
            return false;
    }
    run->head.side = run->side;
    run->head.seconds = clock_now() - run->began;
    run->head.part_count = 1;
    run->head.parts = (struct digest_part *)&run->options->part;
    return digest_write_head(&run->writer, &run->head, &run->said, err) && not_interrupted(err) &&
           digest_writer_finish(&run->writer, err);
}

static bool open_plan(struct reading *run, struct err *err)
{
    const char *output = run->options->verify.output_path;
    return digest_file_open(run->options->plan_path, "plan", &run->plan, err) &&
           (run->engine = engine_for_uri(run->options->uri, err)) && choose_side(run, err) &&
           load_tables(run, err) && digest_writer_open(output, "digest", &run->writer, err);
}

static bool read_all(struct reading *run, struct err *err)
{
    static const struct work_calls calls = {
        .finish = finish_table, .retry = note_retry, .tick = show_progress};
    if (!open_plan(run, err) || !connect_first(run, err) || !read_schema(run, err))
        return false;
    for (size_t i = 0; i < run->plan.table_count; i++)
        if (run->tables[i].table.plan.comparable && !match_table(run, i, err))
            return false;
    const struct engine *engines[SIDES] = {NULL, NULL};
    struct verify_options gentle = run->options->verify;
    engines[run->side] = run->engine;
    gentle.uri[run->side] = run->options->uri;
    if (!pace_new(&gentle, engines, &run->pace, err) || !open_workers(run, err))
        return false;
    if (!digest_write_copy(&run->writer, &run->plan, err))
        return false;
    work_run(run->work, run->items, run->item_count, &calls, run);
    pace_note(run->pace, &run->said);
    return not_interrupted(err) && write_rest(run, err);
}

static void close_reading(struct reading *run)
{
    pthread_mutex_lock(&run->guard_lock);
    struct work *work = run->work;
    struct connection *first = run->first;
    run->work = NULL;
    run->first = NULL;
    atomic_store(&run->over, true);
    pthread_mutex_unlock(&run->guard_lock);
    pthread_join(run->guard, NULL);
    work_free(work);
    pace_free(run->pace);
    if (first)
        run->engine->disconnect(first);
    digest_writer_close(&run->writer);
    for (size_t i = 0; run->tables && i < run->plan.table_count; i++) {
        struct table_reading *reading = &run->tables[i];
        layout_release_reading(&reading->pieces);
        text_list_free(&reading->reasons);
        text_list_free(&reading->table.result.reasons);
        text_list_free(&reading->table.result.notes);
        free(reading->given);
        free(reading->places);
    }
    free(run->tables);
    free(run->items);
    schema_free(&run->schema);
    digest_file_close(&run->plan);
    text_list_free(&run->said);
    arena_free(&run->arena);
    progress_free(run->progress);
    pthread_mutex_destroy(&run->guard_lock);
}

static void list_failures(const struct reading *run, struct text_list *failed)
{
    for (size_t i = 0; i < run->plan.table_count; i++)
        for (size_t r = 0; r < run->tables[i].reasons.count; r++) {
            char *text = mem_format("%s: %s", run->tables[i].table.result.name[run->side],
                                    run->tables[i].reasons.items[r]);
            text_list_add(failed, text);
            free(text);
        }
}

bool digest_read(const struct digest_options *options, struct text_list *failed, struct err *err)
{
    struct reading run = {.options = options};
    run.began = clock_now();
    run.head.started = time(NULL);
    pthread_mutex_init(&run.guard_lock, NULL);
    if (pthread_create(&run.guard, NULL, guard_main, &run) != 0)
        return err_set(err, ERR_INTERNAL, "cannot start a thread");
    run.progress = progress_new(options->verify.quiet);
    bool ok = read_all(&run, err);
    if (atomic_load(&interrupted))
        ok = err_set(err, ERR_INTERRUPTED, "interrupted; no digest was written");
    if (ok)
        list_failures(&run, failed);
    close_reading(&run);
    /* A query that fails before any row is read means that the server does not let us work. */
    if (!ok && (err->code == ERR_TABLE || err->code == ERR_LOST || err->code == ERR_RETRY))
        err->code = ERR_UNREACHABLE;
    return ok;
}
