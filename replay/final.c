/* See final.h. One job is one comparison; a few threads take jobs, and this one waits. */
#include "final.h"

#include "final_parts.h"

#include "../diff/base/thread.h"

#include <ctype.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SIDE_BY_SIDE 4     /* comparisons at the same time, at most */
#define NAME_MOST 60       /* bytes of a tenant in a URI: PostgreSQL's names have at most 63 */
#define PATIENCE 900000000 /* nanoseconds that an interrupted comparison may take to end */

static volatile atomic_bool interrupted;

void final_interrupt(void)
{
    atomic_store(&interrupted, true);
    verify_interrupt();
}

/* ---- Which databases
 * ------------------------------------------------------------------------------------ */

static bool names_tenant(const char *text)
{
    return text && strstr(text, FINAL_TENANT);
}

static bool is_safe(const char *tenant)
{
    size_t length = strlen(tenant);
    for (const char *at = tenant; *at; at++)
        if (!isalnum((unsigned char)*at) && *at != '_' && *at != '-')
            return false;
    return length > 0 && length <= NAME_MOST && tenant[0] != '-';
}

static const char *substitute(struct arena *arena, const char *text, const char *tenant)
{
    if (!text)
        return NULL;
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (const char *found; (found = strstr(text, FINAL_TENANT));
         text = found + strlen(FINAL_TENANT)) {
        buffer_add(&out, text, (size_t)(found - text));
        buffer_add_text(&out, tenant);
    }
    buffer_add_text(&out, text);
    const char *copy = arena_copy(arena, (const char *)out.data);
    buffer_free(&out);
    return copy;
}

static void add_database(struct final *final, const char *tenant, bool by_tenant)
{
    const struct replay_options *options = final->options;
    struct final_database *database = &final->databases[final->count++];
    database->tenant = arena_copy(&final->arena, tenant);
    if (by_tenant && !is_safe(tenant)) {
        database->problem = "the tenant's name cannot be the name of a database: it may have "
                            "letters, digits, _ and -, and at most 60 of them";
        return;
    }
    for (int side = 0; side < SIDES; side++)
        database->uri[side] = substitute(&final->arena, options->verify[side], tenant);
    database->mapping_path = substitute(&final->arena, options->mapping_path, tenant);
}

static int compare_texts(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

bool final_new(const struct replay_options *options, const char *const *tenants,
               size_t tenant_count, struct final **place, struct err *err)
{
    bool by_tenant = names_tenant(options->verify[SOURCE]) ||
                     names_tenant(options->verify[TARGET]) || names_tenant(options->mapping_path);
    bool any = false;
    for (size_t i = 0; i < tenant_count; i++)
        any = any || *tenants[i];
    *place = NULL;
    if (by_tenant && !any)
        return err_set(err, ERR_USAGE,
                       "--verify names " FINAL_TENANT ", and the log has no "
                       "tenants: --tenant says what a tenant is known by.");
    struct final *final = mem_zero(1, sizeof *final);
    pthread_mutex_init(&final->lock, NULL);
    pthread_cond_init(&final->ended, NULL);
    final->options = options;
    final->by_tenant = by_tenant;
    final->databases = mem_zero(tenant_count + 1, sizeof *final->databases);
    if (!by_tenant)
        add_database(final, "", false);
    const char **sorted = mem_zero(tenant_count + 1, sizeof *sorted);
    for (size_t i = 0; i < tenant_count; i++)
        sorted[i] = tenants[i];
    qsort(sorted, tenant_count, sizeof *sorted, compare_texts);
    /* Requests without a tenant have no database. */
    for (size_t i = 0; by_tenant && i < tenant_count; i++)
        if (*sorted[i] && (i == 0 || strcmp(sorted[i], sorted[i - 1]) != 0))
            add_database(final, sorted[i], true);
    free(sorted);
    *place = final;
    return true;
}

void final_free(struct final *final)
{
    if (!final || final->abandoned)
        return; /* threads still use it, until the process ends */
    free(final->pairs);
    free(final->made);
    free(final->databases);
    arena_free(&final->arena);
    pthread_cond_destroy(&final->ended);
    pthread_mutex_destroy(&final->lock);
    free(final);
}

/* ---- Ledgers
 * -------------------------------------------------------------------------------------------- */

static const char *ledger_of(struct final *final, const char *ledger_path, const char *when,
                             const char *tenant)
{
    if (!ledger_path)
        return NULL;
    return arena_format(&final->arena, "%s.%s%s%s.verify", ledger_path, when, *tenant ? "-" : "",
                        tenant);
}

/* What an interrupted run left; SQLite's log may lie beside it. */
static void remove_ledger(const char *path)
{
    char *log = mem_format("%s-wal", path);
    unlink(log);
    unlink(path);
    free(log);
}

static void choose_ledgers(struct final *final, const char *ledger_path)
{
    for (size_t i = 0; i < final->count; i++) {
        struct final_database *database = &final->databases[i];
        const char *tenant = database->tenant;
        if (database->problem)
            continue;
        database->before = ledger_of(final, ledger_path, "before", tenant);
        database->seen = database->before && access(database->before, R_OK) == 0;
        const char *path =
            ledger_of(final, ledger_path, final->is_before ? "before-unfinished" : "after", tenant);
        database->ledger = path;
        if (path)
            remove_ledger(path);
    }
}

/* ---- Running
 * -------------------------------------------------------------------------------------------- */

/* Only a state that was seen whole is a baseline. */
static bool keep_before(struct final_database *database, struct err *err)
{
    if (!database->result.ledger_path)
        return err_set(err, ERR_INTERNAL, "the ledger of the state before cannot be kept");
    if (rename(database->ledger, database->before) != 0)
        return err_set(err, ERR_INTERNAL, "%s: %s", database->before, strerror(errno));
    return true;
}

static void run_one(struct final *final, struct final_database *database)
{
    struct err err = {0};
    struct verify_options options = {
        .uri = {database->uri[SOURCE], database->uri[TARGET]},
        .mapping_path = database->mapping_path,
        .id_pairs = final->pairs + database->first_pair,
        .id_pair_count = database->pair_count,
        .jobs = final->count > 1 ? 1 : 2,
        .findings = 10,
        .quiet = true,
        .keep_process = true,
        .ledger_path = database->ledger,
        .baseline_path = final->is_before || !database->seen ? NULL : database->before,
        .only_new = !final->is_before && database->seen,
        .format = "json",
    };
    bool ok = verify_run(&options, &database->result, &err);
    if (ok && database->result.interrupted)
        ok = err_set(&err, ERR_INTERRUPTED, "interrupted before it was compared");
    if (ok && final->is_before)
        ok = keep_before(database, &err);
    pthread_mutex_lock(&final->lock);
    if (!ok) {
        database->err = err;
        database->failed = true;
    } else if (!final->is_before && !final->abandoned) {
        final_convert(final, database, &options);
    }
    if (!final->abandoned)
        final_take_uris(final, database);
    pthread_mutex_unlock(&final->lock);
    verify_result_free(&database->result);
}

static void *thread_main(void *argument)
{
    struct final *final = argument;
    for (;;) {
        pthread_mutex_lock(&final->lock);
        struct final_database *database = NULL;
        while (final->next < final->count && !database && !atomic_load(&interrupted)) {
            database = &final->databases[final->next++];
            database = database->problem ? NULL : database;
        }
        if (!database) {
            final->running--;
            pthread_cond_signal(&final->ended);
            pthread_mutex_unlock(&final->lock);
            return NULL;
        }
        database->started = true;
        pthread_mutex_unlock(&final->lock);
        run_one(final, database);
        pthread_mutex_lock(&final->lock);
        database->done = true;
        pthread_mutex_unlock(&final->lock);
    }
}

/* False: one hangs in a connection attempt when all is to end, and is left to itself. */
static bool wait_for_threads(struct final *final)
{
    struct timespec now, over = {0, 0};
    pthread_mutex_lock(&final->lock);
    while (final->running) {
        clock_gettime(CLOCK_REALTIME, &now);
        bool ends = atomic_load(&interrupted);
        if (ends && !over.tv_sec) {
            over = now;
            over.tv_nsec += PATIENCE;
        }
        if (ends && (now.tv_sec - over.tv_sec) * 1000000000L + now.tv_nsec - over.tv_nsec > 0) {
            final->abandoned = true;
            break;
        }
        now.tv_nsec += 50000000;
        now.tv_sec += now.tv_nsec / 1000000000;
        now.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&final->ended, &final->lock, &now);
    }
    bool ended = final->running == 0;
    pthread_mutex_unlock(&final->lock);
    return ended;
}

static bool run_all(struct final *final, struct err *err)
{
    pthread_t threads[SIDE_BY_SIDE];
    size_t wanted = final->count < SIDE_BY_SIDE ? final->count : SIDE_BY_SIDE, started = 0;
    final->next = 0;
    final->running = wanted;
    for (size_t i = 0; i < final->count; i++) {
        struct final_database *database = &final->databases[i];
        database->started = database->done = database->failed = false;
        memset(&database->result, 0, sizeof database->result);
    }
    for (; started < wanted; started++)
        if (pthread_create(&threads[started], NULL, thread_main, final) != 0)
            break;
    pthread_mutex_lock(&final->lock);
    final->running -= wanted - started;
    pthread_mutex_unlock(&final->lock);
    if (!started)
        return err_set(err, ERR_INTERNAL, "cannot start a thread");
    bool ended = wait_for_threads(final);
    for (size_t i = 0; i < started; i++) {
        if (ended)
            pthread_join(threads[i], NULL);
        else
            thread_leave(threads[i]);
    }
    return true;
}

/* ---- Before and after
 * ----------------------------------------------------------------------------------- */

bool final_before(struct final *final, const char *ledger_path, struct err *err)
{
    final->is_before = true;
    if (!ledger_path)
        return err_set(err, ERR_INTERNAL,
                       "without a ledger nothing can be kept of the databases "
                       "before the replay");
    choose_ledgers(final, ledger_path);
    for (size_t i = 0; i < final->count; i++)
        if (final->databases[i].before)
            remove_ledger(final->databases[i].before);
    if (!run_all(final, err))
        return false;
    if (atomic_load(&interrupted))
        return err_set(err, ERR_INTERRUPTED,
                       "interrupted while the databases were compared before "
                       "the replay; nothing was sent");
    for (size_t i = 0; i < final->count; i++) {
        const struct final_database *database = &final->databases[i];
        if (!database->failed)
            continue;
        *err = database->err;
        return err_prefix(err, "--verify-before%s%s: nothing was sent",
                          *database->tenant ? ", " : "", database->tenant);
    }
    return true;
}

bool final_after(struct final *final, const char *ledger_path, const struct token_shared *shared,
                 struct replay_result *result, struct err *err)
{
    final->is_before = false;
    final->into = result;
    choose_ledgers(final, ledger_path);
    final_collect_pairs(final, shared);
    result->databases = arena_alloc(&result->arena, final->count * sizeof *result->databases);
    result->database_count = final->count;
    for (size_t i = 0; i < final->count; i++)
        final->databases[i].into = &result->databases[i];
    if (!run_all(final, err))
        return false;
    pthread_mutex_lock(&final->lock);
    if (atomic_load(&interrupted))
        result->interrupted = true;
    bool unknown = false;
    for (size_t i = 0; i < final->count; i++) {
        const struct final_database *database = &final->databases[i];
        final_complete(final, &final->databases[i]);
        unknown |= final->options->verify_before && !database->seen && !database->problem;
    }
    if (unknown)
        final_note(result, "What databases were before the replay is not known any more: all that "
                           "differs is shown as its doing.");
    pthread_mutex_unlock(&final->lock);
    return true;
}
