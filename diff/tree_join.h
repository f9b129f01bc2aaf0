/*
 * What an ignored node leaves behind: the texts before and after it are one text, as if it had
 * never stood there. Input: a tree that rules have marked. Output: the same tree, its texts joined.
 * For rules, before tree_hash().
 *
 *     <p>Rooms <i>new!</i> from 12</p>     without i: one text, "Rooms from 12"
 *     <p>Rooms <i>new!</i></p>             "Rooms": blanks at the end of a block mean nothing
 */
#ifndef TALLY_TREE_JOIN_H
#define TALLY_TREE_JOIN_H

#include "tree.h"

/* The later of two texts becomes a part of the first, and ignored itself. html: white space is what
 * it is in HTML, once beside each other and none at the edges of blocks. */
void tree_join_texts(struct tree *tree, bool html);

#endif
