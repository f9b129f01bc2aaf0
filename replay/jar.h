/*
 * A cookie jar of one session and one side. Input: Set-Cookie of that side's answers, and for
 * --seed-cookies what the log says was sent. Output: the Cookie header that a browser at production
 * would send, for the mapped host. See traps: Domain, Secure, Path, Max-Age.
 */
#ifndef TALLY_REPLAY_JAR_H
#define TALLY_REPLAY_JAR_H

#include "../diff/base/buffer.h"
#include "slice.h"

struct jar;

/* url: the side's origin. production: the host that the log's cookies were for, or NULL. */
struct jar *jar_new(const char *url, const char *production);
void jar_free(struct jar *jar); /* NULL is fine */

/* A Cookie header as logged: each of its cookies, as if the origin had set it for "/". */
void jar_seed(struct jar *jar, struct slice cookies);

/* The value of a cookie that would be sent to this path; NULL: none. Borrowed until the next call.
 */
const char *jar_find(struct jar *jar, const char *path, const char *name);

#endif
