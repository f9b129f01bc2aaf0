/*
 * Canonical JSON text. Input: a text. Output: the same value's one spelling (json_canon.h).
 *
 * One pass checks the text and writes everything in its canonical spelling. What is spelt
 * canonically already, which is nearly everything, is copied eight bytes at a time; so the output
 * always has room for the input that is left and OVERSHOOT bytes more, and only what gets longer
 * has to ask for room.
 *
 * An object whose members are not ascending is put in order where it stands when it ends. Large
 * ones, and all once that has moved MOVES times as many bytes as there are, are only noted, and
 * a second pass copies the result with their members in order. So the time is linear but for
 * the sorting of keys, however deep the objects are nested.
 */
#include "json_canon.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>

enum {
    PLAIN_POWER = 20,     /* numbers with more zeros than this at either end get an exponent */
    EXPONENT_DIGITS = 18, /* exponents of so many digits are an int64, longer ones stay text */
    WORD = 8,             /* text is looked at and copied so many bytes at a time, */
    BLOCK = 32,           /* and in long strings so many, */
    OVERSHOOT = BLOCK,    /* so as many bytes behind the output may be written, too */
    LONGER = 6,           /* output bytes for a byte of input: \n takes 6 for 2, 1e20 21 for 4 */
    FEW_MEMBERS = 16,     /* up to so many are sorted by insertion */
    LOCAL_MEMBERS = 32,   /* of open objects, without an allocation */
    MOVABLE = 4096,       /* bytes of an object that is put in order where it stands */
    MOVES = 8,
};

/* A piece of the output that may be copied to another place: offsets into the output. */
struct piece {
    size_t start, end;
    size_t low, high; /* those of the noted objects that lie inside */
};

/* A member of an object that is being read. */
struct member {
    struct piece piece; /* "key":value */
    size_t key_end;     /* its key, with quotes, is [piece.start, key_end) */
    uint64_t prefix; /* the key's first bytes as a number that orders as they do, unless escaped */
    bool escaped;    /* the key's canonical text has escapes */
};

/* An object that the second pass has to put in order; they are noted as they end. */
struct object {
    size_t start, end;   /* from '{' to behind '}' */
    size_t low;          /* the first noted object that lies inside; the last is the one before */
    size_t first, count; /* its members, in order, in `ordered` */
};

/* What a text of ordinary size needs beside the output. */
struct workplace {
    struct member members[LOCAL_MEMBERS];
    unsigned char moved[MOVABLE + OVERSHOOT];
};

struct canon_json {
    struct buffer *out; /* its length is brought up to date when its functions are used */
    size_t start;       /* of the canonical text in it */
    const unsigned char *end;
    size_t length; /* of the text */
    struct workplace *local;
    struct member *members; /* a stack: of the objects that are open */
    size_t member_count, member_room;
    struct piece *ordered;
    size_t ordered_count, ordered_room;
    struct object *objects;
    size_t object_count, object_room;
    size_t moved; /* bytes, for putting objects in order where they stand */
    bool escaped; /* set when an escape was written */
};

/* Where the next byte comes from and where it goes to: two registers. */
struct place {
    const unsigned char *at; /* NULL: the text is not JSON, or the output is full */
    unsigned char *to;
};

/* What the compiler would not do: a number needs no frame as large as an object's, and telling
 * values apart no call. */
#define APART __attribute__((noinline))
#define INSIDE inline __attribute__((always_inline))

static inline struct place refuse(void)
{
    return (struct place){NULL, NULL};
}

/* A place from where on the output has room for `more` bytes beside what it always has room for. */
static struct place with_room(struct canon_json *json, struct place place, size_t more)
{
    struct buffer *out = json->out;
    out->length = (size_t)(place.to - out->data);
    place.to = buffer_reserve(out, (size_t)(json->end - place.at) + OVERSHOOT + more);
    return place.to && !buffer_overflowed(out) ? place : refuse();
}

/* How far into the output; unlike a pointer that stays true when the output moves. */
static inline size_t offset(const struct canon_json *json, const unsigned char *to)
{
    return (size_t)(to - json->out->data);
}

/* Makes room for one more in a growing array. */
static void *grown(void *block, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return block;
    *room = *room ? *room + *room / 2 : 16;
    return mem_resize(block, *room, size);
}

/* The same for the stack of members, whose first block is not from the heap. */
static void grow_members(struct canon_json *json)
{
    bool local = json->members == json->local->members;
    json->member_room += json->member_room / 2;
    json->members =
        mem_resize(local ? NULL : json->members, json->member_room, sizeof *json->members);
    if (local)
        memcpy(json->members, json->local->members, sizeof json->local->members);
}

/* --- eight bytes at a time; the first byte is the lowest one of a word --- */

static const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);

/* Fewer than eight bytes, before zeros. */
static inline uint64_t load_last(const struct canon_json *json, const unsigned char *at)
{
    size_t left = (size_t)(json->end - at);
    uint64_t word = 0;
    if (left && json->length >= WORD) {
        memcpy(&word, json->end - WORD, WORD);
        return le64toh(word) >> 8 * (WORD - left);
    }
    while (left--)
        word = word << 8 | at[left];
    return word;
}

static inline uint64_t load(const struct canon_json *json, const unsigned char *at)
{
    uint64_t word;
    if (__builtin_expect(json->end - at < WORD, 0))
        return load_last(json, at);
    memcpy(&word, at, WORD);
    return le64toh(word);
}

static inline void store(unsigned char *to, uint64_t word)
{
    word = htole64(word);
    memcpy(to, &word, WORD);
}

/* The high bit of each byte that does not mean itself in a string: a control byte, a quote, a
 * backslash or one that is not ASCII; true up to the first one, as borrows only go up. */
static inline uint64_t odd_in_string(uint64_t word)
{
    uint64_t quote = word ^ (ones * '"'), slash = word ^ (ones * '\\');
    return (word | (word - ones * 0x20) | (quote - ones) | (slash - ones)) & highs;
}

/* Copies the blocks of a string whose bytes all mean themselves; as signed numbers the control
 * bytes and those that are not ASCII are the ones below a blank. */
static inline struct place copy_blocks(const struct canon_json *json, struct place place)
{
    typedef signed char vector __attribute__((vector_size(BLOCK / 2)));
    vector halves[2];
    uint64_t words[BLOCK / WORD / 2];
    for (; json->end - place.at >= BLOCK; place.at += BLOCK, place.to += BLOCK) {
        memcpy(halves, place.at, BLOCK);
        vector odd = (halves[0] < 0x20) | (halves[0] == '"') | (halves[0] == '\\') |
                     (halves[1] < 0x20) | (halves[1] == '"') | (halves[1] == '\\');
        memcpy(place.to, halves, BLOCK);
        memcpy(words, &odd, sizeof words);
        if (words[0] | words[1])
            break;
    }
    return place;
}

/* The same for bytes that are no digits; a digit's value and 0x76 are less than 0x80. */
static inline uint64_t odd_in_digits(uint64_t word)
{
    uint64_t value = word ^ (ones * '0');
    return ((value + ones * 0x76) | value) & highs;
}

static inline size_t before_odd(uint64_t odd)
{
    return (size_t)__builtin_ctzll(odd) / 8;
}

/* Copies to where up to OVERSHOOT bytes more may be written, from where they may be read; returns
 * the end of the copy. */
static inline unsigned char *copy_words(unsigned char *to, const unsigned char *from, size_t length)
{
    for (size_t i = 0; i < length; i += WORD)
        memcpy(to + i, from + i, WORD);
    return to + length;
}

static inline const unsigned char *skip_space(const struct canon_json *json,
                                              const unsigned char *at)
{
    const uint64_t spaces = UINT64_C(1) << ' ' | 1 << '\n' | 1 << '\r' | 1 << '\t';
    while (at < json->end && *at <= ' ' && spaces >> *at & 1)
        at++;
    return at;
}

/* --- numbers --- */

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

/* number = [-] int [frac] [exp] of RFC 8259; where it ends, or NULL. */
static const unsigned char *read_number(struct number *number, const unsigned char *at,
                                        const unsigned char *end)
{
    *number = (struct number){.negative = *at == '-'};
    at += number->negative;
    const unsigned char *whole = at;
    at = skip_digits(at, end);
    if (at == whole || (*whole == '0' && at - whole > 1))
        return NULL;
    number->point = at;
    if (at < end && *at == '.') {
        at = skip_digits(at + 1, end);
        if (at == number->point + 1)
            return NULL;
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
            return NULL;
        while (digits < at && *digits == '0')
            digits++;
        number->exponent = digits;
        number->exponent_length = (size_t)(at - digits);
    }
    return at;
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

/* PLAIN_POWER at most. */
static void add_zeros(struct buffer *out, int64_t count)
{
    static const char zeros[PLAIN_POWER + 1] = "00000000000000000000";
    buffer_add(out, zeros, (size_t)count);
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

/* Any number, with the buffer's functions. */
static APART struct place canon_odd_number(struct canon_json *json, struct place place)
{
    struct buffer *out = json->out;
    struct number n;
    out->length = offset(json, place.to);
    place.at = read_number(&n, place.at, json->end);
    if (!place.at)
        return refuse();
    if (!n.first) {
        buffer_add_byte(out, '0');
        return with_room(json, (struct place){place.at, out->data + out->length}, 0);
    }
    if (n.negative)
        buffer_add_byte(out, '-');
    int64_t shift = n.last < n.point ? n.point - n.last - 1 : n.point - n.last;
    if (n.exponent_length > EXPONENT_DIGITS) {
        add_digits(out, &n, n.first, n.last + 1);
        buffer_add_byte(out, 'e');
        add_long_exponent(out, &n, shift);
    } else {
        int64_t exponent = 0;
        for (size_t i = 0; i < n.exponent_length; i++)
            exponent = exponent * 10 + (n.exponent[i] - '0');
        add_number(out, &n, (n.minus_exponent ? -exponent : exponent) + shift);
    }
    return with_room(json, (struct place){place.at, out->data + out->length}, 0);
}

static inline struct place copy_digits(const struct canon_json *json, struct place place)
{
    for (;;) {
        uint64_t word = load(json, place.at), odd = odd_in_digits(word);
        store(place.to, word);
        if (odd)
            return (struct place){place.at + before_odd(odd), place.to + before_odd(odd)};
        place.at += WORD;
        place.to += WORD;
    }
}

/*
 * A number without an exponent is in its normal form when zeros at the end of its fraction are
 * dropped, unless it is -0 or may have more zeros than PLAIN_POWER.
 */
static APART struct place canon_number(struct canon_json *json, struct place place)
{
    struct place next = place;
    if (*next.at == '-')
        *next.to++ = *next.at++;
    const unsigned char *digits = next.at;
    next = copy_digits(json, next);
    if (next.at == digits || next.at - digits > PLAIN_POWER ||
        (*digits == '0' && next.at - digits > 1))
        return canon_odd_number(json, place);
    if (next.at < json->end && *next.at == '.') {
        *next.to++ = *next.at++;
        digits = next.at;
        next = copy_digits(json, next);
        if (next.at == digits || next.at - digits > PLAIN_POWER)
            return canon_odd_number(json, place);
        while (next.to[-1] == '0')
            next.to--;
        next.to -= next.to[-1] == '.';
    }
    if (next.at < json->end && (*next.at | 0x20) == 'e')
        return canon_odd_number(json, place);
    if (*place.at == '-' && next.to[-1] == '0' && next.to - place.to == 2)
        return canon_odd_number(json, place);
    return next;
}

/* --- strings --- */

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

/* Writes a decoded character in its canonical spelling, which takes 6 bytes at most. */
static unsigned char *add_character(struct canon_json *json, unsigned char *to, uint32_t code)
{
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    bool surrogate = code >= 0xd800 && code < 0xe000; /* that has no partner */
    if (code >= 0x20 && code != '"' && code != '\\' && !surrogate)
        return to + utf8_write(code, to);
    json->escaped = true;
    *to++ = '\\';
    if (code == '"' || code == '\\') {
        *to++ = (unsigned char)code;
        return to;
    }
    *to++ = 'u';
    for (int shift = 12; shift >= 0; shift -= 4)
        *to++ = (unsigned char)(surrogate ? upper : lower)[code >> shift & 15];
    return to;
}

/* From a backslash on. */
static APART struct place canon_escape(struct canon_json *json, struct place place)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    place.at++;
    if (place.at == json->end)
        return refuse();
    unsigned char letter = *place.at++;
    if (letter != 'u') {
        const char *found = letter ? strchr(letters, letter) : NULL;
        if (!found)
            return refuse();
        unsigned char meaning = (unsigned char)meanings[found - letters];
        if (meaning < 0x20)
            place = with_room(json, place, 6); /* \n becomes \u000a */
        if (place.at)
            place.to = add_character(json, place.to, meaning);
        return place;
    }
    int32_t code = read_hex4(place.at, json->end);
    if (code < 0)
        return refuse();
    place.at += 4;
    if (code >= 0xd800 && code < 0xdc00 && json->end - place.at >= 6 && place.at[0] == '\\' &&
        place.at[1] == 'u') {
        int32_t low = read_hex4(place.at + 2, json->end);
        if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            place.at += 6;
        }
    }
    place.to = add_character(json, place.to, (uint32_t)code);
    return place;
}

/* Characters that are not ASCII; at least one. */
static APART struct place canon_wide(const struct canon_json *json, struct place place)
{
    const unsigned char *at = place.at;
    while (at < json->end && *at >= 0x80) {
        size_t size = utf8_size(at, json->end);
        if (!size)
            return refuse();
        at += size;
    }
    size_t length = (size_t)(at - place.at);
    if (!length)
        return refuse();
    memcpy(place.to, place.at, length);
    return (struct place){at, place.to + length};
}

/* A string, from its opening quote. */
static APART struct place canon_string(struct canon_json *json, struct place place)
{
    *place.to++ = *place.at++;
    const unsigned char *run = place.at;
    for (;;) {
        uint64_t word = load(json, place.at), odd = odd_in_string(word);
        store(place.to, word);
        if (!odd) {
            place.at += WORD;
            place.to += WORD;
            if (place.at - run >= BLOCK) /* a long string, it seems */
                place = copy_blocks(json, place);
            continue;
        }
        place.at += before_odd(odd);
        place.to += before_odd(odd);
        if (place.at == json->end)
            return refuse();
        if (*place.at == '"') {
            *place.to++ = *place.at++;
            return place;
        }
        place = *place.at == '\\' ? canon_escape(json, place) : canon_wide(json, place);
        if (!place.at)
            return place;
        run = place.at;
    }
}

/* --- the order of members --- */

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

/* Orders two members by their keys' decoded bytes, whatever these are. */
static int compare_long_keys(const unsigned char *base, const struct member *one,
                             const struct member *other)
{
    struct key_reader keys[2] = {
        {.at = base + one->piece.start + 1, .end = base + one->key_end - 1},
        {.at = base + other->piece.start + 1, .end = base + other->key_end - 1},
    };
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

/* The same; mostly the first eight bytes tell. */
static inline int compare_keys(const unsigned char *base, const struct member *one,
                               const struct member *other)
{
    if (one->prefix != other->prefix && !one->escaped && !other->escaped)
        return one->prefix < other->prefix ? -1 : 1;
    return compare_long_keys(base, one, other);
}

/* The first eight bytes of a key, from behind its quote; zeros where it has fewer: no key without
 * escapes has a byte 0. Up to OVERSHOOT bytes behind it may be read. */
static inline uint64_t key_prefix(const unsigned char *key, size_t length)
{
    uint64_t word;
    memcpy(&word, key, WORD);
    word = be64toh(word);
    return length < WORD ? word & ~(UINT64_MAX >> 8 * length) : word;
}

/* For qsort_r: equal keys in the order of the text, so that the last one is the one that counts. */
static int order_members(const void *one, const void *other, void *base)
{
    const struct member *first = one, *second = other;
    int order = compare_keys(base, first, second);
    return order ? order
                 : (first->piece.start > second->piece.start) -
                       (first->piece.start < second->piece.start);
}

static void sort_members(struct member *members, size_t count, unsigned char *base)
{
    if (count > FEW_MEMBERS) {
        qsort_r(members, count, sizeof *members, order_members, base);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct member member = members[i];
        size_t place = i;
        for (; place && compare_keys(base, &member, &members[place - 1]) < 0; place--)
            members[place] = members[place - 1];
        members[place] = member;
    }
}

/* Of sorted members with equal keys leaves the last one; how many are left. */
static size_t drop_duplicates(struct member *members, size_t count, const unsigned char *base)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (i + 1 == count || compare_keys(base, &members[i], &members[i + 1]) != 0) {
            if (kept != i)
                members[kept] = members[i];
            kept++;
        }
    return kept;
}

/* Puts an object that is the end of the output in order; returns its new end. */
static unsigned char *move_members(struct canon_json *json, const struct object *object,
                                   const struct member *members, size_t count)
{
    unsigned char *copy = json->local->moved, *to = json->out->data + object->start;
    copy_words(copy, to, object->end - object->start);
    for (size_t i = 0; i < count; i++) {
        const struct piece *piece = &members[i].piece;
        *to++ = i ? ',' : '{';
        to = copy_words(to, copy + (piece->start - object->start), piece->end - piece->start);
    }
    *to++ = '}';
    return to;
}

/* Leaves an object to the second pass. */
static void note_object(struct canon_json *json, const struct object *object,
                        const struct member *members, size_t count)
{
    json->objects =
        grown(json->objects, json->object_count, &json->object_room, sizeof *json->objects);
    struct object *noted = &json->objects[json->object_count++];
    *noted = *object;
    noted->first = json->ordered_count;
    noted->count = count;
    for (size_t i = 0; i < count; i++) {
        json->ordered =
            grown(json->ordered, json->ordered_count, &json->ordered_room, sizeof *json->ordered);
        json->ordered[json->ordered_count++] = members[i].piece;
    }
}

/* Ends an object whose members, those from `first` on, are not ascending; `to` is where it ends,
 * and the result where it ends then. */
static APART unsigned char *order_object(struct canon_json *json, struct object object,
                                         size_t first, unsigned char *to)
{
    struct member *members = json->members + first;
    unsigned char *base = json->out->data;
    object.end = offset(json, to);
    size_t size = object.end - object.start, written = object.end - json->start;
    size_t count = json->member_count - first;
    sort_members(members, count, base);
    count = drop_duplicates(members, count, base);
    /* What is noted must stay where it is. */
    if (size > MOVABLE || object.low != json->object_count ||
        json->moved + size > MOVES * written) {
        note_object(json, &object, members, count);
        return to;
    }
    json->moved += size;
    return move_members(json, &object, members, count);
}

/* --- values --- */

static INSIDE struct place canon_value(struct canon_json *json, struct place place, int depth);

/* A member, with the white space before it, which becomes the last one of `members`. */
static struct place canon_member(struct canon_json *json, struct place place, int depth)
{
    place.at = skip_space(json, place.at);
    if (place.at == json->end || *place.at != '"')
        return refuse();
    size_t index = json->member_count;
    if (index == json->member_room)
        grow_members(json);
    json->member_count++;
    size_t start = offset(json, place.to);
    json->escaped = false;
    place = canon_string(json, place);
    if (!place.at)
        return place;
    struct member *member = &json->members[index];
    member->piece.start = start;
    member->piece.low = json->object_count;
    member->key_end = offset(json, place.to);
    member->prefix = key_prefix(json->out->data + start + 1, member->key_end - start - 2);
    member->escaped = json->escaped;
    place.at = skip_space(json, place.at);
    if (place.at == json->end || *place.at != ':')
        return refuse();
    *place.to++ = *place.at++;
    place = canon_value(json, place, depth);
    if (!place.at)
        return place;
    member = &json->members[index];
    member->piece.end = offset(json, place.to);
    member->piece.high = json->object_count;
    return place;
}

/* The comma or closing bracket behind an element, and the white space before it. */
static inline struct place canon_separator(struct canon_json *json, struct place place,
                                           unsigned char closing)
{
    place.at = skip_space(json, place.at);
    if (place.at == json->end || (*place.at != ',' && *place.at != closing))
        return refuse();
    *place.to++ = *place.at++;
    return place;
}

static APART struct place canon_object(struct canon_json *json, struct place place, int depth)
{
    size_t start = offset(json, place.to), low = json->object_count, first = json->member_count;
    bool ascending = true;
    *place.to++ = *place.at++;
    place.at = skip_space(json, place.at);
    if (place.at < json->end && *place.at == '}') {
        *place.to++ = *place.at++;
        return place;
    }
    do {
        place = canon_member(json, place, depth);
        if (!place.at)
            return place;
        const struct member *last = &json->members[json->member_count - 1];
        if (ascending && json->member_count - first > 1)
            ascending = compare_keys(json->out->data, last - 1, last) < 0;
        place = canon_separator(json, place, '}');
        if (!place.at)
            return place;
    } while (place.at[-1] == ',');
    if (!ascending)
        place.to = order_object(json, (struct object){.start = start, .low = low}, first, place.to);
    json->member_count = first;
    return place;
}

static APART struct place canon_array(struct canon_json *json, struct place place, int depth)
{
    *place.to++ = *place.at++;
    place.at = skip_space(json, place.at);
    if (place.at < json->end && *place.at == ']') {
        *place.to++ = *place.at++;
        return place;
    }
    do {
        place = canon_value(json, place, depth);
        if (!place.at)
            return place;
        place = canon_separator(json, place, ']');
        if (!place.at)
            return place;
    } while (place.at[-1] == ',');
    return place;
}

static struct place canon_word(const struct canon_json *json, struct place place, const char *word,
                               size_t length)
{
    if ((size_t)(json->end - place.at) < length || memcmp(place.at, word, length) != 0)
        return refuse();
    memcpy(place.to, word, length);
    return (struct place){place.at + length, place.to + length};
}

/* One value and the white space before it; depth: how many arrays and objects are open. */
static INSIDE struct place canon_value(struct canon_json *json, struct place place, int depth)
{
    place.at = skip_space(json, place.at);
    if (place.at == json->end)
        return refuse();
    switch (*place.at) {
    case '{':
        return depth < JSON_CANON_DEPTH ? canon_object(json, place, depth + 1) : refuse();
    case '[':
        return depth < JSON_CANON_DEPTH ? canon_array(json, place, depth + 1) : refuse();
    case '"':
        return canon_string(json, place);
    case 't':
        return canon_word(json, place, "true", 4);
    case 'f':
        return canon_word(json, place, "false", 5);
    case 'n':
        return canon_word(json, place, "null", 4);
    default:
        return canon_number(json, place);
    }
}

/* The second pass: writes a piece of the first one's output, with the objects in it in order, so
 * that it ends at `top`; returns where it begins. From the end on, because objects are noted as
 * they end: the last one of a piece has all between its `low` and itself inside. */
static unsigned char *place_ordered(const struct canon_json *json, unsigned char *top,
                                    const struct piece *piece)
{
    const unsigned char *base = json->out->data;
    size_t end = piece->end, high = piece->high;
    while (high > piece->low) {
        const struct object *object = &json->objects[high - 1];
        size_t rest = end - (object->end - 1); /* with the '}' */
        top -= rest;
        memcpy(top, base + object->end - 1, rest);
        for (size_t i = object->count; i-- > 0;) {
            top = place_ordered(json, top, &json->ordered[object->first + i]);
            *--top = i ? ',' : '{';
        }
        end = object->start;
        high = object->low;
    }
    top -= end - piece->start;
    memcpy(top, base + piece->start, end - piece->start);
    return top;
}

static void order_noted(struct canon_json *json)
{
    struct buffer *out = json->out;
    size_t size = out->length - json->start;
    unsigned char *sorted = mem_alloc(size), *end = sorted + size;
    const struct piece all = {json->start, out->length, 0, json->object_count};
    const unsigned char *begin = place_ordered(json, end, &all);
    out->length = json->start; /* it is not longer than what was there */
    buffer_add(out, begin, (size_t)(end - begin));
    free(sorted);
}

/* json_canon() into a buffer that has room for text that gets as long as it can. */
static bool canon_text(struct buffer *out, const unsigned char *text, size_t length)
{
    struct workplace local;
    struct canon_json json = {
        .out = out,
        .start = out->length,
        .end = text + length,
        .length = length,
        .local = &local,
        .members = local.members,
        .member_room = LOCAL_MEMBERS,
    };
    struct place place = {text, buffer_reserve(out, length + OVERSHOOT)};
    place = place.to ? canon_value(&json, place, 0) : refuse();
    bool valid = place.at && skip_space(&json, place.at) == json.end;
    out->length = valid ? offset(&json, place.to) : json.start;
    if (valid && json.object_count)
        order_noted(&json);
    buffer_terminate(out);
    if (json.members != local.members)
        free(json.members);
    free(json.ordered);
    free(json.objects);
    return valid;
}

/*
 * json_canon() into a buffer that is almost full: only a copy may take the room that is asked for
 * before it is known to be needed. When not even the copy's is enough, more than out's was written.
 */
static APART bool canon_copy(struct buffer *out, const unsigned char *text, size_t length)
{
    struct buffer copy = BUFFER_INIT(out->maximum - out->length + length + OVERSHOOT);
    bool valid = canon_text(&copy, text, length);
    if (buffer_overflowed(&copy))
        out->overflowed = true;
    else
        buffer_add(out, copy.data, copy.length);
    buffer_free(&copy);
    return valid;
}

bool json_canon(struct buffer *out, const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t longest = (out->maximum - out->length) / LONGER; /* that surely fits */
    if (buffer_overflowed(out))
        return false;
    return longest > OVERSHOOT && length < longest - OVERSHOOT ? canon_text(out, bytes, length)
                                                               : canon_copy(out, bytes, length);
}
