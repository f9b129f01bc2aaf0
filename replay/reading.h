/*
 * The requests of the logs as everybody reads them: format chosen, keys compiled, in order of
 * arrival, each with its session and tenant. Input: options of the command line. Output: one
 * request after another. --inventory, --list and the replay itself read through this.
 */
#ifndef TALLY_REPLAY_READING_H
#define TALLY_REPLAY_READING_H

#include "log_stream.h"
#include "session.h"

struct reading_options { /* texts are borrowed until reading_close() */
    const char *const *logs;
    size_t log_count;
    const char *log_format, *nginx_conf, *format_name; /* as in command.h */
    const char *session, *tenant;                      /* expressions, or NULL */
    int temp_limit;                                    /* GB */
    size_t memory;                                     /* bytes for sorting; 0: the usual */
    /* May give a request a reason to be left out, before its session counts it; or NULL. */
    void (*judge)(void *data, struct request *request);
    void (*retire)(void *data, const struct session *session);
    void *data;              /* of both */
    struct log_watch *watch; /* of the logs, or NULL */
};

struct reading {
    struct reading_options options;
    struct log_format format;
    const char *session_text; /* the key; NULL: address and browser */
    bool guessed;             /* by the cookies' names */
    struct session_key *session, *tenant;
    struct session_table *sessions;
    struct log_stream stream;
    /* private */
    struct session_guess *guess; /* NULL: the log can prove what belongs together */
    struct buffer tenant_text;
    uint64_t unreadable, passed;
};

/* Valid until the next call. */
struct reading_item {
    struct request request;
    const struct session *session; /* NULL: none is known */
    struct slice tenant;           /* at NULL: none */
    bool unsure;                   /* as log_stream_next() says */
};

/* Reads the logs to their ends. ERR_USAGE as log_stream_open(). reading: about 30 kB, zeroed;
 * reading_close() also after a failure. */
bool reading_open(const struct reading_options *options, struct reading *reading,
                  struct err *err) MUST_CHECK;
/* *more: false at the end, where all sessions are retired. ERR_USAGE there when no line was written
 * with the format: that is a wrong format, and no log without requests. */
bool reading_next(struct reading *reading, struct reading_item *item, bool *more,
                  struct err *err) MUST_CHECK;
/* For who goes through all of it at once: tells the watch how far that is, and asks it. */
void reading_begin(struct reading *reading, const char *stage);
bool reading_look(struct reading *reading, struct err *err) MUST_CHECK; /* after each request */
/* Begins again; sessions get the same numbers. */
bool reading_rewind(struct reading *reading, struct err *err) MUST_CHECK;
void reading_close(struct reading *reading);

#endif
