/*
 * What is kept of a repair file while its run goes on: texts with a word on what each is, in the
 * order in which they come, in an unnamed temporary file. Memory does not grow with them. Input and
 * output: the same texts. Knows nothing of statements.
 */
#ifndef TALLY_VERIFY_REPAIR_SPOOL_H
#define TALLY_VERIFY_REPAIR_SPOOL_H

#include "../diff/base/buffer.h"
#include "../diff/base/error.h"

struct repair_spool {
    int file; /* -1: none */
    struct buffer pending;
    uint64_t longest; /* bytes of a text */
    int error;        /* errno of the first write that failed; 0: none did */
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

/* All texts from the first on. More may be added afterwards, not meanwhile. False: errno says why.
 */
bool repair_spool_read(struct repair_spool *spool,
                       const struct repair_spool_reader *reader) MUST_CHECK;

#endif
