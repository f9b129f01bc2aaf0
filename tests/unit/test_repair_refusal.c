/* Which mended rows a unique key would refuse (repair_refusal.h), held against a table that refuses
 * them. */
#include "../../verify/repair_refusal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEYS 2
#define MOST 12
#define NONE (-1)

/* STEPPED: its keys' values are NULL before any UPDATE, which then sets them. */
enum act { INSERTED, DELETED, REPLACED, UPDATED, STEPPED };

/* A mended row: what it does, to which row of the table, and the values that it then has; NONE:
 * NULL. */
struct mended {
    enum act act;
    int row;
    int value[KEYS];
};

struct world {
    size_t row_count, mended_count;
    int rows[MOST][KEYS]; /* unique in each key, but for NONE */
    struct mended mended[MOST];
};

static struct hash128 value_hash(size_t key, int value)
{
    const int parts[] = {(int)key, value};
    return hash_128(parts, sizeof parts);
}

static struct hash128 row_hash(int row)
{
    return hash_128(&row, sizeof row);
}

static bool claims(const struct world *world, const struct mended *mended, size_t key)
{
    bool has = mended->act == INSERTED ||
               (mended->act != DELETED && mended->value[key] != world->rows[mended->row][key]);
    return has && mended->value[key] != NONE;
}

static void resolve(const struct world *world, struct refusals *all)
{
    for (size_t i = 0; i < world->mended_count; i++)
        for (size_t k = 0; k < KEYS; k++)
            if (claims(world, &world->mended[i], k))
                assert_true(refusals_add_claim(
                    all, &(struct claim){.value = value_hash(k, world->mended[i].value[k]),
                                         .number = i,
                                         .key = (uint32_t)k,
                                         .late = world->mended[i].act >= UPDATED}));
    for (size_t twice = 0; twice < 2; twice++)
        for (size_t r = 0; r < world->row_count; r++)
            for (size_t k = 0; k < KEYS; k++)
                if (world->rows[r][k] != NONE)
                    assert_true(refusals_add_holder(
                        all, &(struct holder){.value = value_hash(k, world->rows[r][k]),
                                              .row = row_hash((int)r),
                                              .key = (uint32_t)k}));
    refusals_sort(all);
    for (size_t i = 0; i < world->mended_count; i++) {
        const struct mended *mended = &world->mended[i];
        struct hash128 row = row_hash(mended->row);
        uint64_t keys = mended->act == DELETED ? UINT64_MAX : 0;
        for (size_t k = 0; k < KEYS && mended->act > DELETED; k++)
            if (mended->value[k] != world->rows[mended->row][k])
                keys |= UINT64_C(1) << k;
        if (mended->act != INSERTED)
            refusals_free_row(all, &row, keys, i, mended->act == UPDATED);
    }
    refusals_resolve(all);
}

/* ---- A table with unique keys -----------------------------------------------------------------
 */

struct table {
    size_t count;
    bool there[2 * MOST];
    int value[2 * MOST][KEYS];
};

static bool is_taken(const struct table *table, size_t but, const int value[KEYS])
{
    for (size_t r = 0; r < table->count; r++)
        for (size_t k = 0; k < KEYS; k++)
            if (r != but && table->there[r] && value[k] != NONE && table->value[r][k] == value[k])
                return true;
    return false;
}

/* Runs the file without the rows that `out` names. False: the table refuses a statement. */
static bool run_file(const struct world *world, const bool *out)
{
    struct table table = {.count = world->row_count};
    for (size_t r = 0; r < world->row_count; r++) {
        table.there[r] = true;
        memcpy(table.value[r], world->rows[r], sizeof world->rows[r]);
    }
    for (size_t i = 0; i < world->mended_count; i++)
        if (!out[i] && (world->mended[i].act == DELETED || world->mended[i].act == REPLACED))
            table.there[world->mended[i].row] = false;
    for (size_t i = 0; i < world->mended_count; i++)
        for (size_t k = 0; k < KEYS && !out[i] && world->mended[i].act == STEPPED; k++)
            if (world->mended[i].value[k] != world->rows[world->mended[i].row][k])
                table.value[world->mended[i].row][k] = NONE;
    for (size_t i = 0; i < world->mended_count; i++) {
        const struct mended *mended = &world->mended[i];
        if (out[i] || mended->act < UPDATED)
            continue;
        if (is_taken(&table, (size_t)mended->row, mended->value))
            return false;
        memcpy(table.value[mended->row], mended->value, sizeof mended->value);
    }
    for (size_t i = 0; i < world->mended_count; i++) {
        const struct mended *mended = &world->mended[i];
        if (out[i] || (mended->act != INSERTED && mended->act != REPLACED))
            continue;
        if (is_taken(&table, SIZE_MAX, mended->value))
            return false;
        table.there[table.count] = true;
        memcpy(table.value[table.count++], mended->value, sizeof mended->value);
    }
    return true;
}

static void print_world(const struct world *world, const bool *out)
{
    static const char *const acts[] = {"insert", "delete", "replace", "update", "step aside"};
    for (size_t r = 0; r < world->row_count; r++)
        print_message("row %zu: %d %d\n", r, world->rows[r][0], world->rows[r][1]);
    for (size_t i = 0; i < world->mended_count; i++)
        print_message("%zu: %s %d: %d %d%s\n", i, acts[world->mended[i].act], world->mended[i].row,
                      world->mended[i].value[0], world->mended[i].value[1],
                      out[i] ? " (left out)" : "");
}

/* ---- Tests ------------------------------------------------------------------------------------
 */

static void who_is_left_out_follows_from_who_stays(void **state)
{
    static const struct row {
        const char *name;
        struct world world;
        const char *out; /* x: left out, of each mended row */
    } rows[] = {
        {"nobody claims the same",
         {1, 2, {{1, 1}}, {{INSERTED, 0, {2, 2}}, {INSERTED, 0, {3, 3}}}},
         ".."},
        {"a row that stays has it", {1, 1, {{1, 1}}, {{INSERTED, 0, {1, 2}}}}, "x"},
        {"the row that has it is deleted",
         {1, 2, {{1, 1}}, {{INSERTED, 0, {1, 2}}, {DELETED, 0, {0}}}},
         ".."},
        {"two claim one value: the first has it",
         {0, 2, {{0}}, {{INSERTED, 0, {1, 1}}, {INSERTED, 0, {1, 2}}}},
         ".x"},
        {"NULLs collide with nothing",
         {1, 2, {{NONE, 1}}, {{INSERTED, 0, {NONE, 2}}, {INSERTED, 0, {NONE, 3}}}},
         ".."},
        {"two replaced rows exchange theirs",
         {2, 2, {{1, 1}, {2, 2}}, {{REPLACED, 0, {2, 1}}, {REPLACED, 1, {1, 2}}}},
         ".."},
        {"two updated rows cannot",
         {2, 2, {{1, 1}, {2, 2}}, {{UPDATED, 0, {2, 1}}, {UPDATED, 1, {1, 2}}}},
         "xx"},
        {"an update after the one that makes room",
         {2, 2, {{1, 1}, {2, 2}}, {{UPDATED, 0, {3, 1}}, {UPDATED, 1, {1, 2}}}},
         ".."},
        {"an update before it",
         {2, 2, {{1, 1}, {2, 2}}, {{UPDATED, 0, {2, 1}}, {UPDATED, 1, {3, 2}}}},
         "x."},
        {"one that stepped aside before it",
         {2, 2, {{1, 1}, {2, 2}}, {{STEPPED, 0, {2, 1}}, {UPDATED, 1, {3, 2}}}},
         "x."},
        {"two that step aside exchange theirs",
         {2, 2, {{1, 1}, {2, 2}}, {{STEPPED, 0, {2, 1}}, {STEPPED, 1, {1, 2}}}},
         ".."},
        {"one that is left out keeps what others want",
         {4,
          3,
          {{1, 1}, {2, 2}, {3, 3}, {4, 4}},
          {{REPLACED, 0, {2, 1}}, {REPLACED, 1, {3, 2}}, {REPLACED, 2, {4, 3}}}},
         "xxx"},
        {"in another key, too",
         {2, 2, {{1, 1}, {2, 2}}, {{REPLACED, 0, {2, 9}}, {INSERTED, 0, {5, 1}}}},
         "xx"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct refusals all = {0};
        bool out[MOST];
        resolve(&rows[i].world, &all);
        for (size_t m = 0; m < rows[i].world.mended_count; m++) {
            out[m] = refusals_has(&all, m);
            if (out[m] != (rows[i].out[m] == 'x'))
                fail_msg("%s: row %zu is%s left out", rows[i].name, m, out[m] ? "" : " not");
        }
        assert_true(run_file(&rows[i].world, out));
        refusals_free(&all);
    }
}

static void of_several_equal_rows_none_can_be_written(void **state)
{
    struct refusals all = {0};
    (void)state;
    assert_true(refusals_add_claim(&all, &(struct claim){.value = value_hash(0, 1), .many = true}));
    refusals_sort(&all);
    refusals_resolve(&all);
    assert_true(refusals_has(&all, 0));
    assert_int_equal(refusals_find(&all, 0)->why, REFUSED_BY_ITSELF);
    assert_null(refusals_find(&all, 1));
    refusals_free(&all);
}

static int below(unsigned *seed, int end)
{
    *seed = *seed * 1103515245u + 12345u;
    return (int)(*seed >> 16) % end;
}

/* Rows whose values are unlike, and mended rows that want the same few. */
static void make_world(struct world *world, unsigned seed)
{
    *world = (struct world){.row_count = (size_t)below(&seed, 7)};
    bool mended[MOST] = {false};
    for (size_t r = 0; r < world->row_count; r++)
        for (size_t k = 0; k < KEYS; k++)
            world->rows[r][k] = below(&seed, 6) ? (int)((r * 5 + k) % 7) : NONE;
    size_t wanted = (size_t)below(&seed, 8);
    for (size_t i = 0; i < wanted; i++) {
        struct mended one = {.act = (enum act)below(&seed, 5)};
        for (size_t k = 0; k < KEYS; k++)
            one.value[k] = below(&seed, 9) - 1;
        one.row = world->row_count ? below(&seed, (int)world->row_count) : 0;
        if (one.act != INSERTED && (!world->row_count || mended[one.row]))
            continue;
        if (one.act != INSERTED)
            mended[one.row] = true;
        for (size_t k = 0; k < KEYS && one.act > DELETED; k++)
            if (below(&seed, 2))
                one.value[k] = world->rows[one.row][k];
        world->mended[world->mended_count++] = one;
    }
}

/* And none is left out that could be mended beside the others. */
static void no_file_is_refused_and_no_row_is_left_out_for_nothing(void **state)
{
    (void)state;
    size_t refused = 0;
    for (unsigned seed = 1; seed <= 200000; seed++) {
        struct world world;
        struct refusals all = {0};
        bool out[MOST] = {false};
        make_world(&world, seed);
        resolve(&world, &all);
        for (size_t i = 0; i < world.mended_count; i++)
            out[i] = refusals_has(&all, i);
        if (!run_file(&world, out)) {
            print_world(&world, out);
            fail_msg("seed %u: the file is refused", seed);
        }
        for (size_t i = 0; i < world.mended_count; i++) {
            if (!out[i])
                continue;
            refused++;
            out[i] = false;
            if (run_file(&world, out)) {
                print_world(&world, out);
                fail_msg("seed %u: row %zu is left out for nothing", seed, i);
            }
            out[i] = true;
        }
        refusals_free(&all);
    }
    assert_true(refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_left_out_follows_from_who_stays),
        cmocka_unit_test(of_several_equal_rows_none_can_be_written),
        cmocka_unit_test(no_file_is_refused_and_no_row_is_left_out_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
