/*
 * What reports say of a difference: its class, and its values as people and programs may see them.
 * Input: a finished comparison. Output: text. Masks of rules are "***", and so are passwords.
 */
#ifndef TALLY_DESCRIBE_H
#define TALLY_DESCRIBE_H

#include "compare.h"
#include "text_diff.h"
#include "value_class.h"

/* By the values, the path, and the names that the element or member has. */
enum value_class describe_class(const struct comparison *found,
                                const struct difference *difference);

/* Is it about a password's field or member? */
bool describe_is_secret(const struct comparison *found, const struct difference *difference);

/* The value that was compared, whole: text of a node, an attribute's, a subtree's text; `at` NULL:
 * that side has none. It may hold masks (rules_show()). */
struct tree_text describe_value(const struct comparison *found, const struct difference *difference,
                                enum side side);

/* Appends what was (is): of a changed text the words that changed. In at most `most` bytes, cut at
 * a character with "…". False, and nothing: the side has none. */
bool describe_text(const struct comparison *found, const struct difference *difference,
                   enum side side, size_t most, struct buffer *out);

#endif
