/*
 * PostgreSQL's binary COPY format, and the binary form that its types send: bytes in, cells
 * (engine.h) out. Part of the PostgreSQL engine, kept apart because it needs no server and no
 * libpq: whatever bytes it is given, it answers with cells or with a reason, and never reads beyond
 * them. Sources: the manual's page on COPY ("Binary Format"), and *_send() of
 * src/backend/utils/adt.
 */
#ifndef TALLY_VERIFY_ENGINE_PGCOPY_H
#define TALLY_VERIFY_ENGINE_PGCOPY_H

#include "engine.h"

/* One field of a row, without its length word. */
struct pgcopy_field {
    const unsigned char *bytes;
    size_t length;
};

/* Memory for what a row's cells point to and the message does not hold; reused for each row. */
struct pgcopy_memory {
    struct pgcopy_block *blocks; /* the newest first */
    size_t total;                /* bytes in all blocks */
};

/* How the fields of one type become cells. */
struct pgcopy_type {
    /* False: the field is not a value of the type. The cell borrows from field and memory. */
    bool (*decode)(const struct pgcopy_type *type, struct pgcopy_field field,
                   struct pgcopy_memory *memory, struct cell *cell);
    uint32_t element_oid; /* pgcopy_array: what the array's header must say */
    const struct pgcopy_type *element;
};

/* The decoders, for pgcopy_type.decode; each by the type or types whose binary form it reads. */
#define PGCOPY_DECODER(name)                                                                       \
    bool name(const struct pgcopy_type *type, struct pgcopy_field field,                           \
              struct pgcopy_memory *memory, struct cell *cell)
PGCOPY_DECODER(pgcopy_bool);
PGCOPY_DECODER(pgcopy_int2);
PGCOPY_DECODER(pgcopy_int4);
PGCOPY_DECODER(pgcopy_int8);
PGCOPY_DECODER(pgcopy_oid);
PGCOPY_DECODER(pgcopy_numeric);
PGCOPY_DECODER(pgcopy_float4);
PGCOPY_DECODER(pgcopy_float8);
PGCOPY_DECODER(pgcopy_text); /* text, varchar, name, json, enums, citext */
PGCOPY_DECODER(pgcopy_bpchar);
PGCOPY_DECODER(pgcopy_char); /* "char", one byte */
PGCOPY_DECODER(pgcopy_bytea);
PGCOPY_DECODER(pgcopy_date);
PGCOPY_DECODER(pgcopy_time);
PGCOPY_DECODER(pgcopy_timestamp);
PGCOPY_DECODER(pgcopy_timestamptz);
PGCOPY_DECODER(pgcopy_jsonb);
PGCOPY_DECODER(pgcopy_uuid);
PGCOPY_DECODER(pgcopy_bits); /* bit, varbit */
PGCOPY_DECODER(pgcopy_interval);
PGCOPY_DECODER(pgcopy_inet); /* inet, cidr */
PGCOPY_DECODER(pgcopy_point);
PGCOPY_DECODER(pgcopy_polygon);
PGCOPY_DECODER(pgcopy_ewkb); /* PostGIS */
PGCOPY_DECODER(pgcopy_array);

/* One result being read. Zero-initialise; set columns; pgcopy_free() frees the memory only. */
struct pgcopy {
    size_t column_count;
    const struct pgcopy_type *const *columns; /* borrowed */
    bool started;                             /* the header was read */
    bool ended;                               /* the trailer was read */
    uint64_t rows;
    struct pgcopy_memory memory;
    char problem[160];     /* after PGCOPY_MALFORMED: a phrase */
    size_t problem_column; /* column_count: not about a column */
};

enum pgcopy_status {
    PGCOPY_ROW,      /* cells are filled; they borrow from the message until the next one */
    PGCOPY_NO_ROW,   /* the message held a header or the trailer, and nothing else */
    PGCOPY_MALFORMED /* see problem */
};

/* Reads one CopyData message: the server puts at most one row into each. */
enum pgcopy_status pgcopy_message(struct pgcopy *copy, const unsigned char *bytes, size_t length,
                                  struct cell *cells);
void pgcopy_free(struct pgcopy *copy);

#endif
