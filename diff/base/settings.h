/*
 * A file of settings: YAML, read by tables. Input: bytes that claim to be YAML, and tables of
 * struct settings_entry that say what may stand in them: key, shapes of its value, reader; a new
 * key is one row. Output: whatever the readers fill, or one sentence with the line and column of
 * the first thing that is wrong. Knows nothing of what any setting means.
 *
 * The readers descend as deep as the tables do and no deeper, so an alias that contains itself
 * meets a wrong shape or an unknown key; what aliases could multiply, and how long and deep a file
 * may be, is bounded. settings.c alone includes libyaml.
 */
#ifndef TALLY_BASE_SETTINGS_H
#define TALLY_BASE_SETTINGS_H

#include "buffer.h"
#include "error.h"
#include "memory.h"

#include <stdbool.h>
#include <stddef.h>

struct mark {
    int line, column; /* from 1; line 0: not from a file */
};

enum settings_shape { SHAPE_NOTHING = 1, SHAPE_TEXT = 2, SHAPE_LIST = 4, SHAPE_MAP = 8 };

/* A value or key of the file. Borrowed: gone when settings_parse() returns. */
struct settings_node {
    enum settings_shape shape;
    struct mark mark;
    size_t place; /* in the file, counted in characters: for order */
    bool plain;   /* a text without quotes */
    const char *text;
    size_t length;
    size_t count; /* of a list's items, of a map's pairs */
    const struct settings_node **keys, **values;
};

struct settings; /* a file that is being read */
struct settings_item;

/* A key that may stand in a map. An array of entries ends with a NULL key. */
struct settings_entry {
    const char *key;
    unsigned shapes;   /* of its value: enum settings_shape, added up */
    const char *wants; /* completes "needs …" when the shape is another */
    bool (*read)(struct settings *settings, const struct settings_item *item, struct err *err);
    size_t field;  /* offset of what is set, for the reader */
    size_t beside; /* offset of what goes with it, or 0 */
    int detail;    /* anything else that the reader wants */
};

/* One key of the file with its value. */
struct settings_item {
    const struct settings_entry *entry;
    const struct settings_node *key; /* NULL: an item of a list */
    const struct settings_node *value;
    void *into; /* the struct that entry->field is an offset in */
};

/* Entries and the struct they fill; a map may be made of two such groups. */
struct settings_group {
    const struct settings_entry *entries;
    void *into;
};

/* A sort of file. */
struct settings_format {
    const char *noun;  /* for sentences: "mapping" */
    const char *file;  /* "mapping file" */
    const char *wants; /* completes "a mapping file needs …" */
    const struct settings_entry *entries;
    bool names; /* the keys at the top are names: the first entry reads each of them */
};

/* Reads the file's bytes. ERR_USAGE with "path: sentence" when it cannot be, or has over 16 MB. */
bool settings_load(const struct settings_format *format, const char *path, struct buffer *text,
                   struct err *err) MUST_CHECK;
/* Reads `text` into the struct at `into`. Texts that readers take are copied to the arena. */
bool settings_parse(const struct settings_format *format, const char *path, const char *text,
                    size_t length, struct arena *arena, void *into, struct err *err) MUST_CHECK;

/* ---- for readers ---- */

/* "path:line:column: sentence" as ERR_USAGE; returns false. */
bool settings_fail(const struct settings *settings, struct mark mark, struct err *err,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same place before a sentence that is there already; returns false. */
bool settings_prefix(const struct settings *settings, struct mark mark, struct err *err);
/* `"key" needs what it wants`; the second: `…, not "text"`. Both return false. */
bool settings_fail_wants(const struct settings *settings, const struct settings_item *item,
                         struct err *err);
bool settings_fail_value(const struct settings *settings, const struct settings_item *item,
                         struct err *err);
/* `unknown WHAT "text"`, with the nearest known word, or all known ones; returns false. */
bool settings_fail_unknown(const struct settings *settings, const struct settings_node *node,
                           const char *what, const char *const *known, size_t count,
                           struct err *err);

struct arena *settings_arena(struct settings *settings);
void *settings_field(const struct settings_item *item);  /* into + field */
void *settings_beside(const struct settings_item *item); /* into + beside; NULL: beside is 0 */
bool settings_is_null(const char *text);                 /* "~", "null" in any case */

/* A text that is not empty, as a C string of the arena. */
bool settings_take(struct settings *settings, const struct settings_node *node, const char **text,
                   struct err *err) MUST_CHECK;
/* No text may stand twice among `count` of them, which are sorted here. `what`: "key", "column". */
bool settings_no_repeats(const struct settings *settings, const struct settings_node **texts,
                         size_t count, const char *what, struct err *err) MUST_CHECK;
/* Is the value's shape one of the entry's, and its text free of NUL? `*nothing`: it is empty, and
 * may be. The words null and ~ are empty where no text may stand; where a name may stand they are
 * names. */
bool settings_check(const struct settings *settings, const struct settings_item *item,
                    bool *nothing, struct err *err) MUST_CHECK;

/* Reads a map whose keys are all known: each by its entry in one of the groups (two at most; the
 * last has NULL entries). */
bool settings_read_map(struct settings *settings, const struct settings_node *map,
                       const struct settings_group *groups, struct err *err) MUST_CHECK;
/* Reads a map whose keys are names, or a list: an element of `size` bytes for each, in the arena.
 */
bool settings_read_elements(struct settings *settings, const struct settings_node *node,
                            const struct settings_entry *element, size_t size, void **elements,
                            size_t *count, struct err *err) MUST_CHECK;

#endif
