/*
 * The differ. Input: two marked and hashed trees. Output: what turns one into the other. Knows how
 * to go down both trees at once; who is whose partner among siblings is tree_match.c's business.
 */
#include "tree_diff.h"

#include "tree_match.h"

#include <stdlib.h>
#include <string.h>

const char *const diff_kind_name[DIFF_KINDS] = {
    "changed", "inserted", "deleted", "moved", "reordered",
};

enum {
    FEW_MOVES = 3,     /* more in one list are one reordering */
    MOVABLE = 3,       /* nodes that a subtree must have to be looked for under other parents, */
    MOVABLE_TEXT = 16, /* or bytes of text */
};

static void add_item(struct tree_diff *diff, enum diff_kind kind, uint32_t source, uint32_t target,
                     const char *attribute)
{
    if (diff->count == diff->room) {
        diff->room = diff->room ? 2 * diff->room : 32;
        diff->items = mem_resize(diff->items, diff->room, sizeof *diff->items);
    }
    diff->items[diff->count++] = (struct tree_difference){
        .kind = kind,
        .node = {source, target},
        .attribute = attribute,
    };
}

struct differ {
    const struct tree *trees[SIDES];
    struct tree_diff *diff;
};

/* --- one node --- */

static bool same_text(struct tree_text one, struct tree_text other)
{
    return one.length == other.length && (!one.length || memcmp(one.at, other.at, one.length) == 0);
}

static bool same_attribute(const struct tree_attribute *one, const struct tree_attribute *other)
{
    bool masked = one->marks & TREE_MASKED;
    if (masked != ((other->marks & TREE_MASKED) != 0))
        return false;
    return masked || same_text(one->value, other->value);
}

/* The first attribute from `at` on that counts. */
static uint32_t skip_ignored(const struct tree *tree, const struct tree_node *node, uint32_t at)
{
    while (at < node->attributes_count &&
           tree->attributes[node->attributes_at + at].marks & TREE_IGNORED)
        at++;
    return at;
}

/* Both lists are sorted by name. */
static void diff_attributes(struct differ *differ, uint32_t source, uint32_t target)
{
    const struct tree *one = differ->trees[SOURCE], *other = differ->trees[TARGET];
    const struct tree_node *left = tree_at(one, source), *right = tree_at(other, target);
    uint32_t i = skip_ignored(one, left, 0), j = skip_ignored(other, right, 0);
    while (i < left->attributes_count || j < right->attributes_count) {
        const struct tree_attribute *from =
            i < left->attributes_count ? &one->attributes[left->attributes_at + i] : NULL;
        const struct tree_attribute *to =
            j < right->attributes_count ? &other->attributes[right->attributes_at + j] : NULL;
        int order = !from                    ? 1
                    : !to                    ? -1
                    : from->name == to->name ? 0
                                             : strcmp(from->name, to->name);
        if (order < 0)
            add_item(differ->diff, DIFF_DELETED, source, target, from->name);
        else if (order > 0)
            add_item(differ->diff, DIFF_INSERTED, source, target, to->name);
        else if (!same_attribute(from, to))
            add_item(differ->diff, DIFF_CHANGED, source, target, from->name);
        if (order <= 0)
            i = skip_ignored(one, left, i + 1);
        if (order >= 0)
            j = skip_ignored(other, right, j + 1);
    }
}

/* Nodes that are one and the same but for what is in them. */
static bool same_frame(const struct tree_node *source, const struct tree_node *target)
{
    return source->kind == target->kind &&
           (source->name == target->name || source->kind == TREE_ARRAY) &&
           !((source->marks | target->marks) & TREE_MASKED) &&
           (source->marks & TREE_UNORDERED) == (target->marks & TREE_UNORDERED);
}

/* --- children --- */

static void diff_nodes(struct differ *differ, uint32_t source, uint32_t target);

/* One block for both lists; the caller frees lists[SOURCE].nodes. */
static void list_children(struct differ *differ, struct match_list lists[SIDES], uint32_t source,
                          uint32_t target)
{
    const uint32_t parents[SIDES] = {source, target};
    size_t total = 0;
    for (int side = SOURCE; side < SIDES; side++) {
        const struct tree *tree = differ->trees[side];
        lists[side] = (struct match_list){.tree = tree, .parent = parents[side]};
        for (uint32_t i = tree_first(tree, parents[side]); i != TREE_NONE; i = tree_next(tree, i))
            lists[side].count += !(tree->nodes[i].marks & TREE_IGNORED);
        total += lists[side].count;
    }
    uint32_t *block = mem_alloc((2 * total + 1) * sizeof *block);
    for (int side = SOURCE; side < SIDES; side++) {
        const struct tree *tree = differ->trees[side];
        lists[side].nodes = block;
        lists[side].match = block + total;
        block += lists[side].count;
        uint32_t count = 0;
        for (uint32_t i = tree_first(tree, parents[side]); i != TREE_NONE; i = tree_next(tree, i))
            if (!(tree->nodes[i].marks & TREE_IGNORED))
                lists[side].nodes[count++] = i;
    }
}

/* An object's members are in the order of their keys: only those of one key can be in another. */
static bool is_ordered(const struct tree_node *node)
{
    return !(node->marks & TREE_UNORDERED);
}

/* How moves among the children are told: each for itself, or as one reordering of them all. A list
 * of which nothing else differs is reordered. */
static bool is_reordered(const struct match_list lists[SIDES], uint32_t moves)
{
    bool whole = true;
    for (int side = SOURCE; side < SIDES; side++)
        for (uint32_t i = 0; i < lists[side].count && whole; i++)
            whole = lists[side].match[i] != MATCH_NONE;
    return moves && (whole || moves > FEW_MOVES);
}

static void diff_children(struct differ *differ, uint32_t source, uint32_t target)
{
    struct match_list lists[SIDES];
    list_children(differ, lists, source, target);
    struct match_list *from = &lists[SOURCE], *to = &lists[TARGET];
    differ->diff->bounded |= !match_children(lists);
    enum { FEW = 32 };
    bool few[FEW], *in_order = from->count > FEW ? mem_zero(from->count, 1) : few;
    uint32_t moves = match_order(lists, in_order);
    bool ordered = is_ordered(tree_at(differ->trees[SOURCE], source));
    bool reordered = ordered && is_reordered(lists, moves);
    if (reordered)
        add_item(differ->diff, DIFF_REORDERED, source, target, NULL);
    uint32_t next = 0; /* of the source: all before it have been told */
    for (uint32_t i = 0; i < to->count; i++) {
        uint32_t partner = to->match[i];
        if (partner == MATCH_NONE) {
            add_item(differ->diff, DIFF_INSERTED, TREE_NONE, to->nodes[i], NULL);
            continue;
        }
        if (in_order[partner])
            for (; next < partner; next++)
                if (from->match[next] == MATCH_NONE)
                    add_item(differ->diff, DIFF_DELETED, from->nodes[next], TREE_NONE, NULL);
        if (ordered && !reordered && !in_order[partner])
            add_item(differ->diff, DIFF_MOVED, from->nodes[partner], to->nodes[i], NULL);
        diff_nodes(differ, from->nodes[partner], to->nodes[i]);
    }
    for (; next < from->count; next++)
        if (from->match[next] == MATCH_NONE)
            add_item(differ->diff, DIFF_DELETED, from->nodes[next], TREE_NONE, NULL);
    if (in_order != few)
        free(in_order);
    free(from->nodes);
}

static void diff_nodes(struct differ *differ, uint32_t source, uint32_t target)
{
    const struct tree_node *from = tree_at(differ->trees[SOURCE], source);
    const struct tree_node *to = tree_at(differ->trees[TARGET], target);
    differ->diff->partner[SOURCE][source] = target;
    differ->diff->partner[TARGET][target] = source;
    if (tree_same(from, to))
        return;
    if (!same_frame(from, to)) {
        add_item(differ->diff, DIFF_CHANGED, source, target, NULL);
        return;
    }
    if (!same_text(from->value, to->value))
        add_item(differ->diff, DIFF_CHANGED, source, target, NULL);
    diff_attributes(differ, source, target);
    diff_children(differ, source, target);
}

/* --- moves to other parents --- */

struct root {
    struct hash128 hash;
    size_t item; /* in diff->items */
};

static int order_roots(const void *one, const void *other)
{
    const struct root *first = one, *second = other;
    if (first->hash.high != second->hash.high)
        return first->hash.high < second->hash.high ? -1 : 1;
    if (first->hash.low != second->hash.low)
        return first->hash.low < second->hash.low ? -1 : 1;
    return (first->item > second->item) - (first->item < second->item);
}

/* Small things that are the same in two places are so by chance. */
static bool is_movable(const struct tree *tree, uint32_t node)
{
    size_t text = 0;
    uint32_t size = tree_at(tree, node)->size;
    for (uint32_t i = node; i < node + size && size < MOVABLE; i++)
        text += tree_at(tree, i)->value.length;
    return size >= MOVABLE || text >= MOVABLE_TEXT;
}

/* The subtrees that only one side has, by hash. */
static struct root *list_roots(const struct differ *differ, enum side side, size_t *count)
{
    const struct tree_diff *diff = differ->diff;
    const enum diff_kind kind = side == SOURCE ? DIFF_DELETED : DIFF_INSERTED;
    struct root *roots = mem_alloc((diff->count + 1) * sizeof *roots);
    *count = 0;
    for (size_t i = 0; i < diff->count; i++) {
        const struct tree_difference *item = &diff->items[i];
        if (item->kind != kind || item->attribute)
            continue;
        uint32_t node = item->node[side];
        if (is_movable(differ->trees[side], node))
            roots[(*count)++] = (struct root){tree_at(differ->trees[side], node)->hash, i};
    }
    if (*count)
        qsort(roots, *count, sizeof *roots, order_roots);
    return roots;
}

static bool is_lone(const struct root *roots, size_t count, size_t at)
{
    return (!at || memcmp(&roots[at - 1].hash, &roots[at].hash, sizeof roots->hash) != 0) &&
           (at + 1 == count ||
            memcmp(&roots[at + 1].hash, &roots[at].hash, sizeof roots->hash) != 0);
}

/* What was deleted in one place and inserted in another, and was one of its kind, has moved. */
static void find_moves(struct differ *differ)
{
    struct tree_diff *diff = differ->diff;
    size_t counts[SIDES], at[SIDES] = {0, 0}, kept = 0;
    struct root *roots[SIDES] = {list_roots(differ, SOURCE, &counts[SOURCE]),
                                 list_roots(differ, TARGET, &counts[TARGET])};
    bool *gone = mem_zero(diff->count, sizeof *gone);
    while (at[SOURCE] < counts[SOURCE] && at[TARGET] < counts[TARGET]) {
        const struct root *from = &roots[SOURCE][at[SOURCE]], *to = &roots[TARGET][at[TARGET]];
        if (memcmp(&from->hash, &to->hash, sizeof from->hash) == 0 &&
            is_lone(roots[SOURCE], counts[SOURCE], at[SOURCE]) &&
            is_lone(roots[TARGET], counts[TARGET], at[TARGET])) {
            struct tree_difference *item = &diff->items[to->item];
            item->kind = DIFF_MOVED;
            item->node[SOURCE] = diff->items[from->item].node[SOURCE];
            diff->partner[SOURCE][item->node[SOURCE]] = item->node[TARGET];
            diff->partner[TARGET][item->node[TARGET]] = item->node[SOURCE];
            gone[from->item] = true;
        }
        struct root one = *from, other = *to;
        one.item = other.item = 0;
        int order = order_roots(&one, &other);
        at[SOURCE] += order <= 0;
        at[TARGET] += order >= 0;
    }
    for (size_t i = 0; i < diff->count; i++)
        if (!gone[i])
            diff->items[kept++] = diff->items[i];
    diff->count = kept;
    free(gone);
    free(roots[SOURCE]);
    free(roots[TARGET]);
}

static uint32_t *no_partners(const struct tree *tree)
{
    uint32_t *partners = mem_alloc(tree->count * sizeof *partners);
    memset(partners, 0xff, tree->count * sizeof *partners); /* TREE_NONE */
    return partners;
}

void tree_diff(const struct tree *source, const struct tree *target, struct tree_diff *diff)
{
    struct differ differ = {{source, target}, diff};
    *diff = (struct tree_diff){.partner = {no_partners(source), no_partners(target)}};
    diff_nodes(&differ, 0, 0);
    find_moves(&differ);
}

void tree_diff_free(struct tree_diff *diff)
{
    free(diff->items);
    free(diff->partner[SOURCE]);
    free(diff->partner[TARGET]);
    *diff = (struct tree_diff){0};
}
