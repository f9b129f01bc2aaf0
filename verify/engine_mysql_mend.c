/*
 * The statements of MySQL and MariaDB that mend a definition, and the question how many rows a
 * folding unique key would refuse. Input: struct mend; a table and the parts of a key. Output: SQL;
 * a number. Knows nothing of the client library.
 *
 * What would have to repeat a column's whole definition (MODIFY) is no safe statement: it loses
 * what it does not repeat.
 */
#include "engine_mysql.h"
#include "engine_sql.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE_INDEX_CHARACTERS 768 /* 3072 bytes of an InnoDB key, at four a character */

/* ---- Statements ------------------------------------------------------------------------------ */

static void add_table(struct buffer *out, const struct mend *mend)
{
    engine_mysql_quote_table(out, mend->table->schema, mend->table->name);
}

static void add_alter(struct buffer *out, const struct mend *mend)
{
    buffer_add_text(out, "ALTER TABLE ");
    add_table(out, mend);
}

/* False: a column is of a type that takes a prefix in an index, whose length nobody can know. */
static bool add_columns(struct buffer *out, const struct mend *mend)
{
    bool whole = true;
    buffer_add_text(out, " (");
    for (size_t i = 0; i < mend->column_count; i++) {
        const struct column *column = &mend->table->columns[mend->columns[i]];
        enum type_class class = column->type.class;
        buffer_add_text(out, i ? ", " : "");
        engine_mysql_quote_name(out, column->name);
        whole = whole && class != TYPE_JSON && class != TYPE_GEOMETRY &&
                ((class != TYPE_TEXT && class != TYPE_BYTES) ||
                 column->type.length <= WHOLE_INDEX_CHARACTERS);
        whole = whole && !strstr(column->type.base, "text") && !strstr(column->type.base, "blob");
    }
    buffer_add_byte(out, ')');
    return whole;
}

static bool no_statement(const struct mend *mend, struct buffer *out)
{
    (void)mend;
    (void)out;
    return false;
}

static bool mend_counter(const struct mend *mend, struct buffer *out)
{
    const struct table_definition *definition = mend->table->definition;
    const struct counter *counter = definition ? definition->columns[mend->column].counter : NULL;
    if (!counter || mend->number == INT64_MAX)
        return false;
    if (counter->sequence) {
        buffer_printf(out, "SELECT SETVAL(%s, %" PRId64 ")", counter->sequence, mend->number);
        return true;
    }
    add_alter(out, mend);
    buffer_printf(out, " AUTO_INCREMENT = %" PRId64, mend->number + 1);
    return true;
}

static void add_alter_column(struct buffer *out, const struct mend *mend)
{
    add_alter(out, mend);
    buffer_add_text(out, " ALTER COLUMN ");
    engine_mysql_quote_name(out, mend->table->columns[mend->column].name);
}

/* As SET DEFAULT takes it: a literal. */
static bool mend_set_default(const struct mend *mend, struct buffer *out)
{
    const struct column *column = &mend->table->columns[mend->column];
    const char *value = mend->preset->value;
    if (mend->preset->kind != DEFAULT_LITERAL || strstr(column->type.base, "text") ||
        strstr(column->type.base, "blob"))
        return false;
    add_alter_column(out, mend);
    buffer_add_text(out, " SET DEFAULT ");
    switch (column->type.class) {
    case TYPE_INT:
    case TYPE_DECIMAL:
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        value = strcmp(value, "true") == 0 ? "1" : strcmp(value, "false") == 0 ? "0" : value;
        engine_mysql_quote_text(out, value);
        return true;
    case TYPE_TEXT:
    case TYPE_ENUM:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_DATETIME:
        engine_mysql_quote_text(out, value);
        return true;
    default:
        return false;
    }
}

static bool mend_drop_default(const struct mend *mend, struct buffer *out)
{
    /* DROP DEFAULT takes the NULL away too, which a column that may be NULL has otherwise. */
    if (mend->table->columns[mend->column].nullable)
        return false;
    add_alter_column(out, mend);
    buffer_add_text(out, " DROP DEFAULT");
    return true;
}

static bool mend_add_primary_key(const struct mend *mend, struct buffer *out)
{
    add_alter(out, mend);
    buffer_add_text(out, " ADD PRIMARY KEY");
    return add_columns(out, mend);
}

static bool mend_add_index(const struct mend *mend, struct buffer *out)
{
    buffer_add_text(out,
                    mend->kind == MEND_ADD_UNIQUE_INDEX ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
    engine_mysql_quote_name(out, mend->name);
    buffer_add_text(out, " ON ");
    add_table(out, mend);
    return add_columns(out, mend);
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
    bool whole = add_columns(out, mend);
    buffer_add_text(out, " REFERENCES ");
    engine_mysql_quote_table(out, mend->other->schema, mend->other->name);
    for (size_t i = 0; i < mend->column_count; i++) {
        buffer_add_text(out, i ? ", " : " (");
        engine_mysql_quote_name(out, mend->other_columns[i]);
    }
    buffer_add_byte(out, ')');
    add_action(out, "UPDATE", mend->on_update);
    add_action(out, "DELETE", mend->on_delete);
    /* InnoDB takes no SET DEFAULT. */
    return whole && !strstr((const char *)out->data, " SET DEFAULT");
}

bool engine_mysql_mend(const struct mend *mend, struct buffer *out)
{
    static bool (*const mends[])(const struct mend *mend, struct buffer *out) = {
        [MEND_COUNTER] = mend_counter,
        [MEND_SET_NOT_NULL] = no_statement,
        [MEND_DROP_NOT_NULL] = no_statement,
        [MEND_SET_DEFAULT] = mend_set_default,
        [MEND_DROP_DEFAULT] = mend_drop_default,
        [MEND_ADD_PRIMARY_KEY] = mend_add_primary_key,
        [MEND_ADD_UNIQUE_INDEX] = mend_add_index,
        [MEND_ADD_INDEX] = mend_add_index,
        [MEND_BUILD_INDEX] = no_statement, /* MySQL and MariaDB spell it in two ways */
        [MEND_ADD_FOREIGN_KEY] = mend_add_foreign_key,
        [MEND_VALIDATE] = no_statement,
        [MEND_ADD_ENUM_MEMBER] = no_statement,
    };
    return mends[mend->kind](mend, out);
}

/* ---- Collisions ------------------------------------------------------------------------------ */

/* Letters' case and trailing blanks are folded. Accents are left: what is counted are some of the
 * collisions, never more than there are. A collation that ends in _bin pads, unless the last
 * character is no blank. */
static void add_folded(struct buffer *sql, const struct table *table, const struct index_part *part)
{
    const struct column *column = &table->columns[part->column];
    if (column->type.class != TYPE_TEXT) {
        engine_mysql_quote_name(sql, column->name);
        return;
    }
    buffer_add_text(sql, part->equates & EQUATES_TRAILING_BLANKS ? "" : "CONCAT(");
    buffer_add_text(sql, part->equates & EQUATES_CASE ? "LOWER(CONVERT(" : "(CONVERT(");
    engine_mysql_quote_name(sql, column->name);
    buffer_add_text(sql, " USING utf8mb4))");
    buffer_add_text(sql, part->equates & EQUATES_TRAILING_BLANKS ? "" : ", '.')");
    buffer_add_text(sql, " COLLATE utf8mb4_bin");
}

bool engine_mysql_collisions(struct connection *connection, const struct table *table, size_t count,
                             const struct index_part *parts, uint64_t *groups, struct err *err)
{
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_printf(&sql, "SELECT COUNT(*) FROM (SELECT 1 FROM %s", table->parts[0].from);
    engine_sql_add_groups(&sql, table, count, parts, engine_mysql_quote_name, add_folded);
    buffer_add_text(&sql, " HAVING COUNT(*) > 1) g");
    bool ok =
        engine_mysql_rows(connection, (const char *)sql.data, engine_sql_keep_count, groups, err);
    buffer_free(&sql);
    return ok;
}
