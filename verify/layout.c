/* See layout.h. */
#include "layout.h"

#include "../diff/base/memory.h"

#include <endian.h>
#include <stdlib.h>

#define NO_TEXT UINT32_MAX
#define MOST_BUCKET_COUNT (1u << 24)

/* ---- Writing
 * ------------------------------------------------------------------------------------------- */

static void put_u32(struct buffer *out, size_t n)
{
    buffer_add_u32(out, (uint32_t)n);
}

static void put_text(struct buffer *out, const char *text)
{
    if (!text) {
        put_u32(out, NO_TEXT);
        return;
    }
    put_u32(out, strlen(text));
    buffer_add_text(out, text);
}

static void put_double(struct buffer *out, double n)
{
    uint64_t bits;
    memcpy(&bits, &n, sizeof bits);
    buffer_add_u64(out, bits);
}

/* ---- Reading
 * ------------------------------------------------------------------------------------------- */

struct reader {
    const unsigned char *place, *end;
    bool failed; /* the bytes ended early; every later read gives 0 */
};

static const unsigned char *get_bytes(struct reader *reader, size_t length)
{
    if (reader->failed || (size_t)(reader->end - reader->place) < length) {
        reader->failed = true;
        return NULL;
    }
    const unsigned char *bytes = reader->place;
    reader->place += length;
    return bytes;
}

static unsigned get_u8(struct reader *reader)
{
    const unsigned char *bytes = get_bytes(reader, 1);
    return bytes ? *bytes : 0;
}

static bool get_bool(struct reader *reader)
{
    unsigned n = get_u8(reader);
    if (n > 1)
        reader->failed = true;
    return n == 1;
}

static uint32_t get_u32(struct reader *reader)
{
    uint32_t n = 0;
    const unsigned char *bytes = get_bytes(reader, sizeof n);
    if (bytes)
        memcpy(&n, bytes, sizeof n);
    return le32toh(n);
}

static uint64_t get_u64(struct reader *reader)
{
    uint64_t n = 0;
    const unsigned char *bytes = get_bytes(reader, sizeof n);
    if (bytes)
        memcpy(&n, bytes, sizeof n);
    return le64toh(n);
}

/* A count of things of at least `size` bytes each: more than the bytes can hold is damage. */
static size_t get_count(struct reader *reader, size_t size)
{
    size_t count = get_u32(reader);
    if (count > (size_t)(reader->end - reader->place) / size)
        reader->failed = true;
    return reader->failed ? 0 : count;
}

static bool at_end(const struct reader *reader)
{
    return !reader->failed && reader->place == reader->end;
}

/* ---- The pair
 * ------------------------------------------------------------------------------------------- */

static void encode_canon(const struct canon *canon, struct buffer *out)
{
    put_text(out, kind_name(canon->kind));
    put_text(out, kind_name(canon->element));
    const bool flags[] = {canon->narrow, canon->zero_date_null, canon->strip_zero_padding,
                          canon->swapped};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        buffer_add_byte(out, flags[i]);
    put_text(out, canon->separator);
    for (int side = 0; side < SIDES; side++) {
        put_u32(out, canon->class[side]);
        put_text(out, canon->zone[side] ? zone_name(canon->zone[side]) : NULL);
    }
    put_u32(out, (size_t)(uint32_t)canon->precision);
    put_u32(out, canon->tolerance);
    put_double(out, canon->tolerance_amount);
    put_text(out, canon->tolerance_exact);
    put_u32(out, (size_t)(uint32_t)canon->tolerance_digits);
}

void layout_encode(const struct plan_table *table, struct buffer *out)
{
    for (int side = 0; side < SIDES; side++) {
        const struct table *of = table->table[side];
        put_text(out, of->schema);
        put_text(out, of->name);
        put_text(out, table->where[side]);
        put_u32(out, of->part_count);
        for (size_t i = 0; i < of->part_count; i++)
            put_text(out, of->parts[i].from);
    }
    buffer_add_byte(out, table->comparable);
    buffer_add_byte(out, table->multiset);
    put_u32(out, table->key_count);
    put_u32(out, table->column_count);
    for (size_t i = 0; i < table->column_count; i++) {
        const struct plan_column *column = &table->columns[i];
        for (int side = 0; side < SIDES; side++) {
            put_text(out, column->select[side]);
            put_text(out, column->type[side]->name);
        }
        encode_canon(&column->canon, out);
    }
}

/* ---- Buckets
 * --------------------------------------------------------------------------------------------- */

void layout_encode_buckets(const struct plan_table *table, struct buffer *out)
{
    put_u32(out, table->hash_count);
    put_u32(out, table->range_count);
    for (size_t i = 0; i + 1 < table->range_count; i++)
        buffer_add_u64(out, (uint64_t)table->bounds[i]);
}

bool layout_decode_buckets(const struct buffer *bytes, struct plan_table *table,
                           struct arena *arena)
{
    struct reader reader = {bytes->data, bytes->data + bytes->length, false};
    size_t hashes = get_u32(&reader), ranges = get_u32(&reader);
    bool power = hashes && !(hashes & (hashes - 1));
    if (reader.failed || !power || !ranges || ranges > MOST_BUCKET_COUNT / hashes ||
        (size_t)(reader.end - reader.place) != (ranges - 1) * sizeof(uint64_t))
        return false;
    int64_t *bounds = arena_alloc(arena, ranges * sizeof *bounds);
    for (size_t i = 0; i + 1 < ranges; i++) {
        bounds[i] = (int64_t)get_u64(&reader);
        if (i && bounds[i] <= bounds[i - 1])
            return false;
    }
    table->hash_count = hashes;
    table->range_count = ranges;
    table->bounds = bounds;
    for (int side = 0; side < SIDES; side++)
        table->range_column[side] = ranges > 1 ? table->columns[0].select[side] : NULL;
    return true;
}

/* ---- Readings
 * -------------------------------------------------------------------------------------------- */

/* Empty buckets are left out: runs of full ones, each with its place and length. */
static void encode_digest(const struct digest *digest, struct buffer *out)
{
    buffer_add_u64(out, digest->rows);
    buffer_add_u64(out, digest->row_bytes);
    put_u32(out, digest->bucket_count);
    for (size_t i = 0; i < digest->bucket_count;) {
        size_t end = i;
        while (end < digest->bucket_count && digest->buckets[end].count)
            end++;
        if (end == i) {
            i++;
            continue;
        }
        put_u32(out, i);
        put_u32(out, end - i);
        for (; i < end; i++) {
            buffer_add_u64(out, digest->buckets[i].count);
            buffer_add_u64(out, digest->buckets[i].low);
            buffer_add_u64(out, digest->buckets[i].high);
        }
    }
}

static struct digest *decode_digest(struct reader *reader, size_t bucket_count)
{
    uint64_t rows = get_u64(reader), row_bytes = get_u64(reader), counted = 0;
    if (get_u32(reader) != bucket_count || reader->failed)
        return NULL;
    struct digest *digest = digest_new(bucket_count);
    digest->rows = rows;
    digest->row_bytes = row_bytes;
    size_t free_from = 0; /* runs stand in order, with an empty bucket between */
    while (!reader->failed && reader->place < reader->end) {
        size_t start = get_u32(reader), count = get_u32(reader);
        if (start < free_from || start > bucket_count || !count || count > bucket_count - start)
            reader->failed = true;
        for (size_t i = start; i < start + count && !reader->failed; i++) {
            digest->buckets[i].count = get_u64(reader);
            digest->buckets[i].low = get_u64(reader);
            digest->buckets[i].high = get_u64(reader);
            counted += digest->buckets[i].count;
            if (!digest->buckets[i].count)
                reader->failed = true;
        }
        free_from = start + count + 1;
    }
    if (!reader->failed && counted == rows)
        return digest;
    free(digest);
    return NULL;
}

void layout_encode_reading(const struct item_side *of, size_t column_count, struct buffer *out)
{
    put_u32(out, of->split_count);
    for (size_t i = 0; i < of->split_count; i++) {
        const struct split *split = &of->splits[i];
        put_u32(out, split->part);
        buffer_add_u64(out, split->page_low);
        buffer_add_u64(out, split->page_high);
        buffer_add_byte(out, split->range.has_low);
        buffer_add_byte(out, split->range.has_high);
        buffer_add_u64(out, (uint64_t)split->range.low);
        buffer_add_u64(out, (uint64_t)split->range.high);
        buffer_add_byte(out, of->split_done[i]);
    }
    put_u32(out, column_count);
    for (size_t i = 0; i < column_count; i++)
        buffer_add_u64(out, of->raw_counts[i]);
    encode_digest(of->digest, out);
}

static bool decode_splits(struct reader *reader, const struct plan_table *table, enum side side,
                          struct item_side *of)
{
    of->split_count = get_count(reader, 39);
    of->splits = mem_zero(of->split_count + 1, sizeof *of->splits);
    of->split_done = mem_zero(of->split_count + 1, 1);
    for (size_t i = 0; i < of->split_count; i++) {
        struct split *split = &of->splits[i];
        split->part = get_u32(reader);
        split->page_low = get_u64(reader);
        split->page_high = get_u64(reader);
        split->range.has_low = get_bool(reader);
        split->range.has_high = get_bool(reader);
        split->range.low = (int64_t)get_u64(reader);
        split->range.high = (int64_t)get_u64(reader);
        of->split_done[i] = get_bool(reader);
        if (split->part >= table->table[side]->part_count)
            reader->failed = true;
    }
    return !reader->failed;
}

bool layout_decode_reading(const struct buffer *bytes, const struct plan_table *table,
                           enum side side, struct item_side *of)
{
    struct reader reader = {bytes->data, bytes->data + bytes->length, false};
    bool ok = decode_splits(&reader, table, side, of);
    ok = ok && get_u32(&reader) == table->column_count;
    of->raw_counts = mem_zero(table->column_count, sizeof *of->raw_counts);
    for (size_t i = 0; i < table->column_count && ok; i++)
        of->raw_counts[i] = get_u64(&reader);
    if (ok)
        of->digest = decode_digest(&reader, plan_bucket_count(table));
    if (ok && of->digest && at_end(&reader))
        return true;
    layout_release_reading(of);
    return false;
}

void layout_release_reading(struct item_side *of)
{
    free(of->splits);
    free(of->split_done);
    free(of->digest);
    free(of->raw_counts);
    of->splits = NULL;
    of->split_done = NULL;
    of->digest = NULL;
    of->raw_counts = NULL;
    of->split_count = 0;
}

/* ---- The pair, back from its bytes
 * ----------------------------------------------------------------------------------------- */

/* NULL: there was none, or (reader->failed) the bytes are damaged. */
static const char *get_text(struct reader *reader, struct arena *arena)
{
    uint32_t length = get_u32(reader);
    if (length == NO_TEXT || reader->failed)
        return NULL;
    const unsigned char *bytes = get_bytes(reader, length);
    if (!bytes || memchr(bytes, '\0', length)) {
        reader->failed = true;
        return NULL;
    }
    return arena_copy_bytes(arena, bytes, length);
}

/* A text that must be there. */
static const char *get_name(struct reader *reader, struct arena *arena)
{
    const char *text = get_text(reader, arena);
    if (!text)
        reader->failed = true;
    return text ? text : "";
}

static enum kind get_kind(struct reader *reader, struct arena *arena)
{
    enum kind kind = KIND_NONE;
    if (!kind_from_name(get_name(reader, arena), &kind))
        reader->failed = true;
    return kind;
}

static double get_double(struct reader *reader)
{
    uint64_t bits = get_u64(reader);
    double n;
    memcpy(&n, &bits, sizeof n);
    return n;
}

/* A number below `end`. */
static uint32_t get_below(struct reader *reader, uint32_t end)
{
    uint32_t n = get_u32(reader);
    if (n >= end)
        reader->failed = true;
    return reader->failed ? 0 : n;
}

static bool decode_canon(struct reader *reader, struct arena *arena, struct canon *canon,
                         struct err *err)
{
    canon->kind = get_kind(reader, arena);
    canon->element = get_kind(reader, arena);
    bool *const flags[] = {&canon->narrow, &canon->zero_date_null, &canon->strip_zero_padding,
                           &canon->swapped};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        *flags[i] = get_bool(reader);
    canon->separator = get_text(reader, arena);
    for (int side = 0; side < SIDES; side++) {
        canon->class[side] = (enum type_class)get_below(reader, TYPE_OTHER + 1);
        const char *zone = get_text(reader, arena);
        if (zone && !zone_find(zone, &canon->zone[side], err))
            return false;
    }
    canon->precision = (int)(int32_t)get_u32(reader);
    canon->tolerance = (enum tolerance_unit)get_below(reader, TOLERANCE_ULP + 1);
    canon->tolerance_amount = get_double(reader);
    canon->tolerance_exact = get_text(reader, arena);
    canon->tolerance_digits = (int)(int32_t)get_u32(reader);
    return true;
}

static void decode_tables(struct reader *reader, struct arena *arena, struct plan_table *table)
{
    for (int side = 0; side < SIDES; side++) {
        struct table *of = arena_alloc(arena, sizeof *of);
        of->schema = get_name(reader, arena);
        of->name = of->label = get_name(reader, arena);
        table->where[side] = get_text(reader, arena);
        of->part_count = get_count(reader, sizeof(uint32_t));
        of->parts = arena_alloc(arena, (of->part_count + 1) * sizeof *of->parts);
        for (size_t i = 0; i < of->part_count; i++)
            of->parts[i].from = get_name(reader, arena);
        table->table[side] = of;
    }
}

static bool decode_pair(struct reader *reader, struct arena *arena, struct plan_table *table,
                        struct err *err)
{
    decode_tables(reader, arena, table);
    table->comparable = get_bool(reader);
    table->multiset = get_bool(reader);
    table->key_count = get_u32(reader);
    table->column_count = get_count(reader, 60); /* the least that a column takes */
    table->columns = arena_alloc(arena, (table->column_count + 1) * sizeof *table->columns);
    for (size_t i = 0; i < table->column_count && !reader->failed; i++) {
        struct plan_column *column = &table->columns[i];
        for (int side = 0; side < SIDES; side++) {
            struct type *type = arena_alloc(arena, sizeof *type);
            column->select[side] = get_name(reader, arena);
            type->name = get_name(reader, arena);
            column->type[side] = type;
        }
        if (!decode_canon(reader, arena, &column->canon, err))
            return false;
        for (int side = 0; side < SIDES; side++)
            ((struct type *)column->type[side])->class = column->canon.class[side];
        column->key = i < table->key_count && !table->multiset;
        table->lenient |= canon_is_lenient(&column->canon);
    }
    return true;
}

bool layout_decode(const struct buffer *bytes, struct plan_table *table, struct arena *arena,
                   struct err *err)
{
    struct reader reader = {bytes->data, bytes->data + bytes->length, false};
    if (!decode_pair(&reader, arena, table, err))
        return false;
    struct buffer again = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool good = at_end(&reader) && table->comparable && table->key_count &&
                table->key_count <= table->column_count;
    if (good) {
        layout_encode(table, &again);
        good = again.length == bytes->length && memcmp(again.data, bytes->data, again.length) == 0;
    }
    buffer_free(&again);
    return good || err_set(err, ERR_USAGE, "how its columns are compared cannot be understood");
}

/* ---- What a report says of a table before any row is read
 * ------------------------------------------------------------------- */

void layout_encode_texts(const struct text_list *list, struct buffer *out)
{
    put_u32(out, list->count);
    for (size_t i = 0; i < list->count; i++)
        put_text(out, list->items[i]);
}

static void decode_texts(struct reader *reader, struct text_list *list)
{
    struct arena arena = ARENA_INIT;
    size_t count = get_count(reader, sizeof(uint32_t));
    for (size_t i = 0; i < count && !reader->failed; i++)
        text_list_add(list, get_name(reader, &arena));
    arena_free(&arena);
}

bool layout_decode_texts(const struct buffer *bytes, struct text_list *list)
{
    struct reader reader = {bytes->data, bytes->data + bytes->length, false};
    decode_texts(&reader, list);
    return at_end(&reader);
}

void layout_encode_result(const struct result_table *result, const struct plan_table *table,
                          struct buffer *out)
{
    for (int side = 0; side < SIDES; side++) {
        put_text(out, result->name[side]);
        put_text(out, result->where[side]);
    }
    put_text(out, result->key_why);
    buffer_add_byte(out, result->schema_differs);
    buffer_add_byte(out, result->inconclusive);
    layout_encode_texts(&result->reasons, out);
    layout_encode_texts(&result->notes, out);
    put_u32(out, result->key_count);
    put_u32(out, result->column_count);
    for (size_t i = 0; i < result->column_count; i++) {
        const struct result_column *column = &result->columns[i];
        for (int side = 0; side < SIDES; side++) {
            put_text(out, column->name[side]);
            put_text(out, column->type[side]);
            put_text(out, column->expression[side]);
        }
        put_text(out, column->kind);
        put_text(out, column->why);
        put_text(out, column->leniency);
        buffer_add_byte(out, column->compared);
        buffer_add_byte(out, column->ignored);
        buffer_add_byte(out, column->key);
    }
    buffer_add_byte(out, table != NULL);
    if (!table)
        return;
    buffer_add_u64(out, table->estimate);
    put_u32(out, table->column_count);
    for (size_t i = 0; i < table->column_count; i++)
        put_u32(out, table->columns[i].result);
}

static void decode_result(struct reader *reader, struct arena *arena, struct result_table *result)
{
    for (int side = 0; side < SIDES; side++) {
        result->name[side] = get_name(reader, arena);
        result->where[side] = get_text(reader, arena);
    }
    result->key_why = get_text(reader, arena);
    result->schema_differs = get_bool(reader);
    result->inconclusive = get_bool(reader);
    decode_texts(reader, &result->reasons);
    decode_texts(reader, &result->notes);
    result->key_count = get_u32(reader);
    result->column_count = get_count(reader, 39); /* nine texts and three flags */
    if (result->key_count > result->column_count)
        reader->failed = true;
    result->columns = arena_alloc(arena, (result->column_count + 1) * sizeof *result->columns);
    for (size_t i = 0; i < result->column_count && !reader->failed; i++) {
        struct result_column *column = &result->columns[i];
        for (int side = 0; side < SIDES; side++) {
            column->name[side] = get_text(reader, arena);
            column->type[side] = get_text(reader, arena);
            column->expression[side] = get_text(reader, arena);
        }
        column->kind = get_name(reader, arena);
        column->why = get_text(reader, arena);
        column->leniency = get_text(reader, arena);
        column->compared = get_bool(reader);
        column->ignored = get_bool(reader);
        column->key = get_bool(reader);
    }
}

bool layout_decode_result(const struct buffer *bytes, struct arena *arena,
                          struct result_table *result, struct plan_table *table)
{
    struct reader reader = {bytes->data, bytes->data + bytes->length, false};
    decode_result(&reader, arena, result);
    bool planned = get_bool(&reader);
    if (planned != (table != NULL))
        return false;
    if (table) {
        table->estimate = get_u64(&reader);
        if (get_u32(&reader) != table->column_count)
            return false;
        for (size_t i = 0; i < table->column_count; i++)
            table->columns[i].result = get_below(&reader, (uint32_t)result->column_count);
        table->result = result;
    }
    return at_end(&reader);
}
