/*
 * The way to one request of a replay, as a script: `tally-replay --reproduce N LEDGER [LOG...]`.
 * Input: what the ledger says of where values came from, and the logs. Output: a bash script that
 * asks both sides by curl for the earlier requests of the session that request N needs, and for it.
 *
 * It needs those whose answers gave a cookie, token or id that it was sent, and what these need in
 * turn; and the last login before it.
 */
#ifndef TALLY_REPLAY_REPRODUCE_H
#define TALLY_REPLAY_REPRODUCE_H

#include "../diff/base/buffer.h"
#include "../diff/base/error.h"
#include "exchange.h"

/* A value that was sent in place of a logged one. */
struct reproduce_value {
    const char *where; /* as struct replacement has it */
    bool masked;       /* the ledger does not hold the values */
    const char *value[SIDES];
    uint64_t from; /* request of the script that gives it; 0: none does */
    enum given given;
    const char *given_name;
};

struct reproduce_step {
    const struct exchange *exchange; /* number and logged */
    size_t value_count;
    struct reproduce_value *values;
    struct fields seeds; /* cookies that no answer gave, as the browser had them; in an arena */
};

struct reproduce_plan {
    const char *ledger;
    bool one_side;
    const char *url[SIDES];  /* NULL: to be filled in, for each tenant has its own */
    const char *host[SIDES]; /* Host header; NULL: the URL's */
    const char *production;  /* the host that the log is of; NULL: not known */
    bool keep_secrets;
    size_t step_count;
    const struct reproduce_step *steps; /* in the log's order; the last one is request N */
    /* Requests of the session up to N, to find a redirect's place by those that followed it. */
    size_t session_count;
    struct exchange *const *session;
    size_t left_out, writes_left_out; /* earlier requests of the session */
    uint64_t write_lines[10];         /* of the first ones */
};

void reproduce_script(const struct reproduce_plan *plan, struct buffer *out);

/* argv[0] is ignored: --reproduce N [OPTIONS] LEDGER [LOG...]. */
bool reproduce_command(int argc, char **argv, int *exit_code, struct err *err) MUST_CHECK;
void reproduce_man(struct buffer *out); /* a section of a man page */

#endif
