/*
 * Canonical JSON text. Input: a text. Output: the same value's one spelling (json_canon.h).
 *
 * Two passes, both linear but for the sorting of keys. The first checks the text and appends
 * everything in its canonical spelling, with members where they were; it notes each object whose
 * members are not yet ascending. The second, only when there is such an object, copies the result
 * with the members in order. So a byte is copied twice at most, however deep the objects are
 * nested.
 */
#include "json_canon.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    PLAIN_POWER = 20,     /* numbers with more zeros than this at either end get an exponent */
    EXPONENT_DIGITS = 18, /* exponents of so many digits are an int64, longer ones stay text */
    WORD = 8,             /* plain text is looked at so many bytes at a time */
};

/* A member of an object that is being read: offsets into the output. */
struct member {
    size_t start, key_end, end; /* "key":value is [start, end) and its key [start, key_end) */
    size_t next_object;         /* the first object that may lie inside */
    bool escaped;               /* the key's canonical text has escapes */
};

/* A member of an object that has to be put in order, in that order. */
struct ordered {
    size_t start, end, next_object;
};

/* An object of the output, in the order in which they open. */
struct object {
    size_t start, end;   /* from '{' to behind '}' */
    size_t next;         /* the first object that opens behind it */
    size_t first, count; /* its members in `ordered`; count 0: it is in order as it is */
};

struct canon_json {
    struct buffer *out;
    const unsigned char *at, *end;
    struct member *members; /* a stack: of the objects that are open */
    size_t member_count, member_room;
    struct ordered *ordered;
    size_t ordered_count, ordered_room;
    struct object *objects;
    size_t object_count, object_room;
    bool unsorted; /* some object has to be put in order */
};

/* Makes room for one more in a growing array. */
static void *grown(void *block, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return block;
    *room = *room ? *room + *room / 2 : 16;
    return mem_resize(block, *room, size);
}

static void skip_space(struct canon_json *json)
{
    while (json->at < json->end &&
           (*json->at == ' ' || *json->at == '\n' || *json->at == '\r' || *json->at == '\t'))
        json->at++;
}

static bool take(struct canon_json *json, char byte)
{
    if (json->at == json->end || *json->at != (unsigned char)byte)
        return false;
    json->at++;
    return true;
}

static bool take_word(struct canon_json *json, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(json->end - json->at) < length || memcmp(json->at, word, length) != 0)
        return false;
    json->at += length;
    buffer_add(json->out, word, length);
    return true;
}

/* Digits from `at`; the first place that is none. */
static const unsigned char *skip_digits(const unsigned char *at, const unsigned char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

/* A number's text, taken apart. */
struct number {
    bool negative, minus_exponent;
    const unsigned char *first, *last; /* significant digits; first NULL: 0 */
    const unsigned char *point;        /* or where it would be */
    const unsigned char *exponent;     /* its digits without leading zeros, */
    size_t exponent_length;            /* and how many: 0 for 0 */
};

/* number = [-] int [frac] [exp] of RFC 8259. */
static bool read_number(struct canon_json *json, struct number *number)
{
    const unsigned char *at = json->at, *end = json->end;
    *number = (struct number){.negative = *at == '-'};
    at += number->negative;
    const unsigned char *whole = at;
    at = skip_digits(at, end);
    if (at == whole || (*whole == '0' && at - whole > 1))
        return false;
    number->point = at;
    if (at < end && *at == '.') {
        at = skip_digits(at + 1, end);
        if (at == number->point + 1)
            return false;
    }
    const unsigned char *first = whole, *last = at - 1;
    while (first < at && (*first == '0' || *first == '.'))
        first++;
    if (first < at) {
        while (*last == '0' || *last == '.')
            last--;
        number->first = first;
        number->last = last;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        number->minus_exponent = at < end && *at == '-';
        if (at < end && (*at == '-' || *at == '+'))
            at++;
        const unsigned char *digits = at;
        at = skip_digits(at, end);
        if (at == digits)
            return false;
        while (digits < at && *digits == '0')
            digits++;
        number->exponent = digits;
        number->exponent_length = (size_t)(at - digits);
    }
    json->at = at;
    return true;
}

/* The significant digits without their point. */
static void add_digits(struct buffer *out, const struct number *n, const unsigned char *from,
                       const unsigned char *to)
{
    if (from < n->point && n->point < to) {
        buffer_add(out, from, (size_t)(n->point - from));
        from = n->point + 1;
    }
    buffer_add(out, from, (size_t)(to - from));
}

static void add_zeros(struct buffer *out, int64_t count)
{
    while (count-- > 0)
        buffer_add_byte(out, '0');
}

/*
 * Appends exponent + shift for an exponent that is too long for an int64. As |shift| is less than
 * any such exponent, the sum keeps the exponent's sign: the shift is added to, or taken from, its
 * digits.
 */
static void add_long_exponent(struct buffer *out, const struct number *n, int64_t shift)
{
    size_t length = n->exponent_length;
    bool plus = (shift > 0) != n->minus_exponent; /* away from 0 */
    uint64_t rest = shift < 0 ? 0 - (uint64_t)shift : (uint64_t)shift;
    if (n->minus_exponent)
        buffer_add_byte(out, '-');
    unsigned char *place = buffer_reserve(out, length + 1);
    if (!place)
        return;
    place[0] = '0'; /* for a carry */
    memcpy(place + 1, n->exponent, length);
    unsigned carry = 0;
    for (size_t i = length + 1; i-- > 0 && (rest || carry); rest /= 10) {
        unsigned digit = (unsigned)(place[i] - '0'), other = (unsigned)(rest % 10) + carry;
        if (plus) {
            carry = digit + other > 9;
            digit = digit + other - 10 * carry;
        } else {
            carry = digit < other;
            digit = digit + 10 * carry - other;
        }
        place[i] = (unsigned char)('0' + digit);
    }
    size_t zeros = 0;
    while (place[zeros] == '0')
        zeros++;
    memmove(place, place + zeros, length + 1 - zeros);
    out->length += length + 1 - zeros;
    buffer_terminate(out);
}

/* significand × 10^power, where power is what the last digit weighs, in the one normal form. */
static void add_number(struct buffer *out, const struct number *n, int64_t power)
{
    bool split = n->first < n->point && n->point < n->last;
    int64_t count = n->last - n->first + 1 - split;
    int64_t point = count + power; /* its place, from the first digit */
    if (power >= 0 && power <= PLAIN_POWER) {
        add_digits(out, n, n->first, n->last + 1);
        add_zeros(out, power);
    } else if (power < 0 && point > 0) {
        const unsigned char *middle = n->first + point;
        middle += split && n->point < middle; /* the text's own point is not a digit */
        add_digits(out, n, n->first, middle);
        buffer_add_byte(out, '.');
        if (middle == n->point)
            middle++;
        add_digits(out, n, middle, n->last + 1);
    } else if (power < 0 && point >= -PLAIN_POWER) {
        buffer_add_text(out, "0.");
        add_zeros(out, -point);
        add_digits(out, n, n->first, n->last + 1);
    } else {
        add_digits(out, n, n->first, n->last + 1);
        buffer_printf(out, "e%" PRId64, power);
    }
}

static bool canon_number(struct canon_json *json)
{
    struct number n;
    if (!read_number(json, &n))
        return false;
    if (!n.first) {
        buffer_add_byte(json->out, '0');
        return true;
    }
    if (n.negative)
        buffer_add_byte(json->out, '-');
    int64_t shift = n.last < n.point ? n.point - n.last - 1 : n.point - n.last;
    if (n.exponent_length > EXPONENT_DIGITS) {
        add_digits(json->out, &n, n.first, n.last + 1);
        buffer_add_byte(json->out, 'e');
        add_long_exponent(json->out, &n, shift);
        return true;
    }
    int64_t exponent = 0;
    for (size_t i = 0; i < n.exponent_length; i++)
        exponent = exponent * 10 + (n.exponent[i] - '0');
    add_number(json->out, &n, (n.minus_exponent ? -exponent : exponent) + shift);
    return true;
}

/* Four hexadecimal digits at `at`, or -1. */
static int32_t read_hex4(const unsigned char *at, const unsigned char *end)
{
    int32_t code = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        unsigned char c = at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        code = code * 16 + digit;
    }
    return code;
}

/* Appends a decoded character in its canonical spelling; tells whether that is an escape. */
static bool add_character(struct buffer *out, uint32_t code)
{
    unsigned char bytes[4];
    if (code == '"' || code == '\\') {
        buffer_add(out, code == '"' ? "\\\"" : "\\\\", 2);
        return true;
    }
    if (code < 0x20) {
        buffer_printf(out, "\\u%04x", code);
        return true;
    }
    if (code >= 0xd800 && code < 0xe000) { /* a surrogate that has no partner */
        buffer_printf(out, "\\u%04X", code);
        return true;
    }
    buffer_add(out, bytes, utf8_write(code, bytes));
    return false;
}

/* What stands behind a backslash. */
static bool canon_escape(struct canon_json *json, bool *escaped)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (json->at == json->end)
        return false;
    unsigned char letter = *json->at++;
    if (letter != 'u') {
        const char *found = letter ? strchr(letters, letter) : NULL;
        if (!found)
            return false;
        *escaped |= add_character(json->out, (uint32_t)meanings[found - letters]);
        return true;
    }
    int32_t code = read_hex4(json->at, json->end);
    if (code < 0)
        return false;
    json->at += 4;
    if (code >= 0xd800 && code < 0xdc00 && json->end - json->at >= 6 && json->at[0] == '\\' &&
        json->at[1] == 'u') {
        int32_t low = read_hex4(json->at + 2, json->end);
        if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            json->at += 6;
        }
    }
    *escaped |= add_character(json->out, (uint32_t)code);
    return true;
}

/* Eight bytes of ASCII that mean themselves in a string: no control byte, quote or backslash. */
static bool is_plain8(const unsigned char *at)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    uint64_t word;
    memcpy(&word, at, sizeof word);
    /* A byte of (x - ones) & ~x has its high bit set if the byte of x is 0, or, harmlessly, if one
     * below it is. */
    uint64_t quote = word ^ (ones * '"'), slash = word ^ (ones * '\\');
    uint64_t odd = word | ((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
                   ((slash - ones) & ~slash);
    return !(odd & highs);
}

/* A string, from its opening quote; *escaped: its canonical text has escapes. */
static bool canon_string(struct canon_json *json, bool *escaped)
{
    *escaped = false;
    if (!take(json, '"'))
        return false;
    buffer_add_byte(json->out, '"');
    for (;;) {
        const unsigned char *at = json->at, *end = json->end;
        for (;;) {
            while (end - at >= WORD && is_plain8(at))
                at += WORD;
            size_t size = utf8_size(at, end);
            if (!size || *at < 0x20 || *at == '"' || *at == '\\')
                break;
            at += size;
        }
        buffer_add(json->out, json->at, (size_t)(at - json->at));
        json->at = at;
        if (take(json, '"')) {
            buffer_add_byte(json->out, '"');
            return true;
        }
        if (!take(json, '\\') || !canon_escape(json, escaped))
            return false;
    }
}

/* The next byte of a key's decoded text, which ends in -1. A lone surrogate counts as its three
 * bytes would in UTF-8; `pending` holds those that are still to come. */
struct key_reader {
    const unsigned char *at, *end;
    unsigned char pending[3];
    size_t pending_count;
};

static int next_key_byte(struct key_reader *key)
{
    if (key->pending_count)
        return key->pending[--key->pending_count];
    if (key->at == key->end)
        return -1;
    if (*key->at != '\\')
        return *key->at++;
    if (key->at[1] != 'u') {
        key->at += 2;
        return key->at[-1];
    }
    int32_t code = read_hex4(key->at + 2, key->end);
    key->at += 6;
    if (code < 0x20)
        return code;
    key->pending[1] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
    key->pending[0] = (unsigned char)(0x80 | (code & 0x3f));
    key->pending_count = 2;
    return 0xe0 | code >> 12;
}

/* Orders two members by their keys' decoded bytes. */
static int compare_keys(const unsigned char *base, const struct member *one,
                        const struct member *other)
{
    struct key_reader keys[2] = {{.at = base + one->start + 1, .end = base + one->key_end - 1},
                                 {.at = base + other->start + 1, .end = base + other->key_end - 1}};
    if (!one->escaped && !other->escaped) {
        size_t lengths[2] = {(size_t)(keys[0].end - keys[0].at),
                             (size_t)(keys[1].end - keys[1].at)};
        int order =
            memcmp(keys[0].at, keys[1].at, lengths[0] < lengths[1] ? lengths[0] : lengths[1]);
        return order ? order : (lengths[0] > lengths[1]) - (lengths[0] < lengths[1]);
    }
    for (;;) {
        int bytes[2] = {next_key_byte(&keys[0]), next_key_byte(&keys[1])};
        if (bytes[0] != bytes[1])
            return bytes[0] - bytes[1];
        if (bytes[0] < 0)
            return 0;
    }
}

/* For qsort_r: equal keys in the order of the text, so that the last one is the one that counts. */
static int order_members(const void *one, const void *other, void *base)
{
    const struct member *first = one, *second = other;
    int order = compare_keys(base, first, second);
    return order ? order : (first->start > second->start) - (first->start < second->start);
}

/* Ends the object `index`, whose members are those from `first` on. */
static void end_object(struct canon_json *json, size_t index, size_t first)
{
    size_t count = json->member_count - first;
    struct member *members = count ? json->members + first : NULL;
    unsigned char *base = json->out->data;
    bool ascending = true;
    for (size_t i = 1; i < count && ascending; i++)
        ascending = compare_keys(base, &members[i - 1], &members[i]) < 0;
    json->member_count = first;
    if (ascending && index + 1 == json->object_count) {
        json->object_count--; /* nothing in it needs order either: no need to remember it */
        return;
    }
    struct object *object = &json->objects[index];
    object->end = json->out->length;
    object->next = json->object_count;
    if (ascending)
        return;
    json->unsorted = true;
    object->first = json->ordered_count;
    qsort_r(members, count, sizeof *members, order_members, base);
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && compare_keys(base, &members[i], &members[i + 1]) == 0)
            continue; /* a later one of the same key counts */
        json->ordered =
            grown(json->ordered, json->ordered_count, &json->ordered_room, sizeof *json->ordered);
        json->ordered[json->ordered_count++] = (struct ordered){
            .start = members[i].start,
            .end = members[i].end,
            .next_object = members[i].next_object,
        };
    }
    object->count = json->ordered_count - object->first;
}

static bool canon_value(struct canon_json *json, int depth);

static bool canon_member(struct canon_json *json, int depth)
{
    struct member member = {.start = json->out->length, .next_object = json->object_count};
    skip_space(json);
    if (!canon_string(json, &member.escaped))
        return false;
    member.key_end = json->out->length;
    skip_space(json);
    if (!take(json, ':'))
        return false;
    buffer_add_byte(json->out, ':');
    if (!canon_value(json, depth))
        return false;
    member.end = json->out->length;
    json->members =
        grown(json->members, json->member_count, &json->member_room, sizeof *json->members);
    json->members[json->member_count++] = member;
    return true;
}

static bool canon_object(struct canon_json *json, int depth)
{
    size_t index = json->object_count, first = json->member_count;
    json->at++;
    json->objects =
        grown(json->objects, json->object_count, &json->object_room, sizeof *json->objects);
    json->objects[json->object_count++] = (struct object){.start = json->out->length};
    buffer_add_byte(json->out, '{');
    skip_space(json);
    if (!take(json, '}')) {
        if (!canon_member(json, depth))
            return false;
        for (skip_space(json); take(json, ','); skip_space(json)) {
            buffer_add_byte(json->out, ',');
            if (!canon_member(json, depth))
                return false;
        }
        if (!take(json, '}'))
            return false;
    }
    buffer_add_byte(json->out, '}');
    if (!buffer_overflowed(json->out))
        end_object(json, index, first);
    return true;
}

static bool canon_array(struct canon_json *json, int depth)
{
    json->at++;
    buffer_add_byte(json->out, '[');
    skip_space(json);
    if (!take(json, ']')) {
        if (!canon_value(json, depth))
            return false;
        for (skip_space(json); take(json, ','); skip_space(json)) {
            buffer_add_byte(json->out, ',');
            if (!canon_value(json, depth))
                return false;
        }
        if (!take(json, ']'))
            return false;
    }
    buffer_add_byte(json->out, ']');
    return true;
}

/* One value and the white space before it; depth: how many arrays and objects are open. */
static bool canon_value(struct canon_json *json, int depth)
{
    bool escaped;
    skip_space(json);
    if (json->at == json->end || buffer_overflowed(json->out))
        return false;
    switch (*json->at) {
    case '{':
        return depth < JSON_CANON_DEPTH && canon_object(json, depth + 1);
    case '[':
        return depth < JSON_CANON_DEPTH && canon_array(json, depth + 1);
    case '"':
        return canon_string(json, &escaped);
    case 't':
        return take_word(json, "true");
    case 'f':
        return take_word(json, "false");
    case 'n':
        return take_word(json, "null");
    default:
        return canon_number(json);
    }
}

/* The second pass: appends [from, to) of the first one's output, objects from `next` on in order.
 */
static void add_ordered(const struct canon_json *json, struct buffer *sorted, size_t from,
                        size_t to, size_t next)
{
    const unsigned char *base = json->out->data;
    while (next < json->object_count && json->objects[next].start < to) {
        const struct object *object = &json->objects[next];
        if (!object->count) {
            next++;
            continue;
        }
        buffer_add(sorted, base + from, object->start + 1 - from);
        for (size_t i = 0; i < object->count; i++) {
            const struct ordered *member = &json->ordered[object->first + i];
            if (i)
                buffer_add_byte(sorted, ',');
            add_ordered(json, sorted, member->start, member->end, member->next_object);
        }
        buffer_add_byte(sorted, '}');
        from = object->end;
        next = object->next;
    }
    buffer_add(sorted, base + from, to - from);
}

bool json_canon(struct buffer *out, const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    struct canon_json json = {.out = out, .at = bytes, .end = bytes + length};
    size_t start = out->length;
    bool valid = canon_value(&json, 0);
    skip_space(&json);
    valid = valid && json.at == json.end;
    if (!valid) {
        out->length = start;
        buffer_terminate(out);
    } else if (json.unsorted && !buffer_overflowed(out)) {
        struct buffer sorted = BUFFER_INIT(BUFFER_NO_LIMIT);
        add_ordered(&json, &sorted, start, out->length, 0);
        out->length = start;
        buffer_add(out, sorted.data, sorted.length); /* not longer than what was there */
        buffer_free(&sorted);
    }
    free(json.members);
    free(json.ordered);
    free(json.objects);
    return valid;
}
