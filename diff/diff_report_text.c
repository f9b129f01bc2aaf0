/* The differences of two files for people (diff_report.h): lines as diff(1) has them. */
#include "describe.h"
#include "diff_report.h"
#include "rule.h"

#include "base/display.h"

#define AROUND 60       /* bytes of what is the same that are shown beside a change */
#define SHOWN_MOST 1500 /* bytes of one run that are shown */

/* As wdiff(1) marks words where there is no colour. */
static const char *const mark_begin[SIDES] = {"[-", "{+"}, *const mark_end[SIDES] = {"-]", "+}"};
static const char sign[SIDES] = {'-', '+'};
static const char *const colours[SIDES] = {"\033[31m", "\033[32m"};
static const char bold[] = "\033[1m", reverse[] = "\033[7m", no_reverse[] = "\033[27m",
                  normal[] = "\033[0m";

static void add_code(const struct diff_report *report, const char *code, struct buffer *out)
{
    if (report->colour)
        buffer_add_text(out, code);
}

/* Text of any bytes, on one line: what a terminal would obey is written as \xHH. A '\0' stands
 * somewhere behind it. */
static void add_shown(struct buffer *out, const char *text, size_t length)
{
    struct display_piece piece;
    for (const char *end = text + length; text < end;) {
        if (!*text) { /* for display_next() the text would end here */
            buffer_add_text(out, "\\x00");
            text++;
        } else if (*text == '\n') {
            buffer_add_text(out, "\\n");
            text++;
        } else if (display_next(text, &piece)) {
            buffer_add_text(out, piece.text);
            text += piece.size;
        }
    }
}

/* Steps back to where a character begins. */
static size_t character_at(const char *text, size_t at, size_t length)
{
    while (at && at < length && ((unsigned char)text[at] & 0xC0) == 0x80)
        at--;
    return at;
}

/* A run that is the same on both sides; its middle, or what lies before or behind all changes, is
 * left out when it is long. */
static void add_same(struct buffer *out, const char *text, size_t length, bool first, bool last)
{
    size_t head = first ? 0 : AROUND, tail = last ? 0 : AROUND;
    if (length <= head + tail + 20) {
        add_shown(out, text, length);
        return;
    }
    head = character_at(text, head, length);
    tail = length - character_at(text, length - tail, length);
    add_shown(out, text, head);
    buffer_add_text(out, "…");
    add_shown(out, text + length - tail, tail);
}

static void add_changed(const struct diff_report *report, enum side side, const char *text,
                        size_t length, struct buffer *out)
{
    buffer_add_text(out, report->colour ? reverse : mark_begin[side]);
    size_t most = length > SHOWN_MOST ? character_at(text, SHOWN_MOST, length) : length;
    add_shown(out, text, most);
    if (most < length)
        buffer_add_text(out, "…");
    buffer_add_text(out, report->colour ? no_reverse : mark_end[side]);
}

static void begin_line(const struct diff_report *report, enum side side, struct buffer *out)
{
    add_code(report, colours[side], out);
    buffer_printf(out, "%c ", sign[side]);
}

static void end_line(const struct diff_report *report, struct buffer *out)
{
    add_code(report, normal, out);
    buffer_add_byte(out, '\n');
}

/* Is all of both values changed? Then marks say nothing. */
static bool all_changed(const struct text_changes *changes, const struct tree_text value[SIDES])
{
    const struct text_change *only = changes->items;
    return changes->count == 1 && only->source == 0 && only->target == 0 &&
           only->source_end == value[SOURCE].length && only->target_end == value[TARGET].length;
}

/* One side of a pair, with the words marked that changed. */
static void add_side(const struct diff_report *report, const struct text_changes *changes,
                     const struct tree_text value[SIDES], enum side side, struct buffer *out)
{
    size_t done = 0;
    bool mark = !all_changed(changes, value);
    begin_line(report, side, out);
    for (size_t i = 0; i < changes->count; i++) {
        const struct text_change *change = &changes->items[i];
        size_t start = side == SOURCE ? change->source : change->target;
        size_t end = side == SOURCE ? change->source_end : change->target_end;
        add_same(out, value[side].at + done, start - done, i == 0, false);
        if (!mark && end - start <= SHOWN_MOST)
            add_shown(out, value[side].at + start, end - start);
        else if (end > start)
            add_changed(report, side, value[side].at + start, end - start, out);
        done = end;
    }
    add_same(out, value[side].at + done, value[side].length - done, changes->count == 0, true);
    end_line(report, out);
}

/* A line's end says nothing where both sides have it. */
static void drop_newlines(struct tree_text value[SIDES])
{
    for (int side = 0; side < SIDES; side++)
        if (value[side].at &&
            (!value[side].length || value[side].at[value[side].length - 1] != '\n'))
            return;
    for (int side = 0; side < SIDES; side++)
        value[side].length -= value[side].at != NULL;
}

static void add_pair(const struct diff_report *report, const struct difference *difference,
                     struct buffer *out)
{
    struct buffer shown[SIDES] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
    struct tree_text value[SIDES];
    struct text_changes changes = {0};
    for (int side = 0; side < SIDES; side++) {
        value[side] = describe_value(report->found, difference, (enum side)side);
        rules_show(&shown[side], value[side].at, value[side].length);
        value[side] = (struct tree_text){(const char *)shown[side].data, shown[side].length};
    }
    drop_newlines(value);
    text_diff_words(&changes, value[SOURCE].at, value[SOURCE].length, value[TARGET].at,
                    value[TARGET].length);
    for (int side = 0; side < SIDES; side++)
        add_side(report, &changes, value, (enum side)side, out);
    text_changes_free(&changes);
    for (int side = 0; side < SIDES; side++)
        buffer_free(&shown[side]);
}

static void add_single(const struct diff_report *report, const struct difference *difference,
                       enum side side, struct buffer *out)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (describe_text(report->found, difference, side, SHOWN_MOST, &text)) {
        size_t length = text.length;
        length -= length && text.data[length - 1] == '\n';
        begin_line(report, side, out);
        add_shown(out, (const char *)text.data, length);
        end_line(report, out);
    }
    buffer_free(&text);
}

static void add_difference(const struct diff_report *report, const struct difference *difference,
                           struct buffer *out)
{
    enum value_class class = describe_class(report->found, difference);
    bool pair = difference->kind == DIFF_CHANGED &&
                describe_value(report->found, difference, SOURCE).at &&
                describe_value(report->found, difference, TARGET).at &&
                !describe_is_secret(report->found, difference);
    add_code(report, bold, out);
    add_shown(out, difference->path, strlen(difference->path));
    add_code(report, normal, out);
    buffer_printf(out, "  %s", diff_kind_name[difference->kind]);
    if (class != CLASS_TEXT && class != CLASS_SORTING)
        buffer_printf(out, ", %s", value_class_name[class]);
    const char *note = report->note ? report->note(report->note_context, difference) : NULL;
    if (note)
        buffer_printf(out, " (%s)", note);
    buffer_add_byte(out, '\n');
    if (pair) {
        add_pair(report, difference, out);
    } else if (difference->kind == DIFF_MOVED) {
        /* It is the same on both sides, or what changed in it is told apart. */
        add_single(report, difference, TARGET, out);
    } else {
        add_single(report, difference, SOURCE, out);
        add_single(report, difference, TARGET, out);
    }
    buffer_add_byte(out, '\n');
}

void diff_report_summary(const struct comparison *found, struct buffer *out)
{
    buffer_printf(out, "%s, ", content_type_name[found->type]);
    if (found->total) {
        const char *before = ": ";
        buffer_printf(out, "%zu difference%s", found->total, found->total == 1 ? "" : "s");
        for (int kind = 0; kind < DIFF_KINDS; kind++)
            if (found->kinds[kind]) {
                buffer_printf(out, "%s%zu %s", before, found->kinds[kind], diff_kind_name[kind]);
                before = ", ";
            }
    } else {
        buffer_add_text(out, found->equal ? "equal" : "different");
    }
    if (found->masked)
        buffer_printf(out, "; %zu masked", found->masked);
}

void diff_report_text(const struct diff_report *report, struct buffer *out)
{
    static const char *const heads[SIDES] = {"--- ", "+++ "};
    const struct comparison *found = report->found;
    if (found->equal)
        return;
    for (int side = 0; side < SIDES; side++) {
        add_code(report, bold, out);
        buffer_add_text(out, heads[side]);
        add_shown(out, report->name[side], strlen(report->name[side]));
        end_line(report, out);
    }
    diff_report_summary(found, out);
    buffer_add_byte(out, '\n');
    if (found->fallback[0]) {
        buffer_printf(out, "compared as %s, because ", content_type_name[found->type]);
        add_shown(out, found->fallback, strlen(found->fallback));
        buffer_add_byte(out, '\n');
    }
    buffer_add_byte(out, '\n');
    for (size_t i = 0; i < found->count; i++)
        add_difference(report, &found->differences[i], out);
    if (found->total > found->count)
        buffer_printf(out, "… and %zu differences more\n\n", found->total - found->count);
    out->length--; /* the last empty line */
    buffer_terminate(out);
}
