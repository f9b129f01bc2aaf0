/*
 * Plan and digest files, without a server: parts add up in any order, nothing is counted twice, and
 * a digest that lacks something, or is damaged, is never called equal.
 */
#include "../../verify/digest_run.h"

#include "../../diff/base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#define PIECES 6
#define ROWS 600 /* keys 0 … 599, 100 a piece */

static char folder[64];
static struct arena names; /* of the paths */

static char *at(const char *name)
{
    return arena_format(&names, "%s/%s", folder, name);
}

/* ---- A plan of one table: id, v; four ranges of id, two hash buckets each */

static bool fake_splits(struct connection *connection, const struct table *table, size_t wanted,
                        struct split **splits, size_t *count, struct err *err)
{
    (void)connection, (void)table, (void)wanted, (void)err;
    *count = PIECES;
    *splits = mem_zero(PIECES, sizeof **splits);
    for (size_t i = 0; i < PIECES; i++)
        (*splits)[i].range = (struct key_range){.has_low = i > 0,
                                                .has_high = i + 1 < PIECES,
                                                .low = (int64_t)i * 100,
                                                .high = (int64_t)(i + 1) * 100};
    return true;
}

static bool fake_begin(struct connection *const *connections, size_t count,
                       enum snapshot_state *state, struct buffer *note, struct err *err)
{
    (void)connections, (void)count, (void)note, (void)err;
    *state = SNAPSHOT_SHARED;
    return true;
}

static const struct engine fake = {.name = "fake", .splits = fake_splits, .begin = fake_begin};

static const struct type integer = {.class = TYPE_INT, .name = "int"};
static int64_t bounds[3] = {100, 250, 400};

static void make_plan(const char *path, bool lenient)
{
    struct table_part part = {.from = "t"};
    struct column columns[2] = {{.name = "id"}, {.name = "v"}};
    size_t key_columns[1] = {0};
    struct key key = {.name = "p", .primary = true, .column_count = 1, .columns = key_columns};
    struct table live = {.schema = "s", .name = "t", .label = "t", .column_count = 2};
    live.columns = columns;
    live.key_count = live.part_count = 1;
    live.keys = &key;
    live.parts = &part;
    struct plan_column pairs[2] = {{.key = true}, {.result = 1}};
    struct result_column named[2] = {{.name = {"id", "id"}}, {.name = {"v", "v"}}};
    for (size_t i = 0; i < 2; i++) {
        pairs[i].canon = (struct canon){.kind = KIND_NUMBER, .precision = -1};
        named[i].kind = "number";
        named[i].why = named[i].leniency = "";
        named[i].compared = true;
        for (int side = 0; side < SIDES; side++) {
            pairs[i].canon.class[side] = TYPE_INT;
            pairs[i].type[side] = &integer;
            pairs[i].select[side] = i ? "v" : "id";
        }
    }
    if (lenient) {
        pairs[1].canon.tolerance = TOLERANCE_ABS;
        pairs[1].canon.tolerance_amount = 1;
        pairs[1].canon.tolerance_exact = "1";
    }
    struct result_table told = {
        .name = {"t", "t"}, .column_count = 2, .columns = named, .key_count = 1, .key_why = "k"};
    struct plan_table table = {.table = {&live, &live}, .column_count = 2, .columns = pairs};
    table.key_count = 1;
    table.comparable = true;
    table.range_count = 4;
    table.hash_count = 2;
    table.bounds = bounds;
    table.result = &told;
    struct plan plan = {.table_count = 1, .tables = &table};
    struct verify_result result = {.table_count = 1, .tables = &told};
    struct plan_side side = {.engine = &fake};
    const struct plan_side sides[SIDES] = {side, side};
    struct err err = {0};
    if (!digest_write_plan(path, sides, &plan, &result, &err))
        fail_msg("%s", err.text);
}

/* ---- Digests of it */

static size_t range_of(int64_t key)
{
    return (size_t)(key >= 100) + (size_t)(key >= 250) + (size_t)(key >= 400);
}

/* Row `changed` (-1: none) has another value, row `lost` is not there. */
static void make_digest(const char *plan_path, const char *path, enum side side,
                        struct digest_part part, int64_t changed, int64_t lost)
{
    struct digest_file plan;
    struct digest_table table;
    struct arena arena = ARENA_INIT;
    struct item_side of = {0};
    struct digest_writer writer;
    struct err err = {0};
    bool ok = digest_file_open(plan_path, "plan", &plan, &err) &&
              digest_file_table(&plan, 0, &arena, &table, &err) &&
              digest_file_splits(&plan, 0, side, &table.plan, &of, &err) &&
              digest_writer_open(path, "digest", &writer, &err);
    if (!ok)
        fail_msg("%s", err.text);
    for (int64_t key = 0; key < ROWS; key++) {
        size_t piece = (size_t)key / 100;
        if (piece % part.of != part.part - 1)
            continue;
        of.split_done[piece] = 1;
        int64_t row[2] = {key, key == changed ? -1 : key * 7};
        if (key != lost)
            digest_add_row(of.digest, range_of(key) * 2 + (size_t)(key & 1),
                           hash_128(row, sizeof row), sizeof row);
    }
    struct digest_file head = {.side = side, .read_uri = "fake://", .snapshot = "shared"};
    struct text_list said = {0};
    head.part_count = 1;
    head.parts = &part;
    ok = digest_write_copy(&writer, &plan, &err) &&
         digest_write_reading(&writer, 0, &table.plan, &of, &err) &&
         digest_write_head(&writer, &head, &said, &err) && digest_writer_finish(&writer, &err);
    if (!ok)
        fail_msg("%s", err.text);
    digest_writer_close(&writer);
    layout_release_reading(&of);
    digest_file_close(&plan);
    arena_free(&arena);
}

/* The verdict, or -1 when refused. */
static int judge(const char *one, const char *other, struct verify_result *result)
{
    struct err err = {0};
    const char *const paths[2] = {one, other};
    bool ok = digest_compare(paths, result, &err);
    if (!ok)
        assert_int_equal(err.code, ERR_USAGE);
    return ok ? (int)result->verdict : -1;
}

static int verdict(const char *one, const char *other)
{
    struct verify_result result;
    int judged = judge(one, other, &result);
    verify_result_free(&result);
    return judged;
}

static bool merge(const char *one, const char *other, const char *into)
{
    struct err err = {0};
    const char *const paths[2] = {one, other};
    return digest_merge_files(paths, 2, into, &err);
}

static const struct digest_part whole = {1, 1};

/* ---- Tests */

static void equal_digests_are_equal_in_either_order(void **state)
{
    (void)state;
    char *plan = at("plan"), *source = at("source"), *target = at("target");
    make_plan(plan, false);
    make_digest(plan, source, SOURCE, whole, -1, -1);
    make_digest(plan, target, TARGET, whole, -1, -1);
    assert_int_equal(verdict(source, target), VERDICT_EQUAL);
    assert_int_equal(verdict(target, source), VERDICT_EQUAL);
    assert_int_equal(verdict(source, source), -1);
    assert_int_equal(verdict(source, plan), -1);
}

static void a_difference_names_its_range_and_a_leniency_leaves_it_open(void **state)
{
    (void)state;
    static const struct {
        int64_t changed, lost;
        bool lenient;
        int verdict;
        struct suspect_range range;
    } cases[] = {
        {0, -1, false, VERDICT_DIFFERENT, {false, true, 0, 99}},
        {100, -1, false, VERDICT_DIFFERENT, {true, true, 100, 249}},
        {-1, 399, false, VERDICT_DIFFERENT, {true, true, 250, 399}},
        {599, 401, false, VERDICT_DIFFERENT, {true, false, 400, 0}},
        {250, 249, false, VERDICT_DIFFERENT, {true, true, 100, 399}}, /* neighbours */
        {100, -1, true, VERDICT_INCONCLUSIVE, {true, true, 100, 249}},
        {-1, 399, true, VERDICT_DIFFERENT, {true, true, 250, 399}}, /* a row is missing anyway */
    };
    char *plan = at("plan"), *source = at("source"), *target = at("target");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make_plan(plan, cases[i].lenient);
        make_digest(plan, source, SOURCE, whole, -1, -1);
        make_digest(plan, target, TARGET, whole, cases[i].changed, cases[i].lost);
        struct verify_result result;
        assert_int_equal(judge(source, target, &result), cases[i].verdict);
        assert_int_equal(result.tables[0].suspect_count, 1);
        const struct suspect_range *range = &result.tables[0].suspects[0];
        assert_int_equal(range->has_low, cases[i].range.has_low);
        assert_int_equal(range->has_high, cases[i].range.has_high);
        assert_int_equal(range->low, cases[i].range.low);
        assert_int_equal(range->high, cases[i].range.high);
        assert_false(result.tables[0].drilled);
        verify_result_free(&result);
    }
}

static void parts_add_up_in_any_order_and_never_twice(void **state)
{
    (void)state;
    char *plan = at("plan"), *target = at("target"), *sum = at("sum"), *total = at("total");
    char *parts[3] = {at("1"), at("2"), at("3")};
    make_plan(plan, false);
    make_digest(plan, target, TARGET, whole, -1, -1);
    for (uint32_t i = 0; i < 3; i++)
        make_digest(plan, parts[i], SOURCE, (struct digest_part){i + 1, 3}, -1, -1);
    static const int orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {0, 2, 1}};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        const int *order = orders[i];
        assert_true(merge(parts[order[0]], parts[order[1]], sum));
        assert_int_equal(verdict(sum, target), VERDICT_INCONCLUSIVE);
        assert_false(merge(sum, parts[order[0]], total));
        assert_false(merge(parts[order[1]], sum, total));
        assert_true(access(total, F_OK) != 0);
        assert_true(i % 2 ? merge(sum, parts[order[2]], total)
                          : merge(parts[order[2]], sum, total));
        assert_int_equal(verdict(total, target), VERDICT_EQUAL);
        unlink(total);
    }
    assert_false(merge(parts[0], target, total)); /* two sides */
    make_digest(plan, sum, SOURCE, (struct digest_part){1, 2}, -1, -1);
    assert_false(merge(parts[0], sum, total)); /* piece 0 is in both */
}

static void digests_of_different_plans_are_refused(void **state)
{
    (void)state;
    char *plan = at("plan"), *source = at("source"), *target = at("target"), *sum = at("sum");
    make_plan(plan, false);
    make_digest(plan, source, SOURCE, (struct digest_part){1, 2}, -1, -1);
    make_plan(plan, false);
    make_digest(plan, target, TARGET, whole, -1, -1);
    assert_int_equal(verdict(source, target), -1);
    make_digest(plan, target, SOURCE, (struct digest_part){2, 2}, -1, -1);
    unlink(sum);
    assert_false(merge(source, target, sum));
    assert_true(access(sum, F_OK) != 0);
}

/* Not one byte of a file, changed or cut off, makes unequal digests equal. */
static void a_damaged_digest_is_never_equal(void **state)
{
    (void)state;
    char *plan = at("plan"), *source = at("source"), *target = at("target"), *bad = at("bad");
    make_plan(plan, false);
    make_digest(plan, source, SOURCE, whole, -1, -1);
    make_digest(plan, target, TARGET, whole, 300, -1);
    FILE *file = fopen(target, "rb");
    static unsigned char bytes[1 << 18];
    size_t length = fread(bytes, 1, sizeof bytes, file), refused = 0;
    fclose(file);
    assert_true(length > 4096 && length < sizeof bytes);
    for (size_t i = 0; i < length; i += 97) {
        bool cut = i % 2;
        bytes[i] ^= 0x41;
        file = fopen(bad, "wb");
        assert_int_equal(fwrite(bytes, 1, cut ? i : length, file), cut ? i : length);
        fclose(file);
        bytes[i] ^= 0x41;
        int judged = verdict(source, bad);
        assert_true(judged == -1 || judged == VERDICT_DIFFERENT);
        refused += judged == -1;
    }
    assert_true(refused > length / 97 / 2);
}

static void what_is_not_ours_is_not_overwritten(void **state)
{
    (void)state;
    char *plan = at("plan"), *text = at("text");
    FILE *file = fopen(text, "w");
    fputs("mine", file);
    fclose(file);
    make_plan(plan, false);
    struct digest_writer writer;
    struct err err = {0};
    assert_false(digest_writer_open(text, "digest", &writer, &err));
    assert_false(digest_writer_open(plan, "digest", &writer, &err));
    assert_true(digest_writer_open(plan, "plan", &writer, &err));
    digest_writer_close(&writer); /* and it is still there */
    struct digest_file again;
    assert_true(digest_file_open(plan, "plan", &again, &err));
    digest_file_close(&again);
}

static void parts_are_numbers_from_one(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",     "1",    "0/3",  "4/3",          "1/0",
                                        "-1/3", "1/3x", "x1/3", "1//3",         "1 /3",
                                        "+1/3", "1/",   "/3",   "1/99999999999"};
    struct digest_part part;
    struct err err;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(digest_parse_part(wrong[i], &part, &err));
    assert_true(digest_parse_part("3/8", &part, &err));
    assert_int_equal(part.part, 3);
    assert_int_equal(part.of, 8);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/tally-digest.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const made[] = {"plan", "source", "target", "sum", "total",
                                       "bad",  "text",   "1",      "2",   "3"};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        unlink(at(made[i]));
    arena_free(&names);
    return rmdir(folder); /* fails when something else was left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_digests_are_equal_in_either_order),
        cmocka_unit_test(a_difference_names_its_range_and_a_leniency_leaves_it_open),
        cmocka_unit_test(parts_add_up_in_any_order_and_never_twice),
        cmocka_unit_test(digests_of_different_plans_are_refused),
        cmocka_unit_test(a_damaged_digest_is_never_equal),
        cmocka_unit_test(what_is_not_ours_is_not_overwritten),
        cmocka_unit_test(parts_are_numbers_from_one),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
