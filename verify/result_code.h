/*
 * A finished result as bytes, and back: what a ledger keeps, so that a run can be reported again,
 * compared with and looked into. Input and output: struct verify_result. Knows nothing of ledgers.
 *
 * A head holds what is said of the whole run and the number of tables, and is followed by each
 * table in bytes of its own. Reading trusts nothing: what it accepts has every index in bounds and
 * encodes to the same bytes again.
 */
#ifndef TALLY_VERIFY_RESULT_CODE_H
#define TALLY_VERIFY_RESULT_CODE_H

#include "../diff/base/buffer.h"
#include "verify.h"

#define RESULT_VERSION 1
#define RESULT_MOST_TABLES (1u << 20) /* bounds what a damaged head makes us allocate */

/* Of the options: which mapping, --table and --exclude were given. */
void result_code_put_head(const struct verify_result *result, const struct verify_options *options,
                          struct buffer *out);
/* values false: what was read from rows is left out, only keyed hashes of this process stand for it
 * (mask.h), and the sentences of causes become general ones. */
void result_code_put_table(const struct result_table *table, bool values, struct buffer *out);

/*
 * Into an empty result; its tables are there and empty, for result_code_get_table(). Sets in the
 * options mapping_path (in the result's arena), tables and excludes (the caller frees them). False:
 * damaged, or of another version; the result is to be freed all the same.
 */
bool result_code_get_head(const struct buffer *bytes, struct verify_result *result,
                          struct verify_options *options) MUST_CHECK;
bool result_code_get_table(const struct buffer *bytes, struct arena *arena,
                           struct result_table *table) MUST_CHECK;

#endif
