/*
 * Text of columns that keep their values as text: dates, uuids, numbers, arrays, geometries, … in
 * every kind and form. The first byte chooses the kind, the second the form of the cell, the third
 * the options. Whatever comes, one whole value must be written, it must be equal to itself, and
 * text that a kind cannot read must be kept whole.
 */
#include "../../verify/canon.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static const struct zone *fuzz_zone(void)
{
    static const struct zone *zone;
    struct err err;
    if (!zone)
        require(zone_find("Europe/Berlin", &zone, &err));
    return zone;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum cell_form forms[] = {CELL_TEXT, CELL_BYTES, CELL_DECIMAL, CELL_SPECIAL,
                                           CELL_GEOMETRY};
    if (size < 3)
        return 0;
    struct canon canon = {.kind = (enum kind)(data[0] % KINDS),
                          .element = (enum kind)(data[0] / KINDS % KINDS),
                          .class = {TYPE_TEXT, TYPE_TEXT},
                          .narrow = data[2] & 1,
                          .zero_date_null = data[2] & 2,
                          .strip_zero_padding = data[2] & 4,
                          .swapped = data[2] & 8,
                          .separator = data[2] & 16 ? "," : NULL,
                          .zone = {data[2] & 32 ? fuzz_zone() : NULL, NULL},
                          .precision = data[2] & 64 ? 0 : -1};
    if (canon.element == KIND_ARRAY || canon.element == KIND_SET)
        canon.element = KIND_TEXT;
    struct cell cell = {.form = forms[data[1] % (sizeof forms / sizeof *forms)],
                        .bytes = data + 3,
                        .length = size - 3};
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT), shown = BUFFER_INIT(1000);
    canon_cell(&canon, SOURCE, &cell, &out);
    const unsigned char *place = out.data;
    struct value value;
    require(value_read(&place, out.data + out.length, &value));
    require(place == out.data + out.length);
    require(canon_equal(&canon, &value, &value));
    if (value.tag == VALUE_RAW && cell.form != CELL_GEOMETRY)
        require(value.payload_length == cell.length &&
                memcmp(value.payload, cell.bytes, cell.length) == 0);
    value_print(&shown, &value, 100);
    buffer_free(&out);
    buffer_free(&shown);
    return 0;
}
