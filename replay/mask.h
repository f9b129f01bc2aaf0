/*
 * Secrets out of what is shown. Input: a target or a body, as on the wire. Output: the same with
 * the values of fields whose names say that they hold a secret replaced by "***". Names are judged
 * generously: what might be a secret goes. Pure functions.
 *
 *     /login?next=%2F&token=abc     -> /login?next=%2F&token=***
 *     user=a&pass%77ord=b           -> user=a&pass%77ord=***
 *     {"pin": 1234, "room": 7}      -> {"pin": "***", "room": 7}
 */
#ifndef TALLY_REPLAY_MASK_H
#define TALLY_REPLAY_MASK_H

#include "../diff/base/buffer.h"
#include "slice.h"

/* True when the name of a field, form-encoded or not, says that its value is a secret. */
bool mask_is_secret(struct slice name);

/* Appends the target; true when something was masked. */
bool mask_target(struct buffer *out, struct slice target);

enum mask_result {
    MASK_CLEAN,    /* shown as it is */
    MASK_MASKED,   /* some values are masked */
    MASK_WITHHELD, /* not shown: a secret's name stands in it, and its form is none of the known */
};

/* Forms (urlencoded and multipart) and JSON are masked by field. */
enum mask_result mask_body(struct buffer *out, struct slice body);

#endif
