/*
 * libFuzzer driver of what a replay is told in files and URLs: tenants, login recipes, origins.
 * Whatever the bytes: no crash, no leak; a refusal is one line that names the file; what a recipe
 * makes can be sent as HTTP; a URL that is read has one reading. Seeds: corpus/replay_files. Run by
 * tests/fuzz/run.
 */
#include "../../replay/host.h"
#include "../../replay/http_field.h"
#include "../../replay/origin.h"
#include "../../replay/recipe.h"
#include "../../replay/sites.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_refusal(const struct err *err)
{
    if (err->code != ERR_USAGE || strchr(err->text, '\n') || strncmp(err->text, "f.yml:", 6) != 0)
        abort();
}

static void check_step(const struct recipe *recipe, const char *user, size_t step)
{
    struct exchange *exchange = exchange_new();
    recipe_step(recipe, user, step, exchange);
    const struct logged *logged = &exchange->logged;
    if (!http_field_is_token(logged->method, strlen(logged->method)) || !logged->target.length ||
        logged->target.at[0] != '/')
        abort();
    for (size_t i = 0; i < logged->target.length; i++)
        if (logged->target.at[i] <= ' ' || logged->target.at[i] == 0x7f)
            abort();
    for (size_t i = 0; i < logged->headers.count; i++)
        if (strpbrk(logged->headers.items[i].value, "\r\n"))
            abort();
    exchange_free(exchange);
}

static void read_recipe(const char *text, size_t size)
{
    static const char *const users[] = {NULL, "anna", "*"};
    struct recipe *recipe;
    struct err err = {0};
    if (!recipe_parse("f.yml", text, size, &recipe, &err)) {
        check_refusal(&err);
        return;
    }
    for (size_t i = 0; i < sizeof users / sizeof *users; i++)
        for (size_t step = 0; step < recipe_steps(recipe, users[i]); step++)
            check_step(recipe, users[i], step);
    recipe_free(recipe);
}

static void read_origin(const char *text)
{
    struct arena arena = ARENA_INIT;
    struct origin origin, again;
    struct err err = {0};
    if (origin_read(&arena, text, &origin, &err)) {
        struct buffer host = BUFFER_INIT(1024);
        host_normal(&host, origin.host, strlen(origin.host));
        if (strcmp((const char *)host.data, origin.host) != 0 ||
            !origin_read(&arena, origin.url, &again, &err) ||
            strcmp(origin.host, again.host) != 0 || strcmp(origin.url, again.url) != 0 ||
            origin.port != again.port || strcmp(origin.prefix, again.prefix) != 0)
            abort();
        buffer_free(&host);
    } else if (err.code != ERR_USAGE) {
        abort();
    }
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    char *text = mem_copy_bytes(data, size);
    if (!sites_check_tenants("f.yml", text, size, &err))
        check_refusal(&err);
    read_recipe(text, size);
    read_origin(text);
    free(text);
    return 0;
}
