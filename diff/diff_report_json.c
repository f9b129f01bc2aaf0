/* The differences of two files for programs: the interface that tally-diff.schema.json describes.
 */
#include "describe.h"
#include "diff_report.h"

#include "base/json_string.h"

static void add_value(const struct diff_report *report, const struct difference *difference,
                      enum side side, struct buffer *out)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_printf(out, ", \"%s\": ", side_name[side]);
    if (describe_text(report->found, difference, side, DIFF_REPORT_TEXT, &text))
        json_string_add(out, text.data, text.length);
    else
        buffer_add_text(out, "null");
    buffer_free(&text);
}

static void add_difference(const struct diff_report *report, const struct difference *difference,
                           struct buffer *out)
{
    buffer_printf(out, "{\"kind\": \"%s\", \"path\": ", diff_kind_name[difference->kind]);
    json_string_add_text(out, difference->path);
    buffer_printf(out, ", \"class\": \"%s\"",
                  value_class_name[describe_class(report->found, difference)]);
    const char *note = report->note ? report->note(report->note_context, difference) : NULL;
    if (note) {
        buffer_add_text(out, ", \"note\": ");
        json_string_add_text(out, note);
    }
    add_value(report, difference, SOURCE, out);
    add_value(report, difference, TARGET, out);
    buffer_add_byte(out, '}');
}

void diff_report_json(const struct diff_report *report, struct buffer *out)
{
    const struct comparison *found = report->found;
    buffer_printf(out, "{\"equal\": %s, \"type\": \"%s\", \"fallback\": ",
                  found->equal ? "true" : "false", content_type_name[found->type]);
    json_string_add_text(out, found->fallback[0] ? found->fallback : NULL);
    buffer_add_text(out, ", \"differences\": [");
    for (size_t i = 0; i < found->count; i++) {
        buffer_add_text(out, i ? ",\n    " : "\n    ");
        add_difference(report, &found->differences[i], out);
    }
    buffer_printf(out, "], \"masked\": %zu", found->masked);
    if (found->total > found->count)
        buffer_printf(out, ", \"total\": %zu", found->total);
    buffer_add_text(out, "}\n");
}
