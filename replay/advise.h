/*
 * `--advise`: what an nginx configuration's log lacks for a replay, and a log that lacks nothing.
 * Input: a configuration that has been read. Output: a piece of configuration to include in the
 * http block; what is wrong now stands in its comments, with file and line.
 */
#ifndef TALLY_REPLAY_ADVISE_H
#define TALLY_REPLAY_ADVISE_H

#include "nginx_conf.h"

/* format_name: as for nginx_conf_format(), NULL allowed. cookie: the session cookie's name, NULL:
 * what the configuration's format lets guess, else PHPSESSID. */
bool advise(const struct nginx_conf *conf, const char *format_name, const char *cookie,
            struct buffer *out, struct err *err) MUST_CHECK;

#endif
