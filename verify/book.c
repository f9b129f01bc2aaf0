/* See book.h. */
#include "book.h"

#include "../diff/base/clock.h"
#include "layout.h"
#include "result_ledger.h"
#include "../diff/base/display.h"
#include "../diff/base/hash.h"
#include "../diff/ledger_place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SAVE_SECONDS 0.25     /* between two saves at least, */
#define SAVE_SHARE 50         /* and so many times what the last one took: at most 2 % of the run */
#define STAMP_FROM_ROWS 20000 /* smaller tables are one split */

struct book {
    struct ledger *ledger; /* NULL: could not be written any more */
    char *path;
    bool resumed;
    char start[40]; /* of the first run, for people */
    size_t table_count;
    const struct item **marked[SIDES]; /* per table: has something new to save */
    struct buffer *stamps[SIDES];      /* per table: as it was before this run's snapshot */
    double save_after;                 /* clock_now() of the next save that is not forced */
    uint64_t kept_rows[SIDES];         /* read by earlier runs, and taken over */
};

/* ---- Where ledgers live
 * ------------------------------------------------------------------------------- */

static bool create_ledger(const struct verify_options *options, struct book *book, struct err *err)
{
    struct buffer path = BUFFER_INIT(1 << 14);
    bool ok = ledger_place_new("verify", options->ledger_path, &path, err) &&
              ledger_create((const char *)path.data, "verify", &book->ledger, err);
    if (ok)
        book->path = mem_copy_string((const char *)path.data);
    buffer_free(&path);
    return ok;
}

static bool reopen_ledger(const struct verify_options *options, struct book *book, struct err *err)
{
    struct buffer path = BUFFER_INIT(1 << 14);
    bool ok = ledger_place_newest("verify", options->ledger_path, &path, err) &&
              ledger_open((const char *)path.data, "verify", true, &book->ledger, err);
    if (ok)
        book->path = mem_copy_string((const char *)path.data);
    book->resumed = true;
    buffer_free(&path);
    return ok;
}

static void note_no_ledger(struct verify_result *result, const struct err *err)
{
    char *note = mem_format("this run keeps no ledger and cannot be resumed: %s", err->text);
    text_list_add(&result->notes, note);
    free(note);
}

/* A ledger into which not even the plan could be written. */
static void drop_ledger(struct book *book)
{
    char *log = mem_format("%s-wal", book->path);
    ledger_close(book->ledger);
    book->ledger = NULL;
    unlink(log);
    unlink(book->path);
    free(log);
}

bool book_open(const struct verify_options *options, struct verify_result *result,
               struct book **place, struct err *err)
{
    struct book *book = mem_zero(1, sizeof *book);
    *place = NULL;
    bool ok =
        options->resume ? reopen_ledger(options, book, err) : create_ledger(options, book, err);
    if (ok) {
        *place = book;
        return true;
    }
    free(book->path);
    free(book);
    if (options->resume || options->ledger_path)
        return false;
    note_no_ledger(result, err);
    return true;
}

const char *book_path(const struct book *book)
{
    return book->path;
}

bool book_is_resumed(const struct book *book)
{
    return book->resumed;
}

/* ---- Settings
 * ------------------------------------------------------------------------------------------- */

static void join(const struct text_list *list, struct buffer *out)
{
    for (size_t i = 0; i < list->count; i++)
        buffer_printf(out, "%s\n", list->items[i]);
}

/* The mapping by its content, so that a moved file is still the same. */
static bool hash_file(const char *path, struct buffer *out, struct err *err)
{
    if (!path)
        return true;
    FILE *file = fopen(path, "rb");
    if (!file)
        return err_set(err, ERR_USAGE, "%s: %s", path, strerror(errno));
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (;;) {
        unsigned char *place = buffer_reserve(&text, 1 << 16);
        size_t got = fread(place, 1, 1 << 16, file);
        text.length += got;
        if (!got)
            break;
    }
    bool ok = !ferror(file) || err_set(err, ERR_USAGE, "%s: %s", path, strerror(errno));
    fclose(file);
    struct hash128 hash = hash_128(text.data, text.length);
    buffer_add_hex(out, &hash, sizeof hash);
    buffer_free(&text);
    return ok;
}

struct setting {
    const char *name; /* as the refusal says it */
    struct buffer value;
};

enum {
    SETTING_CONTRACT,
    SETTING_TABLES,
    SETTING_EXCLUDES,
    SETTING_MAPPING,
    SETTING_IDS, /* empty: none */
    SETTINGS
};

static bool fill_settings(const struct verify_options *options, const struct ids *ids,
                          struct setting *settings, struct err *err)
{
    static const char *const names[SETTINGS] = {"the version of the type contract", "--table",
                                                "--exclude", "the mapping file",
                                                "the list of paired ids"};
    for (size_t i = 0; i < SETTINGS; i++) {
        settings[i].name = names[i];
        buffer_init(&settings[i].value, BUFFER_NO_LIMIT);
    }
    buffer_printf(&settings[SETTING_CONTRACT].value, "%d", CONTRACT_VERSION);
    join(&options->tables, &settings[SETTING_TABLES].value);
    join(&options->excludes, &settings[SETTING_EXCLUDES].value);
    ids_fingerprint(ids, &settings[SETTING_IDS].value);
    return hash_file(options->mapping_path, &settings[SETTING_MAPPING].value, err);
}

/* Writes a record of a new run, or holds it against what the earlier run has written: an empty one
 * equals one that an earlier version did not know. */
static bool put_or_compare(struct book *book, const char *kind, int64_t id, int64_t part,
                           const struct buffer *bytes, bool *same, struct err *err)
{
    *same = true;
    if (!book->resumed)
        return ledger_put(book->ledger, kind, id, part, bytes->data, bytes->length, err);
    struct buffer old = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool found;
    bool ok = ledger_get(book->ledger, kind, id, part, &old, &found, err);
    *same = ok && (found || !bytes->length) && old.length == bytes->length &&
            memcmp(old.data, bytes->data, old.length) == 0;
    buffer_free(&old);
    return ok;
}

static bool changed(const struct book *book, struct err *err, const char *what)
{
    return err_set(err, ERR_USAGE,
                   "%s cannot be resumed: %s has changed since; start again without --resume",
                   book->path, what);
}

static bool plan_settings(struct book *book, const struct verify_options *options,
                          const struct ids *ids, struct err *err)
{
    struct setting settings[SETTINGS];
    bool ok = fill_settings(options, ids, settings, err);
    for (size_t i = 0; i < SETTINGS && ok; i++) {
        bool same;
        ok = put_or_compare(book, "setting", (int64_t)i, 0, &settings[i].value, &same, err);
        if (ok && !same)
            ok = changed(book, err, settings[i].name);
    }
    for (size_t i = 0; i < SETTINGS; i++)
        buffer_free(&settings[i].value);
    return ok;
}

static bool plan_uris(struct book *book, const struct verify_result *result, struct err *err)
{
    for (int side = 0; side < SIDES; side++) {
        struct buffer uri = BUFFER_INIT(1 << 14);
        buffer_add_text(&uri, result->side[side].shown_uri);
        bool same;
        bool ok = put_or_compare(book, "uri", 0, side, &uri, &same, err);
        buffer_free(&uri);
        if (!ok)
            return false;
        if (!same)
            return changed(book, err, side == SOURCE ? "the source" : "the target");
    }
    return true;
}

/* ---- Tables
 * -----------------------------------------------------------------------------------------------
 */

/* A split by key means the ranges of the key that leads the table's storage: another key of the
 * same columns would cut the rows that were not yet read in another way. */
static void add_keys(const struct plan_table *table, struct buffer *out)
{
    for (int side = 0; side < SIDES; side++) {
        const struct table *of = table->table[side];
        for (size_t i = 0; i < of->key_count; i++) {
            const struct key *key = &of->keys[i];
            if (!key->primary)
                continue;
            buffer_add_u32(out, (uint32_t)key->column_count);
            for (size_t c = 0; c < key->column_count; c++) {
                const char *name = of->columns[key->columns[c]].name;
                buffer_add(out, name, strlen(name) + 1);
            }
        }
        buffer_add_byte(out, '\0');
    }
}

static bool plan_one_table(struct book *book, size_t i, struct plan *plan, struct err *err)
{
    struct plan_table *table = &plan->tables[i];
    struct buffer layout = BUFFER_INIT(BUFFER_NO_LIMIT), buckets = BUFFER_INIT(BUFFER_NO_LIMIT);
    layout_encode(table, &layout);
    add_keys(table, &layout);
    layout_encode_buckets(table, &buckets);
    bool same, found = true;
    bool ok = put_or_compare(book, "table", (int64_t)i, 0, &layout, &same, err);
    if (ok && !same) {
        char *what = mem_format("table %s (its columns, types, key or mapping)",
                                table->result->name[SOURCE]);
        ok = changed(book, err, what);
        free(what);
    }
    if (ok && book->resumed) {
        ok = ledger_get(book->ledger, "buckets", (int64_t)i, 0, &buckets, &found, err);
        if (ok && (!found || !layout_decode_buckets(&buckets, table, &plan->arena)))
            ok = err_set(err, ERR_USAGE, "%s: the buckets of table %s cannot be read", book->path,
                         table->result->name[SOURCE]);
    } else if (ok) {
        ok = ledger_put(book->ledger, "buckets", (int64_t)i, 0, buckets.data, buckets.length, err);
    }
    buffer_free(&layout);
    buffer_free(&buckets);
    return ok;
}

static bool stamp_table(struct book *book, size_t i, const struct plan_side sides[SIDES],
                        const struct plan_table *table, struct err *err)
{
    for (int side = 0; side < SIDES; side++) {
        buffer_init(&book->stamps[side][i], BUFFER_NO_LIMIT);
        struct buffer *stamp = &book->stamps[side][i];
        if (!table->comparable || table->estimate < STAMP_FROM_ROWS || !sides[side].engine->stamp)
            continue;
        if (!sides[side].engine->stamp(sides[side].connection, table->table[side], stamp, err)) {
            if (err->code != ERR_TABLE && err->code != ERR_RETRY)
                return false;
            buffer_clear(stamp); /* not known: then it is read whole again */
        }
        if (!book->resumed &&
            !ledger_put(book->ledger, "stamp", (int64_t)i, side, stamp->data, stamp->length, err))
            return false;
    }
    return true;
}

/* When the first run began, for people. An earlier run that was killed before it had a plan has
 * left none. */
static bool plan_start(struct book *book, const struct verify_result *result, struct err *err)
{
    if (book->resumed) {
        struct buffer start = BUFFER_INIT(64);
        bool found;
        bool ok = ledger_get(book->ledger, "start", 0, 0, &start, &found, err);
        if (ok && !found)
            ok = err_set(err, ERR_USAGE,
                         "%s cannot be resumed: its run ended before it read anything; start again "
                         "without --resume",
                         book->path);
        if (ok)
            snprintf(book->start, sizeof book->start, "%s", (const char *)start.data);
        buffer_free(&start);
        return ok;
    }
    struct tm utc;
    gmtime_r(&result->started, &utc);
    size_t length = strftime(book->start, sizeof book->start, "%Y-%m-%d %H:%M:%S UTC", &utc);
    return ledger_put(book->ledger, "start", 0, 0, book->start, length, err);
}

/* Ids are values of the databases. */
static bool are_masked(const struct plan *plan)
{
    for (size_t t = 0; t < plan->table_count; t++)
        for (size_t i = 0; i < plan->tables[t].column_count; i++)
            if (plan->tables[t].columns[i].ids && plan->tables[t].columns[i].masked)
                return true;
    return false;
}

static bool plan_all(struct book *book, const struct verify_options *options, const struct ids *ids,
                     const struct plan_side sides[SIDES], struct plan *plan,
                     const struct verify_result *result, struct err *err)
{
    book->table_count = plan->table_count;
    for (int side = 0; side < SIDES; side++) {
        book->marked[side] = mem_zero(plan->table_count + 1, sizeof *book->marked[side]);
        book->stamps[side] = mem_zero(plan->table_count + 1, sizeof *book->stamps[side]);
        for (size_t i = 0; i < plan->table_count; i++)
            buffer_init(&book->stamps[side][i], BUFFER_NO_LIMIT);
    }
    if (!plan_start(book, result, err) || !plan_settings(book, options, ids, err) ||
        !plan_uris(book, result, err))
        return false;
    if (!book->resumed && !options->no_values && !are_masked(plan) &&
        !ids_ledger_put(ids, book->ledger, err))
        return false;
    struct buffer count = BUFFER_INIT(64);
    buffer_printf(&count, "%zu", plan->table_count);
    bool same;
    bool ok = put_or_compare(book, "tables", 0, 0, &count, &same, err);
    buffer_free(&count);
    if (ok && !same)
        ok = changed(book, err, "the number of tables to compare");
    for (size_t i = 0; i < plan->table_count && ok; i++)
        ok = plan_one_table(book, i, plan, err) &&
             stamp_table(book, i, sides, &plan->tables[i], err);
    if (ok && book->resumed)
        ok = result_ledger_drop(book->ledger, err) && differences_drop(book->ledger, err);
    return ok && ledger_save(book->ledger, err);
}

bool book_plan(struct book *book, const struct verify_options *options, const struct ids *ids,
               const struct plan_side sides[SIDES], struct plan *plan, struct verify_result *result,
               struct err *err)
{
    if (plan_all(book, options, ids, sides, plan, result, err))
        return true;
    /* A full disk ends no run that did not ask for a ledger. */
    if (err->code != ERR_INTERNAL || book->resumed || options->ledger_path)
        return false;
    note_no_ledger(result, err);
    drop_ledger(book);
    free(result->ledger_path);
    result->ledger_path = NULL;
    return true;
}

/* ---- Readings
 * --------------------------------------------------------------------------------------------- */

static bool is_whole(const struct item_side *of)
{
    for (size_t i = 0; i < of->split_count; i++)
        if (!of->split_done[i])
            return false;
    return true;
}

/* Was the table left alone from the stamp of the earlier reading to this run's snapshot? */
static bool can_be_continued(struct book *book, size_t i, enum side side,
                             const struct plan_side *of, const struct table *table, bool *can,
                             struct err *err)
{
    struct buffer stamp = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool found;
    *can = false;
    bool ok = ledger_get(book->ledger, "stamp", (int64_t)i, side, &stamp, &found, err);
    if (ok && found && stamp.length && of->engine->unchanged)
        ok = of->engine->unchanged(of->connection, table, (const char *)stamp.data, can, err);
    if (!ok && (err->code == ERR_TABLE || err->code == ERR_RETRY)) {
        *can = false;
        ok = true;
    }
    buffer_free(&stamp);
    return ok;
}

static bool drop_reading(struct book *book, size_t i, enum side side, struct err *err)
{
    const struct buffer *stamp = &book->stamps[side][i];
    return ledger_remove(book->ledger, "reading", (int64_t)i, side, err) &&
           ledger_put(book->ledger, "stamp", (int64_t)i, side, stamp->data, stamp->length, err);
}

static bool load_side(struct book *book, size_t i, const struct plan_table *table, enum side side,
                      const struct plan_side *with, bool shared, struct item_side *of,
                      struct text_list *reread, struct err *err)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool found;
    bool ok = ledger_get(book->ledger, "reading", (int64_t)i, side, &bytes, &found, err);
    if (ok && found && !layout_decode_reading(&bytes, table, side, of))
        ok = err_set(err, ERR_USAGE, "%s: the reading of table %s cannot be understood", book->path,
                     table->result->name[side]);
    buffer_free(&bytes);
    if (!ok || !found)
        return ok && (found || !book->resumed || drop_reading(book, i, side, err));
    bool can = is_whole(of);
    if (!can && shared && !can_be_continued(book, i, side, with, table->table[side], &can, err))
        return false;
    if (can) {
        of->state = SIDE_READY;
        book->kept_rows[side] += of->digest->rows;
        return true;
    }
    layout_release_reading(of);
    char *text = mem_format("%s (%s)", table->result->name[side], side_name[side]);
    text_list_add(reread, text);
    free(text);
    return drop_reading(book, i, side, err);
}

bool book_load(struct book *book, const struct plan *plan, const struct plan_side sides[SIDES],
               const bool shared[SIDES], struct item *item, struct text_list *reread,
               struct err *err)
{
    if (!book->resumed)
        return true;
    size_t i = (size_t)(item->table - plan->tables);
    for (int side = 0; side < SIDES; side++)
        if (!load_side(book, i, item->table, (enum side)side, &sides[side], shared[side],
                       &item->side[side], reread, err))
            return false;
    return true;
}

void book_tell(const struct book *book, struct verify_result *result)
{
    char source[32], target[32];
    for (int side = 0; side < SIDES; side++)
        result->rows_kept[side] = book->kept_rows[side];
    if (!book->kept_rows[SOURCE] && !book->kept_rows[TARGET])
        return;
    char *note = mem_format("resumed: %s rows of the source and %s of the target were read by the "
                            "run of %s and not again; what changed in them since is not seen",
                            human_count(book->kept_rows[SOURCE], source),
                            human_count(book->kept_rows[TARGET], target), book->start);
    text_list_add(&result->notes, note);
    free(note);
}

void book_mark(struct book *book, const struct plan *plan, const struct item *item, enum side side)
{
    book->marked[side][item->table - plan->tables] = item;
}

/* A ledger that cannot be written must not end the comparison: it is given up, and that is said. */
static void give_up(struct book *book, struct verify_result *result, const struct err *err)
{
    char *note =
        mem_format("the ledger is not kept any more; what it held when it was last saved can "
                   "be resumed: %s",
                   err->text);
    text_list_add(&result->notes, note);
    free(note);
    ledger_close(book->ledger);
    book->ledger = NULL;
}

static bool save_reading(struct book *book, size_t i, enum side side, struct err *err)
{
    const struct item *item = book->marked[side][i];
    if (!item)
        return true;
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    layout_encode_reading(&item->side[side], item->table->column_count, &bytes);
    bool ok = ledger_put(book->ledger, "reading", (int64_t)i, side, bytes.data, bytes.length, err);
    buffer_free(&bytes);
    book->marked[side][i] = NULL;
    return ok;
}

void book_write(struct book *book, const struct plan *plan, const struct item *item,
                struct verify_result *result)
{
    struct err err;
    size_t i = (size_t)(item->table - plan->tables);
    for (int side = 0; side < SIDES && book->ledger; side++)
        if (!save_reading(book, i, (enum side)side, &err))
            give_up(book, result, &err);
}

void book_forget(struct book *book, const struct plan *plan, const struct item *item,
                 enum side side, struct verify_result *result)
{
    struct err err;
    size_t i = (size_t)(item->table - plan->tables);
    book->marked[side][i] = NULL;
    if (book->ledger && !ledger_remove(book->ledger, "reading", (int64_t)i, side, &err))
        give_up(book, result, &err);
}

void book_save(struct book *book, bool force, struct verify_result *result)
{
    struct err err;
    double now = clock_now();
    if (!book->ledger || (!force && now < book->save_after))
        return;
    bool ok = true;
    for (size_t i = 0; i < book->table_count && ok; i++)
        for (int side = 0; side < SIDES && ok; side++)
            ok = save_reading(book, i, (enum side)side, &err);
    if (!ok || !ledger_save(book->ledger, &err))
        give_up(book, result, &err);
    double then = clock_now(), pause = SAVE_SHARE * (then - now);
    book->save_after = then + (pause > SAVE_SECONDS ? pause : SAVE_SECONDS);
}

void book_close(struct book *book, const struct verify_options *options, bool finished,
                const struct differences *differences, struct verify_result *result)
{
    if (!book)
        return;
    struct err err;
    if (book->ledger && finished &&
        (!result_ledger_put(book->ledger, result, options, &err) ||
         (differences && !differences_put(differences, book->ledger, &err)) ||
         !ledger_save(book->ledger, &err)))
        give_up(book, result, &err);
    ledger_close(book->ledger);
    for (int side = 0; side < SIDES; side++) {
        for (size_t i = 0; book->stamps[side] && i < book->table_count; i++)
            buffer_free(&book->stamps[side][i]);
        free(book->stamps[side]);
        free(book->marked[side]);
    }
    free(book->path);
    free(book);
}
