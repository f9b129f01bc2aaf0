/*
 * From an answer's bytes to UTF-8. The charset comes, in this order, from a byte order mark, the
 * Content-Type header, the page itself (<meta charset>, <meta http-equiv>, the XML declaration),
 * else it is UTF-8: the same rule on both sides, so two answers in unlike charsets may be equal.
 * ISO-8859-1 and US-ASCII are read as windows-1252, as browsers do.
 *
 * Nothing is lost: a byte that no character stands for in its charset becomes U+10FF00 + byte, a
 * character of a private plane, and is counted, so that two answers which are broken in unlike ways
 * stay unlike. An answer may hold such characters itself; they are counted apart, as it cannot be
 * told from a broken one by its text.
 */
#ifndef TALLY_CHARSET_H
#define TALLY_CHARSET_H

#include "base/buffer.h"
#include "base/error.h"
#include "content.h"

enum {
    CHARSET_NAME_SIZE = 48,
    CHARSET_BROKEN = 0x10ff00,  /* + byte */
    CHARSET_PRIVATE = 0x10fe00, /* from here on characters have a meaning of their own here */
};

struct charset_result {
    char name[CHARSET_NAME_SIZE]; /* as what it was read: "UTF-8", "windows-1252", … */
    size_t broken;                /* bytes that no character stands for */
    size_t look_alikes;           /* characters from CHARSET_PRIVATE on that the answer holds */
    bool unknown; /* the answer names a charset that is not known here: it was read as if each of
                     its bytes above 127 were broken */
};

/* Appends the text in UTF-8, without its byte order mark. Line ends stay. type: where to look for
 * a declaration. False: ERR_INTERNAL, when the text does not fit into *out. */
bool charset_decode(struct buffer *out, const void *bytes, size_t length, const char *header,
                    enum content_type type, struct charset_result *result,
                    struct err *err) MUST_CHECK;

#endif
