/*
 * What is unlike in the definitions of the tables, as a section of the texts for people. Input: a
 * result. Output: text in a buffer. Knows nothing of databases.
 */
#include "../diff/base/display.h"
#include "../diff/base/memory.h"
#include "../diff/base/progress.h"
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#define MANY_FINDINGS 40 /* of one run; with more, the rest is counted */
#define FOLDED_LEAST 4   /* columns of which the same is said: once for all of them */

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

/* ---- what many columns share ---- */

/* The same is said of both: columns of a pair of types, and nothing that would break or is to be
 * run. */
static bool is_alike(const struct result_schema *one, const struct result_schema *other)
{
    for (int side = 0; side < 2; side++)
        if (!one->value[side] || !other->value[side] ||
            strcmp(one->value[side], other->value[side]) != 0)
            return false;
    return one->column && other->column && !one->breaks && !other->breaks && !one->fix &&
           !other->fix && strcmp(one->kind, other->kind) == 0;
}

struct entry {
    const struct result_schema *finding;
    const struct result_table *table;
    size_t order, alike; /* alike: how many there are; 0 of all but the first of them */
    bool folded;
};

static int compare_values(const struct result_schema *one, const struct result_schema *other)
{
    int order = strcmp(one->kind, other->kind);
    for (int side = 0; side < 2 && !order; side++)
        order = strcmp(one->value[side] ? one->value[side] : "",
                       other->value[side] ? other->value[side] : "");
    return order;
}

static int by_values(const void *a, const void *b)
{
    const struct entry *one = *(const struct entry *const *)a,
                       *other = *(const struct entry *const *)b;
    int order = compare_values(one->finding, other->finding);
    return order ? order : one->order < other->order ? -1 : 1;
}

/* All findings in the result's order; those of which FOLDED_LEAST say the same are folded. */
static struct entry *find_folded(const struct verify_result *result, size_t *count)
{
    size_t room = 0;
    for (size_t t = 0; t < result->table_count; t++)
        room += result->tables[t].schema_count;
    struct entry *entries = mem_zero(room + 1, sizeof *entries);
    const struct entry **sorted = mem_zero(room + 1, sizeof *sorted);
    *count = 0;
    for (size_t t = 0; t < result->table_count; t++)
        for (size_t i = 0; i < result->tables[t].schema_count; i++) {
            entries[*count] = (struct entry){.finding = &result->tables[t].schema[i],
                                             .table = &result->tables[t],
                                             .order = *count};
            sorted[*count] = &entries[*count];
            ++*count;
        }
    if (*count)
        qsort(sorted, *count, sizeof *sorted, by_values);
    for (size_t i = 0, end; i < *count; i = end) {
        for (end = i + 1; end < *count && is_alike(sorted[i]->finding, sorted[end]->finding);)
            end++;
        for (size_t k = i; k < end && end - i >= FOLDED_LEAST; k++) {
            entries[sorted[k]->order].folded = true;
            entries[sorted[k]->order].alike = k == i ? end - i : 0;
        }
    }
    free(sorted);
    return entries;
}

/* What many columns share is told once: it would hide what is there but once. */
static size_t add_folded(struct buffer *out, const struct entry *entries, size_t count,
                         size_t width)
{
    size_t said = 0;
    char number[32];
    for (size_t i = 0; i < count; i++) {
        if (!entries[i].folded || !entries[i].alike || !is_shown(entries[i].finding))
            continue;
        const struct result_table *table = entries[i].table;
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
        buffer_printf(&text, "%s: %s.%s; the same of %s more columns (--verbose names them)",
                      entries[i].finding->kind, table->name[0] ? table->name[0] : table->name[1],
                      entries[i].finding->text, human_count(entries[i].alike - 1, number));
        display_add_blanks(out, 2);
        buffer_add_text(out, "- ");
        display_add_wrapped(out, (const char *)text.data, 4, 4, width);
        buffer_free(&text);
        said += entries[i].alike;
    }
    return said;
}

/* Those that break come first, for the rest may be cut. */
void report_schema(const struct verify_result *result, const struct verify_options *options,
                   size_t width, struct buffer *out)
{
    size_t count = report_schema_count(result), shown = 0, folded = 0, all = 0;
    bool whole = options->verbose || options->explain;
    size_t most = whole ? count : MANY_FINDINGS;
    char number[32];
    if (!count)
        return;
    buffer_add_text(out,
                    "\nDefinitions (! makes the table different; the SQL is for you to run)\n");
    struct entry *entries = find_folded(result, &all);
    for (int breaks = 1; breaks >= 0; breaks--) {
        const struct result_table *named = NULL;
        for (size_t i = 0; i < all && shown < most; i++) {
            const struct result_schema *finding = entries[i].finding;
            const struct result_table *table = entries[i].table;
            if (!is_shown(finding) || finding->breaks != (breaks == 1) ||
                (entries[i].folded && !whole))
                continue;
            if (named != table) {
                display_add_blanks(out, 2);
                display_add_wrapped(out, table->name[0] ? table->name[0] : table->name[1], 2, 2,
                                    width);
            }
            named = table;
            shown++;
            add_finding(out, finding, width);
        }
    }
    if (!whole)
        folded = add_folded(out, entries, all, width);
    if (shown + folded < count)
        buffer_printf(out, "  … and %s more (--verbose shows them)\n",
                      human_count(count - shown - folded, number));
    free(entries);
}
