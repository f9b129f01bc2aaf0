/*
 * How the definitions of two paired tables are unlike, where it can hurt: the target can no longer
 * take what the source takes, the next insert fails, a constraint or an index is lost. Types and
 * spellings that differ by nature between MySQL and PostgreSQL are no finding. Input: a pair of the
 * plan whose tables have definitions, and its result's columns. Output: result.schema, reasons.
 * Pure but for the question how many rows collide; opens nothing.
 */
#ifndef TALLY_VERIFY_SCHEMA_COMPARE_H
#define TALLY_VERIFY_SCHEMA_COMPARE_H

#include "plan.h"

#include <stdbool.h>
#include <stddef.h>

/* One row of the table of kinds. */
struct schema_kind {
    const char *name;
    bool breaks;      /* on the target: the tables are different in schema */
    const char *help; /* for the manual */
};

extern const struct schema_kind schema_kinds[]; /* ends with a NULL name */

/* What a comparison needs beside the pair. */
struct schema_context {
    const struct plan *plan; /* finds the partner of the table that a foreign key names */
    const struct engine *engine[SIDES];
    struct arena *arena; /* of the result */
    /* How many groups of rows of `side` a key over these parts would refuse; false: not known.
     * NULL: nobody is to be asked. */
    bool (*collisions)(void *context, enum side side, const struct table *table, size_t count,
                       const struct index_part *parts, uint64_t *groups);
    void *collisions_context;
};

/* Fills schema and schema_count of the pair's result; sets schema_differs and adds a reason for
 * each finding that breaks. Tables without definitions have no findings. */
void schema_compare(const struct schema_context *context, const struct plan_table *table);

/*
 * Reads the definitions of both sides and compares all pairs of the plan. What a server refuses is
 * said in the result's notes. look_at_rows: rows may be read, to count collisions. False: a
 * connection was lost.
 */
bool schema_compare_all(const struct plan_side sides[SIDES], const struct plan *plan,
                        bool look_at_rows, struct verify_result *result,
                        struct err *err) MUST_CHECK;

/* ---- For schema_compare.c and schema_keys.c alone -------------------------------------------- */

struct schema_pair {
    const struct schema_context *context;
    const struct plan_table *plan;
    struct result_table *result;
    const struct table *table[SIDES];
    const struct table_definition *definition[SIDES];
    size_t *partner[SIDES]; /* per column of a side: the other side's, or NO_COLUMN */
    bool *left_out[SIDES];  /* per column: ignored by the mapping, or read by an expression */
    bool same_engine;
    size_t capacity; /* of result->schema */
};

/* A finding on its way. value and text are printed by the caller into the arena. */
struct schema_finding {
    const char *kind;
    enum side side; /* of which it is said: only what is on the target breaks */
    size_t column;  /* of that side, or NO_COLUMN */
    bool harmless;  /* breaks nothing though its kind does */
    const char *value[SIDES];
    const char *text;
};

/* Adds it; mend NULL: nothing mends it in one statement. mend->table tells the side's engine. */
void schema_add(struct schema_pair *pair, const struct schema_finding *finding,
                const struct mend *mend);

const char *schema_print(struct schema_pair *pair, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The other side's column of this one; NO_COLUMN: none, or it does not count. */
size_t schema_partner(const struct schema_pair *pair, enum side side, size_t column);

/* The normal form of an expression of `side`, in the names of the source. To be freed. */
char *schema_form(const struct schema_pair *pair, enum side side, const char *text);

/* "a, b" */
const char *schema_name_columns(struct schema_pair *pair, enum side side, size_t count,
                                const size_t *columns);

/* schema_keys.c */
void schema_compare_keys(struct schema_pair *pair);
void schema_compare_indexes(struct schema_pair *pair);
void schema_compare_foreign_keys(struct schema_pair *pair);
void schema_compare_checks(struct schema_pair *pair);
void schema_compare_collations(struct schema_pair *pair);
/* Has one column alone a unique key? */
bool schema_is_unique(const struct schema_pair *pair, enum side side, size_t column);

#endif
