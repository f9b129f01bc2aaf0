/*
 * The one byte buffer. data is never NULL and always has a '\0' after length, so a buffer of text
 * is a C string. A buffer has a maximum, so that a hostile input cannot eat memory: an append
 * beyond it sets `overflowed` and drops the bytes; writers append freely and look once, at the end,
 * with buffer_overflowed(). buffer_clear() resets length and overflowed and keeps the memory.
 *
 *     struct buffer text = BUFFER_INIT(1 << 20);
 *     buffer_printf(&text, "%d rows", 3);     -> text.data = "3 rows"
 *     buffer_free(&text);
 */
#ifndef TALLY_BASE_BUFFER_H
#define TALLY_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buffer {
    unsigned char *data;
    size_t length;
    size_t capacity; /* bytes allocated, less the final '\0'; 0: data is a static empty string */
    size_t maximum;
    bool overflowed;
};

extern unsigned char buffer_empty[1];

#define BUFFER_INIT(max)                                                                           \
    {                                                                                              \
        .data = buffer_empty, .maximum = (max)                                                     \
    }
#define BUFFER_NO_LIMIT (SIZE_MAX / 2)

void buffer_init(struct buffer *buffer, size_t maximum);
void buffer_free(struct buffer *buffer);              /* and makes it empty again */
void buffer_grow(struct buffer *buffer, size_t more); /* slow path of buffer_reserve */

static inline void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
    buffer->overflowed = false;
    if (buffer->capacity)
        buffer->data[0] = '\0';
}

static inline bool buffer_overflowed(const struct buffer *buffer)
{
    return buffer->overflowed;
}

/* Room for `more` bytes, to be written at the returned place; NULL when the maximum forbids it.
 * The caller then adds what it wrote to length (and the terminator with buffer_terminate). */
static inline unsigned char *buffer_reserve(struct buffer *buffer, size_t more)
{
    if (__builtin_expect(buffer->capacity - buffer->length < more || !buffer->capacity, 0)) {
        buffer_grow(buffer, more);
        if (buffer->overflowed)
            return NULL;
    }
    return buffer->data + buffer->length;
}

/* Puts the '\0' behind what was written at buffer_reserve()'s place. */
static inline void buffer_terminate(struct buffer *buffer)
{
    if (buffer->capacity)
        buffer->data[buffer->length] = '\0';
}

static inline void buffer_add(struct buffer *buffer, const void *bytes, size_t length)
{
    unsigned char *place = buffer_reserve(buffer, length);
    if (!place)
        return;
    if (length)
        memcpy(place, bytes, length);
    buffer->length += length;
    buffer_terminate(buffer);
}

static inline void buffer_add_byte(struct buffer *buffer, unsigned char byte)
{
    buffer_add(buffer, &byte, 1);
}

static inline void buffer_add_text(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buffer_add_hex(struct buffer *buffer, const void *bytes, size_t length); /* lower case */

/* Little-endian integers, for formats that must not depend on the machine. */
static inline void buffer_add_u32(struct buffer *buffer, uint32_t n)
{
    unsigned char b[4] = {(unsigned char)n, (unsigned char)(n >> 8), (unsigned char)(n >> 16),
                          (unsigned char)(n >> 24)};
    buffer_add(buffer, b, 4);
}

static inline void buffer_add_u64(struct buffer *buffer, uint64_t n)
{
    buffer_add_u32(buffer, (uint32_t)n);
    buffer_add_u32(buffer, (uint32_t)(n >> 32));
}

#endif
