/*
 * Finds the nodes of a selector (selector.h). Each alternative is a row of steps; a walk in
 * document order carries, for every node, the set of steps that its children may be held against,
 * as bits. So a selector costs the same however deep and repetitive a hostile tree is.
 */
#include "selector.h"

#include "selector_parse.h"

#include <stdlib.h>
#include <strings.h>

/* What a walk knows of each node's children so far. */
struct below {
    uint64_t steps; /* that every child may be held against */
    uint64_t next;  /* that the next element may be, */
    uint64_t later; /* and all later ones */
    uint32_t count; /* elements or values met */
};

struct walk {
    const struct selector *selector;
    const struct tree *tree;
    struct below *below;
};

static bool is_value(enum tree_kind kind)
{
    return kind >= TREE_OBJECT && kind != TREE_MEMBER;
}

static bool same_name(const struct walk *walk, const char *one, const char *other)
{
    return (walk->selector->language == SELECTOR_CSS ? strcasecmp(one, other)
                                                     : strcmp(one, other)) == 0;
}

static const struct tree_attribute *find_attribute(const struct walk *walk, uint32_t node,
                                                   const char *name)
{
    const struct tree_attribute *attributes = tree_attributes(walk->tree, node);
    for (uint32_t i = 0; i < tree_at(walk->tree, node)->attributes_count; i++)
        if (same_name(walk, attributes[i].name, name))
            return &attributes[i];
    return NULL;
}

static bool has_word(struct tree_text text, const char *word, size_t length)
{
    for (size_t at = 0; length && at < text.length;) {
        size_t end = at;
        while (end < text.length && !strchr(" \t\n\r\f", text.at[end]))
            end++;
        if (end - at == length && memcmp(text.at + at, word, length) == 0)
            return true;
        at = end + 1;
    }
    return false;
}

static bool value_fits(struct tree_text text, const struct selector_test *test)
{
    size_t length = test->length;
    bool fits = text.length >= length;
    switch (test->comparison) {
    case OPERATOR_EXISTS:
        return true;
    case OPERATOR_EQUALS:
        return text.length == length && (!length || memcmp(text.at, test->value, length) == 0);
    /* As CSS has it, these find nothing when the value is empty. */
    case OPERATOR_BEGINS:
        return length && fits && memcmp(text.at, test->value, length) == 0;
    case OPERATOR_ENDS:
        return length && fits && memcmp(text.at + text.length - length, test->value, length) == 0;
    case OPERATOR_HOLDS:
        return length && fits && memmem(text.at, text.length, test->value, length);
    case OPERATOR_WORD:
        return has_word(text, test->value, length);
    }
    return false;
}

static bool attribute_fits(const struct walk *walk, uint32_t node, const struct selector_test *test)
{
    const struct tree_attribute *attribute = find_attribute(walk, node, test->name);
    return attribute && value_fits(tree_attribute_shown(attribute), test);
}

/* Is it the last element of its parent? */
static bool is_last(const struct tree *tree, uint32_t node)
{
    uint32_t next = tree_next(tree, node);
    while (next != TREE_NONE && tree_at(tree, next)->kind != TREE_ELEMENT)
        next = tree_next(tree, next);
    return next == TREE_NONE;
}

/* Is it the nth of its siblings that have the step's name? Looks at no more than n of them. */
static bool is_nth_of_name(const struct walk *walk, uint32_t node, const char *name, uint32_t nth)
{
    uint32_t count = 0;
    uint32_t at = tree_first(walk->tree, tree_at(walk->tree, node)->parent);
    for (; at != TREE_NONE && at <= node; at = tree_next(walk->tree, at)) {
        const struct tree_node *of = tree_at(walk->tree, at);
        if (of->kind == TREE_ELEMENT && (!name || same_name(walk, of->name, name)) &&
            ++count == nth)
            return at == node;
    }
    return false;
}

/* place: of the node among its siblings, from 0. */
static bool test_fits(const struct walk *walk, const struct selector_step *step,
                      const struct selector_test *test, uint32_t node, uint32_t place)
{
    const struct tree_node *of = tree_at(walk->tree, node);
    switch (test->kind) {
    case TEST_NAME:
        if (of->kind == TREE_ELEMENT)
            return same_name(walk, of->name, test->name);
        of = tree_at(walk->tree, of->parent);
        return of->kind == TREE_MEMBER && tree_name_length(of->name) == test->length &&
               memcmp(of->name, test->name, test->length) == 0;
    case TEST_ATTRIBUTE:
        return attribute_fits(walk, node, test);
    case TEST_LAST:
        return is_last(walk->tree, node);
    case TEST_NTH:
        return test->every ? (place + 1) % test->every == test->nth : place + 1 == test->nth;
    case TEST_NTH_OF_NAME:
        return is_nth_of_name(walk, node, step->name, test->nth);
    case TEST_INDEX:
        return tree_at(walk->tree, of->parent)->kind == TREE_ARRAY && place == test->nth;
    }
    return false;
}

static bool step_fits(const struct walk *walk, const struct selector_step *step, uint32_t node,
                      uint32_t place)
{
    for (size_t i = 0; i < step->test_count; i++)
        if (!test_fits(walk, step, &step->tests[i], node, place))
            return false;
    return true;
}

/* Holds one element or value against the steps that reach it. Is it found? */
static bool hold(struct walk *walk, const struct selector_row *row, uint32_t node,
                 struct below *parent)
{
    struct below *own = &walk->below[node];
    uint64_t steps = parent->steps | parent->next | parent->later;
    uint32_t place = parent->count++;
    bool found = false;
    own->steps = parent->steps & row->descend;
    parent->next = 0;
    for (; steps; steps &= steps - 1) {
        size_t i = (size_t)__builtin_ctzll(steps);
        if (!step_fits(walk, &row->steps[i], node, place))
            continue;
        if (i + 1 == row->count) {
            found = true;
            continue;
        }
        uint64_t bit = (uint64_t)1 << (i + 1);
        enum selector_axis axis = row->steps[i + 1].axis;
        *(axis == AXIS_NEXT    ? &parent->next
          : axis == AXIS_LATER ? &parent->later
                               : &own->steps) |= bit;
    }
    return found;
}

/* Marks what the row finds in `found`, a byte for each node. */
static void walk_row(struct walk *walk, const struct selector_row *row, unsigned char *found)
{
    const struct tree *tree = walk->tree;
    memset(walk->below, 0, tree->count * sizeof *walk->below);
    /* "$" alone: a JSON document's value. */
    if (!row->count) {
        uint32_t value = tree_first(tree, 0);
        if (value != TREE_NONE && is_value(tree_at(tree, value)->kind))
            found[value] = 1;
        return;
    }
    bool json = walk->selector->language == SELECTOR_JSON;
    for (uint32_t i = 0; i < tree->count; i++) {
        const struct tree_node *node = tree_at(tree, i);
        if (node->marks & (TREE_IGNORED | TREE_MASKED)) {
            i = tree_end(tree, i) - 1;
            continue;
        }
        if (i == 0) {
            /* The steps of a JSON path begin below the value, which is the document's only one. */
            walk->below[0].steps = json ? 0 : 1;
            continue;
        }
        struct below *parent = &walk->below[node->parent];
        if (node->kind == TREE_MEMBER)
            walk->below[i].steps = parent->steps;
        else if (json && node->parent == 0 && is_value(node->kind))
            walk->below[i].steps = 1;
        else if (json ? is_value(node->kind) : node->kind == TREE_ELEMENT)
            found[i] |= hold(walk, row, i, parent);
    }
}

size_t selector_find(const struct selector *selector, const struct tree *tree, uint32_t **nodes)
{
    struct walk walk = {.selector = selector, .tree = tree};
    unsigned char *found = mem_zero(tree->count + 1, 1);
    size_t count = 0;
    walk.below = mem_alloc((tree->count + (size_t)1) * sizeof *walk.below);
    for (size_t i = 0; i < selector->count; i++)
        walk_row(&walk, &selector->rows[i], found);
    free(walk.below);
    for (uint32_t i = 0; i < tree->count; i++)
        count += found[i];
    *nodes = mem_alloc((count + 1) * sizeof **nodes);
    count = 0;
    for (uint32_t i = 0; i < tree->count; i++)
        if (found[i])
            (*nodes)[count++] = i;
    free(found);
    return count;
}

const char *selector_attribute(const struct selector *selector)
{
    return selector->attribute;
}

enum selector_language selector_language(const struct selector *selector)
{
    return selector->language;
}
