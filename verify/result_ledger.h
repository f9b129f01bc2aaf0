/*
 * The result of a finished run in its ledger. Record `result`: id 0 is the head, id 1 … a table
 * each, in the result's order (result_code.h). A ledger without the head is of a run that has not
 * finished.
 */
#ifndef TALLY_VERIFY_RESULT_LEDGER_H
#define TALLY_VERIFY_RESULT_LEDGER_H

#include "../diff/ledger.h"
#include "verify.h"

/* Adds it, or replaces what was there; values of rows are left out with options->no_values. The
 * caller saves. */
bool result_ledger_put(struct ledger *ledger, const struct verify_result *result,
                       const struct verify_options *options, struct err *err) MUST_CHECK;

/* Takes away what is there: a run that goes on has no result yet. */
bool result_ledger_drop(struct ledger *ledger, struct err *err) MUST_CHECK;

/*
 * The result back, with the ledger's path; sets mapping_path, tables, excludes and no_values in
 * the options, as result_code_get_head() does. ERR_USAGE: the run has not finished, or another
 * version of Tally kept it. The result is to be freed all the same.
 */
bool result_ledger_get(struct ledger *ledger, struct verify_result *result,
                       struct verify_options *options, struct err *err) MUST_CHECK;

#endif
