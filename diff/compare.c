/*
 * Compares two answers, phase by phase. Input: bytes, headers, rules. Output: a verdict and what
 * differs. Knows which phase follows which; each phase's work is another file's.
 */
#include "compare.h"

#include "charset.h"
#include "html.h"
#include "json_tree.h"
#include "text_diff.h"
#include "tree_path.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

/* Larger answers are compared as bytes: nodes are counted in 32 bits. */
static const size_t largest = (size_t)1 << 30;

/* --- bytes --- */

static bool same_bytes(const struct answer answers[SIDES])
{
    size_t length = answers[SOURCE].length;
    return length == answers[TARGET].length &&
           (!length || answers[SOURCE].bytes == answers[TARGET].bytes ||
            memcmp(answers[SOURCE].bytes, answers[TARGET].bytes, length) == 0);
}

static bool same_header(const struct answer answers[SIDES])
{
    const char *one = answers[SOURCE].type, *other = answers[TARGET].type;
    return one == other || (one && other && strcmp(one, other) == 0);
}

static struct difference *add_difference(struct comparison *found, enum diff_kind kind)
{
    struct difference *difference = &found->differences[found->count++];
    *difference = (struct difference){.kind = kind, .node = {TREE_NONE, TREE_NONE}};
    return difference;
}

/* One difference: where the first byte differs, and of each side its size and hash. */
static void compare_bytes(const struct answer answers[SIDES], struct comparison *found)
{
    const unsigned char *one = answers[SOURCE].bytes, *other = answers[TARGET].bytes;
    size_t at = 0;
    found->type = CONTENT_BYTES;
    found->equal = false;
    while (at < answers[SOURCE].length && at < answers[TARGET].length && one[at] == other[at])
        at++;
    found->differences = arena_alloc(&found->arena, sizeof *found->differences);
    found->total = found->kinds[DIFF_CHANGED] = 1;
    struct difference *difference = add_difference(found, DIFF_CHANGED);
    difference->path = arena_format(&found->arena, "byte %zu", at);
    difference->shape = "bytes";
    for (int side = SOURCE; side < SIDES; side++) {
        char *text = arena_format(&found->arena, "%zu bytes, XXH3 %016llx%016llx",
                                  answers[side].length, (unsigned long long)found->hash[side].high,
                                  (unsigned long long)found->hash[side].low);
        difference->text[side] = difference->whole[side] = (struct tree_text){text, strlen(text)};
    }
}

/* --- decoding and parsing --- */

struct decoded {
    struct buffer text[SIDES];
    struct charset_result charset[SIDES];
};

static bool decode(const struct answer answers[SIDES], enum content_type type,
                   struct decoded *decoded, struct comparison *found, struct err *err)
{
    for (int side = SOURCE; side < SIDES; side++) {
        struct charset_result *charset = &decoded->charset[side];
        buffer_clear(&decoded->text[side]);
        if (!charset_decode(&decoded->text[side], answers[side].bytes, answers[side].length,
                            answers[side].type, type, charset, err))
            return err_prefix(err, "the %s", side_name[side]);
        snprintf(found->charset[side], sizeof found->charset[side], "%s", charset->name);
    }
    return true;
}

/* Text in which a byte that no character stands for cannot be told from a character: only bytes
 * will do. */
static bool is_ambiguous(const struct decoded *decoded, struct comparison *found)
{
    for (int side = SOURCE; side < SIDES; side++)
        if (decoded->charset[side].look_alikes) {
            snprintf(found->fallback, sizeof found->fallback,
                     "the %s holds characters of a private plane, from U+10FE00 on",
                     side_name[side]);
            return true;
        }
    return false;
}

static bool read_html(struct comparison *found, enum side side, struct buffer *text, char *reason)
{
    return html_tree(&found->trees[side], &found->names, text, reason);
}

static bool read_xml(struct comparison *found, enum side side, struct buffer *text, char *reason)
{
    return xml_tree(&found->trees[side], &found->names, text, reason);
}

static bool read_json(struct comparison *found, enum side side, struct buffer *text, char *reason)
{
    return json_tree(&found->trees[side], &found->names, text, &found->duplicates[side], reason);
}

static bool read_lines(struct comparison *found, enum side side, struct buffer *text, char *reason)
{
    (void)reason;
    struct tree *tree = &found->trees[side];
    tree_of_lines(tree, &found->names, (const char *)text->data, text->length);
    tree->bytes = *text;
    buffer_init(text, text->maximum);
    return true;
}

struct reader {
    bool (*read)(struct comparison *found, enum side side, struct buffer *text, char *reason);
    bool whole; /* text with broken characters is not of this type */
};

static const struct reader readers[CONTENT_TYPES] = {
    [CONTENT_HTML] = {read_html, false},
    [CONTENT_XML] = {read_xml, true},
    [CONTENT_JSON] = {read_json, true},
    [CONTENT_TEXT] = {read_lines, false},
};

static void free_trees(struct comparison *found)
{
    for (int side = SOURCE; side < SIDES; side++)
        tree_free(&found->trees[side]);
    found->has_trees = false;
}

/* False: one of them is not of that type, and found->fallback says why. */
static bool parse(struct comparison *found, enum content_type type, struct decoded *decoded)
{
    char reason[MARKUP_REASON_SIZE];
    for (int side = SOURCE; side < SIDES; side++) {
        const struct charset_result *charset = &decoded->charset[side];
        reason[0] = '\0';
        if (readers[type].whole && charset->broken)
            snprintf(reason, sizeof reason, "it holds bytes that are not %s", charset->name);
        else
            readers[type].read(found, (enum side)side, &decoded->text[side], reason);
        if (reason[0]) {
            snprintf(found->fallback, sizeof found->fallback, "the %s was not read as %s: %s",
                     side_name[side], content_type_name[type], reason);
            free_trees(found);
            return false;
        }
    }
    found->type = type;
    found->has_trees = true;
    return true;
}

_Static_assert((int)JSON_REASON_SIZE <= (int)MARKUP_REASON_SIZE, "a reason fits");

/* --- describing --- */

static struct tree_text keep(struct comparison *found, const struct buffer *text)
{
    return (struct tree_text){arena_copy_bytes(&found->arena, text->data, text->length),
                              text->length};
}

/* What a person sees of a subtree; of one without text, its tag. */
static struct tree_text show_subtree(struct comparison *found, enum side side, uint32_t node)
{
    struct buffer text = BUFFER_INIT(2 * COMPARE_TEXT);
    const struct tree *tree = &found->trees[side];
    const struct tree_node *at = tree_at(tree, node);
    tree_add_text(&text, tree, node, COMPARE_TEXT);
    if (!text.length && at->kind == TREE_ELEMENT) {
        buffer_printf(&text, "<%s", at->name);
        for (uint32_t i = 0; i < at->attributes_count; i++) {
            const struct tree_attribute *attribute = &tree_attributes(tree, node)[i];
            struct tree_text value = tree_attribute_shown(attribute);
            if (text.length + value.length > COMPARE_TEXT)
                break;
            buffer_printf(&text, " %s=\"%.*s\"", attribute->name, (int)value.length,
                          value.at ? value.at : "");
        }
        buffer_add_byte(&text, '>');
    }
    struct tree_text kept = keep(found, &text);
    buffer_free(&text);
    return kept;
}

static void describe_attribute(struct comparison *found, struct difference *difference)
{
    for (int side = SOURCE; side < SIDES; side++) {
        const struct tree_attribute *attribute =
            tree_find_attribute(&found->trees[side], difference->node[side], difference->attribute);
        if (!attribute)
            continue;
        difference->text[side] = difference->whole[side] = tree_attribute_shown(attribute);
        if (!difference->text[side].at) /* there, and empty */
            difference->text[side].at = difference->whole[side].at = "";
    }
}

/* The span from the first to the last word that changed. */
static void describe_value(struct comparison *found, struct difference *difference)
{
    struct tree_text value[SIDES];
    struct text_changes changes = {0};
    for (int side = SOURCE; side < SIDES; side++) {
        value[side] = tree_at(&found->trees[side], difference->node[side])->value;
        if (!value[side].at)
            value[side].at = "";
        difference->whole[side] = tree_shown(&found->trees[side], difference->node[side]);
    }
    text_diff_words(&changes, value[SOURCE].at, value[SOURCE].length, value[TARGET].at,
                    value[TARGET].length);
    if (changes.count) {
        const struct text_change *first = &changes.items[0];
        const struct text_change *last = &changes.items[changes.count - 1];
        difference->text[SOURCE] =
            (struct tree_text){value[SOURCE].at + first->source, last->source_end - first->source};
        difference->text[TARGET] =
            (struct tree_text){value[TARGET].at + first->target, last->target_end - first->target};
    }
    text_changes_free(&changes);
}

static bool is_value_change(const struct comparison *found, const struct tree_difference *item)
{
    if (item->kind != DIFF_CHANGED)
        return false;
    const struct tree_node *source = tree_at(&found->trees[SOURCE], item->node[SOURCE]);
    const struct tree_node *target = tree_at(&found->trees[TARGET], item->node[TARGET]);
    return source->kind == target->kind && source->name == target->name && source->size == 1 &&
           target->size == 1;
}

/* 1 and "1", null and "null" would look the same. */
static void quote_string(struct comparison *found, struct difference *difference)
{
    for (int side = SOURCE; side < SIDES; side++) {
        if (tree_at(&found->trees[side], difference->node[side])->kind != TREE_STRING)
            continue;
        struct tree_text text = difference->text[side];
        struct buffer quoted = BUFFER_INIT(2 * COMPARE_TEXT);
        buffer_add_byte(&quoted, '"');
        buffer_add(&quoted, text.at, text.length);
        buffer_add_byte(&quoted, '"');
        difference->text[side] = difference->whole[side] = keep(found, &quoted);
        buffer_free(&quoted);
    }
}

static void describe(struct comparison *found, struct tree_paths paths[SIDES],
                     const struct tree_difference *item, struct buffer *scratch)
{
    struct difference *difference = add_difference(found, item->kind);
    enum side side = item->node[TARGET] == TREE_NONE ? SOURCE : TARGET;
    difference->node[SOURCE] = item->node[SOURCE];
    difference->node[TARGET] = item->node[TARGET];
    difference->attribute = item->attribute;
    buffer_clear(scratch);
    tree_path(scratch, &paths[side], item->node[side], item->attribute);
    difference->path = keep(found, scratch).at;
    buffer_clear(scratch);
    tree_path_shape(scratch, &paths[side], item->node[side], item->attribute);
    difference->shape = keep(found, scratch).at;
    if (item->attribute) {
        describe_attribute(found, difference);
    } else if (is_value_change(found, item)) {
        describe_value(found, difference);
    } else if (item->kind != DIFF_REORDERED) {
        for (int of = SOURCE; of < SIDES; of++)
            if (item->node[of] != TREE_NONE)
                difference->text[of] = difference->whole[of] =
                    show_subtree(found, (enum side)of, item->node[of]);
        if (item->kind == DIFF_CHANGED)
            quote_string(found, difference);
    }
}

static void describe_all(struct comparison *found)
{
    const struct tree_diff *diff = &found->diff;
    size_t most = diff->count < COMPARE_DIFFERENCES ? diff->count : COMPARE_DIFFERENCES;
    found->total = diff->count;
    found->bounded = diff->bounded;
    for (size_t i = 0; i < diff->count; i++)
        found->kinds[diff->items[i].kind]++;
    if (!most)
        return;
    struct tree_paths paths[SIDES];
    struct buffer scratch = BUFFER_INIT(BUFFER_NO_LIMIT);
    tree_paths_init(&paths[SOURCE], &found->trees[SOURCE]);
    tree_paths_init(&paths[TARGET], &found->trees[TARGET]);
    found->differences = arena_alloc(&found->arena, most * sizeof *found->differences);
    for (size_t i = 0; i < most; i++)
        describe(found, paths, &diff->items[i], &scratch);
    tree_paths_free(&paths[SOURCE]);
    tree_paths_free(&paths[TARGET]);
    buffer_free(&scratch);
}

/* --- the phases --- */

static bool diff_trees(struct comparison *found, const struct compare_rules *rules, struct err *err)
{
    struct tree *const trees[SIDES] = {&found->trees[SOURCE], &found->trees[TARGET]};
    if (rules && !rules->apply(rules->context, found->type, trees, &found->masked, err))
        return false;
    tree_hash(trees[SOURCE]);
    tree_hash(trees[TARGET]);
    found->equal = tree_same(tree_at(trees[SOURCE], 0), tree_at(trees[TARGET], 0));
    if (!found->equal) {
        tree_diff(trees[SOURCE], trees[TARGET], &found->diff);
        describe_all(found);
    }
    return true;
}

/* As what both are to be compared; found->fallback says when they are not of one type. */
static enum content_type agree(const struct answer answers[SIDES], enum content_type type,
                               struct comparison *found)
{
    if (answers[SOURCE].length > largest || answers[TARGET].length > largest) {
        snprintf(found->fallback, sizeof found->fallback, "an answer is larger than 1 GiB");
        return CONTENT_BYTES;
    }
    if (type != CONTENT_AUTO)
        return type;
    enum content_type types[SIDES];
    for (int side = SOURCE; side < SIDES; side++)
        types[side] = content_type(answers[side].type, answers[side].bytes, answers[side].length);
    if (types[SOURCE] == types[TARGET])
        return types[SOURCE];
    snprintf(found->fallback, sizeof found->fallback, "the source is %s, the target is %s",
             content_type_name[types[SOURCE]], content_type_name[types[TARGET]]);
    bool bytes = types[SOURCE] == CONTENT_BYTES || types[TARGET] == CONTENT_BYTES;
    return bytes ? CONTENT_BYTES : CONTENT_TEXT;
}

/* Equal text is equal although it is not what it should be only if it was read alike. */
static bool is_sure(const struct comparison *found, const struct decoded *decoded)
{
    return !found->fallback[0] ||
           (strcmp(decoded->charset[SOURCE].name, decoded->charset[TARGET].name) == 0);
}

static bool compare_text(const struct answer answers[SIDES], enum content_type type,
                         const struct compare_rules *rules, struct decoded *decoded,
                         struct comparison *found, struct err *err)
{
    if (!decode(answers, type, decoded, found, err))
        return false;
    bool alike = strcmp(found->charset[SOURCE], found->charset[TARGET]) == 0;
    if (same_bytes(answers) && alike) {
        found->type = type;
        found->equal = true;
        found->fallback[0] = '\0';
        return true;
    }
    if (is_ambiguous(decoded, found)) {
        compare_bytes(answers, found);
        return true;
    }
    if (!parse(found, type, decoded)) {
        /* The charset stays the one that this type of answer declares. */
        if (!decode(answers, type, decoded, found, err))
            return false;
        parse(found, CONTENT_TEXT, decoded);
    }
    if (!diff_trees(found, rules, err))
        return false;
    if (found->equal && !is_sure(found, decoded))
        compare_bytes(answers, found);
    return true;
}

void compare_setup(void)
{
    enum { KEPT = 256 << 20, LARGE = 32 << 20 }; /* bytes; LARGE is the most that mallopt takes */
    mallopt(M_MMAP_THRESHOLD, LARGE);
    mallopt(M_TRIM_THRESHOLD, KEPT);
    html_setup();
}

bool compare_answers(const struct answer given[SIDES], enum content_type type,
                     const struct compare_rules *rules, struct comparison *found, struct err *err)
{
    struct answer answers[SIDES] = {given[SOURCE], given[TARGET]};
    for (int side = SOURCE; side < SIDES; side++)
        if (!answers[side].length)
            answers[side].bytes = ""; /* nothing may be nowhere */
    *found = (struct comparison){.length = {answers[SOURCE].length, answers[TARGET].length}};
    if (same_bytes(answers) && (same_header(answers) || type == CONTENT_BYTES)) {
        found->equal = true;
        found->type =
            type != CONTENT_AUTO
                ? type
                : content_type(answers[SOURCE].type, answers[SOURCE].bytes, answers[SOURCE].length);
        return true;
    }
    for (int side = SOURCE; side < SIDES; side++)
        found->hash[side] = hash_128(answers[side].bytes, answers[side].length);
    type = agree(answers, type, found);
    if (type == CONTENT_BYTES) {
        found->type = type;
        found->equal = same_bytes(answers);
        if (!found->equal)
            compare_bytes(answers, found);
        return true;
    }
    struct decoded decoded = {
        .text = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)},
    };
    bool compared = compare_text(answers, type, rules, &decoded, found, err);
    buffer_free(&decoded.text[SOURCE]);
    buffer_free(&decoded.text[TARGET]);
    return compared;
}

void comparison_free(struct comparison *found)
{
    free_trees(found);
    tree_diff_free(&found->diff);
    tree_names_free(&found->names);
    arena_free(&found->arena);
    *found = (struct comparison){0};
}
