/*
 * What a replay has found: groups of alike differences with their smallest example, sessions,
 * consequences of a session's first difference, latency per route, what was left out. Input: each
 * exchange with its findings, in any order of sessions but in order within one; bounded memory.
 * Output: the result that reports are made of, and bytes for the ledger. One thread.
 *
 * Memory, and so what is saved: OUTCOME_GROUPS groups of 1 to 3 KB (diff/group.h), the sessions of
 * timeline.h (8 MB), the routes of latency.h (5 MB), and 1 MB of what is left: 30 MB of a log that
 * fills all of it, below 1 MB of an ordinary one.
 */
#ifndef TALLY_REPLAY_OUTCOME_H
#define TALLY_REPLAY_OUTCOME_H

#include "check.h"
#include "result.h"

#define OUTCOME_GROUPS 5000

struct outcome;

struct outcome_settings {
    double slower; /* a route this many times slower is a finding; 0: none */
    bool one_side; /* only the source was asked: the status beside the log's is all there is */
};

struct outcome *outcome_new(const struct outcome_settings *settings);
void outcome_free(struct outcome *outcome); /* NULL is fine */
/* Of the run, for the marks that stand for secrets in what is shown (diff/pair.h); NULL: "***". */
void outcome_set_key(struct outcome *outcome, const unsigned char *key);

/* findings NULL: the pair could not be compared (why says it): inconclusive. Returns what became
 * of it. */
enum replay_fate outcome_add(struct outcome *outcome, const struct exchange *exchange,
                             const struct findings *findings, const char *why);

/* A request that was left out, and why ("body-missing", "denied", "tenant-unknown", …); text: a
 * sentence for people, static. Of the exchange `number` and `logged` are looked at; it may come
 * before exchanges of lower numbers. */
void outcome_skip(struct outcome *outcome, const struct exchange *exchange, const char *reason,
                  const char *text);

/* One that an interrupted run may have sent, and that is not sent again. */
void outcome_uncertain(struct outcome *outcome, const struct exchange *exchange);

/*
 * Fills everything of the result that this file knows: counts, groups, doubts, session_list,
 * latency, left_out, uncorrelated, one_side, and raises the verdict. result: zeroed, its arena
 * ready; texts are copied into it. What else there is to say against "equal" (the run ended early,
 * the log could not be read to its end, the databases) others say with replay_result_raise().
 *
 * different      a difference was found, be it a consequence, or a route became slower
 * inconclusive   otherwise, when anything was left out that the app may have got; was sent and
 * could not be compared; failed on both sides; was answered by both sides as the log does not say
 * (a login that fails on both shows the same page, but not the one that was meant); or nothing was
 * replayed at all
 */
void outcome_result(const struct outcome *outcome, struct replay_result *result);

/* All it holds, as bytes, and back; the settings are part of them. ERR_USAGE: damaged. */
void outcome_save(const struct outcome *outcome, struct buffer *out);
bool outcome_load(const void *bytes, size_t length, struct outcome **outcome,
                  struct err *err) MUST_CHECK;

#endif
