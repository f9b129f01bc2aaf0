#include "inventory.h"

#include "../diff/base/hash.h"
#include "../diff/route.h"

#include <stdlib.h>

#define ROUTE_CACHE 16384 /* a power of two */

struct inventory_route {
    uint64_t hash; /* of method and path; 0: free */
    uint32_t entry;
};

void inventory_init(struct inventory *inventory)
{
    memset(inventory, 0, sizeof *inventory);
    counter_init(&inventory->methods, INVENTORY_METHODS);
    counter_init(&inventory->routes, INVENTORY_ROUTES);
    counter_init(&inventory->tenants, INVENTORY_TENANTS);
    inventory->tainted_list = mem_zero(INVENTORY_TAINTED, sizeof *inventory->tainted_list);
    inventory->route_cache = mem_zero(ROUTE_CACHE, sizeof *inventory->route_cache);
    buffer_init(&inventory->text, LOG_MOST_BYTES * 2);
    buffer_init(&inventory->pattern, LOG_MOST_BYTES * 8);
}

void inventory_free(struct inventory *inventory)
{
    counter_free(&inventory->methods);
    counter_free(&inventory->routes);
    counter_free(&inventory->tenants);
    free(inventory->tainted_list);
    free(inventory->route_cache);
    buffer_free(&inventory->text);
    buffer_free(&inventory->pattern);
}

/* Appends the path with each part that is a number as 0, which makes no difference to its pattern,
 * but few paths of many. */
static void add_path(struct buffer *out, const unsigned char *at, size_t length)
{
    size_t start = 0;
    while (start < length) {
        size_t end = start + (at[start] == '/');
        size_t first = end;
        while (end < length && at[end] >= '0' && at[end] <= '9')
            end++;
        bool number = end > first && (end == length || at[end] == '/');
        while (end < length && at[end] != '/')
            end++;
        if (number)
            buffer_add(out, "/0", 2);
        else
            buffer_add(out, at + start, end - start);
        start = end;
    }
}

/* Finding a path's pattern takes longer than reading its line, and few paths make most of a log. */
static struct counter_entry *route_of(struct inventory *inventory, const struct request *request)
{
    size_t length = 0;
    while (length < request->target.length && request->target.at[length] != '?' &&
           request->target.at[length] != '#')
        length++;
    struct buffer *text = &inventory->text;
    buffer_clear(text);
    buffer_add(text, request->method.at, request->method.length);
    buffer_add_byte(text, ' ');
    size_t method = text->length;
    add_path(text, request->target.at, length);
    uint64_t hash = hash_64(text->data, text->length);
    struct inventory_route *cached = &inventory->route_cache[hash & (ROUTE_CACHE - 1)];
    if (cached->hash == hash && hash)
        return &inventory->routes.entries[cached->entry];
    struct buffer *pattern = &inventory->pattern;
    buffer_clear(pattern);
    buffer_add(pattern, text->data, method);
    route_pattern(pattern, (const char *)text->data + method, text->length - method);
    struct counter_entry *entry =
        counter_at(&inventory->routes, (struct slice){pattern->data, pattern->length});
    cached->hash = hash;
    cached->entry = (uint32_t)(entry - inventory->routes.entries);
    return entry;
}

static void count(struct counter_entry *entry, const struct request *request, bool busy)
{
    entry->count++;
    entry->left_out += request->reason != REQUEST_GOOD;
    if (busy && request->duration > 0)
        request_add_duration(&entry->busy, request->duration);
}

void inventory_add(struct inventory *inventory, const struct request *request,
                   const struct session *session, struct slice tenant, bool unsure)
{
    inventory->reasons[request->reason]++;
    if (request->reason != REQUEST_GOOD && request->reached_app && !session)
        inventory->homeless++;
    bool readable = request->status || request->method.at || request->reason == REQUEST_NOT_HTTP;
    if (!readable)
        return;
    inventory->requests++;
    inventory->replayable += request->reason == REQUEST_GOOD;
    inventory->unsure += unsure;
    if (!inventory->any_time || request->arrival < inventory->first)
        inventory->first = request->arrival;
    if (!inventory->any_time || request->arrival > inventory->last)
        inventory->last = request->arrival;
    inventory->any_time = true;
    if (!request->method.at)
        return;
    bool good = request->reason == REQUEST_GOOD;
    if (good && request->duration >= 0) {
        inventory->any_duration = true;
        request_add_duration(&inventory->busy, request->duration);
    }
    count(counter_at(&inventory->methods, request->method), request, good);
    if (request->target.length && request->target.at[0] == '/')
        count(route_of(inventory, request), request, good);
    if (!inventory->by_tenant)
        return;
    if (!tenant.at)
        tenant = slice_of("(none)");
    /* Writes of one tenant keep their order: they are a chain, too. */
    count(counter_at(&inventory->tenants, tenant), request,
          good && !request_method_is_safe(request->method));
}

void inventory_retire(void *data, const struct session *session)
{
    struct inventory *inventory = data;
    inventory->sessions++;
    inventory->anonymous += session->anonymous;
    inventory->began_before += session->began_before;
    inventory->joined += session->joined;
    inventory->rotated += session->rotated;
    if (session->busy >= inventory->longest.busy)
        inventory->longest = *session;
    if (session->taint == REQUEST_GOOD)
        return;
    inventory->tainted++;
    inventory->tainted_requests += session->requests - session->left_out;
    if (inventory->tainted_count < INVENTORY_TAINTED)
        inventory->tainted_list[inventory->tainted_count++] = *session;
}

struct inventory_path inventory_path(const struct inventory *inventory)
{
    struct inventory_path path = {.known = inventory->any_duration};
    if (!path.known)
        return path;
    path.micros = inventory->longest.busy;
    for (size_t i = 0; inventory->by_tenant && i < inventory->tenants.count; i++) {
        const struct counter_entry *tenant = &inventory->tenants.entries[i];
        if (tenant->busy > path.micros) {
            path.micros = tenant->busy;
            path.tenant = tenant->name;
        }
    }
    if (path.micros > 0) {
        path.parallelism = (double)inventory->busy / (double)path.micros;
        path.speed = (double)(inventory->last - inventory->first) / (double)path.micros;
    }
    return path;
}

bool inventory_is_incomplete(const struct inventory *inventory, const struct log_stream *stream)
{
    static const enum request_reason unread[] = {
        REQUEST_UNREADABLE, REQUEST_TOO_LONG,   REQUEST_CUT,    REQUEST_SPLIT,
        REQUEST_AMBIGUOUS,  REQUEST_BAD_ESCAPE, REQUEST_NO_TIME};
    for (size_t i = 0; i < sizeof unread / sizeof *unread; i++)
        if (inventory->reasons[unread[i]])
            return true;
    for (size_t i = 0; i < stream->file_count; i++)
        if (stream->files[i].problem)
            return true;
    return false;
}
