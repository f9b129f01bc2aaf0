/*
 * What will be compared with what: pairs of tables, of columns, the key, and how rows choose their
 * bucket. Input: two schemas, the mapping, the user's patterns. Output: a plan that scan, drill and
 * the reports follow; it is never changed while they run. Opens no scans, but asks engines about
 * expressions, key bounds and hidden tables.
 */
#ifndef TALLY_VERIFY_PLAN_H
#define TALLY_VERIFY_PLAN_H

#include "canon.h"
#include "verify.h"

struct ids_map; /* ids.h */

/* One side's connection for questions while planning. */
struct plan_side {
    const struct engine *engine;
    struct connection *connection;
    struct schema *schema;
};

struct plan_column {
    struct canon canon;
    const struct type *type[SIDES];
    const char *select[SIDES]; /* SQL text */
    bool key;
    bool masked;               /* its values may not be shown: mask.h */
    const char *ids_kind;      /* the mapping's word on the ids in it, or NULL */
    const struct ids_map *ids; /* NULL: none are paired, the rule */
    size_t result;             /* index into the result table's columns */
};

struct plan_table {
    const struct table *table[SIDES];
    const char *where[SIDES];
    size_t column_count;
    struct plan_column *columns; /* the compared ones; key columns first */
    size_t key_count; /* leading columns that choose the bucket and pair rows; all of them
                         when the table is a multiset */
    bool multiset;
    bool lenient;    /* some pair needs canon_equal() */
    bool maps_ids;   /* some column has a map of ids */
    bool comparable; /* false: no row will be read; the result's reasons say why */
    /* Buckets: range_count ranges of the first key column (1: no ranges) times hash_count. Range i
     * holds bounds[i-1] <= k < bounds[i]. */
    size_t range_count, hash_count;
    int64_t *bounds;                 /* range_count - 1, ascending */
    const char *range_column[SIDES]; /* quoted name, when range_count > 1 */
    uint64_t estimate;               /* rows, the larger side's */
    struct result_table *result;     /* where reasons, counts and findings go */
};

struct plan {
    struct arena arena;
    size_t table_count;
    struct plan_table *tables; /* in the result's order: by source name */
};

/*
 * Builds the plan and the skeleton of the result (tables, columns, only_source, only_target,
 * reasons that are known before reading). ERR_USAGE: the mapping or a pattern names what does not
 * exist; the mapping contradicts the types.
 */
bool plan_make(const struct verify_options *options, const struct mapping *mapping,
               const struct plan_side sides[SIDES], struct plan *plan, struct verify_result *result,
               struct err *err) MUST_CHECK;
void plan_free(struct plan *plan);
/* Buckets of hashes alone: for a table whose key is not read as the server orders it. */
void plan_drop_ranges(struct plan_table *table);

static inline size_t plan_bucket_count(const struct plan_table *table)
{
    return table->range_count * table->hash_count;
}

#endif
