/*
 * Rules: what a comparison of two answers shall pass over. Input: one YAML file, and for each pair
 * of answers their circumstances and their trees. Output: trees whose values are changed alike on
 * both sides, so that the differ need not know any rule, and a count per rule. Knows nothing of
 * HTTP and of files other than the rules file.
 *
 *     rules:
 *       - name: the form's token               # shown in reports; else "rule N"
 *         route: POST /bookings/{id}           # method, path, or both; {id}, * and ** (route.h)
 *         type: html                           # html, json, xml, text, bytes, or image/*
 *         css: form input[name=_token]         # or json: $.items[*].id, or xpath: //item/price
 *         attribute: value                     # of the elements found; else their text
 *         mask: "[0-9a-f]{40}"                 # a regular expression, or true: the whole value
 *       - {header: X-Request-Id, ignore: true}
 *       - {json: $.items, ignore: order}
 *       - {css: td.price, round: 2, side: target}
 *       - {json: $..paid, equal: [["0", f], ["1", t]]}
 *       - {css: td.date, equal: [["0000-00-00", null]]}        # null: nothing
 *       - {css: ul.tags, sort: children}
 *       - {json: $..note, normalise: trailing blanks}          # number, date, white space, …
 *
 * A rule holds where all its conditions hold, and nowhere else. Rules act in the file's order, on
 * what the ones before left. What is ignored is gone on both sides; what is masked must still be
 * there on both: a mask is a value that equals only the same rule's mask.
 */
#ifndef TALLY_RULE_H
#define TALLY_RULE_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/side.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rules; /* opaque; may be shared by threads */
struct tree;  /* tree.h */

/* The circumstances of two answers. NULL: not known, and a rule that asks for it does not hold. */
struct rule_context {
    const char *method;              /* "GET" */
    const char *path;                /* of the URL, without query: "/rates/8812" */
    const char *type;                /* what the answers are compared as: "html", "json", … */
    const char *content_type[SIDES]; /* "text/html; charset=utf-8"; both must fit the rule's */
};

/* What the rules did to one pair of answers. */
struct rule_result {
    size_t masked; /* places that a rule masked or left out, each counted once for both sides */
};

/* What one rule has done so far. Texts are borrowed from the rules. */
struct rule_count {
    const char *name;        /* as the file names it, or "rule 3" */
    int line;                /* where it begins in the file */
    uint64_t answers;        /* pairs of answers or headers in which its conditions held */
    uint64_t applied[SIDES]; /* values that it changed or left out */
};

/* Reads the file, or `length` bytes that came from it. On failure ERR_USAGE, "path:line:column:
 * what is wrong", and *rules is NULL. An empty file has no rules. */
bool rules_read(const char *path, struct rules **rules, struct err *err) MUST_CHECK;
bool rules_parse(const char *path, const char *text, size_t length, struct rules **rules,
                 struct err *err) MUST_CHECK;
void rules_free(struct rules *rules); /* NULL is fine */

/* Can a rule hold for answers of these circumstances? When not, rules_apply() does nothing. */
bool rules_concern(const struct rules *rules, const struct rule_context *context);

/*
 * Applies the rules to the trees of two answers, in place: texts and attributes get other values,
 * nodes are taken out or sorted. To be called once, before the trees are hashed. rules may be NULL.
 * ERR_TABLE: a rule could not be held (its regular expression takes too long on this text), and the
 * trees are as good as lost: nothing may be said of these answers.
 */
bool rules_apply(struct rules *rules, const struct rule_context *context,
                 struct tree *const tree[SIDES], struct rule_result *result,
                 struct err *err) MUST_CHECK;

/* The same for answers without a tree, or a header's values: rules without css, json and xpath.
 * header NULL: the whole bodies; else its name, and NULL values for a side that lacks it. Gives
 * what is to be compared in place of the values; *ignored: nothing is. */
struct rule_value {
    const char *bytes; /* NULL: there is none */
    size_t length;
};
bool rules_apply_values(struct rules *rules, const struct rule_context *context, const char *header,
                        const struct rule_value value[SIDES], struct buffer out[SIDES],
                        bool *ignored, struct rule_result *result, struct err *err) MUST_CHECK;

/* A mask within a value begins with a byte that UTF-8 does not know, so that no answer can hold
 * one. Appends the value as people read it, each mask as "***". */
void rules_show(struct buffer *out, const char *value, size_t length);

size_t rules_count(const struct rules *rules); /* NULL: 0 */
struct rule_count rules_count_of(const struct rules *rules, size_t rule);

#endif
