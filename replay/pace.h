/*
 * When a request is due: as fast as order allows, or at a multiple of the log's own speed. Input:
 * arrivals as logged and the time now. Output: the time at which each is due, and how far behind
 * that schedule requests were started. Knows nothing of clocks: times are what the caller says.
 */
#ifndef TALLY_REPLAY_PACE_H
#define TALLY_REPLAY_PACE_H

#include "../diff/base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct pace {
    double speed;  /* 10: ten times as fast as the log; 0: as fast as order allows */
    int64_t first; /* arrival of the first request, microseconds */
    double start;  /* when it was due, seconds */
    bool begun;
    double behind; /* seconds, the most that a request was started after it was due */
};

/* "10x", "0.5x"; text NULL: as fast as order allows. ERR_USAGE: it is no speed. */
bool pace_init(struct pace *pace, const char *text, struct err *err) MUST_CHECK;

/* Seconds on the clock of `now`; the first request that is asked about is due now. arrival 0: the
 * log does not tell, it is due now. */
double pace_due(struct pace *pace, int64_t arrival, double now);

/* It is started now. */
void pace_started(struct pace *pace, int64_t arrival, double now);

#endif
