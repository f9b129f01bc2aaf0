/*
 * libFuzzer driver of what a ledger keeps of a table. The first byte chooses a table, the rest is
 * its buckets, a reading of a side, the pair itself or its part of a report. Whatever the bytes: no
 * crash, no leak, and what is accepted encodes to the same bytes again. Seeds: corpus/layout. Run
 * by tests/fuzz/run.
 */
#include "../../verify/layout.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_or_abort(const struct buffer *bytes, struct buffer *again)
{
    if (bytes->length != again->length || memcmp(bytes->data, again->data, bytes->length) != 0)
        abort();
    buffer_free(again);
}

static void try_buckets(const struct buffer *bytes, struct plan_table *table)
{
    struct arena arena = ARENA_INIT;
    struct buffer again = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (layout_decode_buckets(bytes, table, &arena)) {
        layout_encode_buckets(table, &again);
        same_or_abort(bytes, &again);
    }
    arena_free(&arena);
}

static void try_reading(const struct buffer *bytes, const struct plan_table *table)
{
    struct item_side of = {0};
    struct buffer again = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (layout_decode_reading(bytes, table, SOURCE, &of)) {
        layout_encode_reading(&of, table->column_count, &again);
        same_or_abort(bytes, &again);
        layout_release_reading(&of);
    }
    if (of.splits || of.split_done || of.raw_counts || of.digest)
        abort();
}

static void try_pair(const struct buffer *bytes)
{
    struct arena arena = ARENA_INIT;
    struct plan_table table = {0};
    struct err err = {0};
    struct buffer again = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (layout_decode(bytes, &table, &arena, &err)) {
        layout_encode(&table, &again);
        same_or_abort(bytes, &again);
    } else if (err.code != ERR_USAGE || !*err.text) {
        abort();
    }
    arena_free(&arena);
}

static void try_result(const struct buffer *bytes, struct plan_table *table)
{
    struct arena arena = ARENA_INIT;
    struct result_table result = {0};
    struct buffer again = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (layout_decode_result(bytes, &arena, &result, table)) {
        layout_encode_result(&result, table, &again);
        same_or_abort(bytes, &again);
    }
    text_list_free(&result.reasons);
    text_list_free(&result.notes);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct table_part parts[4];
    if (!size)
        return 0;
    struct table side = {.part_count = 1 + (data[0] >> 2 & 3), .parts = parts};
    struct plan_column columns[2] = {{.select = {"k", "k"}}};
    struct plan_table table = {.table = {&side, &side},
                               .columns = columns,
                               .column_count = 1 + (data[0] >> 4 & 1),
                               .range_count = 1,
                               .hash_count = (size_t)1 << (data[0] >> 5 & 7)};
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add(&bytes, data + 1, size - 1);
    switch (data[0] & 3) {
    case 0:
        try_reading(&bytes, &table);
        break;
    case 1:
        try_buckets(&bytes, &table);
        break;
    case 2:
        try_pair(&bytes);
        break;
    default:
        try_result(&bytes, &table);
    }
    buffer_free(&bytes);
    return 0;
}
