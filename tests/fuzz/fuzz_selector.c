/*
 * libFuzzer driver of the selectors' readers and of the walk. Input: a byte for the language, a
 * selector. Whatever the bytes: no crash, no leak; a refusal is a sentence and a place inside the
 * text; what is found is in document order. Seeds: corpus/selector. Run by tests/fuzz/run.
 */
#include "../../diff/html.h"
#include "../../diff/json_tree.h"
#include "../../diff/selector.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char page[] =
    "<div class='a b' id=c><p>1<i title=x>2</i></p><ul><li>3<li>4</ul></div>";
static const char json[] = "{\"a\":[1,{\"b\":2}],\"c d\":{\"a\":null}}";

static struct tree trees[2];

static void read_trees(void)
{
    static struct tree_names names;
    char reason[MARKUP_REASON_SIZE + JSON_REASON_SIZE];
    size_t duplicates;
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add_text(&bytes, page);
    if (!html_tree(&trees[0], &names, &bytes, reason))
        abort();
    buffer_init(&bytes, BUFFER_NO_LIMIT);
    buffer_add_text(&bytes, json);
    if (!json_tree(&trees[1], &names, &bytes, &duplicates, reason))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct selector *selector;
    struct err err = {0};
    size_t offset = 0;
    if (!trees[0].count)
        read_trees();
    if (!size)
        return 0;
    char *text = mem_copy_bytes(data + 1, size - 1);
    size_t length = strlen(text);
    if (selector_parse((enum selector_language)(data[0] % 3), text, &selector, &offset, &err)) {
        for (size_t i = 0; i < 2; i++) {
            uint32_t *nodes;
            size_t count = selector_find(selector, &trees[i], &nodes);
            for (size_t k = 0; k < count; k++)
                if (nodes[k] >= trees[i].count || (k && nodes[k] <= nodes[k - 1]))
                    abort();
            free(nodes);
        }
        selector_free(selector);
    } else if (selector || err.code != ERR_USAGE || !err.text[0] || offset > length) {
        abort();
    }
    free(text);
    return 0;
}
