/* Hand-made definitions of two tables: what must be found, what must stay silent, and which SQL
 * mends it. No server is asked. */
#include "../../verify/schema_compare.h"
#include "../../verify/schema_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MOST 4

/* One side of a case: a table of up to MOST columns. */
struct half {
    struct column columns[MOST];
    struct column_definition definitions[MOST];
    struct index_part parts[MOST];
    struct index indexes[MOST];
    struct foreign_key foreign_keys[1];
    struct check checks[2];
    struct counter counter;
    struct table_definition definition;
    struct table table;
    struct table_part part;
};

static struct half half[SIDES];
static struct result_column names[MOST];
static struct result_table result;
static struct plan_table planned;
static struct plan plan;
static struct arena arena;
static struct schema_context context;

/* Two equal tables: id int primary key, note varchar(20). */
static void start(const struct engine *source, const struct engine *target)
{
    arena_free(&arena);
    memset(half, 0, sizeof half);
    memset(names, 0, sizeof names);
    text_list_free(&result.reasons);
    result = (struct result_table){.columns = names, .column_count = 2};
    planned = (struct plan_table){.result = &result};
    for (int side = 0; side < SIDES; side++) {
        struct half *of = &half[side];
        of->columns[0] = (struct column){
            .name = "id", .type = {.class = TYPE_INT, .length = 4, .name = "int", .base = "int"}};
        of->columns[1] = (struct column){
            .name = "note",
            .type = {.class = TYPE_TEXT, .length = 20, .name = "varchar(20)", .base = "varchar"},
            .nullable = true};
        of->parts[0] = (struct index_part){.column = 0};
        of->indexes[0] = (struct index){.name = "PRIMARY",
                                        .method = "btree",
                                        .primary = true,
                                        .unique = true,
                                        .part_count = 1,
                                        .parts = &of->parts[0]};
        of->definition = (struct table_definition){.columns = of->definitions,
                                                   .index_count = 1,
                                                   .indexes = of->indexes,
                                                   .foreign_keys = of->foreign_keys,
                                                   .checks = of->checks};
        of->part = (struct table_part){.from = "t"};
        of->table = (struct table){.schema = side == SOURCE ? "shop" : "public",
                                   .name = "orders",
                                   .label = side == SOURCE ? "orders" : "public.orders",
                                   .column_count = 2,
                                   .columns = of->columns,
                                   .part_count = 1,
                                   .parts = &of->part,
                                   .definition = &of->definition};
        planned.table[side] = &of->table;
        for (int i = 0; i < 2; i++)
            names[i].name[side] = of->columns[i].name;
    }
    plan = (struct plan){.table_count = 1, .tables = &planned};
    context = (struct schema_context){.plan = &plan, .engine = {source, target}, .arena = &arena};
}

static void moved_to_postgres(void)
{
    start(&engine_mysql, &engine_postgres);
}

static const struct result_schema *only(const char *kind)
{
    schema_compare(&context, &planned);
    for (size_t i = 0; i < result.schema_count; i++)
        print_message("  %s: %s\n    %s\n", result.schema[i].kind, result.schema[i].text,
                      result.schema[i].fix ? result.schema[i].fix : "-");
    assert_int_equal(result.schema_count, 1);
    assert_string_equal(result.schema[0].kind, kind);
    return &result.schema[0];
}

static void silent(void)
{
    schema_compare(&context, &planned);
    for (size_t i = 0; i < result.schema_count; i++)
        print_message("  %s: %s\n", result.schema[i].kind, result.schema[i].text);
    assert_int_equal(result.schema_count, 0);
    assert_false(result.schema_differs);
    assert_int_equal(result.reasons.count, 0);
}

static void give_counter(enum side side, int64_t next, int64_t highest)
{
    half[side].counter =
        (struct counter){.sequence = side == TARGET ? "public.orders_id_seq" : NULL,
                         .label = side == TARGET ? "public.orders_id_seq" : "AUTO_INCREMENT",
                         .next = next,
                         .increment = 1,
                         .end = INT64_MAX,
                         .has_highest = true,
                         .highest = highest};
    half[side].definitions[0].counter = &half[side].counter;
    half[side].definitions[0].preset = (struct column_default){.kind = DEFAULT_COUNTER};
}

/* ---- Counters -------------------------------------------------------------------------------- */

static void a_sequence_that_gives_a_number_of_a_row_breaks_and_has_its_statement(void **state)
{
    (void)state;
    for (int64_t next = 1; next <= 4711; next += 4710) { /* never called; at the highest itself */
        moved_to_postgres();
        give_counter(SOURCE, 4712, 4711);
        give_counter(TARGET, next, 4711);
        const struct result_schema *found = only("sequence-behind");
        assert_true(found->breaks);
        assert_true(result.schema_differs);
        assert_string_equal(found->column, "id");
        assert_string_equal(found->fix, "SELECT setval('public.orders_id_seq', 4711)");
        assert_non_null(strstr(result.reasons.items[0], "the next insert into public.orders"));
    }
}

static void a_sequence_that_is_one_ahead_is_silent(void **state)
{
    (void)state;
    moved_to_postgres();
    give_counter(SOURCE, 4712, 4711);
    give_counter(TARGET, 4712, 4711);
    silent();
    moved_to_postgres(); /* an empty table */
    give_counter(SOURCE, 1, 0);
    give_counter(TARGET, 1, 0);
    half[TARGET].counter.has_highest = half[SOURCE].counter.has_highest = false;
    silent();
}

static void auto_increment_is_mended_by_the_number_after_the_highest(void **state)
{
    (void)state;
    start(&engine_postgres, &engine_mysql);
    give_counter(SOURCE, 8, 7);
    give_counter(TARGET, 3, 7);
    half[TARGET].counter.sequence = NULL;
    const struct result_schema *found = only("sequence-behind");
    assert_string_equal(found->fix, "ALTER TABLE `public`.`orders` AUTO_INCREMENT = 8");
}

static void a_sequence_of_the_source_that_is_behind_breaks_nothing(void **state)
{
    (void)state;
    moved_to_postgres();
    give_counter(SOURCE, 3, 7);
    give_counter(TARGET, 8, 7);
    assert_false(only("sequence-behind")->breaks);
    assert_false(result.schema_differs);
}

static void sequences_that_are_behind_alike_are_no_difference(void **state)
{
    (void)state;
    start(&engine_postgres, &engine_postgres);
    give_counter(SOURCE, 3, 7);
    give_counter(TARGET, 3, 7);
    schema_compare(&context, &planned);
    assert_int_equal(result.schema_count, 2);
    assert_false(result.schema_differs);
}

static void a_counter_without_numbers_left_has_no_statement(void **state)
{
    (void)state;
    moved_to_postgres();
    give_counter(SOURCE, 128, 127);
    give_counter(TARGET, 128, 127);
    half[TARGET].counter.exhausted = true;
    const struct result_schema *found = only("sequence-behind");
    assert_true(found->breaks);
    assert_null(found->fix);
}

static void a_counter_that_counts_down_is_behind_at_its_lowest(void **state)
{
    (void)state;
    moved_to_postgres();
    give_counter(TARGET, -3, -3);
    half[TARGET].counter.increment = -1;
    assert_true(only("sequence-behind")->breaks);
    moved_to_postgres();
    give_counter(TARGET, -4, -3);
    half[TARGET].counter.increment = -1;
    silent();
}

static void numbers_that_nobody_may_look_at_are_said_and_make_no_table_equal(void **state)
{
    (void)state;
    moved_to_postgres();
    give_counter(SOURCE, 8, 7);
    give_counter(TARGET, 0, 7);
    half[TARGET].counter.unknown = "no SELECT privilege on the sequence public.orders_id_seq";
    const struct result_schema *found = only("not-compared");
    assert_false(found->breaks);
    assert_non_null(strstr(found->text, "could not be looked at"));
    assert_true(result.inconclusive);
}

static void a_table_that_is_no_longer_numbered_breaks(void **state)
{
    (void)state;
    moved_to_postgres();
    give_counter(SOURCE, 8, 7);
    assert_true(only("sequence-missing")->breaks);
    moved_to_postgres(); /* numbered in the target alone: nothing can fail */
    give_counter(TARGET, 8, 7);
    silent();
}

/* ---- Columns --------------------------------------------------------------------------------- */

struct type_case {
    struct type source, target;
    const char *kind; /* NULL: silent */
};

#define INTEGER(size, sign)                                                                        \
    {                                                                                              \
        .class = TYPE_INT, .length = (size), .is_unsigned = (sign), .name = "integer",             \
        .base = "integer"                                                                          \
    }
#define TEXT(size)                                                                                 \
    {                                                                                              \
        .class = TYPE_TEXT, .length = (size), .name = "text", .base = "varchar"                    \
    }
#define NUMERIC(digits, after)                                                                     \
    {                                                                                              \
        .class = TYPE_DECIMAL, .precision = (digits), .scale = (after), .name = "numeric",         \
        .base = "numeric"                                                                          \
    }
#define TIMES(digits)                                                                              \
    {                                                                                              \
        .class = TYPE_DATETIME, .precision = (digits), .name = "datetime", .base = "datetime"      \
    }

static const struct type_case type_cases[] = {
    {INTEGER(4, false), INTEGER(8, false), NULL},
    {INTEGER(8, false), INTEGER(4, false), "precision"},
    {INTEGER(4, true), INTEGER(4, false), "precision"},
    {INTEGER(4, true), INTEGER(8, false), NULL},
    {INTEGER(8, true), INTEGER(8, false), "precision"},
    {INTEGER(8, true), NUMERIC(20, 0), NULL},
    {INTEGER(1, false), {.class = TYPE_BOOL, .name = "boolean", .base = "bool"}, NULL},
    {INTEGER(8, false), NUMERIC(10, 0), "precision"},
    {NUMERIC(10, 2), NUMERIC(10, 2), NULL},
    {NUMERIC(10, 2), NUMERIC(-1, 0), NULL},
    {NUMERIC(-1, 0), NUMERIC(10, 2), "precision"},
    {NUMERIC(10, 4), NUMERIC(10, 2), "precision"},
    {NUMERIC(12, 2), NUMERIC(10, 2), "precision"},
    {{.class = TYPE_DOUBLE, .name = "double", .base = "double"},
     {.class = TYPE_FLOAT, .name = "real", .base = "real"},
     "precision"},
    {TIMES(0), TIMES(6), NULL},
    {TIMES(6), TIMES(0), "precision"},
    {TEXT(20), TEXT(20), NULL},
    {TEXT(20), TEXT(0), NULL},
    {TEXT(20), TEXT(10), "length"},
    {TEXT(0), TEXT(255), "length"},
    {TEXT(65535), TEXT(255), "length"},
    {TEXT(0), TEXT(UINT32_MAX), NULL}, /* longtext */
    {TEXT(36), {.class = TYPE_UUID, .name = "uuid", .base = "uuid"}, NULL},
    {{.class = TYPE_BYTES, .name = "bytea", .base = "bytea"},
     {.class = TYPE_BYTES, .length = 255, .name = "varbinary(255)", .base = "varbinary"},
     "length"},
};

static void a_type_that_can_hold_less_is_found_and_no_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(type_cases); i++) {
        moved_to_postgres();
        half[SOURCE].columns[1].type = type_cases[i].source;
        half[TARGET].columns[1].type = type_cases[i].target;
        print_message("- %zu\n", i);
        if (type_cases[i].kind)
            only(type_cases[i].kind);
        else
            silent();
    }
}

static void an_identifier_without_sign_needs_no_sixty_fourth_bit(void **state)
{
    (void)state;
    moved_to_postgres();
    half[SOURCE].columns[0].type = (struct type)INTEGER(8, true);
    half[TARGET].columns[0].type = (struct type)INTEGER(8, false);
    silent();
}

static void null_that_one_side_refuses_is_found_with_its_statement(void **state)
{
    (void)state;
    moved_to_postgres();
    half[SOURCE].columns[1].nullable = false;
    assert_string_equal(only("not-null")->fix,
                        "ALTER TABLE \"public\".\"orders\" ALTER COLUMN \"note\" SET NOT NULL");
    moved_to_postgres();
    half[TARGET].columns[1].nullable = false;
    assert_string_equal(only("not-null")->fix,
                        "ALTER TABLE \"public\".\"orders\" ALTER COLUMN \"note\" DROP NOT NULL");
}

static void a_lost_default_is_found_and_an_equal_one_is_not(void **state)
{
    (void)state;
    moved_to_postgres();
    schema_read_default("'it''s'", &arena, &half[SOURCE].definitions[1].preset);
    assert_string_equal(
        only("default")->fix,
        "ALTER TABLE \"public\".\"orders\" ALTER COLUMN \"note\" SET DEFAULT 'it''s'");
    moved_to_postgres();
    schema_read_default("'a'", &arena, &half[SOURCE].definitions[1].preset);
    schema_read_default("'a'::character varying", &arena, &half[TARGET].definitions[1].preset);
    silent();
}

static void on_update_is_missed_unless_a_trigger_may_do_it(void **state)
{
    (void)state;
    moved_to_postgres();
    half[SOURCE].definitions[1].set_on_update = true;
    assert_null(only("on-update")->fix);
    moved_to_postgres();
    half[SOURCE].definitions[1].set_on_update = true;
    half[TARGET].definition.has_update_trigger = true;
    silent();
}

static void members_that_the_target_lacks_are_found(void **state)
{
    static const char *const source[] = {"new", "it's", "old"}, *const target[] = {"old", "new"};
    (void)state;
    moved_to_postgres();
    for (int side = 0; side < SIDES; side++)
        half[side].columns[1].type = (struct type){.class = TYPE_ENUM, .name = "e", .base = "enum"};
    half[SOURCE].definitions[1].members = source;
    half[SOURCE].definitions[1].member_count = 3;
    half[TARGET].definitions[1].members = target;
    half[TARGET].definitions[1].member_count = 2;
    half[TARGET].definitions[1].enum_type = "\"public\".\"mood\"";
    assert_string_equal(only("enum-member")->fix,
                        "ALTER TYPE \"public\".\"mood\" ADD VALUE IF NOT EXISTS 'it''s'");
}

/* ---- Keys, indexes, constraints -------------------------------------------------------------- */

static struct index *add_index(enum side side, const char *name, size_t column, bool unique)
{
    struct half *of = &half[side];
    size_t at = of->definition.index_count++;
    of->parts[at] = (struct index_part){.column = column};
    of->indexes[at] = (struct index){.name = name,
                                     .method = "btree",
                                     .unique = unique,
                                     .part_count = 1,
                                     .parts = &of->parts[at]};
    return &of->indexes[at];
}

static void a_lost_primary_key_is_found_unless_a_unique_key_promises_as_much(void **state)
{
    (void)state;
    moved_to_postgres();
    half[TARGET].definition.index_count = 0;
    assert_string_equal(only("primary-key")->fix,
                        "ALTER TABLE \"public\".\"orders\" ADD PRIMARY KEY (\"id\")");
    moved_to_postgres();
    half[TARGET].definition.index_count = 0;
    add_index(TARGET, "orders_id_key", 0, true);
    silent();
}

static void a_unique_key_that_one_side_lacks_is_found(void **state)
{
    (void)state;
    moved_to_postgres();
    add_index(SOURCE, "by_note", 1, true);
    assert_string_equal(only("unique-key")->fix,
                        "CREATE UNIQUE INDEX ON \"public\".\"orders\" (\"note\")");
    moved_to_postgres();
    add_index(TARGET, "by_note", 1, true);
    assert_null(only("unique-key")->fix);
    moved_to_postgres(); /* by columns, never by name */
    add_index(SOURCE, "by_note", 1, true);
    add_index(TARGET, "orders_note_key", 1, true);
    silent();
}

static void an_index_that_is_not_valid_serves_nobody_and_promises_nothing(void **state)
{
    (void)state;
    moved_to_postgres();
    add_index(SOURCE, "by_note", 1, false);
    struct index *broken = add_index(TARGET, "by_note", 1, false);
    broken->unusable = "not valid";
    broken->broken = true;
    schema_compare(&context, &planned);
    assert_int_equal(result.schema_count, 2);
    assert_string_equal(result.schema[0].kind, "index-invalid");
    assert_string_equal(result.schema[0].fix, "REINDEX INDEX \"public\".\"by_note\"");
    assert_string_equal(result.schema[1].kind, "index-missing");
}

static void an_index_is_served_by_any_that_begins_with_its_columns(void **state)
{
    (void)state;
    moved_to_postgres();
    add_index(SOURCE, "by_note", 1, false);
    assert_string_equal(only("index-missing")->fix,
                        "CREATE INDEX ON \"public\".\"orders\" (\"note\")");
    moved_to_postgres();
    add_index(SOURCE, "by_note", 1, false);
    struct index *wide = add_index(TARGET, "wide", 1, false);
    half[TARGET].parts[2] = (struct index_part){.column = 0};
    wide->part_count = 2;
    silent();
    moved_to_postgres();
    add_index(SOURCE, "by_note", 1, false);
    add_index(TARGET, "partial", 1, false)->predicate = "id > 5";
    only("index-missing");
}

static void a_unique_key_of_some_rows_is_one_of_the_same_rows(void **state)
{
    static const struct {
        const char *source, *target; /* NULL: of all rows */
        bool other;
    } predicates[] = {
        {"(id > 5)", "(id > 5)", false},
        {"(id > 5)", "((`id`) > 5)", false},
        {"(id > 5)", NULL, true}, /* the target refuses more */
        {"(id > 5)", "(id > 6)", true},
        {"((id > 5 or id < 2) and id > 0)", "(id > 5 or (id < 2 and id > 0))", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof predicates / sizeof *predicates; i++) {
        moved_to_postgres();
        add_index(SOURCE, "some", 1, true)->predicate = predicates[i].source;
        add_index(TARGET, "some", 1, true)->predicate = predicates[i].target;
        bool other = false;
        schema_compare(&context, &planned);
        for (size_t f = 0; f < result.schema_count; f++)
            other |= strcmp(result.schema[f].kind, "unique-key") == 0;
        assert_int_equal(other, predicates[i].other);
    }
}

static uint64_t collisions;
static bool count_them(void *unused, enum side side, const struct table *table, size_t count,
                       const struct index_part *parts, uint64_t *groups)
{
    (void)unused;
    assert_int_equal(side, SOURCE);
    assert_ptr_equal(table, &half[SOURCE].table);
    assert_int_equal(count, 1);
    assert_int_equal(parts[0].column, 1);
    *groups = collisions;
    return true;
}

static void a_key_that_folds_what_the_source_tells_apart_is_a_risk_and_is_counted(void **state)
{
    (void)state;
    for (collisions = 0; collisions < 3; collisions++) {
        start(&engine_postgres, &engine_mysql);
        context.collisions = count_them;
        add_index(SOURCE, "k", 1, true);
        add_index(TARGET, "k", 1, true)->parts[0].equates = EQUATES_CASE;
        const struct result_schema *found = only("key-collides");
        assert_non_null(strstr(found->text, collisions == 0   ? "no rows of the source collide"
                                            : collisions == 1 ? "1 group of rows"
                                                              : "2 groups of rows"));
    }
    start(&engine_mysql, &engine_mysql); /* the source folds as much */
    half[SOURCE].definitions[1].equates = EQUATES_CASE;
    add_index(SOURCE, "k", 1, true);
    add_index(TARGET, "k", 1, true)->parts[0].equates = EQUATES_CASE;
    silent();
}

static void give_reference(enum side side, const char *on_delete)
{
    static size_t own[] = {0};
    static const char *others[] = {"id"};
    half[side].foreign_keys[0] = (struct foreign_key){.name = "fk",
                                                      .column_count = 1,
                                                      .columns = own,
                                                      .others = others,
                                                      .schema = half[side].table.schema,
                                                      .table = "orders",
                                                      .on_update = "NO ACTION",
                                                      .on_delete = on_delete};
    half[side].definition.foreign_key_count = 1;
}

/* To a user of MariaDB who may only SELECT. */
static void what_a_foreign_key_does_may_be_unknown_and_is_then_said(void **state)
{
    (void)state;
    moved_to_postgres();
    give_reference(SOURCE, NULL);
    give_reference(TARGET, "NO ACTION");
    assert_non_null(strstr(only("not-compared")->text, "(source) could not be looked at"));
    moved_to_postgres();
    give_reference(SOURCE, NULL);
    assert_null(only("foreign-key")->fix); /* it might lack ON DELETE CASCADE */
}

static void a_foreign_key_is_lost_added_or_does_something_else(void **state)
{
    (void)state;
    moved_to_postgres();
    give_reference(SOURCE, "CASCADE");
    assert_string_equal(only("foreign-key")->fix,
                        "ALTER TABLE \"public\".\"orders\" ADD FOREIGN KEY (\"id\") REFERENCES "
                        "\"public\".\"orders\" (\"id\") ON DELETE CASCADE");
    moved_to_postgres();
    give_reference(TARGET, "CASCADE");
    assert_null(only("foreign-key")->fix);
    moved_to_postgres();
    give_reference(SOURCE, "CASCADE");
    give_reference(TARGET, "NO ACTION");
    assert_non_null(strstr(only("foreign-key")->text, "on delete CASCADE"));
    moved_to_postgres();
    give_reference(SOURCE, "CASCADE");
    give_reference(TARGET, "CASCADE");
    half[TARGET].foreign_keys[0].not_validated = true;
    assert_string_equal(only("foreign-key")->fix,
                        "ALTER TABLE \"public\".\"orders\" VALIDATE CONSTRAINT \"fk\"");
}

static void give_check(enum side side, const char *text)
{
    half[side].checks[0] = (struct check){.name = "c", .text = text};
    half[side].definition.check_count = 1;
}

static void a_check_is_lost_added_or_another(void **state)
{
    (void)state;
    moved_to_postgres();
    give_check(SOURCE, "`id` > 0");
    give_check(TARGET, "(id > 0)");
    silent();
    moved_to_postgres();
    give_check(SOURCE, "`id` > 0");
    assert_non_null(strstr(only("check")->text, "lacks"));
    moved_to_postgres();
    give_check(TARGET, "(id > 0)");
    assert_non_null(strstr(only("check")->text, "is not in the source"));
    moved_to_postgres();
    give_check(SOURCE, "`id` > 0");
    give_check(TARGET, "(id > 1)");
    assert_non_null(strstr(only("check")->text, "may or may not"));
    moved_to_postgres(); /* the same words */
    give_check(SOURCE, "(`id` > 0 or `id` < 9) and `note` <> ''");
    give_check(TARGET, "((id > 0) OR ((id < 9) AND (note <> ''::text)))");
    assert_non_null(strstr(only("check")->text, "may or may not"));
    start(&engine_postgres, &engine_mysql); /* the target's type says as much */
    give_check(SOURCE, "(id >= 0)");
    half[TARGET].columns[0].type.is_unsigned = true;
    silent();
    half[TARGET].columns[0].type.class = TYPE_BOOL;
    give_check(SOURCE, "((id = 0) OR (id = 1))");
    silent();
    give_check(SOURCE, "((id = 0) OR (note <> ''::text))"); /* of more than the boolean */
    assert_non_null(strstr(only("check")->text, "lacks"));
}

/* ---- The mapping ----------------------------------------------------------------------------- */

static void columns_of_other_names_are_one_column(void **state)
{
    (void)state;
    moved_to_postgres();
    half[TARGET].columns[0].name = names[0].name[TARGET] = "number";
    half[TARGET].columns[1].name = names[1].name[TARGET] = "remark";
    add_index(SOURCE, "by_note", 1, true);
    add_index(TARGET, "by_remark", 1, true);
    give_check(SOURCE, "`id` > 0");
    give_check(TARGET, "(number > 0)");
    silent();
    half[TARGET].columns[1].nullable = false;
    assert_string_equal(only("not-null")->column, "note");
}

static void what_the_mapping_ignores_is_not_judged(void **state)
{
    (void)state;
    moved_to_postgres();
    names[1].ignored = true;
    half[TARGET].columns[1].nullable = false;
    add_index(SOURCE, "by_note", 1, true);
    give_check(SOURCE, "`note` <> ''");
    silent();
}

static void a_masked_column_shows_no_number_among_the_reasons(void **state)
{
    (void)state;
    moved_to_postgres();
    names[0].masked = true;
    give_counter(SOURCE, 4712, 4711);
    give_counter(TARGET, 1, 4711);
    only("sequence-behind");
    assert_null(strstr(result.reasons.items[0], "4711"));
}

static void tables_whose_definitions_were_not_read_have_no_findings(void **state)
{
    (void)state;
    moved_to_postgres();
    half[TARGET].columns[1].nullable = false;
    half[TARGET].table.definition = NULL;
    silent();
}

static int clean_up(void **state)
{
    (void)state;
    arena_free(&arena);
    text_list_free(&result.reasons);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sequence_that_gives_a_number_of_a_row_breaks_and_has_its_statement),
        cmocka_unit_test(a_sequence_that_is_one_ahead_is_silent),
        cmocka_unit_test(auto_increment_is_mended_by_the_number_after_the_highest),
        cmocka_unit_test(a_sequence_of_the_source_that_is_behind_breaks_nothing),
        cmocka_unit_test(sequences_that_are_behind_alike_are_no_difference),
        cmocka_unit_test(a_counter_without_numbers_left_has_no_statement),
        cmocka_unit_test(a_counter_that_counts_down_is_behind_at_its_lowest),
        cmocka_unit_test(numbers_that_nobody_may_look_at_are_said_and_make_no_table_equal),
        cmocka_unit_test(a_table_that_is_no_longer_numbered_breaks),
        cmocka_unit_test(a_type_that_can_hold_less_is_found_and_no_other),
        cmocka_unit_test(an_identifier_without_sign_needs_no_sixty_fourth_bit),
        cmocka_unit_test(null_that_one_side_refuses_is_found_with_its_statement),
        cmocka_unit_test(a_lost_default_is_found_and_an_equal_one_is_not),
        cmocka_unit_test(on_update_is_missed_unless_a_trigger_may_do_it),
        cmocka_unit_test(members_that_the_target_lacks_are_found),
        cmocka_unit_test(a_lost_primary_key_is_found_unless_a_unique_key_promises_as_much),
        cmocka_unit_test(a_unique_key_that_one_side_lacks_is_found),
        cmocka_unit_test(a_unique_key_of_some_rows_is_one_of_the_same_rows),
        cmocka_unit_test(an_index_that_is_not_valid_serves_nobody_and_promises_nothing),
        cmocka_unit_test(an_index_is_served_by_any_that_begins_with_its_columns),
        cmocka_unit_test(a_key_that_folds_what_the_source_tells_apart_is_a_risk_and_is_counted),
        cmocka_unit_test(what_a_foreign_key_does_may_be_unknown_and_is_then_said),
        cmocka_unit_test(a_foreign_key_is_lost_added_or_does_something_else),
        cmocka_unit_test(a_check_is_lost_added_or_another),
        cmocka_unit_test(columns_of_other_names_are_one_column),
        cmocka_unit_test(what_the_mapping_ignores_is_not_judged),
        cmocka_unit_test(a_masked_column_shows_no_number_among_the_reasons),
        cmocka_unit_test(tables_whose_definitions_were_not_read_have_no_findings),
    };
    return cmocka_run_group_tests(tests, NULL, clean_up);
}
