/*
 * PostgreSQL's statements that mend a definition, and the question how many rows a folding unique
 * key would refuse. Input: struct mend; a table and the parts of a key. Output: SQL; a number.
 * Knows nothing of libpq.
 */
#include "engine_pg.h"
#include "engine_sql.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- Statements ------------------------------------------------------------------------------ */

static void add_columns(struct buffer *out, const struct mend *mend)
{
    buffer_add_text(out, " (");
    for (size_t i = 0; i < mend->column_count; i++) {
        buffer_add_text(out, i ? ", " : "");
        engine_pg_quote_name(out, mend->table->columns[mend->columns[i]].name);
    }
    buffer_add_byte(out, ')');
}

static void add_alter(struct buffer *out, const struct mend *mend)
{
    buffer_add_text(out, "ALTER TABLE ");
    engine_pg_quote_table(out, mend->table->schema, mend->table->name);
}

static void add_alter_column(struct buffer *out, const struct mend *mend)
{
    add_alter(out, mend);
    buffer_add_text(out, " ALTER COLUMN ");
    engine_pg_quote_name(out, mend->table->columns[mend->column].name);
}

static const struct counter *counter_of(const struct mend *mend)
{
    const struct table_definition *definition = mend->table->definition;
    return definition ? definition->columns[mend->column].counter : NULL;
}

static bool mend_counter(const struct mend *mend, struct buffer *out)
{
    const struct counter *counter = counter_of(mend);
    if (!counter || !counter->sequence)
        return false;
    buffer_add_text(out, "SELECT setval(");
    engine_pg_quote_text(out, counter->sequence);
    buffer_printf(out, ", %" PRId64 ")", mend->number);
    return true;
}

static bool mend_set_not_null(const struct mend *mend, struct buffer *out)
{
    add_alter_column(out, mend);
    buffer_add_text(out, " SET NOT NULL");
    return true;
}

static bool mend_drop_not_null(const struct mend *mend, struct buffer *out)
{
    add_alter_column(out, mend);
    buffer_add_text(out, " DROP NOT NULL");
    return true;
}

/* What a literal looks like in the column's type; false: no safe way to write it. */
static bool add_literal(struct buffer *out, const struct type *type, const char *value)
{
    bool yes = strcmp(value, "1") == 0 || strcmp(value, "true") == 0 || strcmp(value, "t") == 0;
    switch (type->class) {
    case TYPE_BOOL:
        buffer_add_text(out, yes ? "true" : "false");
        return true;
    case TYPE_INT:
    case TYPE_DECIMAL:
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
    case TYPE_TEXT:
    case TYPE_ENUM:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_DATETIME:
    case TYPE_INSTANT:
    case TYPE_JSON:
        engine_pg_quote_text(out, value);
        return true;
    default:
        return false;
    }
}

static bool mend_set_default(const struct mend *mend, struct buffer *out)
{
    const struct type *type = &mend->table->columns[mend->column].type;
    add_alter_column(out, mend);
    buffer_add_text(out, " SET DEFAULT ");
    switch (mend->preset->kind) {
    case DEFAULT_LITERAL:
        return add_literal(out, type, mend->preset->value);
    case DEFAULT_NOW:
        buffer_add_text(out, type->class == TYPE_DATE ? "CURRENT_DATE" : "CURRENT_TIMESTAMP");
        return type->class != TYPE_TIME;
    case DEFAULT_TODAY:
        buffer_add_text(out, "CURRENT_DATE");
        return true;
    case DEFAULT_UUID: /* gen_random_uuid() is not there before version 13 */
    default:
        return false;
    }
}

static bool mend_drop_default(const struct mend *mend, struct buffer *out)
{
    add_alter_column(out, mend);
    buffer_add_text(out, " DROP DEFAULT");
    return true;
}

static bool mend_add_primary_key(const struct mend *mend, struct buffer *out)
{
    add_alter(out, mend);
    buffer_add_text(out, " ADD PRIMARY KEY");
    add_columns(out, mend);
    return true;
}

/* Names of indexes are unique in a schema, and MySQL's only in a table: the server finds one. */
static bool mend_add_index(const struct mend *mend, struct buffer *out)
{
    buffer_add_text(out, mend->kind == MEND_ADD_UNIQUE_INDEX ? "CREATE UNIQUE INDEX ON "
                                                             : "CREATE INDEX ON ");
    engine_pg_quote_table(out, mend->table->schema, mend->table->name);
    add_columns(out, mend);
    return true;
}

static bool mend_build_index(const struct mend *mend, struct buffer *out)
{
    buffer_add_text(out, "REINDEX INDEX ");
    engine_pg_quote_table(out, mend->table->schema, mend->name);
    return mend->table->part_count == 1;
}

static void add_action(struct buffer *out, const char *event, const char *action)
{
    if (action && strcmp(action, "NO ACTION") != 0)
        buffer_printf(out, " ON %s %s", event, action);
}

static bool mend_add_foreign_key(const struct mend *mend, struct buffer *out)
{
    add_alter(out, mend);
    buffer_add_text(out, " ADD FOREIGN KEY");
    add_columns(out, mend);
    buffer_add_text(out, " REFERENCES ");
    engine_pg_quote_table(out, mend->other->schema, mend->other->name);
    for (size_t i = 0; i < mend->column_count; i++) {
        buffer_add_text(out, i ? ", " : " (");
        engine_pg_quote_name(out, mend->other_columns[i]);
    }
    buffer_add_byte(out, ')');
    add_action(out, "UPDATE", mend->on_update);
    add_action(out, "DELETE", mend->on_delete);
    return true;
}

static bool mend_validate(const struct mend *mend, struct buffer *out)
{
    add_alter(out, mend);
    buffer_add_text(out, " VALIDATE CONSTRAINT ");
    engine_pg_quote_name(out, mend->name);
    return true;
}

static bool mend_add_enum_member(const struct mend *mend, struct buffer *out)
{
    const struct table_definition *definition = mend->table->definition;
    const char *type = definition ? definition->columns[mend->column].enum_type : NULL;
    if (!type)
        return false;
    buffer_printf(out, "ALTER TYPE %s ADD VALUE IF NOT EXISTS ", type);
    engine_pg_quote_text(out, mend->member);
    return true;
}

bool engine_pg_mend(const struct mend *mend, struct buffer *out)
{
    static bool (*const mends[])(const struct mend *mend, struct buffer *out) = {
        [MEND_COUNTER] = mend_counter,
        [MEND_SET_NOT_NULL] = mend_set_not_null,
        [MEND_DROP_NOT_NULL] = mend_drop_not_null,
        [MEND_SET_DEFAULT] = mend_set_default,
        [MEND_DROP_DEFAULT] = mend_drop_default,
        [MEND_ADD_PRIMARY_KEY] = mend_add_primary_key,
        [MEND_ADD_UNIQUE_INDEX] = mend_add_index,
        [MEND_ADD_INDEX] = mend_add_index,
        [MEND_BUILD_INDEX] = mend_build_index,
        [MEND_ADD_FOREIGN_KEY] = mend_add_foreign_key,
        [MEND_VALIDATE] = mend_validate,
        [MEND_ADD_ENUM_MEMBER] = mend_add_enum_member,
    };
    return mends[mend->kind](mend, out);
}

/* ---- Collisions ------------------------------------------------------------------------------ */

/* Letters' case and trailing blanks are folded as MySQL does for most letters. Accents are left:
 * what is counted are some of the collisions, never more than there are. */
static void add_folded(struct buffer *sql, const struct table *table, const struct index_part *part)
{
    const struct column *column = &table->columns[part->column];
    bool text = column->type.class == TYPE_TEXT;
    if (text && part->equates & EQUATES_TRAILING_BLANKS)
        buffer_add_text(sql, "pg_catalog.rtrim(");
    if (text && part->equates & EQUATES_CASE)
        buffer_add_text(sql, "pg_catalog.lower(");
    engine_pg_quote_name(sql, column->name);
    buffer_add_text(sql, text ? "::pg_catalog.text" : "");
    buffer_add_text(sql, text && part->equates & EQUATES_CASE ? ")" : "");
    buffer_add_text(sql, text && part->equates & EQUATES_TRAILING_BLANKS ? ", ' ')" : "");
}

bool engine_pg_collisions(struct connection *connection, const struct table *table, size_t count,
                          const struct index_part *parts, uint64_t *groups, struct err *err)
{
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add_text(&sql, "SELECT pg_catalog.count(*) FROM (SELECT 1 FROM ");
    if (table->part_count == 1)
        buffer_add_text(&sql, table->parts[0].from);
    else
        engine_pg_quote_table(&sql, table->schema, table->name);
    engine_sql_add_groups(&sql, table, count, parts, engine_pg_quote_name, add_folded);
    buffer_add_text(&sql, " HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1) g");
    bool ok = engine_pg_rows(connection, (const char *)sql.data, 0, NULL, table->label,
                             engine_sql_keep_count, groups, err);
    buffer_free(&sql);
    return ok;
}
