/* See siphash.h. */
#include "siphash.h"

#include <endian.h>
#include <string.h>

static uint64_t rotate(uint64_t n, int bits)
{
    return n << bits | n >> (64 - bits);
}

static void round_of(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static uint64_t word_at(const unsigned char *bytes, size_t length)
{
    uint64_t word = 0;
    memcpy(&word, bytes, length < sizeof word ? length : sizeof word);
    return le64toh(word);
}

static void take_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    round_of(v);
    round_of(v);
    v[0] ^= word;
}

uint64_t siphash_64(const unsigned char key[SIPHASH_KEY_SIZE], const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint64_t low = word_at(key, 8), high = word_at(key + 8, 8);
    uint64_t v[4] = {low ^ 0x736f6d6570736575, high ^ 0x646f72616e646f6d, low ^ 0x6c7967656e657261,
                     high ^ 0x7465646279746573};
    size_t left = length;
    for (; left >= 8; left -= 8, at += 8)
        take_word(v, word_at(at, 8));
    take_word(v, word_at(at, left) | (uint64_t)length << 56);
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++)
        round_of(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
