/*
 * What is a secret in a request, and secrets out of what is shown. Input: a target or a body, as on
 * the wire. Output: the same with "***", or marks of the caller's, in place of secrets. One is: the
 * value of a field whose name says so, what diff/secret.h tells by its place in a path or by its
 * shape, and a link that holds one. Names are judged generously: what might be a secret goes. Pure
 * functions.
 *
 *     /login?next=%2F&token=abc     -> /login?next=%2F&token=***
 *     /reset/3f9a81c2;v=1           -> the same, with *** for 3f9a81c2
 *     /rooms;jsessionid=8F3A?x=2    -> /rooms;jsessionid=***?x=2
 *     user=a&pass%77ord=b           -> user=a&pass%77ord=***
 *     {"pin": 1234, "room": 7}      -> {"pin": "***", "room": 7}
 */
#ifndef TALLY_REPLAY_MASK_H
#define TALLY_REPLAY_MASK_H

#include "../diff/base/buffer.h"
#include "slice.h"

/* True when the name of a field, form-encoded or not, says that its value is a secret. */
bool mask_is_secret(struct slice name);

/* One of a target. */
struct mask_secret {
    struct slice name;  /* of the field or parameter; no bytes: it is a segment of the path */
    struct slice value; /* in the target */
    unsigned segment;   /* of the path, from 1, that it is or stands in; 0: behind the path */
};

/* Calls take() for each, in order; a target may be an absolute URL, or begin with '?'. */
void mask_each(struct slice target, void (*take)(void *context, const struct mask_secret *secret),
               void *context);

/* Those segments of the path that are secret, as bits; and is it one that `where` ("path 2") says?
 */
uint64_t mask_segments(struct slice target);
bool mask_is_segment(uint64_t segments, const char *where);

/* Appends what stands for a secret. */
typedef void mask_mark(void *context, struct buffer *out, struct slice value);

/* Appends the target; true when something was masked. mark NULL: "***". */
bool mask_target(struct buffer *out, struct slice target);
bool mask_target_marked(struct buffer *out, struct slice target, mask_mark *mark, void *context);

enum mask_result {
    MASK_CLEAN,    /* shown as it is */
    MASK_MASKED,   /* some values are masked */
    MASK_WITHHELD, /* not shown: a secret's name stands in it, and its form is none of the known */
};

/* Forms (urlencoded and multipart) and JSON are masked by field. */
enum mask_result mask_body(struct buffer *out, struct slice body);

#endif
