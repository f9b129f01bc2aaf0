/*
 * How a session that began before the log gets to where it was: a login, played on each side before
 * its first logged request. Input: a YAML file. Output: requests to send, one after another, as
 * logged ones, so that forms' tokens are correlated like any other's.
 *
 *     users:                              # which user a session is: by an expression's value, …
 *       by: $cookie_user                  # as --session's; without: every session is "*"
 *       anna: {login: anna, password: secret-1}
 *       "*":  {login: guest, password: guest}
 *     steps:
 *       - GET /login
 *       - {request: POST /login, form: {login: "{login}", password: "{password}", _token: ""}}
 *       - request: POST /api/login
 *         json: '{"user": "{login}"}'
 *         header: {Accept: application/json}
 *     succeeds: 302                       # status of the last step, or a list; else any below 400
 *
 * {name} stands for what the user has under that name, spelled as the place wants it; every user
 * has the names that are used. A step's form fields that the page before gave a token for are
 * replaced as token.h does.
 */
#ifndef TALLY_REPLAY_RECIPE_H
#define TALLY_REPLAY_RECIPE_H

#include "exchange.h"

struct recipe;

/* ERR_USAGE, "path:line:column: what is wrong"; never with a user's value. */
bool recipe_read(const char *path, struct recipe **recipe, struct err *err) MUST_CHECK;
bool recipe_parse(const char *path, const char *text, size_t length, struct recipe **recipe,
                  struct err *err) MUST_CHECK;
void recipe_free(struct recipe *recipe); /* NULL is fine */
/* The expression after `by`, or NULL. */
const char *recipe_by(const struct recipe *recipe);

/* How many steps there are for this user (NULL: nobody); 0: none is known by that name, and there
 * is no "*". */
size_t recipe_steps(const struct recipe *recipe, const char *user);
/* Fills `logged` of an exchange whose session and tenant are set already; step: from 0, below
 * recipe_steps(). Texts are copied to its arena. Its passwords are secret: nothing of these
 * exchanges goes into an output. */
void recipe_step(const struct recipe *recipe, const char *user, size_t step,
                 struct exchange *exchange);
bool recipe_succeeds(const struct recipe *recipe, int status);

#endif
