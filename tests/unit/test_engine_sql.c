/* What is written for a value in each dialect, and what is refused. A wrong literal would put a
 * wrong value into a database, so that every kind of value meets every sort of column here. */
#include "../../verify/engine_sql.h"
#include "../../verify/repair_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define HOUR INT64_C(3600000000)

static unsigned nibble(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

static void add_hex_bytes(struct buffer *out, const char *hex)
{
    for (; hex[0] && hex[1]; hex += 2)
        buffer_add_byte(out, (unsigned char)(nibble(hex[0]) << 4 | nibble(hex[1])));
}

/* "0110" */
static void add_bits(struct buffer *payload, const char *bits)
{
    size_t count = strlen(bits);
    buffer_add_u32(payload, (uint32_t)count);
    for (size_t i = 0; i < count; i += 8) {
        unsigned byte = 0;
        for (size_t k = 0; k < 8; k++)
            byte = byte << 1 | (i + k < count && bits[i + k] == '1');
        buffer_add_byte(payload, (unsigned char)byte);
    }
}

/* Members of a set, or elements of an array of one dimension, separated by bars; "NULL" is one. */
static void add_list(struct buffer *payload, const char *list)
{
    while (*list) {
        size_t length = strcspn(list, "|");
        if (length == 4 && strncmp(list, "NULL", 4) == 0)
            value_add_null(payload);
        else
            value_add_blob(payload, VALUE_TEXT, list, length);
        list += length + (list[length] == '|');
    }
}

static uint32_t list_length(const char *list)
{
    uint32_t count = *list != '\0';
    for (; *list; list++)
        count += *list == '|';
    return count;
}

static void add_blob(struct buffer *out, enum value_tag tag, const char *spec)
{
    struct buffer payload = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (tag == VALUE_BYTES || tag == VALUE_GEOMETRY || tag == VALUE_INET) {
        add_hex_bytes(&payload, spec);
    } else if (tag == VALUE_BITS) {
        add_bits(&payload, spec);
    } else if (tag == VALUE_SET) {
        add_list(&payload, spec);
    } else if (tag == VALUE_ARRAY) {
        buffer_add_u32(&payload, *spec ? 1 : 0);
        if (*spec)
            buffer_add_u32(&payload, list_length(spec));
        add_list(&payload, spec);
    } else {
        buffer_add_text(&payload, spec);
    }
    value_add_blob(out, tag, payload.data, payload.length);
    buffer_free(&payload);
}

/* A value from its tag and a text that depends on it. */
static struct value value_of(struct buffer *room, enum value_tag tag, const char *spec)
{
    size_t start = room->length;
    struct buffer uuid = BUFFER_INIT(64);
    long long months, days, rest;
    char *end;
    switch (tag) {
    case VALUE_NULL:
        value_add_null(room);
        break;
    case VALUE_BOOL:
        value_add_bool(room, *spec == 't');
        break;
    case VALUE_DECIMAL:
        assert_true(value_add_decimal(room, spec, strlen(spec)));
        break;
    case VALUE_DOUBLE:
        value_add_double(room, strtod(spec, NULL));
        break;
    case VALUE_UUID:
        add_hex_bytes(&uuid, spec);
        value_add_uuid(room, uuid.data);
        break;
    case VALUE_INTERVAL:
        months = strtoll(spec, &end, 10);
        days = strtoll(end + 1, &end, 10);
        rest = strtoll(end + 1, NULL, 10);
        value_add_interval(room, months, days, rest);
        break;
    case VALUE_INT:
    case VALUE_DATE:
    case VALUE_TIME:
    case VALUE_DATETIME:
    case VALUE_INSTANT:
        value_add_fixed(room, tag, strtoll(spec, NULL, 10));
        break;
    default:
        add_blob(room, tag, spec);
    }
    buffer_free(&uuid);
    struct value value;
    const unsigned char *place = room->data + start;
    assert_true(value_read(&place, room->data + room->length, &value));
    return value;
}

/* ---- Literals ---------------------------------------------------------------------------------
 */

struct row {
    struct type type;
    enum value_tag tag;
    const char *spec;
    const char *literal; /* NULL: refused */
};

#define INT_OF(bytes, sign)                                                                        \
    {                                                                                              \
        .class = TYPE_INT, .length = (bytes), .is_unsigned = (sign)                                \
    }
#define TEXT_OF(n)                                                                                 \
    {                                                                                              \
        .class = TYPE_TEXT, .length = (n), .base = "varchar"                                       \
    }
#define TIMED(kind, digits)                                                                        \
    {                                                                                              \
        .class = (kind), .precision = (digits)                                                     \
    }
#define DECIMAL_OF(p, s)                                                                           \
    {                                                                                              \
        .class = TYPE_DECIMAL, .precision = (p), .scale = (s)                                      \
    }

static const struct row both_rows[] = {
    {INT_OF(8, false), VALUE_NULL, "", "NULL"},
    {INT_OF(1, false), VALUE_INT, "-128", "-128"},
    {INT_OF(1, false), VALUE_INT, "128", NULL},
    {INT_OF(1, false), VALUE_INT, "-129", NULL},
    {INT_OF(1, true), VALUE_INT, "255", "255"},
    {INT_OF(1, true), VALUE_INT, "256", NULL},
    {INT_OF(1, true), VALUE_INT, "-1", NULL},
    {INT_OF(3, false), VALUE_INT, "8388607", "8388607"},
    {INT_OF(3, false), VALUE_INT, "8388608", NULL},
    {INT_OF(8, false), VALUE_INT, "-9223372036854775808", "-9223372036854775808"},
    {INT_OF(8, false), VALUE_DECIMAL, "9223372036854775808", NULL},
    {INT_OF(8, true), VALUE_DECIMAL, "18446744073709551615", "18446744073709551615"},
    {INT_OF(8, true), VALUE_DECIMAL, "18446744073709551616", NULL},
    {INT_OF(8, false), VALUE_DECIMAL, "1.5", NULL},
    {INT_OF(8, false), VALUE_DECIMAL, "NaN", NULL},
    {INT_OF(4, false), VALUE_TEXT, "1", NULL},
    {DECIMAL_OF(5, 2), VALUE_DECIMAL, "999.99", "999.99"},
    {DECIMAL_OF(5, 2), VALUE_DECIMAL, "1000", NULL},
    {DECIMAL_OF(5, 2), VALUE_DECIMAL, "0.001", NULL},
    {DECIMAL_OF(5, 2), VALUE_DECIMAL, "-0.01", "-0.01"},
    {DECIMAL_OF(5, 2), VALUE_INT, "0", "0"},
    {DECIMAL_OF(65, 30), VALUE_DECIMAL,
     "12345678901234567890123456789012345.123456789012345678901234567890",
     "12345678901234567890123456789012345.12345678901234567890123456789"},
    {TEXT_OF(5), VALUE_TEXT, "it's", "'it''s'"},
    {TEXT_OF(5), VALUE_TEXT, "", "''"},
    {TEXT_OF(5), VALUE_TEXT, "éé😀éé", "'éé😀éé'"},
    {TEXT_OF(5), VALUE_TEXT, "abcdef", NULL},
    {TEXT_OF(0), VALUE_TEXT, "NULL", "'NULL'"},
    {TEXT_OF(0), VALUE_TEXT, "a\"`$$;--/*#%:x", "'a\"`$$;--/*#%:x'"},
    {{.class = TYPE_TEXT, .length = 5, .fixed = true}, VALUE_TEXT, "ab", "'ab'"},
    {{.class = TYPE_TEXT, .length = 5, .fixed = true}, VALUE_TEXT, "ab ", NULL},
    {TEXT_OF(5), VALUE_BYTES, "00", NULL},
    {TIMED(TYPE_DATE, 0), VALUE_DATE, "0", "'1970-01-01'"},
    {TIMED(TYPE_DATE, 0), VALUE_DATE, "-719162", "'0001-01-01'"},
    {TIMED(TYPE_DATE, 0), VALUE_DATETIME, "1", NULL},
    {TIMED(TYPE_DATETIME, 6), VALUE_DATETIME, "-1", "'1969-12-31 23:59:59.999999'"},
    {TIMED(TYPE_DATETIME, 3), VALUE_DATETIME, "1500000", "'1970-01-01 00:00:01.5'"},
    {TIMED(TYPE_DATETIME, 3), VALUE_DATETIME, "1500100", NULL},
    {TIMED(TYPE_DATETIME, 0), VALUE_DATETIME, "500000", NULL},
    {TIMED(TYPE_DATETIME, 0), VALUE_DATE, "0", NULL},
    {TIMED(TYPE_TIME, 6), VALUE_TIME, "86399999999", "'23:59:59.999999'"},
    {TIMED(TYPE_TIME, 0), VALUE_TIME, "500000", NULL},
    {{.class = TYPE_UUID},
     VALUE_UUID,
     "0123456789abcdef0123456789abcdef",
     "'01234567-89ab-cdef-0123-456789abcdef'"},
    {{.class = TYPE_UUID}, VALUE_TEXT, "no uuid", NULL},
    {{.class = TYPE_UNKNOWN}, VALUE_TEXT, "a", NULL},
    {TEXT_OF(0), VALUE_RAW, "a", NULL},
};

static const struct row mysql_rows[] = {
    {TEXT_OF(0), VALUE_TEXT, "a\\b", "_utf8mb4 X'615c62'"},
    {TEXT_OF(0), VALUE_TEXT, "\\'; DROP TABLE t; --",
     "_utf8mb4 X'5c273b2044524f50205441424c4520743b202d2d'"},
    {TEXT_OF(0), VALUE_TEXT, "a\nb", "_utf8mb4 X'610a62'"},
    {{.class = TYPE_TEXT, .length = 4, .base = "tinytext"}, VALUE_TEXT, "éé", "'éé'"},
    {{.class = TYPE_TEXT, .length = 3, .base = "tinytext"}, VALUE_TEXT, "éé", NULL},
    {{.class = TYPE_INT, .length = 2, .is_unsigned = true, .base = "year"},
     VALUE_INT,
     "1901",
     "1901"},
    {{.class = TYPE_INT, .length = 2, .is_unsigned = true, .base = "year"},
     VALUE_INT,
     "1900",
     NULL},
    {{.class = TYPE_INT, .length = 2, .is_unsigned = true, .base = "year"}, VALUE_INT, "0", "0"},
    {{.class = TYPE_DOUBLE}, VALUE_DOUBLE, "0.1", "0.1e0"},
    {{.class = TYPE_DOUBLE}, VALUE_DOUBLE, "1e300", "1e+300"},
    {{.class = TYPE_DOUBLE}, VALUE_DOUBLE, "nan", NULL},
    {{.class = TYPE_DOUBLE}, VALUE_DOUBLE, "-inf", NULL},
    {{.class = TYPE_FLOAT}, VALUE_DOUBLE, "16777217", NULL},
    {{.class = TYPE_FLOAT}, VALUE_DOUBLE, "1e300", NULL},
    {{.class = TYPE_FLOAT, .name = "float(7,2)"}, VALUE_DOUBLE, "1.5", "1.5e0"},
    {{.class = TYPE_FLOAT, .name = "float(7,2)"}, VALUE_DOUBLE, "1.0009765625", NULL},
    {{.class = TYPE_DOUBLE, .is_unsigned = true}, VALUE_DOUBLE, "-1", NULL},
    {{.class = TYPE_BYTES, .length = 4}, VALUE_BYTES, "00275cff", "X'00275cff'"},
    {{.class = TYPE_BYTES, .length = 4}, VALUE_BYTES, "", "X''"},
    {{.class = TYPE_BYTES, .length = 3}, VALUE_BYTES, "00275cff", NULL},
    {{.class = TYPE_BYTES, .length = 4, .fixed = true}, VALUE_BYTES, "0027", NULL},
    {{.class = TYPE_ENUM, .name = "enum('a','b''c','d\\\\e')"}, VALUE_TEXT, "b'c", "'b''c'"},
    {{.class = TYPE_ENUM, .name = "enum('a','b''c','d\\\\e')"},
     VALUE_TEXT,
     "d\\e",
     "_utf8mb4 X'645c65'"},
    {{.class = TYPE_ENUM, .name = "enum('a','b')"}, VALUE_TEXT, "A", NULL},
    {{.class = TYPE_ENUM, .name = "enum('a','b')"}, VALUE_TEXT, "1", NULL},
    {{.class = TYPE_ENUM, .name = "enum('a','b')"}, VALUE_TEXT, "", NULL},
    {{.class = TYPE_ENUM, .name = "enum('a','b')"}, VALUE_TEXT, "a','b", NULL},
    {{.class = TYPE_SET, .name = "set('z','x','y')"}, VALUE_SET, "x|z", "'z,x'"},
    {{.class = TYPE_SET, .name = "set('z','x','y')"}, VALUE_SET, "", "''"},
    {{.class = TYPE_SET, .name = "set('z','x','y')"}, VALUE_SET, "w|x", NULL},
    {TIMED(TYPE_DATE, 0), VALUE_SPECIAL, "0000-00-00", "'0000-00-00'"},
    {TIMED(TYPE_DATE, 0), VALUE_SPECIAL, "2024-02-31", "'2024-02-31'"},
    {TIMED(TYPE_DATE, 0), VALUE_SPECIAL, "2024-02-31 10:00:00", NULL},
    {TIMED(TYPE_DATE, 0), VALUE_SPECIAL, "infinity", NULL},
    {TIMED(TYPE_DATETIME, 6), VALUE_SPECIAL, "2024-02-31 10:00:00.5", "'2024-02-31 10:00:00.5'"},
    {TIMED(TYPE_DATETIME, 6), VALUE_SPECIAL, "2024-02-31' or 1=1", NULL},
    {TIMED(TYPE_INSTANT, 0), VALUE_SPECIAL, "0000-00-00", "'0000-00-00'"},
    {TIMED(TYPE_INSTANT, 0), VALUE_SPECIAL, "2024-02-31", NULL},
    {TIMED(TYPE_DATE, 0), VALUE_DATE, "2932897", NULL}, /* year 10000 */
    {TIMED(TYPE_DATE, 0), VALUE_DATE, "-719529", NULL}, /* 2 BC */
    {TIMED(TYPE_INSTANT, 6), VALUE_INSTANT, "0", NULL},
    {TIMED(TYPE_INSTANT, 6), VALUE_INSTANT, "1000000", "'1970-01-01 00:00:01'"},
    {TIMED(TYPE_INSTANT, 6), VALUE_INSTANT, "2147483647999999", "'2038-01-19 03:14:07.999999'"},
    {TIMED(TYPE_INSTANT, 6), VALUE_INSTANT, "2147483648000000", NULL},
    {TIMED(TYPE_TIME, 0), VALUE_TIME, "-3020399000000", "'-838:59:59'"},
    {TIMED(TYPE_TIME, 0), VALUE_TIME, "3020400000000", NULL},
    {{.class = TYPE_BITS, .length = 3, .fixed = true}, VALUE_BITS, "101", "b'101'"},
    {{.class = TYPE_BITS, .length = 4, .fixed = true}, VALUE_BITS, "101", NULL},
    {{.class = TYPE_BITS, .length = 4, .fixed = true}, VALUE_INT, "5", "b'0101'"},
    {{.class = TYPE_BITS, .length = 4, .fixed = true}, VALUE_INT, "16", NULL},
    {{.class = TYPE_JSON},
     VALUE_JSON,
     "{\"a\":[1,18446744073709551615,-0.5,1e300]}",
     "CAST('{\"a\":[1,18446744073709551615,-0.5,1e300]}' AS JSON)"},
    {{.class = TYPE_JSON},
     VALUE_JSON,
     "{\"1.2345678901234567890123\":\"9.99999999999999999999\"}",
     "CAST('{\"1.2345678901234567890123\":\"9.99999999999999999999\"}' AS JSON)"},
    {{.class = TYPE_JSON}, VALUE_JSON, "[1.2345678901234567890123]", NULL},
    {{.class = TYPE_JSON}, VALUE_JSON, "18446744073709551616", NULL},
    {{.class = TYPE_JSON}, VALUE_JSON, "\"\\uD800\"", NULL},
    {{.class = TYPE_INET, .base = "inet4"}, VALUE_INET, "04200a000001", "'10.0.0.1'"},
    {{.class = TYPE_INET, .base = "inet4"}, VALUE_INET, "04080a000000", NULL},
    {{.class = TYPE_INET, .base = "inet6"}, VALUE_INET, "04200a000001", NULL},
    {{.class = TYPE_GEOMETRY},
     VALUE_GEOMETRY,
     "e6100000010100000000000000000000000000000000000000",
     "X'e6100000010100000000000000000000000000000000000000'"},
    {{.class = TYPE_GEOMETRY}, VALUE_GEOMETRY, "0000000001e9030000", NULL},
    {{.class = TYPE_BOOL}, VALUE_BOOL, "t", NULL},
    {{.class = TYPE_ARRAY}, VALUE_ARRAY, "a", NULL},
};

static const struct row postgres_rows[] = {
    {{.class = TYPE_BOOL}, VALUE_BOOL, "t", "true"},
    {TEXT_OF(0), VALUE_TEXT, "\\'; DROP TABLE t; --", "'\\''; DROP TABLE t; --'"},
    {TEXT_OF(0), VALUE_TEXT, "a\nb", "'a\nb'"},
    {{.class = TYPE_TEXT, .length = 63, .base = "name"}, VALUE_TEXT, "é", "'é'"},
    {{.class = TYPE_TEXT, .length = 1, .base = "char"}, VALUE_TEXT, "é", NULL},
    {DECIMAL_OF(-1, 0), VALUE_DECIMAL, "1e400", "'1e400'"},
    {DECIMAL_OF(-1, 0), VALUE_DECIMAL, "NaN", "'NaN'"},
    {DECIMAL_OF(-1, 0), VALUE_DECIMAL, "-Infinity", "'-Infinity'"},
    {DECIMAL_OF(5, 2), VALUE_DECIMAL, "Infinity", NULL},
    {DECIMAL_OF(3, -2), VALUE_DECIMAL, "12300", "12300"},
    {DECIMAL_OF(3, -2), VALUE_DECIMAL, "12310", NULL},
    {{.class = TYPE_DECIMAL, .base = "money", .precision = 19, .scale = 2},
     VALUE_DECIMAL,
     "1.25",
     "'1.25'"},
    {{.class = TYPE_DOUBLE}, VALUE_DOUBLE, "nan", "'NaN'"},
    {{.class = TYPE_DOUBLE}, VALUE_DOUBLE, "-inf", "'-Infinity'"},
    {{.class = TYPE_DOUBLE}, VALUE_DOUBLE, "0.1", "'0.1'"},
    {{.class = TYPE_FLOAT}, VALUE_DOUBLE, "0.10000000149011612", "'0.10000000149011612'"},
    {{.class = TYPE_FLOAT}, VALUE_DOUBLE, "0.1", NULL},
    {{.class = TYPE_BYTES}, VALUE_BYTES, "00275cff", "'\\x00275cff'"},
    {TIMED(TYPE_DATE, 0), VALUE_DATE, "-719529", "'0002-12-31 BC'"},
    {TIMED(TYPE_DATE, 0), VALUE_DATE, "-2440589", NULL},
    {TIMED(TYPE_DATE, 0), VALUE_SPECIAL, "infinity", "'infinity'"},
    {TIMED(TYPE_DATE, 0), VALUE_SPECIAL, "0000-00-00", NULL},
    {TIMED(TYPE_INSTANT, 6), VALUE_INSTANT, "1", "'1970-01-01 00:00:00.000001+00'"},
    {TIMED(TYPE_INSTANT, 6), VALUE_SPECIAL, "-infinity", "'-infinity'"},
    {TIMED(TYPE_TIME, 6), VALUE_TIME, "86400000000", "'24:00:00'"},
    {TIMED(TYPE_TIME, 6), VALUE_TIME, "-1", NULL},
    {TIMED(TYPE_INTERVAL, 6), VALUE_INTERVAL, "-1,2,-3500000", "'-1 mons +2 days -00:00:03.5'"},
    {{.class = TYPE_INTERVAL, .precision = 6, .name = "interval day to hour"},
     VALUE_INTERVAL,
     "0,1,0",
     NULL},
    {{.class = TYPE_JSON, .base = "jsonb"}, VALUE_JSON, "{\"it's\":1e400}", "'{\"it''s\":1e400}'"},
    {{.class = TYPE_JSON, .base = "jsonb"}, VALUE_JSON, "\"\\u0000\"", NULL},
    {{.class = TYPE_JSON, .base = "jsonb"}, VALUE_JSON, "\"\\\\u0000\"", "'\"\\\\u0000\"'"},
    {{.class = TYPE_JSON, .base = "jsonb"}, VALUE_JSON, "\"\\uD800\"", NULL},
    {{.class = TYPE_JSON, .base = "json"}, VALUE_JSON, "\"\\u0000\"", "'\"\\u0000\"'"},
    {{.class = TYPE_BITS, .length = 3, .fixed = true}, VALUE_BITS, "101", "'101'"},
    {{.class = TYPE_BITS, .length = 5}, VALUE_BITS, "101", "'101'"},
    {{.class = TYPE_BITS, .length = 2}, VALUE_BITS, "101", NULL},
    {{.class = TYPE_INET, .base = "inet"}, VALUE_INET, "04180a000001", "'10.0.0.1/24'"},
    {{.class = TYPE_INET, .base = "cidr"}, VALUE_INET, "04180a000001", NULL},
    {{.class = TYPE_INET, .base = "cidr"}, VALUE_INET, "04180a000000", "'10.0.0.0/24'"},
    {{.class = TYPE_ARRAY, .element = TYPE_TEXT, .base = "text[]"},
     VALUE_ARRAY,
     "a|NULL|it's|x\"y\\|{,}",
     "'{\"a\",NULL,\"it''s\",\"x\\\"y\\\\\",\"{,}\"}'"},
    {{.class = TYPE_ARRAY, .element = TYPE_TEXT, .base = "text[]"}, VALUE_ARRAY, "", "'{}'"},
    {{.class = TYPE_ARRAY, .element = TYPE_OTHER, .base = "box[]"},
     VALUE_ARRAY,
     "(1,1),(0,0)|b",
     "'{\"(1,1),(0,0)\";\"b\"}'"},
    {{.class = TYPE_GEOMETRY, .base = "point"},
     VALUE_GEOMETRY,
     "000000000101000000000000000000f83f00000000000000c0",
     "'(1.5,-2)'"},
    {{.class = TYPE_GEOMETRY, .base = "geometry"},
     VALUE_GEOMETRY,
     "e61000000101000000000000000000f83f00000000000000c0",
     "'0101000020E6100000000000000000F83F00000000000000C0'"},
    {{.class = TYPE_OTHER, .base = "tsvector"}, VALUE_TEXT, "'a' 'b'", "'''a'' ''b'''"},
    {{.class = TYPE_SET}, VALUE_SET, "a", NULL},
};

static void check_rows(const struct engine_sql *sql, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct buffer room = BUFFER_INIT(BUFFER_NO_LIMIT), out = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct value value = value_of(&room, rows[i].tag, rows[i].spec);
        const char *why = NULL;
        bool ok = sql->add_literal(&out, &rows[i].type, &value, &why);
        if (ok != (rows[i].literal != NULL) ||
            (ok && strcmp((const char *)out.data, rows[i].literal) != 0))
            fail_msg("%zu, %s: %s", i, rows[i].spec, ok ? (const char *)out.data : why);
        assert_true(ok || why);
        buffer_free(&room);
        buffer_free(&out);
    }
}

static void every_kind_of_value_is_written_or_refused(void **state)
{
    (void)state;
    check_rows(&engine_mysql_sql, both_rows, COUNT(both_rows));
    check_rows(&engine_pg_sql, both_rows, COUNT(both_rows));
    check_rows(&engine_mysql_sql, mysql_rows, COUNT(mysql_rows));
    check_rows(&engine_pg_sql, postgres_rows, COUNT(postgres_rows));
}

static void a_nul_character_is_no_text_of_postgres(void **state)
{
    (void)state;
    struct buffer room = BUFFER_INIT(64), out = BUFFER_INIT(64);
    struct type text = {.class = TYPE_TEXT};
    struct value value;
    const char *why;
    value_add_blob(&room, VALUE_TEXT, "a\0b", 3);
    const unsigned char *place = room.data;
    assert_true(value_read(&place, room.data + room.length, &value));
    assert_false(engine_pg_sql.add_literal(&out, &text, &value, &why));
    buffer_clear(&out);
    assert_true(engine_mysql_sql.add_literal(&out, &text, &value, &why));
    assert_string_equal(out.data, "_utf8mb4 X'610062'");
    buffer_free(&room);
    buffer_free(&out);
}

/* ---- Conditions -------------------------------------------------------------------------------
 */

static void text_is_found_by_its_bytes_whatever_the_collation(void **state)
{
    (void)state;
    const struct {
        const struct engine_sql *sql;
        struct type type;
        const char *text, *condition;
    } rows[] = {
        {&engine_mysql_sql, TEXT_OF(0), "a",
         "`k` = 'a' AND CAST(CONVERT(`k` USING utf8mb4) AS BINARY) = 'a'"},
        {&engine_pg_sql, TEXT_OF(0), "a",
         "`k` = 'a' AND `k`::pg_catalog.text COLLATE pg_catalog.\"C\" = 'a'"},
        {&engine_pg_sql,
         {.class = TYPE_OTHER, .base = "xml"},
         "<a/>",
         "(`k` IS NOT DISTINCT FROM NULL) = false AND pg_catalog.format('%s', `k`) = '<a/>'"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer room = BUFFER_INIT(BUFFER_NO_LIMIT), out = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct value value = value_of(&room, VALUE_TEXT, rows[i].text);
        const char *why = "";
        assert_true(rows[i].sql->add_equals(&out, "`k`", &rows[i].type, &value, &why));
        assert_string_equal(out.data, rows[i].condition);
        buffer_free(&room);
        buffer_free(&out);
    }
}

static void a_counted_number_of_rows_is_changed(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    engine_mysql_sql.add_where(&out, "t", "a = 1", 2);
    assert_string_equal(out.data, " WHERE a = 1 LIMIT 2");
    buffer_clear(&out);
    engine_pg_sql.add_where(&out, "t", "a = 1", 2);
    assert_string_equal(
        out.data, " WHERE (tableoid, ctid) IN (SELECT tableoid, ctid FROM t WHERE a = 1 LIMIT 2)");
    buffer_clear(&out);
    engine_pg_sql.add_where(&out, "t", "a = 1", 0);
    assert_string_equal(out.data, " WHERE a = 1");
    buffer_free(&out);
}

static void a_character_set_holds_its_own_characters(void **state)
{
    (void)state;
    static const struct {
        const char *collation, *text;
        bool fits;
    } rows[] = {
        {"latin1_swedish_ci", "é€", true},
        {"latin1_swedish_ci", "ł", false},
        {"latin1_swedish_ci", "\xc2\x81", true},
        {"latin1_swedish_ci", "\xc2\x80", false},
        {"latin2_general_ci", "ł", true},
        {"utf8mb3_general_ci", "日", true},
        {"utf8mb3_general_ci", "😀", false},
        {"utf8mb4_0900_ai_ci", "😀", true},
        {"ascii_bin", "a~", true},
        {"ascii_bin", "é", false},
        {"koi8r_general_ci", "Привет", true},
        {"koi8r_general_ci", "日", false},
        {"sjis_japanese_ci", "日本", true},
        {"sjis_japanese_ci", "é", false},
        {"nobody_knows_ci", "😀", true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer room = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct value value = value_of(&room, VALUE_TEXT, rows[i].text);
        const char *why;
        if (engine_mysql_sql.fits_collation(rows[i].collation, &value, &why) != rows[i].fits)
            fail_msg("%s: %s", rows[i].collation, rows[i].text);
        buffer_free(&room);
    }
}

/* ---- A value in the column's own form (repair_value.h) ------------------------------------------
 */

struct conversion_row {
    struct type source, target; /* the target is mended */
    const char *kind, *zone;    /* NULL: the pair's own; of the target */
    bool swapped;
    enum value_tag tag;
    const char *spec;
    const char *literal; /* in MySQL's dialect, of an interval in PostgreSQL's; NULL: refused */
};

#define PLAIN(kind)                                                                                \
    {                                                                                              \
        .class = (kind), .name = #kind, .base = "", .precision = 6                                 \
    }
#define SIZED(kind, n)                                                                             \
    {                                                                                              \
        .class = (kind), .name = #kind, .base = "", .length = (n)                                  \
    }

static const struct conversion_row conversions[] = {
    /* a naive time holds what the clocks of its zone show, in summer and winter */
    {PLAIN(TYPE_INSTANT), PLAIN(TYPE_DATETIME), NULL, "Europe/Berlin", false, VALUE_INSTANT,
     "1720000000000000", "'2024-07-03 11:46:40'"},
    {PLAIN(TYPE_INSTANT), PLAIN(TYPE_DATETIME), NULL, "Europe/Berlin", false, VALUE_INSTANT,
     "1704067200000000", "'2024-01-01 01:00:00'"},
    {PLAIN(TYPE_INSTANT), PLAIN(TYPE_DATETIME), NULL, NULL, false, VALUE_INSTANT,
     "1704067200000000", "'2024-01-01 00:00:00'"},
    {PLAIN(TYPE_UUID), SIZED(TYPE_BYTES, 16), NULL, NULL, false, VALUE_UUID,
     "00112233445566778899aabbccddeeff", "X'00112233445566778899aabbccddeeff'"},
    {PLAIN(TYPE_UUID), SIZED(TYPE_BYTES, 16), NULL, NULL, true, VALUE_UUID,
     "00112233445566778899aabbccddeeff", "X'66774455001122338899aabbccddeeff'"},
    {PLAIN(TYPE_UUID), SIZED(TYPE_TEXT, 32), NULL, NULL, false, VALUE_UUID,
     "00112233445566778899aabbccddeeff", "'00112233445566778899aabbccddeeff'"},
    {PLAIN(TYPE_UUID), SIZED(TYPE_TEXT, 36), NULL, NULL, false, VALUE_UUID,
     "00112233445566778899aabbccddeeff", "'00112233-4455-6677-8899-aabbccddeeff'"},
    {PLAIN(TYPE_BOOL), SIZED(TYPE_INT, 1), NULL, NULL, false, VALUE_BOOL, "t", "1"},
    {PLAIN(TYPE_BOOL), SIZED(TYPE_INT, 1), NULL, NULL, false, VALUE_INT, "2", "2"},
    {PLAIN(TYPE_BOOL), SIZED(TYPE_TEXT, 1), "bool", NULL, false, VALUE_BOOL, "t", NULL},
    {PLAIN(TYPE_INSTANT), SIZED(TYPE_BYTES, 14), "instant", "UTC", false, VALUE_INSTANT,
     "1704067201000000", "X'3230323430313031303030303031'"},
    {PLAIN(TYPE_INSTANT), SIZED(TYPE_BYTES, 14), "instant", "UTC", false, VALUE_INSTANT,
     "1704067201500000", NULL},
    {PLAIN(TYPE_JSON), PLAIN(TYPE_TEXT), NULL, NULL, false, VALUE_JSON, "{\"a\":1}", "'{\"a\":1}'"},
    {PLAIN(TYPE_DOUBLE),
     {.class = TYPE_DECIMAL, .name = "decimal", .precision = 9, .scale = 3},
     NULL,
     NULL,
     false,
     VALUE_DOUBLE,
     "1.125",
     "1.125"},
    {PLAIN(TYPE_DOUBLE),
     {.class = TYPE_DECIMAL, .name = "decimal", .precision = 9, .scale = 3},
     NULL,
     NULL,
     false,
     VALUE_DOUBLE,
     "1.0625",
     NULL},
    {PLAIN(TYPE_TEXT), PLAIN(TYPE_TEXT), NULL, NULL, false, VALUE_RAW, "\xff", NULL},
    {PLAIN(TYPE_INTERVAL), PLAIN(TYPE_TIME), NULL, NULL, false, VALUE_TIME, "3600000000",
     "'01:00:00'"},
    {PLAIN(TYPE_INTERVAL), PLAIN(TYPE_TIME), NULL, NULL, false, VALUE_INTERVAL, "1,0,0", NULL},
    /* and PostgreSQL's interval, which MySQL lacks */
    {PLAIN(TYPE_TIME), PLAIN(TYPE_INTERVAL), NULL, NULL, false, VALUE_TIME, "3020399000000",
     "'0 mons +0 days +838:59:59'"},
    {PLAIN(TYPE_TIME), PLAIN(TYPE_INTERVAL), NULL, NULL, false, VALUE_TIME, "-1500000",
     "'0 mons +0 days -00:00:01.5'"},
    {PLAIN(TYPE_INTERVAL), PLAIN(TYPE_INTERVAL), NULL, NULL, false, VALUE_INTERVAL, "14,-3,1000000",
     "'14 mons -3 days +00:00:01'"},
};

static void a_value_takes_the_form_of_the_column(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(conversions); i++) {
        const struct conversion_row *row = &conversions[i];
        struct column_options options = {.precision = -1,
                                         .zero_date_null = -1,
                                         .strip_zero_padding = -1,
                                         .swapped = row->swapped ? 1 : -1,
                                         .ignore = -1,
                                         .kind = row->kind,
                                         .zone = {NULL, row->zone}};
        struct buffer why_kind = BUFFER_INIT(BUFFER_NO_LIMIT), out = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct buffer room = BUFFER_INIT(BUFFER_NO_LIMIT), given = BUFFER_INIT(BUFFER_NO_LIMIT);
        const struct engine_sql *sql =
            row->target.class == TYPE_INTERVAL ? &engine_pg_sql : &engine_mysql_sql;
        struct canon canon;
        struct err err = {0};
        if (!canon_choose(&row->source, &row->target, &options, &canon, &why_kind, &err))
            fail_msg("%zu: %s", i, err.text);
        struct value value = value_of(&given, row->tag, row->spec), native;
        const char *why = NULL;
        bool ok = repair_value(&canon, TARGET, &row->target, &value, &room, &native, &why) &&
                  sql->add_literal(&out, &row->target, &native, &why);
        if (ok != (row->literal != NULL) ||
            (ok && strcmp((const char *)out.data, row->literal) != 0))
            fail_msg("%zu, %s: %s", i, row->spec, ok ? (const char *)out.data : why);
        buffer_free(&why_kind);
        buffer_free(&out);
        buffer_free(&room);
        buffer_free(&given);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_value_is_written_or_refused),
        cmocka_unit_test(a_nul_character_is_no_text_of_postgres),
        cmocka_unit_test(text_is_found_by_its_bytes_whatever_the_collation),
        cmocka_unit_test(a_counted_number_of_rows_is_changed),
        cmocka_unit_test(a_character_set_holds_its_own_characters),
        cmocka_unit_test(a_value_takes_the_form_of_the_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
