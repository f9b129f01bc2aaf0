/* Normal forms: what becomes one spelling, and above all what must not. */
#include "../../diff/normal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum form { NUMBERS, ROUND0, ROUND2, DATES, DATES_DMY, DATES_MDY, SPACE, TRAILING, WORDS, COMMAS };

static const struct {
    enum form form;
    const char *text, *normal;
} cases[] = {
    /* what must stay unequal stays as it is */
    {NUMBERS, "1.2.3", "1.2.3"},
    {NUMBERS, "10.0.0.10", "10.0.0.10"},
    {NUMBERS, "2024-01-10", "2024-01-10"},
    {NUMBERS, "10:30", "10:30"},
    {NUMBERS, "01/10/2024", "01/10/2024"},
    {NUMBERS, "v1.10", "v1.10"},
    {NUMBERS, "A10.50", "A10.50"},
    {NUMBERS, "10.50x", "10.50x"},
    {NUMBERS, "1e10", "1e10"},
    {NUMBERS, "1,234", "1,234"},
    {NUMBERS, "1,50", "1,50"},
    {NUMBERS, "1,23.50", "1,23.50"},
    {NUMBERS, ".50", ".50"},
    {NUMBERS, "100", "100"},
    {NUMBERS, "1000000000000000000000000000000000001", "1000000000000000000000000000000000001"},
    {NUMBERS, "INV-0010", "INV-0010"},
    {NUMBERS, "a.-0", "a.-0"},
    {DATES, "01/02/2024", "01/02/2024"},
    {DATES, "2024-02-30", "2024-02-30"},
    {DATES, "2024-01-315", "2024-01-315"},
    {DATES, "x2024-01-31", "x2024-01-31"},
    {DATES, "2024-01-31 10:00", "2024-01-31 10:00"},
    {DATES, "2024-01-31 10:00:00.1234567890123456789012",
     "2024-01-31 10:00:00.1234567890123456789012"},
    {SPACE, "a b", "a b"},
    {TRAILING, "  a  b", "  a  b"},
    {COMMAS, "a, b", " b,a"}, /* no blank is lost */

    {NUMBERS, "10.50", "10.5"},
    {NUMBERS, "10.00", "10"},
    {NUMBERS, "007", "7"},
    {NUMBERS, "0.0", "0"},
    {NUMBERS, "-0.00", "0"},
    {NUMBERS, "-0.10", "-0.1"},
    {NUMBERS, "$10.50, or 1,234.50.", "$10.5, or 1234.5."},
    {NUMBERS, "1.234.567,50", "1234567.5"},
    {NUMBERS, "(10.0)", "(10)"},
    {NUMBERS, "5-10.0", "5-10.0"},
    {ROUND2, "10.005", "10.01"},
    {ROUND2, "10.004999999999999999999", "10"},
    {ROUND2, "-0.004", "0"},
    {ROUND2, "99.995", "100"},
    {ROUND2, "9.999999999999999999999999", "10"},
    {ROUND2, "1.5", "1.5"},
    {ROUND0, "0.5 and 1.4", "1 and 1"},
    {DATES, "2024-01-31T10:00:00Z", "2024-01-31 10:00:00Z"},
    {DATES, "2024-01-31 11:00:00.50+01:00", "2024-01-31 10:00:00.5Z"},
    {DATES, "2024-01-01T00:30:00+01:00", "2023-12-31 23:30:00Z"},
    {DATES, "Wed, 31 Jan 2024 10:00:00 GMT", "2024-01-31 10:00:00Z"},
    {DATES, "from 31.1.2024 to 1 February 2024.", "from 2024-01-31 to 2024-02-01."},
    {DATES, "31/01/2024", "2024-01-31"},
    {DATES, "01/31/2024 12:05 AM", "2024-01-31 00:05"},
    {DATES_DMY, "01/02/2024", "2024-02-01"},
    {DATES_MDY, "01/02/2024", "2024-01-02"},
    {SPACE,
     " a \n\t b\xC2\xA0"
     "c ",
     "a b c"},
    {SPACE, " \n ", ""},
    {TRAILING, "a  \nb\t", "a\nb"},
    {TRAILING, "a \r\nb", "a\r\nb"},
    {WORDS, " b a\nc ", "a b c"},
    {COMMAS, "b,a,,a", ",a,a,b"},
};

static bool normal(enum form form, struct buffer *out, const char *text, size_t length)
{
    switch (form) {
    case NUMBERS:
        return normal_numbers(out, text, length);
    case ROUND0:
        return normal_round(out, text, length, 0);
    case ROUND2:
        return normal_round(out, text, length, 2);
    case DATES:
        return normal_dates(out, text, length, DATE_ORDER_UNKNOWN);
    case DATES_DMY:
        return normal_dates(out, text, length, DATE_ORDER_DAY_FIRST);
    case DATES_MDY:
        return normal_dates(out, text, length, DATE_ORDER_MONTH_FIRST);
    case SPACE:
        return normal_white_space(out, text, length);
    case TRAILING:
        return normal_trailing_blanks(out, text, length);
    case WORDS:
        return normal_sort(out, text, length, "words");
    default:
        return normal_sort(out, text, length, ",");
    }
}

static void a_text_gets_its_normal_form_and_nothing_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT), again = BUFFER_INIT(BUFFER_NO_LIMIT);
        bool changed = normal(cases[i].form, &out, cases[i].text, strlen(cases[i].text));
        assert_string_equal((const char *)out.data, cases[i].normal);
        assert_int_equal(changed, strcmp(cases[i].text, cases[i].normal) != 0);
        /* A normal form is its own. */
        assert_false(normal(cases[i].form, &again, (const char *)out.data, out.length));
        assert_string_equal((const char *)again.data, cases[i].normal);
        buffer_free(&out);
        buffer_free(&again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_gets_its_normal_form_and_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
