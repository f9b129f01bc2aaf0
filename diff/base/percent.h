/*
 * Hexadecimal digits, and percent-encoding (RFC 3986, 2.1), read: "%2F" stands for one byte. Pure.
 */
#ifndef TALLY_BASE_PERCENT_H
#define TALLY_BASE_PERCENT_H

#include <stddef.h>

/* What a hexadecimal digit of either case counts; -1: it is none. */
static inline int hex_digit(int byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* The byte that the three at `text` stand for; -1: they are no escape, or fewer are left. */
static inline int percent_byte(const void *text, size_t left)
{
    const char *at = text;
    if (left < 3 || at[0] != '%')
        return -1;
    int high = hex_digit(at[1]), low = hex_digit(at[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* The byte at *at, below length, as an escape stands for it where there is one; *at moves behind.
 */
static inline unsigned char percent_next(const void *text, size_t length, size_t *at)
{
    const unsigned char *bytes = text;
    int escaped = percent_byte(bytes + *at, length - *at);
    unsigned char byte = escaped < 0 ? bytes[*at] : (unsigned char)escaped;
    *at += escaped < 0 ? 1 : 3;
    return byte;
}

#endif
