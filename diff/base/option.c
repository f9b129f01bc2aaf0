/*
 * Options: parsed from argv, shown as --help and as a man page, all from one table. Knows nothing
 * of what the options mean. Sentences never repeat an operand or anything that may hold a password:
 * a URI given in the wrong place, or mysql's habit of -pSECRET.
 */
#include "option.h"

#include "display.h"
#include "memory.h"
#include "nearest.h"
#include "text_list.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

/* What is being parsed. */
struct parse {
    const struct option_row *rows;
    int argc;
    char **argv;
    int next; /* index of the next argument */
    void *fields;
    struct err *err;
};

static void *field_of(const struct parse *parse, const struct option_row *row)
{
    return (char *)parse->fields + row->field;
}

/* Is this text one of "text|json"? */
static bool is_choice(const char *choices, const char *text)
{
    size_t length = strlen(text);
    while (choices) {
        const char *end = strchrnul(choices, '|');
        if ((size_t)(end - choices) == length && memcmp(choices, text, length) == 0)
            return true;
        choices = *end ? end + 1 : NULL;
    }
    return false;
}

/* The value as an error may show it: ", not 'x'"; "" when it might hold a secret. */
static void describe_value(const char *value, struct buffer *out)
{
    if (*value && strlen(value) <= 40 && !strchr(value, '@') && !strchr(value, ':') &&
        !strchr(value, '='))
        buffer_printf(out, ", not '%s'", value);
}

/* "a, b or c" of "a|b|c". */
static void describe_choices(const char *choices, struct buffer *out)
{
    for (const char *at = choices; *at;) {
        const char *end = strchrnul(at, '|');
        if (at != choices)
            buffer_add_text(out, strchr(at, '|') ? ", " : " or ");
        buffer_add(out, at, (size_t)(end - at));
        at = *end ? end + 1 : end;
    }
}

static bool refuse_value(struct parse *parse, const struct option_row *row, const char *value)
{
    struct buffer text = BUFFER_INIT(500);
    if (row->type == OPTION_INT) {
        buffer_printf(&text, "a whole number from %d to %d", row->minimum, row->maximum);
    } else {
        describe_choices(row->value_name, &text);
    }
    describe_value(value, &text);
    err_set(parse->err, ERR_USAGE, "--%s must be %s.", row->name, (const char *)text.data);
    buffer_free(&text);
    return false;
}

static bool read_int(const char *text, int minimum, int maximum, int *number)
{
    char *end;
    const char *digits = text + (*text == '-' || *text == '+');
    if (*digits < '0' || *digits > '9') /* strtol skips blanks */
        return false;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (errno || *end || n < minimum || n > maximum)
        return false;
    *number = (int)n;
    return true;
}

static bool set_value(struct parse *parse, const struct option_row *row, const char *value)
{
    void *field = field_of(parse, row);
    switch (row->type) {
    case OPTION_FLAG:
        *(bool *)field = true;
        return true;
    case OPTION_INT:
        return read_int(value, row->minimum, row->maximum, field) ||
               refuse_value(parse, row, value);
    case OPTION_CHOICE:
        if (!is_choice(row->value_name, value))
            return refuse_value(parse, row, value);
        *(const char **)field = value;
        return true;
    case OPTION_TEXT:
    case OPTION_PAIR:
        *(const char **)field = value;
        return true;
    case OPTION_LIST:
        text_list_add(field, value);
        return true;
    }
    return true;
}

/* A fallback is part of the program: it is not checked against minimum or choices. */
static void set_fallbacks(struct parse *parse)
{
    for (const struct option_row *row = parse->rows; row->name; row++) {
        void *field = field_of(parse, row);
        switch (row->type) {
        case OPTION_FLAG:
            *(bool *)field = row->fallback != NULL;
            break;
        case OPTION_INT:
            *(int *)field = 0;
            if (row->fallback)
                (void)read_int(row->fallback, INT_MIN, INT_MAX, field);
            break;
        case OPTION_TEXT:
        case OPTION_CHOICE:
            *(const char **)field = row->fallback;
            break;
        case OPTION_LIST:
            *(struct text_list *)field = (struct text_list){0};
            if (row->fallback)
                text_list_add(field, row->fallback);
            break;
        case OPTION_PAIR:
            ((const char **)field)[0] = ((const char **)field)[1] = NULL;
            break;
        }
    }
}

/* The argument behind an option that needs one; NULL, with the error, when there is none. */
static const char *next_value(struct parse *parse, const struct option_row *row)
{
    if (parse->next < parse->argc)
        return parse->argv[parse->next++];
    err_set(parse->err, ERR_USAGE, "--%s needs a value: --%s %s.", row->name, row->name,
            row->value_name ? row->value_name : "VALUE");
    return NULL;
}

/* Takes the value, NULL: the next argument; and the second one of a pair. */
static bool take_value(struct parse *parse, const struct option_row *row, const char *value)
{
    if (!value)
        value = next_value(parse, row);
    if (!value || !set_value(parse, row, value))
        return false;
    if (row->type != OPTION_PAIR)
        return true;
    const char *second = parse->next < parse->argc ? parse->argv[parse->next] : "-";
    if (second[0] == '-')
        return err_set(parse->err, ERR_USAGE, "--%s needs two values: --%s %s.", row->name,
                       row->name, row->value_name);
    parse->next++;
    ((const char **)field_of(parse, row))[1] = second;
    return true;
}

static bool refuse_name(struct parse *parse, const char *name, size_t length)
{
    size_t count = 0;
    for (const struct option_row *row = parse->rows; row->name; row++)
        count++;
    const char **known = mem_zero(count, sizeof *known);
    for (size_t i = 0; i < count; i++)
        known[i] = parse->rows[i].name;
    char *word = mem_copy_bytes(name, length);
    const char *nearest = nearest_word(word, known, count);
    bool harmless =
        length <= 40 && strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789_-") == length;
    if (!harmless)
        err_set(parse->err, ERR_USAGE, "There is no such option; --help lists them.");
    else if (nearest)
        err_set(parse->err, ERR_USAGE, "There is no option --%s; did you mean --%s?", word,
                nearest);
    else
        err_set(parse->err, ERR_USAGE, "There is no option --%s; --help lists them.", word);
    free(word);
    free(known);
    return false;
}

/* "--name", "--name=value"; text is what follows the dashes. */
static bool parse_long(struct parse *parse, const char *text)
{
    size_t length = strcspn(text, "=");
    const struct option_row *row = parse->rows;
    while (row->name && !(strlen(row->name) == length && memcmp(row->name, text, length) == 0))
        row++;
    if (!row->name)
        return refuse_name(parse, text, length);
    const char *value = text[length] ? text + length + 1 : NULL;
    if (row->type == OPTION_FLAG) {
        if (value)
            return err_set(parse->err, ERR_USAGE, "--%s takes no value.", row->name);
        return set_value(parse, row, NULL);
    }
    return take_value(parse, row, value);
}

/* "-n value", "-nvalue", and flags together: "-qv"; text is what follows the dash. */
static bool parse_letters(struct parse *parse, const char *text)
{
    for (; *text; text++) {
        const struct option_row *row = parse->rows;
        while (row->name && row->letter != *text)
            row++;
        if (!row->name) {
            bool shown = *text > ' ' && *text < 0x7f;
            return err_set(parse->err, ERR_USAGE, "There is no option -%c; --help lists them.",
                           shown ? *text : '?');
        }
        if (row->type != OPTION_FLAG)
            return take_value(parse, row, text[1] ? text + 1 : NULL);
        if (!set_value(parse, row, NULL))
            return false;
    }
    return true;
}

bool option_parse(const struct option_row *rows, int argc, char **argv, void *fields,
                  const char **operands, size_t most, size_t *operand_count, struct err *err)
{
    struct parse parse = {
        .rows = rows, .argc = argc, .argv = argv, .next = 1, .fields = fields, .err = err};
    bool options_end = false;
    *operand_count = 0;
    set_fallbacks(&parse);
    while (parse.next < argc) {
        const char *text = argv[parse.next++];
        if (options_end || text[0] != '-' || !text[1]) {
            if (*operand_count == most)
                return err_set(err, ERR_USAGE,
                               "Too many arguments: %zu are expected beside the options.", most);
            operands[(*operand_count)++] = text;
        } else if (strcmp(text, "--") == 0) {
            options_end = true;
        } else if (text[1] == '-' ? !parse_long(&parse, text + 2)
                                  : !parse_letters(&parse, text + 1)) {
            return false;
        }
    }
    return true;
}

/* "-j, --jobs N" */
static void describe_names(const struct option_row *row, struct buffer *out)
{
    if (row->letter)
        buffer_printf(out, "-%c, --%s", row->letter, row->name);
    else
        buffer_printf(out, "    --%s", row->name);
    if (row->type != OPTION_FLAG && row->value_name)
        buffer_printf(out, " %s", row->value_name);
}

/* The row's sentences and its default. */
static void describe_help(const struct option_row *row, struct buffer *out)
{
    buffer_add_text(out, row->help ? row->help : "");
    if (row->fallback && row->type != OPTION_FLAG)
        buffer_printf(out, " (default: %s)", row->fallback);
}

static bool begins_group(const struct option_row *rows, const struct option_row *row)
{
    return row->group && (row == rows || !row[-1].group || strcmp(row[-1].group, row->group) != 0);
}

void option_help(const struct option_row *rows, int width, struct buffer *out)
{
    enum { MARGIN = 2, GAP = 2, WIDEST = 28, NARROWEST = 20 };
    struct buffer text = BUFFER_INIT(1 << 16);
    size_t indent = 0; /* where the help begins: behind the names, but not too far right */
    for (const struct option_row *row = rows; row->name; row++) {
        buffer_clear(&text);
        describe_names(row, &text);
        size_t columns = MARGIN + display_width((const char *)text.data) + GAP;
        if (columns > indent && columns <= WIDEST)
            indent = columns;
    }
    if (!indent)
        indent = MARGIN + GAP;
    size_t wide = width > 0 ? (size_t)width : 80;
    if (wide < indent + NARROWEST)
        wide = indent + NARROWEST;
    for (const struct option_row *row = rows; row->name; row++) {
        if (begins_group(rows, row))
            buffer_printf(out, "%s%s:\n", row == rows ? "" : "\n", row->group);
        buffer_clear(&text);
        describe_names(row, &text);
        size_t columns = MARGIN + display_width((const char *)text.data);
        display_add_blanks(out, MARGIN);
        buffer_add_text(out, (const char *)text.data);
        if (columns + GAP > indent) {
            buffer_add_byte(out, '\n');
            columns = 0;
        }
        display_add_blanks(out, indent - columns);
        buffer_clear(&text);
        describe_help(row, &text);
        display_add_wrapped(out, (const char *)text.data, indent, indent, wide);
    }
    buffer_free(&text);
}

/* Text as groff reads it: a hyphen-minus, not a hyphen; no macro at the start of a line. */
static void add_roff(struct buffer *out, const char *text)
{
    static const struct {
        char byte;
        const char *roff;
    } marks[] = {{'\\', "\\e"},  {'-', "\\-"},   {'\'', "\\(aq"}, {'^', "\\(ha"},
                 {'~', "\\(ti"}, {'`', "\\(ga"}, {'\n', " "}};
    if (*text == '.')
        buffer_add_text(out, "\\&");
    for (; *text; text++) {
        size_t i = 0;
        while (i < sizeof marks / sizeof *marks && marks[i].byte != *text)
            i++;
        if (i < sizeof marks / sizeof *marks)
            buffer_add_text(out, marks[i].roff);
        else
            buffer_add_byte(out, (unsigned char)*text);
    }
}

void option_man_text(struct buffer *out, const char *text)
{
    add_roff(out, text);
    buffer_add_byte(out, '\n');
}

void option_man(const struct option_row *rows, struct buffer *out)
{
    struct buffer text = BUFFER_INIT(1 << 16);
    for (const struct option_row *row = rows; row->name; row++) {
        if (begins_group(rows, row)) {
            buffer_add_text(out, ".SS ");
            add_roff(out, row->group);
            buffer_add_byte(out, '\n');
        }
        buffer_add_text(out, ".TP\n");
        if (row->letter)
            buffer_printf(out, "\\fB\\-%c\\fR, ", row->letter);
        buffer_add_text(out, "\\fB\\-\\-");
        add_roff(out, row->name);
        buffer_add_text(out, "\\fR");
        if (row->type != OPTION_FLAG && row->value_name) {
            buffer_add_text(out, " \\fI");
            add_roff(out, row->value_name);
            buffer_add_text(out, "\\fR");
        }
        buffer_add_byte(out, '\n');
        buffer_clear(&text);
        describe_help(row, &text);
        option_man_text(out, (const char *)text.data);
    }
    buffer_free(&text);
}

void option_help_entries(struct buffer *out, const char *heading,
                         const struct option_entry *entries, size_t count, size_t column, int width)
{
    buffer_printf(out, "\n%s:\n", heading);
    for (size_t i = 0; i < count; i++) {
        size_t at = 2 + strlen(entries[i].term);
        buffer_printf(out, "  %s", entries[i].term);
        if (at + 2 > column) {
            buffer_add_byte(out, '\n');
            at = 0;
        }
        display_add_blanks(out, column - at);
        display_add_wrapped(out, entries[i].text, column, column, (size_t)width);
    }
}

void option_man_entries(struct buffer *out, const char *heading, const struct option_entry *entries,
                        size_t count)
{
    buffer_printf(out, ".SH %s\n", heading);
    for (size_t i = 0; i < count; i++) {
        buffer_add_text(out, ".TP\n.B ");
        option_man_text(out, entries[i].term);
        option_man_text(out, entries[i].text);
    }
}

void option_help_subcommand(struct buffer *out, const char *usage, const char *what,
                            const struct option_row *rows, int width, const char *manual)
{
    buffer_printf(out, "Usage: %s\n\n", usage);
    display_add_wrapped(out, what, 0, 0, (size_t)width);
    buffer_add_byte(out, '\n');
    option_help(rows, width, out);
    if (manual)
        buffer_printf(out, "\nThe whole manual: man %s\n", manual);
}
