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
    enum pair_known_kind kind;
};

/* One comparison of the two. */
struct attempt {
    struct body *body;
    struct rule_use use;
    bool rewrite;
    struct comparison found;
    size_t count, room;
    struct rewritten *items; /* in the order of nodes */
    unsigned char *own;      /* per difference: 1 + enum pair_known_kind when it is none; else 0 */
    size_t left;             /* differences that are some */
};

struct body {
    struct check *check;
    struct own *own;
    struct arena arena;
};

/* ---- the target's ids as the source's ---- */

static void remember(struct attempt *attempt, uint32_t node, const char *attribute,
                     struct tree_text value)
{
    enum pair_known_kind kind = PAIR_KNOWN_ID;
    (void)own_used(attempt->body->own, &kind);
    if (attempt->count == attempt->room) {
        attempt->room = attempt->room ? 2 * attempt->room : 64;
        attempt->items = mem_resize(attempt->items, attempt->room, sizeof *attempt->items);
    }
    attempt->items[attempt->count++] = (struct rewritten){node, attribute, value, kind};
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
    enum pair_known_kind kind;
    place_look(&place, body->own, &body->arena, &attempt->found.trees[TARGET], TARGET, node,
               attribute, slice_text(value));
    (void)own_used(body->own, &kind); /* what others used */
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

/* NULL: nothing was rewritten there. */
static const struct rewritten *find_rewritten(const struct attempt *attempt, uint32_t node,
                                              const char *attribute)
{
    if (!attempt->count)
        return NULL;
    const struct rewritten *items = attempt->items, *end = items + attempt->count;
    const struct rewritten *at =
        bsearch(&node, items, attempt->count, sizeof *items, order_rewritten);
    while (at && at > items && at[-1].node == node)
        at--;
    for (; at && at < end && at->node == node; at++)
        if (at->attribute == attribute)
            return at;
    return NULL;
}

static struct tree_text before_rewriting(const struct attempt *attempt, uint32_t node,
                                         const char *attribute, struct tree_text value)
{
    const struct rewritten *found = find_rewritten(attempt, node, attribute);
    return found ? found->value : value;
}

/* What was not rewritten as an id, a rule replaced. */
static enum pair_known_kind rewritten_kind(const struct attempt *attempt, uint32_t node,
                                           const char *attribute)
{
    const struct rewritten *found = find_rewritten(attempt, node, attribute);
    return found ? found->kind : PAIR_KNOWN_RULE;
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

/* Is it none, because both say what is their own? *kind: as what. */
static bool is_own(struct attempt *attempt, const struct difference *difference,
                   enum pair_known_kind *kind)
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
        *kind = PAIR_KNOWN_TOKEN;
        return true;
    }
    (void)own_used(body->own, kind); /* what others used */
    *kind = PAIR_KNOWN_ID;
    if (place[SOURCE].link && place[TARGET].link && own_same_link(body->own, value)) {
        (void)own_used(body->own, kind);
        return true;
    }
    for (size_t i = 0; i < body->own->count; i++)
        place[SOURCE].pairs[i] = place[SOURCE].pairs[i] && place[TARGET].pairs[i];
    (void)own_used(body->own, kind);
    *kind = PAIR_KNOWN_ID;
    bool same = own_same(body->own, value, &own_filter_of(&place[SOURCE]));
    (void)own_used(body->own, kind);
    return same;
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
            if (secret) {
                struct tree_text whole =
                    difference->node[side] == TREE_NONE
                        ? difference->text[side]
                        : describe_value(&attempt->found, difference, (enum side)side);
                check_mark(attempt->body->check, (enum side)side, slice_text(whole), &shown);
                buffer_printf(&shown, " (%zu bytes)", whole.length);
            } else if (link) {
                check_link(attempt->body->check, (enum side)side, slice_buffer(&text), &shown);
            } else {
                buffer_add(&shown, text.data, text.length);
            }
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
    for (int side = 0; side < SIDES && check->settings->learn; side++)
        secret = secret || check_is_secret(check, (enum side)side,
                                           slice_text(describe_value(&attempt->found, difference,
                                                                     (enum side)side)));
    if (check->settings->learn && check->learnt++ < NOISE_LEARNT)
        found.noise = noise_place_of(&check->findings->arena, &attempt->found, difference, secret);
    check_add(check, &found);
    buffer_free(&shape);
}

/* ---- attempts ---- */

static unsigned char judge_one(struct attempt *attempt, const struct difference *difference)
{
    enum pair_known_kind kind = PAIR_KNOWN_ID;
    return is_own(attempt, difference, &kind) ? (unsigned char)(1 + kind) : 0;
}

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
                attempt->own[i] = judge_one(attempt, &found->differences[i]);
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

/* ---- what is to be known of it later ---- */

static void know(struct attempt *attempt, const struct pair_known *known, size_t *room)
{
    struct findings *findings = attempt->body->check->findings;
    struct pair_judgement *judgement = &findings->judgement;
    if (judgement->known_count == PAIR_KNOWN_MOST) {
        judgement->known_cut = true;
        return;
    }
    if (judgement->known_count == *room) {
        *room = *room ? 2 * *room : 16;
        struct pair_known *more = arena_alloc(&findings->arena, *room * sizeof *more);
        if (judgement->known_count)
            memcpy(more, judgement->known, judgement->known_count * sizeof *more);
        judgement->known = more;
    }
    struct pair_known *one = &judgement->known[judgement->known_count++];
    *one = *known;
    one->attribute =
        known->attribute ? arena_copy(&findings->arena, known->attribute) : known->attribute;
}

/* What stands at a place of a tree as it was compared; `at` NULL: nothing. */
static struct tree_text value_at(const struct tree *tree, uint32_t node, const char *attribute)
{
    if (!attribute)
        return tree_at(tree, node)->value;
    const struct tree_attribute *found = tree_find_attribute(tree, node, attribute);
    return found ? found->value : (struct tree_text){0};
}

/* The source's node that says what the target's place does now, after rules and rewriting;
 * TREE_NONE: none does in its place. Inside of equal subtrees only their tops have partners. */
static uint32_t partner_of(const struct comparison *found, uint32_t place, const char *attribute)
{
    const struct tree *source = &found->trees[SOURCE], *target = &found->trees[TARGET];
    const uint32_t *partner = found->diff.partner[TARGET];
    uint32_t top = place;
    while (top && partner && partner[top] == TREE_NONE)
        top = tree_at(target, top)->parent;
    uint32_t node = (partner && top ? partner[top] : 0) + (place - top);
    if (node >= source->count || tree_at(source, node)->kind != tree_at(target, place)->kind ||
        tree_at(source, node)->name != tree_at(target, place)->name)
        return TREE_NONE;
    struct tree_text value[SIDES] = {value_at(source, node, attribute),
                                     value_at(target, place, attribute)};
    return value[SOURCE].at && slice_same(slice_text(value[SOURCE]), slice_text(value[TARGET]))
               ? node
               : TREE_NONE;
}

/* A place of the target that was given another value than it has, by a rule or as an id: known,
 * where it is what the source has there now, and was not before. */
static void know_replaced(struct attempt *attempt, uint32_t node, const char *attribute,
                          size_t *room)
{
    const struct comparison *found = &attempt->found;
    struct tree_text was[SIDES];
    uint32_t partner = partner_of(found, node, attribute);
    if (partner == TREE_NONE)
        return;
    const struct pair_known known = {
        rewritten_kind(attempt, node, attribute), {partner, node}, attribute};
    for (int side = 0; side < SIDES; side++) {
        const struct tree *tree = &found->trees[side];
        was[side] =
            attribute ? tree_attribute_shown(tree_find_attribute(tree, known.node[side], attribute))
                      : tree_shown(tree, known.node[side]);
    }
    if (!slice_same(slice_text(was[SOURCE]), slice_text(was[TARGET])))
        know(attempt, &known, room);
}

static void know_all_replaced(struct attempt *attempt, size_t *room)
{
    const struct tree *tree = &attempt->found.trees[TARGET];
    for (uint32_t node = 0; node < tree->count; node++) {
        const struct tree_node *of = tree_at(tree, node);
        if (of->marks & (TREE_IGNORED | TREE_MASKED)) {
            node = tree_end(tree, node) - 1;
            continue;
        }
        for (uint32_t i = 0; i < of->attributes_count; i++) {
            const struct tree_attribute *attribute = &tree_attributes(tree, node)[i];
            if (attribute->original && !(attribute->marks & (TREE_IGNORED | TREE_MASKED)))
                know_replaced(attempt, node, attribute->name, room);
        }
        if (of->original && of->size == 1)
            know_replaced(attempt, node, NULL, room);
    }
}

static int order_known(const void *one, const void *other)
{
    uint32_t a = ((const struct pair_known *)one)->node[TARGET],
             b = ((const struct pair_known *)other)->node[TARGET];
    return (a > b) - (a < b);
}

/* The places that both bodies fill with their own, so that who compares them again finds the same
 * differences. Equal answers are not kept, and nobody will. */
static void know_places(struct attempt *attempt)
{
    struct pair_judgement *judgement = &attempt->body->check->findings->judgement;
    const struct comparison *found = &attempt->found;
    size_t room = 0;
    judgement->type = found->type;
    if (!found->has_trees || (!attempt->body->check->findings->total && !*attempt->body->own->anew))
        return;
    for (int side = 0; side < SIDES; side++)
        judgement->nodes[side] = found->trees[side].count;
    for (size_t i = 0; i < found->count; i++) {
        const struct difference *one = &found->differences[i];
        if (attempt->own[i])
            know(attempt,
                 &(struct pair_known){(enum pair_known_kind)(attempt->own[i] - 1),
                                      {one->node[SOURCE], one->node[TARGET]},
                                      one->attribute},
                 &room);
    }
    know_all_replaced(attempt, &room);
    if (judgement->known_count)
        qsort(judgement->known, judgement->known_count, sizeof *judgement->known, order_known);
}

static void report(struct attempt *attempt)
{
    struct findings *findings = attempt->body->check->findings;
    const struct comparison *found = &attempt->found;
    size_t before = findings->total;
    findings->masked += found->masked;
    if (found->fallback[0])
        findings->fallback = arena_copy(&findings->arena, found->fallback);
    for (size_t i = 0; i < found->count; i++)
        if (!attempt->own[i])
            add_difference(attempt, &found->differences[i]);
    findings->total += found->total - found->count;
    findings->judgement.differences = findings->total - before;
    know_places(attempt);
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
