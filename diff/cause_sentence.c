/* What all parts of the causes write: examples and sentences. See cause_parts.h. */
#include "cause_parts.h"

#include "base/hash.h"
#include "base/progress.h"
#include "cause_rule.h"

#include <math.h>
#include <stdlib.h>

#define SHOWN_BYTES 200 /* of a value in an example */
#define KEY_MOST 4096   /* bytes of a key that an example may have */
#define KEY_SHOWN 80    /* bytes of each of its values */

static bool is_ordinal(enum value_tag tag)
{
    return tag == VALUE_INT || tag == VALUE_DATE || tag == VALUE_DATETIME || tag == VALUE_INSTANT;
}

static void add_to_range(struct cause_example *example, const struct value *first)
{
    bool begins = !example->cost;
    if (begins)
        example->ranged = is_ordinal(first->tag);
    if (!example->ranged || (!begins && first->tag != example->range_tag)) {
        example->ranged = false; /* not all keys can be in one range */
        return;
    }
    int64_t n = cause_int(first);
    if (begins || n < example->low)
        example->low = n;
    if (begins || n > example->high)
        example->high = n;
    example->range_tag = first->tag;
}

static char *show(const struct value *value, bool narrow)
{
    if (!value || value->tag == VALUE_NULL)
        return NULL;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    double number = narrow && value->tag == VALUE_DOUBLE ? value_to_double(value) : NAN;
    if (isfinite(number) && (double)(float)number == number)
        value_print_float(&text, (float)number);
    else
        value_print(&text, value, SHOWN_BYTES);
    char *copy = mem_copy_bytes(text.data, text.length);
    buffer_free(&text);
    return copy;
}

/* Is the key before that of the example? */
static bool is_before(const struct cause_example *example, const struct value *key, size_t count)
{
    const unsigned char *place = example->key.data, *end = place + example->key.length;
    struct value known;
    for (size_t i = 0; i < count && value_read(&place, end, &known); i++) {
        int order = value_compare(&key[i], &known);
        if (order)
            return order < 0;
    }
    return false;
}

bool cause_example_offer(struct cause_example *example, const struct cause_table *table,
                         const struct value *key, const struct value *const value[SIDES],
                         bool narrow)
{
    size_t cost = 1, key_length = 0;
    for (int side = 0; side < SIDES; side++)
        cost += value[side] ? value[side]->encoding_length : 0;
    for (size_t i = 0; i < table->key_count; i++)
        key_length += key[i].encoding_length;
    if (table->key_count)
        add_to_range(example, key);
    if (example->cost && (cost > example->cost || key_length > KEY_MOST ||
                          (cost == example->cost && !is_before(example, key, table->key_count))))
        return false;
    if (!example->cost)
        buffer_init(&example->key, KEY_MOST);
    example->cost = cost;
    buffer_clear(&example->key);
    for (size_t i = 0; i < table->key_count && key_length <= KEY_MOST; i++)
        buffer_add(&example->key, key[i].encoding, key[i].encoding_length);
    for (int side = 0; side < SIDES; side++) {
        free(example->text[side]);
        example->text[side] = show(value[side], narrow);
    }
    return true;
}

void cause_example_free(struct cause_example *example)
{
    if (example->cost)
        buffer_free(&example->key);
    for (int side = 0; side < SIDES; side++)
        free(example->text[side]);
    *example = (struct cause_example){0};
}

void cause_add_fixed(struct buffer *out, enum value_tag tag, int64_t n)
{
    struct buffer encoded = BUFFER_INIT(64);
    struct value value;
    value_add_fixed(&encoded, tag, n);
    const unsigned char *place = encoded.data;
    if (value_read(&place, place + encoded.length, &value))
        value_print(out, &value, KEY_SHOWN);
    buffer_free(&encoded);
}

void cause_add_range(struct buffer *out, const struct cause_table *table,
                     const struct cause_example *example)
{
    if (!table->key_count || !example->ranged || example->low == example->high)
        return;
    buffer_printf(out, ", %s ", table->columns[0].name);
    cause_add_fixed(out, example->range_tag, example->low);
    buffer_add_text(out, " to ");
    cause_add_fixed(out, example->range_tag, example->high);
}

struct cause *cause_list_add(struct cause_list *list, const struct cause_table *table,
                             const char *name, size_t column, uint64_t count, struct buffer *text)
{
    char number[32];
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 16;
        list->items = mem_resize(list->items, list->capacity, sizeof *list->items);
    }
    buffer_add_text(text, table->name);
    if (column != SIZE_MAX)
        buffer_printf(text, ".%s", table->columns[column].name);
    buffer_printf(text, ": %s %s ", human_count(count, number), count == 1 ? "row" : "rows");
    struct cause *cause = &list->items[list->count++];
    *cause = (struct cause){.name = name, .column = column, .count = count};
    return cause;
}

static const char *show_key(struct arena *arena, const struct cause_example *example)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    const unsigned char *place = example->key.data, *end = place + example->key.length;
    struct value value;
    const char *shown = NULL;
    while (place < end && value_read(&place, end, &value)) {
        if (text.length)
            buffer_add_text(&text, ", ");
        value_print(&text, &value, KEY_SHOWN);
    }
    if (example->key.length)
        shown = arena_copy(arena, (const char *)text.data);
    buffer_free(&text);
    return shown;
}

void cause_list_end(struct cause_list *list, struct cause *cause, struct buffer *text,
                    const char *values, double confidence, const struct cause_table *table,
                    const struct cause_example *example)
{
    const char *plain = (const char *)text->data;
    cause->plain = arena_format(list->arena, "%s.", plain);
    cause->text = values ? arena_format(list->arena, "%s%s.", plain, values) : cause->plain;
    cause->confidence = round(confidence * 100) / 100;
    if (!example || !example->cost)
        return;
    if (table->key_count)
        cause->key = show_key(list->arena, example);
    for (int side = 0; side < SIDES; side++)
        if (example->text[side])
            cause->value[side] = arena_copy(list->arena, example->text[side]);
}

uint64_t cause_hash(const struct value *values, size_t count)
{
    if (!count)
        return 0;
    /* The values of a row lie side by side. */
    const struct value *last = &values[count - 1];
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += values[i].encoding_length;
    if (values[0].encoding + length == last->encoding + last->encoding_length)
        return hash_64(values[0].encoding, length);
    struct buffer joined = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < count; i++)
        buffer_add(&joined, values[i].encoding, values[i].encoding_length);
    uint64_t hash = hash_64(joined.data, joined.length);
    buffer_free(&joined);
    return hash;
}
