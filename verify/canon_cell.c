/*
 * Cells made canonical: one writer per kind. Input: a cell in any form (engine.h). Output: one
 * value (value.h). This runs for every cell of both databases: the usual form of a kind comes
 * first, and nothing is allocated but for packed arrays and sets over 64 members. What a kind
 * cannot hold is written as what it is (text and bytes: VALUE_RAW), which no value of the kind
 * equals. Must not know: how the kind was chosen; leniencies that canon_judge.c judges.
 */
#include "canon.h"

#include "canon_parse.h"

#include "../diff/base/memory.h"
#include "../diff/base/utf8.h"
#include "../diff/json_canon.h"
#include "../diff/value_decimal.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define BLOB_HEAD 5      /* tag, u32 length */
#define SMALL_SET 64     /* MySQL's most members of a SET */
#define DAY_DIGITS 8     /* YYYYMMDD */
#define SECOND_DIGITS 14 /* YYYYMMDDHHMMSS */

typedef void cell_writer(const struct canon *canon, enum side side, const struct cell *cell,
                         struct buffer *out);

static cell_writer cell_own;

struct span {
    const char *text;
    size_t length;
};

/* ---- Pieces ------------------------------------------------------------------------------------
 */

/* A value whose payload is written in place, by others: value_add_blob() without a copy. */
static size_t blob_begin(struct buffer *out, enum value_tag tag)
{
    static const unsigned char no_length[BLOB_HEAD - 1];
    size_t start = out->length;
    buffer_add_byte(out, (unsigned char)tag);
    buffer_add(out, no_length, sizeof no_length);
    return start;
}

static void blob_end(struct buffer *out, size_t start)
{
    if (buffer_overflowed(out))
        return;
    size_t length = out->length - start - BLOB_HEAD;
    if (length > UINT32_MAX) {
        out->overflowed = true;
        return;
    }
    for (unsigned i = 0; i < 4; i++)
        out->data[start + 1 + i] = (unsigned char)(length >> 8 * i);
}

static struct span cell_span(const struct canon *canon, const struct cell *cell)
{
    struct span span = {cell->length ? (const char *)cell->bytes : "", cell->length};
    if (canon->strip_zero_padding && cell->form == CELL_BYTES)
        while (span.length && span.text[span.length - 1] == '\0')
            span.length--;
    return span;
}

/* The text of a cell that holds text, or UTF-8 as bytes. */
static bool cell_text_of(const struct canon *canon, const struct cell *cell, struct span *span)
{
    if (cell->form != CELL_TEXT && cell->form != CELL_BYTES)
        return false;
    *span = cell_span(canon, cell);
    return cell->form == CELL_TEXT ||
           utf8_is_valid((const unsigned char *)span->text, span->length);
}

static bool span_is(struct span span, const char *text)
{
    return span.length == strlen(text) && memcmp(span.text, text, span.length) == 0;
}

static int64_t value_int(const struct value *value)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < 8; i++)
        n |= (uint64_t)value->payload[i] << 8 * i;
    return (int64_t)n;
}

/* The value that begins at `start` and was written last. */
static bool last_value(const struct buffer *out, size_t start, struct value *value)
{
    const unsigned char *place = out->data + start;
    return !buffer_overflowed(out) && value_read(&place, out->data + out->length, value);
}

/* ---- Numbers and truth -------------------------------------------------------------------------
 */

static void add_unsigned(struct buffer *out, uint64_t number)
{
    char digits[20];
    size_t place = sizeof digits;
    do
        digits[--place] = (char)('0' + number % 10);
    while (number /= 10);
    (void)!value_add_decimal(out, digits + place,
                             sizeof digits - place); /* digits always are a number */
}

/* A bit string as an unsigned number, its first bit the most significant. False: over 64 bits. */
static bool bits_to_unsigned(const struct cell *cell, uint64_t *number)
{
    *number = 0;
    for (uint64_t i = 0; i < cell->u; i++) {
        if (*number >> 63)
            return false;
        *number = *number << 1 | ((unsigned)cell->bytes[i / 8] >> (7 - i % 8) & 1);
    }
    return true;
}

static void cell_number(const struct canon *canon, enum side side, const struct cell *cell,
                        struct buffer *out)
{
    struct span span;
    uint64_t bits;
    switch (cell->form) {
    case CELL_INT:
        value_add_fixed(out, VALUE_INT, cell->i);
        return;
    case CELL_NUMERIC:
        value_add_base10000(out, cell->negative, cell->weight, cell->length / 2, cell->bytes);
        return;
    case CELL_UINT:
        add_unsigned(out, cell->u);
        return;
    case CELL_BOOL:
        if (canon->class[side] != TYPE_BOOL && canon->class[side] != TYPE_ARRAY)
            break; /* JSON's true in a packed array is not 1 */
        value_add_fixed(out, VALUE_INT, cell->i != 0);
        return;
    case CELL_BITS:
        if (bits_to_unsigned(cell, &bits)) {
            add_unsigned(out, bits);
            return;
        }
        break;
    case CELL_DECIMAL:
    case CELL_SPECIAL: /* NaN and the infinities */
        if (value_add_decimal(out, (const char *)cell->bytes, cell->length))
            return;
        break;
    default:
        if (cell_text_of(canon, cell, &span) && value_add_decimal(out, span.text, span.length))
            return;
    }
    cell_own(canon, side, cell, out);
}

static void cell_bool(const struct canon *canon, enum side side, const struct cell *cell,
                      struct buffer *out)
{
    struct span span;
    bool truth;
    if (cell->form == CELL_BOOL || (cell->form == CELL_INT && (cell->i == 0 || cell->i == 1))) {
        value_add_bool(out, cell->i != 0);
        return;
    }
    if (cell_text_of(canon, cell, &span)) {
        if (parse_bool(span.text, span.length, &truth))
            value_add_bool(out, truth);
        else
            cell_own(canon, side, cell, out);
        return;
    }
    /* 0 and 1 are truth values; any other number stays a number and so equals neither. */
    size_t start = out->length;
    struct value number;
    cell_number(canon, side, cell, out);
    if (!last_value(out, start, &number))
        return;
    double n = number.tag == VALUE_INT || number.tag == VALUE_DOUBLE ? value_to_double(&number) : 2;
    if (n != 0 && n != 1)
        return;
    parse_undo(out, start);
    value_add_bool(out, n != 0);
}

/* At 4 bytes where that is the narrower width; a number that has no finite or no non-zero neighbour
 * there keeps its own width, so that it equals no infinity and no zero. */
static double float_narrowed(const struct canon *canon, double number)
{
    if (!canon->narrow)
        return number;
    double narrow = (double)(float)number; /* IEC 60559: rounds, overflows to infinity */
    if ((isinf(narrow) && !isinf(number)) || (narrow == 0 && number != 0))
        return number;
    return narrow;
}

/* The nearest 4-byte float of an exact number, rounded once (by way of double it would be twice).
 */
static float decimal_to_float(const struct decimal *decimal)
{
    /* Half-way points of floats have under 150 significant digits: behind those it only matters
     * that there is another digit. Without a point the text means the same in every locale. */
    enum { ENOUGH = 160 };
    char text[1 + ENOUGH + 1 + 1 + 24];
    size_t count = decimal->count < ENOUGH ? decimal->count : ENOUGH;
    int64_t power = decimal->power + (int64_t)(decimal->count - count);
    char *place = text;
    if (decimal->negative)
        *place++ = '-';
    memcpy(place, decimal->digits, count);
    place += count;
    if (count < decimal->count) {
        *place++ = '1';
        power--;
    }
    *place++ = 'e';
    place += decimal_write_power((unsigned char *)place, power);
    *place = '\0';
    return strtof(text, NULL);
}

/* The nearest float of an exact value. False: a finite number beyond the doubles, or one that is
 * not 0 and whose nearest double is: it equals no float. */
static bool float_of_exact(const struct canon *canon, const struct value *exact, double *number)
{
    if (exact->tag == VALUE_INT) {
        int64_t n = value_int(exact);
        *number = canon->narrow ? (double)(float)n : (double)n;
        return true;
    }
    struct decimal decimal;
    decimal_read(exact, &decimal);
    *number = value_to_double(exact);
    if (decimal.class != DECIMAL_FINITE)
        return true;
    if (isinf(*number) || *number == 0)
        return false;
    if (canon->narrow) {
        float narrow = decimal_to_float(&decimal);
        if (!isinf(narrow) && narrow != 0)
            *number = (double)narrow;
    }
    return true;
}

static void cell_float(const struct canon *canon, enum side side, const struct cell *cell,
                       struct buffer *out)
{
    if (cell->form == CELL_DOUBLE || cell->form == CELL_FLOAT) {
        value_add_double(out, float_narrowed(canon, cell->d));
        return;
    }
    size_t start = out->length;
    struct value exact;
    double number;
    cell_number(canon, side, cell, out);
    if (!last_value(out, start, &exact) || (exact.tag != VALUE_INT && exact.tag != VALUE_DECIMAL) ||
        !float_of_exact(canon, &exact, &number))
        return;
    parse_undo(out, start);
    value_add_double(out, number);
}

static void cell_bits(const struct canon *canon, enum side side, const struct cell *cell,
                      struct buffer *out)
{
    struct span span;
    size_t start;
    if (cell->form == CELL_BITS) {
        size_t bytes = (size_t)((cell->u + 7) / 8);
        start = blob_begin(out, VALUE_BITS);
        buffer_add_u32(out, (uint32_t)cell->u);
        buffer_add(out, cell->bytes, bytes);
        if (cell->u % 8 &&
            !buffer_overflowed(out)) /* what stands in the padding is not part of it */
            out->data[out->length - 1] &= (unsigned char)(0xff << (8 - cell->u % 8));
        blob_end(out, start);
        return;
    }
    if (!cell_text_of(canon, cell, &span) || span.length > UINT32_MAX) {
        cell_own(canon, side, cell, out);
        return;
    }
    start = blob_begin(out, VALUE_BITS);
    buffer_add_u32(out, (uint32_t)span.length);
    unsigned byte = 0;
    for (size_t i = 0; i < span.length; i++) {
        if (span.text[i] != '0' && span.text[i] != '1') {
            parse_undo(out, start);
            cell_own(canon, side, cell, out);
            return;
        }
        byte |= (unsigned)(span.text[i] - '0') << (7 - i % 8);
        if (i % 8 == 7 || i + 1 == span.length) {
            buffer_add_byte(out, (unsigned char)byte);
            byte = 0;
        }
    }
    blob_end(out, start);
}

/* ---- Text and bytes ----------------------------------------------------------------------------
 */

static void uuid_to_text(const unsigned char uuid[16], char text[36])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *text++ = '-';
        *text++ = digits[uuid[i] >> 4];
        *text++ = digits[uuid[i] & 15];
    }
}

static void add_int_text(struct buffer *out, bool negative, uint64_t magnitude)
{
    char text[21];
    size_t place = sizeof text;
    do
        text[--place] = (char)('0' + magnitude % 10);
    while (magnitude /= 10);
    if (negative)
        text[--place] = '-';
    value_add_blob(out, VALUE_TEXT, text + place, sizeof text - place);
}

static void cell_text(const struct canon *canon, enum side side, const struct cell *cell,
                      struct buffer *out)
{
    struct span span;
    char text[36];
    switch (cell->form) {
    case CELL_TEXT:
        value_add_blob(out, VALUE_TEXT, cell->bytes, cell->length);
        return;
    case CELL_INT:
        add_int_text(out, cell->i < 0, cell->i < 0 ? 0 - (uint64_t)cell->i : (uint64_t)cell->i);
        return;
    case CELL_UINT:
        add_int_text(out, false, cell->u);
        return;
    case CELL_UUID:
        uuid_to_text(cell->bytes, text);
        value_add_blob(out, VALUE_TEXT, text, sizeof text);
        return;
    default:
        if (cell_text_of(canon, cell, &span))
            value_add_blob(out, VALUE_TEXT, span.text, span.length);
        else
            cell_own(canon, side, cell, out);
    }
}

static void cell_bytes(const struct canon *canon, enum side side, const struct cell *cell,
                       struct buffer *out)
{
    if (cell->form == CELL_BYTES || cell->form == CELL_TEXT) {
        struct span span = cell_span(canon, cell);
        value_add_blob(out, VALUE_BYTES, span.text, span.length);
    } else if (cell->form == CELL_UUID) {
        value_add_blob(out, VALUE_BYTES, cell->bytes, 16);
    } else {
        cell_own(canon, side, cell, out);
    }
}

static void cell_json(const struct canon *canon, enum side side, const struct cell *cell,
                      struct buffer *out)
{
    struct span span;
    size_t start = out->length;
    if (cell_text_of(canon, cell, &span)) {
        (void)blob_begin(out, VALUE_JSON);
        if (json_canon(out, span.text, span.length)) {
            blob_end(out, start);
            return;
        }
        parse_undo(out, start);
    }
    cell_own(canon, side, cell, out);
}

static void cell_uuid(const struct canon *canon, enum side side, const struct cell *cell,
                      struct buffer *out)
{
    /* Where UUID_TO_BIN(…, 1) puts the bytes of the text form: time-low and time-high change
     * places. */
    static const unsigned char swap[16] = {4, 5, 6, 7, 2, 3, 0, 1, 8, 9, 10, 11, 12, 13, 14, 15};
    unsigned char uuid[16];
    struct span span;
    if (cell->form == CELL_UUID || (cell->form == CELL_BYTES && cell->length == 16)) {
        bool swapped = canon->swapped && cell->form == CELL_BYTES;
        for (int i = 0; i < 16; i++)
            uuid[i] = cell->bytes[swapped ? swap[i] : i];
        value_add_uuid(out, uuid);
    } else if (cell_text_of(canon, cell, &span) && parse_uuid(span.text, span.length, uuid)) {
        value_add_uuid(out, uuid);
    } else {
        cell_own(canon, side, cell, out);
    }
}

static void add_inet(struct buffer *out, const unsigned char *bytes, size_t length,
                     unsigned char prefix)
{
    unsigned char payload[2 + 16] = {length == 4 ? 4 : 6, prefix};
    memcpy(payload + 2, bytes, length);
    value_add_blob(out, VALUE_INET, payload, 2 + length);
}

static void cell_inet(const struct canon *canon, enum side side, const struct cell *cell,
                      struct buffer *out)
{
    struct address address;
    struct span span;
    if (cell->form == CELL_INET)
        add_inet(out, cell->bytes, cell->length, (unsigned char)cell->u);
    else if (cell_text_of(canon, cell, &span) && parse_inet(span.text, span.length, &address))
        add_inet(out, address.bytes, address.length, address.prefix);
    else
        cell_own(canon, side, cell, out);
}

static void cell_geometry(const struct canon *canon, enum side side, const struct cell *cell,
                          struct buffer *out)
{
    if (cell->form != CELL_GEOMETRY) {
        cell_own(canon, side, cell, out);
        return;
    }
    size_t start = blob_begin(out, VALUE_GEOMETRY), srid_place = out->length;
    uint32_t srid = (uint32_t)cell->u, inner = 0;
    buffer_add_u32(out, 0);
    if (!parse_wkb(cell->bytes, cell->length, &inner, out)) {
        /* Not a geometry: the bytes as they came, and the SRID, so that neither is lost. */
        parse_undo(out, start);
        (void)blob_begin(out, VALUE_RAW);
        buffer_printf(out, "SRID=%u;", srid);
        buffer_add(out, cell->bytes, cell->length);
        blob_end(out, start);
        return;
    }
    if (!srid)
        srid = inner;
    for (unsigned i = 0; i < 4 && !buffer_overflowed(out); i++)
        out->data[srid_place + i] = (unsigned char)(srid >> 8 * i);
    blob_end(out, start);
}

/* ---- Dates and times ---------------------------------------------------------------------------
 */

/* infinity, or a date that no calendar has, in one spelling. */
static void add_special(const struct canon *canon, struct span span, struct buffer *out)
{
    struct civil civil;
    if (!parse_civil(span.text, span.length, &civil) || civil.state != CIVIL_IMPOSSIBLE)
        value_add_blob(out, VALUE_SPECIAL, span.text, span.length);
    else if (civil.all_zero && canon->zero_date_null)
        value_add_null(out);
    else
        value_add_blob(out, VALUE_SPECIAL, civil.text, strlen(civil.text));
}

/* A civil time in the kind of the pair. */
static void add_civil(const struct canon *canon, enum side side, int64_t civil, struct buffer *out)
{
    int64_t other;
    if (canon->kind == KIND_DATE && civil % DAY == 0) {
        value_add_fixed(out, VALUE_DATE, civil / DAY);
    } else if (canon->kind != KIND_INSTANT) {
        value_add_fixed(out, VALUE_DATETIME, civil); /* with a time of day it equals no date */
    } else if (!canon->zone[side]) {
        value_add_fixed(out, VALUE_INSTANT, civil);
    } else if (civil > INT64_MAX - 2 * DAY || civil < INT64_MIN + 2 * DAY) {
        value_add_fixed(out, VALUE_DATETIME, civil); /* no instant: its own value */
    } else {
        value_add_fixed(out, VALUE_INSTANT, zone_to_instant(canon->zone[side], civil, &other));
    }
}

static void add_instant(const struct canon *canon, int64_t instant, struct buffer *out)
{
    if (canon->kind == KIND_INSTANT)
        value_add_fixed(out, VALUE_INSTANT, instant);
    else if (canon->kind == KIND_DATE && instant % DAY == 0)
        value_add_fixed(out, VALUE_DATE, instant / DAY);
    else
        value_add_fixed(out, VALUE_DATETIME, instant); /* civil time in UTC */
}

static void add_date(const struct canon *canon, enum side side, int64_t days, struct buffer *out)
{
    int64_t civil;
    if (canon->kind == KIND_DATE || __builtin_mul_overflow(days, DAY, &civil))
        value_add_fixed(out, VALUE_DATE, days); /* PostgreSQL's dates go beyond its timestamps */
    else
        add_civil(canon, side, civil, out);
}

/* Instants whose local time in the column's zone is ambiguous: canon_equal() takes such a time for
 * both of its readings, which is wrong for a text that says which it is. */
static bool is_told_apart(const struct canon *canon, enum side side, int64_t instant)
{
    const struct zone *zone = canon->kind == KIND_INSTANT ? canon->zone[side] : NULL;
    return zone && (instant > INT64_MAX - 2 * DAY || instant < INT64_MIN + 2 * DAY ||
                    zone_other_instant(zone, instant) != instant);
}

/* False: the text is no date. */
static bool add_civil_text(const struct canon *canon, enum side side, struct span span,
                           struct buffer *out)
{
    struct civil civil;
    if (span_is(span, "infinity") || span_is(span, "-infinity")) {
        add_special(canon, span, out);
        return true;
    }
    if (!parse_civil(span.text, span.length, &civil))
        return false;
    if (civil.state == CIVIL_IMPOSSIBLE) {
        add_special(canon, span, out);
    } else if (civil.has_offset) {
        if (is_told_apart(canon, side, civil.microseconds))
            return false;
        add_instant(canon, civil.microseconds, out);
    } else {
        add_civil(canon, side, civil.microseconds, out);
    }
    return true;
}

/* A number of 14 digits, or 8 for dates, is read as those digits. */
static bool add_civil_number(const struct canon *canon, enum side side, const struct cell *cell,
                             struct buffer *out)
{
    char digits[SECOND_DIGITS];
    size_t start = out->length, count = 0;
    struct value value;
    cell_number(canon, side, cell, out);
    if (!last_value(out, start, &value))
        return true; /* the buffer says that it overflowed */
    int64_t n = value.tag == VALUE_INT ? value_int(&value) : 0;
    parse_undo(out, start);
    if (n <= 0)
        return false;
    for (; n && count < SECOND_DIGITS; n /= 10)
        digits[SECOND_DIGITS - ++count] = (char)('0' + n % 10);
    if (n || (count != SECOND_DIGITS && (canon->kind != KIND_DATE || count != DAY_DIGITS)))
        return false;
    struct span span = {digits + SECOND_DIGITS - count, count};
    return add_civil_text(canon, side, span, out);
}

/* KIND_DATE, KIND_DATETIME and KIND_INSTANT */
static void cell_civil(const struct canon *canon, enum side side, const struct cell *cell,
                       struct buffer *out)
{
    struct span span;
    switch (cell->form) {
    case CELL_DATETIME:
        add_civil(canon, side, cell->i, out);
        return;
    case CELL_INSTANT:
        add_instant(canon, cell->i, out);
        return;
    case CELL_DATE:
        add_date(canon, side, cell->i, out);
        return;
    case CELL_SPECIAL:
        add_special(canon, cell_span(canon, cell), out);
        return;
    case CELL_INT:
    case CELL_DECIMAL:
    case CELL_NUMERIC:
        if (add_civil_number(canon, side, cell, out))
            return;
        break;
    default:
        if (cell_text_of(canon, cell, &span) && add_civil_text(canon, side, span, out))
            return;
    }
    cell_own(canon, side, cell, out);
}

static void cell_time(const struct canon *canon, enum side side, const struct cell *cell,
                      struct buffer *out)
{
    struct span span;
    int64_t time;
    if (cell->form == CELL_TIME) {
        value_add_fixed(out, VALUE_TIME, cell->i);
        return;
    }
    bool read = false;
    if (cell->form == CELL_INTERVAL) /* days count 24 hours; months have no length */
        read = !cell->months && !__builtin_mul_overflow((int64_t)cell->days, DAY, &time) &&
               !__builtin_add_overflow(cell->i, time, &time);
    else if (cell_text_of(canon, cell, &span))
        read = parse_time(span.text, span.length, &time);
    if (read)
        value_add_fixed(out, VALUE_TIME, time);
    else
        cell_own(canon, side, cell, out);
}

static void cell_interval(const struct canon *canon, enum side side, const struct cell *cell,
                          struct buffer *out)
{
    struct span span;
    struct interval interval;
    if (cell->form == CELL_INTERVAL)
        value_add_interval(out, cell->months, cell->days, cell->i);
    else if (cell->form == CELL_TIME)
        value_add_interval(out, 0, 0, cell->i);
    else if (cell_text_of(canon, cell, &span) && parse_interval(span.text, span.length, &interval))
        value_add_interval(out, interval.months, interval.days, interval.microseconds);
    else
        cell_own(canon, side, cell, out);
}

/* ---- Sets and arrays ---------------------------------------------------------------------------
 */

static int span_order(const void *one, const void *other)
{
    const struct span *a = one, *b = other;
    size_t common = a->length < b->length ? a->length : b->length;
    int order = common ? memcmp(a->text, b->text, common) : 0;
    return order ? order : (a->length > b->length) - (a->length < b->length);
}

/* Few members are the rule, and qsort() may allocate. */
static void sort_spans(struct span *spans, size_t count)
{
    if (count > SMALL_SET) {
        qsort(spans, count, sizeof *spans, span_order);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct span moving = spans[i];
        size_t k = i;
        for (; k && span_order(&spans[k - 1], &moving) > 0; k--)
            spans[k] = spans[k - 1];
        spans[k] = moving;
    }
}

static void add_set(struct span *members, size_t count, struct buffer *out)
{
    size_t start = blob_begin(out, VALUE_SET);
    sort_spans(members, count);
    for (size_t i = 0; i < count; i++)
        if (!i || span_order(&members[i - 1], &members[i]) != 0)
            value_add_blob(out, VALUE_TEXT, members[i].text, members[i].length);
    blob_end(out, start);
}

/* Members separated by a comma or what the mapping says; "" is the empty set. */
static void add_set_text(struct span text, const char *separator, struct buffer *out)
{
    struct span few[SMALL_SET], *members = few;
    size_t step = strlen(separator), count = 0, room = SMALL_SET;
    const char *place = text.text, *end = text.text + text.length;
    while (text.length) {
        const char *next = memmem(place, (size_t)(end - place), separator, step);
        if (count == room) {
            struct span *grown =
                mem_resize(members == few ? NULL : members, room * 2, sizeof *members);
            if (members == few)
                memcpy(grown, few, sizeof few);
            members = grown;
            room *= 2;
        }
        members[count++] = (struct span){place, (size_t)((next ? next : end) - place)};
        if (!next)
            break;
        place = next + step;
    }
    add_set(members, count, out);
    if (members != few)
        free(members);
}

/* False: it has more dimensions than one, or elements that are no text. */
static bool add_set_array(const struct cell_array *array, struct buffer *out)
{
    struct span few[SMALL_SET], *members = few;
    if (array->dimension_count > 1)
        return false;
    for (size_t i = 0; i < array->cell_count; i++)
        if (array->cells[i].form != CELL_TEXT)
            return false;
    if (array->cell_count > SMALL_SET)
        members = mem_resize(NULL, array->cell_count, sizeof *members);
    for (size_t i = 0; i < array->cell_count; i++) {
        const struct cell *cell = &array->cells[i];
        members[i] = (struct span){cell->length ? (const char *)cell->bytes : "", cell->length};
    }
    add_set(members, array->cell_count, out);
    if (members != few)
        free(members);
    return true;
}

/* Reads {…} or […]; false: the text is neither. `packed` needs packed_free() in both cases. */
static bool unpack(const struct canon *canon, struct span span, struct packed *packed)
{
    *packed = (struct packed){.text = BUFFER_INIT(0)};
    if (!span.length || (*span.text != '{' && *span.text != '['))
        return false;
    if (*span.text == '[') {
        if (packed_json(span.text, span.length, canon->element == KIND_JSON, packed))
            return true;
        packed_free(packed);
    }
    return packed_postgres(span.text, span.length, packed);
}

static void cell_set(const struct canon *canon, enum side side, const struct cell *cell,
                     struct buffer *out)
{
    struct span span;
    struct packed packed;
    if (cell->form == CELL_ARRAY && add_set_array(cell->array, out))
        return;
    if (!cell_text_of(canon, cell, &span)) {
        cell_own(canon, side, cell, out);
        return;
    }
    if (canon->class[side] == TYPE_SET || canon->separator) {
        add_set_text(span, canon->class[side] == TYPE_SET ? "," : canon->separator, out);
        return;
    }
    if (!unpack(canon, span, &packed) || !add_set_array(&packed.array, out))
        add_set_text(span, ",", out);
    packed_free(&packed);
}

static void add_array(const struct canon *canon, enum side side, const struct cell_array *array,
                      struct buffer *out)
{
    struct canon element = *canon;
    element.kind = canon->element;
    element.element = KIND_NONE;
    size_t start = blob_begin(out, VALUE_ARRAY);
    buffer_add_u32(out, (uint32_t)array->dimension_count);
    for (size_t i = 0; i < array->dimension_count; i++)
        buffer_add_u32(out, array->sizes[i]);
    for (size_t i = 0; i < array->cell_count; i++)
        canon_cell(&element, side, &array->cells[i], out);
    blob_end(out, start);
}

static void cell_array(const struct canon *canon, enum side side, const struct cell *cell,
                       struct buffer *out)
{
    struct span span;
    struct packed packed;
    bool read = true;
    if (cell->form == CELL_ARRAY) {
        add_array(canon, side, cell->array, out);
        return;
    }
    if (!cell_text_of(canon, cell, &span)) {
        cell_own(canon, side, cell, out);
        return;
    }
    if (canon->class[side] == TYPE_SET)
        packed_split(span.text, span.length, ",", &packed);
    else if (canon->separator)
        packed_split(span.text, span.length, canon->separator, &packed);
    else
        read = unpack(canon, span, &packed);
    if (read)
        add_array(canon, side, &packed.array, out);
    else
        cell_own(canon, side, cell, out);
    packed_free(&packed);
}

/* ---- The kinds ---------------------------------------------------------------------------------
 */

static cell_writer *const writers[KINDS] = {
    [KIND_NONE] = cell_own,      [KIND_BOOL] = cell_bool,         [KIND_NUMBER] = cell_number,
    [KIND_FLOAT] = cell_float,   [KIND_TEXT] = cell_text,         [KIND_BYTES] = cell_bytes,
    [KIND_DATE] = cell_civil,    [KIND_TIME] = cell_time,         [KIND_DATETIME] = cell_civil,
    [KIND_INSTANT] = cell_civil, [KIND_JSON] = cell_json,         [KIND_UUID] = cell_uuid,
    [KIND_BITS] = cell_bits,     [KIND_SET] = cell_set,           [KIND_ARRAY] = cell_array,
    [KIND_INET] = cell_inet,     [KIND_INTERVAL] = cell_interval, [KIND_GEOMETRY] = cell_geometry,
};

/* A cell that is not of the pair's kind, as what it is by itself. */
static void cell_own(const struct canon *canon, enum side side, const struct cell *cell,
                     struct buffer *out)
{
    static const enum value_tag plain[] = {[CELL_DATE] = VALUE_DATE,
                                           [CELL_TIME] = VALUE_TIME,
                                           [CELL_DATETIME] = VALUE_DATETIME,
                                           [CELL_INSTANT] = VALUE_INSTANT};
    static cell_writer *const own[] = {
        [CELL_BOOL] = cell_bool,         [CELL_INT] = cell_number, [CELL_UINT] = cell_number,
        [CELL_NUMERIC] = cell_number,    [CELL_UUID] = cell_uuid,  [CELL_BITS] = cell_bits,
        [CELL_INTERVAL] = cell_interval, [CELL_INET] = cell_inet,  [CELL_GEOMETRY] = cell_geometry,
        [CELL_ARRAY] = cell_array};
    switch (cell->form) {
    case CELL_NULL:
        value_add_null(out);
        return;
    case CELL_FLOAT:
    case CELL_DOUBLE:
        value_add_double(out, cell->d);
        return;
    case CELL_DATE:
    case CELL_TIME:
    case CELL_DATETIME:
    case CELL_INSTANT:
        value_add_fixed(out, plain[cell->form], cell->i);
        return;
    case CELL_SPECIAL:
        value_add_blob(out, VALUE_SPECIAL, cell->bytes, cell->length);
        return;
    case CELL_DECIMAL:
        if (!value_add_decimal(out, (const char *)cell->bytes, cell->length))
            value_add_blob(out, VALUE_RAW, cell->bytes, cell->length);
        return;
    case CELL_TEXT:
    case CELL_BYTES:
        value_add_blob(out, VALUE_RAW, cell->bytes, cell->length);
        return;
    default:
        own[cell->form](canon, side, cell, out);
    }
}

void canon_cell(const struct canon *canon, enum side side, const struct cell *cell,
                struct buffer *out)
{
    if (cell->form == CELL_NULL)
        value_add_null(out);
    else
        writers[canon->kind](canon, side, cell, out);
}
