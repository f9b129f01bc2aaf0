/*
 * Compares two answers (check.h): which phase follows which, and what a finding may show. Each
 * phase's work is another file's: check_header.c, check_cookie.c, check_body.c.
 */
#include "check_parts.h"
#include "mask.h"

#include "../diff/base/utf8.h"
#include "../diff/pair_secret.h"

#include <ctype.h>

const char *const found_kind_name[FOUND_KINDS] = {
    [FOUND_TRANSPORT] = "transport", [FOUND_STATUS] = "status", [FOUND_LOCATION] = "location",
    [FOUND_HEADER] = "header",       [FOUND_COOKIE] = "cookie", [FOUND_BODY] = "body",
    [FOUND_SLOWER] = "slower",
};

/* ---- texts ---- */

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

/* ---- secrets ---- */

/* Most pairs are equal: only what is shown of one asks. */
static const struct secrets *secrets_found(struct check *check)
{
    if (check->secrets)
        return check->secrets;
    check->secrets = secrets_of(check->exchange, false, check->settings->known);
    for (int side = 0; side < SIDES; side++)
        check->hider[side] =
            secrets_hider(check->secrets, check->exchange, (enum side)side, check->settings->key);
    return check->secrets;
}

/* Marks without their digits: of a place, by which groups are made, or where there is no key. */
static void add_plain(struct buffer *out, const struct buffer *marked)
{
    const char *text = (const char *)marked->data;
    for (size_t at = 0; at < marked->length;) {
        size_t digits = 0;
        if (strncmp(text + at, "***", 3) == 0)
            while (digits < PAIR_MARK_DIGITS && isxdigit((unsigned char)text[at + 3 + digits]))
                digits++;
        if (digits == PAIR_MARK_DIGITS) {
            buffer_add_text(out, "***");
            at += 3 + PAIR_MARK_DIGITS;
        } else {
            buffer_add_byte(out, (unsigned char)text[at++]);
        }
    }
}

void check_mark(struct check *check, enum side side, struct slice value, struct buffer *out)
{
    if (check->settings->key)
        secrets_mark(secrets_found(check), side, check->settings->key, value, out);
    else
        buffer_add_text(out, "***");
}

struct marking {
    struct check *check;
    enum side side;
};

static void mark(void *context, struct buffer *out, struct slice value)
{
    const struct marking *marking = context;
    check_mark(marking->check, marking->side, value, out);
}

void check_link(struct check *check, enum side side, struct slice link, struct buffer *out)
{
    (void)mask_target_marked(out, link, mark, &(struct marking){check, side});
}

/* Tokens that the comparison itself found to be each side's own, in a text of either. */
static void hide_own(struct check *check, const char *text, struct buffer *out)
{
    for (const char *at = text; *at;) {
        const struct own_pair *found = NULL;
        size_t length = 0;
        for (size_t i = 0; i < check->own.count; i++)
            for (int side = 0; side < SIDES && check->own.pairs[i].secret; side++) {
                struct slice value = check->own.pairs[i].value[side];
                if (value.length >= PAIR_SECRET_LEAST && value.length > length &&
                    strncmp(at, (const char *)value.at, value.length) == 0) {
                    found = &check->own.pairs[i];
                    length = value.length;
                }
            }
        if (found)
            check_mark(check, SOURCE, found->value[SOURCE], out);
        else
            buffer_add_byte(out, (unsigned char)*at);
        at += length ? length : 1;
    }
}

static void hide(struct check *check, enum side side, const char *text, struct buffer *out)
{
    static const char more[] = "…"; /* what was cut there may be a part of a secret */
    size_t length = strlen(text), tail = sizeof more - 1;
    bool cut = length >= tail && memcmp(text + length - tail, more, tail) == 0;
    struct buffer found = BUFFER_INIT(BUFFER_NO_LIMIT);
    (void)secrets_found(check);
    pair_hide(check->hider[side], text, length - (cut ? tail : 0), length, &found);
    hide_own(check, (const char *)found.data, out);
    if (cut)
        buffer_add_text(out, more);
    buffer_free(&found);
}

bool check_is_secret(struct check *check, enum side side, struct slice text)
{
    struct buffer hidden = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (!text.length)
        return false;
    (void)secrets_found(check);
    pair_hide(check->hider[side], text.at, text.length, text.length, &hidden);
    bool found = secrets_are_too_many(check->secrets) || hidden.length != text.length ||
                 memcmp(hidden.data, text.at, text.length) != 0;
    buffer_free(&hidden);
    return found;
}

static const char *keep(struct check *check, const struct buffer *text)
{
    struct buffer clean = BUFFER_INIT(BUFFER_NO_LIMIT);
    check_clean(&clean, text->data, text->length);
    const char *kept = arena_copy_bytes(&check->findings->arena, clean.data, clean.length);
    buffer_free(&clean);
    return kept;
}

static const char *keep_value(struct check *check, enum side side, const char *value)
{
    struct buffer masked = BUFFER_INIT(BUFFER_NO_LIMIT), plain = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (!value)
        return NULL;
    if (secrets_are_too_many(secrets_found(check)))
        buffer_printf(&masked, "*** (%zu bytes)", strlen(value));
    else
        hide(check, side, value, &masked);
    if (!check->settings->key)
        add_plain(&plain, &masked);
    const char *kept = keep(check, check->settings->key ? &masked : &plain);
    buffer_free(&masked);
    buffer_free(&plain);
    return kept;
}

/* Of neither side, or of both. */
static const char *keep_place(struct check *check, const char *place)
{
    struct buffer text[SIDES] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
    if (!place)
        return NULL;
    hide(check, SOURCE, place, &text[SOURCE]);
    hide(check, TARGET, (const char *)text[SOURCE].data, &text[TARGET]);
    buffer_clear(&text[SOURCE]);
    add_plain(&text[SOURCE], &text[TARGET]);
    const char *kept = keep(check, &text[SOURCE]);
    buffer_free(&text[SOURCE]);
    buffer_free(&text[TARGET]);
    return kept;
}

/* ---- findings ---- */

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
                           .path = keep_place(check, found->path),
                           .shape = keep_place(check, found->shape),
                           .change = found->change,
                           .value_class = found->value_class ? found->value_class : "",
                           .cause = keep_place(check, found->cause),
                           .noise = found->noise};
    if (check->settings->learn && !kept->noise)
        kept->noise = noise_place_nowhere(&findings->arena,
                                          found->kind == FOUND_COOKIE
                                              ? "{cookie: NAME, ignore: true} would pass over it"
                                              : "rules do not reach it");
    for (int side = 0; side < SIDES; side++)
        kept->value[side] = keep_value(check, (enum side)side, found->value[side]);
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
    for (int side = 0; side < SIDES; side++)
        pair_hider_free(check.hider[side]);
    secrets_free(check.secrets);
    arena_free(&arena);
    return good;
}

void findings_free(struct findings *findings)
{
    arena_free(&findings->arena);
    *findings = (struct findings){.arena = ARENA_INIT};
}
