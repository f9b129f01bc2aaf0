/*
 * Routes: which pages are one page of an application, with other data. Input: paths of URLs.
 * Output: patterns, and whether a path fits one. Pure; knows nothing of HTTP.
 *
 *     /rates/8812, /rates/8813              -> /rates/{id}
 *     /b/550e8400-e29b-…-446655440000/edit  -> /b/{uuid}/edit
 *     /calendar/2024-01-31                  -> /calendar/{date}
 *     /reset/3f9a81c2                       -> /reset/{token}     (secret.h)
 */
#ifndef TALLY_ROUTE_H
#define TALLY_ROUTE_H

#include "base/buffer.h"
#include "base/error.h"

/* Appends the pattern of a path: each part between slashes that names one thing of many ({id},
 * {uuid}, {date}, {token}) is generalised, an ending (".json") kept, a parameter without its value
 * (";jsessionid={value}"); what follows '?' or '#' is dropped. */
void route_pattern(struct buffer *out, const char *path, size_t length);

/*
 * Does a pattern hold for a request? "[METHOD[,METHOD…] ]PATH". In the path {name} stands for one
 * byte or more other than '/', * for any number of them, ** for anything, all else for itself, in
 * the bytes of the URL. A trailing '/' counts; the path's query does not.
 *
 *     "GET,HEAD /rates/{id}"     "/assets/ **" (without the blank)     "POST **"
 *
 * method or path NULL: not known, which fits only a pattern that does not ask. Time is at most the
 * product of both lengths.
 */
bool route_fits(const char *pattern, const char *method, const char *path);

/* Is the pattern one? ERR_USAGE with a sentence, and *offset: the byte that is wrong. */
bool route_check(const char *pattern, size_t *offset, struct err *err) MUST_CHECK;

#endif
