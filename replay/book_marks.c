/* See book_marks.h. */
#include "book_marks.h"

#include "../diff/base/buffer.h"
#include "../diff/base/bytes.h"
#include "../diff/base/memory.h"

#include <stdlib.h>

static const unsigned char full[1] = {1};

void marks_free(struct marks *marks)
{
    for (size_t i = 0; i < marks->count; i++)
        free(marks->blocks[i].words);
    free(marks->blocks);
    free(marks->changed);
    *marks = (struct marks){0};
}

static struct marks_block *block_at(struct marks *marks, size_t place)
{
    if (place >= marks->room) {
        size_t room = marks->room ? marks->room : 64;
        while (room <= place)
            room *= 2;
        marks->blocks = mem_resize(marks->blocks, room, sizeof *marks->blocks);
        memset(marks->blocks + marks->room, 0, (room - marks->room) * sizeof *marks->blocks);
        marks->room = room;
    }
    if (place >= marks->count)
        marks->count = place + 1;
    return &marks->blocks[place];
}

bool marks_has(const struct marks *marks, uint64_t number)
{
    size_t place = marks_block_of(number), bit = (size_t)((number - 1) % MARKS_OF_BLOCK);
    if (!number || place >= marks->count)
        return false;
    const struct marks_block *block = &marks->blocks[place];
    if (block->set == MARKS_OF_BLOCK)
        return true;
    return block->words && (block->words[bit / 64] >> bit % 64 & 1);
}

static void note_change(struct marks *marks, size_t place)
{
    if (marks->blocks[place].changed)
        return;
    if (marks->changed_count == marks->changed_room) {
        marks->changed_room = marks->changed_room ? 2 * marks->changed_room : 16;
        marks->changed = mem_resize(marks->changed, marks->changed_room, sizeof *marks->changed);
    }
    marks->changed[marks->changed_count++] = place;
    marks->blocks[place].changed = true;
}

bool marks_set(struct marks *marks, uint64_t number)
{
    size_t place = marks_block_of(number), bit = (size_t)((number - 1) % MARKS_OF_BLOCK);
    if (!number || number > MARKS_NUMBER_MOST)
        return false; /* no request has it */
    struct marks_block *block = block_at(marks, place);
    if (marks_has(marks, number))
        return block->set == MARKS_OF_BLOCK;
    if (!block->words)
        block->words = mem_zero(MARKS_WORDS, sizeof *block->words);
    block->words[bit / 64] |= UINT64_C(1) << bit % 64;
    block->set++;
    if (block->set == MARKS_OF_BLOCK) {
        free(block->words);
        block->words = NULL;
    }
    note_change(marks, place);
    return block->set == MARKS_OF_BLOCK;
}

void marks_clear(struct marks *marks, uint64_t number)
{
    size_t place = marks_block_of(number), bit = (size_t)((number - 1) % MARKS_OF_BLOCK);
    if (!marks_has(marks, number))
        return;
    struct marks_block *block = &marks->blocks[place];
    if (!block->words) { /* all were set */
        block->words = mem_alloc(MARKS_WORDS * sizeof *block->words);
        memset(block->words, 0xff, MARKS_WORDS * sizeof *block->words);
    }
    block->words[bit / 64] &= ~(UINT64_C(1) << bit % 64);
    block->set--;
    note_change(marks, place);
}

void marks_drop(struct marks *marks, size_t place)
{
    if (place >= marks->count || marks->blocks[place].changed)
        return; /* not yet saved: it stays */
    free(marks->blocks[place].words);
    marks->blocks[place].words = NULL;
    marks->blocks[place].set = 0;
}

bool marks_save(struct marks *marks,
                bool (*put)(void *context, size_t block, const void *bytes, size_t length,
                            struct err *err),
                void *context, struct err *err)
{
    struct buffer bytes = BUFFER_INIT(MARKS_OF_BLOCK);
    bool ok = true;
    for (size_t i = 0; i < marks->changed_count && ok; i++) {
        size_t place = marks->changed[i];
        struct marks_block *block = &marks->blocks[place];
        buffer_clear(&bytes);
        for (size_t k = 0; block->words && k < MARKS_WORDS; k++)
            buffer_add_u64(&bytes, block->words[k]);
        ok = block->words ? put(context, place, bytes.data, bytes.length, err)
                          : put(context, place, full, sizeof full, err);
        block->changed = false;
    }
    marks->changed_count = 0;
    buffer_free(&bytes);
    return ok;
}

bool marks_load(struct marks *marks, uint64_t place, const unsigned char *bytes, size_t length)
{
    bool all = length == sizeof full && bytes[0] == full[0];
    if (place >= MARKS_NUMBER_MOST / MARKS_OF_BLOCK || (!all && length != MARKS_OF_BLOCK / 8))
        return false;
    struct marks_block *block = block_at(marks, (size_t)place);
    if (block->words || block->set)
        return false;
    if (all) {
        block->set = MARKS_OF_BLOCK;
        return true;
    }
    struct bytes in = {bytes, bytes + length, false};
    block->words = mem_zero(MARKS_WORDS, sizeof *block->words);
    for (size_t i = 0; i < MARKS_WORDS; i++) {
        block->words[i] = bytes_u64(&in);
        block->set = (uint16_t)(block->set + __builtin_popcountll(block->words[i]));
    }
    return block->set < MARKS_OF_BLOCK;
}
