/*
 * Applies a script to a tree: the proof that tree_diff.c tells everything. Input: both trees and
 * the script. Output: a new tree. Must not look at nodes of the target that the script does not
 * name, but for their places among their siblings.
 */
#include "tree_diff.h"

#include <stdlib.h>

enum fate {
    FATE_DELETED = 1,   /* is not in the result */
    FATE_MOVED = 2,     /* is, in another place */
    FATE_REORDERED = 4, /* has its children in the target's order */
    FATE_CHANGED = 8,
    FATE_ATTRIBUTES = 16,
};

struct application {
    const struct tree *source, *target;
    const struct tree_diff *diff;
    struct tree *result;
    uint8_t *fates; /* per node of the source: enum fate */
    bool *named;    /* per node of the target: inserted, or moved to there */
    uint32_t *from; /* per node of the target that something moved to: that */
    size_t *items;  /* per node of the source: its first item about an attribute */
};

static bool is_ignored(const struct tree *tree, uint32_t node)
{
    return tree->nodes[node].marks & TREE_IGNORED;
}

/* Opens a node like that one, without its attributes. */
static void open_like(struct application *apply, const struct tree_node *node)
{
    struct tree *result = apply->result;
    uint32_t made = tree_open(result, node->kind, node->name);
    result->nodes[made].value = node->value;
    result->nodes[made].marks = node->marks;
}

static void add_attribute(struct application *apply, const struct tree_attribute *attribute)
{
    *tree_add_attribute(apply->result, attribute->name, attribute->value) = *attribute;
}

static void copy_subtree(struct application *apply, const struct tree *tree, uint32_t node)
{
    const struct tree_node *at = tree_at(tree, node);
    open_like(apply, at);
    for (uint32_t i = 0; i < at->attributes_count; i++)
        add_attribute(apply, &tree->attributes[at->attributes_at + i]);
    for (uint32_t i = at->first; i != TREE_NONE; i = tree_next(tree, i))
        copy_subtree(apply, tree, i);
    tree_close(apply->result);
}

/* The items about one node's attributes stand one behind the other. */
static const struct tree_difference *item_about(const struct application *apply, uint32_t node,
                                                const char *name)
{
    if (!(apply->fates[node] & FATE_ATTRIBUTES))
        return NULL;
    for (size_t i = apply->items[node]; i < apply->diff->count; i++) {
        const struct tree_difference *item = &apply->diff->items[i];
        if (!item->attribute || item->node[SOURCE] != node)
            break;
        if (item->attribute == name)
            return item;
    }
    return NULL;
}

static void apply_attributes(struct application *apply, uint32_t node)
{
    const struct tree_node *at = tree_at(apply->source, node);
    for (uint32_t i = 0; i < at->attributes_count; i++) {
        const struct tree_attribute *attribute = &apply->source->attributes[at->attributes_at + i];
        const struct tree_difference *item =
            attribute->marks & TREE_IGNORED ? NULL : item_about(apply, node, attribute->name);
        if (!item)
            add_attribute(apply, attribute);
        else if (item->kind == DIFF_CHANGED)
            add_attribute(apply,
                          tree_find_attribute(apply->target, item->node[TARGET], attribute->name));
    }
    if (!(apply->fates[node] & FATE_ATTRIBUTES))
        return;
    for (size_t i = apply->items[node]; i < apply->diff->count; i++) {
        const struct tree_difference *item = &apply->diff->items[i];
        if (!item->attribute || item->node[SOURCE] != node)
            break;
        if (item->kind == DIFF_INSERTED)
            add_attribute(apply,
                          tree_find_attribute(apply->target, item->node[TARGET], item->attribute));
    }
    tree_sort_attributes(apply->result);
}

static void apply_node(struct application *apply, uint32_t node);

/* The next child of the source that stays where it is, from `child` on. */
static uint32_t next_kept(const struct application *apply, uint32_t child)
{
    while (child != TREE_NONE &&
           (is_ignored(apply->source, child) || apply->fates[child] & (FATE_DELETED | FATE_MOVED)))
        child = tree_next(apply->source, child);
    return child;
}

/* The target's children give the places: those that the script names stand where they stand there,
 * the source's fill the rest. */
static void apply_children(struct application *apply, uint32_t node, uint32_t target)
{
    uint32_t kept = next_kept(apply, tree_first(apply->source, node));
    bool reordered = apply->fates[node] & FATE_REORDERED;
    for (uint32_t i = tree_first(apply->target, target); i != TREE_NONE;
         i = tree_next(apply->target, i)) {
        if (is_ignored(apply->target, i))
            continue;
        if (apply->named[i] && apply->from[i] == TREE_NONE) {
            copy_subtree(apply, apply->target, i);
        } else if (apply->named[i]) {
            apply_node(apply, apply->from[i]);
        } else if (reordered) {
            apply_node(apply, apply->diff->partner[TARGET][i]);
        } else if (kept != TREE_NONE) {
            apply_node(apply, kept);
            kept = next_kept(apply, tree_next(apply->source, kept));
        }
    }
    for (; kept != TREE_NONE && !reordered; kept = next_kept(apply, tree_next(apply->source, kept)))
        apply_node(apply, kept); /* a wrong script: it shows */
}

/* Some child has an item, or something comes to this node: as equal subtrees have no partners
 * inside, they are copied whole. */
static void apply_node(struct application *apply, uint32_t node)
{
    uint32_t target = apply->diff->partner[SOURCE][node];
    const struct tree_node *from = tree_at(apply->source, node);
    if (target == TREE_NONE || tree_same(from, tree_at(apply->target, target))) {
        copy_subtree(apply, apply->source, node);
        return;
    }
    const struct tree_node *to = tree_at(apply->target, target);
    bool changed = apply->fates[node] & FATE_CHANGED;
    if (changed && !node) {
        /* Documents under unlike rules: nothing of them is alike. */
        apply->result->nodes[0].marks = to->marks;
        for (uint32_t i = to->first; i != TREE_NONE; i = tree_next(apply->target, i))
            copy_subtree(apply, apply->target, i);
        return;
    }
    if (changed && (from->kind != to->kind || from->name != to->name || from->marks != to->marks)) {
        copy_subtree(apply, apply->target, target);
        return;
    }
    if (node)
        open_like(apply, from);
    if (changed)
        apply->result->nodes[apply->result->open].value = to->value;
    apply_attributes(apply, node);
    apply_children(apply, node, target);
    if (node)
        tree_close(apply->result);
}

static void read_script(struct application *apply)
{
    for (size_t i = apply->diff->count; i-- > 0;) {
        const struct tree_difference *item = &apply->diff->items[i];
        uint32_t source = item->node[SOURCE], target = item->node[TARGET];
        if (item->attribute) {
            apply->fates[source] |= FATE_ATTRIBUTES;
            apply->items[source] = i; /* from the end on: the first stays */
            continue;
        }
        if (item->kind == DIFF_CHANGED)
            apply->fates[source] |= FATE_CHANGED;
        if (item->kind == DIFF_REORDERED)
            apply->fates[source] |= FATE_REORDERED;
        if (item->kind == DIFF_DELETED)
            apply->fates[source] |= FATE_DELETED;
        if (item->kind == DIFF_MOVED) {
            apply->fates[source] |= FATE_MOVED;
            apply->from[target] = source;
        }
        if (item->kind == DIFF_INSERTED || item->kind == DIFF_MOVED)
            apply->named[target] = true;
    }
}

void tree_diff_apply(const struct tree *source, const struct tree *target,
                     const struct tree_diff *diff, struct tree *result)
{
    struct application apply = {
        .source = source,
        .target = target,
        .diff = diff,
        .result = result,
        .fates = mem_zero(source->count, sizeof *apply.fates),
        .named = mem_zero(target->count, sizeof *apply.named),
        .from = mem_alloc(target->count * sizeof *apply.from),
        .items = mem_zero(source->count, sizeof *apply.items),
    };
    for (uint32_t i = 0; i < target->count; i++)
        apply.from[i] = TREE_NONE;
    tree_init(result, source->names);
    read_script(&apply);
    const struct tree_node *from = tree_at(source, 0);
    if (diff->count) {
        result->nodes[0].marks = from->marks;
        apply_node(&apply, 0);
    } else {
        for (uint32_t i = from->first; i != TREE_NONE; i = tree_next(source, i))
            copy_subtree(&apply, source, i);
    }
    tree_finish(result);
    tree_hash(result);
    free(apply.fates);
    free(apply.named);
    free(apply.from);
    free(apply.items);
}
