/* See framing.h. */
#include "framing.h"

#include <stdlib.h>

bool framing_has_body(const char *method, int status)
{
    return status >= 200 && status != 204 && status != 304 && strcmp(method, "HEAD") != 0;
}

/* chunked is the last coding of a list, or the only one. */
static bool is_chunked(const struct fields *headers)
{
    bool chunked = false;
    for (size_t i = 0; i < headers->count; i++) {
        if (!field_is(&headers->items[i], "Transfer-Encoding"))
            continue;
        const char *value = headers->items[i].value, *last = strrchr(value, ',');
        last = last ? last + 1 : value;
        last += strspn(last, " \t");
        chunked = strncasecmp(last, "chunked", 7) == 0 && !last[7 + strspn(last + 7, " \t")];
    }
    return chunked;
}

/* One member of a Content-Length; several with commas may say the same (RFC 9110, 8.6). */
static bool read_length(const char **at, uint64_t *length)
{
    const char *text = *at + strspn(*at, " \t");
    *length = 0;
    bool good = *text >= '0' && *text <= '9';
    for (; *text >= '0' && *text <= '9'; text++)
        good &= !__builtin_mul_overflow(*length, 10, length) &&
                !__builtin_add_overflow(*length, (uint64_t)(*text - '0'), length);
    text += strspn(text, " \t");
    good &= (!*text || *text == ',') && *length <= INT64_MAX;
    *at = *text ? text + 1 : NULL;
    return good;
}

static const char *length_fault(const struct fields *headers)
{
    bool known = false;
    uint64_t first = 0, length;
    for (size_t i = 0; i < headers->count; i++) {
        const char *at = headers->items[i].value;
        if (!field_is(&headers->items[i], "Content-Length"))
            continue;
        while (at) {
            if (!read_length(&at, &length))
                return "the answer's Content-Length is no length: where it ends nobody knows";
            if (known && length != first)
                return "the answer has several lengths: where it ends nobody knows";
            first = length;
            known = true;
        }
    }
    return NULL;
}

const char *framing_fault(const struct fields *headers, const char *method, int status, bool part)
{
    if (status < 200)
        return "what came is provisional, and no answer followed";
    if (status == 206 && !part)
        return "the answer is a part of one (206), which was not asked for";
    bool counts = framing_has_body(method, status) && !is_chunked(headers);
    return counts ? length_fault(headers) : NULL;
}

bool framing_is_open(const struct fields *headers, const char *method, int status)
{
    for (size_t i = 0; i < headers->count; i++)
        if (field_is(&headers->items[i], "Content-Length"))
            return false;
    return framing_has_body(method, status) && !is_chunked(headers);
}
