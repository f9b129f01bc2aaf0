/*
 * What was sent to each side in place of logged values, as the ledger keeps it (kind "replaced").
 * Input: exchanges. Output: bytes, and of them one line after another for people who look why a
 * request was sent as it was. Secret values, and those that look like one, are kept as keyed hashes
 * ("masked #5be41f07"): equal values of one run have equal hashes.
 */
#ifndef TALLY_REPLAY_REPLACED_H
#define TALLY_REPLAY_REPLACED_H

#include "../diff/base/buffer.h"
#include "../diff/base/error.h"
#include "exchange.h"

struct replaced {
    const char *where, *kind; /* as struct replacement has them */
    bool masked;
    const char *logged, *value[SIDES];
    uint64_t from; /* as there, too */
    enum given given;
    const char *given_name; /* "": none */
};

/* Of one exchange. */
struct replaced_request {
    uint64_t number, line;
    const char *file, *route;
    size_t count;
    const struct replaced *items;
    size_t cookie_count;
    const char *const *cookies; /* names that its answers set, of either side */
};

/* Appends those of the exchange that were sent, and its cookies; nothing where there are none. key
 * NULL: secrets are kept (--keep-secrets). */
void replaced_add(struct buffer *out, const struct exchange *exchange, const unsigned char *key);

/* Calls take() for each request of some bytes; texts are borrowed for the call. ERR_USAGE: damaged.
 */
bool replaced_each(const void *bytes, size_t length,
                   bool (*take)(void *context, const struct replaced_request *request,
                                struct err *err),
                   void *context, struct err *err) MUST_CHECK;

/* One JSON object and a newline: {"line": 7, "file": "a.log", "request": 7, "route": "POST /x",
 * "where": "field _token", "logged": "masked #5be41f07", "source": …, "target": …, "masked": true}
 */
void replaced_json(struct buffer *out, const struct replaced_request *request,
                   const struct replaced *one);

/* Of a whole ledger: `tally-replay --replacements LEDGER`, to the file descriptor, in the order of
 * saving; a last line {"requests_left_out": 7} where there were more than REPLACED_MOST bytes.
 * ERR_USAGE: it is none of a replay. */
bool replaced_list(const char *path, int file, struct err *err) MUST_CHECK;

#endif
