/*
 * libFuzzer driver of nginx configurations. Whatever the bytes: no crash, no leak; a refusal is one
 * line that names the file; what --advise says of the rest can be read again. Seeds:
 * corpus/nginx_conf. Run by tests/fuzz/run.
 */
#include "../../replay/advise.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nginx_conf conf;
    struct err err = {0};
    struct buffer said = BUFFER_INIT(BUFFER_NO_LIMIT);
    /* It would read whatever files there are. */
    if (size && memmem(data, size, "include", 7))
        return 0;
    if (!nginx_conf_parse("n.conf", (const char *)data, size, &conf, &err)) {
        if (err.code != ERR_USAGE || strncmp(err.text, "n.conf:", 7) != 0)
            abort();
        return 0;
    }
    if (advise(&conf, NULL, NULL, &said, &err)) {
        nginx_conf_free(&conf);
        if (!nginx_conf_parse("said.conf", (const char *)said.data, said.length, &conf, &err) ||
            !conf.format_count)
            abort();
    }
    nginx_conf_free(&conf);
    buffer_free(&said);
    return 0;
}
