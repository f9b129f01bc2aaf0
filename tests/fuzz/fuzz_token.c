/*
 * libFuzzer driver of what each side is sent. Input, with bytes 0xff between: a logged target, a
 * logged body, an answer, a Location, rules. Both sides give that answer, the target with each '1'
 * as '2'; the request is made twice, so that what the first answers taught is applied to the
 * second. Whatever the bytes: no crash, no leak, bounded memory; a lane that knows nothing sends
 * what was logged; and what differs from the log is recorded. Seeds: corpus/token. Run by
 * tests/fuzz/run.
 */
#include "../../replay/token.h"
#include "../../replay/token_rules.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FIELD_TARGET, FIELD_BODY, FIELD_ANSWER, FIELD_LOCATION, FIELD_RULES, FIELDS };

static bool same(const struct buffer *sent, struct slice logged)
{
    return sent->length == logged.length &&
           (!logged.length || memcmp(sent->data, logged.at, logged.length) == 0);
}

static void take(struct exchange *exchange, const struct slice input[FIELDS], uint64_t number)
{
    exchange->number = number;
    exchange->logged.method = number == 1 ? "POST" : number == 2 ? "GET" : "PUT";
    exchange->logged.target = input[FIELD_TARGET];
    if (number != 2)
        exchange->logged.body = input[FIELD_BODY];
}

static void answer(struct exchange *exchange, const struct slice input[FIELDS])
{
    for (int side = 0; side < SIDES; side++) {
        struct incoming *in = &exchange->in[side];
        buffer_add(&in->body, input[FIELD_ANSWER].at, input[FIELD_ANSWER].length);
        for (size_t i = 0; side == TARGET && i < in->body.length; i++)
            in->body.data[i] = in->body.data[i] == '1' ? '2' : in->body.data[i];
        in->status = 200;
        if (!input[FIELD_LOCATION].length)
            continue;
        char *location = arena_copy_bytes(&exchange->arena, (const char *)input[FIELD_LOCATION].at,
                                          input[FIELD_LOCATION].length);
        for (char *at = location; side == TARGET && *at; at++)
            *at = *at == '1' ? '2' : *at;
        in->status = 302;
        fields_add(&in->headers, &exchange->arena, "Location", location, strlen(location));
        fields_add(&in->headers, &exchange->arena, "Set-Cookie", location, strlen(location));
    }
}

static void check(const struct exchange *exchange, bool knows)
{
    const struct logged *logged = &exchange->logged;
    bool equal = true;
    for (int side = 0; side < SIDES; side++)
        equal = equal && same(&exchange->out[side].target, logged->target) &&
                same(&exchange->out[side].body, logged->body);
    if (!equal && (!knows || !exchange->replacement_count))
        abort();
    for (size_t i = 0; i < exchange->replacement_count; i++)
        if (!exchange->replacements[i].value[SOURCE] || !exchange->replacements[i].value[TARGET])
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input[FIELDS] = {{0}};
    struct token_rules *rules = NULL;
    struct err err = {0};
    const uint8_t *end = data + size;
    input[FIELD_RULES] = slice_of("");
    for (int i = 0; i < FIELDS && data <= end; i++) {
        const uint8_t *stop = data < end ? memchr(data, 0xff, (size_t)(end - data)) : NULL;
        stop = stop ? stop : end;
        input[i] = (struct slice){data, (size_t)(stop - data)};
        data = stop + 1;
    }
    if (!input[FIELD_TARGET].length)
        return 0;
    if (!token_rules_parse("r.yml", (const char *)input[FIELD_RULES].at, input[FIELD_RULES].length,
                           &rules, &err) &&
        (err.code != ERR_USAGE || strchr(err.text, '\n') || rules))
        abort();
    struct token_shared *shared = token_shared_new(rules);
    struct token_memory *lane = token_memory_new(shared);
    for (uint64_t number = 1; number <= 3; number++) {
        struct exchange *exchange = exchange_new();
        take(exchange, input, number);
        token_apply(lane, exchange);
        check(exchange, number > 1);
        answer(exchange, input);
        token_merge(lane, exchange, token_read(rules, exchange));
        if (token_memory_bytes(lane) > 1 << 16)
            abort();
        exchange_free(exchange);
    }
    token_memory_free(lane);
    token_shared_free(shared);
    token_rules_free(rules);
    return 0;
}
