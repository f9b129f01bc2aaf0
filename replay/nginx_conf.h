/*
 * What an nginx configuration says of its access logs: its log formats, where they are used, and
 * the settings that decide whether a body reaches the log. Input: nginx.conf, and the files that it
 * includes, found as nginx finds them (relative to the first file's folder, globs in sorted order).
 * Reads files, runs nothing, and does not check what nginx -t would.
 *
 * Bounds: 16 files deep, 1000 files, 16 MB a file.
 */
#ifndef TALLY_REPLAY_NGINX_CONF_H
#define TALLY_REPLAY_NGINX_CONF_H

#include "log_format.h"

struct nginx_place {
    const char *path;
    unsigned line;
};

struct nginx_format { /* log_format NAME [escape=…] TEXT… */
    const char *name, *text;
    enum log_escape escape;
    struct nginx_place place;
};

struct nginx_setting {        /* a directive out of nginx_conf.c's table, or access_log */
    const char *name, *value; /* value: all words behind the name, with a blank between */
    const char *log_format; /* of access_log: its format's name, "combined" by default; NULL: off */
    const char *block;      /* "http", "server", "location /x": the innermost one around it */
    struct nginx_place place;
};

struct nginx_conf {
    size_t format_count, setting_count;
    struct nginx_format *formats; /* in arena, as everything */
    struct nginx_setting *settings;
    size_t format_room, setting_room;
    struct arena arena;
};

/* ERR_USAGE with file and line for what cannot be read. */
bool nginx_conf_read(const char *path, struct nginx_conf *conf, struct err *err) MUST_CHECK;

/* The same of one text; includes are found relative to `path`'s folder. */
bool nginx_conf_parse(const char *path, const char *text, size_t length, struct nginx_conf *conf,
                      struct err *err) MUST_CHECK;
void nginx_conf_free(struct nginx_conf *conf);

/*
 * Compiles the format of this name; without a name the one that every access_log uses, else the
 * only one there is. ERR_USAGE when there is none such or the choice is not clear; the sentence
 * lists the names.
 */
bool nginx_conf_format(const struct nginx_conf *conf, const char *name, struct log_format *format,
                       struct err *err) MUST_CHECK;

/* The name that nginx_conf_format() without a name takes; NULL: the choice is not clear. */
const char *nginx_conf_only_format(const struct nginx_conf *conf);

#endif
