/*
 * nginx's log_format: the text that says how a line was written, compiled into a matcher that takes
 * lines apart again. Input: the format, and a record's bytes without its newline. Output: a slice
 * per variable, still escaped (log_decode() undoes that). Knows nothing of HTTP.
 *
 * A format is literals with variables between them. A value ends where the next literal begins,
 * and often that place is proved by a byte that no value can hold: a quote never stands in a value
 * that nginx escaped. Where it is not (an unquoted cookie may hold blanks), the earliest and the
 * latest way to read the line are both taken: a value that comes out the same is proved, for all
 * other ways lie between the two; any other is marked ambiguous.
 *
 *     log_format_option("'$status $cookie_a $cookie_b \"$request\"'", &format, &err)
 *     200  9 "GET / HTTP/1.1"        -> 200, empty, 9, GET / HTTP/1.1
 *     200 a b c "GET / HTTP/1.1"     -> 200, ambiguous, ambiguous, GET / HTTP/1.1
 */
#ifndef TALLY_REPLAY_LOG_FORMAT_H
#define TALLY_REPLAY_LOG_FORMAT_H

#include "../diff/base/buffer.h"
#include "../diff/base/error.h"
#include "../diff/base/memory.h"
#include "slice.h"

#include <stdint.h>

#define LOG_MOST_VARIABLES 128
#define LOG_NONE SIZE_MAX

enum log_escape { LOG_ESCAPE_DEFAULT, LOG_ESCAPE_JSON, LOG_ESCAPE_NONE };

/* Neighbouring variables whose ends are looked for together: up to a byte that none of them, nor a
 * literal between them, can hold; or up to the end of the line. */
struct log_group {
    size_t first, last;   /* variables */
    bool anchored;        /* else the group goes to the end of the line */
    unsigned char anchor; /* a byte of the literal behind `last` */
    size_t anchor_at;     /* its place there */
};

struct log_format {
    enum log_escape escape;
    char *text; /* as compiled: without quotes and escape= */
    size_t variable_count, group_count;
    const char *names[LOG_MOST_VARIABLES]; /* without $ */
    uint8_t classes[LOG_MOST_VARIABLES];   /* bit of `allowed` */
    struct slice literals[LOG_MOST_VARIABLES + 1];
    struct log_group groups[LOG_MOST_VARIABLES];
    uint8_t allowed[256]; /* by byte: the classes whose raw values may hold it */
    bool plain;           /* no record holds a byte below 0x20 or above 0x7e */
    bool closed;          /* text follows the last variable: a record cannot be cut unnoticed */
    struct arena arena;
};

struct log_match {
    struct slice values[LOG_MOST_VARIABLES]; /* point into the line */
    bool any_ambiguous;
    bool ambiguous[LOG_MOST_VARIABLES]; /* valid when any_ambiguous */
};

/* Compiles the bare text of a format. ERR_USAGE with the position for what nginx would refuse, and
 * for two variables that nothing separates. */
bool log_format_compile(const char *text, enum log_escape escape, struct log_format *format,
                        struct err *err) MUST_CHECK;

/*
 * The same from what a person gives: "combined" or another preset's name; nginx's own syntax, one
 * or several quoted strings, with or without `log_format NAME`, `escape=…` before and `;` behind;
 * or the bare text.
 */
bool log_format_option(const char *option, struct log_format *format, struct err *err) MUST_CHECK;
void log_format_free(struct log_format *format);

/* "default", "json", "none": false for any other word. */
bool log_escape_find(const char *word, enum log_escape *escape);

/* The text of a preset, NULL when there is none of that name. */
const char *log_format_preset(const char *name);

/* False: the line was not written with this format. match: about 4 kB, reused by the caller. */
bool log_format_match(const struct log_format *format, const unsigned char *line, size_t length,
                      struct log_match *match) MUST_CHECK;

/* Could a record begin with these bytes? For escape=none, where a body may hold newlines: true is
 * proof of nothing, false proves that a line goes on with the one before. Always true when the
 * format begins with a variable that may hold anything. */
bool log_format_begins(const struct log_format *format, const unsigned char *line, size_t length);

/* The variable of this name, LOG_NONE when the format lacks it. */
size_t log_format_find(const struct log_format *format, const char *name);

/*
 * Undoes the escaping of one value, in one pass. The result is `raw` itself where nothing was
 * escaped, else bytes at `place`, which has room for raw.length of them; *used is how many were
 * taken. False: nginx does not write such a value.
 */
bool log_decode(enum log_escape escape, struct slice raw, unsigned char *place, size_t *used,
                struct slice *value) MUST_CHECK;

/* A value that was not there: `-` by default, nothing with escape=json and escape=none. */
bool log_is_missing(enum log_escape escape, struct slice raw);

#endif
