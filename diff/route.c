/* Routes (route.h). */
#include "route.h"

#include "date_text.h"
#include "secret.h"
#include "value_class.h"

#define PATTERN_MOST 1000 /* bytes */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* ---- from a path to its pattern ---- */

/* The name of what a part stands for, or NULL. */
static const char *variable_of(const char *part, size_t length)
{
    struct date_text date;
    size_t digits = 0;
    while (digits < length && is_digit(part[digits]))
        digits++;
    if (!length)
        return NULL;
    if (digits == length)
        return "{id}";
    if (date_text_read(part, length, DATE_ORDER_UNKNOWN, &date) == length)
        return "{date}";
    switch (value_class_of_text(NULL, part, length)) {
    case CLASS_UUID:
        return "{uuid}";
    case CLASS_HASH:
    case CLASS_TOKEN:
        return "{token}";
    default:
        /* 8812-a-title, as many blogs have it */
        return digits && part[digits] == '-' && digits + 1 < length && !is_digit(part[digits + 1])
                   ? "{id}"
                   : NULL;
    }
}

/* ";jsessionid=8f3a" as ";jsessionid={value}": what it names is no part of the page, and may be a
 * secret. */
static void add_parameters(struct buffer *out, const char *text, size_t length)
{
    for (size_t at = 0; at < length;) {
        const char *next = memchr(text + at + 1, ';', length - at - 1);
        size_t end = next ? (size_t)(next - text) : length;
        const char *equals = memchr(text + at, '=', end - at);
        size_t name = equals ? (size_t)(equals - text) + 1 : end;
        buffer_add(out, text + at, name - at);
        if (name < end)
            buffer_add_text(out, "{value}");
        at = end;
    }
}

void route_pattern(struct buffer *out, const char *path, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (path[i] == '?' || path[i] == '#')
            length = i;
    for (size_t at = 0; at <= length;) {
        const char *slash = memchr(path + at, '/', length - at);
        size_t end = slash ? (size_t)(slash - path) : length;
        const char *part = path + at;
        const char *parameters = end > at ? memchr(part, ';', end - at) : NULL;
        size_t size = parameters ? (size_t)(parameters - part) : end - at;
        size_t ending = secret_ending(part, size);
        bool secret = secret_in_path(path, length, at, size);
        const char *variable = secret ? "{token}" : variable_of(part, size);
        if (!variable && ending)
            variable = variable_of(part, size - ending);
        else if (!secret)
            ending = 0;
        if (variable) {
            buffer_add_text(out, variable);
            buffer_add(out, part + size - ending, ending);
        } else {
            buffer_add(out, part, size);
        }
        add_parameters(out, part + size, end - at - size);
        if (slash)
            buffer_add_byte(out, '/');
        at = end + 1;
    }
}

/* ---- does a path fit a pattern? ---- */

enum token_kind { TOKEN_BYTE, TOKEN_SOME, TOKEN_PART, TOKEN_ANY }; /* x {…} * ** */

struct token {
    enum token_kind kind;
    char byte;
};

/* The token at *at, which moves behind it. */
static struct token next_token(const char **at)
{
    struct token token = {TOKEN_BYTE, **at};
    const char *close = **at == '{' ? strchr(*at, '}') : NULL;
    if (close) {
        token.kind = TOKEN_SOME;
        *at = close;
    } else if (**at == '*') {
        token.kind = (*at)[1] == '*' ? TOKEN_ANY : TOKEN_PART;
        *at += token.kind == TOKEN_ANY;
    }
    (*at)++;
    return token;
}

static bool path_fits(const char *pattern, const char *path, size_t length)
{
    struct token tokens[PATTERN_MOST];
    /* reached[i]: the path so far fits the tokens before i. For {…}, entered[i]: and one byte more
     * at least of it. */
    bool reached[PATTERN_MOST + 1] = {true}, entered[PATTERN_MOST + 1] = {false};
    size_t count = 0;
    while (*pattern && count < PATTERN_MOST)
        tokens[count++] = next_token(&pattern);
    for (size_t i = 0; i < count && reached[i]; i++)
        reached[i + 1] = tokens[i].kind == TOKEN_PART || tokens[i].kind == TOKEN_ANY;
    for (size_t at = 0; at < length; at++) {
        bool before = false; /* reached[i] before this byte */
        bool slash = path[at] == '/';
        for (size_t i = 0; i <= count; i++) {
            bool was = reached[i], now = false;
            if (i > 0) {
                struct token token = tokens[i - 1];
                if (token.kind == TOKEN_BYTE) {
                    now = before && token.byte == path[at];
                } else if (token.kind == TOKEN_SOME) {
                    entered[i - 1] = !slash && (before || entered[i - 1]);
                    now = entered[i - 1];
                } else {
                    /* was: the wildcard may go on; reached[i - 1]: it may be empty here */
                    now = (was && (token.kind == TOKEN_ANY || !slash)) || reached[i - 1];
                    now = now || (before && (token.kind == TOKEN_ANY || !slash));
                }
            }
            before = was;
            reached[i] = now;
        }
    }
    return reached[count];
}

static bool method_fits(const char *methods, size_t length, const char *method)
{
    size_t size = strlen(method);
    for (size_t at = 0; at < length;) {
        const char *comma = memchr(methods + at, ',', length - at);
        size_t end = comma ? (size_t)(comma - methods) : length;
        if (end - at == size && memcmp(methods + at, method, size) == 0)
            return true;
        at = end + 1;
    }
    return false;
}

bool route_fits(const char *pattern, const char *method, const char *path)
{
    size_t methods = strcspn(pattern, " ");
    if (pattern[methods] == ' ') {
        if (!method || !method_fits(pattern, methods, method))
            return false;
        pattern += methods;
        pattern += strspn(pattern, " ");
    }
    return path && path_fits(pattern, path, strcspn(path, "?#"));
}

bool route_check(const char *pattern, size_t *offset, struct err *err)
{
    size_t methods = strcspn(pattern, " "), path = 0;
    *offset = 0;
    if (strlen(pattern) > PATTERN_MOST)
        return err_set(err, ERR_USAGE, "a route of over %d bytes", PATTERN_MOST);
    if (pattern[methods] == ' ') {
        for (size_t i = 0; i < methods; i++)
            if (!((pattern[i] >= 'A' && pattern[i] <= 'Z') || (pattern[i] == ',' && i))) {
                *offset = i;
                return err_set(err, ERR_USAGE,
                               "a method is written in capitals, before a blank and the path");
            }
        path = methods + strspn(pattern + methods, " ");
    }
    *offset = path;
    if (pattern[path] != '/' && strncmp(pattern + path, "**", 2) != 0)
        return err_set(err, ERR_USAGE, "the path of a route begins with / or **");
    for (size_t i = path; pattern[i]; i++) {
        *offset = i;
        if (pattern[i] == '?' || pattern[i] == '#' || pattern[i] == ' ')
            return err_set(err, ERR_USAGE, "a route has no query: it ends before %s",
                           pattern[i] == ' '   ? "a blank"
                           : pattern[i] == '?' ? "\"?\""
                                               : "\"#\"");
        const char *close = pattern[i] == '{' ? strpbrk(pattern + i + 1, "}/{") : pattern + i;
        if (!close || (pattern[i] == '{' && *close != '}'))
            return err_set(err, ERR_USAGE, "this { has no } before the next /");
        i = (size_t)(close - pattern);
    }
    return true;
}
