/* Strings of JSON (json_string.h). */
#include "json_string.h"

#include "utf8.h"

void json_string_add(struct buffer *out, const void *bytes, size_t length)
{
    static const char from[] = "\"\\\n\r\t", to[] = "\"\\nrt";
    const unsigned char *at = bytes, *end = length ? at + length : at;
    buffer_add_byte(out, '"');
    while (at < end) {
        size_t size = utf8_size(at, end);
        const char *known = size == 1 && *at ? memchr(from, *at, sizeof from - 1) : NULL;
        if (!size) {
            buffer_add_text(out, "\xef\xbf\xbd");
            size = 1;
        } else if (known) {
            buffer_add_byte(out, '\\');
            buffer_add_byte(out, (unsigned char)to[known - from]);
        } else if (size == 1 && (*at < 0x20 || *at == 0x7f)) {
            buffer_printf(out, "\\u%04x", *at);
        } else {
            buffer_add(out, at, size);
        }
        at += size;
    }
    buffer_add_byte(out, '"');
}

void json_string_add_text(struct buffer *out, const char *text)
{
    if (text)
        json_string_add(out, text, strlen(text));
    else
        buffer_add_text(out, "null");
}
