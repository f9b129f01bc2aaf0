/*
 * Identities of differences: what is the same difference and what is another one, lists that are
 * compared as multisets and survive a ledger, and the bound: beyond it a table is given up whole,
 * and says so.
 */
#include "../../verify/differences.h"

#include "../../diff/base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static struct result_column result_columns[] = {{.name = {"id", "id"}}, {.name = {"v", "w"}}};
static struct result_table result_table = {.columns = result_columns, .column_count = 2};
static struct plan_column plan_columns[] = {{.result = 0}, {.result = 1}};
static const struct plan_table keyed = {
    .column_count = 2, .columns = plan_columns, .key_count = 1, .result = &result_table};
static const struct plan_table bag = {.column_count = 2,
                                      .columns = plan_columns,
                                      .key_count = 2,
                                      .multiset = true,
                                      .result = &result_table};

/* A row of two numbers. */
struct row {
    struct buffer bytes;
    struct value values[2];
};

static void make_row(struct row *row, int64_t key, int64_t v)
{
    buffer_init(&row->bytes, BUFFER_NO_LIMIT);
    value_add_fixed(&row->bytes, VALUE_INT, key);
    value_add_fixed(&row->bytes, VALUE_INT, v);
    const unsigned char *place = row->bytes.data, *end = place + row->bytes.length;
    assert_true(value_read(&place, end, &row->values[0]));
    assert_true(value_read(&place, end, &row->values[1]));
}

struct case_of {
    enum finding_kind kind;
    int64_t key, source, target;
    bool multiset;
};

static struct hash128 identity(const struct case_of *of)
{
    struct row rows[SIDES];
    struct buffer scratch = BUFFER_INIT(BUFFER_NO_LIMIT);
    static const size_t differ[] = {1};
    make_row(&rows[SOURCE], of->key, of->source);
    make_row(&rows[TARGET], of->key, of->target);
    const struct value *const values[SIDES] = {of->kind != FINDING_EXTRA ? rows[0].values : NULL,
                                               of->kind != FINDING_MISSING ? rows[1].values : NULL};
    struct hash128 hash = differences_identity(of->multiset ? &bag : &keyed, of->kind, values,
                                               differ, of->kind == FINDING_CHANGED, &scratch);
    for (int side = 0; side < SIDES; side++)
        buffer_free(&rows[side].bytes);
    buffer_free(&scratch);
    return hash;
}

static bool same(struct hash128 one, struct hash128 other)
{
    return one.low == other.low && one.high == other.high;
}

static void a_difference_is_its_kind_key_and_differing_values(void **unused)
{
    (void)unused;
    static const struct {
        struct case_of one, other;
        bool same;
    } cases[] = {
        {{FINDING_CHANGED, 1, 2, 3, false}, {FINDING_CHANGED, 1, 2, 3, false}, true},
        {{FINDING_CHANGED, 1, 2, 3, false}, {FINDING_CHANGED, 1, 3, 2, false}, false},
        {{FINDING_CHANGED, 1, 2, 3, false}, {FINDING_CHANGED, 1, 2, 4, false}, false},
        {{FINDING_CHANGED, 1, 2, 3, false}, {FINDING_CHANGED, 2, 2, 3, false}, false},
        {{FINDING_MISSING, 1, 2, 0, false}, {FINDING_EXTRA, 1, 0, 2, false}, false},
        /* A row that is still missing is, whatever else it holds by now. */
        {{FINDING_MISSING, 1, 2, 0, false}, {FINDING_MISSING, 1, 3, 0, false}, true},
        {{FINDING_MISSING, 1, 2, 0, true}, {FINDING_MISSING, 1, 3, 0, true}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (same(identity(&cases[i].one), identity(&cases[i].other)) != cases[i].same)
            fail_msg("case %zu", i);
}

/* Tells a table of `count` missing rows with keys from `first`, each `times`. */
static void tell(struct differences *differences, size_t table, int64_t first, int64_t count,
                 uint64_t times)
{
    struct drill_watcher watcher = differences_watcher(differences, table, &keyed);
    for (int64_t i = 0; i < count; i++) {
        struct row row;
        make_row(&row, first + (i * 7919) % count, 0); /* in no order */
        watcher.differs(watcher.context, FINDING_MISSING,
                        (const struct value *const[]){row.values, NULL}, NULL, 0, times);
        buffer_free(&row.bytes);
    }
    differences_settle(differences, table);
}

static void assert_change(struct differences_change change, uint64_t fresh, uint64_t persisting,
                          uint64_t gone)
{
    assert_int_equal(change.fresh, fresh);
    assert_int_equal(change.persisting, persisting);
    assert_int_equal(change.gone, gone);
}

static void lists_are_compared_as_multisets(void **unused)
{
    (void)unused;
    struct differences *then = differences_new(1, 1000), *now = differences_new(3, 1000);
    tell(then, 0, 0, 100, 1);
    tell(now, 0, 50, 100, 1);
    tell(now, 1, 0, 100, 3);
    tell(now, 2, 0, 0, 1);
    assert_change(differences_compare(now, 0, then, 0), 50, 50, 50);
    assert_change(differences_compare(now, 1, then, 0), 200, 100, 0);
    assert_change(differences_compare(now, 2, then, 0), 0, 0, 100);
    const struct case_of of = {FINDING_MISSING, 49, 0, 0, false};
    assert_true(differences_has(then, 0, identity(&of)));
    assert_false(differences_has(now, 0, identity(&of)));
    differences_free(then);
    differences_free(now);
}

static void beyond_the_bound_the_largest_table_is_given_up_whole(void **unused)
{
    (void)unused;
    struct differences *differences = differences_new(4, 100);
    tell(differences, 0, 0, 20, 1);
    tell(differences, 1, 0, 70, 1);
    tell(differences, 2, 0, 30, 1);
    assert_int_equal(differences_state(differences, 0), DIFFERENCES_KEPT);
    assert_int_equal(differences_state(differences, 1), DIFFERENCES_TOO_MANY);
    assert_int_equal(differences_state(differences, 2), DIFFERENCES_KEPT);
    assert_int_equal(differences_state(differences, 3), DIFFERENCES_UNKNOWN);
    tell(differences, 3, 0, 5, UINT64_MAX / 8); /* copies that nobody could list */
    assert_int_equal(differences_state(differences, 3), DIFFERENCES_TOO_MANY);
    assert_int_equal(differences_state(differences, 0), DIFFERENCES_KEPT);
    differences_free(differences);
}

static char folder[] = "/tmp/tally-test-XXXXXX";

static int make_folder(void **unused)
{
    (void)unused;
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **unused)
{
    (void)unused;
    return rmdir(folder);
}

static void lists_come_back_from_a_ledger_and_damage_is_refused(void **unused)
{
    (void)unused;
    struct ledger *ledger;
    struct err err = {0};
    char path[64];
    snprintf(path, sizeof path, "%s/ledger", folder);
    struct differences *differences = differences_new(3, DIFFERENCES_MOST), *again;
    tell(differences, 0, 0, 70000, 1); /* two records */
    tell(differences, 1, 0, 0, 1);
    assert_true(ledger_create(path, "verify", &ledger, &err));
    assert_true(differences_put(differences, ledger, &err));
    assert_true(differences_get(ledger, 3, &again, &err));
    assert_change(differences_compare(again, 0, differences, 0), 0, 70000, 0);
    assert_int_equal(differences_state(again, 1), DIFFERENCES_KEPT);
    assert_int_equal(differences_state(again, 2), DIFFERENCES_UNKNOWN);
    differences_free(again);
    assert_false(differences_get(ledger, 0, &again, &err)); /* of another result */
    assert_null(again);
    assert_int_equal(err.code, ERR_USAGE);
    assert_true(ledger_remove(ledger, "difference", 0, 2, &err)); /* a part is missing */
    assert_false(differences_get(ledger, 3, &again, &err));
    static const unsigned char unsorted[32] = {[0] = 1};
    assert_true(ledger_put(ledger, "difference", 0, 1, unsorted, sizeof unsorted, &err));
    assert_false(differences_get(ledger, 3, &again, &err));
    assert_true(differences_drop(ledger, &err));
    assert_true(differences_get(ledger, 3, &again, &err));
    assert_int_equal(differences_state(again, 0), DIFFERENCES_UNKNOWN);
    differences_free(again);
    differences_free(differences);
    ledger_close(ledger);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_difference_is_its_kind_key_and_differing_values),
        cmocka_unit_test(lists_are_compared_as_multisets),
        cmocka_unit_test(beyond_the_bound_the_largest_table_is_given_up_whole),
        cmocka_unit_test(lists_come_back_from_a_ledger_and_damage_is_refused),
    };
    return cmocka_run_group_tests_name("differences", tests, make_folder, drop_folder);
}
