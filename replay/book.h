/*
 * What a replay remembers on disk, so that an interrupted one can go on and a finished one can be
 * looked at: a ledger (diff/ledger.h) of the purpose "replay", and beside it, while the run is not
 * finished, a file of the sessions' cookies and tokens. Input: events of a run. Output: what
 * earlier runs did. One thread (the collector of run.c). Values that are secret go into the ledger
 * only as hashes, unless --keep-secrets.
 *
 * Of a request that writes, book_intend() is on disk before the request is sent; so after kill -9
 * each one is known to be finished, or was perhaps sent, and no write is sent twice.
 *
 *     record      id          bytes
 *     settings    0           what the run was told: a resumed one must be told the same
 *     outcome     0           outcome_save()
 *     finished    block       a bit for each number of the block: its outcome is in `outcome`
 *     intended    block       a bit: it may have been sent
 *     pair        number      both answers, as diff/pair.h keeps them
 *     replaced    number      what was sent to each side in place of logged values
 *     database    tenant      struct replay_database, coded
 *     result      0           seconds, notes, end: when the run is over
 *
 * LEDGER.lanes (mode 0600, gone when the run is over) holds for each open session and side the jar
 * and what token.c remembers; without it a resumed session starts without cookies, and what follows
 * in it is left out ("session-cut").
 */
#ifndef TALLY_REPLAY_BOOK_H
#define TALLY_REPLAY_BOOK_H

#include "../diff/base/buffer.h"
#include "replay.h"

struct book;

enum book_state { BOOK_NEW, BOOK_FINISHED, BOOK_UNCERTAIN };

/* A new ledger, or with options->resume an old one: ERR_USAGE when its settings or logs are others
 * (the sentence says which). */
bool book_open(const struct replay_options *options, struct book **book,
               struct err *err) MUST_CHECK;
/* What was not saved is dropped. NULL is fine. */
void book_close(struct book *book);
const char *book_path(const struct book *book);

/* What earlier runs did with it. */
enum book_state book_state(const struct book *book, uint64_t number);
/* The outcome so far, to go on with: outcome_load()'s bytes; false: none yet. */
bool book_outcome(struct book *book, struct buffer *bytes, bool *found, struct err *err) MUST_CHECK;
/* A session's jars and memory; *found false: none. */
bool book_lane(struct book *book, uint64_t session, struct buffer *bytes, bool *found,
               struct err *err) MUST_CHECK;

/* All of these numbers may be sent once this returns true: they are on disk. */
bool book_intend(struct book *book, const uint64_t *numbers, size_t count,
                 struct err *err) MUST_CHECK;
/* The outcome holds it. On disk with the next book_save(). */
void book_finish(struct book *book, uint64_t number);
/* Both answers of an exchange that is not equal; not kept beyond --answers-limit (false). */
bool book_pair(struct book *book, uint64_t number, const void *bytes, size_t length, bool *kept,
               struct err *err) MUST_CHECK;
bool book_put_lane(struct book *book, uint64_t session, const void *bytes, size_t length,
                   struct err *err) MUST_CHECK;
/* Everything since the last one, and the outcome as it is now: together or not at all. */
bool book_save(struct book *book, const struct buffer *outcome, struct err *err) MUST_CHECK;
/* The run is over: what reports need beside the outcome. */
bool book_end(struct book *book, const struct replay_result *result, struct err *err) MUST_CHECK;

/* Reads a ledger, finished or not, into a result: for `tally-replay report LEDGER`. */
bool book_result(const char *path, struct replay_result *result, struct err *err) MUST_CHECK;

#endif
