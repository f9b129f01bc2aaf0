/*
 * Normal forms of text: what a rule makes of a value so that two spellings of one thing are the
 * same bytes. Pure; knows nothing of trees or rules. Each function appends the text, changed or
 * not, to out and says whether anything changed. What a function does not understand it leaves.
 */
#ifndef TALLY_NORMAL_H
#define TALLY_NORMAL_H

#include "base/buffer.h"
#include "date_text.h"

/*
 * Numbers in the text, each in one spelling: 10.50 -> 10.5, 007 -> 7, -0.0 -> 0, 1,234.50 ->
 * 1234.5, 1.234,50 -> 1234.5. A lone comma is left (1,234 may be either), and so is what is part
 * of something else: 1.2.3, 2024-01-10, 10:30, v1.10, 1e5.
 */
bool normal_numbers(struct buffer *out, const char *text, size_t length);
/* The same, and rounded to so many digits behind the point, halves away from zero, exactly. */
bool normal_round(struct buffer *out, const char *text, size_t length, unsigned digits);

/* Dates in the text as date_text_print() writes them. 01/02/2024 is left as long as the order of
 * day and month is unknown. */
bool normal_dates(struct buffer *out, const char *text, size_t length, enum date_order order);

/* Each run of white space (no-break and thin spaces too) is one blank, and none is at the ends. */
bool normal_white_space(struct buffer *out, const char *text, size_t length);
/* Blanks and tabs at the end of each line are gone. */
bool normal_trailing_blanks(struct buffer *out, const char *text, size_t length);

/* The parts between separators in the order of their bytes; "words" and "lines" are separators
 * with a meaning, any other stands for itself. No part is lost or trimmed, but for the white space
 * round words. */
bool normal_sort(struct buffer *out, const char *text, size_t length, const char *separator);

#endif
