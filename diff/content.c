/*
 * What type an answer is. Input: a Content-Type header, or the first bytes. Knows nothing of trees.
 */
#include "content.h"

#include "base/utf8.h"

#include <string.h>
#include <strings.h>

const char *const content_type_name[CONTENT_TYPES] = {
    "auto", "html", "xml", "json", "text", "bytes",
};

struct pattern {
    const char *text; /* "text/" a beginning, "+xml" an end, or the whole */
    enum content_type type;
};

/* The first that fits counts. */
static const struct pattern patterns[] = {
    {"text/html", CONTENT_HTML},
    {"application/json", CONTENT_JSON},
    {"text/json", CONTENT_JSON},
    {"text/x-json", CONTENT_JSON},
    {"+json", CONTENT_JSON},
    {"application/xml", CONTENT_XML},
    {"text/xml", CONTENT_XML},
    {"+xml", CONTENT_XML},
    {"application/javascript", CONTENT_TEXT},
    {"application/x-javascript", CONTENT_TEXT},
    {"application/x-www-form-urlencoded", CONTENT_TEXT},
    {"application/yaml", CONTENT_TEXT},
    {"text/", CONTENT_TEXT},
};

static bool fits(const char *pattern, const char *name, size_t length)
{
    size_t size = strlen(pattern);
    if (size > length)
        return false;
    if (pattern[0] == '+')
        return strncasecmp(name + length - size, pattern, size) == 0;
    if (pattern[size - 1] == '/')
        return strncasecmp(name, pattern, size) == 0;
    return size == length && strncasecmp(name, pattern, size) == 0;
}

/* CONTENT_AUTO: the header names no type. */
static enum content_type type_of_header(const char *header)
{
    header += strspn(header, " \t");
    size_t length = strcspn(header, "; \t,");
    if (!memchr(header, '/', length))
        return CONTENT_AUTO;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        if (fits(patterns[i].text, header, length))
            return patterns[i].type;
    return CONTENT_BYTES;
}

/* Text holds no control characters but these; what is no UTF-8 may be text in another charset. */
static bool is_text(const unsigned char *at, const unsigned char *end)
{
    for (; at < end; at++)
        if (*at < 0x20 && (!*at || !strchr("\t\n\f\r\033", *at)))
            return false;
    return true;
}

static enum content_type type_of_content(const unsigned char *at, size_t length)
{
    enum { LOOKED_AT = 4096 };
    const unsigned char *end = at + (length < LOOKED_AT ? length : LOOKED_AT);
    bool wide = length >= 2 && (at[0] ^ at[1]) == 1 && (at[0] | at[1]) == 0xff; /* UTF-16 */
    if (wide)
        return CONTENT_TEXT;
    if (length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    if (!is_text(at, end))
        return CONTENT_BYTES;
    while (at < end && strchr(" \t\r\n", *at))
        at++;
    if (at == end)
        return CONTENT_TEXT;
    if (*at == '{' || *at == '[')
        return CONTENT_JSON;
    if (end - at >= 5 && memcmp(at, "<?xml", 5) == 0)
        return CONTENT_XML;
    bool tag = *at == '<' && end - at > 1 && (at[1] == '!' || (unsigned)((at[1] | 32) - 'a') < 26);
    return tag ? CONTENT_HTML : CONTENT_TEXT;
}

enum content_type content_type(const char *header, const void *bytes, size_t length)
{
    enum content_type type = header ? type_of_header(header) : CONTENT_AUTO;
    if (type != CONTENT_AUTO)
        return type;
    return length ? type_of_content(bytes, length) : CONTENT_TEXT;
}

/* Behind the parameter that begins at `at`: quoted text may hold any byte. */
static const char *skip_parameter(const char *at)
{
    while (*at && *at != ';') {
        if (*at == '"') {
            at++;
            while (*at && *at != '"')
                at += *at == '\\' && at[1] ? 2 : 1;
        }
        at += *at != '\0';
    }
    return at;
}

bool content_parameter(const char *header, const char *name, const char **value, size_t *length)
{
    size_t size = strlen(name);
    for (const char *at = skip_parameter(header); *at == ';'; at = skip_parameter(at)) {
        at++;
        at += strspn(at, " \t");
        if (strncasecmp(at, name, size) != 0)
            continue;
        const char *equals = at + size + strspn(at + size, " \t");
        if (*equals != '=')
            continue;
        const char *start = equals + 1 + strspn(equals + 1, " \t");
        bool quoted = *start == '"';
        start += quoted;
        *value = start;
        *length = strcspn(start, quoted ? "\"" : "; \t");
        return true;
    }
    return false;
}
