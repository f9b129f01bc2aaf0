/*
 * What the files of noise.h share: the place of one difference as rules name it, and what the
 * values that differ there have in common. For noise*.c, and for check*.c, which alone see the
 * trees.
 */
#ifndef TALLY_REPLAY_NOISE_PARTS_H
#define TALLY_REPLAY_NOISE_PARTS_H

#include "../diff/compare.h"
#include "../diff/selector.h"
#include "noise.h"
#include "slice.h"

#define NOISE_STEPS 50   /* of a place; deeper ones are not learnt */
#define NOISE_CONTEXT 24 /* bytes of what stands around a value that a rule asks for, at most */
#define NOISE_SHOWN 40   /* bytes of an example */
#define NOISE_SPANS 16   /* of one text; with more it is taken as one */

enum noise_action {
    NOISE_MASK,
    NOISE_IGNORE,
    NOISE_ORDER,
    NOISE_NOTHING /* no narrow rule covers it; why */
};

/* An element, member or index on the way to a place. */
struct noise_step {
    const char *name; /* NULL: an element of a JSON array */
    const char *mark; /* "#id", ".class", or "" */
    uint32_t number;  /* among its siblings, from 1; 0: it needs none, or its number is not known */
};

enum noise_language {
    NOISE_CSS,
    NOISE_JSON,
    NOISE_XPATH,
    NOISE_HEADER,
    NOISE_LINES,
    NOISE_COMMENTS
};

/* What differs in a text and what stands around it, the nearest bytes, up to the next span. */
struct noise_span {
    struct slice before, after, text[SIDES];
    bool at_start, at_end; /* nothing stands before `before`; behind `after` */
};

struct noise_place {
    enum noise_action action;
    const char *why;
    enum noise_language language;
    size_t count;
    struct noise_step *steps; /* outermost first */
    const char *name;         /* of an attribute or header, or NULL */
    bool whole;               /* `mask: true` hides the value alone: an attribute, a JSON value */
    bool leaf;                /* no element lies in it: all of its text may be masked */
    bool secret;              /* nothing of its values may be written */
    /* NOISE_MASK: of a value, one from the first word to the last that differs; of a text among
     * others (a comment, a script) one for each. */
    size_t span_count;
    struct noise_span *spans;
};

/* ---- noise_place.c */

/* In the arena, which must live as long as it. */
const struct noise_place *noise_place_of(struct arena *arena, const struct comparison *found,
                                         const struct difference *difference, bool secret);
const struct noise_place *noise_place_of_header(struct arena *arena, const char *name,
                                                const struct slice text[SIDES],
                                                const bool there[SIDES], bool secret);
const struct noise_place *noise_place_nowhere(struct arena *arena, const char *why);
/* Appends the selector; numbers: in place of the steps' own. */
void noise_add_selector(struct buffer *out, enum noise_language language,
                        const struct noise_step *steps, const uint32_t *numbers, size_t count);

/* ---- noise_pattern.c */

#define NOISE_RUNS 24

enum noise_run_kind {
    RUN_BYTE, /* itself */
    RUN_BLANK,
    RUN_DIGITS,
    RUN_HEX, /* digits and a to f */
    RUN_LETTERS,
    RUN_WORD,   /* letters and digits of ASCII */
    RUN_UNICODE /* these, and what is beyond ASCII */
};

struct noise_run {
    enum noise_run_kind kind;
    unsigned least, most; /* bytes; of RUN_UNICODE they say nothing */
    char text[16];        /* RUN_BYTE, and letters that were the same in all values; "" */
};

/* What values have in common: runs of letters, digits and marks. */
struct noise_pattern {
    size_t count; /* 0: nothing */
    struct noise_run runs[NOISE_RUNS];
    char before[NOISE_CONTEXT + 1], after[NOISE_CONTEXT + 1];
    bool at_start, at_end;
};

void noise_pattern_of(struct noise_pattern *pattern, const struct noise_span *span);
/* Takes more into it; false, and nothing is changed: they have another shape. apart: or nothing
 * around them is common that would tell them from all else. */
bool noise_pattern_merge(struct noise_pattern *pattern, const struct noise_pattern *more,
                         bool apart);
/* Takes only in that both are somewhere between the same; false, and nothing is changed: nothing
 * around them is common that would tell them. */
bool noise_pattern_cover(struct noise_pattern *pattern, const struct noise_pattern *more);
/* Does what stands around it tell it from other values of its shape? */
bool noise_pattern_is_told(const struct noise_pattern *pattern);
/* Takes only in that both are somewhere between the same. */
void noise_pattern_forget(struct noise_pattern *pattern, const struct noise_pattern *more);
/* Appends a regular expression; false: there is none that is narrow. leaf: all of a text may go. */
bool noise_pattern_add(struct buffer *out, const struct noise_pattern *pattern, bool leaf,
                       bool secret);

#endif
