/* Secrets are masked in whatever form they come, and nothing else is changed. */
#include "../../replay/mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct text_case {
    const char *text, *shown; /* NULL: withheld */
};

static const struct text_case targets[] = {
    {"/login?next=%2F&token=hush", "/login?next=%2F&token=***"},
    {"/a;jsessionid=hush?x=1&Pass%77ord=hush#f", "/a;jsessionid=***?x=1&Pass%77ord=***"},
    {"/a?user[password]=hush&b=2", "/a?user[password]=***&b=2"},
    {"/a?user%5Bpin%5D=hush", "/a?user%5Bpin%5D=***"},
    {"/rates/8812?page=2", "/rates/8812?page=2"},
    {"/a?token=", "/a?token="},
    {"/a?token", "/a?token"},
    {"/a;b/c?d;e", "/a;b/c?d;e"},
    {"//29/../a/./b%2Fc?", "//29/../a/./b%2Fc?"},
    {"http://me:hush@host/x?y=1", "http://***@host/x?y=1"},
    {"/\xff?sid=hush", "/\xff?sid=***"},
    {"", ""},
};

static const struct text_case bodies[] = {
    {"user=a&password=hush&x=1", "user=a&password=***&x=1"},
    {"csrf_token=hush", "csrf_token=***"},
    {"{\"user\":\"a\",\"password\":\"hu\\\"sh\",\"x\":1}",
     "{\"user\":\"a\",\"password\":\"***\",\"x\":1}"},
    {"{\"pin\" : 1234, \"room\": 7}", "{\"pin\" : \"***\", \"room\": 7}"},
    {"{\"pin\":1}", "{\"pin\":\"***\"}"},
    {"{\"secret\":{\"a\":[\"hush\",\"}\"]},\"b\":2}", "{\"secret\":\"***\",\"b\":2}"},
    {"[{\"token\":null},{\"a\":true}]", "[{\"token\":\"***\"},{\"a\":true}]"},
    {"{\"\\u0070assword\":\"hush\"}", "{\"\\u0070assword\":\"***\"}"},
    {"{\"note\":\"my password is hush\"}", "{\"note\":\"my password is hush\"}"},
    {"{\"password\":\"hush", NULL},
    {"{\"password\":", NULL},
    {"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B\r\nContent-Disposition: "
     "form-data; name=\"password\"\r\n\r\nhush\r\n--B--\r\n",
     NULL}, /* a boundary of three letters is no boundary */
    {"--Bound\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--Bound\r\nContent-"
     "Disposition: form-data; name=\"password\"\r\n\r\nhush\r\n--Bound--\r\n",
     "--Bound\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--Bound\r\nContent-"
     "Disposition: form-data; name=\"password\"\r\n\r\n***\r\n--Bound--\r\n"},
    {"<login><password>hush</password></login>", NULL},
    {"<rate><price>10.50</price></rate>", "<rate><price>10.50</price></rate>"},
    {"plain text", "plain text"},
    {"", ""},
};

static void secrets_in_targets_are_masked(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(targets); i++) {
        struct buffer out = BUFFER_INIT(1 << 16);
        print_message("  %s\n", targets[i].text);
        bool masked = mask_target(&out, slice_of(targets[i].text));
        assert_string_equal((const char *)out.data, targets[i].shown);
        assert_int_equal(masked, strcmp(targets[i].text, targets[i].shown) != 0);
        buffer_free(&out);
    }
}

static void secrets_in_bodies_are_masked_or_the_body_is_withheld(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct buffer out = BUFFER_INIT(1 << 16);
        print_message("  %s\n", bodies[i].text);
        enum mask_result result = mask_body(&out, slice_of(bodies[i].text));
        if (bodies[i].shown) {
            assert_string_equal((const char *)out.data, bodies[i].shown);
            assert_int_equal(result == MASK_MASKED, strcmp(bodies[i].text, bodies[i].shown) != 0);
        } else {
            assert_int_equal(result, MASK_WITHHELD);
        }
        buffer_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_in_targets_are_masked),
        cmocka_unit_test(secrets_in_bodies_are_masked_or_the_body_is_withheld),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
