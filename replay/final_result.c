/* See final_parts.h: from what tally-verify found to what a replay reports of it. */
#include "final_parts.h"

#include <stdlib.h>
#include <string.h>

#define MOST_TEXTS 50        /* of a table */
#define NOTED_DATABASES 20   /* of which the run's notes are taken over */
#define MOST_MADE (1u << 17) /* pairs that final_learn() keeps */
#define MOST_TABLES 1000     /* that are not equal, of a database */

/* ---- Pairs
 * ---------------------------------------------------------------------------------------------- */

void final_learn(struct final *final, const struct exchange *exchange)
{
    struct arena *arena = &final->arena;
    const char *tenant = exchange->logged.tenant ? exchange->logged.tenant : "";
    if (request_method_is_safe(slice_of(exchange->logged.method)))
        return;
    for (size_t i = 0; i < exchange->replacement_count; i++) {
        const struct replacement *one = &exchange->replacements[i];
        const char *kind = one->kind ? one->kind : "";
        if (!one->is_id || one->proposed || one->secret || *one->logged)
            continue;
        for (size_t length; *kind && final->made_count < MOST_MADE; kind += length) {
            kind += strspn(kind, " ");
            length = strcspn(kind, " ");
            if (!length)
                continue;
            if (!(final->made_count & (final->made_count - 1))) /* room for a power of two */
                final->made = mem_resize(final->made, final->made_count ? 2 * final->made_count : 1,
                                         sizeof *final->made);
            final->made[final->made_count++] =
                (struct final_pair){.tenant = arena_copy(arena, tenant),
                                    .pair = {arena_copy_bytes(arena, kind, length),
                                             arena_copy(arena, one->value[SOURCE]),
                                             arena_copy(arena, one->value[TARGET])},
                                    .made = true};
        }
    }
}

struct collecting {
    size_t count, room;
    struct final_pair *items;
};

static void add_pair(struct collecting *collecting, struct final_pair pair)
{
    if (collecting->count == collecting->room) {
        collecting->room = collecting->room ? 2 * collecting->room : 64;
        collecting->items =
            mem_resize(collecting->items, collecting->room, sizeof *collecting->items);
    }
    collecting->items[collecting->count++] = pair;
}

static void take_pair(void *context, const char *tenant, const char *kind, const char *logged,
                      const char *source, const char *target)
{
    (void)logged;
    if (*source && *target && *kind)
        add_pair(context, (struct final_pair){tenant, {kind, source, target}, false});
}

static const char *own_id(const struct final_pair *pair, enum side side)
{
    return side == SOURCE ? pair->pair.source : pair->pair.target;
}

static int compare_by(const struct final_pair *one, const struct final_pair *other, enum side side)
{
    int order = strcmp(one->tenant, other->tenant);
    order = order ? order : strcmp(one->pair.kind, other->pair.kind);
    return order ? order : strcmp(own_id(one, side), own_id(other, side));
}

/* What is alike by one side stands in the order of the other's, whichever was proved first. */
static int order_by(const struct final_pair *one, const struct final_pair *other, enum side side)
{
    int order = compare_by(one, other, side);
    order = order ? order : compare_by(one, other, (enum side)(1 - side));
    return order ? order : (int)one->made - (int)other->made;
}

static int order_by_target(const void *one, const void *other)
{
    return order_by(one, other, TARGET);
}

static int order_by_source(const void *one, const void *other)
{
    return order_by(one, other, SOURCE);
}

/* Where pairs give an id two partners, those that were only made are left out. */
static void drop_doubtful(struct collecting *collecting, enum side side)
{
    struct final_pair *items = collecting->items;
    size_t count = collecting->count, kept = 0;
    qsort(items, count, sizeof *items, side == SOURCE ? order_by_source : order_by_target);
    for (size_t i = 0, end; i < count; i = end) {
        bool apart = false;
        for (end = i + 1; end < count && compare_by(&items[i], &items[end], side) == 0; end++)
            apart = apart || strcmp(own_id(&items[i], (enum side)(1 - side)),
                                    own_id(&items[end], (enum side)(1 - side))) != 0;
        for (size_t k = i; k < end; k++)
            if (!apart || !items[k].made)
                items[kept++] = items[k];
    }
    collecting->count = kept;
}

void final_collect_pairs(struct final *final, const struct token_shared *shared)
{
    struct collecting collecting = {0};
    if (shared)
        token_each_id(shared, take_pair, &collecting);
    for (size_t i = 0; i < final->made_count; i++)
        add_pair(&collecting, final->made[i]);
    if (collecting.count) { /* it ends in the order of tenants */
        drop_doubtful(&collecting, TARGET);
        drop_doubtful(&collecting, SOURCE);
    }
    free(final->pairs);
    final->pairs = mem_zero(collecting.count + 1, sizeof *final->pairs);
    final->pair_count = collecting.count;
    for (size_t i = 0; i < collecting.count; i++)
        final->pairs[i] = collecting.items[i].pair;
    /* Databases and pairs are in the order of tenants. */
    size_t next = 0;
    for (size_t i = 0; i < final->count; i++) {
        struct final_database *database = &final->databases[i];
        database->first_pair = 0;
        database->pair_count = final->by_tenant ? 0 : collecting.count;
        if (!final->by_tenant)
            continue;
        while (next < collecting.count &&
               strcmp(collecting.items[next].tenant, database->tenant) < 0)
            next++;
        database->first_pair = next;
        while (next < collecting.count &&
               strcmp(collecting.items[next].tenant, database->tenant) == 0) {
            next++;
            database->pair_count++;
        }
    }
    free(collecting.items);
}

/* ---- One table
 * ------------------------------------------------------------------------------------------ */

static const enum replay_verdict verdicts[] = {[VERDICT_EQUAL] = REPLAY_EQUAL,
                                               [VERDICT_INCONCLUSIVE] = REPLAY_INCONCLUSIVE,
                                               [VERDICT_DIFFERENT] = REPLAY_DIFFERENT};

static void add_text(struct arena *arena, struct replay_table *table, const char *text)
{
    for (size_t i = 0; i < table->text_count; i++)
        if (strcmp(table->texts[i], text) == 0)
            return;
    if (table->text_count < MOST_TEXTS)
        table->texts[table->text_count++] = arena_copy(arena, text);
}

/* A table that differs now: by what was not there before? What cannot be told is inconclusive. */
static enum replay_verdict blame(const struct result_table *from)
{
    bool known = from->drilled && from->since.exact && !from->inconclusive;
    if (from->since.different)
        return REPLAY_DIFFERENT;
    return known ? REPLAY_EQUAL : REPLAY_INCONCLUSIVE;
}

static void convert_table(struct arena *arena, const struct result_table *from, bool since,
                          struct replay_table *table)
{
    enum replay_verdict blamed = since ? blame(from) : verdicts[from->verdict];
    for (int side = 0; side < SIDES; side++) {
        table->name[side] = from->name[side] ? arena_copy(arena, from->name[side]) : NULL;
        table->rows[side] = from->rows[side];
    }
    table->changed = from->counts[FINDING_CHANGED];
    table->missing = from->counts[FINDING_MISSING];
    table->extra = from->counts[FINDING_EXTRA];
    table->before = blamed == REPLAY_EQUAL;
    table->verdict = table->before ? verdicts[from->verdict] : blamed;
    table->texts = arena_alloc(arena, MOST_TEXTS * sizeof *table->texts);
    if (since && from->since.exact && from->since.fresh && from->since.persisting)
        add_text(arena, table,
                 arena_format(arena,
                              "Rows that differ since the replay: %llu; before it already: %llu.",
                              (unsigned long long)from->since.fresh,
                              (unsigned long long)from->since.persisting));
    for (size_t i = 0; since && i < from->since.news_count; i++)
        add_text(arena, table, from->since.news[i]);
    for (size_t i = 0; i < from->reasons.count; i++)
        add_text(arena, table, from->reasons.items[i]);
    for (size_t i = 0; i < from->cause_count; i++)
        add_text(arena, table, from->causes[i].text);
    for (size_t i = 0; i < from->schema_count; i++)
        if (from->schema[i].breaks)
            add_text(arena, table, from->schema[i].text);
    if (blamed == REPLAY_INCONCLUSIVE && from->verdict == VERDICT_DIFFERENT)
        add_text(arena, table,
                 "It differed before the replay, too, and whether in the same rows "
                 "is not known.");
}

/* ---- One database
 * --------------------------------------------------------------------------------------- */

static struct replay_table *new_table(struct replay_database *database)
{
    return database->table_count < MOST_TABLES ? &database->tables[database->table_count++] : NULL;
}

/* A table of one side alone is different, unless all such tables were there before. */
static void convert_only(struct arena *arena, const struct verify_result *from, bool since,
                         struct replay_database *database)
{
    for (int side = 0; side < SIDES; side++)
        for (size_t i = 0; i < from->only[side].count; i++) {
            struct replay_table *table = new_table(database);
            if (!table)
                return;
            table->name[side] = arena_copy(arena, from->only[side].items[i]);
            table->verdict = REPLAY_DIFFERENT;
            table->before = since && !from->since.news_count;
            table->texts = arena_alloc(arena, sizeof *table->texts);
            table->texts[table->text_count++] =
                arena_format(arena, "It is in the %s only.", side_name[side]);
        }
}

static enum replay_verdict judge(const struct verify_result *from, bool since,
                                 const struct replay_database *database)
{
    if (!since)
        return verdicts[from->verdict];
    /* A state that could not be seen is not the same one for that. */
    enum replay_verdict verdict = from->inconclusive ? REPLAY_INCONCLUSIVE : REPLAY_EQUAL;
    if (!from->table_count || from->since.inconclusive)
        verdict = REPLAY_INCONCLUSIVE;
    if (from->since.different)
        verdict = REPLAY_DIFFERENT;
    for (size_t i = 0; i < database->table_count; i++)
        if (!database->tables[i].before && database->tables[i].verdict > verdict)
            verdict = database->tables[i].verdict;
    return verdict;
}

void final_note(struct replay_result *result, const char *text)
{
    const char **notes = arena_alloc(&result->arena, (result->note_count + 1) * sizeof *notes);
    if (result->note_count)
        memcpy(notes, result->notes, result->note_count * sizeof *notes);
    notes[result->note_count++] = text;
    result->notes = notes;
}

/* Notes of a run about its whole, which say why it is inconclusive, and which ids had no table. */
static void take_notes(struct final *final, struct final_database *database,
                       const struct verify_result *from)
{
    struct arena *arena = &final->into->arena;
    if (database - final->databases >= NOTED_DATABASES)
        return;
    database->notes = arena_alloc(arena, (from->notes.count + 1) * sizeof *database->notes);
    for (size_t i = 0; i < from->notes.count; i++)
        database->notes[database->note_count++] =
            arena_format(arena, "Databases%s%s: %s.", *database->tenant ? " of " : "",
                         database->tenant, from->notes.items[i]);
}

static uint64_t count_differing(const struct final *final, const struct final_database *database)
{
    uint64_t count = 0;
    for (size_t i = 0; i < database->pair_count; i++) {
        const struct verify_id_pair *pair = &final->pairs[database->first_pair + i];
        count += strcmp(pair->source, pair->target) != 0;
    }
    return count;
}

void final_convert(struct final *final, struct final_database *database,
                   const struct verify_options *options)
{
    const struct verify_result *from = &database->result;
    struct replay_database *into = database->into;
    struct arena *arena = &final->into->arena;
    bool since = database->seen;
    size_t most = from->table_count + from->only[SOURCE].count + from->only[TARGET].count;
    into->tables =
        arena_alloc(arena, (most < MOST_TABLES ? most + 1 : MOST_TABLES) * sizeof *into->tables);
    for (size_t i = 0; i < from->table_count; i++) {
        if (from->tables[i].verdict == VERDICT_EQUAL) {
            into->equal_tables++;
            continue;
        }
        struct replay_table *table = new_table(into);
        if (table)
            convert_table(arena, &from->tables[i], since, table);
    }
    convert_only(arena, from, since, into);
    into->verdict = judge(from, since, into);
    into->ids = count_differing(final, database);
    into->ledger_path = from->ledger_path ? arena_copy(arena, from->ledger_path) : NULL;
    struct buffer json = BUFFER_INIT(BUFFER_NO_LIMIT);
    verify_report_json(from, options, &json);
    into->json = arena_copy_bytes(arena, json.data, json.length);
    buffer_free(&json);
    take_notes(final, database, from);
}

/* Without a password, and without parameters, which may hold one. */
static const char *hide(struct arena *arena, const char *uri)
{
    const char *rest = uri ? strstr(uri, "://") : NULL;
    if (!rest)
        return "";
    rest += 3;
    size_t length = strcspn(rest, "?#"), at = length;
    while (at > 0 && rest[at - 1] != '@')
        at--;
    size_t user = at ? strcspn(rest, ":@") : 0;
    return arena_format(arena, "%.*s%.*s%s%.*s", (int)(rest - uri), uri, (int)user, rest,
                        at ? "@" : "", (int)(length - at), rest + at);
}

void final_take_uris(struct final *final, struct final_database *database)
{
    if (final->is_before)
        return;
    for (int side = 0; side < SIDES; side++) {
        const char *shown = database->result.side[side].shown_uri;
        if (shown)
            database->into->uri[side] = arena_copy(&final->into->arena, shown);
    }
}

void final_complete(struct final *final, struct final_database *database)
{
    struct arena *arena = &final->into->arena;
    struct replay_database *into = database->into;
    into->tenant = arena_copy(arena, database->tenant);
    for (int side = 0; side < SIDES; side++)
        if (!into->uri[side])
            into->uri[side] = database->problem ? hide(arena, final->options->verify[side])
                                                : hide(arena, database->uri[side]);
    if (database->problem)
        into->problem = arena_copy(arena, database->problem);
    else if (database->failed)
        into->problem = arena_copy(arena, database->err.text);
    else if (!database->done)
        into->problem = "interrupted before it was compared";
    if (into->problem)
        into->verdict = REPLAY_INCONCLUSIVE;
    for (size_t i = 0; i < database->note_count; i++)
        final_note(final->into, database->notes[i]);
    replay_result_raise(final->into, into->verdict);
}
