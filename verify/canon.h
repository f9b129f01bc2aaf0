/*
 * Canonical values: turns a cell of either side into the bytes that equal cells share (the type
 * contract). Input: a pair of types with its options, then cells. Output: encoded values (value.h).
 * Knows nothing of SQL, tables or connections. The pairing table in canon.c is the contract's code.
 */
#ifndef TALLY_VERIFY_CANON_H
#define TALLY_VERIFY_CANON_H

#include "../diff/value.h"
#include "../diff/zone.h"
#include "engine.h"
#include "mapping.h"

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
    enum type_class class[SIDES];
    bool narrow; /* KIND_FLOAT: compare as 4-byte floats */
    bool zero_date_null;
    bool strip_zero_padding;
    bool swapped;
    /* KIND_ARRAY, KIND_SET: packed text is split here; NULL: PostgreSQL or JSON array text (sets:
     * else at commas). Borrowed from the options. */
    const char *separator;
    const struct zone *zone[SIDES]; /* KIND_INSTANT: of a naive side; NULL: UTC */
    /* Judged when drilling, not hashed: */
    int precision; /* -1: exact */
    enum tolerance_unit tolerance;
    double tolerance_amount;     /* ABS, ULP, SECONDS */
    const char *tolerance_exact; /* ABS, SECONDS: the decimal text; borrowed from the options */
    int tolerance_digits;        /* DIGITS */
};

/* The options that may be given for one pair of columns and mean nothing for another. */
enum canon_option {
    CANON_KIND = 1,
    CANON_ZONE = 2,
    CANON_PRECISION = 4,
    CANON_TOLERANCE = 8,
    CANON_ZERO_DATE = 16,
    CANON_STRIP = 32,
    CANON_SWAPPED = 64,
    CANON_SEPARATOR = 128
};

/*
 * Which of the given options mean nothing for this pair, as a set of canon_option: canon_choose()
 * calls them ERR_USAGE. A general rule ("*_at": precision 0) also matches columns that it was not
 * meant for: the caller asks here and drops, with canon_drop_options(), those that came from a
 * general rule. An unknown kind's name is not reported here; canon_choose() says it. When the kind
 * does not fit, the others are judged by the kind that the types themselves choose. A pair that is
 * not verified has no misfits.
 */
unsigned canon_misfits(const struct type *source, const struct type *target,
                       const struct column_options *options);
void canon_drop_options(struct column_options *options, unsigned dropped);

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

/* Appends the canonical value of a cell. Never fails: what the kind cannot hold becomes VALUE_RAW
 * or VALUE_SPECIAL, which equal only themselves. Thread safe. */
void canon_cell(const struct canon *canon, enum side side, const struct cell *cell,
                struct buffer *out);

#define TOLERANCE_SECONDS_MOST (366.0 * 86400)

/* Does the pair need canon_equal(), because equal values may have unequal encodings? */
bool canon_is_lenient(const struct canon *canon);

/*
 * Equality of two values of the pair, leniencies included.
 * - precision N: both cut to N digits of a second agree, or both rounded to them do.
 * - tolerance abs: exact for numbers. For floats the difference may exceed it by the rounding of
 * the two numbers themselves (1.1 and 1.05 are within 0.05), at most by a millionth of it.
 * - tolerance digits: both rounded to so many significant digits agree; ulp: finite numbers only.
 * - tolerance seconds: the two times are at most so far apart, to the microsecond.
 * - A local time that the clock showed twice (a zone is given) equals both instants.
 * NULL, VALUE_RAW and VALUE_SPECIAL equal only themselves, whatever the leniency.
 */
bool canon_equal(const struct canon *canon, const struct value *source, const struct value *target);

#endif
