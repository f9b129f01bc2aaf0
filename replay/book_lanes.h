/*
 * LEDGER.lanes: what open sessions need to go on after an interruption. It holds secrets as they
 * are, so it is its owner's alone (mode 0600) and is removed when the run is over. Input and
 * output: bytes per session, pieces of what sessions know in common, the key of the ledger's
 * hashes. Any thread may call book_lanes_get(), also while another one saves. For book.c only.
 *
 *     record    id        bytes
 *     of        0         the random name of the run: the ledger has the same
 *     key       0         of siphash.h
 *     setting   which     keyed hash of what the run was told and may hold passwords
 *     lane      session   as given
 *     shared    0, 1, …   as given, in order
 */
#ifndef TALLY_REPLAY_BOOK_LANES_H
#define TALLY_REPLAY_BOOK_LANES_H

#include "../diff/base/siphash.h"
#include "../diff/ledger.h"

#define BOOK_RUN_SIZE 16 /* bytes of a run's name */

struct book_lanes;

/* For a new run, with a key of its own; ERR_USAGE: the file is there already. */
bool book_lanes_create(const char *ledger_path, const unsigned char run[BOOK_RUN_SIZE],
                       struct book_lanes **lanes, struct err *err) MUST_CHECK;
/* *lanes NULL: there is none. ERR_USAGE: damaged, or of another run. */
bool book_lanes_open(const char *ledger_path, const unsigned char run[BOOK_RUN_SIZE],
                     struct book_lanes **lanes, struct err *err) MUST_CHECK;
/* What was not saved is dropped. NULL is fine. */
void book_lanes_close(struct book_lanes *lanes);
/* Closes, and removes the file. NULL is fine. */
void book_lanes_remove(struct book_lanes *lanes);

const unsigned char *book_lanes_key(const struct book_lanes *lanes);
bool book_lanes_get(struct book_lanes *lanes, uint64_t session, struct buffer *bytes, bool *found,
                    struct err *err) MUST_CHECK;
/* length 0: it is removed. */
bool book_lanes_put(struct book_lanes *lanes, uint64_t session, const void *bytes, size_t length,
                    struct err *err) MUST_CHECK;
bool book_lanes_each_shared(struct book_lanes *lanes,
                            bool (*take)(void *context, const unsigned char *bytes, size_t length,
                                         struct err *err),
                            void *context, struct err *err) MUST_CHECK;
bool book_lanes_put_shared(struct book_lanes *lanes, const void *bytes, size_t length, bool whole,
                           struct err *err) MUST_CHECK;
bool book_lanes_get_setting(struct book_lanes *lanes, size_t which, struct buffer *bytes,
                            bool *found, struct err *err) MUST_CHECK;
bool book_lanes_put_setting(struct book_lanes *lanes, size_t which, const struct buffer *bytes,
                            struct err *err) MUST_CHECK;
bool book_lanes_save(struct book_lanes *lanes, struct err *err) MUST_CHECK;

#endif
