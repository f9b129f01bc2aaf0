/*
 * Why rows differ, and what is unlike in the definitions: two sections of the HTML report. Input:
 * the causes and schema findings of a finished result. Output: HTML, a card of each, the causes of
 * the most rows first, whatever their table.
 */
#include "../diff/base/memory.h"
#include "report_html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- causes
 * ------------------------------------------------------------------------------------------- */

struct place {
    size_t table, index;
    uint64_t count;
};

static int compare_places(const void *one, const void *other)
{
    const struct place *first = one, *second = other;
    if (first->count != second->count)
        return first->count < second->count ? 1 : -1;
    if (first->table != second->table)
        return first->table < second->table ? -1 : 1;
    return (first->index > second->index) - (first->index < second->index);
}

/* "time-zone" -> "Time zone". */
static void add_title(struct buffer *out, const char *name)
{
    struct buffer title = BUFFER_INIT(200);
    for (const char *at = name; *at; at++) {
        char c = *at == '-' ? ' ' : *at;
        if (at == name && c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        buffer_add_byte(&title, (unsigned char)c);
    }
    page_text(out, (const char *)title.data);
    buffer_free(&title);
}

static void add_confidence(struct buffer *out, double confidence)
{
    double percent = floor(confidence * 100 + 1e-9);
    if (isfinite(percent) && percent >= 0)
        buffer_printf(out, "<span>confidence <strong>%.0f %%</strong></span>",
                      percent > 100 ? 100 : percent);
}

/* An id of words that do not change: table, column, name. */
static void make_id(struct html *html, const char *prefix, size_t table, const char *column,
                    const char *name, char id[PAGE_ID_SIZE])
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    report_add_table_name(&text, &html->result->tables[table]);
    buffer_printf(&text, " %s %s", column ? column : "", name);
    page_id(&html->ids, prefix, text.data, text.length, true, id);
    buffer_free(&text);
}

static void begin_card(struct html *html, const char *kind, const char *what, const char *name,
                       size_t table, const char *column)
{
    char id[PAGE_ID_SIZE];
    make_id(html, kind, table, column, name, id);
    buffer_printf(html->out,
                  "<li class=\"card item\" id=\"%s\" data-what=\"%s\" data-verdict=\"%s\">\n<h3>",
                  id, what, verdict_name[html->result->tables[table].verdict]);
    add_title(html->out, name);
    buffer_printf(html->out,
                  " <a class=\"anchor\" href=\"#%s\" aria-label=\"Link to this\">#</a></h3>\n"
                  "<p class=\"facts\"><span>",
                  id);
    html_add_table_link(html, table);
    if (column) {
        buffer_add_text(html->out, ", column <strong>");
        page_text(html->out, column);
        buffer_add_text(html->out, "</strong>");
    }
    buffer_add_text(html->out, "</span> ");
}

static void add_example(struct html *html, const struct result_cause *cause)
{
    if (html->options->no_values || (!cause->key && !cause->value[0] && !cause->value[1]))
        return;
    if (!cause->column && !cause->value[SOURCE] && !cause->value[TARGET]) { /* of whole rows */
        buffer_add_text(html->out, "<p>Example: key ");
        page_value(html->out, (struct page_bytes){cause->key, strlen(cause->key)});
        buffer_add_text(html->out, "</p>\n");
        return;
    }
    html_begin_pairs(html, "Example");
    buffer_add_text(html->out, "<tr><th scope=\"row\">");
    if (cause->key) {
        buffer_add_text(html->out, "key ");
        page_value(html->out, (struct page_bytes){cause->key, strlen(cause->key)});
    } else {
        buffer_add_text(html->out, "a row");
    }
    buffer_add_text(html->out, "</th>");
    html_add_pair(html, cause->value[SOURCE], cause->value[TARGET]);
    buffer_add_text(html->out, "</tr>\n");
    html_end_pairs(html);
}

static void add_cause(struct html *html, size_t table, const struct result_cause *cause)
{
    const char *name = cause->name ? cause->name : "unexplained";
    begin_card(html, "cause", "causes", name, table, cause->column);
    buffer_add_text(html->out, "<span><strong>");
    page_count(html->out, cause->count);
    buffer_printf(html->out, "</strong> row%s</span> ", cause->count == 1 ? "" : "s");
    add_confidence(html->out, cause->confidence);
    buffer_add_text(html->out, "</p>\n");
    const char *text = html->options->no_values ? cause->plain : cause->text;
    if (text) {
        buffer_add_text(html->out, "<p>");
        page_text(html->out, text);
        buffer_add_text(html->out, "</p>\n");
    }
    add_example(html, cause);
    buffer_add_text(html->out, "</li>\n");
}

size_t html_count_causes(const struct verify_result *result)
{
    size_t count = 0;
    for (size_t t = 0; t < result->table_count; t++)
        count += result->tables[t].cause_count;
    return count;
}

void html_add_causes(struct html *html)
{
    const struct verify_result *result = html->result;
    size_t count = html_count_causes(result), used = 0;
    if (!count)
        return;
    struct place *places = mem_zero(count, sizeof *places);
    for (size_t t = 0; t < result->table_count; t++)
        for (size_t i = 0; i < result->tables[t].cause_count; i++)
            places[used++] = (struct place){t, i, result->tables[t].causes[i].count};
    qsort(places, count, sizeof *places, compare_places);
    buffer_add_text(html->out,
                    "<section aria-labelledby=\"causes\">\n<h2 id=\"causes\">Causes</h2>\n"
                    "<ol class=\"cards list\" data-page=\"20\">\n");
    for (size_t i = 0; i < count; i++)
        add_cause(html, places[i].table, &result->tables[places[i].table].causes[places[i].index]);
    buffer_add_text(html->out, "</ol>\n</section>\n");
    free(places);
}

/* --- definitions
 * -------------------------------------------------------------------------------------- */

static void add_schema_finding(struct html *html, size_t table, const struct result_schema *schema)
{
    begin_card(html, "schema", "definitions", schema->kind, table, schema->column);
    buffer_add_text(html->out, schema->breaks ? "<span>makes the table different</span></p>\n"
                                              : "<span>for information</span></p>\n");
    if (schema->text) {
        buffer_add_text(html->out, "<p>");
        page_text(html->out, schema->text);
        buffer_add_text(html->out, "</p>\n");
    }
    if (schema->value[SOURCE] || schema->value[TARGET]) {
        html_begin_pairs(html, "Definition");
        buffer_add_text(html->out, "<tr><th scope=\"row\">");
        page_text(html->out, schema->column ? schema->column : "table");
        buffer_add_text(html->out, "</th>");
        for (int side = 0; side < SIDES; side++) {
            buffer_printf(html->out, "<td data-label=\"%s\"><code>",
                          side == SOURCE ? "Source" : "Target");
            page_text(html->out, schema->value[side] ? schema->value[side] : "none");
            buffer_add_text(html->out, "</code></td>");
        }
        buffer_add_text(html->out, "</tr>\n");
        html_end_pairs(html);
    }
    if (schema->fix) {
        buffer_add_text(html->out, "<code class=\"sql\" tabindex=\"0\">");
        page_text(html->out, schema->fix);
        buffer_add_text(html->out, "</code>\n");
    }
    buffer_add_text(html->out, "</li>\n");
}

void html_add_schema(struct html *html)
{
    bool any = false;
    for (size_t t = 0; t < html->result->table_count; t++)
        for (size_t i = 0; i < html->result->tables[t].schema_count; i++) {
            if (!any)
                buffer_add_text(html->out, "<section aria-labelledby=\"definitions\">\n"
                                           "<h2 id=\"definitions\">Unlike in the definitions</h2>\n"
                                           "<ul class=\"cards list\" data-page=\"20\">\n");
            any = true;
            add_schema_finding(html, t, &html->result->tables[t].schema[i]);
        }
    if (any)
        buffer_add_text(html->out, "</ul>\n</section>\n");
}
