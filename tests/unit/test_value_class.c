/* Value classes: what is recognised, and what only looks like it. */
#include "../../diff/value_class.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
    enum value_class class;
    const char *name, *text;
} values[] = {
    {CLASS_TIMESTAMP, NULL, "2024-01-31 10:00:00"},
    {CLASS_TIMESTAMP, NULL, "2024-01-31T10:00:00.123456+01:00"},
    {CLASS_TIMESTAMP, NULL, "2024-01-31T10:00:00Z"},
    {CLASS_TIMESTAMP, NULL, "Wed, 31 Jan 2024 10:00:00 GMT"},
    {CLASS_TIMESTAMP, NULL, "31.01.2024, 10:00"},
    {CLASS_TIMESTAMP, NULL, "01/31/2024 10:00 AM"},
    {CLASS_TIMESTAMP, NULL, "10:23:45"},
    {CLASS_TIMESTAMP, "$.created_at", "1706695200"},
    {CLASS_TIMESTAMP, "$.expiresAt", "1706695200123"},
    {CLASS_NUMBER, "$.id", "1706695200"}, /* a number unless the name says more */
    {CLASS_TEXT, NULL, "25:61:00"},
    {CLASS_TEXT, NULL, "16:9"},
    {CLASS_DATE, NULL, "2024-01-31"},
    {CLASS_DATE, NULL, "31.1.2024"},
    {CLASS_DATE, NULL, "31/12/2024"},
    {CLASS_DATE, NULL, "12/31/2024"},
    {CLASS_DATE, NULL, "31 January 2024"},
    {CLASS_DATE, NULL, "31. Januar 2024"},
    {CLASS_DATE, NULL, "31 janvier 2024"},
    {CLASS_DATE, NULL, "January 31st, 2024"},
    {CLASS_DATE, NULL, "1er août 2024"},
    {CLASS_TEXT, NULL, "2024-02-30"}, /* no day of the calendar */
    {CLASS_TEXT, NULL, "2024-13-01"},
    {CLASS_TEXT, NULL, "2024-1-31"},
    {CLASS_TEXT, NULL, "1.2.3.4"},
    {CLASS_TEXT, NULL, "v1.10.2"},
    {CLASS_TEXT, NULL, "Mayor 3, 2024"},
    {CLASS_RELATIVE_TIME, NULL, "3 minutes ago"},
    {CLASS_RELATIVE_TIME, NULL, "an hour ago"},
    {CLASS_RELATIVE_TIME, NULL, "1 hour, 5 minutes ago"},
    {CLASS_RELATIVE_TIME, NULL, "in 5 days"},
    {CLASS_RELATIVE_TIME, NULL, "5m ago"},
    {CLASS_RELATIVE_TIME, NULL, "just now"},
    {CLASS_RELATIVE_TIME, NULL, "Yesterday"},
    {CLASS_RELATIVE_TIME, NULL, "vor 3 Minuten"},
    {CLASS_RELATIVE_TIME, NULL, "il y a 2 heures"},
    {CLASS_RELATIVE_TIME, NULL, "hace 3 días"},
    {CLASS_TEXT, NULL, "long ago"},
    {CLASS_TEXT, NULL, "3 rooms left"},
    {CLASS_TEXT, NULL, "in 5 rooms"},
    {CLASS_TEXT, NULL, "minutes ago"},
    {CLASS_MONEY, NULL, "€ 10.50"},
    {CLASS_MONEY, NULL, "10,50 €"},
    {CLASS_MONEY, NULL, "$1,234.50"},
    {CLASS_MONEY, NULL, "-$5"},
    {CLASS_MONEY, NULL, "EUR 1.234,50"},
    {CLASS_MONEY, NULL, "1'234.50 CHF"},
    {CLASS_MONEY, "td.price", "10.50"},
    {CLASS_MONEY, "$.totalAmount", "12"},
    {CLASS_NUMBER, "td.priceless", "10.50"},
    {CLASS_NUMBER, "td.price", "10%"},
    {CLASS_TEXT, NULL, "EUROPE 5"},
    {CLASS_TEXT, NULL, "USD"},
    {CLASS_NUMBER, NULL, "42"},
    {CLASS_NUMBER, NULL, "-10.50"},
    {CLASS_NUMBER, NULL, "1,234,567"},
    {CLASS_NUMBER, NULL, "1 234"},
    {CLASS_NUMBER, NULL, "99 %"},
    {CLASS_NUMBER, NULL, "1.5e-7"},
    {CLASS_TEXT, NULL, "1-2"},
    {CLASS_TEXT, NULL, "1.2.3"},
    {CLASS_TEXT, NULL, "#5"},
    {CLASS_TEXT, NULL, "-"},
    {CLASS_TEXT, NULL, ""},
    {CLASS_UUID, NULL, "550e8400-e29b-41d4-a716-446655440000"},
    {CLASS_UUID, NULL, "{550E8400-E29B-41D4-A716-446655440000}"},
    {CLASS_UUID, "csrf_token", "550e8400-e29b-41d4-a716-446655440000"},
    {CLASS_TOKEN, NULL, "550e8400-e29b-41d4-a716-44665544000g"},
    {CLASS_HASH, NULL, "d41d8cd98f00b204e9800998ecf8427e"},
    {CLASS_HASH, NULL, "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {CLASS_HASH, NULL, "$2y$10$abcdefghijklmnopqrstuv"},
    {CLASS_HASH, NULL, "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
    {CLASS_HASH, "ETag", "W/\"5e1f0a2b\""},
    {CLASS_NUMBER, NULL, "12345678901234567890123456789012"},
    {CLASS_TEXT, NULL, "abcdefabcdefabcdefabcdefabcdefab"}, /* no digit */
    {CLASS_TOKEN, "_token", "d41d8cd98f00b204e9800998ecf8427e"},
    {CLASS_TOKEN, "csrf-token", "Zk3hQ8sL0pWm2xVt"},
    {CLASS_TOKEN, NULL, "Zk3hQ8sL0pWm2xVtY7uBn5cRd9eGf1aJ"},
    {CLASS_TOKEN, NULL, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_123"},
    {CLASS_TEXT, "csrf-token", "disabled"},
    {CLASS_TEXT, NULL, "internationalization"},
    {CLASS_TEXT, NULL, "my-long-page-title-about-nothing"},
    {CLASS_TEXT, NULL, "getElementsByTagName"},
    {CLASS_TEXT, NULL, "https://example.com/a/b?c=d"},
    {CLASS_TEXT, NULL, "/images/photo-2024.jpg"},
    {CLASS_SESSION_ID, "PHPSESSID", "q9k2v7m4t1r8s3p6n0b5c2d7e4"},
    {CLASS_SESSION_ID, "$.session.id", "a1b2c3d4e5f6"},
    {CLASS_TEXT, "session", "Keynote on Monday"},
    {CLASS_TEXT, "sidebar", "left column"},
};

static void a_value_is_recognised_and_what_looks_like_one_is_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        enum value_class class =
            value_class_of_text(values[i].name, values[i].text, strlen(values[i].text));
        if (class != values[i].class)
            fail_msg("\"%s\" under %s: %s, not %s", values[i].text, values[i].name,
                     value_class_name[class], value_class_name[values[i].class]);
    }
}

static const struct {
    enum value_class class;
    const char *name, *source, *target;
} pairs[] = {
    {CLASS_MONEY, "table#rates > tr[12] > td.price", "10.50", "10.5"},
    {CLASS_NUMBER, "td", "10.50", "10.5"},
    {CLASS_MONEY, "td", "€ 10.50", "10.50"},
    {CLASS_RELATIVE_TIME, "p", "Posted 3 minutes ago by Ann", "Posted 5 minutes ago by Ann"},
    {CLASS_RELATIVE_TIME, "p", "Posted 3 minutes ago", "Posted 1 hour ago"},
    {CLASS_DATE, "p", "Valid until 31 January 2024.", "Valid until 30 January 2024."},
    {CLASS_TIMESTAMP, "p", "Updated 2024-01-31 10:00:00 (UTC)",
     "Updated 2024-01-31 10:00:01 (UTC)"},
    {CLASS_TIMESTAMP, "p", "at 10:00:00", "at 10:00:01"},
    {CLASS_NUMBER, "p", "12 rooms left", "13 rooms left"},
    {CLASS_MONEY, "p", "Total: $ 12.00 incl. tax", "Total: $ 13.00 incl. tax"},
    {CLASS_UUID, "a @href", "/b?id=550e8400-e29b-41d4-a716-446655440000",
     "/b?id=550e8400-e29b-41d4-a716-446655440001"},
    {CLASS_HASH, "script @src", "/main.3f2a9c1d.js", "/main.77ce01ab.js"},
    {CLASS_TEXT, "script @src", "/main.deadbeef.js", "/main.facade00.js"},
    {CLASS_TOKEN, "input[name=_token] @value", "8f3a77ce01ab", "77ce01ab8f3a"},
    {CLASS_TEXT, "td", "10.50", "ten"},
    {CLASS_TEXT, "td", "2024-01-31", "0000-00-00"},
    {CLASS_TEXT, "p", "Hello Ann", "Hello Bob"},
    {CLASS_TEXT, "p", "", "x"},
    {CLASS_NUMBER, "td", NULL, "5"},
    {CLASS_DATE, "td", "2024-01-31", NULL},
    {CLASS_TEXT, "td", NULL, NULL},
};

static void two_values_have_the_class_that_both_share(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        const char *source = pairs[i].source, *target = pairs[i].target;
        enum value_class class =
            value_class_of(DIFF_CHANGED, pairs[i].name, source, source ? strlen(source) : 0, target,
                           target ? strlen(target) : 0);
        if (class != pairs[i].class)
            fail_msg("%s: \"%s\" and \"%s\": %s, not %s", pairs[i].name, source, target,
                     value_class_name[class], value_class_name[pairs[i].class]);
        /* No class depends on which side is which. */
        assert_int_equal(class, value_class_of(DIFF_CHANGED, pairs[i].name, target,
                                               target ? strlen(target) : 0, source,
                                               source ? strlen(source) : 0));
    }
}

static void another_order_is_sorting_whatever_the_values(void **state)
{
    (void)state;
    assert_int_equal(value_class_of(DIFF_REORDERED, "ul", "1", 1, "2", 1), CLASS_SORTING);
    assert_int_equal(value_class_of(DIFF_MOVED, "ul", NULL, 0, NULL, 0), CLASS_SORTING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_recognised_and_what_looks_like_one_is_not),
        cmocka_unit_test(two_values_have_the_class_that_both_share),
        cmocka_unit_test(another_order_is_sorting_whatever_the_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
