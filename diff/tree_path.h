/*
 * Where a node stands, as a person would say it, and a browser's console or jq would take it.
 *
 *     HTML   table#rates > tr[12] > td.price       XML   /feed/entry[3]/title
 *     JSON   $.items[3].price                      text  line 12
 *
 * HTML begins at the nearest element with an id that no other one has. An element among siblings
 * of its name is told by a class that only it has there, else by its number among them, from 1; in
 * JSON from 0, and by its key where the array has a key rule: $.items[id=7].price. Text has its
 * element's path; an attribute ends the path: "a#home @href", "/feed/@lang". What a path holds of
 * the answer is cut and made fit to print; a path takes at most about 4 kB.
 */
#ifndef TALLY_TREE_PATH_H
#define TALLY_TREE_PATH_H

#include "tree.h"

enum {
    TREE_PATHS_KNOWN = 64, /* a power of two */
    TREE_PATHS_LISTS = 16,
    TREE_PATHS_ALIKE = 65, /* siblings of a name; where there are more, they are told by numbers */
};

struct tree_paths {
    const struct tree *tree;
    const char *id, *class; /* interned, or NULL: the tree has none */
    uint32_t *with_id;      /* the elements that have one, by its text; of them */
    size_t with_id_count;
    /* What elements are told by, as found last: paths have most of their steps in common. */
    struct tree_path_known {
        uint32_t node; /* 0: none */
        bool lone;
        struct tree_text class;
    } known[TREE_PATHS_KNOWN];
    /* The children of a parent that have one kind and name: the first of them. */
    struct tree_path_alike {
        uint32_t parent; /* TREE_NONE: none */
        uint8_t kind;
        const char *name;
        uint32_t count; /* TREE_PATHS_ALIKE + 1: there are more */
        uint32_t nodes[TREE_PATHS_ALIKE];
    } alike[TREE_PATHS_LISTS];
    struct {
        uint32_t parent, node, number;
    } counted; /* the place among its siblings that was found last: the next is often near */
};

/* Looks through the tree once; the tree stays borrowed. */
void tree_paths_init(struct tree_paths *paths, const struct tree *tree);
void tree_paths_free(struct tree_paths *paths);

/* Appends the path of a node, or of its attribute of that interned name. */
void tree_path(struct buffer *out, struct tree_paths *paths, uint32_t node, const char *attribute);

/* The same without what tells siblings apart ("table#rates > tr > td.price", "$.items[].price"),
 * and with N for the digits of ids: what differences of one shape have in common. */
void tree_path_shape(struct buffer *out, struct tree_paths *paths, uint32_t node,
                     const char *attribute);

#endif
