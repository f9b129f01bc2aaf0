/*
 * Cookies: lines of which "<TARGET" is the next answer's target, "?TARGET" asks what would be sent
 * there, "+COOKIES" is a logged Cookie header, and any other is a Set-Cookie field. Whatever comes,
 * what is sent holds no control character that could end a header, a cookie that is found is sent,
 * and no jar holds more than it may.
 */
#include "../../replay/jar.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void look(struct jar *jar, struct slice target)
{
    struct buffer sent = BUFFER_INIT(BUFFER_NO_LIMIT);
    jar_write(jar, target, &sent);
    size_t cookies = sent.length > 0;
    for (size_t i = 0; i < sent.length; i++) {
        require((sent.data[i] >= 0x20 || sent.data[i] == '\t') && sent.data[i] != 0x7f);
        cookies += sent.data[i] == ';';
    }
    require(cookies <= JAR_MOST);
    /* A nameless cookie may look like a named one, so what is sent need not be found. */
    struct buffer path = BUFFER_INIT(BUFFER_NO_LIMIT), pair = BUFFER_INIT(BUFFER_NO_LIMIT);
    size_t name = strcspn((const char *)sent.data, "=;");
    buffer_add(&path, target.at, target.length);
    buffer_add(&pair, sent.data, name);
    const char *value = jar_find(jar, (const char *)path.data, (const char *)pair.data);
    if (value && name && strlen((const char *)path.data) == path.length) {
        buffer_add_byte(&pair, '=');
        buffer_add_text(&pair, value);
        require(memmem(sent.data, sent.length, pair.data, pair.length));
    }
    buffer_free(&path);
    buffer_free(&pair);
    buffer_free(&sent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct jar_home homes[] = {
        {.url = "http://127.0.0.1:8080/app", .production = "www.prod.example"},
        {.url = "https://[::1]", .host = "hotel.example:81"},
    };
    if (!size)
        return 0;
    struct jar *jar = jar_new(&homes[data[0] & 1]);
    struct slice target = slice_of("/");
    for (size_t at = 1; at < size;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t length = end ? (size_t)(end - data) - at : size - at;
        struct slice line = {data + at, length}, rest = {data + at + 1, length ? length - 1 : 0};
        if (length && data[at] == '<')
            target = rest;
        else if (length && data[at] == '?')
            look(jar, rest);
        else if (length && data[at] == '+')
            jar_seed(jar, rest);
        else
            require(jar_take(jar, target, line) < JAR_RESULTS);
        at += length + 1;
    }
    look(jar, target);
    jar_free(jar);
    return 0;
}
