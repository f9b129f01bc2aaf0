/*
 * What people and programs are told of a replay. Input: a result (result.h) and nothing else, be it
 * fresh or read back from a ledger. Output: text. One file of code per format; a new one is a row
 * in report.c. No value can break a format or command a terminal.
 */
#ifndef TALLY_REPLAY_REPORT_H
#define TALLY_REPLAY_REPORT_H

#include "../diff/base/buffer.h"
#include "../diff/base/error.h"
#include "../diff/base/text_list.h"
#include "result.h"

#define REPORT_REPLAY_FORMATS "text|json|html|junit"

struct report_replay_wish {
    const char *format;              /* one of the formats */
    const char *output_path;         /* NULL: standard output */
    const struct text_list *reports; /* further ones: "FORMAT=FILE"; NULL: none */
    bool quiet; /* the text report says what is not equal, and the verdict; files say everything */
};

struct report_replay_files; /* opaque */

/* Before the replay: makes a temporary file beside each report's, so that hours of work do not end
 * at a path that cannot be written. ERR_USAGE. Texts are borrowed. */
bool report_replay_open(const struct report_replay_wish *wish, struct report_replay_files **files,
                        struct err *err) MUST_CHECK;
/* Writes all of them and closes. A file is replaced when its report is whole. ERR_INTERNAL: one
 * could not be written; the others are. */
bool report_replay_write(struct report_replay_files *files, const struct replay_result *result,
                         struct err *err) MUST_CHECK;
/* Without a result: what was there before stays. NULL is fine. */
void report_replay_drop(struct report_replay_files *files);

/* One report as text. colour is for "text" alone. */
void report_replay_compose(const char *format, const struct replay_result *result, bool quiet,
                           bool colour, struct buffer *out);

void report_replay_text(const struct replay_result *result, bool quiet, bool colour,
                        struct buffer *out);
/* What report_replay_text() says of one group. */
void report_replay_text_group(const struct replay_result *result, const struct replay_group *group,
                              struct buffer *out);
void report_replay_json(const struct replay_result *result, struct buffer *out);
void report_replay_html(const struct replay_result *result, struct buffer *out);
void report_replay_junit(const struct replay_result *result, struct buffer *out);

#endif
