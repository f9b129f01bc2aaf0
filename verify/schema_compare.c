/*
 * See schema_compare.h: columns, their types, defaults and counters; keys and constraints are in
 * schema_keys.c.
 */
#include "schema_compare.h"

#include "../diff/base/progress.h"
#include "schema_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Texts up to so many characters are long enough for anything that was not limited before. */
#define AS_GOOD_AS_UNLIMITED 16777215u /* mediumtext */
#define MEMBERS_MOST 20                /* findings of one column's enum */

const struct schema_kind schema_kinds[] = {
    {"column-missing", true, "the target lacks a column of the source"},
    {"column-extra", true, "the target has a column that the source lacks"},
    {"sequence-behind", true,
     "the sequence, identity or AUTO_INCREMENT of a column gives a number that a row has already, "
     "or has none left: the next insert fails"},
    {"sequence-missing", true,
     "the source numbers the rows of a table, and the target does not: the next insert fails"},
    {"not-null", false, "one side takes NULL, and the other does not"},
    {"default", false, "an insert that leaves the column out gets something else, or fails"},
    {"on-update", false, "the target does not set the column to the time of an update"},
    {"length", false, "texts or bytes of the source may be too long for the target"},
    {"precision", false, "numbers or times of the source may not fit the target, or lose digits"},
    {"enum-member", false, "a member of the source's enum or set that the target refuses"},
    {"primary-key", false, "lost, added, or over other columns"},
    {"unique-key", false, "lost, or added on the target"},
    {"key-collides", false,
     "values that the source tells apart are the same to a key of the target, by its collation"},
    {"foreign-key", false, "lost, added, with other actions, or not valid"},
    {"check", false, "a condition that is lost, added or another, or not valid"},
    {"index-missing", false, "no index of the target begins with the columns of the source's"},
    {"index-invalid", false, "an index that serves no query: not built to its end, or invisible"},
    {"not-compared", false, "something that this user may not look at"},
    {NULL, false, NULL}};

/* ---- Findings -------------------------------------------------------------------------------- */

const char *schema_print(struct schema_pair *pair, const char *format, ...)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    char small[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(small, sizeof small, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof small)
        return arena_copy(pair->context->arena, small);
    char *place = (char *)buffer_reserve(&text, (size_t)(length > 0 ? length : 0) + 1);
    va_start(arguments, format);
    vsnprintf(place, (size_t)(length > 0 ? length : 0) + 1, format, arguments);
    va_end(arguments);
    const char *copy = arena_copy(pair->context->arena, place);
    buffer_free(&text);
    return copy;
}

static bool kind_breaks(const char *kind)
{
    for (const struct schema_kind *row = schema_kinds; row->name; row++)
        if (strcmp(row->name, kind) == 0)
            return row->breaks;
    return false;
}

/* The source's name, as in the rest of a result; the target's where the source has none. */
static const char *finding_column(struct schema_pair *pair, const struct schema_finding *finding)
{
    if (finding->column == NO_COLUMN)
        return NULL;
    size_t source =
        finding->side == SOURCE ? finding->column : pair->partner[TARGET][finding->column];
    return source == NO_COLUMN ? pair->table[TARGET]->columns[finding->column].name
                               : pair->table[SOURCE]->columns[source].name;
}

/* A sentence may hold the highest value, which the mapping says nobody is to see. */
static bool is_masked(const struct result_table *result, const char *column)
{
    for (size_t i = 0; column && i < result->column_count; i++) {
        const char *const *name = result->columns[i].name;
        if (strcmp(name[SOURCE] ? name[SOURCE] : name[TARGET] ? name[TARGET] : "", column) == 0)
            return result->columns[i].masked;
    }
    return false;
}

void schema_add(struct schema_pair *pair, const struct schema_finding *finding,
                const struct mend *mend)
{
    struct result_table *result = pair->result;
    struct arena *arena = pair->context->arena;
    if (result->schema_count == pair->capacity) {
        pair->capacity = pair->capacity ? pair->capacity * 2 : 8;
        struct result_schema *larger = arena_alloc(arena, pair->capacity * sizeof *larger);
        if (result->schema_count)
            memcpy(larger, result->schema, result->schema_count * sizeof *larger);
        result->schema = larger;
    }
    struct result_schema *added = &result->schema[result->schema_count++];
    *added = (struct result_schema){.kind = finding->kind, .text = finding->text};
    const char *column = finding_column(pair, finding);
    added->column = column ? arena_copy(arena, column) : NULL;
    for (int side = 0; side < SIDES; side++)
        added->value[side] = finding->value[side] ? arena_copy(arena, finding->value[side]) : NULL;
    const struct engine *engine =
        pair->context->engine[mend && mend->table == pair->table[SOURCE] ? SOURCE : TARGET];
    if (mend && engine->mend) {
        struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT);
        if (engine->mend(mend, &sql))
            added->fix = arena_copy(arena, (const char *)sql.data);
        buffer_free(&sql);
    }
    added->breaks = finding->side == TARGET && !finding->harmless && kind_breaks(finding->kind);
    if (!added->breaks)
        return;
    /* Columns of one side have their reason already. */
    if (strncmp(finding->kind, "column-", 7) != 0 && is_masked(result, column))
        text_list_add(&result->reasons,
                      schema_print(pair, "%s: the column is masked", finding->kind));
    else if (strncmp(finding->kind, "column-", 7) != 0)
        text_list_add(&result->reasons, finding->text);
    result->schema_differs = true;
}

size_t schema_partner(const struct schema_pair *pair, enum side side, size_t column)
{
    return column == NO_COLUMN || pair->left_out[side][column] ? NO_COLUMN
                                                               : pair->partner[side][column];
}

const char *schema_name_columns(struct schema_pair *pair, enum side side, size_t count,
                                const size_t *columns)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < count; i++)
        buffer_printf(&text, "%s%s", i ? ", " : "", pair->table[side]->columns[columns[i]].name);
    const char *copy = arena_copy(pair->context->arena, (const char *)text.data);
    buffer_free(&text);
    return copy;
}

/* ---- NULL and defaults ----------------------------------------------------------------------- */

/* The mapping says that zero dates became NULL: then the target must take NULL. */
static bool zero_dates_are_null(const struct schema_pair *pair, size_t source)
{
    const char *name = pair->table[SOURCE]->columns[source].name;
    for (size_t i = 0; i < pair->plan->column_count; i++) {
        const struct plan_column *column = &pair->plan->columns[i];
        const char *named = pair->result->columns[column->result].name[SOURCE];
        if (named && strcmp(named, name) == 0)
            return column->canon.zero_date_null;
    }
    return false;
}

static void compare_null(struct schema_pair *pair, const size_t at[SIDES])
{
    const struct column *source = &pair->table[SOURCE]->columns[at[SOURCE]];
    const struct column *target = &pair->table[TARGET]->columns[at[TARGET]];
    if (source->nullable == target->nullable || source->generated || target->generated ||
        (target->nullable && zero_dates_are_null(pair, at[SOURCE])))
        return;
    struct schema_finding finding = {.kind = "not-null", .side = TARGET, .column = at[TARGET]};
    struct mend mend = {.table = pair->table[TARGET], .column = at[TARGET]};
    for (int side = 0; side < SIDES; side++)
        finding.value[side] = pair->table[side]->columns[at[side]].nullable ? "NULL" : "NOT NULL";
    if (source->nullable) {
        mend.kind = MEND_DROP_NOT_NULL;
        finding.text = schema_print(pair, "%s of the target refuses NULL, which the source takes",
                                    target->name);
    } else {
        mend.kind = MEND_SET_NOT_NULL;
        finding.text = schema_print(pair, "%s of the target takes NULL, which the source refuses",
                                    target->name);
    }
    schema_add(pair, &finding, &mend);
}

/* Zero dates become NULL by their nature: PostgreSQL has none. */
static bool is_zero_date(const struct column_default *preset)
{
    return preset->kind == DEFAULT_LITERAL && strncmp(preset->value, "0000-00-00", 10) == 0;
}

static const char *insert_gets(struct schema_pair *pair, const struct column_default *preset,
                               bool nullable)
{
    return preset->text ? schema_print(pair, "gets %s", preset->text)
           : nullable   ? "gets NULL"
                        : "fails";
}

static void compare_default(struct schema_pair *pair, const size_t at[SIDES])
{
    const struct column *column[SIDES];
    const struct column_default *presets[SIDES];
    const struct type *types[SIDES];
    for (int side = 0; side < SIDES; side++) {
        column[side] = &pair->table[side]->columns[at[side]];
        presets[side] = &pair->definition[side]->columns[at[side]].preset;
        types[side] = &column[side]->type;
        if (column[side]->generated || presets[side]->kind == DEFAULT_COUNTER)
            return;
    }
    const struct column_default *source = presets[SOURCE], *target = presets[TARGET];
    if (schema_same_default(presets, types) ||
        (source->kind == DEFAULT_NONE && !column[SOURCE]->nullable) ||
        (target->kind == DEFAULT_NONE && is_zero_date(source)))
        return;
    struct schema_finding finding = {.kind = "default", .side = TARGET, .column = at[TARGET]};
    finding.value[SOURCE] = source->text;
    finding.value[TARGET] = target->text;
    struct mend mend = {.kind = source->kind == DEFAULT_NONE ? MEND_DROP_DEFAULT : MEND_SET_DEFAULT,
                        .table = pair->table[TARGET],
                        .column = at[TARGET],
                        .preset = source};
    bool unsure = source->kind == DEFAULT_EXPRESSION && target->kind == DEFAULT_EXPRESSION;
    finding.text =
        schema_print(pair, "an insert that leaves %s out %s in the source and %s in the target%s",
                     column[SOURCE]->name, insert_gets(pair, source, column[SOURCE]->nullable),
                     insert_gets(pair, target, column[TARGET]->nullable),
                     unsure ? ", which may or may not be the same" : "");
    schema_add(pair, &finding, unsure ? NULL : &mend);
}

static void compare_on_update(struct schema_pair *pair, const size_t at[SIDES])
{
    if (!pair->definition[SOURCE]->columns[at[SOURCE]].set_on_update ||
        pair->definition[TARGET]->columns[at[TARGET]].set_on_update ||
        pair->definition[TARGET]->has_update_trigger)
        return;
    struct schema_finding finding = {.kind = "on-update", .side = TARGET, .column = at[TARGET]};
    finding.value[SOURCE] = "ON UPDATE CURRENT_TIMESTAMP";
    finding.text = schema_print(pair,
                                "an update of a row sets %s to the current time in the source, and "
                                "leaves it in the target",
                                pair->table[TARGET]->columns[at[TARGET]].name);
    schema_add(pair, &finding, NULL);
}

/* ---- What a type can hold -------------------------------------------------------------------- */

/* The most characters, bytes or bits that a value may have; 0: no limit that matters. */
static uint32_t limit_of(const struct type *type)
{
    if (type->class != TYPE_TEXT && type->class != TYPE_BYTES && type->class != TYPE_BITS)
        return 0;
    return type->length >= AS_GOOD_AS_UNLIMITED ? 0 : type->length;
}

static uint32_t characters_of(const char *text)
{
    uint32_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

static uint32_t longest_member(const struct column_definition *definition)
{
    uint32_t longest = 0;
    for (size_t i = 0; i < definition->member_count; i++) {
        uint32_t length = characters_of(definition->members[i]);
        longest = length > longest ? length : longest;
    }
    return longest;
}

static void compare_length(struct schema_pair *pair, const size_t at[SIDES])
{
    const struct type *source = &pair->table[SOURCE]->columns[at[SOURCE]].type;
    const struct type *target = &pair->table[TARGET]->columns[at[TARGET]].type;
    uint32_t most = limit_of(target), may = limit_of(source);
    const char *unit = target->class == TYPE_TEXT    ? "characters"
                       : target->class == TYPE_BYTES ? "bytes"
                                                     : "bits";
    if (source->class == TYPE_ENUM)
        may = longest_member(&pair->definition[SOURCE]->columns[at[SOURCE]]);
    bool beside_json = source->class == TYPE_JSON && target->class == TYPE_TEXT;
    if (!most ||
        (source->class != target->class && !beside_json &&
         !(source->class == TYPE_ENUM && target->class == TYPE_TEXT)) ||
        (may && may <= most))
        return;
    if (source->class == TYPE_TEXT && strcmp(source->base, "name") == 0 && most >= 63)
        return;
    struct schema_finding finding = {.kind = "length", .side = TARGET, .column = at[TARGET]};
    char number[32], other[32];
    finding.value[SOURCE] = source->name;
    finding.value[TARGET] = target->name;
    finding.text = schema_print(
        pair, "%s of the target holds up to %s %s, and values of the source may have %s",
        pair->table[TARGET]->columns[at[TARGET]].name, human_count(most, number), unit,
        may ? human_count(may, other) : "more: they have no limit");
    schema_add(pair, &finding, NULL);
}

/* Digits before the point that a type can hold; INT_MAX where there is no limit that matters. */
#define ALL_DIGITS 1000000

static int whole_digits(const struct type *type)
{
    static const int digits[] = {[1] = 3, [2] = 5, [3] = 8, [4] = 10, [8] = 19};
    switch (type->class) {
    case TYPE_INT:
        return type->length == 8 && type->is_unsigned          ? 20
               : type->length < sizeof digits / sizeof *digits ? digits[type->length]
                                                               : 20;
    case TYPE_DECIMAL:
        return type->precision < 0 ? ALL_DIGITS : type->precision - type->scale;
    default:
        return ALL_DIGITS;
    }
}

static int fraction_digits(const struct type *type)
{
    return type->class != TYPE_DECIMAL ? 0 : type->precision < 0 ? ALL_DIGITS : type->scale;
}

static bool is_year(const struct type *type)
{
    return strcmp(type->base, "year") == 0;
}

/* A number of 64 bits without a sign that identifies rows never comes near 2^63. */
static bool is_identifier(const struct schema_pair *pair, size_t column)
{
    const struct table_definition *definition = pair->definition[SOURCE];
    if (definition->columns[column].counter)
        return true;
    for (size_t i = 0; i < definition->index_count; i++)
        for (size_t p = 0; p < definition->indexes[i].part_count; p++)
            if (definition->indexes[i].parts[p].column == column)
                return true;
    for (size_t i = 0; i < definition->foreign_key_count; i++)
        for (size_t c = 0; c < definition->foreign_keys[i].column_count; c++)
            if (definition->foreign_keys[i].columns[c] == column)
                return true;
    return false;
}

static bool integer_fits(const struct schema_pair *pair, const struct type *source,
                         const struct type *target, size_t column)
{
    unsigned from = source->length * 8 - !source->is_unsigned;
    unsigned to = target->length * 8 - !target->is_unsigned;
    if (is_year(source) || is_year(target))
        return is_year(source) ? target->length >= 2 : source->length <= 2;
    bool identifies = is_identifier(pair, column); /* then it is never negative */
    if (from == 64 && to == 63 && identifies)
        return true;
    return from <= to && (source->is_unsigned || !target->is_unsigned || identifies);
}

/* Significant digits that a float keeps for certain. */
static int float_digits(const struct type *type)
{
    return type->class == TYPE_FLOAT ? 6 : 15;
}

static bool number_fits(const struct schema_pair *pair, const struct type *source,
                        const struct type *target, size_t column)
{
    bool exact = source->class == TYPE_INT || source->class == TYPE_DECIMAL;
    if (target->class == TYPE_FLOAT || target->class == TYPE_DOUBLE) {
        if (!exact)
            return source->class == TYPE_FLOAT || target->class == TYPE_DOUBLE;
        int digits = whole_digits(source) + fraction_digits(source);
        /* four bytes are less than 2^53 */
        return digits <= float_digits(target) ||
               (source->class == TYPE_INT && source->length <= 4 && target->class == TYPE_DOUBLE);
    }
    if (!exact || (strcmp(source->base, "money") == 0))
        return true;
    if (source->class == TYPE_INT && target->class == TYPE_INT)
        return integer_fits(pair, source, target, column);
    if (target->class == TYPE_INT)
        return fraction_digits(source) == 0 && whole_digits(source) < whole_digits(target);
    return whole_digits(source) <= whole_digits(target) &&
           fraction_digits(source) <= fraction_digits(target);
}

static bool is_number_class(enum type_class class)
{
    return class == TYPE_INT || class == TYPE_DECIMAL || class == TYPE_FLOAT ||
           class == TYPE_DOUBLE;
}

static bool is_time_class(enum type_class class)
{
    return class == TYPE_TIME || class == TYPE_DATETIME || class == TYPE_INSTANT;
}

/* The decimal of a bigint unsigned that only identifies rows needs no twentieth digit. */
static void compare_precision(struct schema_pair *pair, const size_t at[SIDES])
{
    const struct type *source = &pair->table[SOURCE]->columns[at[SOURCE]].type;
    const struct type *target = &pair->table[TARGET]->columns[at[TARGET]].type;
    struct schema_finding finding = {.kind = "precision", .side = TARGET, .column = at[TARGET]};
    const char *name = pair->table[TARGET]->columns[at[TARGET]].name;
    finding.value[SOURCE] = source->name;
    finding.value[TARGET] = target->name;
    if (is_number_class(source->class) && is_number_class(target->class)) {
        if (number_fits(pair, source, target, at[SOURCE]))
            return;
        finding.text =
            schema_print(pair, "%s of the target is %s, which cannot hold every %s of the source",
                         name, target->name, source->name);
    } else if (is_time_class(source->class) && is_time_class(target->class)) {
        if (source->precision <= target->precision)
            return;
        finding.text = schema_print(
            pair, "%s of the target keeps %d digits of a second's fraction, and the source %d",
            name, target->precision, source->precision);
    } else if (source->class == TYPE_DATETIME || source->class == TYPE_INSTANT) {
        if (target->class != TYPE_DATE)
            return;
        finding.text =
            schema_print(pair, "%s of the target is a date, and the source has times", name);
    } else {
        return;
    }
    schema_add(pair, &finding, NULL);
}

static bool has_member(const struct column_definition *definition, const char *member)
{
    for (size_t i = 0; i < definition->member_count; i++)
        if (strcmp(definition->members[i], member) == 0)
            return true;
    return false;
}

static void compare_members(struct schema_pair *pair, const size_t at[SIDES])
{
    const struct column_definition *source = &pair->definition[SOURCE]->columns[at[SOURCE]];
    const struct column_definition *target = &pair->definition[TARGET]->columns[at[TARGET]];
    size_t found = 0;
    if (!source->member_count || !target->member_count)
        return;
    for (size_t i = 0; i < source->member_count; i++) {
        const char *member = source->members[i];
        if (has_member(target, member) || found++ >= MEMBERS_MOST)
            continue;
        struct schema_finding finding = {
            .kind = "enum-member", .side = TARGET, .column = at[TARGET]};
        finding.value[SOURCE] = member;
        finding.text =
            schema_print(pair, "%s of the target has no member '%s', which the source has",
                         pair->table[TARGET]->columns[at[TARGET]].name, member);
        struct mend mend = {.kind = MEND_ADD_ENUM_MEMBER,
                            .table = pair->table[TARGET],
                            .column = at[TARGET],
                            .member = member};
        schema_add(pair, &finding, &mend);
    }
}

/* ---- Counters -------------------------------------------------------------------------------- */

static bool is_behind(const struct counter *counter)
{
    if (!counter || counter->unknown || !counter->has_highest)
        return false;
    /* Both are clamped there, and nobody knows which is the higher. */
    if (counter->highest == INT64_MAX && !counter->exhausted)
        return false;
    return counter->exhausted || (counter->increment > 0 ? counter->next <= counter->highest
                                                         : counter->next >= counter->highest);
}

static const char *describe_counter(struct schema_pair *pair, const struct counter *counter)
{
    if (!counter || counter->unknown)
        return NULL;
    const char *end = counter->increment > 0 ? "highest" : "lowest";
    if (!counter->has_highest)
        return schema_print(pair, "next %" PRId64, counter->next);
    if (counter->exhausted)
        return schema_print(pair, "no number left, %s %" PRId64, end, counter->highest);
    return schema_print(pair, "next %" PRId64 ", %s %" PRId64, counter->next, end,
                        counter->highest);
}

/* Both sides are as they are since before the data was moved: no difference between them. */
static bool same_counters(const struct counter *one, const struct counter *other)
{
    return one && other && is_behind(one) && is_behind(other) && one->next == other->next &&
           one->highest == other->highest;
}

static void report_behind(struct schema_pair *pair, enum side side, const size_t at[SIDES],
                          const struct counter *const counters[SIDES])
{
    const struct counter *counter = counters[side];
    const struct table *table = pair->table[side];
    const char *name = table->columns[at[side]].name;
    bool unique = schema_is_unique(pair, side, at[side]);
    struct schema_finding finding = {.kind = "sequence-behind",
                                     .side = side,
                                     .column = at[side],
                                     .harmless = !unique ||
                                                 same_counters(counters[SOURCE], counters[TARGET])};
    for (int i = 0; i < SIDES; i++)
        finding.value[i] = describe_counter(pair, counters[i]);
    const char *of = counter->sequence ? schema_print(pair, "the sequence %s", counter->label)
                                       : "AUTO_INCREMENT";
    const char *what = unique ? "will fail" : "will repeat a number";
    if (counter->exhausted)
        finding.text = schema_print(pair, "the next insert into %s %s (%s): %s has no number left",
                                    table->label, what, side_name[side], of);
    else
        finding.text =
            schema_print(pair,
                         "the next insert into %s %s (%s): %s gives %s = %" PRId64
                         ", and the %s one there is %" PRId64,
                         table->label, what, side_name[side], of, name, counter->next,
                         counter->increment > 0 ? "highest" : "lowest", counter->highest);
    struct mend mend = {
        .kind = MEND_COUNTER, .table = table, .column = at[side], .number = counter->highest};
    schema_add(pair, &finding, counter->exhausted ? NULL : &mend);
}

static void report_missing_counter(struct schema_pair *pair, const size_t at[SIDES],
                                   const struct counter *source)
{
    const struct column *column = &pair->table[TARGET]->columns[at[TARGET]];
    const struct column_default *preset = &pair->definition[TARGET]->columns[at[TARGET]].preset;
    if (preset->kind != DEFAULT_NONE || column->generated)
        return;
    struct schema_finding finding = {.kind = "sequence-missing",
                                     .side = TARGET,
                                     .column = at[TARGET],
                                     .harmless = column->nullable};
    finding.value[SOURCE] = source->label ? source->label : "a sequence";
    finding.text =
        schema_print(pair, "the source numbers %s by itself (%s), and an insert into the target %s",
                     column->name, source->label ? source->label : "a sequence",
                     column->nullable ? "leaves it NULL" : "that leaves it out will fail");
    schema_add(pair, &finding, NULL);
}

static void compare_counters(struct schema_pair *pair, const size_t at[SIDES])
{
    const struct counter *counters[SIDES];
    for (int side = 0; side < SIDES; side++)
        counters[side] = pair->definition[side]->columns[at[side]].counter;
    for (int side = 0; side < SIDES; side++) {
        const struct counter *counter = counters[side];
        if (counter && counter->unknown) {
            struct schema_finding finding = {
                .kind = "not-compared", .side = (enum side)side, .column = at[side]};
            finding.text = schema_print(
                pair, "whether the next insert into %s will fail (%s) could not be looked at: %s",
                pair->table[side]->label, side_name[side], counter->unknown);
            schema_add(pair, &finding, NULL);
            /* If it is behind, the table is different: nobody can say that it is equal. */
            if (side == TARGET && schema_is_unique(pair, TARGET, at[TARGET])) {
                text_list_add(&pair->result->reasons, finding.text);
                pair->result->inconclusive = true;
            }
        } else if (is_behind(counter)) {
            report_behind(pair, (enum side)side, at, counters);
        }
    }
    if (counters[SOURCE] && !counters[TARGET])
        report_missing_counter(pair, at, counters[SOURCE]);
}

/* ---- A pair of tables ------------------------------------------------------------------------ */

static size_t find_column(const struct table *table, const char *name)
{
    for (size_t i = 0; name && i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return i;
    return NO_COLUMN;
}

static void report_one_sided(struct schema_pair *pair, enum side side, size_t column)
{
    const struct column *has = &pair->table[side]->columns[column];
    struct schema_finding finding = {
        .kind = side == SOURCE ? "column-missing" : "column-extra", .side = side, .column = column};
    finding.value[side] = has->type.name;
    finding.text = schema_print(pair, "only the %s has the column %s (%s)", side_name[side],
                                has->name, has->type.name);
    finding.harmless = true; /* whether it counts was decided when columns were paired */
    schema_add(pair, &finding, NULL);
    pair->result->schema[pair->result->schema_count - 1].breaks = pair->result->schema_differs;
}

/* Which columns belong together was decided when the rows' comparison was planned. */
static void pair_columns_up(struct schema_pair *pair)
{
    struct arena *arena = pair->context->arena;
    for (int side = 0; side < SIDES; side++) {
        size_t count = pair->table[side]->column_count;
        pair->partner[side] = arena_alloc(arena, (count + 1) * sizeof(size_t));
        pair->left_out[side] = arena_alloc(arena, (count + 1) * sizeof(bool));
        for (size_t i = 0; i < count; i++)
            pair->partner[side][i] = NO_COLUMN;
    }
    for (size_t i = 0; i < pair->result->column_count; i++) {
        const struct result_column *column = &pair->result->columns[i];
        size_t at[SIDES];
        for (int side = 0; side < SIDES; side++) {
            at[side] = find_column(pair->table[side], column->name[side]);
            if (at[side] != NO_COLUMN)
                pair->left_out[side][at[side]] =
                    column->ignored || column->expression[SOURCE] || column->expression[TARGET];
        }
        for (int side = 0; side < SIDES; side++)
            if (at[side] != NO_COLUMN)
                pair->partner[side][at[side]] = at[!side];
    }
}

static void compare_columns(struct schema_pair *pair)
{
    static void (*const compare[])(struct schema_pair * pair, const size_t at[SIDES]) = {
        compare_counters, compare_null,      compare_default, compare_on_update,
        compare_length,   compare_precision, compare_members,
    };
    for (size_t i = 0; i < pair->table[SOURCE]->column_count; i++) {
        size_t at[SIDES] = {i, schema_partner(pair, SOURCE, i)};
        for (size_t c = 0; at[TARGET] != NO_COLUMN && c < sizeof compare / sizeof *compare; c++)
            compare[c](pair, at);
    }
    for (int side = 0; side < SIDES; side++)
        for (size_t i = 0; i < pair->table[side]->column_count; i++)
            if (pair->partner[side][i] == NO_COLUMN && !pair->left_out[side][i] &&
                pair->result->schema_differs)
                report_one_sided(pair, (enum side)side, i);
}

void schema_compare(const struct schema_context *context, const struct plan_table *table)
{
    struct schema_pair pair = {.context = context, .plan = table, .result = table->result};
    for (int side = 0; side < SIDES; side++) {
        pair.table[side] = table->table[side];
        pair.definition[side] = table->table[side]->definition;
        if (!pair.definition[side] || pair.table[side]->kind != RELATION_TABLE)
            return;
    }
    pair.same_engine = context->engine[SOURCE] == context->engine[TARGET];
    pair_columns_up(&pair);
    compare_columns(&pair);
    schema_compare_keys(&pair);
    schema_compare_collations(&pair);
    schema_compare_foreign_keys(&pair);
    schema_compare_checks(&pair);
    schema_compare_indexes(&pair);
}

/* ---- All pairs ------------------------------------------------------------------------------- */

/* Larger tables are not grouped by their key only to count collisions. */
#define COLLISION_ROWS 1000000

struct asking {
    const struct plan_side *sides;
};

static bool ask_collisions(void *context, enum side side, const struct table *table, size_t count,
                           const struct index_part *parts, uint64_t *groups)
{
    const struct plan_side *of = &((const struct asking *)context)->sides[side];
    struct err ignored; /* not known is said as such */
    return table->row_estimate <= COLLISION_ROWS && !table->unreadable && of->engine->collisions &&
           of->engine->collisions(of->connection, table, count, parts, groups, &ignored);
}

bool schema_compare_all(const struct plan_side sides[SIDES], const struct plan *plan,
                        bool look_at_rows, struct verify_result *result, struct err *err)
{
    for (int side = 0; side < SIDES; side++) {
        const struct plan_side *of = &sides[side];
        if (of->engine->definitions(of->connection, of->schema, err))
            continue;
        if (err->code != ERR_TABLE && err->code != ERR_RETRY)
            return err_prefix(err, "%s", side_name[side]);
        char *text = mem_format("the definitions of the %s's tables could not be looked at, and "
                                "were not compared: %s",
                                side_name[side], err->text);
        text_list_add(&result->notes, text);
        free(text);
        return true;
    }
    struct asking asking = {sides};
    struct schema_context context = {.plan = plan,
                                     .engine = {sides[SOURCE].engine, sides[TARGET].engine},
                                     .arena = &result->arena,
                                     .collisions = look_at_rows ? ask_collisions : NULL,
                                     .collisions_context = &asking};
    for (size_t i = 0; i < plan->table_count; i++)
        schema_compare(&context, &plan->tables[i]);
    result->schema_compared = true;
    return true;
}
