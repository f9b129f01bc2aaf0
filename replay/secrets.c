/* See secrets.h. What is found is judged generously: what might be a secret goes. */
#include "secrets.h"

#include "jar.h"
#include "mask.h"
#include "token_parts.h"

#include "../diff/content.h"
#include "../diff/pair_secret.h"
#include "../diff/secret.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#define LINK_MOST 40      /* secrets of one link */
#define LINK_LONGEST 4096 /* bytes */
#define TAG_MOST 8192     /* bytes of a tag that is looked into */
#define TAGS_MOST 2000    /* of a page */
#define NAME_MOST 60      /* bytes of a name before '=' or ':' */
#define VALUE_LEAST 6     /* bytes; shorter values stand in too many words */
#define VALUE_LONG 16     /* bytes without a blank: no word of a language */
#define VALUE_MOST 1000
#define LEARN_MOST (256U << 10) /* bytes of an answer that a session learns from */
#define READ_MOST (8U << 20)    /* bytes of an answer that is looked into */

struct secrets {
    struct arena arena; /* of the texts */
    bool sure;          /* only what is_lasting() is taken of what was sent */
    bool too_many;
    bool lasting;             /* what is added now is no token of one page: known_add() */
    struct pair_secrets list; /* for hiders */
    size_t count;
    struct pair_secret items[PAIR_SECRETS_MOST];
    bool lasts[PAIR_SECRETS_MOST];
};

static bool same_text(const char *one, const char *other)
{
    return one == other || (one && other && strcmp(one, other) == 0);
}

/* Texts are copied. */
static void add_secret(struct secrets *secrets, const char *source, const char *target)
{
    const char *const value[SIDES] = {source && *source ? source : NULL,
                                      target && *target ? target : NULL};
    if (!value[SOURCE] && !value[TARGET])
        return;
    for (size_t i = 0; i < secrets->count; i++)
        if (same_text(secrets->items[i].value[SOURCE], value[SOURCE]) &&
            same_text(secrets->items[i].value[TARGET], value[TARGET]))
            return;
    if (secrets->count == PAIR_SECRETS_MOST) {
        secrets->too_many = true;
        return;
    }
    secrets->lasts[secrets->count] = secrets->lasting;
    struct pair_secret *one = &secrets->items[secrets->count++];
    for (int side = 0; side < SIDES; side++)
        one->value[side] = value[side] ? arena_copy(&secrets->arena, value[side]) : NULL;
}

/* A value that either side's answer may hold. */
static void add_any(struct secrets *secrets, const char *value)
{
    add_secret(secrets, value, value);
}

static void add_of_side(struct secrets *secrets, enum side side, const char *value)
{
    add_secret(secrets, side == SOURCE ? value : NULL, side == TARGET ? value : NULL);
}

/* ---- names and values ---- */

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

/* What is sure enough to be looked for in all that follows: "author=Shakespeare" is not. */
static bool is_lasting(const char *name, const char *value)
{
    return strlen(value) >= VALUE_LEAST &&
           (token_looks_random(value) ||
            (mask_is_secret(slice_of(name)) && is_telling(slice_of(name), value, strlen(value))));
}

/* ---- what was replaced, and parts ---- */

/* A side that shows the other's secret shows one, too; the pair comes first, for its mark. */
static void add_both(struct secrets *secrets, const char *const value[SIDES])
{
    add_secret(secrets, value[SOURCE], value[TARGET]);
    for (int side = 0; side < SIDES; side++)
        add_any(secrets, value[side]);
}

static void find_replaced(struct secrets *secrets, const struct exchange *exchange)
{
    for (size_t i = 0; i < exchange->replacement_count; i++) {
        const struct replacement *one = &exchange->replacements[i];
        if (!one->secret)
            continue;
        add_both(secrets, one->value);
        add_any(secrets, one->logged);
    }
    for (size_t i = 0; i < exchange->uncorrelated_count; i++)
        add_any(secrets, exchange->uncorrelated[i].logged);
}

/* Parts whose names say that they hold a secret. */
static void find_parts(struct secrets *secrets, const struct token_parts *parts, int side)
{
    for (size_t i = 0; i < parts->count; i++) {
        const struct token_part *part = &parts->items[i];
        if (!part->value || !(mask_is_secret(slice_of(part->name)) ||
                              (part->parent && mask_is_secret(slice_of(part->parent)))))
            continue;
        if (secrets->sure && !is_lasting(part->name, part->value) &&
            !(part->parent && is_lasting(part->parent, part->value)))
            continue;
        secrets->lasting = side < 0 && !token_name_is_token(part->name);
        if (side < 0)
            add_any(secrets, part->value);
        else
            add_of_side(secrets, (enum side)side, part->value);
        secrets->lasting = false;
    }
}

/* ---- links ---- */

struct link_secrets {
    struct secrets *secrets;
    bool unnamed; /* those that a name alone tells are not wanted */
    size_t count;
    const char *values[LINK_MOST];
};

static void take_of_link(void *context, const struct mask_secret *secret)
{
    struct link_secrets *found = context;
    struct arena *arena = &found->secrets->arena;
    const char *value = arena_copy_bytes(arena, secret->value.at, secret->value.length);
    if (secret->name.length && mask_is_secret(secret->name) &&
        (found->unnamed ||
         (found->secrets->sure &&
          !is_lasting(arena_copy_bytes(arena, secret->name.at, secret->name.length), value))))
        return;
    if (found->count < LINK_MOST)
        found->values[found->count++] = value;
}

static struct link_secrets secrets_of_link(struct secrets *secrets, const void *link, size_t length,
                                           bool unnamed)
{
    struct link_secrets found = {.secrets = secrets, .unnamed = unnamed};
    mask_each((struct slice){link, length}, take_of_link, &found);
    return found;
}

/* What stands at the same place of both sides' targets stands for each other. */
static void find_in_targets(struct secrets *secrets, const struct exchange *exchange)
{
    const struct slice logged = exchange->logged.target;
    struct link_secrets of_side[SIDES], of_log = {0};
    if (logged.at)
        of_log = secrets_of_link(secrets, logged.at, logged.length, false);
    for (int side = 0; side < SIDES; side++) {
        const struct buffer *target = &exchange->out[side].target;
        of_side[side] = secrets_of_link(secrets, target->data, target->length, false);
    }
    bool alike = of_side[SOURCE].count == of_side[TARGET].count;
    for (size_t i = 0; i < of_side[SOURCE].count; i++)
        add_secret(secrets, of_side[SOURCE].values[i], alike ? of_side[TARGET].values[i] : NULL);
    for (size_t i = 0; i < of_side[TARGET].count && !alike; i++)
        add_secret(secrets, NULL, of_side[TARGET].values[i]);
    for (size_t i = 0; i < of_log.count; i++)
        add_any(secrets, of_log.values[i]);
}

static bool is_link_byte(char byte)
{
    return isalnum((unsigned char)byte) || (byte && strchr("-._~%/;=+@:!$&?#*\\", byte));
}

/* Bytes of what may be a link, or a word; those of it are in `link`, but for the backslashes of
 * "\/". "&quot;" ends a path. */
static size_t read_link(const char *text, size_t length, struct buffer *link)
{
    size_t size = 0;
    bool query = false;
    buffer_clear(link);
    for (; size < length && is_link_byte(text[size]) && (query || text[size] != '&'); size++) {
        query |= text[size] == '?' || text[size] == '#';
        if (text[size] != '\\')
            buffer_add_byte(link, (unsigned char)text[size]);
    }
    while (link->length && strchr(".:!;", link->data[link->length - 1])) /* of the sentence */
        link->length--;
    return size;
}

/* What is no link may have '/' in it, too, such as pictures in base64: then shapes say nothing. */
static bool is_rooted(const struct buffer *link)
{
    const char *text = (const char *)link->data;
    return link->length <= LINK_LONGEST &&
           (*text == '/' || strncmp(text, "./", 2) == 0 || strncmp(text, "../", 3) == 0 ||
            memmem(text, link->length, "://", 3));
}

/* Links within a text, and JSON Web Tokens, which nothing else looks like. */
static void find_links(struct secrets *secrets, enum side side, const char *text, size_t length)
{
    struct buffer link = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t at = 0, size; at < length && !secrets->too_many; at += size ? size : 1) {
        size = read_link(text + at, length - at, &link);
        const char *found = (const char *)link.data;
        bool data = at >= 7 && memcmp(text + at - 7, "base64,", 7) == 0;
        if (link.length < VALUE_LEAST || data)
            continue;
        if (!memchr(found, '/', link.length)) {
            if (strncmp(found, "eyJ", 3) == 0 && secret_looks(found, link.length))
                add_of_side(secrets, side, arena_copy_bytes(&secrets->arena, found, link.length));
            continue;
        }
        struct link_secrets within = secrets_of_link(secrets, found, link.length, true);
        for (size_t i = 0; i < within.count; i++)
            if (is_rooted(&link) || !secret_looks(within.values[i], strlen(within.values[i])))
                add_of_side(secrets, side, within.values[i]);
    }
    buffer_free(&link);
}

/* ---- what was sent ---- */

static void find_sent(struct secrets *secrets, const struct exchange *exchange)
{
    const struct logged *logged = &exchange->logged;
    find_in_targets(secrets, exchange);
    for (int side = 0; side < SIDES; side++) {
        const struct outgoing *out = &exchange->out[side];
        struct token_parts parts;
        token_parts_init(&parts, &secrets->arena);
        token_walk_target(&parts, (struct slice){out->target.data, out->target.length}, false);
        if (out->has_body && out->body.length <= READ_MOST) {
            const struct slice body = {out->body.data, out->body.length};
            const char *type = fields_find(&out->headers, "Content-Type");
            token_walk_body(&parts, token_body_kind(type, body), type, body);
        }
        find_parts(secrets, &parts, -1);
        token_parts_free(&parts);
        for (size_t i = 0; i < out->headers.count; i++) {
            const struct field *field = &out->headers.items[i];
            const char *blank = strchr(field->value, ' ');
            secrets->lasting = strcasecmp(field->name, "Authorization") == 0;
            if (secrets->lasting)
                add_any(secrets, blank ? blank + 1 : field->value);
            else if (token_name_is_token(field->name))
                add_any(secrets, field->value);
            else
                find_links(secrets, (enum side)side, field->value, strlen(field->value));
            secrets->lasting = false;
        }
    }
    /* Where production's cookies are sent (--seed-cookies) they may come back in a page. */
    for (const char *at = logged->cookies; at && *at;) {
        size_t length = strcspn(at, ";"), name = strcspn(at, "=;");
        if (name < length) {
            const char *value = arena_copy_bytes(&secrets->arena, at + name + 1, length - name - 1);
            if (token_looks_random(value))
                add_any(secrets, value);
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
static void find_in_page(struct secrets *secrets, enum side side, const char *page, size_t length)
{
    static const struct {
        const char *tag, *value;
    } tags[] = {{"input", "value"}, {"meta", "content"}};
    const char *at = page, *end = page + length;
    size_t seen = 0;
    while (seen < TAGS_MOST && (at = memchr(at, '<', (size_t)(end - at)))) {
        size_t left = (size_t)(end - ++at);
        for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
            size_t size = strlen(tags[i].tag);
            if (left <= size || strncasecmp(at, tags[i].tag, size) != 0 ||
                isalnum((unsigned char)at[size]))
                continue;
            const char *tag = at + size;
            size_t tag_size = tag_length(tag, left - size < TAG_MOST ? left - size : TAG_MOST);
            const char *name = find_attribute(&secrets->arena, tag, tag_size, "name");
            const char *type = find_attribute(&secrets->arena, tag, tag_size, "type");
            bool password = type && strcasecmp(type, "password") == 0;
            if (password || (name && (mask_is_secret(slice_of(name)) || token_name_is_token(name))))
                add_of_side(secrets, side,
                            find_attribute(&secrets->arena, tag, tag_size, tags[i].value));
            seen++;
        }
    }
    secrets->too_many |= seen == TAGS_MOST;
}

static bool is_name_byte(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || byte == '-';
}

/* What stands behind a name of a secret, in links, scripts, attributes and texts: ?token=8f3a11,
 * apiKey = "8f3a11", 'csrf': '8f3a11'. Unquoted only behind '='. */
static void find_named(struct secrets *secrets, enum side side, const char *text, size_t length)
{
    for (size_t i = 1; i < length && !secrets->too_many; i++) {
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
        /* ";jsessionid=8F3A/" is a parameter of a path. */
        const char *ends =
            from && text[from - 1] == ';' ? " \t\r\n\"'<>&;,)}#/?" : " \t\r\n\"'<>&;,)}#";
        size_t size = 0;
        while (at + size < length && size <= VALUE_MOST && text[at + size] &&
               (quote ? text[at + size] != quote : !strchr(ends, text[at + size])))
            size++;
        if (size <= VALUE_MOST && (quote || text[i] == '=') && is_telling(name, text + at, size))
            add_of_side(secrets, side, arena_copy_bytes(&secrets->arena, text + at, size));
    }
}

static void find_in_fields(struct secrets *secrets, enum side side, const struct fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->items[i];
        if (strcasecmp(field->name, "Set-Cookie") == 0)
            continue; /* pair_hider_new() does it */
        if (mask_is_secret(slice_of(field->name)) && strlen(field->value) >= VALUE_LEAST)
            add_of_side(secrets, side, field->value);
        find_named(secrets, side, field->value, strlen(field->value));
        find_links(secrets, side, field->value, strlen(field->value));
    }
}

/* What an answer gives as a field, meta element or member. */
static enum content_type find_given(struct secrets *secrets, const struct exchange *exchange,
                                    enum side side)
{
    const struct incoming *in = &exchange->in[side];
    const struct slice body = {in->body.data, in->body.length};
    if (!body.length)
        return CONTENT_BYTES;
    enum content_type type =
        content_type(fields_find(&in->headers, "Content-Type"), body.at, body.length);
    if (type == CONTENT_JSON && body.length <= READ_MOST) {
        struct token_parts parts;
        token_parts_init(&parts, &secrets->arena);
        token_walk_body(&parts, BODY_JSON, NULL, body);
        find_parts(secrets, &parts, (int)side);
        token_parts_free(&parts);
    } else if (type == CONTENT_HTML) {
        find_in_page(secrets, side, (const char *)body.at,
                     body.length < READ_MOST ? body.length : READ_MOST);
    }
    return type;
}

static void find_answered(struct secrets *secrets, const struct exchange *exchange, enum side side)
{
    const struct buffer *body = &exchange->in[side].body;
    size_t length = body->length < READ_MOST ? body->length : READ_MOST;
    find_in_fields(secrets, side, &exchange->in[side].headers);
    if (find_given(secrets, exchange, side) == CONTENT_BYTES)
        return;
    find_named(secrets, side, (const char *)body->data, length);
    find_links(secrets, side, (const char *)body->data, length);
}

/* Each with a mark of its own: what this exchange was not sent, the comparison takes for unlike. */
static void take_known(void *context, const char *const value[SIDES])
{
    for (int side = 0; side < SIDES; side++)
        add_any(context, value[side]);
}

/* ---- what a session shows ---- */

/* Its value, where it may be a secret; else NULL. */
static const char *cookie_secret(struct arena *arena, struct jar_said said)
{
    if (!said.value.length)
        return NULL;
    const char *name =
        said.name.length ? arena_copy_bytes(arena, said.name.at, said.name.length) : "";
    const char *value = arena_copy_bytes(arena, said.value.at, said.value.length);
    return token_name_is_token(name) || is_lasting(name, value) ? value : NULL;
}

static void learn_cookies(struct secrets *secrets, struct known *known,
                          const struct exchange *exchange)
{
    for (int side = 0; side < SIDES; side++) {
        const struct fields *fields = &exchange->in[side].headers;
        for (size_t i = 0; i < fields->count; i++) {
            const char *value[SIDES] = {NULL, NULL};
            if (strcasecmp(fields->items[i].name, "Set-Cookie") != 0)
                continue;
            value[side] =
                cookie_secret(&secrets->arena, jar_read(slice_of(fields->items[i].value)));
            known_add(known, value, true);
        }
    }
}

void secrets_learn(const struct exchange *exchange, struct known *known)
{
    struct secrets *secrets = mem_zero(1, sizeof *secrets);
    secrets->sure = true;
    for (size_t i = 0; i < exchange->replacement_count; i++) {
        const struct replacement *one = &exchange->replacements[i];
        if (one->secret) {
            known_add(known, (const char *const[SIDES]){one->logged, one->logged}, false);
            known_add(known, one->value, false);
        }
    }
    learn_cookies(secrets, known, exchange);
    find_sent(secrets, exchange);
    for (int side = 0; side < SIDES; side++)
        if (exchange->in[side].body.length <= LEARN_MOST)
            find_given(secrets, exchange, (enum side)side);
    for (size_t i = 0; i < secrets->count; i++)
        known_add(known, secrets->items[i].value, secrets->lasts[i]);
    secrets_free(secrets);
}

/* ---- the whole ---- */

struct secrets *secrets_of(const struct exchange *exchange, bool one_side, struct known *known)
{
    struct secrets *secrets = mem_zero(1, sizeof *secrets);
    find_replaced(secrets, exchange);
    find_sent(secrets, exchange);
    if (known)
        known_each(known, take_known, secrets);
    for (int side = 0; side < (one_side ? 1 : SIDES); side++)
        find_answered(secrets, exchange, (enum side)side);
    return secrets;
}

void secrets_free(struct secrets *secrets)
{
    if (!secrets)
        return;
    arena_free(&secrets->arena);
    free(secrets);
}

bool secrets_are_too_many(const struct secrets *secrets)
{
    return secrets->too_many;
}

struct pair_secrets secrets_list(const struct secrets *secrets, const unsigned char *key)
{
    struct pair_secrets list = {.count = secrets->count, .items = secrets->items};
    if (key)
        memcpy(list.key, key, PAIR_KEY_SIZE);
    return list;
}

struct pair_hider *secrets_hider(struct secrets *secrets, const struct exchange *exchange,
                                 enum side side, const unsigned char *key)
{
    struct pair pair = {0}; /* its cookies */
    secrets->list = secrets_list(secrets, key);
    for (int i = 0; i < SIDES; i++) {
        const struct fields *fields = &exchange->in[i].headers;
        struct pair_answer *answer = &pair.answers[i];
        answer->field_count = fields->count;
        answer->fields = arena_alloc(&secrets->arena, (fields->count + 1) * sizeof *answer->fields);
        for (size_t k = 0; k < fields->count; k++)
            answer->fields[k] = (struct pair_field){fields->items[k].name, fields->items[k].value};
    }
    return pair_hider_new(&pair, &secrets->list, side);
}

void secrets_mark(const struct secrets *secrets, enum side side, const unsigned char *key,
                  struct slice value, struct buffer *out)
{
    char mark[PAIR_MARK_SIZE];
    const char *named = NULL;
    for (size_t i = 0; i < secrets->count && !named; i++) {
        const char *const *one = secrets->items[i].value;
        if (one[side] && slice_is(value, one[side]))
            named = one[SOURCE] ? one[SOURCE] : one[TARGET];
    }
    if (named)
        value = slice_of(named);
    pair_mark(key, value.at, value.length, mark);
    buffer_add_text(out, mark);
}
