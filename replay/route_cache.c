/* See route_cache.h. */
#include "route_cache.h"

#include "../diff/base/hash.h"
#include "../diff/base/memory.h"
#include "../diff/route.h"
#include "log_read.h"

#include <stdlib.h>

#define ENTRIES 16384 /* a power of two */

void route_cache_init(struct route_cache *cache, const struct text_list *names)
{
    cache->names = names;
    cache->entries = mem_zero(ENTRIES, sizeof *cache->entries);
    buffer_init(&cache->text, LOG_MOST_BYTES * 2);
    buffer_init(&cache->pattern, LOG_MOST_BYTES * 8);
}

void route_cache_free(struct route_cache *cache)
{
    for (size_t i = 0; cache->entries && i < ENTRIES; i++)
        free((void *)cache->entries[i].name.at);
    free(cache->entries);
    buffer_free(&cache->text);
    buffer_free(&cache->pattern);
    cache->entries = NULL;
}

#define CODE "000000" /* from as many digits on a number may be a code: diff/secret.c */

/* Appends the path with each part that is a number as 0 or as CODE, which makes no difference to
 * its pattern, but few paths of many. */
static void add_path(struct buffer *out, const unsigned char *at, size_t length)
{
    size_t start = 0;
    while (start < length) {
        size_t end = start + (at[start] == '/');
        size_t first = end;
        while (end < length && at[end] >= '0' && at[end] <= '9')
            end++;
        bool number = end > first && (end == length || at[end] == '/');
        bool code = end - first >= strlen(CODE);
        while (end < length && at[end] != '/')
            end++;
        if (number)
            buffer_add_text(out, code ? "/" CODE : "/0");
        else
            buffer_add(out, at + start, end - start);
        start = end;
    }
}

struct route_entry *route_cache_find(struct route_cache *cache, struct slice method,
                                     struct slice target)
{
    size_t length = 0;
    while (length < target.length && target.at[length] != '?' && target.at[length] != '#')
        length++;
    struct buffer *text = &cache->text, *pattern = &cache->pattern;
    buffer_clear(text);
    buffer_add(text, method.at, method.length);
    buffer_add_byte(text, ' ');
    size_t path = text->length;
    add_path(text, target.at, length);
    if (cache->names->count)
        buffer_add(text, target.at + length, target.length - length);
    uint64_t hash = hash_64(text->data, text->length);
    struct route_entry *entry = &cache->entries[hash & (ENTRIES - 1)];
    if (entry->hash == hash && hash)
        return entry;
    buffer_clear(pattern);
    buffer_add(pattern, text->data, path);
    route_pattern(pattern, (const char *)text->data + path, text->length - path,
                  (const char *const *)cache->names->items, cache->names->count);
    free((void *)entry->name.at);
    const char *name = mem_copy_bytes(pattern->data, pattern->length);
    *entry =
        (struct route_entry){.hash = hash, .name = {(const unsigned char *)name, pattern->length}};
    return entry;
}
