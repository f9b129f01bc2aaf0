/* See judge.h. */
#include "judge.h"

#include <stdlib.h>

/* Values that were not what their column's kind says: compared as the same text or not at all
 * equal. */
void judge_note_raw(const struct item *item)
{
    for (size_t i = 0; i < item->table->column_count; i++)
        for (int side = 0; side < SIDES; side++) {
            uint64_t count = item->side[side].raw_counts ? item->side[side].raw_counts[i] : 0;
            if (!count)
                continue;
            const struct plan_column *column = &item->table->columns[i];
            const struct result_column *named = &item->table->result->columns[column->result];
            char *text =
                mem_format("column \"%s\": %llu value%s of the %s could not be read as %s and "
                           "equal%s only the same text",
                           named->name[side], (unsigned long long)count, count == 1 ? "" : "s",
                           side_name[side], named->kind, count == 1 ? "s" : "");
            text_list_add(&item->table->result->notes, text);
            free(text);
        }
}

void judge_result(struct verify_result *result)
{
    enum verdict verdict = VERDICT_EQUAL;
    for (size_t i = 0; i < result->table_count; i++) {
        struct result_table *table = &result->tables[i];
        bool different = table->schema_differs || table->rows_differ ||
                         table->counts[FINDING_CHANGED] || table->counts[FINDING_MISSING] ||
                         table->counts[FINDING_EXTRA];
        /* Whatever was concluded from them: unequal numbers of rows are not equal rows. */
        if (!different && !table->inconclusive && table->counted[SOURCE] &&
            table->counted[TARGET] && table->rows[SOURCE] != table->rows[TARGET]) {
            text_list_add(&table->reasons, "the two sides have unequal numbers of rows, though no "
                                           "row was found to be missing or extra");
            table->inconclusive = true;
        }
        table->verdict = different             ? VERDICT_DIFFERENT
                         : table->inconclusive ? VERDICT_INCONCLUSIVE
                                               : VERDICT_EQUAL;
        verdict = table->verdict > verdict ? table->verdict : verdict;
    }
    if (result->only[SOURCE].count || result->only[TARGET].count)
        verdict = VERDICT_DIFFERENT;
    if (result->inconclusive && verdict == VERDICT_EQUAL)
        verdict = VERDICT_INCONCLUSIVE;
    if (!result->table_count && verdict != VERDICT_DIFFERENT) {
        text_list_add(&result->notes, "there was no table to compare");
        verdict = VERDICT_INCONCLUSIVE;
    }
    result->verdict = verdict;
}
