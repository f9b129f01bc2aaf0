/*
 * Why two tables differ. Input: every difference, one by one and in any order, as encoded values
 * (value.h), with a sample of the rows that are equal and a few facts about the columns. Output:
 * the differences grouped by cause and column, the most rows first, with a sentence and one small
 * example each. Knows nothing of databases.
 *
 * What is kept does not grow with the number of differences: counters per column and rule, and
 * samples. Cells are judged one by one by a table of rules (cause_rule.h); what only many
 * differences together can show, a time zone, rows that moved or are missing as a block, a column
 * that is wrong as a whole, is judged at the end. Counts are exact as long as the samples hold
 * everything (thousands of differing rows); beyond that, those of causes of whole rows and of the
 * cells in such rows are estimates from a sample that does not depend on the order of the rows.
 *
 * Each difference (a column of a changed row; a row that is missing or extra) is counted under one
 * cause. Names:
 *
 * time-zone, time-shift, fraction-lost, zero-date          times
 * truncated, trailing-blanks, case, unicode-form, mojibake, replaced-characters, line-endings,
 * html-escaped, null-empty                                 texts
 * not-boolean, rounded, float-width, wrapped, clamped      numbers
 * json-null, array-order                                   documents and lists
 * swapped, shifted-keys, missing-range, cutoff             whole rows
 * column-different, column-default                         whole columns
 * unexplained                                              the rest
 */
#ifndef TALLY_CAUSE_H
#define TALLY_CAUSE_H

#include "base/memory.h"
#include "base/side.h"
#include "value.h"

/* What is known of a pair of columns; 0, -1 or NULL where nothing is. */
struct cause_column {
    const char *name;           /* the source's */
    uint32_t characters[SIDES]; /* that its type holds at most; 0: no limit */
    uint32_t bytes[SIDES];      /* the same */
    int bits[SIDES];            /* of an integer type: 8 … 64; 0: no integer */
    bool is_unsigned[SIDES];    /* integers */
    int digits[SIDES];          /* behind the point: of decimals, of seconds; -1: no limit */
    int precision[SIDES];       /* of decimals: digits in all; 0: no limit */
    bool narrow;                /* the numbers are 4-byte floats */
};

struct cause_table {
    const char *name; /* in sentences: "orders" */
    size_t column_count;
    const struct cause_column *columns; /* in the order of the rows' values; the key's first */
    size_t key_count;                   /* 0: rows have no key */
};

struct causes;

/* The table is borrowed until causes_free(). */
struct causes *causes_new(const struct cause_table *table) __attribute__((returns_nonnull));
void causes_free(struct causes *causes);

/* A difference. values[side] is NULL where that side has no such row; differ: the columns in which
 * two rows differ; times: how many rows this stands for. Borrowed for the call. */
void causes_differ(struct causes *causes, const struct value *const values[SIDES],
                   const size_t *differ, size_t differ_count, uint64_t times);
/* A row that both sides have. */
void causes_same(struct causes *causes, const struct value *values, uint64_t times);

struct cause {
    const char *name;
    size_t column; /* SIZE_MAX: of whole rows */
    uint64_t count;
    double confidence; /* 0 … 1; 1: nothing that was seen contradicts it */
    const char *text;  /* one sentence: "orders.note: 3 rows are cut at 255 characters in …" */
    const char *plain; /* the same without any value of the databases */
    /* The example, as value_print() shows it; NULL: no key, no such row or NULL. */
    const char *key; /* "42", "42, de" */
    const char *value[SIDES];
};

/* Groups all differences; rows: how many each side has. The causes live in the arena. To be asked
 * once. */
size_t causes_finish(struct causes *causes, const uint64_t rows[SIDES], struct arena *arena,
                     struct cause **found);

#endif
