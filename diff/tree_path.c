/*
 * Paths of nodes. Input: a tree and a node. Output: text. Knows nothing of differences.
 */
#include "tree_path.h"

#include "base/display.h"

#include <stdlib.h>
#include <string.h>

enum {
    STEPS = 64,     /* of a path; of deeper ones the outermost are "…" */
    NAME_MOST = 60, /* columns of a name, key or id */
};

/* --- which ids are used once --- */

static struct tree_text attribute_text(const struct tree *tree, uint32_t node, const char *name)
{
    const struct tree_attribute *found = name ? tree_find_attribute(tree, node, name) : NULL;
    return found ? tree_attribute_shown(found) : (struct tree_text){NULL, 0};
}

static int order_texts(struct tree_text one, struct tree_text other)
{
    size_t least = one.length < other.length ? one.length : other.length;
    int order = least ? memcmp(one.at, other.at, least) : 0;
    return order ? order : (one.length > other.length) - (one.length < other.length);
}

static int order_ids(const void *one, const void *other, void *context)
{
    const struct tree_paths *paths = context;
    return order_texts(attribute_text(paths->tree, *(const uint32_t *)one, paths->id),
                       attribute_text(paths->tree, *(const uint32_t *)other, paths->id));
}

void tree_paths_init(struct tree_paths *paths, const struct tree *tree)
{
    *paths = (struct tree_paths){
        .counted = {.parent = TREE_NONE},
        .tree = tree,
        .id = tree_interned(tree->names, "id", 2),
        .class = tree_interned(tree->names, "class", 5),
    };
    for (size_t i = 0; i < TREE_PATHS_LISTS; i++)
        paths->alike[i].parent = TREE_NONE;
    if (!paths->id || tree->xml)
        return;
    size_t room = 0;
    for (uint32_t i = 0; i < tree->count; i++) {
        if (!attribute_text(tree, i, paths->id).length)
            continue;
        if (paths->with_id_count == room) {
            room = room ? 2 * room : 64;
            paths->with_id = mem_resize(paths->with_id, room, sizeof *paths->with_id);
        }
        paths->with_id[paths->with_id_count++] = i;
    }
    if (paths->with_id_count)
        qsort_r(paths->with_id, paths->with_id_count, sizeof *paths->with_id, order_ids, paths);
}

void tree_paths_free(struct tree_paths *paths)
{
    free(paths->with_id);
    *paths = (struct tree_paths){0};
}

/* Has the node an id that no other one has? */
static bool has_own_id(const struct tree_paths *paths, uint32_t node)
{
    struct tree_text id = attribute_text(paths->tree, node, paths->id);
    size_t low = 0, high = paths->with_id_count;
    if (!id.length)
        return false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (order_texts(attribute_text(paths->tree, paths->with_id[middle], paths->id), id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low + 1 >= paths->with_id_count ||
           order_texts(attribute_text(paths->tree, paths->with_id[low + 1], paths->id), id) != 0;
}

/* --- steps --- */

/* Text of the answer: cut, and fit to print. */
static void add_shown(struct buffer *out, const char *text, size_t length, bool shape)
{
    enum { MOST_BYTES = 4 * NAME_MOST };
    char copy[MOST_BYTES + 1];
    size_t size = 0;
    bool plain = true; /* as nearly all names are */
    for (size_t i = 0; i < length && size < MOST_BYTES; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        plain = plain && text[i] >= ' ' && text[i] < 0x7f;
        if (shape && digit && size && copy[size - 1] == 'N')
            continue;
        copy[size++] = shape && digit ? 'N' : text[i] ? text[i] : '\1';
    }
    copy[size] = '\0';
    if (plain && size <= NAME_MOST)
        buffer_add(out, copy, size);
    else
        display_add_cut(out, copy, NAME_MOST);
}

static bool has_class(struct tree_text classes, struct tree_text wanted)
{
    for (size_t at = 0; at + wanted.length <= classes.length; at++) {
        bool starts = !at || classes.at[at - 1] == ' ';
        bool ends = at + wanted.length == classes.length || classes.at[at + wanted.length] == ' ';
        if (starts && ends && memcmp(classes.at + at, wanted.at, wanted.length) == 0)
            return true;
    }
    return false;
}

/* The compared value: one blank between classes. */
static struct tree_text classes_of(const struct tree_paths *paths, uint32_t node)
{
    const struct tree_attribute *found =
        paths->class ? tree_find_attribute(paths->tree, node, paths->class) : NULL;
    return found ? found->value : (struct tree_text){NULL, 0};
}

/* The node and its siblings of its kind and name. */
static const struct tree_path_alike *list_alike(struct tree_paths *paths, uint32_t node)
{
    const struct tree *tree = paths->tree;
    const struct tree_node *at = tree_at(tree, node);
    uintptr_t name = (uintptr_t)at->name >> 4;
    struct tree_path_alike *list =
        &paths->alike[(at->parent ^ name ^ name >> 6) & (TREE_PATHS_LISTS - 1)];
    if (list->parent == at->parent && list->kind == at->kind && list->name == at->name)
        return list;
    list->parent = at->parent;
    list->kind = at->kind;
    list->name = at->name;
    list->count = 0;
    for (uint32_t i = tree_first(tree, at->parent); i != TREE_NONE; i = tree_next(tree, i)) {
        const struct tree_node *other = tree_at(tree, i);
        if (other->kind != at->kind || other->name != at->name)
            continue;
        if (list->count++ == TREE_PATHS_ALIKE)
            break;
        list->nodes[list->count - 1] = i;
    }
    return list;
}

/* Is it the only one of its name among its siblings; class: of those that have it? */
static bool is_lone(struct tree_paths *paths, uint32_t node, const struct tree_text *class)
{
    const struct tree_path_alike *list = list_alike(paths, node);
    if (!class || list->count > TREE_PATHS_ALIKE)
        return list->count == 1;
    for (uint32_t i = 0; i < list->count; i++)
        if (list->nodes[i] != node && has_class(classes_of(paths, list->nodes[i]), *class))
            return false;
    return true;
}

/* Which one it is of its siblings of its kind and name, from 1; in an array, of all. */
static uint32_t number_of(struct tree_paths *paths, uint32_t node)
{
    const struct tree *tree = paths->tree;
    const struct tree_node *at = tree_at(tree, node);
    bool all = tree_at(tree, at->parent)->kind == TREE_ARRAY;
    uint32_t i = tree_first(tree, at->parent), number = 1;
    if (paths->counted.parent == at->parent && paths->counted.node <= node &&
        tree_at(tree, paths->counted.node)->name == at->name &&
        (all || tree_at(tree, paths->counted.node)->kind == at->kind)) {
        i = paths->counted.node;
        number = paths->counted.number;
    }
    for (; i != node; i = tree_next(tree, i)) {
        const struct tree_node *other = tree_at(tree, i);
        number += all || (other->kind == at->kind && other->name == at->name);
    }
    paths->counted.parent = at->parent;
    paths->counted.node = node;
    paths->counted.number = number;
    return number;
}

/* The first class of the node that none of its siblings of its name has. */
static bool own_class(struct tree_paths *paths, uint32_t node, struct tree_text *class)
{
    struct tree_text classes = classes_of(paths, node);
    for (size_t at = 0; at < classes.length;) {
        const char *blank = memchr(classes.at + at, ' ', classes.length - at);
        size_t end = blank ? (size_t)(blank - classes.at) : classes.length;
        *class = (struct tree_text){classes.at + at, end - at};
        if (class->length && is_lone(paths, node, class))
            return true;
        at = end + 1;
    }
    return false;
}

static const struct tree_path_known *know(struct tree_paths *paths, uint32_t node)
{
    struct tree_path_known *known = &paths->known[node & (TREE_PATHS_KNOWN - 1)];
    if (known->node != node) {
        *known = (struct tree_path_known){.node = node, .lone = is_lone(paths, node, NULL)};
        if (known->lone || paths->tree->xml || !own_class(paths, node, &known->class))
            known->class = (struct tree_text){NULL, 0};
    }
    return known;
}

static void add_element(struct buffer *out, struct tree_paths *paths, uint32_t node, bool shape)
{
    const struct tree *tree = paths->tree;
    const struct tree_node *at = tree_at(tree, node);
    add_shown(out, at->name, tree_name_length(at->name), false);
    if (!tree->xml && has_own_id(paths, node)) {
        struct tree_text id = attribute_text(tree, node, paths->id);
        buffer_add_byte(out, '#');
        add_shown(out, id.at, id.length, shape);
        return;
    }
    const struct tree_path_known *known = know(paths, node);
    if (known->lone)
        return;
    if (known->class.at) {
        buffer_add_byte(out, '.');
        add_shown(out, known->class.at, known->class.length, shape);
    } else if (!shape) {
        buffer_printf(out, "[%u]", number_of(paths, node));
    }
}

static bool is_plain_key(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)name[i];
        bool letter = (unsigned)((byte | 32) - 'a') < 26 || byte == '_' || byte >= 0x80;
        if (!letter && (!i || byte < '0' || byte > '9'))
            return false;
    }
    return length > 0;
}

static void add_member(struct buffer *out, const struct tree_node *member)
{
    size_t length = tree_name_length(member->name);
    bool plain = is_plain_key(member->name, length);
    buffer_add_text(out, plain ? "." : "[\"");
    add_shown(out, member->name, length, false);
    buffer_add_text(out, plain ? "" : "\"]");
}

/* An element of an array: its place, or what the array's rule tells it by. */
static void add_index(struct buffer *out, struct tree_paths *paths, uint32_t node, bool shape)
{
    const struct tree *tree = paths->tree;
    const struct tree_node *array = tree_at(tree, tree_at(tree, node)->parent);
    if (shape) {
        buffer_add_text(out, "[]");
        return;
    }
    for (uint32_t i = tree_first(tree, node); array->name && i != TREE_NONE;
         i = tree_next(tree, i)) {
        if (tree_at(tree, i)->name != array->name || tree_at(tree, i)->marks & TREE_IGNORED)
            continue;
        struct tree_text value = tree_shown(tree, tree_first(tree, i));
        buffer_printf(out, "[%s=", array->name);
        add_shown(out, value.at, value.length, false);
        buffer_add_byte(out, ']');
        return;
    }
    buffer_printf(out, "[%u]", number_of(paths, node) - 1);
}

static void add_step(struct buffer *out, struct tree_paths *paths, uint32_t node, bool shape,
                     bool first)
{
    static const char *const words[TREE_KINDS] = {
        [TREE_COMMENT] = "comment()",
        [TREE_DOCTYPE] = "doctype",
        [TREE_INSTRUCTION] = "processing-instruction()",
    };
    const struct tree *tree = paths->tree;
    const struct tree_node *at = tree_at(tree, node);
    switch (at->kind) {
    case TREE_ELEMENT:
        buffer_add_text(out, tree->xml ? "/" : first ? "" : " > ");
        add_element(out, paths, node, shape);
        break;
    case TREE_COMMENT:
    case TREE_DOCTYPE:
    case TREE_INSTRUCTION:
        buffer_add_text(out, tree->xml ? "/" : first ? "" : " > ");
        buffer_add_text(out, words[at->kind]);
        break;
    case TREE_LINE:
        if (shape)
            buffer_add_text(out, "line");
        else
            buffer_printf(out, "line %u", number_of(paths, node));
        break;
    case TREE_MEMBER:
        add_member(out, at);
        break;
    case TREE_OBJECT:
    case TREE_ARRAY:
    case TREE_STRING:
    case TREE_NUMBER:
    case TREE_LITERAL:
        if (tree_at(tree, at->parent)->kind == TREE_ARRAY)
            add_index(out, paths, node, shape);
        break;
    default: /* text of its element */
        break;
    }
}

static bool is_json(const struct tree *tree, uint32_t node)
{
    const struct tree_node *at = tree_at(tree, node);
    return at->kind == TREE_OBJECT || at->kind >= TREE_MEMBER;
}

static void add_path(struct buffer *out, struct tree_paths *paths, uint32_t node,
                     const char *attribute, bool shape)
{
    const struct tree *tree = paths->tree;
    uint32_t steps[STEPS];
    size_t count = 0, start = out->length;
    uint32_t at = node;
    for (; at && at != TREE_NONE && count < STEPS; at = tree_at(tree, at)->parent) {
        steps[count++] = at;
        if (!tree->xml && tree_at(tree, at)->kind == TREE_ELEMENT && has_own_id(paths, at)) {
            at = 0;
            break;
        }
    }
    if (count && is_json(tree, steps[0]))
        buffer_add_byte(out, '$');
    if (at && at != TREE_NONE)
        buffer_add_text(out, "…");
    for (size_t first = out->length; count--;)
        add_step(out, paths, steps[count], shape, out->length == first);
    if (attribute) {
        buffer_add_text(out, tree->xml ? "/@" : " @");
        add_shown(out, attribute, tree_name_length(attribute), false);
    }
    if (out->length == start) /* the document, or text that is in no element */
        buffer_add_text(out, tree->xml ? "/" : "document");
}

void tree_path(struct buffer *out, struct tree_paths *paths, uint32_t node, const char *attribute)
{
    add_path(out, paths, node, attribute, false);
}

void tree_path_shape(struct buffer *out, struct tree_paths *paths, uint32_t node,
                     const char *attribute)
{
    add_path(out, paths, node, attribute, true);
}
