/* See counted.h. */
#include "counted.h"

#include <stdlib.h>

#define AT_ONCE 100 /* look-ups that one query asks for together */

struct counted *counted_add(struct counted_list *list, const struct definition_reading *reading,
                            size_t column)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 64;
        list->items = mem_resize(list->items, list->capacity, sizeof *list->items);
    }
    struct counted *counted = &list->items[list->count++];
    *counted = (struct counted){.table = reading->table,
                                .column = column,
                                .counter = arena_alloc(list->arena, sizeof *counted->counter)};
    *counted->counter = (struct counter){.increment = 1, .end = INT64_MAX};
    reading->table->definition->columns[column].counter = counted->counter;
    return counted;
}

static bool look_up_some(struct counted_list *list, const struct counted_look_up *look_up,
                         counted_run *run, struct connection *connection, size_t from, size_t to,
                         struct err *err)
{
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT);
    size_t asked = 0;
    for (size_t i = from; i < to; i++) {
        if (!look_up->wants(&list->items[i]))
            continue;
        buffer_add_text(&sql, asked++ ? " UNION ALL " : "");
        look_up->ask(&sql, i, &list->items[i]);
    }
    bool ok = !asked || run(connection, (const char *)sql.data, look_up, list, err);
    buffer_free(&sql);
    if (ok || (err->code != ERR_TABLE && err->code != ERR_RETRY))
        return ok;
    if (to - from == 1) {
        list->items[from].counter->unknown = arena_copy(list->arena, err->text);
        return true;
    }
    for (size_t i = from; i < to; i++)
        if (!look_up_some(list, look_up, run, connection, i, i + 1, err))
            return false;
    return true;
}

bool counted_look_up(struct counted_list *list, const struct counted_look_up *look_up,
                     counted_run *run, struct connection *connection, struct err *err)
{
    for (size_t i = 0; i < list->count; i += AT_ONCE) {
        size_t left = list->count - i, count = left < AT_ONCE ? left : AT_ONCE;
        if (!look_up_some(list, look_up, run, connection, i, i + count, err))
            return false;
    }
    return true;
}

struct counted *counted_of(struct counted_list *list, const char *const *cells)
{
    return &list->items[strtoull(cells[0], NULL, 10)];
}

/* A numeric comes as "18446744073709551615", which strtoll() clamps. */
bool counted_keep_highest(void *list, const char *const *cells, struct err *err)
{
    (void)err;
    struct counter *counter = counted_of(list, cells)->counter;
    counter->has_highest = cells[1] != NULL;
    counter->highest = cells[1] ? strtoll(cells[1], NULL, 10) : 0;
    return true;
}
