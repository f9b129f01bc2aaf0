/* See differences.h. */
#include "differences.h"

#include "ids.h"

#include "../diff/base/bytes.h"
#include "../diff/base/hash.h"

#include <stdlib.h>

#define KIND "difference"
#define PART_MOST 65536 /* identities in a record: 1 MB */

struct differences_table {
    struct differences *all;
    const struct plan_table *plan; /* while a drill runs */
    enum differences_state state;
    size_t count, capacity;
    struct hash128 *items; /* sorted once settled */
};

struct differences {
    size_t table_count, total, most;
    struct differences_table *tables;
    struct buffer scratch;
};

struct differences *differences_new(size_t table_count, size_t most)
{
    struct differences *differences = mem_zero(1, sizeof *differences);
    differences->table_count = table_count;
    differences->most = most;
    differences->tables = mem_zero(table_count + 1, sizeof *differences->tables);
    for (size_t i = 0; i < table_count; i++)
        differences->tables[i].all = differences;
    buffer_init(&differences->scratch, BUFFER_NO_LIMIT);
    return differences;
}

void differences_free(struct differences *differences)
{
    if (!differences)
        return;
    for (size_t i = 0; i < differences->table_count; i++)
        free(differences->tables[i].items);
    buffer_free(&differences->scratch);
    free(differences->tables);
    free(differences);
}

/* ---- Identities
 * ------------------------------------------------------------------------------------------ */

/* An id that no pair stands for counts as another run sees it, which has not its pairs. */
static void add_value(struct buffer *out, const struct plan_column *column,
                      const struct value *value)
{
    if (column->ids)
        ids_map_undo(column->ids, value, out);
    else
        buffer_add(out, value->encoding, value->encoding_length);
}

/* Encoded values carry their length, and so do names: no two differences share their bytes. */
struct hash128 differences_identity(const struct plan_table *plan, enum finding_kind kind,
                                    const struct value *const values[SIDES], const size_t *differ,
                                    size_t differ_count, struct buffer *scratch)
{
    const struct value *row = values[SOURCE] ? values[SOURCE] : values[TARGET];
    size_t key_count = plan->multiset ? plan->column_count : plan->key_count;
    buffer_clear(scratch);
    buffer_add_byte(scratch, (unsigned char)kind);
    for (size_t i = 0; i < key_count; i++)
        add_value(scratch, &plan->columns[i], &row[i]);
    for (size_t i = 0; i < differ_count; i++) {
        const struct result_column *column =
            &plan->result->columns[plan->columns[differ[i]].result];
        bytes_put_text(scratch, column->name[SOURCE]);
        bytes_put_text(scratch, column->name[TARGET]);
        for (int side = 0; side < SIDES; side++)
            add_value(scratch, &plan->columns[differ[i]], &values[side][differ[i]]);
    }
    return hash_128(scratch->data, scratch->length);
}

static int compare(const void *one, const void *other)
{
    const struct hash128 *a = one, *b = other;
    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    return (a->low > b->low) - (a->low < b->low);
}

static void give_up(struct differences_table *table)
{
    table->all->total -= table->count;
    free(table->items);
    table->items = NULL;
    table->count = table->capacity = 0;
    table->state = DIFFERENCES_TOO_MANY;
}

static struct differences_table *largest(const struct differences *differences)
{
    struct differences_table *best = &differences->tables[0];
    for (size_t i = 1; i < differences->table_count; i++)
        if (differences->tables[i].count > best->count)
            best = &differences->tables[i];
    return best;
}

static void add(struct differences_table *table, struct hash128 identity)
{
    struct differences *all = table->all;
    if (all->total >= all->most) {
        /* What this table is about to have counts too. */
        struct differences_table *most = largest(all);
        give_up(most->count > table->count ? most : table);
        if (table->state == DIFFERENCES_TOO_MANY)
            return;
    }
    if (table->count == table->capacity) {
        table->capacity = table->capacity ? 2 * table->capacity : 64;
        table->items = mem_resize(table->items, table->capacity, sizeof *table->items);
    }
    table->items[table->count++] = identity;
    all->total++;
}

static void take(void *context, enum finding_kind kind, const struct value *const values[SIDES],
                 const size_t *differ, size_t differ_count, uint64_t times)
{
    struct differences_table *table = context;
    if (table->state == DIFFERENCES_TOO_MANY)
        return;
    struct hash128 identity =
        differences_identity(table->plan, kind, values, differ, differ_count, &table->all->scratch);
    for (uint64_t i = 0; i < times && table->state != DIFFERENCES_TOO_MANY; i++)
        add(table, identity);
}

struct drill_watcher differences_watcher(struct differences *differences, size_t table,
                                         const struct plan_table *plan)
{
    differences->tables[table].plan = plan;
    return (struct drill_watcher){.context = &differences->tables[table], .differs = take};
}

void differences_settle(struct differences *differences, size_t i)
{
    struct differences_table *table = &differences->tables[i];
    if (table->state == DIFFERENCES_TOO_MANY)
        return;
    if (table->count)
        qsort(table->items, table->count, sizeof *table->items, compare);
    table->state = DIFFERENCES_KEPT;
}

enum differences_state differences_state(const struct differences *differences, size_t table)
{
    return table < differences->table_count ? differences->tables[table].state
                                            : DIFFERENCES_UNKNOWN;
}

bool differences_has(const struct differences *differences, size_t table, struct hash128 identity)
{
    const struct differences_table *of = &differences->tables[table];
    return of->count && bsearch(&identity, of->items, of->count, sizeof *of->items, compare);
}

struct differences_change differences_compare(const struct differences *now, size_t table,
                                              const struct differences *then, size_t then_table)
{
    const struct differences_table *one = &now->tables[table], *other = &then->tables[then_table];
    struct differences_change change = {0};
    size_t i = 0, k = 0;
    while (i < one->count || k < other->count) {
        int order = i == one->count     ? 1
                    : k == other->count ? -1
                                        : compare(&one->items[i], &other->items[k]);
        change.fresh += order < 0;
        change.persisting += order == 0;
        change.gone += order > 0;
        i += order <= 0;
        k += order >= 0;
    }
    return change;
}

/* ---- In a ledger
 * ------------------------------------------------------------------------------------------ */

static bool put_table(const struct differences_table *table, int64_t id, struct ledger *ledger,
                      struct buffer *bytes, struct err *err)
{
    buffer_clear(bytes);
    buffer_add_byte(bytes, table->state == DIFFERENCES_KEPT);
    buffer_add_u64(bytes, table->count);
    bool ok = ledger_put(ledger, KIND, id, 0, bytes->data, bytes->length, err);
    for (size_t from = 0; from < table->count && ok; from += PART_MOST) {
        buffer_clear(bytes);
        for (size_t i = from; i < table->count && i < from + PART_MOST; i++) {
            buffer_add_u64(bytes, table->items[i].high);
            buffer_add_u64(bytes, table->items[i].low);
        }
        ok = ledger_put(ledger, KIND, id, (int64_t)(from / PART_MOST) + 1, bytes->data,
                        bytes->length, err);
    }
    return ok;
}

bool differences_put(const struct differences *differences, struct ledger *ledger, struct err *err)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool ok = true;
    for (size_t i = 0; i < differences->table_count && ok; i++)
        if (differences->tables[i].state != DIFFERENCES_UNKNOWN)
            ok = put_table(&differences->tables[i], (int64_t)i, ledger, &bytes, err);
    buffer_free(&bytes);
    return ok;
}

struct places {
    size_t count, capacity;
    struct {
        int64_t id, part;
    } * items;
};

static bool note_place(void *context, int64_t id, int64_t part, const unsigned char *bytes,
                       size_t length, struct err *err)
{
    struct places *places = context;
    (void)bytes, (void)length, (void)err;
    if (places->count == places->capacity) {
        places->capacity = places->capacity ? 2 * places->capacity : 64;
        places->items = mem_resize(places->items, places->capacity, sizeof *places->items);
    }
    places->items[places->count].id = id;
    places->items[places->count++].part = part;
    return true;
}

bool differences_drop(struct ledger *ledger, struct err *err)
{
    struct places places = {0};
    bool ok = ledger_each(ledger, KIND, note_place, &places, err);
    for (size_t i = 0; i < places.count && ok; i++)
        ok = ledger_remove(ledger, KIND, places.items[i].id, places.items[i].part, err);
    free(places.items);
    return ok;
}

/* Parts come in order: ascending within and over them. */
static bool read_part(struct differences_table *table, struct bytes *in)
{
    size_t count = (size_t)(in->end - in->place) / 16;
    for (size_t i = 0; i < count; i++) {
        struct hash128 identity = {.high = bytes_u64(in)};
        identity.low = bytes_u64(in);
        if (table->count == table->capacity ||
            (table->count && compare(&table->items[table->count - 1], &identity) > 0))
            return false;
        table->items[table->count++] = identity;
    }
    return bytes_at_end(in);
}

static bool read_record(void *context, int64_t id, int64_t part, const unsigned char *bytes,
                        size_t length, struct err *err)
{
    struct differences *all = context;
    struct bytes in = {bytes, bytes + length, false};
    bool good = id >= 0 && (uint64_t)id < all->table_count;
    struct differences_table *table = good ? &all->tables[id] : NULL;
    if (good && part == 0) {
        bool kept = bytes_bool(&in);
        uint64_t count = bytes_u64(&in);
        good = bytes_at_end(&in) && count <= all->most - all->total && (kept || !count);
        if (good) {
            table->state = kept ? DIFFERENCES_KEPT : DIFFERENCES_TOO_MANY;
            table->items = mem_zero(count + 1, sizeof *table->items);
            table->capacity = count;
            all->total += count;
        }
    } else if (good) {
        good = table->state == DIFFERENCES_KEPT && read_part(table, &in);
    }
    return good || err_set(err, ERR_USAGE, "the differences that it keeps cannot be understood.");
}

bool differences_get(struct ledger *ledger, size_t table_count, struct differences **place,
                     struct err *err)
{
    struct differences *all = differences_new(table_count, DIFFERENCES_MOST);
    bool ok = ledger_each(ledger, KIND, read_record, all, err);
    for (size_t i = 0; i < table_count && ok; i++)
        if (all->tables[i].count != all->tables[i].capacity)
            ok = err_set(err, ERR_USAGE, "some of the differences that it keeps are missing.");
    if (!ok) {
        err_prefix(err, "%s", ledger_path(ledger));
        differences_free(all);
        all = NULL;
    }
    *place = all;
    return ok;
}
