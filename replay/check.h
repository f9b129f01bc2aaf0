/*
 * Two answers to one request, compared: status, Location, headers that matter, Set-Cookie by name
 * and attributes, body. Input: a finished exchange and rules. Output: what was found, with the
 * class and shape that groups are made of. Pure but for the rules' counters; called by several
 * threads at once, each with an exchange of its own.
 *
 * Phases: did both answer; status; then, where both answered alike (the same status, or both 2xx,
 * or both 3xx), Location, headers (check_header.c says which and how), cookies (check_cookie.c),
 * body (check_body.c). Of two failures, or of an error beside a page, nothing but the status is
 * compared: they differ in everything, and it would say nothing.
 *
 * What is each side's own is no difference: its host, its tokens, its generated ids, as far as the
 * exchange's replacements pair them, and only where an id stands (check_own.c, check_body.c). An id
 * 12 that is 13 in the target makes /bookings/12 and /bookings/13 equal, and neither a price of 12
 * and 13 nor /rooms/12 and /rooms/13.
 *
 * Values that are secret (secrets.h says which) are shown as marks, after all was compared: "***",
 * and with a key the digits of a hash, so that unequal secrets stay unequal. Those of cookies are
 * not shown at all.
 */
#ifndef TALLY_REPLAY_CHECK_H
#define TALLY_REPLAY_CHECK_H

#include "../diff/pair_known.h"
#include "../diff/rule.h"
#include "exchange.h"
#include "known.h"

enum found_kind {
    FOUND_TRANSPORT, /* a side did not answer: then this is all that is found, and no difference */
    FOUND_STATUS,
    FOUND_LOCATION,
    FOUND_HEADER,
    FOUND_COOKIE,
    FOUND_BODY,
    FOUND_SLOWER, /* made by outcome.c, of a route */
    FOUND_KINDS
};
extern const char *const found_kind_name[FOUND_KINDS]; /* "transport", "status", … */

struct noise_place;

/* One difference of a pair of answers. Text is in the findings' arena, masked where it is secret.
 */
struct found {
    enum found_kind kind;
    const char *path;         /* of the place: "table#rates > tr[12] > td.price", a header's name */
    const char *shape;        /* the same without indexes: for groups */
    const char *change;       /* "changed", "inserted", "deleted", "moved", "reordered" */
    const char *value_class;  /* "money", …; "" */
    const char *cause;        /* a phrase, or NULL */
    const char *value[SIDES]; /* NULL: nothing there */
    const struct noise_place *noise; /* for noise.h; NULL unless it is to be learnt from */
};

struct findings {
    struct arena arena;
    bool equal;             /* nothing was found */
    bool both_failed;       /* both answered with 500 and more, or neither answered: not equal, even
                               where nothing is found */
    bool may_be_cut;        /* both bodies end as their connections did, and neither shows that it
                               is whole: equality says nothing */
    bool unlike_log[SIDES]; /* the status is of another class than the logged one */
    const char *fallback;   /* why the bodies were compared as bytes; NULL */
    size_t count;
    struct found *items; /* in the arena; the first CHECK_MOST */
    size_t total;
    size_t masked;
    bool anew; /* not equal, and where nothing was found, for one reason alone: the answers show
                  ids that each side gave anew, and nothing proves that they belong together */
    /* What is to be known of the two answers when they are looked at again; texts in the arena.
     * Headers are not in it (pair_exchange.h), and places only where something was found. */
    struct pair_judgement judgement;
};

#define CHECK_MOST 1000

struct check_settings {
    bool learn;                         /* findings are for noise_add() */
    struct rules *rules;                /* or NULL; thread safe as rule.h says */
    const char *host[SIDES];            /* of each side's URL: Location and links to it are equal */
    const char *scheme[SIDES];          /* "http", "https", of it; NULL: not known */
    const char *logged_host;            /* or NULL */
    struct known *known;                /* what the session showed of its secrets; or NULL */
    const unsigned char *key;           /* of marks for secrets (diff/pair.h); NULL: "***" */
    const char *const *ignored_headers; /* NULL-terminated, beside the built-in list */
};

/* False: nothing may be said of the pair (a rule takes too long): it is inconclusive. */
bool check_exchange(const struct check_settings *settings, const struct exchange *exchange,
                    struct findings *findings, struct err *err) MUST_CHECK;
void findings_free(struct findings *findings);

#endif
