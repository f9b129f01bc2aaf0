/*
 * Fills the definitions of a schema's tables (schema.h) from catalog rows, whose number nobody
 * knows beforehand. Input: what an engine's catalog says, row by row, ordered by table. Output:
 * table.definition. Shared by the engines; knows no SQL.
 */
#ifndef TALLY_VERIFY_DEFINITION_H
#define TALLY_VERIFY_DEFINITION_H

#include "schema.h"

#include <stdbool.h>

struct definition_reading {
    struct schema *schema;
    struct table *table; /* at hand: set by definition_turn_to() */
    size_t index_capacity, part_capacity, foreign_capacity, pair_capacity, check_capacity,
        member_capacity;
};

/* Gives every table an empty definition. */
void definition_start(struct definition_reading *reading, struct schema *schema);

/* Makes the named table the one at hand; false: the schema has none of that name. */
bool definition_turn_to(struct definition_reading *reading, const char *schema, const char *table);

/* The index of a column of the table at hand; NO_COLUMN: none, or name is NULL. */
size_t definition_column(const struct definition_reading *reading, const char *name);

/* The index, foreign key or check of that name: the last one when its name is the same, else a new
 * one with only its name. Valid until the next one is added. */
struct index *definition_index(struct definition_reading *reading, const char *name);
struct foreign_key *definition_foreign_key(struct definition_reading *reading, const char *name);
struct check *definition_check(struct definition_reading *reading, const char *name,
                               const char *text);

/* A part more for the last index; a pair of columns more for the last foreign key. Texts of the
 * part must live as long as the schema. */
void definition_add_part(struct definition_reading *reading, const struct index_part *part);
void definition_add_pair(struct definition_reading *reading, size_t column, const char *other);
void definition_add_member(struct definition_reading *reading, size_t column, const char *member);

/* "'a','b''c'" between the parentheses of MySQL's enum or set. */
void definition_read_members(struct definition_reading *reading, size_t column, const char *type);

/* Primary first, else as they were. */
void definition_finish(struct definition_reading *reading);

#endif
