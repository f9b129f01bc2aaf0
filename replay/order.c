/* See order.h. */
#include "order.h"

#include "../diff/base/memory.h"

#include <assert.h>
#include <stdlib.h>

void order_init(struct order *order)
{
    *order = (struct order){0};
}

void order_free(struct order *order)
{
    free(order->ready);
    *order = (struct order){0};
}

static void push(struct order *order, struct order_item *item)
{
    if (order->ready_count == order->room) {
        order->room = order->room ? 2 * order->room : 64;
        order->ready = mem_resize(order->ready, order->room, sizeof(struct order_item *));
    }
    size_t at = order->ready_count++;
    while (at && order->ready[(at - 1) / 2]->number > item->number) {
        order->ready[at] = order->ready[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    order->ready[at] = item;
}

static void open_gate(struct order *order, struct order_item *item, size_t gate)
{
    item->at[gate].open = true;
    if (--item->closed == 0)
        push(order, item);
}

void order_add(struct order *order, struct order_item *item, uint64_t number,
               const struct order_place *places)
{
    *item =
        (struct order_item){.number = number, .closed = 1}; /* 1: not before all are looked at */
    order->unfinished++;
    for (size_t i = 0; i < ORDER_GATES; i++) {
        struct order_gate *gate = places[i].gate;
        if (!gate)
            continue;
        struct order_item *last = gate->last;
        assert(!last || last->number < number);
        item->at[i] =
            (struct order_stand){.gate = gate, .previous = last, .alone = places[i].alone};
        if (last)
            last->at[i].next = item;
        else
            gate->first = item;
        gate->last = item;
        item->at[i].open = !last || (!places[i].alone && last->at[i].open && !last->at[i].alone);
        item->closed += !item->at[i].open;
    }
    if (--item->closed == 0)
        push(order, item);
}

struct order_item *order_peek(const struct order *order)
{
    return order->ready_count ? order->ready[0] : NULL;
}

struct order_item *order_next(struct order *order)
{
    if (!order->ready_count)
        return NULL;
    struct order_item *item = order->ready[0], *moved = order->ready[--order->ready_count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < order->ready_count &&
            order->ready[child + 1]->number < order->ready[child]->number)
            child++;
        if (child >= order->ready_count || order->ready[child]->number > moved->number)
            break;
        order->ready[at] = order->ready[child];
        at = child;
    }
    if (order->ready_count)
        order->ready[at] = moved;
    return item;
}

/* Lets the first in, and with him, if he shares, those behind him who do. Whoever shares with one
 * that is in already was let in when he came. */
static void let_in(struct order *order, struct order_gate *gate, size_t place)
{
    struct order_item *item = gate->first;
    if (!item || item->at[place].open)
        return;
    bool alone = item->at[place].alone;
    do {
        struct order_item *next = item->at[place].next;
        open_gate(order, item, place);
        item = next;
    } while (!alone && item && !item->at[place].alone);
}

void order_finish(struct order *order, struct order_item *item)
{
    assert(item->closed == 0);
    for (size_t i = 0; i < ORDER_GATES; i++) {
        struct order_stand *stand = &item->at[i];
        if (!stand->gate)
            continue;
        if (stand->previous)
            stand->previous->at[i].next = stand->next;
        else
            stand->gate->first = stand->next;
        if (stand->next)
            stand->next->at[i].previous = stand->previous;
        else
            stand->gate->last = stand->previous;
        let_in(order, stand->gate, i);
    }
    order->unfinished--;
}
