/*
 * Compares two answers (check.h): which phase follows which, and what a finding may show. Each
 * phase's work is another file's: check_header.c, check_cookie.c, check_body.c.
 */
#include "check_parts.h"

#include "../diff/base/utf8.h"

const char *const found_kind_name[FOUND_KINDS] = {
    [FOUND_TRANSPORT] = "transport", [FOUND_STATUS] = "status", [FOUND_LOCATION] = "location",
    [FOUND_HEADER] = "header",       [FOUND_COOKIE] = "cookie", [FOUND_BODY] = "body",
    [FOUND_SLOWER] = "slower",
};

/* ---- findings ---- */

void check_clean(struct buffer *out, const void *bytes, size_t length)
{
    const unsigned char *at = bytes, *end = at + length;
    for (size_t start = out->length; at < end;) {
        size_t size = utf8_size(at, end);
        if (out->length - start + (size ? size : 4) > CHECK_TEXT) {
            buffer_add_text(out, "…");
            return;
        }
        if (size && *at)
            buffer_add(out, at, size);
        else
            buffer_printf(out, "\\x%02X", *at);
        at += size ? size : 1;
    }
}

/* The text with "***" for each value that is a secret of either side. */
static void without_secrets(const struct check *check, struct buffer *out, const char *text)
{
    enum { SHORTEST = 6 }; /* bytes; shorter ones stand in too many words */
    for (const char *at = text; *at;) {
        size_t length = 0;
        for (size_t i = 0; i < check->own.count; i++)
            for (int side = 0; side < SIDES && check->own.pairs[i].secret; side++) {
                struct slice value = check->own.pairs[i].value[side];
                if (value.length >= SHORTEST && value.length > length &&
                    strncmp(at, (const char *)value.at, value.length) == 0)
                    length = value.length;
            }
        if (length)
            buffer_add_text(out, "***");
        else
            buffer_add_byte(out, (unsigned char)*at);
        at += length ? length : 1;
    }
}

static const char *keep_value(struct check *check, const char *value)
{
    struct buffer masked = BUFFER_INIT(BUFFER_NO_LIMIT), clean = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (!value)
        return NULL;
    without_secrets(check, &masked, value);
    check_clean(&clean, masked.data, masked.length);
    const char *kept = arena_copy_bytes(&check->findings->arena, clean.data, clean.length);
    buffer_free(&masked);
    buffer_free(&clean);
    return kept;
}

void check_add(struct check *check, const struct found *found)
{
    struct findings *findings = check->findings;
    findings->total++;
    if (findings->count == CHECK_MOST)
        return;
    if (findings->count == check->room) {
        check->room = check->room ? 2 * check->room : 8;
        struct found *more = arena_alloc(&findings->arena, check->room * sizeof *more);
        if (findings->count)
            memcpy(more, findings->items, findings->count * sizeof *more);
        findings->items = more;
    }
    struct found *kept = &findings->items[findings->count++];
    *kept = (struct found){.kind = found->kind,
                           .path = keep_value(check, found->path),
                           .shape = keep_value(check, found->shape),
                           .change = found->change,
                           .value_class = found->value_class ? found->value_class : "",
                           .cause = found->cause,
                           .noise = found->noise};
    if (check->settings->learn && !kept->noise)
        kept->noise = noise_place_nowhere(&findings->arena, "rules do not reach it");
    for (int side = 0; side < SIDES; side++)
        kept->value[side] = keep_value(check, found->value[side]);
}

/* ---- transport and status ---- */

static bool answered(const struct incoming *in)
{
    return in->failure == FAILURE_NONE && in->status;
}

static const char *transport_cause(const struct incoming in[SIDES])
{
    static const char *const texts[SIDES][2] = {
        {"the source did not answer", "the source's answer cannot be read"},
        {"the target did not answer", "the target's answer cannot be read"}};
    if (!answered(&in[SOURCE]) && !answered(&in[TARGET]))
        return "neither side answered";
    enum side side = answered(&in[SOURCE]) ? TARGET : SOURCE;
    return texts[side][in[side].failure == FAILURE_UNREADABLE];
}

static void check_transport(struct check *check)
{
    struct arena *arena = &check->findings->arena;
    const char *value[SIDES];
    for (int side = 0; side < SIDES; side++) {
        const struct incoming *in = &check->exchange->in[side];
        value[side] = answered(in) ? arena_format(arena, "answered %d", in->status)
                      : in->why[0] ? in->why
                                   : "did not answer";
    }
    bool source = answered(&check->exchange->in[SOURCE]);
    bool target = answered(&check->exchange->in[TARGET]);
    check_add(check, &(struct found){.kind = FOUND_TRANSPORT,
                                     .path = "answer",
                                     .shape = "answer",
                                     .change = diff_kind_name[target   ? DIFF_INSERTED
                                                              : source ? DIFF_DELETED
                                                                       : DIFF_CHANGED],
                                     .cause = transport_cause(check->exchange->in),
                                     .value = {value[SOURCE], value[TARGET]}});
}

/* 499 and 444: nginx's own, of a client that left or was sent away. */
static bool is_logged(int status)
{
    return status >= 100 && status != 499 && status != 444;
}

static void check_status(struct check *check)
{
    const struct exchange *exchange = check->exchange;
    struct arena *arena = &check->findings->arena;
    int source = exchange->in[SOURCE].status, target = exchange->in[TARGET].status;
    int logged = exchange->logged.status;
    const char *cause = NULL;
    if (source == target)
        return;
    if (!is_logged(logged))
        cause = NULL;
    else if (source == logged)
        cause = arena_format(arena, "the source answers as logged, %d", logged);
    else if (target == logged)
        cause = arena_format(arena, "the target answers as logged, %d", logged);
    else
        cause = arena_format(arena, "neither answers as logged, %d", logged);
    check_add(check, &(struct found){.kind = FOUND_STATUS,
                                     .path = "status",
                                     .shape = "status",
                                     .change = diff_kind_name[DIFF_CHANGED],
                                     .cause = cause,
                                     .value = {arena_format(arena, "%d", source),
                                               arena_format(arena, "%d", target)}});
}

/* ---- the phases ---- */

/* Pages of unlike errors, and an error beside a page, differ in everything: that says nothing. */
static bool are_alike(const struct exchange *exchange)
{
    int source = exchange->in[SOURCE].status, target = exchange->in[TARGET].status;
    return source == target || (source / 100 == target / 100 && source < 400);
}

/* May both have been cut where they end? What a redirect says to people does not matter. */
static bool may_be_cut(const struct check *check)
{
    const struct incoming *in = check->exchange->in;
    bool open = in[SOURCE].open && in[TARGET].open && in[SOURCE].status / 100 != 3;
    return open && !check_end_is_shown(check->context.content_type[SOURCE], &in[SOURCE].body) &&
           !check_end_is_shown(check->context.content_type[TARGET], &in[TARGET].body);
}

static bool check_answers(struct check *check, struct err *err)
{
    const struct incoming *in = check->exchange->in;
    struct findings *findings = check->findings;
    for (int side = 0; side < SIDES; side++)
        findings->unlike_log[side] = answered(&in[side]) &&
                                     is_logged(check->exchange->logged.status) &&
                                     in[side].status / 100 != check->exchange->logged.status / 100;
    if (!answered(&in[SOURCE]) || !answered(&in[TARGET])) {
        findings->both_failed = !answered(&in[SOURCE]) && !answered(&in[TARGET]);
        check_transport(check);
        return true;
    }
    check_status(check);
    findings->both_failed = in[SOURCE].status >= 500 && in[TARGET].status >= 500;
    if (findings->both_failed || !are_alike(check->exchange))
        return true;
    findings->judgement.alike = true;
    findings->may_be_cut = may_be_cut(check);
    return check_location(check, err) && check_headers(check, err) && check_cookies(check, err) &&
           check_body(check, err);
}

bool check_exchange(const struct check_settings *settings, const struct exchange *exchange,
                    struct findings *findings, struct err *err)
{
    *findings = (struct findings){.arena = ARENA_INIT};
    struct arena arena = ARENA_INIT;
    struct check check = {.settings = settings, .exchange = exchange, .findings = findings};
    const struct slice target = exchange->logged.target;
    check.context.method = exchange->logged.method;
    check.context.path =
        arena_copy_bytes(&arena, target.at ? target.at : (const unsigned char *)"", target.length);
    for (int side = 0; side < SIDES; side++)
        check.context.content_type[side] = fields_find(&exchange->in[side].headers, "Content-Type");
    own_init(&check.own, settings, exchange, &arena);
    bool good = check_answers(&check, err);
    findings->anew = *check.own.anew;
    findings->equal = good && !findings->total && !findings->both_failed && !findings->anew;
    arena_free(&arena);
    return good;
}

void findings_free(struct findings *findings)
{
    arena_free(&findings->arena);
    *findings = (struct findings){.arena = ARENA_INIT};
}
