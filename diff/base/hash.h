/*
 * The hashes Tally uses: XXH3 of xxHash, whose output is fixed by its specification for every
 * version and machine. hash.c alone includes xxhash.h.
 */
#ifndef TALLY_BASE_HASH_H
#define TALLY_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash128 {
    uint64_t low, high;
};

struct hash128 hash_128(const void *bytes, size_t length); /* XXH3, 128 bits, seed 0 */
uint64_t hash_64(const void *bytes, size_t length);        /* XXH3, 64 bits, seed 0 */

#endif
