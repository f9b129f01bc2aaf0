/*
 * A database as the rest of Tally sees it: one const struct of functions per engine. A new database
 * fills one more of them. Nothing outside engine_*.c knows SQL dialects, catalogs, client libraries
 * or wire formats.
 *
 * Life: engine_for_uri() -> connect() -> read_schema() -> begin() -> { scan_start() scan_next()*
 * scan_end() }*
 * -> disconnect(). A connection is used by one thread at a time; cancel() alone may come from
 * another.
 *
 * Promises of every implementation:
 * - Sessions are pinned (types.md): UTF-8, UTC, exact floats, read only, no timeouts of their own;
 * nothing that a role, a database or a server sets may change a value.
 * - A value that arrives truncated, replaced or converted with loss is an error, never a value.
 * - scan_next() says ROW_END only when the server itself has confirmed the end of the result.
 * - A lost connection is ERR_LOST; a refused or killed query is ERR_TABLE; messages name table or
 *   server and never hold a password.
 */
#ifndef TALLY_VERIFY_ENGINE_H
#define TALLY_VERIFY_ENGINE_H

#include "../diff/base/buffer.h"
#include "../diff/base/error.h"
#include "../diff/base/side.h"
#include "cut.h"
#include "mend.h"
#include "schema.h"

struct engine_sql;

/* How an engine hands over one cell. Pointers are borrowed until the next scan_next() or
 * scan_end(). */
enum cell_form {
    CELL_NULL,
    CELL_BOOL,    /* i */
    CELL_INT,     /* i */
    CELL_UINT,    /* u; only for values above INT64_MAX, smaller ones come as CELL_INT */
    CELL_FLOAT,   /* d, exactly the 4-byte value */
    CELL_DOUBLE,  /* d */
    CELL_DECIMAL, /* bytes, length: ASCII text of an exact number */
    CELL_NUMERIC, /* bytes, length: base-10000 digits big-endian; weight, negative */
    CELL_TEXT,  /* bytes, length: UTF-8; JSON, enum labels, sets and TYPE_OTHER too. The padding of
                   fixed-length character types is already taken off */
    CELL_BYTES, /* bytes, length */
    CELL_DATE,  /* i: days since 1970-01-01 */
    CELL_TIME,  /* i: microseconds, signed */
    CELL_DATETIME, /* i: microseconds since 1970-01-01 00:00:00, civil */
    CELL_INSTANT,  /* i: microseconds since 1970-01-01T00:00:00Z */
    CELL_SPECIAL,  /* bytes, length: "infinity", "-infinity", "NaN", "0000-00-00", "2024-02-31
                      10:00:00" */
    CELL_UUID,     /* bytes: 16 of them */
    CELL_BITS,     /* bytes, length in bits (u): first bit highest, zero padded */
    CELL_INTERVAL, /* months, days, i: microseconds */
    CELL_INET,     /* bytes, length 4 or 16; u: prefix length */
    CELL_GEOMETRY, /* bytes, length: WKB (either byte order, no SRID inside); u: SRID */
    CELL_ARRAY     /* array */
};

struct cell {
    enum cell_form form;
    bool negative; /* CELL_NUMERIC */
    int weight;    /* CELL_NUMERIC */
    union {
        int64_t i;
        uint64_t u;
        double d;
        const struct cell_array *array;
    };
    const unsigned char *bytes;
    size_t length;
    int32_t months, days; /* CELL_INTERVAL */
};

struct cell_array {
    size_t dimension_count; /* 0: the empty array */
    const uint32_t *sizes;  /* of each dimension; lower bounds are not part of the value */
    size_t cell_count;
    const struct cell *cells; /* in row-major order */
};

/* A range of the first key column, for keys of integer class: low <= k < high. */
struct key_range {
    bool has_low, has_high;
    int64_t low, high;
};

/* A piece of a table that one scan reads. Made by splits(); covers the table without overlap. */
struct split {
    size_t part;                  /* index into table.parts */
    uint64_t page_low, page_high; /* ctid blocks [low, high); high 0: no upper end, low 0: none */
    struct key_range range;       /* of the clustered key */
};

/* What to read. Borrowed for the whole scan. */
struct scan {
    const struct table *table;
    size_t column_count;
    const char *const *selects;      /* SQL text of each column: quoted name or expression */
    const struct type *const *types; /* of each column: decides how its bytes are decoded */
    const char *where;               /* NULL, or the user's condition */
    const struct split *split;       /* NULL: the whole table */
    const char *range_column;        /* quoted name, with ranges */
    const struct key_range *ranges;  /* rows in any of these (drill); range_count 0: no condition */
    size_t range_count;
};

enum row_status { ROW_READ, ROW_END, ROW_FAILED };

struct connection; /* each engine's own */

struct server_info {
    char version[64];    /* "MariaDB 10.11.19", "PostgreSQL 15.18" */
    char shown_uri[512]; /* the URI with the password left out; parameters that hold secrets too */
};

/* How the sessions of one side see the same moment. */
enum snapshot_state {
    SNAPSHOT_SHARED,   /* all connections provably see one snapshot */
    SNAPSHOT_SEPARATE, /* each has its own; a write between may look like a difference */
    SNAPSHOT_NONE      /* the engine or its tables have none */
};

/* Whether a server follows another one. */
enum replica_state {
    REPLICA_NONE,
    REPLICA_STOPPED, /* it is one, but nobody can say how far behind: replication does not run */
    REPLICA_FOLLOWS
};

/* One table that the catalog may hide from us. */
enum existence { EXISTS_NOT, EXISTS_UNREADABLE, EXISTS_READABLE };

struct engine {
    const char *name;           /* "postgresql", "mysql" */
    const char *const *schemes; /* NULL-terminated: "postgresql", "postgres" */

    /* Opens one pinned session. ERR_USAGE: the URI is malformed; ERR_UNREACHABLE: refused. *info
     * may be NULL. The connection is freed by disconnect(), also after errors of other calls. */
    bool (*connect)(const char *uri, struct connection **connection, struct server_info *info,
                    struct err *err) MUST_CHECK;
    void (*disconnect)(
        struct connection *connection); /* NULL is fine; never fails, never waits long */

    /* Reads the catalogs of these schemas (count 0: the default ones) into *schema. */
    bool (*read_schema)(struct connection *connection, const char *const *schemas,
                        size_t schema_count, struct schema *schema, struct err *err) MUST_CHECK;

    /* Does this table exist though the catalog did not list it? For honest "only on one side". */
    bool (*probe)(struct connection *connection, const char *schema_name, const char *table_name,
                  enum existence *existence, struct err *err) MUST_CHECK;
    /* Are there columns of this table that the catalog hides from us for want of a privilege? Asked
     * of every table: must cost nothing where the user may read the whole schema. */
    bool (*hides_columns)(struct connection *connection, const struct table *table, bool *hidden,
                          struct err *err) MUST_CHECK;

    /* The type of a SQL expression over a table, and whether `where` (NULL: none) is one valid
     * condition; both are prepared as ONE statement, so that they cannot end it. expression NULL:
     * only where. Text is in the schema's arena. */
    bool (*describe)(struct connection *connection, struct schema *schema,
                     const struct table *table, const char *expression, const char *where,
                     struct type *type, struct err *err) MUST_CHECK;

    /* Reads what the tables of a schema promise beyond their rows into table.definition: a few
     * queries for all tables together, and index look-ups of the highest values of columns that
     * have a counter. What this user may not know is said in counter.unknown. */
    bool (*definitions)(struct connection *connection, struct schema *schema,
                        struct err *err) MUST_CHECK;
    /* How many groups of rows a unique key over these columns would not take, if it compared texts
     * with `equates`: one query that reads the whole table. At least so many: it folds what the
     * server has functions for. */
    bool (*collisions)(struct connection *connection, const struct table *table, size_t count,
                       const struct index_part *parts, uint64_t *groups,
                       struct err *err) MUST_CHECK;
    /* Writes the statement that mends a definition; false: there is no single safe one. Pure. */
    bool (*mend)(const struct mend *mend, struct buffer *out);

    /* Opens the consistent read-only snapshot on every connection of a side. note (not NULL): a
     * phrase for the report when the state is not SHARED. */
    bool (*begin)(struct connection *const *connections, size_t count, enum snapshot_state *state,
                  struct buffer *note, struct err *err) MUST_CHECK;

    /* Smallest and largest value of an integer column that leads an index; *any false: none leads
     * one, or the table is empty. Must be cheap: never a full scan. Values outside int64 are
     * clamped. */
    bool (*key_bounds)(struct connection *connection, const struct table *table, size_t column,
                       bool *any, int64_t *low, int64_t *high, struct err *err) MUST_CHECK;

    /* Of the same column: the values on either side of a place (cut.h). Must be two index look-ups.
     */
    bool (*key_gap)(struct connection *connection, const struct table *table, size_t column,
                    int64_t middle, struct cut_gap *gap, struct err *err) MUST_CHECK;

    /* Cuts the table into about `wanted` pieces of about equal work, in its own cheapest way.
     * *splits is malloc'ed, for the caller to free(). */
    bool (*splits)(struct connection *connection, const struct table *table, size_t wanted,
                   struct split **splits, size_t *count, struct err *err) MUST_CHECK;

    /* For resuming a table of which some splits were read on an earlier snapshot: stamp() puts into
     * *stamp a text about the table as it is now (empty: nothing can be told), taken before
     * begin(). unchanged(), asked on a later connection after its begin(), tells whether no row can
     * have moved between splits from the stamp's time to that snapshot; it may take seconds. In
     * doubt: false. Optional: NULL. */
    bool (*stamp)(struct connection *connection, const struct table *table, struct buffer *stamp,
                  struct err *err) MUST_CHECK;
    bool (*unchanged)(struct connection *connection, const struct table *table, const char *stamp,
                      bool *unchanged, struct err *err) MUST_CHECK;

    bool (*scan_start)(struct connection *connection, const struct scan *scan,
                       struct err *err) MUST_CHECK;
    /* Fills cells[0 … column_count). Adds the bytes received to *wire_bytes. */
    enum row_status (*scan_next)(struct connection *connection, struct cell *cells,
                                 uint64_t *wire_bytes, struct err *err) MUST_CHECK;
    /* Ends the scan wherever it is; after ROW_END it costs nothing. A connection whose scan was
     * abandoned may be unusable: then scan_next of the next scan says ERR_LOST. */
    void (*scan_end)(struct connection *connection);

    /* Makes a scan that runs on another thread fail soon, on the server too; best effort, within
     * half a second. */
    void (*cancel)(struct connection *connection);

    /* For --max-load: how many sessions of other programs run something at this moment. Sessions
     * that wait for a lock do not run (the lock may be ours). Cheap. ERR_USAGE: this user may not
     * know. Optional: NULL. Asked on a connection without begin(). */
    bool (*load)(struct connection *connection, unsigned *running, struct err *err) MUST_CHECK;
    /* For --max-lag: how many seconds of its primary's changes a replica has yet to replay; with
     * several sources the largest. *seconds is set when it follows. As load(). */
    bool (*lag)(struct connection *connection, enum replica_state *state, double *seconds,
                struct err *err) MUST_CHECK;

    void (*quote_name)(struct buffer *out, const char *name);
    /* A text as a literal for scan.where. */
    void (*quote_text)(struct buffer *out, const char *text);
    /* The type that this spelling means in a CREATE TABLE, without asking a server: "decimal(10,2)
     * unsigned", "timestamp with time zone", "int[]". ERR_USAGE: not known. */
    bool (*parse_type)(const char *text, struct arena *arena, struct type *type,
                       struct err *err) MUST_CHECK;

    const struct engine_sql *sql; /* how it writes statements (engine_sql.h), for a repair file */
};

extern const struct engine engine_postgres, engine_mysql;

/* The engine of a URI's scheme; NULL with ERR_USAGE and a sentence when there is none. Never echoes
 * the URI's password. */
const struct engine *engine_for_uri(const char *uri, struct err *err);

/* Decodes %XX in place; false on a broken escape or %00. */
bool uri_decode(char *text);

#endif
