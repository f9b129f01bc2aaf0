/*
 * The place of a difference as a rule names it. Input: the trees of two answers and a difference.
 * Output: the steps of a selector, or why there is none. A selector is tried on both trees before
 * it is believed: it must find the place, and where only one answer has a thing, nothing in the
 * other.
 */
#include "noise_parts.h"

#include "../diff/describe.h"
#include "../diff/text_diff.h"

#include <ctype.h>
#include <stdlib.h>

#define ALIKE_MOST 500 /* siblings that are looked at */

static struct noise_place *new_place(struct arena *arena, enum noise_action action,
                                     enum noise_language language)
{
    struct noise_place *place = arena_alloc(arena, sizeof *place);
    place->action = action;
    place->language = language;
    return place;
}

const struct noise_place *noise_place_nowhere(struct arena *arena, const char *why)
{
    struct noise_place *place = new_place(arena, NOISE_NOTHING, NOISE_CSS);
    place->why = why;
    return place;
}

/* ---- steps ---- */

static struct slice attribute_of(const struct tree *tree, uint32_t node, const char *name)
{
    const char *interned = tree_interned(tree->names, name, strlen(name));
    const struct tree_attribute *found =
        interned ? tree_find_attribute(tree, node, interned) : NULL;
    struct tree_text text = found ? tree_attribute_shown(found) : (struct tree_text){"", 0};
    return (struct slice){(const unsigned char *)(text.at ? text.at : ""), text.length};
}

/* A name that stays from answer to answer, and needs no escapes: letters, at most one digit. */
static bool is_lasting(struct slice name)
{
    size_t digits = 0;
    if (!name.length || name.length > 60 || !isalpha(name.at[0]))
        return false;
    for (size_t i = 0; i < name.length; i++) {
        digits += isdigit(name.at[i]) != 0;
        if (!isalnum(name.at[i]) && name.at[i] != '-' && name.at[i] != '_')
            return false;
    }
    return digits < 2;
}

static bool has_class(struct slice classes, struct slice wanted)
{
    for (size_t at = 0; at + wanted.length <= classes.length; at++)
        if ((!at || isspace(classes.at[at - 1])) &&
            (at + wanted.length == classes.length || isspace(classes.at[at + wanted.length])) &&
            memcmp(classes.at + at, wanted.at, wanted.length) == 0)
            return true;
    return false;
}

/* How many siblings have its name (and class, when it has bytes), itself left out. */
static size_t alike(const struct tree *tree, uint32_t node, struct slice class)
{
    const struct tree_node *of = tree_at(tree, node);
    size_t count = 0, looked_at = 0;
    for (uint32_t i = tree_first(tree, of->parent); i != TREE_NONE; i = tree_next(tree, i)) {
        const struct tree_node *other = tree_at(tree, i);
        if (i == node || other->kind != TREE_ELEMENT || other->name != of->name)
            continue;
        if (++looked_at > ALIKE_MOST)
            return ALIKE_MOST;
        count += !class.length || has_class(attribute_of(tree, i, "class"), class);
    }
    return count;
}

/* Its number among the elements of its parent; of XML among those of its name. */
static uint32_t number_of(const struct tree *tree, uint32_t node)
{
    uint32_t number = 1;
    const struct tree_node *of = tree_at(tree, node);
    for (uint32_t i = tree_first(tree, of->parent); i != node; i = tree_next(tree, i)) {
        const struct tree_node *other = tree_at(tree, i);
        bool counts = tree_at(tree, of->parent)->kind == TREE_ARRAY ||
                      (other->kind == TREE_ELEMENT && (!tree->xml || other->name == of->name));
        number += counts;
    }
    return number;
}

/* "#id" where no other element has it, else ".class" that no sibling of its name has, else "". */
static const char *mark_of(struct arena *arena, const struct tree *tree, uint32_t node)
{
    struct slice id = attribute_of(tree, node, "id"), classes = attribute_of(tree, node, "class");
    if (is_lasting(id))
        return arena_format(arena, "#%.*s", (int)id.length, (const char *)id.at);
    for (size_t at = 0; at < classes.length;) {
        size_t end = at;
        while (end < classes.length && !isspace(classes.at[end]))
            end++;
        struct slice class = {classes.at + at, end - at};
        if (is_lasting(class) && !alike(tree, node, class))
            return arena_format(arena, ".%.*s", (int)class.length, (const char *)class.at);
        at = end + 1;
    }
    return "";
}

static bool is_plain_tag(const char *name)
{
    for (const char *at = name; *at; at++)
        if (!isalnum((unsigned char)*at) && *at != '-' && *at != '_')
            return false;
    return isalpha((unsigned char)*name) != 0;
}

/* False: it cannot be said in a selector. */
static bool step_of(struct noise_step *step, struct arena *arena, const struct tree *tree,
                    uint32_t node)
{
    const struct tree_node *of = tree_at(tree, node);
    *step = (struct noise_step){.mark = ""};
    if (of->kind == TREE_MEMBER) {
        step->name = arena_copy(arena, of->name);
        for (const char *at = step->name; *at; at++)
            if ((unsigned char)*at < ' ' || *at == '\'' || *at == '"' || *at == '\\')
                return false;
        return strlen(step->name) == tree_name_length(of->name) && strlen(step->name) <= 100;
    }
    if (of->kind != TREE_ELEMENT) { /* of an array */
        step->number = number_of(tree, node);
        return true;
    }
    if (!is_plain_tag(of->name))
        return false;
    step->name = arena_copy(arena, of->name);
    if (!tree->xml)
        step->mark = mark_of(arena, tree, node);
    if (!*step->mark && alike(tree, node, (struct slice){0}))
        step->number = number_of(tree, node);
    return true;
}

static bool is_json(const struct tree *tree)
{
    return tree->count > 1 && tree_at(tree, 1)->kind >= TREE_OBJECT;
}

/* Steps to a node, outermost first; SIZE_MAX: it cannot be said. */
static size_t steps_of(struct noise_step steps[NOISE_STEPS], struct arena *arena,
                       const struct tree *tree, uint32_t node)
{
    struct noise_step turned[NOISE_STEPS];
    size_t count = 0;
    for (uint32_t at = node; at && at != TREE_NONE; at = tree_at(tree, at)->parent) {
        const struct tree_node *of = tree_at(tree, at), *parent = tree_at(tree, of->parent);
        bool counts = of->kind == TREE_ELEMENT || of->kind == TREE_MEMBER ||
                      (is_json(tree) && parent->kind == TREE_ARRAY);
        if (!counts)
            continue;
        if (count == NOISE_STEPS || !step_of(&turned[count], arena, tree, at))
            return SIZE_MAX;
        count++;
        if (turned[count - 1].mark[0] == '#')
            break;
    }
    for (size_t i = 0; i < count; i++)
        steps[i] = turned[count - 1 - i];
    return count;
}

/* ---- selectors ---- */

static bool is_plain_member(const char *name)
{
    for (const char *at = name; *at; at++)
        if (!isalnum((unsigned char)*at) && *at != '_')
            return false;
    return *name && !isdigit((unsigned char)*name);
}

void noise_add_selector(struct buffer *out, enum noise_language language,
                        const struct noise_step *steps, const uint32_t *numbers, size_t count)
{
    if (language == NOISE_JSON)
        buffer_add_byte(out, '$');
    for (size_t i = 0; i < count; i++) {
        uint32_t number = numbers ? numbers[i] : steps[i].number;
        if (language == NOISE_JSON) {
            if (!steps[i].name && number)
                buffer_printf(out, "[%u]", number - 1);
            else if (!steps[i].name)
                buffer_add_text(out, "[*]");
            else
                buffer_printf(out, is_plain_member(steps[i].name) ? ".%s" : "['%s']",
                              steps[i].name);
            continue;
        }
        buffer_add_text(out, language == NOISE_XPATH ? "/" : i ? " > " : "");
        buffer_printf(out, "%s%s", steps[i].name, steps[i].mark);
        if (number)
            buffer_printf(out, language == NOISE_XPATH ? "[%u]" : ":nth-child(%u)", number);
    }
}

/* How many nodes of the tree the steps find; *holds: is this one among them? */
static size_t find(const struct tree *tree, const struct noise_place *place, uint32_t node,
                   bool *holds)
{
    static const enum selector_language languages[] = {
        [NOISE_CSS] = SELECTOR_CSS, [NOISE_JSON] = SELECTOR_JSON, [NOISE_XPATH] = SELECTOR_XPATH};
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct selector *selector = NULL;
    struct err err;
    size_t offset, count = SIZE_MAX;
    *holds = false;
    noise_add_selector(&text, place->language, place->steps, NULL, place->count);
    if (selector_parse(languages[place->language], (const char *)text.data, &selector, &offset,
                       &err)) {
        uint32_t *nodes;
        count = selector_find(selector, tree, &nodes);
        for (size_t i = 0; i < count; i++)
            *holds = *holds || nodes[i] == node;
        free(nodes);
        selector_free(selector);
    }
    buffer_free(&text);
    return count;
}

/* ---- what differs ---- */

/* The element, or the JSON value, that a rule about the node names. */
static uint32_t subject_of(const struct tree *tree, uint32_t node)
{
    const struct tree_node *of = tree_at(tree, node);
    if (of->kind == TREE_MEMBER)
        return tree_first(tree, node);
    if (is_json(tree) || of->kind == TREE_ELEMENT)
        return node;
    return of->parent;
}

static bool is_leaf(const struct tree *tree, uint32_t node)
{
    for (uint32_t i = tree_first(tree, node); i != TREE_NONE; i = tree_next(tree, i))
        if (tree_at(tree, i)->kind == TREE_ELEMENT)
            return false;
    return true;
}

static struct slice copy(struct arena *arena, struct slice text)
{
    return (struct slice){(const unsigned char *)arena_copy_bytes(arena, text.at, text.length),
                          text.length};
}

static size_t blanks_before(struct slice text, size_t from, size_t low)
{
    size_t count = 0;
    while (from - count > low && text.at[from - count - 1] == ' ')
        count++;
    return count;
}

/* A number that is put to the right: as it grows, blanks before it go. */
static void take_alignment(struct text_change *change, const struct slice text[SIDES],
                           const size_t low[SIDES])
{
    size_t source = blanks_before(text[SOURCE], change->source, low[SOURCE]);
    size_t target = blanks_before(text[TARGET], change->target, low[TARGET]);
    if (source < 2 || target < 2 || change->source >= text[SOURCE].length ||
        !isdigit(text[SOURCE].at[change->source]))
        return;
    change->source -= source;
    change->target -= target;
}

/* [from, to) of each side; [low, high) of the source is what may stand around it. */
static void take_span(struct noise_place *place, struct arena *arena,
                      const struct slice text[SIDES], const struct text_change *change, size_t low,
                      size_t high)
{
    enum { AROUND = 2 * NOISE_CONTEXT };
    struct slice source = text[SOURCE];
    struct noise_span *span = &place->spans[place->span_count++];
    const size_t from[SIDES] = {change->source, change->target};
    const size_t to[SIDES] = {change->source_end, change->target_end};
    size_t before = from[SOURCE] - low < AROUND ? from[SOURCE] - low : AROUND;
    size_t after = high - to[SOURCE] < AROUND ? high - to[SOURCE] : AROUND;
    span->before = copy(arena, (struct slice){source.at + from[SOURCE] - before, before});
    span->after = copy(arena, (struct slice){source.at + to[SOURCE], after});
    span->at_start = before == from[SOURCE];
    span->at_end = to[SOURCE] + after == source.length;
    for (int side = 0; side < SIDES; side++) {
        size_t length = to[side] - from[side];
        if (length > COMPARE_TEXT)
            length = COMPARE_TEXT; /* no pattern has as many runs */
        span->text[side] = copy(arena, (struct slice){text[side].at + from[side], length});
    }
}

/* Changes with too little between them to tell them apart are one. */
static void join_near(struct text_changes *changes)
{
    enum { NEAR = 4 }; /* bytes */
    size_t kept = 0;
    for (size_t i = 1; i < changes->count; i++) {
        struct text_change *last = &changes->items[kept], *next = &changes->items[i];
        if (next->source - last->source_end < NEAR) {
            last->source_end = next->source_end;
            last->target_end = next->target_end;
        } else {
            changes->items[++kept] = *next;
        }
    }
    if (changes->count)
        changes->count = kept + 1;
}

/* The words that differ, and what stands around them. apart: each for itself, else from the first
 * to the last. */
static void take_apart(struct noise_place *place, struct arena *arena,
                       const struct slice text[SIDES], bool apart)
{
    struct text_changes changes = {0};
    text_diff_words(&changes, (const char *)text[SOURCE].at, text[SOURCE].length,
                    (const char *)text[TARGET].at, text[TARGET].length);
    for (size_t i = 0; apart && i < changes.count; i++) {
        const struct text_change *last = i ? &changes.items[i - 1] : NULL;
        const size_t low[SIDES] = {last ? last->source_end : 0, last ? last->target_end : 0};
        take_alignment(&changes.items[i], text, low);
    }
    join_near(&changes);
    place->spans = arena_alloc(arena, NOISE_SPANS * sizeof *place->spans);
    if (!apart || !changes.count || changes.count > NOISE_SPANS) {
        struct text_change all = {0, text[SOURCE].length, 0, text[TARGET].length};
        if (changes.count) {
            const struct text_change *last = &changes.items[changes.count - 1];
            all = (struct text_change){changes.items[0].source, last->source_end,
                                       changes.items[0].target, last->target_end};
        }
        take_span(place, arena, text, &all, 0, text[SOURCE].length);
    } else {
        for (size_t i = 0; i < changes.count; i++)
            take_span(place, arena, text, &changes.items[i],
                      i ? changes.items[i - 1].source_end : 0,
                      i + 1 < changes.count ? changes.items[i + 1].source : text[SOURCE].length);
    }
    text_changes_free(&changes);
}

static bool is_blank(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!isspace(text.at[i]))
            return false;
    return true;
}

/* Steps that hold on both sides: what is told by unlike numbers there is told by none. */
static const char *common_steps(struct noise_place *place, struct arena *arena,
                                const struct tree *const trees[SIDES], const uint32_t node[SIDES])
{
    struct noise_step *steps[SIDES];
    size_t count[SIDES];
    bool exact = true;
    for (int side = 0; side < SIDES; side++) {
        steps[side] = arena_alloc(arena, NOISE_STEPS * sizeof *steps[side]);
        count[side] = steps_of(steps[side], arena, trees[side], node[side]);
        if (count[side] == SIZE_MAX || (!count[side] && place->language != NOISE_JSON))
            return "no selector names its place";
    }
    if (count[SOURCE] != count[TARGET])
        return "its place is another in each answer";
    place->steps = steps[SOURCE];
    place->count = count[SOURCE];
    for (size_t i = 0; i < place->count; i++) {
        struct noise_step *step = &steps[SOURCE][i], *other = &steps[TARGET][i];
        if (!step->name != !other->name || (step->name && strcmp(step->name, other->name) != 0))
            return "its place is another in each answer";
        if (strcmp(step->mark, other->mark) != 0 || step->number != other->number) {
            exact = exact && !*step->mark && !*other->mark;
            step->mark = strcmp(step->mark, other->mark) == 0 ? step->mark : "";
            step->number = 0;
        }
    }
    for (int side = 0; side < SIDES; side++) {
        bool holds;
        size_t found = find(trees[side], place, node[side], &holds);
        if (!holds || !exact ||
            (found > 1 && place->language == NOISE_CSS && place->steps[0].mark[0] != '#' &&
             strcmp(place->steps[0].name, "html") != 0))
            return "no selector names its place alone";
    }
    return NULL;
}

static enum noise_language language_of(const struct comparison *found)
{
    return found->type == CONTENT_JSON  ? NOISE_JSON
           : found->type == CONTENT_XML ? NOISE_XPATH
                                        : NOISE_CSS;
}

/* What only one answer has: told by its id, class or name, where these find nothing else. */
static const struct noise_place *place_of_lone(struct arena *arena, const struct comparison *found,
                                               const struct difference *difference)
{
    enum side side = difference->node[SOURCE] != TREE_NONE ? SOURCE : TARGET;
    const struct tree *own = &found->trees[side], *other = &found->trees[1 - side];
    const struct tree_node *of = tree_at(own, difference->node[side]);
    struct noise_place *place = new_place(arena, NOISE_IGNORE, language_of(found));
    uint32_t node =
        of->kind == TREE_MEMBER ? tree_first(own, difference->node[side]) : difference->node[side];
    bool holds;
    if (of->kind != TREE_ELEMENT && of->kind != TREE_MEMBER)
        return noise_place_nowhere(arena, "only one answer has it");
    place->steps = arena_alloc(arena, NOISE_STEPS * sizeof *place->steps);
    place->count = steps_of(place->steps, arena, own, node);
    if (place->count == SIZE_MAX || !place->count)
        return noise_place_nowhere(arena, "no selector names its place");
    const struct noise_step *last = &place->steps[place->count - 1];
    if (last->number || find(own, place, node, &holds) != 1 || !holds ||
        find(other, place, TREE_NONE, &holds) != 0)
        return noise_place_nowhere(arena, "only one answer has it, and no id or class tells it");
    return place;
}

/* Lines of a text, and comments outside of everything. */
static const struct noise_place *place_of_line(struct arena *arena, const struct comparison *found,
                                               const struct difference *difference, bool secret)
{
    struct slice text[SIDES];
    struct noise_place *place =
        new_place(arena, NOISE_MASK, found->type == CONTENT_TEXT ? NOISE_LINES : NOISE_COMMENTS);
    for (int side = 0; side < SIDES; side++) {
        struct tree_text value = describe_value(found, difference, (enum side)side);
        if (!value.at)
            return noise_place_nowhere(arena, "only one answer has it");
        text[side] = (struct slice){(const unsigned char *)value.at, value.length};
    }
    place->secret = secret;
    take_apart(place, arena, text, !secret);
    return place;
}

static const struct noise_place *place_of_value(struct arena *arena, const struct comparison *found,
                                                const struct difference *difference, bool secret)
{
    const struct tree *const trees[SIDES] = {&found->trees[SOURCE], &found->trees[TARGET]};
    struct noise_place *place = new_place(arena, NOISE_MASK, language_of(found));
    uint32_t node[SIDES];
    struct slice text[SIDES];
    bool both = true, same_kind = true;
    for (int side = 0; side < SIDES; side++) {
        struct tree_text value = describe_value(found, difference, (enum side)side);
        node[side] = subject_of(trees[side], difference->node[side]);
        text[side] =
            (struct slice){(const unsigned char *)(value.at ? value.at : ""), value.length};
        both = both && value.at && !is_blank(text[side]);
        same_kind = same_kind && tree_at(trees[side], difference->node[side])->kind ==
                                     tree_at(trees[SOURCE], difference->node[SOURCE])->kind;
        /* All of a script is more than what differs in it. */
        place->leaf = is_leaf(trees[side], node[side]) && (!side || place->leaf) &&
                      tree_at(trees[side], difference->node[side])->kind != TREE_RAW;
    }
    const char *why = common_steps(place, arena, trees, node);
    if (why)
        return noise_place_nowhere(arena, why);
    place->name = difference->attribute ? arena_copy(arena, difference->attribute) : NULL;
    place->whole = difference->attribute || place->language == NOISE_JSON;
    place->secret = secret;
    if (!same_kind || !both || tree_at(trees[SOURCE], difference->node[SOURCE])->size > 1) {
        /* A value that is sometimes nothing, or of another type. */
        if (!place->whole || !place->count)
            return noise_place_nowhere(arena, "one answer has something else there");
        place->action = NOISE_IGNORE;
        return place;
    }
    take_apart(place, arena, text, !secret && !place->leaf && !place->whole);
    return place;
}

static const struct noise_place *place_of_order(struct arena *arena, const struct comparison *found,
                                                uint32_t source, uint32_t target)
{
    const struct tree *const trees[SIDES] = {&found->trees[SOURCE], &found->trees[TARGET]};
    struct noise_place *place = new_place(arena, NOISE_ORDER, language_of(found));
    const uint32_t node[SIDES] = {source, target};
    if (found->type == CONTENT_TEXT)
        return noise_place_nowhere(arena, "the order of lines");
    const char *why = common_steps(place, arena, trees, node);
    return why ? noise_place_nowhere(arena, why) : place;
}

const struct noise_place *noise_place_of(struct arena *arena, const struct comparison *found,
                                         const struct difference *difference, bool secret)
{
    const struct tree *trees = found->trees;
    const uint32_t *node = difference->node;
    if (!found->has_trees)
        return noise_place_nowhere(arena, "they were compared as bytes");
    if (difference->kind == DIFF_REORDERED)
        return place_of_order(arena, found, node[SOURCE], node[TARGET]);
    if (difference->kind == DIFF_MOVED) {
        uint32_t parents[SIDES] = {tree_at(&trees[SOURCE], node[SOURCE])->parent,
                                   tree_at(&trees[TARGET], node[TARGET])->parent};
        if (found->diff.partner[SOURCE][parents[SOURCE]] != parents[TARGET])
            return noise_place_nowhere(arena, "it moved to another place");
        return place_of_order(arena, found, parents[SOURCE], parents[TARGET]);
    }
    if (difference->attribute)
        return place_of_value(arena, found, difference, secret);
    if (difference->kind != DIFF_CHANGED)
        return place_of_lone(arena, found, difference);
    enum tree_kind kind = tree_at(&trees[SOURCE], node[SOURCE])->kind;
    bool outside = tree_at(&trees[SOURCE], node[SOURCE])->parent == 0;
    if (kind == TREE_LINE || (kind == TREE_COMMENT && outside))
        return place_of_line(arena, found, difference, secret);
    if (kind == TREE_ELEMENT || kind == TREE_LOST || kind == TREE_DOCTYPE ||
        kind == TREE_INSTRUCTION || (outside && !is_json(&trees[SOURCE])))
        return noise_place_nowhere(arena, "one answer has something else there");
    return place_of_value(arena, found, difference, secret);
}

const struct noise_place *noise_place_of_header(struct arena *arena, const char *name,
                                                const struct slice text[SIDES],
                                                const bool there[SIDES], bool secret)
{
    bool both = there[SOURCE] && there[TARGET] && text[SOURCE].length && text[TARGET].length;
    struct noise_place *place = new_place(arena, both ? NOISE_MASK : NOISE_IGNORE, NOISE_HEADER);
    place->name = arena_copy(arena, name);
    place->whole = place->leaf = true;
    place->secret = secret;
    if (both)
        take_apart(place, arena, text, false);
    return place;
}
