/* See pair_exchange.h. */
#include "pair_exchange.h"

#include "mask.h"

#include <strings.h>

/* ---- the pair ---- */

/* Fields whose value is a link. */
static bool is_link(const char *name)
{
    return strcasecmp(name, "Location") == 0 || strcasecmp(name, "Content-Location") == 0;
}

/* The exchange while it is made a pair of. */
struct filling {
    struct arena *arena;
    const struct exchange *exchange;
    const struct secrets *secrets; /* NULL: they are kept */
    const unsigned char *key;
    enum side side; /* whose link is masked */
};

static void mark(void *context, struct buffer *out, struct slice value)
{
    const struct filling *filling = context;
    secrets_mark(filling->secrets, filling->side, filling->key, value, out);
}

static const char *masked(struct filling *filling, enum side side, const void *target,
                          size_t length)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    filling->side = side;
    if (filling->secrets)
        (void)mask_target_marked(&text, (struct slice){target, length}, mark, filling);
    else
        buffer_add(&text, target, length);
    const char *copy = arena_copy_bytes(filling->arena, text.data, text.length);
    buffer_free(&text);
    return copy;
}

static void fill_answer(struct filling *filling, enum side side, struct pair_answer *answer)
{
    const struct exchange *exchange = filling->exchange;
    struct arena *arena = filling->arena;
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
        answer->target = masked(filling, side, sent->data, sent->length);
    answer->fields = arena_alloc(arena, (in->headers.count + 1) * sizeof *answer->fields);
    for (size_t i = 0; i < in->headers.count; i++) {
        const struct field *field = &in->headers.items[i];
        const char *value = field->value;
        if (is_link(field->name))
            value = masked(filling, side, value, strlen(value));
        answer->fields[i] = (struct pair_field){field->name, value};
    }
    if (filling->secrets && secrets_are_too_many(filling->secrets)) {
        answer->whole = answer->length; /* a body that is cut at its beginning */
        answer->length = 0;
    }
}

static void fill_own(struct filling *filling, struct pair *pair)
{
    const struct exchange *exchange = filling->exchange;
    struct arena *arena = filling->arena;
    uint64_t segments = filling->secrets ? mask_segments(exchange->logged.target) : 0;
    pair->own = arena_alloc(arena, (exchange->replacement_count + 1) * sizeof *pair->own);
    for (size_t i = 0; i < exchange->replacement_count; i++) {
        const struct replacement *one = &exchange->replacements[i];
        if (one->is_id && !one->proposed && !one->secret && !mask_is_segment(segments, one->where))
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
                      bool one_side, const unsigned char *key, struct known *known,
                      struct buffer *out)
{
    const struct logged *logged = &exchange->logged;
    struct arena arena = ARENA_INIT;
    struct secrets *secrets = key ? secrets_of(exchange, one_side, known) : NULL;
    struct filling filling = {
        .arena = &arena, .exchange = exchange, .secrets = secrets, .key = key};
    struct pair pair = {.number = exchange->number,
                        .line = logged->line,
                        .arrival = logged->arrival,
                        .file = logged->file ? logged->file : "",
                        .method = logged->method,
                        .target =
                            masked(&filling, SOURCE, logged->target.at, logged->target.length),
                        .route = logged->route,
                        .tenant = logged->tenant,
                        .logged_status = logged->status};
    if (logged->session)
        pair.session = arena_format(&arena, "%012llx", (unsigned long long)logged->session_name);
    fill_own(&filling, &pair);
    if (findings)
        fill_judgement(&arena, findings, &pair);
    for (int side = 0; side < (one_side ? 1 : SIDES); side++)
        fill_answer(&filling, (enum side)side, &pair.answers[side]);
    if (secrets) {
        const struct pair_secrets list = secrets_list(secrets, key);
        pair_encode(&pair, &list, out);
    } else {
        pair_encode(&pair, NULL, out);
    }
    arena_free(&arena);
    secrets_free(secrets);
}
