/* See http_field.h. */
#include "http_field.h"

#include "coding.h"

#include <strings.h>

bool http_field_is_token(const char *name, size_t length)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < length; i++) {
        char c = name[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && c != '-' && (!c || !strchr(others, c)))
            return false;
    }
    return length > 0;
}

static const char *const left_out[] = {"Connection",
                                       "Content-Length",
                                       "Expect",
                                       "Host",
                                       "HTTP2-Settings",
                                       "Keep-Alive",
                                       "Proxy-Authorization",
                                       "Proxy-Connection",
                                       "TE",
                                       "Trailer",
                                       "Transfer-Encoding",
                                       "Upgrade",
                                       "Accept-Encoding"};

bool http_field_is_ours(const char *name)
{
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if ((name[0] | 0x20) == (left_out[i][0] | 0x20) && strcasecmp(name, left_out[i]) == 0)
            return true;
    return false;
}

void http_field_codings(struct buffer *out, const char *accepted)
{
    buffer_clear(out);
    for (const char *at = accepted; at && *at;) {
        at += strspn(at, ", \t");
        size_t length = strcspn(at, ","), name = strcspn(at, ",; \t");
        if (coding_is_known(at, name)) {
            if (out->length)
                buffer_add_text(out, ", ");
            buffer_add(out, at, length);
        }
        at += length;
    }
    if (!out->length)
        buffer_add_text(out, "identity");
}
