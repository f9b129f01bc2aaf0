/* See cell_text.h. One reader per class of types. */
#include "cell_text.h"

#include "../diff/base/percent.h"
#include "canon_parse.h"
#include "../diff/value.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

struct reading {
    const struct type *type;
    const char *text;
    size_t length;
    struct arena *arena;
    struct cell *cell;
};

typedef bool reader(const struct reading *reading);

static bool take_text(const struct reading *reading, enum cell_form form)
{
    *reading->cell = (struct cell){.form = form,
                                   .bytes = (const unsigned char *)arena_copy_bytes(
                                       reading->arena, reading->text, reading->length),
                                   .length = reading->length};
    return true;
}

static bool is_word(const struct reading *reading, const char *const *words)
{
    for (; *words; words++)
        if (strcasecmp(reading->text, *words) == 0)
            return true;
    return false;
}

/* Values that both engines print by name. */
static bool read_special(const struct reading *reading)
{
    static const char *const names[] = {"infinity", "-infinity", "NaN", NULL};
    return is_word(reading, names) && take_text(reading, CELL_SPECIAL);
}

static bool read_bool(const struct reading *reading)
{
    bool truth;
    if (!parse_bool(reading->text, reading->length, &truth))
        return false;
    *reading->cell = (struct cell){.form = CELL_BOOL, .i = truth};
    return true;
}

/* All digits, with a sign: strtol() alone would skip blanks. */
static bool is_integer(const char *text)
{
    text += *text == '-' || *text == '+';
    return *text && text[strspn(text, "0123456789")] == '\0';
}

static bool read_int(const struct reading *reading)
{
    if (!is_integer(reading->text))
        return false;
    errno = 0;
    *reading->cell = (struct cell){.form = CELL_INT, .i = strtoll(reading->text, NULL, 10)};
    if (errno != ERANGE)
        return true;
    errno = 0;
    *reading->cell = (struct cell){.form = CELL_UINT, .u = strtoull(reading->text, NULL, 10)};
    return errno != ERANGE && *reading->text != '-' && reading->type->is_unsigned;
}

static bool read_decimal(const struct reading *reading)
{
    struct buffer value = BUFFER_INIT(1 << 20);
    bool good = value_add_decimal(&value, reading->text, reading->length);
    buffer_free(&value);
    return good && take_text(reading, CELL_DECIMAL);
}

static bool read_float(const struct reading *reading)
{
    char *end;
    if (!reading->length || isspace((unsigned char)*reading->text))
        return false;
    bool narrow = reading->type->class == TYPE_FLOAT;
    double number = narrow ? (double)strtof(reading->text, &end) : strtod(reading->text, &end);
    *reading->cell = (struct cell){.form = narrow ? CELL_FLOAT : CELL_DOUBLE, .d = number};
    return *end == '\0';
}

/* A fixed CHAR's padding is no part of its value: engines take it off. */
static bool read_text(const struct reading *reading)
{
    take_text(reading, CELL_TEXT);
    while (reading->type->fixed && reading->cell->length &&
           reading->cell->bytes[reading->cell->length - 1] == ' ')
        reading->cell->length--;
    return true;
}

static bool take_hex(const struct reading *reading, const char *text, enum cell_form form)
{
    size_t length = strlen(text);
    unsigned char *bytes = arena_alloc(reading->arena, length / 2 + 1);
    if (length % 2)
        return false;
    for (size_t i = 0; i < length; i += 2) {
        int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i / 2] = (unsigned char)(high << 4 | low);
    }
    *reading->cell = (struct cell){.form = form, .bytes = bytes, .length = length / 2};
    return true;
}

/* 0x… and \x… are hex, everything else stands for its own bytes. BINARY(n) is padded by its engine.
 */
static bool read_bytes(const struct reading *reading)
{
    struct cell *cell = reading->cell;
    bool hex = strncasecmp(reading->text, "0x", 2) == 0 || strncmp(reading->text, "\\x", 2) == 0;
    if (hex ? !take_hex(reading, reading->text + 2, CELL_BYTES) : !take_text(reading, CELL_BYTES))
        return false;
    size_t padded = reading->type->length;
    if (reading->type->fixed && cell->length < padded) {
        unsigned char *bytes = arena_alloc(reading->arena, padded);
        memcpy(bytes, cell->bytes, cell->length);
        cell->bytes = bytes;
        cell->length = padded;
    }
    return true;
}

/* What no calendar has is a value of its own. */
static bool read_civil(const struct reading *reading, enum cell_form form)
{
    struct civil civil;
    if (!parse_civil(reading->text, reading->length, &civil))
        return read_special(reading);
    if (civil.state == CIVIL_IMPOSSIBLE) {
        struct reading named = *reading;
        named.text = civil.text;
        named.length = strlen(civil.text);
        return take_text(&named, CELL_SPECIAL);
    }
    if (civil.has_offset && form != CELL_INSTANT)
        return false;
    int64_t n = civil.microseconds;
    if (form == CELL_DATE && n % DAY)
        return false;
    *reading->cell = (struct cell){.form = form, .i = form == CELL_DATE ? n / DAY : n};
    return true;
}

static bool read_date(const struct reading *reading)
{
    return read_civil(reading, CELL_DATE);
}

static bool read_datetime(const struct reading *reading)
{
    return read_civil(reading, CELL_DATETIME);
}

/* Without an offset it is UTC, as in the sessions that Tally opens. */
static bool read_instant(const struct reading *reading)
{
    return read_civil(reading, CELL_INSTANT);
}

static bool read_time(const struct reading *reading)
{
    *reading->cell = (struct cell){.form = CELL_TIME};
    return parse_time(reading->text, reading->length, &reading->cell->i);
}

static bool read_uuid(const struct reading *reading)
{
    unsigned char *uuid = arena_alloc(reading->arena, 16);
    *reading->cell = (struct cell){.form = CELL_UUID, .bytes = uuid, .length = 16};
    return parse_uuid(reading->text, reading->length, uuid);
}

/* 101 or b'101'. A MySQL bit(n), which is a number, is filled up from the left; PostgreSQL takes n
 * bits for bit(n) and no others. */
static bool read_bits(const struct reading *reading)
{
    const char *text = reading->text;
    size_t count = reading->length;
    if (count >= 3 && strncasecmp(text, "b'", 2) == 0 && text[count - 1] == '\'') {
        text += 2;
        count -= 3;
    }
    if (strspn(text, "01") < count || count > UINT32_MAX)
        return false;
    bool is_number = reading->type->fixed && reading->type->oid == 0;
    size_t zeros = is_number && reading->type->length > count ? reading->type->length - count : 0;
    size_t bits = zeros + count;
    if (reading->type->fixed && reading->type->length && bits != reading->type->length)
        return false;
    unsigned char *bytes = arena_alloc(reading->arena, bits / 8 + 1);
    for (size_t i = 0; i < count; i++)
        if (text[i] == '1')
            bytes[(zeros + i) / 8] |= (unsigned char)(0x80 >> (zeros + i) % 8);
    *reading->cell =
        (struct cell){.form = CELL_BITS, .bytes = bytes, .u = bits, .length = (bits + 7) / 8};
    return true;
}

static bool read_interval(const struct reading *reading)
{
    struct interval interval;
    if (!parse_interval(reading->text, reading->length, &interval) ||
        interval.months != (int32_t)interval.months || interval.days != (int32_t)interval.days)
        return false;
    *reading->cell = (struct cell){.form = CELL_INTERVAL,
                                   .months = (int32_t)interval.months,
                                   .days = (int32_t)interval.days,
                                   .i = interval.microseconds};
    return true;
}

static bool read_inet(const struct reading *reading)
{
    struct address address;
    if (!parse_inet(reading->text, reading->length, &address))
        return false;
    *reading->cell = (struct cell){.form = CELL_INET,
                                   .bytes = (const unsigned char *)arena_copy_bytes(
                                       reading->arena, address.bytes, address.length),
                                   .length = address.length,
                                   .u = address.prefix};
    return true;
}

/* [SRID=N;] and WKB in hex. */
static bool read_geometry(const struct reading *reading)
{
    const char *text = reading->text;
    unsigned long srid = 0;
    if (strncasecmp(text, "SRID=", 5) == 0) {
        char *end;
        srid = strtoul(text + 5, &end, 10);
        if (*end != ';' || srid > UINT32_MAX)
            return false;
        text = end + 1;
    }
    struct buffer wkb = BUFFER_INIT(1 << 24);
    uint32_t inner = 0;
    bool good = take_hex(reading, text, CELL_GEOMETRY) &&
                parse_wkb(reading->cell->bytes, reading->cell->length, &inner, &wkb);
    if (good) {
        reading->cell->bytes =
            (const unsigned char *)arena_copy_bytes(reading->arena, wkb.data, wkb.length);
        reading->cell->length = wkb.length;
        reading->cell->u = srid ? srid : inner;
    }
    buffer_free(&wkb);
    return good;
}

static bool read_cell(const struct type *type, const char *text, size_t length, struct arena *arena,
                      struct cell *cell);

/* PostgreSQL's {a,"b c",NULL}; each element as its class is read. */
static bool read_array(const struct reading *reading)
{
    struct packed packed = {0};
    struct type element = {.class = reading->type->element, .precision = -1, .oid = 1};
    bool good = packed_postgres(reading->text, reading->length, &packed);
    struct cell_array *array = arena_alloc(reading->arena, sizeof *array);
    uint32_t *sizes = arena_alloc(reading->arena, sizeof packed.sizes);
    if (good) {
        struct cell *cells =
            arena_alloc(reading->arena, (packed.array.cell_count + 1) * sizeof *cells);
        memcpy(sizes, packed.array.sizes, packed.array.dimension_count * sizeof *sizes);
        *array = packed.array;
        array->sizes = sizes;
        array->cells = cells;
        for (size_t i = 0; i < array->cell_count && good; i++) {
            const struct cell *from = &packed.array.cells[i];
            if (from->form == CELL_NULL)
                continue; /* as the arena has made it */
            char *text = arena_copy_bytes(reading->arena, from->bytes, from->length);
            good = read_cell(&element, text, from->length, reading->arena, &cells[i]);
        }
    }
    packed_free(&packed);
    *reading->cell = (struct cell){.form = CELL_ARRAY, .array = array};
    return good;
}

static reader *const readers[] = {
    [TYPE_BOOL] = read_bool,       [TYPE_INT] = read_int,           [TYPE_DECIMAL] = read_decimal,
    [TYPE_FLOAT] = read_float,     [TYPE_DOUBLE] = read_float,      [TYPE_TEXT] = read_text,
    [TYPE_ENUM] = read_text,       [TYPE_SET] = read_text,          [TYPE_BYTES] = read_bytes,
    [TYPE_DATE] = read_date,       [TYPE_TIME] = read_time,         [TYPE_DATETIME] = read_datetime,
    [TYPE_INSTANT] = read_instant, [TYPE_JSON] = read_text,         [TYPE_UUID] = read_uuid,
    [TYPE_BITS] = read_bits,       [TYPE_ARRAY] = read_array,       [TYPE_INTERVAL] = read_interval,
    [TYPE_INET] = read_inet,       [TYPE_GEOMETRY] = read_geometry, [TYPE_OTHER] = read_text};

static bool read_cell(const struct type *type, const char *text, size_t length, struct arena *arena,
                      struct cell *cell)
{
    const struct reading reading = {type, text, length, arena, cell};
    return (size_t)type->class < sizeof readers / sizeof *readers && readers[type->class] &&
           readers[type->class](&reading);
}

/* 'it''s' -> it's */
static const char *unquoted(const char *text, struct arena *arena)
{
    size_t length = strlen(text), out = 0;
    if (length < 2 || *text != '\'' || text[length - 1] != '\'')
        return text;
    char *plain = arena_copy_bytes(arena, text + 1, length - 2);
    for (size_t i = 0; plain[i]; i++) {
        plain[out++] = plain[i];
        if (plain[i] == '\'' && plain[i + 1] == '\'')
            i++;
    }
    plain[out] = '\0';
    return plain;
}

bool cell_from_text(const struct type *type, const char *text, struct arena *arena,
                    struct cell *cell, struct err *err)
{
    *cell = (struct cell){.form = CELL_NULL};
    if (strcmp(text, "NULL") == 0)
        return true;
    const char *plain = unquoted(text, arena);
    if (read_cell(type, plain, strlen(plain), arena, cell))
        return true;
    return err_set(err, ERR_USAGE, "\"%s\" is no value of the type %s%s", plain, type->name,
                   type->class == TYPE_GEOMETRY ? ": give its WKB in hex" : "");
}
