/* What reports say of a difference (describe.h). */
#include "describe.h"

#include "rule.h"

#include <strings.h>

static bool is_there(const struct comparison *found, const struct difference *difference,
                     enum side side)
{
    return found->has_trees && difference->node[side] != TREE_NONE;
}

/* A leaf whose value changed. */
static bool is_leaf_change(const struct comparison *found, const struct difference *difference)
{
    if (!found->has_trees || difference->kind != DIFF_CHANGED || difference->attribute)
        return false;
    const struct tree_node *source = tree_at(&found->trees[SOURCE], difference->node[SOURCE]);
    const struct tree_node *target = tree_at(&found->trees[TARGET], difference->node[TARGET]);
    return source->kind == target->kind && source->name == target->name && source->size == 1 &&
           target->size == 1;
}

struct tree_text describe_value(const struct comparison *found, const struct difference *difference,
                                enum side side)
{
    struct tree_text value = difference->text[side];
    if (is_leaf_change(found, difference)) {
        value = tree_at(&found->trees[side], difference->node[side])->value;
    } else if (difference->attribute && is_there(found, difference, side)) {
        const struct tree_attribute *attribute =
            tree_find_attribute(&found->trees[side], difference->node[side], difference->attribute);
        value = attribute ? attribute->value : (struct tree_text){0};
        if (!attribute)
            return value;
    } else {
        return value;
    }
    return (struct tree_text){value.at ? value.at : "", value.length};
}

/* ---- names ---- */

/* The element or member that the difference stands on or in. */
static uint32_t holder(const struct comparison *found, const struct difference *difference,
                       enum side *side)
{
    *side = is_there(found, difference, TARGET) ? TARGET : SOURCE;
    if (!is_there(found, difference, *side))
        return TREE_NONE;
    const struct tree *tree = &found->trees[*side];
    uint32_t node = difference->node[*side];
    while (node && tree_at(tree, node)->kind != TREE_ELEMENT &&
           tree_at(tree, node)->kind != TREE_MEMBER)
        node = tree_at(tree, node)->parent;
    return node;
}

/* The path and what else names the holder: name, id, class, type. */
static void add_names(struct buffer *out, const struct comparison *found,
                      const struct difference *difference)
{
    static const char *const naming[] = {"class", "id", "itemprop", "name", "property"};
    enum side side;
    uint32_t node = holder(found, difference, &side);
    buffer_add_text(out, difference->path);
    if (node == TREE_NONE)
        return;
    const struct tree_attribute *attribute = tree_attributes(&found->trees[side], node);
    for (uint32_t i = 0; i < tree_at(&found->trees[side], node)->attributes_count; i++)
        for (size_t k = 0; k < sizeof naming / sizeof *naming; k++)
            if (strcmp(attribute[i].name, naming[k]) == 0) {
                struct tree_text text = tree_attribute_shown(&attribute[i]);
                buffer_add_byte(out, ' ');
                buffer_add(out, text.at, text.length);
            }
}

enum value_class describe_class(const struct comparison *found, const struct difference *difference)
{
    struct buffer names = BUFFER_INIT(1 << 16);
    struct tree_text value[SIDES];
    for (int side = 0; side < SIDES; side++) {
        value[side] = describe_value(found, difference, (enum side)side);
        /* What a person would call the value is what stood there; masks are no part of it. */
        if (value[side].at && difference->whole[side].at)
            value[side] = difference->whole[side];
    }
    add_names(&names, found, difference);
    enum value_class class =
        value_class_of(difference->kind, (const char *)names.data, value[SOURCE].at,
                       value[SOURCE].length, value[TARGET].at, value[TARGET].length);
    buffer_free(&names);
    return class;
}

static bool speaks_of_secrets(const char *name)
{
    static const char *const words[] = {"passw", "pwd", "secret"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(name, words[i]))
            return true;
    return false;
}

static bool is_password_field(const struct tree *tree, uint32_t node)
{
    const struct tree_attribute *attribute = tree_attributes(tree, node);
    for (uint32_t i = 0; i < tree_at(tree, node)->attributes_count; i++) {
        struct tree_text text = tree_attribute_shown(&attribute[i]);
        char value[100];
        if (text.length >= sizeof value ||
            (strcmp(attribute[i].name, "type") != 0 && strcmp(attribute[i].name, "name") != 0))
            continue;
        memcpy(value, text.at ? text.at : "", text.length);
        value[text.length] = '\0';
        if (speaks_of_secrets(value))
            return true;
    }
    return false;
}

bool describe_is_secret(const struct comparison *found, const struct difference *difference)
{
    for (int side = 0; side < SIDES; side++) {
        if (!is_there(found, difference, (enum side)side))
            continue;
        const struct tree *tree = &found->trees[side];
        uint32_t node = difference->node[side];
        /* Anything in an object under such a key is, and so is what holds such a field. */
        for (uint32_t at = node; at; at = tree_at(tree, at)->parent)
            if (tree_at(tree, at)->kind == TREE_MEMBER &&
                speaks_of_secrets(tree_at(tree, at)->name))
                return true;
        if (difference->attribute && strcmp(difference->attribute, "value") != 0)
            continue;
        for (uint32_t at = node; at < tree_end(tree, node); at++) {
            const struct tree_node *of = tree_at(tree, at);
            if ((of->kind == TREE_MEMBER && speaks_of_secrets(of->name)) ||
                (at == node && of->kind == TREE_ELEMENT && strcmp(of->name, "input") == 0 &&
                 is_password_field(tree, at)))
                return true;
            if (difference->attribute)
                break;
        }
    }
    return false;
}

bool describe_text(const struct comparison *found, const struct difference *difference,
                   enum side side, size_t most, struct buffer *out)
{
    struct tree_text text = difference->text[side];
    if (difference->attribute)
        text = describe_value(found, difference, side);
    if (!text.at)
        return false;
    if (describe_is_secret(found, difference)) {
        buffer_add_text(out, "***");
        return true;
    }
    struct buffer shown = BUFFER_INIT(BUFFER_NO_LIMIT);
    rules_show(&shown, text.at, text.length);
    size_t length = shown.length < most ? shown.length : most;
    while (length < shown.length && length && (shown.data[length] & 0xC0) == 0x80)
        length--;
    buffer_add(out, shown.data, length);
    if (length < shown.length)
        buffer_add_text(out, "…");
    buffer_free(&shown);
    return true;
}
