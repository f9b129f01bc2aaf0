/* See baseline.h. */
#include "baseline.h"

#include "result_ledger.h"
#include "../diff/base/display.h"
#include "../diff/base/progress.h"
#include "../diff/base/side.h"
#include "../diff/ledger_place.h"

#include <stdlib.h>

struct known_table {
    const struct baseline *baseline;
    size_t then; /* the baseline's table */
    const struct plan_table *plan;
    struct buffer scratch;
};

struct baseline {
    bool there; /* false: there is no earlier run */
    bool only_new;
    char *path;
    struct verify_result result;
    struct verify_options options;
    struct differences *differences;
    size_t known_count;
    struct known_table **known;
};

/* ---- Opening
 * ------------------------------------------------------------------------------------------ */

static bool read_ledger(const char *path, struct baseline *baseline, struct err *err)
{
    struct ledger *ledger = NULL;
    bool ok = ledger_open(path, "verify", false, &ledger, err) &&
              result_ledger_get(ledger, &baseline->result, &baseline->options, err) &&
              differences_get(ledger, baseline->result.table_count, &baseline->differences, err);
    ledger_close(ledger);
    baseline->there = ok;
    return ok || err_prefix(err, "--baseline");
}

static void clear(struct baseline *baseline)
{
    verify_result_free(&baseline->result);
    text_list_free(&baseline->options.tables);
    text_list_free(&baseline->options.excludes);
    differences_free(baseline->differences);
    free(baseline->path);
    baseline->path = NULL;
    baseline->differences = NULL;
    baseline->there = false;
}

static bool same_databases(const struct verify_result *one, const struct verify_result *other)
{
    for (int side = 0; side < SIDES; side++)
        if (!one->side[side].shown_uri || !other->side[side].shown_uri ||
            strcmp(one->side[side].shown_uri, other->side[side].shown_uri) != 0)
            return false;
    return true;
}

/* Ledgers of runs that were interrupted, that are in use or of other databases are passed over. */
static bool find_last(struct baseline *baseline, struct verify_result *result, struct err *err)
{
    struct text_list paths = {0};
    if (!ledger_place_list("verify", &paths, err))
        return false;
    for (size_t i = 0; i < paths.count && !baseline->there; i++) {
        struct err unfit;
        baseline->path = mem_copy_string(paths.items[i]);
        if (!read_ledger(baseline->path, baseline, &unfit) ||
            !same_databases(&baseline->result, result))
            clear(baseline);
    }
    text_list_free(&paths);
    if (!baseline->there)
        text_list_add(&result->notes, "no finished run of these two databases is in the state "
                                      "folder: as against --baseline last, everything is new");
    return true;
}

bool baseline_open(const char *path, bool only_new, struct verify_result *result,
                   struct baseline **place, struct err *err)
{
    struct baseline *baseline = mem_zero(1, sizeof *baseline);
    bool ok;
    baseline->only_new = only_new;
    *place = baseline;
    if (strcmp(path, BASELINE_LAST) == 0) {
        ok = find_last(baseline, result, err);
    } else {
        baseline->path = mem_copy_string(path);
        ok = read_ledger(path, baseline, err);
    }
    if (ok && baseline->there && !same_databases(&baseline->result, result))
        text_list_add(&result->notes, "the baseline is of databases with other URIs");
    return ok;
}

void baseline_free(struct baseline *baseline)
{
    if (!baseline)
        return;
    clear(baseline);
    for (size_t i = 0; i < baseline->known_count; i++) {
        buffer_free(&baseline->known[i]->scratch);
        free(baseline->known[i]);
    }
    free(baseline->known);
    free(baseline);
}

/* ---- Which findings are known
 * ------------------------------------------------------------------------------------------ */

/* The baseline's table of these names, or its table_count. */
static size_t find_table(const struct baseline *baseline, const struct result_table *table)
{
    size_t i = 0;
    for (; i < baseline->result.table_count; i++)
        if (strcmp(baseline->result.tables[i].name[SOURCE], table->name[SOURCE]) == 0 &&
            strcmp(baseline->result.tables[i].name[TARGET], table->name[TARGET]) == 0)
            break;
    return i;
}

static bool is_known(void *context, enum finding_kind kind, const struct value *const values[SIDES],
                     const size_t *differ, size_t differ_count)
{
    struct known_table *known = context;
    struct hash128 identity =
        differences_identity(known->plan, kind, values, differ, differ_count, &known->scratch);
    return differences_has(known->baseline->differences, known->then, identity);
}

struct drill_known baseline_known(struct baseline *baseline, const struct plan_table *plan)
{
    size_t then = baseline->there ? find_table(baseline, plan->result) : 0;
    if (!baseline->there || differences_state(baseline->differences, then) != DIFFERENCES_KEPT)
        return (struct drill_known){0};
    struct known_table *known = mem_zero(1, sizeof *known);
    *known = (struct known_table){.baseline = baseline, .then = then, .plan = plan};
    buffer_init(&known->scratch, BUFFER_NO_LIMIT);
    baseline->known =
        mem_resize(baseline->known, baseline->known_count + 1, sizeof *baseline->known);
    baseline->known[baseline->known_count++] = known;
    return (struct drill_known){
        .context = known, .is_known = is_known, .leave_out = baseline->only_new};
}

/* ---- What is new
 * ------------------------------------------------------------------------------------------ */

struct judging {
    const struct baseline *baseline;
    const struct differences *differences;
    struct verify_result *result;
    struct result_table *table; /* being judged */
};

static void add_news(struct judging *judging, struct result_since *since, const char *text)
{
    struct arena *arena = &judging->result->arena;
    const char **news = arena_alloc(arena, (since->news_count + 1) * sizeof *news);
    if (since->news_count)
        memcpy(news, since->news, since->news_count * sizeof *news);
    news[since->news_count++] = arena_copy(arena, text);
    since->news = news;
}

static bool has_text(const struct text_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

static uint64_t all_counts(const struct result_table *table)
{
    return table->counts[0] + table->counts[1] + table->counts[2];
}

static bool same_text(const char *one, const char *other)
{
    return strcmp(one ? one : "", other ? other : "") == 0;
}

static uint64_t cause_count(const struct result_table *table, const struct result_cause *cause)
{
    uint64_t count = 0;
    for (size_t i = 0; i < table->cause_count; i++)
        if (same_text(table->causes[i].name, cause->name) &&
            same_text(table->causes[i].column, cause->column))
            count += table->causes[i].count;
    return count;
}

/* Where identities are not kept: how many more there are of each kind, or of each cause, whichever
 * shows more. One that went while another came is not seen, and the report says so. */
static void compare_counts(const struct result_table *now, const struct result_table *then,
                           struct result_since *since)
{
    uint64_t total = all_counts(now), more = 0, by_cause = 0;
    for (int kind = 0; kind < 3; kind++)
        more += now->counts[kind] > then->counts[kind] ? now->counts[kind] - then->counts[kind] : 0;
    for (size_t i = 0; i < now->cause_count; i++) {
        uint64_t before = cause_count(then, &now->causes[i]);
        uint64_t count = cause_count(now, &now->causes[i]);
        by_cause = count > before && count - before > by_cause ? count - before : by_cause;
    }
    more = by_cause > more ? by_cause : more;
    since->fresh = more < total ? more : total;
    since->persisting = total - since->fresh;
    since->gone = all_counts(then) > since->persisting ? all_counts(then) - since->persisting : 0;
}

static void judge_rows(struct judging *judging, size_t place, size_t then_place)
{
    const struct baseline *baseline = judging->baseline;
    const struct result_table *then = &baseline->result.tables[then_place];
    struct result_table *now = judging->table;
    struct result_since *since = &now->since;
    if (!now->drilled) {
        if (now->rows_differ || all_counts(now)) {
            add_news(judging, since, "rows differ, and it is not known which");
            since->different = true;
        }
        return;
    }
    bool now_empty = !all_counts(now), then_empty = then->drilled && !all_counts(then);
    bool now_kept = differences_state(judging->differences, place) == DIFFERENCES_KEPT;
    bool then_kept = differences_state(baseline->differences, then_place) == DIFFERENCES_KEPT;
    since->exact = true;
    if (then_empty) {
        since->fresh = all_counts(now);
    } else if (now_empty) {
        since->gone = then->drilled ? all_counts(then) : 0;
    } else if (now_kept && then_kept) {
        struct differences_change change =
            differences_compare(judging->differences, place, baseline->differences, then_place);
        since->fresh = change.fresh;
        since->persisting = change.persisting;
        since->gone = change.gone;
    } else if (then->drilled) {
        compare_counts(now, then, since);
        since->exact = false;
    } else {
        since->fresh = all_counts(now);
        since->exact = false;
    }
    since->different |= since->fresh > 0;
}

static bool one_sided(const struct result_column *column)
{
    return !column->compared && !column->ignored &&
           (!column->name[SOURCE] || !column->name[TARGET]);
}

static bool has_column(const struct result_table *table, const struct result_column *column)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (one_sided(&table->columns[i]) &&
            same_text(table->columns[i].name[SOURCE], column->name[SOURCE]) &&
            same_text(table->columns[i].name[TARGET], column->name[TARGET]))
            return true;
    return false;
}

/* A sequence's place moves on every night, and is one finding all the same. */
static bool same_schema(const struct result_schema *one, const struct result_schema *other)
{
    if (!same_text(one->kind, other->kind) || !same_text(one->column, other->column))
        return false;
    return strncmp(one->kind, "sequence", 8) == 0 ||
           (same_text(one->value[SOURCE], other->value[SOURCE]) &&
            same_text(one->value[TARGET], other->value[TARGET]));
}

static bool has_schema(const struct result_table *table, const struct result_schema *schema)
{
    for (size_t i = 0; i < table->schema_count; i++)
        if (same_schema(&table->schema[i], schema))
            return true;
    return false;
}

/* A column of one side that is among what is unlike in the definitions. */
static bool is_in_schema(const struct result_table *table, const struct result_column *column)
{
    const char *name = column->name[SOURCE] ? column->name[SOURCE] : column->name[TARGET];
    for (size_t i = 0; i < table->schema_count; i++)
        if (same_text(table->schema[i].column, name))
            return true;
    return false;
}

static void judge_definitions(struct judging *judging, const struct result_table *then)
{
    struct result_table *now = judging->table;
    struct result_since *since = &now->since;
    bool breaks = false;
    for (size_t i = 0; i < now->column_count; i++) {
        const struct result_column *column = &now->columns[i];
        if (!one_sided(column) || (then && has_column(then, column)))
            continue;
        breaks = true;
        if (is_in_schema(now, column))
            continue; /* said below */
        int side = column->name[SOURCE] ? SOURCE : TARGET;
        char *text = mem_format("column \"%s\" is in the %s only",
                                column->name[side] ? column->name[side] : "?", side_name[side]);
        add_news(judging, since, text);
        free(text);
    }
    for (size_t i = 0; i < now->schema_count; i++) {
        if (then && has_schema(then, &now->schema[i]))
            continue;
        add_news(judging, since, now->schema[i].text);
        breaks |= now->schema[i].breaks;
    }
    /* Whether unlike definitions make a table different is decided where its verdict is. */
    if (now->schema_differs && (breaks || !then || !then->schema_differs))
        since->different = true;
}

static void judge_reasons(struct judging *judging, const struct result_table *then)
{
    struct result_table *now = judging->table;
    if (!now->inconclusive)
        return;
    for (size_t i = 0; i < now->reasons.count; i++)
        if (!then || !has_text(&then->reasons, now->reasons.items[i])) {
            add_news(judging, &now->since, now->reasons.items[i]);
            now->since.inconclusive = true;
        }
    if (!then || !then->inconclusive)
        now->since.inconclusive = true;
}

static void judge_table(struct judging *judging, size_t place)
{
    const struct baseline *baseline = judging->baseline;
    struct result_table *now = &judging->result->tables[place];
    size_t then_place = find_table(baseline, now);
    const struct result_table *then = NULL;
    judging->table = now;
    if (baseline->there && then_place < baseline->result.table_count) {
        then = &baseline->result.tables[then_place];
        judge_rows(judging, place, then_place);
    } else {
        now->since.exact = now->drilled;
        now->since.fresh = now->drilled ? all_counts(now) : 0;
        now->since.different = now->verdict == VERDICT_DIFFERENT;
        if (baseline->there)
            add_news(judging, &now->since, "the baseline had no such table");
    }
    judge_definitions(judging, then);
    judge_reasons(judging, then);
}

static void judge_run(struct judging *judging)
{
    const struct baseline *baseline = judging->baseline;
    struct verify_result *result = judging->result;
    struct result_since *since = &result->since;
    for (int side = 0; side < SIDES; side++)
        for (size_t i = 0; i < result->only[side].count; i++)
            if (!has_text(&baseline->result.only[side], result->only[side].items[i])) {
                char *text = mem_format("table %s is in the %s only", result->only[side].items[i],
                                        side_name[side]);
                add_news(judging, since, text);
                free(text);
                since->different = true;
            }
    bool nothing = !result->table_count, nothing_then = !baseline->result.table_count;
    if ((result->inconclusive && !(baseline->there && baseline->result.inconclusive)) ||
        (nothing && !(baseline->there && nothing_then)))
        since->inconclusive = true;
}

/* Tables that the baseline had and this run has not: gone, or left out by an option. */
static void note_lost_tables(struct judging *judging)
{
    const struct verify_result *then = &judging->baseline->result, *now = judging->result;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < then->table_count; i++) {
        bool found = false;
        for (size_t k = 0; k < now->table_count && !found; k++)
            found = strcmp(then->tables[i].name[SOURCE], now->tables[k].name[SOURCE]) == 0 &&
                    strcmp(then->tables[i].name[TARGET], now->tables[k].name[TARGET]) == 0;
        if (!found)
            buffer_printf(&text, "%s%s", text.length ? ", " : "", then->tables[i].name[SOURCE]);
    }
    if (text.length) {
        char *note = mem_format("tables of the baseline that were not compared now: %s", text.data);
        text_list_add(&judging->result->notes, note);
        free(note);
    }
    buffer_free(&text);
}

void baseline_judge(const struct baseline *baseline, const struct differences *differences,
                    struct verify_result *result)
{
    struct judging judging = {baseline, differences, result, NULL};
    struct result_since *all = &result->since;
    result->baseline.given = true;
    result->baseline.only_new = baseline->only_new;
    result->baseline.path = baseline->there ? arena_copy(&result->arena, baseline->path) : NULL;
    result->baseline.started = baseline->result.started;
    all->exact = true;
    for (size_t i = 0; i < result->table_count; i++) {
        struct result_table *table = &result->tables[i];
        judge_table(&judging, i);
        all->fresh += table->since.fresh;
        all->persisting += table->since.persisting;
        all->gone += table->since.gone;
        all->different |= table->since.different;
        all->inconclusive |= table->since.inconclusive;
        if (!table->since.exact && table->drilled) {
            all->exact = false;
            text_list_add(&table->notes,
                          "more differences than a run keeps apart: compared with the baseline by "
                          "their numbers, so one that went while another came is not seen");
        }
    }
    judge_run(&judging);
    note_lost_tables(&judging);
}
