/*
 * Allocation that cannot fail half-way: when the system has no memory, the program says so and
 * exits with 70, because nothing sensible can be reported without memory. Sizes that an input
 * controls must be bounded by the caller (buffer.h has a maximum for that).
 */
#ifndef TALLY_BASE_MEMORY_H
#define TALLY_BASE_MEMORY_H

#include <stddef.h>

void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));
void *mem_zero(size_t count, size_t size) __attribute__((malloc, returns_nonnull)); /* calloc */
/* A new block of count × size bytes with the old content; multiplication is checked. */
void *mem_resize(void *block, size_t count, size_t size) __attribute__((returns_nonnull));
char *mem_copy_string(const char *text) __attribute__((malloc, returns_nonnull));
char *mem_copy_bytes(const void *bytes, size_t length)
    __attribute__((malloc, returns_nonnull)); /* + '\0' */
char *mem_format(const char *format, ...) __attribute__((format(printf, 1, 2), returns_nonnull));

/*
 * An arena: everything that lives as long as one schema or one plan is allocated here and dropped
 * whole. Never NULL; zero-initialise with ARENA_INIT; arena_free() makes it empty again.
 */
struct arena {
    struct arena_block *blocks;
};
#define ARENA_INIT                                                                                 \
    {                                                                                              \
        0                                                                                          \
    }

void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull)); /* zeroed */
char *arena_copy(struct arena *arena, const char *text) __attribute__((returns_nonnull));
char *arena_copy_bytes(struct arena *arena, const void *bytes, size_t length)
    __attribute__((returns_nonnull));
char *arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));
void arena_free(struct arena *arena);

#endif
