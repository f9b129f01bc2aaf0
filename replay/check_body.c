/*
 * Bodies of two answers. Input: an exchange, rules, the values that are each side's own. Output:
 * findings. What differs is diff/compare.h's to say; here is judged which of its differences are
 * none, because each side says there what is its own (check_place.c: what may stand where).
 *
 * Rows of a page are often told apart by their ids, and where the sides' ids are others, so may be
 * the pairs that the differ finds. So where something is left, the answers are compared once more
 * with the target's ids written as the source's, at the same places and by the same pairs; each
 * difference is judged by what stood there. The comparison that leaves less counts: both are true.
 */
#include "check_parts.h"

#include "../diff/describe.h"
#include "../diff/group.h"
#include "mask.h"

#include <ctype.h>
#include <stdlib.h>

/* What stood in the target before it was written as the source would. */
struct rewritten {
    uint32_t node;
    const char *attribute; /* or NULL */
    struct tree_text value;
};

/* One comparison of the two. */
struct attempt {
    struct body *body;
    struct rule_use use;
    bool rewrite;
    struct comparison found;
    size_t count, room;
    struct rewritten *items; /* in the order of nodes */
    bool *own;               /* per difference */
    size_t left;             /* differences that are some */
};

struct body {
    struct check *check;
    struct own *own;
    struct arena arena;
};

static struct slice slice_buffer(const struct buffer *buffer)
{
    return (struct slice){buffer->data, buffer->length};
}

/* ---- the target's ids as the source's ---- */

static void remember(struct attempt *attempt, uint32_t node, const char *attribute,
                     struct tree_text value)
{
    if (attempt->count == attempt->room) {
        attempt->room = attempt->room ? 2 * attempt->room : 64;
        attempt->items = mem_resize(attempt->items, attempt->room, sizeof *attempt->items);
    }
    attempt->items[attempt->count++] = (struct rewritten){node, attribute, value};
}

/* False: there is nothing to rewrite. */
static bool rewrite(struct attempt *attempt, struct buffer *out, uint32_t node,
                    const char *attribute, struct tree_text value)
{
    struct body *body = attempt->body;
    struct own_place place;
    buffer_clear(out);
    if (!value.length || !own_may_hold(body->own, TARGET, slice_text(value)))
        return false;
    place_look(&place, body->own, &body->arena, &attempt->found.trees[TARGET], TARGET, node,
               attribute, slice_text(value));
    if (place.link)
        own_rewrite_link(body->own, slice_text(value), out);
    else
        own_rewrite(body->own, slice_text(value), &own_filter_of(&place), out);
    return !slice_same(slice_buffer(out), slice_text(value));
}

static bool is_text(const struct tree_node *node)
{
    return node->kind == TREE_TEXT || node->kind == TREE_STRING || node->kind == TREE_NUMBER ||
           node->kind == TREE_RAW;
}

static void rewrite_tree(struct attempt *attempt, struct tree *tree)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (uint32_t node = 0; node < tree->count; node++) {
        const struct tree_node *of = tree_at(tree, node);
        if (of->marks & (TREE_IGNORED | TREE_MASKED)) {
            node = tree_end(tree, node) - 1;
            continue;
        }
        for (uint32_t i = 0; i < of->attributes_count; i++) {
            struct tree_attribute *attribute = &tree->attributes[of->attributes_at + i];
            if (attribute->marks & (TREE_IGNORED | TREE_MASKED) ||
                !rewrite(attempt, &out, node, attribute->name, attribute->value))
                continue;
            remember(attempt, node, attribute->name, attribute->value);
            tree_replace_attribute(tree, attribute, out.data, out.length);
        }
        if (is_text(of) && rewrite(attempt, &out, node, NULL, of->value)) {
            remember(attempt, node, NULL, of->value);
            tree_replace(tree, node, out.data, out.length);
        }
    }
    buffer_free(&out);
}

/* The rules first: what they leave is what is compared. */
static bool apply(void *context, enum content_type type, struct tree *const trees[SIDES],
                  size_t *masked, struct err *err)
{
    struct attempt *attempt = context;
    struct compare_rules rules = rules_for_compare(&attempt->use);
    if (attempt->use.rules && !rules.apply(rules.context, type, trees, masked, err))
        return false;
    if (attempt->rewrite)
        rewrite_tree(attempt, trees[TARGET]);
    return true;
}

static int order_rewritten(const void *key, const void *item)
{
    uint32_t node = *(const uint32_t *)key, other = ((const struct rewritten *)item)->node;
    return (node > other) - (node < other);
}

static struct tree_text before_rewriting(const struct attempt *attempt, uint32_t node,
                                         const char *attribute, struct tree_text value)
{
    if (!attempt->count)
        return value;
    const struct rewritten *items = attempt->items, *end = items + attempt->count;
    const struct rewritten *at =
        bsearch(&node, items, attempt->count, sizeof *items, order_rewritten);
    while (at && at > items && at[-1].node == node)
        at--;
    for (; at && at < end && at->node == node; at++)
        if (at->attribute == attribute)
            return at->value;
    return value;
}

/* ---- one difference ---- */

/* A node in place of another sort of node is more than its text. */
static bool is_value_change(const struct attempt *attempt, const struct difference *difference)
{
    if (!attempt->found.has_trees || difference->kind != DIFF_CHANGED)
        return false;
    if (difference->attribute)
        return true;
    const struct tree_node *source =
        tree_at(&attempt->found.trees[SOURCE], difference->node[SOURCE]);
    const struct tree_node *target =
        tree_at(&attempt->found.trees[TARGET], difference->node[TARGET]);
    return source->kind == target->kind && source->name == target->name && source->size == 1 &&
           target->size == 1 && source->kind != TREE_LITERAL;
}

/* Is it none, because both say what is their own? */
static bool is_own(struct attempt *attempt, const struct difference *difference)
{
    struct body *body = attempt->body;
    struct own_place place[SIDES];
    struct slice value[SIDES];
    if (!is_value_change(attempt, difference))
        return false;
    for (int side = 0; side < SIDES; side++) {
        struct tree_text text = describe_value(&attempt->found, difference, (enum side)side);
        if (!text.at)
            return false;
        if (side == TARGET)
            text = before_rewriting(attempt, difference->node[side], difference->attribute, text);
        value[side] = slice_text(text);
        place_look(&place[side], body->own, &body->arena, &attempt->found.trees[side],
                   (enum side)side, difference->node[side], difference->attribute, value[side]);
    }
    if (slice_same(value[SOURCE], value[TARGET]))
        return true; /* rewritten, and need not have been */
    const char *token = place[SOURCE].token;
    if (*token && strcmp(token, place[TARGET].token) == 0 && own_is_token(token, value[SOURCE]) &&
        own_is_token(token, value[TARGET])) {
        own_learn(body->own, value[SOURCE], value[TARGET]);
        return true;
    }
    if (place[SOURCE].link && place[TARGET].link && own_same_link(body->own, value))
        return true;
    for (size_t i = 0; i < body->own->count; i++)
        place[SOURCE].pairs[i] = place[SOURCE].pairs[i] && place[TARGET].pairs[i];
    return own_same(body->own, value, &own_filter_of(&place[SOURCE]));
}

/* Does a name stand before the words that changed that says they are a secret? csrf: "8f3a…" */
static bool follows_secret_name(const struct attempt *attempt, const struct difference *difference,
                                enum side side)
{
    enum { MARKS = 8, NAME = 60 };
    const struct tree_node *of = tree_at(&attempt->found.trees[side], difference->node[side]);
    const char *span = difference->text[side].at, *start = of->value.at, *end = span;
    /* The span of a text lies in it, that of a subtree elsewhere. */
    if (difference->attribute || !span || !start ||
        (uintptr_t)span - (uintptr_t)start > of->value.length)
        return false;
    while (end > start && span - end < MARKS && !isalnum((unsigned char)end[-1]))
        end--;
    const char *from = end;
    while (from > start && end - from < NAME &&
           (isalnum((unsigned char)from[-1]) || from[-1] == '_' || from[-1] == '-'))
        from--;
    return from < end && end < span &&
           mask_is_secret((struct slice){(const unsigned char *)from, (size_t)(end - from)});
}

/* Names of fields and members that hold what nobody else should see. */
static bool is_secret(struct attempt *attempt, const struct difference *difference,
                      enum value_class class)
{
    if (class == CLASS_TOKEN || class == CLASS_SESSION_ID ||
        describe_is_secret(&attempt->found, difference))
        return true;
    for (int side = 0; side < SIDES && attempt->found.has_trees; side++) {
        const struct tree *tree = &attempt->found.trees[side];
        uint32_t node = difference->node[side];
        if (node == TREE_NONE)
            continue;
        if (follows_secret_name(attempt, difference, (enum side)side))
            return true;
        uint32_t member = place_member(tree, node);
        if (member != TREE_NONE && mask_is_secret(slice_of(tree_at(tree, member)->name)))
            return true;
        if (difference->attribute &&
            (mask_is_secret(slice_of(difference->attribute)) ||
             (strcmp(difference->attribute, "value") == 0 &&
              mask_is_secret(slice_of(place_field(&attempt->body->arena, tree, node))))))
            return true;
    }
    return false;
}

static void show(struct attempt *attempt, const struct difference *difference, bool secret,
                 const char *value[SIDES])
{
    struct arena *arena = &attempt->body->arena;
    bool link = difference->attribute && place_is_link(difference->attribute);
    for (int side = 0; side < SIDES; side++) {
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT), shown = BUFFER_INIT(BUFFER_NO_LIMIT);
        value[side] = NULL;
        if (describe_text(&attempt->found, difference, (enum side)side, CHECK_TEXT - 8, &text)) {
            if (secret)
                buffer_printf(&shown, "*** (%zu bytes)", text.length);
            else if (link)
                mask_target(&shown, slice_buffer(&text));
            else
                buffer_add(&shown, text.data, text.length);
            value[side] = arena_copy_bytes(arena, shown.data, shown.length);
        }
        buffer_free(&text);
        buffer_free(&shown);
    }
}

static void add_difference(struct attempt *attempt, const struct difference *difference)
{
    struct check *check = attempt->body->check;
    enum value_class class = describe_class(&attempt->found, difference);
    bool secret = is_secret(attempt, difference, class);
    struct found found = {.kind = FOUND_BODY,
                          .path = difference->path,
                          .change = diff_kind_name[difference->kind],
                          .value_class = value_class_name[class]};
    struct buffer shape = BUFFER_INIT(BUFFER_NO_LIMIT);
    group_shape(&shape, difference->shape);
    found.shape = (const char *)shape.data;
    if (difference->kind == DIFF_REORDERED)
        found.cause = "the same in another order";
    else if (difference->kind == DIFF_CHANGED && !secret)
        found.cause = check_cause(&check->findings->arena, difference->text, difference->whole);
    show(attempt, difference, secret, found.value);
    if (check->settings->learn && check->learnt++ < NOISE_LEARNT)
        found.noise = noise_place_of(&check->findings->arena, &attempt->found, difference, secret);
    check_add(check, &found);
    buffer_free(&shape);
}

/* ---- attempts ---- */

/* Tokens first: what both pages give as one may stand in their scripts, too. */
static void judge(struct attempt *attempt)
{
    const struct comparison *found = &attempt->found;
    const struct own *own = attempt->body->own;
    size_t known;
    attempt->own = mem_zero(found->count + 1, sizeof *attempt->own);
    do {
        known = own->count;
        for (size_t i = 0; i < found->count; i++)
            if (!attempt->own[i])
                attempt->own[i] = is_own(attempt, &found->differences[i]);
    } while (own->count > known);
    attempt->left =
        found->total - found->count; /* those were not described, and cannot be judged */
    for (size_t i = 0; i < found->count; i++)
        attempt->left += !attempt->own[i];
}

static bool compare(struct attempt *attempt, struct body *body, bool again, struct err *err)
{
    const struct check *check = body->check;
    const struct compare_rules rules = {.apply = apply, .context = attempt};
    struct answer answers[SIDES];
    for (int side = 0; side < SIDES; side++) {
        const struct buffer *bytes = &check->exchange->in[side].body;
        answers[side] =
            (struct answer){bytes->data, bytes->length, check->context.content_type[side]};
    }
    *attempt = (struct attempt){
        .body = body, .use = {check->settings->rules, check->context}, .rewrite = again};
    attempt->use.context.uncounted = again;
    if (!compare_answers(answers, CONTENT_AUTO, &rules, &attempt->found, err))
        return false;
    judge(attempt);
    return true;
}

static void attempt_free(struct attempt *attempt)
{
    comparison_free(&attempt->found);
    free(attempt->items);
    free(attempt->own);
}

static void report(struct attempt *attempt)
{
    struct findings *findings = attempt->body->check->findings;
    const struct comparison *found = &attempt->found;
    findings->masked += found->masked;
    if (found->fallback[0])
        findings->fallback = arena_copy(&findings->arena, found->fallback);
    for (size_t i = 0; i < found->count; i++)
        if (!attempt->own[i])
            add_difference(attempt, &found->differences[i]);
    findings->total += found->total - found->count;
}

static bool has_body(const struct exchange *exchange)
{
    const struct incoming *in = exchange->in;
    return strcasecmp(exchange->logged.method, "HEAD") != 0 &&
           (in[SOURCE].body.length || in[TARGET].body.length);
}

/* A rule may leave out the whole. */
static bool is_ignored(const struct check *check)
{
    const struct buffer *bytes = &check->exchange->in[SOURCE].body;
    enum content_type type =
        content_type(check->context.content_type[SOURCE], bytes->data, bytes->length);
    return rules_ignore_answers(check->settings->rules, &check->context, type);
}

bool check_body(struct check *check, struct err *err)
{
    struct body body = {.check = check, .own = &check->own, .arena = ARENA_INIT};
    struct attempt attempt[2] = {{0}, {0}};
    if (!has_body(check->exchange))
        return true;
    if (is_ignored(check)) {
        check->findings->masked++;
        return true;
    }
    bool good = compare(&attempt[0], &body, false, err);
    bool again = good && attempt[0].left && attempt[0].found.has_trees && own_has_any(body.own);
    if (again)
        good = compare(&attempt[1], &body, true, err);
    if (good)
        report(again && attempt[1].left < attempt[0].left ? &attempt[1] : &attempt[0]);
    attempt_free(&attempt[0]);
    attempt_free(&attempt[1]);
    arena_free(&body.arena);
    return good;
}
