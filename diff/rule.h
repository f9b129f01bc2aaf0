/*
 * Rules: what a comparison of two answers shall pass over. Input: one YAML file, and for each pair
 * of answers their circumstances and their trees. Output: marks and values in the trees (tree.h),
 * so that the differ need not know any rule, and a count per rule. Knows nothing of HTTP and of
 * files other than the rules file.
 *
 *     rules:
 *       - name: the form's token               # shown in reports; else "rule N"
 *         route: POST /bookings/{id}           # one or a list (route.h)
 *         type: html                           # html, xml, json, text, or a media type: text/csv
 *         css: form input[name=_token]         # or json: $.items[*].id, or xpath: //item/price
 *         attribute: value                     # of the elements found
 *         mask: "[0-9a-f]{40}"                 # what matches; or true: the whole of it
 *       - {header: X-Request-Id, ignore: true}
 *       - {cookie: visit, ignore: true}        # whether it is set, and how
 *       - {route: GET /health, ignore: true}   # the whole answer
 *       - {json: $.items, ignore: order}
 *       - {json: $.rooms, key: id}             # elements are told apart by this member
 *       - {css: td.price, round: 2, side: target}
 *       - {json: $..paid, equal: [[0, false], [1, true]]}
 *       - {css: td.date, equal: [["0000-00-00", null]]}        # null: nothing
 *       - {css: ul.tags, sort: ", "}           # or words, lines: the parts of a text
 *       - {json: $..note, normalise: trailing blanks}          # or number, date, white space, …
 *
 * A rule holds where all its conditions hold, and nowhere else; one without css, json, xpath and
 * header looks at every text and attribute. It has one action. Rules act in the file's order, on
 * what those before left. What is ignored is gone on both sides, and the texts before and after it
 * are one text (tree_join.h); what is masked must still be there on both: a mask equals masks of
 * the same rule and nothing else.
 */
#ifndef TALLY_RULE_H
#define TALLY_RULE_H

#include "compare.h"

#include "base/buffer.h"

struct rules; /* opaque; may be shared by threads */

/* The circumstances of two answers. NULL: not known, and a rule that asks for it does not hold. */
struct rule_context {
    const char *method;              /* "GET" */
    const char *path;                /* of the URL, and its query: "/rates/8812?tab=2" */
    const char *content_type[SIDES]; /* "text/html; charset=utf-8" */
    bool uncounted;                  /* the same answers again: rules do not count them */
};

/* What one rule has done so far. The name is borrowed from the rules. */
struct rule_count {
    const char *name;        /* as the file has it, or "rule 3" */
    int line;                /* where it begins in the file */
    const char *header;      /* that it is for, or NULL */
    uint64_t answers;        /* pairs of answers, or headers, in which its conditions held */
    uint64_t applied[SIDES]; /* values that it changed, masked or left out */
};

/* Reads the file, or `length` bytes that came from it. On failure ERR_USAGE, "path:line:column:
 * what is wrong", and *rules is NULL. An empty file has no rules. */
bool rules_read(const char *path, struct rules **rules, struct err *err) MUST_CHECK;
bool rules_parse(const char *path, const char *text, size_t length, struct rules **rules,
                 struct err *err) MUST_CHECK;
void rules_free(struct rules *rules); /* NULL is fine */

/*
 * Marks the trees of two answers. To be called once, before they are hashed. *masked: things that
 * rules masked or left out, each pair once. ERR_TABLE: a rule's regular expression takes too long
 * on this text, and nothing may be said of these answers.
 */
bool rules_apply(struct rules *rules, const struct rule_context *context, enum content_type type,
                 struct tree *const trees[SIDES], size_t *masked, struct err *err) MUST_CHECK;

/* The same as compare_answers() takes it: rules_for_compare(&use), as long as `use` lives. */
struct rule_use {
    struct rules *rules;
    struct rule_context context;
};
struct compare_rules rules_for_compare(struct rule_use *use);

/* Does a rule leave out such answers as a whole? For answers that have no tree (images) it is the
 * only rule that can hold. Counts it. */
bool rules_ignore_answers(struct rules *rules, const struct rule_context *context,
                          enum content_type type);

/* A header's values; a side that lacks it has NULL. out gets what is to be compared in their place
 * (rules_show() makes it fit to be read), there: on which side there is anything to compare. Only
 * rules with `header` look at headers. */
bool rules_apply_header(struct rules *rules, const struct rule_context *context, const char *header,
                        const char *const value[SIDES], struct buffer out[SIDES], bool there[SIDES],
                        struct err *err) MUST_CHECK;

/* A mask in a value is of bytes that no UTF-8 text has. Appends the value as people read it, each
 * mask as "***". */
void rules_show(struct buffer *out, const char *value, size_t length);

size_t rules_count(const struct rules *rules); /* NULL: 0 */
struct rule_count rules_count_of(const struct rules *rules, size_t rule);

#endif
