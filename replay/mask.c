#include "mask.h"

#include <ctype.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MOST_NAME 200

/* Anywhere in a name. */
static const char *const secret_parts[] = {
    "pass",    "pwd",     "secret", "token", "csrf",       "xsrf", "auth", "apikey",
    "api_key", "api-key", "sess",   "cvv",   "credential", "iban", "card", "private",
};
/* The whole name, or its last part in brackets. */
static const char *const secret_names[] = {"sid", "otp", "pin",       "cvc", "ssn", "code",
                                           "key", "sig", "signature", "jwt", "pw"};

static bool contains_fold(const char *text, size_t length, const char *word)
{
    size_t size = strlen(word);
    for (size_t i = 0; i + size <= length; i++)
        if ((text[i] | 0x20) == word[0] && strncasecmp(text + i, word, size) == 0)
            return true;
    return false;
}

static int hex_digit(unsigned char byte)
{
    return isdigit(byte) ? byte - '0' : isxdigit(byte) ? tolower(byte) - 'a' + 10 : -1;
}

bool mask_is_secret(struct slice name)
{
    char plain[MOST_NAME];
    size_t length = 0;
    if (name.length >= sizeof plain)
        return true;
    for (size_t i = 0; i < name.length; i++) {
        unsigned char byte = name.at[i];
        if (byte == '\\') /* an escape in a JSON name is somebody's disguise */
            return true;
        if (byte == '%' && name.length - i > 2 && hex_digit(name.at[i + 1]) >= 0 &&
            hex_digit(name.at[i + 2]) >= 0) {
            byte = (unsigned char)(hex_digit(name.at[i + 1]) * 16 + hex_digit(name.at[i + 2]));
            i += 2;
        }
        plain[length++] = (char)byte;
    }
    for (size_t i = 0; i < COUNT(secret_parts); i++)
        if (contains_fold(plain, length, secret_parts[i]))
            return true;
    if (length && plain[length - 1] == ']') { /* user[pin] */
        const char *bracket = memrchr(plain, '[', length);
        size_t from = bracket ? (size_t)(bracket - plain) + 1 : 0;
        memmove(plain, plain + from, length - from);
        length -= from + 1;
    }
    for (size_t i = 0; i < COUNT(secret_names); i++)
        if (strlen(secret_names[i]) == length && strncasecmp(plain, secret_names[i], length) == 0)
            return true;
    return false;
}

/* name=value&name=value */
static bool mask_pairs(struct buffer *out, const unsigned char *at, const unsigned char *end)
{
    bool masked = false;
    while (at < end) {
        size_t length = 0, name = SIZE_MAX;
        while (at + length < end && at[length] != '&' && at[length] != ';') {
            if (at[length] == '=' && name == SIZE_MAX)
                name = length;
            length++;
        }
        bool secret =
            name != SIZE_MAX && name + 1 < length && mask_is_secret((struct slice){at, name});
        if (secret) {
            buffer_add(out, at, name + 1);
            buffer_add_text(out, "***");
            masked = true;
        } else {
            buffer_add(out, at, length);
        }
        at += length;
        if (at < end)
            buffer_add_byte(out, *at++);
    }
    return masked;
}

bool mask_target(struct buffer *out, struct slice target)
{
    if (!target.at)
        return false;
    const unsigned char *at = target.at, *end = target.at + target.length;
    bool masked = false;
    const unsigned char *host = memmem(at, target.length, "://", 3);
    const unsigned char *user = host ? memchr(host + 3, '@', (size_t)(end - host - 3)) : NULL;
    if (user) { /* http://user:password@host/: generously, whatever stands before an @ */
        buffer_add(out, at, (size_t)(host + 3 - at));
        buffer_add_text(out, "***");
        at = user;
        masked = true;
    }
    /* ;jsessionid=… stands in the path. */
    size_t path = 0;
    while (at + path < end && at[path] != '?' && at[path] != ';')
        path++;
    buffer_add(out, at, path);
    at += path;
    if (at < end) {
        const unsigned char *query = memchr(at, '?', (size_t)(end - at));
        buffer_add_byte(out, *at++);
        if (query && query > at) {
            masked |= mask_pairs(out, at, query);
            buffer_add_byte(out, '?');
            at = query + 1;
        }
        masked |= mask_pairs(out, at, end);
    }
    return masked;
}

/* --- JSON
 * ---------------------------------------------------------------------------------------------- */

static const unsigned char *skip_blanks(const unsigned char *at, const unsigned char *end)
{
    while (at < end && isspace(*at))
        at++;
    return at;
}

/* Behind the string that begins at `at`; NULL: it does not end. */
static const unsigned char *skip_string(const unsigned char *at, const unsigned char *end)
{
    for (at++; at < end && *at != '"'; at++)
        if (*at == '\\')
            at++;
    return at < end ? at + 1 : NULL;
}

/* Behind the value that begins at `at`: a string, an object or array with all that is in it, or a
 * word. NULL: it does not end. */
static const unsigned char *skip_value(const unsigned char *at, const unsigned char *end)
{
    size_t depth = 0;
    while (at && at < end) {
        if (*at == '"') {
            at = skip_string(at, end);
        } else if (*at == '{' || *at == '[') {
            depth++;
            at++;
        } else if (*at == '}' || *at == ']') {
            if (!depth)
                return at;
            depth--;
            at++;
        } else if (!depth && (*at == ',' || isspace(*at))) {
            return at;
        } else {
            at++;
            if (depth || (at < end && !strchr(",}] \t\r\n", *at)))
                continue;
        }
        if (!depth)
            return at;
    }
    return depth ? NULL : at;
}

/* False: this is no JSON. */
static bool mask_json(struct buffer *out, struct slice body, bool *masked)
{
    const unsigned char *at = body.at, *end = body.at + body.length;
    while (at < end) {
        if (*at != '"') {
            buffer_add_byte(out, *at++);
            continue;
        }
        const unsigned char *next = skip_string(at, end);
        if (!next)
            return false;
        struct slice name = {at + 1, (size_t)(next - at) - 2};
        const unsigned char *colon = skip_blanks(next, end);
        buffer_add(out, at, (size_t)(next - at));
        at = next;
        if (colon == end || *colon != ':' || !mask_is_secret(name))
            continue;
        const unsigned char *value = skip_blanks(colon + 1, end);
        const unsigned char *behind = value < end ? skip_value(value, end) : NULL;
        if (!behind)
            return false;
        buffer_add(out, at, (size_t)(value - at));
        buffer_add_text(out, "\"***\"");
        *masked = true;
        at = behind;
    }
    return true;
}

/* --- multipart
 * ----------------------------------------------------------------------------------------- */

/* The name in a part's head: name="…", and not filename="…". */
static struct slice part_name(const unsigned char *at, size_t length)
{
    static const char key[] = "name=";
    for (size_t i = 1; i + sizeof key <= length; i++) {
        if (strncasecmp((const char *)at + i, key, sizeof key - 1) != 0 || isalnum(at[i - 1]))
            continue;
        const unsigned char *start = at + i + sizeof key - 1;
        size_t left = length - i - (sizeof key - 1);
        bool quoted = left && *start == '"';
        start += quoted;
        left -= quoted;
        size_t size = 0;
        while (size < left && !strchr(quoted ? "\"\r\n" : "; \r\n", start[size]))
            size++;
        return (struct slice){start, size};
    }
    return (struct slice){NULL, 0};
}

/* False: this is no multipart form. */
static bool mask_multipart(struct buffer *out, struct slice body, bool *masked)
{
    const unsigned char *at = body.at, *end = body.at + body.length;
    const unsigned char *line = memmem(at, body.length, "\r\n", 2);
    if (!line || line - at < 4 || line - at > 80)
        return false;
    struct slice boundary = {at, (size_t)(line - at)};
    while (at < end) {
        const unsigned char *head = at + boundary.length;
        const unsigned char *content = memmem(head, (size_t)(end - head), "\r\n\r\n", 4);
        if (!content) { /* the closing boundary */
            buffer_add(out, at, (size_t)(end - at));
            return (size_t)(end - head) < 8;
        }
        content += 4;
        const unsigned char *next =
            memmem(content, (size_t)(end - content), boundary.at, boundary.length);
        if (!next || next - content < 2)
            return false;
        struct slice name = part_name(head, (size_t)(content - head));
        buffer_add(out, at, (size_t)(content - at));
        if (!name.at || mask_is_secret(name)) {
            buffer_add_text(out, "***\r\n");
            *masked = true;
        } else {
            buffer_add(out, content, (size_t)(next - content));
        }
        at = next;
    }
    return true;
}

/* --- bodies
 * -------------------------------------------------------------------------------------------- */

/* Bytes that a urlencoded form may hold; browsers encode the rest. */
static bool is_form(struct slice body)
{
    for (size_t i = 0; i < body.length; i++)
        if (body.at[i] <= ' ' || body.at[i] == 0x7f || strchr("\"<>{}", body.at[i]))
            return false;
    return body.length && memchr(body.at, '=', body.length);
}

enum mask_result mask_body(struct buffer *out, struct slice body)
{
    size_t length = out->length;
    bool masked = false, known = false;
    const unsigned char *first = body.at ? skip_blanks(body.at, body.at + body.length) : NULL;
    bool any = first && first < body.at + body.length;
    if (is_form(body)) {
        masked = mask_pairs(out, body.at, body.at + body.length);
        known = true;
    } else if (any && (*first == '{' || *first == '[')) {
        known = mask_json(out, body, &masked);
    } else if (body.length > 4 && memcmp(body.at, "--", 2) == 0) {
        known = mask_multipart(out, body, &masked);
    }
    if (known)
        return masked ? MASK_MASKED : MASK_CLEAN;
    out->length = length;
    for (size_t i = 0; i < COUNT(secret_parts); i++)
        if (contains_fold((const char *)body.at, body.length, secret_parts[i]))
            return MASK_WITHHELD;
    buffer_add(out, body.at, body.length);
    return MASK_CLEAN;
}
