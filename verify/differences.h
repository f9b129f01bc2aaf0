/*
 * Which differences a run has found: 16 bytes for each, so that the next run can tell which are
 * new. Input: the drill's differences (drill.h). Output: per table a sorted list of identities,
 * and records of a ledger.
 *
 * The identity of a difference is a 128-bit hash of its kind, its key and, of a changed row, the
 * columns that differ with both values, all as canonical bytes; of a table without a key, of the
 * whole row. A row that is there several times has its identity several times. A run keeps at most
 * DIFFERENCES_MOST; beyond that the table with the most is given up, and is `too many`.
 *
 *     record `difference`, id: the result's table; part 0: kept or too many, and how many;
 *     part 1 …: the identities, ascending, at most 65,536 in each
 */
#ifndef TALLY_VERIFY_DIFFERENCES_H
#define TALLY_VERIFY_DIFFERENCES_H

#include "../diff/ledger.h"
#include "drill.h"

#define DIFFERENCES_MOST 500000 /* 8 MB, and as much again while they are sorted */

struct differences;

/* most: DIFFERENCES_MOST, or less in tests. */
struct differences *differences_new(size_t table_count, size_t most);
void differences_free(struct differences *differences); /* NULL is fine */

/* Collects what a table's drill finds. The context lives as long as the differences. */
struct drill_watcher differences_watcher(struct differences *differences, size_t table,
                                         const struct plan_table *plan);

struct hash128 differences_identity(const struct plan_table *plan, enum finding_kind kind,
                                    const struct value *const values[SIDES], const size_t *differ,
                                    size_t differ_count, struct buffer *scratch);

/* When a table is done: its differences are all there. What is never called so is not known. */
void differences_settle(struct differences *differences, size_t table);

enum differences_state {
    DIFFERENCES_UNKNOWN, /* not all were found, or this run kept none */
    DIFFERENCES_TOO_MANY,
    DIFFERENCES_KEPT
};
enum differences_state differences_state(const struct differences *differences, size_t table);

/* Of kept ones: is it there? */
bool differences_has(const struct differences *differences, size_t table, struct hash128 identity);

/* Compares two kept lists as multisets. */
struct differences_change {
    uint64_t fresh, persisting, gone;
};
struct differences_change differences_compare(const struct differences *now, size_t table,
                                              const struct differences *then, size_t then_table);

/* The caller saves. */
bool differences_put(const struct differences *differences, struct ledger *ledger,
                     struct err *err) MUST_CHECK;
bool differences_drop(struct ledger *ledger, struct err *err) MUST_CHECK;
/* ERR_USAGE: damaged. *differences is NULL after an error. */
bool differences_get(struct ledger *ledger, size_t table_count, struct differences **differences,
                     struct err *err) MUST_CHECK;

#endif
