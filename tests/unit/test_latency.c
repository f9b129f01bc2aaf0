/* How long answers took: quantiles within their error, intervals that hold what they promise. */
#include "../../replay/latency.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint64_t state = 1;

/* Between 0 and 1, never either. */
static double uniform(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return ((double)(state >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void)
{
    return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

static struct replay_latency only_row(const struct latency *latency, double slower,
                                      struct arena *arena)
{
    struct replay_latency *list;
    assert_int_equal(latency_list(latency, slower, arena, &list), 1);
    return list[0];
}

static void assert_near(double is, double wanted, double error)
{
    if (fabs(is - wanted) > error * wanted)
        fail_msg("%g is not %g", is, wanted);
}

static void quantiles_are_at_most_a_hundredth_off_over_all_magnitudes(void **unused)
{
    (void)unused;
    static const double scales[] = {1e-6, 3e-4, 0.02, 1, 300};
    for (size_t i = 0; i < COUNT(scales); i++) {
        struct arena arena = ARENA_INIT;
        struct latency *latency = latency_new();
        /* 1 to 10,000, in an order without a pattern: 7919 is a prime. */
        for (uint64_t n = 0; n < 10000; n++) {
            double k = (double)(n * 7919 % 10000 + 1) * scales[i];
            latency_add(latency, "GET /", (double[]){k, 2 * k}, n % 2 ? 3 * k : -1);
        }
        struct replay_latency row = only_row(latency, 0, &arena);
        assert_int_equal(row.count, 10000);
        assert_near(row.p50[SOURCE], 5000 * scales[i], LATENCY_ERROR);
        assert_near(row.p95[SOURCE], 9500 * scales[i], LATENCY_ERROR);
        assert_near(row.p99[SOURCE], 9900 * scales[i], LATENCY_ERROR);
        assert_near(row.p50[TARGET], 10000 * scales[i], LATENCY_ERROR);
        assert_near(row.p99[TARGET], 19800 * scales[i], LATENCY_ERROR);
        assert_near(row.logged_p95, 28500 * scales[i], 2 * LATENCY_ERROR);
        assert_near(row.ratio, 2, LATENCY_ERROR);
        assert_true(row.ratio_low <= 2 && row.ratio_high >= 2);
        arena_free(&arena);
        latency_free(latency);
    }
}

static void bounds_are_those_of_the_tables(void **unused)
{
    (void)unused;
    /* Le Boudec 2010, appendix A.1: confidence intervals of 95 % for medians. */
    static const struct {
        uint64_t n, low, high;
    } rows[] = {{6, 1, 6},   {7, 1, 7},    {8, 1, 8},    {9, 2, 8},   {10, 2, 9},
                {20, 6, 15}, {31, 10, 22}, {50, 18, 33}, {70, 27, 44}};
    uint64_t low, high;
    for (uint64_t n = 0; n < 6; n++)
        assert_false(latency_bounds(n, &low, &high));
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_true(latency_bounds(rows[i].n, &low, &high));
        if (low != rows[i].low || high != rows[i].high)
            fail_msg("%llu: %llu to %llu", (unsigned long long)rows[i].n, (unsigned long long)low,
                     (unsigned long long)high);
    }
    /* Where the approximation takes over there is no jump. */
    uint64_t low_after, high_after;
    assert_true(latency_bounds(1000, &low, &high));
    assert_true(latency_bounds(1001, &low_after, &high_after));
    assert_in_range(low_after, low, low + 1);
    assert_in_range(high_after, high, high + 2);
    assert_true(latency_bounds(UINT64_C(1) << 40, &low, &high));
    assert_true(low < high);
}

/* Ratios are log-normal around a known median, times have a long tail, as of real servers. */
static void the_interval_holds_the_true_ratio_at_least_as_often_as_it_says(void **unused)
{
    (void)unused;
    static const size_t sizes[] = {6, 20, 77, 400};
    enum { TRIALS = 2000 };
    for (size_t s = 0; s < COUNT(sizes); s++) {
        unsigned covered = 0;
        for (unsigned trial = 0; trial < TRIALS; trial++) {
            struct arena arena = ARENA_INIT;
            struct latency *latency = latency_new();
            for (size_t n = 0; n < sizes[s]; n++) {
                double source = 0.01 * exp(normal());
                latency_add(latency, "GET /",
                            (double[]){source, source * 1.37 * exp(0.8 * normal())}, -1);
            }
            struct replay_latency row = only_row(latency, 0, &arena);
            covered += row.ratio_low <= 1.37 && 1.37 <= row.ratio_high;
            arena_free(&arena);
            latency_free(latency);
        }
        /* 95 % less four standard deviations of 2,000 trials. */
        if (covered < TRIALS * 0.93)
            fail_msg("of %zu pairs: only %u of %u", sizes[s], covered, TRIALS);
    }
}

static void a_route_is_slower_only_when_that_is_sure(void **unused)
{
    (void)unused;
    static const struct {
        const char *name;
        size_t pairs;
        double ratio, spread, limit;
        bool slower;
    } cases[] = {
        {"three times as long", 100, 3, 0.1, 2, true},
        {"three times, and few pairs", LATENCY_ENOUGH - 1, 3, 0.1, 2, false},
        {"three times, and just enough pairs", LATENCY_ENOUGH, 3, 0.1, 2, true},
        {"as long", 1000, 1, 0.5, 2, false},
        {"twice as long: not surely more", 1000, 2, 0.1, 2, false},
        {"somewhat more than twice, from so much noise", 30, 2.1, 2, 2, false},
        {"three times, and nobody asked", 100, 3, 0.1, 0, false},
        {"faster", 100, 0.3, 0.1, 2, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena arena = ARENA_INIT;
        struct latency *latency = latency_new();
        for (size_t n = 0; n < cases[i].pairs; n++) {
            double source = 0.02 * exp(0.3 * normal());
            double target = source * cases[i].ratio * exp(cases[i].spread * normal());
            latency_add(latency, "GET /", (double[]){source, target}, -1);
        }
        if (only_row(latency, cases[i].limit, &arena).slower != cases[i].slower)
            fail_msg("%s", cases[i].name);
        arena_free(&arena);
        latency_free(latency);
    }
}

static void few_answers_that_waited_make_no_route_slower(void **unused)
{
    (void)unused;
    struct arena arena = ARENA_INIT;
    struct latency *latency = latency_new();
    for (unsigned n = 0; n < 200; n++)
        latency_add(latency, "GET /", (double[]){0.01, n % 4 ? 0.01 : 30}, -1);
    struct replay_latency row = only_row(latency, 1.5, &arena);
    assert_false(row.slower);
    assert_near(row.ratio, 1, LATENCY_ERROR);
    assert_near(row.p99[TARGET], 30, LATENCY_ERROR);
    arena_free(&arena);
    latency_free(latency);
}

static void of_one_side_alone_there_is_no_ratio(void **unused)
{
    (void)unused;
    struct arena arena = ARENA_INIT;
    struct latency *latency = latency_new();
    for (unsigned n = 0; n < 100; n++)
        latency_add(latency, "GET /", (double[]){0.01, -1}, 0.02);
    struct replay_latency row = only_row(latency, 2, &arena);
    assert_int_equal(row.count, 100);
    assert_int_equal(row.pair_count, 0);
    assert_near(row.p50[SOURCE], 0.01, LATENCY_ERROR);
    assert_near(row.logged_p99, 0.02, LATENCY_ERROR);
    assert_true(row.p50[TARGET] <= 0 && row.ratio <= 0 && row.ratio_high <= 0 && !row.slower);
    arena_free(&arena);
    latency_free(latency);
}

static void odd_times_do_no_harm(void **unused)
{
    (void)unused;
    static const double times[][SIDES] = {{0, 0},          {0, 1},        {1, 0},   {1e300, 1e-300},
                                          {1e-300, 1e300}, {INFINITY, 1}, {NAN, 1}, {1, NAN}};
    struct arena arena = ARENA_INIT;
    struct latency *latency = latency_new();
    for (size_t i = 0; i < COUNT(times); i++)
        latency_add(latency, "GET /", times[i], times[i][TARGET]);
    struct replay_latency row = only_row(latency, 2, &arena);
    assert_int_equal(row.count, COUNT(times));
    assert_true(isfinite(row.ratio) && isfinite(row.ratio_high) && isfinite(row.p99[TARGET]));
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    latency_save(latency, &bytes);
    struct bytes in = bytes_of(&bytes);
    struct latency *again = latency_load(&in);
    assert_non_null(again);
    latency_free(again);
    buffer_free(&bytes);
    arena_free(&arena);
    latency_free(latency);
}

static void the_sample_is_fair(void **unused)
{
    (void)unused;
    enum { PAIRS = 20000, ROUTES = 50 };
    unsigned late = 0, all = 0;
    struct arena arena = ARENA_INIT;
    struct latency *latency = latency_new();
    for (unsigned n = 0; n < PAIRS; n++)
        for (unsigned route = 0; route < ROUTES; route++) {
            char name[20];
            snprintf(name, sizeof name, "GET /%u", route);
            latency_add(latency, name, (double[]){n + 1, 1}, -1);
        }
    struct replay_latency *list;
    assert_int_equal(latency_list(latency, 0, &arena, &list), ROUTES);
    for (unsigned route = 0; route < ROUTES; route++) {
        assert_int_equal(list[route].pair_count, RESULT_PAIRS);
        for (size_t i = 0; i < RESULT_PAIRS; i++, all++)
            late += list[route].pairs[i][SOURCE] > PAIRS / 2.0;
    }
    /* Half of 10,000, give or take four standard deviations. */
    assert_in_range(late, all / 2 - 200, all / 2 + 200);
    arena_free(&arena);
    latency_free(latency);
}

static void routes_beyond_the_limit_share_a_row(void **unused)
{
    (void)unused;
    struct arena arena = ARENA_INIT;
    struct latency *latency = latency_new();
    for (unsigned n = 0; n < LATENCY_ROUTES + 500; n++) {
        char name[600];
        snprintf(name, sizeof name, "GET /%u/%0500d", n, 0);
        latency_add(latency, name, (double[]){1, 1}, -1);
    }
    struct replay_latency *list;
    assert_int_equal(latency_list(latency, 0, &arena, &list), LATENCY_ROUTES + 1);
    assert_string_equal(list[0].route, "other routes");
    assert_int_equal(list[0].count, 500);
    assert_true(strlen(list[1].route) < 310);
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    latency_save(latency, &bytes);
    struct bytes in = bytes_of(&bytes);
    struct latency *again = latency_load(&in);
    assert_non_null(again);
    latency_add(again, "GET /new", (double[]){1, 1}, -1);
    assert_int_equal(latency_list(again, 0, &arena, &list), LATENCY_ROUTES + 1);
    assert_int_equal(list[0].count, 501);
    latency_free(again);
    buffer_free(&bytes);
    arena_free(&arena);
    latency_free(latency);
}

static void add_some(struct latency *latency, unsigned from, unsigned to)
{
    for (unsigned n = from; n < to; n++) {
        char name[20];
        snprintf(name, sizeof name, "GET /%u", n % 7);
        double source = 0.001 * (n % 97 + 1), target = 0.0013 * (n % 89 + 1);
        latency_add(latency, name, (double[]){source, target}, n % 3 ? source * 2 : -1);
    }
}

static void it_goes_on_after_it_was_bytes_and_refuses_damaged_ones(void **unused)
{
    (void)unused;
    struct latency *whole = latency_new(), *half = latency_new();
    struct buffer one = BUFFER_INIT(BUFFER_NO_LIMIT), other = BUFFER_INIT(BUFFER_NO_LIMIT);
    add_some(whole, 0, 5000);
    add_some(half, 0, 2500);
    latency_save(half, &other);
    struct bytes in = bytes_of(&other);
    struct latency *rest = latency_load(&in);
    assert_non_null(rest);
    assert_true(bytes_at_end(&in));
    add_some(rest, 2500, 5000);
    buffer_clear(&other);
    latency_save(whole, &one);
    latency_save(rest, &other);
    assert_int_equal(one.length, other.length);
    assert_memory_equal(one.data, other.data, one.length);
    for (size_t length = 0; length < one.length; length += length < 400 ? 1 : 31) {
        struct bytes cut = {one.data, one.data + length, false};
        assert_null(latency_load(&cut));
    }
    latency_free(whole);
    latency_free(half);
    latency_free(rest);
    buffer_free(&one);
    buffer_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_at_most_a_hundredth_off_over_all_magnitudes),
        cmocka_unit_test(bounds_are_those_of_the_tables),
        cmocka_unit_test(the_interval_holds_the_true_ratio_at_least_as_often_as_it_says),
        cmocka_unit_test(a_route_is_slower_only_when_that_is_sure),
        cmocka_unit_test(few_answers_that_waited_make_no_route_slower),
        cmocka_unit_test(of_one_side_alone_there_is_no_ratio),
        cmocka_unit_test(odd_times_do_no_harm),
        cmocka_unit_test(the_sample_is_fair),
        cmocka_unit_test(routes_beyond_the_limit_share_a_row),
        cmocka_unit_test(it_goes_on_after_it_was_bytes_and_refuses_damaged_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
