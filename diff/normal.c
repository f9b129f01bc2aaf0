/* Normal forms of text (normal.h). */
#include "normal.h"

#include "base/memory.h"

#include <stdlib.h>

#define DIGITS_MOST 400 /* of a number; a longer one is left as it is */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_word(char byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           byte == '_';
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r' || byte == '\f';
}

static bool changed(const struct buffer *out, size_t start, const char *text, size_t length)
{
    return out->length - start != length ||
           (length && memcmp(out->data + start, text, length) != 0);
}

/* ---- numbers ---- */

/* The digits of a number: `whole` of them before the point. */
struct number {
    char digits[DIGITS_MOST + 2];
    size_t count, whole;
};

/* 1,234,567 with `mark` for the comma: groups of three, but for the first? */
static bool is_grouped(const char *text, size_t length, char mark)
{
    size_t group = 0, groups = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == mark) {
            if (groups ? group != 3 : group < 1 || group > 3)
                return false;
            groups++;
            group = 0;
        } else {
            group++;
        }
    }
    return groups && group == 3;
}

/* A run of digits, points and commas as a number with a known point; false: it is none, or nobody
 * can know. */
static bool read_number(const char *text, size_t length, struct number *number)
{
    const char *point = memrchr(text, '.', length), *comma = memrchr(text, ',', length);
    const char *mark = point && comma ? (point > comma ? point : comma) : point;
    if (length > DIGITS_MOST || (comma && !point))
        return false;
    size_t whole = mark ? (size_t)(mark - text) : length;
    char group = mark && *mark == '.' ? ',' : '.';
    if (memchr(text, group, whole) && !is_grouped(text, whole, group))
        return false;
    number->count = 0;
    for (size_t i = 0; i < length; i++) {
        if (is_digit(text[i]))
            number->digits[number->count++] = text[i];
        else if (i < whole && text[i] != group)
            return false; /* 1.2.3 */
        else if (i > whole)
            return false;
        if (i < whole)
            number->whole = number->count;
    }
    return true;
}

static void round_number(struct number *number, unsigned places)
{
    size_t keep = number->whole + places;
    if (number->count <= keep)
        return;
    bool up = number->digits[keep] >= '5';
    number->count = keep;
    for (size_t i = keep; up && i-- > 0;) {
        up = number->digits[i] == '9';
        number->digits[i] = up ? '0' : (char)(number->digits[i] + 1);
    }
    if (up) { /* 99.9 -> 100 */
        memmove(number->digits + 1, number->digits, number->count++);
        number->digits[0] = '1';
        number->whole++;
    }
}

static void add_number(struct buffer *out, const struct number *number, bool negative)
{
    size_t start = 0, end = number->count;
    while (start + 1 < number->whole && number->digits[start] == '0')
        start++;
    while (end > number->whole && number->digits[end - 1] == '0')
        end--;
    bool zero = end == number->whole && number->whole == start + 1 && number->digits[start] == '0';
    if (negative && zero)
        out->length--; /* the sign */
    buffer_add(out, number->digits + start, number->whole - start);
    if (end > number->whole) {
        buffer_add_byte(out, '.');
        buffer_add(out, number->digits + number->whole, end - number->whole);
    }
}

/* May a number begin at `at`? Not inside a word, a date, a time, a version, a path. */
static bool begins_number(const char *text, const char *at)
{
    if (at == text)
        return true;
    char before = at[-1];
    if (is_word(before) || before == '.' || before == ',')
        return false;
    bool joins = before == '-' || before == ':' || before == '/' || before == '+';
    return !joins || at - 1 == text || !is_word(at[-2]);
}

static bool ends_number(const char *at, const char *end)
{
    if (at == end)
        return true;
    if (is_word(*at))
        return false;
    bool joins = *at == '-' || *at == ':' || *at == '/' || *at == '.' || *at == ',' || *at == '+';
    return !joins || at + 1 == end || !is_word(at[1]);
}

/* A minus that can be nothing else, so that nothing runs together when it goes. */
static bool is_sign(const char *text, const char *at)
{
    return at > text && at[-1] == '-' && (at - 1 == text || is_blank(at[-2]) || at[-2] == '(');
}

static bool rewrite_numbers(struct buffer *out, const char *text, size_t length, int places)
{
    const char *at = text, *end = text + length;
    size_t start = out->length;
    while (at < end) {
        if (!is_digit(*at)) {
            buffer_add_byte(out, (unsigned char)*at++);
            continue;
        }
        const char *stop = at;
        while (stop < end && (is_digit(*stop) || *stop == '.' || *stop == ','))
            stop++;
        const char *run = stop;
        while (!is_digit(stop[-1]))
            stop--;
        struct number number = {.count = 0};
        if (begins_number(text, at) && ends_number(stop, end) &&
            read_number(at, (size_t)(stop - at), &number)) {
            if (places >= 0)
                round_number(&number, (unsigned)places);
            add_number(out, &number, is_sign(text, at));
            at = stop;
        }
        buffer_add(out, at, (size_t)(run - at));
        at = run;
    }
    return changed(out, start, text, length);
}

bool normal_numbers(struct buffer *out, const char *text, size_t length)
{
    return rewrite_numbers(out, text, length, -1);
}

bool normal_round(struct buffer *out, const char *text, size_t length, unsigned digits)
{
    return rewrite_numbers(out, text, length, (int)digits);
}

/* ---- dates ---- */

bool normal_dates(struct buffer *out, const char *text, size_t length, enum date_order order)
{
    const char *at = text, *end = text + length;
    size_t start = out->length;
    while (at < end) {
        struct date_text date;
        bool word_begins = (is_word(*at) || (unsigned char)*at >= 0x80) &&
                           (at == text || !(is_word(at[-1]) || (unsigned char)at[-1] >= 0x80)) &&
                           (at == text || !is_digit(*at) || !strchr("-/.:", at[-1]));
        size_t size = word_begins ? date_text_read(at, (size_t)(end - at), order, &date) : 0;
        if (size && !date.ambiguous) {
            date_text_print(&date, out);
            at += size;
        } else {
            buffer_add_byte(out, (unsigned char)*at++);
        }
    }
    return changed(out, start, text, length);
}

/* ---- white space ---- */

/* Bytes of the white space at the place: ASCII's, U+00A0, U+2000 to U+200A, U+202F, U+3000. */
static size_t white_space(const char *at, const char *end)
{
    if (is_blank(*at))
        return 1;
    if (end - at >= 2 && memcmp(at, "\xC2\xA0", 2) == 0)
        return 2;
    if (end - at < 3)
        return 0;
    if (memcmp(at, "\xE2\x80", 2) == 0) {
        unsigned char last = (unsigned char)at[2];
        return (last >= 0x80 && last <= 0x8A) || last == 0xAF ? 3 : 0;
    }
    return memcmp(at, "\xE3\x80\x80", 3) == 0 ? 3 : 0;
}

bool normal_white_space(struct buffer *out, const char *text, size_t length)
{
    const char *at = text, *end = text + length;
    size_t start = out->length;
    bool wanted = false;
    while (at < end) {
        size_t size = white_space(at, end);
        if (size) {
            wanted = out->length > start;
            at += size;
            continue;
        }
        if (wanted)
            buffer_add_byte(out, ' ');
        wanted = false;
        buffer_add_byte(out, (unsigned char)*at++);
    }
    return changed(out, start, text, length);
}

bool normal_trailing_blanks(struct buffer *out, const char *text, size_t length)
{
    size_t start = out->length;
    for (size_t i = 0; i < length;) {
        size_t run = i;
        while (run < length && (text[run] == ' ' || text[run] == '\t'))
            run++;
        bool trailing = run == length || text[run] == '\n' ||
                        (text[run] == '\r' && run + 1 < length && text[run + 1] == '\n');
        if (run > i) {
            if (!trailing)
                buffer_add(out, text + i, run - i);
            i = run;
        } else {
            buffer_add_byte(out, (unsigned char)text[i++]);
        }
    }
    return changed(out, start, text, length);
}

/* ---- order ---- */

struct part {
    const char *at;
    size_t length;
};

static int compare_parts(const void *one, const void *other)
{
    const struct part *a = one, *b = other;
    int order = memcmp(a->at, b->at, a->length < b->length ? a->length : b->length);
    return order ? order : (a->length > b->length) - (a->length < b->length);
}

/* How long is the separator at the place? 0: none is there. */
static size_t separator_at(const char *at, const char *end, const char *separator, bool words)
{
    if (words) {
        const char *stop = at;
        while (stop < end && is_blank(*stop))
            stop++;
        return (size_t)(stop - at);
    }
    size_t length = strlen(separator);
    return (size_t)(end - at) >= length && memcmp(at, separator, length) == 0 ? length : 0;
}

bool normal_sort(struct buffer *out, const char *text, size_t length, const char *separator)
{
    bool words = strcmp(separator, "words") == 0;
    const char *joint = words ? " " : strcmp(separator, "lines") == 0 ? "\n" : separator;
    const char *at = text, *end = text + length, *begin = text;
    struct part *parts = NULL;
    size_t count = 0, room = 0, start = out->length;
    for (bool more = true; more;) {
        size_t size = at < end ? separator_at(at, end, joint, words) : 0;
        if (at < end && !size) {
            at++;
            continue;
        }
        if (!words || at > begin) {
            if (count == room) {
                room = room ? 2 * room : 16;
                parts = mem_resize(parts, room, sizeof *parts);
            }
            parts[count++] = (struct part){begin, (size_t)(at - begin)};
        }
        more = at < end;
        at += size;
        begin = at;
    }
    if (count)
        qsort(parts, count, sizeof *parts, compare_parts);
    for (size_t i = 0; i < count; i++) {
        if (i)
            buffer_add_text(out, joint);
        buffer_add(out, parts[i].at, parts[i].length);
    }
    free(parts);
    return changed(out, start, text, length);
}
