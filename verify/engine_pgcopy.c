/* See engine_pgcopy.h. */
#include "engine_pgcopy.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "../diff/value.h"

/* PostgreSQL counts from 2000-01-01; Tally from 1970-01-01. */
#define EPOCH_DAYS 10957
#define DAY_MICROSECONDS INT64_C(86400000000)
#define EPOCH_MICROSECONDS (EPOCH_DAYS * DAY_MICROSECONDS)

/* numeric_send()'s sign word. */
#define NUMERIC_POSITIVE 0x0000
#define NUMERIC_NEGATIVE 0x4000
#define NUMERIC_NAN 0xC000
#define NUMERIC_PLUS_INFINITY 0xD000
#define NUMERIC_MINUS_INFINITY 0xF000

#define ARRAY_MOST_DIMENSIONS 6 /* MAXDIM of src/include/c.h */

/* WKB's type words, and the bit of EWKB that says that an SRID follows. */
#define WKB_POINT 1
#define WKB_POLYGON 3
#define EWKB_HAS_SRID 0x20000000u

/* ---- Memory of a row ------------------------------------------------------------------------- */

struct pgcopy_block {
    struct pgcopy_block *next;
    size_t size, used; /* of bytes[] */
    max_align_t bytes[];
};

static void memory_free(struct pgcopy_memory *memory)
{
    while (memory->blocks) {
        struct pgcopy_block *next = memory->blocks->next;
        free(memory->blocks);
        memory->blocks = next;
    }
    memory->total = 0;
}

#define BLOCK_LEAST ((size_t)64 << 10)
#define BLOCK_KEPT ((size_t)1 << 20)

/* One block is kept for the next row, unless a huge row made it. */
static void memory_reset(struct pgcopy_memory *memory)
{
    if (!memory->blocks)
        return;
    if (memory->blocks->next || memory->total > BLOCK_KEPT)
        memory_free(memory);
    else
        memory->blocks->used = 0;
}

static void *memory_get(struct pgcopy_memory *memory, size_t size)
{
    size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    struct pgcopy_block *block = memory->blocks;
    if (!block || block->size - block->used < size) {
        size_t room = memory->total < BLOCK_KEPT ? memory->total : BLOCK_KEPT;
        room = room < BLOCK_LEAST ? BLOCK_LEAST : room;
        room = room < size ? size : room;
        block = mem_alloc(sizeof *block + room);
        *block = (struct pgcopy_block){.next = memory->blocks, .size = room};
        memory->blocks = block;
        memory->total += room;
    }
    void *place = (unsigned char *)block->bytes + block->used;
    block->used += size;
    return place;
}

/* ---- Big-endian integers --------------------------------------------------------------------- */

static uint16_t read_u16(const unsigned char *bytes)
{
    uint16_t n;
    memcpy(&n, bytes, sizeof n);
    return be16toh(n);
}

static uint32_t read_u32(const unsigned char *bytes)
{
    uint32_t n;
    memcpy(&n, bytes, sizeof n);
    return be32toh(n);
}

static uint64_t read_u64(const unsigned char *bytes)
{
    uint64_t n;
    memcpy(&n, bytes, sizeof n);
    return be64toh(n);
}

static int32_t read_i32(const unsigned char *bytes)
{
    return (int32_t)read_u32(bytes);
}

static int64_t read_i64(const unsigned char *bytes)
{
    return (int64_t)read_u64(bytes);
}

static void write_u32(unsigned char *bytes, uint32_t n)
{
    n = htobe32(n);
    memcpy(bytes, &n, sizeof n);
}

/* ---- Decoders -------------------------------------------------------------------------------- */

#define UNUSED_MEMORY (void)type, (void)memory

static bool whole_field(enum cell_form form, struct pgcopy_field field, struct cell *cell)
{
    *cell = (struct cell){.form = form, .bytes = field.bytes, .length = field.length};
    return true;
}

static bool special(const char *text, struct cell *cell)
{
    *cell = (struct cell){
        .form = CELL_SPECIAL, .bytes = (const unsigned char *)text, .length = strlen(text)};
    return true;
}

PGCOPY_DECODER(pgcopy_bool)
{
    UNUSED_MEMORY;
    if (field.length != 1 || field.bytes[0] > 1)
        return false;
    *cell = (struct cell){.form = CELL_BOOL, .i = field.bytes[0]};
    return true;
}

PGCOPY_DECODER(pgcopy_int2)
{
    UNUSED_MEMORY;
    if (field.length != 2)
        return false;
    *cell = (struct cell){.form = CELL_INT, .i = (int16_t)read_u16(field.bytes)};
    return true;
}

PGCOPY_DECODER(pgcopy_int4)
{
    UNUSED_MEMORY;
    if (field.length != 4)
        return false;
    *cell = (struct cell){.form = CELL_INT, .i = read_i32(field.bytes)};
    return true;
}

PGCOPY_DECODER(pgcopy_int8)
{
    UNUSED_MEMORY;
    if (field.length != 8)
        return false;
    *cell = (struct cell){.form = CELL_INT, .i = read_i64(field.bytes)};
    return true;
}

PGCOPY_DECODER(pgcopy_oid)
{
    UNUSED_MEMORY;
    if (field.length != 4)
        return false;
    *cell = (struct cell){.form = CELL_INT, .i = read_u32(field.bytes)};
    return true;
}

PGCOPY_DECODER(pgcopy_float4)
{
    UNUSED_MEMORY;
    if (field.length != 4)
        return false;
    uint32_t bits = read_u32(field.bytes);
    float number;
    memcpy(&number, &bits, sizeof number);
    *cell = (struct cell){.form = CELL_FLOAT, .d = (double)number};
    return true;
}

PGCOPY_DECODER(pgcopy_float8)
{
    UNUSED_MEMORY;
    if (field.length != 8)
        return false;
    uint64_t bits = read_u64(field.bytes);
    *cell = (struct cell){.form = CELL_DOUBLE};
    memcpy(&cell->d, &bits, sizeof cell->d);
    return true;
}

/* u16 number of digits, i16 weight, u16 sign, u16 display scale, then the digits. */
PGCOPY_DECODER(pgcopy_numeric)
{
    UNUSED_MEMORY;
    if (field.length < 8)
        return false;
    size_t count = read_u16(field.bytes);
    unsigned sign = read_u16(field.bytes + 4);
    if (field.length != 8 + 2 * count)
        return false;
    if (sign == NUMERIC_NAN)
        return special("NaN", cell);
    if (sign == NUMERIC_PLUS_INFINITY)
        return special("Infinity", cell);
    if (sign == NUMERIC_MINUS_INFINITY)
        return special("-Infinity", cell);
    if (sign != NUMERIC_POSITIVE && sign != NUMERIC_NEGATIVE)
        return false;
    for (size_t i = 0; i < count; i++)
        if (read_u16(field.bytes + 8 + 2 * i) > 9999)
            return false;
    *cell = (struct cell){.form = CELL_NUMERIC,
                          .negative = sign == NUMERIC_NEGATIVE,
                          .weight = (int16_t)read_u16(field.bytes + 2),
                          .bytes = field.bytes + 8,
                          .length = 2 * count};
    return true;
}

PGCOPY_DECODER(pgcopy_text)
{
    UNUSED_MEMORY;
    return whole_field(CELL_TEXT, field, cell);
}

PGCOPY_DECODER(pgcopy_bpchar)
{
    UNUSED_MEMORY;
    while (field.length && field.bytes[field.length - 1] == ' ')
        field.length--;
    return whole_field(CELL_TEXT, field, cell);
}

/* A byte above 127 is no character: as bytes, it equals no text, such as the "\377" that PostgreSQL
 * 16 and later print for it. */
PGCOPY_DECODER(pgcopy_char)
{
    UNUSED_MEMORY;
    if (field.length != 1)
        return false;
    unsigned char byte = field.bytes[0];
    if (byte < 0x80)
        return whole_field(CELL_TEXT, (struct pgcopy_field){field.bytes, byte != 0}, cell);
    return whole_field(CELL_BYTES, field, cell);
}

PGCOPY_DECODER(pgcopy_bytea)
{
    UNUSED_MEMORY;
    return whole_field(CELL_BYTES, field, cell);
}

PGCOPY_DECODER(pgcopy_date)
{
    UNUSED_MEMORY;
    if (field.length != 4)
        return false;
    int32_t days = read_i32(field.bytes);
    if (days == INT32_MAX)
        return special("infinity", cell);
    if (days == INT32_MIN)
        return special("-infinity", cell);
    *cell = (struct cell){.form = CELL_DATE, .i = (int64_t)days + EPOCH_DAYS};
    return true;
}

PGCOPY_DECODER(pgcopy_time)
{
    UNUSED_MEMORY;
    if (field.length != 8)
        return false;
    int64_t microseconds = read_i64(field.bytes);
    if (microseconds < 0 || microseconds > DAY_MICROSECONDS)
        return false;
    *cell = (struct cell){.form = CELL_TIME, .i = microseconds};
    return true;
}

/* The last 26 years that PostgreSQL can hold, up to 294276, do not fit into 64 bits when counted
 * from 1970. */
static bool late_timestamp(int64_t microseconds, struct pgcopy_memory *memory, struct cell *cell)
{
    char *text = memory_get(memory, 64);
    int64_t year;
    unsigned month, day;
    int64_t rest = microseconds % DAY_MICROSECONDS;
    civil_from_days(microseconds / DAY_MICROSECONDS + EPOCH_DAYS, &year, &month, &day);
    int64_t seconds = rest / 1000000;
    snprintf(text, 64, "%" PRId64 "-%02u-%02u %02" PRId64 ":%02" PRId64 ":%02" PRId64 ".%06" PRId64,
             year, month, day, seconds / 3600, seconds / 60 % 60, seconds % 60, rest % 1000000);
    return special(text, cell);
}

static bool timestamp(enum cell_form form, struct pgcopy_field field, struct pgcopy_memory *memory,
                      struct cell *cell)
{
    if (field.length != 8)
        return false;
    int64_t microseconds = read_i64(field.bytes);
    if (microseconds == INT64_MAX)
        return special("infinity", cell);
    if (microseconds == INT64_MIN)
        return special("-infinity", cell);
    *cell = (struct cell){.form = form};
    if (__builtin_add_overflow(microseconds, EPOCH_MICROSECONDS, &cell->i))
        return late_timestamp(microseconds, memory, cell);
    return true;
}

PGCOPY_DECODER(pgcopy_timestamp)
{
    (void)type;
    return timestamp(CELL_DATETIME, field, memory, cell);
}

PGCOPY_DECODER(pgcopy_timestamptz)
{
    (void)type;
    return timestamp(CELL_INSTANT, field, memory, cell);
}

/* A version byte, then the text. */
PGCOPY_DECODER(pgcopy_jsonb)
{
    UNUSED_MEMORY;
    if (field.length < 1 || field.bytes[0] != 1)
        return false;
    return whole_field(CELL_TEXT, (struct pgcopy_field){field.bytes + 1, field.length - 1}, cell);
}

PGCOPY_DECODER(pgcopy_uuid)
{
    UNUSED_MEMORY;
    return field.length == 16 && whole_field(CELL_UUID, field, cell);
}

/* i32 number of bits, then the bits, zero padded. */
PGCOPY_DECODER(pgcopy_bits)
{
    UNUSED_MEMORY;
    if (field.length < 4)
        return false;
    int32_t bits = read_i32(field.bytes);
    if (bits < 0 || field.length - 4 != ((size_t)bits + 7) / 8)
        return false;
    if (bits % 8 && (field.bytes[field.length - 1] & (0xFF >> bits % 8)))
        return false;
    *cell = (struct cell){.form = CELL_BITS,
                          .u = (uint64_t)bits,
                          .bytes = field.bytes + 4,
                          .length = field.length - 4};
    return true;
}

/* i64 microseconds, i32 days, i32 months. Infinite ones (since 17) are all extreme. */
PGCOPY_DECODER(pgcopy_interval)
{
    UNUSED_MEMORY;
    if (field.length != 16)
        return false;
    int64_t microseconds = read_i64(field.bytes);
    int32_t days = read_i32(field.bytes + 8);
    int32_t months = read_i32(field.bytes + 12);
    if (microseconds == INT64_MAX && days == INT32_MAX && months == INT32_MAX)
        return special("infinity", cell);
    if (microseconds == INT64_MIN && days == INT32_MIN && months == INT32_MIN)
        return special("-infinity", cell);
    *cell = (struct cell){.form = CELL_INTERVAL, .i = microseconds, .days = days, .months = months};
    return true;
}

/* u8 family (2: IPv4, 3: IPv6), u8 prefix length, u8 is it a cidr, u8 bytes of address, address. */
PGCOPY_DECODER(pgcopy_inet)
{
    UNUSED_MEMORY;
    if (field.length < 4 || field.bytes[0] < 2 || field.bytes[0] > 3)
        return false;
    size_t length = field.bytes[0] == 2 ? 4 : 16;
    if (field.bytes[1] > length * 8 || field.bytes[3] != length || field.length != 4 + length)
        return false;
    *cell = (struct cell){
        .form = CELL_INET, .u = field.bytes[1], .bytes = field.bytes + 4, .length = length};
    return true;
}

/* Two doubles, as WKB's big-endian form has them. */
PGCOPY_DECODER(pgcopy_point)
{
    (void)type;
    if (field.length != 16)
        return false;
    unsigned char *wkb = memory_get(memory, 21);
    wkb[0] = 0; /* big-endian */
    write_u32(wkb + 1, WKB_POINT);
    memcpy(wkb + 5, field.bytes, 16);
    *cell = (struct cell){.form = CELL_GEOMETRY, .u = 0, .bytes = wkb, .length = 21};
    return true;
}

/* i32 number of points, then the points. PostgreSQL's ring is closed by itself; one that repeats
 * its first point is another value, with a side of no length, and so must not become the same WKB:
 * the closing point is always added. */
PGCOPY_DECODER(pgcopy_polygon)
{
    (void)type;
    if (field.length < 4)
        return false;
    size_t count = read_u32(field.bytes);
    if (!count || count > field.length / 16 || field.length != 4 + 16 * count)
        return false;
    const unsigned char *first = field.bytes + 4;
    size_t length = 13 + 16 * (count + 1);
    unsigned char *wkb = memory_get(memory, length);
    wkb[0] = 0;
    write_u32(wkb + 1, WKB_POLYGON);
    write_u32(wkb + 5, 1); /* rings */
    write_u32(wkb + 9, (uint32_t)(count + 1));
    memcpy(wkb + 13, first, 16 * count);
    memcpy(wkb + 13 + 16 * count, first, 16);
    *cell = (struct cell){.form = CELL_GEOMETRY, .u = 0, .bytes = wkb, .length = length};
    return true;
}

/* PostGIS's extended WKB: the SRID stands behind the outermost type word, and a bit of that says
 * so. The bits for Z and M stay. */
PGCOPY_DECODER(pgcopy_ewkb)
{
    (void)type;
    if (field.length < 5 || field.bytes[0] > 1)
        return false;
    bool little = field.bytes[0] == 1;
    uint32_t word = read_u32(field.bytes + 1);
    word = little ? __builtin_bswap32(word) : word;
    if (!(word & EWKB_HAS_SRID))
        return whole_field(CELL_GEOMETRY, field, cell);
    if (field.length < 9)
        return false;
    uint32_t srid = read_u32(field.bytes + 5);
    srid = little ? __builtin_bswap32(srid) : srid;
    word &= ~EWKB_HAS_SRID;
    unsigned char *wkb = memory_get(memory, field.length - 4);
    wkb[0] = field.bytes[0];
    write_u32(wkb + 1, little ? __builtin_bswap32(word) : word);
    memcpy(wkb + 5, field.bytes + 9, field.length - 9);
    *cell =
        (struct cell){.form = CELL_GEOMETRY, .u = srid, .bytes = wkb, .length = field.length - 4};
    return true;
}

/* The next length word and its bytes; false: not inside [*place, end). A length of -1 is NULL. */
static bool next_field(const unsigned char **place, const unsigned char *end, bool *null,
                       struct pgcopy_field *field)
{
    if (end - *place < 4)
        return false;
    int32_t length = read_i32(*place);
    *place += 4;
    *null = length == -1;
    if (*null)
        return true;
    if (length < 0 || length > end - *place)
        return false;
    *field = (struct pgcopy_field){*place, (size_t)length};
    *place += length;
    return true;
}

/* Sizes of the dimensions; false: more elements than the field can hold. */
static bool array_sizes(struct pgcopy_field field, size_t dimensions, uint32_t *sizes,
                        size_t *count)
{
    size_t most = (field.length - 12 - 8 * dimensions) / 4; /* a length word each */
    *count = dimensions ? 1 : 0;
    for (size_t i = 0; i < dimensions; i++) {
        sizes[i] = read_u32(field.bytes + 12 + 8 * i);
        if (__builtin_mul_overflow(*count, (size_t)sizes[i], count) || *count > most || !*count)
            return false;
    }
    return true;
}

/* i32 dimensions, i32 has NULLs, u32 element type; per dimension i32 size, i32 lower bound; then
 * the elements, each with its length. */
PGCOPY_DECODER(pgcopy_array)
{
    if (field.length < 12)
        return false;
    size_t dimensions = read_u32(field.bytes);
    if (dimensions > ARRAY_MOST_DIMENSIONS || field.length < 12 + 8 * dimensions ||
        read_u32(field.bytes + 4) > 1 || read_u32(field.bytes + 8) != type->element_oid)
        return false;
    uint32_t *sizes = memory_get(memory, (dimensions + 1) * sizeof *sizes);
    size_t count;
    if (!array_sizes(field, dimensions, sizes, &count))
        return false;
    struct cell *cells = memory_get(memory, (count + 1) * sizeof *cells);
    const unsigned char *place = field.bytes + 12 + 8 * dimensions;
    const unsigned char *end = field.bytes + field.length;
    for (size_t i = 0; i < count; i++) {
        struct pgcopy_field element;
        bool null;
        if (!next_field(&place, end, &null, &element))
            return false;
        if (null)
            cells[i] = (struct cell){.form = CELL_NULL};
        else if (!type->element->decode(type->element, element, memory, &cells[i]))
            return false;
    }
    struct cell_array *array = memory_get(memory, sizeof *array);
    *array = (struct cell_array){
        .dimension_count = dimensions, .sizes = sizes, .cell_count = count, .cells = cells};
    *cell = (struct cell){.form = CELL_ARRAY, .array = array};
    return place == end;
}

/* ---- Messages -------------------------------------------------------------------------------- */

static enum pgcopy_status malformed(struct pgcopy *copy, const char *phrase)
{
    copy->problem_column = copy->column_count;
    snprintf(copy->problem, sizeof copy->problem, "%s", phrase);
    return PGCOPY_MALFORMED;
}

/* Signature, u32 flags (bit 16: row OIDs, up to version 11; the upper half is critical), u32 length
 * of an extension. */
static bool read_header(const unsigned char **place, const unsigned char *end)
{
    static const unsigned char signature[11] = "PGCOPY\n\377\r\n";
    const size_t fixed = sizeof signature + 8;
    if ((size_t)(end - *place) < fixed || memcmp(*place, signature, sizeof signature) != 0)
        return false;
    uint32_t flags = read_u32(*place + sizeof signature);
    uint32_t extension = read_u32(*place + sizeof signature + 4);
    if (flags >> 16 || extension > (size_t)(end - *place) - fixed)
        return false;
    *place += fixed + extension;
    return true;
}

static enum pgcopy_status read_row(struct pgcopy *copy, const unsigned char *place,
                                   const unsigned char *end, struct cell *cells)
{
    memory_reset(&copy->memory);
    for (size_t i = 0; i < copy->column_count; i++) {
        struct pgcopy_field field;
        bool null;
        if (!next_field(&place, end, &null, &field))
            return malformed(copy, "a row that was cut short");
        if (null) {
            cells[i] = (struct cell){.form = CELL_NULL};
        } else if (!copy->columns[i]->decode(copy->columns[i], field, &copy->memory, &cells[i])) {
            copy->problem_column = i;
            snprintf(copy->problem, sizeof copy->problem, "%zu bytes that are not of its type",
                     field.length);
            return PGCOPY_MALFORMED;
        }
    }
    if (place != end)
        return malformed(copy, "a row with bytes behind its end");
    copy->rows++;
    return PGCOPY_ROW;
}

enum pgcopy_status pgcopy_message(struct pgcopy *copy, const unsigned char *bytes, size_t length,
                                  struct cell *cells)
{
    const unsigned char *place = bytes;
    const unsigned char *end = bytes + length;
    if (copy->ended)
        return malformed(copy, "data behind the end of the result");
    if (!copy->started) {
        if (!read_header(&place, end))
            return malformed(copy, "a header that is not of the binary COPY format");
        copy->started = true;
        if (place == end)
            return PGCOPY_NO_ROW;
    }
    if (end - place < 2)
        return malformed(copy, "a row that was cut short");
    unsigned fields = read_u16(place);
    place += 2;
    if (fields == 0xFFFF) {
        copy->ended = true;
        return place == end ? PGCOPY_NO_ROW : malformed(copy, "data behind the trailer");
    }
    if (fields != copy->column_count)
        return malformed(copy, "a row with another number of columns");
    return read_row(copy, place, end, cells);
}

void pgcopy_free(struct pgcopy *copy)
{
    memory_free(&copy->memory);
}
