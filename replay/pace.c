/* See pace.h. */
#include "pace.h"

#include <string.h>

#define SLOWEST 0.001
#define FASTEST 1e6

bool pace_init(struct pace *pace, const char *text, struct err *err)
{
    *pace = (struct pace){0};
    if (!text)
        return true;
    /* By hand: strtod() obeys the locale and knows "inf" and "0x". */
    const char *at = text;
    double speed = 0, unit = 1;
    bool digits = false, point = false;
    for (; (*at >= '0' && *at <= '9') || (*at == '.' && !point); at++) {
        if (*at == '.') {
            point = true;
            continue;
        }
        digits = true;
        unit = point ? unit / 10 : unit;
        speed = point ? speed + (*at - '0') * unit : speed * 10 + (*at - '0');
    }
    bool end = strcmp(at, "x") == 0 || !*at;
    if (!digits || !end || speed < SLOWEST || speed > FASTEST)
        return err_set(err, ERR_USAGE,
                       "--speed \"%.100s\" is no multiple of the log's own speed, from 0.001x to "
                       "1000000x: \"10x\" is ten times as fast.",
                       text);
    pace->speed = speed;
    return true;
}

double pace_due(struct pace *pace, int64_t arrival, double now)
{
    if (pace->speed <= 0 || !arrival)
        return now;
    if (!pace->begun) {
        pace->begun = true;
        pace->first = arrival;
        pace->start = now;
    }
    return pace->start + ((double)arrival - (double)pace->first) / 1e6 / pace->speed;
}

void pace_started(struct pace *pace, int64_t arrival, double now)
{
    double behind = now - pace_due(pace, arrival, now);
    if (behind > pace->behind)
        pace->behind = behind;
}
