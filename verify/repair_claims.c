/* See repair_claims.h. */
#include "repair_claims.h"

#include "repair_refusal.h"

#include <stdio.h>
#include <stdlib.h>

#define KEYS_MOST 64 /* as many bits as a record has */
#define ASKED_ROWS 500
#define ASKED_BYTES (1u << 20)

struct claim_key {
    const char *name;
    size_t count;
    size_t *columns; /* of the plan */
    bool *folds;     /* each: by the server's form, else by its canonical value */
    bool promised;   /* the other side's rows are unlike under it */
};

/* What a record begins with; the claimed values of `columns` follow, then the row's name. */
struct head {
    uint64_t number, times;
    uint64_t claims, frees; /* keys, as bits */
    struct hash128 own;     /* of the values by which the row that is there is known */
    uint32_t values_length, name_length;
    bool has_own;
    bool updates; /* it claims at its turn among the UPDATEs, */
    bool late;    /* and has not stepped aside before: it frees at its turn, too */
};

struct asked_row {
    struct head head;
    size_t values; /* where they begin in the room */
};

struct repair_claims {
    const struct repair_table *table;
    const struct engine *engine;
    struct connection *connection;
    const atomic_bool *stop;
    struct arena arena;
    size_t key_count;
    struct claim_key *keys;
    const char *unasked; /* why a key cannot be asked about; NULL: none is such */
    size_t column_count; /* of the plan, that are in a key */
    size_t *columns;
    bool any_claim, any_late;
    struct refusals refusals;
    size_t asked_count;
    struct asked_row asked[ASKED_ROWS];
    struct buffer room; /* of asked rows' values */
};

/* ---- Keys -------------------------------------------------------------------------------------
 */

static const struct column_definition *definition_of(const struct repair_claims *claims,
                                                     enum side side, size_t index)
{
    const struct table *of = claims->table->plan->table[side];
    return of->definition ? &of->definition->columns[index] : NULL;
}

/* Do both sides' servers find the same texts the same in this column? */
static bool folds_alike(const struct repair_claims *claims, const struct engine *other,
                        size_t column, size_t other_index)
{
    const struct table *beside = claims->table->plan->table[!claims->table->side];
    enum side side = claims->table->side == SOURCE ? TARGET : SOURCE;
    const struct column_definition *own = claims->table->columns[column].definition;
    const struct column_definition *far = definition_of(claims, side, other_index);
    return claims->engine == other && own && far && own->collation && far->collation &&
           strcmp(own->collation, far->collation) == 0 &&
           strcmp(beside->columns[other_index].type.base,
                  claims->table->columns[column].type->base) == 0;
}

static bool has_column(const size_t *columns, size_t count, size_t column)
{
    for (size_t i = 0; i < count; i++)
        if (columns[i] == column)
            return true;
    return false;
}

/* Does a key of the other side keep its rows apart by columns of this one, and so that the mended
 * side tells them apart as well? */
static bool is_promised(const struct repair_claims *claims, const struct engine *other,
                        const struct claim_key *key)
{
    const struct repair_table *table = claims->table;
    enum side far = table->side == SOURCE ? TARGET : SOURCE;
    const struct table *beside = table->plan->table[far];
    for (size_t i = 0; i < beside->key_count && !table->plan->where[table->side]; i++) {
        const struct key *tried = &beside->keys[i];
        bool holds = !tried->has_prefix && tried->column_count > 0;
        for (size_t c = 0; c < tried->column_count && holds; c++) {
            size_t column = repair_table_column_of(table, far, tried->columns[c]);
            holds = column != NO_COLUMN && has_column(key->columns, key->count, column);
            for (size_t own = 0; own < key->count && holds; own++)
                if (key->columns[own] == column)
                    holds =
                        !key->folds[own] || folds_alike(claims, other, column, tried->columns[c]);
        }
        if (holds)
            return true;
    }
    return false;
}

static void say_unasked(struct repair_claims *claims, const struct key *key, const char *why)
{
    if (!claims->unasked)
        claims->unasked = arena_format(&claims->arena, "\"%s\", %s", key->name, why);
}

/* False: the server fills the column itself, or nobody can know what the key compares. */
static bool read_parts(struct repair_claims *claims, const struct key *key, struct claim_key *made)
{
    const struct repair_table *table = claims->table;
    const char *why = key->has_prefix ? "which holds an expression, a condition or a prefix"
                      : key->one_null && key->nullable ? "which takes one NULL alone"
                                                       : NULL;
    for (size_t i = 0; i < key->column_count && !why; i++) {
        size_t column = repair_table_column_of(table, table->side, key->columns[i]);
        const struct column_definition *definition =
            definition_of(claims, table->side, key->columns[i]);
        if (column == NO_COLUMN && definition && definition->counter)
            return false;
        enum engine_sql_key compares =
            column == NO_COLUMN ? KEY_UNKNOWN
                                : table->sql->key_of(table->columns[column].type, definition);
        if (compares == KEY_UNKNOWN)
            why = column == NO_COLUMN ? "of which a column was not compared"
                  : definition        ? "which compares in a way that is not known"
                                      : "whose collation was not looked at";
        made->columns[i] = column;
        made->folds[i] = compares == KEY_FOLDS;
    }
    if (why)
        say_unasked(claims, key, why);
    return !why;
}

static void add_key(struct repair_claims *claims, const struct key *key, const struct engine *other)
{
    const struct repair_table *table = claims->table;
    struct claim_key *made = &claims->keys[claims->key_count];
    bool folds = false;
    *made = (struct claim_key){.name = key->name, .count = key->column_count};
    made->columns = arena_alloc(&claims->arena, (key->column_count + 1) * sizeof *made->columns);
    made->folds = arena_alloc(&claims->arena, (key->column_count + 1) * sizeof *made->folds);
    if (!read_parts(claims, key, made))
        return;
    for (size_t i = 0; i < made->count; i++)
        folds |= made->folds[i];
    /* Rows are paired by it exactly: those that are missing are missing. */
    if (!folds && !table->plan->where[table->side] &&
        repair_table_identifies(table, table->side, key))
        return;
    if (claims->key_count == KEYS_MOST) {
        say_unasked(claims, key, "one of too many");
        return;
    }
    made->promised = is_promised(claims, other, made);
    for (size_t i = 0; i < made->count; i++)
        if (!has_column(claims->columns, claims->column_count, made->columns[i]))
            claims->columns[claims->column_count++] = made->columns[i];
    claims->key_count++;
}

struct repair_claims *repair_claims_new(const struct repair_table *table,
                                        const struct engine *engine, const struct engine *other)
{
    const struct table *of = table->plan->table[table->side];
    if (!of->key_count || of->kind != RELATION_TABLE)
        return NULL;
    struct repair_claims *claims = mem_zero(1, sizeof *claims);
    claims->table = table;
    claims->engine = engine;
    buffer_init(&claims->room, BUFFER_NO_LIMIT);
    claims->keys =
        arena_alloc(&claims->arena, (of->key_count + KEYS_MOST + 1) * sizeof *claims->keys);
    claims->columns =
        arena_alloc(&claims->arena, (table->plan->column_count + 1) * sizeof *claims->columns);
    for (size_t i = 0; i < of->key_count; i++)
        add_key(claims, &of->keys[i], other);
    if (!claims->key_count && !claims->unasked) {
        repair_claims_free(claims);
        return NULL;
    }
    return claims;
}

void repair_claims_free(struct repair_claims *claims)
{
    if (!claims)
        return;
    buffer_free(&claims->room);
    refusals_free(&claims->refusals);
    arena_free(&claims->arena);
    free(claims);
}

/* ---- Records ----------------------------------------------------------------------------------
 */

static size_t own_count(const struct repair_claims *claims)
{
    return claims->table->by_row ? claims->table->plan->column_count
                                 : claims->table->plan->key_count;
}

/* The values of a row lie one behind the other. */
static struct hash128 hash_own(const struct repair_claims *claims, const struct value *values)
{
    const struct value *last = &values[own_count(claims) - 1];
    return hash_128(values->encoding,
                    (size_t)(last->encoding + last->encoding_length - values->encoding));
}

static const struct value *claimed_value(const struct repair_claims *claims,
                                         const struct repair_claims_row *row, size_t column)
{
    enum side side = claims->table->side;
    bool differs =
        row->kind != FINDING_CHANGED || has_column(row->differ, row->differ_count, column);
    return &row->values[differs ? !side : (int)side][column];
}

/* The keys that a row claims; NULLs collide with nothing. */
static uint64_t claimed_keys(const struct repair_claims *claims,
                             const struct repair_claims_row *row)
{
    uint64_t keys = 0;
    for (size_t k = 0; k < claims->key_count; k++) {
        const struct claim_key *key = &claims->keys[k];
        bool touched = row->kind != FINDING_CHANGED, null = false;
        for (size_t i = 0; i < key->count; i++) {
            touched |= has_column(row->differ, row->differ_count, key->columns[i]);
            null |= claimed_value(claims, row, key->columns[i])->tag == VALUE_NULL;
        }
        if (touched && !null)
            keys |= UINT64_C(1) << k;
    }
    return keys;
}

static uint64_t touched_keys(const struct repair_claims *claims,
                             const struct repair_claims_row *row)
{
    uint64_t keys = 0;
    for (size_t k = 0; k < claims->key_count; k++)
        for (size_t i = 0; i < claims->keys[k].count; i++)
            if (has_column(row->differ, row->differ_count, claims->keys[k].columns[i]))
                keys |= UINT64_C(1) << k;
    return keys;
}

void repair_claims_add(struct repair_claims *claims, const struct repair_claims_row *row,
                       struct buffer *record)
{
    enum side side = claims->table->side;
    struct head head = {.number = row->number, .times = row->times};
    bool goes = row->kind != FINDING_CHANGED && row->values[side];
    if (!goes)
        head.claims = claimed_keys(claims, row);
    if (row->values[side]) {
        head.has_own = true;
        head.own = hash_own(claims, row->values[side]);
        head.frees = goes ? UINT64_MAX : touched_keys(claims, row);
    }
    head.late = !goes && row->values[side] && !row->statements->text[REPAIR_DELETES].length;
    head.updates = row->statements->text[REPAIR_UPDATES].length > 0;
    if (!head.claims && !head.frees)
        return;
    claims->any_claim |= head.claims != 0;
    claims->any_late |= head.late;
    struct buffer values = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < claims->column_count && head.claims; i++) {
        const struct value *value = claimed_value(claims, row, claims->columns[i]);
        buffer_add(&values, value->encoding, value->encoding_length);
    }
    head.values_length = (uint32_t)values.length;
    head.name_length = (uint32_t)strlen(row->name);
    buffer_add(record, &head, sizeof head);
    buffer_add(record, values.data, values.length);
    buffer_add_text(record, row->name);
    buffer_free(&values);
}

bool repair_claims_wanted(const struct repair_claims *claims, bool left_out)
{
    bool doubt = left_out || claims->any_late;
    for (size_t k = 0; k < claims->key_count; k++)
        doubt |= !claims->keys[k].promised;
    return doubt && claims->any_claim;
}

const char *repair_claims_unasked(const struct repair_claims *claims)
{
    return claims->unasked;
}

/* ---- Asking -----------------------------------------------------------------------------------
 */

void repair_claims_begin(struct repair_claims *claims, struct connection *connection,
                         const atomic_bool *stop)
{
    claims->connection = connection;
    claims->stop = stop;
    refusals_free(&claims->refusals);
    claims->asked_count = 0;
    buffer_clear(&claims->room);
}

void repair_claims_give_up(struct repair_claims *claims)
{
    refusals_free(&claims->refusals);
    claims->unasked = "and that could not be asked";
}

static bool too_many(struct err *err)
{
    return err_set(err, ERR_TABLE, "more than %u rows would have to be asked about", REFUSALS_MOST);
}

/* One question about one key. */
struct question {
    struct repair_claims *claims;
    uint32_t key;
    const struct claim_key *of;
    size_t row_count;
    const struct asked_row *rows[ASKED_ROWS];
    size_t column_count; /* of the scan */
    const char **selects;
    const struct type **types;
    struct buffer bytes; /* of a row's form, or of its own values */
};

static struct value value_of(const struct question *question, const struct asked_row *row,
                             size_t column)
{
    const struct repair_claims *claims = question->claims;
    const unsigned char *at = claims->room.data + row->values;
    const unsigned char *end = at + row->head.values_length;
    struct value value = {.tag = VALUE_NULL};
    for (size_t i = 0; i < claims->column_count; i++)
        if (!value_read(&at, end, &value) || claims->columns[i] == column)
            break;
    return value;
}

/* What two rows share that the key finds the same: of each column the canonical value, or the
 * server's form of it. cells: of the key's columns that it folds, or (canonical) of all. */
static bool add_form(const struct question *question, const struct cell *cell, struct err *err)
{
    struct buffer *out = (struct buffer *)&question->bytes;
    if (cell->form != CELL_BYTES && cell->form != CELL_TEXT)
        return err_set(err, ERR_TABLE, "the server did not say how it compares a value");
    value_add_blob(out, VALUE_BYTES, cell->bytes, cell->length);
    return true;
}

static struct hash128 hash_form(struct question *question)
{
    buffer_add_u32(&question->bytes, question->key);
    return hash_128(question->bytes.data, question->bytes.length);
}

static void add_column(struct question *question, const char *select, const struct type *type)
{
    question->selects[question->column_count] = select;
    question->types[question->column_count++] = type;
}

static const char *form_of(struct question *question, size_t column, const char *name,
                           struct arena *arena)
{
    const struct repair_column *of = &question->claims->table->columns[column];
    struct buffer form = BUFFER_INIT(1 << 14);
    question->claims->table->sql->add_key_form(&form, name, of->type, of->definition);
    const char *copy = arena_copy(arena, (const char *)form.data);
    buffer_free(&form);
    return copy;
}

static bool add_key_text(const struct question *question, const struct asked_row *row,
                         size_t column, struct buffer *out, struct err *err)
{
    const struct repair_table *table = question->claims->table;
    struct buffer literal = BUFFER_INIT(BUFFER_NO_LIMIT), why = BUFFER_INIT(1 << 12);
    struct value value = value_of(question, row, column);
    bool ok = repair_table_add_value(table, column, &value, false, &literal, &why);
    if (ok)
        table->sql->add_key_literal(out, table->columns[column].definition,
                                    (const char *)literal.data);
    buffer_free(&literal);
    buffer_free(&why);
    return ok || err_set(err, ERR_TABLE, "a value of it cannot be asked about");
}

typedef bool row_reader(struct question *question, const struct cell *cells, struct err *err);

static bool run_scan(struct question *question, const struct table *table, const char *where,
                     const struct split *split, row_reader *reader, struct err *err)
{
    const struct repair_claims *claims = question->claims;
    struct scan scan = {.table = table,
                        .column_count = question->column_count,
                        .selects = question->selects,
                        .types = question->types,
                        .where = where,
                        .split = split};
    struct cell *cells = mem_zero(question->column_count + 1, sizeof *cells);
    enum row_status status = ROW_FAILED;
    uint64_t bytes = 0;
    bool ok = claims->engine->scan_start(claims->connection, &scan, err);
    while (ok) {
        status = claims->engine->scan_next(claims->connection, cells, &bytes, err);
        if (status != ROW_READ)
            break;
        ok = reader(question, cells, err);
    }
    claims->engine->scan_end(claims->connection);
    free(cells);
    return ok && status == ROW_END;
}

/* n, then the form of each folded column. */
static bool read_claimed(struct question *question, const struct cell *cells, struct err *err)
{
    if (cells[0].form != CELL_INT || cells[0].i < 0 || (size_t)cells[0].i >= question->row_count)
        return err_set(err, ERR_TABLE, "the server answers another question");
    const struct asked_row *row = question->rows[cells[0].i];
    size_t next = 1;
    buffer_clear(&question->bytes);
    for (size_t i = 0; i < question->of->count; i++) {
        if (question->of->folds[i]) {
            if (!add_form(question, &cells[next++], err))
                return false;
            continue;
        }
        struct value value = value_of(question, row, question->of->columns[i]);
        buffer_add(&question->bytes, value.encoding, value.encoding_length);
    }
    const struct claim claim = {.value = hash_form(question),
                                .number = row->head.number,
                                .key = question->key,
                                .late = row->head.updates,
                                .many = row->head.times > 1};
    return refusals_add_claim(&question->claims->refusals, &claim) || too_many(err);
}

/* "(SELECT 0 AS n, column AS c0 … WHERE false UNION ALL SELECT 0, 'text' …) q": the columns' own
 * types and collations. */
static bool add_claimed(const struct question *question, struct buffer *from, struct err *err)
{
    const struct repair_table *table = question->claims->table;
    buffer_add_text(from, "(SELECT 0 AS n");
    for (size_t i = 0; i < question->of->count; i++)
        if (question->of->folds[i])
            buffer_printf(from, ", %s AS c%zu", table->columns[question->of->columns[i]].text, i);
    buffer_printf(from, " FROM %s WHERE 1 = 0", table->name);
    for (size_t r = 0; r < question->row_count; r++) {
        buffer_printf(from, "\nUNION ALL SELECT %zu", r);
        for (size_t i = 0; i < question->of->count; i++) {
            if (!question->of->folds[i])
                continue;
            buffer_add_text(from, ", ");
            if (!add_key_text(question, question->rows[r], question->of->columns[i], from, err))
                return false;
        }
    }
    buffer_add_text(from, ") q");
    return true;
}

static bool ask_forms(struct question *question, struct err *err)
{
    const struct repair_table *table = question->claims->table;
    struct arena arena = ARENA_INIT;
    struct buffer from = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool any = false;
    question->column_count = 0;
    add_column(question, "n", &table->sql->key_number);
    for (size_t i = 0; i < question->of->count; i++) {
        char name[32];
        snprintf(name, sizeof name, "c%zu", i);
        any |= question->of->folds[i];
        if (question->of->folds[i])
            add_column(question, form_of(question, question->of->columns[i], name, &arena),
                       &table->sql->key_form);
    }
    bool ok = true;
    if (any) {
        ok = add_claimed(question, &from, err);
        struct table_part part = {.from = (const char *)from.data};
        struct table asked = {.label = table->plan->table[table->side]->label,
                              .name = "q",
                              .part_count = 1,
                              .parts = &part};
        ok = ok && run_scan(question, &asked, NULL, &(struct split){0}, read_claimed, err);
    }
    for (size_t r = 0; r < question->row_count && !any && ok; r++)
        ok = read_claimed(question, &(struct cell){.form = CELL_INT, .i = (int64_t)r}, err);
    buffer_free(&from);
    arena_free(&arena);
    return ok;
}

/* The values by which rows are known, then of each key column its form or its value. */
static bool read_holder(struct question *question, const struct cell *cells, struct err *err)
{
    const struct repair_claims *claims = question->claims;
    const struct plan_table *plan = claims->table->plan;
    struct holder holder = {.key = question->key};
    size_t next = own_count(claims);
    buffer_clear(&question->bytes);
    for (size_t i = 0; i < next; i++)
        canon_cell(&plan->columns[i].canon, claims->table->side, &cells[i], &question->bytes);
    holder.row = hash_128(question->bytes.data, question->bytes.length);
    buffer_clear(&question->bytes);
    for (size_t i = 0; i < question->of->count; i++, next++) {
        if (!question->of->folds[i])
            canon_cell(&plan->columns[question->of->columns[i]].canon, claims->table->side,
                       &cells[next], &question->bytes);
        else if (!add_form(question, &cells[next], err))
            return false;
    }
    holder.value = hash_form(question);
    return refusals_add_holder(&question->claims->refusals, &holder) || too_many(err);
}

static bool add_holds(const struct question *question, const struct asked_row *row,
                      struct buffer *out, struct err *err)
{
    const struct repair_table *table = question->claims->table;
    struct buffer why = BUFFER_INIT(1 << 12);
    bool ok = true;
    for (size_t i = 0; i < question->of->count && ok; i++) {
        size_t column = question->of->columns[i];
        buffer_add_text(out, i ? " AND " : "(");
        if (question->of->folds[i]) {
            buffer_printf(out, "%s = ", table->columns[column].text);
            ok = add_key_text(question, row, column, out, err);
            continue;
        }
        struct value value = value_of(question, row, column);
        ok = repair_table_add_value(table, column, &value, true, out, &why) ||
             err_set(err, ERR_TABLE, "a value of it cannot be asked about");
    }
    buffer_add_byte(out, ')');
    buffer_free(&why);
    return ok;
}

static bool ask_holders(struct question *question, struct err *err)
{
    const struct repair_claims *claims = question->claims;
    const struct plan_table *plan = claims->table->plan;
    enum side side = claims->table->side;
    struct arena arena = ARENA_INIT;
    struct buffer where = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool ok = true;
    question->column_count = 0;
    for (size_t i = 0; i < own_count(claims); i++)
        add_column(question, plan->columns[i].select[side], plan->columns[i].type[side]);
    for (size_t i = 0; i < question->of->count; i++) {
        size_t column = question->of->columns[i];
        if (question->of->folds[i])
            add_column(question,
                       form_of(question, column, claims->table->columns[column].text, &arena),
                       &claims->table->sql->key_form);
        else
            add_column(question, plan->columns[column].select[side],
                       plan->columns[column].type[side]);
    }
    for (size_t r = 0; r < question->row_count && ok; r++) {
        buffer_add_text(&where, r ? " OR\n" : "");
        ok = add_holds(question, question->rows[r], &where, err);
    }
    ok = ok &&
         run_scan(question, plan->table[side], (const char *)where.data, NULL, read_holder, err);
    buffer_free(&where);
    arena_free(&arena);
    return ok;
}

static bool ask_key(struct repair_claims *claims, size_t k, struct err *err)
{
    size_t most = claims->table->plan->column_count + claims->keys[k].count + 2; /* of a scan */
    struct question question = {.claims = claims, .key = (uint32_t)k, .of = &claims->keys[k]};
    for (size_t i = 0; i < claims->asked_count; i++)
        if (claims->asked[i].head.claims >> k & 1)
            question.rows[question.row_count++] = &claims->asked[i];
    if (!question.row_count)
        return true;
    question.selects = mem_zero(most, sizeof *question.selects);
    question.types = mem_zero(most, sizeof *question.types);
    buffer_init(&question.bytes, BUFFER_NO_LIMIT);
    bool ok = ask_forms(&question, err) && ask_holders(&question, err);
    buffer_free(&question.bytes);
    free(question.selects);
    free(question.types);
    return ok;
}

static bool ask_all(struct repair_claims *claims, struct err *err)
{
    bool ok = true;
    for (size_t k = 0; k < claims->key_count && ok; k++) {
        ok = !atomic_load(claims->stop) || err_set(err, ERR_INTERRUPTED, "interrupted");
        ok = ok && ask_key(claims, k, err);
    }
    claims->asked_count = 0;
    buffer_clear(&claims->room);
    return ok;
}

bool repair_claims_ask(struct repair_claims *claims, const unsigned char *record, size_t length,
                       struct err *err)
{
    struct asked_row *row = &claims->asked[claims->asked_count];
    if (length < sizeof row->head)
        return err_set(err, ERR_INTERNAL, "a record of the repair file is damaged");
    memcpy(&row->head, record, sizeof row->head);
    if (!row->head.claims)
        return true;
    row->values = claims->room.length;
    buffer_add(&claims->room, record + sizeof row->head, row->head.values_length);
    claims->asked_count++;
    return (claims->asked_count < ASKED_ROWS && claims->room.length < ASKED_BYTES) ||
           ask_all(claims, err);
}

bool repair_claims_end(struct repair_claims *claims, struct err *err)
{
    bool ok = ask_all(claims, err);
    refusals_sort(&claims->refusals);
    return ok;
}

/* ---- Who is refused ---------------------------------------------------------------------------
 */

void repair_claims_trace(struct repair_claims *claims, const unsigned char *record, size_t length)
{
    struct head head;
    if (length < sizeof head)
        return;
    memcpy(&head, record, sizeof head);
    if (head.has_own)
        refusals_free_row(&claims->refusals, &head.own, head.frees, head.number, head.late);
}

void repair_claims_resolve(struct repair_claims *claims)
{
    refusals_resolve(&claims->refusals);
}

bool repair_claims_refuses(const struct repair_claims *claims, uint64_t number)
{
    return refusals_has(&claims->refusals, number);
}

size_t repair_claims_refused(const struct repair_claims *claims)
{
    return claims->refusals.refused_count;
}

bool repair_claims_verdict(const struct repair_claims *claims, const unsigned char *record,
                           size_t length, struct repair_claims_verdict *verdict)
{
    static const char *const words[] = {
        [REFUSED_BY_STAYING] = "as a row that stays as it is",
        [REFUSED_BY_MENDED] = "as another row of this file",
        [REFUSED_BY_ITSELF] = "as itself, and the other side has several of it",
    };
    struct head head;
    if (length < sizeof head)
        return false;
    memcpy(&head, record, sizeof head);
    if (!repair_claims_refuses(claims, head.number))
        return false;
    const struct refused *refused = refusals_find(&claims->refusals, head.number);
    if (!refused)
        return false;
    verdict->times = head.times;
    verdict->name = (const char *)record + sizeof head + head.values_length;
    verdict->name_length = head.name_length;
    verdict->key = claims->keys[refused->key].name;
    verdict->same_as = words[refused->why];
    return true;
}
