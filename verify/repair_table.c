/* See repair_table.h. */
#include "repair_table.h"

#include "repair_value.h"

#include <stdlib.h>

struct repair_key {
    size_t count;
    size_t *columns; /* of the plan; NO_COLUMN: not compared */
};

/* ---- What is known of a table before its rows are ----------------------------------------------
 */

static const char *quoted(const struct engine *engine, const char *name, struct arena *arena)
{
    struct buffer text = BUFFER_INIT(1 << 12);
    engine->quote_name(&text, name);
    const char *copy = arena_copy(arena, (const char *)text.data);
    buffer_free(&text);
    return copy;
}

size_t repair_table_column_of(const struct repair_table *table, enum side side, size_t index)
{
    const struct table *of = table->plan->table[side];
    for (size_t i = 0; i < table->plan->column_count; i++) {
        const struct result_column *named =
            &table->plan->result->columns[table->plan->columns[i].result];
        if (!named->expression[side] && strcmp(named->name[side], of->columns[index].name) == 0)
            return i;
    }
    return NO_COLUMN;
}

static void make_column(struct repair_table *table, size_t i, const struct engine *engine,
                        struct arena *arena)
{
    const struct plan_column *plan = &table->plan->columns[i];
    const struct result_column *named = &table->plan->result->columns[plan->result];
    struct repair_column *column = &table->columns[i];
    column->type = plan->type[table->side];
    column->name = named->name[table->side];
    column->whole = repair_value_is_whole(&plan->canon, table->side, column->type);
    if (named->expression[table->side]) {
        column->text = plan->select[table->side];
        column->why = "it is read by an expression of the mapping";
        return;
    }
    column->text = quoted(engine, column->name, arena);
    const struct column *of = table_find_column(table->plan->table[table->side], column->name);
    column->nullable = of && of->nullable;
    const struct table_definition *definition = table->plan->table[table->side]->definition;
    if (of && definition)
        column->definition = &definition->columns[of - table->plan->table[table->side]->columns];
    if (!of || of->generated)
        column->why = "it is generated";
}

bool repair_table_identifies(const struct repair_table *table, enum side side,
                             const struct key *key)
{
    if (table->plan->multiset || key->nullable || key->has_prefix || !key->column_count)
        return false;
    for (size_t i = 0; i < key->column_count; i++)
        if (repair_table_column_of(table, side, key->columns[i]) >= table->plan->key_count)
            return false;
    return true;
}

static void make_key(struct repair_table *table, const struct key *key, struct arena *arena)
{
    struct repair_key *made = &table->keys[table->key_count++];
    made->count = key->column_count;
    made->columns = arena_alloc(arena, (key->column_count + 1) * sizeof *made->columns);
    table->all_unique |= key->has_prefix; /* an expression or a condition may hang on any column */
    for (size_t i = 0; i < key->column_count; i++) {
        size_t column = repair_table_column_of(table, table->side, key->columns[i]);
        made->columns[i] = column;
        if (column != NO_COLUMN)
            table->columns[column].unique = true;
    }
}

static void make_keys(struct repair_table *table, struct arena *arena)
{
    const struct table *of = table->plan->table[table->side];
    table->keys = arena_alloc(arena, (of->key_count + 1) * sizeof *table->keys);
    table->by_row = true;
    for (size_t i = 0; i < of->key_count; i++)
        if (repair_table_identifies(table, table->side, &of->keys[i]))
            table->by_row = false;
        else
            make_key(table, &of->keys[i], arena);
    const struct table *other = table->plan->table[!table->side];
    table->others_repeat = !table->by_row;
    for (size_t i = 0; i < other->key_count; i++)
        if (repair_table_identifies(table, table->side == SOURCE ? TARGET : SOURCE,
                                    &other->keys[i]))
            table->others_repeat = false;
    size_t count = table->by_row ? table->plan->column_count : table->plan->key_count;
    for (size_t i = 0; i < count && !table->cannot_find; i++)
        if (!table->columns[i].whole)
            table->cannot_find = arena_format(
                arena,
                "rows are found by the column \"%s\", and how it spells its values is not known",
                table->columns[i].name);
}

/* Does the server put something into a column that an INSERT leaves out? */
static bool fills_itself(const struct table *of, size_t column)
{
    const struct column_definition *definition =
        of->definition ? &of->definition->columns[column] : NULL;
    return definition && (definition->counter || definition->preset.kind != DEFAULT_NONE);
}

static void make_inserts(struct repair_table *table, struct arena *arena)
{
    const struct table *of = table->plan->table[table->side];
    struct buffer unfilled = BUFFER_INIT(1 << 16);
    for (size_t i = 0; i < of->column_count; i++) {
        const struct column *column = &of->columns[i];
        size_t at = repair_table_column_of(table, table->side, i);
        if (column->generated || (at != NO_COLUMN && !table->columns[at].why))
            continue;
        buffer_printf(&unfilled, "%s\"%s\"", unfilled.length ? ", " : "", column->name);
        if (!column->nullable && !fills_itself(of, i) && !table->cannot_insert)
            table->cannot_insert = arena_format(
                arena, "the column \"%s\" was not compared and must not be NULL", column->name);
    }
    for (size_t i = 0; i < table->plan->column_count; i++)
        if (table->plan->result->columns[table->plan->columns[i].result].expression[table->side])
            table->cannot_insert = arena_format(
                arena, "\"%s\" is read by an expression of the mapping", table->columns[i].name);
    if (unfilled.length)
        table->unfilled = arena_copy(arena, (const char *)unfilled.data);
    buffer_free(&unfilled);
}

static void make_stamps(struct repair_table *table, const struct engine *engine,
                        struct arena *arena)
{
    const struct table *of = table->plan->table[table->side];
    table->stamps = arena_alloc(arena, (of->column_count + 1) * sizeof *table->stamps);
    for (size_t i = 0; i < of->column_count && table->sql->stamps; i++) {
        enum type_class class = of->columns[i].type.class;
        if ((class == TYPE_DATETIME || class == TYPE_INSTANT) && !of->columns[i].generated)
            table->stamps[table->stamp_count++] =
                (struct repair_stamp){quoted(engine, of->columns[i].name, arena),
                                      repair_table_column_of(table, table->side, i)};
    }
}

void repair_table_make(struct repair_table *table, const struct plan_table *plan, enum side side,
                       const struct engine *engine, struct arena *arena)
{
    const struct table *of = plan->table[side];
    *table = (struct repair_table){.plan = plan, .side = side, .sql = engine->sql};
    table->name = arena_format(arena, "%s.%s", quoted(engine, of->schema, arena),
                               quoted(engine, of->name, arena));
    table->target = of->child_count && table->sql->only
                        ? arena_format(arena, "ONLY %s", table->name)
                        : table->name;
    table->columns = arena_alloc(arena, (plan->column_count + 1) * sizeof *table->columns);
    for (size_t i = 0; i < plan->column_count; i++)
        make_column(table, i, engine, arena);
    if (of->kind != RELATION_TABLE) {
        table->cannot_find = table->cannot_insert = "it is not an ordinary table";
        return;
    }
    make_keys(table, arena);
    make_inserts(table, arena);
    make_stamps(table, engine, arena);
}

void repair_statements_init(struct repair_statements *statements)
{
    for (int i = 0; i < REPAIR_PHASES; i++)
        buffer_init(&statements->text[i], BUFFER_NO_LIMIT);
    statements->repeat = 1;
}

void repair_statements_free(struct repair_statements *statements)
{
    for (int i = 0; i < REPAIR_PHASES; i++)
        buffer_free(&statements->text[i]);
}

/* ---- Pieces of statements ----------------------------------------------------------------------
 */

static bool blame_column(const struct repair_table *table, size_t column, const char *phrase,
                         struct buffer *why)
{
    buffer_printf(why, "column \"%s\": %s", table->columns[column].name, phrase);
    return false;
}

/* What the type alone does not tell: the labels of an enum, the characters of a character set. */
static bool fits_definition(const struct repair_table *table, const struct repair_column *column,
                            const struct value *native, const char **phrase)
{
    const struct column_definition *definition = column->definition;
    if (!definition || native->tag != VALUE_TEXT)
        return true;
    bool known = column->type->class != TYPE_ENUM || !definition->member_count;
    for (size_t i = 0; i < definition->member_count && !known; i++)
        known = strlen(definition->members[i]) == native->payload_length &&
                memcmp(definition->members[i], native->payload, native->payload_length) == 0;
    if (!known)
        return engine_sql_no(phrase, "the column has no such label");
    return !definition->collation || !table->sql->fits_collation ||
           table->sql->fits_collation(definition->collation, native, phrase);
}

/* Calls the dialect with the value in the column's own form. */
bool repair_table_add_value(const struct repair_table *table, size_t i, const struct value *value,
                            bool condition, struct buffer *out, struct buffer *why)
{
    const struct repair_column *column = &table->columns[i];
    struct buffer room = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct value native;
    const char *phrase = "";
    bool ok = repair_value(&table->plan->columns[i].canon, table->side, column->type, value, &room,
                           &native, &phrase);
    if (ok && condition)
        ok = table->sql->add_equals(out, column->text, column->type, &native, &phrase);
    else if (ok)
        ok = fits_definition(table, column, &native, &phrase) &&
             table->sql->add_literal(out, column->type, &native, &phrase);
    buffer_free(&room);
    return ok || blame_column(table, i, phrase, why);
}

/* True of the rows that are the one with these values. */
static bool add_condition(const struct repair_table *table, const struct value *values,
                          struct buffer *out, struct buffer *why)
{
    size_t count = table->by_row ? table->plan->column_count : table->plan->key_count;
    if (table->cannot_find) {
        buffer_add_text(why, table->cannot_find);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (i)
            buffer_add_text(out, " AND ");
        if (values[i].tag == VALUE_NULL)
            buffer_printf(out, "%s IS NULL", table->columns[i].text);
        else if (!repair_table_add_value(table, i, &values[i], true, out, why))
            return false;
    }
    if (table->plan->where[table->side])
        buffer_printf(out, " AND (\n%s\n)", table->plan->where[table->side]);
    return true;
}

static bool add_where(const struct repair_table *table, const struct value *values, uint64_t times,
                      struct buffer *out, struct buffer *why)
{
    struct buffer condition = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool ok = add_condition(table, values, &condition, why);
    if (ok && !table->by_row && times > 1) {
        buffer_add_text(why, "the table has several rows of this key");
        ok = false;
    }
    if (ok)
        table->sql->add_where(out, table->target, (const char *)condition.data,
                              table->by_row ? times : 0);
    buffer_free(&condition);
    return ok;
}

/* A literal, or why this column of this row cannot be written. */
static bool add_new_value(const struct repair_table *table, size_t i, const struct value *value,
                          struct buffer *out, struct buffer *why)
{
    if (value->tag == VALUE_NULL && !table->columns[i].nullable)
        return blame_column(table, i, "it is NULL, and the column must not be", why);
    return repair_table_add_value(table, i, value, false, out, why);
}

static bool is_among(const size_t *columns, size_t count, size_t column)
{
    for (size_t i = 0; i < count; i++)
        if (columns[i] == column)
            return true;
    return false;
}

static bool add_delete(const struct repair_table *table, const struct value *values, uint64_t times,
                       struct buffer *out, struct buffer *why)
{
    buffer_printf(out, "DELETE FROM %s", table->target);
    return add_where(table, values, times, out, why);
}

/* One row; more of the same are written by repeating it from statements->row on. */
static bool add_insert(const struct repair_table *table, const struct value *const *values,
                       struct repair_statements *statements, struct buffer *why)
{
    struct buffer *out = &statements->text[REPAIR_INSERTS];
    if (!table->by_row && statements->repeat > 1) {
        buffer_add_text(why, "there are several rows of this key");
        return false;
    }
    if (table->cannot_insert) {
        buffer_add_text(why, table->cannot_insert);
        return false;
    }
    buffer_printf(out, "INSERT INTO %s (", table->name);
    const char *join = "";
    for (size_t i = 0; i < table->plan->column_count; i++)
        if (!table->columns[i].why) {
            buffer_printf(out, "%s%s", join, table->columns[i].text);
            join = ", ";
        }
    buffer_printf(out, ")%s", table->sql->values);
    statements->row = out->length;
    buffer_add_byte(out, '(');
    join = "";
    for (size_t i = 0; i < table->plan->column_count; i++) {
        if (table->columns[i].why)
            continue;
        buffer_add_text(out, join);
        if (!add_new_value(table, i, values[i], out, why))
            return false;
        join = ", ";
    }
    buffer_add_byte(out, ')');
    return true;
}

/* ---- Changed rows ------------------------------------------------------------------------------
 */

/* May the new values collide with those of another row? */
static bool may_collide(const struct repair_table *table, const size_t *differ, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (table->columns[differ[i]].unique)
            return true;
    return table->all_unique;
}

/* Can DELETE and INSERT bring a row back without losing anything of it? */
static bool can_replace(const struct repair_table *table)
{
    bool can = !table->unfilled && !table->cannot_insert;
    for (size_t i = 0; i < table->plan->column_count && can; i++)
        can = table->columns[i].whole || table->columns[i].why;
    return can;
}

static bool replace_row(const struct repair_table *table, const struct value *const values[SIDES],
                        const size_t *differ, size_t count, uint64_t times,
                        struct repair_statements *statements, struct buffer *why)
{
    const struct value *own = values[table->side], *other = values[!table->side];
    const struct value **row = mem_alloc((table->plan->column_count + 1) * sizeof *row);
    for (size_t i = 0; i < table->plan->column_count; i++)
        row[i] = is_among(differ, count, i) ? &other[i] : &own[i];
    bool ok = add_delete(table, own, times, &statements->text[REPAIR_DELETES], why) &&
              add_insert(table, row, statements, why);
    free(row);
    return ok;
}

/* Of a unique key that the change touches, a column that may be NULL for a moment. */
static size_t spare_column(const struct repair_table *table, const struct repair_key *key,
                           const size_t *differ, size_t count)
{
    for (size_t i = 0; i < key->count; i++)
        if (is_among(differ, count, key->columns[i]) && table->columns[key->columns[i]].nullable)
            return key->columns[i];
    return NO_COLUMN;
}

static bool touches(const struct repair_key *key, const size_t *differ, size_t count)
{
    for (size_t i = 0; i < key->count; i++)
        if (is_among(differ, count, key->columns[i]))
            return true;
    return false;
}

/* The spare columns of all keys that the change touches, each once. False: one has none. */
static bool spare_columns(const struct repair_table *table, const size_t *differ, size_t count,
                          size_t *spares, size_t *spare_count)
{
    *spare_count = 0;
    for (size_t k = 0; k < table->key_count; k++) {
        if (!touches(&table->keys[k], differ, count))
            continue;
        size_t spare = spare_column(table, &table->keys[k], differ, count);
        if (spare == NO_COLUMN)
            return false;
        if (!is_among(spares, *spare_count, spare))
            spares[(*spare_count)++] = spare;
    }
    return *spare_count > 0;
}

static void add_stamps(const struct repair_table *table, const size_t *set, size_t count,
                       struct buffer *out)
{
    for (size_t i = 0; i < table->stamp_count; i++)
        if (!is_among(set, count, table->stamps[i].column))
            buffer_printf(out, ", %s = %s", table->stamps[i].text, table->stamps[i].text);
}

static bool step_aside(const struct repair_table *table, const struct value *own,
                       const size_t *differ, size_t count, struct buffer *out, struct buffer *why)
{
    size_t *spares = mem_alloc((count + 1) * sizeof *spares), spare_count = 0;
    /* A row that is found by all its columns would not be found again. */
    bool can = !table->by_row && !table->all_unique &&
               spare_columns(table, differ, count, spares, &spare_count);
    bool ok = true;
    if (can) {
        buffer_printf(out, "UPDATE %s SET ", table->target);
        for (size_t i = 0; i < spare_count; i++)
            buffer_printf(out, "%s%s = NULL", i ? ", " : "", table->columns[spares[i]].text);
        add_stamps(table, spares, spare_count, out);
        ok = add_where(table, own, 1, out, why);
    }
    free(spares);
    return ok;
}

static bool update_row(const struct repair_table *table, const struct value *const values[SIDES],
                       const size_t *differ, size_t count, uint64_t times, struct buffer *out,
                       struct buffer *why)
{
    buffer_printf(out, "UPDATE %s SET ", table->target);
    for (size_t i = 0; i < count; i++) {
        buffer_printf(out, "%s%s = ", i ? ", " : "", table->columns[differ[i]].text);
        if (!add_new_value(table, differ[i], &values[!table->side][differ[i]], out, why))
            return false;
    }
    add_stamps(table, differ, count, out);
    return add_where(table, values[table->side], times, out, why);
}

/* Generated columns follow the others; when nothing else differs, nothing can be written. */
static size_t written_columns(const struct repair_table *table, const size_t *differ, size_t count,
                              size_t *written, struct buffer *why)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct repair_column *column = &table->columns[differ[i]];
        if (!column->why)
            written[kept++] = differ[i];
        else if (!why->length)
            blame_column(table, differ[i], column->why, why);
    }
    return kept;
}

static bool mend_changed(const struct repair_table *table, const struct value *const values[SIDES],
                         const size_t *differ, size_t differ_count, uint64_t times,
                         struct repair_statements *statements, struct buffer *why)
{
    size_t *written = mem_alloc((differ_count + 1) * sizeof *written);
    size_t count = written_columns(table, differ, differ_count, written, why);
    bool ok = count > 0;
    if (ok)
        buffer_clear(why);
    if (ok && may_collide(table, written, count) && can_replace(table)) {
        ok = replace_row(table, values, written, count, times, statements, why);
    } else if (ok) {
        if (may_collide(table, written, count))
            ok = step_aside(table, values[table->side], written, count,
                            &statements->text[REPAIR_DELETES], why);
        ok = ok && update_row(table, values, written, count, times,
                              &statements->text[REPAIR_UPDATES], why);
    }
    free(written);
    return ok;
}

bool repair_table_mend(const struct repair_table *table, enum finding_kind kind,
                       const struct value *const values[SIDES], const size_t *differ,
                       size_t differ_count, uint64_t times, struct repair_statements *statements,
                       struct buffer *why)
{
    const struct value *own = values[table->side], *other = values[!table->side];
    for (int i = 0; i < REPAIR_PHASES; i++)
        buffer_clear(&statements->text[i]);
    statements->repeat = times;
    buffer_clear(why);
    if (kind == FINDING_CHANGED)
        return mend_changed(table, values, differ, differ_count, times, statements, why);
    if (own)
        return add_delete(table, own, times, &statements->text[REPAIR_DELETES], why);
    const struct value **row = mem_alloc((table->plan->column_count + 1) * sizeof *row);
    for (size_t i = 0; i < table->plan->column_count; i++)
        row[i] = &other[i];
    bool ok = add_insert(table, row, statements, why);
    free(row);
    return ok;
}
