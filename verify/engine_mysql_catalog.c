/*
 * The catalogs of MySQL and MariaDB. Input: information_schema, three queries for all tables
 * together. Output: a struct schema. Knows nothing of the client library.
 */
#include "engine_mysql.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct wanted {
    const char *name;
    bool found;
};

/* A table while it is read: what is not known yet how many there will be. */
struct reading {
    struct connection *connection;
    struct schema *schema;
    const struct engine_mysql_session *session;
    size_t wanted_count;
    struct wanted *wanted; /* the databases to read */
    size_t table_capacity;
    struct table *table; /* of the rows at hand, to search once per table and not once per row */
    size_t column_capacity, key_capacity, part_capacity;
};

/* ---- Types ----------------------------------------------------------------------------------- */

struct type_row {
    const char *base;
    enum type_class class;
    uint32_t bytes; /* of integers */
    bool fixed;
};

static const struct type_row type_rows[] = {
    {"tinyint", TYPE_INT, 1, false},
    {"smallint", TYPE_INT, 2, false},
    {"mediumint", TYPE_INT, 3, false},
    {"int", TYPE_INT, 4, false},
    {"integer", TYPE_INT, 4, false},
    {"bigint", TYPE_INT, 8, false},
    {"year", TYPE_INT, 2, false},
    {"decimal", TYPE_DECIMAL, 0, false},
    {"numeric", TYPE_DECIMAL, 0, false},
    {"float", TYPE_FLOAT, 4, false},
    {"double", TYPE_DOUBLE, 8, false},
    {"real", TYPE_DOUBLE, 8, false},
    {"bit", TYPE_BITS, 0, false},
    {"char", TYPE_TEXT, 0, true},
    {"nchar", TYPE_TEXT, 0, true},
    {"varchar", TYPE_TEXT, 0, false},
    {"nvarchar", TYPE_TEXT, 0, false},
    {"tinytext", TYPE_TEXT, 0, false},
    {"text", TYPE_TEXT, 0, false},
    {"mediumtext", TYPE_TEXT, 0, false},
    {"longtext", TYPE_TEXT, 0, false},
    {"enum", TYPE_ENUM, 0, false},
    {"set", TYPE_SET, 0, false},
    {"binary", TYPE_BYTES, 0, true},
    {"varbinary", TYPE_BYTES, 0, false},
    {"tinyblob", TYPE_BYTES, 0, false},
    {"blob", TYPE_BYTES, 0, false},
    {"mediumblob", TYPE_BYTES, 0, false},
    {"longblob", TYPE_BYTES, 0, false},
    {"date", TYPE_DATE, 0, false},
    {"time", TYPE_TIME, 0, false},
    {"datetime", TYPE_DATETIME, 0, false},
    {"timestamp", TYPE_INSTANT, 0, false},
    {"json", TYPE_JSON, 0, false},
    {"uuid", TYPE_UUID, 0, false},
    {"inet4", TYPE_INET, 0, false},
    {"inet6", TYPE_INET, 0, false},
    {"geometry", TYPE_GEOMETRY, 0, false},
    {"point", TYPE_GEOMETRY, 0, false},
    {"linestring", TYPE_GEOMETRY, 0, false},
    {"polygon", TYPE_GEOMETRY, 0, false},
    {"multipoint", TYPE_GEOMETRY, 0, false},
    {"multilinestring", TYPE_GEOMETRY, 0, false},
    {"multipolygon", TYPE_GEOMETRY, 0, false},
    {"geometrycollection", TYPE_GEOMETRY, 0, false},
    {"geomcollection", TYPE_GEOMETRY, 0, false},
};

static const struct type_row *find_type(const char *base)
{
    for (size_t i = 0; i < sizeof type_rows / sizeof *type_rows; i++)
        if (strcasecmp(type_rows[i].base, base) == 0)
            return &type_rows[i];
    return NULL;
}

static uint32_t to_u32(const char *text)
{
    unsigned long long n = text ? strtoull(text, NULL, 10) : 0;

    return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static uint64_t to_u64(const char *text)
{
    return text ? strtoull(text, NULL, 10) : 0;
}

/* The columns of the query below, in its order. */
enum column_cell {
    COLUMN_SCHEMA,
    COLUMN_TABLE,
    COLUMN_NAME,
    COLUMN_NULLABLE,
    COLUMN_DATA_TYPE,
    COLUMN_CHARACTERS,
    COLUMN_PRECISION,
    COLUMN_SCALE,
    COLUMN_FRACTION,
    COLUMN_CHARSET,
    COLUMN_TYPE_TEXT,
    COLUMN_EXTRA
};

static const char columns_sql[] =
    "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, IS_NULLABLE, DATA_TYPE, "
    "CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION, "
    "CHARACTER_SET_NAME, COLUMN_TYPE, EXTRA FROM information_schema.COLUMNS WHERE TABLE_SCHEMA IN ";

static void read_type(struct arena *arena, const char *const *cells, struct type *type)
{
    const struct type_row *row = find_type(cells[COLUMN_DATA_TYPE]);
    const char *whole = cells[COLUMN_TYPE_TEXT];

    *type = (struct type){.class = row ? row->class : TYPE_UNKNOWN, .precision = -1};
    type->name = arena_copy(arena, whole);
    type->base = arena_copy(arena, row ? row->base : cells[COLUMN_DATA_TYPE]);
    type->fixed = row && row->fixed;
    switch (type->class) {
    case TYPE_INT:
        type->length = row->bytes;
        type->is_unsigned = strstr(whole, " unsigned") || strcmp(row->base, "year") == 0;
        type->tiny_bool = strncmp(whole, "tinyint(1)", 10) == 0;
        break;
    case TYPE_DECIMAL:
        type->precision = (int)to_u32(cells[COLUMN_PRECISION]);
        type->scale = (int)to_u32(cells[COLUMN_SCALE]);
        type->is_unsigned = strstr(whole, " unsigned") != NULL;
        break;
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        type->length = row->bytes;
        type->is_unsigned = strstr(whole, " unsigned") != NULL;
        break;
    case TYPE_BITS:
        type->length = to_u32(cells[COLUMN_PRECISION]);
        type->fixed = true;
        break;
    case TYPE_TIME:
    case TYPE_DATETIME:
    case TYPE_INSTANT:
        type->precision = (int)to_u32(cells[COLUMN_FRACTION]);
        break;
    case TYPE_TEXT:
    case TYPE_BYTES:
        type->length = to_u32(cells[COLUMN_CHARACTERS]);
        break;
    default:
        break;
    }
}

static bool is_among(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

/* What CREATE TABLE takes besides the names above, and COLUMN_TYPE never says. */
static const struct {
    const char *word, *meant;
} synonyms[] = {{"bool", "tinyint(1)"}, {"boolean", "tinyint(1)"}, {"serial", "bigint unsigned"},
                {"dec", "decimal"},     {"fixed", "decimal"},      {"double precision", "double"},
                {"int1", "tinyint"},    {"int2", "smallint"},      {"int3", "mediumint"},
                {"int4", "int"},        {"int8", "bigint"},        {"float4", "float"},
                {"float8", "double"},   {"bit", "bit(1)"},         {"char", "char(1)"},
                {"binary", "binary(1)"}};

bool engine_mysql_parse_type(const char *text, struct arena *arena, struct type *type,
                             struct err *err)
{
    char *whole = arena_copy(arena, text);
    for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++)
        if (strcasecmp(whole, synonyms[i].word) == 0)
            whole = arena_copy(arena, synonyms[i].meant);
    size_t length = strcspn(whole, " (");
    char *base = arena_copy_bytes(arena, whole, length);
    for (size_t i = 0; base[i]; i++)
        base[i] = whole[i] = (char)tolower((unsigned char)whole[i]);
    const struct type_row *row = find_type(base);
    /* Of enum and set there is a list in brackets, of others up to two numbers. */
    const char *open = whole + length, *end = open;
    const char *numbers[2] = {NULL, NULL};
    bool listed = row && (row->class == TYPE_ENUM || row->class == TYPE_SET);
    if (*open == '(') {
        end = listed ? strrchr(open, ')') : open + strcspn(open, ")");
        end = end && *end ? end + 1 : NULL;
        for (size_t i = 0; end && !listed && i < 2; i++) {
            open += 1 + strspn(open + 1, " ");
            size_t digits = strspn(open, "0123456789");
            numbers[i] = digits ? arena_copy_bytes(arena, open, digits) : NULL;
            open += digits + strspn(open + digits, " ");
            if (*open != ',')
                break;
        }
        if (!listed && *open != ')')
            end = NULL;
    }
    char *rest = arena_copy(arena, end ? end + strspn(end, " ") : "?");
    for (size_t k = 0; rest[k]; k++)
        rest[k] = (char)tolower((unsigned char)rest[k]);
    static const char *const rests[] = {"",         "unsigned", "unsigned zerofill",
                                        "zerofill", "signed",   NULL};
    bool known_rest = is_among(rest, rests);
    if (!row || !known_rest)
        return err_set(err, ERR_USAGE, "\"%s\" is no type of MySQL or MariaDB", text);
    const char *cells[COLUMN_EXTRA + 1] = {NULL};
    cells[COLUMN_DATA_TYPE] = base;
    cells[COLUMN_CHARACTERS] = cells[COLUMN_FRACTION] = numbers[0];
    cells[COLUMN_PRECISION] = numbers[0] ? numbers[0] : "10";
    cells[COLUMN_SCALE] = numbers[1];
    cells[COLUMN_TYPE_TEXT] =
        *rest ? arena_format(arena, "%.*s %s", (int)(end - whole), whole, rest) : whole;
    read_type(arena, cells, type);
    return true;
}

/* ---- Character sets -------------------------------------------------------------------------- */

/* Every code of these has a place in Unicode: what the server sends is the value. */
static const char *const complete_charsets[] = {
    "utf8mb4", "latin1", "latin2",  "latin5",   "latin7", "koi8r",    "koi8u",  "cp850",
    "cp852",   "cp866",  "keybcs2", "macroman", "macce",  "armscii8", "binary", NULL};
/* Their bytes are UTF-8 already, and a server that converts them would show bad ones as '?'. */
static const char *const utf8_charsets[] = {"utf8", "utf8mb3", "ascii", NULL};
/* Codes of two or four bytes, so that '?' is counted in characters. */
static const char *const wide_charsets[] = {"ucs2", "utf16", "utf16le", "utf32", NULL};

/*
 * The expression that reads a text column without loss. A server sends '?' for a character that its
 * charset has and Unicode lacks (JIS 81AD), or that is no character at all, and then unlike values
 * look alike. So where there are more '?' after the conversion than before, the value becomes one
 * of its own that holds the bytes: equal to nothing but the same bytes read the same way. It begins
 * with a byte that no UTF-8 holds, and comes as bytes for that: a text column that holds the very
 * words "<sjis 0x81AD>" is another value.
 * Comparing a conversion there and back would not do: sets with duplicate codes (cp932 ED40 and
 * FA5C) come back as the other one.
 */
static const char *select_text(struct arena *arena, const char *charset, const char *name)
{
    struct buffer quoted = BUFFER_INIT(1 << 12);
    const char *select;

    if (!charset || is_among(charset, complete_charsets))
        return NULL;
    engine_mysql_quote_name(&quoted, name);
    const char *n = (const char *)quoted.data;
    if (is_among(charset, utf8_charsets)) {
        select = arena_format(arena, "CAST(%s AS BINARY)", n);
    } else if (is_among(charset, wide_charsets)) {
        select = arena_format(arena,
                              "IF(CHAR_LENGTH(%s) - CHAR_LENGTH(REPLACE(%s, '?', '')) = "
                              "CHAR_LENGTH(CONVERT(%s USING utf8mb4)) - "
                              "CHAR_LENGTH(REPLACE(CONVERT(%s USING utf8mb4), '?', '')), "
                              "CAST(CONVERT(%s USING utf8mb4) AS BINARY), "
                              "CONCAT(X'FF', '<%s 0x', HEX(%s), '>'))",
                              n, n, n, n, n, charset, n);
    } else {
        select = arena_format(arena,
                              "IF(LENGTH(%s) - LENGTH(REPLACE(CAST(%s AS BINARY), '?', '')) = "
                              "LENGTH(CONVERT(%s USING utf8mb4)) - "
                              "LENGTH(REPLACE(CONVERT(%s USING utf8mb4), '?', '')), "
                              "CAST(CONVERT(%s USING utf8mb4) AS BINARY), "
                              "CONCAT(X'FF', '<%s 0x', HEX(CAST(%s AS BINARY)), '>'))",
                              n, n, n, n, n, charset, n);
    }
    buffer_free(&quoted);
    return select;
}

/* ---- Tables ---------------------------------------------------------------------------------- */

enum table_cell {
    TABLE_SCHEMA,
    TABLE_NAME,
    TABLE_TYPE,
    TABLE_ENGINE,
    TABLE_ROWS,
    TABLE_BYTES,
    TABLE_COMMENT
};

static const char tables_sql[] =
    "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS, DATA_LENGTH, TABLE_COMMENT "
    "FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ";

struct relation_row {
    const char *type;
    enum relation_kind kind;
};

/* Whatever is not here is a table: BASE TABLE, SYSTEM VERSIONED. */
static const struct relation_row relation_rows[] = {
    {"VIEW", RELATION_VIEW},
    {"SYSTEM VIEW", RELATION_VIEW},
    {"SEQUENCE", RELATION_SEQUENCE},
};

static const char *const snapshot_engines[] = {"InnoDB", "ROCKSDB", "TokuDB", "ndbcluster", NULL};
/* Their rows live on another server or in files. */
static const char *const foreign_engines[] = {"FEDERATED", "CONNECT", NULL};

static bool same_name(const struct engine_mysql_session *session, const char *one,
                      const char *other)
{
    return (session->fold_names ? strcasecmp(one, other) : strcmp(one, other)) == 0;
}

/* The catalogs compare names without regard to case, even where the server does not. */
static bool is_wanted(const struct reading *reading, const char *schema_name)
{
    for (size_t i = 0; i < reading->wanted_count; i++)
        if (same_name(reading->session, reading->wanted[i].name, schema_name))
            return true;
    return false;
}

/* Arrays of the arena grow by doubling; what they leave behind goes with the arena. */
static void *grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    while (*capacity <= count)
        *capacity = *capacity ? *capacity * 2 : 8;
    void *larger = arena_alloc(arena, *capacity * size);
    if (count)
        memcpy(larger, items, count * size);
    return larger;
}

static const char *label_of(struct reading *reading, const struct table *table)
{
    struct arena *arena = &reading->schema->arena;

    if (strcmp(table->schema, reading->session->database) == 0)
        return table->name;
    return arena_format(arena, "%s.%s", table->schema, table->name);
}

static bool add_table(void *context, const char *const *cells, struct err *err)
{
    struct reading *reading = context;
    struct schema *schema = reading->schema;
    struct arena *arena = &schema->arena;

    (void)err;
    if (!is_wanted(reading, cells[TABLE_SCHEMA]))
        return true;
    schema->tables = grow(arena, schema->tables, schema->table_count, &reading->table_capacity,
                          sizeof *schema->tables);
    struct table *table = &schema->tables[schema->table_count++];
    *table = (struct table){.kind = RELATION_TABLE};
    table->schema = arena_copy(arena, cells[TABLE_SCHEMA]);
    table->name = arena_copy(arena, cells[TABLE_NAME]);
    table->label = label_of(reading, table);
    table->row_estimate = to_u64(cells[TABLE_ROWS]);
    table->byte_estimate = to_u64(cells[TABLE_BYTES]);
    const char *engine = cells[TABLE_ENGINE];
    for (size_t i = 0; i < sizeof relation_rows / sizeof *relation_rows; i++)
        if (strcmp(cells[TABLE_TYPE], relation_rows[i].type) == 0)
            table->kind = relation_rows[i].kind;
    if (table->kind == RELATION_TABLE && engine && is_among(engine, foreign_engines))
        table->kind = RELATION_FOREIGN;
    if (table->kind == RELATION_TABLE && !engine)
        table->unreadable = arena_format(arena, "the server cannot open it: %s",
                                         cells[TABLE_COMMENT] ? cells[TABLE_COMMENT] : "");
    else if (engine && table->kind == RELATION_TABLE && !is_among(engine, snapshot_engines))
        table->note = arena_format(arena, "%s: no consistent snapshot", engine);
    struct table_part *part = arena_alloc(arena, sizeof *part);
    struct buffer from = BUFFER_INIT(1 << 12);
    engine_mysql_quote_table(&from, table->schema, table->name);
    part->from = arena_copy(arena, (const char *)from.data);
    buffer_free(&from);
    table->part_count = 1;
    table->parts = part;
    return true;
}

static int compare_tables(const void *one, const void *other)
{
    const struct table *a = one, *b = other;
    int order = strcmp(a->schema, b->schema);

    return order ? order : strcmp(a->name, b->name);
}

/* Makes the named table the one at hand; false when the schema has none of that name. */
static bool turn_to(struct reading *reading, const char *schema_name, const char *name)
{
    struct table wanted = {.schema = schema_name, .name = name};

    if (reading->table && compare_tables(reading->table, &wanted) == 0)
        return true;
    struct schema *schema = reading->schema;
    if (!schema->table_count)
        return false;
    struct table *found = bsearch(&wanted, schema->tables, schema->table_count,
                                  sizeof *schema->tables, compare_tables);
    if (!found)
        return false;
    reading->table = found;
    reading->column_capacity = reading->key_capacity = reading->part_capacity = 0;
    return true;
}

static bool add_column(void *context, const char *const *cells, struct err *err)
{
    struct reading *reading = context;
    struct arena *arena = &reading->schema->arena;

    (void)err;
    if (!turn_to(reading, cells[COLUMN_SCHEMA], cells[COLUMN_TABLE]))
        return true;
    struct table *table = reading->table;
    table->columns = grow(arena, table->columns, table->column_count, &reading->column_capacity,
                          sizeof *table->columns);
    struct column *column = &table->columns[table->column_count++];
    *column = (struct column){.name = arena_copy(arena, cells[COLUMN_NAME])};
    column->nullable = strcmp(cells[COLUMN_NULLABLE], "YES") == 0;
    const char *extra = cells[COLUMN_EXTRA] ? cells[COLUMN_EXTRA] : "";
    /* MySQL's DEFAULT_GENERATED is only a default that is an expression. */
    column->generated =
        strstr(extra, "VIRTUAL") || strstr(extra, "STORED") || strstr(extra, "PERSISTENT");
    read_type(arena, cells, &column->type);
    enum type_class class = column->type.class;
    if (class == TYPE_TEXT || class == TYPE_ENUM || class == TYPE_SET)
        column->select = select_text(arena, cells[COLUMN_CHARSET], column->name);
    else if (class == TYPE_UNKNOWN)
        column->unreadable =
            arena_format(arena, "values of type %s cannot be read", column->type.name);
    return true;
}

/* ---- Keys ------------------------------------------------------------------------------------ */

enum key_cell { KEY_SCHEMA, KEY_TABLE, KEY_NAME, KEY_COLUMN, KEY_PREFIX, KEY_NULLABLE };

static const char keys_sql[] =
    "SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, COLUMN_NAME, SUB_PART, NULLABLE "
    "FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND TABLE_SCHEMA IN ";

/* One row per part of a key. An expression has no column name (MySQL), a prefix has its length. */
static bool add_key_part(void *context, const char *const *cells, struct err *err)
{
    struct reading *reading = context;
    struct arena *arena = &reading->schema->arena;

    (void)err;
    if (!turn_to(reading, cells[KEY_SCHEMA], cells[KEY_TABLE]))
        return true;
    struct table *table = reading->table;
    struct key *key = table->key_count ? &table->keys[table->key_count - 1] : NULL;
    if (!key || strcmp(key->name, cells[KEY_NAME]) != 0) {
        table->keys =
            grow(arena, table->keys, table->key_count, &reading->key_capacity, sizeof *table->keys);
        key = &table->keys[table->key_count++];
        *key = (struct key){.name = arena_copy(arena, cells[KEY_NAME])};
        key->primary = strcmp(key->name, "PRIMARY") == 0;
        reading->part_capacity = 0;
    }
    size_t column = 0;
    while (cells[KEY_COLUMN] && column < table->column_count &&
           strcmp(table->columns[column].name, cells[KEY_COLUMN]) != 0)
        column++;
    if (!cells[KEY_COLUMN] || column == table->column_count || cells[KEY_PREFIX]) {
        key->has_prefix = true;
        if (!cells[KEY_COLUMN] || column == table->column_count)
            return true;
    }
    if (cells[KEY_NULLABLE] && strcmp(cells[KEY_NULLABLE], "YES") == 0)
        key->nullable = true;
    size_t *columns = grow(arena, (void *)(uintptr_t)key->columns, key->column_count,
                           &reading->part_capacity, sizeof *columns);
    columns[key->column_count++] = column;
    key->columns = columns;
    return true;
}

/* Primary first, else as they were (by name). */
static void put_primary_first(struct table *table)
{
    for (size_t i = 1; i < table->key_count; i++) {
        if (!table->keys[i].primary)
            continue;
        struct key primary = table->keys[i];
        memmove(&table->keys[1], &table->keys[0], i * sizeof primary);
        table->keys[0] = primary;
    }
}

/* ---- All together ---------------------------------------------------------------------------- */

static bool mark_found(void *context, const char *const *cells, struct err *err)
{
    struct reading *reading = context;

    (void)err;
    for (size_t i = 0; i < reading->wanted_count; i++)
        if (same_name(reading->session, reading->wanted[i].name, cells[0]))
            reading->wanted[i].found = true;
    return true;
}

/* A database that is not there, or hidden from us, must not look like an empty one. */
static bool check_databases(struct reading *reading, struct err *err)
{
    if (!engine_mysql_rows(reading->connection,
                           "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA", mark_found,
                           reading, err))
        return false;
    for (size_t i = 0; i < reading->wanted_count; i++)
        if (!reading->wanted[i].found)
            return err_set(err, ERR_USAGE,
                           "the server has no database \"%s\", or hides it from this user",
                           reading->wanted[i].name);
    return true;
}

static bool read_part(struct reading *reading, const char *select, const char *order,
                      engine_mysql_row *row, struct err *err)
{
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT);

    buffer_add_text(&sql, select);
    for (size_t i = 0; i < reading->wanted_count; i++) {
        buffer_add_text(&sql, i ? ", " : "(");
        engine_mysql_quote_text(&sql, reading->wanted[i].name);
    }
    buffer_add_text(&sql, ")");
    buffer_add_text(&sql, order);
    reading->table = NULL;
    bool fine = engine_mysql_rows(reading->connection, (const char *)sql.data, row, reading, err);
    buffer_free(&sql);
    return fine;
}

bool engine_mysql_read_schema(struct connection *connection, const char *const *schemas,
                              size_t schema_count, struct schema *schema, struct err *err)
{
    const struct engine_mysql_session *session = engine_mysql_session_of(connection);
    struct reading reading = {.connection = connection, .schema = schema, .session = session};

    *schema = (struct schema){.arena = ARENA_INIT};
    schema->default_schema = arena_copy(&schema->arena, session->database);
    size_t count = schema_count ? schema_count : 1;
    reading.wanted = arena_alloc(&schema->arena, count * sizeof *reading.wanted);
    reading.wanted_count = count;
    for (size_t i = 0; i < count; i++)
        reading.wanted[i].name =
            arena_copy(&schema->arena, schema_count ? schemas[i] : session->database);
    if (!check_databases(&reading, err) || !read_part(&reading, tables_sql, "", add_table, err))
        return false;
    if (schema->table_count)
        qsort(schema->tables, schema->table_count, sizeof *schema->tables, compare_tables);
    if (!read_part(&reading, columns_sql, " ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION",
                   add_column, err) ||
        !read_part(&reading, keys_sql,
                   " ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX", add_key_part,
                   err))
        return false;
    for (size_t i = 0; i < schema->table_count; i++)
        put_primary_first(&schema->tables[i]);
    for (size_t i = 0; i < reading.wanted_count; i++) {
        bool all;
        if (!engine_mysql_sees_all(connection, reading.wanted[i].name, &all, err))
            return false;
        schema->may_hide_tables |= !all;
    }
    return true;
}
