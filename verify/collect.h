/*
 * A bag of canonical rows of one side, kept in memory up to a limit and beyond it in temporary
 * files, cut into partitions by the hash of the key, so that both sides' rows of one key meet in
 * partitions of the same number. Input: scan rows. Output: records. Knows nothing of what rows
 * mean.
 *
 * The files live in $TMPDIR (else /tmp), have no name and go with the process.
 */
#ifndef TALLY_VERIFY_COLLECT_H
#define TALLY_VERIFY_COLLECT_H

#include "digest.h"
#include "scan.h"

#define COLLECT_PARTITIONS 64

struct record {
    uint64_t key_hash;
    struct hash128 hash;
    uint32_t key_length, length_high, length_low, padding; /* see record_length() */
};

static inline size_t record_length(const struct record *record)
{
    return (size_t)((uint64_t)record->length_high << 32 | record->length_low);
}

struct collector; /* one side's bag; calls from several threads are serialised inside */

struct collector *collector_new(size_t memory_limit);
void collector_free(struct collector *collector); /* NULL is fine */

/* Empties it for another use; its memory stays, its files go. */
void collector_clear(struct collector *collector);

/* Copies a row in. ERR_INTERNAL when the disk is full. */
bool collector_add(struct collector *collector, const struct scan_row *row,
                   struct err *err) MUST_CHECK;

/* The number of rows added, and the sum of their hashes. */
const struct bucket *collector_sum(const struct collector *collector);

/* Moves what is in memory to the partition files, as when the other side has spilled. */
bool collector_spill(struct collector *collector, struct err *err) MUST_CHECK;
bool collector_spilled(const struct collector *collector);

/* Bytes of a partition, records included; everything is in partition 0 of a collector that has not
 * spilled. */
uint64_t collector_bytes(const struct collector *collector, size_t partition);

/* Calls take() for each record of a partition; bytes are borrowed for the call, or, of a collector
 * that has not spilled, for its life. */
bool collector_read(struct collector *collector, size_t partition,
                    bool (*take)(void *context, const struct record *record,
                                 const unsigned char *bytes, struct err *err),
                    void *context, struct err *err) MUST_CHECK;

#endif
