/* Defaults and conditions as two dialects spell them: what means the same, and what does not. */
#include "../../verify/schema_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct preset_case {
    const char *text;
    enum default_kind kind;
    const char *value; /* NULL: none */
};

static const struct preset_case presets[] = {
    {NULL, DEFAULT_NONE, NULL},
    {"NULL", DEFAULT_NONE, NULL},
    {"NULL::character varying", DEFAULT_NONE, NULL},
    {"'abc'::character varying", DEFAULT_LITERAL, "abc"},
    {"'abc'::character varying(20)", DEFAULT_LITERAL, "abc"},
    {"'it''s'", DEFAULT_LITERAL, "it's"},
    {"'it\\'s'", DEFAULT_LITERAL, "it's"},
    {"''", DEFAULT_LITERAL, ""},
    {"'NULL'", DEFAULT_LITERAL, "NULL"}, /* a text that only looks like it */
    {"'now()'", DEFAULT_LITERAL, "now()"},
    {"'2020-01-01 00:00:00'::timestamp without time zone", DEFAULT_LITERAL, "2020-01-01 00:00:00"},
    {"'{}'::text[]", DEFAULT_LITERAL, "{}"},
    {"ARRAY[]::integer[]", DEFAULT_LITERAL, "{}"},
    {"json_array()", DEFAULT_LITERAL, "[]"},
    {"0", DEFAULT_LITERAL, "0"},
    {"-1", DEFAULT_LITERAL, "-1"},
    {"'-1'::integer", DEFAULT_LITERAL, "-1"},
    {"(0)::numeric", DEFAULT_LITERAL, "0"},
    {"b'101'", DEFAULT_LITERAL, "5"},
    {"B'0'::\"bit\"", DEFAULT_LITERAL, "0"},
    {"_utf8mb4\\'x\\'", DEFAULT_LITERAL, "x"},
    {"true", DEFAULT_LITERAL, "true"},
    {"now()", DEFAULT_NOW, NULL},
    {"CURRENT_TIMESTAMP", DEFAULT_NOW, NULL},
    {"CURRENT_TIMESTAMP(6)", DEFAULT_NOW, NULL},
    {"current_timestamp()", DEFAULT_NOW, NULL},
    {"timezone('utc'::text, now())", DEFAULT_NOW, NULL},
    {"(now() AT TIME ZONE 'utc'::text)", DEFAULT_NOW, NULL},
    {"('now'::text)::timestamp without time zone", DEFAULT_NOW, NULL},
    {"('now'::text)::date", DEFAULT_TODAY, NULL},
    {"(now())::date", DEFAULT_TODAY, NULL},
    {"curdate()", DEFAULT_TODAY, NULL},
    {"CURRENT_DATE", DEFAULT_TODAY, NULL},
    {"nextval('orders_id_seq'::regclass)", DEFAULT_COUNTER, NULL},
    {"nextval(`hotel`.`numbers`)", DEFAULT_COUNTER, NULL},
    {"gen_random_uuid()", DEFAULT_UUID, NULL},
    {"(gen_random_uuid())::text", DEFAULT_UUID, NULL},
    {"uuid()", DEFAULT_UUID, NULL},
    {"uuid_to_bin(uuid(),1)", DEFAULT_UUID, NULL},
    {"('no-'::text || nextval('s'::regclass))", DEFAULT_EXPRESSION, "'no-' || nextval 's'"},
    {"(now() + '1 day'::interval)", DEFAULT_EXPRESSION, "now + '1 day'"},
    {"('now'", DEFAULT_LITERAL, "now"}, /* cut short: no crash */
    {"'", DEFAULT_LITERAL, ""},
    {"`", DEFAULT_EXPRESSION, ""},
    {"::", DEFAULT_NONE, NULL},
    {"_", DEFAULT_EXPRESSION, "_"},
    {"\\'", DEFAULT_LITERAL, ""},
};

static void defaults_are_read_by_what_they_mean(void **state)
{
    struct arena arena = ARENA_INIT;
    (void)state;
    for (size_t i = 0; i < COUNT(presets); i++) {
        struct column_default preset;
        schema_read_default(presets[i].text, &arena, &preset);
        print_message("- %s\n", presets[i].text ? presets[i].text : "none");
        assert_int_equal(preset.kind, presets[i].kind);
        if (presets[i].value)
            assert_string_equal(preset.value, presets[i].value);
    }
    arena_free(&arena);
}

static const struct type number = {.class = TYPE_INT, .length = 4, .base = "int"};
static const struct type decimal = {.class = TYPE_DECIMAL, .base = "decimal"};
static const struct type boolean = {.class = TYPE_BOOL, .base = "bool"};
static const struct type bits = {.class = TYPE_BITS, .length = 1, .base = "bit"};
static const struct type text = {.class = TYPE_TEXT, .base = "varchar"};
static const struct type padded = {.class = TYPE_TEXT, .fixed = true, .base = "char"};
static const struct type json = {.class = TYPE_JSON, .base = "json"};
static const struct type instant = {.class = TYPE_INSTANT, .base = "timestamptz"};
static const struct type date = {.class = TYPE_DATE, .base = "date"};
static const struct type uuid = {.class = TYPE_UUID, .base = "uuid"};

static const struct {
    const struct type *source_type;
    const char *source;
    const struct type *target_type;
    const char *target;
    bool same;
} pairs[] = {
    {&number, "0", &number, "'0'::smallint", true},
    {&decimal, "0.00", &decimal, "0", true},
    {&decimal, "1.50", &decimal, "1.5", true},
    {&decimal, "1.50", &decimal, "1.05", false},
    {&number, "0", &boolean, "false", true},
    {&number, "1", &boolean, "true", true},
    {&number, "2", &boolean, "true", false},
    {&number, "0", &boolean, "true", false},
    {&bits, "b'0'", &boolean, "false", true},
    {&text, "'007'", &text, "'7'::text", false}, /* texts, however they look */
    {&text, "''", &text, NULL, false},
    {&text, "NULL", &text, NULL, true},
    {&text, "'null'", &text, NULL, false},
    {&padded, "'a'", &padded, "'a   '::bpchar", true},
    {&json, "'{\"a\": 1}'", &json, "'{\"a\":1}'::jsonb", true},
    {&json, "json_object()", &json, "'{}'::jsonb", true},
    {&instant, "current_timestamp()", &instant, "now()", true},
    {&instant, "'2020-01-01 00:00:00.000000'", &instant, "'2020-01-01 00:00:00+00'", true},
    {&instant, "'2020-01-01 00:00:00'", &instant, "'2020-01-01 01:00:00+00'", false},
    {&instant, "current_timestamp()", &instant, NULL, false},
    {&date, "current_timestamp()", &date, "CURRENT_DATE", true},
    {&text, "uuid()", &uuid, "gen_random_uuid()", true},
    {&text, "lower('A')", &text, "LOWER('A'::text)", true},
    {&text, "lower('A')", &text, "upper('A'::text)", false},
    {&number, "(1 + f()) * 2", &number, "((1 + f()) * 2)", true},
    {&number, "(1 + f()) * 2", &number, "(1 + (f() * 2))", false},
};

static void defaults_of_two_dialects_are_the_same_when_an_insert_gets_the_same(void **state)
{
    struct arena arena = ARENA_INIT;
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        struct column_default source, target;
        schema_read_default(pairs[i].source, &arena, &source);
        schema_read_default(pairs[i].target, &arena, &target);
        const struct column_default *const both[] = {&source, &target};
        const struct type *const types[] = {pairs[i].source_type, pairs[i].target_type};
        print_message("- %s beside %s\n", pairs[i].source, pairs[i].target);
        assert_int_equal(schema_same_default(both, types), pairs[i].same);
    }
    arena_free(&arena);
}

static void mysql_prints_literals_bare(void **state)
{
    struct arena arena = ARENA_INIT;
    struct column_default preset;
    (void)state;
    schema_read_bare_default("it's", &text, &arena, &preset);
    assert_string_equal(preset.value, "it's");
    schema_read_bare_default("CURRENT_TIMESTAMP", &text, &arena, &preset);
    assert_int_equal(preset.kind, DEFAULT_LITERAL);
    schema_read_bare_default("CURRENT_TIMESTAMP(3)", &instant, &arena, &preset);
    assert_int_equal(preset.kind, DEFAULT_NOW);
    schema_read_bare_default("b'101'", &bits, &arena, &preset);
    assert_string_equal(preset.value, "5");
    schema_read_bare_default(NULL, &text, &arena, &preset);
    assert_int_equal(preset.kind, DEFAULT_NONE);
    arena_free(&arena);
}

static const char *const same_forms[][2] = {
    {"`price` >= 0", "(price >= (0)::numeric)"},
    {"`c` < 100 and `t` <> 'x'", "((c < 100) AND ((t)::text <> 'x'::text))"},
    {"(`t` <> _utf8mb4\\'x\\')", "((t)::text <> 'x'::text)"},
    {"`s` in ('a','b')",
     "((s)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))"},
    {"`s` not in ('a','b')", "(s <> ALL (ARRAY['a'::text, 'b'::text]))"},
    {"`n` between 1 and 5", "((n >= 1) AND (n <= 5))"},
    {"`n` between -1 and 5 or `m` > 2", "(((n >= '-1'::integer) AND (n <= 5)) OR (m > 2))"},
    {"char_length(`s`) > 2", "(char_length((s)::text) > 2)"},
    {"`s` like 'a%'", "((s)::text ~~ 'a%'::text)"},
    {"`a` is not null", "(a IS NOT NULL)"},
    {"`h`.`t`.`a` > 1", "(a > 1)"},
};

static void two_spellings_of_a_condition_have_one_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(same_forms); i++) {
        struct buffer forms[2] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
        for (int side = 0; side < 2; side++)
            schema_normal_form(same_forms[i][side], NULL, NULL, &forms[side]);
        assert_string_equal((char *)forms[0].data, (char *)forms[1].data);
        print_message("- %s beside %s\n", same_forms[i][0], same_forms[i][1]);
        assert_true(schema_same_structure(same_forms[i][0], same_forms[i][1]));
        buffer_free(&forms[0]);
        buffer_free(&forms[1]);
    }
}

/* Source and target; whether their operands belong together in the same way. */
static const struct {
    const char *text[2];
    bool same;
} structures[] = {
    {{"(`a` > 0 or `b` > 0) and `c` > 0", "(((a > 0) OR (b > 0)) AND (c > 0))"}, true},
    {{"(`a` > 0 or `b` > 0) and `c` > 0", "((a > 0) OR ((b > 0) AND (c > 0)))"}, false},
    {{"`a` > 0 or `b` > 0 and `c` > 0", "((a > 0) OR ((b > 0) AND (c > 0)))"}, true},
    {{"`a` and `b` and `c`", "((a AND b) AND c)"}, true},
    {{"`a` and (`b` and `c`)", "((a AND b) AND c)"}, true},
    {{"(a and b) or (c and d)", "a and b or c and d"}, true},
    {{"(a or b) and (c or d)", "(a or b and c or d)"}, false},
    {{"(`a` + `b`) * `c` > 5", "(((a + b) * c) > 5)"}, true},
    {{"(`a` + `b`) * `c` > 5", "((a + (b * c)) > 5)"}, false},
    {{"`a` - `b` - `c` > 5", "(((a - b) - c) > 5)"}, true},
    {{"`a` - (`b` - `c`) > 5", "(((a - b) - c) > 5)"}, false},
    {{"-(a + b) > c", "((- a) + b) > c"}, false},
    {{"- a > 1", "((- a) > 1)"}, true},
    {{"not (`a` or `b`)", "(NOT (a OR b))"}, true},
    {{"not `a` or `b`", "(NOT (a OR b))"}, false},
    {{"lower(a) = b", "(lower((a)::text) = b)"}, true},
    {{"f(a) + b > 1", "f(a + b) > 1"}, false},
    {{"f(a + b, c)", "f((a + b), c)"}, true},
    {{"(a between 1 and 3) and b > 0", "(((a >= 1) AND (a <= 3)) AND (b > 0))"}, true},
    {{"a * (b + c) between 1 and 3", "a * b + c between 1 and 3"}, false},
    {{"a in (1, 2) and (b or c)", "((a = ANY (ARRAY[1, 2])) AND (b OR c))"}, true},
    {{"a not in (1, 2) or b", "((a <> ALL (ARRAY[1, 2])) OR b)"}, true},
    {{"a is not null or b is null", "((a IS NOT NULL) OR (b IS NULL))"}, true},
    {{"concat(a, b) not like 'x%' and c", "((concat(a, b) !~~ 'x%'::text) AND c)"}, true},
    {{"json_valid(`j`)", "(json_valid(j))"}, true},
    {{"`and` = 1 or b", "((\"and\" = 1) OR b)"}, true}, /* a name, not an operator */
    {{"case when a then b else c end", "CASE WHEN a THEN b ELSE c END"}, true},
    {{"case when (a or b) and c then d end", "case when a or (b and c) then d end"}, false},
    {{")(", "))(("}, true}, /* cut short or worse: no crash */
    {{"", "()"}, true},
    {{"a and", "and b"}, true},
    {{"not", "- not ("}, false},
};

static void the_same_words_may_belong_together_in_other_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(structures); i++) {
        const char *const *both = structures[i].text;
        print_message("- %s beside %s\n", both[0], both[1]);
        assert_int_equal(schema_same_structure(both[0], both[1]), structures[i].same);
        assert_int_equal(schema_same_structure(both[1], both[0]), structures[i].same);
        assert_true(schema_same_structure(both[0], both[0]));
    }
}

/* Deeper than anybody writes: neither a crash nor two that look alike. */
static void nested_without_end_is_compared_as_it_is_spelled(void **state)
{
    enum { DEEP = 100000 };
    char *texts[2] = {mem_zero(2 * DEEP + 20, 1), mem_zero(2 * DEEP + 20, 1)};
    (void)state;
    for (int side = 0; side < 2; side++) {
        memset(texts[side], '(', DEEP);
        memcpy(texts[side] + DEEP, side ? "a or b" : "a xor b", side ? 6 : 7);
        memset(texts[side] + strlen(texts[side]), ')', DEEP);
    }
    assert_true(schema_same_structure(texts[0], texts[0]));
    assert_false(schema_same_structure(texts[0], texts[1]));
    free(texts[0]);
    free(texts[1]);
}

static const char *const other_forms[][2] = {
    {"price > 0", "price >= 0"},           {"s = 'a'", "s = 'A'"},
    {"s in ('a')", "s in ('a', 'b')"},     {"a is null", "a is not null"},
    {"a > 1 and b > 1", "a > 1 or b > 1"},
};

static void other_conditions_have_other_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(other_forms); i++) {
        struct buffer forms[2] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
        for (int side = 0; side < 2; side++)
            schema_normal_form(other_forms[i][side], NULL, NULL, &forms[side]);
        assert_string_not_equal((char *)forms[0].data, (char *)forms[1].data);
        buffer_free(&forms[0]);
        buffer_free(&forms[1]);
    }
}

static void names_are_found_whole(void **state)
{
    (void)state;
    assert_true(schema_form_has("price >= 0", "price"));
    assert_true(schema_form_has("0 <= price", "price"));
    assert_false(schema_form_has("old_price >= 0", "price"));
    assert_false(schema_form_has("prices >= 0", "price"));
    assert_false(schema_form_has("", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_read_by_what_they_mean),
        cmocka_unit_test(defaults_of_two_dialects_are_the_same_when_an_insert_gets_the_same),
        cmocka_unit_test(mysql_prints_literals_bare),
        cmocka_unit_test(two_spellings_of_a_condition_have_one_form),
        cmocka_unit_test(the_same_words_may_belong_together_in_other_ways),
        cmocka_unit_test(nested_without_end_is_compared_as_it_is_spelled),
        cmocka_unit_test(other_conditions_have_other_forms),
        cmocka_unit_test(names_are_found_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
