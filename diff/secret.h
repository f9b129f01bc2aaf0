/*
 * What place and shape say of a text: is it a secret, such as a link's one-time token? Input: texts
 * as they stand in a URL. Output: yes or no. Pure, but for secret_also(); knows nothing of names of
 * fields (those are replay/mask.h's) and of HTTP.
 *
 *     /reset/3f9a81c2, /invite/Kx7Pq2    secret by the segment before
 *     /d/3f9a81c27be04d5566aa            by its shape: 20 hex digits and more, 20 letters and
 * digits and more that no word has, a JSON Web Token /reset/done, /verify/email         words are
 * none /b/550e8400-e29b-…, /rates/8812    UUIDs, numbers and dates name things: people need them
 *     /assets/3f9a81c27be04d5566aa.js    what every visitor is given is none
 */
#ifndef TALLY_SECRET_H
#define TALLY_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_LEAST 20 /* bytes of what is one by its shape */

/* Names that a person gives beside those that are known (--secret): of fields, and of segments
 * behind which any text is a secret. Borrowed until the next call, which is made while there are no
 * other threads. */
void secret_also(const char *const *names, size_t count);
bool secret_is_also(const char *name, size_t length); /* case does not count */

/* By its shape alone; %XX counts as what it stands for. */
bool secret_looks(const char *text, size_t length);

/* Does a segment of a path, or a word of text, say that the next is a secret? "reset",
 * "magic-link", "verifyEmail". */
bool secret_follows(const char *segment, size_t length);

/* Behind such a segment: is this one a secret, and not a word ("done") or a short number? */
bool secret_behind(const char *before, size_t before_length, const char *text, size_t length);

/* Of a path that ends before '?' or '#': is the segment at these bytes a secret? Without its
 * parameters (";v=1"); an ending (".pdf") may stand behind it. */
bool secret_in_path(const char *path, size_t length, size_t at, size_t size);

/* Bytes of an ending like ".json"; 0: there is none. */
size_t secret_ending(const char *segment, size_t length);

#endif
