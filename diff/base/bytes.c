/* See bytes.h. */
#include "bytes.h"

#include <endian.h>

#define NO_TEXT UINT32_MAX

void bytes_put_size(struct buffer *out, size_t n)
{
    buffer_add_u32(out, (uint32_t)n);
}

void bytes_put_text(struct buffer *out, const char *text)
{
    if (!text) {
        buffer_add_u32(out, NO_TEXT);
        return;
    }
    bytes_put_size(out, strlen(text));
    buffer_add_text(out, text);
}

size_t bytes_open_piece(struct buffer *out)
{
    size_t at = out->length;
    bytes_put_size(out, 0);
    return at;
}

void bytes_close_piece(struct buffer *out, size_t at)
{
    uint32_t size = htole32((uint32_t)(out->length - at - sizeof size));
    memcpy(out->data + at, &size, sizeof size);
}

void bytes_put_double(struct buffer *out, double n)
{
    uint64_t bits;
    memcpy(&bits, &n, sizeof bits);
    buffer_add_u64(out, bits);
}

const unsigned char *bytes_get(struct bytes *in, size_t length)
{
    if (in->failed || (size_t)(in->end - in->place) < length) {
        in->failed = true;
        return NULL;
    }
    const unsigned char *bytes = in->place;
    in->place += length;
    return bytes;
}

unsigned bytes_u8(struct bytes *in)
{
    const unsigned char *bytes = bytes_get(in, 1);
    return bytes ? *bytes : 0;
}

bool bytes_bool(struct bytes *in)
{
    unsigned n = bytes_u8(in);
    if (n > 1)
        in->failed = true;
    return n == 1;
}

uint32_t bytes_u32(struct bytes *in)
{
    uint32_t n = 0;
    const unsigned char *bytes = bytes_get(in, sizeof n);
    if (bytes)
        memcpy(&n, bytes, sizeof n);
    return le32toh(n);
}

uint64_t bytes_u64(struct bytes *in)
{
    uint64_t n = 0;
    const unsigned char *bytes = bytes_get(in, sizeof n);
    if (bytes)
        memcpy(&n, bytes, sizeof n);
    return le64toh(n);
}

double bytes_double(struct bytes *in)
{
    uint64_t bits = bytes_u64(in);
    double n;
    memcpy(&n, &bits, sizeof n);
    return n;
}

uint32_t bytes_below(struct bytes *in, uint32_t end)
{
    uint32_t n = bytes_u32(in);
    if (n >= end)
        in->failed = true;
    return in->failed ? 0 : n;
}

size_t bytes_count(struct bytes *in, size_t least)
{
    size_t count = bytes_u32(in);
    if (count > (size_t)(in->end - in->place) / least)
        in->failed = true;
    return in->failed ? 0 : count;
}

const char *bytes_text(struct bytes *in, struct arena *arena)
{
    uint32_t length = bytes_u32(in);
    if (length == NO_TEXT || in->failed)
        return NULL;
    const unsigned char *bytes = bytes_get(in, length);
    if (!bytes || memchr(bytes, '\0', length)) {
        in->failed = true;
        return NULL;
    }
    return arena_copy_bytes(arena, bytes, length);
}

const char *bytes_name(struct bytes *in, struct arena *arena)
{
    const char *text = bytes_text(in, arena);
    if (!text)
        in->failed = true;
    return text ? text : "";
}

bool bytes_at_end(const struct bytes *in)
{
    return !in->failed && in->place == in->end;
}
