/*
 * Further reports of a run, --report FORMAT=FILE: files that are written whole or not at all.
 * Input: the wishes, and who composes a report. Output: files. Knows nothing of what reports say.
 */
#ifndef TALLY_REPORT_FILES_H
#define TALLY_REPORT_FILES_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/text_list.h"

struct report_file {
    char format[32];
    const char *path;
    char *temporary; /* beside it, malloc'ed; NULL: not a regular file, written as it stands */
    int file;
};

struct report_files {
    size_t count;
    struct report_file *items;
};

/*
 * Before the run: makes a temporary file beside each, so that an hour's work does not end at a path
 * that cannot be written. formats: "text|json|html". ERR_USAGE. To be followed by
 * report_files_write() or, after an error too, report_files_drop(). Texts are borrowed.
 */
bool report_files_open(const struct text_list *wanted, const char *formats,
                       struct report_files *files, struct err *err) MUST_CHECK;
/* Each file is replaced when its report is whole. ERR_INTERNAL: one could not be written; the
 * others are. */
bool report_files_write(struct report_files *files,
                        void (*compose)(const void *data, const char *format, struct buffer *out),
                        const void *data, struct err *err) MUST_CHECK;
void report_files_drop(struct report_files *files); /* what was there before stays */

#endif
