/*
 * See schema_text.h. SQL becomes words: names, strings, numbers and operators, without what only
 * groups or casts them.
 */
#include "schema_text.h"

#include "schema_shape.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum word_kind { WORD_NAME, WORD_STRING, WORD_NUMBER, WORD_OPERATOR };

struct word {
    enum word_kind kind;
    bool quoted; /* WORD_NAME */
    const char *text;
};

struct words {
    struct arena arena;
    bool grouped; /* parentheses are words, too */
    size_t count, capacity;
    struct word *items;
};

static void add_word(struct words *words, enum word_kind kind, const char *text, size_t length)
{
    if (words->count == words->capacity) {
        words->capacity = words->capacity ? words->capacity * 2 : 16;
        words->items = mem_resize(words->items, words->capacity, sizeof *words->items);
    }
    words->items[words->count++] =
        (struct word){.kind = kind, .text = arena_copy_bytes(&words->arena, text, length)};
}

static void words_free(struct words *words)
{
    free(words->items);
    arena_free(&words->arena);
}

static void remove_words(struct words *words, size_t at, size_t count)
{
    memmove(&words->items[at], &words->items[at + count],
            (words->count - at - count) * sizeof *words->items);
    words->count -= count;
}

/* ---- Into words ------------------------------------------------------------------------------ */

static bool is_name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static const char *skip_blanks(const char *at)
{
    while (isspace((unsigned char)*at))
        at++;
    return at;
}

/* Opens at a quote, or in MySQL's catalogs at a backslash before it, which the end then has too. */
static const char *read_string(struct buffer *text, const char *at)
{
    bool escaped = *at == '\\';
    for (at += escaped ? 2 : 1; *at; at++) {
        if (escaped && at[0] == '\\' && at[1] == '\'')
            return at + 2;
        if (!escaped && at[0] == '\'' && at[1] != '\'')
            return at + 1;
        at += (at[0] == '\'' && at[1] == '\'') || (at[0] == '\\' && at[1] == '\'');
        buffer_add_byte(text, (unsigned char)*at);
    }
    return at;
}

static const char *read_quoted_name(struct buffer *text, const char *at)
{
    char mark = *at++;
    for (; *at && (*at != mark || at[1] == mark); at++) {
        at += *at == mark;
        buffer_add_byte(text, (unsigned char)*at);
    }
    return *at ? at + 1 : at;
}

/* Behind "::": a name, maybe qualified or of several words, its parameters and brackets. */
static const char *skip_type(const char *at)
{
    static const char *const more[] = {"varying", "precision", "without", "with", "time", "zone"};
    struct buffer ignored = BUFFER_INIT(BUFFER_NO_LIMIT);
    at = skip_blanks(at);
    for (bool again = true; again;) {
        if (*at == '"')
            at = read_quoted_name(&ignored, at);
        while (is_name_byte(*at))
            at++;
        again = *at == '.';
        at += again;
    }
    buffer_free(&ignored);
    for (bool again = true; again;) {
        const char *word = skip_blanks(at);
        again = false;
        if (*word == '(') {
            at = strchr(word, ')') ? strchr(word, ')') + 1 : word + strlen(word);
            again = true;
        }
        for (size_t i = 0; i < sizeof more / sizeof *more && !again; i++) {
            size_t length = strlen(more[i]);
            if (strncasecmp(word, more[i], length) == 0 && !is_name_byte(word[length])) {
                at = word + length;
                again = true;
            }
        }
    }
    while (*at == '[' && strchr(at, ']'))
        at = strchr(at, ']') + 1;
    return at;
}

static const char *read_bits(struct words *words, const char *at)
{
    struct buffer bits = BUFFER_INIT(BUFFER_NO_LIMIT);
    at = read_string(&bits, at);
    char number[32];
    int length = snprintf(number, sizeof number, "%llu",
                          (unsigned long long)strtoull((const char *)bits.data, NULL, 2));
    add_word(words, WORD_NUMBER, number, (size_t)length);
    buffer_free(&bits);
    return at;
}

static bool opens_string(const char *at)
{
    return *at == '\'' || (at[0] == '\\' && at[1] == '\'');
}

static const char *read_name(struct words *words, const char *at)
{
    size_t length = 0;
    while (is_name_byte(at[length]))
        length++;
    const char *end = at + length;
    if (opens_string(end)) {
        if (*at == '_' || (length == 1 && strchr("eEnN", *at)))
            return end; /* a charset introducer, or a prefix that changes nothing here */
        if (length == 1 && strchr("bB", *at))
            return read_bits(words, end);
    }
    add_word(words, WORD_NAME, at, length);
    for (char *c = (char *)(uintptr_t)words->items[words->count - 1].text; *c; c++)
        *c = (char)((unsigned char)*c < 0x80 ? tolower((unsigned char)*c) : *c);
    return end;
}

static const char *read_number(struct words *words, const char *at)
{
    const char *end = at;
    while (isdigit((unsigned char)*end) || *end == '.')
        end++;
    if ((*end == 'e' || *end == 'E') &&
        (isdigit((unsigned char)end[1]) || (end[1] && isdigit((unsigned char)end[2]))))
        for (end += 2; isdigit((unsigned char)*end);)
            end++;
    add_word(words, WORD_NUMBER, at, (size_t)(end - at));
    return end;
}

static const char *read_operator(struct words *words, const char *at)
{
    static const char *const known[] = {"<=>", "!~~", "->>", "~~*", "<=", ">=", "<>", "!=",
                                        "||",  "&&",  "~~",  "!~",  "~*", "->", "=="};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t length = strlen(known[i]);
        if (strncmp(at, known[i], length) == 0) {
            add_word(words, WORD_OPERATOR, at, length);
            return at + length;
        }
    }
    if (!strchr(words->grouped ? "[]" : "()[]", *at))
        add_word(words, WORD_OPERATOR, at, 1);
    return at + 1;
}

static void read_words(struct words *words, const char *text)
{
    struct buffer piece = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (const char *at = skip_blanks(text); *at; at = skip_blanks(at)) {
        buffer_clear(&piece);
        if (opens_string(at)) {
            at = read_string(&piece, at);
            add_word(words, WORD_STRING, (const char *)piece.data, piece.length);
        } else if (*at == '"' || *at == '`') {
            at = read_quoted_name(&piece, at);
            add_word(words, WORD_NAME, (const char *)piece.data, piece.length);
            words->items[words->count - 1].quoted = true;
        } else if (at[0] == ':' && at[1] == ':') {
            at = skip_type(at + 2);
        } else if (isdigit((unsigned char)*at) || (*at == '.' && isdigit((unsigned char)at[1]))) {
            at = read_number(words, at);
        } else if (is_name_byte(*at)) {
            at = read_name(words, at);
        } else {
            at = read_operator(words, at);
        }
    }
    buffer_free(&piece);
}

static bool is_word(const struct words *words, size_t at, enum word_kind kind, const char *text)
{
    return at < words->count && words->items[at].kind == kind && !words->items[at].quoted &&
           strcmp(words->items[at].text, text) == 0;
}

static bool is_name(const struct words *words, size_t at, const char *text)
{
    return is_word(words, at, WORD_NAME, text);
}

static bool is_operator(const struct words *words, size_t at, const char *text)
{
    return is_word(words, at, WORD_OPERATOR, text);
}

/* ---- Numbers --------------------------------------------------------------------------------- */

/* Decimal digits with a sign and a point, and nothing else. */
static bool is_number(const char *text)
{
    bool digits = false;
    text += *text == '-' || *text == '+';
    for (; isdigit((unsigned char)*text); text++)
        digits = true;
    if (*text == '.')
        for (text++; isdigit((unsigned char)*text); text++)
            digits = true;
    return digits && !*text;
}

/* "-007.500" -> "-7.5"; "-0.0" -> "0" */
static void add_number(struct buffer *out, const char *text)
{
    bool negative = *text == '-';
    text += *text == '-' || *text == '+';
    while (text[0] == '0' && isdigit((unsigned char)text[1]))
        text++;
    size_t length = strlen(text);
    if (strchr(text, '.')) {
        while (length && text[length - 1] == '0')
            length--;
        length -= length && text[length - 1] == '.';
    }
    bool zero = length == 0 || (length == 1 && *text == '0');
    if (negative && !zero)
        buffer_add_byte(out, '-');
    if (zero || *text == '.')
        buffer_add_byte(out, '0');
    if (!zero)
        buffer_add(out, text, length);
}

/* ---- The normal form ------------------------------------------------------------------------- */

static const char *const synonyms[][2] = {
    {"character_length", "char_length"},
    {"lcase", "lower"},
    {"ucase", "upper"},
    {"rlike", "regexp"},
    {"substr", "substring"},
    {"ceil", "ceiling"},
    {"!~~", "not like"},
    {"~~", "like"},
    {"~~*", "ilike"},
    {"<>", "!="},
    {"~", "regexp"},
    {"&&", "and"},
    {"==", "="},
};

static const char *main_synonym(const char *text)
{
    for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++)
        if (strcmp(synonyms[i][0], text) == 0)
            return synonyms[i][1];
    return text;
}

/* May a number's sign follow, and no subtraction? */
static bool opens_value(const struct words *words, size_t at)
{
    static const char *const names[] = {"between", "and", "or", "in", "not", "then", "else"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_name(words, at, names[i]))
            return true;
    return words->items[at].kind == WORD_OPERATOR;
}

static bool is_list(const struct words *words, size_t at, const char *operator, const char * name)
{
    return is_operator(words, at, operator) && is_name(words, at + 1, name) &&
           is_name(words, at + 2, "array");
}

static void set_word(struct words *words, size_t at, enum word_kind kind, const char *text)
{
    words->items[at] = (struct word){.kind = kind, .text = arena_copy(&words->arena, text)};
}

/* x = ANY (ARRAY[a, b]) is x in (a, b); x between a and b is x >= a and x <= b, for single words;
 * a qualified name is its last part; - 1 is one number unless something stands before it. */
static void rewrite(struct words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        if (is_list(words, i, "=", "any")) {
            set_word(words, i, WORD_NAME, "in");
            remove_words(words, i + 1, 2);
        } else if (is_list(words, i, "<>", "all")) {
            set_word(words, i, WORD_NAME, "not in");
            remove_words(words, i + 1, 2);
        } else if (i && is_operator(words, i, ".") && i + 1 < words->count) {
            remove_words(words, i - 1, 2);
            i--;
        } else if (is_operator(words, i, "-") && i + 1 < words->count &&
                   words->items[i + 1].kind == WORD_NUMBER && (!i || opens_value(words, i - 1))) {
            char *text = mem_format("-%s", words->items[i + 1].text);
            set_word(words, i, WORD_NUMBER, text);
            free(text);
            remove_words(words, i + 1, 1);
        }
    }
    for (size_t i = 1; i + 3 < words->count; i++)
        if (is_name(words, i, "between") && is_name(words, i + 2, "and") &&
            words->items[i - 1].kind == WORD_NAME) {
            struct word subject = words->items[i - 1], high = words->items[i + 3];
            set_word(words, i, WORD_OPERATOR, ">=");
            add_word(words, WORD_OPERATOR, "<=", 2);
            memmove(&words->items[i + 4], &words->items[i + 3],
                    (words->count - i - 4) * sizeof *words->items);
            add_word(words, WORD_OPERATOR, "<=", 2);
            memmove(&words->items[i + 5], &words->items[i + 4],
                    (words->count - i - 5) * sizeof *words->items);
            words->items[i + 3] = subject;
            set_word(words, i + 4, WORD_OPERATOR, "<=");
            words->items[i + 5] = high;
        }
}

static void add_quoted(struct buffer *out, const char *text)
{
    buffer_add_byte(out, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            buffer_add_byte(out, '\'');
        buffer_add_byte(out, (unsigned char)*text);
    }
    buffer_add_byte(out, '\'');
}

static void add_words(struct words *words, schema_rename *rename, void *context, struct buffer *out)
{
    rewrite(words);
    for (size_t i = 0; i < words->count; i++) {
        const struct word *word = &words->items[i];
        const char *text = word->text, *other = NULL;
        if (i)
            buffer_add_byte(out, ' ');
        if (word->kind == WORD_NAME && rename)
            other = rename(context, text);
        if (word->kind == WORD_NUMBER || (word->kind == WORD_STRING && is_number(text)))
            add_number(out, text);
        else if (word->kind == WORD_STRING)
            add_quoted(out, text);
        else
            buffer_add_text(out, other ? other : word->quoted ? text : main_synonym(text));
    }
}

void schema_normal_form(const char *text, schema_rename *rename, void *context, struct buffer *out)
{
    struct words words = {.arena = ARENA_INIT};
    read_words(&words, text);
    add_words(&words, rename, context, out);
    words_free(&words);
}

static void add_structure(const char *text, struct buffer *out)
{
    struct words words = {.arena = ARENA_INIT, .grouped = true};
    read_words(&words, text);
    struct shape_word *shape = mem_zero(words.count + 1, sizeof *shape);
    for (size_t i = 0; i < words.count; i++) {
        const struct word *word = &words.items[i];
        shape[i].text = word->text;
        shape[i].literal = word->quoted || word->kind == WORD_STRING || word->kind == WORD_NUMBER;
    }
    schema_shape(shape, words.count, out);
    free(shape);
    words_free(&words);
}

bool schema_same_structure(const char *one, const char *other)
{
    struct buffer shapes[2] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
    add_structure(one, &shapes[0]);
    add_structure(other, &shapes[1]);
    bool same = strcmp((char *)shapes[0].data, (char *)shapes[1].data) == 0;
    buffer_free(&shapes[0]);
    buffer_free(&shapes[1]);
    return same;
}

bool schema_form_has(const char *form, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = strstr(form, name); length && at; at = strstr(at + 1, name))
        if ((at == form || at[-1] == ' ') && (!at[length] || at[length] == ' '))
            return true;
    return false;
}

/* ---- Defaults -------------------------------------------------------------------------------- */

struct call_row {
    const char *name;
    enum default_kind kind;
    const char *value;
};

static const struct call_row calls[] = {
    {"now", DEFAULT_NOW, NULL},
    {"current_timestamp", DEFAULT_NOW, NULL},
    {"localtimestamp", DEFAULT_NOW, NULL},
    {"localtime", DEFAULT_NOW, NULL},
    {"current_time", DEFAULT_NOW, NULL},
    {"curtime", DEFAULT_NOW, NULL},
    {"transaction_timestamp", DEFAULT_NOW, NULL},
    {"statement_timestamp", DEFAULT_NOW, NULL},
    {"clock_timestamp", DEFAULT_NOW, NULL},
    {"utc_timestamp", DEFAULT_NOW, NULL},
    {"sysdate", DEFAULT_NOW, NULL},
    {"curdate", DEFAULT_TODAY, NULL},
    {"current_date", DEFAULT_TODAY, NULL},
    {"utc_date", DEFAULT_TODAY, NULL},
    {"uuid", DEFAULT_UUID, NULL},
    {"uuid_v4", DEFAULT_UUID, NULL},
    {"uuid_v7", DEFAULT_UUID, NULL},
    {"gen_random_uuid", DEFAULT_UUID, NULL},
    {"uuidv4", DEFAULT_UUID, NULL},
    {"uuidv7", DEFAULT_UUID, NULL},
    {"uuid_generate_v1", DEFAULT_UUID, NULL},
    {"uuid_generate_v1mc", DEFAULT_UUID, NULL},
    {"uuid_generate_v4", DEFAULT_UUID, NULL},
    {"array", DEFAULT_LITERAL, "{}"},
    {"json_object", DEFAULT_LITERAL, "{}"},
    {"json_build_object", DEFAULT_LITERAL, "{}"},
    {"jsonb_build_object", DEFAULT_LITERAL, "{}"},
    {"json_array", DEFAULT_LITERAL, "[]"},
    {"json_build_array", DEFAULT_LITERAL, "[]"},
    {"jsonb_build_array", DEFAULT_LITERAL, "[]"},
    {"true", DEFAULT_LITERAL, "true"},
    {"false", DEFAULT_LITERAL, "false"},
    {"null", DEFAULT_NONE, NULL},
};

static const struct call_row *find_call(const struct words *words, size_t at)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (is_name(words, at, calls[i].name))
            return &calls[i];
    return NULL;
}

/* now() with digits of the fraction, in UTC in so many words, or cut to its day. */
static bool read_moment(const struct words *words, const char *text, struct column_default *preset)
{
    size_t at = 0, end = words->count;
    bool day = strcasestr(text, "::date") != NULL;
    if (is_name(words, 0, "timezone") && end > 2 && is_operator(words, 2, ",")) {
        at = 3;
    } else if (is_name(words, 0, "cast") && end > 3 && is_name(words, end - 2, "as")) {
        day = day || is_name(words, end - 1, "date");
        at = 1;
        end -= 2;
    } else if (is_name(words, 0, "date")) {
        day = true;
        at = 1;
    }
    if (end > at + 4 && is_name(words, end - 4, "at") && is_name(words, end - 3, "time") &&
        is_name(words, end - 2, "zone"))
        end -= 4;
    if (at == 0 && end == 1 && words->items[0].kind == WORD_STRING &&
        strcasecmp(words->items[0].text, "now") == 0 && strstr(text, "'now'::text")) {
        preset->kind = day ? DEFAULT_TODAY : DEFAULT_NOW;
        return true;
    }
    const struct call_row *call = find_call(words, at);
    if (!call || (call->kind != DEFAULT_NOW && call->kind != DEFAULT_TODAY))
        return false;
    end -= end == at + 2 && words->items[at + 1].kind == WORD_NUMBER;
    if (end != at + 1)
        return false;
    preset->kind = day ? DEFAULT_TODAY : call->kind;
    return true;
}

void schema_read_default(const char *text, struct arena *arena, struct column_default *preset)
{
    *preset = (struct column_default){.kind = DEFAULT_NONE};
    if (!text)
        return;
    struct words words = {.arena = ARENA_INIT};
    read_words(&words, text);
    const struct call_row *call = words.count == 1 ? find_call(&words, 0) : NULL;
    const struct word *first = words.items;
    preset->text = arena_copy(arena, text);
    if (read_moment(&words, text, preset)) {
        /* done */
    } else if (call) {
        preset->kind = call->kind;
        preset->value = call->value;
    } else if (words.count == 1 && first->kind != WORD_NAME) {
        preset->kind = DEFAULT_LITERAL;
        preset->value = arena_copy(arena, first->text);
    } else if (words.count == 2 && is_operator(&words, 0, "-") && first[1].kind == WORD_NUMBER) {
        preset->kind = DEFAULT_LITERAL;
        preset->value = arena_format(arena, "-%s", first[1].text);
    } else if (is_name(&words, 0, "nextval")) {
        preset->kind = DEFAULT_COUNTER;
    } else if (is_name(&words, 0, "uuid_to_bin") && is_name(&words, 1, "uuid")) {
        preset->kind = DEFAULT_UUID;
    } else if (words.count) {
        struct buffer form = BUFFER_INIT(BUFFER_NO_LIMIT);
        add_words(&words, NULL, NULL, &form);
        preset->kind = DEFAULT_EXPRESSION;
        preset->value = arena_copy(arena, (const char *)form.data);
        buffer_free(&form);
    }
    if (preset->kind == DEFAULT_NONE)
        preset->text = NULL;
    words_free(&words);
}

void schema_read_bare_default(const char *text, const struct type *type, struct arena *arena,
                              struct column_default *preset)
{
    bool is_time = type->class == TYPE_DATETIME || type->class == TYPE_INSTANT;
    if (!text || type->class == TYPE_BITS ||
        (is_time && strncasecmp(text, "CURRENT_TIMESTAMP", 17) == 0)) {
        schema_read_default(text, arena, preset);
        return;
    }
    const char *copy = arena_copy(arena, text);
    *preset = (struct column_default){.kind = DEFAULT_LITERAL, .text = copy, .value = copy};
}

/* ---- Are two defaults the same? -------------------------------------------------------------- */

static bool any_is(const struct type *const types[2], enum type_class class)
{
    return types[0]->class == class || types[1]->class == class;
}

/* 1: true, 0: false, -1: neither. */
static int truth(const char *value)
{
    static const char *const no[] = {"0", "f", "false", "off", "no", "n"};
    static const char *const yes[] = {"1", "t", "true", "on", "yes", "y"};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        if (strcasecmp(value, no[i]) == 0)
            return 0;
        if (strcasecmp(value, yes[i]) == 0)
            return 1;
    }
    return -1;
}

/* A time without the zeros at its end and without the zone that all sessions have. */
static void add_time(struct buffer *out, const char *text)
{
    for (const char *c = text; *c; c++)
        buffer_add_byte(out, *c == 'T' ? ' ' : (unsigned char)*c);
    static const char *const zones[] = {"+00:00", "+00", "Z"};
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        size_t length = strlen(zones[i]);
        if (out->length > length &&
            strcmp((char *)out->data + out->length - length, zones[i]) == 0) {
            out->length -= length;
            break;
        }
    }
    buffer_terminate(out);
    if (strchr((char *)out->data, '.'))
        while (out->length && strchr("0.", out->data[out->length - 1])) {
            bool point = out->data[--out->length] == '.';
            if (point)
                break;
        }
    buffer_terminate(out);
}

/* Without blanks, dashes, braces and brackets, in small letters: uuids, empty and flat arrays. */
static void add_bare(struct buffer *out, const char *text)
{
    for (; *text; text++)
        if (!strchr(" -{}[]\n\t", *text))
            buffer_add_byte(out, (unsigned char)tolower((unsigned char)*text));
}

static void add_without_blanks(struct buffer *out, const char *text)
{
    for (; *text; text++)
        if (!strchr(" \n\t", *text))
            buffer_add_byte(out, (unsigned char)*text);
}

static void add_unpadded(struct buffer *out, const char *text)
{
    buffer_add_text(out, text);
    while (out->length && out->data[out->length - 1] == ' ')
        out->length--;
    buffer_terminate(out);
}

struct form_row {
    enum type_class class;
    void (*add)(struct buffer *out, const char *text);
};

/* How a literal is written before it is compared, if a column of either side is of that class. */
static const struct form_row forms[] = {
    {TYPE_DATE, add_time},    {TYPE_TIME, add_time},           {TYPE_DATETIME, add_time},
    {TYPE_INSTANT, add_time}, {TYPE_UUID, add_bare},           {TYPE_ARRAY, add_bare},
    {TYPE_SET, add_bare},     {TYPE_JSON, add_without_blanks},
};

static bool same_literal(const char *const values[2], const struct type *const types[2])
{
    void (*add)(struct buffer * out, const char *text) = NULL;
    if (strcmp(values[0], values[1]) == 0)
        return true;
    if (any_is(types, TYPE_BOOL))
        return truth(values[0]) >= 0 && truth(values[0]) == truth(values[1]);
    /* Each engine spells bytes its own way, and none of them tells the charset: not judged. */
    if (any_is(types, TYPE_BYTES) || any_is(types, TYPE_GEOMETRY))
        return true;
    if (is_number(values[0]) && is_number(values[1]) &&
        !(types[0]->class == TYPE_TEXT && types[1]->class == TYPE_TEXT))
        add = add_number;
    for (size_t i = 0; i < sizeof forms / sizeof *forms && !add; i++)
        if (any_is(types, forms[i].class))
            add = forms[i].add;
    if (!add && (types[0]->fixed || types[1]->fixed))
        add = add_unpadded;
    if (!add)
        return false;
    struct buffer texts[2] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
    add(&texts[0], values[0]);
    add(&texts[1], values[1]);
    bool same = strcmp((char *)texts[0].data, (char *)texts[1].data) == 0;
    buffer_free(&texts[0]);
    buffer_free(&texts[1]);
    return same;
}

bool schema_same_default(const struct column_default *const presets[2],
                         const struct type *const types[2])
{
    enum default_kind kinds[2] = {presets[0]->kind, presets[1]->kind};
    for (int side = 0; side < 2; side++) /* the moment, kept in a date, is its day */
        if (kinds[side] == DEFAULT_NOW && types[side]->class == TYPE_DATE)
            kinds[side] = DEFAULT_TODAY;
    if (kinds[0] != kinds[1])
        return false;
    if (kinds[0] == DEFAULT_EXPRESSION)
        return strcmp(presets[0]->value, presets[1]->value) == 0 &&
               schema_same_structure(presets[0]->text, presets[1]->text);
    const char *const values[2] = {presets[0]->value, presets[1]->value};
    return kinds[0] != DEFAULT_LITERAL || same_literal(values, types);
}
