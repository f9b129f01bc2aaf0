/*
 * What values that differ by themselves have in common. Input: pairs of values and what stands
 * around them. Output: a regular expression for diff/regex.h that matches them, and little else:
 * runs of digits, letters and marks as they were seen, between what always stood around them.
 *
 *     "built in 0.012 s", "built in 0.013 s"     (?<=built in )[0-9]+\.[0-9]{3}(?= s)
 *     "8f3a…", "77ce…"                           ^[0-9a-f]{40}$
 */
#include "noise_parts.h"

#include "../diff/base/utf8.h"

#include <ctype.h>

#define CONTEXT_LEAST 4 /* bytes that must stand before a value of any shape */

/* ---- runs ---- */

static bool is_word(unsigned char byte)
{
    return isalnum(byte) || byte >= 0x80;
}

static enum noise_run_kind kind_of(const unsigned char *at, size_t length)
{
    bool digits = true, hex = true, letters = true, any_digit = false;
    for (size_t i = 0; i < length; i++) {
        if (at[i] >= 0x80)
            return RUN_UNICODE;
        bool digit = isdigit(at[i]);
        any_digit = any_digit || digit;
        digits = digits && digit;
        letters = letters && !digit;
        hex = hex && (digit || (at[i] >= 'a' && at[i] <= 'f'));
    }
    return digits ? RUN_DIGITS : letters ? RUN_LETTERS : hex && any_digit ? RUN_HEX : RUN_WORD;
}

static struct noise_run run_at(const unsigned char *at, const unsigned char *end)
{
    struct noise_run run = {.kind = RUN_BYTE};
    size_t length = 1;
    if (is_word(*at)) {
        while (at + length < end && is_word(at[length]))
            length++;
        run.kind = kind_of(at, length);
    } else if (isspace(*at)) {
        while (at + length < end && isspace(at[length]))
            length++;
        run.kind = RUN_BLANK;
    }
    run.least = run.most = (unsigned)length;
    if (run.kind == RUN_BYTE || (run.kind == RUN_LETTERS && length < sizeof run.text))
        memcpy(run.text, at, length);
    return run;
}

/* False: there are too many, or a byte that no file of rules should hold. */
static bool read_runs(struct noise_pattern *pattern, struct slice text)
{
    const unsigned char *at = text.at, *end = at + text.length;
    pattern->count = 0;
    if (!text.length || !utf8_is_valid(text.at, text.length))
        return false;
    while (at < end) {
        if (pattern->count == NOISE_RUNS || (!isspace(*at) && (*at < ' ' || *at == 0x7f)))
            return false;
        struct noise_run run = run_at(at, end);
        pattern->runs[pattern->count++] = run;
        at += run.most;
    }
    return true;
}

static bool is_wordlike(enum noise_run_kind kind)
{
    return kind != RUN_BYTE && kind != RUN_BLANK;
}

static bool same_shape(const struct noise_pattern *one, const struct noise_pattern *other)
{
    if (one->count != other->count || !one->count)
        return false;
    for (size_t i = 0; i < one->count; i++) {
        const struct noise_run *run = &one->runs[i], *more = &other->runs[i];
        if (is_wordlike(run->kind) != is_wordlike(more->kind) ||
            (!is_wordlike(run->kind) &&
             (run->kind != more->kind || strcmp(run->text, more->text) != 0)))
            return false;
    }
    return true;
}

static enum noise_run_kind common_kind(enum noise_run_kind one, enum noise_run_kind other)
{
    enum noise_run_kind low = one < other ? one : other, high = one < other ? other : one;
    if (low == high)
        return low;
    if (high == RUN_UNICODE)
        return RUN_UNICODE;
    return low == RUN_DIGITS && high == RUN_HEX ? RUN_HEX : RUN_WORD;
}

/* Hex digits may be letters alone, or digits alone, by chance. */
static bool is_hex_letters(const struct noise_run *run)
{
    if (run->kind != RUN_LETTERS || !*run->text)
        return false;
    for (const char *at = run->text; *at; at++)
        if (*at < 'a' || *at > 'f')
            return false;
    return true;
}

static void merge_run(struct noise_run *run, const struct noise_run *more)
{
    bool same = strcmp(run->text, more->text) == 0 && *run->text;
    if (is_hex_letters(run) && (more->kind == RUN_HEX || more->kind == RUN_DIGITS))
        run->kind = RUN_HEX;
    else if ((run->kind == RUN_HEX || run->kind == RUN_DIGITS) && is_hex_letters(more))
        run->kind = RUN_HEX;
    else
        run->kind = common_kind(run->kind, more->kind);
    if (!same && run->kind != RUN_BYTE)
        run->text[0] = '\0';
    if (more->least < run->least)
        run->least = more->least;
    if (more->most > run->most)
        run->most = more->most;
}

/* ---- what stands around ---- */

static bool is_plain(unsigned char byte)
{
    return byte >= ' ' && byte != 0x7f;
}

/* May it stand in a YAML text on one line? Controls, line breaks of Unicode and marks of order may
 * not. */
static bool is_writable(const unsigned char *at, size_t length)
{
    for (const unsigned char *end = at + length; at < end;) {
        size_t size = utf8_size(at, end);
        uint32_t code = size ? utf8_read(at, size) : 0;
        if (!size || code < ' ' || (code >= 0x7f && code < 0xa0) || code == 0x2028 ||
            code == 0x2029 || code == 0xfeff || code == 0xfffe || code == 0xffff)
            return false;
        at += size;
    }
    return true;
}

static void set_before(struct noise_pattern *pattern, const struct noise_span *span)
{
    const unsigned char *at = span->before.at;
    size_t end = span->before.length, from = end;
    while (from && end - from < NOISE_CONTEXT && is_plain(at[from - 1]))
        from--;
    while (from < end && (at[from] & 0xc0) == 0x80)
        from++;
    pattern->at_start = span->at_start && from == 0;
    if (!is_writable(at + from, end - from)) {
        pattern->at_start = false;
        from = end;
    }
    if (end > from)
        memcpy(pattern->before, at + from, end - from);
    pattern->before[end - from] = '\0';
}

static void set_after(struct noise_pattern *pattern, const struct noise_span *span)
{
    const unsigned char *at = span->after.at;
    size_t end = 0;
    while (end < span->after.length && end < NOISE_CONTEXT && is_plain(at[end]))
        end++;
    pattern->at_end = span->at_end && end == span->after.length;
    while (end && end < span->after.length && (at[end] & 0xc0) == 0x80)
        end--;
    if (!is_writable(at, end)) {
        pattern->at_end = false;
        end = 0;
    }
    if (end)
        memcpy(pattern->after, at, end);
    pattern->after[end] = '\0';
}

/* What both end with; what both begin with. Whole characters. */
static void merge_context(struct noise_pattern *pattern, const struct noise_pattern *more)
{
    size_t one = strlen(pattern->before), other = strlen(more->before), same = 0;
    while (same < one && same < other &&
           pattern->before[one - same - 1] == more->before[other - same - 1])
        same++;
    while (same && ((unsigned char)pattern->before[one - same] & 0xc0) == 0x80)
        same--;
    pattern->at_start = pattern->at_start && more->at_start && same == one && same == other;
    memmove(pattern->before, pattern->before + one - same, same + 1);
    one = strlen(pattern->after);
    other = strlen(more->after);
    for (same = 0; same < one && same < other && pattern->after[same] == more->after[same];)
        same++;
    pattern->at_end = pattern->at_end && more->at_end && same == one && same == other;
    while (same && ((unsigned char)pattern->after[same] & 0xc0) == 0x80)
        same--;
    pattern->after[same] = '\0';
}

void noise_pattern_of(struct noise_pattern *pattern, const struct noise_span *span)
{
    struct noise_pattern more;
    *pattern = (struct noise_pattern){0};
    bool readable = read_runs(pattern, span->text[SOURCE]) &&
                    read_runs(&more, span->text[TARGET]) && same_shape(pattern, &more);
    for (size_t i = 0; readable && i < pattern->count; i++)
        merge_run(&pattern->runs[i], &more.runs[i]);
    if (!readable)
        pattern->count = 0;
    set_before(pattern, span);
    set_after(pattern, span);
}

bool noise_pattern_is_told(const struct noise_pattern *pattern)
{
    return strlen(pattern->before) >= CONTEXT_LEAST || strlen(pattern->after) >= CONTEXT_LEAST ||
           (pattern->at_start && pattern->at_end);
}

bool noise_pattern_merge(struct noise_pattern *pattern, const struct noise_pattern *more,
                         bool apart)
{
    if ((pattern->count || more->count) && !same_shape(pattern, more))
        return false;
    struct noise_pattern merged = *pattern;
    merge_context(&merged, more);
    if (apart && !noise_pattern_is_told(&merged))
        return false;
    for (size_t i = 0; i < pattern->count; i++)
        merge_run(&pattern->runs[i], &more->runs[i]);
    merge_context(pattern, more);
    return true;
}

bool noise_pattern_cover(struct noise_pattern *pattern, const struct noise_pattern *more)
{
    struct noise_pattern merged = *pattern;
    noise_pattern_forget(&merged, more);
    if (!noise_pattern_is_told(&merged))
        return false;
    *pattern = merged;
    return true;
}

void noise_pattern_forget(struct noise_pattern *pattern, const struct noise_pattern *more)
{
    pattern->count = 0;
    merge_context(pattern, more);
}

/* ---- regular expressions ---- */

static void add_quoted(struct buffer *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("\\^$.[]|()?*+{}#", *text))
            buffer_add_byte(out, '\\');
        buffer_add_byte(out, (unsigned char)*text);
    }
}

/* Is the run a part of something that has a fixed form, such as 12:05 or 0.120? */
static bool is_framed(const struct noise_pattern *pattern, size_t run)
{
    bool before = run && pattern->runs[run - 1].kind == RUN_BYTE;
    bool behind = run + 1 < pattern->count && pattern->runs[run + 1].kind == RUN_BYTE;
    return before || (behind && pattern->runs[run + 1].text[0] != '.');
}

static void add_run(struct buffer *out, const struct noise_pattern *pattern, size_t at, bool secret)
{
    static const char *const sets[] = {[RUN_DIGITS] = "[0-9]",
                                       [RUN_HEX] = "[0-9a-f]",
                                       [RUN_LETTERS] = "[A-Za-z]",
                                       [RUN_WORD] = "[0-9A-Za-z]",
                                       [RUN_UNICODE] = "[0-9A-Za-z\\x{80}-\\x{10FFFF}]"};
    /* bytes from which on a length that was always the same is no chance */
    enum { FIXED = 4, STAMP = 8 };
    const struct noise_run *run = &pattern->runs[at];
    bool letters = run->kind == RUN_LETTERS;
    if (run->kind == RUN_BYTE || (letters && *run->text && !secret)) {
        add_quoted(out, run->text);
        return;
    }
    if (run->kind == RUN_BLANK) {
        buffer_add_text(out, "\\s+");
        return;
    }
    buffer_add_text(out, sets[run->kind]);
    bool framed = run->kind == RUN_DIGITS && is_framed(pattern, at);
    /* A few milliseconds are of one length by chance; a stamp of seconds is not. */
    unsigned least = run->kind == RUN_DIGITS ? STAMP : FIXED;
    bool fixed =
        run->kind != RUN_UNICODE && run->least == run->most && (run->least >= least || framed);
    if (!fixed)
        buffer_add_byte(out, '+');
    else if (run->least > 1)
        buffer_printf(out, "{%u}", run->least);
}

bool noise_pattern_add(struct buffer *out, const struct noise_pattern *pattern, bool leaf,
                       bool secret)
{
    bool around = !secret && (strlen(pattern->before) >= CONTEXT_LEAST ||
                              (pattern->at_start && (*pattern->after || pattern->at_end)));
    if (!pattern->count && !around) {
        if (leaf)
            buffer_add_text(out, "(?s).+");
        return leaf;
    }
    if (!pattern->count)
        buffer_add_text(out, "(?s)");
    if (*pattern->before && !secret) {
        buffer_add_text(out, pattern->at_start ? "(?<=^" : "(?<=");
        add_quoted(out, pattern->before);
        buffer_add_byte(out, ')');
    } else if (pattern->at_start && !*pattern->before) {
        buffer_add_byte(out, '^');
    }
    for (size_t i = 0; i < pattern->count; i++)
        add_run(out, pattern, i, secret);
    if (!pattern->count)
        buffer_add_text(out, ".+?");
    if (*pattern->after && !secret) {
        buffer_add_text(out, "(?=");
        add_quoted(out, pattern->after);
        buffer_add_text(out, pattern->at_end ? "$)" : ")");
    } else if (pattern->at_end && !*pattern->after) {
        buffer_add_byte(out, '$');
    } else if (!pattern->count) {
        buffer_add_byte(out, '$');
    }
    return true;
}
