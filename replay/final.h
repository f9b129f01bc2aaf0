/*
 * The final states of both databases: tally-verify on each tenant's pair, with generated ids paired
 * by what the replay replaced. Input: options and pairs of ids. Output: struct replay_database.
 * Alone includes verify/verify.h.
 *
 *     final_new()       which databases there are
 *     final_before()    with --verify-before, before anything is sent
 *     final_after()     at the end: what differs now, and did not before
 *
 * "{tenant}" in a URI or in the mapping's path stands for the tenant, whose name may then hold
 * letters, digits, "_" and "-" alone; without it there is one pair of databases for all tenants.
 * tally-verify's ledgers lie beside the replay's: LEDGER.before.verify and LEDGER.after.verify, or
 * LEDGER.before-TENANT.verify …. A state from before is there only whole, so that a resumed run
 * finds what was seen before its first request.
 */
#ifndef TALLY_REPLAY_FINAL_H
#define TALLY_REPLAY_FINAL_H

#include "replay.h"
#include "token.h"

struct final;

/* tenants: those of the log ("" alone: without tenants); copied. ERR_USAGE: the URIs name tenants,
 * and there are none. */
bool final_new(const struct replay_options *options, const char *const *tenants,
               size_t tenant_count, struct final **final, struct err *err) MUST_CHECK;
/*
 * Both states are compared, and what differs already is not blamed on the replay. To be called only
 * when nothing has been sent yet, by no earlier run either. False: a state could not be seen (a
 * server cannot be reached, it was interrupted), and nothing may be sent. ledger_path: the
 * replay's.
 */
bool final_before(struct final *final, const char *ledger_path, struct err *err) MUST_CHECK;
/*
 * Of each finished exchange, on one thread: what both sides made and named in the same place of
 * their answers to a request that writes is one thing, though no logged request may have asked for
 * it. token_each_id() tells those that one did, and knows better where the two disagree.
 */
void final_learn(struct final *final, const struct exchange *exchange);
/*
 * After the replay. shared: for token_each_id(); NULL: no pairs. Fills result->databases, adds
 * notes, raises its verdict; sets result->interrupted. What could not be compared is a problem of
 * its database, and inconclusive.
 */
bool final_after(struct final *final, const char *ledger_path, const struct token_shared *shared,
                 struct replay_result *result, struct err *err) MUST_CHECK;
void final_free(struct final *final); /* NULL is fine */

/* Makes both end within a second. Async-signal-safe; for replay_interrupt(). */
void final_interrupt(void);

#endif
