/* The word that was probably meant, and when it is better to suggest none. */
#include "../../diff/base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const known[] = {"kind",   "zone",   "zero_date", "column",
                                    "source", "target", "bool",      "source_expr"};

static const struct {
    const char *word, *meant;
} cases[] = {
    {"zonne", "zone"}, /* a letter more */
    {"zne", "zone"},   /* less */
    {"zine", "zone"},  /* another */
    {"zoen", "zone"},  /* two exchanged */
    {"ZONE", "zone"},  /* case */
    {"zero-date", "zero_date"},
    {"boolean", "bool"},   /* begins with a known word */
    {"tar", "target"},     /* a known word begins with it */
    {"sources", "source"}, /* nearer than source_expr */
    {"colour", NULL},      /* three edits from column */
    {"zo", NULL},          /* too short to tell */
    {"", NULL},
    {"kind_of_a_very_long_word_that_nobody_would_type_into_a_mapping_file", NULL},
};

static void the_word_that_was_probably_meant_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *meant = nearest_word(cases[i].word, known, COUNT(known));
        print_message("- \"%s\"\n", cases[i].word);
        if (cases[i].meant)
            assert_string_equal(meant ? meant : "(none)", cases[i].meant);
        else
            assert_null(meant);
    }
    assert_null(nearest_word("zone", known, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_word_that_was_probably_meant_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
