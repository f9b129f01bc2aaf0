/* See jar.h. */
#include "jar.h"

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "../diff/base/bytes.h"
#include "../diff/base/memory.h"
#include "jar_date.h"

#define LONGEST 4096           /* of name and value together; 6265bis, 5.6 */
#define LONGEST_ATTRIBUTE 1024 /* longer ones are ignored; the same place */
#define LONGEST_LIFE (INT64_C(400) * 86400)
#define NEVER INT64_MAX

const char *const jar_result_text[JAR_RESULTS] = {
    [JAR_KEPT] = "kept",
    [JAR_EMPTY] = "neither a name nor a value",
    [JAR_CONTROL] = "a control character in it",
    [JAR_TOO_LONG] = "over 4096 bytes, which browsers drop",
    [JAR_DOMAIN] = "for another host",
    [JAR_PREFIX] = "__Host- or __Secure- without what these names promise",
    [JAR_EVICTED] = "more cookies than a browser keeps",
};

/* name, value, path and domain stand behind each other in `name`'s block, each with a '\0'. */
struct cookie {
    char *name, *value, *path;
    char *domain; /* "" host-only, "." for our own host or production's, else what was said */
    size_t path_length;
    int64_t expires; /* seconds since 1970; NEVER */
    uint64_t made;   /* order of creation in this jar; a replacement keeps it */
    bool seeded;
};

struct jar {
    const struct jar_home *home;
    size_t count, capacity;
    struct cookie *items; /* in the order of sending: longer paths first, then older */
    uint64_t made;
    uint32_t counted[JAR_RESULTS];
};

struct jar *jar_new(const struct jar_home *home)
{
    struct jar *jar = mem_zero(1, sizeof *jar);
    jar->home = home;
    return jar;
}

void jar_free(struct jar *jar)
{
    if (!jar)
        return;
    for (size_t i = 0; i < jar->count; i++)
        free(jar->items[i].name);
    free(jar->items);
    free(jar);
}

size_t jar_counted(const struct jar *jar, enum jar_result result)
{
    return jar->counted[result];
}

static struct slice part(struct slice whole, size_t from, size_t to)
{
    return (struct slice){whole.at ? whole.at + from : NULL, to - from};
}

static struct slice trim(struct slice text)
{
    while (text.length && (text.at[0] == ' ' || text.at[0] == '\t'))
        text = part(text, 1, text.length);
    while (text.length && (text.at[text.length - 1] == ' ' || text.at[text.length - 1] == '\t'))
        text.length--;
    return text;
}

static size_t find_byte(struct slice text, unsigned char byte)
{
    const unsigned char *at = text.length ? memchr(text.at, byte, text.length) : NULL;
    return at ? (size_t)(at - text.at) : text.length;
}

/* The piece before the next ';', which *rest then starts behind. */
static struct slice next_piece(struct slice *rest)
{
    size_t end = find_byte(*rest, ';');
    struct slice piece = part(*rest, 0, end);
    *rest = end < rest->length ? part(*rest, end + 1, rest->length) : (struct slice){0};
    return piece;
}

/* Without '=' it is all value: a nameless cookie. */
static void read_pair(struct slice piece, struct slice *name, struct slice *value)
{
    size_t equals = find_byte(piece, '=');
    bool has_name = equals < piece.length;
    *name = trim(part(piece, 0, has_name ? equals : 0));
    *value = trim(has_name ? part(piece, equals + 1, piece.length) : piece);
}

/* Digits with '-' before them or not; else it is not said. Clipped, not wrapped. */
static bool read_age(struct slice text, int64_t *age)
{
    size_t i = text.length && text.at[0] == '-';
    if (i == text.length)
        return false;
    int64_t seconds = 0;
    for (size_t k = i; k < text.length; k++) {
        if (text.at[k] < '0' || text.at[k] > '9')
            return false;
        if (seconds <= LONGEST_LIFE)
            seconds = 10 * seconds + (text.at[k] - '0');
    }
    *age = i ? -seconds : seconds;
    return true;
}

static void read_attribute(struct slice name, struct slice value, struct jar_said *said)
{
    if (value.length > LONGEST_ATTRIBUTE)
        return;
    if (slice_equal_fold(name, slice_of("domain"))) {
        said->has_domain = value.length > 0;
        said->domain = value.length && value.at[0] == '.' ? part(value, 1, value.length) : value;
    } else if (slice_equal_fold(name, slice_of("path"))) {
        said->path = value;
    } else if (slice_equal_fold(name, slice_of("secure"))) {
        said->secure = true;
    } else if (slice_equal_fold(name, slice_of("max-age"))) {
        said->has_age |= read_age(value, &said->age);
    } else if (slice_equal_fold(name, slice_of("expires"))) {
        said->has_expires |= jar_date(value, &said->expires);
    } else if (slice_equal_fold(name, slice_of("httponly"))) {
        said->http_only = true;
    } else if (slice_equal_fold(name, slice_of("samesite"))) {
        said->same_site = value;
    } else if (slice_equal_fold(name, slice_of("partitioned"))) {
        said->partitioned = true;
    }
}

struct jar_said jar_read(struct slice field)
{
    struct jar_said said = {0};
    read_pair(next_piece(&field), &said.name, &said.value);
    while (field.length) {
        struct slice piece = next_piece(&field);
        size_t equals = find_byte(piece, '=');
        struct slice value =
            equals < piece.length ? part(piece, equals + 1, piece.length) : (struct slice){0};
        read_attribute(trim(part(piece, 0, equals)), trim(value), &said);
    }
    return said;
}

static bool has_control(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((text.at[i] < 0x20 && text.at[i] != '\t') || text.at[i] == 0x7f)
            return true;
    return false;
}

/* "https://me@[::1]:8443/x" -> "::1"; a bare "www.example.org:80" is read as well. */
static struct slice host_of(const char *url)
{
    const char *scheme = strstr(url, "://");
    struct slice host = slice_of(scheme ? scheme + 3 : url);
    host.length = strcspn((const char *)host.at, "/?#");
    size_t user = find_byte(host, '@');
    if (user < host.length)
        host = part(host, user + 1, host.length);
    if (host.length && host.at[0] == '[')
        return part(host, 1, find_byte(host, ']'));
    host.length = find_byte(host, ':');
    return host;
}

static struct slice prefix_of(const char *url)
{
    const char *scheme = strstr(url, "://");
    const char *path = strchr(scheme ? scheme + 3 : url, '/');
    struct slice prefix = path ? slice_of(path) : (struct slice){0};
    while (prefix.length && prefix.at[prefix.length - 1] == '/')
        prefix.length--;
    return prefix;
}

static bool is_address(struct slice host)
{
    if (find_byte(host, ':') < host.length)
        return true;
    for (size_t i = 0; i < host.length; i++)
        if (host.at[i] != '.' && (host.at[i] < '0' || host.at[i] > '9'))
            return false;
    return true;
}

/* Would a browser at `host` take a cookie for `domain`? A name without a dot is a top level. */
static bool host_takes(struct slice host, struct slice domain)
{
    if (slice_equal_fold(host, domain))
        return true;
    if (host.length <= domain.length || !domain.length || is_address(host) ||
        find_byte(domain, '.') == domain.length)
        return false;
    size_t before = host.length - domain.length;
    return host.at[before - 1] == '.' && slice_equal_fold(part(host, before, host.length), domain);
}

/* What a Domain is kept as; NULL: it is not ours. */
static const char *place_domain(const struct jar_home *home, struct slice domain, char *room)
{
    const char *ours[] = {home->url, home->host, home->production};
    bool taken = !home->production;
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        if (!ours[i])
            continue;
        if (slice_equal_fold(host_of(ours[i]), domain))
            return ".";
        taken |= host_takes(host_of(ours[i]), domain);
    }
    if (!taken)
        return NULL;
    for (size_t i = 0; i < domain.length; i++) {
        unsigned char c = domain.at[i];
        room[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    room[domain.length] = '\0';
    return room;
}

/* The path of a target: up to its query; of what is no path ("*"), "/". */
static struct slice path_of(struct slice target)
{
    if (!target.length || target.at[0] != '/')
        return slice_of("/");
    target.length = find_byte(target, '?');
    target.length = find_byte(target, '#');
    return target;
}

static struct slice default_path(struct slice target)
{
    struct slice path = path_of(target);
    while (path.length > 1 && path.at[path.length - 1] != '/')
        path.length--;
    if (path.length > 1)
        path.length--;
    return path;
}

/* Does the cookie's path cover before+path, which are one path in two pieces? 6265bis, 5.1.4 */
static bool covers(const struct cookie *cookie, struct slice before, struct slice path)
{
    size_t length = cookie->path_length;
    if (before.length + path.length < length)
        return false;
    size_t head = length < before.length ? length : before.length;
    if ((head && memcmp(cookie->path, before.at, head) != 0) ||
        (length > head && memcmp(cookie->path + head, path.at, length - head) != 0))
        return false;
    if (length == before.length + path.length || cookie->path[length - 1] == '/')
        return true;
    return (length < before.length ? before.at[length] : path.at[length - before.length]) == '/';
}

static bool goes_to(const struct jar *jar, const struct cookie *cookie, struct slice path)
{
    struct slice prefix = prefix_of(jar->home->url);
    return covers(cookie, (struct slice){0}, path) ||
           (prefix.length && covers(cookie, prefix, path));
}

static void remove_cookie(struct jar *jar, size_t i)
{
    free(jar->items[i].name);
    jar->count--;
    memmove(jar->items + i, jar->items + i + 1, (jar->count - i) * sizeof *jar->items);
}

static void drop_expired(struct jar *jar)
{
    int64_t now = (int64_t)time(NULL);
    for (size_t i = jar->count; i-- > 0;)
        if (jar->items[i].expires <= now)
            remove_cookie(jar, i);
}

static void drop_oldest(struct jar *jar)
{
    size_t oldest = 0;
    for (size_t i = 1; i < jar->count; i++)
        if (jar->items[i].made < jar->items[oldest].made)
            oldest = i;
    remove_cookie(jar, oldest);
}

static struct cookie make_cookie(struct slice name, struct slice value, struct slice path,
                                 const char *domain)
{
    struct slice parts[] = {name, value, path, slice_of(domain)};
    char *at[4];
    size_t size = 0;
    for (size_t i = 0; i < 4; i++)
        size += parts[i].length + 1;
    char *block = mem_alloc(size);
    for (size_t i = 0; i < 4; i++) {
        at[i] = block;
        if (parts[i].length)
            memcpy(block, parts[i].at, parts[i].length);
        block[parts[i].length] = '\0';
        block += parts[i].length + 1;
    }
    return (struct cookie){.name = at[0],
                           .value = at[1],
                           .path = at[2],
                           .domain = at[3],
                           .path_length = path.length,
                           .expires = NEVER};
}

/* Removes the cookie that this one replaces, whose age it takes on, and seeded ones of its name. */
static void replace(struct jar *jar, struct cookie *cookie)
{
    cookie->made = ++jar->made;
    for (size_t i = jar->count; i-- > 0;) {
        const struct cookie *old = &jar->items[i];
        if (strcmp(old->name, cookie->name) != 0)
            continue;
        bool same =
            strcmp(old->path, cookie->path) == 0 && strcmp(old->domain, cookie->domain) == 0;
        if (!same && !old->seeded)
            continue;
        cookie->made = old->made < cookie->made ? old->made : cookie->made;
        remove_cookie(jar, i);
    }
}

static void insert(struct jar *jar, struct cookie cookie)
{
    if (jar->count == jar->capacity) {
        jar->capacity = jar->capacity ? 2 * jar->capacity : 4;
        jar->items = mem_resize(jar->items, jar->capacity, sizeof *jar->items);
    }
    size_t i = 0;
    while (i < jar->count &&
           (jar->items[i].path_length > cookie.path_length ||
            (jar->items[i].path_length == cookie.path_length && jar->items[i].made < cookie.made)))
        i++;
    memmove(jar->items + i + 1, jar->items + i, (jar->count - i) * sizeof *jar->items);
    jar->items[i] = cookie;
    jar->count++;
}

static bool starts_with(struct slice text, const char *start)
{
    size_t length = strlen(start);
    return text.length >= length && slice_equal_fold(part(text, 0, length), slice_of(start));
}

static bool keeps_promise(const struct jar_said *said)
{
    if (!said->name.length)
        return !starts_with(said->value, "__Secure-") && !starts_with(said->value, "__Host-");
    if (starts_with(said->name, "__Secure-"))
        return said->secure;
    if (starts_with(said->name, "__Host-"))
        return said->secure && !said->has_domain && slice_is(said->path, "/");
    return true;
}

static enum jar_result judge(const struct jar_said *said, struct slice field)
{
    if (has_control(field))
        return JAR_CONTROL;
    if (!said->name.length && !said->value.length)
        return JAR_EMPTY;
    if (said->name.length + said->value.length > LONGEST)
        return JAR_TOO_LONG;
    return keeps_promise(said) ? JAR_KEPT : JAR_PREFIX;
}

static int64_t expiry(const struct jar_said *said, int64_t now)
{
    if (said->has_age && said->age <= 0)
        return INT64_MIN;
    if (said->has_age)
        return now + (said->age < LONGEST_LIFE ? said->age : LONGEST_LIFE);
    return said->has_expires ? said->expires : NEVER;
}

enum jar_result jar_take(struct jar *jar, struct slice target, struct slice set_cookie)
{
    struct jar_said said = jar_read(set_cookie);
    enum jar_result result = judge(&said, set_cookie);
    char room[LONGEST_ATTRIBUTE + 1];
    const char *domain = "";
    if (result == JAR_KEPT && said.has_domain) {
        domain = place_domain(jar->home, said.domain, room);
        if (!domain)
            result = JAR_DOMAIN;
    }
    if (result == JAR_KEPT) {
        bool has_path = said.path.length && said.path.at[0] == '/';
        struct slice path = has_path ? said.path : default_path(target);
        struct cookie cookie = make_cookie(said.name, said.value, path, domain);
        int64_t now = (int64_t)time(NULL);
        cookie.expires = expiry(&said, now);
        replace(jar, &cookie);
        drop_expired(jar);
        if (cookie.expires <= now) {
            free(cookie.name);
        } else {
            if (jar->count >= JAR_MOST) {
                drop_oldest(jar);
                result = JAR_EVICTED;
            }
            insert(jar, cookie);
        }
    }
    jar->counted[result]++;
    return result;
}

/* Whether a cookie that is to be seeded is the origin's business already; one that was seeded
 * before goes. */
static bool is_origins(struct jar *jar, struct slice name, uint64_t before)
{
    for (size_t i = jar->count; i-- > 0;) {
        const struct cookie *old = &jar->items[i];
        if (old->made > before || !slice_is(name, old->name))
            continue;
        if (!old->seeded)
            return true;
        remove_cookie(jar, i);
    }
    return false;
}

void jar_seed(struct jar *jar, struct slice cookies)
{
    uint64_t before = jar->made; /* a header may hold a name twice, of two paths */
    while (cookies.length) {
        struct slice piece = trim(next_piece(&cookies)), name, value;
        read_pair(piece, &name, &value);
        if ((!name.length && !value.length) || has_control(piece))
            continue;
        if (is_origins(jar, name, before))
            continue;
        struct cookie cookie = make_cookie(name, value, slice_of("/"), "");
        cookie.seeded = true;
        cookie.made = ++jar->made;
        if (jar->count >= JAR_MOST)
            drop_oldest(jar);
        insert(jar, cookie);
    }
}

void jar_write(struct jar *jar, struct slice target, struct buffer *out)
{
    struct slice path = path_of(target);
    bool first = true;
    drop_expired(jar);
    for (size_t i = 0; i < jar->count; i++) {
        const struct cookie *cookie = &jar->items[i];
        if (!goes_to(jar, cookie, path))
            continue;
        if (!first)
            buffer_add_text(out, "; ");
        first = false;
        if (cookie->name[0]) {
            buffer_add_text(out, cookie->name);
            buffer_add_byte(out, '=');
        }
        buffer_add_text(out, cookie->value);
    }
}

const char *jar_find(struct jar *jar, const char *path, const char *name)
{
    drop_expired(jar);
    for (size_t i = 0; i < jar->count; i++)
        if (strcmp(jar->items[i].name, name) == 0 &&
            goes_to(jar, &jar->items[i], path_of(slice_of(path))))
            return jar->items[i].value;
    return NULL;
}

/* ---- on disk ---- */

#define SAVED_VERSION 1

void jar_save(const struct jar *jar, struct buffer *out)
{
    buffer_add_byte(out, SAVED_VERSION);
    buffer_add_u64(out, jar->made);
    for (size_t i = 0; i < JAR_RESULTS; i++)
        buffer_add_u32(out, jar->counted[i]);
    bytes_put_size(out, jar->count);
    for (size_t i = 0; i < jar->count; i++) {
        const struct cookie *cookie = &jar->items[i];
        bytes_put_text(out, cookie->name);
        bytes_put_text(out, cookie->value);
        bytes_put_text(out, cookie->path);
        bytes_put_text(out, cookie->domain);
        buffer_add_u64(out, (uint64_t)cookie->expires);
        buffer_add_u64(out, cookie->made);
        buffer_add_byte(out, cookie->seeded);
    }
}

/* What jar_take() and jar_seed() let in, and nothing else: it goes into a header. */
static bool is_fit(const struct jar *jar, const struct cookie *cookie)
{
    const struct slice texts[] = {slice_of(cookie->name), slice_of(cookie->value),
                                  slice_of(cookie->path), slice_of(cookie->domain)};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (has_control(texts[i]))
            return false;
    return cookie->path[0] == '/' && cookie->made && cookie->made <= jar->made &&
           (*cookie->name || *cookie->value);
}

static bool load_cookie(struct jar *jar, struct bytes *in)
{
    struct arena arena = ARENA_INIT;
    const char *name = bytes_name(in, &arena), *value = bytes_name(in, &arena);
    const char *path = bytes_name(in, &arena), *domain = bytes_name(in, &arena);
    struct cookie cookie = make_cookie(slice_of(name), slice_of(value), slice_of(path), domain);
    cookie.expires = (int64_t)bytes_u64(in);
    cookie.made = bytes_u64(in);
    cookie.seeded = bytes_bool(in);
    bool good = !in->failed && is_fit(jar, &cookie);
    if (good)
        insert(jar, cookie);
    else
        free(cookie.name);
    arena_free(&arena);
    return good;
}

bool jar_load(struct jar *jar, const void *bytes, size_t length, struct err *err)
{
    const unsigned char *from = bytes;
    struct bytes in = {from, from + length, false};
    bool good = bytes_u8(&in) == SAVED_VERSION;
    jar->made = bytes_u64(&in);
    for (size_t i = 0; i < JAR_RESULTS; i++)
        jar->counted[i] = bytes_u32(&in);
    size_t count = bytes_count(&in, 33);
    good = good && count <= JAR_MOST;
    for (size_t i = 0; i < count && good; i++)
        good = load_cookie(jar, &in);
    if (good && bytes_at_end(&in))
        return true;
    while (jar->count)
        remove_cookie(jar, jar->count - 1);
    jar->made = 0;
    memset(jar->counted, 0, sizeof jar->counted);
    return err_set(err, ERR_USAGE, "the saved cookies of a session are damaged");
}
