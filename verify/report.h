/*
 * Which reports there are. Input: a finished result, fresh or read back from its ledger. Output:
 * text. One file of code per format:
 * report_text.c, report_json.c, report_html.c, report_junit.c, report_prometheus.c; a new one is a
 * row in report.c.
 */
#ifndef TALLY_VERIFY_REPORT_H
#define TALLY_VERIFY_REPORT_H

#include "../diff/base/buffer.h"
#include "verify.h"

#define REPORT_FORMATS "text|json|html|junit|prometheus"

/* format: one of REPORT_FORMATS. colour is for "text" alone. */
void report_compose(const char *format, const struct verify_result *result,
                    const struct verify_options *options, bool colour, struct buffer *out);

/* "3 new, 120 persist, 4 gone"; of the rows of a table, or of all. */
void report_since(const struct result_since *since, struct buffer *out);
/* Has the report more to say of a table than its line? With --only-new, of what is new alone. */
static inline bool report_has_news(const struct result_since *since)
{
    return since->different || since->inconclusive || since->news_count;
}

/* "Repair: 3 statements in fix.sql make the target hold the rows of the source, but for 1 row …" */
void report_add_repair(const struct result_repair *repair, struct buffer *out);

#endif
