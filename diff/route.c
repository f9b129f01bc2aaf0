/* Routes (route.h). */
#include "route.h"

#include "base/percent.h"
#include "date_text.h"
#include "secret.h"
#include "value_class.h"

#define PATTERN_MOST 1000 /* bytes */
#define VALUE_MOST 100    /* bytes of a value that chooses a page */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* ---- fields of a query ---- */

/* What stands between '?' and '#' of a target, from its beginning to its end. */
struct query {
    const char *at, *end;
};

/* As they stand, not decoded. */
struct query_field {
    const char *name, *value;
    size_t name_length, value_length;
};

/* rest: of a target, from the '?' on, or what ends it without one. */
static struct query query_of(const char *rest, size_t length)
{
    const char *end = length ? memchr(rest, '#', length) : NULL;
    end = end ? end : rest + length;
    return (struct query){rest < end && *rest == '?' ? rest + 1 : end, end};
}

static bool query_next(struct query *query, struct query_field *field)
{
    if (query->at == query->end)
        return false;
    size_t length = (size_t)(query->end - query->at);
    const char *ends = memchr(query->at, '&', length);
    size_t size = ends ? (size_t)(ends - query->at) : length;
    const char *equals = memchr(query->at, '=', size);
    *field = (struct query_field){.name = query->at, .value = query->at + size};
    field->name_length = equals ? (size_t)(equals - query->at) : size;
    if (equals) {
        field->value = equals + 1;
        field->value_length = size - field->name_length - 1;
    }
    query->at += size + (ends != NULL);
    return true;
}

/* The byte at *at as an application reads it; *at moves behind. */
static unsigned char next_byte(const char *text, size_t length, size_t *at)
{
    bool blank = text[*at] == '+';
    unsigned char byte = percent_next(text, length, at);
    return blank ? ' ' : byte;
}

static void add_decoded(struct buffer *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length;)
        buffer_add_byte(out, next_byte(text, length, &i));
}

static bool is_named(const struct query_field *field, const char *name, size_t length)
{
    size_t i = 0, same = 0;
    while (i < field->name_length && same < length &&
           next_byte(field->name, field->name_length, &i) == (unsigned char)name[same])
        same++;
    return i == field->name_length && same == length;
}

/* ---- from a target to its pattern ---- */

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

static void add_path(struct buffer *out, const char *path, size_t length)
{
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

/* A value of the query, decoded, part by part as a path: the same words and ids stand in it. */
static void add_value(struct buffer *out, const char *value, size_t length)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "-_.:,~/\\";
    bool words = length <= VALUE_MOST;
    for (size_t i = 0; i < length && words; i++)
        words = value[i] && strchr(plain, value[i]);
    if (words)
        add_path(out, value, length);
    else
        buffer_add_text(out, "{value}");
}

void route_pattern(struct buffer *out, const char *target, size_t length, const char *const *names,
                   size_t name_count)
{
    size_t path = 0;
    while (path < length && target[path] != '?' && target[path] != '#')
        path++;
    add_path(out, target, path);
    char mark = '?';
    for (size_t i = 0; i < name_count; i++) {
        struct query query = query_of(target + path, length - path);
        struct query_field field;
        bool found = false;
        while (!found && query_next(&query, &field))
            found = is_named(&field, names[i], strlen(names[i]));
        if (!found)
            continue;
        struct buffer value = BUFFER_INIT(BUFFER_NO_LIMIT);
        add_decoded(&value, field.value, field.value_length);
        buffer_add_byte(out, (unsigned char)mark);
        buffer_add_text(out, names[i]);
        buffer_add_byte(out, '=');
        add_value(out, (const char *)value.data, value.length);
        buffer_free(&value);
        mark = '&';
    }
}

/* ---- does a target fit a pattern? ---- */

enum token_kind { TOKEN_BYTE, TOKEN_SOME, TOKEN_PART, TOKEN_ANY }; /* x {…} * ** */

struct token {
    enum token_kind kind;
    char byte;
};

/* The token at *at, which moves behind it. */
static struct token next_token(const char **at, const char *end)
{
    struct token token = {TOKEN_BYTE, **at};
    const char *close = **at == '{' ? memchr(*at, '}', (size_t)(end - *at)) : NULL;
    if (close) {
        token.kind = TOKEN_SOME;
        *at = close;
    } else if (**at == '*') {
        token.kind = *at + 1 < end && (*at)[1] == '*' ? TOKEN_ANY : TOKEN_PART;
        *at += token.kind == TOKEN_ANY;
    }
    (*at)++;
    return token;
}

/* Of a path, or of a value, in which '/' is a byte like others. */
static bool text_fits(const char *pattern, const char *pattern_end, const char *path, size_t length,
                      bool is_path)
{
    struct token tokens[PATTERN_MOST];
    /* reached[i]: the path so far fits the tokens before i. For {…}, entered[i]: and one byte more
     * at least of it. */
    bool reached[PATTERN_MOST + 1] = {true}, entered[PATTERN_MOST + 1] = {false};
    size_t count = 0;
    while (pattern < pattern_end && count < PATTERN_MOST)
        tokens[count++] = next_token(&pattern, pattern_end);
    for (size_t i = 0; i < count && reached[i]; i++)
        reached[i + 1] = tokens[i].kind == TOKEN_PART || tokens[i].kind == TOKEN_ANY;
    for (size_t at = 0; at < length; at++) {
        bool before = false; /* reached[i] before this byte */
        bool slash = is_path && path[at] == '/';
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

/* Is there a field that fits the pattern's? */
static bool has_field(const char *target, size_t length, const struct query_field *wanted)
{
    struct query query = query_of(target, length);
    struct query_field field;
    bool found = false;
    while (!found && query_next(&query, &field)) {
        if (!is_named(&field, wanted->name, wanted->name_length))
            continue;
        struct buffer value = BUFFER_INIT(BUFFER_NO_LIMIT);
        add_decoded(&value, field.value, field.value_length);
        found = text_fits(wanted->value, wanted->value + wanted->value_length,
                          (const char *)value.data, value.length, false);
        buffer_free(&value);
    }
    return found;
}

static bool query_fits(const char *pattern, const char *rest)
{
    size_t length = strlen(rest);
    struct query query = query_of(pattern, strlen(pattern));
    struct query_field wanted;
    while (query_next(&query, &wanted))
        if (!has_field(rest, length, &wanted))
            return false;
    return true;
}

bool route_fits(const char *pattern, const char *method, const char *target)
{
    size_t methods = strcspn(pattern, " ");
    if (pattern[methods] == ' ') {
        if (!method || !method_fits(pattern, methods, method))
            return false;
        pattern += methods;
        pattern += strspn(pattern, " ");
    }
    if (!target)
        return false;
    size_t asked = strcspn(pattern, "?"), path = strcspn(target, "?#");
    return text_fits(pattern, pattern + asked, target, path, true) &&
           query_fits(pattern + asked, target + path);
}

/* Where a { of the pattern has no } before `stops`, or NULL. */
static const char *open_brace(const char *pattern, size_t length, char stops)
{
    for (size_t i = 0; i < length; i++) {
        if (pattern[i] != '{')
            continue;
        const char *brace = pattern + i;
        for (i++; i < length && pattern[i] != '}'; i++)
            if (pattern[i] == '{' || pattern[i] == stops)
                return brace;
        if (i == length)
            return brace;
    }
    return NULL;
}

/* The fields behind a pattern's '?'. */
static bool check_query(const char *pattern, size_t at, size_t *offset, struct err *err)
{
    struct query query = query_of(pattern + at, strlen(pattern + at));
    struct query_field field = {0};
    bool any = false;
    for (; query_next(&query, &field); any = true) {
        *offset = (size_t)(field.name - pattern);
        if (!field.name_length)
            return err_set(err, ERR_USAGE, "a field of the query has a name: NAME=VALUE");
        const char *wrong = open_brace(field.value, field.value_length, '&');
        size_t size = (size_t)(field.value + field.value_length - field.name);
        for (size_t i = 0; i < size && !wrong; i++)
            if (field.name[i] == '+' || percent_byte(field.name + i, size - i) >= 0)
                wrong = field.name + i;
        if (!wrong)
            continue;
        *offset = (size_t)(wrong - pattern);
        return err_set(err, ERR_USAGE,
                       *wrong == '{' ? "this { has no } before the next &"
                                     : "what a query holds is compared decoded: write the byte "
                                       "that this stands for, or *");
    }
    *offset = at;
    return any || err_set(err, ERR_USAGE, "a route's query has a field behind \"?\"");
}

bool route_check(const char *pattern, size_t *offset, struct err *err)
{
    size_t methods = strcspn(pattern, " "), path = 0;
    *offset = 0;
    if (strlen(pattern) > PATTERN_MOST)
        return err_set(err, ERR_USAGE, "a route of over %d bytes", PATTERN_MOST);
    if (pattern[methods] == ' ' && methods < strcspn(pattern, "?")) {
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
    const char *wrong = strpbrk(pattern + path, "# ");
    if (wrong) {
        *offset = (size_t)(wrong - pattern);
        return err_set(err, ERR_USAGE, "a route ends before %s",
                       *wrong == ' ' ? "a blank" : "\"#\"");
    }
    size_t length = strcspn(pattern + path, "?");
    wrong = open_brace(pattern + path, length, '/');
    if (wrong) {
        *offset = (size_t)(wrong - pattern);
        return err_set(err, ERR_USAGE, "this { has no } before the next /");
    }
    return !pattern[path + length] || check_query(pattern, path + length, offset, err);
}

bool route_name_check(const char *name, struct err *err)
{
    size_t length = strlen(name);
    if (!length || length > VALUE_MOST)
        return err_set(err, ERR_USAGE, "a field's name has 1 to %d bytes", VALUE_MOST);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] <= ' ' || name[i] == 0x7f || strchr("&=#?%+", name[i]))
            return err_set(err, ERR_USAGE, "'%.100s' cannot be a field's name as it is decoded",
                           name);
    return true;
}
