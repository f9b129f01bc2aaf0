/* A string of JSON (RFC 8259), for outputs that are written by hand. Pure. */
#ifndef TALLY_BASE_JSON_STRING_H
#define TALLY_BASE_JSON_STRING_H

#include "buffer.h"

/* Appends the bytes as a string in quotes; what is no UTF-8 becomes U+FFFD. */
void json_string_add(struct buffer *out, const void *bytes, size_t length);
/* The same of a C string; null for NULL. */
void json_string_add_text(struct buffer *out, const char *text);

#endif
