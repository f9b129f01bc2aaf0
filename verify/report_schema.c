/*
 * What is unlike in the definitions of the tables, as a section of the texts for people. Input: a
 * result. Output: text in a buffer. Knows nothing of databases.
 */
#include "../diff/base/display.h"
#include "../diff/base/progress.h"
#include "verify.h"

#include <string.h>

#define MANY_FINDINGS 40 /* of one run; with more, the rest is counted */

/* Columns of one side stand among the reasons of their table already. */
static bool is_shown(const struct result_schema *finding)
{
    return strcmp(finding->kind, "column-missing") != 0 &&
           strcmp(finding->kind, "column-extra") != 0;
}

size_t report_schema_count(const struct verify_result *result)
{
    size_t count = 0;
    for (size_t t = 0; t < result->table_count; t++)
        for (size_t i = 0; i < result->tables[t].schema_count; i++)
            count += is_shown(&result->tables[t].schema[i]);
    return count;
}

static void add_finding(struct buffer *out, const struct result_schema *finding, size_t width)
{
    display_add_blanks(out, 4);
    buffer_add_text(out, finding->breaks ? "! " : "- ");
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_printf(&text, "%s: %s", finding->kind, finding->text);
    display_add_wrapped(out, (const char *)text.data, 6, 6, width);
    buffer_free(&text);
    if (!finding->fix)
        return;
    display_add_blanks(out, 6);
    display_add_wrapped(out, finding->fix, 6, 8, width);
}

/* Those that break come first, for the rest may be cut. */
void report_schema(const struct verify_result *result, const struct verify_options *options,
                   size_t width, struct buffer *out)
{
    size_t count = report_schema_count(result), shown = 0;
    size_t most = options->verbose || options->explain ? count : MANY_FINDINGS;
    char number[32];
    if (!count)
        return;
    buffer_add_text(out,
                    "\nDefinitions (! makes the table different; the SQL is for you to run)\n");
    for (int breaks = 1; breaks >= 0; breaks--)
        for (size_t t = 0; t < result->table_count; t++) {
            const struct result_table *table = &result->tables[t];
            bool named = false;
            for (size_t i = 0; i < table->schema_count && shown < most; i++) {
                const struct result_schema *finding = &table->schema[i];
                if (!is_shown(finding) || finding->breaks != (breaks == 1))
                    continue;
                if (!named) {
                    display_add_blanks(out, 2);
                    display_add_wrapped(out, table->name[0] ? table->name[0] : table->name[1], 2, 2,
                                        width);
                }
                named = true;
                shown++;
                add_finding(out, finding, width);
            }
        }
    if (shown < count)
        buffer_printf(out, "  … and %s more (--verbose shows them)\n",
                      human_count(count - shown, number));
}
