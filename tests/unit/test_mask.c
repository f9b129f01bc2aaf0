/* Secrets are masked in whatever form they come, and nothing else is changed. */
#include "../../replay/mask.h"

#include "../../diff/secret.h"

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
    {"/a;jsessionid=hush?x=1&Pass%77ord=hush#f", "/a;jsessionid=***?x=1&Pass%77ord=***#f"},
    {"/a;jsessionid=hush/b;v=1;PHPSESSID=hush/12", "/a;jsessionid=***/b;v=1;PHPSESSID=***/12"},
    {"/sid=hush/a", "/sid=***/a"},
    {"/a#access_token=hush&x=1", "/a#access_token=***&x=1"},
    {"/reset/hush81", "/reset/***"},
    {"/reset/3f9a81c2/edit;v=1?x=2", "/reset/***/edit;v=1?x=2"},
    {"/reset;v=1/3f9a81c2", "/reset;v=1/***"},
    {"/users/password-reset/Kx7Pq2.html", "/users/password-reset/***.html"},
    {"/account/verifyEmail/481516", "/account/verifyEmail/***"},
    {"/invite/XYPQRS-kXpQwZ", "/invite/***"},
    {"/reset/550e8400-e29b-41d4-a716-446655440000", "/reset/***"},
    {"/otp/1234", "/otp/***"},
    {"/d/3f9a81c27be04d5566aa", "/d/***"},
    {"/d/3F9A81C27BE04D5566AA.pdf", "/d/***.pdf"},
    {"/m/V1StGXR8_Z5jdHi6B-myT", "/m/***"},
    {"/m/kQxRZaPLmTWbvHYgNcDS", "/m/***"},
    {"/m/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.abc-DEF_123", "/m/***"},
    {"/m/M2Y5YTgxYzI3YmUwNGQ1NTY2YWE%3D", "/m/***"},
    {"/x?k=3f9a81c27be04d5566aa&page=2", "/x?k=***&page=2"},
    {"/login?next=%2Freset%2F3f9a81c2&x=1", "/login?next=***&x=1"},
    {"/login?next=%252Freset%252F3f9a81c2", "/login?next=%252Freset%252F3f9a81c2"},
    {"/login?next=%2Frates%2F8812", "/login?next=%2Frates%2F8812"},
    {"https://u:hush@h:1/reset/hush81?a@b", "https://***@h:1/reset/***?a@b"},
    {"http://h/users/anna@example.org", "http://h/users/anna@example.org"},
    {"/out?to=http://u:hush@h/", "/out?to=***"},
    {"/reset/***", "/reset/***"},
    {"/reset/3f9a81c2jsessionid=8F3@", "/reset/3f9a81c2jsessionid=***"},
    {"/reset/3f9a81c2jsessionid=***", "/reset/3f9a81c2jsessionid=***"},
    {"/d/***75c002ec?token=***75c002ec", "/d/***75c002ec?token=***75c002ec"},
    /* What people need. */
    {"/reset/done", "/reset/done"},
    {"/password/forgot", "/password/forgot"},
    {"/verify/by-email", "/verify/by-email"},
    {"/token/oauth2", "/token/oauth2"},
    {"/share/8812", "/share/8812"},
    {"/share/2024-01-31", "/share/2024-01-31"},
    {"/unsubscribe/anna1@example.org", "/unsubscribe/anna1@example.org"},
    {"/sessions/12/rooms", "/sessions/12/rooms"},
    {"/b/550e8400-e29b-41d4-a716-446655440000", "/b/550e8400-e29b-41d4-a716-446655440000"},
    {"/b/12345678901234567890123", "/b/12345678901234567890123"},
    {"/hotels-in-rome-for-2-people-2024", "/hotels-in-rome-for-2-people-2024"},
    {"/findAvailableRoomsOfHotel", "/findAvailableRoomsOfHotel"},
    {"/internationalization-and-more", "/internationalization-and-more"},
    {"/static/3f9a81c27be04d5566aa/app.js", "/static/3f9a81c27be04d5566aa/app.js"},
    {"/app.3f9a81c27be04d5566aa.css?v=2", "/app.3f9a81c27be04d5566aa.css?v=2"},
    {"/jquery-ui-1.13.2.custom.min.js", "/jquery-ui-1.13.2.custom.min.js"},
    {"/IMG_20240131_120000_HDR.jpg", "/IMG_20240131_120000_HDR.jpg"},
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
    {"{\"t\":\"3f9a81c27be04d5566aa\",\"x\":[\"a\"]}", "{\"t\":\"***\",\"x\":[\"a\"]}"},
    {"back=%2Freset%2F3f9a81c2&a=b", "back=***&a=b"},
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

static void names_that_a_person_gives_are_secret_too(void **state)
{
    (void)state;
    static const char *const names[] = {"voucher", "door"};
    static const struct text_case cases_of_names[] = {
        {"/door/open?Voucher=hush&x=1", "/door/***?Voucher=***&x=1"},
        {"/doors/open?vouchers=2", "/doors/open?vouchers=2"},
    };
    secret_also(names, COUNT(names));
    for (size_t i = 0; i < COUNT(cases_of_names); i++) {
        struct buffer out = BUFFER_INIT(1 << 16);
        mask_target(&out, slice_of(cases_of_names[i].text));
        assert_string_equal((const char *)out.data, cases_of_names[i].shown);
        buffer_free(&out);
    }
    secret_also(NULL, 0);
    assert_false(mask_is_secret(slice_of("voucher")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_in_targets_are_masked),
        cmocka_unit_test(names_that_a_person_gives_are_secret_too),
        cmocka_unit_test(secrets_in_bodies_are_masked_or_the_body_is_withheld),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
