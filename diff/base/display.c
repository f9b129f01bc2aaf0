/*
 * Terminal widths come from the C library's wcwidth() in the UTF-8 locale that every system has,
 * whatever the user's locale is: reports are UTF-8 always.
 */
#include "display.h"

#include "utf8.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <wchar.h>

static locale_t utf8_locale; /* (locale_t)0: there is none */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void find_locale(void)
{
    utf8_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* Columns of a character; -1: not printable. */
static int columns_of(uint32_t code)
{
    pthread_once(&once, find_locale);
    if (!utf8_locale)
        return 1;
    locale_t before = uselocale(utf8_locale);
    int columns = wcwidth((wchar_t)code);
    uselocale(before);
    return columns;
}

/* Characters that are printable by name only: they look like nothing or like a blank, or turn the
 * direction of what follows. The joiners U+200C and U+200D stay: words and emoji are spelled with
 * them. */
static bool is_deceptive(uint32_t code)
{
    static const uint32_t ranges[][2] = {
        {0xa0, 0xa0},     {0xad, 0xad},     {0x61c, 0x61c},   {0x115f, 0x1160}, {0x1680, 0x1680},
        {0x180e, 0x180e}, {0x2000, 0x200b}, {0x200e, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f},
        {0x3164, 0x3164}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (code >= ranges[i][0] && code <= ranges[i][1])
            return true;
    return false;
}

int display_columns(uint32_t code)
{
    return code < 0x20 || is_deceptive(code) ? -1 : columns_of(code);
}

bool display_next(const char *text, struct display_piece *piece)
{
    const unsigned char *at = (const unsigned char *)text;
    if (!*at)
        return false;
    size_t size = utf8_size(at, at + strnlen(text, 4));
    int written = 0;
    if (!size) {
        size = 1;
        written = snprintf(piece->text, sizeof piece->text, "\\x%02x", *at);
    } else if (*at < 0x20 || *at == 0x7f) {
        written = snprintf(piece->text, sizeof piece->text, "\\x%02x", *at);
    } else if (*at >= 0x80) {
        uint32_t code = utf8_read(at, size);
        int columns = display_columns(code);
        if (columns < 0)
            written = snprintf(piece->text, sizeof piece->text, "\\u{%x}", code);
        else
            piece->columns = (size_t)columns;
    } else {
        piece->columns = 1;
    }
    piece->size = size;
    if (written) {
        piece->columns = (size_t)written;
    } else {
        memcpy(piece->text, at, size);
        piece->text[size] = '\0';
    }
    return true;
}

size_t display_width(const char *text)
{
    size_t width = 0;
    struct display_piece piece;
    for (; display_next(text, &piece); text += piece.size)
        width += piece.columns;
    return width;
}

size_t display_add_cut(struct buffer *out, const char *text, size_t width)
{
    bool fits = display_width(text) <= width;
    size_t room = fits ? width : width ? width - 1 : 0;
    size_t used = 0;
    struct display_piece piece;
    for (; display_next(text, &piece) && used + piece.columns <= room; text += piece.size) {
        buffer_add_text(out, piece.text);
        used += piece.columns;
    }
    if (!fits && width) {
        buffer_add_text(out, "…");
        used++;
    }
    return used;
}

void display_add_blanks(struct buffer *out, size_t count)
{
    while (count--)
        buffer_add_byte(out, ' ');
}

void display_add_left(struct buffer *out, const char *text, size_t width)
{
    size_t used = display_add_cut(out, text, width);
    display_add_blanks(out, width - used);
}

void display_add_right(struct buffer *out, const char *text, size_t width)
{
    size_t columns = display_width(text);
    display_add_blanks(out, columns < width ? width - columns : 0);
    display_add_cut(out, text, width);
}

void display_add_number(struct buffer *out, const char *text, size_t width)
{
    size_t columns = display_width(text);
    display_add_right(out, text, columns > width ? columns : width);
}

/* The bytes and columns of the word at `text`: up to the next blank, or as much as `most` columns
 * hold (one character at least). */
static size_t word_size(const char *text, size_t most, size_t *columns)
{
    size_t size = 0;
    *columns = 0;
    struct display_piece piece;
    while (display_next(text + size, &piece) && text[size] != ' ') {
        if (*columns + piece.columns > most && size)
            break;
        *columns += piece.columns;
        size += piece.size;
    }
    return size;
}

static void add_pieces(struct buffer *out, const char *text, size_t size)
{
    struct display_piece piece;
    for (size_t done = 0; done < size && display_next(text + done, &piece); done += piece.size)
        buffer_add_text(out, piece.text);
}

/* Ends a line, which keeps no blanks at its end. */
static void end_line(struct buffer *out)
{
    while (out->length && out->data[out->length - 1] == ' ')
        out->length--;
    buffer_add_byte(out, '\n');
}

void display_add_wrapped(struct buffer *out, const char *text, size_t at, size_t indent,
                         size_t width)
{
    size_t most = width > indent + 1 ? width - indent : 1;
    bool fresh = at == indent; /* nothing of the text on this line yet: blanks before a word go */
    while (*text) {
        size_t blanks = strspn(text, " ");
        size_t columns;
        size_t size = word_size(text + blanks, most, &columns);
        text += blanks;
        if (fresh) {
            blanks = 0;
        } else if (at + blanks + columns > width) {
            end_line(out);
            display_add_blanks(out, indent);
            at = indent;
            blanks = 0;
        }
        display_add_blanks(out, blanks);
        add_pieces(out, text, size);
        at += blanks + columns;
        text += size;
        fresh = false;
    }
    end_line(out);
}
