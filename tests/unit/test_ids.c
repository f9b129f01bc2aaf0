/*
 * Pairs of generated ids: the file, the map of a column, and which columns get one. What would hurt
 * most: two ids of the target that become one, and a table whose ids nobody spoke of.
 */
#include "../../verify/ids_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- The file
 * ------------------------------------------------------------------------------------------- */

static void a_file_gives_its_pairs(void **state)
{
    static const struct {
        const char *text;
        size_t count;
        struct verify_id_pair last;
    } cases[] = {
        {"", 0, {0}},
        {"\n \r\n", 0, {0}},
        {"kind,source,target\n", 0, {0}},
        {"Kind,Source,Target\r\nbooking,1,2\r\n", 1, {"booking", "1", "2"}},
        {"\xEF\xBB\xBFkind,source,target\nbooking,1,2", 1, {"booking", "1", "2"}},
        {"booking,1,2\n\nroom,a b,\"c, \"\"d\"\"\"\n", 2, {"room", "a b", "c, \"d\""}},
        {"booking,1,2\nkind,source,target\n", 2, {"kind", "source", "target"}},
        {"{\"kind\": \"booking\", \"source\": 4711, \"target\": \"4712\"}\n",
         1,
         {"booking", "4711", "4712"}},
        {"  {\"tenant\":\"x\",\"target\":18446744073709551615,\"source\":\"\\u00e4\",\"kind\":"
         "\"b\"}\r\n",
         1,
         {"b", "\xC3\xA4", "18446744073709551615"}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ids ids = {0};
        struct err err = {0};
        bool ok = ids_parse("f", cases[i].text, strlen(cases[i].text), &ids, &err);
        if (!ok)
            print_error("%zu: %s\n", i, err.text);
        assert_true(ok);
        assert_int_equal(ids.count, cases[i].count);
        if (ids.count) {
            const struct verify_id_pair *last = &ids.pairs[ids.count - 1];
            assert_string_equal(last->kind, cases[i].last.kind);
            assert_string_equal(last->source, cases[i].last.source);
            assert_string_equal(last->target, cases[i].last.target);
        }
        ids_free(&ids);
    }
}

static void a_wrong_file_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"a,b", "f:1: a row has three columns"},
        {"a,b,c,d", "f:1: a row has three columns"},
        {"a,1,2\na,,2", "f:2: the pair has no source"},
        {"a,1,\"2", "f:1: a quote is opened"},
        {"a,\"1\n\",2", "f:1: a quote is opened"},
        {"a,\"1\"x,2", "f:1: after a closing quote"},
        {"a\r,1,2", "f:1: after a closing quote"},
        {"{\"kind\": \"a\"}", "f:1: the pair has no source"},
        {"\n{\"kind\": \"a\", \"source\": null, \"target\": 1}", "f:2: source must be"},
        {"{\"kind\": \"a\", \"source\": [1], \"target\": 1}", "f:1: source must be"},
        {"{\"kind\": \"a\", \"source\": 1, \"source\": 2, \"target\": 1}", "f:1: a member stands"},
        {"{\"kind\": \"a\", \"source\": \"a\\u0000\", \"target\": 1}", "f:1: source must be"},
        {"{\"kind\"", "f:1: not JSON"},
        {"{\"kind\": \"a\", \"source\": 1, \"target\": 1}\n[1]", "f:2: a JSON object"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ids ids = {0};
        struct err err = {0};
        assert_false(ids_parse("f", cases[i].text, strlen(cases[i].text), &ids, &err));
        assert_int_equal(err.code, ERR_USAGE);
        if (strncmp(err.text, cases[i].says, strlen(cases[i].says)) != 0)
            fail_msg("%zu: \"%s\" instead of \"%s\"", i, err.text, cases[i].says);
        ids_free(&ids);
    }
}

static void lists_are_told_apart_whatever_their_order(void **state)
{
    static const struct verify_id_pair one[] = {{"b", "1", "2"}, {"a", "1", "2"}, {"b", "1", "2"}},
                                       other[] = {{"a", "1", "2"}, {"b", "1", "2"}},
                                       third[] = {{"a", "1", "2"}, {"b", "1", "3"}};
    const struct verify_options options[] = {{.id_pairs = one, .id_pair_count = 3},
                                             {.id_pairs = other, .id_pair_count = 2},
                                             {.id_pairs = third, .id_pair_count = 2},
                                             {.jobs = 1}};
    struct buffer print[COUNT(options)];
    (void)state;
    for (size_t i = 0; i < COUNT(options); i++) {
        struct ids ids;
        struct err err;
        buffer_init(&print[i], BUFFER_NO_LIMIT);
        assert_true(ids_collect(&options[i], &ids, &err));
        ids_fingerprint(&ids, &print[i]);
        ids_free(&ids);
    }
    assert_string_equal((char *)print[0].data, (char *)print[1].data);
    assert_string_not_equal((char *)print[1].data, (char *)print[2].data);
    assert_int_equal(print[3].length, 0);
    for (size_t i = 0; i < COUNT(options); i++)
        buffer_free(&print[i]);
}

/* ---- The map
 * -------------------------------------------------------------------------------------------- */

static const struct canon number = {
    .kind = KIND_NUMBER, .precision = -1, .class = {TYPE_INT, TYPE_INT}};
static const struct canon text_canon = {
    .kind = KIND_TEXT, .precision = -1, .class = {TYPE_TEXT, TYPE_TEXT}};
static const struct canon uuid = {
    .kind = KIND_UUID, .precision = -1, .class = {TYPE_TEXT, TYPE_UUID}};

static bool every(void *context, const char *kind)
{
    (void)context, (void)kind;
    return true;
}

static const struct ids_map *make(const struct verify_id_pair *pairs, size_t count,
                                  const struct canon *canon, struct arena *arena,
                                  struct buffer *problem)
{
    const struct verify_options options = {.id_pairs = pairs, .id_pair_count = count};
    struct ids ids;
    struct err err;
    assert_true(ids_collect(&options, &ids, &err));
    const struct ids_map *map = ids_map_new(&ids, canon, every, NULL, false, arena, problem);
    ids_free(&ids);
    return map;
}

/* What a target's id is read as, printed. */
static char *read_as(const struct ids_map *map, const struct canon *canon, const char *id)
{
    struct buffer row = BUFFER_INIT(BUFFER_NO_LIMIT), shown = BUFFER_INIT(BUFFER_NO_LIMIT);
    const struct cell cell = {
        .form = CELL_TEXT, .bytes = (const unsigned char *)id, .length = strlen(id)};
    struct value value;
    buffer_add_text(&row, "before");
    canon_cell(canon, TARGET, &cell, &row);
    ids_map_value(map, &row, 6);
    const unsigned char *place = row.data + 6;
    assert_true(value_read(&place, row.data + row.length, &value));
    assert_ptr_equal(place, row.data + row.length);
    value_print(&shown, &value, 1000);
    ids_map_show(map, &value, &shown);
    char *out = mem_copy_string((char *)shown.data);
    buffer_free(&row);
    buffer_free(&shown);
    return out;
}

static void the_targets_ids_are_read_as_the_sources(void **state)
{
    static const struct verify_id_pair pairs[] = {
        {"b", "4711", "4712"}, {"b", "04713", "4711"}, {"b", "5", "5"}, {"b", "x", "6"}};
    static const struct {
        const char *id, *is;
    } cases[] = {
        {"4712", "4711 (target: 4712)"},
        {"4711", "4713 (target: 4711)"},
        {"4713", "4713 (the target's own)"}, /* nobody said whose it is */
        {"5", "5"},
        {"6", "6"}, /* its pair is no pair of numbers */
        {"99999999999999999999", "99999999999999999999"},
    };
    struct arena arena = ARENA_INIT;
    struct buffer problem = BUFFER_INIT(1000);
    (void)state;
    const struct ids_map *map = make(pairs, COUNT(pairs), &number, &arena, &problem);
    assert_non_null(map);
    assert_int_equal(ids_map_count(map), 2);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *is = read_as(map, &number, cases[i].id);
        assert_string_equal(is, cases[i].is);
        free(is);
    }
    arena_free(&arena);
}

static void no_two_ids_of_the_target_become_one(void **state)
{
    enum { IDS = 2000 };
    struct verify_id_pair pairs[IDS / 2];
    struct arena arena = ARENA_INIT;
    struct buffer problem = BUFFER_INIT(1000);
    bool taken[IDS] = {false};
    size_t count = 0;
    (void)state;
    srand(7);
    for (int i = 0; i < IDS; i += 2) { /* even numbers of the source with any of the target */
        int target;
        do
            target = rand() % IDS;
        while (taken[target]);
        taken[target] = true;
        pairs[count++] = (struct verify_id_pair){"b", arena_format(&arena, "%d", i),
                                                 arena_format(&arena, "%d", target)};
    }
    const struct ids_map *map = make(pairs, count, &number, &arena, &problem);
    assert_non_null(map);
    struct buffer rows[IDS];
    for (int i = 0; i < IDS; i++) {
        const struct cell cell = {.form = CELL_INT, .i = i};
        buffer_init(&rows[i], BUFFER_NO_LIMIT);
        canon_cell(&number, TARGET, &cell, &rows[i]);
        ids_map_value(map, &rows[i], 0);
        for (int k = 0; k < i; k++)
            assert_false(rows[i].length == rows[k].length &&
                         memcmp(rows[i].data, rows[k].data, rows[i].length) == 0);
        /* Undone, it is what stood there, or the source's id that a pair speaks for. */
        struct buffer undone = BUFFER_INIT(BUFFER_NO_LIMIT), plain = BUFFER_INIT(BUFFER_NO_LIMIT);
        const unsigned char *place = rows[i].data;
        struct value value;
        assert_true(value_read(&place, rows[i].data + rows[i].length, &value));
        ids_map_undo(map, &value, &undone);
        canon_cell(&number, TARGET, &cell, &plain);
        if (!taken[i])
            assert_memory_equal(undone.data, plain.data, plain.length);
        buffer_free(&undone);
        buffer_free(&plain);
    }
    for (int i = 0; i < IDS; i++)
        buffer_free(&rows[i]);
    arena_free(&arena);
}

static void pairs_that_are_no_bijection_make_no_map(void **state)
{
    static const struct {
        const struct canon *canon;
        struct verify_id_pair pairs[2];
        const char *says; /* NULL: a map is made; "": there is nothing to map */
    } cases[] = {
        {&number, {{"b", "1", "2"}, {"b", "1", "3"}}, "the source's id 1 is paired with two"},
        {&number, {{"b", "1", "2"}, {"c", "1", "1"}}, "the source's id 1 is paired with two"},
        {&number, {{"b", "1", "3"}, {"b", "2", "3"}}, "the target's id 3 is paired with two"},
        {&number, {{"b", "1", "2"}, {"b", "01", "2.0"}}, NULL},
        {&number, {{"b", "1", "2"}, {"b", "01", "3"}}, "the source's id 1 is paired with two"},
        {&text_canon, {{"b", "1", "2"}, {"b", "01", "3"}}, NULL},
        {&uuid,
         {{"b", "6F9619FF-8B86-D011-B42D-00C04FC964FF", "6F9619FF-8B86-D011-B42D-00C04FC96400"},
          {"b", "6f9619ff8b86d011b42d00c04fc964ff", "{6F9619FF-8B86-D011-B42D-00C04FC96401}"}},
         "the source's id 6f9619ff-8b86-d011-b42d-00c04fc964ff is paired with two"},
        {&number, {{"b", "1", "1"}, {"b", "2", "2.0"}}, ""},
        {&number, {{"b", "x", "1"}, {"b", "1", "1x"}}, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena arena = ARENA_INIT;
        struct buffer problem = BUFFER_INIT(1000);
        const struct ids_map *map = make(cases[i].pairs, 2, cases[i].canon, &arena, &problem);
        const char *says = cases[i].says ? cases[i].says : "";
        assert_int_equal(map != NULL, cases[i].says == NULL);
        assert_memory_equal(problem.data, says, strlen(says));
        assert_int_equal(problem.length > 0, *says != '\0');
        buffer_free(&problem);
        arena_free(&arena);
    }
}

/* ---- Which columns
 * -------------------------------------------------------------------------------------- */

#define MOST 4 /* columns of a table here */

/* "bookings: id, guest_id -> guests.id"; the first column is the key. */
struct sketch {
    const char *refused;      /* a reason, or NULL */
    const char *table[SIDES]; /* NULL: that side has none */
    const char *columns[MOST];
    const char *refers[MOST]; /* "guests.id" */
    enum side declared;       /* by which side */
    const char *word[MOST];   /* the mapping's ids */
    const char *expect[MOST]; /* what a target's "2" is read as; NULL: the column has no map */
};

static const size_t first_column[] = {0};
static const struct key primary = {.primary = true, .column_count = 1, .columns = first_column};

static void make_table(struct arena *arena, const struct sketch *sketch, enum side side,
                       struct table *table)
{
    static const struct type integer = {.class = TYPE_INT, .name = "int"};
    table->schema = table->label = "s";
    table->name = table->label = sketch->table[side];
    table->columns = arena_alloc(arena, MOST * sizeof *table->columns);
    table->key_count = 1;
    table->keys = arena_alloc(arena, sizeof primary);
    memcpy(table->keys, &primary, sizeof primary);
    table->definition = arena_alloc(arena, sizeof *table->definition);
    table->definition->foreign_keys = arena_alloc(arena, MOST * sizeof(struct foreign_key));
    for (size_t c = 0; c < MOST && sketch->columns[c]; c++) {
        table->columns[table->column_count++] =
            (struct column){.name = sketch->columns[c], .type = integer};
        if (!sketch->refers[c] || sketch->declared != side)
            continue;
        char *name = arena_copy(arena, sketch->refers[c]), *dot = strchr(name, '.');
        *dot = '\0';
        size_t *columns = arena_alloc(arena, sizeof *columns);
        const char **others = arena_alloc(arena, sizeof *others);
        *columns = c;
        *others = dot + 1;
        table->definition->foreign_keys[table->definition->foreign_key_count++] =
            (struct foreign_key){.column_count = 1,
                                 .columns = columns,
                                 .others = others,
                                 .schema = "s",
                                 .table = name};
    }
}

static void plan_columns(struct arena *arena, const struct sketch *sketch, struct plan_table *table)
{
    struct result_table *result = table->result;
    size_t count = table->table[SOURCE]->column_count;
    result->columns = arena_alloc(arena, count * sizeof *result->columns);
    result->column_count = table->column_count = count;
    table->columns = arena_alloc(arena, count * sizeof *table->columns);
    table->comparable = true;
    table->hash_count = 4;
    table->range_count = 3;
    for (size_t c = 0; c < count; c++) {
        table->columns[c] =
            (struct plan_column){.canon = number, .result = c, .ids_kind = sketch->word[c]};
        result->columns[c].name[SOURCE] = result->columns[c].name[TARGET] = sketch->columns[c];
        result->columns[c].why = "";
    }
}

static void check_sketch(const struct sketch *sketches, const char *kind, const char *note)
{
    struct arena arena = ARENA_INIT;
    struct schema schemas[SIDES] = {{.default_schema = "s"}, {.default_schema = "s"}};
    struct plan_side sides[SIDES];
    struct result_table results[8] = {0};
    struct plan plan = {.arena = ARENA_INIT};
    struct verify_result result = {.tables = results};
    struct table *place[8][SIDES];
    for (int side = 0; side < SIDES; side++) {
        schemas[side].tables = arena_alloc(&arena, 8 * sizeof(struct table));
        sides[side] = (struct plan_side){.schema = &schemas[side]};
        for (size_t i = 0; sketches[i].columns[0]; i++) {
            if (!sketches[i].table[side])
                continue;
            place[i][side] = &schemas[side].tables[schemas[side].table_count++];
            make_table(&arena, &sketches[i], (enum side)side, place[i][side]);
        }
    }
    plan.tables = arena_alloc(&arena, 8 * sizeof *plan.tables);
    for (size_t i = 0; sketches[i].columns[0]; i++) {
        struct plan_table *table = &plan.tables[plan.table_count++];
        for (int side = 0; side < SIDES; side++)
            table->table[side] = place[i][side];
        table->result = &results[i];
        plan_columns(&arena, &sketches[i], table);
    }
    const struct verify_id_pair pairs[] = {{kind, "1", "2"}, {"thing", "9", "2"}};
    const struct verify_options options = {.id_pairs = pairs, .id_pair_count = 2};
    struct ids ids;
    struct err err;
    assert_true(ids_collect(&options, &ids, &err));
    assert_true(ids_plan(&ids, sides, &plan, &result, &err));
    for (size_t i = 0; sketches[i].columns[0]; i++) {
        const struct plan_table *table = &plan.tables[i];
        for (size_t c = 0; c < table->column_count; c++) {
            char *is = table->columns[c].ids ? read_as(table->columns[c].ids, &number, "2") : NULL;
            const char *expect = sketches[i].expect[c];
            if ((is != NULL) != (expect != NULL) || (is && strcmp(is, expect) != 0))
                fail_msg("%s.%s: %s instead of %s", sketches[i].table[SOURCE],
                         sketches[i].columns[c], is ? is : "no map", expect ? expect : "none");
            free(is);
        }
        assert_int_equal(table->range_count, sketches[i].expect[0] ? 1 : 3);
        assert_int_equal(table->hash_count, sketches[i].expect[0] ? 64 : 4);
        assert_int_equal(table->comparable, sketches[i].refused == NULL);
        assert_int_equal(results[i].inconclusive, sketches[i].refused != NULL);
        if (sketches[i].refused)
            assert_non_null(strstr(results[i].reasons.items[0], sketches[i].refused));
        text_list_free(&results[i].reasons);
        text_list_free(&results[i].notes);
    }
    bool noted = !note;
    for (size_t i = 0; i < result.notes.count; i++)
        noted = noted || strstr(result.notes.items[i], note);
    assert_true(noted);
    text_list_free(&result.notes);
    arena_free(&result.arena);
    ids_free(&ids);
    plan_free(&plan);
    arena_free(&arena);
}

#define BOTH(name)                                                                                 \
    {                                                                                              \
        name, name                                                                                 \
    }
#define ONE "1 (target: 2)"

static void a_kind_is_the_table_of_its_name_and_what_refers_to_it(void **state)
{
    static const struct sketch tables[] = {
        {.table = BOTH("bookings"), .columns = {"id", "other"}, .expect = {ONE}},
        {.table = BOTH("notes"),
         .columns = {"id", "booking_id", "again"},
         .refers = {NULL, "bookings.id"},
         .declared = TARGET,
         .expect = {NULL, ONE}},
        {.table = BOTH("details"),
         .columns = {"booking", "v"},
         .refers = {"bookings.id"},
         .expect = {ONE}},
        {.table = BOTH("lines"),
         .columns = {"id", "detail"},
         .refers = {NULL, "details.booking"},
         .expect = {NULL, ONE}},
        {.table = BOTH("booking_logs"), .columns = {"id"}},
        {0}};
    (void)state;
    check_sketch(tables, "booking", "no table is named like (thing)");
    check_sketch(tables, "Bookings", NULL);
}

static void a_stem_that_is_no_word_finds_its_table(void **state)
{
    static const struct sketch tables[] = {{.table = BOTH("rates"), .columns = {"id"}},
                                           {.table = BOTH("rat"), .columns = {"id"}},
                                           {0}};
    static const struct sketch one[] = {
        {.table = BOTH("rates"), .columns = {"id"}, .expect = {ONE}}, {0}};
    (void)state;
    check_sketch(one, "rat", NULL);
    check_sketch(one, "rate", NULL);
    check_sketch(one, "rates", NULL);
    check_sketch(tables, "rate", "several tables are named like it");
}

static void the_name_of_either_side_counts_but_two_are_none(void **state)
{
    static const struct sketch renamed[] = {
        {.table = {"chambres", "rooms"}, .columns = {"id"}, .expect = {ONE}}, {0}};
    static const struct sketch apart[] = {
        {.table = {"rooms", "halls"}, .columns = {"id"}, .expect = {NULL}},
        {.table = {"places", "rooms"}, .columns = {"id"}, .expect = {NULL}},
        {0}};
    (void)state;
    check_sketch(renamed, "room", NULL);
    check_sketch(apart, "room", "several tables are named like it");
}

static void the_mapping_has_the_last_word(void **state)
{
    static const struct sketch tables[] = {
        {.table = BOTH("bookings"), .columns = {"id"}, .word = {"none"}},
        {.table = BOTH("reservations"), .columns = {"id"}, .word = {"bookings"}, .expect = {ONE}},
        {.table = BOTH("notes"),
         .columns = {"id", "about", "left_alone"},
         .refers = {NULL, NULL, "reservations.id"},
         .word = {NULL, "booking", "none"},
         .expect = {NULL, ONE}},
        {0}};
    static const struct sketch several[] = {{.table = BOTH("t"),
                                             .columns = {"id", "v"},
                                             .word = {NULL, "nothing, thing"},
                                             .expect = {NULL, "9 (target: 2)"}},
                                            {0}};
    (void)state;
    check_sketch(tables, "booking", NULL);
    check_sketch(several, "booking", NULL);
}

static void what_two_speak_for_is_refused(void **state)
{
    static const struct sketch tables[] = {
        {.table = BOTH("bookings"), .columns = {"id"}, .expect = {ONE}},
        {.table = BOTH("things"), .columns = {"id"}, .expect = {"9 (target: 2)"}},
        {.table = BOTH("notes"),
         .columns = {"id", "about"},
         .refers = {NULL, "bookings.id"},
         .refused = NULL,
         .expect = {NULL, ONE}},
        {.table = BOTH("details"),
         .columns = {"booking"},
         .refers = {"bookings.id"},
         .word = {"booking"},
         .expect = {ONE}},
        {.table = BOTH("both"),
         .columns = {"id", "a"},
         .refers = {NULL, "thing.id"},
         .refused = NULL},
        {0}};
    static const struct sketch two[] = {
        {.table = BOTH("bookings"), .columns = {"id"}, .expect = {ONE}},
        {.table = BOTH("things"),
         .columns = {"id"},
         .refers = {"bookings.id"},
         .refused = "ids are of different kinds"},
        {0}};
    static const struct sketch twice[] = {{.table = BOTH("t"),
                                           .columns = {"id", "a"},
                                           .word = {NULL, "booking,thing"},
                                           .refused = "the target's id 2 is paired with two"},
                                          {0}};
    (void)state;
    check_sketch(tables, "booking", NULL);
    check_sketch(two, "booking", NULL);
    check_sketch(twice, "booking", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_gives_its_pairs),
        cmocka_unit_test(a_wrong_file_is_refused_with_its_line),
        cmocka_unit_test(lists_are_told_apart_whatever_their_order),
        cmocka_unit_test(the_targets_ids_are_read_as_the_sources),
        cmocka_unit_test(no_two_ids_of_the_target_become_one),
        cmocka_unit_test(pairs_that_are_no_bijection_make_no_map),
        cmocka_unit_test(a_kind_is_the_table_of_its_name_and_what_refers_to_it),
        cmocka_unit_test(a_stem_that_is_no_word_finds_its_table),
        cmocka_unit_test(the_name_of_either_side_counts_but_two_are_none),
        cmocka_unit_test(the_mapping_has_the_last_word),
        cmocka_unit_test(what_two_speak_for_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
