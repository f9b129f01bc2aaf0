/* See schema_shape.h. A descent through the levels of precedence, which writes as it goes. */
#include "schema_shape.h"

#include <string.h>

#define DEPTH_MOST 200 /* of parentheses: what is deeper is only like what is spelled the same */

enum level { LEVEL_OR, LEVEL_XOR, LEVEL_AND, LEVEL_NOT, LEVEL_COMPARE, LEVEL_ADD, LEVEL_MULTIPLY };
enum { LEVEL_OPERAND = LEVEL_MULTIPLY + 1, SEPARATOR, PLAIN };

struct operator_row {
    const char *text;
    int level;
    char mark;
};

/* Operators of a level that are not told apart have one mark: the words themselves are compared by
 * who asks. Every other operator binds as plus does. */
static const struct operator_row operators[] = {
    {"or", LEVEL_OR, '|'},          {"xor", LEVEL_XOR, '^'},       {"and", LEVEL_AND, '&'},
    {"&&", LEVEL_AND, '&'},         {"=", LEVEL_COMPARE, '='},     {"==", LEVEL_COMPARE, '='},
    {"<", LEVEL_COMPARE, '='},      {">", LEVEL_COMPARE, '='},     {"<=", LEVEL_COMPARE, '='},
    {">=", LEVEL_COMPARE, '='},     {"<>", LEVEL_COMPARE, '='},    {"!=", LEVEL_COMPARE, '='},
    {"<=>", LEVEL_COMPARE, '='},    {"~~", LEVEL_COMPARE, '='},    {"!~~", LEVEL_COMPARE, '='},
    {"~~*", LEVEL_COMPARE, '='},    {"~", LEVEL_COMPARE, '='},     {"!~", LEVEL_COMPARE, '='},
    {"~*", LEVEL_COMPARE, '='},     {"is", LEVEL_COMPARE, '='},    {"in", LEVEL_COMPARE, '='},
    {"like", LEVEL_COMPARE, '='},   {"ilike", LEVEL_COMPARE, '='}, {"rlike", LEVEL_COMPARE, '='},
    {"regexp", LEVEL_COMPARE, '='}, {"*", LEVEL_MULTIPLY, '*'},    {"/", LEVEL_MULTIPLY, '*'},
    {"%", LEVEL_MULTIPLY, '*'},     {"div", LEVEL_MULTIPLY, '*'},  {"mod", LEVEL_MULTIPLY, '*'},
    {"->", LEVEL_MULTIPLY, '*'},    {"->>", LEVEL_MULTIPLY, '*'},  {",", SEPARATOR, ','},
    {"case", SEPARATOR, ','},       {"when", SEPARATOR, ','},      {"then", SEPARATOR, ','},
    {"else", SEPARATOR, ','},       {"end", SEPARATOR, ','},       {".", PLAIN, '.'},
};

struct reader {
    const struct shape_word *at, *end;
    struct buffer *out;
    int depth;
};

static bool is(const struct reader *in, const char *text)
{
    return in->at < in->end && !in->at->literal && strcmp(in->at->text, text) == 0;
}

static bool is_name(const char *text)
{
    return (*text >= 'a' && *text <= 'z') || *text == '_' || (unsigned char)*text >= 0x80;
}

/* Of the word in hand; PLAIN: a part of an operand. */
static struct operator_row word_operator(const struct reader *in)
{
    static const struct operator_row plain = {"", PLAIN, '.'};
    if (in->at->literal || is(in, "("))
        return plain;
    if (is(in, ")"))
        return (struct operator_row){")", SEPARATOR, ','};
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (strcmp(operators[i].text, in->at->text) == 0)
            return operators[i];
    return is_name(in->at->text) ? plain : (struct operator_row){"", LEVEL_ADD, '+'};
}

static void read_level(struct reader *in, int level);

/* Expressions up to the parenthesis that ends them, or the end; only of those that have operators
 * is there anything to say. */
static void read_list(struct reader *in)
{
    while (in->at < in->end && !is(in, ")")) {
        size_t start = in->out->length;
        read_level(in, LEVEL_OR);
        if (in->out->length == start + 1 && in->out->data[start] == '.')
            in->out->length = start;
        if (in->at < in->end && !is(in, ")"))
            in->at++; /* the separator */
    }
}

/* In parentheses; behind a name they hold arguments, or the list of an IN. */
static void read_group(struct reader *in)
{
    in->at++;
    if (++in->depth > DEPTH_MOST) {
        for (; in->at < in->end; in->at++)
            buffer_add_text(in->out, in->at->text);
        return;
    }
    read_list(in);
    in->depth--;
    if (is(in, ")"))
        in->at++;
}

/* Writes `mark(` before what was written since `start`. */
static void open_mark(struct buffer *out, size_t start, char mark)
{
    buffer_add_text(out, "  ");
    memmove(out->data + start + 2, out->data + start, out->length - 2 - start);
    out->data[start] = (unsigned char)mark;
    out->data[start + 1] = '(';
}

/* Words up to the next operator: a name, a literal, a call. A pair of parentheses alone is what
 * stands in it. */
static void read_operand(struct reader *in)
{
    size_t start = in->out->length, words = 0;
    bool sign = false;
    while (in->at < in->end && word_operator(in).level == LEVEL_ADD) {
        sign = true;
        in->at++;
    }
    for (; in->at < in->end && word_operator(in).level == PLAIN; words++) {
        if (words && is(in, "not")) /* x not in */
            break;
        if (words && is(in, "between"))
            break;
        size_t inside = in->out->length;
        if (is(in, "("))
            read_group(in);
        else
            in->at++;
        if (words && in->out->length > inside) { /* arguments */
            open_mark(in->out, inside, '@');
            buffer_add_byte(in->out, ')');
        }
    }
    if (in->out->length == start) {
        buffer_add_byte(in->out, '.');
    } else if (sign) { /* -(a + b): of a word alone it tells nothing */
        open_mark(in->out, start, '-');
        buffer_add_byte(in->out, ')');
    }
}

/* x between a and b is x >= a and x <= b. */
static void read_between(struct reader *in, size_t start)
{
    struct buffer subject = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add(&subject, in->out->data + start, in->out->length - start);
    in->at++;
    open_mark(in->out, start, '=');
    open_mark(in->out, start, '&');
    read_level(in, LEVEL_ADD);
    buffer_add_text(in->out, ")=(");
    buffer_add(in->out, subject.data, subject.length);
    buffer_free(&subject);
    in->at += is(in, "and");
    read_level(in, LEVEL_ADD);
    buffer_add_text(in->out, "))");
}

/* Takes "mark(" and ")" from an operand of the same mark: (a and b) and c is a and b and c. */
static void flatten(struct buffer *out, size_t start, char mark)
{
    size_t depth = 0;
    if (out->length < start + 3 || out->data[start] != (unsigned char)mark)
        return;
    for (size_t i = start + 1; i + 1 < out->length; i++) {
        depth += out->data[i] == '(';
        depth -= out->data[i] == ')';
        if (!depth)
            return; /* several */
    }
    memmove(out->data + start, out->data + start + 2, out->length - start - 3);
    out->length -= 3;
}

static void read_not(struct reader *in)
{
    size_t start = in->out->length;
    bool negated = is(in, "not") || is(in, "!");
    if (!negated) {
        read_level(in, LEVEL_COMPARE);
        return;
    }
    in->at++;
    read_not(in);
    open_mark(in->out, start, '!');
    buffer_add_byte(in->out, ')');
}

/* The operator of this level that the word in hand begins; "not like" is one. */
static bool takes(struct reader *in, int level, char *mark)
{
    const struct shape_word *start = in->at;
    if (level == LEVEL_COMPARE && is(in, "not")) {
        in->at++;
    }
    if (in->at < in->end && word_operator(in).level == level) {
        *mark = word_operator(in).mark;
        in->at++;
        if (level == LEVEL_COMPARE && is(in, "not")) /* is not null */
            in->at++;
        return true;
    }
    if (level != LEVEL_COMPARE || !is(in, "between"))
        in->at = start;
    return false;
}

static void read_level(struct reader *in, int level)
{
    size_t start = in->out->length;
    bool joins = level <= LEVEL_AND, joined = false;
    char mark = '&';
    if (level == LEVEL_OPERAND) {
        read_operand(in);
        return;
    }
    if (level == LEVEL_NOT) {
        read_not(in);
        return;
    }
    read_level(in, level + 1);
    while (takes(in, level, &mark)) {
        if (joins && !joined)
            flatten(in->out, start, mark);
        if (!joins || !joined)
            open_mark(in->out, start, mark);
        else
            in->out->length--; /* the parenthesis at its end */
        size_t next = in->out->length;
        read_level(in, level + 1);
        if (joins)
            flatten(in->out, next, mark);
        buffer_add_byte(in->out, ')');
        joined = true;
    }
    if (level == LEVEL_COMPARE && is(in, "between"))
        read_between(in, start);
}

void schema_shape(const struct shape_word *words, size_t count, struct buffer *out)
{
    struct reader in = {.at = words, .end = words + count, .out = out};
    size_t start = out->length;
    for (bool first = true; in.at < in.end; first = false) {
        if (!first)
            in.at++; /* a parenthesis that nothing opened */
        read_list(&in);
    }
    if (out->length == start)
        buffer_add_byte(out, '.');
    buffer_terminate(out);
}
