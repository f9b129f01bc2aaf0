/* See book.h. */
#include "book.h"

#include "../diff/base/clock.h"
#include "book_lanes.h"
#include "book_marks.h"
#include "book_result.h"
#include "book_settings.h"
#include "replaced.h"
#include "../diff/base/bytes.h"
#include "../diff/ledger_place.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define PURPOSE "replay"
#define SAVE_SECONDS 0.1 /* between two saves at least, */
#define SAVE_SHARE                                                                                 \
    10 /* and so many times what the last one took: at most a tenth of the time. What              \
          is not saved when a run is killed cuts the sessions that wrote */
#define MEGABYTE (UINT64_C(1) << 20)

enum { FINISHED, INTENDED, MARKS };
static const char *const marks_kind[MARKS] = {[FINISHED] = "finished", [INTENDED] = "intended"};

struct book {
    struct ledger *ledger;
    struct book_lanes *lanes;
    char *path;
    bool resumed, had_lanes, keep_secrets;
    time_t begun;                        /* of a new run */
    unsigned char key[SIPHASH_KEY_SIZE]; /* of hashes: that of the lanes */
    struct marks before[MARKS];          /* of earlier runs: never changed, for any thread */
    struct marks marks[MARKS];
    struct buffer replaced; /* not yet put */
    int64_t replaced_next;
    uint64_t replaced_bytes, replaced_left, pair_bytes, pair_limit; /* left: exchanges */
    double due_at, due_since; /* since: book_is_due() has said so; 0: not yet */
};

/* ---- settings ---- */

static bool changed(const struct book *book, const char *what, struct err *err)
{
    return err_set(
        err, ERR_USAGE,
        "%s cannot be resumed with other settings: %s changed since its run began; start "
        "again without --resume",
        book->path, what);
}

/* What may hold passwords stands in the lanes' file, as a hash. */
static bool put_setting(struct book *book, size_t which, const struct book_setting *setting,
                        struct err *err)
{
    const struct buffer *value = &setting->value;
    if (!setting->secret)
        return ledger_put(book->ledger, "setting", (int64_t)which, 0, value->data, value->length,
                          err);
    struct buffer hash = BUFFER_INIT(16);
    buffer_add_u64(&hash, siphash_64(book_lanes_key(book->lanes), value->data, value->length));
    bool ok = book_lanes_put_setting(book->lanes, which, &hash, err);
    buffer_free(&hash);
    return ok;
}

static bool check_setting(struct book *book, size_t which, const struct book_setting *setting,
                          struct err *err)
{
    struct buffer old = BUFFER_INIT(BUFFER_NO_LIMIT), hash = BUFFER_INIT(16);
    const struct buffer *value = &setting->value;
    bool found;
    if (setting->secret && !book->had_lanes)
        return true; /* nobody can tell any more */
    bool ok = setting->secret
                  ? book_lanes_get_setting(book->lanes, which, &old, &found, err)
                  : ledger_get(book->ledger, "setting", (int64_t)which, 0, &old, &found, err);
    if (setting->secret) {
        buffer_add_u64(&hash, siphash_64(book_lanes_key(book->lanes), value->data, value->length));
        value = &hash;
    }
    if (ok &&
        (!found || old.length != value->length || memcmp(old.data, value->data, old.length) != 0))
        ok = changed(book, setting->name, err);
    buffer_free(&old);
    buffer_free(&hash);
    return ok;
}

static bool settle(struct book *book, const struct replay_options *options, struct err *err)
{
    struct book_setting settings[BOOK_SETTINGS];
    bool ok = book_settings_fill(options, settings, err);
    for (size_t i = 0; i < BOOK_SETTINGS && ok; i++)
        ok = book->resumed ? check_setting(book, i, &settings[i], err)
                           : put_setting(book, i, &settings[i], err);
    /* A lanes' file that was made anew has none. */
    for (size_t i = 0; i < BOOK_SETTINGS && ok && book->resumed && !book->had_lanes; i++)
        ok = !settings[i].secret || put_setting(book, i, &settings[i], err);
    book_settings_free(settings);
    return ok;
}

/* ---- opening ---- */

static bool create(struct book *book, const struct replay_options *options, struct err *err)
{
    struct buffer path = BUFFER_INIT(1 << 14), start = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct buffer told = BUFFER_INIT(BUFFER_NO_LIMIT);
    unsigned char run[BOOK_RUN_SIZE];
    bool ok = ledger_place_new(PURPOSE, options->ledger_path, &path, err) &&
              ledger_create((const char *)path.data, PURPOSE, &book->ledger, err);
    if (ok)
        book->path = mem_copy_string((const char *)path.data);
    if (ok && getrandom(run, sizeof run, 0) != (ssize_t)sizeof run)
        ok = err_set(err, ERR_INTERNAL, "no random bytes for a name: %s", strerror(errno));
    book->begun = time(NULL);
    book_result_put_start(&start, options, book->begun);
    book_settings_save(&told, options);
    ok = ok && book_lanes_create(book->path, run, &book->lanes, err) &&
         settle(book, options, err) && book_lanes_save(book->lanes, err) &&
         ledger_put(book->ledger, "run", 0, 0, run, sizeof run, err) &&
         ledger_put(book->ledger, "start", 0, 0, start.data, start.length, err) &&
         ledger_put(book->ledger, "options", 0, 0, told.data, told.length, err) &&
         ledger_save(book->ledger, err);
    if (!ok && book->ledger) { /* nothing was begun: no trace of it */
        char *log = mem_format("%s-wal", book->path);
        ledger_close(book->ledger);
        book->ledger = NULL;
        book_lanes_remove(book->lanes);
        book->lanes = NULL;
        unlink(log);
        unlink(book->path);
        free(log);
    }
    buffer_free(&told);
    buffer_free(&start);
    buffer_free(&path);
    return ok;
}

struct loading {
    struct book *book;
    int which; /* FINISHED or INTENDED */
};

static bool damaged(const struct book *book, const char *what, struct err *err)
{
    return err_set(err, ERR_USAGE, "%s cannot be resumed: what it says of %s cannot be understood",
                   book->path, what);
}

static bool load_marks(void *context, int64_t id, int64_t part, const unsigned char *bytes,
                       size_t length, struct err *err)
{
    const struct loading *loading = context;
    struct book *book = loading->book;
    if (part || id < 0 || !marks_load(&book->before[loading->which], (uint64_t)id, bytes, length) ||
        !marks_load(&book->marks[loading->which], (uint64_t)id, bytes, length))
        return damaged(book, marks_kind[loading->which], err);
    return true;
}

static bool count_pair(void *context, int64_t id, int64_t part, const unsigned char *bytes,
                       size_t length, struct err *err)
{
    struct book *book = context;
    (void)id, (void)part, (void)bytes, (void)err;
    book->pair_bytes += length;
    return true;
}

static bool count_replaced(void *context, int64_t id, int64_t part, const unsigned char *bytes,
                           size_t length, struct err *err)
{
    struct book *book = context;
    (void)part, (void)bytes, (void)err;
    book->replaced_bytes += length;
    book->replaced_next = id + 1;
    return true;
}

static bool count_left(void *context, int64_t id, int64_t part, const unsigned char *bytes,
                       size_t length, struct err *err)
{
    struct book *book = context;
    struct bytes in = {bytes, bytes + length, false};
    (void)id, (void)part;
    book->replaced_left = bytes_u64(&in);
    return bytes_at_end(&in) || damaged(book, "replaced values", err);
}

/* Of a run that was killed when it was over, before it could do that. */
static void remove_lanes(struct book *book, const unsigned char run[BOOK_RUN_SIZE])
{
    struct err err;
    if (book_lanes_open(book->path, run, &book->lanes, &err))
        book_lanes_remove(book->lanes);
    book->lanes = NULL;
}

/* A run that was interrupted has left a result, which is not the last word. */
static bool reopen_result(struct book *book, const unsigned char run[BOOK_RUN_SIZE],
                          struct err *err)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool found, over = false;
    bool ok = ledger_get(book->ledger, "result", 0, 0, &bytes, &found, err);
    if (ok && found && !book_result_is_over(&bytes, &over))
        ok = damaged(book, "its end", err);
    if (ok && over)
        remove_lanes(book, run);
    if (ok && over)
        ok = err_set(err, ERR_USAGE,
                     "%s cannot be resumed: its run is over; tally-replay report %s shows it",
                     book->path, book->path);
    buffer_free(&bytes);
    return ok && book_result_drop(book->ledger, err);
}

static bool load(struct book *book, struct err *err)
{
    bool ok = true;
    for (int which = 0; which < MARKS && ok; which++) {
        struct loading loading = {book, which};
        ok = ledger_each(book->ledger, marks_kind[which], load_marks, &loading, err);
    }
    return ok && ledger_each(book->ledger, "pair", count_pair, book, err) &&
           ledger_each(book->ledger, "replaced", count_replaced, book, err) &&
           ledger_each(book->ledger, "replaced-left", count_left, book, err);
}

static bool reopen(struct book *book, const struct replay_options *options, struct err *err)
{
    struct buffer path = BUFFER_INIT(1 << 14), run = BUFFER_INIT(1 << 10);
    bool found = false;
    bool ok = ledger_place_newest(PURPOSE, options->ledger_path, &path, err) &&
              ledger_open((const char *)path.data, PURPOSE, true, &book->ledger, err);
    if (ok)
        book->path = mem_copy_string((const char *)path.data);
    if (ok && book_settings_streams(options))
        ok = err_set(err, ERR_USAGE,
                     "%s cannot be resumed: a log from standard input or a pipe cannot be told to "
                     "be the same; give files",
                     book->path);
    ok = ok && ledger_get(book->ledger, "run", 0, 0, &run, &found, err);
    if (ok && (!found || run.length != BOOK_RUN_SIZE))
        ok = err_set(err, ERR_USAGE,
                     "%s cannot be resumed: its run ended before it sent anything; start again "
                     "without --resume",
                     book->path);
    ok = ok && reopen_result(book, run.data, err) &&
         book_lanes_open(book->path, run.data, &book->lanes, err);
    if (ok && book->lanes)
        book->had_lanes = true;
    else
        ok = ok && book_lanes_create(book->path, run.data, &book->lanes, err);
    ok = ok && settle(book, options, err) && load(book, err) && book_lanes_save(book->lanes, err);
    if (!ok && !book->had_lanes) { /* it was made for nothing */
        book_lanes_remove(book->lanes);
        book->lanes = NULL;
    }
    buffer_free(&run);
    buffer_free(&path);
    return ok;
}

bool book_open(const struct replay_options *options, struct book **place, struct err *err)
{
    struct book *book = mem_zero(1, sizeof *book);
    book->resumed = options->resume;
    book->keep_secrets = options->keep_secrets;
    book->pair_limit = (uint64_t)options->answers_limit * MEGABYTE;
    buffer_init(&book->replaced, BUFFER_NO_LIMIT);
    *place = NULL;
    if (options->resume ? reopen(book, options, err) : create(book, options, err)) {
        memcpy(book->key, book_lanes_key(book->lanes), sizeof book->key);
        *place = book;
        return true;
    }
    book_close(book);
    return false;
}

void book_close(struct book *book)
{
    if (!book)
        return;
    ledger_close(book->ledger);
    book_lanes_close(book->lanes);
    for (int which = 0; which < MARKS; which++) {
        marks_free(&book->before[which]);
        marks_free(&book->marks[which]);
    }
    buffer_free(&book->replaced);
    explicit_bzero(book->key, sizeof book->key);
    free(book->path);
    free(book);
}

time_t book_begun(const struct book *book)
{
    return book->begun;
}

const char *book_path(const struct book *book)
{
    return book->path;
}

bool book_has_lanes(const struct book *book)
{
    return book->had_lanes;
}

const unsigned char *book_key(const struct book *book)
{
    return book->keep_secrets ? NULL : book->key;
}

/* ---- what earlier runs did ---- */

enum book_state book_state(const struct book *book, uint64_t number)
{
    if (marks_has(&book->before[FINISHED], number))
        return BOOK_FINISHED;
    return marks_has(&book->before[INTENDED], number) ? BOOK_UNCERTAIN : BOOK_NEW;
}

bool book_outcome(struct book *book, struct buffer *bytes, bool *found, struct err *err)
{
    return ledger_get(book->ledger, "outcome", 0, 0, bytes, found, err);
}

bool book_lane(struct book *book, uint64_t session, struct buffer *bytes, bool *found,
               struct err *err)
{
    return book_lanes_get(book->lanes, session, bytes, found, err);
}

bool book_each_shared(struct book *book,
                      bool (*take)(void *context, const unsigned char *bytes, size_t length,
                                   struct err *err),
                      void *context, struct err *err)
{
    return book_lanes_each_shared(book->lanes, take, context, err);
}

/* ---- what this run does ---- */

struct marking {
    struct ledger *ledger;
    const char *kind;
};

static bool put_block(void *context, size_t block, const void *bytes, size_t length,
                      struct err *err)
{
    const struct marking *marking = context;
    return ledger_put(marking->ledger, marking->kind, (int64_t)block, 0, bytes, length, err);
}

static bool put_marks(struct book *book, int which, struct err *err)
{
    struct marking marking = {book->ledger, marks_kind[which]};
    return marks_save(&book->marks[which], put_block, &marking, err);
}

bool book_intend(struct book *book, const uint64_t *numbers, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        (void)marks_set(&book->marks[INTENDED], numbers[i]);
    return put_marks(book, INTENDED, err) && ledger_save(book->ledger, err);
}

void book_withdraw(struct book *book, uint64_t number)
{
    marks_clear(&book->marks[INTENDED], number);
}

void book_finish(struct book *book, uint64_t number)
{
    /* Of a block that is finished nobody asks what was intended. */
    if (marks_set(&book->marks[FINISHED], number))
        marks_drop(&book->marks[INTENDED], marks_block_of(number));
}

void book_replaced(struct book *book, const struct exchange *exchange)
{
    if (book->replaced_bytes + book->replaced.length < REPLACED_MOST)
        replaced_add(&book->replaced, exchange, book_key(book));
    else
        book->replaced_left++;
}

bool book_pair(struct book *book, uint64_t number, const void *bytes, size_t length, bool *kept,
               struct err *err)
{
    *kept = book->pair_bytes + length <= book->pair_limit;
    if (!*kept)
        return true;
    book->pair_bytes += length;
    return ledger_put(book->ledger, "pair", (int64_t)number, 0, bytes, length, err);
}

bool book_put_lane(struct book *book, uint64_t session, const void *bytes, size_t length,
                   struct err *err)
{
    return book_lanes_put(book->lanes, session, bytes, length, err);
}

bool book_put_shared(struct book *book, const void *bytes, size_t length, bool whole,
                     struct err *err)
{
    return book_lanes_put_shared(book->lanes, bytes, length, whole, err);
}

bool book_is_due(struct book *book)
{
    double time = clock_now();
    if (time < book->due_at)
        return false;
    if (book->due_since == 0)
        book->due_since = time;
    return true;
}

static bool put_replaced(struct book *book, struct err *err)
{
    struct buffer *bytes = &book->replaced, left = BUFFER_INIT(8);
    if (book->replaced_left) {
        buffer_add_u64(&left, book->replaced_left);
        bool good = ledger_put(book->ledger, "replaced-left", 0, 0, left.data, left.length, err);
        buffer_free(&left);
        if (!good)
            return false;
    }
    if (!bytes->length)
        return true;
    book->replaced_bytes += bytes->length;
    bool ok = ledger_put(book->ledger, "replaced", book->replaced_next++, 0, bytes->data,
                         bytes->length, err);
    buffer_clear(bytes);
    return ok;
}

bool book_save(struct book *book, const struct buffer *outcome, struct err *err)
{
    double from = book->due_since != 0 ? book->due_since : clock_now();
    bool ok = book_lanes_save(book->lanes, err) && put_marks(book, INTENDED, err) &&
              put_marks(book, FINISHED, err) && put_replaced(book, err) &&
              ledger_put(book->ledger, "outcome", 0, 0, outcome->data, outcome->length, err) &&
              ledger_save(book->ledger, err);
    double to = clock_now(), pause = SAVE_SHARE * (to - from);
    book->due_at = to + (pause > SAVE_SECONDS ? pause : SAVE_SECONDS);
    book->due_since = 0;
    return ok;
}

bool book_end(struct book *book, const struct replay_result *result, struct err *err)
{
    bool over = !result->interrupted && !result->ended;
    if (!put_replaced(book, err) || !book_result_put(book->ledger, result, over, err) ||
        !ledger_save(book->ledger, err))
        return false;
    if (over) {
        book_lanes_remove(book->lanes);
        book->lanes = NULL;
        return true;
    }
    return book_lanes_save(book->lanes, err);
}
