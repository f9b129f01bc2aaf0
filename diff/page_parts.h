/*
 * What the files of a page share among themselves: single characters, and the style and script that
 * the build embeds (page_embed). Reports include page.h.
 */
#ifndef TALLY_PAGE_PARTS_H
#define TALLY_PAGE_PARTS_H

#include "base/buffer.h"

/* A byte that is no UTF-8 is the character PAGE_BYTE + byte, beyond those of Unicode. */
#define PAGE_BYTE 0x110000u

/* The next character, and moves *at behind it; at < end. */
uint32_t page_read(const unsigned char **at, const unsigned char *end);

/* Must the character be written as a token? */
bool page_hides(uint32_t code);

void page_add_token(struct buffer *out, uint32_t code);
void page_add_code(struct buffer *out, uint32_t code); /* escaped; a character of Unicode */

extern const unsigned char page_css[], page_js[];
extern const size_t page_css_length, page_js_length;
extern const char page_css_hash[], page_js_hash[]; /* "sha256-…", as a policy names them */

#endif
