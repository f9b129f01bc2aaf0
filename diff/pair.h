/*
 * A stored pair of answers to one request, as a ledger keeps it (kind "pair", id: the request's
 * number): what was asked, and what each side answered. Input: a pair, and the secrets that its
 * answers hold. Output: bytes of bounded size, and back. Knows nothing of sending; whoever replays
 * fills it.
 *
 * Secrets do not get into the bytes: in headers and bodies each is replaced by "***" and a few hex
 * digits of a keyed hash, so that the same value is seen to be the same and nobody can guess it
 * from the mark. They are looked for as they stand, and as URLs, HTML and JSON write them. The two
 * sides' values of one secret (a session id, a form's token) have one mark: they stand for each
 * other, and a comparison of the stored bodies finds them equal, as that of the answers did. What
 * else that comparison took as each side's own is kept as places (pair_known.h).
 */
#ifndef TALLY_PAIR_H
#define TALLY_PAIR_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/side.h"
#include "pair_known.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAIR_KIND "pair"
#define PAIR_BODY_MOST (4U << 20) /* bytes of a side's body that are kept */
#define PAIR_FIELDS_MOST 200      /* header fields of a side */
#define PAIR_VALUE_MOST 8192      /* bytes of one text: a field's value, the target, … */
#define PAIR_OWN_MOST 200         /* values that are each side's own */
#define PAIR_SECRETS_MOST 500     /* values of the list that are looked for */
#define PAIR_SECRET_LEAST                                                                          \
    6 /* bytes; a shorter one is not looked for in bodies: it is everywhere                        \
       */
#define PAIR_KEY_SIZE 16
#define PAIR_MARK_DIGITS 8 /* hex, behind "***" */
#define PAIR_MARK_SIZE 16  /* bytes of a mark, with its NUL */

struct pair_field {
    const char *name, *value;
};

struct pair_answer {
    bool asked;          /* false: there is no such side */
    const char *failure; /* why there is no whole answer, a sentence; NULL: there is one */
    const char *target;  /* wire bytes that this side was asked for; NULL: as logged */
    int status;          /* 0: none */
    size_t field_count;
    struct pair_field *fields; /* in the order of the wire */
    const unsigned char *body; /* decoded as its Content-Encoding says */
    size_t length;             /* bytes of it that are here */
    uint64_t whole;           /* of it as it came, where that is more than length; else 0 is fine */
    bool cut;                 /* pair_decode(): not all of the body is here */
    double first_byte, total; /* seconds since sending began; 0: it did not come to it */
};

/* A value that stands for the other side's: a generated id. */
struct pair_own {
    const char *where, *value[SIDES];
};

struct pair {
    uint64_t number, line;
    int64_t arrival; /* microseconds since 1970; 0: not known */
    const char *file, *method, *target;
    const char *route;   /* "GET /rates/{id}", or NULL */
    const char *tenant;  /* NULL: none */
    const char *session; /* its name in outputs; NULL: it belongs to none */
    int logged_status;   /* 0: not logged */
    bool hidden;         /* pair_decode(): secrets are marks */
    struct pair_answer answers[SIDES];
    size_t own_count;
    struct pair_own *own;
    bool judged; /* the replay compared the answers, and what it found is here */
    struct pair_judgement judgement;
    struct arena arena; /* pair_decode(): of the texts */
};

/* One secret; NULL: that side has none, or it is not known. */
struct pair_secret {
    const char *value[SIDES];
};

struct pair_secrets {
    size_t count;
    const struct pair_secret *items;
    unsigned char key[PAIR_KEY_SIZE]; /* random, of the run, and gone with it */
};

/* A random key. ERR_INTERNAL: the system gives none. */
bool pair_key(unsigned char key[PAIR_KEY_SIZE], struct err *err) MUST_CHECK;

/* What stands for a secret: "***75c002ec". */
void pair_mark(const unsigned char key[PAIR_KEY_SIZE], const void *value, size_t length,
               char mark[PAIR_MARK_SIZE]);

/*
 * Appends the pair. secrets NULL: everything as it is (--keep-secrets). Else each value of the list
 * is replaced, and beside them, whatever the list says, what Set-Cookie gives a cookie, and all of
 * Authorization, Proxy-Authorization, Cookie and the like; the session ids and tokens that both
 * sides' Set-Cookie give one cookie are one secret, and looked for in bodies, too. Of what is
 * beyond the bounds above the beginning is kept (a body is `cut` then); a cut never leaves the
 * beginning of a secret behind. The request's own target is the caller's to mask.
 */
void pair_encode(const struct pair *pair, const struct pair_secrets *secrets, struct buffer *out);

/* Bodies are borrowed from the bytes, texts are in the pair's arena. Pairs of version 1, which know
 * nothing of what the replay found, are read as not judged. ERR_USAGE: damaged; nothing is to be
 * freed then. */
bool pair_decode(const void *bytes, size_t length, struct pair *pair, struct err *err) MUST_CHECK;
void pair_free(struct pair *pair);

/* The first field of the name (case does not count), or NULL. */
const char *pair_find(const struct pair_answer *answer, const char *name);

#endif
