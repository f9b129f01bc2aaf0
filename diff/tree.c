/*
 * The neutral tree: building it, reading it, marking it, and the hashes of its subtrees. Input:
 * what a reader found in an answer. Knows nothing of markup syntax and of differences.
 */
#include "tree.h"

#include "base/utf8.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* --- names --- */

struct tree_name {
    struct hash128 hash;
    size_t length;
    char text[];
};

static const struct tree_name *name_of(const char *name)
{
    return (const struct tree_name *)(const void *)(name - offsetof(struct tree_name, text));
}

size_t tree_name_length(const char *name)
{
    return name_of(name)->length;
}

static const struct hash128 *name_hash(const char *name)
{
    return &name_of(name)->hash;
}

void tree_names_free(struct tree_names *names)
{
    free(names->slots);
    arena_free(&names->arena);
    *names = (struct tree_names){0};
}

/* Where the name is, or would be. */
static uint32_t find_slot(const struct tree_names *names, struct hash128 hash, const char *name,
                          size_t length)
{
    uint32_t slot = (uint32_t)hash.low & (names->room - 1);
    for (; names->slots[slot]; slot = (slot + 1) & (names->room - 1)) {
        const struct tree_name *known = names->slots[slot];
        if (known->hash.low == hash.low && known->length == length &&
            memcmp(known->text, name, length) == 0)
            break;
    }
    return slot;
}

static void grow_names(struct tree_names *names)
{
    struct tree_names larger = {.room = names->room ? 2 * names->room : 256};
    larger.slots = mem_zero(larger.room, sizeof *larger.slots);
    for (uint32_t i = 0; i < names->room; i++) {
        struct tree_name *name = names->slots[i];
        if (name)
            larger.slots[find_slot(&larger, name->hash, name->text, name->length)] = name;
    }
    free(names->slots);
    names->slots = larger.slots;
    names->room = larger.room;
}

const char *tree_intern(struct tree_names *names, const char *name, size_t length)
{
    if (2 * names->count >= names->room)
        grow_names(names);
    struct hash128 hash = hash_128(name, length);
    uint32_t slot = find_slot(names, hash, name, length);
    if (!names->slots[slot]) {
        struct tree_name *added = arena_alloc(&names->arena, sizeof *added + length + 1);
        added->hash = hash;
        added->length = length;
        memcpy(added->text, name, length);
        names->slots[slot] = added;
        names->count++;
    }
    return names->slots[slot]->text;
}

const char *tree_interned(const struct tree_names *names, const char *name, size_t length)
{
    if (!names->room)
        return NULL;
    uint32_t slot = find_slot(names, hash_128(name, length), name, length);
    return names->slots[slot] ? names->slots[slot]->text : NULL;
}

/* --- building --- */

void tree_init(struct tree *tree, struct tree_names *names)
{
    *tree = (struct tree){.names = names, .bytes = BUFFER_INIT(BUFFER_NO_LIMIT)};
    tree->open = TREE_NONE;
    /* Never NULL, so that a place in it may be computed for nodes that have none. */
    tree->attribute_room = 64;
    tree->attributes = mem_resize(NULL, tree->attribute_room, sizeof *tree->attributes);
    tree_open(tree, TREE_DOCUMENT, NULL);
}

void tree_free(struct tree *tree)
{
    free(tree->nodes);
    free(tree->attributes);
    arena_free(&tree->arena);
    if (tree->bytes.data)
        buffer_free(&tree->bytes);
    *tree = (struct tree){0};
}

void tree_expect(struct tree *tree, size_t bytes)
{
    enum { BYTES_OF_NODE = 26, BYTES_OF_ATTRIBUTE = 36, MOST = 1 << 24 };
    size_t nodes = bytes / BYTES_OF_NODE, attributes = bytes / BYTES_OF_ATTRIBUTE;
    nodes = nodes < MOST ? nodes : MOST;
    attributes = attributes < MOST ? attributes : MOST;
    if (nodes > tree->room) {
        tree->room = (uint32_t)nodes;
        tree->nodes = mem_resize(tree->nodes, tree->room, sizeof *tree->nodes);
    }
    if (attributes > tree->attribute_room) {
        tree->attribute_room = (uint32_t)attributes;
        tree->attributes =
            mem_resize(tree->attributes, tree->attribute_room, sizeof *tree->attributes);
    }
}

static uint32_t add_node(struct tree *tree, enum tree_kind kind)
{
    if (tree->count == tree->room) {
        tree->room = tree->room ? tree->room + tree->room / 2 : 256;
        tree->nodes = mem_resize(tree->nodes, tree->room, sizeof *tree->nodes);
    }
    uint32_t node = tree->count++, parent = tree->open;
    tree->nodes[node] = (struct tree_node){
        .kind = (uint8_t)kind,
        .parent = parent,
        .first = TREE_NONE,
        .next = TREE_NONE,
        .size = TREE_NONE,
        .attributes_at = tree->attribute_count,
    };
    if (parent != TREE_NONE) {
        struct tree_node *above = &tree->nodes[parent];
        if (above->size == TREE_NONE)
            above->first = node;
        else
            tree->nodes[above->size].next = node;
        above->size = node;
    }
    return node;
}

uint32_t tree_open(struct tree *tree, enum tree_kind kind, const char *name)
{
    uint32_t node = add_node(tree, kind);
    tree->nodes[node].name = name;
    tree->open = node;
    return node;
}

void tree_close(struct tree *tree)
{
    if (tree->open)
        tree->open = tree->nodes[tree->open].parent;
}

uint32_t tree_leaf(struct tree *tree, enum tree_kind kind, struct tree_text value)
{
    uint32_t node = add_node(tree, kind);
    tree->nodes[node].value = value;
    return node;
}

struct tree_attribute *tree_add_attribute(struct tree *tree, const char *name,
                                          struct tree_text value)
{
    if (tree->attribute_count == tree->attribute_room) {
        uint32_t room = tree->attribute_room;
        tree->attribute_room = room ? room + room / 2 : 256;
        tree->attributes =
            mem_resize(tree->attributes, tree->attribute_room, sizeof *tree->attributes);
    }
    struct tree_attribute *attribute = &tree->attributes[tree->attribute_count++];
    *attribute = (struct tree_attribute){.name = name, .value = value};
    tree->nodes[tree->count - 1].attributes_count++;
    return attribute;
}

static int order_attributes(const void *one, const void *other)
{
    const struct tree_attribute *first = one, *second = other;
    int order = strcmp(first->name, second->name);
    /* Of equal names (markup that was lost) the value decides, so that the order is one. */
    if (order)
        return order;
    size_t length = first->value.length, more = second->value.length;
    order = length && more
                ? memcmp(first->value.at, second->value.at, length < more ? length : more)
                : 0;
    return order ? order : (length > more) - (length < more);
}

void tree_sort_attributes(struct tree *tree)
{
    enum { FEW = 16 };
    const struct tree_node *node = &tree->nodes[tree->count - 1];
    struct tree_attribute *attributes = tree->attributes + node->attributes_at;
    if (node->attributes_count > FEW) {
        qsort(attributes, node->attributes_count, sizeof *attributes, order_attributes);
        return;
    }
    for (uint32_t i = 1; i < node->attributes_count; i++) {
        struct tree_attribute attribute = attributes[i];
        uint32_t place = i;
        for (; place && order_attributes(&attribute, &attributes[place - 1]) < 0; place--)
            attributes[place] = attributes[place - 1];
        attributes[place] = attribute;
    }
}

void tree_finish(struct tree *tree)
{
    for (uint32_t i = 0; i < tree->count; i++)
        tree->nodes[i].size = 1;
    for (uint32_t i = tree->count; i-- > 1;)
        tree->nodes[tree->nodes[i].parent].size += tree->nodes[i].size;
    tree->open = 0;
}

void tree_of_lines(struct tree *tree, struct tree_names *names, const char *bytes, size_t length)
{
    tree_init(tree, names);
    while (length) {
        const char *newline = memchr(bytes, '\n', length);
        size_t line = newline ? (size_t)(newline - bytes) + 1 : length;
        tree_leaf(tree, TREE_LINE, (struct tree_text){bytes, line});
        bytes += line;
        length -= line;
    }
    tree_finish(tree);
}

/* --- reading --- */

struct tree_attribute *tree_find_attribute(const struct tree *tree, uint32_t node, const char *name)
{
    const struct tree_node *of = tree_at(tree, node);
    for (uint32_t i = 0; i < of->attributes_count; i++)
        if (tree->attributes[of->attributes_at + i].name == name)
            return &tree->attributes[of->attributes_at + i];
    return NULL;
}

struct tree_text tree_shown(const struct tree *tree, uint32_t node)
{
    const struct tree_node *of = tree_at(tree, node);
    return of->original ? *of->original : of->value;
}

struct tree_text tree_attribute_shown(const struct tree_attribute *attribute)
{
    return attribute->original ? *attribute->original : attribute->value;
}

void tree_add_text(struct buffer *out, const struct tree *tree, uint32_t node, size_t most)
{
    size_t start = out->length;
    for (uint32_t i = node; i < tree_end(tree, node); i++) {
        const struct tree_node *at = tree_at(tree, i);
        struct tree_text text = tree_shown(tree, i);
        if (at->kind == TREE_MEMBER)
            text = (struct tree_text){at->name, tree_name_length(at->name)};
        if (at->kind == TREE_COMMENT && i != node)
            continue;
        if (!text.length)
            continue;
        if (out->length > start && out->data[out->length - 1] != ' ' &&
            out->data[out->length - 1] != '\n')
            buffer_add_byte(out, ' ');
        size_t room = most - (out->length - start);
        if (out->length - start >= most)
            break;
        size_t take = text.length < room ? text.length : room;
        while (take < text.length && take && ((unsigned char)text.at[take] & 0xc0) == 0x80)
            take--;
        buffer_add(out, text.at, take);
        if (at->kind == TREE_MEMBER)
            buffer_add_byte(out, ':');
        if (take < text.length)
            break;
    }
}

/* --- marking --- */

static const struct tree_text *keep_original(struct tree *tree, struct tree_text value)
{
    struct tree_text *kept = arena_alloc(&tree->arena, sizeof *kept);
    *kept = value;
    return kept;
}

void tree_replace(struct tree *tree, uint32_t node, const void *value, size_t length)
{
    struct tree_node *of = &tree->nodes[node];
    if (!of->original)
        of->original = keep_original(tree, of->value);
    of->value = (struct tree_text){arena_copy_bytes(&tree->arena, value, length), length};
    of->marks |= TREE_REPLACED;
}

void tree_replace_attribute(struct tree *tree, struct tree_attribute *attribute, const void *value,
                            size_t length)
{
    if (!attribute->original)
        attribute->original = keep_original(tree, attribute->value);
    attribute->value = (struct tree_text){arena_copy_bytes(&tree->arena, value, length), length};
    attribute->marks |= TREE_REPLACED;
}

void tree_set_key(struct tree *tree, uint32_t array, const char *member)
{
    if (tree->nodes[array].kind != TREE_ARRAY)
        return;
    tree->nodes[array].name = tree_intern(tree->names, member, strlen(member));
    tree->nodes[array].marks |= TREE_UNORDERED;
}

/* --- comparing --- */

static const struct tree_text no_text = {NULL, 0};

/* What is compared of a node, but for its children, as numbers that no other node shares. */
struct words {
    uint64_t *at;
    size_t count, room;
};

static inline void add_word(struct words *words, uint64_t word)
{
    if (words->count == words->room) {
        words->room = words->room ? 2 * words->room : 1024;
        words->at = mem_resize(words->at, words->room, sizeof *words->at);
    }
    words->at[words->count++] = word;
}

static inline void add_hash(struct words *words, struct hash128 hash)
{
    add_word(words, hash.low);
    add_word(words, hash.high);
}

/* Short texts as they are, long ones as their hash; the length tells which. */
static inline void add_value(struct words *words, struct tree_text value)
{
    add_word(words, value.length);
    if (value.length > 16) {
        add_hash(words, hash_128(value.at, value.length));
        return;
    }
    uint64_t bytes[2] = {0, 0};
    if (value.length)
        memcpy(bytes, value.at, value.length);
    add_word(words, bytes[0]);
    if (value.length > 8)
        add_word(words, bytes[1]);
}

static bool compares_name(const struct tree_node *node)
{
    return node->name && node->kind != TREE_ARRAY; /* an array's is a rule */
}

static void add_attributes(struct words *words, const struct tree *tree,
                           const struct tree_node *node)
{
    const struct tree_attribute *attribute = tree->attributes + node->attributes_at;
    size_t count_at = words->count, count = 0;
    add_word(words, 0);
    for (uint32_t i = 0; i < node->attributes_count; i++, attribute++) {
        if (attribute->marks & TREE_IGNORED)
            continue;
        count++;
        add_hash(words, *name_hash(attribute->name));
        bool masked = attribute->marks & TREE_MASKED;
        add_word(words, 1 + masked);
        add_value(words, masked ? no_text : attribute->value);
    }
    words->at[count_at] = count;
}

static int order_hashes(const void *one, const void *other)
{
    const struct hash128 *first = one, *second = other;
    if (first->high != second->high)
        return first->high < second->high ? -1 : 1;
    return (first->low > second->low) - (first->low < second->low);
}

static void hash_node(struct words *words, struct tree *tree, struct tree_node *node)
{
    bool masked = node->marks & TREE_MASKED;
    words->count = 0;
    add_word(words, (uint64_t)node->kind << 8 | masked);
    if (compares_name(node))
        add_hash(words, *name_hash(node->name));
    if (!masked) {
        add_value(words, node->value);
        add_attributes(words, tree, node);
        size_t from = words->count;
        for (uint32_t child = node->first; child != TREE_NONE; child = tree->nodes[child].next)
            if (!(tree->nodes[child].marks & TREE_IGNORED))
                add_hash(words, tree->nodes[child].hash);
        if (node->marks & TREE_UNORDERED)
            qsort(words->at + from, (words->count - from) / 2, sizeof(struct hash128),
                  order_hashes);
    }
    node->hash = hash_128(words->at, words->count * sizeof *words->at);
}

void tree_hash(struct tree *tree)
{
    struct words words = {0};
    for (uint32_t i = tree->count; i-- > 0;)
        hash_node(&words, tree, &tree->nodes[i]);
    free(words.at);
}

/* --- the canonical spelling --- */

static void add_canonical_text(struct buffer *out, char tag, struct tree_text text)
{
    buffer_printf(out, "%c%zu:", tag, text.length);
    buffer_add(out, text.at, text.length);
}

static void add_canonical_head(struct buffer *out, const struct tree *tree,
                               const struct tree_node *node)
{
    bool masked = node->marks & TREE_MASKED;
    buffer_printf(out, "(%u%s", node->kind, masked ? "*" : "");
    if (compares_name(node))
        add_canonical_text(out, 'n', (struct tree_text){node->name, tree_name_length(node->name)});
    if (masked)
        return;
    add_canonical_text(out, 'v', node->value);
    const struct tree_attribute *attribute = tree->attributes + node->attributes_at;
    for (uint32_t i = 0; i < node->attributes_count; i++, attribute++) {
        if (attribute->marks & TREE_IGNORED)
            continue;
        add_canonical_text(out, 'a',
                           (struct tree_text){attribute->name, tree_name_length(attribute->name)});
        if (attribute->marks & TREE_MASKED)
            buffer_add_byte(out, '*');
        else
            add_canonical_text(out, '=', attribute->value);
    }
}

struct canonical_child {
    struct hash128 hash;
    uint32_t node;
};

/* Hashes first: order_hashes() sorts these, too. */
_Static_assert(offsetof(struct canonical_child, hash) == 0, "sorted by hash");

void tree_add_canonical(struct buffer *out, const struct tree *tree, uint32_t node)
{
    /* What is still to be written, the next on top; TREE_NONE closes a node. */
    struct canonical_child *todo = mem_zero(16, sizeof *todo);
    size_t count = 0, room = 16;
    todo[count++] = (struct canonical_child){.node = node};
    while (count) {
        uint32_t at = todo[--count].node;
        if (at == TREE_NONE) {
            buffer_add_byte(out, ')');
            continue;
        }
        const struct tree_node *of = tree_at(tree, at);
        if (of->marks & TREE_IGNORED && at != node)
            continue;
        add_canonical_head(out, tree, of);
        size_t from = count + 1, more = 1;
        if (!(of->marks & TREE_MASKED))
            for (uint32_t i = of->first; i != TREE_NONE; i = tree_next(tree, i))
                more++;
        if (count + more > room) {
            room = 2 * (count + more);
            todo = mem_resize(todo, room, sizeof *todo);
        }
        todo[count++] = (struct canonical_child){.node = TREE_NONE};
        if (of->marks & TREE_MASKED)
            continue;
        for (uint32_t i = of->first; i != TREE_NONE; i = tree_next(tree, i))
            todo[count++] = (struct canonical_child){tree_at(tree, i)->hash, i};
        if (of->marks & TREE_UNORDERED)
            qsort(todo + from, count - from, sizeof *todo, order_hashes);
        for (size_t low = from, high = count; low + 1 < high; low++) {
            struct canonical_child swap = todo[low];
            todo[low] = todo[--high];
            todo[high] = swap;
        }
    }
    free(todo);
}
