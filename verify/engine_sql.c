/* See engine_sql.h: numbers, times and bits as text, and what fits into which column. */
#include "engine_sql.h"

#include "../diff/base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define PLAIN_ZEROS                                                                                \
    80 /* more than these are written as an exponent; MySQL has 65 digits at most                  \
        */

int64_t engine_sql_int(const struct value *value)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < 8; i++)
        n |= (uint64_t)value->payload[i] << 8 * i;
    return (int64_t)n;
}

bool engine_sql_no(const char **why, const char *phrase)
{
    *why = phrase;
    return false;
}

/* ---- Numbers ----------------------------------------------------------------------------------
 */

/* A whole number below 2^64, with its sign apart. */
static bool whole_number(const struct value *value, bool *negative, uint64_t *magnitude)
{
    struct decimal decimal;
    if (value->tag == VALUE_BOOL) {
        *negative = false;
        *magnitude = value->payload[0];
        return true;
    }
    if (value->tag != VALUE_INT && value->tag != VALUE_DECIMAL)
        return false;
    decimal_read(value, &decimal);
    if (decimal.class != DECIMAL_FINITE || (decimal.count && decimal.power < 0))
        return false;
    *negative = decimal.negative;
    *magnitude = 0;
    if (decimal.count && decimal.power > 20)
        return false;
    size_t digits = decimal.count ? decimal.count + (size_t)decimal.power : 0;
    for (size_t i = 0; i < digits; i++) {
        unsigned digit = i < decimal.count ? decimal.digits[i] - '0' : 0;
        if (__builtin_mul_overflow(*magnitude, UINT64_C(10), magnitude) ||
            __builtin_add_overflow(*magnitude, (uint64_t)digit, magnitude))
            return false;
    }
    return true;
}

bool engine_sql_add_int(struct buffer *out, const struct value *value, unsigned bytes,
                        bool is_unsigned, const char **why)
{
    bool negative;
    uint64_t magnitude;
    if (!whole_number(value, &negative, &magnitude))
        return engine_sql_no(why, "it is no whole number of at most 64 bits");
    unsigned bits = 8 * (bytes && bytes < 8 ? bytes : 8) - !is_unsigned;
    uint64_t most = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
    if (negative && is_unsigned && magnitude)
        return engine_sql_no(why, "it is negative, and the column is unsigned");
    if (magnitude > most + (negative && !is_unsigned))
        return engine_sql_no(why, "it is outside the range of the column");
    buffer_printf(out, "%s%" PRIu64, negative ? "-" : "", magnitude);
    return true;
}

static void add_zeros(struct buffer *out, int64_t count)
{
    for (; count > 0; count--)
        buffer_add_byte(out, '0');
}

static void add_digits(struct buffer *out, const struct decimal *n)
{
    int64_t point = (int64_t)n->count + n->power; /* its place, counted from the first digit */
    if (!n->count) {
        buffer_add_byte(out, '0');
        return;
    }
    if (n->negative)
        buffer_add_byte(out, '-');
    if (n->power >= 0 && n->power <= PLAIN_ZEROS) {
        buffer_add(out, n->digits, n->count);
        add_zeros(out, n->power);
    } else if (n->power < 0 && point > 0) {
        buffer_add(out, n->digits, (size_t)point);
        buffer_add_byte(out, '.');
        buffer_add(out, n->digits + point, n->count - (size_t)point);
    } else if (n->power < 0 && point > -PLAIN_ZEROS) {
        buffer_add_text(out, "0.");
        add_zeros(out, -point);
        buffer_add(out, n->digits, n->count);
    } else {
        buffer_add(out, n->digits, n->count);
        buffer_printf(out, "e%" PRId64, n->power);
    }
}

bool engine_sql_add_decimal(struct buffer *out, const struct type *type, const struct value *value,
                            const char **why)
{
    struct decimal decimal;
    if (value->tag == VALUE_BOOL) {
        buffer_add_byte(out, value->payload[0] ? '1' : '0');
        return true;
    }
    if (value->tag != VALUE_INT && value->tag != VALUE_DECIMAL)
        return engine_sql_no(why, "it is no exact number");
    decimal_read(value, &decimal);
    if (decimal.class != DECIMAL_FINITE)
        return engine_sql_no(why, "it is not finite");
    if (decimal.negative && type->is_unsigned)
        return engine_sql_no(why, "it is negative, and the column is unsigned");
    if (decimal.count && type->precision >= 0) {
        if (decimal.power < -(int64_t)type->scale)
            return engine_sql_no(why, "it has more decimals than the column keeps");
        if ((int64_t)decimal.count + decimal.power > (int64_t)type->precision - type->scale)
            return engine_sql_no(why, "it has more digits than the column keeps");
    }
    add_digits(out, &decimal);
    return true;
}

void engine_sql_add_double(struct buffer *out, double number)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    buffer_add_text(out, text);
}

bool engine_sql_fits_float(double number, const struct type *type, const char **why)
{
    if (type->is_unsigned && number < 0)
        return engine_sql_no(why, "it is negative, and the column is unsigned");
    if (type->class == TYPE_FLOAT && isfinite(number)) {
        float narrow = (float)number;
        if (!isfinite(narrow) || (double)narrow != number)
            return engine_sql_no(why, "a float of 4 bytes cannot hold it exactly");
    }
    return true;
}

bool engine_sql_add_bits(struct buffer *out, const struct value *value, uint32_t length, bool fixed,
                         const char **why)
{
    if (value->tag == VALUE_BITS) {
        uint32_t count = 0;
        for (unsigned i = 0; i < 4; i++)
            count |= (uint32_t)value->payload[i] << 8 * i;
        if (length && (fixed ? count != length : count > length))
            return engine_sql_no(why, "it has another number of bits than the column");
        for (uint32_t i = 0; i < count; i++)
            buffer_add_byte(out, value->payload[4 + i / 8] >> (7 - i % 8) & 1 ? '1' : '0');
        return true;
    }
    bool negative;
    uint64_t number;
    if (!whole_number(value, &negative, &number) || negative)
        return engine_sql_no(why, "it is no string of bits");
    if (length > 64 || !length || (length < 64 && number >> length))
        return engine_sql_no(why, "it has another number of bits than the column");
    for (uint32_t i = length; i-- > 0;)
        buffer_add_byte(out, number >> i & 1 ? '1' : '0');
    return true;
}

/* ---- Times and text ---------------------------------------------------------------------------
 */

bool engine_sql_fits_fraction(int64_t microseconds, int precision, const char **why)
{
    static const int64_t units[] = {1000000, 100000, 10000, 1000, 100, 10};
    if (precision < 0 || precision > 5 || microseconds % units[precision] == 0)
        return true;
    return engine_sql_no(why, "its fraction of a second has more digits than the column keeps");
}

void engine_sql_add_clock(struct buffer *out, uint64_t microseconds)
{
    uint64_t seconds = microseconds / ENGINE_SQL_SECOND;
    unsigned fraction = (unsigned)(microseconds % ENGINE_SQL_SECOND);
    buffer_printf(out, "%02" PRIu64 ":%02u:%02u", seconds / 3600, (unsigned)(seconds / 60 % 60),
                  (unsigned)(seconds % 60));
    int digits = 6;
    for (; fraction && fraction % 10 == 0; digits--)
        fraction /= 10;
    if (fraction)
        buffer_printf(out, ".%0*u", digits, fraction);
}

size_t engine_sql_characters(const struct value *text)
{
    size_t count = 0; /* bytes that begin a character; the text is valid UTF-8 */
    for (size_t i = 0; i < text->payload_length; i++)
        count += (text->payload[i] & 0xc0) != 0x80;
    return count;
}

void engine_sql_add_groups(struct buffer *sql, const struct table *table, size_t count,
                           const struct index_part *parts,
                           void (*quote_name)(struct buffer *out, const char *name),
                           void (*fold)(struct buffer *sql, const struct table *table,
                                        const struct index_part *part))
{
    for (size_t i = 0; i < count; i++) {
        buffer_add_text(sql, i ? " AND " : " WHERE ");
        quote_name(sql, table->columns[parts[i].column].name);
        buffer_add_text(sql, " IS NOT NULL");
    }
    for (size_t i = 0; i < count; i++) {
        buffer_add_text(sql, i ? ", " : " GROUP BY ");
        fold(sql, table, &parts[i]);
    }
}

bool engine_sql_keep_count(void *count, const char *const *cells, struct err *err)
{
    (void)err;
    *(uint64_t *)count = cells[0] ? strtoull(cells[0], NULL, 10) : 0;
    return true;
}
