/*
 * What a replay has found: groups of alike differences with their smallest example, sessions,
 * consequences of a session's first difference, latency per route, what was left out. Input: each
 * exchange with its findings, in any order of sessions but in order within one; bounded memory.
 * Output: what the reports and the ledger need. One thread.
 */
#ifndef TALLY_REPLAY_OUTCOME_H
#define TALLY_REPLAY_OUTCOME_H

#include "check.h"

struct outcome;

struct outcome *
outcome_new(double slower); /* a route this many times slower is a finding; 0: none */
void outcome_free(struct outcome *outcome);

/* findings NULL: the pair could not be compared (why says it): inconclusive. */
void outcome_add(struct outcome *outcome, const struct exchange *exchange,
                 const struct findings *findings, const char *why);

/* A request that was left out, and why ("body-missing", "denied", "tenant-unknown", …). */
void outcome_skip(struct outcome *outcome, const struct logged *logged, const char *reason);

#endif
