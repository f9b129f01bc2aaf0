/* See http.h. */
#include "http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../diff/base/clock.h"
#include "coding.h"
#include "framing.h"
#include "http_field.h"
#include "watch.h"

#define HEADERS_MOST ((size_t)1 << 20) /* bytes of all fields of an answer */
#define IDLE_MOST 4L                   /* seconds; servers close at 5 and more: no race with them */
#define NEVER 1e300
#define POOL_LOOK 16 /* handles of the pool that are looked at for the same site */

struct http_site {
    struct http_site *next;
    struct http *http;
    char *url;    /* of its root, without the prefix; with user and password when it has them */
    char *prefix; /* "" or "/app" */
    char *ca;
    struct curl_slist *headers; /* of origin.headers, and Host */
    struct curl_slist *connect; /* libcurl's CONNECT_TO, from resolve */
    char address[INET6_ADDRSTRLEN];
    int port;
    bool insecure, secure;
};

/* One easy handle and what it is doing. */
struct transfer {
    struct transfer *next, *previous; /* of those under way; next alone in the pool */
    CURL *easy;
    const struct http_site *site; /* whose options the handle has; NULL: none yet */
    struct http *http;
    struct jar *jar;
    const struct outgoing *out;
    struct incoming *in;
    struct arena *arena;
    void *tag;
    struct curl_slist *headers;
    struct buffer target;           /* prefix and target, as a C string */
    struct buffer line;             /* for building a header */
    struct buffer method, accepted; /* as the handle has them; setting them costs it a copy */
    struct coding *coding;          /* of the answer's body; NULL: as it stands */
    size_t header_bytes;
    double sent, first, last; /* clock_now() of the first byte out, the first and the last in; 0 */
    bool begun;               /* a connection was there, and sending could begin */
    bool repeated;            /* libcurl wanted to send it a second time */
    bool astray;              /* the connection was not to the origin */
    bool has_body;            /* the request */
    bool greets;              /* there is no request */
    bool in_body;             /* fields that follow are trailers */
    bool has_come;            /* a byte of the answer's body */
    bool too_large;
    char why[CURL_ERROR_SIZE];
};

struct http {
    CURLM *multi;
    struct http_settings settings;
    struct http_site *sites;
    struct transfer *busy, *pool;
    size_t busy_count;
    struct watch *watch;
    double due; /* clock_now() at which libcurl wants to be called; NEVER */
};

size_t http_under_way(const struct http *http)
{
    return http->busy_count;
}

/* libcurl has made a connection, and closes one. Sockets that it uses itself come to neither. */
static int opened(void *context, curl_socket_t socket, curlsocktype purpose)
{
    (void)purpose;
    const struct http_site *site = context;
    /* Under TLS and HTTP/2 a server may speak at any time. */
    watch_opened(site->http->watch, socket, !site->secure);
    return CURL_SOCKOPT_OK;
}

static int closes(void *context, curl_socket_t socket)
{
    watch_closes(context, socket);
    return close(socket);
}

/* libcurl says what it waits for on a socket. */
static int watch(CURL *easy, curl_socket_t socket, int what, void *context, void *known)
{
    (void)easy;
    (void)known;
    struct http *http = context;
    bool some = what != CURL_POLL_REMOVE;
    return watch_for(http->watch, socket, some && what & CURL_POLL_IN, some && what & CURL_POLL_OUT)
               ? 0
               : -1;
}

static int set_due(CURLM *multi, long milliseconds, void *context)
{
    (void)multi;
    struct http *http = context;
    http->due = milliseconds < 0 ? NEVER : clock_now() + (double)milliseconds / 1000;
    return 0;
}

static void set_multi(struct http *http)
{
    size_t wanted = http->settings.connections;
    long connections = wanted < 1 ? 1 : wanted > 100000 ? 100000 : (long)wanted;
    curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections);
    /* Kept open at most: both sides' in full. */
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, 2 * connections + 2);
    /* One stream at a time: of several, a server that ends the connection (nginx does after 1000
     * requests) refuses some, and these cannot be told from those that it has carried out. */
    curl_multi_setopt(http->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, 1L);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, watch);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, set_due);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
}

bool http_new(const struct http_settings *settings, struct http **made, struct err *err)
{
    static atomic_flag ready = ATOMIC_FLAG_INIT;
    if (!atomic_flag_test_and_set(&ready) && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(err, ERR_INTERNAL, "libcurl cannot be initialised");
    struct http *http = mem_zero(1, sizeof *http);
    http->settings = *settings;
    http->due = NEVER;
    http->multi = curl_multi_init();
    http->watch = watch_new();
    if (!http->multi || !http->watch) {
        http_free(http);
        return err_set(err, ERR_INTERNAL, "no more files or memory for connections");
    }
    set_multi(http);
    *made = http;
    return true;
}

static void transfer_free(struct transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    buffer_free(&transfer->target);
    buffer_free(&transfer->line);
    buffer_free(&transfer->method);
    buffer_free(&transfer->accepted);
    coding_free(transfer->coding);
    free(transfer);
}

static void site_free(struct http_site *site)
{
    curl_slist_free_all(site->headers);
    curl_slist_free_all(site->connect);
    free(site->url);
    free(site->prefix);
    free(site->ca);
    free(site);
}

void http_free(struct http *http)
{
    if (!http)
        return;
    while (http->busy) {
        struct transfer *transfer = http->busy;
        http->busy = transfer->next;
        curl_multi_remove_handle(http->multi, transfer->easy);
        transfer_free(transfer);
    }
    while (http->pool) {
        struct transfer *transfer = http->pool;
        http->pool = transfer->next;
        transfer_free(transfer);
    }
    curl_multi_cleanup(http->multi);
    watch_free(http->watch);
    while (http->sites) {
        struct http_site *site = http->sites;
        http->sites = site->next;
        site_free(site);
    }
    free(http);
}

static void add_header(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (!longer) {
        fprintf(stderr, "tally: out of memory\n");
        exit(ERR_INTERNAL);
    }
    *list = longer;
}

/* --- sites --- */

static char *url_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    curl_url_get(url, part, &text, part == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0);
    char *copy = mem_copy_string(text ? text : "");
    curl_free(text);
    return copy;
}

/* Splits the URL into its root and the prefix; messages never show it: it may hold a password. */
static bool read_url(struct http_site *site, CURLU *url, const char *text, struct err *err)
{
    CURLUcode code = curl_url_set(url, CURLUPART_URL, text, 0);
    if (code != CURLUE_OK)
        return err_set(err, ERR_USAGE, "the side's URL cannot be read: %s",
                       curl_url_strerror(code));
    char *scheme = url_part(url, CURLUPART_SCHEME), *port = url_part(url, CURLUPART_PORT);
    char *query = url_part(url, CURLUPART_QUERY), *fragment = url_part(url, CURLUPART_FRAGMENT);
    site->secure = strcmp(scheme, "https") == 0;
    bool known = site->secure || strcmp(scheme, "http") == 0, plain = !query[0] && !fragment[0];
    site->port = (int)strtol(port, NULL, 10); /* libcurl has checked it */
    free(scheme);
    free(port);
    free(query);
    free(fragment);
    if (!known)
        return err_set(err, ERR_USAGE, "the side's URL is neither http:// nor https://");
    if (!plain)
        return err_set(err, ERR_USAGE, "the side's URL has a query or a fragment");
    site->prefix = url_part(url, CURLUPART_PATH);
    size_t length = strlen(site->prefix);
    while (length && site->prefix[length - 1] == '/')
        site->prefix[--length] = '\0';
    curl_url_set(url, CURLUPART_PATH, "/", 0);
    site->url = url_part(url, CURLUPART_URL);
    return true;
}

/* "HOST:PORT:ADDRESS" into libcurl's "HOST:PORT:ADDRESS:PORT". CONNECT_TO rather than RESOLVE:
 * with that one, two sides of the same URL would share connections. */
static bool read_resolve(struct http_site *site, const char *host, const char *text,
                         struct err *err)
{
    size_t name = strlen(host);
    const char *port =
        strncasecmp(text, host, name) == 0 && text[name] == ':' ? text + name + 1 : NULL;
    const char *colon = strchr(port ? port : text, ':');
    if (!colon || (!port && !strchr(colon + 1, ':')))
        return err_set(err, ERR_USAGE, "'%s' is not HOST:PORT:ADDRESS", text);
    if (!port || strtol(port, NULL, 10) != site->port)
        return true;
    char address[INET6_ADDRSTRLEN + 2] = "";
    size_t length = strlen(colon + 1);
    bool brackets = colon[1] == '[' && colon[length] == ']';
    if (length - 2 * brackets < sizeof address)
        memcpy(address, colon + 1 + brackets, length - 2 * brackets);
    unsigned char binary[sizeof(struct in6_addr)];
    int family = strchr(address, ':') ? AF_INET6 : AF_INET;
    if (inet_pton(family, address, binary) != 1)
        return err_set(err, ERR_USAGE, "'%s': what follows the port is not an address", text);
    inet_ntop(family, binary, site->address, sizeof site->address);
    char *line = mem_format(family == AF_INET6 ? "%s:%d:[%s]:%d" : "%s:%d:%s:%d", host, site->port,
                            site->address, site->port);
    curl_slist_free_all(site->connect);
    site->connect = NULL;
    add_header(&site->connect, line);
    free(line);
    return true;
}

static bool read_headers(struct http_site *site, const struct http_origin *origin, struct err *err)
{
    if (origin->host) {
        if (!origin->host[0] || strpbrk(origin->host, "\r\n \t/"))
            return err_set(err, ERR_USAGE, "the Host header of a side is not a host");
        char *line = mem_format("Host: %s", origin->host);
        add_header(&site->headers, line);
        free(line);
    }
    for (size_t i = 0; origin->headers && origin->headers[i]; i++) {
        const char *text = origin->headers[i];
        size_t name = strcspn(text, ":");
        /* The value is not shown: it may be a password. */
        if (!text[name] || !http_field_is_token(text, name) || strpbrk(text, "\r\n"))
            return err_set(err, ERR_USAGE, "header %zu of a side is not 'Name: value'", i + 1);
        add_header(&site->headers, text);
    }
    return true;
}

bool http_site_new(struct http *http, const struct http_origin *origin, struct http_site **made,
                   struct err *err)
{
    struct http_site *site = mem_zero(1, sizeof *site);
    CURLU *url = curl_url();
    bool good = url ? read_url(site, url, origin->url, err)
                    : err_set(err, ERR_INTERNAL, "libcurl gives no URL handle");
    if (good) {
        char *host = url_part(url, CURLUPART_HOST);
        for (size_t i = 0; good && origin->resolve && origin->resolve[i]; i++)
            good = read_resolve(site, host, origin->resolve[i], err);
        free(host);
    }
    curl_url_cleanup(url);
    good = good && read_headers(site, origin, err);
    if (!good) {
        site_free(site);
        return false;
    }
    site->http = http;
    site->insecure = origin->insecure;
    site->ca = origin->ca ? mem_copy_string(origin->ca) : NULL;
    site->next = http->sites;
    http->sites = site;
    *made = site;
    return true;
}

/* --- callbacks: they only collect --- */

static void note_time(struct transfer *transfer)
{
    transfer->last = clock_now();
    if (transfer->first <= 0)
        transfer->first = transfer->last;
}

static void drop_coding(struct transfer *transfer)
{
    coding_free(transfer->coding);
    transfer->coding = NULL;
}

/* "Name: value\r\n" of an answer; also status lines, the empty line, and trailers. */
static size_t take_header(char *data, size_t one, size_t length, void *context)
{
    struct transfer *transfer = context;
    struct fields *fields = &transfer->in->headers;
    size_t size = one * length, end = size;
    /* They come together: the time of the first counts, and of the last, which may be all. */
    if (transfer->first <= 0)
        note_time(transfer);
    while (end && (data[end - 1] == '\n' || data[end - 1] == '\r'))
        end--;
    /* After 1xx, the real answer; but not a trailer that looks like one. */
    if (end >= 5 && memcmp(data, "HTTP/", 5) == 0 && !transfer->has_come) {
        fields->count = 0;
        transfer->in_body = false;
        drop_coding(transfer);
        return size;
    }
    if (!end && !transfer->in_body)
        transfer->coding = coding_new(fields, transfer->http->settings.body_limit);
    transfer->in_body |= end == 0;
    if (transfer->in_body)
        note_time(transfer);
    char *colon = memchr(data, ':', end);
    if (!colon || transfer->in_body)
        return size;
    transfer->header_bytes += size;
    if (transfer->header_bytes > HEADERS_MOST) {
        transfer->too_large = true;
        return 0;
    }
    size_t name = (size_t)(colon - data), value = name + 1;
    while (value < end && (data[value] == ' ' || data[value] == '\t'))
        value++;
    while (end > value && (data[end - 1] == ' ' || data[end - 1] == '\t'))
        end--;
    *colon = '\0';
    fields_add(fields, transfer->arena, data, data + value, end - value);
    *colon = ':';
    return size;
}

static size_t take_body(char *data, size_t one, size_t length, void *context)
{
    struct transfer *transfer = context;
    struct buffer *body = &transfer->in->body;
    size_t size = one * length, room = transfer->http->settings.body_limit - body->length;
    note_time(transfer);
    transfer->has_come = true;
    if (transfer->coding) {
        transfer->too_large = !coding_take(transfer->coding, data, size, body);
        return transfer->too_large ? 0 : size;
    }
    buffer_add(body, data, size < room ? size : room);
    if (size <= room)
        return size;
    transfer->too_large = true;
    return 0;
}

/* Called when a connection is there and before the first byte; a second time when libcurl wants to
 * send all again. The last guard against the wrong place. */
static int may_send(void *context, char *address, char *local, int port, int local_port)
{
    (void)local;
    (void)local_port;
    struct transfer *transfer = context;
    long sent = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &sent);
    transfer->repeated = transfer->begun && sent > 0;
    const struct http_site *site = transfer->site;
    transfer->astray =
        port != site->port || (site->address[0] && strcmp(site->address, address) != 0);
    if (!transfer->begun)
        transfer->sent = clock_now();
    transfer->begun |= !transfer->astray;
    return transfer->repeated || transfer->astray ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* --- starting --- */

/* Sets an option of the handle that is a text, unless it has it. */
static void set_text(struct transfer *transfer, struct buffer *known, CURLoption option,
                     const char *text)
{
    if (strcmp((const char *)known->data, text) == 0)
        return;
    buffer_clear(known);
    buffer_add_text(known, text);
    curl_easy_setopt(transfer->easy, option, text);
}

static void set_site(struct transfer *transfer, const struct http_site *site)
{
    CURL *easy = transfer->easy;
    const struct http_settings *settings = &site->http->settings;
    bool http2 = settings->http2 && site->secure;
    curl_easy_reset(easy);
    buffer_clear(&transfer->method);
    buffer_clear(&transfer->accepted);
    curl_easy_setopt(easy, CURLOPT_URL, site->url);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, site->secure ? "https" : "http");
#else
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS, site->secure ? CURLPROTO_HTTPS : CURLPROTO_HTTP);
#endif
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, site->connect);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                     http2 ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
    /* libcurl says what is accepted, but coding.h decodes: libcurl takes cut data for whole. */
    curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, IDLE_MOST);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(settings->timeout * 1000));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(settings->connect_timeout * 1000));
    if (site->ca)
        curl_easy_setopt(easy, CURLOPT_CAINFO, site->ca);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, site->insecure ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, site->insecure ? 0L : 2L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "tally-replay/" TALLY_VERSION);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->why);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, opened);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, site);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, closes);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, site->http->watch);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, may_send);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    transfer->site = site;
}

/* From the pool, rather one that already has the site's options. */
static struct transfer *take_transfer(struct http *http, const struct http_site *site,
                                      struct err *err)
{
    struct transfer **at = &http->pool;
    for (int i = 0; i < POOL_LOOK && *at && (*at)->site != site; i++)
        at = &(*at)->next;
    if (!*at || (*at)->site != site)
        at = &http->pool;
    struct transfer *transfer = *at;
    if (transfer) {
        *at = transfer->next;
    } else {
        transfer = mem_zero(1, sizeof *transfer);
        transfer->http = http;
        buffer_init(&transfer->target, BUFFER_NO_LIMIT);
        buffer_init(&transfer->line, BUFFER_NO_LIMIT);
        buffer_init(&transfer->method, BUFFER_NO_LIMIT);
        buffer_init(&transfer->accepted, BUFFER_NO_LIMIT);
        transfer->easy = curl_easy_init();
        if (!transfer->easy) {
            transfer_free(transfer);
            err_set(err, ERR_INTERNAL, "libcurl gives no handle");
            return NULL;
        }
    }
    if (transfer->site != site)
        set_site(transfer, site);
    return transfer;
}

static void to_pool(struct http *http, struct transfer *transfer)
{
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
    drop_coding(transfer);
    transfer->next = http->pool;
    http->pool = transfer;
}

/* Does the site's owner send it? */
static bool is_own(const char *name, const struct transfer *transfer)
{
    size_t length = strlen(name);
    for (const struct curl_slist *own = transfer->site->headers; own; own = own->next)
        if (strncasecmp(own->data, name, length) == 0 && own->data[length] == ':')
            return true;
    return false;
}

static bool is_left_out(const char *name, const struct transfer *transfer)
{
    return http_field_is_ours(name) || is_own(name, transfer) ||
           (transfer->jar && strcasecmp(name, "Cookie") == 0);
}

static bool is_sent(const struct transfer *transfer, const char *name)
{
    return is_own(name, transfer) || fields_find(&transfer->out->headers, name);
}

static bool is_cookie(const char *header)
{
    return strncasecmp(header, "Cookie:", 7) == 0;
}

/* The site's own headers; and one Cookie field of what the site always sends and of the jar. */
static void write_own(struct transfer *transfer, struct slice target)
{
    struct buffer *line = &transfer->line;
    buffer_clear(line);
    buffer_add_text(line, "Cookie: ");
    size_t before = line->length;
    for (const struct curl_slist *own = transfer->site->headers; own; own = own->next) {
        if (!transfer->jar || !is_cookie(own->data))
            add_header(&transfer->headers, own->data);
        else
            buffer_add_text(line, own->data + 7 + strspn(own->data + 7, " \t"));
    }
    if (!transfer->jar)
        return;
    size_t always = line->length;
    if (always > before)
        buffer_add_text(line, "; ");
    size_t jar = line->length;
    jar_write(transfer->jar, target, line);
    if (line->length == jar) { /* no "; " behind */
        line->length = always;
        buffer_terminate(line);
    }
    if (line->length > before)
        add_header(&transfer->headers, (const char *)line->data);
}

static bool write_headers(struct transfer *transfer, struct slice target, struct err *err)
{
    const struct fields *fields = &transfer->out->headers;
    struct buffer *line = &transfer->line;
    bool has_type = false;
    write_own(transfer, target);
    for (size_t i = 0; i < fields->count; i++) {
        const char *name = fields->items[i].name, *value = fields->items[i].value;
        if (is_left_out(name, transfer))
            continue;
        if (!http_field_is_token(name, strlen(name)) || strpbrk(value, "\r\n"))
            return err_set(err, ERR_TABLE, "a header of the request is not one of HTTP");
        has_type |= strcasecmp(name, "Content-Type") == 0;
        buffer_clear(line);
        buffer_add_text(line, name);
        buffer_add_text(line, value[0] ? ": " : ";"); /* libcurl's way to send an empty one */
        buffer_add_text(line, value);
        add_header(&transfer->headers, (const char *)line->data);
    }
    if (transfer->has_body && !has_type && !is_left_out("Content-Type", transfer))
        add_header(&transfer->headers, "Content-Type:"); /* none, rather than libcurl's own */
    if (transfer->has_body)
        add_header(&transfer->headers, "Expect:"); /* likewise */
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
    http_field_codings(line, fields_find(fields, "Accept-Encoding"));
    set_text(transfer, &transfer->accepted, CURLOPT_ACCEPT_ENCODING, (const char *)line->data);
    return true;
}

/* A path, or "*"; no byte that would end the request line. The guard against smuggling. */
static bool write_target(struct transfer *transfer, const struct buffer *target, struct err *err)
{
    bool asterisk = target->length == 1 && target->data[0] == '*';
    if (!asterisk && (!target->length || target->data[0] != '/'))
        return err_set(err, ERR_TABLE, "the target is not a path");
    for (size_t i = 0; i < target->length; i++)
        if (target->data[i] <= ' ' || target->data[i] == 0x7f)
            return err_set(err, ERR_TABLE, "the target holds a blank or a control character");
    buffer_clear(&transfer->target);
    if (!asterisk)
        buffer_add_text(&transfer->target, transfer->site->prefix);
    buffer_add(&transfer->target, target->data, target->length);
    curl_easy_setopt(transfer->easy, CURLOPT_REQUEST_TARGET, (const char *)transfer->target.data);
    return true;
}

static bool set_method(struct transfer *transfer, const char *method, struct err *err)
{
    CURL *easy = transfer->easy;
    const struct outgoing *out = transfer->out;
    bool head = strcmp(method, "HEAD") == 0;
    if (!http_field_is_token(method, strlen(method)) || strcmp(method, "CONNECT") == 0)
        return err_set(err, ERR_TABLE, "the method is not one that an origin is asked with");
    if (head && out->has_body && out->body.length)
        return err_set(err, ERR_TABLE, "a HEAD request with a body cannot be sent");
    /* In this order: each changes what libcurl thinks the others are. */
    curl_easy_setopt(easy, CURLOPT_NOBODY, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    bool sized = strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
                 strcmp(method, "PATCH") == 0; /* Content-Length: 0 is said, RFC 9110, 8.6 */
    transfer->has_body = !head && (out->has_body || sized);
    if (transfer->has_body) {
        size_t length = out->has_body ? out->body.length : 0;
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, length ? (const char *)out->body.data : "");
    }
    if (head)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    set_text(transfer, &transfer->method, CURLOPT_CUSTOMREQUEST, method);
    return true;
}

static void clear_answer(struct incoming *in)
{
    in->failure = FAILURE_NONE;
    in->refused = false;
    in->why[0] = '\0';
    in->open = false;
    in->status = 0;
    in->headers.count = 0;
    in->started = in->first_byte = in->total = 0;
    buffer_clear(&in->body);
}

/* A handle that has nothing of what it did before; NULL with *err. */
static struct transfer *begin(struct http *http, struct http_site *site, struct incoming *in,
                              struct arena *arena, void *tag, struct err *err)
{
    struct transfer *transfer = take_transfer(http, site, err);
    if (!transfer)
        return NULL;
    transfer->in = in;
    transfer->arena = arena;
    transfer->tag = tag;
    transfer->header_bytes = 0;
    transfer->sent = transfer->first = transfer->last = 0;
    transfer->why[0] = '\0';
    transfer->begun = transfer->repeated = transfer->astray = false;
    transfer->in_body = transfer->has_come = transfer->too_large = false;
    clear_answer(in);
    return transfer;
}

static bool go(struct http *http, struct transfer *transfer, struct err *err)
{
    CURLMcode code = curl_multi_add_handle(http->multi, transfer->easy);
    if (code != CURLM_OK) {
        to_pool(http, transfer);
        return err_set(err, ERR_INTERNAL, "libcurl: %s", curl_multi_strerror(code));
    }
    transfer->previous = NULL;
    transfer->next = http->busy;
    if (http->busy)
        http->busy->previous = transfer;
    http->busy = transfer;
    http->busy_count++;
    return true;
}

bool http_start(struct http *http, struct http_site *site, const char *method,
                const struct outgoing *out, struct jar *jar, struct incoming *in,
                struct arena *arena, void *tag, struct err *err)
{
    struct transfer *transfer = begin(http, site, in, arena, tag, err);
    if (!transfer)
        return false;
    transfer->jar = jar;
    transfer->out = out;
    struct slice target = {out->target.data, out->target.length};
    if (write_target(transfer, &out->target, err) && set_method(transfer, method, err) &&
        write_headers(transfer, target, err))
        return go(http, transfer, err);
    to_pool(http, transfer);
    return false;
}

bool http_greet(struct http *http, struct http_site *site, struct incoming *in, struct arena *arena,
                void *tag, struct err *err)
{
    static const struct outgoing nothing;
    struct transfer *transfer = begin(http, site, in, arena, tag, err);
    if (!transfer)
        return false;
    transfer->jar = NULL;
    transfer->out = &nothing;
    transfer->greets = true;
    curl_easy_setopt(transfer->easy, CURLOPT_CONNECT_ONLY, 1L);
    return go(http, transfer, err);
}

/* --- finishing --- */

/* Will it be so whenever one asks again? Of what OpenSSL itself says, not the network: no TLS
 * there, or none of a version or a cipher that both know. */
static bool is_refusal(CURLcode code, const char *why)
{
    static const CURLcode refusals[] = {
        CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
        CURLE_SSL_CERTPROBLEM,          CURLE_SSL_CIPHER,
        CURLE_SSL_ISSUER_ERROR,         CURLE_SSL_INVALIDCERTSTATUS};
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (code == refusals[i])
            return true;
    /* A front end that is about to restart may close in mid-greeting, or have no certificate yet.
     */
    return code == CURLE_SSL_CONNECT_ERROR && strstr(why, "SSL routines:") &&
           !strstr(why, "unexpected eof") && !strstr(why, "internal error");
}

static enum failure classify(const struct transfer *transfer, CURLcode code)
{
    long sent = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &sent);
    if (code == CURLE_OK)
        return FAILURE_NONE;
    if (transfer->too_large)
        return FAILURE_TOO_LARGE;
    /* Newer versions of libcurl look at how the answer ends themselves (look_whole()). */
    if ((code == CURLE_BAD_CONTENT_ENCODING || code == CURLE_WEIRD_SERVER_REPLY) &&
        transfer->in->status >= 200)
        return FAILURE_UNREADABLE;
    /* What HTTP/2 has queued may have gone out, whatever is counted. */
    if (!sent && !(transfer->begun && transfer->site->secure && transfer->http->settings.http2))
        return FAILURE_CONNECT;
    return code == CURLE_OPERATION_TIMEDOUT ? FAILURE_TIMEOUT : FAILURE_BROKEN;
}

static const char *reason(const struct transfer *transfer, CURLcode code)
{
    if (transfer->too_large)
        return "the answer is larger than what is kept";
    if (transfer->repeated)
        return "the kept connection ended without an answer, and nothing is sent twice";
    if (transfer->astray)
        return "the connection is not to the side's own address: nothing was sent";
    return transfer->why[0] ? transfer->why : curl_easy_strerror(code);
}

/* libcurl has nothing to say against the answer: is it whole? */
static enum failure look_whole(struct transfer *transfer)
{
    struct incoming *in = transfer->in;
    const char *method = (const char *)transfer->method.data;
    bool part = in->status == 206 && is_sent(transfer, "Range");
    const char *fault = transfer->in_body ? framing_fault(&in->headers, method, in->status, part)
                                          : "the connection ended within the answer's header";
    if (fault) {
        snprintf(in->why, sizeof in->why, "%s", fault);
        return transfer->in_body && in->status >= 200 ? FAILURE_UNREADABLE : FAILURE_BROKEN;
    }
    long version = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version);
    in->open = !transfer->coding && version < CURL_HTTP_VERSION_2_0 &&
               framing_is_open(&in->headers, method, in->status);
    bool unread = transfer->coding &&
                  coding_why(transfer->coding, method, in->status, in->why, sizeof in->why);
    return unread ? FAILURE_UNREADABLE : FAILURE_NONE;
}

static void finish(struct transfer *transfer, CURLcode code)
{
    struct incoming *in = transfer->in;
    CURL *easy = transfer->easy;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    in->status = (int)status;
    in->failure = classify(transfer, code);
    in->refused = in->failure == FAILURE_CONNECT && is_refusal(code, transfer->why);
    if (in->failure)
        snprintf(in->why, sizeof in->why, "%.199s", reason(transfer, code));
    else
        in->failure = look_whole(transfer);
    /* By own clocks: libcurl's PRETRANSFER may be taken after a whole body was sent. What an answer
     * cost is known when its last byte came, not when its turn comes here. */
    double end = in->failure ? clock_now() : transfer->last;
    in->started = transfer->sent;
    in->first_byte = transfer->first > 0 ? transfer->first - transfer->sent : 0;
    in->total = transfer->sent > 0 && end > transfer->sent ? end - transfer->sent : 0;
    const struct buffer *target = &transfer->out->target;
    for (size_t i = 0; transfer->jar && i < in->headers.count; i++)
        if (strcasecmp(in->headers.items[i].name, "Set-Cookie") == 0)
            (void)jar_take(transfer->jar, (struct slice){target->data, target->length},
                           slice_of(in->headers.items[i].value));
}

static void leave(struct http *http, struct transfer *transfer)
{
    if (transfer->previous)
        transfer->previous->next = transfer->next;
    else
        http->busy = transfer->next;
    if (transfer->next)
        transfer->next->previous = transfer->previous;
    http->busy_count--;
    if (transfer->greets) /* its connection is good for nothing else */
        transfer_free(transfer);
    else
        to_pool(http, transfer);
}

/* Hands back what has finished, but not what done() starts. */
static size_t hand_back(struct http *http, void (*done)(void *context, void *tag), void *context)
{
    size_t count = 0;
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(http->multi, &left));) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result; /* gone after the removal */
        char *private = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        struct transfer *transfer = (struct transfer *)(void *)private;
        finish(transfer, code);
        curl_multi_remove_handle(http->multi, transfer->easy);
        void *tag = transfer->tag;
        leave(http, transfer);
        done(context, tag);
        count++;
    }
    return count;
}

/* Waits until `end` at the latest, and lets libcurl do what can be done; *woken: by http_wake(). */
static bool step(struct http *http, double end, bool *woken, struct err *err)
{
    struct watch_event events[64];
    double until = http->due < end ? http->due : end, left = until - clock_now();
    int wait = left <= 0 ? 0 : left > 1000 ? 1000000 : (int)(left * 1000) + 1, running;
    int count = watch_wait(http->watch, wait, events, sizeof events / sizeof *events, woken);
    if (count < 0)
        return err_set(err, ERR_INTERNAL, "epoll_wait: %s", strerror(errno));
    CURLMcode code = CURLM_OK;
    for (int i = 0; i < count && code == CURLM_OK; i++) {
        int mask = (events[i].readable ? CURL_CSELECT_IN : 0) |
                   (events[i].writable ? CURL_CSELECT_OUT : 0) |
                   (events[i].broken ? CURL_CSELECT_ERR : 0);
        code = curl_multi_socket_action(http->multi, events[i].socket, mask, &running);
    }
    if (code == CURLM_OK && http->due <= clock_now()) {
        http->due = NEVER;
        code = curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    return code == CURLM_OK || err_set(err, ERR_INTERNAL, "libcurl: %s", curl_multi_strerror(code));
}

bool http_run(struct http *http, double seconds, void (*done)(void *context, void *tag),
              void *context, struct err *err)
{
    double end = clock_now() + seconds;
    bool woken = false;
    do {
        if (!step(http, end, &woken, err))
            return false;
        if (hand_back(http, done, context))
            return true;
    } while (!woken && clock_now() < end);
    return true;
}

void http_wake(struct http *http)
{
    watch_wake(http->watch);
}
