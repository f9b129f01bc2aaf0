/*
 * Which columns hold ids that are paired (ids.h), and their maps. Input: pairs of ids, a plan, the
 * definitions of both sides. Output: plan_column.ids. A kind of ids belongs to
 *
 *     what the mapping says              ids: booking, at a column, a rule or a table; `none`: to
 * no one the table that is named like it    "booking": `bookings`, of either side, its only key
 * column or the one of its key that is named id who refers to such a column        by a foreign key
 * that either side declares
 *
 * What nothing speaks for is not paired: the rows then differ, and a note says which kinds have no
 * table. What speaks for two, or pairs that are no bijection, make a table inconclusive.
 */
#ifndef TALLY_VERIFY_IDS_PLAN_H
#define TALLY_VERIFY_IDS_PLAN_H

#include "ids.h"
#include "plan.h"

/* Sets the maps, says in the result what it did, and reads definitions where nobody did before.
 * False: a server does not let us see them. */
bool ids_plan(const struct ids *ids, const struct plan_side sides[SIDES], struct plan *plan,
              struct verify_result *result, struct err *err) MUST_CHECK;

#endif
