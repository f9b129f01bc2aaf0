/* The differences of two files side by side, as a page (diff_report.h, page.h). */
#include "describe.h"
#include "diff_report.h"
#include "page.h"
#include "rule.h"

static const char *const label[SIDES] = {"Source", "Target"};

/* Classes of page.css for the kinds. */
static const char *const kind_class[DIFF_KINDS] = {
    [DIFF_CHANGED] = "changed", [DIFF_INSERTED] = "extra",    [DIFF_DELETED] = "missing",
    [DIFF_MOVED] = "changed",   [DIFF_REORDERED] = "changed",
};

/* What stands in a side's cell. `shown` holds the bytes that value points to. */
static bool take_value(const struct diff_report *report, const struct difference *difference,
                       enum side side, struct buffer *shown)
{
    struct tree_text value = describe_value(report->found, difference, side);
    if (!value.at)
        return false;
    if (describe_is_secret(report->found, difference))
        buffer_add_text(shown, "***");
    else
        rules_show(shown, value.at, value.length);
    return true;
}

static void add_cells(const struct diff_report *report, const struct difference *difference,
                      struct buffer *out)
{
    struct buffer shown[SIDES] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
    struct buffer cell[SIDES] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
    struct page_bytes value[SIDES];
    bool there[SIDES];
    for (int side = 0; side < SIDES; side++) {
        there[side] = take_value(report, difference, (enum side)side, &shown[side]);
        value[side] = (struct page_bytes){shown[side].data, shown[side].length};
    }
    if (there[SOURCE] && there[TARGET])
        page_pair(value, (struct buffer *const[]){&cell[SOURCE], &cell[TARGET]});
    for (int side = 0; side < SIDES; side++) {
        buffer_printf(out, "<td data-label=\"%s\">", label[side]);
        if (!there[side]) {
            buffer_add_text(out, "<span class=\"muted\">none</span>");
        } else {
            buffer_add_text(out, "<div class=\"value\">");
            if (there[!side])
                buffer_add(out, cell[side].data, cell[side].length);
            else
                page_value(out, value[side]);
            buffer_add_text(out, "</div>");
        }
        buffer_add_text(out, "</td>");
        buffer_free(&shown[side]);
        buffer_free(&cell[side]);
    }
}

static void add_difference(const struct diff_report *report, const struct difference *difference,
                           struct page_ids *ids, struct buffer *out)
{
    enum value_class class = describe_class(report->found, difference);
    char id[PAGE_ID_SIZE];
    page_id(ids, "at", difference->path, strlen(difference->path), false, id);
    buffer_printf(out,
                  "<article class=\"finding item\" id=\"%s\" data-what=\"difference\" "
                  "data-kind=\"%s\"><h4><span class=\"badge %s\">%s</span> <code>",
                  id, diff_kind_name[difference->kind], kind_class[difference->kind],
                  diff_kind_name[difference->kind]);
    page_text(out, difference->path);
    buffer_add_text(out, "</code>");
    buffer_printf(out, " <a class=\"anchor\" href=\"#%s\" aria-label=\"Link to this\">#</a></h4>\n",
                  id);
    if (difference->kind != DIFF_REORDERED) {
        buffer_printf(out,
                      "<table class=\"pair\"><thead><tr><th scope=\"col\">Class</th>"
                      "<th scope=\"col\">Source</th><th scope=\"col\">Target</th></tr></thead>"
                      "<tbody><tr><th scope=\"row\">%s</th>",
                      value_class_name[class]);
        add_cells(report, difference, out);
        buffer_add_text(out, "</tr></tbody></table>\n");
    } else {
        buffer_add_text(out, "<p class=\"muted\">The same things in another order.</p>\n");
    }
    const char *note = report->note ? report->note(report->note_context, difference) : NULL;
    if (note) {
        buffer_add_text(out, "<p class=\"muted\">");
        page_text(out, note);
        buffer_add_text(out, "</p>\n");
    }
    buffer_add_text(out, "</article>\n");
}

static void add_files(const struct diff_report *report, struct buffer *out)
{
    buffer_add_text(out, "<table class=\"sides\"><tbody>\n");
    for (int side = 0; side < SIDES; side++) {
        buffer_printf(out, "<tr><th scope=\"row\">%s</th><td>", label[side]);
        page_text(out, report->name[side]);
        buffer_add_text(out, "</td><td class=\"number\">");
        page_count(out, report->found->length[side]);
        buffer_add_text(out, report->found->length[side] == 1 ? " byte" : " bytes");
        buffer_add_text(out, "</td></tr>\n");
    }
    buffer_add_text(out, "</tbody></table>\n");
}

void diff_report_html_part(const struct diff_report *report, struct page_ids *ids,
                           struct buffer *out)
{
    const struct comparison *found = report->found;
    if (found->fallback[0]) {
        buffer_printf(out, "<p>Compared as %s, because ", content_type_name[found->type]);
        page_text(out, found->fallback);
        buffer_add_text(out, ".</p>\n");
    }
    if (found->count) {
        buffer_add_text(out, "<section aria-labelledby=\"differences\">"
                             "<h2 id=\"differences\">Differences</h2>\n<div class=\"list\" "
                             "data-page=\"200\">\n");
        for (size_t i = 0; i < found->count; i++)
            add_difference(report, &found->differences[i], ids, out);
        buffer_add_text(out, "</div>\n</section>\n");
    }
    if (found->total > found->count) {
        buffer_add_text(out, "<p class=\"muted\">And ");
        page_count(out, found->total - found->count);
        buffer_add_text(out, " more.</p>\n");
    }
}

void diff_report_html(const struct diff_report *report, struct buffer *out)
{
    const struct comparison *found = report->found;
    const char *verdict = found->equal ? "equal" : "different";
    struct buffer summary = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct page_ids ids = {0};
    diff_report_summary(found, &summary);
    page_begin(out, found->equal ? "The files are equal" : "The files differ");
    buffer_printf(out,
                  "<main id=\"main\">\n<h1>%s</h1>\n<p><span class=\"badge verdict-%s\">%s</span> ",
                  found->equal ? "The files are equal" : "The files differ", verdict, verdict);
    page_text(out, (const char *)summary.data);
    buffer_add_text(out, "</p>\n");
    add_files(report, out);
    diff_report_html_part(report, &ids, out);
    buffer_add_text(out, "</main>\n");
    page_end(out);
    page_ids_free(&ids);
    buffer_free(&summary);
}
