/*
 * The parts of a message that can be given another value: segments of a path, pairs of a query or
 * form, fields of a multipart body, values of JSON. Input: wire bytes. Output: where each value
 * stands, decoded, and a value written as its place wants it. What is not a part is never touched.
 */
#include "token_parts.h"

#include "../diff/base/json_string.h"
#include "../diff/base/percent.h"
#include "../diff/base/utf8.h"
#include "../diff/content.h"

#include <ctype.h>
#include <stdlib.h>

#define DEPTH_MOST 64     /* of JSON; deeper is left as it stands */
#define BOUNDARY_MOST 200 /* RFC 2046 allows 70 */
#define SEGMENTS_MOST 64  /* of a path */

void token_parts_init(struct token_parts *parts, struct arena *arena)
{
    *parts = (struct token_parts){.arena = arena};
}

void token_parts_free(struct token_parts *parts)
{
    free(parts->items);
    *parts = (struct token_parts){0};
}

static void add_part(struct token_parts *parts, const struct token_part *part)
{
    if (!part->name || !part->value || parts->count == TOKEN_PARTS_MOST)
        return;
    if (parts->count == parts->room) {
        parts->room = parts->room ? 2 * parts->room : 16;
        parts->items = mem_resize(parts->items, parts->room, sizeof *parts->items);
    }
    parts->items[parts->count] = *part;
    parts->items[parts->count++].id = token_looks_id(part->value);
}

/* ---- percent-encoding ---- */

/* NULL: too long for a token, or with a NUL, which no C string holds. */
static char *decode(struct arena *arena, const unsigned char *at, size_t length, bool plus)
{
    if (length > 3 * TOKEN_VALUE_MOST)
        return NULL;
    char *text = arena_alloc(arena, length + 1);
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = at[i];
        int escaped = percent_byte(at + i, length - i);
        if (escaped >= 0) {
            byte = (unsigned char)escaped;
            i += 2;
        } else if (plus && byte == '+') {
            byte = ' ';
        }
        if (!byte)
            return NULL;
        text[used++] = (char)byte;
    }
    return used <= TOKEN_VALUE_MOST ? text : NULL;
}

static void encode(struct buffer *out, const char *value, const char *plain, bool plus)
{
    static const char digits[] = "0123456789ABCDEF";
    for (const unsigned char *at = (const unsigned char *)value; *at; at++) {
        if (isalnum(*at) || strchr(plain, *at)) {
            buffer_add_byte(out, *at);
        } else if (plus && *at == ' ') {
            buffer_add_byte(out, '+');
        } else {
            buffer_add_byte(out, '%');
            buffer_add_byte(out, (unsigned char)digits[*at >> 4]);
            buffer_add_byte(out, (unsigned char)digits[*at & 15]);
        }
    }
}

/* user[id] -> "user"; NULL: there are no brackets. */
static const char *parent_of(struct arena *arena, const char *name)
{
    size_t length = strlen(name);
    const char *open = length && name[length - 1] == ']' ? strrchr(name, '[') : NULL;
    if (!open || open == name)
        return NULL;
    const char *end = open;
    const char *before = end[-1] == ']' ? memrchr(name, '[', (size_t)(end - name)) : NULL;
    const char *from = before ? before + 1 : name;
    return arena_copy_bytes(arena, from, (size_t)(end - from - (before != NULL)));
}

static void walk_pairs(struct token_parts *parts, enum token_place place, const unsigned char *text,
                       size_t from, size_t end)
{
    while (from < end) {
        const unsigned char *stop = memchr(text + from, '&', end - from);
        size_t to = stop ? (size_t)(stop - text) : end;
        const unsigned char *equals = memchr(text + from, '=', to - from);
        if (equals) {
            size_t value = (size_t)(equals - text) + 1;
            struct token_part part = {.place = place, .from = value, .length = to - value};
            part.name = decode(parts->arena, text + from, value - 1 - from, true);
            part.value = decode(parts->arena, text + value, to - value, true);
            part.parent = part.name ? parent_of(parts->arena, part.name) : NULL;
            add_part(parts, &part);
        }
        from = to + 1;
    }
}

void token_walk_target(struct token_parts *parts, struct slice target, bool all)
{
    size_t path = 0, from = 0;
    unsigned index = 0;
    while (path < target.length && target.at[path] != '?' && target.at[path] != '#')
        path++;
    while (from < path && index < SEGMENTS_MOST) {
        from += target.at[from] == '/';
        const unsigned char *slash =
            from < path ? memchr(target.at + from, '/', path - from) : NULL;
        size_t to = slash ? (size_t)(slash - target.at) : path;
        size_t size = token_id_length((const char *)target.at + from, to - from);
        index++;
        if (!size && all)
            size = to - from;
        if (size) {
            struct token_part part = {
                .place = PLACE_PATH, .from = from, .length = size, .index = index, .name = ""};
            part.value = decode(parts->arena, target.at + from, size, false);
            add_part(parts, &part);
        }
        from = to;
    }
    size_t end = path;
    while (end < target.length && target.at[end] != '#')
        end++;
    if (end > path)
        walk_pairs(parts, PLACE_QUERY, target.at, path + 1, end);
}

void token_shape(struct buffer *out, struct slice target, const struct token_parts *parts)
{
    size_t from = 0;
    for (size_t i = 0; i < parts->count; i++) {
        const struct token_part *part = &parts->items[i];
        if (!part->id)
            continue;
        buffer_add(out, target.at + from, part->from - from);
        buffer_add_byte(out, 1);
        from = part->from + part->length;
    }
    buffer_add(out, target.at + from, target.length - from);
}

/* ---- multipart: RFC 7578 ---- */

static bool find_boundary(const char *content_type, struct slice body, char *boundary)
{
    const char *value = NULL;
    size_t length = 0;
    if (!content_type || !content_parameter(content_type, "boundary", &value, &length)) {
        const unsigned char *end = memmem(body.at, body.length, "\r\n", 2);
        if (body.length < 2 || memcmp(body.at, "--", 2) != 0 || !end)
            return false;
        value = (const char *)body.at + 2;
        length = (size_t)(end - body.at) - 2;
    }
    if (!length || length > BOUNDARY_MOST)
        return false;
    memcpy(boundary, "\r\n--", 4);
    memcpy(boundary + 4, value, length);
    boundary[4 + length] = '\0';
    return true;
}

/* The parameter of a Content-Disposition among a part's header lines; NULL: it has none. */
static char *disposition(struct arena *arena, const unsigned char *at, size_t length,
                         const char *parameter)
{
    char *headers = arena_copy_bytes(arena, at, length);
    const char *line = strcasestr(headers, "content-disposition:");
    const char *value;
    size_t size;
    if (!line)
        return NULL;
    size_t end = strcspn(line, "\r\n");
    char *text = arena_copy_bytes(arena, line, end);
    return content_parameter(text, parameter, &value, &size) ? arena_copy_bytes(arena, value, size)
                                                             : NULL;
}

static void walk_multipart(struct token_parts *parts, const char *content_type, struct slice body)
{
    char boundary[BOUNDARY_MOST + 8];
    if (!find_boundary(content_type, body, boundary))
        return;
    size_t size = strlen(boundary);
    if (body.length < size - 2 || memcmp(body.at, boundary + 2, size - 2) != 0)
        return;
    size_t from = size - 2;
    while (from < body.length && parts->count < TOKEN_PARTS_MOST) {
        const unsigned char *at = body.at + from;
        const unsigned char *head = memmem(at, body.length - from, "\r\n\r\n", 4);
        if (!head || memcmp(at, "--", 2) == 0)
            return;
        size_t value = (size_t)(head - body.at) + 4;
        const unsigned char *stop = memmem(body.at + value, body.length - value, boundary, size);
        if (!stop)
            return;
        struct token_part part = {
            .place = PLACE_MULTIPART, .from = value, .length = (size_t)(stop - body.at) - value};
        size_t head_size = (size_t)(head - at);
        if (part.length <= TOKEN_VALUE_MOST && head_size <= TOKEN_VALUE_MOST &&
            !memchr(body.at + value, '\0', part.length) &&
            !disposition(parts->arena, at, head_size, "filename")) {
            part.name = disposition(parts->arena, at, head_size, "name");
            part.value = arena_copy_bytes(parts->arena, body.at + value, part.length);
            part.parent = part.name ? parent_of(parts->arena, part.name) : NULL;
            add_part(parts, &part);
        }
        from = (size_t)(stop - body.at) + size;
    }
}

/* ---- JSON ---- */

struct json_walk {
    struct token_parts *parts;
    const unsigned char *text;
    size_t at, end;
    unsigned depth;
    const char *names[DEPTH_MOST + 1]; /* of the member at each depth; lists: of what holds them */
    bool object[DEPTH_MOST + 1];
};

static void skip_space(struct json_walk *json)
{
    while (json->at < json->end && strchr(" \t\r\n", json->text[json->at]) && json->text[json->at])
        json->at++;
}

static bool read_code(const struct json_walk *json, size_t at, uint32_t *code)
{
    *code = 0;
    for (size_t i = 0; i < 4; i++) {
        int digit = at + i < json->end ? hex_digit(json->text[at + i]) : -1;
        if (digit < 0)
            return false;
        *code = *code << 4 | (uint32_t)digit;
    }
    return true;
}

/* Behind the backslash. Lone surrogates and NUL: the value is not looked at. */
static bool read_escape(struct json_walk *json, struct buffer *out, bool *fit)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    uint32_t code, low;
    unsigned char bytes[4];
    unsigned char byte = json->at < json->end ? json->text[json->at++] : 0;
    const char *simple = byte ? strchr(from, byte) : NULL;
    if (simple) {
        buffer_add_byte(out, (unsigned char)to[simple - from]);
        return true;
    }
    if (byte != 'u' || !read_code(json, json->at, &code))
        return false;
    json->at += 4;
    if (code >= 0xd800 && code < 0xdc00 && json->end - json->at >= 6 &&
        json->text[json->at] == '\\' && json->text[json->at + 1] == 'u' &&
        read_code(json, json->at + 2, &low) && low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        json->at += 6;
    }
    if (!code || (code >= 0xd800 && code < 0xe000))
        *fit = false;
    else
        buffer_add(out, bytes, utf8_write(code, bytes));
    return true;
}

/* False: no string. *text NULL: it is too long, or holds what is no text. */
static bool read_string(struct json_walk *json, const char **text)
{
    struct buffer out = BUFFER_INIT(TOKEN_VALUE_MOST);
    bool fit = true, good = false;
    json->at++;
    while (json->at < json->end) {
        unsigned char byte = json->text[json->at];
        if (byte < ' ')
            break;
        json->at++;
        if (byte == '"') {
            good = true;
            break;
        }
        if (byte != '\\')
            buffer_add_byte(&out, byte);
        else if (!read_escape(json, &out, &fit))
            break;
    }
    *text = good && fit && !buffer_overflowed(&out)
                ? arena_copy_bytes(json->parts->arena, out.data, out.length)
                : NULL;
    buffer_free(&out);
    return good;
}

static void add_value(struct json_walk *json, size_t from, const char *value, bool number)
{
    unsigned depth = json->depth;
    struct token_part part = {.place = PLACE_JSON,
                              .from = from,
                              .length = json->at - from,
                              .value = value,
                              .depth = depth,
                              .number = number};
    part.name = depth && json->names[depth] ? json->names[depth] : "";
    part.parent = depth > 1 ? json->names[depth - 1] : NULL;
    add_part(json->parts, &part);
}

static bool read_scalar(struct json_walk *json)
{
    size_t from = json->at;
    const char *value;
    if (json->text[from] == '"') {
        if (!read_string(json, &value))
            return false;
        add_value(json, from, value, false);
        return true;
    }
    while (json->at < json->end &&
           (isalnum(json->text[json->at]) || strchr("+-.", json->text[json->at])) &&
           json->text[json->at])
        json->at++;
    size_t length = json->at - from;
    const char *word = (const char *)json->text + from;
    if (!length)
        return false;
    if (*word == '-' || isdigit((unsigned char)*word)) {
        if (length <= TOKEN_VALUE_MOST)
            add_value(json, from, arena_copy_bytes(json->parts->arena, word, length), true);
        return true;
    }
    struct slice literal = {json->text + from, length};
    return slice_is(literal, "true") || slice_is(literal, "false") || slice_is(literal, "null");
}

/* At a member's name; then its value is next. */
static bool read_member(struct json_walk *json)
{
    const char *name;
    skip_space(json);
    if (json->at >= json->end || json->text[json->at] != '"' || !read_string(json, &name))
        return false;
    json->names[json->depth] = name ? name : "";
    skip_space(json);
    return json->at < json->end && json->text[json->at++] == ':';
}

static bool open_json(struct json_walk *json)
{
    bool object = json->text[json->at++] == '{';
    if (json->depth == DEPTH_MOST)
        return false;
    json->depth++;
    json->object[json->depth] = object;
    json->names[json->depth] = json->depth > 1 ? json->names[json->depth - 1] : NULL;
    return true;
}

static bool is_close(const struct json_walk *json)
{
    return json->depth && json->at < json->end &&
           json->text[json->at] == (json->object[json->depth] ? '}' : ']');
}

static bool walk_json(struct json_walk *json)
{
    for (;;) { /* at a value */
        skip_space(json);
        if (json->at >= json->end)
            return false;
        bool opened = json->text[json->at] == '{' || json->text[json->at] == '[';
        if (opened ? !open_json(json) : !read_scalar(json))
            return false;
        skip_space(json);
        bool first = opened && !is_close(json);
        while (!first && is_close(json)) {
            json->at++;
            json->depth--;
            skip_space(json);
        }
        if (!json->depth)
            return json->at == json->end;
        if (!first && (json->at >= json->end || json->text[json->at++] != ','))
            return false;
        if (json->object[json->depth] && !read_member(json))
            return false;
    }
}

/* ---- bodies ---- */

enum token_body token_body_kind(const char *content_type, struct slice body)
{
    static const struct {
        const char *word;
        enum token_body kind;
    } types[] = {{"application/x-www-form-urlencoded", BODY_FORM},
                 {"multipart/form-data", BODY_MULTIPART},
                 {"application/json", BODY_JSON},
                 {"+json", BODY_JSON},
                 {"text/json", BODY_JSON}};
    if (!body.at || !body.length)
        return BODY_NONE;
    for (size_t i = 0; content_type && i < sizeof types / sizeof *types; i++)
        if (strcasestr(content_type, types[i].word))
            return types[i].kind;
    if (content_type && *content_type && !strcasestr(content_type, "text/plain"))
        return BODY_NONE;
    size_t at = 0;
    while (at < body.length && isspace(body.at[at]))
        at++;
    if (at == body.length)
        return BODY_NONE;
    if (body.at[at] == '{' || body.at[at] == '[')
        return BODY_JSON;
    if (body.length > 4 && memcmp(body.at, "--", 2) == 0 && memmem(body.at, body.length, "\r\n", 2))
        return BODY_MULTIPART;
    /* What a browser writes as a form: name=value without white space. */
    for (at = 0; at < body.length; at++)
        if (body.at[at] <= ' ' || body.at[at] == '<' || body.at[at] == '"')
            return BODY_NONE;
    return memchr(body.at, '=', body.length) ? BODY_FORM : BODY_NONE;
}

void token_walk_body(struct token_parts *parts, enum token_body kind, const char *content_type,
                     struct slice body)
{
    size_t before = parts->count;
    struct json_walk json = {.parts = parts, .text = body.at, .end = body.length};
    if (kind == BODY_FORM)
        walk_pairs(parts, PLACE_FIELD, body.at, 0, body.length);
    else if (kind == BODY_MULTIPART)
        walk_multipart(parts, content_type, body);
    else if (kind == BODY_JSON && !walk_json(&json))
        parts->count = before;
}

bool token_encode(struct buffer *out, const struct token_part *part, const char *value)
{
    size_t digits = strspn(value, "0123456789");
    switch (part->place) {
    case PLACE_PATH:
        encode(out, value, "-._~!$&'()*+,;=:@", false);
        return *value && strcmp(value, ".") != 0 && strcmp(value, "..") != 0;
    case PLACE_QUERY:
    case PLACE_FIELD:
        encode(out, value, "*-._", true);
        return true;
    case PLACE_JSON:
        if (part->number && digits && !value[digits] && (digits == 1 || *value != '0'))
            buffer_add_text(out, value);
        else
            json_string_add(out, value, strlen(value));
        return true;
    case PLACE_MULTIPART:
        buffer_add_text(out, value);
        return !strstr(value, "\r\n--"); /* it could end the part */
    case PLACE_HEADER:
        buffer_add_text(out, value);
        for (; *value; value++)
            if ((unsigned char)*value < ' ' || *value == 0x7f)
                return false;
        return true;
    }
    return false;
}

/* ---- links ---- */

/* Appends a path without "." and ".." segments: RFC 3986, 5.2.4. */
static void add_path(struct buffer *out, const char *path, size_t length)
{
    size_t start = out->length;
    for (size_t at = 0; at < length;) {
        const char *slash = memchr(path + at + 1, '/', length - at - 1);
        size_t to = slash ? (size_t)(slash - path) : length;
        struct slice segment = {(const unsigned char *)path + at + 1, to - at - 1};
        bool last = to == length;
        if (slice_is(segment, "..")) {
            while (out->length > start && out->data[--out->length] != '/')
                ;
            if (last)
                buffer_add_byte(out, '/');
        } else if (!slice_is(segment, ".")) {
            buffer_add(out, path + at, to - at);
        } else if (last) {
            buffer_add_byte(out, '/');
        }
        at = to;
    }
    if (out->length == start)
        buffer_add_byte(out, '/');
}

bool token_resolve(struct buffer *out, struct slice base, const char *link, size_t length)
{
    while (length && isspace((unsigned char)*link))
        link++, length--;
    while (length && isspace((unsigned char)link[length - 1]))
        length--;
    const char *hash = length ? memchr(link, '#', length) : NULL;
    if (hash)
        length = (size_t)(hash - link);
    size_t scheme = 0;
    while (scheme < length && (isalnum((unsigned char)link[scheme]) || strchr("+-.", link[scheme])))
        scheme++;
    bool named = scheme && scheme < length && link[scheme] == ':';
    if (named && !(scheme == 4 && strncasecmp(link, "http", 4) == 0) &&
        !(scheme == 5 && strncasecmp(link, "https", 5) == 0))
        return false; /* mailto:, javascript: */
    link += named ? scheme + 1 : 0;
    length -= named ? scheme + 1 : 0;
    if (length >= 2 && link[0] == '/' && link[1] == '/') {
        size_t host = 2;
        while (host < length && link[host] != '/' && link[host] != '?')
            host++;
        link += host;
        length -= host;
        if (!length || *link == '?')
            buffer_add_byte(out, '/');
    } else if (named) {
        return false;
    } else if (!length || *link == '?') {
        size_t end = 0;
        while (end < base.length && base.at[end] != '#' && (!length || base.at[end] != '?'))
            end++;
        buffer_add(out, base.at, end);
    }
    size_t path = 0;
    while (path < length && link[path] != '?')
        path++;
    struct buffer whole = BUFFER_INIT(1 << 20);
    if (path && *link != '/') {
        size_t end = 0, slash = 0;
        for (; end < base.length && base.at[end] != '?' && base.at[end] != '#'; end++)
            if (base.at[end] == '/')
                slash = end;
        buffer_add(&whole, base.at, slash);
        buffer_add_byte(&whole, '/');
    }
    buffer_add(&whole, link, path);
    if (path)
        add_path(out, (const char *)whole.data, whole.length);
    buffer_free(&whole);
    buffer_add(out, link + path, length - path);
    return !buffer_overflowed(out);
}

/* ---- places ---- */

const char *token_where(const struct token_part *part, struct arena *arena)
{
    static const char *const place_name[] = {
        [PLACE_PATH] = "path",       [PLACE_QUERY] = "query", [PLACE_FIELD] = "field",
        [PLACE_MULTIPART] = "field", [PLACE_JSON] = "$",      [PLACE_HEADER] = "header"};
    if (part->place == PLACE_PATH)
        return arena_format(arena, "path %u", part->index);
    if (part->place == PLACE_JSON)
        return part->parent ? arena_format(arena, "$.%s.%s", part->parent, part->name)
                            : arena_format(arena, "$.%s", part->name);
    return arena_format(arena, "%s %s", place_name[part->place], part->name);
}
