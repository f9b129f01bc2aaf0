/*
 * What of a request only its sender can know: fields that name a host, and fields about an answer
 * that a side never gave. Input: an outgoing request as token.c wrote it. Output: the same, as the
 * browser at production would send it to this side. Pure.
 *
 *     Referer: https://www.example.org/rates?day=1   -> http://127.0.0.1:8080/rates?day=1
 *     Origin: https://www.example.org                -> http://127.0.0.1:8080
 *     Referer: https://search.example/               -> as it stands
 *     If-None-Match: "5f3-abc"                       -> left out: it is production's page, and a
 *                                                       304 would compare nothing
 */
#ifndef TALLY_REPLAY_OUTGOING_H
#define TALLY_REPLAY_OUTGOING_H

#include "exchange.h"
#include "jar.h"

/* logged_host: production's, as host_normal() writes it, or NULL: fields that name it stay as
 * logged. home: the side's. Returns how many conditional fields were left out. */
size_t outgoing_edit(struct outgoing *out, struct arena *arena, const char *logged_host,
                     const struct jar_home *home);

/* Appends the side's origin as pages name it, "http://new.example.org:8080": with the Host that it
 * is sent, without password, prefix and last slash. */
void outgoing_add_origin(struct buffer *out, const struct jar_home *home);

#endif
