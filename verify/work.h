/*
 * The workers: per side a few threads, each with its own connection, that pull splits of the open
 * items and read them. An item is one reading of one table on both sides, either into digests or,
 * for a pass of the drill, into collectors. The two sides are read at the same time and never wait
 * for each other, but for the memory that open items take. One collector, the main thread, adds up
 * what the workers bring.
 *
 *     item: waiting -> open (when its memory fits) -> done (both sides read to the end, or failed)
 *     side of an item: unsplit -> splitting -> ready (splits are handed out) -> read
 *                         ^------- a lost connection, a cancelled query: again, a few times
 * --------'
 *
 * Splits of one reading are only ever added up when they come from one snapshot: a row that moves
 * between two snapshots from an unread split to a read one would be lost, and might hide a
 * difference. So each worker has a generation; workers of one shared snapshot have the same; one
 * that had to connect again has a new one; and a side of an item belongs to the generation that
 * split it.
 */
#ifndef TALLY_VERIFY_WORK_H
#define TALLY_VERIFY_WORK_H

#include "../diff/base/progress.h"
#include "drill.h"

enum item_side_state { SIDE_UNSPLIT, SIDE_SPLITTING, SIDE_READY, SIDE_READ };

struct item_side {
    enum item_side_state state;
    size_t generation;
    size_t split_count;
    struct split *splits; /* malloc'ed */
    const struct split
        *given; /* borrowed: read these and no others; NULL: the side is split here */
    size_t given_count;
    unsigned char *split_done; /* malloc'ed, one byte each */
    size_t next, running;
    int tries;                   /* that failed so far */
    double not_before;           /* clock_now() of the next try */
    bool failed;                 /* the current try */
    atomic_bool stop;            /* tells running scans to give up */
    struct digest *digest;       /* a digest item's sum; malloc'ed */
    struct collector *collector; /* a drill item's rows */
    uint64_t
        *raw_counts; /* per plan column: values that could not be read as their kind; malloc'ed */
    struct scan_counters counters;
    struct err err; /* why the last try failed */
};

struct item {
    const struct plan_table *table;
    struct drill *drill; /* NULL: a digest item */
    const struct drill_pass *pass;
    bool open, done;
    bool failed;
    enum side failed_side;
    struct err err; /* why it failed */
    double opened_at, seconds;
    /* A side of a digest item may come with what an earlier run has read: state READY, with splits,
     * split_done, digest and raw_counts. */
    struct item_side side[SIDES];
};

struct work; /* the workers of one run */

/* One side's connections, already opened, with their snapshot begun. Taken over by work_new(). */
struct work_side {
    const struct engine *engine;
    const char *uri;
    bool shared; /* do all connections see one snapshot? */
    size_t connection_count;
    struct connection **connections; /* malloc'ed */
};

/* What the main thread does with what comes. */
struct work_calls {
    /* A split was read to its end and is added up; NULL: nothing to do. */
    void (*split_done)(void *context, const struct item *item, enum side side);
    /* An item is done, failed or not; takes what it needs out of the item, the rest is freed. */
    void (*finish)(void *context, struct item *item);
    /* A try of a side failed and will be repeated. */
    void (*retry)(void *context, const struct item *item, enum side side);
    /* About ten times a second. */
    void (*tick)(void *context, struct item *items, size_t count);
};

/* pace: NULL, or borrowed until work_free(). */
bool work_new(const struct work_side sides[SIDES], struct pace *pace, struct work **work,
              struct err *err) MUST_CHECK;

/* Reads all items, in their order: put the big ones first. A side without connections must come as
 * SIDE_READ. After work_stop() every item that is not
 * done fails with ERR_INTERRUPTED. The calls are made on this thread. */
void work_run(struct work *work, struct item *items, size_t count, const struct work_calls *calls,
              void *context);

/* From any thread: running scans are cancelled on the servers, nothing new is started. */
void work_stop(struct work *work);

/* How often a lost connection of a side was replaced by a new one, with a new snapshot. */
size_t work_reconnects(const struct work *work, enum side side);

void work_free(struct work *work); /* joins the threads, closes the connections */

#endif
