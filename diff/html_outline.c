/*
 * Leaves out of a page what does not tell how it nests. Input: a page. Output: the outline
 * (html_outline.h). Must not believe a tag in which anything is unusual: it is copied as it stands.
 */
#include "html_outline.h"

#include "base/memory.h"
#include "html_text.h"

#include <stdlib.h>
#include <strings.h>

enum { NAME_MOST = 90 }; /* bytes; a parser may cut longer names, from 100 on */

enum class {
    NAME = 1,   /* may stand in a name */
    LETTER = 2, /* and begin one */
    ODD = 4,    /* begins names that only some readers know as such: @click, (click), [class] */
    SPACE = 8,  /* to every parser */
    ENDS_DOUBLE = 16, /* a value in such quotes, or makes it unusual */
    ENDS_SINGLE = 32,
    ENDS_TEXT = 64, /* before its first character is known: "&" may stand for a blank */
    SHOWN = 128,    /* a character, no blank, whole or the first byte of several */
};

/* NUL stands behind the page, and ends everything. */
static const unsigned char class_of[256] = {
    [0] = ENDS_DOUBLE | ENDS_SINGLE | ENDS_TEXT,
    ['\t'] = SPACE,
    ['\n'] = SPACE,
    [' '] = SPACE,
    ['!'] = SHOWN,
    ['"'] = ENDS_DOUBLE | SHOWN,
    ['#'] = ODD | SHOWN,
    ['$' ... '%'] = SHOWN,
    ['&'] = ENDS_TEXT,
    ['\''] = ENDS_SINGLE | SHOWN,
    ['('] = ODD | SHOWN,
    [')'] = SHOWN,
    ['*'] = ODD | SHOWN,
    ['+' ... ','] = SHOWN,
    ['-' ... '.'] = NAME | SHOWN,
    ['/'] = SHOWN,
    ['0' ... '9'] = NAME | SHOWN,
    [':'] = NAME | LETTER | SHOWN,
    [';'] = SHOWN,
    ['<'] = ENDS_DOUBLE | ENDS_SINGLE | ENDS_TEXT,
    ['='] = SHOWN,
    ['>'] = ENDS_DOUBLE | ENDS_SINGLE | ENDS_TEXT,
    ['?'] = SHOWN,
    ['@'] = ODD | SHOWN,
    ['A' ... 'Z'] = NAME | LETTER | SHOWN,
    ['['] = ODD | SHOWN,
    ['\\'] = SHOWN,
    [']'] = SHOWN,
    ['^'] = SHOWN,
    ['_'] = NAME | LETTER | SHOWN,
    ['`'] = SHOWN,
    ['a' ... 'z'] = NAME | LETTER | SHOWN,
    ['{' ... '~'] = SHOWN,
    [0xc2 ... 0xee] = SHOWN, /* U+0080 to U+EFFF, which are characters to XML as well */
};

static bool is(char byte, unsigned class)
{
    return class_of[(unsigned char)byte] & class;
}

static const char *skip(const char *at, unsigned class)
{
    while (is(*at, class))
        at++;
    return at;
}

static const char *skip_to(const char *at, unsigned class)
{
    while (!is(*at, class))
        at++;
    return at;
}

/* --- tags --- */

/* What a tag is told to be. */
struct tag {
    size_t attributes;
    bool whole; /* it holds what must not be left out */
};

/* Behind the value that begins at `at`, or NULL. */
static const char *skip_value(const char *at, struct tag *tag)
{
    const char *end = at;
    if (*at == '"' || *at == '\'') {
        while (*(end = skip_to(end + 1, *at == '"' ? ENDS_DOUBLE : ENDS_SINGLE)) != *at) {
            if (!*end)
                return NULL;
            tag->whole = true;
        }
        return end + 1;
    }
    for (; *end && *end != '>' && !is(*end, SPACE); end++)
        tag->whole |= *end == '<';
    return *end && end > at ? end : NULL; /* "a=b/>" has a "/" */
}

/* An attribute that only some readers know as such: others drop it up to a blank, and read what is
 * behind that as attributes. Behind it, if that is the same to all of them, or NULL. */
static const char *skip_odd(const char *at)
{
    while (!is(*at, SPACE | ENDS_DOUBLE | ENDS_SINGLE) && *at != '=' && *at != '/')
        at++;
    if (*at == '=') {
        const char *quote = at + 1;
        if (*quote != '"' && *quote != '\'')
            return NULL;
        at = skip_to(quote + 1, *quote == '"' ? ENDS_DOUBLE : ENDS_SINGLE);
        if (*at != *quote || memchr(quote, '=', (size_t)(at - quote)))
            return NULL;
        at++;
    }
    return is(*at, SPACE) || *at == '>' || (*at == '/' && at[1] == '>') ? at : NULL;
}

/* The ">" or "/>" of a start tag, where every reader finds it, or NULL. `at`: behind its name. */
static const char *skip_attributes(const char *at, struct tag *tag)
{
    for (*tag = (struct tag){0};; tag->attributes++) {
        at = skip(at, SPACE);
        if (*at == '>' || (*at == '/' && at[1] == '>')) {
            tag->whole |= *at == '>' && at[-1] == '-'; /* should it be the end of a comment */
            return at;
        }
        if (is(*at, ODD)) {
            at = skip_odd(at);
        } else if (is(*at, LETTER)) {
            at = skip(at, NAME);
            const char *equals = skip(at, SPACE);
            if (*equals == '=')
                at = skip_value(skip(equals + 1, SPACE), tag);
        } else {
            return NULL;
        }
        if (!at)
            return NULL;
    }
}

/* Behind the next ">", or the end of the page where quotes may hide it: then nothing that follows
 * is left out. */
static const char *skip_unusual(const char *at, const char *end, bool quotes_hide)
{
    const char *close = memchr(at, '>', (size_t)(end - at));
    if (!close || (quotes_hide && (memchr(at, '"', (size_t)(close - at)) ||
                                   memchr(at, '\'', (size_t)(close - at)))))
        return end;
    return close + 1;
}

/* Of a document type: quotes that are closed hide nothing. */
static const char *skip_doctype(const char *at, const char *end)
{
    const char *close = skip_unusual(at, end, false);
    size_t quotes[2] = {0, 0};
    for (; at < close; at++) {
        quotes[0] += *at == '"';
        quotes[1] += *at == '\'';
    }
    return quotes[0] % 2 || quotes[1] % 2 ? end : close;
}

/* --- the outline --- */

struct writer {
    struct html_outline *outline;
    const char *copied; /* all of the page before it is in the outline, or left out */
    char *to;
};

static void copy(struct writer *writer, const char *upto)
{
    size_t length = (size_t)(upto - writer->copied);
    memcpy(writer->to, writer->copied, length);
    writer->to += length;
    writer->copied = upto;
}

static void leave_out(struct writer *writer, const char *from, const char *upto)
{
    struct html_outline *outline = writer->outline;
    copy(writer, from);
    if (outline->count == outline->room) {
        outline->room = outline->room ? 2 * outline->room : 256;
        outline->cuts = mem_resize(outline->cuts, outline->room, sizeof *outline->cuts);
    }
    outline->left_out += (size_t)(upto - from);
    outline->cuts[outline->count++] = (struct html_cut){
        (uint32_t)(writer->to - (char *)outline->text.data), (uint32_t)outline->left_out};
    writer->copied = upto;
}

/* A start tag. Returns where it ends. */
static const char *take_tag(struct writer *writer, const char *at, const char *end)
{
    struct html_outline *outline = writer->outline;
    const char *behind = skip(at + 1, NAME), *close;
    struct tag tag = {0};
    if (*behind == '>')
        return behind + 1;
    if (behind - at > NAME_MOST || (!is(*behind, SPACE) && *behind != '/') ||
        (close = skip_attributes(behind, &tag)) == NULL) {
        outline->plain = false;
        return skip_unusual(at, end, true);
    }
    if (tag.attributes > outline->most_attributes)
        outline->most_attributes = tag.attributes;
    if (close > behind + 1 && !tag.whole)
        leave_out(writer, behind + 1, close);
    return close + (*close == '/' ? 2 : 1);
}

/* The text behind a tag. Whether it is white space is all that matters of it. Not what stands
 * before a ">": in a comment it may be the "--" of its end. */
static void take_text(struct writer *writer, const char *at)
{
    enum { LEAST = 4 }; /* bytes; less is not worth a cut */
    at = skip_to(at, ENDS_TEXT | SHOWN);
    if (!is(*at, SHOWN))
        return;
    at++;
    while (((unsigned char)*at & 0xc0) == 0x80)
        at++;
    const char *stop = at + strcspn(at, "<>");
    if (*stop != '>' && stop - at >= LEAST)
        leave_out(writer, at, stop);
}

void html_outline_init(struct html_outline *outline, const char *page, size_t length)
{
    *outline = (struct html_outline){.text = BUFFER_INIT(BUFFER_NO_LIMIT), .plain = true};
    struct writer writer = {outline, page, (char *)buffer_reserve(&outline->text, length + 1)};
    const char *end = page + length, *at = page;
    while (at < end && (at = memchr(at, '<', (size_t)(end - at))) != NULL) {
        char next = at[1];
        if (html_is_letter(next))
            at = take_tag(&writer, at + 1, end);
        else if (next == '/' && html_is_letter(at[2]))
            at = skip_unusual(at, end, false);
        else if (strncasecmp(at, "<!doctype", 9) == 0)
            at = skip_doctype(at, end);
        else {
            outline->plain = outline->plain && next != '_' && next != ':';
            at++;
            continue;
        }
        take_text(&writer, at);
    }
    copy(&writer, end);
    outline->text.length = (size_t)(writer.to - (char *)outline->text.data);
    buffer_terminate(&outline->text);
    outline->left_out = 0;
}

void html_outline_free(struct html_outline *outline)
{
    buffer_free(&outline->text);
    free(outline->cuts);
    *outline = (struct html_outline){.text = BUFFER_INIT(BUFFER_NO_LIMIT)};
}

size_t html_outline_place(struct html_outline *outline, size_t at)
{
    if (at < outline->last_at)
        outline->next = outline->left_out = 0;
    outline->last_at = at;
    while (outline->next < outline->count && outline->cuts[outline->next].at <= at)
        outline->left_out = outline->cuts[outline->next++].left_out;
    return at + outline->left_out;
}
