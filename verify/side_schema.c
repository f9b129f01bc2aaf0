/* See side_schema.h. */
#include "side_schema.h"

#include "../diff/base/memory.h"

#include <string.h>

static void want_schema(const char **names, size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(names[i], name) == 0)
            return;
    names[(*count)++] = name;
}

static const char *mapped_schema(const struct mapping *mapping, size_t i, enum side side)
{
    return side == SOURCE ? mapping->schemas[i].source : mapping->schemas[i].target;
}

/* A schema that a server does not have came from a line of the mapping, if its name stands there.
 */
static bool blame_mapping(const struct mapping *mapping, enum side side, struct err *err)
{
    err_prefix(err, "%s", side_name[side]);
    for (size_t i = 0; err->code == ERR_USAGE && i < mapping->schema_count; i++) {
        const struct mark *mark = &mapping->schemas[i].mark;
        if (strstr(err->text, mapped_schema(mapping, i, side)))
            return err_prefix(err, "%s:%d:%d", mapping->path, mark->line, mark->column);
    }
    return false;
}

bool side_schema_read(const struct engine *engine, struct connection *connection, enum side side,
                      const struct mapping *mapping, struct schema *schema, struct err *err)
{
    if (!engine->read_schema(connection, NULL, 0, schema, err))
        return err_prefix(err, "%s", side_name[side]);
    struct arena names = ARENA_INIT;
    size_t most = schema->table_count + mapping->schema_count + mapping->table_count + 1;
    const char **wanted = arena_alloc(&names, most * sizeof *wanted);
    size_t count = 0;
    if (schema->default_schema)
        want_schema(wanted, &count, arena_copy(&names, schema->default_schema));
    for (size_t i = 0; i < schema->table_count; i++)
        if (!i || strcmp(schema->tables[i].schema, schema->tables[i - 1].schema) != 0)
            want_schema(wanted, &count, arena_copy(&names, schema->tables[i].schema));
    size_t known = count;
    for (size_t i = 0; i < mapping->schema_count; i++)
        want_schema(wanted, &count, mapped_schema(mapping, i, side));
    for (size_t i = 0; i < mapping->table_count; i++) {
        const char *name = side == SOURCE ? mapping->tables[i].source : mapping->tables[i].target;
        const char *dot = name ? strchr(name, '.') : NULL;
        if (dot && !schema_find(schema, NULL, name))
            want_schema(wanted, &count, arena_copy_bytes(&names, name, (size_t)(dot - name)));
    }
    bool ok = true;
    if (count > known) {
        schema_free(schema);
        ok = engine->read_schema(connection, wanted, count, schema, err) ||
             blame_mapping(mapping, side, err);
    }
    arena_free(&names);
    return ok;
}
