/* Pieces of JSON for outputs that are written as they are read. Pure functions on buffers. */
#ifndef TALLY_REPLAY_JSON_TEXT_H
#define TALLY_REPLAY_JSON_TEXT_H

#include "../diff/base/buffer.h"
#include "slice.h"

/* A string in quotes. Bytes that are no UTF-8 become U+FFFD. */
void json_text_string(struct buffer *out, struct slice text);

/* `"name":"…"`, or `"name_base64":"…"` when the bytes are no UTF-8: nothing is lost. */
void json_text_bytes(struct buffer *out, const char *name, struct slice bytes);

/* Microseconds since 1970 as "2026-11-21T19:33:17.675Z", in quotes. */
void json_text_time(struct buffer *out, int64_t micros);

/* The same for people: 2026-11-21 19:33:17 UTC */
void json_text_human_time(struct buffer *out, int64_t micros);

#endif
