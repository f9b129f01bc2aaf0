/*
 * What the files of the HTML report share: report_html.c has the page and the table of tables,
 * report_html_cause.c causes and definitions, report_html_table.c the section of one table. Others
 * call report_html() of verify.h.
 */
#ifndef TALLY_VERIFY_REPORT_HTML_H
#define TALLY_VERIFY_REPORT_HTML_H

#include "../diff/page.h"
#include "report_parts.h"

struct html {
    const struct verify_result *result;
    const struct verify_options *options;
    struct report_tally tally;
    struct page_ids ids;
    char (*table_ids)[PAGE_ID_SIZE]; /* by table */
    struct buffer *out;
};

#define HTML_COLUMNS 12 /* columns of a finding in sight; the others are folded up */

/* Has the table a section of its own, to which others can link? */
bool html_has_section(const struct html *html, const struct result_table *table);
void html_add_section(struct html *html, size_t table);

size_t html_count_causes(const struct verify_result *result);
/* Sections; nothing when there is nothing to say. */
void html_add_causes(struct html *html);
void html_add_schema(struct html *html);

/* The table's name; as a link where there is something to link to. */
void html_add_table_link(struct html *html, size_t table);
void html_add_table_name(struct html *html, const struct result_table *table);
/* `<span class="badge verdict-equal">equal</span>` */
void html_add_verdict(struct html *html, enum verdict verdict);
/* "301 changed, 0 missing, 12 extra", as far as they are known. */
void html_add_kinds(struct buffer *out, const struct result_table *table);
/* The head of a table of pairs, and the two cells of one. */
void html_begin_pairs(struct html *html, const char *what);
void html_add_pair(struct html *html, const char *source, const char *target);
void html_end_pairs(struct html *html);

#endif
