/*
 * Where requests go: for each tenant and side an origin and its Host, checked to be allowed. Input:
 * options and the tenants' file. Output: http sites and jars' homes. Nothing is sent to what
 * sites_open() has refused.
 *
 *     seeblick: {source: http://127.0.0.1:8080, target: http://127.0.0.1:9090}
 *     altstadt: {source: {host: altstadt.example}, target: {url: …, host: …}}
 *     "*":      {target: {host: "{tenant}.new.example"}}       # every other tenant
 *
 *
 * What is not said is the command line's; of the second copy ("copy") the URL is --calibrate's and
 * the Host the source's. {tenant} stands for the tenant's name, on the command line, too; a name
 * with other characters than letters, digits, '-', '.' and '_' cannot stand in a host: unknown.
 * Without a file every tenant goes to the two URLs; with one, a tenant that it does not name and
 * "*" does not cover is unknown. Requests without a tenant go to the command line's URLs, if these
 * hold no {tenant}.
 *
 * Every origin is checked and pinned to an address by origin.h. Source, target and copy must be
 * different places, unless only what reads is sent: what writes would be done twice there.
 */
#ifndef TALLY_REPLAY_SITES_H
#define TALLY_REPLAY_SITES_H

#include "feed.h"
#include "http.h"

struct sites;

struct site {
    struct http_site *http;
    struct jar_home home; /* borrowed texts, as long as sites lives */
    const char *host;     /* of links to it, as they name it: "new.example.org:8443" */
    const char *scheme;   /* "http", "https" */
};

/* ERR_USAGE or ERR_UNREACHABLE, with the option or tenant: one of the log's tenants has a place
 * that is refused or cannot be found. (Of "*" with {tenant} in the URL, a name that DNS does not
 * know makes the tenant unknown: anybody can put a name into a cookie.) http NULL: dry run, only
 * checked. feed: for the log's own hosts. */
bool sites_open(const struct replay_options *options, struct feed *feed, struct http *http,
                struct sites **sites, struct err *err) MUST_CHECK;
void sites_free(struct sites *sites); /* NULL is fine */

/* Is what TLS proves of every https site accepted? Before the first request, so that none goes to
 * one side alone. ERR_UNREACHABLE: one is not, and why. What cannot be reached may be so later. */
bool sites_greet(struct sites *sites, struct log_watch *watch, struct err *err) MUST_CHECK;

/* NULL: the tenant (NULL: none) is unknown. Sites and homes are shared by tenants where URL and
 * Host are the same. */
const struct site *sites_find(struct sites *sites, const char *tenant, enum side side);
/* The second copy of the source (--calibrate), or NULL. */
const struct site *sites_copy(struct sites *sites, const char *tenant);

/* Where a tenant's requests (NULL: those of none) are sent, as options and the tenants' file say:
 * URLs without user and password, and Hosts. Texts are in the arena; NULL: the tenant is unknown,
 * there is no such side, or no Host is said. Nothing is looked up. ERR_USAGE: the file cannot be
 * read. */
bool sites_place(const struct replay_options *options, const char *tenant, struct arena *arena,
                 const char *url[SIDES], const char *host[SIDES], struct err *err) MUST_CHECK;

/* Is the text a tenants' file? ERR_USAGE, "path:line:column: what is wrong". */
bool sites_check_tenants(const char *path, const char *text, size_t length,
                         struct err *err) MUST_CHECK;

#endif
