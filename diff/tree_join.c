/* See tree_join.h. */
#include "tree_join.h"

#include "html_text.h"

#include <string.h>

/* The children of one node, one after the other. */
struct joiner {
    struct tree *tree;
    bool html, verbatim; /* verbatim: white space is kept as it stands */
    bool block;          /* the parent is one, or the document */
    uint32_t last;       /* child that counts, and came last; TREE_NONE: none */
    bool gap;            /* something ignored stood between it and here */
};

static unsigned traits_of(const struct tree *tree, uint32_t node)
{
    const struct tree_node *of = tree_at(tree, node);
    return of->kind == TREE_ELEMENT ? html_traits(of->name, tree_name_length(of->name)) : 0;
}

static bool is_text(const struct tree *tree, uint32_t node)
{
    return node != TREE_NONE && tree_at(tree, node)->kind == TREE_TEXT &&
           !(tree_at(tree, node)->marks & TREE_MASKED);
}

static bool is_blank(char byte)
{
    return html_is_space(byte);
}

/* Gives a text another value, and people the part of what stood there that goes with it. */
static void set_text(struct tree *tree, uint32_t node, struct tree_text value,
                     struct tree_text shown)
{
    tree_replace(tree, node, value.at ? value.at : "", value.length);
    struct tree_text *original = arena_alloc(&tree->arena, sizeof *original);
    *original = shown;
    tree->nodes[node].original = original;
}

static struct tree_text join(struct tree *tree, struct tree_text one, struct tree_text other,
                             bool once)
{
    /* Two blanks, with nothing between them, are one. */
    if (once && one.length && other.length && is_blank(one.at[one.length - 1]) &&
        is_blank(other.at[0])) {
        other.at++;
        other.length--;
    }
    char *text = arena_alloc(&tree->arena, one.length + other.length + 1);
    if (one.length)
        memcpy(text, one.at, one.length);
    if (other.length)
        memcpy(text + one.length, other.at, other.length);
    return (struct tree_text){text, one.length + other.length};
}

static void join_texts(struct joiner *joiner, uint32_t first, uint32_t second)
{
    struct tree *tree = joiner->tree;
    bool once = joiner->html && !joiner->verbatim;
    struct tree_text value =
        join(tree, tree_at(tree, first)->value, tree_at(tree, second)->value, once);
    struct tree_text shown = join(tree, tree_shown(tree, first), tree_shown(tree, second), once);
    set_text(tree, first, value, shown);
    tree_mark(tree, second, TREE_IGNORED);
}

/* Beside the edge of a block white space means nothing. A text of nothing else is gone. */
static void trim(struct joiner *joiner, uint32_t node, bool at_start)
{
    struct tree_text value = tree_at(joiner->tree, node)->value, whole = value;
    if (!joiner->html || joiner->verbatim)
        return;
    while (value.length && is_blank(value.at[at_start ? 0 : value.length - 1])) {
        value.at += at_start;
        value.length--;
    }
    if (!value.length)
        tree_mark(joiner->tree, node, TREE_IGNORED);
    else if (value.length != whole.length)
        set_text(joiner->tree, node, value, tree_shown(joiner->tree, node));
}

static bool is_block(const struct joiner *joiner, uint32_t node)
{
    return node == TREE_NONE ? joiner->block : traits_of(joiner->tree, node) & HTML_BLOCK;
}

static void take_child(struct joiner *joiner, uint32_t node)
{
    if (joiner->gap && is_text(joiner->tree, node)) {
        if (is_text(joiner->tree, joiner->last)) {
            join_texts(joiner, joiner->last, node);
            return; /* the gap stays: what is joined may end at an edge */
        }
        if (is_block(joiner, joiner->last))
            trim(joiner, node, true);
        if (tree_at(joiner->tree, node)->marks & TREE_IGNORED)
            return;
    } else if (joiner->gap && is_text(joiner->tree, joiner->last) && is_block(joiner, node)) {
        trim(joiner, joiner->last, false);
    }
    joiner->last = node;
    joiner->gap = false;
}

static void join_children(struct tree *tree, uint32_t parent, bool html, bool verbatim)
{
    struct joiner joiner = {.tree = tree, .html = html, .verbatim = verbatim, .last = TREE_NONE};
    joiner.block = parent == 0 || traits_of(tree, parent) & HTML_BLOCK;
    for (uint32_t i = tree_first(tree, parent); i != TREE_NONE; i = tree_next(tree, i)) {
        if (tree_at(tree, i)->marks & TREE_IGNORED)
            joiner.gap = true;
        else
            take_child(&joiner, i);
    }
    if (joiner.gap && is_text(tree, joiner.last) && joiner.block)
        trim(&joiner, joiner.last, false);
}

static bool holds_ignored(const struct tree *tree, uint32_t parent)
{
    for (uint32_t i = tree_first(tree, parent); i != TREE_NONE; i = tree_next(tree, i))
        if (tree_at(tree, i)->marks & TREE_IGNORED)
            return true;
    return false;
}

static bool is_verbatim(const struct tree *tree, uint32_t node)
{
    for (; node && node != TREE_NONE; node = tree_at(tree, node)->parent)
        if (traits_of(tree, node) & HTML_VERBATIM)
            return true;
    return false;
}

void tree_join_texts(struct tree *tree, bool html)
{
    for (uint32_t node = 0; node < tree->count; node++) {
        const struct tree_node *of = tree_at(tree, node);
        if (of->marks & (TREE_IGNORED | TREE_MASKED))
            node = tree_end(tree, node) - 1;
        else if ((of->kind == TREE_ELEMENT || of->kind == TREE_DOCUMENT) &&
                 holds_ignored(tree, node))
            join_children(tree, node, html, html && is_verbatim(tree, node));
    }
}
