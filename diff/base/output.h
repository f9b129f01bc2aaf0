/*
 * Where a program's text goes: standard output or a file, opened before the work and written when
 * it is done. Input: a path. Output: the text, whole or with an error. Knows nothing of what is
 * written.
 */
#ifndef TALLY_BASE_OUTPUT_H
#define TALLY_BASE_OUTPUT_H

#include "buffer.h"
#include "error.h"

struct output {
    int file;
    const char *path; /* borrowed; NULL: standard output */
    bool created;     /* by us: goes away again when there is no report */
};

/* NULL or "-": standard output. Before the run, so that an hour's work does not end at a path that
 * cannot be written. What was there before stays until output_write(). ERR_USAGE. */
bool output_open(const char *path, struct output *output, struct err *err) MUST_CHECK;
/* Writes the text in place of what was there, and closes the file. ERR_INTERNAL. */
bool output_write(struct output *output, const struct buffer *text, struct err *err) MUST_CHECK;
/* The run gave no report. */
void output_drop(struct output *output);

/* The text on standard output, at once. ERR_INTERNAL. */
bool output_print(const struct buffer *text, struct err *err) MUST_CHECK;

/* A terminal that shows colours, and nobody who has said NO_COLOR (https://no-color.org). */
bool output_has_colour(const struct output *output);

#endif
