/*
 * How two files differ, for people, for programs and side by side. Input: a finished comparison and
 * the files' names. Output: text in a buffer.
 */
#ifndef TALLY_DIFF_REPORT_H
#define TALLY_DIFF_REPORT_H

#include "compare.h"

enum {
    DIFF_REPORT_TEXT = 4096 /* bytes of one value that a report for programs shows at most */
};

struct diff_report {
    const struct comparison *found;
    const char *name[SIDES]; /* of the files */
    bool colour;             /* of the text */
    /* What else is to be said of a difference, a phrase; or NULL. */
    const char *(*note)(const void *context, const struct difference *difference);
    const void *note_context;
};

/* Nothing when the files are equal; else as diff -u begins, then each difference with its path, its
 * values and the words marked that changed. */
void diff_report_text(const struct diff_report *report, struct buffer *out);
/* One object as tally-diff.schema.json describes it, and a newline. */
void diff_report_json(const struct diff_report *report, struct buffer *out);
/* What of it stands in any page: as what the bodies were compared, and the differences. */
struct page_ids;
void diff_report_html_part(const struct diff_report *report, struct page_ids *ids,
                           struct buffer *out);
/* A page of its own (page.h). */
void diff_report_html(const struct diff_report *report, struct buffer *out);

/* Appends "html, 3 differences: 2 changed, 1 inserted; 4 masked". */
void diff_report_summary(const struct comparison *found, struct buffer *out);

#endif
