/* See log_watch.h. */
#include "log_watch.h"

void log_watch_begin(struct log_watch *watch, const char *stage, const char *unit, uint64_t all)
{
    if (!watch)
        return;
    watch->stage = stage;
    watch->unit = unit;
    watch->done = 0;
    watch->all = all;
    watch->begins = true;
}

bool log_watch_look(struct log_watch *watch, struct err *err)
{
    return !watch || watch->look(watch, err);
}

void log_watch_show(struct log_watch *watch, struct progress *progress)
{
    const struct progress_state state = {.stage = watch->stage,
                                         .unit = watch->unit,
                                         .rows = watch->done,
                                         .rows_estimate = watch->all};
    if (!watch->stage)
        return;
    if (watch->begins)
        progress_begin(progress);
    watch->begins = false;
    progress_show(progress, &state);
}
