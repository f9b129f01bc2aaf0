/*
 * The parts of struct causes that look at more than one cell: time shifts of a column, rows that
 * moved, blocks of rows that are missing; and what all parts write, examples and sentences. Shared
 * by cause*.c alone. Each part takes differences one by one in bounded memory, and is asked once,
 * at the end.
 */
#ifndef TALLY_CAUSE_PARTS_H
#define TALLY_CAUSE_PARTS_H

#include "cause.h"

/* ---- What is written */

/* The smallest difference that was offered: by the length of its values, then by its key. */
struct cause_example {
    size_t cost; /* 0: none yet */
    struct buffer key;
    char *text[SIDES]; /* NULL: no such row, or NULL */
    /* The first column of the keys of all that were offered, where that is a number or a time. */
    bool ranged;
    enum value_tag range_tag;
    int64_t low, high;
};

/* key: a row; value: what is shown of each side, NULL where a side has no row. Says whether it was
 * taken. */
bool cause_example_offer(struct cause_example *example, const struct cause_table *table,
                         const struct value *key, const struct value *const value[SIDES],
                         bool narrow);
void cause_example_free(struct cause_example *example);

struct cause_list {
    struct arena *arena;
    size_t count, capacity;
    struct cause *items;
};

/* Adds a cause of `count` rows and begins its sentence: "orders.note: 3 rows ". column: SIZE_MAX of
 * whole rows. */
struct cause *cause_list_add(struct cause_list *list, const struct cause_table *table,
                             const char *name, size_t column, uint64_t count, struct buffer *text);
/* Ends it with a full stop. say: what stands behind the beginning; values: words with values in
 * them, which the plain sentence does without; NULL: none. */
void cause_list_end(struct cause_list *list, struct cause *cause, struct buffer *text,
                    const char *values, double confidence, const struct cause_table *table,
                    const struct cause_example *example);

/* ", id 12 to 40" for the keys of all differences of a cause; nothing for one. */
void cause_add_range(struct buffer *out, const struct cause_table *table,
                     const struct cause_example *example);
/* An int64 of that tag, as value_print() shows it. */
void cause_add_fixed(struct buffer *out, enum value_tag tag, int64_t n);

/* ---- Times of one column that are off (cause_shift.c) */

struct cause_shifts;
struct cause_shifts *cause_shifts_new(void);
void cause_shifts_free(struct cause_shifts *shifts);
/* Two unequal values of one tag, DATE … INSTANT. */
void cause_shifts_add(struct cause_shifts *shifts, const struct cause_table *table,
                      const struct value *key, const struct value *const value[SIDES],
                      uint64_t times);
/* A time that is equal on both sides. */
void cause_shifts_same(struct cause_shifts *shifts, const struct value *value);
/* left: the share of the differences that no cause of whole rows has taken, 0 … 1. Returns how many
 * rows stay without a cause; *example: one of them. */
uint64_t cause_shifts_finish(struct cause_shifts *shifts, const struct cause_table *table,
                             size_t column, double left, struct cause_list *list,
                             struct cause_example *example);

/* ---- Rows that are found under another key (cause_moved.c) */

/* Cells of a changed row are named by the number of their group, for cause_moved_left(). */
struct cause_moved;
struct cause_moved *cause_moved_new(const struct cause_table *table);
void cause_moved_free(struct cause_moved *moved);
void cause_moved_add(struct cause_moved *moved, const struct value *const values[SIDES],
                     const uint32_t *groups, size_t group_count, uint64_t times);
/* Adds the causes; left[3]: rows that stay, changed, missing and extra. */
void cause_moved_finish(struct cause_moved *moved, const uint64_t rows[3], uint64_t left[3],
                        struct cause_list *list);
/* The share of a group's cells that stay, after cause_moved_finish(). */
double cause_moved_left(const struct cause_moved *moved, uint32_t group);

/* ---- Rows that are missing as a block (cause_block.c) */

struct cause_blocks;
struct cause_blocks *cause_blocks_new(const struct cause_table *table);
void cause_blocks_free(struct cause_blocks *blocks);
/* A row that only `side` has. */
void cause_blocks_absent(struct cause_blocks *blocks, enum side side, const struct value *row,
                         uint64_t times);
/* A row that both sides have. */
void cause_blocks_present(struct cause_blocks *blocks, const struct value *row);
/* rows: how many rows only `side` has and have no cause yet; returns how many stay so. whole: the
 * other side has no row at all. */
uint64_t cause_blocks_finish(struct cause_blocks *blocks, enum side side, uint64_t rows, bool whole,
                             struct cause_list *list);

/* ---- Samples: which rows are in depends on their hash alone, not on their order */

/* Is a hash in a sample that keeps one in 2^level? */
static inline bool cause_is_sampled(uint64_t hash, unsigned level)
{
    return level == 0 || hash >> (64 - level) == 0;
}
uint64_t cause_hash(const struct value *values, size_t count);

#endif
