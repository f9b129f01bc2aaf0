/*
 * JSON into the neutral tree. Input: UTF-8. Output: a tree, or where it is not JSON. Numbers are
 * put into their normal form by json_canon.c, the one place that knows it.
 */
#include "json_tree.h"

#include "base/utf8.h"
#include "json_canon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct json_reader {
    struct tree *tree;
    const char *start, *end;
    struct buffer scratch;
    uint32_t *members; /* of the object that ends, to be sorted */
    size_t member_room;
    size_t duplicates;
    const char *wrong; /* what was expected where it is not JSON */
};

/* NULL, so that a reader can `return refuse(…)`; the first reason counts. */
static const char *refuse(struct json_reader *json, const char *at, const char *expected,
                          char reason[JSON_REASON_SIZE])
{
    if (json->wrong)
        return NULL;
    json->wrong = expected;
    snprintf(reason, JSON_REASON_SIZE, "it is not JSON: expected %s at byte %zu", expected,
             (size_t)(at - json->start));
    return NULL;
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r'))
        at++;
    return at;
}

/* --- strings --- */

static bool read_hex(const char *at, const char *end, uint32_t *code)
{
    if (end - at < 4)
        return false;
    *code = 0;
    for (int i = 0; i < 4; i++) {
        char byte = at[i];
        unsigned letter = (unsigned)((byte | 0x20) - 'a');
        if (byte >= '0' && byte <= '9')
            *code = *code << 4 | (uint32_t)(byte - '0');
        else if (letter < 6)
            *code = *code << 4 | (letter + 10);
        else
            return false;
    }
    return true;
}

/* Behind "\u". A surrogate alone is written as the three bytes that it would be in UTF-8, which no
 * valid text holds. */
static const char *add_unicode(struct buffer *out, const char *at, const char *end)
{
    uint32_t code, low;
    unsigned char bytes[4];
    if (!read_hex(at, end, &code))
        return NULL;
    at += 4;
    bool high = code >= 0xd800 && code < 0xdc00;
    if (high && end - at >= 6 && at[0] == '\\' && at[1] == 'u' && read_hex(at + 2, end, &low) &&
        low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        at += 6;
    }
    buffer_add(out, bytes, utf8_write(code, bytes));
    return at;
}

static const char *add_escape(struct buffer *out, const char *at, const char *end)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (at == end)
        return NULL;
    if (*at == 'u')
        return add_unicode(out, at + 1, end);
    const char *letter = *at ? strchr(letters, *at) : NULL;
    if (!letter)
        return NULL;
    buffer_add_byte(out, (unsigned char)meanings[letter - letters]);
    return at + 1;
}

/* Behind the quote. The text is borrowed where it has no escapes, else it is in scratch. */
static const char *read_string(struct json_reader *json, const char *at, struct tree_text *text,
                               bool *copied, char *reason)
{
    const char *piece = at;
    *copied = false;
    for (; at < json->end && *at != '"';) {
        if ((unsigned char)*at < 0x20)
            return refuse(json, at, "no control character", reason);
        if (*at != '\\') {
            at++;
            continue;
        }
        if (!*copied)
            buffer_clear(&json->scratch);
        *copied = true;
        buffer_add(&json->scratch, piece, (size_t)(at - piece));
        const char *behind = add_escape(&json->scratch, at + 1, json->end);
        if (!behind)
            return refuse(json, at, "an escape", reason);
        piece = at = behind;
    }
    if (at == json->end)
        return refuse(json, at, "a quote", reason);
    *text = (struct tree_text){piece, (size_t)(at - piece)};
    if (*copied) {
        buffer_add(&json->scratch, piece, (size_t)(at - piece));
        *text = (struct tree_text){(char *)json->scratch.data, json->scratch.length};
    }
    return at + 1;
}

static struct tree_text keep(struct json_reader *json, struct tree_text text)
{
    text.at = arena_copy_bytes(&json->tree->arena, text.at, text.length);
    return text;
}

/* --- scalars --- */

static bool is_number_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte && strchr("+-.eE", byte));
}

/* Digits that are their own normal form: a whole number, not 0 with a sign. */
static bool is_plain(const char *at, size_t length)
{
    enum { PLAIN_DIGITS = 18 };
    size_t sign = *at == '-';
    if (length == sign || length > PLAIN_DIGITS || (at[sign] == '0' && length > 1))
        return false;
    for (size_t i = sign; i < length; i++)
        if (at[i] < '0' || at[i] > '9')
            return false;
    return true;
}

static const char *read_number(struct json_reader *json, const char *at, char *reason)
{
    const char *behind = at;
    while (behind < json->end && is_number_byte(*behind))
        behind++;
    struct tree_text spelt = {at, (size_t)(behind - at)};
    if (!spelt.length)
        return refuse(json, at, "a value", reason);
    if (is_plain(at, spelt.length)) {
        tree_leaf(json->tree, TREE_NUMBER, spelt);
        return behind;
    }
    buffer_clear(&json->scratch);
    if (!json_canon(&json->scratch, at, spelt.length))
        return refuse(json, at, "a number", reason);
    struct tree_text normal = {(char *)json->scratch.data, json->scratch.length};
    uint32_t node = tree_leaf(json->tree, TREE_NUMBER, keep(json, normal));
    struct tree_text *original = arena_alloc(&json->tree->arena, sizeof *original);
    *original = spelt;
    json->tree->nodes[node].original = original;
    return behind;
}

static const char *read_literal(struct json_reader *json, const char *at, char *reason)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i]);
        if ((size_t)(json->end - at) >= length && memcmp(at, words[i], length) == 0) {
            tree_leaf(json->tree, TREE_LITERAL, (struct tree_text){at, length});
            return at + length;
        }
    }
    return refuse(json, at, "a value", reason);
}

/* --- objects and arrays --- */

static int order_names(const char *one, const char *other)
{
    size_t length = tree_name_length(one), more = tree_name_length(other);
    int order = memcmp(one, other, length < more ? length : more);
    return order ? order : (length > more) - (length < more);
}

static int order_members(const void *one, const void *other, void *context)
{
    const struct tree *tree = context;
    uint32_t first = *(const uint32_t *)one, second = *(const uint32_t *)other;
    int order = order_names(tree->nodes[first].name, tree->nodes[second].name);
    return order ? order : (first > second) - (first < second);
}

/* Links the members of an object in the order of their keys, and those of one key in theirs: which
 * of them counts is every reader's own choice (RFC 8259, 4), so all are compared. */
static void order_object(struct json_reader *json, uint32_t object)
{
    struct tree *tree = json->tree;
    size_t count = 0;
    bool ascending = true;
    uint32_t before = TREE_NONE;
    for (uint32_t i = tree->nodes[object].first; i != TREE_NONE; i = tree->nodes[i].next) {
        if (count == json->member_room) {
            json->member_room = json->member_room ? 2 * json->member_room : 64;
            json->members = mem_resize(json->members, json->member_room, sizeof *json->members);
        }
        json->members[count++] = i;
        ascending = ascending && (before == TREE_NONE ||
                                  order_names(tree->nodes[before].name, tree->nodes[i].name) < 0);
        before = i;
    }
    if (ascending)
        return;
    qsort_r(json->members, count, sizeof *json->members, order_members, tree);
    tree->nodes[object].first = json->members[0];
    for (size_t i = 0; i < count; i++) {
        struct tree_node *member = &tree->nodes[json->members[i]];
        member->next = i + 1 < count ? json->members[i + 1] : TREE_NONE;
        json->duplicates += i + 1 < count && tree->nodes[member->next].name == member->name;
    }
}

static const char *read_value(struct json_reader *json, const char *at, int depth, char *reason);

static const char *read_member(struct json_reader *json, const char *at, int depth, char *reason)
{
    struct tree_text key;
    bool copied;
    if (at == json->end || *at != '"')
        return refuse(json, at, "a key", reason);
    at = read_string(json, at + 1, &key, &copied, reason);
    if (!at)
        return NULL;
    at = skip_space(at, json->end);
    if (at == json->end || *at != ':')
        return refuse(json, at, "a colon", reason);
    tree_open(json->tree, TREE_MEMBER, tree_intern(json->tree->names, key.at, key.length));
    at = read_value(json, at + 1, depth, reason);
    tree_close(json->tree);
    return at;
}

static const char *read_container(struct json_reader *json, const char *at, int depth, char *reason)
{
    const bool object = *at == '{';
    const char closing = object ? '}' : ']';
    uint32_t node = tree_open(json->tree, object ? TREE_OBJECT : TREE_ARRAY, NULL);
    at = skip_space(at + 1, json->end);
    if (at < json->end && *at == closing) {
        tree_close(json->tree);
        return at + 1;
    }
    for (;;) {
        at = skip_space(at, json->end);
        at = object ? read_member(json, at, depth, reason) : read_value(json, at, depth, reason);
        if (!at)
            return NULL;
        at = skip_space(at, json->end);
        if (at == json->end || (*at != ',' && *at != closing))
            return refuse(json, at, object ? "a comma or }" : "a comma or ]", reason);
        if (*at++ == closing)
            break;
    }
    tree_close(json->tree);
    if (object)
        order_object(json, node);
    return at;
}

static const char *read_value(struct json_reader *json, const char *at, int depth, char *reason)
{
    struct tree_text text;
    bool copied;
    at = skip_space(at, json->end);
    if (at == json->end)
        return refuse(json, at, "a value", reason);
    switch (*at) {
    case '{':
    case '[':
        return depth < JSON_CANON_DEPTH ? read_container(json, at, depth + 1, reason)
                                        : refuse(json, at, "less nesting", reason);
    case '"':
        at = read_string(json, at + 1, &text, &copied, reason);
        if (at)
            tree_leaf(json->tree, TREE_STRING, copied ? keep(json, text) : text);
        return at;
    case 't':
    case 'f':
    case 'n':
        return read_literal(json, at, reason);
    default:
        return read_number(json, at, reason);
    }
}

bool json_tree(struct tree *tree, struct tree_names *names, struct buffer *text, size_t *duplicates,
               char reason[JSON_REASON_SIZE])
{
    tree_init(tree, names);
    tree->bytes = *text;
    buffer_init(text, text->maximum);
    reason[0] = '\0';
    const char *start = (const char *)tree->bytes.data;
    struct json_reader json = {
        .tree = tree,
        .start = start,
        .end = start + tree->bytes.length,
        .scratch = BUFFER_INIT(BUFFER_NO_LIMIT),
    };
    const char *at = read_value(&json, start, 0, reason);
    if (at) {
        at = skip_space(at, json.end);
        if (at != json.end)
            refuse(&json, at, "the end", reason);
    }
    *duplicates = json.duplicates;
    tree_finish(tree);
    buffer_free(&json.scratch);
    free(json.members);
    return !json.wrong;
}
