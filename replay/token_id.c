/*
 * Ids that lanes know in common: for a tenant, a kind and a logged id, the one that each side gave
 * in its place; and which ids requests have used, so that an old thing is not taken for one that
 * was just made. Bounded: TOKEN_IDS_MOST ids, TOKEN_SEEN_SLOTS uses.
 */
#include "token_parts.h"

#include <ctype.h>
#include <stdlib.h>

#define NONE UINT32_MAX
#define WAYS 4 /* slots that a use may stand in */

static uint64_t hash_of(const char *one, const char *two, const char *three)
{
    const char *texts[] = {one, two, three};
    char text[256]; /* for most; each of them with its NUL */
    size_t length[3], size = 0;
    for (size_t i = 0; i < 3; i++)
        size += length[i] = strlen(texts[i]) + 1;
    char *whole = size > sizeof text ? mem_alloc(size) : text;
    char *at = whole;
    for (size_t i = 0; i < 3; at += length[i++])
        memcpy(at, texts[i], length[i]);
    uint64_t hash = hash_64(whole, size);
    if (whole != text)
        free(whole);
    return hash;
}

static const char *tenant_of(const char *tenant)
{
    return tenant ? tenant : "";
}

struct token_shared *token_shared_new(const struct token_rules *rules)
{
    struct token_shared *shared = mem_zero(1, sizeof *shared);
    shared->rules = rules;
    shared->seen = mem_zero(TOKEN_SEEN_SLOTS, sizeof *shared->seen);
    shared->shown = token_shown_new();
    shared->id_changed = mem_zero(TOKEN_IDS_MOST / 64, sizeof *shared->id_changed);
    shared->seen_changed = mem_zero(TOKEN_SEEN_SLOTS / 64, sizeof *shared->seen_changed);
    return shared;
}

void token_shared_free(struct token_shared *shared)
{
    if (!shared)
        return;
    for (uint32_t i = 0; i < shared->id_count; i++)
        free(shared->ids[i].text);
    free(shared->ids);
    free(shared->heads[0]);
    free(shared->heads[1]);
    free(shared->seen);
    free(shared->shown);
    free(shared->id_changed);
    free(shared->seen_changed);
    free(shared);
}

/* chain 0: by logged value, 1: by the source's. */
static struct token_id *find(const struct token_shared *shared, int chain, const char *tenant,
                             const char *kind, const char *value)
{
    if (!shared->head_count)
        return NULL;
    uint64_t hash = hash_of(tenant, kind, value);
    for (uint32_t i = shared->heads[chain][hash & (shared->head_count - 1)]; i != NONE;
         i = shared->ids[i].next[chain]) {
        struct token_id *id = &shared->ids[i];
        const char *own = chain ? id->value[SOURCE] : id->logged;
        if (id->hash[chain] == hash && own && strcmp(own, value) == 0 &&
            strcmp(id->kind, kind) == 0 && strcmp(id->tenant, tenant) == 0)
            return id;
    }
    return NULL;
}

const struct token_id *token_id_find(const struct token_shared *shared, const char *tenant,
                                     const char *kind, const char *logged)
{
    return find(shared, 0, tenant_of(tenant), kind, logged);
}

const struct token_id *token_id_of_source(const struct token_shared *shared, const char *tenant,
                                          const char *kind, const char *source)
{
    return find(shared, 1, tenant_of(tenant), kind, source);
}

static void link_id(struct token_shared *shared, uint32_t place)
{
    for (int chain = 0; chain < 2; chain++) {
        struct token_id *id = &shared->ids[place];
        uint32_t *head = &shared->heads[chain][id->hash[chain] & (shared->head_count - 1)];
        id->next[chain] = *head;
        *head = place;
    }
}

static void unlink_id(struct token_shared *shared, uint32_t place)
{
    for (int chain = 0; chain < 2; chain++) {
        struct token_id *id = &shared->ids[place];
        uint32_t *at = &shared->heads[chain][id->hash[chain] & (shared->head_count - 1)];
        while (*at != place)
            at = &shared->ids[*at].next[chain];
        *at = id->next[chain];
    }
    free(shared->ids[place].text);
}

static void grow(struct token_shared *shared)
{
    shared->id_room = shared->id_room ? 2 * shared->id_room : 64;
    shared->ids = mem_resize(shared->ids, shared->id_room, sizeof *shared->ids);
    shared->head_count = shared->id_room;
    for (int chain = 0; chain < 2; chain++) {
        shared->heads[chain] =
            mem_resize(shared->heads[chain], shared->head_count, sizeof *shared->heads[chain]);
        memset(shared->heads[chain], 0xff, shared->head_count * sizeof *shared->heads[chain]);
    }
    for (uint32_t i = 0; i < shared->id_count; i++)
        link_id(shared, i);
}

static uint32_t take_slot(struct token_shared *shared)
{
    if (shared->id_count < TOKEN_IDS_MOST) {
        if (shared->id_count == shared->id_room)
            grow(shared);
        return shared->id_count++;
    }
    uint32_t place = shared->id_next++ % TOKEN_IDS_MOST;
    unlink_id(shared, place);
    return place;
}

static void fill_slot(struct token_shared *shared, uint32_t slot, const char *const texts[5],
                      struct token_origin origin)
{
    const char *places[5];
    size_t size = 0;
    for (size_t i = 0; i < 5; i++)
        size += texts[i] ? strlen(texts[i]) + 1 : 0;
    char *text = mem_alloc(size), *at = text;
    for (size_t i = 0; i < 5; i++) {
        size_t length = texts[i] ? strlen(texts[i]) + 1 : 0;
        if (length)
            memcpy(at, texts[i], length);
        places[i] = length ? at : NULL;
        at += length;
    }
    shared->ids[slot] =
        (struct token_id){.tenant = places[0],
                          .kind = places[1],
                          .logged = places[2],
                          .value = {places[3], places[4]},
                          .text = text,
                          .origin = origin,
                          .hash = {hash_of(places[0], places[1], places[2]),
                                   hash_of(places[0], places[1], places[3] ? places[3] : "")}};
    link_id(shared, slot);
}

void token_id_add(struct token_shared *shared, const char *tenant, const char *kind,
                  const char *logged, const char *const value[SIDES], struct token_origin origin)
{
    const char *const texts[] = {tenant_of(tenant), kind, logged, value[SOURCE], value[TARGET]};
    if (find(shared, 0, texts[0], kind, logged))
        return; /* the first proof counts */
    uint32_t slot = take_slot(shared);
    fill_slot(shared, slot, texts, origin);
    token_mark(shared->id_changed, slot);
}

bool token_id_load(struct token_shared *shared, uint32_t slot, const char *const texts[5],
                   struct token_origin origin)
{
    if (slot > shared->id_count || slot >= TOKEN_IDS_MOST)
        return false;
    if (slot < shared->id_count)
        unlink_id(shared, slot);
    else
        (void)take_slot(shared); /* the next one */
    fill_slot(shared, slot, texts, origin);
    return true;
}

void token_each_id(const struct token_shared *shared,
                   void (*take)(void *context, const char *tenant, const char *kind,
                                const char *logged, const char *source, const char *target),
                   void *context)
{
    for (uint32_t i = 0; i < shared->id_count; i++) {
        const struct token_id *id = &shared->ids[i];
        if (id->value[SOURCE] && id->value[TARGET] && !ispunct((unsigned char)*id->kind))
            take(context, id->tenant, id->kind, id->logged, id->value[SOURCE], id->value[TARGET]);
    }
}

/* ---- ids that were used ---- */

static uint64_t seen_hash(enum token_domain domain, const char *tenant, const char *kind,
                          const char *value)
{
    uint64_t hash = hash_of(tenant_of(tenant), kind, value) * 4 + (uint64_t)domain;
    return hash ? hash : 1;
}

static size_t first_slot(uint64_t hash)
{
    return (size_t)((hash >> 20) % (TOKEN_SEEN_SLOTS / WAYS) * WAYS);
}

void token_seen_add(struct token_shared *shared, enum token_domain domain, const char *tenant,
                    const char *kind, const char *value, uint64_t number)
{
    uint64_t hash = seen_hash(domain, tenant, kind, value);
    size_t place = first_slot(hash);
    struct token_seen *slot = &shared->seen[place], *take = slot;
    for (size_t i = 0; i < WAYS; i++) {
        if (slot[i].hash == hash) {
            if (number < slot[i].number) {
                slot[i].number = number;
                token_mark(shared->seen_changed, place + i);
            }
            return;
        }
        if (slot[i].hash == 0 || (take->hash && slot[i].number < take->number))
            take = &slot[i];
        if (slot[i].hash == 0)
            break;
    }
    shared->seen_count += take->hash == 0;
    *take = (struct token_seen){hash, number};
    token_mark(shared->seen_changed, (size_t)(take - shared->seen));
}

bool token_seen_load(struct token_shared *shared, uint32_t slot, const struct token_seen *seen)
{
    if (slot >= TOKEN_SEEN_SLOTS || !seen->hash || slot / WAYS * WAYS != first_slot(seen->hash))
        return false;
    shared->seen_count += shared->seen[slot].hash == 0;
    shared->seen[slot] = *seen;
    return true;
}

bool token_seen_before(const struct token_shared *shared, enum token_domain domain,
                       const char *tenant, const char *kind, const char *value, uint64_t number)
{
    uint64_t hash = seen_hash(domain, tenant, kind, value);
    const struct token_seen *slot = &shared->seen[first_slot(hash)];
    for (size_t i = 0; i < WAYS; i++)
        if (slot[i].hash == hash)
            return slot[i].number <= number;
    return false;
}
