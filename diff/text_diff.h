/*
 * The differences of two sequences, and of two texts by words. Myers' O(ND) algorithm with a
 * bound ("An O(ND) Difference Algorithm and Its Variations", 1986): beyond it the rest is one
 * change. Pure; knows nothing of trees.
 */
#ifndef TALLY_TEXT_DIFF_H
#define TALLY_TEXT_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* [start, end) of each side; one of the two may be empty. */
struct text_change {
    size_t source, source_end;
    size_t target, target_end;
};

struct text_changes {
    struct text_change *items; /* ascending, never touching on both sides; owned */
    size_t count, room;
    bool bounded; /* the bound was met: the script is right but not the smallest */
};

void text_changes_free(struct text_changes *changes);

/* Appends the changes of two sequences, in elements. same(context, i, j): is source element i
 * target element j? Asked at most about sources + targets + 2 × bound² times; memory grows with
 * bound² alone. */
void text_diff_sequence(struct text_changes *changes, size_t sources, size_t targets, size_t bound,
                        bool (*same)(void *context, size_t source, size_t target), void *context);

/* Appends the changes between two texts by words, in bytes: a word is a run of letters, digits and
 * bytes above 127, with one of . , : - _ / ' between two of them (10.50, 12:30, 2024-01-31), or a
 * run of white space, or one other byte. */
void text_diff_words(struct text_changes *changes, const char *source, size_t source_length,
                     const char *target, size_t target_length);

#endif
