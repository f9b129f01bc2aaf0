#include "mask.h"

#include "../diff/base/percent.h"
#include "../diff/secret.h"

#include <ctype.h>
#include <stdlib.h>

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

bool mask_is_secret(struct slice name)
{
    char plain[MOST_NAME];
    size_t length = 0;
    if (name.length >= sizeof plain)
        return true;
    for (size_t i = 0; i < name.length;) {
        if (name.at[i] == '\\') /* an escape in a JSON name is somebody's disguise */
            return true;
        plain[length++] = (char)percent_next(name.at, name.length, &i);
    }
    if (secret_is_also(plain, length))
        return true;
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

/* ---- targets ---- */

#define NESTED_MOST 2          /* links in the query of links */
#define VALUE_MOST (16U << 10) /* bytes of a value in which a link is looked for */

struct walk {
    void (*take)(void *context, const struct mask_secret *secret);
    void *context;
    unsigned depth;
};

static bool is_marked(struct slice value)
{
    return value.length >= 3 && memcmp(value.at, "***", 3) == 0;
}

static void note(void *context, const struct mask_secret *secret)
{
    (void)secret;
    *(bool *)context = true;
}

static void walk_target(const struct walk *walk, struct slice target);

/* next=%2Freset%2F3f9a81c2 */
static bool holds_link(const struct walk *walk, struct slice value)
{
    bool found = false;
    struct buffer text = BUFFER_INIT(VALUE_MOST);
    if (walk->depth == NESTED_MOST || value.length > VALUE_MOST ||
        !(memchr(value.at, '/', value.length) || memmem(value.at, value.length, "%2", 2)))
        return false;
    for (size_t i = 0; i < value.length;)
        buffer_add_byte(&text, percent_next(value.at, value.length, &i));
    const struct walk inner = {note, &found, walk->depth + 1};
    if (memchr(text.data, '/', text.length))
        walk_target(&inner, (struct slice){text.data, text.length});
    buffer_free(&text);
    return found;
}

static bool is_secret_pair(const struct walk *walk, struct slice name, struct slice value)
{
    return value.length && !is_marked(value) &&
           (mask_is_secret(name) || secret_looks((const char *)value.at, value.length) ||
            holds_link(walk, value));
}

/* name=value&name=value; the names' pairs end at one of `ends`. */
static void walk_pairs(const struct walk *walk, struct slice text, const char *ends,
                       unsigned segment)
{
    for (size_t at = 0; at < text.length;) {
        size_t end = at;
        while (end < text.length && !(text.at[end] && strchr(ends, text.at[end])))
            end++;
        const unsigned char *equals = memchr(text.at + at, '=', end - at);
        if (equals) {
            struct mask_secret secret = {
                .name = {text.at + at, (size_t)(equals - text.at) - at},
                .value = {equals + 1, (size_t)(text.at + end - equals) - 1},
                .segment = segment};
            if (is_secret_pair(walk, secret.name, secret.value))
                walk->take(walk->context, &secret);
        }
        at = end + 1;
    }
}

/* A segment that was masked, as a whole or behind its name ("/sid=***"): what it shows was looked
 * at together with what it hides, and is not judged again without it. */
static bool was_masked(struct slice part)
{
    const unsigned char *equals = memchr(part.at, '=', part.length);
    size_t name = equals ? (size_t)(equals - part.at) + 1 : 0;
    return is_marked((struct slice){part.at + name, part.length - name});
}

/* Segments, with their parameters: /rooms;jsessionid=8F3A/reset/3f9a81c2.html */
static void walk_path(const struct walk *walk, struct slice path)
{
    const char *text = (const char *)path.at;
    unsigned segment = 0;
    for (size_t at = 0; at <= path.length; at++) {
        size_t end = at, size;
        while (end < path.length && text[end] != '/')
            end++;
        for (size = 0; at + size < end && text[at + size] != ';';)
            size++;
        struct slice part = {path.at + at, size}, rest = {part.at + size, end - at - size};
        segment += at > 0;
        if (size && !was_masked(part) && secret_in_path(text, path.length, at, size)) {
            part.length -= secret_ending(text + at, size);
            walk->take(walk->context, &(struct mask_secret){.value = part, .segment = segment});
        } else {
            walk_pairs(walk, part, ";", segment); /* /sid=8F3A/ */
        }
        walk_pairs(walk, rest, ";", segment);
        at = end;
    }
}

/* Behind "http://user:password@host"; what stands before the @ is secret. */
static size_t walk_origin(const struct walk *walk, struct slice target)
{
    const unsigned char *marks = memmem(target.at, target.length, "://", 3);
    size_t colon = marks ? (size_t)(marks - target.at) : 0;
    for (size_t i = 0; i < colon; i++)
        if (!isalnum(target.at[i]) && !strchr("+-.", target.at[i]))
            return 0;
    if (!colon)
        return 0;
    size_t at = colon + 3, from = at, user = 0;
    for (; at < target.length && !strchr("/?#", target.at[at]); at++)
        if (target.at[at] == '@')
            user = at;
    if (user)
        walk->take(walk->context, &(struct mask_secret){.name = {target.at + from, 0},
                                                        .value = {target.at + from, user - from}});
    return at;
}

static void walk_target(const struct walk *walk, struct slice target)
{
    size_t from = walk_origin(walk, target), end = from;
    while (end < target.length && target.at[end] != '?' && target.at[end] != '#')
        end++;
    walk_path(walk, (struct slice){target.at + from, end - from});
    if (end < target.length)
        walk_pairs(walk, (struct slice){target.at + end + 1, target.length - end - 1}, "&;#?", 0);
}

void mask_each(struct slice target, void (*take)(void *context, const struct mask_secret *secret),
               void *context)
{
    if (target.at)
        walk_target(&(struct walk){take, context, 0}, target);
}

#define SEGMENTS 64 /* bits */

static void note_segment(void *context, const struct mask_secret *secret)
{
    uint64_t *segments = context;
    if (!secret->name.length && secret->segment < SEGMENTS)
        *segments |= UINT64_C(1) << secret->segment;
}

uint64_t mask_segments(struct slice target)
{
    uint64_t segments = 0;
    mask_each(target, note_segment, &segments);
    return segments;
}

bool mask_is_segment(uint64_t segments, const char *where)
{
    unsigned long segment =
        strncmp(where, "path ", 5) == 0 ? strtoul(where + 5, NULL, 10) : SEGMENTS;
    return segment < SEGMENTS && segments >> segment & 1;
}

struct masking {
    struct buffer *out;
    const unsigned char *done; /* up to here it is appended */
    mask_mark *mark;
    void *context;
    bool masked;
};

static void mask_one(void *context, const struct mask_secret *secret)
{
    struct masking *masking = context;
    buffer_add(masking->out, masking->done, (size_t)(secret->value.at - masking->done));
    if (masking->mark)
        masking->mark(masking->context, masking->out, secret->value);
    else
        buffer_add_text(masking->out, "***");
    masking->done = secret->value.at + secret->value.length;
    masking->masked = true;
}

bool mask_target_marked(struct buffer *out, struct slice target, mask_mark *mark, void *context)
{
    struct masking masking = {out, target.at, mark, context, false};
    mask_each(target, mask_one, &masking);
    if (target.at)
        buffer_add(out, masking.done, (size_t)(target.at + target.length - masking.done));
    return masking.masked;
}

bool mask_target(struct buffer *out, struct slice target)
{
    return mask_target_marked(out, target, NULL, NULL);
}

/* name=value&name=value */
static bool mask_pairs(struct buffer *out, struct slice form)
{
    struct masking masking = {.out = out, .done = form.at};
    walk_pairs(&(struct walk){mask_one, &masking, 0}, form, "&;", 0);
    buffer_add(out, masking.done, (size_t)(form.at + form.length - masking.done));
    return masking.masked;
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
        if (secret_looks((const char *)name.at, name.length)) {
            buffer_add_text(out, "\"***\"");
            *masked = true;
            at = next;
            continue;
        }
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
        const char *text = (const char *)content;
        if (!name.at || mask_is_secret(name) ||
            secret_looks(text, (size_t)(next - content) - 2)) { /* a line break ends it */
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
        masked = mask_pairs(out, body);
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
