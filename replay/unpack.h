/*
 * Compressed bytes made whole again, by zlib; unpack.c alone includes zlib.h. Input: pieces of any
 * size. Output: bytes into a place of the caller's, so that memory never grows. A stream's checksum
 * and length are held against what came out, where it has them (gzip, zlib). Knows nothing of where
 * the bytes come from.
 *
 *     struct unpack *unpack = unpack_new(UNPACK_GZIP);
 *     do
 *         state = unpack_step(unpack, &in, place, room, &got);       takes some of `in`
 *     while (state == UNPACK_MORE && (in.length || got == room));    full: there may be more
 */
#ifndef TALLY_REPLAY_UNPACK_H
#define TALLY_REPLAY_UNPACK_H

#include "slice.h"

enum unpack_format {
    UNPACK_GZIP, /* RFC 1952, one member */
    UNPACK_ZLIB, /* RFC 1950 */
    UNPACK_RAW   /* RFC 1951: no header, no checksum */
};

enum unpack_state {
    UNPACK_MORE,   /* the stream goes on */
    UNPACK_END,    /* it was whole; `in` begins with what follows it */
    UNPACK_DAMAGED /* it cannot be read on; what came out so far is not proved */
};

struct unpack;

struct unpack *unpack_new(enum unpack_format format);
/* Another stream of the same format begins. */
void unpack_again(struct unpack *unpack);
/* room: at least 1. *got: bytes put at `place`. */
enum unpack_state unpack_step(struct unpack *unpack, struct slice *in, unsigned char *place,
                              size_t room, size_t *got);
void unpack_free(struct unpack *unpack); /* NULL is fine */

#endif
