/* See known.h. Most sessions have two or three: a list is enough. */
#include "known.h"

#include "../diff/base/bytes.h"
#include "../diff/base/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct known_one {
    char *value[SIDES]; /* NULL: none */
    size_t bytes;
    bool lasts;
};

struct known {
    pthread_mutex_t lock;
    size_t count, bytes;
    struct known_one *items; /* the oldest first */
};

struct known *known_new(void)
{
    struct known *known = mem_zero(1, sizeof *known);
    pthread_mutex_init(&known->lock, NULL);
    return known;
}

static void drop(struct known *known, size_t place)
{
    struct known_one *one = &known->items[place];
    known->bytes -= one->bytes;
    for (int side = 0; side < SIDES; side++)
        free(one->value[side]);
    known->count--;
    memmove(one, one + 1, (known->count - place) * sizeof *one);
}

void known_free(struct known *known)
{
    if (!known)
        return;
    while (known->count)
        drop(known, known->count - 1);
    free(known->items);
    pthread_mutex_destroy(&known->lock);
    free(known);
}

static size_t length_of(const char *value)
{
    return value ? strlen(value) : 0;
}

static bool same_value(const char *one, const char *other)
{
    return one == other || (one && other && strcmp(one, other) == 0);
}

/* The oldest of those that do not last, or of all. */
static size_t oldest(const struct known *known)
{
    size_t place = 0;
    while (place < known->count && known->items[place].lasts)
        place++;
    return place < known->count ? place : 0;
}

static void add(struct known *known, const char *const value[SIDES], bool lasts)
{
    struct known_one one = {.bytes = length_of(value[SOURCE]) + length_of(value[TARGET]),
                            .lasts = lasts};
    for (size_t i = 0; i < known->count; i++)
        if (same_value(known->items[i].value[SOURCE], value[SOURCE]) &&
            same_value(known->items[i].value[TARGET], value[TARGET])) {
            struct known_one again = known->items[i];
            again.lasts |= lasts;
            memmove(&known->items[i], &known->items[i + 1], (known->count - i - 1) * sizeof again);
            known->items[known->count - 1] = again;
            return;
        }
    while (known->count && (known->count == KNOWN_MOST || known->bytes + one.bytes > KNOWN_BYTES))
        drop(known, oldest(known));
    if ((known->count & (known->count - 1)) == 0) /* room is a power of two */
        known->items =
            mem_resize(known->items, known->count ? 2 * known->count : 1, sizeof *known->items);
    for (int side = 0; side < SIDES; side++)
        one.value[side] = value[side] ? mem_copy_string(value[side]) : NULL;
    known->items[known->count++] = one;
    known->bytes += one.bytes;
}

void known_add(struct known *known, const char *const value[SIDES], bool lasts)
{
    for (int side = 0; side < SIDES; side++)
        if (length_of(value[side]) > KNOWN_VALUE_MOST)
            return;
    if (!length_of(value[SOURCE]) && !length_of(value[TARGET]))
        return;
    pthread_mutex_lock(&known->lock);
    add(known, value, lasts);
    pthread_mutex_unlock(&known->lock);
}

void known_each(struct known *known, void (*take)(void *context, const char *const value[SIDES]),
                void *context)
{
    pthread_mutex_lock(&known->lock);
    for (size_t i = 0; i < known->count; i++)
        take(context, (const char *const *)known->items[i].value);
    pthread_mutex_unlock(&known->lock);
}

struct known *known_copy(struct known *known)
{
    struct known *copy = known_new();
    pthread_mutex_lock(&known->lock);
    for (size_t i = 0; i < known->count; i++)
        add(copy, (const char *const *)known->items[i].value, known->items[i].lasts);
    pthread_mutex_unlock(&known->lock);
    return copy;
}

/* ---- as bytes ---- */

void known_save(struct known *known, struct buffer *out)
{
    pthread_mutex_lock(&known->lock);
    bytes_put_size(out, known->count);
    for (size_t i = 0; i < known->count; i++) {
        buffer_add_byte(out, known->items[i].lasts);
        for (int side = 0; side < SIDES; side++)
            bytes_put_text(out, known->items[i].value[side]);
    }
    pthread_mutex_unlock(&known->lock);
}

bool known_load(const void *bytes, size_t length, struct known *known, struct err *err)
{
    struct bytes in = {bytes, (const unsigned char *)bytes + length, false};
    struct arena arena = ARENA_INIT;
    for (size_t count = bytes_count(&in, 9); count && !in.failed; count--) {
        const char *value[SIDES];
        bool lasts = bytes_bool(&in);
        for (int side = 0; side < SIDES; side++)
            value[side] = bytes_text(&in, &arena);
        if (!in.failed)
            known_add(known, value, lasts);
    }
    arena_free(&arena);
    return bytes_at_end(&in) ||
           err_set(err, ERR_USAGE, "what was saved of a session's secrets is damaged.");
}
