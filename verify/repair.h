/*
 * The repair file (--repair-sql): statements that make one side equal to the other, in the dialect
 * of the side that is mended. Tally writes it and never runs it. Input: the plan, and every
 * difference as the drill tells it. Output: a file that only its owner can read, and that is there
 * under its name only when it is complete.
 *
 * Statements are kept in an unnamed temporary file beside it while the run goes on, as their order
 * (all deletes, all updates, all inserts: repair_table.h) is not the order in which differences are
 * found; memory does not grow with their number. A table of which not all differences were found,
 * or that changed while it was read, is left out whole, and the file says so.
 *
 * All calls come from the main thread. When the file cannot be written (a full disk), the run goes
 * on without, and a note says so.
 */
#ifndef TALLY_VERIFY_REPAIR_H
#define TALLY_VERIFY_REPAIR_H

#include "drill.h"
#include "plan.h"

#include <stdatomic.h>

struct repair;

/* Opens the file that the options ask for, so that an hour's work does not end at a path that
 * cannot be written; *repair stays NULL when they ask for none. sides: of the plan. Everything is
 * borrowed until repair_free(). ERR_USAGE: the path. */
bool repair_open(const struct verify_options *options, const struct plan *plan,
                 const struct plan_side sides[SIDES], struct verify_result *result,
                 struct repair **repair, struct err *err) MUST_CHECK;

/* Before the drill's first join. */
void repair_watch(struct repair *repair, struct drill *drill);

/* After its last one. complete: all differences of the table were told, and the table was the same
 * when it was read again. */
void repair_settle(struct repair *repair, const struct plan_table *table, bool complete);

/* When every table is settled: asks the mended side which rows its unique keys would refuse
 * (repair_claims.h), on a connection of its own, puts the file together, and tells the result.
 * *stop: ends it soon, without a file. */
void repair_finish(struct repair *repair, const atomic_bool *stop, struct verify_result *result);

/* The process ends at once: what was not finished goes. Any thread, until repair_finish(). */
void repair_abandon(const struct repair *repair);

/* NULL is fine. A file that was not finished goes. */
void repair_free(struct repair *repair);

#endif
