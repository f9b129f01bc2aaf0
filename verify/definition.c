/* See definition.h. */
#include "definition.h"

#include "../diff/base/buffer.h"

#include <string.h>

/* Arrays of the arena grow by doubling; what they leave behind goes with the arena. */
static void *grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    *capacity = count ? count * 2 : 4;
    void *larger = arena_alloc(arena, *capacity * size);
    if (count)
        memcpy(larger, items, count * size);
    return larger;
}

void definition_start(struct definition_reading *reading, struct schema *schema)
{
    *reading = (struct definition_reading){.schema = schema};
    for (size_t i = 0; i < schema->table_count; i++) {
        struct table *table = &schema->tables[i];
        table->definition = arena_alloc(&schema->arena, sizeof *table->definition);
        table->definition->columns = arena_alloc(
            &schema->arena, (table->column_count + 1) * sizeof *table->definition->columns);
    }
}

bool definition_turn_to(struct definition_reading *reading, const char *schema, const char *table)
{
    struct table *at = reading->table;
    if (at && strcmp(at->name, table) == 0 && strcmp(at->schema, schema) == 0)
        return true;
    size_t low = 0, high = reading->schema->table_count;
    while (low < high) { /* sorted by schema, name */
        size_t middle = low + (high - low) / 2;
        struct table *tried = &reading->schema->tables[middle];
        int order = strcmp(schema, tried->schema);
        order = order ? order : strcmp(table, tried->name);
        if (!order) {
            *reading = (struct definition_reading){.schema = reading->schema, .table = tried};
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

size_t definition_column(const struct definition_reading *reading, const char *name)
{
    for (size_t i = 0; name && i < reading->table->column_count; i++)
        if (strcmp(reading->table->columns[i].name, name) == 0)
            return i;
    return NO_COLUMN;
}

struct index *definition_index(struct definition_reading *reading, const char *name)
{
    struct arena *arena = &reading->schema->arena;
    struct table_definition *definition = reading->table->definition;
    if (definition->index_count &&
        strcmp(definition->indexes[definition->index_count - 1].name, name) == 0)
        return &definition->indexes[definition->index_count - 1];
    definition->indexes = grow(arena, definition->indexes, definition->index_count,
                               &reading->index_capacity, sizeof *definition->indexes);
    struct index *index = &definition->indexes[definition->index_count++];
    *index = (struct index){.name = arena_copy(arena, name), .method = "btree"};
    reading->part_capacity = 0;
    return index;
}

struct foreign_key *definition_foreign_key(struct definition_reading *reading, const char *name)
{
    struct arena *arena = &reading->schema->arena;
    struct table_definition *definition = reading->table->definition;
    size_t count = definition->foreign_key_count;
    if (count && strcmp(definition->foreign_keys[count - 1].name, name) == 0)
        return &definition->foreign_keys[count - 1];
    definition->foreign_keys = grow(arena, definition->foreign_keys, count,
                                    &reading->foreign_capacity, sizeof *definition->foreign_keys);
    struct foreign_key *key = &definition->foreign_keys[definition->foreign_key_count++];
    *key = (struct foreign_key){.name = arena_copy(arena, name)};
    reading->pair_capacity = 0;
    return key;
}

struct check *definition_check(struct definition_reading *reading, const char *name,
                               const char *text)
{
    struct arena *arena = &reading->schema->arena;
    struct table_definition *definition = reading->table->definition;
    definition->checks = grow(arena, definition->checks, definition->check_count,
                              &reading->check_capacity, sizeof *definition->checks);
    struct check *check = &definition->checks[definition->check_count++];
    *check = (struct check){.name = arena_copy(arena, name), .text = arena_copy(arena, text)};
    return check;
}

void definition_add_part(struct definition_reading *reading, const struct index_part *part)
{
    struct table_definition *definition = reading->table->definition;
    struct index *index = &definition->indexes[definition->index_count - 1];
    index->parts = grow(&reading->schema->arena, index->parts, index->part_count,
                        &reading->part_capacity, sizeof *index->parts);
    index->parts[index->part_count++] = *part;
}

void definition_add_pair(struct definition_reading *reading, size_t column, const char *other)
{
    struct arena *arena = &reading->schema->arena;
    struct table_definition *definition = reading->table->definition;
    struct foreign_key *key = &definition->foreign_keys[definition->foreign_key_count - 1];
    size_t capacity = reading->pair_capacity;
    key->columns = grow(arena, key->columns, key->column_count, &capacity, sizeof *key->columns);
    key->others =
        grow(arena, key->others, key->column_count, &reading->pair_capacity, sizeof *key->others);
    key->columns[key->column_count] = column;
    key->others[key->column_count++] = arena_copy(arena, other);
}

void definition_add_member(struct definition_reading *reading, size_t column, const char *member)
{
    struct arena *arena = &reading->schema->arena;
    struct column_definition *of = &reading->table->definition->columns[column];
    if (!of->member_count)
        reading->member_capacity = 0;
    const char **members = grow(arena, (void *)(uintptr_t)of->members, of->member_count,
                                &reading->member_capacity, sizeof *members);
    members[of->member_count++] = arena_copy(arena, member);
    of->members = members;
}

void definition_read_members(struct definition_reading *reading, size_t column, const char *type)
{
    struct buffer member = BUFFER_INIT(BUFFER_NO_LIMIT);
    const char *at = strchr(type, '(');
    while (at && (*at == '(' || *at == ',') && at[1] == '\'') {
        buffer_clear(&member);
        for (at += 2; *at && (*at != '\'' || at[1] == '\''); at++) {
            at += *at == '\'';
            buffer_add_byte(&member, (unsigned char)*at);
        }
        definition_add_member(reading, column, (const char *)member.data);
        at += *at == '\'';
    }
    buffer_free(&member);
}

void definition_finish(struct definition_reading *reading)
{
    for (size_t t = 0; t < reading->schema->table_count; t++) {
        struct table_definition *definition = reading->schema->tables[t].definition;
        for (size_t i = 1; i < definition->index_count; i++) {
            if (!definition->indexes[i].primary)
                continue;
            struct index primary = definition->indexes[i];
            memmove(&definition->indexes[1], &definition->indexes[0], i * sizeof primary);
            definition->indexes[0] = primary;
        }
    }
}
