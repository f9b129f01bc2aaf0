/*
 * Local times and instants. The expected values are PostgreSQL 15's `timestamp AT TIME ZONE name`,
 * with the tz database of 2025b.
 */
#include "../../diff/zone.h"

#include <inttypes.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../diff/value.h"

#define S INT64_C(1000000)

static const struct zone *zone(const char *name)
{
    const struct zone *found;
    struct err err;
    if (!zone_find(name, &found, &err))
        fail_msg("%s", err.text);
    return found;
}

static int64_t micro(int64_t year, unsigned month, unsigned day, int hour, int minute, int second)
{
    return (civil_to_days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second) * S;
}

struct clock {
    int64_t year;
    unsigned month, day;
    int hour, minute, second;
};

struct row {
    const char *zone;
    struct clock civil;
    int offset;       /* seconds east that PostgreSQL takes */
    int other_offset; /* of the other reading */
};

static const struct row rows[] = {
    /* Europe/Berlin: spring forward 2024-03-31 02:00, back 2024-10-27 03:00 */
    {"Europe/Berlin", {2024, 3, 31, 1, 59, 59}, 3600, 3600},
    {"Europe/Berlin", {2024, 3, 31, 2, 0, 0}, 3600, 3600},
    {"Europe/Berlin", {2024, 3, 31, 2, 59, 59}, 3600, 3600},
    {"Europe/Berlin", {2024, 3, 31, 3, 0, 0}, 7200, 7200},
    {"Europe/Berlin", {2024, 10, 27, 1, 59, 59}, 7200, 7200},
    {"Europe/Berlin", {2024, 10, 27, 2, 0, 0}, 3600, 7200},
    {"Europe/Berlin", {2024, 10, 27, 2, 59, 59}, 3600, 7200},
    {"Europe/Berlin", {2024, 10, 27, 3, 0, 0}, 3600, 3600},
    {"America/New_York", {2024, 3, 10, 2, 30, 0}, -18000, -18000},
    {"America/New_York", {2024, 3, 10, 3, 0, 0}, -14400, -14400},
    {"America/New_York", {2024, 11, 3, 0, 59, 59}, -14400, -14400},
    {"America/New_York", {2024, 11, 3, 1, 30, 0}, -18000, -14400},
    {"America/New_York", {2024, 11, 3, 2, 0, 0}, -18000, -18000},
    {"Asia/Kolkata", {2024, 7, 1, 12, 0, 0}, 19800, 19800},
    {"Asia/Kolkata", {1943, 1, 1, 0, 0, 0}, 23400, 23400},
    /* half an hour, the other way round in the year */
    {"Australia/Lord_Howe", {2024, 10, 6, 2, 15, 0}, 37800, 37800},
    {"Australia/Lord_Howe", {2024, 10, 6, 2, 30, 0}, 39600, 39600},
    {"Australia/Lord_Howe", {2024, 4, 7, 1, 29, 59}, 39600, 39600},
    {"Australia/Lord_Howe", {2024, 4, 7, 1, 45, 0}, 37800, 39600},
    {"Australia/Lord_Howe", {2024, 4, 7, 2, 0, 0}, 37800, 37800},
    /* local mean time, and years before any rule */
    {"Europe/Berlin", {1893, 3, 31, 0, 0, 0}, 3208, 3208},
    {"Europe/Berlin", {1, 1, 1, 0, 0, 0}, 3208, 3208},
    {"America/New_York", {1800, 1, 1, 0, 0, 0}, -17762, -17762},
    /* the rule for the future: GLib is an hour off in Dublin */
    {"Europe/Dublin", {2040, 7, 1, 12, 0, 0}, 3600, 3600},
    {"Europe/Dublin", {2040, 1, 1, 12, 0, 0}, 0, 0},
    {"Europe/Berlin", {2050, 10, 30, 2, 30, 0}, 3600, 7200},
    {"Europe/Berlin", {2350, 7, 1, 0, 0, 0}, 7200, 7200},
    {"Europe/Berlin", {2700, 7, 1, 0, 0, 0}, 7200, 7200},
    {"Europe/Berlin", {9999, 12, 31, 23, 59, 59}, 3600, 3600},
    {"Australia/Lord_Howe", {9999, 12, 31, 23, 59, 59}, 39600, 39600},
    {"Asia/Kolkata", {2100, 1, 1, 0, 0, 0}, 19800, 19800},
    /* Moscow gave up an hour of standard time in 2014; Samoa left out a day; Dublin's winter
       "saving" */
    {"Europe/Moscow", {2014, 10, 26, 1, 30, 0}, 10800, 14400},
    {"Pacific/Apia", {2011, 12, 30, 12, 0, 0}, -36000, -36000},
    {"Europe/Dublin", {2024, 10, 27, 1, 30, 0}, 0, 3600},
    {"UTC", {2024, 1, 1, 0, 0, 0}, 0, 0},
    {"+05:30", {2024, 1, 1, 0, 0, 0}, 19800, 19800},
    {"-0330", {2024, 1, 1, 0, 0, 0}, -12600, -12600},
    {"Etc/GMT+5", {2024, 1, 1, 0, 0, 0}, -18000, -18000},
};

static void local_times_mean_what_postgresql_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        const struct clock *c = &row->civil;
        int64_t civil = micro(c->year, c->month, c->day, c->hour, c->minute, c->second) + 123456,
                other;
        int64_t instant = zone_to_instant(zone(row->zone), civil, &other);
        if (civil - instant != row->offset * S || civil - other != row->other_offset * S)
            fail_msg("%s %" PRId64 "-%02u-%02u %02d:%02d:%02d: offsets %" PRId64 " and %" PRId64,
                     row->zone, c->year, c->month, c->day, c->hour, c->minute, c->second,
                     (civil - instant) / S, (civil - other) / S);
    }
}

static void the_other_instant_is_the_other_reading(void **state)
{
    (void)state;
    const struct zone *berlin = zone("Europe/Berlin");
    int64_t one = micro(2024, 10, 27, 0, 30, 0), two = micro(2024, 10, 27, 1, 30, 0);
    assert_int_equal(zone_other_instant(berlin, one), two);
    assert_int_equal(zone_other_instant(berlin, two), one);
    assert_int_equal(zone_other_instant(berlin, two + 3600 * S), two + 3600 * S);
    assert_int_equal(zone_other_instant(berlin, one - 3600 * S), one - 3600 * S);
    /* every hour of 2024 and of a year behind the horizon: an instant's civil time leads back to it
     */
    for (int64_t year = 2024; year < 7000; year += 4000) {
        for (int64_t at = micro(year, 1, 1, 0, 0, 0); at < micro(year + 1, 1, 1, 0, 0, 0);
             at += 900 * S) {
            int64_t twin = zone_other_instant(berlin, at);
            assert_int_equal(zone_other_instant(berlin, twin), at);
        }
    }
}

static void zones_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"",
                                        "Europe/Berlln",
                                        "europe/berlin",
                                        "/etc/passwd",
                                        "../passwd",
                                        "UTC+2",
                                        "right/Europe/Berlin",
                                        "Europe",
                                        "zone.tab",
                                        "zone1970.tab",
                                        "+24:00",
                                        "+2:00",
                                        "+02:60",
                                        "+",
                                        "+02:0x",
                                        "tzdata.zi",
                                        "+020000"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct zone *found;
        struct err err = {0};
        if (zone_find(names[i], &found, &err))
            fail_msg("\"%s\" was found", names[i]);
        assert_int_equal(err.code, ERR_USAGE);
        assert_true(strlen(err.text) > 10);
    }
}

static void fixed_zones_have_no_ambiguous_hour(void **state)
{
    (void)state;
    assert_true(zone_is_fixed(zone("UTC")));
    assert_true(zone_is_fixed(zone("+02:00")));
    assert_false(zone_is_fixed(zone("Europe/Berlin")));
    assert_string_equal(zone_name(zone("Europe/Berlin")), "Europe/Berlin");
    assert_ptr_equal(zone("Europe/Berlin"), zone("Europe/Berlin"));
}

static void asking_allocates_nothing(void **state)
{
    (void)state;
    const struct zone *berlin = zone("Europe/Berlin");
    int64_t other;
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < 1000; i++)
        zone_to_instant(berlin, micro(1900 + i, 7, 1, 0, 0, 0), &other);
    assert_int_equal(mallinfo2().uordblks, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(local_times_mean_what_postgresql_says),
        cmocka_unit_test(the_other_instant_is_the_other_reading),
        cmocka_unit_test(zones_that_do_not_exist_are_refused),
        cmocka_unit_test(fixed_zones_have_no_ambiguous_hour),
        cmocka_unit_test(asking_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
