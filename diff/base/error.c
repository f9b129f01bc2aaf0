/*
 * Writes the one error value: formats the sentence, keeps it one line of UTF-8, cuts it at a
 * character. Knows nothing of what failed.
 */
#include "error.h"

#include "utf8.h"

#include <stdio.h>
#include <string.h>

/*
 * Copies text into err->text: control characters become spaces and bytes that are not UTF-8 become
 * '?' (servers send messages in their own charset before a session's is set); what does not fit is
 * cut and ends in "…".
 */
static void keep(struct err *err, const char *text)
{
    static const char more[] = "…";
    const unsigned char *at = (const unsigned char *)text;
    const unsigned char *end = at + strlen(text);
    size_t used = 0, cut = 0; /* cut: the last place where `more` still fits */
    while (at < end) {
        size_t size = utf8_size(at, end);
        if (used + (size ? size : 1) >= sizeof err->text) {
            memcpy(err->text + cut, more, sizeof more);
            return;
        }
        if (size == 0)
            err->text[used++] = '?';
        else if (*at < 0x20 || *at == 0x7f)
            err->text[used++] = ' ';
        else
            for (size_t i = 0; i < size; i++)
                err->text[used++] = (char)at[i];
        at += size ? size : 1;
        if (used + sizeof more <= sizeof err->text)
            cut = used;
    }
    while (used && err->text[used - 1] == ' ') /* libpq and libmysqlclient end theirs in newlines */
        used--;
    err->text[used] = '\0';
}

bool err_set(struct err *err, enum err_code code, const char *format, ...)
{
    char text[2 * sizeof err->text]; /* the arguments may be err->text itself */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    err->code = code;
    keep(err, text);
    return false;
}

bool err_prefix(struct err *err, const char *format, ...)
{
    char text[2 * sizeof err->text];
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(text, sizeof err->text, format, arguments);
    va_end(arguments);
    size_t length = written < 0 ? 0 : strlen(text);
    snprintf(text + length, sizeof text - length, ": %s", err->text);
    keep(err, text);
    return false;
}

const char *err_code_name(enum err_code code)
{
    static const struct {
        enum err_code code;
        const char *name;
    } names[] = {
        {ERR_NONE, "none"},         {ERR_TABLE, "table"},
        {ERR_LOST, "lost"},         {ERR_RETRY, "retry"},
        {ERR_USAGE, "usage"},       {ERR_UNREACHABLE, "unreachable"},
        {ERR_INTERNAL, "internal"}, {ERR_INTERRUPTED, "interrupted"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].code == code)
            return names[i].name;
    return "unknown";
}
