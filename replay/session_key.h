/* The inside of a session key, for session_key.c and session.c alone; session.h is for others. */
#ifndef TALLY_REPLAY_SESSION_KEY_H
#define TALLY_REPLAY_SESSION_KEY_H

#include "session.h"

#define SESSION_MOST_PARTS 16
#define SESSION_MOST_CHOICES 16

struct session_part {
    size_t variable;   /* LOG_NONE: literal text */
    struct slice name; /* the text, or what to look for in the variable */
    bool cookie;       /* the variable is, or in_header: holds, a cookie */
    bool in_header, argument;
    size_t set; /* of a cookie: $upstream_cookie_NAME */
};

/* Values that stand together; the first choice that has one is the key. */
struct session_choice {
    size_t count;
    struct session_part parts[SESSION_MOST_PARTS];
};

struct session_key {
    const char *option;
    const struct log_format *format;
    size_t set_header; /* a variable with Set-Cookie */
    size_t count;
    struct session_choice choices[SESSION_MOST_CHOICES];
    struct arena arena;
};

/* The value that the answer gave this cookie; at NULL: none. */
bool session_part_set(const struct session_key *key, const struct session_part *part,
                      struct request_parser *parser, struct slice *value) MUST_CHECK;

/* As session_key_value(), of one choice; set: with the cookies that the answer set in place of
 * those that were sent, and only if there is one. */
bool session_choice_value(const struct session_key *key, const struct session_choice *choice,
                          struct request_parser *parser, bool set, struct buffer *out,
                          bool *present) MUST_CHECK;

#endif
