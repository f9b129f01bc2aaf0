/* See blame.h. */
#include "blame.h"

#include "../diff/base/hash.h"
#include "../diff/base/memory.h"
#include "../diff/base/utf8.h"

#include <stdlib.h>
#include <string.h>

struct request {
    uint64_t number, line, session, tenant, route; /* tenant, route: hashes */
    bool follows;
    char *text; /* of a write */
};

struct requests {
    size_t count, room;
    struct request *items;
    bool sorted; /* by number */
};

struct blame {
    struct requests writes, firsts;
};

struct blame *blame_new(void)
{
    return mem_zero(1, sizeof(struct blame));
}

static void free_requests(struct requests *requests)
{
    for (size_t i = 0; i < requests->count; i++)
        free(requests->items[i].text);
    free(requests->items);
}

void blame_free(struct blame *blame)
{
    if (!blame)
        return;
    free_requests(&blame->writes);
    free_requests(&blame->firsts);
    free(blame);
}

static uint64_t hash_text(const char *text)
{
    return hash_64(text ? text : "", text ? strlen(text) : 0);
}

/* NULL: there is no room for another. */
static struct request *add(struct requests *requests)
{
    if (requests->count == BLAME_MOST)
        return NULL;
    if (requests->count == requests->room) {
        requests->room = requests->room ? 2 * requests->room : 16;
        requests->items = mem_resize(requests->items, requests->room, sizeof *requests->items);
    }
    requests->sorted = false;
    struct request *one = &requests->items[requests->count++];
    *one = (struct request){0};
    return one;
}

static struct request *add_request(struct requests *requests, const struct blame_request *request)
{
    struct request *one = add(requests);
    if (one)
        *one = (struct request){.number = request->number,
                                .line = request->line,
                                .session = request->session,
                                .tenant = hash_text(request->tenant),
                                .route = hash_text(request->route)};
    return one;
}

void blame_write(struct blame *blame, const struct blame_request *request, const char *text,
                 bool follows)
{
    struct buffer cut = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct request *one = add_request(&blame->writes, request);
    if (!one)
        return;
    utf8_add_cut(&cut, text, strlen(text), BLAME_TEXT - 4);
    one->text = mem_copy_bytes(cut.data, cut.length);
    one->follows = follows;
    buffer_free(&cut);
}

void blame_first(struct blame *blame, const struct blame_request *request)
{
    (void)add_request(&blame->firsts, request);
}

/* ---- finding ---- */

static int by_number(const void *a, const void *b)
{
    const struct request *one = a, *other = b;
    return (one->number > other->number) - (one->number < other->number);
}

static void sort(struct requests *requests)
{
    if (!requests->sorted && requests->count)
        qsort(requests->items, requests->count, sizeof *requests->items, by_number);
    requests->sorted = true;
}

static bool may_be_why(const struct request *write, const struct request *first)
{
    bool other = !write->session || write->session != first->session;
    return write->number < first->number && write->tenant == first->tenant && other &&
           write->route != first->route;
}

bool blame_find(struct blame *blame, uint64_t number, uint64_t *line, const char **text)
{
    const struct request key = {.number = number};
    sort(&blame->firsts);
    sort(&blame->writes);
    const struct request *first = blame->firsts.count
                                      ? bsearch(&key, blame->firsts.items, blame->firsts.count,
                                                sizeof *blame->firsts.items, by_number)
                                      : NULL;
    const struct request *why = NULL;
    for (size_t i = blame->writes.count; first && i-- > 0 && (!why || why->follows);) {
        const struct request *write = &blame->writes.items[i];
        if (may_be_why(write, first) && (!why || !write->follows))
            why = write;
    }
    *line = why ? why->line : 0;
    *text = why ? why->text : NULL;
    return first != NULL;
}

/* ---- as bytes ---- */

static void save_requests(const struct requests *requests, struct buffer *out)
{
    bytes_put_size(out, requests->count);
    for (size_t i = 0; i < requests->count; i++) {
        const struct request *one = &requests->items[i];
        const uint64_t numbers[] = {one->number, one->line, one->session, one->tenant, one->route};
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
            buffer_add_u64(out, numbers[k]);
        buffer_add_byte(out, one->follows);
        bytes_put_text(out, one->text);
    }
}

void blame_save(const struct blame *blame, struct buffer *out)
{
    save_requests(&blame->writes, out);
    save_requests(&blame->firsts, out);
}

static void load_requests(struct bytes *in, struct requests *requests, bool texts)
{
    enum { LEAST = 45 }; /* bytes of one */
    struct arena arena = ARENA_INIT;
    size_t count = bytes_count(in, LEAST);
    in->failed |= count > BLAME_MOST;
    for (size_t i = 0; i < count && !in->failed; i++) {
        struct request *one = add(requests);
        one->number = bytes_u64(in);
        one->line = bytes_u64(in);
        one->session = bytes_u64(in);
        one->tenant = bytes_u64(in);
        one->route = bytes_u64(in);
        one->follows = bytes_bool(in);
        const char *text = bytes_text(in, &arena);
        in->failed |= texts ? !text || strlen(text) >= BLAME_TEXT : text != NULL;
        one->text = text ? mem_copy_string(text) : NULL;
    }
    arena_free(&arena);
}

struct blame *blame_load(struct bytes *in)
{
    struct blame *blame = blame_new();
    load_requests(in, &blame->writes, true);
    load_requests(in, &blame->firsts, false);
    if (!in->failed)
        return blame;
    blame_free(blame);
    return NULL;
}
