/*
 * Canonical values: turns a cell of either side into the bytes that equal cells share (the type
 * contract). Input: a pair of types with its options, then cells. Output: encoded values (value.h).
 * Knows nothing of SQL, tables or connections. The pairing table in canon.c is the contract's code.
 */
#ifndef TALLY_VERIFY_CANON_H
#define TALLY_VERIFY_CANON_H

#include "../diff/value.h"
#include "engine.h"
#include "mapping.h"
#include "zone.h"

#define CONTRACT_VERSION 1

enum kind {
    KIND_NONE, /* not verified */
    KIND_BOOL,
    KIND_NUMBER,
    KIND_FLOAT, /* at the narrower width when canon.narrow */
    KIND_TEXT,
    KIND_BYTES,
    KIND_DATE,
    KIND_TIME,
    KIND_DATETIME,
    KIND_INSTANT,
    KIND_JSON,
    KIND_UUID,
    KIND_BITS,
    KIND_SET,
    KIND_ARRAY,
    KIND_INTERVAL,
    KIND_INET,
    KIND_GEOMETRY,
    KINDS
};

/* "bool", "number", "float", "text", …: the names of the mapping file, --explain and the JSON. */
const char *kind_name(enum kind kind);
bool kind_from_name(const char *name, enum kind *kind);

/* How one pair of columns is made canonical. A plain value; nothing to free. */
struct canon {
    enum kind kind;
    enum kind element; /* KIND_ARRAY: of the elements */
    bool narrow;       /* KIND_FLOAT: compare as 4-byte floats */
    bool zero_date_null;
    bool strip_zero_padding;
    bool swapped;
    const char *separator; /* KIND_ARRAY: packed text is split here; NULL: PostgreSQL or JSON array text */
    const struct zone *zone[SIDES]; /* KIND_INSTANT: of a naive side; NULL: UTC */
    /* Judged when drilling, not hashed: */
    int precision; /* -1: exact */
    enum tolerance_unit tolerance;
    double tolerance_amount;
    int tolerance_digits;
};

/*
 * Chooses the kind of a pair of types under its (already merged) options, by the contract.
 * canon->kind == KIND_NONE: the pair is not verified and `why` says so in a phrase ("bytea beside
 * text: only the mapping's kind can say how to compare them"). Else `why` says the rule in a phrase
 * for --explain ("tinyint(1) beside boolean", "datetime beside timestamptz: read as UTC").
 * ERR_USAGE: the options contradict the types (unknown kind or zone, tolerance on text, …).
 */
bool canon_choose(const struct type *source, const struct type *target,
                  const struct column_options *options, struct canon *canon, struct buffer *why,
                  struct err *err) MUST_CHECK;

/* The leniencies that are on, as a phrase ("precision 0, zero dates are NULL"), "" when none. */
void canon_describe_leniency(const struct canon *canon, struct buffer *out);

/* Appends the canonical value of a cell. Never fails: what the kind cannot hold becomes VALUE_RAW or
 * VALUE_SPECIAL, which equal only themselves. Thread safe. */
void canon_cell(const struct canon *canon, enum side side, const struct cell *cell, struct buffer *out);

/* Does the pair need canon_equal(), because equal values may have unequal encodings? */
bool canon_is_lenient(const struct canon *canon);

/* Equality of two values of the pair, leniencies included. */
bool canon_equal(const struct canon *canon, const struct value *source, const struct value *target);

#endif
