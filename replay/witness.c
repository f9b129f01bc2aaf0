/* See witness.h. */
#include "witness.h"

#include "../diff/route.h"
#include "token_parts.h"

#include <string.h>

bool witness_misses_body(const struct exchange *exchange, enum side side)
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

/* The route that a Location of an answer to this target leads to; false: none that can be told. */
static bool route_of(struct buffer *out, struct slice target, const char *location)
{
    struct buffer path = BUFFER_INIT(1 << 20);
    bool known = token_resolve(&path, target, location, strlen(location));
    if (known)
        route_pattern(out, (const char *)path.data, path.length, NULL, 0);
    buffer_free(&path);
    return known;
}

static bool ends_with(const struct buffer *route, const struct buffer *end)
{
    return end->length <= route->length &&
           memcmp(route->data + route->length - end->length, end->data, end->length) == 0;
}

bool witness_leads_elsewhere(const struct exchange *exchange, enum side side)
{
    const struct logged *logged = &exchange->logged;
    const struct incoming *in = &exchange->in[side];
    const struct buffer *target = &exchange->out[side].target;
    const char *location = fields_find(&in->headers, "Location");
    if (in->failure != FAILURE_NONE || !location || !logged->location ||
        !token_is_redirect(in->status) || !token_is_redirect(logged->status))
        return false;
    struct buffer was = BUFFER_INIT(1 << 20), is = BUFFER_INIT(1 << 20);
    bool elsewhere = route_of(&was, logged->target, logged->location) &&
                     route_of(&is, (struct slice){target->data, target->length}, location) &&
                     !ends_with(&is, &was) && !(is.length > 1 && ends_with(&was, &is));
    buffer_free(&was);
    buffer_free(&is);
    return elsewhere;
}
