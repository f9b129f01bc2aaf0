/*
 * Rules over one text, or bytes: NULL for nothing, cut, padded, another case, another form, other
 * line ends, characters that an encoding lacked, HTML. Every rule looks first at what costs
 * nothing: lengths, and how much both texts begin and end with.
 */
#include "cause_rule.h"

#include "base/progress.h"
#include "base/utf8.h"
#include "unicode.h"

#include <stdlib.h>

#define UNICODE_MOST 65536 /* bytes of the unlike parts of two texts that libunistring is given */

static const char *other_side(const struct cause_group *group)
{
    return side_name[group->damaged == SOURCE ? TARGET : SOURCE];
}

static const char *damaged_side(const struct cause_group *group)
{
    return side_name[group->damaged];
}

/* The parts of two texts between what they begin and end with. */
struct middle {
    const unsigned char *from, *to;
    size_t from_length, to_length;
};

static struct middle middle_of(const struct cause_pair *pair)
{
    size_t both = pair->prefix + pair->suffix;
    return (struct middle){pair->from->payload + pair->prefix, pair->to->payload + pair->prefix,
                           pair->from->payload_length - both, pair->to->payload_length - both};
}

/* Do the unlike parts begin, or end, with two characters of ASCII that are not the same? No change
 * of form, of marks or, with fold, of case makes one of the other. */
static bool has_plain_end(const struct middle *middle, bool fold)
{
    if (!middle->from_length || !middle->to_length)
        return false;
    const unsigned char ends[2][2] = {
        {middle->from[0], middle->to[0]},
        {middle->from[middle->from_length - 1], middle->to[middle->to_length - 1]}};
    for (int i = 0; i < 2; i++)
        if (ends[i][0] < 0x80 && ends[i][1] < 0x80 && ends[i][0] != ends[i][1] &&
            (!fold || ((ends[i][0] ^ ends[i][1]) & ~0x20)))
            return true;
    return false;
}

static bool is_ascii(const unsigned char *bytes, size_t length)
{
    unsigned char all = 0;
    for (size_t i = 0; i < length; i++)
        all |= bytes[i];
    return all < 0x80;
}

static bool is_utf8(const unsigned char *bytes, size_t length)
{
    const unsigned char *at = bytes, *end = bytes + length;
    while (at < end) {
        size_t size = utf8_size(at, end);
        if (!size)
            return false;
        at += size;
    }
    return true;
}

/* ---- null-empty */

static bool null_empty(const struct cause_pair *pair, struct cause_match *match)
{
    (void)match;
    return pair->from->payload_length == 0;
}

static double say_null_empty(const struct cause_group *group, struct buffer *out)
{
    /* `to` is NULL, whichever side is the damaged one. */
    buffer_printf(out, "%s NULL in the %s and empty in the %s", cause_are(group->count),
                  damaged_side(group), other_side(group));
    return group->seen->empties ? 0.9 : 1.0;
}

/* ---- trailing-blanks */

enum { TRAILING_BLANKS, TRAILING_ZEROS };

static bool trailing_blanks(const struct cause_pair *pair, struct cause_match *match)
{
    const unsigned char *from = pair->from->payload;
    size_t length = pair->from->payload_length, kept = pair->to->payload_length;
    if (length <= kept || pair->prefix != kept || pair->from->tag != pair->to->tag)
        return false;
    unsigned char pad = from[kept];
    if (pad != ' ' && (pad != 0 || pair->from->tag != VALUE_BYTES))
        return false;
    for (size_t i = kept; i < length; i++)
        if (from[i] != pad)
            return false;
    match->marks = 1u << (pad ? TRAILING_BLANKS : TRAILING_ZEROS);
    return true;
}

static double say_trailing_blanks(const struct cause_group *group, struct buffer *out)
{
    buffer_printf(out, "%s %s in the %s that the %s lacks", group->count == 1 ? "ends" : "end",
                  group->marked[TRAILING_ZEROS] ? "in zero bytes" : "in blanks", other_side(group),
                  damaged_side(group));
    return 1.0;
}

/* ---- truncated */

#define CUT_FEWEST 4 /* characters that a text was cut to, where no limit is declared */
enum { CUT_AT_NUL };
/* Of each text the longest limit that it may have met, and the shortest. */
enum { CUT_SHORTEST_CHARACTERS, CUT_LONGEST_CHARACTERS, CUT_SHORTEST_BYTES, CUT_LONGEST_BYTES };

static bool truncated(const struct cause_pair *pair, struct cause_match *match)
{
    const unsigned char *from = pair->from->payload;
    size_t length = pair->from->payload_length, kept = pair->to->payload_length;
    if (!kept || length <= kept || pair->prefix != kept)
        return false;
    size_t blanks = 0; /* may have been cut with the rest or been dropped behind the cut */
    while (kept + blanks < length && from[kept + blanks] == ' ')
        blanks++;
    if (kept + blanks == length)
        return false;
    bool text = pair->to->tag != VALUE_BYTES;
    size_t next = text ? utf8_size(from + kept + blanks, from + length) : 1;
    int64_t characters = (int64_t)(text ? cause_count_characters(from, kept) : kept);
    /* "1.0" and "1" were not cut, unless the column holds no more. */
    if (characters < CUT_FEWEST && characters != (int64_t)pair->column->characters[pair->damaged] &&
        kept != pair->column->bytes[pair->damaged])
        return false;
    match->marks = from[kept] == 0 ? 1u << CUT_AT_NUL : 0;
    match->measure[CUT_SHORTEST_CHARACTERS] = characters;
    match->measure[CUT_LONGEST_CHARACTERS] = characters + (int64_t)blanks;
    match->measure[CUT_SHORTEST_BYTES] = (int64_t)kept;
    match->measure[CUT_LONGEST_BYTES] = (int64_t)(kept + blanks + (next ? next - 1 : 0));
    return true;
}

static bool is_round(int64_t n)
{
    return (n & (n + 1)) == 0 || (n & (n - 1)) == 0 || n % 50 == 0;
}

/* A limit between two bounds: that of the column, else a round one, else the lowest. */
static int64_t choose_limit(int64_t low, int64_t high, uint32_t declared)
{
    if (declared >= low && declared <= high)
        return declared;
    for (int64_t n = low; n <= high && n < low + 64; n++)
        if (is_round(n))
            return n;
    return low;
}

static double say_truncated(const struct cause_group *group, struct buffer *out)
{
    char number[32], more[32];
    int64_t shortest = group->highest[CUT_SHORTEST_CHARACTERS];
    int64_t longest = group->lowest[CUT_LONGEST_CHARACTERS];
    int64_t bytes_low = group->highest[CUT_SHORTEST_BYTES];
    int64_t bytes_high = group->lowest[CUT_LONGEST_BYTES];
    uint32_t characters = group->column->characters[group->damaged];
    uint32_t bytes = group->column->bytes[group->damaged];
    buffer_printf(out, "%s cut ", cause_are(group->count));
    bool by_bytes = bytes_low <= bytes_high, by_characters = shortest <= longest;
    bool declared_bytes = by_bytes && bytes && bytes >= bytes_low && bytes <= bytes_high;
    double confidence = group->count < 3 && !is_round(shortest) ? 0.8 : 1.0;
    int64_t limit;
    if (group->marked[CUT_AT_NUL] == group->count) {
        buffer_printf(out, "at a NUL character in the %s", damaged_side(group));
        return 1.0;
    }
    if (by_characters && !declared_bytes &&
        !(by_bytes && bytes_low >= 65532 && bytes_low <= 65535)) {
        limit = choose_limit(shortest, longest, characters);
        buffer_printf(out, "at %s character%s", human_count((uint64_t)limit, number),
                      limit == 1 ? "" : "s");
    } else if (by_bytes) {
        limit = choose_limit(bytes_low, bytes_high, bytes ? bytes : 65535);
        buffer_printf(out, "at %s byte%s", human_count((uint64_t)limit, number),
                      limit == 1 ? "" : "s");
    } else {
        buffer_printf(out, "after %s to %s characters in the %s",
                      human_count((uint64_t)group->lowest[CUT_SHORTEST_CHARACTERS], number),
                      human_count((uint64_t)shortest, more), damaged_side(group));
        return 0.5;
    }
    buffer_printf(out, " in the %s", damaged_side(group));
    /* A text that is equal on both sides and longer. */
    return (uint64_t)group->seen->longest > (uint64_t)limit * 4 ? confidence - 0.2 : confidence;
}

/* ---- case */

enum { CASE_LOWER, CASE_UPPER, CASE_OTHER };

static uint32_t ascii_case(const struct middle *middle)
{
    uint32_t marks = 1u << CASE_LOWER | 1u << CASE_UPPER;
    for (size_t i = 0; i < middle->from_length; i++) {
        unsigned char from = middle->from[i], to = middle->to[i];
        if (from == to)
            continue;
        unsigned char lower = from | 0x20;
        if ((from ^ to) != 0x20 || lower < 'a' || lower > 'z')
            return 0;
        marks &= ~(1u << (to & 0x20 ? CASE_UPPER : CASE_LOWER));
    }
    return marks ? marks : 1u << CASE_OTHER;
}

static bool is_other_case(const struct cause_pair *pair, struct cause_match *match)
{
    struct middle middle = middle_of(pair);
    if (pair->damaged == SOURCE || !middle.from_length || !middle.to_length)
        return false; /* it is the same in both directions */
    if (is_ascii(middle.from, middle.from_length) && is_ascii(middle.to, middle.to_length)) {
        match->marks = middle.from_length == middle.to_length ? ascii_case(&middle) : 0;
        return match->marks != 0;
    }
    if (has_plain_end(&middle, true) || middle.from_length > 3 * middle.to_length ||
        middle.to_length > 3 * middle.from_length ||
        middle.from_length + middle.to_length > UNICODE_MOST ||
        !is_utf8(middle.from, middle.from_length) || !is_utf8(middle.to, middle.to_length) ||
        !unicode_is_case(UNICODE_FOLDED, middle.from, middle.from_length, middle.to,
                         middle.to_length))
        return false;
    if (unicode_is_case(UNICODE_LOWER, middle.from, middle.from_length, middle.to,
                        middle.to_length))
        match->marks = 1u << CASE_LOWER;
    else if (unicode_is_case(UNICODE_UPPER, middle.from, middle.from_length, middle.to,
                             middle.to_length))
        match->marks = 1u << CASE_UPPER;
    else
        match->marks = 1u << CASE_OTHER;
    return true;
}

static double say_case(const struct cause_group *group, struct buffer *out)
{
    if (group->marked[CASE_LOWER] == group->count)
        buffer_printf(out, "%s letters in lower case in the target that are capitals in the source",
                      cause_have(group->count));
    else if (group->marked[CASE_UPPER] == group->count)
        buffer_printf(out, "%s capitals in the target that are in lower case in the source",
                      cause_have(group->count));
    else
        buffer_printf(out, "%s in upper and lower case alone",
                      group->count == 1 ? "differs" : "differ");
    return 1.0;
}

/* ---- unicode-form */

enum { FORM_NFC, FORM_NFD, FORM_NFKC };

static bool unicode_form(const struct cause_pair *pair, struct cause_match *match)
{
    struct middle middle = middle_of(pair);
    if (!middle.from_length || !middle.to_length ||
        middle.from_length + middle.to_length > UNICODE_MOST || has_plain_end(&middle, false) ||
        is_ascii(middle.from, middle.from_length) || !is_utf8(middle.from, middle.from_length) ||
        !is_utf8(middle.to, middle.to_length))
        return false;
    /* A mark alone composes with the letter before it. */
    while (pair->prefix && middle.from > pair->from->payload) {
        size_t back = 1;
        while (back < 4 && middle.from - back > pair->from->payload &&
               (middle.from[-(ptrdiff_t)back] & 0xc0) == 0x80)
            back++;
        middle.from -= back;
        middle.to -= back;
        middle.from_length += back;
        middle.to_length += back;
        break;
    }
    static const struct {
        enum unicode_form form;
        int mark;
    } forms[] = {{UNICODE_NFC, FORM_NFC}, {UNICODE_NFD, FORM_NFD}, {UNICODE_NFKC, FORM_NFKC}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (unicode_is_form(forms[i].form, middle.from, middle.from_length, middle.to,
                            middle.to_length)) {
            match->marks = 1u << forms[i].mark;
            return true;
        }
    return false;
}

static double say_unicode_form(const struct cause_group *group, struct buffer *out)
{
    buffer_printf(out, "%s in another Unicode form: %s in the %s", cause_are(group->count),
                  group->marked[FORM_NFKC] == group->count
                      ? "without compatibility characters (NFKC)"
                  : group->marked[FORM_NFD] == group->count ? "decomposed (NFD)"
                  : group->marked[FORM_NFC] == group->count ? "composed (NFC)"
                                                            : "normalised",
                  damaged_side(group));
    return 1.0;
}

/* ---- line-endings */

enum { LINES_LF, LINES_CR, LINES_CRLF };

/* One line end or byte of the text at the place; line ends become '\n'. */
static unsigned char next_of_line(const unsigned char **at, const unsigned char *end,
                                  uint32_t *seen)
{
    unsigned char byte = *(*at)++;
    if (byte == '\r' && *at < end && **at == '\n') {
        ++*at;
        *seen |= 1u << LINES_CRLF;
        return '\n';
    }
    if (byte == '\r')
        *seen |= 1u << LINES_CR;
    else if (byte == '\n')
        *seen |= 1u << LINES_LF;
    return byte == '\r' ? '\n' : byte;
}

static bool line_endings(const struct cause_pair *pair, struct cause_match *match)
{
    const unsigned char *from = pair->from->payload, *to = pair->to->payload;
    const unsigned char *from_end = from + pair->from->payload_length;
    const unsigned char *to_end = to + pair->to->payload_length;
    uint32_t from_seen = 0, to_seen = 0;
    size_t at = pair->prefix;
    bool here = (from + at < from_end && (from[at] == '\r' || from[at] == '\n')) ||
                (to + at < to_end && (to[at] == '\r' || to[at] == '\n'));
    if (pair->damaged == SOURCE || !here)
        return false;
    while (from < from_end && to < to_end)
        if (next_of_line(&from, from_end, &from_seen) != next_of_line(&to, to_end, &to_seen))
            return false;
    match->marks = (to_seen & 7) | (from_seen & 7) << 3;
    return from == from_end && to == to_end;
}

static const char *line_end_name(const struct cause_group *group, int first)
{
    static const char *const names[] = {"LF", "CR", "CRLF"};
    const char *name = NULL;
    for (int i = 0; i < 3; i++)
        if (group->marked[first + i])
            name = name ? "mixed line ends" : names[i];
    return name ? name : "mixed line ends";
}

static double say_line_endings(const struct cause_group *group, struct buffer *out)
{
    buffer_printf(out, "%s lines with %s in the target, with %s in the source",
                  group->count == 1 ? "ends" : "end", line_end_name(group, 0),
                  line_end_name(group, 3));
    return 1.0;
}

/* ---- replaced-characters */

enum { LOST_ONE_EACH, LOST_PER_BYTE, LOST_DROPPED, LOST_NUL, LOST_ACCENTS, LOST_REPLACEMENT };
/* The lowest character that was lost, and the highest that was not. */
enum { LOST_LOWEST_CODE, LOST_HIGHEST_KEPT };

/* What stands for a lost character: '?', or U+FFFD; its size, 0: neither. */
static size_t stand_in(const unsigned char *at, const unsigned char *end)
{
    if (at < end && *at == '?')
        return 1;
    return end - at >= 3 && memcmp(at, "\xef\xbf\xbd", 3) == 0 ? 3 : 0;
}

/*
 * Walks through both texts: every character that is not the same in `to` is beyond ASCII and has
 * become `each` marks (0: as many as it has bytes; -1: nothing at all).
 */
static bool is_replaced(const struct cause_pair *pair, int each, struct cause_match *match)
{
    const unsigned char *from = pair->from->payload + pair->prefix;
    const unsigned char *to = pair->to->payload + pair->prefix;
    const unsigned char *from_end = pair->from->payload + pair->from->payload_length;
    const unsigned char *to_end = pair->to->payload + pair->to->payload_length;
    uint32_t lowest = UINT32_MAX, highest = 0;
    size_t kept_same = pair->prefix + pair->suffix, lost = 0;
    while (from < from_end) {
        size_t size = utf8_size(from, from_end);
        uint32_t code;
        if (!size)
            return false;
        if ((size_t)(to_end - to) >= size && memcmp(from, to, size) == 0) {
            cause_decode(from, size, &code, 1);
            highest = code > highest ? code : highest;
            from += size;
            to += size;
            kept_same += size;
            continue;
        }
        bool nul = *from == 0 && each < 0;
        if (size < 2 && !nul)
            return false;
        for (size_t i = 0; i < (each < 0 ? 0 : each ? (size_t)each : size); i++) {
            size_t mark = stand_in(to, to_end);
            if (!mark)
                return false;
            match->marks |= mark == 3 ? 1u << LOST_REPLACEMENT : 0;
            to += mark;
        }
        cause_decode(from, size, &code, 1);
        lowest = code < lowest ? code : lowest;
        match->marks |= nul ? 1u << LOST_NUL : 0;
        lost++;
        from += size;
    }
    match->measure[LOST_LOWEST_CODE] = lowest;
    match->measure[LOST_HIGHEST_KEPT] = highest;
    /* Characters that were dropped are only believed where most of the text is left. */
    return lost && to == to_end && (each >= 0 || kept_same > 2 * lost || match->marks);
}

static bool replaced_characters(const struct cause_pair *pair, struct cause_match *match)
{
    static const struct {
        int each, mark;
    } ways[] = {{1, LOST_ONE_EACH}, {0, LOST_PER_BYTE}, {-1, LOST_DROPPED}};
    struct middle middle = middle_of(pair);
    bool nul = memchr(middle.from, 0, middle.from_length) != NULL;
    if (!middle.from_length || (is_ascii(middle.from, middle.from_length) && !nul))
        return false;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        match->marks = 0;
        if (is_replaced(pair, ways[i].each, match)) {
            match->marks |= 1u << ways[i].mark;
            return true;
        }
    }
    match->marks = 1u << LOST_ACCENTS;
    match->measure[LOST_LOWEST_CODE] = 0x80;
    match->measure[LOST_HIGHEST_KEPT] = 0;
    return middle.to_length && middle.from_length + middle.to_length < UNICODE_MOST &&
           !has_plain_end(&middle, false) && is_utf8(middle.from, middle.from_length) &&
           unicode_is_unaccented(middle.from, middle.from_length, middle.to, middle.to_length);
}

static double say_replaced_characters(const struct cause_group *group, struct buffer *out)
{
    int64_t lowest = group->lowest[LOST_LOWEST_CODE];
    int64_t kept = group->highest[LOST_HIGHEST_KEPT];
    const char *lacks = kept >= lowest                    ? "an encoding on the way"
                        : lowest >= 0x10000               ? "a UTF-8 of three bytes (utf8mb3)"
                        : lowest >= 0x100 && kept < 0x100 ? "Latin-1"
                        : kept < 0x80                     ? "ASCII"
                                                          : "an encoding on the way";
    const char *side = damaged_side(group);
    if (group->marked[LOST_NUL] == group->count)
        buffer_printf(out, "%s lost NUL characters in the %s", cause_have(group->count), side);
    else if (group->marked[LOST_ACCENTS] == group->count)
        buffer_printf(out, "%s letters without their accents in the %s", cause_have(group->count),
                      side);
    else if (group->marked[LOST_DROPPED] == group->count)
        buffer_printf(out, "%s lost the characters that %s lacks in the %s",
                      cause_have(group->count), lacks, side);
    else
        buffer_printf(
            out, "%s '%s' in the %s for characters that %s lacks", cause_have(group->count),
            group->marked[LOST_REPLACEMENT] == group->count ? "\xef\xbf\xbd" : "?", side, lacks);
    return 1.0;
}

#define TEXTS (CAUSE_TAG(VALUE_TEXT) | CAUSE_TAG(VALUE_RAW))
#define BLOBS (CAUSE_TAG(VALUE_TEXT) | CAUSE_TAG(VALUE_BYTES))
#define EMPTIES (BLOBS | CAUSE_TAG(VALUE_SET))
#define NULLS CAUSE_TAG(VALUE_NULL)

const struct cause_rule cause_text_rules[] = {
    {"null-empty", true, EMPTIES, NULLS, null_empty, say_null_empty},
    {"trailing-blanks", true, BLOBS, BLOBS, trailing_blanks, say_trailing_blanks},
    {"truncated", true, BLOBS, BLOBS, truncated, say_truncated},
    {"line-endings", true, TEXTS, TEXTS, line_endings, say_line_endings},
    {"unicode-form", false, TEXTS, TEXTS, unicode_form, say_unicode_form},
    {"case", true, TEXTS, TEXTS, is_other_case, say_case},
    {"replaced-characters", false, TEXTS, TEXTS, replaced_characters, say_replaced_characters},
    {0},
};
