/*
 * Values side by side. Input: the bytes of one value or of two. Output: HTML in which what differs
 * is marked and nothing is invisible, of bounded length however long the values are.
 *
 * Both values become arrays of characters; the same beginning and end are set aside; between them
 * Myers' algorithm (An O(ND) Difference Algorithm and Its Variations, 1986) finds the fewest
 * characters to mark, as long as they are few: its time is the length times that number.
 */
#include "base/display.h"
#include "base/memory.h"
#include "page.h"
#include "page_parts.h"

#include <stdlib.h>
#include <string.h>

#define CONTEXT 60        /* characters kept around a difference of a long value */
#define WHOLE 400         /* characters of a value that are shown without gaps */
#define MARKED_MOST 600   /* characters of one difference that are shown, from both its ends */
#define WORK_MOST 8000000 /* characters that the search for differences may look at */

/* A value's characters, as page_read() gives them. */
struct text {
    uint32_t *codes;
    size_t count;
    unsigned char *differs; /* NULL, or per character: has no partner on the other side */
};

static struct text read_text(struct page_bytes value)
{
    const unsigned char *at = value.bytes, *end = at + value.length;
    struct text text = {.codes = mem_zero(value.length + 1, sizeof *text.codes)};
    while (at < end)
        text.codes[text.count++] = page_read(&at, end);
    return text;
}

static void free_text(struct text *text)
{
    free(text->codes);
    free(text->differs);
}

/* --- which characters differ
 * -------------------------------------------------------------------------- */

/* The part of two texts in which they differ, and the search's memory: after round d, reach[d] says
 * how far down the source each diagonal of round d came. */
struct search {
    const uint32_t *codes[SIDES];
    ptrdiff_t count[SIDES];
    unsigned char *differs[SIDES];
    ptrdiff_t *reach[PAGE_EDITS + 1]; /* [d][diagonal + d], 2 d + 1 of each */
    size_t work;
};

/* A diagonal's start in round d: one step down or right from the better neighbour of the round
 * before. *down: the step takes a character of the target. */
static ptrdiff_t start_of(const struct search *search, ptrdiff_t d, ptrdiff_t diagonal, bool *down)
{
    if (d == 0)
        return 0;
    const ptrdiff_t *before = search->reach[d - 1] + d - 1;
    *down = diagonal == -d || (diagonal != d && before[diagonal - 1] < before[diagonal + 1]);
    return *down ? before[diagonal + 1] : before[diagonal - 1] + 1;
}

/* Marks the characters of the shortest way, from its end to its beginning. */
static void mark_way(struct search *search, ptrdiff_t d)
{
    ptrdiff_t x = search->count[SOURCE], y = search->count[TARGET];
    for (; d > 0; d--) {
        bool down = false;
        ptrdiff_t start = start_of(search, d, x - y, &down);
        ptrdiff_t diagonal = x - y;
        x = down ? start : start - 1;
        y = down ? start - diagonal - 1 : start - diagonal;
        if (down)
            search->differs[TARGET][y] = 1;
        else
            search->differs[SOURCE][x] = 1;
    }
}

/* False: more than PAGE_EDITS characters differ, or it would take too long. */
static bool find_way(struct search *search)
{
    bool found = false;
    for (ptrdiff_t d = 0; d <= PAGE_EDITS && !found; d++) {
        search->reach[d] = mem_zero((size_t)(2 * d + 1), sizeof **search->reach);
        for (ptrdiff_t diagonal = -d; diagonal <= d && !found; diagonal += 2) {
            bool down = false;
            ptrdiff_t x = start_of(search, d, diagonal, &down), y = x - diagonal;
            ptrdiff_t from = x;
            while (x < search->count[SOURCE] && y < search->count[TARGET] && y >= 0 &&
                   search->codes[SOURCE][x] == search->codes[TARGET][y]) {
                x++;
                y++;
            }
            search->reach[d][diagonal + d] = x;
            search->work += (size_t)(x - from) + 1;
            found = x >= search->count[SOURCE] && y >= search->count[TARGET];
        }
        if (found)
            mark_way(search, d);
        else if (search->work > WORK_MOST)
            break;
    }
    for (size_t d = 0; d <= PAGE_EDITS; d++)
        free(search->reach[d]);
    return found;
}

/* One or two characters that happen to be alike between longer differences only make these harder
 * to read: they are marked too. Both sides' characters alike are the same number. */
static void close_small_gaps(const struct text texts[SIDES])
{
    size_t at[SIDES] = {0, 0}, before = 0;
    while (at[SOURCE] < texts[SOURCE].count || at[TARGET] < texts[TARGET].count) {
        size_t same = 0, differ = 0;
        while (at[SOURCE] + same < texts[SOURCE].count && at[TARGET] + same < texts[TARGET].count &&
               !texts[SOURCE].differs[at[SOURCE] + same] &&
               !texts[TARGET].differs[at[TARGET] + same])
            same++;
        size_t first[SIDES] = {at[SOURCE], at[TARGET]};
        for (int side = 0; side < SIDES; side++) {
            at[side] += same;
            size_t begin = at[side];
            while (at[side] < texts[side].count && texts[side].differs[at[side]])
                at[side]++;
            differ += at[side] - begin;
        }
        if (before > 4 * same && differ > 4 * same && same && same < 3)
            for (int side = 0; side < SIDES; side++)
                memset(texts[side].differs + first[side], 1, same);
        before = differ;
    }
}

static void compare(struct text texts[SIDES])
{
    size_t shorter =
        texts[SOURCE].count < texts[TARGET].count ? texts[SOURCE].count : texts[TARGET].count;
    size_t head = 0, tail = 0;
    while (head < shorter && texts[SOURCE].codes[head] == texts[TARGET].codes[head])
        head++;
    while (tail < shorter - head && texts[SOURCE].codes[texts[SOURCE].count - 1 - tail] ==
                                        texts[TARGET].codes[texts[TARGET].count - 1 - tail])
        tail++;
    struct search search = {0};
    for (int side = 0; side < SIDES; side++) {
        texts[side].differs = mem_zero(texts[side].count + 1, 1);
        search.codes[side] = texts[side].codes + head;
        search.count[side] = (ptrdiff_t)(texts[side].count - head - tail);
        search.differs[side] = texts[side].differs + head;
    }
    if (find_way(&search)) {
        close_small_gaps(texts);
        return;
    }
    for (int side = 0; side < SIDES; side++)
        memset(search.differs[side], 1, (size_t)search.count[side]);
}

/* --- what is shown of a value
 * ------------------------------------------------------------------------- */

static bool is_blank(const struct text *text, size_t at)
{
    return at < text->count && text->codes[at] == ' ';
}

static bool is_combining(uint32_t code)
{
    return code >= 0x300 && code < PAGE_BYTE && display_columns(code) == 0;
}

/* What would not be seen where it stands, though it is seen elsewhere. */
static bool hides_here(const struct text *text, size_t at, bool marked)
{
    uint32_t code = text->codes[at];
    if (page_hides(code))
        return true;
    if (code == 0x200c || code == 0x200d) /* joiners: part of a word or an emoji, or stray */
        return marked || !at || text->codes[at - 1] < 0x80 || at + 1 == text->count ||
               text->codes[at + 1] < 0x80;
    if (!is_combining(code))
        return false;
    /* An accent on a letter; but not on nothing, nor where it may be all that differs, and no tower
     * of them, which would be drawn over the lines above. */
    return !at || marked ||
           (at >= 4 && is_combining(text->codes[at - 1]) && is_combining(text->codes[at - 2]) &&
            is_combining(text->codes[at - 3]) && is_combining(text->codes[at - 4]));
}

static void add_character(struct buffer *out, const struct text *text, size_t at, bool marked)
{
    uint32_t code = text->codes[at];
    if (code == ' ' && (marked || !at || at + 1 == text->count || is_blank(text, at - 1) ||
                        is_blank(text, at + 1)))
        buffer_add_text(out, "<i class=\"sp\"> </i>");
    else if (hides_here(text, at, marked))
        page_add_token(out, code);
    else
        page_add_code(out, code);
}

/* What is left out, in place of it. */
static void add_gap(struct buffer *out, size_t count, const char *words)
{
    buffer_add_text(out, "<span class=\"gap\">… ");
    page_count(out, count);
    buffer_printf(out, " %s …</span>", words);
}

/* Where a value is written, how many more characters of it may be, and how far it came. */
struct pen {
    struct buffer *out;
    const struct text *text;
    size_t left, end;
};

static void add_characters(struct pen *pen, size_t from, size_t to, bool marked)
{
    if (from >= to || !pen->left)
        return;
    size_t fits = to - from < pen->left ? to - from : pen->left;
    if (marked)
        buffer_add_text(pen->out, "<mark>");
    for (size_t at = from; at < from + fits; at++)
        add_character(pen->out, pen->text, at, marked);
    if (marked)
        buffer_add_text(pen->out, "</mark>");
    pen->left -= fits;
    pen->end = from + fits;
}

/* Characters [from, to) with all but `head` at the beginning and `tail` at the end left out, when
 * that is worth a gap. */
static void add_ends(struct pen *pen, size_t from, size_t to, size_t head, size_t tail, bool marked,
                     const char *words)
{
    if (to - from <= head + tail + 20) {
        add_characters(pen, from, to, marked);
        return;
    }
    add_characters(pen, from, from + head, marked);
    if (!pen->left)
        return;
    add_gap(pen->out, to - from - head - tail, words);
    add_characters(pen, to - tail, to, marked);
    if (!tail)
        pen->end = to;
}

/* The value in runs of characters that are alike and that differ. Where only the other side has
 * something, an empty mark says so. */
static void add_marked(struct buffer *out, const struct text *texts, int side)
{
    const struct text *text = &texts[side], *beside = &texts[!side];
    struct pen pen = {out, text, PAGE_VALUE_SHOWN, 0};
    size_t context = text->count <= WHOLE && beside->count <= WHOLE ? WHOLE : CONTEXT;
    size_t at = 0, other = 0;
    while ((at < text->count || other < beside->count) && pen.left) {
        size_t same = at;
        for (; same < text->count && other < beside->count && !text->differs[same] &&
               !beside->differs[other];
             other++)
            same++;
        bool last = same == text->count && other == beside->count;
        add_ends(&pen, at, same, at ? context : 0, last ? 0 : context, false, "characters alike");
        at = same;
        while (at < text->count && text->differs[at])
            at++;
        add_ends(&pen, same, at, MARKED_MOST / 2, MARKED_MOST / 2, true, "more that differ");
        size_t others = other;
        while (other < beside->count && beside->differs[other])
            other++;
        if (same == at && others < other)
            buffer_add_text(out, "<mark class=\"none\"></mark>");
    }
    if (pen.end < text->count)
        add_gap(out, text->count - pen.end, "more characters");
}

static bool add_special(struct buffer *out, struct page_bytes value)
{
    if (value.bytes && value.length)
        return false;
    buffer_printf(out, "<span class=\"null\">%s</span>", value.bytes ? "empty" : "NULL");
    return true;
}

void page_value(struct buffer *out, struct page_bytes value)
{
    if (add_special(out, value))
        return;
    struct text text = read_text(value);
    struct pen pen = {out, &text, PAGE_VALUE_SHOWN, 0};
    add_ends(&pen, 0, text.count, PAGE_VALUE_SHOWN / 2, WHOLE, false, "more characters");
    free_text(&text);
}

bool page_pair(const struct page_bytes values[SIDES], struct buffer *const out[SIDES])
{
    const struct page_bytes *source = &values[SOURCE], *target = &values[TARGET];
    bool same = !source->bytes == !target->bytes && source->length == target->length &&
                (!source->length || memcmp(source->bytes, target->bytes, source->length) == 0);
    /* Beside nothing, everything differs: marking it would say no more. */
    bool plain = same || !source->length || !target->length;
    if (plain) {
        for (int side = 0; side < SIDES; side++)
            page_value(out[side], values[side]);
        return !same;
    }
    struct text texts[SIDES];
    for (int side = 0; side < SIDES; side++)
        texts[side] = read_text(values[side]);
    compare(texts);
    for (int side = 0; side < SIDES; side++)
        add_marked(out[side], texts, side);
    for (int side = 0; side < SIDES; side++)
        free_text(&texts[side]);
    return true;
}

void page_pair_cells(struct buffer *out, const char *const value[SIDES])
{
    static const char *const label[SIDES] = {"Source", "Target"};
    struct buffer cell[SIDES] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
    struct page_bytes bytes[SIDES];
    bool both = value[SOURCE] && value[TARGET];
    for (int side = 0; side < SIDES; side++)
        bytes[side] = (struct page_bytes){value[side], value[side] ? strlen(value[side]) : 0};
    if (both)
        page_pair(bytes, (struct buffer *const[]){&cell[SOURCE], &cell[TARGET]});
    for (int side = 0; side < SIDES; side++) {
        buffer_printf(out, "<td data-label=\"%s\">", label[side]);
        if (!value[side]) {
            buffer_add_text(out, "<span class=\"muted\">none</span>");
        } else {
            buffer_add_text(out, "<div class=\"value\">");
            if (both)
                buffer_add(out, cell[side].data, cell[side].length);
            else
                page_value(out, bytes[side]);
            buffer_add_text(out, "</div>");
        }
        buffer_add_text(out, "</td>");
        buffer_free(&cell[side]);
    }
}
