/*
 * SQL as PostgreSQL reads it (engine_sql.h).
 *
 * A value is written as the text that its type's input function reads, between quotes and without a
 * cast: the server gives it the column's own type (a domain, an enum, …) and checks it. Numbers
 * stand without quotes. Backslashes are no escapes: the file pins standard_conforming_strings, and
 * what else decides how a text is read.
 */
#include "engine_sql.h"

#include "../diff/json_canon.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* src/include/datatype/timestamp.h: Julian day 0, and the first days that are too late. */
#define DAY_FIRST INT64_C(-2440588)
#define DATE_END INT64_C(2145031949)
#define MOMENT_END (INT64_C(106741035) * ENGINE_SQL_DAY)

#define EWKB_HAS_SRID 0x20000000u

static const char no_such[] = "the column's type has no such value";

static bool is_base(const struct type *type, const char *name)
{
    return type->base && strcmp(type->base, name) == 0;
}

/* ---- The text of a value, as its type's input function reads it --------------------------------
 */

typedef bool plain_writer(struct buffer *out, const struct type *type, const struct value *value,
                          const char **why);

static bool add_payload(struct buffer *out, const struct value *value, const char **why)
{
    if (value->payload_length && memchr(value->payload, '\0', value->payload_length))
        return engine_sql_no(why, "it holds a NUL character, which the server does not keep");
    buffer_add(out, value->payload, value->payload_length);
    return true;
}

static bool plain_bool(struct buffer *out, const struct type *type, const struct value *value,
                       const char **why)
{
    (void)type;
    if (value->tag != VALUE_BOOL)
        return engine_sql_no(why, no_such);
    buffer_add_text(out, value->payload[0] ? "true" : "false");
    return true;
}

static bool plain_int(struct buffer *out, const struct type *type, const struct value *value,
                      const char **why)
{
    return engine_sql_add_int(out, value, type->length, type->is_unsigned, why);
}

static bool plain_decimal(struct buffer *out, const struct type *type, const struct value *value,
                          const char **why)
{
    struct decimal decimal;
    if (value->tag == VALUE_DECIMAL) {
        decimal_read(value, &decimal);
        if (decimal.class == DECIMAL_NAN && !is_base(type, "money")) {
            buffer_add_text(out, "NaN");
            return true;
        }
        if (decimal.class != DECIMAL_FINITE && type->precision < 0) { /* since version 14 */
            buffer_add_text(out, decimal.class == DECIMAL_INFINITY ? "Infinity" : "-Infinity");
            return true;
        }
    }
    return engine_sql_add_decimal(out, type, value, why);
}

static bool plain_float(struct buffer *out, const struct type *type, const struct value *value,
                        const char **why)
{
    double number = value_to_double(value);
    if (value->tag != VALUE_DOUBLE)
        return engine_sql_no(why, no_such);
    if (!engine_sql_fits_float(number, type, why))
        return false;
    if (isfinite(number))
        engine_sql_add_double(out, number);
    else
        buffer_add_text(out, isnan(number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity");
    return true;
}

static bool plain_text(struct buffer *out, const struct type *type, const struct value *value,
                       const char **why)
{
    if (value->tag != VALUE_TEXT && value->tag != VALUE_JSON)
        return engine_sql_no(why, no_such);
    bool bytes = is_base(type, "name") || is_base(type, "char");
    size_t size = bytes ? value->payload_length : engine_sql_characters(value);
    if (type->length && size > type->length)
        return engine_sql_no(why, "it is longer than the column");
    if (type->fixed && value->payload_length && value->payload[value->payload_length - 1] == ' ')
        return engine_sql_no(why, "it ends with a blank, which a char(n) column does not keep");
    return add_payload(out, value, why);
}

static bool plain_bytes(struct buffer *out, const struct type *type, const struct value *value,
                        const char **why)
{
    (void)type;
    if (value->tag != VALUE_BYTES)
        return engine_sql_no(why, no_such);
    buffer_add_text(out, "\\x");
    buffer_add_hex(out, value->payload, value->payload_length);
    return true;
}

/* "infinity" and "-infinity" are all that the type has beside its calendar. */
static bool plain_special(struct buffer *out, const struct value *value, const char **why)
{
    static const char *const words[] = {"infinity", "-infinity"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (value->payload_length == strlen(words[i]) &&
            memcmp(value->payload, words[i], value->payload_length) == 0) {
            buffer_add_text(out, words[i]);
            return true;
        }
    return engine_sql_no(why, "no calendar has this date, and so PostgreSQL has not");
}

/* The day; *bc: " BC", to be put behind the time of day. */
static void add_day(struct buffer *out, int64_t days, const char **bc)
{
    int64_t year;
    unsigned month, day;
    civil_from_days(days, &year, &month, &day);
    *bc = year > 0 ? "" : " BC";
    buffer_printf(out, "%04" PRId64 "-%02u-%02u", year > 0 ? year : 1 - year, month, day);
}

static bool plain_date(struct buffer *out, const struct type *type, const struct value *value,
                       const char **why)
{
    const char *bc;
    (void)type;
    if (value->tag == VALUE_SPECIAL)
        return plain_special(out, value, why);
    if (value->tag != VALUE_DATE)
        return engine_sql_no(why, no_such);
    int64_t days = engine_sql_int(value);
    if (days < DAY_FIRST || days >= DATE_END)
        return engine_sql_no(why, "it is outside the years of a date");
    add_day(out, days, &bc);
    buffer_add_text(out, bc);
    return true;
}

static bool plain_moment(struct buffer *out, const struct type *type, const struct value *value,
                         const char **why)
{
    const char *bc;
    if (value->tag == VALUE_SPECIAL)
        return plain_special(out, value, why);
    if (value->tag != VALUE_DATETIME && value->tag != VALUE_INSTANT)
        return engine_sql_no(why, no_such);
    int64_t moment = engine_sql_int(value), rest = moment % ENGINE_SQL_DAY;
    if (moment < DAY_FIRST * ENGINE_SQL_DAY || moment >= MOMENT_END)
        return engine_sql_no(why, "it is outside the years of a timestamp");
    rest += rest < 0 ? ENGINE_SQL_DAY : 0;
    if (!engine_sql_fits_fraction(rest, type->precision, why))
        return false;
    add_day(out, (moment - rest) / ENGINE_SQL_DAY, &bc);
    buffer_add_byte(out, ' ');
    engine_sql_add_clock(out, (uint64_t)rest);
    buffer_printf(out, "%s%s", type->class == TYPE_INSTANT ? "+00" : "", bc);
    return true;
}

static bool plain_time(struct buffer *out, const struct type *type, const struct value *value,
                       const char **why)
{
    if (value->tag != VALUE_TIME)
        return engine_sql_no(why, no_such);
    int64_t time = engine_sql_int(value);
    if (time < 0 || time > ENGINE_SQL_DAY)
        return engine_sql_no(why, "it is not a time of one day, 00:00 to 24:00");
    if (!engine_sql_fits_fraction(time, type->precision, why))
        return false;
    engine_sql_add_clock(out, (uint64_t)time);
    return true;
}

static int64_t interval_field(const struct value *value, size_t field)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < 8; i++)
        n |= (uint64_t)value->payload[8 * field + i] << 8 * i;
    return (int64_t)n;
}

static bool plain_interval(struct buffer *out, const struct type *type, const struct value *value,
                           const char **why)
{
    if (value->tag != VALUE_INTERVAL)
        return engine_sql_no(why, no_such);
    int64_t months = interval_field(value, 0), days = interval_field(value, 1);
    int64_t time = interval_field(value, 2);
    if (months < INT32_MIN || months > INT32_MAX || days < INT32_MIN || days > INT32_MAX)
        return engine_sql_no(why, "it is longer than an interval can be");
    /* "interval day to minute" drops what is smaller. */
    if (type->name && strncmp(type->name, "interval ", 9) == 0 &&
        isalpha((unsigned char)type->name[9]))
        return engine_sql_no(why, "the column keeps some fields of an interval only");
    if (!engine_sql_fits_fraction(time, type->precision, why))
        return false;
    /* Each part has its own sign. */
    buffer_printf(out, "%" PRId64 " mons %+" PRId64 " days %s", months, days, time < 0 ? "-" : "+");
    engine_sql_add_clock(out, time < 0 ? 0 - (uint64_t)time : (uint64_t)time);
    return true;
}

/* jsonb decodes its strings, and no text of the server holds NUL or half a character. */
static bool plain_json(struct buffer *out, const struct type *type, const struct value *value,
                       const char **why)
{
    if (value->tag != VALUE_JSON)
        return engine_sql_no(why, no_such);
    const unsigned char *at = value->payload, *end = at + value->payload_length;
    for (; !is_base(type, "json") && at < end; at++) {
        if (*at != '\\')
            continue;
        at++;
        if (end - at > 4 && at[0] == 'u' && (at[1] == 'D' || memcmp(at + 1, "0000", 4) == 0))
            return engine_sql_no(why, "it holds a character that jsonb refuses");
    }
    return add_payload(out, value, why);
}

static bool plain_uuid(struct buffer *out, const struct type *type, const struct value *value,
                       const char **why)
{
    (void)type;
    if (value->tag != VALUE_UUID)
        return engine_sql_no(why, no_such);
    value_print(out, value, SIZE_MAX);
    return true;
}

static bool plain_bits(struct buffer *out, const struct type *type, const struct value *value,
                       const char **why)
{
    return engine_sql_add_bits(out, value, type->length, type->fixed, why);
}

static bool plain_inet(struct buffer *out, const struct type *type, const struct value *value,
                       const char **why)
{
    if (value->tag != VALUE_INET)
        return engine_sql_no(why, no_such);
    unsigned prefix = value->payload[1], bits = (unsigned)(value->payload_length - 2) * 8;
    for (unsigned i = prefix; is_base(type, "cidr") && i < bits; i++)
        if (value->payload[2 + i / 8] >> (7 - i % 8) & 1)
            return engine_sql_no(why,
                                 "it is an address in a network, and the column holds networks");
    value_print(out, value, SIZE_MAX);
    return true;
}

/* Text that the server's own output function made. */
static bool plain_other(struct buffer *out, const struct type *type, const struct value *value,
                        const char **why)
{
    (void)type;
    return value->tag == VALUE_TEXT ? add_payload(out, value, why) : engine_sql_no(why, no_such);
}

/* ---- Geometry ---------------------------------------------------------------------------------
 */

static uint32_t u32_at(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static void add_coordinate(struct buffer *out, const unsigned char *bytes)
{
    uint64_t bits = u32_at(bytes) | (uint64_t)u32_at(bytes + 4) << 32;
    double number;
    memcpy(&number, &bits, sizeof number);
    if (isfinite(number))
        engine_sql_add_double(out, number);
    else
        buffer_add_text(out, isnan(number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity");
}

static void add_points(struct buffer *out, const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_add_text(out, i ? ",(" : "(");
        add_coordinate(out, bytes + 16 * i);
        buffer_add_byte(out, ',');
        add_coordinate(out, bytes + 16 * i + 8);
        buffer_add_byte(out, ')');
    }
}

/* The built-in point and polygon; a polygon's ring is read with its first point at its end. */
static bool plain_shape(struct buffer *out, const struct type *type, const unsigned char *wkb,
                        size_t length, const char **why)
{
    bool point = is_base(type, "point");
    uint32_t shape = u32_at(wkb + 1);
    if (point && shape == 1 && length == 21) {
        add_points(out, wkb + 5, 1);
        return true;
    }
    if (point || shape != 3 || length < 13 || u32_at(wkb + 5) != 1)
        return engine_sql_no(why, no_such);
    size_t count = u32_at(wkb + 9);
    if (count < 2 || length != 13 + 16 * count ||
        memcmp(wkb + 13, wkb + 13 + 16 * (count - 1), 16) != 0)
        return engine_sql_no(why, no_such);
    buffer_add_byte(out, '(');
    add_points(out, wkb + 13, count - 1);
    buffer_add_byte(out, ')');
    return true;
}

static void add_upper_hex(struct buffer *out, const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        buffer_printf(out, "%02X", bytes[i]);
}

/* PostGIS: extended WKB in hexadecimal, as its output function writes it. */
static bool plain_geometry(struct buffer *out, const struct type *type, const struct value *value,
                           const char **why)
{
    if (value->tag != VALUE_GEOMETRY || value->payload_length < 9)
        return engine_sql_no(why, no_such);
    const unsigned char *wkb = value->payload + 4;
    size_t length = value->payload_length - 4;
    uint32_t srid = u32_at(value->payload), shape = u32_at(wkb + 1);
    if (is_base(type, "point") || is_base(type, "polygon"))
        return srid ? engine_sql_no(why, no_such) : plain_shape(out, type, wkb, length, why);
    if (srid)
        shape |= EWKB_HAS_SRID;
    const unsigned char head[] = {1, (unsigned char)shape, (unsigned char)(shape >> 8),
                                  (unsigned char)(shape >> 16), (unsigned char)(shape >> 24)};
    add_upper_hex(out, head, sizeof head);
    if (srid)
        add_upper_hex(out, value->payload, 4);
    add_upper_hex(out, wkb + 5, length - 5);
    return true;
}

/* ---- Arrays -----------------------------------------------------------------------------------
 */

static bool plain_array(struct buffer *out, const struct type *type, const struct value *value,
                        const char **why);

static plain_writer *const writers[TYPE_OTHER + 1] = {
    [TYPE_BOOL] = plain_bool,         [TYPE_INT] = plain_int,
    [TYPE_DECIMAL] = plain_decimal,   [TYPE_FLOAT] = plain_float,
    [TYPE_DOUBLE] = plain_float,      [TYPE_TEXT] = plain_text,
    [TYPE_ENUM] = plain_text,         [TYPE_BYTES] = plain_bytes,
    [TYPE_DATE] = plain_date,         [TYPE_TIME] = plain_time,
    [TYPE_DATETIME] = plain_moment,   [TYPE_INSTANT] = plain_moment,
    [TYPE_JSON] = plain_json,         [TYPE_UUID] = plain_uuid,
    [TYPE_BITS] = plain_bits,         [TYPE_ARRAY] = plain_array,
    [TYPE_INTERVAL] = plain_interval, [TYPE_INET] = plain_inet,
    [TYPE_GEOMETRY] = plain_geometry, [TYPE_OTHER] = plain_other,
};

static bool add_plain(struct buffer *out, const struct type *type, const struct value *value,
                      const char **why)
{
    plain_writer *writer = (size_t)type->class <= TYPE_OTHER ? writers[type->class] : NULL;
    return writer ? writer(out, type, value, why) : engine_sql_no(why, no_such);
}

struct array {
    struct type element;
    char base[64]; /* of the element: "int4" of "int4[]" */
    const unsigned char *at, *end;
    const char **why;
};

static bool add_element(struct buffer *out, struct array *array)
{
    struct value value;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (!value_read(&array->at, array->end, &value))
        return engine_sql_no(array->why, no_such);
    if (value.tag == VALUE_NULL) {
        buffer_add_text(out, "NULL");
        return true;
    }
    bool ok = add_plain(&text, &array->element, &value, array->why);
    buffer_add_byte(out, '"');
    for (size_t i = 0; ok && i < text.length; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\')
            buffer_add_byte(out, '\\');
        buffer_add_byte(out, text.data[i]);
    }
    buffer_add_byte(out, '"');
    buffer_free(&text);
    return ok;
}

static bool add_dimension(struct buffer *out, struct array *array, const unsigned char *sizes,
                          uint32_t count)
{
    uint32_t size = u32_at(sizes);
    buffer_add_byte(out, '{');
    for (uint32_t i = 0; i < size; i++) {
        if (i)
            buffer_add_byte(out, is_base(&array->element, "box") ? ';' : ',');
        if (!(count > 1 ? add_dimension(out, array, sizes + 4, count - 1)
                        : add_element(out, array)))
            return false;
    }
    buffer_add_byte(out, '}');
    return true;
}

static bool plain_array(struct buffer *out, const struct type *type, const struct value *value,
                        const char **why)
{
    if (value->tag != VALUE_ARRAY || value->payload_length < 4)
        return engine_sql_no(why, no_such);
    uint32_t dimensions = u32_at(value->payload);
    if (dimensions > 6 || value->payload_length < 4 + 4 * (size_t)dimensions)
        return engine_sql_no(why, no_such);
    if (!dimensions) {
        buffer_add_text(out, "{}");
        return true;
    }
    struct array array = {.element = *type,
                          .at = value->payload + 4 + 4 * (size_t)dimensions,
                          .end = value->payload + value->payload_length,
                          .why = why};
    snprintf(array.base, sizeof array.base, "%.*s", type->base ? (int)strcspn(type->base, "[") : 0,
             type->base ? type->base : "");
    array.element.class = type->element;
    array.element.base = array.base;
    array.element.name = NULL;
    return add_dimension(out, &array, value->payload + 4, dimensions);
}

/* ---- Literals and conditions ------------------------------------------------------------------
 */

static void add_quoted(struct buffer *out, const struct buffer *text)
{
    buffer_add_byte(out, '\'');
    for (size_t i = 0; i < text->length; i++) {
        if (text->data[i] == '\'')
            buffer_add_byte(out, '\'');
        buffer_add_byte(out, text->data[i]);
    }
    buffer_add_byte(out, '\'');
}

static bool add_literal(struct buffer *out, const struct type *type, const struct value *value,
                        const char **why)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (value->tag == VALUE_NULL) {
        buffer_add_text(out, "NULL");
        return true;
    }
    bool ok = add_plain(&text, type, value, why);
    bool bare = type->class == TYPE_BOOL || type->class == TYPE_INT ||
                (type->class == TYPE_DECIMAL && !is_base(type, "money") && text.length &&
                 strspn((const char *)text.data, "-.0123456789") == text.length);
    if (bare)
        buffer_add(out, text.data, text.length);
    else
        add_quoted(out, &text);
    buffer_free(&text);
    return ok;
}

/* Types whose = is looser than the same value, or is not there: compared by what their output
 * function makes, as they are read. */
static const char *cast_of(const struct type *type)
{
    if (type->class == TYPE_INTERVAL)
        return "pg_catalog.interval";
    if (type->class == TYPE_GEOMETRY && is_base(type, "point"))
        return "pg_catalog.point";
    if (type->class == TYPE_GEOMETRY && is_base(type, "polygon"))
        return "pg_catalog.polygon";
    return NULL;
}

/* Text is compared twice: as the column's collation (or citext) does, which an index serves, and by
 * its bytes. */
static bool add_equals(struct buffer *out, const char *column, const struct type *type,
                       const struct value *value, const char **why)
{
    struct buffer literal = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (type->class == TYPE_ARRAY &&
        (type->element == TYPE_OTHER || type->element == TYPE_GEOMETRY ||
         type->element == TYPE_INTERVAL || is_base(type, "json[]")))
        return engine_sql_no(why, "the server does not compare such arrays exactly");
    bool ok = add_literal(&literal, type, value, why);
    const char *text = (const char *)literal.data, *cast = cast_of(type);
    if (ok && cast)
        buffer_printf(out, "pg_catalog.format('%%s', %s) = pg_catalog.format('%%s', %s::%s)",
                      column, text, cast);
    else if (ok && (type->class == TYPE_OTHER || type->class == TYPE_GEOMETRY))
        buffer_printf(out,
                      "(%s IS NOT DISTINCT FROM NULL) = false AND "
                      "pg_catalog.format('%%s', %s) = %s",
                      column, column, text);
    else if (ok && is_base(type, "json"))
        buffer_printf(out, "%s::pg_catalog.jsonb = %s", column, text);
    else if (ok && type->class == TYPE_TEXT)
        buffer_printf(out, "%s = %s AND %s::pg_catalog.text COLLATE pg_catalog.\"C\" = %s", column,
                      text, column, text);
    else if (ok)
        buffer_printf(out, "%s = %s", column, text);
    buffer_free(&literal);
    return ok;
}

/* ---- Keys -------------------------------------------------------------------------------------
 */

#define OID_INT4 23 /* src/include/catalog/pg_type.dat */
#define OID_TEXT 25

/* A collation that is deterministic compares by bytes in the end. */
static enum engine_sql_key key_of(const struct type *type,
                                  const struct column_definition *definition)
{
    /* An index finds the interval of 24 hours the same as that of a day. */
    enum type_class class = type->class == TYPE_ARRAY ? type->element : type->class;
    if (class == TYPE_OTHER || class == TYPE_GEOMETRY || class == TYPE_INTERVAL)
        return KEY_UNKNOWN;
    if (is_base(type, "citext"))
        return KEY_FOLDS;
    if (type->class != TYPE_TEXT)
        return KEY_EXACT;
    return !definition ? KEY_UNKNOWN : definition->equates ? KEY_FOLDS : KEY_EXACT;
}

/* It takes the column's type and collation from the statement. */
static void add_key_literal(struct buffer *out, const struct column_definition *definition,
                            const char *literal)
{
    (void)definition;
    buffer_add_text(out, literal);
}

/* citext compares what lower() makes under the database's own collation (contrib/citext). Of the
 * sort keys of other collations the server tells nothing but hashes. */
static void add_key_form(struct buffer *out, const char *column, const struct type *type,
                         const struct column_definition *definition)
{
    (void)definition;
    if (is_base(type, "citext"))
        buffer_printf(out, "pg_catalog.lower(%s::pg_catalog.text COLLATE pg_catalog.\"default\")",
                      column);
    else
        buffer_printf(out,
                      "pg_catalog.hashtextextended(%s, 0)::pg_catalog.text OPERATOR(pg_catalog.||) "
                      "' ' OPERATOR(pg_catalog.||) pg_catalog.hashtextextended(%s, 1)"
                      "::pg_catalog.text",
                      column, column);
}

/* Rows have no number but ctid, and that is one per partition. */
static void add_where(struct buffer *out, const char *table, const char *condition, uint64_t limit)
{
    if (!limit) {
        buffer_printf(out, " WHERE %s", condition);
        return;
    }
    buffer_printf(out,
                  " WHERE (tableoid, ctid) IN (SELECT tableoid, ctid FROM %s WHERE %s LIMIT %llu)",
                  table, condition, (unsigned long long)limit);
}

/* ---- The file ---------------------------------------------------------------------------------
 */

static void add_usage(struct buffer *out, const struct engine_sql_file *file)
{
    (void)file;
    buffer_add_text(
        out,
        "-- Run it with:  psql -X -v ON_ERROR_STOP=1 -d DATABASE -f FILE\n"
        "-- It stops at the first statement that the server refuses; the transaction that "
        "holds it is then undone,\n"
        "-- those before it stay.\n"
        "-- Foreign keys and triggers do not act while it runs. That takes a superuser, or "
        "since version 15\n"
        "-- GRANT SET ON PARAMETER session_replication_role, where a table that it changes has "
        "any.\n"
        "-- Sequences are left as they are.\n");
}

/* A foreign key is a pair of triggers: in the role of a replica neither it nor a user's trigger
 * acts. Only where there are any, as not everybody may take that role. */
static void add_replica_role(struct buffer *out, const char *tables)
{
    if (!*tables)
        return;
    if (strstr(tables, "$tally$")) { /* a name that would end the block's text */
        buffer_add_text(out, "SET session_replication_role = replica;\n");
        return;
    }
    buffer_printf(
        out,
        "DO $tally$ BEGIN IF EXISTS (\n"
        "  WITH changed AS (SELECT r FROM pg_catalog.unnest(ARRAY[%s]\n"
        "    ::pg_catalog.regclass[]) AS r)\n"
        "  SELECT FROM pg_catalog.pg_trigger t WHERE t.tgenabled <> 'D' AND t.tgrelid IN (\n"
        "    SELECT r FROM changed UNION ALL\n"
        "    SELECT p.relid FROM changed, pg_catalog.pg_partition_tree(r) p)) THEN\n"
        "  SET session_replication_role = replica;\n"
        "END IF; END $tally$;\n",
        tables);
}

static void add_settings(struct buffer *out, const struct engine_sql_file *file)
{
    buffer_add_text(out, "\\set ON_ERROR_STOP on\n"
                         "SET client_encoding = 'UTF8';\n"
                         "SET standard_conforming_strings = on;\n"
                         "SET search_path = pg_catalog");
    if (file->default_schema)
        buffer_printf(out, ", %s", file->default_schema);
    buffer_add_text(out, ";\n"
                         "SET TimeZone = 'UTC';\n"
                         "SET DateStyle = 'ISO, MDY';\n"
                         "SET IntervalStyle = 'postgres';\n"
                         "SET bytea_output = 'hex';\n"
                         "SET extra_float_digits = 3;\n"
                         "SET lc_monetary = 'C';\n"
                         "SET array_nulls = on;\n"
                         "SET xmloption = content;\n"
                         "SET row_security = off;\n"
                         "SET statement_timeout = 0;\n");
    add_replica_role(out, (const char *)file->tables->data);
}

const struct engine_sql engine_pg_sql = {
    .add_literal = add_literal,
    .add_equals = add_equals,
    .key_of = key_of,
    .add_key_literal = add_key_literal,
    .add_key_form = add_key_form,
    .key_form = {.class = TYPE_TEXT, .oid = OID_TEXT, .name = "text", .base = "text"},
    .key_number = {.class = TYPE_INT, .oid = OID_INT4, .name = "integer", .base = "int4"},
    .add_where = add_where,
    .add_usage = add_usage,
    .add_settings = add_settings,
    .begin = "BEGIN",
    .commit = "COMMIT",
    .values = " OVERRIDING SYSTEM VALUE VALUES ",
    .only = true};
