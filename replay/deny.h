/*
 * --deny: which requests are left out by their route. Input: routes (diff/route.h), and requests.
 * Output: whether one holds. A path is spelled in many ways, and so is a field: each is looked at
 * as it stands, and as applications read it. Rather a request too many is left out than one is
 * sent.
 */
#ifndef TALLY_REPLAY_DENY_H
#define TALLY_REPLAY_DENY_H

#include "../diff/base/buffer.h"
#include "../diff/base/error.h"
#include "../diff/base/text_list.h"
#include "request.h"

struct deny {
    const struct text_list *routes;
    bool asks_for_fields; /* one of them does */
    struct buffer raw, plain, fields;
};

/* Are all of them routes? ERR_USAGE with a sentence that names the one. */
bool deny_check(const struct text_list *routes, struct err *err) MUST_CHECK;
/* routes: checked; borrowed. */
void deny_init(struct deny *deny, const struct text_list *routes);
void deny_free(struct deny *deny);

bool deny_fits(struct deny *deny, const struct request *request);

#endif
