/* See deny.h. */
#include "deny.h"

#include "../diff/base/percent.h"
#include "../diff/route.h"
#include "log_read.h"
#include "token_parts.h"

#include <ctype.h>

#define TEXT_MOST ((size_t)LOG_MOST_BYTES * 4) /* a byte may become three */

bool deny_check(const struct text_list *routes, struct err *err)
{
    for (size_t i = 0; i < routes->count; i++) {
        size_t offset;
        if (!route_check(routes->items[i], &offset, err))
            return err_prefix(err, "--deny '%.200s', byte %zu", routes->items[i], offset + 1);
    }
    return true;
}

void deny_init(struct deny *deny, const struct text_list *routes)
{
    *deny = (struct deny){.routes = routes};
    for (size_t i = 0; i < routes->count; i++)
        deny->asks_for_fields |= strchr(routes->items[i], '?') != NULL;
    buffer_init(&deny->raw, TEXT_MOST);
    buffer_init(&deny->plain, TEXT_MOST);
    buffer_init(&deny->fields, TEXT_MOST);
}

void deny_free(struct deny *deny)
{
    buffer_free(&deny->raw);
    buffer_free(&deny->plain);
    buffer_free(&deny->fields);
}

static size_t path_length(struct slice target)
{
    size_t length = 0;
    while (length < target.length && target.at[length] != '?' && target.at[length] != '#')
        length++;
    return length;
}

/* Appends the path as applications see it: decoded, without parameters (";jsessionid=…"), empty
 * segments and dots. */
static void add_plain_path(struct buffer *out, struct slice target)
{
    size_t begin = out->length;
    for (size_t i = 0; i < target.length && target.at[i] != '?' && target.at[i] != '#'; i++) {
        unsigned char byte = target.at[i];
        int escaped = percent_byte(target.at + i, target.length - i);
        if (escaped >= 0) {
            byte = (unsigned char)escaped;
            i += 2;
        } else if (byte == ';') {
            while (i + 1 < target.length && !memchr("/?#", target.at[i + 1], 3))
                i++;
            continue;
        }
        buffer_add_byte(out, byte ? byte : ' '); /* a C string */
    }
    size_t kept = begin, at = begin;
    while (at < out->length) { /* each segment with its slash */
        size_t end = at + 1;
        while (end < out->length && out->data[end] != '/')
            end++;
        struct slice segment = {out->data + at + 1, end - at - 1};
        bool last = end == out->length;
        if (slice_is(segment, "..")) {
            while (kept > begin && out->data[--kept] != '/')
                ;
            if (last)
                out->data[kept++] = '/';
        } else if ((segment.length && !slice_is(segment, ".")) || last) {
            size_t size = slice_is(segment, ".") ? 1 : end - at;
            memmove(out->data + kept, out->data + at, size);
            kept += size;
        }
        at = end;
    }
    /* An escaped '?' or '#' ends it, too: the fields stand behind one that was not. */
    out->length = begin + path_length((struct slice){out->data + begin, kept - begin});
    buffer_terminate(out);
}

/* ---- fields ---- */

/* In "name=value&name=value" it would end the name or the text, or stand for another byte. */
static void add_escaped(struct buffer *out, unsigned char byte)
{
    if (strchr("#%&+;=", byte)) /* 0, too */
        buffer_printf(out, "%%%02X", byte);
    else
        buffer_add_byte(out, byte);
}

static void add_multipart(struct buffer *out, struct slice body)
{
    struct arena arena = ARENA_INIT;
    struct token_parts parts;
    token_parts_init(&parts, &arena);
    token_walk_body(&parts, BODY_MULTIPART, NULL, body);
    for (size_t i = 0; i < parts.count; i++) {
        const struct token_part *part = &parts.items[i];
        for (const char *at = part->name ? part->name : ""; *at; at++)
            add_escaped(out, (unsigned char)*at);
        buffer_add_byte(out, '=');
        for (const char *at = part->value; *at; at++)
            add_escaped(out, (unsigned char)*at);
        buffer_add_byte(out, '&');
    }
    token_parts_free(&parts);
    arena_free(&arena);
}

/* Is it JSON or XML by its first byte and its last? */
static bool is_document(struct slice body)
{
    static const char opens[] = "{[<", closes[] = "}]>";
    while (body.length && isspace(body.at[body.length - 1]))
        body.length--;
    for (; body.length && isspace(*body.at); body.at++)
        body.length--;
    const char *open = body.length ? memchr(opens, *body.at, 3) : NULL;
    return open && body.at[body.length - 1] == (unsigned char)closes[open - opens];
}

/* Appends what a route's query is looked for in: the target's, and a form in the body, which many
 * an application reads as one. */
static void add_fields(struct buffer *out, struct slice target, struct slice body)
{
    size_t at = path_length(target);
    for (at += at < target.length && target.at[at] == '?';
         at < target.length && target.at[at] != '#'; at++)
        buffer_add_byte(out, target.at[at] ? target.at[at] : ' ');
    if (!body.length || is_document(body))
        return;
    buffer_add_byte(out, '&');
    if (body.length > 4 && memcmp(body.at, "--", 2) == 0 && memmem(body.at, body.length, "\r\n", 2))
        add_multipart(out, body);
    else
        for (size_t i = 0; i < body.length; i++)
            if (body.at[i] == '#' || !body.at[i])
                add_escaped(out, body.at[i]);
            else
                buffer_add_byte(out, body.at[i]);
}

/* Appends the fields with their names as PHP reads them: without blanks before them, up to a NUL,
 * and '_' for other blanks and dots. A ';' may stand between fields, as well. */
static void add_plain_fields(struct buffer *out, const struct buffer *fields)
{
    bool in_name = true, begins = true, ended = false;
    for (size_t i = 0; i < fields->length; i++) {
        unsigned char byte = fields->data[i];
        if (byte == '&' || byte == ';') {
            buffer_add_byte(out, '&');
            in_name = begins = true;
            ended = false;
            continue;
        }
        in_name = in_name && byte != '=';
        if (!in_name) {
            buffer_add_byte(out, byte);
            continue;
        }
        int escaped = percent_byte(fields->data + i, fields->length - i);
        i += escaped >= 0 ? 2 : 0;
        byte = escaped >= 0 ? (unsigned char)escaped : byte == '+' ? ' ' : byte;
        ended = ended || !byte;
        if (ended || (begins && byte == ' '))
            continue;
        begins = false;
        add_escaped(out, byte == ' ' || byte == '.' ? '_' : byte);
    }
}

/* ---- the question ---- */

bool deny_fits(struct deny *deny, const struct request *request)
{
    if (!deny->routes->count)
        return false;
    struct buffer *raw = &deny->raw, *plain = &deny->plain, *fields = &deny->fields;
    buffer_clear(raw);
    buffer_clear(plain);
    buffer_clear(fields);
    buffer_add(raw, request->method.at, request->method.length);
    buffer_add_byte(raw, 0);
    buffer_add(raw, request->target.at, path_length(request->target));
    add_plain_path(plain, request->target);
    if (deny->asks_for_fields) {
        add_fields(fields, request->target, request->body);
        buffer_add_byte(raw, '?');
        buffer_add(raw, fields->data, fields->length);
        buffer_add_byte(plain, '?');
        add_plain_fields(plain, fields);
    }
    const char *method = (const char *)raw->data, *target = method + request->method.length + 1;
    for (size_t i = 0; i < deny->routes->count; i++)
        if (route_fits(deny->routes->items[i], method, target) ||
            route_fits(deny->routes->items[i], method, (const char *)plain->data))
            return true;
    return false;
}
