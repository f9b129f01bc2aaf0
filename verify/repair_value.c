/* See repair_value.h. */
#include "repair_value.h"

#include "canon_parse.h"

#include "../diff/base/utf8.h"
#include "../diff/value_decimal.h"

#include <inttypes.h>
#include <stdio.h>
#include <math.h>
#include <stdlib.h>

#define KIND(name) (1u << KIND_##name)

struct conversion {
    const struct canon *canon;
    enum side side;
    const struct type *type;
    struct buffer *room;
    const char **why;
};

static const char no_spelling[] = "the column spells such values in a way that is not known";

static bool refuse(const struct conversion *to, const char *phrase)
{
    *to->why = phrase;
    return false;
}

static int64_t payload_int(const struct value *value)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < 8; i++)
        n |= (uint64_t)value->payload[i] << 8 * i;
    return (int64_t)n;
}

static uint32_t payload_u32(const unsigned char *payload)
{
    return (uint32_t)payload[0] | (uint32_t)payload[1] << 8 | (uint32_t)payload[2] << 16 |
           (uint32_t)payload[3] << 24;
}

static bool read_one(const struct buffer *room, size_t start, struct value *value)
{
    const unsigned char *place = room->data + start, *end = room->data + room->length;
    return !buffer_overflowed(room) && value_read(&place, end, value) && place == end;
}

/* ---- Moments ----------------------------------------------------------------------------------
 */

/* The moment in a column of this type: local time where it has no zone. False: it has none. */
static bool moment_of(const struct conversion *to, const struct value *value, int64_t *moment)
{
    const struct zone *zone = to->canon->zone[to->side];
    int64_t n = payload_int(value);
    if (value->tag == VALUE_DATE)
        return !__builtin_mul_overflow(n, DAY, moment);
    *moment = n;
    if (value->tag == VALUE_INSTANT && zone && to->canon->kind == KIND_INSTANT) {
        if (n > INT64_MAX - 2 * DAY || n < INT64_MIN + 2 * DAY)
            return false;
        *moment = zone_to_civil(zone, n);
    }
    return value->tag == VALUE_DATETIME || value->tag == VALUE_INSTANT;
}

/* Under a leniency a column with fewer digits takes what is left when the others are cut. */
static int64_t cut_fraction(const struct conversion *to, int64_t moment, bool duration)
{
    static const int64_t units[] = {1000000, 100000, 10000, 1000, 100, 10};
    int precision = to->type->precision;
    if (to->canon->precision < 0 || precision < 0 || precision > 5)
        return moment;
    int64_t rest = moment % units[precision];
    return moment - rest - (rest < 0 && !duration ? units[precision] : 0);
}

static bool to_moment(const struct conversion *to, const struct value *value)
{
    int64_t moment;
    if (value->tag == VALUE_SPECIAL) {
        value_add_blob(to->room, VALUE_SPECIAL, value->payload, value->payload_length);
        return true;
    }
    if (value->tag == VALUE_DATE && to->type->class == TYPE_DATE) {
        value_add_fixed(to->room, VALUE_DATE, payload_int(value));
        return true;
    }
    if (!moment_of(to, value, &moment))
        return refuse(to, "it is no date");
    if (to->type->class == TYPE_DATE) {
        if (moment % DAY)
            return refuse(to, "it has a time of day, and the column keeps days");
        value_add_fixed(to->room, VALUE_DATE, moment / DAY);
    } else {
        value_add_fixed(to->room, to->type->class == TYPE_INSTANT ? VALUE_INSTANT : VALUE_DATETIME,
                        cut_fraction(to, moment, false));
    }
    return true;
}

static bool to_time(const struct conversion *to, const struct value *value)
{
    int64_t time;
    if (value->tag == VALUE_TIME)
        time = payload_int(value);
    else if (value->tag == VALUE_INTERVAL && !payload_int(value)) {
        struct value days = {.payload = value->payload + 8},
                     rest = {.payload = value->payload + 16};
        time = payload_int(&rest);
        if (payload_int(&days))
            return refuse(to, "it has days, and the column keeps hours");
    } else {
        return refuse(to, "it is no time");
    }
    time = cut_fraction(to, time, true);
    if (to->type->class == TYPE_INTERVAL)
        value_add_interval(to->room, 0, 0, time);
    else
        value_add_fixed(to->room, VALUE_TIME, time);
    return true;
}

/* A duration that was compared as one (MySQL's time): hours beyond a day stay hours. */
static bool to_interval(const struct conversion *to, const struct value *value)
{
    if (value->tag == VALUE_TIME)
        return to_time(to, value);
    buffer_add(to->room, value->encoding, value->encoding_length);
    return true;
}

/* YYYYMMDD[HHMMSS] */
static bool add_civil_digits(const struct conversion *to, struct buffer *out, int64_t moment,
                             size_t digits)
{
    int64_t rest = moment % DAY, year;
    unsigned month, day;
    rest += rest < 0 ? DAY : 0;
    civil_from_days((moment - rest) / DAY, &year, &month, &day);
    if (year < 1 || year > 9999 || rest % SECOND || (digits == 8 && rest))
        return refuse(to, "it does not fit the digits that the column keeps");
    buffer_printf(out, "%04d%02u%02u", (int)year, month, day);
    int seconds = (int)(rest / SECOND);
    if (digits == 14)
        buffer_printf(out, "%02d%02d%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    return true;
}

/* ---- Numbers ----------------------------------------------------------------------------------
 */

/* The shortest digits of a float, at the width that is compared. */
static void add_float_digits(const struct conversion *to, struct buffer *out, double number)
{
    char text[40];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        double back = strtod(text, NULL);
        if (back == number || (to->canon->narrow && (double)(float)number == number &&
                               strtof(text, NULL) == (float)number))
            break;
    }
    buffer_add_text(out, text);
}

/* An exact number cut to a column's decimals; what a tolerance lets pass is judged at the end. */
static bool add_rounded(const struct conversion *to, const char *text, size_t length)
{
    struct buffer whole = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct value value;
    struct decimal n;
    bool ok = value_add_decimal(&whole, text, length) && read_one(&whole, 0, &value);
    if (ok) {
        decimal_read(&value, &n);
        int64_t surplus = -(int64_t)to->type->scale - n.power;
        bool cut = to->canon->tolerance != TOLERANCE_NONE && to->type->class == TYPE_DECIMAL &&
                   to->type->precision >= 0 && n.class == DECIMAL_FINITE && surplus > 0;
        size_t kept = cut && (uint64_t)surplus < n.count ? n.count - (size_t)surplus : 0;
        struct buffer shorter = BUFFER_INIT(BUFFER_NO_LIMIT);
        buffer_printf(&shorter, "%s", n.negative ? "-" : "");
        buffer_add(&shorter, n.digits, kept);
        buffer_printf(&shorter, "%se%" PRId64, kept ? "" : "0", n.power + surplus);
        ok = cut ? value_add_decimal(to->room, (const char *)shorter.data, shorter.length)
                 : value_add_decimal(to->room, text, length);
        buffer_free(&shorter);
    }
    buffer_free(&whole);
    return ok || refuse(to, "it is no number");
}

static bool to_number(const struct conversion *to, const struct value *value)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    int64_t moment;
    bool ok = true;
    switch (value->tag) {
    case VALUE_BOOL:
        value_add_fixed(to->room, VALUE_INT, value->payload[0]);
        break;
    case VALUE_INT:
        value_add_fixed(to->room, VALUE_INT, payload_int(value));
        break;
    case VALUE_DECIMAL:
        value_print(&text, value, SIZE_MAX);
        ok = add_rounded(to, (const char *)text.data, text.length);
        break;
    case VALUE_DOUBLE:
        add_float_digits(to, &text, value_to_double(value));
        ok = add_rounded(to, (const char *)text.data, text.length);
        break;
    case VALUE_DATE:
    case VALUE_DATETIME:
    case VALUE_INSTANT:
        ok = moment_of(to, value, &moment) &&
             add_civil_digits(to, &text, moment, to->canon->kind == KIND_DATE ? 8 : 14) &&
             add_rounded(to, (const char *)text.data, text.length);
        break;
    default:
        ok = refuse(to, "it is no number");
    }
    buffer_free(&text);
    return ok;
}

static bool to_float(const struct conversion *to, const struct value *value)
{
    if (value->tag == VALUE_DOUBLE)
        value_add_double(to->room, value_to_double(value));
    else if (value->tag == VALUE_BOOL)
        value_add_double(to->room, value->payload[0]);
    else if (value->tag == VALUE_INT)
        value_add_double(to->room, (double)payload_int(value));
    else
        return refuse(to, "no float is as large or as small");
    return true;
}

static bool to_bool(const struct conversion *to, const struct value *value)
{
    bool number = value->tag == VALUE_INT && (uint64_t)payload_int(value) <= 1;
    if (value->tag != VALUE_BOOL && !number)
        return refuse(to, "it is neither true nor false");
    value_add_bool(to->room, number ? payload_int(value) != 0 : value->payload[0] != 0);
    return true;
}

static bool to_bits(const struct conversion *to, const struct value *value)
{
    if (value->tag != VALUE_BITS)
        return to_number(to, value);
    buffer_add(to->room, value->encoding, value->encoding_length);
    return true;
}

/* ---- Text -------------------------------------------------------------------------------------
 */

static bool add_text(const struct conversion *to, const struct value *value, struct buffer *out);

/* Members or elements in a row. A piece that holds the separator would become two. */
static bool add_piece(const struct conversion *to, const struct value *piece, const char *separator,
                      size_t count, struct buffer *out)
{
    if (count)
        buffer_add_text(out, separator);
    size_t first = out->length;
    if (piece->tag == VALUE_NULL || !add_text(to, piece, out) ||
        memmem(out->data + first, out->length - first, separator, strlen(separator)))
        return refuse(to, "a part of it cannot be packed into text");
    return true;
}

static bool add_packed(const struct conversion *to, const struct value *value, struct buffer *out)
{
    const char *separator = to->type->class == TYPE_SET ? "," : to->canon->separator;
    const unsigned char *at = value->payload, *end = at + value->payload_length;
    struct value piece;
    size_t count = 0, start = out->length;
    if (!separator)
        return refuse(to, no_spelling);
    if (value->tag == VALUE_ARRAY) {
        uint32_t dimensions = payload_u32(at);
        if (dimensions > 1)
            return refuse(to, "it has more than one dimension");
        at += 4 + 4 * (size_t)dimensions;
    }
    for (; value_read(&at, end, &piece); count++)
        if (!add_piece(to, &piece, separator, count, out))
            return false;
    return out->length > start || !count || refuse(to, "an empty part cannot be packed into text");
}

static bool add_moment_text(const struct conversion *to, const struct value *value,
                            struct buffer *out)
{
    struct buffer civil = BUFFER_INIT(64);
    struct value shown;
    int64_t moment;
    uint32_t length = to->type->length;
    if (!moment_of(to, value, &moment))
        return refuse(to, "it is no date");
    if (length == 14 || length == 8)
        return add_civil_digits(to, out, moment, length);
    value_add_fixed(&civil, value->tag == VALUE_DATE ? VALUE_DATE : VALUE_DATETIME,
                    value->tag == VALUE_DATE ? payload_int(value) : moment);
    bool ok = read_one(&civil, 0, &shown);
    if (ok)
        value_print(out, &shown, SIZE_MAX);
    buffer_free(&civil);
    return ok;
}

static void add_uuid_text(const struct conversion *to, const struct value *value,
                          struct buffer *out)
{
    if (to->type->length >= 32 && to->type->length < 36)
        buffer_add_hex(out, value->payload, value->payload_length);
    else
        value_print(out, value, SIZE_MAX);
}

static bool add_text(const struct conversion *to, const struct value *value, struct buffer *out)
{
    switch (value->tag) {
    case VALUE_TEXT:
    case VALUE_JSON:
    case VALUE_SPECIAL:
    case VALUE_RAW:
    case VALUE_BYTES:
        if (!utf8_is_valid(value->payload, value->payload_length))
            return refuse(to, "its bytes are no text");
        buffer_add(out, value->payload, value->payload_length);
        return true;
    case VALUE_INT:
    case VALUE_DECIMAL:
    case VALUE_TIME:
    case VALUE_INTERVAL:
    case VALUE_BITS:
    case VALUE_INET:
        value_print(out, value, SIZE_MAX);
        return true;
    case VALUE_DOUBLE:
        add_float_digits(to, out, value_to_double(value));
        return true;
    case VALUE_DATE:
    case VALUE_DATETIME:
    case VALUE_INSTANT:
        return add_moment_text(to, value, out);
    case VALUE_UUID:
        add_uuid_text(to, value, out);
        return true;
    case VALUE_SET:
    case VALUE_ARRAY:
        return add_packed(to, value, out);
    default: /* a truth value: 1, t, yes …? */
        return refuse(to, no_spelling);
    }
}

static bool to_text(const struct conversion *to, const struct value *value)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool ok = add_text(to, value, &text);
    if (ok)
        value_add_blob(to->room, VALUE_TEXT, text.data, text.length);
    buffer_free(&text);
    return ok;
}

/* Where UUID_TO_BIN(…, 1) puts the bytes of the text form: canon_cell.c takes them back. */
static const unsigned char swapped[16] = {6, 7, 4, 5, 0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15};

static bool to_bytes(const struct conversion *to, const struct value *value)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    uint32_t length = to->type->length;
    bool ok = true;
    if (value->tag == VALUE_UUID && (length == 16 || length == 0)) {
        for (int i = 0; i < 16; i++)
            buffer_add_byte(&bytes, value->payload[to->canon->swapped ? swapped[i] : i]);
    } else if (value->tag == VALUE_BYTES || value->tag == VALUE_RAW) {
        buffer_add(&bytes, value->payload, value->payload_length);
    } else {
        ok = add_text(to, value, &bytes);
    }
    while (ok && to->canon->strip_zero_padding && to->type->fixed && bytes.length < length)
        buffer_add_byte(&bytes, '\0');
    if (ok)
        value_add_blob(to->room, VALUE_BYTES, bytes.data, bytes.length);
    buffer_free(&bytes);
    return ok;
}

/* ---- The other forms --------------------------------------------------------------------------
 */

static bool to_uuid(const struct conversion *to, const struct value *value)
{
    unsigned char uuid[16];
    if (value->tag == VALUE_UUID)
        value_add_uuid(to->room, value->payload);
    else if (value->tag == VALUE_BYTES && value->payload_length == 16)
        value_add_uuid(to->room, value->payload);
    else if (value->tag == VALUE_TEXT &&
             parse_uuid((const char *)value->payload, value->payload_length, uuid))
        value_add_uuid(to->room, uuid);
    else
        return refuse(to, "it is no uuid");
    return true;
}

static bool to_array(const struct conversion *to, const struct value *value)
{
    if (value->tag == VALUE_ARRAY) {
        buffer_add(to->room, value->encoding, value->encoding_length);
        return true;
    }
    if (value->tag != VALUE_SET)
        return refuse(to, "it is no array");
    const unsigned char *at = value->payload, *end = at + value->payload_length;
    struct buffer array = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct value member;
    uint32_t count = 0;
    while (value_read(&at, end, &member))
        count++;
    buffer_add_u32(&array, count ? 1 : 0);
    if (count)
        buffer_add_u32(&array, count);
    buffer_add(&array, value->payload, value->payload_length);
    value_add_blob(to->room, VALUE_ARRAY, array.data, array.length);
    buffer_free(&array);
    return true;
}

static bool to_itself(const struct conversion *to, const struct value *value)
{
    buffer_add(to->room, value->encoding, value->encoding_length);
    return true;
}

typedef bool converter(const struct conversion *to, const struct value *value);

/* Of each class. What a converter lets through and the column cannot hold, engine_sql refuses. */
static converter *const converters[TYPE_OTHER + 1] = {
    [TYPE_BOOL] = to_bool,      [TYPE_INT] = to_number,      [TYPE_DECIMAL] = to_number,
    [TYPE_FLOAT] = to_float,    [TYPE_DOUBLE] = to_float,    [TYPE_TEXT] = to_text,
    [TYPE_ENUM] = to_text,      [TYPE_SET] = to_itself,      [TYPE_BYTES] = to_bytes,
    [TYPE_DATE] = to_moment,    [TYPE_TIME] = to_time,       [TYPE_DATETIME] = to_moment,
    [TYPE_INSTANT] = to_moment, [TYPE_JSON] = to_itself,     [TYPE_UUID] = to_uuid,
    [TYPE_BITS] = to_bits,      [TYPE_ARRAY] = to_array,     [TYPE_INTERVAL] = to_interval,
    [TYPE_INET] = to_itself,    [TYPE_GEOMETRY] = to_itself, [TYPE_OTHER] = to_itself,
};

/* ---- Reading it back --------------------------------------------------------------------------
 */

/* Months, days, microseconds. */
static int64_t interval_part(const struct value *value, size_t part)
{
    const struct value one = {.payload = value->payload + 8 * part};
    return payload_int(&one);
}

/* The cell that the engine hands over for a column that holds the native value. False: of a form
 * that is the canonical value's own, so that there is nothing to read. */
static bool cell_of(const struct type *type, const struct value *native, struct buffer *digits,
                    struct cell *cell)
{
    *cell = (struct cell){.bytes = native->payload, .length = native->payload_length};
    switch (native->tag) {
    case VALUE_TEXT:
        cell->form = CELL_TEXT;
        return true;
    case VALUE_BYTES:
        cell->form = CELL_BYTES;
        return true;
    case VALUE_UUID:
        cell->form = CELL_UUID;
        return true;
    case VALUE_SPECIAL:
        cell->form = CELL_SPECIAL;
        return true;
    case VALUE_BOOL:
        cell->form = CELL_BOOL;
        cell->i = native->payload[0];
        return true;
    case VALUE_DECIMAL:
        value_print(digits, native, SIZE_MAX);
        cell->form = CELL_DECIMAL;
        cell->bytes = digits->data;
        cell->length = digits->length;
        return type->class == TYPE_DECIMAL || type->class == TYPE_INT;
    case VALUE_INTERVAL:
        cell->form = CELL_INTERVAL;
        cell->months = (int32_t)interval_part(native, 0);
        cell->days = (int32_t)interval_part(native, 1);
        cell->i = interval_part(native, 2);
        return cell->months == interval_part(native, 0) && cell->days == interval_part(native, 1);
    case VALUE_DOUBLE:
        cell->form = type->class == TYPE_FLOAT ? CELL_FLOAT : CELL_DOUBLE;
        cell->d = value_to_double(native);
        return true;
    case VALUE_INT:
    case VALUE_DATE:
    case VALUE_TIME:
    case VALUE_DATETIME:
    case VALUE_INSTANT:
        cell->form = native->tag == VALUE_INT        ? CELL_INT
                     : native->tag == VALUE_DATE     ? CELL_DATE
                     : native->tag == VALUE_TIME     ? CELL_TIME
                     : native->tag == VALUE_DATETIME ? CELL_DATETIME
                                                     : CELL_INSTANT;
        cell->i = payload_int(native);
        return type->class != TYPE_BITS;
    default:
        return false;
    }
}

/* Is what the column would then be read as equal to the value? */
static bool reads_back(const struct conversion *to, const struct value *value,
                       const struct value *native)
{
    struct cell cell;
    struct buffer digits = BUFFER_INIT(BUFFER_NO_LIMIT), again = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct value back;
    bool same = !cell_of(to->type, native, &digits, &cell);
    if (!same) {
        canon_cell(to->canon, to->side, &cell, &again);
        same = read_one(&again, 0, &back) &&
               (to->side == SOURCE ? canon_equal(to->canon, &back, value)
                                   : canon_equal(to->canon, value, &back));
    }
    buffer_free(&digits);
    buffer_free(&again);
    return same || refuse(to, "the column would hold another value than this");
}

bool repair_value(const struct canon *canon, enum side side, const struct type *type,
                  const struct value *value, struct buffer *room, struct value *native,
                  const char **why)
{
    struct conversion to = {canon, side, type, room, why};
    size_t start = room->length;
    bool words = type->class == TYPE_TEXT || type->class == TYPE_BYTES;
    converter *convert = (size_t)type->class <= TYPE_OTHER ? converters[type->class] : NULL;
    if (value->tag == VALUE_NULL) {
        value_add_null(room);
        return read_one(room, start, native);
    }
    if (!convert)
        return refuse(&to, no_spelling);
    if (value->tag == VALUE_RAW && !words)
        return refuse(&to, "the other side's value could not be read as what the column holds");
    return convert(&to, value) && read_one(room, start, native) && reads_back(&to, value, native);
}

bool repair_value_is_whole(const struct canon *canon, enum side side, const struct type *type)
{
    static const uint32_t whole[TYPE_OTHER + 1] = {
        [TYPE_BOOL] = KIND(BOOL) | KIND(NUMBER),
        [TYPE_INT] = KIND(NUMBER) | KIND(BOOL),
        [TYPE_DECIMAL] = KIND(NUMBER),
        [TYPE_FLOAT] = KIND(FLOAT),
        [TYPE_DOUBLE] = KIND(FLOAT),
        [TYPE_TEXT] = KIND(TEXT),
        [TYPE_ENUM] = KIND(TEXT),
        [TYPE_SET] = KIND(SET),
        [TYPE_BYTES] = KIND(BYTES) | KIND(UUID),
        [TYPE_DATE] = KIND(DATE) | KIND(DATETIME) | KIND(INSTANT),
        [TYPE_TIME] = KIND(TIME),
        [TYPE_DATETIME] = KIND(DATE) | KIND(DATETIME) | KIND(INSTANT),
        [TYPE_INSTANT] = KIND(DATE) | KIND(DATETIME) | KIND(INSTANT),
        [TYPE_JSON] = KIND(JSON),
        [TYPE_UUID] = KIND(UUID),
        [TYPE_BITS] = KIND(BITS) | KIND(NUMBER) | KIND(BOOL),
        [TYPE_ARRAY] = KIND(ARRAY),
        [TYPE_INTERVAL] = KIND(INTERVAL),
        [TYPE_INET] = KIND(INET),
        [TYPE_GEOMETRY] = KIND(GEOMETRY),
        [TYPE_OTHER] = KIND(TEXT),
    };
    if ((size_t)type->class > TYPE_OTHER || !(whole[type->class] >> canon->kind & 1u))
        return false;
    if (type->class == TYPE_BYTES)
        return !canon->strip_zero_padding && (canon->kind == KIND_BYTES || type->length == 16);
    if (type->class == TYPE_DOUBLE)
        return !canon->narrow;
    if (type->class == TYPE_ARRAY) /* elements: of the same rules, but for their limits */
        return canon->class[0] == canon->class[1] && !canon->narrow;
    bool zoned = canon->zone[side] && !zone_is_fixed(canon->zone[side]);
    return !canon->zero_date_null && !(canon->kind == KIND_INSTANT && zoned);
}
