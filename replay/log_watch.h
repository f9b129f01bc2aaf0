/*
 * Who looks on while logs are read, sorted and gone through, which may take minutes: is told how
 * far it is, and may end it. Input: steps of the work. Output: calls of look(), some hundred a
 * second at most; while a pipe gives nothing, five a second. Knows nothing of who looks.
 *
 *     log_watch_begin(watch, "reading the logs", "MB", bytes / LOG_WATCH_MB)
 *     log_watch_look(watch, &err)       false, with the error of look(): end now
 */
#ifndef TALLY_REPLAY_LOG_WATCH_H
#define TALLY_REPLAY_LOG_WATCH_H

#include "../diff/base/error.h"
#include "../diff/base/progress.h"

#define LOG_WATCH_RECORDS 4096 /* are gone through between two looks */
#define LOG_WATCH_MB 1000000

struct log_watch {
    /* Called with the watch; false, with *err, ends the work with that error. */
    bool (*look)(struct log_watch *watch, struct err *err);
    void *data; /* its own */
    /* What is done now: static words, as progress_state's. all 0: nobody knows. */
    const char *stage, *unit;
    uint64_t done, all;
    bool begins; /* a stage has begun since log_watch_show() */
};

/* watch NULL: nobody looks on, here and below. */
void log_watch_begin(struct log_watch *watch, const char *stage, const char *unit, uint64_t all);
bool log_watch_look(struct log_watch *watch, struct err *err) MUST_CHECK;

/* For look(): the stage as a line of progress. */
void log_watch_show(struct log_watch *watch, struct progress *progress);

#endif
