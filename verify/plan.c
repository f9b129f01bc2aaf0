/* See plan.h. */
#include "plan.h"

#include "pair.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ROWS_PER_BUCKET 16      /* few enough that a changed row makes few suspects */
#define MOST_BUCKETS (1u << 16) /* 1.5 MB a digest */
#define FEWEST_BUCKETS (1u << 6)
#define MOST_RANGES (1u << 10)
#define NAMED_CHILDREN 3       /* of more, a reason gives the number */
#define RANGES_FROM_ROWS 20000 /* smaller tables are read again whole, which takes no time */

struct table_pair {
    const struct table *table[SIDES];
    const struct mapping_table *entry;
};

struct planning {
    const struct verify_options *options;
    const struct mapping *mapping;
    const struct plan_side *sides;
    struct plan *plan;
    struct verify_result *result;
    bool *used[SIDES];     /* per table of each schema: is it in a pair? */
    bool *compared[SIDES]; /* and is that pair wanted? */
    size_t pair_count;
    struct table_pair *pairs;
};

/* ---- Which tables count
 * ----------------------------------------------------------------------------- */

static bool any_matches(const struct text_list *globs, const struct table *table)
{
    for (size_t i = 0; i < globs->count; i++)
        if (pair_matches_table(globs->items[i], table))
            return true;
    return false;
}

static bool is_excluded(const struct planning *planning, const struct table *table)
{
    if (any_matches(&planning->options->excludes, table))
        return true;
    const struct mapping *mapping = planning->mapping;
    for (size_t i = 0; i < mapping->exclude_count; i++)
        if (pair_matches_table(mapping->exclude[i].name, table))
            return true;
    return false;
}

/* Views and the like count when a --table names them. */
static bool is_named(const struct planning *planning, const struct table *table)
{
    const struct text_list *globs = &planning->options->tables;
    for (size_t i = 0; i < globs->count; i++)
        if (pair_is_exact(globs->items[i]) && pair_matches_table(globs->items[i], table))
            return true;
    return false;
}

static bool may_pair_by_name(const struct planning *planning, const struct table *table)
{
    return table->kind == RELATION_TABLE || is_named(planning, table);
}

/* Is the pair, or the single table when the other is NULL, wanted by the options? */
static bool is_wanted(const struct planning *planning, const struct table *one,
                      const struct table *other)
{
    if ((one && is_excluded(planning, one)) || (other && is_excluded(planning, other)))
        return false;
    const struct text_list *globs = &planning->options->tables;
    return !globs->count || any_matches(globs, one) || any_matches(globs, other);
}

static size_t table_index(const struct planning *planning, enum side side,
                          const struct table *table)
{
    return (size_t)(table - planning->sides[side].schema->tables);
}

static void add_pair(struct planning *planning, const struct table *source,
                     const struct table *target, const struct mapping_table *entry)
{
    planning->used[SOURCE][table_index(planning, SOURCE, source)] = true;
    planning->used[TARGET][table_index(planning, TARGET, target)] = true;
    if (!is_wanted(planning, source, target))
        return;
    planning->pairs =
        mem_resize(planning->pairs, planning->pair_count + 1, sizeof *planning->pairs);
    planning->compared[SOURCE][table_index(planning, SOURCE, source)] = true;
    planning->compared[TARGET][table_index(planning, TARGET, target)] = true;
    planning->pairs[planning->pair_count++] = (struct table_pair){{source, target}, entry};
}

/* ---- Pairing tables
 * ------------------------------------------------------------------------------------ */

/* The schema of the other side that this one pairs with: the mapping's word, the same name, the
 * default. */
static const char *partner_schema(const struct planning *planning, enum side side,
                                  const char *schema_name)
{
    const struct mapping *mapping = planning->mapping;
    for (size_t i = 0; i < mapping->schema_count; i++) {
        const struct mapping_schema *pair = &mapping->schemas[i];
        const char *ours = side == SOURCE ? pair->source : pair->target;
        if (strcmp(ours, schema_name) == 0)
            return side == SOURCE ? pair->target : pair->source;
    }
    const struct schema *other = planning->sides[side == SOURCE ? TARGET : SOURCE].schema;
    for (size_t i = 0; i < other->table_count; i++)
        if (strcmp(other->tables[i].schema, schema_name) == 0)
            return other->tables[i].schema;
    return NULL;
}

/* A name of the mapping: "schema.name" where there is such a schema, else a bare name. */
static const struct table *find_named(const struct schema *schema, const char *name)
{
    const struct table *found = schema_find(schema, NULL, name);
    const char *dot = strchr(name, '.');
    if (found || !dot)
        return found;
    char *schema_name = mem_copy_bytes(name, (size_t)(dot - name));
    found = schema_find(schema, schema_name, dot + 1);
    free(schema_name);
    return found;
}

static const struct table *find_partner(const struct planning *planning, enum side side,
                                        const struct table *table)
{
    const struct plan_side *other = &planning->sides[side == SOURCE ? TARGET : SOURCE];
    return schema_find(other->schema, partner_schema(planning, side, table->schema), table->name);
}

static bool pair_mapped_tables(struct planning *planning, struct err *err)
{
    const struct mapping *mapping = planning->mapping;
    for (size_t i = 0; i < mapping->table_count; i++) {
        const struct mapping_table *entry = &mapping->tables[i];
        const struct table *found[SIDES];
        found[SOURCE] = find_named(planning->sides[SOURCE].schema, entry->source);
        if (!found[SOURCE])
            return pair_mapping_error(mapping, entry->mark, err, "the source has no table \"%s\"",
                                      entry->source);
        found[TARGET] = entry->target ? find_named(planning->sides[TARGET].schema, entry->target)
                                      : find_partner(planning, SOURCE, found[SOURCE]);
        if (!found[TARGET])
            return pair_mapping_error(mapping, entry->mark, err, "the target has no table \"%s\"",
                                      entry->target ? entry->target : entry->source);
        for (int side = 0; side < SIDES; side++)
            if (planning->used[side][table_index(planning, (enum side)side, found[side])])
                return pair_mapping_error(mapping, entry->mark, err,
                                          "the %s table %s is paired twice", side_name[side],
                                          found[side]->label);
        add_pair(planning, found[SOURCE], found[TARGET], entry);
    }
    return true;
}

static void pair_by_name(struct planning *planning)
{
    const struct schema *source = planning->sides[SOURCE].schema;
    for (size_t i = 0; i < source->table_count; i++) {
        const struct table *table = &source->tables[i];
        if (planning->used[SOURCE][i] || !may_pair_by_name(planning, table))
            continue;
        const struct table *partner = find_partner(planning, SOURCE, table);
        if (!partner || planning->used[TARGET][table_index(planning, TARGET, partner)])
            continue;
        /* A name that fits two tables when case does not count fits none. */
        if (find_partner(planning, TARGET, partner) != table)
            continue;
        add_pair(planning, table, partner, NULL);
    }
}

/* ---- Tables on one side only
 * ------------------------------------------------------------------------------ */

static void add_hidden_table(struct planning *planning, enum side side, const struct table *table)
{
    struct verify_result *result = planning->result;
    result->tables = mem_resize(result->tables, result->table_count + 1, sizeof *result->tables);
    struct result_table *hidden = &result->tables[result->table_count++];
    *hidden = (struct result_table){.inconclusive = true, .key_why = ""};
    enum side other = side == SOURCE ? TARGET : SOURCE;
    hidden->name[side] = arena_copy(&result->arena, table->label);
    hidden->name[other] = arena_copy(&result->arena, table->name);
    char *text = mem_format("the %s does not let us see whether it has this table (no SELECT "
                            "privilege)",
                            side_name[other]);
    text_list_add(&hidden->reasons, text);
    free(text);
}

static bool list_unpaired(struct planning *planning, enum side side, struct err *err)
{
    enum side other = side == SOURCE ? TARGET : SOURCE;
    const struct plan_side *ours = &planning->sides[side], *theirs = &planning->sides[other];
    for (size_t i = 0; i < ours->schema->table_count; i++) {
        const struct table *table = &ours->schema->tables[i];
        if (planning->used[side][i] || !may_pair_by_name(planning, table) ||
            !is_wanted(planning, table, NULL))
            continue;
        const char *schema_name = partner_schema(planning, side, table->schema);
        enum existence existence;
        if (!theirs->engine->probe(theirs->connection,
                                   schema_name ? schema_name : theirs->schema->default_schema,
                                   table->name, &existence, err))
            return false;
        if (existence == EXISTS_UNREADABLE)
            add_hidden_table(planning, side, table);
        else
            text_list_add(&planning->result->only[side], table->label);
    }
    return true;
}

/* ---- Names that must exist
 * ----------------------------------------------------------------------------------- */

static bool exists_on_any_side(const struct planning *planning, const char *glob)
{
    for (int side = 0; side < SIDES; side++) {
        const struct schema *schema = planning->sides[side].schema;
        for (size_t i = 0; i < schema->table_count; i++)
            if (pair_matches_table(glob, &schema->tables[i]))
                return true;
    }
    return false;
}

static bool has_column(const struct planning *planning, const char *table_glob, const char *name)
{
    for (int side = 0; side < SIDES; side++) {
        const struct schema *schema = planning->sides[side].schema;
        for (size_t i = 0; i < schema->table_count; i++)
            if ((!table_glob || pair_matches_table(table_glob, &schema->tables[i])) &&
                table_find_column(&schema->tables[i], name))
                return true;
    }
    return false;
}

static bool check_patterns(const struct planning *planning, struct err *err)
{
    const struct verify_options *options = planning->options;
    for (size_t i = 0; i < options->tables.count; i++)
        if (!exists_on_any_side(planning, options->tables.items[i]))
            return err_set(err, ERR_USAGE,
                           "--table %s: neither the source nor the target has such a table",
                           options->tables.items[i]);
    for (size_t i = 0; i < options->excludes.count; i++)
        if (!exists_on_any_side(planning, options->excludes.items[i])) {
            char *note = mem_format("--exclude %s matched no table", options->excludes.items[i]);
            text_list_add(&planning->result->notes, note);
            free(note);
        }
    return true;
}

static bool check_mapping_names(const struct planning *planning, struct err *err)
{
    const struct mapping *mapping = planning->mapping;
    for (size_t i = 0; i < mapping->exclude_count; i++)
        if (pair_is_exact(mapping->exclude[i].name) &&
            !exists_on_any_side(planning, mapping->exclude[i].name))
            return pair_mapping_error(mapping, mapping->exclude[i].mark, err,
                                      "neither the source nor the target has a table \"%s\"",
                                      mapping->exclude[i].name);
    for (size_t i = 0; i < mapping->rule_count; i++) {
        const struct mapping_rule *rule = &mapping->rules[i];
        if (rule->table && pair_is_exact(rule->table) && !exists_on_any_side(planning, rule->table))
            return pair_mapping_error(mapping, rule->mark, err,
                                      "neither the source nor the target has a table \"%s\"",
                                      rule->table);
        if (rule->column && pair_is_exact(rule->column) &&
            !has_column(planning, rule->table, rule->column))
            return pair_mapping_error(mapping, rule->mark, err,
                                      "neither the source nor the target has a column \"%s\"",
                                      rule->column);
    }
    for (size_t t = 0; t < mapping->table_count; t++) {
        const struct mapping_table *entry = &mapping->tables[t];
        const struct table *source = find_named(planning->sides[SOURCE].schema, entry->source);
        const struct table *target = entry->target
                                         ? find_named(planning->sides[TARGET].schema, entry->target)
                                     : source ? find_partner(planning, SOURCE, source)
                                              : NULL;
        for (size_t i = 0; source && target && i < entry->ignore_count; i++)
            if (pair_is_exact(entry->ignore[i].name) &&
                !table_find_column(source, entry->ignore[i].name) &&
                !table_find_column(target, entry->ignore[i].name))
                return pair_mapping_error(mapping, entry->ignore[i].mark, err,
                                          "neither %s nor %s has a column \"%s\"", source->label,
                                          target->label, entry->ignore[i].name);
    }
    return true;
}

/* ---- One table
 * ------------------------------------------------------------------------------------------------
 */

static bool check_where(const struct planning *planning, const struct table_pair *pair,
                        struct plan_table *table, struct err *err)
{
    for (int side = 0; pair->entry && side < SIDES; side++) {
        const char *where = pair->entry->where[side];
        if (!where)
            continue;
        const struct plan_side *of = &planning->sides[side];
        struct type type;
        if (!of->engine->describe(of->connection, of->schema, pair->table[side], NULL, where, &type,
                                  err)) {
            if (err->code == ERR_TABLE || err->code == ERR_USAGE) {
                char *text = mem_copy_string(err->text);
                pair_mapping_error(planning->mapping, pair->entry->where_mark, err,
                                   "the %s condition is refused: %s", side_name[side], text);
                free(text);
            }
            return false;
        }
        table->where[side] = where;
        table->result->where[side] = arena_copy(&planning->result->arena, where);
    }
    return true;
}

/*
 * A server may hide tables of which the user may read nothing. When both sides do, nothing seems to
 * be missing, and yet not everything was compared. Who names every table to compare asks for no
 * others.
 */
static void note_hidden_tables(const struct planning *planning)
{
    const struct text_list *globs = &planning->options->tables;
    bool exact = globs->count > 0;
    for (size_t i = 0; i < globs->count; i++)
        exact = exact && pair_is_exact(globs->items[i]);
    for (int side = 0; side < SIDES && !exact; side++) {
        if (!planning->sides[side].schema->may_hide_tables)
            continue;
        char *text = mem_format("the %s shows only tables on which this user has rights, and may "
                                "have others: GRANT SELECT on the whole database, or name the "
                                "tables to compare with --table",
                                side_name[side]);
        text_list_add(&planning->result->notes, text);
        free(text);
        planning->result->inconclusive = true;
    }
}

/* Columns that are hidden from us are not compared; and one that a side seems to lack for that is
 * no difference. */
static bool check_hidden_columns(const struct planning *planning, struct plan_table *table,
                                 struct err *err)
{
    struct result_table *result = table->result;
    bool differs = result->schema_differs;
    for (int side = 0; side < SIDES; side++) {
        const struct plan_side *of = &planning->sides[side];
        bool hidden = false;
        char *text = NULL;
        if (table->table[side]->unreadable)
            continue; /* the report says so */
        if (!of->engine->hides_columns(of->connection, table->table[side], &hidden, err)) {
            if (err->code != ERR_TABLE && err->code != ERR_RETRY)
                return false;
            text = mem_format("the %s does not say whether it hides columns of %s from us (%s)",
                              side_name[side], table->table[side]->label, err->text);
        } else if (!hidden) {
            continue;
        } else {
            text = mem_format("the %s hides columns of %s from us (no SELECT privilege)%s",
                              side_name[side], table->table[side]->label,
                              differs ? ": what seems missing may be there" : "");
        }
        text_list_add(&result->reasons, text);
        free(text);
        result->inconclusive = true;
        result->schema_differs = false;
    }
    return true;
}

/* The children of a side's table that no pair compares: up to NAMED_CHILDREN labels. */
static size_t list_left_out(const struct planning *planning, enum side side,
                            const struct table *table, struct buffer *labels)
{
    size_t count = 0;
    for (size_t i = 0; i < table->child_count; i++) {
        const struct table_child *child = &table->children[i];
        if (child->table && planning->compared[side][table_index(planning, side, child->table)])
            continue;
        if (count++ < NAMED_CHILDREN)
            buffer_printf(labels, "%s%s", labels->length ? ", " : "", child->label);
    }
    if (count > NAMED_CHILDREN)
        buffer_printf(labels, " and %zu more", count - NAMED_CHILDREN);
    return count;
}

/* A parent is read without the rows of the tables that inherit from it, which a query of it returns
 * too: either all of those tables are compared, or the parent is not known to be equal. */
static void check_children(const struct planning *planning, const struct table_pair *pair,
                           struct result_table *result)
{
    for (int side = 0; side < SIDES; side++) {
        const struct table *table = pair->table[side];
        enum side other = side == SOURCE ? TARGET : SOURCE;
        if (!table->child_count)
            continue;
        struct buffer labels = BUFFER_INIT(BUFFER_NO_LIMIT);
        if (!list_left_out(planning, (enum side)side, table, &labels)) {
            char *note = mem_format("%s: rows of tables that inherit from it are compared as rows "
                                    "of those tables",
                                    side_name[side]);
            text_list_add(&result->notes, note);
            free(note);
        } else {
            char *text = mem_format(
                "%s: tables that inherit from %s are not compared, and their rows are rows of it "
                "too: %s; %s",
                side_name[side], table->label, (const char *)labels.data,
                pair->table[other]->child_count
                    ? "let the mapping (schemas, tables) and the options pair them as well"
                    : "let the mapping pair each of them with a table or, with where, a part of "
                      "one, or pair a view of all rows (SELECT * FROM the parent) instead");
            text_list_add(&result->reasons, text);
            free(text);
            result->inconclusive = true;
        }
        buffer_free(&labels);
    }
}

static size_t power_of_two(uint64_t least, size_t fewest, size_t most)
{
    size_t n = fewest;
    while (n < least && n < most)
        n *= 2;
    return n;
}

struct gap_question {
    const struct plan_side *side;
    const struct table *table;
    size_t column;
};

static bool ask_gap(void *context, int64_t middle, struct cut_gap *gap, struct err *err)
{
    const struct gap_question *question = context;
    return question->side->engine->key_gap(question->side->connection, question->table,
                                           question->column, middle, gap, err);
}

/*
 * With an integer key whose bounds are cheap to know, buckets are ranges of the key (times a few
 * hash buckets), so that the drill reads only the suspect ranges again. Bounds need not be exact:
 * what lies outside belongs to the first or the last range.
 */
static bool choose_ranges(const struct planning *planning, struct plan_table *table, size_t buckets,
                          struct err *err)
{
    const struct plan_column *first = &table->columns[0];
    if (table->multiset || first->canon.kind != KIND_NUMBER || table->estimate < RANGES_FROM_ROWS)
        return true;
    int64_t low = INT64_MAX, high = INT64_MIN;
    const struct column *columns[SIDES];
    for (int side = 0; side < SIDES; side++) {
        const struct result_column *named = &table->result->columns[first->result];
        columns[side] = table_find_column(table->table[side], named->name[side]);
        /* A NULL is in no range: only keys that cannot be NULL are cut. */
        if (!columns[side] || columns[side]->nullable || named->expression[side] ||
            columns[side]->select || columns[side]->type.class != TYPE_INT)
            return true;
    }
    for (int side = 0; side < SIDES; side++) {
        const struct plan_side *of = &planning->sides[side];
        bool any;
        int64_t least, greatest;
        if (!of->engine->key_bounds(of->connection, table->table[side],
                                    (size_t)(columns[side] - table->table[side]->columns), &any,
                                    &least, &greatest, err))
            return err->code == ERR_TABLE; /* then the scan will say why it cannot be read */
        if (!any)
            return true;
        low = least < low ? least : low;
        high = greatest > high ? greatest : high;
    }
    size_t wanted = buckets / 4 < MOST_RANGES ? buckets / 4 : MOST_RANGES, count;
    struct gap_question question = {&planning->sides[SOURCE], table->table[SOURCE],
                                    (size_t)(columns[SOURCE] - table->table[SOURCE]->columns)};
    table->bounds = arena_alloc(&planning->plan->arena, wanted * sizeof *table->bounds);
    if (!cut_key(low, high, wanted, ask_gap, &question, table->bounds, &count, err))
        return err->code == ERR_TABLE;
    if (!count)
        return true;
    table->range_count = count + 1;
    table->hash_count = 1;
    while (table->hash_count * table->range_count < buckets)
        table->hash_count *= 2;
    for (int side = 0; side < SIDES; side++)
        table->range_column[side] = first->select[side];
    return true;
}

static bool plan_table(const struct planning *planning, const struct table_pair *pair,
                       struct plan_table *table, struct err *err)
{
    struct result_table *result = table->result;
    struct arena *names = &planning->result->arena;
    uint64_t rows[SIDES];
    for (int side = 0; side < SIDES; side++) {
        table->table[side] = pair->table[side];
        result->name[side] = arena_copy(names, pair->table[side]->label);
        rows[side] = pair->table[side]->row_estimate;
        if (pair->table[side]->note) {
            char *note = mem_format("%s: %s", side_name[side], pair->table[side]->note);
            text_list_add(&result->notes, note);
            free(note);
        }
    }
    check_children(planning, pair, result);
    table->estimate = rows[SOURCE] > rows[TARGET] ? rows[SOURCE] : rows[TARGET];
    result->key_why = "";
    struct pairing pairing = {planning->mapping, pair->entry, planning->sides, names};
    if (!pair_columns(&pairing, table, err) || !check_hidden_columns(planning, table, err))
        return false;
    for (int side = 0; side < SIDES; side++)
        if (pair->table[side]->unreadable) {
            char *text = mem_format("%s: %s", side_name[side], pair->table[side]->unreadable);
            text_list_add(&result->reasons, text);
            free(text);
            result->inconclusive = true;
            table->comparable = false;
        }
    table->range_count = 1;
    table->hash_count =
        power_of_two(table->estimate / ROWS_PER_BUCKET, FEWEST_BUCKETS, MOST_BUCKETS);
    if (!table->comparable)
        return true;
    return check_where(planning, pair, table, err) &&
           choose_ranges(planning, table, table->hash_count, err);
}

static int compare_pairs(const void *one, const void *other)
{
    const struct table_pair *a = one, *b = other;
    return strcmp(a->table[SOURCE]->label, b->table[SOURCE]->label);
}

static bool plan_tables(struct planning *planning, struct err *err)
{
    struct plan *plan = planning->plan;
    struct verify_result *result = planning->result;
    if (planning->pair_count)
        qsort(planning->pairs, planning->pair_count, sizeof *planning->pairs, compare_pairs);
    /* Hidden tables are in the result already, and are no part of the plan. */
    size_t hidden = result->table_count;
    result->table_count += planning->pair_count;
    result->tables = mem_resize(result->tables, result->table_count + 1, sizeof *result->tables);
    memset(&result->tables[hidden], 0, planning->pair_count * sizeof *result->tables);
    plan->tables = arena_alloc(&plan->arena, (planning->pair_count + 1) * sizeof *plan->tables);
    for (size_t i = 0; i < planning->pair_count; i++) {
        struct plan_table *table = &plan->tables[plan->table_count++];
        table->result = &result->tables[hidden + i];
        if (!plan_table(planning, &planning->pairs[i], table, err))
            return false;
    }
    return true;
}

bool plan_make(const struct verify_options *options, const struct mapping *mapping,
               const struct plan_side sides[SIDES], struct plan *plan, struct verify_result *result,
               struct err *err)
{
    struct planning planning = {
        .options = options, .mapping = mapping, .sides = sides, .plan = plan, .result = result};
    for (int side = 0; side < SIDES; side++) {
        planning.used[side] = mem_zero(sides[side].schema->table_count + 1, sizeof(bool));
        planning.compared[side] = mem_zero(sides[side].schema->table_count + 1, sizeof(bool));
    }
    bool ok = check_patterns(&planning, err) && check_mapping_names(&planning, err) &&
              pair_mapped_tables(&planning, err);
    if (ok)
        pair_by_name(&planning);
    if (ok)
        note_hidden_tables(&planning);
    ok = ok && list_unpaired(&planning, SOURCE, err) && list_unpaired(&planning, TARGET, err) &&
         plan_tables(&planning, err);
    for (int side = 0; side < SIDES; side++) {
        free(planning.used[side]);
        free(planning.compared[side]);
    }
    free(planning.pairs);
    return ok;
}

void plan_drop_ranges(struct plan_table *table)
{
    table->hash_count =
        power_of_two(table->hash_count * table->range_count, FEWEST_BUCKETS, MOST_BUCKETS);
    table->range_count = 1;
    for (int side = 0; side < SIDES; side++)
        table->range_column[side] = NULL;
}

void plan_free(struct plan *plan)
{
    arena_free(&plan->arena);
    *plan = (struct plan){0};
}
