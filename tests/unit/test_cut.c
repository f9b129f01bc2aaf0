/* Cutting keys: the bounds ascend, and no range holds much more than its share, however sparse the
 * keys. */
#include "../../verify/cut.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#define MOST 1024

struct keys {
    size_t count;
    const int64_t *values; /* ascending */
    int lookups;
};

static bool find(void *context, int64_t middle, struct cut_gap *gap, struct err *err)
{
    struct keys *keys = context;
    (void)err;
    *gap = (struct cut_gap){0};
    keys->lookups++;
    for (size_t i = 0; i < keys->count; i++) {
        if (keys->values[i] < middle) {
            gap->has_below = true;
            gap->below = keys->values[i];
        } else if (!gap->has_above) {
            gap->has_above = true;
            gap->above = keys->values[i];
        }
    }
    return true;
}

/* Returns the number of keys in the fullest range. */
static size_t fullest(const struct keys *keys, const int64_t *bounds, size_t count)
{
    size_t most = 0, place = 0;
    for (size_t range = 0; range <= count; range++) {
        size_t rows = 0;
        while (place < keys->count && (range == count || keys->values[place] < bounds[range])) {
            place++;
            rows++;
        }
        most = rows > most ? rows : most;
    }
    assert_int_equal(place, keys->count);
    return most;
}

static void check(const int64_t *values, size_t count, size_t wanted, size_t most_rows)
{
    struct keys keys = {count, values, 0};
    int64_t bounds[MOST];
    size_t bound_count;
    struct err err;
    assert_true(
        cut_key(values[0], values[count - 1], wanted, find, &keys, bounds, &bound_count, &err));
    assert_true(bound_count < wanted);
    assert_true(keys.lookups <= CUT_LOOKUPS);
    for (size_t i = 1; i < bound_count; i++)
        assert_true(bounds[i] > bounds[i - 1]);
    assert_true(fullest(&keys, bounds, bound_count) <= most_rows);
}

static void dense_keys_are_cut_evenly(void **state)
{
    (void)state;
    int64_t values[10000];
    for (int i = 0; i < 10000; i++)
        values[i] = i + 1;
    check(values, 10000, 10, 2500);
    check(values, 10000, 1000, 40);
    check(values, 10000, 2, 5000);
}

static void gaps_do_not_share_a_range_with_everything(void **state)
{
    (void)state;
    int64_t values[10001];
    for (int i = 0; i < 10000; i++)
        values[i] = i + 1;
    values[10000] = (int64_t)1 << 62;
    check(values, 10001, 256, 400);
    for (int i = 0; i < 10000; i++)
        values[i] = i < 5000 ? INT64_MIN + i : INT64_MAX - 10001 + i;
    values[10000] = INT64_MAX;
    check(values, 10001, 256, 400);
}

static void a_few_values_make_a_few_ranges(void **state)
{
    (void)state;
    static const int64_t two[] = {INT64_MIN, INT64_MAX};
    static const int64_t near[] = {1, 2, 3};
    check(two, 2, 16, 1);
    check(near, 3, 16, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dense_keys_are_cut_evenly),
        cmocka_unit_test(gaps_do_not_share_a_range_with_everything),
        cmocka_unit_test(a_few_values_make_a_few_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
