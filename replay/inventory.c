#include "inventory.h"

#include <stdlib.h>

void inventory_init(struct inventory *inventory, const struct text_list *names)
{
    memset(inventory, 0, sizeof *inventory);
    counter_init(&inventory->methods, INVENTORY_METHODS);
    counter_init(&inventory->routes, INVENTORY_ROUTES);
    counter_init(&inventory->tenants, INVENTORY_TENANTS);
    inventory->tainted_list = mem_zero(INVENTORY_TAINTED, sizeof *inventory->tainted_list);
    route_cache_init(&inventory->route_cache, names);
}

void inventory_free(struct inventory *inventory)
{
    counter_free(&inventory->methods);
    counter_free(&inventory->routes);
    counter_free(&inventory->tenants);
    free(inventory->tainted_list);
    route_cache_free(&inventory->route_cache);
}

static struct counter_entry *route_of(struct inventory *inventory, const struct request *request)
{
    struct route_entry *route =
        route_cache_find(&inventory->route_cache, request->method, request->target);
    if (route->note)
        return &inventory->routes.entries[route->note - 1];
    struct counter_entry *entry = counter_at(&inventory->routes, route->name);
    route->note = (uint32_t)(entry - inventory->routes.entries) + 1;
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
    inventory->likely += session->guessed;
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
    for (int i = 0; i < REQUEST_REASONS; i++)
        if (request_reason_is_unread((enum request_reason)i) && inventory->reasons[i])
            return true;
    for (size_t i = 0; i < stream->file_count; i++)
        if (stream->files[i].problem)
            return true;
    return false;
}
