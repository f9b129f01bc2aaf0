/*
 * Proofs that a logged id stands for one that each side made. Input: what waits in a lane, and a
 * logged target or part. Output: ids in token_shared. For token*.c only.
 *
 *     a redirect led each side to /bookings/9001 and /bookings/9044, and the log to /bookings/8812
 *     an API answered {"id": 9001} and {"id": 9044}, and the log goes on with a booking never seen
 *     each side's last page shows one booking that the other's does not, and the log follows a
 *       link to a booking that neither page shows
 */
#ifndef TALLY_REPLAY_TOKEN_PROVE_H
#define TALLY_REPLAY_TOKEN_PROVE_H

#include "token_parts.h"

/* Do a logged target and the sides' (NULL: it has none) lead to one page? Then their ids are
 * pairs, as far as no request up to `number` used the side's id before. */
bool token_prove_target(struct token_memory *memory, const struct exchange *exchange,
                        uint64_t number, struct slice logged, char *const target[SIDES]);
/* Redirects that wait for this request; what waits in vain is forgotten. */
void token_prove_redirect(struct token_memory *memory, const struct exchange *exchange);
/* Of an id that no mapping has yet; true: now one has, under the first of `kinds`. */
bool token_prove_part(struct token_memory *memory, const struct exchange *exchange,
                      const struct token_kinds *kinds, const char *logged);
/* Did the lane's pages show the id, on both sides? Then it is the same on both. */
bool token_shown_on_both(const struct token_memory *memory, const struct token_kinds *kinds,
                         const char *value);
/* Pairs of ids that both answers of an exchange give anew, as its replacements that are `proposed`;
 * to be called once of each, when its facts are remembered and what is known of them is recorded:
 * token_anew.c says when a pair is one. */
void token_propose(struct token_memory *memory, struct exchange *exchange);
/* Of each exchange, before that: from a tenant's first write on there may be new ids. */
void token_note_write(struct token_memory *memory, const struct exchange *exchange);
/* Did that exchange's answer of the side link to the id of this kind? Of links still remembered. */
bool token_page_shows(const struct token_memory *memory, enum side side, uint64_t number,
                      const char *kind, const char *value);
/* Is the id new to that side? */
bool token_is_fresh(const struct token_memory *memory, const struct exchange *exchange,
                    enum side side, const struct token_kinds *kinds, const char *value,
                    uint64_t number);

#endif
