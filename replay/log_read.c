#include "log_read.h"

#include "log_input.h"

#include <stdlib.h>

#define FIRST_BYTES (256U << 10)

struct log_reader {
    struct log_input *input;
    const struct log_format *format;
    size_t most;
    bool joins; /* lines may belong together */
    bool ended; /* the input has no more bytes */
    unsigned char *data;
    size_t at, end, capacity; /* unread bytes are data[at .. end) */
    uint64_t lines, bytes;
};

bool log_read_open(const char *path, const struct log_format *format, size_t most,
                   struct log_watch *watch, struct log_reader **result, struct err *err)
{
    struct log_input *input;
    *result = NULL;
    if (!log_input_open(path, watch, &input, err))
        return false;
    struct log_reader *reader = mem_zero(1, sizeof *reader);
    reader->input = input;
    reader->format = format;
    reader->most = most;
    /* Where any line may begin a record, no line can be known to go on with another. */
    reader->joins = format->escape == LOG_ESCAPE_NONE &&
                    !log_format_begins(format, buffer_empty, 0) &&
                    !log_format_begins(format, (const unsigned char *)"\1", 1);
    reader->capacity = FIRST_BYTES;
    reader->data = mem_alloc(reader->capacity);
    *result = reader;
    return true;
}

void log_read_close(struct log_reader *reader)
{
    if (!reader)
        return;
    log_input_close(reader->input);
    free(reader->data);
    free(reader);
}

uint64_t log_read_lines(const struct log_reader *reader)
{
    return reader->lines;
}

uint64_t log_read_bytes(const struct log_reader *reader)
{
    return reader->bytes;
}

const char *log_read_problem(const struct log_reader *reader)
{
    return log_input_problem(reader->input);
}

/* More bytes behind those that are there. data may move. */
static MUST_CHECK bool fill(struct log_reader *reader, struct err *err)
{
    if (reader->at && (reader->at == reader->end || reader->end == reader->capacity)) {
        memmove(reader->data, reader->data + reader->at, reader->end - reader->at);
        reader->end -= reader->at;
        reader->at = 0;
    }
    if (reader->end == reader->capacity) {
        reader->data = mem_resize(reader->data, reader->capacity * 2, 1);
        reader->capacity *= 2;
    }
    size_t got;
    if (!log_input_read(reader->input, reader->data + reader->end, reader->capacity - reader->end,
                        &got, err))
        return false;
    reader->end += got;
    reader->bytes += got;
    reader->ended = !got;
    return true;
}

/*
 * The next newline at or behind data[at + from]: *length is its distance from `at`. found: false
 * when the file ends before it, or when it is farther than `most` (too_long).
 */
static MUST_CHECK bool find_newline(struct log_reader *reader, size_t from, size_t *length,
                                    bool *found, bool *too_long, struct err *err)
{
    *found = *too_long = false;
    for (;;) {
        const unsigned char *start = reader->data + reader->at;
        size_t there = reader->end - reader->at;
        const unsigned char *newline =
            there > from ? memchr(start + from, '\n', there - from) : NULL;
        *length = newline ? (size_t)(newline - start) : there;
        *too_long = *length > reader->most;
        *found = newline && !*too_long;
        if (newline || *too_long || reader->ended)
            return true;
        from = there;
        if (!fill(reader, err))
            return false;
    }
}

/* Drops bytes up to and with the next newline. */
static MUST_CHECK bool skip_line(struct log_reader *reader, struct err *err)
{
    for (;;) {
        const unsigned char *start = reader->data + reader->at;
        const unsigned char *newline = memchr(start, '\n', reader->end - reader->at);
        if (newline) {
            reader->at += (size_t)(newline - start) + 1;
            reader->lines++;
            return true;
        }
        reader->at = reader->end;
        if (reader->ended) {
            reader->lines++;
            return true;
        }
        if (!fill(reader, err))
            return false;
    }
}

/* With escape=none: takes the lines that do not begin a record along. *length grows; it stands at a
 * newline, or at the file's end. */
static MUST_CHECK bool join_lines(struct log_reader *reader, size_t *length, bool *whole,
                                  bool *too_long, uint64_t *lines, struct err *err)
{
    while (*whole) {
        size_t next = *length + 1, end;
        bool found;
        if (!find_newline(reader, next, &end, &found, too_long, err))
            return false;
        if (reader->at + next >= reader->end && reader->ended)
            return true; /* the file ends with this newline */
        size_t line = end > next ? end - next : 0;
        if (log_format_begins(reader->format, reader->data + reader->at + next, line)) {
            *too_long = false;
            return true;
        }
        if (*too_long)
            return true;
        *length = end;
        *whole = found;
        ++*lines;
    }
    return true;
}

static void judge(struct log_reader *reader, struct log_record *record, struct log_match *match,
                  bool whole, bool joined)
{
    const unsigned char *bytes = record->bytes;
    size_t length = record->length;
    bool matches = log_format_match(reader->format, bytes, length, match);
    if (length && bytes[length - 1] == '\r' && (!matches || !reader->format->closed)) {
        /* A file that went through a system with other line ends. */
        record->length--;
        matches = log_format_match(reader->format, bytes, record->length, match);
    }
    if (!whole && (!matches || !reader->format->closed))
        record->state = LOG_CUT;
    else if (matches)
        record->state = LOG_MATCHED;
    else
        record->state = joined ? LOG_SPLIT : LOG_UNMATCHED;
}

bool log_read_next(struct log_reader *reader, struct log_record *record, struct log_match *match,
                   bool *more, struct err *err)
{
    size_t length;
    bool whole, too_long;
    uint64_t lines = 1;
    *more = false;
    if (!find_newline(reader, 0, &length, &whole, &too_long, err))
        return false;
    if (!length && !whole && !too_long)
        return true;
    *more = true;
    if (reader->joins && !too_long && !join_lines(reader, &length, &whole, &too_long, &lines, err))
        return false;
    *record = (struct log_record){.line = reader->lines + 1};
    if (too_long) {
        record->state = LOG_TOO_LONG;
        record->bytes = buffer_empty;
        return skip_line(reader, err);
    }
    record->bytes = reader->data + reader->at;
    record->length = length;
    reader->at += length + whole;
    reader->lines += lines;
    judge(reader, record, match, whole, lines > 1);
    return true;
}
