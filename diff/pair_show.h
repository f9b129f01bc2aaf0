/*
 * A stored pair of answers for people, for programs and side by side. Input: a pair (pair.h), and
 * how its bodies differ. Output: text in a buffer.
 */
#ifndef TALLY_PAIR_SHOW_H
#define TALLY_PAIR_SHOW_H

#include "compare.h"
#include "pair.h"

struct pair_show {
    const struct pair *pair;
    const struct comparison *found; /* of the bodies; NULL: they were not compared, */
    const char *why;                /* and why, a sentence */
    const struct pair_use *known;   /* by that comparison */
    bool rules;                     /* it had rules */
    bool colour;                    /* of the text */
};

void pair_show_text(const struct pair_show *show, struct buffer *out);
/* One object as tally-request.schema.json describes it, and a newline. */
void pair_show_json(const struct pair_show *show, struct buffer *out);
/* A page of its own (page.h). */
void pair_show_html(const struct pair_show *show, struct buffer *out);

/* A line for a list: number, request, both statuses, and where it stands in the log. */
void pair_show_line(const struct pair *pair, struct buffer *out);

#endif
