/*
 * Allocation that ends the program when it fails, and arenas. Knows nothing of what is stored.
 */
#include "memory.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Not exit(): other threads are running, and what exit handlers do may need memory. */
static _Noreturn void exhausted(void)
{
    static const char sentence[] = "tally: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, sentence, sizeof sentence - 1);
    (void)ignored;
    _exit(70);
}

void *mem_alloc(size_t size)
{
    void *block = malloc(size ? size : 1);
    if (!block)
        exhausted();
    return block;
}

void *mem_zero(size_t count, size_t size)
{
    if (!count || !size)
        count = size = 1;
    void *block = calloc(count, size);
    if (!block)
        exhausted();
    return block;
}

void *mem_resize(void *block, size_t count, size_t size)
{
    if (!count || !size)
        count = size = 1;
    void *resized = reallocarray(block, count, size);
    if (!resized)
        exhausted();
    return resized;
}

char *mem_copy_bytes(const void *bytes, size_t length)
{
    if (length == SIZE_MAX)
        exhausted();
    char *copy = mem_alloc(length + 1);
    if (length)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

char *mem_copy_string(const char *text)
{
    return mem_copy_bytes(text, strlen(text));
}

char *mem_format(const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        exhausted();
    return text;
}

struct arena_block {
    struct arena_block *next;
    size_t used, size; /* of data, in bytes */
    alignas(max_align_t) unsigned char data[];
};

/* Bytes: a request of a replay needs the first block, a schema of a hundred tables some ten more.
 */
enum { ARENA_FIRST = 2 << 10, ARENA_BLOCK = 16 << 10 };

static struct arena_block *new_block(size_t size)
{
    if (size > SIZE_MAX - sizeof(struct arena_block))
        exhausted();
    struct arena_block *block = mem_alloc(sizeof *block + size);
    *block = (struct arena_block){.size = size};
    return block;
}

/* As it comes: to zero a block of which little is used would cost more than all else. */
static void *arena_take(struct arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size > SIZE_MAX - align)
        exhausted();
    size = (size + align - 1) / align * align;
    if (!size)
        size = align; /* two allocations are never one place */
    struct arena_block *block = arena->blocks;
    if (block && block->size - block->used >= size) {
        block->used += size;
        return block->data + (block->used - size);
    }
    size_t room = block ? 2 * block->size : ARENA_FIRST;
    if (room > ARENA_BLOCK)
        room = ARENA_BLOCK;
    block = new_block(size > room ? size : room);
    block->used = size;
    if (size > ARENA_BLOCK / 2 && arena->blocks) {
        /* A big one goes behind the first block, whose rest stays in use. */
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        block->next = arena->blocks;
        arena->blocks = block;
    }
    return block->data;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(arena_take(arena, size), 0, size);
}

char *arena_copy_bytes(struct arena *arena, const void *bytes, size_t length)
{
    if (length == SIZE_MAX)
        exhausted();
    char *copy = arena_take(arena, length + 1);
    if (length)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

char *arena_copy(struct arena *arena, const char *text)
{
    return arena_copy_bytes(arena, text, strlen(text));
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        exhausted();
    char *text = arena_take(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

void arena_free(struct arena *arena)
{
    struct arena_block *block = arena->blocks;
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    arena->blocks = NULL;
}
