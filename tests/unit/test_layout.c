/*
 * What a ledger keeps of a table, as bytes: it comes back as it was, and bytes that are cut,
 * flipped or made up are refused, or are a reading like any other. Random cases, from a fixed seed.
 */
#include "../../verify/layout.h"

#include "../../diff/base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define ROUNDS 60

static uint64_t state = 20260101;

static uint64_t random_number(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static size_t below(size_t n)
{
    return (size_t)(random_number() % n);
}

/* ---- Things to encode */

static const struct table_part parts[3] = {{.from = "\"one\""}, {.from = "\"two\""}, {"three", 9}};

struct thing {
    struct arena arena;
    struct table sides[SIDES];
    struct plan_column columns[5];
    struct plan_table table;
    struct item_side of;
};

static void make_buckets(struct thing *thing)
{
    struct plan_table *table = &thing->table;
    table->hash_count = (size_t)1 << below(6);
    table->range_count = 1 + below(9);
    table->bounds = arena_alloc(&thing->arena, table->range_count * sizeof *table->bounds);
    int64_t bound = below(2) ? INT64_MIN : -3;
    for (size_t i = 0; i + 1 < table->range_count; i++)
        table->bounds[i] = bound += 1 + (int64_t)below(1000);
}

static void make_reading(struct thing *thing)
{
    struct item_side *of = &thing->of;
    of->split_count = below(5);
    of->splits = mem_zero(of->split_count + 1, sizeof *of->splits);
    of->split_done = mem_zero(of->split_count + 1, 1);
    for (size_t i = 0; i < of->split_count; i++) {
        of->splits[i] = (struct split){.part = below(3),
                                       .page_low = random_number(),
                                       .page_high = random_number(),
                                       .range = {.has_low = below(2) != 0,
                                                 .has_high = below(2) != 0,
                                                 .low = (int64_t)random_number(),
                                                 .high = (int64_t)random_number()}};
        of->split_done[i] = below(2) != 0;
    }
    of->raw_counts = mem_zero(thing->table.column_count, sizeof *of->raw_counts);
    for (size_t i = 0; i < thing->table.column_count; i++)
        of->raw_counts[i] = random_number();
    size_t buckets = plan_bucket_count(&thing->table), fullness = below(3);
    of->digest = digest_new(buckets);
    for (size_t i = 0; i < buckets * fullness / 2; i++)
        digest_add_row(of->digest, below(buckets),
                       (struct hash128){.low = random_number(), .high = random_number()},
                       below(99));
}

static struct thing *make_thing(void)
{
    struct thing *thing = mem_zero(1, sizeof *thing);
    thing->table.columns = thing->columns;
    thing->table.column_count = 1 + below(5);
    for (int side = 0; side < SIDES; side++) {
        thing->sides[side].parts = (struct table_part *)parts;
        thing->sides[side].part_count = 3;
        thing->table.table[side] = &thing->sides[side];
        thing->columns[0].select[side] = "\"k\"";
    }
    make_buckets(thing);
    make_reading(thing);
    return thing;
}

static void free_thing(struct thing *thing)
{
    layout_release_reading(&thing->of);
    arena_free(&thing->arena);
    free(thing);
}

static bool same_bytes(const struct buffer *one, const struct buffer *other)
{
    return one->length == other->length &&
           (!one->length || memcmp(one->data, other->data, one->length) == 0);
}

/* ---- Decoding bytes that are, or are not, what was encoded */

/* Are they accepted? If so they are what encoding the outcome gives. */
static bool accepts_buckets(const struct thing *thing, const struct buffer *bytes)
{
    struct plan_table table = thing->table;
    struct arena arena = ARENA_INIT;
    bool ok = layout_decode_buckets(bytes, &table, &arena);
    if (ok) {
        struct buffer again = BUFFER_INIT(BUFFER_NO_LIMIT);
        layout_encode_buckets(&table, &again);
        assert_true(same_bytes(bytes, &again));
        assert_true((table.range_count > 1) == (table.range_column[SOURCE] != NULL));
        buffer_free(&again);
    } else {
        assert_memory_equal(&table, &thing->table, sizeof table);
    }
    arena_free(&arena);
    return ok;
}

static bool accepts_reading(const struct thing *thing, const struct buffer *bytes)
{
    struct item_side of = {0};
    bool ok = layout_decode_reading(bytes, &thing->table, TARGET, &of);
    if (ok) {
        struct buffer again = BUFFER_INIT(BUFFER_NO_LIMIT);
        layout_encode_reading(&of, thing->table.column_count, &again);
        assert_true(same_bytes(bytes, &again));
        buffer_free(&again);
        layout_release_reading(&of);
    }
    assert_null(of.splits);
    assert_null(of.split_done);
    assert_null(of.raw_counts);
    assert_null(of.digest);
    return ok;
}

struct form {
    void (*encode)(const struct thing *thing, struct buffer *out);
    bool (*accepts)(const struct thing *thing, const struct buffer *bytes);
};

static void encode_buckets(const struct thing *thing, struct buffer *out)
{
    layout_encode_buckets(&thing->table, out);
}

static void encode_reading(const struct thing *thing, struct buffer *out)
{
    layout_encode_reading(&thing->of, thing->table.column_count, out);
}

static const struct form forms[] = {{encode_buckets, accepts_buckets},
                                    {encode_reading, accepts_reading}};

/* In a block of exactly their size, so that the sanitizer sees a step too far. */
static bool accepts_exactly(const struct form *form, const struct thing *thing,
                            const unsigned char *bytes, size_t length)
{
    unsigned char *copy = malloc(length ? length : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, length);
    struct buffer buffer = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer.data = copy;
    buffer.length = buffer.capacity = length;
    bool ok = form->accepts(thing, &buffer);
    free(copy);
    return ok;
}

static void for_all(void (*check)(const struct form *, const struct thing *, struct buffer *))
{
    for (int round = 0; round < ROUNDS; round++) {
        struct thing *thing = make_thing();
        for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
            struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
            forms[f].encode(thing, &bytes);
            check(&forms[f], thing, &bytes);
            buffer_free(&bytes);
        }
        free_thing(thing);
    }
}

/* ---- The tests */

static void check_whole(const struct form *form, const struct thing *thing, struct buffer *bytes)
{
    assert_true(accepts_exactly(form, thing, bytes->data, bytes->length));
}

static void check_cuts(const struct form *form, const struct thing *thing, struct buffer *bytes)
{
    for (size_t length = 0; length < bytes->length; length++)
        /* The digest is the last part, and empty buckets are left out: nothing but the number of
         * rows tells that one is missing. */
        assert_false(accepts_exactly(form, thing, bytes->data, length));
    buffer_add_byte(bytes, 0);
    assert_false(accepts_exactly(form, thing, bytes->data, bytes->length));
}

/* A flip may be another reading; accepts() proves that it is a sound one. */
static void check_flips(const struct form *form, const struct thing *thing, struct buffer *bytes)
{
    for (size_t i = 0; i < bytes->length; i++) {
        unsigned char old = bytes->data[i];
        static const unsigned char flips[] = {0x01, 0x80, 0xff};
        for (size_t f = 0; f < sizeof flips; f++) {
            bytes->data[i] = (unsigned char)(old ^ flips[f]);
            (void)accepts_exactly(form, thing, bytes->data, bytes->length);
        }
        bytes->data[i] = old;
    }
}

static void check_noise(const struct form *form, const struct thing *thing, struct buffer *bytes)
{
    for (size_t i = 0; i < bytes->length; i++)
        bytes->data[i] = below(3) ? 0 : (unsigned char)random_number();
    (void)accepts_exactly(form, thing, bytes->data, bytes->length);
}

static void what_was_encoded_comes_back_as_it_was(void **unused)
{
    (void)unused;
    for_all(check_whole);
}

static void every_cut_and_a_byte_too_many_are_refused(void **unused)
{
    (void)unused;
    for_all(check_cuts);
}

static void every_flipped_byte_is_refused_or_a_sound_reading(void **unused)
{
    (void)unused;
    for_all(check_flips);
}

static void noise_is_refused_or_a_sound_reading(void **unused)
{
    (void)unused;
    for_all(check_noise);
}

static void nothing_at_all_is_refused(void **unused)
{
    (void)unused;
    struct thing *thing = make_thing();
    struct buffer empty = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++)
        assert_false(forms[f].accepts(thing, &empty));
    free_thing(thing);
}

static void the_reading_of_another_table_is_refused(void **unused)
{
    (void)unused;
    struct thing *thing = make_thing();
    while (thing->of.split_count == 0) {
        free_thing(thing);
        thing = make_thing();
    }
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    encode_reading(thing, &bytes);
    thing->table.hash_count *= 2;
    assert_false(accepts_reading(thing, &bytes));
    thing->table.hash_count /= 2;
    thing->table.column_count++;
    assert_false(accepts_reading(thing, &bytes));
    thing->table.column_count--;
    thing->sides[TARGET].part_count = 0;
    assert_false(accepts_reading(thing, &bytes));
    thing->sides[TARGET].part_count = 3;
    assert_true(accepts_reading(thing, &bytes));
    buffer_free(&bytes);
    free_thing(thing);
}

/* hash_count, range_count, bounds */
static const struct {
    uint32_t hashes, ranges;
    size_t bound_count;
    uint64_t bounds[3];
    bool good;
} made_up[] = {
    {1, 1, 0, {0}, true},
    {0, 1, 0, {0}, false},
    {1, 0, 0, {0}, false},
    {3, 1, 0, {0}, false}, /* no power of two */
    {1, 2, 1, {0}, true},
    {1, 2, 0, {0}, false},
    {1, 1, 1, {0}, false},
    {1, 3, 2, {5, 5}, false},
    {1, 3, 2, {5, 4}, false},
    {1, 3, 2, {UINT64_MAX, 4}, true}, /* -1 and 4 */
    {1u << 31, 1, 0, {0}, false},
    {1u << 24, 2, 1, {0}, false},
    {1, UINT32_MAX, 3, {1, 2, 3}, false},
};

static void impossible_buckets_are_refused(void **unused)
{
    (void)unused;
    struct thing *thing = make_thing();
    for (size_t i = 0; i < sizeof made_up / sizeof *made_up; i++) {
        struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
        buffer_add_u32(&bytes, made_up[i].hashes);
        buffer_add_u32(&bytes, made_up[i].ranges);
        for (size_t b = 0; b < made_up[i].bound_count; b++)
            buffer_add_u64(&bytes, made_up[i].bounds[b]);
        if (accepts_buckets(thing, &bytes) != made_up[i].good)
            fail_msg("case %zu", i);
        buffer_free(&bytes);
    }
    free_thing(thing);
}

/* ---- The pair: everything that decides about a digest changes its bytes */

static void encode_with(struct buffer *out, void (*change)(struct plan_table *, struct table *))
{
    static const char column_type[] = "int";
    struct type type = {.name = column_type};
    struct thing *thing = make_thing();
    thing->table.column_count = 2;
    for (int side = 0; side < SIDES; side++) {
        thing->sides[side].schema = "app";
        thing->sides[side].name = "t";
        thing->sides[side].part_count = 1;
        for (size_t i = 0; i < 2; i++) {
            thing->columns[i].type[side] = &type;
            thing->columns[i].select[side] = i ? "b" : "a";
            thing->columns[i].canon.kind = KIND_NUMBER;
            thing->columns[i].canon.precision = -1;
        }
    }
    thing->table.key_count = 1;
    thing->table.comparable = true;
    if (change)
        change(&thing->table, &thing->sides[TARGET]);
    layout_encode(&thing->table, out);
    free_thing(thing);
}

static void change_name(struct plan_table *table, struct table *target)
{
    (void)table;
    target->name = "u";
}
static void change_part(struct plan_table *table, struct table *target)
{
    (void)table;
    target->part_count = 2;
}
static void change_where(struct plan_table *table, struct table *target)
{
    (void)target;
    table->where[SOURCE] = "";
}
static void change_key(struct plan_table *table, struct table *target)
{
    (void)target;
    table->key_count = 2;
}
static void change_select(struct plan_table *table, struct table *target)
{
    (void)target;
    table->columns[1].select[TARGET] = "c";
}
static void swap_selects(struct plan_table *table, struct table *target)
{
    (void)target;
    table->columns[0].select[TARGET] = "b";
    table->columns[1].select[TARGET] = "a";
}
static void change_type(struct plan_table *table, struct table *target)
{
    static const struct type other = {.name = "bigint"};
    (void)target;
    table->columns[0].type[SOURCE] = &other;
}
static void change_kind(struct plan_table *table, struct table *target)
{
    (void)target;
    table->columns[1].canon.kind = KIND_FLOAT;
}
static void change_leniency(struct plan_table *table, struct table *target)
{
    (void)target;
    table->columns[1].canon.precision = 0;
}
static void change_separator(struct plan_table *table, struct table *target)
{
    (void)target;
    table->columns[1].canon.separator = "";
}
static void change_multiset(struct plan_table *table, struct table *target)
{
    (void)target;
    table->multiset = true;
}

static void (*const changes[])(struct plan_table *, struct table *) = {
    change_name, change_part, change_where,    change_key,       change_select,  swap_selects,
    change_type, change_kind, change_leniency, change_separator, change_multiset};

static void whatever_decides_about_a_digest_changes_the_layout(void **unused)
{
    (void)unused;
    struct buffer plain = BUFFER_INIT(BUFFER_NO_LIMIT), again = BUFFER_INIT(BUFFER_NO_LIMIT);
    encode_with(&plain, NULL);
    encode_with(&again, NULL);
    assert_true(same_bytes(&plain, &again));
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        buffer_clear(&again);
        encode_with(&again, changes[i]);
        if (same_bytes(&plain, &again))
            fail_msg("change %zu is not seen", i);
    }
    buffer_free(&plain);
    buffer_free(&again);
}

/* In a block of exactly their size. */
static bool accepts_pair(const unsigned char *bytes, size_t length)
{
    unsigned char *copy = malloc(length ? length : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, length);
    struct buffer buffer = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer.data = copy;
    buffer.length = buffer.capacity = length;
    struct arena arena = ARENA_INIT;
    struct plan_table table = {0};
    struct err err = {0};
    bool ok = layout_decode(&buffer, &table, &arena, &err);
    assert_true(ok || (err.code == ERR_USAGE && *err.text));
    arena_free(&arena);
    free(copy);
    return ok;
}

static void a_pair_comes_back_and_never_cut(void **unused)
{
    (void)unused;
    for (size_t i = 0; i <= sizeof changes / sizeof *changes; i++) {
        struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
        encode_with(&bytes, i ? changes[i - 1] : NULL);
        if (!accepts_pair(bytes.data, bytes.length))
            fail_msg("change %zu does not come back", i);
        for (size_t length = 0; length < bytes.length; length++)
            assert_false(accepts_pair(bytes.data, length));
        for (size_t at = 0; at < bytes.length; at++) {
            bytes.data[at] ^= 0x81;
            (void)accepts_pair(bytes.data, bytes.length);
            bytes.data[at] ^= 0x81;
        }
        buffer_free(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_encoded_comes_back_as_it_was),
        cmocka_unit_test(every_cut_and_a_byte_too_many_are_refused),
        cmocka_unit_test(every_flipped_byte_is_refused_or_a_sound_reading),
        cmocka_unit_test(noise_is_refused_or_a_sound_reading),
        cmocka_unit_test(nothing_at_all_is_refused),
        cmocka_unit_test(the_reading_of_another_table_is_refused),
        cmocka_unit_test(impossible_buckets_are_refused),
        cmocka_unit_test(whatever_decides_about_a_digest_changes_the_layout),
        cmocka_unit_test(a_pair_comes_back_and_never_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
