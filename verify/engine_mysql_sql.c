/*
 * SQL as MySQL and MariaDB read it (engine_sql.h).
 *
 * No literal depends on sql_mode: text with a backslash or a control character is written as
 * _utf8mb4 X'…', other text between quotes that are doubled inside. The file pins a strict sql_mode
 * all the same, in which a value that does not fit is an error, and which lets dates that no
 * calendar has and AUTO_INCREMENT's 0 through.
 */
#include "engine_sql.h"

#include "engine_mysql.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define TIME_MOST (INT64_C(3020399) * ENGINE_SQL_SECOND) /* 838:59:59 */
#define TIMESTAMP_MOST                                                                             \
    (INT64_C(2147483648) * ENGINE_SQL_SECOND - 1) /* 2038-01-19 03:14:07.999999 */

static const char no_such[] = "the column's type has no such value";

/* ---- Text and bytes ---------------------------------------------------------------------------
 */

static void add_text(struct buffer *out, const unsigned char *bytes, size_t length)
{
    bool plain = true;
    for (size_t i = 0; i < length && plain; i++)
        plain = bytes[i] >= ' ' && bytes[i] != 0x7f && bytes[i] != '\\';
    if (!plain) {
        buffer_add_text(out, "_utf8mb4 X'");
        buffer_add_hex(out, bytes, length);
        buffer_add_byte(out, '\'');
        return;
    }
    buffer_add_byte(out, '\'');
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\'')
            buffer_add_byte(out, '\'');
        buffer_add_byte(out, bytes[i]);
    }
    buffer_add_byte(out, '\'');
}

static bool literal_text(struct buffer *out, const struct type *type, const struct value *value,
                         const char **why)
{
    if (value->tag != VALUE_TEXT && value->tag != VALUE_JSON)
        return engine_sql_no(why, no_such);
    /* What information_schema says of the TEXT types is bytes, of the others characters. */
    const char *base = type->base ? type->base : "";
    const char *text = strstr(base, "text");
    size_t size = text ? value->payload_length : engine_sql_characters(value);
    if (type->length && size > type->length)
        return engine_sql_no(why, "it is longer than the column");
    if (type->fixed && value->payload_length && value->payload[value->payload_length - 1] == ' ')
        return engine_sql_no(why, "it ends with a blank, which a CHAR column does not keep");
    add_text(out, value->payload, value->payload_length);
    return true;
}

static bool literal_bytes(struct buffer *out, const struct type *type, const struct value *value,
                          const char **why)
{
    if (value->tag != VALUE_BYTES)
        return engine_sql_no(why, no_such);
    if (type->length && value->payload_length > type->length)
        return engine_sql_no(why, "it is longer than the column");
    if (type->fixed && value->payload_length != type->length)
        return engine_sql_no(why, "it is shorter than the column, which would add zero bytes");
    buffer_add_text(out, "X'");
    buffer_add_hex(out, value->payload, value->payload_length);
    buffer_add_byte(out, '\'');
    return true;
}

/* ---- ENUM and SET: their labels stand in the type's name, as COLUMN_TYPE spells them ------------
 */

/* Reads the label at *place, behind its quote; false: there is none. A backslash that the server
 * wrote for a special character is taken back; one that it did not makes a label that no column
 * has, and the value is refused. */
static bool next_label(const char **place, struct buffer *label)
{
    buffer_clear(label);
    const char *at = *place;
    while (*at && *at != '\'')
        at++;
    if (!*at++)
        return false;
    for (; *at; at++) {
        if (*at == '\'' && at[1] != '\'')
            break;
        if (*at == '\'' || (*at == '\\' && (at[1] == '\\' || at[1] == '\'')))
            at++;
        else if (*at == '\\' && at[1] && strchr("0nr", at[1])) {
            at++;
            buffer_add_byte(label, *at == '0' ? '\0' : *at == 'n' ? '\n' : '\r');
            continue;
        }
        buffer_add_byte(label, (unsigned char)*at);
    }
    if (!*at)
        return false;
    *place = at + 1;
    return true;
}

static bool is_label(const struct buffer *label, const struct value *text)
{
    return label->length == text->payload_length &&
           memcmp(label->data, text->payload, label->length) == 0;
}

/* A text that is no label but a number would be taken for the number of a label. */
static bool literal_enum(struct buffer *out, const struct type *type, const struct value *value,
                         const char **why)
{
    struct buffer label = BUFFER_INIT(BUFFER_NO_LIMIT);
    const char *place = type->name;
    bool found = false;
    while (value->tag == VALUE_TEXT && !found && next_label(&place, &label))
        found = is_label(&label, value);
    buffer_free(&label);
    if (!found)
        return engine_sql_no(why, "the column has no such label");
    add_text(out, value->payload, value->payload_length);
    return true;
}

/* Members in the order of the definition, in which the server returns them. */
static bool literal_set(struct buffer *out, const struct type *type, const struct value *value,
                        const char **why)
{
    struct buffer label = BUFFER_INIT(BUFFER_NO_LIMIT), text = BUFFER_INIT(BUFFER_NO_LIMIT);
    const unsigned char *at = value->payload, *end = at + value->payload_length;
    struct value member;
    size_t wanted = 0, found = 0;
    if (value->tag != VALUE_SET)
        return engine_sql_no(why, no_such);
    while (value_read(&at, end, &member))
        wanted++;
    for (const char *place = type->name; next_label(&place, &label);) {
        bool is_member = false;
        at = value->payload;
        while (!is_member && value_read(&at, end, &member))
            is_member = is_label(&label, &member);
        if (!is_member)
            continue;
        if (found++)
            buffer_add_byte(&text, ',');
        buffer_add(&text, label.data, label.length);
    }
    if (found == wanted)
        add_text(out, text.data, text.length);
    else
        *why = "the column has no such member";
    buffer_free(&label);
    buffer_free(&text);
    return found == wanted;
}

/* ---- Numbers ----------------------------------------------------------------------------------
 */

static bool literal_int(struct buffer *out, const struct type *type, const struct value *value,
                        const char **why)
{
    size_t start = out->length;
    if (!engine_sql_add_int(out, value, type->length, type->is_unsigned, why))
        return false;
    if (!type->base || strcmp(type->base, "year") != 0)
        return true;
    long year = strtol((const char *)out->data + start, NULL, 10);
    return year == 0 || (year >= 1901 && year <= 2155) ||
           engine_sql_no(why, "it is outside the range of the column");
}

/* FLOAT(m,d) and DOUBLE(m,d) round to d decimals. */
static bool keeps_decimals(const struct type *type, double number)
{
    const char *comma = type->name ? strchr(type->name, ',') : NULL;
    char text[400];
    if (!comma)
        return true;
    int decimals = (int)strtol(comma + 1, NULL, 10);
    if (decimals < 0 || decimals > 30 || fabs(number) > 1e300)
        return false;
    snprintf(text, sizeof text, "%.*f", decimals, number);
    double rounded = strtod(text, NULL);
    return type->class == TYPE_FLOAT ? (float)rounded == (float)number : rounded == number;
}

static bool literal_float(struct buffer *out, const struct type *type, const struct value *value,
                          const char **why)
{
    double number = value_to_double(value);
    if (value->tag != VALUE_DOUBLE)
        return engine_sql_no(why, no_such);
    if (!isfinite(number))
        return engine_sql_no(why, "it is not finite, and the server has no such number");
    if (!engine_sql_fits_float(number, type, why))
        return false;
    if (!keeps_decimals(type, number))
        return engine_sql_no(why, "it has more decimals than the column keeps");
    size_t start = out->length;
    engine_sql_add_double(out, number);
    if (!strchr((const char *)out->data + start, 'e'))
        buffer_add_text(out, "e0"); /* without an exponent it would be an exact number */
    return true;
}

static bool literal_bits(struct buffer *out, const struct type *type, const struct value *value,
                         const char **why)
{
    buffer_add_text(out, "b'");
    if (!engine_sql_add_bits(out, value, type->length, true, why))
        return false;
    buffer_add_byte(out, '\'');
    return true;
}

/* ---- Dates and times --------------------------------------------------------------------------
 */

/* Years 0 to 9999: the server keeps what lies before its documented 1000 as it is. */
static bool add_day(struct buffer *out, int64_t days, const char **why)
{
    int64_t year;
    unsigned month, day;
    civil_from_days(days, &year, &month, &day);
    if (year < 0 || year > 9999)
        return engine_sql_no(why, "its year is not one of 0 to 9999");
    buffer_printf(out, "%04d-%02u-%02u", (int)year, month, day);
    return true;
}

/* A date that no calendar has: ALLOW_INVALID_DATES lets it in. */
static bool literal_special(struct buffer *out, const struct type *type, const struct value *value,
                            const char **why)
{
    static const char shape[] = "0000-00-00 00:00:00.000000";
    bool timed = value->payload_length > 10;
    for (size_t i = 0; i < value->payload_length; i++) {
        bool digit = value->payload[i] >= '0' && value->payload[i] <= '9';
        if (i + 1 >= sizeof shape || (shape[i] == '0' ? !digit : value->payload[i] != shape[i]))
            return engine_sql_no(why, no_such);
    }
    bool zero = value->payload_length == 10 && memcmp(value->payload, shape, 10) == 0;
    if (value->payload_length < 10 || (timed && type->class == TYPE_DATE) ||
        (type->class == TYPE_INSTANT && !zero))
        return engine_sql_no(why, no_such);
    buffer_printf(out, "'%.*s'", (int)value->payload_length, (const char *)value->payload);
    return true;
}

static bool literal_date(struct buffer *out, const struct type *type, const struct value *value,
                         const char **why)
{
    if (value->tag == VALUE_SPECIAL)
        return literal_special(out, type, value, why);
    if (value->tag != VALUE_DATE)
        return engine_sql_no(why, no_such);
    buffer_add_byte(out, '\'');
    if (!add_day(out, engine_sql_int(value), why))
        return false;
    buffer_add_byte(out, '\'');
    return true;
}

static bool literal_moment(struct buffer *out, const struct type *type, const struct value *value,
                           const char **why)
{
    if (value->tag == VALUE_SPECIAL)
        return literal_special(out, type, value, why);
    if (value->tag != VALUE_DATETIME && value->tag != VALUE_INSTANT)
        return engine_sql_no(why, no_such);
    int64_t moment = engine_sql_int(value);
    int64_t days = moment / ENGINE_SQL_DAY - (moment % ENGINE_SQL_DAY < 0);
    int64_t rest = moment % ENGINE_SQL_DAY + (moment % ENGINE_SQL_DAY < 0 ? ENGINE_SQL_DAY : 0);
    if (type->class == TYPE_INSTANT && (moment < ENGINE_SQL_SECOND || moment > TIMESTAMP_MOST))
        return engine_sql_no(why, "it is outside the years 1970 to 2038 of a TIMESTAMP");
    if (!engine_sql_fits_fraction(rest, type->precision, why))
        return false;
    buffer_add_byte(out, '\'');
    if (!add_day(out, days, why))
        return false;
    buffer_add_byte(out, ' ');
    engine_sql_add_clock(out, (uint64_t)rest);
    buffer_add_byte(out, '\'');
    return true;
}

static bool literal_time(struct buffer *out, const struct type *type, const struct value *value,
                         const char **why)
{
    if (value->tag != VALUE_TIME)
        return engine_sql_no(why, no_such);
    int64_t time = engine_sql_int(value);
    if (time > TIME_MOST || time < -TIME_MOST)
        return engine_sql_no(why, "it is longer than 838:59:59");
    if (!engine_sql_fits_fraction(time, type->precision, why))
        return false;
    buffer_add_text(out, time < 0 ? "'-" : "'");
    engine_sql_add_clock(out, (uint64_t)(time < 0 ? -time : time));
    buffer_add_byte(out, '\'');
    return true;
}

/* ---- The rest ---------------------------------------------------------------------------------
 */

/* MySQL keeps a JSON number as an integer of 64 bits or as a double. */
static bool keeps_number(const unsigned char *digits, size_t length)
{
    struct buffer exact = BUFFER_INIT(1 << 16);
    struct value value, kept;
    bool same = false;
    if (value_add_decimal(&exact, (const char *)digits, length)) {
        const unsigned char *place = exact.data;
        struct buffer ignored = BUFFER_INIT(1 << 10);
        const char *why;
        same = value_read(&place, exact.data + exact.length, &value) &&
               (value.tag == VALUE_INT || engine_sql_add_int(&ignored, &value, 8, true, &why));
        buffer_clear(&ignored);
        double number = same ? 0 : value_to_double(&value);
        if (!same && isfinite(number)) {
            engine_sql_add_double(&ignored, number);
            struct buffer back = BUFFER_INIT(1 << 10);
            same = value_add_decimal(&back, (const char *)ignored.data, ignored.length);
            place = back.data;
            same = same && value_read(&place, back.data + back.length, &kept) &&
                   value_compare(&value, &kept) == 0;
            buffer_free(&back);
        }
        buffer_free(&ignored);
    }
    buffer_free(&exact);
    return same;
}

/* The text is canonical: no blank outside strings, a lone surrogate as \uDxxx. */
static bool literal_json(struct buffer *out, const struct type *type, const struct value *value,
                         const char **why)
{
    (void)type;
    if (value->tag != VALUE_JSON)
        return engine_sql_no(why, no_such);
    const unsigned char *at = value->payload, *end = at + value->payload_length;
    bool in_string = false;
    while (at < end) {
        if (in_string && *at == '\\') {
            if (end - at > 2 && at[1] == 'u' && at[2] == 'D')
                return engine_sql_no(why, "it holds half a character, which the server refuses");
            at += 2;
            continue;
        }
        if (*at == '"')
            in_string = !in_string;
        if (in_string || !(*at == '-' || (*at >= '0' && *at <= '9'))) {
            at++;
            continue;
        }
        const unsigned char *number = at;
        while (at < end && !strchr(",]}:", *at))
            at++;
        if (!keeps_number(number, (size_t)(at - number)))
            return engine_sql_no(why, "it holds a number that JSON columns do not keep exactly");
    }
    buffer_add_text(out, "CAST(");
    add_text(out, value->payload, value->payload_length);
    buffer_add_text(out, " AS JSON)");
    return true;
}

static bool literal_uuid(struct buffer *out, const struct type *type, const struct value *value,
                         const char **why)
{
    (void)type;
    if (value->tag != VALUE_UUID)
        return engine_sql_no(why, no_such);
    buffer_add_byte(out, '\'');
    value_print(out, value, SIZE_MAX);
    buffer_add_byte(out, '\'');
    return true;
}

static bool literal_inet(struct buffer *out, const struct type *type, const struct value *value,
                         const char **why)
{
    if (value->tag != VALUE_INET)
        return engine_sql_no(why, no_such);
    unsigned family = value->payload[0], prefix = value->payload[1];
    bool four = type->base && strcmp(type->base, "inet4") == 0;
    if (family != (four ? 4 : 6) || prefix != (four ? 32 : 128))
        return engine_sql_no(why, no_such);
    buffer_add_byte(out, '\'');
    value_print(out, value, SIZE_MAX);
    buffer_add_byte(out, '\'');
    return true;
}

/* As the server keeps it (SRID, then WKB), which is also how mysqldump writes it: functions would
 * turn the axes of geographic systems. Two dimensions, seven shapes. */
static bool literal_geometry(struct buffer *out, const struct type *type, const struct value *value,
                             const char **why)
{
    (void)type;
    if (value->tag != VALUE_GEOMETRY)
        return engine_sql_no(why, no_such);
    if (value->payload_length < 9 || value->payload[5] > 7 || value->payload[6] ||
        value->payload[7] || value->payload[8])
        return engine_sql_no(why, "the server has no such shape");
    buffer_add_text(out, "X'");
    buffer_add_hex(out, value->payload, value->payload_length);
    buffer_add_byte(out, '\'');
    return true;
}

typedef bool literal_writer(struct buffer *out, const struct type *type, const struct value *value,
                            const char **why);

static literal_writer *const writers[TYPE_OTHER + 1] = {
    [TYPE_INT] = literal_int,          [TYPE_DECIMAL] = engine_sql_add_decimal,
    [TYPE_FLOAT] = literal_float,      [TYPE_DOUBLE] = literal_float,
    [TYPE_TEXT] = literal_text,        [TYPE_ENUM] = literal_enum,
    [TYPE_SET] = literal_set,          [TYPE_BYTES] = literal_bytes,
    [TYPE_DATE] = literal_date,        [TYPE_TIME] = literal_time,
    [TYPE_DATETIME] = literal_moment,  [TYPE_INSTANT] = literal_moment,
    [TYPE_JSON] = literal_json,        [TYPE_UUID] = literal_uuid,
    [TYPE_BITS] = literal_bits,        [TYPE_INET] = literal_inet,
    [TYPE_GEOMETRY] = literal_geometry};

static bool add_literal(struct buffer *out, const struct type *type, const struct value *value,
                        const char **why)
{
    if (value->tag == VALUE_NULL) {
        buffer_add_text(out, "NULL");
        return true;
    }
    literal_writer *writer = (size_t)type->class <= TYPE_OTHER ? writers[type->class] : NULL;
    return writer ? writer(out, type, value, why) : engine_sql_no(why, no_such);
}

/* ---- Conditions -------------------------------------------------------------------------------
 */

/* Text is compared twice: as the column's collation does, which an index serves, and by its bytes,
 * which tell 'a' from 'A' and from 'a '. */
static bool add_equals(struct buffer *out, const char *column, const struct type *type,
                       const struct value *value, const char **why)
{
    if (type->class == TYPE_GEOMETRY)
        return engine_sql_no(why, "the server compares no geometries exactly");
    struct buffer literal = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool ok = add_literal(&literal, type, value, why);
    const char *text = (const char *)literal.data;
    if (ok && type->class == TYPE_BITS)
        buffer_printf(out, "%s = CAST(%s AS UNSIGNED)", column, text);
    else if (ok && type->base && strcmp(type->base, "year") == 0)
        buffer_printf(out, "%s + 0 = %s", column, text); /* a bare 0 would be the year 2000 */
    else if (ok)
        buffer_printf(out, "%s = %s", column, text);
    if (ok && (type->class == TYPE_TEXT || type->class == TYPE_ENUM || type->class == TYPE_SET))
        buffer_printf(out, " AND CAST(CONVERT(%s USING utf8mb4) AS BINARY) = %s", column, text);
    buffer_free(&literal);
    return ok;
}

/* ---- Keys -------------------------------------------------------------------------------------
 */

#define KEY_CHARACTERS 3072 /* what InnoDB indexes of a column, in bytes */

static enum engine_sql_key key_of(const struct type *type,
                                  const struct column_definition *definition)
{
    if (type->class != TYPE_TEXT)
        return type->class == TYPE_OTHER ? KEY_UNKNOWN : KEY_EXACT;
    if (!definition || !definition->collation || !type->length || type->length > KEY_CHARACTERS)
        return KEY_UNKNOWN;
    /* Of these MariaDB makes weights that tell apart what it compares as equal. */
    if (strstr(definition->collation, "_nopad_") && strstr(definition->collation, "_ai_cs"))
        return KEY_UNKNOWN;
    return KEY_FOLDS;
}

/* A collation's name begins with that of its character set. */
static void add_key_literal(struct buffer *out, const struct column_definition *definition,
                            const char *literal)
{
    const char *collation = definition->collation;
    buffer_printf(out, "CONVERT(%s USING %.*s) COLLATE %s", literal, (int)strcspn(collation, "_"),
                  collation, collation);
}

/* Where blanks at the end do not count, weights are filled up with those of blanks; a character
 * seldom has more than one. */
static void add_key_form(struct buffer *out, const char *column, const struct type *type,
                         const struct column_definition *definition)
{
    buffer_printf(out, "WEIGHT_STRING(%s", column);
    if (definition->equates & EQUATES_TRAILING_BLANKS)
        buffer_printf(out, " AS CHAR(%u)", (unsigned)type->length * 2);
    buffer_add_byte(out, ')');
}

static void add_where(struct buffer *out, const char *table, const char *condition, uint64_t limit)
{
    (void)table;
    buffer_printf(out, " WHERE %s", condition);
    if (limit)
        buffer_printf(out, " LIMIT %llu", (unsigned long long)limit);
}

/* ---- The file ---------------------------------------------------------------------------------
 */

static void add_usage(struct buffer *out, const struct engine_sql_file *file)
{
    bool maria = file->server && strncmp(file->server, "MariaDB", 7) == 0;
    buffer_printf(
        out,
        "-- Run it with:  %s --binary-mode --default-character-set=utf8mb4 "
        "--max-allowed-packet=1G DATABASE < FILE\n"
        "-- It stops at the first statement that the server refuses; the transaction that "
        "holds it is then undone,\n"
        "-- those before it stay.\n"
        "-- Foreign keys are not checked, and do not act, while it runs. Triggers do, and "
        "cannot be kept from it: drop those\n"
        "-- that change rows before, and create them again after.\n",
        maria ? "mariadb" : "mysql");
    if (file->longest > 1 << 20)
        buffer_printf(out,
                      "-- The longest statement takes %llu bytes: the server's max_allowed_packet "
                      "must be larger.\n",
                      (unsigned long long)file->longest);
}

static void add_settings(struct buffer *out, const struct engine_sql_file *file)
{
    (void)file;
    buffer_add_text(out, "SET NAMES utf8mb4;\n"
                         "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES,"
                         "NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION';\n"
                         "SET SESSION time_zone = '+00:00';\n"
                         "SET SESSION foreign_key_checks = 0;\n"
                         "SET SESSION unique_checks = 1;\n"
                         "SET SESSION sql_safe_updates = 0;\n");
}

const struct engine_sql engine_mysql_sql = {.add_literal = add_literal,
                                            .fits_collation = engine_mysql_sql_fits_collation,
                                            .add_equals = add_equals,
                                            .key_of = key_of,
                                            .add_key_literal = add_key_literal,
                                            .add_key_form = add_key_form,
                                            .key_form = {.class = TYPE_BYTES, .name = "weights"},
                                            .key_number = {.class = TYPE_INT, .name = "int"},
                                            .add_where = add_where,
                                            .add_usage = add_usage,
                                            .add_settings = add_settings,
                                            .begin = "START TRANSACTION",
                                            .commit = "COMMIT",
                                            .values = " VALUES ",
                                            .stamps = true};
