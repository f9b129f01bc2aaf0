/*
 * What is learnt of two answers: a header's value in the first line, "=" alone before the second
 * answer, the rest a body. Whatever they hold, the file that is written is a file of rules, on
 * lines that a person can read, and what the answers have in common stays compared under it.
 */
#include "../../replay/noise.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void fill(struct exchange *exchange, enum side side, const uint8_t *data, size_t size)
{
    struct incoming *in = &exchange->in[side];
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    size_t line = end ? (size_t)(end - data) : size, from = end ? line + 1 : size;
    const char *type = from < size && (data[from] == '{' || data[from] == '[') ? "application/json"
                       : from < size && data[from] == '<'                      ? "text/html"
                                                                               : "text/plain";
    in->status = 200;
    fields_add(&in->headers, &exchange->arena, "Content-Type", type, strlen(type));
    if (line && !memchr(data, '\0', line))
        fields_add(&in->headers, &exchange->arena, "X-Any", (const char *)data, line);
    buffer_add(&in->body, data + from, size - from);
    buffer_add_text(&exchange->out[side].target, "/a'b");
}

static struct exchange *make(const uint8_t *source, size_t source_size, const uint8_t *target,
                             size_t target_size)
{
    struct exchange *exchange = exchange_new();
    exchange->number = 1;
    exchange->logged.method = "GET";
    exchange->logged.target = slice_of("/a'b");
    fill(exchange, SOURCE, source, source_size);
    fill(exchange, TARGET, target, target_size);
    return exchange;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t split = size, behind = size;
    for (size_t i = 0; i + 2 < size && split == size; i++)
        if (memcmp(data + i, "\n=\n", 3) == 0) {
            split = i;
            behind = i + 3;
        }
    if (size > 1 << 16)
        return 0;
    struct exchange *exchange = make(data, split, data + behind, size - behind);
    struct noise *noise = noise_new();
    struct findings findings;
    struct rules *rules = NULL;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct err err = {0};
    struct check_settings settings = {.learn = true};
    require(check_exchange(&settings, exchange, &findings, &err));
    noise_add(noise, exchange, &findings);
    noise_write(noise, &text);
    require(rules_parse("learnt", (const char *)text.data, text.length, &rules, &err));
    findings_free(&findings);
    /* The same answer twice; a pattern that is slow on it says so. */
    struct exchange *same = make(data, split, data, split);
    settings.rules = rules;
    if (check_exchange(&settings, same, &findings, &err))
        require(findings.equal);
    else
        require(err.code == ERR_TABLE);
    findings_free(&findings);
    exchange_free(same);
    rules_free(rules);
    noise_free(noise);
    exchange_free(exchange);
    buffer_free(&text);
    return 0;
}
