/*
 * What lanes remember as bytes, and back, so that an interrupted run can go on: of one lane all at
 * once, of what lanes know in common what has changed since the last time. Input and output:
 * token_memory, token_shared. Bytes that are damaged are refused; what they say is held to the same
 * bounds as what answers say.
 */
#include "token_parts.h"

#include "../diff/base/bytes.h"

#include <stdlib.h>

#define SAVED_VERSION 1
#define SPARE 4096 /* slots that pieces may say again before everything is saved anew */

/* ---- a lane ---- */

static void put_facts(struct buffer *out, const struct token_facts *facts)
{
    bytes_put_size(out, facts->count);
    for (size_t i = 0; i < facts->count; i++) {
        const struct token_fact *fact = facts->items[i];
        buffer_add_byte(out, (unsigned char)fact->kind);
        buffer_add_byte(out, (unsigned char)fact->side);
        buffer_add_u32(out, fact->form);
        buffer_add_u64(out, fact->number);
        buffer_add_u64(out, fact->page);
        bytes_put_text(out, fact->name);
        bytes_put_text(out, fact->place);
        bytes_put_text(out, fact->value);
    }
}

static void put_pending(struct buffer *out, const struct token_pending *pending)
{
    buffer_add_u64(out, pending->number);
    buffer_add_u64(out, (uint64_t)pending->until);
    buffer_add_u32(out, pending->tries);
    bytes_put_size(out, pending->kinds.count);
    for (size_t i = 0; i < pending->kinds.count; i++)
        bytes_put_text(out, pending->kinds.name[i]);
    for (int side = 0; side < SIDES; side++) {
        bytes_put_text(out, pending->redirect[side]);
        bytes_put_text(out, pending->created[side]);
    }
}

void token_memory_save(const struct token_memory *memory, struct buffer *out)
{
    buffer_add_byte(out, SAVED_VERSION);
    buffer_add_u64(out, memory->cut);
    put_facts(out, &memory->fields);
    put_facts(out, &memory->links);
    bytes_put_size(out, memory->pending_count);
    for (size_t i = 0; i < memory->pending_count; i++)
        put_pending(out, &memory->pending[i]);
}

static void get_facts(struct bytes *in, struct token_memory *memory, bool links)
{
    size_t count = bytes_count(in, 34);
    in->failed |= count > TOKEN_FACTS_MOST;
    for (size_t i = 0; i < count && !in->failed; i++) {
        struct arena arena = ARENA_INIT;
        unsigned kind = bytes_u8(in), side = bytes_u8(in);
        struct token_fact fact = {0};
        fact.form = bytes_u32(in);
        fact.number = bytes_u64(in);
        fact.page = bytes_u64(in);
        fact.name = bytes_name(in, &arena);
        fact.place = bytes_name(in, &arena);
        fact.value = bytes_name(in, &arena);
        in->failed |= links ? kind != FACT_LINK : kind >= FACT_LINK;
        in->failed |= side >= SIDES || (links && strlen(fact.name) >= TOKEN_KIND_SIZE);
        if (!in->failed) {
            fact.kind = (enum token_fact_kind)kind;
            fact.side = (enum side)side;
            token_remember(memory, token_fact_new(&fact));
        }
        arena_free(&arena);
    }
}

static char *get_owned(struct bytes *in, struct arena *arena)
{
    const char *text = bytes_text(in, arena);
    return text ? mem_copy_string(text) : NULL;
}

static void get_pending(struct bytes *in, struct token_memory *memory)
{
    struct arena arena = ARENA_INIT;
    struct token_pending pending = {.number = bytes_u64(in)};
    pending.until = (int64_t)bytes_u64(in);
    pending.tries = bytes_u32(in);
    pending.kinds.count = bytes_count(in, 4);
    in->failed |= pending.kinds.count > TOKEN_KINDS;
    for (size_t i = 0; i < pending.kinds.count && !in->failed; i++) {
        const char *name = bytes_name(in, &arena);
        size_t length = strlen(name);
        in->failed |= length >= TOKEN_KIND_SIZE;
        if (!in->failed)
            memcpy(pending.kinds.name[i], name, length + 1);
    }
    for (int side = 0; side < SIDES; side++) {
        pending.redirect[side] = get_owned(in, &arena);
        pending.created[side] = get_owned(in, &arena);
    }
    if (in->failed)
        token_pending_free(&pending);
    else
        token_wait(memory, &pending);
    arena_free(&arena);
}

bool token_memory_load(const void *bytes, size_t length, struct token_memory *memory,
                       struct err *err)
{
    const unsigned char *from = bytes;
    struct bytes in = {from, from + length, false};
    in.failed |= bytes_u8(&in) != SAVED_VERSION;
    uint64_t cut = bytes_u64(&in);
    get_facts(&in, memory, false);
    get_facts(&in, memory, true);
    size_t count = bytes_count(&in, 40);
    in.failed |= count > TOKEN_PENDING_MOST;
    for (size_t i = 0; i < count && !in.failed; i++)
        get_pending(&in, memory);
    if (cut > memory->cut) /* remembering may have left something out, too */
        memory->cut = cut;
    return bytes_at_end(&in) ||
           err_set(err, ERR_USAGE, "what was saved of a session's tokens is damaged");
}

/* ---- what lanes know in common ---- */

static void put_id(struct buffer *out, uint32_t slot, const struct token_id *id)
{
    buffer_add_u32(out, slot);
    bytes_put_text(out, id->tenant);
    bytes_put_text(out, id->kind);
    bytes_put_text(out, id->logged);
    bytes_put_text(out, id->value[SOURCE]);
    bytes_put_text(out, id->value[TARGET]);
    buffer_add_u64(out, id->origin.number);
    buffer_add_byte(out, (unsigned char)id->origin.given);
}

static size_t count_bits(const uint64_t *words, size_t count)
{
    size_t bits = 0;
    for (size_t i = 0; i < count; i++)
        bits += (size_t)__builtin_popcountll(words[i]);
    return bits;
}

/* The next slot that is marked, from *slot on; false: there is none. */
static bool next_bit(const uint64_t *words, uint32_t slots, uint32_t *slot)
{
    while (*slot < slots) {
        uint64_t rest = words[*slot / 64] >> *slot % 64;
        if (rest) {
            *slot += (uint32_t)__builtin_ctzll(rest);
            return *slot < slots;
        }
        *slot = (*slot / 64 + 1) * 64;
    }
    return false;
}

static void put_seen(struct buffer *out, uint32_t slot, const struct token_seen *seen)
{
    buffer_add_u32(out, slot);
    buffer_add_u64(out, seen->hash);
    buffer_add_u64(out, seen->number);
}

/* All that is there counts as changed. */
static void mark_all(struct token_shared *shared)
{
    for (uint32_t i = 0; i < shared->id_count; i++)
        token_mark(shared->id_changed, i);
    for (uint32_t i = 0; i < TOKEN_SEEN_SLOTS; i++)
        if (shared->seen[i].hash)
            token_mark(shared->seen_changed, i);
}

bool token_shared_save(struct token_shared *shared, struct buffer *out, bool *whole)
{
    size_t ids = count_bits(shared->id_changed, TOKEN_IDS_MOST / 64);
    size_t seen = count_bits(shared->seen_changed, TOKEN_SEEN_SLOTS / 64);
    uint64_t live = (uint64_t)shared->id_count + shared->seen_count;
    *whole = shared->saved + ids + seen > 2 * live + SPARE;
    if (!ids && !seen)
        return false;
    if (*whole) {
        mark_all(shared);
        ids = shared->id_count;
        seen = shared->seen_count;
        shared->saved = 0;
    }
    shared->saved += ids + seen;
    buffer_add_byte(out, SAVED_VERSION);
    buffer_add_u32(out, shared->id_next);
    bytes_put_size(out, ids);
    for (uint32_t i = 0; next_bit(shared->id_changed, TOKEN_IDS_MOST, &i); i++)
        put_id(out, i, &shared->ids[i]);
    bytes_put_size(out, seen);
    for (uint32_t i = 0; next_bit(shared->seen_changed, TOKEN_SEEN_SLOTS, &i); i++)
        put_seen(out, i, &shared->seen[i]);
    memset(shared->id_changed, 0, TOKEN_IDS_MOST / 8);
    memset(shared->seen_changed, 0, TOKEN_SEEN_SLOTS / 8);
    return true;
}

static void get_id(struct bytes *in, struct token_shared *shared)
{
    struct arena arena = ARENA_INIT;
    uint32_t slot = bytes_u32(in);
    const char *texts[5];
    for (size_t i = 0; i < 5; i++)
        texts[i] = i < 3 ? bytes_name(in, &arena) : bytes_text(in, &arena);
    struct token_origin origin = {.number = bytes_u64(in)};
    unsigned given = bytes_u8(in);
    in->failed |= given >= GIVENS || strlen(texts[1]) >= TOKEN_KIND_SIZE;
    origin.given = in->failed ? GIVEN_UNKNOWN : (enum given)given;
    if (!in->failed)
        in->failed = !token_id_load(shared, slot, texts, origin);
    arena_free(&arena);
}

static void get_seen(struct bytes *in, struct token_shared *shared)
{
    uint32_t slot = bytes_u32(in);
    struct token_seen seen = {.hash = bytes_u64(in)};
    seen.number = bytes_u64(in);
    if (!in->failed)
        in->failed = !token_seen_load(shared, slot, &seen);
}

bool token_shared_load(const void *bytes, size_t length, struct token_shared *shared,
                       struct err *err)
{
    const unsigned char *from = bytes;
    struct bytes in = {from, from + length, false};
    in.failed |= bytes_u8(&in) != SAVED_VERSION;
    uint32_t next = bytes_u32(&in);
    size_t ids = bytes_count(&in, 33);
    for (size_t i = 0; i < ids && !in.failed; i++)
        get_id(&in, shared);
    size_t seen = bytes_count(&in, 20);
    for (size_t i = 0; i < seen && !in.failed; i++)
        get_seen(&in, shared);
    shared->resumed = true;
    shared->id_next = next;
    shared->saved += ids + seen;
    return bytes_at_end(&in) ||
           err_set(err, ERR_USAGE, "what was saved of the sessions' ids is damaged");
}
