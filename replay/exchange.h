/*
 * What is sent and what comes back: the values that the parts of a replay hand to each other. One
 * exchange is one logged request, asked of both sides. Each field has one writer:
 *
 *     logged        the log (run.c copies it out of the stream)
 *     out           token.c fills it from `logged`, with each side's own values
 *     in            http.c
 *     then token.c learns from it, check.c compares it, outcome.c counts it
 *
 * Nothing here knows libcurl, trees or databases.
 */
#ifndef TALLY_REPLAY_EXCHANGE_H
#define TALLY_REPLAY_EXCHANGE_H

#include "../diff/base/buffer.h"
#include "../diff/base/memory.h"
#include "../diff/base/side.h"
#include "request.h"

#include <strings.h>

/* Header fields in order, as on the wire; a name may stand several times. */
struct field {
    char *name, *value; /* in the exchange's arena */
};

struct fields {
    size_t count, capacity;
    struct field *items; /* malloc'ed */
};

void fields_add(struct fields *fields, struct arena *arena, const char *name, const char *value,
                size_t value_length);
/* Has it that name? Case does not count. Quick where it has not: most differ in the first letter.
 */
static inline bool field_is(const struct field *field, const char *name)
{
    return (field->name[0] | 0x20) == (name[0] | 0x20) && strcasecmp(field->name, name) == 0;
}
/* The first of that name (case does not count), or NULL. */
const char *fields_find(const struct fields *fields, const char *name);
void fields_free(struct fields *fields);

/* A logged request, in memory of its own. */
struct logged {
    uint64_t line;
    const char *file;
    int64_t arrival, duration; /* microseconds, as in struct request */
    uint64_t session;          /* number; 0: it is alone */
    uint64_t session_name;     /* for outputs, SESSION_NAME */
    const char *tenant;        /* NULL: none */
    int status;                /* 0: not logged */
    uint64_t body_sent;        /* bytes of the answer's body, perhaps compressed; 0: not logged */
    const char *method;
    struct slice target, body; /* wire bytes; body.at NULL: none */
    const char *route;         /* "GET /rates/{id}" */
    const char *content_type;  /* NULL: not logged */
    const char *location;      /* of the recorded answer; NULL: not logged, or none */
    const char *cookies;       /* the Cookie header as logged; NULL: not logged */
    struct fields headers;     /* others that the log holds: referer, accept, … */
    bool began_before;         /* its session began before the log */
    const char *user;          /* who its session is to a login recipe: what recipe_by() gives in
                                  this request; NULL: nobody, or there is no recipe */
    bool tainted;              /* something of its session was left out before it */
    bool never_reached_app;    /* as the log proves: leaving it out changes nothing */
};

struct outgoing {
    struct buffer target; /* wire bytes: path and query */
    struct fields headers;
    struct buffer body;
    bool has_body;
};

enum failure {
    FAILURE_NONE,
    FAILURE_CONNECT,   /* nothing was sent */
    FAILURE_TIMEOUT,   /* sent, and no whole answer within the time */
    FAILURE_BROKEN,    /* sent, and the connection ended */
    FAILURE_TOO_LARGE, /* the answer is larger than what is kept */
    FAILURE_UNREADABLE /* its end came, but it cannot be read as what was asked for: its body is
                          coded and cut, it has two lengths, it is a part */
};

struct incoming {
    enum failure failure;
    char why[200]; /* for people, when failure */
    bool refused;  /* FAILURE_CONNECT, and so it will be again: a certificate, or no TLS there */
    int status;
    struct fields headers;
    struct buffer body;
    bool open;      /* the connection's end alone says where the body ends: a cut would not show */
    double started; /* seconds, clock_now(): when a connection was there and sending began */
    double first_byte, total; /* seconds since then; 0: did not come to it */
};

/* As what an answer gave a value that a later request sends. */
enum given {
    GIVEN_UNKNOWN,
    GIVEN_FIELD,    /* of a form on a page */
    GIVEN_META,     /* <meta name=… content=…> */
    GIVEN_COOKIE,   /* that a script sends back in a header */
    GIVEN_MEMBER,   /* of JSON */
    GIVEN_REDIRECT, /* an id in its Location */
    GIVEN_CREATED,  /* an id that JSON names what was made by */
    GIVEN_LINK,     /* an id that only a link of the page showed */
    GIVENS
};

/* A value of the log that each side was sent its own value for. */
struct replacement {
    const char *where; /* "cookie PHPSESSID", "field _token", "path 2", "query id", "$.id" */
    const char *logged;
    const char *value[SIDES];
    bool secret;            /* to be masked in outputs */
    bool is_id;             /* a generated id: pages that show it are equal by it, */
    bool proposed;          /* but not by this one: nothing proves that the two are one thing's */
    const char *kind;       /* of what it is an id, as token_each_id() says it; several with a blank
                               between them; "": not known, or no id */
    uint64_t from;          /* number of the exchange whose answers gave it; 0: not known */
    enum given given;       /* as what */
    const char *given_name; /* of the field, header (META, COOKIE) or member; else "" or NULL */
};

struct exchange {
    struct arena arena;
    uint64_t number; /* from 1, in order of arrival */
    struct logged logged;
    struct outgoing out[SIDES];
    struct incoming in[SIDES];
    size_t replacement_count;
    struct replacement *replacements; /* in the arena */
    size_t uncorrelated_count;
    struct replacement *uncorrelated; /* looked like a token; nothing known replaces it */
    enum side first;                  /* that was asked first */
    bool login; /* a step of a recipe: a field without a value is sent what the page before gave */
};

/* Was it sent in place of a logged value? Else the answers hold it, for the comparison alone. */
bool replacement_was_sent(const struct replacement *one);

struct exchange *exchange_new(void);
void exchange_free(struct exchange *exchange); /* NULL is fine */

#endif
