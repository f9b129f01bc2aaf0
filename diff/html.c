/*
 * HTML and XML into the neutral tree; the one file that knows libxml2. Input: UTF-8 text. Output: a
 * tree, or why there is none. What an HTML page says is read by html_read.c, which the parser's
 * callbacks drive; XML, which is well-formed or refused, is taken from the callbacks. Must not
 * know rules or differences.
 */
#include "html.h"

#include "html_outline.h"
#include "html_read.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#define XHTML "http://www.w3.org/1999/xhtml"

enum {
    MOST_ATTRIBUTES = 1000, /* the parser's time grows with the square of a tag's attributes, */
    LOOKED_THROUGH = 64000, /* which does not matter in shorter pages (bytes) */
};

/* How far the parser has read. Counted from the end, as it may drop what it has behind it. */
static size_t cursor_of(xmlParserCtxtPtr parser, size_t length)
{
    size_t left = (size_t)(parser->input->end - parser->input->cur);
    return left > length ? 0 : length - left;
}

/* --- HTML --- */

struct html_context {
    struct html_reader reader;
    struct html_outline outline; /* which the parser reads */
    xmlParserCtxtPtr parser;
};

/* Where in the page. */
static size_t html_cursor(struct html_context *html)
{
    return html_outline_place(&html->outline, cursor_of(html->parser, html->outline.text.length));
}

static void stop_if_lost(struct html_context *html)
{
    if (html->reader.reason[0])
        xmlStopParser(html->parser);
}

static void html_start(void *context, const xmlChar *name, const xmlChar **attributes)
{
    struct html_context *html = context;
    html_read_start(&html->reader, (const char *)name, attributes != NULL, html_cursor(html));
    stop_if_lost(html);
}

static void html_end(void *context, const xmlChar *name)
{
    struct html_context *html = context;
    html_read_end(&html->reader, (const char *)name, html_cursor(html));
    stop_if_lost(html);
}

static void html_text(void *context, const xmlChar *text, int length)
{
    (void)text;
    (void)length;
    struct html_context *html = context;
    html_read_text(&html->reader, html_cursor(html));
}

static void html_comment(void *context, const xmlChar *text)
{
    (void)text;
    struct html_context *html = context;
    html_read_comment(&html->reader, html_cursor(html));
    stop_if_lost(html);
}

static void html_doctype(void *context, const xmlChar *name, const xmlChar *public,
                         const xmlChar *system)
{
    (void)name;
    (void)public;
    (void)system;
    struct html_context *html = context;
    html_read_doctype(&html->reader, html_cursor(html));
}

/* \r\n and \r are \n to a browser, and to everybody from here on. */
static void unify_newlines(struct buffer *text)
{
    char *at = (char *)text->data, *end = at + text->length;
    char *from = memchr(at, '\r', text->length);
    if (!from)
        return;
    char *to = from;
    for (; from < end; from++) {
        if (*from != '\r')
            *to++ = *from;
        else if (from + 1 == end || from[1] != '\n')
            *to++ = '\n';
    }
    text->length = (size_t)(to - at);
    buffer_terminate(text);
}

enum { IN_TAG_SPACE = 1, IN_TAG_END = 2, IN_TAG_EQUALS = 4 };

static const unsigned char in_tag[256] = {
    [' '] = IN_TAG_SPACE,  ['\n'] = IN_TAG_SPACE, ['\t'] = IN_TAG_SPACE, ['\f'] = IN_TAG_SPACE,
    ['\r'] = IN_TAG_SPACE, ['>'] = IN_TAG_END,    ['='] = IN_TAG_EQUALS,
};

/* Behind the "=" of an attribute: behind its closing quote, or where it stands. */
static const char *look_through_value(const char *at, const char *end)
{
    while (at < end && in_tag[(unsigned char)*at] == IN_TAG_SPACE)
        at++;
    if (at == end || (*at != '"' && *at != '\''))
        return at;
    const char *quote = memchr(at + 1, *at, (size_t)(end - at - 1));
    return quote ? quote + 1 : end;
}

/* The end of the tag at `at`, as the parser reads it, and how many attributes it may have: each
 * stands behind white space or behind another's value. */
static const char *look_through_tag(const char *at, const char *end, size_t *attributes)
{
    *attributes = 0;
    while (at < end) {
        unsigned char what = in_tag[(unsigned char)*at];
        if (what == IN_TAG_END)
            break;
        at++;
        *attributes += what != 0;
        if (what == IN_TAG_EQUALS)
            at = look_through_value(at, end);
    }
    return at;
}

/* The parser looks at each attribute of a tag for every other one, and so does the reader. Every
 * tag that the parser may read begins with "<" and a letter, wherever that stands. */
static bool has_too_many_attributes(const struct buffer *text, const struct html_outline *outline)
{
    const char *at = (const char *)text->data, *end = at + text->length;
    size_t looked = 0, attributes;
    if (text->length < LOOKED_THROUGH)
        return false;
    if (outline->plain)
        return outline->most_attributes > MOST_ATTRIBUTES;
    while ((at = memchr(at, '<', (size_t)(end - at))) != NULL) {
        at++;
        if (at == end)
            break;
        if (!html_is_letter(*at) && *at != '_' && *at != ':')
            continue;
        looked += (size_t)(look_through_tag(at, end, &attributes) - at);
        if (attributes > MOST_ATTRIBUTES || looked > 4 * text->length)
            return true;
    }
    return false;
}

static xmlParserCtxtPtr new_html_parser(const struct buffer *text, void *context)
{
    xmlParserCtxtPtr parser =
        htmlCreateMemoryParserCtxt((const char *)text->data, (int)text->length);
    if (!parser)
        return NULL;
    *parser->sax = (htmlSAXHandler){
        .startElement = html_start,
        .endElement = html_end,
        .characters = html_text,
        .ignorableWhitespace = html_text,
        .cdataBlock = html_text,
        .comment = html_comment,
        .internalSubset = html_doctype,
    };
    parser->userData = context;
    xmlSwitchEncoding(parser, XML_CHAR_ENCODING_UTF8);
    htmlCtxtUseOptions(parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                                   HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC);
    return parser;
}

static void parse_html(struct html_context *html, const struct buffer *text)
{
    char *reason = html->reader.reason;
    html->parser = new_html_parser(&html->outline.text, html);
    if (!html->parser) {
        snprintf(reason, MARKUP_REASON_SIZE, "the parser cannot start");
        return;
    }
    htmlParseDocument(html->parser);
    size_t end = html_cursor(html);
    if (!reason[0] && end != text->length)
        snprintf(reason, MARKUP_REASON_SIZE, "the parser stopped at byte %zu of %zu", end,
                 text->length);
    xmlFreeDoc(html->parser->myDoc);
    htmlFreeParserCtxt(html->parser);
}

static bool read_page(struct tree *tree, struct tree_names *names, struct buffer *text, bool whole,
                      char *reason)
{
    tree_init(tree, names);
    unify_newlines(text);
    tree->bytes = *text;
    buffer_init(text, text->maximum);
    const struct buffer *page = &tree->bytes;
    struct html_context html = {.outline = {.text = BUFFER_INIT(BUFFER_NO_LIMIT)}};
    reason[0] = '\0';
    if (page->length >= INT_MAX)
        snprintf(reason, MARKUP_REASON_SIZE, "it is larger than the parser can read");
    else if (memchr(page->data, '\0', page->length))
        snprintf(reason, MARKUP_REASON_SIZE, "it holds a NUL byte");
    else if (whole)
        buffer_add(&html.outline.text, page->data, page->length);
    else
        html_outline_init(&html.outline, (const char *)page->data, page->length);
    if (!reason[0] && has_too_many_attributes(page, &html.outline))
        snprintf(reason, MARKUP_REASON_SIZE, "a tag has more than %d attributes", MOST_ATTRIBUTES);
    tree_expect(tree, page->length);
    html_read_init(&html.reader, tree, reason);
    if (!reason[0] && page->length)
        parse_html(&html, page);
    html_read_finish(&html.reader);
    html_outline_free(&html.outline);
    tree_finish(tree);
    return !reason[0];
}

void html_setup(void)
{
    xmlInitParser();
}

bool html_tree(struct tree *tree, struct tree_names *names, struct buffer *text,
               char reason[MARKUP_REASON_SIZE])
{
    return read_page(tree, names, text, false, reason);
}

bool html_tree_unabridged(struct tree *tree, struct tree_names *names, struct buffer *text,
                          char reason[MARKUP_REASON_SIZE])
{
    return read_page(tree, names, text, true, reason);
}

bool html_is_block(const char *name)
{
    return html_traits(name, strlen(name)) & HTML_BLOCK;
}

/* --- XML --- */

struct xml_open {
    bool has_text, has_elements, verbatim; /* verbatim: xml:space says so */
    bool xhtml;                            /* white space between its words is seen */
};

struct xml_context {
    struct tree *tree;
    xmlParserCtxtPtr parser;
    struct buffer text; /* that has been read since the last tag */
    struct xml_open *stack;
    size_t depth, room;
    char *reason;
};

static bool is_blank(const struct buffer *text)
{
    for (size_t i = 0; i < text->length; i++)
        if (!strchr(" \n\t\r", text->data[i]) || !text->data[i])
            return false;
    return true;
}

static void xml_flush(struct xml_context *xml)
{
    if (!xml->text.length)
        return;
    if (xml->depth && !is_blank(&xml->text))
        xml->stack[xml->depth - 1].has_text = true;
    tree_leaf(
        xml->tree, TREE_TEXT,
        (struct tree_text){arena_copy_bytes(&xml->tree->arena, xml->text.data, xml->text.length),
                           xml->text.length});
    buffer_clear(&xml->text);
}

static struct tree_text xml_copy(struct xml_context *xml, const xmlChar *text)
{
    size_t length = text ? strlen((const char *)text) : 0;
    return (struct tree_text){length ? arena_copy_bytes(&xml->tree->arena, text, length) : NULL,
                              length};
}

static void xml_push(struct xml_context *xml)
{
    if (xml->depth == xml->room) {
        xml->room = xml->room ? 2 * xml->room : 64;
        xml->stack = mem_resize(xml->stack, xml->room, sizeof *xml->stack);
    }
    bool verbatim = xml->depth && xml->stack[xml->depth - 1].verbatim;
    bool xhtml = xml->depth && xml->stack[xml->depth - 1].xhtml;
    xml->stack[xml->depth++] = (struct xml_open){.verbatim = verbatim, .xhtml = xhtml};
}

static void xml_start(void *context, const xmlChar *name, const xmlChar **attributes)
{
    struct xml_context *xml = context;
    struct tree_names *names = xml->tree->names;
    xml_flush(xml);
    if (xml->depth)
        xml->stack[xml->depth - 1].has_elements = true;
    xml_push(xml);
    tree_open(xml->tree, TREE_ELEMENT,
              tree_intern(names, (const char *)name, strlen((const char *)name)));
    for (; attributes && attributes[0]; attributes += 2) {
        const char *key = (const char *)attributes[0];
        tree_add_attribute(xml->tree, tree_intern(names, key, strlen(key)),
                           xml_copy(xml, attributes[1]));
        if (strncmp(key, "xmlns", 5) == 0 && strcmp((const char *)attributes[1], XHTML) == 0)
            xml->stack[xml->depth - 1].xhtml = true;
        if (strcmp(key, "xml:space") == 0)
            xml->stack[xml->depth - 1].verbatim = xmlStrEqual(attributes[1], BAD_CAST "preserve");
    }
    tree_sort_attributes(xml->tree);
}

static unsigned xhtml_traits(const struct tree_node *node)
{
    if (node->kind != TREE_ELEMENT)
        return 0;
    const char *colon = strchr(node->name, ':'), *name = colon ? colon + 1 : node->name;
    return html_traits(name, strlen(name));
}

/* As in HTML: white space beside a block, or in what holds no text, is not seen. */
static bool is_seen_in_xhtml(const struct tree *tree, uint32_t before, uint32_t space)
{
    unsigned within = xhtml_traits(tree_at(tree, tree_at(tree, space)->parent));
    uint32_t next = tree_at(tree, space)->next;
    unsigned one = before == TREE_NONE ? within : xhtml_traits(tree_at(tree, before));
    unsigned other = next == TREE_NONE ? within : xhtml_traits(tree_at(tree, next));
    return within & HTML_VERBATIM || !((one | other) & HTML_BLOCK || within & HTML_NO_TEXT);
}

/* White space alone between the tags of an element without text is how somebody laid it out. */
static void xml_end(void *context, const xmlChar *name)
{
    (void)name;
    struct xml_context *xml = context;
    struct tree *tree = xml->tree;
    xml_flush(xml);
    const struct xml_open *open = &xml->stack[--xml->depth];
    uint32_t before = TREE_NONE, i = tree->nodes[tree->open].first;
    if (!open->has_elements || open->has_text || open->verbatim)
        i = TREE_NONE;
    for (; i != TREE_NONE; before = i, i = tree->nodes[i].next)
        if (tree->nodes[i].kind == TREE_TEXT && !(open->xhtml && is_seen_in_xhtml(tree, before, i)))
            tree->nodes[i].marks |= TREE_IGNORED;
    tree_close(tree);
}

static void xml_text(void *context, const xmlChar *text, int length)
{
    struct xml_context *xml = context;
    buffer_add(&xml->text, text, (size_t)length);
}

static void xml_comment(void *context, const xmlChar *text)
{
    struct xml_context *xml = context;
    xml_flush(xml);
    tree_leaf(xml->tree, TREE_COMMENT, xml_copy(xml, text));
}

static void xml_instruction(void *context, const xmlChar *target, const xmlChar *data)
{
    struct xml_context *xml = context;
    xml_flush(xml);
    const char *name = (const char *)target;
    uint32_t node = tree_leaf(xml->tree, TREE_INSTRUCTION, xml_copy(xml, data));
    xml->tree->nodes[node].name = tree_intern(xml->tree->names, name, strlen(name));
}

static void xml_doctype(void *context, const xmlChar *name, const xmlChar *public,
                        const xmlChar *system)
{
    struct xml_context *xml = context;
    if (*xml->parser->input->cur == '[') {
        snprintf(xml->reason, MARKUP_REASON_SIZE,
                 "it has a document type with declarations of its own");
        xmlStopParser(xml->parser);
        return;
    }
    struct tree_text all = {
        .at = arena_format(&xml->tree->arena, "%s PUBLIC \"%s\" SYSTEM \"%s\"", name,
                           public ? (const char *)public : "", system ? (const char *)system : ""),
    };
    all.length = strlen(all.at);
    tree_leaf(xml->tree, TREE_DOCTYPE, all);
}

/*
 * Does it refer to an entity that XML itself does not define? Only a document type elsewhere can
 * declare it, which is never read: what stands for it is not known, and versions of the parser drop
 * such references without a word. One in a comment counts too.
 */
static bool refers_elsewhere(const struct buffer *text)
{
    static const char *const known[] = {"&#", "&lt;", "&gt;", "&amp;", "&quot;", "&apos;"};
    const unsigned char *end = text->data + text->length, *at = text->data;
    while ((at = memchr(at, '&', (size_t)(end - at)))) {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof *known && !found; i++)
            found = (size_t)(end - at) >= strlen(known[i]) &&
                    memcmp(at, known[i], strlen(known[i])) == 0;
        if (!found)
            return true;
        at++;
    }
    return false;
}

static void parse_xml(struct xml_context *xml, const struct buffer *text)
{
    xml->parser = xmlCreateMemoryParserCtxt((const char *)text->data, (int)text->length);
    if (!xml->parser) {
        snprintf(xml->reason, MARKUP_REASON_SIZE, "it is empty");
        return;
    }
    /* Without its magic number the handler is one of SAX 1: names with their prefixes. */
    *xml->parser->sax = (xmlSAXHandler){
        .startElement = xml_start,
        .endElement = xml_end,
        .characters = xml_text,
        .ignorableWhitespace = xml_text,
        .comment = xml_comment,
        .processingInstruction = xml_instruction,
        .internalSubset = xml_doctype,
    };
    xml->parser->userData = xml;
    xmlCtxtUseOptions(xml->parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                       XML_PARSE_IGNORE_ENC | XML_PARSE_SAX1);
    xmlSwitchEncoding(xml->parser, XML_CHAR_ENCODING_UTF8);
    xmlParseDocument(xml->parser);
    if (!xml->reason[0] && (!xml->parser->wellFormed || xml->depth))
        snprintf(xml->reason, MARKUP_REASON_SIZE, "it is not well-formed XML (line %d)",
                 xml->parser->lastError.line);
    xmlFreeDoc(xml->parser->myDoc);
    xmlFreeParserCtxt(xml->parser);
}

bool xml_tree(struct tree *tree, struct tree_names *names, struct buffer *text,
              char reason[MARKUP_REASON_SIZE])
{
    tree_init(tree, names);
    tree->xml = true;
    tree->bytes = *text;
    buffer_init(text, text->maximum);
    reason[0] = '\0';
    if (tree->bytes.length >= INT_MAX)
        snprintf(reason, MARKUP_REASON_SIZE, "it is larger than the parser can read");
    else if (memchr(tree->bytes.data, '\0', tree->bytes.length))
        snprintf(reason, MARKUP_REASON_SIZE, "it holds a NUL byte");
    struct xml_context xml = {.tree = tree, .text = BUFFER_INIT(BUFFER_NO_LIMIT), .reason = reason};
    if (!reason[0])
        parse_xml(&xml, &tree->bytes);
    if (!reason[0] && refers_elsewhere(&tree->bytes))
        snprintf(reason, MARKUP_REASON_SIZE, "it refers to an entity that is declared elsewhere");
    tree_finish(tree);
    buffer_free(&xml.text);
    free(xml.stack);
    return !reason[0];
}
