/*
 * The program tally-replay: parses the command line, reads logs or a configuration, prints what
 * they hold. Input: argv. Output: text on standard output, sentences on standard error, an exit
 * code.
 */
#include "advise.h"
#include "command.h"
#include "inventory.h"
#include "list.h"
#include "../diff/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WRITE_BYTES (64U << 10)

static int fail(const struct err *err)
{
    fprintf(stderr, "tally-replay: %s\n", err->text);
    /* Codes below 64 would be a verdict. */
    return err->code >= ERR_USAGE ? (int)err->code : ERR_INTERNAL;
}

/* Writes the text to standard output and empties it. */
static MUST_CHECK bool write_out(struct buffer *text, struct err *err)
{
    if (!file_write_all(STDOUT_FILENO, text->data, text->length))
        return err_set(err, ERR_INTERNAL, "cannot write to standard output: %s.", strerror(errno));
    buffer_clear(text);
    return true;
}

static MUST_CHECK bool choose_format(const struct command *command, struct log_format *format,
                                     struct err *err)
{
    if (!command->nginx_conf)
        return log_format_option(command->log_format ? command->log_format : "combined", format,
                                 err);
    struct nginx_conf conf;
    if (!nginx_conf_read(command->nginx_conf, &conf, err))
        return false;
    bool done = nginx_conf_format(&conf, command->format_name, format, err);
    nginx_conf_free(&conf);
    return done;
}

/* One reading of the logs. */
struct reading {
    const struct command *command;
    struct log_format format;
    struct session_key *session, *tenant;
    struct session_table *sessions;
    struct log_stream stream;
    struct inventory inventory;
    struct buffer tenant_text, out;
};

static MUST_CHECK bool compile_keys(struct reading *reading, struct err *err)
{
    const struct command *command = reading->command;
    const char *guess = session_key_guess(&reading->format);
    const char *session = command->session ? command->session : guess;
    reading->inventory.guessed = !command->session && guess;
    reading->inventory.session_key = session;
    reading->inventory.by_tenant = command->tenant != NULL;
    return (!session ||
            session_key_compile("--session", session, &reading->format, &reading->session, err)) &&
           (!command->tenant || session_key_compile("--tenant", command->tenant, &reading->format,
                                                    &reading->tenant, err));
}

/* A format that fits no line at all is a wrong format, and no log without requests. */
static MUST_CHECK bool check_format(const struct reading *reading, struct err *err)
{
    const uint64_t *reasons = reading->inventory.reasons;
    if (!reading->stream.records || reasons[REQUEST_UNREADABLE] != reading->stream.records)
        return true;
    return err_set(err, ERR_USAGE,
                   "no line was written with the log format '%.300s': give the log's own with "
                   "--log-format, or with --nginx-conf and --format-name.",
                   reading->format.text);
}

static MUST_CHECK bool take_request(struct reading *reading, struct request *request, bool unsure,
                                    struct err *err)
{
    struct request_parser *parser = &reading->stream.parser;
    enum request_reason before = request->reason;
    const struct session *session = session_place(reading->sessions, parser, request);
    struct slice tenant = {NULL, 0};
    bool present = false;
    buffer_clear(&reading->tenant_text);
    if (reading->tenant && request->method.at && before != REQUEST_AMBIGUOUS &&
        before != REQUEST_BAD_ESCAPE) {
        if (!session_key_value(reading->tenant, parser, &reading->tenant_text, &present))
            request->reason = REQUEST_AMBIGUOUS;
        else if (present)
            tenant = (struct slice){reading->tenant_text.data, reading->tenant_text.length};
    }
    inventory_add(&reading->inventory, request, session, tenant, unsure);
    if (!reading->command->list)
        return true;
    struct list_entry entry = {
        .request = request,
        .path = reading->stream.files[request->file].path,
        .session = session,
        .tenant = tenant,
        .unsure = unsure && parser->clock != REQUEST_UNTIMED,
        .timed = parser->clock != REQUEST_UNTIMED && request->method.at,
        .keep_secrets = reading->command->keep_secrets,
    };
    list_add(&reading->out, &entry);
    return reading->out.length < WRITE_BYTES || write_out(&reading->out, err);
}

static MUST_CHECK bool read_all(struct reading *reading, struct err *err)
{
    const struct command *command = reading->command;
    struct log_stream_options options = {
        .paths = command->logs,
        .path_count = command->log_count,
        .format = &reading->format,
        .disk_limit = (uint64_t)command->temp_limit << 30,
    };
    if (!log_stream_open(&options, &reading->stream, err))
        return false;
    reading->sessions =
        session_table_new(reading->session, SESSION_MOST, inventory_retire, &reading->inventory);
    const size_t *role = reading->stream.parser.role;
    reading->inventory.by_visitor = role[ROLE_ADDRESS] != LOG_NONE || role[ROLE_AGENT] != LOG_NONE;
    reading->inventory.sees_answers = session_sees_answers(reading->sessions);
    for (;;) {
        struct request request;
        bool unsure, more;
        if (!log_stream_next(&reading->stream, &request, &unsure, &more, err))
            return false;
        if (!more)
            break;
        if (!take_request(reading, &request, unsure, err))
            return false;
    }
    session_table_finish(reading->sessions);
    reading->inventory.forgotten = session_forgotten(reading->sessions);
    return check_format(reading, err);
}

static MUST_CHECK bool run_reading(struct reading *reading, int *exit_code, struct err *err)
{
    const struct command *command = reading->command;
    if (!choose_format(command, &reading->format, err) || !compile_keys(reading, err) ||
        !read_all(reading, err))
        return false;
    if (command->inventory && strcmp(command->format, "json") == 0)
        inventory_json(&reading->inventory, &reading->stream, &reading->out);
    else if (command->inventory)
        inventory_text(&reading->inventory, &reading->stream, command->verbose, &reading->out);
    *exit_code = inventory_is_incomplete(&reading->inventory, &reading->stream) ? 2 : 0;
    return write_out(&reading->out, err);
}

static MUST_CHECK bool run_logs(const struct command *command, int *exit_code, struct err *err)
{
    struct reading *reading = mem_zero(1, sizeof *reading);
    reading->command = command;
    inventory_init(&reading->inventory);
    buffer_init(&reading->out, BUFFER_NO_LIMIT);
    buffer_init(&reading->tenant_text, LOG_MOST_BYTES);
    bool done = run_reading(reading, exit_code, err);
    log_stream_close(&reading->stream);
    session_table_free(reading->sessions);
    session_key_free(reading->session);
    session_key_free(reading->tenant);
    inventory_free(&reading->inventory);
    buffer_free(&reading->out);
    buffer_free(&reading->tenant_text);
    log_format_free(&reading->format);
    free(reading);
    return done;
}

static MUST_CHECK bool run_advise(const struct command *command, struct err *err)
{
    struct nginx_conf conf;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (!nginx_conf_read(command->advise, &conf, err))
        return false;
    const char *cookie = command->session;
    if (cookie && strncmp(cookie, "$cookie_", 8) == 0)
        cookie += 8;
    bool done = advise(&conf, command->format_name, cookie, &text, err) && write_out(&text, err);
    nginx_conf_free(&conf);
    buffer_free(&text);
    return done;
}

/* Help, version and man page. */
static int print(void (*compose)(struct buffer *))
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct err err = {0};
    compose(&text);
    bool done = write_out(&text, &err);
    buffer_free(&text);
    return done ? 0 : fail(&err);
}

static void add_version(struct buffer *out)
{
    buffer_add_text(out, "tally-replay " TALLY_VERSION "\n");
}

int main(int argc, char **argv)
{
    struct command command;
    struct err err = {0};
    int exit_code = 0;
    bool done = true;
    file_fill_standard_streams();
    if (argc == 2 && strcmp(argv[1], "--man") == 0) /* for the build: not an option of the user */
        return print(command_man);
    if (!command_parse(argc, argv, &command, &err)) {
        exit_code = fail(&err);
        fputs("Try 'tally-replay --help'.\n", stderr);
    } else if (command.help) {
        exit_code = print(command_help);
    } else if (command.version) {
        exit_code = print(add_version);
    } else {
        done = command.advise ? run_advise(&command, &err) : run_logs(&command, &exit_code, &err);
    }
    command_free(&command);
    return done ? exit_code : fail(&err);
}
