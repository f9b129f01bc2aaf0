/* What a session is known to hold as secrets: bounded, the lasting ones before others, and back
 * from bytes. */
#include "../../replay/known.h"

#include "../../diff/base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct seen {
    size_t count, bytes;
    char last[KNOWN_VALUE_MOST + 1];
    bool cookie;
};

static void see(void *context, const char *const value[SIDES])
{
    struct seen *seen = context;
    const char *any = value[SOURCE] ? value[SOURCE] : value[TARGET];
    seen->count++;
    for (int side = 0; side < SIDES; side++)
        seen->bytes += value[side] ? strlen(value[side]) : 0;
    snprintf(seen->last, sizeof seen->last, "%s", any);
    seen->cookie |= strcmp(any, "the-cookie-1") == 0;
}

static struct seen seen_of(struct known *known)
{
    struct seen seen = {0};
    known_each(known, see, &seen);
    return seen;
}

static void add(struct known *known, const char *source, const char *target, bool lasts)
{
    known_add(known, (const char *const[SIDES]){source, target}, lasts);
}

static void a_thousand_tokens_do_not_push_a_cookie_out(void **state)
{
    (void)state;
    struct known *known = known_new();
    add(known, "the-cookie-1", "the-cookie-2", true);
    for (int i = 0; i < 1000; i++) {
        char token[64];
        snprintf(token, sizeof token, "token-%d-%050d", i, i);
        add(known, token, i % 2 ? token : NULL, false);
    }
    struct seen seen = seen_of(known);
    assert_true(seen.cookie);
    assert_true(seen.count <= KNOWN_MOST && seen.count > 10);
    assert_true(seen.bytes <= KNOWN_BYTES);
    assert_non_null(strstr(seen.last, "token-999-"));
    known_free(known);
}

static void a_copy_knows_what_was_known_when_it_was_made(void **state)
{
    (void)state;
    struct known *known = known_new();
    add(known, "the-cookie-1", "the-cookie-2", true);
    add(known, NULL, "shown-on-this-page", false);
    struct known *copy = known_copy(known);
    for (int i = 0; i < 100; i++) {
        char token[64];
        snprintf(token, sizeof token, "token-%d", i);
        add(known, token, token, false);
    }
    struct seen seen = seen_of(copy);
    assert_int_equal(seen.count, 2);
    assert_true(seen.cookie);
    assert_string_equal(seen.last, "shown-on-this-page");
    known_free(copy);
    known_free(known);
}

static void what_is_seen_again_counts_once_and_what_is_too_long_or_nothing_never(void **state)
{
    (void)state;
    struct known *known = known_new();
    char longer[KNOWN_VALUE_MOST + 2];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    for (int i = 0; i < 3; i++) {
        add(known, "one-secret", "other-secret", false);
        add(known, NULL, "other-secret", false);
    }
    add(known, longer, NULL, true);
    add(known, NULL, NULL, true);
    add(known, "", "", true);
    assert_int_equal(seen_of(known).count, 2);
    known_free(known);
}

static void it_comes_back_from_bytes_and_damage_is_refused(void **state)
{
    (void)state;
    struct known *known = known_new();
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct err err = {0};
    add(known, "the-cookie-1", NULL, true);
    add(known, "a-token", "b-token", false);
    known_save(known, &bytes);
    for (size_t length = 0; length <= bytes.length; length++) {
        struct known *again = known_new();
        assert_int_equal(known_load(bytes.data, length, again, &err), length == bytes.length);
        if (length == bytes.length) {
            assert_int_equal(seen_of(again).count, 2);
            assert_true(seen_of(again).cookie);
        }
        known_free(again);
    }
    known_free(known);
    known_free(NULL);
    buffer_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_knows_what_was_known_when_it_was_made),
        cmocka_unit_test(a_thousand_tokens_do_not_push_a_cookie_out),
        cmocka_unit_test(what_is_seen_again_counts_once_and_what_is_too_long_or_nothing_never),
        cmocka_unit_test(it_comes_back_from_bytes_and_damage_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
