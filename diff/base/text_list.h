/* A growing list of texts that it owns. Zero-initialise; text_list_free() makes it empty again. */
#ifndef TALLY_BASE_TEXT_LIST_H
#define TALLY_BASE_TEXT_LIST_H

#include <stddef.h>

struct text_list {
    size_t count, capacity;
    char **items; /* owned */
};

void text_list_add(struct text_list *list, const char *text); /* copies */
void text_list_free(struct text_list *list);

#endif
