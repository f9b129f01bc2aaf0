/*
 * Records in order of arrival, in bounded memory. Input: records of any number of logs, in any
 * order. Output: the same, by arrival; of one moment by file and line, which is the order of the
 * log.
 *
 * nginx writes a line when a request ends, and with buffer= and several workers later still, so
 * how far lines may stand from their place has no bound, and no window over the log would be
 * right. This is an external merge sort: what fits into `memory` is sorted there; a larger log is
 * cut into sorted runs in an unnamed temporary file (TMPDIR), which are merged in one pass, or in
 * more when there are over a thousand. It takes as much disk as the logs, uncompressed.
 */
#ifndef TALLY_REPLAY_LOG_SORT_H
#define TALLY_REPLAY_LOG_SORT_H

#include "../diff/base/error.h"
#include "log_read.h"

struct log_entry {
    int64_t arrival; /* microseconds */
    uint32_t file;   /* its place among the logs, in order of time */
    uint32_t state;  /* enum log_state */
    uint64_t line;
    struct slice bytes;
};

struct log_sort; /* opaque */

/* memory: bytes, at least one record goes in; disk_limit: bytes of temporary files. watch:
 * borrowed, or NULL; looks on while runs are written. */
struct log_sort *log_sort_new(size_t memory, uint64_t disk_limit, struct log_watch *watch);
void log_sort_free(struct log_sort *sort); /* NULL is fine */

/* Copies. ERR_INTERNAL when the disk or its limit is used up. */
bool log_sort_add(struct log_sort *sort, const struct log_entry *entry, struct err *err) MUST_CHECK;

/* All have been added. */
bool log_sort_finish(struct log_sort *sort, struct err *err) MUST_CHECK;

/* Their bytes are valid until the next call. *more: false at the end. */
bool log_sort_next(struct log_sort *sort, struct log_entry *entry, bool *more,
                   struct err *err) MUST_CHECK;

/* Begins again with the first. */
bool log_sort_rewind(struct log_sort *sort, struct err *err) MUST_CHECK;

/* The arrival of the entry that log_sort_next() will give; false: there is none. */
bool log_sort_peek(const struct log_sort *sort, int64_t *arrival);
uint64_t log_sort_disk_bytes(const struct log_sort *sort); /* written so far */

#endif
