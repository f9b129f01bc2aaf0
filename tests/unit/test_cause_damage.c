/*
 * Precision and recall of the causes on generated damage. Worlds of some thousand rows are made by
 * a fixed random sequence; a share of a column gets one damage, another share a second one, and
 * some cells an edit that has no cause. The causes that are found are held against what was done,
 * and per cause printed is how much of what was said is true (precision) and how much of what was
 * done was said (recall), in rows. Both must be 0.95 at least.
 */
#include "../../diff/base/memory.h"
#include "../../diff/base/utf8.h"
#include "../../diff/cause.h"
#include "../../diff/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SECOND INT64_C(1000000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define LEAST 0.95
#define ROWS 3000

static uint64_t state_of_chance;

static uint64_t chance(uint64_t most) /* xorshift64*; 0 … most - 1 */
{
    state_of_chance ^= state_of_chance >> 12;
    state_of_chance ^= state_of_chance << 25;
    state_of_chance ^= state_of_chance >> 27;
    return (state_of_chance * UINT64_C(2685821657736338717) >> 16) % most;
}

/* ---- The score */

static const char *const names[] = {
    "time-zone",      "time-shift",   "fraction-lost", "truncated",    "trailing-blanks",
    "case",           "unicode-form", "mojibake",      "null-empty",   "replaced-characters",
    "zero-date",      "not-boolean",  "rounded",       "float-width",  "wrapped",
    "clamped",        "json-null",    "array-order",   "line-endings", "html-escaped",
    "swapped",        "shifted-keys", "missing-range", "cutoff",       "column-different",
    "column-default", "unexplained",
};
enum { NAMES = COUNT(names), NO_DAMAGE = -1 };

static int name_number(const char *name)
{
    for (int i = 0; i < (int)NAMES; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    fail_msg("no cause is called %s", name);
    return 0;
}

static uint64_t done[NAMES], said[NAMES], right[NAMES]; /* rows, of all worlds */

/* ---- Values */

static const char *const words[] = {
    "Ångström", "Müller",  "Łukasz", "café",      "Paris",    "hotel",   "Žižek",
    "señor",    "garden",  "São",    "breakfast", "Zürich",   "naïve",   "river",
    "Øre",      "crème",   "window", "seventeen", "Übergang", "bicycle", "invoice",
    "déjà",     "kitchen", "Ñandú",  "customer",  "train",    "Brontë",
};

/* Three to eight words; html and lines: with something for these damages to act on. */
static void make_text(char *out, size_t size, bool html, bool lines)
{
    size_t count = 3 + chance(6), length = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const char *between = i == 0                ? ""
                              : html && i == 1      ? " & <b>"
                              : lines && i % 2 == 1 ? "\r\n"
                                                    : " ";
        length += (size_t)snprintf(out + length, size - length, "%s%s", between,
                                   words[chance(COUNT(words))]);
    }
    snprintf(out + length, size - length, " %llu", (unsigned long long)chance(100000));
}

static void put_text(struct buffer *out, const char *text, size_t length)
{
    value_add_blob(out, VALUE_TEXT, text, length);
}

/* ---- Damages: each writes the target's cell for the source's */

struct text_damage {
    const char *name;
    void (*act)(const char *text, struct buffer *out);
    bool html, lines;
};

static void cut_at_24(const char *text, struct buffer *out)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + strlen(text);
    for (int i = 0; i < 24 && at < end; i++)
        at += utf8_size(at, end);
    put_text(out, text, (size_t)((const char *)at - text));
}

static void cut_at_25_bytes(const char *text, struct buffer *out)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + strlen(text);
    while (at < end && at + utf8_size(at, end) <= (const unsigned char *)text + 25)
        at += utf8_size(at, end);
    put_text(out, text, (size_t)((const char *)at - text));
}

static void add_blanks(const char *text, struct buffer *out)
{
    char padded[400];
    int length = snprintf(padded, sizeof padded, "%s%*s", text, (int)(1 + chance(9)), "");
    put_text(out, padded, (size_t)length);
}

static void make_capitals(const char *text, struct buffer *out)
{
    char upper[400];
    size_t length = 0;
    for (const char *at = text; *at; at++, length++) {
        bool two = (unsigned char)*at == 0xc3 && (unsigned char)at[1] >= 0xa0;
        upper[length] = *at >= 'a' && *at <= 'z' ? (char)(*at - 32) : *at;
        if (two) { /* Latin-1's small letters stand 32 behind the capitals in UTF-8, too */
            upper[length++] = *at++;
            upper[length] = (char)((unsigned char)*at - 0x20);
        }
    }
    put_text(out, upper, length);
}

static const struct {
    const char *composed, *decomposed;
} forms[] = {
    {"Å", "A\xcc\x8a"}, {"ö", "o\xcc\x88"}, {"ü", "u\xcc\x88"}, {"é", "e\xcc\x81"},
    {"Ž", "Z\xcc\x8c"}, {"ž", "z\xcc\x8c"}, {"ñ", "n\xcc\x83"}, {"ã", "a\xcc\x83"},
    {"ï", "i\xcc\x88"}, {"è", "e\xcc\x80"}, {"Ü", "U\xcc\x88"}, {"à", "a\xcc\x80"},
    {"Ñ", "N\xcc\x83"}, {"ú", "u\xcc\x81"}, {"ë", "e\xcc\x88"},
};

static void decompose(const char *text, struct buffer *out)
{
    struct buffer made = BUFFER_INIT(4000);
    for (const char *at = text; *at;) {
        size_t form = 0;
        while (form < COUNT(forms) &&
               strncmp(at, forms[form].composed, strlen(forms[form].composed)) != 0)
            form++;
        if (form < COUNT(forms)) {
            buffer_add_text(&made, forms[form].decomposed);
            at += strlen(forms[form].composed);
        } else {
            buffer_add_byte(&made, (unsigned char)*at++);
        }
    }
    put_text(out, (const char *)made.data, made.length);
    buffer_free(&made);
}

static void misread(const char *text, struct buffer *out)
{
    struct buffer made = BUFFER_INIT(4000);
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        unsigned char bytes[4];
        buffer_add(&made, bytes, utf8_write(*at, bytes));
    }
    put_text(out, (const char *)made.data, made.length);
    buffer_free(&made);
}

static void replace(const char *text, struct buffer *out)
{
    struct buffer made = BUFFER_INIT(4000);
    const unsigned char *at = (const unsigned char *)text, *end = at + strlen(text);
    for (size_t size; at < end; at += size) {
        size = utf8_size(at, end);
        if (size == 1)
            buffer_add_byte(&made, *at);
        else
            buffer_add_byte(&made, '?');
    }
    put_text(out, (const char *)made.data, made.length);
    buffer_free(&made);
}

static void drop_returns(const char *text, struct buffer *out)
{
    struct buffer made = BUFFER_INIT(4000);
    for (; *text; text++)
        if (*text != '\r')
            buffer_add_byte(&made, (unsigned char)*text);
    put_text(out, (const char *)made.data, made.length);
    buffer_free(&made);
}

static void escape(const char *text, struct buffer *out)
{
    struct buffer made = BUFFER_INIT(4000);
    for (; *text; text++)
        if (*text == '&')
            buffer_add_text(&made, "&amp;");
        else if (*text == '<' || *text == '>')
            buffer_add_text(&made, *text == '<' ? "&lt;" : "&gt;");
        else
            buffer_add_byte(&made, (unsigned char)*text);
    put_text(out, (const char *)made.data, made.length);
    buffer_free(&made);
}

/* Somebody edited it: a word for another one, letters more or less. */
static void edit(const char *text, struct buffer *out)
{
    char made[500];
    size_t length = strlen(text), kind = chance(3);
    const char *word = words[chance(COUNT(words))];
    if (kind == 0)
        snprintf(made, sizeof made, "%s %s", word, text);
    else if (kind == 1)
        snprintf(made, sizeof made, "%s, %s", text, word);
    else
        snprintf(made, sizeof made, "%llu%s %s", (unsigned long long)chance(1000),
                 text + (length > 3 ? length - 3 : 0), word);
    put_text(out, made, strlen(made));
}

static const struct text_damage text_damages[] = {
    {"truncated", cut_at_24, false, false},         {"truncated", cut_at_25_bytes, false, false},
    {"trailing-blanks", add_blanks, false, false},  {"case", make_capitals, false, false},
    {"unicode-form", decompose, false, false},      {"mojibake", misread, false, false},
    {"replaced-characters", replace, false, false}, {"line-endings", drop_returns, false, true},
    {"html-escaped", escape, true, false},
};

/* ---- A world: a key and one column that is damaged */

struct world {
    struct cause_table table;
    struct causes *causes;
    uint64_t rows[SIDES];
    uint64_t done[NAMES];
    struct buffer row[SIDES];
    double seconds; /* that the causes took */
    uint64_t cells;
};

static struct cause_column columns[] = {
    {.name = "id", .digits = {0, 0}},
    {.name = "v", .digits = {-1, -1}},
    {.name = "w", .digits = {-1, -1}},
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void begin(struct world *world, size_t column_count)
{
    *world = (struct world){.table = {"t", column_count, columns, 1}};
    world->causes = causes_new(&world->table);
    for (int side = 0; side < SIDES; side++)
        buffer_init(&world->row[side], BUFFER_NO_LIMIT);
}

static void start_row(struct world *world, int64_t source_key, int64_t target_key)
{
    for (int side = 0; side < SIDES; side++) {
        buffer_clear(&world->row[side]);
        value_add_fixed(&world->row[side], VALUE_INT, side == SOURCE ? source_key : target_key);
    }
}

/* Tells the row in hand, of which sides may lack. damage: what was done, NO_DAMAGE: nothing. */
static void tell(struct world *world, bool source, bool target, int damage)
{
    const bool there[SIDES] = {source, target};
    struct value values[SIDES][3];
    const struct value *shown[SIDES] = {NULL, NULL};
    size_t differ[3], count = 0;
    for (int side = 0; side < SIDES; side++) {
        const unsigned char *place = world->row[side].data, *end = place + world->row[side].length;
        for (size_t i = 0; i < world->table.column_count; i++)
            assert_true(value_read(&place, end, &values[side][i]));
        world->rows[side] += there[side];
        if (there[side])
            shown[side] = values[side];
    }
    for (size_t i = 0; source && target && i < world->table.column_count; i++)
        if (values[SOURCE][i].encoding_length != values[TARGET][i].encoding_length ||
            memcmp(values[SOURCE][i].encoding, values[TARGET][i].encoding,
                   values[SOURCE][i].encoding_length) != 0)
            differ[count++] = i;
    double before = now();
    if (source && target && !count)
        causes_same(world->causes, values[SOURCE], 1);
    else
        causes_differ(world->causes, shown, differ, count, 1);
    world->seconds += now() - before;
    world->cells += count;
    if (damage != NO_DAMAGE && (count || !source || !target))
        world->done[damage]++;
}

static void judge(struct world *world, const char *what)
{
    struct arena arena = ARENA_INIT;
    struct cause *found;
    uint64_t world_said[NAMES] = {0};
    size_t count = causes_finish(world->causes, world->rows, &arena, &found);
    for (size_t i = 0; i < count; i++)
        world_said[name_number(found[i].name)] += found[i].count;
    for (int i = 0; i < (int)NAMES; i++) {
        uint64_t both = world_said[i] < world->done[i] ? world_said[i] : world->done[i];
        done[i] += world->done[i];
        said[i] += world_said[i];
        right[i] += both;
        if (getenv("VERBOSE") && world_said[i] != world->done[i])
            print_message("%s: %s %llu done, %llu said\n", what, names[i],
                          (unsigned long long)world->done[i], (unsigned long long)world_said[i]);
    }
    for (size_t i = 0; i < count && getenv("VERBOSE"); i++)
        print_message("    %s (%.2f) %s\n", found[i].name, found[i].confidence, found[i].text);
    arena_free(&arena);
    causes_free(world->causes);
    for (int side = 0; side < SIDES; side++)
        buffer_free(&world->row[side]);
}

/* What happens to a row: the main damage, another one, an edit, nothing. */
enum fate { MAIN, OTHER, EDIT, NOTHING };

static enum fate choose_fate(void)
{
    uint64_t n = chance(100);
    return n < 55 ? MAIN : n < 70 ? OTHER : n < 75 ? EDIT : NOTHING;
}

/* ---- Texts */

static void damage_text(struct world *world, const struct text_damage *damage,
                        const struct text_damage *other, bool turned)
{
    int unexplained = name_number("unexplained");
    for (int i = 0; i < ROWS; i++) {
        char text[400];
        enum fate fate = choose_fate();
        make_text(text, sizeof text, damage->html || other->html, damage->lines || other->lines);
        start_row(world, i, i);
        struct buffer *sides[SIDES] = {&world->row[turned ? TARGET : SOURCE],
                                       &world->row[turned ? SOURCE : TARGET]};
        put_text(sides[SOURCE], text, strlen(text));
        if (fate == MAIN)
            damage->act(text, sides[TARGET]);
        else if (fate == OTHER)
            other->act(text, sides[TARGET]);
        else if (fate == EDIT)
            edit(text, sides[TARGET]);
        else
            put_text(sides[TARGET], text, strlen(text));
        tell(world, true, true,
             fate == MAIN    ? name_number(damage->name)
             : fate == OTHER ? name_number(other->name)
             : fate == EDIT  ? unexplained
                             : NO_DAMAGE);
    }
}

static void texts_that_were_damaged(void)
{
    for (size_t i = 0; i < COUNT(text_damages); i++)
        for (size_t k = 0; k < COUNT(text_damages); k++) {
            struct world world;
            if (i == k)
                continue;
            begin(&world, 2);
            damage_text(&world, &text_damages[i], &text_damages[k], (i + k) % 2);
            judge(&world, text_damages[i].name);
        }
}

/* ---- Everything that is one value: a function that writes both sides */

struct value_damage {
    const char *name;
    void (*make)(struct buffer *source, struct buffer *target, enum fate fate);
};

static void put_decimal(struct buffer *out, const char *format, ...)
{
    char text[100];
    va_list list;
    va_start(list, format);
    int length = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    assert_true(value_add_decimal(out, text, (size_t)length));
}

static int64_t any_time(void)
{
    return (int64_t)(civil_to_days(2018, 1, 1) + (int64_t)chance(3000)) * DAY +
           (int64_t)chance(86400) * SECOND + (int64_t)chance(1000000);
}

/* The same cell on both sides, or one that somebody edited. */
static void same_number(struct buffer *source, struct buffer *target, bool edited)
{
    long long whole = (long long)chance(100000), part = (long long)chance(10000);
    put_decimal(source, "%lld.%04lld", whole, part);
    put_decimal(target, "%lld.%04lld", whole + (edited ? 1 + (long long)chance(99) : 0),
                edited ? (part + 1 + (long long)chance(9998)) % 10000 : part);
}

static void make_rounded(struct buffer *source, struct buffer *target, enum fate fate)
{
    if (fate >= EDIT) {
        same_number(source, target, fate == EDIT);
        return;
    }
    unsigned long long whole = chance(100000), part = chance(10000);
    put_decimal(source, "%llu.%04llu", whole, part);
    if (fate == MAIN)
        part = (part + 50) / 100 * 100;
    else
        part = part / 100 * 100;
    put_decimal(target, "%llu.%04llu", whole + part / 10000, part % 10000);
}

static void make_float(struct buffer *source, struct buffer *target, enum fate fate)
{
    double number = (double)chance(1000000007) / 1009.0 + 0.1;
    value_add_double(source, number);
    value_add_double(target, fate <= OTHER  ? (double)(float)number
                             : fate == EDIT ? number * 1.37
                                            : number);
}

static void make_wrapped(struct buffer *source, struct buffer *target, enum fate fate)
{
    int64_t number = (int64_t)chance(3000000000) + INT64_C(2200000000);
    value_add_fixed(source, VALUE_INT, number);
    value_add_fixed(target, VALUE_INT,
                    fate <= OTHER  ? (int64_t)(int32_t)(uint32_t)number
                    : fate == EDIT ? number + 1 + (int64_t)chance(1000)
                                   : number);
}

static void make_clamped(struct buffer *source, struct buffer *target, enum fate fate)
{
    int64_t number = (int64_t)chance(4000000000) + INT64_C(2147483648);
    value_add_fixed(source, VALUE_INT, number);
    value_add_fixed(target, VALUE_INT,
                    fate <= OTHER  ? INT32_MAX
                    : fate == EDIT ? number + 1 + (int64_t)chance(1000)
                                   : number);
}

static void make_boolean(struct buffer *source, struct buffer *target, enum fate fate)
{
    if (fate <= OTHER) {
        value_add_fixed(source, VALUE_INT, 2 + (int64_t)chance(100));
        value_add_bool(target, true);
    } else {
        bool truth = chance(2);
        value_add_bool(source, truth);
        value_add_bool(target, fate == EDIT ? !truth : truth);
    }
}

static void make_fraction(struct buffer *source, struct buffer *target, enum fate fate)
{
    int64_t time = any_time(), lost = time % SECOND;
    value_add_fixed(source, VALUE_DATETIME, time);
    value_add_fixed(target, VALUE_DATETIME,
                    fate == MAIN    ? time - lost
                    : fate == OTHER ? time - lost + (lost >= SECOND / 2 ? SECOND : 0)
                    : fate == EDIT  ? time + (int64_t)chance(100000) * 7919 + 1234567
                                    : time);
}

static void make_zero_date(struct buffer *source, struct buffer *target, enum fate fate)
{
    if (fate <= OTHER) {
        value_add_blob(source, VALUE_SPECIAL, "0000-00-00", 10);
        value_add_null(target);
        return;
    }
    int64_t day = 15000 + (int64_t)chance(4000);
    value_add_fixed(source, VALUE_DATE, day);
    if (fate == EDIT && chance(2))
        value_add_null(target);
    else
        value_add_fixed(target, VALUE_DATE, fate == EDIT ? day + 100 + (int64_t)chance(4000) : day);
}

static void make_zone(struct buffer *source, struct buffer *target, enum fate fate,
                      const char *name, bool read_local, int64_t shift)
{
    const struct zone *zone;
    struct err err;
    int64_t other, time = any_time();
    assert_true(zone_find(name, &zone, &err));
    int64_t shifted = shift ? time + shift : zone_to_instant(zone, time, &other);
    if (fate == EDIT)
        shifted = time + (int64_t)chance(1000000) * SECOND + 17 * SECOND;
    if (fate == NOTHING)
        shifted = time;
    value_add_fixed(read_local ? source : target, VALUE_INSTANT, time);
    value_add_fixed(read_local ? target : source, VALUE_INSTANT, shifted);
}

static void make_berlin(struct buffer *source, struct buffer *target, enum fate fate)
{
    make_zone(source, target, fate, "Europe/Berlin", true, 0);
}

static void make_new_york(struct buffer *source, struct buffer *target, enum fate fate)
{
    make_zone(source, target, fate, "America/New_York", false, 0);
}

static void make_sydney(struct buffer *source, struct buffer *target, enum fate fate)
{
    make_zone(source, target, fate, "Australia/Sydney", true, 0);
}

static void make_shift(struct buffer *source, struct buffer *target, enum fate fate)
{
    make_zone(source, target, fate, "UTC", true, 5 * HOUR + HOUR / 2);
}

static void make_null_empty(struct buffer *source, struct buffer *target, enum fate fate)
{
    char text[400];
    make_text(text, sizeof text, false, false);
    if (fate <= OTHER) {
        put_text(source, "", 0);
        value_add_null(target);
        return;
    }
    put_text(source, text, strlen(text));
    if (fate == EDIT && chance(2))
        value_add_null(target);
    else if (fate == EDIT)
        edit(text, target);
    else
        put_text(target, text, strlen(text));
}

static void put_json(struct buffer *out, const char *text)
{
    value_add_blob(out, VALUE_JSON, text, strlen(text));
}

static void make_json_null(struct buffer *source, struct buffer *target, enum fate fate)
{
    char text[100];
    snprintf(text, sizeof text, "{\"a\":%llu}", (unsigned long long)chance(1000));
    put_json(source, fate <= OTHER ? "null" : text);
    if (fate <= OTHER || (fate == EDIT && chance(2)))
        value_add_null(target);
    else
        put_json(target, fate == EDIT ? "{\"b\":null}" : text);
}

static void make_array(struct buffer *source, struct buffer *target, enum fate fate)
{
    unsigned long long a = chance(1000), b = 1000 + chance(1000), c = 2000 + chance(1000);
    char text[200], other[200];
    snprintf(text, sizeof text, "{\"list\":[%llu,\"x\",%llu,{\"n\":[%llu,1]}]}", a, b, c);
    snprintf(other, sizeof other, "{\"list\":[{\"n\":[1,%llu]},%llu,%llu,\"x\"]}", c, a, b);
    put_json(source, text);
    if (fate == EDIT)
        snprintf(other, sizeof other, "{\"list\":[%llu,\"y\",%llu,{\"n\":[%llu,1]}]}", b, a, c);
    put_json(target, fate == NOTHING ? text : other);
}

static const struct value_damage value_damages[] = {
    {"rounded", make_rounded},     {"float-width", make_float},   {"wrapped", make_wrapped},
    {"clamped", make_clamped},     {"not-boolean", make_boolean}, {"fraction-lost", make_fraction},
    {"zero-date", make_zero_date}, {"time-zone", make_berlin},    {"time-zone", make_new_york},
    {"time-zone", make_sydney},    {"time-shift", make_shift},    {"null-empty", make_null_empty},
    {"json-null", make_json_null}, {"array-order", make_array},
};

static void values_that_were_damaged(void)
{
    int unexplained = name_number("unexplained");
    for (size_t i = 0; i < COUNT(value_damages); i++) {
        struct world world;
        begin(&world, 2);
        for (int row = 0; row < ROWS; row++) {
            enum fate fate = choose_fate();
            start_row(&world, row, row);
            value_damages[i].make(&world.row[SOURCE], &world.row[TARGET], fate);
            tell(&world, true, true,
                 fate <= OTHER  ? name_number(value_damages[i].name)
                 : fate == EDIT ? unexplained
                                : NO_DAMAGE);
        }
        judge(&world, value_damages[i].name);
    }
}

/* ---- Whole rows and columns. Each row has a text of its own and a time that grows with the key.
 */

enum row_damage { SWAPPED, SHIFTED, RANGE, CUTOFF, DIFFERENT, DEFAULT, ROW_DAMAGES };
static const char *const row_names[ROW_DAMAGES] = {"swapped", "shifted-keys",     "missing-range",
                                                   "cutoff",  "column-different", "column-default"};

static void put_row_text(struct buffer *out, int row)
{
    char text[100];
    int length = snprintf(text, sizeof text, "%s %x", words[row % (int)COUNT(words)],
                          (unsigned)row * 2654435761u);
    put_text(out, text, (size_t)length);
}

/* Which row's text the target has under this key: its own but for the damage; -1: none. */
static int target_row(enum row_damage damage, int row, int rows)
{
    switch (damage) {
    case SWAPPED:
        return row < rows / 3 ? row ^ 1 : row;
    case SHIFTED:
        return row ? row - 1 : -1;
    case RANGE:
        return row >= rows / 4 && row < rows / 3 ? -1 : row;
    case CUTOFF:
        return row >= rows * 9 / 10 ? -1 : row;
    default:
        return row;
    }
}

static void tell_whole_row(struct world *world, enum row_damage damage, int row, int rows)
{
    int from = target_row(damage, row, rows);
    bool edited = (damage == SWAPPED || damage == DIFFERENT) && row % 40 == 39 && row >= rows / 3;
    bool stray = (damage == RANGE || damage == CUTOFF) && from >= 0 && row % 97 == 0;
    int number = name_number(row_names[damage]), what = number;
    start_row(world, row, row);
    put_row_text(&world->row[SOURCE], row);
    if (damage == DEFAULT)
        put_text(&world->row[TARGET], "none", 4);
    else
        put_row_text(&world->row[TARGET], edited || damage == DIFFERENT ? row + 100000
                                          : from < 0                    ? row
                                                                        : from);
    /* The time is in no order of the keys where a block of keys is missing. */
    int64_t when = (int64_t)(damage == CUTOFF ? row : row * 7919 % rows) * HOUR;
    int64_t target_when = damage == SHIFTED && from >= 0 ? (int64_t)(from * 7919 % rows) * HOUR
                          : damage == SWAPPED            ? (int64_t)(from * 7919 % rows) * HOUR
                                                         : when;
    value_add_fixed(&world->row[SOURCE], VALUE_DATETIME, when);
    value_add_fixed(&world->row[TARGET], VALUE_DATETIME, target_when);
    if (edited && damage == SWAPPED)
        what = name_number("unexplained");
    if (stray)
        what = name_number("unexplained");
    tell(world, true, from >= 0 && !stray, what);
}

static void rows_and_columns_that_were_damaged(void)
{
    static const int sizes[] = {300, ROWS, 40000};
    for (size_t size = 0; size < COUNT(sizes); size++)
        for (int damage = 0; damage < ROW_DAMAGES; damage++) {
            struct world world;
            int rows = sizes[size];
            begin(&world, 3);
            for (int i = 0; i < rows; i++)
                tell_whole_row(&world, (enum row_damage)damage, (int)((long long)i * 7919 % rows),
                               rows);
            if (damage == SHIFTED) {
                start_row(&world, rows, rows);
                for (int side = 0; side < SIDES; side++) {
                    put_row_text(&world.row[side], rows - 1);
                    value_add_fixed(&world.row[side], VALUE_DATETIME,
                                    (int64_t)((rows - 1) * 7919 % rows) * HOUR);
                }
                tell(&world, false, true, name_number("shifted-keys"));
            }
            judge(&world, row_names[damage]);
        }
}

/* ---- The table */

static void precision_and_recall_are_high_for_every_cause(void **state)
{
    (void)state;
    state_of_chance = 20261121;
    texts_that_were_damaged();
    values_that_were_damaged();
    rows_and_columns_that_were_damaged();
    bool good = true;
    print_message("%-20s %9s %9s  precision recall\n", "cause", "done", "said");
    for (int i = 0; i < (int)NAMES; i++) {
        double precision = said[i] ? (double)right[i] / (double)said[i] : 1;
        double recall = done[i] ? (double)right[i] / (double)done[i] : 0;
        bool low = precision < LEAST || recall < LEAST;
        print_message("%-20s %9llu %9llu     %.4f  %.4f%s\n", names[i], (unsigned long long)done[i],
                      (unsigned long long)said[i], precision, recall, low ? "  LOW" : "");
        good &= !low;
    }
    assert_true(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(precision_and_recall_are_high_for_every_cause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
