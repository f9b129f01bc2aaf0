/*
 * What the SQL in a catalog means, as far as two dialects can be compared: defaults, and the
 * conditions of checks and indexes in a normal form. Input: text as MySQL, MariaDB or PostgreSQL
 * spell it in their catalogs. Output: struct column_default; a normal form that two spellings of
 * one condition share. Pure; knows no connection.
 */
#ifndef TALLY_VERIFY_SCHEMA_TEXT_H
#define TALLY_VERIFY_SCHEMA_TEXT_H

#include "../diff/base/buffer.h"
#include "schema.h"

/*
 * Reads a default that is SQL: PostgreSQL's, MariaDB's, and MySQL's where EXTRA says
 * DEFAULT_GENERATED. text NULL: none.
 *
 *     "'abc'::character varying"  -> LITERAL "abc"      "b'101'"         -> LITERAL "5"
 *     "CURRENT_TIMESTAMP(6)"      -> NOW                "NULL::text"     -> NONE
 *     "(lower(name) || 'x')"      -> EXPRESSION "lower name || 'x'"
 */
void schema_read_default(const char *text, struct arena *arena, struct column_default *preset);

/* Reads a default that MySQL prints bare: abc, 0, CURRENT_TIMESTAMP, b'1'. */
void schema_read_bare_default(const char *text, const struct type *type, struct arena *arena,
                              struct column_default *preset);

/* Do both give an insert the same value? Literals are compared as the types of the two columns mean
 * them: '0' and 0 and false, 1.0 and 1, '{}' and '{ }'. */
bool schema_same_default(const struct column_default *const presets[2],
                         const struct type *const types[2]);

/*
 * Appends the normal form of a condition or expression: one blank between the words, names bare and
 * in small letters, no parentheses, casts or charset introducers, one spelling of each operator. As
 * parentheses go, (a or b) and c looks like a or (b and c): schema_same_structure() tells. rename
 * (NULL: none) may give a name another spelling.
 *
 *     "((`price` >= 0) and (`kind` <> _utf8mb4\\'x\\'))"      -> "price >= 0 and kind != 'x'"
 *     "((price >= (0)::numeric) AND (kind <> 'x'::text))"   -> the same
 */
typedef const char *schema_rename(void *context, const char *name);
void schema_normal_form(const char *text, schema_rename *rename, void *context, struct buffer *out);

/* Do the operands of two conditions or expressions whose normal forms are equal belong together in
 * the same way? */
bool schema_same_structure(const char *one, const char *other);

/* Is this name one of the words of a normal form? */
bool schema_form_has(const char *form, const char *name);

#endif
