/* See feed.h. */
#include "feed.h"

#include "counter.h"
#include "deny.h"
#include "host.h"
#include "http_field.h"
#include "reading.h"
#include "recipe.h"
#include "route_cache.h"

#include <ctype.h>
#include <stdlib.h>

#define SORT_MEMORY (32U << 20)
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What is copied of a variable of the format. */
enum variable_kind { VARIABLE_NONE, VARIABLE_HEADER, VARIABLE_COOKIE };

struct variable {
    enum variable_kind kind;
    const char *name; /* of the header field or the cookie */
};

/* A variable that names the log's own host. */
struct host_variable {
    size_t variable;    /* of the format */
    bool serves;        /* requests are for it; else it only names the server */
    struct buffer last; /* its last value: most lines repeat it */
    size_t entry;       /* of that, in `hosts`; 0: none yet */
};

#define HOST_VARIABLES 4
#define SEVERAL UINT32_MAX

struct feed {
    const struct replay_options *options;
    struct log_watch *watch;
    void (*retire)(void *data, uint64_t session);
    void *data;
    struct reading reading;
    struct route_cache routes;
    struct arena arena;
    struct variable variables[LOG_MOST_VARIABLES];
    struct host_variable host_variables[HOST_VARIABLES];
    size_t host_count;
    struct counter hosts; /* left_out: named at all; count: requests were for it */
    const char *host;     /* the one most named */
    const char *own_host; /* --logged-host; NULL: not given */
    struct counter tenants;
    uint32_t *tenant_hosts; /* of each: an entry of `hosts`; 0: none, SEVERAL */
    size_t tenant_room;
    const char **tenant_list;
    unsigned char *last; /* a bit for each request that was placed: it was its session's last */
    size_t last_room;    /* bytes */
    bool ahead;          /* the first time through */
    bool sees_begin;
    struct session_key *user; /* of the login recipe; NULL: none */
    uint64_t retiring;        /* a session whose last request was given; 0: none */
    uint64_t number;
    struct deny deny;
    struct buffer text;
    struct feed_counts counts;
};

/* ---- what the options forbid ---- */

static void judge(void *data, struct request *request)
{
    struct feed *feed = data;
    if (feed->ahead || request->reason != REQUEST_GOOD)
        return;
    if (feed->options->read_only && !request_method_is_safe(request->method))
        request->reason = REQUEST_READ_ONLY;
    else if (deny_fits(&feed->deny, request))
        request->reason = REQUEST_DENIED;
}

/* ---- what the format holds ---- */

/* "x_csrf_token" -> "X-CSRF-Token". nginx writes '_' for '-'; which it was is lost, and names of
 * fields with '_' are refused by most servers. */
static char *field_name(struct arena *arena, const char *variable)
{
    static const char *const capitals[] = {"ch", "csrf", "dnt", "te", "ua", "xsrf"};
    char *name = arena_copy(arena, variable);
    for (char *word = name; *word;) {
        size_t length = strcspn(word, "_");
        bool capital = false;
        for (size_t i = 0; i < COUNT(capitals); i++)
            capital |= strlen(capitals[i]) == length && memcmp(word, capitals[i], length) == 0;
        for (size_t i = 0; i < length; i++)
            if (!i || capital)
                word[i] = (char)toupper((unsigned char)word[i]);
        word += length;
        if (*word)
            *word++ = '-';
    }
    return name;
}

/* Header fields that have a place of their own in struct logged, or that no one sends as logged. */
static bool is_plain_field(const char *name)
{
    static const char *const others[] = {"Cookie", "Content-Type", "Host"};
    for (size_t i = 0; i < COUNT(others); i++)
        if (strcasecmp(name, others[i]) == 0)
            return false;
    return !http_field_is_ours(name) || strcasecmp(name, "Accept-Encoding") == 0;
}

static void find_variables(struct feed *feed)
{
    const struct log_format *format = &feed->reading.format;
    bool header = log_format_find(format, "http_cookie") != LOG_NONE;
    for (size_t i = 0; i < format->variable_count; i++) {
        const char *name = format->names[i];
        if (strncmp(name, "http_", 5) == 0) {
            const char *field = field_name(&feed->arena, name + 5);
            if (is_plain_field(field))
                feed->variables[i] = (struct variable){VARIABLE_HEADER, field};
        } else if (strncmp(name, "cookie_", 7) == 0 && !header) {
            feed->variables[i] = (struct variable){VARIABLE_COOKIE, name + 7};
        }
    }
}

static void find_host_variables(struct feed *feed)
{
    static const char *const names[HOST_VARIABLES] = {"host", "http_host", "server_name",
                                                      "server_addr"};
    bool any = false;
    for (size_t i = 0; i < HOST_VARIABLES; i++) {
        size_t variable = log_format_find(&feed->reading.format, names[i]);
        if (variable == LOG_NONE)
            continue;
        struct host_variable *host = &feed->host_variables[feed->host_count++];
        host->variable = variable;
        host->serves = !any && i < 3;
        any = true;
        buffer_init(&host->last, LOG_MOST_BYTES);
    }
}

/* ---- the first time through ---- */

/* Returns the entry of the host that the request was for; 0: it is not known. */
static size_t note_hosts(struct feed *feed)
{
    size_t served = 0;
    for (size_t i = 0; i < feed->host_count; i++) {
        struct host_variable *host = &feed->host_variables[i];
        struct slice value;
        if (!request_value(&feed->reading.stream.parser, host->variable, &value) || !value.length)
            continue;
        bool known = host->entry && value.length == host->last.length &&
                     memcmp(value.at, host->last.data, value.length) == 0;
        if (!known) {
            buffer_clear(&host->last);
            buffer_add(&host->last, value.at, value.length);
            buffer_clear(&feed->text);
            host_normal(&feed->text, (const char *)value.at, value.length);
            struct slice name = {feed->text.data, feed->text.length};
            host->entry = (size_t)(counter_at(&feed->hosts, name) - feed->hosts.entries);
        }
        struct counter_entry *entry = &feed->hosts.entries[host->entry];
        entry->left_out++;
        entry->count += host->serves;
        if (host->serves)
            served = host->entry;
    }
    return served;
}

static void note_tenant(struct feed *feed, struct slice tenant, size_t host)
{
    size_t place = (size_t)(counter_at(&feed->tenants, tenant) - feed->tenants.entries);
    if (place >= feed->tenant_room) {
        size_t room = 2 * place + 64;
        feed->tenant_hosts = mem_resize(feed->tenant_hosts, room, sizeof *feed->tenant_hosts);
        memset(feed->tenant_hosts + feed->tenant_room, 0,
               (room - feed->tenant_room) * sizeof *feed->tenant_hosts);
        feed->tenant_room = room;
    }
    uint32_t *known = &feed->tenant_hosts[place];
    if (host && *known != host)
        *known = *known ? SEVERAL : (uint32_t)host;
}

/* The host that most requests were for; "_" and what begins with a wildcard or is a pattern is no
 * host. */
static bool is_plain_host(const char *name)
{
    return name[0] && !strchr("_.*~", name[0]);
}

static void choose_host(struct feed *feed)
{
    uint64_t most = 0;
    for (size_t i = 1; i < feed->hosts.count; i++) {
        const struct counter_entry *entry = &feed->hosts.entries[i];
        if (entry->count > most && is_plain_host(entry->name)) {
            most = entry->count;
            feed->host = entry->name;
        }
    }
}

/* A session is over; also called with each that is alone. */
static void note_last(void *data, const struct session *session)
{
    struct feed *feed = data;
    if (!feed->ahead)
        return;
    feed->counts.sessions++;
    feed->counts.likely += session->guessed;
    size_t byte = (size_t)(session->last_place / 8);
    if (byte >= feed->last_room) {
        size_t room = byte + 1 > 2 * feed->last_room ? byte + 4096 : 2 * feed->last_room;
        feed->last = mem_resize(feed->last, room, 1);
        memset(feed->last + feed->last_room, 0, room - feed->last_room);
        feed->last_room = room;
    }
    feed->last[byte] |= (unsigned char)(1U << session->last_place % 8);
}

static bool is_last(const struct feed *feed, const struct session *session)
{
    size_t byte = (size_t)(session->last_place / 8);
    return byte < feed->last_room && feed->last[byte] >> session->last_place % 8 & 1;
}

static MUST_CHECK bool look_ahead(struct feed *feed, struct err *err)
{
    struct feed_counts *counts = &feed->counts;
    reading_begin(&feed->reading, "looking ahead");
    for (;;) {
        struct reading_item item;
        bool more;
        if (!reading_next(&feed->reading, &item, &more, err) || !reading_look(&feed->reading, err))
            return false;
        if (!more)
            break;
        const struct request *request = &item.request;
        counts->requests +=
            request->status || request->method.at || request->reason == REQUEST_NOT_HTTP;
        counts->incomplete |= request_reason_is_unread(request->reason);
        if (!request->method.at)
            continue;
        size_t host = note_hosts(feed);
        if (item.tenant.at)
            note_tenant(feed, item.tenant, host);
    }
    const struct log_stream *stream = &feed->reading.stream;
    counts->lines = stream->lines;
    counts->bytes = stream->bytes;
    counts->total_records = stream->records;
    for (size_t i = 0; i < stream->file_count; i++)
        if (stream->files[i].problem) {
            counts->incomplete = true;
            if (!counts->problem)
                counts->problem = arena_format(&feed->arena, "%s: %s", stream->files[i].path,
                                               stream->files[i].problem);
        }
    choose_host(feed);
    counts->tenants = feed->tenants.count - 1;
    feed->tenant_list = mem_zero(feed->tenants.count, sizeof *feed->tenant_list);
    for (size_t i = 1; i < feed->tenants.count; i++)
        feed->tenant_list[i - 1] = feed->tenants.entries[i].name;
    return true;
}

/* The expression that says which user of the login recipe a session is. */
static MUST_CHECK bool compile_user(struct feed *feed, struct err *err)
{
    struct recipe *recipe;
    if (!feed->options->login_path)
        return true;
    if (!recipe_read(feed->options->login_path, &recipe, err))
        return false;
    const char *by = recipe_by(recipe);
    bool done = !by || session_key_compile("--login", arena_copy(&feed->arena, by),
                                           &feed->reading.format, &feed->user, err);
    recipe_free(recipe);
    return done;
}

static MUST_CHECK bool open_logs(struct feed *feed, struct err *err)
{
    const struct replay_options *options = feed->options;
    struct reading_options reading = {
        .logs = options->logs,
        .log_count = options->log_count,
        .log_format = options->log_format,
        .nginx_conf = options->nginx_conf,
        .format_name = options->format_name,
        .session = options->session,
        .tenant = options->tenant,
        .temp_limit = options->temp_limit,
        .memory = SORT_MEMORY,
        .judge = judge,
        .retire = note_last,
        .data = feed,
        .watch = feed->watch,
    };
    if (!reading_open(&reading, &feed->reading, err) || !compile_user(feed, err))
        return false;
    find_variables(feed);
    find_host_variables(feed);
    feed->sees_begin = session_sees_begin(feed->reading.sessions, &feed->reading.stream.parser);
    feed->ahead = true;
    if (!look_ahead(feed, err) || !reading_rewind(&feed->reading, err))
        return false;
    feed->ahead = false;
    return true;
}

bool feed_open(const struct replay_options *options, struct log_watch *watch,
               void (*retire)(void *data, uint64_t session), void *data, struct feed **result,
               struct err *err)
{
    *result = NULL;
    if (!deny_check(&options->deny, err))
        return false;
    struct feed *feed = mem_zero(1, sizeof *feed);
    feed->options = options;
    feed->watch = watch;
    feed->retire = retire;
    feed->data = data;
    route_cache_init(&feed->routes, &feed->options->route_query);
    counter_init(&feed->hosts, FEED_HOSTS);
    counter_init(&feed->tenants, FEED_TENANTS);
    deny_init(&feed->deny, &feed->options->deny);
    buffer_init(&feed->text, LOG_MOST_BYTES * 2);
    if (options->logged_host) {
        host_normal(&feed->text, options->logged_host, strlen(options->logged_host));
        feed->own_host = arena_copy(&feed->arena, (const char *)feed->text.data);
    }
    if (!open_logs(feed, err)) {
        feed_close(feed);
        return false;
    }
    *result = feed;
    return true;
}

void feed_close(struct feed *feed)
{
    if (!feed)
        return;
    reading_close(&feed->reading);
    route_cache_free(&feed->routes);
    session_key_free(feed->user);
    counter_free(&feed->hosts);
    counter_free(&feed->tenants);
    for (size_t i = 0; i < feed->host_count; i++)
        buffer_free(&feed->host_variables[i].last);
    deny_free(&feed->deny);
    buffer_free(&feed->text);
    arena_free(&feed->arena);
    free(feed->tenant_list);
    free(feed->tenant_hosts);
    free(feed->last);
    free(feed);
}

/* ---- one exchange ---- */

static struct slice copy_slice(struct arena *arena, struct slice slice)
{
    return (struct slice){(const unsigned char *)arena_copy_bytes(arena, slice.at, slice.length),
                          slice.length};
}

/* NULL when the log lacks it, it was missing, or it cannot be known. */
static const char *copy_role(struct feed *feed, struct arena *arena, enum request_role role)
{
    struct slice value;
    if (!request_role_value(&feed->reading.stream.parser, role, &value) || !value.at)
        return NULL;
    return arena_copy_bytes(arena, value.at, value.length);
}

/* 0: none, or it is no number. */
static uint64_t number_of(const char *text)
{
    enum { DIGITS_MOST = 18 };
    size_t length = text ? strlen(text) : 0;
    bool number = length && length <= DIGITS_MOST && strspn(text, "0123456789") == length;
    return number ? strtoull(text, NULL, 10) : 0;
}

static void copy_headers(struct feed *feed, struct exchange *exchange)
{
    const struct log_format *format = &feed->reading.format;
    struct request_parser *parser = &feed->reading.stream.parser;
    struct logged *logged = &exchange->logged;
    struct buffer *cookies = &feed->text;
    buffer_clear(cookies);
    for (size_t i = 0; i < format->variable_count; i++) {
        const struct variable *variable = &feed->variables[i];
        struct slice value;
        if (variable->kind == VARIABLE_NONE || !request_value(parser, i, &value) || !value.at)
            continue;
        if (variable->kind == VARIABLE_HEADER) {
            fields_add(&logged->headers, &exchange->arena, variable->name, (const char *)value.at,
                       value.length);
            continue;
        }
        if (cookies->length)
            buffer_add_text(cookies, "; ");
        buffer_add_text(cookies, variable->name);
        buffer_add_byte(cookies, '=');
        buffer_add(cookies, value.at, value.length);
    }
    logged->cookies = copy_role(feed, &exchange->arena, ROLE_COOKIE);
    if (cookies->length)
        logged->cookies = arena_copy_bytes(&exchange->arena, cookies->data, cookies->length);
    logged->content_type = copy_role(feed, &exchange->arena, ROLE_CONTENT_TYPE);
    logged->location = copy_role(feed, &exchange->arena, ROLE_LOCATION);
    logged->body_sent = number_of(copy_role(feed, &exchange->arena, ROLE_BODY_SENT));
}

static void copy_user(struct feed *feed, struct exchange *exchange)
{
    bool present;
    buffer_clear(&feed->text);
    if (session_key_value(feed->user, &feed->reading.stream.parser, &feed->text, &present) &&
        present)
        exchange->logged.user =
            arena_copy_bytes(&exchange->arena, feed->text.data, feed->text.length);
}

/* What is known also of what is left out. */
static void copy_request(struct feed *feed, const struct reading_item *item,
                         struct exchange *exchange)
{
    const struct request *request = &item->request;
    const struct session *session = item->session;
    struct arena *arena = &exchange->arena;
    bool timed = feed->reading.stream.parser.clock != REQUEST_UNTIMED;
    exchange->logged = (struct logged){
        .line = request->line,
        .file = feed->reading.stream.files[request->file].path,
        .arrival = timed && request->arrival != INT64_MIN ? request->arrival : 0,
        .duration = request->duration,
        .session = session ? session->number : 0,
        .session_name = session ? session->name : 0,
        .status = request->status,
        .never_reached_app = !request->reached_app,
        .method = "",
        .route = "",
    };
    struct logged *logged = &exchange->logged;
    if (item->tenant.at)
        logged->tenant = arena_copy_bytes(arena, item->tenant.at, item->tenant.length);
    if (!request->method.at)
        return;
    logged->method = arena_copy_bytes(arena, request->method.at, request->method.length);
    logged->target = copy_slice(arena, request->target);
    if (request->target.length && request->target.at[0] == '/') {
        struct slice route =
            route_cache_find(&feed->routes, request->method, request->target)->name;
        logged->route = arena_copy_bytes(arena, route.at, route.length);
    }
    if (!session)
        return;
    /* A log that cannot tell says of every session that it began before: then none did, unless a
     * login is to be played. */
    logged->began_before = session->began_before && (feed->sees_begin || feed->options->login_path);
    logged->tainted = session->taint != REQUEST_GOOD && (session->taint_line != request->line ||
                                                         session->taint_file != request->file);
}

static bool leaves_out_earlier(const struct replay_options *options)
{
    return !options->login_path && !options->began_before_as_is && !options->seed_cookies;
}

bool feed_next(struct feed *feed, struct exchange **exchange, const char **reason,
               const char **text, struct err *err)
{
    struct reading_item item;
    bool more;
    *exchange = NULL;
    *reason = *text = NULL;
    if (feed->retiring && feed->retire)
        feed->retire(feed->data, feed->retiring);
    feed->retiring = 0;
    if (!reading_next(&feed->reading, &item, &more, err))
        return false;
    if (!more)
        return true;
    struct exchange *made = exchange_new();
    made->number = ++feed->number;
    feed->counts.records = feed->number;
    copy_request(feed, &item, made);
    enum request_reason why = item.request.reason;
    if (why == REQUEST_GOOD && made->logged.began_before && leaves_out_earlier(feed->options))
        why = REQUEST_BEGAN_BEFORE;
    if (item.session && is_last(feed, item.session))
        feed->retiring = item.session->number;
    if (why == REQUEST_GOOD) {
        if (item.request.body.at)
            made->logged.body = copy_slice(&made->arena, item.request.body);
        copy_headers(feed, made);
        if (feed->user)
            copy_user(feed, made);
    } else {
        *reason = request_reason_row(why)->name;
        *text = request_reason_row(why)->text;
    }
    *exchange = made;
    return true;
}

/* ---- what is known of the logs ---- */

struct log_watch *feed_watch(const struct feed *feed)
{
    return feed->watch;
}

struct feed_counts feed_counts(const struct feed *feed)
{
    return feed->counts;
}

const char *const *feed_tenants(const struct feed *feed, size_t *count)
{
    *count = feed->tenants.count - 1;
    return feed->tenant_list;
}

const char *feed_host(const struct feed *feed)
{
    return feed->own_host ? feed->own_host : feed->host;
}

const char *feed_tenant_host(struct feed *feed, const char *tenant)
{
    if (feed->own_host || !tenant)
        return feed_host(feed);
    size_t place = (size_t)(counter_at(&feed->tenants, slice_of(tenant)) - feed->tenants.entries);
    uint32_t host = place && place < feed->tenant_room ? feed->tenant_hosts[place] : 0;
    if (!host || host == SEVERAL || !is_plain_host(feed->hosts.entries[host].name))
        return NULL;
    return feed->hosts.entries[host].name;
}

/* Is the host below the domain of ".example.org" or "*.example.org"? */
static bool is_below(const char *host, const char *wildcard)
{
    const char *domain = wildcard + (wildcard[0] == '*');
    size_t length = strlen(domain), size = strlen(host);
    if (domain[0] != '.' || length < 2)
        return false;
    return (size > length && strcmp(host + size - length, domain) == 0) ||
           (wildcard[0] == '.' && strcmp(host, domain + 1) == 0);
}

bool feed_names_host(struct feed *feed, const char *host)
{
    struct buffer text = BUFFER_INIT(1024);
    host_normal(&text, host, strlen(host));
    const char *normal = (const char *)text.data;
    bool named = feed->hosts.entries[0].left_out > 0 ||
                 (feed->own_host && strcmp(normal, feed->own_host) == 0);
    for (size_t i = 1; !named && i < feed->hosts.count; i++)
        named = strcmp(feed->hosts.entries[i].name, normal) == 0 ||
                is_below(normal, feed->hosts.entries[i].name);
    buffer_free(&text);
    return named;
}
