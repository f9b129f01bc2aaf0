/*
 * libFuzzer driver of log formats: text up to the first newline is the format, the rest a line.
 * Whatever the bytes: no crash, no leak; a refusal is one line; and of a line that matches without
 * ambiguity, literals and values put together are the line again. Seeds: corpus/log_format. Run by
 * tests/fuzz/run.
 */
#include "../../replay/log_format.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct log_format format;
    static struct log_match match;
    struct err err = {0};
    const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
    size_t length = newline ? (size_t)(newline - data) : size;
    char *text = mem_copy_bytes(data, length);
    const uint8_t *line = newline ? newline + 1 : data + size;
    size_t left = (size_t)(data + size - line);
    if (!log_format_option(text, &format, &err)) {
        if (err.code != ERR_USAGE || !*err.text)
            abort();
        free(text);
        return 0;
    }
    (void)log_format_begins(&format, line, left);
    if (log_format_match(&format, line, left, &match)) {
        struct buffer whole = BUFFER_INIT(BUFFER_NO_LIMIT);
        for (size_t i = 0; i <= format.variable_count; i++) {
            buffer_add(&whole, format.literals[i].at, format.literals[i].length);
            if (i < format.variable_count)
                buffer_add(&whole, match.values[i].at, match.values[i].length);
        }
        if (whole.length != left || (left && memcmp(whole.data, line, left) != 0))
            abort();
        buffer_free(&whole);
    }
    log_format_free(&format);
    free(text);
    return 0;
}
