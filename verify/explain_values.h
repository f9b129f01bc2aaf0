/*
 * tally-diff explain: are two values equal, and why? Input: two types as CREATE TABLE spells them,
 * two values, options as in the mapping. Output: text, and the verdict as an exit code. Asks no
 * server.
 */
#ifndef TALLY_VERIFY_EXPLAIN_VALUES_H
#define TALLY_VERIFY_EXPLAIN_VALUES_H

#include "canon.h"

struct explain_question {
    const char *type[SIDES]; /* "tinyint(1)"; "postgresql:timestamp" where both engines have it */
    const char *value[SIDES];
    /* As in the mapping; NULL and false: not given. */
    const char *kind, *zone, *side_zone[SIDES], *precision, *tolerance, *separator;
    bool zero_date_null, strip_zero_padding, swapped;
};

/* *exit_code: 0 equal, 1 different, 2 the pair of types is not verified. ERR_USAGE. */
bool explain_values(const struct explain_question *question, struct buffer *out, int *exit_code,
                    struct err *err) MUST_CHECK;

/* A type by its spelling. Without a prefix ("mysql:", "postgresql:") it is MySQL's for the source
 * and PostgreSQL's for the target where these have it, else the other's. *engine: whose it is. */
bool explain_type(const char *text, enum side side, struct arena *arena, struct type *type,
                  const char **engine, struct err *err) MUST_CHECK;

#endif
