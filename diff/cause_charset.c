/*
 * Rules over text that was read in another encoding than it was written in, or escaped for HTML. A
 * charset of single bytes is two tables, made once with iconv: what a byte means, and the byte that
 * means a character. A byte without a meaning means the control character of its number, as
 * MySQL's latin1 and the web's windows-1252 have it.
 */
#include "cause_rule.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <iconv.h>
#include <pthread.h>
#include <stdlib.h>

#define TEXT_MOST 65536 /* bytes of a text that is looked at */
#define LEVELS_MOST 3   /* how often a text may have been read wrongly */

/* ---- Charsets */

struct charset {
    const char *name; /* for people */
    const char *code; /* for iconv */
    uint16_t meaning[256];
    struct {
        uint16_t code;
        unsigned char byte;
    } bytes[128]; /* of the upper half, by code */
};

/* The likelier ones first. */
static struct charset charsets[] = {
    {.name = "Windows-1252", .code = "CP1252"}, {.name = "Latin-1", .code = "ISO-8859-1"},
    {.name = "Latin-9", .code = "ISO-8859-15"}, {.name = "Windows-1250", .code = "CP1250"},
    {.name = "Latin-2", .code = "ISO-8859-2"},  {.name = "Windows-1251", .code = "CP1251"},
    {.name = "KOI8-R", .code = "KOI8-R"},       {.name = "code page 437", .code = "CP437"},
    {.name = "code page 850", .code = "CP850"}, {.name = "code page 866", .code = "CP866"},
    {.name = "Mac Roman", .code = "MACINTOSH"}, {.name = "Windows-1253", .code = "CP1253"},
    {.name = "Windows-1254", .code = "CP1254"}, {.name = "Windows-1257", .code = "CP1257"},
};
enum { CHARSETS = sizeof charsets / sizeof *charsets };

static pthread_once_t charsets_once = PTHREAD_ONCE_INIT;

static int compare_codes(const void *one, const void *other)
{
    return *(const uint16_t *)one - *(const uint16_t *)other;
}

static void load_charset(struct charset *charset)
{
    iconv_t converter = iconv_open("UTF-16LE", charset->code);
    for (unsigned byte = 0; byte < 256; byte++) {
        char in = (char)byte, *from = &in;
        unsigned char out[4] = {0};
        char *to = (char *)out;
        size_t in_left = 1, out_left = sizeof out;
        charset->meaning[byte] = (uint16_t)byte;
        if (byte >= 128 && converter != (iconv_t)-1 &&
            iconv(converter, &from, &in_left, &to, &out_left) != (size_t)-1 && out_left == 2)
            charset->meaning[byte] = (uint16_t)(out[0] | out[1] << 8);
    }
    if (converter != (iconv_t)-1)
        iconv_close(converter);
    for (unsigned i = 0; i < 128; i++) {
        charset->bytes[i].code = charset->meaning[128 + i];
        charset->bytes[i].byte = (unsigned char)(128 + i);
    }
    qsort(charset->bytes, 128, sizeof *charset->bytes, compare_codes);
}

static void load_charsets(void)
{
    for (size_t i = 0; i < CHARSETS; i++)
        load_charset(&charsets[i]);
}

/* The byte that means the character; -1: none. */
static int byte_of(const struct charset *charset, uint32_t code)
{
    size_t low = 0, high = 128;
    if (code < 128)
        return (int)code;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (charset->bytes[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < 128 && charset->bytes[low].code == code ? charset->bytes[low].byte : -1;
}

/* The character of a UTF-8 text at the place, which moves behind it; -1: no UTF-8. */
static int64_t next_code(const unsigned char **at, const unsigned char *end)
{
    size_t size = utf8_size(*at, end);
    uint32_t code;
    if (!size || cause_decode(*at, size, &code, 1) != 1)
        return -1;
    *at += size;
    return code;
}

/* ---- mojibake */

/* Marks: the charset that the bytes were read in; and how often; or that they were no UTF-8. */
enum { MARK_TWICE = CHARSETS, MARK_LEGACY };
enum { LEGACY_CHARSETS }; /* measure: CHARSETS × the one that was meant + the one it was read in */

/* Turns text into the bytes that it has in the charset; false: a character is not in it. */
static bool to_bytes(const struct charset *charset, const unsigned char *text, size_t length,
                     struct buffer *out)
{
    const unsigned char *at = text, *end = text + length;
    buffer_clear(out);
    while (at < end) {
        int64_t code = next_code(&at, end);
        int byte = code < 0 ? -1 : byte_of(charset, (uint32_t)code);
        if (byte < 0)
            return false;
        buffer_add_byte(out, (unsigned char)byte);
    }
    return true;
}

/* UTF-8 that was taken for a charset of single bytes, once: each character of `to` is a byte. */
static bool is_misread(const struct charset *charset, const struct cause_pair *pair)
{
    const unsigned char *at = pair->to->payload, *end = at + pair->to->payload_length;
    const unsigned char *from = pair->from->payload, *from_end = from + pair->from->payload_length;
    while (at < end && from < from_end) {
        int64_t code = next_code(&at, end);
        if (code < 0 || byte_of(charset, (uint32_t)code) != *from++)
            return false;
    }
    return at == end && from == from_end;
}

/* The same more than once: taken back until it is `from`. Returns how often, 0: it is not. */
static int levels_of(const struct charset *charset, const struct cause_pair *pair)
{
    struct buffer now = BUFFER_INIT(TEXT_MOST), before = BUFFER_INIT(TEXT_MOST);
    int found = 0;
    buffer_add(&before, pair->to->payload, pair->to->payload_length);
    for (int level = 1; level <= LEVELS_MOST && !found; level++) {
        if (!to_bytes(charset, before.data, before.length, &now) || now.length >= before.length)
            break;
        if (now.length == pair->from->payload_length &&
            memcmp(now.data, pair->from->payload, now.length) == 0)
            found = level;
        struct buffer swap = now;
        now = before;
        before = swap;
    }
    buffer_free(&now);
    buffer_free(&before);
    return found;
}

/* Bytes of one charset that were taken for those of another: both texts have as many characters. */
static bool is_legacy(const struct charset *meant, const struct charset *read,
                      const struct cause_pair *pair)
{
    const unsigned char *from = pair->from->payload, *to = pair->to->payload;
    const unsigned char *from_end = from + pair->from->payload_length;
    const unsigned char *to_end = to + pair->to->payload_length;
    size_t unlike = 0;
    while (from < from_end && to < to_end) {
        int64_t was = next_code(&from, from_end), is = next_code(&to, to_end);
        int byte = was < 0 ? -1 : byte_of(meant, (uint32_t)was);
        if (byte < 0 || is < 0 || read->meaning[byte] != is)
            return false;
        unlike += was != is;
    }
    return from == from_end && to == to_end && unlike > 1; /* one letter may be anything */
}

/* Is it UTF-8 with a character beyond ASCII where the two texts are unlike? */
static bool has_high(const struct cause_pair *pair, const struct value *value)
{
    const unsigned char *at = value->payload, *end = at + value->payload_length;
    const unsigned char *low = at + pair->prefix, *high = end - pair->suffix;
    bool found = false;
    for (; low < high && !found; low++)
        found = *low >= 0x80;
    while (found && at < end) {
        size_t size = utf8_size(at, end);
        if (!size)
            return false;
        at += size;
    }
    return found;
}

static bool mojibake(const struct cause_pair *pair, struct cause_match *match)
{
    size_t from_length = pair->from->payload_length, to_length = pair->to->payload_length;
    if (from_length > TEXT_MOST || to_length > TEXT_MOST || !has_high(pair, pair->from) ||
        !has_high(pair, pair->to))
        return false;
    pthread_once(&charsets_once, load_charsets);
    size_t characters = cause_count_characters(pair->to->payload, to_length);
    int levels = 0;
    if (to_length > from_length && characters >= from_length)
        for (size_t i = 0; i < CHARSETS; i++) {
            int level = characters > from_length         ? levels_of(&charsets[i], pair)
                        : is_misread(&charsets[i], pair) ? 1
                                                         : 0;
            if (!level || (levels && level != levels))
                continue;
            levels = level;
            match->marks |= 1u << i;
        }
    if (levels > 1)
        match->marks |= 1u << MARK_TWICE;
    if (levels || characters != cause_count_characters(pair->from->payload, from_length))
        return levels > 0;
    for (size_t meant = 0; meant < CHARSETS; meant++)
        for (size_t read = 0; read < CHARSETS; read++)
            if (meant != read && is_legacy(&charsets[meant], &charsets[read], pair)) {
                match->marks = 1u << MARK_LEGACY;
                match->measure[LEGACY_CHARSETS] = (int64_t)(CHARSETS * meant + read);
                return true;
            }
    return false;
}

static double say_mojibake(const struct cause_group *group, struct buffer *out)
{
    size_t best = 0;
    uint64_t legacy = group->marked[MARK_LEGACY];
    for (size_t i = 1; i < CHARSETS; i++)
        if (group->marked[i] > group->marked[best])
            best = i;
    buffer_printf(out, "%s garbled in the %s: ", cause_are(group->count),
                  side_name[group->damaged]);
    if (legacy * 2 > group->count) {
        int64_t pair = group->highest[LEGACY_CHARSETS];
        buffer_printf(out, "%s read as %s", charsets[pair / CHARSETS].name,
                      charsets[pair % CHARSETS].name);
        return (double)legacy / (double)group->count;
    }
    buffer_printf(out, "UTF-8 read as %s", charsets[best].name);
    if (group->marked[MARK_TWICE])
        buffer_add_text(out, group->marked[MARK_TWICE] == group->count
                                 ? ", more than once"
                                 : ", some of it more than once");
    return (double)group->marked[best] / (double)group->count;
}

/* ---- html-escaped */

static const struct {
    const char *name;
    uint32_t code;
} entities[] = {
    {"amp", '&'},      {"lt", '<'},       {"gt", '>'},       {"quot", '"'},      {"apos", '\''},
    {"nbsp", 0xa0},    {"iexcl", 0xa1},   {"cent", 0xa2},    {"pound", 0xa3},    {"yen", 0xa5},
    {"sect", 0xa7},    {"copy", 0xa9},    {"laquo", 0xab},   {"shy", 0xad},      {"reg", 0xae},
    {"deg", 0xb0},     {"plusmn", 0xb1},  {"acute", 0xb4},   {"micro", 0xb5},    {"para", 0xb6},
    {"middot", 0xb7},  {"raquo", 0xbb},   {"frac14", 0xbc},  {"frac12", 0xbd},   {"frac34", 0xbe},
    {"iquest", 0xbf},  {"Agrave", 0xc0},  {"Aacute", 0xc1},  {"Acirc", 0xc2},    {"Atilde", 0xc3},
    {"Auml", 0xc4},    {"Aring", 0xc5},   {"AElig", 0xc6},   {"Ccedil", 0xc7},   {"Egrave", 0xc8},
    {"Eacute", 0xc9},  {"Ecirc", 0xca},   {"Euml", 0xcb},    {"Igrave", 0xcc},   {"Iacute", 0xcd},
    {"Icirc", 0xce},   {"Iuml", 0xcf},    {"ETH", 0xd0},     {"Ntilde", 0xd1},   {"Ograve", 0xd2},
    {"Oacute", 0xd3},  {"Ocirc", 0xd4},   {"Otilde", 0xd5},  {"Ouml", 0xd6},     {"times", 0xd7},
    {"Oslash", 0xd8},  {"Ugrave", 0xd9},  {"Uacute", 0xda},  {"Ucirc", 0xdb},    {"Uuml", 0xdc},
    {"Yacute", 0xdd},  {"THORN", 0xde},   {"szlig", 0xdf},   {"agrave", 0xe0},   {"aacute", 0xe1},
    {"acirc", 0xe2},   {"atilde", 0xe3},  {"auml", 0xe4},    {"aring", 0xe5},    {"aelig", 0xe6},
    {"ccedil", 0xe7},  {"egrave", 0xe8},  {"eacute", 0xe9},  {"ecirc", 0xea},    {"euml", 0xeb},
    {"igrave", 0xec},  {"iacute", 0xed},  {"icirc", 0xee},   {"iuml", 0xef},     {"eth", 0xf0},
    {"ntilde", 0xf1},  {"ograve", 0xf2},  {"oacute", 0xf3},  {"ocirc", 0xf4},    {"otilde", 0xf5},
    {"ouml", 0xf6},    {"divide", 0xf7},  {"oslash", 0xf8},  {"ugrave", 0xf9},   {"uacute", 0xfa},
    {"ucirc", 0xfb},   {"uuml", 0xfc},    {"yacute", 0xfd},  {"thorn", 0xfe},    {"yuml", 0xff},
    {"OElig", 0x152},  {"oelig", 0x153},  {"Scaron", 0x160}, {"scaron", 0x161},  {"ndash", 0x2013},
    {"mdash", 0x2014}, {"lsquo", 0x2018}, {"rsquo", 0x2019}, {"sbquo", 0x201a},  {"ldquo", 0x201c},
    {"rdquo", 0x201d}, {"bdquo", 0x201e}, {"bull", 0x2022},  {"hellip", 0x2026}, {"euro", 0x20ac},
    {"trade", 0x2122},
};

/* "&eacute;", "&#233;", "&#xE9;" at the place: the character and the length; 0: none. */
static size_t read_entity(const unsigned char *at, const unsigned char *end, uint32_t *code)
{
    const unsigned char *stop = memchr(at, ';', (size_t)(end - at) < 12 ? (size_t)(end - at) : 12);
    if (!stop || stop - at < 3)
        return 0;
    char name[16] = {0};
    memcpy(name, at + 1, (size_t)(stop - at - 1));
    if (name[0] == '#') {
        bool hex = name[1] == 'x' || name[1] == 'X';
        char *rest;
        unsigned long n = strtoul(name + 1 + hex, &rest, hex ? 16 : 10);
        if (*rest || rest == name + 1 + hex || !n || n > 0x10ffff || (n >= 0xd800 && n < 0xe000))
            return 0;
        *code = (uint32_t)n;
        return (size_t)(stop - at) + 1;
    }
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (strcmp(entities[i].name, name) == 0) {
            *code = entities[i].code;
            return (size_t)(stop - at) + 1;
        }
    return 0;
}

/* Takes one level of escapes away. */
static bool unescape(const unsigned char *text, size_t length, struct buffer *out)
{
    const unsigned char *at = text, *end = text + length;
    bool any = false;
    buffer_clear(out);
    while (at < end) {
        uint32_t code;
        unsigned char bytes[4];
        size_t size = *at == '&' ? read_entity(at, end, &code) : 0;
        if (size)
            buffer_add(out, bytes, utf8_write(code, bytes));
        else
            buffer_add_byte(out, *at);
        any |= size > 0;
        at += size ? size : 1;
    }
    return any && !buffer_overflowed(out);
}

enum { HTML_TWICE };

static bool html_escaped(const struct cause_pair *pair, struct cause_match *match)
{
    const struct value *to = pair->to;
    if (to->payload_length <= pair->from->payload_length || to->payload_length > 16 * TEXT_MOST ||
        pair->prefix >= to->payload_length)
        return false;
    /* The first difference is the beginning of an escape, or stands in one: "&" and "&amp;". */
    const unsigned char *first = to->payload + pair->prefix;
    size_t back = pair->prefix < 12 ? pair->prefix : 12;
    if (!memchr(first - back, '&', back + 1))
        return false;
    struct buffer once = BUFFER_INIT(16 * TEXT_MOST), twice = BUFFER_INIT(16 * TEXT_MOST);
    bool same = false;
    if (unescape(to->payload, to->payload_length, &once)) {
        same = once.length == pair->from->payload_length &&
               memcmp(once.data, pair->from->payload, once.length) == 0;
        if (!same && unescape(once.data, once.length, &twice)) {
            same = twice.length == pair->from->payload_length &&
                   memcmp(twice.data, pair->from->payload, twice.length) == 0;
            match->marks = 1u << HTML_TWICE;
        }
    }
    buffer_free(&once);
    buffer_free(&twice);
    return same;
}

static double say_html_escaped(const struct cause_group *group, struct buffer *out)
{
    buffer_printf(out, "%s escaped for HTML in the %s%s", cause_are(group->count),
                  side_name[group->damaged],
                  group->marked[HTML_TWICE] == group->count ? ", twice" : "");
    return 1.0;
}

#define TEXTS (CAUSE_TAG(VALUE_TEXT) | CAUSE_TAG(VALUE_RAW))

const struct cause_rule cause_charset_rules[] = {
    {.name = "html-escaped",
     .sure = true,
     .from = TEXTS,
     .to = TEXTS,
     .fits = html_escaped,
     .say = say_html_escaped},
    {.name = "mojibake",
     .sure = true,
     .from = TEXTS,
     .to = TEXTS,
     .fits = mojibake,
     .say = say_mojibake},
    {.name = NULL},
};
