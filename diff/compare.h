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
    const char *path;              /* tree_path(), of the target's node where there is one */
    const char *shape;             /* tree_path_shape(): for grouping */
    const char *attribute;         /* or NULL */
    uint32_t node[SIDES];          /* in comparison.trees; TREE_NONE: not there, or no tree */
    struct tree_text text[SIDES];  /* what was and what is: of a changed text the span from the
                                      first to the last word that changed; of a subtree its text */
    struct tree_text whole[SIDES]; /* the whole value that text is a part of */
};

enum {
    COMPARE_TEXT = 4096,       /* bytes of a subtree's text that a difference shows at most */
    COMPARE_DIFFERENCES = 1000 /* are described at most; all are counted */
};

struct comparison {
    bool equal;
    enum content_type type;         /* as which they were compared */
    char fallback[300];             /* "": structural; else why they were not */
    struct difference *differences; /* in document order */
    size_t count;                   /* of them that are described, */
    size_t total;                   /* and that there are */
    size_t kinds[DIFF_KINDS];       /* of total */
    size_t masked;                  /* things that rules kept from being compared */
    bool bounded;                   /* the script is right but larger than need be */
    size_t duplicates[SIDES];       /* JSON keys that a later one of the same object replaced */
    char charset[SIDES][48];        /* as what the text was read; "" for bytes */
    size_t length[SIDES];           /* of the answers, in bytes */
    uint64_t hash[SIDES];           /* XXH3 of the bytes, when they are not the same */
    bool has_trees;
    struct tree trees[SIDES]; /* when has_trees */
    struct tree_diff diff;
    struct tree_names *names;
    struct arena arena;
};

/* type CONTENT_AUTO: by header and content; when the two sides are of different types they are
 * compared as text, or bytes, and that is a fallback (and never equal unless the bytes are).
 * rules NULL: none. False: *err says why, and nothing was compared. */
bool compare_answers(const struct answer answers[SIDES], enum content_type type,
                     const struct compare_rules *rules, struct comparison *found,
                     struct err *err) MUST_CHECK;
void comparison_free(struct comparison *found);

#endif
