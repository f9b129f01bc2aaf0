/*
 * The neutral tree: what an answer says, whether it came as HTML, XML, JSON or text. Readers
 * (html.c, json_tree.c, tree_of_lines()) build it, rules mark it, tree_diff.c compares two of them.
 * Knows nothing of markup syntax, rules or differences.
 *
 * Nodes are one array in document order (preorder): a node's number is its place, its subtree is
 * [node, node + size), so all below a node is a plain loop and no walk needs a stack, however deep
 * the tree. Node 0 is the TREE_DOCUMENT. Numbers stay true as long as the tree.
 *
 *     for (uint32_t i = tree_first(tree, node); i != TREE_NONE; i = tree_next(tree, i))   children
 *     for (uint32_t i = node; i < tree_end(tree, node); i++)                              subtree
 *
 * What a node holds:
 *     kind               name                    value                           children
 *     TREE_DOCUMENT      -                       -                               yes
 *     TREE_ELEMENT       tag (HTML: lower case)  -                  attributes,  yes
 *     TREE_TEXT          -                       text, entities resolved
 *     TREE_RAW           -                       script, style and CDATA text, as it stands
 *     TREE_COMMENT       -                       text between the marks
 *     TREE_DOCTYPE       -                       all of it
 *     TREE_INSTRUCTION   target                  the rest (XML only)
 *     TREE_LOST          -                       bytes of the page that its parser dropped: they
 *                                                are compared as they stand, so nothing is lost
 *     TREE_LINE          -                       one line of a text, with its newline
 *     TREE_OBJECT        -                       -                               TREE_MEMBERs,
 *                                                                                by name, unordered
 *     TREE_MEMBER        key, decoded            -                               exactly one value
 *     TREE_ARRAY         key rule or NULL        -                               yes
 *     TREE_STRING        -                       decoded (lone surrogates: charset.h)
 *     TREE_NUMBER        -                       its one normal form (json_canon.h)
 *     TREE_LITERAL       -                       true, false or null
 *
 * Names are interned in a table that the trees of one comparison share: equal names are one
 * pointer. Texts are borrowed from the tree's input bytes or its arena: they live as long as the
 * tree, are not NUL-terminated, and may hold any byte.
 *
 * Between parse and diff, rules set marks; then tree_hash() makes what the differ needs.
 */
#ifndef TALLY_TREE_H
#define TALLY_TREE_H

#include "base/buffer.h"
#include "base/hash.h"
#include "base/memory.h"

#define TREE_NONE UINT32_MAX

enum tree_kind {
    TREE_DOCUMENT,
    TREE_ELEMENT,
    TREE_TEXT,
    TREE_RAW,
    TREE_COMMENT,
    TREE_DOCTYPE,
    TREE_INSTRUCTION,
    TREE_LOST,
    TREE_LINE,
    TREE_OBJECT,
    TREE_MEMBER,
    TREE_ARRAY,
    TREE_STRING,
    TREE_NUMBER,
    TREE_LITERAL,
    TREE_KINDS
};

/* Marks, for nodes and attributes. What is compared is what the marks leave. */
enum tree_mark {
    TREE_IGNORED = 1,   /* as if it were not there, with all below it */
    TREE_UNORDERED = 2, /* the order of its children does not matter (nodes only) */
    TREE_MASKED = 4,    /* it must be there; its value does not matter, nor do a node's children
                           and attributes (its kind and name do) */
    TREE_REPLACED = 8,  /* value is a normalised one, original holds what stood there; set by
                           tree_replace() alone */
};

struct tree_text {
    const char *at; /* NULL only when length is 0 */
    size_t length;
};

struct tree_attribute {
    const char *name; /* interned */
    struct tree_text value;
    const struct tree_text *original; /* NULL: the value is what stood there */
    uint8_t marks;
};

struct tree_node {
    uint8_t kind;  /* enum tree_kind */
    uint8_t marks; /* enum tree_mark */
    uint32_t parent, first, next;
    uint32_t
        size; /* of the subtree, in nodes, this one included; until tree_finish(): last child */
    uint32_t attributes_at, attributes_count; /* in tree->attributes, sorted by name (strcmp) */
    const char *name;                         /* interned, or NULL */
    struct tree_text value;
    const struct tree_text *original; /* see TREE_REPLACED */
    struct hash128 hash; /* after tree_hash(): of all that is compared of the subtree */
};

/* The names of one comparison. Zero-initialise. */
struct tree_names {
    struct tree_name **slots; /* open addressing, a power of two */
    uint32_t count, room;
    struct arena arena;
};

struct tree {
    struct tree_node *nodes;
    uint32_t count, room;
    struct tree_attribute *attributes;
    uint32_t attribute_count, attribute_room;
    struct tree_names *names; /* shared, borrowed */
    struct arena arena;
    bool xml;            /* paths are written as XPath does */
    struct buffer bytes; /* the input that texts are borrowed from, when the tree owns it */
    uint32_t open;       /* while it is being built: the innermost open node */
};

void tree_names_free(struct tree_names *names);
const char *tree_intern(struct tree_names *names, const char *name, size_t length)
    __attribute__((returns_nonnull));
/* The interned name, or NULL when no tree has it: then no node can match it. */
const char *tree_interned(const struct tree_names *names, const char *name, size_t length);

/* Of an interned name; only JSON keys may hold a NUL, so strlen() serves everything else. */
size_t tree_name_length(const char *name);

/* --- building: readers only --- */

/* A tree with its document node open. */
void tree_init(struct tree *tree, struct tree_names *names);
void tree_free(struct tree *tree); /* a zeroed tree is fine */
/* Makes room at once for as many as an input of that many bytes usually has; more may come. */
void tree_expect(struct tree *tree, size_t bytes);
/* Adds a node below the open one and opens it; tree_close() closes it. name: interned or NULL. The
 * number is the node's. A tree has less than 2^31 nodes: readers bound their input. */
uint32_t tree_open(struct tree *tree, enum tree_kind kind, const char *name);
void tree_close(struct tree *tree);
/* A node without children; the value is borrowed (from bytes or arena). */
uint32_t tree_leaf(struct tree *tree, enum tree_kind kind, struct tree_text value);
/* Adds an attribute to the node that was opened last, in any order; tree_sort_attributes() must
 * follow when all are there. */
struct tree_attribute *tree_add_attribute(struct tree *tree, const char *name,
                                          struct tree_text value) __attribute__((returns_nonnull));
void tree_sort_attributes(struct tree *tree);
/* Closes what is open and sets the sizes. */
void tree_finish(struct tree *tree);

/* --- reading --- */

static inline const struct tree_node *tree_at(const struct tree *tree, uint32_t node)
{
    return &tree->nodes[node];
}

static inline uint32_t tree_first(const struct tree *tree, uint32_t node)
{
    return tree->nodes[node].first;
}

static inline uint32_t tree_next(const struct tree *tree, uint32_t node)
{
    return tree->nodes[node].next;
}

static inline uint32_t tree_end(const struct tree *tree, uint32_t node)
{
    return node + tree->nodes[node].size;
}

static inline const struct tree_attribute *tree_attributes(const struct tree *tree, uint32_t node)
{
    return tree->attributes + tree->nodes[node].attributes_at;
}

/* The attribute of an interned name, or NULL. */
struct tree_attribute *tree_find_attribute(const struct tree *tree, uint32_t node,
                                           const char *name);

/* What stood there, before rules replaced it. */
struct tree_text tree_shown(const struct tree *tree, uint32_t node);
struct tree_text tree_attribute_shown(const struct tree_attribute *attribute);

/* Appends the text of the subtree, as a person would read it (text, strings, numbers; a JSON
 * member with its key), in at most `most` bytes, cut at a character. */
void tree_add_text(struct buffer *out, const struct tree *tree, uint32_t node, size_t most);

/* Appends the subtree in one canonical spelling, which two hashed subtrees share if and only if
 * they are equal under their marks: ignored things are left out, masked ones written as such,
 * unordered children sorted. For tests and fuzzers, not for speed. */
void tree_add_canonical(struct buffer *out, const struct tree *tree, uint32_t node);

/* --- marking: rules only, before tree_hash() --- */

static inline void tree_mark(struct tree *tree, uint32_t node, enum tree_mark mark)
{
    tree->nodes[node].marks |= (uint8_t)mark;
}

/* Gives a leaf or an attribute another value (copied) to be compared in place of its own. */
void tree_replace(struct tree *tree, uint32_t node, const void *value, size_t length);
void tree_replace_attribute(struct tree *tree, struct tree_attribute *attribute, const void *value,
                            size_t length);
/* The elements of a TREE_ARRAY are told apart by their member of that name ("id"), not by place:
 * their order does not matter. */
void tree_set_key(struct tree *tree, uint32_t array, const char *member);

/* --- comparing --- */

/* Sets every node's hash. Equal hashes: the subtrees are equal, as far as 128 bits of XXH3 tell. */
void tree_hash(struct tree *tree);

static inline bool tree_same(const struct tree_node *source, const struct tree_node *target)
{
    return source->hash.low == target->hash.low && source->hash.high == target->hash.high;
}

/* A text, an answer of lines, as a tree of TREE_LINEs. The bytes are borrowed. */
void tree_of_lines(struct tree *tree, struct tree_names *names, const char *bytes, size_t length);

#endif
