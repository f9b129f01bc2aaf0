/* See page.h. */
#include "page.h"

#include "base/display.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/utf8.h"
#include "page_parts.h"

#include <stdio.h>
#include <stdlib.h>

/* --- escaping
 * ----------------------------------------------------------------------------------------- */

/* What HTML reads as its own, in text and in attributes of either quote. */
static const char *entity(uint32_t code)
{
    switch (code) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void page_add_code(struct buffer *out, uint32_t code)
{
    const char *escaped = entity(code);
    unsigned char bytes[4];
    if (escaped)
        buffer_add_text(out, escaped);
    else
        buffer_add(out, bytes, utf8_write(code, bytes));
}

/* Unicode's names, or what people call them: "\u{200B}" says little. */
static const struct {
    uint32_t code;
    const char *name, *token; /* token NULL: \u{…} */
} named[] = {
    {0x00, "NUL", "\\0"},
    {0x09, "tab", "\\t"},
    {0x0a, "line feed", "\\n"},
    {0x0d, "carriage return", "\\r"},
    {0x1b, "escape", NULL},
    {0x7f, "delete", NULL},
    {0xa0, "no-break space", NULL},
    {0xad, "soft hyphen", NULL},
    {0x61c, "Arabic letter mark", NULL},
    {0x2007, "figure space", NULL},
    {0x2009, "thin space", NULL},
    {0x200b, "zero-width space", NULL},
    {0x200c, "zero-width non-joiner", NULL},
    {0x200d, "zero-width joiner", NULL},
    {0x200e, "left-to-right mark", NULL},
    {0x200f, "right-to-left mark", NULL},
    {0x2028, "line separator", NULL},
    {0x2029, "paragraph separator", NULL},
    {0x202a, "left-to-right embedding", NULL},
    {0x202b, "right-to-left embedding", NULL},
    {0x202c, "pop directional formatting", NULL},
    {0x202d, "left-to-right override", NULL},
    {0x202e, "right-to-left override", NULL},
    {0x202f, "narrow no-break space", NULL},
    {0x2060, "word joiner", NULL},
    {0x2066, "left-to-right isolate", NULL},
    {0x2067, "right-to-left isolate", NULL},
    {0x2068, "first strong isolate", NULL},
    {0x2069, "pop directional isolate", NULL},
    {0x3000, "ideographic space", NULL},
    {0xfe0f, "emoji variation selector", NULL},
    {0xfeff, "byte order mark", NULL},
    {0xfffd, "replacement character", NULL},
};

/* "\u{202E}", "\n", or "\xff" for a byte; the name, if it has one. */
static const char *token_text(uint32_t code, char text[16])
{
    if (code >= PAGE_BYTE) {
        snprintf(text, 16, "\\x%02x", (unsigned)(code - PAGE_BYTE) & 0xff);
        return "not valid UTF-8";
    }
    snprintf(text, 16, "\\u{%X}", (unsigned)code);
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (named[i].code == code) {
            if (named[i].token)
                snprintf(text, 16, "%s", named[i].token);
            return named[i].name;
        }
    return NULL;
}

void page_add_token(struct buffer *out, uint32_t code)
{
    char text[16];
    const char *name = token_text(code, text);
    buffer_add_text(out, "<span class=\"tok\"");
    if (name)
        buffer_printf(out, " title=\"%s\"", name);
    buffer_printf(out, ">%s</span>", text);
}

uint32_t page_read(const unsigned char **at, const unsigned char *end)
{
    size_t size = utf8_size(*at, end);
    uint32_t code = size ? utf8_read(*at, size) : PAGE_BYTE + **at;
    *at += size ? size : 1;
    return code;
}

bool page_hides(uint32_t code)
{
    /* Beyond the terminal's list: what says how the character before it is drawn (variation
     * selectors), and noncharacters. */
    return code >= PAGE_BYTE || display_columns(code) < 0 || (code >= 0xfe00 && code <= 0xfe0e) ||
           (code >= 0xe0100 && code <= 0xe01ef) || (code & 0xfffe) == 0xfffe;
}

void page_text(struct buffer *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + strlen(text);
    while (at < end) {
        uint32_t code = page_read(&at, end);
        if (page_hides(code))
            page_add_token(out, code);
        else
            page_add_code(out, code);
    }
}

void page_attribute(struct buffer *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + strlen(text);
    while (at < end) {
        uint32_t code = page_read(&at, end);
        char token[16];
        if (!page_hides(code)) {
            page_add_code(out, code);
            continue;
        }
        token_text(code, token);
        buffer_add_text(out, token);
    }
}

void page_count(struct buffer *out, uint64_t n)
{
    char text[32];
    buffer_add_text(out, human_count(n, text));
}

/* --- the shell
 * ---------------------------------------------------------------------------------------- */

/* The script stands in the head: it must know before the first row is drawn that there is one. It
 * waits for the rest by itself. */
void page_begin(struct buffer *out, const char *title)
{
    buffer_add_text(out,
                    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ");
    buffer_printf(out, "style-src '%s'; script-src '%s'; ", page_css_hash, page_js_hash);
    buffer_add_text(out,
                    "base-uri 'none'; form-action 'none'\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"referrer\" content=\"no-referrer\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n"
                    "<meta name=\"generator\" content=\"Tally " TALLY_VERSION "\">\n<title>");
    page_attribute(out, title);
    buffer_add_text(out, "</title>\n<style>");
    buffer_add(out, page_css, page_css_length);
    buffer_add_text(out, "</style>\n<script>");
    buffer_add(out, page_js, page_js_length);
    buffer_add_text(out, "</script>\n</head>\n<body>\n"
                         "<a class=\"skip\" href=\"#main\">Skip to the report</a>\n");
}

void page_end(struct buffer *out)
{
    buffer_add_text(out, "</body>\n</html>\n");
}

/* --- ids
 * ----------------------------------------------------------------------------------------------
 */

static struct page_id *find_slot(struct page_ids *ids, uint64_t hash)
{
    size_t at = (size_t)hash & (ids->capacity - 1);
    while (ids->slots[at].times && ids->slots[at].hash != hash)
        at = (at + 1) & (ids->capacity - 1);
    return &ids->slots[at];
}

static void grow_ids(struct page_ids *ids)
{
    struct page_ids larger = {.count = ids->count,
                              .capacity = ids->capacity ? 2 * ids->capacity : 64};
    larger.slots = mem_zero(larger.capacity, sizeof *larger.slots);
    for (size_t i = 0; i < ids->capacity; i++)
        if (ids->slots[i].times)
            *find_slot(&larger, ids->slots[i].hash) = ids->slots[i];
    free(ids->slots);
    *ids = larger;
}

/* Lower-case letters, digits and '_' of ASCII; runs of other bytes are one '-'. */
static size_t make_slug(char *slug, size_t size, const unsigned char *text, size_t length)
{
    size_t used = 0;
    for (size_t i = 0; i < length && used + 1 < size; i++) {
        unsigned char c = text[i];
        if (c >= 'A' && c <= 'Z')
            c = (unsigned char)(c - 'A' + 'a');
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        if (plain)
            slug[used++] = (char)c;
        else if (used && slug[used - 1] != '-')
            slug[used++] = '-';
    }
    slug[used] = '\0';
    return used;
}

void page_id(struct page_ids *ids, const char *prefix, const void *text, size_t length,
             bool readable, char id[PAGE_ID_SIZE])
{
    char slug[PAGE_ID_SIZE - 48]; /* leaves room for a prefix of 20 bytes and the number */
    if (!readable || !make_slug(slug, sizeof slug, text, length))
        snprintf(slug, sizeof slug, "%016llx", (unsigned long long)hash_64(text, length));
    int written = snprintf(id, PAGE_ID_SIZE, "%.20s-%s", prefix, slug);
    if (2 * ids->count >= ids->capacity)
        grow_ids(ids);
    uint64_t hash = hash_64(id, (size_t)written);
    struct page_id *slot = find_slot(ids, hash);
    ids->count += !slot->times;
    *slot = (struct page_id){hash, slot->times + 1};
    if (slot->times > 1) /* no slug has a '.' in it */
        snprintf(id + written, PAGE_ID_SIZE - (size_t)written, ".%llu",
                 (unsigned long long)slot->times);
}

void page_ids_free(struct page_ids *ids)
{
    free(ids->slots);
    *ids = (struct page_ids){0};
}

/* --- bars
 * --------------------------------------------------------------------------------------------- */

#define BAR_WIDTH 1000.0
#define BAR_LEAST 10.0 /* what is there can be seen */

void page_bar(struct buffer *out, const struct page_share *shares, size_t count, const char *label)
{
    double total = 0, taken = 0;
    size_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        total += (double)shares[i].count;
        if (shares[i].count > shares[largest].count)
            largest = i;
    }
    buffer_add_text(out, "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" "
                         "role=\"img\" aria-label=\"");
    page_attribute(out, label);
    buffer_add_text(out, "\">");
    for (size_t i = 0; i < count; i++) {
        double width = total > 0 ? BAR_WIDTH * (double)shares[i].count / total : 0;
        if (i != largest)
            taken += shares[i].count && width < BAR_LEAST ? BAR_LEAST : width;
    }
    double at = 0;
    for (size_t i = 0; i < count; i++) {
        double width = total > 0 ? BAR_WIDTH * (double)shares[i].count / total : 0;
        width = i == largest ? BAR_WIDTH - taken : width < BAR_LEAST ? BAR_LEAST : width;
        if (!shares[i].count)
            continue;
        buffer_printf(out, "<rect class=\"%s\" x=\"%.1f\" width=\"%.1f\" height=\"10\"/>",
                      shares[i].class_name, at, width);
        at += width;
    }
    buffer_add_text(out, "</svg>");
}
