/*
 * What may stand at a place of an answer as a side's own value. Input: a node or attribute of one
 * side's tree. Output: is it a link, by which name may it be a token, of which kinds is an id
 * there.
 *
 *     a link      href, src, action, …; a text of XML or JSON that begins like one: hosts, ids by
 *                 the kind that path and query give them (check_own.c), tokens
 *     a token     the value of a field, <meta>, attribute or JSON member whose name says that it
 *                 is one: both sides must have one, and each must look like one
 *     an id       id, for, data-…-id, …: of the kind that the words before it name ("booking-12")
 *                 or, where they name none ("row-12"), the page's path; the value of an <input> or
 *                 <option> whose field is called id or …_id, of the kind that this name or the
 *                 form's place gives; a JSON member or XML element that is called so
 *     a name      the text of a link by the ids of its href; title and headings by the ids that
 *                 the request asked for; text of an element whose class or id says that it is an
 *                 id ("booking-id"). "Booking 12" and "#12" are names; "12 nights", "12 €" and
 *                 "-12" are none; from three digits on a word may follow
 *     all else    tokens and ids of 16 letters and digits or more that look random
 */
#include "check_parts.h"

#include <ctype.h>

#define NAME_MOST 200 /* bytes of a name that says what stands there */

struct looking {
    const struct own *own;
    struct arena *arena;
    const struct tree *tree;
    enum side side;
};

/* ---- names ---- */

static struct slice attribute_of(const struct tree *tree, uint32_t node, const char *name)
{
    const char *interned = tree_interned(tree->names, name, strlen(name));
    const struct tree_attribute *found =
        interned ? tree_find_attribute(tree, node, interned) : NULL;
    return found ? slice_text(tree_attribute_shown(found)) : (struct slice){0};
}

/* As a C string in the arena; "": none, or one that is no name. */
static const char *text_of(struct arena *arena, struct slice text)
{
    if (!text.length || text.length > NAME_MOST || memchr(text.at, '\0', text.length))
        return "";
    return arena_copy_bytes(arena, text.at, text.length);
}

static const char *attribute_text(const struct looking *at, uint32_t node, const char *name)
{
    return text_of(at->arena, attribute_of(at->tree, node, name));
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

uint32_t place_member(const struct tree *tree, uint32_t node)
{
    while (node && node != TREE_NONE && tree_at(tree, node)->kind != TREE_MEMBER)
        node = tree_at(tree, node)->parent;
    return node && node != TREE_NONE ? node : TREE_NONE;
}

const char *place_field(struct arena *arena, const struct tree *tree, uint32_t node)
{
    if (is_element(tree, node, "option")) {
        uint32_t select = element_around(tree, node, "select");
        return select == TREE_NONE ? "" : text_of(arena, attribute_of(tree, select, "name"));
    }
    return text_of(arena, attribute_of(tree, node, "name"));
}

/* ---- kinds ---- */

/* Path and query that the page was asked for by. */
static struct slice page_of(const struct looking *at)
{
    const struct buffer *target = &at->own->exchange->out[at->side].target;
    return (struct slice){target->data, target->length};
}

static void add_kinds(struct token_kinds *kinds, const struct token_kinds *more)
{
    for (size_t i = 0; i < more->count && kinds->count < TOKEN_KINDS; i++)
        memcpy(kinds->name[kinds->count++], more->name[i], sizeof kinds->name[0]);
}

/* Adds the kinds of a field's or member's value; none when its name is no id's. */
static void kinds_of_name(struct token_kinds *kinds, const char *name, const char *parent,
                          struct slice target)
{
    struct token_kinds more = {0};
    if (!*name || !token_name_is_id(name))
        return;
    const struct token_part part = {.place = parent ? PLACE_JSON : PLACE_FIELD,
                                    .name = name,
                                    .parent = parent && *parent ? parent : NULL};
    token_kinds_of(&more, &part, target);
    add_kinds(kinds, &more);
}

/* "booking-12-row" names bookings; "row-12" and "12" the page's path. */
static void kinds_of_id(struct token_kinds *kinds, const struct looking *at, struct slice value)
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
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)word[i]))
            from = i + 1;
    word[length] = '\0';
    bool named = length > from;
    for (size_t i = 0; named && i < sizeof nothing / sizeof *nothing; i++)
        named = strcasecmp(word + from, nothing[i]) != 0;
    memcpy(word + length, "_id", sizeof "_id");
    kinds_of_name(kinds, named ? word : "id", NULL, page_of(at));
}

/* Of an element: what its class, id or name says. */
static void kinds_of_element(struct token_kinds *kinds, const struct looking *at, uint32_t node)
{
    static const char *const naming[] = {"class", "id", "itemprop", "data-label", "headers"};
    const struct tree_node *of = tree_at(at->tree, node);
    if (of->kind != TREE_ELEMENT)
        return;
    if (at->tree->xml)
        kinds_of_name(kinds, text_of(at->arena, slice_of(of->name)), NULL, page_of(at));
    for (size_t i = 0; i < sizeof naming / sizeof *naming; i++) {
        const char *text = attribute_text(at, node, naming[i]);
        for (size_t length; *text; text += length + (text[length] != '\0')) {
            length = strcspn(text, " ");
            kinds_of_name(kinds, arena_copy_bytes(at->arena, text, length), NULL, page_of(at));
        }
    }
}

/* ---- attributes ---- */

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

bool place_is_link(const char *attribute)
{
    return is_one_of(attribute, link_names, sizeof link_names / sizeof *link_names);
}

static bool is_url(struct slice text)
{
    return text.length > 1 &&
           (text.at[0] == '/' || (text.length > 8 && (memcmp(text.at, "http://", 7) == 0 ||
                                                      memcmp(text.at, "https://", 8) == 0)));
}

static void look_at_field(struct own_place *place, const struct looking *at, uint32_t node)
{
    const char *name = place_field(at->arena, at->tree, node);
    uint32_t form = element_around(at->tree, node, "form");
    if (is_element(at->tree, node, "input"))
        place->token = name;
    kinds_of_name(&place->kinds, name, NULL, page_of(at));
    if (form != TREE_NONE)
        kinds_of_name(&place->kinds, name, NULL, attribute_of(at->tree, form, "action"));
}

static void look_at_attribute(struct own_place *place, const struct looking *at, uint32_t node,
                              const char *name, struct slice value)
{
    if (place_is_link(name)) {
        place->link = true;
    } else if (is_one_of(name, id_names, sizeof id_names / sizeof *id_names)) {
        kinds_of_id(&place->kinds, at, value);
    } else if (strcmp(name, "value") == 0) {
        look_at_field(place, at, node);
    } else if (strcmp(name, "content") == 0 && is_element(at->tree, node, "meta")) {
        const char *meta = attribute_text(at, node, "name");
        place->token = token_name_is_csrf(meta) ? meta : "";
        place->link = is_url(value);
    } else {
        place->token = text_of(at->arena, slice_of(name));
        kinds_of_name(&place->kinds, strncmp(name, "data-", 5) == 0 ? name + 5 : name, NULL,
                      page_of(at));
    }
}

/* ---- texts ---- */

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

static void look_at_markup(struct own_place *place, const struct looking *at, uint32_t node)
{
    const struct tree_node *of = tree_at(at->tree, node);
    if (of->kind != TREE_TEXT)
        return;
    place->link = is_url(slice_text(of->value));
    place->label = true;
    kinds_of_element(&place->kinds, at, of->parent);
    if (is_heading(at->tree, node))
        memcpy(place->pairs, own_page_pairs(at->own), at->own->count);
    uint32_t link = element_around(at->tree, node, "a");
    if (link == TREE_NONE)
        return;
    struct slice href[SIDES] = {{0}, {0}};
    href[at->side] = attribute_of(at->tree, link, "href");
    own_pairs_of_link(at->own, href, place->pairs);
}

static void look_at_json(struct own_place *place, const struct looking *at, uint32_t node)
{
    const struct tree_node *of = tree_at(at->tree, node);
    uint32_t member = place_member(at->tree, node);
    if (of->kind != TREE_STRING && of->kind != TREE_NUMBER)
        return;
    place->link = of->kind == TREE_STRING && is_url(slice_text(of->value));
    if (member == TREE_NONE)
        return;
    uint32_t outer = place_member(at->tree, tree_at(at->tree, member)->parent);
    const char *name = text_of(at->arena, slice_of(tree_at(at->tree, member)->name));
    const char *parent =
        outer == TREE_NONE ? "" : text_of(at->arena, slice_of(tree_at(at->tree, outer)->name));
    if (of->kind == TREE_STRING)
        place->token = name;
    kinds_of_name(&place->kinds, name, parent, page_of(at));
}

void place_look(struct own_place *place, const struct own *own, struct arena *arena,
                const struct tree *tree, enum side side, uint32_t node, const char *attribute,
                struct slice value)
{
    const struct looking at = {.own = own, .arena = arena, .tree = tree, .side = side};
    *place = (struct own_place){.token = ""};
    place->pairs = arena_alloc(arena, own->count + 1);
    const struct tree_node *of = tree_at(tree, node);
    if (attribute)
        look_at_attribute(place, &at, node, attribute, value);
    else if (of->kind == TREE_STRING || of->kind == TREE_NUMBER)
        look_at_json(place, &at, node);
    else
        look_at_markup(place, &at, node);
}
