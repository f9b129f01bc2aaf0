/* See pair.h. */
#include "pair.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A pair of columns, or one column that has no partner, on its way into plan and result. */
struct candidate {
    const struct mapping_column *entry; /* NULL: paired by name */
    const struct column *column[SIDES]; /* NULL: an expression, or none on this side */
    const char *expression[SIDES];
    struct type type[SIDES];
    bool compared;
    bool ignored, masked;
    const char *ids; /* the mapping's word on the ids in it, or NULL */
    int key_place;   /* 1 … in key order; 0: not in the key */
    struct canon canon;
    const char *why, *leniency;
};

struct pairs {
    const struct pairing *with;
    struct plan_table *table;
    size_t count;
    struct candidate *items;
};

/* ---- Names and patterns
 * --------------------------------------------------------------------------- */

bool pair_is_exact(const char *glob)
{
    return !strpbrk(glob, "*?[\\");
}

static bool matches(const char *glob, const char *name)
{
    return name && (strcasecmp(glob, name) == 0 || fnmatch(glob, name, FNM_CASEFOLD) == 0);
}

bool pair_matches_table(const char *glob, const struct table *table)
{
    if (!table)
        return false;
    if (matches(glob, table->name) || matches(glob, table->label))
        return true;
    char *qualified = mem_format("%s.%s", table->schema, table->name);
    bool found = matches(glob, qualified);
    free(qualified);
    return found;
}

/* "varchar(20)" matches the name "character varying(20)" too, since "varchar" is its base. */
static bool matches_type(const char *glob, const struct type *type)
{
    if (matches(glob, type->name) || matches(glob, type->base))
        return true;
    const char *parameters = type->name ? strchr(type->name, '(') : NULL;
    if (!parameters || !type->base)
        return false;
    char *spelled = mem_format("%s%s", type->base, parameters);
    bool found = matches(glob, spelled);
    free(spelled);
    return found;
}

bool pair_mapping_error(const struct mapping *mapping, struct mark mark, struct err *err,
                        const char *format, ...)
{
    char text[sizeof err->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return err_set(err, ERR_USAGE, "%s:%d:%d: %s", mapping->path, mark.line, mark.column, text);
}

static const char *candidate_name(const struct candidate *pair, enum side side)
{
    if (pair->column[side])
        return pair->column[side]->name;
    return pair->expression[side] ? pair->entry->name : NULL;
}

static const char *any_name(const struct candidate *pair)
{
    const char *name = candidate_name(pair, SOURCE);
    return name ? name : candidate_name(pair, TARGET);
}

/* ---- Who belongs to whom
 * ---------------------------------------------------------------------------- */

static struct candidate *add_candidate(struct pairs *pairs)
{
    pairs->items = mem_resize(pairs->items, pairs->count + 1, sizeof *pairs->items);
    struct candidate *pair = &pairs->items[pairs->count++];
    *pair = (struct candidate){0};
    return pair;
}

static bool is_used(const struct pairs *pairs, enum side side, const struct column *column)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (pairs->items[i].column[side] == column)
            return true;
    return false;
}

static bool find_mapped(const struct pairs *pairs, const struct mapping_column *entry,
                        enum side side, const char *name, const struct column **column,
                        struct err *err)
{
    const struct table *table = pairs->table->table[side];
    const struct mapping *mapping = pairs->with->mapping;
    *column = table_find_column(table, name);
    if (!*column)
        return pair_mapping_error(mapping, entry->mark, err, "the %s table %s has no column \"%s\"",
                                  side_name[side], table->label, name);
    if (is_used(pairs, side, *column))
        return pair_mapping_error(mapping, entry->mark, err,
                                  "the column \"%s\" of the %s table %s is paired twice", name,
                                  side_name[side], table->label);
    return true;
}

static bool describe_expression(const struct pairs *pairs, const struct mapping_column *entry,
                                enum side side, struct type *type, struct err *err)
{
    const struct plan_side *of = &pairs->with->sides[side];
    if (of->engine->describe(of->connection, of->schema, pairs->table->table[side],
                             entry->expression[side], NULL, type, err))
        return true;
    if (err->code == ERR_TABLE || err->code == ERR_USAGE) {
        char *text = mem_copy_string(err->text);
        pair_mapping_error(pairs->with->mapping, entry->mark, err,
                           "the %s expression of \"%s\" is refused: %s", side_name[side],
                           entry->name, text);
        free(text);
    }
    return false;
}

static bool add_mapped(struct pairs *pairs, const struct mapping_column *entry, struct err *err)
{
    const struct column *column[SIDES] = {NULL, NULL};
    struct type type[SIDES] = {{0}, {0}};
    for (int side = 0; side < SIDES; side++) {
        if (entry->expression[side]) {
            if (!describe_expression(pairs, entry, (enum side)side, &type[side], err))
                return false;
            continue;
        }
        const char *name = side == TARGET && entry->target ? entry->target : entry->name;
        /* An ignored column may have no partner at all. */
        if (side == TARGET && !entry->target && entry->options.ignore == 1 &&
            !table_find_column(pairs->table->table[TARGET], name))
            continue;
        if (!find_mapped(pairs, entry, (enum side)side, name, &column[side], err))
            return false;
        type[side] = column[side]->type;
    }
    struct candidate *pair = add_candidate(pairs);
    pair->entry = entry;
    for (int side = 0; side < SIDES; side++) {
        pair->column[side] = column[side];
        pair->expression[side] = entry->expression[side];
        pair->type[side] = type[side];
    }
    /* With a column named as target, the expression reads in its place. */
    if (entry->expression[TARGET] && entry->target) {
        const struct column *shadowed;
        if (!find_mapped(pairs, entry, TARGET, entry->target, &shadowed, err))
            return false;
        pair->column[TARGET] = shadowed;
    }
    if (entry->expression[SOURCE]) {
        const struct column *shadowed = table_find_column(pairs->table->table[SOURCE], entry->name);
        if (shadowed && !is_used(pairs, SOURCE, shadowed))
            pair->column[SOURCE] = shadowed;
    }
    return true;
}

static void add_by_name(struct pairs *pairs)
{
    const struct table *source = pairs->table->table[SOURCE];
    const struct table *target = pairs->table->table[TARGET];
    for (size_t i = 0; i < source->column_count; i++) {
        const struct column *column = &source->columns[i];
        if (is_used(pairs, SOURCE, column))
            continue;
        const struct column *partner = table_find_column(target, column->name);
        /* The other way too: a name that fits two columns when case does not count fits none. */
        if (partner &&
            (is_used(pairs, TARGET, partner) || table_find_column(source, partner->name) != column))
            partner = NULL;
        struct candidate *pair = add_candidate(pairs);
        pair->column[SOURCE] = column;
        pair->type[SOURCE] = column->type;
        pair->column[TARGET] = partner;
        if (partner)
            pair->type[TARGET] = partner->type;
    }
    for (size_t i = 0; i < target->column_count; i++)
        if (!is_used(pairs, TARGET, &target->columns[i])) {
            struct candidate *pair = add_candidate(pairs);
            pair->column[TARGET] = &target->columns[i];
            pair->type[TARGET] = target->columns[i].type;
        }
}

/* ---- Rules: the most specific one that gives an option decides it
 * ------------------------------------- */

static bool rule_matches(const struct pairs *pairs, const struct mapping_rule *rule,
                         const struct candidate *pair)
{
    const struct plan_table *table = pairs->table;
    if (rule->table && !pair_matches_table(rule->table, table->table[SOURCE]) &&
        !pair_matches_table(rule->table, table->table[TARGET]))
        return false;
    if (rule->column && !matches(rule->column, candidate_name(pair, SOURCE)) &&
        !matches(rule->column, candidate_name(pair, TARGET)))
        return false;
    for (int side = 0; side < SIDES; side++)
        if (rule->types[side] && (!candidate_name(pair, (enum side)side) ||
                                  !matches_type(rule->types[side], &pair->type[side])))
            return false;
    return true;
}

/* A table says more than a column name, that more than types; a name says more than a pattern. */
static int rule_weight(const struct mapping_rule *rule)
{
    int weight = 0;
    if (rule->table)
        weight += pair_is_exact(rule->table) ? 64 : 32;
    if (rule->column)
        weight += pair_is_exact(rule->column) ? 16 : 8;
    for (int side = 0; side < SIDES; side++)
        if (rule->types[side])
            weight += pair_is_exact(rule->types[side]) ? 2 : 1;
    return weight;
}

/* Takes over what is given in `from` and not yet in `into`. */
static void merge_options(struct column_options *into, const struct column_options *from)
{
    if (!into->kind && from->kind) {
        into->kind = from->kind;
        into->kind_mark = from->kind_mark;
    }
    if (!into->zone_any && !into->zone[SOURCE] && !into->zone[TARGET] &&
        (from->zone_any || from->zone[SOURCE] || from->zone[TARGET])) {
        into->zone_any = from->zone_any;
        into->zone[SOURCE] = from->zone[SOURCE];
        into->zone[TARGET] = from->zone[TARGET];
        into->zone_mark = from->zone_mark;
    }
    if (into->precision < 0 && from->precision >= 0) {
        into->precision = from->precision;
        into->precision_mark = from->precision_mark;
    }
    if (!into->tolerance && from->tolerance) {
        into->tolerance = from->tolerance;
        into->tolerance_amount = from->tolerance_amount;
        into->tolerance_mark = from->tolerance_mark;
    }
    int *flags[] = {&into->zero_date_null, &into->strip_zero_padding, &into->swapped};
    const int given[] = {from->zero_date_null, from->strip_zero_padding, from->swapped};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (*flags[i] < 0 && given[i] >= 0) {
            *flags[i] = given[i];
            into->leniency_mark = from->leniency_mark;
        }
    if (!into->separator && from->separator) {
        into->separator = from->separator;
        into->separator_mark = from->separator_mark;
    }
    if (into->ignore < 0 && from->ignore >= 0) {
        into->ignore = from->ignore;
        into->ignore_mark = from->ignore_mark;
    }
    if (into->mask < 0 && from->mask >= 0) {
        into->mask = from->mask;
        into->mask_mark = from->mask_mark;
    }
    if (!into->ids && from->ids) {
        into->ids = from->ids;
        into->ids_mark = from->ids_mark;
    }
}

static const struct column_options no_options = {.precision = -1,
                                                 .zero_date_null = -1,
                                                 .strip_zero_padding = -1,
                                                 .swapped = -1,
                                                 .ignore = -1,
                                                 .mask = -1};

/* Of the rules that match a pair, the heaviest first; of equal weight the later one. */
static const struct mapping_rule *next_rule(const struct pairs *pairs, const struct candidate *pair,
                                            const struct mapping_rule *last)
{
    const struct mapping *mapping = pairs->with->mapping;
    const struct mapping_rule *best = NULL;
    for (size_t i = 0; i < mapping->rule_count; i++) {
        const struct mapping_rule *rule = &mapping->rules[i];
        bool after = !last || rule_weight(rule) < rule_weight(last) ||
                     (rule_weight(rule) == rule_weight(last) && rule < last);
        bool better = !best || rule_weight(rule) >= rule_weight(best);
        if (after && better && rule_matches(pairs, rule, pair))
            best = rule;
    }
    return best;
}

/* A rule that does not say for which types it is meant also matches columns that its options mean
 * nothing for; those options are dropped. What stands at the column itself, or at its types, is
 * meant. */
static struct column_options options_of(const struct pairs *pairs, const struct candidate *pair)
{
    struct column_options options = no_options;
    if (pair->entry)
        merge_options(&options, &pair->entry->options);
    for (const struct mapping_rule *rule = next_rule(pairs, pair, NULL); rule;
         rule = next_rule(pairs, pair, rule)) {
        struct column_options given = rule->options;
        bool meant = (rule->types[SOURCE] && rule->types[TARGET]) ||
                     (rule->table && rule->column && pair_is_exact(rule->table) &&
                      pair_is_exact(rule->column));
        if (!meant && candidate_name(pair, SOURCE) && candidate_name(pair, TARGET)) {
            struct column_options together = given;
            if (options.kind)
                together.kind = options.kind;
            canon_drop_options(&given,
                               canon_misfits(&pair->type[SOURCE], &pair->type[TARGET], &together));
        }
        merge_options(&options, &given);
    }
    return options;
}

/* ---- How a pair is compared
 * ---------------------------------------------------------------------------- */

static void explain_marks(const struct pairs *pairs, const struct column_options *options,
                          struct buffer *why)
{
    const struct {
        const char *name;
        struct mark mark;
        bool given;
    } marks[] = {
        {"kind", options->kind_mark, options->kind != NULL},
        {"zone", options->zone_mark, options->zone_any || options->zone[0] || options->zone[1]},
        {"precision", options->precision_mark, options->precision >= 0},
        {"tolerance", options->tolerance_mark, options->tolerance != TOLERANCE_NONE},
        {"options", options->leniency_mark,
         options->zero_date_null >= 0 || options->strip_zero_padding >= 0 || options->swapped >= 0},
        {"separator", options->separator_mark, options->separator != NULL},
        {"values are masked", options->mask_mark, options->mask == 1},
        {"ids", options->ids_mark, options->ids != NULL},
    };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (marks[i].given)
            buffer_printf(why, "; %s by %s:%d", marks[i].name, pairs->with->mapping->path,
                          marks[i].mark.line);
}

/* Where the options come from that a pair of types contradicts: the first that the file gave. */
static struct mark first_mark(const struct column_options *options)
{
    const struct mark marks[] = {options->tolerance_mark, options->precision_mark,
                                 options->zone_mark,      options->leniency_mark,
                                 options->separator_mark, options->kind_mark};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (marks[i].line)
            return marks[i];
    return (struct mark){0, 0};
}

static bool matches_ignore(const struct pairs *pairs, const struct candidate *pair)
{
    const struct mapping_table *entry = pairs->with->entry;
    for (size_t i = 0; entry && i < entry->ignore_count; i++)
        for (int side = 0; side < SIDES; side++)
            if (matches(entry->ignore[i].name, candidate_name(pair, (enum side)side)))
                return true;
    return false;
}

/* A column that cannot be read; NULL when both can. */
static const char *unreadable(const struct pairs *pairs, const struct candidate *pair)
{
    for (int side = 0; side < SIDES; side++)
        if (pair->column[side] && !pair->expression[side] && pair->column[side]->unreadable)
            return arena_format(pairs->with->arena, "%s: %s", side_name[side],
                                pair->column[side]->unreadable);
    return NULL;
}

static bool choose(const struct pairs *pairs, struct candidate *pair, struct err *err)
{
    struct arena *arena = pairs->with->arena;
    struct column_options options = options_of(pairs, pair);
    pair->leniency = "";
    pair->ignored = options.ignore == 1 || matches_ignore(pairs, pair);
    pair->masked = options.mask == 1;
    pair->ids = options.ids;
    if (pair->ignored) {
        pair->why = options.ignore == 1
                        ? arena_format(arena, "by %s:%d", pairs->with->mapping->path,
                                       options.ignore_mark.line)
                        : "by the mapping's list";
        return true;
    }
    if (!candidate_name(pair, SOURCE) || !candidate_name(pair, TARGET)) {
        pair->why = candidate_name(pair, SOURCE) ? "in the source only" : "in the target only";
        return true;
    }
    pair->why = unreadable(pairs, pair);
    if (pair->why)
        return true;
    struct buffer why = BUFFER_INIT(1 << 16);
    bool ok =
        canon_choose(&pair->type[SOURCE], &pair->type[TARGET], &options, &pair->canon, &why, err);
    if (ok) {
        pair->compared = pair->canon.kind != KIND_NONE;
        explain_marks(pairs, &options, &why);
        pair->why = arena_copy(arena, (const char *)why.data);
        buffer_clear(&why);
        canon_describe_leniency(&pair->canon, &why);
        pair->leniency = arena_copy(arena, (const char *)why.data);
    } else {
        struct mark mark = first_mark(&options);
        err_prefix(err, "%s:%d:%d: column \"%s\" of %s", pairs->with->mapping->path, mark.line,
                   mark.column, any_name(pair), pairs->table->table[SOURCE]->label);
    }
    buffer_free(&why);
    return ok;
}

/* ---- The key
 * ------------------------------------------------------------------------------------------- */

static bool can_be_key(const struct candidate *pair)
{
    return pair->compared && !canon_is_lenient(&pair->canon);
}

static struct candidate *find_pair(const struct pairs *pairs, enum side side,
                                   const struct column *column)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (pairs->items[i].column[side] == column && !pairs->items[i].expression[side])
            return &pairs->items[i];
    return NULL;
}

static bool key_is_usable(const struct pairs *pairs, enum side side, const struct key *key)
{
    if (key->nullable || key->has_prefix || !key->column_count)
        return false;
    for (size_t i = 0; i < key->column_count; i++) {
        const struct candidate *pair =
            find_pair(pairs, side, &pairs->table->table[side]->columns[key->columns[i]]);
        if (!pair || !can_be_key(pair))
            return false;
    }
    return true;
}

/* The usable key of the other side over the same pairs of columns, in any order. */
static const struct key *matching_key(const struct pairs *pairs, enum side side,
                                      const struct key *key)
{
    enum side other = side == SOURCE ? TARGET : SOURCE;
    const struct table *table = pairs->table->table[side], *their = pairs->table->table[other];
    for (size_t k = 0; k < their->key_count; k++) {
        const struct key *candidate = &their->keys[k];
        if (candidate->column_count != key->column_count || !key_is_usable(pairs, other, candidate))
            continue;
        size_t found = 0;
        for (size_t i = 0; i < key->column_count; i++) {
            const struct candidate *pair = find_pair(pairs, side, &table->columns[key->columns[i]]);
            for (size_t j = 0; j < candidate->column_count; j++)
                found += pair->column[other] == &their->columns[candidate->columns[j]];
        }
        if (found == key->column_count)
            return candidate;
    }
    return NULL;
}

static void take_key(struct pairs *pairs, enum side side, const struct key *key)
{
    const struct table *table = pairs->table->table[side];
    for (size_t i = 0; i < key->column_count; i++)
        find_pair(pairs, side, &table->columns[key->columns[i]])->key_place = (int)i + 1;
}

static const char *choose_key(struct pairs *pairs)
{
    for (int side = 0; side < SIDES; side++) { /* a primary key comes first in a table's keys */
        const struct table *table = pairs->table->table[side];
        for (size_t i = 0; i < table->key_count; i++) {
            const struct key *key = &table->keys[i];
            if (!key_is_usable(pairs, (enum side)side, key))
                continue;
            const struct key *other = matching_key(pairs, (enum side)side, key);
            if (!other)
                continue;
            take_key(pairs, (enum side)side, key);
            return key->primary && other->primary ? "primary key of both" : "unique key of both";
        }
    }
    for (int side = 0; side < SIDES; side++) {
        const struct table *table = pairs->table->table[side];
        for (size_t i = 0; i < table->key_count; i++)
            if (table->keys[i].primary && key_is_usable(pairs, (enum side)side, &table->keys[i])) {
                take_key(pairs, (enum side)side, &table->keys[i]);
                return side == SOURCE ? "primary key of the source; the target has no such key"
                                      : "primary key of the target; the source has no such key";
            }
    }
    return "no common key: compared as a multiset";
}

static bool choose_mapped_key(struct pairs *pairs, struct err *err)
{
    const struct mapping *mapping = pairs->with->mapping;
    const struct mapping_table *entry = pairs->with->entry;
    for (size_t k = 0; k < entry->key_count; k++) {
        struct candidate *found = NULL;
        for (size_t i = 0; i < pairs->count && !found; i++) {
            struct candidate *pair = &pairs->items[i];
            const char *name = candidate_name(pair, SOURCE);
            if (name && strcasecmp(name, entry->key[k].name) == 0)
                found = pair;
        }
        if (!found)
            return pair_mapping_error(mapping, entry->key[k].mark, err,
                                      "the source table %s has no column \"%s\" for the key",
                                      pairs->table->table[SOURCE]->label, entry->key[k].name);
        if (!can_be_key(found))
            return pair_mapping_error(
                mapping, entry->key[k].mark, err, "the column \"%s\" cannot be in the key: %s",
                entry->key[k].name,
                found->compared ? "it is compared with a leniency" : found->why);
        if (found->key_place)
            return pair_mapping_error(mapping, entry->key[k].mark, err,
                                      "the column \"%s\" is in the key twice", entry->key[k].name);
        found->key_place = (int)k + 1;
    }
    return true;
}

/* The mapping's word on the table's ids is one on its only key column. */
static bool give_ids(struct pairs *pairs, struct err *err)
{
    const struct mapping_table *entry = pairs->with->entry;
    struct candidate *key = NULL;
    size_t count = 0;
    for (size_t i = 0; i < pairs->count; i++) {
        if (!pairs->items[i].key_place)
            continue;
        key = &pairs->items[i];
        count++;
    }
    if (count != 1)
        return pair_mapping_error(pairs->with->mapping, entry->ids_mark, err,
                                  "%s has no key of one column: say at the column of which kind "
                                  "its ids are",
                                  pairs->table->table[SOURCE]->label);
    if (!key->ids)
        key->ids = entry->ids;
    return true;
}

/* ---- Into plan and result
 * -------------------------------------------------------------------------------- */

static int order_of(const struct candidate *pair)
{
    return pair->key_place ? pair->key_place : pair->compared ? 100000 : 100001;
}

/* Key columns first, then the compared ones, then the rest; else as they were. */
static void sort_pairs(struct pairs *pairs)
{
    struct candidate *sorted = mem_alloc((pairs->count + 1) * sizeof *sorted);
    size_t count = 0;
    for (int place = 1; count < pairs->count; place++) {
        if (place > (int)pairs->count && place < 100000)
            place = 100000;
        for (size_t i = 0; i < pairs->count; i++)
            if (order_of(&pairs->items[i]) == place)
                sorted[count++] = pairs->items[i];
    }
    free(pairs->items);
    pairs->items = sorted;
}

static const char *select_text(const struct pairs *pairs, const struct candidate *pair,
                               enum side side)
{
    struct arena *arena = pairs->with->arena;
    if (pair->expression[side])
        return arena_format(arena, "(%s)", pair->expression[side]);
    if (pair->column[side]->select)
        return pair->column[side]->select;
    struct buffer name = BUFFER_INIT(1 << 16);
    pairs->with->sides[side].engine->quote_name(&name, pair->column[side]->name);
    const char *text = arena_copy(arena, (const char *)name.data);
    buffer_free(&name);
    return text;
}

static void reason(struct pairs *pairs, const struct candidate *pair, const char *what)
{
    char *text = mem_format("column \"%s\" %s%s", any_name(pair), what, pair->why);
    text_list_add(&pairs->table->result->reasons, text);
    free(text);
}

static void fill_result(struct pairs *pairs, const struct candidate *pair,
                        struct result_column *column)
{
    struct arena *arena = pairs->with->arena;
    for (int side = 0; side < SIDES; side++) {
        const char *name = candidate_name(pair, (enum side)side);
        column->name[side] = name ? arena_copy(arena, name) : NULL;
        column->type[side] =
            name && pair->type[side].name ? arena_copy(arena, pair->type[side].name) : NULL;
        column->expression[side] =
            pair->expression[side] ? arena_copy(arena, pair->expression[side]) : NULL;
    }
    column->kind = pair->compared ? kind_name(pair->canon.kind) : "none";
    column->why = pair->why;
    column->leniency = pair->leniency;
    column->compared = pair->compared;
    column->ignored = pair->ignored;
    column->masked = pair->masked;
    column->key = pair->key_place > 0;
    if (pair->compared || pair->ignored)
        return;
    bool both = column->name[SOURCE] && column->name[TARGET];
    if (both) {
        reason(pairs, pair, "was not compared: ");
        pairs->table->result->inconclusive = true;
    } else {
        reason(pairs, pair, "is ");
        pairs->table->result->schema_differs = true;
    }
}

static void fill_plan(struct pairs *pairs)
{
    struct plan_table *table = pairs->table;
    struct arena *arena = pairs->with->arena;
    struct result_table *result = table->result;
    result->columns = arena_alloc(arena, (pairs->count + 1) * sizeof *result->columns);
    table->columns = arena_alloc(arena, (pairs->count + 1) * sizeof *table->columns);
    result->column_count = pairs->count;
    for (size_t i = 0; i < pairs->count; i++) {
        const struct candidate *pair = &pairs->items[i];
        fill_result(pairs, pair, &result->columns[i]);
        if (!pair->compared)
            continue;
        struct plan_column *column = &table->columns[table->column_count++];
        column->canon = pair->canon;
        column->masked = pair->masked;
        column->ids_kind = pair->ids;
        column->key = pair->key_place > 0;
        column->result = i;
        table->key_count += column->key;
        table->lenient |= canon_is_lenient(&pair->canon);
        for (int side = 0; side < SIDES; side++) {
            struct type *type = arena_alloc(arena, sizeof *type);
            *type = pair->type[side];
            column->type[side] = type;
            column->select[side] = select_text(pairs, pair, (enum side)side);
        }
    }
    result->key_count = table->key_count;
}

/* A leniency that is on is shown in the report, not only when it is explained. */
static void note_leniencies(const struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        const struct candidate *pair = &pairs->items[i];
        if (!pair->compared || !*pair->leniency)
            continue;
        char *text =
            mem_format("column \"%s\" is compared leniently: %s", any_name(pair), pair->leniency);
        text_list_add(&pairs->table->result->notes, text);
        free(text);
    }
}

/*
 * Without a key, whole rows are counted. Values under a leniency cannot choose a bucket, so the
 * rows are then grouped by the columns that have none; those come first.
 */
static bool fill_multiset(struct plan_table *table)
{
    size_t exact = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        if (canon_is_lenient(&table->columns[i].canon))
            continue;
        struct plan_column column = table->columns[i];
        memmove(&table->columns[exact + 1], &table->columns[exact], (i - exact) * sizeof column);
        table->columns[exact++] = column;
    }
    table->multiset = true;
    table->key_count = exact;
    return exact > 0;
}

bool pair_columns(const struct pairing *pairing, struct plan_table *table, struct err *err)
{
    struct pairs pairs = {.with = pairing, .table = table};
    const struct mapping_table *entry = pairing->entry;
    struct result_table *result = table->result;
    bool ok = true;
    for (size_t i = 0; ok && entry && i < entry->column_count; i++)
        ok = add_mapped(&pairs, &entry->columns[i], err);
    if (ok)
        add_by_name(&pairs);
    for (size_t i = 0; ok && i < pairs.count; i++)
        ok = choose(&pairs, &pairs.items[i], err);
    if (ok && entry && entry->key_count) {
        ok = choose_mapped_key(&pairs, err);
        result->key_why = "chosen by the mapping";
    } else if (ok) {
        result->key_why = choose_key(&pairs);
    }
    ok = ok && (!entry || !entry->ids || give_ids(&pairs, err));
    if (ok) {
        sort_pairs(&pairs);
        fill_plan(&pairs);
        note_leniencies(&pairs);
        table->comparable = table->column_count > 0;
        if (!table->comparable) {
            text_list_add(&result->reasons, "no column of the two tables can be compared");
            result->inconclusive = true;
        } else if (!table->key_count && !fill_multiset(table)) {
            text_list_add(&result->reasons,
                          "without a key, rows of which every column has a leniency cannot be "
                          "paired; choose a key in the mapping");
            result->inconclusive = true;
            table->comparable = false;
        }
    }
    free(pairs.items);
    return ok;
}
