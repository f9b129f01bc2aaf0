/*
 * The mapping file: how source names and types correspond to the target's, and which leniencies the
 * user wants. Input: a YAML file. Output: struct mapping, names and options only, each with the
 * line and column it came from. Knows nothing of databases: plan.c holds it against the schemas.
 *
 *     schemas: {hotel: public}             # source schema or database: target schema
 *     exclude: [tmp_*, "*_backup"]         # tables of either side, globs
 *     rules:                               # hold for every column they match
 *       - types: {source: binary(14), target: timestamptz}
 *         kind: instant
 *         zone: Europe/Paris
 *       - {column: "*_at", precision: 0}
 *       - {column: "created_*", tolerance: {seconds: 5}}
 *       - {table: "log_*", column: price, tolerance: {abs: 0.005}}
 *       - {column: "*mail*", mask: true}
 *       - {column: "*_booking", ids: booking}   # generated ids, of this kind (--ids)
 *     tables:
 *       chambres: rooms                    # only renamed
 *       reservations:
 *         target: public.bookings
 *         key: [numero]                    # source names of the columns
 *         where: {source: "annule = 0", target: "NOT cancelled"}   # or one text for both
 *         ignore: [note_interne]           # columns of either side, globs
 *         ids: booking                     # of its key
 *         columns:
 *           prix: price
 *           cree_le: {target: created_at, zone: Europe/Paris}
 *           paye: {target: paid, kind: bool}
 *           tags: {target: tags, kind: array, separator: ","}
 *           nom: {source_expr: "concat(prenom, ' ', nom)", target: full_name}
 */
#ifndef TALLY_VERIFY_MAPPING_H
#define TALLY_VERIFY_MAPPING_H

#include "../diff/base/error.h"
#include "../diff/base/memory.h"
#include "../diff/base/settings.h"

#include <stddef.h>

enum tolerance_unit {
    TOLERANCE_NONE,
    TOLERANCE_ABS,
    TOLERANCE_DIGITS,
    TOLERANCE_ULP,
    TOLERANCE_SECONDS
};

/* The options of a column or rule. NULL, -1 and NONE mean: not given. `mark` per option, so that
 * --explain can say which line decided. */
struct column_options {
    const char *kind; /* a kind's name (canon.h) */
    struct mark kind_mark;
    const char *zone[2]; /* SOURCE, TARGET; `zone: X` sets zone_any */
    const char *zone_any;
    struct mark zone_mark;
    int precision; /* fraction digits of a second, 0..6 */
    struct mark precision_mark;
    /* ABS: |s - t| <= amount; DIGITS: equal when rounded to that many significant digits; ULP: at
     * most that many steps of the double; SECONDS: as ABS, of times */
    enum tolerance_unit tolerance;
    const char *tolerance_amount; /* decimal text, not negative */
    struct mark tolerance_mark;
    int zero_date_null;     /* 1: 0000-00-00 equals NULL */
    int strip_zero_padding; /* 1: trailing zero bytes of BINARY(n) do not count */
    int swapped;            /* 1: the binary(16) uuid is UUID_TO_BIN(…, 1) */
    struct mark leniency_mark;
    const char *separator; /* of packed arrays */
    struct mark separator_mark;
    int ignore; /* 1: do not compare */
    struct mark ignore_mark;
    int mask; /* 1: compare, but show no value */
    struct mark mask_mark;
    const char *ids; /* of which kind the ids in it are (ids_plan.h); "none": of none */
    struct mark ids_mark;
};

struct mapping_rule {
    struct mark mark;
    const char *table;    /* glob, NULL any; matches either side's name, with or without schema */
    const char *column;   /* glob, NULL any; matches either side's name */
    const char *types[2]; /* globs on type name or base, NULL any */
    struct column_options options;
};

struct mapping_column {
    struct mark mark;
    const char *name;   /* the key: the source column, or a label when both are expressions */
    const char *target; /* NULL: found by name */
    const char *expression[2]; /* source_expr, target_expr; NULL: the column itself */
    struct column_options options;
};

struct mapping_name {
    struct mark mark;
    const char *name;
};

struct mapping_table {
    struct mark mark;
    const char *source;
    const char *target; /* NULL: found by name */
    const char *where[2];
    struct mark where_mark;
    size_t key_count;
    struct mapping_name *key;
    size_t ignore_count;
    struct mapping_name *ignore; /* globs */
    const char *ids;             /* of its only key column; NULL: not given */
    struct mark ids_mark;
    size_t column_count;
    struct mapping_column *columns;
};

struct mapping_schema {
    struct mark mark;
    const char *source, *target;
};

struct mapping {
    struct arena arena;
    const char *path; /* for messages; "" when there is no file */
    size_t schema_count;
    struct mapping_schema *schemas;
    size_t exclude_count;
    struct mapping_name *exclude;
    size_t rule_count;
    struct mapping_rule *rules;
    size_t table_count;
    struct mapping_table *tables;
};

/* Reads a file. ERR_USAGE with "path:line:column: sentence" for whatever is wrong in it: not YAML,
 * an unknown or repeated key (with the nearest known one suggested), a wrong type, an empty name, a
 * bad number, a kind or time zone that does not exist; with "path: sentence" for a file that cannot
 * be read or is larger than 16 MB. The mapping is empty but valid to free after an error. */
bool mapping_read(const char *path, struct mapping *mapping, struct err *err) MUST_CHECK;
/* The same from memory, for tests and the fuzzer; path is used in messages only. */
bool mapping_parse(const char *path, const char *text, size_t length, struct mapping *mapping,
                   struct err *err) MUST_CHECK;
void mapping_free(struct mapping *mapping);

#endif
