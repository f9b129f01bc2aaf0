/*
 * What the reporters for people share: how a table is called, how many there are of each verdict,
 * and which reasons need not be said twice. Knows nothing of the form of a report.
 */
#ifndef TALLY_VERIFY_REPORT_PARTS_H
#define TALLY_VERIFY_REPORT_PARTS_H

#include "../diff/base/buffer.h"
#include "verify.h"

#define REPORT_FINDINGS_MOST 100000 /* the largest --findings */

/* How many tables there are of each verdict, and what else the last sentence says. */
struct report_tally {
    size_t tables[3]; /* by verdict */
    uint64_t equal_rows, rows;
    size_t different_in_part; /* different, and not all of it was compared */
    size_t columns_left_out;  /* not verified or ignored, of all tables */
};

struct report_tally report_count(const struct verify_result *result);

/* "orders", or "commandes → orders" when the target's name is another one beyond its schema. */
void report_add_table_name(struct buffer *out, const struct result_table *table);

/* The side's name, else the other's. */
const char *report_column_name(const struct result_column *column, int side);
/* "prix", or "prix → price". */
void report_add_column_name(struct buffer *out, const struct result_column *column);

/* The counts say all there is, so a zero is a fact. */
bool report_counts_known(const struct result_table *table);

/* How many differing rows a finding stands for: without a key, as many as one side has more. */
uint64_t report_finding_rows(const struct result_table *table, const struct finding *finding);

/* "12 tables equal, 2 different, 1 could not be compared in full". */
void report_add_counts(const struct verify_result *result, const struct report_tally *tally,
                       struct buffer *out);
/* "the two sides differ": what the exit code means. */
const char *report_meaning(const struct verify_result *result, const struct report_tally *tally);

/* "once", "3 times", "not". */
const char *report_times(uint64_t times, char text[48]);

/* An equal table has something to say when a condition or a note limits what "equal" means; with
 * --only-new a table has when something of it is new. */
bool report_needs_detail(const struct verify_result *result, const struct result_table *table);
/* Both tables have one reason, the same, and nothing else to say: nobody read them. */
bool report_same_reason(const struct result_table *one, const struct result_table *other);

/* Is it a column that only the mapping can say how to compare; a reason that says so of one? */
bool report_needs_kind(const struct result_column *column);
bool report_is_kind_reason(const char *reason);
/* The rules that would, as a section of a text; nothing where none is needed. report_rules.c */
void report_rules(const struct verify_result *result, struct buffer *out);

/* The plan's reasons often name a column and say why it is not compared already. */
bool report_said_by_a_reason(const struct result_table *table, const struct result_column *column);
/*
 * Columns that were left out for the same reason are one entry, which begins at the first of them:
 * "memo, spot — not verified: point beside text". False: column `first` begins none.
 */
bool report_add_columns_left_out(struct buffer *out, const struct result_table *table,
                                 size_t first);

#endif
