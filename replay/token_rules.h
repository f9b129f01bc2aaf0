/*
 * Positions that rules add to those which token.c finds by itself, or forbid. Input: the section
 * `tokens` of the rules file (diff/rule.h reads the others). Output: what to do with a name or a
 * place.
 *
 *     tokens:
 *       - {field: lock_version, action: replace}     # a hidden field or JSON member of that name
 *       - {field: promo_code, action: keep}
 *       - {header: X-Form-Key, action: replace}      # from <meta name="Form-Key">
 *       - {cookie: form_key, action: replace}        # is sent back in the header X-form_key
 *       - {path: "GET /b/{code}", action: replace}   # {…}: what stands there is an id
 *       - {path: "/rooms/{id}", action: keep}
 *
 * The first rule that fits counts.
 */
#ifndef TALLY_REPLAY_TOKEN_RULES_H
#define TALLY_REPLAY_TOKEN_RULES_H

#include "../diff/base/error.h"
#include "slice.h"

struct token_rules;

enum token_action { TOKEN_DEFAULT, TOKEN_REPLACE, TOKEN_KEEP };
enum token_subject { TOKEN_FIELD, TOKEN_HEADER, TOKEN_COOKIE, TOKEN_PATH, TOKEN_SUBJECTS };

/* ERR_USAGE, "path:line:column: what is wrong". A file without the section has no such rules. */
bool token_rules_read(const char *path, struct token_rules **rules, struct err *err) MUST_CHECK;
bool token_rules_parse(const char *path, const char *text, size_t length,
                       struct token_rules **rules, struct err *err) MUST_CHECK;
void token_rules_free(struct token_rules *rules); /* NULL is fine */

/* Of a name; rules NULL: TOKEN_DEFAULT. Names of headers and cookies: case does not count. */
enum token_action token_rules_name(const struct token_rules *rules, enum token_subject subject,
                                   const char *name);
/* Of a path's segment, from 1. */
enum token_action token_rules_path(const struct token_rules *rules, const char *method,
                                   struct slice target, unsigned index);

#endif
