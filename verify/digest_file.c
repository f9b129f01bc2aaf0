/* See digest_file.h. The head records are lists of texts; numbers in them are decimal. */
#include "digest_file.h"

#include "../diff/base/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_VERSION 1
#define MOST_PARTS 1000000
#define STAMP_FROM_ROWS 20000 /* smaller tables are one piece */
#define ROWS_PER_PIECE 100000
#define FEWEST_PIECES 64 /* so that a job array has something to share */
#define MOST_PIECES 1024

/* What a digest file repeats of its plan. */
static const char *const plan_kinds[] = {"plan",   "server",  "only", "notes", "unseen", "table",
                                         "layout", "buckets", "keys", "stamp", "splits"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- Reading
 * --------------------------------------------------------------------------------------------- */

static bool refuse(const struct digest_file *file, struct err *err, const char *what)
{
    return err_set(err, ERR_USAGE, "\"%s\": %s.", ledger_path(file->ledger), what);
}

static bool parse_number(const char *text, uint64_t most, uint64_t *n)
{
    size_t length = strlen(text);
    if (!length || length > 19 || strspn(text, "0123456789") != length)
        return false;
    *n = strtoull(text, NULL, 10);
    return *n <= most;
}

/* A record that must be there, unless `found` is given. */
static bool get_record(const struct digest_file *file, const char *kind, int64_t id, int64_t part,
                       struct buffer *bytes, bool *found, struct err *err)
{
    bool there;
    if (!ledger_get(file->ledger, kind, id, part, bytes, &there, err))
        return false;
    if (found)
        *found = there;
    if (there || found)
        return true;
    return err_set(err, ERR_USAGE, "\"%s\": the record \"%s\" %lld is missing.",
                   ledger_path(file->ledger), kind, (long long)id);
}

static bool get_texts(const struct digest_file *file, const char *kind, int64_t id, int64_t part,
                      size_t fewest, struct text_list *list, struct err *err)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool ok = get_record(file, kind, id, part, &bytes, NULL, err);
    if (ok && (!layout_decode_texts(&bytes, list) || list->count < fewest))
        ok = refuse(file, err, "its head cannot be understood");
    buffer_free(&bytes);
    return ok;
}

static bool read_id(const char *hex, unsigned char id[PLAN_ID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    if (strlen(hex) != (size_t)2 * PLAN_ID_SIZE || strspn(hex, digits) != (size_t)2 * PLAN_ID_SIZE)
        return false;
    for (size_t i = 0; i < PLAN_ID_SIZE; i++)
        id[i] = (unsigned char)((strchr(digits, hex[2 * i]) - digits) << 4 |
                                (strchr(digits, hex[2 * i + 1]) - digits));
    return true;
}

static bool read_plan_head(struct digest_file *file, struct err *err)
{
    struct text_list list = {0};
    uint64_t version = 0, contract = 0, tables = 0;
    bool ok = get_texts(file, "plan", 0, 0, 4, &list, err);
    if (ok &&
        (!parse_number(list.items[0], UINT32_MAX, &version) ||
         !parse_number(list.items[1], UINT32_MAX, &contract) ||
         !parse_number(list.items[2], UINT32_MAX, &tables) || !read_id(list.items[3], file->id)))
        ok = refuse(file, err, "its head cannot be understood");
    if (ok && version != FILE_VERSION)
        ok = refuse(file, err, "it was written by another version of Tally");
    if (ok && contract != CONTRACT_VERSION)
        ok = refuse(file, err, "it was made under another version of the type contract");
    file->table_count = (size_t)tables;
    text_list_free(&list);
    for (int side = 0; side < SIDES && ok; side++) {
        ok = get_texts(file, "server", 0, side, 3, &list, err);
        const char **places[] = {&file->uri[side], &file->server[side], &file->engine[side]};
        for (size_t i = 0; i < COUNT(places) && ok; i++)
            *places[i] = arena_copy(&file->arena, list.items[i]);
        text_list_free(&list);
    }
    return ok;
}

static bool read_part(const char *text, struct digest_part *part)
{
    char *copy = mem_copy_string(text);
    char *slash = strchr(copy, '/');
    uint64_t n = 0, of = 0;
    bool ok = slash != NULL;
    if (ok) {
        *slash = '\0';
        ok = parse_number(copy, MOST_PARTS, &n) && parse_number(slash + 1, MOST_PARTS, &of) && n &&
             n <= of;
    }
    *part = (struct digest_part){(uint32_t)n, (uint32_t)of};
    free(copy);
    return ok;
}

#define PARTS_FROM 7 /* in the list of a digest's head */

static bool read_digest_head(struct digest_file *file, struct err *err)
{
    struct text_list list = {0};
    bool ok = get_texts(file, "digest", 0, 0, PARTS_FROM + 1, &list, err);
    if (ok) {
        uint64_t started = 0, milliseconds = 0;
        bool target = strcmp(list.items[0], side_name[TARGET]) == 0;
        file->side = target ? TARGET : SOURCE;
        file->read_uri = arena_copy(&file->arena, list.items[1]);
        file->read_server = arena_copy(&file->arena, list.items[2]);
        file->snapshot = arena_copy(&file->arena, list.items[3]);
        file->snapshot_note = arena_copy(&file->arena, list.items[4]);
        ok = (target || strcmp(list.items[0], side_name[SOURCE]) == 0) &&
             parse_number(list.items[5], INT64_MAX, &started) &&
             parse_number(list.items[6], INT64_MAX, &milliseconds);
        file->started = (time_t)started;
        file->seconds = (double)milliseconds / 1e3;
        file->part_count = list.count - PARTS_FROM;
        file->parts = arena_alloc(&file->arena, file->part_count * sizeof *file->parts);
        for (size_t i = 0; i < file->part_count && ok; i++)
            ok = read_part(list.items[PARTS_FROM + i], &file->parts[i]);
        if (!ok)
            refuse(file, err, "its head cannot be understood");
    }
    text_list_free(&list);
    return ok;
}

static bool add_to_hash(void *context, int64_t id, int64_t part, const unsigned char *bytes,
                        size_t length, struct err *err)
{
    (void)err;
    struct hash128 hash = hash_128(bytes, length);
    buffer_add_u64(context, (uint64_t)id);
    buffer_add_u64(context, (uint64_t)part);
    buffer_add_u64(context, length);
    buffer_add(context, &hash, sizeof hash);
    return true;
}

static bool hash_plan(struct digest_file *file, struct err *err)
{
    struct buffer all = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool ok = true;
    for (size_t i = 0; i < COUNT(plan_kinds) && ok; i++) {
        buffer_add_text(&all, plan_kinds[i]);
        ok = ledger_each(file->ledger, plan_kinds[i], add_to_hash, &all, err);
    }
    file->plan_hash = hash_128(all.data, all.length);
    buffer_free(&all);
    return ok;
}

bool digest_file_open(const char *path, const char *purpose, struct digest_file *file,
                      struct err *err)
{
    *file = (struct digest_file){0};
    return ledger_open(path, purpose, false, &file->ledger, err) && read_plan_head(file, err) &&
           (strcmp(purpose, "digest") != 0 || read_digest_head(file, err)) && hash_plan(file, err);
}

void digest_file_close(struct digest_file *file)
{
    ledger_close(file->ledger);
    arena_free(&file->arena);
    *file = (struct digest_file){0};
}

const char *digest_file_path(const struct digest_file *file)
{
    return ledger_path(file->ledger);
}

bool digest_file_texts(const struct digest_file *file, const char *kind, int64_t part,
                       struct text_list *list, struct err *err)
{
    return get_texts(file, kind, 0, part, 0, list, err);
}

/* ---- Tables
 * ----------------------------------------------------------------------------------------------
 */

static bool refuse_table(const struct digest_file *file, size_t i, struct err *err)
{
    return err_set(err, ERR_USAGE, "\"%s\": what it says of table %zu cannot be understood.",
                   ledger_path(file->ledger), i + 1);
}

bool digest_file_table(const struct digest_file *file, size_t i, struct arena *arena,
                       struct digest_table *table, struct err *err)
{
    *table = (struct digest_table){.arena = arena};
    struct buffer layout = BUFFER_INIT(BUFFER_NO_LIMIT), bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct plan_table *plan = &table->plan;
    bool planned = false;
    bool ok = get_record(file, "layout", (int64_t)i, 0, &layout, &planned, err) &&
              get_record(file, "table", (int64_t)i, 0, &bytes, NULL, err);
    if (ok && planned && !layout_decode(&layout, plan, arena, err))
        ok = err_prefix(err, "\"%s\"", ledger_path(file->ledger));
    if (ok && !layout_decode_result(&bytes, arena, &table->result, planned ? plan : NULL))
        ok = refuse_table(file, i, err);
    if (ok && planned) {
        ok = get_record(file, "buckets", (int64_t)i, 0, &bytes, NULL, err);
        if (ok && !layout_decode_buckets(&bytes, plan, arena))
            ok = refuse_table(file, i, err);
        for (int side = 0; side < SIDES && ok; side++)
            ((struct table *)plan->table[side])->label = table->result.name[side];
    }
    buffer_free(&layout);
    buffer_free(&bytes);
    return ok;
}

static bool get_reading(const struct digest_file *file, const char *kind, size_t i, int64_t part,
                        enum side side, const struct plan_table *table, struct item_side *of,
                        struct err *err)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool ok = get_record(file, kind, (int64_t)i, part, &bytes, NULL, err);
    if (ok && !layout_decode_reading(&bytes, table, side, of))
        ok = refuse_table(file, i, err);
    buffer_free(&bytes);
    return ok;
}

bool digest_file_splits(const struct digest_file *file, size_t i, enum side side,
                        const struct plan_table *table, struct item_side *of, struct err *err)
{
    return get_reading(file, "splits", i, side, side, table, of, err);
}

static bool same_split(const struct split *one, const struct split *other)
{
    const struct key_range *a = &one->range, *b = &other->range;
    return one->part == other->part && one->page_low == other->page_low &&
           one->page_high == other->page_high && a->has_low == b->has_low &&
           a->has_high == b->has_high && a->low == b->low && a->high == b->high;
}

/* The pieces must be those of the plan: else "all read" would mean nothing. */
bool digest_file_reading(const struct digest_file *file, size_t i, const struct plan_table *table,
                         struct item_side *of, struct err *err)
{
    struct item_side planned = {0};
    bool ok = get_reading(file, "reading", i, 0, file->side, table, of, err) &&
              digest_file_splits(file, i, file->side, table, &planned, err);
    bool same = ok && planned.split_count == of->split_count && of->split_count;
    for (size_t s = 0; same && s < of->split_count; s++)
        same = same_split(&of->splits[s], &planned.splits[s]);
    layout_release_reading(&planned);
    if (ok && !same)
        ok = refuse_table(file, i, err);
    if (!ok)
        layout_release_reading(of);
    return ok;
}

bool digest_file_failed(const struct digest_file *file, size_t i, struct text_list *reasons,
                        struct err *err)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool found;
    bool ok = get_record(file, "failed", (int64_t)i, 0, &bytes, &found, err);
    if (ok && found && !layout_decode_texts(&bytes, reasons))
        ok = refuse_table(file, i, err);
    buffer_free(&bytes);
    return ok;
}

bool digest_file_stamp(const struct digest_file *file, size_t i, enum side side,
                       struct buffer *stamp, struct err *err)
{
    bool found;
    return get_record(file, "stamp", (int64_t)i, side, stamp, &found, err);
}

/* The primary key's columns: a piece may be a range of its first one. */
static void encode_key(const struct table *table, struct buffer *out)
{
    struct text_list names = {0};
    for (size_t i = 0; i < table->key_count; i++)
        for (size_t c = 0; table->keys[i].primary && c < table->keys[i].column_count; c++)
            text_list_add(&names, table->columns[table->keys[i].columns[c]].name);
    layout_encode_texts(&names, out);
    text_list_free(&names);
}

bool digest_file_same_key(const struct digest_file *file, size_t i, enum side side,
                          const struct table *live, bool *same, struct err *err)
{
    struct buffer then = BUFFER_INIT(BUFFER_NO_LIMIT), now = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool ok = get_record(file, "keys", (int64_t)i, side, &then, NULL, err);
    encode_key(live, &now);
    *same = ok && then.length == now.length && memcmp(then.data, now.data, now.length) == 0;
    buffer_free(&then);
    buffer_free(&now);
    return ok;
}

/* ---- Writing
 * ---------------------------------------------------------------------------------------------- */

bool digest_writer_open(const char *path, const char *purpose, struct digest_writer *writer,
                        struct err *err)
{
    *writer = (struct digest_writer){0};
    struct stat old;
    if (stat(path, &old) == 0) {
        struct ledger *ledger;
        struct err why;
        bool ours = S_ISREG(old.st_mode) && ledger_open(path, purpose, false, &ledger, &why);
        if (!ours)
            return err_set(err, ERR_USAGE,
                           "\"%s\" exists and is not a %s file that could be replaced.", path,
                           purpose);
        ledger_close(ledger);
    }
    char *temporary = mem_format("%s.%ld.tmp", path, (long)getpid());
    if (!ledger_create(temporary, purpose, &writer->ledger, err)) {
        free(temporary);
        return false;
    }
    writer->path = mem_copy_string(path);
    writer->temporary = temporary;
    return true;
}

bool digest_writer_finish(struct digest_writer *writer, struct err *err)
{
    if (!ledger_save(writer->ledger, err))
        return false;
    char *purpose = mem_copy_string(ledger_purpose(writer->ledger));
    ledger_close(writer->ledger);
    writer->ledger = NULL;
    /* Nothing may be left in a log beside it, which would keep its old name. */
    char *log = mem_format("%s-wal", writer->temporary);
    bool ok = access(log, F_OK) != 0;
    if (!ok)
        err_set(err, ERR_INTERNAL, "cannot write \"%s\": is the disk full?", writer->path);
    ok = ok && ledger_open(writer->temporary, purpose, false, &writer->ledger, err);
    ledger_close(writer->ledger);
    writer->ledger = NULL;
    if (ok && rename(writer->temporary, writer->path) != 0)
        ok = err_set(err, ERR_USAGE, "cannot write \"%s\": %s.", writer->path, strerror(errno));
    free(log);
    free(purpose);
    return ok;
}

void digest_writer_close(struct digest_writer *writer)
{
    if (!writer->path)
        return;
    char *log = mem_format("%s-wal", writer->temporary);
    ledger_close(writer->ledger);
    unlink(log);
    unlink(writer->temporary); /* gone when finished */
    free(log);
    free(writer->temporary);
    free(writer->path);
    *writer = (struct digest_writer){0};
}

struct copying {
    struct ledger *to;
    const char *kind;
};

static bool copy_record(void *context, int64_t id, int64_t part, const unsigned char *bytes,
                        size_t length, struct err *err)
{
    const struct copying *copying = context;
    return ledger_put(copying->to, copying->kind, id, part, bytes, length, err);
}

bool digest_write_copy(struct digest_writer *writer, const struct digest_file *plan,
                       struct err *err)
{
    bool ok = true;
    for (size_t i = 0; i < COUNT(plan_kinds) && ok; i++) {
        struct copying copying = {writer->ledger, plan_kinds[i]};
        ok = ledger_each(plan->ledger, plan_kinds[i], copy_record, &copying, err);
    }
    return ok;
}

static bool put_texts(struct digest_writer *writer, const char *kind, size_t id, int64_t part,
                      const struct text_list *list, struct err *err)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    layout_encode_texts(list, &bytes);
    bool ok = ledger_put(writer->ledger, kind, (int64_t)id, part, bytes.data, bytes.length, err);
    buffer_free(&bytes);
    return ok;
}

static void add_number(struct text_list *list, uint64_t n)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, n);
    text_list_add(list, text);
}

static void add_text(struct text_list *list, const char *text)
{
    text_list_add(list, text ? text : "");
}

bool digest_write_head(struct digest_writer *writer, const struct digest_file *head,
                       const struct text_list *said, struct err *err)
{
    struct text_list list = {0};
    text_list_add(&list, side_name[head->side]);
    add_text(&list, head->read_uri);
    add_text(&list, head->read_server);
    add_text(&list, head->snapshot);
    add_text(&list, head->snapshot_note);
    add_number(&list, head->started > 0 ? (uint64_t)head->started : 0);
    add_number(&list, (uint64_t)(head->seconds * 1e3));
    for (size_t i = 0; i < head->part_count; i++) {
        char text[64];
        snprintf(text, sizeof text, "%" PRIu32 "/%" PRIu32, head->parts[i].part, head->parts[i].of);
        text_list_add(&list, text);
    }
    bool ok =
        put_texts(writer, "digest", 0, 0, &list, err) && put_texts(writer, "said", 0, 0, said, err);
    text_list_free(&list);
    return ok;
}

static bool put_reading(struct digest_writer *writer, const char *kind, size_t i, int64_t part,
                        const struct plan_table *table, const struct item_side *of, struct err *err)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    layout_encode_reading(of, table->column_count, &bytes);
    bool ok = ledger_put(writer->ledger, kind, (int64_t)i, part, bytes.data, bytes.length, err);
    buffer_free(&bytes);
    return ok;
}

bool digest_write_reading(struct digest_writer *writer, size_t i, const struct plan_table *table,
                          const struct item_side *of, struct err *err)
{
    return put_reading(writer, "reading", i, 0, table, of, err);
}

bool digest_write_failed(struct digest_writer *writer, size_t i, const struct text_list *reasons,
                         struct err *err)
{
    return !reasons->count || put_texts(writer, "failed", i, 0, reasons, err);
}

/* ---- A new plan
 * -------------------------------------------------------------------------------------------- */

static bool write_plan_head(struct digest_writer *writer, const struct plan_side sides[SIDES],
                            const struct verify_result *result, struct err *err)
{
    unsigned char id[PLAN_ID_SIZE];
    if (getrandom(id, sizeof id, 0) != (ssize_t)sizeof id)
        return err_set(err, ERR_INTERNAL, "no random bytes: %s.", strerror(errno));
    struct buffer hex = BUFFER_INIT(64);
    buffer_add_hex(&hex, id, sizeof id);
    struct text_list list = {0};
    add_number(&list, FILE_VERSION);
    add_number(&list, CONTRACT_VERSION);
    add_number(&list, result->table_count);
    text_list_add(&list, (const char *)hex.data);
    bool ok = put_texts(writer, "plan", 0, 0, &list, err) &&
              put_texts(writer, "notes", 0, 0, &result->notes, err);
    text_list_free(&list);
    if (result->inconclusive)
        text_list_add(&list, "see the notes");
    ok = ok && put_texts(writer, "unseen", 0, 0, &list, err);
    text_list_free(&list);
    buffer_free(&hex);
    for (int side = 0; side < SIDES && ok; side++) {
        add_text(&list, result->side[side].shown_uri);
        add_text(&list, result->side[side].server);
        text_list_add(&list, sides[side].engine->name);
        ok = put_texts(writer, "server", 0, side, &list, err) &&
             put_texts(writer, "only", 0, side, &result->only[side], err);
        text_list_free(&list);
    }
    return ok;
}

/* What one side refuses to tell is not known: then its pieces cannot be read at different times. */
static bool write_stamp(struct digest_writer *writer, size_t i, enum side side,
                        const struct plan_side *of, const struct table *table, struct err *err)
{
    struct buffer stamp = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool ok = true;
    if (of->engine->stamp && !of->engine->stamp(of->connection, table, &stamp, err)) {
        ok = err->code == ERR_TABLE || err->code == ERR_RETRY;
        buffer_clear(&stamp);
    }
    if (ok && stamp.length)
        ok = ledger_put(writer->ledger, "stamp", (int64_t)i, side, stamp.data, stamp.length, err);
    buffer_free(&stamp);
    return ok;
}

static bool write_splits(struct digest_writer *writer, size_t i, enum side side,
                         const struct plan_side *of, const struct plan_table *table,
                         struct err *err)
{
    const struct table *live = table->table[side];
    struct item_side reading = {0};
    size_t wanted = 1;
    if (table->estimate >= STAMP_FROM_ROWS)
        wanted = table->estimate / ROWS_PER_PIECE > FEWEST_PIECES
                     ? (size_t)(table->estimate / ROWS_PER_PIECE)
                     : FEWEST_PIECES;
    wanted = wanted < MOST_PIECES ? wanted : MOST_PIECES;
    bool ok = of->engine->splits(of->connection, live, wanted, &reading.splits,
                                 &reading.split_count, err);
    if (!ok) {
        err_prefix(err, "%s", side_name[side]);
    } else {
        reading.split_done = mem_zero(reading.split_count + 1, 1);
        reading.raw_counts = mem_zero(table->column_count + 1, sizeof *reading.raw_counts);
        reading.digest = digest_new(plan_bucket_count(table));
        ok = put_reading(writer, "splits", i, side, table, &reading, err);
    }
    layout_release_reading(&reading);
    return ok;
}

/* A table that cannot even be cut will not be read: the plan says so, and goes on. */
static bool write_pieces(struct digest_writer *writer, size_t i,
                         const struct plan_side sides[SIDES], const struct plan_table *table,
                         bool *planned, struct err *err)
{
    *planned = true;
    for (int side = 0; side < SIDES && *planned; side++) {
        if (write_splits(writer, i, (enum side)side, &sides[side], table, err))
            continue;
        if (err->code != ERR_TABLE && err->code != ERR_RETRY)
            return false;
        text_list_add(&table->result->reasons, err->text);
        table->result->inconclusive = true;
        *planned = false;
    }
    for (int side = 0; side < SIDES && !*planned; side++)
        if (!ledger_remove(writer->ledger, "splits", (int64_t)i, side, err))
            return false;
    return true;
}

static bool put_bytes(struct digest_writer *writer, const char *kind, size_t i, int64_t part,
                      struct buffer *bytes, struct err *err)
{
    bool ok = ledger_put(writer->ledger, kind, (int64_t)i, part, bytes->data, bytes->length, err);
    buffer_free(bytes);
    return ok;
}

static bool write_table(struct digest_writer *writer, size_t i, const struct plan_side sides[SIDES],
                        const struct result_table *result, const struct plan_table *table,
                        struct err *err)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (table) {
        bool planned;
        if (!write_pieces(writer, i, sides, table, &planned, err))
            return false;
        table = planned ? table : NULL;
    }
    layout_encode_result(result, table, &bytes);
    if (!put_bytes(writer, "table", i, 0, &bytes, err))
        return false;
    if (!table)
        return true;
    layout_encode(table, &bytes);
    if (!put_bytes(writer, "layout", i, 0, &bytes, err))
        return false;
    layout_encode_buckets(table, &bytes);
    if (!put_bytes(writer, "buckets", i, 0, &bytes, err))
        return false;
    for (int side = 0; side < SIDES; side++) {
        encode_key(table->table[side], &bytes);
        if (!put_bytes(writer, "keys", i, side, &bytes, err))
            return false;
    }
    return true;
}

/* The plan's table that a result belongs to; NULL: no row of it will be read. */
static const struct plan_table *plan_of(const struct plan *plan, const struct result_table *result)
{
    for (size_t i = 0; i < plan->table_count; i++)
        if (plan->tables[i].result == result)
            return plan->tables[i].comparable ? &plan->tables[i] : NULL;
    return NULL;
}

static bool write_stamps(struct digest_writer *writer, const struct plan_side sides[SIDES],
                         const struct plan *plan, const struct verify_result *result,
                         struct err *err)
{
    for (size_t i = 0; i < result->table_count; i++) {
        const struct plan_table *table = plan_of(plan, &result->tables[i]);
        for (int side = 0; table && side < SIDES; side++) {
            const struct table *live = table->table[side];
            if (table->estimate < STAMP_FROM_ROWS && live->part_count < 2)
                continue;
            if (!write_stamp(writer, i, (enum side)side, &sides[side], live, err))
                return err_prefix(err, "%s", side_name[side]);
        }
    }
    return true;
}

bool digest_write_plan(const char *path, const struct plan_side sides[SIDES],
                       const struct plan *plan, const struct verify_result *result, struct err *err)
{
    struct digest_writer writer;
    bool ok = digest_writer_open(path, "plan", &writer, err) &&
              write_plan_head(&writer, sides, result, err) &&
              write_stamps(&writer, sides, plan, result, err);
    for (int side = 0; side < SIDES && ok; side++) {
        enum snapshot_state state;
        struct buffer note = BUFFER_INIT(1 << 12);
        ok = sides[side].engine->begin(&sides[side].connection, 1, &state, &note, err) ||
             err_prefix(err, "%s", side_name[side]);
        buffer_free(&note);
    }
    for (size_t i = 0; i < result->table_count && ok; i++)
        ok = write_table(&writer, i, sides, &result->tables[i], plan_of(plan, &result->tables[i]),
                         err);
    ok = ok && digest_writer_finish(&writer, err);
    digest_writer_close(&writer);
    return ok;
}
