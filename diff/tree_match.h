/*
 * Which child of one node is which child of another? Input: the children of two nodes that are
 * matched, of hashed trees. Output: pairs. Used by tree_diff.c alone.
 */
#ifndef TALLY_TREE_MATCH_H
#define TALLY_TREE_MATCH_H

#include "tree.h"

#include "base/side.h"

#define MATCH_NONE UINT32_MAX

struct match_list {
    const struct tree *tree;
    uint32_t parent;
    uint32_t *nodes; /* the children that are not ignored, in order */
    uint32_t *match; /* per child: its place in the other list, or MATCH_NONE */
    uint32_t count;
};

/* Fills both match arrays. Time is about linear in the children and what is looked at below them.
 * False: a bound was met, and the pairs may be fewer than there are. */
bool match_children(struct match_list lists[SIDES]);

/* Marks the children of the source (true) whose pairs are in order: as many as can be. Returns how
 * many pairs are not. */
uint32_t match_order(const struct match_list lists[SIDES], bool *in_order);

#endif
