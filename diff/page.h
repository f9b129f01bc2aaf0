/*
 * What every HTML report needs: one self-contained page that no value can break out of, and that
 * loads nothing. Input: text of any kind, valid UTF-8 or not. Output: HTML in a buffer. Knows
 * nothing of databases or of what is compared.
 *
 *     page_begin(out, "orders differ");       up to <body>: the style, the script, a skip link
 *     buffer_add_text(out, "<main id=\"main\">…");
 *     page_text(out, name);                   inside an element
 *     page_attribute(out, name);              inside "…" of an attribute
 *     page_end(out);
 *
 * Everything that is not written by the report's own code goes through one of the functions below.
 * The page's policy (Content-Security-Policy) admits the style and the script of page.css and
 * page.js by their hashes and nothing else, so that inline styles and handlers would not work, and
 * a forgotten escape would still not run. page.css and page.js open with the classes and attributes
 * that a report's markup uses.
 *
 * Characters that would be obeyed or not be seen (controls, direction marks, zero-width and unusual
 * blanks, bytes that are no UTF-8) are written as tokens, <span class="tok">\u{202E}</span> or
 * \xHH: text that only looks so has no such span around it.
 */
#ifndef TALLY_PAGE_H
#define TALLY_PAGE_H

#include "base/buffer.h"
#include "base/side.h"

#include <stdint.h>

void page_begin(struct buffer *out, const char *title);
void page_end(struct buffer *out);

/* Names and sentences: as they are, but for what must be escaped or made visible. */
void page_text(struct buffer *out, const char *text);
/* The same without markup, for attributes and <title>. */
void page_attribute(struct buffer *out, const char *text);

/* "1,204,331". */
void page_count(struct buffer *out, uint64_t n);

/* --- values (page_value.c)
 * ---------------------------------------------------------------------------------- */

#define PAGE_VALUE_SHOWN 4000 /* characters of one value that a page shows at most */

/* A value's bytes; NULL: the value is NULL. */
struct page_bytes {
    const void *bytes;
    size_t length;
};

/*
 * A value for people, as phrasing content: blanks that could be overlooked (first, last, beside
 * another blank) are made visible as well; of a long one the beginning and the end, and how many
 * characters lie between.
 */
void page_value(struct buffer *out, struct page_bytes value);

/*
 * Both values of a pair, each with the characters marked in which it differs from the other. Of
 * long ones the surroundings of the differences, and how many characters were left out. Time and
 * memory are linear in the length of the values, and so is what is written bounded; where more than
 * PAGE_EDITS characters differ, all between the first and the last difference is marked. Returns
 * false when the bytes are the same: nothing is marked then.
 */
#define PAGE_EDITS 200
bool page_pair(const struct page_bytes values[SIDES], struct buffer *const out[SIDES]);

/* Two cells of a table, the source's and the target's value, marked by page_pair() where both are
 * there; NULL: none. */
void page_pair_cells(struct buffer *out, const char *const value[SIDES]);

/* --- names within the page
 * ---------------------------------------------------------------------------------- */

#define PAGE_ID_SIZE 96

/* The ids that were given out. Zero-initialised: none. */
struct page_ids {
    size_t count, capacity; /* capacity: a power of two, or 0 */
    struct page_id {
        uint64_t hash;
        uint64_t times; /* 0: free */
    } * slots;
};

/*
 * An id that depends on the text alone, so that a link works in tomorrow's report: "table-orders"
 * of ("table", "orders", true), "row-5f2c…" (a hash) where the text is not to be read from it. The
 * second one of the same text ends in ".2".
 */
void page_id(struct page_ids *ids, const char *prefix, const void *text, size_t length,
             bool readable, char id[PAGE_ID_SIZE]);
void page_ids_free(struct page_ids *ids);

/* --- bars
 * --------------------------------------------------------------------------------------------- */

struct page_share {
    const char *class_name; /* of the <rect>: "equal", "changed", … */
    uint64_t count;
};

/*
 * A bar of shares as an SVG image. Whatever is there can be seen: a share is at least a hundredth
 * of the bar, taken from the largest one. label: what a screen reader says.
 */
void page_bar(struct buffer *out, const struct page_share *shares, size_t count, const char *label);

#endif
