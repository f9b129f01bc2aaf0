/*
 * Readers of text for canon_cell.c: what a date, a uuid, an array, … looks like when a column keeps
 * it as text, bytes or digits. Input: bytes. Output: plain C values. Each returns false when the
 * text is not wholly and exactly one of its kind; nothing is trimmed or guessed. They know nothing
 * of canonical encodings, columns or options. Thread safe.
 */
#ifndef TALLY_VERIFY_CANON_PARSE_H
#define TALLY_VERIFY_CANON_PARSE_H

#include "../diff/base/buffer.h"
#include "engine.h"

#define SECOND ((int64_t)1000000) /* microseconds */
#define DAY (86400 * SECOND)

/* Takes back what was appended behind `length`. */
static inline void parse_undo(struct buffer *out, size_t length)
{
    out->length = length;
    if (out->capacity)
        out->data[length] = '\0';
}

bool parse_bool(const char *text, size_t length, bool *truth);
bool parse_uuid(const char *text, size_t length, unsigned char uuid[16]);

/* A date with or without a time, as text. */
enum civil_state {
    CIVIL_TIME,       /* a day of the calendar; microseconds counts from 1970 */
    CIVIL_IMPOSSIBLE, /* looks like a date, but no calendar has it: 0000-00-00, 2024-02-31 */
};
struct civil {
    enum civil_state state;
    bool all_zero;        /* 0000-00-00, at midnight */
    bool has_offset;      /* the text names its offset: the time is an instant */
    int64_t microseconds; /* since 1970-01-01, in UTC when has_offset */
    char text[40];        /* CIVIL_IMPOSSIBLE: its one spelling, "2024-02-31 10:00:00.5", no time at
                             midnight */
};
/* YYYY-MM-DD[(space|T)HH:MM[:SS[.ffffff]][Z|±HH[:MM[:SS]]]], up to six digits of year; YYYYMMDD and
 * YYYYMMDDHHMMSS. More fraction digits than six must be zeros. */
bool parse_civil(const char *text, size_t length, struct civil *civil);
/* [-]H…:MM:SS[.ffffff], up to 9999999 hours */
bool parse_time(const char *text, size_t length, int64_t *microseconds);

struct interval {
    int64_t months, days, microseconds;
};
/* PostgreSQL's own "1 year 2 mons -3 days 04:05:06.7" and ISO 8601 "P1Y2M-3DT4H5M6.7S" */
bool parse_interval(const char *text, size_t length, struct interval *interval);

struct address {
    unsigned char bytes[16];
    unsigned char length, prefix; /* 4 or 16 bytes; prefix in bits */
};
bool parse_inet(const char *text, size_t length,
                struct address *address); /* "10.0.0.1", "fe80::/10" */

/* Appends ISO WKB, little-endian, of WKB or EWKB in either byte order: one NaN, no -0. *srid: the
 * one inside, if there is one. False (and out as it was): not exactly one geometry. */
bool parse_wkb(const unsigned char *bytes, size_t length, uint32_t *srid, struct buffer *out);

/* A packed array. cells are CELL_NULL, CELL_TEXT, CELL_DECIMAL or CELL_BOOL; their bytes live in
 * `text` (or in the parsed text) as long as the list. */
struct packed {
    struct cell_array array;
    uint32_t sizes[6]; /* PostgreSQL's most dimensions */
    struct cell *cells;
    size_t capacity;
    struct buffer text;
};
/* Split at the separator; "" is the empty array. */
void packed_split(const char *text, size_t length, const char *separator, struct packed *packed);
/* {a,"b c",NULL,{…}}, with or without [1:3]= before it */
bool packed_postgres(const char *text, size_t length, struct packed *packed);
/* A JSON array, nested to a rectangle. raw_json: every element but null as the text of its JSON
 * value; else strings as text, numbers as decimals, truth values as such, and no objects. */
bool packed_json(const char *text, size_t length, bool raw_json, struct packed *packed);
void packed_free(struct packed *packed); /* also after false; a packed is filled once */

#endif
