/* See book_result.h. */
#include "book_result.h"

#include "../diff/base/bytes.h"
#include "book.h"
#include "book_settings.h"
#include "outcome.h"

#include <stdlib.h>

/* ---- start ---- */

static void put_shown(struct buffer *out, const char *url)
{
    struct buffer shown = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (url)
        book_settings_url(&shown, url);
    bytes_put_text(out, url ? (const char *)shown.data : NULL);
    buffer_free(&shown);
}

void book_result_put_start(struct buffer *out, const struct replay_options *options, time_t begun)
{
    buffer_add_u64(out, (uint64_t)begun);
    buffer_add_byte(out, options->dry_run);
    for (int side = 0; side < SIDES; side++)
        put_shown(out, options->url[side]);
}

static bool get_start(const struct buffer *bytes, struct replay_result *result)
{
    struct bytes in = bytes_of(bytes);
    result->started = (time_t)bytes_u64(&in);
    result->dry_run = bytes_bool(&in);
    for (int side = 0; side < SIDES; side++)
        result->shown_url[side] = bytes_text(&in, &result->arena);
    return bytes_at_end(&in);
}

/* ---- result ---- */

/* Numbers that are copied as they are. */
#define COUNTS(result)                                                                             \
    {                                                                                              \
        &(result)->log_lines, &(result)->log_bytes, &(result)->requests, &(result)->sessions,      \
            &(result)->tenants, &(result)->replacements, &(result)->masked                         \
    }

static void put_end(struct buffer *out, const struct replay_result *result, bool over)
{
    const uint64_t *const counts[] = COUNTS(result);
    buffer_add_byte(out, over);
    buffer_add_byte(out, (unsigned char)result->verdict);
    buffer_add_byte(out, result->interrupted);
    buffer_add_byte(out, result->resumed);
    bytes_put_text(out, result->ended);
    bytes_put_double(out, result->seconds);
    bytes_put_double(out, result->behind);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        buffer_add_u64(out, *counts[i]);
    bytes_put_size(out, result->rule_count);
    for (size_t i = 0; i < result->rule_count; i++) {
        const struct replay_rule *rule = &result->rules[i];
        bytes_put_text(out, rule->name);
        buffer_add_u32(out, (uint32_t)rule->line);
        buffer_add_u64(out, rule->answers);
        for (int side = 0; side < SIDES; side++)
            buffer_add_u64(out, rule->applied[side]);
    }
    bytes_put_size(out, result->note_count);
    for (size_t i = 0; i < result->note_count; i++)
        bytes_put_text(out, result->notes[i]);
    bytes_put_size(out, result->database_count);
}

static bool get_end(const struct buffer *bytes, struct replay_result *result, size_t *databases)
{
    struct bytes in = bytes_of(bytes);
    struct arena *arena = &result->arena;
    uint64_t *const counts[] = COUNTS(result);
    (void)bytes_bool(&in);
    unsigned verdict = bytes_u8(&in);
    in.failed |= verdict > REPLAY_DIFFERENT;
    result->interrupted = bytes_bool(&in);
    result->resumed = bytes_bool(&in);
    result->ended = bytes_text(&in, arena);
    result->seconds = bytes_double(&in);
    result->behind = bytes_double(&in);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        *counts[i] = bytes_u64(&in);
    result->rule_count = bytes_count(&in, 32);
    result->rules = arena_alloc(arena, (result->rule_count + 1) * sizeof *result->rules);
    for (size_t i = 0; i < result->rule_count; i++) {
        struct replay_rule *rule = &result->rules[i];
        rule->name = bytes_text(&in, arena);
        rule->line = (int)bytes_below(&in, INT32_MAX);
        rule->answers = bytes_u64(&in);
        for (int side = 0; side < SIDES; side++)
            rule->applied[side] = bytes_u64(&in);
    }
    result->note_count = bytes_count(&in, 4);
    result->notes = arena_alloc(arena, (result->note_count + 1) * sizeof *result->notes);
    for (size_t i = 0; i < result->note_count; i++)
        result->notes[i] = bytes_name(&in, arena);
    *databases = bytes_u32(&in);
    if (!bytes_at_end(&in))
        return false;
    replay_result_raise(result, (enum replay_verdict)verdict);
    return true;
}

bool book_result_is_over(const struct buffer *bytes, bool *over)
{
    struct bytes in = bytes_of(bytes);
    *over = bytes_bool(&in);
    return !in.failed;
}

/* ---- databases ---- */

static void put_table(struct buffer *out, const struct replay_table *table)
{
    buffer_add_byte(out, (unsigned char)table->verdict);
    buffer_add_byte(out, table->before);
    for (int side = 0; side < SIDES; side++) {
        bytes_put_text(out, table->name[side]);
        buffer_add_u64(out, table->rows[side]);
    }
    buffer_add_u64(out, table->changed);
    buffer_add_u64(out, table->missing);
    buffer_add_u64(out, table->extra);
    bytes_put_size(out, table->text_count);
    for (size_t i = 0; i < table->text_count; i++)
        bytes_put_text(out, table->texts[i]);
}

static enum replay_verdict get_verdict(struct bytes *in)
{
    unsigned verdict = bytes_u8(in);
    in->failed |= verdict > REPLAY_DIFFERENT;
    return in->failed ? REPLAY_INCONCLUSIVE : (enum replay_verdict)verdict;
}

static void get_table(struct bytes *in, struct replay_table *table, struct arena *arena)
{
    table->verdict = get_verdict(in);
    table->before = bytes_bool(in);
    for (int side = 0; side < SIDES; side++) {
        table->name[side] = bytes_text(in, arena);
        table->rows[side] = bytes_u64(in);
    }
    table->changed = bytes_u64(in);
    table->missing = bytes_u64(in);
    table->extra = bytes_u64(in);
    table->text_count = bytes_count(in, 4);
    table->texts = arena_alloc(arena, (table->text_count + 1) * sizeof *table->texts);
    for (size_t i = 0; i < table->text_count; i++)
        table->texts[i] = bytes_name(in, arena);
}

static void put_database(struct buffer *out, const struct replay_database *database)
{
    bytes_put_text(out, database->tenant);
    for (int side = 0; side < SIDES; side++)
        bytes_put_text(out, database->uri[side]);
    buffer_add_byte(out, (unsigned char)database->verdict);
    bytes_put_text(out, database->problem);
    buffer_add_u64(out, database->equal_tables);
    buffer_add_u64(out, database->ids);
    bytes_put_text(out, database->ledger_path);
    bytes_put_text(out, database->json);
    bytes_put_size(out, database->table_count);
    for (size_t i = 0; i < database->table_count; i++)
        put_table(out, &database->tables[i]);
}

static bool get_database(const struct buffer *bytes, struct replay_database *database,
                         struct arena *arena)
{
    struct bytes in = bytes_of(bytes);
    database->tenant = bytes_name(&in, arena);
    for (int side = 0; side < SIDES; side++)
        database->uri[side] = bytes_text(&in, arena);
    database->verdict = get_verdict(&in);
    database->problem = bytes_text(&in, arena);
    database->equal_tables = (size_t)bytes_u64(&in);
    database->ids = bytes_u64(&in);
    database->ledger_path = bytes_text(&in, arena);
    database->json = bytes_text(&in, arena);
    database->table_count = bytes_count(&in, 54);
    database->tables = arena_alloc(arena, (database->table_count + 1) * sizeof *database->tables);
    for (size_t i = 0; i < database->table_count; i++)
        get_table(&in, &database->tables[i], arena);
    return bytes_at_end(&in);
}

/* ---- records ---- */

bool book_result_put(struct ledger *ledger, const struct replay_result *result, bool over,
                     struct err *err)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    put_end(&bytes, result, over);
    bool ok = ledger_put(ledger, "result", 0, 0, bytes.data, bytes.length, err);
    for (size_t i = 0; i < result->database_count && ok; i++) {
        buffer_clear(&bytes);
        put_database(&bytes, &result->databases[i]);
        ok = ledger_put(ledger, "database", (int64_t)i, 0, bytes.data, bytes.length, err);
    }
    buffer_free(&bytes);
    return ok;
}

static bool count(void *context, int64_t id, int64_t part, const unsigned char *bytes,
                  size_t length, struct err *err)
{
    (void)part, (void)bytes, (void)length, (void)err;
    *(int64_t *)context = id + 1;
    return true;
}

bool book_result_drop(struct ledger *ledger, struct err *err)
{
    int64_t databases = 0;
    bool ok = ledger_remove(ledger, "result", 0, 0, err) &&
              ledger_each(ledger, "database", count, &databases, err);
    for (int64_t i = 0; i < databases && ok; i++)
        ok = ledger_remove(ledger, "database", i, 0, err);
    return ok;
}

static bool unclear(const char *path, const char *what, struct err *err)
{
    return err_set(err, ERR_USAGE, "%s: what it says of %s cannot be understood", path, what);
}

static bool read_outcome(struct ledger *ledger, struct replay_result *result, struct buffer *bytes,
                         struct err *err)
{
    struct outcome *outcome = NULL;
    bool found;
    if (!ledger_get(ledger, "outcome", 0, 0, bytes, &found, err))
        return false;
    if (!found)
        return true; /* killed before anything was saved */
    if (!outcome_load(bytes->data, bytes->length, &outcome, err))
        return err_prefix(err, "%s", ledger_path(ledger));
    outcome_result(outcome, result);
    outcome_free(outcome);
    return true;
}

static bool read_databases(struct ledger *ledger, struct replay_result *result, size_t most,
                           struct buffer *bytes, struct err *err)
{
    int64_t there = 0;
    if (!ledger_each(ledger, "database", count, &there, err))
        return false;
    if ((uint64_t)there != most)
        return unclear(ledger_path(ledger), "the databases", err);
    result->databases = arena_alloc(&result->arena, (most + 1) * sizeof *result->databases);
    for (result->database_count = 0; result->database_count < most; result->database_count++) {
        bool found;
        if (!ledger_get(ledger, "database", (int64_t)result->database_count, 0, bytes, &found, err))
            return false;
        if (!found ||
            !get_database(bytes, &result->databases[result->database_count], &result->arena))
            return unclear(ledger_path(ledger), "a database", err);
    }
    return true;
}

/* A run that was killed has no end: nothing is known but what was saved. */
static void without_end(struct replay_result *result)
{
    static const char *const note[] = {
        "the run was ended from outside before it was over: this is what it had saved, and it can "
        "be resumed"};
    result->interrupted = true;
    result->notes = arena_alloc(&result->arena, sizeof *result->notes);
    result->notes[0] = note[0];
    result->note_count = 1;
    replay_result_raise(result, REPLAY_INCONCLUSIVE);
}

static bool read_all(struct ledger *ledger, struct replay_result *result, struct err *err)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    const char *path = ledger_path(ledger);
    size_t databases = 0;
    bool found, ok = ledger_get(ledger, "start", 0, 0, &bytes, &found, err);
    if (ok && (!found || !get_start(&bytes, result)))
        ok = unclear(path, "its beginning", err);
    result->ledger_path = arena_copy(&result->arena, path);
    ok = ok && read_outcome(ledger, result, &bytes, err) &&
         ledger_get(ledger, "result", 0, 0, &bytes, &found, err);
    if (ok && !found)
        without_end(result);
    else if (ok && !get_end(&bytes, result, &databases))
        ok = unclear(path, "its end", err);
    ok = ok && (!found || read_databases(ledger, result, databases, &bytes, err));
    result->one_side = !result->shown_url[TARGET];
    buffer_free(&bytes);
    return ok;
}

bool book_result(const char *path, struct replay_result *result, struct err *err)
{
    struct ledger *ledger = NULL;
    *result = (struct replay_result){0};
    bool ok = ledger_open(path, "replay", false, &ledger, err) && read_all(ledger, result, err);
    ledger_close(ledger);
    if (!ok) {
        replay_result_free(result);
        *result = (struct replay_result){0};
    }
    return ok;
}

bool book_options(const char *path, struct arena *arena, struct replay_options *options,
                  struct err *err)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct ledger *ledger = NULL;
    bool found;
    *options = (struct replay_options){0};
    bool ok = ledger_open(path, "replay", false, &ledger, err) &&
              ledger_get(ledger, "options", 0, 0, &bytes, &found, err);
    if (ok && (!found || !book_settings_load(&bytes, arena, options)))
        ok = unclear(path, "its logs", err);
    ledger_close(ledger);
    buffer_free(&bytes);
    return ok;
}
