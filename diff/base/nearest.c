/*
 * The nearest of some words (nearest.h), by the optimal string alignment distance: Levenshtein's
 * with neighbours exchanged as one edit. Knows nothing of what the words name.
 */
#include "nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define WORD_MOST 64      /* bytes; bounds the table of costs */
#define PREFIX_LEAST 3    /* bytes that make a beginning telling */
#define LETTERS_AN_EDIT 3 /* in how many letters one may be wrong */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t edits(const char *one, size_t rows, const char *other, size_t columns)
{
    size_t cost[WORD_MOST + 1][WORD_MOST + 1];
    for (size_t i = 0; i <= rows; i++)
        cost[i][0] = i;
    for (size_t j = 0; j <= columns; j++)
        cost[0][j] = j;
    for (size_t i = 1; i <= rows; i++)
        for (size_t j = 1; j <= columns; j++) {
            size_t other_letter = cost[i - 1][j - 1] + !same(one[i - 1], other[j - 1]);
            cost[i][j] = smaller(other_letter, smaller(cost[i - 1][j], cost[i][j - 1]) + 1);
            if (i > 1 && j > 1 && same(one[i - 1], other[j - 2]) && same(one[i - 2], other[j - 1]))
                cost[i][j] = smaller(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    return cost[rows][columns];
}

const char *nearest_word(const char *word, const char *const *known, size_t count)
{
    const char *best = NULL;
    size_t least = SIZE_MAX, length = strlen(word);
    for (size_t i = 0; i < count; i++) {
        size_t known_length = strlen(known[i]), shorter = smaller(length, known_length);
        if (length > WORD_MOST || known_length > WORD_MOST)
            continue;
        size_t distance = edits(word, length, known[i], known_length);
        bool near = distance <= (known_length + 1) / LETTERS_AN_EDIT ||
                    (shorter >= PREFIX_LEAST && strncasecmp(word, known[i], shorter) == 0);
        if (near && distance < least) {
            least = distance;
            best = known[i];
        }
    }
    return best;
}
