/*
 * The causes of differences, rule by rule: what each must say of a pair of values, and what none
 * may say, for a false cause misleads. What only many rows together show, time zones, moved rows,
 * blocks and whole columns, is in the second half. test_cause_damage.c measures them all together.
 */
#include "../../diff/base/memory.h"
#include "../../diff/cause.h"
#include "../../diff/cause_rule.h"
#include "../../diff/json_canon.h"
#include "../../diff/base/hash.h"
#include "../../diff/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SECOND INT64_C(1000000)
#define HOUR (3600 * SECOND)

/* ---- Values from words: "n:12.5" number, "t:text", "d:0.1" double, "j:{}" JSON, "b:1" boolean,
 * "m:1706695200000000" a civil time, "z:0000-00-00" no date, "a:1,2" array, "x:text" bytes, "-"
 * NULL
 */

static void add_array(struct buffer *out, const char *text)
{
    struct buffer payload = BUFFER_INIT(1 << 16);
    uint32_t count = 1;
    for (const char *at = text; *at; at++)
        count += *at == ',';
    buffer_add_u32(&payload, 1);
    buffer_add_u32(&payload, count);
    while (*text) {
        size_t length = strcspn(text, ",");
        value_add_blob(&payload, VALUE_TEXT, text, length);
        text += length + (text[length] == ',');
    }
    value_add_blob(out, VALUE_ARRAY, payload.data, payload.length);
    buffer_free(&payload);
}

static void add_word(struct buffer *out, const char *word)
{
    const char *text = word + 2;
    struct buffer json = BUFFER_INIT(1 << 16);
    switch (*word) {
    case 'n':
        assert_true(value_add_decimal(out, text, strlen(text)));
        break;
    case 't':
        value_add_blob(out, VALUE_TEXT, text, strlen(text));
        break;
    case 'x':
        value_add_blob(out, VALUE_BYTES, text, strlen(text));
        break;
    case 'd':
        value_add_double(out, strtod(text, NULL));
        break;
    case 'f':
        value_add_double(out, (double)strtof(text, NULL));
        break;
    case 'j':
        assert_true(json_canon(&json, text, strlen(text)));
        value_add_blob(out, VALUE_JSON, json.data, json.length);
        break;
    case 'b':
        value_add_bool(out, *text == '1');
        break;
    case 'm':
        value_add_fixed(out, VALUE_DATETIME, strtoll(text, NULL, 10));
        break;
    case 'y':
        value_add_fixed(out, VALUE_DATE, strtoll(text, NULL, 10));
        break;
    case 'z':
        value_add_blob(out, VALUE_SPECIAL, text, strlen(text));
        break;
    case 'a':
        add_array(out, text);
        break;
    default:
        value_add_null(out);
    }
    buffer_free(&json);
}

struct word_pair {
    struct buffer encoded[SIDES];
    struct value value[SIDES];
};

static void encode(struct word_pair *pair, const char *source, const char *target)
{
    const char *const words[] = {source, target};
    for (int side = 0; side < SIDES; side++) {
        buffer_init(&pair->encoded[side], BUFFER_NO_LIMIT);
        add_word(&pair->encoded[side], words[side]);
        const unsigned char *place = pair->encoded[side].data;
        assert_true(value_read(&place, place + pair->encoded[side].length, &pair->value[side]));
    }
}

static void forget(struct word_pair *pair)
{
    for (int side = 0; side < SIDES; side++)
        buffer_free(&pair->encoded[side]);
}

/* ---- One pair */

struct one_pair {
    const char *name; /* NULL: no rule may claim it */
    const char *source, *target;
};

#define LONG_TEXT "the quick brown fox jumps over the lazy dog"

static const struct cause_column plain_column = {.name = "c", .digits = {-1, -1}};

static void check_pair(const struct cause_column *column, const struct one_pair *one, bool turned)
{
    struct word_pair pair;
    struct cause_match match;
    enum side damaged;
    encode(&pair, turned ? one->target : one->source, turned ? one->source : one->target);
    const struct value *const values[SIDES] = {&pair.value[SOURCE], &pair.value[TARGET]};
    const struct cause_rule *rule = cause_judge(column, values, &damaged, &match);
    if (!one->name && rule)
        fail_msg("%s and %s: %s", one->source, one->target, rule->name);
    if (one->name && (!rule || strcmp(rule->name, one->name) != 0))
        fail_msg("%s and %s: %s instead of %s", one->source, one->target,
                 rule ? rule->name : "nothing", one->name);
    forget(&pair);
}

static void each_rule_knows_its_damage_on_either_side(void **state)
{
    (void)state;
    static const struct one_pair pairs[] = {
        {"fraction-lost", "m:1706695200250000", "m:1706695200000000"},
        {"fraction-lost", "m:1706695200999600", "m:1706695201000000"},
        {"fraction-lost", "m:1706695200123456", "m:1706695200123000"},
        {"fraction-lost", "m:-1", "m:-1000000"},
        {"fraction-lost", "m:1706695312000000", "m:1706659200000000"},
        {"zero-date", "z:0000-00-00", "-"},
        {"zero-date", "z:0000-00-00 00:00:00", "m:0"},
        {"zero-date", "z:2024-00-00", "-"},
        {"not-boolean", "n:2", "b:1"},
        {"not-boolean", "n:-1", "b:1"},
        {"rounded", "n:12.3456", "n:12.35"},
        {"rounded", "n:12.3456", "n:12.34"},
        {"rounded", "n:99.996", "n:100"},
        {"rounded", "n:-0.0045", "n:0"},
        {"rounded", "n:2.5", "n:3"},
        {"rounded", "n:2.5", "n:2"},
        {"rounded", "d:20.387921", "d:20.3879"},
        {"rounded", "d:0.30000000000000004", "d:0.3"},
        {"rounded", "n:16777216", "n:16777200"},
        {"rounded", "n:12345678901234567", "n:12345678901234600"},
        {"float-width", "d:0.1", "f:0.1"},
        {"float-width", "d:1234.56789", "f:1234.56789"},
        {"float-width", "n:9007199254740993", "n:9007199254740992"},
        {"float-width", "n:16777217", "n:16777216"},
        {"wrapped", "n:18446744073709551615", "n:-1"},
        {"wrapped", "n:4294967296", "n:0"},
        {"wrapped", "n:3000000000", "n:-1294967296"},
        {"clamped", "n:3000000000", "n:2147483647"},
        {"clamped", "n:-3000000000", "n:-2147483648"},
        {"clamped", "n:5000000000", "n:4294967295"},
        {"clamped", "n:99999999999999999999", "n:9223372036854775807"},
        {"json-null", "j:null", "-"},
        {"json-null", "j:null", "j:\"null\""},
        {"array-order", "j:[1,2,3]", "j:[3,1,2]"},
        {"array-order", "j:{\"a\":[\"x,]\",{\"b\":[1,2]}]}", "j:{\"a\":[{\"b\":[2,1]},\"x,]\"]}"},
        {"array-order", "a:one,two", "a:two,one"},
        {"null-empty", "t:", "-"},
        {"null-empty", "x:", "-"},
        {"trailing-blanks", "t:abc  ", "t:abc"},
        {"trailing-blanks", "t: ", "t:"},
        {"truncated", "t:" LONG_TEXT, "t:the quick brown"},
        {"truncated", "t:" LONG_TEXT, "t:the quick "},
        {"truncated", "x:" LONG_TEXT, "x:the quick"},
        {"truncated", "t:Grüße aus Öhringen", "t:Grüß"},
        {"line-endings", "t:a\r\nb\r\nc", "t:a\nb\nc"},
        {"line-endings", "t:a\rb", "t:a\nb"},
        {"line-endings", "t:a\r\n", "t:a\n"},
        {"case", "t:Smith", "t:SMITH"},
        {"case", "t:Ärger", "t:ärger"},
        {"case", "t:Straße", "t:STRASSE"},
        {"case", "t:user@Example.com", "t:user@example.com"},
        {"unicode-form", "t:Zürich", "t:Zu\xcc\x88rich"},
        {"unicode-form", "t:é", "t:e\xcc\x81"},
        {"unicode-form", "t:oﬃce", "t:office"},
        {"unicode-form", "t:한국",
         "t:\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab\xe1\x84\x80\xe1\x85\xae\xe1\x86\xa8"},
        {"mojibake", "t:Café", "t:CafÃ©"},
        {"mojibake", "t:10 €", "t:10 â‚¬"},
        {"mojibake", "t:Café", "t:CafÃƒÂ©"},
        {"mojibake", "t:Łódź",
         "t:Å\xc2\x81\xc3\x83\xc2\xb3"
         "d\xc3\x85\xc2\xba"},
        {"mojibake", "t:Привет", "t:Ïðèâåò"},
        {"mojibake", "t:Привет", "t:РџСЂРёРІРµС‚"},
        {"replaced-characters", "t:Łódź", "t:?ód?"},
        {"replaced-characters", "t:hi 😀", "t:hi ????"},
        {"replaced-characters", "t:hi 😀", "t:hi ?"},
        {"replaced-characters", "t:hi there 😀!", "t:hi there !"},
        {"replaced-characters", "t:née",
         "t:n\xef\xbf\xbd"
         "e"},
        {"replaced-characters", "t:Crème brûlée", "t:Creme brulee"},
        {"html-escaped", "t:Tom & Jerry", "t:Tom &amp; Jerry"},
        {"html-escaped", "t:<b>\"it's\"</b>", "t:&lt;b&gt;&quot;it&#039;s&quot;&lt;/b&gt;"},
        {"html-escaped", "t:Café", "t:Caf&eacute;"},
        {"html-escaped", "t:a&b", "t:a&amp;amp;b"},
    };
    for (size_t i = 0; i < COUNT(pairs); i++) {
        check_pair(&plain_column, &pairs[i], false);
        check_pair(&plain_column, &pairs[i], true);
    }
}

static void what_can_well_be_something_else_has_no_cause(void **state)
{
    (void)state;
    static const struct one_pair pairs[] = {
        {NULL, "m:1706695200000000", "m:1706695202000000"},
        {NULL, "m:1706695200123456", "m:1706695200123457"},
        {NULL, "m:1706695200250000", "m:1706695202000000"},
        {NULL, "m:1706695200250000", "m:1706695200300001"},
        {NULL, "m:1706695200000000", "m:1706659200000000"}, /* midnight, but whole hours off */
        {NULL, "z:0000-00-00", "y:19000"},
        {NULL, "z:2024-02-31", "-"},
        {NULL, "z:infinity", "-"},
        {NULL, "m:0", "-"},
        {NULL, "b:1", "b:0"},
        {NULL, "n:1", "b:0"},
        {NULL, "n:12.3456", "n:12.36"},
        {NULL, "n:12.3456", "n:-12.35"},
        {NULL, "n:12.35", "n:0"},
        {NULL, "n:0", "n:12.35"},
        {NULL, "n:100", "n:101"},
        {NULL, "n:100", "n:200"},
        {NULL, "n:1234", "n:1200"},
        {NULL, "n:300", "n:44"}, /* modulo 256, but no column of 8 bits */
        {NULL, "n:300", "n:255"},
        {NULL, "n:-5", "n:0"},
        {NULL, "n:2147483646", "n:2147483647"},
        {NULL, "n:5", "n:999"},
        {NULL, "n:1000", "n:999"}, /* nines, but nobody says that there is no room for more */
        {NULL, "n:NaN", "n:0"},
        {NULL, "n:Infinity", "n:9223372036854775807"},
        {NULL, "d:nan", "d:0"},
        {NULL, "d:1.5", "d:1.25"},
        {NULL, "j:{}", "-"},
        {NULL, "j:null", "j:0"},
        {NULL, "j:[1,2]", "j:[1,3]"},
        {NULL, "j:[[1,2],[3,4]]", "j:[[1,3],[2,4]]"},
        {NULL, "j:{\"a\":1,\"b\":2}", "j:{\"a\":2,\"b\":1}"},
        {NULL, "j:[\"a,b\"]", "j:[\"b,a\"]"},
        {NULL, "a:one,two", "a:one,one"},
        {NULL, "t:NULL", "-"},
        {NULL, "t: ", "-"},
        {NULL, "t:0", "-"},
        {NULL, "t:abc", "t:abd"},
        {NULL, "t:abc", "t: abc"},
        {NULL, "t:a b", "t:ab"},
        {NULL, "t:1.0", "t:1"},
        {NULL, "t:ab", "t:a"},
        {NULL, "t:" LONG_TEXT, "t:"},
        {NULL, "t:" LONG_TEXT, "t:lazy dog"},
        {NULL, "t:a\nb", "t:a b"},
        {NULL, "t:a\nb", "t:a\n\nb"},
        {NULL, "t:why?", "t:why!"},
        {NULL, "t:plain", "t:plai?"},
        {NULL, "t:Łódź", "t:?od?"},
        {NULL, "t:日本", "t:"},
        {NULL, "t:é", "t:è"},
        {NULL, "t:é", "t:E"},
        {NULL, "t:Ärger", "t:Aerger"},
        {NULL, "t:Café", "t:CafÃ¨"},
        {NULL, "t:й", "t:ê"}, /* a single letter may be anything */
        {NULL, "t:&amp;", "t:&lt;"},
        {NULL, "t:R&D", "t:R&amp;E"},
        {NULL, "t:a;b", "t:a&b;"},
        {NULL, "t:\xff\xfe", "t:abcd"},
        {NULL, "t:\xe9", "t:\xc3\xa9"},
        {NULL, "t:", "x:"},
    };
    for (size_t i = 0; i < COUNT(pairs); i++) {
        check_pair(&plain_column, &pairs[i], false);
        check_pair(&plain_column, &pairs[i], true);
    }
}

static void small_integers_wrap_and_clamp_only_in_columns_of_that_width(void **state)
{
    (void)state;
    static const struct cause_column tiny = {
        .name = "c", .bits = {32, 8}, .is_unsigned = {false, true}, .digits = {0, 0}};
    static const struct one_pair pairs[] = {
        {"wrapped", "n:300", "n:44"}, {"clamped", "n:300", "n:255"}, {"clamped", "n:-5", "n:0"},
        {NULL, "n:300", "n:45"},      {NULL, "n:200", "n:100"},
    };
    static const struct cause_column code = {.name = "c", .characters = {0, 2}};
    static const struct one_pair cut[] = {{"truncated", "t:deu", "t:de"}, {NULL, "t:deu", "t:d"}};
    for (size_t i = 0; i < COUNT(pairs); i++)
        check_pair(&tiny, &pairs[i], false);
    for (size_t i = 0; i < COUNT(cut); i++)
        check_pair(&code, &cut[i], false);
}

static void only_the_last_number_of_the_damaged_column_is_clamped(void **state)
{
    (void)state;
    /* The target's is decimal(5,2); the source's has no limit. */
    static const struct cause_column narrow = {.name = "c", .digits = {-1, 2}, .precision = {0, 5}};
    static const struct one_pair pairs[] = {
        {"clamped", "n:1234.5", "n:999.99"}, {"clamped", "n:-1000", "n:-999.99"},
        {NULL, "n:1000", "n:999"},           {NULL, "n:2000", "n:999.9"},
        {NULL, "n:200000", "n:99999"},       {NULL, "n:5", "n:999.99"},
    };
    for (size_t i = 0; i < COUNT(pairs); i++)
        check_pair(&narrow, &pairs[i], false);
    static const struct one_pair other = {NULL, "n:999.99", "n:1234.5"};
    check_pair(&narrow, &other, false); /* the source could hold it: nothing was clamped there */
}

/* ---- Many rows: tables of a key and one or two columns */

struct world {
    struct cause_table table;
    struct causes *causes;
    struct buffer rows[SIDES];
    uint64_t count[SIDES];
    struct arena arena;
    struct cause *found;
    size_t found_count;
};

static const struct cause_column world_columns[] = {
    {.name = "id", .digits = {0, 0}},
    {.name = "note", .digits = {-1, -1}},
    {.name = "created", .digits = {-1, -1}},
};

static void begin(struct world *world, size_t columns)
{
    *world = (struct world){.table = {"orders", columns, world_columns, 1}, .arena = ARENA_INIT};
    world->causes = causes_new(&world->table);
    for (int side = 0; side < SIDES; side++)
        buffer_init(&world->rows[side], BUFFER_NO_LIMIT);
}

/* Rows of words, NULL where a side has none. */
static void tell(struct world *world, const char *const *source, const char *const *target)
{
    const char *const *const words[SIDES] = {source, target};
    struct value values[SIDES][3];
    const struct value *shown[SIDES] = {NULL, NULL};
    size_t differ[3], count = 0;
    for (int side = 0; side < SIDES; side++) {
        if (!words[side])
            continue;
        world->count[side]++;
        buffer_clear(&world->rows[side]);
        for (size_t i = 0; i < world->table.column_count; i++)
            add_word(&world->rows[side], words[side][i]);
        const unsigned char *place = world->rows[side].data,
                            *end = place + world->rows[side].length;
        for (size_t i = 0; i < world->table.column_count; i++)
            assert_true(value_read(&place, end, &values[side][i]));
        shown[side] = values[side];
    }
    for (size_t i = 0; source && target && i < world->table.column_count; i++)
        if (value_compare(&values[SOURCE][i], &values[TARGET][i]) != 0)
            differ[count++] = i;
    if (source && target && !count)
        causes_same(world->causes, values[SOURCE], 1);
    else
        causes_differ(world->causes, shown, differ, count, 1);
}

/* A row of a key, a text and a time; any may differ. */
static void tell_row(struct world *world, int64_t source_key, const char *source_note,
                     int64_t source_time, int64_t target_key, const char *target_note,
                     int64_t target_time)
{
    char words[SIDES][3][200];
    snprintf(words[0][0], sizeof words[0][0], "n:%lld", (long long)source_key);
    snprintf(words[1][0], sizeof words[1][0], "n:%lld", (long long)target_key);
    snprintf(words[0][1], sizeof words[0][1], "t:%s", source_note ? source_note : "");
    snprintf(words[1][1], sizeof words[1][1], "t:%s", target_note ? target_note : "");
    snprintf(words[0][2], sizeof words[0][2], "m:%lld", (long long)source_time);
    snprintf(words[1][2], sizeof words[1][2], "m:%lld", (long long)target_time);
    const char *source[] = {words[0][0], words[0][1], words[0][2]};
    const char *target[] = {words[1][0], words[1][1], words[1][2]};
    tell(world, source_note ? source : NULL, target_note ? target : NULL);
}

static void finish(struct world *world)
{
    world->found_count = causes_finish(world->causes, world->count, &world->arena, &world->found);
}

static void end(struct world *world)
{
    causes_free(world->causes);
    for (int side = 0; side < SIDES; side++)
        buffer_free(&world->rows[side]);
    arena_free(&world->arena);
}

static const struct cause *find(const struct world *world, const char *name)
{
    for (size_t i = 0; i < world->found_count; i++)
        if (strcmp(world->found[i].name, name) == 0)
            return &world->found[i];
    return NULL;
}

static void print_all(const struct world *world)
{
    for (size_t i = 0; i < world->found_count; i++)
        print_message("%s %llu %.2f %s\n", world->found[i].name,
                      (unsigned long long)world->found[i].count, world->found[i].confidence,
                      world->found[i].text);
}

static void expect(const struct world *world, const char *name, uint64_t count, const char *words)
{
    const struct cause *cause = find(world, name);
    if (!cause || cause->count != count || !strstr(cause->text, words)) {
        print_all(world);
        fail_msg("expected %s, %llu rows, saying \"%s\"", name, (unsigned long long)count, words);
    }
}

static void expect_none(const struct world *world, const char *name)
{
    if (find(world, name)) {
        print_all(world);
        fail_msg("%s was not expected", name);
    }
}

static int64_t day(int64_t year, unsigned month, unsigned day_of_month)
{
    return civil_to_days(year, month, day_of_month) * 24 * HOUR;
}

static int64_t berlin(int64_t civil)
{
    const struct zone *zone;
    struct err err;
    int64_t other;
    assert_true(zone_find("Europe/Berlin", &zone, &err));
    return zone_to_instant(zone, civil, &other);
}

static void a_zone_needs_its_winter_and_its_summer(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 3);
    for (int i = 0; i < 100; i++) {
        int64_t time = day(2024, 1, 1) + i * 80 * HOUR;
        tell_row(&world, i, "n", time, i, "n", berlin(time));
    }
    finish(&world);
    expect(&world, "time-zone", 100,
           "orders.created: 100 rows are 1 h (winter) or 2 h (summer) early: written as UTC, read "
           "as Europe/Berlin");
    assert_true(find(&world, "time-zone")->confidence >= 1);
    end(&world);

    begin(&world, 3); /* the other way round */
    for (int i = 0; i < 100; i++) {
        int64_t time = day(2024, 1, 1) + i * 80 * HOUR;
        tell_row(&world, i, "n", berlin(time), i, "n", time);
    }
    finish(&world);
    expect(&world, "time-zone", 100, "late: written as Europe/Berlin, read as UTC");
    end(&world);

    begin(&world, 3); /* winter alone may be any shift */
    for (int i = 0; i < 100; i++) {
        int64_t time = day(2024, 1, 1) + i * 8 * HOUR;
        tell_row(&world, i, "n", time, i, "n", time - HOUR);
    }
    finish(&world);
    expect(&world, "time-shift", 100, "are 1 h early in the target");
    expect_none(&world, "time-zone");
    end(&world);

    begin(&world, 3); /* an hour in winter and in summer is no clock's */
    for (int i = 0; i < 100; i++) {
        int64_t time = day(2024, 1, 1) + i * 80 * HOUR;
        tell_row(&world, i, "n", time, i, "n", time + HOUR + 30 * 60 * SECOND);
    }
    finish(&world);
    expect(&world, "time-shift", 100, "are 1 h 30 min late in the target");
    expect_none(&world, "time-zone");
    end(&world);
}

static void a_zone_that_is_right_in_winter_is_known_by_the_equal_rows(void **state)
{
    (void)state;
    struct world world;
    const struct zone *zone;
    struct err err;
    int64_t other;
    assert_true(zone_find("Europe/London", &zone, &err));
    /* Whichever come first: those that are equal, those that are off. */
    for (int equal_first = 0; equal_first < 2; equal_first++) {
        begin(&world, 3);
        for (int i = 0; i < 800; i++) {
            int64_t time = day(2024, 1, 1) + (i * 7 % 400) * 40 * HOUR;
            int64_t target = zone_to_instant(zone, time, &other);
            if ((i < 400) == ((target == time) == equal_first))
                tell_row(&world, i % 400, "n", time, i % 400, "n", target);
        }
        finish(&world);
        expect(&world, "time-zone",
               find(&world, "time-zone") ? find(&world, "time-zone")->count : 0,
               "are 1 h (summer) early: written as UTC, read as Europe/London");
        end(&world);
    }
}

/* Rows of `count` moments from `first` on, every `step`; which of them are off, and by how much. */
struct clock_row {
    const char *name;
    int64_t first, step;
    int count;
    const char *zone; /* written as UTC, read as this; "-Zone": the other way; NULL: by `odd` */
    int64_t odd[3]; /* row i is off by odd[i % 3]; a third of 0: by one of the others, at random */
    const char *cause, *text;
    uint64_t rows; /* that the cause explains; 0: there must be none of it */
};

static int64_t clock_of(const struct clock_row *row, int i, int64_t time)
{
    const struct zone *zone;
    struct err err;
    int64_t other;
    if (!row->zone)
        return time + row->odd[row->odd[2] ? i % 3 : (int)(hash_64(&i, sizeof i) >> 20 & 1)];
    assert_true(zone_find(row->zone + (*row->zone == '-'), &zone, &err));
    return *row->zone == '-' ? zone_to_civil(zone, time) : zone_to_instant(zone, time, &other);
}

static void two_amounts_are_one_zone_where_each_is_right_on_its_dates(void **state)
{
    const int64_t minute = 60 * SECOND;
    const struct clock_row rows[] = {
        {"southern hemisphere",
         day(2024, 1, 1),
         80 * HOUR,
         100,
         "Australia/Sydney",
         {0},
         "time-zone",
         "10 h (winter) or 11 h (summer) early: written as UTC, read as Australia/Sydney",
         100},
        {"southern hemisphere, the other way",
         day(2024, 1, 1),
         80 * HOUR,
         100,
         "-Pacific/Auckland",
         {0},
         "time-zone",
         "12 h (winter) or 13 h (summer) late: written as Pacific/Auckland, read as UTC",
         100},
        {"west of Greenwich",
         day(2024, 1, 1),
         80 * HOUR,
         100,
         "America/New_York",
         {0},
         "time-zone",
         "5 h (winter) or 4 h (summer) late: written as UTC, read as America/New_York",
         100},
        {"half an hour of summer",
         day(2024, 1, 1),
         80 * HOUR,
         100,
         "Australia/Lord_Howe",
         {0},
         "time-zone",
         "read as Australia/Lord_Howe",
         100},
        {"the night when clocks go forward, and an hour is skipped",
         day(2024, 3, 31),
         7 * minute,
         70,
         "Europe/Berlin",
         {0},
         "time-zone",
         "read as Europe/Berlin",
         70},
        {"the night when they go back, and an hour comes twice",
         day(2024, 10, 27),
         7 * minute,
         70,
         "Europe/Berlin",
         {0},
         "time-zone",
         "read as Europe/Berlin",
         70},
        {"the same as instants",
         day(2024, 10, 27) - 2 * HOUR,
         7 * minute,
         70,
         "-Europe/Berlin",
         {0},
         "time-zone",
         "written as Europe/Berlin",
         70},
        {"two amounts by turns in all seasons",
         day(2024, 1, 1),
         80 * HOUR,
         99,
         NULL,
         {-HOUR, -2 * HOUR, -HOUR},
         "time-zone",
         NULL,
         0},
        {"two amounts, most in winter",
         day(2024, 11, 1),
         30 * HOUR,
         150,
         NULL,
         {-HOUR, -2 * HOUR, -2 * HOUR},
         "time-zone",
         NULL,
         0},
        {"as many of each, at random",
         day(2024, 1, 1),
         26 * HOUR,
         400,
         NULL,
         {-HOUR, -2 * HOUR, 0},
         "time-zone",
         NULL,
         0},
        {"the same in the other direction",
         day(2019, 1, 1),
         31 * HOUR,
         2000,
         NULL,
         {5 * HOUR, 4 * HOUR, 0},
         "time-zone",
         NULL,
         0},
        {"the same of few rows",
         day(2023, 3, 1),
         90 * HOUR,
         60,
         NULL,
         {-10 * HOUR, -11 * HOUR, 0},
         "time-zone",
         NULL,
         0},
        {"an amount and nothing at random",
         day(2024, 1, 1),
         80 * HOUR,
         99,
         NULL,
         {-HOUR, 0, 0},
         "time-zone",
         NULL,
         0},
        {"amounts that no clocks lie apart",
         day(2024, 1, 1),
         80 * HOUR,
         99,
         NULL,
         {-HOUR, -7 * HOUR, -HOUR},
         "time-zone",
         NULL,
         0},
    };
    (void)state;
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        const struct clock_row *row = &rows[r];
        struct world world;
        begin(&world, 3);
        for (int i = 0; i < row->count; i++) {
            int64_t time = row->first + i * row->step;
            int64_t target = clock_of(row, i, time);
            tell_row(&world, i, "n", time, i, "n", target);
        }
        finish(&world);
        if (row->rows)
            expect(&world, row->cause, row->rows, row->text);
        else if (find(&world, row->cause))
            fail_msg("%s: %s", row->name, find(&world, row->cause)->text);
        end(&world);
    }
}

static void strays_among_shifted_times_stay_unexplained(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 3);
    for (int i = 0; i < 1000; i++) {
        int64_t time = day(2022, 1, 1) + i * 21 * HOUR;
        tell_row(&world, i, "n", time, i, "n",
                 i % 50 == 7 ? time + (i * 7919 % 5000 + 1) * 13 * SECOND : berlin(time));
    }
    finish(&world);
    expect(&world, "time-zone", 980, "read as Europe/Berlin");
    expect(&world, "unexplained", 20, "orders.created: 20 rows differ");
    assert_true(find(&world, "time-zone")->confidence < 1);
    end(&world);
}

static void exchanged_rows_are_swapped_and_not_also_changed(void **state)
{
    (void)state;
    struct world world;
    char one[40], other[40];
    begin(&world, 2);
    for (int i = 0; i < 40; i += 2) {
        snprintf(one, sizeof one, "customer %d", i);
        snprintf(other, sizeof other, "customer %d", i + 1);
        tell_row(&world, i, one, 0, i, other, 0);
        tell_row(&world, i + 1, other, 0, i + 1, one, 0);
    }
    tell_row(&world, 100, "left", 0, 100, "right", 0);
    finish(&world);
    expect(&world, "swapped", 40, "in pairs: 0 and 1, for one");
    expect(&world, "unexplained", 1, "orders.note: 1 row differs");
    assert_int_equal(world.found_count, 2);
    end(&world);
}

static void booleans_that_changed_both_ways_are_not_swapped(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 2);
    const char *rows[][2] = {{"n:1", "b:1"}, {"n:1", "b:0"}, {"n:2", "b:0"}, {"n:2", "b:1"}};
    tell(&world, rows[0], rows[1]);
    tell(&world, rows[2], rows[3]);
    finish(&world);
    expect_none(&world, "swapped");
    expect(&world, "unexplained", 2, "");
    end(&world);
}

static void keys_that_are_off_by_one_take_all_their_rows(void **state)
{
    (void)state;
    struct world world;
    char one[40], other[40];
    begin(&world, 2);
    for (int i = 1; i <= 50; i++) {
        snprintf(one, sizeof one, "customer number %d", i);
        snprintf(other, sizeof other, "customer number %d", i - 1);
        tell_row(&world, i, one, 0, i, i > 1 ? other : NULL, 0);
    }
    tell_row(&world, 51, NULL, 0, 51, "customer number 50", 0);
    finish(&world);
    expect(&world, "shifted-keys", 51,
           "under a key that is 1 higher in the target: what was 1 is 2");
    assert_int_equal(world.found_count, 1);
    end(&world);
}

static void a_block_of_missing_keys_is_a_range_and_scattered_ones_are_not(void **state)
{
    (void)state;
    struct world world;
    char note[40];
    begin(&world, 2);
    for (int i = 0; i < 2000; i++) {
        bool missing = (i >= 700 && i < 1000) || i % 97 == 0;
        snprintf(note, sizeof note, "note %d", i);
        tell_row(&world, i * 10, note, 0, i * 10, missing ? NULL : note, 0);
    }
    finish(&world);
    expect(&world, "missing-range", 300, "missing in the target as a block: id 7000 to 9990");
    expect(&world, "unexplained", 18, "orders: 18 rows are missing in the target");
    end(&world);

    begin(&world, 2);
    for (int i = 0; i < 2000; i++) {
        bool missing = i * 7919 % 2003 < 300;
        snprintf(note, sizeof note, "note %d", i);
        tell_row(&world, i, note, 0, i, missing ? NULL : note, 0);
    }
    finish(&world);
    expect_none(&world, "missing-range");
    end(&world);
}

static void a_dense_block_needs_no_other_rows_to_be_told(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 2);
    for (int i = 500; i < 520; i++)
        tell_row(&world, i, "note", 0, i, NULL, 0);
    world.count[TARGET] = 1000;
    finish(&world);
    expect(&world, "missing-range", 20, "id 500 to 519");
    end(&world);

    begin(&world, 2); /* every second number: the others may be there */
    for (int i = 500; i < 540; i += 2)
        tell_row(&world, i, "note", 0, i, NULL, 0);
    world.count[TARGET] = 1000;
    finish(&world);
    expect_none(&world, "missing-range");
    expect(&world, "unexplained", 20, "");
    end(&world);
}

static void rows_after_a_point_in_time_are_cut_off(void **state)
{
    (void)state;
    struct world world;
    char note[40];
    int64_t start = day(2026, 1, 1);
    begin(&world, 3);
    for (int i = 0; i < 1000; i++) {
        snprintf(note, sizeof note, "note %d", i);
        tell_row(&world, i * 7919 % 1000, note, start + i * HOUR, i * 7919 % 1000,
                 i >= 900 ? NULL : note, start + i * HOUR);
    }
    finish(&world);
    expect(&world, "cutoff", 100, "created from 2026-02-07 12:00:00 on");
    assert_int_equal(world.found_count, 1);
    assert_null(strstr(find(&world, "cutoff")->plain, "2026"));
    end(&world);
}

static void an_empty_side_lacks_all_rows(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 2);
    for (int i = 0; i < 3; i++)
        tell_row(&world, i * 100, "note", 0, i, NULL, 0);
    finish(&world);
    expect(&world, "missing-range", 3, "it has none at all");
    end(&world);
}

static void a_column_with_one_value_in_all_rows_is_a_default(void **state)
{
    (void)state;
    struct world world;
    char note[40];
    begin(&world, 2);
    for (int i = 0; i < 100; i++) {
        snprintf(note, sizeof note, "remark %d", i);
        tell_row(&world, i, i % 10 ? note : "none", 0, i, "none", 0);
    }
    finish(&world);
    expect(&world, "column-default", 90, "one value in the target: 'none'");
    assert_null(strstr(find(&world, "column-default")->plain, "none'"));
    end(&world);

    begin(&world, 2); /* a single row that has another value contradicts it */
    for (int i = 0; i < 100; i++) {
        snprintf(note, sizeof note, "remark %d", i);
        tell_row(&world, i, i % 10 ? note : "none", 0, i, i == 50 ? "other" : "none", 0);
    }
    finish(&world);
    expect_none(&world, "column-default");
    end(&world);
}

static void a_column_that_is_unlike_in_all_rows_is_different(void **state)
{
    (void)state;
    struct world world;
    char note[40], other[40];
    begin(&world, 2);
    for (int i = 0; i < 100; i++) {
        snprintf(note, sizeof note, "remark %d", i);
        snprintf(other, sizeof other, "%x", i * 7919 + 17);
        tell_row(&world, i, note, 0, i, other, 0);
    }
    finish(&world);
    expect(&world, "column-different", 100, "the whole column");
    end(&world);
}

/* A few of the rows fit a rule by chance: here two, as case. */
static void a_sliver_that_fits_a_rule_is_counted_with_the_whole_column(void **state)
{
    (void)state;
    struct world world;
    char note[40], other[40];
    begin(&world, 2);
    for (int i = 0; i < 100; i++) {
        snprintf(note, sizeof note, "remark %d", i);
        snprintf(other, sizeof other, "%x", i * 7919 + 17);
        tell_row(&world, i, i % 50 ? note : "beta", 0, i, i % 50 ? other : "BETA", 0);
    }
    finish(&world);
    expect(&world, "column-different", 100, "the whole column");
    expect_none(&world, "case");
    end(&world);
}

/* Where the rule has more than that, or the rest of the column is equal, it is believed. */
static void a_rule_is_believed_beside_rows_that_nothing_explains(void **state)
{
    (void)state;
    struct world world;
    char note[40], other[40];
    begin(&world, 2);
    for (int i = 0; i < 100; i++) {
        snprintf(note, sizeof note, "remark %d", i);
        snprintf(other, sizeof other, "%x", i * 7919 + 17);
        tell_row(&world, i, i % 10 ? note : "beta", 0, i, i % 10 ? other : "BETA", 0);
    }
    finish(&world);
    expect(&world, "case", 10, "");
    end(&world);
}

static void the_example_is_the_smallest_and_its_key_is_shown(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 2);
    tell_row(&world, 9, "Abcdef", 0, 9, "abcdef", 0);
    tell_row(&world, 7, "Xy", 0, 7, "xy", 0);
    tell_row(&world, 3, "Zz", 0, 3, "zz", 0);
    finish(&world);
    const struct cause *cause = find(&world, "case");
    assert_non_null(cause);
    assert_string_equal(cause->key, "3");
    assert_string_equal(cause->value[SOURCE], "Zz");
    assert_string_equal(cause->value[TARGET], "zz");
    assert_string_equal(cause->text, "orders.note: 3 rows have letters in lower case in the target "
                                     "that are capitals in the source, id 3 to 9.");
    assert_null(strstr(cause->plain, "3 to 9"));
    end(&world);
}

static void cut_texts_name_their_limit_in_characters_or_bytes(void **state)
{
    (void)state;
    struct world world;
    begin(&world, 2);
    tell_row(&world, 1, "ééééééééééééx", 0, 1, "éééééééééé", 0);
    tell_row(&world, 2, "abcdefghijklm", 0, 2, "abcdefghij", 0);
    tell_row(&world, 3, "abcdefghi jklm", 0, 3, "abcdefghi", 0);
    finish(&world);
    expect(&world, "truncated", 3, "are cut at 10 characters in the target");
    end(&world);

    begin(&world, 2);
    tell_row(&world, 1, "xéééééééééééé", 0, 1, "xééééééé", 0);
    tell_row(&world, 2, "abcdefghijklmnopqrst", 0, 2, "abcdefghijklmnop", 0);
    finish(&world);
    expect(&world, "truncated", 2, "are cut at 16 bytes in the target");
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_knows_its_damage_on_either_side),
        cmocka_unit_test(what_can_well_be_something_else_has_no_cause),
        cmocka_unit_test(small_integers_wrap_and_clamp_only_in_columns_of_that_width),
        cmocka_unit_test(only_the_last_number_of_the_damaged_column_is_clamped),
        cmocka_unit_test(a_zone_needs_its_winter_and_its_summer),
        cmocka_unit_test(a_zone_that_is_right_in_winter_is_known_by_the_equal_rows),
        cmocka_unit_test(two_amounts_are_one_zone_where_each_is_right_on_its_dates),
        cmocka_unit_test(strays_among_shifted_times_stay_unexplained),
        cmocka_unit_test(exchanged_rows_are_swapped_and_not_also_changed),
        cmocka_unit_test(booleans_that_changed_both_ways_are_not_swapped),
        cmocka_unit_test(keys_that_are_off_by_one_take_all_their_rows),
        cmocka_unit_test(a_block_of_missing_keys_is_a_range_and_scattered_ones_are_not),
        cmocka_unit_test(a_dense_block_needs_no_other_rows_to_be_told),
        cmocka_unit_test(rows_after_a_point_in_time_are_cut_off),
        cmocka_unit_test(an_empty_side_lacks_all_rows),
        cmocka_unit_test(a_column_with_one_value_in_all_rows_is_a_default),
        cmocka_unit_test(a_column_that_is_unlike_in_all_rows_is_different),
        cmocka_unit_test(a_sliver_that_fits_a_rule_is_counted_with_the_whole_column),
        cmocka_unit_test(a_rule_is_believed_beside_rows_that_nothing_explains),
        cmocka_unit_test(the_example_is_the_smallest_and_its_key_is_shown),
        cmocka_unit_test(cut_texts_name_their_limit_in_characters_or_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
