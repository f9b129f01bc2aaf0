/*
 * A rules file in memory (rule_file.c writes it, rule.c applies it). For these two files only.
 */
#ifndef TALLY_RULE_SET_H
#define TALLY_RULE_SET_H

#include "normal.h"
#include "regex.h"
#include "rule.h"
#include "selector.h"

#include "base/settings.h"

#include <stdatomic.h>

enum rule_action {
    ACTION_NONE,
    ACTION_IGNORE,       /* the node, attribute, header or answer */
    ACTION_IGNORE_ORDER, /* of a node's children */
    ACTION_MASK,         /* the whole of it */
    ACTION_MASK_MATCHES, /* of `regex` in it */
    ACTION_NORMALISE,
    ACTION_ROUND,
    ACTION_SORT,
    ACTION_KEY,
    ACTION_EQUAL
};

enum rule_form {
    FORM_NUMBER,
    FORM_DATE,
    FORM_DATE_DAY_FIRST,
    FORM_DATE_MONTH_FIRST,
    FORM_WHITE_SPACE,
    FORM_TRAILING_BLANKS,
    FORMS
};
extern const char *const rule_form_name[FORMS];

/* A value of `equal`. In JSON, what stands in the file without quotes and is a number, true or
 * false there, is that; in all other answers it is its text. */
struct rule_equal {
    bool nothing; /* null */
    uint8_t kind; /* in JSON: TREE_STRING, TREE_NUMBER, TREE_LITERAL */
    size_t group; /* values of one group are equal */
    struct tree_text text;
    struct tree_text number; /* of a TREE_NUMBER: its normal form */
};

struct rule {
    struct mark mark;
    const char *name;
    /* conditions; NULL: none */
    const char **routes; /* ends with NULL */
    const char *type;
    const char *header;
    const char *cookie; /* its name; then the header is Set-Cookie */
    struct selector *selector;
    const char *attribute;
    bool on[SIDES];
    /* what is done */
    enum rule_action action;
    size_t actions; /* that the file gives; one is right */
    struct regex *regex;
    enum rule_form *forms;
    size_t form_count;
    unsigned digits;
    const char *separator;
    const char *key;
    struct rule_equal *equals;
    size_t equal_count;
    /* what was done */
    _Atomic uint64_t answers, applied[SIDES];
};

struct rules {
    struct arena arena;
    struct rule *rules;
    size_t count;
};

#endif
