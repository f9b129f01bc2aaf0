/*
 * Reads files of settings (settings.h). This file alone includes libyaml; its document API is used
 * because it knows the place of every node.
 */
#include "settings.h"

#include "nearest.h"
#include "utf8.h"

#include <errno.h>
#include <fcntl.h>
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

#define KEYS_MOST 32  /* of all groups of one map */
#define SHOWN_MOST 60 /* bytes of the user's text that a sentence repeats */

struct settings {
    const struct settings_format *format;
    const char *path;
    const unsigned char *text;
    size_t length;
    struct arena *arena;
    size_t visits;
};

/* ---- places and sentences ---- */

bool settings_fail(const struct settings *settings, struct mark mark, struct err *err,
                   const char *format, ...)
{
    char sentence[sizeof err->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    return err_set(err, ERR_USAGE, "%s:%d:%d: %s", settings->path, mark.line, mark.column,
                   sentence);
}

bool settings_prefix(const struct settings *settings, struct mark mark, struct err *err)
{
    return err_prefix(err, "%s:%d:%d", settings->path, mark.line, mark.column);
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
static struct mark mark_of_byte(const struct settings *settings, size_t offset)
{
    struct mark mark = {1, 1};
    for (size_t i = 0; i < offset && i < settings->length; i++) {
        if (settings->text[i] == '\n')
            mark = (struct mark){mark.line + 1, 1};
        else if ((settings->text[i] & 0xC0) != 0x80)
            mark.column++;
    }
    return mark;
}

/* The byte that begins a libyaml mark's character (index counts characters); 0 at the end. */
static unsigned char byte_at(const struct settings *settings, yaml_mark_t mark)
{
    size_t characters = 0;
    for (size_t i = 0; i < settings->length; i++)
        if ((settings->text[i] & 0xC0) != 0x80 && characters++ == mark.index)
            return settings->text[i];
    return 0;
}

/* ---- what libyaml finds wrong ---- */

/* libyaml's words that would not help a person, and better ones. NULL and 0 fit everything; FILE
 * stands for the sort of file. */
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
     "the YAML document has ended before this; a FILE holds one"},
};

/* The sentence, which may ask for the sort of file at its end. */
static bool fail_sentence(const struct settings *settings, struct mark mark, const char *sentence,
                          struct err *err)
{
    const char *file = strstr(sentence, "FILE");
    if (!file)
        return settings_fail(settings, mark, err, "%s", sentence);
    return settings_fail(settings, mark, err, "%.*s%s%s", (int)(file - sentence), sentence,
                         settings->format->file, file + strlen("FILE"));
}

static bool fits(const char *wanted, const char *given)
{
    return !wanted || (given && strcmp(wanted, given) == 0);
}

/* The settings's errors have a byte offset and no mark: bytes that no YAML text holds. */
static bool fail_reading(const struct settings *settings, const yaml_parser_t *parser,
                         struct err *err)
{
    size_t offset = parser->problem_offset;
    if (fits("control characters are not allowed", parser->problem)) {
        struct mark mark = mark_of_byte(settings, offset);
        if (parser->problem_value == 0)
            return settings_fail(settings, mark, err, "this is a NUL byte; a %s is a text file",
                                 settings->format->noun);
        return settings_fail(
            settings, mark, err,
            "the character U+%04X is not allowed in YAML; write it as an escape in double "
            "quotes, if it is meant",
            (unsigned)parser->problem_value);
    }
    /* libyaml's offset may be that of a later byte of the sequence, which may be good in itself. */
    const unsigned char *at = settings->text, *end = at + settings->length;
    for (size_t size; (size = utf8_size(at, end)) > 0;)
        at += size;
    return settings_fail(settings, mark_of_byte(settings, (size_t)(at - settings->text)), err,
                         "the byte 0x%02X is not UTF-8 text", at < end ? (unsigned)*at : 0);
}

static bool fail_yaml(const struct settings *settings, const yaml_parser_t *parser, struct err *err)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return err_set(err, ERR_INTERNAL, "%s: not enough memory to read it", settings->path);
    if (parser->error == YAML_READER_ERROR)
        return fail_reading(settings, parser, err);

    struct mark mark = {(int)parser->problem_mark.line + 1, (int)parser->problem_mark.column + 1};
    unsigned char byte = byte_at(settings, parser->problem_mark);
    for (size_t i = 0; i < sizeof yaml_sentences / sizeof *yaml_sentences; i++)
        if (fits(yaml_sentences[i].problem, parser->problem) &&
            fits(yaml_sentences[i].context, parser->context) &&
            (!yaml_sentences[i].byte || yaml_sentences[i].byte == byte))
            return fail_sentence(settings, mark, yaml_sentences[i].sentence, err);

    const char *problem = parser->problem ? parser->problem : "it cannot be read";
    if (!parser->context)
        return settings_fail(settings, mark, err, "not YAML: %s", problem);
    return settings_fail(settings, mark, err, "not YAML: %s %s that begins on line %d", problem,
                         parser->context, (int)parser->context_mark.line + 1);
}

/* ---- shapes, texts and the nodes of a document ---- */

static bool is_text(const struct settings_node *node)
{
    return node->shape == SHAPE_TEXT || node->shape == SHAPE_NOTHING;
}

bool settings_is_null(const char *text)
{
    return strcmp(text, "~") == 0 || strcasecmp(text, "null") == 0;
}

static const char *shape_name(enum settings_shape shape)
{
    return shape == SHAPE_NOTHING ? "an empty value"
           : shape == SHAPE_TEXT  ? "a text"
           : shape == SHAPE_LIST  ? "a list"
                                  : "a mapping";
}

/* ---- for readers ---- */

struct arena *settings_arena(struct settings *settings)
{
    return settings->arena;
}

void *settings_field(const struct settings_item *item)
{
    return (char *)item->into + item->entry->field;
}

void *settings_beside(const struct settings_item *item)
{
    return item->entry->beside ? (char *)item->into + item->entry->beside : NULL;
}

bool settings_fail_wants(const struct settings *settings, const struct settings_item *item,
                         struct err *err)
{
    return settings_fail(settings, item->value->mark, err, "\"%s\" needs %s", item->entry->key,
                         item->entry->wants);
}

bool settings_fail_value(const struct settings *settings, const struct settings_item *item,
                         struct err *err)
{
    char text[2 * SHOWN_MOST];
    return settings_fail(settings, item->value->mark, err, "\"%s\" needs %s, not \"%s\"",
                         item->entry->key, item->entry->wants, shown(item->value->text, text));
}

bool settings_check(const struct settings *settings, const struct settings_item *item,
                    bool *nothing, struct err *err)
{
    const struct settings_entry *entry = item->entry;
    enum settings_shape shape = item->value->shape;
    if (shape == SHAPE_TEXT && !(entry->shapes & SHAPE_TEXT) && item->value->plain &&
        settings_is_null(item->value->text))
        shape = SHAPE_NOTHING;
    *nothing = shape == SHAPE_NOTHING;
    if (shape == SHAPE_TEXT && strlen(item->value->text) != item->value->length)
        return settings_fail(settings, item->value->mark, err, "this text holds a NUL character");
    if (entry->shapes & shape)
        return true;
    if (!item->key)
        return settings_fail(settings, item->value->mark, err, "%s needs %s, not %s", entry->key,
                             entry->wants, shape_name(shape));
    char key[2 * SHOWN_MOST];
    return settings_fail(settings, item->value->mark, err, "\"%s\" needs %s, not %s",
                         shown(item->key->text, key), entry->wants, shape_name(shape));
}

bool settings_take(struct settings *settings, const struct settings_node *node, const char **text,
                   struct err *err)
{
    size_t length = node->length;
    if (length == 0)
        return settings_fail(settings, node->mark, err, "this text is empty");
    *text = arena_copy_bytes(settings->arena, node->text, length);
    return true;
}

static bool count_visits(struct settings *settings, const struct settings_node *node, size_t more,
                         struct err *err)
{
    settings->visits += more;
    if (settings->visits <= NODES_MOST)
        return true;
    return settings_fail(settings, node->mark, err,
                         "the %s is too large: over %d values, those of an alias counted each time",
                         settings->format->noun, NODES_MOST);
}

/* Orders texts by their bytes, equal ones by their place. */
static int compare_texts(const void *one, const void *other)
{
    const struct settings_node *a = *(const struct settings_node *const *)one,
                               *b = *(const struct settings_node *const *)other;
    size_t a_length = a->length, b_length = b->length;
    if (a_length != b_length)
        return a_length < b_length ? -1 : 1;
    int order = a_length ? memcmp(a->text, b->text, a_length) : 0;
    if (order)
        return order;
    return (a->place > b->place) - (a->place < b->place);
}

/* No text may stand twice among `count` of them; `texts` is sorted here. `what`: "key", "column".
 */
bool settings_no_repeats(const struct settings *settings, const struct settings_node **texts,
                         size_t count, const char *what, struct err *err)
{
    const struct settings_node *first = NULL, *repeat = NULL;
    qsort(texts, count, sizeof *texts, compare_texts);
    for (size_t i = 1; i < count; i++) {
        const struct settings_node *before = texts[i - 1], *node = texts[i];
        size_t length = node->length;
        if (before->length == length && memcmp(before->text, node->text, length) == 0 &&
            (!repeat || node->place < repeat->place)) {
            first = before;
            repeat = node;
        }
    }
    if (!repeat)
        return true;
    char name[2 * SHOWN_MOST];
    return settings_fail(settings, repeat->mark, err,
                         "the %s \"%s\" is repeated; it stands on line %d already", what,
                         shown(repeat->text, name), first->mark.line);
}

/* Every key a text of its own. To be called before a mapping's pairs are read. */
static bool check_keys(struct settings *settings, const struct settings_node *map, struct err *err)
{
    size_t count = map->count;
    if (!count_visits(settings, map, 2 * count, err))
        return false;
    const struct settings_node **keys = mem_zero(count + 1, sizeof *keys);
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        const struct settings_node *key = keys[i] = map->keys[i];
        if (!is_text(key))
            good = settings_fail(settings, key->mark, err, "a key must be a text, not %s",
                                 shape_name(key->shape));
        else if (key->length == 0)
            good = settings_fail(settings, key->mark, err, "this key is empty");
        else if (key->plain && strcmp(key->text, "<<") == 0)
            good = settings_fail(
                settings, key->mark, err,
                "merge keys (<<) are not supported; repeat the options, or write a rule");
        else if (memchr(key->text, '\0', key->length))
            good = settings_fail(settings, key->mark, err, "this key holds a NUL character");
    }
    good = good && settings_no_repeats(settings, keys, count, "key", err);
    free(keys);
    return good;
}

/* ---- words that nobody knows ---- */

bool settings_fail_unknown(const struct settings *settings, const struct settings_node *node,
                           const char *what, const char *const *known, size_t count,
                           struct err *err)
{
    char word[2 * SHOWN_MOST];
    const char *meant = nearest_word(node->text, known, count);
    shown(node->text, word);
    if (meant)
        return settings_fail(settings, node->mark, err, "unknown %s \"%s\"; did you mean \"%s\"?",
                             what, word, meant);
    struct buffer list = BUFFER_INIT(sizeof err->text);
    for (size_t i = 0; i < count; i++)
        buffer_printf(&list, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " and ", known[i]);
    settings_fail(settings, node->mark, err, "unknown %s \"%s\"; known here: %s", what, word,
                  (const char *)list.data);
    buffer_free(&list);
    return false;
}

/* ---- the walk ---- */

/* Reads a mapping whose keys are all known: each by its entry in one of the groups (two at most;
 * the last has NULL entries). */
bool settings_read_map(struct settings *settings, const struct settings_node *map,
                       const struct settings_group *groups, struct err *err)
{
    const char *known[KEYS_MOST];
    if (!check_keys(settings, map, err))
        return false;
    for (size_t i = 0; i < map->count; i++) {
        struct settings_item item = {.key = map->keys[i], .value = map->values[i]};
        size_t known_count = 0;
        for (const struct settings_group *group = groups; group->entries && !item.entry; group++)
            for (const struct settings_entry *entry = group->entries; entry->key && !item.entry;
                 entry++) {
                known[known_count++] = entry->key;
                if (strcmp(entry->key, item.key->text) == 0) {
                    item.entry = entry;
                    item.into = group->into;
                }
            }
        if (!item.entry)
            return settings_fail_unknown(settings, item.key, "key", known, known_count, err);
        bool nothing;
        if (!settings_check(settings, &item, &nothing, err))
            return false;
        if (!nothing && !item.entry->read(settings, &item, err))
            return false;
    }
    return true;
}

/* Reads a mapping whose keys are names, or a list: an element of `size` bytes for each, in the
 * arena. */
bool settings_read_elements(struct settings *settings, const struct settings_node *node,
                            const struct settings_entry *element, size_t size, void **elements,
                            size_t *count, struct err *err)
{
    bool list = node->shape == SHAPE_LIST;
    size_t total = node->count;
    if (list ? !count_visits(settings, node, total, err) : !check_keys(settings, node, err))
        return false;
    if (total == 0)
        return true;
    char *place = arena_alloc(settings->arena, total * size);
    *elements = place;
    *count = total;
    for (size_t i = 0; i < total; i++) {
        struct settings_item item = {.entry = element, .into = place + i * size};
        if (list) {
            item.value = node->values[i];
        } else {
            item.key = node->keys[i];
            item.value = node->values[i];
        }
        bool nothing;
        if (!settings_check(settings, &item, &nothing, err) || !element->read(settings, &item, err))
            return false;
    }
    return true;
}

/* ---- documents and files ---- */

static void start_parser(yaml_parser_t *parser, const struct settings *settings)
{
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(parser, settings->text, settings->length);
}

/* What the walk through the tokens has met so far. */
struct token_count {
    size_t tokens, anchors, depth;
};

/* Refuses what would make libyaml slow, or what Tally would have to pass over in silence. */
static bool check_token(const struct settings *settings, const yaml_token_t *token,
                        struct token_count *count, struct err *err)
{
    struct mark mark = {(int)token->start_mark.line + 1, (int)token->start_mark.column + 1};
    if (++count->tokens > TOKENS_MOST)
        return settings_fail(settings, mark, err, "the %s is too large: over %d YAML tokens",
                             settings->format->noun, TOKENS_MOST);
    switch (token->type) {
    case YAML_BLOCK_SEQUENCE_START_TOKEN:
    case YAML_BLOCK_MAPPING_START_TOKEN:
    case YAML_FLOW_SEQUENCE_START_TOKEN:
    case YAML_FLOW_MAPPING_START_TOKEN:
        if (++count->depth > DEPTH_MOST)
            return settings_fail(settings, mark, err, "nested over %d levels deep", DEPTH_MOST);
        return true;
    case YAML_BLOCK_END_TOKEN:
    case YAML_FLOW_SEQUENCE_END_TOKEN:
    case YAML_FLOW_MAPPING_END_TOKEN:
        count->depth -= count->depth > 0;
        return true;
    case YAML_ANCHOR_TOKEN:
        if (++count->anchors > ANCHORS_MOST)
            return settings_fail(settings, mark, err, "over %d anchors", ANCHORS_MOST);
        return true;
    case YAML_TAG_TOKEN:
    case YAML_TAG_DIRECTIVE_TOKEN:
        return settings_fail(settings, mark, err,
                             "YAML tags have no meaning in a %s; a name needs none",
                             settings->format->noun);
    default:
        return true;
    }
}

static bool check_tokens(const struct settings *settings, struct err *err)
{
    struct token_count count = {0};
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return err_set(err, ERR_INTERNAL, "%s: not enough memory to read it", settings->path);
    start_parser(&parser, settings);
    bool good = true, end = false;
    while (good && !end) {
        yaml_token_t token;
        if (!yaml_parser_scan(&parser, &token)) {
            good = fail_yaml(settings, &parser, err);
            break;
        }
        good = check_token(settings, &token, &count, err);
        end = token.type == YAML_STREAM_END_TOKEN;
        yaml_token_delete(&token);
    }
    yaml_parser_delete(&parser);
    return good;
}

/* Our nodes for libyaml's, one for each: an alias is a pointer to what it stands for. */
static const struct settings_node *take_nodes(const yaml_document_t *document, struct arena *arena)
{
    size_t count = (size_t)(document->nodes.top - document->nodes.start);
    struct settings_node *nodes = arena_alloc(arena, count * sizeof *nodes);
    for (size_t i = 0; i < count; i++) {
        const yaml_node_t *from = &document->nodes.start[i];
        struct settings_node *node = &nodes[i];
        node->mark =
            (struct mark){(int)from->start_mark.line + 1, (int)from->start_mark.column + 1};
        node->place = from->start_mark.index;
        if (from->type == YAML_SCALAR_NODE) {
            node->text = (const char *)from->data.scalar.value;
            node->length = from->data.scalar.length;
            node->plain = from->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
            node->shape = node->plain && node->length == 0 ? SHAPE_NOTHING : SHAPE_TEXT;
        } else if (from->type == YAML_SEQUENCE_NODE) {
            const yaml_node_item_t *items = from->data.sequence.items.start;
            node->shape = SHAPE_LIST;
            node->count = (size_t)(from->data.sequence.items.top - items);
            node->values = arena_alloc(arena, (node->count + 1) * sizeof *node->values);
            for (size_t k = 0; k < node->count; k++)
                node->values[k] = &nodes[items[k] - 1]; /* libyaml counts nodes from 1 */
        } else {
            const yaml_node_pair_t *pairs = from->data.mapping.pairs.start;
            node->shape = SHAPE_MAP;
            node->count = (size_t)(from->data.mapping.pairs.top - pairs);
            node->keys = arena_alloc(arena, (node->count + 1) * sizeof *node->keys);
            node->values = arena_alloc(arena, (node->count + 1) * sizeof *node->values);
            for (size_t k = 0; k < node->count; k++) {
                node->keys[k] = &nodes[pairs[k].key - 1];
                node->values[k] = &nodes[pairs[k].value - 1];
            }
        }
    }
    return count ? nodes : NULL; /* the first is the root */
}

static bool read_names(struct settings *settings, const struct settings_node *map, void *into,
                       struct err *err)
{
    bool good = check_keys(settings, map, err);
    for (size_t i = 0; good && i < map->count; i++) {
        const struct settings_item item = {.entry = settings->format->entries,
                                           .key = map->keys[i],
                                           .value = map->values[i],
                                           .into = into};
        bool nothing;
        good = settings_check(settings, &item, &nothing, err) &&
               item.entry->read(settings, &item, err);
    }
    return good;
}

static bool read_document(struct settings *settings, const yaml_document_t *document, void *into,
                          struct err *err)
{
    char name[100];
    snprintf(name, sizeof name, "a %s", settings->format->file);
    const struct settings_entry top = {
        .key = name, .shapes = SHAPE_MAP | SHAPE_NOTHING, .wants = settings->format->wants};
    struct arena nodes = ARENA_INIT;
    const struct settings_item item = {.entry = &top, .value = take_nodes(document, &nodes)};
    bool nothing = !item.value; /* white space and comments, or no byte at all */
    bool good = nothing || settings_check(settings, &item, &nothing, err);
    if (good && !nothing && settings->format->names) {
        good = read_names(settings, item.value, into, err);
    } else if (good && !nothing) {
        const struct settings_group groups[] = {{settings->format->entries, into}, {0}};
        good = settings_read_map(settings, item.value, groups, err);
    }
    arena_free(&nodes);
    return good;
}

/* The parser has read the first document; is that all? */
static bool check_end(const struct settings *settings, yaml_parser_t *parser, struct err *err)
{
    yaml_document_t document;
    if (!yaml_parser_load(parser, &document))
        return fail_yaml(settings, parser, err);
    const yaml_node_t *root = yaml_document_get_root_node(&document);
    struct mark mark = {(int)document.start_mark.line + 1, (int)document.start_mark.column + 1};
    bool good = !root || settings_fail(settings, mark, err,
                                       "a second YAML document begins here; a %s holds one",
                                       settings->format->file);
    yaml_document_delete(&document);
    return good;
}

static bool parse(struct settings *settings, void *into, struct err *err)
{
    yaml_parser_t parser;
    yaml_document_t document;
    if (!check_tokens(settings, err))
        return false;
    if (!yaml_parser_initialize(&parser))
        return err_set(err, ERR_INTERNAL, "%s: not enough memory to read it", settings->path);
    start_parser(&parser, settings);
    bool good = false;
    if (!yaml_parser_load(&parser, &document)) {
        fail_yaml(settings, &parser, err);
    } else {
        bool empty = !yaml_document_get_root_node(&document);
        good = (empty || check_end(settings, &parser, err)) &&
               read_document(settings, &document, into, err);
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return good;
}

static bool fail_size(const struct settings_format *format, const char *path, struct err *err)
{
    return err_set(err, ERR_USAGE, "%s: larger than %zu MB, so it is no %s", path, FILE_MOST >> 20,
                   format->file);
}

bool settings_parse(const struct settings_format *format, const char *path, const char *text,
                    size_t length, struct arena *arena, void *into, struct err *err)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    if (length > FILE_MOST)
        return fail_size(format, path, err);
    /* Some editors on Windows begin a file so. */
    if (length >= 3 && memcmp(text, byte_order_mark, 3) == 0) {
        text += 3;
        length -= 3;
    }
    struct settings settings = {.format = format,
                                .path = path,
                                .text = (const unsigned char *)text,
                                .length = length,
                                .arena = arena};
    return parse(&settings, into, err);
}

bool settings_load(const struct settings_format *format, const char *path, struct buffer *text,
                   struct err *err)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return err_set(err, ERR_USAGE, "%s: the %s cannot be opened: %s", path, format->noun,
                       strerror(errno));
    ssize_t length;
    size_t total = 0;
    do {
        unsigned char block[65536];
        length = read(file, block, sizeof block);
        if (length > 0)
            buffer_add(text, block, (size_t)length);
        total += length > 0 ? (size_t)length : 0;
    } while ((length > 0 && total <= FILE_MOST) || (length < 0 && errno == EINTR));
    int problem = errno;
    close(file);
    if (length < 0)
        return err_set(err, ERR_USAGE, "%s: the %s cannot be read: %s", path, format->noun,
                       strerror(problem));
    return total <= FILE_MOST || fail_size(format, path, err);
}
