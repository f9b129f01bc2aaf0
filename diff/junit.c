/* See junit.h. */
#include "junit.h"

#include "base/display.h"

static void add_escaped(struct buffer *out, const char *text, bool attribute)
{
    struct display_piece piece;
    for (; *text; text += piece.size) {
        if (*text == '\n' && !attribute) {
            buffer_add_byte(out, '\n');
            piece.size = 1;
            continue;
        }
        if (!display_next(text, &piece))
            break;
        for (const char *at = piece.text; *at; at++)
            if (*at == '&')
                buffer_add_text(out, "&amp;");
            else if (*at == '<')
                buffer_add_text(out, "&lt;");
            else if (*at == '>')
                buffer_add_text(out, "&gt;");
            else if (*at == '"')
                buffer_add_text(out, attribute ? "&quot;" : "\"");
            else
                buffer_add_byte(out, (unsigned char)*at);
    }
}

static void add_attribute(struct buffer *out, const char *name, const char *value)
{
    buffer_printf(out, " %s=\"", name);
    add_escaped(out, value ? value : "", true);
    buffer_add_byte(out, '"');
}

static void add_element(struct buffer *out, const char *name, const char *type, const char *message,
                        const char *text)
{
    buffer_printf(out, "      <%s", name);
    if (type)
        add_attribute(out, "type", type);
    if (message)
        add_attribute(out, "message", message);
    buffer_add_byte(out, '>');
    add_escaped(out, text, false);
    buffer_printf(out, "</%s>\n", name);
}

void junit_begin_case(struct junit *junit, const char *class, const char *name, double seconds)
{
    junit->tests++;
    buffer_printf(&junit->cases, "    <testcase classname=\"%s.%s\"", junit->suite, class);
    add_attribute(&junit->cases, "name", name);
    buffer_printf(&junit->cases, " time=\"%.3f\">\n", seconds);
}

void junit_end_case(struct junit *junit)
{
    buffer_add_text(&junit->cases, "    </testcase>\n");
}

void junit_fail(struct junit *junit, const char *type, const char *message, const char *text)
{
    junit->failures++;
    add_element(&junit->cases, "failure", type, message, text);
}

void junit_error(struct junit *junit, const char *message, const char *text)
{
    junit->errors++;
    add_element(&junit->cases, "error", "inconclusive", message, text);
}

void junit_skip(struct junit *junit, const char *message)
{
    junit->skipped++;
    buffer_add_text(&junit->cases, "      <skipped");
    add_attribute(&junit->cases, "message", message);
    buffer_add_text(&junit->cases, "/>\n");
}

void junit_output(struct junit *junit, const char *text)
{
    add_element(&junit->cases, "system-out", NULL, NULL, text);
}

void junit_property(struct junit *junit, const char *name, const char *value)
{
    buffer_add_text(&junit->properties, "      <property");
    add_attribute(&junit->properties, "name", name);
    add_attribute(&junit->properties, "value", value);
    buffer_add_text(&junit->properties, "/>\n");
}

static void add_counts(const struct junit *junit, double seconds, struct buffer *out)
{
    buffer_printf(out,
                  " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"",
                  junit->tests, junit->failures, junit->errors, junit->skipped, seconds);
}

void junit_finish(struct junit *junit, time_t started, double seconds, struct buffer *out)
{
    char when[64] = "";
    struct tm parts;
    if (gmtime_r(&started, &parts))
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &parts);
    buffer_add_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    add_attribute(out, "name", junit->suite);
    add_counts(junit, seconds, out);
    buffer_add_text(out, ">\n  <testsuite");
    add_attribute(out, "name", junit->suite);
    add_counts(junit, seconds, out);
    add_attribute(out, "timestamp", when);
    buffer_add_text(out, ">\n    <properties>\n");
    buffer_add(out, junit->properties.data, junit->properties.length);
    buffer_add_text(out, "    </properties>\n");
    buffer_add(out, junit->cases.data, junit->cases.length);
    buffer_add_text(out, "  </testsuite>\n</testsuites>\n");
    buffer_free(&junit->cases);
    buffer_free(&junit->properties);
}
