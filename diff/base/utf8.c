/* See utf8.h. */
#include "utf8.h"

void utf8_add(struct buffer *out, const void *bytes, size_t length)
{
    const unsigned char *at = bytes, *end = at + length;
    while (at < end) {
        size_t size = utf8_size(at, end);
        if (size && *at)
            buffer_add(out, at, size);
        else
            buffer_add_text(out, "\xef\xbf\xbd");
        at += size ? size : 1;
    }
}

void utf8_add_cut(struct buffer *out, const void *bytes, size_t length, size_t most)
{
    const unsigned char *at = bytes;
    bool cut = length > most;
    while (cut && most && (at[most] & 0xc0) == 0x80)
        most--;
    utf8_add(out, bytes, cut ? most : length);
    if (cut)
        buffer_add_text(out, "…");
}
