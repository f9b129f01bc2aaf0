/*
 * The byte buffer, errors, arenas and hashes: what everything else stands on.
 */
#include "../../diff/base/buffer.h"
#include "../../diff/base/error.h"
#include "../../diff/base/hash.h"
#include "../../diff/base/memory.h"
#include "../../diff/base/text_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void an_append_beyond_the_maximum_is_dropped_and_told(void **state)
{
    (void)state;
    struct buffer buffer = BUFFER_INIT(5);
    buffer_add_text(&buffer, "abc");
    buffer_add_text(&buffer, "def");
    assert_true(buffer_overflowed(&buffer));
    assert_string_equal((const char *)buffer.data, "abc");
    assert_null(buffer_reserve(&buffer, SIZE_MAX));
    buffer_printf(&buffer, "%s", "a text that is far too long");
    buffer_add_hex(&buffer, "abc", 3);
    buffer_add_hex(&buffer, "abc", SIZE_MAX);
    assert_string_equal((const char *)buffer.data, "abc");
    buffer_clear(&buffer);
    assert_false(buffer_overflowed(&buffer));
    buffer_add_text(&buffer, "12345");
    assert_false(buffer_overflowed(&buffer));
    assert_string_equal((const char *)buffer.data, "12345");
    buffer_free(&buffer);
}

static void an_empty_buffer_is_an_empty_string_and_may_be_freed_twice(void **state)
{
    (void)state;
    struct buffer buffer = BUFFER_INIT(0);
    assert_string_equal((const char *)buffer.data, "");
    buffer_add(&buffer, NULL, 0);
    buffer_printf(&buffer, "%s", "");
    assert_false(buffer_overflowed(&buffer));
    buffer_clear(&buffer);
    buffer_free(&buffer);
    buffer_free(&buffer);
    assert_string_equal((const char *)buffer.data, "");
    buffer_add_byte(&buffer, 'x');
    assert_true(buffer_overflowed(&buffer));
    buffer_free(&buffer);
}

static void appended_pieces_stand_in_order_with_a_terminator(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 1 << 20);
    for (int i = 0; i < 1000; i++) {
        buffer_printf(&buffer, "%04d", i);
        assert_int_equal(buffer.data[buffer.length], 0);
    }
    assert_int_equal(buffer.length, 4000);
    assert_memory_equal(buffer.data + 4 * 777, "0777", 4);
    buffer_clear(&buffer);
    buffer_add_hex(&buffer, "\x00\xff\x1a", 3);
    buffer_add_byte(&buffer, ' ');
    assert_string_equal((const char *)buffer.data, "00ff1a ");
    buffer_clear(&buffer);
    buffer_add_u64(&buffer, UINT64_C(0x0807060504030201));
    assert_string_equal((const char *)buffer.data, "\1\2\3\4\5\6\7\10");
    buffer_free(&buffer);
}

static void formatted_text_of_any_length_is_whole(void **state)
{
    (void)state;
    for (int width = 0; width < 200; width++) {
        struct buffer buffer = BUFFER_INIT(1 << 20);
        buffer_add_text(&buffer, "x");
        buffer_printf(&buffer, "%*d", width, 7);
        assert_int_equal(buffer.length, 1 + (width ? width : 1));
        assert_int_equal(buffer.data[buffer.length - 1], '7');
        buffer_free(&buffer);
    }
}

static void an_error_is_one_line_of_utf8(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"plain", "plain"},  {"two\nlines\n", "two lines"},     {"caf\xc3\xa9", "café"},
        {"caf\xe9", "caf?"}, {"tab\there\x7f\x01", "tab here"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct err err;
        assert_false(err_set(&err, ERR_USAGE, "%s", rows[i][0]));
        assert_int_equal(err.code, ERR_USAGE);
        assert_string_equal(err.text, rows[i][1]);
    }
}

static void a_long_error_is_cut_between_characters(void **state)
{
    (void)state;
    char text[1500];
    for (size_t shift = 0; shift < 4; shift++) {
        for (size_t i = 0; i + 2 < sizeof text; i += 2) {
            text[i] = (char)0xc3;
            text[i + 1] = (char)0xa9;
        }
        text[sizeof text - 2] = text[sizeof text - 1] = '\0';
        struct err err;
        err_set(&err, ERR_LOST, "%.*s%s", (int)shift, "xyz", text);
        size_t length = strlen(err.text);
        assert_true(length < sizeof err.text && length > sizeof err.text - 8);
        assert_string_equal(err.text + length - 3, "…");
        assert_int_equal((unsigned char)err.text[length - 4], 0xa9);
    }
}

static void a_phrase_before_an_error_keeps_its_code(void **state)
{
    (void)state;
    struct err err;
    err_set(&err, ERR_TABLE, "no such row");
    assert_false(err_prefix(&err, "table %s", "orders"));
    assert_string_equal(err.text, "table orders: no such row");
    assert_int_equal(err.code, ERR_TABLE);
    err_set(&err, ERR_TABLE, "again: %s", err.text);
    assert_string_equal(err.text, "again: table orders: no such row");
    assert_string_equal(err_code_name(ERR_UNREACHABLE), "unreachable");
}

static void an_arena_hands_out_zeroed_places_of_their_own(void **state)
{
    (void)state;
    struct arena arena = ARENA_INIT;
    unsigned char *places[300];
    for (size_t i = 0; i < COUNT(places); i++) {
        size_t size = i * i;
        places[i] = arena_alloc(&arena, size);
        assert_int_equal((uintptr_t)places[i] % _Alignof(max_align_t), 0);
        for (size_t j = 0; j < size; j++)
            assert_int_equal(places[i][j], 0);
        memset(places[i], (int)(i & 255), size);
    }
    for (size_t i = 0; i < COUNT(places); i++)
        for (size_t j = 0; j < i * i; j++)
            if (places[i][j] != (i & 255))
                fail_msg("place %zu was written over", i);
    assert_string_equal(arena_copy(&arena, "text"), "text");
    assert_string_equal(arena_copy_bytes(&arena, "text", 2), "te");
    assert_string_equal(arena_format(&arena, "%d-%s", 5, "x"), "5-x");
    arena_free(&arena);
    arena_free(&arena);
}

static void copies_and_lists_own_their_texts(void **state)
{
    (void)state;
    struct text_list list = {0};
    for (int i = 0; i < 100; i++) {
        char *text = mem_format("text %d", i);
        text_list_add(&list, text);
        free(text);
    }
    assert_int_equal(list.count, 100);
    assert_string_equal(list.items[99], "text 99");
    text_list_free(&list);
    text_list_free(&list);
    char *copy = mem_copy_bytes("a\0b", 3);
    assert_memory_equal(copy, "a\0b", 4);
    free(copy);
    free(mem_resize(mem_zero(0, 10), 0, 0));
}

static void the_hashes_are_those_of_the_specification(void **state)
{
    (void)state;
    /* XXH3 of the empty input and of "abc", seed 0: digests that are stored must never change. */
    struct hash128 empty = hash_128("", 0), abc = hash_128("abc", 3);
    assert_true(hash_64("", 0) == UINT64_C(0x2d06800538d394c2));
    assert_true(empty.high == UINT64_C(0x99aa06d3014798d8));
    assert_true(empty.low == UINT64_C(0x6001c324468d497f));
    assert_true(hash_64("abc", 3) == UINT64_C(0x78af5f94892f3950));
    assert_true(abc.high == UINT64_C(0x06b05ab6733a6185));
    assert_true(abc.low == UINT64_C(0x78af5f94892f3950));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_append_beyond_the_maximum_is_dropped_and_told),
        cmocka_unit_test(an_empty_buffer_is_an_empty_string_and_may_be_freed_twice),
        cmocka_unit_test(appended_pieces_stand_in_order_with_a_terminator),
        cmocka_unit_test(formatted_text_of_any_length_is_whole),
        cmocka_unit_test(an_error_is_one_line_of_utf8),
        cmocka_unit_test(a_long_error_is_cut_between_characters),
        cmocka_unit_test(a_phrase_before_an_error_keeps_its_code),
        cmocka_unit_test(an_arena_hands_out_zeroed_places_of_their_own),
        cmocka_unit_test(copies_and_lists_own_their_texts),
        cmocka_unit_test(the_hashes_are_those_of_the_specification),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
