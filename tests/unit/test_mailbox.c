/* Queues between threads: nothing is lost, order is kept, what is urgent comes first. */
#include "../../replay/mailbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

static void messages_come_in_order_and_urgent_ones_first(void **state)
{
    (void)state;
    struct mailbox box;
    struct message messages[6];
    mailbox_init(&box);
    assert_null(mailbox_take(&box, 0));
    for (int i = 0; i < 6; i++) {
        messages[i].kind = i;
        assert_int_equal(mailbox_put(&box, &messages[i], i % 2 != 0), i == 0);
    }
    static const int order[] = {1, 3, 5, 0, 2, 4};
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(mailbox_take(&box, 0)->kind, order[i]);
    assert_null(mailbox_take(&box, 0));
    assert_true(mailbox_put(&box, &messages[0], true)); /* empty again: its taker is woken */
    assert_non_null(mailbox_take(&box, 0));
    mailbox_free(&box);
}

static void an_empty_box_is_waited_for_no_longer_than_said(void **state)
{
    (void)state;
    struct mailbox box;
    struct timespec before, after;
    mailbox_init(&box);
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_null(mailbox_take(&box, 0.05));
    clock_gettime(CLOCK_MONOTONIC, &after);
    double seconds =
        (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
    assert_true(seconds >= 0.04 && seconds < 60);
    mailbox_free(&box);
}

enum { PUTTERS = 3, EACH = 20000 };

struct putter {
    struct mailbox *box;
    struct message messages[EACH];
    pthread_t thread;
};
static struct putter putters[PUTTERS];

static void *put(void *argument)
{
    struct putter *putter = argument;
    for (int i = 0; i < EACH; i++) {
        putter->messages[i].kind = (int)(putter - putters) * EACH + i;
        mailbox_put(putter->box, &putter->messages[i], false);
    }
    return NULL;
}

static void nothing_of_several_threads_is_lost_and_each_ones_order_is_kept(void **state)
{
    (void)state;
    struct mailbox box;
    int next[PUTTERS] = {0};
    mailbox_init(&box);
    for (int i = 0; i < PUTTERS; i++) {
        putters[i].box = &box;
        assert_int_equal(pthread_create(&putters[i].thread, NULL, put, &putters[i]), 0);
    }
    for (int taken = 0; taken < PUTTERS * EACH; taken++) {
        const struct message *message = mailbox_take(&box, 20);
        assert_non_null(message);
        assert_int_equal(message->kind % EACH, next[message->kind / EACH]++);
    }
    assert_null(mailbox_take(&box, 0));
    for (int i = 0; i < PUTTERS; i++)
        pthread_join(putters[i].thread, NULL);
    mailbox_free(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_come_in_order_and_urgent_ones_first),
        cmocka_unit_test(an_empty_box_is_waited_for_no_longer_than_said),
        cmocka_unit_test(nothing_of_several_threads_is_lost_and_each_ones_order_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
