/*
 * Which operands of an SQL expression belong together, as its parentheses and the precedence of its
 * operators say: what a list of its words alone does not tell. Input: words, parentheses among
 * them. Output: a text that is the same for two expressions of one structure. Knows no dialect:
 * both print what could be read in two ways with parentheses.
 */
#ifndef TALLY_VERIFY_SCHEMA_SHAPE_H
#define TALLY_VERIFY_SCHEMA_SHAPE_H

#include "../diff/base/buffer.h"

#include <stdbool.h>

struct shape_word {
    const char *text; /* in small letters, unless literal */
    bool literal;     /* a string, a number or a quoted name: an operand whatever it looks like */
};

/*
 * Appends the structure: operators before their operands, an operand as a dot.
 *
 *     a or b and c      -> |(.&(..))        (a or b) and c    -> &(|(..).)
 *     a + b > c         -> =(+(..).)        not (a or b)      -> !(|(..))
 */
void schema_shape(const struct shape_word *words, size_t count, struct buffer *out);

#endif
