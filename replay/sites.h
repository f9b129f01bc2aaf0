/*
 * Where requests go: for each tenant and side an origin and its Host, checked to be allowed. Input:
 * options and the tenants' file. Output: http sites and jars' homes. Nothing is sent to what
 * sites_open() has refused.
 *
 *     seeblick: {source: http://127.0.0.1:8080, target: http://127.0.0.1:9090}
 *     altstadt: {source: {host: altstadt.example}, target: {url: …, host: …}}
 *     "*":      {target: {host: "{tenant}.new.example"}}       # every other tenant
 *
 * What is not said is the command line's. Without a file every tenant goes to the two URLs; with
 * one, a tenant that it does not name and "*" does not cover is "tenant-unknown".
 *
 * Refused (ERR_USAGE, with the option that allows it) unless --allow-host names it: a host that
 * the log names as its own; a host that resolves, or is --resolve'd, to an address that is not
 * private (loopback, RFC 1918, RFC 4193, link-local, RFC 6598).
 */
#ifndef TALLY_REPLAY_SITES_H
#define TALLY_REPLAY_SITES_H

#include "feed.h"
#include "http.h"

struct sites;

struct site {
    struct http_site *http;
    struct jar_home home; /* borrowed texts, as long as sites lives */
};

/* http NULL: dry run, only checked. feed: for the log's own hosts. */
bool sites_open(const struct replay_options *options, struct feed *feed, struct http *http,
                struct sites **sites, struct err *err) MUST_CHECK;
void sites_free(struct sites *sites); /* NULL is fine */

/* NULL: the tenant (NULL: none) is unknown. */
const struct site *sites_find(struct sites *sites, const char *tenant, enum side side);
/* The second copy of the source (--calibrate), or NULL. */
const struct site *sites_copy(struct sites *sites, const char *tenant);

#endif
