/*
 * How a run in progress speaks to people, on standard error: one line that is redrawn on a
 * terminal, plain lines at long intervals elsewhere, nothing with --quiet. Called by the main
 * thread alone.
 */
#ifndef TALLY_BASE_PROGRESS_H
#define TALLY_BASE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress; /* opaque */

/* What to show; a snapshot of the run's counters, both sides added up. Of a run that does not read
 * tables `unit`, `tail`, `stage`, `rows` and `rows_estimate` are looked at. */
struct progress_state {
    const char *unit;             /* what `rows` are: "requests"; NULL: rows, of tables */
    const char *tail;             /* what else there is to say: "3 different"; with `unit` */
    const char *stage;            /* "comparing", "finding the differences" */
    const char *current;          /* the table being read, or NULL */
    uint64_t current_rows;        /* read of it so far, both sides */
    uint64_t current_estimate;    /* of both sides; 0 unknown */
    uint64_t rows, rows_estimate; /* of the whole run, both sides */
    uint64_t bytes;
    size_t tables_done, tables;
    size_t tables_different;
};

struct progress *progress_new(bool quiet); /* looks at standard error: terminal? width? NO_COLOR? */
/* Redraws at most ten times a second on a terminal; else writes a line every 30 seconds. */
void progress_show(struct progress *progress, const struct progress_state *state);
/* Another count begins: rates and ETA are measured anew. */
void progress_begin(struct progress *progress);
/* Writes a whole line that stays ("orders: different"), above the redrawn one. */
void progress_log(struct progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void progress_free(struct progress *progress); /* wipes the redrawn line */

/* Numbers for people: "1,204,331", "12.3 MB", "1:02:03". Static per-call buffers given by the
 * caller. */
char *human_count(uint64_t n, char text[32]);
char *human_bytes(double n, char text[32]);
char *human_time(double seconds, char text[32]);

#endif
