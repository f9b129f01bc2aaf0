/*
 * The records of one log, in the order of the file. Input: a file that log_input.h can read, and
 * its format. Output: one record after another, taken apart where it matches. Knows nothing of
 * HTTP.
 *
 * A record is a line, unless escape=none left newlines in a body: then the lines that cannot begin
 * a record belong to the one before, and the whole must match.
 *
 * Memory: one buffer of 256 kB, which grows with the longest record up to LOG_MOST_BYTES.
 */
#ifndef TALLY_REPLAY_LOG_READ_H
#define TALLY_REPLAY_LOG_READ_H

#include "log_format.h"
#include "log_watch.h"

/* A longer record is counted and skipped. nginx itself has no limit. */
#define LOG_MOST_BYTES (64U << 20)

enum log_state {
    LOG_MATCHED,   /* `match` holds its values */
    LOG_UNMATCHED, /* not written with this format */
    LOG_TOO_LONG,  /* bytes and length are empty */
    LOG_CUT,       /* the file ends within it */
    LOG_SPLIT,     /* lines that do not add up to a record */
};

struct log_record {
    const unsigned char *bytes; /* without the last newline; valid until the next call */
    size_t length;
    uint64_t line; /* its first, from 1 */
    enum log_state state;
};

struct log_reader; /* opaque */

/* most: LOG_MOST_BYTES, or less in tests. watch: as log_input_open()'s. path, format and watch are
 * borrowed. */
bool log_read_open(const char *path, const struct log_format *format, size_t most,
                   struct log_watch *watch, struct log_reader **reader, struct err *err) MUST_CHECK;

/* *more: false at the end, and record is then unset. */
bool log_read_next(struct log_reader *reader, struct log_record *record, struct log_match *match,
                   bool *more, struct err *err) MUST_CHECK;

uint64_t log_read_lines(const struct log_reader *reader);      /* so far */
uint64_t log_read_bytes(const struct log_reader *reader);      /* so far, decompressed */
const char *log_read_problem(const struct log_reader *reader); /* as log_input_problem() */
void log_read_close(struct log_reader *reader);                /* NULL is fine */

#endif
