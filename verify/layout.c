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
