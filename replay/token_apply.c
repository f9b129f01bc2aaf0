/*
 * What is sent: the logged request, with each side's own values at proven positions. Input: an
 * exchange's `logged`, and what the lane remembers. Output: `out`, replacements, uncorrelated.
 * Bytes outside the replaced values are those of the log.
 */
#include "token_prove.h"

#include "../diff/content.h"

#include <stdlib.h>

#define CSRF_LEAST 6     /* bytes; a shorter csrf field is reported by nobody */
#define PROOFS_MOST 50   /* of ids of one request; beyond it they are not looked for */
#define SIBLINGS_MOST 64 /* other fields that tell forms apart */
#define CLOCKS_APART INT64_C(60000000) /* microseconds, of the app's clock and the log's */

struct apply {
    struct token_memory *memory;
    struct exchange *exchange;
    struct token_parts target, body;
    uint64_t referer; /* page that the logged referer names; 0: none */
    unsigned proofs;  /* that were tried */
    bool csrf_field;  /* a field carries a token against forged requests */
};

/* What stands in place of one part. */
struct choice {
    const char *value[SIDES]; /* NULL: the logged one */
    bool is_id, secret;
    struct token_origin origin;
    const char *name; /* that it was given under; NULL: none */
};

static const struct token_rules *rules_of(const struct apply *apply)
{
    return apply->memory->shared->rules;
}

static bool chosen(const struct choice *choice)
{
    return choice->value[SOURCE] || choice->value[TARGET];
}

/* ---- fields ---- */

static const struct token_id *known_id(const struct apply *apply, const struct token_kinds *kinds,
                                       const char *logged)
{
    const struct token_id *id = NULL;
    for (size_t i = 0; i < kinds->count && !id; i++)
        id = token_id_find(apply->memory->shared, apply->exchange->logged.tenant, kinds->name[i],
                           logged);
    return id;
}

/* Is the hidden field's value what this part says, on that side? */
static bool same_value(const struct apply *apply, const struct token_part *part,
                       const struct token_fact *fact)
{
    struct token_kinds kinds;
    if (strcmp(part->value, fact->value) == 0)
        return true;
    if (!token_looks_id(part->value))
        return false;
    token_kinds_of(&kinds, part, apply->exchange->logged.target);
    const struct token_id *id = known_id(apply, &kinds, part->value);
    return id && id->value[fact->side] && strcmp(id->value[fact->side], fact->value) == 0;
}

/* How many other hidden fields of the fact's form say what the request says; 3 at most. */
static unsigned count_siblings(const struct apply *apply, const struct token_fact *fact)
{
    const struct token_facts *fields = &apply->memory->fields;
    unsigned count = 0;
    for (size_t i = 0; i < fields->count && count < 3; i++) {
        const struct token_fact *other = fields->items[i];
        if (other == fact || other->kind != FACT_HIDDEN || other->side != fact->side ||
            other->page != fact->page || other->form != fact->form)
            continue;
        for (size_t k = 0; k < apply->body.count && k < SIBLINGS_MOST; k++) {
            const struct token_part *part = &apply->body.items[k];
            if (strcmp(part->name, other->name) == 0 && same_value(apply, part, other)) {
                count++;
                break;
            }
        }
    }
    return count;
}

static size_t path_length(const char *text, size_t length)
{
    size_t end = 0;
    while (end < length && text[end] != '?' && text[end] != '#')
        end++;
    return end;
}

/* 0: the form leads elsewhere; 1: to a page of the same shape; 2: right here. */
static unsigned action_fits(const struct apply *apply, const struct token_fact *fact)
{
    const struct buffer *out = &apply->exchange->out[fact->side].target;
    size_t length = path_length((const char *)out->data, out->length);
    size_t own = path_length(fact->place, strlen(fact->place));
    struct arena arena = ARENA_INIT;
    struct buffer shape[2] = {BUFFER_INIT(1 << 20), BUFFER_INIT(1 << 20)};
    const struct slice path[2] = {{out->data, length}, {(const unsigned char *)fact->place, own}};
    unsigned fit = 0;
    if (length == own && memcmp(out->data, fact->place, own) == 0)
        return 2;
    for (size_t i = 0; i < 2; i++) {
        struct token_parts parts;
        token_parts_init(&parts, &arena);
        token_walk_target(&parts, path[i], false);
        token_shape(&shape[i], path[i], &parts);
        token_parts_free(&parts);
    }
    if (shape[0].length == shape[1].length &&
        memcmp(shape[0].data, shape[1].data, shape[0].length) == 0)
        fit = 1;
    buffer_free(&shape[0]);
    buffer_free(&shape[1]);
    arena_free(&arena);
    return fit;
}

struct hidden {
    const struct token_fact *fact;
    bool here;      /* its form leads to this request */
    bool ambiguous; /* another form says something else with the same right */
};

/* The hidden field that this side's browser would send: of a form that leads here, on the page that
 * the referer names, with the same other fields; then the latest. */
static struct hidden find_hidden(const struct apply *apply, enum side side, const char *name)
{
    const struct token_facts *fields = &apply->memory->fields;
    struct hidden best = {0};
    unsigned best_score = 0;
    for (size_t i = 0; i < fields->count; i++) {
        const struct token_fact *fact = fields->items[i];
        if (fact->kind != FACT_HIDDEN || fact->side != side || strcmp(fact->name, name) != 0)
            continue;
        unsigned action = action_fits(apply, fact);
        unsigned score = 1 + (action ? 32U : 0U) + (action == 2 ? 4U : 0U) +
                         count_siblings(apply, fact) +
                         (apply->referer && fact->page == apply->referer ? 16U : 0U);
        bool newer = best.fact && fact->number > best.fact->number;
        if (score > best_score || (score == best_score && newer)) {
            best = (struct hidden){.fact = fact, .here = action != 0};
            best_score = score;
        } else if (score == best_score && best.fact && fact->number == best.fact->number &&
                   strcmp(fact->value, best.fact->value) != 0) {
            best.ambiguous = true;
        }
    }
    return best;
}

/* The latest fact of that kind and side. name NULL: any name against forged requests. */
static const struct token_fact *find_latest(const struct apply *apply, enum token_fact_kind kind,
                                            enum side side, const char *name)
{
    const struct token_facts *fields = &apply->memory->fields;
    for (size_t i = fields->count; i-- > 0;) {
        const struct token_fact *fact = fields->items[i];
        if (fact->kind == kind && fact->side == side &&
            (name ? token_name_same(fact->name, name) : token_name_is_csrf(fact->name)))
            return fact;
    }
    return NULL;
}

static const struct token_fact *find_csrf(const struct apply *apply, enum side side)
{
    static const enum token_fact_kind order[] = {FACT_META, FACT_COOKIE, FACT_MEMBER, FACT_HIDDEN};
    const struct token_fact *fact = NULL;
    for (size_t i = 0; i < sizeof order / sizeof *order && !fact; i++)
        fact = find_latest(apply, order[i], side, NULL);
    return fact;
}

static const struct token_fact *find_field(const struct apply *apply, enum side side,
                                           const struct token_part *part, bool forced)
{
    bool csrf = token_name_is_csrf(part->name);
    struct hidden hidden = find_hidden(apply, side, part->name);
    const struct token_fact *fact = NULL;
    if (hidden.fact && (hidden.here || csrf))
        fact = hidden.fact;
    if (!fact)
        fact = find_latest(apply, FACT_MEMBER, side, part->name);
    if (!fact && csrf)
        fact = find_csrf(apply, side);
    /* "state" may be a token or Texas; "loginToken" is one, however it looks. */
    bool fits = forced || csrf || token_name_ends_token(part->name) ||
                (fact && token_looks_random(fact->value));
    return fits ? fact : NULL;
}

/* ---- choices ---- */

static void take_fact(struct choice *choice, enum side side, const struct token_fact *fact)
{
    static const enum given given[] = {[FACT_HIDDEN] = GIVEN_FIELD,
                                       [FACT_META] = GIVEN_META,
                                       [FACT_COOKIE] = GIVEN_COOKIE,
                                       [FACT_MEMBER] = GIVEN_MEMBER,
                                       [FACT_LINK] = GIVEN_LINK};
    choice->value[side] = fact ? fact->value : NULL;
    /* Both sides' came with one answer as a rule; where they did not the source's is told. */
    if (!fact || choice->origin.number)
        return;
    choice->origin = (struct token_origin){fact->number, given[fact->kind]};
    choice->name = fact->name;
}

static bool choose_token(struct apply *apply, const struct token_part *part, bool forced,
                         struct choice *choice)
{
    bool csrf = token_name_is_csrf(part->name);
    if (!forced && !token_name_ends_token(part->name) && !token_looks_random(part->value))
        return false;
    for (int side = 0; side < SIDES; side++)
        take_fact(choice, (enum side)side, find_field(apply, (enum side)side, part, forced));
    choice->secret = true;
    if (csrf && chosen(choice))
        apply->csrf_field = true;
    return chosen(choice);
}

/* A bare number may as well be an id: 1000000017 is one of 2001. */
static bool is_moment(const char *value, int64_t arrival, int64_t *at)
{
    const int64_t year = INT64_C(365) * 24 * 3600 * 1000000;
    size_t length = strlen(value);
    bool bare = length != 14 && strspn(value, "0123456789") == length;
    return token_read_moment(value, at) &&
           (!bare || (*at > arrival - year && *at < arrival + year));
}

/* A moment that the form's page gave, against overwriting what others have saved since, or robots:
 * each side's own is another, as its rows were written at another time. What people choose lies
 * ahead, or on a page that they did not post. */
static bool choose_moment(struct apply *apply, const struct token_part *part, struct choice *choice)
{
    const struct logged *logged = &apply->exchange->logged;
    int64_t at;
    if ((part->place != PLACE_FIELD && part->place != PLACE_MULTIPART) ||
        token_name_is_id(part->name) || !is_moment(part->value, logged->arrival, &at) ||
        at > logged->arrival + CLOCKS_APART)
        return false;
    for (int side = 0; side < SIDES; side++) {
        struct hidden hidden = find_hidden(apply, (enum side)side, part->name);
        if (!hidden.fact || !hidden.here || hidden.ambiguous ||
            strlen(hidden.fact->value) != strlen(part->value) ||
            !is_moment(hidden.fact->value, logged->arrival, &at))
            return false;
        take_fact(choice, (enum side)side, hidden.fact);
    }
    return true;
}

/* A hidden id that the two sides give unlike values: as a browser would send it. */
static bool choose_hidden_id(struct apply *apply, const struct token_part *part,
                             const struct token_kinds *kinds, struct choice *choice)
{
    struct hidden hidden[SIDES];
    if (part->place == PLACE_PATH || !token_name_is_id(part->name))
        return false;
    for (int side = 0; side < SIDES; side++) {
        hidden[side] = find_hidden(apply, (enum side)side, part->name);
        if (!hidden[side].fact || !hidden[side].here || hidden[side].ambiguous ||
            !token_looks_id(hidden[side].fact->value))
            return false;
        take_fact(choice, (enum side)side, hidden[side].fact);
    }
    choice->is_id = true;
    if (strcmp(choice->value[SOURCE], choice->value[TARGET]) == 0)
        return false;
    for (size_t i = 0; i < kinds->count; i++)
        token_id_add(apply->memory->shared, apply->exchange->logged.tenant, kinds->name[i],
                     part->value, choice->value, choice->origin);
    return true;
}

static bool choose_id(struct apply *apply, const struct token_part *part,
                      const struct token_kinds *kinds, struct choice *choice)
{
    const struct token_id *id = known_id(apply, kinds, part->value);
    if (!id &&
        (part->place == PLACE_PATH || part->place == PLACE_QUERY || token_name_is_id(part->name)) &&
        apply->proofs++ < PROOFS_MOST &&
        token_prove_part(apply->memory, apply->exchange, kinds, part->value))
        id = known_id(apply, kinds, part->value);
    *choice = (struct choice){0};
    if (!id && choose_hidden_id(apply, part, kinds, choice))
        return true;
    *choice = (struct choice){.is_id = true};
    if (id)
        choice->origin = id->origin;
    for (int side = 0; id && side < SIDES; side++)
        choice->value[side] = id->value[side];
    return chosen(choice);
}

static void mark_seen(struct apply *apply, const struct token_kinds *kinds,
                      const struct token_part *part, const struct choice *choice)
{
    const struct exchange *exchange = apply->exchange;
    const char *value[] = {
        [DOMAIN_LOG] = part->value,
        [DOMAIN_SOURCE] = choice->value[SOURCE] ? choice->value[SOURCE] : part->value,
        [DOMAIN_TARGET] = choice->value[TARGET] ? choice->value[TARGET] : part->value};
    for (size_t i = 0; i < kinds->count; i++)
        for (int domain = DOMAIN_LOG; domain <= DOMAIN_TARGET; domain++)
            token_seen_add(apply->memory->shared, (enum token_domain)domain,
                           exchange->logged.tenant, kinds->name[i], value[domain],
                           exchange->number);
}

/* app-3f2b8c1d.js and style.css?v=3f2b8c1d: a hash in the name of a file is no token. */
static bool is_asset(const struct apply *apply, const struct token_part *part)
{
    static const char *const endings[] = {".js",  ".css",  ".map",   ".png",  ".jpg",
                                          ".svg", ".gif",  ".webp",  ".ico",  ".jpeg",
                                          ".ttf", ".woff", ".woff2", ".avif", ".mjs"};
    struct slice target = apply->exchange->logged.target;
    size_t length = path_length((const char *)target.at, target.length);
    if (part->place != PLACE_PATH && part->place != PLACE_QUERY)
        return false;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t size = strlen(endings[i]);
        if (length > size &&
            strncasecmp((const char *)target.at + length - size, endings[i], size) == 0)
            return true;
    }
    return false;
}

/* Chooses, and records what is not what the log says. */
static void choose(struct apply *apply, const struct token_part *part, struct choice *choice)
{
    const struct logged *logged = &apply->exchange->logged;
    struct token_kinds kinds = {0};
    bool path = part->place == PLACE_PATH, id = token_looks_id(part->value), done = false;
    enum token_action action =
        path ? token_rules_path(rules_of(apply), logged->method, logged->target, part->index)
             : token_rules_name(rules_of(apply), TOKEN_FIELD, part->name);
    bool forced = action == TOKEN_REPLACE;
    bool fill = apply->exchange->login && !*part->value;
    *choice = (struct choice){0};
    if (!*part->value && !fill)
        return;
    if (id || forced)
        token_kinds_of(&kinds, part, logged->target);
    if (action != TOKEN_KEEP) {
        done = !path && choose_token(apply, part, forced || fill, choice);
        if (!done) {
            *choice = (struct choice){0};
            done = choose_moment(apply, part, choice);
        }
        if (!done && (id || forced))
            done = choose_id(apply, part, &kinds, choice);
        bool random = token_looks_random(part->value), asset = is_asset(apply, part);
        bool suspect = random || (!path && token_name_ends_token(part->name) &&
                                  strlen(part->value) >= CSRF_LEAST);
        if (!done && suspect && !asset && !token_shown_on_both(apply->memory, &kinds, part->value))
            token_record_uncorrelated(apply->exchange, token_where(part, &apply->exchange->arena),
                                      part->value);
    }
    mark_seen(apply, &kinds, part, choice);
    bool differs = false;
    for (int side = 0; done && side < SIDES; side++)
        differs = differs || (choice->value[side] && strcmp(choice->value[side], part->value) != 0);
    if (differs) {
        const char *const *value = choice->value;
        struct arena *arena = &apply->exchange->arena;
        token_record(
            apply->exchange,
            &(struct replacement){.where = token_where(part, &apply->exchange->arena),
                                  .logged = part->value,
                                  .value = {value[SOURCE] ? value[SOURCE] : part->value,
                                            value[TARGET] ? value[TARGET] : part->value},
                                  .secret = choice->secret,
                                  .is_id = choice->is_id,
                                  .kind = choice->is_id ? token_kinds_text(&kinds, arena) : "",
                                  .from = choice->origin.number,
                                  .given = choice->origin.given,
                                  .given_name = choice->name});
    }
}

/* ---- writing ---- */

static void write_side(struct buffer *out, struct slice text, const struct token_parts *parts,
                       const struct choice *choices, enum side side)
{
    struct buffer encoded = BUFFER_INIT(8 * TOKEN_VALUE_MOST);
    size_t from = 0;
    for (size_t i = 0; i < parts->count; i++) {
        const struct token_part *part = &parts->items[i];
        const char *value = choices[i].value[side];
        if (!value || strcmp(value, part->value) == 0)
            continue;
        buffer_clear(&encoded);
        if (!token_encode(&encoded, part, value) || buffer_overflowed(&encoded))
            continue;
        buffer_add(out, text.at + from, part->from - from);
        buffer_add(out, encoded.data, encoded.length);
        from = part->from + part->length;
    }
    buffer_add(out, text.at + from, text.length - from);
    buffer_free(&encoded);
}

static void apply_text(struct apply *apply, struct slice text, const struct token_parts *parts,
                       struct buffer *const out[SIDES])
{
    struct choice *choices = mem_zero(parts->count + 1, sizeof *choices);
    for (size_t i = 0; i < parts->count; i++)
        choose(apply, &parts->items[i], &choices[i]);
    for (int side = 0; side < SIDES; side++)
        write_side(out[side], text, parts, choices, (enum side)side);
    free(choices);
}

/* ---- headers ---- */

static void send_header(struct apply *apply, enum side side, const char *name, const char *value,
                        size_t length)
{
    fields_add(&apply->exchange->out[side].headers, &apply->exchange->arena, name, value, length);
}

static bool fits_header(const char *value)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool fits = token_encode(&out, &(struct token_part){.place = PLACE_HEADER}, value);
    buffer_free(&out);
    return fits;
}

/* Sends a token header; before: "Bearer " or "". */
static void send_token(struct apply *apply, const char *name, const char *before,
                       const char *logged, const struct token_fact *const fact[SIDES])
{
    struct arena *arena = &apply->exchange->arena;
    struct choice choice = {0};
    for (int side = 0; side < SIDES; side++)
        take_fact(&choice, (enum side)side, fact[side]);
    struct replacement one = {.where = arena_format(arena, "header %s", name),
                              .logged = logged,
                              .secret = true,
                              .from = choice.origin.number,
                              .given = choice.origin.given,
                              .given_name = choice.name};
    for (int side = 0; side < SIDES; side++) {
        bool own = choice.value[side] && fits_header(choice.value[side]);
        one.value[side] = own ? choice.value[side] : logged;
        if (own || *logged) {
            const char *text = arena_format(arena, "%s%s", before, one.value[side]);
            send_header(apply, (enum side)side, name, text, strlen(text));
        }
    }
    if (strcmp(one.value[SOURCE], logged) != 0 || strcmp(one.value[TARGET], logged) != 0)
        token_record(apply->exchange, &one);
}

static const struct token_fact *find_bearer(const struct apply *apply, enum side side, bool guess)
{
    static const char *const names[] = {"access_token", "jwt", "auth_token", "token"};
    const struct token_fact *fact = NULL;
    for (size_t i = 0; i < (guess ? 1 : sizeof names / sizeof *names) && !fact; i++)
        fact = find_latest(apply, FACT_MEMBER, side, names[i]);
    return fact;
}

static const struct token_fact *find_header(const struct apply *apply, enum side side,
                                            const char *name)
{
    const struct token_fact *fact = find_latest(apply, FACT_COOKIE, side, name);
    if (!fact)
        fact = find_latest(apply, FACT_META, side, name);
    return fact || !token_name_is_csrf(name) ? fact : find_csrf(apply, side);
}

/* Ids of a logged Referer; its host stays. */
static void send_referer(struct apply *apply, const char *name, const char *value)
{
    const char *host = strstr(value, "://"), *path = host ? strchr(host + 3, '/') : NULL;
    struct token_parts parts;
    if (!path) {
        for (int side = 0; side < SIDES; side++)
            send_header(apply, (enum side)side, name, value, strlen(value));
        return;
    }
    struct slice target = slice_of(path);
    token_parts_init(&parts, &apply->exchange->arena);
    token_walk_target(&parts, target, false);
    struct choice *choices = mem_zero(parts.count + 1, sizeof *choices);
    for (size_t i = 0; i < parts.count; i++) {
        struct token_kinds kinds;
        token_kinds_of(&kinds, &parts.items[i], target);
        const struct token_id *id = known_id(apply, &kinds, parts.items[i].value);
        for (int side = 0; id && side < SIDES; side++)
            choices[i].value[side] = id->value[side];
    }
    for (int side = 0; side < SIDES; side++) {
        struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
        buffer_add(&out, value, (size_t)(path - value));
        write_side(&out, target, &parts, choices, (enum side)side);
        send_header(apply, (enum side)side, name, (const char *)out.data, out.length);
        buffer_free(&out);
    }
    free(choices);
    token_parts_free(&parts);
}

static void send_logged(struct apply *apply, const char *name, const char *value)
{
    static const char *const others[] = {
        "Cookie", "Host", "Content-Length", "Connection", "Transfer-Encoding", "Expect"};
    const struct token_fact *own[SIDES] = {NULL, NULL};
    enum token_action action = token_rules_name(rules_of(apply), TOKEN_HEADER, name);
    bool bearer = strcasecmp(name, "Authorization") == 0 && strncasecmp(value, "Bearer ", 7) == 0;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcasecmp(name, others[i]) == 0)
            return;
    if (strcasecmp(name, "Referer") == 0) {
        send_referer(apply, name, value);
        return;
    }
    bool token = action == TOKEN_REPLACE ||
                 (action == TOKEN_DEFAULT && (bearer || token_name_is_token(name)));
    for (int side = 0; token && side < SIDES; side++)
        own[side] = bearer ? find_bearer(apply, (enum side)side, false)
                           : find_header(apply, (enum side)side, name);
    const char *logged = bearer ? value + 7 : value;
    if (token && !own[SOURCE] && !own[TARGET] && *logged)
        token_record_uncorrelated(apply->exchange,
                                  arena_format(&apply->exchange->arena, "header %s", name), logged);
    if (token && (own[SOURCE] || own[TARGET]) && *logged)
        send_token(apply, name, bearer ? "Bearer " : "", logged, own);
    else
        for (int side = 0; side < SIDES; side++)
            send_header(apply, (enum side)side, name, value, strlen(value));
}

/* Tokens that a page's script sends in a header, though the log does not say so. */
static void send_unlogged(struct apply *apply)
{
    const struct logged *logged = &apply->exchange->logged;
    const struct token_facts *fields = &apply->memory->fields;
    static const char authorization[] = "Authorization";
    const struct token_fact *bearer[SIDES] = {find_bearer(apply, SOURCE, true),
                                              find_bearer(apply, TARGET, true)};
    if ((bearer[SOURCE] || bearer[TARGET]) && !fields_find(&logged->headers, authorization) &&
        token_rules_name(rules_of(apply), TOKEN_HEADER, authorization) != TOKEN_KEEP)
        send_token(apply, authorization, "Bearer ", "", bearer);
    if (request_method_is_safe(slice_of(logged->method)) || apply->csrf_field)
        return;
    for (size_t i = fields->count; i-- > 0;) {
        const char *name = fields->items[i]->name;
        const struct token_fact *own[SIDES];
        bool header = fields->items[i]->kind == FACT_META || fields->items[i]->kind == FACT_COOKIE;
        if (!header || fields_find(&apply->exchange->out[SOURCE].headers, name) ||
            fields_find(&apply->exchange->out[TARGET].headers, name) ||
            token_rules_name(rules_of(apply), TOKEN_HEADER, name) == TOKEN_KEEP)
            continue;
        own[SOURCE] = find_header(apply, SOURCE, name);
        own[TARGET] = find_header(apply, TARGET, name);
        send_token(apply, name, "", "", own);
    }
}

static void send_content_type(struct apply *apply, enum token_body kind)
{
    const struct logged *logged = &apply->exchange->logged;
    const char *type = logged->content_type;
    struct slice body = logged->body;
    if (!type && kind == BODY_FORM)
        type = "application/x-www-form-urlencoded";
    if (!type && kind == BODY_JSON)
        type = "application/json";
    const unsigned char *end =
        kind == BODY_MULTIPART && !type ? memmem(body.at, body.length, "\r\n", 2) : NULL;
    if (end && end - body.at > 2)
        type = arena_format(&apply->exchange->arena, "multipart/form-data; boundary=%.*s",
                            (int)(end - body.at - 2 < 200 ? end - body.at - 2 : 200), body.at + 2);
    for (int side = 0; type && *type && side < SIDES; side++)
        if (!fields_find(&apply->exchange->out[side].headers, "Content-Type"))
            send_header(apply, (enum side)side, "Content-Type", type, strlen(type));
}

/* ---- a request ---- */

/* The page that a Referer names. */
static uint64_t page_of(const char *referer)
{
    const char *host = referer ? strstr(referer, "://") : NULL;
    const char *path = host ? strchr(host + 3, '/') : referer;
    return path && *path == '/' ? token_page(slice_of(path)) : 0;
}

void token_apply(struct token_memory *memory, struct exchange *exchange)
{
    const struct logged *logged = &exchange->logged;
    struct outgoing *out = exchange->out;
    enum token_body kind = token_body_kind(logged->content_type, logged->body);
    struct apply apply = {.memory = memory,
                          .exchange = exchange,
                          .referer = page_of(fields_find(&logged->headers, "Referer"))};
    token_parts_init(&apply.target, &exchange->arena);
    token_parts_init(&apply.body, &exchange->arena);
    token_prove_redirect(memory, exchange);
    token_walk_target(&apply.target, logged->target, memory->shared->rules != NULL);
    token_walk_body(&apply.body, kind, logged->content_type, logged->body);
    /* The target first: it tells which form it was. Until then it stands as logged. */
    for (int side = 0; side < SIDES; side++)
        buffer_add(&out[side].target, logged->target.at, logged->target.length);
    struct buffer made[SIDES] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
    apply_text(&apply, logged->target, &apply.target,
               (struct buffer *const[SIDES]){&made[SOURCE], &made[TARGET]});
    for (int side = 0; side < SIDES; side++) {
        buffer_free(&out[side].target);
        out[side].target = made[side];
        out[side].has_body = logged->body.at != NULL;
    }
    if (logged->body.at)
        apply_text(&apply, logged->body, &apply.body,
                   (struct buffer *const[SIDES]){&out[SOURCE].body, &out[TARGET].body});
    for (size_t i = 0; i < logged->headers.count; i++)
        send_logged(&apply, logged->headers.items[i].name, logged->headers.items[i].value);
    send_content_type(&apply, kind);
    send_unlogged(&apply);
    token_parts_free(&apply.target);
    token_parts_free(&apply.body);
}
