/*
 * Pairs the columns of one table pair and chooses its key. Part of planning (plan.h); works on
 * names and types alone, but asks the engine for the types of expressions.
 */
#ifndef TALLY_VERIFY_PAIR_H
#define TALLY_VERIFY_PAIR_H

#include "plan.h"

/* What pairing a table needs to know. */
struct pairing {
    const struct mapping *mapping;
    const struct mapping_table *entry; /* the mapping's words on this pair, or NULL */
    const struct plan_side *sides;
    struct arena *arena; /* of the result: its names outlive the plan */
};

/*
 * Fills columns, key_count, multiset, lenient and comparable of a table whose table[] and result
 * are set, and the result's columns, reasons and notes. ERR_USAGE: the mapping contradicts the
 * table.
 */
bool pair_columns(const struct pairing *pairing, struct plan_table *table,
                  struct err *err) MUST_CHECK;

/* Does a glob, letters' case apart, match a table's name, "schema.name" or label? */
bool pair_matches_table(const char *glob, const struct table *table);

/* Has the pattern no wildcard, so that it must name something? */
bool pair_is_exact(const char *glob);

/* ERR_USAGE with "path:line:column: sentence". */
bool pair_mapping_error(const struct mapping *mapping, struct mark mark, struct err *err,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
