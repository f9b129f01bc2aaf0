/*
 * The checksums by which a ledger knows its own records, all of them, and nothing else. Input: a
 * record, or what a commit says of the whole file. Output: 128 bits. Knows nothing of SQLite.
 *
 * The sum over all records is that of their checksums modulo 2^128: what is put is added, what is
 * removed is subtracted, in whatever order.
 */
#ifndef TALLY_LEDGER_SUM_H
#define TALLY_LEDGER_SUM_H

#include "base/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEDGER_SUM_SIZE 16     /* bytes of a checksum in the file: low, high, little-endian */
#define LEDGER_FILE_ID_SIZE 16 /* random bytes that tell one ledger's records from another's */

/* What a commit says of the whole file. */
struct ledger_head {
    char *purpose; /* owned */
    unsigned char file[LEDGER_FILE_ID_SIZE];
    int64_t records;
    struct hash128 sum; /* of the records' checksums, modulo 2^128 */
};

/* One row of the ledger; borrowed from the statement that reads it. */
struct ledger_record {
    const char *kind;
    size_t kind_length;
    int64_t id, part;
    struct hash128 checksum;
    const void *bytes;
    size_t length;
};

struct hash128 ledger_sum_add(struct hash128 sum, struct hash128 more);
struct hash128 ledger_sum_subtract(struct hash128 sum, struct hash128 less);
bool ledger_sum_equal(struct hash128 one, struct hash128 other);
void ledger_sum_write(struct hash128 sum, unsigned char bytes[LEDGER_SUM_SIZE]);
struct hash128 ledger_sum_read(const unsigned char bytes[LEDGER_SUM_SIZE]);

/* Covers the bytes, where they belong (kind, id, part) and whose they are (the file's id). */
struct hash128 ledger_sum_of_record(const struct ledger_head *head,
                                    const struct ledger_record *record);
struct hash128 ledger_sum_of_head(const struct ledger_head *head);

#endif
