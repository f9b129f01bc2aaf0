/* Groups: ten thousand pages of a dozen causes are a dozen lines, whatever ids and indexes say. */
#include "../../diff/group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct tree_text text_of(const char *text)
{
    return (struct tree_text){text, text ? strlen(text) : 0};
}

/* A dozen causes, as they show on page number %u. */
static const struct cause {
    const char *route, *path, *shape;
    enum diff_kind kind;
    const char *source, *target; /* %u: changes from page to page */
    enum change change;
    enum value_class class;
} causes[] = {
    {"/rates/{id}", "table#rates > tr[%u] > td.price", "table#rates > tr > td.price", DIFF_CHANGED,
     "%u.50", "%u.5", CHANGE_NUMBER, CLASS_MONEY},
    {"/rates/{id}", "#row-%u > td.name", "#row-%u > td.name", DIFF_CHANGED, "Name %u x",
     "Name %u y", CHANGE_VALUE, CLASS_TEXT},
    {"/rates/{id}", "form > input[%u] @value", "form > input @value", DIFF_CHANGED,
     "8f3a77ce01ab%06u", "77ce01ab8f3a%06u", CHANGE_VALUE, CLASS_TOKEN},
    {"/users/{id}", "p.seen", "p.seen", DIFF_CHANGED, "%u minutes ago", "%u hours ago",
     CHANGE_VALUE, CLASS_RELATIVE_TIME},
    {"/users/{id}", "p.born", "p.born", DIFF_CHANGED, "31 January 2024", "2024-01-31", CHANGE_DATE,
     CLASS_DATE},
    {"/api/users/{id}", "$.users.%u.active", "$.users.%u.active", DIFF_CHANGED, "0", "false",
     CHANGE_TRUTH, CLASS_TEXT},
    {"/api/users/{id}", "$.created_at", "$.created_at", DIFF_CHANGED, "2024-01-31T10:00:00",
     "2024-01-31T11:00:00", CHANGE_SHIFT, CLASS_TIMESTAMP},
    {"/api/users/{id}", "$.tags", "$.tags", DIFF_REORDERED, "a %u", "%u a", CHANGE_NONE,
     CLASS_SORTING},
    {"/search", "ul > li[%u]", "ul > li", DIFF_INSERTED, NULL, "Result %u", CHANGE_NONE,
     CLASS_TEXT},
    {"/search", "ul > li[%u]", "ul > li", DIFF_DELETED, "Result %u", NULL, CHANGE_NONE, CLASS_TEXT},
    {"/notes/{id}", "p.note", "p.note", DIFF_CHANGED, "a long note that ends somewhere %u",
     "a long note that ends some", CHANGE_CUT, CLASS_TEXT},
    {"/notes/{id}", "p.until", "p.until", DIFF_CHANGED, "0000-00-00", "", CHANGE_EMPTIED,
     CLASS_TEXT},
};

/* The texts come from the table above. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static const char *filled(char out[200], const char *format, unsigned page)
{
    if (!format)
        return NULL;
    snprintf(out, 200, format, page);
    return out;
}
#pragma GCC diagnostic pop

static void add_page(struct groups *groups, const struct cause *cause, unsigned page)
{
    char path[200], shape[200], source[200], target[200], where[200];
    snprintf(where, sizeof where, "/page/%u", page);
    struct group_difference difference = {.answer = page,
                                          .where = where,
                                          .route = cause->route,
                                          .kind = diff_kind_name[cause->kind],
                                          .path = filled(path, cause->path, page),
                                          .shape = filled(shape, cause->shape, page),
                                          .text = {text_of(filled(source, cause->source, page)),
                                                   text_of(filled(target, cause->target, page))}};
    difference.class = value_class_name[value_class_of(
        cause->kind, difference.path, difference.text[SOURCE].at, difference.text[SOURCE].length,
        difference.text[TARGET].at, difference.text[TARGET].length)];
    groups_add(groups, &difference);
}

static void ten_thousand_pages_of_a_dozen_causes_are_twelve_groups(void **state)
{
    (void)state;
    struct groups *groups = groups_new(0);
    uint64_t added[COUNT(causes)] = {0};
    for (unsigned page = 1; page <= 10000; page++)
        for (size_t i = 0; i < COUNT(causes); i++)
            if (page % (i + 1) == 0) {
                add_page(groups, &causes[i], page % 900 + 1 + page / 900 * 1000);
                added[i]++;
            }
    struct arena arena = ARENA_INIT;
    struct group *list;
    size_t count = groups_list(groups, &arena, &list);
    for (size_t i = 0; count != COUNT(causes) && i < count; i++)
        print_error("%s %s: %s, %s, %s\n", list[i].routes[0], list[i].shape, list[i].cause,
                    list[i].class, list[i].text[SOURCE]);
    assert_int_equal(count, COUNT(causes));
    assert_int_equal(groups_left_out(groups), 0);
    for (size_t i = 0; i < COUNT(causes); i++) {
        /* The causes get rarer, and the list begins with the most frequent one. */
        assert_int_equal(list[i].answers, added[i]);
        assert_int_equal(list[i].differences, added[i]);
        assert_string_equal(list[i].routes[0], causes[i].route);
        assert_int_equal(list[i].route_count, 1);
        assert_string_equal(list[i].kind, diff_kind_name[causes[i].kind]);
        if (strcmp(list[i].cause, change_name[causes[i].change]) != 0 ||
            strcmp(list[i].class, value_class_name[causes[i].class]) != 0)
            fail_msg("%s: %s, %s", list[i].path, list[i].cause, list[i].class);
    }
    assert_string_equal(list[1].shape, "#row-{n} > td.name");
    assert_string_equal(list[5].shape, "$.users.{n}.active");
    arena_free(&arena);
    groups_free(groups);
}

static void the_smallest_example_is_kept_and_no_token_whole(void **state)
{
    (void)state;
    struct groups *groups = groups_new(0);
    char huge[5000];
    memset(huge, 'x', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    struct group_difference difference = {.answer = 1,
                                          .where = "/a",
                                          .route = "/",
                                          .kind = diff_kind_name[DIFF_CHANGED],
                                          .path = "p",
                                          .shape = "p",
                                          .text = {text_of(huge), text_of("y long enough")}};
    groups_add(groups, &difference);
    difference.where = "/b";
    difference.text[SOURCE] = text_of("x");
    groups_add(groups, &difference);
    difference.where = "/c";
    difference.text[SOURCE] = text_of("xx");
    groups_add(groups, &difference);
    difference.class = value_class_name[CLASS_TOKEN];
    difference.text[SOURCE] = text_of("0123456789abcdef0123456789abcdef");
    groups_add(groups, &difference);
    struct arena arena = ARENA_INIT;
    struct group *list;
    assert_int_equal(groups_list(groups, &arena, &list), 2);
    const struct group *plain = &list[strcmp(list[0].class, "token") == 0],
                       *token = &list[plain == list];
    assert_string_equal(plain->where, "/b");
    assert_string_equal(plain->text[SOURCE], "x");
    assert_int_equal(plain->answers, 1);
    assert_int_equal(plain->differences, 3);
    assert_string_equal(token->text[SOURCE], "0123…");
    arena_free(&arena);
    groups_free(groups);
}

static void what_is_the_same_on_many_routes_is_one_group(void **state)
{
    (void)state;
    struct groups *groups = groups_new(0);
    for (unsigned page = 0; page < 40; page++) {
        char route[20];
        snprintf(route, sizeof route, "/r%u", page % 20);
        groups_add(groups, &(struct group_difference){.answer = page,
                                                      .where = "/",
                                                      .route = route,
                                                      .kind = diff_kind_name[DIFF_DELETED],
                                                      .path = "nav > a[3]",
                                                      .shape = "nav > a",
                                                      .text = {text_of("Home"), {NULL, 0}}});
        if (page % 20 < GROUP_ROUTES)
            groups_add(groups, &(struct group_difference){.answer = page,
                                                          .route = route,
                                                          .kind = diff_kind_name[DIFF_DELETED],
                                                          .path = "p",
                                                          .shape = "p",
                                                          .text = {text_of("x"), {NULL, 0}}});
    }
    struct arena arena = ARENA_INIT;
    struct group *list;
    assert_int_equal(groups_list(groups, &arena, &list), 1 + GROUP_ROUTES);
    assert_string_equal(list[0].shape, "nav > a");
    assert_int_equal(list[0].route_count, 20);
    assert_int_equal(list[0].answers, 40);
    assert_string_equal(list[0].routes[0], "/r0");
    assert_int_equal(list[1].route_count, 1);
    assert_int_equal(list[1].answers, 2);
    arena_free(&arena);
    groups_free(groups);
}

static void memory_is_bounded_and_what_is_left_out_is_counted(void **state)
{
    (void)state;
    struct groups *groups = groups_new(100);
    for (unsigned i = 0; i < 100000; i++) {
        char shape[40] = "p.";
        /* Names without digits, so that none is generalised. */
        for (unsigned k = 0, n = i; k < 6; k++, n /= 10)
            shape[2 + k] = (char)('a' + n % 10);
        groups_add(groups, &(struct group_difference){.answer = i,
                                                      .route = "/",
                                                      .kind = diff_kind_name[DIFF_INSERTED],
                                                      .path = "p",
                                                      .shape = shape,
                                                      .text = {{NULL, 0}, text_of("x")}});
    }
    struct arena arena = ARENA_INIT;
    struct group *list;
    assert_int_equal(groups_list(groups, &arena, &list), 100);
    assert_int_equal(groups_left_out(groups), 99900);
    arena_free(&arena);
    groups_free(groups);
}

static void lines_are_those_of_the_lowest_answers_in_whatever_order_they_come(void **state)
{
    (void)state;
    struct groups *groups = groups_new(0);
    for (uint64_t i = 0; i < 2000; i++) {
        uint64_t answer = i * 7919 % 2000 + 1; /* each once: 7919 is a prime */
        struct group_difference difference = {.answer = answer,
                                              .line = answer + 10,
                                              .where = "/",
                                              .route = "/",
                                              .consequence = answer % 2,
                                              .tainted = answer % 4 == 0,
                                              .text = {text_of("x"), text_of("y")}};
        groups_add(groups, &difference);
        groups_add(groups, &difference);
    }
    struct arena arena = ARENA_INIT;
    struct group *list;
    assert_int_equal(groups_list(groups, &arena, &list), 1);
    assert_int_equal(list[0].answers, 2000);
    assert_int_equal(list[0].differences, 4000);
    assert_int_equal(list[0].consequences, 1000);
    assert_int_equal(list[0].tainted, 500);
    assert_int_equal(list[0].line_count, GROUP_LINES);
    for (size_t i = 0; i < GROUP_LINES; i++) {
        assert_int_equal(list[0].lines[i].answer, i + 1);
        assert_int_equal(list[0].lines[i].line, i + 11);
    }
    assert_int_equal(list[0].at.answer, 1);
    arena_free(&arena);
    groups_free(groups);
}

static void what_no_text_may_hold_is_replaced(void **state)
{
    (void)state;
    struct groups *groups = groups_new(0);
    groups_add(groups, &(struct group_difference){.answer = 1,
                                                  .where = "/\xff",
                                                  .route = "/",
                                                  .text = {{"a\0\xc3", 3}, {NULL, 0}}});
    struct arena arena = ARENA_INIT;
    struct group *list;
    assert_int_equal(groups_list(groups, &arena, &list), 1);
    assert_string_equal(list[0].where, "/\xef\xbf\xbd");
    assert_string_equal(list[0].text[SOURCE], "a\xef\xbf\xbd\xef\xbf\xbd");
    assert_null(list[0].text[TARGET]);
    arena_free(&arena);
    groups_free(groups);
}

static void groups_go_on_after_they_were_bytes(void **state)
{
    (void)state;
    struct groups *whole = groups_new(0), *halves = groups_new(0);
    struct buffer one = BUFFER_INIT(BUFFER_NO_LIMIT), other = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (unsigned page = 1; page <= 1000; page++) {
        for (size_t i = 0; i < COUNT(causes); i++) {
            add_page(whole, &causes[i], page);
            add_page(halves, &causes[i], page);
        }
        if (page == 500) {
            groups_save(halves, &one);
            groups_free(halves);
            struct bytes in = bytes_of(&one);
            halves = groups_load(&in, 0);
            assert_non_null(halves);
            assert_true(bytes_at_end(&in));
        }
    }
    buffer_clear(&one);
    groups_save(whole, &one);
    groups_save(halves, &other);
    assert_int_equal(one.length, other.length);
    assert_memory_equal(one.data, other.data, one.length);
    groups_free(whole);
    groups_free(halves);
    for (size_t length = 0; length < one.length; length += length < 400 ? 1 : 97) {
        struct bytes in = {one.data, one.data + length, false};
        assert_null(groups_load(&in, 0));
    }
    struct bytes few = bytes_of(&one);
    assert_null(groups_load(&few, COUNT(causes) - 1));
    buffer_free(&one);
    buffer_free(&other);
}

static const struct {
    const char *shape, *general;
} shapes[] = {
    {"h1", "h1"},
    {"table > tr > td.c3", "table > tr > td.c3"},
    {"td.c8812", "td.c{n}"},
    {"#row-8812 > td", "#row-{n} > td"},
    {"$.users.8812.name", "$.users.{n}.name"},
    {"$.550e8400-e29b-41d4-a716-446655440000.a", "$.{uuid}.a"},
    {"#da39a3ee5e6b4b0d3255bfef95601890afd80709", "#{hash}"},
    {"#page-2-1 @href", "#page-{n}-{n} @href"},
    {"line 12", "line {n}"},
    {"", ""},
};

static void a_shape_loses_the_ids_that_programs_write_and_keeps_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(shapes); i++) {
        struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
        group_shape(&out, shapes[i].shape);
        assert_string_equal((const char *)out.data, shapes[i].general);
        buffer_free(&out);
    }
}

static const struct {
    const char *source, *target;
    enum change change;
} changes[] = {
    {"10.50", "10.5", CHANGE_NUMBER},
    {"10.50", "10.51", CHANGE_VALUE},
    {"x", "", CHANGE_EMPTIED},
    {"x", "null", CHANGE_EMPTIED},
    {" ", "x", CHANGE_FILLED},
    {"a  b", "a b", CHANGE_WHITE_SPACE},
    {"a b ", "a b", CHANGE_WHITE_SPACE},
    {"ab", "a b", CHANGE_WHITE_SPACE},
    {"Abc", "abc", CHANGE_CASE},
    {"t", "1", CHANGE_TRUTH},
    {"t", "0", CHANGE_VALUE},
    {"2024-01-31 10:00:00", "2024-01-31 12:00:00", CHANGE_SHIFT},
    {"2024-01-31 10:00:00", "2024-01-31 12:00:01", CHANGE_VALUE},
    {"2024-01-31 10:00:00", "2024-02-01 12:00:00", CHANGE_VALUE},
    {"31 Jan 2024", "2024-01-31", CHANGE_DATE},
    {"a long text", "a long te", CHANGE_CUT},
    {"a long te", "a long text", CHANGE_LONGER},
    {"ab", "a", CHANGE_VALUE},
    {NULL, "a", CHANGE_NONE},
    {"a", NULL, CHANGE_NONE},
};

static void a_change_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(changes); i++) {
        enum change change = change_of(text_of(changes[i].source), text_of(changes[i].target));
        if (change != changes[i].change)
            fail_msg("\"%s\" and \"%s\": %s", changes[i].source, changes[i].target,
                     change_name[change]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_pages_of_a_dozen_causes_are_twelve_groups),
        cmocka_unit_test(the_smallest_example_is_kept_and_no_token_whole),
        cmocka_unit_test(what_is_the_same_on_many_routes_is_one_group),
        cmocka_unit_test(memory_is_bounded_and_what_is_left_out_is_counted),
        cmocka_unit_test(lines_are_those_of_the_lowest_answers_in_whatever_order_they_come),
        cmocka_unit_test(what_no_text_may_hold_is_replaced),
        cmocka_unit_test(groups_go_on_after_they_were_bytes),
        cmocka_unit_test(a_shape_loses_the_ids_that_programs_write_and_keeps_names),
        cmocka_unit_test(a_change_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
