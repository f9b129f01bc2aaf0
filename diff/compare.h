/*
 * How two answers differ. Input: two bodies with their Content-Type headers, and rules. Output: a
 * verdict and differences. Phases, each a function: same bytes? decode, parse, rules, hash, diff.
 * Equal only if every phase proves it; where a phase cannot, the bytes decide and `fallback` says
 * why.
 *
 *     struct answer answers[SIDES] = {{body, length, "text/html"}, {…}};
 *     struct comparison found;
 *     if (!compare_answers(answers, CONTENT_AUTO, NULL, &found, err)) …
 *     found.equal, found.type, found.differences[i].path, …
 *     comparison_free(&found);
 */
#ifndef TALLY_COMPARE_H
#define TALLY_COMPARE_H

#include "content.h"
#include "tree.h"
#include "tree_diff.h"

#include "base/error.h"
#include "base/side.h"

struct answer {
    const void *bytes; /* borrowed until comparison_free() */
    size_t length;
    const char *type; /* the Content-Type header's value, or NULL */
};

/*
 * Rules, as far as a comparison knows them: something that marks both trees, between parse and
 * diff. rule.h makes one of a rules file. apply() marks nodes and attributes (tree.h, "marking"),
 * counts what it did, and adds to *masked the things whose value does not count although they were
 * there on both sides. What a rule masks on one side and is not there on the other stays a
 * difference, as marks never make a node vanish but TREE_IGNORED. False: *err says why; the
 * comparison fails, it is not equal.
 */
struct compare_rules {
    bool (*apply)(void *context, enum content_type type, struct tree *const trees[SIDES],
                  size_t *masked, struct err *err);
    void *context;
};

struct difference {
    enum diff_kind kind;
    const char *path;             /* tree_path(), of the target's node where there is one */
    const char *shape;            /* tree_path_shape(): for grouping */
    const char *attribute;        /* or NULL */
    uint32_t node[SIDES];         /* in comparison.trees; TREE_NONE: not there, or no tree */
    struct tree_text text[SIDES]; /* what was and what is: of a changed text the span from the first
                                     to the last word that changed, as it was compared; of a subtree
                                     its text, or its tag when it has none. at NULL: nothing */
    struct tree_text whole[SIDES]; /* the value that the span is a part of, as it stood there */
};

enum {
    COMPARE_TEXT = 4096,        /* bytes of a subtree's text that a difference shows at most */
    COMPARE_DIFFERENCES = 1000, /* are described at most; all are counted */
    COMPARE_REASON = 300,
};

struct comparison {
    bool equal;
    enum content_type type;         /* as which they were compared */
    char fallback[COMPARE_REASON];  /* "": as what they are; else why not: a sentence's end, "the
                                       source is not JSON: expected …" */
    struct difference *differences; /* in document order; in the arena */
    size_t count;                   /* of them that are described, */
    size_t total;                   /* and that there are */
    size_t kinds[DIFF_KINDS];       /* of total */
    size_t masked;                  /* things that rules kept from being compared */
    bool bounded;                   /* the script is right but larger than need be */
    size_t duplicates[SIDES];       /* JSON keys that come again in the same object */
    char charset[SIDES][48];        /* as what the text was read; "" for bytes */
    size_t length[SIDES];           /* of the answers, in bytes */
    struct hash128 hash[SIDES];     /* of the bytes, when they are not the same */
    bool has_trees;
    struct tree trees[SIDES]; /* when has_trees */
    struct tree_diff diff;
    struct tree_names names;
    struct arena arena;
};

/* To be called once by a program that compares many answers, before its threads start: memory of
 * one comparison is kept for the next, up to 256 MB, instead of being given back to the system and
 * taken from it again, page by page, which costs a sixth of the time. */
void compare_setup(void);

/*
 * type CONTENT_AUTO: by header and content. What cannot be read as its type, or is of another type
 * than the other side, is compared as text, line by line, or as bytes: then nothing but the same
 * text in the same charset is equal. Answers of the same bytes are equal and are not parsed, unless
 * their headers make other text of them. rules NULL: none.
 *
 * False: *err says why, and nothing may be said of the answers; *found can be freed in any case.
 */
bool compare_answers(const struct answer answers[SIDES], enum content_type type,
                     const struct compare_rules *rules, struct comparison *found,
                     struct err *err) MUST_CHECK;
void comparison_free(struct comparison *found);

#endif
