/*
 * Which known word did a person mean? For "did you mean …?" behind an unknown option, key or name.
 *
 *     nearest_word("zoen", (const char *const[]){"kind", "zone"}, 2)  -> "zone"
 *     nearest_word("colour", (const char *const[]){"kind", "zone"}, 2)  -> NULL
 */
#ifndef TALLY_BASE_NEAREST_H
#define TALLY_BASE_NEAREST_H

#include <stddef.h>

/* The known word that takes the fewest edits (a letter more, less, another, or two exchanged; case
 * does not count) to become `word`, when that is at most a third of its letters (rounded) or one
 * begins with the other
 * ("boolean", "bool"); the first of equally near ones. NULL: none is near. Words over 64 bytes are
 * near to none. Pure; the result is one of `known`. */
const char *nearest_word(const char *word, const char *const *known, size_t count);

#endif
