/*
 * Sessions as timelines: what became of their requests, one after the other, and which of them
 * began to differ. Input: what became of each request, in order within a session but for those that
 * were left out, which may come before others of lower numbers. Output: the sessions that reports
 * show, those with findings first.
 *
 * Memory: about 200 bytes for each of the last TIMELINE_SESSIONS sessions, and TIMELINE_BYTES for
 * the steps of them. Beyond that the sessions that were idle longest are forgotten: those of the
 * first RESULT_SESSIONS that differ last. What a forgotten session finds later counts as found for
 * the first time. Steps of sessions without a finding make room for others.
 */
#ifndef TALLY_REPLAY_TIMELINE_H
#define TALLY_REPLAY_TIMELINE_H

#include "../diff/base/bytes.h"
#include "../diff/base/error.h"
#include "result.h"

#define TIMELINE_SESSIONS 16384
#define TIMELINE_BYTES (4 << 20)

/* What became of a request. Texts are borrowed and valid UTF-8, NULL is as good as "". */
struct timeline_event {
    uint64_t session; /* not 0 */
    uint64_t name;    /* for outputs */
    const char *tenant;
    struct replay_step step;
    bool taints; /* what follows in its session may differ for this reason alone */
};

struct timelines; /* opaque */

struct timelines *timelines_new(void);
void timelines_free(struct timelines *timelines); /* NULL is fine */

/* Did the session differ, or lack something, before this number? */
bool timelines_differed(const struct timelines *timelines, uint64_t session, uint64_t number);
bool timelines_tainted(const struct timelines *timelines, uint64_t session, uint64_t number);

void timelines_add(struct timelines *timelines, const struct timeline_event *event);

/* RESULT_SESSIONS at most, all of it in the arena: first those that differ, by when they began to,
 * then those with anything else that is not equal, then others, by number. */
size_t timelines_list(const struct timelines *timelines, struct arena *arena,
                      struct replay_session **list);

/* As bytes, appended, and back; what follows stays unread. NULL: the bytes are damaged. */
void timelines_save(const struct timelines *timelines, struct buffer *out);
struct timelines *timelines_load(struct bytes *in);

#endif
