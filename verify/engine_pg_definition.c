/*
 * What PostgreSQL's catalogs say of tables beyond their rows. Input: pg_catalog, a query per kind
 * of fact for all tables together, and the sequences themselves. Output: table.definition of a
 * schema that is read already. Knows nothing of libpq.
 *
 * On a live server the highest value of a column is read before its sequence: what is inserted in
 * between only makes the sequence run ahead.
 */
#include "counted.h"
#include "engine_pg.h"
#include "schema_text.h"

#include <inttypes.h>
#include <stdlib.h>

struct reading {
    struct definition_reading at;
    struct connection *connection;
    const char *schemas; /* array literal of the schemas that have tables */
    struct counted_list counted;
};

/* The tables of read_schema(): not leaves, and what belongs to extensions does no harm. */
#define OF_TABLES                                                                                  \
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"                                    \
    " AND n.nspname = ANY ($1::pg_catalog.name[])"                                                 \
    " AND c.relkind IN ('r', 'p') AND NOT c.relispartition"

static bool turn_to(struct reading *reading, const char *const *cells)
{
    return definition_turn_to(&reading->at, cells[0], cells[1]);
}

static const char *keep(struct reading *reading, const char *text)
{
    return text ? arena_copy(&reading->at.schema->arena, text) : NULL;
}

static bool is_true(const char *cell)
{
    return cell && *cell == 't';
}

static const char *quoted_table(struct arena *arena, const char *schema, const char *name)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    engine_pg_quote_table(&text, schema, name);
    const char *copy = arena_copy(arena, (const char *)text.data);
    buffer_free(&text);
    return copy;
}

/* ---- Columns --------------------------------------------------------------------------------- */

/* Columns that have a default, an identity, or a collation that finds unlike texts equal. A domain
 * may have a default too. */
static const char columns_sql[] =
    "SELECT n.nspname, c.relname, a.attname,"
    " CASE WHEN f.oid IS NOT NULL THEN pg_catalog.pg_get_expr(f.adbin, f.adrelid)"
    "  WHEN t.typtype = 'd' THEN t.typdefault END,"
    " co.collname, co.collisdeterministic, t.typname"
    " FROM pg_catalog.pg_class c" OF_TABLES
    " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    "  AND a.attgenerated = ''"
    " JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
    " LEFT JOIN pg_catalog.pg_attrdef f ON f.adrelid = c.oid AND f.adnum = a.attnum"
    " LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation"
    " WHERE f.oid IS NOT NULL OR (t.typtype = 'd' AND t.typdefault IS NOT NULL)"
    "  OR NOT co.collisdeterministic OR t.typname = 'citext'"
    " ORDER BY n.nspname, c.relname, a.attnum";

enum column_cell { COLUMN_NAME = 2, COLUMN_DEFAULT, COLUMN_COLLATION, COLUMN_EXACT, COLUMN_TYPE };

static bool add_column(void *context, const char *const *cells, struct err *err)
{
    struct reading *reading = context;
    (void)err;
    if (!turn_to(reading, cells))
        return true;
    size_t column = definition_column(&reading->at, cells[COLUMN_NAME]);
    if (column == NO_COLUMN)
        return true;
    struct column_definition *definition = &reading->at.table->definition->columns[column];
    schema_read_default(cells[COLUMN_DEFAULT], &reading->at.schema->arena, &definition->preset);
    if (cells[COLUMN_EXACT] && !is_true(cells[COLUMN_EXACT])) {
        definition->collation = keep(reading, cells[COLUMN_COLLATION]);
        definition->equates = EQUATES_CASE;
    }
    if (strcmp(cells[COLUMN_TYPE], "citext") == 0)
        definition->equates = EQUATES_CASE;
    return true;
}

static const char members_sql[] =
    "SELECT n.nspname, c.relname, a.attname, tn.nspname, t.typname, e.enumlabel"
    " FROM pg_catalog.pg_class c" OF_TABLES
    " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " JOIN pg_catalog.pg_type t ON t.oid = a.atttypid AND t.typtype = 'e'"
    " JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace"
    " JOIN pg_catalog.pg_enum e ON e.enumtypid = t.oid"
    " ORDER BY c.oid, a.attnum, e.enumsortorder";

static bool add_member(void *context, const char *const *cells, struct err *err)
{
    struct reading *reading = context;
    (void)err;
    if (!turn_to(reading, cells))
        return true;
    size_t column = definition_column(&reading->at, cells[2]);
    if (column == NO_COLUMN)
        return true;
    struct column_definition *definition = &reading->at.table->definition->columns[column];
    if (!definition->enum_type)
        definition->enum_type = quoted_table(&reading->at.schema->arena, cells[3], cells[4]);
    definition_add_member(&reading->at, column, cells[5]);
    return true;
}

/* ---- Indexes, keys, constraints -------------------------------------------------------------- */

static const char indexes_sql[] =
    "SELECT n.nspname, c.relname, ic.relname, i.indisprimary, i.indisunique,"
    " i.indisvalid AND i.indisready, am.amname, pg_catalog.pg_get_expr(i.indpred, i.indrelid),"
    " a.attname, CASE WHEN a.attname IS NULL THEN"
    "  pg_catalog.pg_get_indexdef(i.indexrelid, k.place, true) END,"
    " co.collisdeterministic, t.typname"
    " FROM pg_catalog.pg_class c" OF_TABLES
    " JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indislive"
    " JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid"
    " JOIN pg_catalog.pg_am am ON am.oid = ic.relam"
    " CROSS JOIN LATERAL pg_catalog.generate_series(1, i.indnkeyatts::pg_catalog.int4) AS k(place)"
    " LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
    "  AND a.attnum = i.indkey[k.place - 1]"
    " LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
    " LEFT JOIN pg_catalog.pg_collation co ON co.oid = i.indcollation[k.place - 1]"
    " ORDER BY n.nspname, c.relname, ic.relname, k.place";

enum index_cell {
    INDEX_NAME = 2,
    INDEX_PRIMARY,
    INDEX_UNIQUE,
    INDEX_VALID,
    INDEX_METHOD,
    INDEX_PREDICATE,
    INDEX_COLUMN,
    INDEX_EXPRESSION,
    INDEX_EXACT,
    INDEX_TYPE
};

static bool add_index_part(void *context, const char *const *cells, struct err *err)
{
    struct reading *reading = context;
    (void)err;
    if (!turn_to(reading, cells))
        return true;
    struct index *index = definition_index(&reading->at, cells[INDEX_NAME]);
    if (!index->part_count) {
        index->primary = is_true(cells[INDEX_PRIMARY]);
        index->unique = is_true(cells[INDEX_UNIQUE]);
        index->broken = !is_true(cells[INDEX_VALID]);
        index->unusable = index->broken ? "not valid: it was not built to its end" : NULL;
        index->method = keep(reading, cells[INDEX_METHOD]);
        index->predicate = keep(reading, cells[INDEX_PREDICATE]);
    }
    struct index_part part = {.column = definition_column(&reading->at, cells[INDEX_COLUMN]),
                              .expression = keep(reading, cells[INDEX_EXPRESSION])};
    bool exact = !cells[INDEX_EXACT] || is_true(cells[INDEX_EXACT]);
    bool citext = cells[INDEX_TYPE] && strcmp(cells[INDEX_TYPE], "citext") == 0;
    part.equates = exact && !citext ? 0 : EQUATES_CASE;
    definition_add_part(&reading->at, &part);
    return true;
}

/* Constraints that a partition or a child has from its parent stand at the parent. Since version 18
 * a constraint may be there and not be enforced. */
static const char foreign_keys_sql[] =
    "SELECT n.nspname, c.relname, k.conname, k.convalidated, %s, k.confupdtype, k.confdeltype,"
    " fn.nspname, fc.relname, a.attname, fa.attname"
    " FROM pg_catalog.pg_class c" OF_TABLES
    " JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.contype = 'f'"
    "  AND k.conparentid = 0"
    " JOIN pg_catalog.pg_class fc ON fc.oid = k.confrelid"
    " JOIN pg_catalog.pg_namespace fn ON fn.oid = fc.relnamespace"
    " CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey))"
    "  WITH ORDINALITY AS u(own, other, place)"
    " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.own"
    " JOIN pg_catalog.pg_attribute fa ON fa.attrelid = fc.oid AND fa.attnum = u.other"
    " ORDER BY n.nspname, c.relname, k.conname, u.place";

enum foreign_cell {
    FOREIGN_NAME = 2,
    FOREIGN_VALIDATED,
    FOREIGN_ENFORCED,
    FOREIGN_UPDATE,
    FOREIGN_DELETE,
    FOREIGN_SCHEMA,
    FOREIGN_TABLE,
    FOREIGN_COLUMN,
    FOREIGN_OTHER
};

static const char *action_name(const char *letter)
{
    switch (letter ? *letter : 0) {
    case 'c':
        return "CASCADE";
    case 'n':
        return "SET NULL";
    case 'd':
        return "SET DEFAULT";
    default: /* a, r: they differ only in when they refuse */
        return "NO ACTION";
    }
}

static bool add_foreign_key(void *context, const char *const *cells, struct err *err)
{
    struct reading *reading = context;
    (void)err;
    if (!turn_to(reading, cells))
        return true;
    size_t column = definition_column(&reading->at, cells[FOREIGN_COLUMN]);
    if (column == NO_COLUMN)
        return true;
    struct foreign_key *key = definition_foreign_key(&reading->at, cells[FOREIGN_NAME]);
    if (!key->column_count) {
        key->not_validated = !is_true(cells[FOREIGN_VALIDATED]);
        key->not_enforced = !is_true(cells[FOREIGN_ENFORCED]);
        key->on_update = action_name(cells[FOREIGN_UPDATE]);
        key->on_delete = action_name(cells[FOREIGN_DELETE]);
        key->schema = keep(reading, cells[FOREIGN_SCHEMA]);
        key->table = keep(reading, cells[FOREIGN_TABLE]);
    }
    definition_add_pair(&reading->at, column, cells[FOREIGN_OTHER]);
    return true;
}

static const char checks_sql[] =
    "SELECT n.nspname, c.relname, k.conname, k.convalidated, %s,"
    " pg_catalog.pg_get_expr(k.conbin, k.conrelid)"
    " FROM pg_catalog.pg_class c" OF_TABLES
    " JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.contype = 'c'"
    " ORDER BY n.nspname, c.relname, k.conname";

static bool add_check(void *context, const char *const *cells, struct err *err)
{
    struct reading *reading = context;
    (void)err;
    if (!turn_to(reading, cells) || !cells[5])
        return true;
    struct check *check = definition_check(&reading->at, cells[2], cells[5]);
    check->not_validated = !is_true(cells[3]);
    check->not_enforced = !is_true(cells[4]);
    return true;
}

/* Before, for each row, on update: bits 2, 1 and 16 of tgtype. */
static const char triggers_sql[] =
    "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c" OF_TABLES
    " WHERE EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid"
    "  AND NOT g.tgisinternal AND g.tgenabled IN ('O', 'A') AND (g.tgtype & 19) = 19)";

static bool mark_trigger(void *context, const char *const *cells, struct err *err)
{
    struct reading *reading = context;
    (void)err;
    if (turn_to(reading, cells))
        reading->at.table->definition->has_update_trigger = true;
    return true;
}

/* ---- Counters -------------------------------------------------------------------------------- */

/* Sequences of identities (they depend on the column) and of defaults (these depend on them). */
static const char counters_sql[] =
    "SELECT n.nspname, c.relname, a.attname, sn.nspname, s.relname, q.seqincrement,"
    " CASE WHEN q.seqincrement > 0 THEN q.seqmax ELSE q.seqmin END, q.seqcycle,"
    " pg_catalog.has_schema_privilege(sn.oid, 'USAGE')"
    "  AND pg_catalog.has_sequence_privilege(s.oid, 'SELECT'),"
    " pg_catalog.format('%I.%I', sn.nspname, s.relname)"
    " FROM pg_catalog.pg_class c" OF_TABLES " JOIN ("
    " SELECT d.refobjid AS relid, d.refobjsubid::pg_catalog.int4 AS attnum, d.objid AS seqid"
    "  FROM pg_catalog.pg_depend d WHERE d.deptype = 'i'"
    "  AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass"
    "  AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjsubid > 0"
    " UNION"
    " SELECT f.adrelid, f.adnum::pg_catalog.int4, d.refobjid FROM pg_catalog.pg_depend d"
    "  JOIN pg_catalog.pg_attrdef f ON f.oid = d.objid"
    "  WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass"
    "  AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'n'"
    " ) u ON u.relid = c.oid"
    " JOIN pg_catalog.pg_sequence q ON q.seqrelid = u.seqid"
    " JOIN pg_catalog.pg_class s ON s.oid = u.seqid"
    " JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace"
    " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.attnum"
    " ORDER BY n.nspname, c.relname, a.attnum";

enum counter_cell {
    COUNTER_COLUMN = 2,
    COUNTER_SCHEMA,
    COUNTER_SEQUENCE,
    COUNTER_INCREMENT,
    COUNTER_END,
    COUNTER_CYCLES,
    COUNTER_MAY_SELECT,
    COUNTER_QUOTED
};

/* A default that is more than one call of nextval() is an expression like any other. */
static bool add_counter(void *context, const char *const *cells, struct err *err)
{
    struct reading *reading = context;
    struct arena *arena = &reading->at.schema->arena;
    (void)err;
    if (!turn_to(reading, cells))
        return true;
    size_t column = definition_column(&reading->at, cells[COUNTER_COLUMN]);
    if (column == NO_COLUMN)
        return true;
    struct column_definition *definition = &reading->at.table->definition->columns[column];
    if (definition->counter ||
        (definition->preset.kind != DEFAULT_COUNTER && definition->preset.kind != DEFAULT_NONE))
        return true;
    struct counted *counted = counted_add(&reading->counted, &reading->at, column);
    struct counter *counter = counted->counter;
    definition->preset.kind = DEFAULT_COUNTER;
    counted->may_select = is_true(cells[COUNTER_MAY_SELECT]);
    counter->sequence = keep(reading, cells[COUNTER_QUOTED]);
    counter->label = arena_format(arena, "%s.%s", cells[COUNTER_SCHEMA], cells[COUNTER_SEQUENCE]);
    counter->increment = strtoll(cells[COUNTER_INCREMENT], NULL, 10);
    counter->end = strtoll(cells[COUNTER_END], NULL, 10);
    counter->cycles = is_true(cells[COUNTER_CYCLES]);
    if (!counted->may_select)
        counter->unknown =
            arena_format(arena, "no SELECT privilege on the sequence %s", counter->label);
    return true;
}

/* A default that calls nextval() of a sequence whose name is made when it runs. */
static void add_unnamed_counters(struct reading *reading)
{
    for (size_t t = 0; t < reading->at.schema->table_count; t++) {
        struct table *table = &reading->at.schema->tables[t];
        for (size_t c = 0; c < table->column_count; c++) {
            struct column_definition *column = &table->definition->columns[c];
            if (column->preset.kind != DEFAULT_COUNTER || column->counter)
                continue;
            reading->at.table = table;
            counted_add(&reading->counted, &reading->at, c)->counter->unknown =
                "its default does not name the sequence in a way that the catalog knows";
        }
    }
}

/* Is the highest value of the column a look-up in an index? */
static bool is_indexed(const struct counted *counted)
{
    const struct table_definition *definition = counted->table->definition;
    for (size_t i = 0; i < definition->index_count; i++) {
        const struct index *index = &definition->indexes[i];
        if (index->part_count && index->parts[0].column == counted->column && !index->unusable &&
            !index->predicate && strcmp(index->method, "btree") == 0)
            return true;
    }
    return false;
}

static bool is_read(const struct counted *counted)
{
    const struct column *column = &counted->table->columns[counted->column];
    return !counted->table->unreadable && !column->unreadable && is_indexed(counted) &&
           (column->type.class == TYPE_INT || column->type.class == TYPE_DECIMAL);
}

/* The table with the rows that its keys are about: those of children by inheritance are not. */
static void add_from(struct buffer *sql, const struct table *table)
{
    if (table->part_count == 1)
        buffer_add_text(sql, table->parts[0].from);
    else
        engine_pg_quote_table(sql, table->schema, table->name);
}

static void ask_highest(struct buffer *sql, size_t i, const struct counted *counted)
{
    bool down = counted->counter->increment < 0;
    buffer_printf(sql, "SELECT %zu, (SELECT pg_catalog.%s(", i, down ? "min" : "max");
    engine_pg_quote_name(sql, counted->table->columns[counted->column].name);
    buffer_add_text(sql, ") FROM ");
    add_from(sql, counted->table);
    buffer_add_text(sql, ")");
}

static bool is_asked(const struct counted *counted)
{
    return counted->may_select && !counted->counter->unknown;
}

static void ask_sequence(struct buffer *sql, size_t i, const struct counted *counted)
{
    buffer_printf(sql, "SELECT %zu, last_value, is_called FROM %s", i, counted->counter->sequence);
}

static bool keep_sequence(void *list, const char *const *cells, struct err *err)
{
    (void)err;
    struct counter *counter = counted_of(list, cells)->counter;
    counter->next = strtoll(cells[1], NULL, 10);
    if (!is_true(cells[2]))
        return true;
    bool over = __builtin_add_overflow(counter->next, counter->increment, &counter->next);
    if (over)
        counter->next = counter->increment > 0 ? INT64_MAX : INT64_MIN;
    counter->exhausted =
        !counter->cycles && (over || (counter->increment > 0 ? counter->next > counter->end
                                                             : counter->next < counter->end));
    return true;
}

static bool run_look_up(struct connection *connection, const char *sql,
                        const struct counted_look_up *look_up, struct counted_list *list,
                        struct err *err)
{
    return engine_pg_rows(connection, sql, 0, NULL, look_up->what, look_up->keep, list, err);
}

/* ---- All together ---------------------------------------------------------------------------- */

static void add_schemas(const struct schema *schema, struct buffer *list)
{
    const char **names = mem_zero(schema->table_count + 1, sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < schema->table_count; i++)
        if (!count || strcmp(names[count - 1], schema->tables[i].schema) != 0)
            names[count++] = schema->tables[i].schema;
    engine_pg_add_names(list, names, count);
    free(names);
}

static bool read_facts(struct reading *reading, struct err *err)
{
    bool knows_enforced = engine_pg_version(reading->connection) >= 180000;
    const struct {
        const char *sql, *what;
        engine_pg_row *row;
    } questions[] = {
        {columns_sql, "reading the catalog of defaults", add_column},
        {members_sql, "reading the catalog of enums", add_member},
        {indexes_sql, "reading the catalog of indexes", add_index_part},
        {foreign_keys_sql, "reading the catalog of foreign keys", add_foreign_key},
        {checks_sql, "reading the catalog of checks", add_check},
        {triggers_sql, "reading the catalog of triggers", mark_trigger},
        {counters_sql, "reading the catalog of sequences", add_counter},
    };
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        const char *place = strstr(questions[i].sql, "%s");
        struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT);
        if (place)
            buffer_add(&sql, questions[i].sql, (size_t)(place - questions[i].sql));
        if (place)
            buffer_add_text(&sql, knows_enforced ? "k.conenforced" : "true");
        buffer_add_text(&sql, place ? place + 2 : questions[i].sql);
        bool ok = engine_pg_rows(reading->connection, (const char *)sql.data, 1, &reading->schemas,
                                 questions[i].what, questions[i].row, reading, err);
        buffer_free(&sql);
        if (!ok)
            return false;
    }
    return true;
}

bool engine_pg_definitions(struct connection *connection, struct schema *schema, struct err *err)
{
    static const struct counted_look_up highest = {"reading the highest values", is_read,
                                                   ask_highest, counted_keep_highest};
    static const struct counted_look_up sequences = {"reading the sequences", is_asked,
                                                     ask_sequence, keep_sequence};
    struct reading reading = {.connection = connection, .counted = {.arena = &schema->arena}};
    struct buffer schemas = BUFFER_INIT(BUFFER_NO_LIMIT);
    definition_start(&reading.at, schema);
    add_schemas(schema, &schemas);
    reading.schemas = (const char *)schemas.data;
    bool ok = read_facts(&reading, err);
    definition_finish(&reading.at);
    if (ok)
        add_unnamed_counters(&reading);
    ok = ok && counted_look_up(&reading.counted, &highest, run_look_up, connection, err) &&
         counted_look_up(&reading.counted, &sequences, run_look_up, connection, err);
    free(reading.counted.items);
    buffer_free(&schemas);
    return ok;
}
