/* A piece of bytes that somebody else owns; not a C string. */
#ifndef TALLY_REPLAY_SLICE_H
#define TALLY_REPLAY_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct slice {
    const unsigned char *at; /* NULL: there is none */
    size_t length;
};

static inline struct slice slice_of(const char *text)
{
    return (struct slice){(const unsigned char *)text, strlen(text)};
}

static inline bool slice_is(struct slice slice, const char *text)
{
    size_t length = strlen(text);
    return slice.length == length && (!length || memcmp(slice.at, text, length) == 0);
}

static inline bool slice_equal_fold(struct slice a, struct slice b) /* ASCII case does not count */
{
    return a.length == b.length &&
           (!a.length || strncasecmp((const char *)a.at, (const char *)b.at, a.length) == 0);
}

#endif
