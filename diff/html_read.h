/*
 * The reader that runs beside the HTML parser and builds the tree. Input: a page, and from the
 * parser where it stands when an element begins or ends. Output: nodes. Knows no library.
 *
 * `seen` is the first byte of the page that no node holds yet; each call takes bytes from there on.
 * What stands between two calls and is neither text nor their tag was dropped by the parser and
 * becomes a TREE_LOST. Elements that the parser makes up are left out, and an element that ends
 * without the end tag it needs is marked with an empty TREE_LOST, for browsers and the parser may
 * disagree on where it ends. So the tree tells every byte of the page, but for what html.h says
 * does not matter.
 */
#ifndef TALLY_HTML_READ_H
#define TALLY_HTML_READ_H

#include "html.h"
#include "html_text.h"

enum {
    HTML_DEEPEST = 1024, /* the parser's time may grow with size × depth */
    HTML_IMPLIED = 4,    /* html, head, body, p, which the parser may make up around them */
    HTML_NAMES = 256,    /* a power of two */
};

struct html_name {
    const char *known; /* the parser's own pointer, which is one per name */
    const char *name;  /* interned */
    unsigned traits;
};

/* An attribute's name as it is spelt on the page. */
struct html_spelling {
    const char *at;
    size_t length;
    const char *name;    /* interned, lower case */
    const char *boolean; /* the elements of which it is one, or NULL */
    bool class;
};

struct html_open {
    const char *known;
    unsigned traits;
    bool in_tree, empty; /* empty: it has no end tag to come */
};

struct html_reader {
    struct tree *tree;
    const char *page;
    size_t length, seen;
    size_t text_end; /* the parser took [seen, text_end) as text */
    struct html_open *stack;
    size_t depth, room;
    size_t verbatim;        /* how many open elements keep their white space */
    size_t literal;         /* how many are HTML_LITERAL, */
    size_t unresolved;      /* and HTML_UNRESOLVED */
    size_t cdata_end;       /* as if all before this place were in such elements */
    unsigned before;        /* HTML_BLOCK: white space from here on means nothing so far */
    struct tree_text space; /* white space that waits for what comes behind it */
    struct html_attribute *attributes;
    size_t attribute_count, attribute_room;
    struct buffer scratch;
    struct html_name names[HTML_NAMES];
    struct html_spelling spellings[HTML_NAMES];
    bool cut; /* the page ended within a tag: nothing more is to come */
    char *reason;
};

/* The page is tree->bytes; reason (MARKUP_REASON_SIZE) stays empty until the reader gives up. */
void html_read_init(struct html_reader *reader, struct tree *tree, char *reason);
/* Takes what is left and frees the reader, not the tree. */
void html_read_finish(struct html_reader *reader);

/*
 * The parser reports something, and has read the page up to the cursor. Names are the parser's own,
 * lower case, one pointer per name. After a start tag's attributes; behind an end tag, or where
 * the element ends without one; behind text, or in its midst; behind a comment; behind a doctype.
 */
void html_read_start(struct html_reader *reader, const char *known, bool has_attributes,
                     size_t cursor);
void html_read_end(struct html_reader *reader, const char *known, size_t cursor);
void html_read_text(struct html_reader *reader, size_t cursor);
void html_read_comment(struct html_reader *reader, size_t cursor);
void html_read_doctype(struct html_reader *reader, size_t cursor);

#endif
