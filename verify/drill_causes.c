/* See drill_causes.h. */
#include "drill_causes.h"

#include "../diff/cause.h"

#include <stdlib.h>

struct drill_causes {
    const struct plan_table *plan;
    struct arena arena; /* of the facts */
    struct cause_table table;
    struct causes *causes;
};

/* MySQL's texts of one to four bytes of length: their lengths are in bytes, those of all other
 * texts in characters. */
static bool is_measured_in_bytes(const struct type *type)
{
    static const char *const names[] = {"tinytext", "text", "mediumtext", "longtext"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (type->base && type->length && strcmp(type->base, names[i]) == 0)
            return true;
    return type->class == TYPE_BYTES;
}

static void describe_side(const struct type *type, int side, struct cause_column *facts)
{
    facts->digits[side] = -1;
    switch (type->class) {
    case TYPE_INT:
        facts->bits[side] = (int)type->length * 8;
        facts->is_unsigned[side] = type->is_unsigned;
        facts->digits[side] = 0;
        break;
    case TYPE_DECIMAL:
        facts->digits[side] = type->precision < 0 ? -1 : type->scale;
        facts->precision[side] = type->precision > 0 ? type->precision : 0;
        facts->is_unsigned[side] = type->is_unsigned;
        break;
    case TYPE_TEXT:
    case TYPE_BYTES:
        if (is_measured_in_bytes(type))
            facts->bytes[side] = type->length;
        else
            facts->characters[side] = type->length;
        break;
    case TYPE_TIME:
    case TYPE_DATETIME:
    case TYPE_INSTANT:
        facts->digits[side] = type->precision;
        break;
    default:
        break;
    }
}

static void describe(struct drill_causes *watcher)
{
    const struct plan_table *plan = watcher->plan;
    const struct result_table *result = plan->result;
    struct cause_column *columns =
        arena_alloc(&watcher->arena, (plan->column_count + 1) * sizeof *columns);
    for (size_t i = 0; i < plan->column_count; i++) {
        const struct plan_column *column = &plan->columns[i];
        const struct result_column *shown = &result->columns[column->result];
        columns[i].name = shown->name[SOURCE]   ? shown->name[SOURCE]
                          : shown->name[TARGET] ? shown->name[TARGET]
                                                : "?";
        columns[i].narrow = column->canon.narrow;
        for (int side = 0; side < SIDES; side++)
            if (column->type[side])
                describe_side(column->type[side], side, &columns[i]);
    }
    watcher->table = (struct cause_table){
        .name = result->name[SOURCE] ? result->name[SOURCE] : "?",
        .column_count = plan->column_count,
        .columns = columns,
        .key_count = plan->multiset ? 0 : plan->key_count,
    };
}

static void differs(void *context, enum finding_kind kind, const struct value *const values[SIDES],
                    const size_t *differ, size_t differ_count, uint64_t times)
{
    (void)kind; /* which side has no row says it */
    struct drill_causes *watcher = context;
    causes_differ(watcher->causes, values, differ, differ_count, times);
}

static void same(void *context, const struct value *values, uint64_t times)
{
    struct drill_causes *watcher = context;
    causes_same(watcher->causes, values, times);
}

struct drill_causes *drill_causes_new(struct drill *drill)
{
    struct drill_causes *watcher = mem_zero(1, sizeof *watcher);
    watcher->plan = drill->table;
    describe(watcher);
    watcher->causes = causes_new(&watcher->table);
    drill_watch(drill,
                (struct drill_watcher){.context = watcher, .differs = differs, .same = same});
    return watcher;
}

void drill_causes_free(struct drill_causes *watcher)
{
    if (!watcher)
        return;
    causes_free(watcher->causes);
    arena_free(&watcher->arena);
    free(watcher);
}

void drill_causes_finish(struct drill_causes *watcher, struct result_table *result,
                         struct arena *arena)
{
    struct cause *found;
    size_t count = causes_finish(watcher->causes, result->rows, arena, &found);
    result->causes = arena_alloc(arena, (count + 1) * sizeof *result->causes);
    result->cause_count = count;
    for (size_t i = 0; i < count; i++) {
        const char *column = found[i].column == SIZE_MAX
                                 ? NULL
                                 : arena_copy(arena, watcher->table.columns[found[i].column].name);
        result->causes[i] = (struct result_cause){
            .name = found[i].name,
            .column = column,
            .count = found[i].count,
            .confidence = found[i].confidence,
            .text = found[i].text,
            .plain = found[i].plain,
            .key = found[i].key,
            .value = {found[i].value[SOURCE], found[i].value[TARGET]},
        };
    }
}
