/*
 * Cookies that two answers set. Input: their Set-Cookie fields, taken apart as browsers do (jar.h),
 * and rules. Output: findings. A cookie is told by its name, Path and Domain (RFC 6265bis, 5.7), of
 * which the last that an answer sets counts; those of a name that pair in no other way pair in
 * their order. Its value is neither compared nor shown. Compared are:
 *
 *     is it set, or deleted (an empty value, or over when it comes), or not named at all
 *     Path          where it is not said, the folder of what was asked for
 *     Domain        each side's own host and the logged one are equal
 *     Secure, HttpOnly, SameSite, Partitioned
 *     lifetime      of the session, or about so long: a tenth more or less, or a minute
 */
#include "check_parts.h"

#include "../diff/group.h"
#include "jar.h"
#include "jar_date.h"

#include <ctype.h>

#define LIFE_LEAST 60 /* seconds that lifetimes may lie apart in any case */
#define LIFE_SHARE 10 /* and a tenth of the longer one */

struct cookie {
    struct jar_said said;
    bool there, deleted, lasting, dated; /* dated: its lifetime is known, not only its end */
    int64_t lifetime;                    /* seconds, when lasting */
    const char *path, *domain;
};

static bool same_name(struct slice one, struct slice other)
{
    return slice_same(one, other);
}

/* RFC 6265bis, 5.1.4: the target's folder. */
static const char *path_of(struct arena *arena, const struct jar_said *said,
                           const struct buffer *target)
{
    if (said->path.length && said->path.at[0] == '/')
        return arena_copy_bytes(arena, said->path.at, said->path.length);
    size_t end = strcspn((const char *)target->data, "?#");
    while (end > 1 && target->data[end - 1] != '/')
        end--;
    if (end > 1)
        end--;
    return end && target->data[0] == '/' ? arena_copy_bytes(arena, target->data, end) : "/";
}

static const char *domain_of(const struct check *check, enum side side, const struct jar_said *said)
{
    struct arena *arena = &check->findings->arena;
    if (!said->has_domain)
        return "";
    if (own_is_domain(&check->own, side, said->domain))
        return "(the site's own)";
    char *text = arena_copy_bytes(arena, said->domain.at, said->domain.length);
    for (char *at = text; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return text;
}

/* When the answer was made, as it says itself; 0: it does not. */
static int64_t date_of(const struct incoming *in)
{
    const char *date = fields_find(&in->headers, "Date");
    int64_t seconds = 0;
    return date && jar_date(slice_of(date), &seconds) ? seconds : 0;
}

static struct cookie read_cookie(const struct check *check, enum side side, const char *field)
{
    const struct exchange *exchange = check->exchange;
    struct cookie cookie = {.there = field != NULL};
    if (!field)
        return cookie;
    struct arena *arena = &check->findings->arena;
    /* Where one answer lacks its Date, both are measured by the other's. */
    int64_t date = date_of(&exchange->in[side]);
    if (!date)
        date = date_of(&exchange->in[1 - side]);
    cookie.dated = date != 0;
    cookie.said = jar_read(slice_of(field));
    cookie.path = path_of(arena, &cookie.said, &exchange->out[side].target);
    cookie.domain = domain_of(check, side, &cookie.said);
    if (cookie.said.has_age) {
        cookie.lasting = true;
        cookie.lifetime = cookie.said.age;
        cookie.dated = true;
    } else if (cookie.said.has_expires) {
        cookie.lasting = true;
        cookie.lifetime = cookie.said.expires - date;
    }
    cookie.deleted = !cookie.said.value.length || (cookie.lasting && cookie.lifetime <= 0);
    return cookie;
}

static const char *lifetime_text(struct arena *arena, const struct cookie *cookie)
{
    static const struct {
        int64_t seconds;
        const char *unit;
    } units[] = {{86400, "days"}, {3600, "hours"}, {60, "minutes"}, {1, "seconds"}};
    if (!cookie->lasting)
        return "the session";
    size_t i = 0;
    while (i < 3 && cookie->lifetime < 2 * units[i].seconds)
        i++;
    return arena_format(arena, "%lld %s", (long long)(cookie->lifetime / units[i].seconds),
                        units[i].unit);
}

static bool same_lifetime(const struct cookie cookie[SIDES])
{
    int64_t one = cookie[SOURCE].lifetime, other = cookie[TARGET].lifetime;
    if (!cookie[SOURCE].lasting || !cookie[TARGET].lasting)
        return cookie[SOURCE].lasting == cookie[TARGET].lasting;
    int64_t apart = one > other ? one - other : other - one;
    if (!cookie[SOURCE].dated || !cookie[TARGET].dated)
        return apart <= LIFE_LEAST;
    return apart <= LIFE_LEAST || apart <= (one > other ? one : other) / LIFE_SHARE;
}

/* ---- findings ---- */

static void differ(struct check *check, const char *name, const char *attribute,
                   const char *const value[SIDES])
{
    struct arena *arena = &check->findings->arena;
    struct buffer shape = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct found found = {.kind = FOUND_COOKIE, .value_class = ""};
    found.path = *attribute ? arena_format(arena, "%s; %s", name, attribute) : name;
    group_shape(&shape, found.path);
    found.shape = arena_copy_bytes(arena, shape.data, shape.length);
    found.change = !value[SOURCE]   ? diff_kind_name[DIFF_INSERTED]
                   : !value[TARGET] ? diff_kind_name[DIFF_DELETED]
                                    : diff_kind_name[DIFF_CHANGED];
    found.value[SOURCE] = value[SOURCE];
    found.value[TARGET] = value[TARGET];
    check_add(check, &found);
    buffer_free(&shape);
}

static const char *flag(bool set)
{
    static const char yes[] = "yes", no[] = "no"; /* told apart by their place */
    return set ? yes : no;
}

static bool same_path(const struct check *check, const char *const path[SIDES])
{
    return own_same_link(&check->own,
                         (struct slice[SIDES]){slice_of(path[SOURCE]), slice_of(path[TARGET])});
}

static void compare_attributes(struct check *check, const char *name,
                               const struct cookie cookie[SIDES])
{
    struct arena *arena = &check->findings->arena;
    const char *path[SIDES], *domain[SIDES], *secure[SIDES], *script[SIDES], *parted[SIDES],
        *same_site[SIDES];
    for (int side = 0; side < SIDES; side++) {
        const struct jar_said *said = &cookie[side].said;
        struct slice site = said->same_site.at ? said->same_site : slice_of("");
        path[side] = cookie[side].path;
        domain[side] = cookie[side].domain;
        secure[side] = flag(said->secure);
        script[side] = flag(said->http_only);
        parted[side] = flag(said->partitioned);
        same_site[side] = arena_copy_bytes(arena, site.at, site.length);
    }
    if (!same_path(check, path))
        differ(check, name, "Path", path);
    if (strcmp(domain[SOURCE], domain[TARGET]) != 0 &&
        !slice_equal_fold(cookie[SOURCE].said.domain, cookie[TARGET].said.domain))
        differ(check, name, "Domain", domain);
    if (secure[SOURCE] != secure[TARGET])
        differ(check, name, "Secure", secure);
    if (script[SOURCE] != script[TARGET])
        differ(check, name, "HttpOnly", script);
    if (parted[SOURCE] != parted[TARGET])
        differ(check, name, "Partitioned", parted);
    if (strcasecmp(same_site[SOURCE], same_site[TARGET]) != 0)
        differ(check, name, "SameSite", same_site);
    if (!cookie[SOURCE].deleted && !same_lifetime(cookie))
        differ(check, name, "lifetime",
               (const char *const[SIDES]){lifetime_text(arena, &cookie[SOURCE]),
                                          lifetime_text(arena, &cookie[TARGET])});
}

static const char *state(const struct cookie *cookie)
{
    return !cookie->there ? NULL : cookie->deleted ? "deleted" : "set";
}

/* field: of each side; NULL: it sets none. */
static bool compare_cookie(struct check *check, struct slice raw, const char *const field[SIDES],
                           struct err *err)
{
    struct buffer out[SIDES] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
    struct cookie cookie[SIDES];
    struct arena *arena = &check->findings->arena;
    bool there[SIDES];
    bool good = rules_apply_header(check->settings->rules, &check->context, "Set-Cookie", field,
                                   out, there, err);
    for (int side = 0; good && side < SIDES; side++)
        cookie[side] = read_cookie(
            check, (enum side)side,
            there[side] ? arena_copy_bytes(arena, out[side].data, out[side].length) : NULL);
    if (good && (there[SOURCE] || there[TARGET])) {
        struct buffer name = BUFFER_INIT(BUFFER_NO_LIMIT);
        check_clean(&name, raw.at, raw.length);
        const char *shown = raw.length ? arena_copy_bytes(arena, name.data, name.length)
                                       : "(a cookie without a name)";
        const char *const states[SIDES] = {state(&cookie[SOURCE]), state(&cookie[TARGET])};
        if (!states[SOURCE] || !states[TARGET] || strcmp(states[SOURCE], states[TARGET]) != 0)
            differ(check, shown, "", states);
        else
            compare_attributes(check, shown, cookie);
        buffer_free(&name);
    }
    buffer_free(&out[SOURCE]);
    buffer_free(&out[TARGET]);
    return good;
}

/* ---- cookies of one name ---- */

/* A Set-Cookie field; slices into it. */
struct setting {
    const char *field;
    struct slice name;
};

struct settings_of {
    size_t count;
    struct setting *items;
};

/* Cookies of one name, without those that a later one takes the place of. */
struct namesakes {
    size_t count;
    const char **fields;
    struct cookie *cookies;
};

static struct settings_of find_settings(struct arena *arena, const struct fields *fields)
{
    struct settings_of found = {0};
    for (size_t i = 0; i < fields->count; i++)
        found.count += strcasecmp(fields->items[i].name, "Set-Cookie") == 0;
    found.items = arena_alloc(arena, (found.count + 1) * sizeof *found.items);
    found.count = 0;
    for (size_t i = 0; i < fields->count; i++)
        if (strcasecmp(fields->items[i].name, "Set-Cookie") == 0) {
            const char *field = fields->items[i].value;
            found.items[found.count++] = (struct setting){field, jar_read(slice_of(field)).name};
        }
    return found;
}

static bool same_domain(const struct cookie *one, const struct cookie *other)
{
    return strcmp(one->domain, other->domain) == 0 ||
           slice_equal_fold(one->said.domain, other->said.domain);
}

static struct namesakes find_namesakes(struct check *check, enum side side,
                                       const struct settings_of *all, struct slice name)
{
    struct arena *arena = &check->findings->arena;
    struct namesakes found = {0};
    for (size_t i = 0; i < all->count; i++)
        found.count += same_name(all->items[i].name, name);
    found.fields = arena_alloc(arena, (found.count + 1) * sizeof *found.fields);
    found.cookies = arena_alloc(arena, (found.count + 1) * sizeof *found.cookies);
    found.count = 0;
    for (size_t i = 0; i < all->count; i++) {
        if (!same_name(all->items[i].name, name))
            continue;
        struct cookie cookie = read_cookie(check, side, all->items[i].field);
        size_t kept = 0;
        for (size_t k = 0; k < found.count; k++) {
            const struct cookie *other = &found.cookies[k];
            if (strcmp(cookie.path, other->path) == 0 && same_domain(&cookie, other))
                continue;
            found.fields[kept] = found.fields[k];
            found.cookies[kept++] = *other;
        }
        found.fields[kept] = all->items[i].field;
        found.cookies[kept] = cookie;
        found.count = kept + 1;
    }
    return found;
}

/* Takes out the target's that has the source's Path and Domain; NULL: none has. */
static const char *take_partner(struct check *check, const struct cookie *cookie,
                                struct namesakes *targets)
{
    for (size_t i = 0; i < targets->count; i++) {
        const struct cookie *other = &targets->cookies[i];
        const char *found = targets->fields[i];
        if (!same_domain(cookie, other) ||
            !same_path(check, (const char *const[SIDES]){cookie->path, other->path}))
            continue;
        size_t behind = --targets->count - i;
        memmove(targets->fields + i, targets->fields + i + 1, behind * sizeof *targets->fields);
        memmove(targets->cookies + i, targets->cookies + i + 1, behind * sizeof *targets->cookies);
        return found;
    }
    return NULL;
}

static bool compare_namesakes(struct check *check, const struct settings_of all[SIDES],
                              struct slice name, struct err *err)
{
    struct namesakes of[SIDES];
    size_t left = 0;
    bool good = true;
    for (int side = 0; side < SIDES; side++)
        of[side] = find_namesakes(check, (enum side)side, &all[side], name);
    bool alone = of[SOURCE].count <= 1 && of[TARGET].count <= 1;
    for (size_t i = 0; !alone && good && i < of[SOURCE].count; i++) {
        const char *field[SIDES] = {of[SOURCE].fields[i], NULL};
        field[TARGET] = take_partner(check, &of[SOURCE].cookies[i], &of[TARGET]);
        if (field[TARGET])
            good = compare_cookie(check, name, field, err);
        else
            of[SOURCE].fields[left++] = field[SOURCE];
    }
    if (!alone)
        of[SOURCE].count = left;
    for (size_t i = 0; good && (i < of[SOURCE].count || i < of[TARGET].count); i++) {
        const char *const field[SIDES] = {i < of[SOURCE].count ? of[SOURCE].fields[i] : NULL,
                                          i < of[TARGET].count ? of[TARGET].fields[i] : NULL};
        good = compare_cookie(check, name, field, err);
    }
    return good;
}

static bool sets(const struct settings_of *all, size_t end, struct slice name)
{
    for (size_t i = 0; i < end; i++)
        if (same_name(all->items[i].name, name))
            return true;
    return false;
}

/* Of the names, in the order of their first fields, the source's before the target's. */
bool check_cookies(struct check *check, struct err *err)
{
    struct arena arena = ARENA_INIT;
    struct settings_of all[SIDES];
    bool good = true;
    for (int side = 0; side < SIDES; side++)
        all[side] = find_settings(&arena, &check->exchange->in[side].headers);
    for (int side = 0; side < SIDES; side++)
        for (size_t i = 0; good && i < all[side].count; i++) {
            struct slice name = all[side].items[i].name;
            bool seen = sets(&all[side], i, name) ||
                        (side == TARGET && sets(&all[SOURCE], all[SOURCE].count, name));
            if (!seen)
                good = compare_namesakes(check, all, name, err);
        }
    arena_free(&arena);
    return good;
}
