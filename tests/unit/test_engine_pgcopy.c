/* PostgreSQL's binary COPY: good bytes become cells, bad bytes become a reason. */
#include "../../verify/engine_pgcopy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct pgcopy_type int4_type = {.decode = pgcopy_int4};
static const struct pgcopy_type array_type = {
    .decode = pgcopy_array, .element_oid = 23, .element = &int4_type};

/* "00 ff" -> bytes, in a block of its very size, so that a sanitizer sees any byte too many. */
static unsigned char *from_hex(const char *hex, size_t *length)
{
    unsigned char *bytes = mem_alloc(strlen(hex) / 2 + 1);
    *length = 0;
    while (*hex) {
        char pair[3] = {hex[0], hex[0] == ' ' ? '\0' : hex[1], '\0'};
        hex += hex[0] == ' ' ? 1 : 2;
        if (pair[0] != ' ')
            bytes[(*length)++] = (unsigned char)strtoul(pair, NULL, 16);
    }
    return mem_resize(bytes, *length ? *length : 1, 1);
}

struct field_case {
    const char *name, *hex;
    bool (*decode)(const struct pgcopy_type *type, struct pgcopy_field field,
                   struct pgcopy_memory *memory, struct cell *cell);
    bool good;
    enum cell_form form;
    int64_t i;
    const char *bytes; /* NULL: not compared */
};

#define BAD(name, decode, hex)                                                                     \
    {                                                                                              \
        name, hex, decode, false, CELL_NULL, 0, NULL                                               \
    }
#define GOOD(name, decode, hex, form, i, bytes)                                                    \
    {                                                                                              \
        name, hex, decode, true, form, i, bytes                                                    \
    }

static const struct field_case field_cases[] = {
    BAD("an int4 of three bytes", pgcopy_int4, "000001"),
    BAD("an int8 in the place of an int4", pgcopy_int4, "0000000000000001"),
    BAD("a bool that is neither true nor false", pgcopy_bool, "02"),
    BAD("a numeric without its header", pgcopy_numeric, "00010000"),
    BAD("a numeric with fewer digits than it says", pgcopy_numeric, "0002000000000000 0001"),
    BAD("a numeric digit above 9999", pgcopy_numeric, "0001000000000000 2710"),
    BAD("a numeric with an unknown sign", pgcopy_numeric, "0000000012340000"),
    BAD("a jsonb of an unknown version", pgcopy_jsonb, "027b7d"),
    BAD("an empty jsonb", pgcopy_jsonb, ""),
    BAD("a uuid of 15 bytes", pgcopy_uuid, "000102030405060708090a0b0c0d0e"),
    BAD("bits that are fewer than they say", pgcopy_bits, "00000009 ff"),
    BAD("a negative number of bits", pgcopy_bits, "ffffffff"),
    BAD("bits with rubbish in the padding", pgcopy_bits, "00000001 c0"),
    BAD("an inet of an unknown family", pgcopy_inet, "04200004 01020304"),
    BAD("an inet with too long a prefix", pgcopy_inet, "02210004 01020304"),
    BAD("an inet that is cut short", pgcopy_inet, "02200004 010203"),
    BAD("a polygon that says it is huge", pgcopy_polygon, "ffffffff"),
    BAD("a polygon without points", pgcopy_polygon, "00000000"),
    BAD("an EWKB that ends before its SRID", pgcopy_ewkb, "0101000020"),
    BAD("a time of more than a day", pgcopy_time, "000000141dd76001"),
    GOOD("the smallest int8", pgcopy_int8, "8000000000000000", CELL_INT, INT64_MIN, NULL),
    GOOD("an oid above 2^31", pgcopy_oid, "ffffffff", CELL_INT, 4294967295, NULL),
    GOOD("a numeric NaN", pgcopy_numeric, "00000000c0000000", CELL_SPECIAL, 0, "NaN"),
    GOOD("a numeric -Infinity", pgcopy_numeric, "00000000f0000000", CELL_SPECIAL, 0, "-Infinity"),
    GOOD("padding", pgcopy_bpchar, "612020", CELL_TEXT, 0, "a"),
    GOOD("only padding", pgcopy_bpchar, "2020", CELL_TEXT, 0, ""),
    GOOD("a char of no character", pgcopy_char, "00", CELL_TEXT, 0, ""),
    GOOD("a char that is no UTF-8", pgcopy_char, "ff", CELL_BYTES, 0, "\377"),
    GOOD("1970-01-01", pgcopy_date, "ffffd533", CELL_DATE, 0, NULL),
    GOOD("an infinite date", pgcopy_date, "7fffffff", CELL_SPECIAL, 0, "infinity"),
    GOOD("24:00", pgcopy_time, "000000141dd76000", CELL_TIME, 86400000000, NULL),
    GOOD("1970-01-01 00:00", pgcopy_timestamp, "fffca2fec4c82000", CELL_DATETIME, 0, NULL),
    GOOD("the last instant that fits", pgcopy_timestamptz, "7ffca2fec4c81fff", CELL_INSTANT,
         INT64_MAX, NULL),
    GOOD("the first that does not", pgcopy_timestamptz, "7ffca2fec4c82000", CELL_SPECIAL, 0,
         "294247-01-10 04:00:54.775808"),
    GOOD("the first infinity", pgcopy_timestamp, "8000000000000000", CELL_SPECIAL, 0, "-infinity"),
    GOOD("an infinite interval", pgcopy_interval, "7fffffffffffffff7fffffff7fffffff", CELL_SPECIAL,
         0, "infinity"),
};

static void each_field_becomes_the_right_cell_or_an_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof field_cases / sizeof *field_cases; i++) {
        const struct field_case *one = &field_cases[i];
        struct pgcopy_memory memory = {NULL, 0};
        struct pgcopy copy = {.memory = memory};
        struct cell cell = {.form = CELL_NULL};
        struct pgcopy_field field;
        unsigned char *bytes = from_hex(one->hex, &field.length);
        field.bytes = bytes;
        bool good = one->decode(&int4_type, field, &copy.memory, &cell);
        if (good != one->good || (good && cell.form != one->form) ||
            (good && !one->bytes && cell.i != one->i) ||
            (good && one->bytes &&
             (cell.length != strlen(one->bytes) ||
              (cell.length && memcmp(cell.bytes, one->bytes, cell.length) != 0))))
            fail_msg("%s: good %d, form %d, i %lld", one->name, good, (int)cell.form,
                     (long long)cell.i);
        pgcopy_free(&copy);
        free(bytes);
    }
}

static void an_ewkb_loses_its_srid_and_keeps_the_rest(void **state)
{
    (void)state;
    struct pgcopy copy = {.column_count = 0};
    struct cell cell;
    size_t length, expected_length;
    unsigned char *bytes = from_hex("01010000a0 e6100000 0102030405060708", &length);
    unsigned char *expected = from_hex("0101000080 0102030405060708", &expected_length);
    assert_true(pgcopy_ewkb(&int4_type, (struct pgcopy_field){bytes, length}, &copy.memory, &cell));
    assert_int_equal(cell.u, 4326);
    assert_int_equal(cell.length, expected_length);
    assert_memory_equal(cell.bytes, expected, expected_length);
    pgcopy_free(&copy);
    free(expected);
    free(bytes);
}

static void a_ring_that_repeats_its_first_point_is_another_one(void **state)
{
    (void)state;
    struct pgcopy copy = {.column_count = 0};
    struct cell cell;
    size_t length;
    unsigned char *bytes = from_hex("00000003 3ff0000000000000 0000000000000000 "
                                    "4000000000000000 0000000000000000 "
                                    "3ff0000000000000 0000000000000000",
                                    &length);
    assert_true(
        pgcopy_polygon(&int4_type, (struct pgcopy_field){bytes, length}, &copy.memory, &cell));
    assert_int_equal(cell.length, 13 + 4 * 16);
    pgcopy_free(&copy);
    free(bytes);
}

static void an_open_ring_is_closed(void **state)
{
    (void)state;
    struct pgcopy copy = {.column_count = 0};
    struct cell cell;
    size_t length;
    unsigned char *bytes = from_hex("00000002 3ff0000000000000 0000000000000000 "
                                    "4000000000000000 0000000000000000",
                                    &length);
    assert_true(
        pgcopy_polygon(&int4_type, (struct pgcopy_field){bytes, length}, &copy.memory, &cell));
    assert_int_equal(cell.length, 13 + 3 * 16);
    assert_memory_equal(cell.bytes + 13, cell.bytes + 13 + 32, 16);
    pgcopy_free(&copy);
    free(bytes);
}

#define SIGNATURE "5047434f50590aff0d0a00"
#define HEADER SIGNATURE "0000000000000000"

struct stream_case {
    const char *name;
    const char *messages[4]; /* NULL ends them */
    int rows;                /* -1: malformed */
    bool ended;
};

/* Two columns: int4, int4[]. */
#define ROW "0002 00000004 00000007 ffffffff"
static const struct stream_case stream_cases[] = {
    {"an empty table", {HEADER "ffff"}, 0, true},
    {"a header by itself", {HEADER, "ffff"}, 0, true},
    {"a header with an extension", {SIGNATURE "00000000 00000002 abcd" ROW, "ffff"}, 1, true},
    {"rows without an end", {HEADER ROW, ROW}, 2, false},
    {"an array of two",
     {HEADER "0002 ffffffff 00000024 00000001 00000000 00000017 00000002 00000001 "
             "00000004 00000001 00000004 00000002",
      "ffff"},
     1,
     true},
    {"an empty array",
     {HEADER "0002 ffffffff 0000000c 00000000 00000000 00000017", "ffff"},
     1,
     true},
    {"text instead of binary", {"310a"}, -1, false},
    {"another signature",
     {"5047434f50590aff0d0a01"
      "0000000000000000"},
     -1,
     false},
    {"row OIDs, a critical flag", {SIGNATURE "00010000 00000000 ffff"}, -1, false},
    {"an extension that is longer than the message", {SIGNATURE "00000000 7fffffff"}, -1, false},
    {"too few columns", {HEADER "0001 00000004 00000007"}, -1, false},
    {"a row that is cut short", {HEADER "0002 00000004 0000"}, -1, false},
    {"a field that is longer than the message",
     {HEADER "0002 7fffffff 00000007 ffffffff"},
     -1,
     false},
    {"a length below -1", {HEADER "0002 fffffffe 00000007 ffffffff"}, -1, false},
    {"bytes behind a row", {HEADER ROW "00"}, -1, false},
    {"bytes behind the trailer", {HEADER "ffff 00"}, -1, true},
    {"a row behind the trailer", {HEADER "ffff", ROW}, -1, true},
    {"an array of another type",
     {HEADER "0002 ffffffff 0000000c 00000000 00000000 00000019"},
     -1,
     false},
    {"an array of seven dimensions",
     {HEADER "0002 ffffffff 0000000c 00000007 00000000 00000017"},
     -1,
     false},
    {"an array of 2^32 elements",
     {HEADER "0002 ffffffff 0000001c 00000002 00000000 00000017 "
             "00010000 00000001 00010000 00000001"},
     -1,
     false},
    {"an array with fewer elements than it says",
     {HEADER
      "0002 ffffffff 0000001c 00000001 00000000 00000017 00000002 00000001 00000004 00000001"},
     -1,
     false},
    {"an array with bytes behind its elements",
     {HEADER
      "0002 ffffffff 0000001c 00000001 00000000 00000017 00000001 00000001 ffffffff 00000000"},
     -1,
     false},
};

static int read_stream(const struct stream_case *one, bool *ended)
{
    const struct pgcopy_type *columns[] = {&int4_type, &array_type};
    struct pgcopy copy = {.column_count = 2, .columns = columns};
    struct cell cells[2];
    int rows = 0;
    for (size_t i = 0; i < 4 && one->messages[i] && rows >= 0; i++) {
        size_t length;
        unsigned char *bytes = from_hex(one->messages[i], &length);
        enum pgcopy_status status = pgcopy_message(&copy, bytes, length, cells);
        rows = status == PGCOPY_MALFORMED ? -1 : rows + (status == PGCOPY_ROW);
        assert_true(status != PGCOPY_MALFORMED || *copy.problem);
        free(bytes);
    }
    *ended = copy.ended;
    pgcopy_free(&copy);
    return rows;
}

static void a_stream_is_read_to_its_end_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stream_cases / sizeof *stream_cases; i++) {
        bool ended;
        int rows = read_stream(&stream_cases[i], &ended);
        if (rows != stream_cases[i].rows || ended != stream_cases[i].ended)
            fail_msg("%s: %d rows, ended %d", stream_cases[i].name, rows, ended);
    }
}

/* Under a sanitizer, this finds reads beyond the message. */
static void no_damaged_message_is_read_beyond_its_end(void **state)
{
    (void)state;
    const struct pgcopy_type *columns[] = {&int4_type, &array_type};
    size_t length;
    unsigned char *good = from_hex(stream_cases[4].messages[0], &length);
    uint32_t random = 1;
    for (size_t round = 0; round < 20000; round++) {
        struct pgcopy copy = {.column_count = 2, .columns = columns};
        struct cell cells[2];
        size_t cut = round < length ? round : length;
        unsigned char *bytes = (unsigned char *)mem_copy_bytes(good, cut);
        for (int changes = round < length ? 0 : 2; changes; changes--) {
            random = random * 1664525 + 1013904223;
            bytes[(random >> 8) % cut] = (unsigned char)(random >> 24);
        }
        bytes = mem_resize(bytes, cut ? cut : 1, 1);
        (void)pgcopy_message(&copy, bytes, cut, cells);
        pgcopy_free(&copy);
        free(bytes);
    }
    free(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field_becomes_the_right_cell_or_an_error),
        cmocka_unit_test(an_ewkb_loses_its_srid_and_keeps_the_rest),
        cmocka_unit_test(an_open_ring_is_closed),
        cmocka_unit_test(a_ring_that_repeats_its_first_point_is_another_one),
        cmocka_unit_test(a_stream_is_read_to_its_end_or_refused),
        cmocka_unit_test(no_damaged_message_is_read_beyond_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
