/*
 * Readers of arrays kept as text (canon_parse.h): split at a separator, PostgreSQL's {…}, JSON.
 * Input: bytes. Output: struct packed, cells in row-major order. Must not know: element kinds,
 * encodings.
 */
#include "canon_parse.h"

#include "../diff/base/memory.h"
#include "../diff/json_canon.h"

#include <stdlib.h>
#include <strings.h>

#define DIMENSIONS 6

/* Where a reader of nested brackets is, and what it knows about the rectangle. */
struct nest {
    size_t depth;
    size_t leaf; /* the depth that elements have; 0: not seen */
    size_t counts[DIMENSIONS];
    bool known[DIMENSIONS];
};

static bool nest_open(struct nest *nest)
{
    if (nest->depth == DIMENSIONS || (nest->leaf && nest->depth == nest->leaf))
        return false;
    nest->counts[nest->depth++] = 0;
    return true;
}

static bool nest_element(struct nest *nest)
{
    if (!nest->depth || (nest->leaf && nest->leaf != nest->depth))
        return false;
    nest->leaf = nest->depth;
    nest->counts[nest->depth - 1]++;
    return true;
}

static bool nest_close(struct nest *nest, struct packed *packed)
{
    size_t level = --nest->depth, count = nest->counts[level];
    /* An empty bracket inside another is no rectangle; outermost it is the empty array. */
    if ((!count && level) || count > UINT32_MAX)
        return false;
    if (nest->known[level] && packed->sizes[level] != count)
        return false;
    nest->known[level] = true;
    packed->sizes[level] = (uint32_t)count;
    if (level)
        nest->counts[level - 1]++;
    return true;
}

static struct cell *packed_cell(struct packed *packed, enum cell_form form, const void *bytes,
                                size_t length)
{
    if (packed->array.cell_count == packed->capacity) {
        packed->capacity = packed->capacity ? packed->capacity * 2 : 16;
        packed->cells = mem_resize(packed->cells, packed->capacity, sizeof *packed->cells);
    }
    struct cell *cell = &packed->cells[packed->array.cell_count++];
    *cell = (struct cell){.form = form, .bytes = bytes, .length = length};
    return cell;
}

static void packed_start(struct packed *packed)
{
    *packed = (struct packed){0};
    buffer_init(&packed->text, BUFFER_NO_LIMIT);
}

static void packed_finish(struct packed *packed, size_t dimensions)
{
    packed->array.dimension_count = dimensions;
    packed->array.sizes = packed->sizes;
    packed->array.cells = packed->cells;
}

void packed_free(struct packed *packed)
{
    free(packed->cells);
    buffer_free(&packed->text);
}

void packed_split(const char *text, size_t length, const char *separator, struct packed *packed)
{
    size_t step = strlen(separator);
    const char *end = text + length;
    packed_start(packed);
    while (length) {
        const char *next = memmem(text, (size_t)(end - text), separator, step);
        packed_cell(packed, CELL_TEXT, text, (size_t)((next ? next : end) - text));
        if (!next)
            break;
        text = next + step;
    }
    packed->sizes[0] = (uint32_t)packed->array.cell_count;
    packed_finish(packed, packed->array.cell_count > 0);
}

/* ---- PostgreSQL --------------------------------------------------------------------------------
 */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static const char *skip_spaces(const char *text, const char *end)
{
    while (text < end && is_space(*text))
        text++;
    return text;
}

/* An element: quoted, or up to the next delimiter with the white space round it left off. NULL:
 * broken. */
static const char *postgres_element(const char *text, const char *end, struct packed *packed)
{
    unsigned char *start = packed->text.data + packed->text.length, *out = start;
    unsigned char *kept = start; /* behind the last byte that is not bare white space */
    bool quoted = *text == '"', escaped = false;
    if (quoted)
        text++;
    for (; text < end; text++) {
        if (quoted ? *text == '"' : (*text == ',' || *text == '}'))
            break;
        if (!quoted && (*text == '"' || *text == '{'))
            return NULL;
        bool escape = *text == '\\';
        if (escape && ++text == end)
            return NULL;
        escaped = escaped || escape;
        *out++ = (unsigned char)*text;
        if (quoted || escape || !is_space(*text))
            kept = out;
    }
    if (text == end || (!quoted && kept == start))
        return NULL;
    size_t length = (size_t)(kept - start);
    bool null =
        !quoted && !escaped && length == 4 && strncasecmp((const char *)start, "null", 4) == 0;
    packed_cell(packed, null ? CELL_NULL : CELL_TEXT, start, length);
    packed->text.length += length;
    return quoted ? text + 1 : text;
}

/* "[1:3][-1:0]=": lower bounds are not part of the value */
static const char *skip_bounds(const char *text, const char *end)
{
    const char *p = text;
    while (p < end && ((*p >= '0' && *p <= '9') || memchr("[]:+-", *p, 5)))
        p++;
    return p > text && p < end && *p == '=' ? p + 1 : text;
}

bool packed_postgres(const char *text, size_t length, struct packed *packed)
{
    const char *end = text + length;
    struct nest nest = {0};
    bool want =
        true; /* an element or an opening brace must follow; else a comma or a closing one */
    packed_start(packed);
    if (!length ||
        !buffer_reserve(&packed->text, length)) /* cells point into it: it must not move */
        return false;
    text = skip_bounds(text, end);
    do {
        text = skip_spaces(text, end);
        if (text == end)
            return false;
        if (*text == '{' && want) {
            if (!nest_open(&nest))
                return false;
            const char *next = skip_spaces(++text, end);
            want = nest.depth > 1 || next == end || *next != '}';
        } else if (*text == '}' && !want) {
            text++;
            if (!nest_close(&nest, packed))
                return false;
        } else if (*text == ',' && !want) {
            text++;
            want = true;
        } else {
            if (!want || !nest_element(&nest) || !(text = postgres_element(text, end, packed)))
                return false;
            want = false;
        }
    } while (nest.depth);
    packed_finish(packed, nest.leaf);
    return skip_spaces(text, end) == end;
}

/* ---- JSON --------------------------------------------------------------------------------------
 */

/* Behind one value of canonical JSON, which has no white space and is known to be well formed. */
static unsigned char *json_skip(unsigned char *text)
{
    size_t depth = 0;
    do {
        if (*text == '"') {
            for (text++; *text != '"'; text++)
                text += *text == '\\';
            text++;
        } else if (*text == '{' || *text == '[') {
            depth++;
            text++;
        } else if (*text == '}' || *text == ']') {
            depth--;
            text++;
        } else if (*text == ',' || *text == ':') {
            text++;
        } else {
            while (*text && !strchr(",:]}", *text))
                text++;
        }
    } while (depth);
    return text;
}

/* Decodes a string of canonical JSON in place. False: a lone surrogate, which no UTF-8 can hold. */
static bool json_string(unsigned char *text, unsigned char *end, size_t *length)
{
    unsigned char *out = text;
    for (unsigned char *p = text; p < end; p++) {
        if (*p != '\\') {
            *out++ = *p;
        } else if (*++p != 'u') {
            *out++ = *p;
        } else {
            char digits[5];
            memcpy(digits, p + 1, 4);
            digits[4] = '\0';
            unsigned long code = strtoul(digits, NULL, 16);
            if (code > 0x7f)
                return false;
            *out++ = (unsigned char)code;
            p += 4;
        }
    }
    *length = (size_t)(out - text);
    return true;
}

static bool json_element(unsigned char *text, unsigned char *end, bool raw_json,
                         struct packed *packed)
{
    size_t length = (size_t)(end - text);
    if (*text == 'n') {
        packed_cell(packed, CELL_NULL, text, 0);
    } else if (raw_json) {
        packed_cell(packed, CELL_TEXT, text, length);
    } else if (*text == '"') {
        if (!json_string(text + 1, end - 1, &length))
            return false;
        packed_cell(packed, CELL_TEXT, text + 1, length);
    } else if (*text == 't' || *text == 'f') {
        packed_cell(packed, CELL_BOOL, text, 0)->i = *text == 't';
    } else if (*text == '{') {
        return false;
    } else {
        packed_cell(packed, CELL_DECIMAL, text, length);
    }
    return true;
}

bool packed_json(const char *text, size_t length, bool raw_json, struct packed *packed)
{
    struct nest nest = {0};
    packed_start(packed);
    if (!json_canon(&packed->text, text, length) || packed->text.data[0] != '[')
        return false;
    unsigned char *place = packed->text.data;
    do {
        if (*place == '[' && !(raw_json && nest.depth)) {
            place++;
            if (!nest_open(&nest))
                return false;
        } else if (*place == ']') {
            place++;
            if (!nest_close(&nest, packed))
                return false;
        } else if (*place == ',') {
            place++;
        } else {
            unsigned char *end = json_skip(place);
            if (!nest_element(&nest) || !json_element(place, end, raw_json, packed))
                return false;
            place = end;
        }
    } while (nest.depth);
    packed_finish(packed, nest.leaf);
    return true;
}
