/*
 * A replay's result as one HTML page for people: the verdict in a sentence, what was replayed, what
 * could not be and why, the groups of differences with an example side by side, sessions as
 * timelines, latency, the databases, what was left alone and why. Input: a result. Output: one file
 * that loads nothing and runs no script but its own (page.h); it is whole without the script.
 */
#include "report.h"
#include "report_html_parts.h"

#include "../diff/base/progress.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const label[SIDES] = {"Source", "Target"};

/* ---- pieces ---- */

void html_count(struct buffer *out, uint64_t n, const char *one, const char *many)
{
    page_count(out, n);
    buffer_printf(out, " %s", n == 1 ? one : many);
}

void html_seconds(struct buffer *out, double seconds)
{
    if (seconds <= 0)
        buffer_add_text(out, "-");
    else if (seconds < 0.01)
        buffer_printf(out, "%.2g ms", seconds * 1000);
    else if (seconds < 1)
        buffer_printf(out, "%.0f ms", seconds * 1000);
    else
        buffer_printf(out, "%.2f s", seconds);
}

void html_code(struct buffer *out, const char *text)
{
    buffer_add_text(out, "<code>");
    page_text(out, text);
    buffer_add_text(out, "</code>");
}

void html_begin_section(struct html *html, const char *id, const char *title)
{
    buffer_printf(html->out, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n", id, id,
                  title);
}

void html_end_section(struct html *html)
{
    buffer_add_text(html->out, "</section>\n");
}

/* "lines 3, 18 and 21" of the first ones. */
static void add_lines(struct buffer *out, const uint64_t *lines, size_t count, uint64_t all)
{
    buffer_add_text(out, count == 1 && all == 1 ? "line " : "lines ");
    for (size_t i = 0; i < count; i++)
        buffer_printf(out, "%s%llu", i ? ", " : "", (unsigned long long)lines[i]);
    if (all > count)
        buffer_add_text(out, ", …");
}

/* A sentence of which the first letter may be small. */
static void add_capital(struct buffer *out, const char *sentence)
{
    char first[2] = {*sentence, '\0'};
    if (*first >= 'a' && *first <= 'z')
        *first = (char)(*first - 'a' + 'A');
    page_text(out, first);
    page_text(out, *sentence ? sentence + 1 : "");
}

const char *html_fate(int fate, uint64_t count)
{
    return fate == FATE_CONSEQUENCE && count != 1 ? "consequences" : replay_fate_name[fate];
}

/* ---- the verdict ---- */

static void add_sentence(const struct replay_result *result, struct buffer *out)
{
    uint64_t differ = result->fates[FATE_DIFFERENT] + result->fates[FATE_CONSEQUENCE];
    const char *meaning = replay_result_meaning(result);
    buffer_printf(out, "%c%s", *meaning >= 'a' && *meaning <= 'z' ? *meaning - 'a' + 'A' : *meaning,
                  meaning + 1);
    if (differ && !result->interrupted) {
        buffer_add_text(out, " in ");
        page_count(out, differ);
        buffer_add_text(out, " of ");
        html_count(out, result->replayed, "request", "requests");
    }
    if (result->group_count) {
        buffer_add_text(out, ": ");
        html_count(out, result->group_count, "group of differences", "groups of differences");
    }
    buffer_add_text(out, ".");
}

static void add_fates(const struct replay_result *result, struct buffer *out)
{
    bool any = false;
    for (int fate = 0; fate < FATES; fate++)
        if (result->fates[fate]) {
            buffer_add_text(out, any ? ", " : "");
            page_count(out, result->fates[fate]);
            buffer_printf(out, " %s", html_fate(fate, result->fates[fate]));
            any = true;
        }
}

static void add_time(const struct replay_result *result, struct buffer *out)
{
    struct tm parts;
    char text[32], took[32];
    if (!gmtime_r(&result->started, &parts) ||
        !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts))
        return;
    buffer_printf(out, "<time datetime=\"%s\">%.10s %.8s UTC</time>", text, text, text + 11);
    if (result->seconds < 60)
        snprintf(took, sizeof took, "%.1f s", result->seconds);
    else
        human_time(result->seconds, took);
    buffer_printf(out, ", took %s", took);
}

static void add_verdict(struct html *html)
{
    const struct replay_result *result = html->result;
    enum replay_verdict tone = result->interrupted && result->verdict == REPLAY_EQUAL
                                   ? REPLAY_INCONCLUSIVE
                                   : result->verdict;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    add_sentence(result, &text);
    buffer_printf(html->out,
                  "<header>\n<div class=\"verdict verdict-%s\">\n<p class=\"eyebrow\">%s</p>\n<h1>",
                  replay_verdict_name[tone],
                  result->interrupted ? "interrupted" : replay_verdict_name[tone]);
    page_text(html->out, (const char *)text.data);
    buffer_add_text(html->out, "</h1>\n<p>");
    html_count(html->out, result->replayed, "request replayed", "requests replayed");
    if (result->requests) {
        buffer_add_text(html->out, ": ");
        add_fates(result, html->out);
    }
    buffer_add_text(html->out, ". Run of ");
    add_time(result, html->out);
    buffer_add_text(html->out, ".</p>\n</div>\n");
    buffer_free(&text);
}

/* ---- what was replayed ---- */

static void add_fact(struct html *html, const char *name, const char *text)
{
    buffer_printf(html->out, "<tr><th scope=\"row\">%s</th><td>", name);
    page_text(html->out, text);
    buffer_add_text(html->out, "</td></tr>\n");
}

static void add_facts(struct html *html)
{
    const struct replay_result *result = html->result;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    char bytes[32];
    buffer_add_text(html->out, "<table class=\"sides\"><caption class=\"quiet\">What was "
                               "replayed</caption><tbody>\n");
    for (int side = 0; side < (result->one_side ? 1 : SIDES); side++)
        add_fact(html, label[side], result->shown_url[side] ? result->shown_url[side] : "?");
    html_count(&text, result->log_lines, "line", "lines");
    buffer_printf(&text, ", %s: ", human_bytes((double)result->log_bytes, bytes));
    html_count(&text, result->requests, "request", "requests");
    buffer_add_text(&text, " of ");
    html_count(&text, result->sessions, "session", "sessions");
    if (result->tenants) {
        buffer_add_text(&text, " and ");
        html_count(&text, result->tenants, "tenant", "tenants");
    }
    add_fact(html, "Log", (const char *)text.data);
    buffer_clear(&text);
    html_count(&text, result->replayed, "request", "requests");
    buffer_add_text(&text, ", of which ");
    page_count(&text, result->writes);
    buffer_printf(&text, " write%s something", result->writes == 1 ? "s" : "");
    if (result->replacements) {
        buffer_add_text(&text, "; ");
        html_count(&text, result->replacements, "value was", "values were");
        buffer_add_text(&text, " each side's own");
    }
    add_fact(html, "Replayed", (const char *)text.data);
    buffer_add_text(html->out, "</tbody></table>\n");
    buffer_free(&text);
}

/* ---- what was not compared ---- */

static void begin_entry(struct html *html)
{
    buffer_add_text(html->out, "<li>");
}

static void end_entry(struct html *html)
{
    buffer_add_text(html->out, "</li>\n");
}

static void add_entry(struct html *html, const char *sentence)
{
    begin_entry(html);
    add_capital(html->out, sentence);
    end_entry(html);
}

static void add_end(struct html *html)
{
    const struct replay_result *result = html->result;
    if (result->interrupted) {
        begin_entry(html);
        buffer_add_text(html->out, "The run was interrupted before its end.");
        if (result->ledger_path) {
            buffer_add_text(html->out, " Go on with ");
            html_code(html->out, "--resume --ledger");
            buffer_add_byte(html->out, ' ');
            html_code(html->out, result->ledger_path);
            buffer_add_byte(html->out, '.');
        }
        end_entry(html);
    }
    if (result->ended)
        add_entry(html, result->ended);
    if (result->dry_run)
        add_entry(html, "a dry run: nothing was sent.");
}

static void add_left_out(struct html *html)
{
    const struct replay_result *result = html->result;
    for (size_t i = 0; i < result->left_out_count; i++) {
        const struct replay_left_out *one = &result->left_out[i];
        begin_entry(html);
        buffer_add_text(html->out, "<strong>");
        html_count(html->out, one->count, "request left out", "requests left out");
        buffer_add_text(html->out, "</strong> (");
        page_text(html->out, one->reason);
        buffer_add_text(html->out, "): ");
        page_text(html->out, one->text);
        if (one->harmless)
            buffer_add_text(html->out, " <span class=\"muted\">It never reached the "
                                       "application, so nothing is missing.</span>");
        if (one->line_count) {
            buffer_add_text(html->out, " <span class=\"muted\">(");
            add_lines(html->out, one->lines, one->line_count, one->count);
            buffer_add_text(html->out, ")</span>");
        }
        end_entry(html);
    }
}

static void add_doubts(struct html *html)
{
    const struct replay_result *result = html->result;
    for (size_t i = 0; i < result->doubt_count; i++) {
        const struct replay_doubt *one = &result->doubts[i];
        begin_entry(html);
        buffer_add_text(html->out, "<strong>");
        html_count(html->out, one->count, "request", "requests");
        buffer_add_text(html->out, "</strong> ");
        html_code(html->out, one->route);
        buffer_add_text(html->out, ": ");
        page_text(html->out, one->text);
        if (one->line_count) {
            buffer_add_text(html->out, " <span class=\"muted\">(");
            add_lines(html->out, one->lines, one->line_count, one->count);
            buffer_add_text(html->out, ")</span>");
        }
        end_entry(html);
    }
}

static void add_other_doubts(struct html *html)
{
    const struct replay_result *result = html->result;
    if (result->tainted) {
        begin_entry(html);
        html_count(html->out, result->tainted, "request was", "requests were");
        buffer_add_text(html->out, " replayed after something of the session was left out or could "
                                   "not be compared: what they show may come from that.");
        end_entry(html);
    }
    if (result->uncertain) {
        begin_entry(html);
        html_count(html->out, result->uncertain, "write", "writes");
        buffer_printf(html->out,
                      " may have been sent by an interrupted run, and %s not sent again.",
                      result->uncertain == 1 ? "was" : "were");
        end_entry(html);
    }
    if (result->groups_left_out) {
        begin_entry(html);
        html_count(html->out, result->groups_left_out, "difference is", "differences are");
        buffer_add_text(html->out, " in no group: there were too many groups.");
        end_entry(html);
    }
}

static void add_not_compared(struct html *html)
{
    html_begin_section(html, "not-compared", "What was not compared");
    size_t place = html->out->length;
    buffer_add_text(html->out, "<ul class=\"plain list\" data-page=\"50\">\n");
    size_t begin = html->out->length;
    add_end(html);
    add_left_out(html);
    add_doubts(html);
    add_other_doubts(html);
    if (html->out->length == begin) {
        html->out->length = place;
        buffer_add_text(html->out, "<p>Nothing: every request of the log was replayed and "
                                   "compared.</p>\n");
    } else {
        buffer_add_text(html->out, "</ul>\n");
    }
    html_end_section(html);
}

/* ---- groups ---- */

static const struct {
    const char *kind, *class_name;
} kinds[] = {{"transport", "missing"}, {"status", "missing"}, {"location", "changed"},
             {"header", "extra"},      {"cookie", "extra"},   {"body", "changed"},
             {"slower", "extra"}};

static const char *class_of(const char *kind)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (strcmp(kind, kinds[i].kind) == 0)
            return kinds[i].class_name;
    return "changed";
}

static void add_group_facts(struct html *html, const struct replay_group *group)
{
    struct buffer *out = html->out;
    buffer_add_text(out, "<p class=\"facts\"><span><strong>");
    html_count(out, group->count, "request", "requests");
    buffer_add_text(out, "</strong>");
    if (group->differences > group->count) {
        buffer_add_text(out, ", ");
        html_count(out, group->differences, "place", "places");
    }
    buffer_add_text(out, "</span>");
    if (*group->path) {
        buffer_add_text(out, " <span>");
        html_code(out, group->path);
        buffer_add_text(out, "</span>");
    }
    const char *const words[] = {group->change, group->value_class};
    for (size_t i = 0; i < COUNT(words); i++)
        if (words[i] && *words[i]) {
            buffer_add_text(out, " <span>");
            page_text(out, words[i]);
            buffer_add_text(out, "</span>");
        }
    if (group->consequences) {
        buffer_add_text(out, " <span>");
        page_count(out, group->consequences);
        buffer_add_text(out, " after their session's first difference</span>");
    }
    if (group->tainted) {
        buffer_add_text(out, " <span>");
        page_count(out, group->tainted);
        buffer_add_text(out, " after something that was left out</span>");
    }
    buffer_add_text(out, "</p>\n");
}

static void add_example(struct html *html, const struct replay_group *group)
{
    struct buffer *out = html->out;
    if (group->example.value[SOURCE] || group->example.value[TARGET]) {
        buffer_add_text(out, "<table class=\"pair\"><thead><tr><th scope=\"col\">Where</th>"
                             "<th scope=\"col\">Source</th><th scope=\"col\">Target</th></tr>"
                             "</thead><tbody><tr><th scope=\"row\">");
        html_code(out, group->example.path);
        buffer_add_text(out, "</th>");
        page_pair_cells(out, group->example.value);
        buffer_add_text(out, "</tr></tbody></table>\n");
    }
    if (!group->example.number)
        return;
    buffer_add_text(out, "<p class=\"small muted\">Smallest example: ");
    html_code(out, group->example.method);
    buffer_add_byte(out, ' ');
    html_code(out, group->example.target);
    buffer_printf(out, ", line %llu of ", (unsigned long long)group->example.line);
    html_code(out, group->example.file);
    buffer_printf(out, ". Both answers in full: <code>tally-diff ");
    page_text(out, html->result->ledger_path ? html->result->ledger_path : "LEDGER");
    buffer_printf(out, " request %llu</code></p>\n", (unsigned long long)group->example.number);
}

static void add_group(struct html *html, const struct replay_group *group)
{
    char id[PAGE_ID_SIZE];
    struct buffer *out = html->out, name = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_printf(&name, "%s %s %s %s", group->kind, group->route, group->path,
                  group->change ? group->change : "");
    page_id(&html->ids, "group", name.data, name.length, false, id);
    buffer_printf(out,
                  "<article class=\"finding item\" id=\"%s\" data-what=\"groups\" "
                  "data-kind=\"",
                  id);
    page_attribute(out, group->kind);
    buffer_printf(out, "\"><h3><span class=\"badge %s\">", class_of(group->kind));
    page_text(out, group->kind);
    buffer_add_text(out, "</span> ");
    html_code(out, group->route);
    buffer_printf(out, " <a class=\"anchor\" href=\"#%s\" aria-label=\"Link to this\">#</a></h3>\n",
                  id);
    add_group_facts(html, group);
    if (group->cause && *group->cause) {
        buffer_add_text(out, "<p class=\"cause\">");
        add_capital(out, group->cause);
        buffer_add_text(out, ".</p>\n");
    }
    if (group->follows) {
        buffer_printf(
            out, "<p>Perhaps follows from line %llu: ", (unsigned long long)group->follows_line);
        page_text(out, group->follows);
        buffer_add_text(out, ".</p>\n");
    }
    add_example(html, group);
    if (group->request_count > 1) {
        buffer_add_text(out, "<details><summary>All requests</summary><p class=\"small\">In ");
        add_lines(out, group->lines, group->request_count, group->count);
        buffer_add_text(out, ".</p></details>\n");
    }
    buffer_add_text(out, "</article>\n");
    buffer_free(&name);
}

/* Seen in consequences of other differences alone? */
static bool only_follows(const struct replay_group *group)
{
    return group->count && group->consequences == group->count;
}

static void add_group_list(struct html *html, bool follows, const char *id, const char *title)
{
    bool any = false;
    for (size_t i = 0; i < html->result->group_count; i++) {
        const struct replay_group *group = &html->result->groups[i];
        if (only_follows(group) != follows)
            continue;
        if (!any) {
            html_begin_section(html, id, title);
            if (follows)
                buffer_add_text(html->out, "<p class=\"muted\">These may have no cause of their "
                                           "own.</p>\n");
            buffer_add_text(html->out, "<div class=\"list\" data-page=\"50\">\n");
        }
        any = true;
        add_group(html, group);
    }
    if (!any)
        return;
    buffer_add_text(html->out, "</div>\n");
    html_end_section(html);
}

static void add_groups(struct html *html)
{
    add_group_list(html, false, "differences", "Differences");
    add_group_list(html, true, "consequences", "Seen only after a session's first difference");
}

/* ---- tokens, rules, notes ---- */

static void add_uncorrelated(struct html *html)
{
    const struct replay_result *result = html->result;
    if (!result->uncorrelated_count)
        return;
    html_begin_section(html, "uncorrelated", "Sent as logged, though it looks like a token");
    buffer_add_text(html->out,
                    "<p>No answer gave these values, so both sides were sent the log's. A rule "
                    "under <code>tokens</code> can say where they come from.</p>\n"
                    "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">Route</th>"
                    "<th scope=\"col\">Where</th><th scope=\"col\" class=\"number\">Requests</th>"
                    "<th scope=\"col\" class=\"number\">First line</th></tr></thead>"
                    "<tbody class=\"list\" data-page=\"50\">\n");
    for (size_t i = 0; i < result->uncorrelated_count; i++) {
        const struct replay_uncorrelated *one = &result->uncorrelated[i];
        buffer_add_text(html->out, "<tr><th scope=\"row\">");
        html_code(html->out, one->route);
        buffer_add_text(html->out, "</th><td>");
        page_text(html->out, one->where);
        buffer_add_text(html->out, "</td><td class=\"number\">");
        page_count(html->out, one->count);
        buffer_printf(html->out, "</td><td class=\"number\">%llu</td></tr>\n",
                      (unsigned long long)one->line);
    }
    buffer_add_text(html->out, "</tbody></table></div>\n");
    html_end_section(html);
}

static void add_rules(struct html *html)
{
    const struct replay_result *result = html->result;
    if (!result->rule_count || result->one_side)
        return;
    html_begin_section(html, "rules", "Rules, and what they did");
    buffer_add_text(html->out, "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">Rule</th>"
                               "<th scope=\"col\" class=\"number\">Line</th>"
                               "<th scope=\"col\" class=\"number\">Answers</th>"
                               "<th scope=\"col\" class=\"number\">Source</th>"
                               "<th scope=\"col\" class=\"number\">Target</th></tr></thead>"
                               "<tbody class=\"list\" data-page=\"50\">\n");
    for (size_t i = 0; i < result->rule_count; i++) {
        const struct replay_rule *rule = &result->rules[i];
        bool idle = result->replayed && !rule->applied[SOURCE] && !rule->applied[TARGET];
        buffer_add_text(html->out, "<tr><th scope=\"row\">");
        page_text(html->out, rule->name);
        if (idle)
            buffer_add_text(html->out, " <span class=\"badge\">never matched</span>");
        buffer_printf(html->out, "</th><td class=\"number\">%d</td><td class=\"number\">",
                      rule->line);
        page_count(html->out, rule->answers);
        for (int side = 0; side < SIDES; side++) {
            buffer_add_text(html->out, "</td><td class=\"number\">");
            page_count(html->out, rule->applied[side]);
        }
        buffer_add_text(html->out, "</td></tr>\n");
    }
    buffer_add_text(html->out, "</tbody></table></div>\n");
    if (result->masked) {
        buffer_add_text(html->out, "<p class=\"muted\">");
        html_count(html->out, result->masked, "place was", "places were");
        buffer_add_text(html->out, " passed over.</p>\n");
    }
    html_end_section(html);
}

static void add_notes(struct html *html)
{
    const struct replay_result *result = html->result;
    if (!result->note_count && result->behind <= 0 && !result->both_unlike_log)
        return;
    html_begin_section(html, "notes", "Notes");
    buffer_add_text(html->out, "<ul class=\"plain\">\n");
    if (result->behind > 0) {
        begin_entry(html);
        buffer_add_text(html->out, "The replay was up to ");
        html_seconds(html->out, result->behind);
        buffer_add_text(html->out, " behind the schedule of --speed.");
        end_entry(html);
    }
    if (result->both_unlike_log) {
        begin_entry(html);
        html_count(html->out, result->both_unlike_log, "request was", "requests were");
        buffer_add_text(html->out, " answered alike by both sides, and not as production did.");
        end_entry(html);
    }
    for (size_t i = 0; i < result->note_count; i++)
        add_entry(html, result->notes[i]);
    buffer_add_text(html->out, "</ul>\n");
    html_end_section(html);
}

/* ---- the page ---- */

static void add_contents(struct html *html)
{
    const struct replay_result *result = html->result;
    size_t follow = 0;
    for (size_t i = 0; i < result->group_count; i++)
        follow += only_follows(&result->groups[i]);
    const struct {
        bool there;
        const char *id, *name;
    } parts[] = {
        {true, "not-compared", "Not compared"},
        {result->group_count > follow, "differences", "Differences"},
        {follow, "consequences", "Consequences"},
        {result->session_count, "sessions", "Sessions"},
        {result->latency_count, "latency", "Latency"},
        {result->database_count, "databases", "Databases"},
        {result->uncorrelated_count, "uncorrelated", "Tokens"},
        {result->one_side ? 0 : result->rule_count, "rules", "Rules"},
    };
    buffer_add_text(html->out, "<nav class=\"toc\" aria-label=\"Contents\">\n");
    for (size_t i = 0; i < COUNT(parts); i++)
        if (parts[i].there)
            buffer_printf(html->out, "<a href=\"#%s\">%s</a>\n", parts[i].id, parts[i].name);
    buffer_add_text(html->out, "</nav>\n</header>\n");
}

static void add_filter(struct html *html)
{
    if (!html->result->group_count && !html->result->session_count)
        return;
    buffer_add_text(
        html->out, "<form class=\"filter\" role=\"search\" aria-label=\"Filter\" data-filter "
                   "hidden>\n<label class=\"grow\">Find <input type=\"search\" "
                   "autocomplete=\"off\" spellcheck=\"false\" placeholder=\"route, value, session, "
                   "tenant\"></label>\n<label>Kind <select data-facet=\"kind\">"
                   "<option value=\"\">any</option>");
    for (size_t i = 0; i < COUNT(kinds); i++)
        buffer_printf(html->out, "<option>%s</option>", kinds[i].kind);
    buffer_add_text(html->out, "</select></label>\n<label>Sessions <select data-facet=\"fate\">"
                               "<option value=\"\">any</option>");
    for (int fate = 0; fate < FATES; fate++)
        buffer_printf(html->out, "<option value=\"f%d\">%s</option>", fate, replay_fate_name[fate]);
    buffer_add_text(html->out, "</select></label>\n<button type=\"reset\" hidden>Clear</button>\n"
                               "<output aria-live=\"polite\"></output>\n</form>\n");
}

static void add_footer(struct html *html)
{
    buffer_add_text(html->out, "<footer>\n<p>Made by tally-replay " TALLY_VERSION ".");
    if (html->result->ledger_path) {
        buffer_add_text(html->out, " Ledger: ");
        html_code(html->out, html->result->ledger_path);
        buffer_add_byte(html->out, '.');
    }
    buffer_add_text(html->out, "</p>\n</footer>\n");
}

void report_replay_html(const struct replay_result *result, struct buffer *out)
{
    struct html html = {.result = result, .out = out};
    struct buffer title = BUFFER_INIT(BUFFER_NO_LIMIT);
    add_sentence(result, &title);
    page_begin(out, (const char *)title.data);
    add_verdict(&html);
    add_facts(&html);
    add_contents(&html);
    buffer_add_text(out, "<main id=\"main\">\n");
    add_not_compared(&html);
    add_filter(&html);
    add_groups(&html);
    html_sessions(&html);
    html_latency(&html);
    html_databases(&html);
    add_uncorrelated(&html);
    add_rules(&html);
    add_notes(&html);
    buffer_add_text(out, "</main>\n");
    add_footer(&html);
    page_end(out);
    page_ids_free(&html.ids);
    buffer_free(&title);
}
