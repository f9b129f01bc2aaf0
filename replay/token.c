/* What a lane remembers, and within which bounds (token_parts.h). See token.h. */
#include "token_parts.h"

#include <stdlib.h>

struct token_memory *token_memory_new(struct token_shared *shared)
{
    struct token_memory *memory = mem_zero(1, sizeof *memory);
    memory->shared = shared;
    return memory;
}

/* The place-th, or all that `drop` says. */
static void drop_fact(struct token_memory *memory, struct token_facts *facts, size_t place)
{
    struct token_fact *fact = facts->items[place];
    facts->bytes -= fact->bytes;
    memory->shared->bytes -= fact->bytes;
    free(fact);
    facts->count--;
    memmove(facts->items + place, facts->items + place + 1,
            (facts->count - place) * sizeof(struct token_fact *));
}

void token_memory_free(struct token_memory *memory)
{
    if (!memory)
        return;
    struct token_facts *both[] = {&memory->fields, &memory->links};
    for (size_t i = 0; i < 2; i++) {
        while (both[i]->count)
            drop_fact(memory, both[i], both[i]->count - 1);
        free(both[i]->items);
    }
    while (memory->pending_count)
        token_pending_drop(memory, memory->pending_count - 1);
    free(memory->pending);
    free(memory);
}

size_t token_memory_bytes(const struct token_memory *memory)
{
    return memory->fields.bytes + memory->links.bytes;
}

struct token_fact *token_fact_new(const struct token_fact *fact)
{
    size_t name = strlen(fact->name) + 1, value = strlen(fact->value) + 1;
    size_t place = fact->place ? strlen(fact->place) + 1 : 1;
    size_t bytes = sizeof *fact + name + place + value;
    struct token_fact *own = mem_alloc(bytes);
    *own = *fact;
    own->bytes = bytes;
    own->name = memcpy(own->text, fact->name, name);
    own->place = memcpy(own->text + name, fact->place ? fact->place : "", place);
    own->value = memcpy(own->text + name + place, fact->value, value);
    own->value_length = value - 1;
    return own;
}

void token_remember(struct token_memory *memory, struct token_fact *fact)
{
    bool link = fact->kind == FACT_LINK;
    struct token_facts *facts = link ? &memory->links : &memory->fields;
    size_t most = link ? TOKEN_LINK_BYTES : TOKEN_FIELD_BYTES;
    if (memory->shared->bytes + fact->bytes > TOKEN_ALL_BYTES)
        most = TOKEN_POOR_BYTES;
    if (fact->value_length >= TOKEN_VALUE_MOST || fact->bytes > most) {
        if (link)
            memory->cut = fact->number;
        free(fact);
        return;
    }
    while (facts->count &&
           (facts->bytes + fact->bytes > most || facts->count == TOKEN_FACTS_MOST)) {
        if (link && facts->items[0]->number == fact->number)
            memory->cut = fact->number;
        drop_fact(memory, facts, 0);
    }
    if ((facts->count & (facts->count - 1)) == 0)
        facts->items = mem_resize(facts->items, facts->count ? 2 * facts->count : 1,
                                  sizeof(struct token_fact *));
    facts->items[facts->count++] = fact;
    facts->bytes += fact->bytes;
    memory->shared->bytes += fact->bytes;
}

void token_forget_page(struct token_memory *memory, enum side side, uint64_t page)
{
    struct token_facts *both[] = {&memory->fields, &memory->links};
    for (size_t i = 0; i < 2; i++)
        for (size_t k = both[i]->count; k-- > 0;) {
            const struct token_fact *fact = both[i]->items[k];
            bool page_says = fact->kind != FACT_COOKIE && fact->kind != FACT_MEMBER;
            if (page_says && fact->side == side && fact->page == page)
                drop_fact(memory, both[i], k);
        }
}

uint64_t token_page(struct slice target)
{
    size_t end = 0;
    while (end < target.length && target.at[end] != '#')
        end++;
    return hash_64(target.at, end);
}

/* ---- ids that wait for their logged name ---- */

void token_pending_free(struct token_pending *pending)
{
    for (int side = 0; side < SIDES; side++) {
        free(pending->redirect[side]);
        free(pending->created[side]);
    }
}

void token_pending_drop(struct token_memory *memory, size_t place)
{
    token_pending_free(&memory->pending[place]);
    memory->pending_count--;
    memmove(memory->pending + place, memory->pending + place + 1,
            (memory->pending_count - place) * sizeof *memory->pending);
}

void token_wait(struct token_memory *memory, const struct token_pending *pending)
{
    if (!memory->pending)
        memory->pending = mem_zero(TOKEN_PENDING_MOST, sizeof *memory->pending);
    if (memory->pending_count == TOKEN_PENDING_MOST)
        token_pending_drop(memory, 0);
    memory->pending[memory->pending_count++] = *pending;
}

/* ---- what is recorded ---- */

static void add_record(struct arena *arena, size_t *count, struct replacement **items,
                       const struct replacement *one)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp((*items)[i].where, one->where) == 0 &&
            strcmp((*items)[i].logged, one->logged) == 0 &&
            strcmp((*items)[i].value[SOURCE], one->value[SOURCE]) == 0 &&
            strcmp((*items)[i].kind, one->kind ? one->kind : "") == 0)
            return;
    if ((*count & (*count - 1)) == 0) { /* room is a power of two */
        struct replacement *more = arena_alloc(arena, (*count ? 2 * *count : 1) * sizeof *more);
        if (*count)
            memcpy(more, *items, *count * sizeof *more);
        *items = more;
    }
    (*items)[(*count)++] = (struct replacement){
        .where = arena_copy(arena, one->where),
        .logged = arena_copy(arena, one->logged),
        .value = {arena_copy(arena, one->value[SOURCE]), arena_copy(arena, one->value[TARGET])},
        .secret = one->secret,
        .is_id = one->is_id,
        .proposed = one->proposed,
        .kind = arena_copy(arena, one->kind ? one->kind : ""),
        .from = one->from,
        .given = one->given,
        .given_name = arena_copy(arena, one->given_name ? one->given_name : "")};
}

const char *token_kinds_text(const struct token_kinds *kinds, struct arena *arena)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < kinds->count; i++)
        buffer_printf(&text, "%s%s", i ? " " : "", kinds->name[i]);
    const char *copy = arena_copy_bytes(arena, text.data, text.length);
    buffer_free(&text);
    return copy;
}

void token_record(struct exchange *exchange, const struct replacement *replacement)
{
    add_record(&exchange->arena, &exchange->replacement_count, &exchange->replacements,
               replacement);
}

void token_record_uncorrelated(struct exchange *exchange, const char *where, const char *logged)
{
    const struct replacement one = {
        .where = where, .logged = logged, .value = {logged, logged}, .secret = true};
    add_record(&exchange->arena, &exchange->uncorrelated_count, &exchange->uncorrelated, &one);
}
