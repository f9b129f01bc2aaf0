/*
 * JSON into the neutral tree. Input: UTF-8. Output: a tree whose objects have their members in
 * ascending order of their keys' bytes, strings decoded, numbers in normal form (json_canon.h
 * says which), or the reason why it is not JSON (RFC 8259; nesting up to JSON_CANON_DEPTH).
 */
#ifndef TALLY_JSON_TREE_H
#define TALLY_JSON_TREE_H

#include "tree.h"

enum { JSON_REASON_SIZE = 200 };

/* Fills *tree (tree_free() it in any case), taking over the text. *duplicates counts the members
 * that a later one of the same key follows; all of them are in the tree. False: not JSON; reason
 * says why. */
bool json_tree(struct tree *tree, struct tree_names *names, struct buffer *text, size_t *duplicates,
               char reason[JSON_REASON_SIZE]);

#endif
