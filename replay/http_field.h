/*
 * Header fields of requests: which may be sent as the log has them. Pure; knows no library.
 */
#ifndef TALLY_REPLAY_HTTP_FIELD_H
#define TALLY_REPLAY_HTTP_FIELD_H

#include "../diff/base/buffer.h"

/* Is it a token (RFC 9110, 5.6.2), as methods and names of fields are? */
bool http_field_is_token(const char *name, size_t length);

/* A field that the sender alone writes: it frames the message, belongs to one hop, or depends on
 * what can be decoded. */
bool http_field_is_ours(const char *name);

enum { HTTP_GZIP = 1, HTTP_DEFLATE = 2, HTTP_BROTLI = 4, HTTP_ZSTD = 8 };

/* Accept-Encoding: of what a browser said, the codings that can be decoded, with their weights;
 * "identity" when none is left or nothing was said (NULL).
 *
 *     "gzip, deflate;q=0.5, sdch" with HTTP_GZIP | HTTP_DEFLATE     -> "gzip, deflate;q=0.5"
 */
void http_field_codings(struct buffer *out, const char *accepted, unsigned decodable);

#endif
