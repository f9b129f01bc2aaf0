/* See exchange.h. */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void fields_add(struct fields *fields, struct arena *arena, const char *name, const char *value,
                size_t value_length)
{
    if (fields->count == fields->capacity) {
        fields->capacity = fields->capacity ? 2 * fields->capacity : 16;
        fields->items = mem_resize(fields->items, fields->capacity, sizeof *fields->items);
    }
    fields->items[fields->count++] =
        (struct field){arena_copy(arena, name), arena_copy_bytes(arena, value, value_length)};
}

const char *fields_find(const struct fields *fields, const char *name)
{
    for (size_t i = 0; i < fields->count; i++)
        if (strcasecmp(fields->items[i].name, name) == 0)
            return fields->items[i].value;
    return NULL;
}

void fields_free(struct fields *fields)
{
    free(fields->items);
    *fields = (struct fields){0};
}

bool replacement_was_sent(const struct replacement *one)
{
    bool shown = strncmp(one->where, "answer", 6) == 0;
    bool made = one->is_id && !*one->logged;
    return !shown && !made;
}

struct exchange *exchange_new(void)
{
    struct exchange *exchange = mem_zero(1, sizeof *exchange);
    for (int side = 0; side < SIDES; side++) {
        buffer_init(&exchange->out[side].target, BUFFER_NO_LIMIT);
        buffer_init(&exchange->out[side].body, BUFFER_NO_LIMIT);
        buffer_init(&exchange->in[side].body, BUFFER_NO_LIMIT);
    }
    return exchange;
}

void exchange_free(struct exchange *exchange)
{
    if (!exchange)
        return;
    fields_free(&exchange->logged.headers);
    for (int side = 0; side < SIDES; side++) {
        buffer_free(&exchange->out[side].target);
        buffer_free(&exchange->out[side].body);
        buffer_free(&exchange->in[side].body);
        fields_free(&exchange->out[side].headers);
        fields_free(&exchange->in[side].headers);
    }
    arena_free(&exchange->arena);
    free(exchange);
}
