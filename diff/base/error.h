/*
 * One error value for the whole program.
 *
 * Every fallible function returns bool (false: failed), takes a last `struct err *` and is marked
 * MUST_CHECK. The place that fails writes the sentence (what happened, to which table, line or
 * file, and what to do); a caller may put one phrase before it with err_prefix(). Only main()
 * prints it. No sentence ever holds a password: callers pass only text that is safe to show.
 */
#ifndef TALLY_BASE_ERROR_H
#define TALLY_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

#define MUST_CHECK __attribute__((warn_unused_result))

/* What an error means to the run. The values 64 and up are exit codes (sysexits.h). */
enum err_code {
    ERR_NONE = 0,
    ERR_TABLE = 1,        /* this table or column cannot be compared: the table is inconclusive */
    ERR_LOST = 2,         /* the connection broke: what was being read is inconclusive */
    ERR_RETRY = 3,        /* the query was cancelled or timed out: it may work when asked again */
    ERR_USAGE = 64,       /* the user must change the command, the mapping or a file */
    ERR_UNREACHABLE = 69, /* a server cannot be reached, or refuses us */
    ERR_INTERNAL = 70,    /* a bug, or a local resource is exhausted (disk, memory, threads) */
    ERR_INTERRUPTED = 130,
};

struct err {
    enum err_code code;
    char text[1000]; /* one sentence, UTF-8, no newline, never a password; cut when longer */
};

/* Sets the error and returns false, so that a failing site reads `return err_set(err, …);`. */
bool err_set(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "phrase: " before the sentence; returns false. */
bool err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The word for an error code's class, for logs: "usage", "unreachable", … Static storage. */
const char *err_code_name(enum err_code code);

#endif
