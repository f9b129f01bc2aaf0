/* See pair.h. The bytes: a version, then the fields in the order of the structures; those of
 * version 1 end before the judgement. */
#include "pair.h"

#include "pair_secret.h"

#include "base/bytes.h"

#include <strings.h>

#define VERSION 2
#define VERSION_UNJUDGED 1
#define FIELD_LEAST 8 /* bytes of a header field: two lengths */
#define OWN_LEAST 12
#define KNOWN_LEAST 13

/* ---- writing ---- */

/* A text of at most PAIR_VALUE_MOST bytes. */
static void put_cut(struct buffer *out, const char *text)
{
    size_t length = text ? strlen(text) : 0;
    if (length <= PAIR_VALUE_MOST) {
        bytes_put_text(out, text);
        return;
    }
    bytes_put_size(out, PAIR_VALUE_MOST);
    buffer_add(out, text, PAIR_VALUE_MOST);
}

/* The same, without secrets. */
static void put_text(struct buffer *out, const struct pair_hider *hider, const char *text)
{
    struct buffer hidden = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (hider && text) {
        pair_hide(hider, text, strlen(text), PAIR_VALUE_MOST, &hidden);
        text = (const char *)hidden.data;
    }
    put_cut(out, text);
    buffer_free(&hidden);
}

static void put_fields(struct buffer *out, const struct pair_hider *hider,
                       const struct pair_answer *answer)
{
    struct buffer value = BUFFER_INIT(BUFFER_NO_LIMIT);
    size_t count = answer->field_count < PAIR_FIELDS_MOST ? answer->field_count : PAIR_FIELDS_MOST;
    bytes_put_size(out, count);
    for (size_t i = 0; i < count; i++) {
        buffer_clear(&value);
        if (hider)
            pair_hide_field(hider, &answer->fields[i], PAIR_VALUE_MOST, &value);
        put_cut(out, answer->fields[i].name);
        put_cut(out, hider ? (const char *)value.data : answer->fields[i].value);
    }
    buffer_free(&value);
}

static void put_body(struct buffer *out, const struct pair_hider *hider,
                     const struct pair_answer *answer)
{
    struct buffer hidden = BUFFER_INIT(BUFFER_NO_LIMIT);
    size_t length = answer->length < PAIR_BODY_MOST ? answer->length : PAIR_BODY_MOST;
    const unsigned char *body = answer->body;
    bool cut = length < answer->length || answer->whole > answer->length;
    if (hider && length) {
        pair_hide(hider, body, answer->length, PAIR_BODY_MOST, &hidden);
        body = hidden.data;
        length = hidden.length;
        /* Marks may be longer than what they stand for. */
        if (length > PAIR_BODY_MOST) {
            length = PAIR_BODY_MOST;
            cut = true;
        }
    }
    buffer_add_byte(out, cut);
    buffer_add_u64(out, answer->whole > answer->length ? answer->whole : answer->length);
    bytes_put_size(out, length);
    buffer_add(out, body, length);
    buffer_free(&hidden);
}

static void put_answer(struct buffer *out, const struct pair_hider *hider,
                       const struct pair_answer *answer)
{
    buffer_add_byte(out, answer->asked);
    put_text(out, hider, answer->failure);
    put_text(out, hider, answer->target);
    buffer_add_u32(out, (uint32_t)answer->status);
    bytes_put_double(out, answer->first_byte);
    bytes_put_double(out, answer->total);
    put_fields(out, hider, answer);
    put_body(out, hider, answer);
}

static void put_judgement(struct buffer *out, const struct pair_hider *hider,
                          const struct pair_judgement *judgement)
{
    size_t headers =
        judgement->header_count < PAIR_HEADERS_MOST ? judgement->header_count : PAIR_HEADERS_MOST;
    size_t known =
        judgement->known_count < PAIR_KNOWN_MOST ? judgement->known_count : PAIR_KNOWN_MOST;
    buffer_add_byte(out, judgement->alike);
    bytes_put_size(out, headers);
    for (size_t i = 0; i < headers; i++)
        put_text(out, hider, judgement->headers[i]);
    buffer_add_u64(out, judgement->differences);
    buffer_add_u32(out, (uint32_t)judgement->type);
    for (int side = 0; side < SIDES; side++)
        buffer_add_u32(out, judgement->nodes[side]);
    buffer_add_byte(out, judgement->known_cut || known < judgement->known_count);
    bytes_put_size(out, known);
    for (size_t i = 0; i < known; i++) {
        const struct pair_known *one = &judgement->known[i];
        buffer_add_byte(out, (unsigned char)one->kind);
        for (int side = 0; side < SIDES; side++)
            buffer_add_u32(out, one->node[side]);
        put_text(out, hider, one->attribute);
    }
}

void pair_encode(const struct pair *pair, const struct pair_secrets *secrets, struct buffer *out)
{
    struct pair_hider *hider[SIDES] = {NULL, NULL};
    size_t own = pair->own_count < PAIR_OWN_MOST ? pair->own_count : PAIR_OWN_MOST;
    for (int side = 0; secrets && side < SIDES; side++)
        hider[side] = pair_hider_new(pair, secrets, (enum side)side);
    buffer_add_byte(out, VERSION);
    buffer_add_byte(out, secrets != NULL);
    buffer_add_u64(out, pair->number);
    buffer_add_u64(out, pair->line);
    buffer_add_u64(out, (uint64_t)pair->arrival);
    put_cut(out, pair->file);
    put_cut(out, pair->method);
    put_text(out, hider[SOURCE], pair->target);
    put_text(out, hider[SOURCE], pair->route);
    put_cut(out, pair->tenant);
    put_cut(out, pair->session);
    buffer_add_u32(out, (uint32_t)pair->logged_status);
    bytes_put_size(out, own);
    for (size_t i = 0; i < own; i++) {
        put_cut(out, pair->own[i].where);
        for (int side = 0; side < SIDES; side++)
            put_text(out, hider[side], pair->own[i].value[side]);
    }
    for (int side = 0; side < SIDES; side++)
        put_answer(out, hider[side], &pair->answers[side]);
    buffer_add_byte(out, pair->judged);
    if (pair->judged)
        put_judgement(out, hider[TARGET], &pair->judgement);
    for (int side = 0; side < SIDES; side++)
        pair_hider_free(hider[side]);
}

/* ---- reading ---- */

/* Seconds that a clock can tell. */
static double get_seconds(struct bytes *in)
{
    double seconds = bytes_double(in);
    if (!(seconds >= 0 && seconds < 1e9))
        in->failed = true;
    return in->failed ? 0 : seconds;
}

static void get_answer(struct bytes *in, struct arena *arena, struct pair_answer *answer)
{
    answer->asked = bytes_bool(in);
    answer->failure = bytes_text(in, arena);
    answer->target = bytes_text(in, arena);
    answer->status = (int)bytes_below(in, 1000);
    answer->first_byte = get_seconds(in);
    answer->total = get_seconds(in);
    answer->field_count = bytes_count(in, FIELD_LEAST);
    answer->fields = arena_alloc(arena, (answer->field_count + 1) * sizeof *answer->fields);
    for (size_t i = 0; i < answer->field_count; i++) {
        answer->fields[i].name = bytes_name(in, arena);
        answer->fields[i].value = bytes_name(in, arena);
    }
    answer->cut = bytes_bool(in);
    answer->whole = bytes_u64(in);
    answer->length = bytes_count(in, 1);
    answer->body = bytes_get(in, answer->length);
    if (!answer->body)
        answer->length = 0;
}

static void get_judgement(struct bytes *in, struct arena *arena, struct pair_judgement *judgement)
{
    judgement->alike = bytes_bool(in);
    judgement->header_count = bytes_count(in, sizeof(uint32_t));
    judgement->headers =
        arena_alloc(arena, (judgement->header_count + 1) * sizeof *judgement->headers);
    for (size_t i = 0; i < judgement->header_count; i++)
        judgement->headers[i] = bytes_name(in, arena);
    judgement->differences = bytes_u64(in);
    judgement->type = (enum content_type)bytes_below(in, CONTENT_TYPES);
    for (int side = 0; side < SIDES; side++)
        judgement->nodes[side] = bytes_u32(in);
    judgement->known_cut = bytes_bool(in);
    judgement->known_count = bytes_count(in, KNOWN_LEAST);
    judgement->known = arena_alloc(arena, (judgement->known_count + 1) * sizeof *judgement->known);
    for (size_t i = 0; i < judgement->known_count; i++) {
        struct pair_known *one = &judgement->known[i];
        unsigned kind = bytes_u8(in);
        in->failed |= kind >= PAIR_KNOWN_KINDS;
        one->kind = kind < PAIR_KNOWN_KINDS ? (enum pair_known_kind)kind : PAIR_KNOWN_TOKEN;
        for (int side = 0; side < SIDES; side++)
            one->node[side] = bytes_u32(in);
        one->attribute = bytes_text(in, arena);
    }
}

static void get_pair(struct bytes *in, struct pair *pair)
{
    unsigned version = bytes_u8(in);
    if (version != VERSION && version != VERSION_UNJUDGED)
        in->failed = true;
    pair->hidden = bytes_bool(in);
    pair->number = bytes_u64(in);
    pair->line = bytes_u64(in);
    pair->arrival = (int64_t)bytes_u64(in);
    pair->file = bytes_name(in, &pair->arena);
    pair->method = bytes_name(in, &pair->arena);
    pair->target = bytes_name(in, &pair->arena);
    pair->route = bytes_text(in, &pair->arena);
    pair->tenant = bytes_text(in, &pair->arena);
    pair->session = bytes_text(in, &pair->arena);
    pair->logged_status = (int)bytes_below(in, 1000);
    pair->own_count = bytes_count(in, OWN_LEAST);
    pair->own = arena_alloc(&pair->arena, (pair->own_count + 1) * sizeof *pair->own);
    for (size_t i = 0; i < pair->own_count; i++) {
        pair->own[i].where = bytes_name(in, &pair->arena);
        for (int side = 0; side < SIDES; side++)
            pair->own[i].value[side] = bytes_text(in, &pair->arena);
    }
    for (int side = 0; side < SIDES; side++)
        get_answer(in, &pair->arena, &pair->answers[side]);
    pair->judged = version == VERSION && bytes_bool(in);
    if (pair->judged)
        get_judgement(in, &pair->arena, &pair->judgement);
}

bool pair_decode(const void *bytes, size_t length, struct pair *pair, struct err *err)
{
    const unsigned char *from = bytes;
    struct bytes in = {from, from + length, false};
    *pair = (struct pair){0};
    get_pair(&in, pair);
    if (bytes_at_end(&in))
        return true;
    pair_free(pair);
    return err_set(err, ERR_USAGE, "the pair of answers in the ledger is damaged.");
}

void pair_free(struct pair *pair)
{
    arena_free(&pair->arena);
    *pair = (struct pair){0};
}

const char *pair_find(const struct pair_answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->field_count; i++)
        if (strcasecmp(answer->fields[i].name, name) == 0)
            return answer->fields[i].value;
    return NULL;
}
