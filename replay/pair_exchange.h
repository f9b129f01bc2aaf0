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
#include "secrets.h"

/* Appends it. findings: what check_exchange() found, NULL: nothing was compared. one_side: there is
 * no target. key (pair_key()): of the run, for the marks that stand for secrets (secrets.h says
 * what they are); NULL: they are kept (--keep-secrets). known: what the session showed before, or
 * NULL. Of answers that hold more secrets than are looked for no body is kept. */
void pair_of_exchange(const struct exchange *exchange, const struct findings *findings,
                      bool one_side, const unsigned char *key, struct known *known,
                      struct buffer *out);

#endif
