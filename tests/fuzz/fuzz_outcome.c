/*
 * libFuzzer driver of what a ledger keeps of a replay's outcome. Whatever the bytes: no crash, no
 * leak; what is accepted encodes to the same bytes again, can be gone on with, and can be reported.
 * Run by tests/fuzz/run.
 */
#include "../../replay/outcome.h"
#include "../../replay/report.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void go_on(struct outcome *outcome)
{
    struct exchange *exchange = exchange_new();
    struct found found = {.kind = FOUND_BODY, .path = "p[1]", .shape = "p", .value = {"a", NULL}};
    struct findings findings = {.items = &found, .count = 1, .total = 1};
    exchange->number = 7;
    exchange->logged.session = 1;
    exchange->logged.route = "GET /";
    exchange->in[SOURCE].status = exchange->in[TARGET].status = 200;
    outcome_add(outcome, exchange, &findings, NULL);
    outcome_skip(outcome, exchange, "denied", "a rule forbids it");
    exchange_free(exchange);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome *outcome;
    struct err err;
    if (!outcome_load(data, size, &outcome, &err))
        return 0;
    struct buffer again = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct replay_result result = {0};
    outcome_save(outcome, &again);
    if (again.length != size || memcmp(again.data, data, size) != 0)
        abort();
    go_on(outcome);
    outcome_result(outcome, &result);
    buffer_clear(&again);
    report_replay_text(&result, false, true, &again);
    report_replay_json(&result, &again);
    report_replay_junit(&result, &again);
    buffer_free(&again);
    replay_result_free(&result);
    outcome_free(outcome);
    return 0;
}
