/*
 * libFuzzer driver of rules files and of what they do. Input: a rules file, and behind a NUL byte a
 * page. Whatever the bytes: no crash, no leak; a refusal is one line that names the file; and two
 * pages that are the same stay so under rules that hold for both sides. Seeds: corpus/rule. Run by
 * tests/fuzz/run.
 */
#include "../../diff/html.h"
#include "../../diff/json_tree.h"
#include "../../diff/rule.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_page(struct tree *tree, struct tree_names *names, enum content_type *type,
                      const char *text, size_t length)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    char reason[MARKUP_REASON_SIZE + JSON_REASON_SIZE];
    size_t duplicates;
    buffer_add(&bytes, text, length);
    *type = length && (*text == '{' || *text == '[') ? CONTENT_JSON : CONTENT_HTML;
    bool good = *type == CONTENT_JSON ? json_tree(tree, names, &bytes, &duplicates, reason)
                                      : html_tree(tree, names, &bytes, reason);
    buffer_free(&bytes);
    if (!good) {
        tree_free(tree);
        *type = CONTENT_TEXT;
        tree_of_lines(tree, names, text, length);
    }
}

static void apply(struct rules *rules, const char *text, size_t length, bool one_sided)
{
    static const struct rule_context context = {
        .method = "GET", .path = "/a/1", .content_type = {"text/html", "text/html"}};
    struct tree_names names = {0};
    struct tree trees[SIDES];
    enum content_type type = CONTENT_TEXT;
    struct err err = {0};
    size_t masked = 0;
    for (int side = 0; side < SIDES; side++)
        read_page(&trees[side], &names, &type, text, length);
    bool good = rules_apply(rules, &context, type,
                            (struct tree *const[]){&trees[SOURCE], &trees[TARGET]}, &masked, &err);
    for (int side = 0; side < SIDES; side++)
        tree_hash(&trees[side]);
    if (good && !one_sided && !tree_same(tree_at(&trees[SOURCE], 0), tree_at(&trees[TARGET], 0)))
        abort();
    if (!good && err.code != ERR_TABLE)
        abort();
    for (int side = 0; side < SIDES; side++)
        tree_free(&trees[side]);
    tree_names_free(&names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char path[] = "r.yml";
    struct rules *rules;
    struct err err = {0};
    const uint8_t *end = size ? memchr(data, '\0', size) : NULL;
    size_t length = end ? (size_t)(end - data) : size;
    if (!rules_parse(path, (const char *)data, length, &rules, &err)) {
        if (err.code != ERR_USAGE || strchr(err.text, '\n') || rules ||
            strncmp(err.text, "r.yml:", strlen("r.yml:")) != 0)
            abort();
        return 0;
    }
    if (end)
        apply(rules, (const char *)end + 1, size - length - 1,
              memmem(data, length, "side", 4) || memmem(data, length, "\\", 1));
    rules_free(rules);
    return 0;
}
