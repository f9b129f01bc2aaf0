/* See latency.h. */
#include "latency.h"

#include "../diff/base/hash.h"
#include "../diff/base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROUTE_MOST 300 /* bytes of a route's name */

/* ---- buckets ---- */

/* Each bucket's upper edge is this many times its lower one. */
#define GROWTH ((1 + LATENCY_ERROR) / (1 - LATENCY_ERROR))
/* The buckets reach so far, of seconds and of ratios. 806 = ceil(log(1e7) / log(GROWTH)) */
#define LEAST 1e-7
#define MOST 1e7
#define BUCKET_LAST 806

struct sketch {
    uint64_t total;
    uint32_t zero; /* of them: below all buckets */
    int first;     /* bucket of counts[0] */
    int count;
    uint32_t *counts;
};

static double upper_edge(int bucket)
{
    return pow(GROWTH, bucket);
}

/* From 1 - BUCKET_LAST on: (GROWTH^(bucket-1), GROWTH^bucket]. */
static int bucket_of(double value)
{
    double bucket = ceil(log(value) / log(GROWTH));
    return bucket > BUCKET_LAST ? BUCKET_LAST : (int)bucket;
}

static void widen(struct sketch *sketch, int bucket)
{
    int first = sketch->count && sketch->first < bucket ? sketch->first : bucket;
    int end = sketch->first + sketch->count;
    end = sketch->count && end > bucket ? end : bucket + 1;
    uint32_t *counts = mem_zero((size_t)(end - first), sizeof *counts);
    if (sketch->count)
        memcpy(counts + (sketch->first - first), sketch->counts,
               (size_t)sketch->count * sizeof *counts);
    free(sketch->counts);
    sketch->counts = counts;
    sketch->first = first;
    sketch->count = end - first;
}

static void count_one(struct sketch *sketch, uint32_t *counter)
{
    if (*counter == UINT32_MAX)
        return;
    ++*counter;
    sketch->total++;
}

static void sketch_add(struct sketch *sketch, double value)
{
    if (!(value > LEAST)) {
        count_one(sketch, &sketch->zero);
        return;
    }
    int bucket = bucket_of(value);
    if (!sketch->count || bucket < sketch->first || bucket >= sketch->first + sketch->count)
        widen(sketch, bucket);
    count_one(sketch, &sketch->counts[bucket - sketch->first]);
}

/* The bucket of the value that is the rank-th in order, from 1; false: it is 0. */
static bool find_bucket(const struct sketch *sketch, uint64_t rank, int *bucket)
{
    uint64_t seen = sketch->zero;
    *bucket = sketch->first;
    if (rank <= seen)
        return false;
    for (int i = 0; i < sketch->count; i++) {
        *bucket = sketch->first + i;
        seen += sketch->counts[i];
        if (seen >= rank)
            break;
    }
    return true;
}

/* No value of the bucket is farther from it than LATENCY_ERROR. */
static double value_at(const struct sketch *sketch, uint64_t rank)
{
    int bucket;
    return find_bucket(sketch, rank, &bucket) ? 2 * upper_edge(bucket) / (GROWTH + 1) : 0;
}

static double quantile(const struct sketch *sketch, double part)
{
    uint64_t rank = (uint64_t)ceil(part * (double)sketch->total);
    return sketch->total ? value_at(sketch, rank ? rank : 1) : 0;
}

static void sketch_save(const struct sketch *sketch, struct buffer *out)
{
    buffer_add_u32(out, sketch->zero);
    bytes_put_size(out, (size_t)sketch->count);
    if (sketch->count)
        buffer_add_u32(out, (uint32_t)(sketch->first + BUCKET_LAST));
    for (int i = 0; i < sketch->count; i++)
        buffer_add_u32(out, sketch->counts[i]);
}

/* The outermost buckets are never empty: widen() is called for a value that is counted then. */
static void sketch_load(struct bytes *in, struct sketch *sketch)
{
    sketch->total = sketch->zero = bytes_u32(in);
    size_t count = bytes_count(in, sizeof *sketch->counts);
    uint32_t first = count ? bytes_below(in, 2 * BUCKET_LAST + 1) : 0;
    in->failed |= first + count > 2 * BUCKET_LAST + 1;
    if (in->failed || !count)
        return;
    sketch->first = (int)first - BUCKET_LAST;
    sketch->count = (int)count;
    sketch->counts = mem_zero(count, sizeof *sketch->counts);
    for (size_t i = 0; i < count; i++)
        sketch->total += sketch->counts[i] = bytes_u32(in);
    in->failed |= !sketch->counts[0] || !sketch->counts[count - 1];
}

/* ---- the interval ---- */

#define EXACT_MOST 1000 /* 2^-1000 is still an ordinary double */
#define TAIL 0.025

bool latency_bounds(uint64_t n, uint64_t *low, uint64_t *high)
{
    uint64_t j = 0;
    if (n <= EXACT_MOST) {
        double term = pow(0.5, (double)n), sum = term; /* P(B = j), P(B <= j) */
        while (j < n / 2 && sum <= TAIL) {
            j++;
            term *= (double)(n - j + 1) / (double)j;
            sum += term;
        }
    } else {
        j = (uint64_t)floor((double)n / 2 - 0.98 * sqrt((double)n));
    }
    *low = j;
    *high = n + 1 - j;
    return j > 0;
}

/* ---- routes ---- */

struct row {
    char *route;
    struct sketch time[SIDES], logged, ratio;
    uint64_t random; /* state of the sample's generator */
    size_t pair_count;
    float (*pairs)[SIDES]; /* a fair sample; room for RESULT_PAIRS once there is one */
};

struct latency {
    size_t count;
    struct row rows[LATENCY_ROUTES + 1]; /* by first appearance; the last one: all other routes */
    unsigned short slots[2 * LATENCY_ROUTES]; /* row + 1; 0: free */
};

struct latency *latency_new(void)
{
    return mem_zero(1, sizeof(struct latency));
}

void latency_free(struct latency *latency)
{
    if (!latency)
        return;
    for (size_t i = 0; i < latency->count; i++) {
        struct row *row = &latency->rows[i];
        free(row->route);
        free(row->pairs);
        free(row->time[SOURCE].counts);
        free(row->time[TARGET].counts);
        free(row->logged.counts);
        free(row->ratio.counts);
    }
    free(latency);
}

static uint64_t route_hash(const char *route)
{
    return hash_64(route, strlen(route));
}

/* The slot of the route, or the free one where it belongs. */
static size_t find_slot(const struct latency *latency, const char *route)
{
    size_t slots = sizeof latency->slots / sizeof *latency->slots;
    size_t slot = (size_t)(route_hash(route) % slots);
    while (latency->slots[slot] &&
           strcmp(latency->rows[latency->slots[slot] - 1].route, route) != 0)
        slot = (slot + 1) % slots;
    return slot;
}

static struct row *add_row(struct latency *latency, const char *route)
{
    struct row *row = &latency->rows[latency->count++];
    *row = (struct row){.route = mem_copy_string(route), .random = route_hash(route)};
    return row;
}

static struct row *find_row(struct latency *latency, const char *route)
{
    struct buffer name = BUFFER_INIT(BUFFER_NO_LIMIT);
    utf8_add_cut(&name, route, strlen(route), ROUTE_MOST);
    size_t slot = find_slot(latency, (const char *)name.data);
    struct row *row;
    if (latency->slots[slot]) {
        row = &latency->rows[latency->slots[slot] - 1];
    } else if (latency->count < LATENCY_ROUTES) {
        row = add_row(latency, (const char *)name.data);
        latency->slots[slot] = (unsigned short)latency->count;
    } else {
        row = &latency->rows[LATENCY_ROUTES];
        if (latency->count == LATENCY_ROUTES)
            add_row(latency, "other routes");
    }
    buffer_free(&name);
    return row;
}

/* splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014). */
static uint64_t next_random(uint64_t *state)
{
    uint64_t n = *state += UINT64_C(0x9e3779b97f4a7c15);
    n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
    return n ^ n >> 31;
}

/* Every pair so far is in the sample with the same chance (Vitter, "Random sampling with a
 * reservoir", 1985, algorithm R). */
static void sample_pair(struct row *row, const double seconds[SIDES])
{
    size_t place = row->pair_count;
    if (place == RESULT_PAIRS) {
        place = (size_t)(next_random(&row->random) % row->ratio.total);
        if (place >= RESULT_PAIRS)
            return;
    } else {
        row->pair_count++;
    }
    if (!row->pairs)
        row->pairs = mem_zero(RESULT_PAIRS, sizeof *row->pairs);
    for (int side = 0; side < SIDES; side++)
        row->pairs[place][side] = (float)seconds[side];
}

/* Within what buckets reach, whatever a clock says: one that did not move between two events is no
 * reason to divide by 0. */
static double bounded(double seconds)
{
    return seconds > LEAST ? seconds < MOST ? seconds : MOST : LEAST;
}

void latency_add(struct latency *latency, const char *route, const double seconds[SIDES],
                 double logged)
{
    struct row *row = find_row(latency, route);
    const double pair[SIDES] = {bounded(seconds[SOURCE]), bounded(seconds[TARGET])};
    sketch_add(&row->time[SOURCE], pair[SOURCE]);
    if (logged >= 0)
        sketch_add(&row->logged, logged);
    if (seconds[TARGET] < 0)
        return;
    sketch_add(&row->time[TARGET], pair[TARGET]);
    sketch_add(&row->ratio, pair[TARGET] / pair[SOURCE]);
    sample_pair(row, pair);
}

/* ---- the list ---- */

static void fill_ratio(const struct sketch *ratio, struct replay_latency *out)
{
    uint64_t low, high;
    int bucket;
    if (!ratio->total)
        return;
    out->ratio =
        sqrt(value_at(ratio, (ratio->total + 1) / 2) * value_at(ratio, ratio->total / 2 + 1));
    if (!latency_bounds(ratio->total, &low, &high))
        return;
    out->ratio_low = find_bucket(ratio, low, &bucket) ? upper_edge(bucket - 1) : 0;
    out->ratio_high = find_bucket(ratio, high, &bucket) ? upper_edge(bucket) : LEAST;
}

static struct replay_latency list_row(const struct row *row, double slower, struct arena *arena)
{
    struct replay_latency out = {
        .route = arena_copy(arena, row->route),
        .count = row->time[SOURCE].total,
        .logged_p50 = quantile(&row->logged, 0.50),
        .logged_p95 = quantile(&row->logged, 0.95),
        .logged_p99 = quantile(&row->logged, 0.99),
        .pair_count = row->pair_count,
    };
    for (int side = 0; side < SIDES; side++) {
        out.p50[side] = quantile(&row->time[side], 0.50);
        out.p95[side] = quantile(&row->time[side], 0.95);
        out.p99[side] = quantile(&row->time[side], 0.99);
    }
    fill_ratio(&row->ratio, &out);
    out.slower = slower > 0 && row->ratio.total >= LATENCY_ENOUGH && out.ratio_low > slower;
    out.pairs = arena_alloc(arena, (row->pair_count + 1) * sizeof *out.pairs);
    for (size_t i = 0; i < row->pair_count; i++)
        for (int side = 0; side < SIDES; side++)
            out.pairs[i][side] = (double)row->pairs[i][side];
    return out;
}

static int compare_busy(const void *a, const void *b)
{
    const struct replay_latency *one = a, *other = b;
    if (one->count != other->count)
        return one->count > other->count ? -1 : 1;
    return strcmp(one->route, other->route);
}

size_t latency_list(const struct latency *latency, double slower, struct arena *arena,
                    struct replay_latency **list)
{
    *list = arena_alloc(arena, (latency->count + 1) * sizeof **list);
    for (size_t i = 0; i < latency->count; i++)
        (*list)[i] = list_row(&latency->rows[i], slower, arena);
    qsort(*list, latency->count, sizeof **list, compare_busy);
    return latency->count;
}

/* ---- as bytes ---- */

void latency_save(const struct latency *latency, struct buffer *out)
{
    bytes_put_size(out, latency->count);
    for (size_t i = 0; i < latency->count; i++) {
        const struct row *row = &latency->rows[i];
        bytes_put_text(out, row->route);
        sketch_save(&row->time[SOURCE], out);
        sketch_save(&row->time[TARGET], out);
        sketch_save(&row->logged, out);
        sketch_save(&row->ratio, out);
        buffer_add_u64(out, row->random);
        bytes_put_size(out, row->pair_count);
        for (size_t k = 0; k < row->pair_count; k++)
            for (int side = 0; side < SIDES; side++)
                bytes_put_double(out, (double)row->pairs[k][side]);
    }
}

static void load_pairs(struct bytes *in, struct row *row)
{
    size_t count = bytes_count(in, 2 * sizeof(double));
    in->failed |= count != (row->ratio.total < RESULT_PAIRS ? row->ratio.total : RESULT_PAIRS);
    if (in->failed || !count)
        return;
    row->pair_count = count;
    row->pairs = mem_zero(RESULT_PAIRS, sizeof *row->pairs);
    for (size_t i = 0; i < count; i++)
        for (int side = 0; side < SIDES; side++) {
            double seconds = bytes_double(in);
            float kept = seconds >= 0 && seconds <= 1e30 ? (float)seconds : -1;
            in->failed |= (double)kept < seconds || (double)kept > seconds || isnan(seconds);
            row->pairs[i][side] = kept;
        }
}

static void load_row(struct bytes *in, struct latency *latency)
{
    struct arena arena = ARENA_INIT;
    const char *route = bytes_name(in, &arena);
    in->failed |= !utf8_is_valid((const unsigned char *)route, strlen(route));
    bool rest = latency->count == LATENCY_ROUTES;
    size_t slot = find_slot(latency, route);
    in->failed |= rest ? strcmp(route, "other routes") != 0 : latency->slots[slot] != 0;
    if (!in->failed) {
        struct row *row = add_row(latency, route);
        if (!rest)
            latency->slots[slot] = (unsigned short)latency->count;
        sketch_load(in, &row->time[SOURCE]);
        sketch_load(in, &row->time[TARGET]);
        sketch_load(in, &row->logged);
        sketch_load(in, &row->ratio);
        row->random = bytes_u64(in);
        in->failed |= row->time[TARGET].total != row->ratio.total ||
                      row->time[TARGET].total > row->time[SOURCE].total ||
                      row->logged.total > row->time[SOURCE].total;
        load_pairs(in, row);
    }
    arena_free(&arena);
}

struct latency *latency_load(struct bytes *in)
{
    struct latency *latency = latency_new();
    size_t count = bytes_count(in, 4);
    in->failed |= count > LATENCY_ROUTES + 1;
    for (size_t i = 0; i < count && !in->failed; i++)
        load_row(in, latency);
    if (!in->failed)
        return latency;
    latency_free(latency);
    return NULL;
}
