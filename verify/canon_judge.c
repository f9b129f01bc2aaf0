/*
 * Are two canonical values of a pair equal under its leniencies? Input: values that canon_cell()
 * wrote. Output: yes or no. Called for suspects only, when drilling, so it is exact rather than
 * fast. Must not know: cells. NULL, VALUE_RAW and VALUE_SPECIAL equal only themselves.
 */
#include "canon.h"

#include "../diff/base/memory.h"
#include "../diff/value_decimal.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define DIGITS_MOST 100 /* canon_choose() allows no more significant digits */
#define SPAN_MOST                                                                                  \
    400000 /* decimal places a subtraction may reach over; numeric's limits are 147,455 */
#define SLACK_MOST 1e-6L /* of a tolerance */

bool canon_is_lenient(const struct canon *canon)
{
    if ((canon->precision >= 0 && canon->precision < 6) || canon->tolerance != TOLERANCE_NONE)
        return true;
    for (int side = 0; side < SIDES; side++)
        if (canon->kind == KIND_INSTANT && canon->zone[side] && !zone_is_fixed(canon->zone[side]))
            return true;
    return false;
}

static bool is_encoded_alike(const struct value *source, const struct value *target)
{
    return source->encoding_length == target->encoding_length &&
           memcmp(source->encoding, target->encoding, source->encoding_length) == 0;
}

/* ---- Times -------------------------------------------------------------------------------------
 */

static int64_t payload_int(const struct value *value)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < 8; i++)
        n |= (uint64_t)value->payload[i] << 8 * i;
    return (int64_t)n;
}

/* time / unit: cut, and rounded with halves up. Durations lose digits towards zero, points in time
 * towards the past. */
static int64_t cut(int64_t time, int64_t unit, bool duration, bool rounded)
{
    int64_t whole = time / unit, rest = time % unit;
    if (duration && rest < 0)
        return whole - (rounded && -rest * 2 >= unit);
    if (rest < 0) {
        whole--;
        rest += unit;
    }
    return whole + (rounded && rest * 2 >= unit);
}

static bool is_same_time(const struct canon *canon, int64_t source, int64_t target)
{
    static const int64_t units[] = {1000000, 100000, 10000, 1000, 100, 10};
    if (source == target)
        return true;
    if (canon->tolerance == TOLERANCE_SECONDS) {
        int64_t apart;
        if (!__builtin_sub_overflow(source, target, &apart) && apart > INT64_MIN &&
            (apart < 0 ? -apart : apart) <= llround(canon->tolerance_amount * 1e6))
            return true;
    }
    if (canon->precision < 0 || canon->precision > 5)
        return false;
    int64_t unit = units[canon->precision];
    bool duration = canon->kind == KIND_TIME;
    return cut(source, unit, duration, false) == cut(target, unit, duration, false) ||
           cut(source, unit, duration, true) == cut(target, unit, duration, true);
}

/* The instants that a side's value stands for: two where local clocks showed the time twice. */
static void readings(const struct canon *canon, enum side side, int64_t instant, int64_t two[2])
{
    const int64_t day = INT64_C(86400000000);
    const struct zone *zone = canon->zone[side];
    two[0] = two[1] = instant;
    if (zone && instant < INT64_MAX - 2 * day && instant > INT64_MIN + 2 * day)
        two[1] = zone_other_instant(zone, instant);
}

static bool is_time_equal(const struct canon *canon, const struct value *source,
                          const struct value *target)
{
    int64_t s[2], t[2];
    if (source->tag != target->tag)
        return false;
    switch (source->tag) {
    case VALUE_TIME:
    case VALUE_DATETIME:
        return is_same_time(canon, payload_int(source), payload_int(target));
    case VALUE_INSTANT:
        readings(canon, SOURCE, payload_int(source), s);
        readings(canon, TARGET, payload_int(target), t);
        return is_same_time(canon, s[0], t[0]) || is_same_time(canon, s[0], t[1]) ||
               is_same_time(canon, s[1], t[0]) || is_same_time(canon, s[1], t[1]);
    default:
        return false;
    }
}

/* ---- Exact numbers -----------------------------------------------------------------------------
 */

static void place_add(signed char *places, int64_t bottom, const struct decimal *number, int factor)
{
    for (size_t i = 0; i < number->count; i++) {
        int64_t at = number->power - bottom + (int64_t)(number->count - 1 - i);
        places[at] = (signed char)(places[at] + factor * (number->digits[i] - '0'));
    }
}

/* Is amount - larger + smaller >= 0, digit by digit? */
static bool is_within(const struct decimal *larger, const struct decimal *smaller,
                      const struct decimal *amount)
{
    const struct decimal *numbers[] = {larger, smaller, amount};
    int64_t bottom = INT64_MAX, top = INT64_MIN;
    for (int i = 0; i < 3; i++) {
        if (!numbers[i]->count)
            continue;
        int64_t end = numbers[i]->power + (int64_t)numbers[i]->count;
        bottom = numbers[i]->power < bottom ? numbers[i]->power : bottom;
        top = end > top ? end : top;
    }
    if (top - bottom > SPAN_MOST || top <= bottom)
        return false; /* so far apart that no sensible tolerance bridges it */
    size_t span = (size_t)(top - bottom);
    signed char *places = mem_zero(span, 1);
    place_add(places, bottom, larger, larger->negative ? 1 : -1);
    place_add(places, bottom, smaller, smaller->negative ? -1 : 1);
    place_add(places, bottom, amount, 1);
    int carry = 0; /* the sign of the sum once all places are between 0 and 9 */
    for (size_t i = 0; i < span; i++) {
        int sum = places[i] + carry;
        carry = sum >= 0 ? sum / 10 : -((9 - sum) / 10);
    }
    free(places);
    return carry >= 0;
}

/* Rounds to `digits` significant digits, halves away from zero; the digits are in `place`. */
static void round_decimal(struct decimal *number, size_t digits,
                          unsigned char place[DIGITS_MOST + 1])
{
    if (number->count <= digits)
        return;
    bool up = number->digits[digits] >= '5';
    number->power += (int64_t)(number->count - digits);
    memcpy(place, number->digits, digits);
    size_t count = digits;
    while (up && count && place[count - 1] == '9') {
        count--;
        number->power++;
    }
    if (up && count) {
        place[count - 1]++;
    } else if (up) {
        place[count++] = '1'; /* 99.96 -> 100 */
    } else {
        for (; count && place[count - 1] == '0'; count--)
            number->power++;
    }
    number->digits = place;
    number->count = count;
}

static bool is_number_equal(const struct canon *canon, const struct value *source,
                            const struct value *target)
{
    struct decimal s, t, amount;
    unsigned char places[SIDES][DIGITS_MOST + 1];
    if ((source->tag != VALUE_INT && source->tag != VALUE_DECIMAL) ||
        (target->tag != VALUE_INT && target->tag != VALUE_DECIMAL))
        return false;
    decimal_read(source, &s);
    decimal_read(target, &t);
    if (s.class != DECIMAL_FINITE || t.class != DECIMAL_FINITE)
        return false;
    if (canon->tolerance == TOLERANCE_DIGITS) {
        round_decimal(&s, (size_t)canon->tolerance_digits, places[SOURCE]);
        round_decimal(&t, (size_t)canon->tolerance_digits, places[TARGET]);
        return decimal_compare(&s, &t) == 0;
    }
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct value value;
    bool equal = false;
    if (value_add_decimal(&text, canon->tolerance_exact, strlen(canon->tolerance_exact))) {
        const unsigned char *place = text.data;
        if (value_read(&place, text.data + text.length, &value)) {
            decimal_read(&value, &amount);
            bool ascending = decimal_compare(&s, &t) < 0;
            equal = is_within(ascending ? &t : &s, ascending ? &s : &t, &amount);
        }
    }
    buffer_free(&text);
    return equal;
}

/* ---- Floats ------------------------------------------------------------------------------------
 */

/* Doubles, or floats kept as doubles, counted in steps from the smallest. */
static bool is_within_steps(const struct canon *canon, double source, double target)
{
    int64_t s, t, distance;
    if (canon->narrow) {
        float narrow[SIDES] = {(float)source, (float)target};
        int32_t bits[SIDES];
        if ((double)narrow[SOURCE] != source || (double)narrow[TARGET] != target)
            return false; /* beyond the floats */
        memcpy(bits, narrow, sizeof bits);
        s = bits[SOURCE] < 0 ? INT32_MIN - (int64_t)bits[SOURCE] : bits[SOURCE];
        t = bits[TARGET] < 0 ? INT32_MIN - (int64_t)bits[TARGET] : bits[TARGET];
    } else {
        memcpy(&s, &source, sizeof s);
        memcpy(&t, &target, sizeof t);
        s = s < 0 ? INT64_MIN - s : s;
        t = t < 0 ? INT64_MIN - t : t;
    }
    if (__builtin_sub_overflow(s, t, &distance))
        return false;
    return fabs((double)distance) <= canon->tolerance_amount;
}

static bool is_within_amount(const struct canon *canon, double source, double target)
{
    long double step = canon->narrow ? FLT_EPSILON / 2 : DBL_EPSILON / 2;
    long double amount = canon->tolerance_amount;
    long double slack = (fabsl(source) + fabsl(target)) * step;
    if (slack > amount * SLACK_MOST)
        slack = amount * SLACK_MOST;
    return fabsl((long double)source - target) <= amount + slack;
}

static bool is_float_equal(const struct canon *canon, const struct value *source,
                           const struct value *target)
{
    char text[SIDES][64];
    if (source->tag != VALUE_DOUBLE || target->tag != VALUE_DOUBLE)
        return false;
    double s = value_to_double(source), t = value_to_double(target);
    if (!isfinite(s) || !isfinite(t))
        return false;
    switch (canon->tolerance) {
    case TOLERANCE_ABS:
        return is_within_amount(canon, s, t);
    case TOLERANCE_ULP:
        return is_within_steps(canon, s, t);
    case TOLERANCE_DIGITS: /* printing rounds exactly; the locale's point is the same in both */
        snprintf(text[SOURCE], sizeof text[SOURCE], "%.*e", canon->tolerance_digits - 1, s);
        snprintf(text[TARGET], sizeof text[TARGET], "%.*e", canon->tolerance_digits - 1, t);
        return strcmp(text[SOURCE], text[TARGET]) == 0;
    default:
        return false;
    }
}

bool canon_equal(const struct canon *canon, const struct value *source, const struct value *target)
{
    if (is_encoded_alike(source, target))
        return true;
    switch (canon->kind) {
    case KIND_TIME:
    case KIND_DATETIME:
    case KIND_INSTANT:
        return is_time_equal(canon, source, target);
    case KIND_NUMBER:
        return canon->tolerance != TOLERANCE_NONE && is_number_equal(canon, source, target);
    case KIND_FLOAT:
        return canon->tolerance != TOLERANCE_NONE && is_float_equal(canon, source, target);
    default:
        return false;
    }
}
