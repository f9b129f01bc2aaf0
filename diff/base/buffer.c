/*
 * The slow paths of the byte buffer: growing, formatting, hex. Knows nothing of what is stored.
 */
#include "buffer.h"

#include "memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Shared by all empty buffers of all threads; only ever read as '\0'. */
unsigned char buffer_empty[1];

void buffer_init(struct buffer *buffer, size_t maximum)
{
    *buffer = (struct buffer)BUFFER_INIT(maximum);
}

void buffer_free(struct buffer *buffer)
{
    if (buffer->capacity)
        free(buffer->data);
    buffer_init(buffer, buffer->maximum);
}

void buffer_grow(struct buffer *buffer, size_t more)
{
    if (more > buffer->maximum || buffer->length > buffer->maximum - more) {
        buffer->overflowed = true;
        return;
    }
    size_t need = buffer->length + more;
    /* Half as much again: doubling would cost too much beside rows of 100 MB. */
    size_t capacity = buffer->capacity + buffer->capacity / 2;
    if (capacity < need)
        capacity = need;
    if (capacity < 64)
        capacity = 64;
    if (capacity > buffer->maximum)
        capacity = buffer->maximum;
    if (!capacity)
        return; /* nothing, added to a buffer that may hold nothing */
    bool first = !buffer->capacity;
    buffer->data = mem_resize(first ? NULL : buffer->data, capacity + 1, 1);
    buffer->capacity = capacity;
    if (first)
        buffer->data[0] = '\0';
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    /* Most texts fit where there already is room. */
    size_t room = buffer->capacity - buffer->length;
    char none[1];
    int written = vsnprintf(buffer->capacity ? (char *)buffer->data + buffer->length : none,
                            buffer->capacity ? room + 1 : sizeof none, format, arguments);
    va_end(arguments);
    size_t length = written < 0 ? 0 : (size_t)written;
    if (buffer->capacity && length <= room) {
        buffer->length += length;
    } else if (length) {
        if (buffer->capacity)
            buffer->data[buffer->length] = '\0'; /* what was cut is not part of it */
        unsigned char *place = buffer_reserve(buffer, length);
        if (place) {
            vsnprintf((char *)place, length + 1, format, again);
            buffer->length += length;
        }
    }
    va_end(again);
}

void buffer_add_hex(struct buffer *buffer, const void *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    if (length > SIZE_MAX / 2) {
        buffer->overflowed = true;
        return;
    }
    unsigned char *place = buffer_reserve(buffer, 2 * length);
    if (!place)
        return;
    const unsigned char *from = bytes;
    for (size_t i = 0; i < length; i++) {
        place[2 * i] = (unsigned char)digits[from[i] >> 4];
        place[2 * i + 1] = (unsigned char)digits[from[i] & 15];
    }
    buffer->length += 2 * length;
    buffer_terminate(buffer);
}
