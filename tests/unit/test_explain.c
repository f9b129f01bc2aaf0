/*
 * Why two values are or are not equal, without a server: types by their spelling in both engines,
 * values as people write them, the rule, the verdict and the first difference. Cases are data.
 */
#include "../../verify/cell_text.h"
#include "../../verify/explain_values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void types_are_read_in_the_spelling_of_their_engine(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        enum side side;
        const char *engine; /* NULL: refused */
        enum type_class class;
        const char *base;
        uint32_t length;
        int precision, scale;
        bool is_unsigned, fixed;
    } cases[] = {
        {"tinyint(1)", SOURCE, "mysql", TYPE_INT, "tinyint", 1, -1, 0, false, false},
        {"BIGINT(20) UNSIGNED", SOURCE, "mysql", TYPE_INT, "bigint", 8, -1, 0, true, false},
        {"int unsigned zerofill", SOURCE, "mysql", TYPE_INT, "int", 4, -1, 0, true, false},
        {"decimal(10, 2)", SOURCE, "mysql", TYPE_DECIMAL, "decimal", 0, 10, 2, false, false},
        {"decimal", SOURCE, "mysql", TYPE_DECIMAL, "decimal", 0, 10, 0, false, false},
        {"char(5)", SOURCE, "mysql", TYPE_TEXT, "char", 5, -1, 0, false, true},
        {"datetime(6)", SOURCE, "mysql", TYPE_DATETIME, "datetime", 0, 6, 0, false, false},
        {"timestamp", SOURCE, "mysql", TYPE_INSTANT, "timestamp", 0, 0, 0, false, false},
        {"float", SOURCE, "mysql", TYPE_FLOAT, "float", 4, -1, 0, false, false},
        {"bit", SOURCE, "mysql", TYPE_BITS, "bit", 1, -1, 0, false, true},
        {"enum('a)','b,c')", SOURCE, "mysql", TYPE_ENUM, "enum", 0, -1, 0, false, false},
        {"binary(16)", SOURCE, "mysql", TYPE_BYTES, "binary", 16, -1, 0, false, true},
        {"year", SOURCE, "mysql", TYPE_INT, "year", 2, -1, 0, true, false},
        {"timestamp", TARGET, "postgresql", TYPE_DATETIME, "timestamp", 0, 6, 0, false, false},
        {"timestamp(3) with time zone", TARGET, "postgresql", TYPE_INSTANT, "timestamptz", 0, 3, 0,
         false, false},
        {"timestamp without time zone", TARGET, "postgresql", TYPE_DATETIME, "timestamp", 0, 6, 0,
         false, false},
        {"Character Varying(20)", TARGET, "postgresql", TYPE_TEXT, "varchar", 20, 0, 0, false,
         false},
        {"char", TARGET, "postgresql", TYPE_TEXT, "bpchar", 1, 0, 0, false, true},
        {"\"char\"", TARGET, "postgresql", TYPE_TEXT, "char", 1, 0, 0, false, false},
        {"numeric(10,-2)", TARGET, "postgresql", TYPE_DECIMAL, "numeric", 0, 10, -2, false, false},
        {"numeric(12,3)", TARGET, "postgresql", TYPE_DECIMAL, "numeric", 0, 12, 3, false, false},
        {"numeric", TARGET, "postgresql", TYPE_DECIMAL, "numeric", 0, -1, -1, false, false},
        {"double precision", TARGET, "postgresql", TYPE_DOUBLE, "float8", 8, 0, 0, false, false},
        {"float(24)", TARGET, "postgresql", TYPE_FLOAT, "float4", 4, 0, 0, false, false},
        {"float", TARGET, "postgresql", TYPE_DOUBLE, "float8", 8, 0, 0, false, false},
        {"boolean", TARGET, "postgresql", TYPE_BOOL, "bool", 0, 0, 0, false, false},
        {"int[]", TARGET, "postgresql", TYPE_ARRAY, "int4[]", 4, 0, 0, false, false},
        {"text[3][3]", TARGET, "postgresql", TYPE_ARRAY, "text[]", 0, 0, 0, false, false},
        {"bit varying(8)", TARGET, "postgresql", TYPE_BITS, "varbit", 8, 0, 0, false, false},
        {"tsvector", TARGET, "postgresql", TYPE_OTHER, "tsvector", 0, 0, 0, false, false},
        /* Only the other engine has it. */
        {"jsonb", SOURCE, "postgresql", TYPE_JSON, "jsonb", 0, 0, 0, false, false},
        {"mediumtext", TARGET, "mysql", TYPE_TEXT, "mediumtext", 0, -1, 0, false, false},
        /* As it is asked for. */
        {"postgresql:timestamp", SOURCE, "postgresql", TYPE_DATETIME, "timestamp", 0, 6, 0, false,
         false},
        {"mysql:timestamp", TARGET, "mysql", TYPE_INSTANT, "timestamp", 0, 0, 0, false, false},
        {"mysql:jsonb", TARGET, NULL, TYPE_UNKNOWN, NULL, 0, 0, 0, false, false},
        {"integr", TARGET, NULL, TYPE_UNKNOWN, NULL, 0, 0, 0, false, false},
        {"", TARGET, NULL, TYPE_UNKNOWN, NULL, 0, 0, 0, false, false},
        {"int(", SOURCE, NULL, TYPE_UNKNOWN, NULL, 0, 0, 0, false, false},
        {"decimal(1,2,3)", SOURCE, NULL, TYPE_UNKNOWN, NULL, 0, 0, 0, false, false},
        {"varchar(x)", TARGET, NULL, TYPE_UNKNOWN, NULL, 0, 0, 0, false, false},
        {"[]", TARGET, NULL, TYPE_UNKNOWN, NULL, 0, 0, 0, false, false},
        {"int[", TARGET, NULL, TYPE_UNKNOWN, NULL, 0, 0, 0, false, false},
        {"int unsignd", SOURCE, NULL, TYPE_UNKNOWN, NULL, 0, 0, 0, false, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena arena = ARENA_INIT;
        struct type type;
        const char *engine = NULL;
        struct err err = {0};
        bool read = explain_type(cases[i].text, cases[i].side, &arena, &type, &engine, &err);
        if (read != (cases[i].engine != NULL))
            fail_msg("%s is %s", cases[i].text, read ? "read" : err.text);
        if (!read)
            assert_int_equal(err.code, ERR_USAGE);
        if (read && (strcmp(engine, cases[i].engine) != 0 || type.class != cases[i].class ||
                     strcmp(type.base, cases[i].base) != 0 || type.length != cases[i].length ||
                     type.precision != cases[i].precision || type.scale != cases[i].scale ||
                     type.is_unsigned != cases[i].is_unsigned || type.fixed != cases[i].fixed))
            fail_msg("%s: %s %d %s %u %d %d %d %d", cases[i].text, engine, (int)type.class,
                     type.base, type.length, type.precision, type.scale, type.is_unsigned,
                     type.fixed);
        arena_free(&arena);
    }
}

static void values_are_judged_by_the_contract_and_the_first_difference_is_named(void **unused)
{
    (void)unused;
    static const struct {
        struct explain_question question;
        int exit_code;    /* 64: refused */
        const char *says; /* of the answer, or of the refusal */
    } cases[] = {
        {{.type = {"tinyint(1)", "boolean"}, .value = {"1", "true"}}, 0, "equal: the same bytes"},
        {{.type = {"tinyint(1)", "boolean"}, .value = {"2", "true"}},
         1,
         "the source's is a number, the target's a truth value"},
        {{.type = {"tinyint(1)", "boolean"}, .value = {"2", "maybe"}}, 64, "no value of the type"},
        {{.type = {"bigint unsigned", "numeric"},
          .value = {"18446744073709551615", "18446744073709551615"}},
         0,
         "equal"},
        {{.type = {"bigint", "numeric"}, .value = {"9223372036854775808", "1"}}, 64, "no value"},
        {{.type = {"decimal(10,2)", "numeric"}, .value = {"1.10", "1.1"}}, 0, "equal"},
        {{.type = {"decimal(10,2)", "numeric"}, .value = {"-1.10", "1.1"}}, 1, "more by 2.2"},
        {{.type = {"text", "text"}, .value = {"NULL", "'NULL'"}}, 1, "NULL equals nothing but"},
        {{.type = {"text", "text"}, .value = {"'it''s'", "it's"}}, 0, "equal"},
        {{.type = {"text", "text"}, .value = {"''", "' '"}}, 1, "the end in the source, U+0020"},
        {{.type = {"char(5)", "char(5)"}, .value = {"a", "a  "}}, 0, "equal"},
        {{.type = {"text", "text"}, .value = {"na\xc3\xafve", "na\xc3\xa4ve"}},
         1,
         "from character 3 (byte 3): U+00EF in the source, U+00E4 in the target"},
        {{.type = {"text", "text"}, .value = {"\xf0\x9f\x98\x80", "\xf0\x9f\x9a\x80"}},
         1,
         "U+1F600 in the source, U+1F680"},
        {{.type = {"varbinary(9)", "bytea"}, .value = {"0x4142", "\\x4143"}},
         1,
         "from byte 2: 0x42 in the source, 0x43 in the target"},
        {{.type = {"varbinary(9)", "bytea"}, .value = {"0x414", "\\x4143"}}, 64, "no value"},
        {{.type = {"binary(4)", "bytea"}, .value = {"0x4142", "\\x41420000"}}, 0, "equal"},
        {{.type = {"datetime", "timestamptz"},
          .zone = "Europe/Berlin",
          .value = {"2024-07-01 12:00:00", "2024-07-01 10:00:00Z"}},
         0,
         "equal"},
        {{.type = {"datetime", "timestamptz"},
          .side_zone = {"Europe/Berlin", NULL},
          .value = {"2024-07-01 12:00:00", "2024-07-01 12:00:00+02"}},
         0,
         "Europe/Berlin"},
        {{.type = {"datetime", "timestamptz"},
          .value = {"2024-07-01 12:00:00", "2024-07-01 10:00:00Z"}},
         1,
         "7200 s earlier"},
        {{.type = {"datetime", "timestamptz"},
          .zone = "Europe/Berlim",
          .value = {"2024-07-01 12:00:00", "2024-07-01 10:00:00Z"}},
         64,
         "Europe/Berlim"},
        {{.type = {"datetime(6)", "timestamp"},
          .precision = "0",
          .value = {"2024-07-01 12:00:00.7", "2024-07-01 12:00:00"}},
         0,
         "only under the leniency"},
        {{.type = {"datetime", "timestamp"}, .precision = "x", .value = {"NULL", "NULL"}},
         64,
         "whole number from 0 to 6"},
        {{.type = {"float", "real"}, .value = {"1.2345678", "1.2345671"}}, 1, "less by"},
        {{.type = {"double", "float8"}, .tolerance = "digits:3", .value = {"1.2341", "1.2339"}},
         0,
         "leniency"},
        {{.type = {"double", "float8"}, .tolerance = "3", .value = {"1", "1"}}, 64, "--tolerance"},
        {{.type = {"double", "float8"}, .tolerance = "abs:'}", .value = {"1", "1"}}, 64, "abs"},
        {{.type = {"text", "text"}, .tolerance = "abs:1", .value = {"1", "1"}}, 64, "tolerance"},
        {{.type = {"date", "date"}, .value = {"0000-00-00", "NULL"}}, 1, "NULL equals nothing"},
        {{.type = {"date", "date"}, .zero_date_null = true, .value = {"0000-00-00", "NULL"}},
         0,
         "equal"},
        {{.type = {"date", "date"}, .value = {"2024-02-29", "2024-03-01"}}, 1, "1 days later"},
        {{.type = {"json", "jsonb"}, .value = {"{\"b\":1e2,\"a\":1}", "{\"a\": 1.0, \"b\": 100}"}},
         0,
         "equal"},
        {{.type = {"json", "jsonb"}, .value = {"true", "1"}}, 1, "from character 1"},
        {{.type = {"char(36)", "uuid"},
          .value = {"{00112233-4455-6677-8899-AABBCCDDEEFF}", "00112233445566778899aabbccddeeff"}},
         0,
         "equal"},
        {{.type = {"text", "int[]"}, .kind = "array", .separator = ",", .value = {"1,2", "{1,3}"}},
         1,
         "from byte"},
        {{.type = {"text", "text[]"}, .kind = "array", .separator = "'", .value = {"a'b", "{a,b}"}},
         0,
         "equal"},
        {{.type = {"bit(8)", "bit(8)"}, .value = {"b'101'", "00000101"}}, 0, "equal"},
        {{.type = {"bit(8)", "bit(8)"}, .value = {"101", "101"}}, 64, "target"},
        {{.type = {"point", "int"}, .value = {"1", "1"}}, 2, "not verified"},
        {{.type = {"int", "int"}, .kind = "nonsense", .value = {"1", "1"}}, 64, "nonsense"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct err err = {0};
        int exit_code = 64;
        bool done = explain_values(&cases[i].question, &out, &exit_code, &err);
        const char *said = done ? (const char *)out.data : err.text;
        if (done && cases[i].exit_code == 64)
            fail_msg("case %zu is not refused: %s", i, said);
        if ((done ? exit_code : (int)err.code) != cases[i].exit_code)
            fail_msg("case %zu: %d, %s", i, exit_code, said);
        /* The answer is wrapped. */
        for (size_t b = 0; b < out.length; b++)
            if (out.data[b] == '\n' && b + 3 < out.length && out.data[b + 1] == ' ')
                out.data[b] = ' ';
        struct buffer flat = BUFFER_INIT(BUFFER_NO_LIMIT);
        for (const char *at = said; *at; at++)
            if (*at != ' ' || !flat.length || flat.data[flat.length - 1] != ' ')
                buffer_add_byte(&flat, (unsigned char)*at);
        if (!strstr((const char *)flat.data, cases[i].says))
            fail_msg("case %zu: \"%s\" is not in: %s", i, cases[i].says, (const char *)flat.data);
        buffer_free(&flat);
        buffer_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_read_in_the_spelling_of_their_engine),
        cmocka_unit_test(values_are_judged_by_the_contract_and_the_first_difference_is_named),
    };
    return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
