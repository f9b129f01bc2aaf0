/*
 * Fuzzes stored pairs of answers. Bytes that are one must be a fixed point: written again they are
 * the same pair. The input also is a body and its last bytes a secret: it must not be in what is
 * written.
 */
#include "../../diff/pair.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void read_and_write(const uint8_t *data, size_t size)
{
    struct pair pair, again;
    struct err err = {0};
    struct buffer one = BUFFER_INIT(BUFFER_NO_LIMIT), other = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (!pair_decode(data, size, &pair, &err))
        return;
    pair_encode(&pair, NULL, &one);
    must(pair_decode(one.data, one.length, &again, &err));
    pair_encode(&again, NULL, &other);
    must(one.length == other.length && memcmp(one.data, other.data, one.length) == 0);
    pair_free(&pair);
    pair_free(&again);
    buffer_free(&one);
    buffer_free(&other);
}

static void hide(const uint8_t *data, size_t size)
{
    char secret[17] = "";
    size_t length = size < 16 ? size : 16;
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    memcpy(secret, data + size - length, length);
    const struct pair_secret one = {{secret, NULL}};
    const struct pair_secrets secrets = {1, &one, "0123456789abcde"};
    struct pair pair = {.file = "", .method = "GET", .target = "/"};
    pair.answers[SOURCE] = (struct pair_answer){.asked = true, .body = data, .length = size};
    length = strlen(secret);
    /* The end of a mark and what stands behind it may look like a secret of hex digits. */
    if (length < 8 || memchr(secret, '*', length) || strchr("0123456789abcdef", *secret))
        return;
    pair_encode(&pair, &secrets, &out);
    struct err err = {0};
    struct pair back;
    must(pair_decode(out.data, out.length, &back, &err));
    const struct pair_answer *answer = &back.answers[SOURCE];
    must(answer->length == 0 || !memmem(answer->body, answer->length, secret, length));
    pair_free(&back);
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_and_write(data, size);
    hide(data, size);
    return 0;
}
