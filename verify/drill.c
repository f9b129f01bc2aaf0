/* See drill.h. */
#include "drill.h"

#include "ids.h"

#include "../diff/base/utf8.h"
#include "mask.h"
#include "../diff/base/memory.h"

#include <math.h>
#include <stdlib.h>

#define PASS_RANGES 16          /* key ranges in one pass: the length of its SQL condition */
#define RECORD_OVERHEAD 48      /* of a row kept for the join: struct record and its entry */
#define JOIN_MEMORY (12u << 20) /* bytes of one partition, both sides, joined at once */
#define MOST_PAIRS 4000000      /* of rows with one key that are compared under leniencies */
#define TOO_MANY                                                                                   \
    "too many different rows share one key to compare them row by row; choose a key with more "    \
    "distinct values in the mapping"
#define SHOWN_BYTES 200 /* of a value in a finding */
#define SHOWN_BEFORE 60 /* of them, before the first difference of long values */

/* ---- The passes
 * ---------------------------------------------------------------------------------- */

static void mark_suspects(struct drill *drill, const struct digest *source,
                          const struct digest *target)
{
    size_t count = plan_bucket_count(drill->table);
    drill->suspect = mem_zero((count + 7) / 8, 1);
    for (size_t i = 0; i < count; i++) {
        if (digest_bucket_equal(source, target, i))
            continue;
        drill->suspect[i / 8] |= (unsigned char)(1u << (i % 8));
        drill->suspect_count++;
        bucket_add(&drill->first[SOURCE], &source->buckets[i]);
        bucket_add(&drill->first[TARGET], &target->buckets[i]);
    }
}

static bool is_suspect(const struct drill *drill, size_t bucket)
{
    return drill->suspect[bucket / 8] >> (bucket % 8) & 1;
}

static struct drill_pass *add_pass(struct drill *drill, size_t bucket)
{
    drill->passes = mem_resize(drill->passes, drill->pass_count + 1, sizeof *drill->passes);
    struct drill_pass *pass = &drill->passes[drill->pass_count++];
    *pass = (struct drill_pass){.bucket_low = bucket, .bucket_high = bucket};
    return pass;
}

/* Rows of `from` <= range < `to` of the first key column. */
static struct key_range key_range(const struct plan_table *table, size_t from, size_t to)
{
    struct key_range range = {.has_low = from > 0, .has_high = to < table->range_count};
    if (range.has_low)
        range.low = table->bounds[from - 1];
    if (range.has_high)
        range.high = table->bounds[to - 1];
    return range;
}

static bool range_is_suspect(const struct drill *drill, size_t range)
{
    size_t count = drill->table->hash_count;
    for (size_t i = 0; i < count; i++)
        if (is_suspect(drill, range * count + i))
            return true;
    return false;
}

/* Cuts the suspect buckets into passes that hold at most `limit` bytes of either side. `weight`
 * tells the bytes of a bucket. Key ranges are never cut: a pass reads whole ranges. */
static void plan_passes(struct drill *drill, const struct digest *const sides[SIDES],
                        uint64_t limit)
{
    const struct plan_table *table = drill->table;
    bool ranged = table->range_count > 1;
    size_t step = ranged ? table->hash_count : 1;
    size_t units = ranged ? table->range_count : table->hash_count;
    uint64_t row_bytes[SIDES];
    for (int side = 0; side < SIDES; side++)
        row_bytes[side] =
            RECORD_OVERHEAD + (sides[side]->rows ? sides[side]->row_bytes / sides[side]->rows : 0);
    struct drill_pass *pass = NULL;
    uint64_t used = 0;
    bool joined = false; /* is the previous unit the end of the pass's last range? */
    for (size_t unit = 0; unit < units; unit++) {
        if (ranged && !range_is_suspect(drill, unit)) {
            joined = false;
            continue;
        }
        uint64_t bytes[SIDES] = {0, 0};
        for (size_t i = unit * step; i < (unit + 1) * step; i++)
            for (int side = 0; side < SIDES && is_suspect(drill, i); side++)
                bytes[side] += sides[side]->buckets[i].count * row_bytes[side];
        uint64_t most = bytes[SOURCE] > bytes[TARGET] ? bytes[SOURCE] : bytes[TARGET];
        if (!ranged && !most)
            continue;
        bool full = pass && (used + most > limit || (!joined && pass->range_count == PASS_RANGES));
        if (!pass || full) {
            pass = add_pass(drill, unit * step);
            used = 0;
            joined = false;
        }
        used += most;
        pass->bucket_high = (unit + 1) * step;
        if (!ranged)
            continue;
        if (!joined) {
            pass->ranges = mem_resize(pass->ranges, pass->range_count + 1, sizeof *pass->ranges);
            pass->ranges[pass->range_count++] = key_range(table, unit, unit + 1);
        } else {
            struct key_range *last = &pass->ranges[pass->range_count - 1];
            struct key_range next = key_range(table, unit, unit + 1);
            last->has_high = next.has_high;
            last->high = next.high;
        }
        joined = true;
    }
}

/* ---- Findings: the first N of each kind, by key
 * ----------------------------------------------------- */

struct kept {
    struct finding finding;
    unsigned char *key; /* encoded values, for the order */
    size_t key_length;
    uint64_t order; /* of findings with one key, as they were told */
};

struct finding_heap {
    size_t count, capacity; /* the last in order is on top */
    struct kept *items;
};

static int compare_keys(const unsigned char *one, size_t one_length, const unsigned char *other,
                        size_t other_length)
{
    const unsigned char *one_end = one + one_length, *other_end = other + other_length;
    struct value a, b;
    while (one < one_end && other < other_end) {
        if (!value_read(&one, one_end, &a) || !value_read(&other, other_end, &b))
            return 0;
        int order = value_compare(&a, &b);
        if (order)
            return order;
    }
    return (one < one_end) - (other < other_end);
}

static int compare_kept(const void *one, const void *other)
{
    const struct kept *a = one, *b = other;
    int order = compare_keys(a->key, a->key_length, b->key, b->key_length);
    return order ? order : (a->order > b->order) - (a->order < b->order);
}

static void finding_free(struct finding *finding)
{
    for (size_t i = 0; i < finding->value_count; i++)
        free(finding->values[i].text);
    free(finding->values);
    for (size_t i = 0; i < finding->column_count; i++)
        for (int side = 0; side < SIDES; side++)
            free(finding->columns[i].value[side].text);
    free(finding->columns);
}

static void kept_free(struct kept *kept)
{
    finding_free(&kept->finding);
    free(kept->key);
}

static void sift_down(struct finding_heap *heap, size_t place)
{
    for (;;) {
        size_t last = place, child = 2 * place + 1;
        for (size_t i = child; i < child + 2 && i < heap->count; i++)
            if (compare_kept(&heap->items[i], &heap->items[last]) > 0)
                last = i;
        if (last == place)
            return;
        struct kept swap = heap->items[place];
        heap->items[place] = heap->items[last];
        heap->items[last] = swap;
        place = last;
    }
}

static void sift_up(struct finding_heap *heap, size_t place)
{
    while (place) {
        size_t parent = (place - 1) / 2;
        if (compare_kept(&heap->items[place], &heap->items[parent]) <= 0)
            return;
        struct kept swap = heap->items[place];
        heap->items[place] = heap->items[parent];
        heap->items[parent] = swap;
        place = parent;
    }
}

/* Would a finding with this key be among the first N of its kind? Asked before it is put into
 * words. */
static bool heap_wants(const struct finding_heap *heap, int wanted, const unsigned char *key,
                       size_t key_length)
{
    if (wanted <= 0)
        return false;
    if (heap->count < (size_t)wanted)
        return true;
    return compare_keys(key, key_length, heap->items[0].key, heap->items[0].key_length) < 0;
}

static void heap_add(struct finding_heap *heap, int wanted, struct kept kept)
{
    if (heap->count == (size_t)wanted) {
        kept_free(&heap->items[0]);
        heap->items[0] = kept;
        sift_down(heap, 0);
        return;
    }
    if (heap->count == heap->capacity) {
        heap->capacity = heap->capacity ? 2 * heap->capacity : 16;
        heap->items = mem_resize(heap->items, heap->capacity, sizeof *heap->items);
    }
    heap->items[heap->count++] = kept;
    sift_up(heap, heap->count - 1);
}

static struct shown_value show(const struct plan_column *column, const struct value *value)
{
    if (column->masked) {
        char hidden[MASK_SIZE];
        mask_value(value, hidden);
        return (struct shown_value){mem_copy_string(hidden)};
    }
    if (value->tag == VALUE_NULL)
        return (struct shown_value){NULL};
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool narrow = value->tag == VALUE_DOUBLE && column->canon.narrow;
    double number = narrow ? value_to_double(value) : NAN;
    if (isfinite(number) && (double)(float)number == number)
        value_print_float(&text, (float)number);
    else
        value_print(&text, value, SHOWN_BYTES);
    if (column->ids)
        ids_map_show(column->ids, value, &text);
    struct shown_value shown = {mem_copy_bytes(text.data, text.length)};
    buffer_free(&text);
    return shown;
}

/* How many characters (of VALUE_BYTES: bytes) two long values have in common at their beginning,
 * less some that show where one is: 0 when the difference is within what is shown anyway. */
static size_t common_beginning(const struct value *one, const struct value *other)
{
    bool of_text = one->tag == VALUE_TEXT || one->tag == VALUE_JSON;
    if (one->tag != other->tag || (!of_text && one->tag != VALUE_BYTES))
        return 0;
    size_t shorter =
        one->payload_length < other->payload_length ? one->payload_length : other->payload_length;
    size_t same = 0, units = 0;
    while (same < shorter && one->payload[same] == other->payload[same])
        same++;
    if (same < (of_text ? SHOWN_BYTES : SHOWN_BYTES / 2) - SHOWN_BEFORE)
        return 0;
    const unsigned char *end = one->payload + same - SHOWN_BEFORE;
    for (const unsigned char *at = one->payload; at < end; units++) {
        size_t size = of_text ? utf8_size(at, end) : 1;
        at += size ? size : 1;
    }
    return units;
}

/* A column in which two rows differ: long values from shortly before their first difference on. */
static void show_pair(const struct plan_column *column, const struct value *source,
                      const struct value *target, struct shown_value shown[SIDES])
{
    size_t skip = column->masked ? 0 : common_beginning(source, target);
    const struct value *const values[SIDES] = {source, target};
    for (int side = 0; side < SIDES; side++) {
        if (!skip) {
            shown[side] = show(column, values[side]);
            continue;
        }
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
        value_print_from(&text, values[side], skip, SHOWN_BYTES);
        shown[side].text = mem_copy_bytes(text.data, text.length);
        buffer_free(&text);
    }
}

/* ---- The join
 * ------------------------------------------------------------------------------------- */

/* One distinct row, with the number of times that each side has it. */
struct entry {
    struct entry *next_row;   /* in the slot of its row's hash */
    struct entry *next_key;   /* the first row of another key, in the slot of its key's hash */
    struct entry *same_key;   /* another row of the same key */
    struct entry *next_first; /* the first row of the key that came next */
    struct record record;
    uint64_t times[SIDES]; /* as read */
    uint64_t rest[SIDES];  /* not yet matched with the other side */
    const unsigned char *bytes;
};

struct join {
    struct drill *drill;
    struct arena arena;
    size_t slot_count;                  /* a power of two */
    struct entry **rows, **keys;        /* slots */
    struct entry *firsts, **last_first; /* the first row of each key, as they came */
    size_t entry_count;
    size_t bytes;
    bool borrow;          /* records stay where they are: no copy */
    int side;             /* being loaded */
    uint64_t part, parts; /* sub-pass: only keys with (hash >> 40) % parts == part */
};

static bool same_key(const struct entry *one, const struct entry *other)
{
    return one->record.key_hash == other->record.key_hash &&
           one->record.key_length == other->record.key_length &&
           memcmp(one->bytes, other->bytes, one->record.key_length) == 0;
}

/* The low bits of the key's hash have chosen the bucket, and are alike. */
static struct entry **row_slot(const struct join *join, const struct record *record)
{
    return &join->rows[(record->hash.high >> 8) & (join->slot_count - 1)];
}

static struct entry **key_slot(const struct join *join, const struct record *record)
{
    return &join->keys[(record->key_hash >> 8) & (join->slot_count - 1)];
}

static void put_in_slots(struct join *join, struct entry *entry, bool first)
{
    struct entry **slot = row_slot(join, &entry->record);
    entry->next_row = *slot;
    *slot = entry;
    if (!first)
        return;
    slot = key_slot(join, &entry->record);
    entry->next_key = *slot;
    *slot = entry;
}

static void grow_slots(struct join *join)
{
    free(join->rows);
    free(join->keys);
    join->slot_count = join->slot_count ? 4 * join->slot_count : 1024;
    join->rows = mem_zero(join->slot_count, sizeof *join->rows);
    join->keys = mem_zero(join->slot_count, sizeof *join->keys);
    for (struct entry *first = join->firsts; first; first = first->next_first)
        for (struct entry *entry = first; entry; entry = entry->same_key)
            put_in_slots(join, entry, entry == first);
}

static struct entry *new_entry(struct join *join, const struct record *record,
                               const unsigned char *bytes)
{
    size_t length = record_length(record);
    struct entry *entry = arena_alloc(&join->arena, sizeof *entry);
    entry->record = *record;
    entry->bytes = bytes;
    if (!join->borrow) {
        unsigned char *copy = arena_alloc(&join->arena, length);
        memcpy(copy, bytes, length);
        entry->bytes = copy;
    }
    entry->times[join->side] = 1;
    join->entry_count++;
    join->bytes += length + sizeof *entry;
    return entry;
}

/* Loads one record: a row that is already there is only counted, so a million equal rows take one
 * place, and rows that both sides share take one too. */
static bool load_record(void *context, const struct record *record, const unsigned char *bytes,
                        struct err *err)
{
    struct join *join = context;
    if (join->parts > 1 && (record->key_hash >> 40) % join->parts != join->part)
        return true;
    if (join->entry_count >= join->slot_count)
        grow_slots(join);
    for (struct entry *entry = *row_slot(join, record); entry; entry = entry->next_row)
        if (entry->record.hash.low == record->hash.low &&
            entry->record.hash.high == record->hash.high) {
            entry->times[join->side]++;
            return true;
        }
    if (join->bytes > 3u * JOIN_MEMORY && join->entry_count > 1000)
        return err_set(err, ERR_TABLE, TOO_MANY);
    struct entry *entry = new_entry(join, record, bytes);
    struct entry *first = *key_slot(join, record);
    while (first && !same_key(first, entry))
        first = first->next_key;
    put_in_slots(join, entry, !first);
    if (first) {
        entry->same_key = first->same_key;
        first->same_key = entry;
    } else {
        *join->last_first = entry;
        join->last_first = &entry->next_first;
    }
    return true;
}

static void read_values(const struct entry *entry, struct value *values, size_t count)
{
    if (!value_read_row(entry->bytes, record_length(&entry->record), values, count))
        abort(); /* the row was encoded by this process a moment ago */
}

/* The whole row, for a multiset; the key columns else; in the result's order, where these come
 * first. */
static struct finding new_finding(const struct drill *drill, enum finding_kind kind,
                                  const struct value *values)
{
    const struct plan_table *table = drill->table;
    struct finding finding = {
        .kind = kind, .value_count = table->multiset ? table->column_count : table->key_count};
    finding.values = mem_zero(finding.value_count, sizeof *finding.values);
    for (size_t i = 0; i < finding.value_count; i++)
        finding.values[table->columns[i].result] = show(&table->columns[i], &values[i]);
    return finding;
}

static void keep(struct drill *drill, struct finding finding, const struct entry *entry,
                 size_t key_length)
{
    struct kept kept = {.finding = finding,
                        .key = mem_alloc(key_length ? key_length : 1),
                        .key_length = key_length,
                        .order = drill->kept_count++};
    memcpy(kept.key, entry->bytes, key_length);
    heap_add(&drill->heaps[finding.kind], drill->findings_wanted, kept);
}

static void tell_difference(const struct drill *drill, enum finding_kind kind,
                            const struct value *const values[SIDES], size_t differ_count,
                            uint64_t times)
{
    for (size_t i = 0; i < drill->watcher_count; i++)
        drill->watchers[i].differs(drill->watchers[i].context, kind, values, drill->differ,
                                   differ_count, times);
}

/* A row of which both sides have copies. */
static void tell_same(const struct drill *drill, const struct entry *entry, uint64_t times)
{
    bool read = false;
    for (size_t i = 0; i < drill->watcher_count; i++) {
        if (!drill->watchers[i].same)
            continue;
        if (!read)
            read_values(entry, drill->scratch, drill->table->column_count);
        read = true;
        drill->watchers[i].same(drill->watchers[i].context, drill->scratch, times);
    }
}

static bool was_there(const struct drill *drill, enum finding_kind kind,
                      const struct value *const values[SIDES], size_t differ_count)
{
    const struct drill_known *known = &drill->known;
    return known->is_known &&
           known->is_known(known->context, kind, values, drill->differ, differ_count);
}

/* Rows of a side that the other does not have: missing (source) or extra (target). */
static void add_single(struct drill *drill, const struct entry *entry, enum side side)
{
    enum finding_kind kind = side == SOURCE ? FINDING_MISSING : FINDING_EXTRA;
    drill->counts[kind] += entry->rest[side];
    size_t length =
        drill->table->multiset ? record_length(&entry->record) : entry->record.key_length;
    /* A keyed table with a repeated key has a finding for each row; one entry stands for all its
     * copies. */
    bool wanted = heap_wants(&drill->heaps[kind], drill->findings_wanted, entry->bytes, length);
    if (!wanted && !drill->watcher_count)
        return;
    read_values(entry, drill->scratch, drill->table->column_count);
    const struct value *const values[SIDES] = {side == SOURCE ? drill->scratch : NULL,
                                               side == TARGET ? drill->scratch : NULL};
    tell_difference(drill, kind, values, 0, entry->rest[side]);
    if (!wanted)
        return;
    bool persists = was_there(drill, kind, values, 0);
    if (persists && drill->known.leave_out)
        return;
    struct finding finding = new_finding(drill, kind, drill->scratch);
    finding.persists = persists;
    finding.times[SOURCE] = entry->times[SOURCE];
    finding.times[TARGET] = entry->times[TARGET];
    keep(drill, finding, entry, length);
}

/* Fills differ[] with the columns whose values are unequal, leniencies included; returns how many.
 */
static size_t differing_columns(const struct plan_table *table, const struct value *source,
                                const struct value *target, size_t *differ)
{
    size_t count = 0;
    for (size_t i = 0; i < table->column_count; i++)
        if (!canon_equal(&table->columns[i].canon, &source[i], &target[i]))
            differ[count++] = i;
    return count;
}

static void keep_changed(struct drill *drill, const struct entry *entry, const struct value *source,
                         const struct value *target, const size_t *differ, size_t count)
{
    if (!heap_wants(&drill->heaps[FINDING_CHANGED], drill->findings_wanted, entry->bytes,
                    entry->record.key_length))
        return;
    const struct value *const values[SIDES] = {source, target};
    bool persists = was_there(drill, FINDING_CHANGED, values, count);
    if (persists && drill->known.leave_out)
        return;
    struct finding finding = new_finding(drill, FINDING_CHANGED, source);
    finding.persists = persists;
    finding.column_count = count;
    finding.columns = mem_zero(count, sizeof *finding.columns);
    for (size_t i = 0; i < count; i++) {
        const struct plan_column *column = &drill->table->columns[differ[i]];
        finding.columns[i].column = column->result;
        show_pair(column, &source[differ[i]], &target[differ[i]], finding.columns[i].value);
    }
    keep(drill, finding, entry, entry->record.key_length);
}

/* Pairs whose columns need not be looked at: nobody watches, without leniencies unequal bytes are
 * unequal rows, and a finding with this key would not be among those that are kept. */
static bool count_changed(struct drill *drill, struct entry *source, struct entry *target,
                          uint64_t pairs)
{
    if (drill->watcher_count || drill->table->lenient ||
        heap_wants(&drill->heaps[FINDING_CHANGED], drill->findings_wanted, source->bytes,
                   source->record.key_length))
        return false;
    drill->counts[FINDING_CHANGED] += pairs;
    source->rest[SOURCE] -= pairs;
    target->rest[TARGET] -= pairs;
    return true;
}

/*
 * Matches the unmatched rows of one key. First those that are equal under the leniencies; then,
 * where the key identifies rows, what remains on both sides is paired as changed.
 */
static void match_rows(struct drill *drill, struct entry **group, size_t count, bool changed)
{
    const struct plan_table *table = drill->table;
    struct value *source = drill->scratch, *target = source + table->column_count;
    size_t *differ = drill->differ;
    size_t first = 0; /* rows before it are all paired */
    for (size_t s = 0; s < count; s++) {
        bool read = false;
        while (changed && first < count && !group[first]->rest[TARGET])
            first++;
        for (size_t t = first; t < count && group[s]->rest[SOURCE]; t++) {
            uint64_t pairs = group[t]->rest[TARGET] < group[s]->rest[SOURCE]
                                 ? group[t]->rest[TARGET]
                                 : group[s]->rest[SOURCE];
            if (!pairs || (changed && count_changed(drill, group[s], group[t], pairs)))
                continue;
            if (!read)
                read_values(group[s], source, table->column_count);
            read = true;
            read_values(group[t], target, table->column_count);
            size_t differences = differing_columns(table, source, target, differ);
            if (differences && !changed)
                continue;
            if (differences) {
                drill->counts[FINDING_CHANGED] += pairs;
                tell_difference(drill, FINDING_CHANGED,
                                (const struct value *const[SIDES]){source, target}, differences,
                                pairs);
                keep_changed(drill, group[s], source, target, differ, differences);
            } else {
                drill->lenient_rows += pairs;
            }
            group[s]->rest[SOURCE] -= pairs;
            group[t]->rest[TARGET] -= pairs;
        }
    }
}

static int compare_entries(const void *one, const void *other)
{
    const struct entry *a = *(struct entry *const *)one, *b = *(struct entry *const *)other;
    size_t a_length = record_length(&a->record), b_length = record_length(&b->record);
    int order = memcmp(a->bytes, b->bytes, a_length < b_length ? a_length : b_length);
    return order ? order : (a_length > b_length) - (a_length < b_length);
}

/* All distinct rows of one key, both sides. */
static bool settle_group(struct drill *drill, struct entry **group, size_t count, struct err *err)
{
    uint64_t open[SIDES] = {0, 0};
    for (size_t i = 0; i < count; i++) {
        uint64_t *times = group[i]->times;
        uint64_t common = times[SOURCE] < times[TARGET] ? times[SOURCE] : times[TARGET];
        for (int side = 0; side < SIDES; side++) {
            group[i]->rest[side] = times[side] - common;
            open[side] += group[i]->rest[side] > 0;
        }
        if (common)
            tell_same(drill, group[i], common);
    }
    /* The order of arrival must not decide which rows become pairs, nor which of them are told
     * first. */
    if (count > 1)
        qsort(group, count, sizeof(struct entry *), compare_entries);
    if (open[SOURCE] && open[TARGET]) {
        if (drill->table->lenient && open[SOURCE] > MOST_PAIRS / open[TARGET])
            return err_set(err, ERR_TABLE, TOO_MANY);
        if (drill->table->lenient)
            match_rows(drill, group, count, false);
        if (!drill->table->multiset)
            match_rows(drill, group, count, true);
    }
    for (size_t i = 0; i < count; i++)
        for (int side = 0; side < SIDES; side++)
            if (group[i]->rest[side])
                add_single(drill, group[i], (enum side)side);
    if (drill->stop && atomic_load(drill->stop))
        return err_set(err, ERR_INTERRUPTED, "interrupted");
    return true;
}

/* Do the sides have all rows of this key alike? */
static bool is_equal_group(const struct entry *first)
{
    for (const struct entry *entry = first; entry; entry = entry->same_key)
        if (entry->times[SOURCE] != entry->times[TARGET])
            return false;
    return true;
}

static int compare_firsts(const void *one, const void *other)
{
    const struct entry *a = *(struct entry *const *)one, *b = *(struct entry *const *)other;
    int order = compare_keys(a->bytes, a->record.key_length, b->bytes, b->record.key_length);
    return order ? order : compare_entries(one, other);
}

/* The keys of which rows differ, in their order: rows arrive in the order in which the workers
 * happen to read them, and what is told of them must not be another thing in every run. The others
 * are told at once: of them only how many there are counts. */
static struct entry **list_unequal(struct join *join, size_t *count)
{
    struct entry **list = NULL;
    size_t room = 0;
    *count = 0;
    for (struct entry *first = join->firsts; first; first = first->next_first) {
        if (is_equal_group(first)) {
            for (struct entry *entry = first; entry; entry = entry->same_key)
                tell_same(join->drill, entry, entry->times[SOURCE]);
            continue;
        }
        if (*count == room) {
            room = room ? 2 * room : 64;
            list = mem_resize(list, room, sizeof *list);
        }
        list[(*count)++] = first;
    }
    if (*count > 1)
        qsort(list, *count, sizeof *list, compare_firsts);
    return list;
}

static bool settle(struct join *join, struct err *err)
{
    struct entry **group = NULL;
    size_t room = 0, unequal_count;
    bool ok = true;
    struct entry **unequal = list_unequal(join, &unequal_count);
    for (size_t i = 0; i < unequal_count && ok; i++) {
        size_t count = 0;
        for (struct entry *entry = unequal[i]; entry; entry = entry->same_key) {
            if (count == room) {
                room = room ? 2 * room : 16;
                group = mem_resize(group, room, sizeof *group);
            }
            group[count++] = entry;
        }
        ok = settle_group(join->drill, group, count, err);
    }
    free(group);
    free(unequal);
    return ok;
}

static bool join_part(struct join *join, struct collector *const sides[SIDES], size_t partition,
                      struct err *err)
{
    bool ok = true;
    join->last_first = &join->firsts;
    for (int side = 0; side < SIDES && ok; side++) {
        join->side = side;
        ok = collector_read(sides[side], partition, load_record, join, err);
    }
    ok = ok && settle(join, err);
    arena_free(&join->arena);
    free(join->rows);
    free(join->keys);
    join->rows = join->keys = NULL;
    join->firsts = NULL;
    join->slot_count = join->entry_count = join->bytes = 0;
    return ok;
}

bool drill_join(struct drill *drill, struct collector *const sides[SIDES], struct err *err)
{
    for (int side = 0; side < SIDES; side++)
        bucket_add(&drill->again[side], collector_sum(sides[side]));
    if (collector_spilled(sides[SOURCE]) != collector_spilled(sides[TARGET]))
        for (int side = 0; side < SIDES; side++)
            if (!collector_spill(sides[side], err))
                return false;
    size_t partitions = collector_spilled(sides[SOURCE]) ? COLLECT_PARTITIONS : 1;
    for (size_t i = 0; i < partitions; i++) {
        struct join join = {.drill = drill};
        uint64_t bytes = collector_bytes(sides[SOURCE], i) + collector_bytes(sides[TARGET], i);
        /* What is in memory already is joined at once; a partition file in parts that fit. */
        join.parts = partitions > 1 ? 1 + bytes / JOIN_MEMORY : 1;
        join.borrow = partitions == 1;
        for (join.part = 0; join.part < join.parts; join.part++)
            if (!join_part(&join, sides, i, err))
                return false;
    }
    return true;
}

/* ---- Life
 * ------------------------------------------------------------------------------------------- */

struct drill *drill_new(const struct plan_table *table, const struct digest *source,
                        const struct digest *target, uint64_t disk_limit, int findings_wanted)
{
    struct drill *drill = mem_zero(1, sizeof *drill);
    drill->table = table;
    drill->findings_wanted = findings_wanted;
    drill->heaps = mem_zero(3, sizeof *drill->heaps);
    drill->scratch = mem_zero(SIDES * table->column_count, sizeof *drill->scratch);
    drill->differ = mem_zero(table->column_count, sizeof *drill->differ);
    mark_suspects(drill, source, target);
    const struct digest *const sides[SIDES] = {source, target};
    if (drill->suspect_count)
        plan_passes(drill, sides, table->range_count > 1 ? DRILL_MEMORY : disk_limit / SIDES);
    return drill;
}

void drill_watch(struct drill *drill, struct drill_watcher watcher)
{
    if (drill->watcher_count == DRILL_WATCHERS)
        abort();
    drill->watchers[drill->watcher_count++] = watcher;
}

void drill_free(struct drill *drill)
{
    if (!drill)
        return;
    for (int kind = 0; kind < 3; kind++) {
        for (size_t i = 0; i < drill->heaps[kind].count; i++)
            kept_free(&drill->heaps[kind].items[i]);
        free(drill->heaps[kind].items);
    }
    free(drill->heaps);
    for (size_t i = 0; i < drill->pass_count; i++)
        free(drill->passes[i].ranges);
    free(drill->passes);
    free(drill->suspect);
    free(drill->scratch);
    free(drill->differ);
    free(drill);
}

/* Shares `wanted` places among the kinds: each its fair part, and what one does not need to the
 * others. */
static void share_places(const struct drill *drill, size_t wanted, size_t places[3])
{
    memset(places, 0, 3 * sizeof *places);
    for (bool more = true; more && wanted;) {
        more = false;
        for (int kind = 0; kind < 3 && wanted; kind++)
            if (places[kind] < drill->heaps[kind].count) {
                places[kind]++;
                wanted--;
                more = true;
            }
    }
}

bool drill_is_consistent(const struct drill *drill)
{
    for (int side = 0; side < SIDES; side++) {
        const struct bucket *first = &drill->first[side], *again = &drill->again[side];
        if (first->count != again->count || first->low != again->low || first->high != again->high)
            return false;
    }
    return true;
}

void drill_finish(struct drill *drill, struct result_table *result)
{
    size_t places[3];
    size_t wanted = drill->findings_wanted > 0 ? (size_t)drill->findings_wanted : 0;
    share_places(drill, wanted, places);
    result->findings = mem_zero(wanted ? wanted : 1, sizeof *result->findings);
    for (int kind = 0; kind < 3; kind++) {
        struct finding_heap *heap = &drill->heaps[kind];
        result->counts[kind] = drill->counts[kind];
        if (heap->count)
            qsort(heap->items, heap->count, sizeof *heap->items, compare_kept);
        for (size_t i = 0; i < heap->count; i++) {
            if (i < places[kind]) {
                result->findings[result->finding_count++] = heap->items[i].finding;
                free(heap->items[i].key);
            } else {
                kept_free(&heap->items[i]);
            }
        }
        heap->count = 0;
    }
    result->drilled = true;
}
