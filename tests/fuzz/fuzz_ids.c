/*
 * libFuzzer driver of the reader of paired ids (--ids). Whatever the bytes: no crash, no leak, no
 * pair without a kind or an id, and a refusal is one of usage. Seeds: corpus/ids. Run by
 * tests/fuzz/run.
 */
#include "../../verify/ids.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ids ids = {0};
    struct err err;
    if (ids_parse("fuzz", (const char *)data, size, &ids, &err)) {
        for (size_t i = 0; i < ids.count; i++)
            if (!*ids.pairs[i].kind || !*ids.pairs[i].source || !*ids.pairs[i].target)
                abort();
    } else if (err.code != ERR_USAGE) {
        abort();
    }
    ids_free(&ids);
    return 0;
}
