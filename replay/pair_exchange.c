/* See pair_exchange.h. */
#include "pair_exchange.h"

#include "mask.h"
#include "token_parts.h"

#include "../diff/content.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define TAG_MOST 8192  /* bytes of a tag that is looked into */
#define TAGS_MOST 2000 /* of a page */
#define NAME_MOST 60   /* bytes of a name before '=' or ':' */
#define VALUE_LEAST 6  /* bytes; shorter values stand in too many words */
#define VALUE_LONG 16  /* bytes without a blank: no word of a language */
#define VALUE_MOST 1000
#define READ_MOST (8U << 20) /* bytes of an answer that is looked into */

/* Secrets, as they are found. Texts live in the arena. */
struct finder {
    struct arena arena;
    size_t count;
    struct pair_secret items[PAIR_SECRETS_MOST];
};

static void add_secret(struct finder *finder, const char *source, const char *target)
{
    const char *const value[SIDES] = {source && *source ? source : NULL,
                                      target && *target ? target : NULL};
    if ((!value[SOURCE] && !value[TARGET]) || finder->count == PAIR_SECRETS_MOST)
        return;
    struct pair_secret *one = &finder->items[finder->count++];
    for (int side = 0; side < SIDES; side++)
        one->value[side] = value[side] ? arena_copy(&finder->arena, value[side]) : NULL;
}

/* A value that either side's answer may hold. */
static void add_any(struct finder *finder, const char *value)
{
    add_secret(finder, value, value);
}

static void add_of_side(struct finder *finder, enum side side, const char *value)
{
    add_secret(finder, side == SOURCE ? value : NULL, side == TARGET ? value : NULL);
}

/* ---- what was sent ---- */

static void find_replaced(struct finder *finder, const struct exchange *exchange)
{
    for (size_t i = 0; i < exchange->replacement_count; i++) {
        const struct replacement *one = &exchange->replacements[i];
        if (!one->secret)
            continue;
        add_secret(finder, one->value[SOURCE], one->value[TARGET]);
        add_any(finder, one->logged);
    }
    for (size_t i = 0; i < exchange->uncorrelated_count; i++)
        add_any(finder, exchange->uncorrelated[i].logged);
}

/* Parts whose names say that they hold a secret. */
static void find_parts(struct finder *finder, const struct token_parts *parts, int side)
{
    for (size_t i = 0; i < parts->count; i++) {
        const struct token_part *part = &parts->items[i];
        if (!part->value || !(mask_is_secret(slice_of(part->name)) ||
                              (part->parent && mask_is_secret(slice_of(part->parent)))))
            continue;
        if (side < 0)
            add_any(finder, part->value);
        else
            add_of_side(finder, (enum side)side, part->value);
    }
}

static void find_sent(struct finder *finder, const struct exchange *exchange)
{
    const struct logged *logged = &exchange->logged;
    for (int side = 0; side < SIDES; side++) {
        const struct outgoing *out = &exchange->out[side];
        struct token_parts parts;
        token_parts_init(&parts, &finder->arena);
        token_walk_target(&parts, (struct slice){out->target.data, out->target.length}, false);
        if (out->has_body && out->body.length <= READ_MOST) {
            const struct slice body = {out->body.data, out->body.length};
            const char *type = fields_find(&out->headers, "Content-Type");
            token_walk_body(&parts, token_body_kind(type, body), type, body);
        }
        find_parts(finder, &parts, -1);
        token_parts_free(&parts);
        for (size_t i = 0; i < out->headers.count; i++) {
            const struct field *field = &out->headers.items[i];
            const char *blank = strchr(field->value, ' ');
            if (strcasecmp(field->name, "Authorization") == 0)
                add_any(finder, blank ? blank + 1 : field->value);
            else if (token_name_is_token(field->name))
                add_any(finder, field->value);
        }
    }
    /* Where production's cookies are sent (--seed-cookies) they may come back in a page. */
    for (const char *at = logged->cookies; at && *at;) {
        size_t length = strcspn(at, ";"), name = strcspn(at, "=;");
        if (name < length) {
            const char *value = arena_copy_bytes(&finder->arena, at + name + 1, length - name - 1);
            if (token_looks_random(value))
                add_any(finder, value);
        }
        at += length + (at[length] == ';');
        at += strspn(at, " ");
    }
}

/* ---- what was answered ---- */

/* The value of an attribute of the tag, as it stands there; NULL: it has none. */
static const char *find_attribute(struct arena *arena, const char *tag, size_t length,
                                  const char *name)
{
    size_t at = 0, size = strlen(name);
    while (at < length) {
        while (at < length && (isspace((unsigned char)tag[at]) || tag[at] == '/'))
            at++;
        size_t from = at;
        while (at < length && !isspace((unsigned char)tag[at]) && tag[at] != '=')
            at++;
        bool wanted = at - from == size && strncasecmp(tag + from, name, size) == 0;
        while (at < length && isspace((unsigned char)tag[at]))
            at++;
        if (at == length || tag[at] != '=')
            continue;
        at++;
        while (at < length && isspace((unsigned char)tag[at]))
            at++;
        char quote = at < length && (tag[at] == '"' || tag[at] == '\'') ? tag[at++] : '\0';
        from = at;
        while (at < length && (quote ? tag[at] != quote : !isspace((unsigned char)tag[at])))
            at++;
        if (wanted)
            return arena_copy_bytes(arena, tag + from, at - from);
        at += quote != '\0';
    }
    return NULL;
}

/* The tag's end, as a browser finds it: a '>' in quotes is none. */
static size_t tag_length(const char *tag, size_t most)
{
    char quote = '\0';
    size_t at = 0;
    for (; at < most && (quote || tag[at] != '>'); at++)
        if (quote ? tag[at] == quote : (tag[at] == '"' || tag[at] == '\'') && at)
            quote = quote ? '\0' : tag[at];
    return at;
}

/* What hidden fields and meta elements with the name of a secret hold, and password fields. The
 * value is taken as it stands on the page, for there it is looked for. */
static void find_in_page(struct finder *finder, enum side side, const char *page, size_t length)
{
    static const struct {
        const char *tag, *value;
    } tags[] = {{"input", "value"}, {"meta", "content"}};
    const char *at = page, *end = page + length;
    for (size_t seen = 0; seen < TAGS_MOST && (at = memchr(at, '<', (size_t)(end - at)));) {
        size_t left = (size_t)(end - ++at);
        for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
            size_t size = strlen(tags[i].tag);
            if (left <= size || strncasecmp(at, tags[i].tag, size) != 0 ||
                isalnum((unsigned char)at[size]))
                continue;
            const char *tag = at + size;
            size_t tag_size = tag_length(tag, left - size < TAG_MOST ? left - size : TAG_MOST);
            const char *name = find_attribute(&finder->arena, tag, tag_size, "name");
            const char *type = find_attribute(&finder->arena, tag, tag_size, "type");
            bool password = type && strcasecmp(type, "password") == 0;
            if (password || (name && (mask_is_secret(slice_of(name)) || token_name_is_token(name))))
                add_of_side(finder, side,
                            find_attribute(&finder->arena, tag, tag_size, tags[i].value));
            seen++;
        }
    }
}

static bool is_name_byte(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || byte == '-';
}

/* Would it be seen for a secret? "author: Shakespeare" is none, "key=8f3a11" and "pwd=hush-hush"
 * are. */
static bool is_telling(struct slice name, const char *value, size_t length)
{
    static const char *const sure[] = {"pass", "pwd", "secret", "token"};
    bool digit = false;
    for (size_t i = 0; i < length; i++) {
        if (isspace((unsigned char)value[i]))
            return false;
        digit |= isdigit((unsigned char)value[i]) != 0;
    }
    for (size_t i = 0; i < sizeof sure / sizeof *sure; i++)
        for (size_t at = 0; at + strlen(sure[i]) <= name.length; at++)
            digit |= strncasecmp((const char *)name.at + at, sure[i], strlen(sure[i])) == 0;
    return length >= VALUE_LEAST && (digit || length >= VALUE_LONG);
}

/* What stands behind a name of a secret, in links, scripts, attributes and texts: ?token=8f3a11,
 * apiKey = "8f3a11", 'csrf': '8f3a11'. Unquoted only behind '='. */
static void find_named(struct finder *finder, enum side side, const char *text, size_t length)
{
    for (size_t i = 1; i < length && finder->count < PAIR_SECRETS_MOST; i++) {
        if (text[i] != '=' && text[i] != ':')
            continue;
        size_t to = i;
        while (to && i - to < 2 && text[to - 1] == ' ')
            to--;
        to -= to && (text[to - 1] == '"' || text[to - 1] == '\'');
        size_t from = to;
        while (from && to - from < NAME_MOST && is_name_byte(text[from - 1]))
            from--;
        const struct slice name = {(const unsigned char *)text + from, to - from};
        if (!name.length || !mask_is_secret(name))
            continue;
        size_t at = i + 1;
        while (at < length && at - i < 3 && text[at] == ' ')
            at++;
        char quote = at < length && (text[at] == '"' || text[at] == '\'') ? text[at++] : '\0';
        size_t size = 0;
        while (at + size < length && size <= VALUE_MOST && text[at + size] &&
               (quote ? text[at + size] != quote : !strchr(" \t\r\n\"'<>&;,)}#", text[at + size])))
            size++;
        if (size <= VALUE_MOST && (quote || text[i] == '=') && is_telling(name, text + at, size))
            add_of_side(finder, side, arena_copy_bytes(&finder->arena, text + at, size));
    }
}

static void find_in_fields(struct finder *finder, enum side side, const struct fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->items[i];
        if (strcasecmp(field->name, "Set-Cookie") == 0)
            continue; /* pair_encode() does it */
        if (mask_is_secret(slice_of(field->name)) && strlen(field->value) >= VALUE_LEAST)
            add_of_side(finder, side, field->value);
        else
            find_named(finder, side, field->value, strlen(field->value));
    }
}

static void find_answered(struct finder *finder, const struct exchange *exchange, enum side side)
{
    const struct incoming *in = &exchange->in[side];
    const struct slice body = {in->body.data, in->body.length};
    find_in_fields(finder, side, &in->headers);
    if (!body.length || body.length > READ_MOST)
        return;
    enum content_type type =
        content_type(fields_find(&in->headers, "Content-Type"), body.at, body.length);
    if (type == CONTENT_JSON) {
        struct token_parts parts;
        token_parts_init(&parts, &finder->arena);
        token_walk_body(&parts, BODY_JSON, NULL, body);
        find_parts(finder, &parts, (int)side);
        token_parts_free(&parts);
    } else if (type == CONTENT_HTML) {
        find_in_page(finder, side, (const char *)body.at, body.length);
    }
    if (type != CONTENT_BYTES)
        find_named(finder, side, (const char *)body.at, body.length);
}

/* ---- the pair ---- */

/* Fields whose value is a link. */
static bool is_link(const char *name)
{
    return strcasecmp(name, "Location") == 0 || strcasecmp(name, "Content-Location") == 0;
}

static const char *masked(struct arena *arena, const void *target, size_t length, bool keep)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (keep)
        buffer_add(&text, target, length);
    else
        (void)mask_target(&text, (struct slice){target, length});
    const char *copy = arena_copy_bytes(arena, text.data, text.length);
    buffer_free(&text);
    return copy;
}

static void fill_answer(struct arena *arena, const struct exchange *exchange, enum side side,
                        bool keep, struct pair_answer *answer)
{
    const struct incoming *in = &exchange->in[side];
    const struct buffer *sent = &exchange->out[side].target;
    const struct slice logged = exchange->logged.target;
    *answer = (struct pair_answer){.asked = true,
                                   .failure = in->failure ? in->why : NULL,
                                   .status = in->status,
                                   .field_count = in->headers.count,
                                   .body = in->body.data,
                                   .length = in->body.length,
                                   .first_byte = in->first_byte > 0 ? in->first_byte : 0,
                                   .total = in->total > 0 ? in->total : 0};
    if (sent->length != logged.length || memcmp(sent->data, logged.at, logged.length) != 0)
        answer->target = masked(arena, sent->data, sent->length, keep);
    answer->fields = arena_alloc(arena, (in->headers.count + 1) * sizeof *answer->fields);
    for (size_t i = 0; i < in->headers.count; i++) {
        const struct field *field = &in->headers.items[i];
        const char *value = field->value;
        if (is_link(field->name))
            value = masked(arena, value, strlen(value), keep);
        answer->fields[i] = (struct pair_field){field->name, value};
    }
}

static void fill_own(struct arena *arena, const struct exchange *exchange, struct pair *pair)
{
    pair->own = arena_alloc(arena, (exchange->replacement_count + 1) * sizeof *pair->own);
    for (size_t i = 0; i < exchange->replacement_count; i++) {
        const struct replacement *one = &exchange->replacements[i];
        if (one->is_id && !one->proposed && !one->secret)
            pair->own[pair->own_count++] =
                (struct pair_own){one->where, {one->value[SOURCE], one->value[TARGET]}};
    }
}

/* What the comparison found, with the headers and cookies that differ by name. */
static void fill_judgement(struct arena *arena, const struct findings *findings, struct pair *pair)
{
    struct pair_judgement *judgement = &pair->judgement;
    pair->judged = true;
    *judgement = findings->judgement;
    judgement->headers = arena_alloc(arena, (findings->count + 1) * sizeof *judgement->headers);
    for (size_t i = 0; i < findings->count; i++) {
        const struct found *found = &findings->items[i];
        if (found->kind == FOUND_HEADER || found->kind == FOUND_LOCATION)
            judgement->headers[judgement->header_count++] = found->path;
        else if (found->kind == FOUND_COOKIE)
            judgement->headers[judgement->header_count++] =
                arena_format(arena, "Set-Cookie %s", found->path);
    }
}

void pair_of_exchange(const struct exchange *exchange, const struct findings *findings,
                      bool one_side, const unsigned char *key, struct buffer *out)
{
    const struct logged *logged = &exchange->logged;
    struct finder *finder = mem_zero(1, sizeof *finder);
    struct arena *arena = &finder->arena;
    struct pair pair = {.number = exchange->number,
                        .line = logged->line,
                        .arrival = logged->arrival,
                        .file = logged->file ? logged->file : "",
                        .method = logged->method,
                        .target = masked(arena, logged->target.at, logged->target.length, !key),
                        .route = logged->route,
                        .tenant = logged->tenant,
                        .logged_status = logged->status};
    if (logged->session)
        pair.session = arena_format(arena, "%012llx", (unsigned long long)logged->session_name);
    fill_own(arena, exchange, &pair);
    if (findings)
        fill_judgement(arena, findings, &pair);
    for (int side = 0; side < (one_side ? 1 : SIDES); side++)
        fill_answer(arena, exchange, (enum side)side, !key, &pair.answers[side]);
    if (key) {
        struct pair_secrets secrets = {.items = finder->items};
        find_replaced(finder, exchange);
        find_sent(finder, exchange);
        for (int side = 0; side < (one_side ? 1 : SIDES); side++)
            find_answered(finder, exchange, (enum side)side);
        secrets.count = finder->count;
        memcpy(secrets.key, key, PAIR_KEY_SIZE);
        pair_encode(&pair, &secrets, out);
    } else {
        pair_encode(&pair, NULL, out);
    }
    arena_free(arena);
    free(finder);
}
