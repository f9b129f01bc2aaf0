/*
 * See cause.h. Cells are judged by the rules as they come and counted in groups, one per column,
 * rule and direction; rows go to the parts (cause_parts.h) that look at many of them together.
 */
#include "cause.h"

#include "base/hash.h"
#include "base/progress.h"
#include "cause_parts.h"
#include "cause_rule.h"
#include "value_decimal.h"

#include <math.h>
#include <stdlib.h>

#define WHOLE_COLUMN 0.95 /* of the rows: an unexplained column is "different" */
#define WHOLE_ROWS 10     /* in fewer rows nothing can be said of a whole column */
#define CHANCE 0.05 /* of the rows: so few fit a rule by chance where the column is different */
#define CONSTANT_MOST 256 /* bytes of a value that a whole column may have */

enum { GROUP_SHIFTS = 254, GROUP_UNEXPLAINED = 255 }; /* beside the numbers of a column's groups */

struct group {
    struct cause_group facts;
    struct cause_example example;
    struct cause_match shown; /* of the example */
};

/* A value that all rows of a side have had in a column so far. */
struct constant {
    bool alive;
    struct buffer value; /* encoded; empty: no row yet */
};

struct column_state {
    struct cause_seen seen;
    size_t group_count, last;
    struct group *groups;
    struct cause_shifts *shifts;
    uint64_t unexplained, differences;
    struct cause_example example; /* of the unexplained */
    struct cause_example any;     /* of all differences: shown when the whole column is wrong */
    struct constant constant[SIDES];
};

struct causes {
    const struct cause_table *table;
    struct column_state *columns;
    uint64_t rows[3]; /* changed, missing, extra */
    uint64_t seen;    /* changed rows and rows that are the same, as far as they were told */
    struct cause_moved *moved;
    struct cause_blocks *blocks;
    struct cause_example single[SIDES]; /* of rows that only one side has */
    uint32_t *cells;                    /* of the row in hand */
    size_t constant_count;              /* of columns with a constant on a side */
    size_t *constants;
};

struct causes *causes_new(const struct cause_table *table)
{
    struct causes *causes = mem_zero(1, sizeof *causes);
    causes->table = table;
    causes->columns = mem_zero(table->column_count + 1, sizeof *causes->columns);
    causes->cells = mem_zero(table->column_count + 1, sizeof *causes->cells);
    causes->constants = mem_zero(table->column_count + 1, sizeof *causes->constants);
    for (size_t i = 0; i < table->column_count; i++) {
        causes->columns[i].seen.digits = -1;
        if (i < table->key_count || !table->key_count)
            continue;
        causes->constants[causes->constant_count++] = i;
        for (int side = 0; side < SIDES; side++) {
            causes->columns[i].constant[side].alive = true;
            buffer_init(&causes->columns[i].constant[side].value, CONSTANT_MOST);
        }
    }
    causes->moved = cause_moved_new(table);
    causes->blocks = cause_blocks_new(table);
    return causes;
}

static void group_free(struct group *group)
{
    cause_example_free(&group->example);
    for (int i = 0; i < CAUSE_SPANS; i++)
        free(group->facts.limits[i]);
}

void causes_free(struct causes *causes)
{
    if (!causes)
        return;
    for (size_t i = 0; i < causes->table->column_count; i++) {
        struct column_state *state = &causes->columns[i];
        for (size_t g = 0; g < state->group_count; g++)
            group_free(&state->groups[g]);
        free(state->groups);
        cause_shifts_free(state->shifts);
        cause_example_free(&state->example);
        cause_example_free(&state->any);
        for (int side = 0; side < SIDES; side++)
            if (state->constant[side].value.data)
                buffer_free(&state->constant[side].value);
    }
    for (int side = 0; side < SIDES; side++)
        cause_example_free(&causes->single[side]);
    cause_moved_free(causes->moved);
    cause_blocks_free(causes->blocks);
    free(causes->columns);
    free(causes->cells);
    free(causes->constants);
    free(causes);
}

/* ---- Whole columns: does a side have one value in all rows?
 * ------------------------------------------------------------- */

static void watch_constant(struct constant *constant, const struct value *value)
{
    struct buffer *known = &constant->value;
    if (!known->length) {
        constant->alive = value->encoding_length <= CONSTANT_MOST;
        buffer_add(known, value->encoding, value->encoding_length);
    } else if (known->length != value->encoding_length ||
               memcmp(known->data, value->encoding, known->length) != 0) {
        constant->alive = false;
    }
}

/* Columns leave the list when neither side can be constant any more: soon it is empty. */
static void watch_constants(struct causes *causes, const struct value *const values[SIDES])
{
    for (size_t i = 0; i < causes->constant_count;) {
        size_t column = causes->constants[i];
        struct constant *constant = causes->columns[column].constant;
        for (int side = 0; side < SIDES; side++)
            if (constant[side].alive)
                watch_constant(&constant[side], &values[side][column]);
        if (constant[SOURCE].alive || constant[TARGET].alive)
            i++;
        else
            causes->constants[i] = causes->constants[--causes->constant_count];
    }
}

/* ---- Rows and cells as they come
 * ----------------------------------------------------------------------------------------- */

static int64_t fraction_digits(int64_t microseconds)
{
    int64_t digits = 6, rest = microseconds % 1000000;
    if (!rest)
        return 0;
    for (; rest % 10 == 0; rest /= 10)
        digits--;
    return digits;
}

/* A value that is equal on both sides. */
static void see_value(struct column_state *state, const struct value *value)
{
    struct cause_seen *seen = &state->seen;
    int64_t digits = -1;
    struct decimal decimal;
    seen->rows++;
    switch (value->tag) {
    case VALUE_TEXT:
    case VALUE_BYTES:
        if (value->payload_length > seen->longest)
            seen->longest = value->payload_length;
        seen->empties += value->payload_length == 0;
        return;
    case VALUE_DECIMAL:
        decimal_read(value, &decimal);
        digits = decimal.class == DECIMAL_FINITE && decimal.power < 0 ? -decimal.power : 0;
        break;
    case VALUE_TIME:
    case VALUE_DATETIME:
    case VALUE_INSTANT:
        digits = fraction_digits(cause_int(value));
        /* Before the first one that is off, too: which comes first is chance. */
        if (!state->shifts)
            state->shifts = cause_shifts_new();
        cause_shifts_same(state->shifts, value);
        break;
    default:
        return;
    }
    if (digits > seen->digits)
        seen->digits = digits;
}

void causes_same(struct causes *causes, const struct value *values, uint64_t times)
{
    causes->seen += times;
    for (size_t i = causes->table->key_count; i < causes->table->column_count; i++)
        see_value(&causes->columns[i], &values[i]);
    if (causes->constant_count)
        watch_constants(causes, (const struct value *const[SIDES]){values, values});
    cause_blocks_present(causes->blocks, values);
}

static struct group *find_group(struct causes *causes, size_t column, const struct cause_rule *rule,
                                enum side damaged)
{
    struct column_state *state = &causes->columns[column];
    for (size_t i = 0; i < state->group_count; i++)
        if (state->groups[i].facts.rule == rule && state->groups[i].facts.damaged == damaged)
            return &state->groups[i];
    state->groups = mem_resize(state->groups, state->group_count + 1, sizeof *state->groups);
    struct group *group = &state->groups[state->group_count++];
    *group = (struct group){.facts = {.rule = rule,
                                      .column = &causes->table->columns[column],
                                      .damaged = damaged,
                                      .seen = &state->seen}};
    for (int i = 0; i < CAUSE_MEASURES; i++) {
        group->facts.lowest[i] = INT64_MAX;
        group->facts.highest[i] = INT64_MIN;
    }
    return group;
}

static void count_match(struct cause_group *group, const struct cause_match *match, uint64_t times)
{
    group->count += times;
    for (int i = 0; i < CAUSE_MARKS; i++)
        group->marked[i] += match->marks >> i & 1 ? times : 0;
    for (int i = 0; i < CAUSE_MEASURES; i++) {
        if (match->measure[i] < group->lowest[i])
            group->lowest[i] = match->measure[i];
        if (match->measure[i] > group->highest[i])
            group->highest[i] = match->measure[i];
    }
    for (int i = 0; i < CAUSE_SPANS; i++) {
        if (match->low[i] <= 0)
            continue;
        if (!group->limits[i])
            group->limits[i] = mem_zero(1, sizeof *group->limits[i]);
        for (int64_t n = match->low[i]; n <= match->high[i]; n++)
            cause_limits_add(group->limits[i], n, times);
    }
}

/* Does a pair with these spans fit what most of its group do so far? */
static bool fits_most(const struct cause_group *group, const struct cause_match *match)
{
    const struct cause_limits *best = NULL;
    int span = 0;
    for (int i = 0; i < CAUSE_SPANS; i++)
        if (group->limits[i] && (!best || group->limits[i]->most > best->most)) {
            best = group->limits[i];
            span = i;
        }
    return !best || (best->best >= match->low[span] && best->best <= match->high[span]);
}

/* An example that belongs to most of its group comes before a smaller one that does not. */
static void offer_example(struct group *group, const struct cause_match *match,
                          const struct cause_table *table, const struct value *key,
                          const struct value *const values[SIDES], bool narrow)
{
    if (group->facts.rule->confirm) {
        bool fits = fits_most(&group->facts, match);
        bool shown_fits = group->example.cost && fits_most(&group->facts, &group->shown);
        if (shown_fits && !fits)
            return;
        if (group->example.cost && fits && !shown_fits)
            group->example.cost = SIZE_MAX;
    }
    if (cause_example_offer(&group->example, table, key, values, narrow))
        group->shown = *match;
}

/* Most differences of a column have the cause of the one before. */
static const struct cause_rule *judge_as_before(const struct column_state *state,
                                                const struct cause_column *column,
                                                const struct value *const values[SIDES],
                                                enum side *damaged, struct cause_match *match)
{
    if (state->last >= state->group_count)
        return NULL;
    const struct cause_group *group = &state->groups[state->last].facts;
    const struct cause_rule *rule = group->rule;
    enum side whole = group->damaged == SOURCE ? TARGET : SOURCE;
    struct cause_pair pair = {.column = column,
                              .damaged = group->damaged,
                              .from = values[whole],
                              .to = values[group->damaged]};
    if (!rule->sure || !(rule->from & CAUSE_TAG(pair.from->tag)) ||
        !(rule->to & CAUSE_TAG(pair.to->tag)))
        return NULL;
    cause_pair_measure(&pair);
    *damaged = group->damaged;
    *match = (struct cause_match){0};
    return rule->fits(&pair, match) ? rule : NULL;
}

static bool is_time(const struct value *value)
{
    return value->tag >= VALUE_DATE && value->tag <= VALUE_INSTANT;
}

/* Returns the cell's number for cause_moved_left(). */
static uint32_t judge_cell(struct causes *causes, size_t column,
                           const struct value *const rows[SIDES], uint64_t times)
{
    struct column_state *state = &causes->columns[column];
    const struct cause_table *table = causes->table;
    const struct cause_column *facts = &table->columns[column];
    const struct value *const values[SIDES] = {&rows[SOURCE][column], &rows[TARGET][column]};
    struct cause_match match;
    enum side damaged = TARGET;
    uint32_t number = GROUP_UNEXPLAINED;
    state->differences += times;
    if (state->constant[SOURCE].alive || state->constant[TARGET].alive)
        cause_example_offer(&state->any, table, rows[SOURCE], values, facts->narrow);
    const struct cause_rule *rule = judge_as_before(state, facts, values, &damaged, &match);
    if (!rule)
        rule = cause_judge(facts, values, &damaged, &match);
    if (rule) {
        struct group *group = find_group(causes, column, rule, damaged);
        state->last = (size_t)(group - state->groups);
        number = (uint32_t)state->last;
        count_match(&group->facts, &match, times);
        offer_example(group, &match, table, rows[SOURCE], values, facts->narrow);
    } else if (values[SOURCE]->tag == values[TARGET]->tag && is_time(values[SOURCE])) {
        if (!state->shifts)
            state->shifts = cause_shifts_new();
        cause_shifts_add(state->shifts, table, rows[SOURCE], values, times);
        number = GROUP_SHIFTS;
    } else {
        state->unexplained += times;
        cause_example_offer(&state->example, table, rows[SOURCE], values, facts->narrow);
    }
    return (uint32_t)column << 8 | number;
}

static void add_single(struct causes *causes, enum side side, const struct value *row,
                       uint64_t times)
{
    const struct cause_table *table = causes->table;
    causes->rows[side == SOURCE ? 1 : 2] += times;
    cause_blocks_absent(causes->blocks, side, row, times);
    /* A row without a key is shown by its first value. */
    const struct value *const shown[SIDES] = {
        !table->key_count && side == SOURCE ? row : NULL,
        !table->key_count && side == TARGET ? row : NULL,
    };
    cause_example_offer(&causes->single[side], table, row, shown, false);
}

void causes_differ(struct causes *causes, const struct value *const values[SIDES],
                   const size_t *differ, size_t differ_count, uint64_t times)
{
    if (!causes->table->column_count)
        return;
    if (!values[SOURCE] || !values[TARGET]) {
        enum side side = values[SOURCE] ? SOURCE : TARGET;
        cause_moved_add(causes->moved, values, NULL, 0, times);
        add_single(causes, side, values[side], times);
        return;
    }
    causes->rows[0] += times;
    causes->seen += times;
    size_t next = 0;
    for (size_t i = 0; i < differ_count; i++)
        causes->cells[i] = judge_cell(causes, differ[i], values, times);
    for (size_t i = causes->table->key_count; i < causes->table->column_count; i++) {
        if (next < differ_count && differ[next] == i)
            next++;
        else
            see_value(&causes->columns[i], &values[SOURCE][i]);
    }
    if (causes->constant_count)
        watch_constants(causes, values);
    cause_blocks_present(causes->blocks, values[SOURCE]);
    cause_moved_add(causes->moved, values, causes->cells, differ_count, times);
}

/* ---- The end
 * -----------------------------------------------------------------------------------------------
 */

static uint64_t share(uint64_t count, double left)
{
    return left >= 1 ? count : (uint64_t)llround((double)count * left);
}

/* The side that has one value in all rows that were seen, where the other has more than one, in
 * enough rows to say so of the column. */
static bool find_constant(const struct causes *causes, const struct column_state *state,
                          uint64_t pairs, enum side *found)
{
    if (state->differences < WHOLE_ROWS || (double)causes->seen < (double)pairs * WHOLE_COLUMN)
        return false;
    for (int side = TARGET; side >= SOURCE; side--) {
        *found = (enum side)side;
        if (state->constant[side].alive && state->constant[side].value.length &&
            !state->constant[!side].alive)
            return true;
    }
    return false;
}

/* Differences that the rules explain, rather than a constant: nine in ten by one rule. */
static bool is_explained(const struct column_state *state)
{
    for (size_t i = 0; i < state->group_count; i++)
        if ((double)state->groups[i].facts.count > 0.9 * (double)state->differences)
            return true;
    return false;
}

static bool add_constant(struct causes *causes, size_t column, uint64_t pairs,
                         struct cause_list *list)
{
    struct column_state *state = &causes->columns[column];
    enum side side;
    if (!find_constant(causes, state, pairs, &side) || is_explained(state))
        return false;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT), shown = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct value value;
    const unsigned char *place = state->constant[side].value.data;
    struct cause *cause =
        cause_list_add(list, causes->table, "column-default", column, state->differences, &text);
    buffer_printf(&text, "differ because the whole column has one value in the %s",
                  side_name[side]);
    if (value_read(&place, place + state->constant[side].value.length, &value)) {
        bool quoted = value.tag == VALUE_TEXT;
        buffer_add_text(&shown, quoted ? ": '" : ": ");
        value_print(&shown, &value, 60);
        buffer_add_text(&shown, quoted ? "'" : "");
    }
    cause_list_end(list, cause, &text, shown.length ? (const char *)shown.data : NULL, 1.0,
                   causes->table, &state->any);
    buffer_free(&text);
    buffer_free(&shown);
    return true;
}

static void add_group(struct causes *causes, size_t column, const struct group *group,
                      uint64_t count, struct cause_list *list)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT), range = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct cause_group facts = group->facts;
    facts.count = count;
    struct cause *cause =
        cause_list_add(list, causes->table, facts.rule->name, column, count, &text);
    double confidence = facts.rule->say(&facts, &text);
    cause_add_range(&range, causes->table, &group->example);
    cause_list_end(list, cause, &text, range.length ? (const char *)range.data : NULL, confidence,
                   causes->table, &group->example);
    buffer_free(&text);
    buffer_free(&range);
}

static void add_unexplained(struct causes *causes, size_t column, uint64_t count, uint64_t pairs,
                            const struct cause_example *example, struct cause_list *list)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    double part = pairs ? (double)count / (double)pairs : 0;
    bool whole = count >= WHOLE_ROWS && part >= WHOLE_COLUMN;
    struct cause *cause = cause_list_add(
        list, causes->table, whole ? "column-different" : "unexplained", column, count, &text);
    if (whole)
        buffer_printf(&text, "differ, which is %s: what the two sides have there is not the same",
                      count >= pairs ? "the whole column" : "nearly the whole column");
    else
        buffer_printf(&text, "%s in a way that no rule explains",
                      count == 1 ? "differs" : "differ");
    cause_list_end(list, cause, &text, NULL, whole ? (part < 1 ? part : 1.0) : 0.0, causes->table,
                   example);
    buffer_free(&text);
}

/* Have causes of whole rows taken some of the column's differences? */
static bool rows_took(const struct causes *causes, size_t column)
{
    const struct column_state *state = &causes->columns[column];
    uint32_t number = (uint32_t)column << 8;
    bool took = cause_moved_left(causes->moved, number | GROUP_UNEXPLAINED) < 1 ||
                cause_moved_left(causes->moved, number | GROUP_SHIFTS) < 1;
    for (size_t i = 0; i < state->group_count; i++)
        took |= cause_moved_left(causes->moved, number | (uint32_t)i) < 1;
    return took;
}

/* Differences that another rule explains as well go where most are. */
static void yield_to_other(struct column_state *state, struct cause_group *group)
{
    if (!group->rule->other)
        return;
    uint64_t shared = group->marked[group->rule->other_mark];
    for (size_t i = 0; i < state->group_count && shared; i++) {
        struct cause_group *other = &state->groups[i].facts;
        if (strcmp(other->rule->name, group->rule->other) != 0 ||
            other->damaged != group->damaged || other->count <= group->count - shared)
            continue;
        other->count += shared;
        group->count -= shared;
        shared = 0;
    }
}

/* Of a group's differences: those that its rule explains as a whole, or those that it does not; and
 * of these the ones that no cause of whole rows has taken. */
static uint64_t group_rows(const struct causes *causes, size_t column, size_t i, bool explained)
{
    const struct cause_group *facts = &causes->columns[column].groups[i].facts;
    uint64_t count = facts->rule->confirm ? facts->rule->confirm(facts) : facts->count;
    return share(explained ? count : facts->count - count,
                 cause_moved_left(causes->moved, (uint32_t)column << 8 | (uint32_t)i));
}

/* In a column that is another one as a whole, rules fit some rows by chance: to say "clamped" of
 * 999 beside 1000, where all are one more, would mislead. `rest` has no cause. */
static bool fit_by_chance(const struct causes *causes, size_t column, uint64_t rest, uint64_t pairs)
{
    uint64_t chance = 0;
    for (size_t i = 0; i < causes->columns[column].group_count; i++) {
        uint64_t count = group_rows(causes, column, i, true);
        if ((double)count > CHANCE * (double)pairs)
            return false;
        chance += count;
    }
    return rest >= WHOLE_ROWS && rest / 4 >= chance &&
           (double)(rest + chance) >= WHOLE_COLUMN * (double)pairs;
}

/* Adds the causes of groups to `rest` differences that have none; returns how many there are then.
 * *example: one of them, where there is none yet. */
static uint64_t add_groups(struct causes *causes, size_t column, uint64_t rest, uint64_t pairs,
                           struct cause_list *list, const struct cause_example **example)
{
    struct column_state *state = &causes->columns[column];
    for (size_t i = 0; i < state->group_count; i++)
        yield_to_other(state, &state->groups[i].facts);
    for (size_t i = 0; i < state->group_count; i++) {
        uint64_t left = group_rows(causes, column, i, false);
        rest += left;
        if (left && !(*example)->cost)
            *example = &state->groups[i].example;
    }
    bool chance = fit_by_chance(causes, column, rest, pairs);
    for (size_t i = 0; i < state->group_count; i++) {
        uint64_t count = group_rows(causes, column, i, true);
        if (chance)
            rest += count;
        else if (count)
            add_group(causes, column, &state->groups[i], count, list);
    }
    return rest;
}

static void finish_column(struct causes *causes, size_t column, uint64_t pairs,
                          struct cause_list *list)
{
    struct column_state *state = &causes->columns[column];
    uint32_t number = (uint32_t)column << 8;
    if (!state->differences)
        return;
    if (!rows_took(causes, column) && add_constant(causes, column, pairs, list))
        return;
    const struct cause_example *example = &state->example;
    uint64_t rest =
        share(state->unexplained, cause_moved_left(causes->moved, number | GROUP_UNEXPLAINED));
    rest = add_groups(causes, column, rest, pairs, list, &example);
    struct cause_example shifted = {0};
    if (state->shifts) {
        double left = cause_moved_left(causes->moved, number | GROUP_SHIFTS);
        rest += cause_shifts_finish(state->shifts, causes->table, column, left, list, &shifted);
        if (!example->cost)
            example = &shifted;
    }
    if (rest)
        add_unexplained(causes, column, rest, pairs, example, list);
}

/* Rows of one side that no cause has taken. */
static void add_single_rows(struct causes *causes, enum side side, uint64_t count,
                            struct cause_list *list)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (!count)
        return;
    enum side other = side == SOURCE ? TARGET : SOURCE;
    struct cause *cause =
        cause_list_add(list, causes->table, "unexplained", SIZE_MAX, count, &text);
    buffer_printf(&text, "%s missing in the %s, and no rule explains %s", cause_are(count),
                  side_name[other], count == 1 ? "why" : "which");
    cause_list_end(list, cause, &text, NULL, 0.0, causes->table, &causes->single[side]);
    buffer_free(&text);
}

static int compare_causes(const void *one, const void *other)
{
    const struct cause *a = one, *b = other;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    int order = strcmp(a->name, b->name);
    return order ? order : strcmp(a->text, b->text);
}

size_t causes_finish(struct causes *causes, const uint64_t rows[SIDES], struct arena *arena,
                     struct cause **found)
{
    struct cause_list list = {.arena = arena};
    uint64_t left[3];
    uint64_t pairs = rows[SOURCE] > causes->rows[1] ? rows[SOURCE] - causes->rows[1] : 0;
    cause_moved_finish(causes->moved, causes->rows, left, &list);
    for (int side = 0; side < SIDES; side++) {
        uint64_t rest = cause_blocks_finish(causes->blocks, (enum side)side,
                                            left[side == SOURCE ? 1 : 2], rows[!side] == 0, &list);
        add_single_rows(causes, (enum side)side, rest, &list);
    }
    for (size_t i = 0; i < causes->table->column_count; i++)
        finish_column(causes, i, pairs, &list);
    if (list.count)
        qsort(list.items, list.count, sizeof *list.items, compare_causes);
    *found = arena_alloc(arena, (list.count + 1) * sizeof **found);
    if (list.count)
        memcpy(*found, list.items, list.count * sizeof **found);
    free(list.items);
    return list.count;
}
