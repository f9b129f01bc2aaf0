#include "advise.h"

#include "../diff/base/display.h"
#include "session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define WIDTH 100
#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MOST_ADVISED (8 << 20) /* a larger body buffer is no buffer any more */

/* What a log should hold, in the order of the advised format. */
struct wish {
    const char *variable;   /* NULL: the session cookie that the app set */
    const char *instead[3]; /* others that say the same */
    bool quoted;
    const char *why; /* NULL: comes along */
};

static const struct wish wishes[] = {
    {"msec",
     {NULL},
     false,
     "when a request ended, to the millisecond; whole seconds do not tell "
     "which request came first"},
    {"request_time",
     {NULL},
     false,
     "how long it took: with $msec, when it arrived; the critical "
     "path and the speed of a replay"},
    {"upstream_response_time", {NULL}, true, NULL},
    {"upstream_status", {NULL}, true, "whether the app ran, or nginx answered itself (400, 413)"},
    {"status", {NULL}, false, "what production answered"},
    {"body_bytes_sent",
     {NULL},
     false,
     "how much it answered: where both sides answer with next to nothing, they are alike and not "
     "the page that was meant"},
    {"request_id", {NULL}, false, NULL},
    {"remote_addr",
     {"realip_remote_addr", "http_x_forwarded_for", NULL},
     false,
     "who asked, where there is no cookie yet"},
    {"connection", {NULL}, false, NULL},
    {"connection_requests", {NULL}, false, NULL},
    {"host", {"http_host", NULL}, true, "which site was asked"},
    {"http_cookie",
     {NULL},
     true,
     "all cookies, not a chosen few: the session's, the tenant's, "
     "those that change a page"},
    {NULL,
     {NULL},
     true,
     "the session id that an answer set: it links a first hit, and a login that "
     "changes the id, to the rest of its session"},
    {"sent_http_location",
     {"upstream_http_location", NULL},
     true,
     "where an answer redirected to: it links generated ids, and tells when both sides lead "
     "elsewhere"},
    {"content_type", {"http_content_type", NULL}, true, "what kind of body it was"},
    {"content_length",
     {"http_content_length", NULL},
     true,
     "whether the logged body is whole, and whether there was one"},
    {"http_transfer_encoding", {NULL}, true, NULL},
    {"http_referer", {NULL}, true, NULL},
    {"http_user_agent",
     {NULL},
     true,
     "who asked, where there is no cookie yet; some apps answer by "
     "it"},
    {"http_x_requested_with", {NULL}, true, NULL},
    {"http_accept", {NULL}, true, NULL},
    {"request", {"request_uri", NULL}, true, "what was asked, as it was on the wire"},
    {"request_body", {NULL}, true, "what was sent: without it no form can be replayed"},
};

static void comment(struct buffer *out, const char *bullet, const char *text)
{
    struct buffer wrapped = BUFFER_INIT(1 << 16);
    display_add_wrapped(&wrapped, text, 0, 0, WIDTH - 6);
    const char *line = (const char *)wrapped.data;
    while (*line) {
        size_t length = strcspn(line, "\n");
        buffer_printf(out, "# %s%.*s\n", bullet, (int)length, line);
        bullet = *bullet ? "  " : "";
        line += length + (line[length] == '\n');
    }
    buffer_free(&wrapped);
}

static void comment_format(struct buffer *out, const char *bullet, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void comment_format(struct buffer *out, const char *bullet, const char *format, ...)
{
    char text[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    comment(out, bullet, text);
}

static bool has(const struct log_format *format, const struct wish *wish, const char *set_cookie)
{
    const char *name = wish->variable ? wish->variable : set_cookie;
    if (log_format_find(format, name) != LOG_NONE)
        return true;
    if (!wish->variable && (log_format_find(format, "sent_http_set_cookie") != LOG_NONE ||
                            log_format_find(format, "upstream_http_set_cookie") != LOG_NONE))
        return true;
    for (size_t i = 0; i < COUNT(wish->instead) && wish->instead[i]; i++)
        if (log_format_find(format, wish->instead[i]) != LOG_NONE)
            return true;
    return false;
}

static size_t list_lacks(const struct log_format *format, const char *set_cookie,
                         struct buffer *out)
{
    size_t lacks = 0;
    for (size_t i = 0; i < COUNT(wishes); i++) {
        const struct wish *wish = &wishes[i];
        if (!wish->why || has(format, wish, set_cookie))
            continue;
        if (!lacks++)
            comment(out, "", "It lacks:");
        comment_format(out, "- ", "$%s: %s", wish->variable ? wish->variable : set_cookie,
                       wish->why);
    }
    if (format->escape == LOG_ESCAPE_NONE) {
        lacks++;
        comment(out, "- ",
                "escaping: with escape=none a newline in a body splits its record, and a "
                "body can look like another record");
    } else if (format->escape == LOG_ESCAPE_JSON) {
        lacks++;
        comment(out, "- ",
                "a difference between an empty value and none: with escape=json a form "
                "without content and a lost body look the same");
    }
    for (size_t i = 0; i + 1 < format->group_count; i++) {
        const struct log_group *group = &format->groups[i];
        if (group->first == group->last)
            continue;
        lacks++;
        comment_format(out, "- ",
                       "quotes round $%s: when it holds blanks, it cannot be told from "
                       "$%s",
                       format->names[group->first], format->names[group->first + 1]);
    }
    return lacks;
}

/* "16k", "1m", "8192": nginx's sizes; -1: something else. */
static long long size_of(const char *text)
{
    char *end;
    long long n = strtoll(text, &end, 10);
    long long unit = 1;
    if (*end == 'k' || *end == 'K')
        unit = 1 << 10;
    else if (*end == 'm' || *end == 'M')
        unit = 1 << 20;
    else if (*end == 'g' || *end == 'G')
        unit = 1 << 30;
    end += unit != 1;
    if (end == text || *end || n < 0 || n > (1LL << 40) / unit)
        return -1;
    return n * unit;
}

/* Every form must fit: as much as the site accepts, where that is not more than 8 MB. */
static const char *body_buffer(const struct nginx_conf *conf)
{
    const char *largest = "1m"; /* nginx's default for client_max_body_size */
    long long bytes = 1 << 20;
    for (size_t i = 0; i < conf->setting_count; i++) {
        const struct nginx_setting *setting = &conf->settings[i];
        long long size =
            strcmp(setting->name, "client_max_body_size") == 0 ? size_of(setting->value) : -1;
        if (size > bytes && size <= MOST_ADVISED) {
            bytes = size;
            largest = setting->value;
        }
    }
    return largest;
}

static bool is_off(const struct nginx_setting *setting)
{
    size_t length = strlen(setting->name);
    static const char buffering[] = "_request_buffering";
    return length > sizeof buffering &&
           strcmp(setting->name + length - (sizeof buffering - 1), buffering) == 0 &&
           strcmp(setting->value, "off") == 0;
}

/* What keeps bodies out of the log. */
static void list_settings(const struct nginx_conf *conf, const char *buffer_size,
                          struct buffer *out)
{
    for (size_t i = 0; i < conf->setting_count; i++) {
        const struct nginx_setting *setting = &conf->settings[i];
        const char *said = NULL;
        if (strcmp(setting->name, "client_body_buffer_size") == 0 &&
            size_of(setting->value) < size_of(buffer_size))
            said = "a larger body goes to a file and is not logged; raise it";
        else if (strcmp(setting->name, "client_body_in_file_only") == 0 &&
                 strcmp(setting->value, "off") != 0)
            said = "every body goes to a file and none is logged; remove it";
        else if (is_off(setting))
            said = "a body that is passed on while it arrives is not logged; remove it";
        else if (strcmp(setting->name, "access_log") == 0 && strstr(setting->value, " if="))
            said = "requests that are not logged cannot be replayed";
        if (said)
            comment_format(out, "- ", "%s:%u: \"%s %s\": %s.", setting->place.path,
                           setting->place.line, setting->name, setting->value, said);
    }
}

static bool is_set(const struct nginx_conf *conf, const char *name, const char *block)
{
    for (size_t i = 0; i < conf->setting_count; i++)
        if (strcmp(conf->settings[i].name, name) == 0 &&
            strcmp(conf->settings[i].block, block) == 0)
            return true;
    return false;
}

static void add_format(struct buffer *out, const char *name, const char *set_cookie)
{
    size_t column = WIDTH;
    buffer_printf(out, "log_format %s", name);
    for (size_t i = 0; i < COUNT(wishes); i++) {
        const struct wish *wish = &wishes[i];
        const char *variable = wish->variable ? wish->variable : set_cookie;
        size_t length = strlen(variable) + 1 + (wish->quoted ? 2 : 0);
        if (column + length + 2 > WIDTH - 16) {
            buffer_add_text(out, i ? " '\n    '" : "\n    '");
            column = 5;
        } else {
            buffer_add_byte(out, ' ');
            column++;
        }
        buffer_printf(out, wish->quoted ? "\"$%s\"" : "$%s", variable);
        column += length;
    }
    buffer_add_text(out, "';\n");
}

static const char *free_name(const struct nginx_conf *conf, struct arena *arena)
{
    for (unsigned n = 1;; n++) {
        const char *name = n == 1 ? "tally" : arena_format(arena, "tally%u", n);
        bool taken = false;
        for (size_t i = 0; i < conf->format_count; i++)
            taken |= strcmp(conf->formats[i].name, name) == 0;
        if (!taken)
            return name;
    }
}

/* A name that may stand in a variable. */
static bool is_plain_name(const char *name)
{
    return *name &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
               strlen(name);
}

static void add_advice(const struct nginx_conf *conf, const char *set_cookie, struct buffer *out,
                       struct arena *arena)
{
    const char *size = body_buffer(conf), *name = free_name(conf, arena);
    buffer_add_text(out, "\n");
    comment_format(out, "",
                   "Include this in the http block, and log with it where the app is "
                   "served, beside the log that is there:");
    comment_format(out, "", "    access_log /var/log/nginx/tally.log %s;", name);
    comment(out, "",
            "The file is as secret as the site's passwords: only its owner may read it. If "
            "the app uses HTTP authentication, add \"$http_authorization\".");
    add_format(out, name, set_cookie);
    buffer_add_byte(out, '\n');
    comment(out, "",
            "As large as the largest form: what does not fit goes to a file and not to the "
            "log. Memory is taken for requests that have such a body.");
    if (is_set(conf, "client_body_buffer_size", "http"))
        comment(out, "",
                "The http block sets it already (above), and twice is an error; change it "
                "there to:");
    buffer_printf(out, "%sclient_body_buffer_size %s;\n",
                  is_set(conf, "client_body_buffer_size", "http") ? "# " : "", size);
}

bool advise(const struct nginx_conf *conf, const char *format_name, const char *cookie,
            struct buffer *out, struct err *err)
{
    static struct log_format format;
    struct arena arena = ARENA_INIT;
    if (!nginx_conf_format(conf, format_name, &format, err))
        return false;
    const char *name = format_name ? format_name : nginx_conf_only_format(conf);
    const char *guess = session_key_guess(&format);
    for (size_t i = 0; !cookie && guess && i < format.variable_count; i++)
        if (*guess == '$' && strcasecmp(format.names[i], guess + 1) == 0)
            cookie = format.names[i] + strlen("cookie_"); /* in the log's own spelling */
    if (!cookie || !is_plain_name(cookie))
        cookie = "PHPSESSID";
    const char *set_cookie = arena_format(&arena, "upstream_cookie_%s", cookie);
    struct buffer lacks = BUFFER_INIT(1 << 20);
    size_t count = list_lacks(&format, set_cookie, &lacks);
    comment_format(out, "", "The log format \"%s\"%s", name,
                   count ? " does not hold all that a replay needs."
                         : " holds what a replay "
                           "needs.");
    buffer_add(out, lacks.data, lacks.length);
    buffer_free(&lacks);
    struct buffer settings = BUFFER_INIT(1 << 20);
    list_settings(conf, body_buffer(conf), &settings);
    if (!is_set(conf, "client_body_buffer_size", "http") &&
        !is_set(conf, "client_body_buffer_size", "server"))
        comment(&settings, "- ",
                "client_body_buffer_size is not set: a body over 16 kB (8 kB on "
                "32 bits) is not logged.");
    if (settings.length) {
        buffer_add_text(out, "#\n");
        comment(out, "", "Settings that keep bodies or requests out of the log:");
        buffer_add(out, settings.data, settings.length);
    }
    buffer_free(&settings);
    add_advice(conf, set_cookie, out, &arena);
    log_format_free(&format);
    arena_free(&arena);
    return true;
}
