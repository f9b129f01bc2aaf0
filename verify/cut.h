/*
 * Cuts the values of an integer key into ranges that hold about equally many rows, without reading
 * the rows. Input: the smallest and largest value, and a function that finds the values on either
 * side of a place (two look-ups in an index). Output: bounds. Knows nothing of SQL.
 *
 * Keys 1 … 1000 and 2^62: cut in the middle of the numbers, all rows but one would share a range.
 * Here a piece shrinks to the values that exist as soon as it is cut, so gaps are found with a few
 * look-ups.
 */
#ifndef TALLY_VERIFY_CUT_H
#define TALLY_VERIFY_CUT_H

#include "../diff/base/error.h"

#include <stddef.h>
#include <stdint.h>

/* The largest value below middle, and the smallest one at or above it; false in has_…: there is
 * none. */
struct cut_gap {
    bool has_below, has_above;
    int64_t below, above;
};

/*
 * Fills bounds (room for wanted - 1) with ascending values that cut [low, high] into at most
 * `wanted` ranges: range i holds bounds[i-1] <= k < bounds[i]. Returns how many through *count.
 * Asks gap() at most CUT_LOOKUPS times.
 */
#define CUT_LOOKUPS 48
bool cut_key(int64_t low, int64_t high, size_t wanted,
             bool (*gap)(void *context, int64_t middle, struct cut_gap *gap, struct err *err),
             void *context, int64_t *bounds, size_t *count, struct err *err) MUST_CHECK;

#endif
