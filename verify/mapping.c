/*
 * Reads the mapping file (mapping.h). Input: bytes that claim to be YAML. Output: struct mapping,
 * or one sentence with the line and column of the first thing that is wrong. This file alone
 * includes libyaml; its document API is used because it knows the place of every node.
 *
 * What a mapping may hold is written as tables of struct entry: key, shapes of its value, reader. A
 * new key is one row. The readers descend as deep as the tables do and no deeper, so an alias that
 * contains itself meets a wrong shape or an unknown key; what aliases could multiply is bounded by
 * NODES_MOST.
 *
 * Must not know: databases, which names exist, which options fit which types (plan.c, canon.c).
 */
#include "mapping.h"

#include "../diff/base/buffer.h"
#include "../diff/base/nearest.h"
#include "../diff/base/utf8.h"
#include "canon.h"
#include "zone.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <yaml.h>

/* Bounds on hostile or mistaken files. libyaml's own work is quadratic in anchors and %TAG
 * directives. */
#define FILE_MOST ((size_t)16 << 20) /* bytes */
#define TOKENS_MOST 2000000          /* of the YAML scanner: four or five for "name: name" */
#define NODES_MOST 500000            /* nodes read; an alias counts each time it is followed */
#define ANCHORS_MOST 256
#define DEPTH_MOST 32 /* a mapping needs 6 */

#define KEYS_MOST 32  /* of all groups of one mapping */
#define SHOWN_MOST 60 /* bytes of the user's text that a sentence repeats */

struct reader {
    const char *path;
    const unsigned char *text;
    size_t length;
    struct mapping *mapping;
    yaml_document_t *document;
    size_t visits;
};

enum shape { SHAPE_NOTHING = 1, SHAPE_TEXT = 2, SHAPE_LIST = 4, SHAPE_MAP = 8 };

struct item;

/* A key that may stand in a mapping. An array of entries ends with a NULL key. */
struct entry {
    const char *key;
    unsigned shapes;   /* of its value: enum shape, added up */
    const char *wants; /* completes "needs …" when the shape is another */
    bool (*read)(struct reader *reader, const struct item *item, struct err *err);
    size_t field;             /* offset of what is set */
    size_t beside;            /* offset of what goes with it: read_names' count, the others' mark */
    enum tolerance_unit unit; /* read_amount's */
};

/* One key of the file with its value. */
struct item {
    const struct entry *entry;
    const yaml_node_t *key; /* NULL: an item of a list */
    const yaml_node_t *value;
    void *into; /* the struct that entry->field is an offset in */
};

/* Entries and the struct they fill; a mapping may be made of two such groups. */
struct group {
    const struct entry *entries;
    void *into;
};

/* ---- places and sentences ---- */

static struct mark mark_of(const yaml_node_t *node)
{
    return (struct mark){(int)node->start_mark.line + 1, (int)node->start_mark.column + 1};
}

static bool fail(const struct reader *reader, struct mark mark, struct err *err, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));

static bool fail(const struct reader *reader, struct mark mark, struct err *err, const char *format,
                 ...)
{
    char sentence[sizeof err->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    return err_set(err, ERR_USAGE, "%s:%d:%d: %s", reader->path, mark.line, mark.column, sentence);
}

/* A name of the file as a sentence may repeat it: on one line, and cut before it gets long. */
static const char *shown(const char *text, char out[static 2 * SHOWN_MOST])
{
    size_t length = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (length > SHOWN_MOST && (*at & 0xC0) != 0x80) {
            memcpy(out + length, "…", sizeof "…");
            return out;
        }
        if (*at < 0x20 || *at == 0x7F)
            length += (size_t)snprintf(out + length, 8, "\\x%02X", *at);
        else
            out[length++] = (char)*at;
    }
    out[length] = '\0';
    return out;
}

/* Line and column of a byte, both from 1; columns count characters, as libyaml's do. */
static struct mark mark_of_byte(const struct reader *reader, size_t offset)
{
    struct mark mark = {1, 1};
    for (size_t i = 0; i < offset && i < reader->length; i++) {
        if (reader->text[i] == '\n')
            mark = (struct mark){mark.line + 1, 1};
        else if ((reader->text[i] & 0xC0) != 0x80)
            mark.column++;
    }
    return mark;
}

/* The byte that begins a libyaml mark's character (index counts characters); 0 at the end. */
static unsigned char byte_at(const struct reader *reader, yaml_mark_t mark)
{
    size_t characters = 0;
    for (size_t i = 0; i < reader->length; i++)
        if ((reader->text[i] & 0xC0) != 0x80 && characters++ == mark.index)
            return reader->text[i];
    return 0;
}

/* ---- what libyaml finds wrong ---- */

/* libyaml's words that would not help a person, and better ones. NULL and 0 fit everything. */
static const struct {
    const char *problem, *context;
    unsigned char byte; /* at the place of the problem */
    const char *sentence;
} yaml_sentences[] = {
    {"found character that cannot start any token", NULL, '\t',
     "a tab cannot indent YAML; use spaces"},
    {"found a tab character that violates indentation", NULL, 0,
     "a tab cannot indent YAML; use spaces"},
    {"found a tab character where an indentation space is expected", NULL, 0,
     "a tab cannot indent YAML; use spaces"},
    {"found undefined alias", NULL, 0,
     "no anchor has the name of this alias; a pattern that begins with * needs quotes"},
    {NULL, "while scanning an alias", 0,
     "the * before this begins an alias; a pattern that begins with * needs quotes"},
    {NULL, "found duplicate anchor", 0, "another anchor has this name already"},
    {"found character that cannot start any token", NULL, 0,
     "this character cannot begin a text without quotes"},
    {"mapping values are not allowed in this context", NULL, 0,
     "no key may stand here; check the indentation, or put the text with the colon in quotes"},
    {"did not find expected <document start>", NULL, 0,
     "the YAML document has ended before this; a mapping file holds one"},
};

static bool fits(const char *wanted, const char *given)
{
    return !wanted || (given && strcmp(wanted, given) == 0);
}

/* The reader's errors have a byte offset and no mark: bytes that no YAML text holds. */
static bool fail_reading(const struct reader *reader, const yaml_parser_t *parser, struct err *err)
{
    size_t offset = parser->problem_offset;
    if (fits("control characters are not allowed", parser->problem)) {
        struct mark mark = mark_of_byte(reader, offset);
        if (parser->problem_value == 0)
            return fail(reader, mark, err, "this is a NUL byte; a mapping is a text file");
        return fail(reader, mark, err,
                    "the character U+%04X is not allowed in YAML; write it as an escape in double "
                    "quotes, if it is meant",
                    (unsigned)parser->problem_value);
    }
    /* libyaml's offset may be that of a later byte of the sequence, which may be good in itself. */
    const unsigned char *at = reader->text, *end = at + reader->length;
    for (size_t size; (size = utf8_size(at, end)) > 0;)
        at += size;
    return fail(reader, mark_of_byte(reader, (size_t)(at - reader->text)), err,
                "the byte 0x%02X is not UTF-8 text", at < end ? (unsigned)*at : 0);
}

static bool fail_yaml(const struct reader *reader, const yaml_parser_t *parser, struct err *err)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return err_set(err, ERR_INTERNAL, "%s: not enough memory to read it", reader->path);
    if (parser->error == YAML_READER_ERROR)
        return fail_reading(reader, parser, err);

    struct mark mark = {(int)parser->problem_mark.line + 1, (int)parser->problem_mark.column + 1};
    unsigned char byte = byte_at(reader, parser->problem_mark);
    for (size_t i = 0; i < sizeof yaml_sentences / sizeof *yaml_sentences; i++)
        if (fits(yaml_sentences[i].problem, parser->problem) &&
            fits(yaml_sentences[i].context, parser->context) &&
            (!yaml_sentences[i].byte || yaml_sentences[i].byte == byte))
            return fail(reader, mark, err, "%s", yaml_sentences[i].sentence);

    const char *problem = parser->problem ? parser->problem : "it cannot be read";
    if (!parser->context)
        return fail(reader, mark, err, "not YAML: %s", problem);
    return fail(reader, mark, err, "not YAML: %s %s that begins on line %d", problem,
                parser->context, (int)parser->context_mark.line + 1);
}

/* ---- shapes, texts and the nodes of a document ---- */

static bool is_text(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE;
}

static bool is_plain(const yaml_node_t *node)
{
    return is_text(node) && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static const char *raw_text(const yaml_node_t *node)
{
    return (const char *)node->data.scalar.value;
}

static bool is_null_word(const char *text)
{
    return strcmp(text, "~") == 0 || strcasecmp(text, "null") == 0;
}

static enum shape shape_of(const yaml_node_t *node)
{
    if (node->type == YAML_SEQUENCE_NODE)
        return SHAPE_LIST;
    if (node->type == YAML_MAPPING_NODE)
        return SHAPE_MAP;
    return is_plain(node) && node->data.scalar.length == 0 ? SHAPE_NOTHING : SHAPE_TEXT;
}

static const char *shape_name(enum shape shape)
{
    return shape == SHAPE_NOTHING ? "an empty value"
           : shape == SHAPE_TEXT  ? "a text"
           : shape == SHAPE_LIST  ? "a list"
                                  : "a mapping";
}

/* Is the value's shape one of the entry's, and its text free of NUL? `*nothing`: it is empty, and
 * may be. The words null and ~ are empty where no text may stand; where a name may stand they are
 * names. */
static bool check_shape(const struct reader *reader, const struct item *item, bool *nothing,
                        struct err *err)
{
    const struct entry *entry = item->entry;
    enum shape shape = shape_of(item->value);
    if (shape == SHAPE_TEXT && !(entry->shapes & SHAPE_TEXT) && is_plain(item->value) &&
        is_null_word(raw_text(item->value)))
        shape = SHAPE_NOTHING;
    *nothing = shape == SHAPE_NOTHING;
    if (shape == SHAPE_TEXT && strlen(raw_text(item->value)) != item->value->data.scalar.length)
        return fail(reader, mark_of(item->value), err, "this text holds a NUL character");
    if (entry->shapes & shape)
        return true;
    if (!item->key)
        return fail(reader, mark_of(item->value), err, "%s needs %s, not %s", entry->key,
                    entry->wants, shape_name(shape));
    char key[2 * SHOWN_MOST];
    return fail(reader, mark_of(item->value), err, "\"%s\" needs %s, not %s",
                shown(raw_text(item->key), key), entry->wants, shape_name(shape));
}

/* A text that is not empty, as a C string of the arena. */
static bool take_text(struct reader *reader, const yaml_node_t *node, const char **text,
                      struct err *err)
{
    size_t length = node->data.scalar.length;
    if (length == 0)
        return fail(reader, mark_of(node), err, "this text is empty");
    *text = arena_copy_bytes(&reader->mapping->arena, node->data.scalar.value, length);
    return true;
}

static bool count_visits(struct reader *reader, const yaml_node_t *node, size_t more,
                         struct err *err)
{
    reader->visits += more;
    if (reader->visits <= NODES_MOST)
        return true;
    return fail(reader, mark_of(node), err,
                "the mapping is too large: over %d values, those of an alias counted each time",
                NODES_MOST);
}

static const yaml_node_t *node_at(const struct reader *reader, int index)
{
    return yaml_document_get_node(reader->document, index);
}

static size_t pair_count(const yaml_node_t *map)
{
    return (size_t)(map->data.mapping.pairs.top - map->data.mapping.pairs.start);
}

static size_t list_count(const yaml_node_t *list)
{
    return (size_t)(list->data.sequence.items.top - list->data.sequence.items.start);
}

/* Orders texts by their bytes, equal ones by their place. */
static int compare_texts(const void *one, const void *other)
{
    const yaml_node_t *a = *(const yaml_node_t *const *)one,
                      *b = *(const yaml_node_t *const *)other;
    size_t a_length = a->data.scalar.length, b_length = b->data.scalar.length;
    if (a_length != b_length)
        return a_length < b_length ? -1 : 1;
    int order = a_length ? memcmp(a->data.scalar.value, b->data.scalar.value, a_length) : 0;
    if (order)
        return order;
    return (a->start_mark.index > b->start_mark.index) -
           (a->start_mark.index < b->start_mark.index);
}

/* No text may stand twice among `count` of them; `texts` is sorted here. `what`: "key", "column".
 */
static bool check_repeats(const struct reader *reader, const yaml_node_t **texts, size_t count,
                          const char *what, struct err *err)
{
    const yaml_node_t *first = NULL, *repeat = NULL;
    qsort(texts, count, sizeof *texts, compare_texts);
    for (size_t i = 1; i < count; i++) {
        const yaml_node_t *before = texts[i - 1], *node = texts[i];
        size_t length = node->data.scalar.length;
        if (before->data.scalar.length == length &&
            memcmp(before->data.scalar.value, node->data.scalar.value, length) == 0 &&
            (!repeat || node->start_mark.index < repeat->start_mark.index)) {
            first = before;
            repeat = node;
        }
    }
    if (!repeat)
        return true;
    char name[2 * SHOWN_MOST];
    return fail(reader, mark_of(repeat), err,
                "the %s \"%s\" is repeated; it stands on line %d already", what,
                shown(raw_text(repeat), name), mark_of(first).line);
}

/* Every key a text of its own. To be called before a mapping's pairs are read. */
static bool check_keys(struct reader *reader, const yaml_node_t *map, struct err *err)
{
    size_t count = pair_count(map);
    if (!count_visits(reader, map, 2 * count, err))
        return false;
    const yaml_node_t **keys = mem_zero(count + 1, sizeof *keys);
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        const yaml_node_t *key = keys[i] = node_at(reader, map->data.mapping.pairs.start[i].key);
        if (!is_text(key))
            good = fail(reader, mark_of(key), err, "a key must be a text, not %s",
                        shape_name(shape_of(key)));
        else if (key->data.scalar.length == 0)
            good = fail(reader, mark_of(key), err, "this key is empty");
        else if (is_plain(key) && strcmp(raw_text(key), "<<") == 0)
            good = fail(reader, mark_of(key), err,
                        "merge keys (<<) are not supported; repeat the options, or write a rule");
        else if (memchr(raw_text(key), '\0', key->data.scalar.length))
            good = fail(reader, mark_of(key), err, "this key holds a NUL character");
    }
    good = good && check_repeats(reader, keys, count, "key", err);
    free(keys);
    return good;
}

/* ---- words that nobody knows ---- */

static bool fail_unknown(const struct reader *reader, const yaml_node_t *node, const char *what,
                         const char *const *known, size_t count, struct err *err)
{
    char word[2 * SHOWN_MOST];
    const char *meant = nearest_word(raw_text(node), known, count);
    shown(raw_text(node), word);
    if (meant)
        return fail(reader, mark_of(node), err, "unknown %s \"%s\"; did you mean \"%s\"?", what,
                    word, meant);
    struct buffer list = BUFFER_INIT(sizeof err->text);
    for (size_t i = 0; i < count; i++)
        buffer_printf(&list, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " and ", known[i]);
    fail(reader, mark_of(node), err, "unknown %s \"%s\"; known here: %s", what, word,
         (const char *)list.data);
    buffer_free(&list);
    return false;
}

/* ---- the walk ---- */

/* Reads a mapping whose keys are all known: each by its entry in one of the groups (two at most;
 * the last has NULL entries). */
static bool read_map(struct reader *reader, const yaml_node_t *map, const struct group *groups,
                     struct err *err)
{
    const char *known[KEYS_MOST];
    if (!check_keys(reader, map, err))
        return false;
    for (size_t i = 0; i < pair_count(map); i++) {
        struct item item = {.key = node_at(reader, map->data.mapping.pairs.start[i].key),
                            .value = node_at(reader, map->data.mapping.pairs.start[i].value)};
        size_t known_count = 0;
        for (const struct group *group = groups; group->entries && !item.entry; group++)
            for (const struct entry *entry = group->entries; entry->key && !item.entry; entry++) {
                known[known_count++] = entry->key;
                if (strcmp(entry->key, raw_text(item.key)) == 0) {
                    item.entry = entry;
                    item.into = group->into;
                }
            }
        if (!item.entry)
            return fail_unknown(reader, item.key, "key", known, known_count, err);
        bool nothing;
        if (!check_shape(reader, &item, &nothing, err))
            return false;
        if (!nothing && !item.entry->read(reader, &item, err))
            return false;
    }
    return true;
}

/* Reads a mapping whose keys are names, or a list: an element of `size` bytes for each, in the
 * arena. */
static bool read_elements(struct reader *reader, const yaml_node_t *node,
                          const struct entry *element, size_t size, void **elements, size_t *count,
                          struct err *err)
{
    bool list = node->type == YAML_SEQUENCE_NODE;
    size_t total = list ? list_count(node) : pair_count(node);
    if (list ? !count_visits(reader, node, total, err) : !check_keys(reader, node, err))
        return false;
    if (total == 0)
        return true;
    char *place = arena_alloc(&reader->mapping->arena, total * size);
    *elements = place;
    *count = total;
    for (size_t i = 0; i < total; i++) {
        struct item item = {.entry = element, .into = place + i * size};
        if (list) {
            item.value = node_at(reader, node->data.sequence.items.start[i]);
        } else {
            item.key = node_at(reader, node->data.mapping.pairs.start[i].key);
            item.value = node_at(reader, node->data.mapping.pairs.start[i].value);
        }
        bool nothing;
        if (!check_shape(reader, &item, &nothing, err) || !element->read(reader, &item, err))
            return false;
    }
    return true;
}

/* ---- readers of one value ---- */

static void *field_of(const struct item *item)
{
    return (char *)item->into + item->entry->field;
}

static void set_mark(const struct item *item)
{
    if (item->entry->beside)
        *(struct mark *)(void *)((char *)item->into + item->entry->beside) = mark_of(item->key);
}

static bool fail_wants(const struct reader *reader, const struct item *item, struct err *err)
{
    return fail(reader, mark_of(item->value), err, "\"%s\" needs %s", item->entry->key,
                item->entry->wants);
}

static bool fail_value(const struct reader *reader, const struct item *item, struct err *err)
{
    char text[2 * SHOWN_MOST];
    return fail(reader, mark_of(item->value), err, "\"%s\" needs %s, not \"%s\"", item->entry->key,
                item->entry->wants, shown(raw_text(item->value), text));
}

static bool read_text(struct reader *reader, const struct item *item, struct err *err)
{
    set_mark(item);
    return take_text(reader, item->value, field_of(item), err);
}

/* The booleans of YAML 1.1, without y and n. */
static bool read_truth(struct reader *reader, const struct item *item, struct err *err)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(raw_text(item->value), words[i]) == 0) {
            *(int *)field_of(item) = (int)i % 2;
            set_mark(item);
            return true;
        }
    return fail_value(reader, item, err);
}

static bool read_kind(struct reader *reader, const struct item *item, struct err *err)
{
    const char *known[KINDS];
    size_t count = 0;
    if (!read_text(reader, item, err))
        return false;
    for (int kind = KIND_NONE + 1; kind < KINDS; kind++) {
        known[count] = kind_name((enum kind)kind);
        if (strcmp(known[count++], raw_text(item->value)) == 0)
            return true;
    }
    return fail_unknown(reader, item->value, "kind", known, count, err);
}

static bool read_precision(struct reader *reader, const struct item *item, struct err *err)
{
    const char *text = raw_text(item->value);
    if (text[0] < '0' || text[0] > '6' || item->value->data.scalar.length != 1)
        return fail_value(reader, item, err);
    *(int *)field_of(item) = text[0] - '0';
    set_mark(item);
    return true;
}

/* Only the word switches the leniency on: a value that was forgotten must not. */
static bool read_zero_date(struct reader *reader, const struct item *item, struct err *err)
{
    if (!is_null_word(raw_text(item->value)))
        return fail_value(reader, item, err);
    *(int *)field_of(item) = 1;
    set_mark(item);
    return true;
}

static const char *skip_digits(const char *text)
{
    return text + strspn(text, "0123456789");
}

/* 5, 0.005, .5, 1e-9, in the range of a double; no sign, so not negative. */
static bool is_amount(const char *text)
{
    const char *whole_end = skip_digits(text), *end = whole_end;
    if (*end == '.')
        end = skip_digits(end + 1);
    if (end - text - (*whole_end == '.') == 0)
        return false;
    if (*end == 'e' || *end == 'E') {
        const char *exponent = end + 1 + (end[1] == '-' || end[1] == '+');
        end = skip_digits(exponent);
        if (end == exponent)
            return false;
    }
    return *end == '\0' && isfinite(strtod(text, NULL));
}

static bool is_whole_between(const char *text, long least, long most)
{
    size_t length = strlen(text);
    if (length == 0 || length > 10 || *skip_digits(text) || (text[0] == '0' && length > 1))
        return false;
    long number = strtol(text, NULL, 10);
    return number >= least && number <= most;
}

#define DIGITS_MOST 100
#define ULP_MOST 1000000000

static bool read_amount(struct reader *reader, const struct item *item, struct err *err)
{
    struct column_options *options = item->into;
    const char *text = raw_text(item->value);
    enum tolerance_unit unit = item->entry->unit;
    if (unit == TOLERANCE_ABS      ? !is_amount(text)
        : unit == TOLERANCE_DIGITS ? !is_whole_between(text, 1, DIGITS_MOST)
                                   : !is_whole_between(text, 0, ULP_MOST))
        return fail_value(reader, item, err);
    options->tolerance = unit;
    return take_text(reader, item->value, &options->tolerance_amount, err);
}

static bool read_tolerance(struct reader *reader, const struct item *item, struct err *err)
{
    static const struct entry entries[] = {
        {"abs", SHAPE_TEXT, "a decimal number that is not negative", read_amount,
         .unit = TOLERANCE_ABS},
        {"digits", SHAPE_TEXT, "a whole number from 1 to 100", read_amount,
         .unit = TOLERANCE_DIGITS},
        {"ulp", SHAPE_TEXT, "a whole number from 0 to 1000000000", read_amount,
         .unit = TOLERANCE_ULP},
        {0}};
    if (!read_map(reader, item->value, (struct group[]){{entries, item->into}, {0}}, err))
        return false;
    if (pair_count(item->value) != 1)
        return fail_wants(reader, item, err);
    set_mark(item);
    return true;
}

/* {source: …, target: …}, one of them at least, into const char *[2]; `entries` are these two. */
static bool read_sides(struct reader *reader, const struct item *item, const struct entry *entries,
                       struct err *err)
{
    if (!read_map(reader, item->value, (struct group[]){{entries, field_of(item)}, {0}}, err))
        return false;
    if (pair_count(item->value) == 0)
        return fail_wants(reader, item, err);
    set_mark(item);
    return true;
}

static bool read_texts(struct reader *reader, const struct item *item, struct err *err)
{
    static const struct entry entries[] = {
        {"source", SHAPE_TEXT, "a text", read_text, .field = SOURCE * sizeof(char *)},
        {"target", SHAPE_TEXT, "a text", read_text, .field = TARGET * sizeof(char *)},
        {0}};
    return read_sides(reader, item, entries, err);
}

static bool read_where(struct reader *reader, const struct item *item, struct err *err)
{
    const char **where = field_of(item);
    if (!is_text(item->value))
        return read_texts(reader, item, err);
    if (!read_text(reader, item, err))
        return false;
    where[TARGET] = where[SOURCE];
    return true;
}

/* The tz database is asked here, where the line is known, for rules that match no column too. */
static bool take_zone(struct reader *reader, const yaml_node_t *node, const char **name,
                      struct err *err)
{
    const struct zone *zone;
    if (!take_text(reader, node, name, err))
        return false;
    if (zone_find(*name, &zone, err))
        return true;
    struct mark mark = mark_of(node);
    return err_prefix(err, "%s:%d:%d", reader->path, mark.line, mark.column);
}

static bool read_side_zone(struct reader *reader, const struct item *item, struct err *err)
{
    return take_zone(reader, item->value, field_of(item), err);
}

static bool read_zone(struct reader *reader, const struct item *item, struct err *err)
{
    static const struct entry entries[] = {
        {"source", SHAPE_TEXT, "a time zone", read_side_zone, .field = SOURCE * sizeof(char *)},
        {"target", SHAPE_TEXT, "a time zone", read_side_zone, .field = TARGET * sizeof(char *)},
        {0}};
    struct column_options *options = item->into;
    if (!is_text(item->value))
        return read_sides(reader, item, entries, err);
    set_mark(item);
    return take_zone(reader, item->value, &options->zone_any, err);
}

static bool read_name(struct reader *reader, const struct item *item, struct err *err)
{
    struct mapping_name *name = item->into;
    name->mark = mark_of(item->value);
    return take_text(reader, item->value, &name->name, err);
}

static bool read_names(struct reader *reader, const struct item *item, struct err *err)
{
    static const struct entry element = {
        .key = "each item", .shapes = SHAPE_TEXT, .wants = "a text", .read = read_name};
    size_t *count = (size_t *)(void *)((char *)item->into + item->entry->beside);
    return read_elements(reader, item->value, &element, sizeof(struct mapping_name), field_of(item),
                         count, err);
}

static bool read_key(struct reader *reader, const struct item *item, struct err *err)
{
    size_t count = list_count(item->value);
    if (count == 0)
        return fail(reader, mark_of(item->value), err, "\"key\" needs one column at least");
    if (!read_names(reader, item, err))
        return false;
    const yaml_node_t **names = mem_zero(count, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = node_at(reader, item->value->data.sequence.items.start[i]);
    bool good = check_repeats(reader, names, count, "column", err);
    free(names);
    return good;
}

/* ---- the mapping, from the leaves up ---- */

#define OPTION(name, mark)                                                                         \
    .field = offsetof(struct column_options, name), .beside = offsetof(struct column_options, mark)

/* Of rules and columns; into struct column_options. */
static const struct entry option_entries[] = {
    {"kind", SHAPE_TEXT, "the name of a kind", read_kind, OPTION(kind, kind_mark)},
    {"zone", SHAPE_TEXT | SHAPE_MAP, "a time zone, or {source: …, target: …}", read_zone,
     OPTION(zone, zone_mark)},
    {"precision", SHAPE_TEXT, "a whole number from 0 to 6", read_precision,
     OPTION(precision, precision_mark)},
    {"tolerance", SHAPE_MAP, "exactly one of {abs: N}, {digits: N} and {ulp: N}", read_tolerance,
     OPTION(tolerance, tolerance_mark)},
    {"zero_date", SHAPE_TEXT, "the word null", read_zero_date,
     OPTION(zero_date_null, leniency_mark)},
    {"strip_zero_padding", SHAPE_TEXT, "true or false", read_truth,
     OPTION(strip_zero_padding, leniency_mark)},
    {"swapped", SHAPE_TEXT, "true or false", read_truth, OPTION(swapped, leniency_mark)},
    {"separator", SHAPE_TEXT, "a text", read_text, OPTION(separator, separator_mark)},
    {"ignore", SHAPE_TEXT, "true or false", read_truth, OPTION(ignore, ignore_mark)},
    {0}};

static void clear_options(struct column_options *options)
{
    *options = (struct column_options){.precision = -1,
                                       .zero_date_null = -1,
                                       .strip_zero_padding = -1,
                                       .swapped = -1,
                                       .ignore = -1};
}

#define RULE(name) .field = offsetof(struct mapping_rule, name)

static const struct entry rule_entries[] = {
    {"table", SHAPE_TEXT, "a pattern", read_text, RULE(table)},
    {"column", SHAPE_TEXT, "a pattern", read_text, RULE(column)},
    {"types", SHAPE_MAP, "{source: …, target: …}", read_texts, RULE(types)},
    {0}};

static bool read_rule(struct reader *reader, const struct item *item, struct err *err)
{
    struct mapping_rule *rule = item->into;
    rule->mark = mark_of(item->value);
    clear_options(&rule->options);
    const struct group groups[] = {{rule_entries, rule}, {option_entries, &rule->options}, {0}};
    if (!read_map(reader, item->value, groups, err))
        return false;
    bool typed = rule->types[SOURCE] || rule->types[TARGET];
    size_t conditions = (size_t)(!!rule->table + !!rule->column + typed);
    if (pair_count(item->value) > conditions)
        return true;
    return fail(reader, rule->mark, err, "this rule has no option, so it changes nothing");
}

#define COLUMN(name) .field = offsetof(struct mapping_column, name)

static const struct entry column_entries[] = {
    {"target", SHAPE_TEXT, "the name of a column", read_text, COLUMN(target)},
    {"source_expr", SHAPE_TEXT, "a SQL expression", read_text, COLUMN(expression[SOURCE])},
    {"target_expr", SHAPE_TEXT, "a SQL expression", read_text, COLUMN(expression[TARGET])},
    {0}};

static bool read_column(struct reader *reader, const struct item *item, struct err *err)
{
    struct mapping_column *column = item->into;
    column->mark = mark_of(item->key);
    clear_options(&column->options);
    if (!take_text(reader, item->key, &column->name, err))
        return false;
    const struct group groups[] = {
        {column_entries, column}, {option_entries, &column->options}, {0}};
    switch (shape_of(item->value)) {
    case SHAPE_TEXT:
        return take_text(reader, item->value, &column->target, err);
    case SHAPE_MAP:
        return read_map(reader, item->value, groups, err);
    default:
        return true;
    }
}

static bool read_columns(struct reader *reader, const struct item *item, struct err *err)
{
    static const struct entry element = {
        .shapes = SHAPE_TEXT | SHAPE_MAP | SHAPE_NOTHING,
        .wants = "the target's name of the column, or a mapping of its options",
        .read = read_column};
    struct mapping_table *table = item->into;
    return read_elements(reader, item->value, &element, sizeof *table->columns, field_of(item),
                         &table->column_count, err);
}

#define TABLE(name) .field = offsetof(struct mapping_table, name)
#define TABLE_BESIDE(name) .beside = offsetof(struct mapping_table, name)

static const struct entry table_entries[] = {
    {"target", SHAPE_TEXT, "the name of a table", read_text, TABLE(target)},
    {"key", SHAPE_LIST, "a list of columns", read_key, TABLE(key), TABLE_BESIDE(key_count)},
    {"where", SHAPE_TEXT | SHAPE_MAP, "a SQL condition, or {source: …, target: …}", read_where,
     TABLE(where), TABLE_BESIDE(where_mark)},
    {"ignore", SHAPE_LIST | SHAPE_NOTHING, "a list of columns", read_names, TABLE(ignore),
     TABLE_BESIDE(ignore_count)},
    {"columns", SHAPE_MAP | SHAPE_NOTHING, "a mapping of columns", read_columns, TABLE(columns)},
    {0}};

static bool read_table(struct reader *reader, const struct item *item, struct err *err)
{
    struct mapping_table *table = item->into;
    table->mark = mark_of(item->key);
    if (!take_text(reader, item->key, &table->source, err))
        return false;
    switch (shape_of(item->value)) {
    case SHAPE_TEXT:
        return take_text(reader, item->value, &table->target, err);
    case SHAPE_MAP:
        return read_map(reader, item->value, (struct group[]){{table_entries, table}, {0}}, err);
    default:
        return true;
    }
}

static bool read_tables(struct reader *reader, const struct item *item, struct err *err)
{
    static const struct entry element = {
        .shapes = SHAPE_TEXT | SHAPE_MAP | SHAPE_NOTHING,
        .wants = "the target's name of the table, or a mapping of its options",
        .read = read_table};
    struct mapping *mapping = item->into;
    return read_elements(reader, item->value, &element, sizeof *mapping->tables, field_of(item),
                         &mapping->table_count, err);
}

static bool read_rules(struct reader *reader, const struct item *item, struct err *err)
{
    static const struct entry element = {.key = "a rule",
                                         .shapes = SHAPE_MAP,
                                         .wants = "a mapping of conditions and options",
                                         .read = read_rule};
    struct mapping *mapping = item->into;
    return read_elements(reader, item->value, &element, sizeof *mapping->rules, field_of(item),
                         &mapping->rule_count, err);
}

static bool read_schema(struct reader *reader, const struct item *item, struct err *err)
{
    struct mapping_schema *schema = item->into;
    schema->mark = mark_of(item->key);
    return take_text(reader, item->key, &schema->source, err) &&
           take_text(reader, item->value, &schema->target, err);
}

static bool read_schemas(struct reader *reader, const struct item *item, struct err *err)
{
    static const struct entry element = {
        .shapes = SHAPE_TEXT, .wants = "the name of a schema of the target", .read = read_schema};
    struct mapping *mapping = item->into;
    return read_elements(reader, item->value, &element, sizeof *mapping->schemas, field_of(item),
                         &mapping->schema_count, err);
}

#define TOP(name) .field = offsetof(struct mapping, name)

static const struct entry top_entries[] = {
    {"schemas", SHAPE_MAP | SHAPE_NOTHING, "a mapping of schemas", read_schemas, TOP(schemas)},
    {"exclude", SHAPE_LIST | SHAPE_NOTHING, "a list of patterns", read_names, TOP(exclude),
     .beside = offsetof(struct mapping, exclude_count)},
    {"rules", SHAPE_LIST | SHAPE_NOTHING, "a list of rules", read_rules, TOP(rules)},
    {"tables", SHAPE_MAP | SHAPE_NOTHING, "a mapping of tables", read_tables, TOP(tables)},
    {0}};

/* ---- documents and files ---- */

static void start_parser(yaml_parser_t *parser, const struct reader *reader)
{
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(parser, reader->text, reader->length);
}

/* What the walk through the tokens has met so far. */
struct token_count {
    size_t tokens, anchors, depth;
};

/* Refuses what would make libyaml slow, or what Tally would have to pass over in silence. */
static bool check_token(const struct reader *reader, const yaml_token_t *token,
                        struct token_count *count, struct err *err)
{
    struct mark mark = {(int)token->start_mark.line + 1, (int)token->start_mark.column + 1};
    if (++count->tokens > TOKENS_MOST)
        return fail(reader, mark, err, "the mapping is too large: over %d YAML tokens",
                    TOKENS_MOST);
    switch (token->type) {
    case YAML_BLOCK_SEQUENCE_START_TOKEN:
    case YAML_BLOCK_MAPPING_START_TOKEN:
    case YAML_FLOW_SEQUENCE_START_TOKEN:
    case YAML_FLOW_MAPPING_START_TOKEN:
        if (++count->depth > DEPTH_MOST)
            return fail(reader, mark, err, "nested over %d levels deep", DEPTH_MOST);
        return true;
    case YAML_BLOCK_END_TOKEN:
    case YAML_FLOW_SEQUENCE_END_TOKEN:
    case YAML_FLOW_MAPPING_END_TOKEN:
        count->depth -= count->depth > 0;
        return true;
    case YAML_ANCHOR_TOKEN:
        if (++count->anchors > ANCHORS_MOST)
            return fail(reader, mark, err, "over %d anchors", ANCHORS_MOST);
        return true;
    case YAML_TAG_TOKEN:
    case YAML_TAG_DIRECTIVE_TOKEN:
        return fail(reader, mark, err, "YAML tags have no meaning in a mapping; a name needs none");
    default:
        return true;
    }
}

static bool check_tokens(const struct reader *reader, struct err *err)
{
    struct token_count count = {0};
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return err_set(err, ERR_INTERNAL, "%s: not enough memory to read it", reader->path);
    start_parser(&parser, reader);
    bool good = true, end = false;
    while (good && !end) {
        yaml_token_t token;
        if (!yaml_parser_scan(&parser, &token)) {
            good = fail_yaml(reader, &parser, err);
            break;
        }
        good = check_token(reader, &token, &count, err);
        end = token.type == YAML_STREAM_END_TOKEN;
        yaml_token_delete(&token);
    }
    yaml_parser_delete(&parser);
    return good;
}

static bool read_document(struct reader *reader, struct err *err)
{
    static const struct entry top = {.key = "a mapping file",
                                     .shapes = SHAPE_MAP | SHAPE_NOTHING,
                                     .wants = "the keys schemas, exclude, rules or tables"};
    const struct item item = {.entry = &top,
                              .value = yaml_document_get_root_node(reader->document)};
    bool nothing = false;
    if (!item.value)
        return true; /* white space and comments, or no byte at all */
    if (!check_shape(reader, &item, &nothing, err))
        return false;
    return nothing ||
           read_map(reader, item.value, (struct group[]){{top_entries, reader->mapping}, {0}}, err);
}

/* The parser has read the first document; is that all? */
static bool check_end(const struct reader *reader, yaml_parser_t *parser, struct err *err)
{
    yaml_document_t document;
    if (!yaml_parser_load(parser, &document))
        return fail_yaml(reader, parser, err);
    const yaml_node_t *root = yaml_document_get_root_node(&document);
    struct mark mark = {(int)document.start_mark.line + 1, (int)document.start_mark.column + 1};
    bool good = !root || fail(reader, mark, err,
                              "a second YAML document begins here; a mapping file holds one");
    yaml_document_delete(&document);
    return good;
}

static bool parse(struct reader *reader, struct err *err)
{
    yaml_parser_t parser;
    yaml_document_t document;
    if (!check_tokens(reader, err))
        return false;
    if (!yaml_parser_initialize(&parser))
        return err_set(err, ERR_INTERNAL, "%s: not enough memory to read it", reader->path);
    start_parser(&parser, reader);
    bool good = false;
    if (!yaml_parser_load(&parser, &document)) {
        fail_yaml(reader, &parser, err);
    } else {
        reader->document = &document;
        bool empty = !yaml_document_get_root_node(&document);
        good = (empty || check_end(reader, &parser, err)) && read_document(reader, err);
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return good;
}

static bool fail_size(const char *path, struct err *err)
{
    return err_set(err, ERR_USAGE, "%s: larger than %zu MB, so it is no mapping file", path,
                   FILE_MOST >> 20);
}

bool mapping_parse(const char *path, const char *text, size_t length, struct mapping *mapping,
                   struct err *err)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    *mapping = (struct mapping){.path = ""};
    if (length > FILE_MOST)
        return fail_size(path, err);
    /* Some editors on Windows begin a file so. */
    if (length >= 3 && memcmp(text, byte_order_mark, 3) == 0) {
        text += 3;
        length -= 3;
    }
    mapping->path = arena_copy(&mapping->arena, path);
    struct reader reader = {
        .path = path, .text = (const unsigned char *)text, .length = length, .mapping = mapping};
    if (parse(&reader, err))
        return true;
    mapping_free(mapping);
    return false;
}

static bool read_file(const char *path, struct buffer *text, struct err *err)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return err_set(err, ERR_USAGE, "%s: the mapping cannot be opened: %s", path,
                       strerror(errno));
    ssize_t length;
    do {
        unsigned char block[65536];
        length = read(file, block, sizeof block);
        if (length > 0)
            buffer_add(text, block, (size_t)length);
    } while ((length > 0 && !buffer_overflowed(text)) || (length < 0 && errno == EINTR));
    int problem = errno;
    close(file);
    if (length < 0)
        return err_set(err, ERR_USAGE, "%s: the mapping cannot be read: %s", path,
                       strerror(problem));
    return !buffer_overflowed(text) || fail_size(path, err);
}

bool mapping_read(const char *path, struct mapping *mapping, struct err *err)
{
    struct buffer text = BUFFER_INIT(FILE_MOST);
    *mapping = (struct mapping){.path = ""};
    bool good = read_file(path, &text, err) &&
                mapping_parse(path, (const char *)text.data, text.length, mapping, err);
    buffer_free(&text);
    return good;
}

void mapping_free(struct mapping *mapping)
{
    arena_free(&mapping->arena);
    *mapping = (struct mapping){.path = ""};
}
