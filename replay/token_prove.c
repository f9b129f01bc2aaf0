/* See token_prove.h. */
#include "token_prove.h"

#include <stdlib.h>

bool token_page_shows(const struct token_memory *memory, enum side side, uint64_t number,
                      const char *kind, const char *value)
{
    for (size_t i = memory->links.count; i-- > 0;) {
        const struct token_fact *fact = memory->links.items[i];
        if (fact->number == number && fact->side == side && strcmp(fact->name, kind) == 0 &&
            strcmp(fact->value, value) == 0)
            return true;
    }
    return false;
}

bool token_is_fresh(const struct token_memory *memory, const struct exchange *exchange,
                    enum side side, const struct token_kinds *kinds, const char *value,
                    uint64_t number)
{
    enum token_domain domain = side == SOURCE ? DOMAIN_SOURCE : DOMAIN_TARGET;
    for (size_t i = 0; i < kinds->count; i++)
        if (token_seen_before(memory->shared, domain, exchange->logged.tenant, kinds->name[i],
                              value, number))
            return false;
    return true;
}

static struct slice slice_of_text(const char *text)
{
    return (struct slice){(const unsigned char *)text, strlen(text)};
}

/* ---- targets ---- */

static const struct token_part *next_id(const struct token_parts *parts, size_t *at)
{
    while (*at < parts->count) {
        const struct token_part *part = &parts->items[(*at)++];
        if (part->id)
            return part;
    }
    return NULL;
}

/* With the ids that rules add to what looks like one. */
static void walk_page(const struct token_memory *memory, struct token_parts *parts,
                      struct slice target)
{
    const struct token_rules *rules = memory->shared->rules;
    token_walk_target(parts, target, rules != NULL);
    for (size_t i = 0; rules && i < parts->count; i++) {
        struct token_part *part = &parts->items[i];
        if (part->place == PLACE_PATH &&
            token_rules_path(rules, "GET", target, part->index) == TOKEN_REPLACE)
            part->id = true;
    }
}

/* Does the source's id stand for another logged one already? */
static bool is_taken(const struct token_memory *memory, const struct exchange *exchange,
                     const struct token_kinds *kinds, const char *source, const char *logged)
{
    for (size_t i = 0; source && i < kinds->count; i++) {
        const struct token_id *id =
            token_id_of_source(memory->shared, exchange->logged.tenant, kinds->name[i], source);
        if (id && strcmp(id->logged, logged) != 0)
            return true;
    }
    return false;
}

static void prove_pair(struct token_memory *memory, const struct exchange *exchange,
                       uint64_t number, const struct token_kinds *kinds, const char *logged,
                       const char *const value[SIDES])
{
    bool same = true;
    if (is_taken(memory, exchange, kinds, value[SOURCE], logged))
        return;
    for (int side = 0; side < SIDES; side++) {
        if (!value[side])
            continue;
        same = same && strcmp(value[side], logged) == 0;
        if (!token_is_fresh(memory, exchange, (enum side)side, kinds, value[side], number))
            return;
    }
    for (size_t i = 0; !same && i < kinds->count; i++)
        token_id_add(memory->shared, exchange->logged.tenant, kinds->name[i], logged, value,
                     (struct token_origin){number, GIVEN_REDIRECT});
}

bool token_prove_target(struct token_memory *memory, const struct exchange *exchange,
                        uint64_t number, struct slice logged, char *const target[SIDES])
{
    enum { LOGGED = SIDES, ALL };
    struct arena arena = ARENA_INIT;
    struct token_parts parts[ALL];
    struct buffer shape[ALL];
    struct slice text[ALL] = {[LOGGED] = logged};
    bool there[ALL] = {[LOGGED] = true};
    size_t at[ALL] = {0};
    for (int i = 0; i < ALL; i++) {
        token_parts_init(&parts[i], &arena);
        buffer_init(&shape[i], BUFFER_NO_LIMIT);
        if (i < SIDES && target[i])
            text[i] = slice_of_text(target[i]);
        if (text[i].at)
            walk_page(memory, &parts[i], text[i]);
        if (text[i].at)
            token_shape(&shape[i], text[i], &parts[i]);
    }
    for (int i = 0; i < SIDES; i++)
        there[i] = text[i].at && shape[i].length == shape[LOGGED].length &&
                   memcmp(shape[i].data, shape[LOGGED].data, shape[i].length) == 0;
    bool fits = there[SOURCE] || there[TARGET];
    const struct token_part *part;
    while (fits && (part = next_id(&parts[LOGGED], &at[LOGGED]))) {
        const char *value[SIDES] = {NULL, NULL};
        struct token_kinds kinds;
        token_kinds_of(&kinds, part, logged);
        for (int i = 0; i < SIDES; i++) {
            const struct token_part *own = there[i] ? next_id(&parts[i], &at[i]) : NULL;
            value[i] = own ? own->value : NULL;
        }
        if (value[SOURCE] || value[TARGET])
            prove_pair(memory, exchange, number, &kinds, part->value, value);
    }
    for (int i = 0; i < ALL; i++) {
        token_parts_free(&parts[i]);
        buffer_free(&shape[i]);
    }
    arena_free(&arena);
    return fits;
}

void token_prove_redirect(struct token_memory *memory, const struct exchange *exchange)
{
    const struct logged *logged = &exchange->logged;
    for (size_t i = 0; i < memory->pending_count;) {
        struct token_pending *pending = &memory->pending[i];
        bool redirect = pending->redirect[SOURCE] || pending->redirect[TARGET];
        bool over = logged->arrival > pending->until || pending->tries-- == 0;
        if (redirect && !over && request_method_is_safe(slice_of(logged->method)))
            over = token_prove_target(memory, exchange, pending->number, logged->target,
                                      pending->redirect);
        if (over)
            token_pending_drop(memory, i);
        else
            i++;
    }
}

/* ---- created things ---- */

static bool share_kind(const struct token_kinds *one, const struct token_kinds *other)
{
    for (size_t i = 0; i < one->count; i++)
        for (size_t k = 0; k < other->count; k++)
            if (strcmp(one->name[i], other->name[k]) == 0)
                return true;
    return false;
}

/* Is it an id of the same sort: a number for a number? */
static bool same_sort(const char *one, const char *other)
{
    bool digits = !one[strspn(one, "0123456789")],
         digits_other = !other[strspn(other, "0123456789")];
    return digits == digits_other;
}

static bool used_in_log(const struct token_memory *memory, const struct exchange *exchange,
                        const struct token_kinds *kinds, const char *logged, uint64_t number)
{
    for (size_t i = 0; i < kinds->count; i++)
        if (token_seen_before(memory->shared, DOMAIN_LOG, exchange->logged.tenant, kinds->name[i],
                              logged, number))
            return true;
    return false;
}

static void map(struct token_memory *memory, const struct exchange *exchange,
                const struct token_kinds *kinds, const char *logged, const char *const value[SIDES],
                struct token_origin origin)
{
    for (size_t i = 0; i < kinds->count; i++)
        token_id_add(memory->shared, exchange->logged.tenant, kinds->name[i], logged, value,
                     origin);
}

static bool prove_created(struct token_memory *memory, const struct exchange *exchange,
                          const struct token_kinds *kinds, const char *logged)
{
    for (size_t i = memory->pending_count; i-- > 0;) {
        struct token_pending *pending = &memory->pending[i];
        const char *const value[SIDES] = {pending->created[SOURCE], pending->created[TARGET]};
        const char *any = value[SOURCE] ? value[SOURCE] : value[TARGET];
        /* On a page of which a part was forgotten the logged id may have stood. */
        if (!any || !share_kind(kinds, &pending->kinds) || !same_sort(any, logged) ||
            memory->cut >= pending->number ||
            is_taken(memory, exchange, &pending->kinds, value[SOURCE], logged) ||
            used_in_log(memory, exchange, kinds, logged, pending->number))
            continue;
        const struct token_origin origin = {pending->number, GIVEN_CREATED};
        map(memory, exchange, kinds, logged, value, origin);
        map(memory, exchange, &pending->kinds, logged, value, origin);
        token_pending_drop(memory, i);
        return true;
    }
    return false;
}

/* ---- links ---- */

static bool shown(const struct token_memory *memory, enum side side, const char *kind,
                  const char *value)
{
    for (size_t i = 0; i < memory->links.count; i++) {
        const struct token_fact *fact = memory->links.items[i];
        if (fact->side == side && strcmp(fact->name, kind) == 0 && strcmp(fact->value, value) == 0)
            return true;
    }
    return false;
}

bool token_shown_on_both(const struct token_memory *memory, const struct token_kinds *kinds,
                         const char *value)
{
    for (size_t i = 0; i < kinds->count; i++)
        if (shown(memory, SOURCE, kinds->name[i], value) &&
            shown(memory, TARGET, kinds->name[i], value))
            return true;
    return false;
}

/* The only id of a kind that the page showed on this side and not on the other; NULL: there is
 * none, or there are several. */
static const struct token_fact *lone_link(const struct token_memory *memory,
                                          const struct exchange *exchange, enum side side,
                                          uint64_t number, const char *kind)
{
    const struct token_fact *lone = NULL;
    for (size_t i = 0; i < memory->links.count; i++) {
        const struct token_fact *fact = memory->links.items[i];
        struct token_kinds one = {.count = 1};
        if (fact->side != side || fact->number != number || strcmp(fact->name, kind) != 0 ||
            shown(memory, side == SOURCE ? TARGET : SOURCE, kind, fact->value))
            continue;
        memcpy(one.name[0], kind, strlen(kind) + 1);
        if (!token_is_fresh(memory, exchange, side, &one, fact->value, number))
            continue;
        if (lone)
            return NULL;
        lone = fact;
    }
    return lone;
}

static bool prove_link(struct token_memory *memory, const struct exchange *exchange,
                       const struct token_kinds *kinds, const char *logged)
{
    uint64_t last = 0; /* the lane's last page that shows links */
    for (size_t i = 0; i < memory->links.count; i++)
        if (memory->links.items[i]->number > last)
            last = memory->links.items[i]->number;
    if (!kinds->count || memory->cut == last || used_in_log(memory, exchange, kinds, logged, last))
        return false;
    const char *kind = kinds->name[0];
    const struct token_fact *source = lone_link(memory, exchange, SOURCE, last, kind);
    const struct token_fact *target = lone_link(memory, exchange, TARGET, last, kind);
    if (!source || !target || !same_sort(source->value, logged) ||
        !same_sort(target->value, logged) ||
        is_taken(memory, exchange, kinds, source->value, logged))
        return false;
    map(memory, exchange, kinds, logged, (const char *const[SIDES]){source->value, target->value},
        (struct token_origin){last, GIVEN_LINK});
    return true;
}

bool token_prove_part(struct token_memory *memory, const struct exchange *exchange,
                      const struct token_kinds *kinds, const char *logged)
{
    return !token_shown_on_both(memory, kinds, logged) &&
           (prove_created(memory, exchange, kinds, logged) ||
            prove_link(memory, exchange, kinds, logged));
}
