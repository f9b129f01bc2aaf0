/*
 * What the files of the script share: its functions, and how texts of the log stand in it. For
 * reproduce_*.c only.
 */
#ifndef TALLY_REPLAY_REPRODUCE_PARTS_H
#define TALLY_REPLAY_REPRODUCE_PARTS_H

#include "reproduce.h"
#include "token_parts.h"

/* Functions that a script may need. */
enum helper {
    HELP_GIVEN,
    HELP_UNESCAPE,
    HELP_TAG,
    HELP_FIELD,
    HELP_META,
    HELP_COOKIE,
    HELP_MEMBER,
    HELP_LOCATION,
    HELP_SEGMENT,
    HELP_ARGUMENT,
    HELP_CREATED,
    HELP_LINK,
    HELP_URL,
    HELP_JSON,
    HELP_OWN,
    HELP_SEED,
    HELPERS
};

struct script {
    const struct reproduce_plan *plan;
    struct arena arena;
    struct buffer head, steps; /* variables; what play() does */
    struct buffer path;        /* of the request at hand, as a word of the shell */
    /* Values of the request at hand that have a variable: a path and a field may say the same. */
    size_t taken_count;
    struct taken {
        const struct reproduce_value *value;
        const char *logged;
        unsigned id;
    } taken[32];
    bool used[HELPERS];
    unsigned values, secrets, files;
};

/* The script needs this function, and those that it calls. */
void reproduce_use(struct script *script, enum helper helper);
void reproduce_add_helpers(const struct script *script, struct buffer *out);

/* Text as one word: the shell reads these bytes. No NUL can stand in one. */
void reproduce_quote(struct buffer *out, const void *bytes, size_t length);
void reproduce_quote_text(struct buffer *out, const char *text);
/* Text in a comment, or between other words: on one line, and nothing that a shell reads. */
void reproduce_plain(struct buffer *out, const void *bytes, size_t length);
/* For messages within "${…:?…}". */
void reproduce_words(struct buffer *out, const char *text);
/* For a pattern of extended regular expressions: what is special is any character. */
void reproduce_pattern(struct buffer *out, const void *bytes, size_t length);

/* ---- reproduce_value.c ---- */

/* Writes the line that gives a variable $value_N its value, before the request that is sent it;
 * returns N. part: where it stands in the request, or NULL. */
unsigned reproduce_take_value(struct script *script, const struct reproduce_step *step,
                              const struct reproduce_value *value, const struct token_part *part);
/* A secret of the log: a variable $SECRET_N with its value, or one to fill in; returns N. */
unsigned reproduce_take_secret(struct script *script, const struct reproduce_step *step,
                               const char *where, const char *value);

#endif
