/*
 * Exact numbers, read back from their canonical values. Input: values. Output: digits and powers.
 */
#include "value_decimal.h"

#include <endian.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SMALL_PAYLOAD = 12 }; /* int64 significand, int32 power */

size_t decimal_write_power(unsigned char *place, int64_t power)
{
    unsigned char reversed[20];
    size_t count = 0, size = 0;
    uint64_t rest = power < 0 ? 0 - (uint64_t)power : (uint64_t)power;
    do
        reversed[count++] = (unsigned char)('0' + rest % 10);
    while (rest /= 10);
    if (power < 0)
        place[size++] = '-';
    while (count)
        place[size++] = reversed[--count];
    return size;
}

static void read_integer(struct decimal *decimal, int64_t n, int64_t power)
{
    uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    unsigned char *at = decimal->own + sizeof decimal->own;
    decimal->negative = n < 0;
    decimal->power = power;
    for (; rest && rest % 10 == 0; rest /= 10)
        decimal->power++;
    for (; rest; rest /= 10)
        *--at = (unsigned char)('0' + rest % 10);
    decimal->digits = at;
    decimal->count = (size_t)(decimal->own + sizeof decimal->own - at);
}

static void read_text(struct decimal *decimal, const unsigned char *at, size_t length)
{
    static const struct {
        const char *text;
        enum decimal_class class;
    } names[] = {
        {"NaN", DECIMAL_NAN},
        {"Infinity", DECIMAL_INFINITY},
        {"-Infinity", DECIMAL_MINUS_INFINITY},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (length == strlen(names[i].text) && memcmp(at, names[i].text, length) == 0) {
            decimal->class = names[i].class;
            return;
        }
    const unsigned char *end = at + length;
    decimal->negative = at < end && *at == '-';
    at += decimal->negative;
    decimal->digits = at;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    decimal->count = (size_t)(at - decimal->digits);
    bool minus = end - at > 1 && at[1] == '-';
    for (at += minus ? 2 : 1; at < end && *at >= '0' && *at <= '9'; at++)
        if (decimal->power < INT64_C(10000000000))
            decimal->power = decimal->power * 10 + (*at - '0');
    if (minus)
        decimal->power = -decimal->power;
}

void decimal_read(const struct value *value, struct decimal *decimal)
{
    uint64_t n;
    uint32_t power;
    decimal->class = DECIMAL_FINITE;
    decimal->negative = false;
    decimal->digits = decimal->own;
    decimal->count = 0;
    decimal->power = 0;
    if (value->tag == VALUE_INT) {
        memcpy(&n, value->payload, sizeof n);
        read_integer(decimal, (int64_t)le64toh(n), 0);
    } else if (value->payload_length == SMALL_PAYLOAD) {
        memcpy(&n, value->payload, sizeof n);
        memcpy(&power, value->payload + sizeof n, sizeof power);
        read_integer(decimal, (int64_t)le64toh(n), (int32_t)le32toh(power));
    } else {
        read_text(decimal, value->payload, value->payload_length);
    }
}

int decimal_compare(const struct decimal *one, const struct decimal *other)
{
    if (one->class != other->class)
        return one->class < other->class ? -1 : 1;
    if (one->class != DECIMAL_FINITE)
        return 0;
    int one_sign = one->count == 0 ? 0 : one->negative ? -1 : 1;
    int other_sign = other->count == 0 ? 0 : other->negative ? -1 : 1;
    if (one_sign != other_sign)
        return one_sign < other_sign ? -1 : 1;
    if (one_sign == 0)
        return 0;
    /* Of two magnitudes the one whose first digit weighs more is larger. */
    int64_t one_point = (int64_t)one->count + one->power;
    int64_t other_point = (int64_t)other->count + other->power;
    if (one_point != other_point)
        return one_point < other_point ? -one_sign : one_sign;
    size_t common = one->count < other->count ? one->count : other->count;
    int order = memcmp(one->digits, other->digits, common);
    if (order == 0)
        order = (one->count > other->count) - (one->count < other->count);
    return order < 0 ? -one_sign : order > 0 ? one_sign : 0;
}

static double decimal_to_double(const struct decimal *decimal)
{
    /* A double's halfway points have at most 767 significant digits: beyond these it matters only
     * that there is another digit. */
    enum { ENOUGH = 780 };
    char text[1 + ENOUGH + 1 + 1 + 24];
    size_t count = decimal->count < ENOUGH ? decimal->count : ENOUGH;
    int64_t power = decimal->power + (int64_t)(decimal->count - count);
    char *at = text;
    if (decimal->negative)
        *at++ = '-';
    memcpy(at, decimal->digits, count);
    at += count;
    if (count < decimal->count) {
        *at++ = '1';
        power--;
    }
    if (!count)
        *at++ = '0';
    *at++ = 'e'; /* no point, so that no locale matters */
    at += decimal_write_power((unsigned char *)at, power);
    *at = '\0';
    return strtod(text, NULL);
}

double value_to_double(const struct value *value)
{
    uint64_t bits;
    double number;
    struct decimal decimal;
    switch (value->tag) {
    case VALUE_INT:
        memcpy(&bits, value->payload, sizeof bits);
        return (double)(int64_t)le64toh(bits);
    case VALUE_DOUBLE:
        memcpy(&bits, value->payload, sizeof bits);
        bits = le64toh(bits);
        memcpy(&number, &bits, sizeof number);
        return number;
    case VALUE_DECIMAL:
        decimal_read(value, &decimal);
        if (decimal.class == DECIMAL_FINITE)
            return decimal_to_double(&decimal);
        return decimal.class == DECIMAL_NAN        ? (double)NAN
               : decimal.class == DECIMAL_INFINITY ? HUGE_VAL
                                                   : -HUGE_VAL;
    default:
        return (double)NAN;
    }
}
