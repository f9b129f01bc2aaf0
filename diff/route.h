/*
 * Routes: which pages are one page of an application, with other data. Input: targets of requests.
 * Output: patterns, and whether a target fits one. Pure; knows nothing of HTTP.
 *
 *     /rates/8812, /rates/8813              -> /rates/{id}
 *     /b/550e8400-e29b-…-446655440000/edit  -> /b/{uuid}/edit
 *     /calendar/2024-01-31                  -> /calendar/{date}
 *     /reset/3f9a81c2                       -> /reset/{token}     (secret.h)
 *     /index.php?id=7&do=rates/8812         -> /index.php?do=rates/{id}, where "do" chooses the
 * page
 */
#ifndef TALLY_ROUTE_H
#define TALLY_ROUTE_H

#include "base/buffer.h"
#include "base/error.h"

/* Appends the pattern of a target: each part between slashes that names one thing of many ({id},
 * {uuid}, {date}, {token}) is generalised, an ending (".json") kept, a parameter without its value
 * (";jsessionid={value}"); what follows '?' or '#' is dropped, but for fields of the query with one
 * of `names` (route_name_check(), in their order), which choose the page: their first values are
 * generalised likewise, and are {value} where they are no words. The target fits its pattern. */
void route_pattern(struct buffer *out, const char *target, size_t length, const char *const *names,
                   size_t name_count);

/*
 * Does a pattern hold for a request? "[METHOD[,METHOD…] ]PATH[?NAME[=VALUE][&…]]". In the path
 * {name} stands for one byte or more other than '/', * for any number of them, ** for anything, all
 * else for itself, in the bytes of the URL. A trailing '/' counts. Of the query each field of the
 * pattern must be there, in any order and beside any others: names and values as an application
 * decodes them (%2F, +: a pattern has neither), the value with the same wildcards, to which '/' is
 * a byte like others.
 *
 *     "GET,HEAD /rates/{id}"     "/assets/ **" (without the blank)     "POST /index.php?do=mail*"
 *
 * method or target NULL: not known, which fits only a pattern that does not ask. Time is at most
 * the product of both lengths.
 */
bool route_fits(const char *pattern, const char *method, const char *target);

/* Is the pattern one? ERR_USAGE with a sentence, and *offset: the byte that is wrong. */
bool route_check(const char *pattern, size_t *offset, struct err *err) MUST_CHECK;

/* Can a field of this name choose pages? ERR_USAGE: it is empty, or could not stand in a pattern.
 */
bool route_name_check(const char *name, struct err *err) MUST_CHECK;

#endif
