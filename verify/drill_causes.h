/*
 * Watches a drill for the causes of its differences (diff/cause.h). Input: a table's plan, then
 * what the drill tells. Output: the causes of the table's result. Knows what types mean to causes;
 * knows no rule of theirs.
 */
#ifndef TALLY_VERIFY_DRILL_CAUSES_H
#define TALLY_VERIFY_DRILL_CAUSES_H

#include "drill.h"

struct drill_causes;

/* Begins to watch. The table's plan is borrowed until drill_causes_free(). */
struct drill_causes *drill_causes_new(struct drill *drill) __attribute__((returns_nonnull));
void drill_causes_free(struct drill_causes *watcher);

/* After drill_finish(): fills the result's causes, which live in the arena. */
void drill_causes_finish(struct drill_causes *watcher, struct result_table *result,
                         struct arena *arena);

#endif
