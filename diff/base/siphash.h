/*
 * A keyed hash for values that may be shown to nobody: whoever lacks the key can neither read them
 * out of it nor try guesses. SipHash-2-4 (Aumasson and Bernstein, 2012). Pure.
 */
#ifndef TALLY_BASE_SIPHASH_H
#define TALLY_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY_SIZE 16

uint64_t siphash_64(const unsigned char key[SIPHASH_KEY_SIZE], const void *bytes, size_t length);

#endif
