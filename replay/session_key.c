/* The expressions of --session and --tenant: compiled against a log format, and their values. */
#include "session_key.h"

#include "../diff/base/nearest.h"

#include <ctype.h>
#include <stdlib.h>

/* "$cookie_a", "a,b", "$x/$y" */
static MUST_CHECK bool add_part(struct session_key *key, struct session_choice *choice,
                                struct session_part part, struct err *err)
{
    if (choice->count == SESSION_MOST_PARTS)
        return err_set(err, ERR_USAGE, "%s: more than %d parts.", key->option, SESSION_MOST_PARTS);
    choice->parts[choice->count++] = part;
    return true;
}

/* A cookie out of its own variable, or out of the Cookie header. */
static bool find_cookie(struct session_key *key, const struct log_format *format, const char *name,
                        struct session_part *part)
{
    char *variable = arena_format(&key->arena, "cookie_%s", name);
    char *upstream = arena_format(&key->arena, "upstream_cookie_%s", name);
    part->name = slice_of(name);
    part->cookie = true;
    part->set = LOG_NONE;
    part->variable = LOG_NONE;
    for (size_t i = 0; i < format->variable_count; i++) { /* nginx: case does not count here */
        if (strcasecmp(format->names[i], variable) == 0)
            part->variable = i;
        if (strcasecmp(format->names[i], upstream) == 0)
            part->set = i;
    }
    if (part->variable == LOG_NONE) {
        part->variable = log_format_find(format, "http_cookie");
        part->in_header = true;
    }
    return part->variable != LOG_NONE;
}

static bool find_argument(const struct log_format *format, struct session_part *part)
{
    part->variable = log_format_find(format, "request_uri");
    if (part->variable == LOG_NONE)
        part->variable = log_format_find(format, "request");
    part->argument = true;
    return part->variable != LOG_NONE;
}

static bool refuse(struct session_key *key, const struct log_format *format, const char *name,
                   bool cookie, struct err *err)
{
    const char *near = nearest_word(name, format->names, format->variable_count);
    if (near)
        return err_set(err, ERR_USAGE, "%s: the log has no $%.100s; did you mean $%s?", key->option,
                       name, near);
    return err_set(err, ERR_USAGE, "%s: the log has no $%.100s%s.", key->option, name,
                   cookie ? ", nor $http_cookie" : "");
}

static MUST_CHECK bool add_variable(struct session_key *key, struct session_choice *choice,
                                    const struct log_format *format, const char *name,
                                    struct err *err)
{
    struct session_part part = {.variable = log_format_find(format, name), .set = LOG_NONE};
    bool cookie = strncmp(name, "cookie_", 7) == 0 && name[7];
    bool found = part.variable != LOG_NONE;
    if (cookie) {
        found = find_cookie(key, format, name + 7, &part);
    } else if (!found && strncmp(name, "arg_", 4) == 0 && name[4]) {
        part.name = slice_of(name + 4);
        found = find_argument(format, &part);
    }
    return found ? add_part(key, choice, part, err) : refuse(key, format, name, cookie, err);
}

/* The text between `$`s, and what they name. */
static MUST_CHECK bool compile_expression(struct session_key *key, const char *text,
                                          const struct log_format *format, struct err *err)
{
    struct session_choice *choice = &key->choices[key->count++];
    while (*text) {
        size_t literal = strcspn(text, "$");
        if (literal) {
            struct session_part part = {.variable = LOG_NONE, .set = LOG_NONE};
            part.name = slice_of(arena_copy_bytes(&key->arena, text, literal));
            if (!add_part(key, choice, part, err))
                return false;
            text += literal;
            continue;
        }
        bool braces = text[1] == '{';
        const char *start = text + 1 + braces;
        size_t length = 0;
        while (isalnum((unsigned char)start[length]) || start[length] == '_')
            length++;
        if (!length || (braces && start[length] != '}'))
            return err_set(err, ERR_USAGE, "%s: a variable's name must follow the $.", key->option);
        if (!add_variable(key, choice, format, arena_copy_bytes(&key->arena, start, length), err))
            return false;
        text = start + length + braces;
    }
    return true;
}

static MUST_CHECK bool compile_list(struct session_key *key, const char *text,
                                    const struct log_format *format, struct err *err)
{
    for (;;) {
        size_t length = strcspn(text, ",");
        if (!length)
            return err_set(err, ERR_USAGE, "%s: a cookie's name is missing.", key->option);
        if (key->count == SESSION_MOST_CHOICES)
            return err_set(err, ERR_USAGE, "%s: more than %d cookies.", key->option,
                           SESSION_MOST_CHOICES);
        const char *name = arena_copy_bytes(&key->arena, text, length);
        struct session_part part = {0};
        if (!find_cookie(key, format, name, &part))
            return refuse(key, format, arena_format(&key->arena, "cookie_%s", name), true, err);
        struct session_choice *choice = &key->choices[key->count++];
        choice->parts[choice->count++] = part;
        text += length;
        if (!*text)
            return true;
        text++;
    }
}

bool session_key_compile(const char *option, const char *text, const struct log_format *format,
                         struct session_key **result, struct err *err)
{
    struct session_key *key = mem_zero(1, sizeof *key);
    key->option = option;
    key->format = format;
    key->set_header = log_format_find(format, "sent_http_set_cookie");
    if (key->set_header == LOG_NONE)
        key->set_header = log_format_find(format, "upstream_http_set_cookie");
    bool done = *text ? true : err_set(err, ERR_USAGE, "%s: it is empty.", option);
    done = done && (strchr(text, '$') ? compile_expression(key, text, format, err)
                                      : compile_list(key, text, format, err));
    *result = done ? key : NULL;
    if (!done)
        session_key_free(key);
    return done;
}

void session_key_free(struct session_key *key)
{
    if (!key)
        return;
    arena_free(&key->arena);
    free(key);
}

const char *session_key_guess(const struct log_format *format)
{
    /* Of PHP, Java, .NET, Django, Rails, Express, Laravel, CodeIgniter, Flask. A variable's name
     * has no dots. */
    static const char *const names[] = {
        "$cookie_PHPSESSID",       "$cookie_JSESSIONID", "$cookie_sessionid", "$cookie__session_id",
        "$cookie_laravel_session", "$cookie_ci_session", "$cookie_session",   "$cookie_sid",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t k = 0; k < format->variable_count; k++)
            if (strcasecmp(format->names[k], names[i] + 1) == 0)
                return names[i];
    if (log_format_find(format, "http_cookie") != LOG_NONE)
        return "PHPSESSID,JSESSIONID,ASP.NET_SessionId,sessionid,_session_id,connect.sid,"
               "laravel_session,ci_session,session,sid";
    return NULL;
}

/* --- values
 * ------------------------------------------------------------------------------------------ */

/* `name=` in the query of a request line or target; no decoding, as nginx does none. */
static struct slice find_argument_value(struct slice line, struct slice name)
{
    if (!line.at)
        return (struct slice){NULL, 0};
    const unsigned char *end = line.at + line.length;
    const unsigned char *at = memchr(line.at, '?', line.length);
    while (at && at < end) {
        at++;
        size_t length = 0;
        while (at + length < end && !memchr("&# ", at[length], 3))
            length++;
        if (length > name.length && at[name.length] == '=' &&
            strncasecmp((const char *)at, (const char *)name.at, name.length) == 0)
            return (struct slice){at + name.length + 1, length - name.length - 1};
        at += length;
        if (at < end && *at != '&')
            break;
    }
    return (struct slice){NULL, 0};
}

/*
 * The value that an answer gave a cookie: `NAME=value; Path=/`, several joined by ", " since nginx
 * 1.23. A removed cookie (no value, or PHP's "deleted") is none.
 */
static struct slice find_set_cookie(struct slice header, struct slice name)
{
    struct slice found = {NULL, 0};
    if (!header.at)
        return found;
    const unsigned char *at = header.at, *end = header.at + header.length;
    while (at && at < end) {
        size_t left = (size_t)(end - at);
        if (left > name.length && at[name.length] == '=' && memcmp(at, name.at, name.length) == 0) {
            const unsigned char *value = at + name.length + 1;
            size_t length = 0;
            while (value + length < end && value[length] != ';' && value[length] != ',')
                length++;
            found = (struct slice){value, length}; /* the last one counts, as in a browser */
        }
        at = memchr(at, ',', left);
        while (at && at < end && (*at == ',' || *at == ' '))
            at++;
    }
    return found;
}

bool session_part_set(const struct session_key *key, const struct session_part *part,
                      struct request_parser *parser, struct slice *value)
{
    *value = (struct slice){NULL, 0};
    if (!part->cookie)
        return true;
    if (part->set != LOG_NONE) {
        if (!request_value(parser, part->set, value))
            return false;
    } else if (key->set_header != LOG_NONE) {
        if (!request_value(parser, key->set_header, value))
            return false;
        *value = find_set_cookie(*value, part->name);
    }
    if (!value->length || slice_is(*value, "deleted"))
        value->at = NULL;
    return true;
}

static bool part_value(const struct session_part *part, struct request_parser *parser,
                       struct slice *value)
{
    if (!request_value(parser, part->variable, value))
        return false;
    if (part->in_header)
        *value = request_find_cookie(*value, part->name);
    else if (part->argument)
        *value = find_argument_value(*value, part->name);
    if (!value->length) /* an empty cookie names no session */
        value->at = NULL;
    return true;
}

/* set: takes the cookies that the answer set in place of those that were sent. */
bool session_choice_value(const struct session_key *key, const struct session_choice *choice,
                          struct request_parser *parser, bool set, struct buffer *out,
                          bool *present)
{
    size_t length = out->length;
    bool any_set = false;
    *present = false;
    for (size_t i = 0; i < choice->count; i++) {
        const struct session_part *part = &choice->parts[i];
        struct slice value = part->name;
        if (part->variable != LOG_NONE) {
            struct slice other = {NULL, 0};
            if (!part_value(part, parser, &value) ||
                (set && !session_part_set(key, part, parser, &other)))
                return false;
            if (other.at) {
                value = other;
                any_set = true;
            }
            *present |= value.at != NULL;
        }
        if (value.at)
            buffer_add(out, value.at, value.length);
    }
    if (set)
        *present = any_set;
    if (!*present)
        out->length = length;
    return true;
}

bool session_key_value(const struct session_key *key, struct request_parser *parser,
                       struct buffer *out, bool *present)
{
    *present = false;
    for (size_t i = 0; !*present && i < key->count; i++)
        if (!session_choice_value(key, &key->choices[i], parser, false, out, present))
            return false;
    return true;
}
