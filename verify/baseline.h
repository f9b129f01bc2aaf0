/*
 * An earlier, finished run to compare a run with: what is new since, what persists, what is gone.
 * Input: its ledger, then this run's result and differences. Output: `since` of the result and its
 * tables. Opens no database.
 *
 * What cannot be told is new, never old: the rows of a table whose differences were not all found,
 * a reason for which there was no such sentence then.
 */
#ifndef TALLY_VERIFY_BASELINE_H
#define TALLY_VERIFY_BASELINE_H

#include "differences.h"
#include "verify.h"

#define BASELINE_LAST "last" /* --baseline last: the newest finished run of the state folder */

struct baseline;

/*
 * Opens and reads path; with BASELINE_LAST the newest ledger of the state folder that holds the
 * finished result of the same two databases (the result's shown URIs), and an empty baseline, of
 * which everything is new, with a note in the result, when there is none. ERR_USAGE: no such
 * ledger, or its run has not finished.
 */
bool baseline_open(const char *path, bool only_new, struct verify_result *result,
                   struct baseline **baseline, struct err *err) MUST_CHECK;
void baseline_free(struct baseline *baseline); /* NULL is fine */

/* For the drill of a table: which of its findings are known from the baseline. */
struct drill_known baseline_known(struct baseline *baseline, const struct plan_table *plan);

/* When the result has its verdict. */
void baseline_judge(const struct baseline *baseline, const struct differences *differences,
                    struct verify_result *result);

#endif
