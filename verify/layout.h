/*
 * Plans and readings as bytes: what a ledger keeps of a table, and what goes from one machine to
 * another in a plan or digest file. Integers are little-endian, texts and lists carry their length.
 * Decoding checks everything: bytes from a file are never trusted to fit. What it accepts, encodes
 * to the same bytes again.
 */
#ifndef TALLY_VERIFY_LAYOUT_H
#define TALLY_VERIFY_LAYOUT_H

#include "work.h"

/* The pair of tables as it is compared. Two plans with the same bytes have the same digests for the
 * same rows. */
void layout_encode(const struct plan_table *table, struct buffer *out);

/* How rows choose their bucket. Decoding replaces the table's; the bounds are put into the arena.
 */
void layout_encode_buckets(const struct plan_table *table, struct buffer *out);
bool layout_decode_buckets(const struct buffer *bytes, struct plan_table *table,
                           struct arena *arena) MUST_CHECK;

/* One side's splits, which of them are read, and the sum of those. Decoding fills of->splits,
 * split_count, split_done, digest and raw_counts, to be freed with layout_release_reading(). */
void layout_encode_reading(const struct item_side *of, size_t column_count, struct buffer *out);
bool layout_decode_reading(const struct buffer *bytes, const struct plan_table *table,
                           enum side side, struct item_side *of) MUST_CHECK;
void layout_release_reading(struct item_side *of);

#endif
