/* See pair_show.h. */
#include "pair_show.h"

#include "diff_report.h"
#include "page.h"
#include "rule.h"

#include "base/display.h"
#include "base/json_string.h"
#include "base/progress.h"
#include "base/utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>

static const char *const label[SIDES] = {"Source", "Target"};

/* ---- what all formats say ---- */

/* A header field beside the other side's of the same name and place among those. */
struct row {
    const char *name, *value[SIDES]; /* NULL: that side has none */
};

static size_t occurrence(const struct pair_answer *answer, size_t at)
{
    size_t before = 0;
    for (size_t i = 0; i < at; i++)
        before += strcasecmp(answer->fields[i].name, answer->fields[at].name) == 0;
    return before;
}

static const char *nth(const struct pair_answer *answer, const char *name, size_t n)
{
    for (size_t i = 0; i < answer->field_count; i++)
        if (strcasecmp(answer->fields[i].name, name) == 0 && n-- == 0)
            return answer->fields[i].value;
    return NULL;
}

/* Those of the source in its order, then what the target alone has. */
static struct row *pair_rows(const struct pair *pair, struct arena *arena, size_t *count)
{
    const struct pair_answer *answers = pair->answers;
    size_t most = answers[SOURCE].field_count + answers[TARGET].field_count;
    struct row *rows = arena_alloc(arena, (most + 1) * sizeof *rows);
    *count = 0;
    for (int side = 0; side < SIDES; side++)
        for (size_t i = 0; i < answers[side].field_count; i++) {
            const struct pair_field *field = &answers[side].fields[i];
            const char *other = nth(&answers[!side], field->name, occurrence(&answers[side], i));
            if (side == TARGET && other)
                continue;
            struct row *row = &rows[(*count)++];
            row->name = field->name;
            row->value[side] = field->value;
            row->value[!side] = other;
        }
    return rows;
}

static bool row_is_same(const struct row *row)
{
    return row->value[SOURCE] && row->value[TARGET] &&
           strcmp(row->value[SOURCE], row->value[TARGET]) == 0;
}

/* It differs, and the replay found that to be no difference. */
static bool row_is_known(const struct pair *pair, const struct row *row)
{
    const struct pair_judgement *judgement = &pair->judgement;
    if (!pair->judged || !judgement->alike || row_is_same(row))
        return false;
    for (int side = 0; side < SIDES; side++)
        if (row->value[side] && pair_header_differs(judgement, row->name, row->value[side]))
            return false;
    return true;
}

/* "2026-11-02 10:11:12.123456 UTC"; "" when it is not known. */
static const char *arrival_text(int64_t arrival, char text[64])
{
    time_t seconds = (time_t)(arrival / 1000000);
    struct tm parts;
    char date[32];
    *text = '\0';
    if (arrival > 0 && gmtime_r(&seconds, &parts) &&
        strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &parts))
        snprintf(text, 64, "%s.%06d UTC", date, (int)(arrival % 1000000));
    return text;
}

static void add_milliseconds(struct buffer *out, double seconds)
{
    if (seconds > 0)
        buffer_printf(out, seconds < 0.01 ? "%.2f ms" : "%.0f ms", seconds * 1000);
    else
        buffer_add_text(out, "-");
}

static void add_size(struct buffer *out, const struct pair_answer *answer)
{
    char count[32];
    buffer_printf(out, "%s byte%s", human_count(answer->whole, count),
                  answer->whole == 1 ? "" : "s");
    if (answer->cut)
        buffer_printf(out, ", of which %s are kept", human_count(answer->length, count));
}

/* ---- own values ---- */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || ((unsigned char)c & 0x80);
}

/* Is the target's text the source's, with one value in place of the other where it is a word? */
static bool explains(const struct pair_own *own, struct tree_text source, struct tree_text target)
{
    size_t at = 0, to = 0, length[SIDES];
    bool any = false;
    for (int side = 0; side < SIDES; side++)
        length[side] = own->value[side] ? strlen(own->value[side]) : 0;
    if (!length[SOURCE] || !length[TARGET])
        return false;
    while (at < source.length && to < target.length) {
        bool begins = !at || !is_word(source.at[at - 1]);
        bool there =
            begins && source.length - at >= length[SOURCE] &&
            target.length - to >= length[TARGET] &&
            memcmp(source.at + at, own->value[SOURCE], length[SOURCE]) == 0 &&
            memcmp(target.at + to, own->value[TARGET], length[TARGET]) == 0 &&
            (source.length - at == length[SOURCE] || !is_word(source.at[at + length[SOURCE]]));
        if (there) {
            at += length[SOURCE];
            to += length[TARGET];
            any = true;
        } else if (source.at[at++] != target.at[to++]) {
            return false;
        }
    }
    return any && at == source.length && to == target.length;
}

static const char *note_of(const void *context, const struct difference *difference)
{
    const struct pair *pair = context;
    const struct tree_text *whole = difference->whole;
    for (size_t i = 0; whole[SOURCE].at && whole[TARGET].at && i < pair->own_count; i++)
        if (explains(&pair->own[i], whole[SOURCE], whole[TARGET]))
            return "the sides' own values of one id";
    return NULL;
}

static struct diff_report report_of(const struct pair_show *show)
{
    return (struct diff_report){.found = show->found,
                                .name = {"source", "target"},
                                .colour = show->colour,
                                .note = note_of,
                                .note_context = show->pair};
}

/* ---- what the replay found ---- */

/* Why what is shown of the bodies may not be what the replay found of them, and what that was: a
 * sentence or two; nothing, when it is the same. */
static void add_remarks(const struct pair_show *show, struct buffer *out)
{
    const struct pair_judgement *judgement = &show->pair->judgement;
    char count[32];
    if (!show->pair->judged || !show->found)
        return;
    if (!judgement->alike) {
        buffer_add_text(out, "The replay compared nothing but the status.");
        return;
    }
    if (show->known->unfit || judgement->known_cut)
        buffer_printf(out,
                      "Not all of what the replay knew to differ can be told here, and "
                      "%s shown as different. ",
                      show->known->unfit ? "it is" : "some is");
    if (judgement->differences != show->found->total)
        buffer_printf(out, "The replay found %s difference%s in the bodies%s.",
                      human_count(judgement->differences, count),
                      judgement->differences == 1 ? "" : "s",
                      show->rules ? "" : "; --rules gives the rules that it had");
    while (out->length && out->data[out->length - 1] == ' ')
        out->length--;
    buffer_terminate(out);
}

/* A side's value at a place, fit to be shown: in one piece, without tokens. */
static const char *place_value(const struct pair_place *place, enum side side, struct buffer *shown)
{
    enum { MOST = 300 };
    struct buffer cut = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_clear(shown);
    if (place->known->kind == PAIR_KNOWN_TOKEN)
        buffer_add_text(&cut, "***");
    else
        utf8_add_cut(&cut, place->value[side].at, place->value[side].length, MOST);
    rules_show(shown, (const char *)cut.data, cut.length);
    buffer_free(&cut);
    return (const char *)shown->data;
}

/* ---- text ---- */

/* On one line: what a terminal would obey is escaped. */
static void add_shown(struct buffer *out, const char *text)
{
    struct display_piece piece;
    while (display_next(text, &piece)) {
        buffer_add_text(out, piece.text);
        text += piece.size;
    }
}

static void add_coloured(const struct pair_show *show, enum side side, const char *name,
                         const char *value, struct buffer *out)
{
    static const char *const colours[SIDES] = {"\033[31m", "\033[32m"};
    if (show->colour)
        buffer_add_text(out, colours[side]);
    buffer_add_text(out, side == SOURCE ? "- " : "+ ");
    add_shown(out, name);
    buffer_add_text(out, ": ");
    add_shown(out, value);
    buffer_add_text(out, show->colour ? "\033[0m\n" : "\n");
}

static void text_head(const struct pair *pair, struct buffer *out)
{
    char arrival[64];
    buffer_printf(out, "Request %llu: ", (unsigned long long)pair->number);
    add_shown(out, pair->method);
    buffer_add_byte(out, ' ');
    add_shown(out, pair->target);
    buffer_add_text(out, "\n");
    add_shown(out, pair->file);
    buffer_printf(out, ":%llu", (unsigned long long)pair->line);
    if (*arrival_text(pair->arrival, arrival))
        buffer_printf(out, ", %s", arrival);
    if (pair->session) {
        buffer_add_text(out, ", session ");
        add_shown(out, pair->session);
    }
    if (pair->tenant) {
        buffer_add_text(out, ", tenant ");
        add_shown(out, pair->tenant);
    }
    if (pair->logged_status)
        buffer_printf(out, ", answered %d in the log", pair->logged_status);
    buffer_add_text(out, "\n\n");
}

enum { LABEL_COLUMNS = 10, SIDE_COLUMNS = 34 };

static void text_cell(struct buffer *out, struct buffer *cell)
{
    buffer_add_byte(out, ' ');
    display_add_left(out, (const char *)cell->data, SIDE_COLUMNS);
    buffer_clear(cell);
}

static void text_line(struct buffer *out, const char *name, const struct pair *pair,
                      void (*add)(struct buffer *cell, const struct pair_answer *answer))
{
    struct buffer cell = BUFFER_INIT(BUFFER_NO_LIMIT);
    display_add_left(out, name, LABEL_COLUMNS);
    for (int side = 0; side < SIDES; side++) {
        if (pair->answers[side].asked)
            add(&cell, &pair->answers[side]);
        text_cell(out, &cell);
    }
    while (out->length && out->data[out->length - 1] == ' ')
        out->length--;
    buffer_add_byte(out, '\n');
    buffer_free(&cell);
}

static void cell_status(struct buffer *cell, const struct pair_answer *answer)
{
    if (answer->status)
        buffer_printf(cell, "%d", answer->status);
    else
        buffer_add_text(cell, "no answer");
}

static void cell_time(struct buffer *cell, const struct pair_answer *answer)
{
    add_milliseconds(cell, answer->total);
    if (answer->first_byte > 0) {
        buffer_add_text(cell, ", first byte ");
        add_milliseconds(cell, answer->first_byte);
    }
}

static void text_sides(const struct pair *pair, struct buffer *out)
{
    struct buffer cell = BUFFER_INIT(BUFFER_NO_LIMIT);
    display_add_left(out, "", LABEL_COLUMNS);
    for (int side = 0; side < SIDES; side++) {
        buffer_add_text(&cell, pair->answers[side].asked ? side_name[side] : "");
        text_cell(out, &cell);
    }
    while (out->length && out->data[out->length - 1] == ' ')
        out->length--;
    buffer_add_byte(out, '\n');
    buffer_free(&cell);
    text_line(out, "  status", pair, cell_status);
    text_line(out, "  took", pair, cell_time);
    text_line(out, "  body", pair, add_size);
    for (int side = 0; side < SIDES; side++) {
        const struct pair_answer *answer = &pair->answers[side];
        if (answer->failure) {
            buffer_printf(out, "  the %s: ", side_name[side]);
            add_shown(out, answer->failure);
            buffer_add_byte(out, '\n');
        }
        if (answer->target) {
            buffer_printf(out, "  the %s was asked for ", side_name[side]);
            add_shown(out, answer->target);
            buffer_add_byte(out, '\n');
        }
    }
    buffer_add_byte(out, '\n');
}

static void text_own(const struct pair *pair, struct buffer *out)
{
    if (!pair->own_count)
        return;
    buffer_add_text(out, "Each side's own:\n");
    for (size_t i = 0; i < pair->own_count; i++) {
        buffer_add_text(out, "  ");
        add_shown(out, pair->own[i].where);
        for (int side = 0; side < SIDES; side++) {
            buffer_add_text(out, side ? " = " : ": ");
            add_shown(out, pair->own[i].value[side] ? pair->own[i].value[side] : "none");
        }
        buffer_add_byte(out, '\n');
    }
    buffer_add_byte(out, '\n');
}

static void text_headers(const struct pair_show *show, struct buffer *out)
{
    struct arena arena = ARENA_INIT;
    size_t count;
    struct row *rows = pair_rows(show->pair, &arena, &count);
    bool one_side = !show->pair->answers[TARGET].asked;
    buffer_add_text(out, "Headers:\n");
    for (size_t i = 0; i < count; i++) {
        if (row_is_known(show->pair, &rows[i])) {
            buffer_add_text(out, "~ ");
            add_shown(out, rows[i].name);
            for (int side = 0; side < SIDES; side++) {
                buffer_add_text(out, side ? " = " : ": ");
                add_shown(out, rows[i].value[side] ? rows[i].value[side] : "none");
            }
            buffer_add_byte(out, '\n');
            continue;
        }
        if (row_is_same(&rows[i]) || one_side) {
            buffer_add_text(out, "  ");
            add_shown(out, rows[i].name);
            buffer_add_text(out, ": ");
            add_shown(out, rows[i].value[SOURCE]);
            buffer_add_byte(out, '\n');
            continue;
        }
        for (int side = 0; side < SIDES; side++)
            if (rows[i].value[side])
                add_coloured(show, (enum side)side, rows[i].name, rows[i].value[side], out);
    }
    buffer_add_byte(out, '\n');
    arena_free(&arena);
}

static bool is_cut(const struct pair *pair)
{
    return pair->answers[SOURCE].cut || pair->answers[TARGET].cut;
}

static void text_known(const struct pair_show *show, struct buffer *out)
{
    const struct pair_use *known = show->known;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (known->place_count) {
        buffer_add_text(out, "\nKnown to differ, and no difference to the replay: ");
        pair_known_counts(known, out);
        buffer_add_byte(out, '\n');
    }
    for (size_t i = 0; i < known->place_count; i++) {
        const struct pair_place *place = &known->places[i];
        buffer_add_text(out, "  ");
        add_shown(out, place->path);
        buffer_printf(out, "  %s", pair_known_name[place->known->kind]);
        for (int side = 0; place->known->kind != PAIR_KNOWN_TOKEN && side < SIDES; side++) {
            buffer_add_text(out, side ? " = " : ": ");
            add_shown(out, place_value(place, (enum side)side, &text));
        }
        buffer_add_byte(out, '\n');
    }
    buffer_clear(&text);
    add_remarks(show, &text);
    if (text.length)
        buffer_printf(out, "\n%s\n", (const char *)text.data);
    buffer_free(&text);
}

void pair_show_text(const struct pair_show *show, struct buffer *out)
{
    text_head(show->pair, out);
    text_sides(show->pair, out);
    text_own(show->pair, out);
    text_headers(show, out);
    if (!show->found) {
        buffer_printf(out, "The bodies: %s\n", show->why);
        return;
    }
    if (is_cut(show->pair))
        buffer_add_text(out, "Only the beginnings of the bodies were kept, and are compared.\n");
    if (show->found->equal) {
        buffer_add_text(out, show->known->counts[PAIR_KNOWN_NEW]
                                 ? "The bodies are equal but for ids that nothing proves to belong "
                                   "together: "
                                 : "The bodies are equal: ");
        diff_report_summary(show->found, out);
        buffer_add_byte(out, '\n');
    } else {
        struct diff_report report = report_of(show);
        diff_report_text(&report, out);
    }
    text_known(show, out);
}

void pair_show_line(const struct pair *pair, struct buffer *out)
{
    buffer_printf(out, "%8llu ", (unsigned long long)pair->number);
    for (int side = 0; side < SIDES; side++) {
        const struct pair_answer *answer = &pair->answers[side];
        if (answer->status)
            buffer_printf(out, " %3d", answer->status);
        else
            buffer_add_text(out, answer->asked ? "  - " : "    ");
    }
    buffer_add_text(out, "  ");
    add_shown(out, pair->method);
    buffer_add_byte(out, ' ');
    display_add_cut(out, pair->target, 100);
    buffer_add_text(out, "  (");
    add_shown(out, pair->file);
    buffer_printf(out, ":%llu)\n", (unsigned long long)pair->line);
}

/* ---- JSON ---- */

static void json_member(struct buffer *out, const char *name, const char *value)
{
    buffer_printf(out, ", \"%s\": ", name);
    json_string_add_text(out, value);
}

static void json_answer(const struct pair_answer *answer, struct buffer *out)
{
    if (!answer->asked) {
        buffer_add_text(out, "null");
        return;
    }
    buffer_printf(out, "{\"status\": %d", answer->status);
    json_member(out, "failure", answer->failure);
    json_member(out, "target", answer->target);
    buffer_printf(out, ", \"first_byte\": %.6f, \"seconds\": %.6f, \"headers\": [",
                  answer->first_byte, answer->total);
    for (size_t i = 0; i < answer->field_count; i++) {
        buffer_add_text(out, i ? ", {\"name\": " : "{\"name\": ");
        json_string_add_text(out, answer->fields[i].name);
        json_member(out, "value", answer->fields[i].value);
        buffer_add_byte(out, '}');
    }
    buffer_printf(out, "], \"bytes\": %llu, \"kept\": %zu, \"cut\": %s}",
                  (unsigned long long)answer->whole, answer->length,
                  answer->cut ? "true" : "false");
}

static void json_known(const struct pair_use *known, struct buffer *out)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (known->unfit) {
        buffer_add_text(out, "null");
        return;
    }
    buffer_add_byte(out, '[');
    for (size_t i = 0; i < known->place_count; i++) {
        const struct pair_place *place = &known->places[i];
        buffer_printf(out, "%s{\"kind\": \"%s\"", i ? ",\n    " : "\n    ",
                      pair_known_name[place->known->kind]);
        json_member(out, "path", place->path);
        for (int side = 0; side < SIDES; side++)
            json_member(out, side_name[side], place_value(place, (enum side)side, &text));
        buffer_add_byte(out, '}');
    }
    buffer_add_byte(out, ']');
    buffer_free(&text);
}

static void json_judgement(const struct pair_show *show, struct buffer *out)
{
    const struct pair_judgement *judgement = &show->pair->judgement;
    if (!show->pair->judged) {
        buffer_add_text(out, "null");
        return;
    }
    buffer_printf(out, "{\"compared\": \"%s\", \"differences\": %llu, \"headers\": [",
                  judgement->alike ? "all" : "status", (unsigned long long)judgement->differences);
    for (size_t i = 0; i < judgement->header_count; i++) {
        buffer_add_text(out, i ? ", " : "");
        json_string_add_text(out, judgement->headers[i]);
    }
    buffer_add_text(out, "], \"known\": ");
    json_known(show->known, out);
    buffer_add_byte(out, '}');
}

void pair_show_json(const struct pair_show *show, struct buffer *out)
{
    const struct pair *pair = show->pair;
    buffer_printf(out, "{\"tally\": 1, \"request\": {\"number\": %llu, \"line\": %llu, \"file\": ",
                  (unsigned long long)pair->number, (unsigned long long)pair->line);
    json_string_add_text(out, pair->file);
    json_member(out, "method", pair->method);
    json_member(out, "target", pair->target);
    json_member(out, "route", pair->route);
    json_member(out, "tenant", pair->tenant);
    json_member(out, "session", pair->session);
    buffer_printf(out, ", \"logged_status\": %d},\n  \"own\": [", pair->logged_status);
    for (size_t i = 0; i < pair->own_count; i++) {
        buffer_add_text(out, i ? ", {\"where\": " : "{\"where\": ");
        json_string_add_text(out, pair->own[i].where);
        for (int side = 0; side < SIDES; side++)
            json_member(out, side_name[side], pair->own[i].value[side]);
        buffer_add_byte(out, '}');
    }
    buffer_add_text(out, "]");
    for (int side = 0; side < SIDES; side++) {
        buffer_printf(out, ",\n  \"%s\": ", side_name[side]);
        json_answer(&pair->answers[side], out);
    }
    buffer_add_text(out, ",\n  \"replay\": ");
    json_judgement(show, out);
    buffer_add_text(out, ",\n  \"not_compared\": ");
    json_string_add_text(out, show->found ? NULL : show->why);
    buffer_add_text(out, ",\n  \"body\": ");
    if (show->found) {
        struct diff_report report = report_of(show);
        diff_report_json(&report, out);
    } else {
        buffer_add_text(out, "null\n");
    }
    buffer_add_text(out, "}\n");
}

/* ---- HTML ---- */

static void html_code(struct buffer *out, const char *text)
{
    buffer_add_text(out, "<code>");
    page_text(out, text);
    buffer_add_text(out, "</code>");
}

static void html_row(struct buffer *out, const char *name, const struct pair *pair,
                     void (*add)(struct buffer *cell, const struct pair_answer *answer))
{
    struct buffer cell = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_printf(out, "<tr><th scope=\"row\">%s</th>", name);
    for (int side = 0; side < SIDES; side++) {
        const struct pair_answer *answer = &pair->answers[side];
        buffer_clear(&cell);
        if (answer->asked)
            add(&cell, answer);
        buffer_printf(out, "<td class=\"wide\" data-label=\"%s\">", label[side]);
        page_text(out, (const char *)cell.data);
        buffer_add_text(out, "</td>");
    }
    buffer_add_text(out, "</tr>\n");
    buffer_free(&cell);
}

static void cell_failure(struct buffer *cell, const struct pair_answer *answer)
{
    buffer_add_text(cell, answer->failure ? answer->failure : "");
}

static void cell_target(struct buffer *cell, const struct pair_answer *answer)
{
    buffer_add_text(cell, answer->target ? answer->target : "as logged");
}

static void html_head(const struct pair *pair, struct buffer *out)
{
    char arrival[64];
    buffer_printf(out, "<h1>Request %llu: ", (unsigned long long)pair->number);
    html_code(out, pair->method);
    buffer_add_byte(out, ' ');
    html_code(out, pair->target);
    buffer_add_text(out, "</h1>\n<p class=\"muted\">");
    html_code(out, pair->file);
    buffer_printf(out, ", line %llu", (unsigned long long)pair->line);
    if (*arrival_text(pair->arrival, arrival))
        buffer_printf(out, ", %s", arrival);
    if (pair->session) {
        buffer_add_text(out, ", session ");
        html_code(out, pair->session);
    }
    if (pair->tenant) {
        buffer_add_text(out, ", tenant ");
        html_code(out, pair->tenant);
    }
    if (pair->logged_status)
        buffer_printf(out, ", answered %d in the log", pair->logged_status);
    buffer_add_text(out, ".</p>\n");
}

static void html_sides(const struct pair *pair, struct buffer *out)
{
    bool failed = pair->answers[SOURCE].failure || pair->answers[TARGET].failure;
    bool own = pair->answers[SOURCE].target || pair->answers[TARGET].target;
    buffer_add_text(out,
                    "<table class=\"sides stack\"><caption class=\"quiet\">Both answers</caption>"
                    "<thead><tr><td></td><th scope=\"col\">Source</th>"
                    "<th scope=\"col\">Target</th></tr></thead>\n<tbody>\n");
    html_row(out, "Status", pair, cell_status);
    html_row(out, "Took", pair, cell_time);
    html_row(out, "Body", pair, add_size);
    if (failed)
        html_row(out, "Failed", pair, cell_failure);
    if (own)
        html_row(out, "Asked for", pair, cell_target);
    buffer_add_text(out, "</tbody></table>\n");
}

static void html_table(const char *name, struct buffer *out)
{
    buffer_printf(out,
                  "<table class=\"pair\"><thead><tr><th scope=\"col\">%s</th>"
                  "<th scope=\"col\">Source</th><th scope=\"col\">Target</th></tr></thead>"
                  "<tbody>\n",
                  name);
}

static void html_own(const struct pair *pair, struct buffer *out)
{
    if (!pair->own_count)
        return;
    buffer_add_text(out, "<section aria-labelledby=\"own\"><h2 id=\"own\">Each side's own</h2>\n"
                         "<p>Values that stand for each other.</p>\n");
    html_table("Where", out);
    for (size_t i = 0; i < pair->own_count; i++) {
        buffer_add_text(out, "<tr><th scope=\"row\">");
        page_text(out, pair->own[i].where);
        buffer_add_text(out, "</th>");
        page_pair_cells(out, pair->own[i].value);
        buffer_add_text(out, "</tr>\n");
    }
    buffer_add_text(out, "</tbody></table>\n</section>\n");
}

static void html_headers(const struct pair *pair, struct buffer *out)
{
    struct arena arena = ARENA_INIT;
    size_t count;
    struct row *rows = pair_rows(pair, &arena, &count);
    buffer_add_text(out, "<section aria-labelledby=\"headers\"><h2 id=\"headers\">Headers</h2>\n");
    html_table("Name", out);
    for (size_t i = 0; i < count; i++) {
        buffer_add_text(out, "<tr><th scope=\"row\">");
        page_text(out, rows[i].name);
        if (row_is_known(pair, &rows[i]))
            buffer_add_text(out, " <span class=\"muted\">no difference to the replay</span>");
        buffer_add_text(out, "</th>");
        page_pair_cells(out, rows[i].value);
        buffer_add_text(out, "</tr>\n");
    }
    buffer_add_text(out, "</tbody></table>\n</section>\n");
    arena_free(&arena);
}

static void html_known(const struct pair_show *show, struct buffer *out)
{
    const struct pair_use *known = show->known;
    struct buffer text[SIDES] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
    if (known->place_count) {
        buffer_add_text(out, "<section aria-labelledby=\"known\"><h2 id=\"known\">Known to "
                             "differ</h2>\n<p>No difference to the replay: ");
        pair_known_counts(known, out);
        buffer_add_text(out, ".</p>\n");
        html_table("Where", out);
    }
    for (size_t i = 0; i < known->place_count; i++) {
        const struct pair_place *place = &known->places[i];
        const char *const value[SIDES] = {place_value(place, SOURCE, &text[SOURCE]),
                                          place_value(place, TARGET, &text[TARGET])};
        buffer_add_text(out, "<tr><th scope=\"row\">");
        html_code(out, place->path);
        buffer_printf(out, " %s</th>", pair_known_name[place->known->kind]);
        page_pair_cells(out, value);
        buffer_add_text(out, "</tr>\n");
    }
    if (known->place_count)
        buffer_add_text(out, "</tbody></table>\n</section>\n");
    buffer_clear(&text[SOURCE]);
    add_remarks(show, &text[SOURCE]);
    if (text[SOURCE].length) {
        buffer_add_text(out, "<p>");
        page_text(out, (const char *)text[SOURCE].data);
        buffer_add_text(out, "</p>\n");
    }
    buffer_free(&text[SOURCE]);
    buffer_free(&text[TARGET]);
}

void pair_show_html(const struct pair_show *show, struct buffer *out)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct page_ids ids = {0};
    buffer_printf(&text, "Request %llu: %s %s", (unsigned long long)show->pair->number,
                  show->pair->method, show->pair->target);
    page_begin(out, (const char *)text.data);
    buffer_add_text(out, "<main id=\"main\">\n");
    html_head(show->pair, out);
    html_sides(show->pair, out);
    html_own(show->pair, out);
    html_headers(show->pair, out);
    buffer_add_text(out, "<section aria-labelledby=\"bodies\"><h2 id=\"bodies\">Bodies</h2>\n<p>");
    buffer_clear(&text);
    if (show->found)
        diff_report_summary(show->found, &text);
    else
        buffer_add_text(&text, show->why);
    if (show->found && is_cut(show->pair))
        buffer_add_text(&text, ". Only their beginnings were kept, and are compared.");
    page_text(out, (const char *)text.data);
    buffer_add_text(out, "</p>\n</section>\n");
    if (show->found) {
        struct diff_report report = report_of(show);
        diff_report_html_part(&report, &ids, out);
    }
    html_known(show, out);
    buffer_add_text(out, "</main>\n");
    page_end(out);
    page_ids_free(&ids);
    buffer_free(&text);
}
