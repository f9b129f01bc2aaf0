/*
 * Reads the mapping file (mapping.h). Input: bytes that claim to be YAML. Output: struct mapping,
 * or one sentence with the line and column of the first thing that is wrong. What a mapping may
 * hold is written as tables of struct settings_entry; a new key is one row.
 *
 * Must not know: databases, which names exist, which options fit which types (plan.c, canon.c).
 */
#include "mapping.h"

#include "../diff/base/buffer.h"
#include "../diff/base/settings.h"
#include "canon.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- readers of one value ---- */

static void set_mark(const struct settings_item *item)
{
    struct mark *mark = settings_beside(item);
    if (mark)
        *mark = item->key->mark;
}

static bool read_text(struct settings *settings, const struct settings_item *item, struct err *err)
{
    set_mark(item);
    return settings_take(settings, item->value, settings_field(item), err);
}

/* The booleans of YAML 1.1, without y and n. */
static bool read_truth(struct settings *settings, const struct settings_item *item, struct err *err)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(item->value->text, words[i]) == 0) {
            *(int *)settings_field(item) = (int)i % 2;
            set_mark(item);
            return true;
        }
    return settings_fail_value(settings, item, err);
}

static bool read_kind(struct settings *settings, const struct settings_item *item, struct err *err)
{
    const char *known[KINDS];
    size_t count = 0;
    if (!read_text(settings, item, err))
        return false;
    for (int kind = KIND_NONE + 1; kind < KINDS; kind++) {
        known[count] = kind_name((enum kind)kind);
        if (strcmp(known[count++], item->value->text) == 0)
            return true;
    }
    return settings_fail_unknown(settings, item->value, "kind", known, count, err);
}

static bool read_precision(struct settings *settings, const struct settings_item *item,
                           struct err *err)
{
    const char *text = item->value->text;
    if (text[0] < '0' || text[0] > '6' || item->value->length != 1)
        return settings_fail_value(settings, item, err);
    *(int *)settings_field(item) = text[0] - '0';
    set_mark(item);
    return true;
}

/* Only the word switches the leniency on: a value that was forgotten must not. */
static bool read_zero_date(struct settings *settings, const struct settings_item *item,
                           struct err *err)
{
    if (!settings_is_null(item->value->text))
        return settings_fail_value(settings, item, err);
    *(int *)settings_field(item) = 1;
    set_mark(item);
    return true;
}

static const char *skip_digits(const char *text)
{
    return text + strspn(text, "0123456789");
}

/* 5, 0.005, .5, 1e-9, in the range of a double; no sign, so not negative. */
static bool is_amount(const char *text)
{
    const char *whole_end = skip_digits(text), *end = whole_end;
    if (*end == '.')
        end = skip_digits(end + 1);
    if (end - text - (*whole_end == '.') == 0)
        return false;
    if (*end == 'e' || *end == 'E') {
        const char *exponent = end + 1 + (end[1] == '-' || end[1] == '+');
        end = skip_digits(exponent);
        if (end == exponent)
            return false;
    }
    return *end == '\0' && isfinite(strtod(text, NULL));
}

static bool is_whole_between(const char *text, long least, long most)
{
    size_t length = strlen(text);
    if (length == 0 || length > 10 || *skip_digits(text) || (text[0] == '0' && length > 1))
        return false;
    long number = strtol(text, NULL, 10);
    return number >= least && number <= most;
}

#define DIGITS_MOST 100
#define ULP_MOST 1000000000

static bool read_amount(struct settings *settings, const struct settings_item *item,
                        struct err *err)
{
    struct column_options *options = item->into;
    const char *text = item->value->text;
    enum tolerance_unit unit = (enum tolerance_unit)item->entry->detail;
    bool amount = unit == TOLERANCE_ABS || unit == TOLERANCE_SECONDS;
    if (amount                     ? !is_amount(text)
        : unit == TOLERANCE_DIGITS ? !is_whole_between(text, 1, DIGITS_MOST)
                                   : !is_whole_between(text, 0, ULP_MOST))
        return settings_fail_value(settings, item, err);
    options->tolerance = unit;
    return settings_take(settings, item->value, &options->tolerance_amount, err);
}

static bool read_tolerance(struct settings *settings, const struct settings_item *item,
                           struct err *err)
{
    static const struct settings_entry entries[] = {
        {"abs", SHAPE_TEXT, "a decimal number that is not negative", read_amount,
         .detail = TOLERANCE_ABS},
        {"digits", SHAPE_TEXT, "a whole number from 1 to 100", read_amount,
         .detail = TOLERANCE_DIGITS},
        {"ulp", SHAPE_TEXT, "a whole number from 0 to 1000000000", read_amount,
         .detail = TOLERANCE_ULP},
        {"seconds", SHAPE_TEXT, "a decimal number that is not negative", read_amount,
         .detail = TOLERANCE_SECONDS},
        {0}};
    if (!settings_read_map(settings, item->value,
                           (struct settings_group[]){{entries, item->into}, {0}}, err))
        return false;
    if (item->value->count != 1)
        return settings_fail_wants(settings, item, err);
    set_mark(item);
    return true;
}

/* {source: …, target: …}, one of them at least, into const char *[2]; `entries` are these two. */
static bool read_sides(struct settings *settings, const struct settings_item *item,
                       const struct settings_entry *entries, struct err *err)
{
    if (!settings_read_map(settings, item->value,
                           (struct settings_group[]){{entries, settings_field(item)}, {0}}, err))
        return false;
    if (item->value->count == 0)
        return settings_fail_wants(settings, item, err);
    set_mark(item);
    return true;
}

static bool read_texts(struct settings *settings, const struct settings_item *item, struct err *err)
{
    static const struct settings_entry entries[] = {
        {"source", SHAPE_TEXT, "a text", read_text, .field = SOURCE * sizeof(char *)},
        {"target", SHAPE_TEXT, "a text", read_text, .field = TARGET * sizeof(char *)},
        {0}};
    return read_sides(settings, item, entries, err);
}

static bool read_where(struct settings *settings, const struct settings_item *item, struct err *err)
{
    const char **where = settings_field(item);
    if (item->value->shape != SHAPE_TEXT)
        return read_texts(settings, item, err);
    if (!read_text(settings, item, err))
        return false;
    where[TARGET] = where[SOURCE];
    return true;
}

/* The tz database is asked here, where the line is known, for rules that match no column too. */
static bool take_zone(struct settings *settings, const struct settings_node *node,
                      const char **name, struct err *err)
{
    const struct zone *zone;
    if (!settings_take(settings, node, name, err))
        return false;
    if (zone_find(*name, &zone, err))
        return true;
    return settings_prefix(settings, node->mark, err);
}

static bool read_side_zone(struct settings *settings, const struct settings_item *item,
                           struct err *err)
{
    return take_zone(settings, item->value, settings_field(item), err);
}

static bool read_zone(struct settings *settings, const struct settings_item *item, struct err *err)
{
    static const struct settings_entry entries[] = {
        {"source", SHAPE_TEXT, "a time zone", read_side_zone, .field = SOURCE * sizeof(char *)},
        {"target", SHAPE_TEXT, "a time zone", read_side_zone, .field = TARGET * sizeof(char *)},
        {0}};
    struct column_options *options = item->into;
    if (item->value->shape != SHAPE_TEXT)
        return read_sides(settings, item, entries, err);
    set_mark(item);
    return take_zone(settings, item->value, &options->zone_any, err);
}

static bool read_name(struct settings *settings, const struct settings_item *item, struct err *err)
{
    struct mapping_name *name = item->into;
    name->mark = item->value->mark;
    return settings_take(settings, item->value, &name->name, err);
}

static bool read_names(struct settings *settings, const struct settings_item *item, struct err *err)
{
    static const struct settings_entry element = {
        .key = "each item", .shapes = SHAPE_TEXT, .wants = "a text", .read = read_name};
    size_t *count = (size_t *)(void *)(settings_beside(item));
    return settings_read_elements(settings, item->value, &element, sizeof(struct mapping_name),
                                  settings_field(item), count, err);
}

static bool read_key(struct settings *settings, const struct settings_item *item, struct err *err)
{
    size_t count = item->value->count;
    if (count == 0)
        return settings_fail(settings, item->value->mark, err, "\"key\" needs one column at least");
    if (!read_names(settings, item, err))
        return false;
    const struct settings_node **names = mem_zero(count, sizeof *names);
    memcpy(names, item->value->values, count * sizeof *names);
    bool good = settings_no_repeats(settings, names, count, "column", err);
    free(names);
    return good;
}

/* ---- the mapping, from the leaves up ---- */

#define OPTION(name, mark)                                                                         \
    .field = offsetof(struct column_options, name), .beside = offsetof(struct column_options, mark)

/* Of rules and columns; into struct column_options. */
static const struct settings_entry option_entries[] = {
    {"kind", SHAPE_TEXT, "the name of a kind", read_kind, OPTION(kind, kind_mark)},
    {"zone", SHAPE_TEXT | SHAPE_MAP, "a time zone, or {source: …, target: …}", read_zone,
     OPTION(zone, zone_mark)},
    {"precision", SHAPE_TEXT, "a whole number from 0 to 6", read_precision,
     OPTION(precision, precision_mark)},
    {"tolerance", SHAPE_MAP, "exactly one of {abs: N}, {digits: N} and {ulp: N}", read_tolerance,
     OPTION(tolerance, tolerance_mark)},
    {"zero_date", SHAPE_TEXT, "the word null", read_zero_date,
     OPTION(zero_date_null, leniency_mark)},
    {"strip_zero_padding", SHAPE_TEXT, "true or false", read_truth,
     OPTION(strip_zero_padding, leniency_mark)},
    {"swapped", SHAPE_TEXT, "true or false", read_truth, OPTION(swapped, leniency_mark)},
    {"separator", SHAPE_TEXT, "a text", read_text, OPTION(separator, separator_mark)},
    {"ignore", SHAPE_TEXT, "true or false", read_truth, OPTION(ignore, ignore_mark)},
    {"mask", SHAPE_TEXT, "true or false", read_truth, OPTION(mask, mask_mark)},
    {"ids", SHAPE_TEXT, "a kind of ids, or none", read_text, OPTION(ids, ids_mark)},
    {0}};

static void clear_options(struct column_options *options)
{
    *options = (struct column_options){.precision = -1,
                                       .zero_date_null = -1,
                                       .strip_zero_padding = -1,
                                       .swapped = -1,
                                       .ignore = -1,
                                       .mask = -1};
}

#define RULE(name) .field = offsetof(struct mapping_rule, name)

static const struct settings_entry rule_entries[] = {
    {"table", SHAPE_TEXT, "a pattern", read_text, RULE(table)},
    {"column", SHAPE_TEXT, "a pattern", read_text, RULE(column)},
    {"types", SHAPE_MAP, "{source: …, target: …}", read_texts, RULE(types)},
    {0}};

static bool read_rule(struct settings *settings, const struct settings_item *item, struct err *err)
{
    struct mapping_rule *rule = item->into;
    rule->mark = item->value->mark;
    clear_options(&rule->options);
    const struct settings_group groups[] = {
        {rule_entries, rule}, {option_entries, &rule->options}, {0}};
    if (!settings_read_map(settings, item->value, groups, err))
        return false;
    bool typed = rule->types[SOURCE] || rule->types[TARGET];
    size_t conditions = (size_t)(!!rule->table + !!rule->column + typed);
    if (item->value->count > conditions)
        return true;
    return settings_fail(settings, rule->mark, err,
                         "this rule has no option, so it changes nothing");
}

#define COLUMN(name) .field = offsetof(struct mapping_column, name)

static const struct settings_entry column_entries[] = {
    {"target", SHAPE_TEXT, "the name of a column", read_text, COLUMN(target)},
    {"source_expr", SHAPE_TEXT, "a SQL expression", read_text, COLUMN(expression[SOURCE])},
    {"target_expr", SHAPE_TEXT, "a SQL expression", read_text, COLUMN(expression[TARGET])},
    {0}};

static bool read_column(struct settings *settings, const struct settings_item *item,
                        struct err *err)
{
    struct mapping_column *column = item->into;
    column->mark = item->key->mark;
    clear_options(&column->options);
    if (!settings_take(settings, item->key, &column->name, err))
        return false;
    const struct settings_group groups[] = {
        {column_entries, column}, {option_entries, &column->options}, {0}};
    switch (item->value->shape) {
    case SHAPE_TEXT:
        return settings_take(settings, item->value, &column->target, err);
    case SHAPE_MAP:
        return settings_read_map(settings, item->value, groups, err);
    default:
        return true;
    }
}

static bool read_columns(struct settings *settings, const struct settings_item *item,
                         struct err *err)
{
    static const struct settings_entry element = {
        .shapes = SHAPE_TEXT | SHAPE_MAP | SHAPE_NOTHING,
        .wants = "the target's name of the column, or a mapping of its options",
        .read = read_column};
    struct mapping_table *table = item->into;
    return settings_read_elements(settings, item->value, &element, sizeof *table->columns,
                                  settings_field(item), &table->column_count, err);
}

#define TABLE(name) .field = offsetof(struct mapping_table, name)
#define TABLE_BESIDE(name) .beside = offsetof(struct mapping_table, name)

static const struct settings_entry table_entries[] = {
    {"target", SHAPE_TEXT, "the name of a table", read_text, TABLE(target)},
    {"key", SHAPE_LIST, "a list of columns", read_key, TABLE(key), TABLE_BESIDE(key_count)},
    {"where", SHAPE_TEXT | SHAPE_MAP, "a SQL condition, or {source: …, target: …}", read_where,
     TABLE(where), TABLE_BESIDE(where_mark)},
    {"ignore", SHAPE_LIST | SHAPE_NOTHING, "a list of columns", read_names, TABLE(ignore),
     TABLE_BESIDE(ignore_count)},
    {"ids", SHAPE_TEXT, "a kind of ids, or none", read_text, TABLE(ids), TABLE_BESIDE(ids_mark)},
    {"columns", SHAPE_MAP | SHAPE_NOTHING, "a mapping of columns", read_columns, TABLE(columns)},
    {0}};

static bool read_table(struct settings *settings, const struct settings_item *item, struct err *err)
{
    struct mapping_table *table = item->into;
    table->mark = item->key->mark;
    if (!settings_take(settings, item->key, &table->source, err))
        return false;
    switch (item->value->shape) {
    case SHAPE_TEXT:
        return settings_take(settings, item->value, &table->target, err);
    case SHAPE_MAP:
        return settings_read_map(settings, item->value,
                                 (struct settings_group[]){{table_entries, table}, {0}}, err);
    default:
        return true;
    }
}

static bool read_tables(struct settings *settings, const struct settings_item *item,
                        struct err *err)
{
    static const struct settings_entry element = {
        .shapes = SHAPE_TEXT | SHAPE_MAP | SHAPE_NOTHING,
        .wants = "the target's name of the table, or a mapping of its options",
        .read = read_table};
    struct mapping *mapping = item->into;
    return settings_read_elements(settings, item->value, &element, sizeof *mapping->tables,
                                  settings_field(item), &mapping->table_count, err);
}

static bool read_rules(struct settings *settings, const struct settings_item *item, struct err *err)
{
    static const struct settings_entry element = {.key = "a rule",
                                                  .shapes = SHAPE_MAP,
                                                  .wants = "a mapping of conditions and options",
                                                  .read = read_rule};
    struct mapping *mapping = item->into;
    return settings_read_elements(settings, item->value, &element, sizeof *mapping->rules,
                                  settings_field(item), &mapping->rule_count, err);
}

static bool read_schema(struct settings *settings, const struct settings_item *item,
                        struct err *err)
{
    struct mapping_schema *schema = item->into;
    schema->mark = item->key->mark;
    return settings_take(settings, item->key, &schema->source, err) &&
           settings_take(settings, item->value, &schema->target, err);
}

static bool read_schemas(struct settings *settings, const struct settings_item *item,
                         struct err *err)
{
    static const struct settings_entry element = {
        .shapes = SHAPE_TEXT, .wants = "the name of a schema of the target", .read = read_schema};
    struct mapping *mapping = item->into;
    return settings_read_elements(settings, item->value, &element, sizeof *mapping->schemas,
                                  settings_field(item), &mapping->schema_count, err);
}

#define TOP(name) .field = offsetof(struct mapping, name)

static const struct settings_entry top_entries[] = {
    {"schemas", SHAPE_MAP | SHAPE_NOTHING, "a mapping of schemas", read_schemas, TOP(schemas)},
    {"exclude", SHAPE_LIST | SHAPE_NOTHING, "a list of patterns", read_names, TOP(exclude),
     .beside = offsetof(struct mapping, exclude_count)},
    {"rules", SHAPE_LIST | SHAPE_NOTHING, "a list of rules", read_rules, TOP(rules)},
    {"tables", SHAPE_MAP | SHAPE_NOTHING, "a mapping of tables", read_tables, TOP(tables)},
    {0}};

static const struct settings_format format = {.noun = "mapping",
                                              .file = "mapping file",
                                              .wants = "the keys schemas, exclude, rules or tables",
                                              .entries = top_entries};

bool mapping_parse(const char *path, const char *text, size_t length, struct mapping *mapping,
                   struct err *err)
{
    *mapping = (struct mapping){.path = ""};
    if (settings_parse(&format, path, text, length, &mapping->arena, mapping, err)) {
        mapping->path = arena_copy(&mapping->arena, path);
        return true;
    }
    mapping_free(mapping);
    return false;
}

bool mapping_read(const char *path, struct mapping *mapping, struct err *err)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    *mapping = (struct mapping){.path = ""};
    bool good = settings_load(&format, path, &text, err) &&
                mapping_parse(path, (const char *)text.data, text.length, mapping, err);
    buffer_free(&text);
    return good;
}

void mapping_free(struct mapping *mapping)
{
    arena_free(&mapping->arena);
    *mapping = (struct mapping){.path = ""};
}
