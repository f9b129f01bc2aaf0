/*
 * How an engine's SQL is written: literals, conditions that find exactly one value, and the frame
 * of a file that its own client runs. Input: types (schema.h) and canonical values (value.h) that
 * are in the type's own form (repair_value.h). Output: text. Everything is pure and thread safe;
 * knows no connection and no plan. One const struct per engine, in engine_mysql_sql.c and
 * engine_pg_sql.c; a new database brings its own.
 *
 * What a column cannot hold exactly is refused, never rounded, cut or replaced: functions return
 * false and set *why to a phrase ("it has 12 characters, and the column holds 10", static or in
 * the caller's buffer below), and what they have appended then means nothing.
 */
#ifndef TALLY_VERIFY_ENGINE_SQL_H
#define TALLY_VERIFY_ENGINE_SQL_H

#include "../diff/base/buffer.h"
#include "../diff/value.h"
#include "../diff/value_decimal.h"
#include "schema.h"

/* What the file's head needs to know. */
struct engine_sql_file {
    const char *server;          /* "MariaDB 10.11.19": whose client runs the file */
    const char *default_schema;  /* quoted: where the application's names are found; NULL: none */
    const struct buffer *tables; /* list of quoted, qualified names of the tables that it changes,
                                    each as a string literal, separated by commas */
    uint64_t longest;            /* bytes of the longest statement */
};

enum engine_sql_key {
    KEY_EXACT,  /* finds the same what canonical values find the same */
    KEY_FOLDS,  /* by a collation, or as citext: more */
    KEY_UNKNOWN /* nobody can say */
};

struct engine_sql {
    /* The value as a column of this type takes it in INSERT and UPDATE. */
    bool (*add_literal)(struct buffer *out, const struct type *type, const struct value *value,
                        const char **why) MUST_CHECK;

    /* Can a text column of this collation hold the text? NULL: any can. */
    bool (*fits_collation)(const char *collation, const struct value *text, const char **why);

    /* A condition that is true of exactly the rows whose column holds this value, whatever the
     * column's collation finds alike; where it can, in a form that an index serves. `column` is a
     * quoted name. The value is not NULL. */
    bool (*add_equals)(struct buffer *out, const char *column, const struct type *type,
                       const struct value *value, const char **why) MUST_CHECK;

    /* How a unique key compares this column. Not for prefixes and expressions. */
    enum engine_sql_key (*key_of)(const struct type *type,
                                  const struct column_definition *definition);
    /* Of a column that a key folds: a literal of add_literal() as the key would compare it with the
     * column, and what of the quoted column has the same bytes for all that the key finds the same,
     * and for no other (of the type key_form, where NULL stays NULL). */
    void (*add_key_literal)(struct buffer *out, const struct column_definition *definition,
                            const char *literal);
    void (*add_key_form)(struct buffer *out, const char *column, const struct type *type,
                         const struct column_definition *definition);
    struct type key_form, key_number; /* key_number: of the literal 1 */

    /* " WHERE condition", for at most `limit` rows (0: all) of the quoted table. */
    void (*add_where)(struct buffer *out, const char *table, const char *condition, uint64_t limit);

    /* Comments that say how the file is run, and the settings that its statements rely on. */
    void (*add_usage)(struct buffer *out, const struct engine_sql_file *file);
    void (*add_settings)(struct buffer *out, const struct engine_sql_file *file);

    const char *begin, *commit;
    const char *values; /* between an INSERT's column list and its rows */
    bool only;          /* "ONLY name" leaves out what inherits from a table */
    /* An UPDATE must set columns of these classes to themselves, or the server may set them to the
     * time of the statement. */
    bool stamps;
};

extern const struct engine_sql engine_mysql_sql, engine_pg_sql;

/* engine_mysql_charset.c */
bool engine_mysql_sql_fits_collation(const char *collation, const struct value *text,
                                     const char **why) MUST_CHECK;

/* ---- What the dialects share (engine_sql.c) ---------------------------------------------------
 */

#define ENGINE_SQL_SECOND INT64_C(1000000) /* microseconds */
#define ENGINE_SQL_DAY (86400 * ENGINE_SQL_SECOND)

int64_t engine_sql_int(const struct value *value); /* the payload of INT … INSTANT */

/* Refuses: returns false. */
bool engine_sql_no(const char **why, const char *phrase);

/* An integer of `bytes` bytes? Fills *text with its digits; values to 2^64 - 1. */
bool engine_sql_add_int(struct buffer *out, const struct value *value, unsigned bytes,
                        bool is_unsigned, const char **why) MUST_CHECK;

/* An exact number for a column of this type's precision and scale (precision -1: any), plain digits
 * where there are not too many zeros, else with an exponent. Finite numbers only. */
bool engine_sql_add_decimal(struct buffer *out, const struct type *type, const struct value *value,
                            const char **why) MUST_CHECK;

/* The fewest digits that mean this double and no other. Finite numbers only. */
void engine_sql_add_double(struct buffer *out, double number);

/* Does this double fit a column of 4 bytes, or of 8? */
bool engine_sql_fits_float(double number, const struct type *type, const char **why) MUST_CHECK;

/* Can a column that keeps `precision` digits of a second (below 0: six) hold the fraction? */
bool engine_sql_fits_fraction(int64_t microseconds, int precision, const char **why) MUST_CHECK;

/* hh:mm:ss[.ffffff], hours without an upper end. */
void engine_sql_add_clock(struct buffer *out, uint64_t microseconds);

size_t engine_sql_characters(const struct value *text);

/* The bits of a VALUE_BITS, or a number in `length` bits (its first bit the most significant), as
 * 0s and 1s. length 0: as many as there are. */
bool engine_sql_add_bits(struct buffer *out, const struct value *value, uint32_t length, bool fixed,
                         const char **why) MUST_CHECK;

/* " WHERE a IS NOT NULL AND … GROUP BY …" over the parts of a key, each as fold() writes it: for
 * rows that a key compares alike. */
void engine_sql_add_groups(struct buffer *sql, const struct table *table, size_t count,
                           const struct index_part *parts,
                           void (*quote_name)(struct buffer *out, const char *name),
                           void (*fold)(struct buffer *sql, const struct table *table,
                                        const struct index_part *part));

/* Takes the first cell of a row as a number, NULL as 0; the context is a uint64_t. */
bool engine_sql_keep_count(void *count, const char *const *cells, struct err *err);

#endif
