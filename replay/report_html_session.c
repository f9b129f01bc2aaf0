/*
 * Sessions as timelines: a row of marks for each session, a mark per request, whose shape and
 * colour say what became of it. Input: a result. Output: a part of the page (report_html.c).
 *
 * Equal requests are most of them and share one path; each other one is an element of its own with
 * a title, up to TITLES_MOST of the whole page, so that the page stays small enough to be opened.
 * What a title says stands in a table, too, for those who have no mouse.
 */
#include "report_html_parts.h"

#include <stdio.h>
#include <time.h>

#define TITLES_MOST 20000 /* marks with a title */
#define ROWS_MOST 4000    /* of tables, in all; of a session: */
#define SESSION_ROWS 20
#define STEP 10 /* units of a mark and the gap behind it */
#define HEIGHT 14
#define ROW 18 /* units from one line of marks to the next */
#define PER_LINE 100

struct timelines {
    struct html *html;
    size_t titles, rows;
};

/* Where a mark begins is put before it: M x y, then this. All fit into 8 × 14. */
static const struct {
    const char *class_name, *shape, *text;
    int x, y;
} marks[FATES] = {
    [FATE_EQUAL] = {"fate-equal", "h8v4h-8z", "equal", 0, 5},
    [FATE_DIFFERENT] = {"fate-different", "h8v14h-8z", "different", 0, 0},
    [FATE_CONSEQUENCE] = {"fate-different", "h8v14h-8zm2 2v10h4v-10z",
                          "different, after the session's first difference", 0, 0},
    [FATE_BOTH_FAILED] = {"fate-failed", "l4 7-4 7-4-7z", "both sides failed", 4, 0},
    [FATE_INCONCLUSIVE] = {"fate-doubt", "h8v4h-8zm0 10h8v4h-8z", "not compared", 0, 0},
    [FATE_LEFT_OUT] = {"fate-none", "h4v4h-4z", "not sent", 2, 5},
};

static void add_path(struct buffer *out, enum replay_fate fate, size_t at)
{
    size_t x = at % PER_LINE * STEP + (size_t)marks[fate].x;
    size_t y = at / PER_LINE * ROW + (size_t)marks[fate].y;
    buffer_printf(out, "M%zu %zu%s", x, y, marks[fate].shape);
}

static void add_status(struct buffer *out, int status)
{
    if (status)
        buffer_printf(out, "%d", status);
    else
        buffer_add_text(out, "-");
}

static void add_clock(struct buffer *out, int64_t arrival)
{
    time_t seconds = (time_t)(arrival / 1000000);
    struct tm parts;
    char text[32];
    if (arrival > 0 && gmtime_r(&seconds, &parts) &&
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts))
        buffer_add_text(out, text);
}

/* "Line 12, 10:11:12: GET /x, 200 and 500: why". */
static void add_title(struct buffer *out, const struct replay_step *step)
{
    buffer_printf(out, "<title>Line %llu, ", (unsigned long long)step->line);
    if (step->arrival > 0) {
        add_clock(out, step->arrival);
        buffer_add_text(out, ": ");
    }
    page_attribute(out, step->method);
    buffer_add_byte(out, ' ');
    page_attribute(out, step->target);
    buffer_printf(out, ": %s", marks[step->fate].text);
    if (step->why && *step->why) {
        buffer_add_text(out, ", ");
        page_attribute(out, step->why);
    }
    buffer_add_text(out, "</title>");
}

/* All steps of one fate as one path: those that are equal, or too many to be told one by one. */
static void add_shared(struct timelines *timelines, const struct replay_session *session,
                       enum replay_fate fate)
{
    struct buffer *out = timelines->html->out;
    size_t count = 0;
    for (size_t i = 0; i < session->step_count; i++)
        count += session->steps[i].fate == fate;
    if (!count)
        return;
    buffer_printf(out, "<path class=\"%s\" d=\"", marks[fate].class_name);
    for (size_t i = 0; i < session->step_count; i++)
        if (session->steps[i].fate == fate)
            add_path(out, fate, i);
    buffer_printf(out, "\"><title>%zu %s</title></path>", count, marks[fate].text);
}

static void add_marks(struct timelines *timelines, const struct replay_session *session)
{
    struct buffer *out = timelines->html->out;
    size_t told = 0;
    for (size_t i = 0; i < session->step_count; i++)
        told += session->steps[i].fate != FATE_EQUAL;
    bool each = timelines->titles + told <= TITLES_MOST;
    for (int fate = 0; fate < FATES; fate++)
        if (fate == FATE_EQUAL || !each)
            add_shared(timelines, session, (enum replay_fate)fate);
    for (size_t i = 0; each && i < session->step_count; i++) {
        const struct replay_step *step = &session->steps[i];
        if (step->fate == FATE_EQUAL)
            continue;
        buffer_printf(out, "<path class=\"%s\" d=\"", marks[step->fate].class_name);
        add_path(out, step->fate, i);
        buffer_add_text(out, "\">");
        add_title(out, step);
        buffer_add_text(out, "</path>");
    }
    timelines->titles += each ? told : 0;
}

static void add_summary(struct buffer *out, const struct replay_session *session)
{
    bool any = false;
    html_count(out, session->requests, "request", "requests");
    for (int fate = 0; fate < FATES; fate++)
        if (session->fates[fate]) {
            buffer_add_text(out, any ? ", " : ": ");
            page_count(out, session->fates[fate]);
            buffer_printf(out, " %s", html_fate(fate, session->fates[fate]));
            any = true;
        }
}

static void add_timeline(struct timelines *timelines, const struct replay_session *session)
{
    struct buffer *out = timelines->html->out;
    size_t lines = (session->step_count + PER_LINE - 1) / PER_LINE;
    size_t width = (lines > 1 ? PER_LINE : session->step_count) * STEP;
    size_t height = (lines - 1) * ROW + HEIGHT;
    buffer_printf(out,
                  "<svg class=\"timeline\" viewBox=\"0 0 %zu %zu\" width=\"%zu\" height=\"%zu\" "
                  "role=\"img\" aria-label=\"",
                  width, height, width, height);
    add_summary(out, session);
    buffer_add_text(out, "\">");
    add_marks(timelines, session);
    buffer_add_text(out, "</svg>\n");
}

/* ---- what is not equal, in words ---- */

static void add_step(struct buffer *out, const struct replay_step *step)
{
    buffer_printf(out, "<tr><td class=\"number\" data-label=\"Line\">%llu</td><td>",
                  (unsigned long long)step->line);
    html_code(out, step->method);
    buffer_add_byte(out, ' ');
    html_code(out, step->target);
    buffer_add_text(out, "</td><td class=\"number\" data-label=\"Log\">");
    add_status(out, step->logged_status);
    buffer_add_text(out, "</td><td class=\"number\" data-label=\"Source\">");
    add_status(out, step->status[SOURCE]);
    buffer_add_text(out, "</td><td class=\"number\" data-label=\"Target\">");
    add_status(out, step->status[TARGET]);
    buffer_printf(out, "</td><td>%s", replay_fate_name[step->fate]);
    if (step->why && *step->why) {
        buffer_add_text(out, ": ");
        page_text(out, step->why);
    }
    buffer_add_text(out, "</td></tr>\n");
}

static void add_steps(struct timelines *timelines, const struct replay_session *session)
{
    struct buffer *out = timelines->html->out;
    size_t count = 0, shown = 0;
    for (size_t i = 0; i < session->step_count; i++)
        count += session->steps[i].fate != FATE_EQUAL;
    if (!count || timelines->rows >= ROWS_MOST)
        return;
    buffer_add_text(out,
                    "<details><summary>Requests that are not equal</summary>\n"
                    "<div class=\"scroll\"><table class=\"small stack\"><thead><tr>"
                    "<th scope=\"col\" class=\"number\">Line</th><th scope=\"col\">Request</th>"
                    "<th scope=\"col\" class=\"number\">Log</th>"
                    "<th scope=\"col\" class=\"number\">Source</th>"
                    "<th scope=\"col\" class=\"number\">Target</th>"
                    "<th scope=\"col\">What</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < session->step_count && shown < SESSION_ROWS; i++)
        if (session->steps[i].fate != FATE_EQUAL) {
            add_step(out, &session->steps[i]);
            shown++;
        }
    timelines->rows += shown;
    buffer_add_text(out, "</tbody></table></div>\n");
    if (count > shown) {
        buffer_add_text(out, "<p class=\"small muted\">And ");
        page_count(out, count - shown);
        buffer_add_text(out, " more.</p>\n");
    }
    buffer_add_text(out, "</details>\n");
}

/* ---- the list ---- */

static void add_session(struct timelines *timelines, const struct replay_session *session)
{
    struct buffer *out = timelines->html->out;
    char id[PAGE_ID_SIZE];
    struct buffer name = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_printf(&name, "%s %s", session->name, session->tenant);
    page_id(&timelines->html->ids, "session", name.data, name.length, false, id);
    buffer_printf(out, "<li class=\"session item\" id=\"%s\" data-what=\"sessions\" data-fate=\"",
                  id);
    for (int fate = 0; fate < FATES; fate++)
        if (session->fates[fate])
            buffer_printf(out, "f%d ", fate);
    buffer_add_text(out, "\">\n<h3>");
    html_code(out, session->name);
    if (*session->tenant) {
        buffer_add_byte(out, ' ');
        page_text(out, session->tenant);
    }
    buffer_add_text(out, " <span class=\"muted small\">");
    add_summary(out, session);
    buffer_printf(out,
                  "</span> <a class=\"anchor\" href=\"#%s\" aria-label=\"Link to this\">#</a>"
                  "</h3>\n",
                  id);
    if (session->step_count)
        add_timeline(timelines, session);
    if (session->requests > session->step_count) {
        buffer_add_text(out, "<p class=\"small muted\">The first ");
        page_count(out, session->step_count);
        buffer_add_text(out, " are drawn.</p>\n");
    }
    add_steps(timelines, session);
    buffer_add_text(out, "</li>\n");
    buffer_free(&name);
}

static void add_legend(struct html *html)
{
    buffer_add_text(html->out, "<ul class=\"legend\">");
    for (int fate = 0; fate < FATES; fate++) {
        buffer_printf(html->out,
                      "<li><svg class=\"mark\" viewBox=\"-1 -1 10 16\" aria-hidden=\"true\">"
                      "<path class=\"%s\" d=\"",
                      marks[fate].class_name);
        add_path(html->out, (enum replay_fate)fate, 0);
        buffer_printf(html->out, "\"/></svg>%s</li>", marks[fate].text);
    }
    buffer_add_text(html->out, "</ul>\n");
}

void html_sessions(struct html *html)
{
    const struct replay_result *result = html->result;
    struct timelines timelines = {.html = html};
    if (!result->session_count)
        return;
    html_begin_section(html, "sessions", "Sessions");
    buffer_add_text(html->out, "<p class=\"muted\">A mark for each request, in the session's "
                               "order.</p>\n");
    add_legend(html);
    buffer_add_text(html->out, "<ul class=\"plain list\" data-page=\"25\">\n");
    for (size_t i = 0; i < result->session_count; i++)
        add_session(&timelines, &result->session_list[i]);
    buffer_add_text(html->out, "</ul>\n");
    if (result->sessions > result->session_count) {
        buffer_add_text(html->out, "<p class=\"muted\">And ");
        page_count(html->out, result->sessions - result->session_count);
        buffer_add_text(html->out,
                        " sessions more, without findings or beyond what is kept.</p>\n");
    }
    html_end_section(html);
}
