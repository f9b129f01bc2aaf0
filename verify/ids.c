/* See ids.h. */
#include "ids.h"

#include "../diff/base/hash.h"

#include <stdlib.h>
#include <string.h>

#define OWN " (the target's own)" /* behind the printed value */
#define NO_ENTRY UINT32_MAX

/* ---- All pairs
 * ----------------------------------------------------------------------------------------- */

static int compare_pairs(const void *one, const void *other)
{
    const struct verify_id_pair *a = one, *b = other;
    int order = strcmp(a->kind, b->kind);
    order = order ? order : strcmp(a->source, b->source);
    return order ? order : strcmp(a->target, b->target);
}

bool ids_collect(const struct verify_options *options, struct ids *ids, struct err *err)
{
    *ids = (struct ids){.arena = ARENA_INIT};
    if (options->id_pair_count > IDS_MOST)
        return err_set(err, ERR_USAGE, "more than %u pairs of ids", IDS_MOST);
    for (size_t i = 0; i < options->id_pair_count; i++) {
        const struct verify_id_pair *pair = &options->id_pairs[i];
        if (!*pair->kind || !*pair->source || !*pair->target)
            return err_set(err, ERR_USAGE, "pair %zu of the ids lacks a kind or an id", i + 1);
    }
    if (options->id_pair_count) {
        ids->count = options->id_pair_count;
        ids->pairs = mem_alloc(ids->count * sizeof *ids->pairs);
        memcpy(ids->pairs, options->id_pairs, ids->count * sizeof *ids->pairs);
    }
    if (options->ids_path && !ids_read_file(options->ids_path, ids, err))
        return false;
    if (!ids->count)
        return true;
    qsort(ids->pairs, ids->count, sizeof *ids->pairs, compare_pairs);
    size_t kept = 1;
    for (size_t i = 1; i < ids->count; i++)
        if (compare_pairs(&ids->pairs[i], &ids->pairs[kept - 1]) != 0)
            ids->pairs[kept++] = ids->pairs[i];
    ids->count = kept;
    return true;
}

void ids_free(struct ids *ids)
{
    free(ids->pairs);
    arena_free(&ids->arena);
    *ids = (struct ids){.arena = ARENA_INIT};
}

void ids_fingerprint(const struct ids *ids, struct buffer *out)
{
    if (!ids->count)
        return;
    struct buffer all = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < ids->count; i++) {
        const struct verify_id_pair *pair = &ids->pairs[i];
        buffer_add(&all, pair->kind, strlen(pair->kind) + 1);
        buffer_add(&all, pair->source, strlen(pair->source) + 1);
        buffer_add(&all, pair->target, strlen(pair->target) + 1);
    }
    struct hash128 hash = hash_128(all.data, all.length);
    buffer_add_hex(out, &hash, sizeof hash);
    buffer_free(&all);
}

/* ---- The map: entries in one block of bytes, found by either side's value
 * ------------------------------------------------------------------------------ */

struct entry {
    size_t at; /* of the source's encoding in `bytes`; the target's follows */
    uint32_t length[SIDES];
};

struct ids_map {
    struct canon canon;
    size_t count, differing;
    struct entry *entries;
    size_t slot_count; /* a power of two, at most half full */
    uint32_t *slots[SIDES];
    const unsigned char *bytes;
};

static const unsigned char *encoding_of(const struct ids_map *map, const struct entry *entry,
                                        enum side side)
{
    return map->bytes + entry->at + (side == TARGET ? entry->length[SOURCE] : 0);
}

/* The slot in which the value stands, or would. */
static uint32_t *find_slot(const struct ids_map *map, enum side side, uint64_t hash,
                           const unsigned char *bytes, size_t length)
{
    size_t mask = map->slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &map->slots[side][i];
        if (*slot == NO_ENTRY)
            return slot;
        const struct entry *entry = &map->entries[*slot];
        if (entry->length[side] == length &&
            memcmp(encoding_of(map, entry, side), bytes, length) == 0)
            return slot;
    }
}

static const struct entry *find(const struct ids_map *map, enum side side, uint64_t hash,
                                const unsigned char *bytes, size_t length)
{
    uint32_t place = *find_slot(map, side, hash, bytes, length);
    return place == NO_ENTRY ? NULL : &map->entries[place];
}

static struct value value_of(const unsigned char *bytes, size_t length)
{
    struct value value;
    const unsigned char *place = bytes;
    if (!value_read(&place, bytes + length, &value))
        abort(); /* this process encoded it a moment ago */
    return value;
}

/* False: the column's kind has no such value. */
static bool encode(const struct canon *canon, enum side side, const char *id, struct buffer *out)
{
    const struct cell cell = {
        .form = CELL_TEXT, .bytes = (const unsigned char *)id, .length = strlen(id)};
    size_t start = out->length;
    canon_cell(canon, side, &cell, out);
    unsigned char tag = out->data[start];
    if (tag != VALUE_RAW && tag != VALUE_SPECIAL && tag != VALUE_NULL)
        return true;
    out->length = start;
    return false;
}

static void print(const struct ids_map *map, const struct entry *entry, enum side side,
                  struct buffer *out)
{
    struct value value = value_of(encoding_of(map, entry, side), entry->length[side]);
    value_print(out, &value, 100);
}

/* Two pairs that have one side's id in common, and not the other's. */
static void refuse(const struct ids_map *map, const struct entry *one, const struct entry *other,
                   enum side common, bool masked, struct buffer *problem)
{
    enum side apart = common == SOURCE ? TARGET : SOURCE;
    if (masked) {
        buffer_printf(problem, "an id of the %s is paired with two of the %s", side_name[common],
                      side_name[apart]);
        return;
    }
    buffer_printf(problem, "the %s's id ", side_name[common]);
    print(map, one, common, problem);
    buffer_printf(problem, " is paired with two of the %s, ", side_name[apart]);
    print(map, one, apart, problem);
    buffer_add_text(problem, " and ");
    print(map, other, apart, problem);
}

/* False: it contradicts an earlier pair. One that is there already is passed over. */
static bool add_entry(struct ids_map *map, struct entry entry, bool masked, struct buffer *problem)
{
    uint32_t *slot[SIDES];
    for (int side = 0; side < SIDES; side++) {
        const unsigned char *bytes = encoding_of(map, &entry, (enum side)side);
        uint64_t hash = hash_64(bytes, entry.length[side]);
        slot[side] = find_slot(map, (enum side)side, hash, bytes, entry.length[side]);
    }
    if (*slot[SOURCE] == *slot[TARGET] && *slot[SOURCE] != NO_ENTRY)
        return true;
    for (int side = 0; side < SIDES; side++)
        if (*slot[side] != NO_ENTRY) {
            refuse(map, &map->entries[*slot[side]], &entry, (enum side)side, masked, problem);
            return false;
        }
    *slot[SOURCE] = *slot[TARGET] = (uint32_t)map->count;
    map->entries[map->count++] = entry;
    map->differing += entry.length[SOURCE] != entry.length[TARGET] ||
                      memcmp(encoding_of(map, &entry, SOURCE), encoding_of(map, &entry, TARGET),
                             entry.length[SOURCE]) != 0;
    return true;
}

/* Encodes what is wanted: entries that are not yet in slots. Returns how many. */
static size_t encode_all(const struct ids *ids, const struct canon *canon,
                         bool (*is_wanted)(void *context, const char *kind), void *context,
                         struct entry *entries, struct buffer *bytes)
{
    size_t count = 0;
    const char *kind = NULL;
    bool wanted = false;
    for (size_t i = 0; i < ids->count; i++) {
        const struct verify_id_pair *pair = &ids->pairs[i];
        if (!kind || strcmp(kind, pair->kind) != 0)
            wanted = is_wanted(context, pair->kind);
        kind = pair->kind;
        if (!wanted)
            continue;
        size_t at = bytes->length, middle;
        if (!encode(canon, SOURCE, pair->source, bytes))
            continue;
        middle = bytes->length;
        if (!encode(canon, TARGET, pair->target, bytes)) {
            bytes->length = at;
            continue;
        }
        entries[count++] =
            (struct entry){at, {(uint32_t)(middle - at), (uint32_t)(bytes->length - middle)}};
    }
    return count;
}

const struct ids_map *ids_map_new(const struct ids *ids, const struct canon *canon,
                                  bool (*is_wanted)(void *context, const char *kind), void *context,
                                  bool masked, struct arena *arena, struct buffer *problem)
{
    struct entry *entries = mem_alloc((ids->count + 1) * sizeof *entries);
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    size_t count = encode_all(ids, canon, is_wanted, context, entries, &bytes);
    struct ids_map *map = arena_alloc(arena, sizeof *map);
    map->canon = *canon;
    map->slot_count = 16;
    while (map->slot_count < 2 * count)
        map->slot_count *= 2;
    map->entries = arena_alloc(arena, (count + 1) * sizeof *map->entries);
    for (int side = 0; side < SIDES; side++) {
        map->slots[side] = arena_alloc(arena, map->slot_count * sizeof *map->slots[side]);
        memset(map->slots[side], 0xff, map->slot_count * sizeof *map->slots[side]);
    }
    map->bytes = (unsigned char *)arena_copy_bytes(arena, bytes.data, bytes.length);
    bool good = true;
    for (size_t i = 0; i < count && good; i++)
        good = add_entry(map, entries[i], masked, problem);
    buffer_free(&bytes);
    free(entries);
    return good && map->differing ? map : NULL;
}

size_t ids_map_count(const struct ids_map *map)
{
    return map->differing;
}

void ids_map_value(const struct ids_map *map, struct buffer *row, size_t start)
{
    if (buffer_overflowed(row))
        return;
    size_t length = row->length - start;
    uint64_t hash = hash_64(row->data + start, length);
    const struct entry *entry = find(map, TARGET, hash, row->data + start, length);
    if (entry) {
        row->length = start;
        buffer_add(row, encoding_of(map, entry, SOURCE), entry->length[SOURCE]);
        return;
    }
    if (!find(map, SOURCE, hash, row->data + start, length))
        return;
    struct value value = value_of(row->data + start, length);
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    value_print(&text, &value, SIZE_MAX);
    buffer_add_text(&text, OWN);
    row->length = start;
    value_add_blob(row, VALUE_SPECIAL, text.data, text.length);
    buffer_free(&text);
}

void ids_map_show(const struct ids_map *map, const struct value *value, struct buffer *out)
{
    uint64_t hash = hash_64(value->encoding, value->encoding_length);
    const struct entry *entry = find(map, SOURCE, hash, value->encoding, value->encoding_length);
    if (!entry ||
        (entry->length[SOURCE] == entry->length[TARGET] &&
         memcmp(value->encoding, encoding_of(map, entry, TARGET), value->encoding_length) == 0))
        return;
    buffer_add_text(out, IDS_SHOWN);
    print(map, entry, TARGET, out);
    buffer_add_byte(out, ')');
}

void ids_map_undo(const struct ids_map *map, const struct value *value, struct buffer *out)
{
    size_t suffix = sizeof OWN - 1, length = value->payload_length;
    if (value->tag == VALUE_SPECIAL && length > suffix &&
        memcmp(value->payload + length - suffix, OWN, suffix) == 0) {
        const struct cell cell = {
            .form = CELL_TEXT, .bytes = value->payload, .length = length - suffix};
        canon_cell(&map->canon, TARGET, &cell, out);
        return;
    }
    buffer_add(out, value->encoding, value->encoding_length);
}
