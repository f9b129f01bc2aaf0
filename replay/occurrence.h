/*
 * What occurs how often: things that are told by three texts, each with a count and the first lines
 * of the log where it was seen. Input: occurrences, in any order. Output: them, most frequent
 * first. Memory: at most so many things, of about 400 bytes; what comes then is only counted.
 */
#ifndef TALLY_REPLAY_OCCURRENCE_H
#define TALLY_REPLAY_OCCURRENCE_H

#include "../diff/base/bytes.h"

enum { OCCURRENCE_TEXTS = 3, OCCURRENCE_LINES = 10, OCCURRENCE_TEXT = 300 };

struct occurrence {
    const char *text[OCCURRENCE_TEXTS]; /* valid UTF-8 of OCCURRENCE_TEXT bytes at most, or cut */
    uint64_t count;
    uint64_t harmless; /* of them */
    size_t line_count;
    uint64_t lines[OCCURRENCE_LINES]; /* the lowest, in order */
};

struct occurrences; /* opaque */

struct occurrences *occurrences_new(size_t most);
void occurrences_free(struct occurrences *occurrences); /* NULL is fine */

/* A text may be NULL: "". */
void occurrences_add(struct occurrences *occurrences, const char *const text[OCCURRENCE_TEXTS],
                     uint64_t line, bool harmless);

/* In the arena, its texts too. */
size_t occurrences_list(const struct occurrences *occurrences, struct arena *arena,
                        struct occurrence **list);
/* How many came when there was no room for another thing. */
uint64_t occurrences_left_out(const struct occurrences *occurrences);

/* As bytes, appended, and back, of occurrences_new(most). NULL: the bytes are damaged. */
void occurrences_save(const struct occurrences *occurrences, struct buffer *out);
struct occurrences *occurrences_load(struct bytes *in, size_t most);

#endif
