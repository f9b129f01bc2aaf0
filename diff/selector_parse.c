/*
 * Reads selectors (selector.h) of CSS, JSON paths and XPath: three small readers over one cursor.
 * Each refuses what it does not know at the byte where it stands.
 */
#include "selector_parse.h"

#include <stdlib.h>

#define LONGEST 4000 /* bytes of a selector */

struct reader {
    struct selector *selector;
    const char *text, *at;
    struct selector_row *row; /* being read */
    struct err *err;
};

static bool fail(struct reader *reader, const char *sentence)
{
    return err_set(reader->err, ERR_USAGE, "%s", sentence);
}

/* "unexpected …", for what a language has and we do not, or what it has not. */
static bool fail_here(struct reader *reader, const char *wanted)
{
    unsigned char byte = (unsigned char)*reader->at;
    if (!byte)
        return err_set(reader->err, ERR_USAGE, "ends where %s should follow", wanted);
    if (byte < 0x21 || byte > 0x7E)
        return err_set(reader->err, ERR_USAGE, "%s should stand here", wanted);
    return err_set(reader->err, ERR_USAGE, "\"%c\" where %s should stand", byte, wanted);
}

static bool take(struct reader *reader, const char *text)
{
    size_t length = strlen(text);
    if (strncmp(reader->at, text, length) != 0)
        return false;
    reader->at += length;
    return true;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r' || byte == '\f';
}

static bool skip_blanks(struct reader *reader)
{
    const char *start = reader->at;
    while (is_blank(*reader->at))
        reader->at++;
    return reader->at > start;
}

/* ---- building ---- */

static bool add_row(struct reader *reader)
{
    struct selector *selector = reader->selector;
    if (selector->count == SELECTOR_ROWS)
        return fail(reader, "too many alternatives");
    reader->row = &selector->rows[selector->count++];
    reader->row->steps = arena_alloc(&selector->arena, SELECTOR_STEPS * sizeof *reader->row->steps);
    return true;
}

static struct selector_step *add_step(struct reader *reader, enum selector_axis axis)
{
    struct selector_row *row = reader->row;
    if (row->count == SELECTOR_STEPS) {
        fail(reader, "too many steps");
        return NULL;
    }
    struct selector_step *step = &row->steps[row->count];
    step->axis = axis;
    step->tests = arena_alloc(&reader->selector->arena, SELECTOR_TESTS * sizeof *step->tests);
    if (axis == AXIS_BELOW)
        row->descend |= (uint64_t)1 << row->count;
    row->count++;
    return step;
}

static struct selector_test *add_test(struct reader *reader, struct selector_step *step,
                                      enum selector_test_kind kind)
{
    if (step->test_count == SELECTOR_TESTS) {
        fail(reader, "too many conditions on one step");
        return NULL;
    }
    struct selector_test *test = &step->tests[step->test_count++];
    test->kind = kind;
    return test;
}

static bool add_name(struct reader *reader, struct selector_step *step, const char *name,
                     size_t length)
{
    struct selector_test *test = add_test(reader, step, TEST_NAME);
    if (!test)
        return false;
    test->name = step->name = arena_copy_bytes(&reader->selector->arena, name, length);
    test->length = length;
    return true;
}

static bool add_attribute(struct reader *reader, struct selector_step *step, const char *name,
                          enum selector_operator comparison, const char *value, size_t length)
{
    struct selector_test *test = add_test(reader, step, TEST_ATTRIBUTE);
    if (!test)
        return false;
    test->name = name;
    test->comparison = comparison;
    test->value = arena_copy_bytes(&reader->selector->arena, value, length);
    test->length = length;
    return true;
}

/* ---- words, quotes and numbers ---- */

/* Letters, digits, - and _, and what is beyond ASCII; more bytes of `also`. */
static bool is_name(char byte, const char *also)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' ||
           (unsigned char)byte >= 0x80 || (byte && strchr(also, byte));
}

static size_t take_name(struct reader *reader, const char *also, const char **name)
{
    *name = reader->at;
    while (is_name(*reader->at, also))
        reader->at++;
    return (size_t)(reader->at - *name);
}

static const char *copy_name(struct reader *reader, const char *also)
{
    const char *name;
    size_t length = take_name(reader, also, &name);
    return length ? arena_copy_bytes(&reader->selector->arena, name, length) : NULL;
}

/* A text in ' or ", in which \ takes the next byte as it is. The reader stands at the quote. */
static bool take_quoted(struct reader *reader, const char **text, size_t *length)
{
    const char *start = reader->at;
    char quote = *reader->at++;
    char *out = arena_alloc(&reader->selector->arena, strlen(start) + 1);
    *text = out;
    while (*reader->at && *reader->at != quote) {
        if (*reader->at == '\\' && reader->at[1])
            reader->at++;
        *out++ = *reader->at++;
    }
    *length = (size_t)(out - *text);
    if (*reader->at) {
        reader->at++;
        return true;
    }
    reader->at = start;
    return fail(reader, "this quote is not closed");
}

/* A whole number up to ten millions. */
static bool take_number(struct reader *reader, uint32_t *number)
{
    const char *start = reader->at;
    *number = 0;
    while (*reader->at >= '0' && *reader->at <= '9' && reader->at - start < 8)
        *number = *number * 10 + (uint32_t)(*reader->at++ - '0');
    return reader->at > start && !(*reader->at >= '0' && *reader->at <= '9');
}

/* ---- CSS ---- */

static bool read_css_value(struct reader *reader, const char **value, size_t *length)
{
    if (*reader->at == '"' || *reader->at == '\'')
        return take_quoted(reader, value, length);
    *length = take_name(reader, "", value);
    return *length > 0 || fail_here(reader, "a value, in quotes where it is not one word,");
}

/* Behind "[". */
static bool read_css_attribute(struct reader *reader, struct selector_step *step)
{
    static const struct {
        const char *sign;
        enum selector_operator comparison;
    } signs[] = {{"=", OPERATOR_EQUALS},
                 {"^=", OPERATOR_BEGINS},
                 {"$=", OPERATOR_ENDS},
                 {"*=", OPERATOR_HOLDS},
                 {"~=", OPERATOR_WORD}};
    enum selector_operator comparison = OPERATOR_EXISTS;
    const char *value = "";
    size_t length = 0;
    skip_blanks(reader);
    const char *name = copy_name(reader, ":.");
    if (!name)
        return fail_here(reader, "the name of an attribute");
    skip_blanks(reader);
    for (size_t i = 0; comparison == OPERATOR_EXISTS && i < sizeof signs / sizeof *signs; i++)
        if (take(reader, signs[i].sign))
            comparison = signs[i].comparison;
    if (comparison != OPERATOR_EXISTS) {
        skip_blanks(reader);
        if (!read_css_value(reader, &value, &length))
            return false;
        skip_blanks(reader);
    }
    if (*reader->at != ']')
        return fail_here(reader, comparison == OPERATOR_EXISTS ? "]  =  ^=  $=  *=  or ~=" : "]");
    reader->at++;
    return add_attribute(reader, step, name, comparison, value, length);
}

/* Behind ":". */
static bool read_css_pseudo(struct reader *reader, struct selector_step *step)
{
    static const char wanted[] =
        "first-child, last-child or nth-child(N), the only ones that are known,";
    const char *start = reader->at;
    struct selector_test *test = add_test(reader, step, TEST_NTH);
    if (!test)
        return false;
    test->nth = 1;
    if (take(reader, "first-child") && !is_name(*reader->at, ""))
        return true;
    reader->at = start;
    if (take(reader, "last-child") && !is_name(*reader->at, "")) {
        test->kind = TEST_LAST;
        return true;
    }
    reader->at = start;
    if (!take(reader, "nth-child("))
        return fail_here(reader, wanted);
    skip_blanks(reader);
    const char *number = reader->at;
    if (take(reader, "odd")) {
        test->every = 2;
    } else if (take(reader, "even")) {
        test->every = 2;
        test->nth = 0;
    } else if (!take_number(reader, &test->nth) || !test->nth) {
        reader->at = number;
        return fail_here(reader, "a number from 1, odd or even");
    }
    skip_blanks(reader);
    return take(reader, ")") || fail_here(reader, ")");
}

/* One element's conditions: "td.price[title]". */
static bool read_css_compound(struct reader *reader, struct selector_step *step)
{
    const char *start = reader->at, *name;
    if (!take(reader, "*")) {
        size_t length = take_name(reader, "", &name);
        if (length && !add_name(reader, step, name, length))
            return false;
    }
    for (;;) {
        if (take(reader, "#") || take(reader, ".")) {
            bool id = reader->at[-1] == '#';
            size_t length = take_name(reader, "", &name);
            if (!length)
                return fail_here(reader, id ? "an id" : "the name of a class");
            if (!add_attribute(reader, step, id ? "id" : "class",
                               id ? OPERATOR_EQUALS : OPERATOR_WORD, name, length))
                return false;
        } else if (take(reader, "[")) {
            if (!read_css_attribute(reader, step))
                return false;
        } else if (take(reader, ":")) {
            if (!read_css_pseudo(reader, step))
                return false;
        } else {
            return reader->at > start || fail_here(reader, "a tag, #id, .class or [attribute]");
        }
    }
}

static bool read_css(struct reader *reader)
{
    do {
        enum selector_axis axis = AXIS_BELOW;
        if (!add_row(reader))
            return false;
        skip_blanks(reader);
        for (;;) {
            struct selector_step *step = add_step(reader, axis);
            if (!step || !read_css_compound(reader, step))
                return false;
            bool blank = skip_blanks(reader);
            if (!*reader->at || *reader->at == ',')
                break;
            axis = take(reader, ">")   ? AXIS_CHILD
                   : take(reader, "+") ? AXIS_NEXT
                   : take(reader, "~") ? AXIS_LATER
                                       : AXIS_BELOW;
            if (axis == AXIS_BELOW && !blank)
                return fail_here(reader, "a blank, \">\", \",\" or the end");
            skip_blanks(reader);
        }
    } while (take(reader, ","));
    return true;
}

/* ---- JSON paths ---- */

/* Behind "[". */
static bool read_json_bracket(struct reader *reader, struct selector_step *step)
{
    const char *name;
    size_t length;
    skip_blanks(reader);
    if (*reader->at == '\'' || *reader->at == '"') {
        if (!take_quoted(reader, &name, &length) || !add_name(reader, step, name, length))
            return false;
    } else if (!take(reader, "*")) {
        const char *start = reader->at;
        struct selector_test *test = add_test(reader, step, TEST_INDEX);
        if (!test)
            return false;
        if (!take_number(reader, &test->nth)) {
            reader->at = start;
            return fail_here(reader, "a number from 0, * or a name in quotes");
        }
    }
    skip_blanks(reader);
    return take(reader, "]") || fail_here(reader, "]");
}

static bool read_json(struct reader *reader)
{
    const char *name;
    if (!add_row(reader))
        return false;
    if (!take(reader, "$"))
        return fail_here(reader, "$, the document,");
    while (*reader->at) {
        bool deep = take(reader, "..");
        struct selector_step *step = add_step(reader, deep ? AXIS_BELOW : AXIS_CHILD);
        if (!step)
            return false;
        if (take(reader, "[")) {
            if (!read_json_bracket(reader, step))
                return false;
            continue;
        }
        if (!deep && !take(reader, "."))
            return fail_here(reader, ". or [");
        if (take(reader, "*"))
            continue;
        size_t length = take_name(reader, "$@:", &name);
        if (!length)
            return fail_here(reader, "a name or *");
        if (!add_name(reader, step, name, length))
            return false;
    }
    return true;
}

/* ---- XPath ---- */

/* Behind "[". */
static bool read_xpath_condition(struct reader *reader, struct selector_step *step)
{
    skip_blanks(reader);
    if (take(reader, "@")) {
        const char *name = copy_name(reader, ":."), *value = "";
        size_t length = 0;
        if (!name)
            return fail_here(reader, "the name of an attribute");
        skip_blanks(reader);
        bool equals = take(reader, "=");
        if (equals) {
            skip_blanks(reader);
            if (*reader->at != '\'' && *reader->at != '"')
                return fail_here(reader, "a text in quotes");
            if (!take_quoted(reader, &value, &length))
                return false;
            skip_blanks(reader);
        }
        if (!add_attribute(reader, step, name, equals ? OPERATOR_EQUALS : OPERATOR_EXISTS, value,
                           length))
            return false;
    } else {
        const char *start = reader->at;
        bool first = step->test_count == (step->name ? 1 : 0);
        struct selector_test *test = add_test(reader, step, TEST_NTH_OF_NAME);
        if (!test)
            return false;
        if (!take_number(reader, &test->nth) || !test->nth) {
            reader->at = start;
            return fail_here(reader, "a number from 1, or @attribute,");
        }
        /* In a[@x][2] the number counts among those with x, which is not what we could say. */
        if (!first) {
            reader->at = start;
            return fail(reader, "a number must be the first condition of its element");
        }
        skip_blanks(reader);
    }
    return take(reader, "]") || fail_here(reader, "]");
}

/* The attribute at the end of an alternative; all must end alike, as a rule acts in one way. */
static bool read_xpath_attribute(struct reader *reader)
{
    struct selector *selector = reader->selector;
    const char *name = copy_name(reader, ":.");
    if (!name)
        return fail_here(reader, "the name of an attribute");
    if (!reader->row->count)
        return fail(reader, "an attribute needs an element before it");
    if (selector->count > 1 && (!selector->attribute || strcmp(selector->attribute, name) != 0))
        return fail(reader, "all alternatives must end with the same attribute, or with none");
    selector->attribute = name;
    return true;
}

static bool read_xpath_row(struct reader *reader)
{
    bool attribute = false;
    if (*reader->at != '/')
        return fail_here(reader, "/ or //");
    while (!attribute && take(reader, "/")) {
        bool deep = take(reader, "/");
        const char *name;
        if (take(reader, "@")) {
            if (deep)
                return fail(reader, "write //*/@name for an attribute of any element");
            if (!read_xpath_attribute(reader))
                return false;
            attribute = true;
            break;
        }
        struct selector_step *step = add_step(reader, deep ? AXIS_BELOW : AXIS_CHILD);
        if (!step)
            return false;
        if (!take(reader, "*")) {
            size_t length = *reader->at == '.' ? 0 : take_name(reader, ":.", &name);
            if (!length)
                return fail_here(reader, "the name of an element, * or @attribute");
            if (*reader->at == '(') {
                reader->at = name;
                return fail(reader, "functions and node tests are not known; text is what a rule "
                                    "looks at anyway");
            }
            if (memmem(name, length, "::", 2)) {
                reader->at = name;
                return fail(reader, "axes with :: are not known");
            }
            if (!add_name(reader, step, name, length))
                return false;
        }
        while (take(reader, "["))
            if (!read_xpath_condition(reader, step))
                return false;
    }
    if (!attribute && reader->selector->attribute)
        return fail(reader, "all alternatives must end with the same attribute, or with none");
    return true;
}

static bool read_xpath(struct reader *reader)
{
    do {
        skip_blanks(reader);
        if (!add_row(reader) || !read_xpath_row(reader))
            return false;
        skip_blanks(reader);
    } while (take(reader, "|"));
    return !*reader->at || fail_here(reader, "/, [, | or the end");
}

/* ---- all ---- */

bool selector_parse(enum selector_language language, const char *text, struct selector **selector,
                    size_t *offset, struct err *err)
{
    static bool (*const readers[])(struct reader *) = {
        [SELECTOR_CSS] = read_css, [SELECTOR_JSON] = read_json, [SELECTOR_XPATH] = read_xpath};
    *offset = 0;
    *selector = NULL;
    if (strlen(text) > LONGEST)
        return err_set(err, ERR_USAGE, "a selector of over %d bytes", LONGEST);
    struct selector *made = mem_zero(1, sizeof *made);
    made->language = language;
    made->rows = arena_alloc(&made->arena, SELECTOR_ROWS * sizeof *made->rows);
    struct reader reader = {.selector = made, .text = text, .at = text, .err = err};
    if (!readers[language](&reader)) {
        *offset = (size_t)(reader.at - text);
        selector_free(made);
        return false;
    }
    *selector = made;
    return true;
}

void selector_free(struct selector *selector)
{
    if (!selector)
        return;
    arena_free(&selector->arena);
    free(selector);
}
