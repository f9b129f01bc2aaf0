/*
 * What the user's expressions and conditions are, before any of them is used. Input: their text, a
 * table. Output: the type of an expression, or why the text is not one value, one condition. The
 * server prepares the text, and runs none of it.
 */
#include "engine_mysql_session.h"

#include <string.h>

/* ---- The type of a column of a result -------------------------------------------------------- */

/* MariaDB says "uuid" or "inet6" in an attribute beside the wire type. */
static const char *attribute_type(const MYSQL_FIELD *field, char name[32])
{
    name[0] = '\0';
#ifdef MARIADB_FIELD_ATTR_LAST
    MARIADB_CONST_STRING attribute = {NULL, 0};
    if (!mariadb_field_attr(&attribute, field, MARIADB_FIELD_ATTR_DATA_TYPE_NAME) &&
        attribute.str && attribute.length < 32) {
        memcpy(name, attribute.str, attribute.length);
        name[attribute.length] = '\0';
    }
#else
    (void)field;
#endif
    return name;
}

static void name_string_type(const MYSQL_FIELD *field, struct type *type)
{
    char attribute[32] = "";
    bool blob = field->type != MYSQL_TYPE_STRING && field->type != MYSQL_TYPE_VAR_STRING &&
                field->type != MYSQL_TYPE_VARCHAR;

    attribute_type(field, attribute);
    if (strcmp(attribute, "uuid") == 0) {
        type->class = TYPE_UUID;
        type->base = "uuid";
    } else if (strcmp(attribute, "inet4") == 0 || strcmp(attribute, "inet6") == 0) {
        type->class = TYPE_INET;
        type->base = attribute[4] == '4' ? "inet4" : "inet6";
    } else if (field->flags & ENUM_FLAG) {
        type->class = TYPE_ENUM;
        type->base = "enum";
    } else if (field->flags & SET_FLAG) {
        type->class = TYPE_SET;
        type->base = "set";
    } else if (field->charsetnr == 63) { /* "binary" */
        type->class = TYPE_BYTES;
        type->fixed = field->type == MYSQL_TYPE_STRING;
        type->base = blob ? "blob" : type->fixed ? "binary" : "varbinary";
        type->length = (uint32_t)field->length;
    } else {
        type->fixed = field->type == MYSQL_TYPE_STRING;
        type->length = (uint32_t)(field->length / 4); /* of utf8mb4 */
    }
    type->name = type->base;
}

/* The type of a result's column. What the wire does not say (an enum's labels) stays unsaid. */
static bool type_of_field(const MYSQL_FIELD *field, struct arena *arena, struct type *type)
{
    const struct engine_mysql_wire *wire = engine_mysql_cell_wire(field->type);
    unsigned decimals = field->decimals > 6 ? 6 : field->decimals; /* 31: not fixed */

    if (!wire)
        return false;
    *type = (struct type){
        .class = wire->class, .precision = -1, .base = wire->base, .name = wire->base};
    if (type->class >= TYPE_INT && type->class <= TYPE_DOUBLE)
        type->is_unsigned = (field->flags & UNSIGNED_FLAG) != 0;
    switch (type->class) {
    case TYPE_TEXT:
        name_string_type(field, type);
        break;
    case TYPE_INT:
        type->length = field->type == MYSQL_TYPE_INT24 ? 3 : wire->bytes;
        /* A comparison is an integer of one digit, as tinyint(1) is: both may stand for a truth. */
        type->tiny_bool = field->length == 1;
        type->name = arena_format(arena, type->tiny_bool ? "%s(1)%s" : "%s%s", wire->base,
                                  type->is_unsigned ? " unsigned" : "");
        break;
    case TYPE_DECIMAL:
        type->scale = (int)field->decimals;
        type->precision = (int)field->length - (type->scale > 0) - !type->is_unsigned;
        type->name = arena_format(arena, "decimal(%d,%d)", type->precision, type->scale);
        break;
    case TYPE_TIME:
    case TYPE_DATETIME:
    case TYPE_INSTANT:
        type->precision = (int)decimals;
        type->name = arena_format(arena, decimals ? "%s(%u)" : "%s", wire->base, decimals);
        break;
    case TYPE_BITS:
        type->length = (uint32_t)field->length;
        type->fixed = true;
        type->name = arena_format(arena, "bit(%u)", type->length);
        break;
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        type->length = wire->bytes;
        break;
    default:
        break;
    }
    return true;
}

/* ---- The text -------------------------------------------------------------------------------- */

/* Prepares a statement only to see whether it is one. */
static bool check_statement(struct connection *connection, const struct buffer *sql,
                            const char *what, MYSQL_STMT **statement, struct err *err)
{
    *statement = engine_mysql_query_prepare(connection, sql, what, err);
    if (!*statement)
        return false;
    if (mysql_stmt_param_count(*statement) == 0)
        return true;
    mysql_stmt_close(*statement);
    return err_set(err, ERR_USAGE, "%s: an expression may not hold a '?' outside of quotes", what);
}

/* Behind a quote: the place after its end, or where the text ends. A doubled quote is two quotes.
 */
static const char *skip_quoted(const char *place, char mark)
{
    for (; *place && *place != mark; place++)
        if (*place == '\\' && mark != '`' && place[1])
            place++;
    return *place ? place + 1 : place;
}

/*
 * Does the text stay inside the brackets that are put around it? "a) OR (b" would not: what is
 * joined to it with AND would then bind to a part of it only.
 */
static bool is_closed(const char *place)
{
    size_t depth = 0;

    while (*place) {
        char c = *place++;
        if (c == '\'' || c == '"' || c == '`')
            place = skip_quoted(place, c);
        else if (c == '#' || (c == '-' && *place == '-' && (!place[1] || place[1] <= ' ')))
            place += strcspn(place, "\n");
        else if (c == '/' && *place == '*')
            return false; /* it may hide anything, or be executable */
        else if (c == '(')
            depth++;
        else if (c == ')' && depth-- == 0)
            return false;
    }
    return depth == 0;
}

static bool describe_field(const struct table *table, const char *expression, MYSQL_STMT *statement,
                           struct arena *arena, struct type *type, struct err *err)
{
    MYSQL_RES *columns = mysql_stmt_result_metadata(statement);
    bool fine = columns && mysql_num_fields(columns) == 2;

    if (!fine)
        (void)err_set(err, ERR_USAGE, "%s: \"%s\" is not one value", table->label, expression);
    else if (!type_of_field(mysql_fetch_fields(columns), arena, type))
        fine = err_set(err, ERR_TABLE, "%s: \"%s\" has a type that cannot be read", table->label,
                       expression);
    if (columns)
        mysql_free_result(columns);
    return fine;
}

/*
 * The expression stands in WHERE too, where the server refuses aggregates and window functions:
 * they would make fewer rows of the table. The line breaks end a comment before it swallows a
 * bracket.
 */
bool engine_mysql_describe(struct connection *connection, struct schema *schema,
                           const struct table *table, const char *expression, const char *where,
                           struct type *type, struct err *err)
{
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT);
    MYSQL_STMT *statement;

    if ((expression && !is_closed(expression)) || (where && !is_closed(where)))
        return err_set(err, ERR_USAGE,
                       "%s: the brackets or quotes of an expression do not match, or it holds a /* "
                       "comment: %s",
                       table->label, expression ? expression : where);
    const char *value = expression ? expression : "1";
    buffer_printf(&sql, "SELECT (%s\n), 1 FROM %s WHERE ((%s\n) IS NULL OR TRUE)", value,
                  table->parts[0].from, value);
    if (where)
        buffer_printf(&sql, " AND (%s\n)", where);
    bool fine = check_statement(connection, &sql, table->label, &statement, err);
    buffer_free(&sql);
    if (!fine) {
        if (err->code == ERR_TABLE && !engine_mysql_query_is_denial(connection->code))
            err->code = ERR_USAGE;
        return false;
    }
    if (expression)
        fine = describe_field(table, expression, statement, &schema->arena, type, err);
    mysql_stmt_close(statement);
    return fine;
}
