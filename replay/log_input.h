/*
 * The bytes of one log file, whether it is plain or gzip, a file or standard input. Input: a path,
 * "-" for standard input. Output: bytes in order. Knows nothing of lines.
 */
#ifndef TALLY_REPLAY_LOG_INPUT_H
#define TALLY_REPLAY_LOG_INPUT_H

#include "log_watch.h"

#include <stddef.h>

struct log_input; /* opaque */

/* ERR_USAGE when the file cannot be read. What begins with gzip's magic bytes is gzip, whatever its
 * name; it may have many members, as nginx writes them. watch: borrowed, or NULL; is told how many
 * bytes were taken from the file, and is asked while a pipe gives nothing. */
bool log_input_open(const char *path, struct log_watch *watch, struct log_input **input,
                    struct err *err) MUST_CHECK;

/* Up to `room` bytes; *got is 0 at the end alone. ERR_USAGE when the system cannot read on. */
bool log_input_read(struct log_input *input, unsigned char *place, size_t room, size_t *got,
                    struct err *err) MUST_CHECK;

/* At the end: NULL, or what was wrong with the file, as a phrase ("the gzip data is cut"): what
 * stands behind that place was not read. */
const char *log_input_problem(const struct log_input *input);
void log_input_close(struct log_input *input); /* NULL is fine */

#endif
