/*
 * What a database holds, in terms that both engines share: tables, columns, types, keys. Filled by
 * an engine from its catalogs (engine.h), never changed after. All of it lives in the schema's
 * arena.
 */
#ifndef TALLY_VERIFY_SCHEMA_H
#define TALLY_VERIFY_SCHEMA_H

#include "../diff/base/error.h"
#include "../diff/base/memory.h"

#include <stddef.h>
#include <stdint.h>

/* What a type means. The pair of classes chooses the kind of comparison (canon.h). */
enum type_class {
    TYPE_UNKNOWN, /* cannot be compared; say why in column.unreadable */
    TYPE_BOOL,    /* PostgreSQL boolean */
    TYPE_INT,     /* every integer, oid, year; bits = 1 for MySQL's tinyint(1) */
    TYPE_DECIMAL, /* decimal, numeric, money */
    TYPE_FLOAT,   /* 4 bytes */
    TYPE_DOUBLE,  /* 8 bytes */
    TYPE_TEXT,    /* char, varchar, text, citext, name */
    TYPE_ENUM,    /* read as its label */
    TYPE_SET,     /* MySQL SET, read as comma text */
    TYPE_BYTES,   /* binary, varbinary, blob, bytea */
    TYPE_DATE,
    TYPE_TIME,     /* time without time zone */
    TYPE_DATETIME, /* civil time without a zone: MySQL datetime, PostgreSQL timestamp */
    TYPE_INSTANT,  /* MySQL timestamp, PostgreSQL timestamptz */
    TYPE_JSON,     /* a type that holds only JSON: MySQL json, PostgreSQL json, jsonb */
    TYPE_UUID,     /* PostgreSQL and MariaDB uuid */
    TYPE_BITS,     /* bit(n), varbit */
    TYPE_ARRAY,    /* PostgreSQL array; element says of what */
    TYPE_INTERVAL, /* PostgreSQL interval */
    TYPE_INET,     /* PostgreSQL inet, cidr; MariaDB inet4, inet6 */
    TYPE_GEOMETRY, /* MySQL spatial types, PostGIS geometry, PostgreSQL point and polygon */
    TYPE_OTHER     /* read as the server's own text: comparable with text and with the same type */
};

struct type {
    enum type_class class;
    enum type_class element; /* TYPE_ARRAY: the elements' class */
    bool is_unsigned;
    bool fixed;      /* CHAR(n), char(n), BINARY(n): stored padded to its length */
    uint32_t length; /* characters, bytes or bits; TYPE_INT: bytes; 0: no limit or not applicable */
    int precision;   /* decimals: digits, -1 no limit; times: fraction digits */
    int scale;       /* decimals */
    bool tiny_bool;  /* MySQL tinyint(1) */
    uint32_t oid;    /* the engine's own number of the type, for its own use */
    const char *name; /* as the engine spells it: "tinyint(1) unsigned", "character varying(20)" */
    const char *base; /* the short name without parameters: "tinyint", "varchar", "timestamptz" */
};

struct column {
    const char *name;
    struct type type;
    bool nullable;
    bool generated;
    const char *unreadable; /* NULL, or why it cannot be read: a whole phrase for the report */
    const char *select;     /* NULL: the quoted name; else the SQL expression that reads it */
};

struct key {
    const char *name;
    bool primary;    /* else a unique key */
    bool nullable;   /* a column of it may be NULL: cannot identify rows */
    bool has_prefix; /* MySQL prefix part or PostgreSQL expression or partial: cannot be used */
    bool one_null;   /* refuses a second NULL (PostgreSQL's NULLS NOT DISTINCT) */
    size_t column_count;
    const size_t *columns; /* indexes into the table's columns, in key order */
};

/* ---- Definitions: what a table promises beyond its rows. Filled on demand (engine.h). ----------
 */

/* What a column gets when an insert leaves it out, by what it means (schema_text.h). */
enum default_kind {
    DEFAULT_NONE,    /* none, or NULL */
    DEFAULT_LITERAL, /* value: its text, without quotes */
    DEFAULT_NOW,     /* the moment of the insert */
    DEFAULT_TODAY,
    DEFAULT_COUNTER,   /* the next number of column_definition.counter */
    DEFAULT_UUID,      /* a new one */
    DEFAULT_EXPRESSION /* value: its normal form */
};

struct column_default {
    enum default_kind kind;
    const char *text; /* as the catalog spells it, for people; NULL: none */
    const char *value;
};

/* A sequence that a column's default calls, an identity, or AUTO_INCREMENT. Numbers outside int64
 * are clamped. */
struct counter {
    const char *sequence; /* quoted for SQL; NULL: AUTO_INCREMENT */
    const char *label;    /* the same for people */
    const char *unknown;  /* NULL, or why the numbers below could not be looked at: a phrase */
    int64_t next;         /* what the next insert gets */
    int64_t increment;    /* of one step, never 0 */
    int64_t end;          /* the last number that it can give */
    bool cycles;          /* begins again at its end */
    bool exhausted;       /* has given its last number */
    bool has_highest;     /* false: the column holds no number, or nobody may know cheaply */
    int64_t highest;      /* of the column; the lowest where the counter counts down */
};

/* What a collation finds equal though the characters differ, as a set. */
enum equates { EQUATES_CASE = 1, EQUATES_ACCENTS = 2, EQUATES_TRAILING_BLANKS = 4 };

struct column_definition {
    struct column_default preset;
    bool set_on_update;            /* MySQL's ON UPDATE CURRENT_TIMESTAMP */
    const struct counter *counter; /* NULL: none */
    const char *collation;         /* NULL: not a text, or PostgreSQL's default */
    unsigned equates;
    size_t member_count; /* enum, set */
    const char *const *members;
    const char *enum_type; /* PostgreSQL: the type's name, quoted for SQL */
};

#define NO_COLUMN SIZE_MAX

struct index_part {
    size_t column;          /* NO_COLUMN: an expression */
    const char *expression; /* as the catalog spells it; NULL: the column itself */
    uint32_t prefix;        /* only so many characters or bytes; 0: all */
    unsigned equates;       /* of the collation that the index compares by */
};

/* Every index, keys too. */
struct index {
    const char *name;
    const char *method; /* "btree", "hash", "gin", "fulltext", … */
    bool primary, unique;
    const char *unusable;  /* NULL, or why it serves nobody: "not valid", "invisible" */
    bool broken;           /* unusable since it was not built to its end: promises nothing */
    const char *predicate; /* a partial index's condition */
    size_t part_count;
    struct index_part *parts;
};

struct foreign_key {
    const char *name;
    size_t column_count;
    size_t *columns;                   /* of this table */
    const char **others;               /* the referenced columns' names */
    const char *schema, *table;        /* the referenced table */
    const char *on_update, *on_delete; /* "CASCADE", "SET NULL", …; "NO ACTION" for RESTRICT too;
                                          NULL: not known */
    bool not_validated;                /* rows that were there before may break it */
    bool not_enforced;
};

struct check {
    const char *name;
    const char *text; /* as the catalog spells it */
    bool not_validated, not_enforced;
};

struct table_definition {
    struct column_definition *columns; /* as many as the table has */
    size_t index_count;
    struct index *indexes; /* the primary key first, then by name */
    size_t foreign_key_count;
    struct foreign_key *foreign_keys;
    size_t check_count;
    struct check *checks;
    bool has_update_trigger; /* a trigger runs before each update of a row, and may set columns */
};

/* A piece of a table that is read by itself: a PostgreSQL leaf partition. */
struct table_part {
    const char *from; /* the quoted name for FROM, "ONLY " included where needed */
    uint64_t pages;   /* 0: cannot be split by ctid */
};

struct table;

/* A table that inherits from another one (PostgreSQL), at any depth: a query of the parent returns
 * its rows too, but the engine reads the parent without them. */
struct table_child {
    const char *label;
    const struct table *table; /* NULL: in a schema that is not read */
};

enum relation_kind { RELATION_TABLE, RELATION_VIEW, RELATION_SEQUENCE, RELATION_FOREIGN };

struct table {
    const char *schema; /* PostgreSQL schema, MySQL database */
    const char *name;
    const char *label;       /* in reports: "orders" in MySQL, "public.orders" in PostgreSQL */
    enum relation_kind kind; /* only RELATION_TABLE is compared without being named */
    const char *unreadable;  /* NULL, or why no row of it can be read */
    const char *note; /* NULL, or what the report must say ("MyISAM: no consistent snapshot") */
    uint64_t row_estimate; /* from the catalog; may be far off */
    uint64_t byte_estimate;
    size_t column_count;
    struct column *columns; /* in the table's order */
    size_t key_count;
    struct key *keys; /* primary first */
    size_t part_count;
    struct table_part *parts; /* at least one */
    size_t child_count;
    const struct table_child *children;
    struct table_definition *definition; /* NULL: not read */
};

struct schema {
    struct arena arena;
    size_t table_count;
    struct table *tables;       /* sorted by schema, name */
    const char *default_schema; /* where an unqualified name lives: "public", or the database */
    bool may_hide_tables; /* the server shows only the tables that this user has rights on, and
                             there may be others */
};

void schema_free(struct schema *schema);

/* Finds by schema and name; schema NULL: any schema, the default one first. Exact, else
 * case-insensitive where only one fits. NULL: none. */
const struct table *schema_find(const struct schema *schema, const char *schema_name,
                                const char *name);
const struct column *table_find_column(const struct table *table, const char *name);

#endif
