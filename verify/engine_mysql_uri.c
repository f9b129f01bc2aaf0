/*
 * What a MySQL URI asks for. Input: its text. Output: struct engine_mysql_target, with what was
 * left out at its default. Knows nothing of the client library and its option files.
 */
#include "engine_mysql_uri.h"
#include "../diff/base/nearest.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define DEFAULT_CONNECT_TIMEOUT 10U /* seconds */

const char *const engine_mysql_uri_tls[] = {"",          "DISABLED",        "PREFERRED", "REQUIRED",
                                            "VERIFY_CA", "VERIFY_IDENTITY", NULL};

struct parameter_row {
    const char *name;
    size_t field;
};

static const struct parameter_row parameter_rows[] = {
    {"socket", offsetof(struct engine_mysql_target, socket)},
    {"ssl-mode", offsetof(struct engine_mysql_target, tls_text)},
    {"ssl-ca", offsetof(struct engine_mysql_target, ca)},
    {"ssl-cert", offsetof(struct engine_mysql_target, cert)},
    {"ssl-key", offsetof(struct engine_mysql_target, key)},
    {"connect_timeout", offsetof(struct engine_mysql_target, timeout_text)},
    {"server-public-key", offsetof(struct engine_mysql_target, public_key)},
};
#define PARAMETER_COUNT (sizeof parameter_rows / sizeof *parameter_rows)

static bool unknown_parameter(const char *name, struct err *err)
{
    const char *known[PARAMETER_COUNT];

    for (size_t i = 0; i < PARAMETER_COUNT; i++)
        known[i] = parameter_rows[i].name;
    const char *nearest = nearest_word(name, known, PARAMETER_COUNT);
    if (nearest)
        return err_set(err, ERR_USAGE,
                       "the database URI has an unknown parameter \"%s\": did you mean \"%s\"?",
                       name, nearest);
    return err_set(err, ERR_USAGE,
                   "the database URI has an unknown parameter \"%s\": known are socket, ssl-mode, "
                   "ssl-ca, ssl-cert, ssl-key, server-public-key and connect_timeout",
                   name);
}

static bool read_parameter(struct engine_mysql_target *target,
                           const struct uri_parameter *parameter, struct err *err)
{
    for (size_t i = 0; i < PARAMETER_COUNT; i++)
        if (strcmp(parameter_rows[i].name, parameter->name) == 0) {
            memcpy((char *)target + parameter_rows[i].field, &parameter->value,
                   sizeof parameter->value);
            return true;
        }
    return unknown_parameter(parameter->name, err);
}

static bool read_file_name(const char *name, const char *path, struct err *err)
{
    if (path && access(path, R_OK) != 0)
        return err_set(err, ERR_USAGE, "%s of the database URI: cannot read \"%s\": %s", name, path,
                       strerror(errno));
    return true;
}

bool engine_mysql_uri_read(const char *text, struct engine_mysql_target *target, struct err *err)
{
    *target = (struct engine_mysql_target){.timeout = DEFAULT_CONNECT_TIMEOUT};
    if (!uri_parse(text, &target->uri, err))
        return false;
    for (size_t i = 0; i < target->uri.parameter_count; i++)
        if (!read_parameter(target, &target->uri.parameters[i], err))
            return false;
    if (!target->uri.database)
        return err_set(err, ERR_USAGE, "the URI must name a database: mysql://user@host/database");
    if (target->tls_text) {
        for (size_t i = 1; engine_mysql_uri_tls[i]; i++)
            if (strcasecmp(engine_mysql_uri_tls[i], target->tls_text) == 0)
                target->tls = (enum engine_mysql_tls)i;
        if (target->tls == TLS_UNSAID)
            return err_set(err, ERR_USAGE,
                           "ssl-mode of the database URI must be DISABLED, PREFERRED, REQUIRED, "
                           "VERIFY_CA or VERIFY_IDENTITY, not \"%s\"",
                           target->tls_text);
    }
    if (target->timeout_text) {
        char *end;
        unsigned long seconds = strtoul(target->timeout_text, &end, 10);
        if (*end || seconds < 1 || seconds > 3600)
            return err_set(
                err, ERR_USAGE,
                "connect_timeout of the database URI must be 1 to 3600 seconds, not \"%s\"",
                target->timeout_text);
        target->timeout = (unsigned)seconds;
    }
    return read_file_name("ssl-ca", target->ca, err) &&
           read_file_name("ssl-cert", target->cert, err) &&
           read_file_name("ssl-key", target->key, err) &&
           read_file_name("server-public-key", target->public_key, err);
}
