/*
 * Groups: thousands of differences as the few causes they have. Input: differences of many answers,
 * one after the other. Output: one line for each route, part, place, kind, class and cause, with
 * its smallest example. Memory is bounded by the number of groups, not of differences. Knows
 * nothing of trees, HTTP and reports.
 *
 *     struct groups *groups = groups_new(0);
 *     groups_add(groups, &difference);                      … for each one of each answer
 *     size_t count = groups_list(groups, &arena, &list);    most answers first
 *
 *     /rates/{id}   table#rates > tr > td.price   changed, same number   money   4,711 answers
 */
#ifndef TALLY_GROUP_H
#define TALLY_GROUP_H

#include "base/bytes.h"
#include "tree_diff.h"
#include "value_class.h"

/* How a value changed. */
enum change {
    CHANGE_NONE,  /* inserted, deleted, moved, reordered */
    CHANGE_VALUE, /* none of the following */
    CHANGE_EMPTIED,
    CHANGE_FILLED,
    CHANGE_WHITE_SPACE,
    CHANGE_CASE,
    CHANGE_NUMBER, /* the same number in other digits */
    CHANGE_DATE,   /* the same date or time in another spelling */
    CHANGE_SHIFT,  /* times that lie quarters of an hour apart, 14 hours at most */
    CHANGE_TRUTH,  /* 0/1, t/f, yes/no: the same truth */
    CHANGE_CUT,    /* the target is the source's beginning */
    CHANGE_LONGER,
    CHANGES
};
extern const char *const change_name[CHANGES]; /* "" for CHANGE_NONE; "same number", … */

enum change change_of(struct tree_text source, struct tree_text target);
/* 1 for "1", "t", "yes", "ja", …, 0 for "0", "false", "nein", …; else -1. */
int change_truth(struct tree_text text);

/* One difference. Texts are borrowed for the call; what is no UTF-8 in them becomes U+FFFD. A text
 * with `at` NULL: that side has none. */
struct group_difference {
    uint64_t answer;  /* a number of the pair of answers, by its place in the log: the same for all
                         its differences, which come one after the other */
    uint64_t line;    /* of the request, in the log */
    const char *file; /* with that line; NULL: none */
    const char *method; /* NULL: none */
    const char *where;  /* for people: the URL */
    const char *route;  /* route.h */
    const char *part;   /* of the answer, that it was found in: "body", "header", …; NULL: "" */
    const char *kind;   /* diff_kind_name[], or another word; NULL: "" */
    const char *path, *shape; /* tree_path(), tree_path_shape() */
    const char *class;        /* value_class_name[]; NULL: "" */
    const char *cause;        /* NULL: how the value changed, by change_of() */
    bool consequence;         /* of an earlier one, perhaps; counted apart */
    bool tainted;             /* something that came before it was left out; counted apart */
    struct tree_text text[SIDES];
};

enum { GROUP_ROUTES = 3, GROUP_TEXT = 500, GROUP_LINES = 100 };

/* Where a group was found. */
struct group_line {
    uint64_t answer, line;
};

struct group {
    size_t route_count;               /* that have it; more than GROUP_ROUTES are one group */
    const char *routes[GROUP_ROUTES]; /* the first ones */
    const char *part, *kind, *shape, *class, *cause;
    uint64_t answers, differences;
    uint64_t consequences, tainted; /* of the answers */
    size_t line_count;              /* GROUP_LINES at most: those of the lowest answers */
    const struct group_line *lines; /* in that order */
    /* The smallest example. Texts of at most GROUP_TEXT bytes; of tokens and session ids, which may
     * still be good, only the beginning. */
    struct group_line at;
    const char *file, *method, *where, *path;
    const char *text[SIDES]; /* NULL: none */
};

struct groups; /* opaque */

/* At most so many groups; 0: 10,000. What comes when there are so many is only counted. A group
 * takes 1 to 3 KB; one of the longest names and texts 10 KB. */
struct groups *groups_new(size_t most);
void groups_free(struct groups *groups); /* NULL is fine */

void groups_add(struct groups *groups, const struct group_difference *difference);

/* The groups, those of most answers first; what is the same on more than GROUP_ROUTES routes is one
 * of them. The list is in the arena, its texts belong to the groups. */
size_t groups_list(const struct groups *groups, struct arena *arena, struct group **list);
/* Differences that no group could take. */
uint64_t groups_left_out(const struct groups *groups);

/* All of it as bytes, appended, and back, of groups_new(most); what follows stays unread. NULL: the
 * bytes are damaged. */
void groups_save(const struct groups *groups, struct buffer *out);
struct groups *groups_load(struct bytes *in, size_t most);

/* Appends a shape in which the ids that programs write into names and keys are gone, too:
 * "#row-8812 > td.c3" -> "#row-{n} > td.c3", "$.users.8812.name" -> "$.users.{n}.name". */
void group_shape(struct buffer *out, const char *shape);

#endif
