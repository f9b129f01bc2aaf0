/*
 * What is to be mended in a table's definition, for the engine to say in its SQL (engine.h, mend).
 * The comparison of definitions fills it; statements are shown and never run.
 */
#ifndef TALLY_VERIFY_MEND_H
#define TALLY_VERIFY_MEND_H

#include "schema.h"

enum mend_kind {
    MEND_COUNTER,          /* column's counter goes on at `number` */
    MEND_SET_NOT_NULL,     /* column */
    MEND_DROP_NOT_NULL,    /* column */
    MEND_SET_DEFAULT,      /* column gets `preset` */
    MEND_DROP_DEFAULT,     /* column */
    MEND_ADD_PRIMARY_KEY,  /* columns */
    MEND_ADD_UNIQUE_INDEX, /* columns, name */
    MEND_ADD_INDEX,        /* columns, name */
    MEND_BUILD_INDEX,      /* name: one that is there and unusable */
    MEND_ADD_FOREIGN_KEY,  /* columns, name, other, other_columns, on_update, on_delete */
    MEND_VALIDATE,         /* name: a constraint */
    MEND_ADD_ENUM_MEMBER,  /* column, member */
};

struct mend {
    enum mend_kind kind;
    const struct table *table;
    size_t column; /* index into the table's columns */
    const char *name;
    int64_t number;
    const struct column_default *preset;
    size_t column_count;
    const size_t *columns; /* indexes into the table's columns */
    const struct table *other;
    const char *const *other_columns;
    const char *on_update, *on_delete; /* NULL or "NO ACTION": not said */
    const char *member;
};

#endif
