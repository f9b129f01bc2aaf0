/*
 * What is kept of a repair file while its run goes on: texts with a word on what each is, in an
 * unnamed temporary file. Memory does not grow with them. Input: texts as they come, many of a
 * table at once. Output: the same texts, table by table, those of a table as they came: which table
 * comes first while they are found is chance. Knows nothing of statements.
 */
#ifndef TALLY_VERIFY_REPAIR_SPOOL_H
#define TALLY_VERIFY_REPAIR_SPOOL_H

#include "../diff/base/buffer.h"
#include "../diff/base/error.h"

/* Texts of one table that came one after the other. */
struct repair_spool_piece {
    uint32_t table;
    uint64_t start, end; /* bytes of the file */
};

struct repair_spool {
    int file; /* -1: none */
    struct buffer pending;
    uint64_t bytes; /* so far, pending ones included */
    size_t piece_count, piece_capacity;
    struct repair_spool_piece *pieces; /* malloc'ed, as they came */
    uint64_t longest;                  /* bytes of a text */
    int error;                         /* errno of the first write that failed; 0: none did */
};

struct repair_spooled {
    uint32_t table, phase; /* whose, and what */
    uint64_t row;          /* of the table's mended rows */
    uint64_t length;
};

/* beside: a path in whose folder the file is made. False: errno says why. To be closed either way.
 */
bool repair_spool_open(struct repair_spool *spool, const char *beside) MUST_CHECK;
void repair_spool_close(struct repair_spool *spool);

/* head.length is set here. A failure is told by the next repair_spool_read(). */
void repair_spool_add(struct repair_spool *spool, struct repair_spooled head,
                      const struct buffer *text);

struct repair_spool_reader {
    void *context;
    bool (*wants)(void *context, const struct repair_spooled *head);
    /* False: no further text is wanted. */
    bool (*take)(void *context, const struct repair_spooled *head, const struct buffer *text);
};

/* All texts, from the first of the first table on. More may be added afterwards, not meanwhile.
 * False: errno says why.
 */
bool repair_spool_read(struct repair_spool *spool,
                       const struct repair_spool_reader *reader) MUST_CHECK;

#endif
