/* See replaced.h. */
#include "replaced.h"

#include "../diff/base/bytes.h"
#include "../diff/base/file.h"
#include "../diff/base/siphash.h"
#include "../diff/ledger.h"
#include "../diff/secret.h"
#include "../diff/value_class.h"
#include "jar.h"
#include "json_text.h"
#include "mask.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>

#define COOKIES_MOST 50  /* names, of one exchange */
#define LIST_BLOCK 65536 /* bytes that are written at once */

static bool looks_secret(const char *value)
{
    enum value_class class = value_class_of_text(NULL, value, strlen(value));
    return class == CLASS_SESSION_ID || class == CLASS_TOKEN || class == CLASS_HASH ||
           secret_looks(value, strlen(value));
}

/* segments: mask_segments() */
static bool is_secret(const struct replacement *one, uint64_t segments)
{
    const char *name = strchr(one->where, ' ');
    return one->secret || mask_is_segment(segments, one->where) ||
           (name && mask_is_secret(slice_of(name + 1))) || looks_secret(one->logged) ||
           looks_secret(one->value[SOURCE]) || looks_secret(one->value[TARGET]);
}

static void put_value(struct buffer *out, const char *value, const unsigned char *key)
{
    char text[32];
    if (!key || !*value) {
        bytes_put_text(out, value);
        return;
    }
    uint64_t hash = siphash_64(key, value, strlen(value));
    snprintf(text, sizeof text, "masked #%08x", (unsigned)(hash >> 32));
    bytes_put_text(out, text);
}

/* Names alone: values of cookies are secret. Each once. */
static size_t cookie_names(const struct exchange *exchange, struct arena *arena,
                           const char *names[COOKIES_MOST])
{
    size_t count = 0;
    for (int side = 0; side < SIDES; side++) {
        const struct fields *fields = &exchange->in[side].headers;
        for (size_t i = 0; i < fields->count && count < COOKIES_MOST; i++) {
            if (strcasecmp(fields->items[i].name, "Set-Cookie") != 0)
                continue;
            struct slice name = jar_read(slice_of(fields->items[i].value)).name;
            const char *text =
                arena_copy_bytes(arena, name.length ? (const char *)name.at : "", name.length);
            bool known = !*text;
            for (size_t k = 0; k < count; k++)
                known = known || strcmp(names[k], text) == 0;
            if (!known)
                names[count++] = text;
        }
    }
    return count;
}

static void put_one(struct buffer *out, const struct replacement *one, uint64_t segments,
                    const unsigned char *key)
{
    const unsigned char *own = key && is_secret(one, segments) ? key : NULL;
    buffer_add_byte(out, own != NULL);
    bytes_put_text(out, one->where);
    bytes_put_text(out, one->kind ? one->kind : "");
    put_value(out, one->logged, own);
    put_value(out, one->value[SOURCE], own);
    put_value(out, one->value[TARGET], own);
    buffer_add_u64(out, one->from);
    buffer_add_byte(out, (unsigned char)one->given);
    bytes_put_text(out, one->given_name ? one->given_name : "");
}

void replaced_add(struct buffer *out, const struct exchange *exchange, const unsigned char *key)
{
    const struct logged *logged = &exchange->logged;
    struct arena arena = ARENA_INIT;
    const char *names[COOKIES_MOST];
    size_t count = 0, cookies = cookie_names(exchange, &arena, names);
    uint64_t segments = mask_segments(logged->target);
    for (size_t i = 0; i < exchange->replacement_count; i++)
        count += replacement_was_sent(&exchange->replacements[i]);
    if (count || cookies) {
        buffer_add_u64(out, exchange->number);
        buffer_add_u64(out, logged->line);
        bytes_put_text(out, logged->file ? logged->file : "");
        bytes_put_text(out, logged->route ? logged->route : "");
        bytes_put_size(out, count);
        for (size_t i = 0; i < exchange->replacement_count; i++)
            if (replacement_was_sent(&exchange->replacements[i]))
                put_one(out, &exchange->replacements[i], segments, key);
        bytes_put_size(out, cookies);
        for (size_t i = 0; i < cookies; i++)
            bytes_put_text(out, names[i]);
    }
    arena_free(&arena);
}

/* ---- reading ---- */

static void get_one(struct bytes *in, struct replaced *one, struct arena *arena)
{
    one->masked = bytes_bool(in);
    one->where = bytes_name(in, arena);
    one->kind = bytes_name(in, arena);
    one->logged = bytes_name(in, arena);
    one->value[SOURCE] = bytes_name(in, arena);
    one->value[TARGET] = bytes_name(in, arena);
    one->from = bytes_u64(in);
    unsigned given = bytes_u8(in);
    in->failed |= given >= GIVENS;
    one->given = in->failed ? GIVEN_UNKNOWN : (enum given)given;
    one->given_name = bytes_name(in, arena);
}

bool replaced_each(const void *bytes, size_t length,
                   bool (*take)(void *context, const struct replaced_request *request,
                                struct err *err),
                   void *context, struct err *err)
{
    const unsigned char *from = bytes;
    struct bytes in = {from, from + length, false};
    bool ok = true;
    while (ok && !in.failed && in.place < in.end) {
        struct arena arena = ARENA_INIT;
        struct replaced_request request = {0};
        request.number = bytes_u64(&in);
        request.line = bytes_u64(&in);
        request.file = bytes_name(&in, &arena);
        request.route = bytes_name(&in, &arena);
        request.count = bytes_count(&in, 34);
        struct replaced *items = arena_alloc(&arena, (request.count + 1) * sizeof *items);
        for (size_t i = 0; i < request.count; i++)
            get_one(&in, &items[i], &arena);
        request.items = items;
        request.cookie_count = bytes_count(&in, 4);
        const char **cookies = arena_alloc(&arena, (request.cookie_count + 1) * sizeof *cookies);
        for (size_t i = 0; i < request.cookie_count; i++)
            cookies[i] = bytes_name(&in, &arena);
        request.cookies = cookies;
        ok = in.failed || take(context, &request, err);
        arena_free(&arena);
    }
    if (ok && !bytes_at_end(&in))
        return err_set(err, ERR_USAGE, "the list of replaced values is damaged");
    return ok;
}

/* ---- listing ---- */

static void add_text(struct buffer *out, const char *name, const char *text)
{
    buffer_printf(out, ", \"%s\": ", name);
    json_text_string(out, slice_of(text));
}

void replaced_json(struct buffer *out, const struct replaced_request *request,
                   const struct replaced *one)
{
    buffer_printf(out, "{\"line\": %llu", (unsigned long long)request->line);
    add_text(out, "file", request->file);
    buffer_printf(out, ", \"request\": %llu", (unsigned long long)request->number);
    add_text(out, "route", request->route);
    add_text(out, "where", one->where);
    if (*one->kind)
        add_text(out, "kind", one->kind);
    add_text(out, "logged", one->logged);
    add_text(out, "source", one->value[SOURCE]);
    add_text(out, "target", one->value[TARGET]);
    if (one->from)
        buffer_printf(out, ", \"from\": %llu", (unsigned long long)one->from);
    if (one->masked)
        buffer_add_text(out, ", \"masked\": true");
    buffer_add_text(out, "}\n");
}

struct listing {
    int file;
    struct buffer out;
};

static bool flush(struct listing *listing, struct err *err)
{
    struct buffer *out = &listing->out;
    if (out->length && !file_write_all(listing->file, out->data, out->length))
        return err_set(err, ERR_INTERNAL, "the list cannot be written: %s", strerror(errno));
    buffer_clear(out);
    return true;
}

static bool list_request(void *context, const struct replaced_request *request, struct err *err)
{
    struct listing *listing = context;
    for (size_t i = 0; i < request->count; i++)
        replaced_json(&listing->out, request, &request->items[i]);
    return listing->out.length < LIST_BLOCK || flush(listing, err);
}

static bool list_record(void *context, int64_t id, int64_t part, const unsigned char *bytes,
                        size_t length, struct err *err)
{
    (void)id, (void)part;
    return replaced_each(bytes, length, list_request, context, err);
}

static bool list_left(void *context, int64_t id, int64_t part, const unsigned char *bytes,
                      size_t length, struct err *err)
{
    struct listing *listing = context;
    struct bytes in = {bytes, bytes + length, false};
    (void)id, (void)part;
    buffer_printf(&listing->out, "{\"requests_left_out\": %llu}\n",
                  (unsigned long long)bytes_u64(&in));
    return bytes_at_end(&in) || err_set(err, ERR_USAGE, "the list of replaced values is damaged");
}

bool replaced_list(const char *path, int file, struct err *err)
{
    struct listing listing = {.file = file, .out = BUFFER_INIT(BUFFER_NO_LIMIT)};
    struct ledger *ledger = NULL;
    bool ok = ledger_open(path, "replay", false, &ledger, err) &&
              ledger_each(ledger, "replaced", list_record, &listing, err) &&
              ledger_each(ledger, "replaced-left", list_left, &listing, err) &&
              flush(&listing, err);
    ledger_close(ledger);
    buffer_free(&listing.out);
    return ok;
}
