/*
 * The routes of requests (diff/route.h), remembered: finding a path's pattern takes longer than
 * reading its line, and few paths make most of a log. Input: method and target. Output: "GET
 * /rates/{id}". Memory: 16384 patterns at most; of those that share a place the last one stays.
 */
#ifndef TALLY_REPLAY_ROUTE_CACHE_H
#define TALLY_REPLAY_ROUTE_CACHE_H

#include "../diff/base/buffer.h"
#include "../diff/base/text_list.h"
#include "slice.h"

struct route_entry {
    uint64_t hash;     /* of method, path and, where names are given, query; 0: free */
    struct slice name; /* a C string, too */
    uint32_t note;     /* for whoever asks; 0 at first */
};

struct route_cache {
    struct route_entry *entries;
    const struct text_list *names;
    struct buffer text, pattern;
};

/* names: the fields of a query that choose a page (route_pattern()); borrowed. */
void route_cache_init(struct route_cache *cache, const struct text_list *names);
void route_cache_free(struct route_cache *cache);

/* Valid until the next call. */
struct route_entry *route_cache_find(struct route_cache *cache, struct slice method,
                                     struct slice target);

#endif
