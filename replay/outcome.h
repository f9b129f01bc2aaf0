/*
 * What a replay has found: groups of alike differences with their smallest example, sessions,
 * consequences of a session's first difference, latency per route, what was left out. Input: each
 * exchange with its findings, in any order of sessions but in order within one; bounded memory.
 * Output: the result that reports are made of, and bytes for the ledger. One thread.
 */
#ifndef TALLY_REPLAY_OUTCOME_H
#define TALLY_REPLAY_OUTCOME_H

#include "check.h"
#include "result.h"

struct outcome;

struct outcome_settings {
    double slower; /* a route this many times slower is a finding; 0: none */
    bool one_side; /* only the source was asked: the status beside the log's is all there is */
};

struct outcome *outcome_new(const struct outcome_settings *settings);
void outcome_free(struct outcome *outcome); /* NULL is fine */

/* findings NULL: the pair could not be compared (why says it): inconclusive. Returns what became
 * of it. */
enum replay_fate outcome_add(struct outcome *outcome, const struct exchange *exchange,
                             const struct findings *findings, const char *why);

/* A request that was left out, and why ("body-missing", "denied", "tenant-unknown", …); text: a
 * sentence for people, static. */
void outcome_skip(struct outcome *outcome, const struct logged *logged, const char *reason,
                  const char *text);

/* One that an interrupted run may have sent, and that is not sent again. */
void outcome_uncertain(struct outcome *outcome, const struct logged *logged);

/* Fills everything of the result that this file knows: verdict, counts, groups, sessions, latency,
 * left_out, uncorrelated. result: zeroed, its arena ready; texts are copied into it. */
void outcome_result(const struct outcome *outcome, struct replay_result *result);

/* All it holds, as bytes, and back; the settings are part of them. ERR_USAGE: damaged. */
void outcome_save(const struct outcome *outcome, struct buffer *out);
bool outcome_load(const void *bytes, size_t length, struct outcome **outcome,
                  struct err *err) MUST_CHECK;

#endif
