/*
 * Headers of two answers. Input: their fields, and rules. Output: findings. Every header counts but
 * those below and those that the settings name; a header's values are one list, joined with commas
 * (RFC 9110, 5.3). How it is compared:
 *
 *     a list        Cache-Control, Vary, Allow, Access-Control-Allow-Methods, …: order, case and
 *                   white space do not count, nor what is said twice
 *     parameters    Content-Type, Content-Disposition: as that, but what is in quotes
 *     a link        Location (where it leads, seen from what was asked for), Link, Refresh, …:
 *                   hosts and ids are each side's own
 *     nonces        Content-Security-Policy, WWW-Authenticate: a nonce must be there
 *     text          all others: byte by byte, but for each side's own hosts and tokens
 *
 * Left out: what frames the message or belongs to one hop; who answered, when and how fast; what
 * validators (ETag, Last-Modified) and caches say, which depends on the moment; ids of requests.
 */
#include "check_parts.h"

#include "mask.h"

#include <ctype.h>
#include <stdlib.h>

#define VALUE_MOST (1 << 20) /* bytes of a header's values together */

/* A name, or its beginning before '*'. */
static const char *const left_out[] = {
    /* checked for themselves */
    "Location", "Set-Cookie",
    /* framing, hops */
    "Connection", "Content-Encoding", "Content-Length", "Keep-Alive", "Proxy-Connection", "TE",
    "Trailer", "Transfer-Encoding", "Upgrade", "Via", "X-Forwarded-*",
    /* who, when, how fast */
    "Alt-Svc", "Date", "Expires", "NEL", "Report-To", "Reporting-Endpoints", "Server",
    "Server-Timing", "X-AspNet-Version", "X-AspNetMvc-Version", "X-Backend*", "X-Debug-Token*",
    "X-DNS-Time", "X-Generated-*", "X-Powered-By", "X-Process-Time", "X-Render-Time",
    "X-Response-Time", "X-Runtime", "X-Served-By", "X-Server*", "X-Time", "X-Timer", "X-Timestamp",
    "X-Timing*",
    /* caches and validators */
    "Accept-Ranges", "Age", "CF-*", "ETag", "Last-Modified", "X-Accel-Expires", "X-Amz-*",
    "X-Cache*", "X-Varnish*",
    /* ids of requests, counters of limits */
    "Request-Id", "Traceparent", "Tracestate", "X-B3-*", "X-Correlation-Id", "X-Request-Id",
    "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit-Remaining", "RateLimit-Reset",
    "X-Trace*", "X-Transaction-Id"};

enum sort {
    SORT_TEXT,
    SORT_LIST,
    SORT_PARAMETERS,
    SORT_LINK,
    SORT_LINKS,
    SORT_REFRESH,
    SORT_NONCE
};

static const struct {
    const char *name;
    enum sort sort;
} sorts[] = {
    {"Access-Control-Allow-Headers", SORT_LIST},
    {"Access-Control-Allow-Methods", SORT_LIST},
    {"Access-Control-Allow-Origin", SORT_LINK},
    {"Access-Control-Expose-Headers", SORT_LIST},
    {"Allow", SORT_LIST},
    {"Cache-Control", SORT_LIST},
    {"Clear-Site-Data", SORT_LIST},
    {"Content-Disposition", SORT_PARAMETERS},
    {"Content-Language", SORT_LIST},
    {"Content-Location", SORT_LINK},
    {"Content-Security-Policy", SORT_NONCE},
    {"Content-Security-Policy-Report-Only", SORT_NONCE},
    {"Content-Type", SORT_PARAMETERS},
    {"HX-Location", SORT_LINK},
    {"HX-Push-Url", SORT_LINK},
    {"HX-Redirect", SORT_LINK},
    {"Link", SORT_LINKS},
    {"Pragma", SORT_LIST},
    {"Refresh", SORT_REFRESH},
    {"Strict-Transport-Security", SORT_PARAMETERS},
    {"Turbolinks-Location", SORT_LINK},
    {"Vary", SORT_LIST},
    {"WWW-Authenticate", SORT_NONCE},
    {"X-Accel-Redirect", SORT_LINK},
    {"X-Inertia-Location", SORT_LINK},
    {"X-Robots-Tag", SORT_LIST},
};

static bool is_left_out(const struct check_settings *settings, const char *name)
{
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++) {
        const char *star = strchr(left_out[i], '*');
        if (star ? strncasecmp(name, left_out[i], (size_t)(star - left_out[i])) == 0
                 : strcasecmp(name, left_out[i]) == 0)
            return true;
    }
    for (const char *const *at = settings->ignored_headers; at && *at; at++)
        if (strcasecmp(name, *at) == 0)
            return true;
    return false;
}

static enum sort sort_of(const char *name)
{
    for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++)
        if (strcasecmp(name, sorts[i].name) == 0)
            return sorts[i].sort;
    return SORT_TEXT;
}

/* ---- lists and parameters ---- */

static struct slice trim(struct slice text)
{
    while (text.length && isspace(*text.at)) {
        text.at++;
        text.length--;
    }
    while (text.length && isspace(text.at[text.length - 1]))
        text.length--;
    return text;
}

/* The piece before the next mark that is not in quotes; *rest goes on behind it. */
static struct slice next_piece(struct slice *rest, char mark)
{
    bool quoted = false;
    size_t end = 0;
    for (; end < rest->length && (quoted || rest->at[end] != (unsigned char)mark); end++) {
        if (rest->at[end] == '"')
            quoted = !quoted;
        else if (quoted && rest->at[end] == '\\' && end + 1 < rest->length)
            end++;
    }
    struct slice piece = {rest->at, end};
    size_t gone = end < rest->length ? end + 1 : end;
    *rest = (struct slice){rest->at + gone, rest->length - gone};
    return trim(piece);
}

/* In small letters, but what is in quotes and, of a parameter other than the charset, its value;
 * without blanks round '='; quotes round a plain word are gone. */
static char *plain_piece(struct arena *arena, struct slice piece, bool fold_values)
{
    struct buffer out = BUFFER_INIT(VALUE_MOST);
    size_t equals = 0;
    while (equals < piece.length && piece.at[equals] != '=' && piece.at[equals] != '"')
        equals++;
    bool pair = equals < piece.length && piece.at[equals] == '=';
    struct slice name = trim((struct slice){piece.at, pair ? equals : piece.length});
    struct slice value = {0};
    if (pair)
        value = trim((struct slice){piece.at + equals + 1, piece.length - equals - 1});
    for (size_t i = 0; i < name.length; i++)
        buffer_add_byte(&out, (unsigned char)tolower(name.at[i]));
    fold_values |= pair && slice_is((struct slice){out.data, out.length}, "charset");
    if (pair) {
        buffer_add_byte(&out, '=');
        if (value.length >= 2 && value.at[0] == '"' && value.at[value.length - 1] == '"' &&
            !memchr(value.at + 1, '"', value.length - 2) && !memchr(value.at, '\\', value.length))
            value = (struct slice){value.at + 1, value.length - 2};
        for (size_t i = 0; i < value.length; i++)
            buffer_add_byte(&out, fold_values ? (unsigned char)tolower(value.at[i]) : value.at[i]);
    }
    char *text = arena_copy_bytes(arena, out.data, out.length);
    buffer_free(&out);
    return text;
}

static int order_texts(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

/* Appends the pieces in one order, each once. first_stays: "attachment" before its parameters. */
static void normal_form(struct buffer *out, struct arena *arena, struct slice value, char mark)
{
    size_t room = 1, count = 0;
    bool first_stays = mark == ';';
    for (size_t i = 0; i < value.length; i++)
        room += value.at[i] == (unsigned char)mark;
    char **pieces = mem_zero(room, sizeof *pieces);
    while (value.length && count < room) {
        struct slice piece = next_piece(&value, mark);
        if (piece.length)
            pieces[count++] = plain_piece(arena, piece, mark == ',');
    }
    size_t sorted = first_stays && count ? 1 : 0;
    if (count > sorted)
        qsort(pieces + sorted, count - sorted, sizeof *pieces, order_texts);
    for (size_t i = 0; i < count; i++)
        if (i <= sorted || strcmp(pieces[i], pieces[i - 1]) != 0)
            buffer_add(out, pieces[i], strlen(pieces[i]) + 1); /* no piece holds a NUL */
    free(pieces);
}

static bool same_form(const struct slice value[SIDES], char mark)
{
    struct arena arena = ARENA_INIT;
    struct buffer form[SIDES] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
    for (int side = 0; side < SIDES; side++)
        normal_form(&form[side], &arena, value[side], mark);
    bool same = slice_same((struct slice){form[SOURCE].data, form[SOURCE].length},
                           (struct slice){form[TARGET].data, form[TARGET].length});
    buffer_free(&form[SOURCE]);
    buffer_free(&form[TARGET]);
    arena_free(&arena);
    return same;
}

/* ---- links in a text ---- */

/* The next link of the text: between < and >, or behind "url=". before: what stands before it. */
static bool next_link(struct slice *rest, enum sort sort, struct slice *before, struct slice *link)
{
    size_t from = 0, to = rest->length;
    if (sort == SORT_LINKS) {
        while (from < rest->length && rest->at[from] != '<')
            from++;
        if (from == rest->length)
            return false;
        const unsigned char *end = memchr(rest->at + from, '>', rest->length - from);
        if (!end)
            return false;
        to = (size_t)(end - rest->at);
        from++;
    } else {
        while (from + 4 <= rest->length &&
               strncasecmp((const char *)rest->at + from, "url=", 4) != 0)
            from++;
        if (from + 4 > rest->length)
            return false;
        from += 4;
    }
    *before = (struct slice){rest->at, from};
    *link = (struct slice){rest->at + from, to - from};
    *rest = (struct slice){rest->at + to, rest->length - to};
    return true;
}

static bool same_links(const struct own *own, const struct slice value[SIDES], enum sort sort)
{
    struct slice rest[SIDES] = {value[SOURCE], value[TARGET]};
    for (;;) {
        struct slice before[SIDES], link[SIDES];
        bool there[SIDES];
        for (int side = 0; side < SIDES; side++)
            there[side] = next_link(&rest[side], sort, &before[side], &link[side]);
        if (there[SOURCE] != there[TARGET])
            return false;
        if (!there[SOURCE])
            return own_same(own, rest, NULL);
        if (!own_same(own, before, NULL) || !own_same_link(own, link))
            return false;
    }
}

/* ---- nonces ---- */

/* Appends the text with "*" for what follows 'nonce- or nonce=" and looks random. */
static void without_nonces(struct buffer *out, struct slice text)
{
    static const char *const marks[] = {"'nonce-", "nonce=\"", "opaque=\""};
    for (size_t at = 0; at < text.length;) {
        size_t length = 0;
        for (size_t i = 0; !length && i < sizeof marks / sizeof *marks; i++)
            if (text.length - at > strlen(marks[i]) &&
                strncasecmp((const char *)text.at + at, marks[i], strlen(marks[i])) == 0)
                length = strlen(marks[i]);
        if (!length) {
            buffer_add_byte(out, text.at[at++]);
            continue;
        }
        buffer_add(out, text.at + at, length);
        at += length;
        size_t end = at;
        while (end < text.length && text.at[end] != '\'' && text.at[end] != '"')
            end++;
        struct slice nonce = {text.at + at, end - at};
        if (own_is_token("nonce", nonce))
            buffer_add_byte(out, '*');
        else
            buffer_add(out, nonce.at, nonce.length);
        at = end;
    }
}

static bool same_but_nonces(const struct own *own, const struct slice value[SIDES])
{
    struct buffer text[SIDES] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
    for (int side = 0; side < SIDES; side++)
        without_nonces(&text[side], value[side]);
    bool same = own_same(own,
                         (struct slice[SIDES]){{text[SOURCE].data, text[SOURCE].length},
                                               {text[TARGET].data, text[TARGET].length}},
                         NULL);
    buffer_free(&text[SOURCE]);
    buffer_free(&text[TARGET]);
    return same;
}

/* ---- one header ---- */

static bool same_values(const struct own *own, const char *name, const struct slice value[SIDES])
{
    if (slice_same(value[SOURCE], value[TARGET]))
        return true;
    if (own_is_token(name, value[SOURCE]) && own_is_token(name, value[TARGET]))
        return true;
    enum sort sort = sort_of(name);
    switch (sort) {
    case SORT_LIST:
        return same_form(value, ',');
    case SORT_PARAMETERS: /* filename="booking-9001.pdf" of /bookings/9001 */
        return same_form(value, ';') ||
               own_same(own, value,
                        &(struct own_filter){.pairs = own_page_pairs(own), .label = true});
    case SORT_LINK:
        return own_same_link(own, value);
    case SORT_LINKS:
    case SORT_REFRESH:
        return same_links(own, value, sort);
    case SORT_NONCE:
        return same_but_nonces(own, value);
    default:
        return own_same(own, value, NULL);
    }
}

/* All values of the name, joined; false: the answer has none. */
static bool join(const struct fields *fields, const char *name, struct buffer *out)
{
    bool there = false;
    for (size_t i = 0; i < fields->count; i++) {
        if (strcasecmp(fields->items[i].name, name) != 0)
            continue;
        if (there)
            buffer_add_text(out, ", ");
        buffer_add_text(out, fields->items[i].value);
        there = true;
    }
    return there;
}

/* "a=1; token=***" */
static void show_text(struct check *check, enum side side, struct slice value, struct buffer *out)
{
    struct buffer query = BUFFER_INIT(BUFFER_NO_LIMIT), plain = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add_byte(&query, '?'); /* what follows is pairs */
    buffer_add(&query, value.at, value.length);
    check_link(check, side, (struct slice){query.data, query.length}, &plain);
    without_nonces(out, (struct slice){plain.data + 1, plain.length - 1});
    buffer_free(&query);
    buffer_free(&plain);
}

static const char *show(struct check *check, enum side side, const char *name,
                        const struct buffer *value)
{
    struct buffer masked = BUFFER_INIT(BUFFER_NO_LIMIT), shown = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct arena *arena = &check->findings->arena;
    rules_show(&shown, (const char *)value->data, value->length);
    if (mask_is_secret(slice_of(name)))
        check_mark(check, side, slice_buffer(value), &masked);
    else if (strcasecmp(name, "Location") == 0 || sort_of(name) == SORT_LINK)
        check_link(check, side, slice_buffer(&shown), &masked);
    else
        show_text(check, side, slice_buffer(&shown), &masked);
    const char *text = arena_copy_bytes(arena, masked.data, masked.length);
    buffer_free(&masked);
    buffer_free(&shown);
    return text;
}

static bool check_header(struct check *check, enum found_kind kind, const char *name,
                         struct err *err)
{
    struct buffer value[SIDES], out[SIDES];
    bool there[SIDES], same = false;
    const char *given[SIDES];
    for (int side = 0; side < SIDES; side++) {
        buffer_init(&value[side], VALUE_MOST);
        buffer_init(&out[side], BUFFER_NO_LIMIT);
        bool has = join(&check->exchange->in[side].headers, name, &value[side]);
        given[side] = has ? (const char *)value[side].data : NULL;
    }
    bool good =
        rules_apply_header(check->settings->rules, &check->context, name, given, out, there, err);
    const struct slice text[SIDES] = {{out[SOURCE].data, out[SOURCE].length},
                                      {out[TARGET].data, out[TARGET].length}};
    if (good && there[SOURCE] == there[TARGET])
        same = !there[SOURCE] || (kind == FOUND_LOCATION ? own_same_place(&check->own, text)
                                                         : same_values(&check->own, name, text));
    if (good && !same) {
        struct found found = {.kind = kind, .path = name, .shape = name, .value_class = ""};
        found.change = !there[SOURCE]   ? diff_kind_name[DIFF_INSERTED]
                       : !there[TARGET] ? diff_kind_name[DIFF_DELETED]
                                        : diff_kind_name[DIFF_CHANGED];
        for (int side = 0; side < SIDES; side++)
            found.value[side] = there[side] ? show(check, (enum side)side, name, &out[side]) : NULL;
        if (check->settings->learn)
            found.noise = noise_place_of_header(&check->findings->arena, name, text, there,
                                                mask_is_secret(slice_of(name)) ||
                                                    check_is_secret(check, SOURCE, text[SOURCE]) ||
                                                    check_is_secret(check, TARGET, text[TARGET]));
        check_add(check, &found);
    }
    for (int side = 0; side < SIDES; side++) {
        buffer_free(&value[side]);
        buffer_free(&out[side]);
    }
    return good;
}

bool check_location(struct check *check, struct err *err)
{
    return check_header(check, FOUND_LOCATION, "Location", err);
}

/* Did a field of that name come before this one, on this side or the source's? */
static bool came_before(const struct check *check, enum side side, size_t at)
{
    const struct field *items = check->exchange->in[side].headers.items;
    for (size_t i = 0; i < at; i++)
        if (strcasecmp(items[i].name, items[at].name) == 0)
            return true;
    return side == TARGET && fields_find(&check->exchange->in[SOURCE].headers, items[at].name);
}

bool check_headers(struct check *check, struct err *err)
{
    for (int side = 0; side < SIDES; side++) {
        const struct fields *fields = &check->exchange->in[side].headers;
        for (size_t i = 0; i < fields->count; i++)
            if (!is_left_out(check->settings, fields->items[i].name) &&
                !came_before(check, (enum side)side, i) &&
                !check_header(check, FOUND_HEADER, fields->items[i].name, err))
                return false;
    }
    return true;
}
