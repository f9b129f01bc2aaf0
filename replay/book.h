/*
 * What a replay remembers on disk, so that an interrupted one can go on and a finished one can be
 * looked at: a ledger (diff/ledger.h) of the purpose "replay", and beside it, while the run is not
 * finished, a file of the sessions' cookies and tokens. Input: events of a run. Output: what
 * earlier runs did. One thread (the collector of run.c), but where it says otherwise. Values that
 * are secret go into the ledger only as hashes, unless --keep-secrets.
 *
 * Of a request that writes, book_intend() is on disk before the request is sent; so after kill -9
 * each one is known to be finished, or was perhaps sent, and no write is sent twice.
 *
 *     record      id          bytes
 *     run         0           a random name, which LEDGER.lanes has, too
 *     options     0           those that book_options() gives
 *     setting     which       what the run was told: a resumed one must be told the same
 *     start       0           when the first run began, and the origins, for reports
 *     outcome     0           outcome_save()
 *     finished    block       a bit for each of 4096 numbers: its outcome is in `outcome`; of a
 *                             block that is finished as a whole one byte
 *     intended    block       a bit: it may have been sent
 *     pair        number      both answers, as diff/pair.h keeps them
 *     replaced    0, 1, …     what was sent to each side in place of logged values (replaced.h)
 *     replaced-left 0         requests of which that was too much to be kept
 *     database    0, 1, …     struct replay_database, coded
 *     result      0           seconds, notes, end: when the run is over
 *
 * LEDGER.lanes, a ledger of the purpose "lanes" (mode 0600, gone when the run is over), holds for
 * each open session and side the jar and what token.c remembers, the ids that sessions know in
 * common, and the key of the hashes. Without it a resumed session starts without cookies, and what
 * follows in it is left out ("session-cut"). It is saved just before the ledger: what it says may
 * be some requests ahead of `finished`, never behind.
 */
#ifndef TALLY_REPLAY_BOOK_H
#define TALLY_REPLAY_BOOK_H

#include "../diff/base/buffer.h"
#include "exchange.h"
#include "replay.h"

#include <time.h>

struct book;

enum book_state { BOOK_NEW, BOOK_FINISHED, BOOK_UNCERTAIN };

/* A new ledger, or with options->resume an old one: ERR_USAGE when its settings or logs are others
 * (the sentence says which), or its run is over; a log from standard input cannot be resumed. */
bool book_open(const struct replay_options *options, struct book **book,
               struct err *err) MUST_CHECK;
/* What was not saved is dropped. NULL is fine. */
void book_close(struct book *book);
const char *book_path(const struct book *book);
/* When a new run began, as its ledger says it; 0: it is resumed. */
time_t book_begun(const struct book *book);
/* Of a resumed run: are the sessions' cookies still there? */
bool book_has_lanes(const struct book *book);

/* The run's key for hashes of secrets (siphash.h, pair_of_exchange()), also after it was resumed,
 * as long as LEDGER.lanes is there; NULL with --keep-secrets. */
const unsigned char *book_key(const struct book *book);

/* What earlier runs did with it; what this one does since does not change it. Any thread. */
enum book_state book_state(const struct book *book, uint64_t number);
/* The outcome so far, to go on with: outcome_load()'s bytes; false: none yet. */
bool book_outcome(struct book *book, struct buffer *bytes, bool *found, struct err *err) MUST_CHECK;
/* A session's jars and memory, as the earlier run left them; *found false: none. Any thread. */
bool book_lane(struct book *book, uint64_t session, struct buffer *bytes, bool *found,
               struct err *err) MUST_CHECK;

/* Calls take() for what book_put_shared() was given, in that order, for token_shared_load(). Before
 * anything is put. */
bool book_each_shared(struct book *book,
                      bool (*take)(void *context, const unsigned char *bytes, size_t length,
                                   struct err *err),
                      void *context, struct err *err) MUST_CHECK;

/* All of these numbers may be sent once this returns true: they are on disk. */
bool book_intend(struct book *book, const uint64_t *numbers, size_t count,
                 struct err *err) MUST_CHECK;
/* Of this run: it was not sent after all, as is known for certain. On disk with the next
 * book_save(). */
void book_withdraw(struct book *book, uint64_t number);
/* The outcome holds it: it was compared, left out, or listed as uncertain. On disk with the next
 * book_save(). */
void book_finish(struct book *book, uint64_t number);
/* What the exchange was sent in place of logged values (for --reproduce with `from`, `given` and
 * `given_name` of each), and the names of the cookies that its answers set; to be called before its
 * book_finish(). On disk with the next book_save(); beyond REPLACED_MOST bytes they are not
 * kept. */
void book_replaced(struct book *book, const struct exchange *exchange);
/* Both answers of an exchange that is not equal; not kept beyond --answers-limit (false). */
bool book_pair(struct book *book, uint64_t number, const void *bytes, size_t length, bool *kept,
               struct err *err) MUST_CHECK;
/* length 0: the session is over. */
bool book_put_lane(struct book *book, uint64_t session, const void *bytes, size_t length,
                   struct err *err) MUST_CHECK;
/* What token_shared_save() gives; whole: in place of all that was put before. */
bool book_put_shared(struct book *book, const void *bytes, size_t length, bool whole,
                     struct err *err) MUST_CHECK;
/* Is it time for book_save()? Ten times a second at most, and rarer where saving takes long: from
 * this saying so to the end of book_save(), so that what is made in between counts, too. */
bool book_is_due(struct book *book);
/* Everything since the last one, and the outcome as it is now: together or not at all. What is
 * finished must be in the outcome, and the lanes put must be as after it or later. */
bool book_save(struct book *book, const struct buffer *outcome, struct err *err) MUST_CHECK;
/* The run ends: what reports need beside the outcome. Unless result->interrupted or ->ended says
 * that it can go on, it is over, and LEDGER.lanes goes. After a last book_save(). */
bool book_end(struct book *book, const struct replay_result *result, struct err *err) MUST_CHECK;

#define REPLACED_MOST (256U << 20)

/* Reads a ledger, finished or not, into a result: for `tally-replay report LEDGER`. */
bool book_result(const char *path, struct replay_result *result, struct err *err) MUST_CHECK;

/* What the run was told, as far as reading its logs goes: logs (paths as they were given), formats,
 * keys, and what feed.h leaves out. For --reproduce, which reads them again. Texts and lists are in
 * the arena; everything else is zero. */
bool book_options(const char *path, struct arena *arena, struct replay_options *options,
                  struct err *err) MUST_CHECK;

#endif
