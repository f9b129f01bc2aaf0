/* See report.h. */
#include "report.h"

#include "../diff/base/progress.h"

#include <string.h>

static const struct format {
    const char *name;
    /* NULL: the text report, which alone has colours and another form with --explain */
    void (*write)(const struct verify_result *result, const struct verify_options *options,
                  struct buffer *out);
} formats[] = {
    {"text", NULL},
    {"json", report_json},
    {"html", report_html},
    {"junit", report_junit},
    {"prometheus", report_prometheus},
};

static const struct format *find_format(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

void report_compose(const char *name, const struct verify_result *result,
                    const struct verify_options *options, bool colour, struct buffer *out)
{
    const struct format *format = find_format(name);
    if (format && format->write)
        format->write(result, options, out);
    else if (options->explain)
        report_explain(result, options, colour, out);
    else
        report_text(result, options, colour, out);
}

void report_since(const struct result_since *since, struct buffer *out)
{
    char number[32];
    const struct {
        uint64_t count;
        const char *word;
    } parts[] = {{since->fresh, "new"}, {since->persisting, "persist"}, {since->gone, "gone"}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        buffer_printf(out, "%s%s %s", i ? ", " : "", human_count(parts[i].count, number),
                      parts[i].word);
}
