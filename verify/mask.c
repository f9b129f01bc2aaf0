/* See mask.h. */
#include "mask.h"

#include "../diff/base/buffer.h"
#include "../diff/base/siphash.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static unsigned char secret[SIPHASH_KEY_SIZE];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_secret(void)
{
    if (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret)
        abort(); /* sixteen bytes are never cut or refused once the system is up: random(7) */
}

void mask_show(const char *word, unsigned char tag, const void *bytes, size_t length,
               char text[MASK_SIZE])
{
    pthread_once(&once, make_secret);
    struct buffer tagged = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add_byte(&tagged, tag);
    buffer_add(&tagged, bytes, length);
    uint64_t hash = siphash_64(secret, tagged.data, tagged.length);
    buffer_free(&tagged);
    snprintf(text, MASK_SIZE, "%.16s #%08x", word, (unsigned)(hash >> 32));
}

void mask_text(const char *word, const char *shown, char text[MASK_SIZE])
{
    mask_show(word, shown != NULL, shown ? shown : "", shown ? strlen(shown) : 0, text);
}

void mask_value(const struct value *value, char text[MASK_SIZE])
{
    mask_show("masked", (unsigned char)value->tag, value->encoding, value->encoding_length, text);
}

/* ---- What else shows values
 * ---------------------------------------------------------------------------------- */

static bool is_masked(const struct result_table *table, const char *column)
{
    for (size_t i = 0; i < table->column_count && column; i++)
        for (int side = 0; side < 2; side++)
            if (table->columns[i].masked && table->columns[i].name[side] &&
                strcmp(table->columns[i].name[side], column) == 0)
                return true;
    return false;
}

static void mask_if_there(const char **text, struct arena *arena)
{
    char hidden[MASK_SIZE];
    if (!*text)
        return;
    mask_text("masked", *text, hidden);
    *text = arena_copy(arena, hidden);
}

static void mask_cause(struct result_cause *cause, bool column, bool key, struct arena *arena)
{
    if (key)
        mask_if_there(&cause->key, arena);
    for (int side = 0; side < 2 && column; side++)
        mask_if_there(&cause->value[side], arena);
    /* A sentence may quote values of its column, and those of the key: ", id 12 to 40". */
    if (column || key)
        cause->text = cause->plain;
}

static void mask_schema(struct result_schema *schema, struct arena *arena)
{
    for (int side = 0; side < 2; side++)
        mask_if_there(&schema->value[side], arena);
    schema->text =
        arena_format(arena, "%s (the sentence is masked, as it may show values)", schema->kind);
    schema->fix = NULL;
}

void mask_table(struct result_table *table, struct arena *arena)
{
    bool key = false, any = false;
    for (size_t i = 0; i < table->column_count; i++) {
        any |= table->columns[i].masked;
        key |= table->columns[i].masked && i < table->key_count;
    }
    for (size_t i = 0; i < table->cause_count && any; i++) {
        const char *column = table->causes[i].column;
        /* Without a key an example may be a whole row. */
        mask_cause(&table->causes[i], is_masked(table, column) || !column, key || !table->key_count,
                   arena);
    }
    for (size_t i = 0; i < table->schema_count && any; i++)
        if (is_masked(table, table->schema[i].column))
            mask_schema(&table->schema[i], arena);
}
