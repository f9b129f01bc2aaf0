/*
 * Where the bodies of a stored pair of answers say unlike things that a replay took as equal, for
 * they are each side's own: tokens, ids that stand for each other, the sides' hosts; or for a rule
 * says so, which cannot find a mark in place of a token. Input: what the replay's comparison judged
 * (struct pair_judgement), kept with the pair. Output: a comparison of the stored bodies that takes
 * the same places as equal, and counts them. Knows nothing of how a replay judges, and never judges
 * itself.
 *
 * A place is a number of a node in each side's tree (tree.h), so it holds as long as the body is
 * read as it was then: as the same type, to trees of the same size. Else (--type, a body that was
 * cut, a number that was a secret) no place is taken as equal, and the use says so.
 */
#ifndef TALLY_PAIR_KNOWN_H
#define TALLY_PAIR_KNOWN_H

#include "compare.h"

#define PAIR_KNOWN_MOST 5000  /* places of a pair that are kept */
#define PAIR_HEADERS_MOST 200 /* headers and cookies of a pair that are kept as different */

enum pair_known_kind {
    PAIR_KNOWN_TOKEN,
    PAIR_KNOWN_ID,
    PAIR_KNOWN_HOST,
    PAIR_KNOWN_RULE, /* a rule of the replay makes it equal (mask, normalise, …) */
    PAIR_KNOWN_NEW,  /* ids that each side gave anew: not proved, so that it is not equal, either */
    PAIR_KNOWN_KINDS
};
extern const char
    *const pair_known_name[PAIR_KNOWN_KINDS]; /* "token", "id", "host", "rule", "new id" */

/* What stands there on both sides: the value of a node without children, or of an attribute. */
struct pair_known {
    enum pair_known_kind kind;
    uint32_t node[SIDES];
    const char *attribute; /* NULL: of the node */
};

/* What a replay's comparison found of two answers. */
struct pair_judgement {
    bool alike; /* headers and bodies were compared; else nothing but the status was */
    size_t header_count;
    const char **headers; /* that differ: "X-Version", "Set-Cookie lang", "Set-Cookie lang; Path" */
    uint64_t differences; /* of the bodies */
    enum content_type type; /* as which they were compared */
    uint32_t nodes[SIDES];  /* of their trees; 0: there are none */
    size_t known_count;
    struct pair_known *known; /* in the order of the target's document */
    bool known_cut;           /* there are more */
};

/* One place that a comparison took as equal. */
struct pair_place {
    const struct pair_known *known;
    const char *path;
    struct tree_text value[SIDES]; /* as they stand there */
};

/* How one comparison uses a judgement. Zero-initialise but for the first two; free it before the
 * comparison. */
struct pair_use {
    const struct pair_judgement *judgement; /* borrowed; NULL: there is none */
    struct compare_rules rules;             /* to be applied first; apply NULL: none */
    bool unfit; /* there are places, and these trees are not those of the replay */
    size_t counts[PAIR_KNOWN_KINDS];
    size_t place_count;
    struct pair_place *places;
    struct arena arena; /* of the places */
};

/* The same as compare_answers() takes it, as long as `use` lives. */
struct compare_rules pair_known_for_compare(struct pair_use *use);
/* Appends "2 tokens, 1 id"; nothing, when there are none. */
void pair_known_counts(const struct pair_use *use, struct buffer *out);
void pair_use_free(struct pair_use *use);

/* Did the replay find the header different? value: of a Set-Cookie, which is told by its name. */
bool pair_header_differs(const struct pair_judgement *judgement, const char *name,
                         const char *value);

#endif
