/*
 * Counts by name: routes, tenants, methods. Holds at most `most` names, so that a hostile log
 * cannot eat memory; what comes after them is counted under "(other)".
 */
#ifndef TALLY_REPLAY_COUNTER_H
#define TALLY_REPLAY_COUNTER_H

#include "../diff/base/memory.h"
#include "slice.h"

#include <stdint.h>

struct counter_entry {
    const char *name; /* in the counter's arena; may hold any bytes but NUL */
    uint64_t hash;
    uint64_t count, left_out;
    int64_t busy; /* microseconds */
};

struct counter {
    size_t most, count, room;
    struct counter_entry *entries; /* entry 0 is "(other)" */
    uint32_t *slots;               /* index + 1; 0: free */
    size_t slot_room;              /* a power of two */
    struct arena arena;
};

void counter_init(struct counter *counter, size_t most);
void counter_free(struct counter *counter);

/* The name's entry, valid until the next call; a new one has zeros. */
struct counter_entry *counter_at(struct counter *counter, struct slice name);

/* Most counted first, then by name; "(other)" last. Afterwards nothing can be looked up. */
void counter_sort(struct counter *counter);

#endif
