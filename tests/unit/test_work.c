/*
 * Digests, drill and workers against an engine that lives in memory: whatever the rows, the counts
 * must be those that a plain sort-and-merge finds. Rows have an integer key and a text.
 */
#include "../../verify/work.h"

#include "../../diff/base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

/* ---- The engine in memory
 * ----------------------------------------------------------------------------- */

struct row {
    int64_t key;
    char text[12];
};

struct rows {
    size_t count;
    struct row *items;
    size_t fail_at; /* scanning this row fails; SIZE_MAX: never */
    enum err_code failure;
    bool slow; /* the first answer takes a while */
};

struct connection {
    const struct rows *rows;
    size_t next, end;
    const struct scan *scan;
};

static bool fake_connect(const char *uri, struct connection **connection, struct server_info *info,
                         struct err *err)
{
    (void)uri, (void)connection, (void)info;
    return err_set(err, ERR_UNREACHABLE, "no second connection");
}

static void fake_disconnect(struct connection *connection)
{
    free(connection);
}

static bool fake_splits(struct connection *connection, const struct table *table, size_t wanted,
                        struct split **splits, size_t *count, struct err *err)
{
    (void)table, (void)err;
    *count = wanted;
    *splits = mem_zero(wanted, sizeof **splits);
    for (size_t i = 0; i < wanted; i++) {
        (*splits)[i].page_low = connection->rows->count * i / wanted;
        (*splits)[i].page_high = connection->rows->count * (i + 1) / wanted;
    }
    return true;
}

static bool fake_scan_start(struct connection *connection, const struct scan *scan, struct err *err)
{
    (void)err;
    connection->scan = scan;
    connection->next = scan->range_count ? 0 : scan->split->page_low;
    connection->end = scan->range_count ? connection->rows->count : scan->split->page_high;
    return true;
}

static bool in_ranges(const struct scan *scan, int64_t key)
{
    for (size_t i = 0; i < scan->range_count; i++)
        if ((!scan->ranges[i].has_low || scan->ranges[i].low <= key) &&
            (!scan->ranges[i].has_high || key < scan->ranges[i].high))
            return true;
    return !scan->range_count;
}

static enum row_status fake_scan_next(struct connection *connection, struct cell *cells,
                                      uint64_t *wire_bytes, struct err *err)
{
    const struct rows *rows = connection->rows;
    if (rows->slow && connection->next == connection->scan->split->page_low)
        nanosleep(&(struct timespec){.tv_nsec = 150000000}, NULL);
    for (; connection->next < connection->end; connection->next++) {
        if (connection->next == rows->fail_at) {
            err_set(err, rows->failure, "the engine in memory fails here");
            return ROW_FAILED;
        }
        const struct row *row = &rows->items[connection->next];
        if (!in_ranges(connection->scan, row->key))
            continue;
        connection->next++;
        cells[0] = (struct cell){.form = CELL_INT, .i = row->key};
        cells[1] = (struct cell){.form = CELL_TEXT,
                                 .bytes = (const unsigned char *)row->text,
                                 .length = strlen(row->text)};
        *wire_bytes += 20;
        return ROW_READ;
    }
    return ROW_END;
}

static void fake_scan_end(struct connection *connection)
{
    connection->scan = NULL;
}

static void fake_cancel(struct connection *connection)
{
    (void)connection;
}

static const struct engine engine_fake = {.name = "memory",
                                          .connect = fake_connect,
                                          .disconnect = fake_disconnect,
                                          .splits = fake_splits,
                                          .scan_start = fake_scan_start,
                                          .scan_next = fake_scan_next,
                                          .scan_end = fake_scan_end,
                                          .cancel = fake_cancel};

/* ---- One comparison
 * ------------------------------------------------------------------------------------ */

struct setup {
    bool multiset;
    size_t ranges, hashes;
    int jobs;
    int findings;
    uint64_t disk_limit;
};

struct comparison {
    struct plan_table table;
    struct result_table result;
    struct result_column columns[2];
    struct drill *drill;
    const struct setup *setup;
    bool failed;
    size_t passes;
    size_t retries;
    enum err_code failure;
    enum side failed_side;
    struct buffer *told; /* NULL, or: all that the drill tells, in its order */
};

static void tell(void *context, enum finding_kind kind, const struct value *const values[SIDES],
                 const size_t *differ, size_t differ_count, uint64_t times)
{
    struct buffer *told = context;
    buffer_printf(told, "%s %llu times, %zu columns (%zu):", finding_kind_name[kind],
                  (unsigned long long)times, differ_count, differ_count ? differ[0] : 0);
    for (int side = 0; side < SIDES; side++)
        for (size_t i = 0; values[side] && i < 2; i++) {
            buffer_add_byte(told, ' ');
            value_print(told, &values[side][i], 20);
        }
    buffer_add_byte(told, '\n');
}

static void finish_digest(void *context, struct item *item)
{
    struct comparison *comparison = context;
    comparison->failed = item->failed;
    comparison->failure = item->err.code;
    comparison->failed_side = item->failed_side;
    if (item->failed)
        return;
    comparison->drill =
        drill_new(&comparison->table, item->side[SOURCE].digest, item->side[TARGET].digest,
                  comparison->setup->disk_limit, comparison->setup->findings);
    if (comparison->told)
        drill_watch(comparison->drill,
                    (struct drill_watcher){.context = comparison->told, .differs = tell});
}

static void finish_pass(void *context, struct item *item)
{
    struct comparison *comparison = context;
    struct collector *const sides[SIDES] = {item->side[SOURCE].collector,
                                            item->side[TARGET].collector};
    struct err err;
    comparison->failed |= item->failed || !drill_join(comparison->drill, sides, &err);
}

static void no_tick(void *context, struct item *items, size_t count)
{
    (void)context, (void)items, (void)count;
}

static void count_retry(void *context, const struct item *item, enum side side)
{
    struct comparison *comparison = context;
    (void)item, (void)side;
    comparison->retries++;
}

static const struct work_calls digest_calls = {
    .finish = finish_digest, .retry = count_retry, .tick = no_tick};
static const struct work_calls pass_calls = {
    .finish = finish_pass, .retry = count_retry, .tick = no_tick};

static struct work_side side_of(const struct rows *rows, int jobs)
{
    struct work_side side = {
        .engine = &engine_fake, .shared = true, .connection_count = (size_t)jobs};
    side.connections = mem_zero((size_t)jobs, sizeof *side.connections);
    for (int i = 0; i < jobs; i++) {
        side.connections[i] = mem_zero(1, sizeof(struct connection));
        side.connections[i]->rows = rows;
    }
    return side;
}

static void compare(const struct setup *setup, const struct rows sides[SIDES],
                    struct comparison *comparison)
{
    static const struct type key_type = {.class = TYPE_INT, .name = "bigint", .base = "bigint"};
    static const struct type text_type = {.class = TYPE_TEXT, .name = "text", .base = "text"};
    static struct table_part part;
    static const struct table table = {.label = "t", .name = "t", .part_count = 1, .parts = &part};
    static int64_t bounds[64];
    static struct plan_column columns[2];
    columns[0] = (struct plan_column){.canon = {.kind = KIND_NUMBER, .precision = -1},
                                      .type = {&key_type, &key_type},
                                      .result = 0};
    columns[1] = (struct plan_column){.canon = {.kind = KIND_TEXT, .precision = -1},
                                      .type = {&text_type, &text_type},
                                      .result = 1};
    for (size_t i = 1; i < setup->ranges; i++)
        bounds[i - 1] = (int64_t)i * 50 - 100;
    *comparison = (struct comparison){.setup = setup, .told = comparison->told};
    comparison->table = (struct plan_table){.table = {&table, &table},
                                            .column_count = 2,
                                            .columns = columns,
                                            .key_count = setup->multiset ? 2 : 1,
                                            .multiset = setup->multiset,
                                            .comparable = true,
                                            .range_count = setup->ranges,
                                            .hash_count = setup->hashes,
                                            .bounds = bounds,
                                            .result = &comparison->result};
    struct work_side opened[SIDES] = {side_of(&sides[SOURCE], setup->jobs),
                                      side_of(&sides[TARGET], setup->jobs)};
    struct work *work;
    struct err err;
    assert_true(work_new(opened, NULL, &work, &err));
    struct item digest = {.table = &comparison->table};
    work_run(work, &digest, 1, &digest_calls, comparison);
    if (comparison->drill) {
        comparison->passes = comparison->drill->pass_count;
        struct item *items = mem_zero(comparison->passes + 1, sizeof *items);
        for (size_t i = 0; i < comparison->passes; i++)
            items[i] = (struct item){.table = &comparison->table,
                                     .drill = comparison->drill,
                                     .pass = &comparison->drill->passes[i]};
        work_run(work, items, comparison->passes, &pass_calls, comparison);
        free(items);
        drill_finish(comparison->drill, &comparison->result);
    }
    work_free(work);
}

static void comparison_free(struct comparison *comparison)
{
    drill_free(comparison->drill);
    for (size_t i = 0; i < comparison->result.finding_count; i++) {
        struct finding *finding = &comparison->result.findings[i];
        for (size_t v = 0; v < finding->value_count; v++)
            free(finding->values[v].text);
        free(finding->values);
        for (size_t c = 0; c < finding->column_count; c++)
            for (int side = 0; side < SIDES; side++)
                free(finding->columns[c].value[side].text);
        free(finding->columns);
    }
    free(comparison->result.findings);
}

/* ---- What is right: sort and merge
 * --------------------------------------------------------------------- */

static int order_rows(const void *one, const void *other)
{
    const struct row *a = one, *b = other;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return strcmp(a->text, b->text);
}

static struct row *sorted(const struct rows *rows)
{
    struct row *copy = mem_alloc((rows->count + 1) * sizeof *copy);
    memcpy(copy, rows->items, rows->count * sizeof *copy);
    qsort(copy, rows->count, sizeof *copy, order_rows);
    return copy;
}

/* Rows of one key that remain on each side when equal ones are taken away become pairs, then
 * singles. */
static void expect(const struct rows sides[SIDES], bool multiset, uint64_t counts[3])
{
    struct row *s = sorted(&sides[SOURCE]), *t = sorted(&sides[TARGET]);
    size_t i = 0, j = 0;
    memset(counts, 0, 3 * sizeof *counts);
    while (i < sides[SOURCE].count || j < sides[TARGET].count) {
        int64_t key = i == sides[SOURCE].count   ? t[j].key
                      : j == sides[TARGET].count ? s[i].key
                      : s[i].key < t[j].key      ? s[i].key
                                                 : t[j].key;
        uint64_t missing = 0, extra = 0;
        for (;;) {
            bool source = i < sides[SOURCE].count && s[i].key == key;
            bool target = j < sides[TARGET].count && t[j].key == key;
            if (!source && !target)
                break;
            int order = !source ? 1 : !target ? -1 : strcmp(s[i].text, t[j].text);
            missing += order < 0;
            extra += order > 0;
            i += order <= 0;
            j += order >= 0;
        }
        uint64_t pairs = multiset ? 0 : missing < extra ? missing : extra;
        counts[FINDING_CHANGED] += pairs;
        counts[FINDING_MISSING] += missing - pairs;
        counts[FINDING_EXTRA] += extra - pairs;
    }
    free(s);
    free(t);
}

/* ---- Random tables
 * ------------------------------------------------------------------------------------- */

static uint64_t random_state;

static uint64_t random_number(uint64_t below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (random_state >> 33) % below;
}

static void set_text(struct row *row, uint64_t n)
{
    struct buffer text = BUFFER_INIT(64);
    buffer_printf(&text, "%llu", (unsigned long long)n);
    memcpy(row->text, text.data, text.length + 1);
    buffer_free(&text);
}

static struct rows random_rows(size_t count, bool repeated_keys)
{
    struct rows rows = {.count = count, .fail_at = SIZE_MAX};
    rows.items = mem_zero(count + 1, sizeof *rows.items);
    for (size_t i = 0; i < count; i++) {
        rows.items[i].key =
            repeated_keys ? (int64_t)random_number(count / 3 + 1) : (int64_t)i * 3 - 50;
        set_text(&rows.items[i], random_number(5));
    }
    return rows;
}

/* The same rows in another order, with some changed, lost and added. */
static struct rows damaged(const struct rows *from, uint64_t damage)
{
    struct rows rows = {.fail_at = SIZE_MAX};
    rows.items = mem_zero(2 * from->count + 8, sizeof *rows.items);
    for (size_t i = 0; i < from->count; i++) {
        struct row row = from->items[i];
        if (damage && random_number(100) < damage) {
            uint64_t sort = random_number(3);
            if (sort == 0)
                continue;
            if (sort == 1)
                set_text(&row, random_number(1000));
            if (sort == 2) {
                rows.items[rows.count] = row;
                rows.items[rows.count++].key += 1;
            }
        }
        rows.items[rows.count++] = row;
    }
    for (size_t i = rows.count; i-- > 1;) {
        size_t other = (size_t)random_number(i + 1);
        struct row swap = rows.items[i];
        rows.items[i] = rows.items[other];
        rows.items[other] = swap;
    }
    return rows;
}

static const struct setup setups[] = {
    {false, 1, 64, 1, 10, 1u << 30}, {false, 16, 4, 1, 10, 1u << 30},
    {false, 16, 8, 3, 10, 1u << 30}, {true, 1, 64, 2, 10, 1u << 30},
    {false, 1, 256, 2, 3, 4096}, /* a small disk: many passes */
    {true, 1, 64, 1, 0, 4096},
};

static void counts_are_those_of_sort_and_merge_whatever_the_rows(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        random_state = seed * 7919 + 1;
        const struct setup *setup = &setups[seed % (sizeof setups / sizeof *setups)];
        struct rows sides[SIDES];
        sides[SOURCE] = random_rows((size_t)random_number(400), seed % 5 == 0 || setup->multiset);
        sides[TARGET] = damaged(&sides[SOURCE], seed % 4 == 0 ? 0 : seed % 101);
        struct comparison comparison = {0};
        uint64_t expected[3];
        expect(sides, setup->multiset, expected);
        compare(setup, sides, &comparison);
        assert_false(comparison.failed);
        for (int kind = 0; kind < 3; kind++)
            assert_int_equal(comparison.result.counts[kind], expected[kind]);
        bool different = expected[0] + expected[1] + expected[2] > 0;
        assert_int_equal(comparison.drill->suspect_count > 0, different);
        comparison_free(&comparison);
        free(sides[SOURCE].items);
        free(sides[TARGET].items);
    }
}

static void a_failed_scan_is_a_failure_and_never_missing_rows(void **state)
{
    (void)state;
    static const enum err_code failures[] = {ERR_TABLE, ERR_LOST};
    for (size_t i = 0; i < 8; i++) {
        random_state = i + 1;
        struct rows sides[SIDES];
        sides[SOURCE] = random_rows(200, false);
        sides[TARGET] = damaged(&sides[SOURCE], 0);
        sides[i % 2].fail_at = i * 20;
        sides[i % 2].failure = failures[i / 2 % 2];
        struct comparison comparison = {0};
        compare(&setups[i % 3], sides, &comparison);
        assert_true(comparison.failed);
        assert_int_equal(comparison.failure, failures[i / 2 % 2]);
        assert_null(comparison.drill);
        comparison_free(&comparison);
        free(sides[SOURCE].items);
        free(sides[TARGET].items);
    }
}

static void rows_beyond_memory_go_to_disk_and_are_counted_exactly(void **state)
{
    (void)state;
    static const struct setup hashed = {false, 1, 1024, 1, 5, (uint64_t)1 << 30};
    struct rows sides[SIDES];
    random_state = 42;
    sides[SOURCE] = random_rows(300000, false);
    sides[TARGET] = damaged(&sides[SOURCE], 0);
    for (size_t i = 0; i < sides[TARGET].count; i++)
        set_text(&sides[TARGET].items[i], 1000 + random_number(9));
    struct comparison comparison = {0};
    compare(&hashed, sides, &comparison);
    assert_false(comparison.failed);
    assert_int_equal(comparison.result.counts[FINDING_CHANGED], 300000);
    assert_int_equal(comparison.result.counts[FINDING_MISSING], 0);
    assert_int_equal(comparison.result.counts[FINDING_EXTRA], 0);
    assert_int_equal(comparison.result.finding_count, 5);
    assert_string_equal(comparison.result.findings[0].values[0].text, "-50");
    assert_string_equal(comparison.result.findings[4].values[0].text, "-38");
    comparison_free(&comparison);
    free(sides[SOURCE].items);
    free(sides[TARGET].items);
}

static void shuffle(struct rows *rows)
{
    for (size_t i = rows->count; i-- > 1;) {
        size_t other = (size_t)random_number(i + 1);
        struct row swap = rows->items[i];
        rows->items[i] = rows->items[other];
        rows->items[other] = swap;
    }
}

static void add_findings(const struct result_table *result, struct buffer *told)
{
    for (size_t i = 0; i < result->finding_count; i++) {
        const struct finding *finding = &result->findings[i];
        buffer_printf(told, "%d", (int)finding->kind);
        for (size_t v = 0; v < finding->value_count; v++)
            buffer_printf(told, " %s", finding->values[v].text);
        for (size_t c = 0; c < finding->column_count; c++)
            buffer_printf(told, " %s %s", finding->columns[c].value[SOURCE].text,
                          finding->columns[c].value[TARGET].text);
        buffer_printf(told, " %llu %llu\n", (unsigned long long)finding->times[SOURCE],
                      (unsigned long long)finding->times[TARGET]);
    }
}

/* Causes, repair files and findings follow what is told: the same rows must give the same. */
static void what_is_told_does_not_depend_on_which_row_comes_first(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 120; seed++) {
        random_state = seed * 104729 + 1;
        const struct setup *setup = &setups[seed % (sizeof setups / sizeof *setups)];
        struct rows sides[SIDES];
        sides[SOURCE] = random_rows(300, seed % 3 != 0 || setup->multiset);
        sides[TARGET] = damaged(&sides[SOURCE], 1 + seed % 60);
        struct buffer told[2] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
        for (int i = 0; i < 2; i++) {
            struct comparison comparison = {.told = &told[i]};
            compare(setup, sides, &comparison);
            assert_false(comparison.failed);
            add_findings(&comparison.result, &told[i]);
            comparison_free(&comparison);
            shuffle(&sides[SOURCE]);
            shuffle(&sides[TARGET]);
        }
        assert_true(told[0].length > 0);
        assert_string_equal((const char *)told[0].data, (const char *)told[1].data);
        for (int i = 0; i < 2; i++)
            buffer_free(&told[i]);
        free(sides[SOURCE].items);
        free(sides[TARGET].items);
    }
}

static void of_two_sides_that_fail_the_same_is_named_whichever_answers_first(void **state)
{
    (void)state;
    static const struct {
        size_t fail_at[SIDES];
        enum side named;
    } cases[] = {
        {{0, 0}, SOURCE}, {{SIZE_MAX, 0}, TARGET}, {{0, SIZE_MAX}, SOURCE}, {{90, 0}, TARGET}};
    static const struct setup one_reader = {false, 1, 64, 1, 10, 1u << 30};
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        struct rows sides[SIDES];
        for (int side = 0; side < SIDES; side++) {
            sides[side] = random_rows(100, false);
            sides[side].fail_at = cases[i / 2].fail_at[side];
            sides[side].failure = ERR_TABLE;
            sides[side].slow = side == (int)(i % 2);
        }
        struct comparison comparison = {0};
        compare(&one_reader, sides, &comparison);
        assert_true(comparison.failed);
        assert_int_equal(comparison.failed_side, cases[i / 2].named);
        comparison_free(&comparison);
        for (int side = 0; side < SIDES; side++)
            free(sides[side].items);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_those_of_sort_and_merge_whatever_the_rows),
        cmocka_unit_test(a_failed_scan_is_a_failure_and_never_missing_rows),
        cmocka_unit_test(rows_beyond_memory_go_to_disk_and_are_counted_exactly),
        cmocka_unit_test(what_is_told_does_not_depend_on_which_row_comes_first),
        cmocka_unit_test(of_two_sides_that_fail_the_same_is_named_whichever_answers_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
