/* See outgoing.h. */
#include "outgoing.h"

#include "host.h"

/* Preconditions and partial answers (RFC 9110, 13 and 14): validators are a side's own. */
static bool is_conditional(const char *name)
{
    static const char *const names[] = {"If-None-Match",       "If-Modified-Since", "If-Match",
                                        "If-Unmodified-Since", "If-Range",          "Range"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

/* What stands in a URL where. */
struct parts {
    size_t scheme;          /* bytes of "http" */
    size_t host, host_size; /* with the port, without user and password */
    size_t path;
};

static bool read_url(const char *url, struct parts *parts)
{
    const char *colon = strstr(url, "://");
    if (!colon)
        return false;
    size_t begin = (size_t)(colon - url) + 3, end = begin + strcspn(url + begin, "/?#");
    parts->scheme = (size_t)(colon - url);
    parts->host = begin;
    for (size_t i = begin; i < end; i++)
        if (url[i] == '@')
            parts->host = i + 1;
    parts->host_size = end - parts->host;
    parts->path = end;
    return parts->host_size > 0;
}

void outgoing_add_origin(struct buffer *out, const struct jar_home *home)
{
    struct parts parts;
    if (!read_url(home->url, &parts))
        return;
    buffer_add(out, home->url, parts.scheme);
    buffer_add_text(out, "://");
    if (home->host)
        buffer_add_text(out, home->host);
    else
        buffer_add(out, home->url + parts.host, parts.host_size);
}

static bool names_host(const char *url, const struct parts *parts, const char *host)
{
    struct buffer normal = BUFFER_INIT(1 << 16);
    host_normal(&normal, url + parts->host, parts->host_size);
    bool same = strcmp((const char *)normal.data, host) == 0;
    buffer_free(&normal);
    return same;
}

/* The same page of this side; NULL: it is not production's. */
static char *map_url(struct arena *arena, const char *url, const char *logged_host,
                     const struct jar_home *home, bool with_path)
{
    struct parts logged, own;
    if (!read_url(url, &logged) || !read_url(home->url, &own) ||
        !names_host(url, &logged, logged_host))
        return NULL;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    outgoing_add_origin(&text, home);
    if (with_path) {
        size_t prefix = strlen(home->url + own.path);
        while (prefix && home->url[own.path + prefix - 1] == '/')
            prefix--;
        buffer_add(&text, home->url + own.path, prefix);
        buffer_add_text(&text, url + logged.path);
    }
    char *mapped = arena_copy(arena, (const char *)text.data);
    buffer_free(&text);
    return mapped;
}

size_t outgoing_edit(struct outgoing *out, struct arena *arena, const char *logged_host,
                     const struct jar_home *home)
{
    struct fields *fields = &out->headers;
    size_t kept = 0;
    for (size_t i = 0; i < fields->count; i++) {
        struct field field = fields->items[i];
        if (is_conditional(field.name))
            continue;
        bool referer = strcasecmp(field.name, "Referer") == 0;
        if (logged_host && (referer || strcasecmp(field.name, "Origin") == 0)) {
            char *mapped = map_url(arena, field.value, logged_host, home, referer);
            field.value = mapped ? mapped : field.value;
        }
        fields->items[kept++] = field;
    }
    size_t left_out = fields->count - kept;
    fields->count = kept;
    return left_out;
}
