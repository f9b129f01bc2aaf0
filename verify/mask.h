/*
 * What stands in a report for a value that may not be shown: a word and a short keyed hash. Input:
 * the value's bytes. Output: "masked #3f9a1c22". Within one process equal values have equal hashes,
 * so that one can see what belongs together; the key is random, is kept nowhere and ends with the
 * process, so nobody can try values against a hash afterwards. Thread-safe.
 */
#ifndef TALLY_VERIFY_MASK_H
#define TALLY_VERIFY_MASK_H

#include "../diff/value.h"
#include "verify.h"

#define MASK_SIZE 32

/* word: "masked", "left out". Tags keep apart what has the same bytes: NULL and "". */
void mask_show(const char *word, unsigned char tag, const void *bytes, size_t length,
               char text[MASK_SIZE]);
/* The same for a text that was to be shown; NULL is a text of its own. */
void mask_text(const char *word, const char *shown, char text[MASK_SIZE]);

/* A value of a masked column. */
void mask_value(const struct value *value, char text[MASK_SIZE]);

/*
 * Findings are masked as they are made. This masks what else of a table shows values of masked
 * columns: the examples and sentences of their causes, the keys of examples when a key column is
 * masked, and what the definitions' findings quote. To be called when they are all there.
 */
void mask_table(struct result_table *table, struct arena *arena);

#endif
