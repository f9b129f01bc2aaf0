/* See result.h. */
#include "result.h"

#include "../diff/base/error.h"

const char *const replay_verdict_name[] = {
    [REPLAY_EQUAL] = "equal",
    [REPLAY_INCONCLUSIVE] = "inconclusive",
    [REPLAY_DIFFERENT] = "different",
};

const char *const replay_fate_name[FATES] = {
    [FATE_EQUAL] = "equal",
    [FATE_DIFFERENT] = "different",
    [FATE_CONSEQUENCE] = "consequence",
    [FATE_BOTH_FAILED] = "both failed",
    [FATE_INCONCLUSIVE] = "inconclusive",
    [FATE_LEFT_OUT] = "left out",
};

void replay_result_free(struct replay_result *result)
{
    arena_free(&result->arena);
    *result = (struct replay_result){0};
}

void replay_result_raise(struct replay_result *result, enum replay_verdict verdict)
{
    if (verdict > result->verdict)
        result->verdict = verdict;
}

int replay_exit_code(const struct replay_result *result)
{
    static const int codes[] = {
        [REPLAY_EQUAL] = 0, [REPLAY_DIFFERENT] = 1, [REPLAY_INCONCLUSIVE] = 2};
    return result->interrupted ? ERR_INTERRUPTED : codes[result->verdict];
}

const char *replay_result_meaning(const struct replay_result *result)
{
    if (result->interrupted)
        return "interrupted before the end; only what was replayed was compared";
    if (result->verdict == REPLAY_DIFFERENT)
        return result->one_side ? "it does not answer as the log says" : "the two sides differ";
    if (result->dry_run)
        return "nothing was sent";
    if (!result->replayed)
        return "nothing was replayed";
    if (result->verdict == REPLAY_INCONCLUSIVE)
        return "nothing differs in what was compared, but not everything was";
    return result->one_side ? "every answer has the status that the log says, or one like it"
                            : "both sides answer alike";
}
