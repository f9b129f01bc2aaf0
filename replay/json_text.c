#include "json_text.h"

#include "../diff/base/json_string.h"
#include "../diff/base/utf8.h"

#include <time.h>

void json_text_string(struct buffer *out, struct slice text)
{
    json_string_add(out, text.at, text.length);
}

static void add_base64(struct buffer *out, struct slice bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.length; i += 3) {
        size_t left = bytes.length - i;
        unsigned n = (unsigned)bytes.at[i] << 16;
        n |= left > 1 ? (unsigned)bytes.at[i + 1] << 8 : 0;
        n |= left > 2 ? bytes.at[i + 2] : 0;
        char four[4] = {digits[n >> 18], digits[n >> 12 & 63], digits[n >> 6 & 63], digits[n & 63]};
        if (left < 3)
            four[3] = '=';
        if (left < 2)
            four[2] = '=';
        buffer_add(out, four, 4);
    }
}

void json_text_bytes(struct buffer *out, const char *name, struct slice bytes)
{
    if (utf8_is_valid(bytes.at, bytes.length)) {
        buffer_printf(out, "\"%s\":", name);
        json_text_string(out, bytes);
        return;
    }
    buffer_printf(out, "\"%s_base64\":\"", name);
    add_base64(out, bytes);
    buffer_add_byte(out, '"');
}

static int64_t split_time(int64_t micros, struct tm *parts)
{
    int64_t rest = micros % 1000000;
    time_t second = (time_t)(micros / 1000000);
    if (rest < 0) {
        rest += 1000000;
        second--;
    }
    if (!gmtime_r(&second, parts))
        memset(parts, 0, sizeof *parts);
    return rest;
}

void json_text_time(struct buffer *out, int64_t micros)
{
    struct tm t;
    int64_t rest = split_time(micros, &t);
    buffer_printf(out, "\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"", t.tm_year + 1900, t.tm_mon + 1,
                  t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, (int)(rest / 1000));
}

void json_text_human_time(struct buffer *out, int64_t micros)
{
    struct tm t;
    (void)split_time(micros, &t);
    buffer_printf(out, "%04d-%02d-%02d %02d:%02d:%02d UTC", t.tm_year + 1900, t.tm_mon + 1,
                  t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
}
