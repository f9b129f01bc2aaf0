/*
 * Rows that are found under another key: swapped, shifted-keys. Input: changed, missing and extra
 * rows. What counts is a row without its key: its hash tells where the source had it and where the
 * target has it. A sample by that hash holds both places or neither, however many rows there are.
 */
#include "cause_parts.h"

#include "base/progress.h"
#include "cause_rule.h"

#include <math.h>
#include <stdlib.h>

#define SAMPLE_BYTES (1u << 20) /* that the sample of a table may take */
#define KEY_MOST 128            /* bytes of a key that is kept for the example */
#define GROUPS_MOST 64          /* cells of a row that are kept; wider rows keep none */
#define INFORMATION_MOST 64     /* bits of a row that are counted */
#define INFORMATION_SPARE 5     /* bits beyond those that tell as many rows apart as there are */
#define SHIFT_ROWS 3            /* fewer that moved by the same amount are no shift */
#define SHIFT_SHARE 0.6         /* of the rows that moved */

enum fate { FATE_NONE, FATE_SWAPPED, FATE_SHIFTED };

/* One side's row in one place. */
struct place {
    uint64_t content; /* hash of the row without its key */
    uint64_t other;   /* the same of the other side's row in this place; 0: there is none */
    uint64_t rest;    /* hash of the key without the number that may be shifted */
    int64_t number;   /* that number */
    uint64_t times;
    uint32_t *groups; /* of a changed row's cells, in the source's place */
    unsigned char *key;
    uint16_t key_length, group_count;
    bool has_number;
    unsigned char information; /* bits in the lesser of content and other, about */
    enum side side;
    enum fate fate;
};

struct share {
    uint32_t group;
    uint64_t seen, taken;
};

struct cause_moved {
    const struct cause_table *table;
    unsigned level; /* the sample has one in 2^level */
    size_t count, capacity, bytes;
    struct place *places;
    uint64_t rows;             /* all differences */
    unsigned char information; /* that a row must have to be known again */
    size_t share_count;
    struct share *shares; /* by group */
};

struct cause_moved *cause_moved_new(const struct cause_table *table)
{
    struct cause_moved *moved = mem_zero(1, sizeof *moved);
    moved->table = table;
    return moved;
}

static void place_free(struct place *place)
{
    free(place->groups);
    free(place->key);
}

void cause_moved_free(struct cause_moved *moved)
{
    if (!moved)
        return;
    for (size_t i = 0; i < moved->count; i++)
        place_free(&moved->places[i]);
    free(moved->places);
    free(moved->shares);
    free(moved);
}

static size_t place_bytes(const struct place *place)
{
    return sizeof *place + place->key_length + place->group_count * sizeof *place->groups;
}

/* Keeps every second place of the sample. */
static void thin_out(struct cause_moved *moved)
{
    size_t kept = 0;
    moved->level++;
    moved->bytes = 0;
    for (size_t i = 0; i < moved->count; i++) {
        struct place *place = &moved->places[i];
        if (!cause_is_sampled(place->content, moved->level)) {
            place_free(place);
            continue;
        }
        moved->bytes += place_bytes(place);
        moved->places[kept++] = *place;
    }
    moved->count = kept;
}

/* About how many bits a row tells. */
static size_t information(const struct value *values, size_t count)
{
    size_t bits = 0;
    for (size_t i = 0; i < count && bits < INFORMATION_MOST; i++) {
        uint64_t n;
        switch (values[i].tag) {
        case VALUE_NULL:
            break;
        case VALUE_BOOL:
            bits++;
            break;
        case VALUE_INT:
            n = (uint64_t)cause_int(&values[i]);
            n = n >> 63 ? 0 - n : n;
            bits += n ? 64 - (size_t)__builtin_clzll(n) : 0;
            break;
        default:
            bits += 6 * values[i].payload_length;
        }
    }
    return bits < INFORMATION_MOST ? bits : INFORMATION_MOST;
}

/* The key's last whole number is what an off-by-one error would shift. */
static void read_number(const struct cause_table *table, const struct value *key,
                        struct place *place)
{
    size_t at = table->key_count;
    while (at && key[at - 1].tag != VALUE_INT)
        at--;
    if (!at)
        return;
    place->has_number = true;
    place->number = cause_int(&key[at - 1]);
    place->rest = cause_hash(key, at - 1) ^ cause_hash(key + at, table->key_count - at) * 3;
}

static void add_place(struct cause_moved *moved, struct place *place, const struct value *row,
                      const uint32_t *groups, size_t group_count)
{
    const struct cause_table *table = moved->table;
    if (moved->count == moved->capacity) {
        moved->capacity = moved->capacity ? 2 * moved->capacity : 64;
        moved->places = mem_resize(moved->places, moved->capacity, sizeof *moved->places);
    }
    read_number(table, row, place);
    size_t length = 0;
    for (size_t i = 0; i < table->key_count; i++)
        length += row[i].encoding_length;
    if (length <= KEY_MOST) {
        place->key = mem_alloc(length + 1);
        for (size_t i = 0; i < table->key_count; i++) {
            memcpy(place->key + place->key_length, row[i].encoding, row[i].encoding_length);
            place->key_length = (uint16_t)(place->key_length + row[i].encoding_length);
        }
    }
    if (group_count && group_count <= GROUPS_MOST) {
        place->groups = (uint32_t *)(void *)mem_copy_bytes(groups, group_count * sizeof *groups);
        place->group_count = (uint16_t)group_count;
    }
    moved->places[moved->count++] = *place;
    moved->bytes += place_bytes(place);
}

void cause_moved_add(struct cause_moved *moved, const struct value *const values[SIDES],
                     const uint32_t *groups, size_t group_count, uint64_t times)
{
    const struct cause_table *table = moved->table;
    uint64_t contents[SIDES] = {0, 0};
    size_t bits = INFORMATION_MOST, columns = table->column_count - table->key_count;
    moved->rows += times;
    if (!table->key_count || !columns)
        return;
    for (int side = 0; side < SIDES; side++) {
        if (!values[side])
            continue;
        contents[side] = cause_hash(values[side] + table->key_count, columns);
        size_t told = information(values[side] + table->key_count, columns);
        bits = told < bits ? told : bits;
    }
    for (int side = 0; side < SIDES; side++) {
        if (!values[side] || !cause_is_sampled(contents[side], moved->level))
            continue;
        struct place place = {.content = contents[side],
                              .other = contents[!side],
                              .times = times,
                              .information = (unsigned char)bits,
                              .side = (enum side)side};
        add_place(moved, &place, values[side], side == SOURCE ? groups : NULL,
                  side == SOURCE ? group_count : 0);
    }
    while (moved->bytes > SAMPLE_BYTES)
        thin_out(moved);
}

/* ---- The end
 * -----------------------------------------------------------------------------------------------
 */

static int compare_places(const void *one, const void *other)
{
    const struct place *a = one, *b = other;
    if (a->content != b->content)
        return a->content < b->content ? -1 : 1;
    return (a->side > b->side) - (a->side < b->side);
}

/* The place of the target that holds what the source has in the i-th, where there is one of each.
 */
static struct place *find_partner(struct cause_moved *moved, size_t i)
{
    struct place *places = moved->places;
    if (places[i].side != SOURCE || i + 1 >= moved->count ||
        places[i].information < moved->information || places[i + 1].content != places[i].content ||
        places[i + 1].side != TARGET || (i && places[i - 1].content == places[i].content) ||
        (i + 2 < moved->count && places[i + 2].content == places[i].content))
        return NULL;
    return &places[i + 1];
}

static bool is_swap(const struct place *source, const struct place *target)
{
    return source->other && source->other == target->other;
}

static bool can_shift(const struct place *source, const struct place *target, int64_t *shift)
{
    return source->has_number && target->has_number && source->rest == target->rest &&
           !__builtin_sub_overflow(target->number, source->number, shift);
}

static int compare_numbers(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

/* The amount that most rows moved by. */
static bool find_shift(struct cause_moved *moved, int64_t *found)
{
    int64_t *shifts = mem_zero(moved->count + 1, sizeof *shifts);
    size_t count = 0, most = 0;
    for (size_t i = 0; i < moved->count; i++) {
        struct place *target = find_partner(moved, i);
        if (target && !is_swap(&moved->places[i], target) &&
            can_shift(&moved->places[i], target, &shifts[count]))
            count++;
    }
    if (count)
        qsort(shifts, count, sizeof *shifts, compare_numbers);
    for (size_t i = 0, start = 0; i < count; i++) {
        if (shifts[i] != shifts[start])
            start = i;
        if (i - start + 1 > most) {
            most = i - start + 1;
            *found = shifts[i];
        }
    }
    free(shifts);
    return most >= SHIFT_ROWS && (double)most >= SHIFT_SHARE * (double)count;
}

static void decide(struct cause_moved *moved)
{
    int64_t shift = 0, one;
    bool shifted = find_shift(moved, &shift);
    for (size_t i = 0; i < moved->count; i++) {
        struct place *source = &moved->places[i], *target = find_partner(moved, i);
        if (!target)
            continue;
        if (is_swap(source, target))
            source->fate = target->fate = FATE_SWAPPED;
        else if (shifted && can_shift(source, target, &one) && one == shift)
            source->fate = target->fate = FATE_SHIFTED;
    }
}

static int compare_shares(const void *one, const void *other)
{
    const struct share *a = one, *b = other;
    return (a->group > b->group) - (a->group < b->group);
}

/* How many of each group's cells are in rows that moved. */
static void count_shares(struct cause_moved *moved)
{
    size_t count = 0, kept = 0;
    for (size_t i = 0; i < moved->count; i++)
        count += moved->places[i].group_count;
    moved->shares = mem_zero(count + 1, sizeof *moved->shares);
    count = 0;
    for (size_t i = 0; i < moved->count; i++) {
        const struct place *place = &moved->places[i];
        for (size_t g = 0; g < place->group_count; g++)
            moved->shares[count++] =
                (struct share){place->groups[g], place->times, place->fate ? place->times : 0};
    }
    if (count)
        qsort(moved->shares, count, sizeof *moved->shares, compare_shares);
    for (size_t i = 0; i < count; i++) {
        if (!kept || moved->shares[kept - 1].group != moved->shares[i].group) {
            moved->shares[kept++] = moved->shares[i];
            continue;
        }
        moved->shares[kept - 1].seen += moved->shares[i].seen;
        moved->shares[kept - 1].taken += moved->shares[i].taken;
    }
    moved->share_count = kept;
}

double cause_moved_left(const struct cause_moved *moved, uint32_t group)
{
    struct share wanted = {.group = group};
    const struct share *share = moved->share_count
                                    ? bsearch(&wanted, moved->shares, moved->share_count,
                                              sizeof *moved->shares, compare_shares)
                                    : NULL;
    return share && share->taken ? 1 - (double)share->taken / (double)share->seen : 1;
}

/* Of the sampled rows of a kind (changed by their place in the source), how many have a fate. */
static double fate_share(const struct cause_moved *moved, int kind, enum fate fate)
{
    uint64_t all = 0, with = 0;
    for (size_t i = 0; i < moved->count; i++) {
        const struct place *place = &moved->places[i];
        int of = place->other ? (place->side == SOURCE ? 0 : -1) : place->side == SOURCE ? 1 : 2;
        if (of != kind)
            continue;
        all += place->times;
        with += place->fate == fate ? place->times : 0;
    }
    return all ? (double)with / (double)all : 0;
}

static bool read_key(const struct place *place, struct value *key, size_t count)
{
    const unsigned char *at = place->key, *end = at + place->key_length;
    for (size_t i = 0; i < count; i++)
        if (!place->key || !value_read(&at, end, &key[i]))
            return false;
    return true;
}

static void add_key(struct buffer *out, const struct value *key, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i)
            buffer_add_text(out, ", ");
        value_print(out, &key[i], 60);
    }
}

/* An example's text: the keys under which both sides have the row. */
static void add_example(const struct cause_moved *moved, enum fate fate, struct buffer *pair,
                        struct cause_example *example, int64_t *shift)
{
    size_t count = moved->table->key_count;
    struct value *keys[SIDES];
    const struct value *const none[SIDES] = {NULL, NULL};
    for (int side = 0; side < SIDES; side++)
        keys[side] = mem_zero(count, sizeof **keys);
    for (size_t i = 0; i + 1 < moved->count; i++) {
        const struct place *source = &moved->places[i], *target = &moved->places[i + 1];
        if (source->fate != fate || source->side != SOURCE || target->content != source->content ||
            !read_key(source, keys[SOURCE], count) || !read_key(target, keys[TARGET], count))
            continue;
        if (!cause_example_offer(example, moved->table, keys[SOURCE], none, false))
            continue;
        *shift = fate == FATE_SHIFTED ? target->number - source->number : 0;
        buffer_clear(pair);
        buffer_add_text(pair, fate == FATE_SWAPPED ? ": " : ": what was ");
        add_key(pair, keys[SOURCE], count);
        buffer_add_text(pair, fate == FATE_SWAPPED ? " and " : " is ");
        add_key(pair, keys[TARGET], count);
        if (fate == FATE_SWAPPED)
            buffer_add_text(pair, ", for one");
    }
    for (int side = 0; side < SIDES; side++)
        free(keys[side]);
}

static void add_fate(const struct cause_moved *moved, enum fate fate, uint64_t count,
                     struct cause_list *list)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT), pair = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct cause_example example = {0};
    int64_t shift = 0;
    char number[32];
    if (!count)
        return;
    bool swapped = fate == FATE_SWAPPED;
    struct cause *cause = cause_list_add(list, moved->table, swapped ? "swapped" : "shifted-keys",
                                         SIZE_MAX, count, &text);
    add_example(moved, fate, &pair, &example, &shift);
    uint64_t size = shift < 0 ? 0 - (uint64_t)shift : (uint64_t)shift;
    if (swapped)
        buffer_printf(&text, "%s exchanged their values (or their keys) in pairs",
                      cause_have(count));
    else
        buffer_printf(&text, "%s under a key that is %s %s in the target", cause_are(count),
                      human_count(size, number), shift < 0 ? "lower" : "higher");
    cause_list_end(list, cause, &text, pair.length ? (const char *)pair.data : NULL,
                   swapped ? 1.0 : cause_by_count(count), moved->table, &example);
    cause_example_free(&example);
    buffer_free(&text);
    buffer_free(&pair);
}

void cause_moved_finish(struct cause_moved *moved, const uint64_t rows[3], uint64_t left[3],
                        struct cause_list *list)
{
    uint64_t counts[] = {[FATE_NONE] = 0, [FATE_SWAPPED] = 0, [FATE_SHIFTED] = 0};
    size_t bits = INFORMATION_SPARE;
    for (uint64_t n = moved->rows; n > 1; n /= 2)
        bits++;
    moved->information = (unsigned char)bits;
    if (moved->count)
        qsort(moved->places, moved->count, sizeof *moved->places, compare_places);
    decide(moved);
    for (int kind = 0; kind < 3; kind++) {
        left[kind] = rows[kind];
        for (int fate = FATE_SWAPPED; fate <= FATE_SHIFTED; fate++) {
            double part = fate_share(moved, kind, (enum fate)fate);
            uint64_t count = (uint64_t)llround((double)rows[kind] * part);
            count = count < left[kind] ? count : left[kind];
            left[kind] -= count;
            counts[fate] += count;
        }
    }
    count_shares(moved);
    for (int fate = FATE_SWAPPED; fate <= FATE_SHIFTED; fate++)
        add_fate(moved, (enum fate)fate, counts[fate], list);
}
