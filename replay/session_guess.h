/*
 * Which ids belong together where the log can prove nothing, because it holds neither answers nor
 * who asked: only status, time, cookies, request and body. Input: the log twice: once to see which
 * ids end with a login, then each request again. Output: the session that an id which is new most
 * likely goes on with. For session.c and reading.c.
 *
 *     12:00:01  POST /login   id A, never seen again      12:00:01  GET /bookings  id B, new
 *         B goes on with A: logins change ids. Within 10 seconds; not with a picture or the like.
 *     12:00:00  GET /           no id                       12:00:01  GET /style.css id A, new
 *         A goes on with that first hit, within 10 seconds.
 *     12:00:00  GET /login      no id                       12:00:09  POST /login    id A, new
 *         A goes on with that page, which gave it its id and its token: of the same path, within 30
 *         minutes.
 *
 * Other cookies must be the same, or missing in the earlier request. Of several requests that an id
 * may go on with it takes the oldest that no other has taken: of logins first, where ids begin with
 * that page more often after a login than with others; else of first hits first.
 *
 * A guess that is wrong sends one user's requests with another's login, to both sides alike; the
 * logged status tells it then. Sessions that were guessed are counted.
 *
 * Memory: a bit a request, the last 1024 that may be gone on with, a megabyte for paths.
 */
#ifndef TALLY_REPLAY_SESSION_GUESS_H
#define TALLY_REPLAY_SESSION_GUESS_H

#include "session.h"

struct session_guess;

/* key: that of the table. Both are borrowed. */
struct session_guess *session_guess_new(const struct session_key *key,
                                        const struct log_format *format);
void session_guess_free(struct session_guess *guess); /* NULL is fine */
/* What was seen at the first time through is known now. */
void session_guess_begin(struct session_guess *guess);

/* ---- for session.c ---- */

/* What a request says about itself. */
struct session_hint {
    bool login;       /* it may log somebody in */
    bool safe;        /* it only reads */
    bool part;        /* a style, a picture: a part of a page */
    uint64_t context; /* hash of its other cookies; 0: it has none */
    uint64_t path;    /* hash of its path */
    int64_t arrival;
    uint64_t place; /* the number of its placing, from 1 */
};

struct session_hint session_guess_hint(const struct session_guess *guess,
                                       struct request_parser *parser, const struct request *request,
                                       uint64_t place);

/* The first time through: a session is over; login_last: a login was its last request, which was
 * placed then. */
void session_guess_ended(struct session_guess *guess, bool login_last, uint64_t place);
/* The first time: an id begins with this request. */
void session_guess_began(struct session_guess *guess, const struct session_hint *hint);

/* The second time: may a later id go on with this request, which has no id, or is the last of its
 * id? session: its number, and its place in the table. */
bool session_guess_is_open(const struct session_guess *guess, const struct session_hint *hint,
                           bool has_id);
void session_guess_open(struct session_guess *guess, const struct session_hint *hint, bool has_id,
                        uint64_t session, uint32_t index);
/* A new id: the session that it goes on with; false: none. */
bool session_guess_join(struct session_guess *guess, const struct session_hint *hint,
                        uint64_t *session, uint32_t *index);

#endif
