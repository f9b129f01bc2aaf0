/* See ids_plan.h. Columns of both schemas are nodes of a graph: a kind of ids starts at a table's
 * key, and walks along foreign keys and from one side to the other. */
#include "ids_plan.h"

#include "../diff/base/stem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAMED_KINDS 5 /* of those without a table, in a note */

/* What is known of a column. */
enum { NODE_NOTHING = -1, NODE_FORBIDDEN = -2, NODE_TWO = -3 }; /* else: its group */

/* Kinds that mean ids of one table. */
struct group {
    const char *label; /* for people */
    size_t count;
    const char **kinds;
};

struct id_kind {
    const char *name;
    uint64_t differing; /* pairs whose ids differ */
    bool found;
};

struct made {
    int group;
    bool masked;
    struct canon canon;
    const struct ids_map *map;
    const char *problem; /* NULL: none */
};

struct naming {
    const struct ids *ids;
    const struct plan_side *sides;
    struct plan *plan;
    struct verify_result *result;
    struct arena arena; /* of this stage */
    size_t kind_count, group_count, made_count;
    struct id_kind *kinds;
    struct group *groups;
    struct made *made;
    size_t *offset[SIDES]; /* per table of the schema: its first node */
    int *node[SIDES];
    bool *fixed[SIDES];              /* per node: the mapping has spoken */
    char (*stems[SIDES])[STEM_SIZE]; /* per table */
};

/* ---- Kinds and groups
 * ---------------------------------------------------------------------------------- */

static void list_kinds(struct naming *naming)
{
    const struct ids *ids = naming->ids;
    naming->kinds = arena_alloc(&naming->arena, (ids->count + 1) * sizeof *naming->kinds);
    for (size_t i = 0; i < ids->count; i++) {
        const struct verify_id_pair *pair = &ids->pairs[i];
        struct id_kind *last = naming->kind_count ? &naming->kinds[naming->kind_count - 1] : NULL;
        if (!last || strcmp(last->name, pair->kind) != 0) {
            last = &naming->kinds[naming->kind_count++];
            last->name = pair->kind;
        }
        last->differing += strcmp(pair->source, pair->target) != 0;
    }
}

/* How well a name, by its stem, fits a kind: 0 not, 2 best. Kinds are stems already where
 * tally-replay made them, and words where people did. */
static int fits(const char *stem, const char *kind)
{
    char other[STEM_SIZE];
    if (strcmp(stem, kind) == 0)
        return 2;
    if (strpbrk(kind, "#/"))
        return 0; /* a place in a path, which no table is named like */
    stem_name(other, kind);
    return *other && strcmp(stem, other) == 0;
}

static int add_group(struct naming *naming, const char *label)
{
    naming->groups = mem_resize(naming->groups, naming->group_count + 1, sizeof *naming->groups);
    naming->groups[naming->group_count] =
        (struct group){.label = arena_copy(&naming->result->arena, label)};
    return (int)naming->group_count++;
}

static void add_kind(struct naming *naming, int place, struct id_kind *kind)
{
    struct group *group = &naming->groups[place];
    const char **kinds = arena_alloc(&naming->arena, (group->count + 1) * sizeof *kinds);
    if (group->count)
        memcpy(kinds, group->kinds, group->count * sizeof *kinds);
    kinds[group->count++] = kind->name;
    group->kinds = kinds;
    kind->found = true;
}

static bool group_has(void *context, const char *kind)
{
    const struct group *group = context;
    for (size_t i = 0; i < group->count; i++)
        if (strcmp(group->kinds[i], kind) == 0)
            return true;
    return false;
}

/* The mapping's words: "booking", or several with commas between. */
static int group_of_words(struct naming *naming, const char *words)
{
    for (size_t i = 0; i < naming->group_count; i++)
        if (strcmp(naming->groups[i].label, words) == 0)
            return (int)i;
    int group = add_group(naming, words);
    char *rest = arena_copy(&naming->arena, words), *word;
    while ((word = strsep(&rest, ","))) {
        char stem[STEM_SIZE];
        word += strspn(word, " ");
        word[strcspn(word, " ")] = '\0';
        stem_name(stem, word);
        for (size_t k = 0; k < naming->kind_count; k++)
            if (strcmp(word, naming->kinds[k].name) == 0 || fits(stem, naming->kinds[k].name))
                add_kind(naming, group, &naming->kinds[k]);
    }
    return group;
}

/* ---- Nodes
 * --------------------------------------------------------------------------------------------- */

static void make_nodes(struct naming *naming)
{
    for (int side = 0; side < SIDES; side++) {
        const struct schema *schema = naming->sides[side].schema;
        size_t count = 0;
        naming->offset[side] =
            arena_alloc(&naming->arena, (schema->table_count + 1) * sizeof(size_t));
        naming->stems[side] =
            arena_alloc(&naming->arena, (schema->table_count + 1) * sizeof *naming->stems[side]);
        for (size_t i = 0; i < schema->table_count; i++) {
            naming->offset[side][i] = count;
            count += schema->tables[i].column_count;
            stem_name(naming->stems[side][i], schema->tables[i].name);
        }
        naming->node[side] = arena_alloc(&naming->arena, (count + 1) * sizeof(int));
        naming->fixed[side] = arena_alloc(&naming->arena, (count + 1) * sizeof(bool));
        for (size_t i = 0; i < count; i++)
            naming->node[side][i] = NODE_NOTHING;
    }
}

static size_t node_of(const struct naming *naming, enum side side, const struct table *table,
                      const struct column *column)
{
    return naming->offset[side][table - naming->sides[side].schema->tables] +
           (size_t)(column - table->columns);
}

/* Returns whether that is news. */
static bool tell(struct naming *naming, enum side side, size_t node, int what)
{
    int *known = &naming->node[side][node];
    if (what == NODE_NOTHING || what == NODE_FORBIDDEN || naming->fixed[side][node] ||
        *known == what || *known == NODE_TWO)
        return false;
    *known = *known == NODE_NOTHING ? what : NODE_TWO;
    return true;
}

/* The column of the table itself, and not an expression in its place. */
static const struct column *own_column(const struct plan_table *table,
                                       const struct plan_column *column, enum side side)
{
    const struct result_column *named = &table->result->columns[column->result];
    if (named->expression[side] || !named->name[side])
        return NULL;
    return table_find_column(table->table[side], named->name[side]);
}

/* ---- Where kinds start
 * ---------------------------------------------------------------------------------- */

static void take_mapping(struct naming *naming)
{
    for (size_t t = 0; t < naming->plan->table_count; t++) {
        const struct plan_table *table = &naming->plan->tables[t];
        for (size_t i = 0; i < table->column_count; i++) {
            const char *words = table->columns[i].ids_kind;
            if (!words)
                continue;
            int what =
                strcasecmp(words, "none") == 0 ? NODE_FORBIDDEN : group_of_words(naming, words);
            for (int side = 0; side < SIDES; side++) {
                const struct column *own = own_column(table, &table->columns[i], (enum side)side);
                if (!own)
                    continue;
                size_t node = node_of(naming, (enum side)side, table->table[side], own);
                naming->node[side][node] = what;
                naming->fixed[side][node] = true;
            }
        }
    }
}

/* The column that holds the table's own ids; NULL: nobody can say. */
static const struct column *id_column(const struct table *table)
{
    const struct key *key = table->key_count && table->keys[0].primary ? &table->keys[0] : NULL;
    if (key && key->column_count == 1)
        return &table->columns[key->columns[0]];
    for (size_t i = 0; key && i < key->column_count; i++)
        if (strcasecmp(table->columns[key->columns[i]].name, "id") == 0)
            return &table->columns[key->columns[i]];
    return key ? NULL : table_find_column(table, "id");
}

/* The only table of a side that is named like the kind. *several: there is more than one. */
static const struct table *table_of(const struct naming *naming, enum side side, const char *kind,
                                    bool *several)
{
    const struct schema *schema = naming->sides[side].schema;
    const struct table *found = NULL;
    int best = 0, count = 0;
    for (size_t i = 0; i < schema->table_count; i++) {
        int fit = fits(naming->stems[side][i], kind);
        if (schema->tables[i].kind != RELATION_TABLE || !fit || fit < best)
            continue;
        count = fit > best ? 1 : count + 1;
        best = fit;
        found = &schema->tables[i];
    }
    *several |= count > 1;
    return found;
}

/* Does the plan pair one of the two with a third table? */
static bool are_apart(const struct naming *naming, const struct table *const tables[SIDES])
{
    for (size_t i = 0; i < naming->plan->table_count; i++) {
        const struct plan_table *pair = &naming->plan->tables[i];
        if ((pair->table[SOURCE] == tables[SOURCE]) != (pair->table[TARGET] == tables[TARGET]))
            return true;
    }
    return false;
}

static void note(struct naming *naming, char *text)
{
    text_list_add(&naming->result->notes, text);
    free(text);
}

/* What the mapping has made already, perhaps. */
static int group_of_kind(struct naming *naming, struct id_kind *kind, const char *label)
{
    for (size_t i = 0; i < naming->group_count; i++)
        if (naming->groups[i].count == 1 && naming->groups[i].kinds[0] == kind->name)
            return (int)i;
    int group = add_group(naming, label);
    add_kind(naming, group, kind);
    return group;
}

static void take_names(struct naming *naming)
{
    for (size_t k = 0; k < naming->kind_count; k++) {
        struct id_kind *kind = &naming->kinds[k];
        const struct table *tables[SIDES];
        bool several = false;
        for (int side = 0; side < SIDES; side++)
            tables[side] = table_of(naming, (enum side)side, kind->name, &several);
        if (!tables[SOURCE] && !tables[TARGET])
            continue;
        if (several || (tables[SOURCE] && tables[TARGET] && are_apart(naming, tables))) {
            kind->found = true; /* more than once */
            if (kind->differing)
                note(naming, mem_format("ids of the kind \"%s\" are not paired: several tables are "
                                        "named like it; ids in the mapping says whose they are",
                                        kind->name));
            continue;
        }
        const struct table *any = tables[SOURCE] ? tables[SOURCE] : tables[TARGET];
        int group = NODE_NOTHING;
        for (int side = 0; side < SIDES; side++) {
            const struct column *own = tables[side] ? id_column(tables[side]) : NULL;
            if (!own)
                continue;
            if (group == NODE_NOTHING)
                group = group_of_kind(naming, kind, any->label);
            (void)tell(naming, (enum side)side, node_of(naming, (enum side)side, tables[side], own),
                       group);
        }
    }
}

static void note_others(struct naming *naming)
{
    struct buffer names = BUFFER_INIT(BUFFER_NO_LIMIT);
    uint64_t pairs = 0;
    size_t count = 0;
    for (size_t k = 0; k < naming->kind_count; k++) {
        const struct id_kind *kind = &naming->kinds[k];
        if (kind->found || !kind->differing)
            continue;
        pairs += kind->differing;
        if (count++ < NAMED_KINDS)
            buffer_printf(&names, "%s%s", names.length ? ", " : "", kind->name);
    }
    if (count > NAMED_KINDS)
        buffer_printf(&names, " and %zu more", count - NAMED_KINDS);
    if (count)
        note(naming,
             mem_format("%llu pair%s of ids %s of kinds that no table is named like (%s): ids in "
                        "the mapping says whose they are",
                        (unsigned long long)pairs, pairs == 1 ? "" : "s", pairs == 1 ? "is" : "are",
                        (const char *)names.data));
    buffer_free(&names);
}

/* ---- How they spread
 * ------------------------------------------------------------------------------------ */

static bool spread_foreign_keys(struct naming *naming, enum side side, const struct table *table)
{
    const struct schema *schema = naming->sides[side].schema;
    bool news = false;
    for (size_t f = 0; table->definition && f < table->definition->foreign_key_count; f++) {
        const struct foreign_key *key = &table->definition->foreign_keys[f];
        const struct table *other = schema_find(schema, key->schema, key->table);
        for (size_t i = 0; other && i < key->column_count; i++) {
            const struct column *column = table_find_column(other, key->others[i]);
            if (!column)
                continue;
            int what = naming->node[side][node_of(naming, side, other, column)];
            news |= tell(naming, side,
                         node_of(naming, side, table, &table->columns[key->columns[i]]), what);
        }
    }
    return news;
}

static bool spread_sides(struct naming *naming, const struct plan_table *table)
{
    bool news = false;
    for (size_t i = 0; i < table->column_count; i++) {
        const struct column *own[SIDES];
        size_t node[SIDES];
        for (int side = 0; side < SIDES; side++) {
            own[side] = own_column(table, &table->columns[i], (enum side)side);
            if (own[side])
                node[side] = node_of(naming, (enum side)side, table->table[side], own[side]);
        }
        for (int side = 0; own[SOURCE] && own[TARGET] && side < SIDES; side++)
            news |=
                tell(naming, (enum side)(1 - side), node[1 - side], naming->node[side][node[side]]);
    }
    return news;
}

/* Each round that brings news settles a node, so it ends. */
static void spread(struct naming *naming)
{
    for (bool news = true; news;) {
        news = false;
        for (int side = 0; side < SIDES; side++) {
            const struct schema *schema = naming->sides[side].schema;
            for (size_t i = 0; i < schema->table_count; i++)
                news |= spread_foreign_keys(naming, (enum side)side, &schema->tables[i]);
        }
        for (size_t i = 0; i < naming->plan->table_count; i++)
            news |= spread_sides(naming, &naming->plan->tables[i]);
    }
}

/* ---- Into the plan
 * -------------------------------------------------------------------------------------- */

static bool same_canon(const struct canon *one, const struct canon *other)
{
    return one->kind == other->kind && one->element == other->element &&
           one->class[SOURCE] == other->class[SOURCE] &&
           one->class[TARGET] == other->class[TARGET] && one->narrow == other->narrow &&
           one->strip_zero_padding == other->strip_zero_padding && one->swapped == other->swapped;
}

static const struct made *make_map(struct naming *naming, int group,
                                   const struct plan_column *column)
{
    for (size_t i = 0; i < naming->made_count; i++) {
        const struct made *made = &naming->made[i];
        if (made->group == group && made->masked == column->masked &&
            same_canon(&made->canon, &column->canon))
            return made;
    }
    struct buffer problem = BUFFER_INIT(BUFFER_NO_LIMIT);
    naming->made = mem_resize(naming->made, naming->made_count + 1, sizeof *naming->made);
    struct made *made = &naming->made[naming->made_count++];
    *made = (struct made){.group = group, .masked = column->masked, .canon = column->canon};
    made->map = ids_map_new(naming->ids, &column->canon, group_has, &naming->groups[group],
                            column->masked, &naming->plan->arena, &problem);
    if (problem.length)
        made->problem = arena_copy(&naming->arena, (const char *)problem.data);
    buffer_free(&problem);
    return made;
}

static void refuse(struct plan_table *table, const struct result_column *column, const char *why)
{
    char *text =
        mem_format("the ids in column \"%s\" cannot be paired: %s",
                   column->name[SOURCE] ? column->name[SOURCE] : column->name[TARGET], why);
    text_list_add(&table->result->reasons, text);
    free(text);
    table->result->inconclusive = true;
    table->comparable = false;
}

/* What is known of a column of the plan, by either side. */
static int group_of(const struct naming *naming, const struct plan_table *table,
                    const struct plan_column *column)
{
    int what = NODE_NOTHING;
    if (column->ids_kind && strcasecmp(column->ids_kind, "none") == 0)
        return NODE_FORBIDDEN;
    for (size_t i = 0; column->ids_kind && i < naming->group_count; i++)
        if (strcmp(naming->groups[i].label, column->ids_kind) == 0)
            return (int)i;
    for (int side = 0; side < SIDES; side++) {
        const struct column *own = own_column(table, column, (enum side)side);
        if (!own)
            return NODE_NOTHING; /* who wrote an expression has thought of it */
        what = naming->node[side][node_of(naming, (enum side)side, table->table[side], own)];
    }
    return what;
}

static void map_column(struct naming *naming, struct plan_table *table, struct plan_column *column)
{
    struct arena *arena = &naming->result->arena;
    struct result_column *shown = &table->result->columns[column->result];
    int group = group_of(naming, table, column);
    if (group == NODE_TWO)
        refuse(table, shown,
               "it refers to tables whose ids are of different kinds; ids in the mapping says "
               "whose they are");
    if (group < 0)
        return;
    const struct made *made = make_map(naming, group, column);
    if (made->problem)
        refuse(table, shown, made->problem);
    if (!made->map)
        return;
    column->ids = made->map;
    table->maps_ids = true;
    const char *label = naming->groups[group].label;
    shown->why = arena_format(arena, "%s; the target's ids are read as the source's (%s)",
                              shown->why, label);
    size_t count = ids_map_count(made->map);
    char *text = mem_format("column \"%s\": ids of %s that differ are paired (%zu pair%s)",
                            shown->name[SOURCE], label, count, count == 1 ? "" : "s");
    text_list_add(&table->result->notes, text);
    free(text);
}

static bool read_definitions(const struct plan_side sides[SIDES], struct err *err)
{
    for (int side = 0; side < SIDES; side++) {
        const struct plan_side *of = &sides[side];
        bool known = false;
        for (size_t i = 0; i < of->schema->table_count; i++)
            known = known || of->schema->tables[i].definition;
        if (!known && !of->engine->definitions(of->connection, of->schema, err))
            return err_prefix(err, "%s: pairs of ids need the foreign keys", side_name[side]);
    }
    return true;
}

bool ids_plan(const struct ids *ids, const struct plan_side sides[SIDES], struct plan *plan,
              struct verify_result *result, struct err *err)
{
    if (!ids->count)
        return true;
    if (!read_definitions(sides, err))
        return false;
    struct naming naming = {.ids = ids, .sides = sides, .plan = plan, .result = result};
    list_kinds(&naming);
    make_nodes(&naming);
    take_mapping(&naming);
    take_names(&naming);
    spread(&naming);
    for (size_t t = 0; t < plan->table_count; t++) {
        struct plan_table *table = &plan->tables[t];
        for (size_t i = 0; i < table->column_count; i++)
            map_column(&naming, table, &table->columns[i]);
        if (table->column_count && table->columns[0].ids)
            plan_drop_ranges(table);
    }
    note_others(&naming);
    free(naming.groups);
    free(naming.made);
    arena_free(&naming.arena);
    return true;
}
