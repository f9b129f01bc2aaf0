/*
 * Fuzzes json_canon(): whatever the bytes are, it keeps to them; what is refused leaves the output
 * alone; the canonical text is valid, is its own canonical text, and does not change when white
 * space is put round the text or the text becomes a member or an element.
 */
#include "../../diff/json_canon.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* The canonical text of prefix, text, suffix must be prefix, canonical, suffix as given. */
static void check_inside(const uint8_t *data, size_t size, const struct buffer *canonical,
                         const char *const around[4])
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT), out = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct buffer expected = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add_text(&text, around[0]);
    buffer_add(&text, data, size);
    buffer_add_text(&text, around[1]);
    buffer_add_text(&expected, around[2]);
    buffer_add(&expected, canonical->data, canonical->length);
    buffer_add_text(&expected, around[3]);
    /* One level more may be one too many. */
    if (json_canon(&out, (const char *)text.data, text.length))
        must(out.length == expected.length && memcmp(out.data, expected.data, out.length) == 0);
    else
        must(*around[2] && size >= JSON_CANON_DEPTH);
    buffer_free(&text);
    buffer_free(&out);
    buffer_free(&expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const around[][4] = {
        {" \n\t", "\r ", "", ""},
        {"[", "]", "[", "]"},
        {"[{\"b\":0,\"a\":", "}]", "[{\"a\":", ",\"b\":0}]"},
        {"{\"\\u0061\":[1e1,{}],\"a\":", "}", "{\"a\":", "}"},
    };
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT), again = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add_text(&out, "x");
    /* A copy of exactly this size, so that a sanitizer sees the first byte that is read beyond it.
     */
    char *text = malloc(size ? size : 1);
    must(text != NULL);
    if (size)
        memcpy(text, data, size);
    bool valid = json_canon(&out, text, size);
    free(text);
    must(out.data[0] == 'x' && out.data[out.length] == '\0' && !buffer_overflowed(&out));
    if (!valid) {
        must(out.length == 1);
        buffer_free(&out);
        return 0;
    }
    struct buffer canonical = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add(&canonical, out.data + 1, out.length - 1);
    must(json_canon(&again, (const char *)canonical.data, canonical.length));
    must(again.length == canonical.length &&
         memcmp(again.data, canonical.data, canonical.length) == 0);
    for (size_t i = 0; i < sizeof around / sizeof *around; i++)
        check_inside(data, size, &canonical, around[i]);
    buffer_free(&out);
    buffer_free(&again);
    buffer_free(&canonical);
    return 0;
}
