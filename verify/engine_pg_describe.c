/*
 * What the user's expressions and conditions are, before any of them is used. Input: their text, a
 * table. Output: the type of an expression, or why the text is not one value, one condition. Knows
 * nothing of libpq, and runs none of the text.
 */
#include "engine_pg_session.h"

#include <inttypes.h>
#include <stdio.h>

/*
 * User text goes between parentheses on lines of its own, so that a comment in it ends. Text that
 * closes our parenthesis and opens another ("a) OR (b") would still pass: where it stands in WHERE
 * it could undo the other conditions. In `CASE WHEN … THEN` and `THEN … END` it does not pass; and
 * there, in WHERE, aggregates and set-returning functions do not either, which would change the
 * number of rows.
 */
static bool check_enclosed(struct connection *connection, const struct table *table,
                           const char *expression, const char *where, const char *what,
                           struct err *err)
{
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct pg_result *described;
    buffer_add_text(&sql, "SELECT 1 FROM ");
    engine_pg_catalog_add_table(&sql, table);
    buffer_printf(&sql, " WHERE (CASE WHEN\n%s\nTHEN true END)", where ? where : "true");
    if (expression)
        buffer_printf(&sql, " AND (CASE WHEN true THEN\n%s\nEND) IS NULL", expression);
    bool ok = engine_pg_query_describe(connection, (char *)sql.data, NULL, ERR_USAGE, what,
                                       &described, err);
    engine_pg_result_free(described);
    buffer_free(&sql);
    return ok;
}

static bool fill_described(struct connection *connection, struct schema *schema,
                           const struct pg_result *described, struct type *type, struct err *err)
{
    uint32_t oid = engine_pg_result_type(described, 0);
    int modifier = engine_pg_result_modifier(described, 0);
    char oid_text[16], modifier_text[16];
    snprintf(oid_text, sizeof oid_text, "%" PRIu32, oid);
    snprintf(modifier_text, sizeof modifier_text, "%d", modifier);
    const char *values[2] = {oid_text, modifier_text};
    struct pg_result *result;
    if (!engine_pg_catalog_load_types(connection, &oid, 1, err) ||
        !engine_pg_query(connection,
                         "SELECT pg_catalog.format_type($1::pg_catalog.oid, $2::pg_catalog.int4)",
                         2, values, &result, ERR_TABLE, "reading the types", err))
        return false;
    const struct pgtype *pgtype = pgtypes_find(&connection->types, oid);
    if (pgtype)
        pgtype_fill(pgtype, modifier, engine_pg_result_text(result, 0, 0), &schema->arena, type);
    else
        *type =
            (struct type){.name = arena_copy(&schema->arena, engine_pg_result_text(result, 0, 0)),
                          .base = "unknown"};
    engine_pg_result_free(result);
    return true;
}

bool engine_pg_describe(struct connection *connection, struct schema *schema,
                        const struct table *table, const char *expression, const char *where,
                        struct type *type, struct err *err)
{
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct pg_result *described;
    const char *what = table->label;

    buffer_printf(&sql, "SELECT (\n%s\n) FROM ", expression ? expression : "1");
    engine_pg_catalog_add_table(&sql, table);
    if (where)
        buffer_printf(&sql, " WHERE (\n%s\n)", where);
    bool ok = engine_pg_query_describe(connection, (char *)sql.data, NULL, ERR_USAGE, what,
                                       &described, err);
    buffer_free(&sql);
    if (!ok)
        return false;
    if (engine_pg_result_columns(described) != 1)
        ok = err_set(err, ERR_USAGE, "%s: the expression is not one value", what);
    ok = ok && check_enclosed(connection, table, expression, where, what, err) &&
         (!expression || fill_described(connection, schema, described, type, err));
    engine_pg_result_free(described);
    return ok;
}
