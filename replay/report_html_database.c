/*
 * What tally-verify found in the databases that the replay left behind. Input: a result. Output: a
 * part of the page (report_html.c).
 */
#include "report_html_parts.h"

#include <string.h>

static void add_verdict(struct buffer *out, enum replay_verdict verdict)
{
    buffer_printf(out, " <span class=\"badge verdict-%s\">%s</span>", replay_verdict_name[verdict],
                  replay_verdict_name[verdict]);
}

static void add_table_name(struct buffer *out, const struct replay_table *table)
{
    const char *source = table->name[SOURCE], *target = table->name[TARGET];
    html_code(out, source ? source : target ? target : "?");
    if (source && target && strcmp(source, target) != 0) {
        buffer_add_text(out, " and ");
        html_code(out, target);
    }
}

static void add_number(struct buffer *out, const char *name, uint64_t n)
{
    buffer_printf(out, "<td class=\"number\" data-label=\"%s\">", name);
    page_count(out, n);
    buffer_add_text(out, "</td>");
}

static void add_table(struct buffer *out, const struct replay_table *table)
{
    buffer_add_text(out, "<tr><th scope=\"row\">");
    add_table_name(out, table);
    add_verdict(out, table->verdict);
    if (table->before)
        buffer_add_text(out, " <span class=\"badge\">before the replay, too</span>");
    buffer_add_text(out, "</th>");
    add_number(out, "Changed", table->changed);
    add_number(out, "Missing", table->missing);
    add_number(out, "Extra", table->extra);
    buffer_add_text(out, "<td class=\"wide\">");
    for (size_t i = 0; i < table->text_count; i++) {
        buffer_add_text(out, i ? "<br>" : "");
        page_text(out, table->texts[i]);
    }
    buffer_add_text(out, "</td></tr>\n");
}

static void add_head(struct html *html, const struct replay_database *database)
{
    struct buffer *out = html->out;
    buffer_add_text(out, "<h3>");
    if (database->tenant && *database->tenant)
        page_text(out, database->tenant);
    else
        buffer_add_text(out, "Both databases");
    add_verdict(out, database->verdict);
    buffer_add_text(out, "</h3>\n<p class=\"facts\">");
    for (int side = 0; side < SIDES; side++)
        if (database->uri[side]) {
            buffer_printf(out, "<span>%s ", side_name[side]);
            html_code(out, database->uri[side]);
            buffer_add_text(out, "</span> ");
        }
    buffer_add_text(out, "<span>");
    html_count(out, database->equal_tables, "table is equal", "tables are equal");
    buffer_add_text(out, "</span>");
    if (database->ids) {
        buffer_add_text(out, " <span>");
        html_count(out, database->ids, "generated id", "generated ids");
        buffer_add_text(out, " paired</span>");
    }
    buffer_add_text(out, "</p>\n");
}

static void add_database(struct html *html, const struct replay_database *database)
{
    struct buffer *out = html->out;
    buffer_add_text(out, "<li class=\"card item\" data-what=\"databases\">");
    add_head(html, database);
    if (database->problem) {
        buffer_add_text(out, "<p>Not compared: ");
        page_text(out, database->problem);
        buffer_add_text(out, "</p>\n");
    }
    if (database->table_count) {
        buffer_add_text(out,
                        "<div class=\"scroll\"><table class=\"stack\"><thead><tr>"
                        "<th scope=\"col\">Table</th>"
                        "<th scope=\"col\" class=\"number\">Changed</th>"
                        "<th scope=\"col\" class=\"number\">Missing</th>"
                        "<th scope=\"col\" class=\"number\">Extra</th><th scope=\"col\">Why</th>"
                        "</tr></thead><tbody>\n");
        for (size_t i = 0; i < database->table_count; i++)
            add_table(out, &database->tables[i]);
        buffer_add_text(out, "</tbody></table></div>\n");
    }
    if (database->ledger_path) {
        buffer_add_text(out, "<p class=\"small muted\">Row by row: <code>tally-diff ");
        page_text(out, database->ledger_path);
        buffer_add_text(out, "</code></p>\n");
    }
    buffer_add_text(out, "</li>\n");
}

/* Those that are not equal come first. */
void html_databases(struct html *html)
{
    const struct replay_result *result = html->result;
    if (!result->database_count)
        return;
    html_begin_section(html, "databases", "What the replay left in the databases");
    buffer_add_text(html->out, "<ul class=\"cards list\" data-page=\"50\">\n");
    for (int verdict = REPLAY_DIFFERENT; verdict >= REPLAY_EQUAL; verdict--)
        for (size_t i = 0; i < result->database_count; i++)
            if ((int)result->databases[i].verdict == verdict)
                add_database(html, &result->databases[i]);
    buffer_add_text(html->out, "</ul>\n");
    html_end_section(html);
}
