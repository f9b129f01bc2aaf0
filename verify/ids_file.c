/*
 * Reads pairs of ids from a file (ids.h). Input: bytes that claim to be JSON lines or CSV. Output:
 * pairs, or one sentence with the line of the first thing that is wrong. Must not know: tables,
 * kinds that exist.
 *
 *     {"kind": "booking", "source": 4711, "target": 4712}          members of other names: passed
 * over
 *
 *     kind,source,target                                           this heading may stand there
 *     booking,4711,4712
 *     "guest, or host",a-1,"a-""2"""
 */
#include "ids.h"

#include "../diff/json_tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FILE_MOST ((size_t)64 << 20) /* bytes: 2^18 pairs with ids of a hundred bytes each */

enum field { FIELD_KIND, FIELD_SOURCE, FIELD_TARGET, FIELDS };
static const char *const field_name[FIELDS] = {"kind", "source", "target"};

struct reading {
    const char *path;
    const char *place, *end;
    int line;
    bool in_first; /* nothing has been read */
    struct ids *ids;
    struct tree_names names;
};

static bool fail(const struct reading *reading, struct err *err, const char *sentence)
{
    return err_set(err, ERR_USAGE, "%s:%d: %s", reading->path, reading->line, sentence);
}

static bool add_pair(struct reading *reading, const char *const fields[FIELDS], struct err *err)
{
    struct ids *ids = reading->ids;
    for (int i = 0; i < FIELDS; i++)
        if (!fields[i] || !*fields[i])
            return err_set(err, ERR_USAGE, "%s:%d: the pair has no %s", reading->path,
                           reading->line, field_name[i]);
    if (ids->count >= IDS_MOST)
        return err_set(err, ERR_USAGE, "%s:%d: more than %u pairs of ids", reading->path,
                       reading->line, IDS_MOST);
    if (!(ids->count & (ids->count - 1))) /* room for a power of two */
        ids->pairs = mem_resize(ids->pairs, ids->count ? 2 * ids->count : 1, sizeof *ids->pairs);
    ids->pairs[ids->count++] =
        (struct verify_id_pair){fields[FIELD_KIND], fields[FIELD_SOURCE], fields[FIELD_TARGET]};
    return true;
}

/* ---- JSON lines
 * ----------------------------------------------------------------------------------------- */

/* A string, or a number as it is spelt. */
static const char *take_id(struct reading *reading, const struct tree *tree, uint32_t node)
{
    const struct tree_node *at = tree_at(tree, node);
    struct tree_text text = tree_shown(tree, node);
    bool fits = at->kind == TREE_STRING || at->kind == TREE_NUMBER;
    if (!fits || (text.length && memchr(text.at, '\0', text.length)))
        return NULL;
    return arena_copy_bytes(&reading->ids->arena, text.length ? text.at : "", text.length);
}

static bool take_object(struct reading *reading, const struct tree *tree, struct err *err)
{
    const char *fields[FIELDS] = {NULL, NULL, NULL};
    uint32_t object = tree_first(tree, 0);
    if (object == TREE_NONE || tree_at(tree, object)->kind != TREE_OBJECT)
        return fail(reading, err, "a JSON object is wanted, {\"kind\": …, \"source\": …, …}");
    for (uint32_t i = tree_first(tree, object); i != TREE_NONE; i = tree_next(tree, i))
        for (int f = 0; f < FIELDS; f++)
            if (strcmp(tree_at(tree, i)->name, field_name[f]) == 0 &&
                !(fields[f] = take_id(reading, tree, tree_first(tree, i))))
                return err_set(err, ERR_USAGE, "%s:%d: %s must be a text or a number",
                               reading->path, reading->line, field_name[f]);
    return add_pair(reading, fields, err);
}

static bool read_json_line(struct reading *reading, const char *line, size_t length,
                           struct err *err)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct tree tree;
    size_t duplicates = 0;
    char reason[JSON_REASON_SIZE];
    buffer_add(&text, line, length);
    bool ok = json_tree(&tree, &reading->names, &text, &duplicates, reason);
    if (!ok)
        err_set(err, ERR_USAGE, "%s:%d: not JSON: %s", reading->path, reading->line, reason);
    else if (duplicates)
        ok = fail(reading, err, "a member stands twice");
    else
        ok = take_object(reading, &tree, err);
    tree_free(&tree);
    buffer_free(&text);
    return ok;
}

/* ---- CSV (RFC 4180)
 * ------------------------------------------------------------------------------------- */

/* The next field of a row, which ends at a comma or at the line's end; *more: another follows. */
static bool read_field(struct reading *reading, struct buffer *field, bool *more, struct err *err)
{
    const char *place = reading->place, *end = reading->end;
    buffer_clear(field);
    if (place < end && *place == '"') {
        for (place++; place < end && (*place != '"' || (place + 1 < end && place[1] == '"'));
             place++) {
            if (*place == '\n')
                return fail(reading, err, "a quote is opened and not closed in its line");
            place += *place == '"';
            buffer_add_byte(field, (unsigned char)*place);
        }
        if (place == end)
            return fail(reading, err, "a quote is opened and not closed");
        place++;
    } else {
        const char *start = place;
        while (place < end && *place != ',' && *place != '\n' && *place != '\r')
            place++;
        buffer_add(field, start, (size_t)(place - start));
    }
    *more = place < end && *place == ',';
    if (!*more && place < end && *place == '\r')
        place++;
    if (!*more && place < end && *place != '\n')
        return fail(reading, err, "after a closing quote a comma or the line's end is wanted");
    reading->place = place + (place < end);
    return !memchr(field->data, '\0', field->length) ||
           fail(reading, err, "an id holds a NUL character");
}

static bool is_heading(const char *const fields[FIELDS])
{
    for (int i = 0; i < FIELDS; i++)
        if (strcasecmp(fields[i], field_name[i]) != 0)
            return false;
    return true;
}

static bool read_csv_row(struct reading *reading, struct err *err)
{
    struct buffer field = BUFFER_INIT(BUFFER_NO_LIMIT);
    const char *fields[FIELDS] = {NULL, NULL, NULL};
    size_t count = 0;
    bool more = true, ok = true;
    while (ok && more && count < FIELDS) {
        ok = read_field(reading, &field, &more, err);
        if (ok)
            fields[count++] = arena_copy_bytes(&reading->ids->arena, field.data, field.length);
    }
    buffer_free(&field);
    if (ok && (more || count < FIELDS))
        ok = fail(reading, err, "a row has three columns: kind, source, target");
    if (ok && !(reading->in_first && is_heading(fields)))
        ok = add_pair(reading, fields, err);
    return ok;
}

/* ---- The file
 * ------------------------------------------------------------------------------------------- */

static bool is_blank(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!strchr(" \t\r", line[i]) || !line[i])
            return false;
    return true;
}

bool ids_parse(const char *path, const char *text, size_t length, struct ids *ids, struct err *err)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* as Excel writes it */
    struct reading reading = {
        .path = path, .place = text, .end = text + length, .in_first = true, .ids = ids};
    bool ok = true, json = false;
    /* add_pair() makes room by powers of two. */
    size_t room = 1;
    while (room < ids->count)
        room *= 2;
    ids->pairs = mem_resize(ids->pairs, room, sizeof *ids->pairs);
    if (length >= 3 && memcmp(text, mark, 3) == 0)
        reading.place += 3;
    while (ok && reading.place < reading.end) {
        const char *newline = memchr(reading.place, '\n', (size_t)(reading.end - reading.place));
        size_t size = (size_t)((newline ? newline : reading.end) - reading.place);
        const char *line = reading.place;
        reading.line++;
        if (is_blank(line, size)) {
            reading.place += size + (newline != NULL);
            continue;
        }
        if (reading.in_first)
            json = line[strspn(line, " \t")] == '{';
        if (json) {
            reading.place += size + (newline != NULL);
            ok = read_json_line(&reading, line, size, err);
        } else {
            ok = read_csv_row(&reading, err);
        }
        reading.in_first = false;
    }
    tree_names_free(&reading.names);
    return ok;
}

bool ids_read_file(const char *path, struct ids *ids, struct err *err)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    FILE *file = fopen(path, "rb");
    if (!file)
        return err_set(err, ERR_USAGE, "%s: the pairs of ids cannot be read: %s", path,
                       strerror(errno));
    size_t got;
    do {
        unsigned char *place = buffer_reserve(&text, 1 << 16);
        got = fread(place, 1, 1 << 16, file);
        text.length += got;
    } while (got && text.length <= FILE_MOST);
    bool ok = !ferror(file) || err_set(err, ERR_USAGE, "%s: the pairs of ids cannot be read: %s",
                                       path, strerror(errno));
    if (ok && text.length > FILE_MOST)
        ok = err_set(err, ERR_USAGE, "%s: pairs of ids take at most 64 MB", path);
    fclose(file);
    buffer_terminate(&text);
    ok = ok && ids_parse(path, (const char *)text.data, text.length, ids, err);
    buffer_free(&text);
    return ok;
}
