/*
 * HTML and XML into the neutral tree, by the SAX callbacks of libxml2; html.c alone includes its
 * headers. Input: UTF-8 (charset.h), owned by the tree from then on. Output: a tree, or the reason
 * why the parser cannot be trusted with this page.
 *
 * HTML: attribute and class order, entity spelling, tag case, values of boolean attributes and
 * white space between blocks do not show in the tree. White space between inline elements and in
 * text, in pre and textarea, no-break spaces, script and style text do. Doctype and comments do.
 *
 * libxml2 is asked how the page nests, and believed in nothing else, so it is shown an outline of
 * the page (html_outline.h). Beside every callback runs a reader of our own over the page: each
 * byte of the page is either what the callback says (the tag and its attributes, this text, that
 * entity) or becomes a TREE_LOST node, which is compared as it stands. The page's end must be
 * reached. So no error of page or parser can make two pages equal.
 *
 * XML is well-formed or no XML. Nothing is fetched, no entity expanded; a document type with
 * declarations of its own is refused. White space alone between two tags does not matter where
 * the element has no text of its own, unless xml:space says so. Prefixes are part of the names.
 */
#ifndef TALLY_HTML_H
#define TALLY_HTML_H

#include "tree.h"

enum { MARKUP_REASON_SIZE = 200 };

/* To be called once before threads read pages: libxml2 asks for that. */
void html_setup(void);

/* Fills *tree (tree_free() it in any case), taking over the text. False: the page cannot be read
 * as such; reason says why, in words for people. */
bool html_tree(struct tree *tree, struct tree_names *names, struct buffer *text,
               char reason[MARKUP_REASON_SIZE]);
/* The same tree, by a parser that is shown the whole page. For tests and fuzzers, not for speed. */
bool html_tree_unabridged(struct tree *tree, struct tree_names *names, struct buffer *text,
                          char reason[MARKUP_REASON_SIZE]);
bool xml_tree(struct tree *tree, struct tree_names *names, struct buffer *text,
              char reason[MARKUP_REASON_SIZE]);

/* Does white space beside such an element mean nothing? Tables, lists, paragraphs and the like;
 * unknown elements are inline. name: lower case. */
bool html_is_block(const char *name);

#endif
