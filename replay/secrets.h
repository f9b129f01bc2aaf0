/*
 * What is secret in an exchange, wherever it stands: of what was sent, of what was answered, and of
 * what the session showed before (known.h). Input: an exchange. Output: a list of values, for
 * pair.h to look for. Pure; any thread.
 *
 * Secret are: values that were replaced as such or looked like a token; what targets, links, bodies
 * and headers hold by mask.h, sent and answered; what the answers give under the name of a secret:
 * a cookie, a header, a hidden field or meta element, a member of JSON, and what stands behind the
 * name in a link, a script or a text (?token=…, csrf = "…"); JSON Web Tokens.
 */
#ifndef TALLY_REPLAY_SECRETS_H
#define TALLY_REPLAY_SECRETS_H

#include "../diff/pair.h"
#include "exchange.h"
#include "known.h"

struct secrets;
struct pair_hider;

/* one_side: there is no target. known: of the session; NULL: nothing is. */
struct secrets *secrets_of(const struct exchange *exchange, bool one_side, struct known *known);
/* Adds what the exchange shows of its session's secrets: what was sent, and cookies. */
void secrets_learn(const struct exchange *exchange, struct known *known);
void secrets_free(struct secrets *secrets); /* NULL is fine */

/* Not all were taken: then no text of the answers may be kept or shown. */
bool secrets_are_too_many(const struct secrets *secrets);
/* For pair_encode(); borrowed. key NULL: zeros. */
struct pair_secrets secrets_list(const struct secrets *secrets, const unsigned char *key);
/* What is looked for in texts of a side (pair_secret.h); the secrets must live as long. */
struct pair_hider *secrets_hider(struct secrets *secrets, const struct exchange *exchange,
                                 enum side side, const unsigned char *key);
/* Appends the mark of a value that is a secret as a whole: that of what stands for it on the
 * source, where it is in the list. */
void secrets_mark(const struct secrets *secrets, enum side side, const unsigned char *key,
                  struct slice value, struct buffer *out);

#endif
