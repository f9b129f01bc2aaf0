/*
 * `--list`: one request as a line of JSON. Input: a request, its session and its tenant. Output:
 * text. Secrets are masked unless they are asked for.
 *
 *     {"file":"access.log","line":7,"time":"2026-11-21T19:33:52.497Z","session":"8f0c12ab34de",
 *      "tenant":"12","method":"POST","target":"/rates/8812","status":200,"seconds":0.012,
 *      "body":"price=10.50"}
 *     {"file":"access.log","line":8,…,"target":"/upload","status":200,"left_out":"body-missing"}
 */
#ifndef TALLY_REPLAY_LIST_H
#define TALLY_REPLAY_LIST_H

#include "session.h"

struct list_entry {
    const struct request *request;
    const char *path;
    const struct session *session; /* NULL: none is known */
    struct slice tenant;           /* at NULL: none */
    bool unsure;                   /* of its order among its neighbours */
    bool timed;                    /* the log has a time, and its line could be read */
    bool keep_secrets;
};

void list_add(struct buffer *out, const struct list_entry *entry);

/* A session's name in outputs. */
#define SESSION_NAME "%012llx"

#endif
