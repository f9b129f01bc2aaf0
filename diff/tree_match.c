/*
 * Pairs the children of two nodes. Input: two lists. Output: pairs, found in passes from the surest
 * to the weakest: equal subtrees that are one of a kind, equal ones between these, keys, what their
 * insides have in common, equal ones anywhere, and at last their shape and place.
 */
#include "tree_match.h"

#include "text_diff.h"

#include <stdlib.h>
#include <string.h>

enum {
    EQUAL_EDITS = 50, /* bounds of the sequence differ between anchors */
    SHAPE_EDITS = 50,
    LOOKED_INTO = 24, /* nodes of a subtree that may tell whose it is */
    KEY_DEPTH = 12,   /* nodes of a subtree in which its key is looked for */
};

struct matching {
    struct match_list *lists;
    uint64_t *keys[SIDES]; /* per child, for the pass that runs; 0: none */
    bool *in_order;        /* per child of the source */
    bool bounded;
};

static const struct tree_node *node_of(const struct match_list *list, uint32_t child)
{
    return &list->tree->nodes[list->nodes[child]];
}

static void pair(struct matching *matching, uint32_t source, uint32_t target)
{
    matching->lists[SOURCE].match[source] = target;
    matching->lists[TARGET].match[target] = source;
}

static bool is_free(const struct match_list *list, uint32_t child)
{
    return list->match[child] == MATCH_NONE;
}

static uint64_t mix(uint64_t one, uint64_t other)
{
    one ^= other + UINT64_C(0x9e3779b97f4a7c15) + (one << 6) + (one >> 2);
    one ^= one >> 32;
    return one * UINT64_C(0xd6e8feb86659fd93);
}

/* --- a table of keys --- */

struct slot {
    uint64_t key; /* 0: free */
    uint32_t count[SIDES];
    uint32_t place[SIDES]; /* the first child that has it */
};

struct table {
    struct slot *slots;
    size_t mask;
};

static void table_init(struct table *table, size_t entries)
{
    size_t room = 16;
    while (room < 2 * entries)
        room *= 2;
    table->slots = mem_zero(room, sizeof *table->slots);
    table->mask = room - 1;
}

static struct slot *table_find(const struct table *table, uint64_t key)
{
    size_t at = (size_t)(key ^ key >> 29) & table->mask;
    while (table->slots[at].key && table->slots[at].key != key)
        at = (at + 1) & table->mask;
    return &table->slots[at];
}

static void table_add(struct table *table, enum side side, uint64_t key, uint32_t child)
{
    struct slot *slot = table_find(table, key);
    slot->key = key;
    if (!slot->count[side]++)
        slot->place[side] = child;
}

/* Pairs the free children whose key no other free child of their side has. */
static void pair_unique(struct matching *matching)
{
    struct match_list *lists = matching->lists;
    struct table table;
    table_init(&table, (size_t)lists[SOURCE].count + lists[TARGET].count);
    for (int side = SOURCE; side < SIDES; side++)
        for (uint32_t i = 0; i < lists[side].count; i++)
            if (is_free(&lists[side], i) && matching->keys[side][i])
                table_add(&table, (enum side)side, matching->keys[side][i], i);
    for (size_t at = 0; at <= table.mask; at++) {
        const struct slot *slot = &table.slots[at];
        if (slot->key && slot->count[SOURCE] == 1 && slot->count[TARGET] == 1)
            pair(matching, slot->place[SOURCE], slot->place[TARGET]);
    }
    free(table.slots);
}

/* Calls key_of() for every free child. False: no side's children have any. */
static bool find_keys(struct matching *matching,
                      uint64_t (*key_of)(const struct match_list *list, uint32_t child))
{
    bool found[SIDES] = {false, false};
    for (int side = SOURCE; side < SIDES; side++) {
        const struct match_list *list = &matching->lists[side];
        for (uint32_t i = 0; i < list->count; i++) {
            uint64_t key = is_free(list, i) ? key_of(list, i) : 0;
            matching->keys[side][i] = key;
            found[side] |= key != 0;
        }
    }
    return found[SOURCE] && found[TARGET];
}

/* --- what a child may be known by --- */

static uint64_t key_of_hash(const struct match_list *list, uint32_t child)
{
    const struct tree_node *node = node_of(list, child);
    return (node->hash.low ^ node->hash.high) | 1;
}

/* The surest first; the last ones only of the element itself. */
static const char *const key_attributes[] = {
    "id", "data-id", "data-key", "data-uuid", "name", "key", "href", "src", "for", "value",
};
enum { INNER_KEYS = 8 };
static const char *const key_members[] = {"id", "_id", "uuid", "key", "code", "name", "href"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint64_t key_of_text(uint64_t key, struct tree_text text)
{
    return mix(key, hash_64(text.at ? text.at : "", text.length)) | 1;
}

static uint64_t key_of_name(const struct tree_node *node)
{
    return mix((uint64_t)node->kind + 1, (uint64_t)(uintptr_t)node->name);
}

/* Of the element itself, else of one inside, which is near: a link in a row. */
static uint64_t key_of_element(const struct tree *tree, uint32_t node)
{
    uint32_t end = tree_end(tree, node);
    if (end - node > KEY_DEPTH)
        end = node + KEY_DEPTH;
    for (uint32_t i = node; i < end; i++) {
        const struct tree_node *at = &tree->nodes[i];
        size_t keys = i == node ? COUNT(key_attributes) : INNER_KEYS;
        for (size_t k = 0; k < keys && at->attributes_count; k++)
            for (uint32_t a = 0; a < at->attributes_count; a++) {
                const struct tree_attribute *attribute = &tree->attributes[at->attributes_at + a];
                if (!(attribute->marks & (TREE_IGNORED | TREE_MASKED)) && attribute->value.length &&
                    strcmp(attribute->name, key_attributes[k]) == 0)
                    return key_of_text(mix(key_of_name(&tree->nodes[node]), k + 1),
                                       attribute->value);
            }
    }
    return 0;
}

/* The value of a member, as an object's key. */
static uint64_t key_of_member(const struct tree *tree, uint32_t object, const char *name)
{
    for (uint32_t i = tree_first(tree, object); i != TREE_NONE; i = tree_next(tree, i)) {
        const struct tree_node *member = &tree->nodes[i];
        if (member->marks & (TREE_IGNORED | TREE_MASKED) || strcmp(member->name, name) != 0)
            continue;
        uint32_t value = member->first;
        if (value == TREE_NONE || tree->nodes[value].marks & (TREE_IGNORED | TREE_MASKED) ||
            !tree->nodes[value].value.length)
            return 0;
        return key_of_text(mix(tree->nodes[value].kind, (uint64_t)(uintptr_t)member->name),
                           tree->nodes[value].value);
    }
    return 0;
}

static uint64_t key_of_child(const struct match_list *list, uint32_t child)
{
    const struct tree *tree = list->tree;
    uint32_t node = list->nodes[child];
    const struct tree_node *at = &tree->nodes[node];
    if (at->marks & TREE_MASKED)
        return 0;
    if (at->kind == TREE_MEMBER)
        return key_of_name(at) | 1;
    if (at->kind == TREE_ELEMENT)
        return key_of_element(tree, node);
    if (at->kind != TREE_OBJECT)
        return 0;
    const char *rule = tree->nodes[list->parent].name;
    if (tree->nodes[list->parent].kind == TREE_ARRAY && rule)
        return key_of_member(tree, node, rule);
    for (size_t k = 0; k < COUNT(key_members); k++) {
        uint64_t key = key_of_member(tree, node, key_members[k]);
        if (key)
            return key;
    }
    return 0;
}

/* --- what the insides have in common --- */

/* The nodes of a subtree that may tell whose it is: those with a value, and what is near the top.
 */
static uint64_t inner_key(const struct tree_node *node)
{
    return (node->hash.low ^ node->hash.high) | 1;
}

static uint32_t inner_end(const struct match_list *list, uint32_t child)
{
    uint32_t node = list->nodes[child], end = tree_end(list->tree, node);
    return end - node > LOOKED_INTO ? node + LOOKED_INTO : end;
}

struct vote {
    uint32_t target, weight;
};

/* The free child of the target that has most in common with a child of the source. */
static uint32_t best_candidate(const struct matching *matching, const struct table *table,
                               uint32_t source)
{
    const struct match_list *lists = matching->lists;
    const struct tree_node *node = node_of(&lists[SOURCE], source);
    struct vote votes[LOOKED_INTO];
    size_t count = 0, best = 0;
    for (uint32_t i = lists[SOURCE].nodes[source] + 1; i < inner_end(&lists[SOURCE], source); i++) {
        const struct slot *slot = table_find(table, inner_key(&lists[SOURCE].tree->nodes[i]));
        if (!slot->key || slot->count[TARGET] != 1)
            continue;
        uint32_t target = slot->place[TARGET];
        const struct tree_node *other = node_of(&lists[TARGET], target);
        if (!is_free(&lists[TARGET], target) || other->kind != node->kind ||
            other->name != node->name)
            continue;
        size_t at = 0;
        while (at < count && votes[at].target != target)
            at++;
        if (at == count)
            votes[count++] = (struct vote){target, 0};
        votes[at].weight++;
        if (votes[at].weight > votes[best].weight)
            best = at;
    }
    return count ? votes[best].target : MATCH_NONE;
}

static void pair_by_insides(struct matching *matching)
{
    struct match_list *lists = matching->lists;
    const struct match_list *target = &lists[TARGET];
    size_t inside = 0;
    for (uint32_t i = 0; i < target->count; i++)
        if (is_free(target, i))
            inside += inner_end(target, i) - target->nodes[i];
    if (!inside)
        return;
    struct table table;
    table_init(&table, inside);
    for (uint32_t i = 0; i < target->count; i++)
        for (uint32_t node = target->nodes[i] + 1;
             is_free(target, i) && node < inner_end(target, i); node++)
            table_add(&table, TARGET, inner_key(&target->tree->nodes[node]), i);
    for (uint32_t i = 0; i < lists[SOURCE].count; i++) {
        if (!is_free(&lists[SOURCE], i) || node_of(&lists[SOURCE], i)->size == 1)
            continue;
        uint32_t found = best_candidate(matching, &table, i);
        if (found != MATCH_NONE)
            pair(matching, i, found);
    }
    free(table.slots);
}

/* --- equal ones anywhere --- */

/* Pairs what is left of equal children, the first with the first. */
static void pair_equal(struct matching *matching)
{
    struct match_list *lists = matching->lists;
    struct table table;
    table_init(&table, (size_t)lists[SOURCE].count + lists[TARGET].count);
    uint32_t *next = mem_alloc((lists[TARGET].count + 1) * sizeof *next);
    /* From the end on, so that `place` is the first and `next` leads to the later ones. */
    for (uint32_t i = lists[TARGET].count; i-- > 0;) {
        if (!is_free(&lists[TARGET], i))
            continue;
        struct slot *slot = table_find(&table, matching->keys[TARGET][i]);
        next[i] = slot->count[TARGET]++ ? slot->place[TARGET] : MATCH_NONE;
        slot->key = matching->keys[TARGET][i];
        slot->place[TARGET] = i;
    }
    for (uint32_t i = 0; i < lists[SOURCE].count; i++) {
        if (!is_free(&lists[SOURCE], i))
            continue;
        struct slot *slot = table_find(&table, matching->keys[SOURCE][i]);
        if (!slot->key || !slot->count[TARGET])
            continue;
        uint32_t found = slot->place[TARGET];
        slot->place[TARGET] = next[found];
        slot->count[TARGET]--;
        pair(matching, i, found);
    }
    free(next);
    free(table.slots);
}

/* --- between anchors --- */

/* The free children of both sides between two pairs that are in order. */
struct gap {
    struct matching *matching;
    uint32_t *free[SIDES];
    uint32_t count[SIDES];
    bool (*same)(const struct gap *gap, uint32_t source, uint32_t target);
    bool bounded;
};

static bool same_in_gap(void *context, size_t source, size_t target)
{
    const struct gap *gap = context;
    uint32_t one = gap->free[SOURCE][source], other = gap->free[TARGET][target];
    return gap->same(gap, one, other);
}

/* Pairs what the sequence differ finds the same; between the changes all is. */
static void pair_sequence(struct gap *gap, size_t edits)
{
    struct text_changes changes = {0};
    text_diff_sequence(&changes, gap->count[SOURCE], gap->count[TARGET], edits, same_in_gap, gap);
    size_t source = 0, target = 0;
    for (size_t i = 0; i <= changes.count; i++) {
        size_t end = i < changes.count ? changes.items[i].source : gap->count[SOURCE];
        for (; source < end; source++, target++)
            pair(gap->matching, gap->free[SOURCE][source], gap->free[TARGET][target]);
        if (i < changes.count) {
            source = changes.items[i].source_end;
            target = changes.items[i].target_end;
        }
    }
    gap->bounded |= changes.bounded;
    text_changes_free(&changes);
}

static bool same_hash(const struct gap *gap, uint32_t source, uint32_t target)
{
    const struct match_list *lists = gap->matching->lists;
    return tree_same(node_of(&lists[SOURCE], source), node_of(&lists[TARGET], target));
}

static bool same_kind(const struct gap *gap, uint32_t source, uint32_t target)
{
    const struct match_list *lists = gap->matching->lists;
    const struct tree_node *one = node_of(&lists[SOURCE], source);
    const struct tree_node *other = node_of(&lists[TARGET], target);
    return one->kind == other->kind && (one->name == other->name || one->kind == TREE_ARRAY);
}

/* The keys of this pass are shapes. */
static bool same_shape(const struct gap *gap, uint32_t source, uint32_t target)
{
    return gap->matching->keys[SOURCE][source] == gap->matching->keys[TARGET][target] &&
           same_kind(gap, source, target);
}

static uint64_t key_of_shape(const struct match_list *list, uint32_t child)
{
    const struct tree *tree = list->tree;
    const struct tree_node *node = node_of(list, child);
    uint64_t shape = key_of_name(node);
    if (node->kind == TREE_LINE || node->marks & TREE_MASKED)
        return shape | 1;
    for (uint32_t a = 0; a < node->attributes_count; a++) {
        const struct tree_attribute *attribute = &tree->attributes[node->attributes_at + a];
        shape = mix(shape, (uint64_t)(uintptr_t)attribute->name);
        if (strcmp(attribute->name, "class") == 0 && !(attribute->marks & TREE_MASKED))
            shape = mix(shape, hash_64(attribute->value.at ? attribute->value.at : "",
                                       attribute->value.length));
    }
    for (uint32_t i = node->first; i != TREE_NONE; i = tree->nodes[i].next)
        if (!(tree->nodes[i].marks & TREE_IGNORED) && tree->nodes[i].kind != TREE_TEXT)
            shape = mix(shape, key_of_name(&tree->nodes[i]));
    return shape | 1;
}

static bool is_json_value(const struct tree_node *node)
{
    return node->kind == TREE_OBJECT || node->kind >= TREE_ARRAY;
}

/* Whether two children that stand in the same place of a gap, and are of one kind, are the same one
 * changed: lines and values are when nothing else could be, elements when no other has the name. */
static bool same_by_place(const struct gap *gap, uint32_t source, uint32_t target)
{
    const struct match_list *lists = gap->matching->lists;
    const struct tree_node *one = node_of(&lists[SOURCE], source);
    const struct tree_node *other = node_of(&lists[TARGET], target);
    bool as_many = gap->count[SOURCE] == gap->count[TARGET];
    if (is_json_value(one) && is_json_value(other))
        return as_many || (one->kind == other->kind && one->kind >= TREE_STRING);
    if (!same_kind(gap, source, target))
        return false;
    if (one->kind == TREE_LINE)
        return as_many;
    if (one->kind != TREE_ELEMENT)
        return true;
    for (int side = SOURCE; side < SIDES; side++) {
        uint32_t same_name = 0;
        for (uint32_t i = 0; i < gap->count[side] && same_name < 2; i++)
            same_name += node_of(&lists[side], gap->free[side][i])->name == one->name;
        if (same_name > 1)
            return false;
    }
    return true;
}

static void drop_paired(struct gap *gap)
{
    for (int side = SOURCE; side < SIDES; side++) {
        uint32_t kept = 0;
        for (uint32_t i = 0; i < gap->count[side]; i++)
            if (is_free(&gap->matching->lists[side], gap->free[side][i]))
                gap->free[side][kept++] = gap->free[side][i];
        gap->count[side] = kept;
    }
}

static void pair_by_place(struct gap *gap)
{
    uint32_t source = 0, target = 0;
    while (source < gap->count[SOURCE] && target < gap->count[TARGET]) {
        uint32_t one = gap->free[SOURCE][source], other = gap->free[TARGET][target];
        if (same_by_place(gap, one, other)) {
            pair(gap->matching, one, other);
            source++, target++;
        } else if (gap->count[SOURCE] - source > gap->count[TARGET] - target) {
            source++;
        } else if (gap->count[SOURCE] - source < gap->count[TARGET] - target) {
            target++;
        } else {
            source++, target++;
        }
    }
}

static void close_gap_by_hash(struct gap *gap)
{
    gap->same = same_hash;
    pair_sequence(gap, EQUAL_EDITS);
}

static void close_gap_by_shape(struct gap *gap)
{
    gap->same = same_shape;
    gap->bounded = false;
    pair_sequence(gap, SHAPE_EDITS);
    gap->matching->bounded |= gap->bounded; /* the last pass that could have found a pair */
    drop_paired(gap);
    if (gap->count[SOURCE] && gap->count[TARGET])
        pair_by_place(gap);
}

/* Calls close() for every gap that has free children on both sides. */
static void each_gap(struct matching *matching, void (*close)(struct gap *gap))
{
    struct match_list *lists = matching->lists;
    uint32_t counts[SIDES] = {lists[SOURCE].count, lists[TARGET].count};
    struct gap gap = {.matching = matching};
    for (int side = SOURCE; side < SIDES; side++)
        gap.free[side] = mem_alloc((counts[side] + 1) * sizeof *gap.free[side]);
    match_order(lists, matching->in_order);
    uint32_t source = 0, target = 0;
    while (source < counts[SOURCE] || target < counts[TARGET]) {
        gap.count[SOURCE] = gap.count[TARGET] = 0;
        /* A pair that is out of order stands in nobody's way. */
        for (; source < counts[SOURCE] && !matching->in_order[source]; source++)
            if (is_free(&lists[SOURCE], source))
                gap.free[SOURCE][gap.count[SOURCE]++] = source;
        uint32_t stop = source < counts[SOURCE] ? lists[SOURCE].match[source] : counts[TARGET];
        for (; target < stop; target++)
            if (is_free(&lists[TARGET], target))
                gap.free[TARGET][gap.count[TARGET]++] = target;
        if (gap.count[SOURCE] && gap.count[TARGET])
            close(&gap);
        source++;
        target++;
    }
    free(gap.free[SOURCE]);
    free(gap.free[TARGET]);
}

/* --- order --- */

static bool is_ascending(const struct match_list *source)
{
    uint32_t least = 0;
    for (uint32_t i = 0; i < source->count; i++) {
        if (source->match[i] == MATCH_NONE)
            continue;
        if (source->match[i] < least)
            return false;
        least = source->match[i] + 1;
    }
    return true;
}

uint32_t match_order(const struct match_list lists[SIDES], bool *in_order)
{
    /* The longest ascending subsequence: ends[n] is the child that ends the best one of n + 1. */
    const struct match_list *source = &lists[SOURCE];
    if (is_ascending(source)) {
        for (uint32_t i = 0; i < source->count; i++)
            in_order[i] = source->match[i] != MATCH_NONE;
        return 0;
    }
    uint32_t *ends = mem_alloc((source->count + 1) * sizeof *ends);
    uint32_t *before = mem_alloc((source->count + 1) * sizeof *before);
    uint32_t length = 0, pairs = 0;
    for (uint32_t i = 0; i < source->count; i++) {
        in_order[i] = false;
        if (source->match[i] == MATCH_NONE)
            continue;
        pairs++;
        uint32_t low = 0, high = length;
        if (length && source->match[ends[length - 1]] < source->match[i])
            low = length; /* what most are */
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if (source->match[ends[middle]] < source->match[i])
                low = middle + 1;
            else
                high = middle;
        }
        before[i] = low ? ends[low - 1] : MATCH_NONE;
        ends[low] = i;
        if (low == length)
            length++;
    }
    for (uint32_t at = length ? ends[length - 1] : MATCH_NONE; at != MATCH_NONE; at = before[at])
        in_order[at] = true;
    free(ends);
    free(before);
    return pairs - length;
}

/* --- the passes --- */

/* A row is a tuple: its cells are told by their place when there are as many on both sides. */
static bool pair_tuple(struct matching *matching)
{
    struct match_list *lists = matching->lists;
    const char *name = lists[SOURCE].tree->nodes[lists[SOURCE].parent].name;
    if (!name || strcmp(name, "tr") != 0 || lists[SOURCE].count != lists[TARGET].count)
        return false;
    for (uint32_t i = 0; i < lists[SOURCE].count; i++) {
        const struct tree_node *one = node_of(&lists[SOURCE], i);
        const struct tree_node *other = node_of(&lists[TARGET], i);
        if (one->kind != other->kind || one->name != other->name)
            return false;
    }
    for (uint32_t i = 0; i < lists[SOURCE].count; i++)
        pair(matching, i, i);
    return true;
}

static bool all_paired(const struct match_list lists[SIDES])
{
    for (int side = SOURCE; side < SIDES; side++) {
        bool left = false;
        for (uint32_t i = 0; i < lists[side].count && !left; i++)
            left = is_free(&lists[side], i);
        if (!left)
            return true;
    }
    return false;
}

/* A common beginning and end is what most lists have. */
static void pair_ends(struct matching *matching)
{
    struct match_list *lists = matching->lists;
    uint32_t sources = lists[SOURCE].count, targets = lists[TARGET].count, common = 0;
    uint32_t least = sources < targets ? sources : targets;
    for (; common < least; common++) {
        if (!tree_same(node_of(&lists[SOURCE], common), node_of(&lists[TARGET], common)))
            break;
        pair(matching, common, common);
    }
    for (uint32_t tail = 1; tail <= least - common; tail++) {
        if (!tree_same(node_of(&lists[SOURCE], sources - tail),
                       node_of(&lists[TARGET], targets - tail)))
            break;
        pair(matching, sources - tail, targets - tail);
    }
}

/* One child is left of each side, where most changes are. No pass finds another pair: they are one
 * changed if they are of one kind. */
static bool pair_last(struct matching *matching)
{
    uint32_t last[SIDES];
    for (int side = SOURCE; side < SIDES; side++) {
        const struct match_list *list = &matching->lists[side];
        uint32_t from = 0, end = list->count;
        while (from < end && !is_free(list, from))
            from++;
        while (end > from && !is_free(list, end - 1))
            end--;
        if (end - from != 1)
            return false;
        last[side] = from;
    }
    const struct gap gap = {.matching = matching};
    if (same_kind(&gap, last[SOURCE], last[TARGET]) ||
        (is_json_value(node_of(&matching->lists[SOURCE], last[SOURCE])) &&
         is_json_value(node_of(&matching->lists[TARGET], last[TARGET]))))
        pair(matching, last[SOURCE], last[TARGET]);
    return true;
}

bool match_children(struct match_list lists[SIDES])
{
    struct matching matching = {.lists = lists};
    for (int side = SOURCE; side < SIDES; side++)
        for (uint32_t i = 0; i < lists[side].count; i++)
            lists[side].match[i] = MATCH_NONE;
    if (!lists[SOURCE].count || !lists[TARGET].count || pair_tuple(&matching))
        return true;
    pair_ends(&matching);
    if (all_paired(lists) || pair_last(&matching))
        return true;
    for (int side = SOURCE; side < SIDES; side++)
        matching.keys[side] = mem_alloc(lists[side].count * sizeof *matching.keys[side]);
    matching.in_order = mem_alloc(lists[SOURCE].count * sizeof *matching.in_order);
    if (find_keys(&matching, key_of_hash))
        pair_unique(&matching);
    if (!all_paired(lists))
        each_gap(&matching, close_gap_by_hash);
    if (!all_paired(lists) && find_keys(&matching, key_of_child))
        pair_unique(&matching);
    if (!all_paired(lists))
        pair_by_insides(&matching);
    if (!all_paired(lists) && find_keys(&matching, key_of_hash))
        pair_equal(&matching);
    if (!all_paired(lists) && find_keys(&matching, key_of_shape))
        each_gap(&matching, close_gap_by_shape);
    free(matching.keys[SOURCE]);
    free(matching.keys[TARGET]);
    free(matching.in_order);
    return !matching.bounded;
}
