/*
 * The one file that knows xxHash. Input: bytes. Output: XXH3 digests, whose values the project's
 * specification fixes (https://github.com/Cyan4973/xxHash, since v0.8.0).
 */
#include "hash.h"

/* xxHash's own headers do not hold themselves to our warnings. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wundef"
#define XXH_INLINE_ALL
#include <xxhash.h>
#pragma GCC diagnostic pop

struct hash128 hash_128(const void *bytes, size_t length)
{
    XXH128_hash_t hash = XXH3_128bits(bytes, length);
    return (struct hash128){.low = hash.low64, .high = hash.high64};
}

uint64_t hash_64(const void *bytes, size_t length)
{
    return XXH3_64bits(bytes, length);
}
