/* See witness.h. */
#include "witness.h"

bool witness_contradicts(const struct exchange *exchange, enum side side)
{
    const struct logged *logged = &exchange->logged;
    const struct incoming *in = &exchange->in[side];
    uint64_t length = in->body.length, sent = logged->body_sent;
    bool page = in->failure == FAILURE_NONE && in->status / 100 == 2 &&
                (!logged->status || logged->status / 100 == 2) &&
                strcasecmp(logged->method, "HEAD") != 0;
    if (!page)
        return false;
    return length ? sent >= WITNESS_LEAST && length < sent / WITNESS_TIMES : sent > WITNESS_NOTHING;
}
