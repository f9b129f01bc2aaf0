/*
 * Regular expressions, as PCRE2 has them, on text that may be hostile. Input: a pattern, texts of
 * any bytes. Output: texts in which every match is replaced. Knows nothing of rules. regex.c alone
 * includes PCRE2.
 *
 * Patterns and texts are UTF-8; a byte that is not is matched by nothing, not even by ".". No match
 * is empty. A pattern that would take too long on a text is an error, never "no match".
 */
#ifndef TALLY_REGEX_H
#define TALLY_REGEX_H

#include "base/buffer.h"
#include "base/error.h"

struct regex; /* opaque; may be shared by threads */

/* What a run of replacements may cost. Zero-initialise one for each pair of answers. */
struct regex_budget {
    int64_t started; /* nanoseconds of this thread's processor time; 0: not yet */
    size_t bytes;    /* looked at since the clock was */
};

/* ERR_USAGE with a sentence, and *offset: the byte of the pattern that is wrong. */
bool regex_compile(const char *pattern, struct regex **regex, size_t *offset,
                   struct err *err) MUST_CHECK;
void regex_free(struct regex *regex); /* NULL is fine */

/* Appends the text with `by` in place of every match; *count is their number. ERR_TABLE when that
 * takes longer than the budget allows; out then holds half a text. */
bool regex_replace(const struct regex *regex, const char *text, size_t length, const char *by,
                   size_t by_length, struct buffer *out, size_t *count, struct regex_budget *budget,
                   struct err *err) MUST_CHECK;

#endif
