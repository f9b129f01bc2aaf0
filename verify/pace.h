/*
 * Gentleness: how fast each side may be read, and when it must be left alone. Input: the options
 * --max-rate, --max-load and --max-lag. Output: workers that sleep. Each side goes by itself, all
 * its workers together. Knows nothing of tables, and of servers only what engine.h's load() and
 * lag() say.
 *
 *     pace_new() -> { pace_pay() by every worker, pace_held() by the main thread }* -> pace_note()
 * -> pace_free()
 *
 * A side with --max-load or --max-lag is watched by a thread with a connection of its own, that
 * asks once a second, and several times before it begins a pause for a load. A paused worker keeps
 * its connection, its scan and its snapshot.
 */
#ifndef TALLY_VERIFY_PACE_H
#define TALLY_VERIFY_PACE_H

#include "../diff/base/text_list.h"
#include "engine.h"
#include "verify.h"

#include <stdatomic.h>

/* ---- The rate, and the rules of pausing: pure ---- */

struct pace_rate {
    double rows, bytes; /* per second; 0: no limit. One of them is. */
};

/*
 * "50000rows/s", "50k rows/s", "1.5M rows/s"; "20MB/s" (k, M, G: powers of 1000), "20MiB/s" (Ki,
 * Mi, Gi: powers of 1024). The unit is required, so that nobody gets bytes who meant rows.
 * ERR_USAGE.
 */
bool pace_parse_rate(const char *text, struct pace_rate *rate, struct err *err) MUST_CHECK;

/*
 * One thing that is watched (the load, the lag), and whether it holds its side.
 *
 *     open -- above the limit --> held -- ANSWERS_TO_RESUME answers in a row at or below it -->
 * open held -- no relief for `patience` seconds --> ignored -- at or below the limit --> open
 *
 * Patience is for lag alone: what the replica waits for may be a lock or a snapshot of ours, and
 * then only reading on brings relief. Relief is a new lowest value.
 */
struct pace_gate {
    double limit;    /* < 0: not watched */
    double patience; /* seconds; 0: endless */
    bool held, ignored;
    int good;               /* answers in a row at or below the limit, while held */
    double lowest;          /* of this hold */
    double lowest_at;       /* when */
    double since, seconds;  /* of this hold; of all holds that have ended */
    size_t holds, given_up; /* how many holds there were, and how many ended without relief */
};

#define ANSWERS_TO_RESUME 3

/* An answer came at `now` (seconds, monotonic). An infinite value: cannot be known, counts as
 * above. */
void pace_gate_answer(struct pace_gate *gate, double value, double now);
void pace_gate_release(struct pace_gate *gate, double now); /* whatever the reason */

/* ---- A run's pace ---- */

struct pace;

/*
 * A side whose engine is NULL is not read. *pace is NULL when the options ask for nothing; all
 * functions take NULL and then cost nothing. Opens the watchers' connections and asks each once.
 * ERR_USAGE: a malformed rate; what shall be watched cannot be known (a missing privilege, no side
 * is a replica).
 */
bool pace_new(const struct verify_options *options, const struct engine *const engines[SIDES],
              struct pace **pace, struct err *err) MUST_CHECK;

/*
 * From any worker: so much was read since it paid last (0 and 0 before a scan starts). Sleeps as
 * the rate asks and while the side is held; wakes within 50 ms when *stop is set. A side that is
 * held for its lag is still read at a trickle, one payment a second, so that a server which wants
 * to cancel us (a standby's recovery conflict) finds us listening.
 */
void pace_pay(struct pace *pace, enum side side, uint64_t rows, uint64_t bytes,
              const atomic_bool *stop);

/* Is a side held at this moment? Adds why: "12 threads running, limit 8". From any thread. */
bool pace_held(struct pace *pace, enum side side, struct buffer *why);

/* Adds to notes, in whole sentences, what was paused and for how long. */
void pace_note(struct pace *pace, struct text_list *notes);

/* Ends the watchers within a second, whatever their servers do. Workers must be gone. */
void pace_free(struct pace *pace);

#endif
