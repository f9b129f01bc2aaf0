/*
 * The canonical text of a JSON value: two JSON texts mean the same (the type contract, kind json)
 * if and only if their canonical texts are the same bytes.
 *
 * White space is dropped; object members are sorted by the bytes of their decoded keys, of
 * duplicate keys the last counts; strings are written with the shortest escapes (only ", \ and
 * control bytes, \u00XX lower case); a lone surrogate keeps its \uXXXX escape, upper case digits as
 * \uD800; numbers are exact decimals in one normal form of any size: 1e2, 100 and 100.0 -> 100;
 * 1.50 -> 1.5; 1e400 -> 1e400; 1.5e400 -> 15e399; -0 and 0.0 -> 0; plain digits when that takes at
 * most 20 zeros more, else the digits and the power of ten of the last one; exponents are
 * exact however long. RFC 8259; nothing beyond it is accepted (no NaN, comments, trailing commas).
 */
#ifndef TALLY_JSON_CANON_H
#define TALLY_JSON_CANON_H

#include "base/buffer.h"

#define JSON_CANON_DEPTH 1000 /* nesting beyond this is refused, as text that is not JSON is */

/* Appends the canonical text; false (and out as it was) when the text is not JSON. Thread safe.
 * Time is n log n in the text's length at worst, whatever its shape. When out overflows the result
 * says nothing. */
bool json_canon(struct buffer *out, const char *text, size_t length);

#endif
