/*
 * Command-line options as one table: parser, --help and the man page's OPTIONS section come of it.
 *
 *     static const struct option_row rows[] = {
 *         {"jobs", 'j', OPTION_INT, "N", offsetof(struct verify_options, jobs), "2", 1, 64,
 *          "Speed", "Connections …"},
 *         …, {0}};
 */
#ifndef TALLY_BASE_OPTION_H
#define TALLY_BASE_OPTION_H

#include "buffer.h"
#include "error.h"

#include <stddef.h>

enum option_type {
    OPTION_FLAG,   /* bool; a fallback other than NULL: true */
    OPTION_INT,    /* int, between minimum and maximum */
    OPTION_TEXT,   /* const char *, borrowed from argv */
    OPTION_CHOICE, /* const char *; value_name holds the choices: "text|json" */
    OPTION_LIST,   /* struct text_list (text_list.h); repeatable */
    OPTION_PAIR    /* const char *[2], borrowed from argv: "--verify SOURCE_DB TARGET_DB" */
};

struct option_row {
    const char *name; /* long name without dashes; NULL ends the table */
    char letter;      /* 0: none */
    enum option_type type;
    const char *value_name; /* "FILE"; NULL for flags */
    size_t field;           /* offset in the options struct */
    const char *fallback;   /* default, as text; NULL: zero */
    int minimum, maximum;   /* OPTION_INT */
    const char *group;      /* heading in --help: "What to compare" */
    const char *help;       /* one or two sentences; "(default: …)" is put behind them */
};

/*
 * Parses argv (argc includes the program name) into the struct at `fields`: defaults first.
 * "--name value", "--name=value", "-n value", "-nvalue", "-qv" for flags, "--name value value" for
 * pairs, whose second value does not begin with a dash; "--" ends options, "-" is
 * an operand, unambiguous prefixes are NOT accepted. Operands are collected in operands (room for
 * `most`), their number in *operand_count; too many is an error. An unknown option suggests the
 * nearest known one. ERR_USAGE on anything wrong; a message never repeats an operand, nor a value
 * that looks like a URI or a setting, for they may hold a password.
 */
bool option_parse(const struct option_row *rows, int argc, char **argv, void *fields,
                  const char **operands, size_t most, size_t *operand_count,
                  struct err *err) MUST_CHECK;

/* The options part of --help, wrapped to `width` columns, grouped. */
void option_help(const struct option_row *rows, int width, struct buffer *out);
/* A term and what there is to say of it, for what stands in --help and man page beside options. */
struct option_entry {
    const char *term, *text;
};

/* A section of them, for --help: texts begin at `column`. */
void option_help_entries(struct buffer *out, const char *heading,
                         const struct option_entry *entries, size_t count, size_t column,
                         int width);
/* The same as man(7) macros. */
void option_man_entries(struct buffer *out, const char *heading, const struct option_entry *entries,
                        size_t count);
/* The --help of a subcommand: "Usage: tally-replay report …", what it does, its options, and where
 * more is said; manual NULL: nowhere. */
void option_help_subcommand(struct buffer *out, const char *usage, const char *what,
                            const struct option_row *rows, int width, const char *manual);
/* A line of text for a man page: what groff would read as its own is escaped. */
void option_man_text(struct buffer *out, const char *text);
/* The same as man(7) macros. */
void option_man(const struct option_row *rows, struct buffer *out);

#endif
