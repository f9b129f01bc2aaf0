/*
 * Which write of another session may be why a session begins to differ: session A's booking fails
 * on the target, and then session B's list lacks its row. Input: writes that the sides answered
 * unlike, and first differences of sessions, in any order. Output: for a request, a write before it
 * in the log, of its tenant and of another session. It is a hint and no more: nothing is counted by
 * it. At most BLAME_MOST of both are remembered. One thread.
 */
#ifndef TALLY_REPLAY_BLAME_H
#define TALLY_REPLAY_BLAME_H

#include "../diff/base/bytes.h"

#define BLAME_MOST 4096
#define BLAME_TEXT 300 /* bytes of a write's text */

struct blame; /* opaque */

struct blame_request {
    uint64_t number, line, session; /* session 0: it is alone */
    const char *tenant;             /* NULL: none */
    const char *route;
};

struct blame *blame_new(void);
void blame_free(struct blame *blame); /* NULL is fine */

/* text: "POST /bookings, 302 on the source and 500 on the target"; without secrets. follows: it
 * came after its session's first difference itself. */
void blame_write(struct blame *blame, const struct blame_request *request, const char *text,
                 bool follows);
void blame_first(struct blame *blame, const struct blame_request *request);

/* Was the request a session's first difference? Then *line and *text (borrowed) are of the last
 * write before it that may be why, rather of one that does not follow from another itself; or *text
 * is NULL: there is none. A write of the same route is no reason: there the same failed again. */
bool blame_find(struct blame *blame, uint64_t number, uint64_t *line, const char **text);

/* As bytes, appended, and back; NULL: they are damaged. */
void blame_save(const struct blame *blame, struct buffer *out);
struct blame *blame_load(struct bytes *in);

#endif
