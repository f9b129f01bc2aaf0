/* When requests are due, and how far behind they were started. */
#include "../../replay/pace.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>

#include <cmocka.h>

static const struct speed {
    const char *text;
    double speed; /* 0: refused */
} speeds[] = {{"10x", 10},   {"1x", 1},  {"0.5x", 0.5}, {"2.25x", 2.25}, {"100", 100},
              {".5x", 0.5},  {"", 0},    {"x", 0},      {"0x", 0},       {"-1x", 0},
              {"10xx", 0},   {"inf", 0}, {"1e3x", 0},   {"0x10", 0},     {" 10x", 0},
              {"1.2.3x", 0}, {".x", 0},  {"10 x", 0},   {"0.0001x", 0},  {"10000000x", 0},
              {"1,5x", 0}};

static void a_speed_is_a_multiple_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++) {
        struct pace pace;
        struct err err = {0};
        bool good = pace_init(&pace, speeds[i].text, &err);
        assert_int_equal(good, speeds[i].speed > 0);
        if (good)
            assert_float_equal(pace.speed, speeds[i].speed, 1e-9);
        else
            assert_int_equal(err.code, ERR_USAGE);
    }
}

static void requests_are_due_as_the_log_says_but_faster(void **state)
{
    (void)state;
    struct pace pace;
    struct err err = {0};
    assert_true(pace_init(&pace, "10x", &err));
    const int64_t first = INT64_C(1700000000000000);
    assert_float_equal(pace_due(&pace, first, 50), 50, 1e-9);
    assert_float_equal(pace_due(&pace, first + 20000000, 50.1), 52, 1e-6);
    assert_float_equal(pace_due(&pace, 0, 51), 51, 1e-9); /* of no known time */
    pace_started(&pace, first, 50);
    assert_float_equal(pace.behind, 0, 1e-9);
    pace_started(&pace, first + 20000000, 52.75);
    assert_float_equal(pace.behind, 0.75, 1e-6);
    pace_started(&pace, first + 30000000, 53.1);
    assert_float_equal(pace.behind, 0.75, 1e-6);
}

static void without_a_speed_everything_is_due_now_and_nothing_is_behind(void **state)
{
    (void)state;
    struct pace pace;
    struct err err = {0};
    assert_true(pace_init(&pace, NULL, &err));
    assert_float_equal(pace_due(&pace, 1, 7), 7, 1e-9);
    assert_float_equal(pace_due(&pace, INT64_MAX, 8), 8, 1e-9);
    pace_started(&pace, 1, 1000);
    assert_float_equal(pace.behind, 0, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_speed_is_a_multiple_and_nothing_else),
        cmocka_unit_test(requests_are_due_as_the_log_says_but_faster),
        cmocka_unit_test(without_a_speed_everything_is_due_now_and_nothing_is_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
