/* See occurrence.h. */
#include "occurrence.h"

#include "../diff/base/hash.h"
#include "../diff/base/utf8.h"

#include <stdlib.h>
#include <string.h>

struct occurrences {
    struct occurrence *items; /* by first appearance; text[0] begins a block of all three */
    size_t count, room, most;
    uint32_t *slots; /* item + 1; 0: free */
    size_t slot_count;
    uint64_t left_out;
};

struct occurrences *occurrences_new(size_t most)
{
    struct occurrences *occurrences = mem_zero(1, sizeof *occurrences);
    occurrences->most = most;
    occurrences->slot_count = 2 * most;
    occurrences->slots = mem_zero(occurrences->slot_count, sizeof *occurrences->slots);
    return occurrences;
}

static void free_texts(const struct occurrence *item)
{
    free((char *)(uintptr_t)item->text[0]);
}

void occurrences_free(struct occurrences *occurrences)
{
    if (!occurrences)
        return;
    for (size_t i = 0; i < occurrences->count; i++)
        free_texts(&occurrences->items[i]);
    free(occurrences->items);
    free(occurrences->slots);
    free(occurrences);
}

uint64_t occurrences_left_out(const struct occurrences *occurrences)
{
    return occurrences->left_out;
}

/* Three texts, each with its '\0'. */
static size_t block_length(const char *block)
{
    size_t length = 0;
    for (size_t i = 0; i < OCCURRENCE_TEXTS; i++)
        length += strlen(block + length) + 1;
    return length;
}

/* The slot of the thing, or the free one where it belongs. */
static size_t find_slot(const struct occurrences *occurrences, const char *block, size_t length)
{
    size_t slot = (size_t)(hash_64(block, length) % occurrences->slot_count);
    while (occurrences->slots[slot]) {
        const char *there = occurrences->items[occurrences->slots[slot] - 1].text[0];
        if (block_length(there) == length && memcmp(there, block, length) == 0)
            break;
        slot = (slot + 1) % occurrences->slot_count;
    }
    return slot;
}

static void set_texts(struct occurrence *item, const char *block)
{
    for (size_t i = 0; i < OCCURRENCE_TEXTS; i++) {
        item->text[i] = block;
        block += strlen(block) + 1;
    }
}

static struct occurrence *add_item(struct occurrences *occurrences, size_t slot, const char *block,
                                   size_t length)
{
    if (occurrences->count == occurrences->room) {
        occurrences->room = occurrences->room ? 2 * occurrences->room : 16;
        occurrences->items =
            mem_resize(occurrences->items, occurrences->room, sizeof *occurrences->items);
    }
    struct occurrence *item = &occurrences->items[occurrences->count++];
    *item = (struct occurrence){0};
    set_texts(item, mem_copy_bytes(block, length));
    occurrences->slots[slot] = (uint32_t)occurrences->count;
    return item;
}

/* Keeps the lowest, in order: sessions do not come in the order of the log. */
static void add_line(struct occurrence *item, uint64_t line)
{
    size_t place = item->line_count;
    while (place && item->lines[place - 1] > line)
        place--;
    if (place == OCCURRENCE_LINES)
        return;
    item->line_count += item->line_count < OCCURRENCE_LINES;
    memmove(item->lines + place + 1, item->lines + place,
            (item->line_count - 1 - place) * sizeof *item->lines);
    item->lines[place] = line;
}

void occurrences_add(struct occurrences *occurrences, const char *const text[OCCURRENCE_TEXTS],
                     uint64_t line, bool harmless)
{
    struct buffer block = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < OCCURRENCE_TEXTS; i++) {
        utf8_add_cut(&block, text[i] ? text[i] : "", text[i] ? strlen(text[i]) : 0,
                     OCCURRENCE_TEXT);
        buffer_add_byte(&block, '\0');
    }
    const char *bytes = (const char *)block.data;
    size_t slot = find_slot(occurrences, bytes, block.length);
    struct occurrence *item = NULL;
    if (occurrences->slots[slot])
        item = &occurrences->items[occurrences->slots[slot] - 1];
    else if (occurrences->count < occurrences->most)
        item = add_item(occurrences, slot, bytes, block.length);
    else
        occurrences->left_out++;
    if (item) {
        item->count++;
        item->harmless += harmless;
        add_line(item, line);
    }
    buffer_free(&block);
}

static int compare_items(const void *a, const void *b)
{
    const struct occurrence *one = a, *other = b;
    if (one->count != other->count)
        return one->count > other->count ? -1 : 1;
    int order = 0;
    for (size_t i = 0; !order && i < OCCURRENCE_TEXTS; i++)
        order = strcmp(one->text[i], other->text[i]);
    return order;
}

size_t occurrences_list(const struct occurrences *occurrences, struct arena *arena,
                        struct occurrence **list)
{
    *list = arena_alloc(arena, (occurrences->count + 1) * sizeof **list);
    for (size_t i = 0; i < occurrences->count; i++) {
        struct occurrence *item = &(*list)[i];
        *item = occurrences->items[i];
        for (size_t k = 0; k < OCCURRENCE_TEXTS; k++)
            item->text[k] = arena_copy(arena, item->text[k]);
    }
    qsort(*list, occurrences->count, sizeof **list, compare_items);
    return occurrences->count;
}

void occurrences_save(const struct occurrences *occurrences, struct buffer *out)
{
    buffer_add_u64(out, occurrences->left_out);
    bytes_put_size(out, occurrences->count);
    for (size_t i = 0; i < occurrences->count; i++) {
        const struct occurrence *item = &occurrences->items[i];
        for (size_t k = 0; k < OCCURRENCE_TEXTS; k++)
            bytes_put_text(out, item->text[k]);
        buffer_add_u64(out, item->count);
        buffer_add_u64(out, item->harmless);
        bytes_put_size(out, item->line_count);
        for (size_t k = 0; k < item->line_count; k++)
            buffer_add_u64(out, item->lines[k]);
    }
}

static void load_item(struct bytes *in, struct occurrences *occurrences)
{
    struct arena arena = ARENA_INIT;
    struct buffer block = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < OCCURRENCE_TEXTS; i++) {
        const char *text = bytes_name(in, &arena);
        in->failed |= !utf8_is_valid((const unsigned char *)text, strlen(text));
        buffer_add(&block, text, strlen(text) + 1);
    }
    const char *bytes = (const char *)block.data;
    size_t slot = find_slot(occurrences, bytes, block.length);
    in->failed |= occurrences->slots[slot] != 0;
    if (!in->failed) {
        struct occurrence *item = add_item(occurrences, slot, bytes, block.length);
        item->count = bytes_u64(in);
        item->harmless = bytes_u64(in);
        uint64_t lines = item->count < OCCURRENCE_LINES ? item->count : OCCURRENCE_LINES;
        in->failed |= !item->count || item->harmless > item->count ||
                      bytes_count(in, sizeof *item->lines) != lines;
        item->line_count = in->failed ? 0 : (size_t)lines;
        for (size_t i = 0; i < item->line_count; i++)
            item->lines[i] = bytes_u64(in);
    }
    buffer_free(&block);
    arena_free(&arena);
}

struct occurrences *occurrences_load(struct bytes *in, size_t most)
{
    struct occurrences *occurrences = occurrences_new(most);
    occurrences->left_out = bytes_u64(in);
    size_t count = bytes_count(in, 4 * OCCURRENCE_TEXTS + 20);
    in->failed |= count > most;
    for (size_t i = 0; i < count && !in->failed; i++)
        load_item(in, occurrences);
    if (!in->failed)
        return occurrences;
    occurrences_free(occurrences);
    return NULL;
}
