/*
 * The syntax of HTML that html.c reads beside the parser: tags with their attributes, character
 * references, and what is special about the standard's elements and attributes. Pure functions of
 * borrowed UTF-8 (https://html.spec.whatwg.org/multipage/parsing.html, "Tokenization").
 */
#ifndef TALLY_HTML_TEXT_H
#define TALLY_HTML_TEXT_H

#include "base/buffer.h"

enum html_trait {
    HTML_BLOCK = 1,     /* white space beside it means nothing */
    HTML_VOID = 2,      /* has no content and no end tag */
    HTML_OPEN_END = 4,  /* its end tag may be left out */
    HTML_NO_TEXT = 8,   /* holds elements: white space alone in it means nothing */
    HTML_VERBATIM = 16, /* white space in it is kept as it stands */
    HTML_RAW = 32,      /* script, style: no tags and references in it */
    /* The parser reads tags where browsers see text; how they are spelt counts, too: */
    HTML_LITERAL = 64,     /* title, textarea, iframe, … */
    HTML_UNRESOLVED = 128, /* and of these, those in which a reference is text as well */
    HTML_UNSEEN = 256,     /* takes no place: what is beside it is beside what came before it */
};

/* The traits of an element, by its lower case name. */
unsigned html_traits(const char *name, size_t length);

#define HTML_ANY_ELEMENT "*"

/* Of an attribute that is true by being there, whatever its value: the elements of which it is, for
 * html_is_among(); else NULL. Lower case names. */
const char *html_boolean_elements(const char *name, size_t length);
bool html_is_among(const char *list, const char *name);

/* The reference at `at` ("&" stands there): appends its characters and returns the bytes it takes;
 * 0: it is no reference, "&" means itself. A number that is no character, which browsers all show
 * as U+FFFD, is written with U+10FE26 for "&", so that no two of them are the same. */
size_t html_add_reference(struct buffer *out, const char *at, const char *end, bool in_attribute);

/* Appends text with its references resolved. */
void html_add_text(struct buffer *out, const char *at, const char *end, bool in_attribute);

struct html_scan {
    const char *at, *end; /* the inside of a start tag, behind its name */
};

struct html_attribute {
    const char *name, *name_end;
    const char *value, *value_end; /* as it stands; both NULL: there is none */
};

/* The next attribute; false: there is none, and *sound tells whether the tag is well made (every
 * quote is closed). */
bool html_next_attribute(struct html_scan *scan, struct html_attribute *attribute, bool *sound);

static inline bool html_is_space(char byte)
{
    const uint64_t spaces = UINT64_C(1) << ' ' | 1 << '\n' | 1 << '\t' | 1 << '\r' | 1 << '\f';
    unsigned char code = (unsigned char)byte;
    return code <= ' ' && spaces >> code & 1;
}

static inline bool html_is_letter(char byte)
{
    return (unsigned char)((byte | 0x20) - 'a') < 26;
}

#endif
