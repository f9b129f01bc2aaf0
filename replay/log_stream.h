/*
 * All requests of several logs, one after another in order of arrival. Input: the logs' paths, in
 * any order, and their format. Output: requests, and what was read. This is what sessions, the
 * inventory and the replay itself read.
 *
 * Opening reads the logs to their end, for the last line may be of the request that came first.
 */
#ifndef TALLY_REPLAY_LOG_STREAM_H
#define TALLY_REPLAY_LOG_STREAM_H

#include "request.h"

struct log_stream_options {
    const char *const *paths; /* borrowed, as the format; "-" is standard input */
    size_t path_count;
    const struct log_format *format;
    size_t memory;           /* bytes for sorting; 0: LOG_STREAM_MEMORY */
    uint64_t disk_limit;     /* bytes of temporary files */
    struct log_watch *watch; /* borrowed until log_stream_close(); or NULL */
};

#define LOG_STREAM_MEMORY (128U << 20)

struct log_file {
    const char *path;
    const char *problem; /* NULL; else what was wrong: the rest was not read */
    uint64_t lines, bytes;
};

struct log_stream {
    struct request_parser parser; /* values of the request at hand: request_value() */
    size_t file_count;
    struct log_file *files; /* in order of time; request.file is an index */
    uint64_t lines, records, bytes;
    uint64_t moved; /* records that came later in the log than one that arrived after them */
    uint64_t disk_bytes;
    /* private */
    struct log_sort *sort;
    struct log_match match;
    int64_t arrival_before;
    bool any_before;
};

/* ERR_USAGE: a log cannot be read, is given twice, or the format does not suit. */
bool log_stream_open(const struct log_stream_options *options, struct log_stream *stream,
                     struct err *err) MUST_CHECK;

/* *unsure: another request has the same moment, so that only the order of the log, which is that
 * of the answers, tells which came first. The request is valid until the next call. */
bool log_stream_next(struct log_stream *stream, struct request *request, bool *unsure, bool *more,
                     struct err *err) MUST_CHECK;
/* Begins again with the first request; the logs are not read again. */
bool log_stream_rewind(struct log_stream *stream, struct err *err) MUST_CHECK;
void log_stream_close(struct log_stream *stream);

#endif
