/*
 * Secrets that a session has shown so far: its cookies, passwords and tokens, so that a page that
 * shows one in its running text, a hundred requests later, is kept without it. Input: values of
 * each side. Output: the same. Bounded: KNOWN_MOST of them and KNOWN_BYTES of a session; the oldest
 * goes, those that last after the others. Any thread.
 */
#ifndef TALLY_REPLAY_KNOWN_H
#define TALLY_REPLAY_KNOWN_H

#include "../diff/base/buffer.h"
#include "../diff/base/error.h"
#include "../diff/base/side.h"

#include <stdbool.h>

#define KNOWN_MOST 48
#define KNOWN_BYTES 4096
#define KNOWN_VALUE_MOST 400 /* bytes of one; longer ones are not remembered */

struct known;

struct known *known_new(void);
void known_free(struct known *known); /* NULL is fine */
/* What is known now, for what is looked at later, when other things may be. The caller frees it. */
struct known *known_copy(struct known *known);

/* value[side] NULL: that side has none. lasts: a cookie or a password, and no token of one page. */
void known_add(struct known *known, const char *const value[SIDES], bool lasts);
/* Calls take() for each; texts are borrowed for the call, which must not use `known`. */
void known_each(struct known *known, void (*take)(void *context, const char *const value[SIDES]),
                void *context);

/* As bytes (keep them secret), and back. ERR_USAGE: damaged. */
void known_save(struct known *known, struct buffer *out);
bool known_load(const void *bytes, size_t length, struct known *known, struct err *err) MUST_CHECK;

#endif
