/*
 * What type an answer is, by its Content-Type header, and where that says nothing of use by its
 * first bytes. Pure functions of borrowed text; knows nothing of trees.
 *
 *     content_type("text/html; charset=utf-8", bytes, length)  -> CONTENT_HTML
 *     content_type("application/problem+json", …)              -> CONTENT_JSON
 *     content_type(NULL, "{\"a\": 1}", 8)                      -> CONTENT_JSON
 */
#ifndef TALLY_CONTENT_H
#define TALLY_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

enum content_type {
    CONTENT_AUTO, /* in options: find out */
    CONTENT_HTML,
    CONTENT_XML,
    CONTENT_JSON,
    CONTENT_TEXT,
    CONTENT_BYTES,
    CONTENT_TYPES
};

/* "auto", "html", "xml", "json", "text", "bytes" */
extern const char *const content_type_name[CONTENT_TYPES];

/* Never CONTENT_AUTO. header: the value of Content-Type, or NULL. A header that names a type is
 * believed; without one the content decides, which has to be read as that type still. */
enum content_type content_type(const char *header, const void *bytes, size_t length);

/* A parameter of the header ("charset"), borrowed from it, without quotes; false: it has none. */
bool content_parameter(const char *header, const char *name, const char **value, size_t *length);

#endif
