/*
 * From an answer's bytes to UTF-8. The charset comes, in this order, from a byte order mark, the
 * Content-Type header, the page itself (<meta charset>, <meta http-equiv>, the XML declaration),
 * else it is UTF-8: the same rule on both sides, so two answers in unlike charsets may be equal.
 *
 * Nothing is lost: a byte that no character stands for in its charset becomes a character of a
 * private plane, U+10FF00 + byte, and is counted, so that two answers which are broken in unlike
 * ways stay unlike. (An answer that holds these characters itself is not told from a broken one by
 * its text alone; charset_decode() counts those too, so that the caller can look at the bytes.)
 */
#ifndef TALLY_CHARSET_H
#define TALLY_CHARSET_H

#include "base/buffer.h"
#include "base/error.h"
#include "content.h"

enum { CHARSET_NAME_SIZE = 48 };

struct charset_result {
    char name[CHARSET_NAME_SIZE]; /* what it was read as: "UTF-8", "ISO-8859-1", … */
    size_t broken;                /* bytes that no character stands for, and look-alikes of them */
    size_t controls;              /* characters that no HTML or XML may hold: NUL, other C0 controls
                                     but tab, newline, form feed, return; U+FFFE, U+FFFF */
    bool unknown; /* the answer named a charset that nobody here knows: it was read as bytes of
                     ISO-8859-1, which loses nothing */
};

/* Appends the text in UTF-8, without its byte order mark. Line ends stay. False: ERR_INTERNAL
 * (the converter failed), or *out overflowed. type: where to look for a declaration. */
bool charset_decode(struct buffer *out, const void *bytes, size_t length, const char *header,
                    enum content_type type, struct charset_result *result,
                    struct err *err) MUST_CHECK;

#endif
