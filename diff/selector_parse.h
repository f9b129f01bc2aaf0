/*
 * What the three selector languages become: rows of steps (selector_parse.c writes them,
 * selector.c walks by them). For these two files only.
 */
#ifndef TALLY_SELECTOR_PARSE_H
#define TALLY_SELECTOR_PARSE_H

#include "selector.h"

enum selector_test_kind {
    TEST_NAME,        /* of an element; the key of a member */
    TEST_ATTRIBUTE,   /* name, comparison, value */
    TEST_LAST,        /* element of its parent */
    TEST_NTH,         /* element of its parent: number nth, or nth of `every` */
    TEST_NTH_OF_NAME, /* of the elements with the step's name */
    TEST_INDEX        /* of an array, from 0 */
};

enum selector_operator {
    OPERATOR_EXISTS,
    OPERATOR_EQUALS,
    OPERATOR_BEGINS,
    OPERATOR_ENDS,
    OPERATOR_HOLDS,
    OPERATOR_WORD
};

struct selector_test {
    enum selector_test_kind kind;
    enum selector_operator comparison;
    const char *name;
    const char *value;
    size_t length; /* of the value, or of a TEST_NAME's name */
    uint32_t nth, every;
};

/* How the nodes of a step lie to those of the step before: below it, right below it, right after
 * it, somewhere after it. */
enum selector_axis { AXIS_BELOW, AXIS_CHILD, AXIS_NEXT, AXIS_LATER };

struct selector_step {
    enum selector_axis axis;
    const char *name; /* of its TEST_NAME, or NULL */
    struct selector_test *tests;
    size_t test_count;
};

/* One of a list of alternatives. */
struct selector_row {
    struct selector_step *steps; /* at most SELECTOR_STEPS */
    size_t count;
    uint64_t descend; /* a bit for each step with AXIS_BELOW */
};

#define SELECTOR_STEPS 60 /* of one alternative; bits of a word */
#define SELECTOR_ROWS 100
#define SELECTOR_TESTS 20 /* of one step */

struct selector {
    struct arena arena;
    enum selector_language language;
    struct selector_row *rows;
    size_t count;
    const char *attribute;
};

#endif
