/* Which requests may start: rules of overlap, and that random logs never come to a stop. */
#include "../../replay/order.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>

#include <cmocka.h>

#define MOST 400

struct asked {
    struct order_item item; /* first: items are cast back */
    unsigned session, tenant;
    bool writes, started, finished;
};

struct world {
    struct order order;
    struct order_gate sessions[40], tenants[8];
    struct asked asked[MOST];
    size_t count;
    bool scoped; /* else sessions alone */
};

static void add(struct world *world, unsigned session, unsigned tenant, bool writes)
{
    struct asked *asked = &world->asked[world->count++];
    *asked = (struct asked){.session = session, .tenant = tenant, .writes = writes};
    order_add(&world->order, &asked->item, world->count,
              (struct order_place[ORDER_GATES]){
                  {session ? &world->sessions[session] : NULL, true},
                  {world->scoped ? &world->tenants[tenant] : NULL, writes}});
}

static struct asked *start(struct world *world)
{
    struct asked *asked = (struct asked *)(void *)order_next(&world->order);
    if (asked)
        asked->started = true;
    return asked;
}

static void finish(struct world *world, struct asked *asked)
{
    asked->finished = true;
    order_finish(&world->order, &asked->item);
}

/* Starts all that may start, and says which: "1 3 4". */
static const char *start_all(struct world *world)
{
    static char text[200];
    text[0] = '\0';
    for (struct asked *asked; (asked = start(world));) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, used ? " %d" : "%d", (int)asked->item.number);
    }
    return text;
}

static struct world *make(bool scoped)
{
    struct world *world = calloc(1, sizeof *world);
    order_init(&world->order);
    world->scoped = scoped;
    return world;
}

static void drop(struct world *world)
{
    order_free(&world->order);
    free(world);
}

static void requests_of_one_session_never_overlap(void **state)
{
    (void)state;
    struct world *world = make(false);
    add(world, 1, 0, false);
    add(world, 1, 0, false);
    add(world, 2, 0, true);
    add(world, 2, 0, false);
    add(world, 0, 0, true); /* of no session */
    add(world, 0, 0, true);
    assert_string_equal(start_all(world), "1 3 5 6");
    finish(world, &world->asked[2]);
    assert_string_equal(start_all(world), "4");
    finish(world, &world->asked[0]);
    assert_string_equal(start_all(world), "2");
    drop(world);
}

static void reads_share_a_scope_and_a_write_waits_for_all_before_it(void **state)
{
    (void)state;
    struct world *world = make(true);
    add(world, 1, 0, false);
    add(world, 2, 0, false);
    add(world, 3, 0, true);
    add(world, 4, 0, false);
    add(world, 5, 0, false);
    add(world, 6, 0, true);
    add(world, 7, 1, true); /* another tenant's */
    assert_string_equal(start_all(world), "1 2 7");
    finish(world, &world->asked[1]);
    assert_string_equal(start_all(world), "");
    finish(world, &world->asked[0]);
    assert_string_equal(start_all(world), "3");
    finish(world, &world->asked[2]);
    assert_string_equal(start_all(world), "4 5");
    finish(world, &world->asked[4]);
    finish(world, &world->asked[3]);
    assert_string_equal(start_all(world), "6");
    finish(world, &world->asked[5]);
    add(world, 8, 0, false);
    assert_string_equal(start_all(world), "8");
    drop(world);
}

static void
a_read_that_comes_while_reads_are_under_way_joins_them_unless_a_write_waits(void **state)
{
    (void)state;
    struct world *world = make(true);
    add(world, 1, 0, false);
    assert_string_equal(start_all(world), "1");
    add(world, 2, 0, false);
    assert_string_equal(start_all(world), "2");
    add(world, 3, 0, true);
    add(world, 4, 0, false);
    assert_string_equal(start_all(world), "");
    finish(world, &world->asked[0]);
    finish(world, &world->asked[1]);
    assert_string_equal(start_all(world), "3");
    drop(world);
}

static void what_may_start_comes_in_the_order_of_the_log(void **state)
{
    (void)state;
    struct world *world = make(true);
    for (unsigned i = 0; i < 20; i++)
        add(world, 1 + i % 10, 0, false);
    assert_string_equal(start_all(world), "1 2 3 4 5 6 7 8 9 10");
    for (size_t i = 10; i-- > 0;)
        finish(world, &world->asked[i]);
    assert_string_equal(start_all(world), "11 12 13 14 15 16 17 18 19 20");
    drop(world);
}

/* What replay.h promises, of one that is started now. */
static void check_rules(const struct world *world, const struct asked *now)
{
    for (const struct asked *other = world->asked; other < world->asked + world->count; other++) {
        bool before = other < now, under_way = other->started && !other->finished;
        if (other == now)
            continue;
        bool same_session = now->session && other->session == now->session;
        bool same_scope = world->scoped && other->tenant == now->tenant;
        if ((same_session && before) || (same_scope && before && (now->writes || other->writes)))
            assert_true(other->finished);
        if (same_session || (same_scope && (now->writes || other->writes)))
            assert_false(under_way);
        if (same_session || (same_scope && now->writes && other->writes))
            assert_true(before || !other->started);
    }
}

static void random_logs_keep_the_rules_and_come_to_their_end(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 300; seed++) {
        srand(seed);
        struct world *world = make(seed % 3 != 0);
        struct asked *under_way[MOST];
        size_t total = 1 + (unsigned)rand() % MOST, busy = 0, finished = 0;
        unsigned sessions = 1 + (unsigned)rand() % 39, tenants = 1 + (unsigned)rand() % 8;
        unsigned writes = (unsigned)rand() % 100, most = 1 + (unsigned)rand() % 20;
        while (finished < total) {
            if (world->count < total && rand() % 3)
                add(world, (unsigned)rand() % (sessions + 1), (unsigned)rand() % tenants,
                    (unsigned)rand() % 100 < writes);
            struct asked *next = busy < most ? start(world) : NULL;
            if (next) {
                assert_false(next->finished);
                check_rules(world, next);
                under_way[busy++] = next;
            } else if (busy) {
                size_t which = (size_t)rand() % busy;
                finish(world, under_way[which]);
                under_way[which] = under_way[--busy];
                finished++;
            } else { /* nothing under way, nothing that may start: then nothing may be waiting */
                assert_int_equal(world->order.unfinished, 0);
            }
        }
        assert_null(order_peek(&world->order));
        drop(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_of_one_session_never_overlap),
        cmocka_unit_test(reads_share_a_scope_and_a_write_waits_for_all_before_it),
        cmocka_unit_test(
            a_read_that_comes_while_reads_are_under_way_joins_them_unless_a_write_waits),
        cmocka_unit_test(what_may_start_comes_in_the_order_of_the_log),
        cmocka_unit_test(random_logs_keep_the_rules_and_come_to_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
