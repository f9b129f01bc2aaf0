/* See sites.h. */
#include "sites.h"

#include "book_settings.h"

#include "../diff/base/settings.h"
#include "counter.h"
#include "host.h"
#include "origin.h"
#include "outgoing.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

/* Who is asked: the sides, and the second copy of the source. */
enum party { PARTY_SOURCE = SOURCE, PARTY_TARGET = TARGET, PARTY_COPY, PARTIES };
static const char *const party_name[PARTIES] = {"source", "target", "copy"};
static const char *const party_option[PARTIES] = {"--source-url", "--target-url", "--calibrate"};

#define SITES_MOST 100000
#define GREETED_AT_ONCE 32
#define GREETING_TURN 0.2 /* seconds between two looks for an interruption */
#define MARK "{tenant}"

/* What the command line or the tenants' file says of a place; NULL: nothing. */
struct place {
    const char *url, *host;
};

struct tenant_rule {
    const char *name;
    struct place places[PARTIES];
};

/* The tenants' file. */
struct tenant_rules {
    struct arena arena;
    size_t count, room;
    struct tenant_rule *items; /* by name */
    const struct tenant_rule *others;
};

/* A site, and where it is. */
struct made {
    struct site site;
    const struct origin *origin;
    enum party party;
    bool first; /* of its origin */
};

struct sites {
    const struct replay_options *options;
    struct feed *feed;
    struct http *http;
    struct arena arena;
    struct origin_rules rules;
    struct tenant_rules tenant_rules;
    struct counter urls; /* origins that are settled: DNS is asked once of each */
    struct origin **origins;
    size_t origin_room;
    const char **headers[PARTIES]; /* as http_origin wants them */
    struct counter keys;           /* URL, Host and production of each site */
    struct made **made;            /* by entry of `keys` */
    size_t made_room;
    struct counter tenants;
    struct tenant_sites *found; /* by entry of `tenants` */
    size_t found_room;
    struct tenant_sites *none; /* of requests without a tenant */
};

struct tenant_sites {
    bool known; /* it was looked for; `of` may still be NULL */
    const struct made *of[PARTIES];
};

/* ---- the tenants' file ---- */

/* Appends the text with the tenant's name in it; false: that name cannot stand in a host. */
static bool add_substituted(struct buffer *out, const char *text, const char *tenant)
{
    const char *mark;
    while ((mark = strstr(text, MARK))) {
        if (!tenant || !*tenant || strlen(tenant) > 63)
            return false;
        for (const char *at = tenant; *at; at++)
            if (!isalnum((unsigned char)*at) && !strchr("-._", *at))
                return false;
        buffer_add(out, text, (size_t)(mark - text));
        buffer_add_text(out, tenant);
        text = mark + strlen(MARK);
    }
    buffer_add_text(out, text);
    return true;
}

/* As far as it can be told without a tenant. */
static MUST_CHECK bool check_url(const char *url, struct err *err)
{
    struct arena arena = ARENA_INIT;
    struct origin origin;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool good = add_substituted(&text, url, "x") &&
                origin_read(&arena, (const char *)text.data, &origin, err);
    buffer_free(&text);
    arena_free(&arena);
    return good;
}

static bool check_host(const char *host)
{
    return *host && !strpbrk(host, "\r\n \t/@\\?#");
}

static bool read_url(struct settings *settings, const struct settings_item *item, struct err *err)
{
    const char **url = settings_field(item);
    if (!settings_take(settings, item->value, url, err))
        return false;
    return check_url(*url, err) || settings_fail(settings, item->value->mark, err,
                                                 "this URL cannot be used: %.200s", err->text);
}

static bool read_host(struct settings *settings, const struct settings_item *item, struct err *err)
{
    const char **host = settings_field(item);
    if (!settings_take(settings, item->value, host, err))
        return false;
    return check_host(*host) ||
           settings_fail(settings, item->value->mark, err, "\"host\" needs the name of a host");
}

static const struct settings_entry place_entries[] = {
    {"url", SHAPE_TEXT, "a URL", read_url, .field = offsetof(struct place, url)},
    {"host", SHAPE_TEXT, "the name of a host", read_host, .field = offsetof(struct place, host)},
    {0}};

static bool read_place(struct settings *settings, const struct settings_item *item, struct err *err)
{
    struct place *place = settings_field(item);
    if (item->value->shape == SHAPE_MAP)
        return settings_read_map(settings, item->value,
                                 (struct settings_group[]){{place_entries, place}, {0}}, err);
    const struct settings_item url = {
        .entry = place_entries, .key = item->key, .value = item->value, .into = place};
    return read_url(settings, &url, err);
}

#define PLACE(party) .field = offsetof(struct tenant_rule, places) + (party) * sizeof(struct place)

static const struct settings_entry tenant_entries[] = {
    {"source", SHAPE_TEXT | SHAPE_MAP, "a URL, or {url: URL, host: HOST}", read_place,
     PLACE(PARTY_SOURCE)},
    {"target", SHAPE_TEXT | SHAPE_MAP, "a URL, or {url: URL, host: HOST}", read_place,
     PLACE(PARTY_TARGET)},
    {"copy", SHAPE_TEXT | SHAPE_MAP, "a URL, or {url: URL, host: HOST}", read_place,
     PLACE(PARTY_COPY)},
    {0}};

static bool read_tenant(struct settings *settings, const struct settings_item *item,
                        struct err *err)
{
    struct tenant_rules *list = item->into;
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 64;
        list->items = mem_resize(list->items, list->room, sizeof *list->items);
    }
    struct tenant_rule *rule = &list->items[list->count++];
    *rule = (struct tenant_rule){.name = arena_copy(&list->arena, item->key->text)};
    return item->value->shape == SHAPE_NOTHING ||
           settings_read_map(settings, item->value,
                             (struct settings_group[]){{tenant_entries, rule}, {0}}, err);
}

static const struct settings_entry top_entry[] = {
    {"a tenant", SHAPE_MAP | SHAPE_NOTHING, "source, target or copy with a URL or {url, host}",
     read_tenant, .field = 0},
    {0}};

static const struct settings_format format = {.noun = "tenants file",
                                              .file = "tenants file",
                                              .wants = "a key for each tenant",
                                              .entries = top_entry,
                                              .names = true};

static int compare_rules(const void *a, const void *b)
{
    return strcmp(((const struct tenant_rule *)a)->name, ((const struct tenant_rule *)b)->name);
}

static MUST_CHECK bool parse_tenants(struct tenant_rules *rules, const char *path, const char *text,
                                     size_t length, struct err *err)
{
    const struct tenant_rule others = {.name = "*"};
    if (!settings_parse(&format, path, text, length, &rules->arena, rules, err))
        return false;
    if (!rules->count)
        return true;
    qsort(rules->items, rules->count, sizeof *rules->items, compare_rules);
    rules->others = bsearch(&others, rules->items, rules->count, sizeof others, compare_rules);
    return true;
}

static void free_tenants(struct tenant_rules *rules)
{
    free(rules->items);
    arena_free(&rules->arena);
}

bool sites_check_tenants(const char *path, const char *text, size_t length, struct err *err)
{
    struct tenant_rules rules = {0};
    bool good = parse_tenants(&rules, path, text, length, err);
    free_tenants(&rules);
    return good;
}

static MUST_CHECK bool read_tenants(struct sites *sites, const char *path, struct err *err)
{
    struct tenant_rules *rules = &sites->tenant_rules;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool good = settings_load(&format, path, &text, err) &&
                parse_tenants(rules, path, (const char *)text.data, text.length, err);
    buffer_free(&text);
    for (size_t i = 0; good && !sites->options->url[TARGET] && i < rules->count; i++)
        if (rules->items[i].places[PARTY_TARGET].url || rules->items[i].places[PARTY_TARGET].host)
            good = err_set(err, ERR_USAGE,
                           "%s: the tenant \"%.100s\" has a target, but there is no --target-url.",
                           path, rules->items[i].name);
    return good;
}

/* ---- sites ---- */

static struct place command_place(const struct replay_options *options, enum party party)
{
    if (party == PARTY_COPY)
        return (struct place){options->calibrate_url, options->host[SOURCE]};
    return (struct place){options->url[party], options->host[party]};
}

static const char **header_list(struct sites *sites, const struct text_list *list)
{
    const char **headers = arena_alloc(&sites->arena, (list->count + 1) * sizeof *headers);
    for (size_t i = 0; i < list->count; i++)
        headers[i] = list->items[i];
    return headers;
}

/* Room for one more at `place` of a list that grows with a counter. */
static void *grow(void *list, size_t *room, size_t place, size_t size)
{
    if (place < *room)
        return list;
    size_t wanted = 2 * place + 16;
    list = mem_resize(list, wanted, size);
    memset((char *)list + *room * size, 0, (wanted - *room) * size);
    *room = wanted;
    return list;
}

/* Where the URL leads to. *first: that was not known. */
static MUST_CHECK bool settle(struct sites *sites, const char *url, const struct origin **result,
                              bool *first, struct err *err)
{
    size_t place = (size_t)(counter_at(&sites->urls, slice_of(url)) - sites->urls.entries);
    if (!place)
        return err_set(err, ERR_USAGE, "over %d different URLs.", SITES_MOST);
    sites->origins = grow(sites->origins, &sites->origin_room, place, sizeof(struct origin *));
    *first = !sites->origins[place];
    if (*first) {
        struct origin *origin = arena_alloc(&sites->arena, sizeof *origin);
        if (!origin_read(&sites->arena, url, origin, err) ||
            !origin_settle(&sites->rules, &sites->arena, origin, err))
            return false;
        sites->origins[place] = origin;
    }
    *result = sites->origins[place];
    return true;
}

static const char *link_host(struct arena *arena, const struct jar_home *home)
{
    struct buffer text = BUFFER_INIT(1 << 16);
    outgoing_add_origin(&text, home);
    const char *host = strstr((const char *)text.data, "://");
    const char *copy = arena_copy(arena, host ? host + 3 : "");
    buffer_free(&text);
    return copy;
}

/* The site of this URL and Host; made when there is none. */
static MUST_CHECK bool make_site(struct sites *sites, enum party party, const char *url,
                                 const char *host, const char *production,
                                 const struct made **result, struct err *err)
{
    struct buffer key = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_printf(&key, "%d\n%s\n%s\n%s", (int)party, url, host ? host : "\t",
                  production ? production : "\t");
    struct counter_entry *entry = counter_at(&sites->keys, (struct slice){key.data, key.length});
    size_t place = (size_t)(entry - sites->keys.entries);
    buffer_free(&key);
    if (!place)
        return err_set(err, ERR_USAGE, "over %d different URLs and hosts.", SITES_MOST);
    sites->made = grow(sites->made, &sites->made_room, place, sizeof(struct made *));
    struct made *made = sites->made[place];
    if (!made) {
        made = arena_alloc(&sites->arena, sizeof *made);
        if (!settle(sites, url, &made->origin, &made->first, err))
            return false;
        const char *resolve[] = {made->origin->pin, NULL};
        const struct http_origin origin = {.url = made->origin->url,
                                           .host = host,
                                           .resolve = resolve,
                                           .headers = sites->headers[party],
                                           .ca = sites->options->ca,
                                           .insecure = sites->options->insecure};
        if (sites->http && !http_site_new(sites->http, &origin, &made->site.http, err))
            return false;
        made->party = party;
        made->site.home = (struct jar_home){
            .url = made->origin->url,
            .host = host ? arena_copy(&sites->arena, host) : NULL,
            .production = production ? arena_copy(&sites->arena, production) : NULL};
        made->site.host = link_host(&sites->arena, &made->site.home);
        made->site.scheme = made->origin->secure ? "https" : "http";
        sites->made[place] = made;
    }
    *result = made;
    return true;
}

/* The Host that a server tells its sites apart by, in one spelling; "" where that is an address or
 * localhost: all of these are to it the site that has no name. */
static void site_name(struct buffer *out, const struct made *made)
{
    const char *host = made->site.home.host ? made->site.home.host : made->origin->host;
    unsigned char bytes[sizeof(struct in6_addr)];
    host_normal(out, host, strlen(host));
    const char *name = (const char *)out->data;
    if (strcmp(name, "localhost") == 0 || inet_pton(AF_INET, name, bytes) == 1 ||
        inet_pton(AF_INET6, name, bytes) == 1)
        buffer_clear(out);
}

/* One host may have several addresses, and one address several names. */
static bool is_same(const struct made *one, const struct made *other)
{
    struct buffer name = BUFFER_INIT(1 << 16), name_other = BUFFER_INIT(1 << 16);
    site_name(&name, one);
    site_name(&name_other, other);
    bool same = (strcmp(one->origin->address, other->origin->address) == 0 ||
                 strcmp(one->origin->host, other->origin->host) == 0) &&
                one->origin->port == other->origin->port &&
                strcmp(one->origin->prefix, other->origin->prefix) == 0 &&
                strcmp((const char *)name.data, (const char *)name_other.data) == 0;
    buffer_free(&name);
    buffer_free(&name_other);
    return same;
}

/* Each write would be done twice. */
static MUST_CHECK bool check_apart(const struct sites *sites, const struct tenant_sites *found,
                                   struct err *err)
{
    for (int i = 0; !sites->options->read_only && i < PARTIES; i++)
        for (int k = i + 1; k < PARTIES; k++)
            if (found->of[i] && found->of[k] && is_same(found->of[i], found->of[k]))
                return err_set(err, ERR_USAGE,
                               "%s and %s are the same place (%s, port %d): what writes would be "
                               "done twice there. Give two places, or --read-only.",
                               party_name[i], party_name[k], found->of[i]->origin->host,
                               found->of[i]->origin->port);
    return true;
}

static const struct tenant_rule *find_rule(const struct sites *sites, const char *tenant)
{
    const struct tenant_rules *rules = &sites->tenant_rules;
    const struct tenant_rule wanted = {.name = tenant};
    const struct tenant_rule *rule =
        rules->count ? bsearch(&wanted, rules->items, rules->count, sizeof wanted, compare_rules)
                     : NULL;
    return rule ? rule : rules->others;
}

/* Of a tenant (NULL: none) that has a place; *fits: false when its name cannot stand in it. */
static MUST_CHECK bool find_places(struct sites *sites, const char *tenant,
                                   const struct tenant_rule *rule, struct tenant_sites *found,
                                   bool *fits, struct err *err)
{
    const char *production = feed_tenant_host(sites->feed, tenant);
    *fits = true;
    for (int party = 0; party < PARTIES; party++) {
        struct place place = command_place(sites->options, (enum party)party);
        if (!place.url)
            continue;
        if (rule && rule->places[party].url)
            place.url = rule->places[party].url;
        if (rule && rule->places[party].host)
            place.host = rule->places[party].host;
        else if (rule && party == PARTY_COPY && rule->places[SOURCE].host)
            place.host = rule->places[SOURCE].host;
        struct buffer url = BUFFER_INIT(BUFFER_NO_LIMIT), host = BUFFER_INIT(BUFFER_NO_LIMIT);
        bool good = true;
        *fits = add_substituted(&url, place.url, tenant) &&
                (!place.host || add_substituted(&host, place.host, tenant));
        if (*fits)
            good = make_site(sites, (enum party)party, (const char *)url.data,
                             place.host ? (const char *)host.data : NULL, production,
                             &found->of[party], err);
        buffer_free(&url);
        buffer_free(&host);
        if (!*fits)
            return true;
        if (!good)
            return rule && rule->places[party].url
                       ? err_prefix(err, "--tenants: tenant \"%.100s\": %s",
                                    tenant ? tenant : "(none)", party_name[party])
                       : err_prefix(err, "%s", party_option[party]);
    }
    return check_apart(sites, found, err);
}

static const char *place_text(struct arena *arena, const char *text, const char *tenant)
{
    struct buffer whole = BUFFER_INIT(BUFFER_NO_LIMIT), shown = BUFFER_INIT(BUFFER_NO_LIMIT);
    const char *copy = NULL;
    if (text && add_substituted(&whole, text, tenant)) {
        book_settings_url(&shown, (const char *)whole.data);
        copy = arena_copy_bytes(arena, shown.data, shown.length);
    }
    buffer_free(&whole);
    buffer_free(&shown);
    return copy;
}

bool sites_place(const struct replay_options *options, const char *tenant, struct arena *arena,
                 const char *url[SIDES], const char *host[SIDES], struct err *err)
{
    struct sites sites = {.options = options};
    bool good = !options->tenants_path || read_tenants(&sites, options->tenants_path, err);
    const struct tenant_rule *rule = good && tenant ? find_rule(&sites, tenant) : NULL;
    bool known = good && (rule || !tenant || !options->tenants_path);
    for (int side = 0; side < SIDES; side++) {
        struct place place = command_place(options, (enum party)side);
        bool there = known && place.url;
        if (there && rule && rule->places[side].url)
            place.url = rule->places[side].url;
        if (there && rule && rule->places[side].host)
            place.host = rule->places[side].host;
        url[side] = there ? place_text(arena, place.url, tenant) : NULL;
        host[side] = there ? place_text(arena, place.host, tenant) : NULL;
    }
    free_tenants(&sites.tenant_rules);
    return good;
}

static bool mentions_tenant(const struct sites *sites, const struct tenant_rule *rule)
{
    for (int party = 0; party < PARTIES; party++) {
        struct place place = command_place(sites->options, (enum party)party);
        if (rule && rule->places[party].url)
            place.url = rule->places[party].url;
        if (place.url && strstr(place.url, MARK))
            return true;
    }
    return false;
}

/* Fills where the tenant's requests go, with nothing when it is unknown. A name that anybody may
 * have put into a cookie, and that DNS does not know, is an unknown tenant and no error. */
static MUST_CHECK bool find_sites(struct sites *sites, const char *tenant,
                                  struct tenant_sites *found, struct err *err)
{
    const struct tenant_rule *rule = tenant ? find_rule(sites, tenant) : NULL;
    bool fits = true;
    *found = (struct tenant_sites){.known = true};
    if (tenant && sites->options->tenants_path && !rule)
        return true;
    if (find_places(sites, tenant, rule, found, &fits, err) && fits)
        return true;
    bool unknown =
        !fits || (err->code == ERR_UNREACHABLE && tenant &&
                  (!rule || rule == sites->tenant_rules.others) && mentions_tenant(sites, rule));
    *found = (struct tenant_sites){.known = true};
    return unknown;
}

static struct tenant_sites *tenant_place(struct sites *sites, const char *tenant)
{
    size_t place = (size_t)(counter_at(&sites->tenants, slice_of(tenant)) - sites->tenants.entries);
    if (!place)
        return NULL;
    sites->found = grow(sites->found, &sites->found_room, place, sizeof *sites->found);
    return &sites->found[place];
}

static MUST_CHECK bool open_all(struct sites *sites, struct err *err)
{
    const struct replay_options *options = sites->options;
    if (!origin_check_resolve(&options->resolve, err))
        return false;
    for (int party = 0; party < PARTIES; party++) {
        struct place place = command_place(options, (enum party)party);
        if (place.url && !check_url(place.url, err))
            return err_prefix(err, "%s cannot be used", party_option[party]);
        if (place.host && !check_host(place.host))
            return err_set(err, ERR_USAGE, "%s is no host.",
                           party == TARGET ? "--target-host" : "--source-host");
    }
    if (options->tenants_path && !read_tenants(sites, options->tenants_path, err))
        return false;
    if (!find_sites(sites, NULL, sites->none, err))
        return false;
    size_t count;
    const char *const *tenants = feed_tenants(sites->feed, &count);
    log_watch_begin(feed_watch(sites->feed), "looking for hosts", "tenants", count);
    for (size_t i = 0; i < count; i++) {
        struct tenant_sites found;
        if (!log_watch_look(feed_watch(sites->feed), err) ||
            !find_sites(sites, tenants[i], &found, err))
            return false;
        struct tenant_sites *place = tenant_place(sites, tenants[i]);
        if (place)
            *place = found;
    }
    return true;
}

static struct sites *new_sites(const struct replay_options *options, struct feed *feed,
                               struct http *http)
{
    struct sites *sites = mem_zero(1, sizeof *sites);
    sites->options = options;
    sites->feed = feed;
    sites->http = http;
    sites->rules = (struct origin_rules){.allow_hosts = &options->allow_hosts,
                                         .resolve = &options->resolve,
                                         .feed = feed,
                                         .probe = http != NULL};
    for (int party = 0; party < PARTIES; party++)
        sites->headers[party] =
            header_list(sites, &options->headers[party == PARTY_COPY ? SOURCE : party]);
    counter_init(&sites->urls, SITES_MOST);
    counter_init(&sites->keys, SITES_MOST);
    counter_init(&sites->tenants, FEED_TENANTS);
    sites->none = arena_alloc(&sites->arena, sizeof *sites->none);
    return sites;
}

bool sites_open(const struct replay_options *options, struct feed *feed, struct http *http,
                struct sites **result, struct err *err)
{
    struct sites *sites = new_sites(options, feed, http);
    *result = NULL;
    if (!open_all(sites, err)) {
        sites_free(sites);
        return false;
    }
    *result = sites;
    return true;
}

/* ---- what TLS proves ---- */

/* One that is greeted. */
struct greeted {
    const struct made *made;
    struct incoming in;
};

struct greeting {
    struct log_watch *watch;
    size_t under_way;
};

static void greeted(void *context, void *tag)
{
    struct greeting *greeting = context;
    (void)tag; /* what it said is in its struct incoming */
    greeting->under_way--;
    greeting->watch->done++;
}

static MUST_CHECK bool greet_all(struct sites *sites, struct greeting *greeting,
                                 struct greeted *all, size_t count, struct err *err)
{
    size_t next = 0;
    while (next < count || greeting->under_way) {
        for (; next < count && greeting->under_way < GREETED_AT_ONCE; next++) {
            if (!http_greet(sites->http, all[next].made->site.http, &all[next].in, &sites->arena,
                            &all[next], err))
                return false;
            greeting->under_way++;
        }
        if (!log_watch_look(greeting->watch, err) ||
            !http_run(sites->http, GREETING_TURN, greeted, greeting, err))
            return false;
    }
    return true;
}

/* All were greeted: true when none is to be distrusted. Names the first of them in the order of
 * the sites, whichever answered first, and how many there are. */
static bool none_refused(const struct greeted *all, size_t count, struct err *err)
{
    const struct greeted *first = NULL;
    size_t refused = 0;
    for (size_t i = 0; i < count; i++) {
        if (!all[i].in.refused)
            continue;
        if (!refused++)
            first = &all[i];
    }
    if (!first)
        return true;
    char others[80] = "";
    if (refused > 1)
        snprintf(others, sizeof others, " %zu of %zu hosts are refused.", refused, count);
    return err_set(err, ERR_UNREACHABLE,
                   "the %s (%s, port %d) cannot be trusted: %s.%s Nothing was sent. --ca FILE "
                   "trusts what that file signs, --insecure anything.",
                   party_name[first->made->party], first->made->origin->host,
                   first->made->origin->port, first->in.why, others);
}

bool sites_greet(struct sites *sites, struct log_watch *watch, struct err *err)
{
    struct greeted *all = arena_alloc(&sites->arena, sites->keys.count * sizeof *all);
    struct greeting greeting = {.watch = watch};
    size_t count = 0;
    for (size_t i = 1; i < sites->keys.count; i++)
        if (sites->made[i] && sites->made[i]->first && sites->made[i]->origin->secure)
            all[count++] = (struct greeted){sites->made[i], {.body = BUFFER_INIT(0)}};
    log_watch_begin(watch, "looking at certificates", "hosts", count);
    return greet_all(sites, &greeting, all, count, err) && none_refused(all, count, err);
}

void sites_free(struct sites *sites)
{
    if (!sites)
        return;
    counter_free(&sites->urls);
    counter_free(&sites->keys);
    counter_free(&sites->tenants);
    free_tenants(&sites->tenant_rules);
    free(sites->origins);
    free(sites->made);
    free(sites->found);
    arena_free(&sites->arena);
    free(sites);
}

static const struct site *find(struct sites *sites, const char *tenant, enum party party)
{
    struct tenant_sites found, *place = tenant ? tenant_place(sites, tenant) : sites->none;
    struct err err;
    if (!place) /* more tenants than are remembered */
        place = &found;
    if ((place == &found || !place->known) && !find_sites(sites, tenant, place, &err))
        return NULL; /* refused: nothing is sent there */
    return place->of[party] ? &place->of[party]->site : NULL;
}

const struct site *sites_find(struct sites *sites, const char *tenant, enum side side)
{
    return find(sites, tenant, (enum party)side);
}

const struct site *sites_copy(struct sites *sites, const char *tenant)
{
    return find(sites, tenant, PARTY_COPY);
}
