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

/* Accept-Encoding: of what a browser said, the codings that coding.h decodes, with their weights;
 * "identity" when none is left or nothing was said (NULL). Others (br, zstd) are not asked for: who
 * has them has gzip or none, too.
 *
 *     "gzip, deflate;q=0.5, br"     -> "gzip, deflate;q=0.5"
 */
void http_field_codings(struct buffer *out, const char *accepted);

#endif
