/*
 * Fuzzes exact numbers and value_read(). The first byte chooses: the rest is a number's text,
 * base-10000 groups, or a row of encoded values. A number must equal its other spellings, its print
 * and its groups, and must not equal the number one unit beside it; what was written must read
 * back; damaged rows must be refused or be printed and ordered without harm.
 */
#include "../../diff/value.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static bool same(const struct buffer *one, const struct buffer *other)
{
    return one->length == other->length && memcmp(one->data, other->data, one->length) == 0;
}

static struct value read_back(const struct buffer *encoded)
{
    const unsigned char *place = encoded->data, *end = encoded->data + encoded->length;
    struct value value;
    must(value_read(&place, end, &value) && place == end);
    must(value.encoding == encoded->data && value.encoding_length == encoded->length);
    for (size_t cut = 0; cut < encoded->length && cut < 40; cut++) {
        const unsigned char *start = encoded->data;
        struct value part;
        must(!value_read(&start, start + cut, &part) && start == encoded->data);
    }
    return value;
}

/* The text must be a number that is encoded as `expected`. */
static void must_be(const struct buffer *text, const struct buffer *expected)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    must(value_add_decimal(&out, (const char *)text->data, text->length));
    must(same(&out, expected));
    buffer_free(&out);
}

/* What is printed of a number is one of its spellings. */
static void check_print(const struct buffer *encoded, const struct value *value)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    value_print(&text, value, SIZE_MAX / 2);
    must_be(&text, encoded);
    buffer_free(&text);
}

/* Zeros before and behind that do not count, and one digit more that does. */
static void check_spellings(const char *text, size_t size, const struct buffer *encoded,
                            const struct value *value)
{
    struct buffer other = BUFFER_INIT(BUFFER_NO_LIMIT);
    size_t sign = text[0] == '-' || text[0] == '+';
    if (size <= sign || ((text[sign] < '0' || text[sign] > '9') && text[sign] != '.'))
        return; /* NaN or infinite */
    buffer_add(&other, text, sign);
    buffer_add_text(&other, "000");
    buffer_add(&other, text + sign, size - sign);
    must_be(&other, encoded);
    if (!memchr(text, 'e', size) && !memchr(text, 'E', size)) {
        if (!memchr(text, '.', size))
            buffer_add_byte(&other, '.');
        buffer_add_text(&other, "00000");
        must_be(&other, encoded);
        buffer_add_text(&other, "e+0");
        must_be(&other, encoded);

        /* One more digit makes another number, between this one and its neighbour. */
        struct buffer beside = BUFFER_INIT(BUFFER_NO_LIMIT);
        other.length -= 3;
        buffer_add_text(&other, "1");
        must(value_add_decimal(&beside, (const char *)other.data, other.length));
        struct value neighbour = read_back(&beside);
        must(!same(&beside, encoded));
        must((value_compare(value, &neighbour) < 0) == (text[0] != '-'));
        must((value_compare(&neighbour, value) > 0) == (text[0] != '-'));
        buffer_free(&beside);
    }
    buffer_free(&other);
}

static void fuzz_text(const char *text, size_t size)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (value_add_decimal(&out, text, size)) {
        struct value value = read_back(&out);
        must(value.tag == VALUE_INT || value.tag == VALUE_DECIMAL);
        must(value_compare(&value, &value) == 0);
        (void)value_to_double(&value);
        check_print(&out, &value);
        check_spellings(text, size, &out, &value);
    } else {
        must(out.length == 0 && !buffer_overflowed(&out));
    }
    buffer_free(&out);
}

static void fuzz_groups(const uint8_t *data, size_t size)
{
    if (size < 3)
        return;
    bool negative = data[0] & 1;
    int weight = (int8_t)data[1];
    size_t count = (size - 2) / 2;
    struct buffer digits = BUFFER_INIT(BUFFER_NO_LIMIT), text = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_printf(&text, "%s0", negative ? "-" : "");
    for (size_t i = 0; i < count; i++) {
        unsigned group = ((unsigned)data[2 + 2 * i] << 8 | data[3 + 2 * i]) % 10000;
        buffer_add_byte(&digits, (unsigned char)(group >> 8));
        buffer_add_byte(&digits, (unsigned char)group);
        buffer_printf(&text, "%04u", group);
    }
    buffer_printf(&text, "e%d", 4 * (weight - (int)count + 1));
    value_add_base10000(&out, negative, weight, count, digits.data);
    (void)read_back(&out);
    must_be(&text, &out);
    buffer_clear(&out);
    value_add_base10000(&out, negative, weight, count, data + 2); /* groups above 9999 too */
    (void)read_back(&out);
    buffer_free(&digits);
    buffer_free(&text);
    buffer_free(&out);
}

static void fuzz_row(const uint8_t *data, size_t size)
{
    const unsigned char *place = data, *end = data + size;
    struct value value, before;
    bool first = true;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (; value_read(&place, end, &value); before = value, first = false) {
        must(value.encoding >= data && value.encoding + value.encoding_length == place);
        buffer_clear(&text);
        value_print(&text, &value, 100);
        must(text.length <= 160 && !memchr(text.data, '\n', text.length));
        (void)value_to_double(&value);
        must(value_compare(&value, &value) == 0);
        if (!first) {
            int order = value_compare(&before, &value), reverse = value_compare(&value, &before);
            must((order < 0) == (reverse > 0) && (order > 0) == (reverse < 0));
        }
    }
    buffer_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    /* A copy of exactly this size, so that a sanitizer sees the first byte that is read beyond it.
     */
    uint8_t *rest = malloc(size > 1 ? size - 1 : 1);
    must(rest != NULL);
    memcpy(rest, data + 1, size - 1);
    if (data[0] % 3 == 0)
        fuzz_text((const char *)rest, size - 1);
    else if (data[0] % 3 == 1)
        fuzz_groups(rest, size - 1);
    else
        fuzz_row(rest, size - 1);
    free(rest);
    return 0;
}
