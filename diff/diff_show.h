/*
 * What the commands of tally-diff that compare bodies have in common: the comparison with rules,
 * the report in its format, the output file. Input: two answers and what was asked. Output: a
 * comparison, a report.
 */
#ifndef TALLY_DIFF_SHOW_H
#define TALLY_DIFF_SHOW_H

#include "diff_report.h"
#include "pair_known.h"
#include "rule.h"

struct diff_question {
    const struct answer *answers; /* of both sides */
    enum content_type type;
    struct rules *rules;       /* or NULL */
    const char *method, *path; /* of the request, for rules; NULL: not known */
    struct pair_use *known;    /* places to be taken as equal, behind the rules; or NULL */
};

/* As compare_answers(); what a rule leaves out as a whole is equal. */
bool diff_show_compare(const struct diff_question *question, struct comparison *found,
                       struct err *err) MUST_CHECK;

enum content_type diff_show_type(const char *name); /* of content_type_name[] */
void diff_show_compose(const char *format, const struct diff_report *report, struct buffer *out);
/* Which rules never matched, to standard error. */
void diff_show_note_rules(const struct rules *rules, const char *path);
/* Of rules for a whole application beside one pair: that none of them did, if so. */
void diff_show_note_no_rule(const struct rules *rules, const char *path);
/* Is the output file one that is read? input: or NULL. */
bool diff_show_is_input(const char *output, const char *input);
bool diff_show_write(const char *path, const struct buffer *text, struct err *err) MUST_CHECK;
bool diff_show_colour(const char *output_path); /* NULL: standard output */

#endif
