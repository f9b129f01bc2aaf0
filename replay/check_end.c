/*
 * Does a body show by itself that it is whole? Input: its type and bytes. Pure. Asked where nothing
 * but the connection's end says where an answer ends: two that were cut in the same place are
 * alike. A page must end with </html>, XML with the end of its first element, JSON with what closes
 * its first value; blanks and comments may follow. Nothing else shows it: no text, no image, and no
 * piece of a page.
 */
#include "check_parts.h"

#include "../diff/content.h"

static bool is_blank(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Without blanks and comments behind it. */
static struct slice trim_end(struct slice text)
{
    for (;;) {
        while (text.length && is_blank(text.at[text.length - 1]))
            text.length--;
        if (text.length < 7 || memcmp(text.at + text.length - 3, "-->", 3) != 0)
            return text;
        size_t at = text.length - 7;
        while (at && memcmp(text.at + at, "<!--", 4) != 0)
            at--;
        if (memcmp(text.at + at, "<!--", 4) != 0)
            return text;
        text.length = at;
    }
}

/* "</name>", with blanks before its last character. */
static bool ends_with_tag(struct slice text, struct slice name, bool case_counts)
{
    size_t at = (text = trim_end(text)).length;
    if (!name.length || !at || text.at[--at] != '>')
        return false;
    while (at && is_blank(text.at[at - 1]))
        at--;
    if (at < name.length + 2)
        return false;
    struct slice found = {text.at + at - name.length, name.length};
    bool same = slice_equal_fold(found, name) &&
                (!case_counts || memcmp(found.at, name.at, name.length) == 0);
    return same && memcmp(found.at - 2, "</", 2) == 0;
}

/* The name of the first element; empty: there is none. */
static struct slice first_name(struct slice text)
{
    size_t at = 0;
    while (at < text.length &&
           !(text.at[at] == '<' && at + 1 < text.length && !strchr("?!/", text.at[at + 1])))
        at++;
    size_t begin = at < text.length ? at + 1 : at, end = begin;
    while (end < text.length && !is_blank(text.at[end]) && !strchr("/>", text.at[end]))
        end++;
    return (struct slice){text.at + begin, end - begin};
}

/* Are as many elements of that name closed as were opened? Else it may be an inner one that ended.
 */
static bool is_balanced(struct slice text, struct slice name)
{
    long depth = 0;
    for (size_t at = 0; at < text.length; at++) {
        if (text.at[at] != '<')
            continue;
        bool closes = at + 1 < text.length && text.at[at + 1] == '/';
        struct slice found = {text.at + at + 1 + closes, name.length};
        size_t end = at + 1 + closes + name.length;
        if (end >= text.length || memcmp(found.at, name.at, name.length) != 0 ||
            (!is_blank(text.at[end]) && !strchr("/>", text.at[end])))
            continue;
        const unsigned char *last = memchr(text.at + end, '>', text.length - end);
        bool empty = last && last[-1] == '/';
        depth += closes ? -1 : !empty;
    }
    return depth == 0;
}

/* Of an object or a list: a number may have been longer. */
static bool json_is_closed(struct slice text)
{
    size_t depth = 0, at = 0;
    bool quoted = false, closed = false;
    for (; at < text.length && !closed; at++) {
        unsigned char c = text.at[at];
        if (quoted && c == '\\')
            at++;
        else if (c == '"' && depth)
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            depth++;
        else if (!quoted && !depth && !is_blank(c))
            return false;
        else if (!quoted && (c == '}' || c == ']'))
            closed = !--depth;
    }
    while (at < text.length && is_blank(text.at[at]))
        at++;
    return closed && at == text.length;
}

bool check_end_is_shown(const char *header, const struct buffer *body)
{
    struct slice text = {body->data, body->length}, name;
    switch (content_type(header, body->data, body->length)) {
    case CONTENT_HTML:
        return ends_with_tag(text, slice_of("html"), false);
    case CONTENT_XML:
        name = first_name(text);
        return ends_with_tag(text, name, true) && is_balanced(text, name);
    case CONTENT_JSON:
        return json_is_closed(text);
    default:
        return false;
    }
}
