/*
 * Times of one column that are off by an amount: is it a time zone? Input: pairs of unequal times.
 * Output: the causes time-zone and time-shift.
 *
 * Counted exactly are the amounts: a clock's offsets are multiples of a quarter of an hour, so
 * there are few that matter. Of each amount a sample of the times is kept. At the end every zone of
 * the tz database is held against the samples, in both directions: "written as UTC, read as Z"
 * makes the target what clocks in Z call the source's time; "written as Z, read as UTC" the
 * reverse. A zone is believed when it explains at least two amounts, which a constant shift cannot:
 * winter and summer; or, where its winter is UTC, one amount and that the other rows are equal.
 * Each amount must stand on its own dates: of two amounts that have nothing to do with the season
 * some zone explains those of the one that happen to be in winter, and of the other in summer,
 * which are 100 % together where a true one explains 200.
 */
#include "cause_parts.h"

#include "base/hash.h"
#include "base/text_list.h"
#include "cause_rule.h"
#include "zone.h"

#include <math.h>
#include <stdlib.h>

#define SECOND INT64_C(1000000)
#define QUARTER (900 * SECOND)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define CLOCK_MOST (26 * HOUR) /* between two clocks of the world */
#define SLOTS_MOST 160         /* 2 × 26 h in quarters would be 208, but real clocks use 40 */
#define SAMPLE_MOST 64         /* times of one amount */
#define SLACK 200              /* a better known zone may explain a 200th less than the best */
#define SURE_ROWS 3            /* with one odd amount: fewer are no pattern */
#define EQUAL_FEWEST 8         /* sampled times that are not off, to say anything of them */
#define EQUAL_SHARE 0.95       /* of them that a zone which leaves them alone must explain */
#define SEASONS_FEWEST 1.5     /* shares of two amounts together: by chance 1, of a true zone 2 */

/* A time that is off, chosen by its hash. */
struct sampled {
    uint64_t hash;
    int64_t time[SIDES];
};

/* All differences by one amount. */
struct slot {
    int64_t shift; /* target - source, microseconds */
    uint64_t count;
    size_t sample_count;
    struct sampled sample[SAMPLE_MOST]; /* those with the smallest hashes; the largest first */
    struct cause_example example;
};

struct cause_shifts {
    enum value_tag tag;
    size_t count, last;
    struct slot **slots; /* most never hold more than three */
    uint64_t other;      /* differences by amounts that no slot was left for */
    struct cause_example other_example;
    struct slot equal; /* times that are not off: a clock that shows UTC in winter */
};

struct cause_shifts *cause_shifts_new(void)
{
    return mem_zero(1, sizeof(struct cause_shifts));
}

static void slot_free(struct slot *slot)
{
    cause_example_free(&slot->example);
    free(slot);
}

void cause_shifts_free(struct cause_shifts *shifts)
{
    if (!shifts)
        return;
    for (size_t i = 0; i < shifts->count; i++)
        slot_free(shifts->slots[i]);
    free(shifts->slots);
    cause_example_free(&shifts->other_example);
    free(shifts);
}

/* ---- As they come
 * ----------------------------------------------------------------------------------------- */

/* A date or a time of day has none. */
static bool has_zone(enum value_tag tag)
{
    return tag == VALUE_DATETIME || tag == VALUE_INSTANT;
}

static bool is_clock(int64_t shift)
{
    return shift % QUARTER == 0 && shift <= CLOCK_MOST && shift >= -CLOCK_MOST;
}

/* The slot that an odd amount may take from another one: with a single row so far. */
static struct slot *single_slot(struct cause_shifts *shifts)
{
    for (size_t i = 0; i < shifts->count; i++)
        if (shifts->slots[i]->count == 1 && !is_clock(shifts->slots[i]->shift))
            return shifts->slots[i];
    return NULL;
}

static struct slot *find_slot(struct cause_shifts *shifts, int64_t shift)
{
    if (shifts->last < shifts->count && shifts->slots[shifts->last]->shift == shift)
        return shifts->slots[shifts->last];
    for (size_t i = 0; i < shifts->count; i++)
        if (shifts->slots[i]->shift == shift) {
            shifts->last = i;
            return shifts->slots[i];
        }
    struct slot *slot;
    if (shifts->count < SLOTS_MOST) {
        shifts->slots = mem_resize(shifts->slots, shifts->count + 1, sizeof *shifts->slots);
        slot = shifts->slots[shifts->count++] = mem_zero(1, sizeof *slot);
    } else {
        slot = single_slot(shifts);
        if (!slot)
            return NULL;
        shifts->other++;
        cause_example_free(&slot->example);
        *slot = (struct slot){0};
    }
    slot->shift = shift;
    return slot;
}

/* Keeps the times whose hashes are smallest, each once: which these are does not depend on the
 * order. */
static void sample(struct slot *slot, const int64_t time[SIDES])
{
    uint64_t hash = hash_64(&time[SOURCE], sizeof time[SOURCE]);
    size_t place = slot->sample_count;
    if (slot->sample_count == SAMPLE_MOST) {
        if (hash >= slot->sample[0].hash)
            return;
        for (place = 0; place < SAMPLE_MOST; place++)
            if (slot->sample[place].hash == hash)
                return;
        place = 0;
    } else {
        for (size_t i = 0; i < slot->sample_count; i++)
            if (slot->sample[i].hash == hash)
                return;
        slot->sample_count++;
    }
    slot->sample[place] = (struct sampled){hash, {time[SOURCE], time[TARGET]}};
    for (size_t i = 1; i < slot->sample_count; i++)
        if (slot->sample[i].hash > slot->sample[0].hash) {
            struct sampled swap = slot->sample[0];
            slot->sample[0] = slot->sample[i];
            slot->sample[i] = swap;
        }
}

void cause_shifts_add(struct cause_shifts *shifts, const struct cause_table *table,
                      const struct value *key, const struct value *const value[SIDES],
                      uint64_t times)
{
    int64_t time[SIDES], shift;
    for (int side = 0; side < SIDES; side++)
        time[side] = cause_int(value[side]);
    shifts->tag = value[SOURCE]->tag;
    if (shifts->tag == VALUE_DATE)
        for (int side = 0; side < SIDES; side++)
            if (__builtin_mul_overflow(time[side], DAY, &time[side]))
                time[side] = side ? INT64_MAX : INT64_MIN;
    struct slot *slot = NULL;
    if (!__builtin_sub_overflow(time[TARGET], time[SOURCE], &shift))
        slot = find_slot(shifts, shift);
    if (!slot) {
        shifts->other += times;
        cause_example_offer(&shifts->other_example, table, key, value, false);
        return;
    }
    slot->count += times;
    cause_example_offer(&slot->example, table, key, value, false);
    if (is_clock(shift))
        sample(slot, time);
}

void cause_shifts_same(struct cause_shifts *shifts, const struct value *value)
{
    int64_t n = cause_int(value);
    if (has_zone(value->tag)) /* of a column all have one tag */
        sample(&shifts->equal, (const int64_t[SIDES]){n, n});
}

/* ---- Which zone
 * ------------------------------------------------------------------------------------------- */

/* Zones that many know come before others that explain the same, the best known first. */
static const char *const known_zones[] = {
    "Europe/Berlin",   "Europe/London",       "America/New_York", "Europe/Paris",
    "America/Chicago", "America/Los_Angeles", "America/Denver",   "Europe/Helsinki",
    "Europe/Moscow",   "Europe/Istanbul",     "Australia/Sydney", "America/Sao_Paulo",
    "America/Toronto", "Asia/Jerusalem",      "Europe/Lisbon",    "Europe/Athens",
    "America/Halifax", "Pacific/Auckland",    "America/Santiago", "America/Mexico_City",
    "Africa/Cairo",    "Asia/Tehran",         "Asia/Kolkata",     "Asia/Tokyo",
    "Asia/Shanghai",   "Asia/Singapore",
};

enum direction { READ_LOCAL, WRITTEN_LOCAL, DIRECTIONS };

struct candidate {
    const struct zone *zone;
    size_t rank; /* among the known ones; their number: unknown */
    enum direction direction;
    double rows;   /* that it explains */
    size_t shifts; /* in how many amounts */
    bool leaves;   /* the times that are not off: its winter is UTC */
    bool seasons;  /* each amount is right on its dates */
};

/* Clocks near the ends of int64 are no question. */
static bool is_ordinary(int64_t time)
{
    return time < INT64_MAX / 2 && time > INT64_MIN / 2;
}

static bool explains(const struct zone *zone, enum direction direction, const int64_t time[SIDES])
{
    /* The civil time in the zone, and what was made of it. */
    int64_t civil = time[direction == READ_LOCAL ? SOURCE : TARGET];
    int64_t instant = time[direction == READ_LOCAL ? TARGET : SOURCE], other;
    if (!is_ordinary(civil) || !is_ordinary(instant))
        return false;
    return zone_to_instant(zone, civil, &other) == instant || other == instant;
}

/* The share of a slot's sample that the zone explains. */
static double slot_share(const struct slot *slot, const struct candidate *candidate)
{
    size_t count = 0;
    for (size_t i = 0; i < slot->sample_count; i++)
        count += explains(candidate->zone, candidate->direction, slot->sample[i].time);
    return slot->sample_count ? (double)count / (double)slot->sample_count : 0;
}

static void try_candidate(const struct cause_shifts *shifts, struct candidate *candidate)
{
    double rows[2] = {0}, parts[2] = {0}; /* of the two amounts with most explained rows */
    candidate->rows = 0;
    candidate->shifts = 0;
    for (size_t i = 0; i < shifts->count; i++) {
        double part = slot_share(shifts->slots[i], candidate);
        double of = part * (double)shifts->slots[i]->count;
        candidate->rows += of;
        candidate->shifts += part > 0;
        int place = of > rows[0] ? 0 : of > rows[1] ? 1 : 2;
        if (place == 0) {
            rows[1] = rows[0];
            parts[1] = parts[0];
        }
        if (place < 2) {
            rows[place] = of;
            parts[place] = part;
        }
    }
    double equal = slot_share(&shifts->equal, candidate);
    candidate->leaves =
        candidate->shifts && shifts->equal.sample_count >= EQUAL_FEWEST && equal >= EQUAL_SHARE;
    candidate->seasons =
        parts[0] + (candidate->leaves ? fmax(equal, parts[1]) : parts[1]) >= SEASONS_FEWEST;
}

static size_t rank_of(const char *name)
{
    size_t rank = 0, count = sizeof known_zones / sizeof *known_zones;
    while (rank < count && strcmp(known_zones[rank], name) != 0)
        rank++;
    return rank;
}

/* Fills the candidates that explain at least two amounts, none being one of them, from a list with
 * room for all. */
static size_t list_candidates(const struct cause_shifts *shifts, const struct text_list *names,
                              struct candidate *candidates)
{
    size_t count = 0;
    for (size_t i = 0; i < names->count; i++) {
        const struct zone *zone;
        struct err err;
        if (!zone_find(names->items[i], &zone, &err) || zone_is_fixed(zone))
            continue;
        for (int direction = 0; direction < DIRECTIONS; direction++) {
            candidates[count] = (struct candidate){.zone = zone,
                                                   .rank = rank_of(names->items[i]),
                                                   .direction = (enum direction)direction};
            try_candidate(shifts, &candidates[count]);
            count += (candidates[count].shifts > 1 || candidates[count].leaves) &&
                     candidates[count].seasons;
        }
    }
    return count;
}

/* The best, of those that explain as much the best known one; *fit: how many explain as much. */
static bool choose_candidate(const struct candidate *candidates, size_t count,
                             struct candidate *chosen, size_t *fit)
{
    double most = 0;
    for (size_t i = 0; i < count; i++)
        most = fmax(most, candidates[i].rows);
    double enough = most - floor(most / SLACK) - 1e-6;
    *fit = 0;
    for (size_t i = 0; i < count; i++) {
        const struct candidate *one = &candidates[i];
        if (one->rows < enough)
            continue;
        if (!(*fit)++ || one->rank < chosen->rank ||
            (one->rank == chosen->rank && one->rows > chosen->rows))
            *chosen = *one;
    }
    return *fit > 0;
}

static uint64_t share(uint64_t count, double left)
{
    return left >= 1 ? count : (uint64_t)llround((double)count * left);
}

/* "1 h", "5 h 30 min", "2 days", "1.5 s" */
static void add_amount(struct buffer *out, int64_t shift)
{
    uint64_t amount = shift < 0 ? 0 - (uint64_t)shift : (uint64_t)shift;
    uint64_t days = amount / (uint64_t)DAY, rest = amount % (uint64_t)DAY;
    uint64_t hours = rest / (uint64_t)HOUR, minutes = rest / 60000000 % 60;
    uint64_t seconds = rest / 1000000 % 60, fraction = rest % 1000000;
    size_t start = out->length;
    if (days)
        buffer_printf(out, "%llu %s", (unsigned long long)days, days == 1 ? "day" : "days");
    if (hours)
        buffer_printf(out, "%s%llu h", out->length > start ? " " : "", (unsigned long long)hours);
    if (minutes)
        buffer_printf(out, "%s%llu min", out->length > start ? " " : "",
                      (unsigned long long)minutes);
    if (seconds || fraction) {
        buffer_printf(out, "%s%llu", out->length > start ? " " : "", (unsigned long long)seconds);
        if (fraction) {
            buffer_printf(out, ".%06llu", (unsigned long long)fraction);
            while (out->data[out->length - 1] == '0')
                out->data[--out->length] = '\0';
        }
        buffer_add_text(out, " s");
    }
}

/* The two amounts with the most rows, the smaller first: winter's where clocks go forward in
 * summer east of Greenwich. */
static void add_amounts(struct buffer *out, const struct cause_shifts *shifts,
                        const struct candidate *zone)
{
    const struct slot *top[2] = {NULL, NULL};
    for (size_t i = 0; i < shifts->count; i++) {
        const struct slot *slot = shifts->slots[i];
        if (slot_share(slot, zone) <= 0)
            continue;
        if (!top[0] || slot->count > top[0]->count) {
            top[1] = top[0];
            top[0] = slot;
        } else if (!top[1] || slot->count > top[1]->count) {
            top[1] = slot;
        }
    }
    if (!top[0])
        return;
    if (!top[1]) { /* right in winter */
        add_amount(out, top[0]->shift);
        buffer_printf(out, " (summer) %s", top[0]->shift < 0 ? "early" : "late");
        return;
    }
    /* Standard time is the smaller offset: read as local it makes the target later. */
    bool sooner = zone->direction == READ_LOCAL ? top[0]->shift > top[1]->shift
                                                : top[0]->shift < top[1]->shift;
    const struct slot *winter = top[sooner ? 0 : 1], *summer = top[sooner ? 1 : 0];
    add_amount(out, winter->shift);
    buffer_add_text(out, " (winter) or ");
    add_amount(out, summer->shift);
    buffer_printf(out, " (summer) %s", winter->shift + summer->shift < 0 ? "early" : "late");
}

static void add_to_range(struct cause_example *keys, const struct cause_example *more)
{
    bool first = !keys->cost;
    keys->cost = 1;
    keys->ranged = more->ranged && (first || keys->ranged);
    keys->range_tag = more->range_tag;
    keys->low = first || more->low < keys->low ? more->low : keys->low;
    keys->high = first || more->high > keys->high ? more->high : keys->high;
}

/* Takes the rows that the zone explains out of the slots. */
static void add_zone(struct cause_shifts *shifts, const struct cause_table *table, size_t column,
                     const struct candidate *zone, size_t fit, double left, struct cause_list *list)
{
    uint64_t all = shifts->other, taken = 0, most = 0;
    struct cause_example *example = NULL, keys = {0};
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT), range = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct buffer amounts = BUFFER_INIT(BUFFER_NO_LIMIT);
    add_amounts(&amounts, shifts, zone);
    for (size_t i = 0; i < shifts->count; i++) {
        struct slot *slot = shifts->slots[i];
        uint64_t part = share(slot->count, slot_share(slot, zone));
        all += slot->count;
        if (!part)
            continue;
        taken += part;
        slot->count -= part;
        if (part > most) {
            most = part;
            example = &slot->example;
        }
        add_to_range(&keys, &slot->example);
    }
    uint64_t count = share(taken, left);
    if (count) {
        const char *name = zone_name(zone->zone);
        bool read_local = zone->direction == READ_LOCAL;
        struct cause *cause = cause_list_add(list, table, "time-zone", column, count, &text);
        buffer_printf(&text, "%s %s: written as %s, read as %s", cause_are(count),
                      (const char *)amounts.data, read_local ? "UTC" : name,
                      read_local ? name : "UTC");
        if (fit > 1)
            buffer_printf(&text, " (%zu zones fit)", fit);
        cause_add_range(&range, table, &keys);
        cause_list_end(list, cause, &text, range.length ? (const char *)range.data : NULL,
                       all ? (double)taken / (double)all : 0, table, example);
    }
    buffer_free(&amounts);
    buffer_free(&text);
    buffer_free(&range);
}

static void find_zone(struct cause_shifts *shifts, const struct cause_table *table, size_t column,
                      double left, struct cause_list *list)
{
    struct text_list names = {0};
    struct candidate chosen = {0};
    size_t amounts = shifts->equal.sample_count >= EQUAL_FEWEST, fit;
    for (size_t i = 0; i < shifts->count; i++)
        amounts += shifts->slots[i]->sample_count > 0;
    if (amounts < 2 || !has_zone(shifts->tag))
        return;
    zone_list(&names);
    struct candidate *candidates = mem_zero(names.count * DIRECTIONS + 1, sizeof *candidates);
    size_t count = list_candidates(shifts, &names, candidates);
    if (choose_candidate(candidates, count, &chosen, &fit)) {
        /* One amount alone would do nearly as well: then it is a shift with a few strays. */
        uint64_t most = 0;
        for (size_t i = 0; i < shifts->count; i++)
            if (shifts->slots[i]->count > most && slot_share(shifts->slots[i], &chosen) > 0)
                most = shifts->slots[i]->count;
        double beyond = chosen.rows - (double)most;
        if (chosen.leaves || (beyond >= 1 && beyond * 100 >= chosen.rows))
            add_zone(shifts, table, column, &chosen, fit, left, list);
    }
    free(candidates);
    text_list_free(&names);
}

/* Whole hours and half ones are what clocks are off by; any other amount must repeat. */
static bool is_shift(const struct cause_shifts *shifts, const struct slot *slot, uint64_t all)
{
    if (slot->count >= SURE_ROWS && slot->count * 20 >= all)
        return true;
    bool clock =
        is_clock(slot->shift) && slot->shift % (HOUR / 2) == 0 && llabs(slot->shift) <= 14 * HOUR;
    return clock && shifts->tag != VALUE_DATE && slot->count * 20 >= all;
}

static int compare_slots(const void *one, const void *other)
{
    const struct slot *a = *(struct slot *const *)one, *b = *(struct slot *const *)other;
    return (a->shift > b->shift) - (a->shift < b->shift);
}

uint64_t cause_shifts_finish(struct cause_shifts *shifts, const struct cause_table *table,
                             size_t column, double left, struct cause_list *list,
                             struct cause_example *example)
{
    uint64_t all = shifts->other, rest = shifts->other;
    for (size_t i = 0; i < shifts->count; i++)
        all += shifts->slots[i]->count;
    *example = shifts->other_example;
    /* Of amounts with as many rows the one that came first is no better than the other. */
    if (shifts->count)
        qsort(shifts->slots, shifts->count, sizeof *shifts->slots, compare_slots);
    find_zone(shifts, table, column, left, list);
    for (size_t i = 0; i < shifts->count; i++) {
        struct slot *slot = shifts->slots[i];
        if (!slot->count)
            continue;
        if (!is_shift(shifts, slot, all)) {
            rest += slot->count;
            *example = !example->cost ? slot->example : *example;
            continue;
        }
        uint64_t count = share(slot->count, left);
        if (!count)
            continue;
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT), range = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct cause *cause = cause_list_add(list, table, "time-shift", column, count, &text);
        buffer_printf(&text, "%s ", cause_are(count));
        add_amount(&text, slot->shift);
        buffer_printf(&text, " %s in the target", slot->shift < 0 ? "early" : "late");
        cause_add_range(&range, table, &slot->example);
        cause_list_end(list, cause, &text, range.length ? (const char *)range.data : NULL,
                       cause_by_count(slot->count) * (double)slot->count / (double)all, table,
                       &slot->example);
        buffer_free(&text);
        buffer_free(&range);
    }
    return share(rest, left);
}
