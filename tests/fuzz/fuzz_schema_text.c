/*
 * Fuzzes the reading of defaults and conditions. A default must equal itself under every class of
 * type, and have the value that its kind promises; a condition without quotes must keep its normal
 * form between parentheses and in other blanks, and each name that it is asked to rename must come
 * out renamed.
 */
#include "../../verify/schema_text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void check_default(const struct column_default *preset)
{
    static const enum type_class classes[] = {TYPE_BOOL, TYPE_INT,  TYPE_TEXT,    TYPE_JSON,
                                              TYPE_UUID, TYPE_DATE, TYPE_INSTANT, TYPE_SET};
    const struct column_default *const both[] = {preset, preset};
    must((preset->kind == DEFAULT_NONE) == (preset->text == NULL));
    if (preset->kind == DEFAULT_LITERAL || preset->kind == DEFAULT_EXPRESSION)
        must(preset->value != NULL);
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        struct type type = {.class = classes[i], .base = "type"};
        const struct type *const types[] = {&type, &type};
        must(schema_same_default(both, types));
    }
}

static size_t asked;
static const char *rename_all(void *context, const char *name)
{
    (void)name;
    asked++;
    return context;
}

static void check_form(const char *text)
{
    struct buffer form = BUFFER_INIT(BUFFER_NO_LIMIT), other = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct buffer wrapped = BUFFER_INIT(BUFFER_NO_LIMIT);
    must(schema_same_structure(text, text));
    schema_normal_form(text, NULL, NULL, &form);
    if (!strpbrk(text, "'\"`\\:")) {
        buffer_printf(&wrapped, " ((%s)\t) ", text);
        schema_normal_form((const char *)wrapped.data, NULL, NULL, &other);
        must(strcmp((const char *)form.data, (const char *)other.data) == 0);
    }
    buffer_clear(&other);
    asked = 0;
    schema_normal_form(text, rename_all, (void *)(uintptr_t) "renamed", &other);
    must(schema_form_has((const char *)other.data, "renamed") == (asked > 0) ||
         strstr(text, "renamed"));
    buffer_free(&form);
    buffer_free(&other);
    buffer_free(&wrapped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct column_default preset;
    char *text = mem_copy_bytes(data, size);
    schema_read_default(text, &arena, &preset);
    check_default(&preset);
    struct type type = {.class = TYPE_BITS, .base = "bit"};
    schema_read_bare_default(text, &type, &arena, &preset);
    check_default(&preset);
    check_form(text);
    free(text);
    arena_free(&arena);
    return 0;
}
