/*
 * Where answers end: the first byte chooses the type, then a body; or a line of lengths. Whatever
 * comes, JSON that is shown to be whole is not shown to be when it lacks its last byte, blanks
 * behind it change nothing, and a Content-Length that is taken is one number, however often said.
 */
#include "../../replay/check_parts.h"
#include "../../replay/framing.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool is_shown(const char *type, const uint8_t *data, size_t size)
{
    struct buffer body = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add(&body, data, size);
    bool shown = check_end_is_shown(type, &body);
    buffer_add_text(&body, " \r\n");
    require(check_end_is_shown(type, &body) == shown);
    buffer_free(&body);
    return shown;
}

static void look_at_lengths(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct fields fields = {0};
    const uint8_t *middle = memchr(data, '\n', size);
    size_t first = middle ? (size_t)(middle - data) : size;
    fields_add(&fields, &arena, "content-length", (const char *)data, first);
    if (middle)
        fields_add(&fields, &arena, "Content-Length", (const char *)middle + 1, size - first - 1);
    const char *fault = framing_fault(&fields, "GET", 200, false);
    if (!fault) {
        const char *text = fields.items[0].value + strspn(fields.items[0].value, " \t");
        size_t digits = strspn(text, "0123456789");
        require(digits && strtoull(text, NULL, 10) <= INT64_MAX);
        for (size_t i = 0; i < fields.count; i++)
            require(strspn(fields.items[i].value, "0123456789, \t") ==
                        strlen(fields.items[i].value) &&
                    strtoull(fields.items[i].value, NULL, 10) == strtoull(text, NULL, 10));
    }
    require(!framing_is_open(&fields, "GET", 200));
    require(!framing_fault(&fields, "HEAD", 200, false));
    fields_free(&fields);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"text/html", "application/xml", "application/json", NULL};
    if (!size)
        return 0;
    if (data[0] % 5 == 4) {
        look_at_lengths(data + 1, size - 1);
        return 0;
    }
    const char *type = types[data[0] % 5];
    size_t length = size - 1;
    bool shown = is_shown(type, data + 1, length);
    while (length && strchr(" \t\r\n\v\f", data[length]))
        length--;
    if (shown && type == types[2])
        require(length && !is_shown(type, data + 1, length - 1));
    return 0;
}
