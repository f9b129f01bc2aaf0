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
 *     reading = token_read(rules, exchange)       any thread: what the answers give
 *     token_merge(memory, exchange, reading)      remembers it
 */
#ifndef TALLY_REPLAY_TOKEN_H
#define TALLY_REPLAY_TOKEN_H

#include "../diff/base/error.h"
#include "exchange.h"

/* What lanes know in common: ids that one lane made and another one uses. Not thread safe: one
 * thread applies and merges for all lanes. */
struct token_shared;
/* Of one lane: at most 64 kB of values and 512 of them; together with all lanes at most 64 MB,
 * then each keeps 4 kB. A value over 16 kB is not remembered. Ids in common: 2^18, then the oldest
 * is forgotten. */
struct token_memory;

/* Positions that rules add or forbid: lines of the rules file's `tokens:`; see token_rules.h. */
struct token_rules;

struct token_shared *
token_shared_new(const struct token_rules *rules); /* rules: borrowed or NULL */
void token_shared_free(struct token_shared *shared);
struct token_memory *token_memory_new(struct token_shared *shared);
void token_memory_free(struct token_memory *memory); /* NULL is fine */
/* What the lane remembers, in bytes: at most 64 kB. */
size_t token_memory_bytes(const struct token_memory *memory);

/*
 * Fills out[] from logged: target, body and headers, with each side's own values; everything else
 * is byte for byte as logged. A side for which no value is known is sent the logged one. Headers:
 * the logged ones, but for those of the jar and of the connection (Cookie, Host, Content-Length,
 * Connection, Transfer-Encoding, Expect); Content-Type, which is told from the body where it is not
 * logged; and tokens that scripts send in a header (X-CSRF-Token, X-XSRF-TOKEN, Authorization:
 * Bearer), where the lane has one, the method is not safe and no field carries one. Referer and
 * Origin keep the logged host: only who sends knows the side's.
 */
void token_apply(struct token_memory *memory, struct exchange *exchange);

/* What an exchange's two answers teach. Reads them both, which takes as long as parsing them: it is
 * pure, for any thread. rules: those that the lanes' token_shared has; or NULL. NULL: nothing, as
 * most answers do that are no page (images, 304); a side that failed teaches nothing. The reading
 * holds at most some 400 values of 16 kB. */
struct token_reading;
struct token_reading *token_read(const struct token_rules *rules, const struct exchange *exchange);
void token_reading_free(struct token_reading *reading); /* that is not merged; NULL is fine */

/* Remembers a reading (NULL is fine) and frees it: microseconds, on the thread that applies. Adds
 * to the replacements the pairs of ids that these answers hold: new ones (logged: "") in a Location
 * or a created thing's JSON, and known ones that links on both pages show, so that what is compared
 * can take them as equal. To be called before the next token_apply() of the lane. */
void token_merge(struct token_memory *memory, struct exchange *exchange,
                 struct token_reading *reading);

/*
 * For a run that goes on after an interruption. A lane's memory as bytes, at most some 130 kB; the
 * common ids in pieces, each with what is new since the last one, so that saving is cheap.
 * token_shared_save(): *whole when the piece holds everything and those before it are needless;
 * false when there is nothing new. Loaded one after another into what is empty. ERR_USAGE: damaged.
 */
void token_memory_save(const struct token_memory *memory, struct buffer *out);
bool token_memory_load(const void *bytes, size_t length, struct token_memory *memory,
                       struct err *err) MUST_CHECK;
bool token_shared_save(struct token_shared *shared, struct buffer *out, bool *whole);
bool token_shared_load(const void *bytes, size_t length, struct token_shared *shared,
                       struct err *err) MUST_CHECK;

/* Does a logged cookie hold what only the side itself can have given, a session's id or a token, as
 * far as its name and value tell? */
bool token_is_own_cookie(const char *name, const char *value);

/* The ids that the two sides gave for one logged id, for pairing the databases' rows. tenant: ""
 * without tenants. kind: what it is an id of, as far as paths and names say ("booking"), in a
 * spelling that singular and plural share ("rat" for rate). */
void token_each_id(const struct token_shared *shared,
                   void (*take)(void *context, const char *tenant, const char *kind,
                                const char *logged, const char *source, const char *target),
                   void *context);

#endif
