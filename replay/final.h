/*
 * The final states of both databases: tally-verify on each tenant's pair, with generated ids paired
 * by what the replay replaced. Input: options and pairs of ids. Output: struct replay_database.
 * Alone includes verify/verify.h.
 */
#ifndef TALLY_REPLAY_FINAL_H
#define TALLY_REPLAY_FINAL_H

#include "replay.h"
#include "token.h"

struct final;

/* tenants: those of the log ("" alone: without tenants). With verify_before both states are
 * compared at once, and what differs already is not blamed on the replay. */
bool final_new(const struct replay_options *options, const char *const *tenants,
               size_t tenant_count, struct final **final, struct err *err) MUST_CHECK;
bool final_before(struct final *final, struct err *err) MUST_CHECK;
/* After the replay. shared: for token_each_id(); NULL: no pairs. Fills result->databases and raises
 * its verdict. */
bool final_after(struct final *final, const struct token_shared *shared,
                 struct replay_result *result, struct err *err) MUST_CHECK;
void final_free(struct final *final); /* NULL is fine */

#endif
