/*
 * Reads one piece of one side of a table and hands over its rows in canonical form. Input: an
 * engine's cells. Output: for each row its canonical bytes (key columns first), its hash and its
 * bucket. Knows nothing of what the rows are wanted for: digests and the drill are its two readers.
 */
#ifndef TALLY_VERIFY_SCAN_H
#define TALLY_VERIFY_SCAN_H

#include "../diff/base/hash.h"
#include "pace.h"
#include "plan.h"

#include <stdatomic.h>

struct scan_row {
    const unsigned char *bytes; /* encoded values (value.h) in the plan's column order; borrowed */
    size_t length;
    size_t key_length;   /* of the leading key columns */
    uint64_t key_hash;   /* of those bytes */
    struct hash128 hash; /* of all bytes */
    size_t bucket;
};

/* Counters that other threads may look at while a scan runs. */
struct scan_counters {
    atomic_uint_fast64_t rows, bytes;
    atomic_bool begun; /* the server has answered with a row, or with the end */
};

struct scan_piece {
    const struct engine *engine;
    struct connection *connection;
    const struct plan_table *table;
    enum side side;
    const struct split *split;
    const struct key_range *ranges; /* only rows whose first key column is in one of these */
    size_t range_count;             /* 0: all rows */
    struct scan_counters *counters;
    const atomic_bool *stop;
    struct pace *pace;    /* NULL: as fast as the server delivers */
    uint64_t *raw_counts; /* per column: values that could not be read as their kind */
};

/*
 * Calls row() for every row of the piece; row() returning false ends the scan with its error.
 * False: the piece was not read to its confirmed end, and nothing may be concluded from the rows
 * that came.
 */
bool scan_read(const struct scan_piece *piece,
               bool (*row)(void *context, const struct scan_row *row, struct err *err),
               void *context, struct err *err) MUST_CHECK;

#endif
