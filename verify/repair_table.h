/*
 * The statements that mend one table. Input: a pair of tables as it is compared, the side that is
 * mended, then differences (drill.h). Output: statements of three phases, as text, or why a row
 * cannot be mended. Knows nothing of files and of the order in which differences come.
 *
 * How a row is found
 *   by its key       where the mended side itself keeps rows with one key apart: a primary or
 *                    unique key over (some of) the columns that pair the rows. The comparison is
 *                    exact whatever the collation, so a statement touches one row.
 *   by all its columns, for a counted number of rows, elsewhere: in a table without a key one of
 *                    equal rows is as good as another.
 * How a unique key survives
 *   A changed row that takes another value of a unique column may want one that another row only
 *   gives up later, as when two rows exchange theirs. Such a row becomes a DELETE and an INSERT of
 *   the whole row, and all deletes of the file come before all updates, and these before all
 *   inserts. Where columns that were not compared would be lost by that, the row first steps aside
 *   with NULL in the unique key, which collides with nothing, among the deletes; where it cannot
 *   be NULL, it is a plain UPDATE. What collides all the same is left out (repair_claims.h).
 *   This needs foreign keys that do not act meanwhile: a deleted parent must not take its children
 *   with it. The settings at the head of the file see to that (engine_sql.h).
 */
#ifndef TALLY_VERIFY_REPAIR_TABLE_H
#define TALLY_VERIFY_REPAIR_TABLE_H

#include "engine_sql.h"
#include "plan.h"

/* The order of the file. */
enum repair_phase { REPAIR_DELETES, REPAIR_UPDATES, REPAIR_INSERTS, REPAIR_PHASES };

struct repair_column {
    const struct type *type;
    const char *name; /* for people */
    const char *text; /* for SQL: the quoted name, or the expression that reads it */
    const char *why;  /* NULL, or why it cannot be written */
    const struct column_definition *definition; /* NULL: not known */
    bool nullable;
    bool whole;  /* repair_value_is_whole() */
    bool unique; /* part of a unique key that does not pair the rows */
};

struct repair_key; /* a unique key of the mended table that does not pair the rows */

struct repair_table {
    const struct plan_table *plan;
    enum side side; /* that is mended */
    const struct engine_sql *sql;
    const char *name;              /* quoted, with its schema */
    const char *target;            /* the same, behind ONLY where others inherit from the table */
    struct repair_column *columns; /* of the plan's */
    bool by_row;                   /* rows are found by all their columns */
    const char *cannot_find;       /* NULL, or why no row of it can be updated or deleted */
    const char *cannot_insert;     /* NULL, or why no row can be inserted */
    const char *unfilled; /* columns that an INSERT leaves to their defaults, for people; or NULL */
    bool others_repeat;   /* the other side may have several rows of one key */
    bool all_unique;      /* any change of a row may collide */
    size_t key_count;
    struct repair_key *keys;
    size_t stamp_count; /* columns that an UPDATE has to set to themselves */
    struct repair_stamp {
        const char *text;
        size_t column; /* of the plan, or SIZE_MAX */
    } * stamps;
};

/* Everything lives in the arena; the plan is borrowed. */
void repair_table_make(struct repair_table *table, const struct plan_table *plan, enum side side,
                       const struct engine *engine, struct arena *arena);

/* The plan column that stands for a column of one side's table; NO_COLUMN: none does. */
size_t repair_table_column_of(const struct repair_table *table, enum side side, size_t index);

/* Does this key of a side keep rows apart by columns that pair them? */
bool repair_table_identifies(const struct repair_table *table, enum side side,
                             const struct key *key);

/* A value of the other side as a literal for column i, or (condition) as what is true of the rows
 * that hold exactly it. False: it cannot be written; `why` says why. */
bool repair_table_add_value(const struct repair_table *table, size_t i, const struct value *value,
                            bool condition, struct buffer *out, struct buffer *why) MUST_CHECK;

/* One difference in words of SQL, without the final semicolon; each phase may stay empty. */
struct repair_statements {
    struct buffer text[REPAIR_PHASES];
    uint64_t repeat; /* the INSERT is for this many rows */
    size_t row;      /* where its row begins, behind VALUES */
};
void repair_statements_init(struct repair_statements *statements);
void repair_statements_free(struct repair_statements *statements);

/* A difference as drill.h tells it. False: the row is left out, and `why` says why in a phrase. */
bool repair_table_mend(const struct repair_table *table, enum finding_kind kind,
                       const struct value *const values[SIDES], const size_t *differ,
                       size_t differ_count, uint64_t times, struct repair_statements *statements,
                       struct buffer *why) MUST_CHECK;

#endif
