/* See report_parts.h. */
#include "report_parts.h"

#include "../diff/base/progress.h"
#include "report.h"

#include <stdio.h>
#include <string.h>

struct report_tally report_count(const struct verify_result *result)
{
    struct report_tally tally = {0};
    for (size_t i = 0; i < result->table_count; i++) {
        const struct result_table *table = &result->tables[i];
        tally.tables[table->verdict]++;
        tally.different_in_part += table->verdict == VERDICT_DIFFERENT && table->inconclusive;
        tally.rows += table->rows[0] + table->rows[1];
        if (table->verdict == VERDICT_EQUAL)
            tally.equal_rows += table->rows[0];
        for (size_t c = 0; c < table->column_count; c++)
            tally.columns_left_out += !table->columns[c].compared;
    }
    return tally;
}

static const char *without_schema(const char *label)
{
    const char *dot = strchr(label, '.');
    return dot && dot[1] ? dot + 1 : label;
}

void report_add_table_name(struct buffer *out, const struct result_table *table)
{
    const char *source = table->name[0] ? table->name[0] : table->name[1];
    const char *target = table->name[1] ? table->name[1] : source;
    buffer_add_text(out, source);
    if (strcmp(source, target) == 0 || strcmp(source, without_schema(target)) == 0 ||
        strcmp(without_schema(source), without_schema(target)) == 0)
        return;
    buffer_printf(out, " → %s", target);
}

const char *report_column_name(const struct result_column *column, int side)
{
    return column->name[side]    ? column->name[side]
           : column->name[!side] ? column->name[!side]
                                 : "?";
}

void report_add_column_name(struct buffer *out, const struct result_column *column)
{
    const char *source = report_column_name(column, 0), *target = report_column_name(column, 1);
    buffer_add_text(out, source);
    if (strcmp(source, target) != 0)
        buffer_printf(out, " → %s", target);
}

bool report_counts_known(const struct result_table *table)
{
    return table->drilled || table->verdict == VERDICT_EQUAL;
}

const char *report_times(uint64_t times, char text[48])
{
    if (times < 2)
        return times ? "once" : "not";
    char number[32];
    snprintf(text, 48, "%s times", human_count(times, number));
    return text;
}

/* A table that has one reason and nothing else to say: nobody read it. */
static bool only_a_reason(const struct result_table *table)
{
    return table->verdict == VERDICT_INCONCLUSIVE && table->reasons.count == 1 &&
           !table->counted[0] && !table->counted[1] && !table->notes.count &&
           !table->finding_count && !table->schema_count && !table->where[0] && !table->where[1];
}

bool report_same_reason(const struct result_table *one, const struct result_table *other)
{
    return only_a_reason(one) && only_a_reason(other) &&
           strcmp(one->reasons.items[0], other->reasons.items[0]) == 0;
}

uint64_t report_finding_rows(const struct result_table *table, const struct finding *finding)
{
    const uint64_t *times = finding->times;
    if (table->key_count)
        return 1;
    return times[0] > times[1] ? times[0] - times[1] : times[1] - times[0];
}

bool report_needs_detail(const struct verify_result *result, const struct result_table *table)
{
    if (result->baseline.only_new)
        return report_has_news(&table->since);
    return table->verdict != VERDICT_EQUAL || table->notes.count || table->reasons.count ||
           table->where[0] || table->where[1];
}

bool report_said_by_a_reason(const struct result_table *table, const struct result_column *column)
{
    for (size_t i = 0; i < table->reasons.count; i++) {
        const char *reason = table->reasons.items[i];
        if (column->why && *column->why && strstr(reason, column->why) &&
            strstr(reason, report_column_name(column, 0)))
            return true;
    }
    return false;
}

static bool same_why(const struct result_column *one, const struct result_column *other)
{
    return one->ignored == other->ignored &&
           strcmp(one->why ? one->why : "", other->why ? other->why : "") == 0;
}

bool report_add_columns_left_out(struct buffer *out, const struct result_table *table, size_t first)
{
    const struct result_column *column = &table->columns[first];
    if (column->compared || report_said_by_a_reason(table, column))
        return false;
    for (size_t i = 0; i < first; i++)
        if (!table->columns[i].compared && same_why(&table->columns[i], column) &&
            !report_said_by_a_reason(table, &table->columns[i]))
            return false;
    bool more = false;
    for (size_t i = first; i < table->column_count; i++) {
        if (table->columns[i].compared || !same_why(&table->columns[i], column))
            continue;
        buffer_add_text(out, more ? ", " : "");
        report_add_column_name(out, &table->columns[i]);
        more = true;
    }
    buffer_printf(out, " — %s", column->ignored ? "ignored" : "not verified");
    if (column->why && *column->why)
        buffer_printf(out, ": %s", column->why);
    return true;
}

/* start: where the list begins in the buffer. */
static void add_counted(struct buffer *out, size_t start, size_t count, const char *words)
{
    char text[32];
    if (!count)
        return;
    buffer_printf(out, "%s%s %s", out->length > start ? ", " : "", human_count(count, text), words);
}

void report_add_counts(const struct verify_result *result, const struct report_tally *tally,
                       struct buffer *out)
{
    size_t start = out->length;
    if (!result->table_count)
        buffer_add_text(out, "nothing to compare: no table is on both sides");
    for (int side = 0; side < 2 && !result->table_count; side++)
        if (!result->only[side].count && result->only[1 - side].count &&
            result->side[side].server && /* NULL: it could not be reached */
            strncmp(result->side[side].server, "PostgreSQL", 10) == 0)
            buffer_printf(out,
                          " (the %s's search path holds none; another schema is named in the URI: "
                          "?options=-csearch_path%%3DNAME)",
                          side ? "target" : "source");
    add_counted(out, start, tally->tables[VERDICT_EQUAL],
                tally->tables[VERDICT_EQUAL] == 1 ? "table equal" : "tables equal");
    add_counted(out, start, tally->tables[VERDICT_DIFFERENT], "different");
    if (tally->different_in_part) {
        char text[32];
        buffer_printf(out, " (%s of them not compared in full)",
                      human_count(tally->different_in_part, text));
    }
    add_counted(out, start, tally->tables[VERDICT_INCONCLUSIVE],
                result->interrupted ? "not compared to the end" : "could not be compared in full");
    add_counted(out, start, result->only[0].count, "in the source only");
    add_counted(out, start, result->only[1].count, "in the target only");
    size_t unlike = report_schema_count(result);
    if (unlike) {
        char text[32];
        buffer_printf(out, "; %s finding%s in the definitions", human_count(unlike, text),
                      unlike == 1 ? "" : "s");
    }
    if (tally->columns_left_out) {
        char text[32];
        buffer_printf(out, "; %s column%s not compared", human_count(tally->columns_left_out, text),
                      tally->columns_left_out == 1 ? "" : "s");
    }
}

const char *report_meaning(const struct verify_result *result, const struct report_tally *tally)
{
    if (result->interrupted)
        return "interrupted before the end; only what is called equal or different was compared";
    if (result->baseline.only_new)
        return result->since.different      ? "there are new differences since the baseline"
               : result->since.inconclusive ? "something is newly inconclusive since the baseline"
                                            : "nothing is new since the baseline";
    if (result->verdict == VERDICT_DIFFERENT)
        return "the two sides differ";
    if (!result->table_count)
        return "nothing was compared";
    if (result->verdict == VERDICT_INCONCLUSIVE)
        return "nothing differs in what was compared, but not everything was";
    return tally->columns_left_out ? "both sides hold the same in all that was compared"
                                   : "both sides hold the same rows";
}

void report_add_repair(const struct result_repair *repair, struct buffer *out)
{
    static const char *const sides[] = {"target", "source"};
    char number[32];
    bool one = repair->statements == 1;
    buffer_printf(out, "Repair: %s statement%s in %s make%s the %s hold the rows of the %s",
                  human_count(repair->statements, number), one ? "" : "s", repair->path,
                  one ? "s" : "", sides[repair->of_source], sides[!repair->of_source]);
    if (repair->left_out || repair->tables_left_out)
        buffer_add_text(out, ", but for ");
    if (repair->left_out)
        buffer_printf(out, "%s row%s", human_count(repair->left_out, number),
                      repair->left_out == 1 ? "" : "s");
    if (repair->tables_left_out)
        buffer_printf(out, "%s%zu table%s", repair->left_out ? " and " : "",
                      repair->tables_left_out, repair->tables_left_out == 1 ? "" : "s");
    if (repair->left_out || repair->tables_left_out)
        buffer_add_text(out, " that the file names");
    buffer_add_byte(out, '.');
}
