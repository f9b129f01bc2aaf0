/*
 * What the parser needs of a page to say how its elements nest: the page without attributes and
 * without the rest of its texts. Most of a parser's time goes into those, and html_read.c reads
 * them from the page itself. Input: a page. Output: its outline, and of each place in it the place
 * in the page. Pure text; knows neither parser nor tree.
 *
 *     <tr id="r1" class="odd">\n <td title='a'>12.50 or more</td>    becomes
 *     <tr >\n <td >1</td>
 *
 * Only what every reader takes alike is left out: attributes of a tag whose end is beyond doubt,
 * and of a text what follows its first character, up to the next "<". What is left out
 * holds no "<" and no ">", and leaves a blank or a "<" behind where two ends meet, so that these
 * make nothing new. All else is copied. Should a page nest otherwise by its outline all the same,
 * then both sides' pages are read so, and the reader beside the parser still finds every byte.
 */
#ifndef TALLY_HTML_OUTLINE_H
#define TALLY_HTML_OUTLINE_H

#include "base/buffer.h"

struct html_cut {
    uint32_t at;       /* in the outline: here bytes were left out, */
    uint32_t left_out; /* and so many of the page so far */
};

struct html_outline {
    struct buffer text;
    size_t most_attributes; /* of a tag whose end is beyond doubt */
    bool plain;             /* that is every tag */
    struct html_cut *cuts;
    size_t count, room;
    size_t next;     /* the first cut behind the place that was asked for last, */
    size_t last_at;  /* that place, */
    size_t left_out; /* and what is left out before it */
};

/* The page is at most INT_MAX bytes without a NUL, with one behind them. */
void html_outline_init(struct html_outline *outline, const char *page, size_t length);
void html_outline_free(struct html_outline *outline);

/* Where in the page the byte stands that stands at `at` in the outline; its end: the page's end.
 * Fast for places in ascending order. */
size_t html_outline_place(struct html_outline *outline, size_t at);

#endif
