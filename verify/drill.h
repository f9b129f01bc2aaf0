/*
 * From unequal buckets to the rows that differ. Input: a table's two digests; then, pass by pass,
 * both sides' rows of the suspect buckets. Output: exact counts and the first findings, in bounded
 * memory: a pass covers as many suspect buckets as its share of memory or disk can hold, so a table
 * of which every row differs only takes more passes.
 */
#ifndef TALLY_VERIFY_DRILL_H
#define TALLY_VERIFY_DRILL_H

#include "collect.h"
#include "digest.h"

/* What one pass reads on both sides: suspect buckets of [bucket_low, bucket_high), rows in
 * `ranges`. */
struct drill_pass {
    size_t bucket_low, bucket_high;
    size_t range_count; /* 0: the whole table is read */
    struct key_range *ranges;
};

/*
 * Somebody who wants to see every difference, not only the findings that are kept: causes, repair.
 * Told on the thread that joins, rows as encoded values in the order of the plan's columns,
 * borrowed for the call: those that differ in the order of their keys, pass by pass, so that two
 * runs over the same rows tell the same; those that are the same in no order, but those of a key of
 * which rows differ beside them. What was told counts only when the table's result says `drilled`
 * in the end: a later pass may fail, or find that the table has changed meanwhile.
 */
struct drill_watcher {
    void *context;
    /* values[side] is NULL where that side has no such row. differ: the columns in which the rows
     * of a FINDING_CHANGED differ. times: how many rows of a side this stands for. */
    void (*differs)(void *context, enum finding_kind kind, const struct value *const values[SIDES],
                    const size_t *differ, size_t differ_count, uint64_t times);
    /* Rows that both sides have, as many as the suspect buckets happen to hold. NULL: not wanted.
     */
    void (*same)(void *context, const struct value *values, uint64_t times);
};

#define DRILL_WATCHERS 4

/* Whether a difference that may become a finding was there in an earlier run. */
struct drill_known {
    void *context;
    /* NULL: not known of any. Arguments as of drill_watcher.differs. */
    bool (*is_known)(void *context, enum finding_kind kind, const struct value *const values[SIDES],
                     const size_t *differ, size_t differ_count);
    bool leave_out; /* known ones become no findings */
};

struct drill {
    const struct plan_table *table;
    size_t watcher_count;
    struct drill_watcher watchers[DRILL_WATCHERS];
    struct drill_known known; /* set before the first drill_join(); the context is borrowed */
    unsigned char *suspect;   /* a bit per bucket */
    size_t suspect_count;
    size_t pass_count;
    struct drill_pass *passes;
    /* Rows of the suspect buckets, and the sum of their hashes, as first read and as read again:
     * unequal when the table changed between, or when the passes did not reach a row. */
    struct bucket first[SIDES], again[SIDES];
    const atomic_bool *stop; /* NULL, or: give up a long join */
    bool failed;             /* a pass could not be read or joined: counts are not complete */
    uint64_t lenient_rows;   /* rows that were equal only under a leniency */
    int findings_wanted;
    struct finding_heap *heaps; /* one per finding kind */
    uint64_t kept_count;        /* findings that were kept, so far */
    uint64_t counts[3];
    struct value *scratch; /* a row's values of each side, while two rows are compared */
    size_t *differ;        /* the columns in which they differ */
};

/* Compares digests; a drill without passes (suspect_count 0) when they are equal. disk_limit: bytes
 * that the temporary files of one pass may take. Free with drill_free(). */
struct drill *drill_new(const struct plan_table *table, const struct digest *source,
                        const struct digest *target, uint64_t disk_limit, int findings_wanted);
void drill_free(struct drill *drill);

/* Before the first drill_join(). The context is borrowed until drill_finish(). */
void drill_watch(struct drill *drill, struct drill_watcher watcher);

static inline bool drill_wants(const struct drill *drill, const struct drill_pass *pass,
                               size_t bucket)
{
    return bucket >= pass->bucket_low && bucket < pass->bucket_high &&
           drill->suspect[bucket / 8] >> (bucket % 8) & 1;
}

#define DRILL_MEMORY (4u << 20) /* bytes of rows kept in memory per side and pass */

/* Joins what a pass collected and adds to counts and findings. The collectors are used up. */
bool drill_join(struct drill *drill, struct collector *const sides[SIDES],
                struct err *err) MUST_CHECK;

/* Were the same rows read again that made the buckets unequal? To be asked when all passes are
 * joined. */
bool drill_is_consistent(const struct drill *drill);

/* Moves counts and findings into the table's result. */
void drill_finish(struct drill *drill, struct result_table *result);

#endif
