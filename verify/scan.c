/* See scan.h. */
#include "scan.h"

#include "ids.h"

#include "../diff/base/memory.h"

#include <endian.h>
#include <stdlib.h>

/* A row buffer that a huge row has blown up is given back, so that memory follows the rows. */
#define ROW_BUFFER_KEPT (1u << 20)
/* At the stop flag, at the pace, and updates of the counters. */
#define ROWS_BETWEEN_LOOKS 512
#define BYTES_BETWEEN_LOOKS (1u << 18)

/* The range that a first key value falls in: the number of bounds at or below it. An integer above
 * INT64_MAX comes as VALUE_DECIMAL and belongs to the last range, as it does in the SQL condition.
 */
static size_t find_range(const struct plan_table *table, const unsigned char *key)
{
    if (key[0] != VALUE_INT)
        return table->range_count - 1;
    uint64_t payload;
    memcpy(&payload, key + 1, sizeof payload);
    int64_t n = (int64_t)le64toh(payload);
    size_t low = 0, high = table->range_count - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (table->bounds[middle] <= n)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void describe_row(const struct plan_table *table, const struct buffer *bytes,
                         size_t key_length, struct scan_row *row)
{
    row->bytes = bytes->data;
    row->length = bytes->length;
    row->key_length = key_length;
    row->hash = hash_128(bytes->data, bytes->length);
    row->key_hash = key_length == bytes->length ? row->hash.low : hash_64(bytes->data, key_length);
    row->bucket = row->key_hash & (table->hash_count - 1);
    if (table->range_count > 1)
        row->bucket += find_range(table, bytes->data) * table->hash_count;
}

static void canonical_row(const struct scan_piece *piece, const struct cell *cells,
                          struct buffer *bytes, size_t *key_length)
{
    const struct plan_table *table = piece->table;
    const bool maps_ids = table->maps_ids && piece->side == TARGET;
    *key_length = 0;
    buffer_clear(bytes);
    for (size_t i = 0; i < table->column_count; i++) {
        size_t start = bytes->length;
        canon_cell(&table->columns[i].canon, piece->side, &cells[i], bytes);
        if (bytes->data[start] == VALUE_RAW)
            piece->raw_counts[i]++;
        if (maps_ids && table->columns[i].ids)
            ids_map_value(table->columns[i].ids, bytes, start);
        if (i + 1 == table->key_count)
            *key_length = bytes->length;
    }
}

static bool read_rows(const struct scan_piece *piece, struct cell *cells, struct buffer *bytes,
                      bool (*consume)(void *, const struct scan_row *, struct err *), void *context,
                      struct err *err)
{
    uint64_t rows = 0, wire_bytes = 0;
    bool begun = false;
    struct scan_row row;
    for (;;) {
        if (rows == ROWS_BETWEEN_LOOKS || wire_bytes >= BYTES_BETWEEN_LOOKS) {
            atomic_fetch_add(&piece->counters->rows, rows);
            atomic_fetch_add(&piece->counters->bytes, wire_bytes);
            pace_pay(piece->pace, piece->side, rows, wire_bytes, piece->stop);
            rows = wire_bytes = 0;
            if (atomic_load(piece->stop))
                return err_set(err, ERR_INTERRUPTED, "interrupted");
        }
        enum row_status status =
            piece->engine->scan_next(piece->connection, cells, &wire_bytes, err);
        if (status == ROW_FAILED)
            return false;
        if (!begun)
            atomic_store(&piece->counters->begun, true);
        begun = true;
        if (status == ROW_END)
            break;
        size_t key_length;
        canonical_row(piece, cells, bytes, &key_length);
        if (buffer_overflowed(bytes))
            return err_set(err, ERR_TABLE, "%s: a row is too large to be compared",
                           piece->table->table[piece->side]->label);
        describe_row(piece->table, bytes, key_length, &row);
        if (!consume(context, &row, err))
            return false;
        rows++;
        if (bytes->capacity > ROW_BUFFER_KEPT && bytes->length < ROW_BUFFER_KEPT)
            buffer_free(bytes);
    }
    atomic_fetch_add(&piece->counters->rows, rows);
    atomic_fetch_add(&piece->counters->bytes, wire_bytes);
    pace_pay(piece->pace, piece->side, rows, wire_bytes, piece->stop);
    return true;
}

bool scan_read(const struct scan_piece *piece,
               bool (*row)(void *context, const struct scan_row *row, struct err *err),
               void *context, struct err *err)
{
    const struct plan_table *table = piece->table;
    size_t count = table->column_count;
    const char **selects = mem_zero(count, sizeof *selects);
    const struct type **types = mem_zero(count, sizeof *types);
    for (size_t i = 0; i < count; i++) {
        selects[i] = table->columns[i].select[piece->side];
        types[i] = table->columns[i].type[piece->side];
    }
    struct scan scan = {.table = table->table[piece->side],
                        .column_count = count,
                        .selects = selects,
                        .types = types,
                        .where = table->where[piece->side],
                        .split = piece->split,
                        .range_column = table->range_column[piece->side],
                        .ranges = piece->ranges,
                        .range_count = piece->range_count};
    struct cell *cells = mem_zero(count, sizeof *cells);
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    pace_pay(piece->pace, piece->side, 0, 0, piece->stop); /* nothing new starts during a pause */
    bool ok = piece->engine->scan_start(piece->connection, &scan, err);
    if (ok) {
        ok = read_rows(piece, cells, &bytes, row, context, err);
        piece->engine->scan_end(piece->connection);
    }
    buffer_free(&bytes);
    free(cells);
    free(types);
    free(selects);
    return ok;
}
