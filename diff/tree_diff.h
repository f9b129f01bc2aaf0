/*
 * What differs between two trees: a small script that turns the source into the target. Input: two
 * trees of the same comparison (one name table), marked by rules and hashed. Output: differences.
 *
 * Equal hashes prune. What is left is matched by hash, by key (id, name, href, data-id …; the key
 * rule of an array; the key of a member), then by structure: an alignment of the children, bounded.
 *
 *     DIFF_CHANGED    a leaf's value, an attribute's value, a node's kind or name
 *     DIFF_INSERTED   a subtree, or an attribute, that only the target has
 *     DIFF_DELETED    that only the source has
 *     DIFF_MOVED      an equal or changed subtree under another parent, or at another place
 *     DIFF_REORDERED  the children of one node are the same in another order: one difference
 *
 * Each holds its nodes, so that others (value classes, reports) can look at them. A difference
 * stands on the node it is about: for text, on the text node; the path is its element's.
 */
#ifndef TALLY_TREE_DIFF_H
#define TALLY_TREE_DIFF_H

#include "text_diff.h"
#include "tree.h"

#include "base/side.h"

enum diff_kind {
    DIFF_CHANGED,
    DIFF_INSERTED,
    DIFF_DELETED,
    DIFF_MOVED,
    DIFF_REORDERED,
    DIFF_KINDS
};
extern const char *const diff_kind_name[DIFF_KINDS]; /* "changed", … as in the JSON report */

struct tree_difference {
    enum diff_kind kind;
    uint32_t node[SIDES];  /* TREE_NONE: not on that side */
    const char *attribute; /* interned: it is about this attribute of the nodes; else NULL */
};

struct tree_diff {
    struct tree_difference *items; /* in document order, of the target where it is there */
    size_t count, room;
    uint32_t *partner[SIDES]; /* per node: the node it was matched with, or TREE_NONE; nodes inside
                                 of equal subtrees are matched as well */
    bool bounded; /* a bound was met: the script is right but may be larger than need be */
};

/* Finds the script; *diff is zeroed first. Both trees stay borrowed. count 0 if and only if the
 * documents' hashes are equal. Time is bounded by about (nodes × a constant), memory too. */
void tree_diff(const struct tree *source, const struct tree *target, struct tree_diff *diff);
void tree_diff_free(struct tree_diff *diff);

/*
 * Applies the script to the source: builds *result, a tree that is equal to the target if the
 * script is right, from the source's nodes and only those of the target's that the script names.
 * The proof that a script is complete, for tests and fuzzers.
 */
void tree_diff_apply(const struct tree *source, const struct tree *target,
                     const struct tree_diff *diff, struct tree *result);

/*
 * Appends the path of a node that a person can use, and a browser's console (but for @name):
 *     markup   table#rates > tr[12] > td.price        XML   /feed/entry[3]/title
 *     JSON     $.items[3].price                       text  line 12
 * A path begins at the nearest element with an id that no other node has; [n] counts siblings of
 * the same name, from 1, and is left out for the only one; in JSON from 0. Attributes end it:
 * "a#home @href".
 */
void tree_path(struct buffer *out, const struct tree *tree, uint32_t node, const char *attribute);

/* The same without what tells siblings apart ("table#rates > tr > td.price", "$.items[].price"):
 * differences of one shape have it in common. */
void tree_path_shape(struct buffer *out, const struct tree *tree, uint32_t node,
                     const char *attribute);

#endif
