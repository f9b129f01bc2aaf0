/*
 * One bit for each request of a log, in blocks that are saved when something in them has changed.
 * Input: numbers from 1. Output: blocks as bytes. A block whose bits are all set takes one byte, in
 * memory and on disk: what a run remembers does not grow with the log, but for 24 bytes of 4096
 * requests. For book.c only.
 */
#ifndef TALLY_REPLAY_BOOK_MARKS_H
#define TALLY_REPLAY_BOOK_MARKS_H

#include "../diff/base/error.h"

#include <stddef.h>
#include <stdint.h>

#define MARKS_OF_BLOCK 4096
#define MARKS_WORDS (MARKS_OF_BLOCK / 64)
#define MARKS_NUMBER_MOST (UINT64_C(1) << 36) /* of a request */

struct marks_block {
    uint64_t *words; /* NULL: none is set, or all */
    uint16_t set;    /* how many; MARKS_OF_BLOCK: all */
    bool changed;
};

/* Zero-initialise. */
struct marks {
    size_t count, room;
    struct marks_block *blocks;
    size_t changed_count, changed_room;
    size_t *changed; /* blocks */
};

void marks_free(struct marks *marks);
bool marks_has(const struct marks *marks, uint64_t number);
/* True when its block is full now. */
bool marks_set(struct marks *marks, uint64_t number);
void marks_clear(struct marks *marks, uint64_t number);
/* Forgets a block, in memory alone. */
void marks_drop(struct marks *marks, size_t block);
static inline size_t marks_block_of(uint64_t number)
{
    return (size_t)((number - 1) / MARKS_OF_BLOCK);
}

/* Calls put() for each block that has changed since the last call. */
bool marks_save(struct marks *marks,
                bool (*put)(void *context, size_t block, const void *bytes, size_t length,
                            struct err *err),
                void *context, struct err *err) MUST_CHECK;
/* A block that put() was given; false: it is none. */
bool marks_load(struct marks *marks, uint64_t block, const unsigned char *bytes,
                size_t length) MUST_CHECK;

#endif
