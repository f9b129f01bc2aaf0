/*
 * Asks the rules about one pair of values, and what several of them need: the common parts of two
 * texts, characters, words. See cause_rule.h.
 */
#include "cause_rule.h"

#include "base/utf8.h"

#include <endian.h>

const struct cause_rule *const cause_families[] = {
    cause_time_rules, cause_number_rules, cause_list_rules, cause_text_rules, cause_charset_rules,
};
const size_t cause_family_count = sizeof cause_families / sizeof *cause_families;

/* Is this byte the second or a later one of a UTF-8 character? */
static bool continues(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

void cause_pair_measure(struct cause_pair *pair)
{
    const unsigned char *from = pair->from->payload, *to = pair->to->payload;
    size_t from_length = pair->from->payload_length, to_length = pair->to->payload_length;
    size_t least = from_length < to_length ? from_length : to_length, prefix = 0, suffix = 0;
    pair->prefix = pair->suffix = 0;
    if (pair->from->tag == VALUE_NULL || pair->to->tag == VALUE_NULL)
        return;
    while (prefix + 64 <= least && memcmp(from + prefix, to + prefix, 64) == 0)
        prefix += 64;
    while (prefix < least && from[prefix] == to[prefix])
        prefix++;
    while (prefix && ((prefix < from_length && continues(from[prefix])) ||
                      (prefix < to_length && continues(to[prefix]))))
        prefix--;
    const unsigned char *from_end = from + from_length, *to_end = to + to_length;
    while (prefix + suffix < least &&
           from_end[-1 - (ptrdiff_t)suffix] == to_end[-1 - (ptrdiff_t)suffix])
        suffix++;
    while (suffix && continues(from_end[-(ptrdiff_t)suffix]))
        suffix--;
    pair->prefix = prefix;
    pair->suffix = suffix;
}

static bool is_measured(const struct value *value)
{
    return value->tag == VALUE_TEXT || value->tag == VALUE_BYTES || value->tag == VALUE_RAW;
}

const struct cause_rule *cause_judge(const struct cause_column *column,
                                     const struct value *const values[SIDES], enum side *damaged,
                                     struct cause_match *match)
{
    struct cause_pair pairs[SIDES]; /* by the damaged side */
    for (int side = 0; side < SIDES; side++)
        pairs[side] = (struct cause_pair){.column = column,
                                          .damaged = (enum side)side,
                                          .from = values[!side],
                                          .to = values[side]};
    if (is_measured(values[SOURCE]) && is_measured(values[TARGET])) {
        cause_pair_measure(&pairs[SOURCE]);
        pairs[TARGET].prefix = pairs[SOURCE].prefix;
        pairs[TARGET].suffix = pairs[SOURCE].suffix;
    }
    for (size_t family = 0; family < cause_family_count; family++)
        for (const struct cause_rule *rule = cause_families[family]; rule->name; rule++)
            for (int side = TARGET; side >= SOURCE; side--) {
                const struct cause_pair *pair = &pairs[side];
                if (!(rule->from & CAUSE_TAG(pair->from->tag)) ||
                    !(rule->to & CAUSE_TAG(pair->to->tag)))
                    continue;
                *match = (struct cause_match){0};
                *damaged = (enum side)side;
                if (rule->fits(pair, match))
                    return rule;
            }
    return NULL;
}

const char *cause_are(uint64_t count)
{
    return count == 1 ? "is" : "are";
}

const char *cause_have(uint64_t count)
{
    return count == 1 ? "has" : "have";
}

int64_t cause_int(const struct value *value)
{
    uint64_t n;
    memcpy(&n, value->payload, sizeof n);
    return (int64_t)le64toh(n);
}

size_t cause_decode(const unsigned char *bytes, size_t length, uint32_t *codes, size_t most)
{
    const unsigned char *at = bytes, *end = bytes + length;
    size_t count = 0;
    while (at < end) {
        size_t size = utf8_size(at, end);
        if (!size || count == most)
            return SIZE_MAX;
        static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
        uint32_t code = at[0] & first_bits[size];
        for (size_t i = 1; i < size; i++)
            code = code << 6 | (at[i] & 0x3f);
        codes[count++] = code;
        at += size;
    }
    return count;
}

size_t cause_count_characters(const unsigned char *bytes, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += !continues(bytes[i]);
    return count;
}

double cause_by_count(uint64_t count)
{
    return count >= 10 ? 1.0 : 0.5 + 0.05 * (double)count;
}

_Static_assert(2 * CAUSE_LIMITS == 1 << 10, "a place is ten bits of a hash");

static size_t limit_place(const struct cause_limits *limits, int64_t number)
{
    size_t place = (uint64_t)number * UINT64_C(0x9e3779b97f4a7c15) >> 54; /* 10 bits */
    while (limits->places[place].number && limits->places[place].number != number)
        place = (place + 1) % (2 * CAUSE_LIMITS);
    return place;
}

void cause_limits_add(struct cause_limits *limits, int64_t number, uint64_t times)
{
    size_t place = limit_place(limits, number);
    if (!limits->places[place].number) {
        if (limits->used == CAUSE_LIMITS)
            return;
        limits->used++;
        limits->places[place].number = number;
    }
    limits->places[place].count += times;
    /* Of two that are as many the smaller: not the one that happened to come first. */
    if (limits->places[place].count > limits->most ||
        (limits->places[place].count == limits->most && number < limits->best)) {
        limits->most = limits->places[place].count;
        limits->best = number;
    }
}

uint64_t cause_limit_count(const struct cause_limits *limits, int64_t number)
{
    return limits && number > 0 ? limits->places[limit_place(limits, number)].count : 0;
}
