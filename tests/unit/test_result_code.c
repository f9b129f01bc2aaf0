/*
 * A finished result as bytes: it comes back as it was and reads the same in every report; bytes
 * that are cut, flipped or made up are refused or are a result like any other; and without values,
 * none is left. Random cases, from a fixed seed.
 */
#include "../../diff/base/siphash.h"
#include "../../verify/mask.h"
#include "../../verify/report.h"
#include "../../verify/result_code.h"

#include "../../diff/base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define ROUNDS 40
#define SECRET "s3cret"

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

static struct shown_value random_value(void)
{
    static const char *const texts[] = {"", SECRET, "NULL", SECRET " \xff\x01", "<" SECRET ">"};
    size_t choice = below(6);
    return (struct shown_value){choice == 5 ? NULL : mem_copy_string(texts[choice])};
}

static const char *random_text(struct arena *arena)
{
    return below(4) ? arena_format(arena, "text %zu", below(1000)) : NULL;
}

static void fill_list(struct text_list *list)
{
    for (size_t i = below(3); i; i--)
        text_list_add(list, "a sentence");
}

static void fill_findings(struct result_table *table)
{
    table->finding_count = below(4);
    table->findings = mem_zero(table->finding_count + 1, sizeof *table->findings);
    for (size_t i = 0; i < table->finding_count; i++) {
        struct finding *finding = &table->findings[i];
        finding->kind = (enum finding_kind)below(3);
        finding->value_count = table->key_count ? table->key_count : table->column_count;
        finding->values = mem_zero(finding->value_count + 1, sizeof *finding->values);
        for (size_t v = 0; v < finding->value_count; v++)
            finding->values[v] = random_value();
        finding->times[0] = random_number();
        finding->column_count = table->key_count ? 1 + below(table->column_count) : 0;
        finding->columns = mem_zero(finding->column_count + 1, sizeof *finding->columns);
        for (size_t c = 0; c < finding->column_count; c++)
            finding->columns[c] = (struct finding_column){
                .column = below(table->column_count), .value = {random_value(), random_value()}};
    }
}

static void fill_causes(struct arena *arena, struct result_table *table)
{
    table->cause_count = below(3);
    table->causes = arena_alloc(arena, 3 * sizeof *table->causes);
    for (size_t i = 0; i < table->cause_count; i++)
        table->causes[i] = (struct result_cause){.name = "time-zone",
                                                 .column = random_text(arena),
                                                 .count = random_number(),
                                                 .confidence = 0.5,
                                                 .text = "as " SECRET " says",
                                                 .plain = "as is said",
                                                 .key = below(2) ? SECRET : NULL,
                                                 .value = {SECRET, NULL}};
    table->schema_count = below(3);
    table->schema = arena_alloc(arena, 3 * sizeof *table->schema);
    for (size_t i = 0; i < table->schema_count; i++)
        table->schema[i] = (struct result_schema){.kind = "sequence-behind",
                                                  .column = random_text(arena),
                                                  .value = {random_text(arena), NULL},
                                                  .text = "it is behind",
                                                  .fix = random_text(arena)};
}

static void make_table(struct arena *arena, struct result_table *table)
{
    table->name[0] = "orders";
    table->name[1] = "public.orders";
    table->verdict = (enum verdict)below(3);
    for (int i = 0; i < 2; i++) {
        table->rows[i] = random_number();
        table->counted[i] = below(2);
        table->where[i] = random_text(arena);
    }
    for (int kind = 0; kind < 3; kind++)
        table->counts[kind] = random_number();
    table->drilled = below(2);
    table->schema_differs = below(2);
    table->inconclusive = below(2);
    fill_list(&table->reasons);
    fill_list(&table->notes);
    table->column_count = 1 + below(4);
    table->columns = arena_alloc(arena, table->column_count * sizeof *table->columns);
    for (size_t i = 0; i < table->column_count; i++)
        table->columns[i] = (struct result_column){.name = {"id", random_text(arena)},
                                                   .type = {"int", random_text(arena)},
                                                   .kind = "number",
                                                   .why = random_text(arena),
                                                   .leniency = "",
                                                   .compared = true,
                                                   .key = i == 0};
    table->key_count = below(2);
    table->key_why = "primary key of both";
    table->suspect_count = below(3);
    table->suspects = arena_alloc(arena, 3 * sizeof *table->suspects);
    for (size_t i = 0; i < table->suspect_count; i++)
        table->suspects[i] = (struct suspect_range){true, below(2), -5, INT64_MAX};
    table->seconds = 1.25;
    fill_findings(table);
    fill_causes(arena, table);
}

static void make_result(struct verify_result *result)
{
    *result = (struct verify_result){.verdict = (enum verdict)below(3),
                                     .started = 1795291200,
                                     .seconds = 6.1,
                                     .wire_bytes = {12, 13},
                                     .rows_read = {3, 4},
                                     .resumed = below(2),
                                     .inconclusive = below(2)};
    for (int side = 0; side < 2; side++) {
        result->side[side].shown_uri = mem_copy_string("mysql://app@db/shop");
        result->side[side].server = below(2) ? mem_copy_string("MariaDB 10.11.19") : NULL;
        result->side[side].snapshot = "shared";
        fill_list(&result->only[side]);
    }
    fill_list(&result->notes);
    result->table_count = below(4);
    result->tables = mem_zero(result->table_count + 1, sizeof *result->tables);
    for (size_t i = 0; i < result->table_count; i++)
        make_table(&result->arena, &result->tables[i]);
}

/* ---- Through bytes */

static void encode(const struct verify_result *result, const struct verify_options *options,
                   struct buffer *records)
{
    result_code_put_head(result, options, &records[0]);
    for (size_t i = 0; i < result->table_count; i++)
        result_code_put_table(&result->tables[i], !options->no_values, &records[i + 1]);
}

static bool decode(const struct buffer *records, struct verify_result *result,
                   struct verify_options *options)
{
    *result = (struct verify_result){0};
    *options = (struct verify_options){0};
    bool good = result_code_get_head(&records[0], result, options);
    for (size_t i = 0; i < result->table_count && good; i++)
        good = result_code_get_table(&records[i + 1], &result->arena, &result->tables[i]);
    return good;
}

static void free_options(struct verify_options *options)
{
    text_list_free(&options->tables);
    text_list_free(&options->excludes);
}

static void init(struct buffer records[5])
{
    for (int i = 0; i < 5; i++)
        buffer_init(&records[i], BUFFER_NO_LIMIT);
}

static void drop(struct buffer records[5])
{
    for (int i = 0; i < 5; i++)
        buffer_free(&records[i]);
}

static void assert_same(const struct buffer one[5], const struct buffer other[5])
{
    for (int i = 0; i < 5; i++) {
        assert_int_equal(one[i].length, other[i].length);
        assert_memory_equal(one[i].data, other[i].data, one[i].length);
    }
}

static void a_result_comes_back_and_reads_the_same_in_every_report(void **unused)
{
    (void)unused;
    static const char *const formats[] = {"text", "json", "junit", "prometheus"};
    for (int round = 0; round < ROUNDS; round++) {
        struct verify_result result, again;
        struct verify_options options = {.mapping_path = "hotel.yaml"}, given;
        struct buffer records[5], others[5];
        init(records);
        init(others);
        text_list_add(&options.tables, "orders");
        make_result(&result);
        encode(&result, &options, records);
        assert_true(decode(records, &again, &given));
        assert_string_equal(given.mapping_path, "hotel.yaml");
        assert_int_equal(given.tables.count, 1);
        encode(&again, &given, others);
        assert_same(records, others);
        for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
            struct buffer fresh = BUFFER_INIT(BUFFER_NO_LIMIT), kept = BUFFER_INIT(BUFFER_NO_LIMIT);
            report_compose(formats[f], &result, &options, false, &fresh);
            report_compose(formats[f], &again, &given, false, &kept);
            assert_string_equal((char *)fresh.data, (char *)kept.data);
            buffer_free(&fresh);
            buffer_free(&kept);
        }
        drop(records);
        drop(others);
        free_options(&options);
        free_options(&given);
        verify_result_free(&result);
        verify_result_free(&again);
    }
}

static void without_values_none_is_left_and_equal_ones_can_be_told(void **unused)
{
    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        struct verify_result result, again;
        struct verify_options options = {.no_values = true}, given;
        struct buffer records[5];
        init(records);
        make_result(&result);
        encode(&result, &options, records);
        for (int i = 0; i < 5; i++)
            assert_null(memmem(records[i].data, records[i].length, SECRET, strlen(SECRET)));
        assert_true(decode(records, &again, &given));
        assert_true(given.no_values);
        for (size_t t = 0; t < again.table_count; t++)
            for (size_t f = 0; f < again.tables[t].finding_count; f++)
                for (size_t v = 0; v < again.tables[t].findings[f].value_count; v++) {
                    char hidden[MASK_SIZE];
                    mask_text("left out", result.tables[t].findings[f].values[v].text, hidden);
                    assert_string_equal(again.tables[t].findings[f].values[v].text, hidden);
                }
        drop(records);
        verify_result_free(&result);
        verify_result_free(&again);
        free_options(&given);
    }
}

/* What is accepted encodes to the same bytes again; nothing crashes, and all is freed. */
static void try_record(const struct buffer *bytes, bool head)
{
    struct verify_result result = {0};
    struct verify_options options = {0};
    struct buffer again = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool good;
    if (head) {
        good = result_code_get_head(bytes, &result, &options);
        if (good)
            result_code_put_head(&result, &options, &again);
    } else {
        result.tables = mem_zero(1, sizeof *result.tables);
        result.table_count = 1;
        good = result_code_get_table(bytes, &result.arena, &result.tables[0]);
        if (good)
            result_code_put_table(&result.tables[0], true, &again);
    }
    if (good) {
        assert_int_equal(again.length, bytes->length);
        assert_memory_equal(again.data, bytes->data, again.length);
    }
    buffer_free(&again);
    free_options(&options);
    verify_result_free(&result);
}

static void cut_or_flipped_bytes_are_refused_or_are_a_result_like_any_other(void **unused)
{
    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        struct verify_result result;
        struct verify_options options = {0};
        struct buffer records[5];
        init(records);
        make_result(&result);
        encode(&result, &options, records);
        for (size_t r = 0; r <= result.table_count && r < 3; r++) {
            for (size_t length = 0; length < records[r].length; length++) {
                struct verify_result cut = {0};
                struct verify_options given = {0};
                struct result_table table = {0};
                struct buffer part = records[r];
                part.length = length;
                if (r == 0)
                    assert_false(result_code_get_head(&part, &cut, &given));
                else
                    try_record(&part, false);
                assert_null(table.findings);
                free_options(&given);
                verify_result_free(&cut);
            }
            for (size_t i = 0; i < 300; i++) {
                size_t place = below(records[r].length);
                unsigned char before = records[r].data[place];
                records[r].data[place] ^= (unsigned char)(1 + below(255));
                try_record(&records[r], r == 0);
                records[r].data[place] = before;
            }
        }
        drop(records);
        verify_result_free(&result);
    }
}

/* The vectors of the reference implementation: key 00 … 0f, message 00 … n-1. */
static void the_keyed_hash_is_siphash(void **unused)
{
    (void)unused;
    static const struct {
        size_t length;
        uint64_t hash;
    } cases[] = {{0, 0x726fdb47dd0e0e31},
                 {1, 0x74f839c593dc67fd},
                 {7, 0xab0200f58b01d137},
                 {8, 0x93f5f5799a932462},
                 {15, 0xa129ca6149be45e5}};
    unsigned char key[16], message[16];
    for (unsigned char i = 0; i < 16; i++)
        key[i] = message[i] = i;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(siphash_64(key, message, cases[i].length), cases[i].hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_comes_back_and_reads_the_same_in_every_report),
        cmocka_unit_test(without_values_none_is_left_and_equal_ones_can_be_told),
        cmocka_unit_test(cut_or_flipped_bytes_are_refused_or_are_a_result_like_any_other),
        cmocka_unit_test(the_keyed_hash_is_siphash),
    };
    return cmocka_run_group_tests_name("result_code", tests, NULL, NULL);
}
