/*
 * Values that are each side's own: hosts, tokens, session ids, generated ids. Input: the exchange's
 * replacements and settings, and two texts of which one says what the other does. Output: are they
 * equal but for such values? Knows nothing of trees and headers.
 *
 * Two texts are walked side by side. Where a value of the source's begins in one and its partner in
 * the other, whole words both, they count as the same; all else must be the same byte by byte. A
 * value is a partner only by its pair: never is any id as good as any other.
 *
 *     host        behind "//": the side's own or the logged one
 *     token, id of 16 letters and digits or more that look random, id of the request that
 *                 X-Request-Id and the like name: anywhere
 *     other id    where the place says of what it is an id (token_kinds_of()), and its kind is the
 *                 pair's: /bookings/12 and /bookings/13, but not /rooms/12 and /rooms/13, ?page=12
 *                 and ?page=13, nor /2024/01/12 and /2024/01/13
 */
#include "check_parts.h"

#include "../diff/base/percent.h"
#include "../diff/date_text.h"
#include "jar.h"

#include <ctype.h>

#define FREE_LEAST 16 /* letters and digits of a value that counts anywhere */
#define CSRF_LEAST 12 /* bytes of what a field that is called csrf holds */
#define LONG_ID 3     /* digits of an id that no count is by chance */
#define NESTED_MOST 3 /* links in the query of links */
#define DATE_MOST 30  /* bytes of a date before the number that may be a part of it */

/* ---- pairs ---- */

static struct slice sub(struct slice text, size_t from, size_t length)
{
    return (struct slice){text.at + from, length};
}

static bool all_digits(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!isdigit(text.at[i]))
            return false;
    return text.length > 0;
}

static void use(const struct own *own, enum pair_known_kind kind)
{
    *own->used |= 1U << kind;
}

static void use_pair(const struct own *own, const struct own_pair *pair)
{
    use(own, pair->proposed ? PAIR_KNOWN_NEW : *pair->kinds ? PAIR_KNOWN_ID : PAIR_KNOWN_TOKEN);
    *own->anew |= pair->proposed;
}

bool own_used(const struct own *own, enum pair_known_kind *kind)
{
    unsigned used = *own->used;
    *own->used = 0;
    if (used >> PAIR_KNOWN_NEW & 1) {
        *kind = PAIR_KNOWN_NEW;
        return true;
    }
    for (int one = 0; one < PAIR_KNOWN_KINDS; one++)
        if (used >> one & 1) {
            *kind = (enum pair_known_kind)one;
            return true;
        }
    return false;
}

/* "16a1…cb9+\" is random but for what every one of them ends with. */
static struct slice without_marks(struct slice value)
{
    size_t end = value.length;
    while (end && !isalnum(value.at[end - 1]))
        end--;
    return sub(value, 0, end);
}

static bool is_random(struct arena *arena, struct slice value)
{
    size_t letters = 0;
    for (size_t i = 0; i < value.length; i++)
        letters += isalnum(value.at[i]) != 0;
    return letters >= FREE_LEAST && value.length <= TOKEN_VALUE_MOST &&
           !memchr(value.at, '\0', value.length) &&
           token_looks_random(arena_copy_bytes(arena, value.at, value.length));
}

/* A script may write the marks in another way ("+\\"): where both values end with the same, what
 * stands before is the pair. */
static void drop_common_marks(struct own_pair *pair)
{
    struct slice value[SIDES], marks[SIDES];
    for (int side = 0; side < SIDES; side++) {
        value[side] = without_marks(pair->value[side]);
        marks[side] = sub(pair->value[side], value[side].length,
                          pair->value[side].length - value[side].length);
    }
    if (slice_same(marks[SOURCE], marks[TARGET]))
        memcpy(pair->value, value, sizeof value);
}

static void add_pair(struct own *own, const struct own_pair *new_pair)
{
    struct own_pair one = *new_pair, *const pair = &one;
    const struct slice *value = pair->value;
    if (pair->secret)
        drop_common_marks(pair);
    if (!value[SOURCE].length || !value[TARGET].length || own->count == OWN_MOST ||
        slice_same(value[SOURCE], value[TARGET]))
        return;
    if ((own->count & (own->count - 1)) == 0) { /* room is a power of two */
        struct own_pair *more =
            arena_alloc(own->arena, (own->count ? 2 * own->count : 1) * sizeof *more);
        if (own->count)
            memcpy(more, own->pairs, own->count * sizeof *more);
        own->pairs = more;
    }
    struct own_pair *added = &own->pairs[own->count++];
    *added = *pair;
    added->free = is_random(own->arena, value[SOURCE]) && is_random(own->arena, value[TARGET]);
    added->digits = all_digits(value[SOURCE]) && all_digits(value[TARGET]);
    if (!added->kinds)
        added->kinds = "";
}

/* The cookie of that name that the answer sets last: the one that stays. */
static struct slice cookie_value(const struct incoming *in, struct slice name)
{
    struct slice value = {0};
    for (size_t i = 0; i < in->headers.count; i++) {
        const struct field *field = &in->headers.items[i];
        if (strcasecmp(field->name, "Set-Cookie") != 0)
            continue;
        struct jar_said said = jar_read(slice_of(field->value));
        if (said.name.length == name.length && memcmp(said.name.at, name.at, name.length) == 0)
            value = said.value;
    }
    return value;
}

/* Ids of requests, which answers name in a header and pages repeat for whoever reports an error. */
static void learn_request_ids(struct own *own)
{
    static const char *const names[] = {"Request-Id", "X-Request-Id",     "X-Correlation-Id",
                                        "X-Trace-Id", "X-Amzn-RequestId", "X-Transaction-Id"};
    const struct incoming *in = own->exchange->in;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *source = fields_find(&in[SOURCE].headers, names[i]);
        const char *target = fields_find(&in[TARGET].headers, names[i]);
        if (source && target)
            own_learn(own, slice_of(source), slice_of(target));
    }
}

void own_init(struct own *own, const struct check_settings *settings,
              const struct exchange *exchange, struct arena *arena)
{
    *own = (struct own){.settings = settings, .exchange = exchange, .arena = arena};
    own->used = arena_alloc(arena, sizeof *own->used);
    *own->used = 0;
    own->anew = arena_alloc(arena, sizeof *own->anew);
    *own->anew = false;
    for (size_t i = 0; i < exchange->replacement_count; i++) {
        const struct replacement *one = &exchange->replacements[i];
        add_pair(own, &(struct own_pair){
                          .value = {slice_of(one->value[SOURCE]), slice_of(one->value[TARGET])},
                          .kinds = one->is_id ? one->kind : "",
                          .proposed = one->proposed,
                          .secret = one->secret});
    }
    struct slice asked[SIDES];
    bool *pages = arena_alloc(arena, own->count + 1);
    for (int side = 0; side < SIDES; side++)
        asked[side] =
            (struct slice){exchange->out[side].target.data, exchange->out[side].target.length};
    own_pairs_of_link(own, asked, pages);
    for (size_t i = 0; i < own->count; i++)
        own->pairs[i].page = pages[i];
    const struct fields *headers = &exchange->in[SOURCE].headers;
    for (size_t i = 0; i < headers->count; i++) {
        if (strcasecmp(headers->items[i].name, "Set-Cookie") != 0)
            continue;
        struct jar_said said = jar_read(slice_of(headers->items[i].value));
        struct slice other = cookie_value(&exchange->in[TARGET], said.name);
        if (said.name.length && other.length)
            own_learn(own, said.value, other);
    }
    learn_request_ids(own);
}

void own_learn(struct own *own, struct slice source, struct slice target)
{
    struct own_pair pair = {.value = {source, target}, .secret = true};
    drop_common_marks(&pair);
    for (size_t i = 0; i < own->count; i++)
        if (slice_same(own->pairs[i].value[SOURCE], pair.value[SOURCE]) &&
            slice_same(own->pairs[i].value[TARGET], pair.value[TARGET]))
            return;
    add_pair(own, &pair);
}

const bool *own_page_pairs(const struct own *own)
{
    bool *pairs = arena_alloc(own->arena, own->count + 1);
    for (size_t i = 0; i < own->count; i++)
        pairs[i] = own->pairs[i].page;
    return pairs;
}

bool own_is_token(const char *name, struct slice value)
{
    char text[400];
    for (size_t i = 0; i < value.length; i++)
        if (value.at[i] <= ' ' || value.at[i] >= 0x7f)
            return false;
    if (!token_name_is_token(name) || value.length < 8)
        return false;
    if (value.length >= sizeof text) /* a view state, a signed token */
        return true;
    bool csrf = token_name_is_csrf(name) && value.length >= CSRF_LEAST;
    value = without_marks(value);
    memcpy(text, value.at, value.length);
    text[value.length] = '\0';
    return csrf || token_looks_random(text);
}

static bool has_kind(const struct own_pair *pair, const struct token_kinds *kinds)
{
    for (const char *at = pair->kinds; kinds && *at;) {
        size_t length = strcspn(at, " ");
        for (size_t i = 0; i < kinds->count; i++)
            if (strlen(kinds->name[i]) == length && memcmp(kinds->name[i], at, length) == 0)
                return true;
        at += length + (at[length] == ' ');
    }
    return false;
}

/* ---- words ---- */

static bool is_word(unsigned char byte)
{
    return isalnum(byte) || byte >= 0x80;
}

/* %2F stands before a word as '/' does. */
static bool begins_word(struct slice text, size_t at)
{
    if (!at || !is_word(text.at[at - 1]))
        return true;
    return at >= 3 && percent_byte(text.at + at - 3, 3) >= 0;
}

static bool ends_word(struct slice text, size_t end)
{
    return end >= text.length || !is_word(text.at[end]);
}

static bool digit_at(struct slice text, size_t at)
{
    return at < text.length && isdigit(text.at[at]);
}

/* Is the number [at, end) a part of 12.50, 1,234, 10:12, 2024-01-12? */
static bool is_part_of_number(struct slice text, size_t at, size_t end)
{
    static const char marks[] = ".,:'";
    if (at >= 2 && strchr(marks, text.at[at - 1]) && text.at[at - 1] && digit_at(text, at - 2))
        return true;
    if (end < text.length && text.at[end] && strchr(marks, text.at[end]) && digit_at(text, end + 1))
        return true;
    for (size_t from = at > DATE_MOST ? at - DATE_MOST : 0; from <= at; from++) {
        struct date_text date;
        if (!begins_word(text, from))
            continue;
        size_t length = date_text_read((const char *)text.at + from, text.length - from,
                                       DATE_ORDER_UNKNOWN, &date);
        if (length > end - at && from + length >= end)
            return true;
    }
    return false;
}

/* How people write what is an amount and no name. */
static const char *const units[] = {"€",   "$",   "£",   "¥",   "%",   "‰",  "°",  "EUR",
                                    "USD", "CHF", "GBP", "PLN", "SEK", "kr", "Kč", "zł"};

static bool unit_at(struct slice text, size_t at)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t length = strlen(units[i]);
        if (at <= text.length && length <= text.length - at &&
            memcmp(text.at + at, units[i], length) == 0)
            return true;
    }
    return false;
}

static bool unit_before(struct slice text, size_t end)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t length = strlen(units[i]);
        if (length <= end && memcmp(text.at + end - length, units[i], length) == 0)
            return true;
    }
    return false;
}

static bool is_blank(unsigned char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* Does the number name a thing? "12", "Booking 12", "Nr. 12: Anna", "(#12)", "Change booking 9001
 * now" do; "12 nights", "9001 €", "-12" do not. That an amount of three digits is by chance just
 * what each side's id is, is not to be feared. */
static bool is_label(struct slice text, size_t at, size_t end)
{
    size_t before = at, behind = end;
    while (before && is_blank(text.at[before - 1]))
        before--;
    while (behind < text.length && is_blank(text.at[behind]))
        behind++;
    if (unit_before(text, before) || unit_at(text, behind))
        return false;
    if (at && (text.at[at - 1] == '-' || text.at[at - 1] == '+') &&
        (at == 1 || is_blank(text.at[at - 2])))
        return false;
    if (end - at >= LONG_ID)
        return true;
    /* A word behind it would say of what it is an amount; a dash or dot of Unicode is none. */
    bool parted =
        behind == text.length || !is_word(text.at[behind]) || text.at[behind] == 0xc2 ||
        (behind + 1 < text.length && text.at[behind] == 0xe2 && text.at[behind + 1] == 0x80);
    return parted && (behind == text.length || !strchr("/*x+=<>", text.at[behind]));
}

/* ---- hosts ---- */

static bool host_is(struct slice host, const char *known)
{
    struct slice name = slice_of(known ? known : "");
    if (!name.length)
        return false;
    if (slice_equal_fold(host, name))
        return true;
    /* A default port may be said or not. */
    static const char *const ports[] = {":80", ":443"};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        size_t length = strlen(ports[i]);
        struct slice longer = host.length > name.length ? host : name;
        struct slice shorter = host.length > name.length ? name : host;
        if (longer.length == shorter.length + length &&
            memcmp(longer.at + shorter.length, ports[i], length) == 0 &&
            slice_equal_fold(sub(longer, 0, shorter.length), shorter))
            return true;
    }
    return false;
}

bool own_is_host(const struct own *own, enum side side, struct slice host)
{
    return host_is(host, own->settings->host[side]) || host_is(host, own->settings->logged_host);
}

/* Without its port. */
static struct slice name_of(const char *host)
{
    struct slice name = slice_of(host ? host : "");
    const char *colon = host ? strrchr(host, ':') : NULL;
    if (colon && !strchr(colon, ']'))
        name.length = (size_t)(colon - host);
    return name;
}

bool own_is_domain(const struct own *own, enum side side, struct slice domain)
{
    struct slice name = name_of(own->settings->host[side]);
    struct slice logged = name_of(own->settings->logged_host);
    return (name.length && slice_equal_fold(domain, name)) ||
           (logged.length && slice_equal_fold(domain, logged));
}

static bool is_host_byte(unsigned char byte)
{
    return isalnum(byte) || byte == '.' || byte == '-' || byte == ':' || byte == '[' ||
           byte == ']' || byte == '_';
}

/* Bytes of the host that begins there, with its port. */
static size_t host_length(struct slice text, size_t at)
{
    size_t end = at;
    while (end < text.length && is_host_byte(text.at[end]))
        end++;
    while (end > at && (text.at[end - 1] == '.' || text.at[end - 1] == ':'))
        end--; /* of the sentence */
    return end - at;
}

static bool follows_slashes(struct slice text, size_t at)
{
    static const char *const marks[] = {"//", "\\/\\/", "%2F%2F", "%2f%2f"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t length = strlen(marks[i]);
        if (at >= length && memcmp(text.at + at - length, marks[i], length) == 0)
            return true;
    }
    return false;
}

/* ---- texts side by side ---- */

static bool value_at(struct slice text, size_t at, struct slice value)
{
    return value.length <= text.length - at && memcmp(text.at + at, value.at, value.length) == 0 &&
           ends_word(text, at + value.length);
}

static bool admits(const struct own *own, const struct own_filter *filter, size_t pair)
{
    return own->pairs[pair].free || (filter && (has_kind(&own->pairs[pair], filter->kinds) ||
                                                (filter->pairs && filter->pairs[pair])));
}

/* The pair whose values begin at both places, or NULL. */
static const struct own_pair *pair_at(const struct own *own, const struct slice text[SIDES],
                                      const size_t at[SIDES], const struct own_filter *filter)
{
    for (size_t i = 0; i < own->count; i++) {
        const struct own_pair *pair = &own->pairs[i];
        bool fits = admits(own, filter, i);
        for (int side = 0; fits && side < SIDES; side++) {
            fits = value_at(text[side], at[side], pair->value[side]);
            if (!fits || !pair->digits)
                continue;
            size_t end = at[side] + pair->value[side].length;
            fits = !is_part_of_number(text[side], at[side], end) &&
                   (!filter || !filter->label || is_label(text[side], at[side], end));
        }
        if (fits)
            return pair;
    }
    return NULL;
}

bool own_same(const struct own *own, const struct slice text[SIDES],
              const struct own_filter *filter)
{
    size_t at[SIDES] = {0, 0};
    while (at[SOURCE] < text[SOURCE].length && at[TARGET] < text[TARGET].length) {
        if (follows_slashes(text[SOURCE], at[SOURCE]) &&
            follows_slashes(text[TARGET], at[TARGET])) {
            size_t length[SIDES];
            bool hosts = true;
            for (int side = 0; side < SIDES; side++) {
                length[side] = host_length(text[side], at[side]);
                hosts = hosts &&
                        own_is_host(own, (enum side)side, sub(text[side], at[side], length[side]));
            }
            if (hosts) {
                use(own, PAIR_KNOWN_HOST);
                at[SOURCE] += length[SOURCE];
                at[TARGET] += length[TARGET];
                continue;
            }
        }
        const struct own_pair *pair = NULL;
        if (begins_word(text[SOURCE], at[SOURCE]) && begins_word(text[TARGET], at[TARGET]))
            pair = pair_at(own, text, at, filter);
        if (pair) {
            use_pair(own, pair);
            at[SOURCE] += pair->value[SOURCE].length;
            at[TARGET] += pair->value[TARGET].length;
        } else if (text[SOURCE].at[at[SOURCE]++] != text[TARGET].at[at[TARGET]++]) {
            return false;
        }
    }
    return at[SOURCE] == text[SOURCE].length && at[TARGET] == text[TARGET].length;
}

/* ---- links ---- */

struct link {
    bool has_scheme, has_host;
    struct slice scheme, host;
    struct slice rest; /* path, query, fragment */
};

static struct link take_apart(struct slice text)
{
    struct link link = {.rest = text};
    size_t scheme = 0;
    while (scheme < text.length && (isalnum(text.at[scheme]) || text.at[scheme] == '+'))
        scheme++;
    if (scheme && scheme < text.length && text.at[scheme] == ':') {
        link.has_scheme = true;
        link.scheme = sub(text, 0, scheme);
        link.rest = sub(text, scheme + 1, text.length - scheme - 1);
    }
    if (link.rest.length >= 2 && link.rest.at[0] == '/' && link.rest.at[1] == '/') {
        size_t end = 2;
        while (end < link.rest.length && !strchr("/?#", link.rest.at[end]))
            end++;
        link.has_host = true;
        link.host = sub(link.rest, 2, end - 2);
        link.rest = sub(link.rest, end, link.rest.length - end);
    }
    return link;
}

static bool is_web(struct link link)
{
    return !link.has_scheme ||
           (link.has_host && (slice_equal_fold(link.scheme, slice_of("http")) ||
                              slice_equal_fold(link.scheme, slice_of("https"))));
}

/* Does it lead to the side's own host by another scheme, and by that scheme's port? So does a
 * server that sends who asks by http to https and knows nothing of the port in the side's URL. */
static bool leaves_port(const struct own *own, enum side side, struct link link)
{
    const char *scheme = own->settings->scheme[side];
    struct slice name = name_of(own->settings->host[side]), host = link.host;
    if (!scheme || !link.has_scheme || !link.has_host || !name.length ||
        slice_equal_fold(link.scheme, slice_of(scheme)))
        return false;
    struct slice port = slice_of(slice_equal_fold(link.scheme, slice_of("https")) ? ":443" : ":80");
    if (host.length > port.length &&
        memcmp(host.at + host.length - port.length, port.at, port.length) == 0)
        host.length -= port.length;
    return slice_equal_fold(host, name);
}

/* Does only one of the sides name its own host with another scheme than it was asked by? Sites that
 * are asked by http and https, each, may say so; of two asked alike one leads nowhere. */
static bool one_astray(const struct own *own, const struct link link[SIDES])
{
    bool astray[SIDES];
    for (int side = 0; side < SIDES; side++) {
        const char *scheme = own->settings->scheme[side];
        astray[side] = scheme && link[side].has_scheme &&
                       (host_is(link[side].host, own->settings->host[side]) ||
                        leaves_port(own, (enum side)side, link[side])) &&
                       !slice_equal_fold(link[side].scheme, slice_of(scheme));
    }
    return astray[SOURCE] != astray[TARGET] &&
           !slice_equal_fold(link[SOURCE].scheme, link[TARGET].scheme);
}

/* Do both lead to the site itself? Production's scheme counts, the sides' own as one_astray()
 * says. */
static bool both_here(const struct own *own, const struct link link[SIDES])
{
    bool logged = true;
    bool leave = leaves_port(own, SOURCE, link[SOURCE]) && leaves_port(own, TARGET, link[TARGET]);
    for (int side = 0; side < SIDES; side++) {
        if (!is_web(link[side]) ||
            (link[side].has_host && !leave && !own_is_host(own, (enum side)side, link[side].host)))
            return false;
        logged = logged && link[side].has_scheme &&
                 host_is(link[side].host, own->settings->logged_host) &&
                 !host_is(link[side].host, own->settings->host[side]);
    }
    if (one_astray(own, link))
        return false;
    use(own, PAIR_KNOWN_HOST);
    return !logged || slice_equal_fold(link[SOURCE].scheme, link[TARGET].scheme);
}

/* A count has a plural's name: ?bookings=12. */
static bool may_name_id(const struct token_part *part)
{
    size_t length = strlen(part->name);
    return part->place == PLACE_PATH || token_name_is_id(part->name) ||
           (length && part->name[length - 1] != 's' && part->name[length - 1] != ']');
}

static bool same_link(const struct own *own, const struct slice text[SIDES], unsigned depth);

static bool same_part(const struct own *own, const struct token_part *const part[SIDES],
                      const struct slice target[SIDES], unsigned depth)
{
    struct token_kinds kinds;
    const struct slice value[SIDES] = {slice_of(part[SOURCE]->value),
                                       slice_of(part[TARGET]->value)};
    if (slice_same(value[SOURCE], value[TARGET]))
        return true;
    if (part[SOURCE]->place == PLACE_QUERY && own_is_token(part[SOURCE]->name, value[SOURCE]) &&
        own_is_token(part[TARGET]->name, value[TARGET])) {
        use(own, PAIR_KNOWN_TOKEN);
        return true;
    }
    bool links = true;
    for (int side = 0; side < SIDES; side++)
        links = links && value[side].length &&
                (value[side].at[0] == '/' || strncasecmp(part[side]->value, "http", 4) == 0);
    if (links && depth < NESTED_MOST)
        return same_link(own, value, depth + 1);
    if (!may_name_id(part[SOURCE]))
        return own_same(own, value, NULL);
    token_kinds_of(&kinds, part[SOURCE], target[SOURCE]);
    for (size_t i = 0; i < own->count; i++)
        if (slice_same(own->pairs[i].value[SOURCE], value[SOURCE]) &&
            slice_same(own->pairs[i].value[TARGET], value[TARGET]))
            if (own->pairs[i].free || has_kind(&own->pairs[i], &kinds)) {
                use_pair(own, &own->pairs[i]);
                return true;
            }
    return false;
}

static size_t fragment_at(struct slice target)
{
    const unsigned char *hash = target.length ? memchr(target.at, '#', target.length) : NULL;
    return hash ? (size_t)(hash - target.at) : target.length;
}

/* "#booking-9001": the words before say the kind. */
static bool same_fragment(const struct own *own, const struct slice target[SIDES])
{
    struct slice name[SIDES];
    struct token_kinds kinds = {0};
    struct arena arena = ARENA_INIT;
    for (int side = 0; side < SIDES; side++) {
        size_t at = fragment_at(target[side]);
        name[side] = sub(target[side], at, target[side].length - at);
    }
    size_t word = 0;
    while (word < name[SOURCE].length && !isdigit(name[SOURCE].at[word]))
        word++;
    if (word > 1 && word < 100) {
        char *text = arena_copy_bytes(&arena, name[SOURCE].at + 1, word - 1);
        struct token_part part = {.place = PLACE_FIELD,
                                  .name = arena_format(&arena, "%s-id", text)};
        token_kinds_of(&kinds, &part, (struct slice){0});
    }
    bool same = own_same(own, name, &(struct own_filter){.kinds = &kinds});
    arena_free(&arena);
    return same;
}

/* Path, query and fragment. */
static bool same_target(const struct own *own, const struct slice target[SIDES], unsigned depth)
{
    struct arena arena = ARENA_INIT;
    struct token_parts parts[SIDES];
    size_t from[SIDES] = {0, 0};
    for (int side = 0; side < SIDES; side++) {
        token_parts_init(&parts[side], &arena);
        token_walk_target(&parts[side], target[side], false);
    }
    bool same = parts[SOURCE].count == parts[TARGET].count;
    for (size_t i = 0; same && i < parts[SOURCE].count; i++) {
        const struct token_part *part[SIDES];
        struct slice gap[SIDES];
        for (int side = 0; side < SIDES; side++) {
            part[side] = &parts[side].items[i];
            gap[side] = sub(target[side], from[side], part[side]->from - from[side]);
            from[side] = part[side]->from + part[side]->length;
        }
        same = part[SOURCE]->place == part[TARGET]->place &&
               strcmp(part[SOURCE]->name, part[TARGET]->name) == 0 && own_same(own, gap, NULL) &&
               same_part(own, part, target, depth);
    }
    if (same) {
        struct slice gap[SIDES];
        for (int side = 0; side < SIDES; side++) {
            size_t end = fragment_at(target[side]);
            gap[side] = sub(target[side], from[side], end > from[side] ? end - from[side] : 0);
        }
        same = own_same(own, gap, NULL) && same_fragment(own, target);
    }
    for (int side = 0; side < SIDES; side++)
        token_parts_free(&parts[side]);
    arena_free(&arena);
    return same;
}

static bool same_link(const struct own *own, const struct slice text[SIDES], unsigned depth)
{
    struct link link[SIDES] = {take_apart(text[SOURCE]), take_apart(text[TARGET])};
    if (slice_same(text[SOURCE], text[TARGET]))
        return true;
    if (link[SOURCE].has_scheme == link[TARGET].has_scheme &&
        link[SOURCE].has_host == link[TARGET].has_host && both_here(own, link))
        return same_target(own, (struct slice[SIDES]){link[SOURCE].rest, link[TARGET].rest}, depth);
    return own_same(own, text, NULL);
}

bool own_same_link(const struct own *own, const struct slice text[SIDES])
{
    return same_link(own, text, 0);
}

bool own_same_place(const struct own *own, const struct slice text[SIDES])
{
    struct buffer place[SIDES] = {BUFFER_INIT(1 << 20), BUFFER_INIT(1 << 20)};
    struct link link[SIDES] = {take_apart(text[SOURCE]), take_apart(text[TARGET])};
    bool same = slice_same(text[SOURCE], text[TARGET]), here = both_here(own, link);
    /* Word for word the same, and it sends the target's users to the source. A copy of the source
     * may well be set up like it. */
    const char *const scheme = own->settings->scheme[SOURCE];
    bool sources = scheme && link[TARGET].has_scheme &&
                   slice_equal_fold(link[TARGET].scheme, slice_of(scheme)) &&
                   host_is(link[TARGET].host, own->settings->host[SOURCE]);
    if (same && !own->settings->learn && link[TARGET].has_host &&
        (host_is(link[TARGET].host, own->settings->host[SOURCE]) ||
         leaves_port(own, SOURCE, link[TARGET])) &&
        !own_is_host(own, TARGET, link[TARGET].host) &&
        (sources || !leaves_port(own, TARGET, link[TARGET])))
        return false;
    for (int side = 0; !same && here && side < SIDES; side++) {
        const struct buffer *base = &own->exchange->out[side].target;
        size_t hash = fragment_at(text[side]);
        here = token_resolve(&place[side], (struct slice){base->data, base->length},
                             (const char *)text[side].at, text[side].length);
        buffer_add(&place[side], text[side].at + hash, text[side].length - hash);
    }
    if (!same && here)
        same = same_target(own,
                           (struct slice[SIDES]){{place[SOURCE].data, place[SOURCE].length},
                                                 {place[TARGET].data, place[TARGET].length}},
                           0);
    else if (!same)
        same = own_same(own, text, NULL);
    buffer_free(&place[SOURCE]);
    buffer_free(&place[TARGET]);
    return same;
}

void own_pairs_of_link(const struct own *own, const struct slice text[SIDES], bool *pairs)
{
    struct arena arena = ARENA_INIT;
    struct token_parts parts[SIDES];
    struct slice rest[SIDES];
    enum side main = text[SOURCE].at ? SOURCE : TARGET;
    bool both = text[SOURCE].at && text[TARGET].at;
    for (int side = 0; side < SIDES; side++) {
        rest[side] = text[side].at ? take_apart(text[side]).rest : slice_of("");
        token_parts_init(&parts[side], &arena);
        token_walk_target(&parts[side], rest[side], false);
    }
    for (size_t i = 0; i < parts[main].count && (!both || i < parts[TARGET].count); i++) {
        const struct token_part *part = &parts[main].items[i];
        struct token_kinds kinds;
        if (!may_name_id(part))
            continue;
        token_kinds_of(&kinds, part, rest[main]);
        for (size_t k = 0; k < own->count; k++) {
            const struct own_pair *pair = &own->pairs[k];
            if (slice_same(pair->value[main], slice_of(part->value)) && has_kind(pair, &kinds) &&
                (!both || slice_same(pair->value[TARGET], slice_of(parts[TARGET].items[i].value))))
                pairs[k] = true;
        }
    }
    for (int side = 0; side < SIDES; side++)
        token_parts_free(&parts[side]);
    arena_free(&arena);
}

/* ---- writing the target's as the source's ---- */

bool own_has_any(const struct own *own)
{
    const char *const *host = own->settings->host;
    return own->count || (host[SOURCE] && host[TARGET] && strcmp(host[SOURCE], host[TARGET]) != 0);
}

bool own_may_hold(const struct own *own, enum side side, struct slice text)
{
    const char *host = own->settings->host[side];
    if (host && memmem(text.at, text.length, host, strlen(host)))
        return true;
    for (size_t i = 0; i < own->count; i++) {
        struct slice value = own->pairs[i].value[side];
        if (memmem(text.at, text.length, value.at, value.length))
            return true;
    }
    return false;
}

/* The pair whose target's value stands there; NULL: none, or several that mean unlike things. */
static const struct own_pair *target_at(const struct own *own, struct slice text, size_t at,
                                        const struct own_filter *filter)
{
    const struct own_pair *found = NULL;
    for (size_t i = 0; i < own->count; i++) {
        const struct own_pair *pair = &own->pairs[i];
        size_t end = at + pair->value[TARGET].length;
        if (!admits(own, filter, i) || !value_at(text, at, pair->value[TARGET]) ||
            (pair->digits && (is_part_of_number(text, at, end) ||
                              (filter && filter->label && !is_label(text, at, end)))))
            continue;
        if (found && !slice_same(found->value[SOURCE], pair->value[SOURCE]))
            return NULL;
        found = pair;
    }
    return found;
}

void own_rewrite(const struct own *own, struct slice text, const struct own_filter *filter,
                 struct buffer *out)
{
    const char *host = own->settings->host[SOURCE];
    for (size_t at = 0; at < text.length;) {
        size_t length = follows_slashes(text, at) ? host_length(text, at) : 0;
        if (length && host && own_is_host(own, TARGET, sub(text, at, length))) {
            use(own, PAIR_KNOWN_HOST);
            buffer_add_text(out, host);
            at += length;
            continue;
        }
        const struct own_pair *pair =
            begins_word(text, at) ? target_at(own, text, at, filter) : NULL;
        if (pair) {
            use_pair(own, pair);
            buffer_add(out, pair->value[SOURCE].at, pair->value[SOURCE].length);
            at += pair->value[TARGET].length;
        } else {
            buffer_add_byte(out, text.at[at++]);
        }
    }
}

void own_rewrite_link(const struct own *own, struct slice text, struct buffer *out)
{
    struct arena arena = ARENA_INIT;
    struct token_parts parts;
    struct link link = take_apart(text);
    size_t from = 0;
    bool here = is_web(link) && (!link.has_host || own_is_host(own, TARGET, link.host));
    if (!here) {
        own_rewrite(own, text, NULL, out);
        return;
    }
    own_rewrite(own, sub(text, 0, text.length - link.rest.length), NULL, out);
    token_parts_init(&parts, &arena);
    token_walk_target(&parts, link.rest, false);
    for (size_t i = 0; i < parts.count; i++) {
        const struct token_part *part = &parts.items[i];
        struct token_kinds kinds = {0};
        own_rewrite(own, sub(link.rest, from, part->from - from), NULL, out);
        if (may_name_id(part))
            token_kinds_of(&kinds, part, link.rest);
        own_rewrite(own, sub(link.rest, part->from, part->length),
                    &(struct own_filter){.kinds = &kinds}, out);
        from = part->from + part->length;
    }
    own_rewrite(own, sub(link.rest, from, link.rest.length - from), NULL, out);
    token_parts_free(&parts);
    arena_free(&arena);
}
