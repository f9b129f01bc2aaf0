/*
 * Rows that are missing as a block: missing-range (of a key that is a number), cutoff (from a point
 * in time on). Input: the rows that one side alone has, and rows that both have, as far as they are
 * told. A block is believed when rows that are missing here and there could hardly lie like that:
 * where no other row lies between, or every whole number of the range is one of them.
 *
 * Kept are the missing keys as at most RUNS_MOST runs, of which near ones are joined, and samples
 * of the rows, missing and present, with their key and their times.
 */
#include "cause_parts.h"

#include "base/progress.h"
#include "cause_rule.h"

#include <math.h>
#include <stdlib.h>

#define RUNS_MOST 1024
#define NEW_MOST 1024    /* keys that wait to be put into runs */
#define SAMPLE_MOST 2048 /* rows in a sample */
#define TIMES_MOST 6     /* columns that hold times */
#define BLOCK_ROWS 10    /* fewer are no block */
#define CHANCE 1e-4      /* that rows which are missing at random look like a block */
#define STRAYS 100       /* of so many missing rows one present row may lie among them */
#define RANGES_SHOWN 3   /* in a sentence */
#define NO_TIME INT64_MIN

struct run {
    int64_t low, high;
    uint64_t count;
};

struct sampled {
    uint64_t hash;
    int64_t key;
    bool has_key;
    int64_t time[TIMES_MOST];
};

struct sample {
    unsigned level;
    size_t count;
    struct sampled *rows; /* room for SAMPLE_MOST, from the first row on */
};

/* Rows that one side alone has. */
struct absent {
    size_t run_count, new_count;
    struct run *runs; /* ascending; room for both, RUNS_MOST and NEW_MOST */
    struct sample sample;
    struct cause_example first; /* the row with the lowest key */
};

struct cause_blocks {
    const struct cause_table *table;
    size_t time_count;
    size_t times[TIMES_MOST]; /* columns that have held a time */
    enum value_tag time_tags[TIMES_MOST];
    struct absent absent[SIDES];
    struct sample present;
};

struct cause_blocks *cause_blocks_new(const struct cause_table *table)
{
    struct cause_blocks *blocks = mem_zero(1, sizeof *blocks);
    blocks->table = table;
    return blocks;
}

void cause_blocks_free(struct cause_blocks *blocks)
{
    if (!blocks)
        return;
    for (int side = 0; side < SIDES; side++) {
        free(blocks->absent[side].runs);
        free(blocks->absent[side].sample.rows);
        cause_example_free(&blocks->absent[side].first);
    }
    free(blocks->present.rows);
    free(blocks);
}

/* ---- Samples
 * -----------------------------------------------------------------------------------------------
 */

static bool is_moment(const struct value *value)
{
    return value->tag == VALUE_DATE || value->tag == VALUE_DATETIME || value->tag == VALUE_INSTANT;
}

/* A column is known by its first value that is a time. */
static size_t time_place(struct cause_blocks *blocks, size_t column, enum value_tag tag)
{
    for (size_t i = 0; i < blocks->time_count; i++)
        if (blocks->times[i] == column)
            return blocks->time_tags[i] == tag ? i : TIMES_MOST;
    if (blocks->time_count == TIMES_MOST)
        return TIMES_MOST;
    blocks->times[blocks->time_count] = column;
    blocks->time_tags[blocks->time_count] = tag;
    return blocks->time_count++;
}

static void sample_add(struct cause_blocks *blocks, struct sample *sample, const struct value *row)
{
    const struct cause_table *table = blocks->table;
    size_t identity = table->key_count ? table->key_count : table->column_count;
    uint64_t hash = cause_hash(row, identity);
    if (!cause_is_sampled(hash, sample->level))
        return;
    if (!sample->rows)
        sample->rows = mem_zero(SAMPLE_MOST, sizeof *sample->rows);
    while (sample->count == SAMPLE_MOST) {
        size_t kept = 0;
        sample->level++;
        for (size_t i = 0; i < sample->count; i++)
            if (cause_is_sampled(sample->rows[i].hash, sample->level))
                sample->rows[kept++] = sample->rows[i];
        sample->count = kept;
        if (sample->level >= 63)
            return;
    }
    if (!cause_is_sampled(hash, sample->level))
        return;
    struct sampled *added = &sample->rows[sample->count++];
    *added = (struct sampled){.hash = hash};
    added->has_key = table->key_count && row[0].tag == VALUE_INT;
    if (added->has_key)
        added->key = cause_int(&row[0]);
    for (size_t i = 0; i < TIMES_MOST; i++)
        added->time[i] = NO_TIME;
    for (size_t i = 0; i < table->column_count; i++) {
        size_t place = is_moment(&row[i]) ? time_place(blocks, i, row[i].tag) : TIMES_MOST;
        if (place < TIMES_MOST)
            added->time[place] = cause_int(&row[i]);
    }
}

/* ---- Runs of missing keys
 * --------------------------------------------------------------------------------------- */

static int compare_runs(const void *one, const void *other)
{
    const struct run *a = one, *b = other;
    return (a->low > b->low) - (a->low < b->low);
}

static uint64_t gap_before(const struct run *runs, size_t i)
{
    return (uint64_t)runs[i].low - (uint64_t)runs[i - 1].high;
}

/* Joins runs that are at most `gap` apart. */
static void join_runs(struct absent *absent, uint64_t gap)
{
    size_t kept = 0;
    struct run *runs = absent->runs;
    for (size_t i = 0; i < absent->run_count; i++) {
        if (kept && (runs[i].low <= runs[kept - 1].high ||
                     (uint64_t)runs[i].low - (uint64_t)runs[kept - 1].high <= gap)) {
            runs[kept - 1].count += runs[i].count;
            if (runs[i].high > runs[kept - 1].high)
                runs[kept - 1].high = runs[i].high;
            continue;
        }
        runs[kept++] = runs[i];
    }
    absent->run_count = kept;
}

static int compare_gaps(const void *one, const void *other)
{
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

/* Takes the waiting keys into the runs; neighbours become one, and while there are too many the
 * nearest do. */
static void settle_runs(struct absent *absent)
{
    absent->run_count += absent->new_count;
    absent->new_count = 0;
    if (!absent->run_count)
        return;
    qsort(absent->runs, absent->run_count, sizeof *absent->runs, compare_runs);
    join_runs(absent, 1);
    if (absent->run_count <= RUNS_MOST)
        return;
    size_t count = absent->run_count - 1;
    uint64_t *gaps = mem_zero(count, sizeof *gaps);
    for (size_t i = 0; i < count; i++)
        gaps[i] = gap_before(absent->runs, i + 1);
    qsort(gaps, count, sizeof *gaps, compare_gaps);
    join_runs(absent, gaps[count - RUNS_MOST / 2]);
    free(gaps);
}

void cause_blocks_absent(struct cause_blocks *blocks, enum side side, const struct value *row,
                         uint64_t times)
{
    struct absent *absent = &blocks->absent[side];
    const struct value *const none[SIDES] = {NULL, NULL};
    sample_add(blocks, &absent->sample, row);
    if (!blocks->table->key_count || row[0].tag != VALUE_INT)
        return;
    cause_example_offer(&absent->first, blocks->table, row, none, false);
    if (!absent->runs)
        absent->runs = mem_zero(RUNS_MOST + NEW_MOST, sizeof *absent->runs);
    int64_t key = cause_int(&row[0]);
    absent->runs[absent->run_count + absent->new_count++] = (struct run){key, key, times};
    if (absent->new_count == NEW_MOST)
        settle_runs(absent);
}

void cause_blocks_present(struct cause_blocks *blocks, const struct value *row)
{
    sample_add(blocks, &blocks->present, row);
}

/* ---- cutoff
 * --------------------------------------------------------------------------------------------- */

struct cutoff {
    size_t column; /* index into times */
    int64_t after; /* the last time that is there, by and large */
    int64_t first; /* the first that is missing behind it */
    size_t behind, strays;
    double share; /* of the missing rows that lie behind it */
};

static int compare_times(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

static size_t list_times(const struct sample *sample, size_t column, int64_t *times)
{
    size_t count = 0;
    for (size_t i = 0; i < sample->count; i++)
        if (sample->rows[i].time[column] != NO_TIME)
            times[count++] = sample->rows[i].time[column];
    if (count)
        qsort(times, count, sizeof *times, compare_times);
    return count;
}

/* Could rows that are missing at random do this? `run` missing ones in a row, of `missing` among
 * `present`. */
static bool is_chance(double run, double missing, double present)
{
    return log(present + 1) + run * log(missing / (missing + present)) > log(CHANCE);
}

/* The earliest time after which there are many missing rows and hardly a present one. */
static bool find_cutoff(const struct cause_blocks *blocks, const struct sample *missing,
                        size_t column, struct cutoff *cutoff)
{
    int64_t *absent = mem_zero(SAMPLE_MOST, sizeof *absent);
    int64_t *present = mem_zero(SAMPLE_MOST, sizeof *present);
    size_t absent_count = list_times(missing, column, absent);
    size_t present_count = list_times(&blocks->present, column, present);
    size_t a = absent_count;
    *cutoff = (struct cutoff){.column = column};
    for (size_t strays = 0; strays < present_count; strays++) {
        int64_t after = present[present_count - 1 - strays];
        while (a && absent[a - 1] > after)
            a--;
        size_t behind = absent_count - a;
        if (strays && strays * STRAYS > behind) /* strays lie behind this time */
            continue;
        if (behind > cutoff->behind)
            *cutoff = (struct cutoff){column, after,  absent[a],
                                      behind, strays, (double)behind / (double)absent_count};
    }
    bool found = cutoff->behind >= BLOCK_ROWS && present_count >= BLOCK_ROWS &&
                 !is_chance((double)cutoff->behind, (double)absent_count, (double)present_count);
    free(absent);
    free(present);
    return found;
}

static uint64_t add_cutoff(struct cause_blocks *blocks, enum side side, uint64_t rows,
                           const struct cutoff *cutoff, struct cause_list *list)
{
    const struct cause_table *table = blocks->table;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT), when = BUFFER_INIT(BUFFER_NO_LIMIT);
    uint64_t count = (uint64_t)llround((double)rows * cutoff->share);
    struct cause *cause = cause_list_add(list, table, "cutoff", SIZE_MAX, count, &text);
    buffer_printf(&text, "%s missing in the %s: %s after a point in time", cause_are(count),
                  side_name[side == SOURCE ? TARGET : SOURCE],
                  cutoff->strays ? "nearly all" : "all");
    buffer_printf(&when, ", %s from ", table->columns[blocks->times[cutoff->column]].name);
    cause_add_fixed(&when, blocks->time_tags[cutoff->column], cutoff->first);
    buffer_add_text(&when, " on");
    cause_list_end(list, cause, &text, (const char *)when.data,
                   1 - (double)cutoff->strays / (double)cutoff->behind, table,
                   &blocks->absent[side].first);
    buffer_free(&text);
    buffer_free(&when);
    return count;
}

/* ---- missing-range
 * -------------------------------------------------------------------------------------- */

static int compare_keys(const void *one, const void *other)
{
    const struct sampled *a = one, *b = other;
    if (a->has_key != b->has_key)
        return a->has_key ? -1 : 1;
    return (a->key > b->key) - (a->key < b->key);
}

/* Joins runs between which no present row is known. */
static void join_across(struct absent *absent, const struct sample *present)
{
    size_t kept = 0, at = 0;
    struct run *runs = absent->runs;
    for (size_t i = 0; i < absent->run_count; i++) {
        while (at < present->count && present->rows[at].has_key && kept &&
               present->rows[at].key <= runs[kept - 1].high)
            at++;
        bool between =
            at < present->count && present->rows[at].has_key && present->rows[at].key < runs[i].low;
        if (kept && !between) {
            runs[kept - 1].count += runs[i].count;
            runs[kept - 1].high = runs[i].high;
        } else {
            runs[kept++] = runs[i];
        }
    }
    absent->run_count = kept;
}

static bool has_present(const struct sample *present, const struct run *run)
{
    for (size_t i = 0; i < present->count; i++)
        if (present->rows[i].has_key && present->rows[i].key >= run->low &&
            present->rows[i].key <= run->high)
            return true;
    return false;
}

/* Every whole number from low to high is missing: nothing can lie between. */
static bool is_dense(const struct cause_table *table, const struct run *run)
{
    return table->key_count == 1 && (uint64_t)run->high - (uint64_t)run->low == run->count - 1;
}

/* Of the sampled missing rows with such keys, those that the cutoff has not taken. */
static double not_cut_off(const struct sample *missing, const struct run *run,
                          const struct cutoff *cutoff)
{
    size_t all = 0, left = 0;
    for (size_t i = 0; cutoff && i < missing->count; i++) {
        const struct sampled *row = &missing->rows[i];
        if (row->has_key && row->key >= run->low && row->key <= run->high) {
            all++;
            left +=
                row->time[cutoff->column] == NO_TIME || row->time[cutoff->column] <= cutoff->after;
        }
    }
    return all ? (double)left / (double)all : 1;
}

struct ranges {
    size_t count;
    uint64_t rows;
    bool dense;
    struct run shown[RANGES_SHOWN]; /* the largest */
};

static void ranges_add(struct ranges *ranges, const struct run *run)
{
    size_t place = ranges->count < RANGES_SHOWN ? ranges->count : RANGES_SHOWN;
    while (place && ranges->shown[place - 1].count < run->count) {
        if (place < RANGES_SHOWN)
            ranges->shown[place] = ranges->shown[place - 1];
        place--;
    }
    if (place < RANGES_SHOWN)
        ranges->shown[place] = *run;
    ranges->count++;
    ranges->rows += run->count;
}

static void find_ranges(struct cause_blocks *blocks, struct absent *absent,
                        const struct cutoff *cutoff, struct ranges *ranges)
{
    const struct run *runs = absent->runs;
    uint64_t all = 0;
    size_t present = 0;
    *ranges = (struct ranges){.dense = true};
    for (size_t i = 0; i < absent->run_count; i++)
        all += runs[i].count;
    for (size_t i = 0; i < blocks->present.count; i++)
        present += blocks->present.rows[i].has_key;
    for (size_t i = 0; i < absent->run_count; i++) {
        struct run run = runs[i];
        bool dense = is_dense(blocks->table, &run);
        if (run.count < BLOCK_ROWS ||
            (!dense && (has_present(&blocks->present, &run) ||
                        is_chance((double)run.count, (double)all, (double)present))))
            continue;
        run.count =
            (uint64_t)llround((double)run.count * not_cut_off(&absent->sample, &run, cutoff));
        if (run.count < BLOCK_ROWS)
            continue;
        ranges->dense &= dense;
        ranges_add(ranges, &run);
    }
}

static uint64_t add_ranges(struct cause_blocks *blocks, enum side side, uint64_t rows,
                           const struct ranges *ranges, struct cause_list *list)
{
    const struct cause_table *table = blocks->table;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT), keys = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct cause_example example = {0};
    const struct value *const none[SIDES] = {NULL, NULL};
    uint64_t count = ranges->rows < rows ? ranges->rows : rows;
    char number[32];
    struct cause *cause = cause_list_add(list, table, "missing-range", SIZE_MAX, count, &text);
    if (ranges->count == 1)
        buffer_printf(&text, "%s missing in the %s as a block", cause_are(count),
                      side_name[side == SOURCE ? TARGET : SOURCE]);
    else
        buffer_printf(&text, "%s missing in the %s in %s blocks", cause_are(count),
                      side_name[side == SOURCE ? TARGET : SOURCE],
                      human_count(ranges->count, number));
    size_t shown = ranges->count < RANGES_SHOWN ? ranges->count : RANGES_SHOWN;
    buffer_printf(&keys, ": %s ", table->columns[0].name);
    for (size_t i = 0; i < shown; i++)
        buffer_printf(&keys, "%s%lld to %lld", i ? ", " : "", (long long)ranges->shown[i].low,
                      (long long)ranges->shown[i].high);
    if (ranges->count > shown)
        buffer_add_text(&keys, ", …");
    struct buffer encoded = BUFFER_INIT(64);
    struct value first;
    value_add_fixed(&encoded, VALUE_INT, ranges->shown[0].low);
    const unsigned char *place = encoded.data;
    if (table->key_count == 1 && value_read(&place, place + encoded.length, &first))
        cause_example_offer(&example, table, &first, none, false);
    cause_list_end(list, cause, &text, (const char *)keys.data, ranges->dense ? 1.0 : 0.95, table,
                   table->key_count == 1 ? &example : &blocks->absent[side].first);
    cause_example_free(&example);
    buffer_free(&encoded);
    buffer_free(&text);
    buffer_free(&keys);
    return count;
}

/* The other side has no row at all: that needs no statistics. */
static void add_whole(const struct cause_blocks *blocks, enum side side, uint64_t rows,
                      struct cause_list *list)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct cause *cause =
        cause_list_add(list, blocks->table, "missing-range", SIZE_MAX, rows, &text);
    buffer_printf(&text, "%s missing in the %s: it has none at all", cause_are(rows),
                  side_name[side == SOURCE ? TARGET : SOURCE]);
    cause_list_end(list, cause, &text, NULL, 1.0, blocks->table, &blocks->absent[side].first);
    buffer_free(&text);
}

uint64_t cause_blocks_finish(struct cause_blocks *blocks, enum side side, uint64_t rows, bool whole,
                             struct cause_list *list)
{
    struct absent *absent = &blocks->absent[side];
    struct cutoff best = {0}, one;
    struct ranges ranges;
    if (!rows)
        return 0;
    if (whole) {
        add_whole(blocks, side, rows, list);
        return 0;
    }
    for (size_t i = 0; i < blocks->time_count; i++)
        if (find_cutoff(blocks, &absent->sample, i, &one) && one.behind > best.behind)
            best = one;
    if (best.behind)
        rows -= add_cutoff(blocks, side, rows, &best, list);
    if (!absent->runs || !rows)
        return rows;
    settle_runs(absent);
    if (blocks->present.count)
        qsort(blocks->present.rows, blocks->present.count, sizeof *blocks->present.rows,
              compare_keys);
    struct run *exact = mem_zero(absent->run_count, sizeof *exact);
    memcpy(exact, absent->runs, absent->run_count * sizeof *exact);
    size_t exact_count = absent->run_count;
    join_across(absent, &blocks->present);
    find_ranges(blocks, absent, best.behind ? &best : NULL, &ranges);
    if (!ranges.count) { /* too few rows are known: perhaps the numbers alone say it */
        memcpy(absent->runs, exact, exact_count * sizeof *exact);
        absent->run_count = exact_count;
        find_ranges(blocks, absent, best.behind ? &best : NULL, &ranges);
    }
    free(exact);
    if (ranges.count)
        rows -= add_ranges(blocks, side, rows, &ranges, list);
    return rows;
}
