/*
 * Rules over what is more than one value: JSON null and SQL NULL, lists in another order. The
 * canonical form of JSON has sorted members and no white space, so two documents that hold the same
 * but for the order of their arrays have the same bytes in another order.
 */
#include "cause_rule.h"

#include "base/hash.h"

#define DEPTH_MOST 1000 /* of nesting: json_canon.h writes no more */

/* ---- json-null */

enum { NULL_SQL, NULL_TEXT };

static bool is_json(const struct value *value, const char *text)
{
    return value->tag == VALUE_JSON && value->payload_length == strlen(text) &&
           memcmp(value->payload, text, strlen(text)) == 0;
}

static bool json_null(const struct cause_pair *pair, struct cause_match *match)
{
    if (!is_json(pair->from, "null"))
        return false;
    if (pair->to->tag == VALUE_NULL)
        match->marks = 1u << NULL_SQL;
    else if (is_json(pair->to, "\"null\""))
        match->marks = 1u << NULL_TEXT;
    return match->marks != 0;
}

static double say_json_null(const struct cause_group *group, struct buffer *out)
{
    enum side other = group->damaged == SOURCE ? TARGET : SOURCE;
    const char *what = group->marked[NULL_TEXT] == 0              ? "SQL NULL"
                       : group->marked[NULL_TEXT] == group->count ? "the text \"null\""
                                                                  : "SQL NULL or the text \"null\"";
    buffer_printf(out, "%s %s in the %s where the %s has JSON's null", cause_are(group->count),
                  what, side_name[group->damaged], side_name[other]);
    return 1.0;
}

/* ---- array-order */

/* A place in canonical JSON. */
struct json {
    const unsigned char *at, *end;
    bool arrays; /* was there one with two elements? */
};

static uint64_t mix(uint64_t one, uint64_t other)
{
    uint64_t both[2] = {one, other};
    return hash_64(both, sizeof both);
}

static void skip_string(struct json *json)
{
    for (json->at++; json->at < json->end && *json->at != '"'; json->at++)
        json->at += *json->at == '\\' && json->at + 1 < json->end;
    if (json->at < json->end)
        json->at++;
}

/* A hash of the value at the place, the same for every order of the elements of its arrays. */
static uint64_t hash_json(struct json *json, int depth)
{
    const unsigned char *start = json->at;
    if (json->at < json->end && (*json->at == '[' || *json->at == '{') && depth < DEPTH_MOST) {
        bool array = *json->at++ == '[';
        uint64_t sum = array, count = 0;
        while (json->at < json->end && *json->at != ']' && *json->at != '}') {
            uint64_t element = hash_json(json, depth + 1);
            sum = array ? sum + mix(element, 1) : mix(sum, element);
            count++;
            if (json->at < json->end && (*json->at == ',' || *json->at == ':'))
                json->at++;
        }
        if (json->at < json->end)
            json->at++;
        json->arrays |= array && count > 1;
        return mix(sum, count);
    }
    if (json->at < json->end && *json->at == '"')
        skip_string(json);
    else
        while (json->at < json->end && !memchr(",:]}", *json->at, 4))
            json->at++;
    if (json->at == start && json->at < json->end)
        json->at++; /* no canonical text: go on all the same */
    return hash_64(start, (size_t)(json->at - start));
}

static uint32_t get_u32(const unsigned char *place)
{
    return (uint32_t)place[0] | (uint32_t)place[1] << 8 | (uint32_t)place[2] << 16 |
           (uint32_t)place[3] << 24;
}

/* The same for the elements of a VALUE_ARRAY; false: not one. */
static bool hash_array(const struct value *value, uint64_t *sum)
{
    const unsigned char *place = value->payload, *end = place + value->payload_length;
    uint32_t dimensions = get_u32(place);
    if (dimensions > 64 || (size_t)(end - place) < 4 + 4 * (size_t)dimensions)
        return false;
    *sum = hash_64(place, 4 + 4 * (size_t)dimensions);
    place += 4 + 4 * (size_t)dimensions;
    while (place < end) {
        struct value element;
        if (!value_read(&place, end, &element))
            return false;
        *sum += mix(hash_64(element.encoding, element.encoding_length), 1);
    }
    return true;
}

static bool array_order(const struct cause_pair *pair, struct cause_match *match)
{
    (void)match;
    uint64_t sums[SIDES];
    if (pair->from->tag != pair->to->tag ||
        pair->from->payload_length != pair->to->payload_length || pair->damaged == SOURCE)
        return false;
    if (pair->from->tag == VALUE_ARRAY)
        return hash_array(pair->from, &sums[0]) && hash_array(pair->to, &sums[1]) &&
               sums[0] == sums[1];
    if (!memchr(pair->from->payload, '[', pair->from->payload_length))
        return false;
    struct json from = {pair->from->payload, pair->from->payload + pair->from->payload_length,
                        false};
    struct json to = {pair->to->payload, pair->to->payload + pair->to->payload_length, false};
    return hash_json(&from, 0) == hash_json(&to, 0) && from.arrays;
}

static double say_array_order(const struct cause_group *group, struct buffer *out)
{
    buffer_printf(out, "%s the same elements in another order",
                  group->count == 1 ? "holds" : "hold");
    return 1.0;
}

#define LISTS (CAUSE_TAG(VALUE_ARRAY) | CAUSE_TAG(VALUE_JSON))

const struct cause_rule cause_list_rules[] = {
    {.name = "json-null",
     .sure = true,
     .from = CAUSE_TAG(VALUE_JSON),
     .to = CAUSE_TAG(VALUE_NULL) | CAUSE_TAG(VALUE_JSON),
     .fits = json_null,
     .say = say_json_null},
    {.name = "array-order",
     .sure = true,
     .from = LISTS,
     .to = LISTS,
     .fits = array_order,
     .say = say_array_order},
    {.name = NULL},
};
