#include "log_stream.h"

#include "log_sort.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Lines at the head of a log among which one with a time is looked for. */
#define HEAD_RECORDS 1000

/* The same file under two names would send every request twice. */
static MUST_CHECK bool check_twice(const struct log_stream_options *options, struct err *err)
{
    for (size_t i = 0; i < options->path_count; i++) {
        struct stat one, other;
        bool standard = strcmp(options->paths[i], "-") == 0;
        if (!standard && stat(options->paths[i], &one) != 0)
            continue; /* opening it will tell */
        for (size_t k = 0; k < i; k++) {
            bool same = strcmp(options->paths[i], options->paths[k]) == 0;
            if (!same && !standard && S_ISREG(one.st_mode) && stat(options->paths[k], &other) == 0)
                same = one.st_dev == other.st_dev && one.st_ino == other.st_ino;
            if (same)
                return err_set(err, ERR_USAGE, "the log \"%s\" is given twice.",
                               standard ? "standard input" : options->paths[i]);
        }
    }
    return true;
}

/* The time of a log's first request that has one; INT64_MAX: none, or it cannot be read twice. */
static MUST_CHECK bool first_time(struct log_stream *stream, const char *path,
                                  struct log_watch *watch, int64_t *first, struct err *err)
{
    struct stat what;
    *first = INT64_MAX;
    if (strcmp(path, "-") == 0 || (stat(path, &what) == 0 && !S_ISREG(what.st_mode)))
        return true;
    struct log_reader *reader;
    if (!log_read_open(path, stream->parser.format, LOG_MOST_BYTES, watch, &reader, err))
        return false;
    bool more = true, done = true, found = false;
    for (size_t i = 0; done && more && !found && i < HEAD_RECORDS; i++) {
        struct log_record record;
        int64_t duration;
        done = log_read_next(reader, &record, &stream->match, &more, err);
        found = done && more && record.state == LOG_MATCHED &&
                request_arrival(&stream->parser, &stream->match, first, &duration);
    }
    log_read_close(reader);
    if (!found)
        *first = INT64_MAX;
    return done;
}

static MUST_CHECK bool order_files(const struct log_stream_options *options,
                                   struct log_stream *stream, struct err *err)
{
    int64_t *firsts = mem_zero(options->path_count, sizeof *firsts);
    stream->files = mem_zero(options->path_count, sizeof *stream->files);
    bool done = true;
    for (size_t i = 0; done && i < options->path_count; i++) {
        int64_t first;
        done = first_time(stream, options->paths[i], options->watch, &first, err);
        size_t place = stream->file_count++;
        for (; place && firsts[place - 1] > first; place--) {
            firsts[place] = firsts[place - 1];
            stream->files[place] = stream->files[place - 1];
        }
        firsts[place] = first;
        stream->files[place] = (struct log_file){.path = options->paths[i]};
    }
    free(firsts);
    return done;
}

/* What all files hold together, in MB; 0: one may be of any length. */
static uint64_t all_mb(const struct log_stream_options *options)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < options->path_count; i++) {
        struct stat what;
        bool standard = strcmp(options->paths[i], "-") == 0;
        if ((standard ? fstat(STDIN_FILENO, &what) : stat(options->paths[i], &what)) != 0 ||
            !S_ISREG(what.st_mode))
            return 0;
        bytes += (uint64_t)what.st_size;
    }
    return bytes / LOG_WATCH_MB;
}

static MUST_CHECK bool read_file(struct log_stream *stream, size_t file, struct log_watch *watch,
                                 struct err *err)
{
    struct log_file *log = &stream->files[file];
    struct log_reader *reader;
    if (!log_read_open(log->path, stream->parser.format, LOG_MOST_BYTES, watch, &reader, err))
        return false;
    /* A line without a time goes where it stands in the log. */
    int64_t last = stream->any_before ? stream->arrival_before : INT64_MIN;
    bool done = true, more = true;
    for (;;) {
        struct log_record record;
        done = log_read_next(reader, &record, &stream->match, &more, err);
        if (!done || !more)
            break;
        struct log_entry entry = {.arrival = last,
                                  .file = (uint32_t)file,
                                  .state = record.state,
                                  .line = record.line,
                                  .bytes = {record.bytes, record.length}};
        int64_t arrival, duration;
        if (record.state == LOG_MATCHED &&
            request_arrival(&stream->parser, &stream->match, &arrival, &duration)) {
            entry.arrival = last = arrival;
            if (stream->any_before && arrival < stream->arrival_before)
                stream->moved++;
            else
                stream->arrival_before = arrival;
            stream->any_before = true;
        }
        stream->records++;
        done = log_sort_add(stream->sort, &entry, err);
        if (!done)
            break;
    }
    log->lines = log_read_lines(reader);
    log->bytes = log_read_bytes(reader);
    log->problem = log_read_problem(reader);
    stream->lines += log->lines;
    stream->bytes += log->bytes;
    log_read_close(reader);
    return done;
}

bool log_stream_open(const struct log_stream_options *options, struct log_stream *stream,
                     struct err *err)
{
    memset(stream, 0, sizeof *stream);
    bool done = request_parser_init(&stream->parser, options->format, err) &&
                check_twice(options, err) && order_files(options, stream, err);
    log_watch_begin(options->watch, "reading the logs", "MB", all_mb(options));
    if (done)
        stream->sort = log_sort_new(options->memory ? options->memory : LOG_STREAM_MEMORY,
                                    options->disk_limit, options->watch);
    for (size_t i = 0; done && i < stream->file_count; i++)
        done = read_file(stream, i, options->watch, err);
    done = done && log_sort_finish(stream->sort, err);
    if (!done) {
        log_stream_close(stream);
        return false;
    }
    stream->disk_bytes = log_sort_disk_bytes(stream->sort);
    stream->any_before = false;
    return true;
}

bool log_stream_next(struct log_stream *stream, struct request *request, bool *unsure, bool *more,
                     struct err *err)
{
    struct log_entry entry;
    if (!log_sort_next(stream->sort, &entry, more, err))
        return false;
    if (!*more)
        return true;
    struct log_record record = {.bytes = entry.bytes.at,
                                .length = entry.bytes.length,
                                .line = entry.line,
                                .state = (enum log_state)entry.state};
    if (record.state == LOG_MATCHED &&
        !log_format_match(stream->parser.format, record.bytes, record.length, &stream->match))
        return err_set(err, ERR_INTERNAL, "line %llu of \"%s\" was read in two ways.",
                       (unsigned long long)record.line, stream->files[entry.file].path);
    request_parse(&stream->parser, &record, &stream->match, entry.file, request);
    request->arrival = entry.arrival;
    int64_t next;
    *unsure = (stream->any_before && stream->arrival_before == entry.arrival) ||
              (log_sort_peek(stream->sort, &next) && next == entry.arrival);
    stream->arrival_before = entry.arrival;
    stream->any_before = true;
    return true;
}

bool log_stream_rewind(struct log_stream *stream, struct err *err)
{
    stream->any_before = false;
    return log_sort_rewind(stream->sort, err);
}

void log_stream_close(struct log_stream *stream)
{
    log_sort_free(stream->sort);
    request_parser_free(&stream->parser);
    free(stream->files);
    stream->sort = NULL;
    stream->files = NULL;
}
