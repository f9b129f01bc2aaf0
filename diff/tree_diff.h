/*
 * What differs between two trees: a small script that turns the source into the target. Input: two
 * trees of the same comparison (one name table), marked by rules and hashed. Output: differences.
 *
 * Equal hashes prune. What is left is matched by hash, by key (id, name, href, data-id …; the key
 * rule of an array; the key of a member), by what the insides have in common, then by shape and
 * place (tree_match.h).
 *
 *     DIFF_CHANGED    a leaf's value or an attribute's; with nodes of unlike kinds or names: one
 *                     subtree has taken the other's place
 *     DIFF_INSERTED   a subtree, or an attribute, that only the target has
 *     DIFF_DELETED    that only the source has
 *     DIFF_MOVED      an equal or changed subtree under another parent, or at another place
 *     DIFF_REORDERED  the children of one node are in another order: one difference, however many
 *                     changed place; what changed inside them is told apart
 *
 * Each holds its nodes, so that others (value classes, reports) can look at them. A difference
 * stands on the node it is about: for text, on the text node; the path is its element's.
 */
#ifndef TALLY_TREE_DIFF_H
#define TALLY_TREE_DIFF_H

#include "base/side.h"
#include "tree.h"

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
    uint32_t
        node[SIDES]; /* of an attribute: its elements, both; else TREE_NONE: not on that side */
    const char *attribute; /* interned: it is about this attribute of the nodes; else NULL */
};

struct tree_diff {
    struct tree_difference *items; /* in document order, of the target where it is there */
    size_t count, room;
    uint32_t *partner[SIDES]; /* per node: the node it was matched with, or TREE_NONE. Inside of
                                 equal subtrees only the tops are */
    bool bounded; /* a bound was met: the script is right but may be larger than need be */
};

/* Finds the script; *diff is overwritten. Both trees stay borrowed. count 0 if and only if the
 * documents' hashes are equal. Time and memory are about linear in the nodes. Trees are nested at
 * most some thousand deep (html.h, json_tree.h). */
void tree_diff(const struct tree *source, const struct tree *target, struct tree_diff *diff);
void tree_diff_free(struct tree_diff *diff);

/*
 * Applies the script to the source: builds *result, a tree that is equal to the target if the
 * script is right, from the source's nodes and from those of the target that the script names; of
 * other nodes of the target only their places among their siblings are used. The proof that a
 * script is complete, for tests and fuzzers. *result borrows from both trees; it is hashed.
 */
void tree_diff_apply(const struct tree *source, const struct tree *target,
                     const struct tree_diff *diff, struct tree *result);

#endif
