/*
 * libFuzzer driver of the mapping file's reader. Whatever the bytes: no crash, no leak, and a
 * refusal is one line that names the file. Seeds: corpus/mapping. Run by tests/fuzz/run.
 */
#include "../../verify/mapping.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char path[] = "m.yml";
    struct mapping mapping;
    struct err err = {0};
    if (!mapping_parse(path, (const char *)data, size, &mapping, &err)) {
        if (err.code != ERR_USAGE || strchr(err.text, '\n') ||
            strncmp(err.text, "m.yml:", strlen("m.yml:")) != 0)
            abort();
        if (mapping.table_count || mapping.rule_count || mapping.exclude_count)
            abort();
    }
    mapping_free(&mapping);
    return 0;
}
