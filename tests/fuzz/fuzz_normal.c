/*
 * libFuzzer driver of what looks at values: normal forms, classes, changes, shapes, routes.
 * Whatever the bytes: no crash; a normal form is its own; a class does not depend on which side is
 * which; a path fits its own pattern. Seeds: corpus/normal. Run by tests/fuzz/run.
 */
#include "../../diff/group.h"
#include "../../diff/normal.h"
#include "../../diff/route.h"
#include "../../diff/value_class.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool sort_words(struct buffer *out, const char *text, size_t length)
{
    return normal_sort(out, text, length, "words");
}

static bool sort_commas(struct buffer *out, const char *text, size_t length)
{
    return normal_sort(out, text, length, ",");
}

static bool round_two(struct buffer *out, const char *text, size_t length)
{
    return normal_round(out, text, length, 2);
}

static void check_form(bool (*form)(struct buffer *, const char *, size_t), const char *text,
                       size_t length)
{
    struct buffer once = BUFFER_INIT(BUFFER_NO_LIMIT), twice = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool changed = form(&once, text, length);
    if (changed == (once.length == length && (!length || memcmp(once.data, text, length) == 0)))
        abort();
    form(&twice, (const char *)once.data, once.length);
    if (twice.length != once.length || memcmp(twice.data, once.data, once.length) != 0)
        abort();
    buffer_free(&once);
    buffer_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = size ? (const char *)data : "";
    check_form(normal_numbers, text, size);
    check_form(round_two, text, size);
    check_form(normal_white_space, text, size);
    check_form(normal_trailing_blanks, text, size);
    check_form(sort_words, text, size);
    check_form(sort_commas, text, size);
    struct buffer dates = BUFFER_INIT(BUFFER_NO_LIMIT);
    normal_dates(&dates, text, size, DATE_ORDER_DAY_FIRST);
    buffer_free(&dates);

    /* Two values: the halves. */
    const char *half = text + size / 2;
    if (value_class_of(DIFF_CHANGED, "price", text, size / 2, half, size - size / 2) !=
        value_class_of(DIFF_CHANGED, "price", half, size - size / 2, text, size / 2))
        abort();
    (void)change_of((struct tree_text){text, size / 2}, (struct tree_text){half, size - size / 2});

    char *string = mem_copy_bytes(text, size);
    struct buffer pattern = BUFFER_INIT(BUFFER_NO_LIMIT);
    size_t offset;
    struct err err;
    static const char *const names[] = {"a", "do"};
    for (size_t count = 0; count <= 2; count += 2) {
        buffer_clear(&pattern);
        route_pattern(&pattern, string, strlen(string), names, count);
        /* What stands in the path as a wildcard or brace would be one in the pattern. */
        if (!strpbrk(string, "{}* ") && pattern.length < 900 &&
            !route_fits((const char *)pattern.data, NULL, string))
            abort();
    }
    if (route_check(string, &offset, &err))
        (void)route_fits(string, "GET", "/a/b/c?a=b/c&do=%2f");
    group_shape(&pattern, string);
    buffer_free(&pattern);
    free(string);
    return 0;
}
