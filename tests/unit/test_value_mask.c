/* No sentence or value of a masked column gets out of a table's result. */
#include "../../verify/mask.h"

#include "../../diff/base/memory.h"
#include "../../diff/base/side.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct mask_case {
    const char *column;           /* of the cause; NULL: whole rows */
    size_t key_count;             /* of the columns id, pin and note */
    bool masks_id, masks_pin;     /* which of them are masked */
    bool shows_key, shows_values; /* of the example */
    bool shows_text;              /* or only the plain sentence */
};

static const struct mask_case cases[] = {
    {"note", 1, false, false, true, true, true},
    {"note", 1, false, true, true, true, true},
    /* The sentence ends with the first and the last key. */
    {"note", 1, true, false, false, true, false},
    {"pin", 1, false, true, true, false, false},
    {NULL, 1, false, true, true, false, false},
    {NULL, 1, true, false, false, false, false},
    /* Without a key the example may be any value of the row. */
    {"note", 0, false, true, false, true, false},
};

static void a_masked_column_is_in_no_sentence_and_no_example(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct mask_case *of = &cases[i];
        struct arena arena = ARENA_INIT;
        struct result_column columns[] = {
            {.name = {"id", "id"}, .masked = of->masks_id},
            {.name = {"pin", "pin"}, .masked = of->masks_pin},
            {.name = {"note", "note"}},
        };
        struct result_cause cause = {.name = "case",
                                     .column = of->column,
                                     .text = "t: 3 rows, id 12 to 40.",
                                     .plain = "t: 3 rows.",
                                     .key = "12",
                                     .value = {"a", "A"}};
        struct result_table table = {.columns = columns,
                                     .column_count = COUNT(columns),
                                     .key_count = of->key_count,
                                     .causes = &cause,
                                     .cause_count = 1};
        mask_table(&table, &arena);
        if ((strcmp(cause.key, "12") == 0) != of->shows_key ||
            (strcmp(cause.value[SOURCE], "a") == 0) != of->shows_values ||
            (strcmp(cause.value[TARGET], "A") == 0) != of->shows_values ||
            (strcmp(cause.text, cause.plain) != 0) != of->shows_text)
            fail_msg("case %zu: key %s, values %s %s, \"%s\"", i, cause.key, cause.value[SOURCE],
                     cause.value[TARGET], cause.text);
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_masked_column_is_in_no_sentence_and_no_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
