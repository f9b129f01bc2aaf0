/*
 * JUnit XML, as Jenkins and GitLab read it. Input: test cases, one after the other. Output: one
 * document. Control characters, which XML 1.0 cannot hold, and marks that would turn or hide text
 * are written as \xHH or \u{HEX}. Knows nothing of what is tested.
 *
 *     struct junit junit = JUNIT_INIT("tally-verify");
 *     junit_begin_case(&junit, "tables", "orders", 1.5);
 *     junit_fail(&junit, "different", "2 changed", "…");
 *     junit_end_case(&junit);
 *     junit_property(&junit, "verdict", "different");
 *     junit_finish(&junit, started, seconds, out);
 */
#ifndef TALLY_JUNIT_H
#define TALLY_JUNIT_H

#include "base/buffer.h"

#include <time.h>

struct junit {
    const char *suite;
    struct buffer cases, properties;
    size_t tests, failures, errors, skipped;
};

#define JUNIT_INIT(name)                                                                           \
    {                                                                                              \
        .suite = (name), .cases = BUFFER_INIT(BUFFER_NO_LIMIT),                                    \
        .properties = BUFFER_INIT(BUFFER_NO_LIMIT)                                                 \
    }

/* class: "tables", "run": how test reports group cases. */
void junit_begin_case(struct junit *junit, const char *class, const char *name, double seconds);
void junit_end_case(struct junit *junit);

/* What a case holds; nothing: it has passed. */
void junit_fail(struct junit *junit, const char *type, const char *message, const char *text);
/* What was not compared is an error, never "skipped", which both show beside the passed ones. */
void junit_error(struct junit *junit, const char *message, const char *text);
void junit_skip(struct junit *junit, const char *message);
void junit_output(struct junit *junit, const char *text);

void junit_property(struct junit *junit, const char *name, const char *value);

/* Appends the document, and empties the value. */
void junit_finish(struct junit *junit, time_t started, double seconds, struct buffer *out);

#endif
