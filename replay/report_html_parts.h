/*
 * What the files of the HTML report share. For report_html*.c only.
 */
#ifndef TALLY_REPLAY_REPORT_HTML_PARTS_H
#define TALLY_REPLAY_REPORT_HTML_PARTS_H

#include "../diff/page.h"
#include "result.h"

struct html {
    const struct replay_result *result;
    struct buffer *out;
    struct page_ids ids;
};

/* The word for so many of a fate: "equal", "consequences". */
const char *html_fate(int fate, uint64_t count);
/* "1 request", "11 requests". */
void html_count(struct buffer *out, uint64_t n, const char *one, const char *many);
/* Seconds as people say them: "0.8 ms", "120 ms", "1.25 s". */
void html_seconds(struct buffer *out, double seconds);
void html_code(struct buffer *out, const char *text);
void html_begin_section(struct html *html, const char *id, const char *title);
void html_end_section(struct html *html);

void html_sessions(struct html *html);  /* report_html_session.c */
void html_latency(struct html *html);   /* report_html_latency.c */
void html_databases(struct html *html); /* report_html_database.c */

#endif
