/*
 * Why two values are equal or not, for people: each as it reads and as bytes, and where they first
 * differ. Input: two canonical values of a pair of columns. Output: text. Asks no server.
 */
#ifndef TALLY_VERIFY_EXPLAIN_PAIR_H
#define TALLY_VERIFY_EXPLAIN_PAIR_H

#include "canon.h"

/*
 * Writes, each line indented and at most 80 columns wide:
 *
 *     source  text    "Müller"    4d c3 bc 6c 6c 65 72
 *     target  text    "Muller"    4d 75 6c 6c 65 72
 *     different: from character 2 (byte 1): U+00FC in the source, U+0075 in the target
 *
 * Returns whether they are equal under the canon's leniencies. masked: no value and no byte is
 * shown.
 */
bool explain_pair(const struct canon *canon, const struct value values[SIDES], bool masked,
                  size_t indent, struct buffer *out);

/* One value that has no partner. */
void explain_single(const struct value *value, const char *label, bool masked, size_t indent,
                    struct buffer *out);

#endif
