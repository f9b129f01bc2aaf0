/*
 * Tags, attributes and character references of HTML, as the standard's tokenizer reads them.
 * Input: pieces of a page. Knows nothing of trees and of the parser library.
 */
#include "html_text.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

/* --- what the standard says of its elements --- */

struct element {
    const char *name;
    unsigned traits;
};

enum {
    B = HTML_BLOCK,
    V = HTML_VOID,
    O = HTML_OPEN_END,
    N = HTML_NO_TEXT,
    K = HTML_VERBATIM,
    R = HTML_RAW,
    I = HTML_UNSEEN,
    L = HTML_LITERAL,
    U = HTML_UNRESOLVED,
};

/* In byte order. */
static const struct element elements[] = {
    {"address", B},
    {"area", V},
    {"article", B},
    {"aside", B},
    {"base", V | I},
    {"blockquote", B},
    {"body", B | O},
    {"br", B | V},
    {"caption", B | O},
    {"center", B},
    {"col", B | V},
    {"colgroup", B | O | N},
    {"dd", B | O},
    {"details", B},
    {"dialog", B},
    {"dir", B},
    {"div", B},
    {"dl", B},
    {"dt", B | O},
    {"embed", V},
    {"fieldset", B},
    {"figcaption", B},
    {"figure", B},
    {"footer", B},
    {"form", B},
    {"frame", B | V},
    {"frameset", B | N},
    {"h1", B},
    {"h2", B},
    {"h3", B},
    {"h4", B},
    {"h5", B},
    {"h6", B},
    {"head", B | O | N},
    {"header", B},
    {"hgroup", B},
    {"hr", B | V},
    {"html", B | O},
    {"iframe", L | U},
    {"img", V},
    {"input", V},
    {"legend", B},
    {"li", B | O},
    {"link", V | I},
    {"listing", B | K},
    {"main", B},
    {"menu", B},
    {"meta", V | I},
    {"nav", B},
    {"noembed", L | U},
    {"noframes", B | L | U},
    {"ol", B},
    {"optgroup", B | O | N},
    {"option", B | O},
    {"p", B | O},
    {"param", V},
    {"plaintext", B | K | L | U},
    {"pre", B | K},
    {"rp", O},
    {"rt", O},
    {"script", R | I},
    {"search", B},
    {"section", B},
    {"select", N},
    {"source", V},
    {"style", R | I},
    {"summary", B},
    {"table", B | N},
    {"tbody", B | O | N},
    {"td", B | O},
    {"textarea", K | L},
    {"tfoot", B | O | N},
    {"th", B | O},
    {"thead", B | O | N},
    {"title", B | L},
    {"tr", B | O | N},
    {"track", V},
    {"ul", B},
    {"wbr", V},
    {"xmp", B | K | L | U},
};

/* In byte order. Of other elements the value counts: <marquee loop=2>, <my-tabs selected=2>. */
static const struct boolean {
    const char *name;
    const char *elements; /* that know it so, each between blanks; NULL: every element */
} booleans[] = {
    {"allowfullscreen", " iframe "},
    {"async", " script "},
    {"autofocus", NULL},
    {"autoplay", " audio video "},
    {"checked", " input "},
    {"compact", " dir dl menu ol ul "},
    {"controls", " audio video "},
    {"declare", " object "},
    {"default", " track "},
    {"defer", " script "},
    {"disabled", " button fieldset input link optgroup option select style textarea "},
    {"formnovalidate", " button input "},
    {"inert", NULL},
    {"ismap", " img input "},
    {"itemscope", NULL},
    {"loop", " audio video "},
    {"multiple", " input select "},
    {"muted", " audio video "},
    {"nohref", " area "},
    {"nomodule", " script "},
    {"noresize", " frame "},
    {"noshade", " hr "},
    {"novalidate", " form "},
    {"nowrap", " td th "},
    {"open", " details dialog "},
    {"playsinline", " video "},
    {"readonly", " input textarea "},
    {"required", " input select textarea "},
    {"reversed", " ol "},
    {"selected", " option "},
};

struct word {
    const char *at;
    size_t length;
};

static int order_word(const struct word *word, const char *name)
{
    int order = strncmp(word->at, name, word->length);
    return order ? order : -(name[word->length] != '\0');
}

static int order_element(const void *word, const void *element)
{
    return order_word(word, ((const struct element *)element)->name);
}

static int order_boolean(const void *word, const void *boolean)
{
    return order_word(word, ((const struct boolean *)boolean)->name);
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

unsigned html_traits(const char *name, size_t length)
{
    const struct word word = {name, length};
    const struct element *found =
        bsearch(&word, elements, COUNT(elements), sizeof *elements, order_element);
    return found ? found->traits : 0;
}

const char *html_boolean_elements(const char *name, size_t length)
{
    const struct word word = {name, length};
    const struct boolean *found =
        bsearch(&word, booleans, COUNT(booleans), sizeof *booleans, order_boolean);
    return !found ? NULL : found->elements ? found->elements : HTML_ANY_ELEMENT;
}

bool html_is_among(const char *list, const char *name)
{
    size_t length = strlen(name);
    if (strcmp(list, HTML_ANY_ELEMENT) == 0)
        return true;
    for (const char *at = list; (at = strstr(at, name)) != NULL; at += length)
        if (at[-1] == ' ' && at[length] == ' ')
            return true;
    return false;
}

/* --- character references --- */

struct entity {
    const char *name;
    uint32_t first, second; /* second 0: one character */
    uint8_t bare;           /* may stand without a semicolon */
};

static const struct entity entities[] = {
#include "html_entities.h"
};

enum { LONGEST_ENTITY = 31, LOST_AMPERSAND = 0x10fe26 };

static void add_character(struct buffer *out, uint32_t code)
{
    unsigned char bytes[4];
    buffer_add(out, bytes, utf8_write(code, bytes));
}

/* What browsers make of &#128; to &#159;: windows-1252. 0: the character itself. */
static const uint16_t windows_1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

static int digit_of(char byte, bool hexadecimal)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    unsigned letter = (unsigned char)((byte | 0x20) - 'a');
    return hexadecimal && letter < 6 ? (int)letter + 10 : -1;
}

static size_t add_numeric(struct buffer *out, const char *at, const char *end)
{
    const char *digit = at + 2;
    bool hexadecimal = digit < end && (*digit == 'x' || *digit == 'X');
    digit += hexadecimal;
    const char *first = digit;
    uint32_t code = 0;
    for (int value; digit < end && (value = digit_of(*digit, hexadecimal)) >= 0; digit++)
        if (code <= 0x10ffff)
            code = code * (hexadecimal ? 16 : 10) + (uint32_t)value;
    if (digit == first)
        return 0;
    if (code >= 0x80 && code < 0xa0 && windows_1252[code - 0x80])
        code = windows_1252[code - 0x80];
    if (!code || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) || code >= 0x10fe00) {
        add_character(out, LOST_AMPERSAND);
        buffer_add(out, at + 1, (size_t)(digit - at - 1));
        return (size_t)(digit - at);
    }
    add_character(out, code);
    return (size_t)(digit - at) + (digit < end && *digit == ';');
}

static int order_entity(const void *word, const void *entity)
{
    return order_word(word, ((const struct entity *)entity)->name);
}

static const struct entity *find_entity(const char *name, size_t length)
{
    const struct word word = {name, length};
    return bsearch(&word, entities, COUNT(entities), sizeof *entities, order_entity);
}

static bool is_alphanumeric(char byte)
{
    return html_is_letter(byte) || (byte >= '0' && byte <= '9');
}

/* The longest name that stands there, with its semicolon if it has one. */
static size_t add_named(struct buffer *out, const char *at, const char *end, bool in_attribute)
{
    const char *name = at + 1, *behind = name;
    while (behind < end && behind - name <= LONGEST_ENTITY && is_alphanumeric(*behind))
        behind++;
    size_t length = (size_t)(behind - name), semicolon = behind < end && *behind == ';';
    const struct entity *found = semicolon ? find_entity(name, length) : NULL;
    if (!found) {
        semicolon = 0;
        for (; length > 1; length--) {
            found = find_entity(name, length);
            if (found && found->bare)
                break;
        }
        if (length < 2)
            return 0;
        const char *next = name + length;
        if (in_attribute && next < end && (*next == '=' || is_alphanumeric(*next)))
            return 0;
    }
    add_character(out, found->first);
    if (found->second)
        add_character(out, found->second);
    return 1 + length + semicolon;
}

size_t html_add_reference(struct buffer *out, const char *at, const char *end, bool in_attribute)
{
    if (end - at < 3)
        return 0;
    if (at[1] == '#')
        return add_numeric(out, at, end);
    return html_is_letter(at[1]) ? add_named(out, at, end, in_attribute) : 0;
}

void html_add_text(struct buffer *out, const char *at, const char *end, bool in_attribute)
{
    while (at < end) {
        const char *reference = memchr(at, '&', (size_t)(end - at));
        const char *stop = reference ? reference : end;
        buffer_add(out, at, (size_t)(stop - at));
        at = stop;
        if (at < end) {
            size_t size = html_add_reference(out, at, end, in_attribute);
            if (!size) {
                buffer_add_byte(out, '&');
                size = 1;
            }
            at += size;
        }
    }
}

/* --- attributes --- */

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && html_is_space(*at))
        at++;
    return at;
}

/* Behind the "=" of an attribute. */
static const char *scan_value(const char *at, const char *end, struct html_attribute *attribute,
                              bool *sound)
{
    at = skip_space(at, end);
    if (at < end && (*at == '"' || *at == '\'')) {
        const char *quote = memchr(at + 1, *at, (size_t)(end - at - 1));
        attribute->value = at + 1;
        attribute->value_end = quote ? quote : end;
        *sound = quote != NULL;
        return quote ? quote + 1 : end;
    }
    attribute->value = at;
    while (at < end && !html_is_space(*at) && *at != '>')
        at++;
    attribute->value_end = at;
    return at;
}

static const bool ends_name[256] = {
    [' '] = true,  ['\n'] = true, ['\t'] = true, ['\r'] = true,
    ['\f'] = true, ['/'] = true,  ['>'] = true,  ['='] = true,
};

bool html_next_attribute(struct html_scan *scan, struct html_attribute *attribute, bool *sound)
{
    const char *at = scan->at, *end = scan->end;
    *sound = true;
    while (at < end && (html_is_space(*at) || *at == '/'))
        at++;
    *attribute = (struct html_attribute){.name = at};
    if (at < end && *at == '>')
        *sound = false; /* the tag ends here, and the parser did not see it */
    if (at == end || !*sound) {
        scan->at = at;
        return false;
    }
    at += *at == '='; /* a name may begin with it */
    while (at < end && !ends_name[(unsigned char)*at])
        at++;
    attribute->name_end = at;
    const char *equals = skip_space(at, end);
    if (equals < end && *equals == '=')
        at = scan_value(equals + 1, end, attribute, sound);
    scan->at = at;
    return *sound;
}
