/*
 * Ids that each side gave anew, as far as a page shows them and no request has named them: pairs
 * that are proposed, and not proved. Input: what both answers of an exchange show, once a lane
 * remembers it. Output: proposed replacements of the exchange, proposals in token_shared.
 *
 *     POST /bookings/9001/files, and then a page with /files/4 on the source, /files/44 on the
 * target
 *
 * A pair is proposed where each page shows one id of the kind that the other does not, and both are
 * new to their side: no request has used them, no page has shown them, and they are not below an id
 * that was there before the first write. Before the first write of a tenant nothing is new. A pair
 * is proposed once, and each of its ids is in one pair: what is shown beside another partner later
 * is no pair, and so a difference. After an interruption what was shown is not known any more, and
 * nothing more is proposed.
 *
 * Nothing is ever equal by a proposed pair (check.h: `anew`).
 */
#include "token_prove.h"

#include <stdlib.h>

#define SHOWN_SLOTS                                                                                \
    (1U << 17) /* 8 bytes each; what is forgotten looks new, and so is only proposed */
#define WAYS 4
#define HIGHEST_SLOTS 4096 /* 16 bytes each */
#define FORWARD '?'        /* before the kind of a proposal that is found by the source's id */
#define BACKWARD '!'       /* by the target's */

/* Ids that pages have shown, and the highest number of each kind before the first write. */
struct token_shown {
    uint64_t ids[SHOWN_SLOTS];
    unsigned next; /* of the ways, the one to be taken next */
    struct {
        uint64_t hash, number;
    } highest[HIGHEST_SLOTS];
};

struct token_shown *token_shown_new(void)
{
    return mem_zero(1, sizeof(struct token_shown));
}

/* ---- what pages have shown ---- */

static uint64_t hash_of(enum side side, const char *tenant, const char *kind, const char *value)
{
    uint64_t hash = (uint64_t)side + 1;
    const char *const texts[] = {tenant ? tenant : "", kind, value};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        hash = hash * UINT64_C(0x9E3779B97F4A7C15) + hash_64(texts[i], strlen(texts[i]));
    return hash ? hash : 1;
}

static uint64_t *ways_of(struct token_shown *shown, uint64_t hash)
{
    return &shown->ids[(hash >> 20) % (SHOWN_SLOTS / WAYS) * WAYS];
}

static bool was_shown(struct token_shown *shown, uint64_t hash)
{
    const uint64_t *ways = ways_of(shown, hash);
    for (size_t i = 0; i < WAYS; i++)
        if (ways[i] == hash)
            return true;
    return false;
}

static void add_shown(struct token_shown *shown, uint64_t hash)
{
    uint64_t *ways = ways_of(shown, hash);
    if (was_shown(shown, hash))
        return;
    for (size_t i = 0; i < WAYS; i++)
        if (!ways[i]) {
            ways[i] = hash;
            return;
        }
    ways[shown->next++ % WAYS] = hash;
}

/* Of an id of up to 18 digits; false: it is none. */
static bool number_of(const char *value, uint64_t *number)
{
    size_t length = strlen(value);
    if (!length || length > 18 || value[strspn(value, "0123456789")])
        return false;
    *number = strtoull(value, NULL, 10);
    return true;
}

static void add_highest(struct token_shown *shown, uint64_t hash, const char *value)
{
    uint64_t number;
    size_t slot = (size_t)(hash >> 20) % HIGHEST_SLOTS;
    if (!number_of(value, &number))
        return;
    if (shown->highest[slot].hash == hash && shown->highest[slot].number >= number)
        return;
    shown->highest[slot].hash = hash;
    shown->highest[slot].number = number;
}

static bool was_there(const struct token_shown *shown, uint64_t hash, const char *value)
{
    uint64_t number;
    size_t slot = (size_t)(hash >> 20) % HIGHEST_SLOTS;
    return shown->highest[slot].hash == hash && number_of(value, &number) &&
           number <= shown->highest[slot].number;
}

/* ---- writes ---- */

static const char write_kind[] = "?write"; /* no kind of an id begins so */

static bool has_written(const struct token_memory *memory, const struct exchange *exchange)
{
    return token_seen_before(memory->shared, DOMAIN_LOG, exchange->logged.tenant, write_kind, "",
                             exchange->number);
}

/* ---- proposals ---- */

static const struct token_id *find_proposal(const struct token_memory *memory,
                                            const struct exchange *exchange, char direction,
                                            const char *kind, const char *value)
{
    char name[TOKEN_KIND_SIZE + 1];
    if (strlen(kind) + 2 > TOKEN_KIND_SIZE)
        return NULL;
    name[0] = direction;
    memcpy(name + 1, kind, strlen(kind) + 1);
    return token_id_find(memory->shared, exchange->logged.tenant, name, value);
}

static void add_proposal(struct token_memory *memory, const struct exchange *exchange,
                         const char *kind, const char *const value[SIDES])
{
    char name[TOKEN_KIND_SIZE + 1];
    const struct token_origin origin = {exchange->number, GIVEN_LINK};
    if (strlen(kind) + 2 > TOKEN_KIND_SIZE)
        return;
    memcpy(name + 1, kind, strlen(kind) + 1);
    for (int side = 0; side < SIDES; side++) {
        name[0] = side == SOURCE ? FORWARD : BACKWARD;
        token_id_add(memory->shared, exchange->logged.tenant, name, value[side], value, origin);
    }
}

static bool is_new(const struct token_memory *memory, const struct exchange *exchange,
                   const struct token_fact *fact)
{
    struct token_shown *shown = memory->shared->shown;
    const char *tenant = exchange->logged.tenant;
    struct token_kinds kinds = {.count = 1};
    memcpy(kinds.name[0], fact->name, strlen(fact->name) + 1);
    return !was_shown(shown, hash_of(fact->side, tenant, fact->name, fact->value)) &&
           !was_there(shown, hash_of(fact->side, tenant, fact->name, ""), fact->value) &&
           !find_proposal(memory, exchange, fact->side == SOURCE ? FORWARD : BACKWARD, fact->name,
                          fact->value) &&
           token_is_fresh(memory, exchange, fact->side, &kinds, fact->value, exchange->number);
}

/* The only new id of the kind on that side's page; NULL: there is none, or there are several. */
static const struct token_fact *lone_new(const struct token_memory *memory,
                                         const struct exchange *exchange, enum side side,
                                         const char *kind)
{
    const struct token_fact *lone = NULL;
    for (size_t i = 0; i < memory->links.count; i++) {
        const struct token_fact *fact = memory->links.items[i];
        if (fact->number != exchange->number || fact->side != side ||
            strcmp(fact->name, kind) != 0 || !is_new(memory, exchange, fact))
            continue;
        if (lone)
            return NULL;
        lone = fact;
    }
    return lone;
}

static bool same_sort(const char *one, const char *other)
{
    uint64_t number;
    return number_of(one, &number) == number_of(other, &number);
}

static void propose(struct token_memory *memory, const struct exchange *exchange, const char *kind)
{
    const struct token_fact *source = lone_new(memory, exchange, SOURCE, kind);
    const struct token_fact *target = source ? lone_new(memory, exchange, TARGET, kind) : NULL;
    if (!source || !target || !same_sort(source->value, target->value) ||
        strcmp(source->value, target->value) == 0)
        return;
    add_proposal(memory, exchange, kind, (const char *const[SIDES]){source->value, target->value});
}

/* Is it the first id of its kind that the source's page shows? */
static bool opens_kind(const struct token_memory *memory, size_t place)
{
    const struct token_fact *fact = memory->links.items[place];
    for (size_t i = 0; i < place; i++) {
        const struct token_fact *before = memory->links.items[i];
        if (before->number == fact->number && before->side == fact->side &&
            strcmp(before->name, fact->name) == 0)
            return false;
    }
    return true;
}

static bool is_proved(const struct token_memory *memory, const struct exchange *exchange,
                      const struct token_fact *fact)
{
    return token_id_of_source(memory->shared, exchange->logged.tenant, fact->name, fact->value);
}

/* Proposed pairs that both pages show; what is proved by now is no proposal. */
static void record_proposed(struct token_memory *memory, struct exchange *exchange)
{
    for (size_t i = 0; i < memory->links.count; i++) {
        const struct token_fact *fact = memory->links.items[i];
        if (fact->number != exchange->number || fact->side != SOURCE)
            continue;
        const struct token_id *id =
            find_proposal(memory, exchange, FORWARD, fact->name, fact->value);
        if (!id || is_proved(memory, exchange, fact) ||
            !token_page_shows(memory, TARGET, exchange->number, fact->name, id->value[TARGET]))
            continue;
        const struct token_id *back =
            find_proposal(memory, exchange, BACKWARD, fact->name, id->value[TARGET]);
        if (!back || strcmp(back->value[SOURCE], id->value[SOURCE]) != 0)
            continue;
        token_record(exchange,
                     &(struct replacement){.where = "answer, not proved",
                                           .logged = "",
                                           .value = {id->value[SOURCE], id->value[TARGET]},
                                           .is_id = true,
                                           .proposed = true,
                                           .kind = fact->name,
                                           .from = id->origin.number,
                                           .given = id->origin.given});
    }
}

void token_note_write(struct token_memory *memory, const struct exchange *exchange)
{
    if (!request_method_is_safe(slice_of(exchange->logged.method)))
        token_seen_add(memory->shared, DOMAIN_LOG, exchange->logged.tenant, write_kind, "",
                       exchange->number);
}

void token_propose(struct token_memory *memory, struct exchange *exchange)
{
    struct token_shared *shared = memory->shared;
    const char *tenant = exchange->logged.tenant;
    bool written = has_written(memory, exchange);
    if (written && !shared->resumed && memory->cut != exchange->number)
        for (size_t i = 0; i < memory->links.count; i++)
            if (memory->links.items[i]->number == exchange->number &&
                memory->links.items[i]->side == SOURCE && opens_kind(memory, i))
                propose(memory, exchange, memory->links.items[i]->name);
    if (written)
        record_proposed(memory, exchange);
    for (size_t i = 0; i < memory->links.count; i++) {
        const struct token_fact *fact = memory->links.items[i];
        if (fact->number != exchange->number)
            continue;
        add_shown(shared->shown, hash_of(fact->side, tenant, fact->name, fact->value));
        if (!written)
            add_highest(shared->shown, hash_of(fact->side, tenant, fact->name, ""), fact->value);
    }
}
