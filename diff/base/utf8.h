/*
 * UTF-8 as RFC 3629 defines it: shortest forms only, no surrogates, nothing above U+10FFFF.
 */
#ifndef TALLY_BASE_UTF8_H
#define TALLY_BASE_UTF8_H

#include "buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed character at `at` (1..4), 0 when there is none (at == end included). */
static inline size_t utf8_size(const unsigned char *at, const unsigned char *end)
{
    if (at == end)
        return 0;
    unsigned char first = at[0];
    if (first < 0x80)
        return 1;
    size_t size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (!size || (size_t)(end - at) < size)
        return 0;
    /* The second byte's range excludes long forms, surrogates and what is beyond U+10FFFF. */
    unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

/* The character of `size` bytes, as utf8_size() found it. */
static inline uint32_t utf8_read(const unsigned char *at, size_t size)
{
    static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = at[0] & first_bits[size];
    for (size_t i = 1; i < size; i++)
        code = code << 6 | (at[i] & 0x3f);
    return code;
}

/* Is all of it well-formed? */
static inline bool utf8_is_valid(const unsigned char *bytes, size_t length)
{
    const unsigned char *at = bytes, *end = bytes + length;
    while (at < end) {
        size_t size = utf8_size(at, end);
        if (!size)
            return false;
        at += size;
    }
    return true;
}

/* Writes the character `code` (a Unicode scalar value) and returns its size, 1..4. */
static inline size_t utf8_write(uint32_t code, unsigned char place[4])
{
    if (code < 0x80) {
        place[0] = (unsigned char)code;
        return 1;
    }
    if (code < 0x800) {
        place[0] = (unsigned char)(0xc0 | code >> 6);
        place[1] = (unsigned char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        place[0] = (unsigned char)(0xe0 | code >> 12);
        place[1] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
        place[2] = (unsigned char)(0x80 | (code & 0x3f));
        return 3;
    }
    place[0] = (unsigned char)(0xf0 | code >> 18);
    place[1] = (unsigned char)(0x80 | (code >> 12 & 0x3f));
    place[2] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
    place[3] = (unsigned char)(0x80 | (code & 0x3f));
    return 4;
}

/* Appends the bytes; what is no UTF-8, and '\0', becomes U+FFFD, so that the result is a text. */
void utf8_add(struct buffer *out, const void *bytes, size_t length);
/* The same of at most `most` bytes, cut at a character and then followed by "…". */
void utf8_add_cut(struct buffer *out, const void *bytes, size_t length, size_t most);

#endif
