/*
 * Where an answer ends, as its fields say it (RFC 9112, 6). Input: the fields of an answer that
 * libcurl took for whole, its status, what was asked. Output: why it is not, or whether its end
 * proves anything. Pure.
 *
 *     Content-Length: 5, and again 10         nobody knows which; libcurl takes the last
 *     Content-Length: 0x5, 5bytes, 2^64       none; libcurl reads 0, 5, or until the connection
 * ends 206 Partial Content                     a part, where nobody asked for one 101, and nothing
 * after it               no answer none of Content-Length and chunked      it ended as the
 * connection did: it may have been cut
 *
 * What HTTP/2 counts is counted there; these are looked at all the same.
 */
#ifndef TALLY_REPLAY_FRAMING_H
#define TALLY_REPLAY_FRAMING_H

#include "exchange.h"

/* A sentence for people, static, without full stop; NULL: nothing is wrong. part: a Range was sent.
 */
const char *framing_fault(const struct fields *headers, const char *method, int status, bool part);

/* Can the answer to this have a body? (RFC 9110, 6.4.1) */
bool framing_has_body(const char *method, int status);

/* Was there nothing but the connection's end to say where the body ends? Of HTTP/1. */
bool framing_is_open(const struct fields *headers, const char *method, int status);

#endif
