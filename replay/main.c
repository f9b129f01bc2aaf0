/*
 * The program tally-replay: parses the command line, replays logs and reports what was found, or
 * prints what logs or a configuration hold. Input: argv. Output: text on standard output, reports,
 * sentences on standard error, an exit code.
 */
#include "advise.h"
#include "command.h"
#include "inventory.h"
#include "list.h"
#include "reading.h"
#include "replaced_command.h"
#include "report_again.h"
#include "report.h"
#include "reproduce.h"
#include "../diff/base/file.h"
#include "../diff/base/interrupt.h"
#include "../diff/base/output.h"
#include "../diff/base/thread.h"
#include "../diff/secret.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

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
    if (!output_print(text, err))
        return false;
    buffer_clear(text);
    return true;
}

/* What is told of the logs. */
struct telling {
    const struct command *command;
    struct reading reading;
    struct inventory inventory;
    struct buffer out;
    struct log_watch watch;
    struct progress *progress; /* NULL while lines are printed: they may share the terminal */
};

/* A signal ends the program at once: nothing has to be put away. */
static MUST_CHECK bool look_on(struct log_watch *watch, struct err *err)
{
    struct telling *telling = watch->data;
    (void)err;
    log_watch_show(watch, telling->progress);
    return true;
}

static void end_progress(struct telling *telling)
{
    progress_free(telling->progress);
    telling->progress = NULL;
}

static MUST_CHECK bool tell(struct telling *telling, const struct reading_item *item,
                            struct err *err)
{
    const struct request_parser *parser = &telling->reading.stream.parser;
    const struct request *request = &item->request;
    inventory_add(&telling->inventory, request, item->session, item->tenant, item->unsure);
    if (!telling->command->list)
        return true;
    struct list_entry entry = {
        .request = request,
        .path = telling->reading.stream.files[request->file].path,
        .session = item->session,
        .tenant = item->tenant,
        .unsure = item->unsure && parser->clock != REQUEST_UNTIMED,
        .timed = parser->clock != REQUEST_UNTIMED && request->method.at,
        .keep_secrets = telling->command->replay.keep_secrets,
    };
    list_add(&telling->out, &entry);
    return telling->out.length < WRITE_BYTES || write_out(&telling->out, err);
}

static MUST_CHECK bool read_all(struct telling *telling, struct err *err)
{
    const struct command *command = telling->command;
    struct inventory *inventory = &telling->inventory;
    struct reading *reading = &telling->reading;
    struct reading_options options = {
        .logs = command->logs,
        .log_count = command->replay.log_count,
        .log_format = command->replay.log_format,
        .nginx_conf = command->replay.nginx_conf,
        .format_name = command->replay.format_name,
        .session = command->replay.session,
        .tenant = command->replay.tenant,
        .temp_limit = command->replay.temp_limit,
        .retire = inventory_retire,
        .data = inventory,
        .watch = &telling->watch,
    };
    if (!reading_open(&options, reading, err))
        return false;
    const size_t *role = reading->stream.parser.role;
    inventory->session_key = reading->session_text;
    inventory->guessed = reading->guessed;
    inventory->by_tenant = reading->tenant != NULL;
    inventory->by_visitor = role[ROLE_ADDRESS] != LOG_NONE || role[ROLE_AGENT] != LOG_NONE;
    inventory->sees_answers = session_sees_answers(reading->sessions);
    reading_begin(reading, "counting");
    if (command->list)
        end_progress(telling);
    for (;;) {
        struct reading_item item;
        bool more;
        if (!reading_next(reading, &item, &more, err))
            return false;
        if (!more)
            break;
        if (!tell(telling, &item, err) || (telling->progress && !reading_look(reading, err)))
            return false;
    }
    inventory->forgotten = session_forgotten(reading->sessions);
    return true;
}

static MUST_CHECK bool run_telling(struct telling *telling, int *exit_code, struct err *err)
{
    const struct command *command = telling->command;
    const struct log_stream *stream = &telling->reading.stream;
    if (!read_all(telling, err))
        return false;
    end_progress(telling);
    if (command->inventory && strcmp(command->replay.format, "json") == 0)
        inventory_json(&telling->inventory, stream, &telling->out);
    else if (command->inventory)
        inventory_text(&telling->inventory, stream, command->replay.verbose, &telling->out);
    *exit_code = inventory_is_incomplete(&telling->inventory, stream) ? 2 : 0;
    return write_out(&telling->out, err);
}

static MUST_CHECK bool run_logs(const struct command *command, int *exit_code, struct err *err)
{
    struct telling *telling = mem_zero(1, sizeof *telling);
    telling->command = command;
    inventory_init(&telling->inventory, &command->replay.route_query);
    buffer_init(&telling->out, BUFFER_NO_LIMIT);
    telling->watch = (struct log_watch){.look = look_on, .data = telling};
    telling->progress = progress_new(command->replay.quiet);
    bool done = run_telling(telling, exit_code, err);
    end_progress(telling);
    reading_close(&telling->reading);
    inventory_free(&telling->inventory);
    buffer_free(&telling->out);
    free(telling);
    return done;
}

static MUST_CHECK bool run_advise(const struct command *command, struct err *err)
{
    struct nginx_conf conf;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (!nginx_conf_read(command->advise, &conf, err))
        return false;
    const char *cookie = command->replay.session;
    if (cookie && strncmp(cookie, "$cookie_", 8) == 0)
        cookie += 8;
    bool done =
        advise(&conf, command->replay.format_name, cookie, &text, err) && write_out(&text, err);
    nginx_conf_free(&conf);
    buffer_free(&text);
    return done;
}

/* ---- a replay ---- */

static MUST_CHECK bool run_replay(const struct command *command, int *exit_code, struct err *err)
{
    const struct replay_options *options = &command->replay;
    const struct report_replay_wish wish = {.format = options->format,
                                            .output_path = options->output_path,
                                            .reports = &options->reports,
                                            .quiet = options->quiet};
    struct report_replay_files *files = NULL;
    struct replay_result result;
    interrupt_install(replay_interrupt);
    /* A server that closes is an answer that does not come, and no end of the program. */
    signal(SIGPIPE, SIG_IGN);
    if (!report_replay_open(&wish, &files, err))
        return false;
    bool done = replay_run(options, &result, err);
    if (done) {
        *exit_code = replay_exit_code(&result);
        done = report_replay_write(files, &result, err);
    } else {
        report_replay_drop(files);
    }
    replay_result_free(&result);
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

static int run(const struct command *command)
{
    struct err err = {0};
    int exit_code = 0;
    bool done;
    if (command->help)
        return print(command_help);
    if (command->version)
        return print(add_version);
    if (command->advise)
        done = run_advise(command, &err);
    else if (command->inventory || command->list)
        done = run_logs(command, &exit_code, &err);
    else
        done = run_replay(command, &exit_code, &err);
    return done ? exit_code : fail(&err);
}

/* A command with options of its own: its name is the first word. */
static const struct own_command {
    const char *name;
    bool (*run)(int argc, char **argv, int *exit_code, struct err *err);
} own_commands[] = {{"report", report_again}, {"replacements", replaced_command}};

/* The same, told by an option of theirs wherever it stands. */
static const struct own_command reproduce = {"--reproduce", reproduce_command};

static bool is_reproduce(const char *argument)
{
    size_t length = strlen(reproduce.name);
    return strncmp(argument, reproduce.name, length) == 0 &&
           (!argument[length] || argument[length] == '=');
}

static const struct own_command *find_own(int argc, char **arguments)
{
    for (size_t i = 0; argc > 1 && i < sizeof own_commands / sizeof *own_commands; i++)
        if (strcmp(arguments[1], own_commands[i].name) == 0)
            return &own_commands[i];
    for (int i = 1; i < argc && strcmp(arguments[i], "--") != 0; i++)
        if (is_reproduce(arguments[i]))
            return &reproduce;
    return NULL;
}

static int run_own(const struct own_command *own, int argc, char **arguments)
{
    struct err err = {0};
    int exit_code = 0, skipped = own == &reproduce ? 0 : 1;
    if (own->run(argc - skipped, arguments + skipped, &exit_code, &err))
        return exit_code;
    exit_code = fail(&err);
    if (err.code == ERR_USAGE)
        fprintf(stderr, "Try 'tally-replay %s%s --help'.\n", own->name, skipped ? "" : " N");
    return exit_code;
}

int main(int argc, char **argv)
{
    char **arguments = command_take_arguments(argc, argv);
    struct command command;
    struct err err = {0};
    int exit_code = 0;
    file_fill_standard_streams();
    const struct own_command *own = find_own(argc, arguments);
    if (own) {
        exit_code = run_own(own, argc, arguments);
        command_drop_arguments(argc, arguments);
        return thread_end_program(exit_code);
    }
    if (argc == 2 && strcmp(arguments[1], "--man") == 0) { /* for the build, not for users */
        exit_code = print(command_man);
        command_drop_arguments(argc, arguments);
        return thread_end_program(exit_code);
    }
    if (!command_parse(argc, arguments, &command, &err)) {
        exit_code = fail(&err);
        fputs("Try 'tally-replay --help'.\n", stderr);
    } else {
        const struct text_list *secrets = &command.replay.secrets;
        secret_also((const char *const *)secrets->items, secrets->count);
        exit_code = run(&command);
        secret_also(NULL, 0);
    }
    command_free(&command);
    command_drop_arguments(argc, arguments);
    return thread_end_program(exit_code);
}
