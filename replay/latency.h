/*
 * How long answers took, by route. Input: the times of both answers to one request, and the logged
 * one. Output: quantiles of each, and how many times as long the target takes as the source. Memory
 * is bounded by the number of routes: about 5 KB for each of LATENCY_ROUTES, 30 KB where times are
 * spread over every magnitude. Knows nothing of exchanges.
 *
 * Quantiles come from buckets of which each is 2 % wider than the one before, so that they are at
 * most 1 % off (DDSketch: Masson, Rim and Lee, "DDSketch: A fast and fully-mergeable quantile
 * sketch with relative-error guarantees", VLDB 2019, section 2). Times below 0.1 microseconds count
 * as 0.
 *
 * The ratio is the median of the pairs' ratios, target by source: a few answers that had to wait do
 * not move it, and what slows both sides at once cancels out. Its interval of 95 % confidence lies
 * between two of the ratios in order, the j-th and the (n + 1 - j)-th, where j is the highest
 * number with P(B < j) <= 0.025 for B binomial of n and 1/2; it supposes nothing of how times are
 * distributed (Le Boudec, "Performance Evaluation of Computer and Communication Systems", 2010,
 * theorem 2.1; above 1,000 pairs its approximation j = n/2 - 0.98 sqrt(n)). Bounds are the outer
 * edges of their buckets: the interval is never too narrow for being counted in buckets. With less
 * than 6 pairs there is none.
 */
#ifndef TALLY_REPLAY_LATENCY_H
#define TALLY_REPLAY_LATENCY_H

#include "../diff/base/bytes.h"
#include "../diff/base/error.h"
#include "result.h"

#define LATENCY_ROUTES 1000 /* what comes after these is one row, "other routes" */
#define LATENCY_ENOUGH 20   /* pairs, before a route may be called slower */
#define LATENCY_ERROR 0.01  /* of a quantile, at most, as a part of it */

struct latency; /* opaque */

struct latency *latency_new(void);
void latency_free(struct latency *latency); /* NULL is fine */

/* Seconds; negative: none. Without one of the target it is no pair, and only the source's quantiles
 * are kept. */
void latency_add(struct latency *latency, const char *route, const double seconds[SIDES],
                 double logged);

/* Most busy routes first, all of it in the arena. slower: a route with a ratio surely above it is
 * marked; 0: none is. */
size_t latency_list(const struct latency *latency, double slower, struct arena *arena,
                    struct replay_latency **list);

/* As bytes, appended, and back; what follows stays unread. NULL: the bytes are damaged. */
void latency_save(const struct latency *latency, struct buffer *out);
struct latency *latency_load(struct bytes *in);

/* Which of n ratios in order, from 1, bound the median's interval; false: n is too low for one. */
bool latency_bounds(uint64_t n, uint64_t *low, uint64_t *high) MUST_CHECK;

#endif
