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

/*
 * The pair, back from layout_encode()'s bytes, in the arena. The tables have names and parts, but
 * no columns or keys; the types have a name and a class: the live schema of a side must replace
 * both before that side is read. Sets what the bytes hold, not the buckets, the estimate or the
 * result. ERR_USAGE: damaged, not a table that can be read, or of a time zone that this system
 * lacks.
 */
bool layout_decode(const struct buffer *bytes, struct plan_table *table, struct arena *arena,
                   struct err *err) MUST_CHECK;

/* What a report says of a table before any row is read. table NULL: it will not be read; else which
 * result column is which plan column goes along. Lists of the result are freed with the result,
 * also after an error. */
void layout_encode_result(const struct result_table *result, const struct plan_table *table,
                          struct buffer *out);
bool layout_decode_result(const struct buffer *bytes, struct arena *arena,
                          struct result_table *result, struct plan_table *table) MUST_CHECK;

/* A list of texts; decoding adds to the list. */
void layout_encode_texts(const struct text_list *list, struct buffer *out);
bool layout_decode_texts(const struct buffer *bytes, struct text_list *list) MUST_CHECK;

#endif
