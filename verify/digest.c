/* See digest.h. */
#include "digest.h"

#include "../diff/base/memory.h"

struct digest *digest_new(size_t bucket_count)
{
    struct digest *digest =
        mem_zero(1, sizeof(struct digest) + bucket_count * sizeof(struct bucket));
    digest->bucket_count = bucket_count;
    digest->used_low = bucket_count;
    return digest;
}

void bucket_add(struct bucket *to, const struct bucket *from)
{
    uint64_t low = to->low + from->low;
    to->count += from->count;
    to->high += from->high + (low < from->low);
    to->low = low;
}

void digest_merge(struct digest *whole, const struct digest *part)
{
    whole->rows += part->rows;
    whole->row_bytes += part->row_bytes;
    if (part->used_low < part->used_high) {
        digest_use(whole, part->used_low);
        digest_use(whole, part->used_high - 1);
    }
    for (size_t i = part->used_low; i < part->used_high; i++)
        bucket_add(&whole->buckets[i], &part->buckets[i]);
}

bool digest_bucket_equal(const struct digest *source, const struct digest *target, size_t bucket)
{
    const struct bucket *one = &source->buckets[bucket];
    const struct bucket *other = &target->buckets[bucket];
    return one->count == other->count && one->low == other->low && one->high == other->high;
}
