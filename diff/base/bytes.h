/*
 * Integers, texts and lists as bytes for files, and back. Integers are little-endian, texts carry
 * their length (put with buffer.h's functions and the ones here). Reading trusts nothing: bytes
 * that end early, or that say what cannot be, set `failed`, and every later read gives 0, so a
 * reader reads to the end and looks once, with bytes_at_end().
 *
 *     bytes_put_text(&out, "id");                  -> 02 00 00 00 'i' 'd'
 *     struct bytes in = bytes_of(&out);
 *     const char *name = bytes_name(&in, &arena);  -> "id"
 *     if (!bytes_at_end(&in)) …
 */
#ifndef TALLY_BASE_BYTES_H
#define TALLY_BASE_BYTES_H

#include "buffer.h"
#include "memory.h"

struct bytes {
    const unsigned char *place, *end;
    bool failed;
};

static inline struct bytes bytes_of(const struct buffer *buffer)
{
    return (struct bytes){buffer->data, buffer->data + buffer->length, false};
}

void bytes_put_size(struct buffer *out, size_t n);         /* 4 bytes; the caller bounds it */
void bytes_put_text(struct buffer *out, const char *text); /* NULL is kept apart from "" */
void bytes_put_double(struct buffer *out, double n);

/* A piece behind its length (as bytes_put_size()), which is known only when the piece is there:
 * bytes_close_piece() is told what bytes_open_piece() gave. */
size_t bytes_open_piece(struct buffer *out);
void bytes_close_piece(struct buffer *out, size_t at);

/* The next bytes, borrowed; NULL when there are not as many. */
const unsigned char *bytes_get(struct bytes *in, size_t length);
unsigned bytes_u8(struct bytes *in);
bool bytes_bool(struct bytes *in); /* 0 or 1, nothing else */
uint32_t bytes_u32(struct bytes *in);
uint64_t bytes_u64(struct bytes *in);
double bytes_double(struct bytes *in);
uint32_t bytes_below(struct bytes *in, uint32_t end); /* a number below `end` */
/* A count of things of at least `least` bytes each: more than the rest can hold is damage. */
size_t bytes_count(struct bytes *in, size_t least);
/* In the arena. NULL: there was none, or the bytes are damaged. */
const char *bytes_text(struct bytes *in, struct arena *arena);
/* A text that must be there; "" when it is not. */
const char *bytes_name(struct bytes *in, struct arena *arena);

/* Was everything read, and nothing wrong? */
bool bytes_at_end(const struct bytes *in);

#endif
