/* See look.h. */
#include "look.h"

#include "explain_pair.h"
#include "ids_plan.h"
#include "side_schema.h"

#include "../diff/base/display.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WIDTH 80
#define SHOWN_BYTES 200 /* of a value in a finding: drill.c */
#define MOST_ROWS 20    /* with one key, of a side */

struct found {
    struct buffer bytes; /* of a row's values, in the plan's order */
    struct value *values;
};

struct side_look {
    const struct engine *engine;
    struct connection *connection;
    struct schema schema;
    size_t count;
    struct found rows[MOST_ROWS];
    bool more; /* than that */
};

struct looking {
    const struct look *look;
    struct mapping mapping;
    struct ids ids;
    struct plan plan;
    struct verify_result result; /* the plan's */
    const struct plan_table *table;
    struct arena arena;
    const char **key; /* one text per key column */
    struct side_look side[SIDES];
};

/* ---- The key
 * ------------------------------------------------------------------------------------------ */

/* What is left of "id = 42", or of "42", for a column of this name. */
static const char *without_name(const char *text, const struct result_column *column)
{
    for (int side = 0; side < SIDES; side++) {
        const char *name = column->name[side];
        size_t length = name ? strlen(name) : 0;
        if (length && strncasecmp(text, name, length) == 0 && strncmp(text + length, " = ", 3) == 0)
            return text + length + 3;
    }
    return text;
}

/* Reports put quotes round what could be mistaken: "" , " x", "NULL". */
static const char *without_quotes(const char *text, struct arena *arena)
{
    size_t length = strlen(text);
    bool quoted = length >= 2 && text[0] == '"' && text[length - 1] == '"';
    return quoted ? arena_copy_bytes(arena, text + 1, length - 2) : text;
}

/* One operand may hold all columns, as findings print them; commas within values then make it
 * ambiguous, and operands of their own are asked for. */
static bool split_key(struct looking *looking, struct err *err)
{
    const struct look *look = looking->look;
    const struct plan_table *table = looking->table;
    size_t count = table->key_count, found = 0;
    looking->key = arena_alloc(&looking->arena, (count + 1) * sizeof *looking->key);
    if (look->key_count == 1 && count > 1) {
        char *rest = arena_copy(&looking->arena, look->key[0]);
        while (rest && found < count) {
            char *comma = strstr(rest, ", ");
            looking->key[found++] = rest;
            if (comma)
                *comma = '\0';
            rest = comma ? comma + 2 : NULL;
        }
        found += rest != NULL;
    } else {
        found = look->key_count;
        for (size_t i = 0; i < found && i < count; i++)
            looking->key[i] = look->key[i];
    }
    if (found != count)
        return err_set(err, ERR_USAGE,
                       "the key of %s has %zu column%s: give as many values, each as an operand",
                       look->table->name[SOURCE], count, count == 1 ? "" : "s");
    for (size_t i = 0; i < count; i++)
        looking->key[i] = without_quotes(
            without_name(looking->key[i], &table->result->columns[table->columns[i].result]),
            &looking->arena);
    return true;
}

/* As findings print it. */
static bool is_wanted(const struct looking *looking, const struct value *values)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool same = true;
    for (size_t i = 0; i < looking->table->key_count && same; i++) {
        buffer_clear(&text);
        value_print(&text, &values[i], SHOWN_BYTES);
        same = strcmp((const char *)text.data, looking->key[i]) == 0;
        const struct ids_map *ids = looking->table->columns[i].ids;
        if (!same && ids) {
            ids_map_show(ids, &values[i], &text);
            same = strcmp((const char *)text.data, looking->key[i]) == 0;
        }
    }
    buffer_free(&text);
    return same;
}

/* ---- Opening
 * ------------------------------------------------------------------------------------------ */

static bool connect_side(struct looking *looking, enum side side, struct err *err)
{
    struct side_look *of = &looking->side[side];
    const char *uri = looking->look->options->uri[side];
    of->engine = engine_for_uri(uri, err);
    if (!of->engine || !of->engine->connect(uri, &of->connection, NULL, err))
        return err_prefix(err, "%s", side_name[side]);
    return true;
}

static bool begin(struct side_look *of, enum side side, struct err *err)
{
    enum snapshot_state state;
    struct buffer note = BUFFER_INIT(1 << 12);
    struct connection *const one[] = {of->connection};
    bool ok =
        of->engine->begin(one, 1, &state, &note, err) || err_prefix(err, "%s", side_name[side]);
    buffer_free(&note);
    return ok;
}

/* A pattern that fits this name alone. */
static void add_pattern(struct text_list *patterns, const char *name)
{
    struct buffer glob = BUFFER_INIT(1 << 14);
    for (; *name; name++) {
        if (strchr("*?[]\\", *name))
            buffer_add_byte(&glob, '\\');
        buffer_add_byte(&glob, (unsigned char)*name);
    }
    text_list_add(patterns, (const char *)glob.data);
    buffer_free(&glob);
}

static bool find_table(struct looking *looking, struct err *err)
{
    const struct result_table *wanted = looking->look->table;
    for (size_t i = 0; i < looking->plan.table_count; i++) {
        const struct plan_table *table = &looking->plan.tables[i];
        if (strcmp(table->result->name[SOURCE], wanted->name[SOURCE]) == 0 &&
            strcmp(table->result->name[TARGET], wanted->name[TARGET]) == 0)
            looking->table = table;
    }
    if (!looking->table)
        return err_set(err, ERR_USAGE, "the table %s of that run is not on both sides any more",
                       wanted->name[SOURCE]);
    if (!looking->table->comparable)
        return err_set(err, ERR_USAGE, "no column of %s can be compared", wanted->name[SOURCE]);
    if (looking->table->multiset)
        return err_set(err, ERR_USAGE,
                       "%s has no key by which a row could be named; choose one in the mapping",
                       wanted->name[SOURCE]);
    return true;
}

static bool open_all(struct looking *looking, struct err *err)
{
    const struct verify_options *options = looking->look->options;
    struct plan_side sides[SIDES];
    if (options->mapping_path && !mapping_read(options->mapping_path, &looking->mapping, err))
        return err_prefix(err, "the run's mapping file (--mapping names another)");
    for (int side = 0; side < SIDES; side++) {
        struct side_look *of = &looking->side[side];
        if (!connect_side(looking, (enum side)side, err) ||
            !side_schema_read(of->engine, of->connection, (enum side)side, &looking->mapping,
                              &of->schema, err))
            return false;
        sides[side] = (struct plan_side){of->engine, of->connection, &of->schema};
    }
    struct verify_options planned = {.mapping_path = options->mapping_path};
    if (!ids_collect(options, &looking->ids, err))
        return false;
    if (!looking->ids.count) /* else what is said of other tables' ids counts for this one's, too */
        add_pattern(&planned.tables, looking->look->table->name[SOURCE]);
    bool ok =
        plan_make(&planned, &looking->mapping, sides, &looking->plan, &looking->result, err) &&
        ids_plan(&looking->ids, sides, &looking->plan, &looking->result, err) &&
        find_table(looking, err) && split_key(looking, err);
    text_list_free(&planned.tables);
    for (int side = 0; side < SIDES && ok; side++)
        ok = begin(&looking->side[side], (enum side)side, err);
    return ok;
}

/* ---- Reading
 * ------------------------------------------------------------------------------------------ */

/* A condition that asks the server for few rows, this one among them if it is there. */
struct condition {
    char *where; /* malloc'ed; NULL: none but the mapping's */
    const char *range_column;
    struct key_range range;
    bool complete; /* no row with this key can be missed */
};

static bool is_plain_text(const char *text)
{
    return !strchr(text, '\\') && !strstr(text, "…"); /* else it was escaped, or cut */
}

static bool to_int64(const char *text, int64_t *n)
{
    char *end;
    long long number = strtoll(text, &end, 10);
    char again[32];
    snprintf(again, sizeof again, "%lld", number);
    *n = number;
    return *text && !*end && strcmp(again, text) == 0;
}

static struct condition choose_condition(const struct looking *looking, enum side side)
{
    const struct plan_column *first = &looking->table->columns[0];
    const struct engine *engine = looking->side[side].engine;
    const char *key = looking->key[0], *given = looking->table->where[side];
    const struct type *type = first->type[side];
    struct condition condition = {.where = given ? mem_copy_string(given) : NULL};
    int64_t n;
    if (first->ids && (side == TARGET || strstr(key, IDS_SHOWN)))
        return condition; /* the target's rows go by other ids than the key's */
    if (first->canon.kind == KIND_NUMBER && type->class == TYPE_INT && to_int64(key, &n)) {
        condition.range_column = first->select[side];
        condition.range = (struct key_range){.has_low = true,
                                             .low = n,
                                             .has_high = n < INT64_MAX,
                                             .high = n < INT64_MAX ? n + 1 : n};
        condition.complete = true;
        return condition;
    }
    bool text = first->canon.kind == KIND_TEXT;
    bool other = first->canon.kind == KIND_UUID || first->canon.kind == KIND_DATE ||
                 (first->canon.kind == KIND_NUMBER && type->class == TYPE_DECIMAL);
    if ((!text && !other) || !is_plain_text(key))
        return condition;
    struct buffer where = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (given)
        buffer_printf(&where, "(%s) AND ", given);
    buffer_printf(&where, "%s = ", first->select[side]);
    engine->quote_text(&where, key);
    free(condition.where);
    condition.where = mem_copy_bytes(where.data, where.length);
    condition.complete = text;
    buffer_free(&where);
    return condition;
}

static bool keep_row(struct looking *looking, enum side side, const struct cell *cells,
                     struct buffer *bytes, struct value *values)
{
    const struct plan_table *table = looking->table;
    struct side_look *of = &looking->side[side];
    buffer_clear(bytes);
    for (size_t i = 0; i < table->column_count; i++) {
        size_t start = bytes->length;
        canon_cell(&table->columns[i].canon, side, &cells[i], bytes);
        if (table->columns[i].ids && side == TARGET)
            ids_map_value(table->columns[i].ids, bytes, start);
    }
    const unsigned char *place = bytes->data, *end = place + bytes->length;
    for (size_t i = 0; i < table->column_count; i++)
        if (!value_read(&place, end, &values[i]))
            return false; /* too long for one row */
    if (!is_wanted(looking, values))
        return true;
    if (of->count == MOST_ROWS) {
        of->more = true;
        return true;
    }
    struct found *found = &of->rows[of->count++];
    buffer_init(&found->bytes, BUFFER_NO_LIMIT);
    buffer_add(&found->bytes, bytes->data, bytes->length);
    found->values = arena_alloc(&looking->arena, table->column_count * sizeof *found->values);
    place = found->bytes.data;
    end = place + found->bytes.length;
    for (size_t i = 0; i < table->column_count; i++)
        if (!value_read(&place, end, &found->values[i]))
            return false;
    return true;
}

static bool scan(struct looking *looking, enum side side, const struct condition *condition,
                 struct err *err)
{
    const struct plan_table *table = looking->table;
    struct side_look *of = &looking->side[side];
    size_t count = table->column_count;
    const char **selects = mem_zero(count, sizeof *selects);
    const struct type **types = mem_zero(count, sizeof *types);
    struct cell *cells = mem_zero(count, sizeof *cells);
    struct value *values = mem_zero(count, sizeof *values);
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < count; i++) {
        selects[i] = table->columns[i].select[side];
        types[i] = table->columns[i].type[side];
    }
    const struct scan what = {.table = table->table[side],
                              .column_count = count,
                              .selects = selects,
                              .types = types,
                              .where = condition->where,
                              .range_column = condition->range_column,
                              .ranges = &condition->range,
                              .range_count = condition->range_column ? 1 : 0};
    uint64_t wire_bytes = 0;
    bool ok = of->engine->scan_start(of->connection, &what, err);
    if (ok) {
        enum row_status status;
        while ((status = of->engine->scan_next(of->connection, cells, &wire_bytes, err)) ==
                   ROW_READ &&
               (ok = keep_row(looking, side, cells, &bytes, values)))
            ;
        if (status == ROW_READ)
            err_set(err, ERR_TABLE, "a row is too large to be shown");
        ok = status == ROW_END;
        of->engine->scan_end(of->connection);
    }
    buffer_free(&bytes);
    free(values);
    free(cells);
    free(types);
    free(selects);
    return ok;
}

static void drop_rows(struct side_look *of)
{
    for (size_t i = 0; i < of->count; i++)
        buffer_free(&of->rows[i].bytes);
    of->count = 0;
    of->more = false;
}

/* A server may refuse the narrow question (a text that is no uuid): then all rows are read, on a
 * new session, as the old one's transaction may be lost. */
static bool read_side(struct looking *looking, enum side side, struct err *err)
{
    struct side_look *of = &looking->side[side];
    struct condition condition = choose_condition(looking, side);
    const char *given = looking->table->where[side];
    bool narrow = condition.range_column || (condition.where && condition.where != given &&
                                             (!given || strcmp(condition.where, given) != 0));
    bool ok = true, found = false;
    if (narrow) {
        ok = scan(looking, side, &condition, err);
        found = ok && (of->count || condition.complete);
        if (!ok && (err->code == ERR_TABLE || err->code == ERR_LOST)) {
            of->engine->disconnect(of->connection);
            of->connection = NULL;
            ok = connect_side(looking, side, err) && begin(of, side, err);
        }
    }
    if (ok && !found) {
        struct condition all = {.where = given ? mem_copy_string(given) : NULL};
        drop_rows(of);
        fprintf(stderr, "%s: looking for the key in all rows of %s\n", side_name[side],
                looking->table->result->name[side]);
        ok = scan(looking, side, &all, err);
        free(all.where);
    }
    free(condition.where);
    return ok || err_prefix(err, "%s", side_name[side]);
}

/* ---- Showing
 * ------------------------------------------------------------------------------------------ */

static void add_wrapped(struct buffer *out, size_t indent, const char *label, const char *text)
{
    display_add_blanks(out, indent);
    buffer_add_text(out, label);
    size_t at = indent + display_width(label);
    display_add_wrapped(out, text, at, at, WIDTH);
}

static void add_head(const struct looking *looking, struct buffer *out)
{
    const struct result_table *table = looking->table->result;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_printf(&text, "%s → %s: ", table->name[SOURCE], table->name[TARGET]);
    for (size_t i = 0; i < looking->table->key_count; i++) {
        const struct result_column *column = &table->columns[looking->table->columns[i].result];
        buffer_printf(&text, "%s%s = %s", i ? ", " : "", column->name[SOURCE], looking->key[i]);
    }
    buffer_add_text(&text, ", as both sides have it now");
    display_add_wrapped(out, (const char *)text.data, 0, 2, WIDTH);
    for (int side = 0; side < SIDES; side++)
        if (looking->side[side].count != 1) {
            buffer_clear(&text);
            buffer_printf(&text, "the %s has %s%zu such rows", side_name[side],
                          looking->side[side].more ? "more than " : "", looking->side[side].count);
            add_wrapped(out, 2, "- ",
                        looking->side[side].count ? (const char *)text.data
                        : side == SOURCE          ? "the source has no such row"
                                                  : "the target has no such row");
        }
    buffer_free(&text);
}

static void add_column_head(const struct result_column *column, struct buffer *out)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    const char *source = column->name[SOURCE], *target = column->name[TARGET];
    buffer_printf(&text, "%s", source ? source : target ? target : "?");
    if (source && target && strcmp(source, target) != 0)
        buffer_printf(&text, " → %s", target);
    if (column->type[SOURCE] && column->type[TARGET])
        buffer_printf(&text, "  (%s beside %s)", column->type[SOURCE], column->type[TARGET]);
    buffer_add_byte(out, '\n');
    display_add_wrapped(out, (const char *)text.data, 0, 2, WIDTH);
    if (column->why && *column->why)
        add_wrapped(out, 4, "rule: ", column->why);
    buffer_free(&text);
}

/* One pair of rows; or one row, where the other side has none. Returns whether it is equal. */
static bool show_row(const struct looking *looking, const struct found *const rows[SIDES],
                     struct buffer *out)
{
    const struct plan_table *table = looking->table;
    bool equal = rows[SOURCE] && rows[TARGET];
    for (size_t i = 0; i < table->column_count; i++) {
        const struct plan_column *column = &table->columns[i];
        add_column_head(&table->result->columns[column->result], out);
        if (rows[SOURCE] && rows[TARGET]) {
            const struct value values[SIDES] = {rows[SOURCE]->values[i], rows[TARGET]->values[i]};
            equal &= explain_pair(&column->canon, values, column->masked, 4, out);
            continue;
        }
        int side = rows[SOURCE] ? SOURCE : TARGET;
        explain_single(&rows[side]->values[i], side_name[side], column->masked, 4, out);
    }
    return equal;
}

static void show_all(const struct looking *looking, struct buffer *out, int *exit_code)
{
    const struct side_look *sides = looking->side;
    size_t rows =
        sides[SOURCE].count > sides[TARGET].count ? sides[SOURCE].count : sides[TARGET].count;
    bool equal = true, verified = true;
    add_head(looking, out);
    for (size_t i = 0; i < rows; i++) {
        const struct found *const pair[SIDES] = {
            i < sides[SOURCE].count ? &sides[SOURCE].rows[i] : NULL,
            i < sides[TARGET].count ? &sides[TARGET].rows[i] : NULL};
        equal &= show_row(looking, pair, out);
    }
    const struct result_table *table = looking->table->result;
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].compared)
            continue;
        add_column_head(&table->columns[i], out);
        add_wrapped(out, 4, "",
                    table->columns[i].ignored ? "ignored: not compared" : "not compared");
        verified &= table->columns[i].ignored;
    }
    bool unsure = !rows || sides[SOURCE].more || sides[TARGET].more || !verified;
    *exit_code = !equal ? 1 : unsure ? 2 : 0;
    buffer_printf(out, "\n%s\n",
                  !rows    ? "Neither side has such a row now."
                  : !equal ? "The row differs now."
                  : unsure ? "The row is equal now in all that was compared."
                           : "The row is equal now.");
}

static int compare_rows(const void *one, const void *other)
{
    const struct found *a = one, *b = other;
    size_t least = a->bytes.length < b->bytes.length ? a->bytes.length : b->bytes.length;
    int order = memcmp(a->bytes.data, b->bytes.data, least);
    return order ? order
                 : (a->bytes.length > b->bytes.length) - (a->bytes.length < b->bytes.length);
}

bool look_at_row(const struct look *look, struct buffer *out, int *exit_code, struct err *err)
{
    struct looking looking = {.look = look};
    bool ok = open_all(&looking, err);
    for (int side = 0; side < SIDES && ok; side++) {
        ok = read_side(&looking, (enum side)side, err);
        qsort(looking.side[side].rows, looking.side[side].count, sizeof *looking.side[side].rows,
              compare_rows);
    }
    if (ok)
        show_all(&looking, out, exit_code);
    for (int side = 0; side < SIDES; side++) {
        drop_rows(&looking.side[side]);
        if (looking.side[side].connection)
            looking.side[side].engine->disconnect(looking.side[side].connection);
        schema_free(&looking.side[side].schema);
    }
    plan_free(&looking.plan);
    verify_result_free(&looking.result);
    mapping_free(&looking.mapping);
    ids_free(&looking.ids);
    arena_free(&looking.arena);
    if (!ok && (err->code == ERR_TABLE || err->code == ERR_LOST))
        err->code = ERR_UNREACHABLE;
    return ok;
}
