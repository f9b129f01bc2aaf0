/*
 * What the answers of both sides give for later: hidden fields by form, meta tokens, cookies that
 * are sent back in a header, tokens and ids in JSON, ids in links, redirects. Input: an exchange
 * with both answers. Output: a reading, for token_merge.c to put into the lane's memory: all that
 * takes time is done here, on any thread. An answer that cannot be read as its type teaches
 * nothing; a side that failed neither. Knows nothing of what lanes remember.
 */
#include "token_parts.h"

#include "../diff/base/percent.h"
#include "../diff/charset.h"
#include "../diff/content.h"
#include "../diff/html.h"

#include <ctype.h>
#include <stdlib.h>

#define FORMS_MOST 200       /* of a page */
#define PAGE_MOST (8U << 20) /* bytes of an answer that is read */
#define TOKEN_LEAST 8        /* bytes of a token in JSON or meta */
#define CREATED_DEPTH 3      /* objects around the id of a created thing */
#define MADE_MOST 64         /* ids of one answer that may be new */

/* One side's answer that is being read. */
struct reading {
    const struct token_rules *rules;
    const struct exchange *exchange;
    struct token_reading *into;
    enum side side;
    uint64_t page;
    struct slice base; /* target that was sent */
    size_t fields, links;
    struct parsed *parsed;
};

/* The page that was parsed last: most answers of the target are the source's, byte by byte. */
struct parsed {
    const struct incoming *of; /* NULL: none yet */
    bool good;
    struct tree tree;
    struct tree_names names;
};

static void remember(struct reading *reading, enum token_fact_kind kind, const char *name,
                     const char *place, unsigned form, const char *value)
{
    struct token_answer *answer = &reading->into->answer[reading->side];
    const struct token_fact fact = {.kind = kind,
                                    .side = reading->side,
                                    .form = form,
                                    .number = reading->exchange->number,
                                    .page = reading->page,
                                    .name = name,
                                    .place = place,
                                    .value = value};
    size_t *count = kind == FACT_LINK ? &reading->links : &reading->fields;
    if ((*count)++ >= (kind == FACT_LINK ? TOKEN_PAGE_LINKS : TOKEN_PAGE_FIELDS)) {
        answer->cut |= kind == FACT_LINK;
        return;
    }
    if ((answer->count & (answer->count - 1)) == 0) /* room is a power of two */
        answer->facts = mem_resize(answer->facts, answer->count ? 2 * answer->count : 1,
                                   sizeof(struct token_fact *));
    answer->facts[answer->count++] = token_fact_new(&fact);
}

/* ---- ids that the answer shows ---- */

static void show_id(struct reading *reading, const char *kind, const char *value)
{
    const struct token_answer *answer = &reading->into->answer[reading->side];
    for (size_t i = answer->count; i-- > 0;) {
        const struct token_fact *fact = answer->facts[i];
        if (fact->kind == FACT_LINK && strcmp(fact->value, value) == 0 &&
            strcmp(fact->name, kind) == 0)
            return;
    }
    remember(reading, FACT_LINK, kind, NULL, 0, value);
}

static void show_target(struct reading *reading, struct slice target)
{
    struct arena arena = ARENA_INIT;
    struct token_parts parts;
    token_parts_init(&parts, &arena);
    token_walk_target(&parts, target, false);
    for (size_t i = 0; i < parts.count; i++) {
        struct token_kinds kinds;
        if (!token_looks_id(parts.items[i].value))
            continue;
        token_kinds_of(&kinds, &parts.items[i], target);
        for (size_t k = 0; k < kinds.count; k++)
            show_id(reading, kinds.name[k], parts.items[i].value);
    }
    token_parts_free(&parts);
    arena_free(&arena);
}

/* ---- pages ---- */

struct page {
    struct reading *reading;
    const struct tree *tree;
    struct arena arena;
    size_t form_count;
    struct {
        uint32_t node;
        const char *id, *place;
    } forms[FORMS_MOST];
};

/* NULL: the element lacks it, or its value holds a NUL. */
static const char *attribute(struct page *page, uint32_t node, const char *name)
{
    const char *interned = tree_interned(page->tree->names, name, strlen(name));
    const struct tree_attribute *found =
        interned ? tree_find_attribute(page->tree, node, interned) : NULL;
    if (!found || found->value.length > 2 * TOKEN_VALUE_MOST ||
        (found->value.length && memchr(found->value.at, '\0', found->value.length)))
        return NULL;
    return arena_copy_bytes(&page->arena, found->value.at ? found->value.at : "",
                            found->value.length);
}

/* Path and query that a link leads to; NULL: nowhere here. */
static const char *place_of(struct page *page, const char *link)
{
    struct buffer out = BUFFER_INIT(1 << 16);
    const char *place = NULL;
    if (token_resolve(&out, page->reading->base, link ? link : "", link ? strlen(link) : 0))
        place = arena_copy_bytes(&page->arena, out.data, out.length);
    buffer_free(&out);
    return place;
}

static void read_link(struct page *page, uint32_t node)
{
    const char *href = attribute(page, node, "href");
    const char *place = href && *href != '#' ? place_of(page, href) : NULL;
    if (place)
        show_target(page->reading, slice_of(place));
}

static void read_form(struct page *page, uint32_t node)
{
    const char *place = place_of(page, attribute(page, node, "action"));
    if (!place || page->form_count == FORMS_MOST)
        return;
    page->forms[page->form_count].node = node;
    page->forms[page->form_count].id = attribute(page, node, "id");
    page->forms[page->form_count++].place = place;
    show_target(page->reading, slice_of(place));
}

static void read_input(struct page *page, uint32_t node)
{
    const char *type = attribute(page, node, "type"), *name = attribute(page, node, "name");
    const char *value = attribute(page, node, "value");
    const char *owner = attribute(page, node, "form");
    size_t form = page->form_count; /* the one that began last before it */
    if (!type || strcasecmp(type, "hidden") != 0 || !name || !*name || !value || !*value)
        return;
    for (size_t i = 0; owner && i < page->form_count; i++)
        if (page->forms[i].id && strcmp(page->forms[i].id, owner) == 0)
            form = i + 1;
    remember(page->reading, FACT_HIDDEN, name, form ? page->forms[form - 1].place : "",
             (unsigned)form, value);
}

/* The header that a meta token is sent back in; NULL: it is no token. */
static const char *header_of_meta(struct page *page, const char *name)
{
    static const struct {
        const char *part, *header;
    } table[] = {{"xsrf", "X-XSRF-TOKEN"},
                 {"verificationtoken", "RequestVerificationToken"},
                 {"verification-token", "RequestVerificationToken"},
                 {"csrf", "X-CSRF-Token"},
                 {"token", "X-CSRF-Token"}};
    static const char *const about[] = {"param", "header", "name", "field"};
    const char *header = arena_format(&page->arena, "X-%s", name);
    if (token_rules_name(page->reading->rules, TOKEN_HEADER, header) == TOKEN_REPLACE)
        return header;
    for (size_t i = 0; i < sizeof about / sizeof *about; i++)
        if (strcasestr(name, about[i]))
            return NULL; /* csrf-param says how the field is called */
    for (size_t i = 0; token_name_is_csrf(name) && i < sizeof table / sizeof *table; i++)
        if (strcasestr(name, table[i].part))
            return table[i].header;
    return NULL;
}

static void read_meta(struct page *page, uint32_t node)
{
    const char *name = attribute(page, node, "name"), *value = attribute(page, node, "content");
    const char *header = name ? header_of_meta(page, name) : NULL;
    if (header && value && strlen(value) >= TOKEN_LEAST)
        remember(page->reading, FACT_META, header, NULL, 0, value);
}

static void read_page(struct reading *reading, const struct tree *tree)
{
    static const struct {
        const char *tag;
        void (*read)(struct page *page, uint32_t node);
    } readers[] = {{"a", read_link},
                   {"area", read_link},
                   {"form", read_form},
                   {"input", read_input},
                   {"meta", read_meta}};
    enum { READERS = sizeof readers / sizeof *readers };
    const char *tags[READERS];
    struct page *page = mem_zero(1, sizeof *page);
    page->reading = reading;
    page->tree = tree;
    for (size_t i = 0; i < READERS; i++)
        tags[i] = tree_interned(tree->names, readers[i].tag, strlen(readers[i].tag));
    for (uint32_t node = 0; node < tree_end(tree, 0); node++) {
        const struct tree_node *at = tree_at(tree, node);
        for (size_t i = 0; at->kind == TREE_ELEMENT && i < READERS; i++)
            if (at->name && at->name == tags[i])
                readers[i].read(page, node);
    }
    arena_free(&page->arena);
    free(page);
}

static bool same_page(const struct incoming *one, const struct incoming *other)
{
    const char *type = fields_find(&one->headers, "Content-Type");
    const char *other_type = fields_find(&other->headers, "Content-Type");
    return one->body.length == other->body.length &&
           memcmp(one->body.data, other->body.data, one->body.length) == 0 &&
           (type && other_type ? strcmp(type, other_type) == 0 : type == other_type);
}

static void parsed_free(struct parsed *parsed)
{
    tree_free(&parsed->tree);
    tree_names_free(&parsed->names);
    *parsed = (struct parsed){0};
}

static void parse(struct parsed *parsed, const struct incoming *in)
{
    struct buffer text = BUFFER_INIT(4 * (size_t)PAGE_MOST);
    struct charset_result charset;
    char reason[MARKUP_REASON_SIZE];
    struct err err = {0};
    parsed_free(parsed);
    parsed->of = in;
    parsed->good =
        charset_decode(&text, in->body.data, in->body.length,
                       fields_find(&in->headers, "Content-Type"), CONTENT_HTML, &charset, &err) &&
        html_tree(&parsed->tree, &parsed->names, &text, reason);
    buffer_free(&text);
}

static void read_html(struct reading *reading, const struct incoming *in)
{
    struct parsed *parsed = reading->parsed;
    if (!parsed->of || !same_page(parsed->of, in))
        parse(parsed, in);
    if (parsed->good)
        read_page(reading, &parsed->tree);
}

/* ---- JSON ---- */

static void read_json(struct reading *reading, const struct token_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        const struct token_part *part = &parts->items[i];
        bool asked = token_rules_name(reading->rules, TOKEN_FIELD, part->name) == TOKEN_REPLACE;
        if (asked || (token_name_is_token(part->name) && !part->number &&
                      strlen(part->value) >= TOKEN_LEAST))
            remember(reading, FACT_MEMBER, part->name, NULL, 0, part->value);
        if (token_name_is_id(part->name) && token_looks_id(part->value)) {
            struct token_kinds kinds;
            token_kinds_of(&kinds, part, reading->base);
            for (size_t k = 0; k < kinds.count; k++)
                show_id(reading, kinds.name[k], part->value);
        }
    }
}

/* ---- cookies ---- */

/* Cookies that scripts send back in a header: Angular and Laravel, Django, and those like them. */
static void read_cookie(struct reading *reading, const char *cookie)
{
    static const struct {
        const char *cookie, *header;
    } table[] = {{"XSRF-TOKEN", "X-XSRF-TOKEN"},
                 {"CSRF-TOKEN", "X-CSRF-TOKEN"},
                 {"csrftoken", "X-CSRFToken"},
                 {"csrf_token", "X-CSRF-Token"}};
    struct arena arena = ARENA_INIT;
    size_t length = strcspn(cookie, "=;");
    const char *name = arena_copy_bytes(&arena, cookie, length), *header = NULL;
    enum token_action action = token_rules_name(reading->rules, TOKEN_COOKIE, name);
    if (cookie[length] == '=' && action == TOKEN_REPLACE)
        header = arena_format(&arena, "X-%s", name);
    for (size_t i = 0; action == TOKEN_DEFAULT && i < sizeof table / sizeof *table; i++)
        if (cookie[length] == '=' && strcasecmp(name, table[i].cookie) == 0)
            header = table[i].header;
    if (header) {
        const char *from = cookie + length + 1;
        size_t size = strcspn(from, ";"), used = 0;
        char *value = arena_alloc(&arena, size + 1);
        for (size_t i = 0; i < size;)
            value[used++] = (char)percent_next(from, size, &i);
        if (*value)
            remember(reading, FACT_COOKIE, header, NULL, 0, value);
    }
    arena_free(&arena);
}

/* ---- a side's answer ---- */

static bool answered(const struct incoming *in)
{
    return in->failure == FAILURE_NONE && in->status;
}

static void read_side(struct reading *reading, struct token_parts *json)
{
    const struct incoming *in = &reading->exchange->in[reading->side];
    for (size_t i = 0; i < in->headers.count; i++)
        if (strcasecmp(in->headers.items[i].name, "Set-Cookie") == 0)
            read_cookie(reading, in->headers.items[i].value);
    if (!in->body.length || in->body.length > PAGE_MOST)
        return;
    enum content_type type =
        content_type(fields_find(&in->headers, "Content-Type"), in->body.data, in->body.length);
    if (type != CONTENT_HTML && type != CONTENT_JSON)
        return;
    reading->into->answer[reading->side].is_page = true;
    if (type == CONTENT_HTML) {
        read_html(reading, in);
    } else {
        token_walk_body(json, BODY_JSON, NULL, (struct slice){in->body.data, in->body.length});
        read_json(reading, json);
    }
}

/* ---- redirects ---- */

static void add_made(struct token_reading *reading, struct token_made_list *list, const char *where,
                     const struct token_kinds *kinds, const char *const value[SIDES])
{
    if (!list->items)
        list->items = arena_alloc(&reading->arena, MADE_MOST * sizeof *list->items);
    if (list->count == MADE_MOST)
        return;
    struct token_made *made = &list->items[list->count++];
    made->where = arena_copy(&reading->arena, where);
    made->kinds = *kinds;
    for (int side = 0; side < SIDES; side++)
        made->value[side] = value[side] ? arena_copy(&reading->arena, value[side]) : NULL;
}

/* Ids that stand in the same place of both sides' redirects. */
static void pair_redirects(struct token_reading *reading)
{
    struct token_parts parts[SIDES];
    struct buffer shape[SIDES];
    for (int side = 0; side < SIDES; side++) {
        struct slice target = slice_of(reading->redirect[side]);
        token_parts_init(&parts[side], &reading->arena);
        buffer_init(&shape[side], BUFFER_NO_LIMIT);
        token_walk_target(&parts[side], target, false);
        token_shape(&shape[side], target, &parts[side]);
    }
    bool same = shape[SOURCE].length == shape[TARGET].length &&
                memcmp(shape[SOURCE].data, shape[TARGET].data, shape[SOURCE].length) == 0 &&
                parts[SOURCE].count == parts[TARGET].count;
    for (size_t i = 0; same && i < parts[SOURCE].count; i++) {
        const struct token_part *part = &parts[SOURCE].items[i];
        struct token_kinds kinds;
        if (!token_looks_id(part->value))
            continue;
        token_kinds_of(&kinds, part, slice_of(reading->redirect[SOURCE]));
        add_made(reading, &reading->redirected, "header Location", &kinds,
                 (const char *const[SIDES]){part->value, parts[TARGET].items[i].value});
    }
    for (int side = 0; side < SIDES; side++) {
        token_parts_free(&parts[side]);
        buffer_free(&shape[side]);
    }
}

static void read_redirect(struct token_reading *reading, const struct exchange *exchange)
{
    const struct logged *logged = &exchange->logged;
    struct buffer out = BUFFER_INIT(1 << 16);
    for (int side = 0; side < SIDES; side++) {
        const struct incoming *in = &exchange->in[side];
        const struct buffer *base = &exchange->out[side].target;
        const char *location = fields_find(&in->headers, "Location");
        /* 201 names what was created by its Location, too. */
        if (!answered(in) || !location || !(token_is_redirect(in->status) || in->status == 201))
            continue;
        buffer_clear(&out);
        if (token_resolve(&out, (struct slice){base->data, base->length}, location,
                          strlen(location)))
            reading->redirect[side] = mem_copy_bytes(out.data, out.length);
    }
    if (reading->redirect[SOURCE] && reading->redirect[TARGET])
        pair_redirects(reading);
    buffer_clear(&out);
    if ((reading->redirect[SOURCE] || reading->redirect[TARGET]) && logged->location &&
        token_resolve(&out, logged->target, logged->location, strlen(logged->location)))
        reading->logged_redirect = arena_copy_bytes(&reading->arena, out.data, out.length);
    buffer_free(&out);
}

/* ---- created things ---- */

static const struct token_part *same_part(const struct token_parts *parts,
                                          const struct token_part *as)
{
    for (size_t i = 0; i < parts->count; i++) {
        const struct token_part *part = &parts->items[i];
        if (part->depth == as->depth && strcmp(part->name, as->name) == 0 &&
            strcmp(part->parent ? part->parent : "", as->parent ? as->parent : "") == 0)
            return part;
    }
    return NULL;
}

/* What a request that writes was answered: ids in its JSON may be of what it made. */
static void read_created(struct token_reading *reading, const struct exchange *exchange,
                         const struct token_parts json[SIDES])
{
    const struct logged *logged = &exchange->logged;
    enum side main = json[SOURCE].count ? SOURCE : TARGET;
    const struct buffer *target = &exchange->out[main].target;
    if (request_method_is_safe(slice_of(logged->method)) || logged->status >= 300)
        return;
    for (size_t i = 0; i < json[main].count && reading->created.count < MADE_MOST; i++) {
        const struct token_part *part = &json[main].items[i], *both[SIDES] = {NULL, NULL};
        struct token_kinds kinds;
        if (part->depth > CREATED_DEPTH || !token_name_is_id(part->name) ||
            !token_looks_id(part->value) || same_part(&json[main], part) != part)
            continue;
        both[main] = part;
        both[1 - main] = same_part(&json[1 - main], part);
        const char *const value[SIDES] = {both[SOURCE] ? both[SOURCE]->value : NULL,
                                          both[TARGET] ? both[TARGET]->value : NULL};
        if (value[1 - main] && !token_looks_id(value[1 - main]))
            continue;
        token_kinds_of(&kinds, part, (struct slice){target->data, target->length});
        add_made(reading, &reading->created,
                 arena_format(&reading->arena, "answer $.%s", part->name), &kinds, value);
    }
}

/* ---- an exchange ---- */

struct token_reading *token_read(const struct token_rules *rules, const struct exchange *exchange)
{
    struct token_reading *into = mem_zero(1, sizeof *into);
    struct token_parts json[SIDES];
    struct arena arena = ARENA_INIT; /* of the JSON, which may be long */
    struct parsed parsed = {0};
    bool any = false;
    for (int side = 0; side < SIDES; side++) {
        const struct buffer *target = &exchange->out[side].target;
        struct reading reading = {.rules = rules,
                                  .exchange = exchange,
                                  .into = into,
                                  .side = (enum side)side,
                                  .page = token_page(exchange->logged.target),
                                  .base = {target->data, target->length},
                                  .parsed = &parsed};
        token_parts_init(&json[side], &arena);
        if (answered(&exchange->in[side]))
            read_side(&reading, &json[side]);
    }
    read_redirect(into, exchange);
    read_created(into, exchange, json);
    for (int side = 0; side < SIDES; side++) {
        any |= into->answer[side].is_page || into->answer[side].count || into->redirect[side];
        token_parts_free(&json[side]);
    }
    arena_free(&arena);
    parsed_free(&parsed);
    if (any)
        return into;
    token_reading_free(into);
    return NULL;
}

void token_reading_free(struct token_reading *reading)
{
    if (!reading)
        return;
    for (int side = 0; side < SIDES; side++) {
        struct token_answer *answer = &reading->answer[side];
        for (size_t i = 0; i < answer->count; i++)
            free(answer->facts[i]);
        free(answer->facts);
        free(reading->redirect[side]);
    }
    arena_free(&reading->arena);
    free(reading);
}
