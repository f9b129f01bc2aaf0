/*
 * A replay's result as text for people, 100 columns wide: the verdict, what was replayed and what
 * was not and why, groups of differences with an example, what can be said of no difference and no
 * equality, times, databases, and what to do next. Input: a finished result. Output: text. Every
 * word of a log, an answer or a database goes through display.h, so that none can break the layout
 * or command the terminal.
 */
#include "../diff/base/display.h"
#include "../diff/base/progress.h"
#include "report.h"

#include <stdio.h>
#include <string.h>

#define WIDTH 100
#define LABEL 12 /* columns of the words on the left */

enum { GROUPS_SHOWN = 50, ROWS_SHOWN = 10, LINES_SHOWN = 8, TABLES_SHOWN = 20 };

struct page {
    const struct replay_result *result;
    bool colour;
    struct buffer *out;
};

/* ---- pieces ---- */

static void add_label(struct buffer *out, const char *label)
{
    display_add_left(out, label, LABEL);
}

/* Wrapped beside a label; columns: how many stand before it already. */
static void add_beside(struct buffer *out, const char *label, const char *text)
{
    add_label(out, label);
    display_add_wrapped(out, text, LABEL, LABEL, WIDTH);
}

static void add_count(struct buffer *out, uint64_t n, const char *one, const char *many)
{
    char text[32];
    buffer_printf(out, "%s %s", human_count(n, text), n == 1 ? one : many);
}

static void add_verdict(const struct page *page, enum replay_verdict verdict, size_t columns)
{
    static const char *const colours[] = {"\033[32m", "\033[33m", "\033[31m"};
    const char *word = replay_verdict_name[verdict];
    if (page->colour)
        buffer_add_text(page->out, colours[verdict]);
    buffer_add_text(page->out, word);
    if (page->colour)
        buffer_add_text(page->out, "\033[0m");
    size_t used = strlen(word);
    display_add_blanks(page->out, used < columns ? columns - used : 0);
}

/* "lines 88, 93, …"; all: how many there are. */
static void add_lines(struct buffer *out, const uint64_t *lines, size_t count, uint64_t all)
{
    buffer_add_text(out, all == 1 ? "line " : "lines ");
    for (size_t i = 0; i < count && i < LINES_SHOWN; i++)
        buffer_printf(out, "%s%llu", i ? ", " : "", (unsigned long long)lines[i]);
    if (all > LINES_SHOWN || all > count)
        buffer_add_text(out, ", …");
}

static void add_more(struct buffer *out, size_t indent, size_t left)
{
    if (!left)
        return;
    display_add_blanks(out, indent);
    buffer_printf(out, "… and %zu more (--format json lists them)\n", left);
}

/* 0.0123 as "12 ms". */
static const char *time_text(double seconds, char text[32])
{
    if (seconds <= 0)
        snprintf(text, 32, "-");
    else if (seconds < 0.001)
        snprintf(text, 32, "%.2f ms", seconds * 1000);
    else if (seconds < 0.01)
        snprintf(text, 32, "%.1f ms", seconds * 1000);
    else if (seconds < 1)
        snprintf(text, 32, "%.0f ms", seconds * 1000);
    else
        snprintf(text, 32, "%.1f s", seconds);
    return text;
}

static const char *span_text(double seconds, char text[32])
{
    if (seconds < 60)
        snprintf(text, 32, "%.1f s", seconds);
    else
        human_time(seconds, text);
    return text;
}

/* ---- the head ---- */

/* The verdict, in a sentence that says what it is of. */
static void add_first_line(const struct page *page)
{
    const struct replay_result *result = page->result;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    add_verdict(page, result->verdict, LABEL + 2);
    buffer_add_text(&text, replay_result_meaning(result));
    if (result->verdict == REPLAY_DIFFERENT && result->group_count) {
        buffer_add_text(&text, ": ");
        add_count(&text, result->fates[FATE_DIFFERENT], "request", "requests");
        if (result->fates[FATE_CONSEQUENCE])
            buffer_printf(&text, " (and %llu after them)",
                          (unsigned long long)result->fates[FATE_CONSEQUENCE]);
        buffer_add_text(&text, " in ");
        add_count(&text, result->group_count, "group", "groups");
    }
    display_add_wrapped(page->out, (const char *)text.data, LABEL + 2, LABEL + 2, WIDTH);
    buffer_free(&text);
}

static void add_log(const struct page *page)
{
    const struct replay_result *result = page->result;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    char number[32];
    add_count(&text, result->log_lines, "line", "lines");
    buffer_printf(&text, " (%s), ", human_bytes((double)result->log_bytes, number));
    add_count(&text, result->requests, "request", "requests");
    buffer_add_text(&text, ", ");
    add_count(&text, result->sessions, "session", "sessions");
    if (result->tenants) {
        buffer_add_text(&text, ", ");
        add_count(&text, result->tenants, "tenant", "tenants");
    }
    add_beside(page->out, "log", (const char *)text.data);
    buffer_free(&text);
}

static void add_head(const struct page *page)
{
    const struct replay_result *result = page->result;
    for (int side = 0; side < SIDES; side++)
        if (result->shown_url[side])
            add_beside(page->out, side_name[side], result->shown_url[side]);
    add_log(page);
    if (result->ledger_path)
        add_beside(page->out, "ledger", result->ledger_path);
    if (result->ended)
        add_beside(page->out, "ended", result->ended);
    if (result->interrupted)
        add_beside(page->out, "ended", "interrupted");
    for (size_t i = 0; i < result->note_count; i++)
        add_beside(page->out, i ? "" : "note", result->notes[i]);
    buffer_add_byte(page->out, '\n');
}

/* ---- what was replayed, and what not ---- */

static void add_fate(const struct page *page, enum replay_fate fate, const char *what)
{
    char number[32];
    if (!page->result->fates[fate])
        return;
    add_label(page->out, "");
    display_add_left(page->out, replay_fate_name[fate], 14);
    display_add_number(page->out, human_count(page->result->fates[fate], number), 9);
    buffer_printf(page->out, "%s%s\n", *what ? "  " : "", what);
}

static void add_replayed(const struct page *page)
{
    const struct replay_result *result = page->result;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    char time[32];
    add_count(&text, result->replayed, "request", "requests");
    buffer_printf(&text, ", %llu of them writes, in %s", (unsigned long long)result->writes,
                  span_text(result->seconds, time));
    if (result->behind > 0.05)
        buffer_printf(&text, ", at most %s behind the log's own pace",
                      span_text(result->behind, time));
    add_beside(page->out, "replayed", (const char *)text.data);
    add_fate(page, FATE_EQUAL, "");
    add_fate(page, FATE_DIFFERENT, "");
    add_fate(page, FATE_CONSEQUENCE, "different after their session's first difference");
    add_fate(page, FATE_BOTH_FAILED, "an error on both sides, or no answer: not compared");
    add_fate(page, FATE_INCONCLUSIVE, "no equality and no difference can be said of them");
    buffer_clear(&text);
    if (result->tainted) {
        add_count(&text, result->tainted, "request follows", "requests follow");
        buffer_add_text(&text, " what was left out of their session, or was not compared: they may "
                               "differ for that reason alone");
        add_beside(page->out, "tainted", (const char *)text.data);
    }
    buffer_free(&text);
}

/* What was not held against each other, because each side has its own, or a rule says so. */
static void add_own(const struct page *page)
{
    const struct replay_result *result = page->result;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    const char *before =
        result->resumed ? "; never applied since it was resumed: " : "; never applied: ";
    char number[32];
    if (result->replacements) {
        add_count(&text, result->replacements, "value", "values");
        buffer_add_text(&text, " of the log, such as tokens and ids, were sent as each side's own");
        add_beside(page->out, "own values", (const char *)text.data);
        buffer_clear(&text);
    }
    if (!result->one_side && (result->rule_count || result->masked)) {
        add_count(&text, result->rule_count, "rule", "rules");
        buffer_printf(&text, "; places that were not compared: %s",
                      human_count(result->masked, number));
        for (size_t i = 0; result->replayed && i < result->rule_count; i++)
            if (!result->rules[i].applied[SOURCE] && !result->rules[i].applied[TARGET]) {
                buffer_printf(&text, "%s\"%s\" (line %d)", before,
                              result->rules[i].name ? result->rules[i].name : "",
                              result->rules[i].line);
                before = ", ";
            }
        add_beside(page->out, "rules", (const char *)text.data);
    }
    buffer_free(&text);
}

static void add_left_out(const struct page *page)
{
    const struct replay_result *result = page->result;
    struct buffer *out = page->out;
    char number[32];
    if (!result->fates[FATE_LEFT_OUT])
        return;
    add_label(out, "left out");
    add_count(out, result->fates[FATE_LEFT_OUT], "request\n", "requests\n");
    for (size_t i = 0; i < result->left_out_count; i++) {
        const struct replay_left_out *row = &result->left_out[i];
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
        add_label(out, "");
        display_add_left(out, row->reason, 16);
        display_add_number(out, human_count(row->count, number), 7);
        buffer_add_text(out, "  ");
        buffer_printf(&text, "%s; ", row->text);
        add_lines(&text, row->lines, row->line_count, row->count);
        if (row->harmless)
            buffer_add_text(&text, "; the app never saw them, so nothing is missing");
        display_add_wrapped(out, (const char *)text.data, 37, 37, WIDTH);
        buffer_free(&text);
    }
}

/* ---- groups ---- */

/* "table#rates > tr > td.price (money): same number" */
static void add_what(struct buffer *out, const struct replay_group *group)
{
    buffer_add_text(out, group->path);
    if (*group->value_class && strcmp(group->value_class, "text") != 0)
        buffer_printf(out, " (%s)", group->value_class);
    const char *before = ": ";
    if (*group->change && (!*group->cause || strcmp(group->change, "changed") != 0)) {
        buffer_printf(out, "%s%s", before, group->change);
        before = ", ";
    }
    if (*group->cause)
        buffer_printf(out, "%s%s", before, group->cause);
}

/* Do the examples stand in more than one file? Then a line's number alone says little. */
static bool has_files(const struct replay_result *result)
{
    const char *file = NULL;
    for (size_t i = 0; i < result->group_count; i++) {
        if (!result->groups[i].example.number)
            continue;
        if (file && strcmp(file, result->groups[i].example.file) != 0)
            return true;
        file = result->groups[i].example.file;
    }
    return false;
}

static void add_example(const struct page *page, const struct replay_group *group)
{
    struct buffer *out = page->out;
    if (group->example.number) {
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
        const char *slash = strrchr(group->example.file, '/');
        buffer_printf(&text, "request %llu, line %llu", (unsigned long long)group->example.number,
                      (unsigned long long)group->example.line);
        if (has_files(page->result))
            buffer_printf(&text, " of %s", slash ? slash + 1 : group->example.file);
        buffer_printf(&text, ": %s %s", group->example.method, group->example.target);
        display_add_blanks(out, 18);
        display_add_cut(out, (const char *)text.data, WIDTH - 18);
        buffer_add_byte(out, '\n');
        buffer_free(&text);
    }
    for (int side = 0; side < SIDES; side++) {
        const char *value = group->example.value[side];
        if (!value && page->result->one_side)
            continue;
        display_add_blanks(out, 20);
        display_add_left(out, side_name[side], 8);
        if (value && *value)
            display_add_cut(out, value, WIDTH - 28);
        else
            buffer_add_text(out, value ? "(empty)" : "(nothing)");
        buffer_add_byte(out, '\n');
    }
}

/* "; 3 of them after …" */
static void add_part(struct buffer *text, uint64_t part, uint64_t all, const char *what)
{
    if (!part)
        return;
    buffer_add_text(text, text->length ? "; " : "");
    if (part < all)
        buffer_printf(text, "%llu of them ", (unsigned long long)part);
    else if (all > 1)
        buffer_add_text(text, "all of them ");
    buffer_add_text(text, what);
}

static void add_where(const struct page *page, const struct replay_group *group)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (group->request_count > 1) {
        buffer_add_text(&text, "in ");
        add_lines(&text, group->lines, group->request_count, group->count);
    }
    add_part(&text, group->consequences, group->count, "after their session's first difference");
    add_part(&text, group->tainted, group->count, "in sessions that lack a request before them");
    if (text.length) {
        display_add_blanks(page->out, 18);
        display_add_wrapped(page->out, (const char *)text.data, 18, 18, WIDTH);
    }
    buffer_free(&text);
}

static void add_follows(const struct page *page, const struct replay_group *group)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (!group->follows)
        return;
    buffer_printf(&text, "perhaps follows from line %llu: %s",
                  (unsigned long long)group->follows_line, group->follows);
    display_add_blanks(page->out, 18);
    display_add_wrapped(page->out, (const char *)text.data, 18, 18, WIDTH);
    buffer_free(&text);
}

static void add_group(const struct page *page, const struct replay_group *group)
{
    struct buffer *out = page->out;
    struct buffer what = BUFFER_INIT(BUFFER_NO_LIMIT);
    char number[32];
    display_add_number(out, human_count(group->count, number), 7);
    buffer_add_text(out, "  ");
    display_add_left(out, group->kind, 9);
    if (strlen(group->kind) >= 9) /* "transport" fills the column */
        buffer_add_byte(out, ' ');
    display_add_wrapped(out, group->route, 18, 18, WIDTH);
    add_what(&what, group);
    display_add_blanks(out, 18);
    display_add_wrapped(out, (const char *)what.data, 18, 18, WIDTH);
    add_example(page, group);
    add_follows(page, group);
    add_where(page, group);
    buffer_free(&what);
}

void report_replay_text_group(const struct replay_result *result, const struct replay_group *group,
                              struct buffer *out)
{
    add_group(&(struct page){result, false, out}, group);
}

static void add_groups(const struct page *page)
{
    const struct replay_result *result = page->result;
    bool after = false;
    if (!result->group_count)
        return;
    buffer_add_text(page->out, "\nrequests  found in   what differs, and the smallest example\n");
    for (size_t i = 0; i < result->group_count && i < GROUPS_SHOWN; i++) {
        const struct replay_group *group = &result->groups[i];
        bool follows = group->consequences == group->count;
        if (i)
            buffer_add_byte(page->out, '\n');
        if (follows && i && !after)
            buffer_add_text(page->out, "and what was seen only after a session's first "
                                       "difference, so that it may follow from it\n\n");
        after = follows;
        add_group(page, group);
    }
    if (result->group_count > GROUPS_SHOWN)
        add_more(page->out, 0, result->group_count - GROUPS_SHOWN);
    if (result->groups_left_out) {
        char number[32];
        buffer_printf(page->out,
                      "… and %s differences more, in groups that there was no room for\n",
                      human_count(result->groups_left_out, number));
    }
}

/* ---- doubts ---- */

static void add_doubts(const struct page *page)
{
    const struct replay_result *result = page->result;
    struct buffer *out = page->out;
    char number[32];
    if (!result->doubt_count)
        return;
    buffer_add_text(out, "\nrequests  sent, and neither equal nor different\n");
    for (size_t i = 0; i < result->doubt_count && i < ROWS_SHOWN; i++) {
        const struct replay_doubt *row = &result->doubts[i];
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
        display_add_number(out, human_count(row->count, number), 7);
        buffer_add_text(out, "  ");
        buffer_printf(&text, "%s: %s; ", row->route, row->text);
        add_lines(&text, row->lines, row->line_count, row->count);
        display_add_wrapped(out, (const char *)text.data, 9, 18, WIDTH);
        buffer_free(&text);
    }
    if (result->doubt_count > ROWS_SHOWN)
        add_more(out, 9, result->doubt_count - ROWS_SHOWN);
}

static void add_uncorrelated(const struct page *page)
{
    const struct replay_result *result = page->result;
    struct buffer *out = page->out;
    char number[32];
    if (!result->uncorrelated_count)
        return;
    buffer_add_text(out,
                    "\nrequests  sent with a token of the log, for which no answer gave one\n");
    for (size_t i = 0; i < result->uncorrelated_count && i < ROWS_SHOWN; i++) {
        const struct replay_uncorrelated *row = &result->uncorrelated[i];
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
        display_add_number(out, human_count(row->count, number), 7);
        buffer_add_text(out, "  ");
        buffer_printf(&text, "%s: %s; first in line %llu", row->route, row->where,
                      (unsigned long long)row->line);
        display_add_wrapped(out, (const char *)text.data, 9, 18, WIDTH);
        buffer_free(&text);
    }
    if (result->uncorrelated_count > ROWS_SHOWN)
        add_more(out, 9, result->uncorrelated_count - ROWS_SHOWN);
}

/* ---- times ---- */

/* Three digits of it: 4.35, 10.5, 105. */
static void add_factor(struct buffer *text, double factor)
{
    buffer_printf(text, "%.*f", factor < 9.995 ? 2 : factor < 99.95 ? 1 : 0, factor);
}

static void add_ratio(const struct replay_latency *row, struct buffer *out)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (row->ratio > 0)
        add_factor(&text, row->ratio);
    if (row->ratio_low > 0) {
        buffer_add_text(&text, " (");
        add_factor(&text, row->ratio_low);
        buffer_add_text(&text, " to ");
        add_factor(&text, row->ratio_high);
        buffer_add_text(&text, ")");
    }
    buffer_add_byte(out, ' ');
    display_add_right(out, (const char *)text.data, 20);
    buffer_free(&text);
}

static void add_time_row(const struct page *page, const struct replay_latency *row)
{
    struct buffer *out = page->out;
    char text[32];
    display_add_number(out, human_count(row->count, text), 7);
    buffer_add_text(out, "  ");
    display_add_left(out, row->route, 27);
    for (int side = 0; side <= (page->result->one_side ? SOURCE : TARGET); side++) {
        display_add_right(out, time_text(row->p50[side], text), 9);
        display_add_right(out, time_text(row->p99[side], text), 9);
    }
    if (page->result->one_side)
        display_add_right(out, time_text(row->logged_p50, text), 9);
    else
        add_ratio(row, out);
    buffer_add_text(out, row->slower ? " slower\n" : "\n");
}

static void add_times(const struct page *page)
{
    const struct replay_result *result = page->result;
    size_t shown = 0;
    if (!result->latency_count)
        return;
    buffer_add_text(page->out, "\nrequests  ");
    display_add_left(page->out, "times of the answers", 26);
    buffer_add_text(page->out, result->one_side
                                   ? "      p50      p99  log's p50\n"
                                   : "  source p50, p99   target p50, p99   target by source\n");
    for (size_t i = 0; i < result->latency_count; i++)
        if (result->latency[i].slower || i < ROWS_SHOWN) {
            add_time_row(page, &result->latency[i]);
            shown++;
        }
    if (!result->one_side)
        buffer_add_text(page->out, "         (the median of the pairs' ratios, and where it lies "
                                   "with 95 % confidence)\n");
    add_more(page->out, 9, result->latency_count - shown);
}

/* ---- the databases ---- */

static void add_table(const struct page *page, const struct replay_table *table)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    char changed[32], missing[32], extra[32];
    const char *name = table->name[SOURCE] ? table->name[SOURCE] : table->name[TARGET];
    buffer_printf(&text, "%s: ", name ? name : "?");
    if (table->changed || table->missing || table->extra)
        buffer_printf(&text, "%s changed, %s missing, %s extra",
                      human_count(table->changed, changed), human_count(table->missing, missing),
                      human_count(table->extra, extra));
    else
        buffer_add_text(&text, replay_verdict_name[table->verdict]);
    if (table->before)
        buffer_add_text(&text, "; so it was before the replay");
    for (size_t i = 0; i < table->text_count && i < 3; i++) {
        bool sentence = text.data[text.length - 1] == '.';
        buffer_printf(&text, "%s%s", sentence ? " " : "; ", table->texts[i]);
    }
    display_add_blanks(page->out, LABEL + 2);
    display_add_wrapped(page->out, (const char *)text.data, LABEL + 2, LABEL + 4, WIDTH);
    buffer_free(&text);
}

static void add_database(const struct page *page, const struct replay_database *database)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    char number[32];
    add_label(page->out, "");
    add_verdict(page, database->verdict, 14);
    if (database->tenant && *database->tenant)
        buffer_printf(&text, "%s: ", database->tenant);
    if (database->problem)
        buffer_add_text(&text, database->problem);
    else
        buffer_printf(&text, "%zu of %zu tables equal", database->equal_tables,
                      database->table_count + database->equal_tables);
    if (database->ids)
        buffer_printf(&text, "; %s generated ids paired", human_count(database->ids, number));
    display_add_wrapped(page->out, (const char *)text.data, LABEL + 14, LABEL + 14, WIDTH);
    buffer_free(&text);
    size_t unequal = database->table_count;
    for (size_t i = 0; i < unequal && i < TABLES_SHOWN; i++)
        add_table(page, &database->tables[i]);
    if (unequal > TABLES_SHOWN)
        add_more(page->out, LABEL + 2, unequal - TABLES_SHOWN);
    if (database->ledger_path && unequal) {
        buffer_clear(&text);
        buffer_printf(&text, "tally-diff %s", database->ledger_path);
        display_add_blanks(page->out, LABEL + 2);
        display_add_wrapped(page->out, (const char *)text.data, LABEL + 2, LABEL + 2, WIDTH);
        buffer_free(&text);
    }
}

static void add_databases(const struct page *page)
{
    const struct replay_result *result = page->result;
    if (!result->database_count)
        return;
    buffer_add_text(page->out, "\nthe databases after the replay\n");
    for (size_t i = 0; i < result->database_count; i++)
        if (i < TABLES_SHOWN || result->databases[i].verdict != REPLAY_EQUAL)
            add_database(page, &result->databases[i]);
}

/* ---- what to do next ---- */

static void add_next(const struct page *page)
{
    const struct replay_result *result = page->result;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    const char *ledger = result->ledger_path;
    uint64_t number = 0;
    for (size_t i = 0; i < result->group_count && !number; i++)
        number = result->groups[i].example.number;
    buffer_add_byte(page->out, '\n');
    if ((result->interrupted || result->ended) && ledger) {
        buffer_printf(&text, "go on with: the same command and --resume --ledger %s", ledger);
        add_beside(page->out, "next", (const char *)text.data);
    } else if (number && ledger) {
        buffer_printf(&text, "both answers to a request: tally-diff %s request %llu", ledger,
                      (unsigned long long)number);
        add_beside(page->out, "next", (const char *)text.data);
        buffer_clear(&text);
        buffer_printf(&text,
                      "all of it as a page: tally-replay report %s --format html --output "
                      "replay.html",
                      ledger);
        add_beside(page->out, "", (const char *)text.data);
    }
    buffer_clear(&text);
    buffer_printf(&text, "%d: %s", replay_exit_code(result), replay_result_meaning(result));
    add_beside(page->out, "exit code", (const char *)text.data);
    buffer_free(&text);
}

/* With --quiet: the verdict, and a line for each group. */
static void add_essentials(const struct page *page)
{
    const struct replay_result *result = page->result;
    if (replay_exit_code(result) == 0)
        return;
    add_first_line(page);
    if (result->ended)
        add_beside(page->out, "ended", result->ended);
    for (size_t i = 0; i < result->group_count; i++) {
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
        char number[32];
        display_add_number(page->out, human_count(result->groups[i].count, number), 7);
        buffer_printf(&text, "%s  %s  ", result->groups[i].kind, result->groups[i].route);
        add_what(&text, &result->groups[i]);
        buffer_add_text(page->out, "  ");
        display_add_cut(page->out, (const char *)text.data, WIDTH - 9);
        buffer_add_byte(page->out, '\n');
        buffer_free(&text);
    }
    add_left_out(page);
    add_doubts(page);
    add_databases(page);
}

void report_replay_text(const struct replay_result *result, bool quiet, bool colour,
                        struct buffer *out)
{
    const struct page page = {result, colour, out};
    if (quiet) {
        add_essentials(&page);
        return;
    }
    add_first_line(&page);
    buffer_add_byte(out, '\n');
    add_head(&page);
    add_replayed(&page);
    add_own(&page);
    add_left_out(&page);
    add_groups(&page);
    add_doubts(&page);
    add_uncorrelated(&page);
    add_times(&page);
    add_databases(&page);
    add_next(&page);
}
