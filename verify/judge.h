/*
 * From what is known of every table to verdicts. Input: a result whose tables say what differs and
 * what could not be compared. Output: its verdicts. Knows nothing of how rows were read.
 */
#ifndef TALLY_VERIFY_JUDGE_H
#define TALLY_VERIFY_JUDGE_H

#include "work.h"

/* Notes the values of either side that could not be read as their column's kind. */
void judge_note_raw(const struct item *item);

/* The verdict of each table, and of all. */
void judge_result(struct verify_result *result);

#endif
