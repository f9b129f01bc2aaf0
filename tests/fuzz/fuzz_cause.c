/*
 * Fuzzes the cause rules. The first bytes choose the kinds of two values and where one ends and the
 * other begins; the rest is their payloads. Whatever two values are, the rules must answer without
 * harm and alike whenever they are asked; a table of such rows must have its causes told, and their
 * counts must add up.
 */
#include "../../diff/base/utf8.h"
#include "../../diff/cause.h"
#include "../../diff/cause_rule.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static const struct cause_column columns[] = {
    {.name = "id", .digits = {0, 0}},
    {.name = "v",
     .characters = {0, 20},
     .bits = {32, 8},
     .is_unsigned = {false, true},
     .digits = {-1, 2},
     .narrow = true},
};
static const struct cause_table table = {"t", 2, columns, 1};

static void add_value(struct buffer *out, unsigned char kind, const uint8_t *bytes, size_t length)
{
    static const enum value_tag blobs[] = {VALUE_TEXT, VALUE_BYTES, VALUE_JSON, VALUE_SPECIAL,
                                           VALUE_RAW};
    static const enum value_tag fixed[] = {VALUE_INT, VALUE_DATE, VALUE_TIME, VALUE_DATETIME,
                                           VALUE_INSTANT};
    uint64_t n = 0;
    double number;
    struct buffer array = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < length && i < 8; i++)
        n = n << 8 | bytes[i];
    switch (kind % 6) {
    case 0:
        value_add_null(out);
        break;
    case 1:
        value_add_blob(out, blobs[kind / 6 % 5], bytes, length);
        break;
    case 2:
        value_add_fixed(out, fixed[kind / 6 % 5], (int64_t)n);
        break;
    case 3:
        memcpy(&number, &n, sizeof number);
        value_add_double(out, number);
        break;
    case 4:
        if (!value_add_decimal(out, (const char *)bytes, length))
            value_add_bool(out, n & 1);
        break;
    default:
        buffer_add_u32(&array, kind / 6);
        buffer_add(&array, bytes, length);
        value_add_blob(out, VALUE_ARRAY, array.data, array.length);
    }
    buffer_free(&array);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    size_t length = size - 4, cut = length ? (size_t)data[2] * length / 255 : 0;
    struct buffer rows[SIDES];
    struct value values[SIDES][2];
    for (int side = 0; side < SIDES; side++) {
        buffer_init(&rows[side], BUFFER_NO_LIMIT);
        value_add_fixed(&rows[side], VALUE_INT, 1);
        add_value(&rows[side], data[side], data + 4 + (side ? cut : 0), side ? length - cut : cut);
        const unsigned char *place = rows[side].data, *end = place + rows[side].length;
        for (size_t i = 0; i < 2; i++)
            must(value_read(&place, end, &values[side][i]));
    }
    const struct value *const cells[SIDES] = {&values[SOURCE][1], &values[TARGET][1]};
    const struct value *const both[SIDES] = {values[SOURCE], values[TARGET]};
    const struct value *const one[SIDES] = {data[3] & 1 ? values[SOURCE] : NULL,
                                            data[3] & 1 ? NULL : values[TARGET]};
    bool same = rows[SOURCE].length == rows[TARGET].length &&
                memcmp(rows[SOURCE].data, rows[TARGET].data, rows[SOURCE].length) == 0;
    struct cause_match match, again;
    enum side damaged, damaged_again;
    const struct cause_rule *rule = cause_judge(&columns[1], cells, &damaged, &match);
    must(rule == cause_judge(&columns[1], cells, &damaged_again, &again));
    must(!rule || (damaged == damaged_again && match.marks == again.marks));
    struct causes *causes = causes_new(&table);
    struct arena arena = ARENA_INIT;
    struct cause *found;
    uint64_t told = 0, said = 0, rows_of[SIDES] = {20, 20};
    for (int i = 0; i < 2 + data[3] / 16 && !same; i++, told++)
        causes_differ(causes, both, (const size_t[]){1}, 1, 1);
    causes_same(causes, values[SOURCE], 3);
    causes_differ(causes, one, NULL, 0, 2);
    size_t count = causes_finish(causes, rows_of, &arena, &found);
    for (size_t i = 0; i < count; i++) {
        said += found[i].count;
        must(found[i].text && found[i].plain && found[i].confidence >= 0 &&
             found[i].confidence <= 1);
    }
    must(said == told + 2);
    arena_free(&arena);
    causes_free(causes);
    for (int side = 0; side < SIDES; side++)
        buffer_free(&rows[side]);
    return 0;
}
