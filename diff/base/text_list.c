/* A growing list of texts. Knows nothing of what they say. */
#include "text_list.h"

#include "memory.h"

#include <stdlib.h>

void text_list_add(struct text_list *list, const char *text)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 8;
        list->items = mem_resize(list->items, list->capacity, sizeof *list->items);
    }
    list->items[list->count++] = mem_copy_string(text);
}

void text_list_free(struct text_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct text_list){0};
}
