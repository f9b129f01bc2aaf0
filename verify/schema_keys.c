/*
 * See schema_compare.h: keys, indexes and foreign keys of two paired tables. A key or an index of
 * one side is looked for among those of the other by its columns, never by its name.
 */
#include "schema_compare.h"

#include "schema_text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- Parts of keys and indexes --------------------------------------------------------------- */

struct naming {
    const struct schema_pair *pair;
    enum side side;
};

/* What the source calls a column of this side. */
static const char *rename_column(void *context, const char *name)
{
    const struct naming *naming = context;
    const struct table *table = naming->pair->table[naming->side];
    for (size_t i = 0; i < table->column_count; i++) {
        if (strcasecmp(table->columns[i].name, name) != 0)
            continue;
        size_t source = naming->side == SOURCE ? i : naming->pair->partner[TARGET][i];
        return source == NO_COLUMN ? NULL : naming->pair->table[SOURCE]->columns[source].name;
    }
    return NULL;
}

char *schema_form(const struct schema_pair *pair, enum side side, const char *text)
{
    struct naming naming = {pair, side};
    struct buffer form = BUFFER_INIT(BUFFER_NO_LIMIT);
    schema_normal_form(text, rename_column, &naming, &form);
    char *copy = mem_copy_string((const char *)form.data);
    buffer_free(&form);
    return copy;
}

/* A column by itself is written as its source name, so that lower(name) is near it. */
static char *part_form(const struct schema_pair *pair, enum side side,
                       const struct index_part *part)
{
    if (part->column == NO_COLUMN)
        return schema_form(pair, side, part->expression);
    size_t source = side == SOURCE ? part->column : pair->partner[TARGET][part->column];
    return mem_copy_string(source == NO_COLUMN ? pair->table[TARGET]->columns[part->column].name
                                               : pair->table[SOURCE]->columns[source].name);
}

/* Letters' case folded by lower() is what a collation of the other side does by itself. */
static const char *without_folding(const char *form)
{
    return strncmp(form, "lower ", 6) == 0 || strncmp(form, "upper ", 6) == 0 ? form + 6 : form;
}

static bool same_part(const struct schema_pair *pair, enum side side, const struct index_part *part,
                      const struct index_part *other)
{
    if (part->column != NO_COLUMN && other->column != NO_COLUMN)
        return pair->partner[side][part->column] == other->column;
    char *form = part_form(pair, side, part), *beside = part_form(pair, !side, other);
    bool same = strcmp(without_folding(form), without_folding(beside)) == 0;
    free(form);
    free(beside);
    return same;
}

/* Does anything of it belong to a column that is not compared? Then it is not judged. */
static bool is_left_out(const struct schema_pair *pair, enum side side, const struct index *index)
{
    for (size_t i = 0; i < index->part_count; i++) {
        size_t column = index->parts[i].column;
        if (column != NO_COLUMN && schema_partner(pair, side, column) == NO_COLUMN)
            return true;
    }
    return false;
}

/* Are all parts of `small` among those of `large`, which is of the other side? */
static bool is_within(const struct schema_pair *pair, enum side side, const struct index *small,
                      const struct index *large)
{
    for (size_t i = 0; i < small->part_count; i++) {
        bool found = false;
        for (size_t l = 0; l < large->part_count && !found; l++)
            found = same_part(pair, side, &small->parts[i], &large->parts[l]);
        if (!found)
            return false;
    }
    return true;
}

static const char *name_parts(struct schema_pair *pair, enum side side, const struct index *index)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < index->part_count; i++) {
        const struct index_part *part = &index->parts[i];
        buffer_printf(&text, "%s%s", i ? ", " : "",
                      part->column == NO_COLUMN ? part->expression
                                                : pair->table[side]->columns[part->column].name);
        if (part->prefix)
            buffer_printf(&text, "(%u)", part->prefix);
    }
    if (index->predicate)
        buffer_printf(&text, " where %s", index->predicate);
    const char *copy = arena_copy(pair->context->arena, (const char *)text.data);
    buffer_free(&text);
    return copy;
}

/* The other side's columns of an index, for a statement there. False: not only columns. */
static bool other_columns(const struct schema_pair *pair, enum side side, const struct index *index,
                          size_t *columns)
{
    for (size_t i = 0; i < index->part_count; i++) {
        columns[i] = schema_partner(pair, side, index->parts[i].column);
        if (columns[i] == NO_COLUMN || index->parts[i].prefix)
            return false;
    }
    return !index->predicate;
}

static bool is_name_taken(const struct table_definition *definition, const char *name)
{
    for (size_t i = 0; i < definition->index_count; i++)
        if (strcasecmp(definition->indexes[i].name, name) == 0)
            return true;
    return false;
}

static void add_index_finding(struct schema_pair *pair, const struct schema_finding *finding,
                              enum mend_kind kind, const struct index *index)
{
    size_t *columns = arena_alloc(pair->context->arena, index->part_count * sizeof *columns + 1);
    struct mend mend = {.kind = kind,
                        .table = pair->table[TARGET],
                        .name = index->name,
                        .column_count = index->part_count,
                        .columns = columns};
    bool safe =
        other_columns(pair, SOURCE, index, columns) &&
        (kind == MEND_ADD_PRIMARY_KEY || !is_name_taken(pair->definition[TARGET], index->name));
    schema_add(pair, finding, safe ? &mend : NULL);
}

/* ---- Primary and unique keys ----------------------------------------------------------------- */

static const struct index *primary_of(const struct schema_pair *pair, enum side side)
{
    const struct table_definition *definition = pair->definition[side];
    return definition->index_count && definition->indexes[0].primary ? &definition->indexes[0]
                                                                     : NULL;
}

static bool holds_for_all(const struct index *index)
{
    return index->unique && !index->broken && !index->predicate;
}

static bool may_be_null(const struct schema_pair *pair, enum side side, const struct index *index)
{
    for (size_t i = 0; i < index->part_count; i++)
        if (index->parts[i].column == NO_COLUMN ||
            pair->table[side]->columns[index->parts[i].column].nullable)
            return true;
    return false;
}

bool schema_is_unique(const struct schema_pair *pair, enum side side, size_t column)
{
    const struct table_definition *definition = pair->definition[side];
    for (size_t i = 0; i < definition->index_count; i++)
        if (holds_for_all(&definition->indexes[i]) && definition->indexes[i].part_count == 1 &&
            definition->indexes[i].parts[0].column == column)
            return true;
    return false;
}

/* Of a key of `side` and one of the other side that are for some rows only: for the same rows? */
static bool same_predicate(const struct schema_pair *pair, enum side side, const struct index *key,
                           const struct index *tried)
{
    if (!key->predicate || !tried->predicate)
        return false;
    enum side other = side == SOURCE ? TARGET : SOURCE;
    char *one = schema_form(pair, side, key->predicate);
    char *two = schema_form(pair, other, tried->predicate);
    bool same = strcmp(one, two) == 0 && schema_same_structure(key->predicate, tried->predicate);
    free(one);
    free(two);
    return same;
}

/* A key of the other side that makes this one's promise: over the same columns, or fewer. */
static const struct index *find_key(const struct schema_pair *pair, enum side side,
                                    const struct index *key, bool not_null)
{
    const struct table_definition *other = pair->definition[!side];
    for (size_t i = 0; i < other->index_count; i++) {
        const struct index *tried = &other->indexes[i];
        bool holds = holds_for_all(tried) ||
                     (tried->unique && !tried->broken && same_predicate(pair, side, key, tried));
        if (holds && is_within(pair, !side, tried, key) &&
            !(not_null && may_be_null(pair, !side, tried)))
            return tried;
    }
    return NULL;
}

static void compare_primary(struct schema_pair *pair)
{
    const struct index *source = primary_of(pair, SOURCE), *target = primary_of(pair, TARGET);
    struct schema_finding finding = {.kind = "primary-key", .side = TARGET, .column = NO_COLUMN};
    finding.value[SOURCE] = source ? name_parts(pair, SOURCE, source) : NULL;
    finding.value[TARGET] = target ? name_parts(pair, TARGET, target) : NULL;
    bool lost =
        source && !is_left_out(pair, SOURCE, source) && !find_key(pair, SOURCE, source, true);
    bool added =
        target && !is_left_out(pair, TARGET, target) && !find_key(pair, TARGET, target, true);
    if (!lost && !added)
        return;
    if (source && target)
        finding.text =
            schema_print(pair, "the primary key is (%s) in the source and (%s) in the target",
                         finding.value[SOURCE], finding.value[TARGET]);
    else if (source)
        finding.text = schema_print(pair, "the target has no primary key; the source's is (%s)",
                                    finding.value[SOURCE]);
    else
        finding.text = schema_print(pair,
                                    "the target has a primary key (%s), which the source "
                                    "lacks: it refuses what the source takes",
                                    finding.value[TARGET]);
    if (target)
        schema_add(pair, &finding, NULL);
    else
        add_index_finding(pair, &finding, MEND_ADD_PRIMARY_KEY, source);
}

static void report_key(struct schema_pair *pair, enum side side, const struct index *key)
{
    struct schema_finding finding = {.kind = "unique-key", .side = TARGET, .column = NO_COLUMN};
    finding.value[side] = name_parts(pair, side, key);
    if (key->part_count == 1 && key->parts[0].column != NO_COLUMN) {
        finding.side = side;
        finding.column = key->parts[0].column;
    }
    if (side == SOURCE) {
        finding.text = schema_print(pair,
                                    "the target has no unique key over (%s), as the source's "
                                    "%s is: it takes duplicates",
                                    finding.value[SOURCE], key->name);
        add_index_finding(pair, &finding, MEND_ADD_UNIQUE_INDEX, key);
    } else {
        finding.text = schema_print(pair,
                                    "the target's unique key %s over (%s) refuses duplicates "
                                    "that the source takes",
                                    key->name, finding.value[TARGET]);
        schema_add(pair, &finding, NULL);
    }
}

void schema_compare_keys(struct schema_pair *pair)
{
    compare_primary(pair);
    for (int side = 0; side < SIDES; side++) {
        const struct table_definition *definition = pair->definition[side];
        for (size_t i = 0; i < definition->index_count; i++) {
            const struct index *key = &definition->indexes[i];
            if (key->unique && !key->primary && !key->broken &&
                !is_left_out(pair, (enum side)side, key) &&
                !find_key(pair, (enum side)side, key, false))
                report_key(pair, (enum side)side, key);
        }
    }
}

/* ---- Collations ------------------------------------------------------------------------------ */

/* What the target's key finds the same in this part, and the source tells apart. */
static unsigned folds_more(const struct schema_pair *pair, const struct index_part *part)
{
    size_t source = schema_partner(pair, TARGET, part->column);
    if (source == NO_COLUMN || pair->table[SOURCE]->columns[source].type.class != TYPE_TEXT ||
        pair->table[TARGET]->columns[part->column].type.class != TYPE_TEXT)
        return 0;
    return part->equates & ~pair->definition[SOURCE]->columns[source].equates;
}

static void add_examples(struct buffer *out, unsigned folds)
{
    static const struct {
        unsigned bit;
        const char *example;
    } rows[] = {{EQUATES_CASE, "'Abc' and 'abc'"},
                {EQUATES_ACCENTS, "'é' and 'e'"},
                {EQUATES_TRAILING_BLANKS, "'a' and 'a '"}};
    size_t count = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (folds & rows[i].bit)
            buffer_printf(out, "%s%s", count++ ? ", " : "", rows[i].example);
}

/* What is known of the rows, as the end of the sentence. */
static const char *count_collisions(struct schema_pair *pair, const struct index *key)
{
    const struct schema_context *context = pair->context;
    struct index_part *parts = arena_alloc(context->arena, key->part_count * sizeof *parts + 1);
    uint64_t groups = 0;
    for (size_t i = 0; i < key->part_count; i++) {
        parts[i] = (struct index_part){.column = schema_partner(pair, TARGET, key->parts[i].column),
                                       .equates = key->parts[i].equates};
        if (parts[i].column == NO_COLUMN)
            return "";
    }
    if (!context->collisions ||
        !context->collisions(context->collisions_context, SOURCE, pair->table[SOURCE],
                             key->part_count, parts, &groups))
        return "; whether rows of the source collide was not looked at";
    if (!groups)
        return "; no rows of the source collide by letters' case or blanks now";
    return schema_print(pair, "; %llu group%s of rows of the source collide%s",
                        (unsigned long long)groups, groups == 1 ? "" : "s", groups == 1 ? "s" : "");
}

void schema_compare_collations(struct schema_pair *pair)
{
    const struct table_definition *target = pair->definition[TARGET];
    for (size_t i = 0; i < target->index_count; i++) {
        const struct index *key = &target->indexes[i];
        unsigned folds = 0;
        size_t column = NO_COLUMN;
        for (size_t p = 0; key->unique && !key->broken && p < key->part_count; p++) {
            unsigned more =
                key->parts[p].column == NO_COLUMN ? 0 : folds_more(pair, &key->parts[p]);
            column = more && column == NO_COLUMN ? key->parts[p].column : column;
            folds |= more;
        }
        if (!folds)
            continue;
        struct schema_finding finding = {.kind = "key-collides", .side = TARGET, .column = column};
        const struct column_definition *definition = &target->columns[column];
        size_t source = schema_partner(pair, TARGET, column);
        finding.value[SOURCE] = pair->definition[SOURCE]->columns[source].collation;
        finding.value[TARGET] = definition->collation;
        struct buffer examples = BUFFER_INIT(1 << 10);
        add_examples(&examples, folds);
        finding.text = schema_print(
            pair,
            "the target's key %s (%s) finds the same what the source tells apart, such as %s"
            "%s%s%s%s",
            key->name, name_parts(pair, TARGET, key), (const char *)examples.data,
            definition->collation ? " (" : "", definition->collation ? definition->collation : "",
            definition->collation ? ")" : "", count_collisions(pair, key));
        buffer_free(&examples);
        schema_add(pair, &finding, NULL);
    }
}

/* ---- Indexes --------------------------------------------------------------------------------- */

static bool is_ordered(const struct index *index)
{
    return strcmp(index->method, "btree") == 0 || strcmp(index->method, "hash") == 0 ||
           strcmp(index->method, "rtree") == 0;
}

/* For words, shapes, members: no engine's are like another's, but they serve such queries. */
static bool is_special(const struct index *index)
{
    static const char *const methods[] = {"gin", "gist", "spgist", "fulltext", "spatial"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(index->method, methods[i]) == 0)
            return true;
    return false;
}

static bool begins_with(const struct schema_pair *pair, const struct index *index,
                        const struct index *target)
{
    if (index->part_count > target->part_count)
        return false;
    for (size_t i = 0; i < index->part_count; i++)
        if (!same_part(pair, SOURCE, &index->parts[i], &target->parts[i]))
            return false;
    return true;
}

static bool serves(const struct schema_pair *pair, const struct index *index,
                   const struct index *target)
{
    if (target->unusable || (target->predicate && !index->predicate))
        return false;
    if (is_ordered(index))
        return is_ordered(target) && begins_with(pair, index, target);
    if (pair->same_engine)
        return strcmp(index->method, target->method) == 0 && begins_with(pair, index, target);
    return is_special(target);
}

/* What has no counterpart by its nature: PostgreSQL's ways to find members or shapes, and ranges
 * of blocks; expressions, which the other engine may have as a generated column. */
static bool is_wanted(const struct schema_pair *pair, const struct index *index)
{
    if (index->unique || index->unusable || is_left_out(pair, SOURCE, index))
        return false;
    if (pair->same_engine)
        return true;
    if (!is_ordered(index) && strcmp(index->method, "fulltext") != 0 &&
        strcmp(index->method, "spatial") != 0)
        return false;
    for (size_t i = 0; i < index->part_count; i++)
        if (index->parts[i].column == NO_COLUMN)
            return false;
    return true;
}

static void report_unusable(struct schema_pair *pair, enum side side, const struct index *index)
{
    struct schema_finding finding = {.kind = "index-invalid", .side = side, .column = NO_COLUMN};
    finding.value[side] = index->unusable;
    finding.text = schema_print(pair, "the index %s of %s (%s), over (%s), is %s", index->name,
                                pair->table[side]->label, side_name[side],
                                name_parts(pair, side, index), index->unusable);
    struct mend mend = {.kind = MEND_BUILD_INDEX, .table = pair->table[side], .name = index->name};
    schema_add(pair, &finding, &mend);
}

void schema_compare_indexes(struct schema_pair *pair)
{
    for (int side = 0; side < SIDES; side++)
        for (size_t i = 0; i < pair->definition[side]->index_count; i++)
            if (pair->definition[side]->indexes[i].unusable)
                report_unusable(pair, (enum side)side, &pair->definition[side]->indexes[i]);
    const struct table_definition *target = pair->definition[TARGET];
    for (size_t i = 0; i < pair->definition[SOURCE]->index_count; i++) {
        const struct index *index = &pair->definition[SOURCE]->indexes[i];
        bool served = !is_wanted(pair, index);
        for (size_t t = 0; t < target->index_count && !served; t++)
            served = serves(pair, index, &target->indexes[t]);
        if (served)
            continue;
        struct schema_finding finding = {
            .kind = "index-missing", .side = TARGET, .column = NO_COLUMN};
        if (index->part_count == 1 && index->parts[0].column != NO_COLUMN) {
            finding.side = SOURCE;
            finding.column = index->parts[0].column;
        }
        finding.value[SOURCE] = name_parts(pair, SOURCE, index);
        finding.text = schema_print(pair,
                                    "no index of the target serves queries as %s (%s) of the "
                                    "source does%s%s",
                                    index->name, finding.value[SOURCE],
                                    is_ordered(index) ? "" : ": it is of the kind ",
                                    is_ordered(index) ? "" : index->method);
        if (is_ordered(index))
            add_index_finding(pair, &finding, MEND_ADD_INDEX, index);
        else
            schema_add(pair, &finding, NULL);
    }
}

/* ---- Foreign keys ---------------------------------------------------------------------------- */

/* The pair of tables that this one belongs to, by its name; NULL: it is not compared. */
static const struct plan_table *find_plan(const struct schema_pair *pair, enum side side,
                                          const char *schema, const char *name)
{
    const struct plan *plan = pair->context->plan;
    for (size_t i = 0; plan && i < plan->table_count; i++) {
        const struct table *table = plan->tables[i].table[side];
        if (strcmp(table->name, name) == 0 && strcmp(table->schema, schema) == 0)
            return &plan->tables[i];
    }
    return NULL;
}

/* What a column of the referenced table is called on the other side; NULL: unknown. */
static const char *other_name(const struct plan_table *plan, enum side side, const char *name)
{
    for (size_t i = 0; i < plan->result->column_count; i++) {
        const struct result_column *column = &plan->result->columns[i];
        if (column->name[side] && strcmp(column->name[side], name) == 0)
            return column->name[!side];
    }
    return NULL;
}

static bool has_reference(const struct foreign_key *key, size_t column, const char *other)
{
    for (size_t i = 0; i < key->column_count; i++)
        if (key->columns[i] == column && (!other || strcmp(key->others[i], other) == 0))
            return true;
    return false;
}

static bool same_foreign_key(const struct schema_pair *pair, enum side side,
                             const struct foreign_key *key, const struct foreign_key *tried,
                             const struct plan_table *plan)
{
    if (key->column_count != tried->column_count)
        return false;
    if (plan && (strcmp(plan->table[!side]->name, tried->table) != 0 ||
                 strcmp(plan->table[!side]->schema, tried->schema) != 0))
        return false;
    for (size_t i = 0; i < key->column_count; i++) {
        const char *other = plan ? other_name(plan, side, key->others[i]) : NULL;
        if (!has_reference(tried, schema_partner(pair, side, key->columns[i]), other))
            return false;
    }
    return true;
}

static const struct foreign_key *find_foreign_key(const struct schema_pair *pair, enum side side,
                                                  const struct foreign_key *key)
{
    const struct table_definition *other = pair->definition[!side];
    const struct plan_table *plan = find_plan(pair, side, key->schema, key->table);
    for (size_t i = 0; i < other->foreign_key_count; i++)
        if (same_foreign_key(pair, side, key, &other->foreign_keys[i], plan))
            return &other->foreign_keys[i];
    return NULL;
}

static const char *describe_foreign_key(struct schema_pair *pair, enum side side,
                                        const struct foreign_key *key)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_printf(&text, "(%s) → %s (",
                  schema_name_columns(pair, side, key->column_count, key->columns), key->table);
    for (size_t i = 0; i < key->column_count; i++)
        buffer_printf(&text, "%s%s", i ? ", " : "", key->others[i]);
    buffer_add_byte(&text, ')');
    if (key->on_update && strcmp(key->on_update, "NO ACTION") != 0)
        buffer_printf(&text, " on update %s", key->on_update);
    if (key->on_delete && strcmp(key->on_delete, "NO ACTION") != 0)
        buffer_printf(&text, " on delete %s", key->on_delete);
    const char *copy = arena_copy(pair->context->arena, (const char *)text.data);
    buffer_free(&text);
    return copy;
}

/* MariaDB tells what a foreign key does only to who may do more than SELECT. */
static bool knows_actions(const struct foreign_key *key)
{
    return key->on_update && key->on_delete;
}

static void report_unknown_actions(struct schema_pair *pair, const struct foreign_key *source,
                                   const struct foreign_key *target)
{
    enum side side = knows_actions(source) ? TARGET : SOURCE;
    const struct foreign_key *key = side == SOURCE ? source : target;
    struct schema_finding finding = {.kind = "not-compared", .side = side, .column = NO_COLUMN};
    finding.text = schema_print(pair,
                                "what the foreign key %s %s does on update and on delete (%s) "
                                "could not be looked at: the server tells it to users with a "
                                "further privilege than SELECT on the table",
                                key->name, describe_foreign_key(pair, side, key), side_name[side]);
    schema_add(pair, &finding, NULL);
}

static bool same_action(const char *one, const char *other)
{
    return !one || !other || strcmp(one, other) == 0;
}

static void report_lost_foreign_key(struct schema_pair *pair, const struct foreign_key *key)
{
    struct arena *arena = pair->context->arena;
    const struct plan_table *plan = find_plan(pair, SOURCE, key->schema, key->table);
    size_t *columns = arena_alloc(arena, key->column_count * sizeof *columns);
    const char **others = arena_alloc(arena, key->column_count * sizeof *others);
    bool safe = plan != NULL && knows_actions(key);
    for (size_t i = 0; i < key->column_count; i++) {
        columns[i] = schema_partner(pair, SOURCE, key->columns[i]);
        others[i] = plan ? other_name(plan, SOURCE, key->others[i]) : NULL;
        safe = safe && others[i] && columns[i] != NO_COLUMN;
    }
    struct schema_finding finding = {.kind = "foreign-key", .side = SOURCE, .column = NO_COLUMN};
    if (key->column_count == 1)
        finding.column = key->columns[0];
    finding.value[SOURCE] = describe_foreign_key(pair, SOURCE, key);
    finding.text = schema_print(pair, "the target lacks the foreign key %s %s", key->name,
                                finding.value[SOURCE]);
    struct mend mend = {.kind = MEND_ADD_FOREIGN_KEY,
                        .table = pair->table[TARGET],
                        .name = key->name,
                        .column_count = key->column_count,
                        .columns = columns,
                        .other = plan ? plan->table[TARGET] : NULL,
                        .other_columns = others,
                        .on_update = key->on_update,
                        .on_delete = key->on_delete};
    schema_add(pair, &finding, safe ? &mend : NULL);
}

static void compare_found(struct schema_pair *pair, const struct foreign_key *source,
                          const struct foreign_key *target)
{
    struct schema_finding finding = {.kind = "foreign-key", .side = TARGET, .column = NO_COLUMN};
    if (target->column_count == 1)
        finding.column = target->columns[0];
    finding.value[SOURCE] = describe_foreign_key(pair, SOURCE, source);
    finding.value[TARGET] = describe_foreign_key(pair, TARGET, target);
    if (!knows_actions(source) || !knows_actions(target))
        report_unknown_actions(pair, source, target);
    if (!same_action(source->on_update, target->on_update) ||
        !same_action(source->on_delete, target->on_delete)) {
        finding.text =
            schema_print(pair, "the foreign key is %s in the source and %s in the target",
                         finding.value[SOURCE], finding.value[TARGET]);
        schema_add(pair, &finding, NULL);
    }
    struct mend mend = {.kind = MEND_VALIDATE, .table = pair->table[TARGET], .name = target->name};
    if (target->not_enforced && !source->not_enforced) {
        finding.text = schema_print(pair, "the target does not enforce the foreign key %s %s",
                                    target->name, finding.value[TARGET]);
        schema_add(pair, &finding, NULL);
    } else if (target->not_validated && !source->not_validated) {
        finding.text = schema_print(pair, "the foreign key %s %s of the target was never validated",
                                    target->name, finding.value[TARGET]);
        schema_add(pair, &finding, &mend);
    }
}

static bool is_judged(const struct schema_pair *pair, enum side side, const struct foreign_key *key)
{
    for (size_t i = 0; i < key->column_count; i++)
        if (schema_partner(pair, side, key->columns[i]) == NO_COLUMN)
            return false;
    return true;
}

void schema_compare_foreign_keys(struct schema_pair *pair)
{
    const struct table_definition *source = pair->definition[SOURCE];
    const struct table_definition *target = pair->definition[TARGET];
    for (size_t i = 0; i < source->foreign_key_count; i++) {
        const struct foreign_key *key = &source->foreign_keys[i];
        if (!is_judged(pair, SOURCE, key))
            continue;
        const struct foreign_key *found = find_foreign_key(pair, SOURCE, key);
        if (found)
            compare_found(pair, key, found);
        else
            report_lost_foreign_key(pair, key);
    }
    for (size_t i = 0; i < target->foreign_key_count; i++) {
        const struct foreign_key *key = &target->foreign_keys[i];
        if (!is_judged(pair, TARGET, key) || find_foreign_key(pair, TARGET, key))
            continue;
        struct schema_finding finding = {
            .kind = "foreign-key", .side = TARGET, .column = NO_COLUMN};
        if (key->column_count == 1)
            finding.column = key->columns[0];
        finding.value[TARGET] = describe_foreign_key(pair, TARGET, key);
        finding.text = schema_print(pair,
                                    "the target's foreign key %s %s is not in the source: it "
                                    "refuses rows that the source takes",
                                    key->name, finding.value[TARGET]);
        schema_add(pair, &finding, NULL);
    }
}
