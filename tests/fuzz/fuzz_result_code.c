/*
 * libFuzzer driver of what a ledger keeps of a finished result. The first byte says whether the
 * rest is the head or a table. Whatever the bytes: no crash, no leak, and what is accepted encodes
 * to the same bytes again. Run by tests/fuzz/run.
 */
#include "../../verify/result_code.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    struct verify_result result = {0};
    struct verify_options options = {0};
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT), again = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add(&bytes, data + 1, size - 1);
    bool good;
    if (data[0] & 1) {
        good = result_code_get_head(&bytes, &result, &options);
        if (good)
            result_code_put_head(&result, &options, &again);
    } else {
        result.tables = mem_zero(1, sizeof *result.tables);
        result.table_count = 1;
        good = result_code_get_table(&bytes, &result.arena, &result.tables[0]);
        if (good)
            result_code_put_table(&result.tables[0], true, &again);
    }
    if (good && (bytes.length != again.length || memcmp(bytes.data, again.data, again.length) != 0))
        abort();
    text_list_free(&options.tables);
    text_list_free(&options.excludes);
    verify_result_free(&result);
    buffer_free(&bytes);
    buffer_free(&again);
    return 0;
}
