/*
 * The table of cause rules over one cell: what a rule is asked, what it answers and what is
 * remembered of the answers. Shared by cause*.c alone.
 *
 * A rule is asked whether `to` can have become of `from` by its cause, for both directions, as
 * either side may be the damaged one. It must not say yes to what can well be something else: an
 * unexplained difference is a nuisance, a false cause misleads.
 */
#ifndef TALLY_CAUSE_RULE_H
#define TALLY_CAUSE_RULE_H

#include "cause.h"

enum { CAUSE_MARKS = 24, CAUSE_MEASURES = 4, CAUSE_SPANS = 2, CAUSE_LIMITS = 512 };

struct cause_pair {
    const struct cause_column *column;
    enum side damaged; /* the side of `to` */
    const struct value *from, *to;
    /* Of payloads that are text or bytes: how much both begin and end with, in whole characters
     * where they are UTF-8, and without overlap. */
    size_t prefix, suffix;
};

/* What a rule says of a pair that fits: its marks are counted, each for itself; of each measure the
 * lowest and the highest are kept; how many pairs each number of a span fits is counted. What they
 * mean is the rule's own affair. */
struct cause_match {
    uint32_t marks;
    int64_t measure[CAUSE_MEASURES];
    int64_t low[CAUSE_SPANS], high[CAUSE_SPANS]; /* both included; 0, 0: no span */
};

/* How many pairs each number fits, of the first CAUSE_LIMITS numbers that came: what all share is
 * among them. By open addressing; 0 is a free place. */
struct cause_limits {
    struct {
        int64_t number;
        uint64_t count;
    } places[2 * CAUSE_LIMITS];
    size_t used;
    int64_t best; /* the number that most pairs fit, and how many */
    uint64_t most;
};

/* All differences of one column that one rule explains in one direction. */
struct cause_group {
    const struct cause_rule *rule;
    const struct cause_column *column;
    enum side damaged;
    uint64_t count; /* rows */
    uint64_t marked[CAUSE_MARKS];
    int64_t lowest[CAUSE_MEASURES], highest[CAUSE_MEASURES];
    struct cause_limits *limits[CAUSE_SPANS]; /* NULL: no span yet */
    const struct cause_seen *seen;            /* of the column, in rows that are equal in it */
};

/* What the values of a column are like in the rows that are equal in it, as far as rows were told:
 * they contradict a limit that they exceed. */
struct cause_seen {
    uint64_t rows;
    size_t longest;   /* bytes of a text */
    int64_t digits;   /* behind the point: of a number; of a second */
    uint64_t empties; /* texts without a character */
};

#define CAUSE_TAG(tag) (1u << (tag))

struct cause_rule {
    const char *name;
    bool sure;         /* no rule before it fits what it fits: it may be asked first */
    unsigned from, to; /* the tags of values that it judges, as CAUSE_TAG()s */
    bool (*fits)(const struct cause_pair *pair, struct cause_match *match);
    /* The sentence behind "orders.note: 3 rows ", without a full stop: "are cut at …"; returns the
     * confidence. */
    double (*say)(const struct cause_group *group, struct buffer *out);
    /* How many of the group's differences are explained after all, now that they are all known; the
     * rest has no cause. NULL: all. */
    uint64_t (*confirm)(const struct cause_group *group);
    /* Differences with this mark are as well explained by the other rule: they are
     * counted with it where it explains more than the rest of these. NULL: none. */
    const char *other;
    int other_mark;
};

/* Asked in this order: the first that fits has it. */
extern const struct cause_rule *const cause_families[];
extern const size_t cause_family_count;
/* Each ends with a rule without a name. */
extern const struct cause_rule cause_time_rules[], cause_text_rules[], cause_charset_rules[],
    cause_number_rules[], cause_list_rules[];

/* Fills prefix and suffix. */
void cause_pair_measure(struct cause_pair *pair);

/* The first rule that explains the pair of values, with the direction in *damaged. NULL: none. */
const struct cause_rule *cause_judge(const struct cause_column *column,
                                     const struct value *const values[SIDES], enum side *damaged,
                                     struct cause_match *match);

/* "is" or "are", "has" or "have". */
const char *cause_are(uint64_t count);
const char *cause_have(uint64_t count);

/* The int64 of a VALUE_INT and of every time. */
int64_t cause_int(const struct value *value);
/* Code points of a UTF-8 text, no more than `most`; SIZE_MAX when it is not UTF-8 or has more. */
size_t cause_decode(const unsigned char *bytes, size_t length, uint32_t *codes, size_t most);
size_t cause_count_characters(const unsigned char *bytes, size_t length);

/* Numbers above 0. */
void cause_limits_add(struct cause_limits *limits, int64_t number, uint64_t times);
/* How many pairs fit the number. */
uint64_t cause_limit_count(const struct cause_limits *limits, int64_t number);

/* Is the confidence of a rule that fits by chance now and then, told by how often it has: 1 from
 * ten rows on. */
double cause_by_count(uint64_t count);

#endif
