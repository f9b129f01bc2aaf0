/*
 * Text on a terminal: how many columns it takes, cut, padded and wrapped. Input: any text, valid
 * UTF-8 or not. Output: printable UTF-8 that keeps to its line: what a terminal would obey or hide
 * (control characters, direction marks, zero-width and unusual spaces, invalid bytes) is written as
 * \xHH or \u{HEX}. Everything is a pure function; safe in every thread.
 */
#ifndef TALLY_BASE_DISPLAY_H
#define TALLY_BASE_DISPLAY_H

#include "buffer.h"

/* One character as it will be shown. */
struct display_piece {
    size_t size;    /* bytes of the input that it takes, at least 1 */
    size_t columns; /* 0 for combining marks, 2 for wide characters, more for escapes */
    char text[16];  /* what is shown for it */
};

/* The character at `text`; false at its end. */
bool display_next(const char *text, struct display_piece *piece);

/* The columns of one character: 0 for combining marks, 2 for wide ones, -1 for one that is to be
 * written by its number, for it cannot be printed, looks like nothing or a blank, or turns the
 * direction of what follows. */
int display_columns(uint32_t code);

/* The columns that the whole text takes. */
size_t display_width(const char *text);

/* Appends the text in at most `width` columns, ending in "…" when it is longer. Returns the columns
 * used. */
size_t display_add_cut(struct buffer *out, const char *text, size_t width);

/* The same, then blanks up to `width`; the second puts the blanks before it. */
void display_add_left(struct buffer *out, const char *text, size_t width);
void display_add_right(struct buffer *out, const char *text, size_t width);
/* The same for a number: one that is wider than its column is not cut, for it would be another. */
void display_add_number(struct buffer *out, const char *text, size_t width);
void display_add_blanks(struct buffer *out, size_t count);

/*
 * Appends the text and a newline, broken at blanks (inside words only when a word is longer than a
 * line) so that no line is wider than `width`. The cursor stands at column `at`; later lines begin
 * at `indent`.
 */
void display_add_wrapped(struct buffer *out, const char *text, size_t at, size_t indent,
                         size_t width);

#endif
