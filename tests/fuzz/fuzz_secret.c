/*
 * A target in the first line, an answer's body behind it. Whatever comes, the secrets of a target
 * lie in it in order, masking what is masked changes nothing, a path fits its own route, and
 * neither what is kept of the answers nor the route holds the session's cookie, which stands in
 * both.
 */
#include "../../diff/route.h"
#include "../../replay/mask.h"
#include "../../replay/pair_exchange.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COOKIE "8f3a11c09be24d5f77ce90ab3c1d42e8"

static const unsigned char key[PAIR_KEY_SIZE] = "0123456789abcde";

static void require(bool holds)
{
    if (!holds)
        abort();
}

struct walk {
    const unsigned char *from, *end;
};

static void take(void *context, const struct mask_secret *secret)
{
    struct walk *walk = context;
    require(secret->value.at >= walk->from && secret->value.length);
    walk->from = secret->value.at + secret->value.length;
    require(walk->from <= walk->end);
}

static void check_target(struct slice target)
{
    struct buffer once = BUFFER_INIT(BUFFER_NO_LIMIT), twice = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct walk walk = {target.at, target.at + target.length};
    mask_each(target, take, &walk);
    mask_target(&once, target);
    mask_target(&twice, (struct slice){once.data, once.length});
    require(once.length == twice.length && memcmp(once.data, twice.data, once.length) == 0);
    (void)mask_segments(target);
    buffer_free(&once);
    buffer_free(&twice);
}

/* The cookie, known from an earlier answer, in the middle of the body and of a header. */
static void check_pair(struct slice target, struct slice body)
{
    struct exchange *login = exchange_new(), *exchange = exchange_new();
    struct known *known = known_new();
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT), value = BUFFER_INIT(BUFFER_NO_LIMIT);
    fields_add(&login->in[SOURCE].headers, &login->arena, "Set-Cookie", "sid=" COOKIE,
               sizeof "sid=" COOKIE - 1);
    secrets_learn(login, known);
    exchange->logged.method = "GET";
    exchange->logged.target = target;
    for (int side = 0; side < SIDES; side++) {
        struct incoming *in = &exchange->in[side];
        buffer_add(&exchange->out[side].target, target.at, target.length);
        buffer_add(&in->body, body.at, body.length / 2);
        buffer_add_text(&in->body, COOKIE);
        buffer_add(&in->body, body.at + body.length / 2, body.length - body.length / 2);
        buffer_clear(&value);
        for (size_t i = 0; i < body.length && i < 40; i++)
            buffer_add_byte(&value, body.at[i] < ' ' ? ' ' : body.at[i]);
        buffer_add_text(&value, COOKIE);
        fields_add(&in->headers, &exchange->arena, "X-Text", (const char *)value.data,
                   value.length);
    }
    secrets_learn(exchange, known);
    pair_of_exchange(exchange, NULL, false, key, known, &bytes);
    require(!memmem(bytes.data, bytes.length, COOKIE, sizeof COOKIE - 1));
    exchange_free(login);
    exchange_free(exchange);
    known_free(known);
    buffer_free(&bytes);
    buffer_free(&value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
    size_t length = line ? (size_t)(line - data) : size;
    struct buffer route = BUFFER_INIT(BUFFER_NO_LIMIT), path = BUFFER_INIT(BUFFER_NO_LIMIT);
    const struct slice target = {data, length};
    const struct slice body = {data + length, size - length};
    if (memchr(data, '\0', length) || !length)
        return 0;
    check_target(target);
    check_pair(target, body);
    buffer_add(&path, data, length);
    buffer_add_text(&path, "/" COOKIE "/x");
    route_pattern(&route, (const char *)path.data, path.length, NULL, 0);
    require(memchr(data, '?', length) || memchr(data, '#', length) ||
            memmem(data, length, COOKIE, sizeof COOKIE - 1) ||
            !strstr((const char *)route.data, COOKIE));
    buffer_free(&route);
    buffer_free(&path);
    return 0;
}
