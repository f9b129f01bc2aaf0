/*
 * libFuzzer driver of what a resumed replay reads back. Input: a byte that says what it is (a
 * session's cookies, its tokens, ids in common, replaced values, options), and bytes. Whatever
 * they are: no crash, no leak, bounded memory; what is refused is refused as damaged; what is taken
 * can be saved again, and is then the same. Run by tests/fuzz/run.
 */
#include "../../replay/book_settings.h"
#include "../../replay/jar.h"
#include "../../replay/replaced.h"
#include "../../replay/token.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_same(const struct buffer *one, const struct buffer *other)
{
    require(one->length == other->length && memcmp(one->data, other->data, one->length) == 0);
}

static void fuzz_jar(const uint8_t *data, size_t size)
{
    static const struct jar_home home = {.url = "http://127.0.0.1:8080/app"};
    struct jar *jar = jar_new(&home), *copy = jar_new(&home);
    struct buffer saved = BUFFER_INIT(BUFFER_NO_LIMIT), again = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct buffer sent = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct err err = {0};
    if (jar_load(jar, data, size, &err)) {
        jar_save(jar, &saved);
        require(jar_load(copy, saved.data, saved.length, &err));
        jar_save(copy, &again);
        require_same(&saved, &again);
    } else {
        require(err.code == ERR_USAGE);
    }
    jar_write(jar, slice_of("/a"), &sent);
    for (size_t i = 0; i < sent.length; i++)
        require((sent.data[i] >= 0x20 || sent.data[i] == '\t') && sent.data[i] != 0x7f);
    buffer_free(&sent);
    buffer_free(&saved);
    buffer_free(&again);
    jar_free(jar);
    jar_free(copy);
}

static void apply(struct token_memory *lane)
{
    struct exchange *exchange = exchange_new();
    exchange->number = 1;
    exchange->logged.method = "POST";
    exchange->logged.target = slice_of("/bookings/8812?id=1");
    exchange->logged.body = slice_of("_token=abcdefghijklmnop1&id=8812");
    token_apply(lane, exchange);
    exchange_free(exchange);
}

static void fuzz_memory(const uint8_t *data, size_t size)
{
    struct token_shared *shared = token_shared_new(NULL);
    struct token_memory *lane = token_memory_new(shared), *copy = token_memory_new(shared);
    struct buffer saved = BUFFER_INIT(BUFFER_NO_LIMIT), again = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct err err = {0};
    if (token_memory_load(data, size, lane, &err)) {
        token_memory_save(lane, &saved);
        require(token_memory_load(saved.data, saved.length, copy, &err));
        token_memory_save(copy, &again);
        require_same(&saved, &again);
    } else {
        require(err.code == ERR_USAGE);
    }
    require(token_memory_bytes(lane) <= 1 << 16);
    apply(lane);
    buffer_free(&saved);
    buffer_free(&again);
    token_memory_free(lane);
    token_memory_free(copy);
    token_shared_free(shared);
}

static void count(void *context, const char *tenant, const char *kind, const char *logged,
                  const char *source, const char *target)
{
    *(size_t *)context +=
        strlen(tenant) + strlen(kind) + strlen(logged) + strlen(source) + strlen(target);
}

static void fuzz_shared(const uint8_t *data, size_t size)
{
    struct token_shared *shared = token_shared_new(NULL);
    struct token_memory *lane = token_memory_new(shared);
    struct buffer saved = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct err err = {0};
    size_t bytes = 0;
    bool whole;
    bool good = token_shared_load(data, size, shared, &err);
    require(good || err.code == ERR_USAGE);
    token_each_id(shared, count, &bytes);
    require(bytes <= size);
    require(!token_shared_save(shared, &saved, &whole)); /* nothing is new */
    apply(lane);
    (void)token_shared_save(shared, &saved, &whole);
    buffer_free(&saved);
    token_memory_free(lane);
    token_shared_free(shared);
}

static bool take(void *context, const struct replaced_request *request, struct err *err)
{
    (void)err;
    for (size_t i = 0; i < request->count; i++)
        replaced_json(context, request, &request->items[i]);
    return true;
}

static void fuzz_replaced(const uint8_t *data, size_t size)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct err err = {0};
    require(replaced_each(data, size, take, &out, &err) || err.code == ERR_USAGE);
    buffer_free(&out);
}

static void fuzz_options(const uint8_t *data, size_t size)
{
    struct replay_options options = {0};
    struct arena arena = ARENA_INIT;
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT), saved = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add(&bytes, data, size);
    if (book_settings_load(&bytes, &arena, &options))
        book_settings_save(&saved, &options);
    buffer_free(&bytes);
    buffer_free(&saved);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const drivers[])(const uint8_t *data, size_t size) = {
        fuzz_jar, fuzz_memory, fuzz_shared, fuzz_replaced, fuzz_options};
    if (size)
        drivers[data[0] % (sizeof drivers / sizeof *drivers)](data + 1, size - 1);
    return 0;
}
