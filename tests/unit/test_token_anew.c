/*
 * Ids that each side gave anew: which pairs are proposed, and that nothing is equal by them. What
 * would hurt most comes first: a link to the wrong thing that is taken for a link to a new one.
 */
#include "../../replay/check.h"
#include "../../replay/token_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define STEPS 6

#define FILE_LINK(id) "<a href=/files/" id ">Ausweis.png</a>"

/* Both sides answer a GET of /bookings/7 with a page, or a POST with a redirect to it. */
struct step {
    const char *method;
    const char *page[SIDES]; /* NULL: a redirect */
    const char *proposed;    /* "4=44", each with a blank behind it */
    enum { EQUAL, ANEW, DIFFERENT } is;
    char lane; /* 0 or 1 */
};

static const struct sequence {
    const char *name;
    struct step steps[STEPS];
} sequences[] = {
    {"before the first write nothing is new: one side links to the wrong file",
     {{"GET", {FILE_LINK("1"), FILE_LINK("2")}, "", DIFFERENT, 0}}},
    {"a file that both sides knew before",
     {{"GET", {FILE_LINK("1") FILE_LINK("2"), FILE_LINK("1") FILE_LINK("2")}, "", EQUAL, 1},
      {"POST", {0}, "", EQUAL, 0},
      {"GET", {FILE_LINK("3"), FILE_LINK("2")}, "", DIFFERENT, 0}}},
    {"a file that no page has shown, and that was there before",
     {{"GET", {FILE_LINK("1") FILE_LINK("9"), FILE_LINK("1") FILE_LINK("9")}, "", EQUAL, 1},
      {"POST", {0}, "", EQUAL, 0},
      {"GET", {FILE_LINK("10"), FILE_LINK("5")}, "", DIFFERENT, 0}}},
    {"a new file, and then another partner for it",
     {{"POST", {0}, "", EQUAL, 0},
      {"GET", {FILE_LINK("4"), FILE_LINK("44")}, "4=44 ", ANEW, 0},
      {"GET", {FILE_LINK("4"), FILE_LINK("44")}, "4=44 ", ANEW, 1},
      {"GET", {FILE_LINK("4"), FILE_LINK("45")}, "", DIFFERENT, 1},
      {"GET", {FILE_LINK("5"), FILE_LINK("44")}, "", DIFFERENT, 0}}},
    {"an id for two new files",
     {{"POST", {0}, "", EQUAL, 0},
      {"GET", {FILE_LINK("4"), FILE_LINK("44")}, "4=44 ", ANEW, 0},
      {"GET",
       {FILE_LINK("4") FILE_LINK("5"), FILE_LINK("44") FILE_LINK("44")},
       "4=44 ",
       DIFFERENT,
       0}}},
    {"two new files at once: which is which, nothing says",
     {{"POST", {0}, "", EQUAL, 0},
      {"GET", {FILE_LINK("4") FILE_LINK("5"), FILE_LINK("44") FILE_LINK("45")}, "", DIFFERENT, 0}}},
    {"one after the other",
     {{"POST", {0}, "", EQUAL, 0},
      {"GET", {FILE_LINK("4"), FILE_LINK("44")}, "4=44 ", ANEW, 0},
      {"POST", {0}, "", EQUAL, 1},
      {"GET",
       {FILE_LINK("4") FILE_LINK("5"), FILE_LINK("44") FILE_LINK("45")},
       "4=44 5=45 ",
       ANEW,
       1}}},
    {"a new file, and a price beside it",
     {{"POST", {0}, "", EQUAL, 0},
      {"GET",
       {FILE_LINK("4") "<p>10.50</p>", FILE_LINK("44") "<p>10.5</p>"},
       "4=44 ",
       DIFFERENT,
       0}}},
    {"a price that is the number of a new file",
     {{"POST", {0}, "", EQUAL, 0},
      {"GET", {FILE_LINK("4") "<p>4</p>", FILE_LINK("44") "<p>44</p>"}, "4=44 ", DIFFERENT, 0}}},
    {"a new file on one side alone",
     {{"POST", {0}, "", EQUAL, 0}, {"GET", {FILE_LINK("4"), "<p>"}, "", DIFFERENT, 0}}},
    {"a number for a name",
     {{"POST", {0}, "", EQUAL, 0},
      {"GET", {FILE_LINK("4"), FILE_LINK("3f2b8c1d9e4a5b6c7d8e9f0a1b2c3d4e")}, "", DIFFERENT, 0}}},
    {"names",
     {{"POST", {0}, "", EQUAL, 0},
      {"GET",
       {FILE_LINK("3f2b8c1d9e4a5b6c7d8e9f0a1b2c3d4e"),
        FILE_LINK("77ce90ab3c1d42e877ce90ab3c1d42e8")},
       "3f2b8c1d9e4a5b6c7d8e9f0a1b2c3d4e=77ce90ab3c1d42e877ce90ab3c1d42e8 ",
       ANEW,
       0}}},
};

static struct exchange *ask(const struct step *step, uint64_t number)
{
    struct exchange *exchange = exchange_new();
    exchange->number = number;
    exchange->logged.line = number;
    exchange->logged.arrival = (int64_t)number * 1000000;
    exchange->logged.method = step->method;
    exchange->logged.target =
        slice_of(strcmp(step->method, "GET") == 0 ? "/bookings/7" : "/bookings/7/files");
    exchange->logged.route = "GET /bookings/{id}";
    exchange->logged.status = step->page[SOURCE] ? 200 : 302;
    return exchange;
}

static void answer(struct exchange *exchange, const struct step *step)
{
    for (int side = 0; side < SIDES; side++) {
        struct incoming *in = &exchange->in[side];
        in->status = exchange->logged.status;
        if (!step->page[side]) {
            fields_add(&in->headers, &exchange->arena, "Location", "/bookings/7", 11);
            continue;
        }
        fields_add(&in->headers, &exchange->arena, "Content-Type", "text/html", 9);
        buffer_add_text(&in->body, step->page[side]);
    }
}

static void list_proposed(const struct exchange *exchange, struct buffer *out)
{
    for (size_t i = 0; i < exchange->replacement_count; i++) {
        const struct replacement *one = &exchange->replacements[i];
        if (!one->proposed)
            continue;
        assert_false(replacement_was_sent(one));
        buffer_printf(out, "%s=%s ", one->value[SOURCE], one->value[TARGET]);
    }
}

static void take(struct token_memory *lane, const struct sequence *sequence, size_t n)
{
    const struct step *step = &sequence->steps[n];
    const struct check_settings settings = {.host = {"127.0.0.1:1", "127.0.0.1:2"}};
    struct exchange *exchange = ask(step, n + 1);
    struct buffer proposed = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct findings findings;
    struct err err = {0};
    token_apply(lane, exchange);
    answer(exchange, step);
    token_merge(lane, exchange, token_read(NULL, exchange));
    list_proposed(exchange, &proposed);
    if (strcmp((const char *)proposed.data, step->proposed) != 0)
        fail_msg("%s, step %zu: proposed: %s", sequence->name, n, (const char *)proposed.data);
    assert_true(check_exchange(&settings, exchange, &findings, &err));
    bool fits = step->is == EQUAL       ? findings.equal
                : step->is == DIFFERENT ? !findings.equal && findings.total
                                        : !findings.equal && findings.anew && !findings.total;
    if (!fits)
        fail_msg("%s, step %zu: equal %d, new ids %d, %zu differences", sequence->name, n,
                 findings.equal, findings.anew, findings.total);
    findings_free(&findings);
    buffer_free(&proposed);
    exchange_free(exchange);
}

static void a_link_to_the_wrong_thing_is_no_link_to_a_new_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sequences); i++) {
        struct token_shared *shared = token_shared_new(NULL);
        struct token_memory *lanes[2] = {token_memory_new(shared), token_memory_new(shared)};
        print_message("  %s\n", sequences[i].name);
        for (size_t n = 0; n < STEPS && sequences[i].steps[n].method; n++)
            take(lanes[(int)sequences[i].steps[n].lane], &sequences[i], n);
        token_memory_free(lanes[0]);
        token_memory_free(lanes[1]);
        token_shared_free(shared);
    }
}

static void take_id(void *context, const char *tenant, const char *kind, const char *logged,
                    const char *source, const char *target)
{
    (void)tenant;
    (void)kind;
    (void)logged;
    (void)source;
    (void)target;
    ++*(size_t *)context;
}

/* What was shown is not saved: a resumed run could take an old id for a new one. */
static void a_resumed_run_keeps_its_proposals_and_makes_no_more(void **state)
{
    static const struct sequence before = {
        "before",
        {{"POST", {0}, "", EQUAL, 0},
         {"GET", {FILE_LINK("4"), FILE_LINK("44")}, "4=44 ", ANEW, 0}}};
    static const struct sequence after = {
        "after",
        {{"GET", {FILE_LINK("4"), FILE_LINK("44")}, "4=44 ", ANEW, 0},
         {"POST", {0}, "", EQUAL, 0},
         {"GET", {FILE_LINK("5"), FILE_LINK("45")}, "", DIFFERENT, 0}}};
    struct token_shared *shared = token_shared_new(NULL);
    struct token_memory *lane = token_memory_new(shared);
    struct buffer saved = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct err err = {0};
    bool whole;
    size_t ids = 0;
    (void)state;
    for (size_t n = 0; n < 2; n++)
        take(lane, &before, n);
    assert_true(token_shared_save(shared, &saved, &whole));
    token_each_id(shared, take_id, &ids);
    assert_int_equal(ids, 0); /* a proposal pairs no rows */
    token_memory_free(lane);
    token_shared_free(shared);
    shared = token_shared_new(NULL);
    assert_true(token_shared_load(saved.data, saved.length, shared, &err));
    lane = token_memory_new(shared);
    for (size_t n = 0; n < 3; n++)
        take(lane, &after, n);
    token_memory_free(lane);
    token_shared_free(shared);
    buffer_free(&saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_to_the_wrong_thing_is_no_link_to_a_new_one),
        cmocka_unit_test(a_resumed_run_keeps_its_proposals_and_makes_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
