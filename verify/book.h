/*
 * What a run writes into its ledger, and how a resumed run takes it up again. Input: the plan and
 * the items as they are read. Output: records (ledger.h). Knows what the records mean; knows
 * nothing of SQL.
 *
 *     kind      id     part   bytes
 *     start     0      0      when the first run began, for people
 *     setting   which  0      text: versions, URIs, options, the mapping's content
 *     uri       0      side   the database, without the password
 *     tables    0      0      how many tables are compared
 *     table     table  0      the pair: names, columns, types, kinds, key, conditions (layout.h),
 *                             and the primary keys of both sides
 *     buckets   table  0      the numbers of ranges and hash buckets, the bounds of the ranges
 *     stamp     table  side   the engine's text about the table before the snapshot (engine.h)
 *     reading   table  side   the splits, which of them are read, and the digest of those
 *     result    …      0      the result of a finished run (result_ledger.h)
 *     difference table  …     which differences it found (differences.h)
 *     ids       0      0      the pairs of ids (ids.h), unless they may not be shown
 *
 * Tables are numbered in the plan's order. Nothing but `result`, `ids`, the bounds of key ranges
 * and the splits holds values of the databases; digests are hashes. With --no-values `result` holds
 * none.
 */
#ifndef TALLY_VERIFY_BOOK_H
#define TALLY_VERIFY_BOOK_H

#include "../diff/ledger.h"
#include "differences.h"
#include "ids.h"
#include "work.h"

struct book;

/*
 * Opens the ledger that the options ask for: a new one at options->ledger_path or in the state
 * folder, or with options->resume the given one or the newest of the state folder. *book stays
 * NULL, with a note in the result, when there is no place for a ledger and none was asked for.
 */
bool book_open(const struct verify_options *options, struct verify_result *result,
               struct book **book, struct err *err) MUST_CHECK;
const char *book_path(const struct book *book);
bool book_is_resumed(const struct book *book);

/*
 * After planning: a new run is written down, with a stamp of each table that will be read in
 * splits; a resumed one is held against the plan, which takes over its buckets. ERR_USAGE:
 * settings, mapping, schema or databases have changed (the sentence says what). A new ledger of the
 * state folder that cannot be written is given up with a note.
 */
bool book_plan(struct book *book, const struct verify_options *options, const struct ids *ids,
               const struct plan_side sides[SIDES], struct plan *plan, struct verify_result *result,
               struct err *err) MUST_CHECK;

/* After begin(): gives an item's sides what an earlier run has read of them, where that can be
 * trusted; adds to reread what had to be dropped. The connections see the new snapshot. */
bool book_load(struct book *book, const struct plan *plan, const struct plan_side sides[SIDES],
               const bool shared[SIDES], struct item *item, struct text_list *reread,
               struct err *err) MUST_CHECK;

/* After the last book_load(): tells the result how much was taken over. */
void book_tell(const struct book *book, struct verify_result *result);

/* A split of the item's side was read: the next book_write() or book_save() writes it. */
void book_mark(struct book *book, const struct plan *plan, const struct item *item, enum side side);

/* Writes what was marked of an item that is done, before its digests are freed. In these calls, a
 * ledger that cannot be written (a full disk) is given up with a note, and the run goes on without.
 */
void book_write(struct book *book, const struct plan *plan, const struct item *item,
                struct verify_result *result);

/* A side is read again from its beginning. */
void book_forget(struct book *book, const struct plan *plan, const struct item *item,
                 enum side side, struct verify_result *result);

/* Writes what was marked and saves; unless forced, at most four times a second, and rarer where
 * saving takes long. */
void book_save(struct book *book, bool force, struct verify_result *result);

/* Keeps the result of a finished run, and its differences unless NULL, and closes. A NULL book is
 * fine. */
void book_close(struct book *book, const struct verify_options *options, bool finished,
                const struct differences *differences, struct verify_result *result);

#endif
