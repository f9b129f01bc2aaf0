/*
 * Which request may start. Input: requests in the log's order, each with the gates it has to pass.
 * Output: those that may start now, the lowest number first. Pure; knows nothing of sending, of
 * time or of what a tenant is.
 *
 * A gate is a queue. Who passes alone waits for everyone before him; who shares waits for those
 * before him that pass alone. A session is a gate at which everyone is alone. A scope (a tenant, or
 * the whole log) is a gate at which requests that only read share, so that a write sees all that
 * came before it finished, and a read all writes. As everyone queues at all his gates at the same
 * moment, in the log's order, the lowest number that is not finished can always start: nothing can
 * wait for itself.
 *
 *     order_add(&order, &item, 17, (struct order_place[]){{&session, true}, {&tenant, writes}}, 2)
 *     while ((item = order_next(&order))) … start it …
 *     order_finish(&order, item)          may let others start
 */
#ifndef TALLY_REPLAY_ORDER_H
#define TALLY_REPLAY_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORDER_GATES 2 /* that one item passes, at most */

struct order_item;

/* Zero-initialise; must live as long as items wait at it or are under way. */
struct order_gate {
    struct order_item *first, *last; /* not finished yet, in order */
};

/* Part of the caller's own struct; every field is order.c's. */
struct order_item {
    uint64_t number;
    unsigned closed; /* gates that it waits for */
    struct order_stand {
        struct order_gate *gate; /* NULL: none */
        struct order_item *previous, *next;
        bool alone, open;
    } at[ORDER_GATES];
};

/* What order_add() is told: a gate (NULL: none) and whether the item passes it alone. */
struct order_place {
    struct order_gate *gate;
    bool alone;
};

struct order {
    struct order_item **ready; /* a heap by number */
    size_t ready_count, room;
    size_t unfinished;
};

void order_init(struct order *order);
void order_free(struct order *order); /* items are the caller's */

/* places: ORDER_GATES of them; a gate has the same place in the list for every item. Numbers only
 * ever rise. */
void order_add(struct order *order, struct order_item *item, uint64_t number,
               const struct order_place *places);
/* The next that may start, without starting it; NULL: none. */
struct order_item *order_peek(const struct order *order);
/* Takes it. */
struct order_item *order_next(struct order *order);
/* An item that order_next() gave. */
void order_finish(struct order *order, struct order_item *item);

#endif
