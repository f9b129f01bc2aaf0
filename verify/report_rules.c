/*
 * Columns that only the mapping can say how to compare, as a section of the texts for people: the
 * rules that would, one for each pair of types. Input: a result. Output: text in a buffer, whose
 * lines can stand in a mapping as they are. A kind is a guess from the types' names, for a person
 * to judge; none is made that the reason does not offer. Knows nothing of databases.
 */
#include "../diff/base/display.h"
#include "../diff/base/memory.h"
#include "../diff/base/progress.h"
#include "report_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define GROUPS_MOST 30 /* pairs of types; with more, the rest is counted */
#define TYPE_MOST 80   /* bytes of a type that a rule names; of longer ones none is suggested */

/* How canon.c says it of a pair for which there is a choice. */
static const char choice_mark[] = "only the mapping's kind can say";

struct group {
    char type[2][TYPE_MOST]; /* "varbinary(*)" where lengths vary */
    const char *kind;        /* NULL: none is plain */
    size_t count;
    const struct result_table *table; /* of the first of its columns */
    const struct result_column *column;
};

bool report_needs_kind(const struct result_column *column)
{
    return !column->compared && !column->ignored && column->name[0] && column->name[1] &&
           column->why && strstr(column->why, choice_mark);
}

bool report_is_kind_reason(const char *reason)
{
    return strstr(reason, choice_mark) != NULL;
}

/* Is the kind among those that the reason offers, "(kind: text, bytes)"? */
static bool is_offered(const char *why, const char *kind)
{
    size_t length = strlen(kind);
    const char *list = strstr(why, "(kind: ");
    for (const char *at = list ? list + 7 : ""; *at;) {
        size_t end = strcspn(at, ",)");
        if (end == length && memcmp(at, kind, length) == 0)
            return true;
        at += end + strspn(at + end, ", )");
    }
    return false;
}

/* What the more telling of two types is for; the first that fits either side. */
static const char *kind_of(const struct result_column *column)
{
    static const struct {
        const char *type; /* its name's beginning */
        const char *kind;
    } table[] = {{"timestamp with time zone", "instant"},
                 {"timestamp without", "datetime"},
                 {"timestamp", "instant"},
                 {"datetime", "datetime"},
                 {"date", "date"},
                 {"time", "time"},
                 {"json", "json"},
                 {"uuid", "uuid"},
                 {"inet", "inet"},
                 {"cidr", "inet"},
                 {"interval", "interval"},
                 {"bool", "bool"},
                 {"numeric", "number"},
                 {"decimal", "number"},
                 {"smallint", "number"},
                 {"integer", "number"},
                 {"bigint", "number"},
                 {"tinyint", "number"},
                 {"mediumint", "number"},
                 {"int", "number"},
                 {"double", "float"},
                 {"real", "float"},
                 {"float", "float"},
                 {"char", "text"},
                 {"varchar", "text"},
                 {"text", "text"},
                 {"tinytext", "text"},
                 {"mediumtext", "text"},
                 {"longtext", "text"},
                 {"enum", "text"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (int side = 0; side < 2; side++)
            if (strncasecmp(column->type[side], table[i].type, strlen(table[i].type)) == 0 &&
                is_offered(column->why, table[i].kind))
                return table[i].kind;
    return NULL;
}

/* "varbinary(*)" of "varbinary(255)"; false: the name is one that no rule should hold. */
static bool shape_of(const char *type, char shape[TYPE_MOST])
{
    /* As mappings know them, too, and shorter. */
    static const struct {
        const char *name, *shorter;
    } table[] = {{"timestamp with time zone", "timestamptz"},
                 {"character varying", "varchar"},
                 {"character", "char"}};
    size_t used = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table && !used; i++) {
        size_t length = strlen(table[i].name);
        if (strncmp(type, table[i].name, length) == 0 && (!type[length] || type[length] == '(')) {
            used = (size_t)snprintf(shape, TYPE_MOST, "%s", table[i].shorter);
            type += length;
        }
    }
    for (const char *at = type; *at; at++) {
        if (used + 4 > TYPE_MOST || (unsigned char)*at < ' ' || strchr("\"\\'*?[", *at))
            return false;
        shape[used++] = *at;
        if (*at == '(' && strchr(at, ')')) {
            shape[used++] = '*';
            at = strchr(at, ')') - 1;
        }
    }
    shape[used] = '\0';
    return used > 0;
}

static int more_first(const void *a, const void *b)
{
    const struct group *one = a, *other = b;
    if (one->count != other->count)
        return one->count < other->count ? 1 : -1;
    int order = strcmp(one->type[0], other->type[0]);
    return order ? order : strcmp(one->type[1], other->type[1]);
}

static void add_column(struct group *groups, size_t *count, const struct result_table *table,
                       const struct result_column *column)
{
    struct group one = {.kind = kind_of(column), .count = 1, .table = table, .column = column};
    if (!shape_of(column->type[0], one.type[0]) || !shape_of(column->type[1], one.type[1]))
        return;
    for (size_t i = 0; i < *count; i++) {
        struct group *known = &groups[i];
        /* Another kind for another length is another rule: binary(16) beside a uuid. */
        if (strcmp(known->type[0], one.type[0]) == 0 && strcmp(known->type[1], one.type[1]) == 0 &&
            known->kind == one.kind) {
            known->count++;
            return;
        }
    }
    groups[(*count)++] = one;
}

static void add_group(struct buffer *out, const struct group *group)
{
    char count[32];
    struct buffer name = BUFFER_INIT(BUFFER_NO_LIMIT);
    report_add_table_name(&name, group->table);
    buffer_add_byte(&name, '.');
    buffer_add_text(&name, report_column_name(group->column, 0));
    buffer_printf(out, "  # %s: ", human_count(group->count, count));
    (void)display_add_cut(out, (const char *)name.data, 60);
    buffer_printf(out, "%s\n  %s{types: {source: \"%s\", target: \"%s\"}, kind: %s}\n",
                  group->count > 1 ? ", …" : "", group->kind ? "- " : "# - ", group->type[0],
                  group->type[1], group->kind ? group->kind : "?");
    buffer_free(&name);
}

void report_rules(const struct verify_result *result, struct buffer *out)
{
    size_t columns = 0, tables = 0, count = 0;
    for (size_t t = 0; t < result->table_count; t++) {
        size_t before = columns;
        for (size_t c = 0; c < result->tables[t].column_count; c++)
            columns += report_needs_kind(&result->tables[t].columns[c]);
        tables += columns > before;
    }
    if (!columns)
        return;
    struct group *groups = mem_zero(columns, sizeof *groups);
    for (size_t t = 0; t < result->table_count; t++)
        for (size_t c = 0; c < result->tables[t].column_count; c++)
            if (report_needs_kind(&result->tables[t].columns[c]))
                add_column(groups, &count, &result->tables[t], &result->tables[t].columns[c]);
    if (count)
        qsort(groups, count, sizeof *groups, more_first);
    char number[2][32];
    buffer_printf(out,
                  "\nFor the mapping: %s column%s of %s table%s, by types (how many, and "
                  "the first).\nSee whether the kind is what they hold.\nrules:\n",
                  human_count(columns, number[0]), columns == 1 ? "" : "s",
                  human_count(tables, number[1]), tables == 1 ? "" : "s");
    for (size_t i = 0; i < count && i < GROUPS_MOST; i++)
        add_group(out, &groups[i]);
    if (count > GROUPS_MOST)
        buffer_printf(out, "  # and %s more pairs of types\n",
                      human_count(count - GROUPS_MOST, number[0]));
    free(groups);
}
