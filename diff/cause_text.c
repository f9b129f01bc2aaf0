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

/* ---- truncated: texts that end where others were cut, too. What merely begins like the other text
 * may have been continued by somebody. */

#define CUT_FEWEST 4  /* characters that a text was cut to, where no limit is declared */
#define CUT_ROWS 3    /* at a limit that is neither declared nor round */
#define CUT_SHARE 0.3 /* of the texts that begin like the other, at one limit */
#define CUT_SPAN 8    /* blanks that may have stood behind the cut */
enum { CUT_AT_NUL };
enum { CUT_CHARACTERS, CUT_BYTES }; /* spans: limits that the text may have met */

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
    blanks = blanks < CUT_SPAN ? blanks : CUT_SPAN;
    match->marks = from[kept] == 0 ? 1u << CUT_AT_NUL : 0;
    match->low[CUT_CHARACTERS] = characters;
    match->high[CUT_CHARACTERS] = characters + (int64_t)blanks;
    match->low[CUT_BYTES] = (int64_t)kept;
    match->high[CUT_BYTES] = (int64_t)(kept + blanks + (next ? next - 1 : 0));
    return true;
}

/* As programmers choose limits: 16, 31, 50, 255, 65535. */
static bool is_round(int64_t n)
{
    return n >= 16 && ((n & (n + 1)) == 0 || (n & (n - 1)) == 0 || n % 50 == 0);
}

/* A limit in characters or bytes, and how many texts fit it. */
struct limit {
    bool bytes, declared;
    int64_t number;
    uint64_t count;
};

static void try_limit(const struct cause_group *group, bool bytes, int64_t number,
                      struct limit *best)
{
    uint32_t declared =
        bytes ? group->column->bytes[group->damaged] : group->column->characters[group->damaged];
    struct limit one = {
        .bytes = bytes,
        .declared = number == (int64_t)declared,
        .number = number,
        .count = cause_limit_count(group->limits[bytes ? CUT_BYTES : CUT_CHARACTERS], number)};
    if (!one.count || (one.count < CUT_ROWS && !one.declared && !is_round(number)) ||
        (double)one.count < CUT_SHARE * (double)group->count)
        return;
    /* The most texts; of equally many the declared limit, a round one, characters. */
    int order = one.count > best->count ? 1 : one.count < best->count ? -1 : 0;
    if (!order)
        order = one.declared - best->declared;
    if (!order)
        order = is_round(number) - is_round(best->number);
    if (order > 0)
        *best = one;
}

/* count 0: there is none. */
static struct limit find_limit(const struct cause_group *group)
{
    struct limit best = {0};
    for (int bytes = 0; bytes < 2; bytes++) {
        const struct cause_limits *limits = group->limits[bytes ? CUT_BYTES : CUT_CHARACTERS];
        for (size_t i = 0; limits && i < 2 * CAUSE_LIMITS; i++)
            if (limits->places[i].number)
                try_limit(group, bytes, limits->places[i].number, &best);
    }
    return best;
}

static bool is_cut_at_nul(const struct cause_group *group, const struct limit *limit)
{
    uint64_t at_nul = group->marked[CUT_AT_NUL];
    return at_nul > limit->count || (at_nul && at_nul == limit->count && !limit->declared);
}

static uint64_t confirm_truncated(const struct cause_group *group)
{
    struct limit limit = find_limit(group);
    return is_cut_at_nul(group, &limit) ? group->marked[CUT_AT_NUL] : limit.count;
}

static double say_truncated(const struct cause_group *group, struct buffer *out)
{
    char number[32];
    struct limit limit = find_limit(group);
    if (is_cut_at_nul(group, &limit)) {
        buffer_printf(out, "%s cut at a NUL character in the %s", cause_are(group->count),
                      damaged_side(group));
        return 1.0;
    }
    /* The limits of MySQL's texts are bytes, whether or not a text shows it. */
    bool bytes = limit.bytes || (limit.number == 65535 && !limit.declared);
    buffer_printf(out, "%s cut at %s %s%s in the %s", cause_are(group->count),
                  human_count((uint64_t)limit.number, number), bytes ? "byte" : "character",
                  limit.number == 1 ? "" : "s", damaged_side(group));
    double confidence = limit.declared || limit.count >= CUT_ROWS ? 1.0 : 0.8;
    /* A text that is equal on both sides and longer. */
    bool longer = (uint64_t)group->seen->longest > (uint64_t)limit.number * (bytes ? 1 : 4);
    return longer ? confidence - 0.2 : confidence;
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
        !utf8_is_valid(middle.from, middle.from_length) ||
        !utf8_is_valid(middle.to, middle.to_length) ||
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
        is_ascii(middle.from, middle.from_length) ||
        !utf8_is_valid(middle.from, middle.from_length) ||
        !utf8_is_valid(middle.to, middle.to_length))
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
           !has_plain_end(&middle, false) && utf8_is_valid(middle.from, middle.from_length) &&
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
    {.name = "null-empty",
     .sure = true,
     .from = EMPTIES,
     .to = NULLS,
     .fits = null_empty,
     .say = say_null_empty},
    {.name = "trailing-blanks",
     .sure = true,
     .from = BLOBS,
     .to = BLOBS,
     .fits = trailing_blanks,
     .say = say_trailing_blanks},
    {.name = "truncated",
     .sure = true,
     .from = BLOBS,
     .to = BLOBS,
     .fits = truncated,
     .say = say_truncated,
     .confirm = confirm_truncated},
    {.name = "line-endings",
     .sure = true,
     .from = TEXTS,
     .to = TEXTS,
     .fits = line_endings,
     .say = say_line_endings},
    {.name = "unicode-form",
     .sure = false,
     .from = TEXTS,
     .to = TEXTS,
     .fits = unicode_form,
     .say = say_unicode_form},
    {.name = "case",
     .sure = true,
     .from = TEXTS,
     .to = TEXTS,
     .fits = is_other_case,
     .say = say_case},
    {.name = "replaced-characters",
     .sure = false,
     .from = TEXTS,
     .to = TEXTS,
     .fits = replaced_characters,
     .say = say_replaced_characters},
    {.name = NULL},
};
