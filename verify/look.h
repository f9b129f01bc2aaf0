/*
 * One row of a finished run, read again from both servers now, column by column. Input: a pair of
 * tables, a key as findings print it, two URIs. Output: text, and whether the row is equal now.
 * Reads only.
 */
#ifndef TALLY_VERIFY_LOOK_H
#define TALLY_VERIFY_LOOK_H

#include "verify.h"

struct look {
    const struct verify_options *options; /* uri[], mapping_path, id_pairs */
    const struct result_table *table;     /* of the run */
    size_t key_count;
    const char *const *key; /* "42", or one text "7, 2" or "booking_id = 7, position = 2" */
};

/* *exit_code: 0 the row is equal now, 1 it is not or one side lacks it, 2 neither side has it, or a
 * column of it is not verified. Reports on standard error when a whole table must be read. */
bool look_at_row(const struct look *look, struct buffer *out, int *exit_code,
                 struct err *err) MUST_CHECK;

#endif
