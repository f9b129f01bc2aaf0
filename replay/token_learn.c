/*
 * What the answers of both sides give for later: hidden fields by form, meta tokens, cookies that
 * are sent back in a header, tokens and ids in JSON, ids in links, redirects. Input: an exchange
 * with both answers. Output: facts in the lane's memory. An answer that cannot be read as its type
 * teaches nothing; a side that failed neither.
 */
#include "token_prove.h"

#include "../diff/charset.h"
#include "../diff/content.h"
#include "../diff/html.h"

#include <ctype.h>
#include <stdlib.h>

#define FORMS_MOST 200       /* of a page */
#define PAGE_MOST (8U << 20) /* bytes of an answer that is read */
#define CREATED_TRIES 30     /* requests of a lane within which a created thing is asked for */
#define FOLLOW_TRIES 6       /* requests of a lane within which a redirect is followed */
#define FOLLOW_MICROSECONDS (60 * 1000000LL)
#define TOKEN_LEAST 8   /* bytes of a token in JSON or meta */
#define CREATED_DEPTH 3 /* objects around the id of a created thing */

/* One side's answer that is being read. */
struct reading {
    struct token_memory *memory;
    struct exchange *exchange;
    enum side side;
    uint64_t page;
    struct slice base; /* target that was sent */
    size_t fields, links;
};

static const struct token_rules *rules_of(const struct reading *reading)
{
    return reading->memory->shared->rules;
}

static void remember(struct reading *reading, enum token_fact_kind kind, const char *name,
                     const char *place, unsigned form, const char *value)
{
    const struct token_fact fact = {.kind = kind,
                                    .side = reading->side,
                                    .form = form,
                                    .number = reading->exchange->number,
                                    .page = reading->page,
                                    .name = name,
                                    .place = place,
                                    .value = value};
    size_t *count = kind == FACT_LINK ? &reading->links : &reading->fields;
    if ((*count)++ < (kind == FACT_LINK ? TOKEN_PAGE_LINKS : TOKEN_PAGE_FIELDS))
        token_remember(reading->memory, &fact);
    else if (kind == FACT_LINK)
        reading->memory->cut = fact.number;
}

/* ---- ids that the answer shows ---- */

static void show_id(struct reading *reading, const char *kind, const char *value)
{
    const struct token_facts *links = &reading->memory->links;
    for (size_t i = links->count; i-- > 0;) {
        const struct token_fact *fact = links->items[i];
        if (fact->page != reading->page || fact->side != reading->side)
            break; /* facts of one reading stand together */
        if (strcmp(fact->value, value) == 0 && strcmp(fact->name, kind) == 0)
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
    if (token_rules_name(rules_of(page->reading), TOKEN_HEADER, header) == TOKEN_REPLACE)
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

static void read_html(struct reading *reading, const struct incoming *in)
{
    struct buffer text = BUFFER_INIT(4 * (size_t)PAGE_MOST);
    struct tree_names names = {0};
    struct tree tree = {0};
    struct charset_result charset;
    char reason[MARKUP_REASON_SIZE];
    struct err err = {0};
    if (charset_decode(&text, in->body.data, in->body.length,
                       fields_find(&in->headers, "Content-Type"), CONTENT_HTML, &charset, &err) &&
        html_tree(&tree, &names, &text, reason))
        read_page(reading, &tree);
    tree_free(&tree);
    tree_names_free(&names);
    buffer_free(&text);
}

/* ---- JSON ---- */

static void read_json(struct reading *reading, const struct token_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        const struct token_part *part = &parts->items[i];
        bool asked = token_rules_name(rules_of(reading), TOKEN_FIELD, part->name) == TOKEN_REPLACE;
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

static int hex_value(char digit)
{
    return isdigit((unsigned char)digit) ? digit - '0' : tolower((unsigned char)digit) - 'a' + 10;
}

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
    enum token_action action = token_rules_name(rules_of(reading), TOKEN_COOKIE, name);
    if (cookie[length] == '=' && action == TOKEN_REPLACE)
        header = arena_format(&arena, "X-%s", name);
    for (size_t i = 0; action == TOKEN_DEFAULT && i < sizeof table / sizeof *table; i++)
        if (cookie[length] == '=' && strcasecmp(name, table[i].cookie) == 0)
            header = table[i].header;
    if (header) {
        const char *from = cookie + length + 1;
        size_t size = strcspn(from, ";"), used = 0;
        char *value = arena_alloc(&arena, size + 1);
        for (size_t i = 0; i < size; i++)
            if (from[i] == '%' && size - i > 2 && isxdigit((unsigned char)from[i + 1]) &&
                isxdigit((unsigned char)from[i + 2])) {
                value[used++] = (char)(hex_value(from[i + 1]) * 16 + hex_value(from[i + 2]));
                i += 2;
            } else {
                value[used++] = from[i];
            }
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

static void read_side(struct token_memory *memory, struct exchange *exchange, enum side side,
                      struct token_parts *json)
{
    const struct incoming *in = &exchange->in[side];
    const struct buffer *target = &exchange->out[side].target;
    struct reading reading = {.memory = memory,
                              .exchange = exchange,
                              .side = side,
                              .page = token_page(exchange->logged.target),
                              .base = {target->data, target->length}};
    for (size_t i = 0; i < in->headers.count; i++)
        if (strcasecmp(in->headers.items[i].name, "Set-Cookie") == 0)
            read_cookie(&reading, in->headers.items[i].value);
    if (!in->body.length || in->body.length > PAGE_MOST)
        return;
    enum content_type type =
        content_type(fields_find(&in->headers, "Content-Type"), in->body.data, in->body.length);
    if (type != CONTENT_HTML && type != CONTENT_JSON)
        return;
    token_forget_page(memory, side, reading.page);
    if (type == CONTENT_HTML) {
        read_html(&reading, in);
    } else {
        token_walk_body(json, BODY_JSON, NULL, (struct slice){in->body.data, in->body.length});
        read_json(&reading, json);
    }
}

/* ---- redirects ---- */

static bool is_redirect(int status)
{
    return status >= 300 && status < 400;
}

/* Ids that two answers made, in a place where both have one. */
static void record_made(const struct token_memory *memory, struct exchange *exchange,
                        const char *where, const struct token_kinds *kinds,
                        const char *const value[SIDES])
{
    const struct replacement made = {.where = where,
                                     .logged = "",
                                     .value = {value[SOURCE], value[TARGET]},
                                     .is_id = true,
                                     .kind = token_kinds_text(kinds, &exchange->arena)};
    for (int side = 0; side < SIDES; side++)
        if (!value[side] || !token_is_fresh(memory, exchange, (enum side)side, kinds, value[side],
                                            exchange->number))
            return;
    if (strcmp(value[SOURCE], value[TARGET]) != 0)
        token_record(exchange, &made);
}

static void record_redirect(const struct token_memory *memory, struct exchange *exchange,
                            char *const redirect[SIDES])
{
    struct token_parts parts[SIDES];
    struct buffer shape[SIDES];
    for (int side = 0; side < SIDES; side++) {
        struct slice target = slice_of(redirect[side]);
        token_parts_init(&parts[side], &exchange->arena);
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
        token_kinds_of(&kinds, part, slice_of(redirect[SOURCE]));
        if (token_looks_id(part->value))
            record_made(memory, exchange, "header Location", &kinds,
                        (const char *const[SIDES]){part->value, parts[TARGET].items[i].value});
    }
    for (int side = 0; side < SIDES; side++) {
        token_parts_free(&parts[side]);
        buffer_free(&shape[side]);
    }
}

static void learn_redirect(struct token_memory *memory, struct exchange *exchange)
{
    const struct logged *logged = &exchange->logged;
    struct token_pending pending = {.number = exchange->number, .tries = FOLLOW_TRIES};
    struct buffer out = BUFFER_INIT(1 << 16);
    for (int side = 0; side < SIDES; side++) {
        const struct incoming *in = &exchange->in[side];
        const struct buffer *base = &exchange->out[side].target;
        const char *location = fields_find(&in->headers, "Location");
        /* 201 names what was created by its Location, too. */
        if (!answered(in) || !location || !(is_redirect(in->status) || in->status == 201))
            continue;
        buffer_clear(&out);
        if (token_resolve(&out, (struct slice){base->data, base->length}, location,
                          strlen(location)))
            pending.redirect[side] = mem_copy_bytes(out.data, out.length);
    }
    pending.until =
        logged->arrival + (logged->duration > 0 ? logged->duration : 0) + FOLLOW_MICROSECONDS;
    if (pending.redirect[SOURCE] && pending.redirect[TARGET])
        record_redirect(memory, exchange, pending.redirect);
    buffer_clear(&out);
    bool any = pending.redirect[SOURCE] || pending.redirect[TARGET];
    if (any && logged->location) {
        if (token_resolve(&out, logged->target, logged->location, strlen(logged->location)))
            (void)token_prove_target(memory, exchange, exchange->number,
                                     (struct slice){out.data, out.length}, pending.redirect);
        token_pending_free(&pending);
    } else if (any && (!logged->status || is_redirect(logged->status) || logged->status == 201)) {
        token_wait(memory, &pending);
    } else {
        token_pending_free(&pending);
    }
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

static void learn_created(struct token_memory *memory, struct exchange *exchange,
                          const struct token_parts json[SIDES])
{
    const struct logged *logged = &exchange->logged;
    enum side main = json[SOURCE].count ? SOURCE : TARGET;
    size_t found = 0;
    if (request_method_is_safe(slice_of(logged->method)) || logged->status >= 300)
        return;
    for (size_t i = 0; i < json[main].count && found < TOKEN_PENDING_MOST / 2; i++) {
        const struct token_part *part = &json[main].items[i], *both[SIDES] = {NULL, NULL};
        struct token_pending pending = {
            .number = exchange->number, .until = INT64_MAX, .tries = CREATED_TRIES};
        bool fresh = part->depth <= CREATED_DEPTH && token_name_is_id(part->name) &&
                     token_looks_id(part->value) && same_part(&json[main], part) == part;
        if (!fresh)
            continue;
        const struct buffer *target = &exchange->out[main].target;
        token_kinds_of(&pending.kinds, part, (struct slice){target->data, target->length});
        both[main] = part;
        both[1 - main] = same_part(&json[1 - main], part);
        for (int side = 0; side < SIDES; side++)
            fresh = fresh && (!both[side] ||
                              (token_looks_id(both[side]->value) &&
                               token_is_fresh(memory, exchange, (enum side)side, &pending.kinds,
                                              both[side]->value, exchange->number)));
        if (!fresh)
            continue;
        const char *const value[SIDES] = {both[SOURCE] ? both[SOURCE]->value : NULL,
                                          both[TARGET] ? both[TARGET]->value : NULL};
        record_made(memory, exchange, arena_format(&exchange->arena, "answer $.%s", part->name),
                    &pending.kinds, value);
        for (int side = 0; side < SIDES; side++)
            pending.created[side] = value[side] ? mem_copy_string(value[side]) : NULL;
        token_wait(memory, &pending);
        found++;
    }
}

/* ---- known ids that both answers show ---- */

static bool page_shows(const struct token_memory *memory, enum side side, uint64_t number,
                       const char *kind, const char *value)
{
    for (size_t i = memory->links.count; i-- > 0;) {
        const struct token_fact *fact = memory->links.items[i];
        if (fact->number == number && fact->side == side && strcmp(fact->name, kind) == 0 &&
            strcmp(fact->value, value) == 0)
            return true;
    }
    return false;
}

/* The page of booking 9001 and 9044 links to edit.php?id=9001 and edit.php?id=9044: what is edited
 * there goes by the same ids. Only where the sides' values differ: equal ones could be chance. */
static void learn_alias(struct token_memory *memory, struct exchange *exchange,
                        const struct token_fact *fact, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct replacement known = exchange->replacements[i];
        if (known.is_id && *known.logged && strcmp(known.value[SOURCE], fact->value) == 0 &&
            strcmp(known.value[SOURCE], known.value[TARGET]) != 0 &&
            page_shows(memory, TARGET, exchange->number, fact->name, known.value[TARGET]))
            token_id_add(memory->shared, exchange->logged.tenant, fact->name, known.logged,
                         known.value);
    }
}

static void learn_shown(struct token_memory *memory, struct exchange *exchange)
{
    size_t sent = exchange->replacement_count;
    for (size_t i = 0; i < memory->links.count; i++) {
        const struct token_fact *fact = memory->links.items[i];
        if (fact->number != exchange->number || fact->side != SOURCE)
            continue;
        learn_alias(memory, exchange, fact, sent < 20 ? sent : 20);
        const struct token_id *id =
            token_id_of_source(memory->shared, exchange->logged.tenant, fact->name, fact->value);
        if (!id || !id->value[TARGET] ||
            !page_shows(memory, TARGET, exchange->number, fact->name, id->value[TARGET]))
            continue;
        token_record(exchange,
                     &(struct replacement){.where = "answer",
                                           .logged = id->logged,
                                           .value = {id->value[SOURCE], id->value[TARGET]},
                                           .is_id = true,
                                           .kind = fact->name});
    }
}

void token_learn(struct token_memory *memory, struct exchange *exchange)
{
    struct token_parts json[SIDES];
    for (int side = 0; side < SIDES; side++)
        token_parts_init(&json[side], &exchange->arena);
    for (int side = 0; side < SIDES; side++)
        if (answered(&exchange->in[side]))
            read_side(memory, exchange, (enum side)side, &json[side]);
    learn_redirect(memory, exchange);
    learn_created(memory, exchange, json);
    learn_shown(memory, exchange);
    for (int side = 0; side < SIDES; side++)
        token_parts_free(&json[side]);
}
