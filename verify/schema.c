/*
 * Looking things up in a schema. Input: a filled struct schema and names as people or the other
 * side write them. Output: the one table or column that is meant, or none. Knows nothing of
 * databases.
 */
#include "schema.h"

#include <locale.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <wctype.h>

/* A locale of our own, so that no setting of the user decides what is found. */
static locale_t folding;
static pthread_once_t folding_once = PTHREAD_ONCE_INIT;

static void folding_make(void)
{
    folding = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* Reads one character of UTF-8, folded; a byte that is no UTF-8 stands for itself. */
static wint_t next_folded(const char **place)
{
    const unsigned char *byte = (const unsigned char *)*place;
    wint_t c = *byte;
    size_t more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
    static const unsigned char mask[] = {0x7F, 0x1F, 0x0F, 0x07};

    c &= more ? mask[more] : 0xFFU;
    for (size_t i = 1; i <= more; i++) {
        if ((byte[i] & 0xC0) != 0x80) {
            *place += 1;
            return *byte;
        }
        c = (c << 6) | (byte[i] & 0x3FU);
    }
    *place += 1 + more;
    if (c >= 'A' && c <= 'Z')
        return c | 0x20;
    return c < 0x80 || !folding ? c : towlower_l(c, folding);
}

static bool same_folded(const char *one, const char *other)
{
    pthread_once(&folding_once, folding_make);
    while (*one && *other)
        if (next_folded(&one) != next_folded(&other))
            return false;
    return *one == *other;
}

static bool same_exact(const char *one, const char *other)
{
    return strcmp(one, other) == 0;
}

typedef bool compare_names(const char *one, const char *other);

/* The only table of that name in that schema (NULL: in any); NULL when there is none, or several.
 */
static const struct table *find_only(const struct schema *schema, const char *schema_name,
                                     const char *name, compare_names *same)
{
    const struct table *found = NULL;

    for (size_t i = 0; i < schema->table_count; i++) {
        const struct table *table = &schema->tables[i];
        if ((schema_name && !same(table->schema, schema_name)) || !same(table->name, name))
            continue;
        if (found)
            return NULL;
        found = table;
    }
    return found;
}

void schema_free(struct schema *schema)
{
    arena_free(&schema->arena);
    *schema = (struct schema){.arena = ARENA_INIT};
}

const struct table *schema_find(const struct schema *schema, const char *schema_name,
                                const char *name)
{
    compare_names *const steps[] = {same_exact, same_folded};

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const struct table *found = NULL;
        if (!schema_name && schema->default_schema)
            found = find_only(schema, schema->default_schema, name, steps[i]);
        if (!found)
            found = find_only(schema, schema_name, name, steps[i]);
        if (found)
            return found;
    }
    return NULL;
}

const struct column *table_find_column(const struct table *table, const char *name)
{
    const struct column *found = NULL;

    for (size_t i = 0; i < table->column_count; i++)
        if (same_exact(table->columns[i].name, name))
            return &table->columns[i];
    for (size_t i = 0; i < table->column_count; i++) {
        if (!same_folded(table->columns[i].name, name))
            continue;
        if (found)
            return NULL;
        found = &table->columns[i];
    }
    return found;
}
