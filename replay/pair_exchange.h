/*
 * An exchange as the ledger keeps it: what was asked and what both sides answered, without secrets.
 * Input: a finished exchange. Output: bytes for book_pair(), which diff/pair.h reads. Pure; any
 * thread.
 */
#ifndef TALLY_REPLAY_PAIR_EXCHANGE_H
#define TALLY_REPLAY_PAIR_EXCHANGE_H

#include "../diff/pair.h"
#include "check.h"
#include "exchange.h"

/* Appends it. findings: what check_exchange() found, NULL: nothing was compared. one_side: there is
 * no target. key (pair_key()): of the run, for the marks that stand
 * for secrets; NULL: they are kept (--keep-secrets). Secret are: values that were replaced as such
 * or looked like a token, what the request's own body and headers hold under the name of a secret,
 * and what the answers give under one: a cookie, a header, a hidden field or meta element, a member
 * of JSON, and what stands behind the name in a link, a script or a text (?token=…, csrf = "…").
 */
void pair_of_exchange(const struct exchange *exchange, const struct findings *findings,
                      bool one_side, const unsigned char *key, struct buffer *out);

#endif
