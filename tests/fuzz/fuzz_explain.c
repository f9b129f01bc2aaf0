/*
 * libFuzzer driver of what tally-diff explain reads: types and values as people write them. The
 * input is five lines: two types, a tolerance, two values. Whatever they are: no crash, no leak, an
 * answer or a sentence of ERR_USAGE; and a value beside itself, of one type, is never different.
 * Seeds: corpus/explain. Run by tests/fuzz/run.
 */
#include "../../verify/explain_values.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LINES 5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct explain_question *question, bool same)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct err err = {0};
    int exit_code = -1;
    if (!explain_values(question, &out, &exit_code, &err)) {
        if (err.code != ERR_USAGE || !*err.text)
            abort();
    } else if (exit_code < 0 || exit_code > 2 || !out.length || (same && exit_code == 1)) {
        abort();
    }
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *lines[LINES], *text = mem_copy_bytes(data, size), *place = text;
    for (int i = 0; i < LINES; i++) {
        lines[i] = place;
        place += strcspn(place, "\n");
        if (*place)
            *place++ = '\0';
    }
    struct explain_question question = {.type = {lines[0], lines[1]},
                                        .tolerance = *lines[2] ? lines[2] : NULL,
                                        .value = {lines[3], lines[4]}};
    ask(&question, false);
    char *typed = mem_format("mysql:%s", lines[0]);
    question.type[0] = question.type[1] = typed;
    question.value[1] = question.value[0];
    question.tolerance = NULL;
    ask(&question, true);
    free(typed);
    free(text);
    return 0;
}
