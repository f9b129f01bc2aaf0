/*
 * From a record to a request: what was asked, when, and whether it can be asked again. Input: a
 * record that log_read.h took apart. Output: struct request, with bytes as they were on the wire;
 * what cannot be replayed carries its reason. Knows nothing of sessions or of sending.
 */
#ifndef TALLY_REPLAY_REQUEST_H
#define TALLY_REPLAY_REQUEST_H

#include "log_read.h"

/* Why a request is left out. request_reason_row() has name and sentence. */
enum request_reason {
    REQUEST_GOOD,
    REQUEST_UNREADABLE,   /* the line is not of this format */
    REQUEST_TOO_LONG,     /* longer than LOG_MOST_BYTES */
    REQUEST_CUT,          /* the file ends within the line */
    REQUEST_SPLIT,        /* escape=none: lines that do not add up to a record */
    REQUEST_AMBIGUOUS,    /* there are several ways to read the line */
    REQUEST_BAD_ESCAPE,   /* an escape that nginx does not write */
    REQUEST_NO_TIME,      /* its time is no time */
    REQUEST_NOT_HTTP,     /* TLS bytes, nothing at all */
    REQUEST_HTTP_09,      /* no protocol version */
    REQUEST_CONNECT,      /* CONNECT: for a proxy */
    REQUEST_OPTIONS_STAR, /* OPTIONS *: for the server, not for a page */
    REQUEST_ABSOLUTE,     /* http://host/…: it may be meant for another host */
    REQUEST_BAD_TARGET,   /* a target that cannot be sent as it stands */
    REQUEST_UPGRADE,      /* 101: the connection became a WebSocket or such */
    REQUEST_NGINX,        /* answered by nginx itself, not by the app */
    REQUEST_BODY_MISSING, /* it had a body that the log does not hold, or may have had one */
    REQUEST_BODY_TRUNCATED,
    /* What the options of a replay leave out (feed.c). */
    REQUEST_READ_ONLY,
    REQUEST_DENIED,
    REQUEST_BEGAN_BEFORE,
    REQUEST_REASONS
};

struct request_reason_row {
    const char *name; /* an interface: "body-missing" */
    const char *text; /* for people */
};
const struct request_reason_row *request_reason_row(enum request_reason reason);
/* Is it one of those of a line that could not be read? Then nobody knows what was asked. */
bool request_reason_is_unread(enum request_reason reason);

/* What the log knows of the moment when a request arrived, the best first. */
enum request_clock {
    REQUEST_ARRIVAL, /* milliseconds: $msec less $request_time */
    REQUEST_END,     /* milliseconds, of the end: $request_time is not logged */
    REQUEST_SECONDS, /* whole seconds */
    REQUEST_UNTIMED, /* none: the order of the log */
};

struct request {
    uint64_t line;
    size_t file;      /* as given to request_parse() */
    int64_t arrival;  /* microseconds since 1970, by the parser's clock */
    int64_t duration; /* microseconds; -1: not logged */
    enum request_reason reason;
    bool reached_app; /* it did, or may have: leaving it out may leave other data behind */
    int status;       /* 0: not logged */
    struct slice method, target, protocol; /* wire bytes; empty when there is none */
    struct slice body;                     /* at NULL: none, or not held by the log */
    bool body_wanted; /* the body is a part of the request: present, missing or truncated */
};

/* Variables that mean something to Tally. */
enum request_role {
    ROLE_STATUS,
    ROLE_REQUEST,
    ROLE_METHOD,
    ROLE_URI,
    ROLE_PROTOCOL,
    ROLE_BODY,
    ROLE_MSEC,
    ROLE_REQUEST_TIME,
    ROLE_ISO8601,
    ROLE_LOCAL,
    ROLE_CONTENT_LENGTH,
    ROLE_TRANSFER_ENCODING,
    ROLE_CONTENT_TYPE,
    ROLE_COOKIE,
    ROLE_SET_COOKIE,
    ROLE_ADDRESS,
    ROLE_AGENT,
    ROLE_CONNECTION,
    ROLE_UPSTREAM_STATUS,
    ROLE_LOCATION,
    ROLE_BODY_SENT,
    ROLE_HOST,
    ROLES
};

struct request_parser {
    const struct log_format *format; /* borrowed */
    enum request_clock clock;
    size_t role[ROLES]; /* variable, LOG_NONE when the log lacks it */

    /* The line at hand: values decoded so far, each once. */
    const struct log_match *match;
    uint32_t stamp;
    uint32_t stamps[LOG_MOST_VARIABLES]; /* of `values`: decoded for this line */
    struct slice values[LOG_MOST_VARIABLES];
    unsigned char *scratch;
    size_t scratch_used, scratch_room;

    /* The last whole second that was read, since most lines repeat it. */
    unsigned char second_text[32];
    size_t second_length;
    int64_t second;
};

/* format is borrowed. ERR_USAGE when the log cannot say what was asked. */
bool request_parser_init(struct request_parser *parser, const struct log_format *format,
                         struct err *err) MUST_CHECK;
void request_parser_free(struct request_parser *parser);

/* Microseconds: what took longer than a year is no request. */
#define REQUEST_LONGEST (INT64_C(366) * 86400 * 1000000)

/* Adds durations; a sum that no log can have stays at its highest. */
static inline void request_add_duration(int64_t *sum, int64_t duration)
{
    if (__builtin_add_overflow(*sum, duration, sum))
        *sum = INT64_MAX;
}

/* When the record's request arrived, in microseconds; false: its time cannot be read. Cheap. */
bool request_arrival(struct request_parser *parser, const struct log_match *match, int64_t *arrival,
                     int64_t *duration) MUST_CHECK;

/* match is borrowed until the next call, and so are record's bytes. Slices of the request point
 * there or into the parser. */
void request_parse(struct request_parser *parser, const struct log_record *record,
                   const struct log_match *match, size_t file, struct request *request);

/* A variable's value in the line that was parsed last: at is NULL when it was missing. False: it
 * cannot be known (ambiguous, or wrongly escaped). variable: not LOG_NONE. */
bool request_value(struct request_parser *parser, size_t variable, struct slice *value) MUST_CHECK;

/* The same by role; a role that the log lacks is a missing value. */
bool request_role_value(struct request_parser *parser, enum request_role role,
                        struct slice *value) MUST_CHECK;

/* The value of a cookie in a Cookie header, as nginx finds it for $cookie_NAME: the first of that
 * name, whose case does not count. at NULL: there is none. */
struct slice request_find_cookie(struct slice header, struct slice name);

/* Methods that usually carry a body: without one in the log, one is missing. */
bool request_method_has_body(struct slice method);

/* GET, HEAD, OPTIONS, TRACE: RFC 9110, 9.2.1. */
bool request_method_is_safe(struct slice method);

#endif
