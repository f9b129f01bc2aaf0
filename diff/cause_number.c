/*
 * Rules over one number: too many digits, too large, or not the boolean that it was taken for. A
 * number is looked at as its decimal digits; a float as the shortest digits that tell it from its
 * neighbours.
 */
#include "cause_rule.h"

#include "base/progress.h"
#include "value_decimal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef __int128 int128;

/* ---- not-boolean */

static bool not_boolean(const struct cause_pair *pair, struct cause_match *match)
{
    (void)match;
    if (pair->from->tag == VALUE_DECIMAL)
        return true;
    int64_t n = cause_int(pair->from);
    return n != 0 && n != 1;
}

static double say_not_boolean(const struct cause_group *group, struct buffer *out)
{
    enum side other = group->damaged == SOURCE ? TARGET : SOURCE;
    buffer_printf(out, "%s a number other than 0 and 1 in the %s, and a boolean in the %s",
                  cause_have(group->count), side_name[other], side_name[group->damaged]);
    return 1.0;
}

/* ---- What the others need */

enum { DIGITS_MOST = 64 };

/* ±0.d1d2…dn × 10^point, without zeros at either end; count 0: zero. */
struct digits {
    bool negative;
    size_t count;
    int64_t point;
    unsigned char digit[DIGITS_MOST]; /* 0 … 9 */
};

static bool add_digits(struct digits *digits, const unsigned char *text, size_t count)
{
    if (count > DIGITS_MOST)
        return false;
    digits->count = count;
    for (size_t i = 0; i < count; i++)
        digits->digit[i] = (unsigned char)(text[i] - '0');
    return true;
}

static bool double_digits(double number, bool narrow, struct digits *digits)
{
    char text[40];
    if (!isfinite(number))
        return false;
    int precision = narrow ? 6 : 15, most = narrow ? 9 : 17;
    for (; precision <= most; precision++) {
        snprintf(text, sizeof text, "%.*e", precision - 1, number);
        if (narrow ? strtof(text, NULL) == (float)number : strtod(text, NULL) == number)
            break;
    }
    const char *exponent = strchr(text, 'e');
    unsigned char packed[40];
    size_t count = 0;
    for (const char *at = text; at < exponent; at++)
        if (*at >= '0' && *at <= '9')
            packed[count++] = (unsigned char)*at;
    while (count && packed[count - 1] == '0')
        count--;
    digits->negative = *text == '-';
    digits->point = strtol(exponent + 1, NULL, 10) + 1;
    return add_digits(digits, packed, count);
}

static bool read_digits(const struct cause_pair *pair, const struct value *value,
                        struct digits *digits)
{
    struct decimal decimal;
    *digits = (struct digits){0};
    if (value->tag == VALUE_DOUBLE)
        return double_digits(value_to_double(value), pair->column->narrow, digits);
    decimal_read(value, &decimal);
    if (decimal.class != DECIMAL_FINITE)
        return false;
    digits->negative = decimal.negative;
    digits->point = decimal.power + (int64_t)decimal.count;
    return add_digits(digits, decimal.digits, decimal.count);
}

/* Digits behind the point. */
static int64_t scale_of(const struct digits *digits)
{
    int64_t scale = (int64_t)digits->count - digits->point;
    return scale > 0 ? scale : 0;
}

/* ---- rounded */

enum { ROUNDED_CUT, ROUNDED_NEAREST, ROUNDED_SCALE, ROUNDED_WIDTH, ROUNDED_OR_FLOAT };
enum { MEASURE_SCALE, MEASURE_WIDTH }; /* digits behind the point, and in all, that are left */

/* The number cut to its first `keep` digits, and the one after that in size: is `to` one of them?
 */
static uint32_t how_rounded(const struct digits *from, const struct digits *to, int64_t keep)
{
    struct digits cut = *from;
    if (keep < 0 && !to->count)
        return 1u << ROUNDED_CUT | 1u << ROUNDED_NEAREST; /* 0.0004 became 0 */
    if (keep < 0 || keep >= (int64_t)from->count)
        return 0;
    unsigned char next = from->digit[keep];
    bool tie = next == 5 && (size_t)keep + 1 == from->count;
    cut.count = (size_t)keep;
    struct digits up = cut;
    while (up.count && up.digit[up.count - 1] == 9)
        up.count--;
    if (up.count) {
        up.digit[up.count - 1]++;
    } else {
        up.count = 1;
        up.digit[0] = 1;
        up.point = from->point + 1; /* 99.9 became 100, or 0.7 became 1 */
    }
    while (cut.count && cut.digit[cut.count - 1] == 0)
        cut.count--;
    bool is_cut = cut.count == to->count && (!cut.count || cut.point == to->point) &&
                  memcmp(cut.digit, to->digit, to->count) == 0;
    bool is_up = up.count == to->count && up.point == to->point &&
                 memcmp(up.digit, to->digit, to->count) == 0;
    uint32_t marks = 0;
    if (is_cut)
        marks |= 1u << ROUNDED_CUT | (next < 5 || tie ? 1u << ROUNDED_NEAREST : 0);
    if (is_up && next >= 5)
        marks |= 1u << ROUNDED_NEAREST;
    return marks;
}

/* As many digits as a float's text, a spreadsheet and a double have. */
static bool is_known_width(size_t width)
{
    return width == 6 || width == 7 || width == 15 || width == 16;
}

static bool is_float_of(double was, double is)
{
    return isfinite(was) && isfinite(is) && fabs(was) < 3e38 && (double)(float)was == is;
}

static bool rounded(const struct cause_pair *pair, struct cause_match *match)
{
    struct digits from, to;
    if (!read_digits(pair, pair->from, &from) || !read_digits(pair, pair->to, &to))
        return false;
    int64_t scale = scale_of(&to), had = scale_of(&from);
    if ((to.count && from.negative != to.negative) || !from.count)
        return false;
    match->measure[MEASURE_SCALE] = scale;
    match->measure[MEASURE_WIDTH] = (int64_t)to.count;
    if (had > scale) { /* 12.3456 to 12.35, or to 12 */
        match->marks = how_rounded(&from, &to, from.point + scale);
        if (match->marks)
            match->marks |= 1u << ROUNDED_SCALE;
    }
    for (size_t width = to.count < 6 ? 6 : to.count; width <= 16 && width < from.count; width++) {
        uint32_t marks = is_known_width(width) ? how_rounded(&from, &to, (int64_t)width) : 0;
        if (!marks)
            continue;
        if (width >= 15) /* 0.30000000000000004 to 0.3: not to one decimal */
            match->marks = 0;
        match->marks |= marks | 1u << ROUNDED_WIDTH;
        match->measure[MEASURE_WIDTH] = (int64_t)width;
        break;
    }
    if (match->marks && pair->from->tag == VALUE_DOUBLE && pair->to->tag == VALUE_DOUBLE &&
        is_float_of(value_to_double(pair->from), value_to_double(pair->to)))
        match->marks |= 1u << ROUNDED_OR_FLOAT;
    /* Of a number that became 0 only a small one was rounded. */
    return match->marks != 0 && (to.count || from.point < 0);
}

static double say_rounded(const struct cause_group *group, struct buffer *out)
{
    const char *how = group->marked[ROUNDED_NEAREST] == group->count ? "rounded"
                      : group->marked[ROUNDED_CUT] == group->count   ? "cut"
                                                                     : "rounded or cut";
    int64_t scale = group->highest[MEASURE_SCALE], width = group->highest[MEASURE_WIDTH];
    bool widths = group->marked[ROUNDED_WIDTH] == group->count && is_known_width((size_t)width) &&
                  (group->column->narrow || group->lowest[MEASURE_SCALE] != scale ||
                   group->marked[ROUNDED_SCALE] != group->count);
    buffer_printf(out, "%s %s to ", cause_are(group->count), how);
    if (widths)
        buffer_printf(out, "%lld digits in all%s", (long long)width,
                      width == 6 ? ", as MySQL prints a FLOAT," : "");
    else if (scale)
        buffer_printf(out, "%lld %s", (long long)scale, scale == 1 ? "decimal" : "decimals");
    else
        buffer_add_text(out, "whole numbers");
    buffer_printf(out, " in the %s", side_name[group->damaged]);
    double confidence = group->count < 3 ? 0.9 : 1.0;
    return !widths && group->seen->digits > scale ? confidence - 0.1 : confidence;
}

/* ---- float-width */

enum { WIDTH_FLOAT, WIDTH_DOUBLE };

/* The integer in a value; false: none, or beyond 2^100. */
static bool read_integer(const struct value *value, int128 *n)
{
    struct decimal decimal;
    if (value->tag == VALUE_INT) {
        *n = cause_int(value);
        return true;
    }
    if (value->tag != VALUE_DECIMAL)
        return false;
    decimal_read(value, &decimal);
    if (decimal.class != DECIMAL_FINITE || decimal.power < 0 ||
        decimal.power + (int64_t)decimal.count > 30)
        return false;
    *n = 0;
    for (size_t i = 0; i < decimal.count; i++)
        *n = *n * 10 + (decimal.digits[i] - '0');
    for (int64_t i = 0; i < decimal.power; i++)
        *n *= 10;
    if (decimal.negative)
        *n = -*n;
    return true;
}

static bool float_width(const struct cause_pair *pair, struct cause_match *match)
{
    struct digits digits;
    int128 from, to;
    if (pair->from->tag == VALUE_DOUBLE && pair->to->tag == VALUE_DOUBLE) {
        match->marks = 1u << WIDTH_FLOAT;
        /* Few digits: it may have been rounded as a text. */
        return is_float_of(value_to_double(pair->from), value_to_double(pair->to)) &&
               read_digits(pair, pair->to, &digits) && digits.count > 7;
    }
    if (!read_integer(pair->from, &from) || !read_integer(pair->to, &to) || from == to)
        return false;
    int128 size = from < 0 ? -from : from;
    if (size >> 53 && (int128)(double)from == to) {
        match->marks = 1u << WIDTH_DOUBLE;
        return true;
    }
    if (size >> 24 && (int128)(float)from == to) {
        match->marks = 1u << WIDTH_FLOAT;
        return true;
    }
    return false;
}

static double say_float_width(const struct cause_group *group, struct buffer *out)
{
    bool narrow = group->marked[WIDTH_FLOAT] * 2 > group->count;
    buffer_printf(out, "%s in the %s what %s keeps of the number", cause_have(group->count),
                  side_name[group->damaged],
                  narrow ? "a 4-byte float (24 bits)" : "an 8-byte float (53 bits)");
    return group->count < 3 ? 0.9 : 1.0;
}

/* ---- wrapped and clamped: marks are widths, see `widths`; signed below, unsigned above */

static const int widths[] = {8, 16, 24, 32, 64};
enum { WIDTHS = sizeof widths / sizeof *widths, CLAMPED_NINES = 2 * WIDTHS };

/* Small widths are only believed where a column has them: 300 and 44 may be just two numbers. */
static bool has_width(const struct cause_pair *pair, int width)
{
    return width >= 24 || pair->column->bits[SOURCE] == width ||
           pair->column->bits[TARGET] == width;
}

static int128 integer_low(int width, bool is_unsigned)
{
    return is_unsigned ? 0 : -((int128)1 << (width - 1));
}

static int128 integer_high(int width, bool is_unsigned)
{
    return ((int128)1 << (is_unsigned ? width : width - 1)) - 1;
}

static bool wrapped(const struct cause_pair *pair, struct cause_match *match)
{
    int128 from, to;
    if (!read_integer(pair->from, &from) || !read_integer(pair->to, &to))
        return false;
    for (int i = WIDTHS - 1; i >= 0; i--) { /* what 64 bits explain, 24 bits do too */
        int128 size = (int128)1 << widths[i];
        if (!has_width(pair, widths[i]) || (to - from) % size != 0)
            continue;
        for (int is_unsigned = 0; is_unsigned < 2; is_unsigned++) {
            int128 low = integer_low(widths[i], is_unsigned);
            int128 high = integer_high(widths[i], is_unsigned);
            if (to < low || to > high || (from >= low && from <= high))
                continue;
            match->marks = 1u << (i + is_unsigned * WIDTHS);
            return true;
        }
    }
    return false;
}

static int most_marked(const struct cause_group *group)
{
    int best = 0;
    for (int i = 1; i < CAUSE_MARKS; i++)
        if (group->marked[i] > group->marked[best])
            best = i;
    return best;
}

static double say_wrapped(const struct cause_group *group, struct buffer *out)
{
    int mark = most_marked(group);
    buffer_printf(out, "%s wrapped in the %s: the number did not fit into %s %d bits",
                  cause_are(group->count), side_name[group->damaged],
                  mark >= WIDTHS ? "unsigned" : "signed", widths[mark % WIDTHS]);
    return (double)group->marked[mark] / (double)group->count;
}

/* Is `to` the last number that the digits of its column can write, 999.99, and `from` beyond? Fewer
 * or more nines are a number as any other: 999 beside 1000 in a column of ten digits. */
static bool is_nines(const struct cause_pair *pair)
{
    struct digits from, to;
    int precision = pair->column->precision[pair->damaged];
    int scale = pair->column->digits[pair->damaged];
    if (precision <= 0 || scale < 0 || !read_digits(pair, pair->from, &from) ||
        !read_digits(pair, pair->to, &to) || to.count != (size_t)precision ||
        to.point != precision - scale || from.negative != to.negative || from.point <= to.point)
        return false;
    for (size_t i = 0; i < to.count; i++)
        if (to.digit[i] != 9)
            return false;
    return true;
}

static bool clamped(const struct cause_pair *pair, struct cause_match *match)
{
    int128 from, to;
    if (pair->to->tag != VALUE_DOUBLE && is_nines(pair)) {
        match->marks = 1u << CLAMPED_NINES;
        return true;
    }
    if (!read_integer(pair->to, &to))
        return false;
    bool whole = read_integer(pair->from, &from);
    if (!whole) { /* 1e40, or 3000000000.5 */
        double number = value_to_double(pair->from);
        if (!(fabs(number) < 1e30))
            return false;
        from = (int128)number;
    }
    for (int i = 0; i < WIDTHS; i++)
        for (int is_unsigned = 0; is_unsigned < 2; is_unsigned++) {
            int128 low = integer_low(widths[i], is_unsigned);
            int128 high = integer_high(widths[i], is_unsigned);
            bool declared = is_unsigned && (pair->column->is_unsigned[SOURCE] ||
                                            pair->column->is_unsigned[TARGET]);
            bool above = to == high && from > high && has_width(pair, widths[i]);
            bool below =
                to == low && from < low && (is_unsigned ? declared : has_width(pair, widths[i]));
            if (!above && !below)
                continue;
            match->marks = 1u << (i + is_unsigned * WIDTHS);
            match->measure[0] = above;
            return true;
        }
    return false;
}

static double say_clamped(const struct cause_group *group, struct buffer *out)
{
    int mark = most_marked(group);
    buffer_printf(out, "%s set to ", cause_are(group->count));
    if (mark == CLAMPED_NINES) {
        buffer_printf(out, "the last number that the digits of the %s hold",
                      side_name[group->damaged]);
    } else {
        bool is_unsigned = mark >= WIDTHS;
        int width = widths[mark % WIDTHS];
        const char *which = group->lowest[0] == 1    ? "largest"
                            : group->highest[0] == 0 ? "smallest"
                                                     : "largest or smallest";
        buffer_printf(out, "the %s number of %s %d bits in the %s", which,
                      is_unsigned ? "unsigned" : "signed", width, side_name[group->damaged]);
    }
    return (double)group->marked[mark] / (double)group->count;
}

#define INTEGERS (CAUSE_TAG(VALUE_INT) | CAUSE_TAG(VALUE_DECIMAL))
#define NUMBERS (INTEGERS | CAUSE_TAG(VALUE_DOUBLE))

const struct cause_rule cause_number_rules[] = {
    {.name = "not-boolean",
     .sure = true,
     .from = INTEGERS,
     .to = CAUSE_TAG(VALUE_BOOL),
     .fits = not_boolean,
     .say = say_not_boolean},
    {.name = "clamped",
     .sure = true,
     .from = NUMBERS,
     .to = NUMBERS,
     .fits = clamped,
     .say = say_clamped},
    {.name = "wrapped",
     .sure = true,
     .from = INTEGERS,
     .to = INTEGERS,
     .fits = wrapped,
     .say = say_wrapped},
    {.name = "float-width",
     .sure = true,
     .from = NUMBERS,
     .to = NUMBERS,
     .fits = float_width,
     .say = say_float_width},
    {.name = "rounded",
     .sure = false,
     .from = NUMBERS,
     .to = NUMBERS,
     .fits = rounded,
     .say = say_rounded,
     .other = "float-width",
     .other_mark = ROUNDED_OR_FLOAT},
    {.name = NULL},
};
