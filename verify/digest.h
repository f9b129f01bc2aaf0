/*
 * The digest of a table, or of any part of it: for each bucket the number of rows and the 128-bit
 * sum of their hashes. Sums do not depend on order, so parts read by anyone in any order add up to
 * the whole. Knows only hashes: which bucket a row belongs to is plan.c's question.
 */
#ifndef TALLY_VERIFY_DIGEST_H
#define TALLY_VERIFY_DIGEST_H

#include "../diff/base/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bucket {
    uint64_t count;
    uint64_t low, high; /* of the sum, modulo 2^128 */
};

struct digest {
    uint64_t rows;
    uint64_t row_bytes; /* of canonical rows: tells how much memory a drill needs */
    size_t bucket_count;
    size_t used_low, used_high; /* no bucket outside [used_low, used_high) has rows */
    struct bucket buckets[];
};

struct digest *digest_new(size_t bucket_count); /* free() it */

static inline void bucket_add_row(struct bucket *place, struct hash128 hash)
{
    uint64_t low = place->low + hash.low;
    place->count++;
    place->high += hash.high + (low < hash.low);
    place->low = low;
}

/* To be told of every bucket that gets rows: a part of a table reaches few of them, and the others
 * then cost no memory and no time. */
static inline void digest_use(struct digest *digest, size_t bucket)
{
    digest->used_low = bucket < digest->used_low ? bucket : digest->used_low;
    digest->used_high = bucket >= digest->used_high ? bucket + 1 : digest->used_high;
}

static inline void digest_add_row(struct digest *digest, size_t bucket, struct hash128 hash,
                                  size_t row_bytes)
{
    bucket_add_row(&digest->buckets[bucket], hash);
    digest_use(digest, bucket);
    digest->rows++;
    digest->row_bytes += row_bytes;
}

/* Adds the rows of one bucket to another. */
void bucket_add(struct bucket *to, const struct bucket *from);

/* Adds a part; both have the same number of buckets. */
void digest_merge(struct digest *whole, const struct digest *part);
bool digest_bucket_equal(const struct digest *source, const struct digest *target, size_t bucket);

#endif
