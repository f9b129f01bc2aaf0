/*
 * The columns of a schema that have a counter (schema.h), and what is looked up for each: one
 * SELECT, many of them in one statement. Input: what an engine's catalog says, its SQL and its way
 * to run it. Output: struct counter. Shared by the engines; knows no SQL but UNION ALL.
 */
#ifndef TALLY_VERIFY_COUNTED_H
#define TALLY_VERIFY_COUNTED_H

#include "../diff/base/buffer.h"
#include "definition.h"

struct connection; /* each engine's own */

/* A column with a counter, until its numbers are known. */
struct counted {
    const struct table *table;
    size_t column;
    struct counter *counter;
    bool known;      /* its next number was read */
    bool may_select; /* the sequence */
};

struct counted_list {
    struct arena *arena; /* the schema's */
    size_t count, capacity;
    struct counted *items; /* malloc'ed */
};

/* One of a column of the table at hand, that counts from 1 by 1. Valid until the next one. */
struct counted *counted_add(struct counted_list *list, const struct definition_reading *reading,
                            size_t column);

/* A question of one SELECT for each counter that wants it; its first cell is the counter's number
 * `i`. */
struct counted_look_up {
    const char *what; /* for messages */
    bool (*wants)(const struct counted *counted);
    void (*ask)(struct buffer *sql, size_t i, const struct counted *counted);
    /* A row of the answer; the context is the list. */
    bool (*keep)(void *list, const char *const *cells, struct err *err);
};

/* Calls keep() for each row of a statement. */
typedef bool counted_run(struct connection *connection, const char *sql,
                         const struct counted_look_up *look_up, struct counted_list *list,
                         struct err *err);

/* What one of them is refused (a table was dropped, a sequence is unlogged on a standby) is not
 * known; the others are asked again one by one. */
bool counted_look_up(struct counted_list *list, const struct counted_look_up *look_up,
                     counted_run *run, struct connection *connection, struct err *err) MUST_CHECK;

/* For counted_look_up.keep: the highest value, or none. Beyond int64 it is clamped. */
bool counted_keep_highest(void *list, const char *const *cells, struct err *err);
/* Whom a row is about, by its first cell. */
struct counted *counted_of(struct counted_list *list, const char *const *cells);

#endif
