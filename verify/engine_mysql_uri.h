/*
 * What a MySQL URI asks for, and how a connection by it was made. Part of the MySQL engine; needs
 * no client library.
 */
#ifndef TALLY_VERIFY_ENGINE_MYSQL_URI_H
#define TALLY_VERIFY_ENGINE_MYSQL_URI_H

#include "uri.h"

/* ssl-mode, from the weakest to the strongest. */
enum engine_mysql_tls {
    TLS_UNSAID,
    TLS_DISABLED,
    TLS_PREFERRED,
    TLS_REQUIRED,
    TLS_CA,
    TLS_IDENTITY
};
extern const char *const engine_mysql_uri_tls[]; /* their names; NULL-terminated */

/* How one attempt treats TLS. */
struct engine_mysql_attempt {
    bool tls, verify;
};

struct engine_mysql_target {
    struct uri uri;
    const char *socket, *ca, *cert, *key, *public_key;
    const char *tls_text, *timeout_text;
    enum engine_mysql_tls tls;
    unsigned timeout; /* seconds */
    bool known;       /* attempt is the one that worked before */
    struct engine_mysql_attempt attempt;
};

/* ERR_USAGE: malformed, or it names a file that cannot be read. uri_free(&target->uri) is due after
 * success and after an error. */
bool engine_mysql_uri_read(const char *text, struct engine_mysql_target *target,
                           struct err *err) MUST_CHECK;

#endif
