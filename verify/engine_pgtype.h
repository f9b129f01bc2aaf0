/*
 * PostgreSQL's types: what Tally knows of each, and how it reads them. Input: rows of pg_type.
 * Output: struct type (schema.h) for the rest of Tally, and for the engine the decoder and the SQL
 * that brings a value over the wire. Part of the PostgreSQL engine; knows no connection and no
 * libpq.
 */
#ifndef TALLY_VERIFY_ENGINE_PGTYPE_H
#define TALLY_VERIFY_ENGINE_PGTYPE_H

#include "engine_pgcopy.h"

/* How the values of a type are asked for. */
enum pgtype_reading {
    PGTYPE_BINARY, /* as they are, in the type's binary form */
    PGTYPE_CAST,   /* cast to a type that has a known binary form */
    PGTYPE_OUTPUT, /* as the text that the type's output function makes */
    PGTYPE_TEXTS,  /* an array, as the texts that the elements' output function makes */
    PGTYPE_NEVER   /* pseudo types: no value can be read */
};

struct pgtype_known;

struct pgtype {
    /* A row of pg_type. */
    uint32_t oid;
    char kind;             /* typtype: b c d e m p r */
    const char *name;      /* typname */
    const char *schema;    /* of its namespace */
    const char *extension; /* that owns it; NULL: none */
    uint32_t base_oid;     /* of a domain, else 0 */
    int base_modifier;     /* of a domain, else -1 */
    uint32_t element_oid;  /* of a true array, else 0 */

    /* What follows from it; set by pgtypes_resolve(). */
    bool resolved;
    const struct pgtype *under;   /* of a domain: what it is made from, maybe a domain too */
    const struct pgtype *base;    /* the type under all domains: itself when it is none */
    const struct pgtype *element; /* of an array: its base type */
    const struct pgtype_known *known;
    enum type_class class;
    enum type_class element_class;
    enum pgtype_reading reading;
    const char *cast; /* PGTYPE_CAST: the type's qualified name */
    struct pgcopy_type wire;
};

/* Types by OID. They stay where they are until pgtypes_free(). */
struct pgtypes {
    struct arena arena;
    size_t count;
    struct pgtype **items; /* by ascending OID */
};

/* Copies the row with its texts; of a type that is there already, nothing happens. */
void pgtypes_add(struct pgtypes *types, const struct pgtype *row);
/* To be called after additions, which have to include the bases and elements of the added types. */
void pgtypes_resolve(struct pgtypes *types);
const struct pgtype *pgtypes_find(const struct pgtypes *types, uint32_t oid); /* NULL: not there */
void pgtypes_free(struct pgtypes *types);

/* Fills *type for a column of this type with this typmod. name is what format_type() says of both;
 * texts are copied to the arena. */
void pgtype_fill(const struct pgtype *pgtype, int modifier, const char *name, struct arena *arena,
                 struct type *type);

/* The type that a spelling of CREATE TABLE means: "character varying(20)", "int[]". Types that are
 * known by their name alone: those of extensions that Tally knows, and the built-in ones. ERR_USAGE
 * otherwise: domains, composites and enums (but the word "enum") are a database's own. */
bool pgtype_parse(const char *text, struct arena *arena, struct type *type,
                  struct err *err) MUST_CHECK;

/* Appends the SQL that reads the value that `operand` (a column's name) holds. */
void pgtype_add_select(const struct pgtype *pgtype, const char *operand, struct buffer *out);

#endif
