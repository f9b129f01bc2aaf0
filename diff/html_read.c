/*
 * The reader beside the HTML parser: takes the page's bytes into the tree, tag by tag. Input: what
 * the parser reports (html_read.h). Must not believe it further than how elements nest.
 */
#include "html_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first reason counts. */
static void give_up(struct html_reader *reader, const char *reason)
{
    if (!reader->reason[0])
        snprintf(reader->reason, MARKUP_REASON_SIZE, "%s", reason);
}

static struct tree_text copy_scratch(struct html_reader *reader)
{
    const struct buffer *scratch = &reader->scratch;
    return (struct tree_text){
        arena_copy_bytes(&reader->tree->arena, scratch->data, scratch->length), scratch->length};
}

static const struct html_name *find_name(struct html_reader *reader, const char *known)
{
    size_t slot = ((uintptr_t)known >> 3 ^ (uintptr_t)known >> 11) & (HTML_NAMES - 1);
    struct html_name *entry = &reader->names[slot];
    if (entry->known != known) {
        size_t length = strlen(known);
        *entry = (struct html_name){known, tree_intern(reader->tree->names, known, length),
                                    html_traits(known, length)};
    }
    return entry;
}

/* --- white space and text --- */

/* The element that text would be in; NULL: none, it is the document. */
static const struct html_open *innermost(const struct html_reader *reader)
{
    for (size_t i = reader->depth; i-- > 0;)
        if (reader->stack[i].in_tree)
            return &reader->stack[i];
    return NULL;
}

/* What waited is dropped beside a block, and text beside anything else. */
static void settle_space(struct html_reader *reader, bool beside_block)
{
    if (reader->space.length && !beside_block)
        tree_leaf(reader->tree, TREE_TEXT, reader->space);
    reader->space.length = 0;
}

/* Is what stands there text to a browser, tags and all? */
static bool is_literal(const struct html_reader *reader, const char *at)
{
    return reader->literal || at < reader->page + reader->cdata_end;
}

static void add_space(struct html_reader *reader, struct tree_text text)
{
    const struct html_open *within = innermost(reader);
    if (reader->verbatim || is_literal(reader, text.at)) {
        tree_leaf(reader->tree, TREE_TEXT, text);
        return;
    }
    if ((within && within->traits & HTML_NO_TEXT) || reader->before & HTML_BLOCK)
        return;
    settle_space(reader, false);
    reader->space = text;
}

/* A piece of text without tags. */
static void add_text(struct html_reader *reader, const char *at, const char *end)
{
    const char *first = at;
    while (first < end && html_is_space(*first))
        first++;
    if (first == end) {
        if (at < end)
            add_space(reader, (struct tree_text){at, (size_t)(end - at)});
        return;
    }
    struct tree_text text = {at, (size_t)(end - at)};
    if (!reader->unresolved && at >= reader->page + reader->cdata_end &&
        memchr(at, '&', text.length)) {
        buffer_clear(&reader->scratch);
        html_add_text(&reader->scratch, at, end, false);
        text = copy_scratch(reader);
    }
    settle_space(reader, false);
    tree_leaf(reader->tree, TREE_TEXT, text);
    reader->before = 0;
}

static void add_lost(struct html_reader *reader, const char *at, const char *end)
{
    settle_space(reader, false);
    tree_leaf(reader->tree, TREE_LOST, (struct tree_text){at, (size_t)(end - at)});
    reader->before = 0;
}

/* In SVG all up to "]]>" is text. Elsewhere it is none, which is read more strictly then. */
static void look_for_cdata(struct html_reader *reader, const char *tag)
{
    static const char opening[] = "<![CDATA[";
    const char *end = reader->page + reader->length;
    if ((size_t)(end - tag) < sizeof opening || memcmp(tag, opening, sizeof opening - 1) != 0 ||
        tag < reader->page + reader->cdata_end)
        return;
    const char *close = memmem(tag, (size_t)(end - tag), "]]>", 3);
    reader->cdata_end = (size_t)((close ? close : end) - reader->page);
}

/* "<" and what makes it more than a character. */
static bool opens_markup(const char *at, const char *end)
{
    return at + 1 < end && (html_is_letter(at[1]) || at[1] == '/' || at[1] == '!' || at[1] == '?');
}

/* Takes [seen, upto): text, and tags that the parser dropped. */
static void take_text(struct html_reader *reader, size_t upto)
{
    const char *at = reader->page + reader->seen, *end = reader->page + upto;
    if (upto <= reader->seen)
        return;
    reader->seen = upto;
    const struct html_open *within = innermost(reader);
    if (within && within->traits & HTML_RAW) {
        tree_leaf(reader->tree, TREE_RAW, (struct tree_text){at, (size_t)(end - at)});
        return;
    }
    const char *text = at;
    while (at < end) {
        const char *tag = memchr(at, '<', (size_t)(end - at));
        if (!tag)
            break;
        at = tag + 1;
        if (!opens_markup(tag, end))
            continue;
        add_text(reader, text, tag);
        look_for_cdata(reader, tag);
        const char *close = memchr(tag, '>', (size_t)(end - tag));
        at = text = close ? close + 1 : end;
        add_lost(reader, tag, at);
    }
    add_text(reader, text, end);
}

/* --- tags --- */

static bool is_name_byte(char byte)
{
    return html_is_letter(byte) || (byte >= '0' && byte <= ':') || byte == '-' || byte == '.' ||
           byte == '_'; /* to the parser */
}

/* Does the name stand at `at`, in any case, and end there? */
static bool names_tag(const char *at, const char *end, const char *name)
{
    for (; *name; at++, name++) {
        if (at == end)
            return false;
        char letter = *at >= 'A' && *at <= 'Z' ? (char)(*at | 0x20) : *at;
        if (letter != *name)
            return false;
    }
    return at == end || !is_name_byte(*at);
}

/* Reads the attributes of a tag, which ends at `end`; false: it cannot be read so. */
static bool read_attributes(struct html_reader *reader, const char *at, const char *end)
{
    struct html_scan scan = {at, end};
    bool sound;
    reader->attribute_count = 0;
    for (;;) {
        if (reader->attribute_count == reader->attribute_room) {
            reader->attribute_room = reader->attribute_room ? 2 * reader->attribute_room : 16;
            reader->attributes =
                mem_resize(reader->attributes, reader->attribute_room, sizeof *reader->attributes);
        }
        if (!html_next_attribute(&scan, &reader->attributes[reader->attribute_count], &sound))
            return sound;
        reader->attribute_count++;
    }
}

/* The start tag of that name which ends at the cursor; *sound: its attributes were read. NULL:
 * none, the parser made the element up. */
static const char *find_start_tag(struct html_reader *reader, const char *name, size_t cursor,
                                  bool *sound)
{
    const char *at = reader->page + reader->seen, *end = reader->page + cursor, *tag = NULL;
    size_t length = strlen(name);
    *sound = false;
    while (at < end && !*sound) {
        const char *open = memchr(at, '<', (size_t)(end - at));
        if (!open)
            break;
        at = open + 1;
        if (names_tag(at, end, name)) {
            tag = open;
            *sound = read_attributes(reader, at + length, end);
        }
    }
    return tag;
}

static int order_tokens(const void *one, const void *other)
{
    const struct tree_text *first = one, *second = other;
    size_t least = first->length < second->length ? first->length : second->length;
    int order = memcmp(first->at, second->at, least);
    return order ? order : (first->length > second->length) - (first->length < second->length);
}

/* class="b a  b" is class="a b": a set. */
static struct tree_text class_value(struct html_reader *reader, struct tree_text value)
{
    enum { CLASSES = 32 };
    struct tree_text tokens[CLASSES];
    size_t count = 0;
    const char *at = value.at, *end = at + value.length;
    bool plain = true; /* as it would be written */
    while (at < end) {
        const char *start = at;
        while (at < end && !html_is_space(*at))
            at++;
        if (at > start) {
            if (count == CLASSES)
                return value; /* in the order of the page, which is stricter */
            tokens[count] = (struct tree_text){start, (size_t)(at - start)};
            plain = plain && (!count || order_tokens(&tokens[count - 1], &tokens[count]) < 0);
            count++;
        }
        const char *space = at;
        while (at < end && html_is_space(*at))
            at++;
        plain = plain && (at == space || (at == space + 1 && *space == ' ' && at < end && count));
    }
    if (plain)
        return value;
    qsort(tokens, count, sizeof *tokens, order_tokens);
    buffer_clear(&reader->scratch);
    for (size_t i = 0; i < count; i++) {
        if (i && order_tokens(&tokens[i - 1], &tokens[i]) == 0)
            continue;
        if (reader->scratch.length)
            buffer_add_byte(&reader->scratch, ' ');
        buffer_add(&reader->scratch, tokens[i].at, tokens[i].length);
    }
    return copy_scratch(reader);
}

static const char *lower_name(struct html_reader *reader, const char *at, size_t length)
{
    char small[64];
    char *name = length <= sizeof small ? small : mem_alloc(length);
    for (size_t i = 0; i < length; i++)
        name[i] = at[i] >= 'A' && at[i] <= 'Z' ? (char)(at[i] | 0x20) : at[i];
    const char *interned = tree_intern(reader->tree->names, name, length);
    if (name != small)
        free(name);
    return interned;
}

/* Pages have few names, and spell them in one way. */
static const struct html_spelling *find_spelling(struct html_reader *reader, const char *at,
                                                 size_t length)
{
    unsigned char last = (unsigned char)at[length - 1];
    size_t slot = ((unsigned char)*at * 31u + last * 7u + length) & (HTML_NAMES - 1);
    struct html_spelling *known = &reader->spellings[slot];
    if (known->length != length || memcmp(known->at, at, length) != 0) {
        const char *name = lower_name(reader, at, length);
        size_t size = tree_name_length(name);
        *known = (struct html_spelling){at, length, name, html_boolean_elements(name, size),
                                        size == 5 && memcmp(name, "class", 5) == 0};
    }
    return known;
}

/* Of two attributes of one name browsers know the first; the second stays, under another name. */
static const char *unused_name(struct html_reader *reader, const char *name)
{
    struct tree *tree = reader->tree;
    uint32_t node = tree->count - 1;
    for (unsigned copy = 2; tree_find_attribute(tree, node, name); copy++) {
        buffer_clear(&reader->scratch);
        buffer_printf(&reader->scratch, "%s #%u", name, copy);
        const char *next =
            tree_intern(tree->names, (char *)reader->scratch.data, reader->scratch.length);
        if (!tree_find_attribute(tree, node, next))
            return next;
    }
    return name;
}

static void add_attribute(struct html_reader *reader, const struct html_attribute *attribute)
{
    const struct html_spelling *spelling =
        find_spelling(reader, attribute->name, (size_t)(attribute->name_end - attribute->name));
    struct tree_text value = {attribute->value, (size_t)(attribute->value_end - attribute->value)};
    if (value.length && memchr(value.at, '&', value.length)) {
        buffer_clear(&reader->scratch);
        html_add_text(&reader->scratch, attribute->value, attribute->value_end, true);
        value = copy_scratch(reader);
    }
    struct tree_text compared = value;
    if (value.length && spelling->class)
        compared = class_value(reader, value);
    else if (spelling->boolean &&
             html_is_among(spelling->boolean, tree_at(reader->tree, reader->tree->count - 1)->name))
        compared.length = 0;
    struct tree_attribute *added =
        tree_add_attribute(reader->tree, unused_name(reader, spelling->name), compared);
    if (compared.at != value.at || compared.length != value.length) {
        struct tree_text *original = arena_alloc(&reader->tree->arena, sizeof *original);
        *original = value;
        added->original = original;
    }
}

static void add_attributes(struct html_reader *reader, const char *tag, size_t cursor, bool sound)
{
    if (!sound) {
        /* As it stands, under a name that no attribute has. */
        tree_add_attribute(reader->tree, tree_intern(reader->tree->names, "< >", 3),
                           (struct tree_text){tag, (size_t)(reader->page + cursor - tag)});
        return;
    }
    for (size_t i = 0; i < reader->attribute_count; i++)
        add_attribute(reader, &reader->attributes[i]);
}

static void push(struct html_reader *reader, struct html_open element)
{
    if (reader->depth >= HTML_DEEPEST + HTML_IMPLIED) {
        give_up(reader, "its elements are nested too deep");
        return;
    }
    if (reader->depth == reader->room) {
        reader->room = reader->room ? 2 * reader->room : 64;
        reader->stack = mem_resize(reader->stack, reader->room, sizeof *reader->stack);
    }
    reader->stack[reader->depth++] = element;
}

static bool may_be_implied(const char *name)
{
    static const char *const implied[] = {"html", "head", "body", "p"};
    for (size_t i = 0; i < sizeof implied / sizeof *implied; i++)
        if (strcmp(name, implied[i]) == 0)
            return true;
    return false;
}

/* An element with these traits was opened (1) or closed (-1). */
static void count_open(struct html_reader *reader, unsigned traits, int by)
{
    if (traits & HTML_VERBATIM)
        reader->verbatim += (size_t)by;
    if (traits & HTML_LITERAL)
        reader->literal += (size_t)by;
    if (traits & HTML_UNRESOLVED)
        reader->unresolved += (size_t)by;
}

void html_read_start(struct html_reader *reader, const char *known, bool has_attributes,
                     size_t cursor)
{
    if (reader->reason[0] || reader->cut)
        return;
    const struct html_name *name = find_name(reader, known);
    bool sound;
    const char *tag = find_start_tag(reader, name->name, cursor, &sound);
    struct html_open element = {known, name->traits, false, false};
    if (!tag) {
        if (has_attributes || !may_be_implied(known))
            give_up(reader, "the parser reports a tag that the page does not hold");
        push(reader, element);
        return;
    }
    take_text(reader, (size_t)(tag - reader->page));
    if (cursor == reader->length) {
        reader->cut = true; /* a tag without an end is none; its bytes are taken at the end */
        return;
    }
    settle_space(reader, name->traits & HTML_BLOCK);
    bool slash = cursor < reader->length && reader->page[cursor] == '/';
    reader->seen = reader->text_end = cursor + slash;
    if (reader->seen < reader->length && reader->page[reader->seen] == '>')
        reader->text_end = ++reader->seen;
    if (is_literal(reader, tag))
        add_lost(reader, tag, reader->page + reader->seen);
    tree_open(reader->tree, TREE_ELEMENT, name->name);
    add_attributes(reader, tag, cursor, sound);
    bool is_void = name->traits & HTML_VOID;
    if (slash && !is_void) /* "<div/>" is not empty to a browser, but is to this parser */
        tree_add_attribute(reader->tree, tree_intern(reader->tree->names, "/", 1),
                           (struct tree_text){NULL, 0});
    tree_sort_attributes(reader->tree);
    element.in_tree = !is_void;
    element.empty = slash || is_void;
    if (!(name->traits & HTML_UNSEEN))
        reader->before = name->traits & HTML_BLOCK;
    if (is_void)
        tree_close(reader->tree); /* also where this parser knows it as one with content */
    else
        count_open(reader, name->traits, 1);
    push(reader, element);
}

/* The end tag of that name which ends at the cursor, or NULL. */
static const char *find_end_tag(const struct html_reader *reader, const char *name, size_t cursor)
{
    if (cursor <= reader->seen)
        return NULL;
    const char *from = reader->page + reader->seen, *end = reader->page + cursor;
    const char *tag = memrchr(from, '<', cursor - reader->seen);
    if (!tag || end - tag < 3 || tag[1] != '/' || !names_tag(tag + 2, end, name))
        return NULL;
    return tag;
}

/* "</b class=x>": the rest is not read by anybody, but it is not lost. */
static bool has_more(const char *tag, const char *end, const char *name)
{
    const char *at = tag + 2 + strlen(name);
    while (at < end && html_is_space(*at))
        at++;
    return at + 1 != end || *at != '>';
}

void html_read_end(struct html_reader *reader, const char *known, size_t cursor)
{
    if (reader->reason[0] || reader->cut)
        return;
    if (!reader->depth || (reader->stack[reader->depth - 1].known != known &&
                           strcmp(reader->stack[reader->depth - 1].known, known) != 0)) {
        give_up(reader, "the parser ends an element that is not open");
        return;
    }
    struct html_open element = reader->stack[reader->depth - 1];
    const char *tag = element.empty ? NULL : find_end_tag(reader, known, cursor);
    const char *end = reader->page + cursor;
    take_text(reader, tag ? (size_t)(tag - reader->page) : reader->text_end);
    if (element.in_tree)
        count_open(reader, element.traits, -1);
    if (tag) {
        reader->seen = reader->text_end = cursor;
        if (!element.in_tree || has_more(tag, end, known) || is_literal(reader, tag))
            add_lost(reader, tag, end);
    }
    reader->depth--;
    if (!element.in_tree)
        return;
    settle_space(reader, element.traits & HTML_BLOCK);
    if (!tag && !element.empty && !(element.traits & HTML_OPEN_END))
        add_lost(reader, end, end);
    tree_close(reader->tree);
    if (!(element.traits & HTML_UNSEEN))
        reader->before = element.traits & HTML_BLOCK;
}

/* --- what is neither element nor tag --- */

void html_read_text(struct html_reader *reader, size_t cursor)
{
    if (cursor > reader->text_end)
        reader->text_end = cursor;
}

void html_read_comment(struct html_reader *reader, size_t cursor)
{
    if (reader->reason[0] || reader->cut)
        return;
    const char *from = reader->page + reader->seen, *end = reader->page + cursor;
    const char *open = cursor > reader->seen ? memmem(from, (size_t)(end - from), "<!--", 4) : NULL;
    if (!open) {
        give_up(reader, "the parser reports a comment that the page does not hold");
        return;
    }
    take_text(reader, (size_t)(open - reader->page));
    reader->seen = reader->text_end = cursor;
    if (end - open < 7 || memcmp(end - 3, "-->", 3) != 0) {
        add_lost(reader, open, end);
        return;
    }
    settle_space(reader, false);
    tree_leaf(reader->tree, TREE_COMMENT, (struct tree_text){open + 4, (size_t)(end - open) - 7});
}

/* Case and white space of a doctype do not matter. */
void html_read_doctype(struct html_reader *reader, size_t cursor)
{
    if (reader->reason[0] || reader->cut)
        return;
    const char *at = reader->page + reader->seen, *end = reader->page + cursor;
    const char *open = cursor > reader->seen ? memmem(at, (size_t)(end - at), "<!", 2) : NULL;
    if (!open)
        return; /* its bytes are still to be taken */
    take_text(reader, (size_t)(open - reader->page));
    reader->seen = reader->text_end = cursor;
    buffer_clear(&reader->scratch);
    /* Quoted names may hold a ">": the parser knows where it ends. */
    for (at = open + 2, end -= end[-1] == '>'; at < end; at++) {
        char letter = *at >= 'A' && *at <= 'Z' ? (char)(*at | 0x20) : *at;
        if (!html_is_space(letter))
            buffer_add_byte(&reader->scratch, (unsigned char)letter);
        else if (at + 1 < end && !html_is_space(at[1]))
            buffer_add_byte(&reader->scratch, ' ');
    }
    settle_space(reader, true);
    tree_leaf(reader->tree, TREE_DOCTYPE, copy_scratch(reader));
}

void html_read_init(struct html_reader *reader, struct tree *tree, char *reason)
{
    *reader = (struct html_reader){
        .tree = tree,
        .page = (const char *)tree->bytes.data,
        .length = tree->bytes.length,
        .before = HTML_BLOCK,
        .scratch = BUFFER_INIT(BUFFER_NO_LIMIT),
        .reason = reason,
    };
}

void html_read_finish(struct html_reader *reader)
{
    if (!reader->reason[0])
        take_text(reader, reader->length);
    settle_space(reader, true);
    free(reader->stack);
    free(reader->attributes);
    buffer_free(&reader->scratch);
}
