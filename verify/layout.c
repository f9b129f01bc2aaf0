/* See layout.h. */
#include "layout.h"

#include "../diff/base/bytes.h"
#include "../diff/base/memory.h"

#include <stdlib.h>

#define MOST_BUCKET_COUNT (1u << 24)

/* ---- The pair
 * ------------------------------------------------------------------------------------------- */

static void encode_canon(const struct canon *canon, struct buffer *out)
{
    bytes_put_text(out, kind_name(canon->kind));
    bytes_put_text(out, kind_name(canon->element));
    const bool flags[] = {canon->narrow, canon->zero_date_null, canon->strip_zero_padding,
                          canon->swapped};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        buffer_add_byte(out, flags[i]);
    bytes_put_text(out, canon->separator);
    for (int side = 0; side < SIDES; side++) {
        bytes_put_size(out, canon->class[side]);
        bytes_put_text(out, canon->zone[side] ? zone_name(canon->zone[side]) : NULL);
    }
    bytes_put_size(out, (size_t)(uint32_t)canon->precision);
    bytes_put_size(out, canon->tolerance);
    bytes_put_double(out, canon->tolerance_amount);
    bytes_put_text(out, canon->tolerance_exact);
    bytes_put_size(out, (size_t)(uint32_t)canon->tolerance_digits);
}

void layout_encode(const struct plan_table *table, struct buffer *out)
{
    for (int side = 0; side < SIDES; side++) {
        const struct table *of = table->table[side];
        bytes_put_text(out, of->schema);
        bytes_put_text(out, of->name);
        bytes_put_text(out, table->where[side]);
        bytes_put_size(out, of->part_count);
        for (size_t i = 0; i < of->part_count; i++)
            bytes_put_text(out, of->parts[i].from);
    }
    buffer_add_byte(out, table->comparable);
    buffer_add_byte(out, table->multiset);
    bytes_put_size(out, table->key_count);
    bytes_put_size(out, table->column_count);
    for (size_t i = 0; i < table->column_count; i++) {
        const struct plan_column *column = &table->columns[i];
        for (int side = 0; side < SIDES; side++) {
            bytes_put_text(out, column->select[side]);
            bytes_put_text(out, column->type[side]->name);
        }
        encode_canon(&column->canon, out);
    }
}

/* ---- Buckets
 * --------------------------------------------------------------------------------------------- */

void layout_encode_buckets(const struct plan_table *table, struct buffer *out)
{
    bytes_put_size(out, table->hash_count);
    bytes_put_size(out, table->range_count);
    for (size_t i = 0; i + 1 < table->range_count; i++)
        buffer_add_u64(out, (uint64_t)table->bounds[i]);
}

bool layout_decode_buckets(const struct buffer *bytes, struct plan_table *table,
                           struct arena *arena)
{
    struct bytes in = bytes_of(bytes);
    size_t hashes = bytes_u32(&in), ranges = bytes_u32(&in);
    bool power = hashes && !(hashes & (hashes - 1));
    if (in.failed || !power || !ranges || ranges > MOST_BUCKET_COUNT / hashes ||
        (size_t)(in.end - in.place) != (ranges - 1) * sizeof(uint64_t))
        return false;
    int64_t *bounds = arena_alloc(arena, ranges * sizeof *bounds);
    for (size_t i = 0; i + 1 < ranges; i++) {
        bounds[i] = (int64_t)bytes_u64(&in);
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
    bytes_put_size(out, digest->bucket_count);
    if (digest->used_low < digest->used_high) /* at once: there are megabytes of them */
        (void)buffer_reserve(out, (digest->used_high - digest->used_low) * sizeof(struct bucket));
    size_t used_high = digest->used_high;
    for (size_t i = digest->used_low; i < used_high;) {
        size_t end = i;
        while (end < used_high && digest->buckets[end].count)
            end++;
        if (end == i) {
            i++;
            continue;
        }
        bytes_put_size(out, i);
        bytes_put_size(out, end - i);
        for (; i < end; i++) {
            buffer_add_u64(out, digest->buckets[i].count);
            buffer_add_u64(out, digest->buckets[i].low);
            buffer_add_u64(out, digest->buckets[i].high);
        }
    }
}

static struct digest *decode_digest(struct bytes *in, size_t bucket_count)
{
    uint64_t rows = bytes_u64(in), row_bytes = bytes_u64(in), counted = 0;
    if (bytes_u32(in) != bucket_count || in->failed)
        return NULL;
    struct digest *digest = digest_new(bucket_count);
    digest->rows = rows;
    digest->row_bytes = row_bytes;
    size_t free_from = 0; /* runs stand in order, with an empty bucket between */
    while (!in->failed && in->place < in->end) {
        size_t start = bytes_u32(in), count = bytes_u32(in);
        if (start < free_from || start > bucket_count || !count || count > bucket_count - start)
            in->failed = true;
        for (size_t i = start; i < start + count && !in->failed; i++) {
            digest_use(digest, i);
            digest->buckets[i].count = bytes_u64(in);
            digest->buckets[i].low = bytes_u64(in);
            digest->buckets[i].high = bytes_u64(in);
            counted += digest->buckets[i].count;
            if (!digest->buckets[i].count)
                in->failed = true;
        }
        free_from = start + count + 1;
    }
    if (!in->failed && counted == rows)
        return digest;
    free(digest);
    return NULL;
}

void layout_encode_reading(const struct item_side *of, size_t column_count, struct buffer *out)
{
    bytes_put_size(out, of->split_count);
    for (size_t i = 0; i < of->split_count; i++) {
        const struct split *split = &of->splits[i];
        bytes_put_size(out, split->part);
        buffer_add_u64(out, split->page_low);
        buffer_add_u64(out, split->page_high);
        buffer_add_byte(out, split->range.has_low);
        buffer_add_byte(out, split->range.has_high);
        buffer_add_u64(out, (uint64_t)split->range.low);
        buffer_add_u64(out, (uint64_t)split->range.high);
        buffer_add_byte(out, of->split_done[i]);
    }
    bytes_put_size(out, column_count);
    for (size_t i = 0; i < column_count; i++)
        buffer_add_u64(out, of->raw_counts[i]);
    encode_digest(of->digest, out);
}

static bool decode_splits(struct bytes *in, const struct plan_table *table, enum side side,
                          struct item_side *of)
{
    of->split_count = bytes_count(in, 39);
    of->splits = mem_zero(of->split_count + 1, sizeof *of->splits);
    of->split_done = mem_zero(of->split_count + 1, 1);
    for (size_t i = 0; i < of->split_count; i++) {
        struct split *split = &of->splits[i];
        split->part = bytes_u32(in);
        split->page_low = bytes_u64(in);
        split->page_high = bytes_u64(in);
        split->range.has_low = bytes_bool(in);
        split->range.has_high = bytes_bool(in);
        split->range.low = (int64_t)bytes_u64(in);
        split->range.high = (int64_t)bytes_u64(in);
        of->split_done[i] = bytes_bool(in);
        if (split->part >= table->table[side]->part_count)
            in->failed = true;
    }
    return !in->failed;
}

bool layout_decode_reading(const struct buffer *bytes, const struct plan_table *table,
                           enum side side, struct item_side *of)
{
    struct bytes in = bytes_of(bytes);
    bool ok = decode_splits(&in, table, side, of);
    ok = ok && bytes_u32(&in) == table->column_count;
    of->raw_counts = mem_zero(table->column_count, sizeof *of->raw_counts);
    for (size_t i = 0; i < table->column_count && ok; i++)
        of->raw_counts[i] = bytes_u64(&in);
    if (ok)
        of->digest = decode_digest(&in, plan_bucket_count(table));
    if (ok && of->digest && bytes_at_end(&in))
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

static enum kind get_kind(struct bytes *in, struct arena *arena)
{
    enum kind kind = KIND_NONE;
    if (!kind_from_name(bytes_name(in, arena), &kind))
        in->failed = true;
    return kind;
}

static bool decode_canon(struct bytes *in, struct arena *arena, struct canon *canon,
                         struct err *err)
{
    canon->kind = get_kind(in, arena);
    canon->element = get_kind(in, arena);
    bool *const flags[] = {&canon->narrow, &canon->zero_date_null, &canon->strip_zero_padding,
                           &canon->swapped};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        *flags[i] = bytes_bool(in);
    canon->separator = bytes_text(in, arena);
    for (int side = 0; side < SIDES; side++) {
        canon->class[side] = (enum type_class)bytes_below(in, TYPE_OTHER + 1);
        const char *zone = bytes_text(in, arena);
        if (zone && !zone_find(zone, &canon->zone[side], err))
            return false;
    }
    canon->precision = (int)(int32_t)bytes_u32(in);
    canon->tolerance = (enum tolerance_unit)bytes_below(in, TOLERANCE_SECONDS + 1);
    canon->tolerance_amount = bytes_double(in);
    canon->tolerance_exact = bytes_text(in, arena);
    canon->tolerance_digits = (int)(int32_t)bytes_u32(in);
    return true;
}

static void decode_tables(struct bytes *in, struct arena *arena, struct plan_table *table)
{
    for (int side = 0; side < SIDES; side++) {
        struct table *of = arena_alloc(arena, sizeof *of);
        of->schema = bytes_name(in, arena);
        of->name = of->label = bytes_name(in, arena);
        table->where[side] = bytes_text(in, arena);
        of->part_count = bytes_count(in, sizeof(uint32_t));
        of->parts = arena_alloc(arena, (of->part_count + 1) * sizeof *of->parts);
        for (size_t i = 0; i < of->part_count; i++)
            of->parts[i].from = bytes_name(in, arena);
        table->table[side] = of;
    }
}

static bool decode_pair(struct bytes *in, struct arena *arena, struct plan_table *table,
                        struct err *err)
{
    decode_tables(in, arena, table);
    table->comparable = bytes_bool(in);
    table->multiset = bytes_bool(in);
    table->key_count = bytes_u32(in);
    table->column_count = bytes_count(in, 60); /* the least that a column takes */
    table->columns = arena_alloc(arena, (table->column_count + 1) * sizeof *table->columns);
    for (size_t i = 0; i < table->column_count && !in->failed; i++) {
        struct plan_column *column = &table->columns[i];
        for (int side = 0; side < SIDES; side++) {
            struct type *type = arena_alloc(arena, sizeof *type);
            column->select[side] = bytes_name(in, arena);
            type->name = bytes_name(in, arena);
            column->type[side] = type;
        }
        if (!decode_canon(in, arena, &column->canon, err))
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
    struct bytes in = bytes_of(bytes);
    if (!decode_pair(&in, arena, table, err))
        return false;
    struct buffer again = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool good = bytes_at_end(&in) && table->comparable && table->key_count &&
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
    bytes_put_size(out, list->count);
    for (size_t i = 0; i < list->count; i++)
        bytes_put_text(out, list->items[i]);
}

static void decode_texts(struct bytes *in, struct text_list *list)
{
    struct arena arena = ARENA_INIT;
    size_t count = bytes_count(in, sizeof(uint32_t));
    for (size_t i = 0; i < count && !in->failed; i++)
        text_list_add(list, bytes_name(in, &arena));
    arena_free(&arena);
}

bool layout_decode_texts(const struct buffer *bytes, struct text_list *list)
{
    struct bytes in = bytes_of(bytes);
    decode_texts(&in, list);
    return bytes_at_end(&in);
}

void layout_encode_result(const struct result_table *result, const struct plan_table *table,
                          struct buffer *out)
{
    for (int side = 0; side < SIDES; side++) {
        bytes_put_text(out, result->name[side]);
        bytes_put_text(out, result->where[side]);
    }
    bytes_put_text(out, result->key_why);
    buffer_add_byte(out, result->schema_differs);
    buffer_add_byte(out, result->inconclusive);
    layout_encode_texts(&result->reasons, out);
    layout_encode_texts(&result->notes, out);
    bytes_put_size(out, result->key_count);
    bytes_put_size(out, result->column_count);
    for (size_t i = 0; i < result->column_count; i++) {
        const struct result_column *column = &result->columns[i];
        for (int side = 0; side < SIDES; side++) {
            bytes_put_text(out, column->name[side]);
            bytes_put_text(out, column->type[side]);
            bytes_put_text(out, column->expression[side]);
        }
        bytes_put_text(out, column->kind);
        bytes_put_text(out, column->why);
        bytes_put_text(out, column->leniency);
        buffer_add_byte(out, column->compared);
        buffer_add_byte(out, column->ignored);
        buffer_add_byte(out, column->key);
        buffer_add_byte(out, column->masked);
    }
    buffer_add_byte(out, table != NULL);
    if (!table)
        return;
    buffer_add_u64(out, table->estimate);
    bytes_put_size(out, table->column_count);
    for (size_t i = 0; i < table->column_count; i++)
        bytes_put_size(out, table->columns[i].result);
}

static void decode_result(struct bytes *in, struct arena *arena, struct result_table *result)
{
    for (int side = 0; side < SIDES; side++) {
        result->name[side] = bytes_name(in, arena);
        result->where[side] = bytes_text(in, arena);
    }
    result->key_why = bytes_text(in, arena);
    result->schema_differs = bytes_bool(in);
    result->inconclusive = bytes_bool(in);
    decode_texts(in, &result->reasons);
    decode_texts(in, &result->notes);
    result->key_count = bytes_u32(in);
    result->column_count = bytes_count(in, 40); /* nine texts and four flags */
    if (result->key_count > result->column_count)
        in->failed = true;
    result->columns = arena_alloc(arena, (result->column_count + 1) * sizeof *result->columns);
    for (size_t i = 0; i < result->column_count && !in->failed; i++) {
        struct result_column *column = &result->columns[i];
        for (int side = 0; side < SIDES; side++) {
            column->name[side] = bytes_text(in, arena);
            column->type[side] = bytes_text(in, arena);
            column->expression[side] = bytes_text(in, arena);
        }
        column->kind = bytes_name(in, arena);
        column->why = bytes_text(in, arena);
        column->leniency = bytes_text(in, arena);
        column->compared = bytes_bool(in);
        column->ignored = bytes_bool(in);
        column->key = bytes_bool(in);
        column->masked = bytes_bool(in);
    }
}

bool layout_decode_result(const struct buffer *bytes, struct arena *arena,
                          struct result_table *result, struct plan_table *table)
{
    struct bytes in = bytes_of(bytes);
    decode_result(&in, arena, result);
    bool planned = bytes_bool(&in);
    if (planned != (table != NULL))
        return false;
    if (table) {
        table->estimate = bytes_u64(&in);
        if (bytes_u32(&in) != table->column_count)
            return false;
        for (size_t i = 0; i < table->column_count; i++)
            table->columns[i].result = bytes_below(&in, (uint32_t)result->column_count);
        table->result = result;
    }
    return bytes_at_end(&in);
}
