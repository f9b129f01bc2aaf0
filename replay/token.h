/*
 * Correlation without recorded answers: each side is sent its own values. Input: a lane's logged
 * requests, one after another, and what each side answered to those before. Output: what to send to
 * each side, and which logged value stands for which value of each side. Knows nothing of sending.
 *
 * Only proven positions are replaced: a form field by its name and form, a meta tag or cookie that
 * is sent back in a header, a JSON token by its member, an id by the redirect or link that the next
 * logged request followed. What looks like a token but has no source is listed as uncorrelated.
 *
 *     memory = token_memory_new(shared)           one per lane
 *     token_apply(memory, exchange)               fills exchange->out, replacements, uncorrelated
 *     … both sides are asked …
 *     token_learn(memory, exchange)               remembers what the answers gave
 */
#ifndef TALLY_REPLAY_TOKEN_H
#define TALLY_REPLAY_TOKEN_H

#include "exchange.h"

/* What lanes know in common: ids that one lane made and another one uses. Not thread safe: one
 * thread applies and learns for all lanes. */
struct token_shared;
struct token_memory;

/* Positions that rules add or forbid: lines of the rules file's `tokens:`; see token_rules.h. */
struct token_rules;

struct token_shared *
token_shared_new(const struct token_rules *rules); /* rules: borrowed or NULL */
void token_shared_free(struct token_shared *shared);
struct token_memory *token_memory_new(struct token_shared *shared);
void token_memory_free(struct token_memory *memory); /* NULL is fine */

/* Fills out[] from logged: target, body and the headers that carry tokens (not Cookie, which is
 * the jar's). */
void token_apply(struct token_memory *memory, struct exchange *exchange);

/* After both sides have answered; a side that failed teaches nothing. */
void token_learn(struct token_memory *memory, const struct exchange *exchange);

/* The ids of a tenant that the two sides gave for one logged id, for pairing the databases' rows.
 */
void token_each_id(const struct token_shared *shared,
                   void (*take)(void *context, const char *tenant, const char *logged,
                                const char *source, const char *target),
                   void *context);

#endif
