/*
 * Finds an answer's charset and converts it to UTF-8. Input: bytes, a header. Output: text in which
 * every byte of the input can be told. Knows nothing of trees.
 */
#include "charset.h"

#include "base/utf8.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    META_BYTES = 1024, /* how far browsers look for a <meta> (HTML, "prescan a byte stream") */
    XML_BYTES = 200,
};

/* --- which charset --- */

struct mark {
    const char *bytes;
    size_t length;
    const char *name;
};

static const struct mark marks[] = {
    {"\xef\xbb\xbf", 3, "UTF-8"},
    {"\xff\xfe", 2, "UTF-16LE"},
    {"\xfe\xff", 2, "UTF-16BE"},
};

/* What browsers take a label for (encoding.spec.whatwg.org, "Names and labels"), where iconv knows
 * it otherwise. */
static const char *const labels[][2] = {
    {"utf8", "UTF-8"},          {"iso-8859-1", "windows-1252"}, {"iso8859-1", "windows-1252"},
    {"latin1", "windows-1252"}, {"us-ascii", "windows-1252"},   {"ascii", "windows-1252"},
    {"l1", "windows-1252"},     {"utf-16", "UTF-16LE"},         {"iso-8859-9", "windows-1254"},
    {"gb2312", "GBK"},          {"ks_c_5601-1987", "CP949"},    {"euc-kr", "CP949"},
    {"shift_jis", "CP932"},     {"shift-jis", "CP932"},         {"sjis", "CP932"},
};

/* Copies a label that iconv may be asked for: without what would make it lose something
 * ("//IGNORE").
 */
static bool take_label(struct charset_result *result, const char *label, size_t length)
{
    while (length && strchr(" \t\r\n\"'", label[0]))
        label++, length--;
    while (length && strchr(" \t\r\n\"'", label[length - 1]))
        length--;
    if (!length || length >= CHARSET_NAME_SIZE)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)label[i];
        bool letter = (unsigned)((byte | 0x20) - 'a') < 26;
        if (!letter && !(byte >= '0' && byte <= '9') && !strchr("-_.:+", byte))
            return false;
    }
    memcpy(result->name, label, length);
    result->name[length] = '\0';
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (strcasecmp(labels[i][0], result->name) == 0)
            snprintf(result->name, sizeof result->name, "%s", labels[i][1]);
    return true;
}

static const char *find_word(const char *at, const char *end, const char *word)
{
    size_t length = strlen(word);
    for (; (size_t)(end - at) >= length; at++)
        if ((*at | 0x20) == (*word | 0x20) && strncasecmp(at, word, length) == 0)
            return at;
    return NULL;
}

/* The value behind `word` and "=" in a tag. */
static bool take_value(struct charset_result *result, const char *at, const char *end,
                       const char *word)
{
    at = find_word(at, end, word);
    if (!at)
        return false;
    at += strlen(word);
    while (at < end && strchr(" \t\r\n", *at) && *at)
        at++;
    if (at == end || *at != '=')
        return false;
    at++;
    while (at < end && strchr(" \t\r\n\"'", *at) && *at)
        at++;
    const char *behind = at;
    while (behind < end && *behind && !strchr(" \t\r\n\"';>/", *behind))
        behind++;
    return take_label(result, at, (size_t)(behind - at));
}

static bool take_from_html(struct charset_result *result, const char *at, const char *end)
{
    while ((at = find_word(at, end, "<meta")) != NULL) {
        const char *close = memchr(at, '>', (size_t)(end - at));
        if (!close)
            return false;
        if (take_value(result, at, close, "charset")) {
            /* A page that can be read so far is not in UTF-16, whatever it says. */
            if (strncasecmp(result->name, "UTF-16", 6) == 0)
                snprintf(result->name, sizeof result->name, "UTF-8");
            return true;
        }
        at = close;
    }
    return false;
}

static bool take_from_xml(struct charset_result *result, const char *at, const char *end)
{
    if (end - at < 6 || memcmp(at, "<?xml", 5) != 0)
        return false;
    const char *close = memchr(at, '>', (size_t)(end - at));
    return close && take_value(result, at, close, "encoding");
}

/* Fills result->name and returns how many bytes the byte order mark takes. */
static size_t find_charset(struct charset_result *result, const char *bytes, size_t length,
                           const char *header, enum content_type type)
{
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (length >= marks[i].length && memcmp(bytes, marks[i].bytes, marks[i].length) == 0) {
            snprintf(result->name, sizeof result->name, "%s", marks[i].name);
            return marks[i].length;
        }
    const char *value;
    size_t size;
    if (header && content_parameter(header, "charset", &value, &size) &&
        take_label(result, value, size))
        return 0;
    const size_t most = type == CONTENT_HTML ? META_BYTES : XML_BYTES;
    const char *end = bytes + (length < most ? length : most);
    if (length && type == CONTENT_HTML && take_from_html(result, bytes, end))
        return 0;
    if (length && type == CONTENT_XML && take_from_xml(result, bytes, end))
        return 0;
    snprintf(result->name, sizeof result->name, "UTF-8");
    return 0;
}

/* --- conversion --- */

static void add_broken(struct buffer *out, struct charset_result *result, unsigned char byte)
{
    unsigned char character[4];
    buffer_add(out, character, utf8_write(CHARSET_BROKEN + byte, character));
    result->broken++;
}

/* Characters from U+10FE00 on begin with F4 8F B8 or more. */
static bool looks_alike(const unsigned char *at)
{
    return at[0] == 0xf4 && at[1] == 0x8f && at[2] >= 0xb8;
}

static const unsigned char *skip_ascii(const unsigned char *at, const unsigned char *end)
{
    uint64_t word;
    for (; end - at >= 8; at += 8) {
        memcpy(&word, at, 8);
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    while (at < end && *at < 0x80)
        at++;
    return at;
}

/* Pieces that are UTF-8 as they stand are copied whole. */
static void add_utf8(struct buffer *out, struct charset_result *result, const unsigned char *at,
                     const unsigned char *end)
{
    const unsigned char *piece = at;
    while ((at = skip_ascii(at, end)) < end) {
        size_t size = utf8_size(at, end);
        if (size) {
            result->look_alikes += size == 4 && looks_alike(at);
            at += size;
            continue;
        }
        buffer_add(out, piece, (size_t)(at - piece));
        add_broken(out, result, *at);
        piece = ++at;
    }
    buffer_add(out, piece, (size_t)(end - piece));
}

static void count_look_alikes(struct charset_result *result, const unsigned char *at,
                              const unsigned char *end)
{
    while ((size_t)(end - at) >= 4 && (at = memchr(at, 0xf4, (size_t)(end - at) - 3)) != NULL) {
        result->look_alikes += looks_alike(at);
        at++;
    }
}

/* Some converters hold back a character that the next one may change (windows-1258's vowels); at
 * the end, and before a byte that cannot be read, it is all that there is to come. */
static void add_held_back(struct buffer *out, struct charset_result *result, iconv_t converter)
{
    enum { MOST = 64 };
    unsigned char *place = buffer_reserve(out, MOST);
    if (!place)
        return;
    char *to = (char *)place;
    size_t room = MOST;
    iconv(converter, NULL, NULL, &to, &room);
    count_look_alikes(result, place, (unsigned char *)to);
    out->length += MOST - room;
    buffer_terminate(out);
}

/* What iconv cannot read is taken byte by byte. */
static void add_converted(struct buffer *out, struct charset_result *result, iconv_t converter,
                          const char *bytes, size_t length)
{
    enum { PIECE = 16 << 10 };
    char *at = (char *)(uintptr_t)bytes; /* iconv does not write there */
    while (length && !buffer_overflowed(out)) {
        unsigned char *place = buffer_reserve(out, PIECE);
        if (!place)
            return;
        char *to = (char *)place;
        size_t room = PIECE;
        size_t done = iconv(converter, &at, &length, &to, &room);
        int why = done == (size_t)-1 ? errno : 0;
        count_look_alikes(result, place, (unsigned char *)to);
        out->length += PIECE - room;
        buffer_terminate(out);
        if (why && why != E2BIG) {
            add_held_back(out, result, converter);
            add_broken(out, result, (unsigned char)*at);
            at++;
            length--;
        }
    }
    add_held_back(out, result, converter);
}

bool charset_decode(struct buffer *out, const void *bytes, size_t length, const char *header,
                    enum content_type type, struct charset_result *result, struct err *err)
{
    *result = (struct charset_result){0};
    const char *at = bytes;
    size_t skip = find_charset(result, at, length, header, type);
    at += skip;
    length -= skip;
    if (strcasecmp(result->name, "UTF-8") == 0) {
        snprintf(result->name, sizeof result->name, "UTF-8");
        if (length)
            add_utf8(out, result, (const unsigned char *)at, (const unsigned char *)at + length);
    } else {
        iconv_t converter = iconv_open("UTF-8", result->name);
        result->unknown = converter == (iconv_t)-1;
        if (!result->unknown) {
            add_converted(out, result, converter, at, length);
            iconv_close(converter);
        } else {
            for (size_t i = 0; i < length; i++) {
                if ((unsigned char)at[i] < 0x80)
                    buffer_add_byte(out, (unsigned char)at[i]);
                else
                    add_broken(out, result, (unsigned char)at[i]);
            }
        }
    }
    if (buffer_overflowed(out))
        return err_set(err, ERR_INTERNAL, "an answer of %zu bytes is too large to be read", length);
    return true;
}
