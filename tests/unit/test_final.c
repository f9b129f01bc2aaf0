/*
 * The databases at the end of a replay, as far as no server is needed: which there are, whose pairs
 * of ids are theirs, what is blamed on the replay, and that no password is shown.
 */
#include "../../replay/final_parts.h"
#include "../../replay/token_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char source[] = "mysql://u:secret@127.0.0.1:1/house_{tenant}?ssl-mode=DISABLED";
static const char target[] = "postgresql://u:s%40cret@127.0.0.1:1/house_{tenant}";

static struct final *make(const struct replay_options *options, const char *const *tenants,
                          size_t count)
{
    struct final *final;
    struct err err = {0};
    bool ok = final_new(options, tenants, count, &final, &err);
    if (!ok)
        print_error("%s\n", err.text);
    assert_true(ok);
    return final;
}

static void each_tenant_has_databases_of_its_own_where_the_uris_say_so(void **state)
{
    static const struct {
        const char *uri[SIDES], *mapping;
        const char *tenants[4];
        const char *expect[4]; /* "tenant source mapping", or "tenant -" for a problem */
    } cases[] = {
        {{"mysql://h/a", "mysql://h/b"}, NULL, {""}, {" mysql://h/a "}},
        {{"mysql://h/a", "mysql://h/b"}, "m", {"x", "y"}, {" mysql://h/a m"}},
        {{"mysql://h/{tenant}", "mysql://h/b"},
         NULL,
         {"y", "x", "y", ""},
         {"x mysql://h/x ", "y mysql://h/y "}},
        {{"mysql://h/a", "mysql://h/b"},
         "{tenant}/{tenant}.yaml",
         {"x"},
         {"x mysql://h/a x/x.yaml"}},
        {{"mysql://h/{tenant}", "mysql://h/b"},
         NULL,
         {"a/b", "a?x=y", "-rf", "\xC3\xA4"},
         {"-rf -", "a/b -", "a?x=y -", "\xC3\xA4 -"}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct replay_options options = {.verify = {cases[i].uri[0], cases[i].uri[1]},
                                               .mapping_path = cases[i].mapping};
        size_t tenants = 0, count = 0;
        while (tenants < 4 && cases[i].tenants[tenants])
            tenants++;
        while (count < 4 && cases[i].expect[count])
            count++;
        struct final *final = make(&options, cases[i].tenants, tenants);
        assert_int_equal(final->count, count);
        for (size_t k = 0; k < count; k++) {
            const struct final_database *database = &final->databases[k];
            char *is = database->problem
                           ? mem_format("%s -", database->tenant)
                           : mem_format("%s %s %s", database->tenant, database->uri[SOURCE],
                                        database->mapping_path ? database->mapping_path : "");
            assert_string_equal(is, cases[i].expect[k]);
            free(is);
        }
        final_free(final);
    }
}

static void uris_that_name_tenants_need_some(void **state)
{
    const struct replay_options options = {.verify = {source, target}};
    const char *const none[] = {""};
    struct final *final;
    struct err err;
    (void)state;
    assert_false(final_new(&options, none, 1, &final, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_null(strstr(err.text, "secret"));
    final_free(final);
}

static void pairs_go_to_their_tenants_database(void **state)
{
    static const char *const tenants[] = {"c", "a", "b"};
    const struct replay_options apart = {.verify = {source, target}};
    const struct replay_options together = {.verify = {"mysql://h/a", "mysql://h/b"}};
    struct token_shared *shared = token_shared_new(NULL);
    (void)state;
    token_id_add(shared, "b", "booking", "1", (const char *const[SIDES]){"1", "2"},
                 (struct token_origin){0});
    token_id_add(shared, "c", "booking", "1", (const char *const[SIDES]){"5", "5"},
                 (struct token_origin){0});
    token_id_add(shared, "b", "room", "1", (const char *const[SIDES]){"7", "8"},
                 (struct token_origin){0});
    token_id_add(shared, "d", "booking", "1", (const char *const[SIDES]){"1", "9"},
                 (struct token_origin){0});
    token_id_add(shared, "b", "half", "1", (const char *const[SIDES]){"7", NULL},
                 (struct token_origin){0});
    struct final *final = make(&apart, tenants, 3);
    final_collect_pairs(final, shared);
    static const size_t counts[] = {0, 2, 1};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(final->databases[i].pair_count, counts[i]);
    assert_string_equal(final->pairs[final->databases[2].first_pair].target, "5");
    for (size_t i = 0; i < 2; i++) {
        const struct verify_id_pair *pair = &final->pairs[final->databases[1].first_pair + i];
        bool booking = strcmp(pair->kind, "booking") == 0;
        assert_string_equal(pair->kind, booking ? "booking" : "room");
        assert_string_equal(pair->source, booking ? "1" : "7");
        assert_string_equal(pair->target, booking ? "2" : "8");
    }
    final_free(final);
    final = make(&together, tenants, 3);
    final_collect_pairs(final, shared);
    assert_int_equal(final->databases[0].pair_count, 4);
    final_collect_pairs(final, NULL);
    assert_int_equal(final->databases[0].pair_count, 0);
    final_free(final);
    token_shared_free(shared);
}

static void what_both_made_is_one_thing_unless_proofs_say_otherwise(void **state)
{
    static const struct {
        const char *method, *logged, *kind, *value[SIDES];
        bool is_id;
    } made[] = {
        {"POST", "", "booking", {"10", "20"}, true},
        {"POST", "", "booking hotelbooking", {"11", "21"}, true},
        {"POST", "", "booking", {"1", "99"}, true},  /* 1 is proven to be 2 */
        {"POST", "", "booking", {"98", "2"}, true},  /* and 2 to be 1 */
        {"POST", "", "booking", {"12", "22"}, true}, /* two partners: */
        {"POST", "", "booking", {"12", "23"}, true},
        {"GET", "", "booking", {"13", "24"}, true},
        {"POST", "7", "booking", {"14", "25"}, true},
        {"POST", "", "booking", {"15", "26"}, false},
        {"POST", "", "", {"16", "27"}, true},
    };
    static const char *const expect[] = {"booking 1 2", "booking 10 20", "booking 11 21",
                                         "hotelbooking 11 21"};
    const struct replay_options options = {.verify = {"mysql://h/a", "mysql://h/b"}};
    const char *const none[] = {""};
    struct token_shared *shared = token_shared_new(NULL);
    struct final *final = make(&options, none, 1);
    (void)state;
    token_id_add(shared, "", "booking", "1", (const char *const[SIDES]){"1", "2"},
                 (struct token_origin){0});
    for (size_t i = 0; i < COUNT(made); i++) {
        struct replacement one = {.where = "",
                                  .logged = made[i].logged,
                                  .value = {made[i].value[0], made[i].value[1]},
                                  .is_id = made[i].is_id,
                                  .kind = made[i].kind};
        const struct exchange exchange = {
            .logged = {.method = made[i].method}, .replacement_count = 1, .replacements = &one};
        final_learn(final, &exchange);
    }
    final_collect_pairs(final, shared);
    assert_int_equal(final->databases[0].pair_count, COUNT(expect));
    for (size_t i = 0; i < COUNT(expect); i++) {
        const struct verify_id_pair *pair = &final->pairs[i];
        char *is = mem_format("%s %s %s", pair->kind, pair->source, pair->target);
        assert_string_equal(is, expect[i]);
        free(is);
    }
    final_free(final);
    token_shared_free(shared);
}

/* One table of a run as tally-verify may have found it. */
static void what_was_there_before_is_not_blamed_and_what_is_not_known_is_inconclusive(void **state)
{
    static const struct {
        const char *what;
        bool seen;
        struct result_table table;
        bool run_inconclusive;
        enum replay_verdict verdict; /* of the databases */
        bool listed, before;
    } cases[] = {
        {"equal",
         false,
         {.verdict = VERDICT_EQUAL, .drilled = true},
         false,
         REPLAY_EQUAL,
         false,
         0},
        {"different, and nothing is known of before",
         false,
         {.verdict = VERDICT_DIFFERENT, .drilled = true, .counts = {1}},
         false,
         REPLAY_DIFFERENT,
         true,
         false},
        {"as before",
         true,
         {.verdict = VERDICT_DIFFERENT,
          .drilled = true,
          .counts = {1},
          .since = {.exact = true, .persisting = 1}},
         false,
         REPLAY_EQUAL,
         true,
         true},
        {"one more",
         true,
         {.verdict = VERDICT_DIFFERENT,
          .drilled = true,
          .counts = {2},
          .since = {.exact = true, .persisting = 1, .fresh = 1, .different = true}},
         false,
         REPLAY_DIFFERENT,
         true,
         false},
        {"as many as before, but too many to tell whether the same",
         true,
         {.verdict = VERDICT_DIFFERENT,
          .drilled = true,
          .counts = {900000},
          .since = {.exact = false, .persisting = 900000}},
         false,
         REPLAY_INCONCLUSIVE,
         true,
         false},
        {"not compared before, and not now: it may have changed unseen",
         true,
         {.verdict = VERDICT_INCONCLUSIVE,
          .inconclusive = true,
          .drilled = true,
          .since = {.exact = true}},
         false,
         REPLAY_INCONCLUSIVE,
         true,
         false},
        {"as before, and a column that was not compared",
         true,
         {.verdict = VERDICT_DIFFERENT,
          .drilled = true,
          .inconclusive = true,
          .counts = {1},
          .since = {.exact = true, .persisting = 1}},
         false,
         REPLAY_INCONCLUSIVE,
         true,
         false},
        {"equal, and tables that may be hidden, as before",
         true,
         {.verdict = VERDICT_EQUAL, .drilled = true, .since = {.exact = true}},
         true,
         REPLAY_INCONCLUSIVE,
         false,
         false},
    };
    const struct replay_options options = {.verify = {"mysql://h/a", "mysql://h/b"}};
    const char *const none[] = {""};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct final *final = make(&options, none, 1);
        struct replay_result result = {.verdict = REPLAY_EQUAL};
        struct replay_database into = {0};
        struct final_database *database = &final->databases[0];
        struct result_table table = cases[i].table;
        table.name[SOURCE] = table.name[TARGET] = "t";
        final->into = &result;
        database->into = &into;
        database->seen = cases[i].seen;
        database->done = true;
        database->result = (struct verify_result){
            .verdict = cases[i].run_inconclusive ? VERDICT_INCONCLUSIVE : table.verdict,
            .table_count = 1,
            .tables = &table,
            .inconclusive = cases[i].run_inconclusive,
            .since = {.exact = true, .different = table.since.different}};
        final_convert(final, database, &(struct verify_options){.format = "json"});
        final_complete(final, database);
        if (into.verdict != cases[i].verdict || result.verdict != cases[i].verdict ||
            into.table_count != cases[i].listed ||
            (into.table_count && into.tables[0].before != cases[i].before))
            fail_msg("%s: verdict %s, %zu tables", cases[i].what, replay_verdict_name[into.verdict],
                     into.table_count);
        assert_int_equal(into.equal_tables, !cases[i].listed);
        bool both = cases[i].seen && table.since.fresh && table.since.persisting;
        if (both)
            assert_string_equal(into.tables[0].texts[0],
                                "Rows that differ since the replay: 1; before it already: 1.");
        else if (into.table_count && into.tables[0].text_count)
            assert_null(strstr(into.tables[0].texts[0], "since the replay:"));
        assert_int_equal(into.json[0], '{');
        replay_result_free(&result);
        final_free(final);
    }
}

static void notes_are_in_the_order_of_tenants_whichever_was_compared_first(void **state)
{
    static const char *const tenants[] = {"a", "b"};
    static const char *const expect[] = {"Databases of a: one.", "Databases of a: two.",
                                         "Databases of b: one.", "Databases of b: two."};
    const struct replay_options options = {.verify = {source, target}};
    struct final *final = make(&options, tenants, 2);
    struct replay_result result = {.verdict = REPLAY_EQUAL};
    struct replay_database into[2] = {0};
    (void)state;
    final->into = &result;
    for (size_t i = 2; i-- > 0;) {
        struct final_database *database = &final->databases[i];
        database->into = &into[i];
        database->done = true;
        text_list_add(&database->result.notes, "one");
        text_list_add(&database->result.notes, "two");
        final_convert(final, database, &(struct verify_options){.format = "json"});
        text_list_free(&database->result.notes);
    }
    for (size_t i = 0; i < 2; i++)
        final_complete(final, &final->databases[i]);
    assert_int_equal(result.note_count, COUNT(expect));
    for (size_t i = 0; i < COUNT(expect); i++)
        assert_string_equal(result.notes[i], expect[i]);
    replay_result_free(&result);
    final_free(final);
}

static void a_server_that_nobody_answers_for_is_a_problem_and_no_difference(void **state)
{
    static const char *const tenants[] = {"a", "b", "c", "d", "e", "f/"};
    const struct replay_options options = {.verify = {source, target}};
    struct final *final = make(&options, tenants, COUNT(tenants));
    struct replay_result result = {.verdict = REPLAY_EQUAL};
    struct err err;
    (void)state;
    assert_true(final_after(final, NULL, NULL, &result, &err));
    assert_int_equal(result.verdict, REPLAY_INCONCLUSIVE);
    assert_int_equal(result.database_count, COUNT(tenants));
    for (size_t i = 0; i < COUNT(tenants); i++) {
        const struct replay_database *database = &result.databases[i];
        assert_string_equal(database->tenant, tenants[i]);
        assert_non_null(database->problem);
        assert_int_equal(database->verdict, REPLAY_INCONCLUSIVE);
        assert_null(strstr(database->problem, "cret"));
        for (int side = 0; side < SIDES; side++)
            assert_null(strstr(database->uri[side], "cret"));
    }
    assert_string_equal(result.databases[1].uri[SOURCE], "mysql://u@127.0.0.1:1/house_b");
    assert_string_equal(result.databases[5].uri[TARGET],
                        "postgresql://u@127.0.0.1:1/house_{tenant}");
    replay_result_free(&result);
    final_free(final);
}

static void what_cannot_be_seen_before_lets_nothing_be_sent(void **state)
{
    static const char *const tenants[] = {"a"};
    const struct replay_options options = {.verify = {source, target}, .verify_before = true};
    struct final *final = make(&options, tenants, 1);
    char path[] = "/tmp/tally-test-final-XXXXXX";
    struct err err;
    (void)state;
    assert_non_null(mkdtemp(path));
    char *ledger = mem_format("%s/l", path);
    assert_false(final_before(final, ledger, &err));
    assert_int_equal(err.code, ERR_UNREACHABLE);
    assert_null(strstr(err.text, "secret"));
    assert_int_equal(rmdir(path), 0); /* and leaves nothing behind */
    free(ledger);
    final_free(final);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_tenant_has_databases_of_its_own_where_the_uris_say_so),
        cmocka_unit_test(uris_that_name_tenants_need_some),
        cmocka_unit_test(pairs_go_to_their_tenants_database),
        cmocka_unit_test(what_both_made_is_one_thing_unless_proofs_say_otherwise),
        cmocka_unit_test(what_was_there_before_is_not_blamed_and_what_is_not_known_is_inconclusive),
        cmocka_unit_test(notes_are_in_the_order_of_tenants_whichever_was_compared_first),
        cmocka_unit_test(a_server_that_nobody_answers_for_is_a_problem_and_no_difference),
        cmocka_unit_test(what_cannot_be_seen_before_lets_nothing_be_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
