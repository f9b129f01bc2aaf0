/*
 * PostgreSQL's catalogs as a schema: tables with their parts, columns, keys and types. Input: names
 * of schemas. Output: struct schema, and the types that the session knows; later questions whether
 * it still holds. A query per kind of fact for all tables together. Knows nothing of libpq, and of
 * the rows only how many there may be.
 */
#include "engine_pg_session.h"

#include <inttypes.h>
#include <stdlib.h>

#define GUESSED_ROW_BYTES 100 /* of tables that were never analysed */

/* ---- Types ----------------------------------------------------------------------------------- */

/* Types by OID, with the bases of domains and the elements of arrays. An array is what array_in
 * reads: int2vector and point have elements too. */
static const char types_sql[] =
    "WITH RECURSIVE wanted(oid) AS ("
    " SELECT pg_catalog.unnest($1::pg_catalog.oid[])"
    " UNION"
    " SELECT part.oid FROM wanted JOIN pg_catalog.pg_type t ON t.oid = wanted.oid,"
    "  LATERAL (VALUES (t.typbasetype), (t.typelem)) AS part(oid) WHERE part.oid <> 0)"
    "SELECT t.oid, t.typtype, t.typname, n.nspname, e.extname, t.typbasetype, t.typtypmod,"
    " CASE WHEN t.typinput = 'pg_catalog.array_in'::pg_catalog.regproc THEN t.typelem ELSE 0 END"
    " FROM wanted JOIN pg_catalog.pg_type t ON t.oid = wanted.oid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace"
    " LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass"
    "  AND d.objid = t.oid AND d.deptype = 'e'"
    "  AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass"
    " LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid";

static int compare_oids(const void *one, const void *other)
{
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return a < b ? -1 : a > b;
}

/* Adds OIDs to an array literal: "{16,23". */
static void add_oid(struct buffer *list, uint32_t oid)
{
    buffer_printf(list, "%c%" PRIu32, list->length ? ',' : '{', oid);
}

static void close_list(struct buffer *list)
{
    buffer_add_text(list, list->length ? "}" : "{}");
}

bool engine_pg_catalog_load_types(struct connection *connection, uint32_t *oids, size_t count,
                                  struct err *err)
{
    struct buffer list = BUFFER_INIT(BUFFER_NO_LIMIT);
    qsort(oids, count, sizeof *oids, compare_oids);
    for (size_t i = 0; i < count; i++)
        if (!pgtypes_find(&connection->types, oids[i]) && (i == 0 || oids[i] != oids[i - 1]))
            add_oid(&list, oids[i]);
    if (!list.length) {
        buffer_free(&list);
        return true;
    }
    close_list(&list);
    struct pg_result *result;
    const char *values[1] = {(char *)list.data};
    bool ok = engine_pg_query(connection, types_sql, 1, values, &result, ERR_TABLE,
                              "reading the types", err);
    buffer_free(&list);
    if (!ok)
        return false;
    for (int i = 0; i < engine_pg_result_rows(result); i++) {
        struct pgtype row = {.oid = engine_pg_result_oid(result, i, 0),
                             .kind = *engine_pg_result_text(result, i, 1),
                             .name = engine_pg_result_text(result, i, 2),
                             .schema = engine_pg_result_text(result, i, 3),
                             .extension = engine_pg_result_null(result, i, 4)
                                              ? NULL
                                              : engine_pg_result_text(result, i, 4),
                             .base_oid = engine_pg_result_oid(result, i, 5),
                             .base_modifier = (int)engine_pg_result_int(result, i, 6),
                             .element_oid = engine_pg_result_oid(result, i, 7)};
        pgtypes_add(&connection->types, &row);
    }
    engine_pg_result_free(result);
    pgtypes_resolve(&connection->types);
    return true;
}

/* ---- The questions about a schema ------------------------------------------------------------ */

/* The schemas of the search path that exist, in its order. current_schemas() would leave out those
 * that we may not use, and with them the chance to say so. */
static const char search_path_sql[] =
    "SELECT n.nspname"
    " FROM pg_catalog.regexp_matches(pg_catalog.current_setting('search_path'),"
    "  '\"(?:[^\"]|\"\")*\"|[^\", ]+', 'g') WITH ORDINALITY AS m(word, place)"
    " JOIN pg_catalog.pg_namespace n ON n.nspname = CASE"
    "  WHEN word[1] IN ('\"$user\"', '$user') THEN current_user"
    "  WHEN word[1] LIKE '\"%' THEN pg_catalog.replace("
    "   pg_catalog.substr(word[1], 2, pg_catalog.length(word[1]) - 2), '\"\"', '\"')"
    "  ELSE pg_catalog.lower(word[1]) END"
    " WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
    " ORDER BY place";

/* Relations of schemas $1, but for leaves of partitioned tables, temporary ones and what belongs to
 * extensions. Only heaps have blocks that a ctid names. */
static const char relations_sql[] =
    "SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltuples::pg_catalog.float8,"
    " CASE WHEN c.relkind IN ('r', 'm') AND am.amname = 'heap' THEN "
    "pg_catalog.pg_relation_size(c.oid)"
    "  / pg_catalog.current_setting('block_size')::pg_catalog.int8 ELSE 0 END,"
    " CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_table_size(c.oid) ELSE 0 END,"
    " pg_catalog.has_schema_privilege(n.oid, 'USAGE'),"
    " pg_catalog.has_any_column_privilege(c.oid, 'SELECT'),"
    " c.relkind = 'r' AND c.relhassubclass"
    "  AND EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid)"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam"
    " WHERE n.nspname = ANY ($1::pg_catalog.name[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')"
    "  AND NOT c.relispartition AND c.relpersistence <> 't'"
    "  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d"
    "   WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid"
    "   AND d.deptype = 'e')"
    " ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

/* The leaves of the partitioned tables $1. Reading a leaf by itself takes a privilege on itself. */
static const char leaves_sql[] =
    "WITH RECURSIVE tree(root, oid) AS ("
    " SELECT r.oid, r.oid FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS r(oid)"
    " UNION ALL"
    " SELECT tree.root, i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = "
    "tree.oid)"
    "SELECT tree.root, n.nspname, c.relname, c.relkind, c.reltuples::pg_catalog.float8,"
    " CASE WHEN c.relkind = 'r' AND am.amname = 'heap' THEN pg_catalog.pg_relation_size(c.oid)"
    "  / pg_catalog.current_setting('block_size')::pg_catalog.int8 ELSE 0 END,"
    " CASE WHEN c.relkind = 'r' THEN pg_catalog.pg_table_size(c.oid) ELSE 0 END,"
    " pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
    "  AND pg_catalog.has_table_privilege(c.oid, 'SELECT')"
    " FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam"
    " WHERE c.relkind <> 'p'"
    " ORDER BY tree.root, n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

/* What inherits from tables $1, in whatever schema. A temporary child is its own session's. */
static const char children_sql[] =
    "WITH RECURSIVE tree(root, oid) AS ("
    " SELECT r.oid, r.oid FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS r(oid)"
    " UNION"
    " SELECT tree.root, i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = "
    "tree.oid)"
    "SELECT tree.root, c.oid, n.nspname, c.relname"
    " FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE tree.oid <> tree.root AND c.relpersistence <> 't'"
    " ORDER BY tree.root, n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

/* Columns of relations $1. Since version 18 a NOT NULL constraint may be one that old rows break.
 */
#define COLUMNS_SQL(not_null)                                                                      \
    "SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod,"                             \
    " pg_catalog.format_type(a.atttypid, a.atttypmod), " not_null ", a.attgenerated <> '',"        \
    " pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')"                             \
    " FROM pg_catalog.pg_attribute a"                                                              \
    " WHERE a.attrelid = ANY ($1::pg_catalog.oid[]) AND a.attnum > 0 AND NOT a.attisdropped"       \
    " ORDER BY a.attrelid, a.attnum"
static const char columns_sql[] = COLUMNS_SQL("a.attnotnull");
static const char columns_18_sql[] =
    COLUMNS_SQL("a.attnotnull AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint n"
                " WHERE n.conrelid = a.attrelid AND n.contype = 'n' AND n.conkey[1] = a.attnum"
                " AND NOT n.convalidated)");

/* Unique indexes of relations $1: the first indnkeyatts entries of indkey are the key, 0 stands for
 * an expression. A deferrable one holds for all committed rows, and others we do not see. */
#define KEYS_SQL(one_null)                                                                         \
    "SELECT i.indrelid, c.relname, i.indisprimary,"                                                \
    " i.indpred IS NOT NULL OR i.indexprs IS NOT NULL, i.indnkeyatts, i.indkey, " one_null         \
    " FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid"               \
    " WHERE i.indrelid = ANY ($1::pg_catalog.oid[]) AND i.indisunique AND i.indisvalid"            \
    " ORDER BY i.indrelid, i.indisprimary DESC, c.relname COLLATE \"C\""
static const char keys_sql[] = KEYS_SQL("false");
static const char keys_15_sql[] = KEYS_SQL("i.indnullsnotdistinct");

/* ---- The schema ------------------------------------------------------------------------------ */

/* What read_schema() knows of a table beside its struct. */
struct relation {
    uint32_t oid;
    struct table *table;
    char kind; /* relkind */
    bool usable, has_children;
    int *numbers; /* attnum of each column, ascending */
};

struct reading {
    struct connection *connection;
    struct schema *schema;
    size_t count;
    struct relation *relations; /* by OID */
};

static int compare_relations(const void *one, const void *other)
{
    uint32_t a = ((const struct relation *)one)->oid, b = ((const struct relation *)other)->oid;
    return a < b ? -1 : a > b;
}

static struct relation *find_relation(const struct reading *reading, uint32_t oid)
{
    struct relation wanted = {.oid = oid};
    return bsearch(&wanted, reading->relations, reading->count, sizeof wanted, compare_relations);
}

/* Number of rows of a result from `first` on that have the same OID in column 0. */
static int group_length(const struct pg_result *result, int first)
{
    int last = first;
    const char *oid = engine_pg_result_text(result, first, 0);
    while (last < engine_pg_result_rows(result) &&
           strcmp(engine_pg_result_text(result, last, 0), oid) == 0)
        last++;
    return last - first;
}

/* reltuples is -1 before the first ANALYZE. */
static uint64_t estimate_rows(double tuples, uint64_t bytes)
{
    return tuples >= 0 ? (uint64_t)tuples : bytes / GUESSED_ROW_BYTES;
}

/* The facts about one relation stand in rows [first, first + count) of a result. */
typedef void fill_relation(struct reading *reading, const struct pg_result *result, int first,
                           int count, struct relation *relation);

/* Asks about relations, whose OIDs are an array literal. */
static bool ask(struct reading *reading, const char *sql, const struct buffer *oids,
                const char *what, struct pg_result **result, struct err *err)
{
    const char *values[1] = {(char *)oids->data};
    return engine_pg_query(reading->connection, sql, 1, values, result, ERR_UNREACHABLE, what, err);
}

/* Hands over the rows of each relation, whose OID is in column 0, and frees the result. */
static void hand_over(struct reading *reading, struct pg_result *result, fill_relation *fill)
{
    for (int row = 0; row < engine_pg_result_rows(result);) {
        int count = group_length(result, row);
        struct relation *relation = find_relation(reading, engine_pg_result_oid(result, row, 0));
        if (relation)
            fill(reading, result, row, count, relation);
        row += count;
    }
    engine_pg_result_free(result);
}

/* Array literal of the OIDs of all relations, or of those of one kind. */
static void add_relations(const struct reading *reading, char kind, struct buffer *list)
{
    for (size_t i = 0; i < reading->count; i++)
        if (!kind || reading->relations[i].kind == kind)
            add_oid(list, reading->relations[i].oid);
    close_list(list);
}

/* Sets the default schema, and in *names the array literal of the schemas to be read. */
static bool choose_schemas(struct reading *reading, const char *const *schemas, size_t count,
                           struct buffer *names, struct err *err)
{
    struct pg_result *result;
    if (!engine_pg_query(reading->connection, search_path_sql, 0, NULL, &result, ERR_UNREACHABLE,
                         "reading the search path", err))
        return false;
    size_t found = (size_t)engine_pg_result_rows(result);
    const char **path = mem_zero(found + 1, sizeof *path);
    for (size_t i = 0; i < found; i++)
        path[i] = engine_pg_result_text(result, (int)i, 0);
    reading->schema->default_schema =
        arena_copy(&reading->schema->arena, found ? path[0] : "public");
    engine_pg_add_names(names, count ? schemas : path, count ? count : found);
    free(path);
    engine_pg_result_free(result);
    return true;
}

static enum relation_kind relation_kind(char kind)
{
    switch (kind) {
    case 'v':
    case 'm':
        return RELATION_VIEW;
    case 'S':
        return RELATION_SEQUENCE;
    case 'f':
        return RELATION_FOREIGN;
    default:
        return RELATION_TABLE;
    }
}

static void add_phrase(struct buffer *out, const char *phrase)
{
    buffer_printf(out, "%s%s", out->length ? "; " : "", phrase);
}

static void set_note(const struct connection *connection, const struct relation *relation,
                     struct arena *arena)
{
    struct buffer note = BUFFER_INIT(1000);
    if (connection->sql_ascii)
        add_phrase(&note,
                   "the database's encoding is SQL_ASCII: its text is read as UTF-8, and text "
                   "that is not makes the table unreadable");
    if (connection->skips_damaged)
        add_phrase(&note, "the server is set to skip damaged pages (zero_damaged_pages or "
                          "ignore_checksum_failure): their rows would be missing");
    relation->table->note = note.length ? arena_copy(arena, (char *)note.data) : NULL;
    buffer_free(&note);
}

/* From row `row` of the relations. */
static void fill_table(struct reading *reading, const struct pg_result *result, int row,
                       struct relation *relation)
{
    struct arena *arena = &reading->schema->arena;
    struct table *table = &reading->schema->tables[row];
    *relation = (struct relation){.oid = engine_pg_result_oid(result, row, 0),
                                  .table = table,
                                  .kind = *engine_pg_result_text(result, row, 3),
                                  .usable = engine_pg_result_true(result, row, 7),
                                  .has_children = engine_pg_result_true(result, row, 9)};
    table->schema = arena_copy(arena, engine_pg_result_text(result, row, 1));
    table->name = arena_copy(arena, engine_pg_result_text(result, row, 2));
    table->label = arena_format(arena, "%s.%s", table->schema, table->name);
    table->kind = relation_kind(relation->kind);
    table->byte_estimate = engine_pg_result_count(result, row, 6);
    table->row_estimate =
        estimate_rows(engine_pg_result_double(result, row, 4), table->byte_estimate);
    if (!relation->usable)
        table->unreadable = arena_format(arena, "no USAGE privilege on schema %s", table->schema);
    else if (!engine_pg_result_true(result, row, 8))
        table->unreadable = arena_format(arena, "no SELECT privilege on %s", table->label);
    set_note(reading->connection, relation, arena);
    /* The one part; a partitioned table's leaves replace it if they can be read by themselves.
     * ONLY: children by inheritance are tables of their own. */
    struct buffer from = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add_text(&from, relation->kind == 'r' ? "ONLY " : "");
    engine_pg_quote_table(&from, table->schema, table->name);
    table->part_count = 1;
    table->parts = arena_alloc(arena, sizeof *table->parts);
    *table->parts = (struct table_part){.from = arena_copy(arena, (char *)from.data),
                                        .pages = engine_pg_result_count(result, row, 5)};
    buffer_free(&from);
}

static bool read_relations(struct reading *reading, const struct buffer *schemas, struct err *err)
{
    struct pg_result *result;
    const char *values[1] = {(char *)schemas->data};
    if (!engine_pg_query(reading->connection, relations_sql, 1, values, &result, ERR_UNREACHABLE,
                         "reading the catalog of tables", err))
        return false;
    int count = engine_pg_result_rows(result);
    struct schema *schema = reading->schema;
    reading->count = schema->table_count = (size_t)count;
    reading->relations = mem_zero((size_t)count + 1, sizeof *reading->relations);
    schema->tables = arena_alloc(&schema->arena, ((size_t)count + 1) * sizeof *schema->tables);
    for (int i = 0; i < count; i++)
        fill_table(reading, result, i, &reading->relations[i]);
    engine_pg_result_free(result);
    qsort(reading->relations, reading->count, sizeof *reading->relations, compare_relations);
    return true;
}

static void fill_children(struct reading *reading, const struct pg_result *result, int first,
                          int count, struct relation *relation)
{
    struct arena *arena = &reading->schema->arena;
    struct table_child *children = arena_alloc(arena, (size_t)count * sizeof *children);
    for (int i = 0; i < count; i++) {
        int row = first + i;
        const struct relation *child = find_relation(reading, engine_pg_result_oid(result, row, 1));
        children[i] = (struct table_child){
            .label = arena_format(arena, "%s.%s", engine_pg_result_text(result, row, 2),
                                  engine_pg_result_text(result, row, 3)),
            .table = child ? child->table : NULL};
    }
    relation->table->child_count = (size_t)count;
    relation->table->children = children;
}

static bool read_children(struct reading *reading, struct err *err)
{
    struct buffer parents = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool ok = true;
    for (size_t i = 0; i < reading->count; i++)
        if (reading->relations[i].has_children)
            add_oid(&parents, reading->relations[i].oid);
    if (parents.length) {
        struct pg_result *result;
        close_list(&parents);
        ok = ask(reading, children_sql, &parents, "reading the catalog of inheritance", &result,
                 err);
        if (ok)
            hand_over(reading, result, fill_children);
    }
    buffer_free(&parents);
    return ok;
}

/* The name of a row of the leaves, for FROM. A foreign table has no ONLY: it may be a parent
 * elsewhere. */
static void add_leaf(struct buffer *out, const struct pg_result *result, int row)
{
    buffer_add_text(out, *engine_pg_result_text(result, row, 3) == 'f' ? "" : "ONLY ");
    engine_pg_quote_table(out, engine_pg_result_text(result, row, 1),
                          engine_pg_result_text(result, row, 2));
}

static void fill_parts(struct reading *reading, const struct pg_result *result, int first,
                       int count, struct relation *relation)
{
    struct table *table = relation->table;
    struct arena *arena = &reading->schema->arena;
    struct table_part *parts = arena_alloc(arena, (size_t)count * sizeof *parts);
    struct buffer from = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool readable = true;

    table->row_estimate = table->byte_estimate = 0;
    for (int i = 0; i < count; i++) {
        int row = first + i;
        buffer_clear(&from);
        add_leaf(&from, result, row);
        parts[i] = (struct table_part){.from = arena_copy(arena, (char *)from.data),
                                       .pages = engine_pg_result_count(result, row, 5)};
        uint64_t bytes = engine_pg_result_count(result, row, 6);
        table->byte_estimate += bytes;
        table->row_estimate += estimate_rows(engine_pg_result_double(result, row, 4), bytes);
        readable = readable && engine_pg_result_true(result, row, 7);
    }
    buffer_free(&from);
    if (!readable)
        return; /* but the root may be: there, privileges on the leaves do not count */
    table->part_count = (size_t)count;
    table->parts = parts;
}

static bool read_leaves(struct reading *reading, struct err *err)
{
    struct buffer roots = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct pg_result *result;
    add_relations(reading, 'p', &roots);
    bool ok = ask(reading, leaves_sql, &roots, "reading the catalog of partitions", &result, err);
    buffer_free(&roots);
    if (ok)
        hand_over(reading, result, fill_parts);
    return ok;
}

static void fill_column(struct reading *reading, const struct pg_result *result, int row,
                        const struct relation *relation, struct column *column)
{
    struct arena *arena = &reading->schema->arena;
    const struct pgtype *type =
        pgtypes_find(&reading->connection->types, engine_pg_result_oid(result, row, 3));
    *column = (struct column){.name = arena_copy(arena, engine_pg_result_text(result, row, 2)),
                              .nullable = !engine_pg_result_true(result, row, 6),
                              .generated = engine_pg_result_true(result, row, 7)};
    const char *name = engine_pg_result_text(result, row, 5);
    if (type) {
        pgtype_fill(type, (int)engine_pg_result_int(result, row, 4), name, arena, &column->type);
    } else { /* dropped between two of our questions */
        column->type = (struct type){.name = arena_copy(arena, name), .base = "unknown"};
    }
    if (column->type.class == TYPE_UNKNOWN)
        column->unreadable = arena_format(arena, "values of type %s cannot be read", name);
    else if (!engine_pg_result_true(result, row, 8) && relation->usable)
        column->unreadable = arena_format(arena, "no SELECT privilege on column %s of %s",
                                          column->name, relation->table->label);
}

/* Loads the types whose OIDs are in column `column` of the result. */
static bool load_column_types(struct connection *connection, const struct pg_result *result,
                              int column, struct err *err)
{
    size_t count = (size_t)engine_pg_result_rows(result);
    uint32_t *oids = mem_zero(count + 1, sizeof *oids);
    for (size_t i = 0; i < count; i++)
        oids[i] = engine_pg_result_oid(result, (int)i, column);
    bool ok = engine_pg_catalog_load_types(connection, oids, count, err);
    free(oids);
    return ok;
}

static void fill_columns(struct reading *reading, const struct pg_result *result, int first,
                         int count, struct relation *relation)
{
    struct table *table = relation->table;
    table->column_count = (size_t)count;
    table->columns = arena_alloc(&reading->schema->arena, (size_t)count * sizeof *table->columns);
    relation->numbers = mem_zero((size_t)count, sizeof *relation->numbers);
    for (int i = 0; i < count; i++) {
        relation->numbers[i] = (int)engine_pg_result_int(result, first + i, 1);
        fill_column(reading, result, first + i, relation, &table->columns[i]);
    }
}

static bool read_columns(struct reading *reading, const struct buffer *relations, struct err *err)
{
    struct connection *connection = reading->connection;
    struct pg_result *result;
    if (!ask(reading, connection->version >= 180000 ? columns_18_sql : columns_sql, relations,
             "reading the catalog of columns", &result, err))
        return false;
    if (!load_column_types(connection, result, 3, err)) {
        engine_pg_result_free(result);
        return false;
    }
    hand_over(reading, result, fill_columns);
    return true;
}

/* Index of the column with this attnum; column_count: none. */
static size_t column_of(const struct relation *relation, long number)
{
    size_t i = 0;
    while (i < relation->table->column_count && relation->numbers[i] != number)
        i++;
    return i;
}

static void fill_key(struct reading *reading, const struct pg_result *result, int row,
                     const struct relation *relation, struct key *key)
{
    struct arena *arena = &reading->schema->arena;
    size_t count = engine_pg_result_count(result, row, 4);
    size_t *columns = arena_alloc(arena, (count + 1) * sizeof *columns);
    *key = (struct key){.name = arena_copy(arena, engine_pg_result_text(result, row, 1)),
                        .primary = engine_pg_result_true(result, row, 2),
                        .has_prefix = engine_pg_result_true(result, row, 3),
                        .one_null = engine_pg_result_true(result, row, 6),
                        .columns = columns};
    const char *place = engine_pg_result_text(result, row, 5); /* "3 1 0" */
    for (size_t i = 0; i < count; i++) {
        char *end;
        size_t column = column_of(relation, strtol(place, &end, 10));
        place = end;
        if (column == relation->table->column_count) {
            key->has_prefix = true;
            continue;
        }
        columns[key->column_count++] = column;
        key->nullable = key->nullable || relation->table->columns[column].nullable;
    }
}

static void fill_keys(struct reading *reading, const struct pg_result *result, int first, int count,
                      struct relation *relation)
{
    struct table *table = relation->table;
    table->key_count = (size_t)count;
    table->keys = arena_alloc(&reading->schema->arena, (size_t)count * sizeof *table->keys);
    for (int i = 0; i < count; i++)
        fill_key(reading, result, first + i, relation, &table->keys[i]);
}

static bool read_keys(struct reading *reading, const struct buffer *relations, struct err *err)
{
    struct pg_result *result;
    if (!ask(reading, reading->connection->version >= 150000 ? keys_15_sql : keys_sql, relations,
             "reading the catalog of keys", &result, err))
        return false;
    hand_over(reading, result, fill_keys);
    return true;
}

bool engine_pg_read_schema(struct connection *connection, const char *const *schemas,
                           size_t schema_count, struct schema *schema, struct err *err)
{
    struct reading reading = {.connection = connection, .schema = schema};
    struct buffer names = BUFFER_INIT(BUFFER_NO_LIMIT), relations = BUFFER_INIT(BUFFER_NO_LIMIT);

    *schema = (struct schema){.table_count = 0};
    bool ok = choose_schemas(&reading, schemas, schema_count, &names, err) &&
              read_relations(&reading, &names, err);
    if (ok) {
        add_relations(&reading, 0, &relations);
        ok = read_leaves(&reading, err) && read_children(&reading, err) &&
             read_columns(&reading, &relations, err) && read_keys(&reading, &relations, err);
    }
    for (size_t i = 0; i < reading.count; i++)
        free(reading.relations[i].numbers);
    free(reading.relations);
    buffer_free(&relations);
    buffer_free(&names);
    if (!ok)
        err_prefix(err, "%s", connection->place);
    return ok;
}

/* ---- Later questions ------------------------------------------------------------------------- */

bool engine_pg_probe(struct connection *connection, const char *schema_name, const char *table_name,
                     enum existence *existence, struct err *err)
{
    const char *values[2] = {schema_name, table_name};
    struct pg_result *result;
    if (!engine_pg_query(
            connection,
            "SELECT pg_catalog.bool_or(pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
            " AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT'))"
            " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relname = $2"
            "  AND CASE WHEN $1::pg_catalog.text IS NULL"
            "   THEN n.nspname = ANY (pg_catalog.current_schemas(false)) ELSE n.nspname = $1 END",
            2, values, &result, ERR_TABLE, table_name, err))
        return false;
    *existence = engine_pg_result_null(result, 0, 0)   ? EXISTS_NOT
                 : engine_pg_result_true(result, 0, 0) ? EXISTS_READABLE
                                                       : EXISTS_UNREADABLE;
    engine_pg_result_free(result);
    return true;
}

/* pg_attribute shows all columns to everyone. */
bool engine_pg_hides_columns(struct connection *connection, const struct table *table, bool *hidden,
                             struct err *err)
{
    (void)connection;
    (void)table;
    (void)err;
    *hidden = false;
    return true;
}

/* Are the parts the leaves of a partitioned table, and not the table itself? */
static bool is_read_by_leaves(const struct table *table)
{
    if (table->part_count > 1)
        return true;
    struct buffer name = BUFFER_INIT(BUFFER_NO_LIMIT);
    const char *from = table->parts[0].from;
    engine_pg_quote_table(&name, table->schema, table->name);
    bool itself = strcmp(strncmp(from, "ONLY ", 5) == 0 ? from + 5 : from, (char *)name.data) == 0;
    buffer_free(&name);
    return !itself;
}

void engine_pg_catalog_add_table(struct buffer *out, const struct table *table)
{
    if (is_read_by_leaves(table))
        engine_pg_quote_table(out, table->schema, table->name);
    else
        buffer_add_text(out, table->parts[0].from);
}

/* The catalog as of our snapshot says what the parts are. */
bool engine_pg_catalog_check_leaves(struct connection *connection, const struct table *table,
                                    struct err *err)
{
    if (!is_read_by_leaves(table))
        return true;
    struct buffer name = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct pg_result *result;
    engine_pg_quote_table(&name, table->schema, table->name);
    const char *names[1] = {(char *)name.data};
    bool ok = engine_pg_query(
        connection, "SELECT ARRAY[$1::pg_catalog.regclass::pg_catalog.oid]::pg_catalog.text", 1,
        names, &result, ERR_TABLE, table->label, err);
    if (ok) {
        struct pg_result *root = result;
        const char *values[1] = {engine_pg_result_text(root, 0, 0)};
        ok = engine_pg_query(connection, leaves_sql, 1, values, &result, ERR_TABLE, table->label,
                             err);
        engine_pg_result_free(root);
    }
    bool same = ok && (size_t)engine_pg_result_rows(result) == table->part_count;
    for (size_t i = 0; same && i < table->part_count; i++) {
        buffer_clear(&name);
        add_leaf(&name, result, (int)i);
        same = strcmp((char *)name.data, table->parts[i].from) == 0;
    }
    engine_pg_result_free(result);
    buffer_free(&name);
    if (ok && !same)
        ok = err_set(err, ERR_TABLE,
                     "%s: its partitions changed between the reading of the schema and the "
                     "snapshot; run again",
                     table->label);
    return ok;
}
