/* See engine_pgtype.h. */
#include "engine_pgtype.h"

#include <ctype.h>
#include <stdlib.h>

/* What typmod means; from the types' *typmodin() functions in src/backend/utils/adt. */
enum modifier {
    MODIFIER_NONE,
    MODIFIER_LENGTH,   /* 4 + characters */
    MODIFIER_BITS,     /* bits */
    MODIFIER_NUMERIC,  /* 4 + (precision << 16 | scale, 11 bits signed) */
    MODIFIER_FRACTION, /* digits of a second's fraction */
    MODIFIER_INTERVAL  /* fields << 16 | digits of a second's fraction, 0xFFFF: all */
};
#define FRACTION_MOST 6

struct pgtype_known {
    const char *extension; /* NULL: built in */
    const char *name;
    enum type_class class;
    bool (*decode)(const struct pgcopy_type *type, struct pgcopy_field field,
                   struct pgcopy_memory *memory, struct cell *cell);
    enum modifier modifier;
    uint32_t length;
    bool fixed;
    bool is_unsigned;
    const char *cast, *array_cast; /* read as this type instead */
};

/* Types that are read in a form of their own; enums, arrays and domains are told by their kind, and
 * all others are read as text. money: its own binary form is an integer whose scale depends on
 * lc_monetary, which the session pins to C. */
static const struct pgtype_known known_types[] = {
    {NULL, "bool", TYPE_BOOL, pgcopy_bool, .length = 0},
    {NULL, "int2", TYPE_INT, pgcopy_int2, .length = 2},
    {NULL, "int4", TYPE_INT, pgcopy_int4, .length = 4},
    {NULL, "int8", TYPE_INT, pgcopy_int8, .length = 8},
    {NULL, "oid", TYPE_INT, pgcopy_oid, .length = 4, .is_unsigned = true},
    {NULL, "numeric", TYPE_DECIMAL, pgcopy_numeric, MODIFIER_NUMERIC, .length = 0},
    {NULL, "money", TYPE_DECIMAL, pgcopy_numeric, .cast = "pg_catalog.numeric",
     .array_cast = "pg_catalog.numeric[]"},
    {NULL, "float4", TYPE_FLOAT, pgcopy_float4, .length = 4},
    {NULL, "float8", TYPE_DOUBLE, pgcopy_float8, .length = 8},
    {NULL, "bpchar", TYPE_TEXT, pgcopy_bpchar, MODIFIER_LENGTH, .fixed = true},
    {NULL, "varchar", TYPE_TEXT, pgcopy_text, MODIFIER_LENGTH, .length = 0},
    {NULL, "text", TYPE_TEXT, pgcopy_text, .length = 0},
    {NULL, "name", TYPE_TEXT, pgcopy_text, .length = 63},
    {NULL, "char", TYPE_TEXT, pgcopy_char, .length = 1},
    {"citext", "citext", TYPE_TEXT, pgcopy_text, .length = 0},
    {NULL, "bytea", TYPE_BYTES, pgcopy_bytea, .length = 0},
    {NULL, "date", TYPE_DATE, pgcopy_date, .length = 0},
    {NULL, "time", TYPE_TIME, pgcopy_time, MODIFIER_FRACTION, .length = 0},
    {NULL, "timestamp", TYPE_DATETIME, pgcopy_timestamp, MODIFIER_FRACTION, .length = 0},
    {NULL, "timestamptz", TYPE_INSTANT, pgcopy_timestamptz, MODIFIER_FRACTION, .length = 0},
    {NULL, "json", TYPE_JSON, pgcopy_text, .length = 0},
    {NULL, "jsonb", TYPE_JSON, pgcopy_jsonb, .length = 0},
    {NULL, "uuid", TYPE_UUID, pgcopy_uuid, .length = 16},
    {NULL, "bit", TYPE_BITS, pgcopy_bits, MODIFIER_BITS, .fixed = true},
    {NULL, "varbit", TYPE_BITS, pgcopy_bits, MODIFIER_BITS, .length = 0},
    {NULL, "interval", TYPE_INTERVAL, pgcopy_interval, MODIFIER_INTERVAL, .length = 0},
    {NULL, "inet", TYPE_INET, pgcopy_inet, .length = 0},
    {NULL, "cidr", TYPE_INET, pgcopy_inet, .length = 0},
    {NULL, "point", TYPE_GEOMETRY, pgcopy_point, .length = 0},
    {NULL, "polygon", TYPE_GEOMETRY, pgcopy_polygon, .length = 0},
    {"postgis", "geometry", TYPE_GEOMETRY, pgcopy_ewkb, .length = 0},
    {"postgis", "geography", TYPE_GEOMETRY, pgcopy_ewkb, .length = 0},
};

static const struct pgtype_known known_enum = {NULL, "enum", TYPE_ENUM, pgcopy_text, .length = 0};

/* ---- The set of types ------------------------------------------------------------------------ */

/* Where this OID is, or would be. */
static size_t find_place(const struct pgtypes *types, uint32_t oid)
{
    size_t low = 0, high = types->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (types->items[middle]->oid < oid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct pgtype *find(const struct pgtypes *types, uint32_t oid)
{
    size_t place = find_place(types, oid);
    bool there = place < types->count && types->items[place]->oid == oid;
    return there ? types->items[place] : NULL;
}

const struct pgtype *pgtypes_find(const struct pgtypes *types, uint32_t oid)
{
    return find(types, oid);
}

void pgtypes_add(struct pgtypes *types, const struct pgtype *row)
{
    size_t place = find_place(types, row->oid);
    if (place < types->count && types->items[place]->oid == row->oid)
        return;
    struct pgtype *type = arena_alloc(&types->arena, sizeof *type);
    *type = *row;
    type->name = arena_copy(&types->arena, row->name);
    type->schema = arena_copy(&types->arena, row->schema);
    type->extension = row->extension ? arena_copy(&types->arena, row->extension) : NULL;
    type->resolved = false;
    types->items = mem_resize(types->items, types->count + 1, sizeof(struct pgtype *));
    memmove(types->items + place + 1, types->items + place,
            (types->count - place) * sizeof(struct pgtype *));
    types->items[place] = type;
    types->count++;
}

void pgtypes_free(struct pgtypes *types)
{
    free(types->items);
    arena_free(&types->arena);
    *types = (struct pgtypes){.count = 0};
}

/* ---- What follows from a row of pg_type ------------------------------------------------------ */

static const struct pgtype_known *find_known(const struct pgtype *type)
{
    if (type->kind == 'e')
        return &known_enum;
    for (size_t i = 0; i < sizeof known_types / sizeof *known_types; i++) {
        const struct pgtype_known *known = &known_types[i];
        if (strcmp(known->name, type->name) != 0)
            continue;
        if (known->extension ? type->extension && strcmp(known->extension, type->extension) == 0
                             : strcmp(type->schema, "pg_catalog") == 0)
            return known;
    }
    return NULL;
}

static void resolve_plain(struct pgtype *type)
{
    type->known = find_known(type);
    if (type->known) {
        type->class = type->known->class;
        type->reading = type->known->cast ? PGTYPE_CAST : PGTYPE_BINARY;
        type->cast = type->known->cast;
        type->wire.decode = type->known->decode;
    } else if (type->kind == 'p') {
        type->class = TYPE_UNKNOWN;
        type->reading = PGTYPE_NEVER;
    } else {
        type->class = TYPE_OTHER;
        type->reading = PGTYPE_OUTPUT;
        type->wire.decode = pgcopy_text;
    }
}

/* OIDs of built-in types never change: src/include/catalog/pg_type.dat. */
#define TEXT_OID 25
#define NUMERIC_OID 1700

static void resolve_array(struct pgtype *type)
{
    static const struct pgcopy_type text = {.decode = pgcopy_text};
    static const struct pgcopy_type numeric = {.decode = pgcopy_numeric};
    const struct pgtype *element = type->element;

    type->class = TYPE_ARRAY;
    type->element_class = element->class;
    type->wire = (struct pgcopy_type){
        .decode = pgcopy_array, .element_oid = type->element_oid, .element = &element->wire};
    if (element->reading == PGTYPE_BINARY && element->class != TYPE_ARRAY)
        return;
    type->reading = PGTYPE_CAST;
    if (element->known && element->known->array_cast) {
        type->cast = element->known->array_cast;
        type->wire.element_oid = NUMERIC_OID;
        type->wire.element = &numeric;
    } else { /* also arrays of a domain over an array */
        bool box = !strcmp(element->name, "box") && !strcmp(element->schema, "pg_catalog");
        type->element_class = TYPE_OTHER;
        /* Of the built-in types, box alone has no comma between elements, in pg_type.typdelim. */
        type->reading = box ? PGTYPE_CAST : PGTYPE_TEXTS;
        type->cast = "pg_catalog.text[]";
        type->wire.element_oid = TEXT_OID;
        type->wire.element = &text;
    }
}

/* Domains and arrays point to types that exist and never to themselves, so that this ends. */
static void resolve(const struct pgtypes *types, struct pgtype *type)
{
    if (type->resolved)
        return;
    type->resolved = true;
    type->base = type;
    struct pgtype *under = find(types, type->kind == 'd' ? type->base_oid : type->element_oid);
    if (under)
        resolve(types, under);
    if (type->kind == 'd' && under) {
        type->under = under;
        type->base = under->base;
    } else if (type->element_oid && under) {
        type->element = under->base;
        resolve_array(type);
    } else {
        resolve_plain(type);
    }
}

void pgtypes_resolve(struct pgtypes *types)
{
    for (size_t i = 0; i < types->count; i++)
        resolve(types, types->items[i]);
}

/* ---- What the rest of Tally is told ---------------------------------------------------------- */

static void apply_modifier(enum modifier kind, int modifier, struct type *type)
{
    switch (kind) {
    case MODIFIER_NONE:
        break;
    case MODIFIER_LENGTH:
        type->length = modifier > 4 ? (uint32_t)modifier - 4 : 0;
        break;
    case MODIFIER_BITS:
        type->length = modifier > 0 ? (uint32_t)modifier : 0;
        break;
    case MODIFIER_NUMERIC:
        type->precision = modifier < 4 ? -1 : (modifier - 4) >> 16 & 0xFFFF;
        type->scale = modifier < 4 ? -1 : (((modifier - 4) & 0x7FF) ^ 1024) - 1024;
        break;
    case MODIFIER_FRACTION:
        type->precision = modifier < 0 ? FRACTION_MOST : modifier;
        break;
    case MODIFIER_INTERVAL:
        modifier = modifier < 0 ? 0xFFFF : modifier & 0xFFFF;
        type->precision = modifier == 0xFFFF ? FRACTION_MOST : modifier;
        break;
    }
}

void pgtype_fill(const struct pgtype *pgtype, int modifier, const char *name, struct arena *arena,
                 struct type *type)
{
    const struct pgtype *base = pgtype->base;
    /* Only the lowest domain that has a modifier can have one: a domain over it takes none. */
    for (const struct pgtype *domain = pgtype; modifier == -1 && domain->under;
         domain = domain->under)
        modifier = domain->base_modifier;
    *type = (struct type){.class = base->class,
                          .element = base->element_class,
                          .oid = base->oid,
                          .name = arena_copy(arena, name)};
    type->base = base->element ? arena_format(arena, "%s[]", base->element->name)
                               : arena_copy(arena, base->name);
    const struct pgtype_known *known = base->element ? base->element->known : base->known;
    if (!known)
        return;
    type->fixed = known->fixed;
    type->is_unsigned = known->is_unsigned;
    type->length = known->length;
    apply_modifier(known->modifier, modifier, type);
    if (known->cast) { /* money has two decimals under the pinned locale, and 64 bits */
        type->precision = 19;
        type->scale = 2;
    }
}

void pgtype_add_select(const struct pgtype *pgtype, const char *operand, struct buffer *out)
{
    switch (pgtype->base->reading) {
    case PGTYPE_CAST:
        buffer_printf(out, "%s::%s", operand, pgtype->base->cast);
        break;
    case PGTYPE_OUTPUT:
        /* format() calls the output function itself, where a cast to text may be something else.
         * It makes '' of NULL; and a row of NULLs "IS NULL" though it is a value. */
        buffer_printf(out,
                      "CASE WHEN %s IS NOT DISTINCT FROM NULL THEN NULL "
                      "ELSE pg_catalog.format('%%s', %s) END",
                      operand, operand);
        break;
    case PGTYPE_TEXTS:
        /* A cast to text[] would cast each element, by what a CREATE CAST says. */
        buffer_printf(out,
                      "CASE WHEN %s IS NOT DISTINCT FROM NULL THEN NULL "
                      "ELSE pg_catalog.format('%%s', %s)::%s END",
                      operand, operand, pgtype->base->cast);
        break;
    case PGTYPE_BINARY:
    case PGTYPE_NEVER:
        buffer_add_text(out, operand);
        break;
    }
}

/* ---- Types by their spelling -------------------------------------------------------------------
 */

/* SQL's names of types, and PostgreSQL's own, by PostgreSQL: Data Types, table 8.1. The longer ones
 * first, where one begins as another does. `tail` follows the numbers in brackets. */
static const struct {
    const char *word, *tail, *name;
} spellings[] = {
    {"timestamp", "with time zone", "timestamptz"},
    {"timestamp", "without time zone", "timestamp"},
    {"time", "with time zone", "timetz"},
    {"time", "without time zone", "time"},
    {"bigint", "", "int8"},
    {"bigserial", "", "int8"},
    {"serial8", "", "int8"},
    {"bit varying", "", "varbit"},
    {"boolean", "", "bool"},
    {"character varying", "", "varchar"},
    {"character", "", "bpchar"},
    {"\"char\"", "", "char"},
    {"char", "", "bpchar"},
    {"double precision", "", "float8"},
    {"float", "", "float8"},
    {"integer", "", "int4"},
    {"int", "", "int4"},
    {"serial", "", "int4"},
    {"serial4", "", "int4"},
    {"decimal", "", "numeric"},
    {"real", "", "float4"},
    {"smallint", "", "int2"},
    {"smallserial", "", "int2"},
    {"serial2", "", "int2"},
};

/* Built-in types that are read as their own text. */
static const char *const other_types[] = {"box",          "cid",
                                          "circle",       "datemultirange",
                                          "daterange",    "int4multirange",
                                          "int4range",    "int8range",
                                          "jsonpath",     "int8multirange",
                                          "line",         "lseg",
                                          "macaddr",      "macaddr8",
                                          "numrange",     "nummultirange",
                                          "path",         "pg_lsn",
                                          "regclass",     "regtype",
                                          "tid",          "timetz",
                                          "tsmultirange", "tsquery",
                                          "tsrange",      "tstzrange",
                                          "tsvector",     "xid",
                                          "xml",          "tstzmultirange",
                                          "hstore",       "ltree",
                                          "txid_snapshot"};

/* The first words up to a bracket or the end, then "(a,b)", then the tail. */
struct spelling {
    char *word, *tail;
    int numbers[2];
    size_t number_count;
    bool is_array;
};

static bool split_spelling(char *text, struct spelling *spelling)
{
    size_t length = strlen(text);
    *spelling = (struct spelling){.tail = text + length};
    while (length && text[length - 1] == ' ')
        text[--length] = '\0';
    while (length > 2 && text[length - 1] == ']') { /* int[], int[3][3] */
        while (length && text[length - 1] != '[')
            length--;
        if (!length)
            return false;
        text[--length] = '\0';
        spelling->is_array = true;
    }
    spelling->word = text;
    char *open = strchr(text, '(');
    if (!open) {
        char *with = strstr(text, " with");
        if (with) {
            spelling->tail = with + 1;
            *with = '\0';
        } else {
            spelling->tail = text + length;
        }
        return true;
    }
    char *end = open + 1;
    for (; spelling->number_count < 2; end++) {
        long n = strtol(end, &end, 10);
        end += strspn(end, " ");
        /* A numeric's scale may be negative. */
        if (n < (spelling->number_count ? -1000 : 0) || n > 10485760 ||
            (*end != ',' && *end != ')')) /* the longest varchar */
            return false;
        spelling->numbers[spelling->number_count++] = (int)n;
        if (*end == ')')
            break;
    }
    if (*end != ')')
        return false;
    spelling->tail = end + 1 + strspn(end + 1, " ");
    while (open > text && open[-1] == ' ')
        open--;
    *open = '\0';
    return true;
}

static const char *resolve_spelling(const struct spelling *spelling)
{
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        if (strcmp(spellings[i].word, spelling->word) == 0 &&
            strcmp(spellings[i].tail, spelling->tail) == 0) {
            bool narrow = strcmp(spelling->word, "float") == 0 && spelling->number_count &&
                          spelling->numbers[0] <= 24;
            return narrow ? "float4" : spellings[i].name;
        }
    return *spelling->tail ? NULL : spelling->word;
}

/* What typmodin() would make of the numbers. */
static int modifier_of(enum modifier kind, const struct spelling *spelling, const char *word)
{
    const int *numbers = spelling->numbers;
    bool bare_char = strcmp(word, "character") == 0 || strcmp(word, "char") == 0;
    if (!spelling->number_count)
        return kind == MODIFIER_LENGTH && bare_char                ? 4 + 1
               : kind == MODIFIER_BITS && strcmp(word, "bit") == 0 ? 1
                                                                   : -1;
    if (kind == MODIFIER_LENGTH)
        return 4 + numbers[0];
    if (kind == MODIFIER_NUMERIC)
        return 4 + (numbers[0] << 16 | (spelling->number_count > 1 ? numbers[1] & 0x7FF : 0));
    if (kind == MODIFIER_INTERVAL)
        return 0x7FFF << 16 | numbers[0];
    return numbers[0];
}

/* Rows as pg_type would have them; the OIDs are only told apart. */
static void add_spelled(struct pgtypes *types, const char *name, bool is_array)
{
    static const char *const postgis[] = {"geometry", "geography"};
    struct pgtype row = {
        .oid = 1, .kind = 'b', .name = name, .schema = "pg_catalog", .base_modifier = -1};
    if (strcmp(name, "citext") == 0)
        row.extension = "citext";
    for (size_t i = 0; i < sizeof postgis / sizeof *postgis; i++)
        if (strcmp(name, postgis[i]) == 0)
            row.extension = "postgis";
    if (strcmp(name, "enum") == 0)
        row.kind = 'e';
    pgtypes_add(types, &row);
    if (is_array) {
        row = (struct pgtype){.oid = 2,
                              .kind = 'b',
                              .name = "_array",
                              .schema = "pg_catalog",
                              .element_oid = 1,
                              .base_modifier = -1};
        pgtypes_add(types, &row);
    }
    pgtypes_resolve(types);
}

static bool is_other(const char *name)
{
    for (size_t i = 0; i < sizeof other_types / sizeof *other_types; i++)
        if (strcmp(other_types[i], name) == 0)
            return true;
    return strcmp(name, "enum") == 0;
}

bool pgtype_parse(const char *text, struct arena *arena, struct type *type, struct err *err)
{
    char *lower = arena_copy(arena, text);
    for (char *at = lower; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    struct spelling spelling;
    const char *name = split_spelling(lower, &spelling) ? resolve_spelling(&spelling) : NULL;
    struct pgtypes types = {.count = 0};
    if (name)
        add_spelled(&types, name, spelling.is_array);
    const struct pgtype *plain = name ? pgtypes_find(&types, 1) : NULL;
    bool good = plain && (plain->known || is_other(name));
    if (good) {
        enum modifier kind = plain->known ? plain->known->modifier : MODIFIER_NONE;
        pgtype_fill(pgtypes_find(&types, spelling.is_array ? 2 : 1),
                    modifier_of(kind, &spelling, spelling.word), text, arena, type);
    }
    pgtypes_free(&types);
    return good || err_set(err, ERR_USAGE,
                           "\"%s\" is no type of PostgreSQL that can be told by "
                           "its name",
                           text);
}
