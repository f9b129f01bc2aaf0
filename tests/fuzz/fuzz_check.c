/*
 * Two answers: a status and headers in lines, "=" alone before the target's, "#" before a body.
 * Whatever comes, an answer is equal to itself; what headers make of it is the same when the sides
 * change places; and what is shown is UTF-8 of bounded length, without the token that was sent.
 */
#include "../../diff/base/utf8.h"
#include "../../replay/check.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SOURCE_TOKEN "8f3a11c09be24d5f8f3a11c09be24d5f"
#define TARGET_TOKEN "77ce90ab3c1d42e877ce90ab3c1d42e8"

static void require(bool holds)
{
    if (!holds)
        abort();
}

struct side_text {
    const uint8_t *at;
    size_t length;
};

/* The next line; false: there is none. */
static bool next_line(struct side_text *text, struct side_text *line)
{
    if (!text->length)
        return false;
    const uint8_t *end = memchr(text->at, '\n', text->length);
    size_t length = end ? (size_t)(end - text->at) : text->length;
    *line = (struct side_text){text->at, length};
    size_t gone = length + (end != NULL);
    text->at += gone;
    text->length -= gone;
    return true;
}

/* As http.c hands them over: names are tokens, values hold no line break and no NUL. */
static void fill(struct exchange *exchange, enum side side, struct side_text text, bool with_body)
{
    struct incoming *in = &exchange->in[side];
    struct side_text line;
    in->status = 200;
    buffer_add_text(&exchange->out[side].target, side == SOURCE ? "/bookings/12" : "/bookings/13");
    while (next_line(&text, &line)) {
        const uint8_t *colon = line.length ? memchr(line.at, ':', line.length) : NULL;
        if (line.length && line.at[0] == '#') {
            if (with_body)
                buffer_add(&in->body, text.at, text.length);
            return;
        }
        if (line.length == 3 && line.at[0] >= '1' && line.at[0] <= '5' && !colon)
            in->status = (line.at[0] - '0') * 100 + line.at[2] % 10;
        if (!colon || colon == line.at || memchr(line.at, '\0', line.length))
            continue;
        char *name = arena_copy_bytes(&exchange->arena, line.at, (size_t)(colon - line.at));
        size_t from = (size_t)(colon - line.at) + 1;
        fields_add(&in->headers, &exchange->arena, name, (const char *)line.at + from,
                   line.length - from);
    }
}

static bool compare(const struct side_text text[SIDES], bool swapped, bool with_body)
{
    static struct replacement known[] = {
        {.where = "path 2", .logged = "8", .is_id = true, .kind = "booking"},
        {.where = "field _token", .logged = "x", .secret = true, .kind = ""},
        {.where = "answer", .logged = "9", .is_id = true, .kind = "guest file"},
    };
    static const char *const values[][SIDES] = {
        {"12", "13"}, {SOURCE_TOKEN, TARGET_TOKEN}, {"13", "12"}};
    static const char *const hosts[SIDES] = {"source:8080", "target"};
    /* As of a copy of the source, which may lead to the source: else the sides are not alike. */
    struct check_settings settings = {.logged_host = "www.prod.example", .learn = true};
    struct exchange *exchange = exchange_new();
    struct findings findings;
    struct err err = {0};
    exchange->logged.method = "GET";
    exchange->logged.target = slice_of("/bookings/8");
    exchange->logged.status = 200;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        for (int side = 0; side < SIDES; side++)
            known[i].value[side] = values[i][side ^ swapped];
    exchange->replacements = known;
    exchange->replacement_count = sizeof known / sizeof *known;
    for (int side = 0; side < SIDES; side++) {
        settings.host[side] = hosts[side ^ swapped];
        fill(exchange, (enum side)side, text[side ^ swapped], with_body);
    }
    if (swapped) { /* what was asked for, too */
        struct buffer swap = exchange->out[SOURCE].target;
        exchange->out[SOURCE].target = exchange->out[TARGET].target;
        exchange->out[TARGET].target = swap;
    }
    require(check_exchange(&settings, exchange, &findings, &err));
    require(findings.count <= CHECK_MOST && findings.count <= findings.total);
    require(findings.equal == (!findings.total && !findings.both_failed));
    for (size_t i = 0; i < findings.count; i++)
        for (int side = 0; side < SIDES; side++) {
            const char *shown = findings.items[i].value[side];
            if (!shown)
                continue;
            require(strlen(shown) <= 510 &&
                    utf8_is_valid((const unsigned char *)shown, strlen(shown)));
            /* The digits of a byte that is no text may stand before the rest of a token. */
            require(strstr(shown, "\\x") ||
                    (!strstr(shown, SOURCE_TOKEN) && !strstr(shown, TARGET_TOKEN)));
        }
    bool equal = !findings.total;
    findings_free(&findings);
    exchange->replacements = NULL;
    exchange_free(exchange);
    return equal;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct side_text text[SIDES] = {{data, size}, {data, 0}};
    for (size_t i = 0; size <= 1 << 16 && i + 2 < size; i++)
        if (memcmp(data + i, "\n=\n", 3) == 0) {
            text[SOURCE].length = i;
            text[TARGET] = (struct side_text){data + i + 3, size - i - 3};
            break;
        }
    if (size > 1 << 16)
        return 0;
    (void)compare(text, false, true);
    require(compare(text, false, false) == compare(text, true, false));
    const struct side_text same[SIDES] = {text[SOURCE], text[SOURCE]};
    require(compare(same, false, true));
    return 0;
}
