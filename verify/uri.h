/*
 * The parts of a database URI: scheme://user:password@host:port/database?name=value&…
 *
 * Everything is optional but the scheme. Every part may hold %XX; an IPv6 address stands in
 * brackets. No message of this file repeats a part that may be (a piece of) a password: one that
 * holds an unencoded
 * '/', '?' or '@' is refused, because then nobody can say where it ends.
 */
#ifndef TALLY_VERIFY_URI_H
#define TALLY_VERIFY_URI_H

#include "../diff/base/error.h"
#include "../diff/base/memory.h"

#include <stddef.h>

struct uri_parameter {
    const char *name, *value;
};

struct uri {
    struct arena arena;
    const char *user, *password, *host, *database; /* decoded; NULL: absent or empty */
    unsigned port;                                 /* 0: absent */
    size_t parameter_count;
    struct uri_parameter *parameters; /* in the URI's order */
    const char *shown;                /* the URI as given, without the password */
};

/* ERR_USAGE: malformed. uri_free() is due after success and after an error. */
bool uri_parse(const char *text, struct uri *uri, struct err *err) MUST_CHECK;
void uri_free(struct uri *uri); /* wipes the password */

#endif
