#include "counter.h"

#include "../diff/base/hash.h"

#include <stdlib.h>

static const char other[] = "(other)";

void counter_init(struct counter *counter, size_t most)
{
    memset(counter, 0, sizeof *counter);
    counter->most = most;
    counter->room = 64;
    counter->entries = mem_zero(counter->room, sizeof *counter->entries);
    counter->entries[0].name = other;
    counter->count = 1;
    counter->slot_room = 256;
    counter->slots = mem_zero(counter->slot_room, sizeof *counter->slots);
}

void counter_free(struct counter *counter)
{
    free(counter->entries);
    free(counter->slots);
    arena_free(&counter->arena);
    memset(counter, 0, sizeof *counter);
}

static uint32_t *find_slot(const struct counter *counter, uint32_t *slots, size_t room,
                           uint64_t hash, struct slice name)
{
    size_t at = (size_t)hash & (room - 1);
    for (; slots[at]; at = (at + 1) & (room - 1)) {
        const struct counter_entry *entry = &counter->entries[slots[at] - 1];
        if (entry->hash == hash && slice_is(name, entry->name))
            break;
    }
    return &slots[at];
}

static void grow(struct counter *counter)
{
    if (counter->count == counter->room) {
        counter->room *= 2;
        counter->entries = mem_resize(counter->entries, counter->room, sizeof *counter->entries);
    }
    if (counter->count * 2 < counter->slot_room)
        return;
    size_t room = counter->slot_room * 2;
    uint32_t *slots = mem_zero(room, sizeof *slots);
    for (size_t i = 1; i < counter->count; i++)
        *find_slot(counter, slots, room, counter->entries[i].hash,
                   slice_of(counter->entries[i].name)) = (uint32_t)i + 1;
    free(counter->slots);
    counter->slots = slots;
    counter->slot_room = room;
}

struct counter_entry *counter_at(struct counter *counter, struct slice name)
{
    const unsigned char *nul = name.length ? memchr(name.at, '\0', name.length) : NULL;
    if (nul) /* names are C strings */
        name.length = (size_t)(nul - name.at);
    uint64_t hash = hash_64(name.at, name.length);
    uint32_t *slot = find_slot(counter, counter->slots, counter->slot_room, hash, name);
    if (*slot)
        return &counter->entries[*slot - 1];
    if (counter->count > counter->most)
        return &counter->entries[0];
    grow(counter);
    slot = find_slot(counter, counter->slots, counter->slot_room, hash, name);
    counter->entries[counter->count] = (struct counter_entry){
        .name = arena_copy_bytes(&counter->arena, name.at, name.length), .hash = hash};
    *slot = (uint32_t)++counter->count;
    return &counter->entries[counter->count - 1];
}

static int compare(const void *a, const void *b)
{
    const struct counter_entry *one = a, *two = b;
    if ((one->name == other) != (two->name == other))
        return one->name == other ? 1 : -1;
    if (one->count != two->count)
        return one->count > two->count ? -1 : 1;
    return strcmp(one->name, two->name);
}

void counter_sort(struct counter *counter)
{
    qsort(counter->entries, counter->count, sizeof *counter->entries, compare);
}
