/* See explain_pair.h. */
#include "explain_pair.h"

#include "mask.h"

#include "../diff/base/display.h"
#include "../diff/base/utf8.h"

#include <endian.h>
#include <math.h>
#include <stdlib.h>

#define WIDTH 80
#define SHOWN_BYTES 200 /* of a value as text, as in findings */
#define HEX_BYTES 48    /* of its bytes, around the first that differs */
#define LEAD_BYTES 16   /* of these, before it */

/* What a tag is to people. */
static const char *const tag_names[VALUE_TAGS] = {
    [VALUE_NULL] = "NULL",         [VALUE_BOOL] = "truth value",
    [VALUE_INT] = "number",        [VALUE_DECIMAL] = "number",
    [VALUE_DOUBLE] = "float",      [VALUE_DATE] = "date",
    [VALUE_TIME] = "time",         [VALUE_DATETIME] = "local time",
    [VALUE_INSTANT] = "instant",   [VALUE_UUID] = "uuid",
    [VALUE_INTERVAL] = "interval", [VALUE_TEXT] = "text",
    [VALUE_BYTES] = "bytes",       [VALUE_JSON] = "json",
    [VALUE_BITS] = "bits",         [VALUE_SET] = "set",
    [VALUE_ARRAY] = "array",       [VALUE_GEOMETRY] = "geometry",
    [VALUE_INET] = "address",      [VALUE_SPECIAL] = "special value",
    [VALUE_RAW] = "unread text"};

/* ---- A value
 * ------------------------------------------------------------------------------------------ */

/* The bytes from `from`, so that both sides show the same place. */
static void add_hex(const struct value *value, size_t from, struct buffer *out)
{
    size_t end = value->payload_length;
    end = end > from + HEX_BYTES ? from + HEX_BYTES : end;
    buffer_add_text(out, from ? "… " : "");
    for (size_t i = from; i < end; i++)
        buffer_printf(out, "%s%02x", i > from ? " " : "", value->payload[i]);
    if (end < value->payload_length)
        buffer_printf(out, " … (%zu bytes)", value->payload_length);
}

static void add_text(const struct value *value, struct buffer *out)
{
    bool quoted = value->tag == VALUE_TEXT || value->tag == VALUE_RAW;
    buffer_add_text(out, quoted ? "\"" : "");
    value_print(out, value, SHOWN_BYTES);
    buffer_add_text(out, quoted ? "\"" : "");
}

static void add_value(const struct value *value, const char *label, bool masked, size_t from,
                      size_t indent, struct buffer *out)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    display_add_blanks(out, indent);
    buffer_printf(out, "%s  %-13s  ", label, tag_names[value->tag]);
    size_t at = indent + strlen(label) + 2 + 13 + 2;
    if (masked) {
        char hidden[MASK_SIZE];
        mask_value(value, hidden);
        buffer_printf(out, "%s\n", hidden);
        return;
    }
    add_text(value, &text);
    display_add_wrapped(out, (const char *)text.data, at, at, WIDTH);
    buffer_clear(&text);
    add_hex(value, from, &text);
    if (value->payload_length) {
        display_add_blanks(out, at);
        display_add_wrapped(out, (const char *)text.data, at, at, WIDTH);
    }
    buffer_free(&text);
}

void explain_single(const struct value *value, const char *label, bool masked, size_t indent,
                    struct buffer *out)
{
    add_value(value, label, masked, 0, indent, out);
}

/* ---- Where they differ
 * ------------------------------------------------------------------------------------------ */

static size_t first_difference(const struct value *one, const struct value *other)
{
    size_t most =
        one->payload_length < other->payload_length ? one->payload_length : other->payload_length;
    size_t i = 0;
    while (i < most && one->payload[i] == other->payload[i])
        i++;
    return i;
}

/* "U+00FC", "the end", or "byte 0xff" where it is no UTF-8. */
static void name_character(const struct value *value, size_t place, struct buffer *out)
{
    const unsigned char *at = value->payload + place;
    const unsigned char *end = value->payload + value->payload_length;
    size_t size = utf8_size(at, end);
    if (at >= end) {
        buffer_add_text(out, "the end");
        return;
    }
    if (!size) {
        buffer_printf(out, "byte 0x%02x", *at);
        return;
    }
    uint32_t code = size == 1 ? *at : (uint32_t)(*at & (0x7f >> size));
    for (size_t i = 1; i < size; i++)
        code = code << 6 | (at[i] & 0x3f);
    buffer_printf(out, "U+%04X", (unsigned)code);
}

/* In text: from the beginning of the character. */
static void say_text(const struct value values[SIDES], struct buffer *out)
{
    size_t place = first_difference(&values[SOURCE], &values[TARGET]), characters = 0;
    const struct value *longer =
        &values[values[SOURCE].payload_length < values[TARGET].payload_length ? TARGET : SOURCE];
    while (place && place < longer->payload_length && (longer->payload[place] & 0xc0) == 0x80)
        place--;
    for (size_t i = 0; i < place; i++)
        characters += (longer->payload[i] & 0xc0) != 0x80;
    buffer_printf(out, "from character %zu (byte %zu): ", characters + 1, place + 1);
    name_character(&values[SOURCE], place, out);
    buffer_add_text(out, " in the source, ");
    name_character(&values[TARGET], place, out);
    buffer_add_text(out, " in the target");
}

static int64_t payload_int(const struct value *value)
{
    uint64_t n;
    memcpy(&n, value->payload, sizeof n);
    return (int64_t)le64toh(n);
}

/* Times, in microseconds: how far apart. */
static void say_time(const struct value values[SIDES], struct buffer *out)
{
    /* In floating point: they may be 580,000 years apart, where an int64 would overflow. */
    double seconds =
        ((double)payload_int(&values[TARGET]) - (double)payload_int(&values[SOURCE])) / 1e6;
    buffer_printf(out, "the target is %.15g s %s", fabs(seconds),
                  seconds < 0 ? "earlier" : "later");
}

static void say_bytes(const struct value values[SIDES], struct buffer *out)
{
    size_t place = first_difference(&values[SOURCE], &values[TARGET]);
    buffer_printf(out, "from byte %zu", place + 1);
    for (int side = 0; side < SIDES; side++) {
        buffer_add_text(out, side ? ", " : ": ");
        if (place < values[side].payload_length)
            buffer_printf(out, "0x%02x", values[side].payload[place]);
        else
            buffer_add_text(out, "the end");
        buffer_printf(out, " in the %s", side_name[side]);
    }
}

static void say_number(const struct value values[SIDES], struct buffer *out)
{
    double source = value_to_double(&values[SOURCE]), target = value_to_double(&values[TARGET]);
    if (isfinite(source) && isfinite(target) && source != target)
        buffer_printf(out, "the target is %s by %.15g", target < source ? "less" : "more",
                      fabs(target - source));
    else
        buffer_add_text(out, "they are two numbers, exactly read");
}

static bool is_number(const struct value *value)
{
    return value->tag == VALUE_INT || value->tag == VALUE_DECIMAL || value->tag == VALUE_DOUBLE;
}

static void say_why(const struct value values[SIDES], struct buffer *out)
{
    enum value_tag tag = values[SOURCE].tag;
    bool number = is_number(&values[SOURCE]) && is_number(&values[TARGET]);
    if (tag == VALUE_NULL || values[TARGET].tag == VALUE_NULL)
        buffer_add_text(out, "NULL equals nothing but NULL");
    else if (number)
        say_number(values, out);
    else if (tag != values[TARGET].tag)
        buffer_printf(out, "the source's is a %s, the target's a %s", tag_names[tag],
                      tag_names[values[TARGET].tag]);
    else if (tag == VALUE_TEXT || tag == VALUE_JSON || tag == VALUE_RAW || tag == VALUE_SPECIAL)
        say_text(values, out);
    else if (tag == VALUE_TIME || tag == VALUE_DATETIME || tag == VALUE_INSTANT)
        say_time(values, out);
    else if (tag == VALUE_DATE)
        buffer_printf(out, "the target is %lld days later",
                      (long long)(payload_int(&values[TARGET]) - payload_int(&values[SOURCE])));
    else
        say_bytes(values, out);
}

bool explain_pair(const struct canon *canon, const struct value values[SIDES], bool masked,
                  size_t indent, struct buffer *out)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool same = values[SOURCE].encoding_length == values[TARGET].encoding_length &&
                memcmp(values[SOURCE].encoding, values[TARGET].encoding,
                       values[SOURCE].encoding_length) == 0;
    bool equal = same || canon_equal(canon, &values[SOURCE], &values[TARGET]);
    size_t place = same ? 0 : first_difference(&values[SOURCE], &values[TARGET]);
    size_t from = place > LEAD_BYTES ? place - LEAD_BYTES : 0;
    for (int side = 0; side < SIDES; side++)
        add_value(&values[side], side_name[side], masked, from, indent, out);
    if (same) {
        buffer_add_text(&text, "equal: the same bytes");
    } else if (equal) {
        buffer_add_text(&text, "equal only under the leniency: ");
        canon_describe_leniency(canon, &text);
    } else {
        buffer_add_text(&text, "different: ");
        if (masked)
            buffer_add_text(&text, "the values are masked");
        else
            say_why(values, &text);
    }
    display_add_blanks(out, indent);
    display_add_wrapped(out, (const char *)text.data, indent, indent + 2, WIDTH);
    buffer_free(&text);
    return equal;
}
