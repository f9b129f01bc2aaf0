/* digest_merge_files() and digest_compare() of digest_run.h: files in, no server. */
#include "digest_run.h"

#include "../diff/base/clock.h"
#include "judge.h"

#include "../diff/base/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_LISTED 20

static void free_table(struct digest_table *table)
{
    text_list_free(&table->result.reasons);
    text_list_free(&table->result.notes);
}

static bool same_plan(const struct digest_file *one, const struct digest_file *other,
                      struct err *err)
{
    const char *const names[] = {digest_file_path(one), digest_file_path(other)};
    if (memcmp(one->id, other->id, PLAN_ID_SIZE) != 0)
        return err_set(
            err, ERR_USAGE,
            "\"%s\" and \"%s\" are digests of different plans, which nobody can compare.", names[0],
            names[1]);
    if (one->plan_hash.low != other->plan_hash.low || one->plan_hash.high != other->plan_hash.high)
        return err_set(err, ERR_USAGE,
                       "\"%s\" and \"%s\" do not agree about the plan that both name.", names[0],
                       names[1]);
    return true;
}

/* ---- Merging: the file that is being written is the sum so far
 * ---------------------------------------------------------- */

struct merging {
    const char *const *paths;
    size_t file; /* which of the paths is being added */
    struct digest_writer writer;
    struct digest_file head; /* of the result; its texts are in the arena */
    struct arena arena;
    struct text_list said;
    size_t *part_files; /* which file each part of the head came from */
    size_t table_count;
    struct owners {
        size_t count;
        uint32_t *of; /* per piece: 1 + the file that has read it; 0: none */
    } * owners;       /* per table */
};

static void add_once(struct text_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return;
    text_list_add(list, text);
}

static bool add_parts(struct merging *merging, const struct digest_file *file, struct err *err)
{
    struct digest_file *head = &merging->head;
    size_t count = head->part_count + file->part_count;
    for (size_t i = 0; i < file->part_count; i++)
        for (size_t k = 0; k < head->part_count; k++)
            if (file->parts[i].part == head->parts[k].part &&
                file->parts[i].of == head->parts[k].of)
                return err_set(err, ERR_USAGE,
                               "part %" PRIu32 "/%" PRIu32 " is in \"%s\" and in \"%s\": each may "
                               "be added once.",
                               file->parts[i].part, file->parts[i].of,
                               merging->paths[merging->part_files[k]],
                               merging->paths[merging->file]);
    head->parts = mem_resize(head->parts, count, sizeof *head->parts);
    merging->part_files = mem_resize(merging->part_files, count, sizeof *merging->part_files);
    for (size_t i = 0; i < file->part_count; i++) {
        merging->part_files[head->part_count] = merging->file;
        head->parts[head->part_count++] = file->parts[i];
    }
    return true;
}

/* Does the first snapshot promise less than the second? */
static bool is_worse(const char *snapshot, const char *than)
{
    static const char *const order[] = {"shared", "separate", "none"};
    int place[2] = {0, 0};
    for (int i = 0; i < 3; i++) {
        place[0] = strcmp(snapshot, order[i]) == 0 ? i : place[0];
        place[1] = strcmp(than, order[i]) == 0 ? i : place[1];
    }
    return place[0] > place[1];
}

static bool add_head(struct merging *merging, const struct digest_file *file, struct err *err)
{
    struct digest_file *head = &merging->head;
    if (!merging->file) {
        head->side = file->side;
        head->read_uri = arena_copy(&merging->arena, file->read_uri);
        head->read_server = arena_copy(&merging->arena, file->read_server);
        head->snapshot = arena_copy(&merging->arena, file->snapshot);
        head->snapshot_note = arena_copy(&merging->arena, file->snapshot_note);
        head->started = file->started;
        memcpy(head->id, file->id, PLAN_ID_SIZE);
        head->plan_hash = file->plan_hash;
    }
    if (!*head->snapshot_note)
        head->snapshot_note = arena_copy(&merging->arena, file->snapshot_note);
    if (merging->file && !is_worse(head->snapshot, "shared"))
        head->snapshot = "separate";
    if (is_worse(file->snapshot, head->snapshot))
        head->snapshot = arena_copy(&merging->arena, file->snapshot);
    head->started = file->started < head->started ? file->started : head->started;
    head->seconds += file->seconds;
    struct text_list said = {0};
    bool ok = digest_file_texts(file, "said", 0, &said, err);
    for (size_t i = 0; i < said.count; i++)
        add_once(&merging->said, said.items[i]);
    text_list_free(&said);
    return ok && add_parts(merging, file, err);
}

/* Notes which file has read which piece; a piece that two have read would be counted twice. */
static bool take_pieces(struct merging *merging, size_t i, const struct digest_table *table,
                        const struct item_side *of, struct err *err)
{
    struct owners *owners = &merging->owners[i];
    if (!owners->of) {
        owners->count = of->split_count;
        owners->of = mem_zero(of->split_count + 1, sizeof *owners->of);
    }
    for (size_t s = 0; s < of->split_count && s < owners->count; s++) {
        if (!of->split_done[s])
            continue;
        if (owners->of[s])
            return err_set(err, ERR_USAGE,
                           "\"%s\" and \"%s\" have both read a piece of table %s: their parts "
                           "overlap.",
                           merging->paths[owners->of[s] - 1], merging->paths[merging->file],
                           table->result.name[merging->head.side]);
        owners->of[s] = (uint32_t)merging->file + 1;
    }
    return true;
}

/* What the earlier files have read of a table; found false: this is the first file. */
static bool sum_so_far(struct merging *merging, size_t i, const struct digest_table *table,
                       struct item_side *sum, bool *found, struct err *err)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool ok = ledger_get(merging->writer.ledger, "reading", (int64_t)i, 0, &bytes, found, err);
    if (ok && *found && !layout_decode_reading(&bytes, &table->plan, merging->head.side, sum))
        ok = err_set(err, ERR_INTERNAL, "the sum so far cannot be read back.");
    buffer_free(&bytes);
    return ok;
}

static bool add_failed(struct merging *merging, const struct digest_file *file, size_t i,
                       struct err *err)
{
    struct text_list more = {0}, all = {0};
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool found;
    bool ok = digest_file_failed(file, i, &more, err);
    if (ok && more.count) {
        ok = ledger_get(merging->writer.ledger, "failed", (int64_t)i, 0, &bytes, &found, err);
        ok = ok && (!found || layout_decode_texts(&bytes, &all));
        for (size_t r = 0; r < more.count; r++)
            add_once(&all, more.items[r]);
        ok = ok && digest_write_failed(&merging->writer, i, &all, err);
    }
    buffer_free(&bytes);
    text_list_free(&more);
    text_list_free(&all);
    return ok;
}

static bool add_table(struct merging *merging, const struct digest_file *file, size_t i,
                      struct err *err)
{
    struct arena arena = ARENA_INIT;
    struct digest_table table;
    struct item_side of = {0}, sum = {0};
    bool found = false, any = false;
    bool ok = digest_file_table(file, i, &arena, &table, err);
    if (ok && table.plan.comparable) {
        ok = digest_file_reading(file, i, &table.plan, &of, err) &&
             take_pieces(merging, i, &table, &of, err) &&
             sum_so_far(merging, i, &table, &sum, &found, err);
        for (size_t s = 0; ok && found && s < of.split_count; s++) {
            any = any || of.split_done[s];
            sum.split_done[s] |= of.split_done[s];
        }
        for (size_t c = 0; ok && found && c < table.plan.column_count; c++)
            sum.raw_counts[c] += of.raw_counts[c];
        if (ok && found)
            digest_merge(sum.digest, of.digest);
        if (ok && (!found || any))
            ok = digest_write_reading(&merging->writer, i, &table.plan, found ? &sum : &of, err);
        ok = ok && add_failed(merging, file, i, err);
    }
    layout_release_reading(&of);
    layout_release_reading(&sum);
    free_table(&table);
    arena_free(&arena);
    return ok;
}

static bool check_file(const struct merging *merging, const struct digest_file *file,
                       const struct digest_file *first, struct err *err)
{
    if (!merging->file)
        return true;
    if (!same_plan(first, file, err))
        return false;
    if (file->side != merging->head.side)
        return err_set(err, ERR_USAGE,
                       "\"%s\" is of the %s and \"%s\" of the %s: only digests of one side can be "
                       "added.",
                       merging->paths[0], side_name[merging->head.side],
                       merging->paths[merging->file], side_name[file->side]);
    return true;
}

static bool add_file(struct merging *merging, const struct digest_file *first, struct err *err)
{
    struct digest_file own = {0};
    const struct digest_file *file = first;
    bool ok = true;
    if (merging->file) {
        ok = digest_file_open(merging->paths[merging->file], "digest", &own, err);
        file = &own;
    }
    ok = ok && check_file(merging, file, first, err) && add_head(merging, file, err);
    for (size_t i = 0; ok && i < file->table_count; i++)
        ok = add_table(merging, file, i, err);
    /* Saved after each file, so that the log beside the temporary file stays small. */
    ok = ok && ledger_save(merging->writer.ledger, err);
    digest_file_close(&own);
    return ok;
}

bool digest_merge_files(const char *const *paths, size_t count, const char *output, struct err *err)
{
    struct merging merging = {.paths = paths};
    struct digest_file first;
    bool ok = digest_file_open(paths[0], "digest", &first, err);
    if (ok) {
        merging.table_count = first.table_count;
        merging.owners = mem_zero(first.table_count + 1, sizeof *merging.owners);
        ok = digest_writer_open(output, "digest", &merging.writer, err) &&
             digest_write_copy(&merging.writer, &first, err);
    }
    for (; ok && merging.file < count; merging.file++)
        ok = add_file(&merging, &first, err);
    ok = ok && digest_write_head(&merging.writer, &merging.head, &merging.said, err) &&
         digest_writer_finish(&merging.writer, err);
    digest_writer_close(&merging.writer);
    for (size_t i = 0; merging.owners && i < merging.table_count; i++)
        free(merging.owners[i].of);
    free(merging.owners);
    free(merging.head.parts);
    free(merging.part_files);
    text_list_free(&merging.said);
    arena_free(&merging.arena);
    digest_file_close(&first);
    return ok;
}

/* ---- Comparing: what is missing
 * ------------------------------------------------------------------------------------------- */

struct comparing {
    struct digest_file files[SIDES];
    char *missing[SIDES]; /* "parts 2, 5 of 8 are missing"; NULL: none, or nobody can say */
    struct verify_result *result;
};

/* When all parts were cut alike. */
static char *missing_parts(const struct digest_file *file)
{
    uint32_t of = file->parts[0].of;
    unsigned char *there = mem_zero((size_t)of + 1, 1);
    bool alike = true;
    for (size_t i = 0; i < file->part_count; i++) {
        alike = alike && file->parts[i].of == of;
        if (alike)
            there[file->parts[i].part] = 1;
    }
    struct buffer text = BUFFER_INIT(1 << 16);
    size_t count = 0;
    for (uint32_t part = 1; alike && part <= of; part++)
        if (!there[part] && ++count <= MOST_LISTED)
            buffer_printf(&text, "%s%" PRIu32, count > 1 ? ", " : "", part);
    free(there);
    char *said = NULL;
    if (count)
        said = mem_format("part%s %s%s of %" PRIu32 " %s missing", count == 1 ? "" : "s",
                          (const char *)text.data, count > MOST_LISTED ? ", …" : "", of,
                          count == 1 ? "is" : "are");
    buffer_free(&text);
    return said;
}

/* Was all of the table read on this side? Else the result says why not. */
static bool is_whole(struct comparing *comparing, size_t i, enum side side,
                     struct result_table *result, const struct item_side *of, bool *whole,
                     struct err *err)
{
    size_t unread = 0;
    for (size_t s = 0; s < of->split_count; s++)
        unread += !of->split_done[s];
    *whole = unread == 0;
    if (*whole)
        return true;
    struct text_list reasons = {0};
    bool ok = digest_file_failed(&comparing->files[side], i, &reasons, err);
    for (size_t r = 0; r < reasons.count; r++) {
        char *text = mem_format("%s: %s", side_name[side], reasons.items[r]);
        text_list_add(&result->reasons, text);
        free(text);
    }
    if (comparing->missing[side] || !reasons.count) {
        const char *missing = comparing->missing[side];
        char pieces[96] = "nothing of it was read";
        if (unread < of->split_count)
            snprintf(pieces, sizeof pieces, "%zu of its %zu pieces were not read", unread,
                     of->split_count);
        char *text = mem_format("%s: %s%s%s", side_name[side], pieces, missing ? ": " : "",
                                missing ? missing : "");
        text_list_add(&result->reasons, text);
        free(text);
    }
    text_list_free(&reasons);
    result->inconclusive = true;
    return ok;
}

/* ---- Comparing: what differs
 * ------------------------------------------------------------------------------------------------
 */

struct suspects {
    size_t buckets, ranges; /* in which the digests differ */
    uint64_t rows[SIDES];   /* in those buckets */
    bool counts_differ;     /* some bucket has more rows on one side */
};

static bool range_differs(const struct plan_table *plan, const struct item *item, size_t range,
                          struct suspects *suspects)
{
    bool differs = false;
    for (size_t h = 0; h < plan->hash_count; h++) {
        size_t bucket = range * plan->hash_count + h;
        const struct digest *one = item->side[SOURCE].digest, *other = item->side[TARGET].digest;
        if (digest_bucket_equal(one, other, bucket))
            continue;
        differs = true;
        suspects->buckets++;
        suspects->rows[SOURCE] += one->buckets[bucket].count;
        suspects->rows[TARGET] += other->buckets[bucket].count;
        if (one->buckets[bucket].count != other->buckets[bucket].count)
            suspects->counts_differ = true;
    }
    return differs;
}

/* Neighbouring ranges that differ become one. */
static struct suspects find_suspects(const struct plan_table *plan, const struct item *item,
                                     struct result_table *result, struct arena *arena)
{
    struct suspects suspects = {0};
    bool before = false;
    result->suspects = arena_alloc(arena, plan->range_count * sizeof *result->suspects);
    for (size_t i = 0; i < plan->range_count; i++) {
        bool differs = range_differs(plan, item, i, &suspects);
        suspects.ranges += differs;
        if (differs && plan->range_count > 1) {
            if (!before)
                result->suspects[result->suspect_count++] =
                    (struct suspect_range){.has_low = i > 0, .low = i ? plan->bounds[i - 1] : 0};
            struct suspect_range *range = &result->suspects[result->suspect_count - 1];
            range->has_high = i + 1 < plan->range_count;
            range->high = range->has_high ? plan->bounds[i] - 1 : 0;
        }
        before = differs;
    }
    return suspects;
}

static void say_ranges(const struct plan_table *plan, const struct suspects *suspects,
                       struct result_table *result)
{
    struct buffer text = BUFFER_INIT(1 << 16);
    const char *key = result->columns[plan->columns[0].result].name[SOURCE];
    buffer_printf(&text, "%zu of %zu key ranges differ: %s ", suspects->ranges, plan->range_count,
                  key);
    for (size_t i = 0; i < result->suspect_count && i < MOST_LISTED; i++) {
        const struct suspect_range *range = &result->suspects[i];
        buffer_add_text(&text, i ? ", " : "");
        if (range->has_low && range->has_high)
            buffer_printf(&text, "%" PRId64 " … %" PRId64, range->low, range->high);
        else if (range->has_low)
            buffer_printf(&text, "from %" PRId64, range->low);
        else if (range->has_high)
            buffer_printf(&text, "up to %" PRId64, range->high);
        else
            buffer_add_text(&text, "everywhere");
    }
    if (result->suspect_count > MOST_LISTED)
        buffer_printf(&text, " and %zu more", result->suspect_count - MOST_LISTED);
    text_list_add(&result->reasons, (const char *)text.data);
    buffer_free(&text);
}

static void say_buckets(const struct plan_table *plan, const struct suspects *suspects,
                        struct result_table *result)
{
    char one[32], other[32];
    char *text = mem_format("%zu of %zu hash buckets differ; they hold %s rows of the source and "
                            "%s of the target",
                            suspects->buckets, plan_bucket_count(plan),
                            human_count(suspects->rows[SOURCE], one),
                            human_count(suspects->rows[TARGET], other));
    text_list_add(&result->reasons, text);
    free(text);
}

/* Columns that choose a bucket have no leniency, so unequal numbers of rows in a bucket are a
 * difference whatever the leniencies of the others. */
static void judge_digests(const struct plan_table *plan, const struct item *item,
                          struct result_table *result, struct arena *arena)
{
    struct suspects suspects = find_suspects(plan, item, result, arena);
    if (!suspects.buckets) {
        result->drilled = true;
        return;
    }
    bool masked = result->columns[plan->columns[0].result].masked;
    if (masked)
        result->suspect_count = 0; /* bounds of ranges are values of the key */
    if (plan->range_count > 1 && !masked)
        say_ranges(plan, &suspects, result);
    else
        say_buckets(plan, &suspects, result);
    if (!plan->lenient || suspects.counts_differ) {
        result->rows_differ = true;
        return;
    }
    result->inconclusive = true;
    text_list_add(&result->reasons, "columns of it are compared leniently: only a run that sees "
                                    "both servers can judge rows that are not the same");
}

static bool compare_table(struct comparing *comparing, size_t i, struct err *err)
{
    struct verify_result *result = comparing->result;
    struct digest_table table;
    struct item item = {0};
    bool ok = digest_file_table(&comparing->files[SOURCE], i, &result->arena, &table, err);
    struct result_table *place = &result->tables[result->table_count++];
    *place = table.result;
    table.plan.result = place;
    item.table = &table.plan;
    if (ok && !table.plan.comparable)
        place->inconclusive = true;
    bool whole = ok && table.plan.comparable;
    for (int side = 0; side < SIDES && ok && table.plan.comparable; side++) {
        bool this_side;
        ok = digest_file_reading(&comparing->files[side], i, &table.plan, &item.side[side], err) &&
             is_whole(comparing, i, (enum side)side, place, &item.side[side], &this_side, err);
        if (!ok)
            break;
        place->counted[side] = this_side;
        place->rows[side] = this_side ? item.side[side].digest->rows : 0;
        result->rows_kept[side] += item.side[side].digest->rows;
        whole = whole && this_side;
    }
    if (ok && whole) {
        judge_note_raw(&item);
        judge_digests(&table.plan, &item, place, &result->arena);
    }
    for (int side = 0; side < SIDES; side++)
        layout_release_reading(&item.side[side]);
    return ok;
}

/* ---- Comparing: the whole
 * -------------------------------------------------------------------------------------------- */

static bool open_files(struct comparing *comparing, const char *const paths[2], struct err *err)
{
    struct digest_file *files = comparing->files;
    if (!digest_file_open(paths[0], "digest", &files[0], err) ||
        !digest_file_open(paths[1], "digest", &files[1], err) ||
        !same_plan(&files[0], &files[1], err))
        return false;
    if (files[0].side == files[1].side)
        return err_set(err, ERR_USAGE,
                       "\"%s\" and \"%s\" are both digests of the %s: one of each side is needed.",
                       paths[0], paths[1], side_name[files[0].side]);
    if (files[0].side == TARGET) {
        struct digest_file first = files[0];
        files[0] = files[1];
        files[1] = first;
    }
    return true;
}

static bool tell_side(struct comparing *comparing, enum side side, struct err *err)
{
    const struct digest_file *file = &comparing->files[side];
    struct verify_result *result = comparing->result;
    struct result_side *of = &result->side[side];
    of->shown_uri = mem_copy_string(file->read_uri);
    of->server = mem_copy_string(file->read_server);
    of->snapshot = is_worse(file->snapshot, "separate") ? "none"
                   : is_worse(file->snapshot, "shared") ? "separate"
                                                        : "shared";
    const char *note = file->snapshot_note;
    if (file->part_count > 1)
        of->snapshot_note = mem_format("read in %zu parts, each at a time of its own%s%s",
                                       file->part_count, *note ? "; " : "", note);
    else if (*note)
        of->snapshot_note = mem_copy_string(note);
    comparing->missing[side] = missing_parts(file);
    struct text_list said = {0};
    bool ok = digest_file_texts(file, "said", 0, &said, err) &&
              digest_file_texts(file, "only", side, &result->only[side], err);
    for (size_t i = 0; i < said.count; i++) {
        char *text = mem_format("%s: %s", side_name[side], said.items[i]);
        text_list_add(&result->notes, text);
        free(text);
    }
    text_list_free(&said);
    return ok;
}

/* Was there something that the plan could not look at? Its notes say what. */
static bool tell_unseen(struct comparing *comparing, struct err *err)
{
    struct text_list unseen = {0};
    bool ok = digest_file_texts(&comparing->files[SOURCE], "unseen", 0, &unseen, err);
    comparing->result->inconclusive = unseen.count > 0;
    text_list_free(&unseen);
    return ok;
}

bool digest_compare(const char *const paths[2], struct verify_result *result, struct err *err)
{
    struct comparing comparing = {.result = result};
    double start = clock_now();
    *result = (struct verify_result){.started = time(NULL), .verdict = VERDICT_INCONCLUSIVE};
    bool ok = open_files(&comparing, paths, err) &&
              digest_file_texts(&comparing.files[SOURCE], "notes", 0, &result->notes, err) &&
              tell_unseen(&comparing, err) && tell_side(&comparing, SOURCE, err) &&
              tell_side(&comparing, TARGET, err);
    size_t count = ok ? comparing.files[SOURCE].table_count : 0;
    result->tables = mem_zero(count + 1, sizeof *result->tables);
    for (size_t i = 0; i < count && ok; i++)
        ok = compare_table(&comparing, i, err);
    if (ok)
        judge_result(result);
    for (int side = 0; side < SIDES; side++) {
        digest_file_close(&comparing.files[side]);
        free(comparing.missing[side]);
    }
    result->seconds = clock_now() - start;
    return ok;
}
