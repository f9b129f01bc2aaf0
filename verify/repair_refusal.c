/* See repair_refusal.h. */
#include "repair_refusal.h"

#include "../diff/base/memory.h"

#include <stdlib.h>
#include <string.h>

#define LOOKS_MOST 20 /* one taken back may let another one be */

void refusals_free(struct refusals *all)
{
    free(all->claims);
    free(all->holders);
    free(all->by_freed);
    free(all->refused);
    free(all->is_refused);
    *all = (struct refusals){0};
}

/* ---- What is known ----------------------------------------------------------------------------
 */

bool refusals_add_claim(struct refusals *all, const struct claim *claim)
{
    if (all->claim_count == REFUSALS_MOST)
        return false;
    if (all->claim_count == all->claim_room) {
        all->claim_room = all->claim_room ? 2 * all->claim_room : 256;
        all->claims = mem_resize(all->claims, all->claim_room, sizeof *all->claims);
    }
    if (claim->number >= all->rows)
        all->rows = claim->number + 1;
    all->claims[all->claim_count++] = *claim;
    return true;
}

bool refusals_add_holder(struct refusals *all, const struct holder *holder)
{
    if (all->holder_count == REFUSALS_MOST)
        return false;
    if (all->holder_count == all->holder_room) {
        all->holder_room = all->holder_room ? 2 * all->holder_room : 256;
        all->holders = mem_resize(all->holders, all->holder_room, sizeof *all->holders);
    }
    all->holders[all->holder_count] = *holder;
    all->holders[all->holder_count++].freed_by = NO_ROW;
    return true;
}

static int compare_hashes(const struct hash128 *one, const struct hash128 *other)
{
    if (one->high != other->high)
        return one->high < other->high ? -1 : 1;
    return one->low < other->low ? -1 : one->low > other->low;
}

static int compare_claims(const void *one, const void *other)
{
    const struct claim *a = one, *b = other;
    int order = compare_hashes(&a->value, &b->value);
    return order ? order : a->number == b->number ? 0 : a->number < b->number ? -1 : 1;
}

static int compare_holders(const void *one, const void *other)
{
    const struct holder *a = one, *b = other;
    int order = compare_hashes(&a->row, &b->row);
    return order ? order : compare_hashes(&a->value, &b->value);
}

static int compare_freed(const void *one, const void *other)
{
    const struct holder *a = *(struct holder *const *)one, *b = *(struct holder *const *)other;
    return a->freed_by < b->freed_by ? -1 : a->freed_by > b->freed_by;
}

static int compare_refused(const void *one, const void *other)
{
    const struct refused *a = one, *b = other;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* A row that several questions found is one. */
static void drop_doubles(struct refusals *all)
{
    size_t kept = 0;
    for (size_t i = 0; i < all->holder_count; i++)
        if (!kept || compare_holders(&all->holders[kept - 1], &all->holders[i]) != 0)
            all->holders[kept++] = all->holders[i];
    all->holder_count = kept;
}

void refusals_sort(struct refusals *all)
{
    if (all->claim_count)
        qsort(all->claims, all->claim_count, sizeof *all->claims, compare_claims);
    if (all->holder_count)
        qsort(all->holders, all->holder_count, sizeof *all->holders, compare_holders);
    drop_doubles(all);
}

void refusals_free_row(struct refusals *all, const struct hash128 *row, uint64_t keys,
                       uint64_t number, bool late)
{
    size_t low = 0, high = all->holder_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare_hashes(&all->holders[middle].row, row) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < all->holder_count && compare_hashes(&all->holders[low].row, row) == 0; low++) {
        struct holder *holder = &all->holders[low];
        if (!(keys >> holder->key & 1))
            continue;
        holder->freed_by = number;
        holder->late = late;
    }
}

/* ---- Who is refused ---------------------------------------------------------------------------
 */

static void refuse(struct refusals *all, const struct claim *claim, enum refusal why)
{
    if (refusals_has(all, claim->number))
        return;
    all->is_refused[claim->number / 8] |= (unsigned char)(1u << claim->number % 8);
    if (all->refused_count == all->refused_room) {
        all->refused_room = all->refused_room ? 2 * all->refused_room : 64;
        all->refused = mem_resize(all->refused, all->refused_room, sizeof *all->refused);
    }
    all->refused[all->refused_count++] = (struct refused){claim->number, claim->key, why};
}

/* The claims of a value: the first, and how many. */
static struct claim *claims_of(const struct refusals *all, const struct hash128 *value,
                               size_t *count)
{
    size_t low = 0, high = all->claim_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare_hashes(&all->claims[middle].value, value) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    size_t end = low;
    while (end < all->claim_count && compare_hashes(&all->claims[end].value, value) == 0)
        end++;
    *count = end - low;
    return &all->claims[low];
}

/* A row stays: whoever claims what it holds is refused. */
static void keep_holder(struct refusals *all, const struct holder *holder)
{
    size_t count;
    const struct claim *claim = claims_of(all, &holder->value, &count);
    for (size_t i = 0; i < count; i++)
        if (claim[i].number != holder->freed_by)
            refuse(all, &claim[i], REFUSED_BY_STAYING);
}

/* Rows that are refused keep what they hold. */
static void follow(struct refusals *all)
{
    for (; all->refused_done < all->refused_count; all->refused_done++) {
        uint64_t number = all->refused[all->refused_done].number;
        size_t low = 0, high = all->freed_count;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (all->by_freed[middle]->freed_by < number)
                low = middle + 1;
            else
                high = middle;
        }
        for (; low < all->freed_count && all->by_freed[low]->freed_by == number; low++)
            keep_holder(all, all->by_freed[low]);
    }
}

/* An UPDATE whose turn comes before that of the row which frees the value. */
static void refuse_early(struct refusals *all, const struct holder *holder)
{
    size_t count;
    const struct claim *claim = claims_of(all, &holder->value, &count);
    for (size_t i = 0; i < count; i++)
        if (claim[i].late && claim[i].number < holder->freed_by)
            refuse(all, &claim[i], REFUSED_BY_MENDED);
}

/* Of several that claim one value the first has it. */
static void refuse_doubles(struct refusals *all)
{
    const struct claim *first = NULL;
    for (size_t i = 0; i < all->claim_count; i++) {
        const struct claim *claim = &all->claims[i];
        if (refusals_has(all, claim->number))
            continue;
        if (!first || compare_hashes(&first->value, &claim->value) != 0 ||
            refusals_has(all, first->number))
            first = claim;
        else if (first->number != claim->number)
            refuse(all, claim, REFUSED_BY_MENDED);
        follow(all);
    }
}

/* ---- Who was refused for nothing ---------------------------------------------------------------
 */

static int compare_holders_by_value(const void *one, const void *other)
{
    const struct holder *a = *(struct holder *const *)one, *b = *(struct holder *const *)other;
    return compare_hashes(&a->value, &b->value);
}

static int compare_claims_by_number(const void *one, const void *other)
{
    const struct claim *a = *(struct claim *const *)one, *b = *(struct claim *const *)other;
    return a->number < b->number ? -1 : a->number > b->number;
}

struct second_look {
    struct refusals *all;
    struct claim **claims;   /* by number */
    struct holder **holders; /* by value */
};

/* Could the claim be met now, all refusals being known? */
static bool is_free(const struct second_look *look, const struct claim *claim)
{
    const struct refusals *all = look->all;
    size_t count, low = 0, high = all->holder_count;
    const struct claim *others = claims_of(all, &claim->value, &count);
    for (size_t i = 0; i < count; i++)
        if (others[i].number != claim->number && !refusals_has(all, others[i].number))
            return false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare_hashes(&look->holders[middle]->value, &claim->value) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (;
         low < all->holder_count && compare_hashes(&look->holders[low]->value, &claim->value) == 0;
         low++) {
        const struct holder *holder = look->holders[low];
        bool stays = holder->freed_by == NO_ROW || refusals_has(all, holder->freed_by);
        bool early = holder->late && claim->late && claim->number < holder->freed_by;
        if (holder->freed_by != claim->number && (stays || early))
            return false;
    }
    return !claim->many;
}

/* Takes back refusals by rows that were refused themselves, after that. */
static bool look_again(const struct second_look *look)
{
    struct refusals *all = look->all;
    bool any = false;
    for (size_t i = 0, next; i < all->claim_count; i = next) {
        uint64_t number = look->claims[i]->number;
        bool is = refusals_has(all, number);
        for (next = i; next < all->claim_count && look->claims[next]->number == number; next++)
            is = is && is_free(look, look->claims[next]);
        if (is)
            all->is_refused[number / 8] &= (unsigned char)~(1u << number % 8);
        any |= is;
    }
    return any;
}

static void take_back(struct refusals *all)
{
    struct second_look look = {.all = all,
                               .claims = mem_zero(all->claim_count + 1, sizeof(struct claim *)),
                               .holders = mem_zero(all->holder_count + 1, sizeof(struct holder *))};
    for (size_t i = 0; i < all->claim_count; i++)
        look.claims[i] = &all->claims[i];
    for (size_t i = 0; i < all->holder_count; i++)
        look.holders[i] = &all->holders[i];
    qsort(look.claims, all->claim_count, sizeof *look.claims, compare_claims_by_number);
    qsort(look.holders, all->holder_count, sizeof *look.holders, compare_holders_by_value);
    for (int i = 0; i < LOOKS_MOST && look_again(&look); i++)
        ;
    size_t kept = 0;
    for (size_t i = 0; i < all->refused_count; i++)
        if (refusals_has(all, all->refused[i].number))
            all->refused[kept++] = all->refused[i];
    all->refused_count = kept;
    free(look.claims);
    free(look.holders);
}

/* What was asked about is of no use any more, and there may be many tables. */
static void forget_questions(struct refusals *all)
{
    free(all->claims);
    free(all->holders);
    free(all->by_freed);
    all->claims = NULL;
    all->holders = NULL;
    all->by_freed = NULL;
    all->claim_count = all->claim_room = 0;
    all->holder_count = all->holder_room = all->freed_count = 0;
}

void refusals_resolve(struct refusals *all)
{
    all->is_refused = mem_zero((size_t)(all->rows / 8 + 1), 1);
    all->by_freed = mem_zero(all->holder_count + 1, sizeof(struct holder *));
    all->freed_count = 0;
    for (size_t i = 0; i < all->holder_count; i++)
        if (all->holders[i].freed_by != NO_ROW)
            all->by_freed[all->freed_count++] = &all->holders[i];
    qsort(all->by_freed, all->freed_count, sizeof(struct holder *), compare_freed);
    for (size_t i = 0; i < all->claim_count; i++)
        if (all->claims[i].many)
            refuse(all, &all->claims[i], REFUSED_BY_ITSELF);
    for (size_t i = 0; i < all->holder_count; i++) {
        if (all->holders[i].freed_by == NO_ROW)
            keep_holder(all, &all->holders[i]);
        else if (all->holders[i].late)
            refuse_early(all, &all->holders[i]);
    }
    follow(all);
    refuse_doubles(all);
    if (all->refused_count)
        take_back(all);
    if (all->refused_count)
        qsort(all->refused, all->refused_count, sizeof *all->refused, compare_refused);
    forget_questions(all);
}

bool refusals_has(const struct refusals *all, uint64_t number)
{
    return all->is_refused && number < all->rows && all->is_refused[number / 8] >> number % 8 & 1;
}

const struct refused *refusals_find(const struct refusals *all, uint64_t number)
{
    const struct refused wanted = {.number = number};
    if (!refusals_has(all, number))
        return NULL;
    return bsearch(&wanted, all->refused, all->refused_count, sizeof wanted, compare_refused);
}
