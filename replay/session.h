/*
 * Which requests belong together, as far as the log alone tells. Input: requests in order of
 * arrival. Output: for each its session, and its tenant. Knows nothing of sending; cookies that
 * the two sides set are no business of this file.
 *
 * A session's key is an expression over what the log holds. A request without one belongs to
 * whoever has its address and browser; where the log has neither, it is alone.
 *
 *     $cookie_PHPSESSID            the cookie, from its own variable or out of $http_cookie
 *     PHPSESSID,sid                the first of these cookies that was sent
 *     $remote_addr/$cookie_user    several values together
 *
 * An id that a request was the first to send joins the session of an earlier one only where the
 * log proves it:
 *   - the earlier answer set that cookie ($upstream_cookie_NAME, $sent_http_set_cookie): a first
 *     hit, or a session id that a login changed. Where the log holds that, nothing else is looked
 *     at;
 *   - the request directly before, from the same address and browser within 30 minutes, had no
 *     cookie, and was the only one of them without;
 *   - the request directly before on the same connection of the same browser changed something
 *     (was not GET or HEAD) and carried another id: a login.
 *
 * Where the log holds neither answers nor who asked, nothing can be proved, and session_guess.h
 * says what is likely.
 *
 * Memory: about 200 bytes a session, of at most SESSION_MOST ids at a time. Beyond that the half
 * that was idle longest is forgotten; an id of those that comes again begins another session.
 */
#ifndef TALLY_REPLAY_SESSION_H
#define TALLY_REPLAY_SESSION_H

#include "../diff/base/hash.h"
#include "request.h"

#define SESSION_MOST (1U << 20)

struct session_key; /* a compiled expression; opaque */

/* "option" names it in messages: "--session". ERR_USAGE when the log lacks a variable. */
bool session_key_compile(const char *option, const char *text, const struct log_format *format,
                         struct session_key **key, struct err *err) MUST_CHECK;
void session_key_free(struct session_key *key); /* NULL is fine */

/* An expression for the cookies of this log that by their names are sessions'; NULL: it has none.
 * Static. */
const char *session_key_guess(const struct log_format *format);

/* The expression's value for the parser's line, appended to `out`. *present: false when none of its
 * variables had one. False: they cannot be known. */
bool session_key_value(const struct session_key *key, struct request_parser *parser,
                       struct buffer *out, bool *present) MUST_CHECK;

struct session {
    uint64_t number; /* from 1, in order of first requests; never used again */
    uint64_t name;   /* what stands for it in outputs, 12 hex digits: a hash, no secret */
    uint64_t requests, left_out;
    int64_t first, last;  /* arrivals, microseconds */
    int64_t busy;         /* sum of the durations */
    uint64_t last_place;  /* of its last request: how many had been placed by then, itself too */
    bool anonymous;       /* no request had the key */
    bool began_before;    /* its first request already had it, and no answer in the log set it */
    bool guessed;         /* it joined or rotated without proof (session_guess.h) */
    bool login_last;      /* its last request may have logged somebody in; only with guesses */
    bool joined, rotated; /* a first hit without the key, or another id, was found to belong here */
    /* The first request that was left out though the app may have run: from there on the two
     * sides' data may not be the log's. REQUEST_GOOD: none. */
    enum request_reason taint;
    uint64_t taint_line;
    size_t taint_file;
};

struct session_table;

/* key: borrowed, or NULL for address and browser. retire: called with each session that is
 * forgotten, and with all at the end. most: SESSION_MOST, or less in tests. */
struct session_table *session_table_new(const struct session_key *key, size_t most,
                                        void (*retire)(void *data, const struct session *session),
                                        void *data);
void session_table_free(struct session_table *table);
/* Guesses where nothing can be proved. guess: borrowed, or NULL. */
struct session_guess;
void session_table_guess(struct session_table *table, struct session_guess *guess);

/*
 * The session of the request that the parser holds, which gets it counted and tainted; valid until
 * the next call. NULL: it belongs to none that is known: its line cannot be read, its key is
 * ambiguous (then request->reason becomes REQUEST_AMBIGUOUS), or it never reached the app.
 */
const struct session *session_place(struct session_table *table, struct request_parser *parser,
                                    struct request *request);

/* Retires every session. */
void session_table_finish(struct session_table *table);

bool session_sees_answers(const struct session_table *table); /* the log holds cookies set */
/* Can the log prove that an id is new? Where it holds neither answers nor who asked, every session
 * that a request with an id begins looks as if it began before. */
bool session_sees_begin(const struct session_table *table, const struct request_parser *parser);
uint64_t session_forgotten(const struct session_table *table);

#endif
