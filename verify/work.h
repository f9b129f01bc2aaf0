/*
 * The workers: per side a few threads, each with its own connection, that pull splits of the open
 * items and read them. An item is one reading of one table on both sides, either into digests or,
 * for a pass of the drill, into collectors. The two sides are read at the same time and never wait
 * for each other, but for the memory that open items take. One collector, the main thread, adds up
 * what the workers bring.
 *
 *     item: waiting -> open (when its memory fits) -> done (both sides read to the end, or failed)
 *     side of an item: unsplit -> splitting -> ready (splits are handed out) -> read
 */
#ifndef TALLY_VERIFY_WORK_H
#define TALLY_VERIFY_WORK_H

#include "../diff/base/progress.h"
#include "drill.h"

enum item_side_state { SIDE_UNSPLIT, SIDE_SPLITTING, SIDE_READY, SIDE_READ };

struct item_side {
    enum item_side_state state;
    struct split *splits;
    size_t split_count, next, running, finished;
    struct digest *digest;       /* a digest item's sum */
    struct collector *collector; /* a drill item's rows */
    uint64_t *raw_counts;        /* per plan column: values that could not be read as their kind */
    struct scan_counters counters;
};

struct item {
    const struct plan_table *table;
    struct drill *drill; /* NULL: a digest item */
    const struct drill_pass *pass;
    bool open, done;
    bool failed;
    enum side failed_side;
    struct err err;   /* why it failed */
    atomic_bool stop; /* tells running scans to give up */
    double opened_at, seconds;
    struct item_side side[SIDES];
};

struct work; /* the workers of one run */

/* One side's connections, already opened, with their snapshot begun. Taken over by work_new(). */
struct work_side {
    const struct engine *engine;
    const char *uri;
    size_t connection_count;
    struct connection **connections; /* malloc'ed */
};

bool work_new(const struct work_side sides[SIDES], struct work **work, struct err *err) MUST_CHECK;

/*
 * Reads all items (in their order: put the big ones first), calling finish() on the calling thread
 * as each is done, failed or not; finish() takes what it needs out of the item, the rest is freed.
 * After work_stop() every item that is not done fails with ERR_INTERRUPTED. tick() is called about
 * ten times a second.
 */
void work_run(struct work *work, struct item *items, size_t count,
              void (*finish)(void *context, struct item *item),
              void (*tick)(void *context, struct item *items, size_t count), void *context);

/* From any thread: running scans are cancelled on the servers, nothing new is started. */
void work_stop(struct work *work);

/* How often a lost connection of a side was replaced by a new one, with a new snapshot. */
size_t work_reconnects(const struct work *work, enum side side);

void work_free(struct work *work); /* joins the threads, closes the connections */

double work_clock(void); /* seconds, monotonic */

#endif
