/*
 * Bodies of two answers. Input: an exchange, rules, the values that are each side's own. Output:
 * findings. What differs is diff/compare.h's to say; here is judged which of its differences are
 * none, because each side says there what is its own:
 *
 *     a link (href, src, action, …, a JSON text or XML element that is one)
 *                     own_same_link(): hosts, ids by their kind, tokens
 *     a token         the value of a field, <meta>, attribute or JSON member whose name says that
 * it is one: both sides must have one, each that looks like one an id           id, for, data-…-id,
 * …: of the kind that the words before it name ("booking-12") or, where they name none ("row-12"),
 * the page's path; the value of an <input> or <option> whose field is called id or …_id, of the
 * kind that this name or the form's place gives; a JSON member or XML element called so a name the
 * text of a link by the ids of its href; title and headings by the ids that the request asked for;
 * text of an element whose class or id says that it is an id ("booking-id"), by that. "Booking 12",
 * "#12", not "12 nights", "12 €" anything        tokens and ids of 16 letters and digits or more
 * that look random
 *
 * An id counts for another only as the pair that the replay has proven, so 12 for 13 makes
 * /bookings/12 and /bookings/13 equal, and neither a price nor a room.
 */
#include "check_parts.h"

#include "../diff/describe.h"
#include "../diff/group.h"
#include "mask.h"

#include <ctype.h>
#include <stdlib.h>

#define NAME_MOST 200 /* bytes of a name that says what stands there */

struct body {
    struct check *check;
    struct own *own;
    struct comparison found;
    struct arena arena;
};

static const struct tree *tree_of(const struct body *body, enum side side)
{
    return &body->found.trees[side];
}

/* ---- names and places ---- */

static struct slice attribute_of(const struct body *body, enum side side, uint32_t node,
                                 const char *name)
{
    const struct tree *tree = tree_of(body, side);
    const char *interned = tree_interned(tree->names, name, strlen(name));
    const struct tree_attribute *found =
        interned ? tree_find_attribute(tree, node, interned) : NULL;
    return found ? slice_text(tree_attribute_shown(found)) : (struct slice){0};
}

/* As a C string in the arena; "": none, or one that is no name. */
static const char *text_of(struct body *body, struct slice text)
{
    if (!text.length || text.length > NAME_MOST || memchr(text.at, '\0', text.length))
        return "";
    return arena_copy_bytes(&body->arena, text.at, text.length);
}

static const char *attribute_text(struct body *body, enum side side, uint32_t node,
                                  const char *name)
{
    return text_of(body, attribute_of(body, side, node, name));
}

static bool is_element(const struct tree *tree, uint32_t node, const char *name)
{
    const struct tree_node *of = tree_at(tree, node);
    return of->kind == TREE_ELEMENT && strcmp(of->name, name) == 0;
}

/* The nearest element of that name around a node; TREE_NONE: there is none. */
static uint32_t element_around(const struct tree *tree, uint32_t node, const char *name)
{
    for (uint32_t at = node; at && at != TREE_NONE; at = tree_at(tree, at)->parent)
        if (is_element(tree, at, name))
            return at;
    return TREE_NONE;
}

/* Path and query that the page was asked for by. */
static struct slice page_of(const struct body *body)
{
    const struct buffer *target = &body->check->exchange->out[SOURCE].target;
    return (struct slice){target->data, target->length};
}

static void add_kinds(struct token_kinds *kinds, const struct token_kinds *more)
{
    for (size_t i = 0; i < more->count && kinds->count < TOKEN_KINDS; i++)
        memcpy(kinds->name[kinds->count++], more->name[i], sizeof kinds->name[0]);
}

/* Kinds of a field's value, or none when its name is no id's. */
static void kinds_of_name(struct token_kinds *kinds, const char *name, const char *parent,
                          struct slice target)
{
    kinds->count = 0;
    if (!*name || !token_name_is_id(name))
        return;
    const struct token_part part = {.place = parent ? PLACE_JSON : PLACE_FIELD,
                                    .name = name,
                                    .parent = parent && *parent ? parent : NULL};
    token_kinds_of(kinds, &part, target);
}

/* "booking-12-row" names bookings; "row-12" and "12" the page's path. */
static void kinds_of_id(struct token_kinds *kinds, struct body *body, struct slice value)
{
    static const char *const nothing[] = {"row",  "item",   "tr",   "li",   "entry", "node",
                                          "id",   "record", "line", "card", "el",    "data",
                                          "edit", "delete", "show", "form", "link",  "list"};
    char word[NAME_MOST];
    size_t length = 0, from = 0;
    while (length < value.length && length + 4 < sizeof word && !isdigit(value.at[length])) {
        word[length] = (char)value.at[length];
        length++;
    }
    while (length && !isalpha((unsigned char)word[length - 1]))
        length--;
    word[length] = '\0';
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)word[i]))
            from = i + 1;
    bool named = length > from;
    for (size_t i = 0; named && i < sizeof nothing / sizeof *nothing; i++)
        named = strcasecmp(word + from, nothing[i]) != 0;
    memcpy(word + length, "_id", sizeof "_id");
    kinds_of_name(kinds, named ? word : "id", NULL, page_of(body));
}

static bool is_url(struct slice text)
{
    return text.length > 1 &&
           (text.at[0] == '/' || (text.length > 8 && (memcmp(text.at, "http://", 7) == 0 ||
                                                      memcmp(text.at, "https://", 8) == 0)));
}

/* ---- HTML and XML: attributes ---- */

static const char *const link_names[] = {
    "action",   "background", "cite",       "data",      "data-action", "data-href",
    "data-src", "data-url",   "formaction", "href",      "hx-delete",   "hx-get",
    "hx-patch", "hx-post",    "hx-put",     "longdesc",  "manifest",    "ping",
    "poster",   "src",        "srcset",     "xlink:href"};
static const char *const id_names[] = {"aria-activedescendant",
                                       "aria-controls",
                                       "aria-describedby",
                                       "aria-details",
                                       "aria-labelledby",
                                       "aria-owns",
                                       "data-bs-target",
                                       "data-target",
                                       "for",
                                       "form",
                                       "headers",
                                       "id",
                                       "list",
                                       "name"};

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

/* The name of the field whose value the element gives. */
static const char *field_of(struct body *body, enum side side, uint32_t node)
{
    const struct tree *tree = tree_of(body, side);
    if (is_element(tree, node, "option")) {
        uint32_t select = element_around(tree, node, "select");
        return select == TREE_NONE ? "" : attribute_text(body, side, select, "name");
    }
    return attribute_text(body, side, node, "name");
}

/* Both are tokens by their name, and look like it. */
static bool both_tokens(struct body *body, const char *name, const struct slice value[SIDES])
{
    if (!own_is_token(name, value[SOURCE]) || !own_is_token(name, value[TARGET]))
        return false;
    own_learn(body->own, value[SOURCE], value[TARGET]);
    return true;
}

static bool same_field(struct body *body, const uint32_t node[SIDES],
                       const struct slice value[SIDES])
{
    const char *name = field_of(body, SOURCE, node[SOURCE]);
    struct token_kinds kinds, more;
    uint32_t form = element_around(tree_of(body, SOURCE), node[SOURCE], "form");
    if (strcmp(name, field_of(body, TARGET, node[TARGET])) != 0)
        return false;
    if (is_element(tree_of(body, SOURCE), node[SOURCE], "input") && both_tokens(body, name, value))
        return true;
    kinds_of_name(&kinds, name, NULL, page_of(body));
    if (form != TREE_NONE) {
        kinds_of_name(&more, name, NULL, attribute_of(body, SOURCE, form, "action"));
        add_kinds(&kinds, &more);
    }
    return own_same(body->own, value, &(struct own_filter){.kinds = &kinds});
}

static bool same_attribute(struct body *body, const struct difference *difference,
                           const struct slice value[SIDES])
{
    const char *name = difference->attribute;
    const struct tree *tree = tree_of(body, SOURCE);
    uint32_t node = difference->node[SOURCE];
    struct token_kinds kinds;
    if (is_one_of(name, link_names, sizeof link_names / sizeof *link_names))
        return own_same_link(body->own, value);
    if (is_one_of(name, id_names, sizeof id_names / sizeof *id_names)) {
        kinds_of_id(&kinds, body, value[SOURCE]);
        return own_same(body->own, value, &(struct own_filter){.kinds = &kinds});
    }
    if (strcmp(name, "value") == 0)
        return same_field(body, difference->node, value);
    if (strcmp(name, "content") == 0 && is_element(tree, node, "meta")) {
        const char *meta = attribute_text(body, SOURCE, node, "name");
        return (token_name_is_csrf(meta) && both_tokens(body, meta, value)) ||
               (is_url(value[SOURCE]) && own_same_link(body->own, value)) ||
               own_same(body->own, value, NULL);
    }
    if (both_tokens(body, name, value))
        return true;
    kinds_of_name(&kinds, strncmp(name, "data-", 5) == 0 ? name + 5 : name, NULL, page_of(body));
    return own_same(body->own, value, &(struct own_filter){.kinds = &kinds});
}

/* ---- HTML and XML: texts ---- */

static bool is_heading(const struct tree *tree, uint32_t node)
{
    static const char *const names[] = {"title", "h1", "h2",      "h3",    "h4",
                                        "h5",    "h6", "caption", "legend"};
    for (uint32_t at = node; at && at != TREE_NONE; at = tree_at(tree, at)->parent)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (is_element(tree, at, names[i]))
                return true;
    return false;
}

/* Of the element itself: what its class, id or name says. */
static void kinds_of_element(struct token_kinds *kinds, struct body *body, uint32_t node)
{
    static const char *const naming[] = {"class", "id", "itemprop", "data-label", "headers"};
    struct token_kinds more;
    const struct tree *tree = tree_of(body, SOURCE);
    const struct tree_node *of = tree_at(tree, node);
    kinds->count = 0;
    if (of->kind != TREE_ELEMENT)
        return;
    if (tree->xml)
        kinds_of_name(kinds, text_of(body, slice_of(of->name)), NULL, page_of(body));
    for (size_t i = 0; i < sizeof naming / sizeof *naming; i++) {
        const char *text = attribute_text(body, SOURCE, node, naming[i]);
        for (size_t length; *text; text += length + (text[length] != '\0')) {
            length = strcspn(text, " ");
            kinds_of_name(&more, arena_copy_bytes(&body->arena, text, length), NULL, page_of(body));
            add_kinds(kinds, &more);
        }
    }
}

static bool same_markup_text(struct body *body, const struct difference *difference,
                             const struct slice value[SIDES])
{
    const uint32_t *node = difference->node;
    const struct tree *tree = tree_of(body, SOURCE);
    struct token_kinds kinds;
    uint32_t link[SIDES];
    if (is_url(value[SOURCE]) && own_same_link(body->own, value))
        return true;
    if (tree_at(tree, node[SOURCE])->kind != TREE_TEXT)
        return own_same(body->own, value, NULL);
    bool *pairs = arena_alloc(&body->arena, body->own->count + 1);
    kinds_of_element(&kinds, body, tree_at(tree, node[SOURCE])->parent);
    if (is_heading(tree, node[SOURCE]))
        memcpy(pairs, own_page_pairs(body->own), body->own->count);
    for (int side = 0; side < SIDES; side++)
        link[side] = element_around(tree_of(body, (enum side)side), node[side], "a");
    if (link[SOURCE] != TREE_NONE && link[TARGET] != TREE_NONE) {
        const struct slice href[SIDES] = {attribute_of(body, SOURCE, link[SOURCE], "href"),
                                          attribute_of(body, TARGET, link[TARGET], "href")};
        if (own_same_link(body->own, href))
            own_pairs_of_link(body->own, href, pairs);
    }
    return own_same(body->own, value,
                    &(struct own_filter){.kinds = &kinds, .pairs = pairs, .label = true});
}

/* ---- JSON ---- */

/* The member that a value belongs to, through lists; TREE_NONE: none. */
static uint32_t member_around(const struct tree *tree, uint32_t node)
{
    while (node && node != TREE_NONE && tree_at(tree, node)->kind != TREE_MEMBER)
        node = tree_at(tree, node)->parent;
    return node && node != TREE_NONE ? node : TREE_NONE;
}

static bool same_json(struct body *body, const struct difference *difference,
                      const struct slice value[SIDES])
{
    const struct tree *tree = tree_of(body, SOURCE);
    const struct tree_node *of = tree_at(tree, difference->node[SOURCE]);
    uint32_t member = member_around(tree, difference->node[SOURCE]);
    struct token_kinds kinds = {0};
    if (of->kind == TREE_LITERAL)
        return false;
    if (member != TREE_NONE) {
        uint32_t outer = member_around(tree, tree_at(tree, member)->parent);
        const char *name = text_of(body, slice_of(tree_at(tree, member)->name));
        const char *parent =
            outer == TREE_NONE ? "" : text_of(body, slice_of(tree_at(tree, outer)->name));
        if (of->kind == TREE_STRING && both_tokens(body, name, value))
            return true;
        kinds_of_name(&kinds, name, parent, page_of(body));
    }
    if (of->kind == TREE_STRING && is_url(value[SOURCE]))
        return own_same_link(body->own, value);
    return own_same(body->own, value, &(struct own_filter){.kinds = &kinds});
}

/* ---- one difference ---- */

/* Is it none, because both say what is their own? */
static bool is_own(struct body *body, const struct difference *difference)
{
    struct slice value[SIDES];
    if (!body->found.has_trees || difference->kind != DIFF_CHANGED)
        return false;
    for (int side = 0; side < SIDES; side++) {
        struct tree_text text = describe_value(&body->found, difference, (enum side)side);
        if (!text.at || difference->node[side] == TREE_NONE)
            return false;
        value[side] = slice_text(text);
    }
    if (difference->attribute)
        return same_attribute(body, difference, value);
    const struct tree_node *source = tree_at(tree_of(body, SOURCE), difference->node[SOURCE]);
    const struct tree_node *target = tree_at(tree_of(body, TARGET), difference->node[TARGET]);
    /* A node in place of another sort of node is more than its text. */
    if (source->kind != target->kind || source->name != target->name || source->size != 1 ||
        target->size != 1)
        return false;
    switch (body->found.type) {
    case CONTENT_HTML:
    case CONTENT_XML:
        return same_markup_text(body, difference, value);
    case CONTENT_JSON:
        return same_json(body, difference, value);
    default:
        return own_same(body->own, value, NULL);
    }
}

/* Names of fields and members that hold what nobody else should see. */
static bool is_secret(struct body *body, const struct difference *difference,
                      enum value_class class)
{
    if (class == CLASS_TOKEN || class == CLASS_SESSION_ID ||
        describe_is_secret(&body->found, difference))
        return true;
    if (!body->found.has_trees)
        return false;
    for (int side = 0; side < SIDES; side++) {
        const struct tree *tree = tree_of(body, (enum side)side);
        uint32_t node = difference->node[side];
        if (node == TREE_NONE)
            continue;
        uint32_t member = member_around(tree, node);
        if (member != TREE_NONE && mask_is_secret(slice_of(tree_at(tree, member)->name)))
            return true;
        if (difference->attribute &&
            (mask_is_secret(slice_of(difference->attribute)) ||
             (strcmp(difference->attribute, "value") == 0 &&
              mask_is_secret(slice_of(field_of(body, (enum side)side, node))))))
            return true;
    }
    return false;
}

static void show(struct body *body, const struct difference *difference, bool secret,
                 const char *value[SIDES])
{
    bool link = difference->attribute && is_one_of(difference->attribute, link_names,
                                                   sizeof link_names / sizeof *link_names);
    for (int side = 0; side < SIDES; side++) {
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT), shown = BUFFER_INIT(BUFFER_NO_LIMIT);
        value[side] = NULL;
        if (describe_text(&body->found, difference, (enum side)side, CHECK_TEXT - 8, &text)) {
            if (secret)
                buffer_printf(&shown, "*** (%zu bytes)", text.length);
            else if (link)
                mask_target(&shown, (struct slice){text.data, text.length});
            else
                buffer_add(&shown, text.data, text.length);
            value[side] = arena_copy_bytes(&body->arena, shown.data, shown.length);
        }
        buffer_free(&text);
        buffer_free(&shown);
    }
}

static void add_difference(struct body *body, const struct difference *difference)
{
    struct check *check = body->check;
    struct arena *arena = &check->findings->arena;
    enum value_class class = describe_class(&body->found, difference);
    bool secret = is_secret(body, difference, class);
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
        found.cause = check_cause(arena, difference->text, difference->whole);
    show(body, difference, secret, found.value);
    check_add(check, &found);
    buffer_free(&shape);
}

/* Tokens first: what both pages give as one may stand in their scripts, too. */
static void judge(struct body *body)
{
    struct comparison *found = &body->found;
    bool *own = mem_zero(found->count + 1, sizeof *own);
    size_t known;
    do {
        known = body->own->count;
        for (size_t i = 0; i < found->count; i++)
            if (!own[i])
                own[i] = is_own(body, &found->differences[i]);
    } while (body->own->count > known);
    for (size_t i = 0; i < found->count; i++)
        if (!own[i])
            add_difference(body, &found->differences[i]);
    /* Those that were not described cannot be judged. */
    body->check->findings->total += found->total - found->count;
    free(own);
}

/* ---- the answers ---- */

static bool has_body(const struct exchange *exchange)
{
    const struct incoming *in = exchange->in;
    return strcasecmp(exchange->logged.method, "HEAD") != 0 &&
           (in[SOURCE].body.length || in[TARGET].body.length);
}

bool check_body(struct check *check, struct err *err)
{
    const struct exchange *exchange = check->exchange;
    struct body body = {.check = check, .own = &check->own, .arena = ARENA_INIT};
    struct answer answers[SIDES];
    if (!has_body(exchange))
        return true;
    for (int side = 0; side < SIDES; side++) {
        const struct buffer *bytes = &exchange->in[side].body;
        answers[side] =
            (struct answer){bytes->data, bytes->length, check->context.content_type[side]};
    }
    enum content_type type =
        content_type(answers[SOURCE].type, answers[SOURCE].bytes, answers[SOURCE].length);
    if (rules_ignore_answers(check->settings->rules, &check->context, type)) {
        check->findings->masked++;
        return true;
    }
    struct rule_use use = {check->settings->rules, check->context};
    struct compare_rules rules = rules_for_compare(&use);
    bool good = compare_answers(answers, CONTENT_AUTO, check->settings->rules ? &rules : NULL,
                                &body.found, err);
    if (good) {
        check->findings->masked += body.found.masked;
        if (body.found.fallback[0])
            check->findings->fallback = arena_copy(&check->findings->arena, body.found.fallback);
        judge(&body);
    }
    comparison_free(&body.found);
    arena_free(&body.arena);
    return good;
}
