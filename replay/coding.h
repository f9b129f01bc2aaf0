/*
 * Codings of an answer (RFC 9110, 8.4): its body, decoded piece by piece as it arrives, and whether
 * it came whole. Input: the answer's fields, and its body as it was sent. Output: the body, or why
 * it cannot be had. Pure; knows no library and no connection.
 *
 *     struct coding *coding = coding_new(&in->headers, limit);         NULL: as it stands
 *     coding_take(coding, bytes, length, &body)                        for each piece
 *     coding_why(coding, method, status, why, sizeof why)              at the end
 *     coding_free(coding)
 *
 * An HTTP answer that is whole may hold a coded body that is not: a proxy that counts the bytes it
 * got before its server died writes a Content-Length that fits. Two sides cut in the same place
 * would look alike. So the end of the coded data itself must have come:
 *
 *     gzip, x-gzip    one or several members, each with its checksum and length
 *     deflate         zlib data with its checksum; or raw deflate data, which some servers send and
 *                     browsers take: it has no checksum, but an end
 *     several         "gzip, gzip": each in its turn, the last one named first; CODING_MOST of them
 *     none            identity, and words that servers write there by mistake and that say nothing
 *                     of how the bytes are packed (utf-8, binary, none): as they stand
 *     any other       br, zstd, …, which were not asked for: it cannot be read
 *
 * Bytes behind the end cannot be read either: browsers pass over them, but they may be a message
 * that one side's application wrote. A transfer coding other than chunked is one of the others.
 */
#ifndef TALLY_REPLAY_CODING_H
#define TALLY_REPLAY_CODING_H

#include "exchange.h"

#define CODING_MOST 4

/* What an Accept-Encoding may name: what this file decodes. */
bool coding_is_known(const char *name, size_t length);

struct coding;

/* NULL: the body is as it stands. limit: bytes that the body may have; memory does not grow beyond
 * it, whatever the data unpacks to. */
struct coding *coding_new(const struct fields *headers, size_t limit);

/* Appends what can be read to the body. What follows data that cannot be read is passed over, so
 * that the side may send its answer to the end. False: more came out than the limit, which the body
 * never exceeds. */
bool coding_take(struct coding *coding, const void *bytes, size_t length,
                 struct buffer *body) MUST_CHECK;

/* Is there a reason why the body is not whole? A sentence for people, without full stop. An answer
 * that says that it has no body (by Content-Length: 0, its status, or to HEAD) is whole without a
 * byte, whatever coding it names; else data of which nothing came is cut, too. */
bool coding_why(const struct coding *coding, const char *method, int status, char *why,
                size_t size);

void coding_free(struct coding *coding); /* NULL is fine */

#endif
