/* Lanes: one for each session as long as its requests come, with jars and cookies of their own. */
#include "../../replay/lane.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct jar_home homes[] = {
    {"http://10.0.0.1:8080", NULL, "www.prod.example"},
    {"http://10.0.0.1:8080", "two.example", "www.prod.example"},
    {"http://10.0.0.2", NULL, NULL},
};

struct world {
    struct token_shared *shared;
    struct lane_table *table;
};

static struct world make(void)
{
    struct world world = {.shared = token_shared_new(NULL)};
    world.table = lane_table_new(world.shared, NULL);
    return world;
}

static void drop(struct world *world)
{
    lane_table_free(world->table);
    token_shared_free(world->shared);
}

static void assert_sends(struct jar *jar, const char *expected)
{
    struct buffer text = BUFFER_INIT(1 << 16);
    jar_write(jar, slice_of("/"), &text);
    assert_string_equal((const char *)text.data, expected);
    buffer_free(&text);
}

static void a_lane_lives_until_its_session_is_over_and_its_requests_are_done(void **state)
{
    (void)state;
    struct world world = make();
    struct lane *lane = lane_enter(world.table, 7);
    assert_ptr_equal(lane_enter(world.table, 7), lane);
    assert_false(lane_leave(world.table, lane));
    assert_false(lane_leave(world.table, lane)); /* more of it may come */
    assert_ptr_equal(lane_find(world.table, 7), lane);
    assert_ptr_equal(lane_enter(world.table, 7), lane);
    assert_false(lane_retire(world.table, 7));
    assert_true(lane_leave(world.table, lane));
    assert_null(lane_find(world.table, 7));
    assert_true(lane_retire(world.table, 7));
    lane = lane_enter(world.table, 8);
    assert_false(lane_leave(world.table, lane));
    assert_true(lane_retire(world.table, 8));
    assert_int_equal(lane_count(world.table), 0);
    drop(&world);
}

static void requests_of_no_session_have_a_lane_each(void **state)
{
    (void)state;
    struct world world = make();
    struct lane *lanes[100];
    for (size_t i = 0; i < 100; i++)
        lanes[i] = lane_enter(world.table, 0);
    assert_ptr_not_equal(lanes[0], lanes[1]);
    for (size_t i = 0; i < 99; i++) /* from both ends and the middle */
        assert_true(lane_leave(world.table, lanes[i * 37 % 100]));
    assert_int_equal(lane_count(world.table), 1);
    drop(&world); /* the last one with it */
}

static void thousands_of_lanes_are_all_found_again(void **state)
{
    (void)state;
    struct world world = make();
    for (uint64_t i = 1; i <= 5000; i++)
        assert_int_equal(lane_enter(world.table, i * 3)->session, i * 3);
    for (uint64_t i = 1; i <= 5000; i++) {
        struct lane *lane = lane_find(world.table, i * 3);
        assert_non_null(lane);
        assert_int_equal(lane->session, i * 3);
        if (i % 2) {
            assert_false(lane_leave(world.table, lane));
            assert_true(lane_retire(world.table, i * 3));
        }
    }
    assert_int_equal(lane_count(world.table), 2500);
    assert_null(lane_find(world.table, 3));
    assert_null(lane_find(world.table, 4));
    drop(&world);
}

static void each_side_and_each_site_has_a_jar_of_its_own(void **state)
{
    (void)state;
    struct world world = make();
    struct lane *lane = lane_enter(world.table, 1);
    struct jar *source = lane_jar(lane, PARTY_SOURCE, "a", &homes[0]);
    struct jar *target = lane_jar(lane, PARTY_TARGET, "a", &homes[0]);
    const struct jar_home same = homes[0];
    assert_ptr_not_equal(source, target);
    assert_ptr_equal(lane_jar(lane, PARTY_SOURCE, "b", &same), source);
    assert_ptr_not_equal(lane_jar(lane, PARTY_SOURCE, "b", &homes[1]), source);
    assert_ptr_not_equal(lane_jar(lane, PARTY_SOURCE, NULL, &homes[2]), source);
    drop(&world);
}

static void seed(struct jar *jar, const char *cookies, const char *session, bool all)
{
    struct buffer seeds = BUFFER_INIT(BUFFER_NO_LIMIT);
    lane_seeds(cookies, session, all, &seeds);
    jar_seed(jar, (struct slice){seeds.data, seeds.length});
    buffer_free(&seeds);
}

static void cookies_that_only_a_side_can_give_are_not_sent_as_logged(void **state)
{
    (void)state;
    static const char logged[] = "PHPSESSID=3kq9v2c8h1r7; opcode=seeblick; hotel_user=42; "
                                 "csrf=a; lang=de; remember=9f86d081884c7d659a2feaa0c55ad015; odd";
    struct world world = make();
    struct lane *lane = lane_enter(world.table, 1);
    struct jar *plain = lane_jar(lane, PARTY_SOURCE, NULL, &homes[0]);
    seed(plain, logged, "$cookie_hotel_user/$remote_addr", false);
    assert_sends(plain, "opcode=seeblick; lang=de");
    struct jar *all = lane_jar(lane, PARTY_TARGET, NULL, &homes[2]);
    seed(all, logged, NULL, true);
    assert_sends(all, "PHPSESSID=3kq9v2c8h1r7; opcode=seeblick; hotel_user=42; csrf=a; lang=de; "
                      "remember=9f86d081884c7d659a2feaa0c55ad015");
    seed(all, NULL, NULL, true);
    drop(&world);
}

static const struct jar_home *find(void *context, enum lane_party party, const char *tenant)
{
    (void)context;
    assert_int_not_equal(party, PARTY_COPY);
    return tenant && strcmp(tenant, "gone") == 0 ? NULL : &homes[party];
}

static void a_lane_comes_back_as_it_was(void **state)
{
    (void)state;
    struct world world = make();
    struct lane *lane = lane_enter(world.table, 1), *again = lane_enter(world.table, 2);
    (void)jar_take(lane_jar(lane, PARTY_SOURCE, "a", &homes[0]), slice_of("/"), slice_of("x=1"));
    (void)jar_take(lane_jar(lane, PARTY_TARGET, "a", &homes[1]), slice_of("/"), slice_of("x=2"));
    (void)jar_take(lane_jar(lane, PARTY_SOURCE, "gone", &homes[2]), slice_of("/"), slice_of("x=3"));
    lane->merged = 4711;
    struct buffer bytes = BUFFER_INIT(1 << 20);
    struct err err = {0};
    lane_save(lane, &bytes);
    assert_true(lane_load(again, bytes.data, bytes.length, find, NULL, &err));
    assert_int_equal(again->merged, 4711);
    assert_sends(lane_jar(again, PARTY_SOURCE, "a", &homes[0]), "x=1");
    assert_sends(lane_jar(again, PARTY_TARGET, "a", &homes[1]), "x=2");
    for (size_t cut = 0; cut < bytes.length; cut++)
        assert_false(lane_load(lane_enter(world.table, 0), bytes.data, cut, find, NULL, &err));
    buffer_free(&bytes);
    drop(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lane_lives_until_its_session_is_over_and_its_requests_are_done),
        cmocka_unit_test(requests_of_no_session_have_a_lane_each),
        cmocka_unit_test(thousands_of_lanes_are_all_found_again),
        cmocka_unit_test(each_side_and_each_site_has_a_jar_of_its_own),
        cmocka_unit_test(cookies_that_only_a_side_can_give_are_not_sent_as_logged),
        cmocka_unit_test(a_lane_comes_back_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
