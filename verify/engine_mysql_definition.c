/*
 * What the catalogs of MySQL and MariaDB say of tables beyond their rows. Input:
 * information_schema, a query per kind of fact for all tables together. Output: table.definition of
 * a schema that is read already. Knows nothing of the client library.
 *
 * On a live server the highest value of a column is read before its counter: what is inserted in
 * between only makes the counter run ahead.
 */
#include "counted.h"
#include "engine_mysql.h"
#include "schema_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reading {
    struct definition_reading at;
    struct connection *connection;
    const struct engine_mysql_session *session;
    struct buffer schemas; /* ('hotel', 'shop') */
    bool bare_defaults;    /* the catalog prints literals without quotes */
    struct counted_list counted;
};

static bool turn_to(struct reading *reading, const char *const *cells)
{
    return definition_turn_to(&reading->at, cells[0], cells[1]);
}

static const char *keep(struct reading *reading, const char *text)
{
    return text ? arena_copy(&reading->at.schema->arena, text) : NULL;
}

/* ---- Columns --------------------------------------------------------------------------------- */

static const char columns_sql[] =
    "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_DEFAULT, EXTRA, COLLATION_NAME"
    " FROM information_schema.COLUMNS WHERE TABLE_SCHEMA IN %s"
    " ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION";

enum column_cell { COLUMN_NAME = 2, COLUMN_DEFAULT, COLUMN_EXTRA, COLUMN_COLLATION };

/* By the collation's name: its parts say what it tells apart. */
static unsigned equates_of(const char *collation)
{
    bool ci = strstr(collation, "_ci") != NULL, ai = strstr(collation, "_ai") != NULL;
    bool as = strstr(collation, "_as") != NULL, pads = !strstr(collation, "_nopad_");
    unsigned set = 0;
    if (strcmp(collation, "binary") == 0)
        return 0;
    set |= ci ? EQUATES_CASE : 0;
    set |= ai || (ci && !as) ? EQUATES_ACCENTS : 0;
    /* MySQL's since Unicode 9 do not pad. */
    set |= pads && !strstr(collation, "_0900_") ? EQUATES_TRAILING_BLANKS : 0;
    return set;
}

/* The last number of an integer type; AUTO_INCREMENT stays there, and the next insert fails. */
static int64_t last_of(const struct type *type)
{
    unsigned bits = type->length * 8;
    if (type->class != TYPE_INT || !bits || bits >= 64)
        return INT64_MAX;
    return (int64_t)((UINT64_C(1) << (type->is_unsigned ? bits : bits - 1)) - 1);
}

/* MariaDB prints a sequence's call as nextval(`hotel`.`numbers`), which is SQL's name of it. */
static void read_sequence(struct reading *reading, const char *text, struct counter *counter)
{
    struct arena *arena = &reading->at.schema->arena;
    const char *open = strchr(text, '('), *close = open ? strrchr(open, ')') : NULL;
    if (!close || open[1] != '`') {
        counter->unknown = "its default does not name the sequence";
        return;
    }
    counter->sequence = arena_copy_bytes(arena, open + 1, (size_t)(close - open - 1));
    char *label = arena_copy(arena, counter->sequence), *to = label;
    for (const char *c = counter->sequence; *c; c++)
        if (*c != '`')
            *to++ = *c;
    *to = '\0';
    counter->label = label;
}

static bool add_column(void *context, const char *const *cells, struct err *err)
{
    struct reading *reading = context;
    struct arena *arena = &reading->at.schema->arena;
    (void)err;
    if (!turn_to(reading, cells))
        return true;
    size_t at = definition_column(&reading->at, cells[COLUMN_NAME]);
    if (at == NO_COLUMN)
        return true;
    const struct column *column = &reading->at.table->columns[at];
    struct column_definition *definition = &reading->at.table->definition->columns[at];
    const char *extra = cells[COLUMN_EXTRA] ? cells[COLUMN_EXTRA] : "";
    if (!column->generated && (!reading->bare_defaults || strcasestr(extra, "DEFAULT_GENERATED")))
        schema_read_default(cells[COLUMN_DEFAULT], arena, &definition->preset);
    else if (!column->generated)
        schema_read_bare_default(cells[COLUMN_DEFAULT], &column->type, arena, &definition->preset);
    definition->set_on_update = strcasestr(extra, "on update") != NULL;
    if (cells[COLUMN_COLLATION]) {
        definition->collation = keep(reading, cells[COLUMN_COLLATION]);
        definition->equates = equates_of(definition->collation);
    }
    if (column->type.class == TYPE_ENUM || column->type.class == TYPE_SET)
        definition_read_members(&reading->at, at, column->type.name);
    if (strcasestr(extra, "auto_increment")) {
        struct counter *counter = counted_add(&reading->counted, &reading->at, at)->counter;
        counter->end = last_of(&column->type);
        counter->label = "AUTO_INCREMENT";
        definition->preset =
            (struct column_default){.kind = DEFAULT_COUNTER, .text = "AUTO_INCREMENT"};
    } else if (definition->preset.kind == DEFAULT_COUNTER) {
        read_sequence(reading, definition->preset.text,
                      counted_add(&reading->counted, &reading->at, at)->counter);
    }
    return true;
}

/* ---- Indexes, keys, constraints -------------------------------------------------------------- */

static const char indexes_sql[] =
    "SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, NON_UNIQUE, INDEX_TYPE, COLUMN_NAME, SUB_PART, "
    "%s FROM information_schema.STATISTICS WHERE TABLE_SCHEMA IN %s"
    " ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX";

enum index_cell {
    INDEX_NAME = 2,
    INDEX_NOT_UNIQUE,
    INDEX_TYPE,
    INDEX_COLUMN,
    INDEX_PREFIX,
    INDEX_VISIBLE,
    INDEX_EXPRESSION
};

static const char *lower_case(struct reading *reading, const char *text)
{
    char *copy = arena_copy(&reading->at.schema->arena, text ? text : "");
    for (char *c = copy; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
    return copy;
}

static bool add_index_part(void *context, const char *const *cells, struct err *err)
{
    struct reading *reading = context;
    (void)err;
    if (!turn_to(reading, cells))
        return true;
    struct index *index = definition_index(&reading->at, cells[INDEX_NAME]);
    if (!index->part_count) {
        index->primary = strcmp(index->name, "PRIMARY") == 0;
        index->unique = strcmp(cells[INDEX_NOT_UNIQUE], "0") == 0;
        index->method = lower_case(reading, cells[INDEX_TYPE]);
        index->unusable = strcmp(cells[INDEX_VISIBLE], "NO") == 0
                              ? "invisible: the server uses it for no query"
                              : NULL;
    }
    size_t column = definition_column(&reading->at, cells[INDEX_COLUMN]);
    struct index_part part = {
        .column = column,
        .expression = keep(reading, cells[INDEX_EXPRESSION]),
        .prefix = cells[INDEX_PREFIX] ? (uint32_t)strtoul(cells[INDEX_PREFIX], NULL, 10) : 0};
    if (column == NO_COLUMN && !part.expression)
        part.expression = keep(reading, cells[INDEX_COLUMN] ? cells[INDEX_COLUMN] : "?");
    if (column != NO_COLUMN)
        part.equates = reading->at.table->definition->columns[column].equates;
    /* Spatial indexes print a prefix of 32 bytes, which is no prefix. */
    if (strcmp(index->method, "spatial") == 0)
        part.prefix = 0;
    definition_add_part(&reading->at, &part);
    return true;
}

static const char foreign_keys_sql[] =
    "SELECT TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA,"
    " REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE"
    " WHERE TABLE_SCHEMA IN %s AND REFERENCED_TABLE_NAME IS NOT NULL"
    " ORDER BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION";

static bool add_foreign_key(void *context, const char *const *cells, struct err *err)
{
    struct reading *reading = context;
    (void)err;
    if (!turn_to(reading, cells) || !cells[4] || !cells[6])
        return true;
    size_t column = definition_column(&reading->at, cells[3]);
    if (column == NO_COLUMN)
        return true;
    struct foreign_key *key = definition_foreign_key(&reading->at, cells[2]);
    key->schema = keep(reading, cells[4]);
    key->table = keep(reading, cells[5]);
    definition_add_pair(&reading->at, column, cells[6]);
    return true;
}

/* Who may only SELECT sees none of these (MariaDB): the rules are then not known. */
static const char rules_sql[] =
    "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE"
    " FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA IN %s";

static const char *rule_name(struct reading *reading, const char *rule)
{
    return strcmp(rule, "RESTRICT") == 0 ? "NO ACTION" : keep(reading, rule);
}

static bool add_rules(void *context, const char *const *cells, struct err *err)
{
    struct reading *reading = context;
    (void)err;
    if (!turn_to(reading, cells) || !cells[3] || !cells[4])
        return true;
    struct table_definition *definition = reading->at.table->definition;
    for (size_t i = 0; i < definition->foreign_key_count; i++) {
        struct foreign_key *key = &definition->foreign_keys[i];
        if (strcmp(key->name, cells[2]) != 0)
            continue;
        key->on_update = rule_name(reading, cells[3]);
        key->on_delete = rule_name(reading, cells[4]);
    }
    return true;
}

/* MariaDB's says the table; MySQL's knows constraints that are not enforced. */
static const char mariadb_checks_sql[] =
    "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE, 'YES'"
    " FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA IN %s"
    " ORDER BY CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME";
static const char mysql_checks_sql[] =
    "SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.CONSTRAINT_NAME, c.CHECK_CLAUSE, t.ENFORCED"
    " FROM information_schema.TABLE_CONSTRAINTS t JOIN information_schema.CHECK_CONSTRAINTS c"
    " ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME"
    " WHERE t.CONSTRAINT_TYPE = 'CHECK' AND t.TABLE_SCHEMA IN %s"
    " ORDER BY t.TABLE_SCHEMA, t.TABLE_NAME, t.CONSTRAINT_NAME";

/* MariaDB's JSON is longtext with a check of its own, which PostgreSQL's type is without saying. */
static bool add_check(void *context, const char *const *cells, struct err *err)
{
    struct reading *reading = context;
    (void)err;
    if (!turn_to(reading, cells) || !cells[3] ||
        (strncasecmp(cells[3], "json_valid(`", 12) == 0 && !strchr(cells[3], ' ')))
        return true;
    struct check *check = definition_check(&reading->at, cells[2], cells[3]);
    check->not_enforced = strcmp(cells[4], "NO") == 0;
    return true;
}

/* ---- Counters -------------------------------------------------------------------------------- */

/* Is the highest value of the column a look-up in an index? */
static bool leads_index(const struct table *table, size_t column)
{
    const struct table_definition *definition = table->definition;
    for (size_t i = 0; i < definition->index_count; i++) {
        const struct index *index = &definition->indexes[i];
        if (index->part_count && index->parts[0].column == column &&
            strcmp(index->method, "btree") == 0)
            return true;
    }
    return false;
}

static bool is_read(const struct counted *counted)
{
    return !counted->table->unreadable && counted->table->kind == RELATION_TABLE &&
           leads_index(counted->table, counted->column);
}

static void ask_highest(struct buffer *sql, size_t i, const struct counted *counted)
{
    buffer_printf(sql, "SELECT %zu, (SELECT %s(", i,
                  counted->counter->increment < 0 ? "MIN" : "MAX");
    engine_mysql_quote_name(sql, counted->table->columns[counted->column].name);
    buffer_printf(sql, ") FROM %s)", counted->table->parts[0].from);
}

static bool has_sequence(const struct counted *counted)
{
    return counted->counter->sequence && !counted->counter->unknown;
}

static void ask_sequence(struct buffer *sql, size_t i, const struct counted *counted)
{
    buffer_printf(sql,
                  "SELECT %zu, next_not_cached_value, increment, minimum_value, maximum_value,"
                  " cycle_option FROM %s",
                  i, counted->counter->sequence);
}

static bool keep_sequence(void *list, const char *const *cells, struct err *err)
{
    (void)err;
    struct counted *counted = counted_of(list, cells);
    struct counter *counter = counted->counter;
    counter->next = strtoll(cells[1], NULL, 10);
    counter->increment = strtoll(cells[2], NULL, 10);
    counter->increment += counter->increment == 0; /* as the server's own step says */
    counter->end = strtoll(cells[counter->increment < 0 ? 3 : 4], NULL, 10);
    counter->cycles = strcmp(cells[5], "0") != 0;
    counter->exhausted =
        !counter->cycles &&
        (counter->increment > 0 ? counter->next > counter->end : counter->next < counter->end);
    counted->known = true;
    return true;
}

static bool run_look_up(struct connection *connection, const char *sql,
                        const struct counted_look_up *look_up, struct counted_list *list,
                        struct err *err)
{
    return engine_mysql_rows(connection, sql, look_up->keep, list, err);
}

static const char next_sql[] =
    "SELECT TABLE_SCHEMA, TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES"
    " WHERE TABLE_SCHEMA IN %s AND AUTO_INCREMENT IS NOT NULL";

static bool keep_next(void *context, const char *const *cells, struct err *err)
{
    struct reading *reading = context;
    (void)err;
    if (!turn_to(reading, cells))
        return true;
    for (size_t i = 0; i < reading->counted.count; i++) {
        struct counted *counted = &reading->counted.items[i];
        if (counted->table != reading->at.table || counted->counter->sequence)
            continue;
        struct counter *counter = counted->counter;
        counter->next = strtoll(cells[2], NULL, 10); /* clamped, as the highest value is */
        counter->exhausted = counter->next > counter->end ||
                             (counter->has_highest && counter->highest == counter->end);
        counted->known = true;
    }
    return true;
}

/* MySQL tells no counter of a table that nobody has inserted into. */
static void name_unknown(struct reading *reading)
{
    for (size_t i = 0; i < reading->counted.count; i++) {
        struct counted *counted = &reading->counted.items[i];
        if (!counted->known && !counted->counter->unknown && counted->counter->has_highest)
            counted->counter->unknown = "the server does not tell it";
    }
}

/* ---- All together ---------------------------------------------------------------------------- */

static bool ask(struct reading *reading, const char *sql, const char *columns,
                engine_mysql_row *row, struct err *err)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (const char *place; (place = strstr(sql, "%s")); sql = place + 2) {
        buffer_add(&text, sql, (size_t)(place - sql));
        buffer_add_text(&text, columns ? columns : (const char *)reading->schemas.data);
        columns = NULL;
    }
    buffer_add_text(&text, sql);
    bool ok = engine_mysql_rows(reading->connection, (const char *)text.data, row, reading, err);
    buffer_free(&text);
    return ok;
}

static void add_schemas(const struct schema *schema, struct buffer *list)
{
    size_t count = 0;
    buffer_add_byte(list, '(');
    for (size_t i = 0; i < schema->table_count; i++) {
        if (i && strcmp(schema->tables[i].schema, schema->tables[i - 1].schema) == 0)
            continue;
        buffer_add_text(list, count++ ? ", " : "");
        engine_mysql_quote_text(list, schema->tables[i].schema);
    }
    buffer_add_text(list, count ? ")" : "'')");
}

/* What each version calls the indexes that no query uses, and whether it has expressions. */
static const char *index_columns(const struct engine_mysql_session *session)
{
    if (session->is_mariadb)
        return session->version >= 100600 ? "IF(IGNORED = 'YES', 'NO', 'YES'), NULL"
                                          : "'YES', NULL";
    return session->version >= 80013   ? "IS_VISIBLE, EXPRESSION"
           : session->version >= 80000 ? "IS_VISIBLE, NULL"
                                       : "'YES', NULL";
}

static bool read_checks(struct reading *reading, struct err *err)
{
    const struct engine_mysql_session *session = reading->session;
    if (session->version < (session->is_mariadb ? 100310u : 80016u))
        return true; /* there are none, or no catalog of them */
    return ask(reading, session->is_mariadb ? mariadb_checks_sql : mysql_checks_sql, NULL,
               add_check, err);
}

static bool read_counters(struct reading *reading, struct err *err)
{
    static const struct counted_look_up highest = {"", is_read, ask_highest, counted_keep_highest};
    static const struct counted_look_up sequences = {"", has_sequence, ask_sequence, keep_sequence};
    if (!reading->counted.count)
        return true;
    /* MySQL 8 shows what it kept of a counter a day ago. */
    if (!reading->session->is_mariadb && reading->session->version >= 80000 &&
        !engine_mysql_rows(reading->connection, "SET SESSION information_schema_stats_expiry = 0",
                           NULL, NULL, err))
        return false;
    struct counted_list *list = &reading->counted;
    struct connection *connection = reading->connection;
    return counted_look_up(list, &highest, run_look_up, connection, err) &&
           counted_look_up(list, &sequences, run_look_up, connection, err) &&
           ask(reading, next_sql, NULL, keep_next, err);
}

bool engine_mysql_definitions(struct connection *connection, struct schema *schema, struct err *err)
{
    const struct engine_mysql_session *session = engine_mysql_session_of(connection);
    struct reading reading = {
        .connection = connection,
        .counted = {.arena = &schema->arena},
        .session = session,
        .schemas = BUFFER_INIT(BUFFER_NO_LIMIT),
        .bare_defaults = !session->is_mariadb || session->version < 100207,
    };
    definition_start(&reading.at, schema);
    add_schemas(schema, &reading.schemas);
    bool ok = ask(&reading, columns_sql, NULL, add_column, err) &&
              ask(&reading, indexes_sql, index_columns(session), add_index_part, err) &&
              ask(&reading, foreign_keys_sql, NULL, add_foreign_key, err) &&
              ask(&reading, rules_sql, NULL, add_rules, err) && read_checks(&reading, err) &&
              read_counters(&reading, err);
    name_unknown(&reading);
    definition_finish(&reading.at);
    free(reading.counted.items);
    buffer_free(&reading.schemas);
    return ok;
}
